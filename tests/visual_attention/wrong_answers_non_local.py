"""Lesson 6: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# Exercise 1: x = (−1, 1, 2), θ = x/2, φ = 1 − x, g = 3x, W_z = ½, place 2

E = [math.exp(k) for k in (1, 0, -0.5)]
ROW = [e / sum(E) for e in E]
Y = sum(share * value for share, value in zip(ROW, (-3, 3, 6), strict=True))

WEIGHTS = [
    ("one unit of the last digit", [0.629, 0.231, 0.141]),
    ("two decimals", [0.63, 0.23, 0.14]),
    ("of place 1", torch.softmax(torch.tensor([-1.0, 0.0, 0.5]), 0), "place 1"),
    ("of place 3", torch.softmax(torch.tensor([2.0, 0.0, -1.0]), 0), "place 3"),
    ("θ for φ", torch.softmax(torch.tensor([-0.25, 0.25, 0.5]), 0), "1 − x_j"),
    ("θ and φ exchanged", [1 / 3] * 3, "asks with θ"),
    ("matched with g", torch.softmax(torch.tensor([-1.5, 1.5, 3.0]), 0), "keys are φ"),
    ("all on the largest", [1, 0, 0], "most of the weight, not all"),
    ("the exponentials", E, "Divide by their sum"),
    ("the products", [1, 0, -0.5], "exp"),
    ("in reverse order", ROW[::-1]),
    ("the whole table", np.ones((3, 3)) / 3, "shape"),
    ("text", ["0.628", "0.231", "0.140"], "text"),
]
SOFTMAX = [
    ("one unit of the last digit", -0.352),
    ("sign", -Y),
    ("g forgotten", Y / 3, "g(x) = 3x"),
    ("the keys averaged", 2 * ROW[0] - ROW[2], "values are g"),
    ("not divided", Y * sum(E), "Divide"),
    ("divided by N", Y * sum(E) / 3, "number of places"),
    ("the average", 2, "average"),
    ("the largest", -3, "largest"),
    ("the dot-product form", -2, "dot-product form"),
    ("z", 1 + Y / 2, "y alone"),
    ("the weights", ROW, "shape"),
]
DOT_PRODUCT = [
    ("not divided", -6, "divides it by N"),
    ("divided by the sum of f", -12, "divides by the number"),
    ("the softmax form", Y, "softmax form"),
    ("g forgotten", -2 / 3, "g(x) = 3x"),
    ("keys for values", 2.5 / 3, "values"),
    ("of place 1", 2, "place 1"),
    ("of place 3", -4, "place 3"),
    ("θ and φ exchanged", 0, "asks with θ"),
]
Z = [
    ("x forgotten", Y / 2, "adds"),
    ("W_z forgotten", 1 + Y, "W_z"),
    ("y", Y, "y₂"),
    ("of the dot product", 0.0, "dot-product"),
    ("g added", 3 + Y / 2, "x₂ itself"),
    ("all halved", (1 + Y) / 2, "as it came in"),
    ("one unit of the last digit", 0.826),
    ("two decimals", 0.82, "are asked"),
]

# Exercise 2

H_ANSWERS = [
    ("a ½ too many", 0.15 / math.log(2) ** 0.5, "factor 2"),
    ("squared", 0.0649, "root"),
    ("d²", 0.045, "d² itself"),
    ("√2 σ", 0.212, "1/e"),
    ("inverted", 3.925, "1/h"),
    ("to the base 10", 0.15 * (2 / math.log10(2)) ** 0.5, "ln 2"),
    ("two decimals", 0.25),
    ("one unit of the last digit", 0.256),
    ("σ", 0.15),
]
W_ANSWERS = [
    ("1/h", 3.925, "½"),
    ("inverted root", 2.775, "wrong side"),
    ("squared", 30.807, "root"),
    ("the width", 0.180, "width"),
    ("one unit of the last digit", 5.56),
    ("one decimal", 5.6, "2 are asked"),
    ("h", 0.255),
    ("nothing", 0),
]


def squared(p):
    return (p[:, None] - p).square().mean(dim=2)


def tamed(scores):
    own = torch.eye(len(scores), dtype=torch.bool)
    if len(scores) == 1:
        return scores
    return torch.where(own, scores.masked_fill(own, -math.inf).amax(1, keepdim=True), scores)


def without_own(p, h):
    return torch.softmax((-squared(p) / h**2).fill_diagonal_(-math.inf), 1)


def nan_for_one(p, h):
    scores = -squared(p) / h**2
    others = scores.clone().fill_diagonal_(-math.inf)
    return torch.softmax(scores - scores.diagonal().diag() + others.amax(1).diag(), 1)


def replaced_afterwards(p, h):
    weights = torch.softmax(-squared(p) / h**2, 1)
    others = weights.clone().fill_diagonal_(0)
    return others + others.amax(1).diag()


def second_largest_by_topk(p, h):
    """Fails for a single pixel."""
    scores = -squared(p) / h**2
    second = scores.topk(2, dim=1).values[:, 1]
    return torch.softmax(scores - scores.diagonal().diag() + second.diag(), 1)


def voting(weigh=lambda scores: scores.softmax(1), scored=lambda p, h: -squared(p) / h**2, own=None):
    """The own score is the largest of the others; a single pixel is forgotten: there is none."""

    def weights(p, h):
        scores = scored(p, h)
        itself = torch.eye(len(p), dtype=torch.bool) if own is None else own(scores)
        nearest = scores.masked_fill(itself, -math.inf).max(1, keepdim=True).values
        return weigh(torch.where(itself, nearest, scores))

    return weights


def single_kept(weights):
    return lambda p, h: torch.ones(1, 1, dtype=p.dtype) if len(p) == 1 else weights(p, h)


def left_out_and_single_forgotten(p, h):
    return (-squared(p) / h**2).fill_diagonal_(-math.inf).softmax(1)


def one_for_all(p, h):
    scores = -squared(p) / h**2
    largest = scores.clone().fill_diagonal_(-math.inf).max()
    return torch.where(torch.eye(len(p), dtype=torch.bool), largest, scores).softmax(1)


def by_powers(p, h):
    powers = torch.exp(-squared(p) / h**2)
    powers = powers.fill_diagonal_(0)
    powers = powers + powers.amax(1).diag()
    return powers / powers.sum(1, keepdim=True)


def where_equal(scores):
    return scores == 0


PATCH_WEIGHTS = [
    ("sum for mean, one forgotten", voting(scored=lambda p, h: -squared(p) * p.shape[1] / h**2), "It is the mean"),
    ("h not squared, one forgotten", voting(scored=lambda p, h: -squared(p) / h), "h²"),
    ("columns, one forgotten", voting(lambda scores: scores.softmax(0)), "Columns"),
    ("left out, one forgotten", left_out_and_single_forgotten, "left out"),
    ("one for the whole picture, one forgotten", one_for_all, "nearest pair of the picture"),
    ("equal patches hidden", single_kept(voting(own=where_equal)), "go by the number"),
    ("exponentials over their sum", single_kept(by_powers), "0/0"),
    ("exponentials over their sum, one forgotten", by_powers, "A single pixel"),
    ("own vote as it is", lambda p, h: torch.softmax(-squared(p) / h**2, 1), "own distance is 0"),
    ("own vote left out", without_own, "left out"),
    ("nan for one", nan_for_one, "single pixel"),
    ("by topk", second_largest_by_topk, "single pixel"),
    ("replaced afterwards", replaced_afterwards, "behind the softmax"),
    ("sum for mean", lambda p, h: torch.softmax(tamed(-squared(p) * p.shape[1] / h**2), 1), "It is the mean"),
    ("absolute differences", lambda p, h: torch.softmax(tamed(-(p[:, None] - p).abs().mean(2) / h**2), 1), "squared"),
    ("mean before the square", lambda p, h: torch.softmax(tamed(-((p[:, None] - p).mean(2) ** 2) / h**2), 1), "first"),
    ("a half too many", lambda p, h: torch.softmax(tamed(-squared(p) / (2 * h**2)), 1), "½"),
    ("h not squared", lambda p, h: torch.softmax(tamed(-squared(p) / h), 1), "h²"),
    ("h forgotten", lambda p, h: torch.softmax(tamed(-squared(p)), 1), "h"),
    ("columns sum to 1", lambda p, h: torch.softmax(tamed(-squared(p) / h**2), 0), "Columns"),
    ("not normalised", lambda p, h: torch.exp(tamed(-squared(p) / h**2)), "divided by its sum"),
    ("sign", lambda p, h: torch.softmax(squared(p) / h**2, 1)),
    ("nearest patch only", lambda p, h: torch.eye(len(p), dtype=p.dtype)),
]

# Exercise 3


def cut(part, heads):
    return part.reshape(len(part), heads, -1).transpose(0, 1)


def attended(t, p, g, heads, how=lambda s: s.softmax(2)):
    return (how(cut(t, heads) @ cut(p, heads).mT) @ cut(g, heads)).transpose(0, 1).flatten(1)


def attended_with_scale(t, p, g, heads):
    y = F.scaled_dot_product_attention(cut(t, heads)[None], cut(p, heads)[None], cut(g, heads)[None])
    return y[0].transpose(0, 1).flatten(1)


def every_other(t, p, g, heads):
    y = torch.zeros(len(t), g.shape[1], dtype=g.dtype)
    for h in range(heads):
        y[:, h::heads] = torch.softmax(t[:, h::heads] @ p[:, h::heads].T, 1) @ g[:, h::heads]
    return y


EMBEDDED_GAUSSIAN = [
    ("one head", lambda t, p, g, h: torch.softmax(t @ p.T, 1) @ g, "one head"),
    ("every h-th channel", every_other, "h-th channel"),
    ("the library's scale", attended_with_scale, "1/√d"),
    ("over the queries", lambda t, p, g, h: attended(t, p, g, h, lambda s: s.softmax(1)), "over the queries"),
    ("over the heads", lambda t, p, g, h: attended(t, p, g, h, lambda s: s.softmax(0)), "over the heads"),
    ("bare products", lambda t, p, g, h: attended(t, p, g, h, lambda s: s)),
    ("exponentials", lambda t, p, g, h: attended(t, p, g, h, torch.exp), "divided by"),
    ("dot product", lambda t, p, g, h: attended(t, p, g, h, lambda s: s / s.shape[2]), "dot-product form"),
    (
        "reshaped at the end",
        lambda t, p, g, h: (torch.softmax(cut(t, h) @ cut(p, h).mT, 2) @ cut(g, h)).reshape(len(t), -1),
        "wrong order",
    ),
    ("the heads averaged", lambda t, p, g, h: (torch.softmax(cut(t, h) @ cut(p, h).mT, 2) @ cut(g, h)).mean(0)),
    ("one table", lambda t, p, g, h: torch.softmax(cut(t, h) @ cut(p, h).mT, 2).mean(0) @ g, "one table"),
    (
        "reshaped on both ways",
        lambda t, p, g, h: (
            torch.softmax(t.reshape(h, len(t), -1) @ p.reshape(h, len(p), -1).mT, 2) @ g.reshape(h, len(p), -1)
        ).reshape(len(t), -1),
        "cuts along the places",
    ),
    ("a list", lambda t, p, g, h: list(torch.softmax(cut(t, h) @ cut(p, h).mT, 2) @ cut(g, h))),
]

# Exercise 5


def positive(x):
    return F.elu(x) + 1


def ordered(q, k, v, f=positive):
    return f(q) @ (f(k).T @ v) / (f(q) @ f(k).sum(0))[:, None]


def with_a_table(q, k, v):
    table = positive(q) @ positive(k).T
    return table @ v / table.sum(1, keepdim=True)


LINEAR_ATTENTION = [
    ("a table", with_a_table, "builds a tensor"),
    (
        "a table for the sum alone",
        lambda q, k, v: positive(q) @ (positive(k).T @ v) / (positive(q) @ positive(k).T).sum(1, keepdim=True),
        "builds a tensor",
    ),
    (
        "a table by einsum",
        lambda q, k, v: (
            torch.einsum("nd,kd,kc->nc", positive(q), positive(k), v) / (positive(q) @ positive(k).sum(0))[:, None]
        ),
        "builds a tensor",
    ),
    (
        "a table turned",
        lambda q, k, v: (positive(k) @ positive(q).T).T @ v / (positive(q) @ positive(k).sum(0))[:, None],
        "builds a tensor",
    ),
    ("not divided", lambda q, k, v: positive(q) @ (positive(k).T @ v), "not divided yet"),
    ("divided by the keys", lambda q, k, v: positive(q) @ (positive(k).T @ v) / len(k), "number of keys"),
    (
        "divided by the sum of the outputs",
        lambda q, k, v: (lambda y: y / y.sum(1, keepdim=True))(positive(q) @ (positive(k).T @ v)),
        "query's weights",
    ),
    ("bare", lambda q, k, v: ordered(q, k, v, lambda x: x), "features come first"),
    ("elu", lambda q, k, v: ordered(q, k, v, F.elu), "add 1"),
    ("ReLU", lambda q, k, v: ordered(q, k, v, F.relu), "ReLU"),
    ("an exponential", lambda q, k, v: ordered(q, k, v, torch.exp)),
    ("a softmax", lambda q, k, v: torch.softmax(q @ k.T, 1) @ v, "softmax"),
    ("of the product", lambda q, k, v: F.normalize(positive(q @ k.T), p=1, dim=1) @ v, "of the product"),
]
WITH_TABLE = [
    ("first product", 6144 * 1536 * 64, "one of two products"),
    ("second product", 6144 * 1536 * 96, "second product"),
    ("entries", 6144 * 1536, "entries"),
    ("the other order", 64 * 96 * 7680, "other order"),
    ("additions too", 2 * 6144 * 1536 * 160, "additions"),
    ("as many keys", 6144**2 * 160, "pooled"),
    ("the last digit", 6144 * 1536 * 160 + 1),
    ("in millions", 6144 * 1536 * 160 / 1e6, "count itself"),
]
REORDERED = [
    ("first product", 1536 * 64 * 96, "one of two products"),
    ("second product", 6144 * 64 * 96, "second product"),
    ("entries", 64 * 96, "entries"),
    ("the other order", 6144 * 1536 * 160, "with the table"),
    ("additions too", 2 * 64 * 96 * 7680, "additions"),
    ("as many keys", 2 * 6144 * 64 * 96, "pooled"),
    ("the last digit", 64 * 96 * 7680 - 1),
    ("in millions", 64 * 96 * 7680 / 1e6, "count itself"),
]

# Exercise 6

PARAMETERS = [
    ("as printed", 1.2, "2 are asked"),
    ("one unit of the last digit", 1.18),
    ("cut off", 1.16),
    ("two maps", 1.08, "two of its maps"),
    ("two maps, rounded up", 1.09, "two of its maps"),
    ("the addition alone", 0.17, "add 1"),
    ("old to new", 43.2 / (43.2 + 7.34), "new : old"),
    ("in per cent", 117),
    ("the weights", 43.2e6 + 7_340_032, "ratio"),
    ("in millions", 50.54, "ratio"),
    ("three blocks of each", 1 + (3 * 2 * 1024**2 + 3 * 2 * 512**2) / 43.2e6),
]
FULL = [
    ("as printed", 1.2, "subsampled"),
    ("one unit of the last digit", 1.60),
    ("subsampled", 1.24, "with subsampling"),
    ("the addition alone", 0.59, "add 1"),
    ("no pairs", 1 + (3 * 2 * 784 * 1024**2 + 2 * 2 * 3136 * 512**2) / 34.2e9, "linear maps alone"),
    ("in giga", 54.38, "ratio"),
    (
        "frames forgotten",
        1 + sum(k * (2 * n * c**2 + n**2 * c) for k, c, n in ((3, 1024, 196), (2, 512, 784))) / 34.2e9,
    ),
]
SUBSAMPLED = [
    ("as printed", 1.2, "2 are asked"),
    ("one unit of the last digit", 1.25),
    ("not subsampled", 1.59, "without subsampling"),
    ("by a quarter, as the words say", 1.41, "leaves a quarter"),
    (
        "queries pooled too",
        1 + sum(k * (1.25 * n * c**2 + n**2 * c / 16) for k, c, n in ((3, 1024, 784), (2, 512, 3136))) / 34.2e9,
        "queries",
    ),
    ("the addition alone", 0.24, "add 1"),
]

# Exercise 7


def halves(t, p, w):
    d = t.shape[1]
    return t @ w[:d], p @ w[d:]


def by_table(change):
    def function(t, p, w, g):
        a, b = halves(t, p, w)
        return change(a[:, None] + b) @ g

    return function


def sorted_alone(t, p, w, g):
    a, b = halves(t, p, w)
    b = b.sort(descending=True).values
    return torch.stack([(each + b).relu() @ g for each in a]) / len(b)


def all_pairs(t, p, w, g):
    both = torch.cat([t[:, None].expand(-1, len(p), -1), p.expand(len(t), -1, -1)], 2)
    return (both @ w).relu() @ g / len(p)


HEARD = [
    ("b alone", [2, 2, 2], "b alone"),
    ("not heard", [3, 2, 0], "*not* heard"),
    ("all", [4, 4, 4]),
    ("one too many", [2, 3, 4]),
    ("in reverse order", [4, 2, 1]),
    ("two of them", [1, 2], "shape"),
    ("one number", 7, "shape"),
    ("text", ["1", "2", "4"], "text"),
]
SHARE = [
    ("the weight", 1.5, "Its share"),
    ("a softmax", 0.7814, "softmax"),
    ("b alone", 0.8, "added to every b"),
    ("of the others", 6 / 8.5, "all four"),
    ("score", 6),
    ("of fifteen", 0.4, "15"),
    ("one unit more", 0.415),
    ("two decimals", 0.41, "are asked"),
    ("per cent", 41.379),
]
CONCATENATION = [
    ("a table", by_table(lambda s: s.relu() / s.shape[1]), "builds a tensor"),
    ("all pairs", all_pairs, "builds a tensor"),
    ("no ReLU", by_table(lambda s: s / s.shape[1]), "ReLU is missing"),
    ("absolute values", by_table(lambda s: s.abs() / s.shape[1]), "absolute"),
    ("a leaky ReLU", by_table(lambda s: F.leaky_relu(s) / s.shape[1])),
    ("not divided", by_table(torch.relu), "missing"),
    ("divided by the queries", by_table(lambda s: s.relu() / len(s)), "number of queries"),
    ("divided by the sum of the row", by_table(lambda s: F.normalize(s.relu(), p=1, dim=1)), "row"),
    ("a softmax", by_table(lambda s: s.softmax(1)), "softmax"),
    ("counted", by_table(lambda s: (s > 0).double() / s.shape[1]), "without their scores"),
    ("g not sorted", sorted_alone, "same order"),
    ("halves swapped", lambda t, p, w, g: all_pairs(t, p, w.roll(len(w) // 2), g), "first half"),
    ("the weights", lambda t, p, w, g: (lambda a, b: (a[:, None] + b).relu() / len(p))(*halves(t, p, w))),
]

# Exercise 8


def cosines(w):
    unit = w / w.norm(dim=1, keepdim=True)
    return unit @ unit.T


def off(c):
    return (c.sum() - c.trace()) / (len(c) * (len(c) - 1))


LIKENESS = [
    ("nan for a row of zeros", lambda w: off(cosines(w)), "row of zeros"),
    (
        "nan for rows that are alike",
        lambda w: torch.cos(torch.acos(cosines(w) * (1 + 1e-12)))[~torch.eye(len(w), dtype=torch.bool)].mean(),
        "nan",
    ),
    ("a correlation", lambda w: torch.corrcoef(w)[~torch.eye(len(w), dtype=torch.bool)].mean(), "correlation"),
    ("with the diagonal", lambda w: cosines(w).mean(), "diagonal"),
    ("with the diagonal, zeros kept", lambda w: (F.normalize(w) @ F.normalize(w).T).mean(), "diagonal"),
    ("divided by n²", lambda w: off(cosines(w)) * (len(w) - 1) / len(w), "n²"),
    (
        "n subtracted",
        lambda w: ((F.normalize(w) @ F.normalize(w).T).sum() - len(w)) / (len(w) * (len(w) - 1)),
        "has no 1",
    ),
    ("divided by n² − 1", lambda w: off(cosines(w)) * (len(w) - 1) * len(w) / (len(w) ** 2 - 1)),
    ("each pair once, divided twice", lambda w: off(F.normalize(w) @ F.normalize(w).T) / 2, "Half"),
    ("dot products", lambda w: off(w @ w.T), "dot products"),
    ("divided by the sums", lambda w: off(F.normalize(w, p=1) @ F.normalize(w, p=1).T), "length"),
    ("only one row divided", lambda w: off(F.normalize(w) @ w.T), "both"),
    ("columns", lambda w: off(cosines(w.T.contiguous())), "columns"),
    ("neighbours only", lambda w: F.cosine_similarity(w[:-1], w[1:]).mean(), "every two"),
    ("with the first row only", lambda w: F.cosine_similarity(w[:1], w[1:]).mean(), "every two"),
    ("with the mean row", lambda w: F.cosine_similarity(w, w.mean(0, keepdim=True)).mean(), "mean row"),
    ("the largest", lambda w: (cosines(w) - 2 * torch.eye(len(w))).max()),
    ("absolute cosines", lambda w: off((F.normalize(w) @ F.normalize(w).T).abs())),
    ("the distance", lambda w: 1 - off(F.normalize(w) @ F.normalize(w).T), "1 − "),
    ("the sum", lambda w: (lambda c: c.sum() - c.trace())(F.normalize(w) @ F.normalize(w).T), "sum over the pairs"),
    ("a table", lambda w: F.normalize(w) @ F.normalize(w).T),
    ("always 1", lambda w: 1.0),
]

TRAINED = [
    ("one", 1, "third table"),
    ("the raw Gaussian's", 0.21, "raw Gaussian's"),
    ("nothing", 0),
    ("sign", -0.18),
    ("one decimal", 0.2, "agrees to 1 decimal"),
    ("with the diagonal", 0.19, "Each row with itself"),
    ("one unit more", 0.17),
    ("a table", torch.eye(81)),
    ("text", "0.18"),
]
RAW_OWN = [
    ("the identity", 1, "identity"),
    ("the trained block's", 0.066, "trained block's"),
    ("likeness", 0.2055, "likeness"),
    ("the sum", 12.92, "number of places"),
    ("of all", 1 / 81, "mean of all weights"),
    ("of the others", 0.84, "others"),
    ("one unit more", 0.17),
    ("the diagonal", torch.full((81,), 0.16), "shape"),
]

# Exercise 9


class Block(nn.Module):
    """The right one; subclasses are wrong."""

    def __init__(self, channels):
        super().__init__()
        self.theta, self.phi, self.g = (nn.Linear(channels, channels // 2) for _ in range(3))
        self.exit = nn.Linear(channels // 2, channels, bias=False)
        nn.init.zeros_(self.exit.weight)

    def forward(self, x):
        places = x.flatten(2).mT
        y = self.weights(places) @ self.g(places)
        return x + self.exit(y).mT.reshape(x.shape)

    def weights(self, places):
        return (self.theta(places) @ self.phi(places).mT).softmax(2)


class NotAdded(Block):
    def forward(self, x):
        return super().forward(x) - x


class WrongAxis(Block):
    def weights(self, places):
        return (self.theta(places) @ self.phi(places).mT).softmax(1)


class ThetaTwice(Block):
    def weights(self, places):
        return (self.theta(places) @ self.theta(places).mT).softmax(2)


class KeysAndValues(Block):
    def forward(self, x):
        places = x.flatten(2).mT
        y = (self.theta(places) @ self.g(places).mT).softmax(2) @ self.phi(places)
        return x + self.exit(y).mT.reshape(x.shape)


class Undivided(Block):
    """The dot-product form, and its 1/N forgotten."""

    def weights(self, places):
        return self.theta(places) @ self.phi(places).mT


class DividedDots(Block):
    def weights(self, places):
        return self.theta(places) @ self.phi(places).mT / places.shape[1]


class Scaled(Block):
    def weights(self, places):
        return (self.theta(places) @ self.phi(places).mT / self.g.out_features**0.5).softmax(2)


class RandomExit(Block):
    def __init__(self, channels):
        super().__init__(channels)
        self.exit.reset_parameters()


class TwoZeros(Block):
    def __init__(self, channels):
        super().__init__(channels)
        for weight in self.g.parameters():
            nn.init.zeros_(weight)


class InAList(Block):
    """θ, φ and g where no optimiser finds them."""

    def __init__(self, channels):
        nn.Module.__init__(self)
        self.maps = [nn.Linear(channels, channels // 2) for _ in range(3)]
        self.exit = nn.Linear(channels // 2, channels, bias=False)
        nn.init.zeros_(self.exit.weight)

    def forward(self, x):
        places = x.flatten(2).mT
        theta, phi, g = (each(places) for each in self.maps)
        return x + self.exit((theta @ phi.mT).softmax(2) @ g).mT.reshape(x.shape)


class PlainTensor(Block):
    def __init__(self, channels):
        super().__init__(channels)
        del self.exit
        self.matrix = torch.zeros(channels, channels // 2, requires_grad=True)

    def exit(self, y):
        return y @ self.matrix.to(y.dtype).T


class Biased(Block):
    def __init__(self, channels):
        super().__init__(channels)
        self.exit = nn.Linear(channels // 2, channels)
        for weight in self.exit.parameters():
            nn.init.zeros_(weight)


class OtherNames(Block):
    def __init__(self, channels):
        nn.Module.__init__(self)
        self.query, self.key, self.value = (nn.Linear(channels, channels // 2) for _ in range(3))
        self.exit = nn.Linear(channels // 2, channels, bias=False)
        nn.init.zeros_(self.exit.weight)

    def forward(self, x):
        places = x.flatten(2).mT
        weights = (self.query(places) @ self.key(places).mT).softmax(2)
        return x + self.exit(weights @ self.value(places)).mT.reshape(x.shape)


class Reshaped(Block):
    def forward(self, x):
        places = x.reshape(len(x), -1, x.shape[1])
        return x + self.exit(self.weights(places) @ self.g(places)).reshape(x.shape)


class OneReshaped(Block):
    """The way in alone is reshaped."""

    def forward(self, x):
        places = x.reshape(len(x), -1, x.shape[1])
        return x + self.exit(self.weights(places) @ self.g(places)).mT.reshape(x.shape)


class OneList(Block):
    """All places of all pictures in one list."""

    def forward(self, x):
        places = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        scores = self.theta(places) @ self.phi(places).T
        y = self.exit(scores.softmax(1) @ self.g(places))
        return x + y.reshape(len(x), *x.shape[2:], -1).permute(0, 3, 1, 2)


class Squeezed(Block):
    """Fails for a single picture."""

    def forward(self, x):
        places = x.flatten(2).mT.squeeze()
        y = self.weights(places) @ self.g(places)
        return x + self.exit(y).mT.reshape(x.shape)


class SquareOnly(Block):
    def forward(self, x):
        places = x.flatten(2).mT
        y = self.exit(self.weights(places) @ self.g(places)).mT
        return x + y.reshape(len(x), x.shape[1], x.shape[2], x.shape[2])


class HardCoded(Block):
    def weights(self, places):
        n = places.shape[1]
        return torch.full((len(places), n, n), 1 / n, dtype=places.dtype)


class CutOff(Block):
    def weights(self, places):
        return super().weights(places).detach()


class Identity(Block):
    """Right at the start, and there it stays."""

    def forward(self, x):
        return x


class InPlace(Block):
    def forward(self, x):
        x += super().forward(x) - x
        return x


NON_LOCAL = [
    ("x not added", NotAdded, "x is to be added"),
    ("softmax over the queries", WrongAxis, "over the queries"),
    ("θ used for φ", ThetaTwice, "φ nowhere"),
    ("keys and values swapped", KeysAndValues, "changed places"),
    ("dot product, 1/N forgotten", Undivided, "1/N"),
    ("dot product", DividedDots, "dot-product form"),
    ("scaled", Scaled, "1/√d"),
    ("W_z at random", RandomExit),
    ("two zeros", TwoZeros, "One zero is enough"),
    ("in a list", InAList, "list"),
    ("a plain tensor", PlainTensor),
    ("a bias too many", Biased, "bias=False"),
    ("other names", OtherNames, "theta"),
    ("reshaped", Reshaped, "both mix"),
    ("reshaped in alone", OneReshaped, "x.flatten(2).mT"),
    ("all pictures in one list", OneList, "Keep the axis of the pictures"),
    ("squeezed", Squeezed, "batch of one"),
    ("square maps only", SquareOnly),
    ("hard-coded weights", HardCoded),
    ("weights cut off", CutOff, "cut off"),
    ("the identity for ever", Identity),
    ("in place", InPlace),
    ("a module that is made", Block(4), "class itself"),
    ("a function", lambda channels: Block(channels)),
]

# Exercise 10


def row_of(t, p, place, how=lambda s: s.softmax(0)):
    return how(t[:, place[0], place[1]] @ p.flatten(1)).reshape(p.shape[1:])


ATTENTION_MAP = [
    ("roles exchanged", lambda t, p, place: row_of(p, t, place), "φ asks"),
    ("θ used for φ", lambda t, p, place: row_of(t, t, place), "keys are θ"),
    (
        "the column",
        lambda t, p, place: (
            (t.flatten(1).T @ p.flatten(1)).softmax(1)[:, place[0] * t.shape[2] + place[1]].reshape(t.shape[1:])
        ),
        "column of the table",
    ),
    ("maps turned", lambda t, p, place: row_of(t.mT, p.mT, place)),
    ("row and column exchanged", lambda t, p, place: row_of(t, p, place[::-1]), "have changed places"),
    (
        "row times the height",
        lambda t, p, place: (t.flatten(1)[:, place[0] * t.shape[1] + place[1]] @ p.flatten(1)).softmax(0).view_as(p[0]),
        "row · H + column",
    ),
    (
        "row times the height, in the table",
        lambda t, p, place: (
            (t.flatten(1).T @ p.flatten(1)).softmax(-1)[place[0] * t.shape[1] + place[1]].view(p.shape[1:])
        ),
        "row · H + column",
    ),
    ("scores", lambda t, p, place: row_of(t, p, place, lambda s: s), "scores"),
    ("exponentials", lambda t, p, place: row_of(t, p, place, torch.exp), "sum to 1"),
    ("scaled", lambda t, p, place: row_of(t, p, place, lambda s: (s / len(t) ** 0.5).softmax(0)), "1/√d"),
    ("flat", lambda t, p, place: row_of(t, p, place).flatten()),
    ("turned", lambda t, p, place: row_of(t, p, place).T),
    ("largest 1", lambda t, p, place: (lambda m: m / m.max())(row_of(t, p, place))),
    ("summed rows", lambda t, p, place: row_of(t, p, place).sum(0)),
    ("the first place", lambda t, p, place: row_of(t, p, (0, 0))),
]

# Exercise 11

CONTROL = [
    ("too good", 0.9, "nobody knows"),
    ("per cent", 33.0, "per cent"),
    ("below chance", 0.1, "below chance"),
    ("nothing", 0.0),
    ("nan", math.nan),
    ("two numbers", [0.33, 0.34]),
    ("text", "0.33"),
    ("negative", -0.3, "between 0 and 1"),
]
MINE = [
    ("at chance", 0.34, "chance"),
    ("colours only", 0.63, "17/27"),
    ("short", 0.71, "400 steps"),
    ("per cent", 93.0, "per cent"),
    ("nothing", 0.0, "chance"),
    ("negative", -1, "between 0 and 1"),
    ("infinite", math.inf),
    ("a function", lambda: 0.9),
]
ON_TWIN = [
    ("by chance", 0.11, "by chance"),
    ("little", 0.3, "less than a block"),
    ("per cent", 88, "per cent"),
    ("nothing", 0, "by chance"),
    ("negative", -0.5, "between 0 and 1"),
    ("all of it", {"mass": 0.9}),
    ("a table", torch.eye(9)),
    ("nan", math.nan),
]

WRONG = {
    "weights": WEIGHTS,
    "three_places.softmax": SOFTMAX,
    "dot_product": DOT_PRODUCT,
    "z": Z,
    "h": H_ANSWERS,
    "w": W_ANSWERS,
    "patch_weights": PATCH_WEIGHTS,
    "embedded_gaussian": EMBEDDED_GAUSSIAN,
    "linear_attention": LINEAR_ATTENTION,
    "with_table": WITH_TABLE,
    "reordered": REORDERED,
    "parameters": PARAMETERS,
    "full": FULL,
    "subsampled": SUBSAMPLED,
    "heard": HEARD,
    "share": SHARE,
    "concatenation": CONCATENATION,
    "likeness": LIKENESS,
    "trained": TRAINED,
    "raw_own": RAW_OWN,
    "NonLocal": NON_LOCAL,
    "attention_map": ATTENTION_MAP,
    "control": CONTROL,
    "mine": MINE,
    "on_twin": ON_TWIN,
}


# Right answers in other forms


def patch_weights_in_float32(patches, h):
    return torch.softmax(tamed(-squared(patches.float()) / h**2), 1)


def embedded_head_by_head(theta, phi, g, heads):
    d, c = theta.shape[1] // heads, g.shape[1] // heads
    y = [
        torch.softmax(theta[:, h * d : (h + 1) * d] @ phi[:, h * d : (h + 1) * d].T, 1) @ g[:, h * c : (h + 1) * c]
        for h in range(heads)
    ]
    return torch.hstack(y)


def ordered_row_by_row(query, keys, values):
    k = positive(keys)
    return torch.stack([(k @ q) @ values / (k @ q).sum() for q in positive(query)])


def concatenation_row_by_row(theta, phi, w, g):
    a, b = halves(theta, phi, w)
    return torch.stack([g.T @ (each + b).clamp(min=0) for each in a]) / len(b)


def likeness_by_broadcasting(weights):
    table = F.cosine_similarity(weights[:, None], weights[None], dim=2)
    return table[~torch.eye(len(weights), dtype=torch.bool)].mean().item()


def likeness_of_the_sum(weights):
    """The squared length of the sum of unit rows holds all cosines."""
    unit = F.normalize(weights, dim=1)
    n = len(weights)
    return (unit.sum(0).square().sum() - unit.square().sum()) / (n * (n - 1))


def likeness_of_the_upper_triangle(weights):
    unit = weights / weights.norm(dim=1, keepdim=True).clamp_min(1e-12)
    i, j = torch.triu_indices(len(weights), len(weights), offset=1)
    return (unit[i] * unit[j]).sum(1).mean()


RIGHT_FORMS = {
    "weights": [ROW, tuple(ROW), np.array(ROW), torch.tensor([ROW])],
    "three_places.softmax": [Y, round(Y, 3), torch.tensor([Y]), np.float32(Y)],
    "dot_product": [-2, -2.0, Fraction(-6, 3), [-2]],
    "z": [1 + Y / 2, round(1 + Y / 2, 3)],
    "h": [0.255, 0.2548, 0.15 * math.sqrt(2 / math.log(2))],
    "w": [5.55, math.sqrt(math.log(2)) / 0.15],
    "patch_weights": [patch_weights_in_float32, lambda p, h: patch_weights_in_float32(p, h).tolist()],
    "embedded_gaussian": [attended, embedded_head_by_head],
    "linear_attention": [ordered, ordered_row_by_row],
    "with_table": [1_509_949_440, 2.0 * 6144 * 1536 * 80, np.int64(1_509_949_440)],
    "reordered": [47_185_920, 47_185_920.0, [47_185_920]],
    "parameters": [1.17, 1.1699, 50.54 / 43.2],
    "full": [1.59, 1.59005],
    "subsampled": [1.24, 1.2377],
    "heard": [[1, 2, 4], (1, 2, 4), torch.tensor([1, 2, 4])],
    "share": [0.414, 12 / 29],
    "concatenation": [concatenation_row_by_row],
    "likeness": [likeness_by_broadcasting, likeness_of_the_sum, likeness_of_the_upper_triangle],
    "trained": [0.18, torch.tensor(0.1836)],
    "raw_own": [0.16, torch.tensor(0.1595)],
    "NonLocal": [Block],
    "attention_map": [row_of, lambda t, p, place: row_of(t, p, place).tolist()],
    "control": [1 / 3, torch.tensor(0.34)],
    "mine": [0.93, torch.tensor(0.95)],
    "on_twin": [0.88, torch.tensor(0.9)],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("softmax over i", "three_places.weights", "softmax over i"),
    ("softmax over i", "three_places.softmax", "softmax over i"),
    ("the dot-product form divided by Σ f", "three_places.dot_product", "divided by the sum of f"),
    ("θ and φ change places", "three_places.weights", "θ and φ exchanged"),
    ("x is not added", "three_places.z", "x forgotten"),
    ("w = 1/h", "patches.w", "1/h"),
    ("the pixel's own vote as it is", "patches.patch_weights", "own vote as it is"),
    ("1/√d in the paper's form", "heads.embedded_gaussian", "scaled"),
    ("heads cut along the places", "heads.embedded_gaussian", "cut along the places"),
    ("each query's weights sum to 1, whatever stands below", "heads.rows", "chose a"),
    ("W_z = 0 kills all learning", "dead_start.w_z_zero", "chose a"),
    ("θ = 0 kills all learning", "dead_start.theta_zero", "chose a"),
    ("additions are multiplications", "reorder.with_table", "additions too"),
    ("any f can be summed without a table", "reorder.exactly", "chose a"),
    ("the pairs are reduced by a quarter", "table_2e.subsampled", "pairs by a quarter"),
    ("the queries are pooled too", "table_2e.subsampled", "queries pooled too"),
    ("weights must sum to 1", "ranking.concatenation", "divided by the sum of the row"),
    ("a row of zeros is divided by its length", "alike.likeness", "0/0"),
    ("the diagonal counts", "alike.likeness", "rows with themselves"),
    ("the raw Gaussian is the identity", "alike.raw_own", "1"),
    ("softmax over the queries", "block.NonLocal", "softmax over the queries"),
    ("W_z and g at 0, to be safe", "block.NonLocal", "two zeros"),
    ("reshaped where a transpose is needed", "block.NonLocal", "reshaped to places"),
    ("the place counted down the columns", "look.attention_map", "counted down the columns"),
)
