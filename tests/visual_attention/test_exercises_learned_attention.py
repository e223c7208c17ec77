"""Lesson 3's exercises: what is asked is what the tested library gives, and wrong answers are named."""

import math

import pytest
import torch

from courseware.exercises.report import State
from visual_attention.exercises import learned_attention as exercise
from visual_attention.pooling import attention_weights
from visual_attention.regression import LearnedKernelRegression, press_residuals


def every_case(each):
    (question,) = each.questions
    yield from question.cases(torch.Generator().manual_seed(0))
    yield from (case for _, case in question.edge_cases())


def test_a_fold_for_every_point_is_the_lessons_leave_one_out():
    x = torch.tensor([0.0, 1.0, 3.0, 4.5, 200.0], dtype=torch.float64)
    reference = exercise.left_out.questions[0].reference
    for w in (0.5, -1.3, 2.0):
        with torch.no_grad():
            expected = LearnedKernelRegression(w).weights(x, x, leave_one_out=True)
        torch.testing.assert_close(reference(x, w, torch.arange(5)), expected)


def test_the_slope_is_what_autograd_gives():
    for query, keys, values, w in every_case(exercise.slope):
        moving = query.clone().requires_grad_()
        f = torch.softmax(-0.5 * ((moving[:, None] - keys) * w) ** 2, dim=1) @ values
        (expected,) = torch.autograd.grad(f.sum(), moving)
        slope = exercise.slope.questions[0].reference(query, keys, values, w)
        torch.testing.assert_close(slope, expected, rtol=1e-8, atol=1e-8)


def test_the_dot_product_predicts_what_a_loop_over_the_keys_does():
    for query, keys, values, w in every_case(exercise.dot_product):
        scores = [-0.5 * own**2 * (query - key).square().sum(dim=1) for key, own in zip(keys, w, strict=True)]
        expected = torch.softmax(torch.stack(scores, dim=1), dim=1) @ values
        predicted = exercise.dot_product.questions[0].reference(query, keys, values, w)
        torch.testing.assert_close(predicted, expected, rtol=1e-9, atol=1e-9)


def test_the_dot_product_with_one_width_is_the_courses():
    for query, keys, values, _ in every_case(exercise.dot_product):
        expected = attention_weights(query, keys, width=1 / 0.8) @ values
        predicted = exercise.dot_product.questions[0].reference(query, keys, values, torch.full_like(values, 0.8))
        torch.testing.assert_close(predicted, expected, rtol=1e-9, atol=1e-9)


def test_the_reference_module_is_the_tested_one():
    for case in every_case(exercise.module):
        w = case.arguments[0] if case.arguments else 1.0
        reference, tested = exercise.module.questions[0].reference(w).double(), LearnedKernelRegression(w)
        assert list(reference.state_dict()) == list(tested.state_dict())
        inputs = [part.double() if isinstance(part, torch.Tensor) else part for part in case.inputs]
        # The start of the reference is rounded to float32.
        torch.testing.assert_close(reference(*inputs), tested(*inputs), rtol=1e-5, atol=1e-6)


def test_influence_on_itself_is_the_lessons_press():
    x = torch.tensor([0.0, 0.4, 1.0, 1.3, 2.0], dtype=torch.float64)
    y = torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0], dtype=torch.float64)
    weights = attention_weights(x, x, width=1.0)
    moved = exercise.influence.questions[0].reference(weights, y).diagonal()
    torch.testing.assert_close(y - weights @ y - moved, press_residuals(weights, y))


def test_adam_stays_at_zero_and_two_points_at_one_place_cost_one():
    """What the predictions say, run."""
    x, y = torch.tensor([0.0, 1.0, 2.5]).double(), torch.tensor([1.0, 0.0, 3.0]).double()
    model = LearnedKernelRegression(0.0)
    adam = torch.optim.Adam(model.parameters(), lr=0.5)
    for _ in range(5):
        adam.zero_grad()
        (model(x, x, y, leave_one_out=True) - y).square().sum().backward()
        adam.step()
    assert model.w.item() == 0

    x, y = torch.tensor([0.0, 1.0, 1.0, 2.5]).double(), torch.tensor([5.0, 1.0, 3.0, -2.0]).double()
    with torch.no_grad():
        narrow = LearnedKernelRegression(1e4)
        assert 0.5 * (narrow(x, x, y) - y).square().sum() == pytest.approx(1.0)
        x = torch.tensor([0.0, 1.0, 2.5]).double()
        assert narrow(x, x, y[:3], leave_one_out=True).tolist() == pytest.approx([1.0, 5.0, 1.0])


def test_the_third_misprint_is_the_right_formula_at_another_w():
    x = torch.tensor([0.0, 2.0, 3.0])
    for query in (-1.0, 2.0, 7.0):
        misprinted = torch.softmax(-0.5 * (query - x) ** 2 / 3, dim=0)
        right = torch.softmax(-0.5 * ((query - x) * exercise.errata.questions[4].expected) ** 2, dim=0)
        torch.testing.assert_close(misprinted, right)


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.errata, {"right": 0.4143}, "answer at w = 1"),
        (exercise.errata, {"slides": 0.861}, "Type the printed one in"),
        (exercise.errata, {"shifted": 11.358}, "sum to 1"),
        (exercise.errata, {"book": -3}, "K_i stands below"),
        (exercise.predictions, {"adam_at_zero": "a"}, "Small is not zero"),
        (exercise.predictions, {"averaged": "a"}, "another w"),
        (exercise.train, {"w": [1, 1]}, "start value"),
    ],
)
def test_wrong_numbers_and_letters(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_a_wrong_module_is_wrong_in_the_loop_as_well():
    """What step 1 gets wrong, step 2 shows: a start that is ignored."""
    loop = exercise.loop.questions[0]
    finding = loop.judge(lambda x, y, w, rate, steps: loop.reference(x, y, 1.0, rate, steps), 0)
    assert finding.mistake == "start ignored"
    assert math.isfinite(loop.reference(*next(iter(loop.cases(torch.Generator().manual_seed(0)))))[-1])
