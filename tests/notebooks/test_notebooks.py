"""The committed notebooks: up to date, executed, and equal to what they print when run again."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
import twice
from nbformat.v4 import new_code_cell, new_notebook
from strict import nbval, with_code

from courseware.text import build
from courseware.text.execute import execute

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = [target.notebook.as_posix() for target in build.targets(ROOT)]
TRANSLATED = [target.notebook.as_posix() for target in build.translated_targets(ROOT)]


def test_notebooks_are_up_to_date():
    problems = build.stale(ROOT)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, *TRANSLATED])
def test_every_code_cell_was_executed(notebook):
    # nbval does not compare a cell without a count: it would pass whatever it prints.
    for cell in nbformat.read(ROOT / notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.execution_count, f"{notebook} has a cell without execution_count:\n{cell.source}"


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, *TRANSLATED])
def test_every_stored_picture_has_words(notebook):
    for cell in nbformat.read(ROOT / notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert output.metadata.get("image/png", {}).get("alt", "").strip(), cell.source


@pytest.mark.parametrize("notebook", [name for name in NOTEBOOKS if name.count("/") == 1 and "/00_" not in name])
def test_every_slide_has_a_note_with_minutes(notebook):
    slide = None
    for cell in nbformat.read(ROOT / notebook, as_version=4).cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind == "slide":
            assert slide is None, f"no note for the slide {slide!r}"
            slide = cell.source.splitlines()[0]
        elif kind == "notes":
            note = r"<details.*>\n<summary>.*</summary>\n\n> \*\*Lecturer, (\d+½?|½) min[^*]*\.\*\* "
            assert re.match(note, cell.source), cell.source
            slide = None
    assert slide is None, f"no note for the slide {slide!r}"


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, *TRANSLATED])
def test_stored_outputs_say_nothing_of_the_machine(notebook):
    text = (ROOT / notebook).read_text(encoding="utf-8")
    assert not re.search(r"(/home/|/root/|/tmp/|/opt/|site-packages|[A-Z]:\\\\)", text)
    assert "stderr" not in text


# Residues of rounding and float32's last digits are smaller than anything that a lesson is about.
RESIDUE = re.compile(r"\d(\.\d+)?e-(0[6-9]|[1-9]\d)")
EXACT = ("2.3e-10",)  # 0.25¹⁶ in Python's floats, a power of 2


def stored_texts(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("notebook", [*NOTEBOOKS, *TRANSLATED])
def test_no_stored_output_is_a_residue_of_rounding(notebook):
    found = [m[0] for text in stored_texts(ROOT / notebook) for m in RESIDUE.finditer(text)]
    assert [number for number in found if number not in EXACT] == []


@pytest.mark.parametrize("residue", ["1.3e-15", "2e-16", "difference: 5.96e-08", "4.44e-16,", "1e-06"])
def test_a_residue_would_be_noticed(residue):
    assert RESIDUE.search(residue)
    assert not RESIDUE.search("w = 1.5e-05, 3.6012e-04, 2.3e+10, se-15")


# A solved sheet has the cells of the student's, and trains: once is enough.
SOLVED = [name for name in NOTEBOOKS if name.startswith("notebooks/solutions/")]


@pytest.mark.parametrize("notebook", with_code(SOLVED))
def test_nbval_agrees(notebook):
    result = nbval(notebook, cwd=ROOT)
    assert result.returncode == 0, result.stdout[-6000:]
    assert "failed" not in result.stdout


@pytest.mark.parametrize("notebook", with_code([name for name in NOTEBOOKS if name not in SOLVED]))
def test_nbval_agrees_and_a_second_run_in_the_same_kernel_shows_the_same(notebook, tmp_path):
    stored = nbformat.read(ROOT / notebook, as_version=4)
    nbformat.write(twice.doubled(stored), tmp_path / "twice.ipynb")
    result = nbval("twice.ipynb", tmp_path, "-p", "twice")
    assert result.returncode == 0, result.stdout[-6000:]
    assert f"{2 * sum(cell.cell_type == 'code' for cell in stored.cells)} passed" in result.stdout


DRAW = "import matplotlib.pyplot as plt; plt.plot([0, runs]); plt.show()"


@pytest.mark.parametrize("shows", ["runs", DRAW], ids=["prints", "draws"])
def test_a_cell_that_counts_its_runs_would_be_noticed(shows, tmp_path):
    cells = [new_code_cell("runs = globals().get('runs', 0) + 1"), new_code_cell(shows), new_code_cell("1 + 1")]
    executed = execute(new_notebook(cells=cells), folder=tmp_path)
    nbformat.write(executed, tmp_path / "once.ipynb")
    assert nbval("once.ipynb", tmp_path).returncode == 0
    nbformat.write(twice.doubled(executed), tmp_path / "twice.ipynb")
    result = nbval("twice.ipynb", tmp_path, "-p", "twice")
    assert result.returncode == 1
    assert "1 failed, 5 passed" in result.stdout


def test_nbval_would_notice_one_changed_number(tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / "02_kernel_regression.ipynb", as_version=4)
    # The three imports and cells of the hand example are enough, and quick.
    notebook.cells = [c for c in notebook.cells if c.cell_type == "code" and "closeness" in c.source]
    assert len(notebook.cells) == 1
    path = tmp_path / "one_number.ipynb"
    nbformat.write(notebook, path)
    assert nbval(path.name, cwd=tmp_path).returncode == 0
    text = path.read_text(encoding="utf-8")
    assert text.count("f(1) = 1.9626") == 1
    path.write_text(text.replace("f(1) = 1.9626", "f(1) = 1.9627"), encoding="utf-8")
    result = nbval(path.name, cwd=tmp_path)
    assert result.returncode == 1
    assert "1.9627" in result.stdout


def test_an_edited_course_text_is_reported_with_its_remedy(tmp_path):
    for folder in ("course", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = tmp_path / "course" / "02_kernel_regression.py"
    source.write_text(source.read_text(encoding="utf-8").replace("Fifty points", "Sixty points"), encoding="utf-8")
    assert build.stale(tmp_path) == [
        f"notebooks/{below}02_kernel_regression.ipynb differs from course/02_kernel_regression.py: "
        "run `courseware build 02`"
        for below in ("", "zh/")
    ]
