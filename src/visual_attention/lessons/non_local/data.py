"""Colour the twin: pictures in which the answer to a question stands somewhere else in the picture."""

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F

from visual_attention._validation import flag, one_of, whole_number
from visual_attention.datasets.handwritten_digits import SPLITS, digits

__all__ = ["CELL", "COLOURS", "TWIN_COLOURS", "TwinPictures", "twin_cells", "twin_pictures"]

CELL = 12  # pixels; a picture has 3 × 3 cells
TWIN_COLOURS = ("red", "green", "blue")
COLOURS = (*TWIN_COLOURS, "white")
_RGB = torch.tensor([[1.0, 0.15, 0.15], [0.15, 1.0, 0.15], [0.25, 0.35, 1.0], [1.0, 1.0, 1.0]], dtype=torch.float32)
_MARGIN = 1
_PAIRS = 3


def _far_apart() -> torch.Tensor:
    """All ways to place three ordered pairs of cells, each at least two rows or columns apart: (m, 3, 2)."""
    pairs = [
        (one, other)
        for one, other in itertools.permutations(range(9), 2)
        if max(abs(one // 3 - other // 3), abs(one % 3 - other % 3)) == 2
    ]
    ways = itertools.permutations(pairs, _PAIRS)
    return torch.tensor([way for way in ways if len(set(itertools.chain(*way))) == 2 * _PAIRS])


_PLACES = _far_apart()


class TwinPictures(NamedTuple):
    """Pictures with three pairs of digits, and what is asked of them.

    Attributes
    ----------
    images : (n, 3, 36, 36), float32 in [0, 1]
    targets : (n, 3, 3), int64: in the cell of a white digit the number of its twin's colour in `TWIN_COLOURS`; −100,
        which `cross_entropy` leaves out, in all others
    twins : (n, 3, 3), int64: in the cell of a white digit the number of its twin's cell, 0 to 8 in reading order; −1
        in all others
    """

    images: torch.Tensor
    targets: torch.Tensor
    twins: torch.Tensor


def twin_pictures(n: int, split: str = "train", *, seed: int = 0, hint: bool = False) -> TwinPictures:
    """Return `n` pictures of 3 × 3 cells that hold three pairs of digits.

    The two digits of a pair show the same numeral, in different handwriting; the pairs show different numerals. One
    of a pair is red, green or blue, at random and independent of the other pairs; its twin is white. Twins never stand
    in neighbouring cells, so that the cell in the middle stays empty. Question: which colour has the twin of each
    white digit?

    Parameters
    ----------
    n : at least 1
    split : one of `SPLITS`: which pictures of digits are used
    seed : of every random choice
    hint : print the answer beside the question, as a bar of the twin's colour under each white digit

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number, `hint` not a bool.
    ValueError
        `n` below 1, `seed` below 0, or unknown `split`.
    """
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    flag("hint", hint)
    pool = _inked(split)
    of_numeral = [(pool.labels == numeral).nonzero()[:, 0] for numeral in range(10)]
    rows = torch.arange(n)
    numerals = torch.rand(n, 10, generator=generator, dtype=torch.float32).argsort(dim=1)[:, :_PAIRS]
    places = _PLACES[torch.randint(len(_PLACES), (n,), generator=generator)]
    colours = torch.randint(len(TWIN_COLOURS), (n, _PAIRS), generator=generator)
    draw = torch.rand(n, _PAIRS, 2, generator=generator, dtype=torch.float32)

    images = torch.zeros(n, 3, 3 * CELL, 3 * CELL, dtype=torch.float32)
    # The same memory by cells, (n, 3, 3, 3, 12, 12): row, column, colour, and the pixels of a cell.
    cells = images.view(n, 3, 3, CELL, 3, CELL).permute(0, 2, 4, 1, 3, 5)
    targets = torch.full((n, 9), -100)
    twins = torch.full((n, 9), -1)
    for pair in range(_PAIRS):
        pictures = torch.empty(n, 2, dtype=torch.int64)  # two different ones of each pair's numeral
        for numeral, members in enumerate(of_numeral):
            mine = numerals[:, pair] == numeral
            first = (draw[mine, pair, 0] * len(members)).long()
            step = 1 + (draw[mine, pair, 1] * (len(members) - 1)).long()
            pictures[mine] = members[torch.stack([first, (first + step) % len(members)], dim=1)]
        coloured, white = places[:, pair].unbind(dim=1)
        colour = colours[:, pair]
        cells[rows, coloured // 3, coloured % 3] = _RGB[colour][:, :, None, None] * pool.images[pictures[:, 0], None]
        cells[rows, white // 3, white % 3] = pool.images[pictures[:, 1], None].expand(-1, 3, -1, -1)
        if hint:
            cells[rows, white // 3, white % 3, :, -1, _MARGIN:-_MARGIN] = _RGB[colour][:, :, None]
        targets[rows, white] = colour
        twins[rows, white] = coloured
    return TwinPictures(images, targets.reshape(n, 3, 3), twins.reshape(n, 3, 3))


def twin_cells(n: int, split: str = "train", *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `n` single cells, (n, 3, 12, 12), with what they show: (n, 2), the numeral and the number in `COLOURS`.

    Raises as `twin_pictures` does.
    """
    n = whole_number("n", n, least=1)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    pool = _inked(split)
    colour = torch.randint(len(COLOURS), (n,), generator=generator)
    picture = torch.randint(len(pool.labels), (n,), generator=generator)
    images = _RGB[colour][:, :, None, None] * pool.images[picture, None]
    return images, torch.stack([pool.labels[picture], colour], dim=1)


def _inked(split: str):
    """The digits of a split with a margin around them: pictures of the size of a cell."""
    pool = digits(split, CELL - 2 * _MARGIN)
    return pool._replace(images=F.pad(pool.images, [_MARGIN] * 4))
