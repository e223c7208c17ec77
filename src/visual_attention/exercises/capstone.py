"""The exercises of lesson 8: cost, what a block cannot do, and how to compare blocks.

Right answers come from the tested blocks, from the stored table, or from sums that a test repeats. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from courseware.exercises import time_limit
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.report import Finding, State

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
                Mistake("first layer's biases only", 520, "The second layer has biases too, one for each channel."),
                Mistake("second layer's biases only", 544, "The first layer has biases too, one for each hidden unit."),
                Mistake("r as the width", 292, "r = 4 is a ratio: the hidden width is 32/4."),
            ),
            decimals=0,
        ),
        Value(
            "se_operations",
            512,
            (
                Mistake("at every position", 51_200, "The two layers see one vector a picture, not one a position."),
                Mistake("with biases", 552, "Multiply-adds: a bias is added and multiplies nothing."),
                Mistake("the scaling too", 3712, "3,200 more: neither scaling nor pooling is counted here."),
                Mistake("scaling and pooling too", 6912, "6,400 more: neither scaling nor pooling is counted here."),
                Mistake("one matrix", 256, "Half of it: the second layer multiplies as often as the first."),
                Mistake("twice", 1024, "Twice of it: a product and its sum count once, through 8 hidden units."),
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
                Mistake("no padding", 1568, "Without padding 4 × 4 positions would be left. The gate has 10 × 10."),
                Mistake("FLOPs", 19_600, "A product and its sum count once: multiply-adds."),
                Mistake("the scaling too", 13_000, "3,200 more: scaling is not counted here."),
                Mistake("a row of the filter", 1400, "A 7×7 filter has 49 weights for each plane."),
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
                Mistake(
                    "matrices only", 2048, "Those are the four matrices. There are biases and a normalisation too."
                ),
                Mistake("biases at the exit", 2192, "The exit has no biases here."),
                Mistake(
                    "half a normalisation", 2128, "The normalisation has two numbers a channel: a scale and a shift."
                ),
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
                Mistake(
                    "pairs only", 320_000, "Those are the two products over the pairs. Four maps come before and after."
                ),
                Mistake("no exit", 473_600, "Three maps go in, and one goes out again: 16 to 32 channels."),
                Mistake(
                    "full width in the pairs", 844_800, "Queries, keys and values have 16 channels, the inner width."
                ),
                Mistake("pairs without channels", 224_800, "Each pair costs a product for each of the 16 channels."),
                Mistake("maps once", 322_048, "The four maps run at each of the 100 positions."),
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
            Question(
                "Every row of the dense $A$ is the same, and $Ax$ is added to $x$. What cannot be done?",
                {
                    "anything that needs a far place": (
                        "A dense row reaches every place, near or far: distance is not what is missing."
                    ),
                    "two different questions, asked at two places of one picture": (
                        "All places get the same message, so that their scores differ by what they hold themselves."
                    ),
                    "one question about the whole picture": (
                        "One question for a picture is what one message can answer. Try two."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "diagonal_places",
            Question(
                "$A$ is diagonal over places, one number for all channels. What cannot be done?",
                {
                    "choosing between two digits that cover the same cells alike": (
                        "What lies on one spot is scaled alike, so that the proportions of its channels stay."
                    ),
                    "choosing between two digits at different places": (
                        "A gate at each place can shut all places but one: that is CBAM's own job."
                    ),
                    "muting a place": "A mute place is a place with gate 0; the diagonal may hold zeros.",
                },
                right="a",
            ),
        ),
        Choice(
            "softmax_rows",
            Question(
                "The rows of $A$ are softmaxes, and $Ax$ is added to $x$. What cannot be done?",
                {
                    "moving information": (
                        "Weights that are positive and sum to 1 do move information: that is what they are for."
                    ),
                    "looking far": "The row may peak anywhere, near or far.",
                    "taking nothing at all": (
                        "The row sums to 1: something is always taken, whatever the picture holds."
                    ),
                },
                right="c",
            ),
        ),
        Choice(
            "without_positions",
            Question(
                "The weights depend on what is in a cell and not on where it is. What cannot be done?",
                {
                    "the colour of the twin": "The twin is found by what it looks like: no order of places is needed.",
                    "the digit beside the dot": (
                        "Shuffle the cells and each finds the same partners: 'beside' has no meaning."
                    ),
                    "the digit in the frame's colour": "Which ink is announced is the same in any order of the cells.",
                },
                right="b",
            ),
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


def _unusual_mixtures() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    v = _tenths((4, 3), -3, 3, generator).double()
    one_hot = torch.zeros(4, 4, dtype=torch.float64)
    one_hot[:, 2] = 1
    last = torch.eye(4, dtype=torch.float64)[[0, 0, 0, 3]]
    mixed = torch.tensor([[7, 1, 1, 1], [1, 1, 7, 1], [2, 2, 2, 4], [0, 5, 0, 5]], dtype=torch.float64) / 10
    yield "all hear one and the same place", (one_hot, v)
    yield "the last row differs from the others", (last, v)
    yield "each place hears itself alone", (torch.eye(4, dtype=torch.float64), v)
    yield "every weight is the same", (torch.full((4, 4), 0.25, dtype=torch.float64), v)
    yield "as many channels as places", (mixed, torch.cat([v, v[:, :1]], dim=1))
    yield "values below 0 everywhere", (mixed, -v.abs() - 1)
    yield "large values", (mixed, 1000 * v)
    yield "one place", (torch.ones(1, 1, dtype=torch.float64), v[:1])


class _Made(TorchDispatchMode):
    """Keeps a copy of every tensor that PyTorch makes."""

    def __init__(self) -> None:
        super().__init__()
        self.tensors: list[Tensor] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or the first operator would import PyTorch's compiler, for seconds

    def __torch_dispatch__(self, operator: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = operator(*args, **(kwargs or {}))
        self.tensors += [made.detach().clone() for made in tree_leaves(result) if isinstance(made, Tensor)]
        return result


def _computes_the_mixture(heard: Callable) -> bool:
    """Whether y = a v, or y over the number of places, is among the numbers that a function makes on the way.

    Its size does not tell it: the values themselves, weighed and not yet added, are as many numbers as y.
    """
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(5, 5, generator=generator, dtype=torch.float64)
    a, v = a / a.sum(dim=1, keepdim=True), torch.randn(5, 7, generator=generator, dtype=torch.float64)
    modes: list[_Made] = []

    def watched(*arguments: Tensor) -> None:
        with _Made() as made:  # a mode belongs to the thread that it is entered in
            modes.append(made)
            heard(*arguments)

    with time_limit.unchanged():
        time_limit.call(watched, (a.clone(), v.clone()), seconds=1)
    real = [made.flatten().double() for mode in modes for made in mode.tensors if not made.is_complex()]
    numbers = torch.cat([v.new_empty(0), *real])
    y = (a @ v).flatten()[:, None]
    return any(bool(torch.isclose(numbers, part, rtol=1e-4, atol=1e-6).any(dim=1).all()) for part in (y, y / len(a)))


class _WithoutMixture(Function):
    """A function that has to do without y, the values that the places receive."""

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        finding = super().judge(answer, seed)
        if finding.state is State.RIGHT and _computes_the_mixture(answer):
            return Finding(
                self.name,
                State.NOT_YET,
                "The numbers are right, but y is computed on the way, a row for each place. Average the weights of a "
                "first: then one weight a place is left for v.",
                "y computed",
            )
        return finding


columns = Exercise(
    "columns",
    "Prove and check: the mean of a mixture",
    (
        _WithoutMixture(
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
                Mistake(
                    "first row",
                    lambda a, v: a[0] @ v,
                    "That is the first place's y. Asked is the mean over all places.",
                ),
                Mistake(
                    "weights alone",
                    lambda a, v: a.mean(dim=0),
                    "Those are the weights of the places. They still have to weigh the values.",
                ),
                Mistake(
                    "not added up",
                    lambda a, v: a.mean(dim=0)[:, None] * v,
                    "The values are weighed and not added: one row a place is left.",
                ),
                Mistake(
                    "added over the channels",
                    lambda a, v: (a.mean(dim=0)[:, None] * v).sum(dim=1),
                    "The sum runs over the channels. Add up the places.",
                ),
                Mistake(
                    "softmax once more",
                    lambda a, v: a.softmax(dim=1).mean(dim=0) @ v,
                    "A softmax is taken of a. Its rows are weights already.",
                ),
                Mistake(
                    "diagonal",
                    lambda a, v: a.diagonal() @ v,
                    "Those are the weights of each place for itself. Who is heard by the others?",
                ),
            ),
            largest=lambda a, v: max(a.numel(), v.numel()),
            edge_cases=_unusual_mixtures,
            remark="One weight a place, for all channels: behind a mean, a Non-local block points.",
        ),
        Value(
            "most_heard",
            [0.25, 5 / 12, 1 / 3],
            (
                Mistake("row means", [1 / 3, 1 / 3, 1 / 3], "Those are the means of the rows."),
                Mistake("sums", [0.75, 1.25, 1.0], "Those are the sums of the columns: divide by the number of rows."),
                Mistake("last row", [0.25, 0.25, 0.5], "That is the last row. Average over the rows."),
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


def _unusual_rows() -> Iterable[tuple[str, tuple]]:
    def rows(one: list[float], other: list[float]) -> tuple[Tensor, Tensor]:
        return torch.tensor(one, dtype=torch.float64), torch.tensor(other, dtype=torch.float64)

    yield "two seeds", rows([0.5, 0.75], [0.25, 0.25])
    yield "the same accuracies", rows([0.5, 0.75, 0.25], [0.5, 0.75, 0.25])
    yield "the same gain for every seed", rows([0.5, 0.75, 1.0, 0.25], [0.25, 0.5, 0.75, 0.0])
    yield "the other is better at every seed", rows([0.5, 0.25, 0.5, 0.0], [0.75, 0.75, 1.0, 0.5])
    yield "good seeds of one are bad seeds of the other", rows([0.25, 0.5, 0.75, 1.0], [1.0, 0.75, 0.25, 0.5])
    yield "gains that cancel", rows([0.5, 0.25, 0.75], [0.25, 0.5, 0.75])
    yield "one seed far off", rows([0.5, 0.5, 0.5, 0.5, 8.0], [0.25, 0.5, 0.25, 0.5, 0.0])
    yield "accuracies in per cent", rows([71.5, 80.25, 64.0, 90.5], [70.0, 77.5, 66.25, 85.0])


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
                    "variance",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).var()]),
                    "That is the variance of single seeds. An error has the unit of the accuracies: what of the mean?",
                ),
                Mistake(
                    "variance of the mean",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).var() / len(one)]),
                    "That is the square of the standard error.",
                ),
                Mistake(
                    "variance for deviation",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).var() / math.sqrt(len(one))]),
                    "The variance is divided by √n. Its root is the standard deviation.",
                ),
                Mistake(
                    "n − 1 twice",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), (one - other).std() / math.sqrt(len(one) - 1)]
                    ),
                    "n − 1 belongs into the standard deviation, where std puts it. Divide that by the root of n.",
                ),
                Mistake(
                    "twice the seeds",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), (one - other).std() / math.sqrt(2 * len(one))]
                    ),
                    "Pairs are counted twice: n seeds give n differences.",
                ),
                Mistake(
                    "interval of 95 %",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), 1.96 * (one - other).std() / math.sqrt(len(one))]
                    ),
                    "That is half the width of an interval. The standard error is asked.",
                ),
                Mistake(
                    "two errors",
                    lambda one, other: torch.stack(
                        [(one - other).mean(), 2 * (one - other).std() / math.sqrt(len(one))]
                    ),
                    "Those are two standard errors. One is asked.",
                ),
                Mistake(
                    "size of the differences",
                    lambda one, other: _mean_and_error((one - other).abs()),
                    "The sizes of the differences are averaged. A seed at which one is worse counts against it.",
                ),
                Mistake(
                    "size of the mean",
                    lambda one, other: _mean_and_error(one - other).abs(),
                    "The sign of the mean is lost: below 0 means that the other is better.",
                ),
                Mistake(
                    "pairs broken up",
                    lambda one, other: _mean_and_error(one.sort().values - other.sort().values),
                    "The rows are sorted, each by itself: then best meets best, and not seed meets seed.",
                ),
                Mistake(
                    "five written in",
                    lambda one, other: torch.stack([(one - other).mean(), (one - other).std() / math.sqrt(5)]),
                    "Five seeds are written into it. There may be any number from 2.",
                ),
                Mistake(
                    "median",
                    lambda one, other: torch.stack([(one - other).median(), _mean_and_error(one - other)[1]]),
                    "That is the median of the differences. Their mean is asked.",
                ),
                Mistake(
                    "mean alone",
                    lambda one, other: (one - other).mean(),
                    "The mean is there. Its standard error is missing.",
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
            edge_cases=_unusual_rows,
        ),
        Choice(
            "why_paired",
            Question(
                "What does pairing gain?",
                {
                    "a hard seed is hard for both, and drops out": (
                        "What a seed does to all blocks alike drops out of the difference, and only then."
                    ),
                    "the mean difference becomes larger": (
                        "The mean of the differences is the difference of the means: pairing does not move it."
                    ),
                    "five seeds count as ten": (
                        "Five seeds are five seeds: pairing makes the error smaller, not the sample larger."
                    ),
                },
                right="a",
            ),
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
    for blocks, seeds, points in ((2, 3, 4), (3, 5, 4), (2, 4, 6)):
        yield (_tenths((blocks, seeds, points), 0, 1, generator).double(),)


def _unusual_logs() -> Iterable[tuple[str, tuple]]:
    log = _tenths((3, 3, 3), 0, 1, torch.Generator().manual_seed(0)).double()
    yield "as many blocks as seeds and checkpoints", (log,)
    yield "one block", (log[:1, :, :2],)
    yield "one seed", (log[:2, :1],)
    yield "one checkpoint", (log[:, :2, :1],)
    yield "nine seeds, more than blocks and checkpoints", (torch.cat([log, 1 - log, log.flip(1) / 2], dim=1),)
    yield "accuracies that fall", (torch.linspace(0.9, 0.4, 24, dtype=torch.float64).reshape(2, 3, 4),)
    yield (
        "one seed of the second block fails at the end",
        (torch.tensor([[[0.5, 0.8], [0.5, 0.8], [0.5, 0.8]], [[0.5, 0.9], [0.5, 0.9], [0.5, 0.0]]]).double(),),
    )
    yield "ties everywhere but at the last checkpoint", (torch.tensor([[[0.5, 0.5, 0.25], [0.5, 0.5, 0.5]]]).double(),)
    yield "blocks of which none is ever right", (torch.zeros(2, 3, 4, dtype=torch.float64),)


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
                Mistake("last seed", lambda test: test[:, -1, -1], "That is one seed. Average over all of them."),
                Mistake(
                    "best checkpoint of the mean",
                    lambda test: test.mean(dim=1).amax(dim=1),
                    "The mean over the seeds comes first, and the checkpoint is still chosen on the test pictures.",
                ),
                Mistake(
                    "first checkpoint",
                    lambda test: test[:, :, 0].mean(dim=1),
                    "That is the first checkpoint. Take the last one.",
                ),
                Mistake(
                    "seeds and checkpoints swapped",
                    lambda test: test[:, -1].mean(dim=1),
                    "That is the last seed, averaged over its checkpoints: dim 1 are the seeds, dim 2 the checkpoints.",
                ),
                Mistake(
                    "over the blocks",
                    lambda test: test[:, :, -1].mean(dim=0),
                    "The mean runs over the blocks. They are to be compared: average over the seeds.",
                ),
                Mistake(
                    "one number for all blocks",
                    lambda test: test[:, :, -1].mean(),
                    "That is one number for all blocks together. Each block has a row of its own.",
                ),
                Mistake(
                    "not averaged",
                    lambda test: test[:, :, -1],
                    "The last checkpoint, seed by seed. Average over the seeds.",
                ),
                Mistake(
                    "added up",
                    lambda test: test[:, :, -1].sum(dim=1),
                    "The seeds are added up. Divide by their number.",
                ),
                Mistake(
                    "median seed",
                    lambda test: test[:, :, -1].median(dim=1).values,
                    "That is the median seed. The mean over the seeds is asked.",
                ),
            ),
            edge_cases=_unusual_logs,
        ),
        Value(
            "luck",
            1.163,
            (
                Mistake("none", 0.0, "The mean of five is fair. The best of five is not: simulate it."),
                Mistake("one deviation", 1.0, "Simulate it, with many repetitions: it is somewhat more."),
                Mistake("of two", 0.564, "That is the best of two."),
                Mistake("of three", 0.846, "That is the best of three."),
                Mistake("of ten", 1.539, "That is the best of ten."),
                Mistake("nearly", 1.265, "Close. Take 100,000 repetitions or more, and round the mean at the end."),
                Mistake("best less worst", 2.326, "That is how far the best is from the worst. And from the mean?"),
            ),
            decimals=1,
            remark="More than a standard deviation, for a block that is no better at all.",
        ),
        Choice(
            "third_fault",
            Question(
                "What else is unfair above?",
                {
                    "the test pictures are drawn with another seed than the training pictures": (
                        "Pictures of another seed are what a test needs; they must be the same ones for all blocks."
                    ),
                    "the budgets differ": "Twice the steps for one block: the table then compares training times.",
                    "accuracy is measured, and not the loss": (
                        "Accuracy is a fair measure as long as the classes are as frequent in all sets."
                    ),
                },
                right="b",
            ),
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

_NETWORKS = ("Ash", "Birch", "Cedar")

detective = Exercise(
    "detective",
    "Detective: who is who?",
    (
        Choice(
            "who_is_se",
            Question(
                "Which is SE?",
                dict(
                    zip(
                        _NETWORKS,
                        (
                            "Ash reads beside the dot far better than guessing among three: it knows places. SE "
                            "does not.",
                            "Birch is best at the twins, where each place asks something else. SE sends all the "
                            "same gates.",
                            "Good at the frame, behind at the twins, no better than nothing at the dot: channels, "
                            "no places.",
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Choice(
            "who_is_non_local",
            Question(
                "Which is Non-local?",
                dict(
                    zip(
                        _NETWORKS,
                        (
                            "Ash reads beside the dot: an order of places is what Non-local lacks.",
                            "Best at the twins, and at the dot no better than nothing: it mixes, and knows no "
                            "positions.",
                            "Cedar is beaten at the twins, Non-local's own job.",
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
        Choice(
            "which_job_tells",
            Question(
                "Which job tells CBAM from the two others most clearly?",
                {
                    "dot": "One block is far ahead of the two others there, and theirs are no better than nothing's.",
                    "plain": "All three solve the plain job: it tells nobody from anybody.",
                    "twin": "The twins tell Non-local from the two others, but not the two others from each other.",
                },
                right="a",
            ),
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
            Question(
                "What does such a claim rest on?",
                {
                    "one block far ahead of the others": (
                        "One block far ahead may be luck, or size: what did the plain network of the same size do?"
                    ),
                    "a low score with nothing in the slot": (
                        "A low score of nothing says that the job is hard, not what cures it."
                    ),
                    "a proof for the loser, an argument for the winner, and a control of the winner's size": (
                        "A proof that one must fail, an argument that the other need not, and a control of the same "
                        "size."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "What would convince somebody who expects the opposite?",
        "One block far ahead may be luck, or size. A low score may be a hard job. Which of the answers rules both out?",
        "For each answer name another reason that would give the same table.",
    ),
)

ALL = (costs, shapes, columns, paired, unfair, detective, design)
