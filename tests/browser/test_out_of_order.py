"""A cell from the middle of a lesson, run as the very first in JupyterLab, says what it needs."""

import re
from pathlib import Path

import nbformat

from courseware.project import project_root
from courseware.text import derive

NOTEBOOK = "notebooks/scratch_lesson.ipynb"


def test_the_first_cell_that_is_run_may_stand_in_the_middle(lab, lab_page):
    text = (project_root(Path(__file__)) / "course" / "02_kernel_regression.py").read_text(encoding="utf-8")
    nbformat.write(derive.lesson(text), lab.root / NOTEBOOK)
    lab_page.open(NOTEBOOK)
    traceback = lab_page.page.evaluate(
        """async () => {
            const notebook = jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex(
                (cell) => cell.model.sharedModel.getSource().startsWith("average = y.mean()"));
            notebook.activeCellIndex = index;
            await jupyterapp.commands.execute("notebook:run-cell");
            return notebook.widgets[index].model.outputs.toJSON()[0].traceback.join("\\n");
        }"""
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", traceback)
    assert "NameError: name 'y' is not defined" in shown
    assert "1. the cell under “2 · Nadaraya–Watson: attention before networks”, that begins: import torch" in shown
    assert "2. the cell under “Fifty points and a question”, that begins: x, y = noisy_sine(" in shown
