"""Figures of lesson 7. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from visual_attention.drawing.diagrams import Box, Diagram
from visual_attention.drawing.seeds import seed_rows
from visual_attention.drawing.style import (
    DECORATION,
    FIT,
    ONE,
    OTHER,
    SLIDE,
    TRUTH,
    VALUE,
    WEIGHT,
    WEIGHT_MAP,
    Array,
    ink,
    styled,
)


# ---------------------------------------------------------------------------------------------------- block diagrams
@styled
def two_axes() -> Figure:
    """A map of four channels between its two gates, a number for each channel and one for each place; all made up."""
    figure = Figure(figsize=(10.0, 2.6))
    middle = figure.add_axes((0.36, 0.02, 0.28, 0.83))
    middle.set(xlim=(0, 7.6), ylim=(0, 6.2), aspect="equal", title="map: channels × places")
    middle.axis("off")
    for step in range(3, -1, -1):
        x, y = 0.2 + 0.8 * step, 0.2 + 0.6 * step
        middle.add_patch(Rectangle((x, y), 4, 4, facecolor="white", edgecolor=VALUE, linewidth=2))
    for line in (1, 2, 3):
        middle.plot([0.2 + line] * 2, [0.2, 4.2], color=VALUE, linewidth=1)
        middle.plot([0.2, 4.2], [0.2 + line] * 2, color=VALUE, linewidth=1)
    channels = np.array([[0.9], [0.15], [0.6], [0.3]])
    places = np.array([[0.1, 0.1, 0.2, 0.1], [0.1, 0.8, 0.9, 0.2], [0.1, 0.9, 0.7, 0.2], [0.1, 0.2, 0.1, 0.1]])
    for left, title, gate in ((0.05, "which channel?", channels), (0.7, "which place?", places)):
        axes = figure.add_axes((left, 0.06, 0.25, 0.79))
        axes.imshow(gate, cmap=WEIGHT_MAP, vmin=0, vmax=1)
        axes.set(xticks=np.arange(gate.shape[1] + 1) - 0.5, yticks=np.arange(5) - 0.5, title=title)
        axes.tick_params(length=0, labelbottom=False, labelleft=False)
        axes.grid(color=WEIGHT, linewidth=1)
        axes.spines[:].set(visible=True, color=WEIGHT, linewidth=2)
    for x, sign in ((0.315, "×"), (0.665, "×")):
        figure.text(x, 0.46, sign, ha="center", va="center", fontsize=24, color=WEIGHT)
    return figure


@styled
def channel_gate() -> Figure:
    """The channel gate: two summaries of each channel go through one MLP, are added, and give a factor a channel."""
    d = Diagram(10, 2.9)
    source = d.box(0.8, 1.65, "$F$", width=1.1, role="value")
    d.note(0.8, 2.2, "C × H × W")
    mean = d.box(2.75, 2.4, "mean over places", width=2.05, role="query")
    largest = d.box(2.75, 0.9, "max over places", width=2.05, role="query")
    mlp = d.box(5.2, 1.65, "shared MLP\n$W_1\\,$ReLU$(W_0\\,\\cdot\\,)$", width=1.95, height=0.95)
    plus = d.operator(6.85, 1.65, "+")
    gate = d.box(8.0, 1.65, "sigmoid", width=1.25, role="weight", shape="$M_c$: C × 1 × 1")
    times = d.operator(9.6, 1.65, "×", role="weight")
    for side in (0.22, -0.22):
        d.arrow((mlp.right[0], 1.65 + side), (6.5, 1.65 + side), (6.66, 1.65 + side / 2))
    _pool_and_gate(d, source, (mean, largest), mlp, bend=4.0, shape="C numbers", end=(plus, gate, times), result="$F'$")
    return d.figure


@styled
def spatial_gate() -> Figure:
    """The spatial gate: two summaries of each position, one 7×7 filter, a factor a position."""
    d = Diagram(10, 2.9)
    source = d.box(0.8, 1.65, "$F'$", width=1.1, role="value")
    d.note(0.8, 2.2, "C × H × W")
    mean = d.box(2.8, 2.4, "mean over channels", width=2.25, role="key")
    largest = d.box(2.8, 0.9, "max over channels", width=2.25, role="key")
    filter_ = d.box(5.6, 1.65, "7×7 convolution\n$f$", width=2.0, height=0.95)
    gate = d.box(7.95, 1.65, "sigmoid", width=1.25, role="weight", shape="$M_s$: 1 × H × W")
    times = d.operator(9.6, 1.65, "×", role="weight")
    _pool_and_gate(
        d, source, (mean, largest), filter_, bend=4.25, shape="H × W", end=(filter_, gate, times), result="$F''$"
    )
    return d.figure


def _pool_and_gate(
    d: Diagram,
    source: Box,
    pools: tuple[Box, Box],
    reader: Box,
    *,
    bend: float,
    shape: str,
    end: tuple[Box, Box, Box],
    result: str,
) -> None:
    """What both gates share: arrows from the map to its two pools, on to their reader, and back as a factor.

    `bend` is where the pools' arrows turn towards `reader`, `shape` what a pool gives, and `end` holds what leads to
    the gate, the gate and the product.
    """
    for pool, side in zip(pools, (1, -1), strict=True):
        d.arrow((1.55, source.y), (1.55, pool.y), pool.left)
        entry = source.y + 0.22 * side
        d.arrow(pool.right, (bend, pool.y), (bend, entry), (reader.left[0], entry))
        d.note(4.0, pool.y + 0.28 * side, shape, align="left")
    d.line(source.right, (1.55, source.y))
    last, gate, times = end
    d.arrow(last.right, gate.left)
    d.arrow(gate.right, times.left, role="weight")
    d.arrow(source.bottom, (source.x, 0.25), (times.x, 0.25), times.bottom, role="value")
    d.arrow(times.top, (times.x, 2.55), role="value")
    d.note(times.x, 2.72, result)


@styled
def composition() -> Figure:
    """CBAM on a residual branch: channel gate, then spatial gate on what the first let through, then the shortcut."""
    d = Diagram(10, 2.5)
    y = 1.05
    convolutions = d.box(1.95, y, "convolutions", width=1.6)
    first, second = d.operator(4.75, y, "×", role="weight"), d.operator(7.65, y, "×", role="weight")
    channel = d.box(3.45, 2.05, "channel gate $M_c$", width=2.0, role="weight")
    spatial = d.box(6.35, 2.05, "spatial gate $M_s$", width=2.0, role="weight")
    plus = d.operator(8.95, y, "+")
    d.arrow((0.15, y), convolutions.left)
    d.arrow(convolutions.right, first.left, role="value")
    d.arrow(first.right, second.left, role="value")
    d.arrow(second.right, plus.left, role="value")
    d.arrow(plus.right, (9.85, y))
    for start, gate, times in ((3.45, channel, first), (6.35, spatial, second)):
        d.arrow((start, y), gate.bottom)
        d.arrow(gate.right, (times.x, gate.y), times.top, role="weight")
    d.arrow((0.55, y), (0.55, 0.22), (8.95, 0.22), plus.bottom)
    for x, name in ((3.1, "$F$"), (5.55, "$F'$"), (8.35, "$F''$")):
        d.note(x, y - 0.3, name, colour=FIT)
    d.note(2.4, 0.42, "shortcut")
    return d.figure


@styled
def setting() -> Figure:
    """The experiment: a frozen trunk, the slot, a hidden layer at each place, the strongest answer over all places."""
    d = Diagram(10, 2.2)
    y = 1.4
    picture = d.box(0.9, y, "picture", width=1.35, shape="1 × 48 × 48")
    trunk = d.box(2.95, y, "trunk, frozen", width=1.75, shape="32 × 12 × 12")
    slot = d.box(5.05, y, "slot", width=1.3, height=0.85, role="weight")
    d.note(5.05, y - 0.62, "32 × 12 × 12")
    hidden = d.box(7.1, y, "hidden layer\nat each place", width=1.75, height=0.85)
    strongest = d.box(9.1, y, "strongest\nanswer", width=1.4, height=0.85)
    for start, end in ((picture, trunk), (trunk, slot), (slot, hidden), (hidden, strongest)):
        d.arrow(start.right, end.left)
    d.note(5.05, 0.3, "nothing, 3×3, 7×7 depthwise, SE, spatial gate, CBAM", colour=WEIGHT)
    return d.figure


# -------------------------------------------------------------------------------------------------------- the audit
@styled
def fingerprint(counted: dict[str, tuple[float, float]], printed: dict[str, tuple[float, float]]) -> Figure:
    """Networks by millions of parameters and giga multiply-adds: counted ones, and rows as printed."""
    figure = Figure(figsize=(10.0, 3.4))
    axes = figure.add_axes((0.105, 0.18, 0.875, 0.78))
    for name, (parameters, operations) in counted.items():
        axes.plot([parameters], [operations], "o", color=ONE, markersize=11, label="counted", zorder=2)
        right = parameters > 27.5
        axes.annotate(
            name,
            (parameters, operations),
            xytext=(-12 if right else 14, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="center",
            color=ONE,
        )
    for parameters, operations in printed.values():
        axes.plot([parameters], [operations], "x", color=OTHER, markersize=15, markeredgewidth=3, label="printed")
    axes.set(xlabel="million parameters", ylabel="giga multiply-adds", xlim=(25.3, 28.6), ylim=(3.83, 4.05))
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes.legend(unique.values(), ["counted", "as printed in Table 1"], loc="upper right")
    return figure


@styled
def six_errors(errors: dict[str, float], gain: tuple[float, float]) -> Figure:
    """One network's published top-1 errors on a line, and a claimed gain (from, to) drawn to the same scale."""
    figure = Figure(figsize=(10.0, 3.1), layout="constrained")
    axes = figure.subplots()
    for number, error in enumerate(errors.values()):
        axes.plot([error], [number], "o", color=ONE, markersize=11)
        axes.annotate(
            f"{error:.2f}", (error, number), xytext=(10, 0), textcoords="offset points", va="center", color=ONE
        )
    axes.annotate(
        "",
        (gain[0], len(errors)),
        (gain[1], len(errors)),
        arrowprops={"arrowstyle": "<->", "color": OTHER, "lw": 2.2, "shrinkA": 0, "shrinkB": 0},
    )
    axes.text(gain[1] + 0.02, len(errors), f"{gain[1] - gain[0]:.2f}", color=OTHER, va="center")
    axes.set_yticks(range(len(errors) + 1), [*errors, "claimed gain of CBAM"])
    axes.set(xlabel="top-1 error of SE-ResNet-50, %", xlim=(22.1, 23.45), ylim=(len(errors) + 0.6, -0.6))
    axes.grid(axis="x", color="#DDDDDD")
    return figure


# --------------------------------------------------------------------------------------------------- the experiment
def _picture(axes: Axes, image: Array, boxes: Array | None = None) -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    if boxes is not None:
        _frames(axes, boxes)


def _frames(axes: Axes, boxes: Array) -> None:
    """Frames of 12×12 pixels: the first one, round the digit to be read, is thick."""
    for number, (row, column) in enumerate(boxes):
        colour, width = (OTHER, 3) if number == 0 else (TRUTH, 1.5)
        corner = (column - 0.5, row - 0.5)
        # A white casing keeps the frame apart from dark places of a gate.
        casing = Rectangle(corner, 12, 12, facecolor="none", edgecolor="white", linewidth=width + 2.5, gid=DECORATION)
        axes.add_patch(casing)
        axes.add_patch(Rectangle(corner, 12, 12, facecolor="none", edgecolor=colour, linewidth=width))


def _gate(axes: Axes, gate: Array, boxes: Array, side: int) -> None:
    axes.imshow(
        gate, cmap=WEIGHT_MAP, vmin=0, vmax=1, interpolation="nearest", extent=(-0.5, side - 0.5, side - 0.5, -0.5)
    )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    _frames(axes, boxes)


@styled
def scenes(images: Array) -> Figure:
    """Pictures (n, H, W) in a row."""
    figure = Figure(figsize=(10.0, 9.7 / len(images)))
    for axes, image in zip(figure.subplots(1, len(images)), images, strict=True):
        _picture(axes, image)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.98, bottom=0.02, wspace=0.06)
    return figure


@styled
def framed(images: Array, boxes: Array) -> Figure:
    """Pictures (n, H, W) in a row, with the digits framed (n, k, 2): the one to be read thickly."""
    figure = Figure(figsize=(10.0, 1.7))
    for axes, image, box in zip(figure.subplots(1, len(images)), images, boxes, strict=True):
        _picture(axes, image, box)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.99, bottom=0.01, wspace=0.04)
    return figure


@styled
def gates(gates: Array, boxes: Array, side: int) -> Figure:
    """The gates (n, h, w) of pictures of `side` pixels in a row, with the digits framed as in `framed`."""
    figure = Figure(figsize=(10.0, 1.7))
    for axes, gate, box in zip(figure.subplots(1, len(gates)), gates, boxes, strict=True):
        _gate(axes, gate, box, side)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.99, bottom=0.01, wspace=0.04)
    return figure


@styled
def disagreements(pictures: int, wins: tuple[int, int], lead: Array, chance: Array) -> Figure:
    """Test pictures as squares, those in two colours that only one of two models gets right; and what chance does.

    `wins` says how many only the first and only the second model gets right. `chance` (m,) is the probability of each
    `lead` (m,), first minus second, if every such picture were the toss of a coin.
    """
    figure = Figure(figsize=(10.0, 3.3))
    squares = figure.add_axes((0.01, 0.03, 0.47, 0.84))
    columns = 40
    numbers = np.arange(pictures)
    colours = np.array(["#D9D9D9", OTHER, ONE])[(numbers < sum(wins)).astype(int) + (numbers < wins[0])]
    squares.scatter(numbers % columns, numbers // columns, s=26, marker="s", c=colours, linewidth=0, gid=DECORATION)
    squares.set(xlim=(-1, columns), ylim=(pictures / columns, -1))
    squares.axis("off")
    squares.set_title(f"only A right: {wins[0]}; only B: {wins[1]}; both or neither: {pictures - sum(wins):,}")
    coin = figure.add_axes((0.56, 0.2, 0.42, 0.67))
    deviation = float(np.sqrt((chance * lead**2).sum()))
    inside = np.abs(lead) <= deviation
    coin.bar(lead[inside], chance[inside], width=1.6, color=WEIGHT)
    coin.bar(lead[~inside], chance[~inside], width=1.6, color=TRUTH)
    coin.axvline(wins[0] - wins[1], color=FIT, linestyle="--")
    coin.set(
        yticks=[], xlim=(-26, 26), xlabel="A's lead in pictures (dashed: here)", title=f"{sum(wins)} tosses of a coin"
    )
    return figure


@styled
def cam_by_hand(maps: Array, slopes: Array, total: Array, cam: Array) -> Figure:
    """Grad-CAM of a few channels (c, h, w): each map under its weight (c,), their weighted sum, its positive part."""
    figure = Figure(figsize=(10.0, 2.7))
    panels = [
        (f"channel {number}, weight {slope:g}".replace("-", "−"), part)
        for number, (slope, part) in enumerate(zip(slopes.tolist(), maps, strict=True), start=1)
    ]
    panels += [("weighted sum", total), ("what is positive", cam)]
    top = float(max(np.abs(part).max() for _, part in panels))
    for axes, (title, part) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        axes.imshow(part, cmap=WEIGHT_MAP, vmin=0, vmax=top)
        for (row, column), value in np.ndenumerate(part):
            text = f"{value:g}".replace("-", "−")
            axes.text(column, row, text, ha="center", va="center", color=ink(max(value, 0) / top))
        axes.set(xticks=[], yticks=[], title=title)
        axes.spines[:].set_visible(True)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.87, bottom=0.03, wspace=0.12)
    return figure


@styled
def rows(
    values: dict[str, Array],
    label: str,
    *,
    chance: float | None = None,
    beside: dict[str, Array] | None = None,
    names: tuple[str, str] = ("", ""),
    size=(10.0, 3.4),
) -> Figure:
    """One row for each name: a dot for each seed (s,), and a bar at their mean.

    `beside` holds a second measure of some rows, drawn as hollow diamonds; `names` are those of the two measures.
    """
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    seed_rows(axes, values, dict.fromkeys((name for name in values if name.startswith(("spatial", "CBAM"))), WEIGHT))
    hollow: dict[str, Any] = {
        "marker": "D",
        "markerfacecolor": "white",
        "markersize": 7,
        "linestyle": "",
        "color": OTHER,
    }
    for row, name in enumerate(values):
        if beside and name in beside:
            axes.plot(beside[name], [row] * len(beside[name]), **hollow)
    if chance is not None:
        axes.axvline(chance, color=TRUTH, linestyle="--", linewidth=1.6)
    if beside:
        handles = [Line2D([], [], marker="o", linestyle="", color=WEIGHT, markersize=7), Line2D([], [], **hollow)]
        axes.legend(handles, names, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, borderpad=0)
    axes.set_xlabel(label)
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)
    return figure


@styled
def drag_panels(
    *, image: Array, gate: Array, boxes: Array, channels: Array, probabilities: Array, answer: int
) -> Figure:
    """The picture (H, W), the spatial gate (h, w), the channel gates (C,) and the answer's probabilities (10,)."""
    figure = Figure(figsize=SLIDE)
    height = 0.315 * SLIDE[0] / SLIDE[1]
    picture = figure.add_axes((0.005, 0.07, 0.315, height))
    spatial = figure.add_axes((0.335, 0.07, 0.315, height))
    channel = figure.add_axes((0.715, 0.63, 0.275, 0.26))
    classes = figure.add_axes((0.715, 0.12, 0.275, 0.28))
    _picture(picture, image, boxes)
    picture.set_title("picture")
    _gate(spatial, gate, boxes, len(image))
    spatial.set_title("spatial gate: white 0, dark 1")
    channel.bar(range(len(channels)), channels, color=WEIGHT, width=0.8)
    channel.set(title=f"channel gates of {len(channels)}", ylim=(0, 1), yticks=[0, 0.5, 1], xticks=[])
    colours = [OTHER if number == answer else TRUTH for number in range(len(probabilities))]
    classes.bar(range(len(probabilities)), probabilities, color=colours, width=0.8)
    classes.set(title="the answer's probabilities", ylim=(0, 1), yticks=[0, 0.5, 1], xticks=range(10))
    return figure
