"""The exercises of lesson 8: cost, what a block cannot do, and how to compare blocks.

Right answers come from the tested blocks, from the stored table, or from sums that a test repeats. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from courseware.exercises import time_limit
from courseware.exercises.build import Case, Module
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.report import Finding, State
from visual_attention.exercises._judged import Design, Outcome, Prediction, Reads, Session

__all__ = [
    "ALL",
    "beacon",
    "columns",
    "costs",
    "design",
    "detective",
    "ink_gate",
    "paired",
    "prediction",
    "shapes",
    "unfair",
]

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
        Value(
            "least_side",
            9,
            (
                Mistake("as much", 8, "At 64 positions the two cost the same: the pairs are to cost more."),
                Mistake("one product", 12, "Two products run over all pairs: queries with keys, weights with values."),
                Mistake("positions", 65, "Those are positions. The side of the map is asked."),
                Mistake("inner width", 6, "The four maps have 32 · 16 weights each: compare with all 32 channels."),
                Mistake("as now", 10, "At 10 × 10 the pairs cost more already. Where does that begin?"),
                Mistake("three maps", 7, "There are four maps: the exit is one of them."),
            ),
            decimals=0,
        ),
    ),
    hints=(
        "Write each block as a list of matrices: how many numbers go in, how many come out?",
        "Parameters: in · out, and a bias for each output. Multiply-adds: in · out for each vector that a "
        "matrix sees. SE's see one vector a picture, the maps of Non-local one a position, and two products "
        "run over all pairs of positions. For `least_side` leave n open.",
        "`se_parameters`: the first layer has `32 * 8` weights and 8 biases, and the second leads back.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 2: the shape of A

shapes = Exercise(
    "shapes",
    "Predict: what four new blocks cannot do",
    (
        Choice(
            "one_message",
            Question(
                "A block takes a softmax over all cells, **the same for every query**, sums the cells by it, "
                "sends the sum "
                "through an MLP with a ReLU, and adds what comes out to every cell. Which jobs does this shape "
                "exclude?",
                {
                    "*frame*, *twin* and *dot*": (
                        "Not frame: one message for all can be any function of the bag of cells, also which digit the "
                        "frame announces."
                    ),
                    "*twin* and *dot*, and not *frame*": (
                        "One message cannot answer two questions, and a bag of cells has no 'beside'. But what "
                        "the frame "
                        "announces is one answer for the picture: an MLP may find it."
                    ),
                    "*twin* alone": "The softmax and the sum do not know where a cell is: what of the dot?",
                },
                right="b",
            ),
        ),
        Choice(
            "narrow_gate",
            Question(
                "SE, then a spatial gate with a **1 × 1** filter. Which job is excluded, beyond what one cell sees?",
                {
                    "*frame*: a spatial gate cannot choose among channels": (
                        "The spatial gate cannot, the SE in front of it can: gates in a row are not worse than each."
                    ),
                    "*plain*: two gates in a row shut too much": (
                        "They can stay half open everywhere, and a linear layer behind makes up for a factor."
                    ),
                    "*dot*: no cell learns anything of its neighbours": (
                        "Shuffle the cells: means, maxima and 1 × 1 gates move along, and the mean behind them stays."
                    ),
                },
                right="c",
            ),
        ),
        Choice(
            "with_positions",
            Question(
                "Each cell's row and column are added to Non-local's queries and keys. Which proof of the "
                "lesson falls?",
                {
                    "that the weights of a row sum to 1": (
                        "The rows are softmaxes as before, whatever the scores are made of."
                    ),
                    "that it cannot read beside the dot": (
                        "A cell may now ask for what lies below it, so a shuffle changes the weights. That the "
                        "proof falls "
                        "does not show that training finds it."
                    ),
                    "that behind a mean it cannot choose among the channels of one cell": (
                        "The weights know more now, and still each takes a cell with all its channels."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "flat_read_out",
            Question(
                "The mean over the cells is replaced: the linear layer gets all 144 cells, each with weights of "
                "its own. "
                "Nothing is in the slot. What is proved now about *dot*?",
                {
                    "that the network can solve it": (
                        "Positions are there now. But it is still linear in the cells: no weight of a digit depends on "
                        "where the dot is."
                    ),
                    "still that it cannot, by the shuffle": (
                        "The shuffle changes what a linear layer with 144 places sees: that proof needs the mean."
                    ),
                    "nothing by the shuffle; and that each cell's part in a score depends on no dot elsewhere": (
                        "A sum over cells: what a digit adds to its score is the same with the dot beside it or "
                        "far off. "
                        "That is another argument, and it holds for linear read-outs only."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "For each block write down what one place receives, before you think of jobs.",
        "Two tests. Shuffle the cells: does anything but their order change? Two questions in one picture: can their "
        "answers follow the picture both? And mind what a part in front of, or behind, the part in question can do.",
        "`one_message`: y_i = x_i + m, where m may be any function of the set of all cells.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 3: column means


def _weights_and_values(generator: torch.Generator) -> Iterable[tuple]:
    for n, channels in ((3, 1), (4, 2), (6, 5)):
        weights = torch.rand(n, n, generator=generator, dtype=torch.float64) + 0.05
        share = torch.rand(n, generator=generator, dtype=torch.float64).round(decimals=1) + 0.1
        yield (
            weights / weights.sum(dim=1, keepdim=True),
            _tenths((n, channels), -3, 3, generator).double(),
            share / share.sum(),
        )


def _unusual_mixtures() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    v = _tenths((4, 3), -3, 3, generator).double()
    one_hot = torch.zeros(4, 4, dtype=torch.float64)
    one_hot[:, 2] = 1
    mixed = torch.tensor([[7, 1, 1, 1], [1, 1, 7, 1], [2, 2, 2, 4], [0, 5, 0, 5]], dtype=torch.float64) / 10
    even, single, two = (torch.tensor(s, dtype=torch.float64) / 4 for s in ([1, 1, 1, 1], [0, 4, 0, 0], [1, 0, 0, 3]))
    yield "asked at all places alike", (mixed, v, even)
    yield "asked at a single place", (mixed, v, single)
    yield "all hear one and the same place", (one_hot, v, two)
    yield "each place hears itself alone", (torch.eye(4, dtype=torch.float64), v, two)
    yield "as many channels as places", (mixed, torch.cat([v, v[:, :1]], dim=1), two)
    yield "values below 0 everywhere", (mixed, -v.abs() - 1, two)
    yield "large values", (mixed, 1000 * v, two)
    yield "one place", (torch.ones(1, 1, dtype=torch.float64), v[:1], torch.ones(1, dtype=torch.float64))


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
    """Whether y = a v, weighed by the share of each place or not, is among the numbers made on the way.

    Its size does not tell it: the values themselves, weighed and not yet added, are as many numbers as y.
    """
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(5, 5, generator=generator, dtype=torch.float64)
    a, v = a / a.sum(dim=1, keepdim=True), torch.randn(5, 7, generator=generator, dtype=torch.float64)
    share = torch.tensor([3, 1, 2, 5, 4], dtype=torch.float64) / 15
    modes: list[_Made] = []

    def watched(*arguments: Tensor) -> None:
        with _Made() as made:  # a mode belongs to the thread that it is entered in
            modes.append(made)
            heard(*arguments)

    with time_limit.unchanged():
        time_limit.call(watched, (a.clone(), v.clone(), share.clone()), seconds=1)
    real = [made.flatten().double() for mode in modes for made in mode.tensors if not made.is_complex()]
    numbers = torch.cat([v.new_empty(0), *real])
    y = a @ v
    parts = (part.flatten()[:, None] for part in (y, y / len(a), y * share[:, None]))
    return any(bool(torch.isclose(numbers, part, rtol=1e-4, atol=1e-6).any(dim=1).all()) for part in parts)


class _WithoutMixture(Function):
    """A function that has to do without y, the values that the places receive."""

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        finding = super().judge(answer, seed)
        if finding.state is State.RIGHT and _computes_the_mixture(answer):
            return Finding(
                self.name,
                State.NOT_YET,
                "The numbers are right, but y is computed on the way, a row for each place. Weigh the rows of a "
                "first: then one weight a place is left for v.",
                "y computed",
            )
        return finding


columns = Exercise(
    "columns",
    "Prove and check: who is heard where it is asked",
    (
        _WithoutMixture(
            "heard",
            "heard(a, v, share) → what the asked places receive together, as one weight a place times v: (channels,)",
            lambda a, v, share: share @ a @ v,
            _weights_and_values,
            (
                Mistake(
                    "mean over all places",
                    lambda a, v, share: a.mean(dim=0) @ v,
                    "That is the mean over all places. The question is asked at some of them: share says how "
                    "much at each.",
                ),
                Mistake(
                    "who listens",
                    lambda a, v, share: (a @ share) @ v,
                    "a @ share says how much each place listens to the asked ones. Who is heard by them?",
                ),
                Mistake(
                    "not reduced",
                    lambda a, v, share: a @ v,
                    "That is y itself, one row a place. Asked is its mean by share.",
                ),
                Mistake(
                    "a not used",
                    lambda a, v, share: share @ v,
                    "Those are the values at the asked places themselves: a, which says whom they hear, is not used.",
                ),
                Mistake(
                    "weights alone",
                    lambda a, v, share: share @ a,
                    "Those are the weights of the places. They still have to weigh the values.",
                ),
                Mistake(
                    "not added up",
                    lambda a, v, share: (share @ a)[:, None] * v,
                    "The values are weighed and not added: one row a place is left.",
                ),
                Mistake(
                    "added over the channels",
                    lambda a, v, share: ((share @ a)[:, None] * v).sum(dim=1),
                    "The sum runs over the channels. Add up the places.",
                ),
                Mistake(
                    "softmax once more",
                    lambda a, v, share: share @ a.softmax(dim=1) @ v,
                    "A softmax is taken of a. Its rows are weights already.",
                ),
                Mistake(
                    "divided once more",
                    lambda a, v, share: share @ a @ v / len(a),
                    "share sums to 1: the mean is taken already, and is divided once more here.",
                ),
                Mistake(
                    "most asked place",
                    lambda a, v, share: a[share.argmax()] @ v,
                    "That is what the most asked place receives. All of them count, by their share.",
                ),
            ),
            largest=lambda a, v, share: max(a.numel(), v.numel()),
            edge_cases=_unusual_mixtures,
            remark="One weight a place, for all channels: behind a mean, a Non-local block points.",
        ),
        Value(
            "most_heard",
            [0.125, 0.275, 0.6],
            (
                Mistake(
                    "all places alike",
                    [0.3, 1.1 / 3, 1 / 3],
                    "Those are the means of the columns: the places are not asked alike.",
                ),
                Mistake(
                    "halves", [0.15, 0.45, 0.4], "The two places do not count alike: a quarter and three quarters."
                ),
                Mistake(
                    "who listens",
                    [0.05, 0.3, 0.625],
                    "That is how much each place listens to the asked ones. Take columns.",
                ),
                Mistake("last row", [0.1, 0.1, 0.8], "That is what place 3 hears. Place 1 is asked too."),
            ),
        ),
    ),
    hints=(
        "Write the weighed mean of y as a double sum, and change the order of the two sums.",
        "It is Σ_j (…) v_j with one number for each j in the bracket. Is that number made of a row of the table, "
        "or of a "
        "column, and where does share come in?",
        "`weights = share @ …`, one weight for each place.",
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
        Value(
            "false_findings",
            100 * (1 - math.sqrt(2 / 3)),
            (
                Mistake("a share", 0.18, "In per cent, please."),
                Mistake(
                    "many seeds", 4.55, "That is for an error that is known. Three seeds have to say what it is, too."
                ),
                Mistake("one side", 9.2, "Below −2 counts as well: a finding for the other block."),
                Mistake("five seeds", 11.6, "That is for five seeds. Three are asked."),
                Mistake("two seeds", 29.5, "That is for two seeds. Three are asked."),
                # The error is smaller by √(2/3), and 2 of them are 2√(2/3) of Student's t with two degrees of freedom.
                Mistake(
                    "population",
                    100 * (1 - math.sqrt(4 / 7)),
                    "The standard deviation is to be that of a sample: divide by n − 1.",
                ),
            ),
            decimals=0,
            remark="Nearly one comparison in five: three seeds are few for this rule.",
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
        "all blocks suffer alike from a seed is no longer in the difference. For `false_findings` draw many rows "
        "of three "
        "normal numbers.",
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
# 6: the detective. The sheet hands out four functions from maps to maps, under other names.

_BOXES = ("Ash", "Birch", "Cedar", "Dogwood")

detective = Exercise(
    "detective",
    "Detective: four sealed boxes",
    (
        Choice(
            "who_is_se",
            Question(
                "Which box is SE?",
                dict(
                    zip(
                        _BOXES,
                        (
                            "Ash divided by what went in is another number at every place: SE has one for each "
                            "channel.",
                            "Birch has one factor for all channels of a place: SE has one for all places of a channel.",
                            "Cedar's channels do not touch each other: change one, and the others stay. SE reads "
                            "them all.",
                            "One factor for each channel, the same at all places, made of all channels.",
                        ),
                        strict=True,
                    )
                ),
                right="d",
            ),
        ),
        Choice(
            "who_is_non_local",
            Question(
                "Which box is Non-local?",
                dict(
                    zip(
                        _BOXES,
                        (
                            "A change in a far cell is felt everywhere, differently at each place: it mixes.",
                            "A change in a far corner leaves Birch as it is: it looks at neighbours.",
                            "Cedar feels the cells next to it, and none farther: a 3 × 3 filter.",
                            "Dogwood only scales: shut a place, and it stays shut. Non-local moves something there.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Value(
            "reach",
            2,
            (
                Mistake(
                    "lesson 7's",
                    3,
                    "That is a 7 × 7 filter's. Change one cell: how far away does the factor still move?",
                ),
                Mistake("the side", 5, "That is the side of the filter. How many cells to each side?"),
                Mistake("3 × 3", 1, "That is Cedar's. Which box multiplies all channels of a place by one number?"),
            ),
            decimals=0,
        ),
        Choice(
            "order",
            Question(
                "Shuffle the cells, send the map through a box, and put the cells back. For which boxes is that "
                "the same "
                "as without the shuffle?",
                {
                    "for none of them": "Try it once more, with the same permutation before and, inverted, behind.",
                    "for SE and Non-local": "Neither knows where a cell is: both carry their result along with "
                    "the cells.",
                    "for SE and the gate of places": "The gate's filter has neighbours: a shuffle gives it others.",
                    "for SE alone": "Non-local as well: its weights depend on what is in two cells, not on where "
                    "they are.",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "You may send in any map. What comes out of it that would tell two blocks apart?",
        "Three probes: out / in, is it constant over places, or over channels? Change one cell: which places "
        "feel it? Change "
        "one channel: which channels feel it?",
        "`ratio = experiment.sealed(name)(x) / x`, for some map x without zeros",
    ),
)

# --------------------------------------------------------------------------------------------------
# 7 to 9: predict, build, refute

_SESSION = Session()

prediction = Exercise(
    "prediction",
    "Build: predict first",
    (
        Choice(
            "lacking",
            Question(
                "With nothing in the slot the network picks one of the three digits. What does it lack?",
                {
                    "which **place** counts": (
                        "All three digits lie on the same place: a factor for each place takes or leaves all three."
                    ),
                    "which **ink** counts, known from somewhere else in the picture": (
                        "Read-out and cells see three digits; what tells them apart is one dot, far from them."
                    ),
                    "a **filter** that is large enough to see digit and dot at once": (
                        "The wide control has one of 3 × 3 cells more, and picks one of three as well. The dot "
                        "is farther."
                    ),
                },
                right="b",
            ),
        ),
        Prediction("predicted", _SESSION),
    ),
    hints=(
        "Cover the dot with your thumb: what do you still know?",
        "One of three is 0.33. What would your gate reach if it saw the dot's ink in every picture, and if it "
        "saw it in "
        "half of them? Your line is what you would not put up with.",
        "`predicted = [0.…, 0.…]`: the expected accuracy first, the line second, and not above it.",
    ),
)


class _InkGate(nn.Module):
    """One weight for each group of channels, a softmax over the groups, made of the means of all channels."""

    def __init__(self, channels: int, groups: int):
        super().__init__()
        self.groups = groups
        self.score = nn.Linear(channels, groups)

    def pooled(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))

    def gate(self, x: Tensor) -> Tensor:
        return self.score(self.pooled(x)).softmax(dim=1) * self.groups

    def spread(self, gate: Tensor, channels: int) -> Tensor:
        return gate.repeat_interleave(channels // self.groups, dim=1)[..., None, None]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.spread(self.gate(x), x.shape[1])


class _Maximum(_InkGate):
    def pooled(self, x: Tensor) -> Tensor:
        return x.amax((2, 3))


class _Summed(_InkGate):
    def pooled(self, x: Tensor) -> Tensor:
        return x.sum((2, 3))


class _Sigmoids(_InkGate):
    def gate(self, x: Tensor) -> Tensor:
        return self.score(self.pooled(x)).sigmoid()


class _NoFactor(_InkGate):
    def gate(self, x: Tensor) -> Tensor:
        return self.score(self.pooled(x)).softmax(dim=1)


class _NoSoftmax(_InkGate):
    def gate(self, x: Tensor) -> Tensor:
        return self.score(self.pooled(x)) * self.groups


class _OverPictures(_InkGate):
    def gate(self, x: Tensor) -> Tensor:
        return self.score(self.pooled(x)).softmax(dim=0) * self.groups


class _Interleaved(_InkGate):
    def spread(self, gate: Tensor, channels: int) -> Tensor:
        return gate.repeat(1, channels // self.groups)[..., None, None]


class _SixteenEach(_InkGate):
    def spread(self, gate: Tensor, channels: int) -> Tensor:
        return gate.repeat_interleave(16, dim=1)[..., None, None]


class _SixteenEachGateFirst(_SixteenEach):
    def forward(self, x: Tensor) -> Tensor:
        return self.spread(self.gate(x), x.shape[1]) * x


class _Returned(_InkGate):
    def forward(self, x: Tensor) -> Tensor:
        return self.spread(self.gate(x), x.shape[1])


class _NotApplied(_InkGate):
    def forward(self, x: Tensor) -> Tensor:
        self.gate(x)
        return x * 1


class _OneHot(_InkGate):
    def gate(self, x: Tensor) -> Tensor:
        scores = self.score(self.pooled(x))
        return nn.functional.one_hot(scores.argmax(dim=1), self.groups).to(x.dtype) * self.groups


class _Shortcut(_InkGate):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class _FourInks(_InkGate):
    def __init__(self, channels: int, groups: int):
        super().__init__(channels, 4)


class _ForEachChannel(_InkGate):
    def __init__(self, channels: int, groups: int):
        super().__init__(channels, channels)


def _ink_maps(generator: torch.Generator) -> Iterable[Case]:
    for (n, channels, height, width), groups in (((2, 6, 3, 4), 3), ((3, 8, 2, 5), 2), ((2, 64, 3, 2), 4)):
        yield Case((torch.randn(n, channels, height, width, generator=generator),), (channels, groups))


def _odd_ink_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)

    def some(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    yield "a single picture", Case((some(1, 8, 3, 2),), (8, 4))
    yield "one group", Case((some(2, 5, 3, 3),), (5, 1))
    yield "a group for each channel", Case((some(2, 4, 3, 2),), (4, 4))
    yield "a map of one place", Case((some(3, 8, 1, 1),), (8, 2))
    yield "pictures, channels, height and width all equal", Case((some(4, 4, 4, 4),), (4, 2))
    yield "below 0 everywhere", Case((-some(2, 6, 3, 3).abs() - 0.5,), (6, 2))
    yield "large numbers", Case((200 * some(2, 6, 2, 3),), (6, 3))


ink_gate = Exercise(
    "ink_gate",
    "Build: a gate for each ink",
    (
        Module(
            "InkGate",
            "InkGate(channels, groups) → a module with score, which scales each group of channels of (N, C, H, W)",
            _InkGate,
            _ink_maps,
            (
                Mistake(
                    "maximum",
                    _Maximum,
                    "The maximum over the places was taken. The mean is asked; exercise 9 tries both.",
                ),
                Mistake("sum for mean", _Summed, "The channels are summed over the places: divide by their number."),
                Mistake(
                    "sigmoids",
                    _Sigmoids,
                    "Sigmoids do not compete. A softmax over the groups is asked, times their number.",
                ),
                Mistake(
                    "factor forgotten",
                    _NoFactor,
                    "The weights sum to 1. Times the number of groups, so that an even choice changes nothing.",
                ),
                Mistake(
                    "no softmax",
                    _NoSoftmax,
                    "The scores themselves were multiplied on: a softmax over the groups is missing.",
                ),
                Mistake(
                    "softmax over the pictures",
                    _OverPictures,
                    "The softmax runs over the pictures, dim 0. The groups compete, dim 1, in each picture by itself.",
                ),
                Mistake(
                    "groups interleaved",
                    _Interleaved,
                    "Weights 1, 2, 3, 1, 2, 3: the channels of a group stand side by side, so 1, 1, 2, 2, 3, 3.",
                ),
                *(
                    Mistake(
                        name,
                        wrong,
                        "16 channels a group are written into it, which fits 64 channels and 4 groups only: C/groups.",
                    )
                    for name, wrong in (
                        ("sixteen written in", _SixteenEach),
                        ("sixteen written in, gate first", _SixteenEachGateFirst),
                    )
                ),
                Mistake("gate returned", _Returned, "The gate came back. The module has to multiply it onto x."),
                Mistake(
                    "gate not applied", _NotApplied, "x came back as it was: a gate is made, and not multiplied on."
                ),
                Mistake(
                    "one group alone",
                    _OneHot,
                    "One group is let through, the others are shut: no gradient reaches score.",
                ),
                Mistake("a shortcut", _Shortcut, "x was added once more: the module only scales."),
                Mistake(
                    "four written in",
                    _FourInks,
                    "Four groups are written into it: groups may be any number that divides C.",
                ),
                Mistake(
                    "a weight a channel",
                    _ForEachChannel,
                    "score gives a number for each channel. One for each group is asked.",
                ),
            ),
            edge_cases=_odd_ink_maps,
            remark="260 weights for 64 channels and 4 inks: a sixteenth of SE's.",
        ),
    ),
    hints=(
        "It is SE with one linear layer, with a softmax, and with a number for each ink.",
        "(N, C) means, (N, groups) scores, a softmax over dim 1, times groups. Then each number has to stand at "
        "all the "
        "channels of its group: C/groups times side by side.",
        "`self.score = nn.Linear(…)`, in the constructor",
    ),
)

beacon = Exercise(
    "beacon",
    "Build: into the slot, and what came of the prediction",
    (
        Reads("reads", session=_SESSION),
        Outcome("outcome", _SESSION),
        Choice(
            "mean_or_maximum",
            Question(
                "Put the **maximum** over the places into your gate in place of the mean, and train again. What "
                "do you find?",
                {
                    "it reads better: a dot is small, and a maximum sees small things": (
                        "So one may expect. Train it: in ours the maximum reads far worse, at every start."
                    ),
                    "no difference that is worth a word": "Train it, with seeds 0, 1 and 2: there is a large one.",
                    "it reads much worse": (
                        "In our three starts by 0.20 to 0.44. Perhaps because the digits reach the same maxima "
                        "as the dot, "
                        "while a mean adds up; we have not taken it apart."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Three lines for each start: make the gate, train, measure. Then a function that reads new pictures.",
        "`experiment.train_quickly(gate, inputs, labels, seed)` gives the network, and `accuracy(network, test_inputs, "
        "test_labels)` its accuracy. In `reads`, `experiment.seen_by` makes of pictures what the network takes.",
        "`gate = initialised(…, seed)`, for each of the seeds 0, 1, 2",
    ),
)

# --------------------------------------------------------------------------------------------------
# 10: design

design = Exercise(
    "design",
    "Design: a sixth job",
    (
        Design("sixth_job"),
        Choice(
            "proof",
            Question(
                'SE is far ahead of nothing on your job. What does the claim "a channel gate is what this job needs" '
                "still rest on?",
                {
                    "nothing more: the difference is a finding": (
                        "It may be the weights, whatever they do: what does a plain network of that size reach?"
                    ),
                    "more seeds, until the error is small": (
                        "A small error makes the same difference surer. It does not say what it is due to."
                    ),
                    "a control of SE's size, and a proof or a test that a block of another kind fails": (
                        "A control rules out size, and a loser that must fail rules out that any block would do."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "What should SE know from the whole picture that no cell knows? Put it into the ink of something small.",
        "A cue whose ink says which of several digits counts, and digits on which nothing else tells which. Draw "
        "the answer "
        "first and evenly, then the rest around it. Leave 13 free rows between cue and digits.",
        "`ink = torch.randint(3, (n,), …)`, drawn by a generator that begins with the seed",
    ),
)

ALL = (costs, shapes, columns, paired, unfair, detective, prediction, ink_gate, beacon, design)
