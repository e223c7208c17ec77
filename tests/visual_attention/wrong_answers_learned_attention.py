"""Lesson 3: wrong answers and shortcuts, and right answers in other forms."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from visual_attention.regression import LearnedKernelRegression, prediction_slope, training_path


def scores(query, keys, w):
    return -0.5 * ((query[:, None] - keys) * w) ** 2


# Leave a fold out


def same(fold):
    return fold[:, None] == fold


def masked(x, w, fold, score):
    return torch.softmax(scores(x, x, w).masked_fill(same(fold), score), dim=1)


def fold_by_fold(x, w, fold):
    """Each fold as queries, all others as keys."""
    table = torch.zeros(len(x), len(x), dtype=x.dtype)
    for number in fold.unique():
        mine = fold == number
        if not mine.all():
            block = torch.softmax(scores(x[mine], x[~mine], w), dim=1)
            table[mine.nonzero(), (~mine).nonzero()[:, 0]] = block
    return table


def kernel_zeroed(x, w, fold):
    kernel = scores(x, x, w).exp() * ~same(fold)
    return kernel / kernel.sum(dim=1, keepdim=True)


def kernel_zeroed_with_a_floor(x, w, fold):
    kernel = scores(x, x, w).exp() * ~same(fold)
    return kernel / (kernel.sum(dim=1, keepdim=True) + 1e-12)


def divided(x, w, fold):
    table = -0.5 * ((x[:, None] - x) / torch.tensor(w)) ** 2
    return torch.softmax(table.masked_fill(same(fold), -math.inf), dim=1)


def w_once(x, w, fold):
    table = (-0.5 * w * (x[:, None] - x) ** 2).masked_fill(same(fold), -math.inf)
    return torch.softmax(table, dim=1).masked_fill(same(fold), 0)


def divided_by_the_rest(x, w, fold):
    table = torch.softmax(scores(x, x, w), dim=1).masked_fill(same(fold), 0)
    return table / table.sum(dim=1, keepdim=True)


# How steep is the curve?


def prediction(query, keys, values, w):
    return torch.softmax(scores(query, keys, w), dim=1) @ values


def by_differences(step):
    def slope(query, keys, values, w):
        up, down = (prediction(query + h, keys, values, w) for h in (step, -step))
        return (up - down) / (2 * step)

    return slope


def forwards(step):
    def slope(query, keys, values, w):
        return (prediction(query + step, keys, values, w) - prediction(query, keys, values, w)) / step

    return slope


def by_grad(query, keys, values, w):
    query = query.clone().requires_grad_()
    return torch.autograd.grad(prediction(query, keys, values, w).sum(), query)[0]


def by_backward(query, keys, values, w):
    query = query.clone().requires_grad_()
    prediction(query, keys, values, w).sum().backward()
    return query.grad


def by_jacobian(query, keys, values, w):
    return torch.autograd.functional.jacobian(lambda x: prediction(x, keys, values, w), query).diagonal()


def by_jacrev(query, keys, values, w):
    return torch.func.jacrev(lambda x: prediction(x, keys, values, w))(query).diagonal()


def covariance(query, keys, values, w, alpha=None, power=1):
    distance = (query[:, None] - keys) ** power
    alpha = torch.softmax(scores(query, keys, w), dim=1) if alpha is None else alpha
    return (alpha * distance) @ values - (alpha @ values) * (alpha * distance).sum(dim=1)


def naive_kernel(query, keys, values, w):
    kernel = scores(query, keys, w).exp()
    return -(w**2) * covariance(query, keys, values, w, alpha=kernel / kernel.sum(dim=1, keepdim=True))


def centred_on_values(query, keys, values, w):
    d = query[:, None] - keys
    alpha = (-0.5 * w**2 * d**2).softmax(-1)
    return -(w**2) * torch.einsum("mn,mn,mn->m", alpha, d, values - (alpha @ values)[:, None])


def with_the_keys(query, keys, values, w):
    alpha = torch.softmax(scores(query, keys, w), 1)
    return w**2 * (alpha @ (keys * values) - (alpha @ keys) * (alpha @ values))


# Dot products


def attend(q, k, values, **how):
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], **how)[0, :, 0]


def features(query, keys, w):
    squares, f = (query**2).sum(dim=1, keepdim=True), w[:, None] ** 2
    q = torch.cat([query, squares, torch.ones_like(squares)], dim=1)
    return q, torch.cat([f * keys, -0.5 * f, -0.5 * f * (keys**2).sum(dim=1, keepdim=True)], dim=1)


def signed(query, keys, w):
    q, k = features(query, keys, w.abs() ** 0.5)
    return q, k * w.sign()[:, None]


def as_in_the_lesson(query, keys, w):
    """The features without the one of the query's square."""
    q, k = features(query, keys, w)
    return torch.cat([q[:, :-2], q[:, -1:]], dim=1), torch.cat([k[:, :-2], k[:, -1:]], dim=1)


def summed_first(query, keys, w):
    q, k = features(query, keys, w)
    q[:, -2], k[:, -1] = query.sum(dim=1) ** 2, -0.5 * w**2 * keys.sum(dim=1) ** 2
    return q, k


def without_the_tool(query, keys, values, w):
    q, k = features(query, keys, w)
    return torch.softmax(q @ k.T, dim=1) @ values


def called_for_show(query, keys, values, w):
    attend(*features(query, keys, w), values)
    return without_the_tool(query, keys, values, w)


def called_for_show_beside_a_power(query, keys, values, w):
    q, k = features(query, keys, w)
    attend(q, k, values)
    dots = q @ k.T
    powers = torch.pow(math.e, dots - dots.amax(dim=1, keepdim=True))
    return (powers / powers.sum(dim=1, keepdim=True)) @ values


def scores_as_a_mask(query, keys, values, w):
    q, k = features(query, keys, w)
    return attend(0 * q, 0 * k, values, attn_mask=(q @ k.T)[None])


def three_axes(query, keys, values, w):
    q, k = features(query, keys, w)
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1.0)


def four_axes(query, keys, values, w):
    q, k = features(query, keys, w)
    return F.scaled_dot_product_attention(q[None, None], k[None, None], values[None, None, :, None], scale=1.0)


def two_for_each(query, keys, values, w):
    w = w[:, None]
    q = torch.cat([query, -0.5 * torch.ones_like(query), -0.5 * query**2], dim=1)
    k = torch.cat([w**2 * keys, (w * keys) ** 2, w**2 + 0 * keys], dim=1)
    return attend(q, k, values, scale=1.0)


def scale_undone(query, keys, values, w):
    q, k = features(query, keys, w)
    return attend(math.sqrt(q.shape[1]) * q, k, values)


# A module with one parameter


class Formula(nn.Module):
    """The right one; subclasses are wrong."""

    def __init__(self, w=1.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(float(w)))

    def forward(self, query, keys, values, leave_one_out=False):
        table = self.table(query, keys)
        if leave_one_out:
            table = table.masked_fill(torch.eye(len(query), dtype=torch.bool), -math.inf)
        return torch.softmax(table, dim=1) @ values

    def table(self, query, keys):
        return scores(query, keys, self.w)


class NoParameter(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.w = torch.tensor(float(w), requires_grad=True)


class PlainNumber(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.w = w


class InAList(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.all = [nn.Parameter(torch.tensor(float(w)))]

    def table(self, query, keys):
        return scores(query, keys, self.all[0])


class Buffer(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.register_buffer("w", torch.tensor(float(w)))


class OtherName(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.width = nn.Parameter(torch.tensor(float(w)))

    def table(self, query, keys):
        return scores(query, keys, self.width)


class OneEntry(Formula):
    def __init__(self, w=1.0):
        nn.Module.__init__(self)
        self.w = nn.Parameter(torch.tensor([float(w)]))


class Frozen(Formula):
    def table(self, query, keys):
        return scores(query, keys, self.w.item())


class Detached(Formula):
    def table(self, query, keys):
        return scores(query, keys, self.w.detach())


class HardCoded(Formula):
    def table(self, query, keys):
        return scores(query, keys, 1.0) + 0 * self.w


class AsWidth(Formula):
    def table(self, query, keys):
        return scores(query, keys, 1 / self.w)


class NotSquared(Formula):
    def table(self, query, keys):
        return -0.5 * self.w * (query[:, None] - keys) ** 2


class OwnSeen(Formula):
    def forward(self, query, keys, values, leave_one_out=False):
        return super().forward(query, keys, values)


class ZeroAfterwards(Formula):
    def forward(self, query, keys, values, leave_one_out=False):
        weights = torch.softmax(self.table(query, keys), dim=1)
        if leave_one_out:
            weights = weights * (1 - torch.eye(len(query)))
        return weights @ values


class DividedAgain(Formula):
    def forward(self, query, keys, values, leave_one_out=False):
        weights = torch.softmax(scores(query, keys, self.w), dim=1)
        if leave_one_out:
            weights = weights * ~torch.eye(len(query), dtype=torch.bool)
        return weights / weights.sum(dim=1, keepdim=True) @ values


class WrongAxis(Formula):
    def forward(self, query, keys, values, leave_one_out=False):
        table = self.table(query, keys)
        if leave_one_out:
            table = table.masked_fill(torch.eye(len(query), dtype=torch.bool), -math.inf)
        return torch.softmax(table, dim=0) @ values


class Weights(Formula):
    def forward(self, query, keys, values, leave_one_out=False):
        return torch.softmax(self.table(query, keys), dim=1)


class NoSuper(nn.Module):
    def __init__(self, w=1.0):
        self.w = nn.Parameter(torch.tensor(float(w)))


class NoModule:
    def __init__(self, w=1.0):
        self.w = nn.Parameter(torch.tensor(float(w)))

    def forward(self, query, keys, values, leave_one_out=False):
        return torch.softmax(scores(query, keys, self.w), dim=1) @ values


class Library(nn.Module):
    """The library's, inside another one."""

    def __init__(self, w=1.0):
        super().__init__()
        self.inside = LearnedKernelRegression(w)

    def forward(self, *arguments):
        return self.inside(*arguments)


class Derived(LearnedKernelRegression):
    pass


def formula(w=1.0):
    return Formula(w)


# A training loop


def trained(x, y, w, rate, steps, loss=None, clear=True, sign=1, leave_one_out=True, optimiser=torch.optim.SGD):
    model = Formula(w).double()
    step, path = optimiser(model.parameters(), lr=rate), [model.w.item()]
    for _ in range(steps):
        if clear:
            step.zero_grad()
        errors = model(x, x, y, leave_one_out) - y
        (sign * (loss or (lambda e: 0.5 * e.square().sum()))(errors)).backward()
        step.step()
        path.append(model.w.item())
    return torch.tensor(path)


def never_stepped(x, y, w, rate, steps):
    return torch.full((steps + 1,), float(w))


def parameter_noted(x, y, w, rate, steps):
    """The parameter is one thing, however often it is noted."""
    path = trained(x, y, w, rate, steps)
    return torch.stack([path[-1]] * (steps + 1))


def noted_before(x, y, w, rate, steps):
    path = trained(x, y, w, rate, steps)
    return torch.cat([path[:1], path[:-1]])


def with_momentum(x, y, w, rate, steps):
    return trained(
        x, y, w, rate, steps, optimiser=lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9)
    )


def with_decay(x, y, w, rate, steps):
    return trained(
        x, y, w, rate, steps, optimiser=lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, weight_decay=0.5)
    )


# Who is missed?


def moved(s, y):
    return s * ((s @ y)[:, None] - y) / (1 - s)


def key_by_key(weights, values):
    f = weights @ values
    columns = []
    for k in range(len(values)):
        share = weights[:, k]
        columns.append((f - share * values[k]) / (1 - share) - f)
    return torch.stack(columns, dim=1)


def number_by_number(weights, values):
    table, f = torch.zeros_like(weights), weights @ values
    for i in range(len(weights)):
        for k in range(len(values)):
            table[i, k] = weights[i, k] / (1 - weights[i, k]) * (f[i] - values[k])
    return table


def in_lists(weights, values):
    rows, y = weights.tolist(), values.tolist()
    f = [sum(s * value for s, value in zip(row, y, strict=True)) for row in rows]
    return torch.tensor(
        [
            [s / (1 - s) * (each - value) for s, value in zip(row, y, strict=True)]
            for row, each in zip(rows, f, strict=True)
        ]
    )


WRONG = {
    "right": [
        ("w ignored", 0.414, "w = 1"),
        ("mean", 1, "w = 0"),
        ("w not squared", 0.642, "w is not"),
        ("w as σ", 1.945, "σ"),
        ("not divided", 2.365, "above the line"),
        ("slides", 1.358, "below the line"),
        ("own value", 2, "vote as well"),
        ("one unit more", 0.862),
        ("two decimals", 0.86, "are asked"),
    ],
    "slides": [
        ("right", 0.861),
        ("w ignored", 0.414),
        ("not divided", 2.365),
        ("w not squared", 0.869, "w is not"),
        ("one unit more", 1.359),
        ("two decimals", 1.36, "are asked"),
        ("nothing", 0),
        ("the sum of the weights", 1.577),
        ("text", "1.358"),
    ],
    "shifted": [
        ("ten more", 11.358, "sum to 1"),
        ("right, ten more", 10.861),
        ("the growth", 15.769, "result itself"),
        ("not shifted", 1.358, "old values"),
        ("one unit more", 17.14),
        ("one decimal", 17.1, "are asked"),
        ("10", 10),
        ("a list", [17.127, 0]),
    ],
    "book": [
        ("nearest", -3, "K_i stands below"),
        ("sum", 3, "three times"),
        ("nothing", 0),
        ("a weight", 0.333, "weight"),
        ("at the query's old place", 2),
        ("nan", math.nan),
        ("one unit more", 1.001),
        ("sign", -1),
    ],
    "same_as": [
        ("the same w", 0.333, "exponents"),
        ("squared", 0.111, "other way round"),
        ("one over the root", 1.732),
        ("half", 0.167, "root"),
        ("one", 1),
        ("one unit more", 0.578),
        ("two decimals", 0.58, "are asked"),
        ("negative", -0.577),
    ],
    "left_out_weights": [
        ("nobody hidden", lambda x, w, f: scores(x, x, w).softmax(1)),
        ("score 0", lambda x, w, f: masked(x, w, f, 0)),
        ("score −1", lambda x, w, f: masked(x, w, f, -1)),
        ("score −10", lambda x, w, f: masked(x, w, f, -10)),
        ("score −100", lambda x, w, f: masked(x, w, f, -100)),
        ("score −1e12", lambda x, w, f: masked(x, w, f, -1e12), "row is to be 0"),
        ("nan where nobody is left", lambda x, w, f: masked(x, w, f, -math.inf), "nobody is left"),
        ("zero after", lambda x, w, f: scores(x, x, w).softmax(1).masked_fill(same(f), 0)),
        ("only itself", lambda x, w, f: masked(x, w, torch.arange(len(x)), -math.inf)),
        ("the others hidden", lambda x, w, f: scores(x, x, w).masked_fill(~same(f), -math.inf).softmax(1), "turn"),
        ("kernel zeroed", kernel_zeroed, "0/0"),
        ("the same with a floor", kernel_zeroed_with_a_floor),
        ("nan to 0", lambda x, w, f: kernel_zeroed(x, w, f).nan_to_num(0.0), "only far away"),
        ("divided by the rest", divided_by_the_rest, "0/0"),
        ("over the queries", lambda x, w, f: fold_by_fold(x, w, f).T),
        ("w not squared", lambda x, w, f: fold_by_fold(x, abs(w) ** 0.5, f), "w is not"),
        ("w as σ", lambda x, w, f: fold_by_fold(x, 1 / w if w else 0, f), "divided by w"),
        ("w as σ, divided by 0", lambda x, w, f: divided(x, w, f).masked_fill(same(f), 0), "divided by w"),
        ("w as σ, nan to 0", lambda x, w, f: divided(x, w, f).nan_to_num(0.0), "divided by w"),
        ("w as σ, nan left", lambda x, w, f: divided(x, w, f), "divided by w"),
        ("w not squared, with its sign", w_once, "w is not"),
        ("½ forgotten", lambda x, w, f: fold_by_fold(x, math.sqrt(2) * w, f), "½"),
        ("w ignored", lambda x, w, f: fold_by_fold(x, 1.0, f), "w = 1"),
        ("kernel only", lambda x, w, f: scores(x, x, w).exp() * ~same(f), "sum to 1"),
        ("mask −∞ times True", lambda x, w, f: (scores(x, x, w) - math.inf * same(f)).softmax(1)),
    ],
    "slope.slope": [
        ("autograd.grad", by_grad, "autograd"),
        ("backward", by_backward, "autograd"),
        ("jacobian", by_jacobian, "autograd"),
        ("jacrev", by_jacrev, "autograd"),
        *((f"differences of {h:g}", by_differences(h), "two small differences") for h in (1e-2, 1e-3, 1e-4, 1e-5)),
        ("differences of 3e-3", by_differences(3e-3), "small differences"),
        ("differences of 1e-6", by_differences(1e-6), "small differences"),
        ("differences on one side", forwards(1e-5), "small differences"),
        ("float32 on the way", lambda *a: with_the_keys(*a[:3], a[3]).float().double(), "float32"),
        ("in float32", lambda q, k, v, w: -(w**2) * covariance(q.float(), k.float(), v.float(), w), "seven digits"),
        ("in w", prediction_slope, "∂f/∂w"),
        ("sign", lambda q, k, v, w: w**2 * covariance(q, k, v, w), "sign"),
        ("w once", lambda q, k, v, w: -w * covariance(q, k, v, w), "−w² d"),
        ("w forgotten", lambda q, k, v, w: -covariance(q, k, v, w), "w²"),
        ("nothing in front", covariance, "−w²"),
        ("half", lambda q, k, v, w: -0.5 * w**2 * covariance(q, k, v, w), "Half"),
        ("twice", lambda q, k, v, w: -2 * w**2 * covariance(q, k, v, w), "Twice"),
        ("d² for d", lambda q, k, v, w: -(w**2) * covariance(q, k, v, w, power=2), "d²"),
        (
            "product of means forgotten",
            lambda q, k, v, w: -(w**2) * (scores(q, k, w).softmax(1) * (q[:, None] - k)) @ v,
            "product of the means",
        ),
        (
            "½ forgotten in α",
            lambda q, k, v, w: -(w**2) * covariance(q, k, v, w, (2 * scores(q, k, w)).softmax(1)),
            "½",
        ),
        ("w left out of α", lambda q, k, v, w: -(w**2) * covariance(q, k, v, w, scores(q, k, 1).softmax(1)), "w = 1"),
        ("over the queries", lambda q, k, v, w: -(w**2) * covariance(q, k, v, w, scores(q, k, w).softmax(0)), "dim 0"),
        ("summed", lambda q, k, v, w: centred_on_values(q, k, v, w).sum(), "each query"),
        ("kernel not shifted", naive_kernel, "0/0"),
    ],
    "as_dot_product": [
        ("no tool", without_the_tool, "scaled_dot_product_attention"),
        ("called for show", called_for_show, "itself"),
        ("called for show beside a power", called_for_show_beside_a_power, "do not come from"),
        ("scores as a mask", scores_as_a_mask, "attn_mask"),
        ("default scale", lambda q, k, v, w: attend(*features(q, k, w), v), "√(d + 2)"),
        ("scale ½", lambda q, k, v, w: attend(*features(q, k, w), v, scale=0.5)),
        ("as in the lesson", lambda q, k, v, w: attend(*as_in_the_lesson(q, k, w), v, scale=1), "as in the lesson"),
        ("squares forgotten", lambda q, k, v, w: attend(q, w[:, None] ** 2 * k, v, scale=1), "two more terms"),
        ("w not squared", lambda q, k, v, w: attend(*features(q, k, w.abs() ** 0.5), v, scale=1), "w²"),
        ("w not squared, with its sign", lambda q, k, v, w: attend(*signed(q, k, w), v, scale=1), "w²"),
        ("w ignored", lambda q, k, v, w: attend(*features(q, k, torch.ones_like(w)), v, scale=1), "every w is 1"),
        ("one width", lambda q, k, v, w: attend(*features(q, k, w.mean() + 0 * w), v, scale=1), "Each key"),
        ("first width", lambda q, k, v, w: attend(*features(q, k, w[0] + 0 * w), v, scale=1)),
        (
            "squared after the sum",
            lambda q, k, v, w: attend(*summed_first(q, k, w), v, scale=1),
            "first square",
        ),
        ("causal", lambda q, k, v, w: attend(*features(q, k, w), v, scale=1, is_causal=True)),
        ("sizes", lambda q, k, v, w: two_for_each(q.abs(), k.abs(), v, w)),
    ],
    "Smoother": [
        ("a plain tensor", NoParameter, "w"),
        ("a plain number", PlainNumber, "w"),
        ("in a list", InAList, "list"),
        ("a buffer", Buffer),
        ("another name", OtherName, "w"),
        ("shape (1,)", OneEntry),
        (".item()", Frozen),
        (".detach()", Detached),
        ("hard-coded", HardCoded),
        ("w as σ", AsWidth, "divided by w"),
        ("w not squared", NotSquared, "w is not"),
        ("own point seen", OwnSeen, "still sees key i"),
        ("zero after the softmax", ZeroAfterwards, "no longer sum to 1"),
        ("divided again", DividedAgain, "0/0"),
        ("softmax over the queries", WrongAxis, "dim 1"),
        ("the weights", Weights, "shape"),
        ("super() forgotten", NoSuper),
        ("no nn.Module", NoModule),
        ("the library's, wrapped", Library),
        ("the library's", LearnedKernelRegression, "library's own class"),
        ("the library's, derived", Derived, "library's own class"),
        ("a function", formula),
        ("a module that is made", Formula()),
    ],
    "loop.fit": [
        ("with itself", lambda *a: trained(*a, leave_one_out=False), "saw itself"),
        ("½ forgotten", lambda *a: trained(*a, loss=lambda e: e.square().sum()), "½"),
        ("mean", lambda *a: trained(*a, loss=lambda e: e.square().mean()), "mean squared error"),
        ("half the mean", lambda *a: trained(*a, loss=lambda e: 0.5 * e.square().mean()), "sum over the points"),
        ("absolute errors", lambda *a: trained(*a, loss=lambda e: e.abs().sum())),
        ("slopes add up", lambda *a: trained(*a, clear=False), "zero_grad()"),
        ("uphill", lambda *a: trained(*a, sign=-1), "against the slope"),
        ("Adam", lambda *a: trained(*a, optimiser=torch.optim.Adam), "Adam"),
        ("momentum", with_momentum),
        ("weight decay", with_decay),
        ("never stepped", never_stepped, "never moves"),
        ("the parameter noted", parameter_noted, "w.item()"),
        ("without the start", lambda *a: trained(*a)[1:], "start is missing"),
        ("without the end", lambda *a: trained(*a)[:-1], "last w is missing"),
        ("noted before each step", noted_before, "before each step"),
        ("one step too many", lambda x, y, w, rate, steps: trained(x, y, w, rate, steps + 1)),
        ("the last w", lambda *a: trained(*a)[-1]),
        ("the losses", lambda x, y, w, r, s: training_path(x, y, w=w, learning_rate=r, steps=s)[1], "losses"),
        ("starts at 1", lambda x, y, w, rate, steps: trained(x, y, 1.0, rate, steps), "begins at 1"),
    ],
    "train.w": [
        ("start", [1.0, 1.0], "start value"),
        ("widths", [0.22, 0.36], "1/w"),
        ("other order", [2.8, 4.5], "first number"),
        ("seed 10 alone", [4.0, 1.9], "five draws"),
        ("one number", 4.5, "shape"),
        ("one unit more", [4.6, 2.9]),
        ("nothing", 0),
        ("all ten", torch.ones(2, 5)),
    ],
    "influence": [
        ("sign", lambda s, y: -moved(s, y), "without the point"),
        ("not shared out", lambda s, y: -s * y, "no longer sum"),
        ("not divided", lambda s, y: s * ((s @ y)[:, None] - y), "1 − S_ik"),
        ("multiplied", lambda s, y: s * ((s @ y)[:, None] - y) * (1 - s), "divide"),
        ("predictions", lambda s, y: (s @ y)[:, None] + moved(s, y), "predictions without k"),
        ("PRESS everywhere", lambda s, y: ((s @ y)[:, None] - y) / (1 - s), "not missed"),
        ("sizes", lambda s, y: moved(s, y).abs(), "sign"),
        ("squares", lambda s, y: moved(s, y) ** 2),
        ("transposed", lambda s, y: moved(s, y).T),
        ("summed over the queries", lambda s, y: moved(s, y).sum(0), "table"),
        ("summed over the points", lambda s, y: moved(s, y).sum(1)),
        ("mean vote", lambda s, y: s * ((s @ y)[:, None] - y) / (1 - s.mean(1, keepdim=True)), "of its own"),
        ("nothing", lambda s, y: 0 * s),
        ("key by key", key_by_key, "that is a loop"),
        ("number by number", number_by_number, "that is a loop"),
        ("in lists", in_lists, "tolist"),
        ("in NumPy", lambda s, y: torch.from_numpy(moved(s.numpy(), y.numpy())), "NumPy"),
    ],
}

RIGHT_FORMS = {
    "right": [0.861, 0.8610, 2.3650 / 2.7467],
    "slides": [1.358, 1.3577, 2.3650 / 1.7419],
    "shifted": [17.13, 17.126, 17.127, torch.tensor(17.1267)],
    "book": [1, 1.0, torch.tensor(1.0)],
    "same_as": [0.577, 3**-0.5, math.sqrt(1 / 3)],
    "left_out_weights": [
        fold_by_fold,
        lambda x, w, f: masked(x, w, f, -math.inf).nan_to_num(0.0),
        lambda x, w, f: masked(x, w, f, -math.inf).float().nan_to_num(0.0),
        lambda x, w, f: fold_by_fold(x, w, f).tolist(),
    ],
    "slope.slope": [centred_on_values, with_the_keys, lambda *args: with_the_keys(*args).tolist()],
    "as_dot_product": [
        *(three_axes, four_axes, two_for_each, scale_undone),
        lambda q, k, v, w: (three_axes(q, k, v, w)[0, :, 0],),
        lambda q, k, v, w: three_axes(q, k, v, w).flatten().tolist(),
    ],
    "Smoother": [Formula],
    "loop.fit": [trained, lambda *a: trained(*a).tolist(), lambda *a: trained(*a).float()],
    "train.w": [[4.5, 2.8], (4.52, 2.78), torch.tensor([4.52, 2.784])],
    "influence": [
        lambda s, y: s / (1 - s) * ((s @ y)[:, None] - y),
        lambda s, y: ((s @ y)[:, None] - s * y) / (1 - s) - (s @ y)[:, None],
        lambda s, y: moved(s.float(), y.float()),
        lambda s, y: torch.stack([moved(row[None], y)[0] for row in s]),
        lambda s, y: torch.func.vmap(lambda row: row / (1 - row) * (row @ y - y))(s),
    ],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("an average grows by 10 if its values do", "errata.shifted", "ten more"),
    ("the misprints are equal, since softmax normalises", "errata.slides", "normalised"),
    ("far away the nearest decides", "errata.book", "nearest"),
    ("diagonal zeroed after the softmax", "left_out.left_out_weights", "zero after the softmax"),
    ("masked by −1", "left_out.left_out_weights", "score −1"),
    ("masked by 0, the largest score there is", "left_out.left_out_weights", "score 0"),
    ("as in the lesson: only itself", "left_out.left_out_weights", "only the point itself"),
    ("nobody is left, and nan stays", "left_out.left_out_weights", "nobody left"),
    ("kernel times (1 − mask)", "left_out.left_out_weights", "0/0 for a lonely point"),
    ("the lesson's slope again", "slope.slope", "with respect to w"),
    ("w for w²", "slope.slope", "w once"),
    ("product of the means missing", "slope.slope", "product of means forgotten"),
    ("the query's square dropped, as in the lesson", "dot_product.as_dot_product", "as in the lesson"),
    ("default scale", "dot_product.as_dot_product", "default scale"),
    ("one number for the squares, summed too early", "dot_product.as_dot_product", "squared after the sum"),
    ("the own point votes", "module.Smoother", "with itself"),
    ("w as σ", "module.Smoother", "w as σ"),
    ("zero_grad forgotten", "loop.fit", "slopes add up"),
    ("the mean for the sum", "loop.fit", "mean of squares"),
    ("who had no vote is missed", "influence.influence", "PRESS, in every column"),
    ("Adam moves by the rate whatever the slope", "predictions.adam_at_zero", "chose a"),
    ("a loss of 0 can always be had", "predictions.same_place", "chose a"),
    ("two good models average to a good one", "predictions.averaged", "chose a"),
)
