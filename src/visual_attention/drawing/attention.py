"""A sketch pad: what a block weighs, drawn over the picture that it looks at."""

import base64
import io
import math
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from visual_attention.drawing.style import QUERY, WEIGHT, WEIGHT_MAP, Array, styled

__all__ = ["Sketch", "show_attention"]


class Sketch(Figure):
    """A figure with its alternative text in `alt`. A notebook displays both, with nothing else to be called."""

    alt = ""
    words = ""  # a short text without numbers that training makes: what stands in the output beside the picture

    def __repr__(self) -> str:
        return f"[picture: {self.words}]"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=100)
        data = {"text/plain": repr(self), "image/png": base64.b64encode(file.getvalue()).decode("ascii")}
        return data, {"image/png": {"alt": self.alt}}


class _Seen(NamedTuple):
    """What there is to draw: a map over the picture, its scale and where its query is; and gates of channels."""

    place: Tensor | None = None  # (rows, columns)
    top: float = 1.0  # of its scale, which begins at 0
    what: str = "gates of places"
    channels: Tensor | None = None  # (C,)


def show_attention(
    block: Any, picture: Tensor, at: tuple[int, int] | None = None, *, features: Tensor | None = None
) -> Sketch:
    """Draw what a block weighs over the picture that it looks at, in a figure with alternative text.

    What is drawn depends on what the block has, whoever has written it:

    ============  =================================================  ==================================================
    a method      returns                                            drawn
    ============  =================================================  ==================================================
    `weights(x)`  a table (N, positions, positions of keys)          the row of the query `at`, over the picture
    `gates(x)`    gates of channels (N, C, 1, 1) and of places       both
                  (N, 1, H, W)
    `gate(x)`     gates of channels (N, C, 1, 1) or (N, C)           a bar for each channel
    `gate(x)`     gates of places (N, 1, H, W)                       over the picture
    `gate(x)`     gates of every entry (N, C, H, W)                  their mean over the channels, over the picture
    ============  =================================================  ==================================================

    A tensor of weights may stand in the place of the block: with `at` a table (positions, positions of keys), without
    it a map (H, W) of places or a list (C,) of channels, also with the axes of length one that gates have.

    Parameters
    ----------
    block : a module, or any object with one of these methods; or a tensor
    picture : (C, H, W) with one or three channels, or (H, W); values in [0, 1], others are stretched to that
    at : the pixel (row, column) of the picture whose weights are drawn; for tables only
    features : what the block is called with, (C, h, w) or (1, C, h, w), where that is not the picture

    Returns
    -------
    Figure
        Its `alt` says in words what it shows. The block is asked in evaluation mode, without gradients, and put back
        into the mode it was in.

    Raises
    ------
    TypeError
        `block` has none of these methods and is no tensor; `picture` or `features` is no tensor.
    ValueError
        A shape does not fit, `at` lies outside or is missing, or it is given for gates, which have no query.
    """
    picture = _picture(picture)
    if isinstance(block, Tensor):
        seen = _of_a_tensor(block.detach().double(), picture, at)
    else:
        seen = _of_a_block(block, picture, at, features)
    sketch = _draw(picture, seen.place, seen.top, seen.what, seen.channels, at)
    assert isinstance(sketch, Sketch)
    sketch.words, sketch.alt = _words(picture, seen, at)
    return sketch


# ------------------------------------------------------------------------------------------------------ what is drawn


def _picture(given: Any) -> Tensor:
    """The picture as (1 or 3, H, W) in [0, 1]."""
    if not isinstance(given, Tensor):
        raise TypeError(f"picture must be a tensor, got {type(given).__name__}")
    picture = given.detach().double()
    if picture.ndim == 2:
        picture = picture[None]
    if picture.ndim != 3 or picture.shape[0] not in (1, 3) or not picture.numel():
        raise ValueError(f"picture must have the shape (1 or 3, H, W) or (H, W), got {tuple(given.shape)}")
    low, high = picture.min(), picture.max()
    if low < 0 or high > 1:
        picture = (picture - low) / (high - low).clamp(min=1e-12)
    return picture


def _of_a_block(block: Any, picture: Tensor, at: tuple[int, int] | None, features: Tensor | None) -> _Seen:
    name = next((name for name in ("weights", "gates", "gate") if callable(getattr(block, name, None))), None)
    if name is None:
        raise TypeError(
            f"block must have a method weights(x), gates(x) or gate(x), or be a tensor, got {type(block).__name__}"
        )
    x = _input(block, picture, features)
    was_training = isinstance(block, nn.Module) and block.training
    try:
        if was_training:
            block.eval()
        with torch.no_grad():
            found = getattr(block, name)(x)
    finally:
        if was_training:
            block.train()
    if name == "gates":
        if not isinstance(found, tuple | list) or len(found) != 2:
            raise ValueError("block.gates(x) must return two tensors, the gates of channels and those of places")
        parts = [_of_gates(part, at) for part in found]
        both = _Seen(channels=next((part.channels for part in parts if part.channels is not None), None))
        places = next((part.place for part in parts if part.place is not None), None)
        return both._replace(place=places)
    if not isinstance(found, Tensor) and name != "gate":
        raise ValueError(f"block.{name}(x) must return a tensor, got {type(found).__name__}")
    if name == "gate":
        return _of_gates(found, at)
    if found.ndim not in (2, 3) or (found.ndim == 3 and found.shape[0] != 1):
        raise ValueError(f"block.weights(x) must return (1, positions, positions), got {tuple(found.shape)}")
    return _of_a_table(found.reshape(found.shape[-2:]).double(), (x.shape[-2], x.shape[-1]), picture, at)


def _input(block: Any, picture: Tensor, features: Tensor | None) -> Tensor:
    """What the block is called with, (1, C, h, w), in the dtype of its weights."""
    if features is not None and not isinstance(features, Tensor):
        raise TypeError(f"features must be a tensor, got {type(features).__name__}")
    x = picture if features is None else features.detach()
    if x.ndim == 3:
        x = x[None]
    if x.ndim != 4 or x.shape[0] != 1:
        raise ValueError(f"features must be those of one picture, (C, h, w) or (1, C, h, w), got {tuple(x.shape)}")
    weight = next(block.parameters(), None) if isinstance(block, nn.Module) else None
    x = x.to(torch.float32 if weight is None else weight.dtype)
    channels = getattr(block, "channels", None)
    if features is None and isinstance(channels, int) and channels != x.shape[1]:
        raise ValueError(
            f"the block looks at {channels} channels and the picture has {x.shape[1]}: give features=…, what the block "
            "is called with in its network"
        )
    return x


def _of_gates(gate: Any, at: tuple[int, int] | None) -> _Seen:
    """Gates of one picture by their shape: (1, C, 1, 1) or (1, C), (1, 1, H, W), (1, C, H, W)."""
    if not isinstance(gate, Tensor):
        raise ValueError(f"gates must be a tensor, got {type(gate).__name__}")
    if at is not None:
        raise ValueError(f"at must be None for gates, which have no query of their own, got {at!r}")
    shape, gate = tuple(gate.shape), gate.detach().double()
    if gate.ndim == 2:
        gate = gate[..., None, None]
    if gate.ndim != 4 or gate.shape[0] != 1:
        raise ValueError(
            f"gates of one picture must be (1, C, 1, 1), (1, C), (1, 1, H, W) or (1, C, H, W), got {shape}"
        )
    if gate.shape[2:] == (1, 1):
        return _Seen(channels=gate[0, :, 0, 0])
    what = "gates of places" if gate.shape[1] == 1 else f"mean gates of {gate.shape[1]} channels"
    return _Seen(gate[0].mean(dim=0), max(1.0, gate.mean(dim=1).max().item()), what)


def _of_a_tensor(weights: Tensor, picture: Tensor, at: tuple[int, int] | None) -> _Seen:
    shape = tuple(weights.shape)
    if at is not None:
        if weights.ndim == 3 and shape[0] == 1:
            weights = weights[0]
        if weights.ndim != 2:
            raise ValueError(f"block must be a table (positions, positions of keys) where at is given, got {shape}")
        return _of_a_table(weights, _grid(shape[-2], picture), picture, at)
    if weights.ndim == 1:
        return _Seen(channels=weights)
    if weights.ndim in (3, 4) and weights.shape[-2:] == (1, 1):
        return _Seen(channels=weights.reshape(-1))
    if weights.ndim >= 2 and weights.numel() == math.prod(shape[-2:]):
        return _Seen(weights.reshape(shape[-2:]), max(weights.max().item(), 1e-12), "weights of places")
    raise ValueError(f"block must be weights of places (H, W) or of channels (C,) where at is None, got {shape}")


def _of_a_table(table: Tensor, grid: tuple[int, int], picture: Tensor, at: tuple[int, int] | None) -> _Seen:
    """The row of the query `at` as a map over the grid of its keys."""
    if at is None:
        raise ValueError(
            "at must be the pixel (row, column) of a query: there is one map of weights for each place, got None"
        )
    height, width = picture.shape[1:]
    is_pair = isinstance(at, tuple | list) and len(at) == 2 and all(type(place) is int for place in at)
    if not is_pair or not (0 <= at[0] < height and 0 <= at[1] < width):
        raise ValueError(f"at must be a pixel (row, column) of the {height} × {width} picture, got {at!r}")
    rows, columns = grid
    if table.shape[0] != rows * columns:
        raise ValueError(f"the table must have a row for each of {rows} × {columns} positions, got {table.shape[0]}")
    keys = grid
    if table.shape[1] != rows * columns:
        keys = (-(-rows // 2), -(-columns // 2))  # keys pooled by 2 × 2
        if table.shape[1] != math.prod(keys):
            raise ValueError(f"the keys must lie on a grid of {rows} × {columns} or half of it, got {table.shape[1]}")
    row = table[(at[0] * rows // height) * columns + at[1] * columns // width]
    return _Seen(row.reshape(keys), max(row.max().item(), 1e-12), "weights of the query")


def _grid(positions: int, picture: Tensor) -> tuple[int, int]:
    """Rows and columns of so many positions on a picture: its pixels, or a coarser grid of the same shape."""
    height, width = picture.shape[1:]
    for step in range(1, min(height, width) + 1):
        if height % step == 0 and width % step == 0 and (height // step) * (width // step) == positions:
            return height // step, width // step
    raise ValueError(f"{positions} positions do not lie on a grid over the {height} × {width} picture")


def _words(picture: Tensor, seen: _Seen, at: tuple[int, int] | None) -> tuple[str, str]:
    """What the figure shows: in few words without numbers of the block's own, and in full."""
    height, width = picture.shape[1:]
    begin = f"a picture of {height} × {width} pixels"
    short, long = [], []
    if seen.place is not None:
        rows, columns = seen.place.shape
        place = int(seen.place.argmax())
        query = f" at row {at[0]}, column {at[1]}" if at is not None else ""
        short.append(f"over it the {seen.what}{query}")
        long.append(
            f"over it the {seen.what}{query}, on a grid of {rows} × {columns}: the largest, {seen.place.max():.2g}, "
            f"lies in its row {place // columns}, column {place % columns}, the smallest is {seen.place.min():.2g}"
        )
    if seen.channels is not None:
        number, first = len(seen.channels), int(seen.channels.argmax())
        short.append(f"a bar for the gate of each of {number} channels")
        long.append(
            f"a bar for the gate of each of {number} channels: the largest is channel {first} with "
            f"{seen.channels.max():.2f}, the smallest {seen.channels.min():.2f}, the mean {seen.channels.mean():.2f}"
        )
    return f"{begin}; {'; '.join(short)}", f"{begin}; {'; '.join(long)}"


# --------------------------------------------------------------------------------------------------------- the figure


@styled
def _draw(
    picture: Array, place: Array | None, top: float, what: str, channels: Array | None, at: tuple[int, int] | None
) -> Figure:
    sketch = Sketch(figsize=(10.0, 3.6), layout="constrained")
    widths = [1.0] + [1.2] * (place is not None) + [1.9] * (channels is not None)
    axes = sketch.subplots(1, len(widths), width_ratios=widths)
    axes = list(np.atleast_1d(axes))
    _show(axes[0], picture)
    axes[0].set_title("the picture")
    if at is not None:
        axes[0].plot(
            at[1], at[0], "o", markersize=11, markerfacecolor="none", markeredgecolor=QUERY, markeredgewidth=2.5
        )
    if place is not None:
        _show(axes[1], picture)
        height, width = picture.shape[1:]
        drawn = axes[1].imshow(
            place,
            cmap=WEIGHT_MAP,
            vmin=0,
            vmax=top,
            alpha=0.8,
            extent=(-0.5, width - 0.5, height - 0.5, -0.5),
            interpolation="nearest",
        )
        axes[1].set_title(what)
        sketch.colorbar(drawn, ax=axes[1], shrink=0.85)
    if channels is not None:
        axes[-1].bar(np.arange(len(channels)), channels, color=WEIGHT)
        axes[-1].set(
            ylim=(min(0.0, channels.min()), max(1.0, channels.max())), xlabel="channel", title="gates of channels"
        )
    return sketch


def _show(axes: Axes, picture: Array) -> None:
    if len(picture) == 1:
        axes.imshow(picture[0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        axes.imshow(picture.transpose(1, 2, 0), interpolation="nearest")
    axes.set(xticks=[], yticks=[])
