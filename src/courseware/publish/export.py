"""The course into one folder: each notebook is executed once, for its page and its deck."""

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import joblib
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode
from tqdm import tqdm

from courseware.language import speaking
from courseware.notebook.explorer import pictures_apart
from courseware.project import Lecture, Lesson, UserError, project_root
from courseware.project import lecture as read_lecture
from courseware.publish import deck
from courseware.publish.course import Course, read_courses
from courseware.publish.course_deck import COURSE_DECK, course_deck
from courseware.publish.handouts import handouts
from courseware.publish.links import relative
from courseware.publish.pages import write_pages
from courseware.publish.phrases import say
from courseware.publish.pictures import PICTURES
from courseware.publish.repository import repository
from courseware.text.execute import execute
from courseware.text.short import short_version, slides_of_short_version

__all__ = ["export"]


def export(
    output: Path,
    lessons: Sequence[str] = (),
    *,
    language: str | None = None,
    url: str | None = None,
    browser: str | None = None,
    lecture: Lecture | None = None,
    progress: bool = True,
) -> Path:
    """Execute the notebooks and write pages and decks into the folder `output`; returns the first page.

    Parameters
    ----------
    output
        Made if it does not exist; must be empty or hold an older export, which is replaced.
    lessons
        Numbers or names of the lessons to export, with their exercise sheets, the start page and the pages
        without a number; all if empty. Links to the other lessons then lead to where their pages would lie.
    language
        The code of the only language to publish; if not given, English and every other that there is.
    url
        The repository for the launch buttons, see `courseware.publish.repository`.
    browser
        The path of a Chromium, which prints a handout of each deck; none if not given.
    lecture
        Who lectures, where and when, and in which style; what `lecture.toml` says if not given.
    progress
        Whether to show a progress bar over the code cells, and one over the handouts.

    Raises
    ------
    courseware.project.UserError
        If a lesson does not exist or its text cannot be derived, `output` holds anything but an export, or `url` is no
        repository.
    courseware.text.execute.FAILURES
        If a cell raises, takes too long or ends its kernel.
    courseware.publish.errors.ExportError
        If a page or a deck would show a formula as raw TeX, link to a place that does not exist, or load something, or
        if Sphinx warns of anything.
    """
    output, root = Path(output), project_root()
    where = repository(root, url)
    _refuse_other_folders(output)
    courses = read_courses(root, lessons, language)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place until it is finished: an export that fails leaves the older one as it was.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as scratch:
        made = Path(scratch, "site")
        made.mkdir()
        courses = _executed(courses, progress)
        signed = _signed(root, lecture or read_lecture(root))
        decks = write_decks(courses, made, signed)
        if browser:
            handouts(decks, browser, progress)
        write_pages(courses, made, where)
        if output.exists():
            shutil.rmtree(output)
        made.rename(output)
    return output / courses[0].below / "index.html"


def _refuse_other_folders(output: Path) -> None:
    for place in (output, *output.parents):
        if place.exists() and not place.is_dir():
            raise UserError(f"the export needs a folder to lie in, but {place} is a file")
    if (
        output.exists()
        and any(output.iterdir())
        and not [*output.glob("searchindex.js"), *output.glob("*/searchindex.js")]
    ):
        raise UserError(f"{output} holds something that is no export: name another folder, or empty this one")


def _executed(courses: Sequence[Course], progress: bool) -> list[Course]:
    """Every notebook run, as many at a time as there are processors; each kernel computes with one of them."""
    notebooks = {name: (notebook, course) for course in courses for name, notebook in course.notebooks.items()}
    total = sum(cell.cell_type == "code" for notebook, _ in notebooks.values() for cell in notebook.cells)
    with tqdm(total=total, unit="cell", disable=not progress) as bar:

        def run(name: str, notebook: NotebookNode, course: Course) -> NotebookNode:
            bar.set_description(name)
            with _event_loop():
                return execute(notebook, folder=course.folder(name), export=True, threads=1, after_cell=bar.update)

        # A thread waits for each kernel, which is a process: the threads cost nothing.
        run_all = joblib.Parallel(joblib.cpu_count(), prefer="threads")
        done = run_all(joblib.delayed(run)(name, *whose) for name, whose in notebooks.items())
    made = dict(zip(notebooks, done, strict=True))
    return [replace(course, notebooks={name: made[name] for name in course.notebooks}) for course in courses]


@contextlib.contextmanager
def _event_loop() -> Iterator[None]:
    """The loop that nbclient makes for a thread, closed in the end: it leaves that to nobody."""
    loop = ensure_event_loop()
    try:
        yield
    finally:
        if threading.current_thread() is not threading.main_thread():
            loop.close()


def _signed(root: Path, lecture: Lecture) -> deck.Signed:
    style = (root / lecture.style).read_text(encoding="utf-8") if lecture.style else ""
    return deck.Signed(" · ".join(filter(None, [lecture.by, lecture.at])), style)


def write_decks(courses: Sequence[Course], output: Path, signed: deck.Signed = deck.UNSIGNED) -> list[Path]:
    """Write the decks of executed lessons into `output`, and those of courses that are whole; returns the former.

    A lesson's deck holds all its pictures; that of the course, which would be slow to open, and that for 25 minutes,
    which would hold them once more, share those of the pages. As many are made at a time as there are processors.
    Raises `courseware.publish.errors.ExportError`.
    """
    lessons = [
        (course, name)
        for course in courses
        for name, notebook in course.notebooks.items()
        if name != course.start and deck.has_slides(notebook)
    ]
    made = joblib.Parallel(min(joblib.cpu_count(), max(len(lessons), 1)))(
        joblib.delayed(_write_deck)(course, name, output, signed) for course, name in lessons
    )
    for course in courses:
        if course.is_whole:
            slides = {name: text for (of, name), text in zip(lessons, made, strict=True) if of is course}
            with speaking(course.language):
                whole = course_deck(slides, course.title, course.pages, f"{course.below}{COURSE_DECK}", course.font)
            (output / course.below / COURSE_DECK).write_text(whole, encoding="utf-8")
    return [output / deck.deck_of(course.pages[name]) for course, name in lessons]


def _write_deck(course: Course, name: str, output: Path, signed: deck.Signed) -> str:
    """Write a lesson's deck, and that for 25 minutes if it has one; returns the former with its pictures apart."""
    notebook, page = course.notebooks[name], course.pages[name]
    # Pictures that decks share with the pages lie where all languages find them.
    pictures = relative(PICTURES, page)
    (output / page).parent.mkdir(parents=True, exist_ok=True)
    with speaking(course.language):
        back = deck.Back(say("Page"), Path(page).name)
        made = deck.converted(notebook, name, course.folder(name), back, signed)
        alone = deck.standing_alone(made, name, course.pages, course.font)
        (output / deck.deck_of(page)).write_text(alone, encoding="utf-8")
        if wanted := slides_of_short_version(Lesson(course.root, Path(name).stem)):
            cut = deck.converted(short_version(notebook, wanted), name, course.folder(name), back, signed)
            short = deck.standing_alone(pictures_apart(cut, pictures)[0], name, course.pages, course.font)
            (output / deck.short_deck_of(page)).write_text(short, encoding="utf-8")
    return pictures_apart(made, pictures)[0]
