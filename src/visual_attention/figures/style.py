"""One style for every figure: large enough for a projector, safe for colour-blind readers, one colour a role."""

import functools
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from torch import Tensor

# Okabe and Ito's palette; the two light ones are darkened until a line on white has a contrast of 3 : 1.
QUERY = "#C24E00"
KEY = "#0072B2"
VALUE = "#00805C"
WEIGHT = "#7B3294"
# For what is none of these: one series against another, a third, or a point singled out. Far from the four above for
# readers who do not tell red from green, too.
ONE = "#4B3FD6"
OTHER = "#7A1F00"
THIRD = "#00004D"
FIT = "#111111"
TRUTH = "#767676"
# 64 levels: a figure then has few enough colours for a palette, which makes its file half as large.
WEIGHT_MAP = matplotlib.colormaps["Purples"].resampled(64)

# Inches. Under a title and a row of controls, a 1280 × 720 slide shows this 1,000 pixels wide: 14.5 pt are 20 px.
SLIDE = (10.0, 4.1)

_STYLE = {
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
