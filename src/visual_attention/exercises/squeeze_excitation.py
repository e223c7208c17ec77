"""The exercises of lesson 5: squeeze and excitation.

Right answers come from the tested block, from counted networks and from the stored network. Wrong ones are written
out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from courseware.exercises.build import Case, Measured, Module
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.blocks import SqueezeExcitation
from visual_attention.lessons.squeeze_excitation.data import reframed
from visual_attention.lessons.squeeze_excitation.experiment import red_framed

__all__ = ["ALL", "block", "by_hand", "cost", "debug", "detective", "gates", "intervene", "seen", "trained"]

Tensor = torch.Tensor

# --------------------------------------------------------------------------------------------------
# By hand: two channels of four positions, two hidden units, one of which sleeps.

MAPS = torch.tensor([[[[3.0, 1.0], [5.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]], dtype=torch.float64)  # (1, 2, 2, 2)
DOWN = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)  # W_1, (2, 2)
UP = torch.tensor([[-0.6, 0.4], [0.9, 0.3]], dtype=torch.float64)  # W_2, (2, 2)


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
                    "no ReLU between",
                    (MAPS.mean(dim=(2, 3)) @ DOWN.T @ UP.T).sigmoid()[0],
                    "The second hidden unit is below 0: the ReLU makes it 0 before W₂.",
                ),
                Mistake(
                    "sums squeezed",
                    (_hidden(4 * MAPS, DOWN) @ UP.T).sigmoid()[0],
                    "The squeeze was a sum, four times too large here.",
                ),
                Mistake(
                    "maxima squeezed",
                    ((MAPS.amax(dim=(2, 3)) @ DOWN.T).relu() @ UP.T).sigmoid()[0],
                    "These are the gates for a squeeze by the largest values. SE squeezes by the mean.",
                ),
                Mistake(
                    "ReLU instead of the sigmoid",
                    _LOGITS.relu(),
                    "The last function is a sigmoid, for each channel. The ReLU stands between the layers.",
                ),
                Mistake("a minus lost in W₂", _LOGITS.abs().sigmoid(), "W₂ has a minus: the first logit is below 0."),
                Mistake(
                    "a minus lost in W₁",
                    (_hidden(MAPS, DOWN.abs()) @ UP.T).sigmoid()[0],
                    "W₁ has minuses: the hidden units are differences.",
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
        Value(
            "asleep",
            0.5,
            (
                Mistake("nothing", 0.0, "At 0 the second hidden unit wakes: z₂ − z₁ is above 0 then."),
                Mistake("as it is", 2.5, "That is its mean now, and the first hidden unit is awake."),
                Mistake("hidden unit", 2.0, "That is the first hidden unit now. Which mean would make it 0?"),
            ),
            decimals=1,
            remark="Units that sleep leave every gate half open.",
        ),
    ),
    hints=(
        "Squeeze each channel to one number first: two numbers are all there is to carry on with.",
        "Mean, then W₁ and a ReLU, then W₂ and a sigmoid for each channel. σ(−t) is 1 − σ(t).",
        "z₁ = (3 + 1 + 5 + 1)/4. The first hidden unit is ReLU(z₁ − z₂).",
    ),
)

# --------------------------------------------------------------------------------------------------
# What SE adds to ResNet-101 at r = 8, and to ResNet-50 at r = 16, counted on blocks that have shapes only.

UNITS_50, UNITS_101, WIDTHS, SIDES = (3, 4, 6, 3), (3, 4, 23, 3), (256, 512, 1024, 2048), (56, 28, 14, 7)
RESNET_101 = 44_549_160  # its own weights


def _added(units: tuple[int, ...], reduction: int, *, bias: bool = False, positions: bool = False) -> list[int]:
    """Weights that SE adds to each stage; or its multiply-adds if it runs at each position."""
    added = []
    with torch.device("meta"):
        for n, channels, side in zip(units, WIDTHS, SIDES, strict=True):
            block = SqueezeExcitation(channels, reduction, bias=bias)
            added.append(n * sum(w.numel() for w in block.parameters()) * (side**2 if positions else 1))
    return added


_STAGES = _added(UNITS_101, 8)
_ALL, _BIASED, _THIRD = sum(_STAGES), sum(_added(UNITS_101, 8, bias=True)), _STAGES[2]

cost = Exercise(
    "cost",
    "Count: what SE adds to ResNet-101",
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
                    2 * sum(c * c for c in WIDTHS) // 8,
                    "One block for each stage was counted. A stage has N units, each with its own.",
                ),
                Mistake("one full layer", 4 * _ALL, "That is one full C × C layer for each unit: r/2 = 4 times more."),
                Mistake(
                    "no ratio", 8 * _ALL, "8 times too large: between the two layers there are C/r numbers, not C."
                ),
                Mistake(
                    "the ratio of the paper",
                    _ALL // 2,
                    "Half of it: for r = 16, or for one layer of the two. Here r is 8.",
                ),
                Mistake(
                    "ResNet-50",
                    sum(_added(UNITS_50, 8)),
                    "That is ResNet-50. The third stage of ResNet-101 has 23 units.",
                ),
                Mistake("biases counted", _BIASED, "The biases are in it. Weights alone are asked."),
                Mistake(
                    "whole network", RESNET_101 + _ALL, "That is the whole network with SE. What SE adds is asked."
                ),
                Mistake("in millions", _ALL / 1e6, "If that is in millions: give the number itself, a whole one."),
            ),
            decimals=0,
        ),
        Value(
            "third_share",
            _THIRD / _ALL,
            (
                Mistake("of the network", _THIRD / RESNET_101, "That is its share of ResNet-101's own weights."),
                Mistake("others", 1 - _THIRD / _ALL, "That is the share of the three other stages."),
                Mistake("by units", 23 / 33, "23 of 33 units, but not 23/33 of the weights: C enters squared."),
                Mistake(
                    "the last stage", _STAGES[3] / _ALL, "That is the last stage. With 23 units the third has more."
                ),
                Mistake(
                    "by channels and units",
                    23 * 1024 / sum(n * c for n, c in zip(UNITS_101, WIDTHS, strict=True)),
                    "The number of channels enters squared.",
                ),
                Mistake(
                    "one unit a stage",
                    1024**2 / sum(c * c for c in WIDTHS),
                    "One block for each stage was counted. A stage has N units, each with its own.",
                ),
                Mistake("per cent", 100 * _THIRD / _ALL, "Give a share between 0 and 1, not per cent."),
                Mistake("per cent, rounded", 64.0, "Give a share between 0 and 1, not per cent."),
                Mistake("count", _THIRD, "That is how many weights lie there. Divide by all that SE adds."),
            ),
            decimals=2,
        ),
        Value(
            "with_bias",
            _BIASED,
            (
                Mistake("none", _ALL, "That is without biases. Each layer has one for each of its outputs."),
                Mistake(
                    "second layer only",
                    _ALL + sum(n * c for n, c in zip(UNITS_101, WIDTHS, strict=True)),
                    "The first layer has biases too, C/r of them.",
                ),
                Mistake(
                    "first layer only",
                    _ALL + sum(n * c // 8 for n, c in zip(UNITS_101, WIDTHS, strict=True)),
                    "The second layer has biases too, C of them.",
                ),
                Mistake("biases alone", _BIASED - _ALL, "Those are the biases alone. Add the weights."),
                Mistake("in millions", _BIASED / 1e6, "If that is in millions: give the number itself."),
            ),
            decimals=0,
        ),
        Choice(
            "number_47_01",
            Question(
                "ResNet-101 has 44,549,160 parameters. Four lists of SE-ResNet-101, now with $r = 16$, could say "
                "49.33, 47.72, 47.01 and 46.92 million. Where does 47.01 come from?",
                {
                    "the network with biases": "Biases make it larger: 49.33 million.",
                    "the network without SE in its last stage": "Dropping the last stage gives 47.72 million.",
                    "the network without biases, counted in units of $2^{20}$": (
                        "49,292,328 / 2^20 = 47.01. Most lists count in 10^6: 49.29."
                    ),
                    "the network with $r = 32$": "r = 32 gives 46.92 million, close, and not it.",
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Count one unit of one stage, then multiply and add.",
        "Two layers lead from C to C/r and back: 2C²/r weights, in each of the N units of a stage. A layer "
        "has a bias for each of its outputs.",
        "The first stage has `3 * 2 * 256**2 / 8` of the weights.",
    ),
)

# --------------------------------------------------------------------------------------------------

_LARGEST = math.exp(2) / (math.exp(2) + 383 * math.exp(-2))  # one logit at 2, 383 at −2

gates = Exercise(
    "gates",
    "Predict: gates, errors, time",
    (
        Value(
            "mean_gate",
            1 / 384,
            (
                Mistake("sigmoid's", 0.5, "One half is what fresh sigmoids give. A softmax shares a single unit."),
                Mistake("sum", 1.0, "1 is what they sum to. The mean over 384 of them is asked."),
                Mistake("hidden width", 1 / 24, "There are 384 gates; 24 is the hidden width at r = 16."),
                Mistake("number of gates", 384, "That is how many gates there are. They share a single unit."),
                Mistake("nothing", 0.0, "Small, and not 0: five decimals are asked."),
            ),
            decimals=5,
            remark="Whatever the logits are.",
        ),
        Value(
            "largest_gate",
            _LARGEST,
            (
                Mistake(
                    "sigmoid's",
                    1 / (1 + math.exp(-2)),
                    "That is σ(2): a gate of its own. A softmax divides by all 384.",
                ),
                Mistake(
                    "the others at 0",
                    math.exp(2) / (math.exp(2) + 383),
                    "The other logits may be lower than 0: at −2 they leave the largest gate the most.",
                ),
                Mistake("odds", math.exp(4) / 383, "Below the line stand all of them, the largest one as well."),
                Mistake(
                    "all alike",
                    1 / 384,
                    "That is the mean. With one logit at 2 and the others at −2 one gate has more.",
                ),
            ),
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


def _logits(u: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return up(down(u.mean(dim=(2, 3))).relu())  # (N, C)


def _gates(u: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return _logits(u, down, up).sigmoid()  # (N, C)


def _gates_of_means(means: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return up(down(means).relu()).sigmoid()


Rule = Callable[[Tensor, nn.Module, nn.Module], Tensor]


def _built(rule: Rule) -> type[nn.Module]:
    """A block with the right layers and another `forward`: `rule` of the map and the two layers."""

    class Built(SqueezeExcitation):
        def forward(self, x: Tensor) -> Tensor:
            return rule(x, self.reduce, self.expand)

    return Built


def _with_gate(gate: Rule) -> type[nn.Module]:
    return _built(lambda u, down, up: u * gate(u, down, up)[..., None, None])


def _squeezed_by(pool: Callable[[Tensor], Tensor]) -> type[nn.Module]:
    return _with_gate(lambda u, down, up: up(down(pool(u)).relu()).sigmoid())


def _stretched(name: str, index: tuple, feedback: str) -> tuple[Mistake, Mistake]:
    """Gates with their new axes elsewhere, in both orders: where shapes do not fit, PyTorch's message shows it."""
    return (
        Mistake(name, _built(lambda u, down, up: _gates(u, down, up)[index] * u), feedback),
        Mistake(f"{name}, map first", _built(lambda u, down, up: u * _gates(u, down, up)[index]), feedback),
    )


def _maps(generator: torch.Generator) -> Iterable[Case]:
    for size, arguments, named in (
        ((2, 8, 3, 4), (8,), {"reduction": 4}),
        ((3, 6, 5, 2), (6, 2), {}),
        ((4, 32, 4, 4), (32,), {}),
    ):
        yield Case((2 * torch.randn(size, generator=generator) + 0.5,), arguments, named)
    yield Case((torch.randn(2, 8, 3, 4, generator=generator),), (8, 2), method="gate")


def _unusual_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)

    def maps(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    yield "a batch of one, on a map that is not square", Case((maps(1, 6, 2, 5),), (6, 3))
    yield "as many channels as pictures, rows and columns", Case((maps(4, 4, 4, 4),), (4, 1))
    yield "one position", Case((maps(2, 6, 1, 1),), (6, 2))
    yield "fewer channels than the ratio", Case((maps(3, 5, 2, 2) + 1,), (5,), {"reduction": 16})
    yield "a ratio that does not divide the channels", Case((maps(2, 7, 3, 2),), (7, 3))
    yield "a second picture unlike the first", Case((torch.stack([maps(4, 3, 3), 9 - maps(4, 3, 3)]),), (4, 2))
    yield "values below 0 everywhere", Case((-maps(2, 6, 3, 3).abs() - 0.1,), (6, 2))
    yield "the gates of a single picture", Case((maps(1, 6, 2, 5),), (6, 3), method="gate")


block = Exercise(
    "block",
    "Build: the block as a module",
    (
        Module(
            "SqueezeExcite",
            "SqueezeExcite(channels, reduction=16) → a module that gates the channels of a map (N, C, H, W)",
            SqueezeExcitation,
            _maps,
            (
                Mistake(
                    "gate returned",
                    _built(_gates),
                    "These are the gates. The block returns the map, multiplied by them.",
                ),
                Mistake(
                    "gate returned, with its axes",
                    _built(lambda u, down, up: _gates(u, down, up)[..., None, None]),
                    "These are the gates. The block returns the map, multiplied by them.",
                ),
                Mistake(
                    "no sigmoid",
                    _with_gate(lambda u, down, up: _logits(u, down, up)),
                    "The sigmoid is missing: the map is multiplied by the logits, some of them below 0.",
                ),
                Mistake(
                    "ReLU instead of the sigmoid",
                    _with_gate(lambda u, down, up: _logits(u, down, up).relu()),
                    "A ReLU stands at the end. The last function is a sigmoid, so that gates lie between 0 and 1.",
                ),
                Mistake(
                    "sigmoid instead of the ReLU",
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=(2, 3))).sigmoid()).sigmoid()),
                    "A sigmoid stands between the layers. It belongs to the end, and a ReLU between them.",
                ),
                Mistake(
                    "softmax over the batch",
                    _with_gate(lambda u, down, up: _logits(u, down, up).softmax(dim=0)),
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
                    "squeezed without a number",
                    _built(
                        lambda u, down, up: (
                            u * _gates_of_means(u.mean(dim=(2, 3), keepdim=True).squeeze(), down, up)[:, :, None, None]
                        )
                    ),
                    "squeeze() without a number takes every axis of length 1: of a single picture that of the batch, "
                    "too.",
                ),
                Mistake(
                    "first picture's gates",
                    _built(lambda u, down, up: u * _gates(u, down, up)[:1, :, None, None]),
                    "All pictures are scaled by the gates of the first one. Each needs gates of its own.",
                ),
                Mistake(
                    "first picture alone",
                    _built(lambda u, down, up: (u * _gates(u, down, up)[..., None, None])[:1]),
                    "Only the first picture of the batch comes back.",
                ),
                Mistake(
                    "no squeeze",
                    _built(lambda u, down, up: u * up(down(u.movedim(1, -1)).relu()).sigmoid().movedim(-1, 1)),
                    "Each position makes gates of its own. Squeeze first: one number for each channel.",
                ),
                Mistake(
                    "gate added",
                    _built(lambda u, down, up: u + _gates(u, down, up)[..., None, None]),
                    "The gates are added to the map. They multiply it.",
                ),
                Mistake(
                    "softmax",
                    _with_gate(lambda u, down, up: _logits(u, down, up).softmax(dim=1)),
                    "A softmax makes the gates of a picture sum to 1. Each has a sigmoid of its own.",
                ),
                Mistake(
                    "ReLU after the second layer",
                    _with_gate(lambda u, down, up: _logits(u, down, up).relu().sigmoid()),
                    "No gate is below one half: a ReLU stands behind the second layer. It belongs between the two.",
                ),
                Mistake(
                    "ReLU after the second layer only",
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=(2, 3)))).relu().sigmoid()),
                    "No gate is below one half: the ReLU stands behind the second layer. It belongs between the two.",
                ),
                Mistake(
                    "ReLU on the squeeze",
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=(2, 3)).relu())).sigmoid()),
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
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=(2, 3)))).sigmoid()),
                    "The ReLU between the layers is missing: two linear maps in a row are one.",
                ),
                Mistake(
                    "sum squeezed",
                    _with_gate(lambda u, down, up: up(down(u.sum(dim=(2, 3))).relu()).sigmoid()),
                    "The squeeze sums over the positions. Take the mean, or the gates depend on the picture's size.",
                ),
                Mistake(
                    "maximum squeezed",
                    _with_gate(lambda u, down, up: up(down(u.amax(dim=(2, 3))).relu()).sigmoid()),
                    "The squeeze takes the maximum. That is another gate, met in lesson 7; here it is the mean.",
                ),
                Mistake(
                    "pooled over the channels",
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=1).flatten(1)).relu()).sigmoid()),
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
                    _with_gate(lambda u, down, up: up(down(u.mean(dim=(0, 2, 3))[None]).relu()).sigmoid()),
                    "The mean runs over the batch as well: each picture needs gates of its own.",
                ),
                Mistake(
                    "added",
                    _built(lambda u, down, up: u + u * _gates(u, down, up)[..., None, None]),
                    "The map was added on top. The shortcut is not part of the block.",
                ),
            ),
            edge_cases=_unusual_maps,
            remark="It loads the weights of the tested block, and does the same with them.",
        ),
    ),
    hints=(
        "Make the two layers in the constructor, under the names that are asked; do the three steps in forward.",
        "`nn.Linear(inputs, outputs)` holds weights and biases and is called like a function. After the mean over the "
        "places there is a row of C numbers for each picture; at the end the gates need two new axes.",
        "`self.reduce = nn.Linear(channels, …)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# A block of the student's own, in a network: what six stored seeds have shown holds with room to spare.


def _of_the_share(share: Tensor) -> str:
    """The stored seeds read 0.92 to 0.94 with SE, and 0.28 to 0.32 with an empty slot."""
    if share > 1:
        return "Give a share between 0 and 1, not per cent."
    if share < 0.45:
        return (
            "So much is read without a block, too: a third is chance. Is yours in the slot, with reduction=4, and did "
            "train_head train slot and head?"
        )
    if share < 0.8:
        return "That is less than any seed of ours. Did train_head go to its end, on the pictures of the split train?"
    return ""


def _of_the_table(table: Tensor) -> str:
    """In the stored seeds the announced gates are 0.70 to 0.87 in the mean, the others 0.20 to 0.38."""
    if (table < 0).any() or (table > 1).any():
        return "A gate lies between 0 and 1, and so does a mean of gates."
    planes, all_of_them = table[:, :3], table[:, 3]
    off = (planes.mean(dim=1) - all_of_them).abs().max()
    if off > 0.002:  # what two digits of a print would lose is more
        for decimals in (1, 2):
            if off < 1.01 * 10.0**-decimals and torch.allclose(
                table, table.round(decimals=decimals), rtol=0, atol=1e-6
            ):
                return "These are rounded. Give the means as they are: do not round."
        return (
            "The fourth column is to be the mean over all 48 channels, and is not that of the three planes before it: "
            "a row is a frame, a column is a plane."
        )
    announced = planes.diagonal().mean()
    others = (planes.sum() - planes.diagonal().sum()) / 6
    if planes.max() - planes.min() < 0.05:
        return (
            "All nine are nearly alike. Are these the gates of the trained network, and was its block made with "
            "reduction=4? The channels of a plane lie beside each other: 16 of red, 16 of green, 16 of blue."
        )
    if announced < others:
        return (
            "The announced plane has the smaller gates here: a row is a frame, a column is a plane, red, green, blue."
        )
    if announced - others < 0.2:
        return (
            "The announced plane hardly stands out. Is each row the mean over the pictures with that frame only, and "
            "each column over 16 neighbouring channels?"
        )
    return ""


trained = Exercise(
    "trained",
    "Build: put it into a network, and train",
    (
        Measured(
            "read",
            "read: the share of the test pictures whose announced digit is read, between 0 and 1",
            _of_the_share,
            remark="An empty slot reads about a third.",
        ),
        Measured(
            "table",
            "table: mean gates, a row for each frame; a column for each plane, and one for all of them",
            _of_the_table,
            shape=(3, 4),
            remark="Nobody told it which channels are red.",
        ),
    ),
    hints=(
        "`with_reader` calls what you give it with one number, the channels. Who tells your class the reduction then?",
        "For the table: the gates of all test pictures are one table (2000, 48), made of what the slot sees. Choose "
        "the rows by `test.frames`, take the mean over them, then over 16 channels at a time, and over all.",
        "`network = with_reader(lambda channels: …)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# The stored weights in the student's own block: the gates of one picture in a green frame.
LOOKED_AT = 7


def _all_gates_of(frame: int) -> Tensor:
    """Gates (pictures, 48) of all pictures in a frame, by the stored network."""
    network, red = red_framed()
    with torch.no_grad():
        assert isinstance(network.attention, SqueezeExcitation)
        return network.attention.gate(network.features(reframed(red, frame).images))[:, :, 0, 0].double()


def _gates_of(frame: int) -> Tensor:
    """Gates (48,) of the picture `LOOKED_AT`."""
    return _all_gates_of(frame)[LOOKED_AT]


_GREEN = _gates_of(1)


def _of_other_pictures(numbers: Tensor) -> tuple[Mistake, ...]:
    """What comes out of other pictures in green frames: those of `numbers`, one for each, that are wrong."""
    return tuple(
        Mistake(
            "another picture",
            number,
            "So it is for other pictures. Is it picture 7, and its features those of the batch `green.images[7:8]`?",
        )
        for number in sorted({*numbers.tolist()} - {int(numbers[LOOKED_AT])})
    )


seen = Exercise(
    "seen",
    "Build: see its gates",
    (
        Value(
            "planes",
            _GREEN.reshape(3, 16).mean(dim=1),
            (
                Mistake("red frame", _gates_of(0).reshape(3, 16).mean(dim=1), "Those are the gates under a red frame."),
                Mistake(
                    "blue frame", _gates_of(2).reshape(3, 16).mean(dim=1), "Those are the gates under a blue frame."
                ),
                Mistake(
                    "every third channel",
                    _GREEN.reshape(16, 3).mean(dim=0),
                    "Every third channel was taken. The 16 channels of a plane lie beside each other.",
                ),
                Mistake(
                    "largest", _GREEN.reshape(3, 16).amax(dim=1), "Those are the largest gates. The means are asked."
                ),
                Mistake("a new block", [0.5, 0.5, 0.5], "Half open, as in a new block: load the stored weights first."),
            ),
            decimals=2,
        ),
        Value(
            "widest",
            int(_GREEN.argmax()),
            (
                Mistake("smallest", int(_GREEN.argmin()), "That is the channel whose gate is nearly shut."),
                Mistake(
                    "counted in its plane", int(_GREEN.argmax()) % 16, "Count on from 0 to 47 over all three planes."
                ),
                Mistake("red frame", int(_gates_of(0).argmax()), "That is the widest gate under a red frame."),
                Mistake("blue frame", int(_gates_of(2).argmax()), "That is the widest gate under a blue frame."),
                *_of_other_pictures(_all_gates_of(1).argmax(dim=1)),
            ),
            decimals=0,
            is_position=True,
        ),
        Value(
            "half_open",
            int((_GREEN > 0.5).sum()),
            (
                Mistake("the others", int((_GREEN <= 0.5).sum()), "Those are the gates below ½."),
                Mistake("share", int((_GREEN > 0.5).sum()) / 48, "That is their share. Their number is asked."),
                Mistake("green alone", int((_GREEN[16:32] > 0.5).sum()), "Count over all 48 channels."),
                Mistake("red frame", int((_gates_of(0) > 0.5).sum()), "So many are open under a red frame."),
                Mistake("blue frame", int((_gates_of(2) > 0.5).sum()), "So many are open under a blue frame."),
                *_of_other_pictures((_all_gates_of(1) > 0.5).sum(dim=1)),
            ),
            decimals=0,
        ),
    ),
    hints=(
        "Your block has the names of the stored one, so that `load_state_dict` fits. A new block has gates, too: the "
        "numbers come from the stored weights.",
        "The block sees `network.features(…)` of a batch of one picture, of shape (1, 48, 6, 6), and its gates are "
        "(1, 48, 1, 1). The picture itself is drawn beside them.",
        "`block = SqueezeExcite(48, …)`",
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


def _of_the_pairs(pairs: Tensor) -> str:
    """Two pairs (channels, ratio): each is to show one fault of the listing, and both faults are to be shown."""
    if not torch.equal(pairs, pairs.round()) or (pairs < 1).any():
        return "Channels and ratio are whole numbers, 1 or more."
    shown = []
    for channels, ratio in pairs.long().tolist():
        right, listing = max(channels // ratio, 1), channels // 16
        mended = [channels // ratio == right, max(channels // 16, 1) == right]  # one fault mended, and the other
        if listing == right:
            return f"With {channels} channels and the ratio {ratio} the listing is right: neither fault shows."
        if all(mended):
            return (
                f"With {channels} channels and the ratio {ratio} it would do to mend either fault: the pair does not "
                "tell which of them is there."
            )
        if not any(mended):
            return (
                f"With {channels} channels and the ratio {ratio} both faults have to be mended: one of them alone is "
                "asked."
            )
        shown.append(mended.index(True))
    return "Both pairs show the same fault. Which inputs does the other one need?" if shown[0] == shown[1] else ""


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
        Measured(
            "shown",
            "shown: two pairs (channels, ratio), each of which shows one of the two faults, a 2×2 list",
            _of_the_pairs,
            shape=(2, 2),
            remark="A test that runs these two finds both.",
        ),
    ),
    hints=(
        "Which argument does the listing never read? And what does // make of very few channels?",
        "A layer has a weight for each pair of an input and an output, and a bias for each output. There are "
        "two layers and one hidden width.",
        "`hidden = max(…, 1)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# SENet, Table 16: top-1 error in per cent.
NO_SE, NO_SQUEEZE, SE = 23.30, 22.93, 22.28
_EVERYWHERE = sum(_added(UNITS_50, 16, positions=True)) / 1e9

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
                    sum(_added(UNITS_50, 16)) / 1e9,
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
                    sum(n * 2 * c * c // 16 * side for n, c, side in zip(UNITS_50, WIDTHS, SIDES, strict=True)) / 1e9,
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

ALL = (by_hand, cost, gates, block, trained, seen, debug, detective, intervene)
