"""The exercises of lesson 8: cost, what a block cannot do, and how to compare blocks.

Right answers come from the tested blocks, from the stored table, or from sums that a test repeats. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Iterable

import torch

from courseware.checking import Choice, Exercise, Function, Mistake, Value

__all__ = ["ALL", "columns", "costs", "design", "detective", "paired", "shapes", "unfair"]

Tensor = torch.Tensor


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


# --------------------------------------------------------------------------------------------------
# 1: cost by hand. 32 channels, 10 × 10 positions; SE with r = 4 and biases, Non-local with inner width 16, biases in
# theta, phi and g, none in the exit, and two numbers a channel for its normalisation. A test counts the blocks.

costs = Exercise(
    "costs",
    "By hand: what a block costs",
    (
        Value(
            "se_parameters",
            552,
            (
                Mistake("no biases", 512, "Those are the two matrices. Both layers have biases here."),
                Mistake("one matrix", 264, "That is the first layer. The second one goes back to 32 channels."),
                Mistake("one full layer", 1056, "That is one layer from 32 to 32: SE goes through 8 hidden units."),
            ),
            decimals=0,
        ),
        Value(
            "se_operations",
            512,
            (
                Mistake("at every position", 51_200, "The two layers see one vector a picture, not one a position."),
                Mistake("with biases", 552, "Multiply-adds: a bias is added and multiplies nothing."),
                Mistake("the scaling too", 3712, "Scaling is 3,200 products with no sum: our counter leaves it out."),
            ),
            decimals=0,
        ),
        Value(
            "spatial_operations",
            9800,
            (
                Mistake("one plane", 4900, "The filter reads two planes, the mean and the maximum."),
                Mistake("every channel", 156_800, "The filter reads two planes, whatever the number of channels."),
                Mistake("the filter once", 98, "98 products at each of the 100 positions."),
            ),
            decimals=0,
        ),
        Value(
            "non_local_parameters",
            2160,
            (
                Mistake("no exit", 1648, "Three maps go in, and one goes out again: 16 to 32 channels."),
                Mistake("no biases", 2112, "θ, φ and g have biases here, 16 each."),
                Mistake("no normalisation", 2096, "The normalisation has a scale and a shift for each channel."),
                Mistake("table", 12_160, "The table of pairs is computed, not learned."),
            ),
            decimals=0,
        ),
        Value(
            "non_local_operations",
            524_800,
            (
                Mistake(
                    "no pairs",
                    204_800,
                    "Those are the four maps. What do queries times keys cost, weights times values?",
                ),
                Mistake("one product", 364_800, "Two products over all pairs: queries with keys, weights with values."),
                Mistake("pairs once", 208_000, "Each of 100 queries meets 100 keys: 10,000 pairs, not 100."),
                Mistake("FLOPs", 1_049_600, "A product and its sum count once: multiply-adds."),
            ),
            decimals=0,
            remark="Twice the side of the map: the four maps cost 4 times as much, the pairs 16 times.",
        ),
    ),
    hints=(
        "Write each block as a list of matrices: how many numbers go in, how many come out?",
        "Parameters: in · out, and a bias for each output. Multiply-adds: in · out for each vector that a "
        "matrix sees. SE's see one vector a picture, the maps of Non-local one a position, and two products "
        "run over all pairs of positions.",
        "`se_parameters`: the first layer has `32 * 8` weights and 8 biases, and the second leads back.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 2: the shape of A

shapes = Exercise(
    "shapes",
    "Predict: what the shape of A forbids",
    (
        Choice(
            "rows_alike",
            "b",
            {
                "a": "A dense row reaches every place, near or far: distance is not what is missing.",
                "b": "All places get the same message, so that their scores differ by what they hold themselves.",
                "c": "One question for a picture is what one message can answer. Try two.",
            },
        ),
        Choice(
            "diagonal_places",
            "a",
            {
                "a": "What lies on one spot is scaled alike, so that the proportions of its channels stay.",
                "b": "A gate at each place can shut all places but one: that is CBAM's own job.",
                "c": "A mute place is a place with gate 0; the diagonal may hold zeros.",
            },
        ),
        Choice(
            "softmax_rows",
            "c",
            {
                "a": "Weights that are positive and sum to 1 do move information: that is what they are for.",
                "b": "The row may peak anywhere, near or far.",
                "c": "The row sums to 1: something is always taken, and the shortcut keeps what was there.",
            },
        ),
        Choice(
            "without_positions",
            "b",
            {
                "a": "The twin is found by what it looks like: no order of places is needed.",
                "b": "Shuffle the cells and each finds the same partners: 'beside' has no meaning.",
                "c": "Which ink is announced is the same in any order of the cells.",
            },
        ),
    ),
    hints=(
        "For each A write down what one place receives, before you think of jobs.",
        "Equal rows: everybody gets the same. A diagonal: nothing moves, and the channels of a place keep "
        "their proportions. Softmax rows: weights above 0 that sum to 1. No positions: shuffle the cells, and "
        "see what changes.",
        "`rows_alike`: y_i = x_i + m, with one m for all i. How many questions can one m answer?",
    ),
)

# --------------------------------------------------------------------------------------------------
# 3: column means


def _weights_and_values(generator: torch.Generator) -> Iterable[tuple]:
    for n, channels in ((3, 1), (4, 2), (6, 5)):
        weights = torch.rand(n, n, generator=generator, dtype=torch.float64) + 0.05
        yield weights / weights.sum(dim=1, keepdim=True), _tenths((n, channels), -3, 3, generator).double()


columns = Exercise(
    "columns",
    "Prove and check: the mean of a mixture",
    (
        Function(
            "heard",
            "heard(a, v) → the mean over the places of a @ v, as one weight for each place times v: (channels,)",
            lambda a, v: a.mean(dim=0) @ v,
            _weights_and_values,
            (
                Mistake(
                    "row means",
                    lambda a, v: a.mean(dim=1) @ v,
                    "That is the plain mean of v: every row has the mean 1/n. Which axis says who is heard?",
                ),
                Mistake(
                    "sum",
                    lambda a, v: a.sum(dim=0) @ v,
                    "The columns are summed: those weights sum to the number of places. The read-out takes the mean.",
                ),
                Mistake(
                    "not reduced",
                    lambda a, v: a @ v,
                    "That is y itself, one row a place. Asked is its mean over the places.",
                ),
            ),
            remark="One weight a place, for all channels: behind a mean, a Non-local block points.",
        ),
        Value(
            "most_heard",
            [0.25, 5 / 12, 1 / 3],
            (
                Mistake("row means", [1 / 3, 1 / 3, 1 / 3], "Those are the means of the rows."),
                Mistake("sums", [0.75, 1.25, 1.0], "Those are the sums of the columns: divide by the number of rows."),
            ),
        ),
    ),
    hints=(
        "Write the mean of y as a double sum, and change the order of the two sums.",
        "The mean is Σ_j (…) v_j with one number for each j in the bracket. Is that number made of a row of "
        "the table, or of a column?",
        "`heard_of = a.mean(dim=…)`, one weight for each place.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 4: the paired difference


def _mean_and_error(gain: Tensor) -> Tensor:
    return torch.stack([gain.mean(), gain.std() / math.sqrt(len(gain))])


def _two_rows(generator: torch.Generator) -> Iterable[tuple]:
    for n in (3, 5, 8):
        seed_effect = _tenths((n,), 0, 5, generator).double()
        yield seed_effect + _tenths((n,), 0, 1, generator), seed_effect + _tenths((n,), 0, 1, generator)


paired = Exercise(
    "paired",
    "Implement: a paired difference",
    (
        Function(
            "paired",
            "paired(one, other) → the mean of one − other over the seeds and its standard error, as two numbers",
            lambda one, other: _mean_and_error(one - other),
            _two_rows,
            (
                Mistake(
                    "unpaired",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), ((one.var() + other.var()) / len(one)).sqrt()]
                    ),
                    "That error treats the two rows as independent. They share their seeds: what does a hard seed do?",
                ),
                Mistake(
                    "standard deviation",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).std()]),
                    "That is how far single seeds scatter. How far does the mean of n of them?",
                ),
                Mistake(
                    "divided by n",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).std() / len(one)]),
                    "The error falls with the square root of the number of seeds.",
                ),
                Mistake(
                    "population",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), (one - other).std(correction=0) / math.sqrt(len(one))]
                    ),
                    "The seeds are a sample: divide the sum of squares by n − 1.",
                ),
                Mistake(
                    "turned round", lambda one, other: _mean_and_error(other - one), "one − other, not the reverse."
                ),
            ),
        ),
        Choice(
            "why_paired",
            "a",
            {
                "a": "What a seed does to all blocks alike drops out of the difference, and only then.",
                "b": "The mean of the differences is the difference of the means: pairing does not move it.",
                "c": "Five seeds are five seeds: pairing makes the error smaller, not the sample larger.",
            },
        ),
    ),
    hints=(
        "Subtract first. After that there is one number for each seed.",
        "The standard error of a mean is the standard deviation of the sample over the root of its size. What "
        "all blocks suffer alike from a seed is no longer in the difference.",
        "`difference = one - …`",
    ),
)

# --------------------------------------------------------------------------------------------------
# 5: the unfair comparison


def _logs(generator: torch.Generator) -> Iterable[tuple]:
    for blocks, seeds, points in ((2, 3, 4), (3, 5, 3), (2, 4, 6)):
        yield (_tenths((blocks, seeds, points), 0, 1, generator).double(),)


unfair = Exercise(
    "unfair",
    "Debug: an unfair comparison",
    (
        Function(
            "row",
            "row(test) → for each block the mean over its seeds of the last checkpoint: (blocks,)",
            lambda test: test[:, :, -1].mean(dim=1),
            _logs,
            (
                Mistake(
                    "nothing mended",
                    lambda test: test.amax(dim=(1, 2)),
                    "The best seed at its best checkpoint: the test pictures have chosen twice.",
                ),
                Mistake(
                    "best checkpoint",
                    lambda test: test.amax(dim=2).mean(dim=1),
                    "The seeds are averaged now. But the checkpoint is still chosen on the test pictures.",
                ),
                Mistake(
                    "best seed",
                    lambda test: test[:, :, -1].amax(dim=1),
                    "The last checkpoint is right. But the best seed of several is luck, not the block.",
                ),
                Mistake(
                    "all checkpoints",
                    lambda test: test.mean(dim=(1, 2)),
                    "The early checkpoints are of networks nobody would use: take the last of each seed.",
                ),
                Mistake("one seed", lambda test: test[:, 0, -1], "That is one seed. Average over all of them."),
            ),
        ),
        Value(
            "luck",
            1.163,
            (
                Mistake("none", 0.0, "The mean of five is fair. The best of five is not: simulate it."),
                Mistake("one deviation", 1.0, "Simulate it, with many repetitions: it is somewhat more."),
                Mistake("of two", 0.564, "That is the best of two."),
            ),
            decimals=1,
            remark="More than a standard deviation, for a block that is no better at all.",
        ),
        Choice(
            "third_fault",
            "b",
            {
                "a": "Pictures of another seed are what a test needs; they must be the same ones for all blocks.",
                "b": "Twice the steps for one block: the table then compares training times.",
                "c": "Accuracy is a fair measure as long as the classes are as frequent in all sets.",
            },
        ),
    ),
    hints=(
        "Who has chosen the checkpoint, and who the seed?",
        "Nothing may be chosen on the pictures that measure. What is fixed beforehand is fair, and so is a "
        "mean over all. For `luck` draw many rows of five normal numbers and look at the largest of each.",
        "`last = test[…]`, of shape (blocks, seeds).",
    ),
)

# --------------------------------------------------------------------------------------------------
# 6: the detective. Rows are shown by the sheet from the stored table, under other names.

detective = Exercise(
    "detective",
    "Detective: who is who?",
    (
        Choice(
            "who_is_se",
            "c",
            {
                "a": "Ash reads beside the dot far better than guessing among three: it knows places. SE does not.",
                "b": "Birch is best at the twins, where each place asks something else. SE sends all the same gates.",
                "c": "Good at the frame, behind at the twins, no better than nothing at the dot: channels, no places.",
            },
        ),
        Choice(
            "who_is_non_local",
            "b",
            {
                "a": "Ash reads beside the dot: an order of places is what Non-local lacks.",
                "b": "Best at the twins, and at the dot no better than nothing: it mixes, and knows no positions.",
                "c": "Cedar is beaten at the twins, Non-local's own job.",
            },
        ),
        Choice(
            "which_job_tells",
            "a",
            {
                "a": "One block is far ahead of the two others there, and theirs are no better than nothing's.",
                "b": "All three solve the plain job: it tells nobody from anybody.",
                "c": "The twins tell Non-local from the two others, but not the two others from each other.",
            },
        ),
    ),
    hints=(
        "Compare each row with that of nothing. Where is it no better?",
        "A block fails where its A does not let it succeed: with the same gates for all places, or without an "
        "order of places. Exercise 2 has the list.",
        "Begin with `dot`: which of the three rows is far from nothing's?",
    ),
)

# --------------------------------------------------------------------------------------------------
# 7: design

design = Exercise(
    "design",
    "Design: a sixth job",
    (
        Choice(
            "proof",
            "c",
            {
                "a": "One block far ahead may be luck, or size: what did the plain network of the same size do?",
                "b": "A low score of nothing says that the job is hard, not what cures it.",
                "c": "One proof that it must fail, one that it can be cured, and a control of the same size.",
            },
        ),
    ),
    hints=(
        "What would convince somebody who expects the opposite?",
        "One block far ahead may be luck, or size. A low score may be a hard job. Which of the answers rules both out?",
        "For each answer name another reason that would give the same table.",
    ),
)

ALL = (costs, shapes, columns, paired, unfair, detective, design)
