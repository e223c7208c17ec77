"""The exercises of lesson 3: attention with a learned parameter.

Right answers come from `visual_attention.regression` where it has them. Wrong ones are written out, so that a check can
name them.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from courseware.exercises import reading, time_limit, tools
from courseware.exercises.build import Case, Module
from courseware.exercises.common_mistakes import CommonMistake
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.report import Finding, State
from courseware.exercises.run import Run
from visual_attention.datasets import noisy_sine
from visual_attention.regression import prediction_slope, training_path

__all__ = ["ALL", "dot_product", "errata", "influence", "left_out", "loop", "module", "predictions", "slope", "train"]

Tensor = torch.Tensor

# A loop over numbers in lists is not seen by a check that counts what PyTorch is asked.
LISTS = tools.Tool("tolist", frozenset({"TensorBase.tolist"}))

# --------------------------------------------------------------------------------------------------
# Three misprints, evaluated literally: x_i = (0, 2, 3), y = (4, 2, −3), w = ⅓, the query 2.

KEYS = torch.tensor([0.0, 2.0, 3.0], dtype=torch.float64)
VALUES = torch.tensor([4.0, 2.0, -3.0], dtype=torch.float64)
W = 1 / 3
MORE = 10.0  # what is added to every value in `shifted`


def _kernel(w: float) -> Tensor:
    return torch.exp(-0.5 * ((2.0 - KEYS) * w) ** 2)


def _right_at(w: float) -> float:
    return float(_kernel(w) @ VALUES / _kernel(w).sum())


def _slides(values: Tensor) -> float:
    return float(_kernel(W) @ values / _kernel(1.0).sum())


SAME = "That is the right formula. Type the printed one in as it stands: where is w missing?"
WIDTH_ONE = Mistake("w ignored", _right_at(1.0), "That is the answer at w = 1: w has to stand in the exponent.")
NOT_DIVIDED = Mistake(
    "not divided", float(_kernel(W) @ VALUES), "That is the sum above the line alone. Divide by the sum below it."
)

errata = Exercise(
    "errata",
    "By hand: three misprints, taken literally",
    (
        Value(
            "right",
            _right_at(W),
            (
                WIDTH_ONE,
                Mistake("mean", 1.0, "1 is the plain mean, the answer at w = 0."),
                Mistake("w not squared", _right_at(math.sqrt(W)), "The distance is squared, w is not: ((x − x_i) w)²."),
                Mistake("w as σ", _right_at(1 / W), "Here w divides the distance, as σ does. w = 1/σ multiplies it."),
                Mistake("½ forgotten", _right_at(W * math.sqrt(2.0)), "The ½ in the exponent is missing."),
                NOT_DIVIDED,
                Mistake("slides", _slides(VALUES), "That is `slides`: its sum below the line has no w."),
                Mistake(
                    "own value", 2.0, "2 is the value at the query's own place. The other two points vote as well."
                ),
            ),
        ),
        Value(
            "slides",
            _slides(VALUES),
            (
                Mistake("normalised", _right_at(W), SAME),
                WIDTH_ONE,
                NOT_DIVIDED,
                Mistake(
                    "w not squared",
                    float(_kernel(math.sqrt(W)) @ VALUES / _kernel(1.0).sum()),
                    "The distance is squared above the line, w is not: ((x − x_i) w)².",
                ),
                Mistake(
                    "w below the line instead of above",
                    float(_kernel(1.0) @ VALUES / _kernel(W).sum()),
                    "Here w stands below the line only. `slides` has it above the line only.",
                ),
            ),
            remark="Its weights sum to 1.577: no average.",
        ),
        Value(
            "shifted",
            _slides(VALUES + MORE),
            (
                Mistake(
                    "ten more",
                    _slides(VALUES) + MORE,
                    "An average grows by 10 if all values do, for its weights sum to 1. These do not: by how much?",
                ),
                Mistake("normalised", _right_at(W) + MORE, SAME),
                Mistake("not shifted", _slides(VALUES), "That is `slides` with the old values."),
                Mistake(
                    "ten without its weights",
                    float((_kernel(W) @ VALUES + MORE) / _kernel(1.0).sum()),
                    "10 was added once above the line. Each of the three values grows by 10, and each has a weight.",
                ),
                Mistake(
                    "the growth",
                    MORE * float(_kernel(W).sum() / _kernel(1.0).sum()),
                    "By so much the result grows. The result itself is asked.",
                ),
            ),
            decimals=2,
            remark="It grew by more than 10: ten times the sum of the weights.",
        ),
        Value(
            "book",
            1.0,
            (
                Mistake(
                    "nearest", -3.0, "So the right formula would answer. In this one K_i stands below the line too."
                ),
                Mistake("K_i once", 3.0, "Below the line K_i is added once for each j: three times, not once."),
                Mistake("nothing", 0.0, "The kernels are small there, but each is divided by three times itself."),
                Mistake("one third", 1 / 3, "1/3 is a weight. Multiply each value by it, and add."),
            ),
            remark="Each weight is K/(3K), wherever you ask: even far away this is the plain mean.",
        ),
        Value(
            "same_as",
            math.sqrt(W),
            (
                Mistake("the same w", W, "Compare the two exponents: one has w, the other w². At ⅓ they differ."),
                Mistake(
                    "squared", W**2, "⅓² in the right formula would make the curve flatter still: the other way round."
                ),
                Mistake("one over the root", 1 / math.sqrt(W), "w² of the right formula has to equal ⅓."),
                Mistake("half", W / 2, "w² of the right formula has to equal ⅓: take a root, do not halve."),
            ),
            remark="It is an average, and a test of sums does not find it: only its width is another one.",
        ),
    ),
    hints=(
        "Compute the sum above the line once: `right` and `slides` share it.",
        "What do the weights of `slides` sum to? By that many times 10 the result grows. In `book` the index below the "
        "line does not move. For `same_as` compare the exponents only.",
        "Above the line at w = ⅓: `0.8007 * 4 + 1 * 2 + …`",
    ),
)

# --------------------------------------------------------------------------------------------------

predictions = Exercise(
    "predictions",
    "Predict: one step behind each trap",
    (
        Choice(
            "adam_at_zero",
            Question(
                "Adam's first step is about as long as the rate, however small the slope. Let it train $w$ itself, "
                "with leave-one-out, from $w = 0$. Then $w$",
                {
                    "moves by about the rate, up or down by chance": (
                        "Small is not zero. Adam divides the mean slope by its size plus a tiny number: 0 over "
                        "that is 0."
                    ),
                    "stays 0": (
                        "The slope is exactly 0 at w = 0, so Adam's mean slope is 0 and its step 0/(0 + ε) = 0. What "
                        "saved the lesson's starts was that they lay beside 0."
                    ),
                    "becomes nan, for Adam divides 0 by 0": (
                        "Adam adds a tiny ε below the line, for just this case: 0/ε is 0."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "same_place",
            Question(
                "Two of the points stand at the same $x$; their values are 1 and 3. All other places differ. "
                "Each point "
                r"is among its own keys, and the loss is $\frac12\sum_k (f(x_k) - y_k)^2$. As $w \to \infty$ it "
                r"goes to",
                {
                    "0": "Each of the two sees the other as closely as itself. Neither can copy its own value.",
                    "½": "Both predict 2. How far is that from 1, and from 3? And both errors count.",
                    "1": "Both predict the mean 2, and ½(1² + 1²) = 1. All other points copy themselves.",
                    "2": "½(1² + 1²): the ½ of the loss.",
                },
                right="c",
            ),
        ),
        Choice(
            "left_out_limit",
            Question(
                r"With leave-one-out, as $w \to \infty$, each point predicts",
                {
                    "its own value, so that the loss goes to 0": (
                        "Its own score is −∞, whatever w is: it never sees itself."
                    ),
                    "the mean of the others": "That is the other end, w = 0: all scores alike.",
                    "the value of its nearest other point, so that the loss stays finite": (
                        "The nearest of the others takes the whole weight. That is noisy, but it does not run "
                        "away: there "
                        "is nothing to gain from a w without end."
                    ),
                    "nothing: 0/0": "The softmax shifts the scores: the nearest of the others gets weight 1.",
                },
                right="c",
            ),
        ),
        Choice(
            "averaged",
            Question(
                "Two runs end at $w = 4.1$ and $w = -4.1$. To be safe, somebody averages the two *parameters*. The new "
                "model predicts",
                {
                    "what both predict": "Averaging what they predict would. The average of the parameters is "
                    "another w.",
                    "the plain mean of all values, wherever one asks": (
                        "(4.1 − 4.1)/2 = 0, and at w = 0 all weights are equal: two copies of one good model "
                        "give a bad "
                        "one."
                    ),
                    "the mirror image": "Only w² enters. But what is the mean of 4.1 and −4.1?",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "Put the extreme w into the softmax and ask who gets the weight.",
        "At w = 0 every slope is exactly 0, and all weights are equal. For w without end the nearest key takes "
        "all; two "
        "keys that are equally near share it.",
        "`same_place`: each of the two predicts …",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    drawn = low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)
    return (drawn * 10).round() / 10


def _numbers(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def _points_and_folds(generator: torch.Generator) -> Iterable[tuple]:
    for n, folds in ((4, 2), (5, 3), (6, 2), (12, 4)):
        # Different points: where two coincide, several wrong rules happen to agree.
        points = torch.randperm(50, generator=generator)[:n].double() / 10
        fold = torch.arange(n) % folds
        yield points, round(_tenths((), 0.6, 1.8, generator).item(), 1), fold[torch.randperm(n, generator=generator)]


def _odd_folds() -> Iterable[tuple[str, tuple]]:
    x, fold = _numbers(0.0, 1.0, 3.0, 4.5), torch.tensor([0, 1, 0, 1])
    yield "every point a fold of its own", (x, 1.2, torch.tensor([2, 0, 1, 3]))
    yield "two points at the same place, in different folds", (_numbers(1.0, 1.0, 2.0, 0.3), 1.2, fold)
    yield "all points at the same place", (_numbers(2.0, 2.0, 2.0), 0.7, torch.tensor([0, 1, 1]))
    yield "a point far away from all other folds", (_numbers(0.0, 200.0, 0.5, 1.0), 1.0, torch.tensor([0, 1, 0, 2]))
    yield "w is 0", (x, 0.0, fold)
    yield "w is negative", (x, -0.8, fold)
    yield "folds of unequal size, with numbers far apart", (x, 0.9, torch.tensor([7, 7, -3, 7]))
    yield "a large w", (_numbers(0.0, 0.1, 0.25, 0.3), 30.0, fold)
    yield "all points in one fold, so that nobody is left", (x[:3], 1.1, torch.tensor([5, 5, 5]))


def _scores(x: Tensor, w: float) -> Tensor:
    return -0.5 * ((x[:, None] - x) * w) ** 2


def _hidden(fold: Tensor) -> Tensor:
    return fold[:, None] == fold


def _shared_out(scores: Tensor, hidden: Tensor, dim: int = 1) -> Tensor:
    """The softmax of what is not hidden; zeros where nothing is left."""
    nobody = hidden.all(dim=dim, keepdim=True)
    return torch.softmax(scores.masked_fill(hidden, -math.inf), dim=dim).masked_fill(nobody, 0.0)


def _without_its_fold(x: Tensor, w: float, fold: Tensor) -> Tensor:
    return _shared_out(_scores(x, w), _hidden(fold))


def _kernel_without_its_fold(x: Tensor, w: float, fold: Tensor) -> Tensor:
    kernel = _scores(x, w).exp().masked_fill(_hidden(fold), 0)
    return kernel / kernel.sum(dim=1, keepdim=True)


def _of_scores(name: str, scores: Callable[[Tensor, float], Tensor], feedback: str) -> tuple[Mistake, Mistake]:
    """A mistake in the scores, for those who mend the row that has no keys and for those who leave nan there."""
    return (
        Mistake(name, lambda x, w, fold: _shared_out(scores(x, w), _hidden(fold)), feedback),
        Mistake(
            f"{name}, and nan",
            lambda x, w, fold: scores(x, w).masked_fill(_hidden(fold), -math.inf).softmax(dim=1),
            feedback,
        ),
    )


def _divided_by(x: Tensor, w: float) -> Tensor:
    """Scores with w as σ, and x/0 where w is 0."""
    return -0.5 * ((x[:, None] - x) / torch.tensor(w, dtype=x.dtype)) ** 2


def _left_as_nan(x: Tensor, w: float, fold: Tensor) -> Tensor:
    return torch.softmax(_divided_by(x, w).masked_fill(_hidden(fold), -math.inf), dim=1)


W_AS_WIDTH = "The distance is divided by w, as by σ. w = 1/σ multiplies it."
W_NOT_SQUARED = "The distance is squared, w is not: the score is −½ (w d)²."

left_out = Exercise(
    "left_out",
    "Implement: leave a fold out, inside the softmax",
    (
        Function(
            "left_out_weights",
            "left_out_weights(x, w, fold) → (n, n): nobody looks at its own fold, rows sum to 1 (or are all 0)",
            _without_its_fold,
            _points_and_folds,
            (
                Mistake(
                    "zero after the softmax",
                    lambda x, w, fold: torch.softmax(_scores(x, w), dim=1).masked_fill(_hidden(fold), 0),
                    "The own fold was set to 0 after the softmax, so the rows no longer sum to 1. Hide it before.",
                ),
                Mistake(
                    "only the point itself",
                    lambda x, w, fold: _shared_out(_scores(x, w), torch.eye(len(x), dtype=torch.bool)),
                    "Only the point itself is hidden, as in the lesson. Here everybody of its fold is.",
                ),
                Mistake(
                    "the other folds hidden",
                    lambda x, w, fold: _shared_out(_scores(x, w), ~_hidden(fold)),
                    "The other folds are hidden, and the own one is seen: turn the mask round.",
                ),
                Mistake(
                    "nobody hidden",
                    lambda x, w, fold: torch.softmax(_scores(x, w), dim=1),
                    "Each point still looks at everybody. Where does `fold` enter?",
                ),
                Mistake(
                    "nobody left",
                    lambda x, w, fold: _scores(x, w).masked_fill(_hidden(fold), -math.inf).softmax(dim=1),
                    "Where a fold holds all points, nobody is left, and a softmax of −∞ alone is nan. That row "
                    "is to be "
                    "0.",
                ),
                Mistake(
                    "nobody left: even shares",
                    lambda x, w, fold: _scores(x, w).masked_fill(_hidden(fold), -1e12).softmax(dim=1),
                    "Where a fold holds all points, their finite scores share out the row among those that should be "
                    "hidden. That row is to be 0.",
                ),
                Mistake(
                    "score −1",
                    lambda x, w, fold: torch.softmax(_scores(x, w).masked_fill(_hidden(fold), -1), dim=1),
                    "exp(−1) is 0.37, not 0: the own fold still has a vote. Its scores must be −∞.",
                ),
                Mistake(
                    "score 0",
                    lambda x, w, fold: torch.softmax(_scores(x, w).masked_fill(_hidden(fold), 0), dim=1),
                    "A score of 0 is the largest that there is here: exp(0) is 1. Hidden means −∞.",
                ),
                Mistake(
                    "a finite score",
                    lambda x, w, fold: torch.softmax(_scores(x, w).masked_fill(_hidden(fold), -50.0), dim=1),
                    "The own fold's scores are low but finite. For a point far from all other folds the others' scores "
                    "are lower still, and it looks at its own again: −∞, nothing less.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda x, w, fold: _shared_out(_scores(x, w), _hidden(fold), dim=0),
                    "The columns sum to 1. The softmax runs over the keys: dim 1.",
                ),
                Mistake(
                    "0/0 for a lonely point",
                    _kernel_without_its_fold,
                    "For a point far from all others this is 0/0 = nan: their kernel values underflow. Hide the fold "
                    "before a softmax instead.",
                ),
                Mistake(
                    "0/0 mended",
                    lambda x, w, fold: _kernel_without_its_fold(x, w, fold).nan_to_num(0.0),
                    "For a point far from all others this is 0/0, and you made it 0. Its row still has to sum to 1: "
                    "there are others, only far away. Hide the fold before a softmax instead.",
                ),
                Mistake(
                    "not normalised",
                    lambda x, w, fold: _scores(x, w).exp().masked_fill(_hidden(fold), 0),
                    "These are kernel values: each row still has to sum to 1.",
                ),
                *_of_scores("w not squared", lambda x, w: -0.5 * abs(w) * (x[:, None] - x) ** 2, W_NOT_SQUARED),
                *_of_scores(
                    "w not squared, with its sign", lambda x, w: -0.5 * w * (x[:, None] - x) ** 2, W_NOT_SQUARED
                ),
                *_of_scores("w as σ", lambda x, w: -0.5 * ((x[:, None] - x) / (w or math.inf)) ** 2, W_AS_WIDTH),
                # Where w is 0 these divide by it, and what is left there depends on how the empty row is mended.
                *_of_scores("w as σ, divided by 0", _divided_by, W_AS_WIDTH),
                Mistake(
                    "w as σ, hidden once more",
                    lambda x, w, fold: _left_as_nan(x, w, fold).masked_fill(_hidden(fold), 0.0),
                    W_AS_WIDTH,
                ),
                Mistake("w as σ, nan replaced by 0", lambda *case: _left_as_nan(*case).nan_to_num(0.0), W_AS_WIDTH),
                *_of_scores("½ forgotten", lambda x, w: 2 * _scores(x, w), "The ½ in the score −½ (w d)² is missing."),
                *_of_scores(
                    "w ignored", lambda x, w: _scores(x, 1.0), "This is the answer for w = 1. Where does w enter?"
                ),
                *_of_scores(
                    "distance not squared",
                    lambda x, w: -0.5 * (w * (x[:, None] - x)).abs(),
                    "The score holds the distance, not its square.",
                ),
            ),
            edge_cases=_odd_folds,
        ),
    ),
    hints=(
        "In the lesson a table of True and False said who is hidden. Which table is it now?",
        "Two points are hidden from each other where their folds are equal: compare `fold` as a column with "
        "`fold` as a "
        "row. Hide before the softmax. A row in which all is hidden becomes nan, and has to be mended afterwards.",
        "`hidden = fold[:, None] == …`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _slope_cases(generator: torch.Generator) -> Iterable[tuple]:
    """w in eighths, which float32 holds exactly: twelve digits are compared, to tell differences from the formula."""
    for m, n in ((1, 3), (2, 4), (3, 3), (20, 15)):
        w = torch.randint(3, 14, (), generator=generator).item() / 8
        yield (
            _tenths((m,), 0, 5, generator),
            _tenths((n,), 0, 5, generator),
            _tenths((n,), -3, 3, generator),
            w if w != 1 else 1.25,  # at w = 1 a forgotten factor w would not show
        )


def _odd_regressions() -> Iterable[tuple[str, tuple]]:
    query, keys, values = _numbers(1.0, 2.2, 3.0), _numbers(0.5, 3.0, 1.2, 2.1), _numbers(1.0, -2.0, 0.5, 3.0)
    yield "w is negative", (query, keys, values, -0.75)
    yield "w is 0", (query, keys, values, 0.0)
    yield "one key only", (query, keys[:1], values[:1], 1.25)
    yield "two equal keys", (query, _numbers(1.0, 2.5, 1.0), values[:3], 0.75)
    yield "equal values", (query, keys, torch.full_like(values, 1.5), 1.25)
    yield "negative places", (-query, _numbers(-3.0, 0.5, -1.0, -2.2), values, 0.625)
    yield "a query far from all keys", (_numbers(1.0, 80.0), keys, values, 1.5)
    yield "as many queries as keys", (query, keys[:3], values[:3], 0.875)


def _moments(alpha: Tensor, distance: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of y·d and the product of the means of y and d, under the weights."""
    return (alpha * distance) @ values, (alpha @ values) * (alpha * distance).sum(dim=1)


def _covariance(query: Tensor, keys: Tensor, values: Tensor, factor: float, power: int = 1, dim: int = 1) -> Tensor:
    """The covariance of y and d^power, d = query − key, under the weights softmax(factor · d²)."""
    distance = query[:, None] - keys
    alpha = torch.softmax(factor * distance**2, dim=dim)
    mean_product, product_of_means = _moments(alpha, distance**power, values)
    return mean_product - product_of_means


def _steepness(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    return -(w**2) * _covariance(query, keys, values, -0.5 * w**2)


def _steepness_by_kernel(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
    distance = query[:, None] - keys
    kernel = torch.exp(-0.5 * w**2 * distance**2)
    mean_product, product_of_means = _moments(kernel / kernel.sum(dim=1, keepdim=True), distance, values)
    return -(w**2) * (mean_product - product_of_means)


def _by_differences(step: float) -> Mistake:
    def difference(query: Tensor, keys: Tensor, values: Tensor, w: float) -> Tensor:
        above, below = (
            torch.softmax(-0.5 * (w * (place[:, None] - keys)) ** 2, dim=1) @ values
            for place in (query + step, query - step)
        )
        return (above - below) / (2 * step)

    return Mistake(
        f"differences over {step:g}",
        difference,
        "This is the quotient of two small differences, near the slope and not equal to it. The formula is asked.",
    )


class _Exact(Function):
    """A function whose results are compared to twelve digits, so that an approximation is seen."""

    def _common_mistake(self, runs: list[Run], expected: list[Tensor], shown: int) -> CommonMistake | None:
        results = [run.result for run in runs if isinstance(run.result, Tensor) and not run.changed]
        if len(results) == len(expected) and all(
            result.dtype == torch.float64
            and result.shape == right.shape
            and torch.allclose(result, right, rtol=1e-2, atol=1e-2)
            for result, right in zip(results, expected, strict=True)
        ):
            return CommonMistake(
                "an approximation",
                "It is near, on every input, and twelve digits are asked. Are these quotients of small differences, or "
                "was float32 used on the way? The formula is asked, in float64.",
            )
        return super()._common_mistake(runs, expected, shown)


slope = Exercise(
    "slope",
    "Derive and implement: how steep is the curve?",
    (
        _Exact(
            "slope",
            "slope(query, keys, values, w) → ∂f/∂x at each query, shape (m,), by a formula, without autograd",
            _steepness,
            _slope_cases,
            (
                Mistake(
                    "with respect to w",
                    prediction_slope,
                    "That is the lesson's ∂f/∂w, how the curve moves when w does. Here w stays, and the query moves.",
                ),
                Mistake(
                    "sign",
                    lambda q, k, v, w: -_steepness(q, k, v, w),
                    "The sign is wrong: the exponent is −½ w² (x − x_i)², its derivative in x is −w² (x − x_i).",
                ),
                Mistake(
                    "w once",
                    lambda q, k, v, w: -w * _covariance(q, k, v, -0.5 * w**2),
                    "w stands once in your factor. The derivative of −½ w² d² with respect to x is −w² d: w twice.",
                ),
                Mistake(
                    "w² forgotten",
                    lambda q, k, v, w: -_covariance(q, k, v, -0.5 * w**2),
                    "The inner derivative gives the factor w², which is missing.",
                ),
                Mistake(
                    "covariance alone",
                    lambda q, k, v, w: _covariance(q, k, v, -0.5 * w**2),
                    "This is Cov(y, d). The inner derivative gives a factor, −w².",
                ),
                Mistake(
                    "half",
                    lambda q, k, v, w: 0.5 * _steepness(q, k, v, w),
                    "Half of it: the derivative of d² is 2d, and the 2 takes away the ½.",
                ),
                Mistake(
                    "twice",
                    lambda q, k, v, w: 2 * _steepness(q, k, v, w),
                    "Twice of it: the exponent has a ½ in front of w² d².",
                ),
                Mistake(
                    "product of means forgotten",
                    lambda q, k, v, w: (
                        -(w**2) * _moments(torch.softmax(-0.5 * w**2 * (q[:, None] - k) ** 2, 1), q[:, None] - k, v)[0]
                    ),
                    "This is −w² times the mean of y d. The weights below the line move as well: the softmax's "
                    "derivative subtracts the product of the means.",
                ),
                Mistake(
                    "distance squared",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, -0.5 * w**2, power=2),
                    "The covariance is taken with d². One power is lost when d² is differentiated.",
                ),
                Mistake(
                    "distance without its sign",
                    lambda q, k, v, w: (
                        -(w**2)
                        * (lambda alpha, d: (alpha * d) @ v - (alpha @ v) * (alpha * d).sum(dim=1))(
                            torch.softmax(-0.5 * w**2 * (q[:, None] - k) ** 2, 1), (q[:, None] - k).abs()
                        )
                    ),
                    "The covariance is taken with |d|. A key on the left pulls the other way than one on the right.",
                ),
                Mistake(
                    "w not squared in the weights",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, -0.5 * abs(w)),
                    "The exponent of the weights holds w where w² belongs.",
                ),
                Mistake(
                    "½ forgotten in the weights",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, -(w**2)),
                    "The ½ in the exponent of the weights is missing.",
                ),
                Mistake(
                    "w left out of the weights",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, -0.5),
                    "The weights are those of w = 1: w belongs into their exponent too.",
                ),
                Mistake(
                    "plain covariance",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, 0.0),
                    "The covariance is taken with weights 1/n. The attention weights at w are meant.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda q, k, v, w: -(w**2) * _covariance(q, k, v, -0.5 * w**2, dim=0),
                    "The softmax runs over dim 0, the queries. Each query weighs the keys: dim 1.",
                ),
                Mistake(
                    "summed over the queries",
                    lambda q, k, v, w: _steepness(q, k, v, w).sum(),
                    "This is the sum over the queries: one slope for each query is asked.",
                ),
                Mistake(
                    "exponents not shifted",
                    _steepness_by_kernel,
                    "For a query far from all keys every kernel value is 0, and 0/0 = nan. Take the weights from "
                    "torch.softmax.",
                ),
                *map(_by_differences, (1e-2, 1e-3, 1e-4, 1e-5)),
            ),
            rtol=1e-12,
            atol=1e-12,
            edge_cases=_odd_regressions,
            forbidden=(tools.AUTOGRAD,),
        ),
    ),
    hints=(
        "Follow the lesson's two lines, with x in the place of w: what is the derivative of a score?",
        "The score −½ w² d² has the derivative −w² d in x. From it the softmax subtracts its weighted mean, so that a "
        "factor times a covariance is left: of which two things?",
        "Give the distances with their sign, (m, n), a name, you need them three times: `d = …`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _in_space(generator: torch.Generator) -> Iterable[tuple]:
    for m, n, d in ((1, 3, 2), (2, 4, 3), (3, 3, 2), (9, 7, 4)):
        yield (
            _tenths((m, d), -2, 2, generator),
            _tenths((n, d), -2, 2, generator),
            _tenths((n,), -3, 3, generator),
            # Each key with a w of its own, none of them 1, where a forgotten square would not show.
            0.35 + 0.2 * torch.randperm(n + 2, generator=generator)[:n].double(),
        )


def _odd_in_space() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    query, keys, values = (_tenths(size, -2, 2, generator) for size in ((3, 2), (4, 2), (4,)))
    w = _numbers(0.7, 1.2, 0.4, 0.9)
    yield "a w that is negative", (query, keys, values, _numbers(-0.8, 0.6, 1.1, -0.3))
    yield "a key with w = 0, which is as near to everybody", (query, keys, values, _numbers(0.0, 1.3, 0.6, 0.8))
    yield "all w equal 0", (query, keys, values, 0 * w)
    yield "one feature only", (query[:, :1], keys[:, :1], values, w)
    yield "one key only", (query, keys[:1], values[:1], w[:1])
    yield "two equal keys, with unequal w", (query, keys[[0, 1, 1]], values[:3], w[:3])
    yield "a query far from all keys", (query * 40, keys, values, w)
    yield "as many queries as keys as features", (query[:2], keys[:2], values[:2], _numbers(0.5, 1.5))


def _dotted(query: Tensor, keys: Tensor, values: Tensor, w: Tensor) -> Tensor:
    """Gaussian attention with a w for each key, with the tool that the exercise asks for."""
    squares = query.square().sum(dim=1, keepdim=True)
    q = torch.cat([query, squares, torch.ones_like(squares)], dim=1)
    factor = w.square()[:, None]
    k = torch.cat([factor * keys, -0.5 * factor, -0.5 * factor * keys.square().sum(dim=1, keepdim=True)], dim=1)
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1.0)[0, :, 0]


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
    arguments = (
        _numbers(0.5, 2.0, -1.0, 0.4).reshape(2, 2),
        _numbers(0.0, 1.0, 3.0, 0.5, -1.0, 2.0).reshape(3, 2),
        _numbers(1.0, 2.0, 6.0),
        _numbers(1.2, 0.5, 0.8),
    )
    right = 2 * _dotted(*arguments)

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


def _as_softmax(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    product: Tensor,
    of_key: Tensor,
    of_query: Tensor,
    scale: float = 1.0,
) -> Tensor:
    """Predictions from the scores (product x·k + of_key ‖k‖² + of_query ‖x‖²) · scale, each factor one for each key."""
    key_squares, query_squares = keys.square().sum(dim=1), query.square().sum(dim=1)[:, None]
    scores = product * (query @ keys.T) + of_key * key_squares + of_query * query_squares
    return torch.softmax(scores * scale, dim=1) @ values


def _with_factor(change: Callable[[Tensor], Tensor], scale: Callable[[int], float] = lambda d: 1.0) -> Callable:
    """The right scores, but for what stands for w²: `change` of w; and a scale that depends on d."""

    def predicted(query: Tensor, keys: Tensor, values: Tensor, w: Tensor) -> Tensor:
        f = change(w)
        return _as_softmax(query, keys, values, f, -0.5 * f, -0.5 * f, scale(query.shape[1]))

    return predicted


def _inverse(w: Tensor) -> Tensor:
    return torch.where(w == 0, 0.0, 1 / w)


dot_product = Exercise(
    "dot_product",
    "Implement: a width for each key, as a dot product",
    (
        _ByTheTool(
            "as_dot_product",
            "as_dot_product(query, keys, values, w) → (m,) or (1, m, 1) predictions, by F.scaled_dot_product_attention",
            _dotted,
            _in_space,
            (
                Mistake(
                    "as in the lesson",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -0.5 * w**2, 0 * w),
                    "−½ w² ‖x‖² was dropped, as in the lesson. There one w stood for all keys. Here it differs from "
                    "key to key, and a softmax drops only what all keys share.",
                ),
                Mistake(
                    "default scale",
                    _with_factor(torch.square, lambda d: 1 / math.sqrt(d + 2)),
                    "All is there, but divided by √(d + 2): the tool divides by the root of the number of features "
                    "that it sees, unless scale=1 is given.",
                ),
                Mistake(
                    "squares of the keys forgotten",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, 0 * w, -0.5 * w**2),
                    "The term −½ w² ‖k‖² is missing. It depends on the key, so softmax does not drop it.",
                ),
                Mistake(
                    "products alone",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, 0 * w, 0 * w),
                    "Only w² x · k is there. Expand the square: two more terms depend on the key.",
                ),
                Mistake("w not squared", _with_factor(torch.abs), "The dot product carries w where w² belongs."),
                Mistake(
                    "w not squared, with its sign",
                    _with_factor(lambda w: w),
                    "The dot product carries w where w² belongs.",
                ),
                Mistake(
                    "w to the fourth",
                    _with_factor(lambda w: w**4),
                    "The dot product carries w⁴: w² stands there twice. Once is enough.",
                ),
                Mistake(
                    "w as σ",
                    _with_factor(lambda w: _inverse(w) ** 2),
                    "The dot product is divided by w², as by σ². w = 1/σ multiplies.",
                ),
                Mistake(
                    "w ignored",
                    _with_factor(torch.ones_like),
                    "This is the answer where every w is 1. Where does w enter?",
                ),
                Mistake(
                    "w in the product only",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -0.5 * torch.ones_like(w), -0.5 * torch.ones_like(w)),
                    "w² stands with the products x · k only. It belongs to all three terms.",
                ),
                Mistake(
                    "½ forgotten",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, -(w**2), -(w**2)),
                    "Expand −½ w² ‖x − k‖² again: x · k has the factor w², the two squares only half of it.",
                ),
                Mistake(
                    "½ in the product, too",
                    lambda q, k, v, w: _as_softmax(q, k, v, 0.5 * w**2, -0.5 * w**2, -0.5 * w**2),
                    "Expand −½ w² ‖x − k‖² again: x · k comes twice, so that its factor is w², not half of it.",
                ),
                Mistake(
                    "sign of the squares",
                    lambda q, k, v, w: _as_softmax(q, k, v, w**2, 0.5 * w**2, 0.5 * w**2),
                    "The sign of the two squares is wrong: −½ w² ‖k‖² and −½ w² ‖x‖².",
                ),
                Mistake(
                    "one width for all",
                    _with_factor(lambda w: w.mean() ** 2 + 0 * w),
                    "The mean of w stands for all keys here. Each key has its own.",
                ),
                Mistake(
                    "squared after the sum",
                    lambda q, k, v, w: (
                        torch.softmax(
                            w**2 * (q @ k.T - 0.5 * k.sum(dim=1) ** 2 - 0.5 * q.sum(dim=1, keepdim=True) ** 2), dim=1
                        )
                        @ v
                    ),
                    "(Σ k)² stands where Σ k² belongs: first square, then sum over the features.",
                ),
                Mistake(
                    "scale turned round",
                    _with_factor(torch.square, lambda d: math.sqrt(d + 2)),
                    "All is there, but multiplied by √(d + 2). With scale=1 the tool leaves the dot product as it is.",
                ),
            ),
            edge_cases=_odd_in_space,
            forbidden=(OWN_SOFTMAX,),
            required=(tools.SDPA,),
            squeeze=True,
        ),
    ),
    hints=(
        "Expand −½ w² ‖x − k‖². The lesson lets one of the three terms go: may it go here, where w belongs to the key?",
        "Each term is a number of the query times a number of the key: d of them from x · k, then ‖x‖² times "
        "something, then 1 times something. And the tool divides by a root, unless it is told not to.",
        "`q = torch.cat([query, squares, …], dim=1)`, of shape (m, d + 2).",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 1: a module with one parameter.


class _Smoother(nn.Module):
    """`LearnedKernelRegression`, written as short as a student would; a subclass is a wrong one."""

    def __init__(self, w: float = 1.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(float(w)))

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        hidden = torch.eye(len(query), len(keys), dtype=torch.bool) & leave_one_out
        return self.shares(self.scores(query, keys).masked_fill(hidden, -math.inf)) @ values

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return -0.5 * (self.w * (query[:, None] - keys)) ** 2

    def shares(self, scores: Tensor) -> Tensor:
        return torch.softmax(scores, dim=1)


class _WithItself(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        return super().forward(query, keys, values)


class _AlwaysHidden(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        return super().forward(query, keys, values, leave_one_out=True)


class _HiddenAfterwards(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        hidden = torch.eye(len(query), len(keys), dtype=torch.bool) & leave_one_out
        return self.shares(self.scores(query, keys)).masked_fill(hidden, 0) @ values


class _DividedAgain(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        hidden = torch.eye(len(query), len(keys), dtype=torch.bool) & leave_one_out
        rest = self.shares(self.scores(query, keys)).masked_fill(hidden, 0)
        return rest / rest.sum(dim=1, keepdim=True) @ values


class _EqualPlacesHidden(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        hidden = (query[:, None] == keys) & leave_one_out
        return self.shares(self.scores(query, keys).masked_fill(hidden, -math.inf)) @ values


class _HiddenByAScore(_Smoother):
    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        hidden = torch.eye(len(query), len(keys), dtype=torch.bool) & leave_one_out
        return self.shares(self.scores(query, keys).masked_fill(hidden, -50.0)) @ values


class _OverTheQueries(_Smoother):
    def shares(self, scores: Tensor) -> Tensor:
        return torch.softmax(scores, dim=0)


class _OneSoftmax(_Smoother):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.flatten().softmax(dim=0).view_as(scores)


class _NotNormalised(_Smoother):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.exp()


class _KernelOverItsSum(_Smoother):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.exp() / scores.exp().sum(dim=1, keepdim=True)


class _NotSquared(_Smoother):
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return -0.5 * self.w * (query[:, None] - keys) ** 2


class _AsWidth(_Smoother):
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return -0.5 * ((query[:, None] - keys) / self.w) ** 2


class _NoHalf(_Smoother):
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return 2 * super().scores(query, keys)


class _FarPreferred(_Smoother):
    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return -super().scores(query, keys)


class _StartOnly(_Smoother):
    """The parameter is there, and what it was made with is used."""

    def __init__(self, w: float = 1.0):
        super().__init__(w)
        self.start = float(w)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return -0.5 * (self.start * (query[:, None] - keys)) ** 2


def _with_a_parameter(generator: torch.Generator) -> Iterable[Case]:
    for m, n, w in ((2, 3, 1.5), (5, 8, 0.7)):
        query, keys = 5 * torch.rand(m, generator=generator), 5 * torch.rand(n, generator=generator)
        yield Case((query, keys, torch.randn(n, generator=generator)), (w,))
    x = torch.randperm(50, generator=generator)[:6].double() / 10
    yield Case((x, x.clone(), torch.randn(6, generator=generator), True), (1.2,))


def _odd_parameters() -> Iterable[tuple[str, Case]]:
    x, y = _numbers(0.5, 3.0, 1.2, 2.1), _numbers(1.0, -2.0, 0.5, 3.0)
    yield "made without a start: w is 1", Case((x[:2], x, y))
    yield "two points at the same place, left out", Case((x[[0, 0, 2]], x[[0, 0, 2]], y[:3], True), (0.9,))
    alone = _numbers(0.0, 100.0, 100.5, 101.0)
    yield "a point far from all others, left out", Case((alone, alone.clone(), y, True), (1.3,))
    yield "a query far from all keys", Case((_numbers(1.0, 80.0), x, y), (1.4,))
    yield "as many queries as keys, and nobody left out", Case((x + 0.1, x, y), (-0.8,))
    yield "two points only, left out", Case((x[:2], x[:2], y[:2], True), (0.6,))


def _another_w(name: str, value: Tensor, generator: torch.Generator) -> Tensor:
    """Another w: of either sign, and not near 0 or 1, where a forgotten w or square would not show."""
    size = 0.4 + 0.4 * torch.rand((), generator=generator, dtype=torch.float64)
    return size if torch.rand((), generator=generator) < 0.5 else -size


module = Exercise(
    "module",
    "Build, step 1: a module with one parameter",
    (
        Module(
            "Smoother",
            "Smoother(w=1.0) → a module: forward(query, keys, values, leave_one_out=False) → predictions, shape (m,)",
            _Smoother,
            _with_a_parameter,
            (
                Mistake(
                    "with itself",
                    _WithItself,
                    "leave_one_out=True changes nothing: query i still sees key i. Where the lesson put −∞, put "
                    "it too.",
                ),
                Mistake(
                    "always hidden",
                    _AlwaysHidden,
                    "The diagonal is hidden always, also where queries are no keys: only with leave_one_out=True.",
                ),
                Mistake(
                    "hidden after the softmax",
                    _HiddenAfterwards,
                    "The own weight was set to 0 after the softmax, so the rows no longer sum to 1. Hide it before.",
                ),
                Mistake(
                    "divided again after the softmax",
                    _DividedAgain,
                    "The own weight is taken out after the softmax, and the rest divided again. A point far from all "
                    "others had all the weight, the rest is 0, and 0/0 = nan: hide it before.",
                ),
                Mistake(
                    "equal places hidden too",
                    _EqualPlacesHidden,
                    "Points at an equal place are hidden too. Only the point itself is left out, on the diagonal.",
                ),
                Mistake(
                    "hidden by a finite score",
                    _HiddenByAScore,
                    "The own score is low but finite. For a point far from all others the others' scores are lower "
                    "still, and it looks at itself again: −∞, nothing less.",
                ),
                Mistake(
                    "softmax over the queries",
                    _OverTheQueries,
                    "The softmax runs over the queries, dim 0. Each query shares its weight out among the keys: dim 1.",
                ),
                Mistake(
                    "one softmax for the table",
                    _OneSoftmax,
                    "The whole table of weights sums to 1. Each row is to.",
                ),
                Mistake(
                    "not normalised", _NotNormalised, "The weights are bare kernel values: each row has to sum to 1."
                ),
                Mistake(
                    "kernel over its sum",
                    _KernelOverItsSum,
                    "For a query far from all keys every kernel value is 0, and 0/0 = nan. Take the weights from "
                    "torch.softmax.",
                ),
                Mistake(
                    "w not squared",
                    _NotSquared,
                    "The distance is squared, w is not: the score is −½ (w d)². For a negative w far keys win here.",
                ),
                Mistake("w as σ", _AsWidth, "The distance is divided by w, as by σ. w = 1/σ multiplies it."),
                Mistake("½ forgotten", _NoHalf, "The ½ in the score −½ (w d)² is missing."),
                Mistake("far keys preferred", _FarPreferred, "The sign of the score is wrong: far keys win."),
                Mistake(
                    "start instead of the parameter",
                    _StartOnly,
                    "self.w is there, and forward computes with the start value instead: training would change "
                    "nothing. "
                    "Use self.w.",
                ),
            ),
            given=("w",),
            not_from=("visual_attention.regression",),
            edge_cases=_odd_parameters,
            draw=_another_w,
            seconds=20.0,
        ),
    ),
    hints=(
        "What must a tensor be wrapped into, for an optimiser to find it in `model.parameters()`?",
        "In the constructor let nn.Module set itself up first, then make w a nn.Parameter of shape (). In "
        "forward: scores, "
        "the mask if it is asked for, a softmax over the keys, and the values.",
        "`self.w = nn.Parameter(torch.tensor(…))`",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 2: the training loop.


def _trainings(generator: torch.Generator) -> Iterable[tuple]:
    for n, rate, steps in ((4, 0.03, 2), (6, 0.02, 3), (9, 0.01, 6), (12, 0.01, 4)):
        x = torch.randperm(50, generator=generator)[:n].double() / 10
        yield x, _tenths((n,), -2, 2, generator), round(_tenths((), 0.5, 1.5, generator).item(), 1), rate, steps


def _odd_trainings() -> Iterable[tuple[str, tuple]]:
    x, y = _numbers(0.0, 1.0, 1.5, 3.0, 4.0), _numbers(0.5, 1.0, 2.0, -1.0, 0.0)
    yield "a start at w = 0, where nothing moves", (x, y, 0.0, 0.1, 3)
    yield "a negative start", (x, y, -0.8, 0.05, 3)
    yield "one step only", (x, y, 1.2, 0.05, 1)
    yield "equal values: the loss is 0", (x, torch.full_like(y, 1.5), 1.0, 0.1, 2)
    yield "two points at the same place", (_numbers(1.0, 1.0, 2.5), y[:3], 0.9, 0.05, 3)
    yield "two points only: each sees only the other", (x[:2], y[:2], 1.1, 0.1, 2)


def _path(x: Tensor, y: Tensor, w: float, learning_rate: float, steps: int, **how: Any) -> Tensor:
    return training_path(x, y, w=w, learning_rate=learning_rate, steps=steps, **how)[0]


def _by_hand(
    x: Tensor,
    y: Tensor,
    w: float,
    learning_rate: float,
    steps: int,
    *,
    optimiser: type[torch.optim.Optimizer] = torch.optim.SGD,
    clears: bool = True,
) -> Tensor:
    """The same loop with another optimiser, or with slopes that add up from step to step."""
    own = torch.eye(len(x), dtype=torch.bool)
    parameter = torch.tensor(w, dtype=x.dtype, requires_grad=True)
    # The types of `Optimizer` name no learning rate; each optimiser has one.
    step, path = optimiser([parameter], lr=learning_rate), [w]  # type: ignore[call-arg]
    for _ in range(steps):
        if clears:
            step.zero_grad()
        scores = -0.5 * ((x[:, None] - x) * parameter) ** 2
        f = torch.softmax(scores.masked_fill(own, -math.inf), dim=1) @ y
        (0.5 * (f - y).square().sum()).backward()
        step.step()
        path.append(parameter.item())
    return torch.tensor(path, dtype=x.dtype)


class _Uphill(torch.optim.SGD):
    """Steps along the slope."""

    def __init__(self, parameters: Any, lr: float):
        super().__init__(parameters, lr=lr, maximize=True)


def _flat(x: Tensor, y: Tensor, w: float, learning_rate: float, steps: int) -> Tensor:
    return torch.full((steps + 1,), w, dtype=x.dtype)


loop = Exercise(
    "loop",
    "Build, step 2: a training loop of your own",
    (
        Function(
            "fit",
            "fit(x, y, w, learning_rate, steps) → w before the first and after each step, shape (steps + 1,)",
            _path,
            _trainings,
            (
                Mistake(
                    "with itself",
                    lambda *case: _path(*case, leave_one_out=False),
                    "Each point saw itself in your loss: leave_one_out=True.",
                ),
                Mistake(
                    "½ forgotten",
                    lambda x, y, w, rate, steps: _path(x, y, w, 2 * rate, steps),
                    "Every step is twice as long: the ½ in front of the loss is missing.",
                ),
                Mistake(
                    "mean for the sum, with the ½",
                    lambda x, y, w, rate, steps: _path(x, y, w, rate / len(x), steps),
                    "Every step is n times too short: the loss is ½ times the sum over the points, not their mean.",
                ),
                Mistake(
                    "mean of squares",
                    lambda x, y, w, rate, steps: _path(x, y, w, 2 * rate / len(x), steps),
                    "That is the path of the mean squared error. The loss is ½ times the sum.",
                ),
                Mistake(
                    "slopes add up",
                    lambda *case: _by_hand(*case, clears=False),
                    "The slopes of earlier steps are added to the new one: call zero_grad() in every step.",
                ),
                Mistake(
                    "uphill",
                    lambda x, y, w, rate, steps: _by_hand(x, y, w, rate, steps, optimiser=_Uphill),
                    "The loss grows: step against the slope.",
                ),
                Mistake(
                    "Adam",
                    lambda *case: _by_hand(*case, optimiser=torch.optim.Adam),
                    "These are the steps of Adam. Plain gradient descent, torch.optim.SGD, is asked.",
                ),
                Mistake(
                    "nothing moves",
                    _flat,
                    "w never moves. Does the optimiser hold the parameters of this model, and do you call step()? And "
                    "note a number, w.item(): the parameter itself, noted several times, is one thing.",
                ),
                Mistake(
                    "the last w throughout",
                    lambda *case: _path(*case)[-1].expand(case[-1] + 1).clone(),
                    "All entries are the last w: the parameter itself was noted, and it moved on. Note w.item().",
                ),
                Mistake(
                    "start left out",
                    lambda *case: _path(*case)[1:],
                    "The start is missing: w before the first step is the first entry.",
                ),
                Mistake(
                    "end left out",
                    lambda *case: _path(*case)[:-1],
                    "The last w is missing: note it once more after the last step.",
                ),
                Mistake(
                    "noted before each step",
                    lambda *case: (lambda path: torch.cat([path[:1], path[:-1]]))(_path(*case)),
                    "The start stands there twice, and the last w is missing: w is noted before each step, not after.",
                ),
                Mistake(
                    "last w alone",
                    lambda *case: _path(*case)[-1],
                    "That is the last w alone. All of the path is asked.",
                ),
                Mistake(
                    "start ignored",
                    lambda x, y, w, rate, steps: _path(x, y, 1.0, rate, steps),
                    "The path begins at 1, whatever w is: make the module with this w, and let it start there.",
                ),
                Mistake(
                    "the losses",
                    lambda x, y, w, rate, steps: training_path(x, y, w=w, learning_rate=rate, steps=steps)[1],
                    "These are the losses. The path of w is asked.",
                ),
            ),
            edge_cases=_odd_trainings,
            seconds=6.0,
        ),
    ),
    hints=(
        "Four things happen in each step. In which order, and which of them is forgotten most often?",
        "Clear the slopes, compute the loss with every point hidden from itself, go backward, step. Note w as a "
        "number, once before the loop and once after each step.",
        "`optimiser = torch.optim.SGD(model.parameters(), lr=…)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 3: an experiment with it.

NOISES = (0.25, 1.0)
SEEDS = range(10, 15)


def _last_w(noises: tuple[float, ...], seeds: Iterable[int], leave_one_out: bool = True) -> Tensor:
    """The last w of all draws, (noises, seeds): 120 plain steps of 0.05 from w = 1, the draws side by side."""
    draws = [noisy_sine(noise=noise, seed=seed) for noise in noises for seed in seeds]
    x, y = torch.stack([draw.x for draw in draws]), torch.stack([draw.y for draw in draws])
    squared = (x[:, :, None] - x[:, None, :]) ** 2
    own = torch.eye(x.shape[1], dtype=torch.bool) & leave_one_out
    w = torch.ones(len(draws), dtype=x.dtype, requires_grad=True)
    for _ in range(120):
        scores = (-0.5 * w[:, None, None] ** 2 * squared).masked_fill(own, -math.inf)
        f = (torch.softmax(scores, dim=2) @ y[:, :, None]).squeeze(2)
        (gradient,) = torch.autograd.grad(0.5 * (f - y).square().sum(), w)
        w = (w - 0.05 * gradient).detach().requires_grad_()
    return w.detach().reshape(len(noises), -1)


HONEST = _last_w(NOISES, SEEDS)
TRAINED = HONEST.mean(dim=1)

train = Exercise(
    "train",
    "Build, step 3: what does noise do to w?",
    (
        Value(
            "w",
            TRAINED,
            (
                Mistake(
                    "with itself",
                    _last_w(NOISES, SEEDS, leave_one_out=False).mean(dim=1),
                    "w ran away: each point saw itself. Your loop has to leave it out.",
                ),
                Mistake("other draws", _last_w(NOISES, range(5)).mean(dim=1), "Those are the seeds 0 to 4."),
                Mistake(
                    "one draw",
                    HONEST[:, 0],
                    "That is seed 10 alone. The mean of five draws is asked.",
                ),
                Mistake("start value", torch.ones(2), "That is the start value: has anything been trained?"),
                Mistake("widths", 1 / TRAINED, "These are widths, σ = 1/w. w itself is asked."),
                Mistake("other order", TRAINED.flip(0), "The first number is for the noise 0.25, the second for 1."),
            ),
            decimals=1,
            remark="More noise, smaller w: a wider average, for there is more to be averaged away.",
        ),
    ),
    hints=(
        "Bet before you run: with more noise, does a point want more voters or fewer?",
        "Two loops, one in the other: over the two noises and over the five seeds. Each time your `fit`, and the last "
        "entry of its path.",
        "`path = fit(*noisy_sine(noise=noise, seed=seed), …)`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _tables_and_values(generator: torch.Generator) -> Iterable[tuple]:
    for m, n in ((2, 3), (3, 3), (1, 4), (8, 6)):
        scores = _tenths((m, n), -1, 1, generator)
        # In binary fractions of 1/64, the same in float32; the last entry takes what is left.
        weights = (64 * torch.softmax(scores, dim=1)).floor() / 64
        weights[:, -1] += 1 - weights.sum(dim=1)
        yield weights, _tenths((n,), -3, 3, generator)


def _odd_votes() -> Iterable[tuple[str, tuple]]:
    values = _numbers(2.0, -1.0, 0.5)
    table = _numbers(0.5, 0.25, 0.25, 0.125, 0.75, 0.125).reshape(2, 3)
    yield "a point without a vote", (_numbers(0.0, 0.25, 0.75, 0.5, 0.0, 0.5).reshape(2, 3), values)
    yield "a point with most of the vote", (_numbers(0.9375, 0.0625, 0.0).reshape(1, 3), values)
    yield "all weights alike", (torch.full((5, 4), 0.25, dtype=torch.float64), _numbers(1.0, 0.0, -2.0, 3.0))
    yield "equal values: nobody is missed", (table, _numbers(1.5, 1.5, 1.5))
    yield "two points only", (_numbers(0.75, 0.25, 0.5, 0.5).reshape(2, 2), values[:2])
    yield "large values", (table, _numbers(1000.0, -500.0, 20.0))
    yield "many points", _many_points()


MANY = 240  # points: a loop over them calls PyTorch more often than half of that


def _many_points() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    weights = (2**14 * torch.softmax(_tenths((2, MANY), -1, 1, generator), dim=1)).floor() / 2**14
    weights[:, -1] += 1 - weights.sum(dim=1)
    return weights, _tenths((MANY,), -3, 3, generator)


def _removal(weights: Tensor, values: Tensor) -> Tensor:
    return weights * ((weights @ values)[:, None] - values) / (1 - weights)


influence = Exercise(
    "influence",
    "Derive and implement: who is missed?",
    (
        Function(
            "influence",
            "influence(weights, values) → (m, n): by how much prediction i moves when point k leaves",
            _removal,
            _tables_and_values,
            (
                Mistake(
                    "sign",
                    lambda s, y: -_removal(s, y),
                    "The sign is turned: the prediction without the point, minus the prediction with it.",
                ),
                Mistake(
                    "not shared out",
                    lambda s, y: -s * y,
                    "The vote of k is taken out, but the others' weights no longer sum to 1: they share it out.",
                ),
                Mistake(
                    "not divided",
                    lambda s, y: s * ((s @ y)[:, None] - y),
                    "Nearly: the others' weights are divided by 1 − S_ik when k leaves.",
                ),
                Mistake(
                    "multiplied",
                    lambda s, y: s * ((s @ y)[:, None] - y) * (1 - s),
                    "Multiplied by 1 − S_ik. The others' weights grow when k leaves: divide.",
                ),
                Mistake(
                    "predictions without k",
                    lambda s, y: (s @ y)[:, None] + _removal(s, y),
                    "These are the predictions without k. By how much do they differ from those with it?",
                ),
                Mistake(
                    "PRESS, in every column",
                    lambda s, y: ((s @ y)[:, None] - y) / (1 - s),
                    "The factor S_ik is missing: who had no vote is not missed.",
                ),
                Mistake(
                    "divided by the vote",
                    lambda s, y: ((s @ y)[:, None] - y) * (1 - s),
                    "This has 1 − S_ik where S_ik/(1 − S_ik) belongs. Write f₋ₖ down first.",
                ),
                Mistake(
                    "values not subtracted",
                    lambda s, y: s * (s @ y)[:, None] / (1 - s),
                    "The value of k is not taken out of the prediction.",
                ),
                Mistake(
                    "sizes",
                    lambda s, y: _removal(s, y).abs(),
                    "These are the sizes: keep the sign.",
                ),
                Mistake(
                    "one number for each point",
                    lambda s, y: _removal(s, y).sum(dim=0),
                    "That is summed over the predictions. A table (m, n) is asked.",
                ),
                Mistake(
                    "mean vote",
                    lambda s, y: s * ((s @ y)[:, None] - y) / (1 - s.mean(dim=1, keepdim=True)),
                    "Divided by 1 minus the mean weight of the row. Each point that leaves has a weight of its own.",
                ),
            ),
            edge_cases=_odd_votes,
            forbidden=(LISTS,),
            most_calls=MANY // 2,
        ),
    ),
    hints=(
        "Write f(x_i) with the vote of k apart: S_ik y_k, and the others' part.",
        "The others' part is (1 − S_ik) f₋ₖ(x_i). Solve for f₋ₖ(x_i), then subtract f(x_i): what is left has the "
        "factor S_ik above the line and 1 − S_ik below.",
        "`f = weights @ values`, and then as a column beside the row of values.",
    ),
)

ALL = (errata, predictions, left_out, slope, dot_product, module, loop, train, influence)
