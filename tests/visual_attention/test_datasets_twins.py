"""The twins pictures: what is promised about them, and that no choice leaks the answer."""

import pytest
import torch

from visual_attention.datasets import digits
from visual_attention.lessons.non_local.data import CELL, COLOURS, TWIN_COLOURS, twin_cells, twin_pictures


@pytest.fixture(scope="module")
def pictures():
    return twin_pictures(600, "test", seed=3)


def cells_of(images):
    n = len(images)
    return images.reshape(n, 3, 3, CELL, 3, CELL).permute(0, 2, 4, 1, 3, 5).reshape(n, 9, 3, CELL, CELL)


def test_shapes_and_ranges(pictures):
    assert pictures.images.shape == (600, 3, 36, 36)
    assert pictures.images.dtype == torch.float32
    assert pictures.images.min() == 0
    assert pictures.images.max() <= 1
    assert pictures.targets.shape == pictures.twins.shape == (600, 3, 3)


def test_six_digits_three_asked_and_the_twin_has_the_colour(pictures):
    cells = cells_of(pictures.images)
    assert (cells.amax(dim=(2, 3, 4)) > 0).sum(dim=1).eq(6).all()
    targets, twins = pictures.targets.flatten(1), pictures.twins.flatten(1)
    assert (targets >= 0).sum(dim=1).eq(3).all()
    assert torch.equal(targets >= 0, twins >= 0)
    strongest = cells.amax(dim=(3, 4))  # (n, 9, 3)
    for number, place in (targets >= 0).nonzero().tolist():
        white, twin = strongest[number, place], strongest[number, twins[number, place]]
        assert white.max() - white.min() < 1e-6
        assert twin.argmax() == targets[number, place]
        assert twin.max() > 2 * twin.sort().values[1]


def test_twins_are_far_apart_and_of_one_numeral(pictures):
    pool = digits("test", CELL - 2)
    known = {image.mul(255).round().to(torch.uint8).numpy().tobytes(): int(k) for image, k in zip(*pool, strict=True)}
    cells = cells_of(pictures.images)[:100].amax(dim=2)[:, :, 1:-1, 1:-1]  # the largest channel is the ink
    twins = pictures.twins[:100].flatten(1)

    def numeral(number, place):
        # A blue digit's largest channel is 1 times the ink, as are a red, a green and a white one's.
        return known[cells[number, place].mul(255).round().to(torch.uint8).numpy().tobytes()]

    for number, place in (twins >= 0).nonzero().tolist():
        twin = int(twins[number, place])
        assert max(abs(place // 3 - twin // 3), abs(place % 3 - twin % 3)) == 2
        assert numeral(number, place) == numeral(number, twin)
        assert not torch.equal(cells[number, place], cells[number, twin])
    for number in range(100):
        named = [numeral(number, place) for place in (twins[number] >= 0).nonzero()[:, 0].tolist()]
        assert len(set(named)) == 3


def test_colours_and_places_are_balanced():
    many = twin_pictures(3000, seed=1)
    counts = torch.bincount(many.targets[many.targets >= 0], minlength=3) / (3 * 3000)
    assert (counts - 1 / 3).abs().max() < 0.02
    asked = (many.targets >= 0).double().mean(dim=0).flatten()
    assert asked[4] == 0
    assert (asked[[0, 1, 2, 3, 5, 6, 7, 8]] - 3 / 8).abs().max() < 0.1


def test_the_seed_decides_and_splits_differ():
    same, other = twin_pictures(5, seed=4), twin_pictures(5, seed=5)
    assert torch.equal(same.images, twin_pictures(5, seed=4).images)
    assert not torch.equal(same.images, other.images)
    assert not torch.equal(same.images, twin_pictures(5, "test", seed=4).images)


def test_the_hint_prints_the_answer_under_the_white_digit():
    plain, hinted = twin_pictures(50, seed=2), twin_pictures(50, seed=2, hint=True)
    assert torch.equal(plain.targets, hinted.targets)
    changed = cells_of(plain.images) != cells_of(hinted.images)
    for number, place in changed.flatten(2).any(dim=2).nonzero().tolist():
        assert hinted.targets.flatten(1)[number, place] >= 0
    cells = cells_of(hinted.images)
    for number, place in (hinted.targets.flatten(1) >= 0).nonzero().tolist():
        bar = cells[number, place, :, -1, 1:-1].mean(dim=1)
        assert bar.argmax() == hinted.targets.flatten(1)[number, place]


def test_single_cells():
    cells, labels = twin_cells(2000, seed=0)
    assert cells.shape == (2000, 3, CELL, CELL)
    assert labels[:, 0].unique().tolist() == list(range(10))
    assert labels[:, 1].unique().tolist() == list(range(len(COLOURS)))
    strongest = cells.amax(dim=(2, 3))
    coloured = labels[:, 1] < len(TWIN_COLOURS)
    assert torch.equal(strongest[coloured].argmax(dim=1), labels[coloured, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1"),
        ({"n": 1.0}, TypeError, "n must be a whole number"),
        ({"n": 1, "split": "all"}, ValueError, "split must be one of train, test, got 'all'"),
        ({"n": 1, "seed": -1}, ValueError, "seed must be between 0 and 9223372036854775807, got -1"),
        ({"n": 1, "hint": 1}, TypeError, "hint must be True or False"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        twin_pictures(**arguments)
    if "hint" not in arguments:
        with pytest.raises(error, match=message):
            twin_cells(**arguments)
