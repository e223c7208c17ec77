"""Answers as plain data: what crosses from the process that ran a student's code to the one that judges it.

Messages are JSON with a length in front; numbers and arrays travel as numbers, everything else by the name of its
type. Nothing that arrives is ever executed or unpickled, so the judging process needs no trust in the other side.
"""

import base64
import contextlib
import itertools
import json
import math
import numbers
import operator
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

__all__ = ["Channel", "WireError", "decode", "encode", "plain_text"]

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
}
LARGEST_ARRAY = 8 * 2**20  # bytes
LARGEST_MESSAGE = 48 * 2**20  # bytes
DEEPEST, LONGEST = 6, 10_000  # of lists in lists; entries over all levels, and characters of a text
MOST_PARTS = 100_000  # braces, brackets and commas of a message: what reading it makes objects of
POLL = 0.05  # seconds
LENGTH = struct.Struct("!Q")


class WireError(Exception):
    """The other side closed the connection, or sent what is no message."""


class Channel:
    """JSON messages over a connected socket.

    Both directions take a `deadline` of the monotonic clock, after which they raise TimeoutError, whatever arrives.
    They raise WireError when the connection is closed or what arrives is no message.
    """

    def __init__(self, connection: socket.socket) -> None:
        # Waiting is cut into pieces: an exception that is raised in the waiting thread from outside, as the checks'
        # time limit does, is met between two of them.
        connection.settimeout(POLL)
        self.connection = connection

    def send(self, message: Any, deadline: float = math.inf) -> None:
        data = json.dumps(message).encode()
        rest = memoryview(LENGTH.pack(len(data)) + data)
        while rest:
            rest = rest[self._patiently(self.connection.send, rest, deadline) :]

    def receive(self, deadline: float = math.inf) -> Any:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size, deadline))
        if length > LARGEST_MESSAGE:
            raise WireError(f"a message of {length} bytes is too long")
        data = self._exactly(length, deadline)
        if sum(map(data.count, (b"{", b"[", b","))) > MOST_PARTS:
            raise WireError("a message of too many parts")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise WireError("not a message") from error

    def await_end(self, deadline: float) -> None:
        """Wait until every process that holds the other end has ended, or for the deadline."""
        with contextlib.suppress(WireError, TimeoutError):
            while self._patiently(self.connection.recv, 2**20, deadline):
                pass

    def _exactly(self, length: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            piece = self._patiently(self.connection.recv, min(length - len(data), 2**20), deadline)
            if not piece:
                raise WireError("the connection is closed")
            data += piece
        return bytes(data)

    @staticmethod
    def _patiently(action: Callable[[Any], Any], argument: Any, deadline: float) -> Any:
        while time.monotonic() < deadline:
            try:
                return action(argument)
            except TimeoutError:
                pass
            except OSError as error:
                raise WireError("the connection is closed") from error
        raise TimeoutError("the deadline has passed")


def plain_text(value: Any, longest: int) -> str:
    """At most so many characters of a text, such as every file can hold: no halves of surrogate pairs."""
    return str(value)[:longest].encode(errors="replace").decode()


def encode(value: Any, function: Callable[[Any], dict] | None = None) -> dict:
    """`value` as JSON. `function` makes the entry for a callable; without it one is named like any other object."""
    return _encode(value, function, 0, itertools.repeat(None, LONGEST))


def _encode(value: Any, function: Callable[[Any], dict] | None, depth: int, room: Iterator) -> dict:
    if value is ...:
        return {"blank": True}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return {"plain": value}
    if isinstance(value, str):
        return {"plain": plain_text(value, LONGEST)}
    if isinstance(value, int):
        # Longer integers are refused by JSON; the checks take all of them for infinite.
        return {"plain": max(-(2**1001), min(int(value), 2**1001))}
    if isinstance(value, numbers.Real):
        return {"plain": float(value)}
    if isinstance(value, list | tuple) and depth < DEEPEST and len(value) <= operator.length_hint(room):
        for _ in value:
            next(room)
        return {"list": [_encode(item, function, depth + 1, room) for item in value]}
    if isinstance(value, torch.Tensor | np.ndarray) and (array := _encode_array(value)):
        return array
    if isinstance(value, dict | set | frozenset):
        return {"braces": "dict" if isinstance(value, dict) else "set"}
    if callable(value) and function is not None:
        return function(value)
    return {"object": type(value).__name__}


def _encode_array(value: torch.Tensor | np.ndarray) -> dict | None:
    """The entry for an array, None for one that is sparse, without data, too large or not of numbers."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufc" or value.nbytes > LARGEST_ARRAY:
            return None
        tensor = torch.tensor(value)
    else:
        tensor = value.detach()
        if tensor.layout is not torch.strided or tensor.device.type != "cpu":
            return None
    dtype = str(tensor.dtype).removeprefix("torch.")
    # The size is that of all entries: an expanded tensor has more of them than memory.
    if dtype not in DTYPES or tensor.numel() * tensor.element_size() > LARGEST_ARRAY:
        return None
    # A copy, not `contiguous`: a single entry is that, with any stride, and then it cannot be viewed as bytes.
    copied = tensor.resolve_conj().resolve_neg().reshape(-1).clone(memory_format=torch.contiguous_format)
    flat = copied.view(torch.uint8)
    return {
        "array": base64.b64encode(flat.numpy().tobytes()).decode(),
        "dtype": dtype,
        "shape": list(tensor.shape),
        "numpy": isinstance(value, np.ndarray),
        "requires_grad": isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf,
    }


def decode(message: Any, function: Callable[[Any], Any] | None = None) -> Any:
    """The value that `message` stands for. `function` makes a callable of what `encode` was given for one.

    Raises WireError for anything that `encode` does not write.
    """
    try:
        return _decode(message, function, 0)
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise WireError("not an answer") from error


def _decode(message: Any, function: Callable[[Any], Any] | None, depth: int) -> Any:
    if depth > DEEPEST or not isinstance(message, dict):
        raise WireError("not an answer")
    if "blank" in message:
        return ...
    if "plain" in message:
        plain = message["plain"]
        if plain is not None and type(plain) not in (bool, int, float, str):
            raise WireError("not an answer")
        return plain_text(plain, LONGEST) if isinstance(plain, str) else plain
    if "list" in message:
        return [_decode(item, function, depth + 1) for item in message["list"]]
    if "array" in message:
        return _decode_array(message)
    if "braces" in message:
        return {} if message["braces"] == "dict" else set()
    if "function" in message and function is not None:
        return function(message)
    name = str(message["object"])
    return type(name if name.isidentifier() and len(name) <= 60 else "object", (), {})()


def _decode_array(message: dict) -> torch.Tensor | np.ndarray:
    dtype, shape = DTYPES[message["dtype"]], [int(size) for size in message["shape"]]
    data = base64.b64decode(message["array"], validate=True)
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data) or len(shape) > 64:
        raise WireError("not an array")
    if not data:
        tensor = torch.empty(shape, dtype=dtype)
    elif dtype is torch.bool:  # any byte but 0 and 1 would be no bool
        tensor = (torch.frombuffer(bytearray(data), dtype=torch.uint8) != 0).reshape(shape)
    else:
        tensor = torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
    if message["numpy"]:
        return tensor.numpy()
    return tensor.requires_grad_() if message["requires_grad"] is True else tensor
