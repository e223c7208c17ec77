"""Lesson 1: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F

from visual_attention import pooling
from visual_attention.lessons.cues.model import cue_weights

OUT = -math.inf

# Soft pooling of windows with places outside


def inside(x):
    return x.masked_fill(x == OUT, 0.0)


def exponents(x, beta):
    return (beta * x).masked_fill(x == OUT, OUT)


def averaged(exponents, x):
    powers = torch.exp(exponents)
    return (powers * inside(x)).sum(1) / powers.sum(1)


def top_off(exponents, x):
    return averaged(exponents - exponents.amax(1, keepdim=True), x)


def by_softmax(x, beta):
    return (torch.softmax(exponents(x, beta), dim=1) * inside(x)).sum(1)


def an_end_from(limit):
    def soft_pool(x, beta):
        if abs(beta) > limit:
            return x.amax(1) if beta > 0 else x.masked_fill(x == OUT, math.inf).amin(1)
        return top_off(exponents(x, beta), x)

    return soft_pool


def as_in_the_lesson(x, beta):
    """The lesson's two lines, window by window."""
    rows = []
    for row in x:
        power = torch.exp(beta * row - (beta * row).max())
        rows.append(power / power.sum() @ row)
    return torch.stack(rows)


def outside_very_low(number):
    return lambda x, beta: top_off(beta * x.masked_fill(x == OUT, number), x.masked_fill(x == OUT, number))


def outside_low_in_the_exponents(x, beta):
    return top_off(beta * x.masked_fill(x == OUT, -1e9), x)


def nan_left_out(x, beta):
    power = torch.exp(beta * x - (beta * x).amax(1, keepdim=True))
    return (power / power.sum(1, keepdim=True) * x).nan_to_num(0.0).sum(1)


def smallest_size_off(x, beta):
    table = exponents(x, beta)
    return averaged(table - table.masked_fill(x == OUT, 0.0).abs().amax(1, keepdim=True), x)


def first_off(x, beta):
    return averaged(exponents(x, beta) - (beta * x[:, :1]).masked_fill(x[:, :1] == OUT, 0.0), x)


# Right ones: none calls a softmax


def by_logsumexp(x, beta):
    table = (beta * x.nan_to_num(neginf=0.0)).masked_fill(x == OUT, OUT)
    return (torch.exp(table - torch.logsumexp(table, dim=1, keepdim=True)) * inside(x)).sum(1)


def window_by_window(x, beta):
    results = []
    for row in x:
        row = row[row > OUT]
        power = torch.exp(beta * row - (beta * row).max())
        results.append((power @ row) / power.sum())
    return torch.stack(results)


def in_lists(x, beta):
    return window_by_window(x.double(), beta).tolist()


def with_a_mask(x, beta):
    kept = (x > OUT).to(x.dtype)
    x = torch.where(x > OUT, x, torch.zeros_like(x))
    end = torch.where(kept > 0, beta * x, torch.full_like(x, OUT)).amax(1, keepdim=True)
    power = kept * torch.exp(torch.minimum(beta * x - end, torch.zeros_like(x)))
    return (power * x).sum(1) / power.sum(1)


# The desk


def scores(saliency, keys, queries, a, b):
    return a * saliency + b * queries @ keys.T


def desk(change):
    """The right function with its arguments changed."""

    def look(s, k, q, v, a, b):
        return torch.softmax(scores(*change(s, k, q, a, b)), dim=1) @ v

    return look


def weighed(weights):
    return lambda s, k, q, v, a, b: weights(scores(s, k, q, a, b)) @ v


WRONG = {
    "median": [
        ("middle of the list", [0, 0, 1, 0, 0], "by size"),
        ("value", [2, 0, 0, 0, 0]),
        ("uniform", [0.2] * 5),
        ("maximum", [0, 1, 0, 0, 0]),
        ("minimum", [0, 0, 0, 1, 0]),
        ("the median itself", 2),
        ("between two", [0.5, 0, 0.5, 0, 0]),
    ],
    "top_two": [
        ("sum", [0, 1, 0, 0, 1], "added"),
        ("in proportion", [0, 0.56, 0, 0, 0.44], "in proportion"),
        ("values", [0, 5, 0, 0, 4]),
        ("parts", [0, 2.5, 0, 0, 2]),
        ("one", [0, 1, 0, 0, 0]),
        ("first two", [0.5, 0.5, 0, 0, 0]),
        ("result", 4.5),
    ],
    "padded": [("of four", 3), ("sum", 12), ("maximum", 5), ("of five", 2.4), ("cut up", 1.34), ("one decimal", 1.3)],
    "inside": [("one", 1), ("ninth", 0.11), ("outside", 0.56), ("quarter", 0.25), ("inverted", 2.25)],
    "two": [
        ("ratio", 9),
        ("log 10", 2.3),
        ("log 0.9", -0.11),
        ("base 10", 0.95),
        ("base 2", 3.17),
        ("minus", -2.2),
        ("β = 2", 2),
        ("one unit", 2.21),
    ],
    "apart": [
        ("as before", 2.2),
        ("times two", 4.39),
        ("by 7", 0.31),
        ("6.8 as a share", 1.76),
        ("base 10", 0.48, "base 10"),
        ("one unit", 1.11),
        ("cut off", 1.09),
    ],
    "many": [
        ("one rival", 2.2, "48 zeros"),
        ("49", 6.09),
        ("half", 3.87),
        ("10", 6.17),
        ("base 10", 2.64, "base 10"),
        ("smaller", -1.67),
        ("product", 105.47),
        ("ratio", 432),
    ],
    "soft_pool": [
        ("torch.softmax", by_softmax, "softmax"),
        ("functional", lambda x, beta: (F.softmax(exponents(x, beta), 1) * inside(x)).sum(1), "softmax"),
        (
            "softmax, window by window",
            lambda x, beta: torch.stack([by_softmax(row[None], beta)[0] for row in x]),
            "softmax",
        ),
        ("cue_weights", lambda x, beta: torch.stack([cue_weights(r, r[:, None]) @ r for r in x])),
        (
            "the library's",
            lambda x, beta: torch.stack([pooling.soft_pool(row[row > OUT], beta, 0) for row in x]),
            "It calls the library for its pooling",
        ),
        (
            "the library's with all weights on one window",
            lambda x, beta: pooling.soft_pool(x.nan_to_num(neginf=0.0), beta, 1) * 0 + by_logsumexp(x, beta),
            "It calls the library for its pooling",
        ),
        ("nan left out of the sum", nan_left_out, "all weights of the window are lost"),
        ("as in the lesson", as_in_the_lesson),
        ("outside −1000 before β", outside_very_low(-1000.0)),
        ("outside −1e9 before β", outside_very_low(-1e9), "a very low number"),
        ("outside −1e9 in the exponents", outside_low_in_the_exponents, "a very low number"),
        ("outside 0", lambda x, beta: top_off(beta * inside(x), inside(x)), "weight 0, not value 0"),
        ("nothing taken off", lambda x, beta: averaged(exponents(x, beta), x), "overflow"),
        ("float64 alone", lambda x, beta: averaged(exponents(x.double(), beta), x.double())),
        ("nan replaced", lambda x, beta: averaged(exponents(x, beta), x).nan_to_num(0.0), "nan became 0"),
        ("an end from 30", an_end_from(30)),
        ("an end from 999", an_end_from(999)),
        ("largest of all", lambda x, beta: averaged(exponents(x, beta) - exponents(x, beta).max(), x), "of its own"),
        ("largest x", lambda x, beta: averaged(exponents(x, beta) - beta * x.amax(1, keepdim=True), x), "smallest x"),
        ("largest size", smallest_size_off),
        ("first", first_off),
        ("cut off at 80", lambda x, beta: averaged(exponents(x, beta).clamp(max=80), x), "equal"),
        ("cut off at 20", lambda x, beta: averaged(exponents(x, beta).clamp(max=20), x)),
        ("β cut off", lambda x, beta: by_logsumexp(x, max(-30.0, min(30.0, beta)))),
        ("size of β", lambda x, beta: by_logsumexp(x, abs(beta)), "sign of β is lost"),
        ("sign of β", lambda x, beta: by_logsumexp(x, -beta), "turned"),
        ("β ignored", lambda x, beta: by_logsumexp(x, 1.0), "β = 1"),
        ("weights", lambda x, beta: torch.softmax(exponents(x, beta), 1), "averaged"),
        ("average", lambda x, beta: inside(x).sum(1) / (x > OUT).sum(1), "average"),
        ("average with the outside", lambda x, beta: inside(x).mean(1)),
        ("maximum", lambda x, beta: x.amax(1), "limit"),
        ("one number", lambda x, beta: by_logsumexp(x, beta).mean()),
        ("sum of the windows", lambda x, beta: by_logsumexp(x, beta).sum()),
        ("divided by n", lambda x, beta: by_logsumexp(x, beta) / x.shape[1]),
        ("over the windows", lambda x, beta: by_logsumexp(x.T, beta)),
        ("log of the sum", lambda x, beta: torch.logsumexp(exponents(x, beta), 1) / beta),
        ("rounded", lambda x, beta: by_logsumexp(x, beta).round(decimals=2)),
    ],
    "look": [
        ("over the wishes", weighed(lambda table: table.softmax(0)), "dim 0"),
        ("scores", weighed(lambda table: table), "softmax is missing"),
        ("exponentials", weighed(lambda table: table.exp()), "divided"),
        ("one sum", weighed(lambda table: table.exp() / table.exp().sum()), "one sum for each row"),
        ("columns divided", weighed(lambda table: table.exp() / table.exp().sum(0)), "dim 0"),
        ("no exp", weighed(lambda table: table / table.sum(1, keepdim=True)), "exponentials first"),
        ("winner", weighed(lambda table: F.one_hot(table.argmax(1), table.shape[1]).float()), "takes all"),
        ("weights", lambda s, k, q, v, a, b: scores(s, k, q, a, b).softmax(1), "These are the weights"),
        ("mean", lambda s, k, q, v, a, b: scores(s, k, q, a, b).softmax(1) @ v / len(s), "once more"),
        ("first wish only", lambda s, k, q, v, a, b: scores(s, k, q[:1], a, b).softmax(1) @ v),
        ("first wish for all", lambda s, k, q, v, a, b: (scores(s, k, q[:1], a, b).softmax(1) @ v).expand(len(q), -1)),
        ("turned round", lambda s, k, q, v, a, b: (scores(s, k, q, a, b).softmax(1) @ v).T),
        ("first column", lambda s, k, q, v, a, b: scores(s, k, q, a, b).softmax(1) @ v[:, 0]),
        ("keys averaged", lambda s, k, q, v, a, b: scores(s, k, q, a, b).softmax(1) @ k),
        ("values asked", lambda s, k, q, v, a, b: (a * s + b * v.sum(1)).softmax(0)[None] @ v),
        ("keys' sizes", desk(lambda s, k, q, a, b: (s, k.abs(), q, a, b))),
        ("queries' sizes", desk(lambda s, k, q, a, b: (s, k, q.abs(), a, b))),
        ("negative saliency cut off", desk(lambda s, k, q, a, b: (s.relu(), k, q, a, b))),
        ("cosine", desk(lambda s, k, q, a, b: (s, F.normalize(k, dim=1), F.normalize(q, dim=1), a, b))),
        ("scaled", desk(lambda s, k, q, a, b: (s, k, q / q.shape[1] ** 0.5, a, b)), "√d"),
        ("a left out", desk(lambda s, k, q, a, b: (s, k, q, 1.0, b)), "a is missing"),
        ("b left out", desk(lambda s, k, q, a, b: (s, k, q, a, 1.0)), "b is missing"),
        ("saliency left out", desk(lambda s, k, q, a, b: (0 * s, k, q, a, b)), "Saliency is missing"),
        ("queries left out", desk(lambda s, k, q, a, b: (s, k, 0 * q, a, b)), "queries are missing"),
        ("swapped", desk(lambda s, k, q, a, b: (s, k, q, b, a)), "swapped"),
        ("strengths ignored", desk(lambda s, k, q, a, b: (s, k, q, 1, 1)), "a = b = 1"),
        ("strengths squared", desk(lambda s, k, q, a, b: (s, k, q, a * a, b * b))),
        ("saliency subtracted", desk(lambda s, k, q, a, b: (-s, k, q, a, b))),
        ("two softmaxes", lambda s, k, q, v, a, b: ((a * s).softmax(0) + (b * q @ k.T).softmax(1)) / 2 @ v, "Two soft"),
        ("multiplied", lambda s, k, q, v, a, b: torch.softmax(a * s * b * (q @ k.T), 1) @ v, "add them"),
    ],
    "tie": [
        ("saliency of the book forgotten", 3),
        ("for a = 1", 0.8),
        ("added", 3.6),
        ("a for the cup alone", 2.8, "multiplied as well"),
        ("one unit more", 2.41),
        ("a tenth less", 2.3),
        ("negative", -2.4),
    ],
    "twice": [
        ("tie", 2.4, "equal"),
        ("twice the tie", 4.8),
        ("two more", 4.4),
        ("score doubled", 5.4),
        ("the cup twice", 1.71),
        ("one more", 3.4),
        ("one unit more", 3.1),
    ],
    "slopes": [
        ("weights", [0.12, 0.88], "second term"),
        ("maximum", [0, 1]),
        ("mean", [0.5, 0.5]),
        ("second term", [-0.21, 0.21]),
        ("minus", [0.33, 0.67], "turned"),
        ("sizes", [0.09, 1.09]),
        ("one number", 1.09),
        ("another order", [1.09, -0.09]),
    ],
    "below": [("β", 4), ("β = 1", 1), ("2/β", 0.5), ("1/β²", 0.06), ("minus", -0.25), ("α", 0.12)],
    "of_tie": [
        ("first", [0, 1, 0, 0]),
        ("last", [0, 0, 0, 1]),
        ("each", [0, 1, 1, 1]),
        ("halves", [0, 0.5, 0.5, 0]),
        ("values", [0, 3, 3, 3], "3 is the value"),
        ("uniform", [0.25] * 4, "mean"),
        ("nothing", [0, 0, 0, 0], "no derivative"),
        ("one decimal", [0, 0.3, 0.3, 0.3]),
    ],
    "red": [("equal", 0.05), ("half", 0.5), ("once", 0.759), ("exp", 20), ("two decimals", 0.33), ("cut", 0.334)],
    "blue": [("all", 0.333), ("equal", 0.05), ("quarter", 0.25), ("a unit", 0.084), ("inverted", 12)],
    "three": [
        ("equal", 0.063),
        ("equal, exactly", 1 / 16),
        ("two features", 0.056),
        ("33", 0.0303),
        ("32", 0.03125),
        ("48", 0.021),
        ("inverted", 34),
        ("two decimals", 0.03),
    ],
    "five": [("two", 0.056), ("three", 0.029), ("dN", 0.012), ("equal", 0.0625), ("four", 0.02), ("inverted", 66)],
    "intent": [
        ("N + 1", 2.833),
        ("34", 3.526),
        ("third", 1.166),
        ("half", 1.748),
        ("no logarithm", 33),
        ("base 10", 1.519, "natural"),
        ("32", 3.466, "miscounted"),
        ("one unit", 3.498),
    ],
}

RIGHT_FORMS = {
    "median": [[1, 0, 0, 0, 0], torch.eye(5)[0], np.eye(5)[0]],
    "top_two": [[0, 0.5, 0, 0, 0.5], (0, Fraction(1, 2), 0, 0, 0.5)],
    "padded": [1.33, 12 / 9, Fraction(4, 3), torch.tensor(4 / 3)],
    "inside": [0.44, 4 / 9],
    "two": [2.2, 2.197, math.log(9), np.log(9)],
    "apart": [1.1, 1.0986, math.log(3)],
    "many": [6.07, math.log(432)],
    "soft_pool": [by_logsumexp, window_by_window, in_lists, with_a_mask],
    "look": [
        lambda s, k, q, v, a, b: F.softmax(s * a + torch.einsum("md,nd->mn", q, b * k), dim=-1) @ v,
        lambda s, k, q, v, a, b: (torch.softmax(scores(s, k, q, a, b), 1) @ v).double(),
        lambda s, k, q, v, a, b: torch.stack([torch.softmax(a * s + b * (k @ one), 0) @ v for one in q]),
        lambda s, k, q, v, a, b: (torch.softmax(scores(s, k, q, a, b), 1) @ v).tolist(),
        lambda s, k, q, v, a, b: pooling.attend(torch.softmax(scores(s, k, q, a, b), 1), v),
    ],
    "tie": [2.4, 3 * 0.8, torch.tensor(2.4), [2.4], 12 / 5],
    "twice": [3.09, 2.4 + math.log(2), 3.093],
    "slopes": [[-0.09, 1.09], (-0.0908, 1.0908)],
    "below": [0.25, 1 / 4],
    "of_tie": [[0, 0.33, 0.33, 0.33], [0, 1 / 3, 1 / 3, 1 / 3]],
    "red": [0.333, 1 / 3],
    "blue": [0.083, 1 / 12],
    "three": [0.029, 1 / 34],
    "five": [0.015, 1 / 66],
    "intent": [3.497, math.log(33), torch.tensor(33.0).log()],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("the median is the middle entry of the list", "other_poolings.median", "middle of the list"),
    ("the corner of a padded average is an average of four", "other_poolings.padded", "average of the four"),
    ("padding with zeros leaves a flat picture flat", "other_poolings.flat", "chose a"),
    ("choosing the largest is asking, so there is a query", "whose_query.top_k", "chose b"),
    ("a learned map of weights is a learned query", "whose_query.centre", "chose c"),
    ("self-attention has no query, because nothing external asks", "whose_query.self_attention", "chose a"),
    ("self-attention changes under a shuffle, because positions matter", "shuffle.attention", "chose c"),
    ("positions move along with the features", "shuffle.positions", "chose b"),
    ("48 rivals need no larger β than one", "knob.many", "one rival only"),
    ("a difference of 2 in the entries forgotten", "knob.apart", "difference forgotten"),
    ("exp overflows to nan, no maximum subtracted", "soft_pooling.soft_pool", "overflow"),
    ("padding counts as zeros", "soft_pooling.soft_pool", "outside counts as 0"),
    ("a weight of 0 makes −∞ harmless", "soft_pooling.soft_pool", "0 times infinity"),
    ("one maximum for all windows", "soft_pooling.soft_pool", "largest of all windows subtracted"),
    ("softmax over the wrong axis", "two_cues.look", "softmax over the wishes"),
    ("1/√d in the desk's score", "two_cues.look", "scaled by √d"),
    ("twice the intent, twice the weight", "two_cues.twice", "twice the intent"),
    ("the slope is the weight", "gradients.slopes", "the weights"),
    ("the gradient of a maximum is one-hot, ties too", "gradients.of_tie", "the first of them"),
    ("the odd one keeps one half, however many colours", "crowd.red", "as with two colours"),
)
