"""Lesson 6: how well do the filters of the course and of an independent library remove noise from a photograph?"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from visual_attention import bilateral_filter, gaussian_blur, non_local_means
from visual_attention.datasets import photograph
from visual_attention.experiments.store import Experiment

__all__ = ["ALL", "NOISE", "PATCH", "SEARCH", "clean_picture", "denoising", "noisy_picture", "psnr"]

NOISE = 0.1
PATCH, SEARCH, PATCH_WIDTH = 7, 21, 1.5  # 1.5 = (7 − 1)/4 is what scikit-image weighs its patches with
WIDTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
SPACES, COLOURS = (0.7, 1.0, 1.5, 2.0, 3.0), (0.15, 0.2, 0.3, 0.4, 0.6)
HS = (0.05, 0.055, 0.06, 0.065, 0.07, 0.075, 0.08, 0.09, 0.1, 0.11, 0.12)
LIBRARY_HS = (0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12)
CROP: dict[str, Any] = {"photograph": "china", "size": (192, 288), "rows": (36, 108), "columns": (88, 160)}


@functools.cache
def _clean() -> Tensor:
    rows, columns = slice(*CROP["rows"]), slice(*CROP["columns"])
    return photograph(CROP["photograph"], size=CROP["size"])[:, rows, columns].double()


def clean_picture() -> Tensor:
    """A part of a photograph of a pagoda, (3, 72, 72), float64 in [0, 1]."""
    return _clean().clone()


def noisy_picture(seed: int, noise: float = NOISE, clean: Tensor | None = None) -> Tensor:
    """The same, or another `clean` picture, with normal noise added, not cut off at 0 and 1: (3, 72, 72), float64."""
    clean = clean_picture() if clean is None else clean
    return clean + noise * torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed), dtype=clean.dtype)


def psnr(picture: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio in dB for pictures whose largest value is 1: −10 log10 of the mean squared error."""
    return -10 * (picture - truth).square().mean().log10().item()


def _library(picture: Tensor, *, h: float, sigma: float, flat: bool) -> Tensor:
    # Imported here: it takes a while, and all that is not asked to run the filter does without it.
    from skimage.restoration import denoise_nl_means

    options = {"patch_size": PATCH, "patch_distance": SEARCH // 2, "h": h, "sigma": sigma}
    array = picture.permute(1, 2, 0).numpy()
    return torch.tensor(denoise_nl_means(array, fast_mode=flat, channel_axis=2, **options)).permute(2, 0, 1)


def _nlm(include_self: bool | str, patch_width: float | None) -> list[Callable[[Tensor], Tensor]]:
    return [
        functools.partial(
            non_local_means, h=h, patch=PATCH, search=SEARCH, include_self=include_self, patch_width=patch_width
        )
        for h in HS
    ]


# Each variant is a list of settings, and reports the one that comes closest to the clean picture.
SETTINGS: dict[str, list[Callable[[Tensor], Tensor]]] = {
    "nothing": [lambda picture: picture],
    "Gaussian blur": [functools.partial(gaussian_blur, width=width) for width in WIDTHS],
    "bilateral": [
        functools.partial(bilateral_filter, width_space=space, width_colour=colour)
        for space in SPACES
        for colour in COLOURS
    ],
    "self included": _nlm(True, None),
    "self left out": _nlm(False, None),
    "self as nearest": _nlm("as_nearest", None),
    "weighted patch, self as nearest": _nlm("as_nearest", PATCH_WIDTH),
    **{
        f"scikit-image, {'flat' if flat else 'weighted'} patch": [
            functools.partial(_library, h=h, sigma=sigma, flat=flat) for h in LIBRARY_HS for sigma in (0.0, NOISE)
        ]
        for flat in (True, False)
    },
}


def run(variant: str, seed: int) -> tuple[dict[str, float], None]:
    noisy, clean = noisy_picture(seed), clean_picture()
    return {"psnr": max(psnr(setting(noisy), clean) for setting in SETTINGS[variant])}, None


denoising = Experiment(
    name="denoising",
    question="How close to a clean photograph do different keys bring a noisy one, each at its best setting?",
    recipe={
        "picture": CROP,
        "noise": NOISE,
        "patch": PATCH,
        "search": SEARCH,
        "patch width": PATCH_WIDTH,
        "blur widths": WIDTHS,
        "bilateral": {"space": SPACES, "colour": COLOURS},
        "h": HS,
        "scikit-image": {"version": "0.26.0", "h": LIBRARY_HS, "sigma": (0.0, NOISE)},
    },
    variants=tuple(SETTINGS),
    seeds=(0, 1, 2, 3, 4),
    run=run,
)

ALL = (denoising,)
