"""The exercises of lesson 7: hand values, counted networks, modules and the wrong answers that students give."""

from functools import partial

import pytest
import torch

from courseware.exercises.function import Function
from courseware.exercises.report import State
from visual_attention import BAM, CBAM, ChannelAttention, count_cost, resnet50
from visual_attention.exercises import cbam as exercise


def question(each, name):
    [found] = [q for q in each.questions if q.name == name]
    return found


def test_the_detective_s_networks_are_counted():
    built = {
        "one": (partial(ChannelAttention, reduction=32), "1.5", "branch"),
        "two": (partial(BAM, reduction=8), "1", "stage"),
        "three": (partial(CBAM, reduction=8), "1", "stage"),
    }
    for name, (attention, version, place) in built.items():
        with torch.device("meta"):
            cost = count_cost(resnet50(attention, version=version, place=place), (1, 3, 224, 224))
        assert (cost.parameters, cost.multiply_adds) == (exercise.PARAMETERS[name], exercise.OPERATIONS[name])


def test_counts_are_those_of_the_tested_gates():
    channel = sum(
        n * sum(weight.numel() for weight in ChannelAttention(c, exercise.RATIO).parameters())
        for n, c, _ in exercise.BLOCKS
    )
    assert channel == question(exercise.counts, "channel_gates").expected
    work = {"spatial_work": 0, "channel_work": 0}
    for n, c, side in exercise.BLOCKS:
        block = CBAM(c, exercise.RATIO, exercise.KERNEL)
        shape = (1, c, side, side)
        work["spatial_work"] += n * count_cost(block.spatial, shape).multiply_adds
        work["channel_work"] += n * count_cost(block.channel, shape).multiply_adds
    assert sum(weight.numel() for weight in block.spatial.parameters()) == 52
    for name, number in work.items():
        assert number == question(exercise.counts, name).expected


def test_values_by_hand():
    # One model of each pair: 0.2266 · 0.7734 = 0.17525, 0.2278 · 0.7722 = 0.17591, 0.2314 · 0.7686 = 0.17785.
    for name, value in {"pictures": 240, "in_errors": 1.81, "thousand_pictures": 975, "most_disagreement": 1.8}.items():
        assert question(exercise.significance, name).judge(value, 0).state is State.RIGHT
    for name, gates in {"with_relu": [0.924, 0.182], "without_relu": [0.622, 0.378]}.items():
        assert question(exercise.relu, name).judge(gates, 0).state is State.RIGHT
    assert 0.25**9 >= 1e-6 > 0.25**10
    assert question(exercise.both_gates, "blocks_left").judge(9, 0).state is State.RIGHT


def test_the_folded_gate_is_the_official_one_in_evaluation_mode():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 4, 6, 5, generator=generator)
    kernel, numbers = torch.randn(1, 2, 3, 3, generator=generator), torch.rand(4, 1, generator=generator) + 0.2
    official = torch.nn.BatchNorm2d(1).eval()
    official.running_mean, official.running_var = numbers[0], numbers[1]
    official.weight.data, official.bias.data = numbers[2], numbers[3]
    theirs = torch.stack([x.amax(dim=1), x.mean(dim=1)], dim=1)
    ours = theirs.flip(1)
    filter_of, bias_of = (question(exercise.official, name).reference for name in ("our_kernel", "our_bias"))
    folded = torch.nn.functional.conv2d(ours, filter_of(kernel, *numbers), bias_of(kernel, *numbers), padding=1)
    expected = official(torch.nn.functional.conv2d(theirs, kernel, padding=1))
    assert torch.allclose(folded, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("each", "name", "answer", "mistake"),
    [
        (exercise.counts, "one_gate", 50, "no normalisation"),
        (exercise.counts, "channel_work", 314_368, "one pool"),
        (exercise.significance, "verdict", "a", "chose a"),
        (exercise.significance, "thousand_pictures", 244, "one error"),
        (exercise.detective, "second_ratio", 16, "the default"),
    ],
)
def test_tell_tale_wrong_answers_are_named(each, name, answer, mistake):
    finding = question(each, name).judge(answer, 0)
    assert (finding.state, finding.mistake) == (State.NOT_YET, mistake)


def test_a_profile_does_not_tell_a_ring_from_a_blob():
    """What the letter of exercise 8 says: openness on one side and on all sides, the same ring is most open."""
    profile = question(exercise.ring, "profile").reference
    dots = torch.tensor([[5.5, 5.5]])
    rows, columns = torch.meshgrid(torch.arange(12) - 5.5, torch.arange(12) - 5.5, indexing="ij")
    near_three = ((rows.square() + columns.square()).sqrt() - 3).abs() < 0.5
    blob = near_three & (columns > 2)
    for gate in (near_three, blob):
        assert int(profile(gate[None].float(), dots).argmax()) == 3


FUNCTIONS = [q for each in exercise.ALL for q in each.questions if isinstance(q, Function)]


@pytest.mark.parametrize("asked", FUNCTIONS, ids=lambda asked: asked.name)
def test_edge_cases_have_names_and_a_finite_answer(asked):
    cases = list(asked.edge_cases())
    assert len({name for name, _ in cases}) == len(cases) >= 4
    assert all(torch.as_tensor(asked.reference(*arguments)).isfinite().all() for _, arguments in cases)
