"""Wrong answers to lesson 9's sheet that its checks must refuse, and right ones in unusual forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from right_answers_real_networks import LookAlikeByCosine
from torch import nn


def cosines(queries, keys):
    return F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T


def off(keys):
    return keys - keys.mean(0)


def share(gradient):
    return gradient.mean((1, 2))[:, None, None]


class PlainScale(nn.Module):
    def __init__(self, scale=6.0):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        k = x.flatten(2).mT
        u = F.normalize(k - k.mean(1, keepdim=True), dim=2)
        return (torch.softmax(self.scale * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class InAList(PlainScale):
    def __init__(self, scale=6.0):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1) * scale)


class OtherName(nn.Module):
    def __init__(self, scale=6.0):
        super().__init__()
        self.s = nn.Parameter(torch.tensor(scale))

    def forward(self, x):
        return x


class Untouched(LookAlikeByCosine):
    def forward(self, x):
        return x * self.scale / self.scale


class SixWrittenIn(LookAlikeByCosine):
    def forward(self, x):
        k = x.flatten(2).mT
        u = F.normalize(k - k.mean(1, keepdim=True), dim=2)
        return (torch.softmax(6 * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class CutOff(LookAlikeByCosine):
    def forward(self, x):
        k = x.flatten(2).mT
        u = F.normalize(k - k.mean(1, keepdim=True), dim=2)
        return (torch.softmax(self.scale.detach() * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class Uncentred(LookAlikeByCosine):
    def forward(self, x):
        k = x.flatten(2).mT
        u = F.normalize(k, dim=2)
        return (torch.softmax(self.scale * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class NanForTheMean(LookAlikeByCosine):
    def forward(self, x):
        k = x.flatten(2).mT
        u = k - k.mean(1, keepdim=True)
        u = u / u.norm(dim=2, keepdim=True)
        return (torch.softmax(self.scale * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class SixTimesScale(LookAlikeByCosine):
    def forward(self, x):
        k = x.flatten(2).mT
        u = F.normalize(k - k.mean(1, keepdim=True), dim=2)
        return (torch.softmax(6 * self.scale * u @ u.mT, 2) @ k).mT.reshape(x.shape)


class WithShortcut(LookAlikeByCosine):
    def forward(self, x):
        return super().forward(x) + x


WRONG = {
    "own": [
        ("the other place", 0.881, "longer"),
        ("in proportion", 5 / 9, "e to the products"),
        ("divided by √C", 0.1955, "√2"),
        ("divided by C", 0.268, "divided by 2"),
        ("by distance", 1 / (1 + math.exp(-2) + math.exp(-6.5))),
        ("all of it", 1.0),
        ("in per cent", 11.9),
        ("two decimals", 0.12, "3 are asked"),
    ],
    "cosines": [
        ("not centred", [1, 7 / math.sqrt(65), -3 / math.sqrt(10)], "come off first"),
        ("products", [1, 1, -2], "divide by both lengths"),
        ("no sign", [1, 0.447, 0.707]),
        ("the three angles", [0, 63.435, 135]),
        ("place 2", [0.447, 1, -0.949]),
    ],
    "across": [
        ("not centred", lambda q, k, s: torch.softmax(s * cosines(q, k), 1), "mean keys"),
        (
            "centred by all",
            lambda q, k, s: torch.softmax(s * cosines(*off(torch.cat([q, k])).split([len(q), len(k)])), 1),
            "together",
        ),
        ("queries as they are", lambda q, k, s: torch.softmax(s * cosines(q, off(k)), 1), "queries are not"),
        ("mean of the keys", lambda q, k, s: torch.softmax(s * cosines(q - k.mean(0), off(k)), 1), "of its own"),
        ("columns", lambda q, k, s: torch.softmax(s * cosines(off(q), off(k)), 0), "dim=1"),
        ("products", lambda q, k, s: torch.softmax(s * off(q) @ off(k).T, 1), "lengths"),
        ("keys ask", lambda q, k, s: torch.softmax(s * cosines(off(k), off(q)), 1)),
        ("scale forgotten", lambda q, k, s: torch.softmax(cosines(off(q), off(k)), 1), "scale is not used"),
        ("scale fixed at 6", lambda q, k, s: torch.softmax(6 * cosines(off(q), off(k)), 1), "6 is written in"),
        ("6 times scale", lambda q, k, s: torch.softmax(6 * s * cosines(off(q), off(k)), 1), "beside scale"),
        (
            "length over the places",
            lambda q, k, s: torch.softmax(s * F.normalize(off(q), dim=0) @ F.normalize(off(k), dim=0).T, 1),
            "over the places",
        ),
        ("no softmax", lambda q, k, s: s * cosines(off(q), off(k))),
        (
            "nan for the mean key",
            lambda q, k, s: torch.softmax(s * F.normalize(off(q)) @ (off(k) / off(k).norm(dim=1)[:, None]).T, 1),
            "edge case",
        ),
        ("divided by the root of c", lambda q, k, s: torch.softmax(s * cosines(off(q), off(k)) / k.shape[1] ** 0.5, 1)),
    ],
    "few": [("counted", 3, "not the same"), ("inverted", 0.375, "1 over it"), ("entropy", 2.828)],
    "all_alike": [("inverted", 1 / 784), ("root", 28, "no root"), ("one", 1, "square each")],
    "one_and_many": [
        ("counted", 51, "half of it"),
        ("the strong one alone", 4, "fifty times"),
        ("inverted", 0.255, "1 over it"),
        ("the many not squared", 1.33, "not squared"),
        ("squared together", 2, "by itself"),
        ("one decimal", 3.9),
    ],
    "contrast": [
        ("first alone", lambda f, a, b: (share(a) * f).sum(0).relu(), "second is not taken off"),
        ("turned round", lambda f, a, b: (share(b - a) * f).sum(0).relu(), "other way round"),
        ("added", lambda f, a, b: (share(a + b) * f).sum(0).relu(), "tell them apart"),
        ("two maps", lambda f, a, b: (share(a) * f).sum(0).relu() - (share(b) * f).sum(0).relu(), "by itself"),
        ("cut twice", lambda f, a, b: ((share(a) * f).sum(0).relu() - (share(b) * f).sum(0).relu()).relu(), "got lost"),
        ("gradient times input", lambda f, a, b: (f * (a - b)).sum(0).relu(), "its own gradient"),
        ("no ReLU", lambda f, a, b: (share(a - b) * f).sum(0), "positive"),
        ("absolute", lambda f, a, b: (share(a - b) * f).sum(0).abs()),
        ("ReLU of each channel", lambda f, a, b: (share(a - b) * f).relu().sum(0), "before the sum"),
        ("ReLU of the share", lambda f, a, b: (share(a - b).relu() * f).sum(0).relu()),
        ("summed gradient", lambda f, a, b: ((a - b).sum((1, 2))[:, None, None] * f).sum(0).relu(), "mean is asked"),
        ("mean over channels", lambda f, a, b: (share(a - b) * f).mean(0).relu(), "added"),
        ("scaled to 1", lambda f, a, b: (lambda m: m / m.max())((share(a - b) * f).sum(0).relu())),
    ],
    "LookAlike": [
        ("a plain number", PlainScale, "scale"),
        ("one entry", InAList, "scale"),
        ("another name", OtherName, "scale"),
        ("the input", Untouched),
        ("6 written in", SixWrittenIn),
        ("6 times scale", SixTimesScale, "beside scale"),
        ("NaN for a key that is the mean", NanForTheMean, "edge case: a picture of one colour"),
        ("cut off", CutOff, "no gradient reaches scale"),
        ("not centred", Uncentred, "mean key"),
        ("a shortcut", WithShortcut, "x was added"),
        ("an instance", LookAlikeByCosine(), "give the class itself"),
    ],
    "middle": [
        ("from the corner", lambda p: p[:, : min(p.shape[1:]), : min(p.shape[1:])], "corner"),
        ("stretched", lambda p: F.interpolate(p[None], (min(p.shape[1:]),) * 2)[0]),
        ("the whole", lambda p: p, "shape"),
        ("the far end", lambda p: p[:, p.shape[1] - min(p.shape[1:]) :, p.shape[2] - min(p.shape[1:]) :]),
        ("turned over", lambda p: p.flip(2)[:, : min(p.shape[1:]), : min(p.shape[1:])]),
    ],
    "mean": [("the sum", 1.5, "divide by seven"), ("of the absolute", 2.5 / 7), ("median", 0.25)],
    "error": [
        ("deviation", 0.366, "√7"),
        ("divided by n", 0.33881 / 7**0.5, "n − 1"),
        ("divided by seven", 0.36596 / 7, "root of seven"),
        ("variance", 0.13393),
    ],
}

RIGHT_FORMS = {
    "own": [0.119, 0.1192, torch.tensor([0.1192]), 1 / (1 + math.exp(2) + math.exp(-8))],
    "cosines": [[1, 0.447, -0.707], (1.0, 0.4472, -0.70711), np.array([1, math.sqrt(0.2), -math.sqrt(0.5)])],
    "few": [2.67, Fraction(8, 3), 8 / 3],
    "all_alike": [784, 784.0, torch.tensor(784)],
    "one_and_many": [3.92, 1 / 0.255],
    "mean": [0.214, Fraction(3, 14), torch.tensor(0.2143)],
    "error": [0.138, 0.13832],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("the mean key is left in", "measure.across", "not centred"),
    ("one mean for both photographs", "measure.across", "one mean of all"),
    ("the softmax runs over the queries", "measure.across", "columns"),
    ("lengths are taken before the mean", "measure.across", "length first"),
    ("every weight above 0 is a vote", "votes.few", "counted"),
    ("Grad-CAM is gradient times input", "map_of_a_score.contrast", "gradient times input"),
    ("a difference of two maps is the map of the difference", "map_of_a_score.contrast", "two maps"),
    ("the ReLU comes before the sum", "map_of_a_score.contrast", "ReLU first"),
    ("the standard deviation is the error of the mean", "judge.error", "deviation"),
    ("no finding proves equality", "judge.finding", "chose c"),
)
