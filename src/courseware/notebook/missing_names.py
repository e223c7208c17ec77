"""What a cell needs from other cells, and a hint in place of a bare NameError.

In a notebook's kernel, importing any part of this package is enough: a name that is missing because the cell that
makes it has not run is then explained under the error, with the cells to run first, in their order. The notebook
itself is read for that, so the hint cannot go out of date. `courseware lab` starts its kernels with this import
(`startup.py`), so there a cell that is run as the very first is explained too.
"""

import builtins
import contextlib
import json
import os
import re
import symtable
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["CodeCell", "cells_of", "explain_missing_names", "hint", "missing"]

# Names that every IPython kernel has, besides Python's own.
PROVIDED = frozenset({*dir(builtins), "display", "get_ipython", "In", "Out", "_", "__"})


@dataclass(frozen=True)
class CodeCell:
    """The source of a code cell, and the last heading of the text above it."""

    source: str
    heading: str = ""

    @cached_property
    def makes(self) -> frozenset[str]:
        """Names that the cell assigns, defines or imports."""
        table = self._table
        if table is None:
            return frozenset()
        return frozenset(
            each.get_name()
            for each in table.get_symbols()
            if each.is_assigned() or each.is_imported() or each.is_namespace()
        )

    @cached_property
    def uses(self) -> frozenset[str]:
        """Names that the cell, or a function in it, reads and does not make itself."""
        found = frozenset() if self._table is None else frozenset(_read_from_outside(self._table))
        return found - self.makes - PROVIDED

    @property
    def place(self) -> str:
        """The cell in words: its heading and its first line."""
        line = next((line for line in self.source.splitlines() if line.strip() and not line.startswith("#")), "")
        under = f"under “{self.heading}”, " if self.heading else ""
        return f"the cell {under}that begins: {line if len(line) <= 60 else line[:60] + ' …'}"

    @cached_property
    def _table(self) -> symtable.SymbolTable | None:
        try:
            return symtable.symtable(self.source, "<cell>", "exec")
        except SyntaxError:  # a magic command, or an answer that is still being typed
            return None


def _read_from_outside(table: symtable.SymbolTable) -> Iterator[str]:
    for each in table.get_symbols():
        if each.is_referenced() and (table.get_type() == "module" or each.is_global()):
            yield each.get_name()
    for child in table.get_children():
        yield from _read_from_outside(child)


def cells_of(notebook: Path) -> list[CodeCell]:
    """The code cells of a notebook. Raises OSError or ValueError if it cannot be read."""
    found, heading = [], ""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            headings = re.findall(r"^#+\s+(.+)$", source, re.MULTILINE)
            heading = re.sub(r"[*`$\\]", "", headings[-1]) if headings else heading
        elif cell["cell_type"] == "code":
            found.append(CodeCell(source, heading))
    return found


def missing(cells: Sequence[CodeCell], name: str, before: int, known: frozenset[str] = frozenset()) -> list[int]:
    """The cells to run, in their order, so that `name` exists and whatever makes it can be made.

    Parameters
    ----------
    cells
        The code cells of a notebook.
    name
        The name that is missing.
    before
        The number of the cell that needs it. The last cell above it that makes the name is taken; if there is
        none above, the first below.
    known
        Names that exist already; a cell that makes one of them and is not needed otherwise is left out.

    Returns
    -------
    list of int
        Numbers of cells; empty if no other cell makes the name.
    """
    chosen: set[int] = set()
    wanted = [(name, before)]
    while wanted:
        name, before = wanted.pop()
        makers = [number for number, cell in enumerate(cells) if name in cell.makes and number != before]
        above = [number for number in makers if number < before]
        maker = above[-1] if above else min(makers, default=None)
        if maker is not None and maker not in chosen:
            chosen.add(maker)
            wanted += [(each, maker) for each in cells[maker].uses - known]
    return sorted(chosen)


def hint(cells: Sequence[CodeCell], name: str, source: str, known: frozenset[str] = frozenset()) -> str | None:
    """What to run before the cell with this `source`, in words; None if no other cell makes `name`."""
    before = next((number for number, cell in enumerate(cells) if cell.source == source), len(cells))
    steps = [cells[number] for number in missing(cells, name, before, known)]
    if not steps:
        return None
    if len(steps) == 1:
        lines = [f"“{name}” is made by another cell, which has not run. Run it first: {steps[0].place}"]
    else:
        lines = [f"“{name}” is made by another cell, which has not run. Run first, in this order:"]
        lines += [f"  {number}. {step.place}" for number, step in enumerate(steps, 1)]
    lines.append("or every cell above this one (in JupyterLab: Run → Run All Above Selected Cell).")
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------- in a kernel
def explain_missing_names() -> None:
    """Put the hint under each NameError of this kernel; outside of a notebook's kernel, do nothing."""
    if "ipykernel" not in sys.modules:
        return
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), _explain)


def _explain(shell: Any, kind: type, error: NameError, trace: Any, tb_offset: int | None = None) -> None:
    # Whatever goes wrong in here (no notebook file, another editor's names), the student's error must be shown.
    with contextlib.suppress(Exception):
        text = _hint_in(shell, error)
        if text is not None:
            error.add_note(text)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _hint_in(shell: Any, error: NameError) -> str | None:
    if isinstance(error, UnboundLocalError) or error.name is None:
        return None
    source = shell.history_manager.input_hist_raw[-1]
    # JupyterLab and VS Code say which notebook a kernel belongs to. Elsewhere, look for one that has this very cell.
    named = os.environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__")
    if named and Path(named).is_file():
        notebooks = [cells_of(Path(named))]
    else:
        beside = map(cells_of, sorted(Path.cwd().glob("*.ipynb")))
        notebooks = [cells for cells in beside if any(cell.source == source for cell in cells)]
    known = frozenset(shell.user_ns)
    hints = (hint(cells, error.name, source, known) for cells in notebooks)
    return next(filter(None, hints), None)
