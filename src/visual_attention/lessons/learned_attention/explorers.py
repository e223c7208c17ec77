"""The explorer of lesson 3: w, both of its losses, and the way gradient descent takes; and w on three points."""

import functools
import math

import torch
from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from courseware.notebook.microscope import Input, Microscope, Step
from visual_attention.datasets import noisy_sine, true_curve
from visual_attention.lessons.learned_attention import figures
from visual_attention.regression import LearnedKernelRegression, training_path

__all__ = ["RATES", "STARTS", "WS", "LearningStudy", "w_explorer", "w_microscope"]

WS = (0.0, *(float(f"{0.1 * 10 ** (k / 11):.2g}") for k in range(29)))  # 0, 0.1, … 35
STARTS = ("0", "0.05", "0.5", "1", "8")
RATES = ("0.01", "0.1", "0.5", "5")
STEPS = 20


class LearningStudy:
    """One data set, its two losses as functions of w, and training paths on the left-out loss."""

    def __init__(self, seed: int = 0):
        self.x, self.y = noisy_sine(seed=seed)
        self.grid = torch.linspace(0, 5, 201, dtype=self.x.dtype)
        self.truth = true_curve(self.grid)
        self.ws = torch.cat([torch.tensor([0.0]), torch.logspace(-2, math.log10(figures.LARGEST_W), 160)]).double()
        self.losses = {leave: torch.stack([self.loss(w, leave) for w in self.ws]) for leave in (False, True)}
        self.best = float(self.ws[self.losses[True].argmin()])
        self.path = functools.cache(self._path)

    def loss(self, w: float | Tensor, leave_one_out: bool) -> Tensor:
        """½ Σ (f(x_k) − y_k)² over the data, each point with or without its own vote."""
        model = LearnedKernelRegression(float(w))
        with torch.no_grad():
            return 0.5 * (model(self.x, self.x, self.y, leave_one_out) - self.y).square().sum()

    def curve(self, w: float) -> Tensor:
        """The fitted curve (201,) on the grid."""
        with torch.no_grad():
            return LearnedKernelRegression(w)(self.grid, self.x, self.y)

    def _path(self, start: str, rate: str) -> tuple[Tensor, Tensor]:
        """w and left-out loss (21,) along 20 steps of gradient descent."""
        return training_path(self.x, self.y, w=float(start), learning_rate=float(rate), steps=STEPS)

    def draw(self, w: float, start: str, rate: str) -> Figure:
        path, losses = self.path(start, rate)
        with torch.no_grad():
            weights = LearnedKernelRegression(w).weights(self.x, self.x, leave_one_out=True)
        return figures.w_panels(
            x=self.x,
            y=self.y,
            truth=(self.grid, self.truth),
            curve=self.curve(w),
            weights=weights,
            grid=self.ws,
            with_itself=self.losses[False],
            left_out=self.losses[True],
            w=w,
            losses_at_w=(float(self.loss(w, False)), float(self.loss(w, True))),
            path=path,
            path_losses=losses,
            best=self.best,
        )

    def describe(self, w: float, start: str, rate: str) -> str:
        path, _ = self.path(start, rate)
        test = float((self.curve(w) - self.truth).square().mean())
        return (
            f"w = {w:g}: loss {float(self.loss(w, False)):.2f} with itself, {float(self.loss(w, True)):.2f} left out, "
            f"test error {test:.3f}. "
            f"{STEPS} steps from {start} at rate {rate} lead to |w| = {abs(float(path[-1])):.2f} "
            f"(left-out optimum {self.best:.2f})."
        )


def w_explorer(study: LearningStudy | None = None) -> Explorer:
    """w by hand against w by gradient descent, from a start and at a learning rate of one's choice."""
    study = study or LearningStudy()
    return Explorer(
        study.draw,
        [
            Slider("w", "w", WS, default=1.0),
            Menu("start", "start of the path", STARTS, default="1"),
            Menu("rate", "learning rate", RATES, default="0.1"),
        ],
        title="Learning w",
        describe=study.describe,
        keep=[{"w": EVERY_STOP}, {"start": EVERY_STOP, "rate": EVERY_STOP}],
    )


def w_microscope() -> Microscope:
    """Attention with a parameter on lesson 2's three points."""
    return Microscope(
        "Nadaraya–Watson with w, on three points",
        Input("x", 1, "query", least=-1, most=4),
        Input("w", 2, "parameter", least=-5, most=5),
        Input("xᵢ", [0, 1, 3], "key", least=-1, most=4),
        Step("dᵢ", "difference", "x", "xᵢ", label="difference"),
        Step("uᵢ", "product", "dᵢ", "w", label="times w"),
        Step("Kᵢ", "gaussian", "uᵢ", label="closeness"),
        Step("S", "sum", "Kᵢ", label="their sum"),
        Step("αᵢ", "quotient", "Kᵢ", "S", label="weight", below=True),
        Input("yᵢ", [1, 2, 6], "value", least=-60, most=60, step=0.5),
        Step("vᵢ", "product", "αᵢ", "yᵢ", label="adds"),
        Step("f(x)", "sum", "vᵢ", label="prediction"),
    )
