"""Explorers of lesson 4: which axis is weighed, branch weights against an object's scale, and frames of a clip."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from visual_attention.experiments.store import load_weights
from visual_attention.lessons.six_kinds import figures
from visual_attention.lessons.six_kinds.data import LARGE, SIDES, SIGN_NAMES, SIGNS, Clips
from visual_attention.lessons.six_kinds.experiment_clips import NAMES, ClipNetwork, clip_data
from visual_attention.lessons.six_kinds.experiment_scales import SignNetwork
from visual_attention.taxonomy.kinds import FRAMES, KINDS, QUERY, FeatureMaps, feature_maps

__all__ = [
    "CELL_SIDES",
    "CLIP_NUMBERS",
    "INPUTS",
    "AxisStudy",
    "ClipStudy",
    "ScaleStudy",
    "axis_explorer",
    "clip_explorer",
    "scale_explorer",
]

INPUTS = tuple(range(1, 5))
CELL_SIDES = tuple(range(1, 7))
CLIP_NUMBERS = tuple(range(1, 13))
_NETWORKS = {"cue": "learned query", "first": "given query"}  # whose weights are stored


class AxisStudy:
    """A block of random features, and what each kind of attention gives to its entries."""

    def __init__(self):
        self._features: dict[int, FeatureMaps] = {}

    def features(self, number: int) -> FeatureMaps:
        return self._features.setdefault(number, feature_maps(number))

    @torch.no_grad()
    def weights(self, kind: str, number: int) -> Tensor:
        """The weight of each entry (branches, frames, channels, height, width)."""
        return KINDS[kind].spread(self.features(number))

    @torch.no_grad()
    def table(self, kind: str, number: int) -> Tensor:
        """A of the first picture or clip, (outputs, values)."""
        return KINDS[kind].table(self.features(number))

    @torch.no_grad()
    def shape(self, kind: str, number: int) -> tuple[int, ...]:
        return tuple(KINDS[kind].raw(self.features(number)).shape)

    @staticmethod
    def marked(kind: str) -> tuple[tuple[int, int, int], ...]:
        """The places (time, row, column) whose rows of A are shown, where each place has a row of its own."""
        if kind == "spatial, as a mixture":
            return tuple((frame, *QUERY[1:]) for frame in range(FRAMES))
        return (QUERY,) if kind == "spatial & temporal" else ()

    def draw(self, kind: str, number: int) -> Figure:
        row = KINDS[kind]
        return figures.axis_panels(
            weights=self.weights(kind, number),
            table=self.table(kind, number),
            name=kind,
            question=row.question,
            call=row.call,
            shape=self.shape(kind, number),
            structure=row.structure,
            rule=row.rule,
            marked=self.marked(kind),
        )

    def describe(self, kind: str, number: int) -> str:
        row, weights, table = KINDS[kind], self.weights(kind, number), self.table(kind, number)
        axes = " and ".join(row.axes) if row.axes else "no axis"
        low, high = float(weights.min()), float(weights.max())
        return (
            f"{kind}, input {number}: {row.call} gives weights from {low:.2f} to {high:.2f} "
            f"that differ along {axes}; A is {len(table)} × {table.shape[1]}, {row.structure}."
        )


def axis_explorer(study: AxisStudy | None = None) -> Explorer:
    """Kind of attention and input against the weights of a block of features, and against A."""
    study = study or AxisStudy()
    return Explorer(
        study.draw,
        [
            Menu("kind", "attention", tuple(KINDS), default="channel"),
            Slider("number", "input", INPUTS, default=1),
        ],
        title="Which axis is weighed?",
        describe=study.describe,
        keep=[{"kind": EVERY_STOP, "number": EVERY_STOP}],
    )


class ScaleStudy:
    """The trained selective kernel of experiment *scales*, asked about one sign at sizes it has and has not seen."""

    SIZE, NOISE, SEED, DRAWS = 20, 0.3, 0, 16

    def __init__(self):
        self.network = load_weights(SignNetwork("selected"), "scales")
        self._images = {sign: torch.stack([self.images(sign, side) for side in CELL_SIDES]) for sign in SIGN_NAMES}
        self._weights = {sign: self._ask(images) for sign, images in self._images.items()}

    def images(self, sign: str, side: int) -> Tensor:
        """One sign, whose cells have `side` pixels, in the middle; the same noise at each size: (DRAWS, 1, 20, 20).

        A sign of side 1 is shown three times, as it was in training, so that it has somewhat more ink.
        """
        generator = torch.Generator().manual_seed(self.SEED)
        noise = self.NOISE * torch.randn(self.DRAWS, 1, self.SIZE, self.SIZE, generator=generator)
        pattern = SIGNS[SIGN_NAMES.index(sign)].repeat_interleave(side, 0).repeat_interleave(side, 1)
        low = (self.SIZE - 3 * side) // 2
        corners = [(low, low)] if side > 1 else [(low, low), (3, 13), (13, 4)]
        image = torch.zeros(self.SIZE, self.SIZE)
        for top, left in corners:
            image[top : top + 3 * side, left : left + 3 * side] = pattern
        return image + noise

    @torch.no_grad()
    def _ask(self, images: Tensor) -> Tensor:
        """(sides, DRAWS, 1, 20, 20) -> weights of the large kernel (sides, channels), the mean over the draws."""
        return torch.stack([self.network.weights(part)[:, 1].mean(dim=0) for part in images])

    def weights(self, sign: str, side: int) -> Tensor:
        """The large kernel's weight in each channel (channels,), the mean over 16 draws of the noise."""
        return self._weights[sign][CELL_SIDES.index(side)]

    @torch.no_grad()
    def answers(self, sign: str, side: int) -> float:
        """Share of the draws whose sign is named rightly."""
        images = self._images[sign][CELL_SIDES.index(side)]
        return float((self.network(images).argmax(dim=1) == SIGN_NAMES.index(sign)).double().mean())

    def draw(self, sign: str, side: int) -> Figure:
        at = CELL_SIDES.index(side)
        return figures.scale_panels(
            image=self._images[sign][at, 0, 0],
            weights=self.weights(sign, side),
            sides=torch.tensor(CELL_SIDES),
            curve=self._weights[sign].mean(dim=1),
            at=at,
            trained=(1, LARGE),
            said=f"named rightly: {self.answers(sign, side):.0%}",
        )

    def describe(self, sign: str, side: int) -> str:
        seen = "seen in training" if side in (1, LARGE) else "never seen in training"
        return (
            f"Sign {sign}, cells of {side} pixels ({seen}): the large kernel gets "
            f"{float(self.weights(sign, side).mean()):.2f} on average over the channels; "
            f"{self.answers(sign, side):.0%} of {self.DRAWS} noisy pictures are named rightly."
        )


def scale_explorer(study: ScaleStudy | None = None) -> Explorer:
    """Size and kind of a sign against the weights of two branches."""
    study = study or ScaleStudy()
    return Explorer(
        study.draw,
        [
            Slider("side", "side of a cell", CELL_SIDES, default=1),
            Menu("sign", "sign", SIGN_NAMES, default="T"),
        ],
        title="Does the weight follow the size?",
        describe=study.describe,
        keep=[{"side": EVERY_STOP, "sign": EVERY_STOP}],
    )


class ClipStudy:
    """Held-out clips, and the weights that trained networks give to their frames."""

    def __init__(self, seed: int = 0):
        self.networks = {
            task: load_weights(ClipNetwork(task, pooling), NAMES[task]) for task, pooling in _NETWORKS.items()
        }
        self.clips = {task: self._first(clip_data(task, seed, "test")) for task in _NETWORKS}

    @staticmethod
    def _first(clips: Clips) -> Clips:
        return Clips(*(part[: len(CLIP_NUMBERS)] for part in clips))

    @torch.no_grad()
    def weights(self, task: str, number: int) -> Tensor:
        """The weight of each frame (T,)."""
        return self.networks[task].weights(self.clips[task].frames[number - 1 : number])[0]

    @torch.no_grad()
    def answer(self, task: str, number: int) -> int:
        return int(self.networks[task](self.clips[task].frames[number - 1 : number]).argmax())

    def said(self, task: str, number: int) -> str:
        answer, right = self.answer(task, number), int(self.clips[task].labels[number - 1])
        names = SIDES if task == "first" else tuple(map(str, range(10)))
        question = "side of the bar" if task == "first" else "digit under the mark"
        return f"{question}: answered {names[answer]}, right is {names[right]}"

    def draw(self, task: str, number: int) -> Figure:
        frames, _, informative = self.clips[task]
        return figures.clip_panels(
            frames=frames[number - 1, 0],
            weights=self.weights(task, number),
            informative=int(informative[number - 1]),
            said=self.said(task, number),
        )

    def describe(self, task: str, number: int) -> str:
        weights, right = self.weights(task, number), int(self.clips[task].informative[number - 1])
        found = int(weights.argmax())
        return (
            f"Task {task}, {_NETWORKS[task]}, clip {number}: frame {found + 1} gets {float(weights[found]):.2f}, "
            f"frame {right + 1} is the one that matters; {self.said(task, number)}."
        )


def clip_explorer(study: ClipStudy | None = None) -> Explorer:
    """Task and clip against the weights of the frames."""
    study = study or ClipStudy()
    return Explorer(
        study.draw,
        [
            Menu("task", "task", tuple(_NETWORKS), default="cue"),
            Slider("number", "clip", CLIP_NUMBERS, default=1),
        ],
        title="Which frame gets the weight?",
        describe=study.describe,
        keep=[{"task": EVERY_STOP, "number": EVERY_STOP}],
    )
