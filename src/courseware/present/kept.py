"""Explorers' pictures kept from an earlier run of a lesson, so that its live slides move before a kernel has run.

A lesson is executed once as for an export, and what its explorers and microscopes hold is written into a folder of the
user's cache:

    <cache>/slides/<digest>/explorers.json   for each cell's id the explorer's state, its pictures by address,
                                             or the microscope's description
                            pictures/*.png   named by their content
                            explorer.js, explorer.css, microscope.js, microscope.css

The digest is that of the lesson's cells and of everything that draws them, so a stale picture cannot be shown: after
any change the folder has another name, and the lesson is executed again, beside the server and at a low priority.
JupyterLab serves the cache under `static/`, and `labextension/prebuilt/static/kept.js` shows it.
"""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from importlib import resources
from pathlib import Path
from typing import Any

import nbformat
import platformdirs
from filelock import FileLock, Timeout
from nbformat import NotebookNode

from courseware.project import UserError

__all__ = ["CACHE", "cache", "folder", "keep", "keep_in_the_background", "write"]

INDEX = "explorers.json"
DATA_URL = "data:image/png;base64,"


def cache() -> Path:
    """Where all pictures are kept."""
    return platformdirs.user_cache_path("visual-attention-course") / "slides"


CACHE = cache()


def folder(notebook: Path) -> Path:
    """Where the pictures of a lesson lie, or will: a folder in `CACHE` named by what they are drawn by.

    Raises UserError if the file is no notebook.
    """
    from courseware.text.surroundings import surroundings

    try:
        cells = [(cell.cell_type, cell.source) for cell in nbformat.read(notebook, as_version=4).cells]
    except Exception as error:  # nbformat gives each kind of broken file an error of its own
        raise UserError(f"{notebook} cannot be read; make it anew with courseware build") from error
    digest = hashlib.sha256(surroundings() + repr(cells).encode()).hexdigest()[:16]
    return CACHE / f"{notebook.stem}-{digest}"


def keep(notebook: Path, place: Path | None = None) -> Path:
    """Execute a lesson and keep its explorers' pictures in `place` (or its `folder`), if they are not kept yet.

    Returns the folder. What was kept of the same lesson before is removed. Raises `courseware.text.execute.FAILURES`.
    """
    from courseware.text.execute import execute

    place = place or folder(notebook)
    CACHE.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(Timeout), FileLock(CACHE / f".{place.name}.lock", timeout=0):
        if not (place / INDEX).is_file():
            executed = execute(nbformat.read(notebook, as_version=4), folder=notebook.parent, export=True, threads=1)
            write(executed, place)
            for old in CACHE.glob(f"{notebook.stem}-*"):
                if old != place:
                    shutil.rmtree(old, ignore_errors=True)
    return place


def keep_in_the_background(notebook: Path) -> subprocess.Popen | None:
    """Let another process `keep` a lesson's pictures, at a low priority; None if they are kept already.

    It ends with this one.
    """
    place = folder(notebook)
    if (place / INDEX).is_file():
        return None
    process = subprocess.Popen(
        # Told where: the page asks for this folder, and a file that comes or goes would give it another name.
        [sys.executable, "-m", "courseware.present.kept", str(notebook), str(place)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(process.terminate)
    return process


def write(executed: NotebookNode, place: Path) -> None:
    """Write what the explorers of a notebook hold, which was executed for an export, into the folder `place`."""
    place.parent.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole, so that nobody is shown the half of it.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as scratch:
        made = Path(scratch, "made")
        _write(executed, made)
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)


def _write(executed: NotebookNode, place: Path) -> None:
    pictures = place / "pictures"
    pictures.mkdir(parents=True)
    states = {}
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            if "courseware-export" in page:
                states[cell.id] = _state(page, pictures)
            elif "courseware-microscope-export" in page:
                states[cell.id] = {"description": _held(page, "microscope-description")}
    package = resources.files("courseware.notebook")
    for name in ("explorer.js", "explorer.css", "microscope.js", "microscope.css"):
        (place / name).write_text(package.joinpath(name).read_text(encoding="utf-8"), encoding="utf-8")
    (place / INDEX).write_text(json.dumps(states, ensure_ascii=False), encoding="utf-8")


def _held(page: str, part: str) -> Any:
    """What an exported explorer or microscope holds as JSON."""
    from bs4 import BeautifulSoup

    return json.loads(BeautifulSoup(page, "html.parser").select(f"script.courseware-{part}")[0].get_text())


def _state(page: str, pictures: Path) -> dict[str, Any]:
    """What an exported explorer holds, its pictures written into a folder and named by their addresses."""
    from bs4 import BeautifulSoup

    state, addresses = _held(page, "state"), _held(page, "pictures")
    still = BeautifulSoup(page, "html.parser").select("img.courseware-still")[0]
    images = []
    for address in [str(still["src"]), *addresses]:
        data = b64decode(address.removeprefix(DATA_URL))
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.png"
        (pictures / name).write_bytes(data)
        images.append(f"pictures/{name}")
    return state | {"images": images}


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):  # no such thing on Windows
        os.nice(10)
    print(keep(*map(Path, sys.argv[1:])))
