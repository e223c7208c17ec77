"""What every lesson must have, read from its text: aims with a place for each, recap, the question that leads on, links."""

import re
from pathlib import Path
from urllib.parse import unquote

import jupytext
import pytest
from bs4 import BeautifulSoup

from courseware import export
from courseware.build import targets
from courseware.project import START_NUMBER, lessons, other_pages
from courseware.syllabus import anchor, outline

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


@pytest.fixture(scope="module")
def pages():
    """The page at a place in the site, made of a file or of a notebook that was not run: its text is all there."""
    notebooks = {name: target.derived(ROOT) for name, target in TARGETS.items()}
    files = export.linked_files(notebooks, ROOT)
    site = export.site_map([*notebooks, *files])
    names = {place: name for name, place in site.items()}
    made = {}

    def page(place):
        if place not in made:
            name = names[place]
            source = notebooks[name] if name in notebooks else export.document(files[name], ROOT)
            folder = (ROOT / "notebooks" / name).parent
            made[place] = BeautifulSoup(export.page(source, name, site, folder=folder), "html.parser")
        return made[place]

    return page


@pytest.mark.parametrize("name", [n for n in TARGETS if "/" not in n])
def test_links_to_sections_lead_there_on_exported_pages(pages, name):
    here = pages(export.site_map([name])[name])
    links = [a["href"] for a in here.select("main a[href]:not(.anchor-link)") if "#" in a["href"]]
    for address in links:
        file, _, section = address.partition("#")
        if file.endswith(".html") or not file:
            there = pages(file) if file else here
            # As a browser does: first as it stands (nbconvert quotes its ids), then unquoted.
            assert there.find(id=section) or there.find(id=unquote(section)), f"{name}: no place {address}"
    if name in {lesson.notebook.name for lesson in LESSONS}:
        assert len(links) >= 4


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
    [start] = [lesson for lesson in lessons(ROOT) if lesson.number == START_NUMBER]
    linked = {address for _, address in LINK.findall(text_of(start))}
    assert {lesson.notebook.name for lesson in LESSONS} <= linked
    assert {page.notebook.name for page in other_pages(ROOT)} <= linked
    assert "../course/README.md" in linked
