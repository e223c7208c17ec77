"""Photographs that ship inside scikit-learn."""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_image

from visual_attention._validation import one_of, whole_number

PHOTOGRAPHS = ("flower", "china")
# How much red, green and blue contribute to brightness (ITU-R Recommendation BT.601).
_LUMA = (0.299, 0.587, 0.114)


def photograph(name: str = "flower", size: tuple[int, int] | None = None, grey: bool = False) -> torch.Tensor:
    """Return a photograph as float32 in [0, 1].

    Parameters
    ----------
    name : "flower" (a dahlia) or "china" (the Summer Palace, Beijing), 427 × 640 pixels each
    size : (height, width) to resize to, with anti-aliasing; the picture is stretched if the shapes differ
    grey : return the brightness 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) instead of the colours

    Returns
    -------
    shape (3, H, W), or (H, W) if `grey`

    Raises
    ------
    TypeError
        `size` is not a pair of whole numbers, `grey` not a bool.
    ValueError
        `name` is unknown, or `size` below 1.
    """
    one_of("name", name, PHOTOGRAPHS)
    if not isinstance(grey, bool):
        raise TypeError(f"grey must be True or False, got {type(grey).__name__}")
    image = torch.tensor(load_sample_image(f"{name}.jpg")).permute(2, 0, 1).float() / 255
    if size is not None:
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise TypeError(f"size must be a pair (height, width) or None, got {size!r}")
        size = [whole_number("size", length, least=1) for length in size]
        # Rounding may step over the ends of the range by one unit in the last place.
        image = F.interpolate(image[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
    if grey:
        image = torch.einsum("c,chw->hw", torch.tensor(_LUMA), image).clamp(0, 1)
    return image.contiguous()
