"""Figures of lesson 3. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from torch import Tensor

from visual_attention.figures.style import FIT, ONE, OTHER, SLIDE, TRUTH, VALUE, WEIGHT, WEIGHT_MAP, styled

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
    x: Tensor,
    y: Tensor,
    truth: tuple[Tensor, Tensor],
    curve: Tensor,
    weights: Tensor,
    grid: Tensor,
    with_itself: Tensor,
    left_out: Tensor,
    w: float,
    losses_at_w: tuple[float, float],
    path: Tensor,
    path_losses: Tensor,
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
def growth(steps: Tensor, paths: dict[str, tuple[Tensor, Tensor]]) -> Figure:
    """w and loss (s,) by name over steps (s,), both on logarithmic axes."""
    figure = Figure(figsize=(10.0, 3.5))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.18, wspace=0.22)
    for (name, (w, loss)), color, style in zip(paths.items(), (ONE, FIT), ("-.", "-"), strict=True):
        left.plot(steps, w, color=color, linestyle=style, label=name)
        right.plot(steps, np.maximum(loss, 1e-6), color=color, linestyle=style, label=name)
    left.set(title="$w$", xlabel="step", xscale="log", yscale="log")
    right.set(title="training loss", xlabel="step", xscale="log", yscale="log")
    left.legend(loc="upper left")
    right.legend(loc="lower left")
    return figure


@styled
def redraws(recipe: Tensor, learned: Tensor, best: Tensor, errors: dict[str, Tensor]) -> Figure:
    """Where |w| ends in many draws (d,): the recipe, trained to the end, the best there is; and test errors by name."""
    figure = Figure(figsize=(10.0, 3.2))
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.2, wspace=0.24)
    bins = np.linspace(0, 20, 41)
    left.hist(np.clip(recipe, 0, 20), bins, facecolor=f"{ONE}73", edgecolor=ONE, label="recipe: 5 steps, rate 0.5")
    left.hist(np.clip(learned, 0, 20), bins, color=WEIGHT, alpha=0.6, label="trained to the end")
    left.hist(np.clip(best, 0, 20), bins, histtype="step", color=FIT, linewidth=1.8, label="best possible")
    left.set(title="where $|w|$ ends", xlabel="$|w|$ (20: or more)", ylabel="draws")
    left.legend(loc="upper right")
    boxes = right.boxplot(
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
    right.set(title="test error", xlabel="mean squared error (whiskers 5 to 95 %)", xlim=(0, None))
    figure.subplots_adjust(wspace=0.42)
    return figure


@styled
def literal_formulas(x: Tensor, y: Tensor, grid: Tensor, lines: dict[str, Tensor]) -> Figure:
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
