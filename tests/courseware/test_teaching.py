"""The teaching notes: each lesson has them, complete, with the minutes of today and links that lead somewhere."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from courseware.project import Lesson, UserError, project_root
from courseware.publish.links import page_of
from courseware.text import derive, marks, syllabus
from courseware.text.syllabus import Section, anchor, given, outline, teaching_notes, timing, to_give
from courseware.text.tables import Place

ROOT = project_root(Path(__file__))
OUTLINES = syllabus.of_course(ROOT)
SECTIONS = ["Timing", "Questions for the room", "What goes wrong", "On the board", "Exercises to give"]
every_lesson = pytest.mark.parametrize("outlined", OUTLINES, ids=lambda each: each.lesson.stem)
LINK = re.compile(r"\[([^\[\]]+)\]\(([^)\s]+)\)")


def text_of(outlined):
    return teaching_notes(outlined.lesson).read_text(encoding="utf-8")


def section(text, heading):
    [found] = re.findall(rf"(?ms)^##+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text)
    return found


# --------------------------------------------------------------------------------------------------- the machinery
LESSON = """# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · One

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Begin.

# %% [markdown] slideshow={"slide_type": "skip"}
# You need nothing. Time: 4 minutes in a lecture, about two hours alone with the [exercises](exercises/01_one.ipynb).
#
# ## Not on a slide

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A *second*

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Draw.
"""
SHEET = """# %% [markdown] teaching="home, at last | 10 | stretch | a reason of four words"
# ## 1 · By hand: one

# %% [markdown] teaching="in class | 5 | warm-up | so: \\"why\\""
# ## 2 · Predict: two
"""
BEGIN, END = "<!-- courseware build: timing -->", "<!-- end of timing -->"
NOTES = f"""# Teaching lesson 1

{BEGIN}
old
{END}

| part | slides | minutes |
|---|---|--:|
| all | [one](../../notebooks/01_one.ipynb#1-·-One) · [two](../../notebooks/01_one.ipynb#A-second) | |
| **in all** | | |
"""


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / "course" / "teaching").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course" / "01_one.py").write_text(LESSON, encoding="utf-8")
    (tmp_path / "course" / "exercises").mkdir()
    (tmp_path / "course" / "exercises" / "01_one.py").write_text(SHEET, encoding="utf-8")
    return Lesson(tmp_path, "01_one")


def notes_written(text, lesson):
    page = Path("course", "teaching", "01_one.md")
    return syllabus.timed(page.name, marks.written(text, Place(lesson.root, page)), lesson.root)


def test_a_lessons_slides_are_listed_with_a_running_sum(lesson):
    assert timing(outline(lesson)).splitlines() == [
        "| slide | min | so far |",
        "|---|--:|--:|",
        "| [1 · One](../../notebooks/01_one.ipynb#1-·-One) | 1½ | 1½ |",
        "| [A *second*](../../notebooks/01_one.ipynb#A-second), on the board | 2 | 3½ |",
    ]


def test_notes_are_written_anew_with_their_paths(lesson):
    new = notes_written(NOTES, lesson)
    assert f"{BEGIN}\n{timing(outline(lesson))}\n{END}" in new
    assert "#A-second) | 3½ |\n| **in all** | | **3½** |\n" in new
    assert notes_written(new, lesson) == new


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#A-second", "#Not-on-a-slide", r"01_one\.md leads to .*#Not-on-a-slide, which is no section with minutes"),
        ("01_one.ipynb#A", "02_two.ipynb#A", r"01_one\.md leads to 02_two\.ipynb, which is no lesson"),
    ],
)
def test_what_leads_nowhere_is_refused(lesson, old, new, message):
    with pytest.raises(UserError, match=message):
        notes_written(NOTES.replace(old, new), lesson)


def test_exercises_say_where_they_are_to_be_given_those_for_the_class_come_first(lesson):
    sheet = "../../notebooks/exercises/01_one.ipynb"
    assert to_give(outline(lesson)).splitlines()[2:] == [
        f'| [2 · Predict: two]({sheet}#2-·-Predict:-two) | in class | 5 | warm-up | so: "why" |',
        f"| [1 · By hand: one]({sheet}#1-·-By-hand:-one) | home, at last | 10 | stretch | a reason of four words |",
    ]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "home | 10 | core",
        "home | ten | core | because",
        "at home | 10 | core | because",
        "home | 10 | hard | because",
    ],
)
def test_an_exercise_that_does_not_say_it_is_named(lesson, words):
    text = SHEET.replace("home, at last | 10 | stretch | a reason of four words", words)
    (lesson.root / "course" / "exercises" / "01_one.py").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"01_one\.py: the cell of exercise 1 must say in its sheet teaching="):
        to_give(outline(lesson))


def test_an_exercise_is_of_a_kind_and_sheets_go_from_warm_up_to_stretch():
    for each in OUTLINES:
        kinds = [read.kind for read in map(given, each.teaching) if read is not None]
        assert len(kinds) == len(each.exercises), each.lesson.stem
        assert kinds[0] == "warm-up", each.lesson.stem
        assert "stretch" in kinds, each.lesson.stem


def test_students_read_under_each_heading_what_it_is(lesson):
    first, second = derive.unsolved(SHEET).cells
    assert first.source == "## 1 · By hand: one\n\n*Stretch · about 10 minutes*"
    assert second.source.endswith("*Warm-up · about 5 minutes*")
    assert not any("teaching" in cell.metadata for cell in (first, second))
    plain = derive.unsolved(SHEET.replace("stretch | ", "")).cells[0]
    assert plain.source == "## 1 · By hand: one"


def test_how_the_minutes_are_spent_is_read_with_them(lesson):
    assert outline(lesson).sections[-1] == Section("A *second*", 2, "on the board")


# ------------------------------------------------------------------------------------------- the course's own notes
def test_there_are_notes_for_the_lessons_and_for_nothing_else():
    written = {path.name for path in (ROOT / "course" / "teaching").iterdir()}
    assert written == {f"{each.lesson.stem}.md" for each in OUTLINES}


@every_lesson
def test_notes_are_complete(outlined):
    text = text_of(outlined)
    assert text.startswith(f"# Teaching lesson {outlined.lesson.title}\n")
    assert "**The one thing to get across:**" in text.split("\n## ", 1)[0]
    assert re.findall(r"(?m)^## (.*)$", text) == SECTIONS
    assert re.findall(r"(?m)^### (?!\d)(.*)$", text) == ["In 25 minutes", "With more time"]
    assert section(text, "With more time").count("\n- ") + 1 >= 2
    assert len(re.findall(r"(?m)^- \*\*", section(text, "What goes wrong"))) >= 5


@every_lesson
def test_the_short_version_takes_its_25_minutes(outlined):
    short = section(text_of(outlined), "In 25 minutes")
    [minutes] = re.findall(r"\*\*in all\*\* \| \| \*\*(\d+)½?\*\* \|", short)
    assert int(minutes) <= 25  # that it is not much less is a matter of style: `courseware check --style`
    linked = [address for _, address in LINK.findall(short)]
    assert len(linked) == len(set(linked))
    order = [each.anchor for each in outlined.sections]
    places = [order.index(address.partition("#")[2]) for address in linked]
    assert places == sorted(places)


@every_lesson
def test_each_question_has_its_place_its_answers_and_a_reply(outlined):
    questions = re.split(r"(?m)^### \d · ", text_of(outlined))[1:]
    assert 4 <= len(questions) <= 6
    slides = {each.anchor for each in outlined.sections if each.minutes}
    for question in questions:
        parts = re.findall(r"(?m)^- \*\*(When|You want|Likely wrong|Respond):\*\* (.+)$", question)
        assert [name for name, _ in parts] == ["When", "You want", "Likely wrong", "Respond"]
        shown = {address.partition("#")[2] for _, address in LINK.findall(parts[0][1])}
        assert shown
        assert shown <= slides


@every_lesson
def test_a_sketch_can_be_copied_to_a_board(outlined):
    sketches = re.findall(r"(?ms)^```text\n(.*?)^```$", section(text_of(outlined), "On the board"))
    assert 1 <= len(sketches) <= 2
    for line in "".join(sketches).splitlines():
        assert line.isascii()
        assert len(line) <= 84


@every_lesson
def test_every_exercise_is_placed_once_with_a_time_and_a_reason(outlined):
    rows = re.findall(r"(?m)^\| (\[.*) \|$", section(text_of(outlined), "Exercises to give"))
    sheet = f"../../notebooks/exercises/{outlined.lesson.stem}.ipynb"
    named = []
    for row in rows:
        link, where, minutes, kind, why = row.split(" | ")
        [(heading, address)] = LINK.findall(link)
        assert address == f"{sheet}#{anchor(heading)}"
        assert kind in ("warm-up", "core", "stretch")
        assert re.match(r"(in class|home|skip)\b", where)
        assert int(minutes) > 0
        assert len(why.split()) >= 4
        named.append(heading)
    expected = [f"{number} · {title}" for number, title in enumerate(outlined.exercises, start=1)]
    assert sorted(named) == sorted(expected)
    in_class = [row for row in rows if " | in class" in row]
    assert 2 <= len(in_class) <= 4
    assert " | skip" in "".join(rows)


# ------------------------------------------------------------------------------------------------------- the pages
def test_the_start_page_the_syllabus_and_the_readme_lead_to_the_notes():
    syllabus_text = (ROOT / "course" / "README.md").read_text(encoding="utf-8")
    for number, each in enumerate(OUTLINES, start=1):
        assert f"[{number}](teaching/{each.lesson.stem}.md)" in syllabus_text
    assert "[Teaching notes](../course/README.md#To-present)" in (ROOT / "course/00_start_here.py").read_text("utf-8")
    assert "[Teaching notes](course/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@every_lesson
def test_notes_are_a_page_with_their_links_their_sketches_and_their_tables(pages_of_text, outlined):
    """That each of its links leads somewhere is seen to when the pages are made."""
    file = pages_of_text / page_of(f"../course/teaching/{outlined.lesson.stem}.md")
    page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    assert page.title.get_text().startswith(f"Teaching lesson {int(outlined.lesson.number)}")
    notes = page.select_one("article")
    assert len([a for a in notes.select("a[href]:not(.headerlink)") if not a["href"].startswith("http")]) > 40
    assert 1 <= len(notes.select("pre")) <= 2
    assert len(notes.select("table")) == 3
    assert notes.get_text().count("[[") == 0
