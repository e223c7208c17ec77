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
    """The right formula, the slides' and the book's at w = 2, each read as it is printed, in Python's floats."""
    keys, values, x = (0, 1, 3), (1, 2, 6), 1
    above = [kernel(x - key, 2) for key in keys]
    below = {
        "right": [sum(kernel(x - key, 2) for key in keys)] * 3,
        "slides": [sum(kernel(x - key, 1) for key in keys)] * 3,
        "book": [sum(kernel(x - key_i, 2) for _ in keys) for key_i in keys],
    }
    known = {"right": 1.8820, "slides": 1.2270, "book": 3.0}
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
    assert 0.03 < number(printed, r"stuck below 0\.3: (\S+)%") / 100 < 0.15
    assert 0.3 < number(printed, r"twice the learned w: (\S+)%") / 100 < 0.5


def test_a_hundred_thousand_points_need_no_table(printed):
    assert number(printed, r"a table of all n × n weights: (\S+) GB") == 100_000**2 * 4 / 1e9
    assert "memory that this call added: less than 0.1 GB" in printed
