"""Handwritten digits that ship inside scikit-learn, the raw material of the course's experiments."""

import functools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from visual_attention._validation import one_of, whole_number

__all__ = ["SPLITS", "Digits", "digits"]

SPLITS = ("train", "test")
_TRAIN = 1200  # of 1,797 pictures


class Digits(NamedTuple):
    """Pictures, shape (n, size, size), float32 in [0, 1] (ink is 1), and what they show, shape (n,), int64."""

    images: torch.Tensor
    labels: torch.Tensor


def digits(split: str = "train", size: int = 8) -> Digits:
    """Return the 1,200 training or the 597 test pictures of scikit-learn's digits, resized bilinearly.

    Which picture is in which part is decided once, by a fixed shuffle.

    Parameters
    ----------
    split : one of `SPLITS`
    size : side in pixels, at least 4; the originals have 8
    """
    one_of("split", split, SPLITS)
    size = whole_number("size", size, least=4)
    images, labels = _shuffled()
    part = slice(None, _TRAIN) if split == "train" else slice(_TRAIN, None)
    resized = F.interpolate(images[part, None], (size, size), mode="bilinear", antialias=True)[:, 0].clamp(0, 1)
    return Digits(resized.contiguous(), labels[part].clone())


@functools.cache
def _shuffled() -> tuple[torch.Tensor, torch.Tensor]:
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    images = torch.tensor(data.images, dtype=torch.float32)[order] / 16
    return images, torch.tensor(data.target, dtype=torch.int64)[order]
