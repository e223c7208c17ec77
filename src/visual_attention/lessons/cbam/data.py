"""One digit to be read on a canvas with other things: the pictures of lesson 7."""

from dataclasses import dataclass

import torch

from visual_attention._validation import one_of, whole_number
from visual_attention.datasets.handwritten_digits import SPLITS, digits

__all__ = ["CANVAS", "CROP", "DIGIT", "DOT", "SCENES", "ClutteredDigits", "cluttered_digits", "render", "single_things"]

SCENES = ("clutter", "dot")
CANVAS = 48  # pixels, height and width
DIGIT = 12  # side of a digit
CROP = 20  # side of the pictures of single things
DOT = 10  # the class of a dot, beside the digits 0 to 9
_PIECE, _PIECES = 6, 8  # side and number of the fragments of *clutter*
_OTHERS = 2  # whole digits beside the one to be read, in *dot*
_GAP = 14  # from the target's centre to the dot's
_CLEAR = 24  # from any other digit's centre to the dot's, at least
_APART = 15  # between the centres of two digits, at least
_NOISE = 0.05
_DOTS = 0.15  # share of dots among the single things


@dataclass(frozen=True, eq=False)
class ClutteredDigits:
    """Pictures of one digit to be read.

    Attributes
    ----------
    images : shape (n, 1, 48, 48), float32; ink is 1, paper 0, and a little noise on both
    labels : shape (n,), int64: the digit to be read
    boxes : shape (n, k, 2), int64: rows and columns of the upper left corners of the whole digits' 12×12 pixels; the
        one to be read comes first, k is 1 in *clutter* and 3 in *dot*
    dots : shape (n, 2), int64: row and column of the dot's centre; −1 where there is no dot
    """

    images: torch.Tensor
    labels: torch.Tensor
    boxes: torch.Tensor
    dots: torch.Tensor

    def inside(self) -> torch.Tensor:
        """True where each whole digit lies: shape (n, k, 48, 48)."""
        from_corner = torch.arange(CANVAS) - self.boxes[..., None]  # (n, k, 2, 48)
        row, column = ((from_corner >= 0) & (from_corner < DIGIT)).unbind(2)
        return row[..., :, None] & column[..., None, :]


def cluttered_digits(n: int, scene: str = "dot", split: str = "train", seed: int = 0) -> ClutteredDigits:
    """Return n pictures in which one handwritten digit is to be read.

    *clutter*: one whole digit, and eight 6×6 fragments cut out of others. *dot*: three whole digits, and a dot of
    radius 2 whose centre lies 14 pixels from that of the one to be read and at least 24 from those of the others.

    Parameters
    ----------
    n : number of pictures, at least 1
    scene : one of `SCENES`
    split : one of `datasets.SPLITS`: which handwritten digits are used
    seed : of all choices, not negative

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number.
    ValueError
        `n` below 1, a negative `seed`, an unknown `scene` or `split`.
    """
    whole_number("n", n, least=1)
    one_of("scene", scene, SCENES)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    glyphs, names = digits(split, DIGIT)
    which = torch.randint(len(glyphs), (n, 1 + (_OTHERS if scene == "dot" else _PIECES)), generator=generator)
    if scene == "dot":
        corners, dots = _arranged(n, generator)
        images = render(glyphs[which], corners, dots)
    else:
        corners = torch.randint(CANVAS - DIGIT + 1, (n, 1, 2), generator=generator)
        dots = torch.full((n, 2), -1)
        fragments = _fragments(glyphs[which[:, 1:]], generator)
        free = torch.randint(CANVAS - _PIECE + 1, (n, _PIECES, 2), generator=generator)
        images = torch.maximum(_pasted(fragments, free, CANVAS), _pasted(glyphs[which[:, :1]], corners, CANVAS))[
            :, None
        ]
    images = images + _NOISE * torch.randn(images.shape, generator=generator, dtype=torch.float32)
    return ClutteredDigits(images, names[which[:, 0]], corners, dots)


def render(glyphs: torch.Tensor, corners: torch.Tensor, dots: torch.Tensor) -> torch.Tensor:
    """Return pictures (n, 1, 48, 48) without noise: glyphs (n, k, 12, 12) at corners (n, k, 2), dots at (n, 2)."""
    return torch.maximum(_pasted(glyphs, corners, CANVAS), _discs(dots, CANVAS))[:, None]


def single_things(n: int, split: str = "train", seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return n pictures (n, 1, 20, 20) of one digit or, more rarely, one dot, and what it is (n,): 0 to 9, or `DOT`.

    Raises
    ------
    TypeError, ValueError
        As in `cluttered_digits`.
    """
    whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    glyphs, names = digits(split, DIGIT)
    which = torch.randint(len(glyphs), (n, 1), generator=generator)
    corners = torch.randint(CROP - DIGIT + 1, (n, 1, 2), generator=generator)
    dots = torch.randint(3, CROP - 3, (n, 2), generator=generator)
    dotted = torch.rand(n, generator=generator, dtype=torch.float32) < _DOTS
    images = torch.where(dotted[:, None, None], _discs(dots, CROP), _pasted(glyphs[which], corners, CROP))
    images = images + _NOISE * torch.randn(images.shape, generator=generator, dtype=torch.float32)
    return images[:, None], torch.where(dotted, DOT, names[which[:, 0]])


def _discs(dots: torch.Tensor, side: int) -> torch.Tensor:
    """A disc of 21 pixels at each of the centres (n, 2), on canvases of their own: (n, side, side)."""
    rows, columns = (torch.arange(side) - dots[..., None]).square().unbind(1)  # (n, side) each
    return (rows[:, :, None] + columns[:, None, :] <= 5).float()


def _pasted(patches: torch.Tensor, corners: torch.Tensor, canvas_side: int) -> torch.Tensor:
    """Patches (n, k, side, side) at corners (n, k, 2) of square canvases, the darker ink wins."""
    n, _, side, _ = patches.shape
    canvas = torch.zeros(n, canvas_side, canvas_side, dtype=torch.float32)
    picture, step = torch.arange(n)[:, None, None], torch.arange(side)
    for patch, corner in zip(patches.unbind(1), corners.unbind(1), strict=True):
        place = (picture, (corner[:, 0, None] + step)[:, :, None], (corner[:, 1, None] + step)[:, None, :])
        canvas[place] = torch.maximum(canvas[place], patch)
    return canvas


def _fragments(glyphs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A random square piece (n, k, 6, 6) out of each glyph (n, k, 12, 12)."""
    n, k = glyphs.shape[:2]
    corner = torch.randint(DIGIT - _PIECE + 1, (n, k, 2, 1), generator=generator) + torch.arange(_PIECE)
    picture, number = torch.arange(n)[:, None, None, None], torch.arange(k)[:, None, None]
    return glyphs[picture, number, corner[:, :, 0, :, None], corner[:, :, 1, None, :]]


def _arranged(n: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Corners (n, 3, 2) of digits, the target first, and dots (n, 2): drawn again until the distances are kept."""
    found, total = [], 0
    while total < n:
        tries = 30 * n + 100
        corners = torch.randint(CANVAS - DIGIT + 1, (tries, 1 + _OTHERS, 2), generator=generator)
        centres = corners.float() + DIGIT / 2
        angle = 2 * torch.pi * torch.rand(tries, generator=generator, dtype=torch.float32)
        offset = _GAP * torch.stack([angle.sin(), angle.cos()], dim=1)
        dots = (centres[:, 0] + offset).round().long()
        between = (centres[:, :, None] - centres[:, None]).norm(dim=-1)  # (tries, 3, 3)
        apart = _APART * (1 - torch.eye(1 + _OTHERS, dtype=torch.float32))
        good = (
            ((dots >= 3) & (dots <= CANVAS - 4)).all(1)
            & ((centres[:, 1:] - dots[:, None]).norm(dim=-1) >= _CLEAR).all(1)
            & (between >= apart).flatten(1).all(1)
        )
        found.append((corners[good], dots[good]))
        total += int(good.sum())
    return torch.cat([c for c, _ in found])[:n], torch.cat([d for _, d in found])[:n]
