"""Warnings about style, for `courseware check --style`: nothing is wrong, but an author may want to look.

An author who means it says so in the lesson's front matter, and is not asked again::

    lesson:
      stress: [data, far away]       # bold words that stress a point and are no terms of the glossary
      long or short: [25 minutes]    # times outside of the usual
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from courseware.project import Lesson, read
from courseware.text import syllabus

__all__ = ["warnings"]

LONGEST_TERM = 3  # words; what is longer and bold is a sentence
PROMPTS = {"predict"}  # what a reader is asked to do
SENTENCE = re.compile(r"[\d$?:.;,\"“”]")
SHORT_VERSION = range(22, 26)  # minutes of the version for 25 minutes
EXERCISE = range(3, 46)  # minutes


def warnings(root: Path) -> list[str]:
    """What is unusual in the lessons, one sentence each."""
    terms = _terms(root)
    found = []
    for lesson in syllabus.lessons_of(root):
        found += [f"{lesson.source.name}: {said}" for said in (*_bold_words(lesson, terms), *_times(lesson))]
    return found


def _waived(lesson: Lesson, what: str) -> set[str]:
    return {str(word).casefold() for word in read(lesson.source).metadata.get("lesson", {}).get(what, ())}


def _markdown(text: Path) -> list[Any]:
    return [cell for cell in read(text).cells if cell.cell_type == "markdown"]


# --------------------------------------------------------------------------------------------------------- bold words
def _terms(root: Path) -> set[str]:
    """The words of the glossary's first table, with their synonyms, in lower case; none without a glossary."""
    page = root / "course" / "glossary.py"
    if not page.exists():
        return set()
    rows = [line.split("|") for cell in _markdown(page) for line in cell.source.splitlines() if line.startswith("| **")]
    names = [name.strip("* ") for row in rows for name in (row[1], *row[-2].split(", "))]
    return {name.casefold() for name in names if name}


def _bold_words(lesson: Lesson, terms: set[str]) -> Iterator[str]:
    waived = _waived(lesson, "stress") | PROMPTS
    seen: set[str] = set()
    for cell in _markdown(lesson.source):
        for paragraph in cell.source.split("\n\n"):
            for bold in re.findall(r"\*\*([^*]+)\*\*", paragraph):
                words = bold.casefold().removesuffix("'s")
                if len(words.split()) > LONGEST_TERM or SENTENCE.search(words) or words in waived | seen:
                    continue
                if not any(term.startswith(words) for term in terms):
                    seen.add(words)
                    yield f"**{bold}** is no term of the glossary; if it is stress, put it into `stress`"


# -------------------------------------------------------------------------------------------------------------- times
def _times(lesson: Lesson) -> Iterator[str]:
    waived = _waived(lesson, "long or short")
    for title, teaching in zip(*_exercises(lesson), strict=True):
        minutes = re.search(r"\|\s*(\d+)\s*\|", teaching)
        if minutes and int(minutes[1]) not in EXERCISE and title.casefold() not in waived:
            yield f"exercise {title!r} takes {minutes[1]} minutes; if it does, put its title into `long or short`"
    notes = syllabus.teaching_notes(lesson)
    text = notes.read_text(encoding="utf-8") if notes.exists() else ""
    short = re.search(r"(?ms)^### In 25 minutes\n.*?\*\*in all\*\* \| \| \*\*(\d+)½?\*\* \|", text)
    if short and int(short[1]) not in SHORT_VERSION and "25 minutes" not in waived:
        yield f"the version for 25 minutes takes {short[1]}; if it may, put `25 minutes` into `long or short`"


def _exercises(lesson: Lesson) -> tuple[list[str], list[str]]:
    given = syllabus.exercises_of(lesson.root, lesson.stem)
    return list(given), list(given.values())
