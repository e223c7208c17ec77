"""Figures of lesson 4. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from visual_attention.drawing.diagrams import Box, Diagram
from visual_attention.drawing.seeds import seed_rows
from visual_attention.drawing.style import (
    DECORATION,
    FIT,
    ONE,
    OTHER,
    QUERY,
    SLIDE,
    TRUTH,
    WEIGHT,
    WEIGHT_MAP,
    Array,
    styled,
)

_DEPTH = 0.26  # by how much a channel lies behind the one before it, in cells
_GAP = 1.6  # between two pictures of the block, in cells


# ---- the block
def _block(
    axes: Axes,
    weights: Array,
    largest: float,
    marked: tuple[tuple[int, int, int], ...] = (),
    *,
    named: bool = True,
) -> None:
    """Weights (branches, frames, channels, H, W): a row of pictures for each branch, the first channel in front.

    `named`: with the names of the times and branches.
    """
    branches, frames, channels, height, width = weights.shape
    across, down = width + channels * _DEPTH + _GAP, height + channels * _DEPTH + 1.1
    for b in range(branches):
        for t in range(frames):
            for c in reversed(range(channels)):
                left, bottom = t * across + c * _DEPTH, (branches - 1 - b) * down + c * _DEPTH
                x, y = left + np.arange(width + 1), bottom + np.arange(height + 1)
                axes.pcolormesh(
                    x,
                    y,
                    weights[b, t, c, ::-1],
                    cmap=WEIGHT_MAP,
                    vmin=0,
                    vmax=largest,
                    edgecolors="#8C8C8C",
                    linewidth=0.3,
                    zorder=channels - c,
                )
                axes.add_patch(
                    Rectangle(
                        (left, bottom), width, height, fill=False, edgecolor=FIT, linewidth=0.8, zorder=channels - c
                    )
                )
    for t, row, column in marked:
        for b in range(branches):
            place = (t * across + column, (branches - 1 - b) * down + height - 1 - row)
            # A white casing keeps the frame apart from dark cells.
            axes.add_patch(
                Rectangle(place, 1, 1, fill=False, edgecolor="white", linewidth=6, zorder=channels + 1, gid=DECORATION)
            )
            axes.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=QUERY, linewidth=3, zorder=channels + 1))
    right, top = frames * across - _GAP + 0.3, branches * down - 0.8
    axes.set(xlim=(-3.4, right), ylim=(-2.2, top), aspect="equal")
    axes.axis("off")
    if not named:
        axes.set(xlim=(-0.3, right), ylim=(-0.3, top))
        return
    for t in range(frames):
        axes.text(t * across + width / 2, -0.35, f"time {t + 1}", ha="center", va="top")
    for b in range(branches):
        middle = (branches - 1 - b) * down + height / 2
        axes.text(-0.5, middle, f"branch {b + 1}", ha="right", va="center", rotation=90)


@styled
def four_axes() -> Figure:
    """A small block four times, each with one index of one axis in colour."""
    figure = Figure(figsize=(10.0, 3.2))
    marked: dict[str, tuple[int | slice, ...]] = {
        "what?": (slice(None), slice(None), 0),
        "where?": (slice(None), slice(None), slice(None), 1, 1),
        "when?": (slice(None), 1),
        "which?": (1,),
    }
    panels = figure.subplots(1, len(marked))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.88, bottom=0.02, wspace=0.14)
    for axes, (question, index) in zip(panels, marked.items(), strict=True):
        weights = np.zeros((2, 2, 3, 3, 3))
        weights[index] = 0.7
        _block(axes, weights, 1.0, named=False)
        axes.set_title(question, color=QUERY, fontsize=17)
    return figure


@styled
def bare_block(shape: tuple[int, ...]) -> Figure:
    """The block without weights, and its five axes: `shape` is (branches, frames, channels, H, W)."""
    figure = Figure(figsize=(10.0, 3.3))
    axes = figure.add_axes((0.0, 0.0, 0.7, 1.0))
    _block(axes, np.zeros(shape), 1.0)
    words = figure.add_axes((0.705, 0.0, 0.295, 1.0))
    words.axis("off")
    words.set(xlim=(0, 1), ylim=(0, 1))
    lines = (
        ("which?", "branch", shape[0], "rows"),
        ("when?", "time", shape[1], "columns"),
        ("what?", "channel", shape[2], "layers"),
        ("where?", "height × width", f"{shape[3]} × {shape[4]}", "cells"),
    )
    for number, (question, axis, size, shown) in enumerate(lines):
        y = 0.9 - 0.235 * number
        words.text(0, y, question, color=QUERY, va="center", fontsize=17)
        words.text(0, y - 0.095, f"{axis}, {size} {shown}", color=FIT, va="center")
    return figure


@styled
def axis_panels(
    *,
    weights: Array,
    table: Array,
    name: str,
    question: str,
    call: str,
    shape: tuple[int, ...],
    structure: str,
    rule: str,
    marked: tuple[tuple[int, int, int], ...],
) -> Figure:
    """The block with each entry's weight (B, T, C, H, W), and the table A (outputs, values) of its first picture.

    `marked` are the places (time, row, column) that ask.
    """
    figure = Figure(figsize=SLIDE)
    scene = figure.add_axes((0.0, 0.0, 0.645, 0.84))
    matrix = figure.add_axes((0.715, 0.29, 0.25, 0.53))
    # Equal weights are to look faint, not as dark as a winner.
    largest = max(float(weights.max()), 2 * float(weights.mean()))
    _block(scene, weights, largest, marked)
    figure.text(0.01, 0.985, f"{question}?", color=QUERY, va="top", fontsize=19)
    figure.text(0.01 + 0.018 * (len(question) + 3), 0.98, call, color=FIT, va="top", family="monospace")

    top = max(float(table.max()), 2 * float(table.mean()))
    matrix.imshow(table, cmap=WEIGHT_MAP, vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    rows, columns = table.shape
    matrix.set(xticks=[0, columns - 1], yticks=[0, rows - 1] if rows > 1 else [0])
    matrix.set_xticklabels(["1", f"{columns}"])
    matrix.set_yticklabels(["1", f"{rows}"] if rows > 1 else ["1"])
    matrix.tick_params(length=0, pad=2)
    for side in ("top", "right"):
        matrix.spines[side].set_visible(True)
    matrix.set_title(f"A: {rows} × {columns}, {structure}")
    figure.text(0.84, 0.135, f"returned {shape}", ha="center", va="center")
    figure.text(0.84, 0.06, rule, ha="center", va="center")
    return figure


@styled
def structures(tables: dict[str, Array], captions: dict[str, str]) -> Figure:
    """Tables of weights side by side, each under the name of its structure."""
    figure = Figure(figsize=(10.0, 2.9))
    panels = figure.subplots(1, len(tables))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.2, wspace=0.16)
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        axes.imshow(table, cmap=WEIGHT_MAP, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        axes.set_xticks(np.arange(table.shape[1] - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(table.shape[0] - 1) + 0.5, minor=True)
        axes.grid(which="minor", color="#BBBBBB", linewidth=0.8)
        axes.tick_params(which="both", length=0)
        axes.set(xticks=[], yticks=[])
        axes.set_title(name)
        axes.set_xlabel(captions[name])
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)
    return figure


# ---- diagrams
_ROW = 0.86  # from one branch of an Inception module to the next


def _joined(diagram: Diagram, start: Box, rows: list[list[str]], end: float) -> None:
    """Branches from left to right between an input box and one where they are concatenated."""
    height = _ROW * len(rows)
    concat = diagram.box(end, height / 2, "concatenate", width=1.75)
    step = (end - 1.1 - start.right[0] - 0.6) / max(len(row) for row in rows)
    for number, row in enumerate(rows):
        y = height - _ROW * (number + 0.5)
        previous: Box | None = None
        for place, text in enumerate(row):
            x = start.right[0] + 0.6 + step * (place + 0.5)
            role = "plain" if text == "pool" else "value"
            box = diagram.box(x, y, text, width=min(1.35, step - 0.3), role=role, height=0.6)
            if previous is None:
                bend = start.right[0] + 0.3
                diagram.arrow(start.right, (bend, start.y), (bend, y), box.left)
            else:
                diagram.arrow(previous.right, box.left)
            previous = box
        # Ordered as they arrive, so that no two arrows cross.
        bend = concat.left[0] - 0.3
        at = concat.y + 0.18 * ((len(rows) - 1) / 2 - number)
        assert previous is not None  # no row is empty
        diagram.line(previous.right, (bend, y), (bend, at))
        diagram.arrow((bend, at), (concat.left[0], at))


@styled
def inception_stacked() -> Figure:
    """Two 3×3 convolutions in the place of a 5×5 one, beside shorter branches."""
    diagram = Diagram(10.0, 4 * _ROW)
    start = diagram.box(0.75, 2 * _ROW, "input", width=1.1)
    rows = [["1×1", "3×3", "3×3"], ["1×1", "3×3"], ["pool", "1×1"], ["1×1"]]
    _joined(diagram, start, rows, 9.0)
    return diagram.figure


@styled
def inception_factorised() -> Figure:
    """1×7 and 7×1 convolutions in the place of 7×7 ones."""
    diagram = Diagram(10.0, 4 * _ROW)
    start = diagram.box(0.75, 2 * _ROW, "input", width=1.1)
    rows = [["1×1", "1×7", "7×1", "1×7", "7×1"], ["1×1", "1×7", "7×1"], ["pool", "1×1"], ["1×1"]]
    _joined(diagram, start, rows, 9.0)
    return diagram.figure


@styled
def inception_expanded() -> Figure:
    """1×3 and 3×1 convolutions side by side at the end of two branches."""
    diagram = Diagram(10.0, 3.7)
    start = diagram.box(0.75, 1.95, "input", width=1.1)
    concat = diagram.box(9.0, 1.95, "concatenate", width=1.75)
    boxes = {
        "a1": ("1×1", 2.6, 2.95),
        "a2": ("3×3", 4.35, 2.95),
        "a3": ("1×3", 6.1, 3.35),
        "a4": ("3×1", 6.1, 2.62),
        "b1": ("1×1", 4.35, 1.82),
        "b3": ("1×3", 6.1, 1.95),
        "b4": ("3×1", 6.1, 1.28),
        "c1": ("pool", 4.35, 1.06),
        "c2": ("1×1", 6.1, 0.56),
        "d1": ("1×1", 2.6, 0.5),
    }
    drawn = {
        name: diagram.box(x, y, text, width=1.2, height=0.56, role="plain" if text == "pool" else "value")
        for name, (text, x, y) in boxes.items()
    }
    bend = 1.62
    for name in ("a1", "b1", "c1", "d1"):
        diagram.arrow(start.right, (bend, start.y), (bend, drawn[name].y), drawn[name].left)
    diagram.arrow(drawn["a1"].right, drawn["a2"].left)
    for source, ends in (("a2", ("a3", "a4")), ("b1", ("b3", "b4"))):
        fork = drawn[source].right[0] + 0.28
        for end in ends:
            diagram.arrow(drawn[source].right, (fork, drawn[source].y), (fork, drawn[end].y), drawn[end].left)
    fork = drawn["c1"].right[0] + 0.28
    diagram.arrow(drawn["c1"].right, (fork, drawn["c1"].y), (fork, drawn["c2"].y), drawn["c2"].left)
    for number, name in enumerate(("a3", "a4", "b3", "b4", "c2")):
        turn, at = 7.7, concat.y + 0.14 * (2 - number)
        diagram.line(drawn[name].right, (turn, drawn[name].y), (turn, at))
        diagram.arrow((turn, at), (concat.left[0], at))
    under = 0.1
    diagram.line(drawn["d1"].bottom, (2.6, under), (9.0, under))
    diagram.arrow((9.0, under), concat.bottom)
    return diagram.figure


@styled
def selective_kernel() -> Figure:
    """Two branches, weights made from the average of their sum, and a weighted sum in the place of a concatenation."""
    diagram = Diagram(10.0, 3.4)
    x = diagram.box(0.72, 1.9, "x", width=0.9)
    small = diagram.box(2.75, 2.85, "3×3", role="value", width=1.5)
    large = diagram.box(2.75, 0.95, "3×3, dilated", role="value", width=1.75)
    for box in (small, large):
        diagram.arrow(x.right, (1.45, x.y), (1.45, box.y), box.left)
    plus = diagram.operator(4.3, 1.9, "+")
    diagram.arrow(small.right, (4.3, small.y), (4.3, 2.14))
    diagram.arrow(large.right, (4.3, large.y), (4.3, 1.66))
    query = diagram.box(5.75, 1.9, "average, FC", role="query", width=1.6, shape="q: one per picture")
    diagram.arrow((plus.right[0] + 0.02, 1.9), query.left)
    soft = diagram.box(7.75, 1.9, "softmax over\nthe branches", role="weight", width=1.7, height=0.86)
    diagram.arrow(query.right, soft.left)
    up, down = diagram.operator(9.0, 2.85, "×"), diagram.operator(9.0, 0.95, "×")
    diagram.arrow((4.3, small.y), (up.left[0] - 0.02, small.y), role="value")
    diagram.arrow((4.3, large.y), (down.left[0] - 0.02, large.y), role="value")
    diagram.arrow((8.6, 2.05), (9.0, 2.05), (9.0, 2.6), role="weight")
    diagram.arrow((8.6, 1.75), (9.0, 1.75), (9.0, 1.2), role="weight")
    diagram.operator(9.7, 1.9, "+")
    diagram.arrow((9.26, 2.85), (9.7, 2.85), (9.7, 2.15), role="value")
    diagram.arrow((9.26, 0.95), (9.7, 0.95), (9.7, 1.65), role="value")
    diagram.note(5.75, 0.35, "weights: branches × channels, summing to 1 over the branches")
    return diagram.figure


# ---- signs
@styled
def sign_pictures(images: Array, titles: tuple[str, ...]) -> Figure:
    """Pictures (n, H, W) side by side."""
    figure = Figure(figsize=(10.0, 2.9))
    panels = figure.subplots(1, len(images))
    figure.subplots_adjust(left=0.005, right=0.995, top=0.87, bottom=0.01, wspace=0.06)
    for axes, image, title in zip(panels, images, titles, strict=True):
        axes.imshow(image, cmap="gray", vmin=-0.6, vmax=1.2, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(title)
    return figure


@styled
def scale_result(small: Array, large: Array, accuracies: dict[str, Array]) -> Figure:
    """Weight of the large kernel on small and large signs (seeds,), joined by seed; accuracies (seeds,) by variant."""
    figure = Figure(figsize=(10.0, 3.3))
    left = figure.add_axes((0.08, 0.13, 0.3, 0.74))
    right = figure.add_axes((0.6, 0.2, 0.385, 0.67))
    for one, other in zip(small, large, strict=True):
        left.plot([0, 1], [one, other], "o-", color=WEIGHT, linewidth=1.6, markersize=8)
    left.axhline(0.5, color=TRUTH, linestyle="--", linewidth=1.6)
    left.set(xlim=(-0.25, 1.25), ylim=(0, 1), title="weight of the large kernel")
    left.set_xticks([0, 1], ["small signs", "large signs"])
    seed_rows(right, accuracies, {"selected": WEIGHT})
    right.set(xlim=(0.45, 1.01), title="accuracy, one dot a seed")
    return figure


@styled
def control(gains: dict[str, Array], follows: dict[str, Array]) -> Figure:
    """By name (seeds,): what selecting gains over a sum, and how far the weights follow the size; a dot a seed."""
    figure = Figure(figsize=(10.0, 3.0))
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.13, right=0.985, top=0.86, bottom=0.14, wspace=0.3)
    titles = ("accuracy, selected − sum", "weight on large − on small signs")
    for axes, title, rows in zip(panels, titles, (gains, follows), strict=True):
        axes.axvline(0, color=TRUTH, linestyle="--", linewidth=1.6)
        seed_rows(axes, rows, dict.fromkeys(rows, WEIGHT))
        axes.set_title(title)
        axes.locator_params("x", nbins=5)
    return figure


@styled
def scale_panels(
    *, image: Array, weights: Array, sides: Array, curve: Array, at: int, trained: tuple[float, ...], said: str
) -> Figure:
    """A picture (H, W), the large kernel's weight in each channel (C,), and its mean against the size (sides,)."""
    figure = Figure(figsize=SLIDE)
    picture = figure.add_axes((0.005, 0.04, 0.33, 0.83))
    bars = figure.add_axes((0.405, 0.16, 0.22, 0.7))
    line = figure.add_axes((0.72, 0.16, 0.27, 0.7))
    picture.imshow(image, cmap="gray", vmin=-0.6, vmax=1.2, interpolation="nearest")
    picture.set(xticks=[], yticks=[])
    picture.spines[:].set_visible(False)
    picture.set_title(said)
    bars.bar(np.arange(len(weights)) + 1, weights, color=WEIGHT, width=0.75)
    bars.axhline(0.5, color=TRUTH, linestyle="--", linewidth=1.6)
    bars.set(ylim=(0, 1), yticks=[0, 0.5, 1], xlabel="channel", title="large kernel's weight")
    bars.set_xticks(np.arange(len(weights)) + 1)
    line.axhline(0.5, color=TRUTH, linestyle="--", linewidth=1.6)
    line.plot(sides, curve, "-", color=WEIGHT)
    seen = np.isin(sides, trained)
    line.plot(sides[seen], curve[seen], "s", color=ONE, markersize=8, label="trained on")
    line.plot([sides[at]], [curve[at]], "o", color=OTHER, markersize=13, zorder=4)
    line.set(ylim=(0, 1), yticks=[0, 0.5, 1], xlabel="side of a cell in pixels", title="mean over channels")
    line.set_xticks(sides)
    line.legend(loc="lower right", borderaxespad=0.1, handlelength=1.0)
    return figure


# ---- clips
def _frames(panels: list[Axes], frames: Array, informative: int) -> None:
    for number, (axes, frame) in enumerate(zip(panels, frames, strict=True)):
        axes.imshow(frame, cmap="gray", vmin=-0.5, vmax=1.2, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(number == informative)
        axes.spines[:].set(color=OTHER, linewidth=5)


@styled
def clip_tasks(clips: dict[str, tuple[Array, int]]) -> Figure:
    """A clip (T, H, W) for each task, with a frame round the one that matters (its number)."""
    figure = Figure(figsize=(10.0, 3.7))
    count = len(next(iter(clips.values()))[0])
    panels = figure.subplots(len(clips), count)
    figure.subplots_adjust(left=0.08, right=0.995, top=0.99, bottom=0.01, wspace=0.08, hspace=0.08)
    for row, (name, (frames, informative)) in zip(panels, clips.items(), strict=True):
        _frames(list(row), frames, informative)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=17)
    return figure


@styled
def clip_panels(*, frames: Array, weights: Array, informative: int, said: str) -> Figure:
    """The frames of a clip (T, H, W), the weight of each (T,) as bars under them, and what was answered."""
    figure = Figure(figsize=(10.0, 3.4))
    panels = [figure.add_axes((0.055 + 0.1185 * k, 0.5, 0.112, 0.36)) for k in range(len(frames))]
    _frames(panels, frames, informative)
    bars = figure.add_axes((0.055, 0.1, 0.1185 * len(frames), 0.36))
    heights = bars.bar(range(len(frames)), weights, color=WEIGHT, width=0.6)
    bars.bar_label(heights, [f"{weight:.2f}" for weight in weights], padding=1)
    bars.set(xlim=(-0.49, len(frames) - 0.53), ylim=(0, 1.22), yticks=[0, 1])
    bars.set_xticks(range(len(frames)), [f"{k + 1}" for k in range(len(frames))])
    bars.tick_params(axis="x", length=0)
    figure.text(0.5, 0.985, said, ha="center", va="top")
    return figure


@styled
def clip_result(accuracies: dict[str, dict[str, Array]], hits: dict[str, dict[str, Array]]) -> Figure:
    """Accuracies and shares of clips whose frame was found, (seeds,) for each task and pooling."""
    figure = Figure(figsize=(10.0, 2.9))
    colours = dict(zip(next(iter(accuracies.values())), (TRUTH, OTHER, ONE), strict=True))
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.055, right=0.76, top=0.87, bottom=0.13, wspace=0.24)
    titles = ("accuracy", "frame found")
    for axes, title, table in zip(panels, titles, (accuracies, hits), strict=True):
        for place, poolings in enumerate(table.values()):
            for number, (pooling, numbers) in enumerate(poolings.items()):
                x = place + 0.24 * (number - 1)
                axes.bar(
                    [x], [numbers.mean()], width=0.22, color=colours[pooling], label=pooling if not place else None
                )
                axes.plot(np.full(len(numbers), x), numbers, "o", color=FIT, markeredgecolor="white", markersize=5)
        axes.set_xticks(range(len(table)), list(table))
        axes.set(ylim=(0, 1.05), title=title, yticks=[0, 0.5, 1])
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="center left", bbox_to_anchor=(0.765, 0.5), handlelength=1.2
    )
    return figure
