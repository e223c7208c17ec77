import math
from pathlib import Path

import pytest
import torch
from sheets import run

from courseware.exercises.report import State
from courseware.text import derive
from visual_attention.exercises import cues as exercise

SHEET = Path(__file__).parents[2] / "course" / "exercises" / "01_cues.py"


@pytest.fixture(scope="module")
def text():
    return SHEET.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def solved(text):
    return run(derive.solved(text))


def test_the_unsolved_sheet_holds_no_solution(text):
    unsolved = "\n".join(cell.source for cell in derive.unsolved(text).cells)
    for words in ("power / power.sum()", "2.493", "keys @ query), dim=0", "∎", "2.8332", 'attention = "b"', "b = 2.4$"):
        assert words in text
        assert words not in unsolved


# Right answers, computed here by plain loops in Python's floats


def soft_pool_by_loop(x, beta):
    x = [float(each) for each in x]
    top = max(beta * each for each in x)
    power = [math.exp(beta * each - top) for each in x]
    return sum(p * each for p, each in zip(power, x, strict=True)) / sum(power)


def desk_by_loop(saliency, keys, query, a, b):
    scores = [
        a * float(s) + b * sum(float(k) * float(q) for k, q in zip(key, query, strict=True))
        for s, key in zip(saliency, keys, strict=True)
    ]
    power = [math.exp(score) for score in scores]
    return torch.tensor([p / sum(power) for p in power])


def crowd_by_loop(n, search):
    """Target's weight: bars as pairs of letters, shares by counting."""
    others = ["GU"] * (n - 1) if search == "feature" else ["RT" if i % 2 == 0 else "GU" for i in range(n - 1)]
    bars = ["RU", *others]
    power = []
    for bar in bars:
        colour = sum(other[0] == bar[0] for other in bars) / n
        posture = sum(other[1] == bar[1] for other in bars) / n
        power.append(1 / (colour * posture))
    return power[0] / sum(power)


@pytest.mark.parametrize("seed", [0, 1])
def test_right_answers_written_differently_pass(seed):
    def by_logsumexp(x, beta):
        return ((beta * x - (beta * x).logsumexp(0)).exp() * x).sum()

    for function in (soft_pool_by_loop, by_logsumexp):
        report = exercise.soft_pooling.check(function, seed=seed)
        assert report.passed, report

    def by_einsum(saliency, keys, query, a, b):
        return torch.nn.functional.softmax(saliency * a + torch.einsum("nd,d->n", keys, b * query), -1)

    for function in (desk_by_loop, by_einsum):
        report = exercise.two_cues.check(function, 2.4, seed=seed)
        assert report.passed, report


def test_numbers_by_hand():
    assert exercise.two_poolings.check([0.25] * 4, 1.5, [0, 1, 0, 0], 3).passed
    pooled = (math.e + 3 * math.e**3 + 2 * math.e**2) / (math.e + math.e**3 + math.e**2 + 1)
    assert exercise.knob.check("a", "d", "b", "c", pooled).passed
    assert exercise.gradients.check([0.25] * 4, [0, 1, 0, 0], [0, 0.5, 0.5, 0], "c").passed
    answers = crowd_by_loop(16, "feature"), crowd_by_loop(16, "conjunction"), math.log(17)
    assert exercise.crowd.check(*answers).passed
    assert exercise.crowd.check(0.5, 0.056, 2.833).passed
    # With that intent the target has as much as all others together.
    target = crowd_by_loop(16, "conjunction")
    assert target * 17 / (target * 17 + 1 - target) == pytest.approx(0.5)


def test_what_the_sheet_says_of_the_layers(solved):
    """The printed table of exercise 5, recomputed: a shuffle of the places, before and after each layer."""
    namespace = solved[0]
    features, order = namespace["features"], namespace["order"]
    moved = namespace["shuffled"](features)
    for place in range(36):
        source = int(order[place])
        assert torch.equal(moved[:, place // 6, place % 6], features[:, source // 6, source % 6])
    layer = namespace["self_attention_layer"]
    assert torch.allclose(layer(moved), namespace["shuffled"](layer(features)), atol=1e-5)
    convolve = namespace["layers"]["3x3 convolution"]
    assert (convolve(moved) - namespace["shuffled"](convolve(features))).abs().max() > 0.1


# Wrong answers. Hand-computed numbers and literal code, not the mistakes' own functions.


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.two_poolings, {"max_weights": [1 / 6, 0.5, 1 / 3, 0]}, "in proportion to the values"),
        (exercise.two_poolings, {"maximum": 2.33}, "weights in proportion to the values"),
        (exercise.two_poolings, {"max_weights": [0.087, 0.644, 0.237, 0.032]}, "soft pooling at β = 1"),
        (exercise.two_poolings, {"average": 6}, "6 is the sum"),
        (exercise.two_poolings, {"average_weights": [1, 1, 1, 1]}, "sum to 1"),
        (exercise.knob, {"zero": "c"}, "The minimum is at β → −∞"),
        (exercise.knob, {"negative": "a"}, "The average is at β = 0"),
        (exercise.knob, {"pooled": 2.33}, "in proportion to exp(x)"),
        (exercise.knob, {"pooled": 3.44}, "larger than every entry"),
        (exercise.whose_query, {"self_attention": "a"}, "a query needs no outside"),
        (exercise.whose_query, {"max_pooling": "b"}, "not smarter"),
        (exercise.whose_query, {"class_token": "b"}, "it is learned"),
        (exercise.shuffle, {"attention": "c"}, "Positions do not matter to it"),
        (exercise.shuffle, {"convolution": "b"}, "It moves along with *shifts*"),
        (exercise.gradients, {"of_tie": [0, 1, 0, 0]}, "One-hot: right without a tie"),
        (exercise.gradients, {"of_tie": [0, 1, 1, 0]}, "share one unit"),
        (exercise.gradients, {"of_mean": [1, 1, 1, 1]}, "gradient of the sum"),
        (exercise.gradients, {"why": "a"}, "subgradients"),
        (exercise.two_cues, {"tie": 0.8}, "Here saliency counts three times"),
        (exercise.two_cues, {"tie": 3}, "ahead already"),
        (exercise.crowd, {"feature": 0.0625}, "equal share"),
        (exercise.crowd, {"feature": 0.938}, "all fifteen others"),
        (exercise.crowd, {"conjunction": 0.333}, "one feature at a time"),
        (exercise.crowd, {"conjunction": 0.0625}, "less surprising than the others"),
        (exercise.crowd, {"intent": 1.4166}, "The difference is b, not 2b"),
        (exercise.crowd, {"intent": 2.708}, "1 against 17"),
    ],
)
def test_wrong_answers_get_their_name(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


def naive(x, beta):
    power = torch.exp(beta * x)
    return (power * x).sum() / power.sum()


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (exercise.soft_pooling, naive, "inf/inf is nan"),
        (exercise.soft_pooling, lambda x, beta: torch.nan_to_num(naive(x, beta)), "nan became 0"),
        (
            exercise.soft_pooling,
            lambda x, beta: ((beta * (x - x.max())).exp() * x).sum() / (beta * (x - x.max())).exp().sum(),
            "belongs to the smallest x",
        ),
        (exercise.soft_pooling, lambda x, beta: torch.softmax(beta * x, 0), "still have to be averaged"),
        (exercise.soft_pooling, lambda x, beta: torch.softmax(x, 0) @ x, "answer for β = 1"),
        (exercise.soft_pooling, lambda x, beta: torch.amax(x), "limit β → ∞"),
        (exercise.two_cues, lambda s, k, q, a, b: a * s + b * (k * q).sum(1), "softmax over the things is missing"),
        (exercise.two_cues, lambda s, k, q, a, b: torch.exp(a * s + b * (k @ q)), "divided by their sum"),
        (exercise.two_cues, lambda s, k, q, a, b: torch.softmax(a * s * b * (k @ q), 0), "add them"),
        (exercise.two_cues, lambda s, k, q, a, b: torch.softmax(b * s + a * (k @ q), 0), "swapped"),
        (
            exercise.two_cues,
            lambda s, k, q, a, b: 0.5 * torch.softmax(a * s, 0) + 0.5 * torch.softmax(b * (k @ q), 0),
            "Two softmaxes",
        ),
    ],
)
def test_wrong_functions(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes
