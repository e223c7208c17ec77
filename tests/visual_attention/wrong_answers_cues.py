"""Lesson 1: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F

from visual_attention.lessons.cues.model import cue_weights

# Soft pooling


def averaged(exponents, x):
    powers = torch.exp(exponents)
    return (powers / powers.sum()) @ x


def by_softmax(x, beta):
    return torch.softmax(beta * x, dim=0) @ x


def the_maximum_from(limit):
    def soft_pool(x, beta):
        if abs(beta) > limit:
            return x.max() if beta > 0 else x.min()
        return averaged(beta * x, x)

    return soft_pool


def the_maximum_when_it_overflows(x, beta):
    pooled = averaged(beta * x, x)
    if pooled.isnan():
        return x.max() if beta > 0 else x.min()
    return pooled


def largest_size_taken_off(x, beta):
    exponents = beta * x
    return averaged(exponents - exponents.abs().max(), x)


def first_taken_off(x, beta):
    return averaged(beta * x - beta * x[0], x)


def rounded(x, beta):
    return by_logsumexp(x, beta).round(decimals=2)


# Right ones: neither calls a softmax


def by_logsumexp(x, beta):
    exponents = beta * x
    return (torch.exp(exponents - torch.logsumexp(exponents, dim=0)) * x).sum()


def by_the_end_of_the_range(x, beta):
    """The largest exponent belongs to the largest x, or to the smallest if beta is negative."""
    end = x.max() if beta > 0 else x.min()
    return averaged(beta * (x - end), x)


def by_a_loop_of_floats(x, beta):
    exponents = [beta * value for value in x.tolist()]
    powers = [math.exp(exponent - max(exponents)) for exponent in exponents]
    return sum(power * value for power, value in zip(powers, x.tolist(), strict=True)) / sum(powers)


def in_float64(x, beta):
    exponents = beta * x.double()
    return averaged(exponents - exponents.max(), x.double())


# The desk


def scores(saliency, keys, query, a, b):
    return a * saliency + b * (keys @ query)


def desk(change):
    """The right function with its arguments changed."""
    return lambda s, k, q, a, b: torch.softmax(scores(*change(s, k, q, a, b)), dim=0)


WRONG = {
    "average_weights": [
        ("sum", [1, 1, 1, 1], "sum to 1"),
        ("in proportion, to two decimals", [0.17, 0.5, 0.33, 0], "in proportion to the values"),
        ("zero left out", [1 / 3, 1 / 3, 1 / 3, 0], "counts too"),
        ("per cent", [25, 25, 25, 25]),
        ("one number", 0.25),
        ("a row too many", [[0.25] * 4] * 2),
    ],
    "average": [("sum", 6), ("zero left out", 2), ("cut off", 1), ("rounded up", 1.51), ("median", 1.6)],
    "max_weights": [
        ("in proportion, to two decimals", [0.17, 0.5, 0.33, 0], "in proportion to the values"),
        ("softmax, to two decimals", [0.09, 0.64, 0.24, 0.03], "soft pooling at β = 1"),
        ("value as weight", [0, 3, 0, 0]),
        ("smallest", [0, 0, 0, 1]),
        ("first", [1, 0, 0, 0]),
        ("average", [0.25] * 4, "every entry the same say"),
        ("place", 1),
    ],
    "maximum": [
        ("place", 1),
        ("place, from 1", 2, "give its value"),
        ("in proportion", 2.33),
        ("soft pooling", 2.49, "soft pooling at β = 1"),
        ("sum", 6),
    ],
    "pooled": [
        ("cut off", 2.48),
        ("one unit more", 2.50),
        ("average", 1.5),
        ("maximum", 3),
        ("in proportion", 2.33),
        ("log of the sum", 3.44),
        ("not divided", 77.75, "sum of the powers"),
        ("weight of the 3", 0.64, "weight of the 3"),
        ("minus", 0.51, "β = −1"),
    ],
    "soft_pool": [
        ("torch.softmax", by_softmax, "softmax"),
        ("the method", lambda x, beta: (beta * x).softmax(0) @ x, "softmax"),
        ("functional", lambda x, beta: F.softmax(beta * x, dim=0) @ x, "softmax"),
        ("a module", lambda x, beta: torch.nn.Softmax(dim=0)(beta * x) @ x, "softmax"),
        ("log_softmax", lambda x, beta: torch.log_softmax(beta * x, 0).exp() @ x, "softmax"),
        ("masked", lambda x, beta: torch._masked_softmax((beta * x)[None], (x != x)[None], 1)[0] @ x, "softmax"),
        ("softmin", lambda x, beta: F.softmin(-beta * x, dim=0) @ x, "softmax"),
        ("the lesson's weights", lambda x, beta: cue_weights(x, x[:, None], saliency_strength=beta) @ x),
        ("nothing taken off", lambda x, beta: averaged(beta * x, x), "overflow"),
        ("nothing taken off, float64", lambda x, beta: averaged(beta * x.double(), x.double())),
        ("nan replaced", lambda x, beta: torch.nan_to_num(averaged(beta * x, x))),
        ("maximum from 30", the_maximum_from(30)),
        ("maximum from 100", the_maximum_from(100)),
        ("maximum from 999", the_maximum_from(999)),
        ("maximum when it overflows", the_maximum_when_it_overflows),
        ("beta cut off at 30", lambda x, beta: by_logsumexp(x, max(-30.0, min(30.0, beta)))),
        ("exponents cut off at 80", lambda x, beta: averaged((beta * x).clamp(-80, 80), x)),
        ("exponents cut off at 20", lambda x, beta: averaged((beta * x).clamp(-20, 20), x)),
        ("largest x taken off", lambda x, beta: averaged(beta * (x - x.max()), x), "smallest x"),
        ("mean taken off", lambda x, beta: averaged(beta * (x - x.mean()), x), "subtract the largest"),
        ("largest size taken off", largest_size_taken_off),
        ("first taken off", first_taken_off, "first exponent"),
        ("smallest taken off", lambda x, beta: averaged(beta * x - (beta * x).min(), x), "subtract the largest"),
        ("divided by beta", lambda x, beta: averaged(x / beta - (x / beta).max(), x) if beta else x.mean()),
        ("size of beta", lambda x, beta: by_logsumexp(x, abs(beta)), "sign of β is lost"),
        ("sign of beta turned", lambda x, beta: by_logsumexp(x, -beta), "turned"),
        ("sizes of x", lambda x, beta: averaged(beta * x.abs() - (beta * x.abs()).max(), x)),
        ("sizes pooled", lambda x, beta: by_logsumexp(x, beta).abs()),
        ("average", lambda x, beta: x.mean(), "average"),
        ("maximum", lambda x, beta: x.max(), "limit"),
        ("divided by n", lambda x, beta: by_logsumexp(x, beta) / len(x)),
        ("the weights", lambda x, beta: torch.exp(beta * x - torch.logsumexp(beta * x, 0)), "averaged"),
        ("log of the sum", lambda x, beta: torch.logsumexp(beta * x, 0) / beta, "log"),
        ("rounded", rounded),
    ],
    "of_mean": [
        ("sum", [1, 1, 1, 1]),
        ("one-hot", [0, 1, 0, 0]),
        ("in proportion", [0.17, 0.5, 0.33, 0], "in proportion"),
        ("the mean", [1.5, 1.5, 1.5, 1.5], "1.5 is the mean"),
        ("zero left out", [1 / 3, 1 / 3, 1 / 3, 0]),
        ("one number", 0.25),
    ],
    "of_max": [
        ("value", [0, 3, 0, 0]),
        ("in proportion, to two decimals", [0.17, 0.5, 0.33, 0], "in proportion"),
        ("uniform", [0.25] * 4),
        ("all", [1, 1, 1, 1], "other entries"),
        ("softmax", [0.09, 0.64, 0.24, 0.03], "softmax"),
    ],
    "of_tie": [
        ("first", [0, 1, 0, 0]),
        ("last", [0, 0, 1, 0]),
        ("both", [0, 1, 1, 0]),
        ("values", [0, 3, 3, 0], "3 is the value"),
        ("half values", [0, 1.5, 1.5, 0]),
        ("uniform", [0.25] * 4, "mean"),
        ("nothing", [0, 0, 0, 0], "no derivative"),
    ],
    "desk_weights": [
        ("scores", scores),
        ("exponentials", lambda *args: scores(*args).exp()),
        ("divided without exp", lambda *args: scores(*args) / scores(*args).sum()),
        ("keys' sizes", desk(lambda s, k, q, a, b: (s, k.abs(), q, a, b))),
        ("query's size", desk(lambda s, k, q, a, b: (s, k, q.abs(), a, b))),
        ("saliency's size", desk(lambda s, k, q, a, b: (s.abs(), k, q, a, b))),
        ("negative saliency cut off", desk(lambda s, k, q, a, b: (s.relu(), k, q, a, b))),
        ("negative scores cut off", lambda *args: torch.softmax(scores(*args).relu(), 0)),
        ("cosine", desk(lambda s, k, q, a, b: (s, F.normalize(k, dim=1), F.normalize(q, dim=0), a, b)), "length"),
        ("scaled", desk(lambda s, k, q, a, b: (s, k, q / len(q) ** 0.5, a, b)), "√d"),
        ("mean for dot product", desk(lambda s, k, q, a, b: (s, k, q / len(q), a, b)), "mean over the d"),
        ("distance", lambda s, k, q, a, b: torch.softmax(a * s - b * (k - q).square().sum(1), 0), "distance"),
        ("a left out", desk(lambda s, k, q, a, b: (s, k, q, 1.0, b)), "a is missing"),
        ("b left out", desk(lambda s, k, q, a, b: (s, k, q, a, 1.0)), "b is missing"),
        ("saliency left out", desk(lambda s, k, q, a, b: (0 * s, k, q, a, b))),
        ("query left out", desk(lambda s, k, q, a, b: (s, k, 0 * q, a, b))),
        ("strengths swapped", desk(lambda s, k, q, a, b: (s, k, q, b, a))),
        ("strengths ignored", desk(lambda s, k, q, a, b: (s, k, q, 1, 1))),
        ("strengths squared", desk(lambda s, k, q, a, b: (s, k, q, a * a, b * b))),
        ("strengths outside", lambda s, k, q, a, b: a * s.softmax(0) + b * (k @ q).softmax(0), "in front of the"),
        ("two softmaxes", lambda s, k, q, a, b: ((a * s).softmax(0) + (b * (k @ q)).softmax(0)) / 2),
        ("two softmaxes multiplied", lambda s, k, q, a, b: (a * s).softmax(0) * (b * (k @ q)).softmax(0), "product"),
        ("cues multiplied", lambda s, k, q, a, b: torch.softmax(a * s * b * (k @ q), 0)),
        ("query minus saliency", desk(lambda s, k, q, a, b: (-s, k, q, a, b)), "subtracted"),
        ("largest only", lambda *args: F.one_hot(scores(*args).argmax(), len(args[0])).float(), "takes all"),
        ("query from the right", lambda s, k, q, a, b: torch.softmax(a * s + b * (q @ k), 0)),
        ("sum of the keys", lambda s, k, q, a, b: torch.softmax(a * s + b * k.sum(1), 0)),
        ("softmax of the sizes", lambda *args: torch.softmax(scores(*args).abs(), 0)),
        ("in the shape (n, 1)", lambda *args: torch.softmax(scores(*args), 0)[:, None]),
    ],
    "tie": [
        ("saliency of the book forgotten", 3),
        ("for a = 1", 0.8),
        ("added", 3.6),
        ("one unit more", 2.41),
        ("a tenth less", 2.3),
        ("negative", -2.4),
    ],
    "feature": [("equal", 0.0625), ("counted once", 0.938), ("logarithm", 2.773), ("all", 1), ("a unit less", 0.499)],
    "conjunction": [
        ("equal", 0.0625),
        ("equal, three decimals", 0.063),
        ("feature search", 0.5),
        ("pair", 0.333),
        ("1/17", 0.059, "1 of 17"),
        ("cut off", 0.055),
        ("per cent", 5.556),
        ("inverted", 18),
    ],
    "intent": [
        ("half", 1.417),
        ("1/N", 2.708),
        ("N", 2.773, "log 16"),
        ("N + 2", 2.890),
        ("no logarithm", 17),
        ("one unit less", 2.832),
        ("one unit more", 2.834),
        ("base 10", 1.230, "natural"),
        ("base 2", 4.087, "natural"),
    ],
}

RIGHT_FORMS = {
    "average_weights": [
        [0.25] * 4,
        (1 / 4,) * 4,
        np.full(4, 0.25),
        torch.full((4,), 0.25),
        [[0.25] * 4],
        [Fraction(1, 4)] * 4,
    ],
    "average": [1.5, "1.5" and 3 / 2, torch.tensor(1.5), np.float32(1.5), Fraction(3, 2), [1.5]],
    "max_weights": [
        [0, 1, 0, 0],
        [0.0, 1.0, 0.0, 0.0],
        torch.tensor([0, 1, 0, 0]),
        np.eye(4)[1],
    ],
    "maximum": [3, 3.0, torch.tensor(3), np.int64(3), [3]],
    "pooled": [2.49, 2.493, 2.4927, torch.tensor(2.4926)],
    "soft_pool": [by_logsumexp, by_the_end_of_the_range, by_a_loop_of_floats, in_float64],
    "of_mean": [[0.25] * 4, torch.full((4,), 0.25)],
    "of_max": [[0, 1, 0, 0], torch.tensor([0.0, 1.0, 0.0, 0.0])],
    "of_tie": [[0, 0.5, 0.5, 0], [0, 1 / 2, 1 / 2, 0]],
    "desk_weights": [
        lambda s, k, q, a, b: F.softmax(a * s + b * (k * q).sum(-1), dim=-1),
        lambda s, k, q, a, b: torch.softmax(s * a + torch.mv(k, b * q), 0).double(),
        lambda s, k, q, a, b: (lambda e: (e - e.logsumexp(0)).exp())(a * s + b * torch.einsum("nd,d->n", k, q)),
        lambda s, k, q, a, b: torch.softmax(a * s + b * (k @ q), 0).tolist(),
        lambda s, k, q, a, b: cue_weights(s, k, q, saliency_strength=a, intent_strength=b),
    ],
    "tie": [2.4, 3 * 0.8, torch.tensor(2.4), [2.4], 12 / 5],
    "feature": [0.5, 1 / 2, 8 / 16],
    "conjunction": [0.056, 1 / 18, 0.0556, torch.tensor(1 / 18)],
    "intent": [2.833, 2.8332, math.log(17), torch.tensor(17.0).log()],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    (
        "weights of the maximum in proportion to the values, 2.33",
        "two_poolings.max_weights",
        "proportional to the values",
    ),
    (
        "weights of the maximum in proportion to the values, 2.33",
        "two_poolings.maximum",
        "proportional to the values",
    ),
    ("β → 0 gives the minimum", "knob.zero", "chose c"),
    ("exp overflows to nan, no maximum subtracted", "soft_pooling.soft_pool", "overflow"),
    ("the maximum where β is large", "soft_pooling.soft_pool", "only an end where β is large"),
    ("the largest |βx| subtracted", "soft_pooling.soft_pool", "largest size subtracted"),
    ("cosine for dot product", "two_cues.desk_weights", "cosine"),
    ("1/√d in the desk's score", "two_cues.desk_weights", "scaled by √d"),
    ("self-attention changes under a shuffle, because positions matter", "shuffle.attention", "chose c"),
    ("self-attention has no query, because nothing external asks", "whose_query.self_attention", "chose a"),
    ("max pooling is smarter, so it has a query", "whose_query.max_pooling", "chose b"),
    ("the gradient of a maximum is one-hot, ties too", "gradients.of_tie", "one-hot always, first"),
    ("the gradient of a maximum is one-hot, ties too", "gradients.of_tie", "one-hot always, last"),
)
