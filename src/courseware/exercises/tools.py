"""Which of PyTorch's tools a function uses, and how large the tensors are that it makes on the way.

An exercise asks for a tool, or to do without one, however it is spelled: `torch.softmax(x, 0)`, `x.softmax(0)` and
`nn.Softmax(0)(x)` are one tool::

    with tools.watched() as record:
        torch.nn.Softmax(0)(x)
    tools.SOFTMAX.is_in(record)  # True

PyTorch tells two kinds of observers what it is asked to do: by the name of the Python function that was called, and
by the names of the operators that this comes down to. A tool is known by either, or by the names of its modules, such
as `package.module`: those of all functions are noted that were at work when PyTorch was called, under whatever name a
student has imported them. Observers belong to a thread: what other threads do is not seen.
"""

import contextlib
import math
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["AUTOGRAD", "NUMPY", "SDPA", "SOFTMAX", "Record", "Tool", "current", "watched"]


@dataclass
class Record:
    """What was seen: names of functions, operators and modules, how many functions of PyTorch were called, and the
    shape of the largest tensor that was made.
    """

    used: set[str] = field(default_factory=set)
    calls: int = 0
    largest: tuple[int, ...] = ()
    entries: int = 0  # of that tensor in memory: an expanded one has as many as what it was expanded from

    def made(self, shape: tuple[int, ...], entries: int) -> None:
        if entries > self.entries:
            self.largest, self.entries = shape, entries


@dataclass(frozen=True)
class Tool:
    """A tool by its name for people, and `what` it is: names as PyTorch has them, of functions or of operators; or
    names of modules.

    Whoever computes with NumPy could hide most tools there. Not so `in_sight`: one that is called with tensors.
    """

    name: str
    what: frozenset[str]
    in_sight: bool = False

    def is_in(self, record: Record) -> bool:
        return not self.what.isdisjoint(record.used)


SDPA = Tool(
    "scaled_dot_product_attention",
    frozenset(
        {
            "torch._C._nn.scaled_dot_product_attention",
            "_scaled_dot_product_attention_math",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_efficient_attention",
            "_scaled_dot_product_cudnn_attention",
            "_scaled_dot_product_fused_attention_overrideable",
            "_native_multi_head_attention",
            "torch.nn.functional.multi_head_attention_forward",
        }
    ),
)
# Attention contains a softmax.
SOFTMAX = Tool(
    "softmax",
    SDPA.what
    | {"_softmax", "softmax", "_log_softmax", "log_softmax", "_safe_softmax", "_sparse_softmax", "_masked_softmax"},
)
# All of torch.func and torch.autograd.functional come down to these; the last is for derivatives forwards.
AUTOGRAD = Tool(
    "autograd",
    frozenset(
        {
            "torch.autograd.grad",
            "torch.autograd.backward",
            "torch._tensor.Tensor.backward",
            "torch._VariableFunctionsClass._make_dual",
        }
    ),
)
# The ways out of PyTorch, where nothing is seen.
NUMPY = Tool(
    "NumPy",
    frozenset({"TensorBase.numpy", "torch._tensor.Tensor.__array__", "torch._tensor.Tensor.__dlpack__"}),
)

_of_this_thread = threading.local()


def current() -> Record | None:
    """The record that is being written in this thread, if any."""
    return getattr(_of_this_thread, "record", None)


@contextlib.contextmanager
def watched() -> Iterator[Record]:
    """Write down what PyTorch is asked to do in this thread."""
    before, record = current(), Record()
    _of_this_thread.record = record
    try:
        with _Functions(record), _Operators(record):
            yield record
    finally:
        _of_this_thread.record = before


class _Functions(TorchFunctionMode):
    """Sees the Python functions that are called."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        name = str(getattr(function, "__qualname__", None) or getattr(function, "__name__", ""))
        module = getattr(function, "__module__", None)
        self.record.used.add(f"{module}.{name}" if module else name)
        self.record.used.update(_modules_at_work())
        self.record.calls += 1
        return function(*args, **(kwargs or {}))


class _Operators(TorchDispatchMode):
    """Sees the operators, and the tensors that they make."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or the first operator would import PyTorch's compiler, for seconds; nothing is compiled here

    def __torch_dispatch__(self, operator: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = operator(*args, **(kwargs or {}))
        self.record.used.add(operator.overloadpacket.__name__)
        for made in tree_leaves(result):
            if isinstance(made, torch.Tensor):
                self.record.made(tuple(made.shape), _entries(made))
        return result


def _modules_at_work() -> Iterator[str]:
    """The modules of the functions that are at work, from the innermost out to the check that called the student's."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name.startswith("courseware."):
            return
        yield name
        frame = frame.f_back


def _entries(tensor: torch.Tensor) -> int:
    """How many numbers a tensor has, those that an expanded axis repeats counted once."""
    if tensor.layout is not torch.strided:
        return tensor.numel()
    strides = zip(tensor.shape, tensor.stride(), strict=True)
    return math.prod(size for size, stride in strides if stride or not size)
