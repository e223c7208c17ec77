"""The explorers of lesson 6, driven over their whole range, against computations of their own."""

import re

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.lessons.non_local.explorers import (
    EXAMPLES,
    HS,
    PIXELS,
    PLACES,
    SEARCH,
    SELVES,
    VIEWS,
    PixelStudy,
    TwinStudy,
    pixel_explorer,
    twin_explorer,
)


@pytest.fixture(scope="module")
def pixels():
    return PixelStudy()


@pytest.fixture(scope="module")
def twins():
    return TwinStudy()


# ---- the photograph
def weights_by_hand(noisy, h, own, column, row):
    """The weights (72, 72) of a pixel by a loop over the window."""
    padded = torch.nn.functional.pad(noisy[None], [3] * 4, mode="reflect")[0]
    distance = torch.full((72, 72), torch.inf, dtype=torch.float64)
    here = padded[:, row : row + 7, column : column + 7]
    for r in range(max(0, row - 20), min(72, row + 21)):
        for c in range(max(0, column - 20), min(72, column + 21)):
            distance[r, c] = (padded[:, r : r + 7, c : c + 7] - here).square().mean()
    if own != "included":
        distance[row, column] = torch.inf
        if own == "as the nearest other":
            distance[row, column] = distance.min()
    power = torch.exp(-(distance - distance.min()) / h**2)
    return power / power.sum()


@pytest.mark.parametrize("own", SELVES)
@pytest.mark.parametrize("h", HS)
def test_weights_of_a_pixel(pixels, h, own):
    for column, row in ((3, 3), (27, 45), (69, 21)):
        expected = weights_by_hand(pixels.noisy, h, own, column, row)
        assert torch.allclose(pixels.weights(h, own, (column, row)), expected)
        average = torch.einsum("hw,chw->c", expected, pixels.noisy)
        assert torch.allclose(pixels.denoised(h, own)[:, row, column], average)


def test_every_stop_of_the_pixels(pixels):
    explorer = pixel_explorer(pixels)
    seen = 0
    for values, figure, text in sweep(explorer):
        h, own, (column, row) = values["h"], values["own"], values["pixel"]
        photo, weights, denoised = figure.axes
        expected = pixels.weights(h, own, (column, row))
        shown = np.asarray(weights.images[0].get_array())
        assert shown == pytest.approx(expected.sqrt().numpy())
        assert np.asarray(photo.images[0].get_array()) == pytest.approx(
            pixels.noisy.permute(1, 2, 0).clamp(0, 1).numpy()
        )
        assert np.asarray(denoised.images[0].get_array()) == pytest.approx(
            pixels.denoised(h, own).permute(1, 2, 0).clamp(0, 1).numpy()
        )
        error = (pixels.denoised(h, own) - pixels.clean).square().mean().item()
        decibel = -10 * np.log10(error)
        assert f"{decibel:.2f} dB after" in text
        assert f"{decibel:.1f} dB" in denoised.get_title()
        assert f"keeps {expected[row, column].item():.2f} for itself" in text
        seen += 1
    assert seen == len(HS) + len(SELVES) + min(40, len(PIXELS) ** 2)


def test_what_the_notes_say_of_the_pixels(pixels):
    """At small h a pixel keeps itself; left out, small h works; sky has many friends."""
    assert pixels.weights(0.03, "included", (27, 45))[45, 27] > 0.99
    assert pixels.weights(0.3, "included", (27, 45)).max() < 0.01
    sky, pillar = (pixels.weights(0.08, "included", pixel) for pixel in ((63, 9), (27, 45)))
    assert 1 / sky.square().sum() > 5 / pillar.square().sum()
    far = pillar.clone()
    far[38:53, 20:35] = 0
    assert far.sum() > 0.3  # more than the seven pixels around it
    assert SEARCH == 41


# ---- the twins
def by_hand(study, view, example, column, row):
    """The weights (81,) of the place (column, row) of the 9 × 9 map, by loops."""
    tokens = study.features[EXAMPLES.index(example)].flatten(1).T.double()  # (81, 32)
    if view == "raw Gaussian":
        keys = queries = tokens
    else:
        block = study.network.head.block.double()
        with torch.no_grad():
            queries, keys = block.theta(tokens), block.phi(tokens)
        block.float()
    query = queries[9 * row + column]
    if view == "pairwise part":
        scores = [float((query - queries.mean(dim=0)) @ (key - keys.mean(dim=0))) for key in keys]
    elif view == "unary part":
        scores = [float(queries.mean(dim=0) @ key) for key in keys]
    else:
        scores = [float(query @ key) for key in keys]
    power = np.exp(np.array(scores) - max(scores))
    return power / power.sum()


def test_every_stop_of_the_twins(twins):
    explorer = twin_explorer(twins)
    seen = 0
    for values, figure, text in sweep(explorer, most=200):
        column, row = (PLACES.index(p) for p in values["place"])
        picture, looked, bars = figure.axes
        expected = by_hand(twins, values["view"], values["example"], column, row)
        shown = np.asarray(looked.images[0].get_array()) ** 2
        assert shown.flatten() == pytest.approx(expected, abs=2e-5)
        number = EXAMPLES.index(values["example"])
        assert np.asarray(picture.images[0].get_array()) == pytest.approx(
            twins.pictures.images[number].permute(1, 2, 0).numpy()
        )
        heights = [bar.get_height() for bar in bars.patches]
        assert sum(heights) == pytest.approx(1, abs=1e-5)
        if (column % 3, row % 3) == (1, 1):  # the centre of a cell: what the network itself answers
            scores = twins.network(twins.pictures.images)[number, :, row // 3, column // 3]
            assert heights == pytest.approx(scores.softmax(dim=0).tolist(), abs=1e-5)
        asked = twins.pictures.targets[number, row // 3, column // 3] >= 0
        assert ("nothing is asked" in text) is not bool(asked)
        assert re.search(r"most weight, [01]\.\d\d, on cell [123], [123]", text)
        seen += 1
    assert seen == len(VIEWS) + len(EXAMPLES) + len(PLACES) ** 2


def test_what_the_notes_say_of_the_twins(twins):
    """The default place looks at its twin and answers rightly, the raw Gaussian at itself, the unary part alike."""
    explorer = twin_explorer(twins)
    values = explorer.values
    text = twins.describe(**values)
    cell, twin = (re.search(pattern, text)[1] for pattern in (r"on cell (\d, \d)", r"twin is in cell (\d, \d)"))
    assert cell == twin
    colour, said = re.search(r"and (\w+); the network says (\w+)", text).groups()
    assert colour == said
    for example in EXAMPLES:
        rows = torch.stack([twins.weights("unary part", example, (x, y)).flatten() for x in PLACES for y in PLACES])
        assert torch.allclose(rows, rows[:1].expand_as(rows))
    number = EXAMPLES.index("A")
    for row, column in twins.pictures.targets[number].ge(0).nonzero().tolist():
        own = twins.weights("raw Gaussian", "A", (PLACES[3 * column + 1], PLACES[3 * row + 1]))
        assert own[3 * row + 1, 3 * column + 1] > 0.9


def test_somewhere_it_is_wrong(twins):
    wrong = twins.network(twins.pictures.images).argmax(dim=1) != twins.pictures.targets
    assert (wrong & (twins.pictures.targets >= 0)).any()


@pytest.mark.parametrize(
    "own", [torch.linspace(0, 1, 3 * 72 * 72).reshape(3, 72, 72), torch.zeros(3, 72, 72)], ids=["colours", "black"]
)
def test_a_picture_of_ones_own_takes_the_place_of_the_palace_and_of_its_credit(own):
    explorer = pixel_explorer(own=own)
    assert explorer.credit is None
    values = {"h": 0.3, "own": "left out", "pixel": (3, 69)}
    photo = explorer.draw(**values).axes[0].images[0].get_array()
    shown = torch.tensor(np.asarray(photo)).permute(2, 0, 1)
    assert float((shown - own).abs().mean()) < 0.1
    assert "nan" not in explorer.describe(**values)
