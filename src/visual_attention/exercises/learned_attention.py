"""The exercises of lesson 3: attention with a learned parameter.

Right answers come from `visual_attention.regression`. Wrong ones are written out, so that a check can name them.
"""

import math
from collections.abc import Iterable

import torch

from courseware.checking import Choice, Exercise, Function, Mistake, Value
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
WIDTH_ONE = Mistake("w ignored", _right_at(1.0), "1.9626 is the answer at w = 1: w has to stand in the exponent.")

errata = Exercise(
    "errata",
    "By hand: two misprints, taken literally",
    (
        Value("right", _right_at(2.0), (WIDTH_ONE, Mistake("mean", 3.0, "3 is the plain mean, the answer at w = 0."))),
        Value(
            "slides",
            _slides_at(2.0),
            (
                Mistake("normalised", _right_at(2.0), SAME),
                WIDTH_ONE,
                Mistake(
                    "not divided",
                    float(_kernel(2.0) @ VALUES),
                    "That is the sum above the line alone. Divide by the sum below it, which has no w.",
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
            ),
            remark="Each weight is K/(3K): one third, whatever w is.",
        ),
        Value(
            "slides_at_zero",
            _slides_at(0.0),
            (
                Mistake("mean", 3.0, "3 would need weights that sum to 1. At w = 0 these are 1 each, over 1.7419."),
                Mistake("sum of the values", 9.0, "9 is the sum of the values: divide by the kernels below the line."),
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
            "c",
            {
                "a": "It would, if there were a slope. At w = 0 every ∂f/∂w carries the factor w and vanishes.",
                "b": "The sign does not matter, w and −w are the same estimator. But neither gets started from 0.",
                "c": "∂f/∂w = −w Cov(y, d²) is 0 at w = 0, whatever the data: gradient descent never leaves.",
            },
        ),
        Choice(
            "loss_zero",
            "b",
            {
                "a": "A training loss of 0 on noisy data means that the noise was learned too.",
                "b": "Each point sees itself, so w → ∞ copies y. The curve becomes the nearest neighbour's.",
                "c": "No bug is needed: the loss with itself really has its infimum 0 at w → ∞.",
            },
        ),
        Choice(
            "sign_of_w",
            "a",
            {
                "a": "Only w² enters the exponent: w and −w give the same weights.",
                "b": "The exponent holds w², so it is negative for both signs.",
                "c": "A negative w is squared away; nothing is mirrored.",
            },
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


def _moments(query: Tensor, keys: Tensor, values: Tensor, w: float, power: int = 2) -> tuple[Tensor, Tensor]:
    """Mean of y·d^power and product of the means of y and d^power, under the weights."""
    distance = query[:, None] - keys
    alpha = torch.softmax(-0.5 * (w * distance) ** 2, dim=1)
    return (alpha * distance**power) @ values, (alpha @ values) * (alpha * distance**power).sum(dim=1)


def _covariance(query: Tensor, keys: Tensor, values: Tensor, w: float, power: int = 2) -> Tensor:
    mean_product, product_of_means = _moments(query, keys, values, w, power)
    return mean_product - product_of_means


slope = Exercise(
    "slope",
    "Prove and check: the slope in w",
    (
        Function(
            "slope",
            "slope(query, keys, values, w) → ∂f/∂w at each query, shape (m,)",
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
            ),
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
    return attention_weights(x, x, width=1 / w, leave_one_out=True)


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
            ),
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
        # Wide enough that every point leaves something to the others: PRESS divides by it.
        yield attention_weights(x, x, width=3 / w), _tenths((len(x),), -3, 3, generator)


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
            ),
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
    with torch.no_grad():
        return LearnedKernelRegression(w)(query, keys, values)


def _with_default_scale(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    scores = -0.5 * (w * (query[:, None] - keys)) ** 2 + 0.5 * (w * query[:, None]) ** 2
    return torch.softmax(scores / math.sqrt(2), dim=1) @ values


def _without_key_square(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    return torch.softmax(w**2 * query[:, None] * keys, dim=1) @ values


dot_product = Exercise(
    "dot_product",
    "Implement: Gaussian attention as a dot product",
    (
        Function(
            "as_dot_product",
            "as_dot_product(query, keys, values, w) → predictions (m,), by F.scaled_dot_product_attention",
            _reference_prediction,
            _slope_cases,
            (
                Mistake(
                    "default scale",
                    _with_default_scale,
                    "All is there, but divided by √2: scaled_dot_product_attention does so unless scale=1 is given.",
                ),
                Mistake(
                    "x_i² forgotten",
                    _without_key_square,
                    "The key is only x_i. The term −½ w² x_i² depends on the key, so softmax does not drop it.",
                ),
                Mistake(
                    "w not squared",
                    lambda q, k, v, w: torch.softmax(w * (q[:, None] * k - 0.5 * k**2), dim=1) @ v,
                    "The dot product carries w where w² belongs.",
                ),
            ),
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


def _trained(seed: int, leave_one_out: bool) -> float:
    data = noisy_sine(seed=seed)
    path, _ = training_path(
        data.x, data.y, w=1.0, learning_rate=0.1, steps=300, optimiser="adam_log", leave_one_out=leave_one_out
    )
    return path[-1].item()


train = Exercise(
    "train",
    "Train: another draw",
    (
        Value(
            "w",
            _trained(seed=3, leave_one_out=True),
            (
                Mistake(
                    "with itself",
                    _trained(seed=3, leave_one_out=False),
                    "w ran away: each point saw itself. Use leave_one_out=True.",
                ),
                Mistake(
                    "first draw", _trained(seed=0, leave_one_out=True), "That is the w of seed 0. Draw with seed 3."
                ),
                Mistake("start value", 1.0, "That is the start value: has anything been trained?"),
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
