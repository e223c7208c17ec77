"""Where the course lies on disk and which lessons it has."""

import dataclasses
import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LESSON_FILE = re.compile(r"(?P<number>\d\d)_\w+")
START_NUMBER = "00"  # the start page: derived like a lesson, but none

# What pages and decks, grading, a deck for Anki, and votes need besides the course itself, installed in the clone.
INSTALL_EXPORT = 'python -m pip install -c constraints.txt -e ".[export]"'
INSTALL_GRADE = 'python -m pip install -c constraints.txt -e ".[grade]"'
INSTALL_QUIZ = 'python -m pip install -c constraints.txt -e ".[quiz]"'
INSTALL_VOTES = 'python -m pip install -c constraints.txt -e ".[votes]"'


class UserError(Exception):
    """Something that the user of the command line can put right: the message is all there is to show."""


class ProjectNotFoundError(UserError):
    """No folder with ``course/`` and ``notebooks/`` was found."""


class UnknownLessonError(UserError):
    """No lesson answers to the given name."""


def number_of(stem: str) -> str:
    """What a lesson, its sheets and its pages share: ``"02"`` for ``"02_width"``; a page without a number stands alone.

    Such a page (``"glossary"``) is known by its whole stem.
    """
    lesson = LESSON_FILE.fullmatch(stem)
    return lesson["number"] if lesson else stem


@dataclass(frozen=True)
class Lesson:
    """One lesson: a text file ``course/NN_name.py`` and what is derived from it.

    A page without a number, such as ``course/glossary.py``, is one too: see `other_pages`.

    Attributes
    ----------
    root : Path
        The project's root folder.
    stem : str
        The file name without its ending, such as ``"02_width"``.
    language : str
        The language of its notebook; that of the text is English.
    """

    root: Path
    stem: str
    language: str = "en"

    @property
    def number(self) -> str:
        """The two digits at the start of the stem; of a page without a number the whole stem."""
        return number_of(self.stem)

    @property
    def source(self) -> Path:
        """The py:percent text that people edit."""
        return self.root / "course" / f"{self.stem}.py"

    @property
    def notebook(self) -> Path:
        """The executed notebook that people open."""
        folder = "" if self.language == "en" else self.language
        return self.root / "notebooks" / folder / f"{self.stem}.ipynb"

    @functools.cached_property
    def title(self) -> str:
        """The first Markdown heading of the source, or the stem where there is none."""
        for cell in read(self.source).cells:
            if cell.cell_type == "markdown" and (heading := re.search(r"^#+\s+(.+)$", cell.source, re.MULTILINE)):
                return heading[1].strip()
        return self.stem


def read(text: Path) -> Any:
    """A course text as a notebook (`nbformat.NotebookNode`), which is shared: whoever changes it works on a copy.

    Raises UserError, which names the file, if its front matter cannot be read.
    """
    try:
        return parsed(text.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{text.name}: {error}") from error


@functools.lru_cache(maxsize=256)
def parsed(text: str) -> Any:
    """Text in py:percent format as a notebook; shared, as that of `read` is.

    Raises ValueError if its front matter is no YAML.
    """
    # jupytext takes a third of a second to import, and listing lessons by number does without it.
    import jupytext

    try:
        return jupytext.reads(text, fmt="py:percent")
    except Exception as error:  # of jupytext's reader of YAML, which has a family of them
        reason = " ".join(str(error).split())
        raise ValueError(
            f"the front matter cannot be read; words with a colon in them need quotes: {reason}"
        ) from error


def project_root(start: Path | str | None = None) -> Path:
    """The folder that holds ``course/`` and ``notebooks/``.

    Parameters
    ----------
    start : path, optional
        Where to start looking; the current folder if not given. Its parents are tried next, and then the
        checkout that an editable installation of this package points at.

    Raises
    ------
    ProjectNotFoundError
        If none of these is a course.
    """
    start = Path.cwd() if start is None else Path(start)
    start = start.resolve()
    checkout = Path(__file__).resolve().parents[2]
    for folder in (start, *start.parents, checkout):
        if (folder / "course").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise ProjectNotFoundError(
        f"{start} is not inside the course: neither it nor a folder above it holds course/ and notebooks/. "
        "Change into the folder that you cloned, or install it there with: python -m pip install -e ."
    )


def settings(root: Path) -> dict[str, Any]:
    """What the project says of itself in the table `[tool.courseware]` of its `pyproject.toml`; empty without one."""
    file = root / "pyproject.toml"
    said = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return said.get("tool", {}).get("courseware", {})


@dataclass(frozen=True)
class Lecture:
    """Who lectures, where and when, and how it looks: the file `lecture.toml` beside the course.

    Attributes
    ----------
    by, at : str
        For the title slide, such as "A. Lecturer" and "Uppsala, 3 December".
    style : str
        A style sheet, relative to the course: colours and fonts of a university, laid over those of all slides.
    """

    by: str = ""
    at: str = ""
    style: str = ""


def lecture(root: Path, by: str = "", at: str = "") -> Lecture:
    """What `lecture.toml` says, if there is one, and `by` and `at` in its place where they are given.

    Raises UserError if the file says anything else, or names a style sheet that does not exist.
    """
    file = root / "lecture.toml"
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error
    known = [field.name for field in dataclasses.fields(Lecture)]
    for name, value in said.items():
        if name not in known or not isinstance(value, str):
            raise UserError(f"{file} may say {', '.join(known)}, each a text in quotes; it says {name} = {value!r}")
    found = Lecture(**said)
    if found.style and not (root / found.style).is_file():
        raise UserError(f"{file} names the style sheet {found.style}, which does not exist")
    return dataclasses.replace(found, by=by or found.by, at=at or found.at)


def lessons(root: Path | None = None) -> list[Lesson]:
    """Every ``course/NN_name.py`` in the order of the numbers; `root` is found if not given."""
    root = project_root() if root is None else Path(root)
    stems = sorted(path.stem for path in (root / "course").glob("*.py"))
    return [Lesson(root, stem) for stem in stems if LESSON_FILE.fullmatch(stem)]


def other_pages(root: Path | None = None) -> list[Lesson]:
    """The texts beside the lessons that have no number, by name: derived like the start page, with no slides."""
    root = project_root() if root is None else Path(root)
    stems = sorted(path.stem for path in (root / "course").glob("*.py"))
    return [Lesson(root, stem) for stem in stems if not LESSON_FILE.fullmatch(stem)]


def find_lesson(name: str, root: Path | None = None) -> Lesson:
    """The lesson that `name` means: its number (``"2"``, ``"02"``) or its stem (``"02_width"``).

    Raises
    ------
    UnknownLessonError
        If there is none; the message lists the lessons that there are.
    """
    known = lessons(root)
    number = name.zfill(2)
    for lesson in known:
        if name == lesson.stem or number == lesson.number:
            return lesson
    listing = "\n".join(
        f"  {lesson.number}  {re.sub(r'^[0-9]+ · ', '', lesson.title)}"
        for lesson in known
        if lesson.number != START_NUMBER
    )
    raise UnknownLessonError(f"no lesson {name!r}; the lessons are:\n{listing or '  (none)'}")


def find_text(name: str, root: Path | None = None) -> Lesson:
    """The page without a number whose stem is `name`, or else the lesson that `name` means: see `find_lesson`."""
    for page in other_pages(root):
        if name == page.stem:
            return page
    return find_lesson(name, root)
