"""nbval over a notebook whose cells stand in it twice: what its second run in one kernel prints and draws.

nbval compares what is printed with what is stored, in both runs. Pictures it leaves out; this plugin of pytest
(`-p twice`) compares those of the second run with those of the first.
"""

import copy

import pytest
from nbformat import NotebookNode

AGAIN = "again-"
# Cells that draw how long something took: their words must be the same, their pictures cannot be.
MEASURED = ("figures.growth(positions, memory, seconds)",)


def doubled(notebook: NotebookNode) -> NotebookNode:
    """The notebook with all its cells a second time."""
    twice = copy.deepcopy(notebook)
    for cell in copy.deepcopy(notebook.cells):
        cell.id = AGAIN + cell.id
        twice.cells.append(cell)
    return twice


_pictures: dict[str, list[str]] = {}  # by the cell's id


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    result = yield
    cell = item.cell
    if not any(call in cell.source for call in MEASURED):
        drawn = [output.get("data", {}).get("image/png") for output in item.test_outputs]
        first = _pictures.setdefault(cell.id.removeprefix(AGAIN), drawn)
        assert drawn == first, f"other pictures in the second run:\n{cell.source}"
    return result
