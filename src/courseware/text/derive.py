"""Course text to notebooks: lessons as they are, exercise sheets once unsolved and once solved.

The text in `course/` (jupytext's py:percent format) is the only source. Derivation goes one way: a notebook is
never read back, so saving one in JupyterLab cannot change the course.

In an exercise sheet, solutions stand between nbgrader's marks::

    def neighbours(x, keys):
        ### BEGIN SOLUTION
        return (keys - x).abs() < 1
        ### END SOLUTION

The unsolved notebook gets `raise NotImplementedError` in place of a marked block inside a function, and
`name = ...  # your answer` for each name that a marked block at the left margin assigns; a line that ends in
`# a step on the way` leaves this in place of `# your answer`, for what no check asks for. A markdown cell that starts
with `<!-- SOLUTION -->` appears in the solved notebook only. What the cell of an exercise's heading says in its
metadata on its kind and its minutes (see `courseware.text.syllabus`) becomes a line below the heading. An established
grader gets the notebook with solutions between their marks (`marked`) and takes them out by the same rule
(`without_solutions`).
"""

import ast
import copy
import functools
import hashlib
import re
import textwrap
from collections import Counter
from collections.abc import Callable

import nbformat
from nbformat import NotebookNode

from courseware.project import parsed
from courseware.text import folds, syllabus

__all__ = ["derived", "lesson", "marked", "same_source", "set_ids", "solved", "unsolved", "without_solutions"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SOLUTION_TEXT = "<!-- SOLUTION -->"
NOT_YET = 'raise NotImplementedError("your turn")'
STEP = "# a step on the way"
BEGIN_JOURNAL = """

# What passes from here on is ticked on the start page.
from courseware.exercises import journal

journal.begin("{sheet}")"""

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
    # Live slides. No vertical centring: it cuts plots off at the bottom. The default theme loads fonts from the
    # network, "white" does not.
    "rise": {
        "center": False,
        "scroll": False,
        "transition": "none",
        "theme": "white",
        "slideNumber": "c/t",
        "controls": False,
    },
}


def lesson(text: str) -> NotebookNode:
    """The notebook of a lesson, without outputs, its notes and answers folded (`courseware.text.folds`).

    Raises ValueError if it holds solution marks.
    """
    notebook = _read(text)
    for cell in notebook.cells:
        if BEGIN in cell.source or END in cell.source or SOLUTION_TEXT in cell.source:
            raise ValueError(f"a lesson must not hold solution marks, found one in the cell\n{cell.source}")
    folds.fold(notebook)
    return _finished(notebook)


def solved(text: str) -> NotebookNode:
    """The solution notebook of an exercise sheet, without outputs."""
    notebook = _read(text)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.removeprefix(SOLUTION_TEXT).strip()
        else:
            cell.source = _replace_solutions(cell.source, lambda block, indent: block)
    return _finished(notebook)


def marked(text: str) -> NotebookNode:
    """The notebook of an exercise sheet with its solutions between their marks, for a grader to take out."""
    notebook = _read(text)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(SOLUTION_TEXT)]
    return _finished(notebook)


def unsolved(text: str, sheet: str | None = None) -> NotebookNode:
    """The notebook that students get: every solution replaced by a place for their own.

    With `sheet`, the sheet's file name without its ending, the first code cell also begins the student's journal.
    """
    notebook = marked(text)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = without_solutions(cell.source)
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if sheet is not None and first is not None:
        first.source += BEGIN_JOURNAL.format(sheet=sheet)
    return _finished(notebook)


def without_solutions(source: str) -> str:
    """A code cell with a place for the student's own answer instead of each marked solution.

    Raises ValueError if marks do not come in pairs, or if a solution at the left margin assigns no name.
    """
    return _replace_solutions(source, _stub)


def derived(source: str, sheet: str | None = None) -> Callable[[str], NotebookNode]:
    """The derivation by its name: "lesson", "solved" or "unsolved"; the last may be told its `sheet`."""
    kinds: dict[str, Callable[[str], NotebookNode]] = {
        "lesson": lesson,
        "solved": solved,
        "unsolved": functools.partial(unsolved, sheet=sheet),
    }
    return kinds[source]


def same_source(one: NotebookNode, other: NotebookNode) -> bool:
    """Whether two notebooks agree in all that derivation determines.

    Outputs are aside, and so is what a kernel and JupyterLab write into the notebook's metadata when it is saved
    there: the version of Python, the state of its widgets, and whether an output that the derivation folds is open.
    """
    return _skeleton(one) == _skeleton(other)


def set_ids(notebook: NotebookNode) -> None:
    """Give the cells ids that depend on their content only: a rebuild changes what changed.

    Whoever takes something out of a cell calls this again: an id made with it could be tried out and tell what it was.
    """
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = f"{cell.cell_type}\n{cell.source}"
        seen[content] += 1
        cell.id = hashlib.sha256(f"{content}\n{seen[content]}".encode()).hexdigest()[:8]


def _read(text: str) -> NotebookNode:
    return copy.deepcopy(parsed(text))


def _replace_solutions(source: str, replace: Callable[[list[str], str], list[str]]) -> str:
    lines: list[str] = []
    block: list[str] | None = None
    indent = ""
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN and block is None:
            block, indent = [], line[: len(line) - len(line.lstrip())]
        elif mark == END and block is not None:
            lines += replace(block, indent)
            block = None
        elif mark in (BEGIN, END):
            raise ValueError(f"solution marks must come in pairs, {mark!r} stands alone in the cell\n{source}")
        else:
            (lines if block is None else block).append(line)
    if block is not None:
        raise ValueError(f"solution marks must come in pairs, {BEGIN!r} stands alone in the cell\n{source}")
    return "\n".join(lines)


def _stub(block: list[str], indent: str) -> list[str]:
    if indent:
        return [indent + NOT_YET]
    lines = textwrap.dedent("\n".join(block)).splitlines()
    names: dict[str, str] = {}  # each with the comment behind its blank
    for statement in ast.parse("\n".join(lines)).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        comment = STEP if lines[(statement.end_lineno or 1) - 1].endswith(STEP) else "# your answer"
        for target in targets:
            names |= {node.id: comment for node in ast.walk(target) if isinstance(node, ast.Name)}
    if not names:
        raise ValueError(
            "a solution at the left margin must assign the names of the answer, found\n" + "\n".join(block)
        )
    return [f"{name} = ...  {comment}" for name, comment in names.items()]


def _finished(notebook: NotebookNode) -> NotebookNode:
    """Fixed metadata and ids, and what each exercise is, below its heading."""
    for cell in notebook.cells:
        # Where it is to be given, and why, is for the teaching notes.
        if exercise := syllabus.given(cell.metadata.pop("teaching", "")):
            cell.source = re.sub(r"(?m)^(## .*)$", rf"\1\n\n*{exercise.label}*", cell.source, count=1)
    set_ids(notebook)
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        cell.metadata.pop("lines_to_end_of_cell_marker", None)
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _skeleton(notebook: NotebookNode) -> dict:
    # .get: a notebook that JupyterLab or a merge has touched need not hold an id or a kernel.
    return {
        "cells": [(c.get("id"), c.cell_type, c.source, _settled(c.metadata)) for c in notebook.cells],
        "kernel": notebook.metadata.get("kernelspec", {}).get("name"),
        "slides": notebook.metadata.get("rise"),
    }


def _settled(metadata: NotebookNode) -> dict:
    """A cell's metadata without what opening an output changes; the tag says that it was folded."""
    kept = {name: value for name, value in metadata.items() if name not in ("collapsed", "jupyter")}
    jupyter = {name: value for name, value in metadata.get("jupyter", {}).items() if name != "outputs_hidden"}
    return {**kept, "jupyter": jupyter} if jupyter else kept
