"""Six signs of 3×3 cells, drawn small or large: for asking at which scale a network looks."""

import math
from typing import NamedTuple

import torch

from visual_attention._validation import real_number, whole_number

__all__ = ["LARGE", "SIGNS", "SIGN_NAMES", "Signs", "signs"]

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
    images = torch.zeros(n, size, size)
    labels = torch.randint(len(SIGNS), (n,), generator=generator)
    large = torch.randint(2, (n,), generator=generator) == 1
    for image, label, is_large in zip(images, labels, large, strict=True):
        side = LARGE if is_large else 1
        sign = SIGNS[label].repeat_interleave(side, 0).repeat_interleave(side, 1)
        for _ in range(1 if is_large else copies):
            top, left = torch.randint(size - 3 * side + 1, (2,), generator=generator).tolist()
            image[top : top + 3 * side, left : left + 3 * side] = sign
    images += noise * torch.randn(images.shape, generator=generator)
    return Signs(images[:, None], labels, large)
