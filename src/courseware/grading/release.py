"""From the exercise sheets to a course directory of nbgrader: `courseware release`.

Every check becomes a test cell: students see the check that they know, and hidden behind it stands the same exercise
on other random inputs. The cells in which solutions stand become nbgrader's solution cells.
"""

import argparse
import ast
import importlib
import importlib.util
import random
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from courseware.exercises.points import worth
from courseware.exercises.questions import Exercise
from courseware.grading.sandbox import refusal
from courseware.project import INSTALL_GRADE, UserError, find_lesson, project_root
from courseware.text import citations, derive, marks
from courseware.text.build import BIBLIOGRAPHY
from courseware.text.tables import Place

__all__ = ["release", "release_command", "source_notebook"]

SEEDS = 3  # sets of random inputs for each exercise, beyond the one that students see
NEIGHBOUR = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\.ipynb(?:#[^()\s]*)?\)")
SOLVED_SHEETS = "](../solutions/"  # a link to one of them
CONFIG = '''\
"""Settings of nbgrader for this folder. `courseware release` wrote them once; they are yours to change."""

from courseware.grading.plugin import configure

c = get_config()  # noqa: F821 (nbgrader provides it)
configure(c)

c.CourseDirectory.course_id = "{course}"

# What a submission may use. The time for a notebook holds for all its cells and checks together.
c.Judge.cell_seconds = 60
c.Judge.call_seconds = 10
c.Judge.notebook_seconds = 300
c.Judge.memory_mb = 2048

# The right answers: a submission imports these packages empty, and cannot read them.
c.Judge.withheld_packages = {withheld}

# Submissions run in a sandbox that sees none of your files. True lets them read and change all that you can.
c.Judge.run_submissions_unprotected = {unprotected}
'''


@dataclass(frozen=True)
class _Check:
    """A cell that checks one exercise: `exercise.block.check(squeeze_excite)`."""

    exercise: Exercise
    module: str
    alias: str
    attribute: str
    answers: dict[str, str]  # the name in the notebook, by the name of the question

    def hidden(self, seeds: list[int]) -> str:
        """The hidden tests, which stand alone: they import what they need."""
        package, _, module = self.module.rpartition(".")
        answers = ", ".join(f'"{question}": {name}' for question, name in self.answers.items())
        return "\n".join(
            [
                "### BEGIN HIDDEN TESTS",
                "from courseware.grading import score",
                f"from {package} import {module} as {self.alias}",
                "",
                "score(",
                f"    {self.alias}.{self.attribute},",
                f"    {{{answers}}},",
                f"    points={worth(self.exercise)},",
                f"    seeds={seeds},",
                ")",
                "### END HIDDEN TESTS",
            ]
        )


def source_notebook(
    text: str, seed: int, works: Mapping[str, citations.Work], place: Place | None = None
) -> NotebookNode:
    """The source of an assignment: the sheet with marked solutions, hidden tests and nbgrader's metadata.

    Parameters
    ----------
    text : the sheet, as it stands in ``course/exercises/``
    seed : chooses the random inputs of the hidden tests
    works : the bibliography, by key
    place : what its marks are resolved for; without one they stay

    Raises
    ------
    UserError
        A check is missing or written so that it cannot be judged elsewhere; a cell holds a check and a solution.
    """
    notebook = derive.marked(text)
    # The solved sheet does not lie beside a released one, and is not to be pointed at.
    notebook.cells = [cell for cell in notebook.cells if SOLVED_SHEETS not in cell.source]
    if place is not None:
        marks.resolve(notebook, place)
    citations.resolve(notebook, works)
    # Nor do the lessons and the references: what would be a link to them is said in words.
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = NEIGHBOUR.sub(r"\1", cell.source)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    alias, module = _checks_module(notebook)
    exercises = importlib.import_module(module).ALL
    checks = [(cell, check) for cell in code if (check := _check_in(cell.source, alias, module))]
    checked = [check.exercise.name for _, check in checks]
    if checked != [exercise.name for exercise in exercises]:
        raise UserError(f"a sheet must check every exercise of {module} once and in order, this one checks {checked}")

    waiting = [check for _, check in checks]
    solutions = 0
    for cell in code:
        current = waiting[0] if waiting else None
        check = next((check for checking, check in checks if checking is cell), None)
        is_solution = derive.BEGIN in cell.source
        if check and is_solution:
            raise UserError(f"a cell must not hold both a solution and a check, found\n{cell.source}")
        if check:
            waiting.pop(0)
            solutions = 0
            draw = random.Random(f"{seed} {module} {check.exercise.name}")
            cell.source += "\n" + check.hidden([draw.randrange(1, 2**31) for _ in range(SEEDS)])
            cell.metadata["nbgrader"] = _metadata(f"test-{check.exercise.name}", points=worth(check.exercise))
        elif is_solution:
            if current is None:
                raise UserError(f"no check follows the solution\n{cell.source}")
            solutions += 1
            cell.metadata["nbgrader"] = _metadata(f"answer-{current.exercise.name}-{solutions}")
    derive.set_ids(notebook)
    return notebook


def release(root: Path, sheets: list[Path], folder: Path, seed: int, unprotected: bool = False) -> list[str]:
    """Write the course directory `folder`, or renew the assignments of the chosen `sheets` in it.

    Returns the names of the assignments. `nbgrader_config.py` is written once and then left alone. Nobody else gets
    into the folder, whatever the umask, unless you have shared it with a group.
    """
    names, packages = [], set()
    works = citations.read_bibliography(root / BIBLIOGRAPHY)
    folder.mkdir(parents=True, exist_ok=True)
    gradebook = folder / "gradebook.db"
    gradebook.touch(mode=0o600)
    for path, mode in ((folder, 0o700), (gradebook, 0o600)):
        if not path.stat().st_mode & stat.S_IWGRP:
            path.chmod(mode)
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        try:
            place = Place(root, Path("notebooks", "exercises", f"{sheet.stem}.ipynb"))
            notebook = source_notebook(text, seed, works, place)
        except (ValueError, SyntaxError, UserError) as error:
            raise UserError(f"{sheet.relative_to(root).as_posix()}: {error}") from error
        packages.add(_checks_module(notebook)[1].rpartition(".")[0])
        target = folder / "source" / sheet.stem / f"{sheet.stem}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.validate(notebook)
        nbformat.write(notebook, target)
        names.append(sheet.stem)
    config = folder / "nbgrader_config.py"
    if not config.exists():
        course = min(packages).partition(".")[0]
        config.write_text(
            CONFIG.format(course=course, withheld=sorted(packages), unprotected=unprotected), encoding="utf-8"
        )
    return names


def release_command(arguments: argparse.Namespace) -> int:
    root = project_root()
    numbers = {find_lesson(name, root).number for name in arguments.lessons}
    sheets = [
        sheet
        for sheet in sorted((root / "course" / "exercises").glob("[0-9][0-9]_*.py"))
        if not numbers or sheet.name[:2] in numbers
    ]
    folder = Path(arguments.course_dir).resolve()
    if not sheets:
        raise UserError("none of these lessons has an exercise sheet")
    if folder == root or folder.is_relative_to(root / "src") or folder.is_relative_to(root / "course"):
        raise UserError(f"--course-dir must be a folder of its own, got {folder}")
    if not arguments.run_submissions_unprotected and (reason := refusal()):
        raise UserError(reason)
    seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    names = release(root, sheets, folder, seed, arguments.run_submissions_unprotected)
    print(f"{folder} holds {len(names)} assignments. Release one, and grade what comes back, with:\n")
    print(f"    cd {folder}")
    for step in ("generate_assignment", "autograde", "generate_feedback"):
        print(f"    nbgrader {step} {names[0]}")
    if importlib.util.find_spec("nbgrader") is None:
        print(f"\nnbgrader is not installed here; install it with: {INSTALL_GRADE}")
    return 0


def _checks_module(notebook: NotebookNode) -> tuple[str, str]:
    """The name under which a sheet imports its checks, and the module: `from a.b import c as exercise`."""
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for node in _parsed(cell.source).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if alias.asname == "exercise":
                        return alias.asname, f"{node.module}.{alias.name}"
    raise UserError("a sheet must import its checks with: from ... import ... as exercise")


def _check_in(source: str, alias: str, module: str) -> _Check | None:
    """The check that a cell consists of, None if it has none."""
    calls = [
        (node, node.func.value)
        for node in ast.walk(_parsed(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "check"
        and ast.unparse(node.func.value).startswith(f"{alias}.")
    ]
    if not calls:
        return None
    [(call, checked)] = calls
    attribute = ast.unparse(checked).partition(".")[2]
    exercise = getattr(importlib.import_module(module), attribute)
    questions = [question.name for question in exercise.questions]
    values = dict(zip(questions, call.args, strict=False)) | {word.arg: word.value for word in call.keywords}
    if set(values) != set(questions) or not all(isinstance(value, ast.Name) for value in values.values()):
        raise UserError(f"a check must be given one name for each of {questions}, found\n{source}")
    answers = {question: values[question].id for question in questions}
    if taken := {"score", alias} & set(answers.values()):
        raise UserError(f"hidden tests use the name {min(taken)} themselves: call the answer otherwise in\n{source}")
    return _Check(exercise, module, alias, attribute, answers)


def _parsed(source: str) -> ast.Module:
    """The syntax tree of a cell; an empty one for magic commands, which are no Python."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def _metadata(name: str, points: int | None = None) -> dict:
    """nbgrader's metadata: of a test that is worth so many points, or of a solution."""
    metadata = {
        "schema_version": 3,
        "grade_id": name,
        "grade": points is not None,
        "solution": points is None,
        "locked": points is not None,
        "task": False,
    }
    return metadata | ({} if points is None else {"points": points})
