"""A class graded on all processors, or on a Dask cluster: `courseware grade`.

Judging takes the time, and one submission knows nothing of another: joblib spreads it over processes. Then nbgrader
grades as always, one submission after the other, because one process at a time writes its gradebook; it finds what
was judged. Whatever did not get judged, for whatever reason, it judges itself.
"""

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde
from traitlets.log import get_logger

from courseware import parallel
from courseware.grading.plugin import Judge, cells_in_gradebook, key, outputs, restore, work
from courseware.grading.session import Limits, SessionError
from courseware.grading.submissions import Reader, sift
from courseware.project import UserError

__all__ = ["grade_command", "judge_all"]

Cells = list[tuple[str, bool]]


def _judged(name: str, cells: Cells, limits: Limits, withheld_packages: list[str], withheld: list[Path]) -> tuple:
    try:
        return name, outputs(cells, limits, withheld_packages, withheld)
    except SessionError:
        raise
    except Exception:  # nbgrader meets it again, and says which submission it was
        return name, None


def judge_all(
    tasks: dict[str, Cells],
    limits: Limits,
    withheld_packages: list[str],
    withheld: list[Path],
    jobs: int,
    judged: Callable[..., tuple] = _judged,
) -> dict[str, list]:
    """The outputs for each task, by its key, judged by `jobs` processes at a time (-1: one for each processor).

    A process that dies costs the time to judge again what it had; what is missing in the end is left out. `judged` does
    one task.

    Raises
    ------
    SessionError
        No submission can be run on this machine.
    """
    calls = {name: (name, cells, limits, withheld_packages, withheld) for name, cells in tasks.items()}

    def died() -> None:
        get_logger().warning("A process that judged has died: what it had is judged again")

    done = dict(result for _, result in parallel.results(judged, calls, jobs, died))
    return {name: result for name, result in done.items() if result is not None}


def grade_command(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.course_dir).resolve()
    if not (folder / "nbgrader_config.py").is_file():
        raise UserError(f"--course-dir must be a folder that courseware release has written, got {folder}")
    with contextlib.chdir(folder), parallel.cluster(arguments.dask):
        app = AutogradeApp.instance()
        app.initialize([arguments.assignment, *(["--force"] if arguments.force else [])])
        app.coursedir.assignment_id = arguments.assignment
        judge = Judge(parent=app)
        tasks = dict(_tasks(app, arguments.force))
        try:
            done = judge_all(tasks, judge.limits, judge.withheld_packages, [folder], arguments.jobs)
        except (SessionError, ValueError) as error:  # this machine, or the settings
            raise UserError(str(error)) from error
        print(f"{len(done)} of {len(tasks)} submissions judged; nbgrader writes the scores.")
        Judge.judged.update(done)
        app.coursedir.assignment_id = ""
        try:
            app.start()
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def _tasks(app: AutogradeApp, force: bool) -> Iterator[tuple[str, Cells]]:
    """What is to be judged, by its key. A submission that cannot be read is left to nbgrader, which says so."""
    converter = Autograde(coursedir=app.coursedir, parent=app)
    converter.init_notebooks()
    sift(converter)
    reader = Reader(config=app.config)
    for notebooks in converter.assignments.values():
        for path in notebooks:
            with contextlib.suppress(Exception):
                resources = converter.init_single_notebook_resources(path)
                place = resources["nbgrader"]
                graded = app.coursedir.format_path("autograded", place["student"], place["assignment"])
                if os.path.exists(graded) and not force:
                    continue
                known = dict(cells_in_gradebook(resources))
                text, _ = reader.from_filename(path)
                notebook = nbformat.reads(text, as_version=4)
                restore(notebook, known)
                cells = work(notebook, known)
                yield key(cells), cells
