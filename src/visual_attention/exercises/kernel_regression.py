"""The exercises of lesson 2: Nadaraya–Watson kernel regression.

Right answers come from `visual_attention.pooling`. Wrong ones are written out, so that a check can name the
mistake: most are a wrong rule for the weights, which gives a wrong table, a wrong number by hand and a wrong
estimate alike. The lists below hold functions (query, keys, width) -> (m, n), each used three times.
"""

import math
from collections.abc import Callable, Iterable

import torch

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.datasets import noisy_sine
from visual_attention.pooling import attention_weights, nadaraya_watson

__all__ = [
    "ALL",
    "bounds",
    "estimate",
    "far_query",
    "hand_example",
    "leave_one_out",
    "predictions",
    "rows_and_columns",
    "units",
    "weights",
]

Tensor = torch.Tensor


def _distances(query: Tensor, keys: Tensor) -> Tensor:
    return query[:, None] - keys[None, :]


def _exponents(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return -0.5 * (_distances(query, keys) / width) ** 2


def _right(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return attention_weights(query, keys, width=width)


def _plain_mean(query: Tensor, keys: Tensor, width: float) -> Tensor:
    return torch.full_like(_distances(query, keys), 1 / len(keys))


def _nearest(query: Tensor, keys: Tensor, width: float) -> Tensor:
    nearest = _distances(query, keys).abs().argmin(dim=1)
    return torch.nn.functional.one_hot(nearest, len(keys)).to(query.dtype)


NO_SQUARE = "The exponent holds the distance, not its square. A Gaussian falls off with the square."

WRONG_KERNELS = (
    Mistake(
        "plain mean",
        _plain_mean,
        "All keys weigh the same here: that is the plain mean. Near keys should weigh more than far ones.",
    ),
    Mistake(
        "not normalised",
        lambda q, k, s: _exponents(q, k, s).exp(),
        "These are values of the kernel, not yet weights. Divide by their sum over the keys, so that each "
        "query's weights sum to 1.",
    ),
    Mistake(
        "density instead of weights",
        lambda q, k, s: _exponents(q, k, s).exp() / (s * math.sqrt(2 * math.pi)),
        "This is the density of the normal distribution. Its factor 1/√2π cancels; the division by the sum "
        "over the keys is what is missing.",
    ),
    Mistake(
        "½ forgotten",
        lambda q, k, s: (2 * _exponents(q, k, s)).softmax(dim=1),
        "The ½ in the exponent −½ (distance/σ)² is missing.",
    ),
    Mistake(
        "square forgotten",
        lambda q, k, s: (-0.5 * _distances(q, k).abs() / s).softmax(dim=1),
        NO_SQUARE,
    ),
    Mistake(
        "square forgotten (query − key)",
        lambda q, k, s: (-0.5 * _distances(q, k) / s).softmax(dim=1),
        NO_SQUARE,
    ),
    Mistake(
        "square forgotten (key − query)",
        lambda q, k, s: (0.5 * _distances(q, k) / s).softmax(dim=1),
        NO_SQUARE,
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
        lambda q, k, s: (-0.5 * _distances(q, k) ** 2 / s).softmax(dim=1),
        "The distance is squared, σ is not. Divide first, then square: (distance/σ)².",
    ),
    Mistake(
        "multiplied by the width",
        lambda q, k, s: (-0.5 * (_distances(q, k) * s) ** 2).softmax(dim=1),
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
        lambda q, k, s: (q[:, None] * k / s**2).softmax(dim=1),
        "The exponents hold the dot product of query and key. The Gaussian needs their distance: −½ key² is missing.",
    ),
    Mistake(
        "logarithms",
        lambda q, k, s: _exponents(q, k, s).log_softmax(dim=1),
        "These are the logarithms of the weights: log_softmax instead of softmax.",
    ),
)

WRONG_AXIS = (
    Mistake(
        "softmax over the queries",
        lambda q, k, s: _exponents(q, k, s).softmax(dim=0),
        "The softmax runs over dim 0, the queries, so the columns sum to 1. Each query shares out its "
        "attention among the keys: that is dim 1.",
    ),
)

# Slips of whoever divides by the sum without softmax.
WRONG_SUMS = (
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


def _estimates(mistakes: tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    """The same mistakes in f: functions (query, keys, values, width) -> (m,) or (m, v)."""

    def estimate(wrong: Callable) -> Callable:
        return lambda query, keys, values, width: wrong(query, keys, width) @ values

    return tuple(Mistake(m.name, estimate(m.wrong), m.feedback) for m in mistakes)


def _evaluated(mistakes: tuple[Mistake, ...], *arguments) -> tuple[Mistake, ...]:
    """The same mistakes as numbers: what each function gives for these arguments."""
    return tuple(Mistake(m.name, m.wrong(*arguments).squeeze(), m.feedback) for m in mistakes)


def _softmax_of_values(values: Tensor) -> Tensor:
    return values.softmax(dim=0)


VALUES_FEEDBACK = (
    "The softmax is taken of the values. Weights compare the query with the keys; the values are only averaged."
)

# --------------------------------------------------------------------------------------------------
# By hand: x_i = (0, 1, 3), y = (1, 2, 6), x = 1. float64, because the answers are printed.

QUERY = torch.tensor([1.0], dtype=torch.float64)
KEYS = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
VALUES = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
QUERY_0 = "These distances are counted from 0. The query is x = 1."

hand_example = Exercise(
    "hand_example",
    "By hand: three points",
    (
        Value(
            "weights",
            _right(QUERY, KEYS, 1.0)[0],
            (
                *_evaluated(WRONG_KERNELS, QUERY, KEYS, 1.0),
                Mistake("softmax of the values", _softmax_of_values(VALUES), VALUES_FEEDBACK),
                Mistake("query 0", _right(0 * QUERY, KEYS, 1.0)[0], QUERY_0),
            ),
        ),
        Value(
            "f",
            nadaraya_watson(QUERY, KEYS, VALUES, width=1.0).item(),
            (
                Mistake(
                    "plain mean",
                    3.0,
                    "3 is the plain mean (1 + 2 + 6)/3. The point at distance 0 should count for most.",
                ),
                *_evaluated(_estimates(WRONG_KERNELS[1:]), QUERY, KEYS, VALUES, 1.0),
                Mistake("softmax of the values", _softmax_of_values(VALUES) @ VALUES, VALUES_FEEDBACK),
                Mistake("query 0", nadaraya_watson(0 * QUERY, KEYS, VALUES, width=1.0).item(), QUERY_0),
                Mistake(
                    "places averaged",
                    nadaraya_watson(QUERY, KEYS, KEYS, width=1.0).item(),
                    "0.807 is the average of the places x_i. The weights are right: average the values y_i.",
                ),
                Mistake(
                    "weights rounded first",
                    1.964,
                    "1.964 comes from weights that were rounded to three decimals. Carry one more, round at the end.",
                ),
            ),
        ),
        Value(
            "f_narrow",
            nadaraya_watson(QUERY, KEYS, VALUES, width=0.5).item(),
            (
                Mistake(
                    "plain mean",
                    3.0,
                    "3 is the plain mean (1 + 2 + 6)/3: did σ reach the distances, above and below the line?",
                ),
                Mistake(
                    "width missing below the line",
                    _exponents(QUERY, KEYS, 0.5).exp() @ VALUES / _exponents(QUERY, KEYS, 1.0).exp().sum(),
                    "1.227: here σ = ½ stands in the kernels above the line only. Below it must be the same "
                    "kernels, or the weights sum to 0.652.",
                ),
                *_evaluated(_estimates(WRONG_KERNELS[1:]), QUERY, KEYS, VALUES, 0.5),
                *_evaluated(_estimates(WRONG_WIDTHS), QUERY, KEYS, VALUES, 0.5),
            ),
            remark="A narrower kernel listens more to the point at x = 1, whose y is 2.",
        ),
    ),
    hints=(
        "Write down the three distances from the query first. They decide everything.",
        "Kernel values first; divided by their sum they are weights. With σ = ½ every distance counts double.",
        "For σ = 1 the kernel values are 0.6065, 1 and 0.1353. Their sum is 1.7419: divide.",
    ),
)

# --------------------------------------------------------------------------------------------------

predictions = Exercise(
    "predictions",
    "Predict: another kernel",
    (
        Choice(
            "scaled",
            Question(
                "Replace the kernel $K$ by $7K$. Then $f$",
                {
                    "becomes seven times as large": (
                        "A factor 7 in front of f would have to survive the division, but it stands above and below."
                    ),
                    "does not change at all": "The 7 stands above and below the line and cancels, as 1/√2π does.",
                    "follows the data more closely, as if the kernel were narrower": (
                        "The width sits in the exponent. 7K is taller than K, not narrower: the ratio K(1)/K(0) is "
                        "kept."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "empty_window",
            Question(
                r"Take the boxcar kernel of width 1 (it is 1 up to the distance 1 and 0 beyond), keys in $[0, 5]$ "
                r"and the query $x = 10$. The formula $\sum_i K_i y_i \,/ \sum_j K_j$, taken literally, gives",
                {
                    "0": "The sum above the line is 0, but so is the sum below: it is 0/0, not 0/1.",
                    "the mean of all $y_i$": (
                        "The mean needs equal weights that sum to 1. Here all weights are 0 before the division."
                    ),
                    "no number at all": (
                        "No key within reach, so 0/0, which floating point calls nan. A library needs a rule "
                        "for it: ours gives the weight to the nearest key."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Write the fraction out with the change in it, above and below the line.",
        "What multiplies every kernel value alike cancels. What makes every kernel value 0 leaves nothing to "
        "divide by.",
        "`scaled`: Σ 7K_i y_i / Σ 7K_j = …",
    ),
)

# --------------------------------------------------------------------------------------------------
# Units: x = 0 … 5 in metres, y = x², f(2.4).

METRES = torch.arange(6, dtype=torch.float64)
SQUARES = METRES**2
TRUTH = Mistake("the curve itself", 5.76, "5.76 is 2.4², the curve itself. f is an average of the y_i.")
MEAN_OF_SQUARES = Mistake("plain mean", 55 / 6, "9.167 is the plain mean of the y_i: was σ that large?")


def _at_2_4_metres(unit: float, width: float) -> float:
    query = torch.tensor([2.4 * unit], dtype=torch.float64)
    return nadaraya_watson(query, METRES * unit, SQUARES, width=width).item()


units = Exercise(
    "units",
    "Predict, then run: metres and centimetres",
    (
        Value(
            "metres",
            _at_2_4_metres(1, 1.0),
            (
                TRUTH,
                MEAN_OF_SQUARES,
                Mistake("nearest value", 4.0, "4 is the value of the nearest key alone."),
            ),
            decimals=2,
        ),
        Value(
            "centimetres",
            _at_2_4_metres(100, 1.0),
            (
                Mistake(
                    "scale-free kernel",
                    _at_2_4_metres(1, 1.0),
                    "That is the answer in metres. The kernel is not free of scale: all distances are now "
                    "100 times as large, and σ = 1 means one centimetre.",
                ),
                TRUTH,
                MEAN_OF_SQUARES,
                Mistake(
                    "only the keys converted",
                    0.0,
                    "0 is the value at x = 0, the nearest key to 2.4: only the keys are in centimetres.",
                ),
                Mistake(
                    "only the query converted",
                    25.0,
                    "25 is the value of the last key, x = 5: only the query is in centimetres.",
                ),
                Mistake(
                    "y converted too",
                    40_000.0,
                    "Only x is measured in centimetres here; y is not converted.",
                ),
            ),
            decimals=2,
            remark="The nearest key, x = 200 with y = 4, is 40 widths away, the next one 60: the nearest takes all.",
        ),
        Value(
            "sigma",
            100.0,
            (
                Mistake("1/σ", 0.01, "0.01 is w = 1/σ, the factor on the distances. σ has the unit of x."),
                Mistake("σ²", 10_000.0, "10,000 is σ². σ itself grows like x."),
                Mistake("unchanged", 1.0, "σ = 1 is 1 cm now. Which σ is one metre?"),
                Mistake(
                    "√", 10.0, "10 is the root of 100: distances grow a hundredfold, and σ stands under them as it is."
                ),
            ),
            decimals=2,
            remark="Only distance/σ counts: w = 1/σ = 0.01 undoes the factor 100.",
        ),
    ),
    hints=(
        "σ stands under the distance. Which unit has distance/σ?",
        "The weights depend on distance/σ alone. If all distances grow a hundredfold and σ stays, the kernel "
        "has become a hundred times narrower.",
        "`metres = pooling.nadaraya_watson(…, x, y, width=1.0)`, with a query of shape (1,).",
    ),
)

# --------------------------------------------------------------------------------------------------

UNNORMALISED = "These are sums of kernel values. Divide each row by its own sum first."
MEANS = "These are mean weights: sum(dim=…) is asked, not mean(dim=…)."
TOTAL = "3 is the sum of the whole table. Give the three sums one by one: sum(dim=…)."

rows_and_columns = Exercise(
    "rows_and_columns",
    "Predict: rows and columns of the table",
    (
        Value(
            "rows",
            _right(KEYS, KEYS, 1.0).sum(dim=1),
            (
                Mistake("not normalised", _exponents(KEYS, KEYS, 1.0).exp().sum(dim=1), UNNORMALISED),
                Mistake(
                    "columns for rows",
                    _right(KEYS, KEYS, 1.0).sum(dim=0),
                    "These are sums of columns, or of rows after a softmax over dim 0, the queries. A row "
                    "belongs to one query, and the softmax runs over the keys.",
                ),
                Mistake("mean", torch.full((3,), 1 / 3), MEANS),
                Mistake("total", 3.0, TOTAL),
            ),
            decimals=2,
            remark="A query shares out exactly one unit of attention.",
        ),
        Value(
            "columns",
            _right(KEYS, KEYS, 1.0).sum(dim=0),
            (
                Mistake(
                    "columns that sum to 1",
                    torch.ones(3),
                    "Columns that sum to 1 come from a softmax over dim 0, or from the belief that the "
                    "table is symmetric. The kernel is, but each row is divided by a sum of its own.",
                ),
                Mistake("not normalised", _exponents(KEYS, KEYS, 1.0).exp().sum(dim=0), UNNORMALISED),
                Mistake("mean", _right(KEYS, KEYS, 1.0).mean(dim=0), MEANS),
                Mistake("total", 3.0, TOTAL),
            ),
            decimals=2,
            remark="A key receives what the queries give. Here the keys ask: the one in the middle has two askers "
            "near it and gets most. Together 3, one per query.",
        ),
    ),
    hints=(
        "Whose weights stand in a row: one query's, or one key's?",
        "A row is one weighted average, so you know its sum. A column says how much one key receives from all "
        "queries, and nobody has fixed that.",
        "`table = pooling.attention_weights(keys, keys, …)`, then one sum for each dim.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


def _query_keys_width(generator: torch.Generator) -> Iterable[tuple]:
    # No query is so far off, in widths, that a kernel without softmax underflows: that is another exercise.
    for m, n, low, high in (
        (2, 3, 0.4, 0.8),
        (3, 2, 1.3, 1.9),
        (1, 5, 0.4, 0.9),
        (5, 4, 1.2, 2.5),
        (40, 30, 0.6, 0.9),
    ):
        width = _tenths((), low, high, generator).item()
        yield _tenths((m,), 0, 5, generator), _tenths((n,), 0, 5, generator), round(width, 1)


def _places(*numbers: float) -> Tensor:
    return torch.tensor(numbers)


def _odd_places() -> Iterable[tuple[str, tuple]]:
    yield "two equal keys", (_places(1.0, 2.5), _places(1.0, 3.0, 1.0), 0.8)
    yield "one key only", (_places(0.0, 1.0, 2.5), _places(2.0), 0.7)
    yield "a query halfway between two keys", (_places(1.5), _places(2.0, 1.0), 0.6)
    yield "as many queries as keys", (_places(0.4, 2.0, 3.3), _places(2.6, 0.1, 1.9), 0.9)
    yield "the queries are the keys", (_places(3.0, 0.0, 1.0), _places(3.0, 0.0, 1.0), 1.2)
    yield "negative places", (_places(-2.0, 0.5), _places(-3.0, 1.5, 0.5, -1.0), 1.3)
    yield "a key four widths away", (_places(0.0, 1.0), _places(2.8, 0.4), 0.7)
    yield "a very wide kernel", (_places(0.0, 4.0), _places(1.0, 5.0, 2.0), 50.0)


weights = Exercise(
    "weights",
    "Implement: attention weights",
    (
        Function(
            "attention_weights",
            "attention_weights(query, keys, width) → a table (m, n), row i for query i",
            _right,
            _query_keys_width,
            (
                *WRONG_KERNELS,
                *WRONG_WIDTHS,
                *WRONG_POWERS,
                *WRONG_AXIS,
                *WRONG_SUMS,
                Mistake(
                    "transposed",
                    lambda q, k, s: _right(q, k, s).T,
                    "The table is transposed: queries are rows, keys are columns.",
                ),
            ),
            edge_cases=_odd_places,
        ),
    ),
    hints=(
        "Three steps: all differences, all exponents, a softmax. Which axis belongs to the keys?",
        "`query[:, None] - keys[None, :]` has the shape (m, n). Divide by σ before you square. The weights of "
        "one query sum to 1, and they stand in a row.",
        "`d = (query[:, None] - keys) / width`",
    ),
)


def _regressions(generator: torch.Generator) -> Iterable[tuple]:
    shapes = ((3,), (2, 2), (5, 3), (4, 1), (30, 2))
    for (query, keys, width), shape in zip(_query_keys_width(generator), shapes, strict=True):
        yield query, keys, _tenths((len(keys), *shape[1:]), -3, 3, generator), width


def _odd_regressions() -> Iterable[tuple[str, tuple]]:
    query, keys = _places(0.4, 2.0, 3.3), _places(2.6, 0.1, 1.9)
    table = torch.tensor([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0], [-1.0, 2.0, 4.0]])
    yield (
        "two equal keys with different values",
        (_places(1.0, 2.5), _places(1.0, 3.0, 1.0), _places(4.0, 0.0, -2.0), 0.8),
    )
    yield "one key only", (_places(0.0, 1.0), _places(2.0), torch.tensor([[3.0, -1.0]]), 0.7)
    yield "one query only", (query[:1], keys, table[:, :2], 0.9)
    yield "values with one column", (query[:2], keys, table[:, :1], 0.9)
    yield "as many queries and columns as keys", (query, keys, table, 0.9)
    yield "equal values", (query, keys, _places(1.5, 1.5, 1.5), 0.6)
    yield "large and negative values", (query, keys, _places(1000.0, -500.0, 20.0), 0.9)
    yield "negative places", (-query, _places(-3.0, 1.5, -1.0), _places(1.0, 2.0, 3.0), 1.3)


def _reference_estimate(query: Tensor, keys: Tensor, values: Tensor, width: float) -> Tensor:
    return nadaraya_watson(query, keys, values, width=width)


estimate = Exercise(
    "estimate",
    "Implement: the weighted average",
    (
        Function(
            "nadaraya_watson",
            "nadaraya_watson(query, keys, values, width) → (m,) or (m, v): one estimate per query",
            _reference_estimate,
            _regressions,
            (
                *_estimates(WRONG_KERNELS + WRONG_WIDTHS + WRONG_POWERS + WRONG_AXIS + WRONG_SUMS),
                Mistake(
                    "the weights themselves",
                    lambda q, k, v, s: _right(q, k, s),
                    "These are the weights. The values still have to be averaged with them.",
                ),
                Mistake(
                    "softmax of the values",
                    lambda q, k, v, s: (_softmax_of_values(v) * v).sum(0).expand(len(q), *v.shape[1:]),
                    VALUES_FEEDBACK,
                ),
                Mistake(
                    "divided by n too",
                    lambda q, k, v, s: _right(q, k, s) @ v / len(k),
                    "The weighted values are averaged over the n keys once too often: the weights sum to 1 already.",
                ),
            ),
            edge_cases=_odd_regressions,
        ),
    ),
    hints=(
        "You have a table (m, n), and values (n,) or (n, v). Which product takes the n away?",
        "Row i of the table times the values is the estimate for query i. A matrix product does that for all "
        "rows, and for both shapes of values.",
        "`table = attention_weights(…)`, then a product with `@`.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _far_queries(generator: torch.Generator) -> Iterable[tuple]:
    # Different keys: so far off, the logarithm of two equal kernel values is lost in float32.
    def keys(n: int) -> Tensor:
        return torch.randperm(50, generator=generator)[:n] / 10

    four = keys(4)
    yield torch.tensor([1.0, 1000.0]), four
    yield _tenths((3,), 0, 5, generator), four
    yield torch.tensor([-300.0]), keys(3)
    yield torch.tensor([2.0, 60.0, 1e4]), keys(5)


def _odd_distances() -> Iterable[tuple[str, tuple]]:
    yield "no key is near, two are equally far", (_places(0.0), _places(-30.0, 30.0))
    yield "a far query and two equal keys", (_places(30.0), _places(5.0, 0.0, 5.0))
    # Binary fractions: the exponents are exact in float32.
    yield "a far query whose two nearest keys share", (_places(20.0, 0.0), _places(0.0, 0.0625, -1.0))
    yield "a query farther still whose two nearest keys share", (_places(40.0), _places(0.0, 0.03125, -1.0))
    yield "one key only, far away", (_places(1000.0, -1000.0), _places(2.5))
    yield "far to the left and far to the right at once", (_places(-500.0, 1.0, 500.0), _places(0.0, 2.0))


def _naive(query: Tensor, keys: Tensor) -> Tensor:
    kernel = _exponents(query, keys, 1.0).exp()
    return kernel / kernel.sum(dim=1, keepdim=True)


def _after_subtracting(extreme: Callable, dim: int | tuple[int, int]) -> Callable:
    """The formula after a number was subtracted from the exponents: the largest or the smallest of them along `dim`."""

    def weights(query: Tensor, keys: Tensor) -> Tensor:
        exponents = _exponents(query, keys, 1.0)
        kernel = (exponents - extreme(exponents, dim=dim, keepdim=True)).exp()
        return kernel / kernel.sum(dim=1, keepdim=True)

    return weights


def _nearest_distance_subtracted(query: Tensor, keys: Tensor) -> Tensor:
    distances = _distances(query, keys).abs()
    return -0.5 * (distances - distances.amin(dim=1, keepdim=True)) ** 2


def _uniform_where_empty(query: Tensor, keys: Tensor) -> Tensor:
    return torch.where(_naive(query, keys).isnan(), 1 / len(keys), _naive(query, keys))


far_query = Exercise(
    "far_query",
    "Debug: a query far away",
    (
        Function(
            "mended_weights",
            "mended_weights(query, keys) → a table (m, n) for σ = 1; rows sum to 1 for every query",
            lambda query, keys: attention_weights(query, keys),
            _far_queries,
            (
                Mistake(
                    "still 0/0",
                    _naive,
                    "For the far query every exponential underflows to 0, so the division is 0/0 = nan. "
                    "Which number may be subtracted from a row of exponents without changing its weights?",
                ),
                Mistake(
                    "still 0/0 in float64",
                    lambda query, keys: _naive(query.double(), keys.double()),
                    "float64 reaches farther, but for the farthest query every exponential underflows: 0/0 = nan. "
                    "Which number may be subtracted from a row of exponents without changing its weights?",
                ),
                Mistake(
                    "nan replaced by 0",
                    lambda query, keys: _naive(query, keys).nan_to_num(0.0),
                    "nan became 0 (as it does when a small number is added below the line). That hides the "
                    "fault: the row no longer sums to 1 and f(1000) would be 0, though no value need be "
                    "near 0.",
                ),
                Mistake(
                    "uniform when far",
                    _uniform_where_empty,
                    "The far query now gets the plain mean (as it does when the exponents are cut off). Its weights "
                    "exist, only exp is too small to hold them: the nearest key takes nearly all.",
                ),
                Mistake(
                    "nearest key where nan",
                    lambda query, keys: torch.where(
                        _naive(query, keys).isnan(), _nearest(query, keys, 1.0), _naive(query, keys)
                    ),
                    "The nearest key is put in where nan came out. Two keys may be just as near, or nearly so, and "
                    "then they share. Mend the exponents, not the result.",
                ),
                Mistake(
                    "largest of the whole table subtracted",
                    _after_subtracting(torch.amax, dim=(0, 1)),
                    "The largest exponent of the whole table is subtracted. A far query's row still underflows: each "
                    "row has a largest exponent of its own.",
                ),
                Mistake(
                    "largest of the column subtracted",
                    _after_subtracting(torch.amax, dim=0),
                    "The largest exponent of each column is subtracted, which changes the weights: within a row the "
                    "same number must come off every exponent, dim 1.",
                ),
                Mistake(
                    "smallest subtracted",
                    _after_subtracting(torch.amin, dim=1),
                    "The smallest exponent of each row is subtracted, so the others become large and exp overflows: "
                    "inf/inf. Subtract the largest.",
                ),
                Mistake(
                    "distance subtracted before the square",
                    lambda query, keys: _nearest_distance_subtracted(query, keys).softmax(dim=1),
                    "The nearest distance is subtracted before the square. That changes the weights: subtract from the "
                    "exponents.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda query, keys: _exponents(query, keys, 1.0).softmax(dim=0),
                    WRONG_AXIS[0].feedback,
                ),
                Mistake(
                    "½ forgotten",
                    lambda query, keys: (2 * _exponents(query, keys, 1.0)).softmax(dim=1),
                    "The ½ in the exponent −½ distance² is missing.",
                ),
                Mistake(
                    "square forgotten",
                    lambda query, keys: (-0.5 * _distances(query, keys).abs()).softmax(dim=1),
                    NO_SQUARE,
                ),
                Mistake(
                    "nearest key for every query",
                    lambda query, keys: _nearest(query, keys, 1.0),
                    "Right for far queries, but near ones must still share their attention.",
                ),
            ),
            edge_cases=_odd_distances,
            remark="Far away, Nadaraya–Watson does not fade to 0: it repeats the nearest key's value.",
        ),
    ),
    hints=(
        "Print `kernel` for the far query. What is divided by what?",
        "The same number may be subtracted from all exponents of a row without changing a weight. Choose it "
        "so that the largest exponent becomes 0.",
        "Keep the exponents apart from `torch.exp`: `exponents = -0.5 * …`",
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


bounds = Exercise(
    "bounds",
    "Prove and check: f stays between the values",
    (
        Choice(
            "property_needed",
            Question(
                "Which property of the weights does the proof need?",
                {
                    "each row sums to 1": (
                        "With a sum of 1 alone, weights (2, −1) would take f outside: 2·3 − 1·0 = 6 for y = (3, 0)."
                    ),
                    "no weight is negative": (
                        "With weights ≥ 0 alone, (1, 1) gives f = 3 + 3 = 6 for y = (3, 3). The sum is needed as well."
                    ),
                    "both": "Both: f = Σ α_i y_i ≤ Σ α_i max y = max y, and likewise from below.",
                    "the kernel is smooth": "Not needed: the boxcar jumps and obeys the bound too.",
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
        Choice(
            "boundary",
            Question(
                "The middle is perfect. Why is $f(0) = 1.589$ and not $0$?",
                {
                    "noise in the data": "There is no noise in these data: y = 2x exactly.",
                    "rounding errors": "Floating point errs by about 1e-7 here, not by 1.6.",
                    r"$\sigma$ is too small": "A larger σ reaches farther into the slope and makes f(0) larger still.",
                    "all other keys lie on one side": (
                        "At x = 0 all other keys lie to the right, with larger y, and nothing on the left "
                        "balances them. More data do not help: this is bias at the boundary, not noise."
                    ),
                },
                right="d",
            ),
        ),
    ),
    hints=(
        "Try to break the bound: find weights that take the average out of the range of the values.",
        "Two steps, Σ α_i y_i ≤ Σ α_i · max y and Σ α_i · max y = max y. What does each of them need?",
        "`sums = weights.sum(dim=…)`, to be compared with ones by `torch.allclose`.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _curves(generator: torch.Generator) -> Iterable[tuple]:
    for n, width in ((3, 0.8), (4, 0.5), (6, 1.4), (25, 0.3)):
        x = _tenths((n,), 0, 5, generator)
        yield x, (2 * x.sin() + _tenths((n,), -1, 1, generator)).mul(10).round() / 10, width


def _odd_points() -> Iterable[tuple[str, tuple]]:
    yield "two points at the same place", (_places(1.0, 1.0, 2.0, 0.3), _places(2.0, -1.0, 0.5, 1.0), 0.8)
    yield "all points at the same place", (_places(2.0, 2.0, 2.0), _places(1.0, 4.0, 0.0), 0.5)
    yield "a point far away from all others", (_places(0.0, 100.0, 0.5, 1.0), _places(1.0, -2.0, 0.5, 3.0), 0.5)
    yield "two points only", (_places(3.0, 0.0), _places(-1.0, 2.5), 1.0)
    yield "equal values", (_places(0.0, 2.0, 0.7), _places(1.5, 1.5, 1.5), 0.6)
    yield "negative places, out of order", (_places(-1.0, 2.0, -3.0, 0.5), _places(0.5, 1.0, -2.0, 3.0), 1.4)
    yield "large values", (_places(0.0, 1.0, 2.0, 2.5), _places(1000.0, -500.0, 20.0, 300.0), 0.7)
    yield "a very wide kernel", (_places(0.0, 1.0, 3.0), _places(1.0, 2.0, 6.0), 50.0)


def _left_out_residuals(x: Tensor, y: Tensor, width: float) -> Tensor:
    return y - nadaraya_watson(x, x, y, width=width, leave_one_out=True)


_COURSE = noisy_sine(n=50, noise=0.5, seed=0)
SMALLEST_ERROR = _left_out_residuals(_COURSE.x, _COURSE.y, 0.3).square().mean().item()


def _not_renormalised(x: Tensor, y: Tensor, width: float) -> Tensor:
    table = _right(x, x, width)
    return ((y - (table - table.diag().diag()) @ y) ** 2).mean()


def _hidden(x: Tensor, y: Tensor, width: float, hidden: Tensor, score: float) -> Tensor:
    """The mean squared error, with another score where `hidden` is True."""
    return (y - _exponents(x, x, width).masked_fill(hidden, score).softmax(dim=1) @ y).square().mean()


def _zeroed_kernel(x: Tensor, y: Tensor, width: float) -> Tensor:
    kernel = _exponents(x, x, width).exp() * (1 - torch.eye(len(x)))
    return (y - kernel @ y / kernel.sum(dim=1)).square().mean()


def _with_another_width(change: Callable[[float], float]) -> Callable:
    return lambda x, y, width: _left_out_residuals(x, y, change(width)).square().mean()


leave_one_out = Exercise(
    "leave_one_out",
    "Implement: choose σ by leaving one out",
    (
        Function(
            "leave_one_out_error",
            "leave_one_out_error(x, y, width) → the mean squared error, each point predicted from the others",
            lambda x, y, width: _left_out_residuals(x, y, width).square().mean(),
            _curves,
            (
                Mistake(
                    "point predicts itself",
                    lambda x, y, width: (y - _right(x, x, width) @ y).square().mean(),
                    "Each point still helps to predict itself. An exponent of 0 on the diagonal is the "
                    "largest there is, not the smallest: which exponent gives the weight 0?",
                ),
                Mistake(
                    "not normalised again",
                    _not_renormalised,
                    "With the diagonal set to 0 after the softmax, the other weights no longer sum to 1. "
                    "Take the point out before.",
                ),
                Mistake(
                    "sum instead of mean",
                    lambda x, y, width: _left_out_residuals(x, y, width).square().sum(),
                    "This is the sum of the squared errors, the mean is asked.",
                ),
                Mistake(
                    "root",
                    lambda x, y, width: _left_out_residuals(x, y, width).square().mean().sqrt(),
                    "This is the root of the mean squared error: one square root too many.",
                ),
                Mistake(
                    "absolute error",
                    lambda x, y, width: _left_out_residuals(x, y, width).abs().mean(),
                    "This is the mean absolute error: square the differences.",
                ),
                Mistake(
                    "mean difference",
                    lambda x, y, width: _left_out_residuals(x, y, width).mean(),
                    "The differences are not squared, so errors of opposite sign cancel.",
                ),
                Mistake(
                    "one error for each point",
                    lambda x, y, width: _left_out_residuals(x, y, width).square(),
                    "These are the squared errors one by one: one number is asked, their mean.",
                ),
                Mistake(
                    "variance of the errors",
                    lambda x, y, width: _left_out_residuals(x, y, width).var(correction=0),
                    "This is the variance: the mean of the errors was subtracted first. They are squared as they are.",
                ),
                Mistake(
                    "divided by n − 1",
                    lambda x, y, width: _left_out_residuals(x, y, width).square().sum() / (len(x) - 1),
                    "Divided by n − 1. There are n errors, and their mean is asked.",
                ),
                Mistake(
                    "finite own exponent",
                    lambda x, y, width: _hidden(x, y, width, torch.eye(len(x), dtype=torch.bool), -50.0),
                    "The own exponent is only lowered, by 50 or the like. For a point far from all others the others' "
                    "exponents may be lower still, and it predicts itself again. Only −∞ gives the weight 0.",
                ),
                Mistake(
                    "equal places hidden too",
                    lambda x, y, width: _hidden(x, y, width, _distances(x, x) == 0, -math.inf),
                    "Points at an equal place are hidden too: their distance is 0 as well. Only the point itself is "
                    "left out, on the diagonal.",
                ),
                Mistake(
                    "0/0 for a lonely point",
                    _zeroed_kernel,
                    "For a point far from all others this is 0/0 = nan: their kernel values underflow (or its own "
                    "weight is 1, and 1 − 1 stands below the line). Take the point out before the softmax: which "
                    "exponent gives the weight 0?",
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
        ),
        Value(
            "best_width",
            0.3,
            (
                Mistake(
                    "point predicts itself",
                    0.05,
                    "0.05 is the smallest σ on offer. It wins when each point may predict itself: its own y "
                    "is always the best guess.",
                ),
                Mistake("largest error", 2.0, "At σ = 2 the error is largest: look for the smallest."),
                Mistake("place in the list", 3.0, "3 is its place in the list: give the width itself."),
                Mistake("smallest error", SMALLEST_ERROR, "That is the smallest error. At which width is it reached?"),
            ),
            decimals=2,
            remark="Wide enough to average the noise away, narrow enough to follow the curve.",
        ),
    ),
    hints=(
        "Take the own key out before the weights are normalised, not after.",
        "A weight is 0 if its exponent is −∞. Put that on the diagonal of the exponents, and the softmax "
        "shares out the rest among the others.",
        "`exponents = …` as in exercise 5, with x as queries and as keys; `fill_diagonal_` writes a diagonal.",
    ),
)

ALL = (
    hand_example,
    predictions,
    units,
    rows_and_columns,
    weights,
    estimate,
    far_query,
    bounds,
    leave_one_out,
)
