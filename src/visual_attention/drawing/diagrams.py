"""Block diagrams: boxes and arrows, drawn in one style and legible from the back row."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from visual_attention.drawing.style import FIT, KEY, QUERY, VALUE, WEIGHT

__all__ = ["ROLES", "Box", "Diagram"]

# What a box does decides its colour: the course's colours for query, key, value and weight, grey for the rest.
ROLES = {"query": QUERY, "key": KEY, "value": VALUE, "weight": WEIGHT, "plain": "#444444"}


@dataclass(frozen=True)
class Box:
    """A box's centre and size, in the units of its diagram."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> tuple[float, float]:
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x, self.y - self.height / 2


Point = tuple[float, float]


class Diagram:
    """A canvas of `width` × `height` units, one unit being one inch, with boxes, operators and arrows on it.

    >>> diagram = Diagram(10, 3)
    >>> squeeze = diagram.box(2, 1.5, "squeeze", shape="C × 1 × 1")
    >>> excite = diagram.box(5, 1.5, "excite", role="weight")
    >>> diagram.arrow(squeeze.right, excite.left)
    """

    def __init__(self, width: float, height: float):
        self.figure = Figure(figsize=(width, height))
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.axes.axis("off")

    def box(
        self, x: float, y: float, text: str, *, width: float = 1.7, height: float = 0.62, role="plain", shape: str = ""
    ) -> Box:
        """Draw a box centred at (x, y); `shape`, written below it, says what comes out of it."""
        colour = ROLES[role]
        corner = (x - width / 2 + 0.06, y - height / 2 + 0.06)
        patch = FancyBboxPatch(corner, width - 0.12, height - 0.12, boxstyle="round,pad=0.06,rounding_size=0.12")
        patch.set(facecolor=f"{colour}1A", edgecolor=colour, linewidth=2)
        self.axes.add_patch(patch)
        self.axes.text(x, y, text, ha="center", va="center", color=FIT, linespacing=1.05)
        if shape:
            self.note(x, y - height / 2 - 0.17, shape)
        return Box(x, y, width, height)

    def operator(self, x: float, y: float, sign: str, *, role="plain") -> Box:
        """Draw a circle with a sign in it, × or + as a rule."""
        colour = ROLES[role]
        style = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
        self.axes.text(x, y, sign, ha="center", va="center", color=FIT, bbox=style, fontsize=16)
        return Box(x, y, 0.46, 0.46)

    def note(self, x: float, y: float, text: str, *, colour: str = "#555555", align: str = "center") -> None:
        """Write text with nothing around it."""
        self.axes.text(x, y, text, ha=align, va="center", color=colour, linespacing=1.05)

    def arrow(self, *points: Point, role="plain") -> None:
        """Draw an arrow through the points, from the first to the last."""
        colour = ROLES[role]
        if len(points) > 2:
            self.line(*points[:-1], role=role)
        tip = {"arrowstyle": "-|>,head_width=0.28,head_length=0.5", "color": colour, "linewidth": 2}
        self.axes.annotate("", points[-1], xytext=points[-2], arrowprops={**tip, "shrinkA": 0, "shrinkB": 0})

    def line(self, *points: Point, role="plain") -> None:
        """Draw a line through the points, with no tip."""
        self.axes.plot(*zip(*points, strict=True), color=ROLES[role], linewidth=2, solid_capstyle="round")
