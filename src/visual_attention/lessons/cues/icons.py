"""The desk of lesson 1: five things drawn once each, as flat icons that are told apart from the last row."""

import functools
from collections.abc import Callable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Ellipse, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from visual_attention.drawing.style import styled

__all__ = ["WOOD", "icon", "tile"]

WOOD = "#E3CDA4"
_INCHES = 2  # a side of an icon, which its line widths are made for
# Only the cup has a strong colour: what stands out must stand out by itself.
_INK = "#3A3A3A"
_PAGE = "#FBFAF5"
_LINE = "#9A9A94"
_RED = "#D7191C"


def icon(name: str, pixels: int = 288) -> np.ndarray:
    """A thing as RGBA in [0, 1], shape (pixels, pixels, 4), transparent around it; do not change it in place.

    Raises ValueError if `name` is not a thing on the desk.
    """
    if name not in _DRAWINGS:
        raise ValueError(f"name must be one of {', '.join(_DRAWINGS)}, got {name!r}")
    return _rendered(name, pixels)


def tile(name: str) -> torch.Tensor:
    """A thing lying on the wood, RGB in [0, 1], shape (3, 288, 288), float64: the value that attention blends."""
    thing = icon(name)
    colour, alpha = thing[..., :3], thing[..., 3:]
    wood = np.array([int(WOOD[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return torch.from_numpy(alpha * colour + (1 - alpha) * wood).permute(2, 0, 1).contiguous()


@functools.cache
def _rendered(name: str, pixels: int) -> np.ndarray:
    figure = _drawn(_DRAWINGS[name])
    figure.set_dpi(pixels / _INCHES)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(np.float64) / 255


@styled
def _drawn(draw: Callable[[Axes], None]) -> Figure:
    figure = Figure(figsize=(_INCHES, _INCHES))
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.axis("off")
    draw(axes)
    return figure


def _text_lines(axes: Axes, left: float, right: float, heights: list[float], width: float = 1.6) -> None:
    axes.hlines(heights, left, right, color=_LINE, linewidth=width)


def _newspaper(axes: Axes) -> None:
    # Folded: the sheets behind stick out to the right and below.
    for shift in (7, 3.5):
        axes.add_patch(Rectangle((12 + shift, 10 - shift), 70, 82, facecolor="#D9D6CB", edgecolor=_INK, linewidth=1.2))
    axes.add_patch(Rectangle((12, 10), 70, 82, facecolor="#EFEDE4", edgecolor=_INK, linewidth=1.6))
    axes.text(47, 82, "NEWS", family="DejaVu Serif", weight="bold", size=23, color=_INK, ha="center", va="center")
    axes.hlines([73.5], 17, 77, color=_INK, linewidth=2)
    axes.add_patch(Rectangle((17, 64.5), 60, 5, facecolor=_INK, linewidth=0))
    axes.add_patch(Rectangle((17, 35), 32, 25, facecolor="#B9C2C9", edgecolor=_INK, linewidth=1))
    axes.add_patch(Polygon([(17.5, 35.5), (28, 53), (35, 43), (40, 50), (48.5, 35.5)], facecolor="#6F7A82"))
    axes.add_patch(Ellipse((42, 55), 5, 5, facecolor="#F5F3EA"))
    _text_lines(axes, 53, 77, [58, 52.5, 47, 41.5, 36])
    for left, right in ((17, 34), (38.5, 55.5), (60, 77)):
        _text_lines(axes, left, right, [29, 24, 19, 14])


def _paper(axes: Axes) -> None:
    axes.add_patch(Rectangle((21, 6), 62, 86, facecolor="#00000022", linewidth=0))
    sheet = [(18, 9), (80, 9), (80, 80), (66, 95), (18, 95)]
    axes.add_patch(Polygon(sheet, facecolor="white", edgecolor=_INK, linewidth=1.6, joinstyle="round"))
    axes.add_patch(Polygon([(66, 95), (66, 80), (80, 80)], facecolor="#DAD8D0", edgecolor=_INK, linewidth=1.6))


def _red_cup(axes: Axes) -> None:
    axes.add_patch(Ellipse((45, 10), 62, 9, facecolor="#00000022", linewidth=0))
    for width, colour in ((15, "#8E0F12"), (10, _RED)):
        axes.add_patch(Arc((70, 40), 36, 34, theta1=-95, theta2=95, color=colour, linewidth=width))
    body = Path(
        [(14, 66), (16, 30), (17, 11), (31, 10), (45, 10), (59, 10), (73, 11), (74, 30), (76, 66), (14, 66)],
        [Path.MOVETO, *2 * [Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO], Path.CLOSEPOLY],
    )
    axes.add_patch(PathPatch(body, facecolor=_RED, edgecolor="#8E0F12", linewidth=2))
    axes.add_patch(Polygon([(21, 58), (27, 58), (28, 20), (23, 21)], facecolor="#F0605C", linewidth=0))
    axes.add_patch(Ellipse((45, 66), 62, 17, facecolor="#F0605C", edgecolor="#8E0F12", linewidth=2))
    axes.add_patch(Ellipse((45, 65), 53, 12, facecolor="#4A2A14", linewidth=0))
    axes.add_patch(Ellipse((38, 66), 20, 4, facecolor="#7A4A28", linewidth=0))
    for x in (33, 45, 57):
        steam = Path([(x, 78), (x - 7, 84), (x + 7, 90), (x, 97)], [Path.MOVETO] + 3 * [Path.CURVE4])
        axes.add_patch(PathPatch(steam, facecolor="none", edgecolor="#8A8378", linewidth=2.6, capstyle="round"))


def _notebook(axes: Axes) -> None:
    axes.add_patch(Rectangle((27, 5), 58, 87, facecolor="#00000022", linewidth=0))
    axes.add_patch(FancyBboxPatch((26, 10), 54, 81, boxstyle="round,pad=0,rounding_size=3", facecolor=_PAGE, ec=_INK))
    cover = FancyBboxPatch((22, 8), 56, 85, boxstyle="round,pad=0,rounding_size=4")
    cover.set(facecolor="#5F7480", edgecolor=_INK, linewidth=1.6)
    axes.add_patch(cover)
    axes.add_patch(Rectangle((70, 8.6), 3.5, 83.8, facecolor="#3E4E57", linewidth=0))
    axes.add_patch(Rectangle((34, 58), 31, 22, facecolor=_PAGE, edgecolor=_INK, linewidth=1.2))
    _text_lines(axes, 38, 61, [73, 65])
    for y in np.linspace(16, 85, 9):
        axes.add_patch(Ellipse((27.5, y), 4.4, 4.4, facecolor="#2E3A41", linewidth=0))
        axes.add_patch(Arc((21, y + 1), 13, 6.5, theta1=5, theta2=330, color="#C9CDD0", linewidth=3.4))
        axes.add_patch(Arc((21, y + 1), 13, 6.5, theta1=5, theta2=330, color=_INK, linewidth=1.2))


def _book(axes: Axes) -> None:
    axes.add_patch(Ellipse((50, 17), 92, 9, facecolor="#00000022", linewidth=0))
    axes.add_patch(Polygon([(3, 18), (48, 13), (52, 13), (97, 18), (97, 74), (3, 74)], fc="#54452F", ec=_INK, lw=1.4))
    for side in (-1, 1):
        for lift, colour in ((0, "#D8D4C4"), (3, "#E9E6DA"), (6, _PAGE)):
            # A page: straight at the outer edge, curved down into the spine.
            outer, inner = 50 + 43 * side, 50
            page = Path(
                [
                    *((inner, 15 + lift), (50 + 12 * side, 22 + lift), (50 + 30 * side, 20 + lift), (outer, 18 + lift)),
                    *((outer, 75 + lift), (50 + 30 * side, 82 + lift), (50 + 12 * side, 82 + lift)),
                    *((inner, 72 + lift), (inner, 15 + lift)),
                ],
                [Path.MOVETO, *3 * [Path.CURVE4], Path.LINETO, *3 * [Path.CURVE4], Path.CLOSEPOLY],
            )
            axes.add_patch(PathPatch(page, facecolor=colour, edgecolor=_INK, linewidth=1.1))
    for y in np.linspace(34, 72, 7):
        for side in (-1, 1):
            across = np.linspace(8, 37, 20)
            axes.plot(50 + side * across, y + 3 * np.sin(across / 37 * np.pi), color=_LINE, linewidth=1.9)
    axes.vlines([50], 21, 78, color=_INK, linewidth=1.6)
    ribbon = Polygon(
        [(56, 84), (61, 84.5), (61, 6), (58.5, 10), (56, 6)], facecolor="#7C6A86", edgecolor=_INK, zorder=3
    )
    axes.add_patch(ribbon)


_DRAWINGS = {
    "newspaper": _newspaper,
    "paper": _paper,
    "red cup": _red_cup,
    "notebook": _notebook,
    "book": _book,
}
