"""The course in a read-only folder whose path has spaces and Chinese characters, as a lab's shared disk may have it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import unprivileged
from courseware.exercises import journal
from courseware.text import derive

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import json, sys
from pathlib import Path
import nbformat
from courseware.text.execute import execute
path = Path(sys.argv[1])
done = execute(nbformat.read(path, as_version=4), folder=path.parent)
print(sum(cell.cell_type == "code" for cell in done.cells), "cells ran")
"""
STUDENT = """
import platform
from courseware.exercises import journal
from courseware.exercises.questions import Exercise, Value
journal.begin("05_squeeze_excitation")
Exercise("by_hand", "By hand", (Value("x", 1),)).check(1)
print(journal.Checklist())
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of what git would give away, with the notebooks derived anew, that nobody may write to."""
    root = tmp_path_factory.mktemp("disk") / "shared disk" / "视觉注意力 课程"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    sheet = (root / "course" / "exercises" / "05_squeeze_excitation.py").read_text(encoding="utf-8")
    nbformat.write(
        derive.unsolved(sheet, "05_squeeze_excitation"),
        root / "notebooks" / "exercises" / "05_squeeze_excitation.ipynb",
    )
    unprivileged.make_read_only(root)
    yield root
    unprivileged.make_writable(root)


@pytest.fixture(scope="module")
def fonts(tmp_path_factory):
    """Where matplotlib keeps its list of fonts: making it anew in every empty home takes many seconds."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture
def run(course, tmp_path, fonts):
    """Run Python there, on the copy's own code, with an empty home folder; returns what it printed."""
    home = tmp_path / "home"
    home.mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(course / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "MPLCONFIGDIR": str(fonts),
    }
    environment.pop(journal.VARIABLE, None)

    def run(*arguments, folder=""):
        before = sorted(course.rglob("*"))
        command = [sys.executable, *arguments]
        done = unprivileged.run(command, cwd=course / folder, env=environment, timeout=900)
        assert sorted(course.rglob("*")) == before
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    "notebook", ["00_start_here", "01_cues", "05_squeeze_excitation", "exercises/05_squeeze_excitation"]
)
def test_a_notebook_runs_there(course, run, notebook):
    assert "cells ran" in run("-c", RUN, str(course / "notebooks" / f"{notebook}.ipynb"), folder="notebooks")


def test_the_code_is_that_of_the_copy(course, run):
    where = run(
        "-c", "import courseware, visual_attention; print(courseware.__file__, visual_attention.__file__, sep='\\n')"
    )
    assert all(Path(line).is_relative_to(course) for line in where.splitlines())


def test_the_doctor_finds_nothing_wrong(run):
    assert "Everything that the course needs is here." in run("-m", "courseware.cli", "doctor")


def test_check_reads_every_notebook(run, course):
    # What it says of them is another test's business (they may wait for a rebuild); here it must not fail to read.
    command = (
        "from courseware.text.build import stale; from pathlib import Path; print(len(stale(Path('.'))), 'problems')"
    )
    assert "problems" in run("-c", command)


def test_an_export_is_written_elsewhere(run, tmp_path):
    said = run("-m", "courseware.cli", "export", "--language", "en", "--output", str(tmp_path / "the site"), "1")
    assert "pages and 2 decks written" in said
    assert (tmp_path / "the site" / "01_cues.html").stat().st_size > 10_000


def test_progress_is_kept_with_the_student(run, tmp_path):
    said = run("-c", STUDENT, folder="notebooks/exercises")
    assert "✓ By hand: squeeze, excite, scale" in said
    [kept] = (tmp_path / "home").rglob("progress.json")
    assert f"your record is {kept}" in said
