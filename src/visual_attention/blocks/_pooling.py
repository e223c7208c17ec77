"""Averages and maxima of feature maps, written for a fast backward pass."""

import math

import torch
import torch.nn.functional as F


def mean_over(x: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    """Return the mean of `x` over `dims`.

    The gradient of sum / n is a small tensor, expanded; that of `mean` is a copy as large as `x`. Half
    precision is summed in float32, because the sum would overflow where the mean does not.
    """
    total = x.sum(dims, dtype=torch.promote_types(x.dtype, torch.float32))
    return (total / math.prod([x.shape[dim] for dim in dims])).to(x.dtype)


def max_over_positions(x: torch.Tensor) -> torch.Tensor:
    """Return the largest value of each channel: (N, C, H, W) -> (N, C).

    `amax` is the faster one forwards, and several times the slower one backwards. Of maxima that tie, one
    gets the whole gradient.
    """
    return F.adaptive_max_pool2d(x, 1).flatten(1) if _will_go_backwards(x) else x.amax((2, 3))


def max_over_channels(x: torch.Tensor) -> torch.Tensor:
    """Return the largest value at each position: (N, C, H, W) -> (N, H, W); remarks as above."""
    return x.max(dim=1).values if _will_go_backwards(x) else x.amax(1)


def _will_go_backwards(x: torch.Tensor) -> bool:
    # A leaf that requires a gradient says so within `torch.no_grad`, too.
    return torch.is_grad_enabled() and x.requires_grad
