"""Answers of lesson 8's sheet that the general tests cannot derive: counted blocks, and the stored table."""

import pytest
import torch

from visual_attention.blocks import NonLocalBlock, SpatialAttention, SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.exercises import capstone as exercise
from visual_attention.experiments import stored
from visual_attention.experiments.capstone import ANONYMOUS


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
    ash, birch, cedar = ANONYMOUS.values()
    assert (ash, birch, cedar) == ("CBAM", "Non-local", "SE")
    nothing = results.of("none", "dot").mean()
    assert results.of(ash, "dot").mean() > nothing + 0.3
    for other in (birch, cedar):
        assert (results.of(other, "dot").mean() - nothing).abs() < 0.02
    assert results.of(birch, "twin").mean() > results.of(cedar, "twin").mean() + 0.05
    assert (results.of(ash, "twin").mean() - results.of(cedar, "twin").mean()).abs() < 0.03
    assert results.of(cedar, "frame").mean() > results.of(birch, "frame").mean() + 0.1


def test_rows_of_the_table_by_hand():
    a = torch.tensor([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5]])
    assert torch.allclose(a.mean(dim=0), torch.tensor(expected(exercise.columns)["most_heard"]))
    assert float(a.mean(dim=0) @ torch.tensor([0.0, 4, 2])) == pytest.approx(7 / 3)
