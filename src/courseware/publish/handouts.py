"""Exported decks as handouts on paper: PDF files with three slides a page and their notes.

The deck lays itself out (`?handout`, see templates/slides/deck.js); a Chromium or Chrome of the system prints it.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from courseware.project import UserError

__all__ = ["find_browser", "handout_path", "handouts"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (  # where macOS and Windows install them
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
TIME_LIMIT = 120  # seconds for one deck; it takes one or two
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # which root and some containers need; the file is our own, and nothing is loaded from elsewhere
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def find_browser() -> str:
    """The path of a Chromium, Chrome or Edge: the variable CHROMIUM, else what is installed.

    Raises `courseware.project.UserError` if there is none, or if CHROMIUM names no program.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise UserError(f"CHROMIUM must be the path of a Chromium or Chrome, was {named!r}")
        return found
    found = next(filter(None, map(shutil.which, (*PROGRAMS, *PLACES))), None)
    if found is None:
        raise UserError(
            "handouts are printed by Chromium or Chrome, and neither was found. Install one (Debian, Ubuntu: "
            "apt install chromium; macOS: brew install --cask chromium), or set CHROMIUM to its path. Without: open a "
            "deck in any browser, add ?handout to its address, and print"
        )
    return found


def handout_path(deck: Path) -> Path:
    """Where the handout of a deck lies: `NN_name.handout.pdf` beside `NN_name.slides.html`."""
    return deck.with_name(deck.name.removesuffix(".slides.html") + ".handout.pdf")


def handouts(decks: Sequence[Path], browser: str, progress: bool = True) -> list[Path]:
    """Print decks with the program `browser`; returns the PDF files, which lie beside the decks.

    Raises `courseware.project.UserError` if the browser writes no file.
    """
    written = []
    for deck in tqdm(decks, unit="handout", disable=not progress):
        target = handout_path(deck)
        target.unlink(missing_ok=True)
        # A profile of its own: a browser that is open already would take the command over, and print nothing.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            address = f"{deck.resolve().as_uri()}?handout"
            to_file = f"--print-to-pdf={target.resolve()}"
            command = [browser, *OPTIONS, f"--user-data-dir={profile}", to_file, address]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
            except subprocess.TimeoutExpired as error:
                raise UserError(f"{browser} took more than {TIME_LIMIT} s to print {deck.name}") from error
        if not target.is_file():
            raise UserError(f"{browser} did not print {deck.name}: {done.stderr.strip()[-500:]}")
        written.append(target)
    return written
