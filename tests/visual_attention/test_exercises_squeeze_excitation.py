"""The exercises of lesson 5: other right solutions pass, and the wrong answers that students give are named."""

import math

import pytest
import torch
import torch.nn.functional as F

from courseware.exercises.report import State
from visual_attention.exercises import squeeze_excitation as exercise


# ---- right, in another way
def block_by_loop(u, w1, w2):
    out = torch.empty_like(u)
    for n in range(u.shape[0]):
        z = [u[n, c].sum().item() / u[n, c].numel() for c in range(u.shape[1])]
        hidden = [max(0.0, sum(w * v for w, v in zip(row, z, strict=True))) for row in w1.tolist()]
        for c, row in enumerate(w2.tolist()):
            out[n, c] = u[n, c] / (1 + math.exp(-sum(w * h for w, h in zip(row, hidden, strict=True))))
    return out


def block_by_convolutions(u, w1, w2):
    gates = F.conv2d(F.adaptive_avg_pool2d(u, 1), w1[..., None, None]).relu()
    return u * F.conv2d(gates, w2[..., None, None]).sigmoid()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("function", [block_by_loop, block_by_convolutions])
def test_other_right_blocks(function, seed):
    report = exercise.block.check(function, seed=seed)
    assert report.passed, report


def test_the_answers_by_hand():
    assert exercise.by_hand.check([2, 1], [0.269, 0.953], [1.076, 1.905]).passed
    letters = {"softmax_instead": "c", "relu_gate": "b", "smaller_ratio": "b", "flops_and_time": "a"}
    assert exercise.gates.check(mean_gate=0.00049, two_baselines="c", **letters).passed
    assert exercise.cost.check(2_514_944, 0.625, 2_530_992, "c").passed
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
        (exercise.by_hand, {"gates": [0.018, 0.982]}, "a softmax"),
        (exercise.by_hand, {"gates": [0.5, 0.953]}, "between the layers only"),
        (exercise.by_hand, {"squeezed": [8, 4]}, "The squeeze is a mean"),
        (exercise.cost, {"weights": 157_184}, "16 times too small"),
        (exercise.cost, {"weights": 696_320}, "A stage has N units"),
        (exercise.cost, {"weights": 1_257_472}, "there are two layers"),
        (exercise.cost, {"last_share": 0.0615}, "ResNet-50's own weights"),
        (exercise.cost, {"number_26_77": "a"}, "28.09"),
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
        (exercise.cost, {"weights": 2.51}, "in millions"),
        (exercise.cost, {"last_share": 0.533}, "enter squared"),
        (exercise.by_hand, {"scaled": [1.076, 1.906]}, "round at the end"),
        (exercise.by_hand, {"gates": [0.731, 0.953]}, "W₂ has a minus"),
    ],
)
def test_wrong_numbers_and_letters(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (exercise.block, lambda u, w1, w2: u * (u.mean((2, 3)) @ w1.T @ w2.T).sigmoid()[..., None, None], "are one"),
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.mean((2, 3)) @ w1.T).relu() @ w2.T).relu().sigmoid()[..., None, None],
            "below one half",
        ),
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.mean(1).flatten(1) @ w1.T).relu() @ w2.T).sigmoid()[..., None, None],
            "over the channels",
        ),
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.mean((2, 3)) @ w1.T).relu() @ w2.T).softmax(1)[..., None, None],
            "sum to 1",
        ),
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
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.mean((2, 3)) @ w1.T).relu() @ w2.T)[..., None, None],
            "The sigmoid is missing",
        ),
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.mean((2, 3)) @ w1.T).relu() @ w2.T).sigmoid(),
            "no axes for the positions",
        ),
        (
            exercise.block,
            lambda u, w1, w2: u * ((u.relu().mean((2, 3)) @ w1.T).relu() @ w2.T).sigmoid()[..., None, None],
            "through a ReLU before the squeeze",
        ),
    ],
)
def test_wrong_functions(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes
