"""Answers of lesson 8's sheet that the general tests cannot derive: counted blocks, and the stored table."""

import pytest
import torch

from courseware.exercises.report import State
from visual_attention.blocks import NonLocalBlock, SpatialAttention, SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.exercises import capstone as exercise
from visual_attention.experiments import stored
from visual_attention.lessons.capstone.experiment import _ANONYMOUS, anonymous_rows


def expected(each):
    return {
        question.name: getattr(question, "expected", getattr(question, "right", None)) for question in each.questions
    }


def test_costs_are_those_of_the_tested_blocks():
    right = expected(exercise.costs)
    shape = (1, 32, 10, 10)
    se, gate = count_cost(SqueezeExcitation(32, 4), shape), count_cost(SpatialAttention(), shape)
    non_local = count_cost(NonLocalBlock(32, 16), shape)
    assert (right["se_parameters"], right["se_operations"]) == (se.parameters, se.multiply_adds)
    assert right["spatial_operations"] == gate.multiply_adds
    assert right["non_local_parameters"] == non_local.parameters
    assert right["non_local_operations"] == non_local.multiply_adds


def test_the_best_of_five_seeds_is_luck():
    draws = torch.randn(200_000, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert expected(exercise.unfair)["luck"] == pytest.approx(float(draws.amax(dim=1).mean()), abs=0.01)


def test_the_detective_s_clues_are_in_the_table():
    results = stored("capstone")
    ash, birch, cedar = _ANONYMOUS.values()
    assert (ash, birch, cedar) == ("CBAM", "Non-local", "SE")
    nothing = results.of("none", "dot").mean()
    assert results.of(ash, "dot").mean() > nothing + 0.3
    for other in (birch, cedar):
        assert (results.of(other, "dot").mean() - nothing).abs() < 0.02
    assert results.of(birch, "twin").mean() > results.of(cedar, "twin").mean() + 0.05
    assert (results.of(ash, "twin").mean() - results.of(cedar, "twin").mean()).abs() < 0.03
    assert results.of(cedar, "frame").mean() > results.of(birch, "frame").mean() + 0.1


def test_what_the_sheet_shows_of_the_rows_names_no_block():
    rows = anonymous_rows()
    assert list(rows) == ["Ash", "Birch", "Cedar", "nothing"]
    assert rows["Ash"]["dot"] == stored("capstone").spread("CBAM", "dot")
    assert not any(block in repr(rows) for block in _ANONYMOUS.values())


@pytest.mark.parametrize(
    "heard",
    [
        lambda a, v: (a @ v).mean(dim=0),
        lambda a, v: torch.mm(v.T, a.T).mean(dim=1),
        lambda a, v: ((a / len(a)) @ v).sum(dim=0),
        lambda a, v: sum(row @ v for row in a) / len(a),
    ],
)
def test_y_is_seen_however_it_is_computed(heard):
    report = exercise.columns.check(heard=heard)
    assert report.state is State.NOT_YET
    assert report.mistakes == ("y computed",)
    assert "y is computed on the way" in repr(report)


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.costs, {"spatial_operations": 1568}, "Without padding"),
        (exercise.costs, {"se_parameters": 520}, "The second layer has biases too"),
        (exercise.unfair, {"luck": 1.0}, "somewhat more"),
        (exercise.unfair, {"luck": 1.1}, "cut off, not rounded"),
        (exercise.unfair, {"luck": 2.33}, "from the worst"),
        (exercise.columns, {"heard": lambda a, v: a[0] @ v}, "the first place's y"),
        (exercise.unfair, {"row": lambda test: test.mean(1).amax(1)}, "still chosen on the test pictures"),
        (exercise.unfair, {"row": lambda test: test[:, -1].mean(1)}, "dim 2 the checkpoints"),
        (
            exercise.paired,
            {"paired": lambda a, b: torch.stack([(a - b).mean(), (a - b).var() / len(a) ** 0.5])},
            "Its root is the standard deviation",
        ),
    ],
)
def test_wrong_answers_are_named(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


def test_rows_of_the_table_by_hand():
    a = torch.tensor([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5]])
    assert torch.allclose(a.mean(dim=0), torch.tensor(expected(exercise.columns)["most_heard"]))
    assert float(a.mean(dim=0) @ torch.tensor([0.0, 4, 2])) == pytest.approx(7 / 3)
