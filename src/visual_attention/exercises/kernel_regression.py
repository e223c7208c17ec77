"""The exercises of lesson 2: Nadaraya–Watson kernel regression.

Right answers come from `visual_attention.pooling`. Wrong ones are written out, so that a check can name the
mistake: most are a wrong rule for the weights, which gives a wrong table and a wrong number by hand alike. The lists
below hold functions (query, keys, width) -> (m, n) for places in rows, (m, d) and (n, d).
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch

from courseware.exercises.common_mistakes import CommonMistake
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.run import Run
from courseware.exercises.tools import Tool
from visual_attention.datasets import noisy_sine
from visual_attention.pooling import attention_weights, nadaraya_watson

__all__ = [
    "ALL",
    "bounds",
    "far_query",
    "hand_example",
    "leave_one_out",
    "local_line",
    "predictions",
    "rows_and_columns",
    "units",
    "votes",
    "weights",
]

Tensor = torch.Tensor

# Where weights are what is asked: whatever in the library makes them.
WEIGHTS_OF_THE_LIBRARY = Tool(
    "the library for its weights",
    frozenset({"visual_attention.pooling", "visual_attention.regression", "visual_attention._distances"}),
    in_sight=True,
)


def _squares(query: Tensor, keys: Tensor) -> Tensor:
    """Squared distances (m, n) of places in rows."""
    return (query[:, None] - keys).square().sum(dim=2)


def _exponents(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return -0.5 * _squares(query, keys) / width**2


def _right(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return attention_weights(query, keys, width=width)


def _written_out(query: Tensor, keys: Tensor, width: float) -> Tensor:
    """The same without the library, as a check asks that notices the library."""
    return _exponents(query.double(), keys.double(), width).softmax(dim=1).to(query.dtype)


def _plain_mean(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return torch.full_like(_squares(query, keys), 1 / len(keys))


def _nearest(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return torch.nn.functional.one_hot(_squares(query, keys).argmin(dim=1), len(keys)).to(query.dtype)


WRONG_KERNELS = (
    Mistake(
        "plain mean",
        _plain_mean,
        "All keys weigh the same here: that is the plain mean. Near keys should weigh more than far ones.",
    ),
    Mistake(
        "not normalised",
        lambda q, k, s: _exponents(q, k, s).exp(),
        "Kernel values are not yet weights. Divide by their sum over the keys, so that each query's weights sum to 1.",
    ),
    Mistake(
        "density instead of weights",
        lambda q, k, s: _exponents(q, k, s).exp() / (s * math.sqrt(2 * math.pi)),
        "The density of the normal distribution stands here for the weights. Its factor 1/√2π cancels; the division "
        "by the sum over the keys is what is missing.",
    ),
    Mistake(
        "½ forgotten",
        lambda q, k, s: (2 * _exponents(q, k, s)).softmax(dim=1),
        "The ½ in the exponent −½ (distance/σ)² is missing.",
    ),
    Mistake(
        "square forgotten",
        lambda q, k, s: (-0.5 * _squares(q, k).sqrt() / s).softmax(dim=1),
        "The exponent holds the distance, not its square. A Gaussian falls off with the square.",
    ),
    Mistake(
        "minus forgotten",
        lambda q, k, s: (-_exponents(q, k, s)).softmax(dim=1),
        "The far keys weigh most: the exponent needs a minus.",
    ),
    Mistake(
        "only the nearest key",
        _nearest,
        "All weight lies on the nearest key. That is the limit σ → 0; at this σ the others count too.",
    ),
)

WRONG_WIDTHS = (
    Mistake(
        "width not squared",
        lambda q, k, s: (-0.5 * _squares(q, k) / s).softmax(dim=1),
        "The distance is squared, σ is not. Divide first, then square: (distance/σ)².",
    ),
    Mistake(
        "multiplied by the width",
        lambda q, k, s: (-0.5 * _squares(q, k) * s**2).softmax(dim=1),
        "The distance is multiplied by σ. Divide by it: a larger σ has to let far keys count for more.",
    ),
    Mistake(
        "width ignored",
        lambda q, k, s: _exponents(q, k, 1.0).softmax(dim=1),
        "This is the answer for σ = 1. Where does σ enter?",
    ),
    Mistake(
        "only the keys divided",
        lambda q, k, s: _right(q, k / s, 1.0),
        "Only the keys are divided by σ. The whole distance is: divide the query too, or the difference.",
    ),
    Mistake(
        "only the query divided",
        lambda q, k, s: _right(q / s, k, 1.0),
        "Only the query is divided by σ. The whole distance is: divide the keys too, or the difference.",
    ),
)

# Not told from the others at σ = ½, so for functions only.
WRONG_POWERS = (
    Mistake(
        "width squared twice",
        lambda q, k, s: _right(q, k, s**2),
        "The distance is divided by σ² and then squared: σ⁴. Divide by σ, then square.",
    ),
    Mistake(
        "2 squared",
        lambda q, k, s: _right(q, k, math.sqrt(2) * s),
        "(2σ)² stands under the squared distance: the 2 is squared as well. The exponent is −½ (distance/σ)².",
    ),
    Mistake(
        "dot product",
        lambda q, k, s: (q @ k.T / s**2).softmax(dim=1),
        "The exponents hold the dot product of query and key. The Gaussian needs their distance: −½ ‖key‖² is missing.",
    ),
    Mistake(
        "logarithms",
        lambda q, k, s: _exponents(q, k, s).log_softmax(dim=1),
        "These are the logarithms of the weights: log_softmax instead of softmax.",
    ),
)

WRONG_SUMS = (
    Mistake(
        "softmax over the queries",
        lambda q, k, s: _exponents(q, k, s).softmax(dim=0),
        "The softmax runs over dim 0, the queries, so the columns sum to 1. Each query shares out its "
        "attention among the keys: that is dim 1.",
    ),
    Mistake(
        "one sum for the whole table",
        lambda q, k, s: _exponents(q, k, s).exp() / _exponents(q, k, s).exp().sum(),
        "Each kernel value is divided by the sum over the whole table. Every query has a sum of its own: "
        "sum over the keys, dim 1.",
    ),
    Mistake(
        "sum without keepdim",
        lambda q, k, s: _exponents(q, k, s).exp() / _exponents(q, k, s).exp().sum(dim=1),
        "sum(dim=1) has the shape (m,), and broadcasting lays it along the columns. With keepdim=True it is "
        "(m, 1): one sum for each row.",
    ),
    Mistake(
        "divided by the largest",
        lambda q, k, s: _exponents(q, k, s).exp() / _exponents(q, k, s).exp().amax(dim=1, keepdim=True),
        "Each row is divided by its largest kernel value. Divide by the sum of the row: its weights must sum to 1.",
    ),
)


def _by_feature(q: Tensor, k: Tensor, s: float) -> Tensor:
    return -0.5 * ((q[:, None] - k) / s).square()


WRONG_FEATURES = (
    Mistake(
        "mean over the features",
        lambda q, k, s: _by_feature(q, k, s).mean(dim=2).softmax(dim=1),
        "The squares are averaged over the d features. The squared distance is their sum, as Pythagoras has it.",
    ),
    Mistake(
        "added before the square",
        lambda q, k, s: (-0.5 * ((q[:, None] - k).sum(dim=2) / s) ** 2).softmax(dim=1),
        "The differences are added before they are squared, so that a step right and a step down cancel. Square first.",
    ),
    Mistake(
        "sizes added before the square",
        lambda q, k, s: (-0.5 * ((q[:, None] - k).abs().sum(dim=2) / s) ** 2).softmax(dim=1),
        "The sizes of the differences are added, then squared: the way along streets. The straight distance is asked.",
    ),
    Mistake(
        "first feature only",
        lambda q, k, s: _right(q[:, :1], k[:, :1], s),
        "Only the first of the d numbers is compared.",
    ),
    Mistake(
        "a softmax for each feature",
        lambda q, k, s: _by_feature(q, k, s).softmax(dim=1).prod(dim=2),
        "A softmax for each feature, multiplied: the proportions are right, but a row no longer sums to 1. Add the "
        "squares over the features first, then one softmax.",
    ),
    Mistake(
        "a table for each feature",
        lambda q, k, s: _by_feature(q, k, s).softmax(dim=1),
        "The result has an axis too many, one table for each feature. Add the squares over the features first.",
    ),
)


def _estimates(mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    """The same mistakes in f: functions (query, keys, values, width) -> (m,)."""

    def estimate(wrong: Callable) -> Callable:
        return lambda query, keys, values, width: wrong(query, keys, width) @ values

    return tuple(Mistake(m.name, estimate(m.wrong), m.feedback) for m in mistakes)


def _evaluated(mistakes: tuple[Mistake, ...], *arguments) -> tuple[Mistake, ...]:
    """The same mistakes as numbers: what each function gives for these arguments."""
    return tuple(Mistake(m.name, m.wrong(*arguments).squeeze(), m.feedback) for m in mistakes)


# --------------------------------------------------------------------------------------------------
# By hand: x_i = (1, 2, 5), y = (9, 1, 3), x = 3. float64, because the answers are printed.

QUERY = torch.tensor([[3.0]], dtype=torch.float64)
KEYS = torch.tensor([[1.0], [2.0], [5.0]], dtype=torch.float64)
VALUES = torch.tensor([9.0, 1.0, 3.0], dtype=torch.float64)
VALUES_FEEDBACK = (
    "The softmax is taken of the values. Weights compare the query with the keys; the values are only averaged."
)

hand_example = Exercise(
    "hand_example",
    "By hand: a query that hits no key",
    (
        Value(
            "weights",
            _right(QUERY, KEYS, 1.0)[0],
            (
                *_evaluated(WRONG_KERNELS, QUERY, KEYS, 1.0),
                Mistake("softmax of the values", VALUES.softmax(dim=0), VALUES_FEEDBACK),
                Mistake(
                    "query 0",
                    _right(0 * QUERY, KEYS, 1.0)[0],
                    "These distances are counted from 0. The query is x = 3.",
                ),
            ),
        ),
        Value(
            "f",
            nadaraya_watson(QUERY, KEYS, VALUES, width=1.0).item(),
            (
                *_evaluated(_estimates(WRONG_KERNELS), QUERY, KEYS, VALUES, 1.0),
                Mistake(
                    "places averaged",
                    nadaraya_watson(QUERY, KEYS, KEYS[:, 0], width=1.0).item(),
                    "2.309 is the average of the places x_i. The weights are right: average the values y_i.",
                ),
                Mistake(
                    "weights rounded first",
                    0.154 * 9 + 0.692 * 1 + 0.154 * 3,
                    "2.54 comes from weights that were rounded to three decimals. Carry one more, round at the end.",
                ),
            ),
        ),
        Value(
            "f_narrow",
            nadaraya_watson(QUERY, KEYS, VALUES, width=0.5).item(),
            (
                Mistake(
                    "width missing below the line",
                    (_exponents(QUERY, KEYS, 0.5).exp() @ VALUES / _exponents(QUERY, KEYS, 1.0).exp().sum()).item(),
                    "Here σ = ½ stands in the kernels above the line only. Below it must be the same "
                    "kernels, or the weights do not sum to 1.",
                ),
                # Not "only the nearest key": at this width that is within a unit of forgetting the ½.
                *_evaluated(_estimates(WRONG_KERNELS[:-1]), QUERY, KEYS, VALUES, 0.5),
                *_evaluated(_estimates(WRONG_WIDTHS), QUERY, KEYS, VALUES, 0.5),
            ),
            remark="Its kernel value is small, 0.1353; the others' are smaller still. Only ratios count.",
        ),
    ),
    hints=(
        "Write down the three distances from the query first. They decide everything.",
        "Kernel values first; divided by their sum they are weights. With σ = ½ every distance counts double.",
        "For σ = 1 the kernel values are 0.1353, 0.6065 and 0.1353. What is their sum?",
    ),
)

# --------------------------------------------------------------------------------------------------

predictions = Exercise(
    "predictions",
    "Predict: other kernels",
    (
        Choice(
            "squared",
            Question(
                "Replace the Gaussian kernel $K$ by $7K^2$. Then $f$",
                {
                    "does not change at all: powers and factors cancel": (
                        "The factor 7 does. But (a/b)² is not a/b: squaring makes small kernel values smaller still."
                    ),
                    r"is what a width of $\sigma/\sqrt2$ gives": (
                        "The 7 cancels, and the square doubles the exponent: −½ · 2 (d/σ)² is −½ (d/(σ/√2))²."
                    ),
                    r"is what a width of $\sqrt7\,\sigma$ gives": (
                        "A factor in front of K is not in the exponent: it cancels. Which change is in the exponent?"
                    ),
                    r"is what a width of $\sigma/2$ gives": (
                        "A width of σ/2 multiplies the exponent by four. What does squaring K do to it?"
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "triangular",
            Question(
                "Keys at 0, 1, …, 5 and the triangular kernel, $1 - |u|$ up to the width 1 and 0 beyond. The curve $f$ "
                "between 0 and 5 is",
                {
                    "smooth, and a little below the peaks of the data": (
                        "That would be a Gaussian. Which keys are nearer than 1 to a query at 2.3, and with which "
                        "kernel values?"
                    ),
                    "a staircase with a step halfway between the keys": (
                        "That would be the nearest neighbour. At 2.3 the keys 2 and 3 have the kernel values 0.7 and "
                        "0.3: both have a say."
                    ),
                    "the straight lines that join neighbouring points": (
                        "At 2 + t two keys are in reach, with 1 − t and t, which sum to 1: linear interpolation is "
                        "Nadaraya–Watson. Every point is hit: nothing is smoothed."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Write the fraction out with the change in it, above and below the line.",
        "Squaring an exponential doubles its exponent. For the triangle take one query, say 2.3, and list the keys in "
        "reach.",
        "`squared`: exp(−½ (d/σ)²)² = exp(− …)",
    ),
)

# --------------------------------------------------------------------------------------------------
# Units: two sensors A and B, each with a place (metres) and a time (hours).

SENSORS = torch.tensor([[3.0, 5.0], [4.0, 3.5]], dtype=torch.float64)
READ = torch.tensor([10.0, 20.0], dtype=torch.float64)
HERE_NOW = torch.tensor([[2.0, 3.0]], dtype=torch.float64)


def _measured_in(place: float, time: float) -> float:
    scale = torch.tensor([place, time], dtype=torch.float64)
    return nadaraya_watson(HERE_NOW * scale, SENSORS * scale, READ, width=1.0).item()


BETWEEN = Mistake("plain mean", 15.0, "15 is the plain mean: one of the two sensors is nearer, in these units.")

units = Exercise(
    "units",
    "Predict, then run: which sensor is near?",
    (
        Value(
            "metres",
            _measured_in(1, 1),
            (
                BETWEEN,
                Mistake("A alone", 10.0, "10 is A's reading alone. B is about as near, and has a say."),
                Mistake("B alone", 20.0, "20 is B's reading alone. A is about as near, and has a say."),
                Mistake(
                    "place only",
                    nadaraya_watson(HERE_NOW[:, :1], SENSORS[:, :1], READ, width=1.0).item(),
                    "That compares the places alone. The time is part of the key.",
                ),
                Mistake(
                    "time only",
                    nadaraya_watson(HERE_NOW[:, 1:], SENSORS[:, 1:], READ, width=1.0).item(),
                    "That compares the times alone. The place is part of the key.",
                ),
                Mistake(
                    "added before the square",
                    (-0.5 * torch.tensor([9.0, 6.25], dtype=torch.float64)).softmax(dim=0).dot(READ).item(),
                    "Metres and hours were added before the square. Squared distances are 1² + 2² and 2² + 0.5².",
                ),
            ),
            decimals=2,
        ),
        Value(
            "minutes",
            _measured_in(1, 60),
            (
                Mistake(
                    "unit without a say",
                    _measured_in(1, 1),
                    "That is the answer in hours. In minutes the times lie 120 and 30 widths away.",
                ),
                Mistake("the other sensor", 10.0, "10 is A's. In minutes A lies 120 away, and B 30."),
                BETWEEN,
            ),
            decimals=2,
        ),
        Value(
            "centimetres",
            _measured_in(100, 1),
            (
                Mistake(
                    "unit without a say",
                    _measured_in(1, 1),
                    "That is the answer in metres. In centimetres the places lie 100 and 200 widths away.",
                ),
                Mistake("the other sensor", 20.0, "20 is B's. In centimetres B lies 200 away, and A 100."),
                BETWEEN,
            ),
            decimals=2,
            remark="Same data, same formula: the unit has decided which of the two is near.",
        ),
        Value(
            "sigma",
            60.0,
            (
                Mistake("1/σ", 1 / 60, "1/60 is the factor on the times. σ has the unit of what it divides: minutes."),
                Mistake("σ²", 3600.0, "3,600 is σ². σ itself grows like the times."),
                Mistake("unchanged", 1.0, "σ = 1 is one minute now. Which σ is one hour?"),
                Mistake("√", math.sqrt(60), "The times grow sixtyfold, and σ stands under them as it is."),
            ),
            decimals=2,
            remark="One width for each number of the key, each in its own unit: that is what scaling features does.",
        ),
    ),
    hints=(
        "Compute the two squared distances from the query in each unit before you think of weights.",
        "Each weight goes with exp(−½ (Δplace² + Δtime²)) when σ = 1. A unit that makes one difference large lets it "
        "decide alone.",
        "`metres = pooling.nadaraya_watson(…)` with a query of shape (1, 2) and keys of shape (2, 2).",
    ),
)

# --------------------------------------------------------------------------------------------------
# Rows and columns: the keys ask.

CROWD = torch.tensor([[0.0], [1.0], [1.5], [5.0]], dtype=torch.float64)
TWICE = torch.cat([CROWD, CROWD])
UNNORMALISED = "These are sums of kernel values. Divide each row by its own sum first."
MEANS = "These are mean weights: sum(dim=…) is asked, not mean(dim=…)."
TOTAL = "4 is the sum of the whole table. Give the four sums one by one: sum(dim=…)."

rows_and_columns = Exercise(
    "rows_and_columns",
    "Predict: rows and columns of the table",
    (
        Value(
            "columns",
            _right(CROWD, CROWD, 1.0).sum(dim=0),
            (
                Mistake(
                    "columns that sum to 1",
                    torch.ones(4),
                    "Columns that sum to 1 come from a softmax over dim 0, or from the belief that the "
                    "table is symmetric. The kernel is, but each row is divided by a sum of its own.",
                ),
                Mistake("not normalised", _exponents(CROWD, CROWD, 1.0).exp().sum(dim=0), UNNORMALISED),
                Mistake("mean", _right(CROWD, CROWD, 1.0).mean(dim=0), MEANS),
                Mistake("total", 4.0, TOTAL),
                Mistake(
                    "one row",
                    _right(CROWD, CROWD, 1.0)[0],
                    "That is the first row: what the first query gives to each key. Add up all queries.",
                ),
            ),
            decimals=2,
            remark="The lonely key at 5 gets about 1, its own unit. In the crowd the one in the middle gets most.",
        ),
        Value(
            "copied",
            _right(CROWD, TWICE, 1.0).sum(dim=0)[1].item(),
            (
                Mistake(
                    "as before",
                    _right(CROWD, CROWD, 1.0).sum(dim=0)[1].item(),
                    "That is what the key had when it was alone. Now its copy stands at the same place.",
                ),
                Mistake(
                    "twice",
                    2 * _right(CROWD, CROWD, 1.0).sum(dim=0)[1].item(),
                    "There are as many queries as before: nobody has more to give.",
                ),
            ),
            decimals=2,
            remark="Copies share: each has half, together they have what one had. No estimate f changes.",
        ),
        Choice(
            "wide",
            Question(
                r"Back to four keys. As $\sigma$ grows without end, each column's sum goes to",
                {
                    "0": "The rows go on to sum to 1, so four units are handed out at every σ.",
                    "1/4": "Each *weight* goes to 1/4. A column has four of them.",
                    "1": "Every query gives each key a quarter, and there are four queries.",
                    "its value for the key in the middle": "When distances no longer count, no key is in the middle.",
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Whose weights stand in a row: one query's, or one key's?",
        "A row is one weighted average, so you know its sum. A column says how much one key receives from all "
        "queries. A copy has the same kernel values as the original.",
        "`table = pooling.attention_weights(keys, keys, …)`, then one sum along one of the two dims.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


def _query_keys_width(generator: torch.Generator) -> Iterable[tuple]:
    # No query is so far off, in widths, that a kernel without softmax underflows: that is another exercise.
    for m, n, d, low, high in (
        (2, 3, 2, 0.6, 0.9),
        (3, 2, 1, 1.3, 1.9),
        (1, 5, 3, 0.6, 0.9),
        (5, 4, 2, 1.2, 2.5),
        (20, 15, 4, 1.3, 1.8),
    ):
        width = _tenths((), low, high, generator).item()
        yield _tenths((m, d), 0, 3, generator), _tenths((n, d), 0, 3, generator), round(width, 1)


def _places(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows)


def _odd_places() -> Iterable[tuple[str, tuple]]:
    yield "two equal keys", (_places((1.0, 0.0)), _places((1.0, 1.0), (2.0, 0.0), (1.0, 1.0)), 0.8)
    yield "one key only", (_places((0.0, 1.0), (2.5, 0.5)), _places((2.0, 0.0)), 0.7)
    yield "a key that is the query", (_places((1.5, 0.5)), _places((1.5, 0.5), (1.0, 2.0)), 0.6)
    yield "opposite differences", (_places((0.0, 0.0)), _places((1.0, -1.0), (1.0, 0.5), (0.2, 0.1)), 1.3)
    yield (
        "as many queries as keys and features",
        (
            _places((0.4, 2.0, 1.3), (1.0, 0.0, 0.5), (2.0, 2.0, 0.1)),
            _places((2.6, 0.1, 1.9), (0.3, 1.0, 0.0), (1.0, 1.0, 1.0)),
            1.4,
        ),
    )
    yield "one feature", (_places((3.0,), (0.0,)), _places((2.6,), (0.1,), (1.9,)), 1.2)
    yield "negative places", (_places((-2.0, 0.5)), _places((-3.0, 1.5), (0.5, -1.0)), 1.8)
    yield "a query far from all keys", (_places((0.5, 1.0), (60.0, 80.0)), _places((0.0, 0.5), (1.0, 2.0)), 0.5)
    yield "a very wide kernel", (_places((0.0, 4.0), (2.0, 1.0)), _places((1.0, 5.0), (2.0, 0.0), (3.0, 3.0)), 50.0)


weights = Exercise(
    "weights",
    "Implement: attention weights for keys that are vectors",
    (
        Function(
            "attention_weights",
            "attention_weights(query, keys, width) → a table (m, n), row i for query i",
            _written_out,
            _query_keys_width,
            (
                *WRONG_KERNELS,
                *WRONG_WIDTHS,
                *WRONG_POWERS,
                *WRONG_SUMS,
                *WRONG_FEATURES,
                Mistake(
                    "kernel over its sum",
                    lambda q, k, s: _shares(_exponents(q, k, s).exp()),
                    "For a query far from all keys every kernel value is 0, and 0/0 = nan. softmax subtracts the "
                    "largest exponent first.",
                ),
                Mistake(
                    "transposed",
                    lambda q, k, s: _right(q, k, s).T,
                    "The table is transposed: queries are rows, keys are columns.",
                ),
            ),
            edge_cases=_odd_places,
            seconds=4.0,
            forbidden=(WEIGHTS_OF_THE_LIBRARY,),
        ),
    ),
    hints=(
        "Three steps: all differences, all squared distances, a softmax. Which axis goes away in which step?",
        "`query[:, None] - keys` has the shape (m, n, d). The squared distance is the sum of the squares over the d "
        "features. The weights of one query sum to 1, and they stand in a row.",
        "`d = (query[:, None] - keys) / width`, then a sum over its last axis",
    ),
)

# --------------------------------------------------------------------------------------------------
# The width at which so many points vote: 1 / sum of squared weights.


def _vote_count(alpha: Tensor) -> float:
    return (1 / alpha.square().sum()).item()


def _entropy_count(alpha: Tensor) -> float:
    return torch.special.entr(alpha).sum().exp().item()


def _solved(count: Callable[[Tensor], float], distances: Tensor, votes: float) -> float:
    """The width at which `count` of the weights is `votes`: halving an interval of its logarithm."""
    d = distances.double()
    size = d.max().item()
    low, high = math.log(1e-4 * size), math.log(1e4 * size)
    for _ in range(45):
        middle = (low + high) / 2
        alpha = attention_weights(torch.zeros_like(d[:1]), d, width=math.exp(middle))[0]
        low, high = (middle, high) if count(alpha) < votes else (low, middle)
    return math.exp((low + high) / 2)


def _width_for(distances: Tensor, votes: float) -> float:
    return _solved(_vote_count, distances, votes)


def _neighbourhoods(generator: torch.Generator) -> Iterable[tuple]:
    yield torch.tensor([1.0, 2.0, 3.0]), 2.0
    for n, votes in ((4, 1.5), (6, 3.0), (12, 5.5), (30, 20.0)):
        yield (torch.randperm(60, generator=generator)[:n] + 1) / 10, votes


def _odd_neighbourhoods() -> Iterable[tuple[str, tuple]]:
    yield "two keys equally near", (torch.tensor([1.0, 1.0, 2.0, 4.0]), 2.5)
    yield "a key at the query itself", (torch.tensor([0.0, 0.5, 2.0]), 1.2)
    yield "distances in the thousands", (torch.tensor([1500.0, 4000.0, 9000.0, 2500.0]), 2.5)
    yield "distances of a thousandth", (torch.tensor([0.001, 0.003, 0.002]), 2.0)
    yield "nearly all vote", (torch.tensor([0.5, 1.0, 2.5, 3.0]), 3.98)
    yield "hardly more than one votes", (torch.tensor([0.4, 1.0, 1.2]), 1.05)
    yield (
        "a query so far from all keys that every kernel value underflows to 0",
        (torch.tensor([1000.0, 1000.5, 1001.0]), 2.0),
    )


class _Searched(Function):
    """A function that searches for a number: it may end too early, or run to an end of its interval."""

    def _fault(self, run: Run, expected: Tensor) -> str:
        sentence = super()._fault(run, expected)
        if sentence == "The result is off." and _is_near(run.result, expected, 0.05):
            return "It is near, three digits are asked: does the search end too early, or is its result rounded?"
        return sentence

    def _common_mistake(self, runs: list[Run], expected: list[Tensor], shown: int) -> CommonMistake | None:
        results = [r.result for r in runs if isinstance(r.result, Tensor) and not (r.result.ndim or r.changed)]
        are_widths = all(not r.is_complex() and r.isfinite() and r > 0 for r in results)
        if (
            len(results) == len(expected)
            and are_widths
            and not any(
                _is_near(result, right, 0.9) or _is_near(right, result, 0.9)
                for result, right in zip(results, expected, strict=True)
            )
        ):
            return CommonMistake(
                "ran to an end",
                "On every input the search runs away, far from the answer. Is the comparison turned round, or does "
                "something else stand for 1/Σα²? A larger σ gives more voters.",
            )
        return super()._common_mistake(runs, expected, shown)


def _is_near(result: Any, expected: Tensor, share: float) -> bool:
    """Whether one number is as large as another, but for a share of it."""
    if not isinstance(result, Tensor) or result.ndim or result.is_complex():
        return False
    return abs(float(result) - float(expected)) <= share * abs(float(expected))


_NINE_TENTHS = math.sqrt(1.5 / math.log(18))

votes = Exercise(
    "votes",
    "Invert: the width at which so many points vote",
    (
        Value(
            "nine_tenths",
            _NINE_TENTHS,
            (
                Mistake(
                    "one rival only",
                    math.sqrt(1.5 / math.log(9)),
                    "That has one rival. Two keys lie at distance 2, and both stand below the line.",
                ),
                Mistake("σ²", _NINE_TENTHS**2, "That is σ². Take the root."),
                Mistake("½ forgotten", _NINE_TENTHS * math.sqrt(2), "The ½ in the exponent −½ (d/σ)² is missing."),
                Mistake("w", 1 / _NINE_TENTHS, "That is 1/σ."),
                Mistake(
                    "difference of the distances",
                    math.sqrt(0.5 / math.log(18)),
                    "The exponents differ by ½ (2² − 1²)/σ²: squares first, then the difference.",
                ),
                Mistake("10 for 9", math.sqrt(1.5 / math.log(20)), "0.9 against 0.1 is 9 to 1, not 10 to 1."),
            ),
        ),
        _Searched(
            "width_for",
            "width_for(distances, votes) → the number σ at which 1/Σα² is `votes`, to three digits",
            _width_for,
            _neighbourhoods,
            (
                Mistake("σ²", lambda d, votes: _width_for(d, votes) ** 2, "That is σ². The width itself is asked."),
                Mistake("w", lambda d, votes: 1 / _width_for(d, votes), "That is 1/σ. The width itself is asked."),
                Mistake(
                    "½ forgotten",
                    lambda d, votes: _width_for(d, votes) * math.sqrt(2),
                    "This is the width of exp(−(d/σ)²): the ½ in the exponent is missing.",
                ),
                Mistake(
                    "entropy",
                    lambda d, votes: _solved(_entropy_count, d, votes),
                    "Here e to the entropy is `votes`: another count of the voters. 1/Σα² is asked.",
                ),
                Mistake(
                    "largest weight",
                    lambda d, votes: _solved(lambda alpha: (1 / alpha.max()).item(), d, votes),
                    "Here 1 over the largest weight is `votes`. All weights count: 1/Σα².",
                ),
                Mistake(
                    "distance not squared",
                    lambda d, votes: _solved(_vote_count, d.sqrt(), votes) ** 2,
                    "The exponent holds the distance, not its square.",
                ),
                Mistake(
                    "searched up to 10",
                    lambda d, votes: min(_width_for(d, votes), 10.0),
                    "The search stops at σ = 10. Distances may be in the thousands: begin and end with a multiple of "
                    "the largest.",
                ),
                Mistake(
                    "searched up to 100",
                    lambda d, votes: min(_width_for(d, votes), 100.0),
                    "The search stops at σ = 100. Distances may be in the thousands: begin and end with a multiple of "
                    "the largest.",
                ),
                Mistake(
                    "searched from 0.01",
                    lambda d, votes: max(_width_for(d, votes), 0.01),
                    "The search begins at σ = 0.01. Distances may be thousandths: begin with a part of the largest.",
                ),
                Mistake(
                    "largest distance",
                    lambda d, votes: d.max(),
                    "That is the largest distance, whatever `votes` is.",
                ),
            ),
            rtol=2e-3,
            atol=0.0,
            seconds=6.0,
            edge_cases=_odd_neighbourhoods,
            remark="More width, more voters: on a rising curve, halving an interval always ends at the one place.",
        ),
    ),
    hints=(
        "What happens to the number of voters when σ grows? Then guess a σ and see whether it was too small or too "
        "large.",
        "Halve: keep a low σ with too few voters and a high σ with too many, try the one between them, keep the half "
        "that still holds the answer. Use softmax, for small σ underflow otherwise.",
        "`low, high = distances.max() / 1000, distances.max() * 1000`, then sixty times: try the middle",
    ),
)

# --------------------------------------------------------------------------------------------------
# Debug: an Epanechnikov kernel. Places are eighths, so that distances are exact in any floating point.


def _eighths(n: int, low: int, high: int, generator: torch.Generator) -> Tensor:
    return torch.randint(8 * low, 8 * high + 1, (n,), generator=generator) / 8


def _windows(generator: torch.Generator) -> Iterable[tuple]:
    yield torch.tensor([1.0, 2.75, 1000.0]), torch.tensor([0.5, 2.5, 5.0, 1.5])
    for m, n, high in ((3, 4, 3), (4, 3, 12), (2, 6, 2), (5, 4, 30), (12, 9, 6)):
        yield _eighths(m, 0, high, generator), _eighths(n, 0, min(high, 6), generator)


def _line(*numbers: float) -> Tensor:
    return torch.tensor(numbers)


def _odd_windows() -> Iterable[tuple[str, tuple]]:
    yield "an empty window with two keys equally near", (_line(0.0, 9.0), _line(-3.0, 3.0, 8.5))
    yield "an empty window with two equal keys", (_line(30.0, 1.0), _line(5.0, 0.5, 5.0))
    yield "a key exactly one width away, and none nearer", (_line(2.0, 0.0), _line(3.0, 4.0, 0.5))
    yield "a key exactly one width away, and one nearer", (_line(2.0, 4.5), _line(3.0, 2.5, 4.0))
    yield "one key only", (_line(2.0, -1000.0), _line(2.5))
    yield "every window is empty", (_line(-500.0, 500.0), _line(0.0, 2.0))
    yield "as many queries as keys", (_line(0.5, 2.0, 9.0), _line(1.0, 2.5, 0.0))
    yield "the queries are the keys", (_line(0.0, 0.5, 4.0), _line(0.0, 0.5, 4.0))


def _epanechnikov(query: Tensor, keys: Tensor) -> Tensor:
    """Without the library: the check notices it."""
    return _where_empty(_nearest_ones)(query, keys)


def _u(query: Tensor, keys: Tensor) -> Tensor:
    return query[:, None] - keys


def _cut(query: Tensor, keys: Tensor) -> Tensor:
    return (1 - _u(query, keys) ** 2).clamp(min=0)


def _shares(kernel: Tensor) -> Tensor:
    return kernel / kernel.sum(dim=1, keepdim=True)


def _where_empty(fill: Callable[[Tensor, Tensor], Tensor], kernel: Callable = _cut) -> Callable:
    """Shares of the kernel; in rows where it is 0 everywhere, what `fill` gives."""

    def weights(query: Tensor, keys: Tensor) -> Tensor:
        table = kernel(query, keys)
        return torch.where(table.sum(dim=1, keepdim=True) == 0, fill(query, keys), _shares(table))

    return weights


def _nearest_ones(query: Tensor, keys: Tensor) -> Tensor:
    distance = _u(query, keys).abs()
    return _shares((distance == distance.amin(dim=1, keepdim=True)).to(query.dtype))


def _first_nearest(query: Tensor, keys: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(_u(query, keys).abs().argmin(dim=1), len(keys)).to(query.dtype)


far_query = Exercise(
    "far_query",
    "Debug: a kernel with three faults",
    (
        Function(
            "mended_weights",
            "mended_weights(query, keys) → a table (m, n), Epanechnikov weights for σ = 1; an empty window goes to the "
            "nearest",
            _epanechnikov,
            _windows,
            (
                Mistake(
                    "not cut off",
                    lambda q, k: _shares(1 - _u(q, k) ** 2),
                    "Beyond one width 1 − u² is negative, so far keys get negative weights. The kernel is 0 there.",
                ),
                Mistake(
                    "nothing mended",
                    lambda q, k: (1 - _u(q, k) ** 2) / (1 - _u(q, k) ** 2).sum(),
                    "All three faults are still there. What is 1 − u² beyond one width, and what does a row sum to?",
                ),
                Mistake(
                    "one sum for the whole table",
                    lambda q, k: _cut(q, k) / _cut(q, k).sum(),
                    "Each kernel value is divided by the sum over the whole table. Every query has a sum of its own.",
                ),
                Mistake(
                    "still 0/0",
                    lambda q, k: _shares(_cut(q, k)),
                    "A query without any key in reach is 0/0 = nan: the rule for the empty window is missing.",
                ),
                Mistake(
                    "nan replaced by 0",
                    lambda q, k: _shares(_cut(q, k)).nan_to_num(0.0),
                    "nan became 0. Then the row no longer sums to 1, and f(1000) would be 0, though no value need be "
                    "near 0. The rule: the nearest key takes it.",
                ),
                Mistake(
                    "uniform where empty",
                    _where_empty(lambda q, k: torch.full_like(_u(q, k), 1 / len(k))),
                    "An empty window gets the plain mean here. The rule: the nearest key takes it.",
                ),
                Mistake(
                    "the first of the nearest",
                    _where_empty(_first_nearest),
                    "One key takes the empty window, also where two are just as near (argmin names the first). "
                    "Equals share.",
                ),
                Mistake(
                    "a Gaussian where empty",
                    _where_empty(lambda q, k: (-0.5 * _u(q, k) ** 2).softmax(dim=1)),
                    "An empty window gets Gaussian weights here. The rule: the nearest keys alone, in equal parts.",
                ),
                Mistake(
                    "nearest for every query",
                    _nearest_ones,
                    "The nearest key takes every window. It is the rule for empty ones only.",
                ),
                Mistake(
                    "absolute value",
                    lambda q, k: _shares((1 - _u(q, k) ** 2).abs()),
                    "|1 − u²| grows beyond one width: far keys now weigh most. The kernel is 0 there.",
                ),
                Mistake(
                    "not squared",
                    _where_empty(_nearest_ones, lambda q, k: (1 - _u(q, k).abs()).clamp(min=0)),
                    "1 − |u| is the triangular kernel. Epanechnikov's is 1 − u².",
                ),
                Mistake(
                    "boxcar",
                    _where_empty(_nearest_ones, lambda q, k: (_u(q, k).abs() < 1).to(q.dtype)),
                    "All keys in reach weigh the same: that is the boxcar. Epanechnikov's is 1 − u².",
                ),
                Mistake(
                    "one side only",
                    _where_empty(_nearest_ones, lambda q, k: (1 - _u(q, k) ** 2).clamp(min=0) * (_u(q, k) >= 0)),
                    "Only keys on one side of the query are heard. The distance is |query − key|.",
                ),
            ),
            edge_cases=_odd_windows,
            seconds=4.0,
            forbidden=(WEIGHTS_OF_THE_LIBRARY,),
            remark="Far away, Nadaraya–Watson does not fade to 0: it repeats what the nearest key says.",
        ),
    ),
    hints=(
        "Print `kernel`, and the sums of the rows of the result. Which of the printed numbers cannot be?",
        "Cut the kernel off at 0, divide row by row, and find the rows whose kernel is 0 everywhere: there the keys at "
        "the smallest distance share.",
        "`empty = kernel.sum(…) == 0` marks rows, and `distance == distance.amin(…)` the nearest in each",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tables(generator: torch.Generator) -> Iterable[tuple]:
    """Tables that are weights, and tables that fail in one way each."""
    scores = torch.randn(3, 3, generator=generator)
    yield (torch.tensor([[0.5, 0.5], [0.25, 0.75]]),)
    yield (torch.tensor([[0.5, 0.4], [0.3, 0.9]]),)  # rows sum to 0.9 and 1.2
    yield (torch.tensor([[1.25, -0.25], [0.5, 0.5]]),)  # below 0
    yield (torch.tensor([[0.75, 0.5], [0.5, 0.25]]),)  # rows and columns off, but the total is right
    yield (scores.softmax(dim=0),)  # columns sum to 1
    yield (scores.softmax(dim=1),)
    yield (torch.randn(40, 60, generator=generator).softmax(dim=1),)  # sums are 1 only up to rounding


def _odd_tables() -> Iterable[tuple[str, tuple]]:
    def table(*rows: tuple[float, ...]) -> tuple[Tensor]:
        return (torch.tensor(rows),)

    half = (0.5, 0.25, 0.25)
    yield "weights of exactly 0 are allowed", table((1.0, 0.0, 0.0), (0.0, 0.5, 0.5))
    yield "one key only", table((1.0,), (1.0,), (1.0,))
    yield "one query only", table((0.2, 0.3, 0.5))
    yield "the second row sums to less", table(half, (0.5, 0.25, 0.125), half)
    yield "the second row sums to more", table(half, (0.5, 0.5, 0.25), half)
    yield "the first row sums to more, the others are right", table((0.5, 0.5, 0.25), half, half)
    yield "a negative weight, none above 1", table(half, (0.75, 0.5, -0.25), half)
    yield "a negative weight in the first row only", table((0.75, 0.5, -0.25), half)
    yield "negative weights, and sizes that sum to 1", table((0.75, -0.25), (-0.5, -0.5))
    yield "a weight a little below 0", table(half, (0.5, 0.502, -0.002))
    yield "a weight very little below 0", table(half, (0.5, 0.5, -1e-12))
    yield "the fourth row of five sums to less", table(half, half, half, (0.5, 0.25, 0.125), half)
    yield "a negative weight in the fourth row of five", table(half, half, half, (-0.25, 0.5, 0.75), half)
    yield "sums within 0.00001 of 1", table((0.5, 0.500008), (0.25, 0.749992))
    yield "a sum 0.00003 too large", table((0.5, 0.5), (0.25, 0.75003))
    yield "a sum 0.00003 too small", table((0.5, 0.5), (0.25, 0.74997))
    yield "columns that sum to 1 as well", table((0.5, 0.5), (0.5, 0.5))


def _sums_to_one(sums: Tensor, tolerance: float = 1e-5) -> bool:
    return torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=tolerance)


def _is_average(weights: Tensor) -> bool:
    return bool((weights >= 0).all()) and _sums_to_one(weights.sum(dim=1))


def _curve_bias(width: float) -> float:
    """How far f lies above the curve y = x² at its middle, on 501 keys."""
    keys = torch.linspace(0, 5, 501, dtype=torch.float64)
    return nadaraya_watson(torch.tensor([2.5], dtype=torch.float64), keys, keys**2, width=width).item() - 6.25


bounds = Exercise(
    "bounds",
    "Prove and check: what an average can and cannot do",
    (
        Choice(
            "leaky",
            Question(
                "A layer throws part of the attention away: its weights are at least 0, and each row sums to *at most* "
                "1. All values are positive. Which bound still holds for every such layer?",
                {
                    "both": "Let all weights be 0: f = 0 is below every positive value.",
                    r"$f(x) \ge \min_i y_i$ only": (
                        "This is the one that fails: with weights that sum to ½, f may be half of the smallest value."
                    ),
                    r"$f(x) \le \max_i y_i$ only": (
                        "Σ α_i y_i ≤ Σ α_i · max y ≤ max y still goes through, because max y is positive. Downwards "
                        "the last step needs a sum of at least 1."
                    ),
                    "neither": "Try to push f above the largest value: which weights would do it?",
                },
                right="c",
            ),
        ),
        Function(
            "is_average",
            "is_average(weights) → True if no weight is negative and each row sums to 1, otherwise False",
            _is_average,
            _tables,
            (
                Mistake(
                    "sign not checked",
                    lambda weights: _sums_to_one(weights.sum(dim=1)),
                    "Negative weights pass this check as long as their row sums to 1 (any where all is meant?).",
                ),
                Mistake(
                    "sum not checked",
                    lambda weights: bool((weights >= 0).all()),
                    "Rows that do not sum to 1 pass this check.",
                ),
                Mistake(
                    "columns checked",
                    lambda weights: bool((weights >= 0).all()) and _sums_to_one(weights.sum(dim=0)),
                    "Columns are summed here (dim 0). A query's weights stand in a row.",
                ),
                Mistake(
                    "total checked",
                    lambda weights: bool((weights >= 0).all()) and abs(weights.sum() - len(weights)).item() < 1e-3,
                    "Only the total is checked: one row may have too much of what another lacks.",
                ),
                Mistake(
                    "exact equality",
                    lambda weights: bool((weights >= 0).all() and (weights.sum(dim=1) == 1).all()),
                    "== 1 is too strict: in floating point a row of weights may sum to 0.9999999. "
                    "Compare with torch.allclose.",
                ),
                Mistake(
                    "tolerance too small",
                    lambda weights: bool((weights >= 0).all()) and _sums_to_one(weights.sum(dim=1), 1e-6),
                    "Less than 10⁻⁵ is allowed here, which is too strict: torch.allclose(…, atol=1e-5).",
                ),
                Mistake(
                    "tolerance too large",
                    lambda weights: bool((weights >= 0).all()) and _sums_to_one(weights.sum(dim=1), 1e-3),
                    "Your test allows the sums a larger error than asked: 10⁻⁵.",
                ),
                *(
                    Mistake(
                        f"down to −{slack:g}",
                        lambda weights, slack=slack: (
                            bool((weights >= -slack).all()) and _sums_to_one(weights.sum(dim=1))
                        ),
                        "A weight a little below 0 passes. The sums are allowed an error, the sign is not.",
                    )
                    for slack in (1e-5, 1e-2)
                ),
                Mistake(
                    "first row only",
                    lambda weights: _is_average(weights[:1]),
                    "Only the first row is looked at: the others may be anything.",
                ),
                Mistake(
                    "last row only",
                    lambda weights: _is_average(weights[-1:]),
                    "Only the last row is looked at: does a loop end too late, or is there a return too deep in it?",
                ),
                Mistake(
                    "sums too small pass",
                    lambda weights: bool((weights >= 0).all() and (weights.sum(dim=1) - 1 <= 1e-5).all()),
                    "Rows that sum to too little pass: the difference from 1 may be negative. Take its absolute value.",
                ),
                Mistake(
                    "sums too large pass",
                    lambda weights: bool((weights >= 0).all() and (1 - weights.sum(dim=1) <= 1e-5).all()),
                    "Rows that sum to too much pass: the difference from 1 may be negative. Take its absolute value.",
                ),
                Mistake(
                    "one good sum is enough",
                    lambda weights: bool((weights >= 0).all() and ((weights.sum(dim=1) - 1).abs() <= 1e-5).any()),
                    "One good row is enough here: any where all is meant.",
                ),
                Mistake(
                    "or for and",
                    lambda weights: bool((weights >= 0).all()) or _sums_to_one(weights.sum(dim=1)),
                    "One of the two properties is enough here: both are needed, and, not or.",
                ),
                Mistake(
                    "at most 1",
                    lambda weights: bool((weights <= 1).all()) and _sums_to_one(weights.sum(dim=1)),
                    "It checks that weights are at most 1. That does not keep them from being negative.",
                ),
                Mistake(
                    "0 refused",
                    lambda weights: bool((weights > 0).all()) and _sums_to_one(weights.sum(dim=1)),
                    "A weight of exactly 0 is not negative: the maximum's weights are all 0 but one.",
                ),
                Mistake(
                    "columns as well",
                    lambda weights: _is_average(weights) and _sums_to_one(weights.sum(dim=0)),
                    "It asks of the columns that they sum to 1 as well. Only rows must: keys may get more or less.",
                ),
            ),
            edge_cases=_odd_tables,
        ),
        Value(
            "bias",
            _curve_bias(0.3),
            (
                Mistake("as before", _curve_bias(0.5), "That is the error at σ = 0.5."),
                Mistake(
                    "in proportion",
                    _curve_bias(0.5) * 0.6,
                    "0.15 shrinks with σ. How far a parabola leaves its tangent grows with the *square* of the step.",
                ),
                Mistake("the estimate", 6.25 + _curve_bias(0.3), "That is the estimate itself. By how much is it off?"),
                Mistake("half", _curve_bias(0.3) / 2, "Half of it: compare with what the cell shows for σ = 0.5."),
                Mistake("to the fourth", 0.25 * 0.6**4, "That shrinks with the fourth power. The square is enough."),
            ),
            decimals=2,
            remark="On a parabola the error is σ² exactly: inside, halving σ quarters it.",
        ),
        Choice(
            "curved",
            Question(
                "There is no noise, and 2.5 is far from both ends. Why is $f(2.5)$ too large?",
                {
                    "noise in the data": "There is no noise in these data: y = x² exactly.",
                    "rounding errors": "Floating point errs by about 1e-7 here.",
                    "all other keys lie on one side": (
                        "That happens at the boundary. Here keys lie on both sides, in equal number."
                    ),
                    "the curve bends upwards: neighbours on both sides are, on average, higher": (
                        "What the left neighbour lacks, the right one more than makes up for: valleys are filled and "
                        "peaks cut. More data do not help."
                    ),
                },
                right="d",
            ),
        ),
    ),
    hints=(
        "Try to break the bound: find weights that take the average out of the range of the values.",
        "Two steps, Σ α_i y_i ≤ Σ α_i · max y and Σ α_i · max y ≤ max y. What does each of them need? For `bias` "
        "compare the errors that the cell prints.",
        "`sums = weights.sum(dim=…)`, to be compared with ones by `torch.allclose`.",
    ),
)

# --------------------------------------------------------------------------------------------------
# Repeated measurements: leave out a place, not a point.


def _repeated(generator: torch.Generator) -> Iterable[tuple]:
    for n, places, width in ((4, 2, 0.8), (5, 3, 0.5), (8, 4, 1.4), (20, 9, 0.6)):
        x = torch.randint(0, places, (n,), generator=generator) / 2
        x[0], x[1] = 0.0, 0.5  # at least two places
        yield x, _tenths((n,), -2, 2, generator), width


def _odd_points() -> Iterable[tuple[str, tuple]]:
    yield "every place once", (_line(0.0, 2.0, 0.5, 1.5), _line(1.0, 2.0, -1.0, 0.5), 0.8)
    yield "every place twice", (_line(0.0, 1.0, 2.5, 0.0, 1.0, 2.5), _line(1.0, 0.0, 2.0, 1.5, 0.5, 1.0), 0.5)
    yield "three at one place and one elsewhere", (_line(2.0, 2.0, 1.0, 2.0), _line(1.0, 4.0, 0.0, -1.0), 0.5)
    yield "a point far away from all others", (_line(0.0, 100.0, 0.5, 0.0), _line(1.0, -2.0, 0.5, 3.0), 0.5)
    yield "two points only", (_line(3.0, 0.0), _line(-1.0, 2.5), 1.0)
    yield "negative places, out of order", (_line(-1.0, 2.0, -3.0, 2.0), _line(0.5, 1.0, -2.0, 3.0), 1.4)
    yield "large values", (_line(0.0, 1.0, 1.0, 2.5), _line(1000.0, -500.0, 20.0, 300.0), 0.7)
    yield "a very wide kernel", (_line(0.0, 1.0, 1.0, 3.0), _line(1.0, 2.0, 6.0, 0.0), 50.0)


def _place_out_residuals(x: Tensor, y: Tensor, width: float) -> Tensor:
    residuals = torch.empty_like(y)
    for place in x.unique():
        here = x == place
        residuals[here] = y[here] - nadaraya_watson(place[None], x[~here], y[~here], width=width)
    return residuals


def _place_out_error(x: Tensor, y: Tensor, width: float) -> Tensor:
    return _place_out_residuals(x, y, width).square().mean()


def _one_out_error(x: Tensor, y: Tensor, width: float) -> Tensor:
    return (y - nadaraya_watson(x, x, y, width=width, leave_one_out=True)).square().mean()


def _scores_on_a_line(x: Tensor, width: float) -> Tensor:
    return -0.5 * (_u(x, x) / width) ** 2


def _hidden(x: Tensor, y: Tensor, width: float, score: float) -> Tensor:
    table = _scores_on_a_line(x, width).masked_fill(_u(x, x) == 0, score)
    return (y - table.softmax(dim=1) @ y).square().mean()


def _zeroed_after(x: Tensor, y: Tensor, width: float) -> Tensor:
    table = _scores_on_a_line(x, width).softmax(dim=1).masked_fill(_u(x, x) == 0, 0.0)
    return (y - table @ y).square().mean()


def _zeroed_kernel(x: Tensor, y: Tensor, width: float) -> Tensor:
    kernel = _scores_on_a_line(x, width).exp() * (_u(x, x) != 0)
    return (y - kernel @ y / kernel.sum(dim=1)).square().mean()


def _mean_of_places(x: Tensor, y: Tensor, width: float) -> Tensor:
    residuals = _place_out_residuals(x, y, width)
    return torch.stack([residuals[x == place].square().mean() for place in x.unique()]).mean()


def _with_another_width(change: Callable[[float], float]) -> Callable:
    return lambda x, y, width: _place_out_error(x, y, change(width))


WIDTHS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0)


def measured_twice() -> tuple[Tensor, Tensor]:
    """30 places of the course's curve, each measured twice by a meter that errs by 0.1: (60,) and (60,)."""
    x, y = noisy_sine(n=30, noise=0.5, seed=2)
    meter = 0.1 * torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat([x, x]), torch.cat([y, y]) + meter


def _best(error: Callable) -> float:
    x, y = measured_twice()
    return min(WIDTHS, key=lambda width: error(x, y, width).item())


ONE_OUT, PLACE_OUT = _best(_one_out_error), _best(_place_out_error)


class _Width(Value):
    """One of the eight widths."""

    def _difference(self, numbers: Tensor) -> str:
        if numbers.numel() == 1 and numbers.isfinite().all():
            return "That is none of the eight widths. Print the error for each of them, and give the width itself."
        return super()._difference(numbers)


def _other_widths(*named: float) -> tuple[Mistake, ...]:
    """The widths that have no sentence of their own."""
    return tuple(
        Mistake(
            f"width {width:g}",
            width,
            "Another of the eight widths has a smaller error: print the error for all eight.",
        )
        for width in WIDTHS
        if width not in named
    )


leave_one_out = Exercise(
    "leave_one_out",
    "Implement: leave a whole place out",
    (
        Function(
            "leave_place_out_error",
            "leave_place_out_error(x, y, width) → the mean squared error, each point predicted from the other places",
            _place_out_error,
            _repeated,
            (
                Mistake(
                    "leave one out",
                    _one_out_error,
                    "Each point is hidden from itself, but not from the others at its own place: they still give its "
                    "value away. Hide all of them.",
                ),
                Mistake(
                    "point predicts itself",
                    lambda x, y, width: (y - _scores_on_a_line(x, width).softmax(dim=1) @ y).square().mean(),
                    "Each point still helps to predict itself. An exponent of 0 is the largest there is, not the "
                    "smallest: which exponent gives the weight 0?",
                ),
                Mistake(
                    "not normalised again",
                    _zeroed_after,
                    "The weights of the own place are set to 0 after the softmax, so that the others no longer sum to "
                    "1. Take them out before.",
                ),
                Mistake(
                    "sum instead of mean",
                    lambda x, y, width: _place_out_residuals(x, y, width).square().sum(),
                    "This is the sum of the squared errors, the mean is asked.",
                ),
                Mistake(
                    "root",
                    lambda x, y, width: _place_out_error(x, y, width).sqrt(),
                    "This is the root of the mean squared error: one square root too many.",
                ),
                Mistake(
                    "absolute error",
                    lambda x, y, width: _place_out_residuals(x, y, width).abs().mean(),
                    "This is the mean absolute error: square the differences.",
                ),
                Mistake(
                    "mean difference",
                    lambda x, y, width: _place_out_residuals(x, y, width).mean(),
                    "The differences are not squared, so errors of opposite sign cancel.",
                ),
                Mistake(
                    "one error for each point",
                    lambda x, y, width: _place_out_residuals(x, y, width).square(),
                    "These are the squared errors one by one: one number is asked, their mean.",
                ),
                Mistake(
                    "mean over the places",
                    _mean_of_places,
                    "The errors are averaged within each place first. All n points count alike: one mean over them.",
                ),
                Mistake(
                    "divided by n − 1",
                    lambda x, y, width: _place_out_residuals(x, y, width).square().sum() / (len(x) - 1),
                    "Divided by n − 1. There are n errors, and their mean is asked.",
                ),
                Mistake(
                    "divided by the number of places",
                    lambda x, y, width: _place_out_residuals(x, y, width).square().sum() / len(x.unique()),
                    "Divided by the number of places. There are n errors, and their mean is asked.",
                ),
                Mistake(
                    "finite own exponent",
                    lambda x, y, width: _hidden(x, y, width, -50.0),
                    "The own place's exponents are only lowered, to −50 or the like. For a point far from all others "
                    "the others' exponents may be lower still. Only −∞ gives the weight 0.",
                ),
                Mistake(
                    "0/0 for a lonely point",
                    _zeroed_kernel,
                    "For a point far from all others this is 0/0 = nan: their kernel values underflow. Take the own "
                    "place out before the softmax: which exponent gives the weight 0?",
                ),
                Mistake(
                    "width ignored",
                    _with_another_width(lambda width: 1.0),
                    "This is the answer for σ = 1. Where does σ enter?",
                ),
                Mistake(
                    "multiplied by the width", _with_another_width(lambda width: 1 / width), WRONG_WIDTHS[1].feedback
                ),
                Mistake("width not squared", _with_another_width(math.sqrt), WRONG_WIDTHS[0].feedback),
                Mistake(
                    "½ forgotten",
                    _with_another_width(lambda width: width / math.sqrt(2)),
                    "The ½ in the exponent −½ (distance/σ)² is missing.",
                ),
            ),
            edge_cases=_odd_points,
            seconds=4.0,
        ),
        _Width(
            "one_out",
            ONE_OUT,
            (
                Mistake("the largest", 2.0, "At σ = 2 the error is large: look for the smallest."),
                Mistake("places left out", PLACE_OUT, "That is the width when whole places are left out."),
                *_other_widths(2.0, ONE_OUT, PLACE_OUT),
            ),
            decimals=2,
            remark="The twin at the same place gives the answer away, noise and all.",
        ),
        _Width(
            "place_out",
            PLACE_OUT,
            (
                Mistake(
                    "points left out",
                    ONE_OUT,
                    "That is the width when single points are left out: the twin at the same place tells the answer.",
                ),
                Mistake("the largest", 2.0, "At σ = 2 the error is large: look for the smallest."),
                *_other_widths(2.0, ONE_OUT, PLACE_OUT),
            ),
            decimals=2,
            remark="Wide enough to average the noise away, narrow enough to follow the curve.",
        ),
    ),
    hints=(
        "Take the own place out before the weights are normalised, not after. Which points are at the own place?",
        "A weight is 0 if its exponent is −∞. Where two points have the same x, their difference is exactly 0.",
        "`exponents.masked_fill(…, -torch.inf)`, with x as queries and as keys",
    ),
)

# --------------------------------------------------------------------------------------------------
# A line in place of a mean: local linear regression, in float64 because small variances are divided by.

FLAT = 1e-9  # below this variance of the keys there is no slope to be had


def _local_line(query: Tensor, keys: Tensor, values: Tensor, width: float) -> Tensor:
    """The weighted least-squares line of each query, read at the query."""
    alpha = attention_weights(query, keys, width=width)
    return _line_at(query, keys, values, alpha)


def _line_at(query: Tensor, keys: Tensor, values: Tensor, alpha: Tensor, sign: float = 1.0) -> Tensor:
    centre, level, slope = _fitted(keys, values, alpha)
    return level + sign * slope * (query - centre)


def _fitted(keys: Tensor, values: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The weighted means of keys and values, and the slope, each (m,)."""
    alpha = alpha / alpha.sum(dim=1, keepdim=True)
    centre, level = alpha @ keys, alpha @ values
    off = keys - centre[:, None]
    spread = (alpha * off**2).sum(dim=1)
    shared = (alpha * off * (values - level[:, None])).sum(dim=1)
    return centre, level, torch.where(spread < FLAT, 0.0, shared / spread.clamp(min=FLAT))


def _everybody_alike(query: Tensor, keys: Tensor) -> Tensor:
    return torch.full((len(query), len(keys)), 1 / len(keys), dtype=query.dtype)


def _read_at_the_plain_mean(query: Tensor, keys: Tensor, values: Tensor, width: float) -> Tensor:
    """The right slope, and the step to the query is taken from the plain mean of the keys."""
    _, level, slope = _fitted(keys, values, attention_weights(query, keys, width=width))
    return level + slope * (query - keys.mean())


def _from_moments(query: Tensor, keys: Tensor, values: Tensor, width: float, *, limit: float = FLAT) -> Tensor:
    """Variance and covariance as differences of two means: they cancel where keys are far from 0."""
    alpha = attention_weights(query, keys, width=width)
    centre, level = alpha @ keys, alpha @ values
    spread, shared = alpha @ keys**2 - centre**2, alpha @ (keys * values) - centre * level
    return level + torch.where(spread < limit, 0.0, shared / spread) * (query - centre)


def _without_a_limit(query: Tensor, keys: Tensor, values: Tensor, width: float) -> Tensor:
    """The slope is 0 only where it is 0/0."""
    alpha = attention_weights(query, keys, width=width)
    centre, level = alpha @ keys, alpha @ values
    off = keys - centre[:, None]
    shared = (alpha * off * (values - level[:, None])).sum(dim=1)
    return level + (shared / (alpha * off**2).sum(dim=1)).nan_to_num(0.0) * (query - centre)


def _slope_through_zero(query: Tensor, keys: Tensor, values: Tensor, width: float) -> Tensor:
    alpha = attention_weights(query, keys, width=width)
    return query * (alpha @ (keys * values)) / (alpha @ keys**2).clamp(min=FLAT)


def _for_a_line(generator: torch.Generator) -> Iterable[tuple]:
    for m, n, width in ((2, 4, 1.0), (3, 5, 1.5), (4, 8, 0.8), (6, 20, 0.7)):
        keys = (torch.randperm(25, generator=generator)[:n].double() / 5).sort().values
        yield (
            _tenths((m,), 0, 5, generator).double(),
            keys,
            _tenths((n,), -3, 3, generator).double().mul(10).round() / 10,
            width,
        )


def _wide_line(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _odd_lines() -> Iterable[tuple[str, tuple]]:
    yield (
        "points on a line",
        (_wide_line(0.0, 2.5, 6.0), _wide_line(0.0, 1.0, 3.0, 5.0), _wide_line(1.0, 3.0, 7.0, 11.0), 1.0),
    )
    yield "all keys at one place", (_wide_line(1.0, 2.0), _wide_line(2.0, 2.0, 2.0), _wide_line(1.0, 4.0, 1.0), 0.8)
    yield "one key only", (_wide_line(0.0, 2.0), _wide_line(1.0), _wide_line(3.0), 1.0)
    yield "two keys", (_wide_line(0.5, 3.0), _wide_line(1.0, 2.0), _wide_line(1.0, -1.0), 1.0)
    yield "two equal keys among others", (_wide_line(1.0), _wide_line(0.0, 2.0, 2.0), _wide_line(1.0, 4.0, 0.0), 1.0)
    yield "equal values", (_wide_line(0.0, 1.5), _wide_line(0.0, 1.0, 3.0), _wide_line(2.0, 2.0, 2.0), 0.9)
    yield (
        "a query outside",
        (_wide_line(-1.0, 4.5), _wide_line(0.0, 1.0, 2.0, 3.0), _wide_line(0.0, 2.0, 1.0, 3.0), 1.0),
    )
    yield "negative places", (_wide_line(-2.0, -1.0), _wide_line(-3.0, -1.5, 0.0), _wide_line(1.0, 0.0, 4.0), 1.2)
    yield (
        "a very wide kernel",
        (_wide_line(0.0, 4.0), _wide_line(0.0, 1.0, 2.0, 4.0), _wide_line(1.0, 0.0, 3.0, 2.0), 50.0),
    )
    yield (
        "a variance that is above 0 and below 10⁻⁹",
        (_wide_line(-0.7, 0.4), _wide_line(0.0, 1.0), _wide_line(1.0, 3.0), 0.2),
    )
    yield (
        "keys far from 0 and near to each other",
        (
            _wide_line(20_000_000.2, 20_000_002.5),
            _wide_line(20_000_000.0, 20_000_001.0, 20_000_002.0, 20_000_004.0),
            _wide_line(0.0, 1.0, 0.5, 0.25),
            1.0,
        ),
    )


local_line = Exercise(
    "local_line",
    "Implement: a line in place of a mean",
    (
        Function(
            "local_line",
            "local_line(query, keys, values, width) → (m,), each query's weighted least-squares line, at the query",
            _local_line,
            _for_a_line,
            (
                Mistake(
                    "Nadaraya–Watson",
                    lambda q, k, v, s: nadaraya_watson(q, k, v, width=s),
                    "That is the weighted mean: the slope is missing, or the line is read at the mean of the keys.",
                ),
                Mistake(
                    "one line for all",
                    lambda q, k, v, s: _line_at(q, k, v, _everybody_alike(q, k)),
                    "This is one line for all points: the weights are missing. Each query has a line of its own.",
                ),
                Mistake(
                    "weights squared",
                    lambda q, k, v, s: _line_at(q, k, v, attention_weights(q, k, width=s) ** 2),
                    "The weights count twice here, α²: like a missing ½ in the exponent. Whoever multiplies rows "
                    "before a least-squares solver takes √α.",
                ),
                Mistake(
                    "weights' root",
                    lambda q, k, v, s: _line_at(q, k, v, attention_weights(q, k, width=s).sqrt()),
                    "The roots of the weights are used as weights.",
                ),
                Mistake(
                    "sign of the step",
                    lambda q, k, v, s: _line_at(q, k, v, attention_weights(q, k, width=s), -1.0),
                    "The step goes the wrong way: from the mean of the keys to the query it is x − mean.",
                ),
                Mistake(
                    "read at the plain mean",
                    _read_at_the_plain_mean,
                    "The step to the query is taken from the plain mean of the keys. The line goes through their "
                    "weighted mean.",
                ),
                Mistake(
                    "variance from moments",
                    _from_moments,
                    "The mean of the squares minus the square of the mean: where keys are far from 0, the two are "
                    "large and nearly equal, and their digits cancel. Take the mean off the keys before you square.",
                ),
                Mistake(
                    "no limit for the variance",
                    _without_a_limit,
                    "The slope is 0 only where the variance is exactly 0. The rule begins below 10⁻⁹.",
                ),
                Mistake(
                    "read at 0",
                    lambda q, k, v, s: _line_at(0 * q, k, v, attention_weights(q, k, width=s)),
                    "That is the line at 0, its intercept. It is to be read at the query.",
                ),
                Mistake(
                    "slope",
                    lambda q, k, v, s: _fitted(k, v, attention_weights(q, k, width=s))[2],
                    "That is the slope of the line. Its value at the query is asked.",
                ),
                Mistake(
                    "through 0",
                    _slope_through_zero,
                    "This line is forced through 0. It has two parameters, a level and a slope.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda q, k, v, s: _line_at(q, k, v, (-0.5 * (_u(q, k) / s) ** 2).softmax(dim=0)),
                    "The softmax runs over dim 0, the queries. Each query shares out its attention among the keys.",
                ),
                Mistake(
                    "width ignored",
                    lambda q, k, v, s: _local_line(q, k, v, 1.0),
                    "This is the answer for σ = 1. Where does σ enter?",
                ),
            ),
            rtol=1e-3,
            atol=1e-3,
            seconds=4.0,
            edge_cases=_odd_lines,
            remark="On a straight line it is exact, at the boundary too.",
        ),
        Choice(
            "price",
            Question(
                "The line's value at a query is again a sum of all $y_i$, its weights sum to 1. What has been lost?",
                {
                    "nothing: it is better everywhere": (
                        "Ask it far outside of the keys, with noisy values: a line goes on rising."
                    ),
                    "the weights no longer depend on the query alone, but on the values": (
                        "The formula is linear in the y_i: their weights are made from query and keys only."
                    ),
                    r"some weights may be below 0, so $f$ can leave the range of the values": (
                        "At the boundary far keys get small negative weights. That is what lets it reach the end of a "
                        "slope, and lets it run away outside."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "A line through the weighted mean of the points: what is its slope, and how far is the query from that mean?",
        "Weighted means of keys and values first; then the slope is the weighted covariance over the weighted "
        "variance. Read the line at the query. Where the variance is nearly 0, the slope is 0.",
        "`mean_x = alpha @ keys`, of shape (m,), and `keys - mean_x[:, None]` of shape (m, n)",
    ),
)

ALL = (
    hand_example,
    predictions,
    units,
    rows_and_columns,
    weights,
    votes,
    far_query,
    leave_one_out,
    bounds,
    local_line,
)
