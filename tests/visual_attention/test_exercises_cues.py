import math
from pathlib import Path

import pytest
import torch
from sheets import run

from courseware.exercises.report import State
from courseware.text import derive
from visual_attention import soft_pool
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
    for words in ("masked_fill(outside", "48 * 0.9", "dim=1) @ values", "∎", "1 / 66", 'attention = "b"', "b = 2.4$"):
        assert words in text
        assert words not in unsolved


def test_what_a_prediction_would_learn_is_shown_after_it_only(text, capsys):
    run(derive.unsolved(text))
    printed = capsys.readouterr().out
    assert "First your six letters" in printed
    assert "moved along" not in printed
    assert "First your numbers" in printed
    assert "64 bars" not in printed


# Numbers by hand, computed here by plain loops in Python's floats


def crowd_by_counting(bars):
    """The first bar's weight: bars as texts, a letter a feature, shares by counting."""
    powers = []
    for bar in bars:
        power = 1.0
        for place, letter in enumerate(bar):
            power /= sum(other[place] == letter for other in bars) / len(bars)
        powers.append(power)
    return powers[0] / sum(powers)


def test_the_weights_of_three_colours():
    assert crowd_by_counting(["r"] + ["b"] * 4 + ["g"] * 15) == pytest.approx(1 / 3)
    assert crowd_by_counting(["b"] * 4 + ["r"] + ["g"] * 15) == pytest.approx(1 / 12)
    assert crowd_by_counting(["b"] * 7 + ["r"] * 2 + ["g"] * 5) == pytest.approx(1 / 21)  # however many there are


@pytest.mark.parametrize("split", [(5, 5, 5), (1, 2, 12), (13, 1, 1)])
def test_a_conjunction_of_three_features_depends_on_the_number_alone(split):
    a, b, c = split
    bars = ["000"] + ["100"] * a + ["010"] * b + ["001"] * c
    assert crowd_by_counting(bars) == pytest.approx(1 / 34)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 6])
def test_the_general_law(d):
    for n in (16, 40):
        others = ["0" * (i % d) + "1" + "0" * (d - 1 - i % d) for i in range(n - 1)]
        assert crowd_by_counting(["0" * d, *others]) == pytest.approx(1 / ((d - 1) * n + 2))


def test_numbers_by_hand():
    assert exercise.other_poolings.check([1, 0, 0, 0, 0], [0, 0.5, 0, 0, 0.5], 1.33, 0.44, "b").passed
    assert exercise.knob.check("c", math.log(9), math.log(3), math.log(432), "b").passed
    y = 2 * math.e**2 / (1 + math.e**2)
    share = 1 / (1 + math.e**2)
    slopes = [share * (1 - y), (1 - share) * (1 + 2 - y)]
    assert sum(slopes) == pytest.approx(1)
    assert exercise.gradients.check(slopes, 0.25, "b", [0, 1 / 3, 1 / 3, 1 / 3], "c").passed
    assert exercise.crowd.check(1 / 3, 1 / 12, 1 / 34, 1 / 66, math.log(33)).passed
    # With that intent the target has as much as all others together: 1 part of 34, times e^b.
    assert math.exp(math.log(33)) * 1 / 34 == pytest.approx(33 / 34)


def test_the_betas_give_the_results_that_the_sheet_states():
    def pooled(entries, beta):
        return soft_pool(torch.tensor(entries, dtype=torch.float64), beta, dim=0).item()

    assert pooled([0.0, 1.0], math.log(9)) == pytest.approx(0.9)
    assert pooled([5.0, 7.0], math.log(9) / 2) == pytest.approx(6.8)
    assert pooled([1.0] + [0.0] * 48, math.log(432)) == pytest.approx(0.9)
    # and what the explanations of the estimate say
    assert pooled([0.0, 1.0], 0.2) == pytest.approx(0.55, abs=0.005)
    assert pooled([0.0, 1.0], 1) == pytest.approx(0.73, abs=0.005)
    assert pooled([0.0, 1.0], 9) == pytest.approx(0.9999, abs=5e-5)


def test_an_entry_that_lies_one_over_beta_below_neither_raises_nor_lowers():
    beta = 4.0
    for top in (0.5, 1.0, 3.0):
        low, high = top - 5, top  # find the entry whose slope is 0, by halving
        for _ in range(60):
            middle = (low + high) / 2
            share = 1 / (1 + math.exp(beta * (top - middle)))
            y = share * middle + (1 - share) * top
            low, high = (middle, high) if 1 + beta * (middle - y) < 0 else (low, middle)
        assert y - middle == pytest.approx(1 / beta)


def test_the_tie_and_twice_the_weight():
    def ratio(b):
        return math.exp(3 * 0.2 + b * 1.0) / math.exp(3 * 1.0 + b * 0.0)

    assert ratio(2.4) == pytest.approx(1)
    assert ratio(2.4 + math.log(2)) == pytest.approx(2)
    assert exercise.two_cues.check(tie=2.4, twice=3.09).findings[2].state is State.RIGHT


def test_a_padded_average_darkens_the_border():
    flat = torch.full((1, 1, 4, 4), 3.0)
    padded = torch.nn.functional.avg_pool2d(flat, 3, stride=1, padding=1)[0, 0]
    assert padded[1, 1] == pytest.approx(3)
    assert padded[0, 0] < padded[0, 1] < 3
    assert torch.allclose(torch.nn.functional.avg_pool2d(flat, 3, stride=1, padding=1, count_include_pad=False), flat)


def test_what_the_sheet_says_of_the_layers(solved, capsys):
    """The printed table of exercise 3, recomputed: a shuffle of the places, before and after each layer."""
    namespace = solved[0]
    order, layers = namespace["order"], namespace["layers"]
    features = torch.randn(3, 6, 6, generator=torch.Generator().manual_seed(0))
    moved = namespace["shuffled"](features)
    for place in range(36):
        source = int(order[place])
        assert torch.equal(moved[:, place // 6, place % 6], features[:, source // 6, source % 6])
    for name in ("1x1 convolution", "channel times gate", "self-attention"):
        assert torch.allclose(layers[name](moved), namespace["shuffled"](layers[name](features)), atol=1e-5), name
    for name in ("3x3 convolution", "... with positions"):
        after, before = layers[name](moved), layers[name](features)
        assert (after - namespace["shuffled"](before)).abs().max() > 0.1, name
        assert (after - before).abs().max() > 0.1, name


# Wrong answers. Hand-computed numbers and literal code, not the mistakes' own functions.


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.other_poolings, {"median": [0, 0, 1, 0, 0]}, "sort first"),
        (exercise.other_poolings, {"top_two": [0, 1, 0, 0, 1]}, "weights sum to 1"),
        (exercise.other_poolings, {"padded": 3}, "divides by nine"),
        (exercise.other_poolings, {"inside": 1}, "divided by four"),
        (exercise.other_poolings, {"flat": "c"}, "weigh 1/9"),
        (exercise.knob, {"estimate": "d"}, "0.9999"),
        (exercise.knob, {"two": 9}, "Which β is that"),
        (exercise.knob, {"two": 2.3}, "0.9 to 0.1"),
        (exercise.knob, {"many": 2.2}, "48 zeros"),
        (exercise.knob, {"many": 6.09}, "holds the 1"),
        (exercise.knob, {"apart": 2.197}, "differ by 2β"),
        (exercise.whose_query, {"self_attention": "a"}, "a query needs no outside"),
        (exercise.whose_query, {"top_k": "b"}, "Choosing is not asking"),
        (exercise.whose_query, {"centre": "c"}, "it *is* the weights"),
        (exercise.whose_query, {"class_token": "b"}, "it is learned"),
        (exercise.shuffle, {"attention": "c"}, "Positions do not matter to it"),
        (exercise.shuffle, {"convolution": "b"}, "It moves along with *shifts*"),
        (exercise.shuffle, {"positions": "b"}, "given after the shuffle"),
        (exercise.gradients, {"slopes": [0.119, 0.881]}, "adds a second term"),
        (exercise.gradients, {"of_tie": [0, 1, 0, 0]}, "One-hot: right without a tie"),
        (exercise.gradients, {"of_tie": [0, 1, 1, 1]}, "share one unit"),
        (exercise.gradients, {"why": "a"}, "subgradients"),
        (exercise.two_cues, {"tie": 0.8}, "Here saliency counts three times"),
        (exercise.two_cues, {"tie": 3}, "ahead already"),
        (exercise.two_cues, {"twice": 4.8}, "not twice the weight"),
        (exercise.crowd, {"red": 0.5}, "for two colours"),
        (exercise.crowd, {"red": 0.759}, "takes one bar of each colour"),
        (exercise.crowd, {"three": 0.056}, "conjunction of two features"),
        (exercise.crowd, {"three": 0.0625}, "Nothing about the target is rare"),
        (exercise.crowd, {"intent": 2.833}, "belongs to two features"),
    ],
)
def test_wrong_answers_get_their_name(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


def lesson_line(x, beta):
    """What the lesson prints, for each window."""
    power = torch.exp(beta * x - (beta * x).amax(dim=1, keepdim=True))
    return (power / power.sum(dim=1, keepdim=True) * x).sum(dim=1)


def test_the_lines_of_the_lesson_do_not_solve_the_border():
    report = exercise.soft_pooling.check(lesson_line)
    assert report.state is State.NOT_YET
    assert "nan" in repr(report)


def test_a_window_pooled_as_a_whole_is_told_so():
    report = exercise.two_cues.check(lambda s, k, q, v, a, b: torch.softmax(a * s + b * (q @ k.T), 0) @ v)
    assert "dim 0" in repr(report)
    assert report.mistakes


def test_the_reference_pools_as_the_library_does():
    question = exercise.soft_pooling.questions[0]
    cases = [*question.cases(torch.Generator().manual_seed(1)), *(case for _, case in question.edge_cases())]
    for x, beta in cases:
        expected = torch.stack([soft_pool(row[row.isfinite()], beta, dim=0) for row in x])
        torch.testing.assert_close(question.reference(x, beta), expected)
