"""Where one more run is to be expected, given the stored ones."""

import math

import pytest
import torch
from scipy import stats

from visual_attention.experiments import stored
from visual_attention.experiments.agreement import agrees, prediction_interval

# What the lessons train again, with the stored table, the variant and the measure that they compare with.
TRAINED_IN_LESSONS = [
    ("scales", "selected", "accuracy"),
    ("context", "SE", "accuracy"),
    ("twins", "embedded gaussian", "accuracy"),
    ("read_beside_the_dot", "CBAM", "accuracy"),
    ("capstone", "none", "frame"),
    ("capstone", "SE", "frame"),
]


def test_hand_value():
    """1, 2, 3: mean 2, standard deviation 1; the table of Student's distribution says 4.3027 for 2 degrees at 95 %."""
    low, high = prediction_interval(torch.tensor([1.0, 2.0, 3.0]), confidence=0.95)
    assert high == pytest.approx(2 + 4.3027 * math.sqrt(1 + 1 / 3), abs=1e-3)
    assert low == pytest.approx(4 - high)


def test_the_promised_share_of_further_runs_lies_within():
    generator = torch.Generator().manual_seed(0)
    draws = 3 + 0.5 * torch.randn(4000, 6, generator=generator, dtype=torch.float64)
    for confidence in (0.5, 0.9, 0.99):
        within = sum(agrees(row[0].item(), row[1:], confidence) for row in draws) / len(draws)
        assert within == pytest.approx(confidence, abs=4 * math.sqrt(confidence * (1 - confidence) / len(draws)))


def test_it_is_the_interval_of_scipys_distribution():
    numbers = torch.tensor([0.89, 0.90, 0.77, 0.86, 0.80], dtype=torch.float64)
    spread = numbers.std().item() * math.sqrt(1 + 1 / 5)
    expected = stats.t.interval(0.99, df=4, loc=numbers.mean().item(), scale=spread)
    assert prediction_interval(numbers) == pytest.approx(expected)


def test_the_ends_agree_and_what_lies_beyond_does_not():
    numbers = torch.tensor([1.0, 2.0, 4.0])
    low, high = prediction_interval(numbers)
    assert agrees(low, numbers)
    assert agrees(high, numbers)
    assert not agrees(low - 1e-6, numbers)
    assert not agrees(high + 1e-6, numbers)
    assert not agrees(math.nan, numbers)


@pytest.mark.parametrize(("name", "variant", "measure"), TRAINED_IN_LESSONS)
def test_each_stored_seed_agrees_with_the_others(name, variant, measure):
    numbers = stored(name).of(variant, measure)
    for left_out in range(len(numbers)):
        others = torch.cat([numbers[:left_out], numbers[left_out + 1 :]])
        assert agrees(numbers[left_out].item(), others)


@pytest.mark.parametrize(("name", "variant", "measure"), [t for t in TRAINED_IN_LESSONS if t[1] != "none"])
def test_a_network_that_guesses_does_not_agree(name, variant, measure):
    chance = {"scales": 1 / 6, "twins": 1 / 3, "context": 1 / 3, "read_beside_the_dot": 0.1, "capstone": 0.1}[name]
    assert not agrees(chance, stored(name).of(variant, measure))


@pytest.mark.parametrize(
    ("numbers", "confidence", "message"),
    [
        ([1.0], 0.9, "stored must hold one number for each of at least 2 runs"),
        ([[1.0, 2.0]], 0.9, "stored must hold one number for each of at least 2 runs"),
        ([1.0, math.nan], 0.9, "stored must be finite"),
        ([1.0, 2.0], 1.0, "confidence must lie between 0 and 1, got 1.0"),
        ([1.0, 2.0], 0, "confidence must lie between 0 and 1, got 0"),
    ],
)
def test_bad_arguments_are_named(numbers, confidence, message):
    with pytest.raises(ValueError, match=message):
        prediction_interval(torch.tensor(numbers), confidence)
