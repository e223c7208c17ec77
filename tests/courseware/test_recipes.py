"""The recipes for a new lesson and a new exercise, done in a copy of the project: nothing else has to be touched."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from courseware.project import START_NUMBER, lessons, project_root
from courseware.publish.course import Course
from courseware.publish.deck import has_slides
from courseware.text import build
from courseware.text.tables import counted

ROOT = project_root(Path(__file__))
# The lesson that is added comes after the last one that is written.
NUMBER = 1 + max(int(lesson.number) for lesson in lessons(ROOT) if lesson.number != START_NUMBER)
STEM = f"{NUMBER:02}_toy"
LISTS = ("course/00_start_here.py", "course/references.py")  # texts that name every lesson
TRANSLATED = [t.notebook.as_posix() for t in build.translated_targets(ROOT) if t.source.as_posix() in LISTS]

LESSON = f"""# ---
# jupyter:
#   lesson:
#     afterwards you can: halve a number
#     you move: nothing yet
# ---

# %% [markdown] slideshow={{"slide_type": "slide"}}
# # {NUMBER} · Toy: half of everything
#
# A lesson that comes last ([@hu2020]).

# %% [markdown] slideshow={{"slide_type": "notes"}}
# > **Lecturer, 2 min.** Say it.

# %% [markdown] slideshow={{"slide_type": "skip"}}
# You need lesson 1. Time: 2 minutes in a lecture, about an hour alone with the [exercises](exercises/{STEM}.ipynb).

# %% slideshow={{"slide_type": "-"}}
from visual_attention.lessons.toy.numbers import half

half(3)

# %% [markdown] slideshow={{"slide_type": "skip"}}
# ## References
#
# {{{{references}}}}
"""
SHEET = f"""# %% [markdown]
# # Exercises {NUMBER} · Toy
#
# {{{{Exercises}}}}.

# %%
from visual_attention.exercises import toy as exercise
"""
EXERCISE = """
# %% [markdown] teaching="in class | 3 | core | the first of its kind"
# ## PLACE · By hand: half of VALUE

# %%
exercise.half_of_VALUE.hint()

# %%
### BEGIN SOLUTION
half = HALF
### END SOLUTION

# %%
exercise.half_of_VALUE.check(half)
"""
NOTES = f"""# Teaching lesson {NUMBER}

<!-- courseware build: timing -->
<!-- end of timing -->

<!-- courseware build: exercises to give -->
<!-- end of exercises to give -->
"""
CHECKS = """from courseware.exercises.questions import Exercise, Value

ALL = []
"""
CHECK = """
half_of_VALUE = Exercise("half_of_VALUE", "By hand: half of VALUE", (Value("half", HALF),), ("Less.", "Two.", "`/`"))
ALL.append(half_of_VALUE)
"""


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def append(root, path, text):
    file = root / path
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def add_exercise(root, number, value):
    """Its text in the sheet, and its check."""
    for path, text in ((f"course/exercises/{STEM}.py", EXERCISE), ("src/visual_attention/exercises/toy.py", CHECK)):
        text = text.replace("PLACE", str(number)).replace("VALUE", str(value)).replace("HALF", str(value / 2))
        append(root, path, text)


@pytest.fixture(scope="module")
def courseware(tmp_path_factory):
    """Runs `courseware` in a copy of the project whose notebooks are as if they had just been built."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("course", "docs", "src"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in root.glob("docs/recipes*.md"):
        file.unlink()
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    # Documents in English only: what a new row of their tables says in another language, its translators add.
    for file in root.glob("course/*/language.toml"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if '"documents/' not in line), encoding="utf-8")
    for target in [*build.targets(root), *build.translated_targets(root)]:
        notebook = target.derived(root)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1  # not run: that would take ten minutes
        path = root / target.notebook
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
    environment = os.environ | {"PYTHONPATH": str(root / "src")}

    def run(*arguments):
        command = [sys.executable, "-m", "courseware.cli", *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout.splitlines()

    run.root = root
    return run


@pytest.fixture(scope="module")
def with_lesson(courseware):
    """The copy with one more lesson, of one exercise, and what `courseware check` says before it is built."""
    root = courseware.root
    write(root, "src/visual_attention/lessons/toy/__init__.py", "")
    write(root, "src/visual_attention/lessons/toy/numbers.py", "def half(number):\n    return number / 2\n")
    write(root, "src/visual_attention/exercises/toy.py", CHECKS)
    write(root, f"course/{STEM}.py", LESSON)
    write(root, f"course/exercises/{STEM}.py", SHEET)
    write(root, f"course/teaching/{STEM}.md", NOTES)
    add_exercise(root, 1, 7)
    _, said = courseware("check")
    assert courseware("build", "0", "references", str(NUMBER))[0] == 0
    return said


def stale(said):
    """What `courseware check` finds, by file, without its remarks on what a translator could go on with."""
    return {line.split()[0]: line for line in said if not line.startswith("to translate: ")}


def test_a_new_lesson_makes_only_the_lists_of_lessons_stale(with_lesson):
    found = stale(with_lesson)
    assert set(found) == {
        "notebooks/00_start_here.ipynb",
        "notebooks/references.ipynb",  # which says where a work is cited
        *TRANSLATED,
        *(f"notebooks/{folder}{STEM}.ipynb" for folder in ("", "exercises/", "solutions/")),
        *("README.md", "course/README.md", f"course/teaching/{STEM}.md", "docs/grading.md"),
    }
    mends = rf": run `courseware build (00|{NUMBER:02}|references|tables)`$"
    assert [line for line in found.values() if not re.search(mends, line)] == []


@pytest.mark.usefixtures("with_lesson")
def test_built_it_passes_the_check_and_stands_in_every_list(courseware):
    root = courseware.root
    done, said = courseware("check")
    assert (done, said[0]) == (0, "every notebook and every page is up to date")

    def text(path):
        return (root / path).read_text(encoding="utf-8")

    start = nbformat.read(root / "notebooks" / "00_start_here.ipynb", as_version=4)
    assert f"| **{NUMBER}** | **Toy: half of everything** | **nothing yet** | [lesson]({STEM}.ipynb) · " in "\n".join(
        cell.source for cell in start.cells
    )
    assert "By hand: half of 7" in str(start.cells)  # among the exercises that are passed or open
    assert f"| {NUMBER} | Toy: half of everything | nothing yet |" in text("README.md")
    words = counted(NUMBER, "lesson")
    assert f"-->{words[0].upper()}{words[1:]}<!--" in text("README.md")
    syllabus = text("course/README.md")
    assert (
        f"| [{NUMBER} · Toy: half of everything](../notebooks/{STEM}.ipynb) | 2 | an hour | 1 | 1: by hand | lesson 1 |"
        in syllabus
    )
    assert f"| {NUMBER} | halve a number | nothing yet |" in syllabus
    # Two lessons a week: it has the last one to itself, or shares it.
    assert re.search(
        rf"(?m)^\| {(NUMBER + 1) // 2} \| .*\[{NUMBER}\]\(\.\./notebooks/{STEM}\.ipynb\) \| [\d½]+ \|$", syllabus
    )
    assert f" and [{NUMBER}](teaching/{STEM}.md)" in syllabus
    assert f"| {STEM} | 1 | 3 |" in text("docs/grading.md")
    assert f"#{NUMBER}-·-Toy:-half-of-everything) | 2 | 2 |" in text(f"course/teaching/{STEM}.md")
    assert "| in class | 3 | core | the first of its kind |" in text(f"course/teaching/{STEM}.md")
    notebooks = {
        target.notebook.relative_to("notebooks").as_posix(): nbformat.read(root / target.notebook, as_version=4)
        for target in build.targets(root)
    }
    assert f"lesson {NUMBER}" in str(notebooks["references.ipynb"].cells)
    course = Course(root, notebooks)
    assert course.lessons[-1] == f"{STEM}.ipynb"
    decks = [name for name in course.lessons if has_slides(notebooks[name])]
    assert decks[-1] == f"{STEM}.ipynb"  # what the deck of the whole course is joined from


@pytest.mark.usefixtures("with_lesson")
def test_a_new_exercise_touches_its_sheet_and_its_check(courseware):
    root = courseware.root
    add_exercise(root, 2, 10)
    failed, said = courseware("check")
    assert failed == 1
    assert set(stale(said)) == {
        *(f"notebooks/exercises/{STEM}.ipynb", f"notebooks/solutions/{STEM}.ipynb"),
        *("course/README.md", f"course/teaching/{STEM}.md", "docs/grading.md"),
    }
    assert courseware("build", str(NUMBER))[0] == 0
    assert courseware("check")[0] == 0
    sheet = nbformat.read(root / "notebooks" / "solutions" / f"{STEM}.ipynb", as_version=4)
    assert "Two exercises." in sheet.cells[0].source
    printed = [output.data["text/plain"] for cell in sheet.cells for output in cell.get("outputs", [])]
    assert [text for text in printed if "right" in text] == [
        "✓ right · By hand: half of 7",
        "✓ right · By hand: half of 10",
    ]
    assert not any("teaching" in cell.metadata for cell in sheet.cells)
