"""Explorers: pictures that a person moves, drawn by matplotlib and swapped in the browser.

A *figure function* maps the values of a few controls to a `matplotlib.figure.Figure`. An `Explorer` draws it
once for every stop of a control, in Python, and hands the finished pictures to the browser, which shows the
picture that belongs to the controls' position. Moving a slider therefore costs no round trip to the kernel, the
plot cannot drift from the Python code that made it, and the same pictures still move in an exported page where
there is no kernel.

Three forms of one object:

* live (JupyterLab, live slides): an anywidget; combinations that were not drawn in advance are drawn by the
  kernel when asked for;
* exported (`exporting()`): self-contained HTML that holds a stated subset of the pictures; `pictures_apart` takes
  them out again, for a page that is to open quickly;
* still: a PNG with alternative text, where neither script nor widget runs.
"""

import base64
import contextlib
import hashlib
import html
import io
import itertools
import json
import math
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

import anywidget
import numpy as np
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from courseware.language import words
from courseware.notebook.figure_words import speak

__all__ = [
    "EVERY_STOP",
    "Explorer",
    "Frame",
    "Menu",
    "Pad",
    "Picture",
    "Slider",
    "exporting",
    "pictures_apart",
    "show",
    "sweep",
]

DOTS_PER_INCH = 144  # 10 in wide figures then have 1440 pixels: sharp at 1920 × 1080, about 40 KB a picture
EXPORT_VARIABLE = "COURSEWARE_EXPORT"
STILLS_VARIABLE = "COURSEWARE_STILLS"
FIGURES_VARIABLE = "COURSEWARE_FIGURES"  # a folder: every figure is written there, too
EVERY_STOP = "every stop"  # in an explorer's `keep`, instead of a list of stops

_SCRIPT = resources.files("courseware.notebook").joinpath("explorer.js").read_text(encoding="utf-8")
_STYLE = resources.files("courseware.notebook").joinpath("explorer.css").read_text(encoding="utf-8")

_DATA_URL = "data:image/png;base64,"
# The element of an exported page with the addresses of an explorer's pictures; nbconvert reorders its attributes.
_ADDRESSES = re.compile(r"(?P<start><script\b[^>]*courseware-pictures[^>]*>)(?P<addresses>[^<]*)(?=</script>)")

# Figure functions swap matplotlib's global settings while they draw, so only one may draw at a time. In JupyterLab
# with ipykernel 7 requests wait for the running cell anyway; other hosts may bring them in a thread of their own.
_drawing = threading.RLock()


def exporting() -> bool:
    """Whether notebooks are being executed for an export, so that explorers show their HTML form."""
    return os.environ.get(EXPORT_VARIABLE) == "1"


def only_stills() -> bool:
    """Whether notebooks are being executed to store or to compare what they show: nobody will move an explorer."""
    return os.environ.get(STILLS_VARIABLE) == "1"


# --------------------------------------------------------------------------------------------------- controls
@dataclass(frozen=True)
class Slider:
    """A slider with one stop for each of `values`, in order; `form` says how a value is written beside it."""

    name: str
    label: str
    values: Sequence[float]
    default: float
    form: str = "{:g}"

    @property
    def stops(self) -> list[float]:
        return list(self.values)

    def text(self, stop: Any) -> str:
        return words(self.form.format(stop))


@dataclass(frozen=True)
class Menu:
    """A drop-down menu with one stop for each of `options`."""

    name: str
    label: str
    options: Sequence[str]
    default: str

    @property
    def stops(self) -> list[str]:
        return list(self.options)

    def text(self, stop: Any) -> str:
        return words(str(stop))


@dataclass(frozen=True)
class Pad:
    """A handle on the picture itself: point, drag, or use the arrow keys inside one of the figure's axes.

    `x` (and `y`) are stops in the data coordinates of `figure.axes[axes]`, which must stay the same in every
    frame. Without `y` the value is a number and only the horizontal position counts; with `y` it is a pair
    `(x, y)`.
    """

    name: str
    label: str
    x: Sequence[float]
    default: Any
    y: Sequence[float] | None = None
    axes: int = 0
    form: str = "{:g}"

    @property
    def stops(self) -> list[Any]:
        if self.y is None:
            return list(self.x)
        return [(x, y) for y in self.y for x in self.x]

    def text(self, stop: Any) -> str:
        return self.form.format(stop) if self.y is None else self.form.format(*stop)

    def place(self, figure: Figure) -> dict[str, Any]:
        """Where the stops lie on the picture, as fractions of its width and height counted from the top left."""
        axes = figure.axes[self.axes]
        width, height = figure.bbox.width, figure.bbox.height
        box = axes.get_window_extent()

        def fraction(x: float, y: float) -> tuple[float, float]:
            px, py = axes.transData.transform((x, y))
            return px / width, 1 - py / height

        corner = axes.get_xlim()[0], axes.get_ylim()[0]
        return {
            "box": [box.x0 / width, 1 - box.y1 / height, box.width / width, box.height / height],
            "x": [fraction(x, corner[1])[0] for x in self.x],
            "y": None if self.y is None else [fraction(corner[0], y)[1] for y in self.y],
        }


Control = Slider | Menu | Pad


class Credit(Protocol):
    """Whom a picture is owed to: a sentence as `str`, and the same with links."""

    @property
    def html(self) -> str: ...


# --------------------------------------------------------------------------------------------------- pictures
def png(figure: Figure) -> bytes:
    """The figure as a PNG with 256 colours (about a third of the size), or in full colour if that would show."""
    with _drawing:
        speak(figure)
        figure.set_dpi(DOTS_PER_INCH)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        full = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = full.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    error = np.abs(np.asarray(few.convert("RGB"), dtype=np.int16) - np.asarray(full, dtype=np.int16))
    picture = few if (error > 6).mean() <= 0.01 else full
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def _written_too(figure: Figure, alt: str) -> None:
    """Write the figure as PNG and SVG into the folder that the environment names, numbered, with what is to be seen."""
    if folder := os.environ.get(FIGURES_VARIABLE):
        number = len(list(Path(folder).glob("*.svg"))) + 1
        name = "-".join(re.findall(r"[a-z0-9]+", alt.lower())[:5])
        with _drawing:
            figure.savefig(Path(folder, f"{number:02d}-{name}.png"), dpi=2 * DOTS_PER_INCH)
            figure.savefig(Path(folder, f"{number:02d}-{name}.svg"), metadata={"Description": alt, "Date": None})


@dataclass(frozen=True)
class Frame:
    """One drawn picture: PNG bytes and the sentence that says what is to be seen on it."""

    png: bytes
    alt: str


class Picture:
    """A figure with its alternative text, displayed as PNG; the text is also what nbval compares."""

    def __init__(self, figure: Figure, alt: str):
        if not alt.strip():
            raise ValueError(f"alt must say in words what the figure shows, was {alt!r}")
        alt = words(alt)
        self.alt = alt
        self.png = png(figure)
        _written_too(figure, alt)

    def __repr__(self) -> str:
        return f"[picture: {self.alt}]"

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"text/plain": repr(self), "image/png": base64.b64encode(self.png).decode("ascii")}
        return data, {"image/png": {"alt": self.alt}}


def show(figure: Figure, alt: str) -> Picture:
    """Display `figure` with alternative text `alt` when it is the last expression of a cell."""
    return Picture(figure, alt)


# --------------------------------------------------------------------------------------------------- explorer
class Explorer(anywidget.AnyWidget):
    """A figure function behind sliders, menus and pads.

    Parameters
    ----------
    draw
        Called with one keyword argument for each control, returns a new `matplotlib.figure.Figure`, always of
        the same size.
    controls
        `Slider`, `Menu` and `Pad` objects. Every stop of the first one is drawn when the explorer is made.
    title
        Names the explorer to screen readers and in its text form.
    describe
        Called like `draw`, returns one or two sentences with the figure's numbers: caption and alternative text.
    keep
        What an exported page keeps: a sequence of mappings from control names to the stops kept (or to
        `EVERY_STOP`). Each mapping stands for all combinations of its stops; controls it leaves out stay at their
        default. Default: every stop of each control with the others at their default.
    credit
        Whom a picture by somebody else that `draw` shows is owed to; it is said wherever the explorer is shown.

    Raises
    ------
    ValueError
        If there is no control, two controls share a name, a control has the same stop twice, a default is not one
        of its control's stops, `keep` names a control or a stop that does not exist, or `describe` returns no words.
    """

    _esm = _SCRIPT
    _css = _STYLE
    spec = traitlets.Dict().tag(sync=True)
    frames = traitlets.Dict().tag(sync=True)
    position = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        draw: Callable[..., Figure],
        controls: Sequence[Control],
        *,
        title: str,
        describe: Callable[..., str],
        keep: Iterable[Mapping[str, Any]] | None = None,
        credit: Credit | None = None,
    ):
        super().__init__()
        self.draw, self.describe, self.title, self.credit = draw, describe, words(title), credit
        self.controls = _checked(controls)
        self._drawn: dict[str, Frame] = {}
        self._default = [_stop_index(control, control.default) for control in self.controls]
        self._keep = [{control.name: EVERY_STOP} for control in self.controls] if keep is None else list(keep)
        self.kept = self._kept_positions(self._keep)

        with _drawing:
            figure = self.draw(**self.values_at(self._default))
            self._size = tuple(figure.get_size_inches())
            self.png = png(figure)  # also fixes the figure's layout, which the pads are placed by
        self._drawn[_key(self._default)] = Frame(self.png, self._description(self._default))
        _written_too(figure, self._drawn[_key(self._default)].alt)
        width, height = (round(side * DOTS_PER_INCH) for side in self._size)
        self.spec = {
            "title": self.title,
            "width": width,
            "height": height,
            "controls": [self._control_spec(c, figure) for c in self.controls],
            "credit": credit.html if credit else "",
        }
        self.position = list(self._default)
        self.on_msg(self._answer)

    # ---- values, positions, frames
    def values_at(self, position: Sequence[int]) -> dict[str, Any]:
        """The controls' values at a position (one stop index for each control)."""
        if len(position) != len(self.controls) or not all(
            isinstance(i, Integral) and 0 <= i < len(c.stops) for c, i in zip(self.controls, position, strict=True)
        ):
            counts = [len(c.stops) for c in self.controls]
            raise ValueError(f"position must hold one stop index for each control, below {counts}, was {position}")
        return {c.name: c.stops[i] for c, i in zip(self.controls, position, strict=True)}

    @property
    def values(self) -> dict[str, Any]:
        """The controls' values now."""
        return self.values_at(self.position)

    def move(self, **values: Any) -> None:
        """Put the named controls on the given stops, as a person would by hand."""
        position = list(self.position)
        for name, value in values.items():
            index, control = self._control(name)
            position[index] = _stop_index(control, value)
        self.position = position

    def line(self, name: str) -> list[list[int]]:
        """Every stop of one control, the others at their default."""
        index, control = self._control(name)
        return [[*self._default[:index], stop, *self._default[index + 1 :]] for stop in range(len(control.stops))]

    def frame(self, position: Sequence[int]) -> Frame:
        """The picture at a position: drawn once, then remembered.

        Raises
        ------
        ValueError
            If `position` is none of the controls' positions, `draw` returns a figure of another size than at the
            controls' defaults, or `describe` returns no words.
        """
        key = _key(position)
        with _drawing:
            if key not in self._drawn:
                figure = self.draw(**self.values_at(position))
                if (size := tuple(figure.get_size_inches())) != self._size:
                    raise ValueError(f"draw must return figures of one size, {self._size} inches, was {size}")
                self._drawn[key] = Frame(png(figure), self._description(position))
            return self._drawn[key]

    # ---- the three forms
    def __repr__(self) -> str:
        lines = [f"Explorer: {self.title}"]
        for control in self.controls:
            stops = [control.text(stop) for stop in control.stops]
            span = ", ".join(stops) if isinstance(control, Menu) else f"{stops[0]} to {stops[-1]}"
            lines.append(f"  {words(control.label)}: {span} ({len(stops)} stops), at {control.text(control.default)}")
        lines.append(f"  {self._drawn[_key(self._default)].alt}")
        if self.credit:
            lines.append(f"  {self.credit}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs):
        if exporting():
            return {"text/plain": repr(self), "text/html": self.html()}, {}
        ahead = [self._default] if only_stills() else self.line(self.controls[0].name)
        self.frames = {_key(p): self._wire(self.frame(p)) for p in ahead}
        still = self._drawn[_key(self._default)]
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data |= {"text/plain": repr(self), "image/png": base64.b64encode(still.png).decode("ascii")}
        return data, metadata | {"image/png": {"alt": still.alt}}

    def html(self) -> str:
        """The explorer as one piece of HTML: kept pictures, controls and script, and a still where none runs."""
        still = self._drawn[_key(self._default)]
        images = {still.png: 0}  # number 0 is the still, which the page holds already
        frames = {}
        for position in self.kept:
            frame = self.frame(position)
            frames[_key(position)] = {"image": images.setdefault(frame.png, len(images)), "alt": frame.alt}
        state = {"spec": self.spec, "position": self._default, "holds": self._holds(), "frames": frames}
        addresses = [_data_url(image) for image in list(images)[1:]]
        credit = f'<p class="courseware-credit">{self.credit.html}</p>' if self.credit else ""
        return (
            f'<div class="courseware-export"><style>{_STYLE}</style>'
            f'<div class="courseware-host"><img class="courseware-still" src="{_data_url(still.png)}" '
            f'alt="{html.escape(still.alt)}" width="{self.spec["width"]}" height="{self.spec["height"]}">{credit}</div>'
            f'<script type="application/json" class="courseware-state">{_json(state)}</script>'
            f'<script type="application/json" class="courseware-pictures">{_json(addresses)}</script>'
            f'<script type="module">{_SCRIPT.replace("export default", "const module =")}\n'
            "module.mountExports(document);</script></div>"
        )

    # ---- live requests
    def _answer(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        position = content.get("draw")
        if not isinstance(position, list):
            return
        try:
            frame = self.frame(position)
        except Exception as error:  # shown to the person: exceptions in a callback are invisible otherwise
            self.send({"key": _key(position), "error": f"{type(error).__name__}: {error}"})
            return
        self.send({"key": _key(position), "alt": frame.alt}, [frame.png])

    # ---- parts
    def _control(self, name: str) -> tuple[int, Control]:
        for index, control in enumerate(self.controls):
            if control.name == name:
                return index, control
        raise ValueError(f"control must be one of {[c.name for c in self.controls]}, was {name!r}")

    def _control_spec(self, control: Control, figure: Figure) -> dict[str, Any]:
        spec = {
            "kind": type(control).__name__.lower(),
            "label": words(control.label),
            "texts": [control.text(stop) for stop in control.stops],
        }
        return spec | ({"place": control.place(figure)} if isinstance(control, Pad) else {})

    def _description(self, position: Sequence[int]) -> str:
        said = self.describe(**self.values_at(position))
        if not isinstance(said, str) or not said.strip():
            raise ValueError(f"describe must return a sentence, was {said!r}")
        return words(said)

    def _kept_positions(self, keep: Sequence[Mapping[str, Any]]) -> list[list[int]]:
        positions = {_key(self._default): self._default}
        for subset in keep:
            choices = [[index] for index in self._default]
            for name, stops in subset.items():
                index, control = self._control(name)
                chosen = control.stops if stops == EVERY_STOP else stops
                choices[index] = [_stop_index(control, stop) for stop in chosen]
            positions |= {_key(p): list(p) for p in itertools.product(*choices)}
        return list(positions.values())

    def _holds(self) -> str:
        """What an exported page holds, in words; empty if that is every combination."""
        if len(self.kept) == math.prod(len(control.stops) for control in self.controls):
            return ""

        def part(name: str, stops: Any) -> str:
            _, control = self._control(name)
            total = len(control.stops)
            count = total if stops == EVERY_STOP else len(stops)
            return f"every {control.label}" if count == total else f"{count} of {total} {control.label}"

        # Of several choices of the same controls only their number can be said in a line.
        alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for subset in self._keep:
            alike.setdefault(tuple(subset), []).append(subset)
        parts = []
        for names, subsets in alike.items():
            if len(subsets) == 1:
                parts.append(" × ".join(part(name, stops) for name, stops in subsets[0].items()))
            else:
                count = len({_key(position) for position in self._kept_positions(subsets)})
                parts.append(f"{count} choices of {' and '.join(self._control(name)[1].label for name in names)}")
        return f"You can move here: {'; '.join(parts)}. The notebook draws all combinations."

    @staticmethod
    def _wire(frame: Frame) -> dict[str, Any]:
        return {"image": frame.png, "alt": frame.alt}


def _checked(controls: Sequence[Control]) -> list[Control]:
    names = [control.name for control in controls]
    if not names:
        raise ValueError("controls must hold at least one control, was empty")
    if len(set(names)) < len(names):
        raise ValueError(f"controls must have different names, was {names}")
    for control in controls:
        if len(set(control.stops)) < len(control.stops):
            raise ValueError(f"{control.name} must have different stops, was {control.stops}")
        _stop_index(control, control.default)
    return list(controls)


def _stop_index(control: Control, value: Any) -> int:
    with contextlib.suppress(ValueError):
        return control.stops.index(value)
    raise ValueError(f"{control.name} must be one of its stops {control.stops}, was {value!r}")


def _key(position: Sequence[int]) -> str:
    return ",".join(map(str, position))


def _data_url(image: bytes) -> str:
    return _DATA_URL + base64.b64encode(image).decode("ascii")


def _json(data: Any) -> str:
    """JSON for a script element: "<" inside the data must not be able to close it."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def pictures_apart(page: str, folder: str) -> tuple[str, dict[str, bytes]]:
    """Take the pictures that explorers show when they are moved out of a page.

    Parameters
    ----------
    page
        HTML that holds explorers as `Explorer.html` writes them.
    folder
        Where the pictures are to lie, an address relative to the page. A picture is named by its content, so that one
        that several explorers show is one file.

    Returns
    -------
    page, files
        The page, which now names the pictures instead of holding them, and PNG bytes by address. The stills stay.
    """
    files: dict[str, bytes] = {}

    def named(block: re.Match[str]) -> str:
        addresses = []
        for address in json.loads(block["addresses"]):
            picture = base64.b64decode(address.removeprefix(_DATA_URL))
            addresses.append(f"{folder}/{hashlib.sha256(picture).hexdigest()[:16]}.png")
            files[addresses[-1]] = picture
        return block["start"] + _json(addresses)

    return _ADDRESSES.sub(named, page), files


def sweep(explorer: Explorer, most: int = 40) -> Iterator[tuple[dict[str, Any], Figure, str]]:
    """Drive each control over its range, the others at their default: values, figure and description.

    Both ends are among the stops; a control with more than `most` of them is sampled evenly.
    """
    for control in explorer.controls:
        line = explorer.line(control.name)
        chosen = np.linspace(0, len(line) - 1, min(most, len(line))).round().astype(int)
        for stop in chosen:
            values = explorer.values_at(line[stop])
            with _drawing:
                figure = explorer.draw(**values)
            yield values, figure, explorer.describe(**values)
