"""What a lesson holds (sections, minutes, slides, exercises), read from the texts; and the tables made of it.

A lesson says in its front matter what it is for, in a few words::

    # ---
    # jupyter:
    #   lesson:
    #     afterwards you can: tell the two cues apart
    #     you move: a slider
    # ---

and an exercise, in the metadata of its heading's cell, where it is to be given, how many minutes it takes, of which
kind it is, and why: `# %% [markdown] teaching="in class, pairs | 8 | core | the best talk of the sheet"`.
"""

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from courseware.project import START_NUMBER, Lesson, UserError, lessons, read

__all__ = [
    *("KINDS", "Given", "Outline", "Section", "anchor", "given", "outline", "said", "table", "teaching_notes", "timed"),
    *("timing", "to_give"),
]

HOURS = {
    "an hour": 1.0,
    "an hour and a half": 1.5,
    "two hours": 2.0,
    "two hours and a half": 2.5,
    "three hours": 3.0,
    "three hours and a half": 3.5,
    "four hours": 4.0,
    "four hours and a half": 4.5,
}
PLACES = ("in class", "home", "skip")  # how the words on where an exercise is to be given begin
KINDS = ("warm-up", "core", "stretch")  # what an exercise is, from easy to hard
# How a sheet's text takes in its checks.
CHECKS = re.compile(r"^from (?P<package>[\w.]+) import (?P<module>\w+) as exercise$", re.MULTILINE)
LABEL = re.compile(r"\*([A-Z][a-z-]+) · about (\d+) minutes\*")  # `Given.label` as a sheet's notebook has it
MINUTES = re.compile(r"> \*\*Lecturer, (?=[\d½])(\d*)(½?) min(?:, ([^*]+?))?\.?\*\*")


@dataclass(frozen=True)
class Section:
    """A heading of a lesson, the minutes of the notes below it, and how they are spent, such as "on the board"."""

    heading: str
    minutes: float
    how: str = ""

    @property
    def anchor(self) -> str:
        """The part of an address that leads here."""
        return anchor(self.heading)


@dataclass(frozen=True)
class Given:
    """What an exercise says of itself: where it is to be given, its minutes, one of `KINDS`, and why."""

    where: str
    minutes: int
    kind: str
    why: str

    @property
    def label(self) -> str:
        """What students read under its heading: "Core · about 15 minutes"."""
        return f"{self.kind.capitalize()} · about {self.minutes} minutes"


def given(words: str) -> Given | None:
    """What the cell of an exercise says in its `teaching`, None if it is not written as it should be."""
    parts = words.split(" | ")
    if len(parts) != 4 or not parts[0].startswith(PLACES) or not parts[1].isdecimal() or parts[2] not in KINDS:
        return None
    return Given(parts[0], int(parts[1]), parts[2], parts[3])


@dataclass(frozen=True)
class Outline:
    """What a lesson holds.

    Attributes
    ----------
    lesson : the lesson itself
    sections : its headings of the first two levels, in order
    slides : how many slides there are
    needs : what a reader must know
    live, alone : the time that it takes in a lecture and alone, as the text says it
    exercises : the headings of its sheet, such as "By hand: three points"
    teaching : for each exercise what `given` reads; empty where the sheet does not say it
    """

    lesson: Lesson
    sections: tuple[Section, ...]
    slides: int
    needs: str
    live: str
    alone: str
    exercises: tuple[str, ...]
    teaching: tuple[str, ...] = ()

    @property
    def minutes(self) -> float:
        """The minutes of all speaker notes."""
        return sum(section.minutes for section in self.sections)

    @property
    def hours(self) -> float:
        """The time alone. Raises UserError if it is not in words that `HOURS` knows."""
        if self.alone not in HOURS:
            raise UserError(
                f"{self.lesson.source.name}: the time alone must be one of {', '.join(HOURS)}, got {self.alone!r}"
            )
        return HOURS[self.alone]

    @property
    def kinds(self) -> str:
        """The kinds of its exercises, in order: the word before the colon, "predict, then run" being a "predict"."""
        named = [title.partition(":")[0] for title in self.exercises if ":" in title]
        counted = Counter(re.split(r", | and ", kind)[0].lower() for kind in named)
        return ", ".join(kind if number == 1 else f"{kind} ×{number}" for kind, number in counted.items())


def anchor(heading: str) -> str:
    """The part of an address that leads to a heading (Markdown, no formulas), in JupyterLab and on exported pages.

    A translated heading ends with an empty link that names the English one's.
    """
    if named := re.search(r'<a id="([^"]*)"></a>$', heading):
        return html.unescape(named[1])
    return re.sub(r"[*_`]", "", heading).replace(" ", "-")


def outline(lesson: Lesson) -> Outline:
    """Read a lesson and its exercise sheet.

    Raises UserError if the lesson does not say what it needs and how long it takes: "You need …. Time: … in a lecture,
    about … alone".
    """
    cells = read(lesson.source).cells
    sections: list[Section] = []
    slides = 0
    for cell in cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        slides += kind in ("slide", "subslide")
        if cell.cell_type != "markdown":
            continue
        sections += [Section(heading, 0) for heading in re.findall(r"(?m)^##? (.*)$", cell.source)]
        if kind == "notes" and (said := MINUTES.match(cell.source)):
            last = sections.pop()
            time = last.minutes + int(said[1] or 0) + bool(said[2]) / 2
            sections.append(Section(last.heading, time, said[3] or last.how))
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    said = re.search(r"(?m)^You need (.*?)\. Time: (\d+ minutes) in a lecture\b.*?, about (.*?) alone\b", text)
    if not said:
        raise UserError(
            f"{lesson.source.name} must say 'You need …. Time: … minutes in a lecture, about … alone' in one line"
        )
    found = exercises_of(lesson.root, lesson.stem)
    return Outline(
        lesson=lesson,
        sections=tuple(sections),
        slides=slides,
        needs=said[1],
        live=said[2],
        alone=said[3],
        exercises=tuple(found),
        teaching=tuple(found.values()),
    )


def sheet_of(root: Path, stem: str) -> Path:
    """Where the exercise sheet of a lesson lies."""
    return root / "course" / "exercises" / f"{stem}.py"


def exercises_of(root: Path, stem: str) -> dict[str, str]:
    """The headings of a sheet's exercises, each with what it says on its teaching; none if there is no sheet."""
    sheet = sheet_of(root, stem)
    if not sheet.exists():
        return {}
    found = {}
    for cell in read(sheet).cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"(?m)^## \d+ · (.*)$", cell.source):
                found[heading] = cell.metadata.get("teaching", "")
    return found


def said(lesson: Lesson, what: str) -> str:
    """What the front matter of a lesson says under a name. Raises UserError if it says nothing."""
    words = read(lesson.source).metadata.get("lesson", {}).get(what)
    if not words:
        raise UserError(f"{lesson.source.name} must say 'lesson: {what}: …' in its front matter")
    return words


def table(outlines: Sequence[Outline]) -> str:
    """The syllabus's table as Markdown, a row for each lesson; links lead from `course/` to the notebooks."""
    lines = [
        "| lesson | live | alone | slides | exercises | you need |",
        "|---|--:|---|--:|---|---|",
    ]
    for each in outlines:
        link = f"[{each.lesson.title}](../notebooks/{each.lesson.stem}.ipynb)"
        exercises = f"{len(each.exercises)}: {each.kinds}"
        lines.append(
            f"| {link} | {minutes(each.minutes)} | {each.alone} | {each.slides} | {exercises} | {each.needs} |"
        )
    total = sum(each.minutes for each in outlines)
    slides, exercises = (sum(counts) for counts in zip(*((e.slides, len(e.exercises)) for e in outlines), strict=True))
    return "\n".join([*lines, f"| **all** | **{minutes(total)}** | | **{slides}** | **{exercises}** | |"])


def timing(lesson: Outline) -> str:
    """The table of a lesson's slides and their minutes as Markdown; links lead from `course/teaching/`."""
    lines = ["| slide | min | so far |", "|---|--:|--:|"]
    so_far = 0.0
    for section in lesson.sections:
        if section.minutes:
            so_far += section.minutes
            link = f"[{section.heading}](../../notebooks/{lesson.lesson.stem}.ipynb#{section.anchor})"
            how = f", {section.how}" if section.how else ""
            lines.append(f"| {link}{how} | {minutes(section.minutes)} | {minutes(so_far)} |")
    return "\n".join(lines)


def minutes(number: float) -> str:
    """Minutes as the notes write them: `4`, `½`, `34½`."""
    whole, half = divmod(number, 1)
    if not half:
        return f"{whole:.0f}"
    return f"{whole:.0f}½" if whole else "½"


def to_give(lesson: Outline) -> str:
    """The table of a lesson's exercises, those for the class first; links lead from `course/teaching/`.

    Raises UserError if an exercise does not say where it is to be given.
    """
    lines = ["| exercise | where | minutes | | why, and what to watch for |", "|---|---|--:|---|---|"]
    rows = []
    for number, (title, words) in enumerate(zip(lesson.exercises, lesson.teaching, strict=True), start=1):
        if (exercise := given(words)) is None:
            raise UserError(
                f"{lesson.lesson.source.name}: the cell of exercise {number} must say in its sheet "
                f'teaching="WHERE | MINUTES | KIND | WHY", WHERE begin with {", ".join(PLACES)}, and KIND be '
                f"{', '.join(KINDS)}; got {words!r}"
            )
        place = next(place for place in PLACES if exercise.where.startswith(place))
        heading = f"{number} · {title}"
        sheet = f"../../notebooks/exercises/{lesson.lesson.stem}.ipynb"
        rows.append((PLACES.index(place), f"| [{heading}]({sheet}#{anchor(heading)}) | {words} |"))
    return "\n".join([*lines, *(row for _, row in sorted(rows, key=lambda row: row[0]))])


def timed(name: str, text: str, root: Path) -> str:
    """A page with the last column of each table headed "minutes" or "hours" anew; its last row is the sum.

    The time of a row is that of the lessons and sections that it links to. Raises UserError if it leads to none.
    """
    known: dict[str, Outline] = {}

    def time_of(row: str, unit: str) -> float:
        if not known:
            known.update({each.lesson.notebook.name: each for each in of_course(root)})
        links = re.findall(r"\]\((?:\.\./)+notebooks/([^)#]+)(?:#([^)]+))?\)", row)
        return sum(_time(name, known, notebook, section, unit) for notebook, section in links)

    def anew(found: re.Match[str]) -> str:
        head, line, *rows, last = found[0].splitlines()
        times = [time_of(row, found["unit"]) for row in rows]
        filled = [f"{row.rsplit('|', 2)[0]}| {minutes(time)} |" for row, time in zip(rows, times, strict=True)]
        total = f"{last.rsplit('|', 2)[0]}| **{minutes(sum(times))}** |"
        return "\n".join([head, line, *filled, total, ""])

    return re.sub(r"(?m)^\|.*\| (?P<unit>minutes|hours) \|\n(?:\|.*\|\n)+", anew, text)


def _time(name: str, known: dict[str, Outline], notebook: str, section: str, unit: str) -> float:
    if notebook not in known:
        raise UserError(f"{name} leads to {notebook}, which is no lesson")
    if unit == "hours":
        return known[notebook].hours
    if not section:
        return known[notebook].minutes
    times = [each.minutes for each in known[notebook].sections if each.anchor == section]
    if len(times) != 1 or not times[0]:
        raise UserError(f"{name} leads to {notebook}#{section}, which is no section with minutes")
    return times[0]


def lessons_of(root: Path | None = None) -> list[Lesson]:
    """Every lesson; the start page is none."""
    return [lesson for lesson in lessons(root) if lesson.number != START_NUMBER]


def of_course(root: Path | None = None) -> list[Outline]:
    """The outline of every lesson."""
    return [outline(lesson) for lesson in lessons_of(root)]


def teaching_notes(lesson: Lesson) -> Path:
    """Where the teaching notes of a lesson lie."""
    return lesson.root / "course" / "teaching" / f"{lesson.stem}.md"
