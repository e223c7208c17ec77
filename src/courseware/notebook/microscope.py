"""Microscopes: a worked formula whose numbers a person touches, computed in the page.

A `Microscope` is one description of a computation: inputs, and steps that are each one of a small closed set of
operations. Python evaluates it in float64 (`Microscope.numbers`), and `microscope.js` evaluates the same description,
sent as JSON, whenever an input is dragged or typed. So a formula is written once, and the page needs neither a kernel
nor a network::

    Microscope(
        "A share",
        Input("a", [1, 2, 5], "parts", least=0, most=9),
        Step("s", "sum", "a", label="their sum"),
        Step("p", "quotient", "a", "s", label="share"),
    )

Pointing at a number lights up what it was made of and writes the arithmetic out. Three forms of one object, as for
explorers: a widget in JupyterLab and on live slides; HTML with the script in it when notebooks are executed for an
export; and a table of the numbers where no script runs, which is also what a notebook stores.
"""

import html
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from numbers import Real
from typing import Any

import anywidget
import torch
import torch.nn.functional as F
import traitlets
from torch import Tensor

from courseware.language import spoken, words
from courseware.notebook.explorer import exporting
from courseware.notebook.in_page import in_page

__all__ = ["OPERATIONS", "Choice", "Input", "Microscope", "Operation", "Step", "written"]

_SCRIPT = resources.files("courseware.notebook").joinpath("microscope.js").read_text(encoding="utf-8")
_STYLE = resources.files("courseware.notebook").joinpath("microscope.css").read_text(encoding="utf-8")

# What the script says; it has the same sentences in English.
SAYS = (
    "Back to the start",
    "Point at a number: what it is made of lights up. Drag the framed ones, or type.",
    "{name} must be a number from {least} to {most}; it stays {value}.",
    "{name} must be a whole number from {least} to {most}; it stays {value}.",
    "{name}: {value}, from {least} to {most}. Drag it, type, or press ↑ and ↓.",
    "the larger of 0 and {number}",
    "the largest of {numbers}",
)

MOST_AXES = 3
MINUS = "−"


# ------------------------------------------------------------------------------------------------- operations
@dataclass(frozen=True)
class Operation:
    """One thing that a step can do.

    Attributes
    ----------
    calculate : from tensors in float64, and the step's options, to a tensor in float64
    arguments : how many cells it takes; None for one or more
    formula : what stands below a step's name, with the arguments' names for {0}, {1}, …, {all} of them, the {last} and
        the {others}; {scaled} is the first of them with its factor
    options : its options with their defaults
    """

    calculate: Callable[..., Tensor]
    arguments: int | None
    formula: str
    options: Mapping[str, Any]


def _matched(a: Tensor, b: Tensor, match: str) -> tuple[Tensor, Tensor]:
    """Two arrays that broadcast as in PyTorch, or (`match="first"`) with their first axes side by side."""
    if match not in ("first", "last"):
        raise ValueError(f"match must be 'first' or 'last', was {match!r}")
    if match == "first":
        axes = max(a.ndim, b.ndim)
        a, b = (x.reshape(*x.shape, *[1] * (axes - x.ndim)) for x in (a, b))
    return a, b


def _two(calculate: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda a, b, match: calculate(*_matched(a, b, match))


def _axes(a: Tensor, over: int | Sequence[int] | None) -> tuple[int, ...]:
    axes = tuple(range(a.ndim) if over is None else [over] if isinstance(over, int) else over)
    if over is not None and (not axes or not a.ndim):
        raise ValueError("over must name an axis or more that there are, or be left out for all")
    return axes


def _softmax(a: Tensor, over: int | None) -> Tensor:
    if not a.ndim:
        raise ValueError("a softmax needs more than a single number")
    return a.softmax(-1 if over is None else over)


def _concatenation(*parts: Tensor) -> Tensor:
    if not all(part.ndim for part in parts):
        raise ValueError("each part must be a vector or more; a single number x is written [x]")
    leading = torch.broadcast_shapes(*(part.shape[:-1] for part in parts))
    return torch.cat([part.expand(*leading, part.shape[-1]) for part in parts], dim=-1)


def _matmul(a: Tensor, b: Tensor, transpose: bool) -> Tensor:
    # PyTorch multiplies stacks of matrices, too; the page does not.
    if a.ndim not in (1, 2) or b.ndim not in (1, 2) or (transpose and b.ndim == 1):
        raise ValueError("a product takes matrices and vectors; what is transposed must be a matrix")
    return a @ (b.mT if transpose else b)


def _pick(a: Tensor, place: Tensor) -> Tensor:
    if not a.ndim:
        raise ValueError("there must be several to pick from")
    if place.ndim or place != place.round() or not 1 <= place <= len(a):
        raise ValueError(f"the place must be a whole number from 1 to {len(a)}, was {place.tolist()}")
    return a[int(place) - 1]


def _correlation(*maps_and_kernel: Tensor) -> Tensor:
    *maps, kernel = maps_and_kernel
    flat = all(each.ndim == 2 and each.shape == maps[0].shape for each in maps)
    if kernel.ndim != 3 or len(maps) != len(kernel) or not flat:
        raise ValueError("a correlation needs P matrices of one shape, then a kernel of the shape (P, k, k)")
    if kernel.shape[1] != kernel.shape[2] or kernel.shape[1] % 2 == 0:
        raise ValueError(f"the sides of the kernel must be equal and odd, were {kernel.shape[1]}, {kernel.shape[2]}")
    return F.conv2d(torch.stack(maps)[None], kernel[None], padding=kernel.shape[1] // 2)[0, 0]


_MATCH = {"match": "last"}
_OVER = {"over": None}

# Each name has its other half, with the arithmetic in words, in microscope.js; a test compares the two.
OPERATIONS: Mapping[str, Operation] = {
    "difference": Operation(_two(torch.sub), 2, "{0} − {1}", _MATCH),
    "addition": Operation(_two(torch.add), 2, "{0} + {1}", _MATCH),
    "product": Operation(_two(torch.mul), 2, "{0} · {1}", _MATCH),
    "quotient": Operation(_two(torch.div), 2, "{0} / {1}", _MATCH),
    "square": Operation(torch.square, 1, "{0}²", {}),
    "scale": Operation(lambda a, by: a * by, 1, "{scaled}", {"by": 1.0}),
    "exp": Operation(torch.exp, 1, "exp({0})", {}),
    "gaussian": Operation(lambda a: torch.exp(-(a**2) / 2), 1, "exp(−{0}²/2)", {}),
    "relu": Operation(torch.relu, 1, "ReLU({0})", {}),
    "sigmoid": Operation(torch.sigmoid, 1, "sigmoid({0})", {}),
    "softmax": Operation(_softmax, 1, "softmax({0})", _OVER),
    "sum": Operation(lambda a, over: a.sum(_axes(a, over)), 1, "sum of {0}", _OVER),
    "mean": Operation(lambda a, over: a.mean(_axes(a, over)), 1, "mean of {0}", _OVER),
    "max": Operation(lambda a, over: a.amax(_axes(a, over)), 1, "max of {0}", _OVER),
    "matmul": Operation(_matmul, 2, "{0} · {1}", {"transpose": False}),
    "concatenation": Operation(_concatenation, None, "[{all}]", {}),
    "pick": Operation(_pick, 2, "row {1} of {0}", {}),
    "correlation": Operation(_correlation, None, "{last} slides over {others}", {}),
}


# ------------------------------------------------------------------------------------------------------ cells
class Input:
    """Numbers that a person changes: one, a vector, a matrix, or planes of a matrix each.

    Parameters
    ----------
    name
        What formulas call it; it stands in bold above the numbers.
    value
        A number, or (nested) lists of numbers, of equal lengths and at most three levels.
    label
        What it is, in a word or two; the name if it is left out.
    least, most
        Between which numbers it can be changed.
    step
        By how much a key, or a few pixels of a drag, changes it.
    digits
        Decimal places; those of the microscope if left out.
    below
        Whether a new line of cells begins here.

    Raises
    ------
    ValueError
        If `value` holds no numbers, lists of different lengths, or a number that is not between `least` and `most`;
        `step` is not positive, or `digits` no whole number from 0 to 15.
    """

    def __init__(
        self,
        name: str,
        value: Any,
        label: str = "",
        *,
        least: float = -10.0,
        most: float = 10.0,
        step: float = 0.1,
        digits: int | None = None,
        below: bool = False,
    ):
        self.name, self.label, self.digits, self.below = _word(name), label or name, _digits(digits, name), below
        self.value = self.read(value)
        if not self.value.numel() or self.value.ndim > MOST_AXES:
            raise ValueError(f"value of {name} must be numbers in at most {MOST_AXES} levels, was {value!r}")
        if not (_finite(least) and _finite(most) and least < most):
            raise ValueError(f"least and most of {name} must be numbers in this order, were {least!r}, {most!r}")
        if not (_finite(step) and step > 0):
            raise ValueError(f"step of {name} must be above 0, was {step!r}")
        self.least, self.most, self.step = float(least), float(most), float(step)
        self.check(self.value)

    def read(self, value: Any) -> Tensor:
        """These numbers as a tensor of its own. Raise ValueError if they are none."""
        try:
            return torch.as_tensor(value, dtype=torch.float64).detach().clone()
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"value of {self.name} must be a number or lists of numbers, was {value!r}") from error

    def check(self, value: Tensor) -> None:
        """Raise ValueError unless these numbers have the input's shape and lie between its ends."""
        if value.shape != self.value.shape:
            raise ValueError(f"{self.name} must have the shape {_shape(self.value)}, had {_shape(value)}")
        if not ((value >= self.least) & (value <= self.most)).all():
            raise ValueError(f"{self.name} must be from {self.least:g} to {self.most:g}, was {value.tolist()}")


class Step:
    """Numbers that one operation makes of other cells.

    Parameters
    ----------
    name
        What formulas call it; it stands in bold above the numbers.
    operation
        One of `OPERATIONS`.
    arguments
        The names of the cells that it takes, each given before this one.
    label
        What it is, in a word or two; the name if it is left out.
    formula
        How it is made, for a reader; written by the operation if left out.
    digits, below
        As for `Input`.
    options
        The operation's own: `over` (an axis, several, or all if left out), `by` (a factor), `transpose` (of the second
        matrix), `match` ("first": the arrays' first axes belong together, as in a gate for each channel).

    Raises
    ------
    ValueError
        If there is no such operation, or it takes another number of arguments, or other options; an argument is not
        a cell's name, `by` no number, `over` no axis, or `digits` no whole number from 0 to 15.
    """

    def __init__(
        self,
        name: str,
        operation: str,
        *arguments: str,
        label: str = "",
        formula: str = "",
        digits: int | None = None,
        below: bool = False,
        **options: Any,
    ):
        if not isinstance(operation, str) or operation not in OPERATIONS:
            raise ValueError(f"operation of {name} must be one of {', '.join(OPERATIONS)}, was {operation!r}")
        known = OPERATIONS[operation]
        if wrong := [given for given in arguments if not isinstance(given, str)]:
            raise ValueError(f"what {_word(name)} takes must be the names of cells, was {wrong[0]!r}")
        if not arguments or known.arguments not in (None, len(arguments)):
            raise ValueError(
                f"{operation} takes {known.arguments or 'one or more'} cells; {name} gives {list(arguments)}"
            )
        if unknown := sorted(set(options) - set(known.options)):
            raise ValueError(
                f"options of {operation} are {', '.join(known.options) or 'none'}; {name} gives {', '.join(unknown)}"
            )
        self.name, self.label, self.digits, self.below = _word(name), label or name, _digits(digits, name), below
        self.operation, self.arguments = operation, arguments
        self.options = {**known.options, **{option: _option(name, option, options[option]) for option in options}}
        told = {
            "all": ", ".join(arguments),
            "others": ", ".join(arguments[:-1]),
            "last": arguments[-1],
            "scaled": _scaled(arguments[0], self.options.get("by", 1.0)),
        }
        self.formula = words(formula) or words(known.formula).format(*arguments, **told)

    def calculate(self, numbers: Mapping[str, Tensor]) -> Tensor:
        """This step's numbers from those of the cells before it.

        Raises ValueError if a cell is missing or shapes do not go together.
        """
        missing = [name for name in self.arguments if name not in numbers]
        if missing:
            raise ValueError(f"{self.name} needs {', '.join(missing)}, which must be given before it")
        taken = [numbers[name] for name in self.arguments]
        try:
            made = OPERATIONS[self.operation].calculate(*taken, **self.options)
        except (ValueError, RuntimeError, IndexError, TypeError) as error:
            shapes = ", ".join(f"{name} {_shape(each)}" for name, each in zip(self.arguments, taken, strict=True))
            raise ValueError(f"{self.name}: {self.operation} of {shapes} fails: {error}") from error
        if made.ndim > MOST_AXES:
            raise ValueError(f"{self.name} must have at most {MOST_AXES} axes, has the shape {_shape(made)}")
        return made


@dataclass(frozen=True)
class Choice:
    """A menu between ways to go on: for each name the cells that follow then.

    Steps that come after the choice may use the names that every way makes. An input in several ways is one object.

    Raises
    ------
    ValueError
        If `label` or a way's name is no text, or a way is no list of `Input` and `Step`.
    """

    label: str
    ways: Mapping[str, Sequence[Input | Step]]

    def __post_init__(self) -> None:
        _word(self.label)
        if not isinstance(self.ways, Mapping):
            raise ValueError(f"ways must give each name its list of cells, were {self.ways!r}")
        for way, cells in self.ways.items():
            _word(way)
            if not isinstance(cells, list | tuple) or not all(isinstance(cell, Input | Step) for cell in cells):
                raise ValueError(f"the way {way} must be a list of Input and Step, was {cells!r}")


Cell = Input | Step | Choice


# ------------------------------------------------------------------------------------------------- microscope
class Microscope(anywidget.AnyWidget):
    """A computation whose numbers can be touched.

    Parameters
    ----------
    title
        Names the microscope to screen readers, and in its text form.
    cells
        `Input`, `Step` and at most one `Choice`, in the order in which they are shown.
    digits
        Decimal places of the numbers that are no whole numbers.

    Raises
    ------
    ValueError
        If `title` is no text, or a cell none of the three; two cells have one name, a step takes a cell that is not
        given before it, shapes do not go together, or there is no input, more than one choice, or a choice without
        ways; or a row is picked by something else than an input.
    """

    _esm = _SCRIPT
    _css = _STYLE
    description = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)

    def __init__(self, title: str, *cells: Cell, digits: int = 4):
        super().__init__()
        if not isinstance(title, str) or not title.strip():
            raise ValueError(f"title must say what is worked out, was {title!r}")
        if wrong := [cell for cell in cells if not isinstance(cell, Cell)]:
            raise ValueError(f"cells must be Input, Step or Choice, one after the other, was {wrong[0]!r}")
        self.title, self.cells, self.digits = words(title), cells, _digits(digits, "the microscope") or 0
        choices = [cell for cell in cells if isinstance(cell, Choice)]
        if len(choices) > 1 or any(not choice.ways for choice in choices):
            raise ValueError("cells must hold at most one Choice, with one way or more")
        self.ways = list(choices[0].ways) if choices else [""]
        every = [cell for way in self.ways for cell in self._cells(way)]
        self.inputs = {cell.name: cell for cell in every if isinstance(cell, Input)}
        if not self.inputs:
            raise ValueError("cells must hold an Input, or nothing can be touched")
        for cell in every:
            if isinstance(cell, Input) and self.inputs[cell.name] is not cell:
                raise ValueError(f"an Input that several ways have must be one and the same, {cell.name} is not")
        self._places: dict[str, int] = {}  # inputs that say which row is picked, with the number of rows
        for way in self.ways:
            names = [cell.name for cell in self._cells(way)]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"cells must have different names, {', '.join(twice)} is given twice")
            numbers = self.numbers(way)
            for cell in self._cells(way):
                if isinstance(cell, Step) and cell.operation == "pick":
                    rows, place = cell.arguments
                    if place not in self.inputs:
                        raise ValueError(f"{cell.name} must pick by an Input, {place} is a Step")
                    self._places[place] = min(len(numbers[rows]), self._places.get(place, len(numbers[rows])))
        self.description = {"title": self.title, "cells": [self._told(cell) for cell in cells], **spoken(SAYS)}

    def numbers(self, way: str = "", /, **inputs: Any) -> dict[str, Tensor]:
        """Every cell's numbers, float64, by name.

        Parameters
        ----------
        way
            Which way of the choice is gone; the first if left out.
        inputs
            Other numbers for some inputs; those of the description else.

        Raises
        ------
        ValueError
            If there is no such way or input, or an input's numbers have another shape or lie outside its ends.
        """
        if (way := way or self.ways[0]) not in self.ways:
            raise ValueError(f"way must be one of {', '.join(self.ways)}, was {way!r}")
        if unknown := sorted(set(inputs) - set(self.inputs)):
            raise ValueError(f"inputs must be among {', '.join(self.inputs)}, was {', '.join(unknown)}")
        numbers: dict[str, Tensor] = {}
        for cell in self._cells(way):
            if isinstance(cell, Step):
                numbers[cell.name] = cell.calculate(numbers)
                continue
            value = cell.read(inputs.get(cell.name, cell.value))
            cell.check(value)
            numbers[cell.name] = value
        return numbers

    # ---- the three forms
    def __repr__(self) -> str:
        numbers = self.numbers()
        lines = [f"Microscope: {self._caption()}"]
        for cell in self._cells(self.ways[0]):
            shown = "; ".join(", ".join(row) for row in self._rows(cell, numbers[cell.name]))
            lines.append(f"  {_named(cell)}: {shown}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs):
        if exporting():
            return {"text/plain": repr(self), "text/html": self.html()}, {}
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return data | {"text/plain": repr(self), "text/html": self.still()}, metadata

    def still(self) -> str:
        """The numbers as a plain table, for where no script runs."""
        numbers, rows = self.numbers(), []
        for cell in self._cells(self.ways[0]):
            shown = html.escape(" | ".join(" ".join(row) for row in self._rows(cell, numbers[cell.name])))
            formula = f" = {cell.formula}" if isinstance(cell, Step) else ""
            label = words(cell.label) if cell.label != cell.name else ""
            rows.append(
                f'<tr><th scope="row">{html.escape(cell.name)}</th><td>{html.escape(label + formula)}</td>'
                f"<td>{shown}</td></tr>"
            )
        return (
            f'<table class="courseware-microscope-still"><caption>{html.escape(self._caption())}</caption>'
            f"{''.join(rows)}</table>"
        )

    def html(self) -> str:
        """The microscope as one piece of HTML: its description, its script, and the table where none runs."""
        return in_page("microscope", self.description, still=self.still(), style=_STYLE, script=_SCRIPT)

    # ---- parts
    def _caption(self) -> str:
        labels = [cell.label for cell in self.cells if isinstance(cell, Choice)]
        return f"{self.title} ({words(labels[0])}: {words(self.ways[0])})" if labels else self.title

    def _cells(self, way: str) -> Iterator[Input | Step]:
        for cell in self.cells:
            if isinstance(cell, Choice):
                yield from cell.ways[way]
            else:
                yield cell

    def _rows(self, cell: Input | Step, value: Tensor) -> list[list[str]]:
        digits = self.digits if cell.digits is None else cell.digits
        table = value.reshape(-1, value.shape[-1]) if value.ndim > 1 else value.reshape(1, -1)
        inputs = isinstance(cell, Input)
        return [[written(number, digits, trimmed=inputs) for number in row] for row in table.tolist()]

    def _told(self, cell: Cell) -> dict[str, Any]:
        """A cell as the page is told of it."""
        if isinstance(cell, Choice):
            ways = {words(name): [self._told(step) for step in steps] for name, steps in cell.ways.items()}
            return {"kind": "choice", "label": words(cell.label), "ways": ways}
        told = {
            "name": cell.name,
            "label": words(cell.label),
            "digits": self.digits if cell.digits is None else cell.digits,
            "below": cell.below,
        }
        if isinstance(cell, Step):
            over = cell.options.get("over")
            options = cell.options | ({"over": [over]} if isinstance(over, int) else {})
            made = {"operation": cell.operation, "arguments": list(cell.arguments), "formula": cell.formula}
            return told | {"kind": "step", **made, "options": options}
        ends = {"least": cell.least, "most": cell.most, "step": cell.step, "whole": False}
        if rows := self._places.get(cell.name):
            ends = {"least": max(1, math.ceil(cell.least)), "most": min(rows, math.floor(cell.most)), "whole": True}
            ends["step"] = max(1, round(cell.step))
        value = {"shape": list(cell.value.shape), "data": cell.value.flatten().tolist()}
        return told | {"kind": "input", **ends, "value": value}


def written(value: float, digits: int = 4, *, trimmed: bool = False) -> str:
    """A number as it is shown: whole numbers without decimals, small ones as a power of ten, rounded as by hand.

    `trimmed` leaves zeros at the end away, as in a number that somebody typed.
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size, sign = abs(value), MINUS if value < 0 else ""
    if size == 0:
        return "0"
    if size >= 1e6 or size < 0.5 * 10.0**-digits:
        mantissa, power = _rounded(Decimal(size).scaleb(-(place := Decimal(size).adjusted())), 1), place
        if mantissa == 10:
            mantissa, power = Decimal("1.0"), power + 1
        return f"{sign}{mantissa}e{str(power).replace('-', MINUS)}"
    if size == round(size):
        return f"{sign}{size:.0f}"
    text = f"{_rounded(Decimal(size), digits):f}"
    return sign + (text.rstrip("0").rstrip(".") if trimmed else text)


def _scaled(name: str, by: float) -> str:
    """A product with a factor; with 1/3, as a third of it is written: as a fraction."""
    parts = round(1 / by) if by else 0
    return f"{name} / {parts}" if parts > 1 and abs(1 / by - parts) < 1e-9 else f"{written(by)} · {name}"


def _rounded(value: Decimal, digits: int) -> Decimal:
    # As JavaScript's toFixed does: a number half-way goes up.
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _word(name: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"name must say what the cell is called, was {name!r}")
    return name


def _finite(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _digits(digits: int | None, of: str) -> int | None:
    if digits is not None and (not isinstance(digits, int) or not 0 <= digits <= 15):
        raise ValueError(f"digits of {of} must be a whole number from 0 to 15, was {digits!r}")
    return digits


def _option(name: str, option: str, value: Any) -> Any:
    """The value of a step's option, as JSON can hold it."""
    if option == "by":
        if not _finite(value):
            raise ValueError(f"by of {name} must be a number, was {value!r}")
        return float(value)
    if option == "over" and value is not None:
        axes = list(value) if isinstance(value, Iterable) else [value]
        if not all(isinstance(axis, int) for axis in axes):
            raise ValueError(f"over of {name} must be an axis or several, counted from 0, was {value!r}")
        return axes if isinstance(value, Iterable) else value
    return value


def _shape(value: Tensor) -> tuple[int, ...]:
    return tuple(value.shape)


def _named(cell: Input | Step) -> str:
    name = cell.name if cell.label == cell.name else f"{cell.name}, {words(cell.label)}"
    return f"{name} = {cell.formula}" if isinstance(cell, Step) else name
