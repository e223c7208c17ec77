"""One style for every figure: large enough for a projector, safe for colour-blind readers, one colour a role."""

import functools
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

# After the palette of Okabe and Ito, darkened until words on white have a contrast of 4.5 : 1 and every two are told
# apart by readers who lack one kind of cone.
QUERY = "#C24E00"
KEY = "#0072B2"
VALUE = "#00694A"
WEIGHT = "#692876"
# For what is none of these: one series against another, a third, or a point singled out. Far from the four above for
# readers who do not tell red from green, too.
ONE = "#4B3FD6"
OTHER = "#6E1401"
THIRD = "#01047E"
FIT = "#111111"
TRUTH = "#767676"
# 64 levels: a figure then has few enough colours for a palette, which makes its file half as large.
WEIGHT_MAP = matplotlib.colormaps["Purples"].resampled(64)

# The gid of what a figure would say as much without: texture, shading under an outline, a white casing, the single
# lines of a cloud.
# Everything else has to stand out from what lies behind it.
DECORATION = "decoration"

# Inches. Under a title and a row of controls, a 1280 × 720 slide shows this 1,000 pixels wide: 14.5 pt are 20 px.
SLIDE = (10.0, 4.1)

# What the bodies of figure functions get, see `styled`.
Array = np.ndarray

_STYLE: dict[Any, Any] = {
    "font.size": 14.5,
    "axes.titlesize": 14.5,
    "axes.labelsize": 14.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "legend.frameon": False,
    "legend.fontsize": 14.5,
    "lines.linewidth": 2.2,
    "figure.facecolor": "white",
    "mathtext.fontset": "stix",
}


def ink(weight: float) -> str:
    """Black or white: which of them is easier to read on `WEIGHT_MAP` at `weight` in [0, 1]; at least 4.58 : 1."""
    colour = np.array(WEIGHT_MAP(float(weight))[:3])
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])  # as WCAG 2.1 defines it
    return "black" if luminance > 0.179 else "white"


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw under the course's style, whatever the reader's own settings are.

    Figure functions are called with tensors; their bodies get NumPy arrays, which is what matplotlib speaks.
    """

    @functools.wraps(draw)
    def in_style(*args, **kwargs) -> Figure:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return draw(*_as_arrays(args), **_as_arrays(kwargs))

    return in_style


def _as_arrays(given: Any) -> Any:
    if isinstance(given, Tensor):
        return given.detach().cpu().numpy()
    if isinstance(given, dict):
        return {name: _as_arrays(part) for name, part in given.items()}
    if isinstance(given, tuple):
        return tuple(_as_arrays(part) for part in given)
    return given
