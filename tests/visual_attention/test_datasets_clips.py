"""Clips of which one frame matters."""

import math

import pytest
import torch

from visual_attention.datasets import digits
from visual_attention.lessons.six_kinds.data import CLIP_TASKS, FRAMES, LARGE, SIDES, SIGNS, clips

EDGES = {"top": (0, slice(4, 12)), "right": (slice(4, 12), -1), "bottom": (-1, slice(4, 12)), "left": (slice(4, 12), 0)}


def quiet(task, n=60, **options):
    return clips(task, n, noise=0, **options)


def shown_by(frame, pictures):
    """Numbers of the pictures that the frame (16, 16) shows, moved by at most one pixel."""
    found = set()
    side = pictures.shape[-1]
    for down in (2, 3, 4):
        for right in (2, 3, 4):
            part = frame[down : down + side, right : right + side]
            equal = (pictures == part).all(dim=2).all(dim=1)
            found |= set(equal.nonzero().flatten().tolist())
    return found


@pytest.mark.parametrize("task", CLIP_TASKS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_shapes_and_range(task, split):
    frames, labels, informative = quiet(task, 50, split=split)
    assert frames.shape == (50, 1, FRAMES, 16, 16)
    assert frames.dtype == torch.float32
    assert labels.dtype == informative.dtype == torch.int64
    assert 0 <= frames.min() < frames.max() <= 1
    assert labels.max() < (len(SIDES) if task == "first" else 10)


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_has_a_single_frame_with_a_digit(split):
    pictures, classes = digits(split, size=10)
    frames, labels, informative = quiet("one", 12, split=split)
    for clip, label, right in zip(frames[:, 0], labels, informative, strict=True):
        whole = [shown_by(frame, pictures) for frame in clip]
        assert [number for number, found in enumerate(whole) if found] == [right]
        assert {int(classes[k]) for k in whole[right]} == {int(label)}
        # The others hold the quarters of digits, at other places.
        mixed = pictures.roll((5, 5), dims=(1, 2))
        assert all(shown_by(frame, mixed) for number, frame in enumerate(clip) if number != right)


def test_cue_marks_the_frame_to_be_read():
    pictures, classes = digits("train", size=10)
    frames, labels, informative = quiet("cue", 12)
    marked = frames[:, 0, :, :2, :2].amin(dim=(2, 3)) == 1  # (n, FRAMES)
    assert (marked.sum(dim=1) == 1).all()
    assert torch.equal(marked.int().argmax(dim=1), informative)
    for clip, label, right in zip(frames[:, 0], labels, informative, strict=True):
        found = [shown_by(frame, pictures) for frame in clip]
        assert all(found)
        assert {int(classes[k]) for k in found[right]} == {int(label)}


def test_first_asks_for_the_frame_with_its_sign():
    large = SIGNS.repeat_interleave(LARGE, 1).repeat_interleave(LARGE, 2)
    frames, labels, informative = quiet("first", 60)
    for clip, label, right in zip(frames[:, 0], labels, informative, strict=True):
        found = [shown_by(frame, large) for frame in clip]
        assert [len(numbers) for numbers in found] == [1] * FRAMES
        assert [number for number, sign in enumerate(found) if sign == found[0]] == [0, right]
        bars = [[side for side, place in EDGES.items() if (frame[place] == 1).all()] for frame in clip]
        assert [len(sides) for sides in bars] == [0] + [1] * (FRAMES - 1)
        assert bars[right] == [SIDES[label]]


@pytest.mark.parametrize("task", CLIP_TASKS)
def test_any_frame_may_matter_and_no_label_is_preferred(task):
    _, labels, informative = quiet(task, 4000)
    first = 1 if task == "first" else 0
    counts = torch.bincount(informative, minlength=FRAMES).double() / 4000
    share = 1 / (FRAMES - first)
    assert counts[:first].sum() == 0
    assert (counts[first:] - share).abs().max() < 4 * math.sqrt(share / 4000)
    classes = len(SIDES) if task == "first" else 10
    shares = torch.bincount(labels, minlength=classes).double() / 4000
    # Digits are not equally many in the data themselves.
    assert (shares - 1 / classes).abs().max() < 0.03


@pytest.mark.parametrize("task", CLIP_TASKS)
def test_noise_and_seed(task):
    state = torch.random.get_rng_state()
    still, loud = quiet(task, 40, seed=5), clips(task, 40, noise=0.25, seed=5)
    assert torch.equal(still.labels, loud.labels)
    assert torch.equal(still.informative, loud.informative)
    assert (loud.frames - still.frames).std().item() == pytest.approx(0.25, rel=0.02)
    assert torch.equal(loud.frames, clips(task, 40, noise=0.25, seed=5).frames)
    assert not torch.equal(loud.frames, clips(task, 40, noise=0.25, seed=6).frames)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"task": "last"}, ValueError, "task must be one of one, cue, first, got 'last'"),
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": 2.5}, TypeError, "n must be a whole number, got float"),
        ({"split": "all"}, ValueError, "split must be one of train, test, got 'all'"),
        ({"noise": -1}, ValueError, "noise must be a finite number of at least 0, got -1"),
        ({"noise": math.inf}, ValueError, "noise must be a finite number of at least 0, got inf"),
        ({"seed": -1}, ValueError, "seed must be between 0 and .*got -1"),
    ],
)
def test_wrong_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        clips(**({"task": "one", "n": 3} | options))
