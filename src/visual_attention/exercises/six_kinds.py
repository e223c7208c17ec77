"""The exercises of lesson 4: the map of visual attention, branches and frames.

Right answers come from the blocks' equations. Wrong ones are written out, so that a check can name them.
"""

import math
from collections.abc import Iterable

import torch

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value

__all__ = [
    "ALL",
    "ask_the_first",
    "branch_weights",
    "empty_cell",
    "factorised",
    "from_concatenation",
    "place",
    "select",
    "shapes",
]

Tensor = torch.Tensor

# --------------------------------------------------------------------------------------------------

# What to ask of each kind, for those who name it wrongly.
_ANYWHERE = {
    "channel": "Channel attention has a weight for each channel, the same at all places. Is that so here?",
    "spatial": "Spatial attention has weights that differ from place to place. Do they here?",
    "temporal": "Temporal attention has weights that differ from frame to frame. Are there frames to tell apart here?",
    "branch": "Branch attention weighs the outputs of several branches by content, and adds them. Is that so here?",
    "channel & spatial": "That needs weights for channels and for places. Are both told apart here?",
    "spatial & temporal": "That needs weights that differ over places and over frames. Are both told apart here?",
    "no attention: the weights do not depend on the content": (
        "Do the weights change when the picture changes? If they do, it is attention of some kind."
    ),
}


def _placed(name: str, text: str, right: str, because: str, **special: str) -> Choice:
    """A question of where a module stands; `right` and the names in `special` are letters."""
    special[right] = because
    choices = {
        kind: special.get(letter, words) for letter, (kind, words) in zip("abcdefg", _ANYWHERE.items(), strict=True)
    }
    return Choice(name, Question(text, choices, right))


place = Exercise(
    "place",
    "Classify: ten modules on the map",
    (
        _placed(
            "se",
            "pooled averages, two layers, a gate for each channel",
            "a",
            "One gate for each channel, from the averages of all channels.",
        ),
        _placed(
            "non_local_video",
            "each place of each frame takes an average over all places of all frames",
            "f",
            "All places of all frames are one index set, and each takes an average over it.",
            b="On a picture it would be. Here the places of other frames are in the sum as well: classes are not "
            "disjoint, the same block is in two of them.",
            c="Its weights do differ from frame to frame. Are they the same at all places of a frame?",
        ),
        _placed(
            "cbam",
            "a gate for each channel, then a gate for each place",
            "e",
            "First a gate for each channel, then one for each place.",
            a="That is its first half. What does the second gate tell apart?",
            b="That is its second half. What does the first gate tell apart?",
        ),
        _placed(
            "sknet",
            "two convolutions of different reach, added with weights from a softmax",
            "d",
            "A softmax over the branches, in each channel.",
            a="Its weights do differ from channel to channel, but what competes, and sums to 1, is the branches.",
        ),
        _placed(
            "stn",
            "(spatial transformer) a small network looks at the picture and says which crop of it is to be read",
            "b",
            "It decides from the picture where to sample: the places that it takes count, the others do not.",
            g="The crop is computed from the picture itself: another picture, another crop.",
        ),
        _placed(
            "eca",
            "pooled averages, a small convolution along the channels, a gate for each channel",
            "a",
            "A gate for each channel; only how it is computed differs from SE.",
            b="The convolution in it runs over neighbouring channels, not over places.",
        ),
        _placed(
            "nan",
            "(neural aggregation network) frames of a video are averaged with weights from a softmax",
            "c",
            "A softmax over the frames: all channels and places of a frame share its weight.",
        ),
        _placed(
            "vit",
            "patches, each takes an average over all patches",
            "b",
            "Patches are places: each takes an average over all of them.",
            a="Each patch has many channels, but the softmax runs over the patches. Which axis sums to 1?",
        ),
        _placed(
            "inception",
            "four branches, outputs concatenated",
            "g",
            "Branches, concatenated: no weight depends on the content.",
            d="It has branches, but no weights for them: the outputs are concatenated, whatever they are.",
        ),
        _placed(
            "highway",
            r"$y = T(x) \cdot H(x) + (1 - T(x)) \cdot x$, all products entry by entry, with $T$ between 0 and 1",
            "d",
            "Two branches, the layer and the identity, with weights T and 1 − T from the content.",
            g="T is computed from x: another input, another mixture.",
            **dict.fromkeys(
                "abe",
                "T does have entries for channels or places. But T and 1 − T share out between two things: which?",
            ),
        ),
    ),
    hints=(
        "Forget the names. Along which axis would you have to walk to see the weights change?",
        "Three questions: do the weights depend on the input at all? Along which axes do they differ? What "
        "shares out one unit, if anything does?",
        "Begin with the one module whose weights are the same for every picture.",
    ),
)

# --------------------------------------------------------------------------------------------------

TWO = torch.tensor([2.0, 0.0], dtype=torch.float64)
FOUND = torch.tensor([4.0, 1.0], dtype=torch.float64)
TWO_SIGMOIDS = TWO.sigmoid()
SIGMOIDS = (
    "0.881 and 0.5 are two independent sigmoids: they sum to 1.381. The branches of a selective kernel share one unit."
)

branch_weights = Exercise(
    "branch_weights",
    "By hand: the weights of two branches, and of three",
    (
        Value(
            "weights",
            TWO.softmax(dim=0),
            (
                Mistake("two sigmoids", TWO_SIGMOIDS, SIGMOIDS),
                Mistake("in proportion", torch.tensor([1.0, 0.0]), "These are in proportion to the scores: exp first."),
                Mistake("swapped", TWO.softmax(dim=0).flip(0), "The larger score gets the larger weight: the first."),
                Mistake("exp alone", TWO.exp(), "These are the exponentials. Divide by their sum, 8.389."),
                Mistake("per cent", [88.1, 11.9], "Give numbers with the sum 1, not per cent."),
                Mistake("equal shares", [0.5, 0.5], "Equal weights are for equal scores. These differ by 2."),
            ),
            remark="0.881 is also sigmoid(2 − 0): with two branches, softmax is a sigmoid of the difference.",
        ),
        Value(
            "output",
            (TWO.softmax(dim=0) @ FOUND).item(),
            (
                Mistake("two sigmoids", (TWO_SIGMOIDS @ FOUND).item(), SIGMOIDS),
                Mistake("plain average", 2.5, "2.5 is the plain average, the answer for equal scores."),
                Mistake("scores as weights", (TWO @ FOUND).item(), "8 uses the scores themselves as weights."),
                Mistake(
                    "winner takes all",
                    4.0,
                    "4 is the first branch alone: the softmax leaves 0.119 to the other.",
                ),
                Mistake(
                    "swapped",
                    (TWO.softmax(dim=0).flip(0) @ FOUND).item(),
                    "The weights are swapped: the larger one belongs to the first branch, which found 4.",
                ),
                Mistake(
                    "one branch left out",
                    (TWO.softmax(dim=0)[0] * FOUND[0]).item(),
                    "That is the first branch's part. The second one adds its own.",
                ),
                Mistake("no weights", 5.0, "5 is the sum of the two, without weights."),
                Mistake("exp alone", (TWO.exp() @ FOUND).item(), "Divide by the sum of the exponentials, 8.389."),
            ),
            decimals=2,
        ),
        Value(
            "raised",
            (TWO + 3).softmax(dim=0),
            (
                Mistake(
                    "two sigmoids", (TWO + 3).sigmoid(), "These are sigmoids of 5 and 3: only the difference counts."
                ),
                Mistake(
                    "in proportion", torch.tensor([5 / 8, 3 / 8]), "These are in proportion to the scores: exp first."
                ),
                Mistake(
                    "raised as well",
                    TWO.softmax(dim=0) + 3,
                    "3 was added to the weights. They still sum to 1: what does 3 more do to e² and to e⁰?",
                ),
                Mistake("exp alone", (TWO + 3).exp(), "These are the exponentials. Divide by their sum."),
            ),
            remark="Only differences of scores count.",
        ),
        Value(
            "three",
            torch.tensor([2.0, 0.0, 0.0]).softmax(dim=0),
            (
                Mistake(
                    "sigmoid of the difference",
                    torch.tensor([TWO_SIGMOIDS[0].item(), 0.0596, 0.0596]),
                    "The sigmoid of the difference is for two branches. Now the sum below the line is e² + 1 + 1.",
                ),
                Mistake(
                    "three sigmoids",
                    torch.tensor([2.0, 0.0, 0.0]).sigmoid(),
                    "Three sigmoids sum to 1.881. The branches share one unit.",
                ),
                Mistake(
                    "weights of two",
                    [0.8808, 0.1192, 0.1192],
                    "These sum to 1.119. With a third branch the sum below the line is larger, for all three.",
                ),
                Mistake("equal shares", [1 / 3, 1 / 3, 1 / 3], "Thirds are for equal scores. The first one is higher."),
                Mistake(
                    "exp alone", [math.exp(2), 1.0, 1.0], "These are the exponentials. Divide by their sum, 9.389."
                ),
            ),
        ),
    ),
    hints=(
        "Exponentials over their sum. Only differences of scores matter.",
        "With two branches the first weight is the sigmoid of the difference. A third branch adds another e⁰ "
        "below the line.",
        "`weights`: 7.389 / (7.389 + 1), and what that leaves.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(generator: torch.Generator, *size: int) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return torch.randint(-30, 31, size, generator=generator) / 10


def _branches(generator: torch.Generator) -> Iterable[tuple]:
    yield torch.tensor([[[[5.0]]], [[[1.0]]]]), torch.tensor([[2.0], [0.0]])
    for b, c, h, w in ((2, 3, 1, 2), (3, 2, 4, 5), (4, 5, 3, 2), (3, 4, 5, 6)):
        yield _tenths(generator, b, c, h, w), _tenths(generator, b, c)


def _unusual_branches() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    cube, table = _tenths(generator, 3, 3, 3, 3), torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 3.0]])
    yield "as many branches as channels, rows and columns", (cube, table)
    yield "equal scores", (cube[:2], torch.full((2, 3), 0.5))
    yield "scores below 0 everywhere", (cube[:, :2], table[:, :2] - 4)
    yield "one channel", (cube[:, :1], table[:, :1])
    yield "a single branch", (cube[:1], table[:1])
    yield "maps that are all alike", (cube[:1].expand(3, 3, 3, 3), table)
    yield "maps of one place", (cube[:, :, :1, :1], table)
    yield "two channels that want opposite branches", (cube[:2, :2], torch.tensor([[20.0, -20.0], [-20.0, 20.0]]))
    yield "large values", (1000 * cube, table)


def _weighed(maps: Tensor, weights: Tensor) -> Tensor:
    return (weights[..., None, None] * maps).sum(dim=0)


def _stretched(name: str, index: tuple, feedback: str) -> tuple[Mistake, Mistake]:
    """Weights with their new axes elsewhere, in both orders: where shapes do not fit, PyTorch's message shows it."""
    return (
        Mistake(name, lambda maps, scores: (scores.softmax(dim=0)[index] * maps).sum(dim=0), feedback),
        Mistake(f"{name}, map first", lambda maps, scores: (maps * scores.softmax(dim=0)[index]).sum(dim=0), feedback),
    )


def _winner(scores: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(scores.argmax(dim=0), len(scores)).T.to(scores.dtype)


select = Exercise(
    "select",
    "Implement: select among branches",
    (
        Function(
            "select",
            "select(maps, scores) → (C, H, W), the branches' maps added with weights that sum to 1 in each channel",
            lambda maps, scores: _weighed(maps, scores.softmax(dim=0)),
            _branches,
            (
                Mistake(
                    "softmax over the channels",
                    lambda maps, scores: _weighed(maps, scores.softmax(dim=1)),
                    "The softmax runs over the channels. It is the branches that share one unit, in each channel.",
                ),
                Mistake(
                    "softmax over everything",
                    lambda maps, scores: _weighed(maps, scores.flatten().softmax(dim=0).view_as(scores)),
                    "All weights together sum to 1 here. They have to in each channel.",
                ),
                Mistake(
                    "sigmoids",
                    lambda maps, scores: _weighed(maps, scores.sigmoid()),
                    "These are independent gates: their sum over the branches is not 1.",
                ),
                Mistake(
                    "scores as weights",
                    lambda maps, scores: _weighed(maps, scores),
                    "The scores themselves were used as weights. Where is the softmax?",
                ),
                Mistake(
                    "plain sum",
                    lambda maps, scores: maps.sum(dim=0),
                    "That adds the branches, whatever the scores are: an Inception module with + for concatenation.",
                ),
                Mistake(
                    "plain mean",
                    lambda maps, scores: maps.mean(dim=0),
                    "That is the mean, the answer for equal scores.",
                ),
                Mistake(
                    "winner takes all",
                    lambda maps, scores: _weighed(maps, _winner(scores)),
                    "One branch takes it all here. A selective kernel mixes: the others keep their share.",
                ),
                Mistake(
                    "exponentials not divided",
                    lambda maps, scores: _weighed(maps, scores.exp()),
                    "The exponentials are not divided by their sum over the branches.",
                ),
                Mistake(
                    "in proportion",
                    lambda maps, scores: _weighed(maps, scores / scores.sum(dim=0)),
                    "The weights are in proportion to the scores, so that some are below 0: take exponentials first.",
                ),
                Mistake(
                    "mean instead of sum",
                    lambda maps, scores: _weighed(maps, scores.softmax(dim=0)) / len(maps),
                    "The weighed maps are averaged. Add them: the weights sum to 1 already.",
                ),
                Mistake(
                    "not added up",
                    lambda maps, scores: scores.softmax(dim=0)[..., None, None] * maps,
                    "The branches are weighed and not added: the result still has an axis for them.",
                ),
                Mistake(
                    "concatenated",
                    lambda maps, scores: (scores.softmax(dim=0)[..., None, None] * maps).flatten(0, 1),
                    "The weighed branches are put behind each other. Branch attention adds them.",
                ),
                Mistake(
                    "added over the channels",
                    lambda maps, scores: (scores.softmax(dim=0)[..., None, None] * maps).sum(dim=1),
                    "The sum runs over the channels. Add up the branches, dim 0 of the maps.",
                ),
                Mistake(
                    "one weight a branch",
                    lambda maps, scores: _weighed(maps, scores.mean(dim=1, keepdim=True).softmax(dim=0)),
                    "The scores are averaged over the channels. Each channel chooses with weights of its own.",
                ),
                Mistake(
                    "the first channel's weights",
                    lambda maps, scores: _weighed(maps, scores[:, :1].softmax(dim=0)),
                    "The first channel's weights are used for all. Each channel has scores of its own.",
                ),
                Mistake(
                    "two branches only",
                    lambda maps, scores: _weighed(maps[:2], scores[:2].softmax(dim=0)),
                    "Only the first two branches are used. There may be more of them.",
                ),
                *_stretched(
                    "no new axes",
                    (...,),
                    "The weights (B, C) have no axes for the places, so that they are laid along rows and columns.",
                ),
                *_stretched(
                    "along the columns",
                    (slice(None), None, None),
                    "The new axes stand before the channels: the weights are laid along the columns of the maps.",
                ),
                *_stretched(
                    "along the rows",
                    (slice(None), None, slice(None), None),
                    "A new axis stands before the channels: the weights are laid along the rows of the maps.",
                ),
            ),
            remark="One line, and branches have become branch attention.",
            edge_cases=_unusual_branches,
        ),
    ),
    hints=(
        "Which axis of `scores` do the branches stand on? They share one unit.",
        "The weights (B, C) have to be stretched over the places: two new axes at their end. Then multiply, "
        "and add up the branches.",
        "`alpha = scores.softmax(dim=…)`",
    ),
)

# --------------------------------------------------------------------------------------------------

_HIDDEN, _COMMON, _COUNT = 32, 64, 4

from_concatenation = Exercise(
    "from_concatenation",
    "Design: from concatenation to branch attention",
    (
        Choice(
            "obstacle",
            Question(
                "What has to change first?",
                {
                    "a softmax needs exactly two branches": (
                        "A softmax takes any number of scores: four branches are as good as two."
                    ),
                    "the branches must have the same number of channels": (
                        "A weighted sum needs summands of one shape. Concatenation does not care."
                    ),
                    "the branches must have the same reach": (
                        "The paddings keep height and width equal, or the concatenation would not work either."
                    ),
                },
                right="b",
            ),
        ),
        Value(
            "concatenated",
            256,
            (
                Mistake("one branch", 64, "Concatenation puts the channels behind each other: add them up."),
                Mistake("largest", 128, "128 is the widest branch. Concatenation keeps the channels of all."),
            ),
            remark="The sum of all branches' channels.",
            decimals=0,
        ),
        Value(
            "selected",
            _COMMON,
            (
                Mistake("still added up", 256, "256 would be concatenation again: a sum has its summands' shape."),
                Mistake("a mean of the widths", 16, "Nothing is divided: a sum of maps with 64 channels has 64."),
            ),
            remark="A quarter of the channels for the next layer to read.",
            decimals=0,
        ),
        Value(
            "weights",
            _COMMON * _HIDDEN + _HIDDEN * _COUNT * _COMMON,
            (
                Mistake(
                    "one score a channel",
                    2 * _COMMON * _HIDDEN,
                    "4,096 gives one score for each channel. How many scores does a channel need to choose among four?",
                ),
                Mistake(
                    "squeeze of the concatenation",
                    _COUNT * _COMMON * _HIDDEN * 2,
                    "16,384 squeezes 256 channels. The branches are added first, so that z is made from 64 averages.",
                ),
                Mistake(
                    "one score a branch",
                    _COMMON * _HIDDEN + _HIDDEN * _COUNT,
                    "2,176 gives one score for each branch. A selective kernel chooses in each channel.",
                ),
                Mistake("first map left out", _HIDDEN * _COUNT * _COMMON, "8,192 is the second map alone."),
                Mistake("second map left out", _COMMON * _HIDDEN, "2,048 is the first map alone."),
                Mistake(
                    "with biases",
                    _COMMON * _HIDDEN + _HIDDEN + (_HIDDEN + 1) * _COUNT * _COMMON,
                    "10,528 counts biases as well. The maps have none here.",
                ),
            ),
            decimals=0,
        ),
    ),
    hints=(
        "What must the summands of a sum have in common, and concatenated maps need not?",
        "The hidden vector has 32 numbers. It leads to as many scores as there are pairs of a branch and a channel.",
        "`weights = 64 * 32 + …`",
    ),
)

# --------------------------------------------------------------------------------------------------

factorised = Exercise(
    "factorised",
    "By hand: what factorising saves, and what it is not",
    (
        Value(
            "two_3x3",
            18,
            (
                Mistake("unchanged", 25, "25 is the 5×5 kernel itself."),
                Mistake("one 3×3", 9, "9 is one 3×3 kernel: it reaches 3×3 only. How many in a row reach 5×5?"),
                Mistake("multiplied", 81, "Weights of layers in a row add up, they are not multiplied."),
            ),
            decimals=0,
        ),
        Value(
            "row_and_column",
            14,
            (
                Mistake("unchanged", 49, "49 is the 7×7 kernel itself."),
                Mistake("one of the two", 7, "7 is one of the two. The other is needed too."),
                Mistake("three 3×3", 27, "27 are three 3×3 kernels, which also reach 7×7. Asked are 1×7 and 7×1."),
            ),
            decimals=0,
        ),
        Value(
            "saved",
            [28.0, 500 / 7],
            (
                Mistake("what is left", [72.0, 200 / 7], "That is what is left, in per cent. Asked is what is saved."),
                Mistake("relative to the new", [350 / 9, 250.0], "Divide by the weights before, not by those after."),
                Mistake("as fractions", [0.28, 5 / 7], "The right shares, as fractions: give per cent."),
                Mistake("weights saved", [7, 35], "That is how many weights are saved. Give per cent of those before."),
            ),
            decimals=1,
        ),
        Value(
            "with_channels",
            [802_816, 229_376],
            (
                Mistake(
                    "no output channels", [6272, 1792], "That is for one output channel: there are 128 × 128 pairs."
                ),
                Mistake("one pair", [49, 14], "That is one pair of channels: there are 128 × 128 of them."),
                Mistake(
                    "one of the two",
                    [802_816, 114_688],
                    "114,688 are the weights of 1×7 alone. 7×1 comes after it, and has as many.",
                ),
            ),
            decimals=0,
        ),
        Choice(
            "why_not_attention",
            Question(
                "It is not attention, because",
                {
                    "it has fewer weights, and attention has more": (
                        "28 or 71 per cent fewer weights: cheaper, and still the same weights for every picture."
                    ),
                    "it has several reaches side by side, and attention has one": (
                        "Several reaches side by side: a good idea. But who says which of them counts for this picture?"
                    ),
                    "its weights are the same for every picture": (
                        "Learned once, then fixed. Attention computes its weights from the content."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Weights of layers in a row add up.",
        "Saved is what is gone, over what was there before. With channels, a kernel is there once for each "
        "pair of an input and an output channel.",
        "`two_3x3 = 3 * 3 + …`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _clips(generator: torch.Generator) -> Iterable[tuple]:
    yield (torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),)
    for t, d in ((2, 3), (4, 5), (5, 2), (8, 9), (3, 1)):
        yield (_tenths(generator, t, d),)


def _unusual_clips() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    square = _tenths(generator, 4, 4)
    yield "as many frames as features", (square,)
    yield "only one other frame", (square[:2],)
    yield "one feature", (square[:, :1],)
    yield "all frames alike", (square[:1].repeat(5, 1),)
    yield "two of the others alike", (square[[0, 1, 1, 2]],)
    yield "the first frame is zero", (torch.cat([torch.zeros(1, 4), square]),)
    yield "the others are zero", (torch.cat([square[:1], torch.zeros(2, 4)]),)
    # Scores of about −141 and −142: a large number in the place of −∞ has to be larger than that.
    yield "the others point away, far", (torch.tensor([[0.5, 0.0], [-400.0, 1.0], [-402.0, 1.0]]).double(),)


def _scores(frames: Tensor) -> Tensor:
    return frames @ frames[0] / math.sqrt(frames.shape[1])


def _with_first(frames: Tensor, first: float) -> Tensor:
    scores = _scores(frames)
    scores[0] = first
    return scores.softmax(dim=0)


def _zero_after(scores: Tensor) -> Tensor:
    weights = scores.softmax(dim=0)
    weights[0] = 0
    return weights


def _among_the_others(scores: Tensor) -> Tensor:
    return torch.cat([scores.new_zeros(1), scores[1:].softmax(dim=0)])


ask_the_first = Exercise(
    "ask_the_first",
    "Debug: the first frame asks",
    (
        Function(
            "ask_the_first",
            "ask_the_first(frames) → (T,), weights of the frames that match the first; its own weight 0, the sum 1",
            lambda frames: _with_first(frames, -math.inf),
            _clips,
            (
                Mistake(
                    "asks itself",
                    lambda frames: _scores(frames).softmax(dim=0),
                    "The first frame is among its own keys, and matches itself best: the disease of lesson 3.",
                ),
                Mistake(
                    "0 after the softmax",
                    lambda frames: _zero_after(_scores(frames)),
                    "The first weight is set to 0 after the softmax: the others no longer sum to 1.",
                ),
                Mistake(
                    "score 0",
                    lambda frames: _with_first(frames, 0.0),
                    "A score of 0 still has the exponential 1: the first frame keeps a share.",
                ),
                Mistake(
                    "not scaled",
                    lambda frames: _among_the_others(frames @ frames[0]),
                    "The scores are not divided by √d.",
                ),
                Mistake(
                    "nothing mended",
                    lambda frames: _zero_after(frames @ frames[0]),
                    "Both faults are still there. What do the weights sum to, and what are the scores divided by?",
                ),
                Mistake(
                    "asks itself, not scaled",
                    lambda frames: (frames @ frames[0]).softmax(dim=0),
                    "The first frame is among its own keys, and the scores are not divided by √d.",
                ),
                Mistake(
                    "divided by d",
                    lambda frames: _among_the_others(frames @ frames[0] / frames.shape[1]),
                    "The scores are divided by d. Its square root is asked.",
                ),
                Mistake(
                    "divided by the root of T",
                    lambda frames: _among_the_others(frames @ frames[0] / math.sqrt(len(frames))),
                    "The scores are divided by the root of the number of frames. d is the length of one description.",
                ),
                Mistake(
                    "score −1",
                    lambda frames: _with_first(frames, -1.0),
                    "A score of −1 still has the exponential 0.37: the first frame keeps a share.",
                ),
                Mistake(
                    "0 at the end",
                    lambda frames: _among_the_others(_scores(frames)).roll(-1),
                    "The weights are right, but the 0 stands at the end. It is the first frame's.",
                ),
                Mistake(
                    "frames averaged",
                    lambda frames: _among_the_others(_scores(frames)) @ frames,
                    "That is the average of the frames under the weights. Asked are the weights.",
                ),
                Mistake(
                    "every frame asks",
                    lambda frames: (
                        (frames @ frames.T / math.sqrt(frames.shape[1])).fill_diagonal_(-math.inf).softmax(dim=1)
                    ),
                    "That is a row of weights for each frame. Only the first one asks.",
                ),
                Mistake(
                    "another frame asks",
                    lambda frames: _among_the_others(frames @ frames[-1] / math.sqrt(frames.shape[1])),
                    "The last frame asks here. The query is the first one.",
                ),
                Mistake(
                    "left out of the result",
                    lambda frames: _scores(frames)[1:].softmax(dim=0),
                    "The weights are right, but the first frame's 0 is missing: T weights are asked.",
                ),
            ),
            remark="−∞ before the softmax: exp(−∞) is 0, and the rest is shared out among the others.",
            edge_cases=_unusual_clips,
        ),
    ),
    hints=(
        "The weights of the others sum to less than 1. Who has the rest?",
        "Take the first frame out before the softmax, by its score. Then compare the scores with the formula "
        "in the text.",
        "`scores = frames @ frames[0] / …`",
    ),
)

# --------------------------------------------------------------------------------------------------

_MODULES = {
    "squeeze-and-excitation": "A channel gate returns one number for each channel, (N, C, 1, 1).",
    "a spatial gate": "A spatial gate returns one number for each place, (N, 1, H, W), each in (0, 1).",
    "a Non-local block": "A Non-local block returns a row for each place, (N, H·W, H·W), each row with the sum 1.",
    "temporal attention": "Temporal attention returns one number for each frame, (N, T), each row with the sum 1.",
    "a selective kernel": (
        "A selective kernel returns a number for each branch and channel, (N, B, C, 1, 1), with the sum 1 over B."
    ),
}


def _shape(name: str, text: str, right: str, note: str) -> Choice:
    choices = {
        module: note if letter == right else words
        for letter, (module, words) in zip("abcde", _MODULES.items(), strict=True)
    }
    return Choice(name, Question(text, choices, right))


shapes = Exercise(
    "shapes",
    "Detective: which module was it?",
    (
        _shape("first", "| (8, 196, 196) | each row 1", "c", "196 = 14 × 14 places, a row for each."),
        _shape(
            "second",
            "| (8, 64, 1, 1) | all together 29.7",
            "a",
            "64 channels, no place told apart. The sum of 29.7 shows: no softmax.",
        ),
        _shape("third", "| (8, 2, 64, 1, 1) | over the second axis 1", "e", "Two branches in each of 64 channels."),
        _shape(
            "fourth",
            "| (8, 1, 14, 14) | all together 91.2",
            "b",
            "A map of 14 × 14 numbers, none of them tied to the others.",
        ),
        _shape("fifth", "| (8, 16) | each row 1", "d", "Sixteen frames that share one unit."),
    ),
    hints=(
        "Look at the axes of length 1 first: what is not told apart there?",
        "196 is 14 · 14. A softmax leaves sums of exactly 1 along some axis, sigmoids leave any sum.",
        "`first` has a row of 196 numbers for each of 196 things. What is there 196 of?",
    ),
)

# --------------------------------------------------------------------------------------------------

empty_cell = Exercise(
    "empty_cell",
    "Design: an empty cell of the map",
    (
        Value(
            "mixture",
            512**2,
            (
                Mistake("a row only", 512, "512 is one row. A mixture has a row for each of the 512 values."),
                Mistake("two tables", 64**2 + 8**2, "4,160 are two tables, of channels and of frames: no pairs."),
                Mistake("places counted", (512 * 196) ** 2, "Places are not told apart: they share the weights."),
                Mistake(
                    "no own weights", 512 * 511, "A dense table has its diagonal too: each value also meets itself."
                ),
                Mistake(
                    "each pair once",
                    512 * 511 // 2,
                    "That counts every two values once. A has an entry for either direction, and its diagonal.",
                ),
                Mistake(
                    "a table a frame",
                    8 * 64**2,
                    "That is a table of channels in each frame: no channel meets another frame's.",
                ),
                Mistake(
                    "a table a channel",
                    64 * 8**2,
                    "That is a table of frames in each channel: no frame meets another channel's.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "gates",
            512,
            (
                Mistake("a table", 512**2, "A is diagonal: only its diagonal has to be computed."),
                Mistake("sum", 72, "72 would be a gate for each channel and one for each frame, multiplied."),
            ),
            decimals=0,
        ),
        Value(
            "product",
            72,
            (
                Mistake("all pairs", 512, "512 is a gate for each pair. Here it is 64 and then 8."),
                Mistake("product of tables", 64**2 + 8**2, "Gates are diagonals: 64 numbers and 8, no tables."),
            ),
            remark="Like CBAM: the pairs' gates, as a table of channels × frames, then have rank 1.",
            decimals=0,
        ),
        Choice(
            "limit",
            Question(
                "What can the product of the two gates not do?",
                {
                    "let one channel through in all frames": (
                        "It can: that channel's gate near 1, the other channels' near 0, and all frames open."
                    ),
                    "let channel 1 through in frame 1 only, and channel 2 in frame 2 only": (
                        "A product of a channel gate and a frame gate has rank 1: with both pairs open, channel 1 "
                        "is open "
                        "in frame 2 as well."
                    ),
                    "close everything": "It can: all gates near 0 do that, in either form.",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "Name the index set first: how many pairs of a channel and a frame are there?",
        "A dense table has an entry for every two pairs; gates are its diagonal. A channel gate times a frame "
        "gate is a table of rank 1.",
        "64 · 8 = 512 pairs. `mixture` has a row and a column for each of them.",
    ),
)

ALL = (place, branch_weights, select, from_concatenation, factorised, ask_the_first, shapes, empty_cell)
