"""Lesson 7: wrong answers and shortcuts, and right answers in other forms."""

import math
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# Exercise 1


def layers(x, hidden, bias=False):
    torch.manual_seed(7)
    return nn.Linear(x.shape[1], hidden, bias=bias), nn.Linear(hidden, x.shape[1], bias=bias)


def mlp(fc, pool):
    return fc[1](torch.relu(fc[0](pool)))


def pools(x):
    return x.mean((2, 3)), x.amax((2, 3))


def mended_with(make=lambda x, ratio: max(x.shape[1] // ratio, 1), gate=None, bias=False):
    """The right answer with another hidden width, or another gate (N, C) made of the layers and x."""

    def mended(x, ratio):
        fc = layers(x, make(x, ratio), bias)
        logits = gate(fc, x) if gate else torch.sigmoid(sum(mlp(fc, pool) for pool in pools(x)))
        return x * logits[:, :, None, None]

    return mended


def listing(x, ratio):
    channels = x.shape[1]
    torch.manual_seed(7)
    fc1 = nn.Conv2d(channels, channels // 16, 1, bias=False)
    fc2 = nn.Conv2d(channels // 16, channels, 1, bias=False)
    both = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
    return torch.sigmoid(sum(fc2(torch.relu(fc1(pool))) for pool in both))


def unseeded(x, ratio):
    hidden = max(x.shape[1] // ratio, 1)
    fc = nn.Linear(x.shape[1], hidden, bias=False), nn.Linear(hidden, x.shape[1], bias=False)
    return x * sum(mlp(fc, pool) for pool in pools(x)).sigmoid()[:, :, None, None]


def five_floats(x, ratio):
    return torch.tensor([2.0 * x.shape[1] * max(x.shape[1] // ratio, 1), *x.shape])


def unshared(x, ratio):
    hidden = max(x.shape[1] // ratio, 1)
    torch.manual_seed(7)
    fc = [(nn.Linear(x.shape[1], hidden, bias=False), nn.Linear(hidden, x.shape[1], bias=False)) for _ in range(2)]
    return x * sum(mlp(each, pool) for each, pool in zip(fc, pools(x), strict=True)).sigmoid()[:, :, None, None]


def second_layer_first(x, ratio):
    hidden = max(x.shape[1] // ratio, 1)
    torch.manual_seed(7)
    fc2 = nn.Linear(hidden, x.shape[1], bias=False)
    fc = nn.Linear(x.shape[1], hidden, bias=False), fc2
    return x * sum(mlp(fc, pool) for pool in pools(x)).sigmoid()[:, :, None, None]


def without_new_axes(x, ratio):
    fc = layers(x, max(x.shape[1] // ratio, 1))
    return x * torch.sigmoid(sum(mlp(fc, pool) for pool in pools(x)))


MENDED = [
    ("no attention at all", lambda x, ratio: x, "no gate"),
    ("no attention, copied", lambda x, ratio: x.clone(), "no gate"),
    ("the weights counted, no map", five_floats, "shape"),
    ("half of everything", lambda x, ratio: x / 2),
    ("nothing mended", listing, "listing as it was"),
    ("ratio ignored", mended_with(lambda x, ratio: max(x.shape[1] // 16, 1)), "16 still stands"),
    ("no hidden unit", mended_with(lambda x, ratio: x.shape[1] // ratio), "Keep at least one"),
    ("sixteen units at least", mended_with(lambda x, ratio: max(x.shape[1] // ratio, 16))),
    ("rounded up", mended_with(lambda x, ratio: -(-x.shape[1] // ratio)), "rounded up"),
    ("rounded to the nearest", mended_with(lambda x, ratio: max(round(x.shape[1] / ratio), 1))),
    ("ratio as width", mended_with(lambda x, ratio: ratio)),
    ("the gate", lambda x, ratio: mended_with()(torch.ones_like(x), ratio)[:, :, :1, :1]),
    ("biases", mended_with(bias=True), "bias=False"),
    ("no sigmoid", mended_with(gate=lambda fc, x: sum(mlp(fc, p) for p in pools(x))), "sigmoid is missing"),
    ("a softmax", mended_with(gate=lambda fc, x: sum(mlp(fc, p) for p in pools(x)).softmax(1))),
    ("a tanh", mended_with(gate=lambda fc, x: sum(mlp(fc, p) for p in pools(x)).tanh())),
    (
        "sigmoid of each",
        mended_with(gate=lambda fc, x: sum(mlp(fc, p).sigmoid() for p in pools(x))),
        "listing adds first",
    ),
    ("mean only", mended_with(gate=lambda fc, x: mlp(fc, x.mean((2, 3))).sigmoid()), "maximum is missing"),
    ("maximum only", mended_with(gate=lambda fc, x: mlp(fc, x.amax((2, 3))).sigmoid()), "mean is missing"),
    ("no ReLU", mended_with(gate=lambda fc, x: sum(fc[1](fc[0](p)) for p in pools(x)).sigmoid()), "ReLU"),
    ("ReLU after the sum", mended_with(gate=lambda fc, x: mlp(fc, sum(pools(x))).sigmoid()), "before the ReLU"),
    ("ReLU last", mended_with(gate=lambda fc, x: sum(fc[1](fc[0](p)).relu() for p in pools(x)).sigmoid())),
    ("sum for mean", mended_with(gate=lambda fc, x: (mlp(fc, x.sum((2, 3))) + mlp(fc, x.amax((2, 3)))).sigmoid())),
    (
        "absolute maximum",
        mended_with(gate=lambda fc, x: (mlp(fc, x.mean((2, 3))) + mlp(fc, x.abs().amax((2, 3)))).sigmoid()),
    ),
    ("two MLPs", unshared, "share"),
    ("fc2 first", second_layer_first, "fc2 was made before"),
    ("no seed", unseeded, "manual_seed(7)"),
    ("gate without new axes", without_new_axes, "new axes"),
    ("a shortcut", lambda x, ratio: x + mended_with()(x, ratio)),
    ("in float16", lambda x, ratio: mended_with()(x, ratio).half()),
]
UNMENDED = [
    ("ratio honoured", [1024, 512, 256], "mended listing"),
    ("one matrix", [256, 256, 256], "one of the two"),
    ("with biases", [580, 580, 580], "biases"),
    ("one number", 512, "shape"),
    ("two of three", [512, 512], "shape"),
    ("always ratio 8", [1024, 1024, 1024], "is 4"),
    ("nearly", [512, 512, 513]),
    ("in text", ["512", "512", "512"], "text"),
]

# Exercise 2

BAM_PARAMETERS = [
    ("raw count", 25_915_099, "divide by 10⁶"),
    ("cut off", 25.91, "cut off"),
    ("one unit of the last digit", 25.93),
    ("one decimal", 25.9, "1 decimal: 2 are asked"),
    ("plain network", 25.557, "nothing in its slots"),
    ("in the branches", 30.77, 'place="stage"'),
    ("what BAM adds", 0.358, "whole network"),
    ("in thousands", 25_915.099),
]
BAM_OPERATIONS = [
    ("raw count", 3_940_120_320, "divide by 10⁹"),
    ("in millions", 3940.12, "millions"),
    ("one unit of the last digit", 3.95),
    ("one unit less", 3.93),
    ("one decimal", 3.9),
    ("version 1.5", 4.17, 'version "1"'),
    ("twice, as FLOPs", 7.88, "multiply-adds"),
    ("plain network", 3.86, "nothing in its slots"),
]
OVERHEAD_TWICE = [
    ("one unit of the last digit", 4.03),
    ("one unit less", 4.01),
    ("the overhead once", 3.94, "once"),
    ("the overhead alone", 0.164, "Add the network"),
    ("all twice", 7.88, "not the network"),
    ("raw count", 4_022_267_392, "divide by 10⁹"),
]
RIGHT_PARAMETERS = [
    ("as printed", 25.92, "prints"),
    ("cut off", 28.08, "cut off"),
    ("plain network", 25.56, "without any gate"),
    ("raw count", 28_088_024, "divide by 10⁶"),
    ("what SE adds", 2.53, "whole"),
]
RIGHT_OPERATIONS = [
    ("one unit of the last digit: all of CBAM", 3.864, "all of CBAM"),
    ("one unit less", 3.862),
    ("two decimals", 3.86, "Three decimals"),
    ("SE", 3.860, "mean alone"),
    ("SE, exactly", 3.860488192, "mean alone"),
    ("as printed", 4.02, "prints"),
    ("plain network", 3.858, "without any gate"),
    ("raw count", 3_863_003_136, "divide by 10⁹"),
    ("version 1.5", 4.094, 'version "1"'),
]

# Exercise 3


def sigmoid(*logits):
    return [1 / (1 + math.exp(-logit)) for logit in logits]


WITH_RELU = [
    ("one unit of the last digit", [0.953, 0.183]),
    ("cut off", [0.952, 0.182], "cut off"),
    ("two decimals", [0.95, 0.18], "3 are asked"),
    ("no ReLU", sigmoid(1, -0.5), "ReLU"),
    ("the channels swapped", sigmoid(-1.5, 3), "swapped"),
    ("the logits", [3, -1.5], "logits"),
    ("the maximum only", [0.5, 0.5], "maximum alone"),
    ("absolute values", sigmoid(5, -2.5), "makes 0 of it"),
    ("a softmax", torch.softmax(torch.tensor([3.0, -1.5]), 0), "no competition"),
    ("sigmoid of each", [a + 0.5 for a in sigmoid(3, -1.5)], "squash once"),
    ("one gate", 0.953, "shape"),
]
WITHOUT_RELU = [
    ("one unit of the last digit", [0.731, 0.379]),
    ("cut off", [0.731, 0.377], "cut off"),
    ("with ReLU", sigmoid(3, -1.5), "with the ReLU"),
    ("the channels swapped", sigmoid(-0.5, 1), "swapped"),
    ("the logits", [1, -0.5], "logits"),
    ("averaged", sigmoid(0.5, -0.25), "not averaged"),
    ("the maximum only", sigmoid(-2, 1), "maximum alone"),
    ("sigmoid of each", [a + b for a, b in zip(sigmoid(3, -1.5), sigmoid(-2, 1), strict=True)], "squash once"),
]
MERGED = [
    ("the other order", lambda w0, w1: w0 @ w1, "on the right"),
    ("transposed", lambda w0, w1: (w1 @ w0).T, "swapped"),
    ("twice", lambda w0, w1: 2 * w1 @ w0, "no factor 2"),
    ("half", lambda w0, w1: w1 @ w0 / 2, "no factor ½"),
    ("ReLU kept on the weights", lambda w0, w1: w1 @ w0.relu(), "never acts on a weight"),
    ("ReLU of the product", lambda w0, w1: (w1 @ w0).relu()),
    ("entry by entry", lambda w0, w1: w1 * w0.T, "matrix product"),
    ("squashed", lambda w0, w1: torch.sigmoid(w1 @ w0), "not on the matrix"),
    ("in place", lambda w0, w1: w0.mul_(1) if w0.add_(1) is None else w1 @ w0, "in place"),
    ("both matrices", lambda w0, w1: (w1, w0)),
    ("symmetric", lambda w0, w1: (w1 @ w0 + (w1 @ w0).T) / 2),
]

# Exercise 4


def maps(x):
    return torch.stack([x.mean(1), x.amax(1)], 1)


def conv(planes, kernel):
    return F.conv2d(planes, kernel, padding=kernel.shape[-1] // 2)


def gated_by(planes):
    """The right gate, of other planes."""
    return lambda x, kernel: x * conv(planes(x), kernel).sigmoid()


def batch_norm(x, kernel):
    return x * F.batch_norm(conv(maps(x), kernel), None, None, training=True).sigmoid()


SPATIAL = [
    ("the gate", lambda x, kernel: conv(maps(x), kernel).sigmoid(), "Multiply it onto x"),
    ("planes swapped", gated_by(lambda x: maps(x).flip(1)), "stacked first"),
    ("no sigmoid", lambda x, kernel: x * conv(maps(x), kernel), "between 0 and 1"),
    ("padding forgotten", lambda x, kernel: x * F.conv2d(maps(x), kernel).sigmoid(), "padding"),
    ("padding 1", lambda x, kernel: x * F.conv2d(maps(x), kernel, padding=1).sigmoid(), "fits k = 3 only"),
    ("padding 3", lambda x, kernel: x * F.conv2d(maps(x), kernel, padding=3).sigmoid(), "fits k = 7 only"),
    (
        "the edge repeated",
        lambda x, kernel: x * F.conv2d(F.pad(maps(x), [kernel.shape[-1] // 2] * 4, mode="replicate"), kernel).sigmoid(),
        "Zeros are asked",
    ),
    ("pooled over the places", gated_by(lambda x: torch.cat([x.mean((2, 3), True), x.amax((2, 3), True)], 1)), "dim 1"),
    ("pooled over the width", gated_by(lambda x: torch.stack([x.mean(3), x.amax(3)], 1)), "channels, dim 1"),
    ("pooled over the pictures", gated_by(lambda x: torch.stack([x.mean(0), x.amax(0)], 1))),
    ("no new axis", lambda x, kernel: x * conv(maps(x), kernel).sigmoid().squeeze(1), "without an axis"),
    ("all axes squeezed", lambda x, kernel: x * conv(maps(x), kernel).sigmoid().squeeze()),
    ("absolute maximum", gated_by(lambda x: torch.stack([x.mean(1), x.abs().amax(1)], 1)), "absolute"),
    ("absolute values throughout", gated_by(lambda x: maps(x.abs()))),
    ("minimum", gated_by(lambda x: torch.stack([x.mean(1), x.amin(1)], 1))),
    ("median", gated_by(lambda x: torch.stack([x.median(1).values, x.amax(1)], 1))),
    ("standard deviation", gated_by(lambda x: torch.stack([x.std(1, correction=0), x.amax(1)], 1)), "deviation"),
    ("sum", gated_by(lambda x: torch.stack([x.sum(1), x.amax(1)], 1)), "divide by their number"),
    ("mean twice", gated_by(lambda x: torch.stack([x.mean(1)] * 2, 1)), "Both planes are the mean"),
    ("maximum twice", gated_by(lambda x: torch.stack([x.amax(1)] * 2, 1)), "Both planes are the maximum"),
    ("turned round", lambda x, kernel: x * conv(maps(x), kernel.flip(2, 3)).sigmoid(), "turned round"),
    ("transposed filter", lambda x, kernel: x * conv(maps(x), kernel.transpose(2, 3)).sigmoid()),
    ("a ReLU", lambda x, kernel: x * conv(maps(x), kernel).relu().sigmoid(), "below ½"),
    ("a softmax", lambda x, kernel: x * conv(maps(x), kernel).flatten(2).softmax(2).view_as(x[:, :1]), "compete"),
    ("normalised", batch_norm),
    ("a shortcut", lambda x, kernel: x + x * conv(maps(x), kernel).sigmoid(), "shortcut"),
    ("nothing", lambda x, kernel: x),
    ("the first picture's gate", lambda x, kernel: x * conv(maps(x), kernel).sigmoid()[:1]),
    ("gate of the whole batch", lambda x, kernel: x * conv(maps(x), kernel).sigmoid().mean(0, keepdim=True)),
]

# Exercise 5

TO_OURS = [
    ("unchanged", lambda kernel: kernel, "shapes agree"),
    ("outputs turned", lambda kernel: kernel.flip(0), "shapes agree"),
    ("turned in the plane", lambda kernel: kernel.flip(2, 3), "180°"),
    ("everything turned", lambda kernel: kernel.flip(1, 2, 3), "planes are right"),
    ("flipped in height and planes", lambda kernel: kernel.flip(1, 2)),
    ("transposed in the plane", lambda kernel: kernel.transpose(2, 3), "Height and width"),
    ("planes swapped and transposed", lambda kernel: kernel.flip(1).transpose(2, 3), "planes are right"),
    ("axes swapped", lambda kernel: kernel.transpose(0, 1), "not the axes"),
    ("first plane twice", lambda kernel: kernel[:, :1].expand(-1, 2, -1, -1), "first one now"),
    ("second plane twice", lambda kernel: kernel[:, 1:].repeat(1, 2, 1, 1), "second one now"),
    ("negated", lambda kernel: -kernel, "sign"),
    ("one plane", lambda kernel: kernel[:, 1:]),
    ("the mean of both", lambda kernel: kernel.mean(1, keepdim=True).expand(-1, 2, -1, -1)),
    ("in place", lambda kernel: kernel.copy_(kernel.flip(1)), "in place"),
]

# Exercise 6

ONE_GATE = [
    ("one plane", 49, "one input plane"),
    ("a filter a channel", 98 * 256, "pooled away"),
    ("with a bias", 99, "no bias"),
    ("with normalisation", 100, "normalisation"),
    ("side forgotten", 14, "7 × 7"),
    ("a unit less", 97),
]
SMALL_GATE = [("one plane", 9, "one input plane"), ("with a bias", 19, "no bias"), ("side forgotten", 6, "3 × 3")]
SIXTEEN_GATES = [
    ("one plane", 784, "two input planes"),
    ("four gates", 392, "16 blocks"),
    ("small gates", 288, "k = 7"),
    ("one more", 1569),
    ("in thousands", 1.568),
]
CHANNEL_GATES = [
    ("blocks forgotten", 2 * (256**2 + 512**2 + 1024**2 + 2048**2) // 16, "3, 4, 6 or 3 blocks"),
    ("one matrix", 1_257_472, "two matrices"),
    ("two MLPs", 5_029_888, "share one MLP"),
    ("with biases", 2_530_992, "No biases"),
    ("r forgotten", 40_239_104, "C/16"),
    ("with the spatial gates", 2_516_512, "Leave them out"),
    ("in millions", 2.514944, "count itself"),
    ("in millions, rounded", 2.51),
]
CHANNEL_SHARE = [
    ("everything", 100, "leaves nothing"),
    ("one unit of the last digit", 99.8),
    ("a fraction", 0.999, "per cent"),
    ("the other share", 0.06, "spatial gates' share"),
]

# Exercise 7

PICTURES = [
    ("per cent of per cent", 0.6, "divide by 100 once"),
    ("a fraction", 6000, "not 12 %"),
    ("errors of the first", 11_330, "The difference is asked"),
    ("errors of the second", 11_390, "The difference is asked"),
    ("points", 0.12, "divide by 100 once"),
    ("a tenth", 6),
    ("one more", 61),
]
STANDARD_ERROR = [
    ("cut off", 0.18, "cut off"),
    ("one unit of the last digit", 0.20),
    ("one decimal", 0.2, "2 are asked"),
    ("a fraction", 0.00187, "points"),
    ("variance", 0.035, "root"),
    ("of one picture", 41.86, "√n"),
    ("1 − p forgotten", 0.2129, "1 − p"),
    ("of the difference", 0.265, "One error rate"),
    ("95 %", 0.367, "95 %"),
]
OF_THE_DIFFERENCE = [
    ("cut off", 0.26, "cut off"),
    ("one unit of the last digit", 0.28),
    ("added", 0.374, "as squares"),
    ("one model", 0.187, "one model's"),
    ("a fraction", 0.00265, "no fraction"),
    ("nothing", 0.0, "do not cancel"),
    ("variance", 0.0702, "root"),
    ("95 %", 0.519, "95 %"),
]

# Exercise 8


def channel(x, w0, w1, *, logits=None):
    both = pools(x)
    found = logits(*both) if logits else sum(torch.relu(p @ w0.T) @ w1.T for p in both)
    return found.sigmoid()[:, :, None, None]


def spatial(x, kernel):
    return conv(maps(x), kernel).sigmoid()


def composed(gate):
    """The right composition with another channel gate."""

    def cbam(x, w0, w1, kernel):
        refined = x * gate(x, w0, w1)
        return refined * spatial(refined, kernel)

    return cbam


def with_logits(logits):
    return composed(lambda x, w0, w1: logits(*pools(x), w0, w1).sigmoid()[:, :, None, None])


def with_another_second_gate(second):
    def cbam(x, w0, w1, kernel):
        refined = x * channel(x, w0, w1)
        return refined * second(refined, kernel)

    return cbam


def side_by_side(x, w0, w1, kernel):
    return x * channel(x, w0, w1) * spatial(x, kernel)


def the_other_order(x, w0, w1, kernel):
    refined = x * spatial(x, kernel)
    return refined * channel(refined, w0, w1)


def absolute(x, w0, w1, kernel):
    logits = sum(torch.relu(p @ w0.T) @ w1.T for p in (x.mean((2, 3)), x.abs().amax((2, 3))))
    x = x * logits.sigmoid()[:, :, None, None]
    return x * conv(torch.stack([x.mean(1), x.abs().amax(1)], 1), kernel).sigmoid()


COMPOSITION = [
    ("M_s sees F", side_by_side, "parallel"),
    ("spatial first", the_other_order, "came first"),
    (
        "channel gate lost",
        lambda x, w0, w1, kernel: x * spatial(x * channel(x, w0, w1), kernel),
        "got lost",
    ),
    (
        "the gates",
        lambda x, w0, w1, kernel: channel(x, w0, w1) * spatial(x * channel(x, w0, w1), kernel),
        "product of the two gates",
    ),
    ("no ReLU", with_logits(lambda mean, top, w0, w1: (mean + top) @ w0.T @ w1.T), "no ReLU"),
    (
        "ReLU after the sum",
        with_logits(lambda mean, top, w0, w1: torch.relu((mean + top) @ w0.T) @ w1.T),
        "before the ReLU",
    ),
    ("ReLU last", with_logits(lambda mean, top, w0, w1: sum(torch.relu(p @ w0.T @ w1.T) for p in (mean, top)))),
    ("mean only", with_logits(lambda mean, top, w0, w1: torch.relu(mean @ w0.T) @ w1.T), "mean alone"),
    ("maximum only", with_logits(lambda mean, top, w0, w1: torch.relu(top @ w0.T) @ w1.T), "maximum alone"),
    ("averaged", with_logits(lambda m, t, w0, w1: (torch.relu(m @ w0.T) + torch.relu(t @ w0.T)) @ w1.T / 2)),
    (
        "sigmoid of each",
        composed(lambda x, w0, w1: sum(torch.relu(p @ w0.T).matmul(w1.T).sigmoid() for p in pools(x))[..., None, None]),
        "squash once",
    ),
    (
        "no sigmoid in the channel gate",
        composed(lambda x, w0, w1: sum(torch.relu(p @ w0.T) @ w1.T for p in pools(x))[..., None, None]),
        "no sigmoid",
    ),
    ("no sigmoid in the spatial gate", with_another_second_gate(lambda x, k: conv(maps(x), k)), "no sigmoid"),
    ("a softmax over the channels", with_logits(lambda m, t, w0, w1: torch.log_softmax(m @ w0.T @ w1.T, 1))),
    ("no new axes", composed(lambda x, w0, w1: channel(x, w0, w1)[:, :, 0, 0]), "new axes"),
    (
        "pooled over the channels",
        composed(
            lambda x, w0, w1: sum(torch.relu(p @ w0.T) @ w1.T for p in (x.mean(1), x.amax(1))).sigmoid()[
                ..., None, None
            ]
        ),
    ),
    ("padding forgotten", with_another_second_gate(lambda x, k: F.conv2d(maps(x), k).sigmoid()), "padding"),
    ("planes swapped", with_another_second_gate(lambda x, k: conv(maps(x).flip(1), k).sigmoid()), "stacked first"),
    (
        "spatial gate pooled over the places",
        with_another_second_gate(
            lambda x, k: conv(torch.cat([x.mean((2, 3), True), x.amax((2, 3), True)], 1), k).sigmoid()
        ),
        "dim 1",
    ),
    ("mean twice in the spatial gate", with_another_second_gate(lambda x, k: conv(maps(x)[:, [0, 0]], k).sigmoid())),
    ("absolute maxima", absolute, "absolute"),
    ("a shortcut", lambda x, w0, w1, k: x + with_another_second_gate(spatial)(x, w0, w1, k), "shortcut"),
    ("channel gate alone", lambda x, w0, w1, kernel: x * channel(x, w0, w1), "spatial gate is missing"),
    ("spatial gate alone", lambda x, w0, w1, kernel: x * spatial(x, kernel), "channel gate is missing"),
    ("nothing", lambda x, w0, w1, kernel: x),
    (
        "the mean of the batch",
        composed(lambda x, w0, w1: channel(x, w0, w1).mean(0, keepdim=True)),
    ),
]
TRUNK = [
    ("one gate a block", -4.8, "a quarter"),
    ("one block", -0.6, "one block"),
    ("no logarithm", 2.3e-10, "logarithm"),
    ("natural", -22.2, "natural"),
    ("binary", -32, "binary"),
    ("sign", 9.6, "negative"),
    ("one unit of the last digit", -9.5),
    ("one unit more", -9.7),
    ("no decimals", -10),
]

WRONG = {
    "mended": MENDED,
    "unmended_weights": UNMENDED,
    "bam_parameters": BAM_PARAMETERS,
    "bam_operations": BAM_OPERATIONS,
    "overhead_twice": OVERHEAD_TWICE,
    "right_parameters": RIGHT_PARAMETERS,
    "right_operations": RIGHT_OPERATIONS,
    "with_relu": WITH_RELU,
    "without_relu": WITHOUT_RELU,
    "merged": MERGED,
    "spatial_attention": SPATIAL,
    "to_ours": TO_OURS,
    "one_gate": ONE_GATE,
    "small_gate": SMALL_GATE,
    "sixteen_gates": SIXTEEN_GATES,
    "channel_gates": CHANNEL_GATES,
    "channel_share": CHANNEL_SHARE,
    "pictures": PICTURES,
    "standard_error": STANDARD_ERROR,
    "of_the_difference": OF_THE_DIFFERENCE,
    "cbam": COMPOSITION,
    "trunk": TRUNK,
}


# Right answers in other forms


class Mended(nn.Module):
    """The listing as a module, mended in place."""

    def __init__(self, in_planes, ratio):
        super().__init__()
        hidden = max(in_planes // ratio, 1)
        self.fc1 = nn.Conv2d(in_planes, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, in_planes, 1, bias=False)

    def forward(self, x):
        both = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        avg_out, max_out = (self.fc2(torch.relu(self.fc1(pool))) for pool in both)
        return x * torch.sigmoid(avg_out + max_out)


def mended_as_a_module(x, ratio):
    torch.manual_seed(7)
    return Mended(x.shape[1], ratio)(x)


def mended_without_gradients(x, ratio):
    with torch.no_grad():
        return mended_as_a_module(x, ratio)


def mended_in_sequence(x, ratio):
    torch.manual_seed(7)
    hidden = x.shape[1] // ratio or 1
    both = nn.Sequential(
        nn.Linear(x.shape[1], hidden, bias=False), nn.ReLU(), nn.Linear(hidden, x.shape[1], bias=False)
    )
    flat = x.flatten(2)
    return torch.einsum("nc...,nc->nc...", x, (both(flat.mean(-1)) + both(flat.max(-1).values)).sigmoid())


def merged_by_addition(w0, w1):
    return (w1[:, :, None] * w0[None]).sum(dim=1)


def merged_as_layers(w0, w1):
    """What the two linear maps make of each unit vector, as columns."""
    return F.linear(F.linear(torch.eye(w0.shape[1]), w0), w1).T


def spatial_by_padding(x, kernel):
    half = kernel.shape[-1] // 2
    stacked = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], dim=1)
    return torch.sigmoid(F.conv2d(F.pad(stacked, (half,) * 4), kernel)) * x


def spatial_as_a_module(x, kernel):
    layer = nn.Conv2d(2, 1, kernel.shape[-1], padding="same", bias=False)
    layer.weight = nn.Parameter(kernel)
    return x * nn.Sigmoid()(layer(maps(x)))


def spatial_in_lists(x, kernel):
    return spatial_by_padding(x, kernel).tolist()


def to_ours_by_rolling(kernel):
    return kernel.roll(1, dims=1)


def to_ours_by_concatenation(kernel):
    return torch.cat([kernel[:, 1:], kernel[:, :1]], dim=1)


def to_ours_in_numpy(kernel):
    return torch.from_numpy(kernel.numpy()[:, ::-1].copy())


def cbam_by_formula(x, w0, w1, kernel):
    def through(pool):
        return F.linear(F.relu(F.linear(pool, w0)), w1)

    gate = 1 / (1 + torch.exp(-through(x.mean(dim=[2, 3])) - through(x.amax(dim=[2, 3]))))
    first = torch.einsum("nchw,nc->nchw", x, gate)
    planes = F.pad(torch.stack((first.mean(1), first.max(1)[0]), 1), (1, 1, 1, 1))
    return first * F.conv2d(planes, kernel).sigmoid()


def cbam_picture_by_picture(x, w0, w1, kernel):
    return torch.cat([cbam_by_formula(picture[None], w0, w1, kernel) for picture in x])


RIGHT_FORMS = {
    "mended": [mended_as_a_module, mended_without_gradients, mended_in_sequence],
    "unmended_weights": [(512, 512, 512), [512.0] * 3, np.array([512, 512, 512]), torch.full((3,), 512)],
    "bam_parameters": [25.92, 25.915, 25.915099],
    "bam_operations": [3.94, 3.940, 3.94012032],
    "overhead_twice": [4.02, 4.022, 2 * 3.94012032 - 3.857973248],
    "right_parameters": [28.09, 28.088, 28.088024],
    "right_operations": [3.863, 3.863003136, torch.tensor(3.863)],
    "with_relu": [[0.953, 0.182], (0.9526, 0.1824), torch.tensor([[0.953, 0.182]])],
    "without_relu": [[0.731, 0.378], (0.7311, 0.3775), torch.tensor([1.0, -0.5]).sigmoid()],
    "merged": [merged_by_addition, merged_as_layers],
    "spatial_attention": [spatial_by_padding, spatial_as_a_module, spatial_in_lists],
    "to_ours": [to_ours_by_rolling, to_ours_by_concatenation, to_ours_in_numpy],
    "one_gate": [98, 98.0, [98], np.int64(98)],
    "small_gate": [18, torch.tensor(18)],
    "sixteen_gates": [1568, 1_568.0],
    "channel_gates": [2_514_944, 2514944.0, torch.tensor(2514944)],
    "channel_share": [99.9, 99.94, 99.937],
    "pictures": [60, 60.0, 0.0012 * 50_000, Fraction(60)],
    "standard_error": [0.19, 0.187, 0.1872],
    "of_the_difference": [0.27, 0.265, 0.26502],
    "cbam": [cbam_by_formula, cbam_picture_by_picture],
    "trunk": [-9.6, -9.63, 16 * math.log10(0.25)],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("the ratio is ignored", "listing.mended", "ratio ignored"),
    ("the gate is returned", "listing.mended", "gate returned"),
    ("x comes back without any attention", "listing.mended", "no attention"),
    ("the hidden width is rounded up", "listing.mended", "rounded up"),
    ("the sigmoid is forgotten", "listing.mended", "sigmoid forgotten"),
    ("mean and maximum have an MLP each", "listing.mended", "two MLPs"),
    ("the ReLU comes after the sum", "listing.mended", "ReLU after the sum"),
    ("the gate has no new axes", "listing.mended", "gate without new axes"),
    ("raw counts for millions", "detective.bam_parameters", "exact"),
    ("raw counts for giga", "detective.bam_operations", "raw"),
    ("the padding is forgotten", "spatial.spatial_attention", "padding forgotten"),
    ("pooled over the places for the channels", "spatial.spatial_attention", "pooled over the places"),
    ("the largest absolute value", "spatial.spatial_attention", "absolute maximum"),
    ("the maximum comes before the mean", "spatial.spatial_attention", "planes swapped"),
    ("the variance for the deviation", "significance.standard_error", "variance"),
    ("fewer than 16 channels", "listing.mended", "no hidden unit"),
    ("pooling costs 0.08 G", "detective.second_pooling", "chose a"),
    ("M_s sees F", "composition.cbam", "spatial gate of F"),
    ("official weights fit as they are", "official.to_ours", "unchanged"),
    ("0.12 points are meaningful: bold in the table", "significance.verdict", "chose a"),
    ("49 weights", "counts.one_gate", "one plane"),
    ("98 · C weights", "counts.one_gate", "a filter a channel"),
    ("one half-open gate a block", "composition.trunk", "one gate"),
)
