"""What a lesson holds (sections, minutes, slides, exercises), read from the texts; and the syllabus made of it.

`python -m courseware.syllabus` writes into `course/README.md` the table of all lessons, and into the teaching notes of
each lesson, `course/teaching/NN_name.md`, the table of its slides, both between two marks; and in all of them the last
column of every other table headed "minutes" or "hours", which is the time of what the row links to.
"""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from courseware.project import START_NUMBER, Lesson, UserError, lessons, project_root

__all__ = [
    "MARKS",
    "Outline",
    "Section",
    "anchor",
    "notes_written",
    "outline",
    "table",
    "teaching_notes",
    "timing",
    "written",
]

MARKS = "<!-- table of python -m courseware.syllabus -->", "<!-- end of table -->"
HOURS = {"an hour": 1.0, "an hour and a half": 1.5, "two hours": 2.0, "two hours and a half": 2.5, "three hours": 3.0}
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
    """

    lesson: Lesson
    sections: tuple[Section, ...]
    slides: int
    needs: str
    live: str
    alone: str
    exercises: tuple[str, ...]

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
    """The part of an address that leads to a heading (Markdown, no formulas), in JupyterLab and on exported pages."""
    return re.sub(r"[*_`]", "", heading).replace(" ", "-")


def outline(lesson: Lesson) -> Outline:
    """Read a lesson and its exercise sheet.

    Raises UserError if the lesson does not say what it needs and how long it takes: "You need …. Time: … in a lecture,
    about … alone".
    """
    import jupytext  # here, because lessons import this module where there is no jupytext

    cells = jupytext.read(lesson.source, fmt="py:percent").cells
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
    sheet = lesson.root / "course" / "exercises" / lesson.source.name
    headings = re.findall(r"(?m)^# ## \d+ · (.*)$", sheet.read_text(encoding="utf-8")) if sheet.exists() else []
    return Outline(lesson, tuple(sections), slides, *said.groups(), tuple(headings))


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
    return f"{whole:.0f}{'½' * bool(half)}" if whole else "½" * bool(half) or "0"


def written(text: str, outlines: Sequence[Outline]) -> str:
    """The syllabus's text with all its numbers anew.

    Raises UserError if the marks are not there, once each, or a row of a path leads to no lesson or no section.
    """
    return _anew("the syllabus", text, table(outlines), outlines)


def notes_written(text: str, lesson: Outline) -> str:
    """The text of a lesson's teaching notes with all its numbers anew; raises as `written`."""
    return _anew(f"{lesson.lesson.stem}.md", text, timing(lesson), [lesson])


def _anew(name: str, text: str, between: str, outlines: Sequence[Outline]) -> str:
    begin, end = MARKS
    if [text.count(mark) for mark in MARKS] != [1, 1]:
        raise UserError(f"{name} must hold the marks {begin} and {end}, once each")
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    return f"{_timed(name, before, outlines)}{begin}\n{between}\n{end}{_timed(name, after, outlines)}"


def _timed(name: str, text: str, outlines: Sequence[Outline]) -> str:
    """Each table headed "minutes" or "hours" with its last column anew; its last row is the sum."""
    known = {each.lesson.notebook.name: each for each in outlines}

    def time_of(row: str, unit: str) -> float:
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


def of_course(root: Path | None = None) -> list[Outline]:
    """The outline of every lesson; the start page is none."""
    return [outline(lesson) for lesson in lessons(root) if lesson.number != START_NUMBER]


def teaching_notes(lesson: Lesson) -> Path:
    """Where the teaching notes of a lesson lie."""
    return lesson.root / "course" / "teaching" / f"{lesson.stem}.md"


def main(argv: list[str] | None = None) -> None:
    """Run the command line `argv` (that of the process if not given)."""
    argparse.ArgumentParser(prog="python -m courseware.syllabus", description=__doc__).parse_args(argv)
    root = project_root()
    outlines = of_course(root)
    syllabus = root / "course" / "README.md"
    syllabus.write_text(written(syllabus.read_text(encoding="utf-8"), outlines), encoding="utf-8")
    for each in outlines:
        notes = teaching_notes(each.lesson)
        if notes.exists():
            notes.write_text(notes_written(notes.read_text(encoding="utf-8"), each), encoding="utf-8")


if __name__ == "__main__":
    main()
