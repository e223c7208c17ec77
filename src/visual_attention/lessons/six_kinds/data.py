"""The data of lesson 4: signs drawn small or large, and short clips of which one frame matters."""

import math
from typing import NamedTuple

import torch

from visual_attention._validation import one_of, real_number, whole_number
from visual_attention.datasets.handwritten_digits import SPLITS, digits

SIGN_NAMES = ("T", "X", "+", "L", "Z", "O")
SIGNS = torch.tensor(
    [
        [[1, 1, 1], [0, 1, 0], [0, 1, 0]],
        [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
        [[1, 1, 0], [0, 1, 0], [0, 1, 1]],
        [[1, 1, 1], [1, 0, 1], [1, 1, 1]],
    ],
    dtype=torch.float32,
)
# Side of a cell of a large sign, in pixels. That of a small one is 1: a 3×3 kernel whose entries lie LARGE pixels
# apart meets the cells of a large sign as a plain one meets those of a small sign.
LARGE = 3


class Signs(NamedTuple):
    """Pictures (n, 1, size, size) float32, the number of the sign (n,) int64, whether it is large (n,) bool."""

    images: torch.Tensor
    labels: torch.Tensor
    large: torch.Tensor


def signs(n: int, *, noise: float = 0.3, copies: int = 3, size: int = 20, seed: int = 0) -> Signs:
    """Return n pictures: on each one sign, either once and large, or several times and small; at random places.

    Small copies may cover one another: the one drawn later is seen.

    Parameters
    ----------
    n : number of pictures, at least 1
    noise : standard deviation of what is added to each pixel, at least 0; ink is 1
    copies : of a small sign, at least 1
    size : side of a picture in pixels, at least 3 · LARGE
    seed : at least 0

    Raises
    ------
    TypeError
        `noise` is not a number; one of the others not a whole number.
    ValueError
        `noise` negative or not finite; one of the others below its least value.
    """
    n = whole_number("n", n, least=1)
    noise = real_number("noise", noise)
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise must be a finite number of at least 0, got {noise}")
    copies = whole_number("copies", copies, least=1)
    size = whole_number("size", size, least=3 * LARGE)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    images = torch.zeros(n, size, size, dtype=torch.float32)
    labels = torch.randint(len(SIGNS), (n,), generator=generator)
    large = torch.randint(2, (n,), generator=generator) == 1
    for image, label, is_large in zip(images, labels, large, strict=True):
        side = LARGE if is_large else 1
        sign = SIGNS[label].repeat_interleave(side, 0).repeat_interleave(side, 1)
        for _ in range(1 if is_large else copies):
            top, left = torch.randint(size - 3 * side + 1, (2,), generator=generator).tolist()
            image[top : top + 3 * side, left : left + 3 * side] = sign
    images += noise * torch.randn(images.shape, generator=generator, dtype=torch.float32)
    return Signs(images[:, None], labels, large)


CLIP_TASKS = ("one", "cue", "first")
SIDES = ("top", "right", "bottom", "left")  # where the bar of task "first" may be: the labels, in this order
FRAMES, _SIZE, _DIGIT = 8, 16, 10


class Clips(NamedTuple):
    """Clips (n, 1, FRAMES, 16, 16) float32, labels (n,) int64, and the number of the frame that matters (n,) int64."""

    frames: torch.Tensor
    labels: torch.Tensor
    informative: torch.Tensor


def clips(task: str, n: int, *, split: str = "train", noise: float = 0.25, seed: int = 0) -> Clips:
    """Return n clips of eight frames, with noise in each pixel. What has to be said depends on the task:

    =======  =================================================================================================
    one      one frame shows a digit, the others the same kind of digits with their four quarters mixed up;
             the label is the digit
    cue      every frame shows a digit; one of them has a bright mark in its top left corner; the label is its
             digit
    first    every frame shows a large sign (`datasets.signs`), and all but the first have a bar at one of the four
             sides; one of them shows the first frame's sign again; the label is the side of its bar (`SIDES`)
    =======  =================================================================================================

    The frame that matters is any of the eight, in task "first" any but the first.

    Parameters
    ----------
    task : one of `CLIP_TASKS`
    n : number of clips, at least 1
    split : one of `SPLITS`, of the pictures that the digits are taken from
    noise : standard deviation of what is added to each pixel, at least 0; ink is 1
    seed : at least 0

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number, `noise` not a number.
    ValueError
        Unknown `task` or `split`; `n` below 1, `noise` negative or not finite, `seed` negative.
    """
    one_of("task", task, CLIP_TASKS)
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    noise = real_number("noise", noise)
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise must be a finite number of at least 0, got {noise}")
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    pictures, classes = _signs() if task == "first" else digits(split, size=_DIGIT)

    first = 1 if task == "first" else 0
    informative = torch.randint(first, FRAMES, (n,), generator=generator)
    shown = torch.randint(len(pictures), (n, FRAMES), generator=generator)
    if task == "first":
        shown = _one_of_the_same_class(shown, informative, classes, generator)
    # Three pixels are left free on each side of a digit, and it is moved by at most one: bars and marks touch none.
    frames = torch.zeros(n, FRAMES, _SIZE, _SIZE, dtype=torch.float32)
    frames[:, :, 3:-3, 3:-3] = pictures[shown]
    row = torch.arange(n)
    if task == "one":
        mixed = _mix_quarters(frames[:, :, 3:-3, 3:-3])
        mixed[row, informative] = pictures[shown[row, informative]]
        frames[:, :, 3:-3, 3:-3] = mixed
    frames = _shift(frames, generator)
    labels = classes[shown[row, informative]]
    if task == "cue":
        frames[row, informative, :2, :2] = 1
    if task == "first":
        sides = torch.randint(len(SIDES), (n, FRAMES), generator=generator)
        bars = torch.zeros(len(SIDES), _SIZE, _SIZE, dtype=torch.float32)
        bars[0, 0, 4:12] = bars[1, 4:12, -1] = bars[2, -1, 4:12] = bars[3, 4:12, 0] = 1
        frames[:, 1:] += bars[sides[:, 1:]]
        labels = sides[row, informative]
    frames += noise * torch.randn(frames.shape, generator=generator, dtype=torch.float32)
    return Clips(frames[:, None], labels, informative)


def _signs() -> tuple[torch.Tensor, torch.Tensor]:
    """Large signs in the place of digits, (signs, _DIGIT, _DIGIT), and their numbers."""
    large = SIGNS.repeat_interleave(LARGE, 1).repeat_interleave(LARGE, 2)
    free = _DIGIT - large.shape[-1]
    return torch.nn.functional.pad(large, (0, free, 0, free)), torch.arange(len(SIGNS))


def _one_of_the_same_class(
    shown: torch.Tensor, informative: torch.Tensor, classes: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Change pictures until the frame that matters, and no other, shows the first frame's class: (n, FRAMES)."""
    shown, row = shown.clone(), torch.arange(len(shown))
    wanted = torch.zeros(shown.shape, dtype=torch.bool)
    wanted[row, informative] = wanted[:, 0] = True
    while True:
        wrong = (classes[shown] == classes[shown[:, :1]]) != wanted
        if not wrong.any():
            return shown
        shown[wrong] = torch.randint(len(classes), (int(wrong.sum()),), generator=generator)


def _mix_quarters(pictures: torch.Tensor) -> torch.Tensor:
    """Put each quarter of the pictures (..., side, side) where the one diagonally opposite was."""
    half = pictures.shape[-1] // 2
    return pictures.roll((half, half), dims=(-2, -1))


def _shift(frames: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Move every frame by −1, 0 or 1 pixels down and to the right: (n, FRAMES, side, side)."""
    n, count, side, _ = frames.shape
    by = torch.randint(-1, 2, (n, count, 2), generator=generator)
    place = torch.arange(side)
    rows = (place - by[..., :1]) % side  # (n, FRAMES, side)
    columns = (place - by[..., 1:]) % side
    moved = frames.gather(2, rows[..., None].expand(-1, -1, -1, side))
    return moved.gather(3, columns[:, :, None, :].expand(-1, -1, side, -1))
