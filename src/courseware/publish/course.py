"""What is published: notebooks, guides and the files that they link to, and which page stands for each."""

import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from courseware.project import find_text, other_pages
from courseware.publish import links
from courseware.text.build import targets

__all__ = ["START", "Course", "read_course"]

START = "00_start_here.ipynb"


@dataclass(frozen=True)
class Course:
    """A course, or part of one.

    Attributes
    ----------
    root : Path
        The project's root folder.
    notebooks : mapping
        What is published of the course's notebooks, in reading order, by path relative to ``notebooks/``; executed or
        not. The start page is among them.
    others : sequence of str
        The names of its other notebooks, which a link may name although they are not published now.
    """

    root: Path
    notebooks: Mapping[str, NotebookNode]
    others: Sequence[str] = ()

    @cached_property
    def guides(self) -> dict[str, Path]:
        """The documents for lecturers."""
        return {
            f"../{file.relative_to(self.root).as_posix()}": file for file in sorted((self.root / "docs").rglob("*.md"))
        }

    @cached_property
    def documents(self) -> dict[str, Path]:
        """The guides, and whatever a text links to: the syllabus, a module of the library."""
        texts = {name: links.markdown(notebook) for name, notebook in self.notebooks.items()}
        texts |= {name: file.read_text(encoding="utf-8") for name, file in self.guides.items()}
        return self.guides | links.linked_files(texts, self.root)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The page of each notebook and document, also of those that are not published now."""
        return {name: links.page_of(name) for name in [*self.notebooks, *self.others, *self.documents]}

    def folder(self, name: str) -> Path:
        """Where a notebook lies: what its paths start from."""
        return (self.root / "notebooks" / name).parent

    @property
    def title(self) -> str:
        return links.title(self.notebooks[START], START).partition(":")[0]

    @property
    def licence(self) -> str:
        file = self.root / "pyproject.toml"
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.exists() else {}
        return str(project.get("license", ""))

    @property
    def lessons(self) -> list[str]:
        return [name for name in self.notebooks if re.match(r"\d\d_", name) and name != START]

    def sheets(self, lesson: str) -> list[str]:
        """The exercises and solutions of a lesson."""
        return [name for name in self.notebooks if posixpath.basename(name) == lesson and "/" in name]


def read_course(root: Path, lessons: Sequence[str] = ()) -> Course:
    """The course as its text is now, not executed: from the text, so that nothing is shown that it no longer says.

    With `lessons` (numbers or names), only these with their sheets, the start page and the pages without a number.
    Raises `courseware.project.UserError` if a lesson does not exist or its text cannot be derived.
    """
    known = {target.notebook.relative_to("notebooks").as_posix(): target for target in targets(root)}
    numbers = {find_text(name, root).number for name in lessons}
    always = {START} | {page.notebook.name for page in other_pages(root)}
    chosen = [name for name in known if not numbers or known[name].number in numbers or name in always]
    return Course(root, {name: known[name].derived(root) for name in chosen}, [n for n in known if n not in chosen])
