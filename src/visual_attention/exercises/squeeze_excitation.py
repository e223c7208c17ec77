"""The exercises of lesson 5: squeeze and excitation.

Right answers come from the tested block, from counted networks and from the stored network. Wrong ones are written
out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable

import torch

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.blocks import SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.lessons.squeeze_excitation.data import reframed
from visual_attention.lessons.squeeze_excitation.experiment import red_framed
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
                Mistake(
                    "pooled over the channels",
                    MAPS.mean(dim=1).flatten(),
                    "Those are means over the channels, one for each position. Asked is one for each channel.",
                ),
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
                Mistake(
                    "maxima squeezed",
                    (2 * _LOGITS).sigmoid(),
                    "These are the gates for a squeeze by the largest values. SE squeezes by the mean.",
                ),
                Mistake(
                    "ReLU instead of the sigmoid",
                    _LOGITS.relu(),
                    "The last function is a sigmoid, for each channel. The ReLU stands between the layers.",
                ),
                Mistake("a minus lost in W₂", _LOGITS.abs().sigmoid(), "W₂ has a minus: the first logit is below 0."),
                Mistake(
                    "a minus lost in W₁", (3 * _LOGITS).sigmoid(), "W₁ has a minus: the hidden unit is a difference."
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
                Mistake(
                    "means scaled",
                    MAPS.mean(dim=(2, 3))[0] * _RIGHT,
                    "Those are the means times the gates. The gates scale the map: ask for its largest values.",
                ),
                Mistake(
                    "softmax",
                    MAPS[0].amax(dim=(1, 2)) * _LOGITS.softmax(0),
                    "These gates sum to 1: a softmax. Each gate has a sigmoid of its own.",
                ),
                Mistake("logits as gates", MAPS[0].amax(dim=(1, 2)) * _LOGITS, "The sigmoid is missing."),
                Mistake(
                    "a minus lost in W₂",
                    MAPS[0].amax(dim=(1, 2)) * _LOGITS.abs().sigmoid(),
                    "W₂ has a minus: the first logit is below 0.",
                ),
                Mistake(
                    "rounded too early",
                    MAPS[0].amax(dim=(1, 2)) * _RIGHT.round(decimals=3),
                    "The gate was rounded to three decimals before it scaled. Keep four, and round at the end.",
                ),
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

UNITS, WIDTHS, SIDES = (3, 4, 6, 3), (256, 512, 1024, 2048), (56, 28, 14, 7)


def _added(*, bias: bool = False, last: bool = True, positions: bool = False) -> int:
    """Weights that SE adds to ResNet-50 at r = 16; or its multiply-adds if it runs at each position."""
    total = 0
    with torch.device("meta"):
        for n, channels, side in zip(UNITS, WIDTHS, SIDES, strict=True):
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
                Mistake(
                    "no ratio", 16 * _ALL, "16 times too large: between the two layers there are C/r numbers, not C."
                ),
                Mistake("biases counted", _added(bias=True), "The biases are in it. Weights alone are asked."),
                Mistake("whole network", _BARE + _ALL, "That is the whole network with SE. What SE adds is asked."),
                Mistake("in millions", _ALL / 1e6, "If that is in millions: give the number itself, a whole one."),
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
                Mistake("by stages", 1 / 4, "One of four stages, but not a quarter of the weights: C enters squared."),
                Mistake("by channels", WIDTHS[-1] / sum(WIDTHS), "Channels enter squared, and stages differ in units."),
                Mistake(
                    "by channels and units",
                    UNITS[-1] * WIDTHS[-1] / sum(n * c for n, c in zip(UNITS, WIDTHS, strict=True)),
                    "The number of channels enters squared.",
                ),
                Mistake(
                    "one unit a stage",
                    WIDTHS[-1] ** 2 / sum(c * c for c in WIDTHS),
                    "One block for each stage was counted. A stage has N units, each with its own.",
                ),
                Mistake("per cent", 100 * _LAST / _ALL, "Give a share between 0 and 1, not per cent."),
                Mistake("per cent, rounded", 63.0, "Give a share between 0 and 1, not per cent."),
                Mistake("count", _LAST, "That is how many weights lie there. Divide by all that SE adds."),
            ),
            decimals=2,
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
                Mistake("biases alone", _added(bias=True) - _ALL, "Those are the biases alone. Add the weights."),
                Mistake("in millions", _added(bias=True) / 1e6, "If that is in millions: give the number itself."),
            ),
            decimals=0,
        ),
        Choice(
            "number_26_77",
            Question(
                "ResNet-50 has 25,557,032 parameters. Papers give 28.07, 28.09, 28.1 and 26.77 million for "
                "SE-ResNet-50 at $r = 16$. The last one is",
                {
                    "the network with biases": "Biases make it larger: 28.09 million.",
                    "the network without SE in its last stage": "Dropping the last stage gives 26.50 million.",
                    "the network without biases, counted in units of $2^{20}$": (
                        "28,071,976 / 2^20 = 26.77. ECA-Net's table counts in 2^20, most others in 10^6."
                    ),
                    "the network with $r = 32$": "r = 32 gives 26.81 million, close, and not it.",
                },
                right="c",
            ),
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
                Mistake("number of gates", 2048, "That is how many gates there are. They share a single unit."),
                Mistake("nothing", 0.0, "Small, and not 0: five decimals are asked."),
            ),
            decimals=5,
            remark="Whatever the logits are.",
        ),
        Choice(
            "softmax_instead",
            Question(
                "What else would the softmax change?",
                {
                    "nothing but a factor, which the next layer learns away": (
                        "A constant factor could be learned away, but a softmax is not a constant factor times a "
                        "sigmoid: "
                        "it makes the channels compete."
                    ),
                    "nothing, since batch norm rescales it": (
                        "SE stands behind the last batch norm of its branch. Nothing rescales it before the sum."
                    ),
                    "channels would have to compete for one unit": (
                        "One channel can rise only if others fall, and each gate is about 1/C."
                    ),
                },
                right="c",
            ),
        ),
        Choice(
            "relu_gate",
            Question(
                "With a ReLU as the last function ([@hu2020, Table 12]) the error is 23.47 %, worse than without "
                "SE (23.30 %):",
                {
                    "because its gates may exceed 1, and for no other reason": (
                        "A ReLU gate has no upper bound, but that alone does not explain being worse than no gate."
                    ),
                    (
                        "plausibly because a gate at 0 shuts a channel and passes no gradient, "
                        "and large gates have no bound"
                    ): (
                        "Plausible: a gate at 0 shuts the channel and passes no gradient, so it can stay dead; it "
                        "has no "
                        "upper bound either. The paper gives the numbers, not the mechanism."
                    ),
                    "because a ReLU costs more": (
                        "A ReLU is cheaper than a sigmoid, and cost is not what the table measures."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "smaller_ratio",
            Question(
                "A smaller ratio r, with more weights, makes fewer errors:",
                {
                    "always": "From 16 to 2 the weights grow eightfold and the error goes from 22.28 to 22.29.",
                    "only down to about 16; below that, [@hu2020, Table 10] shows next to no change": (
                        "r = 2 to 16 lie within 0.04 points; at 32 it is worse by 0.44."
                    ),
                    "never: r = 32 is the best in Table 10": "At r = 32 it is worse: 22.72 against 22.28.",
                },
                right="b",
            ),
        ),
        Choice(
            "flops_and_time",
            Question(
                "+0.26 % multiply-adds, +10 % time for a training step ([@hu2020, section 4]). The time goes into",
                {
                    "reading the feature map twice": (
                        "The map is read twice, once to average and once to scale: memory traffic, few multiply-adds."
                    ),
                    "the two layers": (
                        "Two small matrix products for each block are a quarter of a per cent of the arithmetic."
                    ),
                    "computing sigmoids": "The sigmoids are as many as channels, not as many as positions: nothing.",
                },
                right="a",
            ),
        ),
        Choice(
            "two_baselines",
            Question(
                '"SE lowers ResNet-50\'s error from 24.80 % to 22.28 %, by 2.52 points." Both numbers are in '
                "[@hu2020]. The sentence is",
                {
                    "wrong: ResNet-50 with SE has 23.30 %": (
                        "23.30 is ResNet-50 *without* SE, trained by the recipe of the ablations."
                    ),
                    "nearly right: it is 1.51 points, from 24.80 % to 22.28 %": (
                        "The difference of 1.51 is right, but between numbers of one table: 24.80 and 23.29."
                    ),
                    "wrong: the two numbers come from different training recipes": (
                        "24.80 belongs to the main table and 22.28 to the ablations, whose recipe alone is worth 1.50."
                    ),
                },
                right="c",
            ),
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


def _unusual_maps() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def tensor(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).round(decimals=1)

    u, w1, w2 = tensor(3, 3, 3, 3), tensor(2, 3), tensor(3, 2)
    yield "as many channels as pictures, rows and columns", (u, w1, w2)
    yield "values below 0 everywhere", (-u[:2].abs() - 0.1, w1, w2)
    yield "values of both signs, on a map that is not square", (tensor(2, 3, 4, 5), w1, w2)
    yield "one channel", (u[:2, :1], torch.tensor([[1.5]]).double(), torch.tensor([[-0.5]]).double())
    yield "one position", (u[:2, :, :1, :1], w1, w2)
    yield "a second picture unlike the first", (torch.stack([u[0], 5 - u[1]]), w1, w2)
    yield "hidden units that are all asleep", (u.abs(), -w1.abs(), w2)
    yield "a picture of zeros beside another one", (torch.stack([torch.zeros(3, 3, 3).double(), u[0]]), w1, w2)
    yield "as many hidden units as channels", (u[:2], tensor(3, 3), tensor(3, 3))
    yield (
        "gates nearly open and nearly shut",
        (u.abs() + 1, w1.abs() + 1, torch.tensor([[9.0], [-9.0], [9.0]]) * w2.abs()),
    )


def _squeeze_excite(u: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    return u * _gate(u, w1, w2)[..., None, None]


def _with_gate(gate: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda u, w1, w2: u * gate(u, w1, w2)[..., None, None]


def _squeezed_by(pool: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return _with_gate(lambda u, w1, w2: ((pool(u) @ w1.T).relu() @ w2.T).sigmoid())


def _stretched(name: str, index: tuple, feedback: str) -> tuple[Mistake, Mistake]:
    """Gates with their new axes elsewhere, in both orders: where shapes do not fit, PyTorch's message shows it."""
    return (
        Mistake(name, lambda u, w1, w2: _gate(u, w1, w2)[index] * u, feedback),
        Mistake(f"{name}, map first", lambda u, w1, w2: u * _gate(u, w1, w2)[index], feedback),
    )


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
                    "gate returned, with its axes",
                    lambda u, w1, w2: _gate(u, w1, w2)[..., None, None],
                    "These are the gates. The block returns the map, multiplied by them.",
                ),
                Mistake(
                    "no sigmoid",
                    _with_gate(lambda u, w1, w2: _hidden(u, w1) @ w2.T),
                    "The sigmoid is missing: the map is multiplied by the logits, some of them below 0.",
                ),
                Mistake(
                    "ReLU instead of the sigmoid",
                    _with_gate(lambda u, w1, w2: (_hidden(u, w1) @ w2.T).relu()),
                    "A ReLU stands at the end. The last function is a sigmoid, so that gates lie between 0 and 1.",
                ),
                Mistake(
                    "sigmoid instead of the ReLU",
                    _with_gate(lambda u, w1, w2: ((u.mean(dim=(2, 3)) @ w1.T).sigmoid() @ w2.T).sigmoid()),
                    "A sigmoid stands between the layers. It belongs to the end, and a ReLU between them.",
                ),
                Mistake(
                    "softmax over the batch",
                    _with_gate(lambda u, w1, w2: (_hidden(u, w1) @ w2.T).softmax(dim=0)),
                    "A softmax over the pictures: they compete. Each gate has a sigmoid of its own.",
                ),
                *_stretched(
                    "no new axes",
                    (...,),
                    "The gates (N, C) have no axes for the positions, so that they are laid along rows and columns.",
                ),
                *_stretched(
                    "along the columns",
                    (slice(None), None, None),
                    "The new axes stand before the channels: the gates are laid along the columns of the map.",
                ),
                *_stretched(
                    "along the rows",
                    (slice(None), None, slice(None), None),
                    "A new axis stands before the channels: the gates are laid along the rows of the map.",
                ),
                Mistake(
                    "first picture's gates",
                    lambda u, w1, w2: u * _gate(u, w1, w2)[:1, :, None, None],
                    "All pictures are scaled by the gates of the first one. Each needs gates of its own.",
                ),
                Mistake(
                    "first picture alone",
                    lambda u, w1, w2: _squeeze_excite(u[:1], w1, w2),
                    "Only the first picture of the batch comes back.",
                ),
                Mistake(
                    "layers swapped",
                    _with_gate(lambda u, w1, w2: ((u.mean(dim=(2, 3)) @ w2).relu() @ w1).sigmoid()),
                    "The layers stand in the wrong order: w1 leads from C to C/r, and w2 back.",
                ),
                Mistake(
                    "no squeeze",
                    lambda u, w1, w2: u * (((u.movedim(1, -1) @ w1.T).relu() @ w2.T).sigmoid()).movedim(-1, 1),
                    "Each position makes gates of its own. Squeeze first: one number for each channel.",
                ),
                Mistake(
                    "gate added",
                    lambda u, w1, w2: u + _gate(u, w1, w2)[..., None, None],
                    "The gates are added to the map. They multiply it.",
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
                    "ReLU after the second layer only",
                    _with_gate(lambda u, w1, w2: (u.mean(dim=(2, 3)) @ w1.T @ w2.T).relu().sigmoid()),
                    "No gate is below one half: the ReLU stands behind the second layer. It belongs between the two.",
                ),
                Mistake(
                    "ReLU on the squeeze",
                    _with_gate(lambda u, w1, w2: (u.mean(dim=(2, 3)).relu() @ w1.T @ w2.T).sigmoid()),
                    "The ReLU stands before the first layer. It belongs between the two.",
                ),
                Mistake(
                    "ReLU on the map",
                    _squeezed_by(lambda u: u.relu().mean(dim=(2, 3))),
                    "The map goes through a ReLU before the squeeze. It is averaged as it is, values below 0 as well.",
                ),
                Mistake(
                    "sizes squeezed",
                    _squeezed_by(lambda u: u.abs().mean(dim=(2, 3))),
                    "The sizes of the values are averaged. The mean takes values below 0 as they are.",
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
                    "one position",
                    _squeezed_by(lambda u: u[:, :, 0, 0]),
                    "The first position alone is read. The squeeze is the mean over all of them.",
                ),
                Mistake(
                    "rows or columns counted alone",
                    _squeezed_by(lambda u: u.sum(dim=(2, 3)) / u.shape[2]),
                    "The sum over the positions is divided by H alone. There are H · W of them.",
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
            edge_cases=_unusual_maps,
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
    """All sizes differ. C over the ratio is never a half, which people round in two ways."""
    for channels, reduction, bias in ((64, 16, True), (67, 4, True), (7, 16, True), (29, 8, False), (50, 7, False)):
        if channels > reduction != 16:
            channels += int(torch.randint(0, 3, (), generator=generator))
        yield torch.ones(2, channels, 3, 5, dtype=torch.float64), reduction, bias


def _unusual_sizes() -> Iterable[tuple[str, tuple]]:
    for name, size, reduction, bias in (
        ("one channel", (2, 1, 3, 5), 16, True),
        ("one channel less than the ratio", (1, 15, 2, 3), 16, True),
        ("one channel less than twice the ratio", (1, 15, 2, 3), 8, True),
        ("ratio 1", (2, 6, 3, 5), 1, True),
        ("fewer channels than the ratio, no biases", (2, 5, 3, 4), 16, False),
        ("as many pictures, rows and columns as channels", (7, 7, 7, 7), 4, True),
        ("a map of one position", (1, 41, 1, 1), 16, True),
        ("2,048 channels", (1, 2048, 1, 2), 16, False),
    ):
        yield name, (torch.ones(size, dtype=torch.float64), reduction, bias)


def _count(u: Tensor, reduction: int, bias: bool) -> int:
    return sum(weight.numel() for weight in SqueezeExcitation(u.shape[1], reduction, bias=bias).parameters())


def _count_with(hidden: float, u: Tensor, bias: bool) -> float:
    return 2 * u.shape[1] * hidden + bias * (u.shape[1] + hidden)


def _count_on(dim: int) -> Callable[..., int]:
    return lambda u, reduction, bias: _count(u.movedim(dim, 1), reduction, bias)


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
                    "rounded up",
                    lambda u, r, b: _count_with(math.ceil(u.shape[1] / r), u, b),
                    "The hidden width is rounded up. C // reduction rounds down, to 1 at least.",
                ),
                Mistake(
                    "rounded to the nearest",
                    lambda u, r, b: _count_with(max(round(u.shape[1] / r), 1), u, b),
                    "The hidden width is rounded to the nearest whole number. C // reduction rounds down.",
                ),
                Mistake(
                    "not a whole number",
                    lambda u, r, b: _count_with(max(u.shape[1] / r, 1), u, b),
                    "The hidden width is no whole number where the ratio does not divide C: // rounds down.",
                ),
                Mistake(
                    "one more",
                    lambda u, r, b: _count_with(u.shape[1] // r + 1, u, b),
                    "The hidden width is one too many wherever C // reduction is not 0.",
                ),
                Mistake(
                    "the smaller",
                    lambda u, r, b: _count_with(min(u.shape[1] // r, 1), u, b),
                    "The hidden width is never more than 1: the larger of the two is asked.",
                ),
                Mistake(
                    "both",
                    lambda u, r, b: _count_with(u.shape[1] // 16, u, b),
                    "16 is still written into the code, and with fewer than 16 channels no hidden unit is left.",
                ),
                Mistake(
                    "2C²/r",
                    lambda u, r, b: 2 * u.shape[1] ** 2 // r + b * (u.shape[1] + max(u.shape[1] // r, 1)),
                    "2C²/r holds where r divides C. Take the hidden width first, rounded down and at least 1.",
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
                Mistake(
                    "biases of the first layer only",
                    lambda u, r, b: _count(u, r, False) + b * max(u.shape[1] // r, 1),
                    "The second layer has biases too, C of them.",
                ),
                Mistake(
                    "biases of the second layer only",
                    lambda u, r, b: _count(u, r, False) + b * u.shape[1],
                    "The first layer has biases too, one for each hidden unit.",
                ),
                Mistake(
                    "flag turned round", lambda u, r, b: _count(u, r, not b), "The flag is read the wrong way round."
                ),
                Mistake("pictures counted", _count_on(0), "The channels stand on dim 1 of u. Dim 0 are the pictures."),
                Mistake("rows counted", _count_on(2), "The channels stand on dim 1 of u. Dim 2 are the rows."),
                Mistake("columns counted", _count_on(3), "The channels stand on dim 1 of u. Dim 3 are the columns."),
                Mistake(
                    "at each position",
                    lambda u, r, b: _count(u, r, b) * u[0, 0].numel(),
                    "Weights are there once, for all positions of the map.",
                ),
                Mistake(
                    "biases twice",
                    lambda u, r, b: 2 * _count(u, r, b) - _count(u, r, False),
                    "The biases are counted twice: each layer has one for each of its outputs.",
                ),
                Mistake(
                    "hidden width",
                    lambda u, r, b: max(u.shape[1] // r, 1),
                    "That is the hidden width. How many weights lead to it, and back?",
                ),
            ),
            rtol=0,  # a count
            edge_cases=_unusual_sizes,
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
                Mistake("per cent", 64.0, "Give a share between 0 and 1, not per cent."),
                Mistake(
                    "part by part",
                    (NO_SE - NO_SQUEEZE) / (NO_SQUEEZE - SE),
                    "That is one part of the gain over the other. A share is a part over the whole.",
                ),
                Mistake(
                    "of the error",
                    (NO_SQUEEZE - SE) / NO_SE,
                    "That is a share of the error. The whole is SE's gain: from no SE to SE.",
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
                Mistake(
                    "difference of the table",
                    4.27 - 3.858,
                    "That is the difference of two rounded numbers of the table. Count the two layers instead.",
                ),
                Mistake("FLOPs", 2 * _EVERYWHERE, "A product and its sum count once: multiply-adds."),
                Mistake("not in G", 1e9 * _EVERYWHERE, "Right as a count: give it in G, units of 10⁹."),
                Mistake("in millions", 1e3 * _EVERYWHERE, "That is in millions. Give it in G, units of 10⁹."),
                Mistake(
                    "no ratio", 16 * _EVERYWHERE, "16 times too many: between the two layers there are C/r numbers."
                ),
                Mistake("inner width", _EVERYWHERE / 16, "16 times too few: C is the width at the end of a unit."),
                Mistake(
                    "one unit a stage",
                    sum(2 * c * c // 16 * side**2 for c, side in zip(WIDTHS, SIDES, strict=True)) / 1e9,
                    "One block for each stage was counted. A stage has N units, each with its own.",
                ),
                Mistake(
                    "side not squared",
                    sum(n * 2 * c * c // 16 * side for n, c, side in zip(UNITS, WIDTHS, SIDES, strict=True)) / 1e9,
                    "A map with 56 positions a side has 56² of them.",
                ),
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
def _readings() -> dict[tuple[int, int | None], Tensor]:
    """Digits that the network reads, for the frame of the pictures and the frame that makes the gates (None: all 1)."""
    network, red = red_framed()
    block = network.attention
    assert isinstance(block, SqueezeExcitation)
    features = {frame: network.features(reframed(red, frame).images) for frame in range(3)}
    readings = {}
    for frame, gates_from in ((0, 0), (0, 1), (0, 2), (0, None), (2, 2)):
        gate = 1.0 if gates_from is None else block.gate(features[gates_from])
        readings[frame, gates_from] = network.head(features[frame] * gate).argmax(dim=1)
    return readings


_READINGS = _readings()


def _reads(gates_from: int | None, digit_of: int, frame: int = 0) -> float:
    """How often pictures in a frame are read as the digit of a plane, under the gates of a frame."""
    _, red = red_framed()
    return (_READINGS[frame, gates_from] == red.shown[:, digit_of]).double().mean().item()


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
                    "blue features too",
                    _reads(gates_from=2, digit_of=2, frame=2),
                    "The features are the blue-framed pictures' as well. Keep those of the red-framed ones.",
                ),
                Mistake(
                    "green gates, green digit",
                    _reads(gates_from=1, digit_of=1),
                    "That is the experiment with green frames, reframed(red, 1).",
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
