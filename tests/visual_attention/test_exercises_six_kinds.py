"""Lesson 4's exercises: right answers written differently, wrong ones by hand and as literal code."""

import math

import pytest
import torch

from courseware.exercises.report import State
from visual_attention import SelectiveKernel
from visual_attention.exercises import six_kinds as exercise


def select_by_loop(maps, scores):
    out = torch.zeros_like(maps[0])
    for c in range(maps.shape[1]):
        power = [math.exp(s) for s in scores[:, c].tolist()]
        for b, p in enumerate(power):
            out[c] += p / sum(power) * maps[b, c]
    return out


def ask_by_loop(frames):
    scores = [sum(a * b for a, b in zip(f, frames[0].tolist(), strict=True)) for f in frames.tolist()]
    power = [0.0] + [math.exp(s / math.sqrt(frames.shape[1])) for s in scores[1:]]
    return torch.tensor([p / sum(power) for p in power])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_answers_written_differently_pass(seed):
    for each, function in ((exercise.select, select_by_loop), (exercise.ask_the_first, ask_by_loop)):
        report = each.check(function, seed=seed)
        assert report.passed, report


def test_numbers_by_hand():
    e2 = math.exp(2)
    assert exercise.branch_weights.check(
        weights=[e2 / (e2 + 1), 1 / (e2 + 1)],
        output=(4 * e2 + 1) / (e2 + 1),
        raised=[1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))],
        three=[e2 / (e2 + 2), 1 / (e2 + 2), 1 / (e2 + 2)],
    ).passed
    block = SelectiveKernel(64, dilations=(1, 2, 3, 4))  # its own two maps, of the size that the exercise asks for
    weights = block.reduce[0].weight.numel() + block.expand.weight.numel()
    assert exercise.from_concatenation.check(weights=weights).findings[3].state is State.RIGHT


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.branch_weights, {"weights": [0.881, 0.5]}, "sum to 1.381"),
        (exercise.branch_weights, {"weights": [0.119, 0.881]}, "larger weight"),
        (exercise.branch_weights, {"output": 4.02}, "independent sigmoids"),
        (exercise.branch_weights, {"three": [0.881, 0.5, 0.5]}, "sum to 1.881"),
        (exercise.place, {"inception": "d"}, "no weights for them"),
        (exercise.place, {"vit": "a"}, "softmax runs over the patches"),
        (exercise.place, {"sknet": "a"}, "what competes"),
        (exercise.place, {"non_local_video": "b"}, "not disjoint"),
        (exercise.from_concatenation, {"obstacle": "a"}, "any number of scores"),
        (exercise.from_concatenation, {"selected": 256}, "concatenation again"),
        (exercise.factorised, {"why_not_attention": "a"}, "same weights for every picture"),
        (exercise.factorised, {"saved": [72, 28.57]}, "what is left"),
        (exercise.factorised, {"two_3x3": 9}, "How many in a row"),
        (exercise.empty_cell, {"limit": "a"}, "It can"),
        (exercise.empty_cell, {"mixture": 512}, "a row for each"),
        (exercise.empty_cell, {"mixture": 261_632}, "also meets itself"),
        (exercise.branch_weights, {"weights": [0.880, 0.119]}, "cut off"),
        (exercise.branch_weights, {"output": 1.36}, "swapped"),
        (exercise.factorised, {"saved": [28, 72]}, "yours is 72"),
        (exercise.place, {"highway": "e"}, "share out between two things"),
        (exercise.place, {"non_local_video": "c"}, "at all places of a frame"),
    ],
)
def test_wrong_answers_are_named(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def broken(frames):
    """The listing of the sheet, literally."""
    scores = frames @ frames[0]
    weights = torch.softmax(scores, dim=0)
    weights[0] = 0
    return weights


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (exercise.select, lambda maps, s: (s.softmax(1)[..., None, None] * maps).sum(0), "runs over the channels"),
        (exercise.select, lambda maps, s: (s.sigmoid()[..., None, None] * maps).sum(0), "independent gates"),
        (exercise.select, lambda maps, s: maps.sum(0), "Inception module"),
        (exercise.ask_the_first, lambda f: torch.softmax(f @ f[0] / f.shape[1] ** 0.5, 0), "disease of lesson 3"),
        (exercise.ask_the_first, broken, "Both faults are still there"),
        (exercise.select, lambda maps, s: (maps * s.softmax(0)).sum(0), "laid along rows and columns"),
        (exercise.select, lambda maps, s: (s.softmax(0)[:, None, None] * maps).sum(0), "along the columns"),
        (exercise.select, lambda maps, s: (s.exp()[..., None, None] * maps).sum(0), "not divided by their sum"),
    ],
)
def test_wrong_functions_are_named(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_no_diagnosis_rests_on_sizes_that_agree():
    """Frames and features, branches, channels, rows and columns are as many as one another in edge cases alone."""
    generator = torch.Generator().manual_seed(0)
    [ask], [select] = exercise.ask_the_first.questions, exercise.select.questions
    assert all(frames.shape[0] != frames.shape[1] for (frames,) in ask.cases(generator))
    _, *branches = select.cases(generator)
    assert all(len(set(maps.shape)) == 4 or maps.shape[2] == 1 for maps, _ in branches)
    assert any(len(set(maps.shape)) == 1 for _, (maps, _) in select.edge_cases())


def test_the_factors_of_the_detective_are_possible():
    """Sums that the table prints lie where gates in (0, 1) can put them."""
    assert 0 < 29.7 < 64
    assert 0 < 91.2 < 14 * 14
