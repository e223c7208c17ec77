"""The exercises of lesson 4: the map of visual attention, branches and frames.

Right answers come from the blocks' equations. Wrong ones are written out, so that a check can name them.
"""

import itertools
import math
from collections.abc import Callable, Iterable

import torch

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value

__all__ = [
    "ALL",
    "ask_the_others",
    "branch_weights",
    "empty_cell",
    "factorised",
    "from_concatenation",
    "place",
    "selective",
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
            "channel_table",
            "the products of any two channels' maps make a table channels × channels, softmaxed by rows; each channel "
            "takes an average over all channels",
            "a",
            "The rows of A are channels, and so are its columns: a mixture over channels. Channel attention "
            "need not be a "
            "gate.",
            b="Places are only summed over when the products are made. What do the rows and columns of A stand for?",
            e="Places are only summed over when the products are made: every place gets the same weights.",
        ),
        _placed(
            "scale",
            "a learned factor for each channel, the same for every picture (as in batch normalisation)",
            "g",
            "Learned, then fixed: another picture, the same factors.",
            a="There is a factor for each channel. Does it depend on the picture?",
        ),
        _placed(
            "stn",
            "(spatial transformer) a small network looks at the picture and says which crop of it is to be read",
            "b",
            "It decides from the picture where to sample: the places that it takes count, the others do not.",
            g="The crop is computed from the picture itself: another picture, another crop.",
        ),
        _placed(
            "axial",
            "each place takes an average over its row, then over its column, both with a softmax of its own",
            "b",
            "The index set is a row or a column, and both are places. Two small tables in the place of a large one.",
            e="Rows and columns are both places. Which channels are told apart?",
            g="The weights come from a softmax of scores that the picture makes.",
        ),
        _placed(
            "nan",
            "(neural aggregation network) frames of a video are averaged with weights from a softmax",
            "c",
            "A softmax over the frames: all channels and places of a frame share its weight.",
        ),
        _placed(
            "shift",
            "(temporal shift) one eighth of the channels is moved on by a frame, one eighth back, the rest stays",
            "g",
            "Frames are mixed, by a rule that is the same for every clip.",
            c="It does mix frames. Who decides which ones, the clip or the rule?",
        ),
        _placed(
            "video_gate",
            "a gate for each place of each frame, from a three-dimensional convolution and a sigmoid, all "
            "channels alike",
            "f",
            "The gates differ over places and over frames: one index set of both.",
            b="Within a frame, yes. Are they the same in all frames?",
            c="From frame to frame, yes. Are they the same at all places of a frame?",
        ),
        _placed(
            "bam",
            "a map of gates for the channels and a map of gates for the places are added, then a sigmoid",
            "e",
            "Channels and places are both told apart.",
            a="That is one of the two summands.",
            b="That is one of the two summands.",
        ),
        _placed(
            "experts",
            "a small network looks at the picture and shares it out among eight sub-networks, whose outputs are added "
            "with weights from a softmax",
            "d",
            "Eight branches with weights from the content: a mixture of experts is branch attention.",
            g="The shares are computed from the picture.",
            a="All channels of a sub-network's output share its weight. What competes?",
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
        "Begin with the two modules whose weights are the same for every input.",
    ),
)

# --------------------------------------------------------------------------------------------------
# From an output back to scores: branches found 6 and 2, and 5 came out.

LOG_3 = math.log(3)
PAIR = torch.tensor([LOG_3, 0.0], dtype=torch.float64)
FOUND = torch.tensor([6.0, 2.0], dtype=torch.float64)

branch_weights = Exercise(
    "branch_weights",
    "By hand: from the output back to the scores",
    (
        Value(
            "difference",
            LOG_3,
            (
                Mistake("ratio", 3.0, "3 is the ratio of the two weights. Which difference of scores makes it?"),
                Mistake(
                    "log of the outputs",
                    math.log(5 / 2),
                    "log(5/2) compares outputs. First the weights: which w gives 6w + 2(1 − w) = 5?",
                ),
                Mistake("log 4", math.log(4), "log 4 makes the weights 4 to 1. They are ¾ and ¼: 3 to 1."),
                Mistake(
                    "the weight",
                    0.75,
                    "¾ is the first branch's weight. Which difference of scores makes the two weights as 3 to 1?",
                ),
                Mistake("in proportion", 0.5, "½ is the difference of the weights. Scores go through an exponential."),
                Mistake(
                    "sign", -LOG_3, "5 lies nearer to 6, which the first branch found: its score is the higher one."
                ),
                Mistake("base 10", math.log10(3), "log₁₀ 3. The natural logarithm is asked."),
            ),
            remark="Only the difference can be found: raising both scores changes nothing.",
        ),
        Value(
            "doubled",
            ((2 * PAIR).softmax(dim=0) @ FOUND).item(),
            (
                Mistake(
                    "unchanged", 5.0, "5 comes out if both scores are *raised*. Doubling doubles their difference."
                ),
                Mistake("twice", 10.0, "10 is larger than both: no weighted average can be that."),
                Mistake("all of the first", 6.0, "6 needs all the weight on the first branch."),
                Mistake(
                    "weights doubled",
                    6 * 6 / 7 + 2 / 7,
                    "This doubles the ratio, 6 : 1. Doubling the scores squares it.",
                ),
                Mistake("swapped", 2.4, "The weights are swapped: the larger one belongs to the branch that found 6."),
            ),
            decimals=2,
            remark="The ratio 3 : 1 becomes 9 : 1: scores twice as large are a softmax twice as sharp.",
        ),
        Value(
            "three",
            [0.6, 0.2, 0.2],
            (
                Mistake(
                    "weights of two",
                    [0.75, 0.25, 0.25],
                    "These sum to 1.25. With a third branch the sum below the line is larger, for all three.",
                ),
                Mistake(
                    "rest shared",
                    [0.75, 0.125, 0.125],
                    "The first keeps its ¾ here. A newcomer takes from all: 3 : 1 : 1.",
                ),
                Mistake("thirds", [1 / 3, 1 / 3, 1 / 3], "Thirds are for equal scores. The first one is higher."),
                Mistake("ratios", [3, 1, 1], "These are the exponentials. Divide by their sum."),
                Mistake("sigmoids", [0.75, 0.5, 0.5], "Three sigmoids sum to 1.75. The branches share one unit."),
            ),
        ),
        Value(
            "gates",
            (PAIR.sigmoid() @ FOUND).item(),
            (
                Mistake(
                    "softmax", 5.0, "5 is what the softmax lets through. Here each score has a sigmoid of its own."
                ),
                Mistake("one gate", 4.5, "4.5 is the first branch's part. The second one has σ(0), which is not 0."),
                Mistake("both alike", 6.0, "The second score is 0: its gate is σ(0) = ½, not ¾."),
                Mistake(
                    "normalised", 5.5 / 1.25, "4.4 divides by the sum of the gates. Gates are not made to sum to 1."
                ),
            ),
            decimals=2,
            remark="Two gates are 1.25 together. And raising both scores by the same would change it: gates "
            "have a level.",
        ),
    ),
    hints=(
        "Which weight must the first branch have, so that 6 and 2 average to 5?",
        "The ratio of two softmax weights is e to the difference of their scores. A third branch keeps the "
        "ratios of the "
        "others. A gate sees its own score alone.",
        "`difference`: 6w + 2(1 − w) = 5 gives w = 3/4. So e^difference = …",
    ),
)

# --------------------------------------------------------------------------------------------------

_MODULES = {
    "squeeze-and-excitation": "A channel gate returns one number for each channel, (N, C, 1, 1), and no sum is fixed.",
    "a spatial gate": "A spatial gate returns one number for each place, (N, 1, H, W), and no sum is fixed.",
    "a Non-local block over the places": "It returns a row for each place, (N, H·W, H·W), each row with the sum 1.",
    "a Non-local block along time, of frames": "It returns a row for each frame, (N, T, T), each row with the sum 1.",
    "temporal attention with one query": "It returns one number for each frame, (N, T), with the sum 1.",
    "a selective kernel": "It returns a number for each branch and channel, (N, B, C, 1, 1), with the sum 1 over B.",
    "one row of weights over the places, used by all": "It returns one number for each place, and they sum to 1.",
}


def _shape(name: str, text: str, right: str, note: str) -> Choice:
    choices = {
        module: note if letter == right else words
        for letter, (module, words) in zip("abcdefg", _MODULES.items(), strict=True)
    }
    return Choice(name, Question(text, choices, right))


shapes = Exercise(
    "shapes",
    "Detective: which module was it?",
    (
        _shape("first", "| (9, 12, 12) | each row 1", "d", "Twelve frames, a row for each. A picture has 144 places."),
        _shape(
            "second",
            "| (9, 1, 12, 12) | all together 1",
            "g",
            "One number for each of 12 × 12 places, and one unit shared out: a row, and the same for everybody.",
        ),
        _shape(
            "third", "| (9, 1, 12, 12) | all together 61.3", "b", "The same shape, and no unit is shared out: gates."
        ),
        _shape("fourth", "| (9, 144, 144) | each row 1", "c", "144 = 12 × 12 places, a row for each."),
        _shape(
            "fifth", "| (9, 3, 32, 1, 1) | all together 32", "f", "32 channels with the sum 1 each: three branches."
        ),
        _shape("sixth", "| (9, 32, 1, 1) | all together 17.9", "a", "32 channels, and no sum that is fixed: gates."),
    ),
    hints=(
        "Look at the axes of length 1 first: what is not told apart there?",
        "144 is 12 · 12, and 12 is also the number of frames. A softmax leaves a whole number of units, "
        "gates leave any "
        "sum.",
        "`first` has a row of 12 numbers for each of 12 things. `fifth`: 32 units among 32 channels.",
    ),
)

# --------------------------------------------------------------------------------------------------
# A selective kernel without its convolutions: fuse, select.


def _tenths(generator: torch.Generator, *size: int) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return torch.randint(-30, 31, size, generator=generator) / 10


def _branches(generator: torch.Generator) -> Iterable[tuple]:
    yield (
        torch.tensor([[[[[5.0]]], [[[1.0]]]], [[[[0.0]]], [[[-4.0]]]]]),
        torch.tensor([[0.5]]),
        torch.tensor([[1.0], [-1.0]]),
    )
    for n, b, c, h, w, hidden in ((1, 2, 3, 1, 2, 4), (2, 3, 4, 5, 2, 6), (3, 4, 5, 2, 3, 2), (4, 2, 6, 3, 5, 3)):
        yield (
            _tenths(generator, n, b, c, h, w),
            _tenths(generator, hidden, c) / 2,
            _tenths(generator, b * c, hidden) / 4,
        )


def _unusual_branches() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    maps, reduce, expand = (
        _tenths(generator, 2, 3, 4, 2, 5),
        _tenths(generator, 3, 4) / 2,
        _tenths(generator, 12, 3) / 4,
    )
    cube = _tenths(generator, 3, 3, 3, 3, 3)
    yield "as many pictures, branches, channels, rows and columns", (cube, reduce[:, :3], expand[:9])
    yield "a single picture", (maps[:1], reduce, expand)
    yield "a single branch", (maps[:, :1], reduce, expand[:4])
    yield "one channel", (maps[:, :, :1], reduce[:, :1], expand[:3])
    yield "one hidden number", (maps, reduce[:1], expand[:, :1])
    yield "maps of one place", (maps[..., :1, :1], reduce, expand)
    yield "a second layer of zeros", (maps, reduce, torch.zeros(12, 3))
    yield "hidden numbers that are all below 0", (maps.abs(), -reduce.abs(), expand)
    yield "branches that are all alike", (maps[:, :1].expand(2, 3, 4, 2, 5), reduce, expand)
    yield "large values", (30 * maps, reduce / 30, expand)


def _fused(maps: Tensor) -> Tensor:
    return maps.sum(dim=1).mean(dim=(2, 3))


def _logits(z: Tensor, reduce: Tensor, expand: Tensor) -> Tensor:
    return (z @ reduce.T).relu() @ expand.T


def _apply(maps: Tensor, shares: Tensor) -> Tensor:
    return (shares[..., None, None] * maps).sum(dim=1)


def _table(maps: Tensor, reduce: Tensor, expand: Tensor) -> Tensor:
    """Scores (N, B, C)."""
    return _logits(_fused(maps), reduce, expand).unflatten(1, maps.shape[1:3])


def _selected(maps: Tensor, reduce: Tensor, expand: Tensor) -> Tensor:
    return _apply(maps, _table(maps, reduce, expand).softmax(dim=1))


def _selected_from(fuse: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The module with another squeeze: `fuse` makes (N, C) of the maps."""
    return lambda maps, reduce, expand: _apply(
        maps, _logits(fuse(maps), reduce, expand).unflatten(1, maps.shape[1:3]).softmax(dim=1)
    )


def _weighed_by(weigh: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """The module with other weights: `weigh` makes (N, B, C) of the scores."""
    return lambda maps, reduce, expand: _apply(maps, weigh(_table(maps, reduce, expand)))


selective = Exercise(
    "selective",
    "Implement: the selective part of a selective kernel",
    (
        Function(
            "selective",
            "selective(maps, reduce, expand) → (N, C, H, W), in each picture and channel the branches' weighted sum",
            _selected,
            _branches,
            (
                Mistake(
                    "softmax over the channels",
                    _weighed_by(lambda scores: scores.softmax(dim=2)),
                    "The softmax runs over the channels. It is the branches that share one unit, in each channel.",
                ),
                Mistake(
                    "softmax over the pictures",
                    _weighed_by(lambda scores: scores.softmax(dim=0)),
                    "The softmax runs over the pictures, dim 0. Each picture chooses for itself, among its branches.",
                ),
                Mistake(
                    "softmax over branches and channels",
                    _weighed_by(lambda scores: scores.flatten(1).softmax(dim=1).view_as(scores)),
                    "All weights of a picture together sum to 1 here. They have to in each channel: first the table "
                    "(N, B, C), then the softmax.",
                ),
                Mistake(
                    "channels before branches",
                    lambda maps, reduce, expand: _apply(
                        maps,
                        _logits(_fused(maps), reduce, expand)
                        .unflatten(1, (maps.shape[2], maps.shape[1]))
                        .transpose(1, 2)
                        .softmax(dim=1),
                    ),
                    "The scores are read channel by channel. Rows of `expand` come branch by branch: all C "
                    "scores of the "
                    "first branch, then those of the second.",
                ),
                Mistake(
                    "no ReLU",
                    lambda maps, reduce, expand: _apply(
                        maps,
                        (_fused(maps) @ reduce.T @ expand.T).unflatten(1, maps.shape[1:3]).softmax(dim=1),
                    ),
                    "The ReLU between the two layers is missing.",
                ),
                Mistake(
                    "ReLU on the scores as well",
                    _weighed_by(lambda scores: scores.relu().softmax(dim=1)),
                    "The scores go through a ReLU too. Only the hidden numbers do: scores may be negative.",
                ),
                Mistake(
                    "mean over the branches",
                    _selected_from(lambda maps: maps.mean(dim=1).mean(dim=(2, 3))),
                    "The branches are averaged before the squeeze. They are added.",
                ),
                Mistake(
                    "sum over the places",
                    _selected_from(lambda maps: maps.sum(dim=(1, 3, 4))),
                    "The places are added. The squeeze is their mean, so that a larger picture gives no "
                    "larger numbers.",
                ),
                Mistake(
                    "maximum over the places",
                    _selected_from(lambda maps: maps.sum(dim=1).amax(dim=(2, 3))),
                    "This takes the maximum over the places. Their mean is asked.",
                ),
                Mistake(
                    "the first branch asks",
                    _selected_from(lambda maps: maps[:, 0].mean(dim=(2, 3))),
                    "Only the first branch is squeezed. The query is made from the sum of all.",
                ),
                Mistake(
                    "one query for the batch",
                    _selected_from(lambda maps: _fused(maps).mean(dim=0, keepdim=True).expand(len(maps), -1)),
                    "One query is made from the whole batch. Each picture has its own.",
                ),
                Mistake(
                    "sigmoids",
                    _weighed_by(torch.sigmoid),
                    "These are independent gates: their sum over the branches is not 1.",
                ),
                Mistake(
                    "scores as weights",
                    _weighed_by(lambda scores: scores),
                    "The scores themselves are used as weights. Where is the softmax?",
                ),
                Mistake(
                    "plain sum",
                    lambda maps, reduce, expand: maps.sum(dim=1),
                    "That adds the branches, without weights.",
                ),
                Mistake(
                    "plain mean",
                    lambda maps, reduce, expand: maps.mean(dim=1),
                    "That is the mean of the branches, the answer for equal scores.",
                ),
                Mistake(
                    "mean instead of sum",
                    lambda maps, reduce, expand: _selected(maps, reduce, expand) / maps.shape[1],
                    "The weighed maps are averaged. Add them: the weights sum to 1 already.",
                ),
                Mistake(
                    "not added up",
                    lambda maps, reduce, expand: _table(maps, reduce, expand).softmax(dim=1)[..., None, None] * maps,
                    "The branches are weighed and not added: the result still has an axis for them.",
                ),
                Mistake(
                    "the weights themselves",
                    lambda maps, reduce, expand: _table(maps, reduce, expand).softmax(dim=1),
                    "These are the weights, (N, B, C). The maps still have to be added with them.",
                ),
            ),
            remark="With a second layer of zeros it is the plain mean of the branches: a good place to start training.",
            edge_cases=_unusual_branches,
            seconds=4.0,
        ),
    ),
    hints=(
        "Write down the shape after each of the five steps. Which axis goes away in which?",
        "Sum over the branches, mean over the places: (N, C). Two matrix products: (N, B·C). Read that as (N, B, C): "
        "softmax along B. Two new axes at the end for the places, multiply, add up along B.",
        "`z = maps.sum(dim=1).mean(…)`, then `scores = (…).reshape(N, B, C)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# Debug: one frame of each clip asks the others.


def _clips(generator: torch.Generator) -> Iterable[tuple]:
    yield torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[0.0, 2.0], [1.0, 0.0], [0.0, 1.0]]]), 1
    for n, t, d, asker in ((3, 2, 4, 0), (2, 4, 5, 3), (4, 5, 2, 1), (3, 8, 9, 2), (2, 3, 1, 0)):
        yield _tenths(generator, n, t, d), asker


def _unusual_clips() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    cube = _tenths(generator, 4, 4, 4)
    yield "as many clips as frames and features", (cube, 2)
    yield "a single clip", (cube[:1, :3], 1)
    yield "only one other frame", (cube[:3, :2], 1)
    yield "one feature", (cube[:2, :3, :1], 2)
    yield "all frames alike", (cube[:2, :1].repeat(1, 5, 1), 0)
    yield "the last frame asks", (cube[:2, :3], 2)
    # Its own score is 800, the others' are 0: after a softmax nothing is left for them.
    yield "the asking frame is like no other", (torch.tensor([[[0.0, 40.0], [1.0, 0.0], [2.0, 0.0]]]), 0)
    yield "the asking frame is zero", (torch.cat([torch.zeros(2, 1, 4), cube[:2, :3]], dim=1), 0)
    # Scores of about −141 and −142: a large number in the place of −∞ has to be larger than that.
    yield "the others point away, far", (torch.tensor([[[0.5, 0.0], [-400.0, 1.0], [-402.0, 1.0]]]).double(), 0)


def _ask_scores(frames: Tensor, asker: int) -> Tensor:
    return (frames @ frames[:, asker, :, None]).squeeze(2)


def _hidden(scores: Tensor, asker: int, score: float = -math.inf) -> Tensor:
    scores = scores.clone()
    scores[:, asker] = score
    return scores


def _zero_after(weights: Tensor, asker: int) -> Tensor:
    weights = weights.clone()
    weights[:, asker] = 0
    return weights


def _divided(weights: Tensor) -> Tensor:
    return weights / weights.sum(dim=1, keepdim=True)


def _root(frames: Tensor) -> float:
    return math.sqrt(frames.shape[2])


# The four faults of the listing, each with what is said of it.
QUERY, SCALE, AXIS, MASK = range(4)
_OF_FAULTS = (
    "frames[asker] is a clip, not a frame: the first axis counts clips. frames[:, asker] is one frame of each.",
    "The scores are not divided by √d.",
    "The softmax runs over the clips, dim 0. The frames of one clip share out its attention: dim 1.",
    "The asking frame's weight is set to 0 after the softmax: the others no longer sum to 1.",
)


def _with_faults(*faults: int) -> Callable[..., Tensor]:
    """The listing with these of its four faults left."""

    def ask(frames: Tensor, asker: int) -> Tensor:
        query = frames[asker] if QUERY in faults else frames[:, asker, None]
        scores = (frames * query).sum(dim=2) / (1 if SCALE in faults else _root(frames))
        dim = 0 if AXIS in faults else 1
        if MASK in faults:
            return _zero_after(scores.softmax(dim=dim), asker)
        return _hidden(scores, asker).softmax(dim=dim)

    return ask


def _several_faults() -> Iterable[Mistake]:
    """Two of them and more: their number is said, and one by name."""
    for count in (4, 3, 2):
        for faults in itertools.combinations(range(4), count):
            one = _OF_FAULTS[faults[0]]
            told = {
                4: f"All four faults are still there. {one}",
                3: f"Three of the four faults are left. {one}",
                2: f"Two of the four faults are left. {one}",
            }
            yield Mistake(f"{count} faults left", _with_faults(*faults), told[count])


ask_the_others = Exercise(
    "ask_the_others",
    "Debug: one frame asks the others",
    (
        Function(
            "ask",
            "ask(frames, asker) → (N, T), each clip's weights of the frames that match its asking one; that one's is 0",
            lambda frames, asker: _hidden(_ask_scores(frames, asker) / _root(frames), asker).softmax(dim=1),
            _clips,
            (
                Mistake(
                    "asks itself",
                    lambda frames, asker: (_ask_scores(frames, asker) / _root(frames)).softmax(dim=1),
                    "The asking frame is among its own keys, and matches itself best: the disease of lesson 3.",
                ),
                Mistake(
                    "0 after the softmax",
                    _with_faults(MASK),
                    _OF_FAULTS[MASK],
                ),
                Mistake("over the clips", _with_faults(AXIS), _OF_FAULTS[AXIS]),
                Mistake(
                    "not scaled",
                    _with_faults(SCALE),
                    _OF_FAULTS[SCALE],
                ),
                *_several_faults(),
                Mistake(
                    "one clip asks for all",
                    lambda frames, asker: _hidden(frames @ frames[0, asker] / _root(frames), asker).softmax(dim=1),
                    "The first clip's frame asks in all clips. Each clip has its own: frames[:, asker].",
                ),
                Mistake(
                    "a clip for a frame",
                    _with_faults(QUERY),
                    _OF_FAULTS[QUERY],
                ),
                Mistake(
                    "divided by d",
                    lambda frames, asker: _hidden(_ask_scores(frames, asker) / frames.shape[2], asker).softmax(dim=1),
                    "The scores are divided by d. Its square root is asked.",
                ),
                Mistake(
                    "divided by the root of T",
                    lambda frames, asker: _hidden(
                        _ask_scores(frames, asker) / math.sqrt(frames.shape[1]), asker
                    ).softmax(dim=1),
                    "The scores are divided by the root of the number of frames. d is the length of one description.",
                ),
                Mistake(
                    "score 0",
                    lambda frames, asker: _hidden(_ask_scores(frames, asker) / _root(frames), asker, 0.0).softmax(
                        dim=1
                    ),
                    "A score of 0 still has the exponential 1: the asking frame keeps a share.",
                ),
                Mistake(
                    "divided again after the softmax",
                    lambda frames, asker: _divided(
                        _zero_after((_ask_scores(frames, asker) / _root(frames)).softmax(dim=1), asker)
                    ),
                    "The asking frame is taken out after the softmax, and the rest divided again. A frame that is like "
                    "no other had all the weight, the rest is 0, and 0/0 = nan: hide it before.",
                ),
                Mistake(
                    "always the first frame",
                    lambda frames, asker: _hidden(_ask_scores(frames, 0) / _root(frames), 0).softmax(dim=1),
                    "The first frame asks here, whatever `asker` is.",
                ),
                Mistake(
                    "the first frame hidden",
                    lambda frames, asker: _hidden(_ask_scores(frames, asker) / _root(frames), 0).softmax(dim=1),
                    "The first frame is hidden here. It is the asking one that has to be.",
                ),
                Mistake(
                    "left out of the result",
                    lambda frames, asker: (
                        (_ask_scores(frames, asker) / _root(frames))[:, torch.arange(frames.shape[1]) != asker]
                    ).softmax(dim=1),
                    "The weights are right, but the asking frame's 0 is missing: T weights for each clip are asked.",
                ),
                Mistake(
                    "frames averaged",
                    lambda frames, asker: (
                        _hidden(_ask_scores(frames, asker) / _root(frames), asker).softmax(dim=1)[..., None] * frames
                    ).sum(dim=1),
                    "That is the average of the frames under the weights. Asked are the weights.",
                ),
            ),
            remark="−∞ before the softmax: exp(−∞) is 0, and the rest is shared out among the others.",
            edge_cases=_unusual_clips,
            seconds=4.0,
        ),
    ),
    hints=(
        "Take a clip whose frames are all alike. Which weights should come out, and what do the printed rows sum to?",
        "Go line by line: whose frame is `frames[asker]`? What are the scores divided by? Along which axis "
        "do the frames "
        "of one clip lie? When is the asking frame taken out?",
        "`query = frames[…]` must be of shape (N, d), one frame of each clip. There are three more.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _next(channels: int) -> int:
    return channels * 256  # a 1×1 convolution to 256 channels


_OLD, _COMMON, _HIDDEN, _COUNT = 96 + 192 + 64 + 48, 96, 24, 4
_SELECTION = _COMMON * _HIDDEN + _HIDDEN * _COUNT * _COMMON

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
            "next_before",
            _next(_OLD),
            (
                Mistake("behind the sum", _next(_COMMON), "That is behind the weighted sum. First the concatenation."),
                Mistake("widest branch", _next(192), "Concatenation keeps the channels of all four branches."),
                Mistake("channels", _OLD, "That is how many channels leave. Each of them has 256 weights."),
                Mistake("with biases", _next(_OLD) + 256, "That counts biases. There are none."),
                Mistake("averaged", _next(_OLD) // 4, "Channels are put behind each other, not averaged."),
            ),
            decimals=0,
        ),
        Value(
            "next_after",
            _next(_COMMON),
            (
                Mistake(
                    "still concatenated", _next(4 * _COMMON), "A sum has its summands' shape: 96 channels, not 384."
                ),
                Mistake("unchanged", _next(_OLD), "That is the old number. A sum has only 96 channels."),
                Mistake("channels", _COMMON, "That is how many channels leave. Each of them has 256 weights."),
            ),
            remark="This is where most is saved: a sum is narrower than a concatenation.",
            decimals=0,
        ),
        Value(
            "selection",
            _SELECTION,
            (
                Mistake(
                    "one score a channel",
                    2 * _COMMON * _HIDDEN,
                    "That gives one score for each channel. How many scores does a channel need to choose among four?",
                ),
                Mistake(
                    "squeeze of the concatenation",
                    2 * _COUNT * _COMMON * _HIDDEN,
                    "That squeezes 384 channels. The branches are added first, so that z is made from 96 averages.",
                ),
                Mistake(
                    "one score a branch",
                    _COMMON * _HIDDEN + _HIDDEN * _COUNT,
                    "That gives one score for each branch. A selective kernel chooses in each channel.",
                ),
                Mistake("first map left out", _HIDDEN * _COUNT * _COMMON, "That is the second map alone."),
                Mistake("second map left out", _COMMON * _HIDDEN, "That is the first map alone."),
            ),
            decimals=0,
        ),
        Value(
            "largest_hidden",
            (_next(_OLD) - _next(_COMMON)) // (_COMMON * (1 + _COUNT)),
            (
                Mistake(
                    "rounded up",
                    (_next(_OLD) - _next(_COMMON)) // (_COMMON * (1 + _COUNT)) + 1,
                    "With one more it costs more than is saved: round down.",
                ),
                Mistake(
                    "not a whole number",
                    (_next(_OLD) - _next(_COMMON)) / (_COMMON * (1 + _COUNT)),
                    "A vector has a whole number of entries: the largest one for which the costs are still covered.",
                ),
                Mistake(
                    "all of the next layer",
                    _next(_OLD) // (_COMMON * (1 + _COUNT)),
                    "That spends the next layer's old weights. Saved is the difference between old and new.",
                ),
                Mistake(
                    "one score a channel",
                    (_next(_OLD) - _next(_COMMON)) // (2 * _COMMON),
                    "A hidden number costs 96 weights to make it, and 4 · 96 to use it.",
                ),
                Mistake(
                    "second map alone",
                    (_next(_OLD) - _next(_COMMON)) // (_COMMON * _COUNT),
                    "A hidden number costs 96 weights to make it as well.",
                ),
            ),
            remark="Far more than anybody takes: in weights, the selection is nearly free.",
            decimals=0,
        ),
    ),
    hints=(
        "What must the summands of a sum have in common, and concatenated maps need not?",
        "A 1×1 convolution has a weight for each pair of an input and an output channel. A hidden number of "
        "the selection "
        "leads to as many scores as there are pairs of a branch and a channel.",
        "`next_before = (96 + 192 + 64 + 48) * …`. For `largest_hidden`: one hidden number costs 96 + 4 · 96.",
    ),
)

# --------------------------------------------------------------------------------------------------

factorised = Exercise(
    "factorised",
    "By hand: what can be taken apart, and when it pays",
    (
        Value(
            "chain",
            4,
            (
                Mistake("three", 3, "Three 3×3 kernels in a row reach 7×7. Each one more reaches two further."),
                Mistake("nine", 9, "That is one kernel's weights. How many layers in a row reach nine places?"),
                Mistake("one too many", 5, "Each layer adds two to the reach: 3, 5, 7, 9."),
            ),
            decimals=0,
        ),
        Value(
            "saved",
            [100 * (1 - 36 / 81), 100 * (1 - 18 / 81)],
            (
                Mistake(
                    "what is left", [400 / 9, 200 / 9], "That is what is left, in per cent. Asked is what is saved."
                ),
                Mistake("relative to the new", [125.0, 350.0], "Divide by the weights before, not by those after."),
                Mistake("as fractions", [5 / 9, 7 / 9], "The right shares, as fractions: give per cent."),
                Mistake(
                    "weights saved", [45, 63], "That is how many weights are saved. Give per cent of those before."
                ),
                Mistake(
                    "the second one left",
                    [100 * (1 - 36 / 81), 100 * 18 / 81],
                    "The second number is what is left, in per cent. Asked is what is saved, as in the first.",
                ),
                Mistake(
                    "the first one left",
                    [100 * 36 / 81, 100 * (1 - 18 / 81)],
                    "The first number is what is left, in per cent. Asked is what is saved, as in the second.",
                ),
                Mistake(
                    "one left", 100 * 18 / 81, "That is what one of them leaves, in per cent. Two savings are asked."
                ),
                Mistake(
                    "one saved",
                    100 * (1 - 18 / 81),
                    "That is what one of them saves. Give a list of two, the chain first.",
                ),
                Mistake(
                    "the chain alone", 100 * (1 - 36 / 81), "That is the chain's saving. Give a list of two numbers."
                ),
                Mistake(
                    "three in a row",
                    [100 * (1 - 27 / 81), 100 * (1 - 18 / 81)],
                    "27 weights are three kernels, which reach 7×7. How many reach 9×9?",
                ),
            ),
            decimals=1,
        ),
        Value(
            "break_even",
            81 * 64 * 128 // (9 * 64 + 9 * 128),
            (
                Mistake(
                    "one pair of channels",
                    4.5,
                    "81/18 is for one channel in, out and between. Count with 64, m and 128.",
                ),
                Mistake(
                    "row alone",
                    81 * 128 // 9,
                    "That counts the 1×9 layer alone. The 9×1 layer has 9 · m · 128 as well.",
                ),
                Mistake("column alone", 81 * 64 // 9, "That counts the 9×1 layer alone. The 1×9 layer has 9 · 64 · m."),
                Mistake("mean of the two", 96, "96 is the mean of 64 and 128. Set the two counts equal, solve for m."),
            ),
            decimals=0,
            remark="Up to 383 channels in between it saves: far more room than the 64 or 128 that people take.",
        ),
        Choice(
            "exact",
            Question(
                "Only some kernels are *exactly* a column times a row, with one channel in between. Which of these is?",
                {
                    "the identity-like kernel with 1 on its diagonal and 0 elsewhere": (
                        "Its three rows are different: no row is a multiple of another, so its rank is 3."
                    ),
                    "the Laplace kernel: rows 0 1 0, 1 −4 1, 0 1 0": (
                        "First and second row are no multiples of each other: its rank is 2."
                    ),
                    "the blur: rows 1 2 1, 2 4 2, 1 2 1": (
                        "Every row is a multiple of 1 2 1: the column (1, 2, 1) times the row (1, 2, 1). Rank one."
                    ),
                    "the cross: rows 0 1 0, 1 1 1, 0 1 0": (
                        "The rows 0 1 0 and 1 1 1 are no multiples of each other: its rank is 2."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Weights of layers in a row add up. By how much does the reach grow with each further layer?",
        "Saved is what is gone, over what was there before. A convolution has its kernel once for each pair "
        "of an input and "
        "an output channel. A column times a row has rows that are all multiples of one.",
        "`break_even`: 81 · 64 · 128 = 9 · 64 · m + …",
    ),
)

# --------------------------------------------------------------------------------------------------


empty_cell = Exercise(
    "empty_cell",
    "Design: an empty cell of the map",
    (
        Value(
            "mixture",
            600**2,
            (
                Mistake("a row only", 600, "600 is one row. A mixture has a row for each of the 600 values."),
                Mistake("two tables", 50**2 + 12**2, "Those are two tables, of channels and of frames: no pairs."),
                Mistake(
                    "no own weights", 600 * 599, "A dense table has its diagonal too: each value also meets itself."
                ),
                Mistake(
                    "each pair once",
                    600 * 599 // 2,
                    "That counts every two values once. A has an entry for either direction, and its diagonal.",
                ),
                Mistake(
                    "a table a frame",
                    12 * 50**2,
                    "That is a table of channels in each frame: no channel meets another frame's.",
                ),
                Mistake(
                    "a table a channel",
                    50 * 12**2,
                    "That is a table of frames in each channel: no frame meets another channel's.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "gates",
            600,
            (
                Mistake("a table", 600**2, "A is diagonal: only its diagonal has to be computed."),
                Mistake("sum", 62, "62 would be a gate for each channel and one for each frame, multiplied."),
            ),
            decimals=0,
        ),
        Value(
            "product",
            62,
            (
                Mistake("all pairs", 600, "600 is a gate for each pair. Here it is 50 and then 12."),
                Mistake("product of tables", 50**2 + 12**2, "Gates are diagonals: 50 numbers and 12, no tables."),
            ),
            decimals=0,
        ),
        Value(
            "terms",
            12,
            (
                Mistake("one", 1, "One product is a table of rank 1. A table of 50 × 12 gates may have a higher rank."),
                Mistake("channels", 50, "50 are enough, but more than needed: which is the smaller side?"),
                Mistake("all pairs", 600, "One product for each pair is enough, but far more than needed."),
                Mistake("both", 62, "That is what one product costs in numbers. How many products are needed?"),
            ),
            decimals=0,
            remark="One product for each frame makes its column: channel gates, times a frame gate that is 1 there and "
            "0 elsewhere. Fewer do not reach a table of rank 12. And 12 · 62 = 744 numbers are more than 600 gates.",
        ),
        Choice(
            "limit",
            Question(
                "What can *one* product of the two gates not do?",
                {
                    "let one channel through in all frames": (
                        "It can: that channel's gate near 1, the other channels' near 0, and all frames open."
                    ),
                    "let channel 1 through in frame 1 only, and channel 2 in frame 2 only": (
                        "A product of a channel gate and a frame gate has rank 1: with both pairs open, "
                        "channel 1 is open "
                        "in frame 2 as well."
                    ),
                    "close everything": "It can: all gates near 0 do that, in either form.",
                },
                right="b",
            ),
        ),
        Choice(
            "double",
            Question(
                "Which of the three forms can make an output that is *larger* than every value of the clip, all values "
                "being positive?",
                {
                    "the mixture": "Each of its outputs is an average: it is never above the largest value.",
                    "the gates": "A gate below 1 makes its own value smaller, and adds nothing to it.",
                    "the product of gates": "A product of two numbers below 1 is below 1.",
                    "none of them": "An average stays in the range, and a factor below 1 makes smaller.",
                },
                right="d",
            ),
        ),
    ),
    hints=(
        "Name the index set first: how many pairs of a channel and a frame are there?",
        "A dense table has an entry for every two pairs; gates are its diagonal. A channel gate times a frame "
        "gate is a table of rank 1. How many such tables does a table need that has the highest rank? And are so many "
        "enough, with gates between 0 and 1?",
        "50 · 12 = 600 pairs. `mixture` has a row and a column for each of them.",
    ),
)

ALL = (
    place,
    branch_weights,
    shapes,
    selective,
    ask_the_others,
    from_concatenation,
    factorised,
    empty_cell,
)
