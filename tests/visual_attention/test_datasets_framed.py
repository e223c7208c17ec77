"""Framed digits: what the pictures hold, and that the frame is the only thing that tells which digit to read."""

import pytest
import torch

from visual_attention.datasets import digits
from visual_attention.lessons.squeeze_excitation.data import COLOURS, FRAMES, framed_digits, reframed

EDGE = torch.ones(24, 24, dtype=torch.bool)
EDGE[1:-1, 1:-1] = False
INSIDE = slice(7, 17)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_plane_shows_the_digit_that_it_says(frame, split):
    data = framed_digits(60, frame, split, seed=3)
    source = digits(split, 10)
    assert data.images.shape == (60, 3, 24, 24)
    assert data.images.dtype == torch.float32
    assert data.images.min() >= 0
    assert data.images.max() <= 1
    for image, shown in zip(data.images, data.shown.tolist(), strict=True):
        for plane, digit in zip(image, shown, strict=True):
            same = (source.images == plane[INSIDE, INSIDE]).flatten(1).all(dim=1)
            assert digit in source.labels[same].tolist()
            rest = plane.clone()
            rest[EDGE] = 0
            rest[INSIDE, INSIDE] = 0
            assert not rest.any()  # six empty pixels between frame and digits


def test_the_frame_announces_the_label():
    data = framed_digits(300, seed=1)
    assert COLOURS == ("red", "green", "blue")
    for image, label, frame, shown in zip(*data, strict=True):
        assert shown.unique().numel() == 3
        assert label == shown[frame]
        for colour in range(3):
            assert (image[colour][EDGE] == (colour == frame)).all()
    assert data.frames.bincount().min() > 70
    assert data.labels.bincount(minlength=10).min() > 10


def test_in_the_control_there_is_nothing_to_choose():
    data = framed_digits(40, "grey", seed=1)
    assert (data.frames == -1).all()
    assert (data.images[:, :, EDGE] == 0.5).all()
    assert torch.equal(data.images[:, 0], data.images[:, 1])
    assert torch.equal(data.images[:, 0], data.images[:, 2])
    assert (data.shown == data.labels[:, None]).all()


def test_reframed_changes_the_frame_and_the_label_only():
    data = framed_digits(20, seed=2)
    before = data.images.clone()
    for colour in range(3):
        other = reframed(data, colour)
        assert torch.equal(other.shown, data.shown)
        assert torch.equal(other.labels, data.shown[:, colour])
        assert (other.frames == colour).all()
        assert torch.equal(other.images[:, :, ~EDGE], data.images[:, :, ~EDGE])
        same = data.frames == colour
        assert torch.equal(other.images[same], data.images[same])
    assert torch.equal(data.images, before)


def test_seeds_decide_and_the_global_random_state_is_left_alone():
    before = torch.random.get_rng_state()
    one, again, other = framed_digits(8, seed=5), framed_digits(8, seed=5), framed_digits(8, seed=6)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one.images, other.images)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: framed_digits(0), ValueError, "n must be at least 1, got 0"),
        (lambda: framed_digits(2.0), TypeError, "n must be a whole number, got float"),
        (lambda: framed_digits(2, "gold"), ValueError, "frame must be one of coloured, grey, got 'gold'"),
        (lambda: framed_digits(2, split="all"), ValueError, "split must be one of train, test, got 'all'"),
        (lambda: framed_digits(2, seed=-1), ValueError, "seed must be between 0"),
        (lambda: reframed(framed_digits(2), 3), ValueError, "colour must be between 0 and 2, got 3"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
