"""Figures of lesson 5. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from visual_attention.drawing.diagrams import Box, Diagram
from visual_attention.drawing.style import FIT, ONE, SLIDE, TRUTH, WEIGHT, Array, styled

PLANES = ("red", "green", "blue")
_PALE = "#9A86A9"  # weights that are not in play


# ---- diagrams
@styled
def mixing_desk(names: tuple[str, ...], gates: Array) -> Figure:
    """One slider for each channel (n,), turned to its gate."""
    figure = Figure(figsize=(10.0, 3.2))
    axes = figure.add_axes((0.02, 0.12, 0.96, 0.85))
    places = np.arange(len(names))
    axes.vlines(places, 0, 1, color=TRUTH, linewidth=5)
    axes.vlines(places, 0, gates, color=WEIGHT, linewidth=5)
    axes.bar(places, np.full(len(names), 0.13), bottom=gates - 0.065, width=0.34, color=WEIGHT, zorder=3)
    axes.set(xlim=(-0.6, len(names) - 0.4), ylim=(-0.08, 1.08), yticks=[])
    axes.set_xticks(places, names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


@styled
def block_diagram() -> Figure:
    """The squeeze-and-excitation block with the shape of what leaves each box."""
    diagram = Diagram(10.0, 3.0)
    y = 0.95
    diagram.note(0.62, 2.3, "U", colour=FIT)
    diagram.note(0.62, 2.02, "C × H × W")
    squeeze = diagram.box(2.05, y, "mean over\npositions", width=1.5, height=0.8, shape="z: C")
    reduce = diagram.box(4.15, y, "$W_1$, ReLU", width=1.55, height=0.8, role="query", shape="C / r")
    expand = diagram.box(6.25, y, "$W_2$, sigmoid", width=1.75, height=0.8, role="weight", shape="gates s: C")
    times = diagram.operator(8.0, 2.3, "×", role="weight")
    diagram.line((1.3, 2.3), (1.42, 2.3), role="value")
    diagram.arrow((1.3, 2.3), times.left, role="value")
    diagram.arrow((0.62, 1.84), (0.62, y), squeeze.left)
    diagram.arrow(squeeze.right, reduce.left)
    diagram.arrow(reduce.right, expand.left)
    diagram.arrow(expand.right, (8.0, y), times.bottom, role="weight")
    diagram.arrow(times.right, (8.75, 2.3), role="value")
    diagram.note(9.35, 2.3, "s$_c$ u$_c$", colour=FIT)
    diagram.note(9.3, 2.02, "C × H × W")
    for x, word in ((2.05, "squeeze"), (5.2, "excitation"), (8.72, "scale")):
        diagram.note(x, 1.62, word, colour=FIT)
    return diagram.figure


@styled
def homes_diagram() -> Figure:
    """The block in a residual network (left) and in an Inception network (right)."""
    diagram = Diagram(10.0, 3.3)
    y = 1.2
    diagram.note(0.2, 3.05, "SE-ResNet", colour=FIT, align="left")
    diagram.line((0.15, y), (0.4, y))
    branch = diagram.box(1.3, y, "three\nconvolutions", width=1.5, height=0.85, role="value")
    gate = diagram.box(2.95, y, "SE", width=0.8, height=0.85, role="weight")
    plus = diagram.operator(4.05, y, "+")
    diagram.arrow((0.15, y), branch.left)
    diagram.arrow(branch.right, gate.left)
    diagram.arrow(gate.right, plus.left)
    diagram.arrow((0.3, y), (0.3, 2.3), (4.05, 2.3), plus.top)
    diagram.arrow(plus.right, (4.8, y))
    diagram.note(2.2, 2.5, "shortcut, not gated")

    diagram.note(5.45, 3.05, "SE-Inception", colour=FIT, align="left")
    boxes: list[Box] = [
        diagram.box(6.7, height, text, width=1.35, height=0.48, role="value")
        for height, text in ((2.4, "1×1"), (1.8, "3×3"), (1.2, "two 3×3"), (0.6, "pooling"))
    ]
    diagram.line((5.4, 1.5), (5.7, 1.5))
    diagram.line((5.7, 0.6), (5.7, 2.4))
    concat = diagram.box(8.05, 1.5, "join", width=0.85, height=0.85)
    for box in boxes:
        diagram.arrow((5.7, box.y), box.left)
        diagram.line(box.right, (7.5, box.y))
    diagram.line((7.5, 0.6), (7.5, 2.4))
    diagram.arrow((7.5, 1.5), concat.left)
    gate = diagram.box(9.1, 1.5, "SE", width=0.7, height=0.85, role="weight")
    diagram.arrow(concat.right, gate.left)
    diagram.arrow(gate.right, (9.9, 1.5))
    return diagram.figure


@styled
def experiment_diagram() -> Figure:
    """The network of the context experiment: three planes, one reader, a slot and a head."""
    diagram = Diagram(10.0, 1.4)
    y = 0.7
    reader = diagram.box(2.95, y, "reader,\ntrained first", width=1.7, height=1.3)
    for plane, name in enumerate(PLANES):
        height = y + 0.44 - 0.44 * plane
        diagram.note(1.4, height, f"{name} plane", align="right", colour=FIT)
        diagram.arrow((1.5, height), (reader.left[0], height))
        diagram.arrow((reader.right[0], height), (4.3, height))
    joined = diagram.box(5.0, y, "48 × 6 × 6", width=1.4, height=1.3, role="value")
    slot = diagram.box(6.7, y, "slot", width=1.0, height=0.8, role="weight")
    head = diagram.box(8.1, y, "head", width=1.0, height=0.8)
    diagram.arrow(joined.right, slot.left)
    diagram.arrow(slot.right, head.left)
    diagram.arrow(head.right, (9.1, y))
    diagram.note(9.5, y, "digit", colour=FIT)
    return diagram.figure


@styled
def placements_diagram() -> Figure:
    """Four places for the block in a residual unit."""
    diagram = Diagram(10.0, 2.95)
    # Each: boxes on the branch, boxes on the trunk after the sum, a box on the shortcut, and the place in words.
    plans = {
        "SE": (("convolutions", "SE"), (), False, "end of the branch"),
        "PRE": (("SE", "convolutions"), (), False, "start of the branch"),
        "POST": (("convolutions",), ("SE",), False, "behind the sum"),
        "Identity": (("convolutions",), (), True, "on the shortcut"),
    }
    for row, (name, (branch, trunk, on_shortcut, words)) in enumerate(plans.items()):
        y = 2.46 - 0.74 * row
        up = y + 0.36
        diagram.note(0.1, y, name, colour=FIT, align="left")
        x = 1.55
        at: tuple[float, float] = (1.2, y)
        for text in branch:
            width = 0.75 if text == "SE" else 1.75
            box = _small(diagram, x + width / 2, y, text, width)
            diagram.arrow(at, box.left)
            at, x = box.right, x + width + 0.3
        plus = diagram.operator(5.3, y, "+")
        diagram.arrow(at, plus.left)
        diagram.line((1.38, y), (1.38, up))
        if on_shortcut:
            box = _small(diagram, 4.2, up, "SE", 0.75)
            diagram.line((1.38, up), box.left)
            diagram.line(box.right, (5.3, up))
        else:
            diagram.line((1.38, up), (5.3, up))
        diagram.arrow((5.3, up), plus.top)
        at = plus.right
        for text in trunk:
            box = _small(diagram, 6.35, y, text, 0.75)
            diagram.arrow(at, box.left)
            at = box.right
        diagram.arrow(at, (7.3, y))
        diagram.note(7.55, y, words, align="left")
    return diagram.figure


def _small(diagram: Diagram, x: float, y: float, text: str, width: float) -> Box:
    return diagram.box(x, y, text, width=width, height=0.42, role="weight" if text == "SE" else "value")


# ---- pictures of framed digits
def _picture(axes: Axes, image: Array, title: str = "") -> None:
    """A colour picture (3, H, W) or a single plane (H, W)."""
    if image.ndim == 3:
        axes.imshow(image.transpose(1, 2, 0), interpolation="nearest")
    else:
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[], title=title)
    axes.spines[:].set(visible=True, color="#999999")


@styled
def riddle(images: Array, titles: tuple[str, ...]) -> Figure:
    """Pictures (n, 3, H, W) side by side."""
    figure = Figure(figsize=(10.0, 3.5))
    panels = figure.subplots(1, len(images))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.01, wspace=0.05)
    for axes, image, title in zip(panels, images, titles, strict=True):
        _picture(axes, image, title)
    return figure


@styled
def planes(image: Array, titles: tuple[str, ...]) -> Figure:
    """A picture (3, H, W) and its three planes."""
    figure = Figure(figsize=(10.0, 2.75))
    panels = figure.subplots(1, 4)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.88, bottom=0.01, wspace=0.06)
    for axes, part, title in zip(panels, (image, *image), titles, strict=True):
        _picture(axes, part, title)
    return figure


# ---- the experiment
@styled
def outcome(coloured: dict[str, Array], grey: dict[str, Array], chance: float) -> Figure:
    """Accuracy of each network, a dot for each seed: the announcing frame (left), the grey frame (right)."""
    figure = Figure(figsize=(10.0, 2.95))
    wide, narrow = figure.subplots(1, 2, width_ratios=(5, 3), sharey=True)
    figure.subplots_adjust(left=0.085, right=0.995, top=0.89, bottom=0.18, wspace=0.06)
    for axes, values, title in (
        (wide, coloured, "the frame announces the colour"),
        (narrow, grey, "control: grey frame, one digit"),
    ):
        for place, (name, numbers) in enumerate(values.items()):
            colour, marker = (WEIGHT, "D") if name == "SE" else (TRUTH, "o")
            offsets = np.linspace(-0.16, 0.16, len(numbers))
            axes.plot(place + offsets, numbers, marker, color=colour, markersize=7, alpha=0.8)
            axes.plot([place - 0.28, place + 0.28], [numbers.mean()] * 2, color=FIT, linewidth=2)
        axes.set_xticks(range(len(values)), [name.replace(" ", "\n", 1) for name in values])
        axes.set(title=title, ylim=(0.2, 1.03), xlim=(-0.5, len(values) - 0.5))
        axes.tick_params(axis="x", length=0)
    wide.axhline(chance, color=TRUTH, linestyle=":", linewidth=1.6)
    wide.text(4.45, chance + 0.03, "one of three", color="#555555", ha="right")
    wide.set_ylabel("read right")
    return figure


@styled
def context_gates(gates: Array) -> Figure:
    """Mean gates (3, 48) of a trained network: a row for a red, a green, a blue frame."""
    figure = Figure(figsize=(10.0, 3.0))
    panels = figure.subplots(3, 1, sharex=True)
    figure.subplots_adjust(left=0.14, right=0.995, top=0.99, bottom=0.11, hspace=0.16)
    for number, (axes, row) in enumerate(zip(panels, gates, strict=True)):
        _gate_bars(axes, row, [WEIGHT if plane == number else _PALE for plane in range(3)])
        axes.set(ylim=(0, 1.05), yticks=[0, 1])
        axes.set_ylabel(f"{PLANES[number]}\nframe", rotation=0, ha="right", va="center")
        axes.tick_params(axis="x", length=0, labelbottom=number == 2)
    return figure


def _gate_bars(axes: Axes, gates: Array, colours: list[str]) -> None:
    """48 bars in three blocks, one for the channels of each colour plane."""
    each = len(gates) // 3
    places = np.arange(len(gates)) + 1.5 * (np.arange(len(gates)) // each)
    axes.bar(places, gates, color=[colours[number // each] for number in range(len(gates))], width=0.8)
    axes.set_xticks(
        [places[plane * each : (plane + 1) * each].mean() for plane in range(3)], [f"{name} plane" for name in PLANES]
    )
    axes.set_xlim(-1, places[-1] + 1)


@styled
def gates_panels(*, image: Array, shown: Array, frame: int, own: Array, used: Array, probability: Array) -> Figure:
    """A picture, the gates that its network makes and those in use, and the probabilities of the ten digits.

    image (3, H, W); shown (3,): the digit of each plane; own, used (48,); probability (10,).
    """
    figure = Figure(figsize=SLIDE)
    picture = figure.add_axes((0.0, 0.36, 0.25, 0.55))
    small = [figure.add_axes((0.008 + 0.083 * plane, 0.02, 0.075, 0.183)) for plane in range(3)]
    bars = figure.add_axes((0.305, 0.585, 0.685, 0.325))
    answer = figure.add_axes((0.305, 0.15, 0.685, 0.255))

    _picture(picture, image, f"{PLANES[frame]} frame")
    for plane, axes in enumerate(small):
        _picture(axes, image[plane], "")
        axes.set_title(PLANES[plane], fontsize=14.5, pad=3)

    _gate_bars(bars, used, [WEIGHT] * 3)
    each = len(own) // 3
    places = np.arange(len(own)) + 1.5 * (np.arange(len(own)) // each)
    bars.plot(places, own, "_", color=FIT, markersize=6, markeredgewidth=1.6)
    bars.set(ylim=(0, 1.03), yticks=[0, 1], title="gates in use (bars), the network's own (dashes)")
    bars.tick_params(axis="x", length=0)

    answer.bar(range(10), probability, color=[FIT if p == probability.max() else TRUTH for p in probability], width=0.7)
    names = []
    for digit in range(10):
        at = [PLANES[plane] for plane in range(3) if shown[plane] == digit]
        names.append(f"{digit}" + (f"\n{at[0]}" if at else ""))
    answer.set_xticks(range(10), names)
    answer.set(ylim=(0, 1.03), yticks=[0, 1], title="probability of each digit")
    answer.tick_params(axis="x", length=0)
    return figure


# ---- costs and published numbers
@styled
def ratio_panels(
    *,
    stages: Array,
    gated: tuple[bool, ...],
    here: tuple[str, float, float | None],
    totals: dict[int, float],
    errors: dict[int, float],
    bare: tuple[float, float],
) -> Figure:
    """Weights that SE adds to each stage (4,), and published error against the whole network's parameters.

    totals, errors: by ratio, millions of parameters counted and per cent; bare: the same two for the network without
    SE; here: what is shown, its millions of parameters, and its error or None where the paper has none.
    """
    figure = Figure(figsize=SLIDE)
    left = figure.add_axes((0.02, 0.15, 0.37, 0.75))
    right = figure.add_axes((0.49, 0.17, 0.5, 0.73))
    millions = stages / 1e6
    heights = left.bar(range(4), millions, color=[WEIGHT if on else _PALE for on in gated], width=0.7)
    left.bar_label(heights, [f"{m:.2f}" for m in millions], padding=2)
    left.set(title="added by SE, millions of weights", ylim=(0, max(float(millions.max()) * 1.18, 0.2)), yticks=[])
    left.spines["left"].set_visible(False)
    left.set_xticks(range(4), [f"stage {k}" for k in (2, 3, 4, 5)])
    left.tick_params(length=0)

    words, total, error = here
    right.axvline(total, color=WEIGHT, linestyle=":")
    right.plot([totals[ratio] for ratio in errors], list(errors.values()), "o-", color=ONE, markersize=9)
    right.plot(*bare, "s", color=TRUTH, markersize=10)
    clear = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    right.annotate("no SE", bare, xytext=(12, 0), textcoords="offset points", va="center", bbox=clear)
    if error is not None:
        right.plot([total], [error], "D", color=WEIGHT, markersize=13)
        words += f": {error:.2f} %"
    else:
        words += ":\nnot in the table"
    side = "left" if total < 50 else "right"
    at = (8 if side == "left" else -8, 0)
    right.annotate(words, (total, 22.95), xytext=at, textcoords="offset points", ha=side, color=WEIGHT)
    right.set(title="top-1 error, % (SENet, Table 10)", xlabel="parameters of the network, millions")
    right.set(ylim=(22.0, 23.45), xlim=(24, 68))
    right.set_yticks([22.0, 22.5, 23.0])
    return figure


@styled
def bar_ladder(values: dict[str, float], unit: str, start: float, marked: str) -> Figure:
    """Published numbers as bars from `start`, with their names; the one called `marked` in another colour."""
    figure = Figure(figsize=(10.0, 2.9))
    axes = figure.add_axes((0.36, 0.03, 0.56, 0.86))
    names = list(values)[::-1]
    lengths = [values[name] - start for name in names]
    colours = [WEIGHT if name == marked else TRUTH if name == next(iter(values)) else ONE for name in names]
    bars = axes.barh(range(len(names)), lengths, left=start, color=colours, height=0.66)
    axes.bar_label(bars, [f"{values[name]:.2f}" for name in names], padding=4)
    axes.set_yticks(range(len(names)), names)
    axes.set(title=unit, xlim=(start, max(values.values()) + 0.25), xticks=[])
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)
    return figure


__all__ = [
    "bar_ladder",
    "block_diagram",
    "context_gates",
    "experiment_diagram",
    "gates_panels",
    "homes_diagram",
    "mixing_desk",
    "outcome",
    "placements_diagram",
    "planes",
    "ratio_panels",
    "riddle",
]
