"""The tables, lists and counts that are derived from the course, as Markdown: what marks stand for, see `MADE`.

They are made of the course's texts (see `courseware.text.syllabus`), of the checks that an exercise sheet imports, and
of the rows that a project offers as data, in the module that its `pyproject.toml` names::

    [tool.courseware]
    table = "visual_attention.taxonomy.unified_table"

That module has `ROWS`, each with a number, a name, the lesson and section that introduce it and the objects that
implement it; and `COLUMNS`, for each form of the table its headings and what they show of a row.
"""

import importlib
import inspect
import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courseware.language import ENGLISH, current, words
from courseware.project import Lesson, settings
from courseware.text import syllabus

__all__ = ["MADE", "Place"]

# What is counted, in languages that write a number here in digits.
COUNTED = ("{number} lessons", "{number} exercises")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Place:
    """Where a derived text is to stand: a notebook or a page of the project at `root`, by its path from there."""

    root: Path
    file: Path

    @property
    def stem(self) -> str:
        return self.file.stem

    @property
    def lessons(self) -> list[Lesson]:
        return syllabus.lessons_of(self.root)

    @property
    def outlines(self) -> list[syllabus.Outline]:
        return syllabus.of_course(self.root)

    def link(self, target: str) -> str:
        """The way from here to a file, given by its path from the root."""
        return posixpath.relpath(target, self.file.parent.as_posix())


# ------------------------------------------------------------------------------------------------------------ counts
def counted(number: int, noun: str) -> str:
    """A number with its noun, in words up to twelve: "eight lessons", "one exercise"."""
    if current() != ENGLISH:
        return words(f"{number} {noun}s")
    written = WORDS[number] if number < len(WORDS) else str(number)
    return f"{written} {noun}{'' if number == 1 else 's'}"


def _number_of_lessons(place: Place, _: str) -> str:
    return counted(len(place.lessons), "lesson")


def _number_of_exercises(place: Place, _: str) -> str:
    return counted(len(syllabus.exercises_of(place.root, place.stem)), "exercise")


# --------------------------------------------------------------------------------------------------- lists of lessons
def _map(place: Place, _: str) -> str:
    """The start page's table: each lesson, what is moved there, and links to it and its sheets."""
    rows = []
    for lesson in place.lessons:
        number, title = _number_and_title(lesson)
        files = {words("lesson"): "", words("exercises"): "exercises/", words("solutions"): "solutions/"}
        links = " · ".join(f"[{name}]({where}{lesson.stem}.ipynb)" for name, where in files.items())
        rows.append([f"**{number}**", f"**{title}**", f"**{syllabus.said(lesson, 'you move')}**", links])
    return markdown(["", "lesson", "you move", "open"], rows)


def _table_of_lessons(place: Place, _: str) -> str:
    rows = [[*_number_and_title(lesson), syllabus.said(lesson, "you move")] for lesson in place.lessons]
    return markdown(["", "lesson", "you move"], rows)


def _aims(place: Place, _: str) -> str:
    rows = [
        [_number_and_title(lesson)[0], *(syllabus.said(lesson, what) for what in ("afterwards you can", "you move"))]
        for lesson in place.lessons
    ]
    return markdown(["lesson", "afterwards you can", "you move"], rows)


def _teaching_notes(place: Place, _: str) -> str:
    notes = [lesson for lesson in place.lessons if syllabus.teaching_notes(lesson).exists()]
    links = [f"[{int(n.number)}]({place.link(f'course/teaching/{n.stem}.md')})" for n in notes]
    return "lessons " + " and ".join(filter(None, [", ".join(links[:-1]), *links[-1:]]))


def _number_and_title(lesson: Lesson) -> list[str]:
    number = str(int(lesson.number))
    return [number, lesson.title.removeprefix(f"{number} · ")]


def _syllabus(place: Place, _: str) -> str:
    return syllabus.table(place.outlines)


def _weeks(place: Place, _: str) -> str:
    """Two lessons a week, with their hours; the sum stands in the last row."""
    outlines = place.outlines
    rows = []
    for week, first in enumerate(range(0, len(outlines), 2), start=1):
        pair = outlines[first : first + 2]
        links = ", ".join(f"[{int(e.lesson.number)}]({place.link(f'notebooks/{e.lesson.stem}.ipynb')})" for e in pair)
        rows.append([str(week), links, syllabus.minutes(sum(e.hours for e in pair))])
    total = syllabus.minutes(sum(e.hours for e in outlines))
    return markdown(["week", "lessons", "hours"], [*rows, ["", "**together**", f"**{total}**"]], "|---|---|--:|")


def _timing(place: Place, _: str) -> str:
    return syllabus.timing(_outline_here(place))


def _to_give(place: Place, _: str) -> str:
    return syllabus.to_give(_outline_here(place))


def _outline_here(place: Place) -> syllabus.Outline:
    for lesson in place.lessons:
        if lesson.stem == place.stem:
            return syllabus.outline(lesson)
    raise ValueError(f"{place.file.as_posix()} must be named like a lesson, there is none called {place.stem!r}")


# ------------------------------------------------------------------------------------------------------------- points
def _kinds(place: Place, _: str) -> str:
    from courseware.exercises.points import KINDS, POINTS

    return markdown(["hardest question", "points"], [[KINDS[kind], str(n)] for kind, n in POINTS.items()], "|---|--:|")


def _points(place: Place, _: str) -> str:
    """How many points each sheet is worth."""
    from courseware.exercises.points import worth

    rows = []
    for lesson in place.lessons:
        if exercises := checks_of(place.root, lesson.stem):
            rows.append([lesson.stem, str(len(exercises)), str(sum(map(worth, exercises)))])
    return markdown(["sheet", "exercises", "points"], rows, "|---|--:|--:|")


def checks_of(root: Path, stem: str) -> Sequence[Any]:
    """The exercises that a sheet checks, as its module lists them in `ALL`; none if there is no sheet.

    Raises ValueError if the sheet imports no module of checks, or if that cannot be imported or has no `ALL`.
    """
    sheet = syllabus.sheet_of(root, stem)
    if not sheet.exists():
        return ()
    found = syllabus.CHECKS.search(sheet.read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"{sheet.name} must import its checks with: from ... import ... as exercise")
    name = f"{found['package']}.{found['module']}"
    try:
        return importlib.import_module(name).ALL
    except Exception as error:  # an author's slip of any kind, named with the file to look at
        raise ValueError(
            f"{sheet.name}: the checks in {name} cannot be read: {type(error).__name__}: {error}"
        ) from error


# -------------------------------------------------------------------------------------------- multiple-choice questions
def _question(place: Place, named: str) -> str:
    """A question of the sheet's checks with its choices."""
    return f"{_statement(place, named)}\n\n{_choices(place, named)}"


def _statement(place: Place, named: str) -> str:
    """The name of the answer and the question's text; "name as other" shows another name."""
    asked, _, shown = named.partition(" as ")
    choice = _choice(place, asked)
    return f"**`{shown or choice.name}`** {words(choice.question.text)}"


def _choices(place: Place, named: str) -> str:
    """The choices of a question, which others may share, as a list."""
    *others, last = _choice(place, named.partition(" as ")[0]).question.lines
    comma, stop = (",", ".") if current() == ENGLISH else ("", "")  # a list item needs neither
    return "\n".join([*(f"- {line}{comma}" for line in others), f"- {last}{stop}"])


def _choice(place: Place, named: str) -> Any:
    """The one `Choice` of a sheet that is named so, or "exercise.name"."""
    from courseware.exercises.questions import Choice

    exercises = checks_of(place.root, place.stem)
    found = [
        question
        for exercise in exercises
        for question in exercise.questions
        if isinstance(question, Choice) and named in (question.name, f"{exercise.name}.{question.name}")
    ]
    if len(found) != 1:
        raise ValueError(f"one multiple-choice question must be named {named!r} in the checks, there are {len(found)}")
    return found[0]


# -------------------------------------------------------------------------------------- the table that grows by lessons
def _recap(place: Place, chosen: str) -> str:
    """Some rows of the table, by their numbers, this lesson's own bold; "without HEADING" leaves out a column."""
    table = _table(place)
    asked = [word.strip() for word in chosen.split(",")]
    left_out = [word.removeprefix("without ") for word in asked if word.startswith("without ")]
    columns = table.COLUMNS["recap"]
    if unknown := set(left_out) - set(columns):
        raise ValueError(f"the table has no column {min(unknown)!r}; it has {', '.join(columns)}")
    shown = {heading: show for heading, show in columns.items() if heading not in left_out}
    rows = _rows(table, [word for word in asked if not word.startswith("without ")])
    body = []
    for row in rows:
        title = f"{row.number} {row.name}"
        own = _lesson(place, row).stem == place.stem
        body.append([f"**{title}**" if own else title, *(show(row) for show in shown.values())])
    return markdown(["", *shown], body)


def _short_table(place: Place, ends: str) -> str:
    """The rows from one number to another, "1a to 4c", in the columns that a slide has room for."""
    table = _table(place)
    first, last = _rows(table, [end.strip() for end in ends.split(" to ")])
    columns = table.COLUMNS["short"]
    rows = table.ROWS[table.ROWS.index(first) : table.ROWS.index(last) + 1]
    body = [[f"{row.number} {row.name}", *(show(row) for show in columns.values())] for row in rows]
    return markdown(["", *columns], body)


def _complete_table(place: Place, _: str) -> str:
    """Every row; names lead to the lesson's section, implementations to their file."""
    table = _table(place)
    columns = table.COLUMNS["complete"]
    body = []
    for row in table.ROWS:
        section = f"notebooks/{_lesson(place, row).stem}.ipynb"
        name = f"[**{row.number} {row.name}**]({place.link(section)}#{syllabus.anchor(row.section)})"
        code = ", ".join(f"[`{thing.__name__}`]({place.link(source_of(thing))})" for thing in row.objects)
        body.append([name, *(show(row) for show in columns.values()), code or "none"])
    return markdown(["", *columns, "in the library"], body)


def _table(place: Place) -> Any:
    module = settings(place.root).get("table")
    if module is None:
        raise ValueError(
            'a table needs rows: pyproject.toml must name them, [tool.courseware] table = "package.module"'
        )
    return importlib.import_module(module)


def _rows(table: Any, numbers: Iterable[str]) -> list[Any]:
    known = {row.number: row for row in table.ROWS}
    for number in numbers:
        if number not in known:
            raise ValueError(f"the table has no row {number!r}; it has {', '.join(known)}")
    return [known[number] for number in numbers]


def _lesson(place: Place, row: Any) -> Lesson:
    for lesson in place.lessons:
        if lesson.stem.partition("_")[2] == row.lesson:
            return lesson
    raise ValueError(f"the row {row.number} {row.name} belongs to the lesson {row.lesson!r}, which is not there")


def source_of(thing: Callable[..., Any]) -> str:
    """The file that defines a function or class of a package below `src/`, by its path from the root."""
    package = sys.modules[thing.__module__.partition(".")[0]]
    file = Path(str(inspect.getsourcefile(thing))).relative_to(Path(str(package.__file__)).parents[1])
    return f"src/{file.as_posix()}"


def markdown(head: Sequence[str], body: Sequence[Sequence[str]], rule: str = "") -> str:
    """A table of cells in Markdown."""
    lines = [f"| {' | '.join(map(_spoken, cells))} |".replace("|  |", "| |") for cells in (head, *body)]
    return "\n".join([lines[0], rule or f"|{'---|' * len(head)}", *lines[1:]])


def _spoken(cell: str) -> str:
    """A cell in the current language, its bold and its links around other words."""
    if current() == ENGLISH:
        return cell
    if bold := re.fullmatch(r"\*\*(.+)\*\*", cell):
        return f"**{_spoken(bold[1])}**"
    if re.search(r"\]\(", cell):
        return re.sub(r"\[([^\[\]]+)\]\(", lambda link: f"[{_spoken(link[1])}](", cell)
    if numbered := re.fullmatch(r"(\d+\w? )(.+)", cell):  # a row of the table that grows: its number, its name
        return numbered[1] + words(numbered[2], in_table=True)
    return words(cell, in_table=True)


# What a mark may be called, and what makes its text of the place and the mark's argument.
MADE: dict[str, Callable[[Place, str], str]] = {
    "lessons": _number_of_lessons,
    "exercises": _number_of_exercises,
    "map": _map,
    "table of lessons": _table_of_lessons,
    "aims": _aims,
    "syllabus": _syllabus,
    "weeks": _weeks,
    "teaching notes": _teaching_notes,
    "timing": _timing,
    "exercises to give": _to_give,
    "points of questions": _kinds,
    "points": _points,
    "question": _question,
    "statement": _statement,
    "choices": _choices,
    "recap": _recap,
    "short table": _short_table,
    "complete table": _complete_table,
}
