"""Results over several seeds: every run is seen, and their mean."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from numpy import ndarray

from visual_attention.drawing.style import FIT, ONE

__all__ = ["seed_rows"]


def seed_rows(axes: Axes, values: Mapping[str, ndarray], colours: Mapping[str, str] | None = None) -> None:
    """Draw a row for each name, the first on top: a dot for each seed (s,), and a bar at their mean.

    A name's dots have its entry of `colours`, or `ONE`.
    """
    for row, (name, numbers) in enumerate(values.items()):
        colour = (colours or {}).get(name, ONE)
        axes.plot(numbers, [row] * len(numbers), "o", color=colour, markersize=7, alpha=0.75)
        axes.plot([numbers.mean()] * 2, [row - 0.34, row + 0.34], color=FIT, linewidth=2.6)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
