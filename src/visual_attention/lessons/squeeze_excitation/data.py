"""Three digits laid over each other in red, green and blue, in a frame whose colour says which one to read."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

from visual_attention._validation import one_of, whole_number
from visual_attention.datasets.handwritten_digits import digits

__all__ = ["COLOURS", "FRAMES", "FramedDigits", "framed_digits", "reframed"]

COLOURS = ("red", "green", "blue")
FRAMES = ("coloured", "grey")
SIDE = 24  # pixels of the picture
DIGIT = 10  # pixels of the digits, in its middle; the frame is one pixel wide


class FramedDigits(NamedTuple):
    """Pictures, and what is in them.

    Attributes
    ----------
    images : (n, 3, 24, 24), float32 in [0, 1]: the planes red, green and blue
    labels : (n,), int64: the digit to be read
    frames : (n,), int64: 0, 1 or 2 for a red, green or blue frame, −1 for a grey one
    shown : (n, 3), int64: the digit in each plane
    """

    images: torch.Tensor
    labels: torch.Tensor
    frames: torch.Tensor
    shown: torch.Tensor


def framed_digits(n: int, frame: str = "coloured", split: str = "train", *, seed: int = 0) -> FramedDigits:
    """Return `n` pictures of 24 × 24 pixels: three digits of 10 × 10 pixels on one spot, and a frame at the edge.

    With a "coloured" frame each colour plane shows another digit, and the one in the frame's colour is the label:
    nothing but the frame tells which, and six empty pixels lie between frame and digits. With a "grey" frame all
    planes show the same picture of one digit, so that there is nothing to choose. The digits are scikit-learn's.

    Parameters
    ----------
    n : number of pictures, at least 1
    frame : one of `FRAMES`
    split : which of the digits are used, "train" or "test"
    seed : of everything that is drawn

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number.
    ValueError
        `n` below 1, `seed` below 0, unknown `frame` or `split`.
    """
    n = whole_number("n", n, least=1)
    one_of("frame", frame, FRAMES)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    source = digits(split, DIGIT)

    # Three different classes for each picture, then one of the pictures of each class.
    shown = torch.rand(n, 10, generator=generator, dtype=torch.float32).argsort(dim=1)[:, :3]  # (n, 3)
    share = torch.rand(n, 3, generator=generator, dtype=torch.float32)  # (n, 3)
    frames = torch.randint(3, (n,), generator=generator)  # (n,)
    if frame == "grey":
        shown, share = shown[:, :1].repeat(1, 3), share[:, :1].repeat(1, 3)
        frames = torch.full((n,), -1)
    by_class = source.labels.argsort(stable=True)  # the pictures, class after class
    counts = source.labels.bincount(minlength=10)  # (10,)
    first = counts.cumsum(0) - counts
    chosen = by_class[first[shown] + (share * counts[shown]).long()]  # (n, 3)

    images = torch.zeros(n, 3, SIDE, SIDE, dtype=torch.float32)
    middle = slice((SIDE - DIGIT) // 2, (SIDE + DIGIT) // 2)
    images[:, :, middle, middle] = source.images[chosen]
    labels = shown.gather(1, frames.clamp(min=0)[:, None])[:, 0]
    return FramedDigits(_with_frames(images, frames), labels, frames, shown)


def reframed(pictures: FramedDigits, colour: int) -> FramedDigits:
    """Return the same digits in frames of one colour (0 red, 1 green, 2 blue), and the labels that go with it.

    Raises ValueError for another number.
    """
    colour = whole_number("colour", colour, least=0, most=2)
    frames = torch.full_like(pictures.frames, colour)
    return FramedDigits(_with_frames(pictures.images, frames), pictures.shown[:, colour], frames, pictures.shown)


def _with_frames(images: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """Draw frames (n,) on a copy of images (n, 3, side, side); −1 is grey, half as bright in every plane."""
    light = F.one_hot(frames.clamp(min=0), 3).float()  # (n, 3)
    light[frames < 0] = 0.5
    edge = torch.ones(SIDE, SIDE, dtype=torch.bool)
    edge[1:-1, 1:-1] = False
    return torch.where(edge, light[:, :, None, None], images)
