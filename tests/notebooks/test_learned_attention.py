"""What the committed lesson 3 prints, against computations that share nothing with it, and against what it must show.

nbval sees to it that the stored outputs are those of a fresh run; here their numbers are read.
"""

import math
import re
from pathlib import Path

import nbformat
import pytest

from visual_attention.datasets import noisy_sine

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "03_learned_attention.ipynb"


@pytest.fixture(scope="module")
def printed():
    cells = nbformat.read(LESSON, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def number(text, pattern):
    """The one number that stands in the place of the pattern's group."""
    [found] = re.findall(pattern, text)
    return float(found)


def kernel(distance, w):
    return math.exp(-((distance * w) ** 2) / 2)


def test_hand_values(printed):
    """The right formula and the two misprinted ones at w = 2, each read as it is printed, in Python's floats."""
    keys, values, x = (0, 1, 3), (1, 2, 6), 1
    above = [kernel(x - key, 2) for key in keys]
    below = {
        "right": [sum(kernel(x - key, 2) for key in keys)] * 3,
        "first": [sum(kernel(x - key, 1) for key in keys)] * 3,
        "second": [sum(kernel(x - key_i, 2) for _ in keys) for key_i in keys],
    }
    known = {"right": 1.8820, "first": 1.2270, "second": 3.0}
    for name, sums in below.items():
        f = sum(a / b * y for a, b, y in zip(above, sums, values, strict=True))
        assert f == pytest.approx(known[name], abs=5e-5)
        assert number(printed, rf"(?m)^{name} .*f\(1\) = (\S+)$") == pytest.approx(f, abs=5e-5)


def test_row_sums_of_the_slides_fraction(printed):
    keys = noisy_sine().x.tolist()
    for w, known in {0: 2.48, 0.5: 1.67, 1: 1.00, 2: 0.53, 5: 0.22}.items():
        sums = []
        for x in (k / 10 for k in range(50)):
            sums.append(sum(kernel(x - key, w) for key in keys) / sum(kernel(x - key, 1) for key in keys))
        assert sum(sums) / 50 == pytest.approx(known, abs=0.005)
        assert number(printed, rf"(?m)^  w = {w:g}: (\S+)$") == pytest.approx(sum(sums) / 50, abs=0.005)


def test_trained_with_itself_w_passes_a_hundred_and_the_loss_vanishes(printed):
    [(middle, last, loss)] = re.findall(r"with itself: w after .* steps \S+, (\S+), (\S+); loss (\S+)", printed)
    assert 100 < float(middle) < float(last)
    assert float(loss) < number(printed, r"with itself at w = 4: (\S+)") / 10


def test_two_hundred_draws(printed):
    assert 3.5 < number(printed, r"learned w: +median (\S+) \(5 to 95 %: .* to .*\)") < 4.8
    wins = {name: number(printed, rf"(?m)^{name} .*beats w = 1 in (\S+)% of draws$") for name in ("recipe", "learned")}
    assert wins["learned"] >= 95
    # What the text says of the popular recipe: it nearly always beats w = 1, though many draws overshoot or stick.
    assert wins["recipe"] > 90
    assert 0.03 < number(printed, r"(?m)^the recipe +stuck below 0\.3: +(\d+)") / 200 < 0.15
    assert 0.3 < number(printed, r"(?m)^the recipe .*twice the learned w: +(\d+) of 200$") / 200 < 0.5


def test_what_helps_the_recipe_and_that_log_w_does_not(printed):
    counts = {
        name: tuple(
            map(int, re.findall(rf"(?m)^{name} +stuck below 0\.3: +(\d+), beyond .*: +(\d+) of 200$", printed)[0])
        )
        for name in (
            "the recipe",
            "start at w = 1",
            "steps on log w",
            "Adam",
            "small steps",
            "small steps from 1",
            "Adam on log w",
        )
    }
    recipe = counts["the recipe"]
    assert counts["start at w = 1"][0] == 0 < recipe[0]  # the start frees what was stuck,
    assert counts["start at w = 1"][1] >= recipe[1]  # and leaves the overshooting
    assert counts["small steps"][1] <= 2 < recipe[1]  # which small steps end, without Adam
    assert counts["small steps"][0] >= recipe[0] - 2  # and without freeing anybody,
    assert counts["Adam on log w"][0] >= recipe[0] - 2  # as small steps of Adam on log w do not.
    assert counts["Adam"] == counts["small steps from 1"] == (0, 0)  # Either mends both.
    assert counts["steps on log w"] > recipe  # log w mends neither
    assert counts["steps on log w"][1] > recipe[1]


def test_zero_is_a_local_minimum_in_about_half_of_the_draws(printed):
    """By the slope of the left-out loss in w² at 0, in closed form: −½ Σ (f − y) Cov(y, d²) over the other points."""
    rising = 0
    for seed in range(200):
        x, y = noisy_sine(seed=seed)
        slope = 0.0
        for k in range(50):
            others = [i for i in range(50) if i != k]
            d2, values = (x[others] - x[k]) ** 2, y[others]
            covariance = (values * d2).mean() - values.mean() * d2.mean()
            slope += float((values.mean() - y[k]) * -0.5 * covariance)
        rising += slope > 0
    assert 80 <= rising <= 110
    assert number(printed, r"the loss rises on both sides of w = 0 in (\d+) of 200 draws") == rising
    assert "the same draws stay stuck: True" in printed


def test_the_test_error_falls_before_it_rises_and_w_of_1_is_a_low_bar(printed):
    [(first, least, last)] = re.findall(
        r"with itself: test error (\S+) at w = 1, (\S+) at best \(.*\), (\S+) after", printed
    )
    assert float(last) / float(least) > 4
    assert float(last) < float(first)
    assert number(printed, r"(?m)^nearest key .*beats w = 1 in (\S+)% of draws$") > 85


def test_a_large_self_vote_hides_an_error_and_makes_none(printed):
    rows = re.findall(r"own weight 0?\.?\S* ?.* points: error seen (\S+), left out (\S+)", printed)
    (seen_small, honest_small), (seen_large, honest_large) = [tuple(map(float, row)) for row in rows]
    assert seen_large == pytest.approx(seen_small, abs=0.05)
    assert honest_large > 1.3 * honest_small


def test_a_million_points_need_no_table(printed):
    assert number(printed, r"a table of all n × n weights: (\S+) TB") == 1_000_000**2 * 4 / 1e12
    assert "memory that this call added: less than 0.2 GB" in printed
    assert "asked pair by pair, equal to 10 digits: True" in printed
