"""Figures of lesson 2. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from visual_attention.drawing.style import (
    DECORATION,
    FIT,
    ONE,
    OTHER,
    QUERY,
    SLIDE,
    TRUTH,
    VALUE,
    WEIGHT,
    WEIGHT_MAP,
    Array,
    ink,
    styled,
)


@styled
def curves(
    x: Array,
    y: Array,
    *,
    lines: dict[str, tuple[Array, Array]] | None = None,
    truth: tuple[Array, Array] | None = None,
    query: float | None = None,
    labels: tuple[str, str] = ("$x$", "$y$"),
    size: tuple[float, float] = (10.0, 4.2),
) -> Figure:
    """Data points (n,), (n,); curves by name, each a pair of (m,) tensors; a dashed line where we are asked."""
    figure = Figure(figsize=size)
    axes = figure.subplots()
    named = bool(lines) or truth is not None
    figure.subplots_adjust(left=0.07, right=0.985, top=1 - (0.38 if named else 0.1) / size[1], bottom=0.62 / size[1])
    axes.scatter(x, y, s=34, color=VALUE, alpha=0.75, label="data", zorder=2)
    if truth is not None:
        axes.plot(*truth, color=TRUTH, linestyle="--", label="true curve", zorder=1)
    for (name, line), color, style in zip((lines or {}).items(), (FIT, ONE, WEIGHT), ("-", "-.", ":"), strict=False):
        axes.plot(*line, color=color, linestyle=style, label=name, zorder=3)
    if query is not None:
        axes.set_ylim(top=axes.get_ylim()[1] + 0.7)
        axes.axvline(query, color=QUERY, linestyle=":")
        axes.annotate(
            f" query $x$ = {query:g}: what is $y$?", (query, axes.get_ylim()[1]), color=QUERY, va="top", fontsize=15
        )
    axes.set(xlabel=labels[0], ylabel=labels[1])
    if named:  # above the axes: inside, a legend would lie on the points
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.1)
    return figure


@styled
def votes(x: Array, y: Array, query: float, weights: dict[str, Array]) -> Figure:
    """Data points (n,), (n,), the larger and darker the larger their weight (n,): a panel for each name."""
    figure = Figure(figsize=(10.0, 3.3))
    panels = figure.subplots(1, len(weights))
    figure.subplots_adjust(left=0.005, right=0.995, top=0.9, bottom=0.02, wspace=0.04)
    for axes, (name, row) in zip(panels, weights.items(), strict=True):
        strength = (row / row.max()).clip(0, 1)
        shades = [(*_rgb(WEIGHT), 0.12 + 0.78 * s) for s in strength]
        axes.axvline(query, color=QUERY, linestyle=":")
        axes.scatter(x, y, s=20 + 60 * strength, facecolor=shades, edgecolor=WEIGHT, linewidth=0.8, zorder=2)
        axes.set(title=name, xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    return figure


@styled
def three_points(x: Array, y: Array, query: float, weights: Array, prediction: float) -> Figure:
    """The hand example: three points whose area shows their weight, the query and the prediction."""
    figure = Figure(figsize=(10.0, 3.2))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.985, top=0.96, bottom=0.19)
    axes.axvline(query, color=QUERY, linestyle=":", zorder=0)
    axes.scatter(x, y, s=1800 * weights, facecolor=f"{WEIGHT}59", edgecolor=WEIGHT, zorder=1)
    axes.scatter(x, y, s=40, color=VALUE, zorder=2)
    for xi, yi, weight in zip(x.tolist(), y.tolist(), weights.tolist(), strict=True):
        words = f"value {yi:g}\nweight {weight:.4f}"
        axes.annotate(words, (xi, yi), xytext=(26, -8), textcoords="offset points", va="center", fontsize=14)
    axes.plot([query], [prediction], "D", color=FIT, markersize=9, zorder=3)
    words = f"prediction f({query:g}) = {prediction:.4f}"
    axes.annotate(words, (query, prediction), xytext=(8, 34), textcoords="offset points", fontsize=14)
    axes.set(xlim=(-0.3, 4.1), ylim=(0, 7), xlabel="$x$ (query and keys)", ylabel="$y$ (values)")
    return figure


def _heat_map(axes: Axes, weights: Array, queries: Array, norm: Normalize) -> None:
    step = float(queries[1] - queries[0])
    extent = (-0.5, weights.shape[1] - 0.5, float(queries[-1]) + step / 2, float(queries[0]) - step / 2)
    axes.imshow(weights, cmap=WEIGHT_MAP, norm=norm, aspect="auto", interpolation="nearest", extent=extent)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


@styled
def heat_map(weights: Array, queries: Array) -> Figure:
    """Attention weights (m, n): one row for each of m equally spaced queries, one column for each key."""
    figure = Figure(figsize=(10.0, 4.2))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.08, right=1.02, top=0.97, bottom=0.15)
    _heat_map(axes, weights, queries, Normalize(0, float(weights.max())))
    axes.set(xlabel="key (sorted by $x_i$)", ylabel="query $x$")
    bar = figure.colorbar(axes.images[0], ax=axes, pad=0.015)
    bar.set_label("attention weight")
    return figure


@styled
def columns_and_places(keys: Array, weights: Array, query: float) -> Figure:
    """One row of weights (n,) twice: as a row of a heat map, a column a key, and over the keys' own places (n,)."""
    figure = Figure(figsize=(10.0, 3.0))
    columns = figure.add_axes((0.04, 0.28, 0.4, 0.44))
    places = figure.add_axes((0.53, 0.24, 0.45, 0.62))
    top = float(weights.max())
    columns.imshow(weights[None], cmap=WEIGHT_MAP, vmin=0, vmax=top, aspect="auto")
    for number, weight in enumerate(weights.tolist()):
        columns.text(number, 0, f"{weight:.2f}", ha="center", va="center", color=ink(weight / top))
    columns.set(yticks=[], xlabel="number of the key", title="the map's row: columns of equal width")
    columns.set_xticks(range(len(keys)), [f"{number}" for number in range(len(keys))])
    columns.spines[:].set_visible(True)
    places.vlines(keys, 0, weights, color=WEIGHT, linewidth=5)
    places.plot(keys, weights, "o", color=WEIGHT)
    for number, (place, weight) in enumerate(zip(keys.tolist(), weights.tolist(), strict=True)):
        places.annotate(f"{number}", (place, weight), xytext=(0, 7), textcoords="offset points", ha="center")
    places.axvline(query, color=TRUTH, linestyle=":")
    places.set(
        ylim=(0, 1.35 * top), yticks=[], xlabel="$x_i$ (dotted: the query)", title="the same row, where the keys lie"
    )
    return figure


@styled
def width_panels(
    *,
    x: Array,
    y: Array,
    truth: tuple[Array, Array],
    curve: Array,
    query: float,
    prediction: float,
    row: Array,
    weights: Array,
    queries: Array,
    widths: Array,
    errors: Array,
    at: int,
) -> Figure:
    """The signature picture, four linked panels: curve, weights of one query, heat map, test error against width.

    Shapes: x, y, row (n,); truth two (g,); curve (g,), on truth's grid; weights (m, n); queries (m,); widths and
    errors (s,), of which number `at` is the current one.
    """
    figure = Figure(figsize=SLIDE)
    data, bars, heat, error = figure.subplots(2, 2).flat
    figure.subplots_adjust(left=0.045, right=0.985, top=0.915, bottom=0.075, wspace=0.2, hspace=0.56)

    strength = (row / row.max()).clip(0, 1)
    data.plot(*truth, color=TRUTH, linestyle="--", linewidth=1.6, label="true curve")
    shades = [(*_rgb(WEIGHT), 0.18 + 0.72 * s) for s in strength]
    data.scatter(x, y, s=16 + 50 * strength, facecolor=shades, edgecolor=WEIGHT, linewidth=0.8, zorder=2)
    data.plot(truth[0], curve, color=FIT, label="$f(x)$", zorder=3)
    data.axvline(query, color=QUERY, linestyle=":")
    data.plot([query], [prediction], "D", color=QUERY, zorder=4)
    data.set(title="data and fitted curve, over $x$", xlim=(-0.1, 5.1), ylim=(-1.0, 7.2), yticks=[0, 2, 4, 6])
    legend = data.legend(loc="upper left", ncols=2, handlelength=1.4, columnspacing=1.0, borderaxespad=0.0)
    legend.set(frame_on=True)
    legend.get_frame().set(edgecolor="none", alpha=0.85)

    bars.vlines(x, 0, row, color=WEIGHT, linewidth=2.4)
    bars.plot(x, row, ".", color=WEIGHT)
    bars.axvline(query, color=QUERY, linestyle=":")
    bars.set(
        title=f"weights of the query {query:g}, over keys $x_i$", xlim=(-0.1, 5.1), ylim=(0, 1.15 * float(row.max()))
    )
    bars.yaxis.set_major_locator(MaxNLocator(3))

    # One scale for all frames, so that dark means the same at every width; the root makes small weights visible.
    _heat_map(heat, weights, queries, PowerNorm(0.5, 0, 0.4))
    heat.axhline(query, color=QUERY, linestyle=":", linewidth=2.4)
    heat.set_title("all weights: queries ↓, keys →")

    error.plot(widths, errors, color=TRUTH)
    error.plot([widths[at]], [errors[at]], "o", color=OTHER, markersize=10)
    error.set(
        title="test error against width $\\sigma$",
        xscale="log",
        ylim=(0, 1.3),
        xlim=(float(widths[0]) * 0.85, float(widths[-1]) * 1.18),
    )
    error.set_xticks([0.02, 0.1, 0.5, 2, 10], ["0.02", "0.1", "0.5", "2", "10"], minor=False)
    error.minorticks_off()
    return figure


@styled
def boundary_bias(x: Array, truth: Array, fit: Array) -> Figure:
    """A straight line (m,) and what kernel regression makes of it (m,): bent inwards at both ends."""
    figure = Figure(figsize=(10.0, 3.4))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.985, top=0.97, bottom=0.18)
    axes.plot(x, truth, color=TRUTH, linestyle="--", label="truth, $y = 2x$")
    axes.plot(x, fit, color=FIT, label="Nadaraya–Watson, $\\sigma = 1$")
    for end, side in ((0, "left"), (-1, "right")):
        axes.annotate(
            f"{fit[end]:.3f}",
            (float(x[end]), float(fit[end])),
            xytext=(4 if side == "left" else -14, 13 if side == "left" else -26),
            textcoords="offset points",
            ha=side,
            color=OTHER,
            fontsize=15,
        )
    axes.set(xlabel="$x$", ylabel="$y$")
    axes.legend(loc="upper left")
    return figure


@styled
def kernel_shapes(distances: Array, shapes: dict[str, Array]) -> Figure:
    """Kernels (m,) by name over signed distances in widths (m,)."""
    figure = Figure(figsize=(10.0, 3.2))
    panels = figure.subplots(1, len(shapes), sharey=True)
    figure.subplots_adjust(left=0.05, right=0.99, top=0.86, bottom=0.22, wspace=0.12)
    for axes, (name, shape) in zip(panels, shapes.items(), strict=True):
        axes.fill_between(distances, shape, color=WEIGHT, alpha=0.25, gid=DECORATION)
        axes.plot(distances, shape, color=WEIGHT)
        axes.set(title=name, xlabel="$d/\\sigma$", ylim=(0, 1.1))
    return figure


@styled
def error_spread(widths: Array, errors: Array, best: Array) -> Figure:
    """Test error (draws, widths) of many draws against the width, and where each draw is best (draws,)."""
    figure = Figure(figsize=(10.0, 3.4))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.08, right=0.985, top=0.96, bottom=0.19)
    axes.plot(widths, errors.T, color=ONE, alpha=0.16, linewidth=1.2, gid=DECORATION)
    axes.plot(widths, np.median(errors, axis=0), color=FIT, label="median of the draws")
    axes.plot(
        best, np.full(len(best), 0.02), "|", color=OTHER, markersize=16, markeredgewidth=2, label="best width of a draw"
    )
    axes.set(xscale="log", xlabel="width $\\sigma$", ylabel="test error", ylim=(0, 1.2))
    axes.legend(loc="upper left")
    return figure


@styled
def picture_panels(
    picture: Array, weights: Array, smoothed: Array, at: tuple[int, int], titles: tuple[str, str, str]
) -> Figure:
    """A picture (3, H, W) with the chosen pixel, the weights (H, W) of that pixel, the smoothed picture."""
    figure = Figure(figsize=(10.0, 3.5))
    panels = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.91, bottom=0.01, wspace=0.03)
    column, row = at
    peak = float(weights.max())
    for axes, image, title in zip(panels, (picture, weights, smoothed), titles, strict=True):
        if image.ndim == 3:
            axes.imshow(image.transpose(1, 2, 0), interpolation="nearest")
        else:
            axes.imshow(image, cmap=WEIGHT_MAP, vmin=0, vmax=peak, interpolation="nearest")
        axes.set(title=title, xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    for axes in panels[:2]:
        axes.plot(
            [column],
            [row],
            "o",
            markersize=13,
            markerfacecolor="none",
            markeredgecolor="white",
            markeredgewidth=4,
            gid=DECORATION,
        )
        axes.plot([column], [row], "o", markersize=13, markerfacecolor="none", markeredgecolor=QUERY, markeredgewidth=2)
    return figure


@styled
def pictures(shown: dict[str, Array]) -> Figure:
    """Pictures (3, H, W) side by side, each under its name."""
    figure = Figure(figsize=(10.0, 2.5))
    panels = figure.subplots(1, len(shown))
    figure.subplots_adjust(left=0.005, right=0.995, top=0.87, bottom=0.01, wspace=0.03)
    for axes, (name, picture) in zip(panels, shown.items(), strict=True):
        axes.imshow(picture.transpose(1, 2, 0).clip(0, 1), interpolation="nearest")
        axes.set(title=name, xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
