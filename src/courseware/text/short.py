"""The version of a lesson for 25 minutes: the slides that its teaching notes list under "In 25 minutes"."""

import copy
import re

from nbformat import NotebookNode

from courseware.project import Lesson, UserError
from courseware.text.syllabus import anchor, teaching_notes

__all__ = ["short_version", "slides_of_short_version"]

BEGINS = ("slide", "subslide")


def slides_of_short_version(lesson: Lesson) -> list[str]:
    """The anchors of the slides that the teaching notes of a lesson list; empty if it has no such notes."""
    notes = teaching_notes(lesson)
    if not notes.exists():
        return []
    part = re.search(r"(?ms)^### In 25 minutes\n(.*?)(?=^##)", notes.read_text(encoding="utf-8"))
    # An anchor may hold a bracket, but none that it does not close.
    link = rf"\]\([^)#]*{re.escape(lesson.stem)}\.ipynb#((?:[^()]|\([^()]*\))*)\)"
    return re.findall(link, part[1]) if part else []


def short_version(notebook: NotebookNode, wanted: list[str]) -> NotebookNode:
    """A copy of a lesson in which only the slides with the anchors `wanted` are slides; all cells are still there.

    Raises UserError if one of them is no slide.
    """
    short = copy.deepcopy(notebook)
    found, kept = set(), False
    for cell in short.cells:
        slideshow = cell.metadata.setdefault("slideshow", {})
        if slideshow.get("slide_type") in BEGINS:
            heading = re.match(r"##? (.*)", cell.source)
            here = anchor(heading[1]) if heading else ""
            kept = here in wanted
            found.add(here)
        if not kept:
            slideshow["slide_type"] = "skip"
    if missing := [name for name in wanted if name not in found]:
        raise UserError(f"the version for 25 minutes names slides that do not exist: {', '.join(missing)}")
    return short
