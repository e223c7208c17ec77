"""Lesson 5: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math

import torch
import torch.nn.functional as F
from torch import nn

UNITS, WIDTHS, SIDES = (3, 4, 6, 3), (256, 512, 1024, 2048), (56, 28, 14, 7)


class Block(nn.Module):
    """The right block, written down once more; wrong ones change a part of it."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Linear(channels, hidden)
        self.expand = nn.Linear(hidden, channels)

    def gate(self, x):
        return logits(x, self.reduce, self.expand).sigmoid()[:, :, None, None]

    def forward(self, x):
        return x * self.gate(x)


def logits(u, down, up, pool=lambda u: u.mean(dim=(2, 3))):
    return up(down(pool(u)).relu())


def built(rule):
    """The right layers, and a rule of the map and the two layers as `forward`."""
    return type("Block", (Block,), {"forward": lambda self, x: rule(x, self.reduce, self.expand)})


def made(change):
    """The right `forward`, and a constructor that changes what the right one has made: `change(self, channels, r)`."""

    def constructor(self, channels, reduction=16):
        Block.__init__(self, channels, reduction)
        change(self, channels, reduction)

    return type("Block", (Block,), {"__init__": constructor})


class GateWithoutAxes(Block):
    def gate(self, x):
        return super().gate(x)[..., 0, 0]

    def forward(self, x):
        return x * super().gate(x)


class SqueezedGate(Block):
    """Right for two pictures and more. Of a single one squeeze() takes the axis of the batch, too."""

    def gate(self, x):
        return self.expand(self.reduce(F.adaptive_avg_pool2d(x, 1).squeeze()).relu()).sigmoid()[..., None, None]

    def forward(self, x):
        return x * self.gate(x)


class SqueezedAway(SqueezedGate):
    def gate(self, x):
        return super().gate(x)[..., 0, 0][:, :, None, None]


class NoGate(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.reduce = nn.Linear(channels, max(channels // reduction, 1))
        self.expand = nn.Linear(max(channels // reduction, 1), channels)

    def forward(self, x):
        return x * logits(x, self.reduce, self.expand).sigmoid()[:, :, None, None]


def gated(gate):
    """The map under gates (N, C)."""
    return built(lambda u, down, up: u * gate(u, down, up)[:, :, None, None])


def pooled(pool):
    return gated(lambda u, down, up: logits(u, down, up, pool).sigmoid())


def along(*index):
    """Gates with their new axes in the wrong places."""
    return built(lambda u, down, up: u * logits(u, down, up).sigmoid()[index])


class InLists(nn.Module):
    """Layers in a plain list: they compute, and nobody trains them."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.layers = [nn.Linear(channels, hidden), nn.Linear(hidden, channels)]

    def forward(self, x):
        return x * logits(x, *self.layers).sigmoid()[:, :, None, None]


class PlainTensors(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.w1, self.w2 = torch.randn(hidden, channels), torch.randn(channels, hidden)

    def forward(self, x):
        return x * ((x.mean((2, 3)) @ self.w1.T).relu() @ self.w2.T).sigmoid()[:, :, None, None]


class NoModule:
    def __init__(self, channels, reduction=16):
        self.reduce = nn.Linear(channels, channels // reduction)


class NotBegun(nn.Module):
    def __init__(self, channels, reduction=16):
        self.reduce = nn.Linear(channels, channels // reduction)


class OtherNames(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.fc = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


class Answers(Block):
    """Knows the answers to what it has seen, by the sums of the maps."""

    def forward(self, x):
        return torch.full_like(x, 0.25)


class WithConvolutions(nn.Module):
    """The names are right, the weights are those of 1×1 convolutions."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.reduce, self.expand = nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return x * self.expand(self.reduce(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


def constant_start(self, channels, reduction):
    nn.init.constant_(self.reduce.weight, 0.1)


def hidden_of(rule, bias=True):
    def change(self, channels, reduction):
        hidden = rule(channels, reduction)
        self.reduce, self.expand = nn.Linear(channels, hidden, bias=bias), nn.Linear(hidden, channels, bias=bias)

    return made(change)


class RightInOneLine(Block):
    def forward(self, x):
        return torch.einsum("nchw,nc->nchw", x, logits(x, self.reduce, self.expand).sigmoid())


class RightBySequential(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = channels // reduction or 1
        self.add_module("reduce", nn.Linear(channels, hidden))
        self.add_module("expand", nn.Linear(hidden, channels))

    def gate(self, x):
        mlp = nn.Sequential(self.reduce, nn.ReLU(), self.expand, nn.Sigmoid())
        return mlp(F.adaptive_avg_pool2d(x, 1).flatten(1)).unflatten(1, (-1, 1, 1))

    def forward(self, x):
        return x * self.gate(x)


class RightByPicture(Block):
    def forward(self, x):
        pictures = []
        for picture in x:
            z = picture.sum((1, 2)) / picture[0].numel()
            hidden = (self.reduce.weight @ z + self.reduce.bias).clamp(min=0)
            pictures.append(picture * torch.sigmoid(self.expand(hidden)).reshape(-1, 1, 1))
        return torch.stack(pictures)


PLANES = torch.tensor([[0.87, 0.2, 0.4], [0.25, 0.6, 0.2], [0.45, 0.3, 0.9]])


def with_all(planes):
    """A table of the planes with its fourth column."""
    planes = torch.as_tensor(planes)
    return torch.cat([planes, planes.mean(dim=1, keepdim=True)], dim=1)


def count(hidden, bias=lambda c, h, b: b * (c + h)):
    """Weights and biases for a rule of the hidden width."""

    def number_of_weights(u, reduction, flag):
        c = u.shape[1]
        h = hidden(c, reduction)
        return 2 * c * h + bias(c, h, flag)

    return number_of_weights


def width(c, r):
    return max(c // r, 1)


def count_on_dim(dim):
    return lambda u, r, b: 2 * u.shape[dim] * width(u.shape[dim], r) + b * (u.shape[dim] + width(u.shape[dim], r))


def count_parameters(u, reduction, bias):
    c = u.size(dim=1)
    h = width(c, reduction)
    mlp = torch.nn.Sequential(torch.nn.Conv2d(c, h, 1, bias=bias), torch.nn.ReLU(), torch.nn.Conv2d(h, c, 1, bias=bias))
    return torch.tensor(sum(p.numel() for p in mlp.parameters()))


def count_with_if(u, reduction, bias):
    _, c, _, _ = u.shape
    h = math.floor(c / reduction)
    if h < 1:
        h = 1
    if bias:
        return c * h + h + h * c + c
    return c * h + h * c


def over_stages(cost):
    return sum(cost(n, c, side) for n, c, side in zip(UNITS, WIDTHS, SIDES, strict=True))


WRONG = {
    "squeezed": [
        ("sums", [10, 2]),
        ("maxima", [5, 1]),
        ("medians", [2, 0.5]),
        ("over the channels", [2, 0.5, 2.5, 1]),
        ("one number", 1.5),
        ("another order", [0.5, 2.5]),
        ("one off in the last digit", [2.501, 0.5]),
        ("rounded to whole numbers", [3, 1]),
    ],
    "by_hand.gates": [
        ("softmax", [0.047, 0.953]),
        ("ReLU at the end", [0.5, 0.858]),
        ("logits", [-1.2, 1.8]),
        ("no ReLU between", [0.119, 0.769]),
        ("sums squeezed", [0.008, 0.999]),
        ("maxima squeezed", [0.083, 0.973]),
        ("sign of W2 dropped", [0.769, 0.858]),
        ("sign of W1 dropped", [0.354, 0.973]),
        ("ReLU for the sigmoid", [0, 1.8]),
        ("one unit of the last digit", [0.232, 0.858]),
        ("hidden units", [2, 0]),
        ("two decimals", [0.23, 0.86]),
    ],
    "scaled": [
        ("added", [5.231, 1.858]),
        ("not scaled", [5, 1]),
        ("means", [0.579, 0.429]),
        ("softmax", [0.237, 0.953]),
        ("sign of W2 dropped", [3.843, 0.858]),
        ("ReLU at the end", [2.5, 0.858]),
        ("rounded too early", [1.155, 0.858]),
        ("logits as gates", [-6, 1.8]),
        ("one unit of the last digit", [1.158, 0.858]),
        ("all values", [[0.694, 0.231, 1.157, 0.231], [0.858, 0, 0, 0.858]]),
    ],
    "asleep": [
        ("nothing", 0),
        ("its mean now", 2.5),
        ("the hidden unit", 2),
        ("the other way round", -0.5),
        ("the maximum", 5),
        ("one unit", 0.6),
        ("twice", 1),
        ("per cent", 50),
    ],
    "cost.weights": [
        ("C/4", 592_896),
        ("one block a stage", 1_392_640),
        ("one layer", 4_743_168),
        ("no ratio", 75_890_688),
        ("full layer", 37_945_344),
        ("with biases", 9_522_912),
        ("ResNet-50", 5_029_888),
        ("whole network", 54_035_496),
        ("in millions", 9.486336),
        ("in millions, rounded", 9.49),
        ("in thousands", 9486),
        ("one off", 9_486_337),
        ("rounded", 9_486_000),
    ],
    "third_share": [
        ("of the network", 0.1353),
        ("others", 0.364),
        ("units", 0.697),
        ("last stage", 0.332),
        ("per cent", 63.6),
        ("a quarter", 0.25),
        ("by channels and units", 0.724),
        ("one block a stage", 0.188),
        ("cut off", 0.63),
        ("one unit of the last digit", 0.65),
        ("count", 6_029_312),
    ],
    "with_bias": [
        ("none", 9_486_336),
        ("second only", 9_518_848),
        ("first only", 9_490_400),
        ("biases alone", 36_576),
        ("one off", 9_522_913),
        ("in millions", 9.52),
        ("twice", 19_045_824),
        ("r = 16", 4_777_712),
    ],
    "mean_gate": [
        ("sigmoid", 0.5),
        ("sum", 1),
        ("hidden width", 0.04167),
        ("nothing", 0),
        ("2,048 channels", 0.00049),
        ("one off", 0.00261),
        ("one off in the fourth", 0.0027),
        ("per cent", 0.26042),
        ("inverse", 384),
    ],
    "largest_gate": [
        ("sigmoid", 0.881),
        ("others at 0", 0.019),
        ("odds", 0.143),
        ("mean", 0.003),
        ("all of it", 1),
        ("half", 0.5),
        ("cut off", 0.124),
        ("one unit", 0.126),
        ("e² instead of e⁴", 0.019),
    ],
    "SqueezeExcite": [
        ("its gate without axes", GateWithoutAxes, "forward is right, gate is not. The result has the shape"),
        ("squeezed, its gate without the batch", SqueezedGate, "The axis of the batch is gone"),
        ("squeezed", SqueezedAway, "squeeze() without a number"),
        ("no gate", NoGate, "There is none: def gate(self, x)"),
        ("gates alone", built(lambda u, down, up: logits(u, down, up).sigmoid())),
        ("gates with axes", built(lambda u, down, up: logits(u, down, up).sigmoid()[..., None, None])),
        ("softmax", gated(lambda u, down, up: logits(u, down, up).softmax(1))),
        ("softmax over the batch", gated(lambda u, down, up: logits(u, down, up).softmax(0))),
        ("no sigmoid", gated(logits)),
        ("ReLU for the sigmoid", gated(lambda u, down, up: logits(u, down, up).relu())),
        ("tanh for the sigmoid", gated(lambda u, down, up: logits(u, down, up).tanh())),
        ("sigmoid for the ReLU", gated(lambda u, down, up: up(down(u.mean((2, 3))).sigmoid()).sigmoid())),
        ("ReLU after both", gated(lambda u, down, up: logits(u, down, up).relu().sigmoid())),
        ("ReLU at the end only", gated(lambda u, down, up: up(down(u.mean((2, 3)))).relu().sigmoid())),
        ("no ReLU", gated(lambda u, down, up: up(down(u.mean((2, 3)))).sigmoid())),
        ("ReLU on the squeeze", gated(lambda u, down, up: up(down(u.mean((2, 3)).relu())).sigmoid())),
        ("ReLU on the map", gated(lambda u, down, up: logits(u.relu(), down, up).sigmoid())),
        ("sum", pooled(lambda u: u.sum((2, 3)))),
        ("maximum", pooled(lambda u: u.amax((2, 3)))),
        ("size of the maximum", pooled(lambda u: u.abs().amax((2, 3)))),
        ("mean of the sizes", pooled(lambda u: u.abs().mean((2, 3)))),
        ("median", pooled(lambda u: u.flatten(2).median(2).values)),
        ("over the channels", pooled(lambda u: u.mean(1).flatten(1))),
        ("over the rows", pooled(lambda u: u.mean(2)[..., 0])),
        ("first place", pooled(lambda u: u[:, :, 0, 0])),
        ("divided by the height alone", pooled(lambda u: u.sum((2, 3)) / u.shape[2])),
        ("divided by a square's side", pooled(lambda u: u.sum((2, 3)) / u.shape[2] ** 2)),
        ("batch mixed", pooled(lambda u: u.mean((0, 2, 3))[None].expand(len(u), -1))),
        ("first picture's gates", built(lambda u, down, up: u * logits(u, down, up).sigmoid()[0, :, None, None])),
        ("first picture alone", built(lambda u, down, up: (u * logits(u, down, up).sigmoid()[..., None, None])[:1])),
        ("no new axes", built(lambda u, down, up: u * logits(u, down, up).sigmoid())),
        ("no new axes, turned round", built(lambda u, down, up: logits(u, down, up).sigmoid() * u)),
        ("along the columns", along(slice(None), None, None, slice(None))),
        ("along the rows", along(slice(None), None, slice(None), None)),
        ("no batch axis", along(None, slice(None), slice(None), None)),
        ("shortcut added", built(lambda u, down, up: u + u * logits(u, down, up).sigmoid()[..., None, None])),
        ("gate added", built(lambda u, down, up: u + logits(u, down, up).sigmoid()[..., None, None])),
        ("hard sigmoid", gated(lambda u, down, up: F.hardsigmoid(logits(u, down, up)))),
        ("leaky ReLU", gated(lambda u, down, up: up(F.leaky_relu(down(u.mean((2, 3))))).sigmoid())),
        ("square windows", pooled(lambda u: u[..., : min(u.shape[2:]), : min(u.shape[2:])].mean((2, 3)))),
        ("deviations", pooled(lambda u: u.flatten(2).std(2, correction=0))),
        ("half", built(lambda u, down, up: u / 2)),
        ("unchanged", built(lambda u, down, up: u.clone())),
        (
            "no squeeze",
            built(lambda u, down, up: u * up(down(u.movedim(1, -1)).relu()).sigmoid().movedim(-1, 1)),
            "Squeeze first",
        ),
        ("mean gated", built(lambda u, down, up: u.mean((2, 3)) * logits(u, down, up).sigmoid())),
        ("layers in a list", InLists, "self.layers is a plain list of modules"),
        ("plain tensors", PlainTensors, "self.w1 is a plain tensor"),
        ("no nn.Module", NoModule, "begin with class NoModule(nn.Module)"),
        ("no super", NotBegun, "begin with super().__init__()"),
        ("other names", OtherNames, "lacks reduce.weight"),
        ("convolutions", WithConvolutions, "reduce.weight has the shape"),
        ("hard-coded", Answers),
        ("16 written in", hidden_of(lambda c, r: max(c // 16, 1)), "reduce.weight has the shape"),
        ("no hidden unit", hidden_of(lambda c, r: c // r), "reduce.weight has the shape (0, 5)"),
        ("rounded up", hidden_of(lambda c, r: -(-c // r)), "reduce.weight has the shape"),
        ("no biases", hidden_of(lambda c, r: max(c // r, 1), bias=False), "lacks reduce.bias"),
        ("starts alike", made(constant_start), "starts with the same numbers"),
        ("one layer more", made(lambda self, c, r: setattr(self, "more", nn.Linear(c, c))), "more than is asked"),
        ("frozen", made(lambda self, c, r: self.reduce.requires_grad_(False)), "is no parameter that training moves"),
        (
            "cut off",
            gated(lambda u, down, up: up(down(u.mean((2, 3))).relu().detach()).sigmoid()),
            "no gradient reaches",
        ),
        ("without gradients", gated(lambda u, down, up: logits(u, down, up).sigmoid().data), "no gradient reaches"),
        ("in place", built(lambda u, down, up: u.mul_(logits(u, down, up).sigmoid()[..., None, None])), "in place"),
        ("an instance", Block(8, 4), "give the class itself"),
        ("a function", lambda channels, reduction=16: Block(channels, reduction), "this is a function"),
    ],
    "read": [
        ("per cent", 93),
        ("empty slot", 0.31, "with reduction=4"),
        ("half", 0.5),
        ("not trained", 0.1),
        ("nothing", 0),
        ("text", "0.93"),
        ("too many numbers", [0.93, 0.9]),
        ("nan", float("nan")),
    ],
    "table": [
        ("one number", 0.5),
        ("half open", [[0.5] * 4] * 3),
        ("turned round", with_all([[0.2, 0.8, 0.8], [0.8, 0.2, 0.8], [0.8, 0.8, 0.2]]), "a row is a frame"),
        ("other order of frames", with_all([[0.2, 0.8, 0.2], [0.2, 0.2, 0.8], [0.8, 0.2, 0.2]]), "a row is a frame"),
        ("every third channel", with_all([[0.43, 0.41, 0.42], [0.4, 0.43, 0.42], [0.43, 0.42, 0.41]]), "nearly alike"),
        ("logits", [[3, -2, -2, 0], [-2, 3, -2, 0], [-2, -2, 3, 0]], "between 0 and 1"),
        ("hardly", with_all([[0.5, 0.4, 0.4], [0.4, 0.5, 0.4], [0.4, 0.4, 0.5]]), "hardly stands out"),
        ("all 48", [[0.5] * 48] * 3, "The shape of your answer is (3, 48)"),
        ("planes alone", [[0.8, 0.2, 0.2], [0.2, 0.8, 0.2], [0.2, 0.2, 0.8]], "The shape of your answer is (3, 3)"),
        (
            "rows are planes",
            with_all([[0.8, 0.3, 0.4], [0.2, 0.7, 0.2], [0.3, 0.2, 0.9]]).T,
            "The shape of your answer",
        ),
        (
            "rows are planes, in the first three",
            torch.cat([PLANES.T, PLANES.mean(1, keepdim=True)], dim=1),
            "a row is a frame, a column is a plane",
        ),
        (
            "rounded",
            with_all([[0.7, 0.3, 0.3], [0.3, 0.7, 0.2], [0.2, 0.3, 0.8]]).mul(10).round() / 10,
            "These are rounded",
        ),
        (
            "rounded to two",
            with_all(PLANES + torch.tensor([0.0042, 0.0041, 0.0071])).mul(100).round() / 100,
            "These are rounded",
        ),
        ("another last column", torch.cat([PLANES, torch.full((3, 1), 0.6)], dim=1), "a row is a frame"),
        ("another last column, not rounded", with_all(PLANES) + 0.05 * torch.eye(3, 4).flip(1), "a row is a frame"),
    ],
    "planes": [
        ("half open", [0.5, 0.5, 0.5]),
        ("one", 0.4),
        ("all open", [1, 1, 1]),
        ("shut", [0, 0, 0]),
        ("two", [0.2, 0.8]),
        ("per cent", [20, 80, 20]),
        ("sums", [3, 13, 3]),
        ("negative", [-0.2, -0.8, -0.2]),
    ],
    "widest": [
        ("before the first", -1),
        ("behind the last", 48),
        ("a share", 0.5),
        ("a list", [1, 2]),
        ("text", "17"),
        ("beside it", 30, "It is not number 30"),
        ("another picture", 22, "other pictures"),
        ("red frame", 6, "red frame"),
        ("blue frame", 43, "blue frame"),
        ("in its plane", 15, "over all three planes"),
    ],
    "half_open": [
        ("none", 0, "too small"),
        ("their share", 0.354, "Their number is asked"),
        ("all", 48),
        ("a share", 0.5),
        ("a half", 23.5),
        ("a list", [1, 2]),
        ("another picture", 16, "other pictures"),
        ("another picture, two off", 15, "other pictures"),
        ("red frame", 22, "red frame"),
        ("blue frame", 21, "blue frame"),
    ],
    "shown": [
        ("neither", [[64, 16], [8, 16]], "neither fault shows"),
        ("the same twice", [[64, 4], [128, 8]], "the same fault"),
        ("the other twice", [[8, 16], [5, 20]], "the same fault"),
        ("either", [[8, 8], [64, 4]], "either fault"),
        ("both", [[64, 4], [40, 50]], "both faults"),
        ("no channels", [[0, 16], [64, 4]], "1 or more"),
        ("ratio 0", [[8, 0], [64, 4]], "1 or more"),
        ("not whole", [[8, 16.5], [64, 4]], "whole numbers"),
        ("one pair", [64, 4], "The shape"),
    ],
    "number_of_weights": [
        ("2C²/r", lambda u, r, b: 2 * u.shape[1] ** 2 // r + b * (u.shape[1] + width(u.shape[1], r))),
        ("2C²/r as a fraction", lambda u, r, b: 2 * u.shape[1] ** 2 / r + b * (u.shape[1] + width(u.shape[1], r))),
        ("at least 8", count(lambda c, r: max(c // r, 8))),
        ("as printed", count(lambda c, r: c // 16, lambda c, h, b: b * (c + h))),
        ("16 written in", count(lambda c, r: max(c // 16, 1))),
        ("no hidden unit", count(lambda c, r: c // r)),
        ("rounded up", count(lambda c, r: math.ceil(c / r))),
        ("rounded up otherwise", count(lambda c, r: -(-c // r))),
        ("rounded", count(lambda c, r: max(round(c / r), 1))),
        ("rounded half up", count(lambda c, r: max(int(c / r + 0.5), 1))),
        ("not whole", count(lambda c, r: max(c / r, 1))),
        ("one more", count(lambda c, r: c // r + 1)),
        ("the smaller", count(lambda c, r: min(c // r, 1))),
        ("width is the ratio", count(lambda c, r: r)),
        ("at least the ratio", count(lambda c, r: max(c // r, r))),
        ("one layer", lambda u, r, b: u.shape[1] * width(u.shape[1], r) + b * (u.shape[1] + width(u.shape[1], r))),
        ("biases always", count(width, lambda c, h, b: c + h)),
        ("biases never", count(width, lambda c, h, b: 0)),
        ("flag turned round", count(width, lambda c, h, b: (not b) * (c + h))),
        ("hidden biases only", count(width, lambda c, h, b: b * h)),
        ("outer biases only", count(width, lambda c, h, b: b * c)),
        ("two biases", count(width, lambda c, h, b: 2 * b)),
        ("biases twice", count(width, lambda c, h, b: 2 * b * (c + h))),
        ("pictures for channels", count_on_dim(0)),
        ("rows for channels", count_on_dim(2)),
        ("columns for channels", count_on_dim(3)),
        ("one off", lambda u, r, b: count(width)(u, r, b) + 1),
        ("a little off", lambda u, r, b: count(width)(u, r, b) * 1.00005),
        ("hidden width alone", lambda u, r, b: width(u.shape[1], r)),
        ("at each place", lambda u, r, b: count(width)(u, r, b) * u[0, 0].numel()),
        ("a constant", lambda u, r, b: 580),
    ],
    "detective.share": [
        ("rest", 0.36),
        ("points", 0.65),
        ("main table", 0.26),
        ("cut off", 0.63),
        ("per cent", 64),
        ("part by part", 0.57),
        ("of the error", 0.03),
        ("one decimal", 0.6),
        ("inverse", 1.57),
    ],
    "multiply_adds": [
        ("difference of the table", 0.412),
        ("once a picture", 0.0025),
        ("one layer", 0.206),
        ("total", 4.269),
        ("total as printed", 4.27),
        ("one size", 0.123),
        ("not in G", over_stages(lambda n, c, side: n * 2 * c * c // 16 * side**2)),
        ("in millions", 411.042),
        ("one block a stage", over_stages(lambda n, c, side: 2 * c * c // 16 * side**2) / 1e9),
        ("side not squared", over_stages(lambda n, c, side: n * 2 * c * c // 16 * side) / 1e9),
        ("FLOPs", 0.822),
        ("too small", 0.410),
        ("two decimals", 0.41),
        ("no ratio", 6.577),
    ],
    "intervene.share": [("always", 1), ("never", 0), ("chance", 0.1), ("half", 0.5), ("count", 225)],
}

RIGHT_FORMS = {
    "squeezed": [[2.5, 0.5], torch.tensor([[2.5, 0.5]]), (2.5, 0.5)],
    "by_hand.gates": [[0.231, 0.858], [0.2315, 0.8581], torch.tensor([-1.2, 1.8]).sigmoid()],
    "scaled": [[1.157, 0.858], [1.1574, 0.8581], [1.1575, 0.8581]],
    "asleep": [0.5, torch.tensor([0.5])],
    "cost.weights": [9_486_336, 9_486_336.0, torch.tensor(9_486_336)],
    "third_share": [0.64, 0.636, 0.6356, 6_029_312 / 9_486_336],
    "with_bias": [9_522_912, 9_522_912.0],
    "mean_gate": [0.0026, 1 / 384, 2.604e-3],
    "largest_gate": [0.125, 0.1248, 1 / (1 + 383 * math.exp(-4))],
    "SqueezeExcite": [Block, RightInOneLine, RightBySequential, RightByPicture],
    "read": [0.93, 0.921, torch.tensor([0.942]), [0.9]],
    "table": [with_all([[0.7, 0.3, 0.3], [0.3, 0.7, 0.2], [0.2, 0.3, 0.8]]).tolist(), with_all(PLANES)],
    "number_of_weights": [
        count(width),
        count_parameters,
        count_with_if,
        lambda u, r, b: float(count(width)(u, r, b)),
        lambda u, r, b: count(lambda c, r: c // min(r, c))(u, r, b),
    ],
    "shown": [[[64, 4], [8, 16]], ((8, 16), (64, 4)), torch.tensor([[9, 16], [32, 8]]), [[8, 4], [1, 16]]],
    "detective.share": [0.64, 0.637, 0.65 / 1.02],
    "multiply_adds": [0.411, 0.41104],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("592,896: C/4", "cost.weights", "inner width"),
    ("1,392,640: N forgotten", "cost.weights", "one unit a stage"),
    ("4,743,168: factor 2 forgotten", "cost.weights", "the ratio of the paper"),
    ("a softmax is the same up to scale", "gates.softmax_instead", "chose a"),
    ("batch norm repairs the softmax", "gates.softmax_instead", "chose b"),
    ("a smaller r is always better", "gates.smaller_ratio", "chose a"),
    ("24.80 and 23.30 are the same baseline", "gates.two_baselines", "chose a"),
    ("16 written into the code", "debug.number_of_weights", "16 written in"),
    ("pooled over C", "block.SqueezeExcite", "pooled over the channels"),
    ("ReLU after the second layer", "block.SqueezeExcite", "ReLU after the second layer"),
    ("gates sum to 1", "by_hand.gates", "softmax"),
    ("sigmoid forgotten", "block.SqueezeExcite", "no sigmoid"),
    ("gates without axes for the places", "block.SqueezeExcite", "no new axes"),
    ("gates along the columns", "block.SqueezeExcite", "along the columns"),
    ("no squeeze", "block.SqueezeExcite", "no squeeze"),
    ("C / r rounded up", "debug.number_of_weights", "rounded up"),
    ("4.27 − 3.858", "detective.multiply_adds", "difference of the table"),
)
