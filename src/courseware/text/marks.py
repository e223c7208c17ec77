"""Marks in the course's texts, and what stands in their place: what is derived is written nowhere by hand.

In a text that notebooks are derived from, a mark is `{{name}}` or `{{name: argument}}`, within a line or as a line of
its own; deriving puts the text that it stands for in its place::

    # {{Exercises}}, from pencil and paper to a proof.
    # {{recap: 1a, 5}}

In Markdown that people read as it lies there (the README, the syllabus, the guides) the text stands between two
comments: `courseware build` writes it and `courseware check` compares it::

    <!-- courseware build: lessons -->Eight lessons<!-- end of lessons -->

The names are those of `courseware.text.tables.MADE`; with a capital letter the text begins with one, too. Code is left
alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from courseware.project import UserError
from courseware.text import syllabus, tables
from courseware.text.citations import BIBLIOGRAPHY, CODE, REFERENCES
from courseware.text.tables import Place

__all__ = ["resolve", "resolved", "stale_pages", "write_pages", "written"]

NAME = r"(?P<name>[A-Za-z][A-Za-z ]+)(?::\s*(?P<argument>[^{}\n]*?))?"
MARK = re.compile(rf"{CODE}|\{{\{{{NAME}\}}\}}", re.MULTILINE | re.DOTALL)
SPAN = re.compile(rf"{CODE}|(?P<begin><!-- courseware build: {NAME} -->)", re.MULTILINE | re.DOTALL)
LATER = (REFERENCES, BIBLIOGRAPHY)  # made of the citations, also of those in what marks stand for
REMEDY = "run `courseware build tables`"


def resolve(notebook: NotebookNode, place: Place) -> None:
    """Put the derived texts in the place of the marks in the Markdown cells of `notebook`, in place.

    Raises ValueError if a name is unknown, or if what it stands for cannot be made.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = resolved(cell.source, place)


def resolved(text: str, place: Place) -> str:
    """The Markdown `text` with the derived texts in the place of its marks; raises as `resolve`."""
    return MARK.sub(lambda found: found[0] if found["code"] or found[0] in LATER else _made(found, place), text)


def written(text: str, place: Place) -> str:
    """The Markdown page `text` with what stands between its comments made anew.

    Raises ValueError as `resolve`, or if a comment that begins is not followed by the one that ends.
    """
    parts, position = [], 0
    while found := SPAN.search(text, position):
        parts.append(text[position : found.end()])
        position = found.end()
        if found["code"]:
            continue
        end = f"<!-- end of {found['name']} -->"
        stop = text.find(end, position)
        if stop < 0 or "<!-- courseware build: " in text[position:stop]:
            raise ValueError(f"the comment {found['begin']} must be followed by {end}")
        made = _made(found, place)
        parts.append(f"\n{made}\n{end}" if "\n" in made else f"{made}{end}")
        position = stop + len(end)
    return "".join([*parts, text[position:]])


def _made(found: re.Match[str], place: Place) -> str:
    name = found["name"]
    make = tables.MADE.get(name[0].lower() + name[1:])
    if make is None:
        raise ValueError(f"there is no mark named {name!r}; there are: {', '.join(tables.MADE)}")
    made = make(place, found["argument"] or "")
    return made[0].upper() + made[1:] if name[0].isupper() else made


# ------------------------------------------------------------------------------------------------ pages that lie there
def stale_pages(root: Path) -> list[str]:
    """Which Markdown pages do not say what the course says, one sentence each."""
    return [f"{file.relative_to(root).as_posix()} is out of date: {REMEDY}" for file, *_ in _changed(root)]


def write_pages(root: Path) -> None:
    """Write what is derived into the Markdown pages that are out of date."""
    for file, new in list(_changed(root)):
        file.write_text(new, encoding="utf-8")


def _changed(root: Path) -> Iterator[tuple[Path, str]]:
    """The pages whose derived text is not what lies there, with the text as it should be."""
    course = root / "course"
    for file in [*root.glob("*.md"), *sorted(course.rglob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
        old = file.read_text(encoding="utf-8")
        name = file.relative_to(root)
        try:
            new = written(old, Place(root, name))
            if file.is_relative_to(course):
                new = syllabus.timed(name.as_posix(), new, root)
        except ValueError as error:
            raise UserError(f"{name.as_posix()}: {error}") from error
        if new != old:
            yield file, new
