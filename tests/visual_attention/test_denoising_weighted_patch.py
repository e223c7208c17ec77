"""Non-local means with a Gaussian-weighted patch, against a loop and against scikit-image."""

import math

import pytest
import torch
from skimage.restoration import denoise_nl_means

from visual_attention import non_local_means
from visual_attention.denoising import non_local_weights

IMAGE = torch.rand(2, 6, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def mirrored(k, size):
    k = abs(k)
    return k if k < size else 2 * (size - 1) - k


def by_loop(image, h, patch, search, width, include_self):
    _, height, breadth = image.shape
    half, reach = patch // 2, search // 2
    offsets = [(a, b) for a in range(-half, half + 1) for b in range(-half, half + 1)]
    power = [math.exp(-(a * a + b * b) / (2 * width**2)) for a, b in offsets]
    tables = torch.zeros(height, breadth, height, breadth, dtype=torch.float64)
    for r in range(height):
        for c in range(breadth):
            for rr in range(max(0, r - reach), min(height, r + reach + 1)):
                for cc in range(max(0, c - reach), min(breadth, c + reach + 1)):
                    if (r, c) == (rr, cc) and not include_self:
                        continue
                    distance = 0.0
                    for (a, b), share in zip(offsets, power, strict=True):
                        here = image[:, mirrored(r + a, height), mirrored(c + b, breadth)]
                        there = image[:, mirrored(rr + a, height), mirrored(cc + b, breadth)]
                        distance += share / sum(power) * (here - there).square().mean().item()
                    tables[r, c, rr, cc] = math.exp(-distance / h**2)
            tables[r, c] /= tables[r, c].sum()
    return tables, torch.einsum("rcpq,kpq->krc", tables, image)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("width", [0.6, 1.5])
def test_equals_the_loop(width, include_self):
    options = {"h": 0.4, "patch": 3, "search": 5, "include_self": include_self, "patch_width": width}
    tables, expected = by_loop(IMAGE, 0.4, 3, 5, width, include_self)
    assert torch.allclose(non_local_means(IMAGE, **options), expected)
    for row, column in ((0, 0), (3, 4), (5, 6)):
        assert torch.allclose(non_local_weights(IMAGE, row, column, **options), tables[row, column])


def test_a_wide_weighting_is_the_flat_patch():
    wide = non_local_means(IMAGE, h=0.3, patch=3, search=5, patch_width=1e6)
    assert torch.allclose(wide, non_local_means(IMAGE, h=0.3, patch=3, search=5))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0.0, ValueError, "patch_width must be"),
        (math.nan, ValueError, "patch_width must be"),
        ("1", TypeError, "width"),
    ],
)
def test_bad_widths_are_named(value, error, message):
    with pytest.raises(error, match=message):
        non_local_means(IMAGE, h=0.3, patch_width=value)
    with pytest.raises(error, match=message):
        non_local_weights(IMAGE, 0, 0, h=0.3, patch_width=value)


def test_scikit_image_agrees_inside():
    """Its weighted patch has the width (patch − 1)/4, its borders another rule: pixels far inside are compared."""
    picture = torch.rand(30, 30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    options = {"patch_size": 5, "patch_distance": 5, "h": 0.3}
    theirs = torch.tensor(denoise_nl_means(picture.numpy(), fast_mode=False, **options))
    ours = non_local_means(picture, h=0.3, patch=5, search=11, patch_width=1.0)
    inside = slice(9, 21)
    assert (theirs - ours)[inside, inside].abs().max() < 2e-3
