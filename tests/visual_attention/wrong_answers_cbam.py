"""Lesson 7: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
from right_answers_cbam import RIGHT, ChannelByEinsum, PlacesByTwoFilters
from torch import nn


def sigmoid(*logits):
    return [1 / (1 + math.exp(-logit)) for logit in logits]


def joined(matrix, constant):
    return torch.cat([matrix, constant[:, None]], dim=1)


class Channel(nn.Module):
    """The channel gate, each part in a method that a wrong answer replaces."""

    def __init__(self, channels, reduction):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.reduce, self.expand = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def pools(self, x):
        return x.mean((2, 3)), x.amax((2, 3))

    def mlp(self, pool):
        return self.expand(self.reduce(pool).relu())

    def gate(self, x):
        return sum(self.mlp(pool) for pool in self.pools(x)).sigmoid()[:, :, None, None]

    def forward(self, x):
        return x * self.gate(x)


class HardCoded(Channel):
    def forward(self, x):
        return x * torch.full_like(x[:, :, :1, :1], 0.5)


class InADict(Channel):
    def __init__(self, channels, reduction):
        super().__init__(channels, reduction)
        self.layers = {"reduce": self.reduce, "expand": self.expand}
        del self.reduce, self.expand

    def mlp(self, pool):
        return self.layers["expand"](self.layers["reduce"](pool).relu())


class TwoMLPs(Channel):
    def __init__(self, channels, reduction):
        super().__init__(channels, reduction)
        self.reduce2, self.expand2 = (
            nn.Linear(channels, self.reduce.out_features),
            nn.Linear(self.reduce.out_features, channels),
        )

    def gate(self, x):
        mean, top = self.pools(x)
        return (self.mlp(mean) + self.expand2(self.reduce2(top).relu())).sigmoid()[:, :, None, None]


class Detached(Channel):
    def gate(self, x):
        return super().gate(x).detach()


class OneGateForAll(Channel):
    def gate(self, x):
        return super().gate(x).mean(dim=0, keepdim=True)


class OtherAxis(Channel):
    def pools(self, x):
        return x.mean((1, 2)), x.amax((1, 2))


class NoNewAxes(Channel):
    def forward(self, x):
        return x * self.gate(x)[:, :, 0, 0]


class InPlace(Channel):
    def forward(self, x):
        return x.mul_(self.gate(x))


def channel(**methods):
    return type("Wrong", (Channel,), methods)


class Places(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def planes(self, x):
        return torch.stack([x.mean(1), x.amax(1)], dim=1)

    def gate(self, x):
        return self.norm(self.conv(self.planes(x))).sigmoid()

    def forward(self, x):
        return x * self.gate(x)


class WithBias(Places):
    def __init__(self, kernel_size):
        super().__init__(kernel_size)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2)


class NoNorm(Places):
    def __init__(self, kernel_size):
        super().__init__(kernel_size)
        del self.norm

    def gate(self, x):
        return self.conv(self.planes(x)).sigmoid()


class Unpadded(Places):
    def __init__(self, kernel_size):
        super().__init__(kernel_size)
        self.conv = nn.Conv2d(2, 1, kernel_size, bias=False)


def places(**methods):
    return type("Wrong", (Places,), methods)


class Both(nn.Module):
    def __init__(self, channels, reduction, kernel_size):
        super().__init__()
        self.channel, self.spatial = Channel(channels, reduction), Places(kernel_size)

    def gate(self, x):
        return self.spatial.gate(self.channel(x))

    def forward(self, x):
        return self.spatial(self.channel(x))


class Renamed(nn.Module):
    def __init__(self, channels, reduction, kernel_size):
        super().__init__()
        self.first, self.second = ChannelByEinsum(channels, reduction), PlacesByTwoFilters(kernel_size)

    def forward(self, x):
        return self.second(self.first(x))


def both(forward):
    return type("Wrong", (Both,), {"forward": forward})


def rings(gates, dots, *, power=0.5, add=0.5):
    rows = torch.arange(gates.shape[1])[:, None] - dots[:, 0, None, None]
    columns = torch.arange(gates.shape[2]) - dots[:, 1, None, None]
    ring = ((rows**2 + columns**2) ** power + add).floor()
    return torch.stack([gates[ring == r].mean() if (ring == r).any() else gates.new_zeros(()) for r in range(9)])


WRONG = {
    "one_gate": [
        ("no normalisation", 50, "scale and a shift"),
        ("one plane", 27, "one input plane"),
        ("with a bias", 53, "no bias"),
        ("statistics", 54, "not learned"),
        ("k of 7", 100, "k is 5"),
        ("a row", 12, "5 × 5"),
        ("one off", 51),
        ("in text", "52", "text"),
    ],
    "channel_gates": [
        ("no biases", 314_368, "have biases"),
        ("blocks forgotten", 88_120, "one block a stage"),
        ("two MLPs", 637_232, "share one MLP"),
        ("the lesson's", 2_514_944),
        ("in thousands", 318.616),
        ("one off", 318_617),
        ("hidden biases only", 314_840, "second layer has biases"),
        ("outer biases only", 318_144, "first layer has biases"),
    ],
    "spatial_work": [
        ("one plane", 346_675, "two planes"),
        ("at one place", 800, "one place"),
        ("FLOPs", 1_386_700, "multiply-adds"),
        ("k of 7", 1_358_966),
        ("weights", 832),
        ("with normalisation", 721_084),
        ("one off", 693_351),
        ("in millions", 0.69335),
    ],
    "channel_work": [
        ("one pool", 314_368, "twice a block"),
        ("FLOPs", 1_257_472),
        ("with biases", 637_232, "multiplies nothing"),
        ("weights", 318_616),
        ("one off", 628_737),
        ("in millions", 0.628736),
        ("three pools", 943_104),
        ("hidden layer only", 157_184),
        ("second matrix once", 471_552, "second matrix is counted once"),
    ],
    "spatial_share": [
        ("of the weights", 0.26, "share of the work"),
        ("the other", 47.6, "channel gates' share"),
        ("a fraction", 0.524, "per cent"),
        ("a ratio", 110.3, "both together"),
        ("one pool", 68.8, "twice a block"),
        ("second matrix once", 59.5, "second matrix is counted once"),
        ("one unit", 52.5),
        ("half", 50),
        ("whole", 100),
    ],
    "pictures": [
        ("per cent of per cent", 2.4, "divide by 100 once"),
        ("a fraction", 24_000, "not 48 %"),
        ("the orders", 60, "0.12 points"),
        ("CBAM's errors", 11_330, "difference is asked"),
        ("SE's errors", 11_570, "difference is asked"),
        ("one more", 241),
        ("points", 0.48),
        ("half", 120),
    ],
    "in_errors": [
        ("of one model", 2.56, "Both are samples"),
        ("the error itself", 0.27, "Divide the gap"),
        ("added", 1.28, "as squares"),
        ("upside down", 0.55, "how many"),
        ("the orders", 0.45, "0.12"),
        ("cut off", 1.8, "2 are asked"),
        ("two", 2.0),
        ("one unit", 1.82),
    ],
    "thousand_pictures": [
        ("one error", 244, "Two are asked"),
        ("one model", 488, "variances add"),
        ("pictures", 975_443, "thousands"),
        ("pictures, rounded on the way", 975_442, "thousands"),
        ("CBAM alone", 487, "variances add"),
        ("rounded up", 976, "nearest"),
        ("not squared", 221),
        ("CBAM and SE", 61, "0.48 points"),
        ("in millions", 0.975),
        ("twenty times", 1000),
        ("one unit", 977),
    ],
    "most_disagreement": [
        ("a fraction", 0.018, "per cent"),
        ("one error", 7.2, "Two are asked"),
        ("the gap", 0.12, "may it be at most"),
        ("per mille", 18, "per cent"),
        ("as assumed in the lesson", 5),
        ("one unit", 1.9),
        ("twice", 3.6),
        ("not squared", 134.2, "square both sides"),
    ],
    "with_relu": [
        ("no ReLU", sigmoid(0.5, -0.5), "becomes 0"),
        ("bias once", sigmoid(2.25, -1.25), "enters twice"),
        ("no b₁", sigmoid(2, -1), "b₁ is missing"),
        ("no biases", sigmoid(3, -1.5), "biases"),
        ("swapped", sigmoid(-1.5, 2.5), "swapped"),
        ("logits", [2.5, -1.5], "logits"),
        ("one gate", 0.924, "shape"),
        ("two decimals", [0.92, 0.18], "3 are asked"),
    ],
    "without_relu": [
        ("with ReLU", sigmoid(2.5, -1.5), "let −2 pass"),
        ("bias once", sigmoid(0.25, -0.25), "enters twice"),
        ("no b₁", [0.5, 0.5], "b₁ is missing"),
        ("b₀ once", sigmoid(1.5, -1), "b₀ enters twice"),
        ("swapped", sigmoid(-0.5, 0.5), "swapped"),
        ("logits", [0.5, -0.5], "logits"),
        ("one unit", [0.623, 0.378]),
        ("cut off", [0.622, 0.377], "cut off"),
    ],
    "merged": [
        ("biases once", lambda w0, b0, w1, b1: joined(w1 @ w0, w1 @ b0 + b1), "enters twice"),
        ("b₀ once", lambda w0, b0, w1, b1: joined(w1 @ w0, w1 @ b0 + 2 * b1), "b₀ enters twice"),
        ("b₁ once", lambda w0, b0, w1, b1: joined(w1 @ w0, 2 * w1 @ b0 + b1), "b₁ enters twice"),
        ("b₀ lost", lambda w0, b0, w1, b1: joined(w1 @ w0, 2 * b1), "goes through"),
        ("b₁ lost", lambda w0, b0, w1, b1: joined(w1 @ w0, 2 * w1 @ b0), "b₁ is missing"),
        ("everything twice", lambda w0, b0, w1, b1: 2 * joined(w1 @ w0, w1 @ b0 + b1), "no factor 2"),
        ("M alone", lambda w0, b0, w1, b1: w1 @ w0, "M alone"),
        ("constant in front", lambda w0, b0, w1, b1: joined(w1 @ w0, 2 * (w1 @ b0 + b1)).roll(1, 1)),
        ("constant as a row", lambda w0, b0, w1, b1: torch.cat([w1 @ w0, 2 * (w1 @ b0 + b1)[None]])),
        ("a ReLU left", lambda w0, b0, w1, b1: joined(w1 @ w0, 2 * (w1 @ b0.relu() + b1)), "still a ReLU"),
    ],
    "our_kernel": [
        ("as it was", lambda kernel, *numbers: kernel),
        ("planes turned only", lambda kernel, *numbers: kernel.flip(1), "normalisation's factor"),
        ("planes not turned", lambda k, m, v, s, b: k * s / (v + 1e-5).sqrt(), "change places"),
        ("variance", lambda k, m, v, s, b: k.flip(1) * s / (v + 1e-5), "it is the root"),
        ("no eps", lambda k, m, v, s, b: k.flip(1) * s / v.sqrt(), "eps"),
        ("no scale", lambda k, m, v, s, b: k.flip(1) / (v + 1e-5).sqrt(), "learned scale"),
        ("multiplied", lambda k, m, v, s, b: k.flip(1) * s * (v + 1e-5).sqrt()),
        ("left to right", lambda k, m, v, s, b: k.flip(3) * s / (v + 1e-5).sqrt(), "input planes have to change"),
        ("upside down", lambda k, m, v, s, b: k.flip(2) * s / (v + 1e-5).sqrt(), "input planes have to change"),
        ("everything turned", lambda k, m, v, s, b: k.flip(1, 2, 3) * s / (v + 1e-5).sqrt(), "turned round"),
        ("shifted", lambda k, m, v, s, b: k.flip(1) * s / (v + 1e-5).sqrt() + b),
    ],
    "our_bias": [
        ("shift", lambda k, m, v, s, b: b.clone(), "running mean"),
        ("mean not scaled", lambda k, m, v, s, b: b - m, "both act on it"),
        ("sign", lambda k, m, v, s, b: b + m * s / (v + 1e-5).sqrt(), "not added"),
        ("no shift", lambda k, m, v, s, b: -m * s / (v + 1e-5).sqrt(), "shift is missing"),
        ("no scale", lambda k, m, v, s, b: b - m / (v + 1e-5).sqrt(), "not multiplied"),
        ("shift scaled", lambda k, m, v, s, b: (b - m) * s / (v + 1e-5).sqrt(), "comes last"),
        ("no eps", lambda k, m, v, s, b: b - m * s / v.sqrt(), "eps"),
        ("nothing", lambda k, m, v, s, b: 0 * b),
    ],
    "ChannelGate": [
        ("hard-coded", HardCoded, "constant"),
        ("in a dict", InADict, "plain dict of modules"),
        ("not shared", TwoMLPs),
        ("no gradient", Detached, "no gradient reaches"),
        ("one gate for all pictures", OneGateForAll),
        ("wrong axes", OtherAxis),
        ("no new axes", NoNewAxes, "no axes for the places"),
        (
            "no new axes, gate first",
            channel(forward=lambda self, x: self.gate(x)[:, :, 0, 0] * x),
            "no axes for the places",
        ),
        (
            "ReLU after the hidden sum",
            channel(
                gate=lambda self, x: self.expand(sum(self.reduce(p) for p in self.pools(x)).relu()).sigmoid()[
                    :, :, None, None
                ]
            ),
            "before the ReLU",
        ),
        (
            "the MLP as one batch, its second layer once",
            channel(
                gate=lambda self, x: (
                    (torch.stack(self.pools(x)) @ self.reduce.weight.T + self.reduce.bias).relu().sum(0)
                    @ self.expand.weight.T
                    + self.expand.bias
                ).sigmoid()[:, :, None, None]
            ),
            "b₁ enters twice",
        ),
        (
            "ReLU after both layers",
            channel(
                gate=lambda self, x: (
                    sum(self.expand(self.reduce(p)) for p in self.pools(x)).relu().sigmoid()[:, :, None, None]
                )
            ),
            "behind both layers",
        ),
        ("in place", InPlace, "in place"),
        ("no ReLU", channel(mlp=lambda self, pool: self.expand(self.reduce(pool))), "ReLU"),
        ("mean only", channel(pools=lambda self, x: (x.mean((2, 3)),)), "maximum is missing"),
        ("gate not applied", channel(forward=lambda self, x: x), "not multiplied on"),
        (
            "sigmoid before the sum",
            channel(gate=lambda self, x: sum(self.mlp(p).sigmoid() for p in self.pools(x))[:, :, None, None]),
            "above 1",
        ),
        ("a function", lambda channels, reduction: Channel(channels, reduction)),
        ("made already", Channel(8, 4), "without brackets"),
    ],
    "SpatialGate": [
        ("no padding", Unpadded, "no padding"),
        ("with a bias", WithBias, "conv.bias"),
        ("no normalisation", NoNorm, "norm"),
        ("over the places", places(planes=lambda self, x: torch.stack([x.mean((2, 3)), x.amax((2, 3))], 1)[..., None])),
        (
            "over the places, without a last axis",
            places(planes=lambda self, x: torch.stack([x.mean((2, 3)), x.amax((2, 3))], 1)),
            "that is the channel gate",
        ),
        (
            "over the places, side by side",
            places(planes=lambda self, x: torch.cat([x.mean((2, 3), True), x.amax((2, 3), True)], 1)),
            "that is the channel gate",
        ),
        ("swapped", places(planes=lambda self, x: torch.stack([x.amax(1), x.mean(1)], 1)), "stacked first"),
        ("mean twice", places(planes=lambda self, x: torch.stack([x.mean(1)] * 2, 1)), "Both planes are the mean"),
        ("gate not applied", places(forward=lambda self, x: x), "not multiplied on"),
        ("gate returned", places(forward=lambda self, x: self.gate(x)), "gate came back"),
        ("no sigmoid", places(gate=lambda self, x: self.norm(self.conv(self.planes(x)))), "sigmoid is missing"),
        ("absolute", places(planes=lambda self, x: torch.stack([x.mean(1), x.abs().amax(1)], 1))),
    ],
    "Cbam": [
        ("order", both(lambda self, x: self.channel(self.spatial(x))), "came first"),
        ("parallel", both(lambda self, x: x * self.channel.gate(x) * self.spatial.gate(x)), "parallel"),
        ("channel lost", both(lambda self, x: x * self.spatial.gate(self.channel(x))), "got lost"),
        ("spatial forgotten", both(lambda self, x: self.channel(x)), "spatial gate is missing"),
        ("a shortcut", both(lambda self, x: x + self.spatial(self.channel(x))), "shortcut"),
        ("added", both(lambda self, x: self.channel(x) + self.spatial(self.channel(x)))),
        ("other names", Renamed, "state_dict lacks"),
        (
            "another gate to look at",
            type("Wrong", (Both,), {"gate": lambda self, x: self.spatial.gate(x)}),
            "computed from x",
        ),
        (
            "the gate of what comes out",
            type("Wrong", (Both,), {"gate": lambda self, x: self.spatial.gate(self(x))}),
            "computed from F''",
        ),
        (
            "a gate of another kind",
            type("Wrong", (Both,), {"gate": lambda self, x: 1 - self.spatial.gate(self.channel(x))}),
            "forward is right, gate is not",
        ),
        (
            "both gates to look at",
            type("Wrong", (Both,), {"gate": lambda self, x: self.channel.gate(x) * self.spatial.gate(self.channel(x))}),
            "forward is right, gate is not. The result has the shape",
        ),
        ("nothing", both(lambda self, x: x)),
        ("twice", both(lambda self, x: self.spatial(self.channel(self.channel(x)))), "twice"),
    ],
    "blocks_left": [
        ("one too many", 10, "below a millionth"),
        ("one gate", 19, "a quarter"),
        ("not rounded", 9.97, "Whole blocks"),
        ("all", 16, "far below"),
        ("one too few", 8),
        ("sign", -9),
        ("a logarithm", 6),
        ("half", 4.98),
    ],
    "profile": [
        ("rows and columns", lambda g, d: rings(g, d.flip(1)), "row comes first"),
        ("cut off", lambda g, d: rings(g, d, add=0), "cut off"),
        ("squared", lambda g, d: rings(g, d, power=1), "root"),
        ("first picture", lambda g, d: rings(g[:1], d[:1]), "first picture"),
        ("one dot", lambda g, d: rings(g, d[:1].expand(len(g), 2)), "its own"),
        ("constant", lambda g, d: torch.full((9,), 0.5)),
        ("eight rings", lambda g, d: rings(g, d)[:8], "shape"),
        ("the mean gate", lambda g, d: g.mean().expand(9)),
        ("NaN for empty rings", lambda g, d: torch.where(rings(g, d) == 0, torch.nan, rings(g, d)), "nan"),
    ],
    "open_at": [
        ("pixels", 12, "4 pixels"),
        ("the dot", 0, "nearly shut"),
        ("far away", 8, "largest entry"),
        ("next", 4),
        ("before", 2),
        ("share", 0.86),
        ("profile", [0.2, 0.3, 0.6, 0.9]),
        ("between", 3.5),
    ],
    "first_ratio": [
        ("default", 16, "2.5 million"),
        ("half", 8, "30.6"),
        ("twice", 64, "halve when r doubles"),
        ("quarter", 4),
        ("share", 1 / 32),
        ("one off", 33),
        ("weights", 26.83),
        ("text", "32", "text"),
    ],
    "second_ratio": [
        ("default", 16, "25.915"),
        ("the other way", 32, "smaller, not larger"),
        ("too small", 4, "too many"),
        ("two", 2),
        ("one off", 9),
        ("sign", -8),
        ("share", 1 / 8),
        ("text", "8", "text"),
    ],
}

RIGHT_FORMS = {
    "one_gate": [52, 52.0, torch.tensor(52)],
    "channel_gates": [318_616, np.int64(318_616)],
    "spatial_work": [693_350],
    "channel_work": [628_736, Fraction(628_736)],
    "spatial_share": [52.4, 52.44, 100 * 693_350 / 1_322_086],
    "in_errors": [1.81, 1.8062],
    "thousand_pictures": [975, 975.4],
    "most_disagreement": [1.8],
    "with_relu": [[0.924, 0.182], torch.tensor([2.5, -1.5]).sigmoid()],
    "merged": list(RIGHT["merged"]),
    "ChannelGate": [Channel, *RIGHT["ChannelGate"]],
    "SpatialGate": [Places, *RIGHT["SpatialGate"]],
    "Cbam": [Both, *RIGHT["Cbam"]],
    "profile": [rings, *RIGHT["profile"]],
    "blocks_left": [9, 9.0],
    "open_at": [3, torch.tensor(3)],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("a bias in the filter", "counts.one_gate", "with bias"),
    ("two MLPs", "channel_gate.ChannelGate", "MLP not shared"),
    ("the ReLU does not matter", "channel_gate.ChannelGate", "no ReLU"),
    ("squash each", "channel_gate.ChannelGate", "sigmoid before the sum"),
    ("a gate that nobody uses", "channel_gate.ChannelGate", "gate not applied"),
    ("pooled over places once more", "spatial_gate.SpatialGate", "pooled over the places"),
    ("the paper's order turned round", "both_gates.Cbam", "order turned round"),
    ("M_s of F", "both_gates.Cbam", "side by side"),
    ("biases once", "relu.merged", "biases once"),
    ("it is bold", "significance.verdict", "chose a"),
    ("the profile proves the ring", "ring.what_it_hides", "chose a"),
    ("BAM's numbers are CBAM's", "detective.second_block", "chose a"),
)
