"""The explorers of lesson 5, driven over their whole range, their numbers computed here in another way."""

import itertools

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.lessons.squeeze_excitation.data import COLOURS, FramedDigits, reframed
from visual_attention.lessons.squeeze_excitation.experiment import pictures
from visual_attention.lessons.squeeze_excitation.explorers import (
    AMOUNTS,
    EXAMPLE,
    NO_SE_ERROR,
    NOBODY,
    PLANES,
    RATIOS,
    TABLE_10_ERRORS,
    WHERE,
    GateStudy,
    RatioStudy,
    gates_explorer,
    ratio_explorer,
    trained_network,
)

BARE = 25_557_032


@pytest.fixture(scope="module")
def ratio():
    return RatioStudy()


@pytest.fixture(scope="module")
def gate():
    return GateStudy()


# ---- the ratio
def by_formula(r, where):
    stages = [2 * n * c * (c // r) for n, c in zip((3, 4, 6, 3), (256, 512, 1024, 2048), strict=True)]
    return stages if where == WHERE[0] else [*stages[:-1], 0]


def check_ratio(figure, text, r, where):
    left, right = figure.axes
    expected = by_formula(r, where)
    assert [bar.get_height() for bar in left.patches] == pytest.approx([n / 1e6 for n in expected])
    assert f"{sum(expected):,} weights more" in text
    [dots] = [line for line in right.lines if line.get_marker() == "o"]
    assert dots.get_ydata().tolist() == list(TABLE_10_ERRORS.values())
    totals = [(BARE + sum(by_formula(ratio, WHERE[0]))) / 1e6 for ratio in TABLE_10_ERRORS]
    assert dots.get_xdata().tolist() == pytest.approx(totals)
    diamonds = [line for line in right.lines if line.get_marker() == "D"]
    if where == WHERE[0] and r in TABLE_10_ERRORS:
        assert diamonds[0].get_ydata()[0] == TABLE_10_ERRORS[r]
        assert diamonds[0].get_xdata()[0] == pytest.approx((BARE + sum(expected)) / 1e6)
        assert f"{TABLE_10_ERRORS[r]:.2f} %" in text
    else:
        assert diamonds == []
    [square] = [line for line in right.lines if line.get_marker() == "s"]
    assert (square.get_xdata()[0], square.get_ydata()[0]) == (pytest.approx(BARE / 1e6), NO_SE_ERROR)


def test_every_ratio_everywhere(ratio):
    explorer = ratio_explorer(ratio)
    seen = [(values["r"], values["where"]) for values, *_ in sweep(explorer)]
    assert set(seen) >= {(r, WHERE[0]) for r in RATIOS} | {(16, where) for where in WHERE}
    for r, where in itertools.product(RATIOS, WHERE):
        check_ratio(ratio.draw(r, where), ratio.describe(r, where), r, where)
    assert len(explorer.kept) == len(RATIOS) * len(WHERE)


def test_errors_are_those_of_the_table(ratio):
    assert TABLE_10_ERRORS == {2: 22.29, 4: 22.25, 8: 22.26, 16: 22.28, 32: 22.72}
    assert "(printed: 28.1)" in ratio.describe(16, WHERE[0])
    assert "no such row" in ratio.describe(1, WHERE[0])
    assert "less than 0.1 %" in ratio.describe(16, WHERE[1])


# ---- the gates
def by_hand(amount, mute, boost, frame):
    """Gates and probabilities from the stored weights alone, without the block's code."""
    network = trained_network()
    one = FramedDigits(*(part[EXAMPLE : EXAMPLE + 1] for part in pictures("test", 0)))
    image = reframed(one, COLOURS.index(frame)).images
    block = network.attention
    with torch.no_grad():
        features = torch.cat([network.trunk(image[:, plane : plane + 1]) for plane in range(3)], dim=1)
        z = features.mean(dim=(2, 3))
        hidden = torch.relu(z @ block.reduce.weight.T + block.reduce.bias)
        own = torch.sigmoid(hidden @ block.expand.weight.T + block.expand.bias)[0]
        used = []
        for number, gate in enumerate(own.tolist()):
            plane = f"{COLOURS[number // 16]} plane"
            gate = gate * (1 - amount) if plane == mute else gate
            used.append(gate + amount * (1 - gate) if plane == boost else gate)
        used = torch.tensor(used)
        probability = torch.softmax(network.head(features * used[None, :, None, None]), dim=1)[0]
    return image[0], own, used, probability


def check_gates(study, values):
    figure, text = study.draw(**values), study.describe(**values)
    picture, *planes, bars, answer = figure.axes
    image, own, used, probability = by_hand(**values)
    assert torch.equal(torch.tensor(np.asarray(picture.images[0].get_array())).permute(2, 0, 1), image)
    for axes, plane in zip(planes, image, strict=True):
        assert torch.equal(torch.tensor(np.asarray(axes.images[0].get_array())), plane)
    assert [bar.get_height() for bar in bars.patches] == pytest.approx(used.tolist(), abs=1e-5)
    [dashes] = bars.lines
    assert dashes.get_ydata().tolist() == pytest.approx(own.tolist(), abs=1e-5)
    assert [bar.get_height() for bar in answer.patches] == pytest.approx(probability.tolist(), abs=1e-4)
    assert used.min() >= 0
    assert used.max() <= 1
    assert f"The network reads {int(probability.argmax())}" in text
    assert "nan" not in text


def test_every_stop_of_the_gates(gate):
    seen = 0
    for values, _, _ in sweep(gates_explorer(gate)):
        check_gates(gate, values)
        seen += 1
    assert seen == len(AMOUNTS) + 2 * len(PLANES) + 3


@pytest.mark.parametrize("amount", [0.5, 1.0])
def test_corners_of_the_gates(gate, amount):
    for mute, boost, frame in itertools.product(PLANES, PLANES, COLOURS):
        check_gates(gate, {"amount": amount, "mute": mute, "boost": boost, "frame": frame})


def test_turning_the_gates_turns_the_answer(gate):
    """What the lecturer is told to show: announced, taken over by another plane, and no answer when only muted."""
    shown = gate.one.shown[0].tolist()
    for frame, other in itertools.permutations(range(3), 2):
        own = gate.view(0.0, PLANES[frame + 1], PLANES[other + 1], COLOURS[frame])[2]
        assert own.argmax() == shown[frame]
        assert own.max() > 0.9
        turned = gate.view(1.0, PLANES[frame + 1], PLANES[other + 1], COLOURS[frame])[2]
        assert turned.argmax() == shown[other]
        assert turned.max() > 0.9
        muted = gate.view(1.0, PLANES[frame + 1], NOBODY, COLOURS[frame])[2]
        assert muted.max() < 0.5


def test_the_page_keeps_every_answer_for_the_red_frame(gate):
    explorer = gates_explorer(gate)
    kept = [explorer.values_at(position) for position in explorer.kept]
    red = {(v["amount"], v["mute"], v["boost"]) for v in kept if v["frame"] == "red"}
    assert red == set(itertools.product(AMOUNTS, PLANES, PLANES))
    assert {v["frame"] for v in kept} == set(COLOURS)
