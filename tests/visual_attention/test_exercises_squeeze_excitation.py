"""The exercises of lesson 5: other right solutions pass, and the wrong answers that students give are named."""

import math

import pytest
import torch

from courseware.exercises.report import State
from visual_attention import SqueezeExcitation
from visual_attention.exercises import squeeze_excitation as exercise
from visual_attention.experiments import stored
from visual_attention.lessons.squeeze_excitation import experiment as context


# ---- right
def test_the_answers_by_hand():
    assert exercise.by_hand.check([2.5, 0.5], [0.231, 0.858], [1.157, 0.858], 0.5).passed
    letters = {"softmax_instead": "c", "relu_gate": "b", "smaller_ratio": "b", "flops_and_time": "a"}
    assert exercise.gates.check(mean_gate=0.0026, largest_gate=0.125, two_baselines="c", **letters).passed
    assert exercise.cost.check(9_486_336, 0.636, 9_522_912, "c").passed
    assert exercise.detective.check(0.64, 0.411).passed


def test_the_intervention_is_read_off_the_stored_network():
    """Blue's gates on red-framed pictures: mostly the blue digit; and the numbers of the mistakes lie well apart."""
    [share] = exercise.intervene.questions
    assert 0.6 < share.expected < 0.9
    wrong = {mistake.name: mistake.wrong for mistake in share.mistakes}
    assert wrong["own gates"] > 0.9
    assert wrong["red digit counted"] < 0.1


# ---- wrong, and named
@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.by_hand, {"gates": [0.047, 0.953]}, "a softmax"),
        (exercise.by_hand, {"gates": [0.5, 0.858]}, "between the layers only"),
        (exercise.by_hand, {"squeezed": [10, 2]}, "The squeeze is a mean"),
        (exercise.cost, {"weights": 592_896}, "16 times too small"),
        (exercise.cost, {"weights": 1_392_640}, "A stage has N units"),
        (exercise.cost, {"weights": 4_743_168}, "one layer of the two"),
        (exercise.cost, {"third_share": 0.1353}, "ResNet-101's own weights"),
        (exercise.cost, {"number_47_01": "a"}, "49.33"),
        (exercise.gates, {"mean_gate": 0.5}, "fresh sigmoids"),
        (exercise.gates, {"softmax_instead": "a"}, "compete"),
        (exercise.gates, {"softmax_instead": "b"}, "behind the last batch norm"),
        (exercise.gates, {"smaller_ratio": "a"}, "22.29"),
        (exercise.gates, {"flops_and_time": "b"}, "a quarter of a per cent"),
        (exercise.gates, {"two_baselines": "b"}, "one table"),
        (exercise.detective, {"share": 0.36}, "without a squeeze already"),
        (exercise.detective, {"multiply_adds": 0.0025}, "run everywhere"),
        (exercise.detective, {"multiply_adds": 0.412}, "two rounded numbers"),
        (exercise.detective, {"multiply_adds": 411.042}, "in millions"),
        (exercise.cost, {"weights": 9.49}, "in millions"),
        (exercise.cost, {"third_share": 0.724}, "enters squared"),
        (exercise.by_hand, {"scaled": [1.155, 0.858]}, "round at the end"),
        (exercise.by_hand, {"gates": [0.769, 0.858]}, "W₂ has a minus"),
    ],
)
def test_wrong_numbers_and_letters(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (
            exercise.debug,
            lambda u, r, b: 2 * u.shape[1] * max(u.shape[1] // 16, 1) + b * (u.shape[1] + max(u.shape[1] // 16, 1)),
            "The ratio is ignored",
        ),
        (
            exercise.debug,
            lambda u, r, b: 2 * u.shape[1] * (u.shape[1] // r) + b * (u.shape[1] + u.shape[1] // r),
            "no hidden unit",
        ),
        (
            exercise.debug,
            lambda u, r, b: 2 * u.shape[1] * math.ceil(u.shape[1] / r) + b * (u.shape[1] + math.ceil(u.shape[1] / r)),
            "rounded up",
        ),
    ],
)
def test_wrong_functions(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


# ---- a block of one's own in the network
def test_the_network_for_a_block_has_the_stored_reader_and_a_new_head():
    kept = context.start("SE", 0)
    network = context.with_reader(lambda channels: SqueezeExcitation(channels, 4), seed=3)
    state = context.red_framed()[0].state_dict()
    for name, value in network.state_dict().items():
        same = torch.equal(value, state[name])
        assert same == name.startswith(("trunk", "reader")), name
    assert [name for name in network.state_dict()] == [name for name in kept.state_dict()]


def test_the_limits_of_what_is_measured_leave_room_for_every_stored_seed():
    results = stored("context")
    read, _ = exercise.trained.questions
    for share in results.of("SE", "accuracy").tolist():
        assert read.judge(share - 0.05).state is State.RIGHT
    for share in results.of("none", "accuracy").tolist():
        assert read.judge(share + 0.1).state is State.NOT_YET
    gaps = results.of("SE", "announced gates") - results.of("SE", "other gates")
    assert (gaps > 0.2 + 0.15).all()


def test_the_green_gates_stand_out_in_the_picture_that_is_drawn():
    planes, widest, half_open = exercise.seen.questions
    means = torch.as_tensor(planes.expected)
    assert means.argmax() == 1
    assert 16 <= widest.expected < 32
    assert 0 < half_open.expected < 48
    # The two whole numbers do not hang on a rounding.
    first, second = exercise._GREEN.topk(2).values.tolist()
    assert first - second > 1e-4
    assert (exercise._GREEN - 0.5).abs().min() > 1e-3
    for question in (widest, half_open):
        wrong = [mistake.wrong for mistake in question.mistakes]
        assert len({question.expected, *wrong}) == 1 + len(wrong)
