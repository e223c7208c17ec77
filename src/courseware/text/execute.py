"""Run a notebook from top to bottom in a fresh kernel and keep only what a reader needs of its outputs."""

import copy
import os
from collections.abc import Callable
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from courseware.exercises import journal
from courseware.notebook.explorer import EXPORT_VARIABLE, FIGURES_VARIABLE, STILLS_VARIABLE

__all__ = ["FAILURES", "execute"]

# What can become of a notebook that is run: a cell raises, takes too long, or ends its kernel.
FAILURES = (CellExecutionError, CellTimeoutError, DeadKernelError)

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 300


def execute(
    notebook: NotebookNode,
    *,
    folder: Path,
    export: bool = False,
    threads: int | None = None,
    figures: Path | None = None,
    after_cell: Callable[[], object] = lambda: None,
) -> NotebookNode:
    """An executed copy of `notebook`, run with `folder` as the working directory.

    With `export`, explorers give their self-contained HTML form instead of a widget. `threads` is how many PyTorch
    starts with (as many as it likes by default). Figures are
    written into the folder `figures`, too, if it is given. `after_cell` is called after each code cell. Raises
    `nbclient.exceptions.CellExecutionError` if a cell raises, `CellTimeoutError` if one takes longer than 300 s,
    `DeadKernelError` if the kernel dies: these are `FAILURES`.
    """
    notebook = copy.deepcopy(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        # Says for each kernel that loopback is not encrypted; errors still come through.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda **_: after_cell(),
    )
    # What a student of this machine has passed belongs neither into the course's notebooks nor onto its pages.
    environment = os.environ | {
        EXPORT_VARIABLE: "1" if export else "0",
        STILLS_VARIABLE: "1",
        journal.VARIABLE: journal.OFF,
    }
    if figures is not None:
        environment[FIGURES_VARIABLE] = str(figures.resolve())
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    client.execute(env=environment)
    return _tidied(notebook)


def _tidied(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs between two runs: widget models (gone with their kernel), versions, pieces of a stream."""
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        joined: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            if joined and "name" in output and output.get("name") == joined[-1].get("name"):
                joined[-1].text += output.text
            else:
                joined.append(output)
        if cell.cell_type == "code":
            cell.outputs = joined
    return notebook
