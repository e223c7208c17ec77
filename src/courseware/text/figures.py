"""`courseware figures`: a lesson's figures in files, for slides of somebody's own."""

import argparse
import sys
from pathlib import Path

import nbformat
from tqdm import tqdm

from courseware.project import UserError, find_lesson
from courseware.text.execute import FAILURES, execute

__all__ = ["figures_command"]


def figures_command(arguments: argparse.Namespace) -> int:
    """Run the lesson `arguments.lesson` and write each of its figures as PNG and SVG into `arguments.output`.

    An explorer is drawn at its start. Raises UserError if the folder holds anything.
    """
    lesson = find_lesson(arguments.lesson)
    output = Path(arguments.output or f"figures-{lesson.number}")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"{output} must be an empty folder or not exist yet")
    output.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(lesson.notebook, as_version=4)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    try:
        with tqdm(total=total, unit="cell") as bar:
            execute(notebook, folder=lesson.notebook.parent, figures=output, after_cell=bar.update)
    except FAILURES as error:
        print(f"a cell failed\n{error}", file=sys.stderr)
        return 1
    written = len(list(output.glob("*.svg")))
    print(f"{written} figures written as PNG and SVG: see {output}. Whom pictures are owed to, NOTICE.md says.")
    return 0
