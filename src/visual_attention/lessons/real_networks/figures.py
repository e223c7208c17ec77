"""Figures of lesson 9. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from visual_attention.drawing.style import DECORATION, FIT, ONE, QUERY, TRUTH, WEIGHT, WEIGHT_MAP, Array, styled

# Photographs are shown at half their pixels and in so many colours: a third of the size on a page, and hardly seen.
SHOWN, COLOURS = 2, 96


def _photo(axes: Axes, picture: Array, title: str) -> None:
    small = Image.fromarray((picture.transpose(1, 2, 0)[::SHOWN, ::SHOWN] * 255).round().astype(np.uint8))
    few = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    axes.imshow(np.asarray(few), interpolation="nearest", extent=(0, 448, 448, 0))
    _bare(axes, title)


def _bare(axes: Axes, title: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.set_title(title)
    axes.spines[:].set_visible(False)


def _marker(axes: Axes, x: float, y: float) -> None:
    style: dict[str, Any] = {"markersize": 13, "markerfacecolor": "none"}
    axes.plot([x], [y], "o", markeredgecolor="white", markeredgewidth=4.5, gid=DECORATION, **style)
    axes.plot([x], [y], "o", markeredgecolor=QUERY, markeredgewidth=2.2, **style)


def _weights(axes: Axes, weights: Array, query: tuple[float, float], title: str) -> None:
    """A map (n, n) of weights; the root makes small ones visible, dark is the largest but the query's own."""
    side = len(weights)
    others = weights.copy()
    others[int(query[1] * side / 448), int(query[0] * side / 448)] = 0
    top = max(float(others.max()), 1e-4)
    axes.imshow(
        np.sqrt(weights), cmap=WEIGHT_MAP, vmin=0, vmax=np.sqrt(top), interpolation="nearest", extent=(0, 448, 448, 0)
    )
    _bare(axes, title)
    _marker(axes, *query)


@styled
def look_panels(
    *, picture: Array, query: tuple[float, float], deep: Array, pixels: Array, titles: tuple[str, str, str]
) -> Figure:
    """A photograph (3, 448, 448) asked at `query` (x, y) in pixels, and two maps of weights beside it."""
    figure = Figure(figsize=(10.0, 3.0))
    panels = [figure.add_axes((0.035 + k / 3, 0.01, 0.26, 0.87)) for k in range(3)]
    _photo(panels[0], picture, titles[0])
    _marker(panels[0], *query)
    _weights(panels[1], deep, query, titles[1])
    _weights(panels[2], pixels, query, titles[2])
    return figure


@styled
def gallery(pictures: dict[str, Array]) -> Figure:
    """Photographs (3, 448, 448) in two rows, each under its name."""
    figure = Figure(figsize=(10.0, 2.6))
    columns = (len(pictures) + 1) // 2
    for number, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(number, columns)
        axes = figure.add_axes((0.2 + column * 0.15, 0.5 - 0.5 * row + 0.005, 0.12, 0.39))
        axes.imshow(picture.transpose(1, 2, 0)[::4, ::4])
        _bare(axes, name)
    return figure


@styled
def twins_found(hits: Array, chances: Array) -> Figure:
    """Shares (photographs, 8) of marked places whose twin is found: dots, a bar at the mean, a dash for chance."""
    figure = Figure(figsize=(10.0, 3.6))
    axes = figure.add_axes((0.09, 0.2, 0.9, 0.77))
    order = [7, *range(7)]  # pixels first: the shallow end
    for column, k in enumerate(order):
        colour = TRUTH if k == 7 else WEIGHT
        spread = (np.arange(len(hits)) - (len(hits) - 1) / 2) * 0.07
        axes.plot(column + spread, hits[:, k], "o", color=colour, markersize=8, alpha=0.85)
        axes.plot([column - 0.35, column + 0.35], [hits[:, k].mean()] * 2, color=colour, linewidth=3)
        axes.plot([column - 0.35, column + 0.35], [chances[k]] * 2, "--", color=FIT, linewidth=1.8)
    axes.set_xticks(range(8), ["pixels", *(f"stage {k}" for k in range(1, 8))])
    axes.set(ylim=(-0.05, 1.05), ylabel="twin among the five")
    axes.tick_params(axis="x", length=0)
    return figure


@styled
def own_weights(own: Array) -> Figure:
    """What a place keeps for itself under the raw Gaussian (photographs, 7), over the stages."""
    return _by_depth(own, ONE, "raw Gaussian: weight on itself")


@styled
def rows_alike(alike: Array) -> Figure:
    """How alike the rows of the centred cosine are (photographs, 7), over the stages."""
    return _by_depth(alike, WEIGHT, "centred cosine: rows alike")


def _by_depth(values: Array, colour: str, title: str) -> Figure:
    """A thin line for each photograph, a thick one for the mean."""
    figure = Figure(figsize=(7.0, 2.5))
    axes = figure.add_axes((0.08, 0.25, 0.88, 0.6))
    stages = np.arange(1, 8)
    for line in values:
        axes.plot(stages, line, color=colour, linewidth=1, alpha=0.5, gid=DECORATION)
    axes.plot(stages, values.mean(axis=0), "o-", color=colour)
    axes.set(ylim=(0, 1), xticks=stages, xlabel="after stage", title=title)
    return figure


@styled
def cams(pictures: dict[str, Array], maps: dict[str, Array]) -> Figure:
    """Photographs (3, 448, 448) under their names, each above its Grad-CAM (7, 7), which has a scale of its own."""
    figure = Figure(figsize=(10.0, 5.0))
    share = 1 / len(pictures)
    for number, (name, picture) in enumerate(pictures.items()):
        top = figure.add_axes((share * number + 0.01, 0.475, share - 0.02, 0.44))
        top.imshow(picture.transpose(1, 2, 0)[::4, ::4], extent=(0, 448, 448, 0), interpolation="nearest")
        _bare(top, name)
        below = figure.add_axes((share * number + 0.01, 0.01, share - 0.02, 0.44))
        below.imshow(maps[name], cmap=WEIGHT_MAP, interpolation="nearest")
        _bare(below, "")
    return figure


@styled
def greys(pictures: Array) -> Figure:
    """Crops (6, 3, 80, 80) in a row, each under a letter."""
    figure = Figure(figsize=(10.0, 1.95))
    share = 1 / len(pictures)
    for number, picture in enumerate(pictures):
        axes = figure.add_axes((share * number + 0.005, 0.01, share - 0.01, 0.83))
        axes.imshow(picture.transpose(1, 2, 0), interpolation="nearest")
        _bare(axes, "ABCDEF"[number])
    return figure


@styled
def cards_read(coloured: dict[str, Array], white: dict[str, Array]) -> Figure:
    """Shares (seeds,) of cards named right: a dot for each seed, a bar at the mean; coloured lamps, then white ones."""
    figure = Figure(figsize=(10.0, 3.1))
    wide, narrow = figure.subplots(1, 2, width_ratios=(6, 3), sharey=True)
    figure.subplots_adjust(left=0.085, right=0.995, top=0.89, bottom=0.2, wspace=0.06)
    for axes, values, title in ((wide, coloured, "coloured lamps"), (narrow, white, "control: white lamp")):
        for place, (name, numbers) in enumerate(values.items()):
            colour, marker = (WEIGHT, "D") if name == "SE" else (TRUTH, "o")
            offsets = np.linspace(-0.16, 0.16, len(numbers))
            axes.plot(place + offsets, numbers, marker, color=colour, markersize=7, alpha=0.8)
            axes.plot([place - 0.28, place + 0.28], [numbers.mean()] * 2, color=FIT, linewidth=2)
        axes.set_xticks(range(len(values)), ["\n".join(name.rsplit(" ", 1)) for name in values])
        axes.set(title=title, ylim=(0, 1.03), xlim=(-0.5, len(values) - 0.5))
        axes.tick_params(axis="x", length=0)
    wide.set_ylabel("named right")
    return figure
