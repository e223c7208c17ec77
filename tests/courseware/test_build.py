"""Derive, execute, write, and notice what is out of date: on a small course of its own."""

import argparse
import shutil

import nbformat
import pytest

from courseware import cli
from courseware.text import build
from courseware.text.execute import WIDGET, execute

LESSON = """\
# %% [markdown]
# # A lesson

# %%
a = 20
print(a + 1)

# %%
from matplotlib.figure import Figure
from courseware.notebook.explorer import Explorer, Slider

def draw(height):
    figure = Figure(figsize=(2, 1))
    figure.subplots().bar([0], [height])
    return figure

Explorer(draw, [Slider("height", "h", [1, 2], 1)], title="Bars", describe=lambda height: f"height {height}")
"""
SHEET = """\
# %%
### BEGIN SOLUTION
answer = 42
### END SOLUTION
print(answer)
"""


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course" / "07_small.py").write_text(LESSON, encoding="utf-8")
    (tmp_path / "course" / "exercises" / "07_small.py").write_text(SHEET, encoding="utf-8")
    return tmp_path


@pytest.fixture
def built(course):
    build.build(course, build.targets(course))
    return course


def read(root, name):
    return nbformat.read(root / "notebooks" / name, as_version=4)


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_one_text_makes_its_notebooks(built):
    paths = sorted(p.relative_to(built).as_posix() for p in built.rglob("*.ipynb"))
    assert paths == [
        "notebooks/07_small.ipynb",
        "notebooks/exercises/07_small.ipynb",
        "notebooks/solutions/07_small.ipynb",
    ]
    assert outputs(read(built, "07_small.ipynb"))[0].text == "21\n"
    assert outputs(read(built, "exercises/07_small.ipynb"))[0].text == "Ellipsis\n"
    assert outputs(read(built, "solutions/07_small.ipynb"))[0].text == "42\n"
    assert build.stale(built) == []


def test_stored_explorers_are_a_picture_and_words_and_no_dead_widget(built):
    notebook = read(built, "07_small.ipynb")
    data = outputs(notebook)[1].data
    assert set(data) == {"text/plain", "image/png"}
    assert "height 1" in data["text/plain"]
    assert "widgets" not in notebook.metadata
    assert WIDGET not in nbformat.writes(notebook)


def test_a_page_without_a_number_is_built_alone_by_its_name(built, monkeypatch):
    (built / "course" / "glossary.py").write_text("# %%\nprint(6 * 7)\n", encoding="utf-8")
    assert build.stale(built) == ["notebooks/glossary.ipynb is missing: run `courseware build glossary`"]
    kept = (built / "notebooks" / "07_small.ipynb").stat().st_mtime_ns
    monkeypatch.chdir(built)
    assert cli.main(["build", "glossary"]) == 0
    assert outputs(read(built, "glossary.ipynb"))[0].text == "42\n"
    assert build.stale(built) == []
    assert (built / "notebooks" / "07_small.ipynb").stat().st_mtime_ns == kept


def test_a_rebuild_changes_nothing(built):
    before = {path: path.read_bytes() for path in built.rglob("*.ipynb")}
    build.build(built, build.targets(built))
    assert {path: path.read_bytes() for path in built.rglob("*.ipynb")} == before


def test_export_mode_gives_html(course):
    notebook = build.targets(course)[0].derived(course)
    data = outputs(execute(notebook, folder=course, export=True))[1].data
    assert set(data) == {"text/plain", "text/html"}


def test_an_edited_text_is_noticed_with_the_line_that_mends_it(built):
    source = built / "course" / "07_small.py"
    source.write_text(LESSON.replace("a + 1", "a + 2"), encoding="utf-8")
    assert build.stale(built) == ["notebooks/07_small.ipynb differs from course/07_small.py: run `courseware build 07`"]


def test_missing_unexecuted_and_foreign_notebooks_are_noticed(built):
    (built / "notebooks" / "solutions" / "07_small.ipynb").unlink()
    sheet = read(built, "exercises/07_small.ipynb")
    sheet.cells[0].execution_count = None
    nbformat.write(sheet, built / "notebooks" / "exercises" / "07_small.ipynb")
    nbformat.write(sheet, built / "notebooks" / "scratch.ipynb")
    assert build.stale(built) == [
        "notebooks/exercises/07_small.ipynb was not executed: run `courseware build 07`",
        "notebooks/solutions/07_small.ipynb is missing: run `courseware build 07`",
        "notebooks/scratch.ipynb comes from no text in course/: delete it",
    ]


def test_a_students_copy_is_not_to_be_deleted_but_one_of_no_notebook_is_foreign(built):
    sheets = built / "notebooks" / "exercises"
    for name in ("07_small-Copy1.ipynb", "07_small-Copy12.ipynb", "08_other-Copy1.ipynb"):
        shutil.copy(sheets / "07_small.ipynb", sheets / name)
    assert build.stale(built) == ["notebooks/exercises/08_other-Copy1.ipynb comes from no text in course/: delete it"]


def test_a_failing_cell_leaves_the_notebook_as_it_was(built, monkeypatch, capsys):
    before = (built / "notebooks" / "07_small.ipynb").read_bytes()
    (built / "course" / "07_small.py").write_text("# %%\n1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(built)
    assert build.build_command(argparse.Namespace(lessons=["7"], language=None)) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert (built / "notebooks" / "07_small.ipynb").read_bytes() == before


@pytest.mark.parametrize("names", [["9"], ["7", "99"], ["07_typo"]], ids=" ".join)
def test_unknown_lessons_are_refused(course, monkeypatch, capsys, names):
    monkeypatch.chdir(course)
    assert cli.main(["build", *names]) == 2
    assert f"no lesson {names[-1]!r}" in capsys.readouterr().err
    assert list(course.rglob("*.ipynb")) == []


@pytest.mark.parametrize("command", ["build", "check", "export"])
@pytest.mark.parametrize("cell", ["### BEGIN SOLUTION\na = 1\n", "### BEGIN SOLUTION\na = =\n### END SOLUTION\n"])
def test_a_text_that_cannot_be_derived_is_a_sentence(built, monkeypatch, capsys, command, cell):
    (built / "course" / "exercises" / "07_small.py").write_text(f"# %%\n{cell}", encoding="utf-8")
    monkeypatch.chdir(built)
    assert cli.main([command]) == 2
    assert capsys.readouterr().err.startswith("courseware: course/exercises/07_small.py: ")


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n{}", "", "{}", "[]"])
def test_a_file_that_is_no_notebook_is_named(built, monkeypatch, capsys, text):
    (built / "notebooks" / "07_small.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.chdir(built)
    assert cli.main(["check"]) == 1
    [said] = capsys.readouterr().out.splitlines()
    assert said.startswith("notebooks/07_small.ipynb is no notebook any more")
    assert said.endswith("run `courseware build 07`")


@pytest.mark.parametrize("command", ["build", "export"])
@pytest.mark.parametrize(
    ("cell", "words"), [("import time; time.sleep(60)", "timed out"), ("import os; os._exit(1)", "died")]
)
def test_a_kernel_that_hangs_or_dies_is_a_sentence(built, monkeypatch, capsys, command, cell, words):
    monkeypatch.setattr("courseware.text.execute.CELL_SECONDS", 2)
    (built / "course" / "07_small.py").write_text(f"# %%\n{cell}\n", encoding="utf-8")
    monkeypatch.chdir(built)
    assert cli.main([command, "7"]) == 1
    said = capsys.readouterr().err
    assert "a cell failed" in said
    assert words in said
