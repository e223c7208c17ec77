"""The decks of all lessons as one: a column of slides for each, after a slide that lists them."""

import html
import re
from collections.abc import Mapping
from pathlib import Path

import nbformat.v4 as v4

from courseware.publish import deck, slide_links
from courseware.publish.phrases import say

__all__ = ["COURSE_DECK", "course_deck"]

COURSE_DECK = "course.slides.html"

_NEXT_COLUMN = re.compile(r"</section>\s*</section>\s*<section\b[^>]*>\s*<section\b")


def course_deck(
    lessons: Mapping[str, str],
    heading: str,
    pages: Mapping[str, str],
    name: str = COURSE_DECK,
    font: Path | None = None,
) -> str:
    """The deck of the course under its `heading`, which will lie at `name`.

    `lessons` holds by notebook what `deck.converted` returns. A link to what is on a slide leads there. `font` is as in
    `deck.finished`. Raises `courseware.publish.errors.ExportError` as `deck.deck` does.
    """
    found = slide_links.places(lessons, whole_course=True)
    contents = "\n".join(f"- [{_title(text)}](#/{found[lesson, '']})" for lesson, text in lessons.items())
    cell = v4.new_markdown_cell(f"# {heading}\n\n{contents}", metadata={"slideshow": {"slide_type": "slide"}})
    first = deck.converted(v4.new_notebook(cells=[cell]), name, Path(), deck.Back(say("Course"), "index.html"))
    columns = [slide_links.links_to_slides(_column(text, lesson), lesson, found) for lesson, text in lessons.items()]
    return deck.finished(_joined(first, columns), name, {**pages, name: name}, font)


def _title(text: str) -> str:
    """The title of a deck, as the page of the lesson has it."""
    found = re.search(rf"<title>(.*?) \({re.escape(say('Slides').lower())}\)</title>", text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _column(text: str, name: str) -> str:
    """The slides of a lesson's deck one below the other, its headings named apart from other lessons'."""
    slides = text.partition(deck.SLIDES)[2].partition(deck.SLIDES_END)[0].strip()
    slides = _NEXT_COLUMN.sub("</section>\n<section", slides)
    lesson = slide_links.lesson_id(name)
    slides = slides.replace("<section", f'<section id="{lesson}"', 1)
    return slide_links.HEADING.sub(lambda heading: f"{heading['start']}{lesson}:{heading['id']}", slides)


def _joined(first: str, columns: list[str]) -> str:
    """The deck `first` with more columns of slides behind its own."""
    before, mark, after = first.partition(deck.SLIDES_END)
    return "\n".join([before.rstrip(), *columns, mark + after])
