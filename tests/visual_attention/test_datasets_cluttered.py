"""The pictures of lesson 7: distances, answers, masks and seeds."""

import pytest
import torch

from visual_attention.datasets import digits
from visual_attention.lessons.cbam.data import CANVAS, CROP, DIGIT, DOT, cluttered_digits, render, single_things


@pytest.fixture(scope="module")
def dotted():
    return cluttered_digits(200, "dot", seed=4)


def test_the_dot_lies_beside_the_digit_to_be_read_and_far_from_the_others(dotted):
    centres = dotted.boxes + DIGIT / 2
    distance = (centres - dotted.dots[:, None]).norm(dim=-1)  # (n, 3)
    assert ((distance[:, 0] - 14).abs() < 1).all()
    assert (distance[:, 1:] >= 24).all()
    between = (centres[:, :, None] - centres[:, None]).norm(dim=-1)
    assert (between[:, ~torch.eye(3, dtype=torch.bool)] >= 15).all()
    assert (dotted.boxes >= 0).all()
    assert (dotted.boxes <= CANVAS - DIGIT).all()
    assert (dotted.dots >= 3).all()
    assert (dotted.dots <= CANVAS - 4).all()


def test_the_label_names_what_the_first_box_shows(dotted):
    glyphs, labels = digits("train", DIGIT)
    for image, (row, column), label in zip(
        dotted.images[:40, 0], dotted.boxes[:40, 0], dotted.labels[:40], strict=True
    ):
        crop = image[row : row + DIGIT, column : column + DIGIT]
        assert labels[(glyphs - crop).square().sum((1, 2)).argmin()] == label


def test_the_dot_is_ink(dotted):
    for image, (row, column) in zip(dotted.images[:, 0], dotted.dots, strict=True):
        disc = image[row - 1 : row + 2, column - 1 : column + 2]
        assert disc.mean() > 0.9
    assert dotted.images.shape == (200, 1, CANVAS, CANVAS)
    assert dotted.images.dtype == torch.float32


def test_masks_cover_the_boxes(dotted):
    inside = dotted.inside()
    assert inside.shape == (200, 3, CANVAS, CANVAS)
    assert (inside.sum((2, 3)) == DIGIT**2).all()
    row, column = dotted.boxes[7, 2]
    assert inside[7, 2, row, column]
    assert inside[7, 2, row + DIGIT - 1, column + DIGIT - 1]


def test_clutter_has_one_digit_and_no_dot():
    pictures = cluttered_digits(50, "clutter", "test", seed=1)
    assert pictures.boxes.shape == (50, 1, 2)
    assert (pictures.dots == -1).all()
    ink = pictures.images[:, 0]
    inside = (ink * pictures.inside()[:, 0]).sum((1, 2)) / DIGIT**2
    assert (inside > 0.15).all()
    assert ((ink * ~pictures.inside()[:, 0]).sum((1, 2)) > 15).all()  # the fragments


def test_seeds_and_splits():
    one, same, other = (cluttered_digits(5, seed=seed) for seed in (2, 2, 3))
    assert torch.equal(one.images, same.images)
    assert not torch.equal(one.images, other.images)
    assert not torch.equal(one.images, cluttered_digits(5, split="test", seed=2).images)


def test_single_things():
    images, labels = single_things(400, seed=0)
    assert images.shape == (400, 1, CROP, CROP)
    assert labels.min() == 0
    assert labels.max() == DOT
    assert 0.08 < (labels == DOT).double().mean() < 0.25
    dots = images[labels == DOT]
    assert ((dots > 0.5).sum((1, 2, 3)) == 21).all()


def test_render_lays_things_where_they_are_told():
    glyph = torch.ones(1, 1, DIGIT, DIGIT)
    picture = render(glyph, torch.tensor([[[3, 20]]]), torch.tensor([[40, 10]]))
    assert picture.shape == (1, 1, CANVAS, CANVAS)
    assert picture.sum() == DIGIT**2 + 21
    assert picture[0, 0, 3, 20] == picture[0, 0, 14, 31] == picture[0, 0, 40, 10] == picture[0, 0, 42, 11] == 1
    assert picture[0, 0, 2, 20] == picture[0, 0, 15, 31] == picture[0, 0, 42, 12] == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": 2.0}, TypeError, "n must be a whole number, got float"),
        ({"n": 2, "scene": "fog"}, ValueError, "scene must be one of clutter, dot, got 'fog'"),
        ({"n": 2, "split": "all"}, ValueError, "split must be one of train, test, got 'all'"),
        ({"n": 2, "seed": -1}, ValueError, "seed must be between 0 and"),
    ],
)
def test_wrong_argument_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        cluttered_digits(**arguments)
    if "scene" not in arguments:
        with pytest.raises(error, match=message):
            single_things(**arguments)
