"""No line of a solution in what students get: sources, outputs, metadata, attachments, hints."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from courseware.cli import main
from courseware.text import derive

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "course" / "exercises").glob("[0-9][0-9]_*.py"))
SHORTEST = 8  # characters of a line that is looked for: "f = 1.96" is an answer, "else:" is not


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The folder of the notebooks that a grader hands out."""
    folder = tmp_path_factory.mktemp("leaks")
    assert main(["release", "--course-dir", str(folder)]) == 0
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "*"]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / "release"


def plain(text):
    return " ".join(text.split())


def solution_lines(sheet):
    """Lines that stand in a sheet's solutions and nowhere in its questions."""
    solved, questions, inside = [], [], False
    for cell in jupytext.read(sheet, fmt="py:percent").cells:
        prose = cell.source.startswith(derive.SOLUTION_TEXT)
        for line in cell.source.splitlines():
            if line.strip() in (derive.BEGIN, derive.END):
                inside = line.strip() == derive.BEGIN
            else:
                (solved if inside or prose else questions).append(plain(line))
    known = "\n".join(questions)
    return {line for line in solved if len(line) >= SHORTEST and line not in known and line != derive.SOLUTION_TEXT}


def strings(entry):
    """Every text in a notebook, with the names of its fields, as it stands and as a reader of HTML sees it."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(entry, list):
        if entry and all(isinstance(line, str) for line in entry):
            yield from strings("".join(entry))  # the lines of a cell
        for item in entry:
            yield from strings(item)
    elif isinstance(entry, str):
        yield plain(entry)
        yield plain(html.unescape(re.sub(r"</?[a-z][^>]*>", "", entry)))


def found(path, lines):
    texts = "\n".join(strings(json.loads(path.read_text(encoding="utf-8"))))
    return sorted(line for line in lines if line in texts)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_no_line_of_a_solution_reaches_students(sheet, release):
    lines = solution_lines(sheet)
    assert len(lines) >= 10
    assert found(ROOT / "notebooks" / "exercises" / f"{sheet.stem}.ipynb", lines) == []
    assert found(release / sheet.stem / f"{sheet.stem}.ipynb", lines) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_the_scan_finds_every_line_in_the_solved_sheet(sheet):
    lines = solution_lines(sheet)
    assert found(ROOT / "notebooks" / "solutions" / f"{sheet.stem}.ipynb", lines) == sorted(lines)


@pytest.mark.parametrize("place", ["source", "outputs", "metadata", "attachments"])
def test_the_scan_looks_everywhere(place, tmp_path):
    line = "alpha = beta < gamma"
    cell = {
        "source": {"source": ["a\n", f"    {line}\n"]},
        "outputs": {"outputs": [{"data": {"text/html": "<div><code>alpha = beta &lt; gamma</code></div>"}}]},
        "metadata": {"metadata": {"nbgrader": {"hint": line}}},
        "attachments": {"attachments": {"a.txt": {"text/plain": line}}},
    }[place]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [{"source": []}, cell]}))
    assert found(path, {line, "alpha = delta"}) == [line]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_nothing_of_the_hidden_tests_is_released(sheet, release):
    hidden = (release.parent / "source" / sheet.stem / f"{sheet.stem}.ipynb").read_text(encoding="utf-8")
    text = (release / sheet.stem / f"{sheet.stem}.ipynb").read_text(encoding="utf-8")
    seeds = set(re.findall(r"\d{6,10}", " ".join(re.findall(r"seeds=\[[^]]*\]", hidden))))
    assert len(seeds) >= 5
    assert [word for word in ("HIDDEN", "SOLUTION", "courseware.grading", "seeds=", *seeds) if word in text] == []
    assert [path.name for path in (release / sheet.stem).iterdir()] == [f"{sheet.stem}.ipynb"]
