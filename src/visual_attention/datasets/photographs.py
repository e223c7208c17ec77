"""Photographs that ship inside scikit-learn."""

import dataclasses

import torch
import torch.nn.functional as F
from sklearn.datasets import load_sample_image

from visual_attention._validation import flag, one_of, whole_number
from visual_attention.datasets.credits import Credit

PHOTOGRAPHS = ("flower", "china")
_CC_BY_2 = {"licence": "CC BY 2.0", "licence_address": "https://creativecommons.org/licenses/by/2.0/"}
# As scikit-learn's `datasets/images/README.txt` has it. For the flower it prints the author of the other photograph
# above the address of an account named vultilion, where the picture came from.
CREDITS = {
    "china": Credit(
        "Photograph of the Summer Palace",
        "danielbuechele",
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
        **_CC_BY_2,
    ),
    "flower": Credit(
        "Photograph of a dahlia",
        "vultilion",
        "https://www.flickr.com/photos/vultilion/6056698931/",
        **_CC_BY_2,
    ),
}
# How much red, green and blue contribute to brightness (ITU-R Recommendation BT.601).
_LUMA = (0.299, 0.587, 0.114)


def photograph_credit(name: str, changes: str) -> Credit:
    """Whom a photograph is owed to, with what was done to it: to be said wherever it is shown.

    `name` as in `photograph`; raises ValueError for another one.
    """
    one_of("name", name, PHOTOGRAPHS)
    return dataclasses.replace(CREDITS[name], changes=changes)


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
    """
    one_of("name", name, PHOTOGRAPHS)
    flag("grey", grey)
    image = torch.tensor(load_sample_image(f"{name}.jpg")).permute(2, 0, 1).float() / 255
    if size is not None:
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise TypeError(f"size must be a pair (height, width) or None, got {size!r}")
        sides = [whole_number("size", length, least=1) for length in size]
        # Rounding may step over the ends of the range by one unit in the last place.
        image = F.interpolate(image[None], sides, mode="bilinear", antialias=True)[0].clamp(0, 1)
    if grey:
        image = torch.einsum("c,chw->hw", torch.tensor(_LUMA, dtype=torch.float32), image).clamp(0, 1)
    return image.contiguous()
