"""Checks of arguments, shared by the rooms of this package.

Every error names the argument, what it must be and what it was. A wrong kind of thing (type, dtype) is a
``TypeError``; a thing of the right kind with a wrong shape or value is a ``ValueError``.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import SupportsFloat

import numpy as np
import torch

# Squared distances between larger coordinates would overflow float64.
LARGEST = 1e150
# Sizes beyond are refused by torch with an error that names no argument.
LARGEST_WHOLE = 2**31 - 1


def real_tensor(name: str, value: object, *, ranks: Sequence[int], shape: str) -> torch.Tensor:
    """Return `value` if it is a non-empty, finite float32/float64 tensor whose rank is one of `ranks`.

    `shape` is how the allowed shapes are written in the error, for example ``"(n,) or (n, d)"``.
    """
    if not isinstance(value, torch.Tensor):
        maker = "torch.from_numpy" if isinstance(value, np.ndarray) else "torch.tensor"
        raise TypeError(f"{name} must be a torch tensor (write {maker}({name})), got {type(value).__name__}")
    holds_numbers(name, value)
    if value.dtype not in (torch.float32, torch.float64):
        # Casting a complex tensor would drop its imaginary part: no advice to do so.
        advice = "" if value.is_complex() else f" (write {name}.double())"
        raise TypeError(f"{name} must be of dtype float32 or float64{advice}, got {value.dtype}")
    if value.ndim not in ranks:
        raise ValueError(f"{name} must have shape {shape}, got {tuple(value.shape)}")
    if value.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}")
    usable = value.isfinite() & (value.detach().abs() <= LARGEST)
    if not usable.all():
        place = tuple((~usable).nonzero()[0].tolist())
        raise ValueError(
            f"{name} must hold finite numbers of size at most {LARGEST:g}, "
            f"got {value[place].item()} at index {list(place)}"
        )
    return value


def _dense(name: str, value: torch.Tensor) -> None:
    """Raise unless every entry of the tensor has its place in memory."""
    if value.is_nested:
        raise TypeError(f"{name} must be one dense tensor, got a nested tensor")
    if value.layout != torch.strided:
        raise TypeError(f"{name} must be a dense tensor (write {name}.to_dense()), got layout {value.layout}")


def holds_numbers(name: str, value: torch.Tensor) -> None:
    """Raise unless the tensor is dense and its entries can be read."""
    _dense(name, value)
    if value.device.type == "meta":
        raise ValueError(f"{name} must hold numbers, got a tensor on the meta device, which holds none")


def same_kind(first_name: str, first: torch.Tensor, second_name: str, second: torch.Tensor) -> None:
    """Raise unless the two tensors share dtype and device."""
    if first.dtype != second.dtype:
        raise TypeError(f"{second_name} must have the dtype of {first_name} ({first.dtype}), got {second.dtype}")
    if first.device != second.device:
        raise ValueError(f"{second_name} must be on the device of {first_name} ({first.device}), got {second.device}")


def real_number(name: str, value: object) -> float:
    """Return the value of a real number or of a 0-dimensional real floating-point tensor."""
    if isinstance(value, torch.Tensor):
        holds_numbers(name, value)
        if value.ndim != 0:
            raise ValueError(f"{name} must be a number or a tensor of shape (), got shape {tuple(value.shape)}")
        if not value.is_floating_point():
            raise TypeError(f"{name} must be a number or a floating-point tensor, got {value.dtype}")
    elif isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number or a floating-point tensor, got {type(value).__name__}")
    try:
        return float(value.detach()) if isinstance(value, torch.Tensor) else float(value)
    except OverflowError as error:
        raise ValueError(f"{name} must fit in float64 (size below 1.8e308), got a larger number") from error


def finite_number(name: str, value: object) -> float:
    """Return the value of a finite number (or of a 0-dimensional tensor that holds one)."""
    number = real_number(name, value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {number}")
    return number


def positive_number(name: str, value: object) -> float:
    """Return the value of a finite number above zero (or of a 0-dimensional tensor that holds one)."""
    number = real_number(name, value)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be a finite number above 0, got {number}")
    return number


def scalar(value: SupportsFloat | torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a number as a float64 tensor of shape (); a tensor keeps its gradient. It has been checked before."""
    # float(): torch makes no tensor of a fraction.
    number = value if isinstance(value, torch.Tensor) else float(value)
    return torch.as_tensor(number, dtype=torch.float64, device=device)


def whole_number(name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Return `value` as an int if it is an integer in [least, most]."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}")
    number = int(value)
    given = str(number) if abs(number) < 10**100 else "one of more than 100 digits"  # which Python may refuse to print
    if number < least or (most is not None and number > most):
        wanted = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name} must be {wanted}, got {given}")
    if most is None and number > LARGEST_WHOLE:
        raise ValueError(f"{name} must be at most {LARGEST_WHOLE}, got {given}")
    return number


def flag(name: str, value: object) -> None:
    """Raise unless `value` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {type(value).__name__}")


def feature_map(
    name: str,
    value: object,
    channels: int | None,
    axes: Sequence[str] = ("H", "W"),
    *,
    block: torch.nn.Module,
) -> None:
    """Raise unless `value` is a floating-point tensor of shape (N, channels, *axes) with a position in it.

    `channels` is None where any number of them will do. The dtype must be that of the weights of `block`, which is
    to work on it. Within `torch.autocast`, which adapts all dtypes but float64, it may be any of them.

    Only what the tensor says about itself is read, not its numbers: that works on the meta device and leaves
    no break in a compiled graph. NaN goes in and comes out.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(value).__name__}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be of a floating-point dtype (write {name}.float()), got {value.dtype}")
    _dense(name, value)
    if value.ndim != 2 + len(axes) or value.shape[1] != (channels or value.shape[1]) or 0 in value.shape[1:]:
        wanted = ", ".join(["N", str(channels or "C"), *axes])
        raise ValueError(f"{name} must have shape ({wanted}) and not be empty, got {tuple(value.shape)}")
    # A copy of the block on another device, as `DataParallel` makes them, lists no weights.
    weight = next(block.parameters(), None)
    if weight is None or weight.dtype == value.dtype:
        return
    if torch.is_autocast_enabled(value.device.type) and value.dtype != torch.float64:
        return
    raise TypeError(
        f"{name} must have the dtype of the weights of {type(block).__name__}, {weight.dtype} "
        f"(write {name}.to({weight.dtype})), got {value.dtype}"
    )


def odd_number(name: str, value: object) -> int:
    """Return `value` as an int if it is an odd integer above 0."""
    number = whole_number(name, value, least=1)
    if number % 2 == 0:
        raise ValueError(f"{name} must be odd, got {number}")
    return number


def one_of(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise unless `value` is one of `choices`."""
    # Not `in` at once: an array compares entry by entry.
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
