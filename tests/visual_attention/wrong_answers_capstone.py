"""Lesson 8: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math
import statistics

import numpy as np
import torch
from right_answers_capstone import RIGHT
from torch import nn

from visual_attention.lessons.capstone.data import dots_drawn, numerals_drawn


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


def heard_place_by_place(a, v, share):
    weights = share @ a
    return sum(weight * value for weight, value in zip(weights, v, strict=True))


class Ink(nn.Module):
    """The right gate, each part in a method that a wrong answer replaces."""

    def __init__(self, channels, groups):
        super().__init__()
        self.score = nn.Linear(channels, groups)

    def weights(self, x):
        return self.score(x.mean((2, 3))).softmax(1) * self.score.out_features

    def forward(self, x):
        weights = self.weights(x)
        return x * weights.repeat_interleave(x.shape[1] // weights.shape[1], 1)[:, :, None, None]


class InkHardCoded(Ink):
    def forward(self, x):
        return x * 1.0


class InkInAList(Ink):
    def __init__(self, channels, groups):
        super().__init__(channels, groups)
        self.layers = [self.score]
        del self.score

    def weights(self, x):
        return self.layers[0](x.mean((2, 3))).softmax(1) * self.layers[0].out_features


class InkFourGroups(Ink):
    def __init__(self, channels, groups):
        super().__init__(channels, 4)


def ink(**methods):
    return type("Wrong", (Ink,), methods)


def job(n, seed, *, share=None, width=5, low=30, dtype=torch.float32, dot=True, digits=3, draw=None, asked=1):
    """A right job, or one with a fault: digits in three inks below, a dot in one of them above.

    `asked` is 1 for the digit in the ink behind the dot's in the circle, 0 for that in the dot's own: the beacon.
    """
    generator = draw or torch.Generator().manual_seed(seed)
    which = torch.randint(3, (n,), generator=generator)
    numerals = torch.rand(n, 10, generator=generator).argsort(dim=1)[:, :3]
    if share is not None:
        numerals[torch.rand(n, generator=generator) < share] = torch.arange(3)
    columns = torch.randint(5, 33, (n, 2), generator=generator)
    corners = torch.stack([torch.full((n,), low), columns[:, 0]], dim=1)
    centres = torch.stack([torch.full((n,), 8), columns[:, 1] + 3], dim=1)
    inks = torch.zeros(n, 4, 48, 48)
    for k in range(digits):
        numerals_drawn(inks, (which + k) % 3, corners, numerals[:, k], seed + k)
    if dot:
        dots_drawn(inks, which, centres)
    size = torch.full((n, 2), width)
    cue = torch.cat([centres - width // 2, size], dim=1)
    return inks.to(dtype), numerals[:, min(asked, digits - 1)], cue, torch.cat([corners, torch.full((n, 2), 10)], dim=1)


def changed(number, change):
    """A right job with one of its four parts changed."""

    def made(n, seed):
        parts = list(job(n, seed))
        parts[number] = change(parts[number])
        return parts

    return made


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
    "least_side": [
        ("as much", 8, "cost the same"),
        ("one product", 12, "Two products"),
        ("positions", 65, "side of the map"),
        ("inner width", 6, "all 32"),
        ("as now", 10, "begin"),
        ("three maps", 7, "four maps"),
        ("one", 1),
        ("squared", 81),
    ],
    "heard": [
        ("y computed", lambda a, v, s: s @ (a @ v)),
        ("y computed by matmul", lambda a, v, s: (torch.matmul(a, v) * s[:, None]).sum(0)),
        ("y computed by einsum", lambda a, v, s: torch.einsum("i,ic->c", s, torch.einsum("ij,jc->ic", a, v))),
        ("y computed by rows", lambda a, v, s: sum(w * (row @ v) for w, row in zip(s, a, strict=True))),
        ("rows weighed, then y", lambda a, v, s: ((s[:, None] * a) @ v).sum(0)),
        ("mean over all", lambda a, v, s: a.mean(0) @ v),
        ("who listens", lambda a, v, s: (a @ s) @ v),
        ("y itself", lambda a, v, s: a @ v),
        ("values alone", lambda a, v, s: s @ v),
        ("weights alone", lambda a, v, s: s @ a),
        ("not added up", lambda a, v, s: (s @ a)[:, None] * v),
        ("over the channels", lambda a, v, s: ((s @ a)[:, None] * v).sum(1)),
        ("softmax", lambda a, v, s: s @ a.softmax(1) @ v),
        ("divided", lambda a, v, s: s @ a @ v / len(a)),
        ("most asked", lambda a, v, s: a[s.argmax()] @ v),
        ("a constant", lambda a, v, s: torch.zeros_like(v[0])),
    ],
    "most_heard": [
        ("alike", [0.3, 0.367, 0.333], "not asked alike"),
        ("halves", [0.15, 0.45, 0.4], "do not count alike"),
        ("who listens", [0.05, 0.3, 0.625], "Take columns"),
        ("last row", [0.1, 0.1, 0.8], "Place 1"),
        ("shares swapped", [0.175, 0.625, 0.2]),
        ("two decimals", [0.13, 0.28, 0.6]),
        ("one number", 0.6),
        ("sums", [0.9, 1.1, 1.0]),
    ],
    "false_findings": [
        ("a share", 0.18, "per cent"),
        ("known error", 4.55, "known"),
        ("one side", 9.2, "other block"),
        ("five seeds", 11.6, "five seeds"),
        ("two seeds", 29.5, "two seeds"),
        ("none", 0),
        ("five per cent", 5),
        ("half", 50),
    ],
    "reach": [
        ("seven", 3, "7 × 7"),
        ("side", 5, "side of the filter"),
        ("three", 1, "Cedar"),
        ("none", 0),
        ("all", 11),
        ("squared", 4),
        ("pixels", 8),
        ("text", "2", "text"),
    ],
    "predicted": [
        ("one number", 0.7, "Two numbers"),
        ("three", [0.7, 0.6, 0.5], "Two numbers"),
        ("per cent", [70, 50], "not per cent"),
        ("line above", [0.6, 0.8], "lies above"),
        ("no risk", [0.9, 0.1], "hardly a result"),
        ("guessing's line", [0.4, 0.33], "hardly a result"),
        ("text", ["0.7", "0.5"], "text"),
        ("NaN", [math.nan, 0.5]),
        ("below 0", [-0.5, -0.7], "from 0 to 1"),
    ],
    "outcome": [
        ("prediction alone", [0.7, 0.5], "Five numbers"),
        ("accuracies alone", [0.8, 0.81, 0.79], "Five numbers"),
        ("one start, three times", [0.7, 0.5, 0.8, 0.8, 0.8], "new gate each"),
        ("per cent", [0.7, 0.5, 80, 81, 79], "not per cent"),
        ("line above", [0.5, 0.7, 0.8, 0.81, 0.79], "lies above"),
        ("no risk", [0.9, 0.2, 0.8, 0.81, 0.79], "hardly a result"),
        ("nothing gained", [0.7, 0.5, 0.31, 0.33, 0.30], "no finding"),
        ("one lucky start", [0.7, 0.5, 0.32, 0.30, 0.8], "no finding"),
        ("text", "0.8", "text"),
    ],
    "InkGate": [
        ("hard-coded", InkHardCoded, "not multiplied on"),
        ("in a list", InkInAList, "plain list"),
        ("four groups", InkFourGroups, "Four groups"),
        (
            "maximum",
            ink(weights=lambda self, x: self.score(x.amax((2, 3))).softmax(1) * self.score.out_features),
            "maximum",
        ),
        ("sigmoid", ink(weights=lambda self, x: self.score(x.mean((2, 3))).sigmoid()), "do not compete"),
        ("factor", ink(weights=lambda self, x: self.score(x.mean((2, 3))).softmax(1)), "Times the number"),
        (
            "over the pictures",
            ink(weights=lambda self, x: self.score(x.mean((2, 3))).softmax(0) * self.score.out_features),
            "in each picture",
        ),
        (
            "interleaved",
            ink(
                forward=lambda self, x: (
                    x * self.weights(x).repeat(1, x.shape[1] // self.score.out_features)[..., None, None]
                )
            ),
            "side by side",
        ),
        (
            "sixteen written in",
            ink(forward=lambda self, x: x * self.weights(x).repeat_interleave(16, 1)[..., None, None]),
            "16 channels a group",
        ),
        (
            "sixteen written in, gate first",
            ink(forward=lambda self, x: self.weights(x).repeat_interleave(16, 1)[..., None, None] * x),
            "16 channels a group",
        ),
        (
            "detached",
            ink(weights=lambda self, x: (self.score(x.mean((2, 3))).softmax(1) * self.score.out_features).detach()),
            "no gradient reaches",
        ),
        ("gate returned", ink(forward=lambda self, x: self.weights(x)), "shape"),
        ("a function", lambda channels, groups: Ink(channels, groups)),
    ],
    "reads": [
        ("one answer", lambda inks: torch.eye(10)[torch.full((len(inks),), 7)], "whatever the picture"),
        ("noise", lambda inks: torch.rand(len(inks), 10), "guessing"),
        ("labels", lambda inks: torch.zeros(len(inks)), "is asked"),
        ("one axis more", lambda inks: torch.zeros(len(inks), 10, 1), "one more axis"),
        ("NaN", lambda inks: torch.zeros(len(inks), 10) * torch.nan, "finite"),
        ("raises", lambda inks: 1 / 0, "ZeroDivisionError"),
        ("nothing", lambda inks: None, "scores are asked"),
        ("in place", lambda inks: inks.mul_(0)[:, 0, :10, 0] + torch.eye(10)[3], "in place"),
        ("a list", [0.1] * 10, "A function is asked"),
    ],
    "sixth_job": [
        ("not seeded", lambda n, seed: job(n, seed, draw=torch.default_generator), "same seed"),
        ("seed not used", lambda n, seed: job(n, 0), "Two seeds"),
        ("two things", lambda n, seed: job(n, seed)[:2], "four things"),
        ("double", lambda n, seed: job(n, seed, dtype=torch.float64), "float32 is asked"),
        ("too much ink", changed(0, lambda inks: 2 * inks), "from 0"),
        ("one picture", changed(0, lambda inks: inks[:1]), "is asked"),
        ("labels as floats", changed(1, lambda labels: labels.float()), "whole numbers"),
        ("labels from 1", changed(1, lambda labels: labels + 1), "from 0 to 9"),
        ("one answer", changed(1, lambda labels: 0 * labels), "nothing to read"),
        ("not balanced", lambda n, seed: job(n, seed, share=0.5), "not balanced"),
        ("cue everywhere", changed(2, lambda box: torch.tensor([0, 0, 48, 48]).expand(len(box), 4)), "one place"),
        ("box outside", changed(3, lambda box: box + 30), "does not lie in the picture"),
        ("cue not drawn", lambda n, seed: job(n, seed, dot=False), "no ink in the box of cue"),
        ("both in one cell", lambda n, seed: job(n, seed, low=14), "sees both"),
        ("the beacon", lambda n, seed: job(n, seed, asked=0), "the course's own job"),
        ("the beacon with two digits", lambda n, seed: job(n, seed, asked=0, digits=2), "the course's own job"),
        ("answer in sight", lambda n, seed: job(n, seed, digits=1), "does not separate"),
        ("raises", lambda n, seed: 1 / 0, "ZeroDivisionError"),
        ("a number", 3, "A function is asked"),
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
    "least_side": [9, 9.0],
    "heard": [
        heard_place_by_place,
        lambda a, v, s: s @ a @ v,
        lambda a, v, s: v.T @ (a.T @ s),
        lambda a, v, s: ((s @ a)[:, None] * v).sum(0),
        lambda a, v, s: torch.einsum("j,jc->c", (s[:, None] * a).sum(0), v),
        lambda a, v, s: (s[None] @ a @ v)[0],
    ],
    "most_heard": [[0.125, 0.275, 0.6], torch.tensor([[0.125, 0.275, 0.6]])],
    "false_findings": [18, 18.4, 18.35, 18.2],
    "reach": [2],
    "predicted": [[0.7, 0.5], (0.5, 0.5), torch.tensor([0.95, 0.8]), np.array([0.4, 0.38])],
    "outcome": [
        [0.7, 0.5, 0.81, 0.83, 0.80],
        [0.95, 0.9, 0.81, 0.83, 0.80],
        torch.tensor([0.8, 0.6, 0.81, 0.83, 0.80]),
        [0.9, 0.5, 0.7, 0.72, 0.68],
    ],
    "InkGate": [Ink, *RIGHT["InkGate"]],
    "sixth_job": [job],
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
    ("rows say who is heard", "columns.heard", "who listens"),
    ("asked everywhere", "columns.heard", "mean over all places"),
    ("the standard deviation is the error", "paired.paired", "standard deviation"),
    ("the variance is the deviation", "paired.paired", "variance for deviation"),
    ("two independent rows", "paired.paired", "unpaired"),
    ("two errors are five per cent", "paired.false_findings", "many seeds"),
    ("the best checkpoint of the mean is fair", "unfair.row", "best checkpoint of the mean"),
    ("the best of five is one deviation up", "unfair.luck", "one deviation"),
    ("one message excludes frame", "shapes.one_message", "chose a"),
    ("positions in the read-out solve it", "shapes.flat_read_out", "chose a"),
    ("a small thing needs the maximum", "beacon.mean_or_maximum", "chose a"),
    ("groups are interleaved", "ink_gate.InkGate", "groups interleaved"),
    ("gates need not compete", "ink_gate.InkGate", "sigmoids"),
    ("a finding is a reason", "design.proof", "chose a"),
)
