"""The explorer of lesson 9: click on a photograph, and see who looks like that place."""

import functools
from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Pad, Slider
from visual_attention.datasets.scenes import PLACES, SCENES, SIDE, scene
from visual_attention.lessons.real_networks import figures
from visual_attention.lessons.real_networks.model import (
    MEASURES,
    deep_keys,
    match,
    patch_keys,
    patch_weights,
    voters,
)
from visual_attention.pretrained import trained_or_random

__all__ = ["SHARPNESS", "STAGES", "LookStudy", "look_explorer"]

SHARPNESS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0)
STAGES = tuple(range(1, 8))
CELL = SIDE // PLACES
POINTS = tuple(CELL * (k + 0.5) for k in range(PLACES))  # middles of the places, in pixels


class LookStudy:
    """Photographs, by name, and the weights of any of their places. Pictures are (3, 448, 448) in [0, 1]."""

    def __init__(self, pictures: Mapping[str, Tensor]):
        self.pictures = dict(pictures)
        self.deep = functools.cache(lambda name: deep_keys(self.pictures[name]))
        self.patches = functools.cache(lambda name: patch_keys(self.pictures[name]))
        # The last few only: a table of all places has 784 × 784 numbers.
        self.table = functools.lru_cache(4)(
            lambda name, stage, measure, sharpness: match(self.deep(name)[stage - 1], measure, sharpness)
        )

    def weights(
        self, measure: str, sharpness: float, stage: int, name: str, place: tuple[float, float]
    ) -> tuple[Tensor, Tensor, float]:
        """Weights of the place (x, y) over deep features, (28, 28) or (14, 14), over patches, (28, 28), and h."""
        column, row = (POINTS.index(p) for p in place)
        table = self.table(name, stage, measure, sharpness)
        side = round(len(table) ** 0.5)
        step = PLACES // side
        deep = table[side * (row // step) + column // step]
        # As many votes as in the deep map, which may have fewer, larger places.
        wanted = min(float(voters(deep)) * step**2, PLACES**2 - 1)
        pixels, h = patch_weights(self.patches(name), PLACES * row + column, wanted)
        return deep.reshape(side, side), pixels.reshape(PLACES, PLACES), h

    def draw(self, measure: str, sharpness: float, stage: int, name: str, place: tuple[float, float]) -> Figure:
        deep, pixels, _ = self.weights(measure, sharpness, stage, name, place)
        return figures.look_panels(
            picture=self.pictures[name],
            query=place,
            deep=deep,
            pixels=pixels,
            titles=("click here", f"features of stage {stage}", "patches of pixels"),
        )

    def describe(self, measure: str, sharpness: float, stage: int, name: str, place: tuple[float, float]) -> str:
        deep, _, h = self.weights(measure, sharpness, stage, name, place)
        side = len(deep)
        column, row = (POINTS.index(p) for p in place)
        own = float(deep[row * side // PLACES, column * side // PLACES])
        said = [
            f"{name[0].upper() + name[1:]}, column {column}, row {row}; {measure}, stage {stage}, scores × "
            f"{sharpness:g}: as if {float(voters(deep.flatten())):.0f} of {side**2} places voted; own weight "
            f"{own:.2f}. Pixels: as many votes (h = {h:.2g})."
        ]
        if name in SCENES:
            said.append(f"{SCENES[name].credit}.")
        if missing := trained_or_random()[1]:
            said.append(missing)
        return " ".join(said)


def look_explorer(own: Tensor | None = None) -> Explorer:
    """A place of a photograph, the measure, its sharpness and the depth against who looks like that place.

    `own` is a picture of the reader's own, (3, 448, 448) in [0, 1], as `datasets.own_picture` makes it; it comes
    first in the menu. Where the weights of the trained network are not installed it says so below each picture.
    """
    shipped = {name: scene(name) for name in SCENES}
    pictures = shipped if own is None else {"your picture": own} | shipped
    study = LookStudy(pictures)
    first = next(iter(pictures))
    start = _point(SCENES["cat"].start) if own is None else (POINTS[14], POINTS[14])
    keep: list[dict] = [{"measure": EVERY_STOP}, {"sharpness": EVERY_STOP}, {"stage": EVERY_STOP}]
    for name, one in SCENES.items():
        asked = [one.start, *(place for twins in one.twins[:1] for place in (twins.first, twins.second))]
        keep.append({"name": (name,), "place": tuple(dict.fromkeys(map(_point, asked)))})
    return Explorer(
        study.draw,
        [
            Menu("measure", "compare by", MEASURES, default=MEASURES[0]),
            Slider("sharpness", "scores ×", SHARPNESS, default=1.0),
            Slider("stage", "stage", STAGES, default=5),
            Menu("name", "photograph", tuple(pictures), default=first),
            Pad("place", "place", POINTS, default=start, y=POINTS, form="pixel {:g} from the left, {:g} from the top"),
        ],
        title="Who looks like this place?",
        describe=study.describe,
        keep=keep,  # `describe` says whom the photograph that is shown is owed to
    )


def _point(place: tuple[int, int]) -> tuple[float, float]:
    return POINTS[place[0]], POINTS[place[1]]
