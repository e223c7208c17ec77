"""Lesson 3's exercises: right answers written differently, wrong ones by hand and as literal code."""

import math

import pytest
import torch

from courseware.exercises.report import State
from visual_attention.exercises import learned_attention as exercise
from visual_attention.regression import LearnedKernelRegression


def scores(x, w):
    return -0.5 * w**2 * (x[:, None] - x[None, :]).square()


def table_by_loop(x, w):
    rows = []
    for i, a in enumerate(x.tolist()):
        nearest = min((a - b) ** 2 for j, b in enumerate(x.tolist()) if i != j)
        exponents = [-0.5 * w**2 * ((a - b) ** 2 - nearest) for b in x.tolist()]
        kernel = [0.0 if i == j else math.exp(exponent) for j, exponent in enumerate(exponents)]
        rows.append([k / sum(kernel) for k in kernel])
    return torch.tensor(rows, dtype=x.dtype)


def slope_by_autograd(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype, requires_grad=True)
    f = torch.softmax(-0.5 * ((query[:, None] - keys) * w) ** 2, dim=1) @ values
    return torch.stack([torch.autograd.grad(each, w, retain_graph=True)[0] for each in f])


def slope_by_centring(query, keys, values, w):
    squared = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * squared, dim=1)
    return -w * (alpha * squared * (values - (alpha @ values)[:, None])).sum(dim=1)


def slope_without_inner_derivative(query, keys, values, w):
    squared = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * squared, dim=1)
    return (alpha * squared * (values - (alpha @ values)[:, None])).sum(dim=1)


def slope_without_product_of_means(query, keys, values, w):
    d = query[:, None] - keys
    return -w * (torch.softmax(-0.5 * (w * d) ** 2, dim=1) * values * d**2).sum(1)


def slope_with_plain_distance(query, keys, values, w):
    d = query[:, None] - keys
    alpha = torch.softmax(-0.5 * (w * d) ** 2, dim=1)
    return -w * ((alpha * values * d).sum(1) - (alpha * values).sum(1) * (alpha * d).sum(1))


def press_by_renormalising(weights, values):
    others = weights.clone().fill_diagonal_(0)
    return values - others @ values / others.sum(dim=1)


def dot_product_by_hand(query, keys, values, w):
    q = torch.stack([w * query, torch.ones_like(query)], dim=1)
    k = torch.stack([w * keys, -0.5 * (w * keys) ** 2], dim=1)
    return torch.nn.functional.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_answers_written_differently_pass(seed):
    for each, function in (
        (exercise.left_out, table_by_loop),
        (exercise.slope, slope_by_centring),
        (exercise.press, press_by_renormalising),
        (exercise.dot_product, dot_product_by_hand),
    ):
        report = each.check(function, seed=seed)
        assert report.passed, report


def every_case(each):
    (question,) = each.questions
    yield from question.cases(torch.Generator().manual_seed(0))
    yield from (case for _, case in question.edge_cases())


def test_the_slope_is_what_autograd_gives():
    for case in every_case(exercise.slope):
        slope = exercise.slope.questions[0].reference(*case)
        torch.testing.assert_close(slope, slope_by_autograd(*case), rtol=1e-8, atol=1e-8)


def test_the_dot_product_predicts_what_the_course_predicts():
    for query, keys, values, w in every_case(exercise.dot_product):
        expected = LearnedKernelRegression(w)(query, keys, values).detach()
        predicted = exercise.dot_product.questions[0].reference(query, keys, values, w)
        torch.testing.assert_close(predicted, expected, rtol=1e-9, atol=1e-9)


def test_press_is_right_in_single_precision_under_many_seeds():
    """Where a point keeps nearly everything for itself, half of float32's digits would be lost."""
    question = exercise.press.questions[0]
    for seed in range(60):
        finding = question.judge(lambda s, y: press_by_renormalising(s.float(), y.float()), seed)
        assert finding.state is State.RIGHT, finding


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.errata, {"right": 1.9626}, "answer at w = 1"),
        (exercise.errata, {"slides": 1.882}, "Type the printed one in"),
        (exercise.errata, {"slides": 2.1373}, "Divide by the sum below"),
        (exercise.errata, {"book": 1.882}, "Type the printed one in"),
        (exercise.errata, {"slides_at_zero": 3}, "sum to 1"),
        (exercise.predictions, {"start_at_zero": "a"}, "carries the factor w"),
        (exercise.predictions, {"loss_zero": "a"}, "noise was learned"),
        (exercise.train, {"w": 3.5}, "seed 0"),
        (exercise.train, {"w": 1}, "start value"),
    ],
)
def test_wrong_numbers_and_letters(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (exercise.left_out, lambda x, w: scores(x, w).softmax(1).fill_diagonal_(0), "no longer sum to 1"),
        (exercise.left_out, lambda x, w: scores(x, w).fill_diagonal_(-1).softmax(1), "exp(−1) is 0.37"),
        (exercise.left_out, lambda x, w: scores(x, w).fill_diagonal_(0).softmax(1), "largest there is|still looks"),
        (exercise.press, lambda s, y: (y - s @ y) * (1 - s.diagonal()), "error must grow"),
        (exercise.slope, slope_without_inner_derivative, "inner derivative"),
        (exercise.slope, lambda q, k, v, w: -slope_by_autograd(q, k, v, w), "sign is wrong"),
        (exercise.slope, slope_without_product_of_means, "subtracts the product of the means"),
        (exercise.slope, slope_with_plain_distance, "covariance is taken with d"),
        (
            exercise.dot_product,
            lambda q, k, v, w: torch.nn.functional.scaled_dot_product_attention(
                torch.stack([w**2 * q, torch.full_like(q, -0.5 * w**2)], 1)[None],
                torch.stack([k, k**2], 1)[None],
                v[None, :, None],
            )[0, :, 0],
            "unless scale=1 is given",
        ),
        (
            exercise.dot_product,
            lambda q, k, v, w: torch.softmax(w**2 * q[:, None] * k, dim=1) @ v,
            "The key is only x_i",
        ),
    ],
)
def test_wrong_functions(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert any(part in repr(report) for part in words.split("|"))
    assert report.mistakes
