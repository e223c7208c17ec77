"""Lesson 6's exercises: hand values, right answers written differently, and wrong ones that people give."""

import math

import pytest
import torch
import torch.nn.functional as F

from courseware.exercises.function import Function
from courseware.exercises.report import State
from visual_attention.blocks import NonLocalBlock
from visual_attention.cost import count_cost
from visual_attention.exercises import non_local as exercise


def test_hand_values():
    e = [math.exp(k) for k in (1, 2, 3)]
    report = exercise.three_places.check(
        weights=[k / sum(e) for k in e],
        softmax=sum(k * x for k, x in zip(e, (1, 2, 3), strict=True)) / sum(e),
        dot_product=(1 + 4 + 9) / 3,
    )
    assert report.passed, report
    assert exercise.three_places.check(weights=[0.09, 0.2447, 0.6652], softmax=2.5752, dot_product=4.6667).passed


def test_the_published_cost_is_what_the_tested_block_costs():
    """Table 2e by `count_cost` on blocks that exist, biases and normalisation left out."""
    weights, full, subsampled = 0, 0, 0
    for count, channels, side in ((3, 1024, 14), (2, 512, 28)):
        for subsample in (False, True):
            block = NonLocalBlock(channels, dims=3, subsample=subsample)
            cost = count_cost(block, (1, channels, 4, side, side)).multiply_adds * count
            full, subsampled = full + cost * (not subsample), subsampled + cost * subsample
        weights += count * sum(p.numel() for p in block.parameters() if p.ndim == 2)
    report = exercise.table_2e.check(
        parameters=1 + weights / 43.2e6, subsampled=1 + subsampled / 34.2e9, full=1 + full / 34.2e9
    )
    assert report.passed, report
    assert exercise.table_2e.check(parameters=1.17, subsampled=1.24, full=1.59).passed


def likeness_by_loop(weights):
    total, n = 0.0, len(weights)
    for i in range(n):
        for j in range(n):
            if i != j:
                total += F.cosine_similarity(weights[i], weights[j], dim=0).item()
    return total / (n * (n - 1))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_right_answers_written_differently_pass(seed):
    def fused(theta, phi, g):
        return F.scaled_dot_product_attention(theta[None], phi[None], g[None], scale=1.0)[0]

    def by_outer_products(query, keys, values):
        return query @ torch.einsum("kd,kc->dc", keys, values) / keys.shape[0]

    def concatenated(theta, phi, w):
        """Query by query: no tensor holds the pairs of all queries."""
        pairs = [torch.cat([query.expand(len(phi), -1), phi], dim=1) for query in theta]
        return torch.stack([(each @ w).clamp(min=0) / len(phi) for each in pairs])

    for each, name, function in (
        (exercise.missing_sum, "embedded_gaussian", fused),
        (exercise.reorder, "linear_attention", by_outer_products),
        (exercise.ranking, "concatenation", concatenated),
        (exercise.alike, "likeness", likeness_by_loop),
        (
            exercise.patches,
            "patch_weights",
            lambda p, h: torch.softmax(-((torch.cdist(p, p) / h) ** 2) / p.shape[1], 1),
        ),
    ):
        [finding] = [f for f in each.check(**{name: function}, seed=seed).findings if f.question == name]
        assert finding.state is State.RIGHT, finding


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.three_places, {"weights": [0.09, 0.0159, 0.0024]}, "over the sum over|sum over i"),
        (exercise.three_places, {"dot_product": 7 / 3}, "divides by the sum of f"),
        (exercise.patches, {"w": 10}, "has a ½ that the filter lacks"),
        (exercise.dead_start, {"w_z_zero": "a"}, "does not kill all learning"),
        (exercise.dead_start, {"both_zero": "c"}, "and that is 0 now"),
        (exercise.reorder, {"softmax": "a"}, "does not commute"),
        (exercise.reorder, {"cheaper": "c"}, "7 × 7"),
        (exercise.table_2e, {"subsampled": 1.41}, "A quarter of the keys leaves"),
        (exercise.ranking, {"why": "a"}, "ReLU is not linear"),
        (exercise.missing_sum, {"shape": "a"}, "i is free as well"),
        (exercise.missing_sum, {"shape": "b"}, "j is still free"),
    ],
)
def test_wrong_answers_of_the_plan_are_named(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert any(part in repr(report) for part in words.split("|")), report


def test_the_predicted_gradients_are_those_of_the_block():
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = {(0, 1): {"exit"}, (1, 0): {"norm"}, (0, 0): set()}
    for (w_z, gamma), moving in expected.items():
        torch.manual_seed(0)
        block = NonLocalBlock(4, zero_init=False)
        with torch.no_grad():
            block.exit.weight *= w_z
            block.norm.weight *= gamma
        assert torch.equal(block(x), x)
        (block(x) - x.roll(1, dims=3)).square().mean().backward()
        found = {name.split(".")[0] for name, p in block.named_parameters() if p.ndim == 2 and p.grad.abs().max() > 0}
        if block.norm.weight.grad.abs().max() > 0:
            found.add("norm")
        assert found == moving


FUNCTIONS = [q for each in exercise.ALL for q in each.questions if isinstance(q, Function)]


@pytest.mark.parametrize("asked", FUNCTIONS, ids=lambda asked: asked.name)
def test_edge_cases_have_names_and_a_finite_answer(asked):
    cases = list(asked.edge_cases())
    assert len({name for name, _ in cases}) == len(cases) >= 4
    assert all(torch.as_tensor(asked.reference(*arguments)).isfinite().all() for _, arguments in cases)
