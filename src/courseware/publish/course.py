"""What is published: notebooks, guides and the files that they link to, and which page stands for each."""

import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from courseware.language import ENGLISH, Language, languages
from courseware.project import UserError, find_text, other_pages
from courseware.publish import links
from courseware.text.build import targets, translated_targets

__all__ = ["START", "Course", "read_course", "read_courses"]

START = "00_start_here.ipynb"  # in English; in other languages below a folder


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
    spoken : Language or None
        The language of its notebooks, whose names and pages begin with its code; None if that is English.
    """

    root: Path
    notebooks: Mapping[str, NotebookNode]
    others: Sequence[str] = ()
    spoken: Language | None = None

    @property
    def language(self) -> str:
        """The code of its language."""
        return self.spoken.code if self.spoken else ENGLISH

    @property
    def below(self) -> str:
        """What the names of its notebooks and the addresses of its pages begin with."""
        return f"{self.language}/" if self.spoken else ""

    @property
    def start(self) -> str:
        """The name of its start page."""
        return f"{self.below}{START}"

    @cached_property
    def guides(self) -> dict[str, Path]:
        """The documents for lecturers."""
        folder = self.root / self.below / "docs"
        return {f"../{file.relative_to(self.root).as_posix()}": file for file in sorted(folder.rglob("*.md"))}

    @cached_property
    def documents(self) -> dict[str, Path]:
        """The guides, and whatever a text links to: the syllabus, a module of the library."""
        texts = {name: links.markdown(notebook) for name, notebook in self.notebooks.items()}
        texts |= {name: file.read_text(encoding="utf-8") for name, file in self.guides.items()}
        return self.guides | links.linked_files(texts, self.root)

    @property
    def is_whole(self) -> bool:
        """Whether all its notebooks in its language are published."""
        elsewhere = tuple(f"{code}/" for code in languages(self.root) if code != self.language)
        return not [name for name in self.others if name.startswith(self.below) and not name.startswith(elsewhere)]

    @property
    def own_documents(self) -> dict[str, Path]:
        """The documents whose pages are among this course's: in another language those that are translated."""
        if self.spoken:
            return {name: file for name, file in self.documents.items() if name.startswith(f"../{self.below}")}
        elsewhere = tuple(f"../{code}/" for code in languages(self.root))
        return {name: file for name, file in self.documents.items() if not name.startswith(elsewhere)}

    @property
    def font(self) -> Path | None:
        """The font for what the fonts of pages and decks lack."""
        return self.spoken.font if self.spoken and self.spoken.font.exists() else None

    @cached_property
    def pages(self) -> dict[str, str]:
        """The page of each notebook and document, also of those that are not published now or in English only."""
        return {name: links.page_of(name) for name in [*self.notebooks, *self.others, *self.documents]}

    def folder(self, name: str) -> Path:
        """Where a notebook lies: what its paths start from."""
        return (self.root / "notebooks" / name).parent

    @property
    def title(self) -> str:
        return re.split("[:：]", links.title(self.notebooks[self.start], START))[0]

    @property
    def licence(self) -> str:
        file = self.root / "pyproject.toml"
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.exists() else {}
        return str(project.get("license", ""))

    @property
    def lessons(self) -> list[str]:
        return [n for n in self.notebooks if re.match(rf"{self.below}\d\d_", n) and n != self.start]

    @property
    def other_texts(self) -> list[str]:
        """The pages without a number, such as the glossary."""
        plain = [name for name in self.notebooks if "/" not in name.removeprefix(self.below)]
        return [name for name in plain if name not in (self.start, *self.lessons)]

    def sheets(self, lesson: str) -> list[str]:
        """The exercises and solutions of a lesson."""
        own = posixpath.basename(lesson)
        return [name for name in self.notebooks if posixpath.basename(name) == own and name != lesson]

    def twin(self, name: str, other: "Course") -> str | None:
        """The name of a notebook in another language, if it is published there."""
        found = other.below + name.removeprefix(self.below)
        return found if found in other.notebooks else None


def read_course(root: Path, lessons: Sequence[str] = (), spoken: Language | None = None) -> Course:
    """The course as its text is now, not executed: from the text, so that nothing is shown that it no longer says.

    With `lessons` (numbers or names), only these with their sheets, the start page and the pages without a number.
    Raises `courseware.project.UserError` if a lesson does not exist or its text cannot be derived.
    """
    everything = {
        t.notebook.relative_to("notebooks").as_posix(): t for t in [*targets(root), *translated_targets(root)]
    }
    code = spoken.code if spoken else ENGLISH
    known = {name: target for name, target in everything.items() if target.language == code}
    numbers = {find_text(name, root).number for name in lessons}
    always = {START} | {page.notebook.name for page in other_pages(root)}
    chosen = [n for n in known if not numbers or known[n].number in numbers or known[n].english.name in always]
    others = [name for name in everything if name not in chosen]
    return Course(root, {name: known[name].derived(root) for name in chosen}, others, spoken)


def read_courses(root: Path, lessons: Sequence[str] = (), language: str | None = None) -> list[Course]:
    """The course in every language that its start page is translated to, English first; or in one `language`.

    Raises `courseware.project.UserError` if there is no such language, and as `read_course`.
    """
    spoken = languages(root)
    known = {ENGLISH: None} | {code: each for code, each in spoken.items() if Path(START).stem in each.complete}
    if language is not None and language not in known:
        raise UserError(f"--language must be one of {', '.join(known)}, was {language!r}")
    return [read_course(root, lessons, each) for code, each in known.items() if language in (None, code)]
