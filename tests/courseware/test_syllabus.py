"""The syllabus: its numbers are those of the lessons, its paths lead to sections and add up."""

import re
from pathlib import Path

import pytest

from courseware.project import Lesson, UserError, project_root
from courseware.text import marks, syllabus
from courseware.text.syllabus import Section, anchor, outline, said
from courseware.text.tables import Place

ROOT = project_root(Path(__file__))
SYLLABUS = ROOT / "course" / "README.md"

LESSON = """# ---
# jupyter:
#   lesson:
#     afterwards you can: do one thing
#     you move: nothing; at all
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · One *thing*

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Begin.

# %% [markdown] slideshow={"slide_type": "skip"}
# You need nothing. Time: 4 minutes in a lecture, about two hours alone with the [exercises](exercises/01_one.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A part, with a comma

# %% slideshow={"slide_type": "subslide"}
x = 1

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** Go on.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Go on.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Not on a slide
"""
SHEET = """# %% [markdown]
# # Exercises

# %% [markdown]
# ## 1 · By hand: one
#
# ## 2 · Predict, then run: two
#
# ## 3 · Implement: three
#
# ## 4 · Prove and check: four
#
# ## 5 · Implement: five
#
# ## 6 · Six
#
# ## What comes next
"""
BEGIN, END = "<!-- courseware build: syllabus -->", "<!-- end of syllabus -->"
TEXT = f"""# Syllabus

{BEGIN}
old
{END}

| part | minutes |
|---|--:|
| [one](../notebooks/01_one.ipynb#A-part,-with-a-comma), [two](../notebooks/01_one.ipynb#1-·-One-thing) | 0 |
| [again](../notebooks/01_one.ipynb) | |
| **all** | |

| week | hours |
|---|--:|
| [one](../notebooks/01_one.ipynb) | |
| | |

| no | times |
|---|---|
| [one](../notebooks/01_one.ipynb) | 7 |
"""


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    (tmp_path / "course" / "01_one.py").write_text(LESSON, encoding="utf-8")
    (tmp_path / "course" / "exercises" / "01_one.py").write_text(SHEET, encoding="utf-8")
    return Lesson(tmp_path, "01_one")


def written(text, lesson):
    """The syllabus of a course of one lesson, made anew."""
    page = Path("course", "README.md")
    return syllabus.timed(page.as_posix(), marks.written(text, Place(lesson.root, page)), lesson.root)


def test_an_outline_is_read_from_lesson_and_sheet(lesson):
    found = outline(lesson)
    assert found.sections == (
        Section("1 · One *thing*", 1.5),
        Section("A part, with a comma", 2.5, "on the board"),
        Section("Not on a slide", 0),
    )
    assert [found.minutes, found.slides, found.hours] == [4.0, 3, 2]
    assert [found.needs, found.live, found.alone] == ["nothing", "4 minutes", "two hours"]
    assert found.exercises[1] == "Predict, then run: two"
    assert found.kinds == "by hand, predict, implement ×2, prove"
    assert len(found.exercises) == 6


def test_a_table_and_every_time_are_written(lesson):
    new = written(TEXT, lesson)
    assert "old" not in new
    exercises = "6: by hand, predict, implement ×2, prove"
    row = f"| [1 · One *thing*](../notebooks/01_one.ipynb) | 4 | two hours | 3 | {exercises} |"
    assert f"{row} nothing |\n| **all** | **4** | | **3** | **6** | |\n{END}" in new
    assert "#1-·-One-thing) | 4 |\n" in new
    assert "[again](../notebooks/01_one.ipynb) | 4 |\n| **all** | **8** |\n" in new
    assert "| [one](../notebooks/01_one.ipynb) | 2 |\n| | **2** |\n" in new
    assert "| [one](../notebooks/01_one.ipynb) | 7 |\n" in new
    assert written(new, lesson) == new


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("01_one.ipynb#A-part", "02_two.ipynb#A-part", "leads to 02_two.ipynb, which is no lesson"),
        ("#A-part,-with-a-comma", "#Gone", "leads to 01_one.ipynb#Gone, which is no section with minutes"),
        ("#A-part,-with-a-comma", "#Not-on-a-slide", "#Not-on-a-slide, which is no section with minutes"),
    ],
)
def test_what_leads_nowhere_is_refused(lesson, old, new, message):
    with pytest.raises(UserError, match=message):
        written(TEXT.replace(old, new), lesson)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("You need nothing. ", "", r"01_one\.py must say 'You need"),
        ("two hours", "ages", r"01_one\.py: the time alone must be one of an hour, .*got 'ages'"),
    ],
)
def test_a_lesson_must_say_what_it_takes(lesson, old, new, message):
    lesson.source.write_text(LESSON.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        written(TEXT, lesson)


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (0.5, "½"), (1, "1"), (34.5, "34½"), (100, "100")])
def test_minutes_are_written_as_in_the_notes(number, text):
    assert syllabus.minutes(number) == text


def test_a_lesson_says_once_what_it_is_for(lesson):
    assert said(lesson, "you move") == "nothing; at all"
    lesson.source.write_text(LESSON.replace("you move", "moved"), encoding="utf-8")
    with pytest.raises(UserError, match=r"01_one\.py must say 'lesson: you move: …' in its front matter"):
        said(lesson, "you move")


def test_anchors():
    assert anchor("Bridge 1: it *is* dot-product attention") == "Bridge-1:-it-is-dot-product-attention"
    assert anchor("`scale=1`, not `None`") == "scale=1,-not-None"


# ------------------------------------------------------------------------------------------ the course's own syllabus
def test_paths_take_the_time_that_they_promise():
    text = SYLLABUS.read_text(encoding="utf-8")
    path = text.split("## One lecture", 1)[1].split("\n## ", 1)[0]
    [together] = re.findall(r"\*\*together\*\* \| \*\*(\d+)½?\*\*", path)
    assert 80 <= int(together) <= 89
    sessions = text.split("## Three sessions", 1)[1].split("\n## ", 1)[0]
    times = [int(time) for time in re.findall(r"(?m)^\| (?:first|second|third) .* (\d+)½? \|$", sessions)]
    assert len(times) == 3
    assert max(times) <= 125


def test_every_lesson_is_in_every_path():
    text = SYLLABUS.read_text(encoding="utf-8")
    everything = [each.lesson.stem for each in syllabus.of_course(ROOT)]
    for part in ("One lecture", "Three sessions"):
        shown = text.split(f"## {part}\n", 1)[1].split("\n## ", 1)[0]
        assert set(re.findall(r"notebooks/(\w+)\.ipynb", shown)) == set(everything), part


def test_links_lead_somewhere():
    for address in re.findall(r"\]\((?!https?:)([^)#]+)", SYLLABUS.read_text(encoding="utf-8")):
        target = (SYLLABUS.parent / address).resolve()
        source = ROOT / "course" / f"{target.stem}.py"
        assert target.is_file() or source.is_file(), address  # a notebook is made from a text
