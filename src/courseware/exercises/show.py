"""Numbers and tensors in one short line, as people write them."""

import re
from typing import Any

import numpy as np
import torch

__all__ = ["dtype_of", "number", "place_of_largest", "tensor"]

FEW = 24  # entries that are shown in full


def tensor(value: torch.Tensor) -> str:
    """Small tensors in full, large ones by their dtype and shape."""
    if value.numel() > FEW:
        return f"{dtype_of(value)} tensor of shape {tuple(value.shape)}"
    if value.ndim == 0:
        single = value.item()
        return str(single) if isinstance(single, bool | complex) else number(single)
    if value.dtype in (torch.float16, torch.bfloat16):
        value = value.double()  # NumPy has no bfloat16, and warns of what is too large for half precision
    text = np.array2string(
        value.numpy(),
        separator=", ",
        max_line_width=10_000,
        formatter={"float_kind": _ungrouped},
    )
    return re.sub(r"\s+", " ", text).replace("[ ", "[")


def _ungrouped(entry: Any) -> str:
    return number(entry, grouped=False)


def number(value: float, *, decimals: int = 4, grouped: bool = True) -> str:
    """Decimals without trailing zeros; more of them for a small number, commas in a large one if it stands alone."""
    if isinstance(value, int):
        return f"{value:,}" if grouped and abs(value) >= 10_000 else str(value)
    if not np.isfinite(value):
        return str(float(value))
    if abs(value) >= 1e15 or 0 < abs(value) < 10.0 ** (1 - decimals):
        return f"{value:.3g}"
    rounded = round(float(value), decimals) + 0.0  # no -0
    text = f"{rounded:,.{decimals}f}" if grouped and abs(value) >= 10_000 else f"{rounded:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def dtype_of(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def place_of_largest(values: torch.Tensor) -> list[int]:
    """Indices of the largest entry, the first of equals."""
    return [int(i) for i in np.unravel_index(int(values.to(torch.float64).argmax()), values.shape)]
