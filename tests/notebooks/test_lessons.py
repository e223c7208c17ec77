"""What every lesson must have, read from its text: aims with a place for each, recap, question that leads on, links."""

import re
from pathlib import Path

import jupytext
import pytest
from bs4 import BeautifulSoup

from courseware.project import START_NUMBER, lessons, other_pages
from courseware.publish.links import markdown, page_of
from courseware.text.build import targets
from courseware.text.syllabus import anchor, outline

ROOT = Path(__file__).resolve().parents[2]
LESSONS = [lesson for lesson in lessons(ROOT) if lesson.number != START_NUMBER]
TARGETS = {target.notebook.relative_to("notebooks").as_posix(): target for target in targets(ROOT)}
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)

AIM = re.compile(r"(\d)\. (.+?) \((\[.*\))\)[;.]")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def text_of(lesson):
    cells = jupytext.read(lesson.source, fmt="py:percent").cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def headings(text):
    return re.findall(r"(?m)^#{1,3} (.*)$", text)


def aims(text):
    [block] = re.findall(r"\*\*After this lesson you can\*\*\n\n((?:\d\. .*\n)+)", text)
    return block.splitlines()


@every_lesson
def test_every_aim_has_a_place(lesson):
    text = text_of(lesson)
    known = [anchor(heading) for heading in headings(text)]
    found = aims(text)
    assert len(found) >= 4
    for number, line in enumerate(found, start=1):
        aim = AIM.fullmatch(line)
        assert aim, f"an aim must end in links to its sections: {line}"
        assert int(aim[1]) == number
        for name, address in LINK.findall(aim[3]):
            assert address == f"#{anchor(name)}"
            assert known.count(address[1:]) == 1, f"{name!r} must be one heading of {lesson.stem}"


@every_lesson
def test_a_lesson_links_to_sections(pages_of_text, lesson):
    """That each of its links leads somewhere is seen to when the pages are made."""
    page = BeautifulSoup((pages_of_text / page_of(lesson.notebook.name)).read_text(encoding="utf-8"), "html.parser")
    links = [a["href"] for a in page.select("article a[href]:not(.headerlink)")]
    assert len([address for address in links if "#" in address]) >= 4


def test_the_recap_of_the_blocks_is_a_table_on_the_page(pages_of_text):
    page = BeautifulSoup((pages_of_text / "04_six_kinds.html").read_text(encoding="utf-8"), "html.parser")
    assert [len(row.select("td")) for row in page.select("#recap tbody tr")] == [7, 7, 7]
    assert "<!--" not in page.select_one("article").get_text()


@every_lesson
def test_a_lesson_is_complete(lesson):
    text = text_of(lesson)
    for heading in ("Recap", "Read critically", "References"):
        assert headings(text).count(heading) == 1, heading
    following = [other for other in LESSONS if other.number > lesson.number]
    if following:
        assert re.search(r"(?m)^### Next question$|^\*\*Next question:\*\* ", text)
    [footer] = re.findall(r"(?m)^\*\*Now you:\*\* (.*)$", text)
    expected = [f"exercises/{lesson.stem}.ipynb", *(f"{other.stem}.ipynb" for other in following[:1])]
    linked = [address for _, address in LINK.findall(footer)]
    assert set(expected) | {"glossary.ipynb", "00_start_here.ipynb"} <= set(linked)
    assert linked[: len(expected)] == expected


@every_lesson
def test_the_stated_minutes_are_those_of_the_notes(lesson):
    found = outline(lesson)
    assert found.live == f"{int(found.minutes + 0.5)} minutes"


def test_the_start_page_leads_to_every_page():
    [start] = [target for target in TARGETS.values() if target.number == START_NUMBER]
    linked = {address for _, address in LINK.findall(markdown(start.derived(ROOT)))}
    assert {lesson.notebook.name for lesson in LESSONS} <= linked
    assert {page.notebook.name for page in other_pages(ROOT)} <= linked
    assert "../course/README.md" in linked
