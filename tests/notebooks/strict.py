"""nbval on one notebook, for the tests that say which: they are two files, so that two processes share them."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import everywhere
import nbformat

from courseware.notebook.explorer import STILLS_VARIABLE

ROOT = Path(__file__).resolve().parents[2]


def nbval(path: str | Path, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run every cell and compare what it shows with what is stored."""
    command = [*everywhere.nbval(path, cwd=cwd), *options]
    search = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
    environment = os.environ | search | {STILLS_VARIABLE: "1"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900, check=False)


def with_code(notebooks: Sequence[str]) -> list[str]:
    """Not the pages of words, such as the glossary."""
    cells = {name: nbformat.read(ROOT / name, as_version=4).cells for name in notebooks}
    return [name for name in notebooks if any(cell.cell_type == "code" for cell in cells[name])]
