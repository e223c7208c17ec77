"""The decks for 25 minutes: those slides that the teaching notes list, and all the cells that they need."""

import nbformat
import pytest

from courseware.project import START_NUMBER, Lesson, UserError, lessons, project_root
from courseware.text.short import short_version, slides_of_short_version
from courseware.text.syllabus import anchor, minutes, outline

ROOT = project_root()
LESSONS = [lesson for lesson in lessons(ROOT) if lesson.number != START_NUMBER]


def begins(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type") in ("slide", "subslide")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_the_slides_are_those_that_the_notes_list_in_their_order(lesson):
    notebook = nbformat.read(lesson.notebook, as_version=4)
    wanted = slides_of_short_version(lesson)
    short = short_version(notebook, wanted)
    assert [anchor(c.source.partition("\n")[0].lstrip("# ")) for c in short.cells if begins(c)] == wanted
    assert [(cell.id, cell.source) for cell in short.cells] == [(cell.id, cell.source) for cell in notebook.cells]
    assert all(begins(cell) or not begins(kept) for cell, kept in zip(notebook.cells, short.cells, strict=True))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_they_take_the_minutes_that_the_table_says(lesson):
    wanted = slides_of_short_version(lesson)
    taken = sum(section.minutes for section in outline(lesson).sections if section.anchor in wanted)
    text = (ROOT / "course" / "teaching" / f"{lesson.stem}.md").read_text(encoding="utf-8")
    assert f"| **in all** | | **{minutes(taken)}** |" in text
    assert taken <= 25


def test_a_slide_that_does_not_exist_is_named():
    with pytest.raises(UserError, match="No-such-slide"):
        short_version(nbformat.read(LESSONS[0].notebook, as_version=4), ["No-such-slide"])


def test_a_lesson_without_teaching_notes_has_no_short_version(tmp_path):
    assert slides_of_short_version(Lesson(tmp_path, "09_more")) == []
