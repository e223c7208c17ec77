"""A page for every notebook and document, with search, navigation and a dark mode.

Sphinx makes them: MyST-NB reads the notebooks, sphinx-book-theme dresses them, and `sphinx_extension` changes what
differs from Sphinx's habits. Nothing is loaded from elsewhere; a dead link fails the build.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import joblib
import myst_nb  # noqa: F401  # so that a missing package is named before the notebooks run
import sphinx_book_theme  # noqa: F401  # likewise

from courseware.publish.course import Course
from courseware.publish.dead_links import dead_links
from courseware.publish.errors import ExportError
from courseware.publish.fonts import font_faces
from courseware.publish.links import page_of
from courseware.publish.repository import Repository
from courseware.publish.sources import write_sources

__all__ = ["write_pages"]

# An empty corner of a table heads nothing, and a screen reader would announce it as a heading without a name.
EMPTY_HEADING = re.compile(r'<th class="head[^"]*">(<p>\s*</p>)?</th>')
ICON_SCRIPT = re.compile(r'\s*<script [^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')


def write_pages(courses: Sequence[Course], output: Path, where: Repository | None = None) -> None:
    """Write the pages into the folder `output`, where the decks lie already: those of each language by themselves.

    `courses` holds the same course in one or several languages. Raises `ExportError` if Sphinx warns of anything, or if
    a page or a deck has a dead link or loads something from elsewhere.
    """
    published: set[str] = set()
    left_out: set[str] = set()
    with tempfile.TemporaryDirectory() as scratch:
        folders = [(Path(scratch, course.language, "sources"), output / course.below) for course in courses]
        for course, (sources, _) in zip(courses, folders, strict=True):
            write_sources(course, courses, sources, output, where)
        # Threads that wait for processes: only a part of what Sphinx does for one language is spread over processors.
        joblib.Parallel(len(courses), prefer="threads")(joblib.delayed(_sphinx)(*folder) for folder in folders)
    for course in courses:
        made = output / course.below
        # What only builders use: templates that the themes keep among their files, and two of Sphinx's own.
        for path in [*made.glob("_static/*webpack-macros.html"), made / ".buildinfo", made / "objects.inv"]:
            path.unlink(missing_ok=True)
        _finish(made, course, [output / other.below for other in courses if other.below and other is not course])
        published |= {*course.notebooks, *course.own_documents}
        left_out |= {*course.others, *course.documents}
    problems = dead_links(output, elsewhere=[page_of(name) for name in left_out - published])
    if problems:
        raise ExportError("\n".join(problems))


def _sphinx(sources: Path, output: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--quiet", "-j", "auto"]
    # In a process of its own: Sphinx keeps much of its state in modules.
    done = subprocess.run(
        [*command, "-d", str(sources.with_name("doctrees")), str(sources), str(output)],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    if done.returncode:
        raise ExportError(f"Sphinx does not accept the pages:\n{done.stderr.strip()}")


def _finish(made: Path, course: Course, others: Sequence[Path]) -> None:
    """What Sphinx and its theme leave to be done on the pages in `made`, but for those in the folders `others`.

    The icons are left to the theme's fonts: its script, which swaps them for drawings, is half of a page's weight. The
    fonts of the text come in, as much of them as the pages need.
    """
    texts = {}
    for path in made.rglob("*.html"):
        is_deck = path.name.endswith(".slides.html")
        if not is_deck and not any(path.is_relative_to(other) for other in others):
            text = ICON_SCRIPT.sub("", path.read_text(encoding="utf-8"))
            texts[path] = EMPTY_HEADING.sub("<td></td>", text)
            path.write_text(texts[path], encoding="utf-8")
    (made / "_static" / "scripts" / "fontawesome.js").unlink()
    (made / "_static" / "fonts.css").write_text(font_faces("\n".join(texts.values()), course.font), encoding="utf-8")
