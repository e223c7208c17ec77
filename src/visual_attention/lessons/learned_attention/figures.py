"""Figures of lesson 3. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

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
    styled,
)

LARGEST_W = 40.0


def _w_axis(axes: Axes) -> None:
    """|w| from 0 to 40: linear below 0.3, logarithmic above, so that 0 has a place."""
    axes.set_xscale("symlog", linthresh=0.3, linscale=0.6)
    axes.set_xticks([0, 0.3, 1, 3, 10, 30], ["0", "0.3", "1", "3", "10", "30"])
    axes.minorticks_off()
    axes.set_xlim(-0.03, LARGEST_W)


@styled
def w_panels(
    *,
    x: Array,
    y: Array,
    truth: tuple[Array, Array],
    curve: Array,
    weights: Array,
    grid: Array,
    with_itself: Array,
    left_out: Array,
    w: float,
    losses_at_w: tuple[float, float],
    path: Array,
    path_losses: Array,
    best: float,
) -> Figure:
    """Four linked panels: fitted curve, weights with itself hidden, both losses with the path on them, w by step.

    Shapes: x, y (n,); truth two (g,); curve (g,); weights (n, n); grid, with_itself, left_out (s,); path and
    path_losses (steps + 1,).
    """
    figure = Figure(figsize=SLIDE)
    data, heat, loss, steps = figure.subplots(2, 2).flat
    figure.subplots_adjust(left=0.045, right=0.985, top=0.915, bottom=0.075, wspace=0.14, hspace=0.56)

    data.plot(*truth, color=TRUTH, linestyle="--", linewidth=1.6, label="true curve")
    data.scatter(x, y, s=22, color=VALUE, alpha=0.8, zorder=2)
    data.plot(truth[0], curve, color=FIT, label="$f(x)$", zorder=3)
    data.set(title=f"data and fitted curve, $w$ = {w:g}", xlim=(-0.1, 5.1), ylim=(-1.0, 7.2), yticks=[0, 2, 4, 6])
    data.legend(loc="upper left", ncols=2, handlelength=1.4, columnspacing=1.0, borderaxespad=0.0)

    heat.imshow(weights, cmap=WEIGHT_MAP, norm=PowerNorm(0.5, 0, 0.4), aspect="auto", interpolation="nearest")
    heat.set_title("weights, own point left out")

    loss.plot(grid, with_itself, color=ONE, linestyle="-.", label="with itself")
    loss.plot(grid, left_out, color=FIT, label="left out")
    loss.plot([w, w], losses_at_w, "o", color=OTHER, markersize=9, zorder=4)
    seen = np.abs(path) <= LARGEST_W
    loss.plot(np.abs(path)[seen], path_losses[seen], "x-", color=WEIGHT, linewidth=1.2, markersize=7, zorder=3)
    _w_axis(loss)
    loss.set(title="½ Σ error² against $|w|$, and the path", ylim=(0, 1.1 * float(left_out[0])))
    loss.legend(loc="lower left")

    steps.axhline(best, color=TRUTH, linestyle="--", label="left-out optimum")
    steps.plot(np.arange(len(path)), np.abs(path), "x-", color=WEIGHT, label="gradient descent")
    steps.set(
        title="$|w|$ step by step", xticks=range(0, len(path), 5), ylim=(0, max(12.0, 1.1 * float(np.abs(path).max())))
    )
    steps.legend(loc="upper right")
    return figure


@styled
def three_widths(x: Array, y: Array, grid: Array, curves: dict[str, Array]) -> Figure:
    """The same data (n,) three times, with a curve on a grid (g,) under each name: too smooth, right, too rough."""
    figure = Figure(figsize=(10.0, 3.5))
    panels = figure.subplots(1, len(curves), sharey=True)
    figure.subplots_adjust(left=0.04, right=0.99, top=0.88, bottom=0.1, wspace=0.06)
    for axes, (name, curve) in zip(panels, curves.items(), strict=True):
        axes.scatter(x, y, s=26, color=VALUE, alpha=0.8)
        axes.plot(grid, curve, color=FIT)
        axes.set(title=name, xlim=(-0.1, 5.1), xticks=range(6), yticks=[0, 2, 4])
    return figure


def _by_step(axes: Axes, steps: Array, lines: dict[str, Array]) -> None:
    for (name, line), color, style in zip(lines.items(), (ONE, FIT), ("-.", "-"), strict=True):
        axes.plot(steps, line, color=color, linestyle=style, label=name)
    axes.set(xlabel="step", xscale="log")


@styled
def growth(steps: Array, paths: dict[str, tuple[Array, Array]]) -> Figure:
    """w and training loss (s,) by name over steps (s,), on logarithmic axes."""
    figure = Figure(figsize=(10.0, 3.5))
    panels = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.18, wspace=0.24)
    for number, (axes, title) in enumerate(zip(panels, ("$w$", "training loss"), strict=True)):
        _by_step(axes, steps, {name: np.maximum(path[number], 1e-6) for name, path in paths.items()})
        axes.set(title=title, yscale="log")
    panels[0].legend(loc="upper left")
    return figure


@styled
def errors_by_step(steps: Array, errors: dict[str, Array]) -> Figure:
    """Error against the true curve (s,) by name over steps (s,)."""
    figure = Figure(figsize=(10.0, 3.7))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.075, right=0.985, top=0.96, bottom=0.18)
    _by_step(axes, steps, errors)
    axes.set(ylabel="test error")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")
    return figure


@styled
def endings(recipe: Array, learned: Array, best: Array) -> Figure:
    """Where |w| ends in many draws (d,): by the recipe, trained to the end, and the best there is."""
    figure = Figure(figsize=(10.0, 2.7))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.075, right=0.985, top=0.96, bottom=0.25)
    bins = np.linspace(0, 20, 41).tolist()
    axes.hist(np.clip(recipe, 0, 20), bins, facecolor=f"{ONE}73", edgecolor=ONE, label="recipe: 5 steps, rate 0.5")
    axes.hist(np.clip(learned, 0, 20), bins, color=WEIGHT, alpha=0.6, label="trained to the end")
    axes.hist(np.clip(best, 0, 20), bins, histtype="step", color=FIT, linewidth=1.8, label="best possible")
    axes.set(xlabel="$|w|$ at the end (20: or more)", ylabel="draws", xticks=range(0, 21, 5))
    axes.legend(loc="upper right")
    return figure


@styled
def verdict(errors: dict[str, Array]) -> Figure:
    """Test errors in many draws (d,) by name."""
    figure = Figure(figsize=(10.0, 3.3))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.16, right=0.985, top=0.98, bottom=0.2)
    boxes = axes.boxplot(
        list(errors.values()),
        orientation="horizontal",
        tick_labels=list(errors),
        whis=(5, 95),
        showfliers=False,
        medianprops={"color": OTHER, "linewidth": 2},
        patch_artist=True,
    )
    for box in boxes["boxes"]:
        box.set(facecolor="#EFE6F2", edgecolor=WEIGHT)
    axes.set(xlabel="test error (whiskers 5 to 95 % of the draws)", xlim=(0, None))
    return figure


@styled
def beside_zero(ws: Array, rising: Array, falling: Array) -> Figure:
    """By how much the loss lies above that at w = 0, a line for each draw (draws, s): where it rises first, and not."""
    figure = Figure(figsize=(10.0, 3.5))
    panels = figure.subplots(1, 2, sharey=True)
    figure.subplots_adjust(left=0.1, right=0.985, top=0.9, bottom=0.19, wspace=0.08)
    for axes, lines, name in zip(panels, (rising, falling), ("0 is a valley", "0 is a hilltop"), strict=True):
        for line in lines:
            axes.plot(ws, line, color=WEIGHT, linewidth=1, alpha=0.5, gid=DECORATION)
        axes.axhline(0, color=TRUTH, linestyle="--", linewidth=1.6)
        axes.set(title=f"{name}: {len(lines)} draws", xlabel="$w$", xlim=(ws[0], ws[-1]), xticks=[0, 0.1, 0.2])
    panels[0].set(ylabel="loss − loss at 0", ylim=(-0.15, 0.1))
    return figure


@styled
def literal_formulas(x: Array, y: Array, grid: Array, lines: dict[str, Array]) -> Figure:
    """Data (n,) and what three formulas, taken literally, predict on a grid (g,)."""
    figure = Figure(figsize=(10.0, 3.0))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.985, top=0.97, bottom=0.2)
    axes.scatter(x, y, s=26, color=VALUE, alpha=0.8)
    for (name, line), color, style in zip(lines.items(), (FIT, OTHER, ONE), ("-", "--", "-."), strict=True):
        axes.plot(grid, line, color=color, linestyle=style, label=name)
    axes.set(xlabel="$x$", ylabel="$y$")
    axes.legend(loc="upper right")
    return figure
