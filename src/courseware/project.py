"""Where the course lies on disk and which lessons it has."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LESSON_FILE = re.compile(r"(?P<number>\d\d)_\w+")
START_NUMBER = "00"  # the start page: derived like a lesson, but none

# What pages and decks, the web site, and grading need besides the course itself, installed in the clone.
INSTALL_EXPORT = 'python -m pip install -c constraints.txt -e ".[export]"'
INSTALL_SITE = 'python -m pip install -c constraints.txt -e ".[site]"'
INSTALL_GRADE = 'python -m pip install -c constraints.txt -e ".[grade]"'


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
    """

    root: Path
    stem: str

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
        return self.root / "notebooks" / f"{self.stem}.ipynb"

    @cached_property
    def title(self) -> str:
        """The first Markdown heading of the source, or the stem where there is none."""
        # jupytext takes a third of a second to import, and listing lessons by number does without it.
        import jupytext

        for cell in jupytext.read(self.source, fmt="py:percent").cells:
            if cell.cell_type == "markdown" and (heading := re.search(r"^#+\s+(.+)$", cell.source, re.MULTILINE)):
                return heading[1].strip()
        return self.stem


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
