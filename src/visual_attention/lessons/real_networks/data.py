"""A card of one of six colours, laid on a crop of a photograph and seen under a white or a coloured lamp."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from visual_attention._validation import one_of, whole_number
from visual_attention.datasets.scenes import SCENES, SIDE, scene

__all__ = ["CARD", "CARDS", "CROP", "DIMMEST", "LAMPS", "MIDDLE", "SPLITS", "Cards", "carded", "greys"]

CROP, CARD = 80, 28  # pixels: the side of a crop, and of the card in its middle
MIDDLE = slice((CROP - CARD) // 2, (CROP + CARD) // 2)
LAMPS = ("coloured", "white")
SPLITS = ("train", "test")
DIMMEST = 0.4  # what a coloured lamp leaves of red, of green, of blue: at least so much, at most all
HIGH, LOW = 0.6, 0.35  # what a card sends back of each of the three
CARDS = {
    "red": (HIGH, LOW, LOW),
    "yellow": (HIGH, HIGH, LOW),
    "green": (LOW, HIGH, LOW),
    "cyan": (LOW, HIGH, HIGH),
    "blue": (LOW, LOW, HIGH),
    "magenta": (HIGH, LOW, HIGH),
}


class Cards(NamedTuple):
    """Pictures, and what is in them.

    Attributes
    ----------
    images : (n, 3, 80, 80), float32 in [0, 1]
    labels : (n,), int64: which of `CARDS` lies there
    lamps : (n, 3), float32: what the lamp has of red, green and blue
    scenes : (n,), int64: which of `SCENES` the crop is from
    """

    images: Tensor
    labels: Tensor
    lamps: Tensor
    scenes: Tensor


def carded(n: int, lamp: str = "coloured", split: str = "train", *, seed: int = 0) -> Cards:
    """Return `n` crops of 80 × 80 pixels, in the middle of each a card of 28 × 28.

    The card is as bright as 0.8 to 1.2 times its entry of `CARDS`. A "coloured" lamp multiplies the whole picture, card
    and surroundings alike, by a factor for each of red, green and blue: e to the power of a number that is drawn evenly
    between log 0.4 and 0. A "white" one changes nothing. Crops of "train" are from the left halves of the eight
    photographs of `SCENES`, those of "test" from the right halves. Of one seed, everything but the lamp is the same
    under both.

    Parameters
    ----------
    n : number of pictures, at least 1
    lamp : one of `LAMPS`
    split : one of `SPLITS`
    seed : of everything that is drawn

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number.
    ValueError
        `n` below 1, `seed` below 0, unknown `lamp` or `split`.
    """
    n = whole_number("n", n, least=1)
    one_of("lamp", lamp, LAMPS)
    one_of("split", split, SPLITS)
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    scenes = torch.randint(len(SCENES), (n,), generator=generator)
    left = torch.randint(SIDE // 2 - CROP + 1, (n,), generator=generator)
    top = torch.randint(SIDE - CROP + 1, (n,), generator=generator)
    labels = torch.randint(len(CARDS), (n,), generator=generator)
    bright = 0.8 + 0.4 * torch.rand(n, 1, generator=generator, dtype=torch.float32)
    lamps = torch.exp(math.log(DIMMEST) * torch.rand(n, 3, generator=generator, dtype=torch.float32))
    if split == "test":
        left += SIDE // 2
    if lamp == "white":
        lamps = torch.ones_like(lamps)

    photographs = [scene(name) for name in SCENES]
    images = torch.stack(
        [
            photographs[k][:, y : y + CROP, x : x + CROP]
            for k, y, x in zip(scenes.tolist(), top.tolist(), left.tolist(), strict=True)
        ]
    )
    cards = torch.tensor(list(CARDS.values()), dtype=torch.float32)[labels] * bright  # (n, 3)
    images[:, :, MIDDLE, MIDDLE] = cards[:, :, None, None]
    return Cards(images * lamps[:, :, None, None], labels, lamps, scenes)


def greys(name: str) -> Cards:
    """All six of `CARDS` on one crop, each under the lamp that makes its pixels the same grey, 0.35: (6, 3, 80, 80).

    The crop is the middle of the right half of one of `SCENES`; raises ValueError for another name.
    """
    one_of("name", name, tuple(SCENES))
    top, left = (SIDE - CROP) // 2, SIDE // 2 + (SIDE // 2 - CROP) // 2
    images = scene(name)[:, top : top + CROP, left : left + CROP].repeat(len(CARDS), 1, 1, 1)
    lamps = LOW / torch.tensor(list(CARDS.values()), dtype=torch.float32)  # (6, 3)
    images = images * lamps[:, :, None, None]
    images[:, :, MIDDLE, MIDDLE] = LOW
    return Cards(images, torch.arange(len(CARDS)), lamps, torch.full((len(CARDS),), list(SCENES).index(name)))
