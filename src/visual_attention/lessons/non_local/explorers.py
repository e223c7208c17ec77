"""Explorers of lesson 6: whose surroundings resemble a pixel's, where a trained block looks; and one row by hand."""

import functools

import torch
from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Pad, Slider
from courseware.notebook.microscope import Choice, Input, Microscope, Step
from visual_attention.blocks import NonLocalBlock
from visual_attention.datasets import photograph_credit
from visual_attention.denoising import non_local_means, non_local_weights
from visual_attention.experiments import load_weights
from visual_attention.lessons.non_local import figures
from visual_attention.lessons.non_local.data import TWIN_COLOURS, twin_pictures
from visual_attention.lessons.non_local.experiment_denoising import PATCH, clean_picture, noisy_picture, psnr
from visual_attention.lessons.non_local.experiment_twins import KEPT, TEST_SEED
from visual_attention.lessons.non_local.networks import CHANNELS, TwinNetwork, pairwise_and_unary
from visual_attention.training import one_thread

__all__ = [
    "HS",
    "PIXELS",
    "PLACES",
    "SELVES",
    "VIEWS",
    "PixelStudy",
    "TwinStudy",
    "pairwise_microscope",
    "pixel_explorer",
    "twin_explorer",
]

HS = (0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15, 0.3)
SELVES: dict[str, bool | str] = {"included": True, "left out": False, "as the nearest other": "as_nearest"}
PIXELS = tuple(range(3, 72, 6))
SEARCH = 41


class PixelStudy:
    """Non-local means of a noisy photograph, and the weights of any of its pixels.

    `own` is a picture (3, 72, 72) in [0, 1] in place of the course's, as `datasets.own_picture` makes it.
    """

    def __init__(self, seed: int = 0, own: Tensor | None = None):
        self.clean = clean_picture() if own is None else own.double()
        self.noisy = noisy_picture(seed, clean=self.clean)
        self.denoised = functools.cache(self._denoised)

    @one_thread()  # hundreds of shifts of a small picture: two busy threads mostly wait for each other
    def _denoised(self, h: float, own: str) -> Tensor:
        """The picture after non-local means, (3, 72, 72)."""
        return non_local_means(self.noisy, h=h, patch=PATCH, search=SEARCH, include_self=SELVES[own])

    def weights(self, h: float, own: str, pixel: tuple[int, int]) -> Tensor:
        """How much the pixel (column, row) takes from each pixel, (72, 72)."""
        column, row = pixel
        return non_local_weights(self.noisy, row, column, h=h, patch=PATCH, search=SEARCH, include_self=SELVES[own])

    def draw(self, h: float, own: str, pixel: tuple[int, int]) -> Figure:
        denoised = self.denoised(h, own)
        return figures.pixel_panels(
            noisy=self.noisy,
            weights=self.weights(h, own, pixel),
            denoised=denoised,
            pixel=pixel,
            search=SEARCH,
            titles=(
                f"noisy: {psnr(self.noisy, self.clean):.1f} dB",
                "weights of the pixel",
                f"denoised: {psnr(denoised, self.clean):.1f} dB",
            ),
        )

    def describe(self, h: float, own: str, pixel: tuple[int, int]) -> str:
        weights = self.weights(h, own, pixel)
        column, row = pixel
        effective = 1 / float(weights.square().sum())
        return (
            f"h = {h:g}, own vote {own}: the pixel at column {column}, row {row} keeps "
            f"{float(weights[row, column]):.2f} for itself, as if {effective:.1f} pixels voted. "
            f"PSNR {psnr(self.noisy, self.clean):.2f} dB before, "
            f"{psnr(self.denoised(h, own), self.clean):.2f} dB after."
        )


def pixel_explorer(study: PixelStudy | None = None, *, own: Tensor | None = None) -> Explorer:
    """A pixel of a noisy photograph, h and the pixel's own vote against its weights and the denoised picture.

    `own` is a picture of the reader's own, (3, 72, 72) in [0, 1], as `datasets.own_picture` makes it.
    """
    study = study or PixelStudy(own=own)
    few = [(x, y) for x in PIXELS[::3] for y in PIXELS[::3]]
    return Explorer(
        study.draw,
        [
            Slider("h", "h", HS, default=0.08),
            Menu("own", "own vote", tuple(SELVES), default="included"),
            Pad("pixel", "pixel", PIXELS, default=(27, 45), y=PIXELS, form="column {}, row {}"),
        ],
        title="Which pixels resemble this one's surroundings?",
        describe=study.describe,
        keep=[{"h": EVERY_STOP, "own": EVERY_STOP}, {"pixel": few}, {"pixel": few, "own": ("as the nearest other",)}],
        credit=photograph_credit("china", "made smaller, cropped, noise added") if own is None else None,
    )


PLACES = tuple(4 * k + 1.5 for k in range(9))  # centres of the map's 9 × 9 places, in pixels
VIEWS = ("trained block", "pairwise part", "unary part", "raw Gaussian")
EXAMPLES = ("A", "B", "C", "D")


class TwinStudy:
    """The stored network of the twins experiment, asked at any place of a few test pictures."""

    def __init__(self):
        self.network = load_weights(TwinNetwork(KEPT[0]), "twins")
        self.pictures = twin_pictures(len(EXAMPLES), "test", seed=KEPT[1] + TEST_SEED)
        with torch.no_grad():
            self.features = self.network.trunk.features(self.pictures.images)
            block = self.network.head.block
            assert isinstance(block, NonLocalBlock)
            self.answers = self.network.head.answer(block(self.features)).softmax(dim=1)  # (n, 3, 9, 9)
            tokens = self.features.flatten(2).mT
            theta, phi = block.theta(tokens), block.phi(tokens)
            pairwise, unary = pairwise_and_unary(theta, phi)
            self.tables = {
                "trained block": block.weights(self.features),
                "pairwise part": pairwise.softmax(dim=2),
                "unary part": unary.expand_as(pairwise).softmax(dim=2),
                "raw Gaussian": NonLocalBlock(CHANNELS, pairwise="gaussian").weights(self.features),
            }

    def weights(self, view: str, example: str, place: tuple[float, float]) -> Tensor:
        """The weights (9, 9) of the place (x, y), in pixels."""
        column, row = (PLACES.index(p) for p in place)
        return self.tables[view][EXAMPLES.index(example), 9 * row + column].reshape(9, 9)

    def answer(self, example: str, place: tuple[float, float]) -> Tensor:
        """Probabilities (3,) of red, green and blue that the network gives at the place."""
        column, row = (PLACES.index(p) for p in place)
        return self.answers[EXAMPLES.index(example), :, row, column]

    def _cell(self, place: tuple[float, float]) -> tuple[int, int]:
        column, row = (PLACES.index(p) // 3 for p in place)
        return row, column

    def draw(self, view: str, example: str, place: tuple[float, float]) -> Figure:
        row, column = self._cell(place)
        return figures.twin_panels(
            picture=self.pictures.images[EXAMPLES.index(example)],
            query=place,
            weights=self.weights(view, example, place),
            answer=self.answer(example, place),
            title=f"weights: {view}",
            cell=(row + 1, column + 1),
        )

    def describe(self, view: str, example: str, place: tuple[float, float]) -> str:
        weights, answer = self.weights(view, example, place), self.answer(example, place)
        row, column = self._cell(place)
        number = EXAMPLES.index(example)
        cells = weights.reshape(3, 3, 3, 3).sum(dim=(1, 3))
        best = divmod(int(cells.argmax()), 3)
        text = (
            f"Picture {example}, asked in cell {row + 1}, {column + 1}; {view}: most weight, "
            f"{float(cells.max()):.2f}, on cell {best[0] + 1}, {best[1] + 1}. "
        )
        target = int(self.pictures.targets[number, row, column])
        if target < 0:
            return text + "No white digit here: nothing is asked."
        twin = divmod(int(self.pictures.twins[number, row, column]), 3)
        return text + (
            f"The twin is in cell {twin[0] + 1}, {twin[1] + 1} and {TWIN_COLOURS[target]}; "
            f"the network says {TWIN_COLOURS[int(answer.argmax())]} with {float(answer.max()):.2f}."
        )


def twin_explorer(study: TwinStudy | None = None) -> Explorer:
    """Query position, picture and part of the weights against where the trained block looks, and its answer."""
    study = study or TwinStudy()
    white = int(study.pictures.targets[0].flatten().ge(0).nonzero()[-1])
    start = PLACES[3 * (white % 3) + 1], PLACES[3 * (white // 3) + 1]
    centres = [(x, y) for x in PLACES[1::3] for y in PLACES[1::3]]
    return Explorer(
        study.draw,
        [
            Menu("view", "weights", VIEWS, default=VIEWS[0]),
            Menu("example", "picture", EXAMPLES, default="A"),
            Pad("place", "place", PLACES, default=start, y=PLACES, form="column {:g}, row {:g}"),
        ],
        title="Where does it look?",
        describe=study.describe,
        keep=[{"place": EVERY_STOP}, {"view": EVERY_STOP, "place": centres}, {"example": EVERY_STOP, "place": centres}],
    )


def pairwise_microscope() -> Microscope:
    """What one of three places receives, by each of the four pairwise functions; all maps start as the identity."""
    share = (Step("C", "sum", "f", label="their sum"), Step("a", "quotient", "f", "C", label="weight"))
    by_count = Step("a", "scale", "f", by=1 / 3, label="weight")
    query = Step("θᵢ", "pick", "θ", "i", label="query", below=True)
    return Microscope(
        "What place i receives",
        Input("x", [[1], [2], [3]], "places", least=-3, most=3),
        Input("i", 2, "who asks", least=1, most=3, step=1),
        Input("Wθ", [[1]], least=-3, most=3),
        Step("θ", "matmul", "x", "Wθ", label="queries", transpose=True),
        Input("Wφ", [[1]], least=-3, most=3),
        Step("φ", "matmul", "x", "Wφ", label="keys", transpose=True),
        Input("Wg", [[1]], least=-3, most=3),
        Step("g", "matmul", "x", "Wg", label="values", transpose=True),
        Choice(
            "pairwise function",
            {
                "Gaussian": [
                    Step("xᵢ", "pick", "x", "i", label="query", below=True),
                    Step("m", "matmul", "x", "xᵢ", label="match"),
                    Step("f", "exp", "m"),
                    *share,
                ],
                "embedded Gaussian": [
                    query,
                    Step("m", "matmul", "φ", "θᵢ", label="match"),
                    Step("f", "exp", "m"),
                    *share,
                ],
                "dot product": [
                    query,
                    Step("f", "matmul", "φ", "θᵢ"),
                    by_count,
                ],
                "concatenation": [
                    query,
                    Step("p", "concatenation", "θᵢ", "φ", label="pairs"),
                    Input("wf", [1, 1], least=-3, most=3),
                    Step("m", "matmul", "p", "wf", label="match"),
                    Step("f", "relu", "m"),
                    by_count,
                ],
            },
        ),
        Step("yᵢ", "matmul", "a", "g", label="received"),
        digits=3,
    )
