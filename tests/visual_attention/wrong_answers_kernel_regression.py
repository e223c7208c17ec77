"""Lesson 2: wrong answers and shortcuts, and right answers in other forms."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from visual_attention import pooling

# Tables of weights: functions (query, keys, width) -> (m, n)


def exponents(query, keys, width=1.0):
    return -0.5 * ((query[:, None] - keys) / width) ** 2


def normalised(kernel):
    return kernel / kernel.sum(dim=1, keepdim=True)


def right(query, keys, width=1.0):
    return torch.softmax(exponents(query, keys, width), dim=1)


def cut_off_at_three_widths(query, keys, width):
    table = exponents(query, keys, width)
    return normalised(table.exp() * (table > -4.5))


def equal_keys_counted_once(query, keys, width):
    """Each of two equal keys gets half of what it should."""
    count = (keys[:, None] == keys).sum(dim=1)
    return normalised(exponents(query, keys, width).exp() / count)


def nearest(query, keys, width=1.0):
    return F.one_hot((query[:, None] - keys).abs().argmin(dim=1), len(keys)).float()


def sorted_keys(query, keys, width):
    return right(query, keys.sort().values, width)


def of_sizes(query, keys, width):
    return right(query.abs(), keys.abs(), width)


WRONG_TABLES = [
    ("plain mean", lambda q, k, s: torch.full((len(q), len(k)), 1 / len(k)), "plain mean"),
    ("not normalised", lambda q, k, s: exponents(q, k, s).exp(), "not yet weights"),
    ("½ forgotten", lambda q, k, s: torch.softmax(2 * exponents(q, k, s), 1), "½"),
    ("square forgotten", lambda q, k, s: torch.softmax(-(q[:, None] - k).abs() / s / 2, 1), "square"),
    ("minus forgotten", lambda q, k, s: torch.softmax(-exponents(q, k, s), 1), "minus"),
    ("nearest", nearest, "nearest"),
    ("variance for σ", lambda q, k, s: right(q, k, math.sqrt(s)), "σ is not"),
    ("σ for the variance", lambda q, k, s: right(q, k, s * s), "σ⁴"),
    ("w for σ", lambda q, k, s: right(q, k, 1 / s), "multiplied by σ"),
    ("σ ignored", lambda q, k, s: right(q, k), "answer for σ = 1"),
    ("only the keys scaled", lambda q, k, s: right(q, k / s), "Only the keys"),
    ("only the query scaled", lambda q, k, s: right(q / s, k), "Only the query"),
    ("2σ for 2σ²", lambda q, k, s: torch.softmax(-((q[:, None] - k) ** 2) / (2 * s), 1), "σ is not"),
    ("(2σ)² for 2σ²", lambda q, k, s: right(q, k, math.sqrt(2) * s), "2 is squared"),
    ("over the queries", lambda q, k, s: torch.softmax(exponents(q, k, s), 0), "dim 0"),
    ("one sum", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().sum(), "whole table"),
    ("columns divided", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().sum(0), "dim 0"),
    ("largest divided", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().amax(1, True), "largest"),
    ("dot product", lambda q, k, s: torch.softmax(q[:, None] * k / s**2, 1), "dot product"),
    ("logarithms", lambda q, k, s: torch.log_softmax(exponents(q, k, s), 1), "logarithms"),
    ("cut off at 3σ", cut_off_at_three_widths),
    ("equal keys counted once", equal_keys_counted_once),
    ("sorted keys", sorted_keys),
    ("sizes of the places", of_sizes),
    ("Laplace kernel", lambda q, k, s: torch.softmax(-(q[:, None] - k).abs() / s, 1)),
    ("1/distance", lambda q, k, s: normalised(1 / ((q[:, None] - k).abs() + 1e-9))),
    ("boxcar", lambda q, k, s: normalised(((q[:, None] - k).abs() <= s).float() + 1e-9)),
]

# Weights for far queries: functions (query, keys)


def naive(query, keys):
    return normalised(exponents(query, keys).exp())


def largest_of_the_table_taken_off(query, keys):
    table = exponents(query, keys)
    return normalised((table - table.max()).exp())


def smallest_taken_off(query, keys):
    table = exponents(query, keys)
    return normalised((table - table.amin(1, keepdim=True)).exp())


def nearest_when_far(limit):
    def weights(query, keys):
        far = (query[:, None] - keys).abs().amin(1, keepdim=True) > limit
        return torch.where(far, nearest(query, keys), right(query, keys))

    return weights


def nearest_where_nan(query, keys):
    return torch.where(naive(query, keys).isnan(), nearest(query, keys), naive(query, keys))


def query_pulled_in(query, keys):
    """A far query is moved to the end of the keys."""
    return right(query.clamp(keys.min().item(), keys.max().item()), keys)


def query_pulled_near(query, keys):
    return right(query.clamp(keys.min().item() - 10, keys.max().item() + 10), keys)


def nearest_distance_taken_off(query, keys):
    """The distance to the nearest key is taken off before the square."""
    distance = (query[:, None] - keys).abs()
    return torch.softmax(-0.5 * (distance - distance.amin(1, keepdim=True)) ** 2, dim=1)


# Tests of a table


def sums_are_one(weights, tolerance=1e-5):
    return bool(((weights.sum(dim=1) - 1).abs() <= tolerance).all())


def none_negative(weights):
    return bool((weights >= 0).all())


# Left out


def left_out(exponents, y):
    return ((y - torch.softmax(exponents, dim=1) @ y) ** 2).mean()


def own(x):
    return torch.eye(len(x), dtype=torch.bool)


def residuals(x, y, width):
    return y - torch.softmax(exponents(x, x, width).masked_fill(own(x), -math.inf), dim=1) @ y


def lowered_by(number):
    return lambda x, y, width: left_out(exponents(x, x, width) - number * own(x), y)


def equal_places_hidden(x, y, width):
    distance = x[:, None] - x
    return left_out(exponents(x, x, width).masked_fill(distance == 0, -math.inf), y)


def kernel_zeroed(x, y, width):
    kernel = exponents(x, x, width).exp() * (1 - torch.eye(len(x)))
    return ((y - normalised(kernel) @ y) ** 2).mean()


def kernel_zeroed_with_a_floor(x, y, width):
    kernel = exponents(x, x, width).exp() * (1 - torch.eye(len(x)))
    return ((y - kernel @ y / (kernel.sum(1) + 1e-12)) ** 2).mean()


def by_press(x, y, width):
    """Right on paper; for a point that is far from all others it is 0/0."""
    table = right(x, x, width)
    return (((y - table @ y) / (1 - table.diagonal())) ** 2).mean()


def own_distance_set_large(x, y, width):
    distance = (x[:, None] - x).abs().masked_fill(own(x), 10.0)
    return left_out(-0.5 * (distance / width) ** 2, y)


def others_by_position(x, y, width):
    """Neighbours in the list are left out too."""
    near = (torch.arange(len(x))[:, None] - torch.arange(len(x))).abs() <= 1
    scores = exponents(x, x, width).masked_fill(near & (len(x) > 3) | own(x), -math.inf)
    return left_out(scores, y)


# Right ones


def left_out_by_deleting(x, y, width):
    errors = []
    for k in range(len(x)):
        keep = torch.arange(len(x)) != k
        weights = torch.softmax(-((x[keep] - x[k]) ** 2) / (2 * width**2), dim=0)
        errors.append((y[k] - (weights * y[keep]).sum()) ** 2)
    return torch.stack(errors).mean()


def left_out_with_a_billion(x, y, width):
    return left_out(exponents(x, x, width) - 1e9 * torch.eye(len(x)), y).item()


def left_out_with_infinite_distance(x, y, width):
    return left_out(-0.5 * ((x[:, None] - x).abs().fill_diagonal_(math.inf) / width) ** 2, y)


def left_out_in_float64(x, y, width):
    return left_out_by_deleting(x.double(), y.double(), width)


def is_average_row_by_row(weights):
    return all(min(row) >= 0 and abs(sum(row) - 1) <= 1e-5 for row in weights.tolist())


WRONG = {
    "hand_example.weights": [
        ("kernel", [0.607, 1, 0.135], "not yet weights"),
        ("plain mean", [0.333, 0.333, 0.333], "plain mean"),
        ("two decimals", [0.35, 0.57, 0.08], "are asked"),
        ("cut off", [0.348, 0.574, 0.077]),
        ("one unit", [0.348, 0.575, 0.078]),
        ("another order", [0.574, 0.348, 0.078]),
        ("square forgotten", [0.307, 0.507, 0.186], "square"),
        ("softmax of the values", [0.007, 0.018, 0.976]),
        ("distance from 0", [0.618, 0.375, 0.007], "query"),
        ("one number", 0.348),
        ("per cent", [34.8, 57.4, 7.8]),
    ],
    "f": [
        ("cut off", 1.962),
        ("one unit more", 1.964),
        ("two decimals", 1.96, "are asked"),
        ("mean", 3),
        ("not divided", 3.4185),
        ("nearest", 2),
        ("mean of the weights", 0.3333),
        ("the weights", [0.348, 0.574, 0.078]),
        ("places averaged", 0.807, "places"),
    ],
    "f_narrow": [
        ("one unit more", 1.883),
        ("one unit less", 1.881),
        ("σ above the line only", 1.227),
        ("σ = 1", 1.963),
        ("σ as w", 2.620),
        ("variance", 1.787),
        ("σ = 2", 2.620),
        ("σ⁴", 1.9997),
        ("only the keys divided", 1.0 + 0.5, "Only the keys"),
    ],
    "metres": [
        ("the curve", 5.76),
        ("plain mean", 9.17),
        ("nearest", 4),
        ("one decimal", 6.7),
        ("one unit", 6.76),
        ("cut off", 6.74),
    ],
    "centimetres": [
        ("scale-free", 6.75),
        ("in cm²", 40_000, "y is not"),
        ("the curve", 5.76),
        ("0", 0, "only the keys"),
        ("25", 25, "only the query"),
        ("plain mean", 9.17),
    ],
    "sigma": [("w", 0.01), ("square", 10_000), ("unchanged", 1), ("root", 10), ("10 % off", 110), ("240", 240)],
    "rows": [
        ("columns", [0.98, 1.07, 0.96], "columns"),
        ("not normalised", [1.62, 1.74, 1.15], "kernel values"),
        ("means", [1 / 3] * 3, "mean"),
        ("total", 3, "three sums"),
        ("one number", 1),
    ],
    "columns": [
        ("rows", [1, 1, 1], "dim 0"),
        ("one decimal", [1.0, 1.1, 1.0]),
        ("cut off", [0.97, 1.06, 0.95]),
        ("means", [0.325, 0.356, 0.319], "mean"),
        ("another order", [1.07, 0.98, 0.96]),
        ("not normalised", [1.62, 1.74, 1.15], "kernel values"),
        ("total", 3, "three sums"),
    ],
    "attention_weights": [
        *WRONG_TABLES,
        ("transposed", lambda q, k, s: right(q, k, s).T),
        ("rounded", lambda q, k, s: right(q, k, s).round(decimals=3)),
        ("flattened", lambda q, k, s: right(q, k, s).flatten()),
        ("first query only", lambda q, k, s: right(q[:1], k, s).expand(len(q), -1)),
    ],
    "nadaraya_watson": [
        *[(label, lambda q, k, v, s, t=table: t(q, k, s) @ v, *w) for label, table, *w in WRONG_TABLES],
        ("the weights", lambda q, k, v, s: right(q, k, s)),
        ("softmax of the values", lambda q, k, v, s: (v.softmax(0) * v).sum(0).expand(len(q), *v.shape[1:])),
        ("one column dropped", lambda q, k, v, s: right(q, k, s) @ (v if v.ndim == 1 else v[:, 0])),
        ("squeezed", lambda q, k, v, s: (right(q, k, s) @ v).squeeze()),
        ("sum over the queries", lambda q, k, v, s: right(q, k, s).sum(0) @ v),
        ("values' sizes", lambda q, k, v, s: right(q, k, s) @ v.abs()),
        ("values cut off", lambda q, k, v, s: right(q, k, s) @ v.clamp(-3, 3)),
        ("always a column", lambda q, k, v, s: right(q, k, s) @ v.reshape(len(k), -1)),
        ("from the left", lambda q, k, v, s: v.T @ right(q, k, s).T),
        ("mean over the keys", lambda q, k, v, s: right(q, k, s) @ v / len(k), "once too often"),
        ("nearest value", lambda q, k, v, s: nearest(q, k) @ v),
    ],
    "mended_weights": [
        ("naive", naive, "0/0"),
        ("naive, float64", lambda q, k: naive(q.double(), k.double()), "0/0"),
        ("nan to 0", lambda q, k: naive(q, k).nan_to_num(0), "nan became 0"),
        ("a small number below", lambda q, k: exponents(q, k).exp() / (exponents(q, k).exp().sum(1, True) + 1e-12)),
        ("a small number in both", lambda q, k: normalised(exponents(q, k).exp() + 1e-12), "plain mean"),
        ("uniform where nan", lambda q, k: torch.where(naive(q, k).isnan(), 1 / len(k), naive(q, k)), "plain mean"),
        ("exponents cut off at −80", lambda q, k: normalised(exponents(q, k).clamp(min=-80).exp()), "plain mean"),
        ("exponents cut off at −30", lambda q, k: normalised(exponents(q, k).clamp(min=-30).exp())),
        ("largest of the table", largest_of_the_table_taken_off, "whole table"),
        ("smallest", smallest_taken_off, "smallest"),
        ("nearest for all", nearest, "near ones must"),
        ("nearest beyond 10", nearest_when_far(10)),
        ("nearest beyond 15", nearest_when_far(15)),
        ("nearest beyond 30", nearest_when_far(30)),
        ("nearest where nan", nearest_where_nan, "nearest"),
        ("query pulled to the keys", query_pulled_in),
        ("query pulled near", query_pulled_near),
        ("distance taken off", nearest_distance_taken_off, "before the square"),
        ("largest over the queries", lambda q, k: normalised((exponents(q, k) - exponents(q, k).amax(0)).exp())),
        ("over the queries", lambda q, k: torch.softmax(exponents(q, k), 0), "dim 0"),
        ("wider kernel", lambda q, k: right(q, k, 2.0)),
        ("½ forgotten", lambda q, k: torch.softmax(2 * exponents(q, k), 1), "½"),
        ("distance for its square", lambda q, k: torch.softmax(-0.5 * (q[:, None] - k).abs(), 1), "square"),
    ],
    "is_average": [
        ("always True", lambda w: True),
        ("always False", lambda w: False),
        ("negated", lambda w: not (none_negative(w) and sums_are_one(w)), "swapped"),
        ("sign only", none_negative, "do not sum to 1"),
        ("sum only", sums_are_one, "Negative weights"),
        ("first row", lambda w: none_negative(w[:1]) and sums_are_one(w[:1]), "first row"),
        ("last row", lambda w: none_negative(w[-1:]) and sums_are_one(w[-1:]), "last row"),
        ("sum of the first row", lambda w: none_negative(w) and sums_are_one(w[:1])),
        ("sign of the first row", lambda w: none_negative(w[:1]) and sums_are_one(w)),
        ("no abs", lambda w: none_negative(w) and bool((w.sum(1) - 1 < 1e-5).all()), "too little"),
        ("no abs, other side", lambda w: none_negative(w) and bool((1 - w.sum(1) < 1e-5).all()), "too much"),
        ("first two rows", lambda w: none_negative(w[:2]) and sums_are_one(w[:2])),
        ("sign of the first two rows", lambda w: none_negative(w[:2]) and sums_are_one(w)),
        ("sign of the last column", lambda w: none_negative(w[:, -1]) and sums_are_one(w)),
        ("any sum", lambda w: none_negative(w) and bool(((w.sum(1) - 1).abs() < 1e-5).any()), "One good row"),
        ("any weight", lambda w: bool((w >= 0).any()) and sums_are_one(w)),
        ("any of both", lambda w: bool(((w >= 0).all(1) & ((w.sum(1) - 1).abs() < 1e-5)).any())),
        ("or for and", lambda w: none_negative(w) or sums_are_one(w)),
        ("at most 1", lambda w: bool((w <= 1).all()) and sums_are_one(w), "at most 1"),
        ("above 0", lambda w: bool((w > 0).all()) and sums_are_one(w), "exactly 0"),
        ("below 1", lambda w: bool(((w >= 0) & (w < 1)).all()) and sums_are_one(w)),
        ("down to −0.01", lambda w: bool((w >= -0.01).all()) and sums_are_one(w), "a little below 0"),
        ("down to −1e-5", lambda w: bool((w >= -1e-5).all()) and sums_are_one(w), "a little below 0"),
        ("tolerance 0.1", lambda w: none_negative(w) and sums_are_one(w, 0.1), "allows"),
        ("tolerance 1e-2", lambda w: none_negative(w) and sums_are_one(w, 1e-2), "allows"),
        ("tolerance 1e-3", lambda w: none_negative(w) and sums_are_one(w, 1e-3), "allows"),
        ("tolerance 1e-4", lambda w: none_negative(w) and sums_are_one(w, 1e-4), "allows"),
        ("tolerance 4e-5", lambda w: none_negative(w) and sums_are_one(w, 4e-5)),
        ("tolerance 3e-6", lambda w: none_negative(w) and sums_are_one(w, 3e-6)),
        ("rounded to five decimals", lambda w: none_negative(w) and bool((w.sum(1).round(decimals=5) == 1).all())),
        ("down to −1e-9", lambda w: bool((w >= -1e-9).all()) and sums_are_one(w)),
        ("tolerance 1e-6", lambda w: none_negative(w) and sums_are_one(w, 1e-6), "too strict"),
        ("tolerance 1e-8", lambda w: none_negative(w) and sums_are_one(w, 1e-8), "too strict"),
        ("equality", lambda w: none_negative(w) and bool((w.sum(1) == 1).all()), "too strict"),
        ("columns", lambda w: none_negative(w) and sums_are_one(w.T)),
        ("rows and columns", lambda w: none_negative(w) and sums_are_one(w) and sums_are_one(w.T)),
        ("total", lambda w: none_negative(w) and abs(w.sum().item() - len(w)) < 1e-5),
        ("mean of the sums", lambda w: none_negative(w) and abs(w.sum(1).mean().item() - 1) < 1e-5),
        ("sizes", lambda w: sums_are_one(w.abs())),
        ("sizes and sums", lambda w: none_negative(w.sum(1)) and sums_are_one(w)),
        ("smallest of the means", lambda w: bool(w.mean(0).min() >= 0) and sums_are_one(w)),
        ("number", lambda w: float(none_negative(w) and sums_are_one(w))),
        ("one bool a row", lambda w: (w >= 0).all(1) & ((w.sum(1) - 1).abs() < 1e-5)),
    ],
    "leave_one_out_error": [
        ("own kept", lambda x, y, s: left_out(exponents(x, x, s), y)),
        ("own exponent 0", lambda x, y, s: left_out(exponents(x, x, s).fill_diagonal_(0), y)),
        ("own exponent −1", lambda x, y, s: left_out(exponents(x, x, s).fill_diagonal_(-1), y)),
        ("zeroed after", lambda x, y, s: ((y - right(x, x, s).fill_diagonal_(0) @ y) ** 2).mean()),
        ("lowered by 10", lowered_by(10)),
        ("lowered by 50", lowered_by(50), "only lowered"),
        ("lowered by 100", lowered_by(100), "only lowered"),
        ("lowered by 10,000", lowered_by(10_000), "only lowered"),
        ("own distance 10", own_distance_set_large),
        ("equal places hidden", equal_places_hidden, "equal"),
        ("kernel times 1 − eye", kernel_zeroed, "0/0"),
        ("the same with a floor", kernel_zeroed_with_a_floor),
        ("PRESS", by_press, "0/0"),
        ("neighbours in the list hidden", others_by_position),
        (
            "over the queries",
            lambda x, y, s: ((y - exponents(x, x, s).fill_diagonal_(-torch.inf).softmax(0) @ y) ** 2).mean(),
        ),
        ("sum", lambda x, y, s: (residuals(x, y, s) ** 2).sum()),
        ("root", lambda x, y, s: (residuals(x, y, s) ** 2).mean().sqrt()),
        ("absolute", lambda x, y, s: residuals(x, y, s).abs().mean()),
        ("median", lambda x, y, s: (residuals(x, y, s) ** 2).median()),
        ("variance", lambda x, y, s: residuals(x, y, s).var(correction=0), "mean of the errors"),
        ("n − 1", lambda x, y, s: (residuals(x, y, s) ** 2).sum() / (len(x) - 1), "n − 1"),
        ("half", lambda x, y, s: (residuals(x, y, s) ** 2).mean() / 2),
        ("σ ignored", lambda x, y, s: (residuals(x, y, 1.0) ** 2).mean(), "σ = 1"),
        ("w for σ", lambda x, y, s: (residuals(x, y, 1 / s) ** 2).mean(), "multiplied by σ"),
        ("variance for σ", lambda x, y, s: (residuals(x, y, math.sqrt(s)) ** 2).mean(), "σ is not"),
        ("½ forgotten", lambda x, y, s: (residuals(x, y, s / math.sqrt(2)) ** 2).mean(), "½"),
        ("one error a point", lambda x, y, s: residuals(x, y, s) ** 2, "mean"),
        ("without the square", lambda x, y, s: residuals(x, y, s).mean()),
    ],
    "best_width": [
        ("own kept", 0.05),
        ("largest", 2.0),
        ("place in the list", 3, "place"),
        ("0.2", 0.2),
        ("0.4", 0.4),
        ("the error", 0.42, "error"),
        ("the list", [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0]),
    ],
}

RIGHT_FORMS = {
    "hand_example.weights": [
        [0.348, 0.574, 0.078],
        [0.3482, 0.5741, 0.0777],
        torch.tensor([[0.3482, 0.5741, 0.0777]]),
        np.array([0.34820, 0.57408, 0.07769]),
    ],
    "f": [1.963, 1.9626, torch.tensor([1.9626]), 3.4183 / 1.7418],
    "f_narrow": [1.882, 1.8820, 2.1371 / 1.1356],
    "metres": [6.75, 6.749, torch.tensor([6.749]), 6.7490],
    "centimetres": [4, 4.0, torch.tensor([4.0])],
    "sigma": [100, 100.0, 1e2],
    "rows": [[1, 1, 1], torch.ones(3), [1.0, 1.00, 1.000]],
    "columns": [[0.98, 1.07, 0.96], [0.976, 1.067, 0.957]],
    "attention_weights": [
        right,
        lambda q, k, s: normalised(torch.exp(-((q.view(-1, 1) - k) ** 2) / (2 * s**2))),
        lambda q, k, s: torch.softmax(-0.5 * (q.double()[:, None] - k.double()) ** 2 / s**2, dim=-1),
        lambda q, k, s: torch.stack([torch.softmax(-0.5 * ((x - k) / s) ** 2, 0) for x in q]),
        lambda q, k, s: right(q, k, s).tolist(),
        lambda q, k, s: pooling.attention_weights(q, k, width=s),
    ],
    "nadaraya_watson": [
        lambda q, k, v, s: right(q, k, s) @ v,
        lambda q, k, v, s: torch.stack([torch.tensordot(row, v, dims=1) for row in right(q, k, s)]),
        lambda q, k, v, s: pooling.nadaraya_watson(q, k, v, width=s),
        lambda q, k, v, s: right(q, k, s).double() @ v.double(),
        lambda q, k, v, s: (right(q, k, s) @ v).tolist(),
    ],
    "mended_weights": [
        right,
        lambda q, k: torch.exp(torch.log_softmax(exponents(q, k), dim=1)),
        lambda q, k: torch.exp(exponents(q, k) - exponents(q, k).logsumexp(dim=1, keepdim=True)),
        lambda q, k: torch.softmax(q[:, None] * k - 0.5 * k**2, dim=1),
        lambda q, k: right(q.double(), k.double()),
        lambda q, k: pooling.attention_weights(q, k),
        lambda q, k: (lambda e: normalised((e - e.amax(1, keepdim=True)).exp()))(exponents(q, k)),
    ],
    "is_average": [
        lambda w: none_negative(w) and sums_are_one(w),
        lambda w: none_negative(w) and torch.allclose(w.sum(1), torch.ones(len(w)), atol=1e-5),
        lambda w: torch.all(w >= 0) & torch.all(torch.isclose(w.sum(1), torch.ones(len(w)), rtol=0, atol=1e-5)),
        is_average_row_by_row,
        lambda w: np.bool_(none_negative(w) and sums_are_one(w)),
        lambda w: not ((w < 0).any() or ((w.double().sum(-1) - 1).abs() > 1e-5).any()),
    ],
    "leave_one_out_error": [
        left_out_by_deleting,
        left_out_with_a_billion,
        left_out_with_infinite_distance,
        left_out_in_float64,
        lambda x, y, s: F.mse_loss(pooling.nadaraya_watson(x, x, y, width=s, leave_one_out=True), y),
    ],
    "best_width": [0.3, torch.tensor(0.3), 0.30, [0.3]],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("not normalised", "hand_example.f", "not normalised"),
    ("3, the mean", "hand_example.f", "plain mean"),
    ("1.227, σ above the line only", "hand_example.f_narrow", "width missing below the line"),
    ("7K changes f", "predictions.scaled", "chose a"),
    ("an empty window gives 0", "predictions.empty_window", "chose a"),
    ("the kernel is free of scale", "units.centimetres", "scale-free kernel"),
    ("far away f is 0", "far_query.mended_weights", "nan replaced by 0"),
    ("f(0) = 1.589 is noise", "bounds.boundary", "chose a"),
    ("softmax over dim 0", "rows_and_columns.columns", "columns that sum to 1"),
    ("softmax over dim 0", "weights.attention_weights", "softmax over the queries"),
    ("softmax of the values", "estimate.nadaraya_watson", "softmax of the values"),
    ("σ² for σ", "weights.attention_weights", "width squared twice"),
    ("variance for σ", "weights.attention_weights", "width not squared"),
    ("only the keys divided by σ", "weights.attention_weights", "only the keys divided"),
    ("w for σ", "weights.attention_weights", "multiplied by the width"),
    ("the nearest key where nan comes out", "far_query.mended_weights", "nearest key where nan"),
    ("only the first row is tested", "bounds.is_average", "first row only"),
    ("w ≤ 1 for w ≥ 0", "bounds.is_average", "at most 1"),
    ("a weight of 0 is refused", "bounds.is_average", "0 refused"),
    ("no absolute value", "bounds.is_average", "sums too small pass"),
    ("own exponent lowered by 50", "leave_one_out.leave_one_out_error", "finite own exponent"),
    ("masked where the distance is 0", "leave_one_out.leave_one_out_error", "equal places hidden too"),
    ("kernel times (1 − eye)", "leave_one_out.leave_one_out_error", "0/0 for a lonely point"),
)
