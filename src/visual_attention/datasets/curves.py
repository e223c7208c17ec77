"""A curve with noise: the data of lessons 2 and 3, after Zhang et al. (2021), *Dive into Deep Learning*."""

import math
from typing import NamedTuple

import torch

from visual_attention._validation import real_number, real_tensor, whole_number

LENGTH = 5.0  # x runs from 0 to here


class NoisyCurve(NamedTuple):
    """Sampled points: x sorted, shape (n,), and y, shape (n,)."""

    x: torch.Tensor
    y: torch.Tensor


def true_curve(x: torch.Tensor) -> torch.Tensor:
    """Return 2 sin x + x^0.8, the curve without noise, for x ≥ 0 of any shape (float32 or float64)."""
    real_tensor("x", x, ranks=range(65), shape="of any rank")
    if (x < 0).any():
        raise ValueError(f"x must be at least 0 (x^0.8 has no real value below), got {x.min().item()}")
    return 2 * torch.sin(x) + x**0.8


def noisy_sine(n: int = 50, noise: float = 0.5, seed: int = 0, dtype: torch.dtype = torch.float64) -> NoisyCurve:
    """Sample `true_curve` at n places, uniform on [0, 5] and sorted, with normal noise on y.

    Parameters
    ----------
    n : number of points, at least 1
    noise : standard deviation of the noise, finite and at least 0
    seed : whole number, at least 0; the same seed gives the same points, also in the other dtype up to rounding
    dtype : torch.float32 or torch.float64
    """
    n = whole_number("n", n, least=1)
    seed = whole_number("seed", seed, least=0, most=2**63 - 1)
    noise = real_number("noise", noise)
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise must be finite and at least 0, got {noise}")
    if dtype not in (torch.float32, torch.float64):
        raise TypeError(f"dtype must be torch.float32 or torch.float64, got {dtype}")
    generator = torch.Generator().manual_seed(seed)
    x, _ = (LENGTH * torch.rand(n, generator=generator, dtype=torch.float64)).sort()
    y = true_curve(x) + noise * torch.randn(n, generator=generator, dtype=torch.float64)
    return NoisyCurve(x.to(dtype), y.to(dtype))
