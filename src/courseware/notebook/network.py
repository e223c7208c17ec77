"""A trained network for the page: described from a torch module, run by `network.js` without a kernel.

`described` lets a module answer one input and notes which functions of torch are called on the way, by a
`torch.overrides.TorchFunctionMode`. So the network is written once, as a module, and nothing is written again in
JavaScript: the page knows a small closed set of operations, and whatever calls another one is refused here, by name.
Weights go along as they are, float32.

All that torch offers to lay numbers otherwise (`permute`, `flatten`, `stack`, an index, …) is one operation, *take*:
which number of the arguments stands where. It is found by letting torch do the same to the numbers 0, 1, 2, ….
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

__all__ = ["OPERATIONS", "described"]

# Each has its other half in network.js; a test compares the two.
OPERATIONS = (
    *("convolution", "linear", "scale_and_shift", "matmul", "softmax"),
    *("max_pool", "mean_pool", "sum", "mean", "max"),
    *("add", "subtract", "multiply", "divide", "relu", "sigmoid", "exp", "tanh"),
    "take",
)

# An operation, its arrays, and its options, from a call's arguments.
Made = tuple[str, list[Any], dict[str, Any]]


def _both(value: Any) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


def _convolution(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> Made:
    if isinstance(padding, str):
        raise ValueError(f"padding of a convolution must be given as numbers, was {padding!r}")
    options = {"stride": _both(stride), "padding": _both(padding), "dilation": _both(dilation), "groups": groups}
    return "convolution", [input, weight, *([] if bias is None else [bias])], options


def _linear(input, weight, bias=None) -> Made:
    return "linear", [input, weight, *([] if bias is None else [bias])], {}


def _batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    if training or running_mean is None:
        raise ValueError("batch normalisation must be in evaluation mode, with its own mean and variance")
    scale = (running_var.double() + eps).rsqrt() * (1 if weight is None else weight.double())
    shift = (0 if bias is None else bias.double()) - running_mean.double() * scale
    return "scale_and_shift", [input, scale.float(), shift.float()], {}


def _pooled(operation: str, input, size, stride, plain: bool) -> Made:
    if not plain:
        raise ValueError("pooling must have no padding, no dilation and no rounding up")
    return operation, [input], {"size": _both(size), "stride": _both(stride or size)}


def _max_pool(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False) -> Made:
    plain = _both(padding) == [0, 0] and _both(dilation) == [1, 1] and not ceil_mode
    return _pooled("max_pool", input, kernel_size, stride, plain)


def _mean_pool(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
) -> Made:
    plain = _both(padding) == [0, 0] and not ceil_mode and divisor_override is None
    return _pooled("mean_pool", input, kernel_size, stride, plain)


def _to_one(operation: str) -> Callable[..., Made]:
    def pool(input, output_size, return_indices=False) -> Made:
        if _both(output_size) != [1, 1]:
            raise ValueError(f"adaptive pooling must be to one position, was to {output_size}")
        return operation, [input], {"over": [input.ndim - 2, input.ndim - 1]}

    return pool


def _over(operation: str) -> Callable[..., Made]:
    def reduce(input, dim=None, keepdim=False, *, dtype=None) -> Made:
        if isinstance(dim, Tensor):
            raise ValueError(f"network must take the {operation} over axes, not of two tensors")
        axes = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
        return operation, [input], {"over": sorted(axis % input.ndim for axis in axes) or list(range(input.ndim))}

    return reduce


def _softmax(input, dim, *others, **more) -> Made:
    return "softmax", [input], {"over": [dim % input.ndim]}


def _two(operation: str, reversed: bool = False) -> Callable[..., Made]:
    def two(input, other) -> Made:
        return operation, [other, input] if reversed else [input, other], {}

    return two


def _each(operation: str) -> Callable[..., Made]:
    return lambda input, inplace=False: (operation, [input], {})


# By the name under which torch's functions, methods and operators come.
_KNOWN: Mapping[str, Callable[..., Made]] = {
    "conv2d": _convolution,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool2d": _max_pool,
    "boolean_dispatch": _max_pool,
    "avg_pool2d": _mean_pool,
    "adaptive_avg_pool2d": _to_one("mean"),
    "adaptive_max_pool2d": _to_one("max"),
    **{name: _over(name) for name in ("sum", "mean", "max")},
    "amax": _over("max"),
    "softmax": _softmax,
    **{name: _two("matmul") for name in ("matmul", "__matmul__", "bmm")},
    **{name: _two("add") for name in ("add", "__add__", "__radd__")},
    **{name: _two("multiply") for name in ("mul", "__mul__", "__rmul__")},
    **{name: _two("subtract") for name in ("sub", "__sub__")},
    **{name: _two("subtract", reversed=True) for name in ("rsub", "__rsub__")},
    **{name: _two("divide") for name in ("div", "__truediv__")},
    **{name: _each(name) for name in ("relu", "sigmoid", "exp", "tanh")},
}
# Which lay numbers otherwise and make none.
_LAID = frozenset(
    {"__getitem__", "cat", "chunk", "concat", "contiguous", "expand", "expand_as", "flatten", "flip", "movedim", "mT"}
    | {"permute", "repeat", "reshape", "select", "split", "squeeze", "stack", "swapaxes", "t", "transpose", "unbind"}
    | {"unflatten", "unsqueeze", "view", "T", "narrow", "detach", "clone", "to", "float", "type_as", "view_as"}
)


class _Noted(TorchFunctionMode):
    """Notes every call that makes a tensor out of what the input has become."""

    def __init__(self, given: Tensor):
        super().__init__()
        self.values: dict[int, int] = {id(given): 0}  # by identity: which number a tensor has
        self.kept = [given]  # as long as a tensor lives, no other has its identity
        self.constants: list[Tensor] = []
        self.steps: list[dict[str, Any]] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        made = func(*args, **kwargs)
        results = [made] if isinstance(made, Tensor) else list(made) if isinstance(made, (tuple, list)) else []
        results = [result for result in results if isinstance(result, Tensor)]
        if not results or not any(id(part) in self.values for part in _tensors([args, kwargs])):
            return made
        name = func.__name__
        if name == "__get__":  # an attribute: x.mT
            name = func.__self__.__name__
        if name.endswith("_") and not name.endswith("__"):
            raise ValueError(f"network must not change a tensor in place, as {name} does")
        if name in _LAID:
            self._lay(func, args, kwargs, results)
        elif name in _KNOWN:
            try:
                operation, arrays, options = _KNOWN[name](*args, **kwargs)
            except TypeError as error:
                raise ValueError(f"network calls {name} in a way that a page does not know: {error}") from error
            self._note(operation, arrays, options, results[0])
        else:
            raise ValueError(f"network calls {name}, which a page does not know; it knows {', '.join(OPERATIONS)}")
        return made

    def _note(self, operation: str, arrays: list[Any], options: dict[str, Any], made: Tensor) -> None:
        if id(made) in self.values:  # `contiguous` and `to` may hand back what they were given
            return
        self.steps.append(
            {
                "operation": operation,
                "from": [self._number(array) for array in arrays],
                "shape": list(made.shape),
                "options": options,
            }
        )
        self.values[id(made)] = len(self.steps)
        self.kept.append(made)

    def _number(self, array: Any) -> int:
        """The number of a tensor: from 0 for what was made, below 0 for what was there before, such as weights."""
        if id(array) in self.values:
            return self.values[id(array)]
        constant = torch.as_tensor(array, dtype=torch.float32)
        self.constants.append(constant.detach())
        number = -len(self.constants)
        if isinstance(array, Tensor):
            self.values[id(array)] = number
            self.kept.append(array)
        return number

    def _lay(self, func, args, kwargs, results: list[Tensor]) -> None:
        """Let torch do to the numbers 0, 1, 2, … what it did to the arrays."""
        arrays, begin, numbers = [], 0, {}
        for part in _tensors([args, kwargs]):
            if id(part) not in numbers:
                numbers[id(part)] = torch.arange(begin, begin + part.numel()).reshape(part.shape)
                begin += part.numel()
                arrays.append(part)
        laid = func(*_replaced(args, numbers), **_replaced(kwargs, numbers))
        for result, order in zip(results, [laid] if isinstance(laid, Tensor) else laid, strict=True):
            index = order.long().flatten()
            same = len(arrays) == 1 and torch.equal(index, torch.arange(arrays[0].numel()))
            self._note("take", arrays, {} if same else {"index": _packed(index.int())}, result)


def _tensors(parts: Any) -> list[Tensor]:
    """All tensors in nested lists, tuples and dicts, in order."""
    if isinstance(parts, Tensor):
        return [parts]
    inside = list(parts.values()) if isinstance(parts, dict) else parts
    return [found for part in inside for found in _tensors(part)] if isinstance(inside, (list, tuple)) else []


def _replaced(part: Any, numbers: Mapping[int, Tensor]) -> Any:
    if isinstance(part, Tensor):
        return numbers[id(part)]
    if isinstance(part, dict):
        # A number of a kind, such as float32, would make other numbers of the places.
        return {name: _replaced(each, numbers) for name, each in part.items() if not isinstance(each, torch.dtype)}
    if isinstance(part, (list, tuple)) and not isinstance(part, torch.Size):
        return type(part)(_replaced(each, numbers) for each in part)
    return torch.int64 if isinstance(part, torch.dtype) else part


def _packed(numbers: Tensor) -> str:
    """Numbers of four bytes each as base64, little-endian."""
    values = numbers.contiguous().numpy()
    return base64.b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def described(network: nn.Module, shape: tuple[int, ...]) -> dict[str, Any]:
    """What a page needs to run a network: its operations in order, and its weights.

    Parameters
    ----------
    network
        Takes one tensor of `shape`, the first axis of length 1, and returns tensors by name, a dict. Which functions
        it calls may not depend on the numbers in it. It is run in evaluation mode, and left in the mode it had.
    shape
        Of the input.

    Returns
    -------
    dict
        Plain data for JSON: `shape` of the input, `steps`, `outputs` by name, and `weights`: shapes, and all numbers
        as one base64 text.

    Raises
    ------
    TypeError
        `network` is no module or returns no dict of tensors.
    ValueError
        It calls what the page does not know, changes a tensor in place, or an output does not depend on the input.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"network must be a torch.nn.Module, was {type(network).__name__}")
    given, training = torch.zeros(shape), network.training
    noted = _Noted(given)
    network.eval()
    try:
        with torch.no_grad(), noted:
            outputs = network(given)
    finally:
        network.train(training)
    if not isinstance(outputs, dict) or not all(isinstance(each, Tensor) for each in outputs.values()):
        raise TypeError(f"network must return a dict of tensors, returned {type(outputs).__name__}")
    for name, each in outputs.items():
        if noted.values.get(id(each), -1) < 0:
            raise ValueError(f"output {name!r} of network does not depend on its input")
    flat = [constant.flatten() for constant in noted.constants]
    return {
        "shape": list(shape),
        "steps": noted.steps,
        "outputs": {name: noted.values[id(each)] for name, each in outputs.items()},
        "weights": {
            "shapes": [list(constant.shape) for constant in noted.constants],
            "data": _packed(torch.cat(flat) if flat else torch.zeros(0)),
        },
    }
