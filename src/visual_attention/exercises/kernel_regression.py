"""The exercises of lesson 2: Nadaraya–Watson kernel regression.

Right answers come from `visual_attention.pooling`. Wrong ones are written out, so that a check can name the
mistake: most are a wrong rule for the weights, which gives a wrong table, a wrong number by hand and a wrong
estimate alike. The lists below hold functions (query, keys, width) -> (m, n), each used three times.
"""

import math
from collections.abc import Callable, Iterable

import torch

from courseware.checking import Choice, Exercise, Function, Mistake, Value
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
            "b",
            {
                "a": "A factor 7 in front of f would have to survive the division, but it stands above and below.",
                "b": "The 7 stands above and below the line and cancels, as 1/√2π does.",
                "c": "The width sits in the exponent. 7K is taller than K, not narrower: the ratio K(1)/K(0) is kept.",
            },
        ),
        Choice(
            "empty_window",
            "c",
            {
                "a": "The sum above the line is 0, but so is the sum below: it is 0/0, not 0/1.",
                "b": "The mean needs equal weights that sum to 1. Here all weights are 0 before the division.",
                "c": "No key within reach, so 0/0, which floating point calls nan. A library needs a rule "
                "for it: ours gives the weight to the nearest key.",
            },
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
            ),
            remark="The nearest key, x = 200 with y = 4, is 40 widths away, the next one 60: the nearest takes all.",
        ),
        Value(
            "sigma",
            100.0,
            (
                Mistake("1/σ", 0.01, "0.01 is w = 1/σ, the factor on the distances. σ has the unit of x."),
                Mistake("σ²", 10_000.0, "10,000 is σ². σ itself grows like x."),
                Mistake("unchanged", 1.0, "σ = 1 is 1 cm now. Which σ is one metre?"),
            ),
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
            ),
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
            ),
            remark="A key receives what the queries give: more in a crowd, less at the edge. Together 3, "
            "one per query.",
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
                *WRONG_AXIS,
                *WRONG_SUMS,
                Mistake(
                    "transposed",
                    lambda q, k, s: _right(q, k, s).T,
                    "The table is transposed: queries are rows, keys are columns.",
                ),
            ),
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
                *_estimates(WRONG_KERNELS + WRONG_WIDTHS + WRONG_AXIS + WRONG_SUMS),
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
            ),
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
    keys = _tenths((4,), 0, 5, generator)
    yield torch.tensor([1.0, 1000.0]), keys
    yield _tenths((3,), 0, 5, generator), keys
    yield torch.tensor([-300.0]), _tenths((3,), 0, 5, generator)
    yield torch.tensor([2.0, 60.0, 1e4]), _tenths((5,), 0, 5, generator)


def _naive(query: Tensor, keys: Tensor) -> Tensor:
    kernel = _exponents(query, keys, 1.0).exp()
    return kernel / kernel.sum(dim=1, keepdim=True)


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
                    "nan replaced by 0",
                    lambda query, keys: _naive(query, keys).nan_to_num(0.0),
                    "nan became 0 (as it does when a small number is added below the line). That hides the "
                    "fault: the row no longer sums to 1 and f(1000) would be 0, though no value need be "
                    "near 0.",
                ),
                Mistake(
                    "uniform when far",
                    _uniform_where_empty,
                    "The far query now gets the plain mean. Its weights exist, only exp is too small to "
                    "hold them: the nearest key takes nearly all.",
                ),
                Mistake(
                    "nearest key for every query",
                    lambda query, keys: _nearest(query, keys, 1.0),
                    "Right for far queries, but near ones must still share their attention.",
                ),
            ),
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


def _sums_to_one(sums: Tensor) -> bool:
    return torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-5)


def _is_average(weights: Tensor) -> bool:
    return bool((weights >= 0).all()) and _sums_to_one(weights.sum(dim=1))


bounds = Exercise(
    "bounds",
    "Prove and check: f stays between the values",
    (
        Choice(
            "property_needed",
            "c",
            {
                "a": "With a sum of 1 alone, weights (2, −1) would take f outside: 2·3 − 1·0 = 6 for y = (3, 0).",
                "b": "With weights ≥ 0 alone, (1, 1) gives f = 3 + 3 = 6 for y = (3, 3). The sum is needed as well.",
                "c": "Both: f = Σ α_i y_i ≤ Σ α_i max y = max y, and likewise from below.",
                "d": "Not needed: the boxcar jumps and obeys the bound too.",
            },
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
                    "Negative weights pass this check as long as their row sums to 1.",
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
            ),
        ),
        Choice(
            "boundary",
            "d",
            {
                "a": "There is no noise in these data: y = 2x exactly.",
                "b": "Floating point errs by about 1e-7 here, not by 1.6.",
                "c": "A larger σ reaches farther into the slope and makes f(0) larger still.",
                "d": "At x = 0 all other keys lie to the right, with larger y, and nothing on the left "
                "balances them. More data do not help: this is bias at the boundary, not noise.",
            },
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


def _left_out_residuals(x: Tensor, y: Tensor, width: float) -> Tensor:
    return y - nadaraya_watson(x, x, y, width=width, leave_one_out=True)


def _not_renormalised(x: Tensor, y: Tensor, width: float) -> Tensor:
    table = _right(x, x, width)
    return ((y - (table - table.diag().diag()) @ y) ** 2).mean()


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
            ),
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
            ),
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
