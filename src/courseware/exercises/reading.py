"""Read what a student gives, once, into plain data with nothing of the student's behind it.

An object may raise or never end whenever it is touched: when its class, its length or its text is asked for. So it
is touched here only, in functions that are called by :func:`read_in_time` or under
:func:`courseware.exercises.time_limit.call`. What they return is safe to handle: a tensor of PyTorch's own class with
memory of its own, a text, or an :class:`Other` that says what was there.
"""

import numbers
import types
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import torch

from courseware.exercises import time_limit

__all__ = ["Other", "answer", "in_words", "is_blank", "kind_of", "letter", "read_in_time", "result", "type_name"]

MANY = 10_000  # numbers in a list: no exercise asks for more, and a list of a million would take a minute to read
DEEP = 8  # lists within lists
LARGE = 1_000_000  # numbers in a tensor
SECONDS = 2.0  # for a number, a list or a letter

DTYPES = {
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
}  # fmt: skip


@dataclass(frozen=True)
class Other:
    """Something that is not what was asked: what it `is`, and how to mend it."""

    kind: str
    cure: str = ""


def read_in_time(reader: Callable[[Any], Any], given: Any) -> Any:
    """What `reader`, a function of this module, makes of an answer, under a time limit."""
    with time_limit.unchanged():
        outcome = time_limit.call(reader, (given,), SECONDS)
    if outcome.late:
        return Other("something that takes too long to read")
    if outcome.error is not None:
        return Other("an object that cannot be read")
    return outcome.result


def in_words(error: BaseException) -> str:
    """The type and the text of an exception that a student's code raised, in one line, under a time limit."""
    words = read_in_time(_in_words, error)
    return "an exception that cannot be read" if isinstance(words, Other) else words


def _in_words(error: BaseException) -> str:
    return f"{type_name(error)}: {' '.join(str(error)[:2000].split())[:300]}".removesuffix(": ")


class _UnreadableError(Exception):
    def __init__(self, kind: str, cure: str = "") -> None:
        super().__init__(kind)
        self.other = Other(kind, cure)


def is_blank(given: Any) -> bool:
    """Whether an answer is the three dots that stand for it in a sheet, or a list with them."""
    if isinstance(given, list | tuple):
        return any(item is ... for item in given[:MANY])
    return given is ...


def letter(given: Any) -> str | Other:
    """A text, its beginning if it is long."""
    if not isinstance(given, str):
        return Other(kind_of(given))
    return str.__getitem__(given, slice(100))  # a plain text, also of a subclass


def answer(given: Any) -> torch.Tensor | Other:
    """Any kind of real numbers, and lists of them, as a float64 tensor."""
    try:
        tensor = _Reader().read(given)
    except _UnreadableError as error:
        return error.other
    except Exception:
        return Other(f"{kind_of(given)} that cannot be read as numbers")
    if tensor.dtype == torch.bool or tensor.is_complex():
        return Other(f"of the dtype {str(tensor.dtype).removeprefix('torch.')}", "real numbers are asked")
    return tensor.double()


def result(given: Any, like: torch.Tensor, *, squeeze: bool = False) -> torch.Tensor | Other:
    """What a function returned, as a tensor of the dtype that it had.

    A list counts where a tensor is expected (`like`). With `squeeze`, axes of length one that are not expected are
    left out.
    """
    is_list = isinstance(given, list | tuple)
    asked = bool(like.ndim or squeeze) if is_list else isinstance(given, torch.Tensor | SINGLE)
    if not asked:
        return Other(kind_of(given))
    try:
        tensor = _Reader().read(given)
    except _UnreadableError as error:
        return error.other
    except Exception:
        return Other(f"{kind_of(given)} that cannot be read as numbers")
    if is_list and like.is_floating_point() and not (tensor.dtype == torch.bool or tensor.is_complex()):
        tensor = tensor.double()  # whole numbers in a list are numbers
    if squeeze and _without_ones(tensor.shape) == _without_ones(like.shape):
        tensor = tensor.reshape(like.shape)
    return tensor


SINGLE = bool | int | float | np.bool_ | np.integer | np.floating


def _without_ones(shape: torch.Size) -> list[int]:
    return [size for size in shape if size != 1]


class _Reader:
    """Reads one answer. Counts what is in its lists, on all levels together."""

    def __init__(self) -> None:
        self.left = MANY

    def read(self, given: Any, depth: int = 0) -> torch.Tensor:
        """A plain tensor. Raises _UnreadableError, or whatever the object raises."""
        if isinstance(given, torch.Tensor):
            return self._of_tensor(given)
        if isinstance(given, list | tuple | range):
            return self._of_list(given, depth)
        if given is None:
            raise _UnreadableError("None")
        if isinstance(given, str | bytes):
            raise _UnreadableError("text", "write numbers without quotes")
        if isinstance(given, dict | set | frozenset):
            kind = "a dict" if isinstance(given, dict) else "a set"
            raise _UnreadableError(kind, "write numbers in square brackets, not braces")
        if isinstance(given, types.GeneratorType):
            raise _UnreadableError("a generator", "write list(…) round it")
        if callable(given) and not isinstance(given, torch.nn.Module):
            raise _UnreadableError("a function", "call it, and give the number that comes back")
        if isinstance(given, int) and not isinstance(given, bool):
            return torch.tensor(_of_int(given))
        if isinstance(given, numbers.Real | Decimal) and not isinstance(given, bool | np.generic):
            return torch.tensor(float(given), dtype=torch.float64)
        if isinstance(given, np.ndarray | np.generic | complex | bool) or hasattr(given, "__array__"):
            return self._of_array(np.asarray(given))
        raise _UnreadableError(f"{kind_of(given)} that cannot be read as numbers")

    def _of_list(self, given: Any, depth: int) -> torch.Tensor:
        if depth == DEEP:
            raise _UnreadableError(f"a list of lists, more than {DEEP} deep")
        self._count(len(given))
        parts = [self.read(item, depth + 1) for item in given]
        if not parts:
            return torch.empty(0, dtype=torch.float64)
        if any(part.shape != parts[0].shape for part in parts):
            raise _UnreadableError("a list whose parts differ in shape")
        return torch.stack(parts)

    def _of_array(self, array: np.ndarray) -> torch.Tensor:
        self._count(array.size)
        if array.dtype == object:  # fractions.Fraction and the like
            array = array.astype(float)
        if array.dtype.kind == "U":
            raise _UnreadableError("text", "write numbers without quotes")
        if array.dtype.kind not in "biufc":
            raise _UnreadableError(f"of the dtype {array.dtype}", "real numbers are asked")
        wide = {"u": np.int64, "f": np.float64, "c": np.complex128}.get(array.dtype.kind, array.dtype)
        return torch.from_numpy(array.astype(wide))

    def _of_tensor(self, given: torch.Tensor) -> torch.Tensor:
        # A subclass answers for its own attributes and functions: ask the tensor that it is underneath.
        with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
            if type(given) not in (torch.Tensor, torch.nn.Parameter):
                given = torch.Tensor.as_subclass(given, torch.Tensor)
            if given.is_nested:
                raise _UnreadableError("a nested tensor")
            if given.layout is not torch.strided:
                raise _UnreadableError("a sparse tensor", "write .to_dense() behind it")
            if given.device.type == "meta":
                raise _UnreadableError("a tensor without data, on the device meta")
            if given.dtype not in DTYPES:
                dtype = str(given.dtype).removeprefix("torch.")
                raise _UnreadableError(f"a tensor of the dtype {dtype}", "float32 or float64 is asked")
            if given.numel() > LARGE:
                raise _UnreadableError(f"a tensor of shape {tuple(given.shape)}, with {given.numel():,} numbers")
            plain = torch.zeros(given.shape, dtype=given.dtype)
            return plain.copy_(given)

    def _count(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise _UnreadableError(f"a list of more than {MANY:,} things")


def _of_int(value: int) -> int | float:
    """Python's integers know no bound, tensors do."""
    if abs(value) < 2**63:
        return int(value)
    return float(value) if abs(value) < 2**1000 else float("inf")


def kind_of(given: Any) -> str:
    """What something is, in words that any object bears."""
    if given is None:
        return "None"
    if type(given) is torch.Tensor:
        return "a tensor"
    if isinstance(given, torch.Tensor):
        return f"a tensor of the class {type_name(given)}"
    if isinstance(given, types.GeneratorType):
        return "a generator"
    return f"an object of type {type_name(given)}"


def type_name(given: Any) -> str:
    return str.__str__(type(given).__name__)[:60]
