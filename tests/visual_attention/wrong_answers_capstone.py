"""Lesson 8: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math
import statistics

import numpy as np
import torch


def mean_and(error):
    """The mean difference, with an error computed by another rule from the differences."""
    return lambda one, other: torch.stack([(one - other).mean(), error(one - other)])


standard = mean_and(lambda gain: gain.std() / math.sqrt(len(gain)))


def best_of_five(draws=100_000):
    return torch.randn(draws, 5, generator=torch.Generator().manual_seed(3)).amax(1).mean()


def paired_with_statistics(one, other):
    gains = [x - y for x, y in zip(one.tolist(), other.tolist(), strict=True)]
    return [statistics.mean(gains), statistics.stdev(gains) / math.sqrt(len(gains))]


def paired_by_covariance(one, other):
    variance, covariance = torch.cov(torch.stack([one, other])).diagonal(), torch.cov(torch.stack([one, other]))[0, 1]
    error = ((variance.sum() - 2 * covariance).clamp(min=0) / len(one)).sqrt()
    return torch.tensor([one.mean() - other.mean(), error])


def heard_place_by_place(a, v):
    weights = a.sum(dim=0) / len(a)
    return sum(weight * value for weight, value in zip(weights, v, strict=True))


WRONG = {
    "se_parameters": [
        ("no biases", 512),
        ("one matrix", 264),
        ("full layer", 1056),
        ("hidden biases only", 520),
        ("outer biases only", 544),
        ("ratio as width", 292),
        ("one off", 553),
    ],
    "se_operations": [
        ("everywhere", 51_200),
        ("biases", 552),
        ("scaling", 3712),
        ("scaling and pooling", 6912),
        ("one matrix", 256),
        ("FLOPs", 1024),
        ("full layer", 1024),
        ("one off", 513),
    ],
    "spatial_operations": [
        ("one plane", 4900),
        ("every channel", 156_800),
        ("once", 98),
        ("no padding", 1568),
        ("FLOPs", 19_600),
        ("scaling", 13_000),
        ("seven", 1400),
        ("in thousands", 9.8),
        ("one off", 9801),
    ],
    "non_local_parameters": [
        ("no exit", 1648),
        ("no biases", 2112),
        ("no normalisation", 2096),
        ("weights alone", 2048),
        ("exit with a bias", 2176 + 16),
        ("one number a channel", 2128),
        ("table", 12_160),
        ("one off", 2161),
    ],
    "non_local_operations": [
        ("no pairs", 204_800),
        ("one product", 364_800),
        ("pairs once", 208_000),
        ("FLOPs", 1_049_600),
        ("pairs alone", 320_000),
        ("no exit", 473_600),
        ("pairs over 32 channels", 844_800),
        ("pairs without channels", 224_800),
        ("maps at one place", 322_048),
        ("one off", 524_801),
        ("nearly", 524_750),
    ],
    "heard": [
        ("y computed", lambda a, v: (a @ v).mean(0)),
        ("y computed by matmul", lambda a, v: torch.matmul(a, v).sum(0) / len(a)),
        ("y computed by einsum", lambda a, v: torch.einsum("ij,jc->ic", a, v).mean(dim=0)),
        ("y computed by rows", lambda a, v: torch.stack([row @ v for row in a]).mean(0)),
        ("y computed by products", lambda a, v: (a[:, :, None] * v[None]).sum(1).mean(0)),
        ("y computed in NumPy", lambda a, v: torch.from_numpy((a.numpy() @ v.numpy()).mean(0))),
        ("row means", lambda a, v: a.mean(1) @ v),
        ("plain mean", lambda a, v: v.mean(0)),
        ("sums", lambda a, v: a.sum(0) @ v),
        ("y itself", lambda a, v: a @ v),
        ("first row", lambda a, v: a[0] @ v),
        ("last row", lambda a, v: a[-1] @ v),
        ("weights alone", lambda a, v: a.mean(0)),
        ("not added up", lambda a, v: a.mean(0)[:, None] * v),
        ("added over the channels", lambda a, v: (a.mean(0)[:, None] * v).sum(1)),
        ("diagonal", lambda a, v: a.diagonal() @ v),
        ("softmax once more", lambda a, v: a.softmax(1).mean(0) @ v),
        ("softmax of the columns", lambda a, v: a.sum(0).softmax(0) @ v),
        ("most heard alone", lambda a, v: v[a.mean(0).argmax()]),
        ("largest of a column", lambda a, v: a.amax(0) @ v),
        ("a constant", lambda a, v: torch.zeros_like(v[0])),
    ],
    "most_heard": [
        ("row means", [1 / 3, 1 / 3, 1 / 3]),
        ("sums", [0.75, 1.25, 1]),
        ("another order", [0.25, 0.333, 0.417]),
        ("one unit of the last digit", [0.25, 0.418, 0.333]),
        ("cut off", [0.25, 0.416, 0.333]),
        ("two decimals", [0.25, 0.42, 0.33]),
        ("the largest place", 2),
        ("a row", [0.25, 0.25, 0.5]),
    ],
    "paired": [
        ("unpaired", lambda a, b: torch.stack([(a - b).mean(), ((a.var() + b.var()) / len(a)).sqrt()])),
        ("deviation", mean_and(lambda g: g.std())),
        ("divided by n", mean_and(lambda g: g.std() / len(g))),
        ("variance", mean_and(lambda g: g.var())),
        ("variance over n", mean_and(lambda g: g.var() / len(g))),
        ("variance over √n", mean_and(lambda g: g.var() / math.sqrt(len(g)))),
        ("population", mean_and(lambda g: g.std(correction=0) / math.sqrt(len(g)))),
        ("n − 1 twice", mean_and(lambda g: g.std() / math.sqrt(len(g) - 1))),
        ("twice the seeds", mean_and(lambda g: g.std() / math.sqrt(2 * len(g)))),
        ("interval", mean_and(lambda g: 1.96 * g.std() / math.sqrt(len(g)))),
        ("two errors", mean_and(lambda g: 2 * g.std() / math.sqrt(len(g)))),
        ("absolute deviation", mean_and(lambda g: (g - g.mean()).abs().mean() / math.sqrt(len(g)))),
        ("turned round", lambda a, b: standard(b, a)),
        ("sizes", lambda a, b: standard((a - b).abs(), torch.zeros_like(a))),
        ("size of the mean", lambda a, b: standard(a, b).abs()),
        ("median", lambda a, b: torch.stack([(a - b).median(), (a - b).std() / math.sqrt(len(a))])),
        ("order", lambda a, b: standard(a, b).flip(0)),
        ("mean alone", lambda a, b: (a - b).mean()),
        ("error alone", lambda a, b: (a - b).std() / math.sqrt(len(a))),
        ("difference of deviations", mean_and(lambda g: g.std() * 0)),
        ("sorted", lambda a, b: standard(a.sort().values, b.sort().values)),
        ("t", lambda a, b: torch.stack([(a - b).mean(), (a - b).mean() / ((a - b).std() / math.sqrt(len(a)))])),
        ("differences", lambda a, b: a - b),
        ("relative", lambda a, b: standard((a - b) / (b + 1), torch.zeros_like(a))),
        ("five seeds written in", mean_and(lambda g: g.std() / math.sqrt(5))),
    ],
    "row": [
        ("as printed", lambda t: t.amax((1, 2))),
        ("best checkpoint", lambda t: t.amax(2).mean(1)),
        ("best checkpoint of the mean", lambda t: t.mean(1).amax(1)),
        ("best seed", lambda t: t[:, :, -1].amax(1)),
        ("all checkpoints", lambda t: t.mean((1, 2))),
        ("one seed", lambda t: t[:, 0, -1]),
        ("first five seeds", lambda t: t[:, :5, -1].mean(1), "nine seeds"),
        ("last seed", lambda t: t[:, -1, -1]),
        ("first checkpoint", lambda t: t[:, :, 0].mean(1)),
        ("axes taken for each other", lambda t: t[:, -1].mean(1)),
        ("over the blocks", lambda t: t[:, :, -1].mean(0)),
        ("one number", lambda t: t[:, :, -1].mean()),
        ("first block", lambda t: t[:1, :, -1].mean(1)),
        ("not averaged", lambda t: t[:, :, -1]),
        ("added", lambda t: t[:, :, -1].sum(1)),
        ("median", lambda t: t[:, :, -1].median(1).values),
        ("last two", lambda t: t[:, :, -2:].mean((1, 2))),
        ("last but one", lambda t: t[:, :, -2].mean(1) if t.shape[2] > 1 else t[:, :, -1].mean(1)),
        ("third written in", lambda t: t[:, :, min(2, t.shape[2] - 1)].mean(1)),
        ("best block", lambda t: t[:, :, -1].mean(1).amax()),
        ("a constant", lambda t: torch.full_like(t[:, 0, 0], 0.5)),
    ],
    "luck": [
        ("none", 0),
        ("one deviation", 1),
        ("of two", 0.56),
        ("of three", 0.85),
        ("of six", 1.27),
        ("of ten", 1.54),
        ("range", 2.33),
        ("cut off", 1.1),
        ("one unit", 1.3),
        ("too few draws", 1.22),
        ("more digits, off", 1.25),
        ("draws", [0.1, 1.2]),
    ],
}

RIGHT_FORMS = {
    "se_parameters": [552, 552.0],
    "se_operations": [512, np.int64(512)],
    "spatial_operations": [9800, torch.tensor(9800)],
    "non_local_parameters": [2160],
    "non_local_operations": [524_800, 524_800.0],
    "heard": [
        heard_place_by_place,
        lambda a, v: a.mean(0) @ v,
        lambda a, v: v.T @ a.mean(dim=0),
        lambda a, v: (a.mean(0)[:, None] * v).sum(0),
        lambda a, v: (a.sum(0) @ v) / len(a),
        lambda a, v: torch.einsum("j,jc->c", a.mean(0), v),
        lambda a, v: (a.mean(0, keepdim=True) @ v)[0],
        lambda a, v: ((torch.ones(len(a), dtype=a.dtype) / len(a)) @ a) @ v,
        lambda a, v: torch.mv(v.T, a.mean(0)).tolist(),
    ],
    "most_heard": [[0.25, 0.417, 0.333], [1 / 4, 5 / 12, 1 / 3], torch.tensor([[0.25, 0.4167, 0.3333]])],
    "paired": [
        paired_with_statistics,
        paired_by_covariance,
        lambda a, b: ((a - b).mean(), (a - b).std() / math.sqrt(len(a))),
        lambda a, b: [(a - b).mean().item(), (a - b).std().item() / len(a) ** 0.5],
        lambda a, b: torch.stack([a.mean() - b.mean(), (a - b).std(correction=0) / math.sqrt(len(a) - 1)]),
    ],
    "row": [
        lambda t: t[:, :, -1].mean(1),
        lambda t: t[..., -1].mean(-1),
        lambda t: t.mean(dim=1)[:, -1],
        lambda t: t[:, :, -1].sum(1) / t.shape[1],
        lambda t: [float(block[:, -1].mean()) for block in t],
    ],
    "luck": [1.2, 1.16, 1.163, best_of_five(), best_of_five(2000)],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("biases are multiply-adds", "costs.se_operations", "with biases"),
    ("the pairs are forgotten", "costs.non_local_operations", "no pairs"),
    ("rows say who is heard", "columns.heard", "row means"),
    ("the standard deviation is the error", "paired.paired", "standard deviation"),
    ("the variance is the deviation", "paired.paired", "variance for deviation"),
    ("two independent rows", "paired.paired", "unpaired"),
    ("the best checkpoint of the mean is fair", "unfair.row", "best checkpoint of the mean"),
    ("the best of five is one deviation up", "unfair.luck", "one deviation"),
    ("dense rows cannot look far", "shapes.rows_alike", "chose a"),
)
