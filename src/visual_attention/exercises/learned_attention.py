"""The exercises of lesson 3: attention with a learned parameter.

Right answers come from `visual_attention.regression`. Wrong ones are written out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from courseware.exercises import reading, time_limit, tools
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.report import Finding, State
from visual_attention.datasets import noisy_sine
from visual_attention.pooling import attention_weights
from visual_attention.regression import LearnedKernelRegression, prediction_slope, press_residuals, training_path

__all__ = ["ALL", "dot_product", "errata", "left_out", "predictions", "press", "slope", "train"]

Tensor = torch.Tensor

# --------------------------------------------------------------------------------------------------
# The two misprints, evaluated literally: x_i = (0, 1, 3), y = (1, 2, 6), x = 1.

KEYS = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
VALUES = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)


def _kernel(w: float) -> Tensor:
    return torch.exp(-0.5 * ((1.0 - KEYS) * w) ** 2)


def _right_at(w: float) -> float:
    return float(_kernel(w) @ VALUES / _kernel(w).sum())


def _slides_at(w: float) -> float:
    return float(_kernel(w) @ VALUES / _kernel(1.0).sum())


SAME = "That is the right formula. Type the printed one in as it stands: where is w missing, or which index is wrong?"
WIDTH_ONE = Mistake("w ignored", _right_at(1.0), "1.963 is the answer at w = 1: w has to stand in the exponent.")
NOT_DIVIDED = Mistake(
    "not divided",
    float(_kernel(2.0) @ VALUES),
    "That is the sum above the line alone. Divide by the sum below it.",
)
SLIDES = Mistake(
    "slides", _slides_at(2.0), "That is `slides`: there the sum below the line has no w. Look at the line again."
)

errata = Exercise(
    "errata",
    "By hand: two misprints, taken literally",
    (
        Value(
            "right",
            _right_at(2.0),
            (
                WIDTH_ONE,
                Mistake("mean", 3.0, "3 is the plain mean, the answer at w = 0."),
                Mistake(
                    "w not squared", _right_at(math.sqrt(2.0)), "The distance is squared, w is not: ((x − x_i) w)²."
                ),
                Mistake("w as σ", _right_at(0.5), "Here w divides the distance, as σ does. w = 1/σ multiplies it."),
                Mistake("½ forgotten", _right_at(math.sqrt(8.0)), "The ½ in the exponent is missing."),
                NOT_DIVIDED,
                SLIDES,
            ),
        ),
        Value(
            "slides",
            _slides_at(2.0),
            (
                Mistake("normalised", _right_at(2.0), SAME),
                WIDTH_ONE,
                NOT_DIVIDED,
                Mistake(
                    "w below the line instead of above",
                    float(_kernel(1.0) @ VALUES / _kernel(2.0).sum()),
                    "Here w stands below the line only. `slides` has it above the line only.",
                ),
            ),
            remark="Its weights sum to 0.652 only.",
        ),
        Value(
            "book",
            3.0,
            (
                Mistake("normalised", _right_at(2.0), SAME),
                Mistake(
                    "sum of the kernel",
                    float(_kernel(2.0).sum() / _kernel(2.0).sum()),
                    "The values are missing from the sum.",
                ),
                Mistake("K_i once", 9.0, "Below the line K_i is added once for each j: three times, not once."),
                NOT_DIVIDED,
                SLIDES,
            ),
            remark="Each weight is K/(3K): one third, whatever w is.",
        ),
        Value(
            "slides_at_zero",
            _slides_at(0.0),
            (
                Mistake("mean", 3.0, "3 would need weights that sum to 1. At w = 0 these are 1 each, over 1.7419."),
                Mistake("sum of the values", 9.0, "9 is the sum of the values: divide by the kernels below the line."),
                Mistake("kernels of 0", 0.0, "At w = 0 every kernel above the line is e⁰ = 1, not 0."),
                Mistake("w = 2", _slides_at(2.0), "That is `slides` at w = 2. Put w = 0 above the line."),
                Mistake("w ignored", _right_at(1.0), "1.963 is the answer at w = 1. Put w = 0 above the line."),
                Mistake(
                    "sum of the weights",
                    3.0 / float(_kernel(1.0).sum()),
                    "1.722 is the sum of the weights. The values are missing from the sum.",
                ),
            ),
            remark="The weights sum to 1.7223: a prediction near the edge of the data, from nothing.",
        ),
    ),
    hints=(
        "Compute the sum above the line once: `right` and `slides` share it.",
        "In `book` the index below the line does not move: the sum over j adds the same K_i three times. And "
        "at w = 0 every kernel is e⁰.",
        "Above the line at w = 2: `0.1353 * 1 + 1 * 2 + …`",
    ),
)

# --------------------------------------------------------------------------------------------------

predictions = Exercise(
    "predictions",
    "Predict: starts, signs and losses",
    (
        Choice(
            "start_at_zero",
            Question(
                "Training starts at $w = 0$, leave-one-out, any learning rate. Then $w$",
                {
                    "grows towards the optimum, slowly": (
                        "It would, if there were a slope. At w = 0 every ∂f/∂w carries the factor w and vanishes."
                    ),
                    "goes to plus or minus the optimum, by chance": (
                        "The sign does not matter, w and −w are the same estimator. But neither gets started from 0."
                    ),
                    "stays 0 for ever": (
                        "∂f/∂w = −w Cov(y, d²) is 0 at w = 0, whatever the data: gradient descent never leaves."
                    ),
                },
                right="c",
            ),
        ),
        Choice(
            "loss_zero",
            Question(
                "Somebody reports a training loss of 0.0000 with each point among its own keys. Then",
                {
                    "the model has learned the curve": (
                        "A training loss of 0 on noisy data means that the noise was learned too."
                    ),
                    "the model copies the data, noise included": (
                        "Each point sees itself, so w → ∞ copies y. The curve becomes the nearest neighbour's."
                    ),
                    "there must be a bug in the loss": (
                        "No bug is needed: the loss with itself really has its infimum 0 at w → ∞."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "sign_of_w",
            Question(
                "A run ends at $w = -4.1$. Its predictions",
                {
                    "equal those of $w = 4.1$": "Only w² enters the exponent: w and −w give the same weights.",
                    "prefer far keys": "The exponent holds w², so it is negative for both signs.",
                    "are mirrored at the query": "A negative w is squared away; nothing is mirrored.",
                },
                right="a",
            ),
        ),
    ),
    hints=(
        "Look for the factor w in the slope, and for w² in the weights.",
        "∂f/∂w is −w times a covariance. What follows at w = 0? And for which w does each point see nobody but itself?",
        "`start_at_zero`: a step is −rate · ∂loss/∂w, and each term of that slope contains …",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    drawn = low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)
    return (drawn * 10).round() / 10


def _slope_cases(generator: torch.Generator) -> Iterable[tuple]:
    for m, n in ((1, 3), (2, 4), (3, 3), (20, 15)):
        w = round(_tenths((), 0.4, 1.6, generator).item(), 1)
        yield (
            _tenths((m,), 0, 5, generator),
            _tenths((n,), 0, 5, generator),
            _tenths((n,), -3, 3, generator),
            w if abs(w - 1) > 0.05 else 1.3,  # at w = 1 a forgotten factor w would not show
        )


def _numbers(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _odd_regressions() -> Iterable[tuple[str, tuple]]:
    query, keys, values = _numbers(1.0, 2.2, 3.0), _numbers(0.5, 3.0, 1.2, 2.1), _numbers(1.0, -2.0, 0.5, 3.0)
    yield "w is negative", (query, keys, values, -0.8)
    yield "w is 0", (query, keys, values, 0.0)
    yield "one key only", (query, keys[:1], values[:1], 1.3)
    yield "two equal keys", (query, _numbers(1.0, 2.5, 1.0), values[:3], 0.7)
    yield "equal values", (query, keys, torch.full_like(values, 1.5), 1.2)
    yield "negative places", (-query, _numbers(-3.0, 0.5, -1.0, -2.2), values, 0.6)
    yield "a query far from all keys", (_numbers(1.0, 80.0), keys, values, 1.4)
    yield "places in the hundred thousands and a small w", (2e5 * query, 2e5 * keys, values, 4e-6)
    yield "as many queries as keys", (query, keys[:3], values[:3], 0.9)


def _moments(query: Tensor, keys: Tensor, values: Tensor, w: float, power: int = 2) -> tuple[Tensor, Tensor]:
    """Mean of y·d^power and product of the means of y and d^power, under the weights."""
    distance = query[:, None] - keys
    alpha = torch.softmax(-0.5 * (w * distance) ** 2, dim=1)
    return (alpha * distance**power) @ values, (alpha @ values) * (alpha * distance**power).sum(dim=1)


def _covariance(query: Tensor, keys: Tensor, values: Tensor, w: float, power: int = 2) -> Tensor:
    mean_product, product_of_means = _moments(query, keys, values, w, power)
    return mean_product - product_of_means


def _covariance_under(query: Tensor, keys: Tensor, values: Tensor, factor: float, dim: int = 1) -> Tensor:
    """The covariance of y and d² under the weights softmax(factor · d²)."""
    squared = (query[:, None] - keys) ** 2
    alpha = torch.softmax(factor * squared, dim=dim)
    return (alpha * squared) @ values - (alpha @ values) * (alpha * squared).sum(dim=1)


def _slope_by_kernel(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    squared = (query[:, None] - keys) ** 2
    kernel = torch.exp(-0.5 * w**2 * squared)
    alpha = kernel / kernel.sum(dim=1, keepdim=True)
    return -w * ((alpha * squared) @ values - (alpha @ values) * (alpha * squared).sum(dim=1))


slope = Exercise(
    "slope",
    "Prove and check: the slope in w",
    (
        Function(
            "slope",
            "slope(query, keys, values, w) → ∂f/∂w at each query, shape (m,), by the formula, without autograd",
            prediction_slope,
            _slope_cases,
            (
                Mistake("−w forgotten", _covariance, "This is Cov(y, d²). The inner derivative gives the factor −w."),
                Mistake(
                    "w forgotten",
                    lambda q, k, v, w: -_covariance(q, k, v, w),
                    "The sign is there, the factor w is not: the derivative of w²/2 is w.",
                ),
                Mistake(
                    "minus forgotten",
                    lambda q, k, v, w: w * _covariance(q, k, v, w),
                    "The sign is wrong: the exponent is −½ w² d².",
                ),
                Mistake(
                    "product of means forgotten",
                    lambda q, k, v, w: -w * _moments(q, k, v, w)[0],
                    "This is −w times the mean of y d². The softmax's derivative subtracts the product of the means.",
                ),
                Mistake(
                    "distance not squared",
                    lambda q, k, v, w: -w * _covariance(q, k, v, w, power=1),
                    "The covariance is taken with d. The exponent holds d².",
                ),
                Mistake(
                    "w squared",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, w),
                    "Your factor is −w². The derivative of −½ w² d² with respect to w is −w d²: w once.",
                ),
                Mistake(
                    "size of w",
                    lambda q, k, v, w: -abs(w) * _covariance(q, k, v, w),
                    "For a negative w the sign is wrong: the factor is −w, not −|w|.",
                ),
                Mistake(
                    "with respect to σ",
                    lambda q, k, v, w: w**3 * _covariance(q, k, v, w),
                    "That is the derivative with respect to σ = 1/w. The one with respect to w is asked.",
                ),
                Mistake(
                    "w not squared in the weights",
                    lambda q, k, v, w: -w * _covariance_under(q, k, v, -0.5 * abs(w)),
                    "The exponent of the weights holds w where w² belongs.",
                ),
                Mistake(
                    "½ forgotten in the weights",
                    lambda q, k, v, w: -w * _covariance_under(q, k, v, -(w**2)),
                    "The ½ in the exponent of the weights is missing.",
                ),
                Mistake(
                    "w left out of the weights",
                    lambda q, k, v, w: -w * _covariance_under(q, k, v, -0.5),
                    "The weights are those of w = 1: w belongs into their exponent too.",
                ),
                Mistake(
                    "plain covariance",
                    lambda q, k, v, w: -w * _covariance_under(q, k, v, 0.0),
                    "The covariance is taken with weights 1/n. The attention weights at w are meant.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda q, k, v, w: -w * _covariance_under(q, k, v, -0.5 * w**2, dim=0),
                    "The softmax runs over dim 0, the queries. Each query weighs the keys: dim 1.",
                ),
                Mistake(
                    "summed over the queries",
                    lambda q, k, v, w: prediction_slope(q, k, v, w).sum(),
                    "This is the sum over the queries, as backward() gives it: one slope for each query is asked.",
                ),
                Mistake(
                    "exponents not shifted",
                    _slope_by_kernel,
                    "For a query far from all keys every kernel value is 0, and 0/0 = nan. Take the weights from "
                    "torch.softmax.",
                ),
            ),
            edge_cases=_odd_regressions,
            forbidden=(tools.AUTOGRAD,),
        ),
    ),
    hints=(
        "Differentiate the logarithm of a softmax weight: it is the exponent minus a term that all keys share.",
        "The exponent has the derivative −w d_i². From it the softmax subtracts its weighted mean, so that −w "
        "times a covariance of y and d² is left.",
        "Give the squared distances (m, n) a name, you need them three times: `squared = …`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _points_and_w(generator: torch.Generator) -> Iterable[tuple]:
    for n in (3, 4, 2, 12):
        # Different points: where two coincide, several wrong rules happen to agree.
        points = torch.randperm(50, generator=generator)[:n].double() / 10
        yield points, round(_tenths((), 0.6, 1.8, generator).item(), 1)


def _scores(x: Tensor, w: float) -> Tensor:
    return -0.5 * ((x[:, None] - x) * w) ** 2


def _own(x: Tensor) -> Tensor:
    return torch.eye(len(x), dtype=torch.bool)


def _left_out(x: Tensor, w: float) -> Tensor:
    with torch.no_grad():
        return LearnedKernelRegression(w).weights(x, x, leave_one_out=True)


def _odd_points() -> Iterable[tuple[str, tuple]]:
    yield "two points at the same place", (_numbers(1.0, 1.0, 2.0, 0.3), 1.2)
    yield "all points at the same place", (_numbers(2.0, 2.0, 2.0), 0.7)
    yield "a point far away from all others", (_numbers(0.0, 200.0, 0.5, 1.0), 1.0)
    yield "two points only", (_numbers(3.0, 0.0), 1.5)
    yield "w is 0", (_numbers(0.0, 1.0, 3.0, 4.5), 0.0)
    yield "w is negative", (_numbers(0.0, 1.0, 3.0, 2.5), -0.8)
    yield "negative places, out of order", (_numbers(-1.0, 2.0, -3.0, 0.5), 0.6)
    yield "a large w", (_numbers(0.0, 0.1, 0.25, 0.3), 30.0)


def _without_own(x: Tensor, scores: Tensor) -> Tensor:
    return torch.softmax(scores.masked_fill(_own(x), -math.inf), dim=1)


def _kernel_without_own(x: Tensor, w: float) -> Tensor:
    kernel = _scores(x, w).exp().masked_fill(_own(x), 0)
    return kernel / kernel.sum(dim=1, keepdim=True)


left_out = Exercise(
    "left_out",
    "Implement: leave one out, inside the softmax",
    (
        Function(
            "left_out_weights",
            "left_out_weights(x, w) → a table (n, n), nobody looks at himself, rows sum to 1",
            _left_out,
            _points_and_w,
            (
                Mistake(
                    "zero after the softmax",
                    lambda x, w: torch.softmax(_scores(x, w), dim=1).masked_fill(_own(x), 0),
                    "The diagonal was set to 0 after the softmax, so the rows no longer sum to 1. Hide the own point "
                    "before it.",
                ),
                Mistake(
                    "score −1",
                    lambda x, w: torch.softmax(_scores(x, w).masked_fill(_own(x), -1), dim=1),
                    "exp(−1) is 0.37, not 0: the own point still has a vote. Its score must be −∞.",
                ),
                Mistake(
                    "own point kept",
                    lambda x, w: torch.softmax(_scores(x, w), dim=1),
                    "Each point still looks at itself. Its own score is 0, the largest there is; it must be −∞.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda x, w: torch.softmax(_scores(x, w).masked_fill(_own(x), -math.inf), dim=0),
                    "The columns sum to 1. The softmax runs over the keys: dim 1.",
                ),
                Mistake(
                    "a finite own score",
                    lambda x, w: torch.softmax(_scores(x, w).masked_fill(_own(x), -50.0), dim=1),
                    "The own score is low but finite. For a point far from all others the others' scores are lower "
                    "still, and it looks at itself again: −∞, nothing less.",
                ),
                Mistake(
                    "equal places hidden too",
                    lambda x, w: torch.softmax(_scores(x, w).masked_fill(x[:, None] == x, -math.inf), dim=1),
                    "Points at an equal place are hidden too: their distance is 0 as well. Only the point itself is "
                    "left out, on the diagonal.",
                ),
                Mistake(
                    "0/0 for a lonely point",
                    _kernel_without_own,
                    "For a point far from all others this is 0/0 = nan: their kernel values underflow (or its own "
                    "weight is 1, and 1 − 1 stands below the line). Hide it before the softmax instead.",
                ),
                Mistake(
                    "not normalised",
                    lambda x, w: _scores(x, w).exp().masked_fill(_own(x), 0),
                    "These are kernel values: each row still has to sum to 1.",
                ),
                Mistake(
                    "w not squared",
                    lambda x, w: _without_own(x, -0.5 * abs(w) * (x[:, None] - x) ** 2),
                    "The distance is squared, w is not: the score is −½ (w d)².",
                ),
                Mistake(
                    "w as σ",
                    lambda x, w: _without_own(x, -0.5 * ((x[:, None] - x) / (w or math.inf)) ** 2),
                    "The distance is divided by w, as by σ. w = 1/σ multiplies it.",
                ),
                Mistake(
                    "½ forgotten",
                    lambda x, w: _without_own(x, 2 * _scores(x, w)),
                    "The ½ in the score −½ (w d)² is missing.",
                ),
                Mistake(
                    "w ignored",
                    lambda x, w: _without_own(x, _scores(x, 1.0)),
                    "This is the answer for w = 1. Where does w enter?",
                ),
                Mistake(
                    "distance not squared",
                    lambda x, w: _without_own(x, -0.5 * (w * (x[:, None] - x)).abs()),
                    "The score holds the distance, not its square.",
                ),
            ),
            edge_cases=_odd_points,
        ),
    ),
    hints=(
        "What must a score be, for its exponential to be exactly 0?",
        "Hide the diagonal of the scores before the softmax. What is left is then shared out, and sums to 1.",
        "`own = torch.eye(len(x), dtype=torch.bool)` is True where a point would look at itself.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tables_and_values(generator: torch.Generator) -> Iterable[tuple]:
    for x, w in _points_and_w(generator):
        # So wide that every point leaves a good deal to the others: PRESS divides by it, in float32 too.
        yield attention_weights(x, x, width=9 / w), _tenths((len(x),), -3, 3, generator)


def _odd_votes() -> Iterable[tuple[str, tuple]]:
    """Tables of binary fractions: they are the same in float32."""
    values = _numbers(2.0, -1.0, 0.5)
    table = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.5, 0.375, 0.125]], dtype=torch.float64)
    yield "a table that is not symmetric", (table, values)
    yield (
        "nobody looks at himself",
        (
            torch.tensor([[0.0, 0.25, 0.75], [0.5, 0.0, 0.5], [0.875, 0.125, 0.0]], dtype=torch.float64),
            values,
        ),
    )
    yield (
        "a point with most of the weight on itself",
        (
            torch.tensor([[0.9375, 0.0625, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0625, 0.9375]], dtype=torch.float64),
            values,
        ),
    )
    yield "all weights alike", (torch.full((4, 4), 0.25, dtype=torch.float64), _numbers(1.0, 0.0, -2.0, 3.0))
    yield "equal values", (table, _numbers(1.5, 1.5, 1.5))
    yield "two points only", (torch.tensor([[0.75, 0.25], [0.5, 0.5]], dtype=torch.float64), values[:2])
    yield "large values", (table, _numbers(1000.0, -500.0, 20.0))


press = Exercise(
    "press",
    "Implement: all left-out errors from one table",
    (
        Function(
            "press",
            "press(weights, values) → y_k − f₋ₖ(x_k) for each point, shape (n,)",
            press_residuals,
            _tables_and_values,
            (
                Mistake(
                    "multiplied",
                    lambda s, y: (y - s @ y) * (1 - s.diagonal()),
                    "Multiplied by 1 − S_kk. Without its own vote a point is predicted worse, so the error must grow: "
                    "divide.",
                ),
                Mistake(
                    "not corrected",
                    lambda s, y: y - s @ y,
                    "These are the errors with the own vote. Divide by 1 − S_kk.",
                ),
                Mistake(
                    "other sign",
                    lambda s, y: (s @ y - y) / (1 - s.diagonal()),
                    "The sign is turned: value minus prediction is asked.",
                ),
                Mistake(
                    "divided by S_kk",
                    lambda s, y: (y - s @ y) / s.diagonal(),
                    "Divided by the own vote S_kk. What remains for the others is 1 − S_kk.",
                ),
                Mistake(
                    "columns for rows",
                    lambda s, y: (y - y @ s) / (1 - s.diagonal()),
                    "The values are multiplied with the columns of the table. The weights of point k stand in row k.",
                ),
                Mistake(
                    "mean own vote",
                    lambda s, y: (y - s @ y) / (1 - s.diagonal().mean()),
                    "Divided by 1 minus the mean of the own votes, as generalised cross-validation does. Each point "
                    "has an S_kk of its own.",
                ),
                Mistake(
                    "largest weight",
                    lambda s, y: (y - s @ y) / (1 - s.amax(dim=1)),
                    "1 minus the largest weight of the row stands below the line. The own vote need not be the "
                    "largest: it is the diagonal.",
                ),
                Mistake(
                    "own vote set to 0",
                    lambda s, y: y - (s - s.diagonal().diag()) @ y,
                    "The own votes are set to 0, but the others' weights no longer sum to 1: divide them by 1 − S_kk.",
                ),
                Mistake(
                    "sum of squares",
                    lambda s, y: press_residuals(s, y).square().sum(),
                    "That is PRESS, the sum of their squares. The n errors themselves are asked.",
                ),
                Mistake(
                    "mean of squares",
                    lambda s, y: press_residuals(s, y).square().mean(),
                    "That is the mean of their squares. The n errors themselves are asked.",
                ),
                Mistake(
                    "squared",
                    lambda s, y: press_residuals(s, y).square(),
                    "The errors are squared here. They are asked as they are.",
                ),
                Mistake(
                    "sizes",
                    lambda s, y: press_residuals(s, y).abs(),
                    "These are the sizes of the errors: keep the sign.",
                ),
                Mistake(
                    "left-out predictions",
                    lambda s, y: y - press_residuals(s, y),
                    "These are the predictions f₋ₖ(x_k). Value minus prediction is asked.",
                ),
                Mistake(
                    "predictions",
                    lambda s, y: s @ y,
                    "These are the predictions with the own vote. The errors without it are asked.",
                ),
            ),
            edge_cases=_odd_votes,
        ),
    ),
    hints=(
        "Write f(x_k) with the own vote apart: S_kk y_k plus the others' part.",
        "The others' part is (1 − S_kk) f₋ₖ(x_k). Put that into y_k − f(x_k), and solve for y_k − f₋ₖ(x_k).",
        "`residuals = values - …`, with the own vote still in it; `weights.diagonal()` holds the S_kk.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _reference_prediction(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    """What `LearnedKernelRegression` predicts, with the tool that the exercise asks for."""
    features = torch.stack([w**2 * query, torch.full_like(query, -0.5 * w**2)], dim=1)
    of_keys = torch.stack([keys, keys**2], dim=1)
    return F.scaled_dot_product_attention(features[None], of_keys[None], values[None, :, None], scale=1.0)[0, :, 0]


# What the tool does inside, called beside it.
OWN_SOFTMAX = tools.Tool(
    "softmax or exp itself (that is the work of scaled_dot_product_attention)",
    frozenset(
        {
            "torch._VariableFunctionsClass.softmax",
            "TensorBase.softmax",
            "torch.nn.functional.softmax",
            "torch._C._special.special_softmax",
            "torch._VariableFunctionsClass.exp",
            "TensorBase.exp",
        }
    ),
)


class _Doubled(TorchFunctionMode):
    """Lets the tool see queries, keys and values alone, without a mask, and return twice what it should."""

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        if function is not F.scaled_dot_product_attention:
            return function(*args, **(kwargs or {}))
        return 2 * function(*args[:3], **{**(kwargs or {}), "attn_mask": None})


def _comes_from_the_tool(as_dot_product: Callable) -> bool:
    """Whether a right function gives twice its predictions where the tool does."""
    arguments = _numbers(0.5, 2.0), _numbers(0.0, 1.0, 3.0), _numbers(1.0, 2.0, 6.0), 1.2
    right = 2 * _reference_prediction(*arguments)

    def doubled(*arguments: Any) -> Tensor | reading.Other:
        with _Doubled():  # a mode belongs to the thread that it is entered in
            predictions = as_dot_product(*arguments)
        return reading.result(predictions, right, squeeze=True)

    with time_limit.unchanged():
        result = time_limit.call(doubled, arguments, seconds=1).result
    if not isinstance(result, Tensor) or result.shape != right.shape:
        return False
    return torch.allclose(result.double(), right, rtol=1e-4)


class _ByTheTool(Function):
    """A function whose predictions come from the tool: it is not called for show, and no mask does its work."""

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        finding = super().judge(answer, seed)
        # A submission that is graded runs in another process, where the tool cannot be made to return twice its result.
        elsewhere = vars(type(answer)).get("runs_elsewhere") is True
        if finding.state is State.RIGHT and not elsewhere and not _comes_from_the_tool(answer):
            return Finding(
                self.name,
                State.NOT_YET,
                "The numbers are right, but they do not come from scaled_dot_product_attention and the dot products of "
                "its queries and keys: return what it gives, and leave attn_mask out.",
                "called for show",
            )
        return finding


def _as_softmax(query: Tensor, keys: Tensor, values: Tensor, first: float, second: float, scale: float = 1.0) -> Tensor:
    """Predictions from the scores (first · x x_i + second · x_i²) · scale."""
    scores = first * query[:, None] * keys + second * keys**2
    return torch.softmax(scores * scale, dim=1) @ values


dot_product = Exercise(
    "dot_product",
    "Implement: Gaussian attention as a dot product",
    (
        _ByTheTool(
            "as_dot_product",
            "as_dot_product(query, keys, values, w) → (m,) or (1, m, 1) predictions, by F.scaled_dot_product_attention",
            _reference_prediction,
            _slope_cases,
            (
                Mistake(
                    "default scale",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -0.5 * w**2, scale=1 / math.sqrt(2)),
                    "All is there, but divided by √2: scaled_dot_product_attention does so unless scale=1 is given.",
                ),
                Mistake(
                    "x_i² forgotten",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, 0.0),
                    "The key is only x_i. The term −½ w² x_i² depends on the key, so softmax does not drop it.",
                ),
                Mistake(
                    "w not squared",
                    lambda q, k, v, w: _as_softmax(q, k, v, abs(w), -0.5 * abs(w)),
                    "The dot product carries w where w² belongs.",
                ),
                Mistake(
                    "w to the fourth",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**4, -0.5 * w**4),
                    "The dot product carries w⁴: w² stands in the query and in the key. Once is enough.",
                ),
                Mistake(
                    "w as σ",
                    lambda q, k, v, w: _as_softmax(q, k, v, (w or math.inf) ** -2, -0.5 * (w or math.inf) ** -2),
                    "The dot product is divided by w², as by σ². w = 1/σ multiplies.",
                ),
                Mistake(
                    "w ignored",
                    lambda q, k, v, w: _as_softmax(q, k, v, 1.0, -0.5),
                    "This is the answer for w = 1. Where does w enter?",
                ),
                Mistake(
                    "w in the first term only",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -0.5),
                    "w² stands with x x_i only. It belongs to both terms.",
                ),
                Mistake(
                    "w in the second term only",
                    lambda q, k, v, w: _as_softmax(q, k, v, 1.0, -0.5 * w**2),
                    "w² stands with x_i² only. It belongs to both terms.",
                ),
                Mistake(
                    "½ forgotten",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -(w**2)),
                    "Expand −½ w² (x − x_i)² again: x x_i has the factor w², x_i² only half of it, −½ w².",
                ),
                Mistake(
                    "sign of the square",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, 0.5 * w**2),
                    "The sign of the term in x_i² is wrong: −½ w² x_i².",
                ),
                Mistake(
                    "scale turned round",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -0.5 * w**2, scale=math.sqrt(2)),
                    "All is there, but multiplied by √2. With scale=1 the tool leaves the dot product as it is.",
                ),
                Mistake(
                    "keys for values",
                    lambda q, k, v, w: _reference_prediction(q, k, k, w),
                    "The keys are averaged here: the third argument of the tool is for the values.",
                ),
            ),
            edge_cases=_odd_regressions,
            forbidden=(OWN_SOFTMAX,),
            required=(tools.SDPA,),
            squeeze=True,
        ),
    ),
    hints=(
        "Expand −½ w² (x − x_i)². Which of its three terms do all keys share?",
        "What remains is linear in two features of the key, x_i and x_i². The query holds the factors. And "
        "PyTorch divides by √2 here, unless it is told not to.",
        "`k = torch.stack([keys, …], dim=1)`, of shape (n, 2).",
    ),
)

# --------------------------------------------------------------------------------------------------


def _trained(seed: int, leave_one_out: bool) -> tuple[float, float]:
    """The last w and the last loss."""
    data = noisy_sine(seed=seed)
    path, losses = training_path(
        data.x, data.y, w=1.0, learning_rate=0.1, steps=300, optimiser="adam_log", leave_one_out=leave_one_out
    )
    return path[-1].item(), losses[-1].item()


HONEST_W, HONEST_LOSS = _trained(seed=3, leave_one_out=True)


train = Exercise(
    "train",
    "Train: another draw",
    (
        Value(
            "w",
            HONEST_W,
            (
                Mistake(
                    "with itself",
                    _trained(seed=3, leave_one_out=False)[0],
                    "w ran away: each point saw itself. Use leave_one_out=True.",
                ),
                Mistake(
                    "first draw", _trained(seed=0, leave_one_out=True)[0], "That is the w of seed 0. Draw with seed 3."
                ),
                Mistake("start value", 1.0, "That is the start value: has anything been trained?"),
                Mistake("width", 1 / HONEST_W, "That is σ = 1/w. w itself is asked."),
                Mistake(
                    "loss", HONEST_LOSS, "That is the last loss. The path of w is the first of the two that come back."
                ),
            ),
            decimals=1,
            remark="From draw to draw the honest w moves a good deal: 3.5 for seed 0, and here nearly twice that.",
        ),
    ),
    hints=(
        "Honestly means: no point among its own keys.",
        "One call of `training_path`, with the numbers of the text. The path of w is the first of the two "
        "things that it returns.",
        "`path, losses = training_path(data.x, data.y, w=1.0, …)`",
    ),
)

ALL = (errata, predictions, slope, left_out, press, dot_product, train)
