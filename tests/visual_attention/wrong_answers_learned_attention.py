"""Lesson 3: wrong answers and shortcuts, and right answers in other forms."""

import math

import torch
import torch.nn.functional as F

from visual_attention.regression import LearnedKernelRegression, prediction_slope, press_residuals


def scores(query, keys, w):
    return -0.5 * ((query[:, None] - keys) * w) ** 2


# The slope in w


def prediction(query, keys, values, w):
    return torch.softmax(scores(query, keys, w), dim=1) @ values


def by_differences(step):
    def slope(query, keys, values, w):
        up, down = (prediction(query, keys, values, w + h) for h in (step, -step))
        return (up - down) / (2 * step)

    return slope


def by_grad(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype, requires_grad=True)
    f = prediction(query, keys, values, w)
    return torch.stack([torch.autograd.grad(each, w, retain_graph=True)[0] for each in f])


def by_backward(query, keys, values, w):
    slopes = []
    for k in range(len(query)):
        parameter = torch.tensor(w, dtype=keys.dtype, requires_grad=True)
        prediction(query[k : k + 1], keys, values, parameter).sum().backward()
        slopes.append(parameter.grad)
    return torch.stack(slopes)


def by_jacobian(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype)
    return torch.autograd.functional.jacobian(lambda w: prediction(query, keys, values, w), w)


def by_jacrev(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype)
    return torch.func.jacrev(lambda w: prediction(query, keys, values, w))(w)


def by_jacfwd(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype)
    return torch.func.jacfwd(lambda w: prediction(query, keys, values, w))(w)


def by_jvp(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype)
    return torch.func.jvp(lambda w: prediction(query, keys, values, w), (w,), (torch.ones_like(w),))[1]


def covariance(query, keys, values, w, alpha=None, power=2):
    distance = (query[:, None] - keys) ** power
    alpha = torch.softmax(scores(query, keys, w), dim=1) if alpha is None else alpha
    return (alpha * distance) @ values - (alpha @ values) * (alpha * distance).sum(dim=1)


def naive_kernel(query, keys, values, w):
    kernel = scores(query, keys, w).exp()
    return -w * covariance(query, keys, values, w, alpha=kernel / kernel.sum(dim=1, keepdim=True))


def centred(query, keys, values, w):
    distance2 = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * distance2, dim=1)
    return -w * (alpha * (distance2 - (alpha * distance2).sum(1, True))) @ values


def centred_on_values(query, keys, values, w):
    distance2 = (query[:, None] - keys) ** 2
    alpha = (-0.5 * w**2 * distance2).softmax(-1)
    return -w * torch.einsum("mn,mn,mn->m", alpha, distance2, values - (alpha @ values)[:, None])


def one_query_at_a_time(query, keys, values, w):
    slopes = []
    for x in query:
        d2 = (x - keys) ** 2
        alpha = torch.softmax(-0.5 * w**2 * d2, 0)
        slopes.append(-w * ((alpha * values * d2).sum() - (alpha * values).sum() * (alpha * d2).sum()))
    return torch.stack(slopes)


# Leave one out


def own(x):
    return torch.eye(len(x), dtype=torch.bool)


def masked(x, w, score):
    return torch.softmax(scores(x, x, w).masked_fill(own(x), score), dim=1)


def kernel_zeroed(x, w):
    kernel = scores(x, x, w).exp() * (1 - torch.eye(len(x)))
    return kernel / kernel.sum(dim=1, keepdim=True)


def kernel_zeroed_with_a_floor(x, w):
    kernel = scores(x, x, w).exp() * (1 - torch.eye(len(x)))
    return kernel / (kernel.sum(dim=1, keepdim=True) + 1e-12)


def divided_by_the_rest(x, w):
    table = torch.softmax(scores(x, x, w), dim=1)
    return table.masked_fill(own(x), 0) / (1 - table.diagonal())[:, None]


def nan_mended(x, w):
    return kernel_zeroed(x, w).nan_to_num(0.0)


def later_only(x, w):
    """A causal mask that hides the diagonal too."""
    hidden = torch.ones(len(x), len(x), dtype=torch.bool).triu()
    return torch.softmax(scores(x, x, w).masked_fill(hidden, -math.inf), dim=1).nan_to_num(0.0)


def left_out_row_by_row(x, w):
    table = torch.zeros(len(x), len(x), dtype=x.dtype)
    for i in range(len(x)):
        others = torch.arange(len(x)) != i
        table[i, others] = torch.softmax(-0.5 * (w * (x[i] - x[others])) ** 2, dim=0)
    return table


def left_out_by_shifting(x, w):
    table = scores(x, x, w).masked_fill(own(x), -math.inf)
    kernel = (table - table.amax(dim=1, keepdim=True)).exp()
    return kernel / kernel.sum(dim=1, keepdim=True)


# PRESS


def residuals(weights, values):
    return values - weights @ values


def press_in_float32(weights, values):
    weights, values = weights.float(), values.float()
    return (values - weights @ values) / (1 - weights.diagonal())


def press_by_rest(weights, values):
    others = weights - weights.diagonal().diag()
    return values - others @ values / others.sum(dim=1)


# Dot products


def attend(q, k, values, **how):
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], **how)[0, :, 0]


def two_features(query, keys, w):
    q = torch.stack([w**2 * query, torch.full_like(query, -0.5 * w**2)], dim=1)
    return q, torch.stack([keys, keys**2], dim=1)


def without_the_tool(query, keys, values, w):
    q, k = two_features(query, keys, w)
    return torch.softmax(q @ k.T, dim=1) @ values


def called_for_show(query, keys, values, w):
    attend(*two_features(query, keys, w), values)
    return without_the_tool(query, keys, values, w)


def called_for_show_beside_a_power(query, keys, values, w):
    q, k = two_features(query, keys, w)
    attend(q, k, values)
    dots = q @ k.T
    powers = torch.pow(math.e, dots - dots.amax(dim=1, keepdim=True))
    return (powers / powers.sum(dim=1, keepdim=True)) @ values


def scores_as_a_mask(query, keys, values, w):
    q, k = two_features(query, keys, w)
    return attend(0 * q, 0 * k, values, attn_mask=(q @ k.T)[None])


def three_axes(query, keys, values, w):
    q, k = two_features(query, keys, w)
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1.0)


def four_axes(query, keys, values, w):
    q, k = two_features(query, keys, w)
    return F.scaled_dot_product_attention(q[None, None], k[None, None], values[None, None, :, None], scale=1.0)


def three_features(query, keys, values, w):
    ones = torch.ones_like(query)
    q = torch.stack([w * query, -0.5 * ones, -0.5 * (w * query) ** 2], dim=1)
    k = torch.stack([w * keys, (w * keys) ** 2, torch.ones_like(keys)], dim=1)
    return attend(q, k, values, scale=1.0)


def scale_undone(query, keys, values, w):
    q, k = two_features(query, keys, w)
    return attend(math.sqrt(2) * q, k, values)


def root_of_w_in_both(query, keys, values, w):
    q = torch.stack([w * query, torch.ones_like(query)], dim=1)
    return attend(q, torch.stack([w * keys, -0.5 * (w * keys) ** 2], dim=1), values, scale=1)


WRONG = {
    "right": [
        ("w ignored", 1.963),
        ("mean", 3),
        ("w not squared", 1.787, "w is not"),
        ("w as σ", 2.620, "σ"),
        ("not divided", 2.137, "above the line"),
        ("½ forgotten", 1.982, "½"),
        ("slides", 1.227, "below the line"),
        ("one unit more", 1.883),
        ("two decimals", 1.88, "are asked"),
    ],
    "slides": [
        ("right", 1.882),
        ("w ignored", 1.963),
        ("not divided", 2.137),
        ("turned round", 3.010, "above the line"),
        ("one unit more", 1.228),
        ("one unit less", 1.226),
        ("two decimals", 1.23, "are asked"),
    ],
    "book": [
        ("right", 1.882),
        ("one", 1),
        ("sum", 9, "three times"),
        ("not divided", 2.137, "above the line"),
        ("slides", 1.227),
        ("one unit more", 3.001),
    ],
    "slides_at_zero": [
        ("mean", 3),
        ("sum", 9),
        ("nothing", 0, "e⁰"),
        ("cut off", 5.166),
        ("slides at 2", 1.227, "w = 0"),
        ("w ignored", 1.963),
        ("sum of the weights", 1.722, "values"),
    ],
    "slope.slope": [
        ("autograd.grad", by_grad, "autograd"),
        ("backward", by_backward, "autograd"),
        ("jacobian", by_jacobian, "autograd"),
        ("jacrev", by_jacrev, "autograd"),
        ("jacfwd", by_jacfwd, "autograd"),
        ("jvp", by_jvp, "autograd"),
        ("differences of 1e-3", by_differences(1e-3)),
        ("differences of 1e-4", by_differences(1e-4)),
        ("differences of 1e-5", by_differences(1e-5)),
        ("differences of 1e-6", by_differences(1e-6)),
        ("−w forgotten", covariance),
        ("w forgotten", lambda q, k, v, w: -covariance(q, k, v, w)),
        ("minus forgotten", lambda q, k, v, w: w * covariance(q, k, v, w)),
        ("size of w", lambda q, k, v, w: -abs(w) * covariance(q, k, v, w)),
        ("w²", lambda q, k, v, w: -(w**2) * covariance(q, k, v, w), "w once"),
        ("half", lambda q, k, v, w: -0.5 * w * covariance(q, k, v, w)),
        ("twice", lambda q, k, v, w: -2 * w * covariance(q, k, v, w)),
        ("in σ", lambda q, k, v, w: covariance(q, k, v, w) * w**3, "with respect to σ"),
        (
            "product of means forgotten",
            lambda q, k, v, w: -w * (scores(q, k, w).softmax(1) * (q[:, None] - k) ** 2) @ v,
        ),
        ("d for d²", lambda q, k, v, w: -w * covariance(q, k, v, w, power=1)),
        ("d⁴ for d²", lambda q, k, v, w: -w * covariance(q, k, v, w, power=4)),
        (
            "w not squared in α",
            lambda q, k, v, w: -w * covariance(q, k, v, w, scores(q, k, abs(w) ** 0.5).softmax(1)),
            "w²",
        ),
        ("½ forgotten in α", lambda q, k, v, w: -w * covariance(q, k, v, w, (2 * scores(q, k, w)).softmax(1)), "½"),
        ("w as σ in α", lambda q, k, v, w: -w * covariance(q, k, v, w, scores(q, k, 1 / w if w else 0).softmax(1))),
        ("w left out of α", lambda q, k, v, w: -w * covariance(q, k, v, w, scores(q, k, 1).softmax(1)), "w = 1"),
        ("over the queries", lambda q, k, v, w: -w * covariance(q, k, v, w, scores(q, k, w).softmax(0)), "dim 0"),
        (
            "plain covariance",
            lambda q, k, v, w: -w * covariance(q, k, v, w, torch.full((len(q), len(k)), 1 / len(k)).double()),
            "1/n",
        ),
        ("summed over the queries", lambda q, k, v, w: prediction_slope(q, k, v, w).sum(), "each query"),
        ("averaged over the queries", lambda q, k, v, w: prediction_slope(q, k, v, w).mean()),
        ("kernel not shifted", naive_kernel, "0/0"),
    ],
    "left_out_weights": [
        ("own kept", lambda x, w: scores(x, x, w).softmax(1)),
        ("score 0", lambda x, w: masked(x, w, 0)),
        ("score −1", lambda x, w: masked(x, w, -1)),
        ("score −10", lambda x, w: masked(x, w, -10)),
        ("score −50", lambda x, w: masked(x, w, -50), "finite"),
        ("lowered by 50", lambda x, w: (scores(x, x, w) - 50 * torch.eye(len(x))).softmax(1), "finite"),
        ("score −100", lambda x, w: masked(x, w, -100), "finite"),
        ("score −10,000", lambda x, w: masked(x, w, -1e4), "finite"),
        ("zero after", lambda x, w: scores(x, x, w).softmax(1).masked_fill(own(x), 0)),
        ("identity taken off", lambda x, w: scores(x, x, w).softmax(1) - torch.eye(len(x))),
        (
            "equal places hidden",
            lambda x, w: scores(x, x, w).masked_fill(x[:, None] == x, -math.inf).softmax(1),
            "equal",
        ),
        ("kernel times 1 − eye", kernel_zeroed, "0/0"),
        ("the same with a floor", kernel_zeroed_with_a_floor),
        ("nan to 0", nan_mended),
        ("divided by the rest", divided_by_the_rest, "0/0"),
        ("over the queries", lambda x, w: scores(x, x, w).masked_fill(own(x), -math.inf).softmax(0)),
        ("transposed", lambda x, w: left_out_row_by_row(x, w).T),
        ("causal", later_only),
        ("w not squared", lambda x, w: left_out_row_by_row(x, abs(w) ** 0.5), "w is not"),
        ("w as σ", lambda x, w: left_out_row_by_row(x, 1 / w if w else 0), "divided by w"),
        ("½ forgotten", lambda x, w: left_out_row_by_row(x, math.sqrt(2) * w), "½"),
        ("w ignored", lambda x, w: left_out_row_by_row(x, 1.0), "w = 1"),
        (
            "distance not squared",
            lambda x, w: (-0.5 * (w * (x[:, None] - x)).abs()).masked_fill(own(x), -math.inf).softmax(1),
            "square",
        ),
        ("mask −∞ times eye", lambda x, w: (scores(x, x, w) - math.inf * torch.eye(len(x))).softmax(1)),
        ("without the diagonal", lambda x, w: left_out_row_by_row(x, w)[~own(x)].reshape(len(x), -1)),
        ("kernel only", lambda x, w: scores(x, x, w).exp().masked_fill(own(x), 0), "sum to 1"),
    ],
    "press.press": [
        ("multiplied", lambda s, y: residuals(s, y) * (1 - s.diagonal())),
        ("not corrected", residuals),
        ("sign", lambda s, y: -press_residuals(s, y)),
        ("divided by S", lambda s, y: residuals(s, y) / s.diagonal()),
        ("divided by 1 + S", lambda s, y: residuals(s, y) / (1 + s.diagonal())),
        ("squared below", lambda s, y: residuals(s, y) / (1 - s.diagonal()) ** 2),
        ("columns", lambda s, y: (y - y @ s) / (1 - s.diagonal()), "columns"),
        ("mean own vote", lambda s, y: residuals(s, y) / (1 - s.diagonal().mean()), "mean of the own votes"),
        ("trace", lambda s, y: residuals(s, y) / (1 - s.trace())),
        ("largest weight", lambda s, y: residuals(s, y) / (1 - s.amax(1)), "largest"),
        ("first weight", lambda s, y: residuals(s, y) / (1 - s[:, 0])),
        ("sum of squares", lambda s, y: (press_residuals(s, y) ** 2).sum(), "errors themselves"),
        ("mean of squares", lambda s, y: (press_residuals(s, y) ** 2).mean(), "errors themselves"),
        ("squares", lambda s, y: press_residuals(s, y) ** 2, "squared"),
        ("sizes", lambda s, y: press_residuals(s, y).abs(), "sign"),
        ("diagonal zeroed", lambda s, y: y - (s - s.diagonal().diag()) @ y, "no longer sum to 1"),
        ("predictions", lambda s, y: y - press_residuals(s, y), "predictions"),
        ("with self", lambda s, y: s @ y, "predictions"),
        ("mean for the prediction", lambda s, y: (y - y.mean()) / (1 - s.diagonal())),
        ("symmetric", lambda s, y: press_residuals((s + s.T) / 2, y)),
        ("a floor below", lambda s, y: residuals(s, y) / (1 - s.diagonal()).clamp(min=0.5)),
        ("a table", lambda s, y: (y - s @ y)[:, None] / (1 - s)),
    ],
    "as_dot_product": [
        ("no tool", without_the_tool, "scaled_dot_product_attention"),
        ("library", lambda q, k, v, w: LearnedKernelRegression(w)(q, k, v).detach(), "scaled_dot_product_attention"),
        ("called for show", called_for_show, "itself"),
        ("called for show beside a power", called_for_show_beside_a_power, "do not come from"),
        ("scores as a mask", scores_as_a_mask, "attn_mask"),
        ("default scale", lambda q, k, v, w: attend(*two_features(q, k, w), v), "√2"),
        ("scale ½", lambda q, k, v, w: attend(*two_features(q, k, w), v, scale=0.5)),
        ("scale √2", lambda q, k, v, w: attend(*two_features(q, k, w), v, scale=2**0.5), "√2"),
        ("key x only", lambda q, k, v, w: attend(w**2 * q[:, None], k[:, None], v, scale=1), "x_i²"),
        (
            "½ forgotten",
            lambda q, k, v, w: attend(
                torch.stack([w**2 * q, -(w**2) * torch.ones_like(q)], 1), two_features(q, k, w)[1], v, scale=1
            ),
            "½",
        ),
        (
            "sign of the square",
            lambda q, k, v, w: attend(
                two_features(q, k, w)[0] * torch.tensor([1, -1]).double(), two_features(q, k, w)[1], v, scale=1
            ),
            "sign",
        ),
        ("w not squared", lambda q, k, v, w: attend(*two_features(q, k, abs(w) ** 0.5), v, scale=1), "w²"),
        ("w to the fourth", lambda q, k, v, w: attend(*two_features(q, k, w**2), v, scale=1), "w⁴"),
        ("w as σ", lambda q, k, v, w: attend(*two_features(q, k, 1 / w if w else 0), v, scale=1), "w = 1/σ"),
        ("w ignored", lambda q, k, v, w: attend(*two_features(q, k, 1.0), v, scale=1), "w = 1"),
        (
            "w in the cross term only",
            lambda q, k, v, w: attend(
                torch.stack([w**2 * q, torch.full_like(q, -0.5)], 1), two_features(q, k, w)[1], v, scale=1
            ),
            "both terms",
        ),
        (
            "w in the square only",
            lambda q, k, v, w: attend(
                torch.stack([q, torch.full_like(q, -0.5 * w**2)], 1), two_features(q, k, w)[1], v, scale=1
            ),
            "both terms",
        ),
        ("causal", lambda q, k, v, w: attend(*two_features(q, k, w), v, scale=1, is_causal=True)),
        ("sizes of the places", lambda q, k, v, w: root_of_w_in_both(q.abs(), k.abs(), v, w)),
        ("cube of the key", lambda q, k, v, w: attend(two_features(q, k, w)[0], torch.stack([k, k**3], 1), v, scale=1)),
        ("keys for values", lambda q, k, v, w: attend(*two_features(q, k, w), k, scale=1), "keys"),
        ("queries and keys changed", lambda q, k, v, w: attend(*two_features(k, q, w)[::-1], v, scale=1)),
    ],
    "train.w": [
        ("with itself", 620.9, "saw itself"),
        ("seed 0", 3.5),
        ("start", 1.0),
        ("σ", 0.15, "1/w"),
        ("the loss", 9.3, "loss"),
        ("nothing", 0),
        ("one unit more", 6.6),
        ("one unit less", 6.4),
        ("the path", torch.linspace(1, 6.9, 301)),
    ],
}

RIGHT_FORMS = {
    "right": [1.882, 1.8820, 2.1371 / 1.1356],
    "slides": [1.227, 1.2270, 2.1371 / 1.7418],
    "book": [3, 3.0, torch.tensor(3.0)],
    "slides_at_zero": [5.167, 5.1669, 9 / 1.7418, 9 / 1.7419],
    "slope.slope": [centred, centred_on_values, one_query_at_a_time, lambda *args: centred(*args).tolist()],
    "left_out_weights": [
        left_out_row_by_row,
        left_out_by_shifting,
        lambda x, w: masked(x, w, -1e9),
        lambda x, w: masked(x, w, -math.inf).float(),
        lambda x, w: masked(x.float(), w, -math.inf),
        lambda x, w: (scores(x, x, w) + torch.diag(torch.full((len(x),), -math.inf))).softmax(1),
        lambda x, w: left_out_row_by_row(x, w).tolist(),
    ],
    "press.press": [
        press_in_float32,
        press_by_rest,
        lambda s, y: (y - s @ y) / (1 - torch.diag(s)),
        lambda s, y: torch.linalg.solve(torch.eye(len(y)).double() - s.diagonal().diag(), y - s @ y),
        lambda s, y: press_by_rest(s.float(), y.float()),
        lambda s, y: press_by_rest(s, y).tolist(),
    ],
    "as_dot_product": [
        *(three_axes, four_axes, three_features, scale_undone, root_of_w_in_both),
        lambda q, k, v, w: (three_axes(q, k, v, w)[0, :, 0],),
        lambda q, k, v, w: three_axes(q, k, v, w).flatten().tolist(),
    ],
    "train.w": [6.5, 6.52, 6.5245, torch.tensor(6.5245)],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("the misprints are equal, since softmax normalises", "errata.slides", "normalised"),
    ("the misprints are equal, since softmax normalises", "errata.book", "normalised"),
    ("−w missing", "slope.slope", "−w forgotten"),
    ("product of the means missing", "slope.slope", "product of means forgotten"),
    ("covariance with d instead of d²", "slope.slope", "distance not squared"),
    ("diagonal zeroed after the softmax", "left_out.left_out_weights", "zero after the softmax"),
    ("masked by −1", "left_out.left_out_weights", "score −1"),
    ("masked by 0, the score it has anyway", "left_out.left_out_weights", "own point kept"),
    ("(y − f)(1 − S_kk)", "press.press", "multiplied"),
    ("w as σ", "left_out.left_out_weights", "w as σ"),
    ("own score −50", "left_out.left_out_weights", "a finite own score"),
    ("masked where the distance is 0", "left_out.left_out_weights", "equal places hidden too"),
    ("kernel times (1 − eye)", "left_out.left_out_weights", "0/0 for a lonely point"),
    ("generalised cross-validation", "press.press", "mean own vote"),
    ("PRESS is the sum of squares", "press.press", "sum of squares"),
    ("default scale 1/√2", "dot_product.as_dot_product", "default scale"),
    ("key x_i alone", "dot_product.as_dot_product", "x_i² forgotten"),
    ("w = 0 is a fine start", "predictions.start_at_zero", "chose a"),
    ("a training loss of 0 is success", "predictions.loss_zero", "chose a"),
    ("the sign of w matters", "predictions.sign_of_w", "chose b"),
)
