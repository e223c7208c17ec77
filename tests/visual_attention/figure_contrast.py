"""Whether what a figure draws stands out from what lies behind it, as WCAG 2.1 asks (AA): text 4.5 : 1, lines 3 : 1.

`problems` looks at one figure. `watch` makes `courseware.notebook.explorer` report every figure that a notebook draws.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from visual_attention.drawing.style import DECORATION

TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.1, success criteria 1.4.3 and 1.4.11
COARSE = 50  # dots per inch that suffice to see what lies behind
EVERY = 32  # and its first: of an explorer's pictures, one in so many is looked at


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours (..., 3) in [0, 1], as WCAG 2.1 defines it."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Contrast ratios (...) of sRGB colours (..., 3) in [0, 1], from 1 to 21."""
    a, b = luminance(np.asarray(one)), luminance(np.asarray(other))
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


def painted(colour: tuple[float, ...], behind: np.ndarray) -> np.ndarray:
    """What an RGBA colour gives over opaque colours (..., 3)."""
    return colour[3] * np.array(colour[:3]) + (1 - colour[3]) * behind


def problems(figure: Figure) -> list[str]:
    """One sentence for each artist of a drawn figure that does not stand out enough."""
    dpi = figure.get_dpi()
    figure.set_layout_engine("none")  # laid out already; hiding something must not move the rest
    figure.set_dpi(COARSE)
    _pixels(figure)  # labels of axes are placed while drawing
    try:
        found = [*_texts(figure), *_graphics(figure)]
    finally:
        figure.set_dpi(dpi)
    return list(dict.fromkeys(found))


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255


def _without(figure: Figure, artists: Iterable[Artist]) -> np.ndarray:
    with _hidden(artists):
        return _pixels(figure)


@contextmanager
def _hidden(artists: Iterable[Artist]) -> Iterator[None]:
    shown = [artist for artist in artists if artist.get_visible()]
    for artist in shown:
        artist.set_visible(False)
    try:
        yield
    finally:
        for artist in shown:
            artist.set_visible(True)


# ---- text
def _texts(figure: Figure) -> Iterator[str]:
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [text.get_window_extent() for text in texts]
    # What stands behind a text is all but the text; an annotation's arrow goes with its words.
    behind = _without(figure, texts)
    height, width = behind.shape[:2]
    for text, box in zip(texts, boxes, strict=True):
        left, right = np.clip([box.x0, box.x1], 0, width).astype(int)
        top, bottom = np.clip([height - box.y1, height - box.y0], 0, height).astype(int)
        # The outermost rows of its box are empty, and may reach into a bar that the text stands on.
        under = behind[top + 1 : max(bottom - 1, top + 2), left : right + 1].reshape(-1, 3)
        if not len(under) or not _in_tree(text):
            continue
        if (label := text.get_bbox_patch()) and label.get_facecolor()[3] == 1:
            under = np.array([label.get_facecolor()[:3]])
        colour = to_rgba(text.get_color(), text.get_alpha())
        # A thin line through a word does no harm, a dark half of the ground does.
        ratio = np.percentile(contrast(painted(colour, under), under), 25)
        if ratio < TEXT:
            yield f"text {text.get_text()!r}: {ratio:.1f} : 1"


def _in_tree(text: Text) -> bool:
    """Whether a text is drawn at all: matplotlib keeps labels of ticks outside the view and of hidden axes."""
    axes = text.axes
    return axes is None or (axes.get_visible() and (axes.axison or text in axes.texts or text is axes.title))


# ---- lines, markers, bars, frames
def _graphics(figure: Figure) -> Iterator[str]:
    for axes in figure.axes:
        ground = np.array(to_rgba(axes.get_facecolor())[:3] if axes.axison else to_rgba(figure.get_facecolor())[:3])
        # Neither text nor what other axes show lies behind: without both a figure is drawn in a fraction of the time.
        others = [other for other in figure.axes if other is not axes and not _overlap(other, axes)]
        words = [text for text in figure.findobj(Text) if not getattr(text, "arrow_patch", None)]
        with _hidden([*others, *words]):
            yield from _in_axes(figure, axes, ground)


def _overlap(one: Axes, other: Axes) -> bool:
    return one.get_position().overlaps(other.get_position())


def _in_axes(figure: Figure, axes: Axes, ground: np.ndarray) -> Iterator[str]:
    pictures = any(isinstance(child, (AxesImage, QuadMesh)) for child in axes.get_children())
    full = _pixels(figure) if pictures else None
    for artist in _drawn(axes):
        colours = _colours(artist)
        if not colours:
            continue
        behind = ground[None]
        if full is not None:
            bare = _without(figure, [artist])
            change = np.abs(bare - full).max(axis=2)
            # Of a shade with an outline, the outline is what must stand out.
            shade = isinstance(artist, Patch) and artist.get_linewidth() and 0 < artist.get_facecolor()[3] < 1
            changed = change > (0.5 * change.max() if shade else 0.05)
            if not changed.any():
                continue
            behind = bare[changed]
        if artist.get_path_effects():  # a casing: it is what lies beside the line
            behind = np.ones((1, 3))
        ratio = max(np.median(contrast(painted(colour, behind), behind)) for colour in colours)
        if ratio < GRAPHICS:
            name = f"{type(artist).__name__} {artist.get_label()!r} in {axes.get_title()!r}"
            yield f"{name}: {ratio:.1f} : 1"


def _drawn(axes: Axes) -> Iterator[Artist]:
    arrows = [text.arrow_patch for text in axes.texts if isinstance(text, Annotation) and text.arrow_patch]
    for artist in [*axes.lines, *axes.collections, *axes.patches, *arrows]:
        if artist.get_visible() and artist.get_gid() != DECORATION and not isinstance(artist, QuadMesh):
            yield artist


def _colours(artist: Artist) -> list[tuple[float, ...]]:
    """The colours that an artist is seen by, RGBA: of its strokes and fills the ones that are drawn."""
    found = []
    if isinstance(artist, Line2D):
        if artist.get_linestyle() != "None" and artist.get_linewidth():
            found.append(to_rgba(artist.get_color(), artist.get_alpha()))
        if artist.get_marker() not in ("None", None, "", " "):
            for colour in (artist.get_markerfacecolor(), artist.get_markeredgecolor()):
                found.append(to_rgba(colour, None if str(colour) == "none" else artist.get_alpha()))
    elif isinstance(artist, Collection):
        # The strongest point of a cloud: its weakest may stand for a weight of nothing.
        for colours in (artist.get_facecolor(), artist.get_edgecolor()):
            found += [tuple(max(colours, key=lambda colour: colour[3]))] if len(colours) else []
    elif isinstance(artist, Patch):
        found.append(artist.get_facecolor())
        if artist.get_linewidth():
            found.append(artist.get_edgecolor())
    return [tuple(colour) for colour in found if colour[3] > 0]


# ---- all figures of a notebook
def watch(report: str) -> None:
    """From now on write the problems of what `explorer.png` draws, and how many figures were looked at."""
    from courseware.notebook import explorer

    draw, drawn = explorer.png, {}

    def png(figure: Figure) -> bytes:
        image = draw(figure)
        titles = [re.sub(r"\d[\d.]*", "#", axes.get_title()) for axes in figure.axes]  # numbers change with the slider
        kind = (*titles, *figure.get_size_inches())
        drawn[kind] = drawn.get(kind, -1) + 1
        if drawn[kind] % EVERY == 0:
            with Path(report).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"figure": str(kind), "problems": problems(figure)}) + "\n")
        return image

    explorer.png = png
