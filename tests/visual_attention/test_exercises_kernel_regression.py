import math
from pathlib import Path

import pytest
import torch
from right_answers_kernel_regression import (
    line_by_least_squares,
    line_by_normal_equations,
    place_out_by_loop,
    weights_by_loop,
    width_by_halving,
)
from sheets import run

from courseware.exercises.report import State
from courseware.text import derive
from visual_attention.exercises import kernel_regression as exercise

SHEET = Path(__file__).parents[2] / "course" / "exercises" / "02_kernel_regression.py"


@pytest.fixture(scope="module")
def text():
    return SHEET.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def solved(text):
    return run(derive.solved(text))


# The sheet


def test_the_unsolved_sheet_holds_no_solution(text):
    unsolved = "\n".join(cell.source for cell in derive.unsolved(text).cells)
    for words in (
        "softmax(exponents",
        "2.5428",
        "masked_fill(",
        "∎",
        "sigma = 60",
        "covariance /",
    ):
        assert words in text
        assert words not in unsolved


def test_what_a_prediction_would_learn_is_shown_after_it_only(text, capsys):
    run(derive.unsolved(text))
    printed = capsys.readouterr().out
    assert "First your two letters" in printed
    assert "triangular, from" not in printed


def test_the_cells_below_a_prediction_show_what_its_answer_says(solved, text, capsys):
    run(derive.solved(text))
    printed = capsys.readouterr().out
    values = dict(line.rsplit(": ", 1) for line in printed.splitlines() if line.startswith("f(3) with"))
    assert values["f(3) with K    "] == values["f(3) with 7K   "] == values["f(3) with width 1.000"]
    assert values["f(3) with 7K^2 "] == values["f(3) with width 0.707"]
    assert "triangular, from 2 to 3: [2.0, 2.75, 3.5, 4.25, 5.0]" in printed


# Numbers by hand, computed here by plain loops in Python's floats


def kernel(distance, width=1.0):
    return math.exp(-0.5 * (distance / width) ** 2)


def average(pairs):
    return sum(k * y for k, y in pairs) / sum(k for k, _ in pairs)


def test_numbers_by_hand():
    shares = [kernel(2), kernel(1), kernel(2)]
    weights = [share / sum(shares) for share in shares]
    narrow = average([(kernel(2, 0.5), 9), (kernel(1, 0.5), 1), (kernel(2, 0.5), 3)])
    assert exercise.hand_example.check(weights, average(list(zip(shares, (9, 1, 3), strict=True))), narrow).passed
    metres = average([(math.exp(-5 / 2), 10), (math.exp(-4.25 / 2), 20)])
    assert exercise.units.check(metres=metres, minutes=20, centimetres=10, sigma=60).passed
    table = weights_by_loop(*[torch.tensor([[0.0], [1.0], [1.5], [5.0]])] * 2, 1.0)
    assert exercise.rows_and_columns.check(columns=table.sum(dim=0), copied=table.sum(dim=0)[1] / 2, wide="c").passed


def test_the_width_at_which_the_nearest_gets_nine_tenths():
    width = math.sqrt(1.5 / math.log(18))
    assert kernel(1, width) / (kernel(1, width) + 2 * kernel(2, width)) == pytest.approx(0.9)
    assert exercise.votes.check(nine_tenths=width).findings[0].state is State.RIGHT


def test_the_example_of_the_sheet_for_the_count():
    assert width_by_halving(torch.tensor([1.0, 2.0, 3.0]), 2.19) == pytest.approx(1.5, abs=0.01)


def test_the_bias_on_a_parabola_is_the_square_of_the_width():
    keys = [n / 100 for n in range(501)]
    for width in (0.5, 0.4, 0.3, 0.2):
        f = average([(kernel(2.5 - key, width), key**2) for key in keys])
        assert f - 6.25 == pytest.approx(width**2, abs=1e-4)
    assert exercise.bounds.check(bias=0.09).findings[2].state is State.RIGHT


def test_the_best_widths_are_those_that_loops_find(solved):
    x, y, widths = (solved[0][name] for name in ("x", "y", "widths"))

    def one_out(width):
        errors = []
        for k in range(len(x)):
            others = [i for i in range(len(x)) if i != k]
            weights = torch.softmax(-0.5 * ((x[k] - x[others]) / width) ** 2, 0)
            errors.append((y[k] - weights @ y[others]) ** 2)
        return sum(errors)

    best = min(widths, key=one_out), min(widths, key=lambda width: place_out_by_loop(x, y, width))
    assert exercise.leave_one_out.check(one_out=best[0], place_out=best[1]).findings[1].state is State.RIGHT
    assert exercise.leave_one_out.check(one_out=best[0], place_out=best[1]).findings[2].state is State.RIGHT
    assert best[0] == min(widths)  # the twin gives the answer away, so says the feedback
    assert best[1] > best[0]


def test_a_line_is_exact_on_a_line_and_may_leave_the_range_of_the_values():
    keys = torch.linspace(0, 5, 51, dtype=torch.float64)
    ends = torch.tensor([0.0, 5.0], dtype=torch.float64)
    for line in (line_by_normal_equations, line_by_least_squares):
        assert torch.allclose(line(ends, keys, 2 * keys, 1.0), 2 * ends)
    far = line_by_normal_equations(ends + 3, keys, 2 * keys, 1.0)
    assert far[1] > 10


def test_the_reference_of_the_line_is_that_of_two_other_ways():
    for case in exercise.local_line.questions[0].cases(torch.Generator().manual_seed(3)):
        expected = exercise.local_line.questions[0].reference(*case)
        assert torch.allclose(line_by_least_squares(*case), expected, atol=1e-6)


# Wrong answers. Hand-computed numbers and literal code, not the mistakes' own functions.


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.hand_example, {"weights": [0.135, 0.607, 0.135]}, "not yet weights"),
        (exercise.hand_example, {"weights": [1 / 3] * 3}, "same here"),
        (exercise.hand_example, {"f": 2.309}, "average of the places"),
        (exercise.hand_example, {"f_narrow": 2.543}, "answer for σ = 1"),
        (exercise.predictions, {"squared": "a"}, "smaller still"),
        (exercise.predictions, {"squared": "c"}, "it cancels"),
        (exercise.predictions, {"triangular": "b"}, "both have a say"),
        (exercise.units, {"minutes": 15.93}, "in hours"),
        (exercise.units, {"sigma": 3600}, "3,600 is σ²"),
        (exercise.rows_and_columns, {"columns": [1, 1, 1, 1]}, "softmax over dim 0"),
        (exercise.votes, {"nine_tenths": 0.519}, "Take the root"),
        (exercise.bounds, {"leaky": "a"}, "all weights be 0"),
        (exercise.bounds, {"bias": 0.15}, "*square* of the step"),
        (exercise.bounds, {"curved": "a"}, "no noise"),
        (exercise.leave_one_out, {"place_out": 0.05}, "twin"),
        (exercise.local_line, {"price": "a"}, "goes on rising"),
    ],
)
def test_wrong_answers_get_their_name(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


def test_the_right_numbers_to_two_decimals_are_near_misses():
    report = exercise.hand_example.check(weights=[0.15, 0.69, 0.15], f_narrow=1.02)
    for finding in (report.findings[0], report.findings[2]):
        assert finding.state is State.NOT_YET
        assert finding.message.endswith("agrees to 2 decimals: 3 are asked.")


def test_the_line_of_the_lesson_does_not_solve_keys_that_are_vectors():
    report = exercise.weights.check(lambda query, keys, width: torch.softmax(-((query - keys) ** 2) / 2, dim=0))
    assert report.state is State.NOT_YET


def test_the_lessons_own_error_is_recognised_as_too_little():
    from visual_attention import nadaraya_watson

    def left_out_error(x, y, width):
        return (nadaraya_watson(x, x, y, width=width, leave_one_out=True) - y).square().mean()

    report = exercise.leave_one_out.check(left_out_error)
    assert "not from the others at its own place" in repr(report)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda w: True, "is_average: not yet"),
        (lambda w: bool(torch.allclose(w.sum(1), torch.ones(len(w)))), "Negative weights pass"),
        (lambda w: bool((w >= 0).all()), "do not sum to 1 pass"),
        (lambda w: all(sum(row) == 1 and min(row) >= 0 for row in w.numpy()), "too strict"),
    ],
)
def test_wrong_tests_of_weights(function, words):
    report = exercise.bounds.check(is_average=function)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_the_references_give_the_weights_of_the_library():
    from visual_attention import attention_weights

    for each, how in ((exercise.weights, {}), (exercise.far_query, {"kernel": "epanechnikov"})):
        question = each.questions[0]
        cases = [*question.cases(torch.Generator().manual_seed(1)), *(case for _, case in question.edge_cases())]
        for query, keys, *width in cases:
            expected = attention_weights(query, keys, width=width[0] if width else 1.0, **how)
            torch.testing.assert_close(question.reference(query, keys, *width), expected)
