"""Lesson 2: wrong answers and shortcuts, and right answers in other forms."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from visual_attention import pooling
from visual_attention.regression import LearnedKernelRegression

# Tables of weights: functions (query (m, d), keys (n, d), width) -> (m, n)


def exponents(query, keys, width=1.0):
    return -0.5 * ((query[:, None] - keys) / width).square().sum(2)


def normalised(kernel):
    return kernel / kernel.sum(dim=1, keepdim=True)


def right(query, keys, width=1.0):
    return torch.softmax(exponents(query, keys, width), dim=1)


def cut_off_at_two_widths(query, keys, width):
    table = exponents(query, keys, width)
    return normalised(table.exp() * (table > -2) + 1e-12)


def equal_keys_counted_once(query, keys, width):
    """Each of two equal keys gets half of what it should."""
    count = (keys[:, None] == keys).all(2).sum(dim=1)
    return normalised(exponents(query, keys, width).exp() / count)


def nearest(query, keys, width=1.0):
    return F.one_hot(exponents(query, keys).argmax(dim=1), len(keys)).float()


def differences(query, keys, width):
    return (query[:, None] - keys) / width


WRONG_TABLES = [
    ("plain mean", lambda q, k, s: torch.full((len(q), len(k)), 1 / len(k)), "plain mean"),
    ("not normalised", lambda q, k, s: exponents(q, k, s).exp(), "not yet weights"),
    ("½ forgotten", lambda q, k, s: torch.softmax(2 * exponents(q, k, s), 1), "½"),
    ("square forgotten", lambda q, k, s: torch.softmax(-(-2 * exponents(q, k, s)).sqrt() / 2, 1), "square"),
    ("minus forgotten", lambda q, k, s: torch.softmax(-exponents(q, k, s), 1), "minus"),
    ("nearest", nearest, "nearest"),
    ("variance for σ", lambda q, k, s: right(q, k, math.sqrt(s)), "σ is not"),
    ("σ for the variance", lambda q, k, s: right(q, k, s * s), "σ⁴"),
    ("w for σ", lambda q, k, s: right(q, k, 1 / s), "multiplied by σ"),
    ("σ ignored", lambda q, k, s: right(q, k), "answer for σ = 1"),
    ("only the keys scaled", lambda q, k, s: right(q, k / s), "Only the keys"),
    ("only the query scaled", lambda q, k, s: right(q / s, k), "Only the query"),
    ("(2σ)² for 2σ²", lambda q, k, s: right(q, k, math.sqrt(2) * s), "2 is squared"),
    ("over the queries", lambda q, k, s: torch.softmax(exponents(q, k, s), 0), "dim 0"),
    ("one sum", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().sum(), "whole table"),
    ("columns divided", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().sum(0), "dim 0"),
    ("largest divided", lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().amax(1, True), "largest"),
    ("dot product", lambda q, k, s: torch.softmax(q @ k.T / s**2, 1), "dot product"),
    ("logarithms", lambda q, k, s: torch.log_softmax(exponents(q, k, s), 1), "logarithms"),
    ("mean of the squares", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s).square().mean(2), 1), "Pythag"),
    ("added first", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s).sum(2) ** 2, 1), "Square first"),
    ("along streets", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s).abs().sum(2) ** 2, 1), "streets"),
    ("first number", lambda q, k, s: right(q[:, :1], k[:, :1], s), "first of the d"),
    ("last number", lambda q, k, s: right(q[:, -1:], k[:, -1:], s)),
    ("largest difference", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s).square().amax(2), 1)),
    ("each number", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s) ** 2, 1), "an axis too many"),
    ("product of softmaxes", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s) ** 2, 1).prod(2), "one softmax"),
    ("over the features", lambda q, k, s: torch.softmax(-0.5 * differences(q, k, s) ** 2, 2).sum(2)),
    ("cosine", lambda q, k, s: torch.softmax(F.cosine_similarity(q[:, None], k, dim=2) / s**2, 1)),
    ("cut off at 2σ", cut_off_at_two_widths),
    ("equal keys counted once", equal_keys_counted_once),
    ("Laplace kernel", lambda q, k, s: torch.softmax(-(-2 * exponents(q, k, s)).sqrt(), 1)),
    ("as in the lesson", lambda q, k, s: torch.softmax(-((q - k) ** 2) / 2, dim=0)),
]

# One kernel with three faults: functions (query, keys)


def u(query, keys):
    return query[:, None] - keys


def kernel(query, keys):
    return (1 - u(query, keys) ** 2).clamp(min=0)


def closest(query, keys):
    distance = u(query, keys).abs()
    return normalised((distance == distance.amin(1, keepdim=True)).float())


def first_closest(query, keys):
    return F.one_hot(u(query, keys).abs().argmin(1), len(keys)).float()


def filled(fill, of=kernel):
    def weights(query, keys):
        table = of(query, keys)
        return torch.where(table.sum(1, keepdim=True) == 0, fill(query, keys), normalised(table))

    return weights


# Tests of a table


def sums_are_one(weights, tolerance=1e-5):
    return bool(((weights.sum(dim=1) - 1).abs() <= tolerance).all())


def none_negative(weights):
    return bool((weights >= 0).all())


# Left out


def scores(x, width):
    return -0.5 * (u(x, x) / width) ** 2


def error(table, y):
    return ((y - torch.softmax(table, dim=1) @ y) ** 2).mean()


def own(x):
    return torch.eye(len(x), dtype=torch.bool)


def twin(x):
    return x[:, None] == x


def residuals(x, y, width):
    return y - torch.softmax(scores(x, width).masked_fill(twin(x), -math.inf), dim=1) @ y


def by_press(x, y, width):
    table = torch.softmax(scores(x, width), 1)
    return (((y - table @ y) / (1 - table.diagonal())) ** 2).mean()


def kernel_zeroed(x, y, width):
    return ((y - normalised(scores(x, width).exp() * ~twin(x)) @ y) ** 2).mean()


def places_averaged_first(x, y, width):
    """One point a place, the mean of its values: then leave one out."""
    places = x.unique()
    means = torch.stack([y[x == place].mean() for place in places])
    return residuals(places, means, width).square().mean()


def first_of_each_place(x, y, width):
    places = x.unique()
    firsts = torch.stack([y[x == place][0] for place in places])
    return residuals(places, firsts, width).square().mean()


# Lines


def alpha(query, keys, width):
    return torch.softmax(-0.5 * ((query[:, None] - keys) / width) ** 2, dim=1)


def line(query, keys, values, a):
    mean_x, mean_y = a @ keys, a @ values
    off = keys - mean_x[:, None]
    variance = (a * off**2).sum(1)
    slope = (a * off * (values - mean_y[:, None])).sum(1) / variance
    return torch.where(variance < 1e-9, mean_y, mean_y + slope * (query - mean_x))


def line_from(query, keys, values, a, limit):
    mean_x, mean_y = a @ keys, a @ values
    off = keys - mean_x[:, None]
    slope = ((a * off * (values - mean_y[:, None])).sum(1) / (a * off**2).sum(1)).nan_to_num(limit)
    return mean_y + slope * (query - mean_x)


def line_from_moments(query, keys, values, width, cut=False):
    a = alpha(query, keys, width)
    mean_x, mean_y = a @ keys, a @ values
    variance, covariance = a @ keys**2 - mean_x**2, a @ (keys * values) - mean_x * mean_y
    if cut:
        variance = variance.clamp(min=1e-9)
    return mean_y + torch.where(variance < 1e-9, 0.0, covariance / variance) * (query - mean_x)


def at_the_plain_mean(query, keys, values, width):
    a = alpha(query, keys, width)
    mean_x, mean_y = a @ keys, a @ values
    off = keys - mean_x[:, None]
    variance = (a * off**2).sum(1)
    slope = (a * off * (values - mean_y[:, None])).sum(1) / variance
    return torch.where(variance < 1e-9, mean_y, mean_y + slope * (query - keys.mean()))


# Right ones


def place_out_by_deleting(x, y, width):
    errors = []
    for k in range(len(x)):
        keep = x != x[k]
        weights = torch.softmax(-((x[keep] - x[k]) ** 2) / (2 * width**2), dim=0)
        errors.append((y[k] - (weights * y[keep]).sum()) ** 2)
    return torch.stack(errors).mean()


def place_out_with_a_billion(x, y, width):
    return error(scores(x, width) - 1e9 * twin(x), y).item()


def is_average_row_by_row(weights):
    return all(min(row) >= 0 and abs(sum(row) - 1) <= 1e-5 for row in weights.tolist())


def count(distances, width):
    weights = torch.softmax(-0.5 * (distances.double() / width) ** 2, 0)
    return 1 / (weights**2).sum().item()


def width_from(low, high, steps=60, of=count):
    """Halving in the logarithm, from `low` to `high` times the largest distance."""

    def width_for(distances, votes):
        size = distances.max().item()
        a, b = low * size, high * size
        for _ in range(steps):
            middle = math.sqrt(a * b)
            a, b = (middle, b) if of(distances, middle) < votes else (a, middle)
        return math.sqrt(a * b)

    return width_for


def width_from_fixed(low, high):
    def width_for(distances, votes):
        a, b = low, high
        for _ in range(60):
            middle = math.sqrt(a * b)
            a, b = (middle, b) if count(distances, middle) < votes else (a, middle)
        return math.sqrt(a * b)

    return width_for


def count_without_softmax(distances, width):
    kernel = torch.exp(-0.5 * (distances.double() / width) ** 2)
    return 1 / ((kernel / kernel.sum()) ** 2).sum().item()


def turned_round(distances, votes):
    low, high = 1e-6, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if count(distances, middle) > votes else (low, middle)
    return middle


right_width = width_from(1e-4, 1e4)


def width_on_a_grid(distances, votes):
    """Twice a grid of 3,000 widths, the second one finer."""
    size = distances.max().double()
    low, high = -9.0, 9.0
    for _ in range(2):
        grid = torch.linspace(low, high, 3000, dtype=torch.float64)
        weights = torch.softmax(-0.5 * (distances.double() / (size * grid.exp()[:, None])) ** 2, 1)
        at = int(((1 / weights.square().sum(1)) - votes).abs().argmin())
        low, high = grid[max(at - 1, 0)].item(), grid[min(at + 1, 2999)].item()
    return size * math.exp((low + high) / 2)


NINE = math.sqrt(1.5 / math.log(18))

WRONG = {
    "hand_example.weights": [
        ("kernel", [0.135, 0.607, 0.135], "not yet weights"),
        ("plain mean", [0.333, 0.333, 0.333], "plain mean"),
        ("two decimals", [0.15, 0.69, 0.15], "are asked"),
        ("another order", [0.691, 0.154, 0.154]),
        ("square forgotten", [0.274, 0.452, 0.274], "square"),
        ("softmax of the values", [0.997, 0.000, 0.002]),
        ("distance from 0", [0.818, 0.182, 0.000], "query"),
        ("one number", 0.154),
        ("per cent", [15.4, 69.2, 15.4]),
    ],
    "f": [
        ("one unit", 2.544),
        ("two decimals", 2.54, "rounded"),
        ("mean", 4.333, "All keys weigh the same"),
        ("not divided", 2.230, "not yet weights"),
        ("nearest", 1),
        ("the weights", [0.154, 0.692, 0.154]),
        ("places averaged", 2.309, "places"),
    ],
    "f_narrow": [
        ("one unit more", 1.026),
        ("one unit less", 1.023),
        ("σ above the line only", 0.1579),
        ("σ = 1", 2.543, "answer for σ = 1"),
        ("σ as w", 3.894, "multiplied by σ"),
        ("nearest", 1.0),
        ("mean", 4.333),
    ],
    "metres": [
        ("mean", 15),
        ("A", 10),
        ("B", 20),
        ("streets", 17.98, "before the square"),
        ("place only", 11.82, "places alone"),
        ("time only", 18.67, "times alone"),
        ("one decimal", 15.9),
        ("one unit", 15.94),
    ],
    "minutes": [("as before", 15.93, "in hours"), ("A", 10), ("mean", 15), ("one unit", 20.01)],
    "centimetres": [("as before", 15.93, "in metres"), ("B", 20), ("mean", 15)],
    "sigma": [("w", 0.02), ("square", 3600), ("unchanged", 1), ("root", 7.75), ("hours", 3600), ("seconds", 61)],
    "columns": [
        ("rows", [1, 1, 1, 1], "dim 0"),
        ("one decimal", [0.8, 1.1, 1.1, 1.0]),
        ("means", [0.2, 0.27, 0.28, 0.25]),
        ("total", 4, "four sums"),
        ("three of them", [0.8, 1.1, 1.1]),
    ],
    "copied": [("twice", 2.2), ("one", 1), ("a half", 0.5), ("a quarter", 0.25)],
    "attention_weights": [
        *WRONG_TABLES,
        (
            "kernel over its sum",
            lambda q, k, s: exponents(q, k, s).exp() / exponents(q, k, s).exp().sum(1, True),
            "0/0",
        ),
        ("transposed", lambda q, k, s: right(q, k, s).T),
        ("rounded", lambda q, k, s: right(q, k, s).round(decimals=3)),
        ("flattened", lambda q, k, s: right(q, k, s).flatten()),
        ("first query only", lambda q, k, s: right(q[:1], k, s).expand(len(q), -1)),
        ("the library's", lambda q, k, s: pooling.attention_weights(q, k, width=s), "It calls the library"),
        ("the learned one's", lambda q, k, s: LearnedKernelRegression(1 / s).weights(q, k).detach(), "the library"),
    ],
    "nine_tenths": [
        ("one rival", 0.826, "one rival"),
        ("square", 0.519, "Take the root"),
        ("½", 1.019, "½"),
        ("w", 1.388),
        ("10", 0.708, "9 to 1"),
        ("distance", 0.416, "squares first"),
        ("one unit", 0.721),
        ("one decimal", 0.7),
    ],
    "width_for": [
        ("σ²", lambda d, votes: right_width(d, votes) ** 2, "σ²"),
        ("w", lambda d, votes: 1 / right_width(d, votes), "1/σ"),
        ("½ forgotten", lambda d, votes: math.sqrt(2) * right_width(d, votes), "½"),
        ("up to 10", width_from_fixed(1e-4, 10.0), "stops at σ = 10"),
        ("up to 100", width_from_fixed(1e-4, 100.0), "stops at σ = 100"),
        ("from 0.01", width_from_fixed(0.01, 1e5), "begins at σ = 0.01"),
        ("ten steps", width_from(1e-4, 1e4, steps=10)),
        ("turned round", width_from(1e-3, 1e3, of=lambda d, s: -count(d, s)), "turned round"),
        ("turned round, fixed ends", turned_round, "turned round"),
        ("no maximum subtracted", width_from(1e-6, 1e4, of=count_without_softmax), "underflows"),
        ("two decimals", lambda d, votes: round(right_width(d, votes), 2), "three digits"),
        ("up to the largest distance", width_from(1e-4, 1.0)),
        ("from a tenth", width_from(0.5, 1e4)),
        ("sum of squares", lambda d, votes: width_from(1e-4, 1e4, of=lambda d, s: 1 / count(d, s))(d, votes)),
        ("the nearest distances", lambda d, votes: d.sort().values[: int(votes)].mean()),
        ("standard deviation", lambda d, votes: d.std()),
        ("largest", lambda d, votes: d.max(), "largest distance"),
        ("the count at σ = 1", lambda d, votes: count(d, 1.0)),
        ("the weights", lambda d, votes: torch.softmax(-0.5 * (d / right_width(d, votes)) ** 2, 0)),
        ("two digits", lambda d, votes: float(f"{right_width(d, votes):.1g}")),
    ],
    "mended_weights": [
        ("as it was", lambda q, k: (1 - u(q, k) ** 2) / (1 - u(q, k) ** 2).sum(), "All three"),
        ("cut off only", lambda q, k: kernel(q, k) / kernel(q, k).sum(), "whole table"),
        ("rows only", lambda q, k: normalised(1 - u(q, k) ** 2), "negative"),
        ("0/0 left", lambda q, k: normalised(kernel(q, k)), "0/0"),
        ("nan to 0", lambda q, k: normalised(kernel(q, k)).nan_to_num(0), "nan became 0"),
        ("a small number below", lambda q, k: kernel(q, k) / (kernel(q, k).sum(1, keepdim=True) + 1e-12)),
        ("a small number in both", lambda q, k: normalised(kernel(q, k) + 1e-12), "plain mean"),
        ("uniform", filled(lambda q, k: torch.full((len(q), len(k)), 1 / len(k))), "plain mean"),
        ("argmin", filled(first_closest), "Equals share"),
        ("Gaussian", filled(lambda q, k: torch.softmax(-0.5 * u(q, k) ** 2, 1)), "Gaussian"),
        ("inverse distance", filled(lambda q, k: normalised(1 / u(q, k).abs()))),
        ("nearest for all", closest, "empty ones only"),
        ("absolute value", lambda q, k: normalised((1 - u(q, k) ** 2).abs()), "far keys"),
        ("triangular", filled(closest, lambda q, k: (1 - u(q, k).abs()).clamp(min=0)), "triangular"),
        ("boxcar", filled(closest, lambda q, k: (u(q, k).abs() < 1).float()), "boxcar"),
        ("boxcar with its end", filled(closest, lambda q, k: (u(q, k).abs() <= 1).float())),
        ("half the width", filled(closest, lambda q, k: (1 - (2 * u(q, k)) ** 2).clamp(min=0))),
        ("one side", filled(closest, lambda q, k: kernel(q, k) * (u(q, k) >= 0)), "one side"),
        ("columns", lambda q, k: kernel(q, k) / kernel(q, k).sum(0, keepdim=True)),
        ("softmax", lambda q, k: torch.softmax(1 - u(q, k) ** 2, 1)),
        ("transposed", lambda q, k: filled(closest)(q, k).T),
        ("the library's", lambda q, k: pooling.attention_weights(q, k, kernel="epanechnikov"), "It calls the library"),
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
    "bias": [
        ("as before", 0.25),
        ("in proportion", 0.15, "square"),
        ("estimate", 6.34, "off"),
        ("half", 0.045),
        ("fourth power", 0.03),
        ("nothing", 0),
        ("root", 0.3),
        ("one unit", 0.10),
    ],
    "leave_place_out_error": [
        ("one out", lambda x, y, s: error(scores(x, s).masked_fill(own(x), -math.inf), y), "own place"),
        ("nothing out", lambda x, y, s: error(scores(x, s), y), "helps to predict itself"),
        ("zero after", lambda x, y, s: ((y - torch.softmax(scores(x, s), 1) * ~twin(x) @ y) ** 2).mean(), "no longer"),
        ("kernel zeroed", kernel_zeroed, "0/0"),
        ("PRESS", by_press),
        ("score −50", lambda x, y, s: error(scores(x, s).masked_fill(twin(x), -50.0), y), "only lowered"),
        ("score −1000", lambda x, y, s: error(scores(x, s).masked_fill(twin(x), -1000.0), y)),
        ("score 0", lambda x, y, s: error(scores(x, s).masked_fill(twin(x), 0.0), y), "helps to predict itself"),
        ("sum", lambda x, y, s: residuals(x, y, s).square().sum(), "the mean is asked"),
        ("root", lambda x, y, s: residuals(x, y, s).square().mean().sqrt(), "root"),
        ("sizes", lambda x, y, s: residuals(x, y, s).abs().mean(), "square"),
        ("differences", lambda x, y, s: residuals(x, y, s).mean(), "not squared"),
        ("each", lambda x, y, s: residuals(x, y, s).square(), "one number"),
        ("median", lambda x, y, s: residuals(x, y, s).square().median()),
        ("n − 1", lambda x, y, s: residuals(x, y, s).square().sum() / (len(x) - 1), "n − 1"),
        ("by places", lambda x, y, s: residuals(x, y, s).square().sum() / len(x.unique()), "number of places"),
        ("places averaged first", places_averaged_first),
        ("first of each place", first_of_each_place),
        ("σ ignored", lambda x, y, s: residuals(x, y, 1.0).square().mean(), "answer for σ = 1"),
        ("w", lambda x, y, s: residuals(x, y, 1 / s).square().mean(), "multiplied"),
        ("½", lambda x, y, s: residuals(x, y, s / math.sqrt(2)).square().mean(), "½"),
        (
            "over dim 0",
            lambda x, y, s: (y - scores(x, s).masked_fill(twin(x), -math.inf).softmax(0) @ y).square().mean(),
        ),
        ("neighbours too", lambda x, y, s: error(scores(x, s).masked_fill(u(x, x).abs() < 0.3, -1e9), y * 1.01)),
    ],
    "one_out": [
        ("the largest", 2),
        ("in the middle", 0.4, "all eight"),
        ("twice", 0.1, "print the error for all eight."),
        ("place in the list", 0, "none of the eight widths"),
        ("one", 1),
    ],
    "place_out": [
        ("one out", 0.05, "twin"),
        ("the largest", 2),
        ("beside it", 0.4, "print the error for all eight."),
        ("place in the list", 3, "none of the eight widths"),
        ("an error", 0.5),
        ("all of them", [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0], "shape"),
    ],
    "local_line": [
        ("mean", lambda q, k, v, s: alpha(q, k, s) @ v, "slope is missing"),
        (
            "one line",
            lambda q, k, v, s: line(q, k, v, torch.full((len(q), len(k)), 1 / len(k)).double()),
            "line for all",
        ),
        ("squared", lambda q, k, v, s: line(q, k, v, (lambda a: a / a.sum(1, True))(alpha(q, k, s) ** 2)), "twice"),
        ("root", lambda q, k, v, s: line(q, k, v, (lambda a: a / a.sum(1, True))(alpha(q, k, s).sqrt())), "roots"),
        ("at 0", lambda q, k, v, s: line(0 * q, k, v, alpha(q, k, s)), "intercept"),
        ("other way", lambda q, k, v, s: 2 * alpha(q, k, s) @ v - line(q, k, v, alpha(q, k, s)), "wrong way"),
        ("wider", lambda q, k, v, s: line(q, k, v, alpha(q, k, 2 * s))),
        ("σ ignored", lambda q, k, v, s: line(q, k, v, alpha(q, k, 1.0)), "answer for σ = 1"),
        ("½", lambda q, k, v, s: line(q, k, v, alpha(q, k, s / math.sqrt(2))), "½"),
        ("kept in range", lambda q, k, v, s: line(q, k, v, alpha(q, k, s)).clamp(v.min().item(), v.max().item())),
        ("nearest value", lambda q, k, v, s: v[(q[:, None] - k).abs().argmin(1)]),
        ("variance not tested", lambda q, k, v, s: 0 / (alpha(q, k, s) * (k - k.mean()) ** 2).sum(1) + q),
        ("ridge of 0.1", lambda q, k, v, s: (line(q, k, v, alpha(q, k, s)) + 0.1 * (alpha(q, k, s) @ v)) / 1.1),
        ("at the plain mean", at_the_plain_mean, "weighted mean"),
        ("no limit", lambda q, k, v, s: line_from(q, k, v, alpha(q, k, s), limit=0.0), "10⁻⁹"),
        ("variance from moments", line_from_moments, "digits cancel"),
        ("variance from moments, cut off at 0", lambda *a: line_from_moments(*a, cut=True)),
        ("halfway", lambda q, k, v, s: (line(q, k, v, alpha(q, k, s)) + alpha(q, k, s) @ v) / 2),
    ],
}

RIGHT_FORMS = {
    "hand_example.weights": [[0.154, 0.691, 0.154], (0.1543, 0.6915, 0.1543), torch.tensor([0.1543, 0.6914, 0.1543])],
    "f": [2.543, 2.5428, np.float32(2.5427)],
    "f_narrow": [1.025, 1.0246],
    "metres": [15.93, torch.tensor([15.9267])],
    "minutes": [20, 20.0],
    "centimetres": [10, torch.tensor([10.0])],
    "sigma": [60, 60.0, [60]],
    "attention_weights": [
        lambda q, k, s: torch.softmax(-(torch.cdist(q, k) ** 2) / (2 * s * s), dim=-1),
        lambda q, k, s: right(q.double(), k.double(), s),
        lambda q, k, s: torch.from_numpy(right(q, k, s).numpy()),
        lambda q, k, s: right(q, k, s).tolist(),
        lambda q, k, s: torch.softmax((q @ k.T - 0.5 * k.square().sum(1)) / s**2, dim=1),
    ],
    "nine_tenths": [NINE, 0.7204],
    "width_for": [right_width, width_on_a_grid, width_from(1e-5, 1e5, 80)],
    "mended_weights": [
        filled(closest),
        lambda q, k: filled(closest)(q.double(), k.double()),
        lambda q, k: filled(closest)(q, k).tolist(),
    ],
    "is_average": [
        lambda w: none_negative(w) and sums_are_one(w),
        lambda w: none_negative(w) and torch.allclose(w.sum(1), torch.ones(len(w)), atol=1e-5),
        lambda w: torch.all(w >= 0) & torch.all(torch.isclose(w.sum(1), torch.ones(len(w)), rtol=0, atol=1e-5)),
        is_average_row_by_row,
        lambda w: np.bool_(none_negative(w) and sums_are_one(w)),
        lambda w: not ((w < 0).any() or ((w.double().sum(-1) - 1).abs() > 1e-5).any()),
    ],
    "bias": [0.09, 0.3**2, torch.tensor(0.09)],
    "leave_place_out_error": [
        place_out_by_deleting,
        place_out_with_a_billion,
        lambda x, y, s: residuals(x.double(), y.double(), s).square().mean(),
        lambda x, y, s: F.mse_loss(y - residuals(x, y, s), y),
    ],
    "local_line": [
        lambda q, k, v, s: line(q, k, v, alpha(q, k, s)),
        lambda q, k, v, s: line(q, k, v, alpha(q, k, s)).tolist(),
    ],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("not normalised", "hand_example.f", "not normalised"),
    ("the mean", "hand_example.f", "plain mean"),
    ("σ above the line only", "hand_example.f_narrow", "width missing below the line"),
    ("7K² changes nothing", "predictions.squared", "chose a"),
    ("a kernel always smooths", "predictions.triangular", "chose a"),
    ("the kernel is free of scale", "units.minutes", "unit without a say"),
    ("far away f is 0", "far_query.mended_weights", "nan replaced by 0"),
    ("a curve is missed only at the boundary", "bounds.curved", "chose c"),
    ("softmax over dim 0", "rows_and_columns.columns", "columns that sum to 1"),
    ("copies double what a place gets", "rows_and_columns.copied", "twice"),
    ("softmax over dim 0", "weights.attention_weights", "softmax over the queries"),
    ("σ² for σ", "weights.attention_weights", "width squared twice"),
    ("variance for σ", "weights.attention_weights", "width not squared"),
    ("only the keys divided by σ", "weights.attention_weights", "only the keys divided"),
    ("w for σ", "weights.attention_weights", "multiplied by the width"),
    ("mean for sum over the features", "weights.attention_weights", "mean over the features"),
    ("a width between 0.01 and 10 will do", "votes.width_for", "searched up to 10"),
    ("one of two nearest takes all", "far_query.mended_weights", "the first of the nearest"),
    ("only the first row is tested", "bounds.is_average", "first row only"),
    ("w ≤ 1 for w ≥ 0", "bounds.is_average", "at most 1"),
    ("a weight of 0 is refused", "bounds.is_average", "0 refused"),
    ("no absolute value", "bounds.is_average", "sums too small pass"),
    ("a bias shrinks with σ", "bounds.bias", "in proportion"),
    ("leaving the point out is enough", "leave_one_out.leave_place_out_error", "leave one out"),
    ("own exponent lowered by 50", "leave_one_out.leave_place_out_error", "finite own exponent"),
    ("kernel times a mask", "leave_one_out.leave_place_out_error", "0/0 for a lonely point"),
    ("n − 1 below the line", "leave_one_out.leave_place_out_error", "divided by n − 1"),
    ("weights for their roots in least squares", "local_line.local_line", "weights squared"),
    ("the line read at 0", "local_line.local_line", "read at 0"),
    ("a variance as the difference of two moments", "local_line.local_line", "variance from moments"),
)
