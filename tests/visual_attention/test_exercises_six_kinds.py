"""Lesson 4's exercises: right answers by the tested block and by loops, wrong ones by hand and as literal code."""

import math

import pytest
import torch
from right_answers_six_kinds import ask_by_loop, selective_by_loop

from courseware.exercises.report import State
from visual_attention import SelectiveKernel
from visual_attention.exercises import six_kinds as exercise


def test_the_reference_is_the_selecting_half_of_the_tested_block():
    torch.manual_seed(0)
    block = SelectiveKernel(6, dilations=(1, 2, 3), least_hidden=4).eval()
    for layer in block.reduce:
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.eps = 0.0  # as it stands, it then does nothing
    x = torch.randn(2, 6, 5, 7)
    with torch.no_grad():
        maps = torch.stack([branch(x) for branch in block.branches], dim=1)
        expected = block(x)
        reference = exercise.selective.questions[0].reference
        result = reference(maps, block.reduce[0].weight, block.expand.weight)
        assert torch.allclose(result, expected, atol=1e-5)
        assert torch.allclose(selective_by_loop(maps, block.reduce[0].weight, block.expand.weight), expected, atol=1e-5)


def test_numbers_by_hand():
    def average(scores, found):
        powers = [math.exp(score) for score in scores]
        return sum(p * f for p, f in zip(powers, found, strict=True)) / sum(powers)

    difference = math.log(3)
    assert average([difference, 0], [6, 2]) == pytest.approx(5)
    assert average([difference + 7, 7], [6, 2]) == pytest.approx(5)
    gates = [1 / (1 + math.exp(-score)) for score in (difference, 0)]
    report = exercise.branch_weights.check(
        difference=difference,
        doubled=average([2 * difference, 0], [6, 2]),
        three=[3 / 5, 1 / 5, 1 / 5],
        gates=6 * gates[0] + 2 * gates[1],
    )
    assert report.passed, report


def test_counts_by_making_the_layers():
    block = SelectiveKernel(96, reduction=4, dilations=(1, 2, 3, 4), least_hidden=24)
    selection = block.reduce[0].weight.numel() + block.expand.weight.numel()
    before, after = (torch.nn.Conv2d(c, 256, 1, bias=False).weight.numel() for c in (96 + 192 + 64 + 48, 96))
    hidden = [n for n in range(300) if 96 * n + n * 4 * 96 <= before - after]
    report = exercise.from_concatenation.check("b", before, after, selection, max(hidden))
    assert report.passed, report

    def weights(inputs, outputs, *kernel):
        return torch.nn.Conv2d(inputs, outputs, kernel, bias=False).weight.numel()

    whole = weights(64, 128, 9, 9)
    even = [m for m in range(1, 500) if weights(64, m, 1, 9) + weights(m, 128, 9, 1) == whole]
    assert exercise.factorised.check(break_even=even[0]).findings[2].state is State.RIGHT
    assert len(even) == 1


def test_four_kernels_in_a_row_reach_nine_places_and_only_the_blur_has_rank_one():
    x = torch.zeros(1, 1, 21, 21)
    x[0, 0, 10, 10] = 1
    for _ in range(4):
        x = torch.nn.functional.conv2d(x, torch.ones(1, 1, 3, 3), padding=1)
    assert int((x[0, 0, 10] > 0).sum()) == 9
    kernels = {
        "diagonal": torch.eye(3),
        "Laplace": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "blur": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]),
        "cross": torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]]),
    }
    ranks = {name: int(torch.linalg.matrix_rank(kernel)) for name, kernel in kernels.items()}
    assert ranks == {"diagonal": 3, "Laplace": 2, "blur": 1, "cross": 2}


def test_twelve_products_of_gates_make_any_table():
    table = torch.rand(50, 12, generator=torch.Generator().manual_seed(0))
    frames = torch.eye(12)
    products = [table[:, t, None] * frames[t] for t in range(12)]  # a channel gate times a frame gate
    assert torch.allclose(sum(products), table)
    assert int(torch.linalg.matrix_rank(table)) == 12


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.place, {"channel_table": "b"}, "rows and columns of A"),
        (exercise.place, {"scale": "a"}, "depend on the picture"),
        (exercise.place, {"shift": "c"}, "the clip or the rule"),
        (exercise.place, {"highway": "a"}, "share out between two things"),
        (exercise.branch_weights, {"difference": 0.916}, "which w gives"),
        (exercise.branch_weights, {"doubled": 5}, "if both scores are *raised*"),
        (exercise.branch_weights, {"three": [0.75, 0.125, 0.125]}, "takes from all"),
        (exercise.branch_weights, {"gates": 4.5}, "which is not 0"),
        (exercise.shapes, {"first": "c"}, "(N, H·W, H·W)"),
        (exercise.shapes, {"second": "b"}, "no sum is fixed"),
        (exercise.from_concatenation, {"selection": 4608}, "to choose among four"),
        (exercise.from_concatenation, {"largest_hidden": 163}, "round down"),
        (exercise.factorised, {"saved": [44.4, 22.2]}, "what is left"),
        (exercise.empty_cell, {"mixture": 600}, "one row"),
        (exercise.empty_cell, {"terms": 1}, "rank 1"),
        (exercise.empty_cell, {"double": "a"}, "never above the largest value"),
    ],
)
def test_wrong_answers_get_their_name(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


def faulty_ask(frames, asker, query_of=lambda frames, asker: frames[asker], dim=0, scale=False, late=True):
    """The sheet's listing, with some of its faults mended."""
    query = query_of(frames, asker)
    scores = (frames * query).sum(dim=2)
    if scale:
        scores = scores / math.sqrt(frames.shape[2])
    if not late:
        scores[:, asker] = -math.inf
    weights = torch.softmax(scores, dim=dim)
    if late:
        weights[:, asker] = 0
    return weights


def own(frames, asker):
    return frames[:, asker : asker + 1]


@pytest.mark.parametrize(
    ("mended", "words"),
    [
        ({"query_of": own, "dim": 1, "scale": True, "late": True}, "no longer sum to 1"),
        ({"query_of": own, "dim": 1, "scale": False, "late": False}, "not divided by √d"),
        ({"dim": 1, "scale": True, "late": False}, "is a clip, not a frame"),
        ({"query_of": own, "dim": 0, "scale": True, "late": False}, "nan"),
    ],
)
def test_three_faults_mended_of_four_leave_one_to_name(mended, words):
    report = exercise.ask_the_others.check(lambda frames, asker: faulty_ask(frames, asker, **mended))
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_the_listing_with_all_four_mended_passes():
    mended = {"query_of": own, "dim": 1, "scale": True, "late": False}
    report = exercise.ask_the_others.check(lambda frames, asker: faulty_ask(frames, asker, **mended))
    assert report.passed, report
    assert exercise.ask_the_others.check(ask_by_loop).passed


def test_no_diagnosis_rests_on_sizes_that_agree():
    """Clips, frames and features, pictures, branches and channels are as many as one another in edge cases alone."""
    generator = torch.Generator().manual_seed(0)
    [ask], [selective] = exercise.ask_the_others.questions, exercise.selective.questions
    _, *clips = ask.cases(generator)
    assert all(len(set(frames.shape)) == 3 for frames, _ in clips)
    _, *branches = selective.cases(generator)
    assert all(len(set(maps.shape[:3])) == 3 for maps, _, _ in branches)
    assert any(len(set(maps.shape)) == 1 for _, (maps, _, _) in selective.edge_cases())


def test_the_factors_of_the_detective_are_possible():
    """Sums that the table prints lie where gates in (0, 1) can put them."""
    assert 0 < 61.3 < 12 * 12
    assert 0 < 17.9 < 32
