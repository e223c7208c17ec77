"""Figures of lesson 8. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from visual_attention.drawing.diagrams import Diagram
from visual_attention.drawing.seeds import seed_rows
from visual_attention.drawing.style import (
    DECORATION,
    FIT,
    ONE,
    OTHER,
    SLIDE,
    TRUTH,
    WEIGHT,
    WEIGHT_MAP,
    Array,
    ink,
    styled,
)


# ---------------------------------------------------------------------------------------------------- block diagrams
@styled
def empty_slot() -> Figure:
    """A network that fails, with room for one block, and the four blocks to choose from."""
    d = Diagram(10, 2.6)
    y = 0.6
    job = d.box(1.1, y, "a new job", width=1.8)
    trunk = d.box(3.3, y, "network", width=1.7)
    slot = d.box(5.7, y, "?", width=1.5, height=0.85, role="weight")
    answer = d.box(8.4, y, "right answers", width=2.1)
    for start, end in ((job, trunk), (trunk, slot), (slot, answer)):
        d.arrow(start.right, end.left)
    for x, name in ((2.1, "SE"), (4.5, "Non-local"), (6.9, "CBAM"), (9.0, "SK")):
        block = d.box(x, 2.2, name, width=1.6, role="weight")
        d.line(block.bottom, (x, 1.55), role="weight")
    d.line((2.1, 1.55), (9.0, 1.55), role="weight")
    d.arrow((5.7, 1.55), slot.top, role="weight")
    return d.figure


@styled
def backbone() -> Figure:
    """One backbone for all jobs: a frozen trunk, the slot, a mean where the question is asked, one linear layer."""
    d = Diagram(10, 2.0)
    y = 1.2
    inks = d.box(0.95, y, "four inks", width=1.5, shape="4 × 48 × 48")
    trunk = d.box(3.0, y, "trunk, frozen", width=1.75, shape="64 × 12 × 12")
    slot = d.box(5.1, y, "slot", width=1.3, height=0.85, role="weight")
    d.note(5.1, y - 0.62, "64 × 12 × 12")
    mean = d.box(7.15, y, "mean where\nasked", width=1.6, height=0.85)
    d.note(7.15, y - 0.62, "64")
    linear = d.box(9.1, y, "linear", width=1.2, shape="answers")
    for start, end in ((inks, trunk), (trunk, slot), (slot, mean), (mean, linear)):
        d.arrow(start.right, end.left)
    d.note(5.1, 0.2, "none, SE, Non-local, CBAM or SK", colour=WEIGHT)
    return d.figure


@styled
def choosing() -> Figure:
    """Which block for which failure: questions from the top to the bottom, each answer to the right of its question."""
    d = Diagram(10, 4.0)
    questions = (
        ("Can one cell tell,\nwhatever else is there?", "nothing: spend it on width"),
        ("Does the whole picture\nsay which channel counts?", "a channel gate: SE"),
        ("Does something near\nsay which place counts?", "spatial gate; CBAM with a cue"),
        ("Does each place need\nsomething far, of its own?", "Non-local"),
        ("Do things come in\nseveral sizes?", "several kernels; SK to choose"),
    )
    step, top = 0.79, 3.58
    for number, (question, answer) in enumerate(questions):
        y = top - number * step
        asked = d.box(2.5, y, question, width=3.6, height=0.66, role="query")
        given = d.box(7.6, y, answer, width=3.9, height=0.56, role="weight")
        d.arrow(asked.right, given.left)
        d.note(4.95, y + 0.17, "yes")
        if number < len(questions) - 1:
            d.arrow(asked.bottom, (2.5, y - step + 0.33))
    return d.figure


# ------------------------------------------------------------------------------------------------------- the pictures
def _picture(axes: Axes, image: Array) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def _box(axes: Axes, box: Sequence[int], colour: str, style: str = "-") -> None:
    row, column, height, width = box
    corner = (column - 0.5, row - 0.5)
    if colour != "#FFFFFF":  # a white casing keeps the frame apart from dark places
        casing = Rectangle(corner, width, height, facecolor="none", edgecolor="white", linewidth=5.1, gid=DECORATION)
        axes.add_patch(casing)
    axes.add_patch(Rectangle(corner, width, height, facecolor="none", edgecolor=colour, linewidth=2.6, linestyle=style))


@styled
def pictures(images: Array, titles: Sequence[str], below: Sequence[str]) -> Figure:
    """Pictures (n, H, W, 3) in a row, with a title above each and a few words below it."""
    figure = Figure(figsize=(10.0, 3.3))
    for axes, image, title, words in zip(figure.subplots(1, len(images)), images, titles, below, strict=True):
        _picture(axes, image)
        axes.set_title(title, fontweight="bold")
        axes.text(0.5, -0.05, textwrap.fill(words, 18), transform=axes.transAxes, ha="center", va="top")
    figure.subplots_adjust(left=0.005, right=0.995, top=0.9, bottom=0.32, wspace=0.06)
    return figure


@styled
def layers(image: Array, inks: Array, names: Sequence[str]) -> Figure:
    """A picture (H, W, 3), and each of its inks (4, H, W) for itself."""
    figure = Figure(figsize=(10.0, 2.35))
    panels = figure.subplots(1, 1 + len(inks))
    _picture(panels[0], image)
    panels[0].set_title("picture")
    for axes, layer, name in zip(panels[1:], inks, names, strict=True):
        axes.imshow(layer, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], title=name)
        axes.spines[:].set_visible(True)
    figure.subplots_adjust(left=0.005, right=0.995, top=0.86, bottom=0.01, wspace=0.06)
    return figure


# --------------------------------------------------------------------------------------------------------- the table
@styled
def table(
    means: Array, spreads: Array, jobs: Sequence[str], blocks: Sequence[str], own: Mapping[str, str], shown: int
) -> Figure:
    """Mean ± standard deviation (jobs, blocks) of the first `shown` rows; the others hold question marks.

    A thick frame marks the block that a job was made for.
    """
    figure = Figure(figsize=(10.0, 3.5))
    axes = figure.add_axes((0.09, 0.01, 0.905, 0.88))
    axes.set(xlim=(0, len(blocks)), ylim=(len(jobs), 0))
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(blocks)) + 0.5, blocks)
    axes.set_yticks(np.arange(len(jobs)) + 0.5, jobs)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, job in enumerate(jobs):
        for column, block in enumerate(blocks):
            known = row < shown
            mean = means[row, column]
            shade = max(0.0, float(mean) - 0.2) / 0.9
            colour = WEIGHT_MAP(shade) if known else "#F4F4F4"
            axes.add_patch(Rectangle((column + 0.03, row + 0.05), 0.94, 0.9, facecolor=colour, gid=DECORATION))
            if own[job] == block:
                axes.add_patch(
                    Rectangle((column + 0.03, row + 0.05), 0.94, 0.9, facecolor="none", edgecolor=OTHER, linewidth=4)
                )
            text = f"{mean:.3f} ± {spreads[row, column]:.3f}" if known else "?"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink(shade) if known else FIT)
    return figure


def _strip(axes: Axes, values: Mapping[str, Array], marked: str) -> None:
    seed_rows(axes, values, {marked: WEIGHT})
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == marked else "normal")
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)


@styled
def row(values: dict[str, Array], marked: str, guess: float, image: Array, title: str) -> Figure:
    """One job: a picture of it, and for each slot a dot for each seed (s,) and a bar at their mean.

    `marked` is the block that the job was made for; the dashed line at `guess` is what guessing gives.
    """
    figure = Figure(figsize=(10.0, 3.1))
    picture = figure.add_axes((0.005, 0.03, 0.265, 0.265 * 10.0 / 3.1))
    _picture(picture, image)
    picture.set_title(title)
    axes = figure.add_axes((0.42, 0.2, 0.57, 0.77))
    _strip(axes, values, marked)
    axes.axvline(guess, color=TRUTH, linestyle="--", linewidth=1.6)
    axes.set(xlabel="accuracy, 5 seeds (dashed: guessing)", xlim=(0.1, 1.02))
    return figure


@styled
def costs(parameters: dict[str, float], operations: dict[str, float], times: dict[str, float]) -> Figure:
    """Three panels of bars by block: parameters, multiply-adds in thousands, and time as a multiple of no block's."""
    figure = Figure(figsize=(10.0, 2.9), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    titles = ("parameters", "thousand multiply-adds", "time of a step, none = 1")
    for axes, values, title, form in zip(
        panels, (parameters, operations, times), titles, ("{:,.0f}", "{:,.0f}", "{:.1f}"), strict=True
    ):
        bars = axes.barh(range(len(values)), list(values.values()), color=ONE, height=0.7)
        axes.bar_label(bars, [form.format(value) for value in values.values()], padding=4)
        axes.set(title=title, xticks=[], xlim=(0, 1.45 * max(values.values())), ylim=(len(values) - 0.5, -0.5))
        axes.set_yticks(range(len(values)), list(values))
        axes.spines["bottom"].set_visible(False)
    return figure


@styled
def one_cell(images: Array, fields: Sequence[Sequence[int]], titles: Sequence[str], below: Sequence[str]) -> Figure:
    """Pictures (n, H, W, 3), and what one cell sees of each: a square (row, column, height, width)."""
    figure = Figure(figsize=(10.0, 4.1))
    upper, lower = figure.subplots(2, len(images), gridspec_kw={"height_ratios": (3, 2)})
    for whole, part, image, field, title, words in zip(upper, lower, images, fields, titles, below, strict=True):
        _picture(whole, image)
        _box(whole, field, OTHER)
        whole.set_title(title, fontweight="bold")
        row, column, height, width = field
        _picture(part, image[row : row + height, column : column + width])
        part.text(0.5, -0.06, textwrap.fill(words, 17), transform=part.transAxes, ha="center", va="top")
    figure.subplots_adjust(left=0.005, right=0.995, top=0.93, bottom=0.17, wspace=0.06, hspace=0.06)
    return figure


@styled
def counted(shares: Mapping[str, Array]) -> Figure:
    """How much each cell (n,) counts in what is read out: a panel of bars for each name, on one scale."""
    figure = Figure(figsize=(10.0, 2.7))
    panels = figure.subplots(1, len(shares), sharey=True)
    top = max(float(values.max()) for values in shares.values())
    for axes, (name, values) in zip(panels, shares.items(), strict=True):
        bars = axes.bar(range(1, len(values) + 1), values, color=WEIGHT, width=0.6)
        axes.bar_label(bars, [f"{value:.2f}" for value in values.tolist()], padding=3)
        axes.set(title=name, yticks=[], ylim=(0, 1.2 * top), xlabel="cell")
        axes.set_xticks(range(1, len(values) + 1))
        axes.spines["left"].set_visible(False)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.25, wspace=0.08)
    return figure


@styled
def looked_up(
    lists: Array, places: Array, rows: Sequence[str], channels: Sequence[str], names: Sequence[str]
) -> Figure:
    """One list of gates a picture (p, c) times what places hold (m, c): a row a picture, a panel a product.

    `rows` names the pictures, `channels` the channels, `names` the places.
    """
    figure = Figure(figsize=(10.0, 0.55 + 1.25 * len(lists)))
    panels = figure.subplots(len(lists), 1 + len(places), squeeze=False)
    for line, gates, name in zip(panels, lists, rows, strict=True):
        _numbers(line[0], gates, channels)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
        for axes, place in zip(line[1:], places, strict=True):
            _numbers(axes, gates * place, channels)
    for axes, title in zip(panels[0], ("the list, for all places", *names), strict=True):
        axes.set_title(title)
    figure.subplots_adjust(
        left=0.17, right=0.99, top=1 - 0.4 / figure.get_figheight(), bottom=0.13, wspace=0.1, hspace=0.55
    )
    return figure


def _numbers(axes: Axes, values: Array, names: Sequence[str]) -> None:
    axes.imshow(values[None], cmap=WEIGHT_MAP, vmin=0, vmax=1, aspect="auto")
    for number, value in enumerate(values.tolist()):
        axes.text(number, 0, f"{value:g}", ha="center", va="center", color=ink(value))
    axes.set(yticks=[])
    axes.set_xticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)


# ------------------------------------------------------------------------------------------------------ the explorer
@styled
def look_panels(
    *,
    image: Array,
    asked: Sequence[int] | None,
    found: Sequence[int],
    map_name: str,
    weights: Array,
    values: dict[str, Array],
    block: str,
    verdict: str,
) -> Figure:
    """The picture (H, W, 3), a block's map (h, w) of it, and the accuracy of each slot over the seeds.

    `found`, the box where the answer is to be seen, is drawn in full, `asked` dashed.
    """
    figure = Figure(figsize=SLIDE)
    height = 0.285 * SLIDE[0] / SLIDE[1]
    picture = figure.add_axes((0.005, 0.16, 0.285, height))
    seen = figure.add_axes((0.305, 0.16, 0.285, height))
    accuracy = figure.add_axes((0.735, 0.16, 0.255, height))
    _picture(picture, image)
    picture.set_title("picture")
    picture.text(0.5, -0.03, verdict, transform=picture.transAxes, ha="center", va="top")
    side = len(image)
    extent = (-0.5, side - 0.5, side - 0.5, -0.5)
    seen.imshow(weights, cmap=WEIGHT_MAP, vmin=0, vmax=max(float(weights.max()), 1e-9), extent=extent)
    seen.set(xticks=[], yticks=[], title=map_name)
    seen.spines[:].set_visible(True)
    for axes, plain in ((picture, "#FFFFFF"), (seen, FIT)):
        _box(axes, found, OTHER)
        if asked is not None:
            _box(axes, asked, plain, "--")
    _strip(accuracy, values, block)
    accuracy.set(xlim=(0.1, 1.04), xticks=[0.2, 0.4, 0.6, 0.8, 1.0], title="accuracy, 5 seeds")
    return figure
