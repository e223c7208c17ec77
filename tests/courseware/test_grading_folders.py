"""Submissions that attack what comes before the sandbox: names, times, sizes, and what reading a notebook takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from courseware.cli import main
from courseware.grading.release import source_notebook
from courseware.grading.submissions import harmless, mended

ROOT = Path(__file__).resolve().parents[2]
SHEET = "02_kernel_regression"
UNITS = next(
    "\n".join(line for line in cell.source.split("\n") if "SOLUTION" not in line)
    for cell in source_notebook((ROOT / "course" / "exercises" / f"{SHEET}.py").read_text("utf-8"), 0, {}).cells
    if cell.metadata.get("nbgrader", {}).get("grade_id") == "answer-units-1"
)
CELLS = 1500


def units(course):
    """The released sheet, cut down to one right answer, which is worth 3 points."""
    notebook = json.loads((course / "release" / SHEET / f"{SHEET}.ipynb").read_text("utf-8"))
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id", "") for cell in notebook["cells"]]
    notebook["cells"] = [
        cell | ({"source": UNITS} if name == "answer-units-1" else {})
        for cell, name in zip(notebook["cells"], names, strict=True)
        if name == "answer-units-1" or not name.startswith("answer-")
    ]
    return notebook


def text(notebook, source):
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": source, "id": f"m{len(source)}"})


def to_text(notebook):
    """The answer, made a text cell with one key, as happens."""
    [cell] = [cell for cell in notebook["cells"] if cell["source"] == UNITS]
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def many_cells(notebook):
    notebook["cells"] += [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "1", "id": f"c{n}"}
        for n in range(CELLS)
    ]


def deep(folder):
    """Folders in folders, whose path is too long to be given at once."""
    inside = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(inside)


CHANGES = {
    "answer-that-is-text": to_text,
    "many-brackets": lambda notebook: text(notebook, "[" * 100_000),
    "many-cells": many_cells,
    "many-outputs": lambda notebook: notebook["cells"][-1].update(outputs=[{}] * 10**6),
    "much-metadata": lambda notebook: notebook["metadata"].update(x=[{}] * 10**6),
}
POINTS = dict.fromkeys(["a-right", "b-again", "z-right", *CHANGES], 3) | {
    "bad-time": 3,
    "line-end-in-a-file": 3,
    "[a-b]*": 3,  # as a pattern, it would find the notebooks of the first two
    "many-files": None,
    "large-file": None,
    "deep-folders": None,
    "two\nlines": None,
    "time-is-a-pipe": None,  # it was graded before, and brings no newer time
}


@pytest.fixture(scope="module", params=["courseware grade", "nbgrader autograde"])
def round_(request, tmp_path_factory):
    course = tmp_path_factory.mktemp("grading")
    assert main(["release", "--course-dir", str(course), "--seed", "11", "2"]) == 0
    nbgrader = [sys.executable, "-m", "nbgrader"]
    done = subprocess.run([*nbgrader, "generate_assignment", SHEET], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for student in POINTS:
        folder = course / "submitted" / student / SHEET
        folder.mkdir(parents=True)
        notebook = units(course)
        CHANGES.get(student, lambda notebook: None)(notebook)
        (folder / f"{SHEET}.ipynb").write_text(json.dumps(notebook), "utf-8")
    submitted = course / "submitted"
    (submitted / "bad-time" / SHEET / "timestamp.txt").write_text("tomorrow morning")
    (submitted / "line-end-in-a-file" / SHEET / "x\ny.ipynb").write_text("{}")
    for number in range(2500):
        (submitted / "many-files" / SHEET / f"{number}").touch()
    with open(submitted / "large-file" / SHEET / "data", "wb") as file:
        file.truncate(2**30)  # nothing on this disk; a copy of it is not
    os.mkfifo(submitted / "time-is-a-pipe" / SHEET / "timestamp.txt")
    (course / "autograded" / "time-is-a-pipe" / SHEET).mkdir(parents=True)  # so its time is looked at
    deep(submitted / "deep-folders" / SHEET)
    command = [*nbgrader, "autograde", SHEET]
    if request.param == "courseware grade":
        command = [sys.executable, "-m", "courseware.cli", "grade", SHEET, "--course-dir", ".", "--jobs", "2"]
    log = subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=400)
    points = dict.fromkeys(POINTS)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(SHEET):
            if (course / "autograded" / submission.student.id / SHEET / f"{SHEET}.ipynb").exists():
                points[submission.student.id] = submission.score
    yield points, log, course
    subprocess.run(["rm", "-rf", str(submitted)], check=True)  # Python's own would go too deep


def test_nobody_ends_the_round_for_others(round_):
    points, log, _ = round_
    assert points == POINTS, log.stderr[-3000:]


def test_what_is_left_out_is_named(round_):
    _, log, _ = round_
    for student, points in POINTS.items() - {("time-is-a-pipe", None)}:
        assert (points is None) == (f"for student {student!a}" in log.stderr), student


def test_no_large_file_is_copied(round_):
    _, _, course = round_
    assert [path for path in (course / "autograded").rglob("*") if path.stat().st_size > 10 * 2**20] == []


def test_what_reading_takes_does_not_grow_with_the_square(monkeypatch):
    """Nothing is given to a reader of Markdown that a student has made long, whatever it is made of."""
    seen = []
    monkeypatch.setattr(
        "courseware.grading.submissions.markdown2html_mistune", lambda text: seen.append(len(text)) or ""
    )
    cells = [nbformat.v4.new_markdown_cell(text) for text in ["[" * 2000, "word " * 2000, *["a word " * 100] * 500]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    harmless(notebook)
    assert max(seen) == 700
    assert sum(seen) <= 100_000
    assert notebook.cells[0].source == "    " + "[" * 2000 + "\n"
    assert notebook.cells[2].source == "a word " * 100
    assert notebook.cells[-1].source == "    " + "a word " * 100 + "\n"


def test_a_notebook_of_many_parts_is_refused_and_its_outputs_are_not_counted():
    notebook = {"metadata": {}, "cells": [{"source": "a", "metadata": {"nbgrader": {"x": 1}, "y": 2}, "outputs": [1]}]}
    assert json.loads(mended(json.dumps(notebook).encode()))["cells"] == [
        {"source": "a", "metadata": {"nbgrader": {"x": 1}}, "outputs": []}
    ]
    notebook["cells"][0]["outputs"] = [[]] * 10**6
    mended(json.dumps(notebook).encode())
    notebook["cells"][0]["source"] = [[]] * 10**6
    with pytest.raises(ValueError, match="parts"):
        mended(json.dumps(notebook).encode())


def test_the_exchange_folder_ends_no_collection_and_lends_no_name(round_, tmp_path):
    """Any student may make any folder there."""
    _, _, course = round_
    owner, inbound = tmp_path.owner(), tmp_path / "visual_attention" / "inbound"
    for name, mark in {
        f"{owner}+{SHEET}+2030-01-01 00:00:00 UTC+1": "own",
        f"{owner}+{SHEET}+2031-01-01 00:00:00 UTC+1": "of somebody else",
        f"a+{SHEET}+no time+1": "a",
        f"b+c+{SHEET}+no time": "b",
        f"deep+{SHEET}+2030-01-01 00:00:00 UTC+1": "deep",
    }.items():
        folder = inbound / name
        folder.mkdir(parents=True)
        (folder / f"{SHEET}.ipynb").write_text(mark)
        if mark == "of somebody else":
            if os.getuid() == 0:
                os.chown(folder, 12345, 12345)
            else:
                (folder / f"{SHEET}.ipynb").unlink()
                folder.rmdir()
    deep(inbound / f"deep+{SHEET}+2030-01-01 00:00:00 UTC+1")
    command = [sys.executable, "-m", "nbgrader", "collect", SHEET]
    options = [f"--Exchange.root={tmp_path}", "--CourseDirectory.submitted_directory=taken"]
    done = subprocess.run([*command, *options], cwd=course, capture_output=True, text=True)
    subprocess.run(["rm", "-rf", str(inbound)], check=True)
    assert done.returncode == 0, done.stderr
    assert (course / "taken" / owner / SHEET / f"{SHEET}.ipynb").read_text() == "own"
    assert (course / "taken" / "a" / SHEET / f"{SHEET}.ipynb").read_text() == "a"
    assert done.stderr.count("is not collected") == 1
