"""Drawing pads: a trained network looks at what a person draws, in the page, and shows how it comes to its answer.

A `DrawingPad` has a network, described once from its torch module by `courseware.notebook.network`, and pictures to
begin with. The browser runs the network at every move of the pen, so the page needs neither a kernel nor a network
connection::

    DrawingPad(
        "Which digit?",
        reader,  # a module: (1, 1, 48, 48) -> {"answer": (1, 10), "gate": (1, 1, 12, 12)}
        [Bars("answer", "answer", "0123456789"), Map("gate", "spatial gate")],
        {"a four": [Thing("the 4", ink, row=6, column=20)]},
        shape=(1, 48, 48),
    )

Three forms of one object, as for microscopes: a widget in JupyterLab and on live slides; HTML with script and weights
in it when notebooks are executed for an export; and the picture to begin with, and a table of what the network makes
of it, where no script runs. The last is also what a notebook stores.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import anywidget
import torch
import traitlets
from PIL import Image
from torch import Tensor, nn

from courseware.language import spoken, words
from courseware.notebook.explorer import exporting
from courseware.notebook.in_page import in_page
from courseware.notebook.network import described

__all__ = ["Bars", "DrawingPad", "Map", "Thing"]


def _file(name: str) -> str:
    return resources.files("courseware.notebook").joinpath(name).read_text(encoding="utf-8")


_SCRIPT = _file("network.js") + _file("drawing_pad.js")
_STYLE = _file("microscope.css") + _file("drawing_pad.css")

# What the script says; it has the same sentences in English.
SAYS = (
    "{label}: {first}, then {second}.",
    "{label}, means: {means}.",
    "{label}: from {least} to {most}.",
    "All: {each}.",
    "with",
    "pen",
    "rubber",
    "move",
    "colour",
    "begin with",
    "Add {thing}",
    "Clear",
    "draw here",
    "Back to the start",
    "Paper of {height} by {width} pixels.",
    "On it: {things}.",
    "It is empty.",
    "Arrows move {thing}, now at row {row}, column {column}; Space takes the next.",
    "There is nothing to move.",
    "The {hand} is down; arrows lead it, now at row {row}, column {column}.",
    "Space puts the {hand} down; arrows lead it, now at row {row}, column {column}.",
    "the drawing",
    "the drawing in {plane}",
)

NAMED = 12  # bars with a name and a number each, at most; more are a strip


@dataclass(frozen=True, eq=False)
class Thing:
    """Something on a picture that can be moved as a whole.

    Attributes
    ----------
    name : what a reader calls it, as in "move the dot"
    ink : shape (h, w), from 0, paper, to 1
    row, column : of its upper left corner; it may stand over the edge
    plane : in which of the picture's planes it is
    kind : if given, a picture holds one thing of this kind at most: one that is added takes the other's place
    """

    name: str
    ink: Tensor
    row: int = 0
    column: int = 0
    plane: int = 0
    kind: str = ""


@dataclass(frozen=True)
class Bars:
    """An output as bars: up to twelve with a name and a number each, more as a strip.

    Attributes
    ----------
    output : its name; its numbers are read in order, whatever its shape
    label : what it is, in a word or two
    names : of the bars; without names it is a strip
    groups : names for parts of a strip, of equal lengths; the mean of each is told
    """

    output: str
    label: str
    names: Sequence[str] = ()
    groups: Sequence[str] = ()


@dataclass(frozen=True)
class Map:
    """An output, of which the last two axes are rows and columns, as a picture: white is 0, dark is 1."""

    output: str
    label: str


class DrawingPad(anywidget.AnyWidget):
    """A picture to draw on, and what a network makes of it.

    Parameters
    ----------
    title
        Names the pad to screen readers, and in its text form.
    network
        A module that takes pictures (1, planes, height, width) and returns a dict of tensors. What it may call is in
        `courseware.notebook.network.OPERATIONS`.
    shows
        What is shown of its outputs, in this order. The first are bars with names: the answer.
    pictures
        What there is to begin with, by name, each a list of things; the first is shown at first.
    shape
        Planes, height and width of the picture.
    planes
        What the pen's colours are called, one for each plane; not needed for one plane.
    stamps
        Things that can be added by a button each.
    pen
        Half the width of the pen, in pixels.

    Raises
    ------
    TypeError, ValueError
        As `described`; or `shows` does not begin with bars that have names, or names an output that there is none of,
        or other names than numbers; a picture is missing, or a thing has no ink of the right kind, or another plane.
    """

    _esm = _SCRIPT
    _css = _STYLE
    description = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        title: str,
        network: nn.Module,
        shows: Sequence[Bars | Map],
        pictures: Mapping[str, Sequence[Thing]],
        *,
        shape: tuple[int, int, int],
        planes: Sequence[str] = ("ink",),
        stamps: Sequence[Thing] = (),
        pen: float = 0.8,
    ):
        super().__init__()
        self.title, self.network, self.shows, self.shape = title, network, list(shows), tuple(shape)
        self.pictures = {name: list(things) for name, things in pictures.items()}
        if len(planes) != shape[0]:
            raise ValueError(f"planes must name each of the {shape[0]} planes, was {list(planes)}")
        if shape[0] not in (1, 3):
            raise ValueError(f"shape must begin with 1 or 3 planes, was {tuple(shape)}")
        if not self.pictures:
            raise ValueError("pictures must hold a picture to begin with")
        for thing in [*stamps, *(thing for things in self.pictures.values() for thing in things)]:
            _check(thing, shape[0])
        told = described(network, (1, *shape))
        self._check_shows(self.outputs(self.begin()))
        self.description = {
            "title": words(title),
            "network": told,
            "shows": [_told(show) for show in self.shows],
            "pictures": {words(name): [_thing(thing) for thing in things] for name, things in self.pictures.items()},
            "planes": [words(plane) for plane in planes],
            "stamps": [_thing(thing) for thing in stamps],
            "pen": pen,
            **spoken(SAYS),
        }

    # ---- what the network makes of a picture
    def begin(self) -> Tensor:
        """The picture to begin with: (1, planes, height, width), float32."""
        return self.picture(next(iter(self.pictures)))

    def picture(self, name: str) -> Tensor:
        """A stored picture: (1, planes, height, width), float32. Of things that overlap the darker ink is seen."""
        planes, height, width = self.shape
        picture = torch.zeros(1, planes, height, width)
        for thing in self.pictures[name]:
            for row, line in enumerate(thing.ink.tolist(), thing.row):
                for column, ink in enumerate(line, thing.column):
                    if 0 <= row < height and 0 <= column < width:
                        place = (0, thing.plane, row, column)
                        picture[place] = max(float(picture[place]), ink)
        return picture

    def outputs(self, picture: Tensor) -> dict[str, Tensor]:
        """The network's outputs for a picture (1, planes, height, width), in evaluation mode."""
        training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad():
                return self.network(picture)
        finally:
            self.network.train(training)

    def says(self, picture: Tensor) -> str:
        """The sentence that the page says of a picture, for readers who do not see it."""
        outputs = self.outputs(picture)
        return " ".join(_said(show, outputs[show.output].flatten().tolist()) for show in self.shows)

    # ---- the three forms
    def __repr__(self) -> str:
        return f"Drawing pad: {self.title} ({next(iter(self.pictures))}). {self.says(self.begin())}"

    def _repr_mimebundle_(self, **kwargs):
        if exporting():
            return {"text/plain": repr(self), "text/html": self.html()}, {}
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return data | {"text/plain": repr(self), "text/html": self.still()}, metadata

    def still(self) -> str:
        """The picture to begin with and what the network makes of it, for where no script runs."""
        picture = self.begin()
        outputs, name = self.outputs(picture), next(iter(self.pictures))
        rows = [f"<tr><th scope='row'>{words('picture')}</th><td>{_image(_colours(picture[0]), name)}</td></tr>"]
        for show in self.shows:
            made = outputs[show.output]
            said = _said(show, made.flatten().tolist())
            if isinstance(show, Map):
                paper = 1 - made.reshape(-1, *made.shape[-2:])[0].clamp(0, 1)
                said = f"{_image(paper[None].expand(3, -1, -1), said)}<br>{html.escape(said)}"
            else:
                said = html.escape(said)
            rows.append(f'<tr><th scope="row">{html.escape(words(show.label))}</th><td>{said}</td></tr>')
        caption = html.escape(f"{words(self.title)} ({words(name)})")
        return (
            f'<table class="courseware-microscope-still"><caption>{caption}</caption>'
            f"{''.join(rows).replace(chr(39), chr(34))}</table>"
        )

    def html(self) -> str:
        """The pad as one piece of HTML: description with weights, script, and the table where none runs."""
        return in_page("drawing", self.description, still=self.still(), style=_STYLE, script=_SCRIPT)

    # ---- parts
    def _check_shows(self, outputs: Mapping[str, Tensor]) -> None:
        if not self.shows or not isinstance(self.shows[0], Bars) or not self.shows[0].names:
            raise ValueError("shows must begin with Bars that have names, the answer")
        for show in self.shows:
            if show.output not in outputs:
                raise ValueError(f"shows must be of {', '.join(outputs)}, was of {show.output!r}")
            numbers = outputs[show.output].numel()
            if isinstance(show, Bars) and show.names and len(show.names) != numbers:
                raise ValueError(f"names of {show.output} must be {numbers}, were {len(show.names)}")
            if isinstance(show, Bars) and len(show.names) > NAMED:
                raise ValueError(f"names of {show.output} must be {NAMED} at most, were {len(show.names)}")
            if isinstance(show, Bars) and show.groups and numbers % len(show.groups):
                raise ValueError(f"groups of {show.output} must part {numbers} numbers, were {len(show.groups)}")
            if isinstance(show, Map) and not _one_map(outputs[show.output]):
                raise ValueError(f"{show.output} must be one map, had the shape {tuple(outputs[show.output].shape)}")


def _one_map(made: Tensor) -> bool:
    return made.ndim > 1 and made.numel() == made.shape[-2] * made.shape[-1]


def _check(thing: Thing, planes: int) -> None:
    ink = thing.ink
    if ink.ndim != 2 or not ink.numel() or not ((ink >= 0) & (ink <= 1)).all():
        raise ValueError(f"ink of {thing.name} must be rows and columns of numbers from 0 to 1")
    if not 0 <= thing.plane < planes:
        raise ValueError(f"plane of {thing.name} must be from 0 to {planes - 1}, was {thing.plane}")


def _capital(text: str) -> str:
    """With a capital first letter, the others as they are: "with CBAM" keeps its name."""
    return text[0].upper() + text[1:]


def _said(show: Bars | Map, numbers: Sequence[float]) -> str:
    if isinstance(show, Bars) and show.names:
        order = sorted(range(len(numbers)), key=lambda place: -numbers[place])[:2]
        first, second = (f"{words(show.names[place])} ({numbers[place]:.2f})" for place in order)
        return words(f"{_capital(words(show.label))}: {first}, then {second}.")
    if isinstance(show, Bars) and show.groups:
        each = len(numbers) // len(show.groups)
        means = [sum(numbers[place * each : (place + 1) * each]) / each for place in range(len(show.groups))]
        told = ", ".join(f"{mean:.2f} {words(name)}" for mean, name in zip(means, show.groups, strict=True))
        return words(f"{_capital(words(show.label))}, means: {told}.")
    return words(f"{_capital(words(show.label))}: from {min(numbers):.2f} to {max(numbers):.2f}.")


def _told(show: Bars | Map) -> dict[str, Any]:
    kind = "map" if isinstance(show, Map) else "bars" if show.names else "strip"
    told = {name: [words(each) for each in getattr(show, name, ())] for name in ("names", "groups")}
    return {"kind": kind, "output": show.output, "label": words(show.label), **told}


def _thing(thing: Thing) -> dict[str, Any]:
    height, width = thing.ink.shape
    place = {"row": thing.row, "column": thing.column, "plane": thing.plane}
    ink = [round(value, 7) for value in thing.ink.float().flatten().tolist()]  # seven digits: all that float32 has
    return {"name": words(thing.name), "kind": thing.kind, "height": height, "width": width, **place, "ink": ink}


def _colours(picture: Tensor) -> Tensor:
    """One plane as ink on white paper, three as light on black: (3, height, width) from 0 to 1."""
    return 1 - picture.expand(3, -1, -1) if len(picture) == 1 else picture


def _image(colours: Tensor, alternative: str) -> str:
    """An `img` element, each pixel four wide and high."""
    pixels = (colours.clamp(0, 1) * 255).round().byte().movedim(0, -1).contiguous().numpy()
    image = Image.fromarray(pixels)
    side = max(1, 192 // image.height)
    image = image.resize((image.width * side, image.height * side), Image.Resampling.NEAREST)
    with io.BytesIO() as file:
        image.save(file, "PNG")
        data = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(alternative)}" src="data:image/png;base64,{data}">'
