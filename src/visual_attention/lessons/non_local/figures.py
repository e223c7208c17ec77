"""Figures of lesson 6. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from visual_attention.drawing.diagrams import Diagram
from visual_attention.drawing.style import (
    DECORATION,
    FIT,
    KEY,
    ONE,
    OTHER,
    QUERY,
    THIRD,
    TRUTH,
    WEIGHT,
    WEIGHT_MAP,
    Array,
    styled,
)

ANSWERS = ("#D81B1B", "#159C15", "#3355DD")  # red, green, blue as the pictures have them, dark enough for a bar


def _bare(axes: Axes, title: str = "") -> None:
    axes.set(xticks=[], yticks=[])
    axes.set_title(title)
    axes.spines[:].set_visible(False)


def _photo(axes: Axes, picture: Array) -> None:
    axes.imshow(picture.transpose(1, 2, 0).clip(0, 1), interpolation="nearest")


def _marker(axes: Axes, column: float, row: float) -> None:
    style: dict[str, Any] = {"markersize": 13, "markerfacecolor": "none"}
    axes.plot([column], [row], "o", markeredgecolor="white", markeredgewidth=4.5, gid=DECORATION, **style)
    axes.plot([column], [row], "o", markeredgecolor=QUERY, markeredgewidth=2.2, **style)


def _frame(axes: Axes, column: float, row: float, side: int, colour: str, **options) -> None:
    corner = column - side / 2, row - side / 2
    casing = Rectangle(corner, side, side, facecolor="none", edgecolor="white", linewidth=4.5, gid=DECORATION)
    axes.add_patch(casing)
    axes.add_patch(Rectangle(corner, side, side, facecolor="none", edgecolor=colour, linewidth=2.2, **options))


@styled
def far_away(picture: Array, query: tuple[int, int], answer: tuple[int, int]) -> Figure:
    """A picture (3, 36, 36) of 3 × 3 cells, twice: the cell `query`, and an arrow from it to `answer`."""
    figure = Figure(figsize=(10.0, 3.4))
    near, far = (figure.add_axes((left, 0.01, 0.3, 0.882)) for left in (0.14, 0.56))
    start, end = ((12 * column + 5.5, 12 * row + 5.5) for row, column in (query, answer))
    for axes, title in ((near, "a convolution asks the neighbours"), (far, "a place may ask any other")):
        _photo(axes, picture)
        _bare(axes, title)
        _frame(axes, *start, 11, QUERY)
    _frame(far, *end, 11, KEY)
    tip = {"arrowstyle": "-|>,head_width=0.4,head_length=0.7", "shrinkA": 26, "shrinkB": 26, "linewidth": 3}
    far.annotate("", end, xytext=start, arrowprops={**tip, "color": QUERY})
    return figure


@styled
def patches(picture: Array, places: dict[str, tuple[int, int]], side: int) -> Figure:
    """A picture (3, H, W) with framed patches at (row, column), and the patches enlarged; the first is the query."""
    figure = Figure(figsize=(10.0, 3.2))
    photo = figure.add_axes((0.0, 0.01, 0.34, 0.98))
    _photo(photo, picture)
    _bare(photo)
    half = side // 2
    share = 0.64 / len(places)
    for number, (name, (row, column)) in enumerate(places.items()):
        colour = QUERY if number == 0 else KEY
        _frame(photo, column, row, side, colour)
        photo.annotate(
            name,
            (column + half, row - half),
            xytext=(3, 2),
            textcoords="offset points",
            color="white",
            fontsize=17,
            fontweight="bold",
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5},
        )
        zoom = figure.add_axes((0.36 + share * number, 0.14, share - 0.02, 0.7))
        _photo(zoom, picture[:, row - half : row + half + 1, column - half : column + half + 1])
        _bare(zoom, name)
        zoom.spines[:].set(visible=True, color=colour, linewidth=3)
    return figure


@styled
def pixel_panels(
    *, noisy: Array, weights: Array, denoised: Array, pixel: tuple[int, int], search: int, titles: tuple[str, ...]
) -> Figure:
    """A noisy picture (3, H, W) with a pixel (column, row), that pixel's weights (H, W), the denoised picture."""
    figure = Figure(figsize=(10.0, 3.15))
    panels = [figure.add_axes((0.005 + k / 3, 0.01, 0.323, 0.9)) for k in range(3)]
    for axes, title in zip(panels, titles, strict=True):
        _bare(axes, title)
    _photo(panels[0], noisy)
    # The root makes small weights visible. Dark is the largest but the pixel's own, which may be all there is.
    others = weights.copy()
    others[pixel[1], pixel[0]] = 0
    top = max(float(others.max()), 1e-4)
    panels[1].imshow(np.sqrt(weights), cmap=WEIGHT_MAP, vmin=0, vmax=np.sqrt(top), interpolation="nearest")
    _photo(panels[2], denoised)
    for axes in panels[:2]:
        _marker(axes, *pixel)
        limits = axes.get_xlim(), axes.get_ylim()
        _frame(axes, *pixel, search, TRUTH, linestyle=":")
        axes.set(xlim=limits[0], ylim=limits[1])
    return figure


@styled
def psnr_rows(names: tuple[str, ...], values: Array, roles: tuple[str, ...]) -> Figure:
    """Decibels (rows, seeds): a dot for each seed, the mean written beside it; a row's role is its colour's name."""
    colours = {"plain": TRUTH, "ours": WEIGHT, "library": ONE}
    figure = Figure(figsize=(10.0, 3.4))
    axes = figure.add_axes((0.39, 0.19, 0.59, 0.8))
    for row, (numbers, role) in enumerate(zip(values, roles, strict=True)):
        axes.plot(numbers, np.full(len(numbers), row), "o", color=colours[role], markersize=8, alpha=0.85)
        axes.annotate(
            f"{numbers.mean():.2f}",
            (float(numbers.max()), row),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=colours[role],
        )
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlabel="PSNR in dB (higher is better)", xlim=(19.5, 28.6))
    axes.grid(axis="x", color="#DDDDDD")
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def self_vote(h: Array, curves: dict[str, Array], own: Array, references: dict[str, float]) -> Figure:
    """PSNR (n,) over h for each way to treat a pixel's vote for itself, and its mean weight (n,) when included."""
    figure = Figure(figsize=(10.0, 3.0))
    left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
    figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.21, wspace=0.2)
    styles = zip(curves.items(), (OTHER, ONE, WEIGHT), ("o-", "s-", "D-"), strict=True)
    for (name, values), colour, style in styles:
        left.plot(h, values, style, color=colour, markersize=5, label=name)
    for name, value in references.items():
        left.axhline(value, color=TRUTH, linestyle="--", linewidth=1.6)
        left.annotate(name, (float(h[-1]), value), xytext=(0, 4), textcoords="offset points", ha="right", color=TRUTH)
    left.set(title="PSNR in dB", xlabel="$h$", ylim=(16, 28))
    left.legend(loc="lower right")
    right.plot(h, own, "o-", color=OTHER, markersize=5)
    right.set(title="mean weight of the pixel itself", xlabel="$h$", ylim=(0, 1.02))
    for axes in (left, right):
        axes.set_xticks([0.05, 0.1, 0.15])
    return figure


@styled
def collapse(channels: Array, own: dict[str, Array]) -> Figure:
    """The mean weight of a position for itself (n,) over the number of channels (n,), for named kinds of score."""
    figure = Figure(figsize=(10.0, 2.7))
    axes = figure.add_axes((0.08, 0.23, 0.9, 0.74))
    for (name, values), colour, marker in zip(own.items(), (OTHER, ONE), ("o", "s"), strict=True):
        axes.plot(channels, values, f"{marker}-", color=colour, label=name)
    axes.set(xlabel="channels $C$", ylabel="weight for itself", xscale="log", ylim=(-0.02, 1.05))
    axes.set_xticks(channels, [f"{c:.0f}" for c in channels], minor=False)
    axes.minorticks_off()
    axes.legend(loc="upper left")
    return figure


@styled
def long_keys(near: Array, prior: Array, weights: Array) -> Figure:
    """Bars for each key (n,): a Gaussian of its distance, its prior, and their product divided by its sum."""
    figure = Figure(figsize=(10.0, 2.7))
    titles = ("how near: $e^{-(x_i - x_j)^2/2}$", "how long: $e^{x_j^2/2}$", "product, divided by its sum")
    colours = (ONE, OTHER, WEIGHT)
    for axes, values, title, colour in zip(figure.subplots(1, 3), (near, prior, weights), titles, colours, strict=True):
        bars = axes.bar(range(1, len(values) + 1), values, color=colour, width=0.6)
        axes.bar_label(bars, [f"{value:.{2 + (colour == WEIGHT)}f}" for value in values.tolist()], padding=3)
        axes.set(title=title, yticks=[], ylim=(0, 1.25 * float(values.max())), xlabel="key $x_j$")
        axes.set_xticks(range(1, len(values) + 1))
        axes.spines["left"].set_visible(False)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.25, wspace=0.08)
    return figure


@styled
def own_tables(tables: dict[str, Array]) -> Figure:
    """Tables of weights (n, n) side by side, on one scale from 0 to 1; below each the mean of its diagonal."""
    figure = Figure(figsize=(10.0, 3.1))
    for axes, (name, table) in zip(figure.subplots(1, len(tables)), tables.items(), strict=True):
        axes.imshow(table, cmap=WEIGHT_MAP, vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], title=name, xlabel=f"own weight {table.diagonal().mean():.2f}")
        axes.spines[:].set_visible(True)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.8, bottom=0.11, wspace=0.08)
    return figure


@styled
def two_orders(n: int, k: int, d: int, c: int) -> Figure:
    """Three matrices multiplied from the left and from the right, drawn to scale; what stands in between is filled."""
    figure = Figure(figsize=(10.0, 3.0))
    unit = 1.5 / max(n, k)
    query, key, value = ("$Q$", n, d), (r"$K^\top$", d, k), ("$V$", k, c)
    orders = (
        (r"from the left: $(QK^\top)\,V$", (query, key, value), (0.55, 1.7, 4.65), (3.4, n, k)),
        (r"from the right: $Q\,(K^\top V)$", (key, value, query), (1.05, 2.35, 4.45), (3.4, d, c)),
    )
    for left, (title, parts, places, (middle, rows, columns)) in zip((0.0, 0.5), orders, strict=True):
        axes = figure.add_axes((left, 0, 0.5, 1))
        axes.set(xlim=(0, 5), ylim=(0.6, 3.6), aspect="equal")
        axes.axis("off")
        axes.text(2.5, 3.35, title, ha="center", va="center")
        for x, (name, height, width) in zip(places, parts, strict=True):
            _matrix(axes, x, name, height, width, unit, filled=False)
        _matrix(axes, middle, "in between", rows, columns, unit, filled=True)
    return figure


def _matrix(axes: Axes, x: float, name: str, rows: int, columns: int, unit: float, *, filled: bool) -> None:
    width, height = columns * unit, rows * unit
    colour = WEIGHT if filled else FIT
    corner = (x - width / 2, 1.9 - height / 2)
    axes.add_patch(
        Rectangle(corner, width, height, facecolor=colour if filled else "none", edgecolor=colour, linewidth=2)
    )
    axes.text(x, 2.9, name, ha="center", va="center", color=colour)
    axes.text(x, 0.85, f"{rows} × {columns}", ha="center", va="center", color=colour)


@styled
def block_diagram() -> Figure:
    """The Non-local block, from x to z."""
    d = Diagram(10.0, 3.55)
    d.note(0.42, 1.9, "$x$\n$C\\times N$")
    theta = d.box(2.0, 2.95, "θ  1×1", role="query", shape="$C/2\\times N$")
    phi = d.box(2.0, 1.9, "φ  1×1", role="key", shape="$C/2\\times N$")
    g = d.box(2.0, 0.85, "$g$  1×1", role="value", shape="$C/2\\times N$")
    match = d.box(4.35, 2.43, "match $f$,\nnormalise", role="weight", width=1.75, height=0.86, shape="$N\\times N$")
    mix = d.operator(6.0, 1.3, "×", role="weight")
    exit_ = d.box(7.45, 1.3, "$W_z$  1×1\n+ norm", width=1.55, height=0.8, shape="$C\\times N$")
    add = d.operator(8.85, 1.3, "+")
    for box, role in ((theta, "query"), (phi, "key"), (g, "value")):
        d.arrow((0.82, 1.9), (0.98, 1.9), (0.98, box.y), box.left, role=role)
    d.arrow(theta.right, (3.2, 2.95), (3.2, 2.58), (match.left[0], 2.58), role="query")
    d.arrow(phi.right, (3.2, 1.9), (3.2, 2.28), (match.left[0], 2.28), role="key")
    d.arrow(match.right, (6.0, 2.43), (6.0, mix.top[1] + 0.04), role="weight")
    d.arrow(g.right, (5.0, 0.85), (5.0, 1.3), (mix.left[0] - 0.04, 1.3), role="value")
    d.arrow((mix.right[0] + 0.04, 1.3), exit_.left, role="weight")
    d.note(6.32, 1.72, "$y$")
    d.arrow(exit_.right, (add.left[0] - 0.04, 1.3))
    d.arrow((0.42, 1.5), (0.42, 0.16), (8.85, 0.16), (8.85, add.bottom[1] - 0.04))
    d.note(4.6, 0.36, "shortcut: $x$ as it came")
    d.arrow((add.right[0] + 0.04, 1.3), (9.45, 1.3))
    d.note(9.72, 1.3, "$z$")
    return d.figure


@styled
def growth(positions: Array, memory: dict[str, Array], seconds: dict[str, Array]) -> Figure:
    """Largest tensor in MB and time in ms, both (n,), over the number of positions (n,), for several ways."""
    figure = Figure(figsize=(10.0, 2.9))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.06, right=0.71, top=0.88, bottom=0.22, wspace=0.25)
    styles = dict(zip(memory, ((OTHER, "o"), (ONE, "s"), (THIRD, "D"), (WEIGHT, "^")), strict=False))
    for axes, table, title in ((left, memory, "largest tensor, MB"), (right, seconds, "time, ms")):
        for name, values in table.items():
            colour, marker = styles[name]
            axes.plot(positions, values, f"{marker}-", color=colour, label=name)
        axes.set(title=title, xscale="log", yscale="log", xlabel="positions $N$")
        axes.set_xticks(positions, [f"{n:.0f}" for n in positions], minor=False)
        axes.minorticks_off()
    figure.legend(*left.get_legend_handles_labels(), loc="center right", handlelength=1.2, borderaxespad=0)
    return figure


@styled
def twin_examples(images: Array, answers: Array) -> Figure:
    """Pictures (n, 3, 36, 36), and the colour that is asked for (n, 3, 3) as a ring in each white digit's cell."""
    figure = Figure(figsize=(10.0, 3.4))
    panels = figure.subplots(1, len(images))
    figure.subplots_adjust(left=0.005, right=0.995, top=0.9, bottom=0.01, wspace=0.04)
    titles = ("pictures", *[""] * (len(images) - 2), "… and what is asked")
    for number, (axes, image, title) in enumerate(zip(panels, images, titles, strict=True)):
        _photo(axes, image)
        _bare(axes, title)
        if number == len(images) - 1:
            for row, column in np.argwhere(answers[number] >= 0):
                _frame(axes, 12 * column + 5.5, 12 * row + 5.5, 11, ANSWERS[answers[number][row, column]])
    return figure


@styled
def twin_results(names: tuple[str, ...], accuracy: Array, parameters: Array, counting: float) -> Figure:
    """Accuracy (variants, seeds): a dot for each seed, mean and number of parameters (variants,) in words."""
    figure = Figure(figsize=(10.0, 3.75))
    axes = figure.add_axes((0.235, 0.15, 0.42, 0.77))
    for row, numbers in enumerate(accuracy):
        axes.plot(numbers, np.full(len(numbers), row), "o", color=WEIGHT, markersize=8, alpha=0.7)
        axes.text(1.04, row, f"{numbers.mean():.3f} ± {numbers.std(ddof=1):.3f}", va="center", color=FIT)
        axes.text(1.63, row, f"{parameters[row]:,.0f}", va="center", ha="right", color=TRUTH)
    axes.text(1.04, -1.05, "accuracy", va="center")
    axes.text(1.63, -1.05, "weights", va="center", ha="right", color=TRUTH)
    for value, text in ((1 / 3, "chance"), (counting, "counting colours")):
        axes.axvline(value, color=TRUTH, linestyle="--", linewidth=1.6)
        axes.text(value, -1.05, text, va="center", ha="center", color=TRUTH)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0.25, 1.02), ylim=(len(names) - 0.5, -0.6), xlabel="share of right answers")
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def twin_panels(
    *, picture: Array, query: tuple[float, float], weights: Array, answer: Array, title: str, cell: tuple[int, int]
) -> Figure:
    """A picture (3, 36, 36) with the asking place, its weights (9, 9), and the answer (3,) at that place."""
    figure = Figure(figsize=(10.0, 3.75))
    seen = figure.add_axes((0.005, 0.02, 0.335, 0.895))
    looked = figure.add_axes((0.36, 0.02, 0.335, 0.895))
    bars = figure.add_axes((0.765, 0.13, 0.225, 0.7))
    _photo(seen, picture)
    _bare(seen, "click a place")
    _marker(seen, *query)

    extent = (-0.5, 35.5, 35.5, -0.5)
    looked.imshow(np.sqrt(weights.clip(0)), cmap=WEIGHT_MAP, vmin=0, vmax=1, extent=extent, interpolation="nearest")
    looked.contour(picture.max(axis=0), levels=[0.5], colors="#888888", linewidths=1.2)
    _bare(looked, title)
    looked.spines[:].set(visible=True, color="#BBBBBB")
    _marker(looked, *query)

    bars.bar(("red", "green", "blue"), answer, color=ANSWERS, width=0.7)
    bars.set(ylim=(0, 1.05), yticks=[0, 0.5, 1])
    bars.set_title(f"answer, cell {cell[0]}, {cell[1]}")
    return figure
