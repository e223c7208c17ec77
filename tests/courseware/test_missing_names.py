"""What cells need from each other: found in sources, and explained by a real kernel."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from courseware.notebook.missing_names import CodeCell, cells_of, hint, missing

CELLS = [
    CodeCell("import math", "Title"),
    CodeCell("radius = 2", "Radius"),
    CodeCell("def area(r):\n    return math.pi * r**2", "Area"),
    CodeCell("area(radius)", "Use"),
    CodeCell("radius = 3", "Another"),
    CodeCell("[area(r) + radius for r in range(3)]", "End"),
]


@pytest.mark.parametrize(
    ("source", "makes", "uses"),
    [
        ("import a.b, c as d\nfrom e import f", {"a", "d", "f"}, set()),
        ("def g(x, *y):\n    z = x\n    return h(z, y, k)", {"g"}, {"h", "k"}),
        ("class A(B):\n    c = d\n    def e(self):\n        return f", {"A"}, {"B", "d", "f"}),
        ("for i, (j, k) in pairs: print(i)", {"i", "j", "k"}, {"pairs"}),
        ("[x for x in xs if x > y]", set(), {"xs", "y"}),
        ("a = b = c", {"a", "b"}, {"c"}),
        ("with f() as g: h = lambda i: i + j", {"g", "h"}, {"f", "j"}),
        ("if (n := m): pass", {"n"}, {"m"}),
        ("print(len(In), display, __name__)", set(), set()),
        ("%matplotlib inline", set(), set()),
        ("answer =", set(), set()),
    ],
)
def test_names_that_a_cell_makes_and_uses(source, makes, uses):
    assert (CodeCell(source).makes, CodeCell(source).uses) == (makes, uses)


@pytest.mark.parametrize(
    ("name", "before", "known", "steps"),
    [
        ("math", 2, [], [0]),
        ("area", 3, [], [0, 2]),  # the function needs its import
        ("area", 3, ["math"], [2]),
        ("radius", 3, [], [1]),
        ("radius", 5, [], [4]),  # the nearest above counts
        ("radius", 0, [], [1]),  # none above: the first below
        ("radius", 6, [], [4]),  # a cell of the person's own, at the end
        ("nothing", 5, [], []),
    ],
)
def test_the_cells_to_run_first(name, before, known, steps):
    assert missing(CELLS, name, before, frozenset(known)) == steps


def test_cells_that_need_each_other_do_not_loop():
    assert missing([CodeCell("a = b"), CodeCell("b = a"), CodeCell("a")], "a", 2) == [0, 1]


def test_the_hint_names_the_cells_in_words():
    assert hint(CELLS, "radius", "area(radius)") == (
        "“radius” is made by another cell, which has not run. Run it first: "
        "the cell under “Radius”, that begins: radius = 2\n"
        "or every cell above this one (in JupyterLab: Run → Run All Above Selected Cell)."
    )
    assert hint(CELLS, "area", "area(radius)").splitlines()[1:3] == [
        "  1. the cell under “Title”, that begins: import math",
        "  2. the cell under “Area”, that begins: def area(r):",
    ]
    assert hint(CELLS, "typo", "typo") is None


def run(folder, *sources, first="import courseware"):
    """The last cell's error, as a person sees it, of a kernel that works in `folder`."""
    cells = [new_code_cell(source) for source in (first, *sources)]
    client = NotebookClient(
        new_notebook(cells=cells), kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}
    )
    outputs = client.execute().cells[-1].outputs
    shown = "\n".join(line for output in outputs for line in output.get("traceback", []))
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


@pytest.fixture
def folder(tmp_path):
    cells = [new_markdown_cell("# Shapes\n\n## The *radius*"), new_code_cell("radius = 2"), new_code_cell("radius + 1")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "shapes.ipynb")
    (tmp_path / "broken.ipynb").write_text('{"cells": 3}')
    return tmp_path


def test_a_kernel_explains_a_name_that_a_cell_of_its_notebook_makes(folder, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "shapes.ipynb"))
    shown = run(folder, "radius + 1")
    assert "NameError: name 'radius' is not defined" in shown
    assert "the cell under “The radius”, that begins: radius = 2" in shown
    # A changed cell is explained too, since the kernel knows its notebook.
    assert "radius = 2" in run(folder, "2 * radius")


def test_without_its_notebook_a_kernel_looks_for_the_very_cell(folder, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    (folder / "broken.ipynb").unlink()
    assert "that begins: radius = 2" in run(folder, "radius + 1")
    assert "another cell" not in run(folder, "2 * radius")


@pytest.mark.parametrize("source", ["raduis + 1", "def f():\n    radius += 1\nf()"])
def test_other_errors_are_left_as_they_are(folder, monkeypatch, source):
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "shapes.ipynb"))
    shown = run(folder, source)
    assert "Error" in shown
    assert "another cell" not in shown


def test_a_notebook_that_cannot_be_read_hides_no_error(folder, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "broken.ipynb"))
    assert "NameError: name 'radius' is not defined" in run(folder, "radius + 1")


def test_headings_and_sources_are_read_from_a_notebook(folder):
    assert cells_of(folder / "shapes.ipynb") == [
        CodeCell("radius = 2", "The radius"),
        CodeCell("radius + 1", "The radius"),
    ]
