"""Lesson 3's exercises: right answers written differently, wrong ones by hand and as literal code."""

import math

import pytest
import torch

from courseware.checking import State
from visual_attention.exercises import learned_attention as exercise


def scores(x, w):
    return -0.5 * w**2 * (x[:, None] - x[None, :]).square()


def table_by_loop(x, w):
    rows = []
    for i, a in enumerate(x.tolist()):
        kernel = [0.0 if i == j else math.exp(-0.5 * (w * (a - b)) ** 2) for j, b in enumerate(x.tolist())]
        rows.append([k / sum(kernel) for k in kernel])
    return torch.tensor(rows, dtype=x.dtype)


def slope_by_autograd(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype, requires_grad=True)
    f = torch.softmax(-0.5 * ((query[:, None] - keys) * w) ** 2, dim=1) @ values
    return torch.stack([torch.autograd.grad(each, w, retain_graph=True)[0] for each in f])


def slope_by_differences(query, keys, values, w):
    def f(w):
        return torch.softmax(-0.5 * ((query[:, None] - keys) * w) ** 2, dim=1) @ values

    return (f(w + 1e-4) - f(w - 1e-4)) / 2e-4


def slope_without_product_of_means(query, keys, values, w):
    d = query[:, None] - keys
    return -w * (torch.exp(-0.5 * (w * d) ** 2) * values * d**2).sum(1) / torch.exp(-0.5 * (w * d) ** 2).sum(1)


def slope_with_plain_distance(query, keys, values, w):
    d = query[:, None] - keys
    kernel = torch.exp(-0.5 * (w * d) ** 2)
    alpha = kernel / kernel.sum(dim=1, keepdim=True)
    return -w * ((alpha * values * d).sum(1) - (alpha * values).sum(1) * (alpha * d).sum(1))


def press_by_renormalising(weights, values):
    others = weights.clone().fill_diagonal_(0)
    return values - others @ values / others.sum(dim=1)


def dot_product_by_hand(query, keys, values, w):
    q = torch.stack([w * query, torch.ones_like(query)], dim=1)
    k = torch.stack([w * keys, -0.5 * (w * keys) ** 2], dim=1)
    return torch.softmax(q @ k.T, dim=1) @ values


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_answers_written_differently_pass(seed):
    for each, function in (
        (exercise.left_out, table_by_loop),
        (exercise.slope, slope_by_autograd),
        (exercise.slope, slope_by_differences),
        (exercise.press, press_by_renormalising),
        (exercise.dot_product, dot_product_by_hand),
    ):
        report = each.check(function, seed=seed)
        assert report.passed, report


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
        (exercise.slope, lambda q, k, v, w: slope_by_autograd(q, k, v, w) / -w, "inner derivative"),
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
