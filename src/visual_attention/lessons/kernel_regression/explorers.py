"""Explorers of lesson 2: the width of a kernel, and the two widths of a bilateral filter; and the worked example."""

import math
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Pad, Slider
from courseware.notebook.microscope import Input, Microscope, Step
from visual_attention.datasets import curves, photographs
from visual_attention.denoising import bilateral_filter, gaussian_blur, pixel_weights
from visual_attention.lessons.kernel_regression import figures
from visual_attention.pooling import KERNELS, attend, attention_weights, nadaraya_watson

__all__ = ["PictureStudy", "WidthStudy", "picture_explorer", "points_microscope", "width_explorer"]

# From far below the distance between neighbours (nearest neighbour) to far above the data's range (average).
WIDTHS = tuple(float(f"{0.02 * 10 ** (k / 10):.2g}") for k in range(31))
QUERIES = tuple(round(0.2 + 0.2 * k, 1) for k in range(25))


@dataclass(frozen=True)
class WidthView:
    """What the four panels show at one position: see `figures.kernel_regression.width_panels` for the shapes."""

    curve: Tensor
    query: float
    prediction: float
    row: Tensor
    weights: Tensor
    errors: Tensor
    at: int


class WidthStudy:
    """Kernel regression of one data set at every width and kernel."""

    def __init__(self, seed: int = 0):
        data = curves.noisy_sine(seed=seed)
        self.x, self.y = data.x, data.y
        self.grid = torch.linspace(0, 5, 201, dtype=self.x.dtype)
        self.truth = curves.true_curve(self.grid)
        self.queries = torch.linspace(0, 5, 51, dtype=self.x.dtype)
        self.widths = torch.tensor(WIDTHS, dtype=self.x.dtype)
        self._errors = {
            kernel: torch.stack([(self.fit(width, kernel) - self.truth).square().mean() for width in WIDTHS])
            for kernel in KERNELS
        }

    def fit(self, width: float, kernel: str) -> Tensor:
        """The fitted curve (201,) on the grid."""
        return nadaraya_watson(self.grid, self.x, self.y, width=width, kernel=kernel)

    def view(self, width: float, kernel: str, query: float) -> WidthView:
        one = torch.tensor([query], dtype=self.x.dtype)
        row = attention_weights(one, self.x, width=width, kernel=kernel)
        return WidthView(
            curve=self.fit(width, kernel),
            query=query,
            prediction=float(attend(row, self.y)),
            row=row[0],
            weights=attention_weights(self.queries, self.x, width=width, kernel=kernel),
            errors=self._errors[kernel],
            at=WIDTHS.index(width),
        )

    def draw(self, width: float, kernel: str, query: float) -> Figure:
        return figures.width_panels(
            x=self.x,
            y=self.y,
            truth=(self.grid, self.truth),
            queries=self.queries,
            widths=self.widths,
            **vars(self.view(width, kernel, query)),
        )

    def describe(self, width: float, kernel: str, query: float) -> str:
        view = self.view(width, kernel, query)
        effective = 1 / float(view.row.square().sum())
        return (
            f"{kernel} kernel, width {width:g}: test error {float(view.errors[view.at]):.3f}. "
            f"f({query:g}) = {view.prediction:.2f}; largest weight {float(view.row.max()):.2f}, "
            f"as if {effective:.1f} points voted."
        )


def width_explorer(study: WidthStudy | None = None) -> Explorer:
    """The course's signature picture: width σ, kernel and query against curve, weights, heat map, test error."""
    study = study or WidthStudy()
    return Explorer(
        study.draw,
        [
            Slider("width", "width σ", WIDTHS, default=1.0),
            Menu("kernel", "kernel", KERNELS, default="gaussian"),
            Pad("query", "query x", QUERIES, default=2.6, axes=0, form="{:.1f}"),
        ],
        title="How wide should we look?",
        describe=study.describe,
        keep=[
            {"width": EVERY_STOP},
            {"width": WIDTHS[::5], "kernel": EVERY_STOP},
            {"width": (0.1, 1.0), "query": QUERIES[::2]},
        ],
    )


class PictureStudy:
    """Smoothing a noisy photograph: Nadaraya–Watson on pixels, keyed by position alone or by position and colour.

    `own` is a picture (3, 64, 64) in [0, 1] in place of the course's, as `datasets.own_picture` makes it.
    """

    SPACE = (1.0, 2.0, 3.0, 4.0, 6.0)
    COLOUR = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, math.inf)

    def __init__(self, noise: float = 0.08, seed: int = 0, own: Tensor | None = None):
        self.clean = photographs.photograph("flower", size=(80, 120))[:, 8:72, 30:94] if own is None else own
        generator = torch.Generator().manual_seed(seed)
        self.noisy = (self.clean + noise * torch.randn(self.clean.shape, generator=generator)).clamp(0, 1)

    def smoothed(self, space: float, colour: float) -> Tensor:
        if math.isinf(colour):
            return gaussian_blur(self.noisy, width=space)
        return bilateral_filter(self.noisy, width_space=space, width_colour=colour)

    def weights(self, space: float, colour: float, pixel: tuple[int, int]) -> Tensor:
        column, row = pixel
        width_colour = None if math.isinf(colour) else colour
        return pixel_weights(self.noisy, row, column, width_space=space, width_colour=width_colour)

    def error(self, space: float, colour: float) -> float:
        """Root mean square difference from the clean picture."""
        return float((self.smoothed(space, colour) - self.clean).square().mean().sqrt())

    def draw(self, space: float, colour: float, pixel: tuple[int, int]) -> Figure:
        name = "Gaussian blur" if math.isinf(colour) else "bilateral filter"
        return figures.picture_panels(
            self.noisy,
            self.weights(space, colour, pixel),
            self.smoothed(space, colour),
            pixel,
            ("noisy photograph", "weights of the pixel", name),
        )

    def describe(self, space: float, colour: float, pixel: tuple[int, int]) -> str:
        before = float((self.noisy - self.clean).square().mean().sqrt())
        key = "position only" if math.isinf(colour) else f"position and colour (width {colour:g})"
        weights = self.weights(space, colour, pixel)
        return (
            f"Key: {key}; width in space {space:g} pixels. Error {before:.4f} before, "
            f"{self.error(space, colour):.4f} after smoothing. "
            f"The pixel keeps weight {float(weights[pixel[1], pixel[0]]):.2f} for itself."
        )


def picture_explorer(study: PictureStudy | None = None, *, own: Tensor | None = None) -> Explorer:
    """Width in space, width in colour and a pixel of the photograph against its weights and the smoothed picture.

    `own` is a picture of the reader's own, (3, 64, 64) in [0, 1], as `datasets.own_picture` makes it.
    """
    study = study or PictureStudy(own=own)
    pixels = tuple(range(3, 64, 4))
    colours = {f"{c:g}" if math.isfinite(c) else "∞ (ignore colour)": c for c in study.COLOUR}

    def with_colour(method):
        return lambda space, colour, pixel: method(space, colours[colour], pixel)

    return Explorer(
        with_colour(study.draw),
        [
            Slider("space", "width in space", study.SPACE, default=4.0),
            Menu("colour", "width in colour", tuple(colours), default="∞ (ignore colour)"),
            Pad("pixel", "pixel", pixels, default=(51, 35), y=pixels, form="column {}, row {}"),
        ],
        title="From Gaussian blur to the bilateral filter",
        describe=with_colour(study.describe),
        keep=[
            {"space": EVERY_STOP, "colour": ("0.2", "∞ (ignore colour)")},
            {"colour": EVERY_STOP},
            {"pixel": [(x, y) for x in pixels[::4] for y in pixels[::4]], "colour": ("0.2", "∞ (ignore colour)")},
        ],
        credit=photographs.photograph_credit("flower", "made smaller, cropped, noise added") if own is None else None,
    )


def points_microscope() -> Microscope:
    """Nadaraya–Watson on the three points of the worked example, with a width.

    Query and keys lie at most 5 apart. From a width of 0.2 on no closeness is so small that a computer takes it for 0,
    or a sum of three could be 0, and the weights 0 / 0.
    """
    return Microscope(
        "Nadaraya–Watson on three points",
        Input("x", 1, "query", least=-1, most=4),
        Input("σ", 1, "width", least=0.2, most=20),
        Input("xᵢ", [0, 1, 3], "key", least=-1, most=4),
        Step("dᵢ", "difference", "x", "xᵢ", label="difference"),
        Step("uᵢ", "quotient", "dᵢ", "σ", label="in widths"),
        Step("Kᵢ", "gaussian", "uᵢ", label="closeness"),
        Step("S", "sum", "Kᵢ", label="their sum"),
        Step("αᵢ", "quotient", "Kᵢ", "S", label="weight", below=True),
        Input("yᵢ", [1, 2, 6], "value", least=-60, most=60, step=0.5),
        Step("vᵢ", "product", "αᵢ", "yᵢ", label="adds"),
        Step("f(x)", "sum", "vᵢ", label="prediction"),
    )
