"""The exercises of lesson 5: squeeze and excitation.

Right answers come from the tested block, from counted networks and from the stored network. Wrong ones are written
out, so that a check can name them.
"""

from collections.abc import Iterable

import torch

from courseware.checking import Choice, Exercise, Function, Mistake, Value
from visual_attention.blocks import SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.datasets.framed import reframed
from visual_attention.experiments.context import red_framed
from visual_attention.networks import resnet50

__all__ = ["ALL", "block", "by_hand", "cost", "debug", "detective", "gates", "intervene"]

Tensor = torch.Tensor

# --------------------------------------------------------------------------------------------------
# By hand: two channels of four positions, one hidden unit.

MAPS = torch.tensor([[[[3.0, 1.0], [4.0, 0.0]], [[1.0, 0.0], [2.0, 1.0]]]], dtype=torch.float64)  # (1, 2, 2, 2)
DOWN = torch.tensor([[1.0, -1.0]], dtype=torch.float64)  # W_1, (1, 2)
UP = torch.tensor([[-1.0], [3.0]], dtype=torch.float64)  # W_2, (2, 1)


def _gate(u: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    """The gates (N, C) of the tested block with weights w1 (C/r, C), w2 (C, C/r), without biases."""
    block = SqueezeExcitation(w1.shape[1], reduction=max(w1.shape[1] // w1.shape[0], 1), bias=False).to(u.dtype)
    with torch.no_grad():
        block.reduce.weight = torch.nn.Parameter(w1)
        block.expand.weight = torch.nn.Parameter(w2)
        return block.gate(u)[..., 0, 0]


def _hidden(u: Tensor, w1: Tensor) -> Tensor:
    return (u.mean(dim=(2, 3)) @ w1.T).relu()


_RIGHT = _gate(MAPS, DOWN, UP)[0]
_LOGITS = (_hidden(MAPS, DOWN) @ UP.T)[0]

by_hand = Exercise(
    "by_hand",
    "By hand: squeeze, excite, scale",
    (
        Value(
            "squeezed",
            MAPS.mean(dim=(2, 3))[0],
            (
                Mistake("sums", MAPS.sum(dim=(2, 3))[0], "Those are sums. The squeeze is a mean: divide by H · W."),
                Mistake("maxima", MAPS.amax(dim=(2, 3))[0], "Those are the largest values. SE squeezes by the mean."),
            ),
        ),
        Value(
            "gates",
            _RIGHT,
            (
                Mistake("logits", _LOGITS, "Those are the numbers that go into the sigmoid."),
                Mistake(
                    "softmax",
                    _LOGITS.softmax(0),
                    "These sum to 1: a softmax. Each gate has a sigmoid of its own; gates do not compete.",
                ),
                Mistake(
                    "ReLU after the second layer",
                    _LOGITS.relu().sigmoid(),
                    "The negative logit was cut to 0, so its gate is ½. The ReLU stands between the layers only.",
                ),
                Mistake(
                    "sums squeezed",
                    (4 * _LOGITS).sigmoid(),
                    "The squeeze was a sum, four times too large here.",
                ),
            ),
            remark="They sum to more than 1: nobody asked them not to.",
        ),
        Value(
            "scaled",
            (MAPS * _RIGHT[:, None, None])[0].amax(dim=(1, 2)),
            (
                Mistake(
                    "added",
                    (MAPS + _RIGHT[:, None, None])[0].amax(dim=(1, 2)),
                    "The gate was added to the map. It multiplies.",
                ),
                Mistake("not scaled", MAPS[0].amax(dim=(1, 2)), "That is the map before the gates."),
            ),
        ),
    ),
    hints=(
        "Squeeze each channel to one number first: two numbers are all there is to carry on with.",
        "Mean, then W₁ and a ReLU, then W₂ and a sigmoid for each channel. σ(−t) is 1 − σ(t).",
        "z₁ = (3 + 1 + 4 + 0)/4. The hidden unit is ReLU(z₁ − z₂).",
    ),
)

# --------------------------------------------------------------------------------------------------
# What SE adds to ResNet-50, counted on networks that have shapes only.

UNITS, WIDTHS = (3, 4, 6, 3), (256, 512, 1024, 2048)


def _added(*, bias: bool = False, last: bool = True, positions: bool = False) -> int:
    """Weights that SE adds to ResNet-50 at r = 16; or its multiply-adds if it runs at each position."""
    total = 0
    with torch.device("meta"):
        for n, channels, side in zip(UNITS, WIDTHS, (56, 28, 14, 7), strict=True):
            if last or channels != WIDTHS[-1]:
                block = SqueezeExcitation(channels, 16, bias=bias)
                total += n * sum(w.numel() for w in block.parameters()) * (side**2 if positions else 1)
    return total


def _bare() -> int:
    with torch.device("meta"):
        return count_cost(resnet50(version="1"), (1, 3, 224, 224)).parameters


_ALL, _BARE = _added(), _bare()
_LAST = _ALL - _added(last=False)

cost = Exercise(
    "cost",
    "Count: what SE adds to ResNet-50",
    (
        Value(
            "weights",
            _ALL,
            (
                Mistake(
                    "inner width",
                    _ALL // 16,
                    "16 times too small: C is the width at the end of the unit, four times that of its 3×3 convolution "
                    "(that is Table 15's SE behind the 3×3).",
                ),
                Mistake(
                    "one unit a stage",
                    2 * sum(c * c for c in WIDTHS) // 16,
                    "One block for each stage was counted. A stage has N units, each with its own.",
                ),
                Mistake("one layer", _ALL // 2, "Half of it: there are two layers, C to C/r and C/r to C."),
                Mistake("one full layer", 8 * _ALL, "That is one full C × C layer for each unit: r/2 = 8 times more."),
            ),
            decimals=0,
        ),
        Value(
            "last_share",
            _LAST / _ALL,
            (
                Mistake("of the network", _LAST / _BARE, "That is its share of ResNet-50's own weights."),
                Mistake("others", 1 - _LAST / _ALL, "That is the share of the three other stages."),
                Mistake("by units", 3 / 16, "3 of 16 units, but not 3/16 of the weights: C enters squared."),
                Mistake("per cent", 100 * _LAST / _ALL, "Give a share between 0 and 1, not per cent."),
            ),
        ),
        Value(
            "with_bias",
            _added(bias=True),
            (
                Mistake("none", _ALL, "That is without biases. Each layer has one for each of its outputs."),
                Mistake(
                    "second layer only",
                    _ALL + sum(n * c for n, c in zip(UNITS, WIDTHS, strict=True)),
                    "The first layer has biases too, C/r of them.",
                ),
                Mistake(
                    "first layer only",
                    _ALL + sum(n * c // 16 for n, c in zip(UNITS, WIDTHS, strict=True)),
                    "The second layer has biases too, C of them.",
                ),
            ),
            decimals=0,
        ),
        Choice(
            "number_26_77",
            "c",
            {
                "a": "Biases make it larger: 28.09 million.",
                "b": "Dropping the last stage gives 26.50 million.",
                "c": "28,071,976 / 2^20 = 26.77. ECA-Net's table counts in 2^20, most others in 10^6.",
                "d": "r = 32 gives 26.81 million, close, and not it.",
            },
        ),
    ),
    hints=(
        "Count one unit of one stage, then multiply and add.",
        "Two layers lead from C to C/r and back: 2C²/r weights, in each of the N units of a stage. A layer "
        "has a bias for each of its outputs.",
        "The first stage has `3 * 2 * 256**2 / 16` of the weights.",
    ),
)

# --------------------------------------------------------------------------------------------------

gates = Exercise(
    "gates",
    "Predict: gates, errors, time",
    (
        Value(
            "mean_gate",
            1 / 2048,
            (
                Mistake("sigmoid's", 0.5, "One half is what fresh sigmoids give. A softmax shares a single unit."),
                Mistake("sum", 1.0, "1 is what they sum to. The mean over 2,048 of them is asked."),
                Mistake("hidden width", 1 / 128, "There are 2,048 gates; 128 is the hidden width at r = 16."),
            ),
            decimals=5,
            remark="Whatever the logits are.",
        ),
        Choice(
            "softmax_instead",
            "c",
            {
                "a": "A constant factor could be learned away, but a softmax is not a constant factor times a sigmoid: "
                "it makes the channels compete.",
                "b": "SE stands behind the last batch norm of its branch. Nothing rescales it before the sum.",
                "c": "One channel can rise only if others fall, and each gate is about 1/C.",
            },
        ),
        Choice(
            "relu_gate",
            "b",
            {
                "a": "A ReLU gate has no upper bound, but that alone does not explain being worse than no gate.",
                "b": "Plausible: a gate at 0 shuts the channel and passes no gradient, so it can stay dead; it has no "
                "upper bound either. The paper gives the numbers, not the mechanism.",
                "c": "A ReLU is cheaper than a sigmoid, and cost is not what the table measures.",
            },
        ),
        Choice(
            "smaller_ratio",
            "b",
            {
                "a": "From 16 to 2 the weights grow eightfold and the error goes from 22.28 to 22.29.",
                "b": "r = 2 to 16 lie within 0.04 points; at 32 it is worse by 0.44.",
                "c": "At r = 32 it is worse: 22.72 against 22.28.",
            },
        ),
        Choice(
            "flops_and_time",
            "a",
            {
                "a": "The map is read twice, once to average and once to scale: memory traffic, few multiply-adds.",
                "b": "Two small matrix products for each block are a quarter of a per cent of the arithmetic.",
                "c": "The sigmoids are as many as channels, not as many as positions: nothing.",
            },
        ),
        Choice(
            "two_baselines",
            "c",
            {
                "a": "23.30 is ResNet-50 *without* SE, trained by the recipe of the ablations.",
                "b": "The difference of 1.51 is right, but between numbers of one table: 24.80 and 23.29.",
                "c": "24.80 belongs to the main table and 22.28 to the ablations, whose recipe alone is worth 1.50.",
            },
        ),
    ),
    hints=(
        "Ask of each sentence: compared with what, and where does the block stand in its branch?",
        "A softmax sums to 1, whatever goes in. A gate of 0 lets neither the signal nor its gradient through. "
        "Errors may be subtracted within one recipe only.",
        "`mean_gate` is the sum of all gates over their number: 1 / …",
    ),
)

# --------------------------------------------------------------------------------------------------


def _maps_and_weights(generator: torch.Generator) -> Iterable[tuple]:
    """Feature maps (N, C, H, W) and weights (C/r, C), (C, C/r), with one decimal where they are few."""
    for n, channels, hidden, height, width in ((1, 2, 1, 1, 2), (1, 3, 2, 2, 2), (2, 4, 2, 3, 2), (3, 16, 4, 5, 6)):
        u = (4 * torch.rand(n, channels, height, width, generator=generator, dtype=torch.float64) - 1).round(decimals=1)
        w1 = torch.randn(hidden, channels, generator=generator, dtype=torch.float64).round(decimals=1)
        w2 = torch.randn(channels, hidden, generator=generator, dtype=torch.float64).round(decimals=1)
        # One hidden unit is surely at work and one logit surely negative: else a wrong rule may agree.
        w1[0] = w1[0].abs() + 0.3
        u = u.abs() + 0.1
        w2[:, 0] = w2[:, 0].abs() + 0.2
        w2[0, 0] = -w2[0, 0]
        if hidden > 1:
            w1[-1] = -w1[-1].abs() - 0.3
        yield u, w1, w2


def _squeeze_excite(u: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    return u * _gate(u, w1, w2)[..., None, None]


def _with_gate(gate) -> object:
    return lambda u, w1, w2: u * gate(u, w1, w2)[..., None, None]


block = Exercise(
    "block",
    "Implement: squeeze and excitation",
    (
        Function(
            "squeeze_excite",
            "squeeze_excite(u, w1, w2) → the gated map, shape of u (N, C, H, W)",
            _squeeze_excite,
            _maps_and_weights,
            (
                Mistake(
                    "gate returned",
                    lambda u, w1, w2: _gate(u, w1, w2),
                    "These are the gates. The block returns the map, multiplied by them.",
                ),
                Mistake(
                    "softmax",
                    _with_gate(lambda u, w1, w2: (_hidden(u, w1) @ w2.T).softmax(dim=1)),
                    "A softmax makes the gates of a picture sum to 1. Each has a sigmoid of its own.",
                ),
                Mistake(
                    "ReLU after the second layer",
                    _with_gate(lambda u, w1, w2: (_hidden(u, w1) @ w2.T).relu().sigmoid()),
                    "No gate is below one half: a ReLU stands behind the second layer. It belongs between the two.",
                ),
                Mistake(
                    "no ReLU",
                    _with_gate(lambda u, w1, w2: (u.mean(dim=(2, 3)) @ w1.T @ w2.T).sigmoid()),
                    "The ReLU between the layers is missing: two linear maps in a row are one.",
                ),
                Mistake(
                    "sum squeezed",
                    _with_gate(lambda u, w1, w2: (_hidden(u, w1) * u[0, 0].numel() @ w2.T).sigmoid()),
                    "The squeeze sums over the positions. Take the mean, or the gates depend on the picture's size.",
                ),
                Mistake(
                    "maximum squeezed",
                    _with_gate(lambda u, w1, w2: ((u.amax(dim=(2, 3)) @ w1.T).relu() @ w2.T).sigmoid()),
                    "The squeeze takes the maximum. That is another gate, met in lesson 7; here it is the mean.",
                ),
                Mistake(
                    "pooled over the channels",
                    _with_gate(lambda u, w1, w2: ((u.mean(dim=1).flatten(1) @ w1.T).relu() @ w2.T).sigmoid()),
                    "The mean runs over the channels. Squeeze the positions, dims 2 and 3: one number a channel stays.",
                ),
                Mistake(
                    "batch mixed",
                    _with_gate(lambda u, w1, w2: ((u.mean(dim=(0, 2, 3))[None] @ w1.T).relu() @ w2.T).sigmoid()),
                    "The mean runs over the batch as well: each picture needs gates of its own.",
                ),
                Mistake(
                    "added",
                    lambda u, w1, w2: u + _squeeze_excite(u, w1, w2),
                    "The map was added on top. The shortcut is not part of the block.",
                ),
            ),
        ),
    ),
    hints=(
        "Squeeze, two layers, scale. Which axes go in the squeeze?",
        "After the mean over the places there is a row of C numbers for each picture. A layer with weights "
        "(out, in) is a product with their transpose. At the end the gates need two new axes.",
        "`z = u.mean(…)`, of shape (N, C).",
    ),
)

# --------------------------------------------------------------------------------------------------


def _sizes(generator: torch.Generator) -> Iterable[tuple]:
    for channels, reduction, bias in ((64, 16, True), (64, 4, True), (8, 16, True), (32, 8, False)):
        extra = int(torch.randint(0, 3, (), generator=generator))
        channels = channels * 2**extra if channels > 8 else channels - extra
        yield torch.rand(1, channels, 2, 2, generator=generator, dtype=torch.float64), reduction, bias


def _count(u: Tensor, reduction: int, bias: bool) -> int:
    return sum(weight.numel() for weight in SqueezeExcitation(u.shape[1], reduction, bias=bias).parameters())


def _count_with(hidden: int, u: Tensor, bias: bool) -> int:
    return 2 * u.shape[1] * hidden + bias * (u.shape[1] + hidden)


debug = Exercise(
    "debug",
    "Debug: a ratio that nobody reads",
    (
        Function(
            "number_of_weights",
            "number_of_weights(u, reduction, bias) → weights and biases of the block for a map u (N, C, H, W)",
            _count,
            _sizes,
            (
                Mistake(
                    "16 written in",
                    lambda u, r, b: _count_with(max(u.shape[1] // 16, 1), u, b),
                    "The ratio is ignored: 16 is written into the code, as in the listing.",
                ),
                Mistake(
                    "no hidden unit",
                    lambda u, r, b: _count_with(u.shape[1] // r, u, b),
                    "With fewer channels than the ratio no hidden unit is left: the gate is a constant. At least 1.",
                ),
                Mistake(
                    "both",
                    lambda u, r, b: _count_with(u.shape[1] // 16, u, b),
                    "16 is still written into the code, and with fewer than 16 channels no hidden unit is left.",
                ),
                Mistake(
                    "one layer",
                    lambda u, r, b: _count_with(max(u.shape[1] // r, 1), u, b) - u.shape[1] * max(u.shape[1] // r, 1),
                    "The weights of one layer only: C to C/r, and C/r back to C.",
                ),
                Mistake(
                    "biases always",
                    lambda u, r, b: _count_with(max(u.shape[1] // r, 1), u, True),
                    "The flag bias is not read.",
                ),
                Mistake(
                    "biases never",
                    lambda u, r, b: _count_with(max(u.shape[1] // r, 1), u, False),
                    "The biases are missing where bias is True: C/r + C of them.",
                ),
            ),
        ),
    ),
    hints=(
        "Run the listing in your head for `reduction=4`, then for `channels=8`.",
        "A layer has a weight for each pair of an input and an output, and a bias for each output. There are "
        "two layers and one hidden width.",
        "`hidden = max(…, 1)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# SENet, Table 16: top-1 error in per cent.
NO_SE, NO_SQUEEZE, SE = 23.30, 22.93, 22.28
_EVERYWHERE = _added(positions=True) / 1e9

detective = Exercise(
    "detective",
    "Detective: how much of the gain needs the squeeze?",
    (
        Value(
            "share",
            (NO_SQUEEZE - SE) / (NO_SE - SE),
            (
                Mistake(
                    "the rest",
                    (NO_SE - NO_SQUEEZE) / (NO_SE - SE),
                    "That is the part that gates without a squeeze already have. The other part needs it.",
                ),
                Mistake(
                    "points",
                    NO_SQUEEZE - SE,
                    "That is in points of error. Divide by what SE gains over no SE at all.",
                ),
                Mistake(
                    "main table",
                    (NO_SQUEEZE - SE) / (24.80 - SE),
                    "24.80 comes from another table, with another recipe. The ablations have a baseline of their own.",
                ),
            ),
            decimals=2,
            remark="One run each: a share with an unknown error bar.",
        ),
        Value(
            "multiply_adds",
            _EVERYWHERE,
            (
                Mistake(
                    "once a picture",
                    _ALL / 1e9,
                    "That is what the two layers cost once for each picture, after a squeeze. Now they run everywhere.",
                ),
                Mistake("one layer", _EVERYWHERE / 2, "Half of it: two layers run at each position."),
                Mistake("total", 3.858 + _EVERYWHERE, "That is the whole network. What the gates add is asked."),
                Mistake(
                    "one size",
                    _ALL * 49 / 1e9,
                    "7 × 7 positions were taken for all stages. The maps have 56, 28, 14 and 7 a side.",
                ),
            ),
            remark="3.858 + 0.411 = 4.27, as Table 16 prints it.",
        ),
    ),
    hints=(
        "A gain is a difference of two errors. Which two bound the whole gain, and which two the part that "
        "needs the squeeze?",
        "A layer that runs at every position costs its weights times the positions. Stages with many channels "
        "have few positions.",
        "First stage: 3 units, 2 · 256²/16 weights each, 56² positions, in units of 10⁹.",
    ),
)


# --------------------------------------------------------------------------------------------------
@torch.no_grad()
def _reads(gates_from: int | None, digit_of: int) -> float:
    """How often red-framed pictures are read as the digit of a plane, under the gates of a frame (None: all 1)."""
    network, red = red_framed()
    features = network.features(red.images)
    gate: Tensor | float = 1.0
    if gates_from is not None:
        gate = network.attention.gate(network.features(reframed(red, gates_from).images))
    read = network.head(features * gate).argmax(dim=1)
    return (read == red.shown[:, digit_of]).double().mean().item()


intervene = Exercise(
    "intervene",
    "Intervene: the gates of another frame",
    (
        Value(
            "share",
            _reads(gates_from=2, digit_of=2),
            (
                Mistake(
                    "own gates",
                    _reads(gates_from=0, digit_of=0),
                    "That is how often red is read under the pictures' own gates. Give them the gates of a blue "
                    "frame and count the blue digit.",
                ),
                Mistake(
                    "red digit counted",
                    _reads(gates_from=2, digit_of=0),
                    "The gates are the right ones; count how often the *blue* plane's digit is read.",
                ),
                Mistake(
                    "own gates, blue digit",
                    _reads(gates_from=0, digit_of=2),
                    "The pictures still have their own gates. Take those of the same pictures in a blue frame.",
                ),
                Mistake(
                    "all gates open",
                    _reads(gates_from=None, digit_of=2),
                    "All gates are 1 here. Take those that the block makes for the blue-framed pictures.",
                ),
            ),
            decimals=2,
            remark="The frame in the picture is still red: what it announces reaches the answer through the gates.",
        ),
    ),
    hints=(
        "You need two sets of features: one to make the gates, one to be multiplied by them.",
        "The gates come from the blue-framed pictures, the features that they multiply from the red-framed "
        "ones. The head reads the product.",
        "`blue = reframed(red, 2)`: its images go through `network.features` as those of `red` do.",
    ),
)

ALL = (by_hand, cost, gates, block, debug, detective, intervene)
