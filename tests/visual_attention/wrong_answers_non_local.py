"""Lesson 6: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F

# Exercise 1, x = (1, 2, 3)

E = [math.exp(k) for k in (1, 2, 3)]
ROW = [e / sum(E) for e in E]

WEIGHTS = [
    ("cut off, not rounded", [0.090, 0.244, 0.665]),
    ("one unit of the last digit", [0.090, 0.245, 0.666]),
    ("two decimals", [0.09, 0.24, 0.67]),
    ("by distance", torch.softmax(-torch.tensor([0.0, 1.0, 4.0]) / 2, 0), "a Gaussian of their distance"),
    ("by distance, without the half", torch.softmax(-torch.tensor([0.0, 1.0, 4.0]), 0), "a Gaussian of their distance"),
    ("of place 2", torch.softmax(torch.tensor([2.0, 4.0, 6.0]), 0), "place 2"),
    ("of place 3", torch.softmax(torch.tensor([3.0, 6.0, 9.0]), 0), "place 3"),
    ("softmax over i", [0.0900, 0.0159, 0.0024], "sum over i"),
    ("all on the largest", [0, 0, 1], "most of the weight, not all"),
    ("the plain average", [1 / 3] * 3, "all the same"),
    ("the exponentials", E, "Divide by their sum"),
    ("in proportion", [1 / 6, 2 / 6, 3 / 6], "exp"),
    ("in reverse order", ROW[::-1]),
    ("the whole table", np.ones((3, 3)) / 3, "shape"),
    ("two of three", ROW[:2], "shape"),
    ("text", ["0.090", "0.245", "0.665"], "text"),
]
SOFTMAX = [
    ("one unit of the last digit", 2.576),
    ("cut off", 2.574),
    ("the sum not divided", sum(k * e for k, e in zip((1, 2, 3), E, strict=True)), "Divide"),
    ("divided by N", sum(k * e for k, e in zip((1, 2, 3), E, strict=True)) / 3, "number of places"),
    ("of place 2", 2.8509, "place 2"),
    ("of place 3", 2.9482, "place 3"),
    ("softmax over i", 0.1293, "softmax over i"),
    ("the dot-product form", 14 / 3, "dot-product form"),
    ("the average of x", 2, "average"),
    ("the maximum", 3, "largest value"),
    ("the weights", ROW, "shape"),
]
DOT_PRODUCT = [
    ("cut off", 4.666),
    ("two decimals", 4.67),
    ("one decimal", 4.7),
    ("the sum of f", 2.0, "x_j"),
    ("of place 2", 28 / 3, "place 2"),
    ("not divided", 14, "divides it by N"),
    ("divided by the sum of f", 7 / 3, "divides by the sum of f"),
    ("the softmax form", 2.5752, "softmax form"),
]

# Exercise 2


def squared(p):
    return (p[:, None] - p).square().mean(dim=2)


W = [
    ("one decimal", 14.1, "2 are asked"),
    ("one unit of the last digit", 14.15),
    ("one unit less", 14.13),
    ("no root", 20.0, "root"),
    ("1/h", 10, "½"),
    ("w²", 200, "root"),
    ("h forgotten", math.sqrt(2), "h"),
    ("h squared", math.sqrt(2) / 0.01, "h"),
    ("the inverse", 0.0707, "inverse"),
]
PATCH_WEIGHTS = [
    ("sum for mean", lambda p, h: torch.softmax(-squared(p) * p.shape[1] / h**2, 1), "It is the mean"),
    ("root of the size twice", lambda p, h: torch.softmax(-squared(p) / p.shape[1] / h**2, 1)),
    ("mean over all patches", lambda p, h: torch.softmax(-squared(p).mean() * torch.ones(len(p), len(p)) / h**2, 1)),
    ("absolute differences", lambda p, h: torch.softmax(-(p[:, None] - p).abs().mean(2) / h**2, 1), "squared"),
    ("mean before the square", lambda p, h: torch.softmax(-((p[:, None] - p).mean(2) ** 2) / h**2, 1), "first squared"),
    ("a half too many", lambda p, h: torch.softmax(-squared(p) / (2 * h**2), 1), "½"),
    ("h not squared", lambda p, h: torch.softmax(-squared(p) / h, 1), "h²"),
    ("h forgotten", lambda p, h: torch.softmax(-squared(p), 1), "h"),
    (
        "only the keys scaled",
        lambda p, h: torch.softmax(-((torch.cdist(p, p / p.shape[1] ** 0.5) / h) ** 2), 1),
        "both",
    ),
    ("columns sum to 1", lambda p, h: torch.softmax(-squared(p) / h**2, 0), "Columns"),
    ("one sum for the whole table", lambda p, h: (lambda k: k / k.sum())(torch.exp(-squared(p) / h**2)), "whole table"),
    ("not normalised", lambda p, h: torch.exp(-squared(p) / h**2), "divided by its sum"),
    ("sign", lambda p, h: torch.softmax(squared(p) / h**2, 1), "sign"),
    (
        "the pixel itself left out",
        lambda p, h: torch.softmax((-squared(p) / h**2).fill_diagonal_(-math.inf), 1),
        "itself",
    ),
    ("a product for a distance", lambda p, h: torch.softmax(p @ p.T / h**2, 1)),
    (
        "a root of rounding errors",
        lambda p, h: torch.softmax(
            -(((p**2).sum(1)[:, None] + (p**2).sum(1) - 2 * p @ p.T - 1e-12).sqrt() ** 2) / p.shape[1] / h**2, 1
        ),
        "nan",
    ),
    ("a list of text", lambda p, h: "weights"),
    ("nearest patch only", lambda p, h: torch.eye(len(p), dtype=p.dtype)),
]

# Exercise 3


def embedded(theta, phi, g):
    return torch.softmax(theta @ phi.T, 1) @ g


EMBEDDED_GAUSSIAN = [
    ("default scale of PyTorch", lambda t, p, g: F.scaled_dot_product_attention(t[None], p[None], g[None])[0], "1/√d"),
    ("softmax over the queries", lambda t, p, g: torch.softmax(t @ p.T, 0) @ g, "over the queries"),
    ("one softmax for the table", lambda t, p, g: (t @ p.T).flatten().softmax(0).view(len(t), -1) @ g, "whole table"),
    ("the largest only", lambda t, p, g: g[(t @ p.T).argmax(1)], "largest"),
    ("the plain mean", lambda t, p, g: g.mean(0).expand(len(t), -1), "average"),
    ("the weights", lambda t, p, g: torch.softmax(t @ p.T, 1)),
    ("not divided", lambda t, p, g: torch.exp(t @ p.T) @ g, "divided by"),
    ("divided by N", lambda t, p, g: torch.exp(t @ p.T) @ g / len(p), "N"),
    ("as printed", lambda t, p, g: torch.softmax(t @ p.T, 1)[:, :, None] * g, "Sum over j"),
    ("a shortcut", lambda t, p, g: embedded(t, p, g) + (t[:, :1] if len(t) > 1 else 0)),
    ("by distance", lambda t, p, g: torch.softmax(-(torch.cdist(t, p) ** 2) / 2, 1) @ g, "distance"),
    ("no weights", lambda t, p, g: t @ p.T @ g, "exponential"),
    ("values of the first query", lambda t, p, g: embedded(t, p, g)[:1].expand(len(t), -1)),
    ("in float16", lambda t, p, g: embedded(t, p, g).half()),
    ("in a batch", lambda t, p, g: F.scaled_dot_product_attention(t[None], p[None], g[None], scale=1.0), "shape"),
]

# Exercise 5


def table(q, k, v):
    return (q @ k.T) @ v / len(k)


def by_way_of_lists(q, k, v):
    q, k, v = (np.array(each.tolist()) for each in (q, k, v))
    return torch.from_numpy(q @ k.T @ v / len(k))


LINEAR_ATTENTION = [
    ("the table, bracketed", table, "builds a tensor"),
    ("the table, from the left", lambda q, k, v: q @ k.T @ v / len(k), "builds a tensor"),
    ("the table, divided first", lambda q, k, v: (q @ k.T / len(k)) @ v, "builds a tensor"),
    ("the table by einsum", lambda q, k, v: torch.einsum("nk,kc->nc", torch.einsum("nd,kd->nk", q, k), v) / len(k)),
    ("three at once: from the left", lambda q, k, v: torch.einsum("nd,kd,kc->nc", q, k, v) / len(k), "builds a tensor"),
    ("the table by broadcasting", lambda q, k, v: (q[:, None] * k).sum(2) @ v / len(k), "builds a tensor"),
    ("the table transposed", lambda q, k, v: (k @ q.T).T @ v / len(k), "builds a tensor"),
    (
        "the table in float32",
        lambda q, k, v: ((q.float() @ k.float().T) @ v.float()).double() / len(k),
        "builds a tensor",
    ),
    ("the table in NumPy", lambda q, k, v: torch.from_numpy(q.numpy() @ k.numpy().T @ v.numpy()) / len(k)),
    ("the table in NumPy, by way of lists", by_way_of_lists, "tolist"),
    ("the table of rows", lambda q, k, v: torch.stack([k @ each for each in q]) @ v / len(k), "builds a tensor"),
    ("divided by the channels", lambda q, k, v: q @ (k.T @ v) / k.shape[1], "keys"),
    ("divided by the channels' root", lambda q, k, v: q @ (k.T @ v) / k.shape[1] ** 0.5, "keys"),
    ("divided by the queries", lambda q, k, v: q @ (k.T @ v) / len(q), "number of queries"),
    ("divided by queries and keys", lambda q, k, v: q @ (k.T @ v) / len(q) / len(k), "keys"),
    ("not divided", lambda q, k, v: q @ (k.T @ v), "missing"),
    ("a softmax", lambda q, k, v: torch.softmax(q @ k.T, 1) @ v),
    ("a softmax of the small one", lambda q, k, v: q @ torch.softmax(k.T @ v, 0), "softmax"),
    ("a softmax of the small one, dim 1", lambda q, k, v: q @ torch.softmax(k.T @ v, 1), "softmax"),
    ("divided by the sum of f", lambda q, k, v: q @ (k.T @ v) / (q @ k.sum(0))[:, None], "Σ f"),
    ("fused", lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None])[0]),
]
WITH_TABLE = [
    ("one product", 6144**2 * 96, "one of two products"),
    ("entries", 6144**2, "entries"),
    ("the other order", 2 * 6144 * 96**2, "other order"),
    ("additions too", 4 * 6144**2 * 96, "additions"),
    ("N cubed", 2 * 6144**3),
    ("the last digit", 2 * 6144**2 * 96 + 1),
    ("in millions", 2 * 6144**2 * 96 / 1e6, "count itself"),
    ("in billions", 7.2478, "count itself"),
]
REORDERED = [
    ("one product", 6144 * 96**2, "one of two products"),
    ("the other order", 2 * 6144**2 * 96, "with the table"),
    ("additions too", 4 * 6144 * 96**2, "additions"),
    ("places forgotten", 2 * 96**3, "N places"),
    ("entries", 96**2, "entries"),
    ("in millions", 2 * 6144 * 96**2 / 1e6, "count itself"),
    ("the last digit", 2 * 6144 * 96**2 - 1),
]

# Exercise 6

PARAMETERS = [
    ("as printed", 1.2, "2 are asked"),
    ("one unit of the last digit", 1.18),
    ("cut off", 1.16),
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
    return (t @ w[:d])[:, None], p @ w[d:]


def pairs(t, p, w):
    n, k = len(t), len(p)
    both = torch.cat([t[:, None].expand(n, k, -1), p[None].expand(n, k, -1)], 2)
    return (both @ w).relu() / k


def flat_pairs(t, p, w):
    both = torch.cat([t.repeat_interleave(len(p), 0), p.repeat(len(t), 1)], 1)
    return (both @ w).relu().reshape(len(t), len(p)) / len(p)


def without(change):
    return lambda t, p, w: change(sum(halves(t, p, w))) / len(p)


CONCATENATION = [
    ("a tensor of all pairs", pairs, "builds a tensor"),
    ("a flat tensor of all pairs", flat_pairs, "builds a tensor"),
    (
        "all pairs, multiplied",
        lambda t, p, w: (
            (torch.cat([t[:, None].expand(-1, len(p), -1), p.expand(len(t), -1, -1)], 2) * w).sum(2).relu() / len(p)
        ),
        "builds a tensor",
    ),
    ("no ReLU", without(lambda s: s), "ReLU is missing"),
    ("absolute values", without(torch.abs), "absolute"),
    ("a leaky ReLU", without(F.leaky_relu)),
    ("a GELU", without(F.gelu)),
    ("a softplus", without(F.softplus)),
    ("an exponential", without(torch.exp)),
    ("a sigmoid", without(torch.sigmoid)),
    ("ReLU before the sum", lambda t, p, w: sum(h.relu() for h in halves(t, p, w)) / len(p), "not ReLU(a + b)"),
    ("halves swapped", lambda t, p, w: pairs(t, p, torch.cat([w[len(w) // 2 :], w[: len(w) // 2]])), "first half"),
    (
        "halves swapped, by parts",
        lambda t, p, w: without(torch.relu)(t, p, torch.cat([w[len(w) // 2 :], w[: len(w) // 2]])),
        "first half",
    ),
    ("w interleaved", lambda t, p, w: ((t @ w[::2])[:, None] + p @ w[1::2]).relu() / len(p), "first half"),
    ("not divided", lambda t, p, w: sum(halves(t, p, w)).relu(), "missing"),
    ("divided by the queries", lambda t, p, w: sum(halves(t, p, w)).relu() / len(t), "number of queries"),
    ("divided by the sum of the row", lambda t, p, w: F.normalize(sum(halves(t, p, w)).relu(), p=1, dim=1), "row"),
    (
        "divided by the sum of the row, 0/0",
        lambda t, p, w: (lambda s: s / s.sum(1, keepdim=True))(sum(halves(t, p, w)).relu()),
        "row",
    ),
    ("a softmax", lambda t, p, w: torch.softmax(sum(halves(t, p, w)), 1), "softmax"),
    ("transposed", lambda t, p, w: without(torch.relu)(t, p, w).T, "transposed"),
    ("a product", lambda t, p, w: (lambda a, b: (a * b).relu() / len(p))(*halves(t, p, w))),
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

WRONG = {
    "weights": WEIGHTS,
    "three_places.softmax": SOFTMAX,
    "dot_product": DOT_PRODUCT,
    "w": W,
    "patch_weights": PATCH_WEIGHTS,
    "embedded_gaussian": EMBEDDED_GAUSSIAN,
    "linear_attention": LINEAR_ATTENTION,
    "with_table": WITH_TABLE,
    "reordered": REORDERED,
    "parameters": PARAMETERS,
    "full": FULL,
    "subsampled": SUBSAMPLED,
    "concatenation": CONCATENATION,
    "likeness": LIKENESS,
}


# Right answers in other forms


def patch_weights_in_lists(patches, h):
    rows = []
    for one in patches.tolist():
        kernel = [
            math.exp(-sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / len(one) / h**2)
            for other in patches.tolist()
        ]
        rows.append([each / sum(kernel) for each in kernel])
    return rows


def patch_weights_in_float32(patches, h):
    p = patches.float()
    return torch.softmax(
        -F.mse_loss(p[:, None].expand(-1, len(p), -1), p.expand(len(p), -1, -1), reduction="none").mean(2) / h**2, 1
    )


def embedded_by_exponentials(theta, phi, g):
    f = torch.exp(theta @ phi.T)
    return (f @ g) / f.sum(1, keepdim=True)


def embedded_in_two_dimensions(theta, phi, g):
    return F.scaled_dot_product_attention(theta, phi, g, scale=1.0)


def embedded_in_numpy(theta, phi, g):
    f = np.exp(theta.numpy() @ phi.numpy().T)
    return torch.from_numpy(f / f.sum(1, keepdims=True) @ g.numpy())


def reordered_by_einsum(query, keys, values):
    return torch.einsum("nd,dc->nc", query, torch.einsum("kd,kc->dc", keys, values)) / keys.size(0)


def reordered_divided_first(query, keys, values):
    return query @ ((keys / len(keys)).T @ values)


def reordered_as_a_mean(query, keys, values):
    return query @ (keys[:, :, None] * values[:, None, :]).mean(0)


def reordered_row_by_row(query, keys, values):
    return torch.stack([(keys @ each) @ values / len(keys) for each in query])


def concatenation_by_maximum(theta, phi, w):
    u, v = w.tensor_split(2)
    return torch.maximum((theta @ u).unsqueeze(1) + (phi @ v).unsqueeze(0), torch.tensor(0.0)) / phi.size(0)


def concatenation_with_a_sum_inside(theta, phi, w):
    """Tensors of shape (n, k, d), half as large as what is forbidden."""
    d = theta.shape[1]
    return ((theta * w[:d])[:, None] + phi * w[d:]).sum(-1).clamp_min(0) / len(phi)


def concatenation_row_by_row(theta, phi, w):
    rows = [torch.cat([query.expand(len(phi), -1), phi], dim=1) @ w for query in theta]
    return F.relu(torch.stack(rows)) / len(phi)


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
    "weights": [[0.09, 0.245, 0.665], (0.0900, 0.2447, 0.6652), np.array(ROW), torch.tensor([ROW]), ROW],
    "three_places.softmax": [2.575, 2.5752, torch.tensor([2.5752]), np.float32(2.5752)],
    "dot_product": [4.667, Fraction(14, 3), 14 / 3, [4.6667]],
    "w": [14.14, 14.142, math.sqrt(200), torch.tensor(200.0).sqrt()],
    "patch_weights": [patch_weights_in_lists, patch_weights_in_float32],
    "embedded_gaussian": [embedded_by_exponentials, embedded_in_two_dimensions, embedded_in_numpy],
    "linear_attention": [
        reordered_by_einsum,
        reordered_divided_first,
        reordered_as_a_mean,
        reordered_row_by_row,
    ],
    "with_table": [7_247_757_312, 2.0 * 6144**2 * 96, torch.tensor(2 * 6144**2 * 96), np.int64(7_247_757_312)],
    "reordered": [113_246_208, 113_246_208.0, [113_246_208]],
    "parameters": [1.17, 1.1699, 50.54 / 43.2],
    "full": [1.59, 1.59005],
    "subsampled": [1.24, 1.2377],
    "concatenation": [concatenation_by_maximum, concatenation_with_a_sum_inside, concatenation_row_by_row],
    "likeness": [likeness_by_broadcasting, likeness_of_the_sum, likeness_of_the_upper_triangle],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("softmax over i", "three_places.weights", "softmax over i"),
    ("softmax over i", "three_places.softmax", "softmax over i"),
    ("2.333: the dot-product form divided by Σ f", "three_places.dot_product", "divided by the sum of f"),
    ("w = 1/h", "patches.w", "1/h"),
    ("1/√d in the paper's form", "missing_sum.embedded_gaussian", "scaled"),
    ("W_z = 0 kills all learning", "dead_start.w_z_zero", "chose a"),
    ("the softmax commutes with the product", "reorder.softmax", "chose a"),
    ("the pairs are reduced by a quarter", "table_2e.subsampled", "pairs by a quarter"),
    ("a ReLU is linear", "ranking.why", "chose a"),
    ("the Gaussian form measures distances", "three_places.weights", "by distance"),
    ("only the keys are scaled", "patches.patch_weights", "only the keys scaled"),
    ("one sum for the whole table", "missing_sum.embedded_gaussian", "one sum for all"),
    ("divided by the channels for the keys", "reorder.linear_attention", "divided by the channels"),
    ("additions are multiplications", "reorder.with_table", "additions too"),
    ("the queries are pooled too", "table_2e.subsampled", "queries pooled too"),
    ("weights must sum to 1", "ranking.concatenation", "divided by the sum of the row"),
    ("a row of zeros is divided by its length", "alike.likeness", "0/0"),
    ("the diagonal counts", "alike.likeness", "rows with themselves"),
)
