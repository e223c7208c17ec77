"""Figures of lesson 1. Each takes numbers that were computed elsewhere (tensors) and returns a figure."""

import math

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Circle, FancyBboxPatch

from visual_attention.drawing.style import DECORATION, ONE, OTHER, SLIDE, TRUTH, WEIGHT, WEIGHT_MAP, Array, ink, styled
from visual_attention.lessons.cues.icons import WOOD, icon

# Where things lie on the desk: centre and size, in units of the desk's height.
_PLACES = {
    "newspaper": (0.27, 0.7, 0.46),
    "paper": (0.68, 0.75, 0.38),
    "red cup": (0.95, 0.28, 0.42),
    "notebook": (0.44, 0.25, 0.4),
    "book": (1.13, 0.69, 0.46),
}
_DESK = (1.44, 1.0)
_LARGEST_HALO = 0.34  # radius of a halo of weight 1
_WRITTEN_AS_ZERO = 0.005  # a weight below this reads 0.00, and its halo would be a dot

RED, GREEN = "#B00D26", "#38997D"  # apart in lightness too, for readers who do not tell red from green
_TILT = math.radians(40)
_MIXED = ("#9C2F45", "#1D5C83", "#B35900", "#3E6B2E", "#7A3E9D")  # any five that are told from each other


@styled
def mixture(weights: Array) -> Figure:
    """Attention in one picture: five colours, a line from each as thick as its weight (5,), and the colour mixed so."""
    figure = Figure(figsize=(10.0, 3.9))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10), ylim=(0, 3.9), aspect="equal")
    axes.axis("off")
    end = (8.3, 1.6)
    colours = [to_rgb(colour) for colour in _MIXED]
    for number, (colour, weight) in enumerate(zip(colours, weights, strict=True)):
        y = 0.3 + 0.65 * number
        axes.plot([1.4, end[0]], [y, end[1]], color=WEIGHT, linewidth=1 + 22 * weight, solid_capstyle="butt", zorder=1)
        axes.add_patch(Circle((1.4, y), 0.27, facecolor=colour, zorder=2))
    axes.add_patch(Circle(end, 0.72, facecolor=tuple(weights @ colours), edgecolor="white", linewidth=4, zorder=2))
    for x, words in ((1.4, "what is there"), (4.85, "weights: who sets them?"), (end[0], "what gets through")):
        axes.text(x, 3.55, words, ha="center", fontsize=17)
    return figure


def _desk(axes: Axes, names: tuple[str, ...], weights: Array | None) -> None:
    width, height = _DESK
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    board = FancyBboxPatch((0.012, 0.012), width - 0.024, height - 0.024, boxstyle="round,pad=0,rounding_size=0.04")
    board.set(facecolor=WOOD, edgecolor="#A98A55", linewidth=3, gid=DECORATION)
    axes.add_patch(board)
    for y, left, right in (
        (0.12, 0.05, 0.2),
        (0.46, 1.1, 1.39),
        (0.94, 0.93, 1.3),
        (0.09, 1.2, 1.38),
        (0.43, 0.05, 0.3),
    ):
        axes.plot([left, right], [y, y], color="#D3B985", linewidth=2, solid_capstyle="round", zorder=1, gid=DECORATION)
    for number, name in enumerate(names):
        x, y, size = _PLACES[name]
        if weights is not None and weights[number] >= _WRITTEN_AS_ZERO:
            radius = _LARGEST_HALO * math.sqrt(weights[number])
            halo = Circle((x, y), radius, facecolor=f"{WEIGHT}40", edgecolor=WEIGHT, linewidth=3, zorder=3)
            halo.set_gid(f"halo {name}")
            # A white casing keeps the ring apart from dark things.
            casing = Circle(
                (x, y), radius, facecolor="none", edgecolor="white", linewidth=6, zorder=2.5, gid=DECORATION
            )
            for ring in (casing, halo):
                axes.add_patch(ring).set_clip_path(board)
        extent = (x - size / 2, x + size / 2, y - size / 2, y + size / 2)
        axes.imshow(icon(name), extent=extent, zorder=2, interpolation="antialiased")
    axes.set(xlim=(0, width), ylim=(0, height))


@styled
def desk(names: tuple[str, ...]) -> Figure:
    """The desk with its things, as it lies there."""
    figure = Figure(figsize=(10.0, 4.1))
    axes = figure.add_axes((0, 0, 1, 1))
    _desk(axes, names, None)
    return figure


@styled
def desk_panels(*, names: tuple[str, ...], weights: Array, percept: Array, wish: str) -> Figure:
    """The desk with a halo round each thing, the weights (n,) as bars, and the percept (3, H, W).

    A halo's area is the thing's weight.
    """
    figure = Figure(figsize=SLIDE)
    scene = figure.add_axes((0.0, 0.005, 0.635, 0.915))
    bars = figure.add_axes((0.715, 0.645, 0.28, 0.275))
    blend = figure.add_axes((0.755, 0.025, 0.2, 0.40816))

    _desk(scene, names, weights)
    scene.set_title(f"looking for {wish}" if wish == "nothing" else f"looking for {wish} …")

    heights = bars.bar(range(len(names)), weights, color=WEIGHT, width=0.72)
    bars.bar_label(heights, [f"{weight:.2f}" for weight in weights], padding=1, fontsize=12)
    bars.set(title="attention weights", ylim=(0, 1.19), xlim=(-0.55, len(names) - 0.45), xticks=[], yticks=[0, 0.5, 1])
    for number, name in enumerate(names):
        small = OffsetImage(icon(name, 48), zoom=0.5, interpolation="nearest")
        box = AnnotationBbox(small, (number, 0), xybox=(0, -17), boxcoords="offset points", frameon=False, pad=0)
        bars.add_artist(box)

    blend.imshow(percept.transpose(1, 2, 0).clip(0, 1), interpolation="nearest")
    blend.set(xticks=[], yticks=[])
    blend.spines[:].set_visible(True)
    blend.set_title("percept: $\\Sigma_i\\,\\alpha_i\\,$picture$_i$", fontsize=14)
    return figure


def _numbered_map(axes: Axes, weights: Array, rows: tuple[str, ...], columns: tuple[str, ...]) -> None:
    axes.imshow(weights, cmap=WEIGHT_MAP, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for row, line in enumerate(weights):
        for column, weight in enumerate(line):
            text = f"{weight:g}" if weight in (0, 1) else f"{weight:.2f}"
            axes.text(column, row, text, ha="center", va="center", color=ink(weight), fontsize=15)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


@styled
def weight_map(
    weights: Array, rows: tuple[str, ...], columns: tuple[str, ...], *, size: tuple[float, float] = (10.0, 3.2)
) -> Figure:
    """Attention weights (m, n) as a heat map with its numbers: a named row for each query, a column for each key."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    _numbered_map(axes, weights, rows, columns)
    axes.set_ylabel("query")
    axes.set_xlabel("key")
    axes.xaxis.set_label_position("top")
    return figure


def _bars(axes: Axes, features: Array, places: Array, weights: Array | None) -> None:
    """Search items (n, 2) at their places (n, 2), with halos whose area is their weight (n,)."""
    axes.set(xlim=(-0.35, 8.35), ylim=(-0.35, 8.35), aspect="equal", xticks=[], yticks=[], facecolor="#FAFAFA")
    axes.spines[:].set_visible(False)
    for number, ((colour, posture), (x, y)) in enumerate(zip(features, places, strict=True)):
        if weights is not None:
            halo = Circle(
                (x, y), 1.15 * math.sqrt(weights[number]), facecolor=f"{WEIGHT}66", edgecolor=WEIGHT, linewidth=1
            )
            halo.set_gid(f"halo {number}")
            axes.add_patch(halo)
        angle = _TILT if posture else 0.0
        dx, dy = 0.36 * math.sin(angle), 0.36 * math.cos(angle)
        axes.plot(
            [x - dx, x + dx], [y - dy, y + dy], color=GREEN if colour else RED, linewidth=5, solid_capstyle="butt"
        )


@styled
def search_displays(displays: tuple[tuple[Array, Array], ...], titles: tuple[str, ...]) -> Figure:
    """Search displays side by side, each given by features (n, 2) and places (n, 2)."""
    figure = Figure(figsize=(10.0, 3.4))
    panels = figure.subplots(1, len(displays))
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.01, wspace=0.03)
    for axes, (features, places), title in zip(panels, displays, titles, strict=True):
        _bars(axes, features, places, None)
        axes.set_title(title)
    return figure


@styled
def search_panels(
    *,
    features: Array,
    places: Array,
    weights: Array,
    sizes: Array,
    target: dict[str, Array],
    by_saliency: dict[str, Array],
    search: str,
    at: int,
    wish: str,
) -> Figure:
    """A search display with its weights as halos, and the target's weight against the number of items.

    Shapes: features, places (n, 2); weights (n,); sizes (s,), of which number `at` is shown; target and by_saliency
    hold (s,) for each kind of search, with the wish and without one; `search` is the kind shown.
    """
    figure = Figure(figsize=SLIDE)
    display = figure.add_axes((0.005, 0.02, 0.455, 0.9))
    curve = figure.add_axes((0.56, 0.14, 0.43, 0.78))
    _bars(display, features, places, weights)
    display.set_title(f"{len(features)} items, looking for {wish}")

    styles = {"feature": (ONE, "o", "-"), "conjunction": (OTHER, "s", "-")}
    for kind, (colour, marker, line) in styles.items():
        if not (target[kind] == by_saliency[kind]).all():
            curve.plot(sizes, by_saliency[kind], color=colour, linestyle=":", linewidth=1.6)
        curve.plot(sizes, target[kind], color=colour, linestyle=line, label=f"{kind} search")
        if kind == search:
            curve.plot([sizes[at]], [target[kind][at]], marker, color=colour, markersize=12, zorder=4)
            curve.annotate(
                f"{target[kind][at]:.3f}",
                (sizes[at], target[kind][at]),
                xytext=(0, -24 if target[kind][at] > 0.9 else 14),
                textcoords="offset points",
                ha="center" if sizes[at] < 60 else "right",
                fontsize=15,
                color=colour,
            )
    curve.plot(sizes, 1 / sizes, color=TRUTH, linestyle="--", linewidth=1.6, label="equal shares, 1/N")
    curve.set(title="weight on the target", xlabel="number of items N", ylim=(0, 1.06), xlim=(float(sizes[0]) - 3, 67))
    curve.set_xticks([4, 16, 32, 48, 64])
    curve.legend(loc="center right", bbox_to_anchor=(1.0, 0.72))
    return figure


@styled
def pool_panels(
    *, picture: Array, features: Array, weights: Array, pooled: float, mean: float, largest: float
) -> Figure:
    """A photograph (3, H, W), its feature map (h, w), the pooling weights (h, w), and the pooled value on a line."""
    figure = Figure(figsize=(10.0, 3.5))
    height = 0.57
    panels = [figure.add_axes((0.004 + 0.334 * k, 0.345, 0.324, height)) for k in range(3)]
    scale = figure.add_axes((0.06, 0.11, 0.88, 0.12))

    # Equal weights are to look faint, not as strong as a single cell that takes everything.
    top = max(float(weights.max()), 3 / weights.size)
    photo, feature, weight = panels
    photo.imshow(picture.transpose(1, 2, 0), aspect="auto")
    photo.set_title("photograph")
    feature.imshow(features, cmap="Greens", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    feature.set_title("feature map $x$: edges")
    weight.imshow(weights, cmap=WEIGHT_MAP, vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    weight.set_title("weights softmax$(\\beta x)$")
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)

    scale.set(xlim=(mean - 0.03, largest + 0.03), ylim=(-1, 1), yticks=[])
    for side in ("left", "top", "right", "bottom"):
        scale.spines[side].set_visible(False)
    scale.plot([mean, largest], [0, 0], color=TRUTH, linewidth=3, solid_capstyle="round")
    scale.plot([mean, largest], [0, 0], "|", color=TRUTH, markersize=16, markeredgewidth=3)
    scale.plot([pooled], [0], "D", color=WEIGHT, markersize=12)
    scale.set_xticks([mean, largest], [f"mean {mean:.3f}", f"maximum {largest:.3f}"])
    scale.tick_params(length=0, pad=2)
    scale.annotate(
        f"pooled {pooled:.3f}",
        (pooled, 0),
        xytext=(0, 11),
        textcoords="offset points",
        ha="center",
        color=WEIGHT,
        fontsize=15,
    )
    return figure
