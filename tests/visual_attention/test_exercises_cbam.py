"""The exercises of lesson 7: hand values, counted networks, and the wrong answers that students give."""

import math

import pytest
import torch

from courseware.checking import State
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
    networks |= {"both_pools": counted(ChannelAttention), "bam_1.5": counted(BAM, place="stage", version="1.5")}
    for name, giga in exercise.OPERATIONS.items():
        assert round(networks[name].multiply_adds / 1e9, 3) == giga


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
        channels = x.shape[1]
        fc1 = torch.nn.Conv2d(channels, channels // 16, 1, bias=False)
        fc2 = torch.nn.Conv2d(channels // 16, channels, 1, bias=False)
        pools = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        gate = torch.sigmoid(sum(fc2(torch.relu(fc1(pool))) for pool in pools))
        return torch.tensor([fc1.weight.numel() + fc2.weight.numel(), *gate.shape]).float()

    finding = question(exercise.listing, "mended").judge(listing, 0)
    assert finding.mistake == "nothing mended"


def test_the_expected_weights_of_the_mended_listing():
    reference = question(exercise.listing, "mended").reference
    for channels, ratio, weights in ((64, 8, 1024), (64, 16, 512), (8, 16, 16)):
        assert reference(torch.rand(2, channels, 3, 4), ratio).tolist() == [weights, 2, channels, 3, 4]
