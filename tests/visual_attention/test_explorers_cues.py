"""The explorers of lesson 1, driven over their whole range, and what the lesson says of their numbers."""

import itertools
import math

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention import soft_pool
from visual_attention.lessons.cues.data import SEARCHES, desk_scene, edge_map
from visual_attention.lessons.cues.explorers import (
    BETAS,
    SIZES,
    STRENGTHS,
    DeskStudy,
    PoolStudy,
    SearchStudy,
    desk_explorer,
    pool_explorer,
    search_explorer,
)
from visual_attention.lessons.cues.icons import icon, tile

CUP, BOOK = 2, 4


@pytest.fixture(scope="module")
def desk():
    return DeskStudy()


@pytest.fixture(scope="module")
def search():
    return SearchStudy()


@pytest.fixture(scope="module")
def pool():
    return PoolStudy()


def halo_areas(axes):
    """Areas of the discs in an axes, in the order they were drawn."""
    halos = [patch for patch in axes.patches if (patch.get_gid() or "").startswith("halo")]
    return np.array([math.pi * halo.get_radius() ** 2 for halo in halos])


# ---- the desk
def by_hand(wish, intent, saliency):
    scene = desk_scene()
    wanted = {"nothing": (0, 0), "a drink": (1, 0), "something to read": (0, 1)}[wish]
    scores = [
        saliency * s + intent * (wanted[0] * drink + wanted[1] * read)
        for s, (drink, read) in zip(scene.saliency.tolist(), scene.keys.tolist(), strict=True)
    ]
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("saliency", STRENGTHS[1:])
def test_with_no_query_the_red_cup_gets_most(desk, saliency):
    for intent in (0.0, 5.0, 8.0):
        weights = desk.weights("nothing", intent, saliency)
        assert weights.argmax() == CUP
        assert (weights < weights[CUP]).sum() == 4
        assert weights.tolist() == pytest.approx(by_hand("nothing", intent, saliency))


@pytest.mark.parametrize("saliency", STRENGTHS)
def test_asking_for_something_to_read_gives_it_to_the_book(desk, saliency):
    """Wherever the intent is at least as strong as the saliency."""
    for intent in STRENGTHS:
        weights = desk.weights("something to read", intent, saliency)
        assert weights.tolist() == pytest.approx(by_hand("something to read", intent, saliency))
        if intent >= saliency and intent > 0:
            assert weights.argmax() == BOOK
            assert (weights < weights[BOOK]).sum() == 4
    # A faint intent is overruled by what stands out.
    if saliency > 0:
        assert desk.weights("something to read", 0.0, saliency).argmax() == CUP


def test_a_drink_is_the_cup_either_way_and_both_at_nought_is_uniform(desk):
    for intent, saliency in itertools.product(STRENGTHS, STRENGTHS):
        if intent + saliency > 0:
            assert desk.weights("a drink", intent, saliency).argmax() == CUP
    for wish in desk.scene.queries:
        assert desk.weights(wish, 0.0, 0.0).tolist() == pytest.approx([0.2] * 5)


def test_the_defaults_show_what_the_lesson_says(desk):
    assert desk.weights("nothing", 5.0, 3.0)[CUP] > 0.7
    assert desk.weights("something to read", 5.0, 3.0)[BOOK] > 0.6


def test_the_percept_is_the_blend_of_the_pictures(desk):
    weights = desk.weights("something to read", 5.0, 3.0)
    percept = desk.percept(weights)
    assert percept.shape == desk.pictures.shape[1:]
    for row, column in ((0, 0), (100, 150), (287, 287)):
        for channel in range(3):
            values = [tile(name)[channel, row, column].item() for name in desk.scene.names]
            expected = sum(w * v for w, v in zip(weights.tolist(), values, strict=True))
            assert percept[channel, row, column].item() == pytest.approx(expected)
    book_only = desk.percept(torch.eye(5, dtype=torch.float64)[BOOK])
    assert torch.equal(book_only, tile("book"))


def test_pictures_differ_and_the_cup_alone_is_red(desk):
    assert desk.pictures.shape == (5, 3, 288, 288)
    assert desk.pictures.min() >= 0
    assert desk.pictures.max() <= 1
    for one, other in itertools.combinations(desk.pictures, 2):
        assert (one - other).abs().mean() > 0.05
    redness = [(p[0] - p[1:].amax(dim=0)).clamp(min=0).mean().item() for p in desk.pictures]
    assert redness[CUP] > 4 * max(redness[:CUP] + redness[CUP + 1 :])
    with pytest.raises(ValueError, match=r"name must be one of newspaper.*got 'pen'"):
        icon("pen")


def test_every_stop_of_the_desk(desk):
    explorer = desk_explorer(desk)
    seen = 0
    for values, figure, text in sweep(explorer):
        expected = np.array(by_hand(**values))
        scene, bars, blend = figure.axes
        assert [bar.get_height() for bar in bars.patches] == pytest.approx(expected)
        haloed = expected[expected >= 0.005]  # below, the bar reads 0.00 and there is nothing to see
        assert halo_areas(scene) == pytest.approx(math.pi * 0.34**2 * haloed)
        shown = torch.tensor(np.asarray(blend.images[0].get_array())).permute(2, 0, 1)
        weights = torch.tensor(expected)
        assert torch.allclose(shown, torch.einsum("i,ichw->chw", weights, desk.pictures))
        assert values["wish"] in text
        assert "nan" not in text
        seen += 1
    assert seen == 3 + 2 * len(STRENGTHS)


def test_equal_weights_are_named_in_one_order_whatever_their_last_digits(desk, monkeypatch):
    """Newspaper and notebook are equally salient; which exponential ends a digit higher depends on the processor."""
    said = desk.describe("nothing", 5, 3)
    assert "the newspaper gets 0.09" in said
    exact = desk.weights("nothing", 5, 3)
    for thing in range(5):
        nudged = exact.clone()
        nudged[thing] = torch.nextafter(exact[thing], torch.ones_like(exact[thing]))
        monkeypatch.setattr(desk, "weights", lambda *_, nudged=nudged: nudged)
        assert desk.describe("nothing", 5, 3) == said


# ---- visual search
@pytest.mark.parametrize("n", range(4, 65))
def test_weight_on_the_target_for_every_size(search, n):
    """By surprise alone: 1/2 in a feature search, 1/(N + 2) in a conjunction search; with the query nearly all."""
    displays = {kind: search.display(n, kind) for kind in SEARCHES}
    alone = {kind: search.weights(display, "nothing") for kind, display in displays.items()}
    asked = {kind: search.weights(display, "red and upright") for kind, display in displays.items()}
    assert alone["feature"][0].item() == pytest.approx(1 / 2)
    assert alone["conjunction"][0].item() == pytest.approx(1 / (n + 2))
    for weights in asked.values():
        assert weights[0] > 0.97
        assert weights.argmax() == 0
    e = math.exp(8)
    assert asked["conjunction"][0].item() == pytest.approx(e / (e + n + 1))


def test_pop_out_stays_within_ten_per_cent_and_conjunction_falls_towards_one_in_n(search):
    alone = search.view(4, "feature", "nothing").target
    feature, conjunction = alone["feature"], alone["conjunction"]
    assert SIZES[0] == 4
    assert SIZES[-1] == 64
    assert feature.max() / feature.min() < 1.1
    assert (conjunction.diff() < 0).all()
    ratio = conjunction * torch.tensor(SIZES, dtype=torch.float64)  # 1 when all items share alike
    assert (ratio.diff() > 0).all()
    assert 0.95 < ratio[-1] <= 1
    asked = search.view(4, "feature", "red and upright").target
    assert min(asked["feature"].min(), asked["conjunction"].min()) > 0.97


def test_every_stop_of_the_search(search):
    explorer = search_explorer(search)
    seen = 0
    for values, figure, text in sweep(explorer):
        n = values["n"]
        display, curve = figure.axes
        assert len(display.lines) == n
        areas = halo_areas(display)
        expected = search.weights(search.display(n, values["search"]), values["wish"])
        assert areas / areas.sum() == pytest.approx(expected.numpy())
        [point] = [line for line in curve.lines if line.get_marker() in ("o", "s")]
        assert point.get_xdata()[0] == n
        assert point.get_ydata()[0] == pytest.approx(expected[0].item())
        assert f"among {n} items" in text
        assert f"{expected[0].item():.3f}" in text
        seen += 1
    assert seen == len(SIZES) + 4


def test_the_page_keeps_every_search(search):
    assert len(search_explorer(search).kept) == len(SIZES) * 4


# ---- pooling
def test_every_beta(pool):
    explorer = pool_explorer(pool)
    features = edge_map("china")
    betas, pooled = [], []
    for values, figure, text in sweep(explorer):
        beta = values["beta"]
        photo, feature, weights, scale = figure.axes
        assert photo.images[0].get_array().shape == (256, 384, 3)
        assert torch.equal(torch.tensor(np.asarray(feature.images[0].get_array())), features)
        shown = torch.tensor(np.asarray(weights.images[0].get_array()))
        assert shown.sum().item() == pytest.approx(1)
        [diamond] = [line for line in scale.lines if line.get_marker() == "D"]
        value = float(diamond.get_xdata()[0])
        assert value == pytest.approx((shown * features).sum().item())
        assert value == pytest.approx(soft_pool(features.flatten(), beta, 0).item())
        assert f"{value:.3f}" in text
        betas.append(beta)
        pooled.append(value)
    assert tuple(betas) == BETAS
    assert pooled == sorted(pooled)
    assert pooled[0] == pytest.approx(features.mean().item())
    assert pooled[-1] == pytest.approx(features.max().item())
    assert pool.weights(BETAS[0]).max().item() == pytest.approx(1 / 384)
    assert pool.weights(BETAS[-1]).max().item() == pytest.approx(1)


def test_exported_positions_hold_every_slider_and_the_corners(desk):
    explorer = desk_explorer(desk)
    kept = [explorer.values_at(position) for position in explorer.kept]
    for wish in desk.scene.queries:
        assert {v["intent"] for v in kept if v["wish"] == wish and v["saliency"] == 3.0} == set(STRENGTHS)
        assert {v["saliency"] for v in kept if v["wish"] == wish and v["intent"] == 5.0} == set(STRENGTHS)
        corners = {(v["intent"], v["saliency"]) for v in kept if v["wish"] == wish}
        assert {(0.0, 0.0), (0.0, 8.0), (8.0, 0.0), (8.0, 8.0)} <= corners
