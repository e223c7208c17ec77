"""The data of lesson 1: the desk, search displays, a photograph's edges."""

import math

import pytest
import torch

from visual_attention.datasets import PHOTOGRAPHS, photograph
from visual_attention.lessons.cues.data import SEARCHES, desk_scene, edge_map, search_display


def test_the_desk_has_five_things_and_three_wishes():
    scene = desk_scene()
    assert scene.names == ("newspaper", "paper", "red cup", "notebook", "book")
    assert scene.saliency.shape == (5,)
    assert scene.keys.shape == (5, 2)
    assert scene.saliency.dtype == scene.keys.dtype == torch.float64
    for numbers in (scene.saliency, scene.keys):
        assert (numbers >= 0).all()
        assert (numbers <= 1).all()
    assert list(scene.queries) == ["nothing", "a drink", "something to read"]
    assert scene.queries["nothing"].tolist() == [0, 0]
    best = {wish: scene.names[int((scene.keys @ q).argmax())] for wish, q in scene.queries.items() if q.any()}
    assert best == {"a drink": "red cup", "something to read": "book"}
    assert scene.names[int(scene.saliency.argmax())] == "red cup"


@pytest.mark.parametrize("n", [4, 5, 17, 64])
@pytest.mark.parametrize("search", SEARCHES)
def test_search_displays_hold_one_target_and_what_they_say(n, search):
    display = search_display(n, search, seed=1)
    items = [tuple(item) for item in display.features.tolist()]
    assert len(items) == n
    assert items[0] == (0, 0)  # red and upright
    others = {kind: items[1:].count(kind) for kind in set(items[1:])}
    if search == "feature":
        assert others == {(1, 0): n - 1}
    else:
        assert others == {(0, 1): math.ceil((n - 1) / 2), (1, 0): (n - 1) // 2}
    expected = [[1 - c, c, 1 - p, p] for c, p in items]
    assert display.keys.tolist() == expected


def test_bars_lie_inside_and_apart_and_larger_displays_hold_the_smaller():
    full = search_display(64, "conjunction", seed=3)
    assert full.places.shape == (64, 2)
    assert (full.places > 0).all()
    assert (full.places < 8).all()
    distance = torch.cdist(full.places, full.places).fill_diagonal_(math.inf)
    assert distance.min() > 0.5
    assert torch.equal(search_display(20, "conjunction", seed=3).places, full.places[:20])
    assert not torch.equal(search_display(64, "conjunction", seed=4).places, full.places)


def test_search_display_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    search_display(16, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before)


def edge_by_loop(brightness, row, column, cell):
    """Mean length of the gradient over one cell that does not touch the border."""
    total = 0.0
    for y in range(row * cell, (row + 1) * cell):
        for x in range(column * cell, (column + 1) * cell):
            down = (brightness[y + 1][x] - brightness[y - 1][x]) / 2
            across = (brightness[y][x + 1] - brightness[y][x - 1]) / 2
            total += math.hypot(down, across)
    return total / cell**2


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_edge_map_against_a_loop(name):
    edges = edge_map(name, grid=(8, 12), cell=6)
    assert edges.shape == (8, 12)
    assert edges.dtype == torch.float64
    assert edges.max().item() == 1
    assert edges.min().item() >= 0
    brightness = photograph(name, size=(48, 72), grey=True).double().tolist()
    inner = torch.tensor([[edge_by_loop(brightness, r, c, 6) for c in range(1, 11)] for r in range(1, 7)])
    ratio = edges[1:-1, 1:-1] / inner
    assert torch.allclose(ratio, ratio[0, 0].expand_as(ratio))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: search_display(3), ValueError, "n must be between 4 and 64, got 3"),
        (lambda: search_display(65), ValueError, "n must be between 4 and 64, got 65"),
        (lambda: search_display(8.0), TypeError, "n must be a whole number, got float"),
        (lambda: search_display(8, "colour"), ValueError, "search must be one of feature, conjunction, got 'colour'"),
        (lambda: search_display(8, seed=-1), ValueError, "seed must be between 0"),
        (lambda: edge_map("rose"), ValueError, "name must be one of"),
        (lambda: edge_map(grid=16), TypeError, "grid must be a pair"),
        (lambda: edge_map(grid=(0, 4)), ValueError, "grid must be at least 1, got 0"),
        (lambda: edge_map(cell=1), ValueError, "cell must be at least 2, got 1"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
