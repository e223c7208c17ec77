"""The exercises of lesson 7: hand values, counted networks, and the wrong answers that students give."""

import math

import pytest
import torch

from courseware.exercises.function import Function
from courseware.exercises.report import State
from visual_attention import BAM, CBAM, ChannelAttention, SqueezeExcitation, count_cost, resnet50
from visual_attention.exercises import cbam as exercise


def question(each, name):
    [found] = [q for q in each.questions if q.name == name]
    return found


def test_the_detectives_numbers_are_counted():
    def counted(attention, **options):
        with torch.device("meta"):
            network = resnet50(attention, **{"version": "1"} | options)
        return count_cost(network, (1, 3, 224, 224))

    networks = {
        "plain": counted(None),
        "bam": counted(BAM, place="stage"),
        "cbam": counted(CBAM),
        "se": counted(SqueezeExcitation),
        "bam_branch": counted(BAM),
    }
    assert {name: cost.parameters for name, cost in networks.items()} == exercise.PARAMETERS
    networks |= {
        "both_pools": counted(ChannelAttention),
        "bam_1.5": counted(BAM, place="stage", version="1.5"),
        "both_pools_1.5": counted(ChannelAttention, version="1.5"),
    }
    operations = {name: networks[name].multiply_adds for name in exercise.OPERATIONS}
    assert operations == exercise.OPERATIONS


def test_values_by_hand():
    asked = {
        "one_gate": 2 * 49,
        "sixteen_gates": 16 * 98,
        "channel_gates": 24_576 + 131_072 + 786_432 + 1_572_864,
        "channel_share": 99.9,
    }
    for name, value in asked.items():
        assert question(exercise.counts, name).judge(value, 0).state is State.RIGHT
    for name, value in {"pictures": 60, "standard_error": 0.187, "of_the_difference": 0.265}.items():
        assert question(exercise.significance, name).judge(value, 0).state is State.RIGHT
    gate = [1 / (1 + math.exp(-3)), 1 / (1 + math.exp(1.5))]
    assert question(exercise.relu, "with_relu").judge(gate, 0).state is State.RIGHT
    assert question(exercise.composition, "trunk").judge(math.log10(2.3e-10), 0).state is State.RIGHT


@pytest.mark.parametrize(
    ("each", "name", "answer", "mistake"),
    [
        (exercise.counts, "one_gate", 49, "one plane"),
        (exercise.counts, "one_gate", 98 * 256, "a filter a channel"),
        (exercise.counts, "channel_gates", 5_029_888, "two MLPs"),
        (exercise.significance, "verdict", "a", "chose a"),
        (exercise.detective, "second_pooling", "a", "chose a"),
        (exercise.detective, "right_parameters", 25.92, "printed"),
        (exercise.detective, "bam_operations", 4.17, "version 1.5"),
        (exercise.listing, "unmended_weights", [1024, 512, 256], "ratio honoured"),
    ],
)
def test_tell_tale_wrong_answers_are_named(each, name, answer, mistake):
    finding = question(each, name).judge(answer, 0)
    assert (finding.state, finding.mistake) == (State.NOT_YET, mistake)


def test_the_listing_as_printed_is_recognised():
    def listing(x, ratio):
        torch.manual_seed(7)
        channels = x.shape[1]
        fc1 = torch.nn.Conv2d(channels, channels // 16, 1, bias=False)
        fc2 = torch.nn.Conv2d(channels // 16, channels, 1, bias=False)
        pools = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return torch.sigmoid(sum(fc2(torch.relu(fc1(pool))) for pool in pools))

    finding = question(exercise.listing, "mended").judge(listing, 0)
    assert finding.mistake == "nothing mended"


@pytest.mark.parametrize(("channels", "ratio", "hidden"), [(64, 8, 8), (64, 16, 4), (30, 8, 3), (8, 16, 1)])
def test_the_mended_listing_by_hand(channels, ratio, hidden):
    """In float64, with the weights that the seed of the sheet draws."""
    x = torch.randn(2, channels, 3, 4, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(7)
    w0, w1 = (torch.nn.Linear(*sizes, bias=False).weight.double() for sizes in ((channels, hidden), (hidden, channels)))
    flat = x.double().flatten(2)
    logits = sum((pool @ w0.T).clamp(min=0) @ w1.T for pool in (flat.mean(2), flat.amax(2)))
    expected = x / (1 + torch.exp(-logits))[:, :, None, None]
    assert torch.allclose(question(exercise.listing, "mended").reference(x, ratio).double(), expected, atol=1e-6)


FUNCTIONS = [q for each in exercise.ALL for q in each.questions if isinstance(q, Function)]


@pytest.mark.parametrize("asked", FUNCTIONS, ids=lambda asked: asked.name)
def test_edge_cases_have_names_and_a_finite_answer(asked):
    cases = list(asked.edge_cases())
    assert len({name for name, _ in cases}) == len(cases) >= 4
    assert all(torch.as_tensor(asked.reference(*arguments)).isfinite().all() for _, arguments in cases)
