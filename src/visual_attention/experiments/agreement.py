"""Does one more run agree with the stored ones? Measured by their own spread, not by a band that somebody chose."""

import math

import torch
from scipy.special import stdtrit
from torch import Tensor

__all__ = ["agrees", "prediction_interval"]


def prediction_interval(stored: Tensor, confidence: float = 0.99) -> tuple[float, float]:
    """Where one more run of the same recipe is to be expected, given n that were stored: mean ± t · s · √(1 + 1/n).

    With s the standard deviation of a sample (n − 1) and t the quantile of Student's distribution with n − 1 degrees
    of freedom: if the results of runs are normally distributed, the share `confidence` of further runs lies within.

    Parameters
    ----------
    stored : one number for each run, shape (n,), n at least 2
    confidence : between 0 and 1

    Raises ValueError for arguments other than these.
    """
    if stored.ndim != 1 or len(stored) < 2:
        raise ValueError(f"stored must hold one number for each of at least 2 runs, has shape {tuple(stored.shape)}")
    if not torch.isfinite(stored).all():
        raise ValueError(f"stored must be finite, got {stored.tolist()}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    n = len(stored)
    mean, deviation = stored.double().mean().item(), stored.double().std().item()
    reach = float(stdtrit(n - 1, (1 + confidence) / 2)) * deviation * math.sqrt(1 + 1 / n)
    return mean - reach, mean + reach


def agrees(result: float, stored: Tensor, confidence: float = 0.99) -> bool:
    """Whether the result of one run lies in the `prediction_interval` of the stored ones.

    A network that is trained again, from the same seed, on another processor ends a little elsewhere: sums are taken
    in another order, and hundreds of steps magnify the difference. So a lesson does not ask for the stored number.
    """
    low, high = prediction_interval(stored, confidence)
    return low <= result <= high
