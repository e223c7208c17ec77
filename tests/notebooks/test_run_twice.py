"""Every notebook runs from top to bottom twice in one kernel, and the second run shows what the first showed."""

import copy
from pathlib import Path

import pytest

from courseware.text import build
from courseware.text.execute import execute

ROOT = Path(__file__).resolve().parents[2]
# A student's sheet has the cells of its solutions, with gaps in them.
TARGETS = [target for target in build.targets(ROOT) if target.notebook.parent.name != "exercises"]

# Cells that draw how long something took: their words must be the same, their pictures cannot be.
MEASURED = ("figures.growth(positions, memory, seconds)",)


def shown(cell):
    """The outputs of a code cell without the numbers that count executions."""
    outputs = copy.deepcopy(cell.outputs)
    for output in outputs:
        output.pop("execution_count", None)
        if any(call in cell.source for call in MEASURED):
            assert output.data.pop("image/png")
    return outputs


def differences(notebook, folder):
    """The sources of the code cells that show something else when the whole notebook runs again in its kernel."""
    again = copy.deepcopy(notebook.cells)
    for cell in again:
        cell.id = f"again-{cell.id}"
    notebook.cells += again
    done = [cell for cell in execute(notebook, folder=folder).cells if cell.cell_type == "code"]
    first, second = done[: len(done) // 2], done[len(done) // 2 :]
    return [one.source for one, two in zip(first, second, strict=True) if shown(one) != shown(two)]


@pytest.mark.parametrize("target", TARGETS, ids=[target.notebook.as_posix() for target in TARGETS])
def test_a_second_run_in_the_same_kernel_shows_the_same(target):
    assert differences(target.derived(ROOT), (ROOT / target.notebook).parent) == []


def test_a_cell_that_counts_its_runs_would_be_noticed(tmp_path):
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell("runs = globals().get('runs', 0) + 1"), new_code_cell("runs"), new_code_cell("1 + 1")]
    assert differences(new_notebook(cells=cells), tmp_path) == ["runs"]
