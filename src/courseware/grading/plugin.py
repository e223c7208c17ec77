"""What nbgrader loads: the course's rule for taking solutions out, and the judgement apart from the student's code.

The `nbgrader_config.py` of a course directory calls :func:`configure`. These steps of nbgrader are then ours:

- `TakeSolutionsOut` instead of `ClearSolutions`: released notebooks have the same places for answers as the sheets;
- `Collect` and `Reader` of :mod:`courseware.grading.submissions` where files are taken in;
- `RestoreMetadata` before a submission is looked at: what nbgrader keeps in a notebook's cells (points, which cell is
  a test) comes from the gradebook, whatever the submission says, and nothing in its text is a program of a page;
- `Judge` instead of `Execute`: cells run in a process of the student's own, and hidden tests in this one.
"""

import ast
import builtins
import contextlib
import hashlib
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, Execute, NbGraderPreprocessor
from traitlets import Bool, Float, HasTraits, Integer, List, Unicode
from traitlets.config import Config

from courseware.grading import Score
from courseware.grading.session import Limits, Session, SessionError, StoppedError
from courseware.grading.submissions import Collect, Reader, harmless
from courseware.grading.wire import plain_text
from courseware.text import derive

__all__ = [
    *("Judge", "RestoreMetadata", "TakeSolutionsOut", "cells_in_gradebook", "configure", "judge", "key", "outputs"),
    *("restore", "run", "work"),
]

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
SCHEMA = 3  # of nbgrader's metadata
LONGEST_REPORT = 100_000  # characters


def configure(config: Config) -> None:
    """Put the course's steps into nbgrader's own lists."""
    config.GenerateAssignment.preprocessors = [
        TakeSolutionsOut if step is ClearSolutions else step for step in _steps(GenerateAssignment, "preprocessors")
    ]
    config.Autograde.sanitize_preprocessors = [RestoreMetadata, *_steps(Autograde, "sanitize_preprocessors")]
    config.Autograde.autograde_preprocessors = [
        Judge if step is Execute else step for step in _steps(Autograde, "autograde_preprocessors")
    ]
    config.Autograde.exporter_class = Reader
    config.ExchangeFactory.collect = Collect


def _steps(converter: type[HasTraits], name: str) -> list[type]:
    return converter.class_traits()[name].default() or []


class TakeSolutionsOut(NbGraderPreprocessor):
    """Puts places for answers where solutions stand, as in the course's own exercise sheets."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.source = derive.without_solutions(cell.source)
        derive.set_ids(nb)
        return nb, resources


class RestoreMetadata(NbGraderPreprocessor):
    """Sets nbgrader's metadata in every cell of a submission to what the gradebook says.

    Cells that the gradebook does not know become ordinary ones, and so do all copies of a cell but the last. Tests that
    were deleted come back, at the end. Without this, odd metadata in one submission would end the run for all.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        restore(nb, dict(cells_in_gradebook(resources)))
        return nb, resources


def restore(notebook: NotebookNode, known: Mapping[str, tuple[dict, str]]) -> None:
    """Make of a submission what is to be judged; `known` is what was released, by the id of the cell."""
    present = set()
    for cell in reversed(notebook.cells):
        claimed = cell.metadata.pop("nbgrader", None)
        grade_id = claimed.get("grade_id") if isinstance(claimed, dict) else None
        if isinstance(grade_id, str) and grade_id in known and grade_id not in present:
            present.add(grade_id)
            metadata = known[grade_id][0]
            cell.metadata.nbgrader = nbformat.from_dict(metadata)
            if cell.cell_type != metadata["cell_type"] == "code":  # one key in Jupyter makes text of it
                cell.pop("attachments", None)
                cell.update(cell_type="code", outputs=[], execution_count=None)
    for grade_id, (metadata, source) in known.items():
        if metadata["grade"] and grade_id not in present:
            notebook.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": metadata}))
    harmless(notebook)


def work(notebook: NotebookNode, known: Mapping[str, tuple[dict, str]]) -> list[tuple[str, bool]]:
    """What is to be done, for each code cell: its text, and whether it is a test.

    The text of a test is the gradebook's, never the submission's.
    """
    tests = {name: source for name, (metadata, source) in known.items() if metadata["grade"]}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        (tests[cell.metadata.nbgrader.grade_id], True) if utils.is_grade(cell) else (cell.source, False)
        for cell in cells
    ]


def outputs(
    cells: list[tuple[str, bool]], limits: Limits, withheld_packages: list[str], withheld: list[Path]
) -> list[list[NotebookNode]]:
    """The outputs of the cells of :func:`work`, run and judged."""
    with Session(limits, withheld_packages=withheld_packages, withheld=withheld) as session:
        return [judge(session, source) if is_test else run(session, source) for source, is_test in cells]


class Judge(NbGraderPreprocessor):
    """Runs a submission in a process of its own and judges its answers in this one."""

    cell_seconds = Float(Limits.cell_seconds, help="How long one cell may take.").tag(config=True)
    call_seconds = Float(Limits.call_seconds, help="How long one call of a function may take.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="How long a whole submission may take.").tag(config=True)
    memory_mb = Integer(Limits.memory_mb, help="Memory for a submission in MiB, beyond PyTorch's own.").tag(config=True)
    run_submissions_unprotected = Bool(
        Limits.unprotected,
        help="Run submissions without a sandbox: they can read and change all that you can, solutions and grades too.",
    ).tag(config=True)
    withheld_packages = List(
        Unicode(), help="Packages that a submission imports empty and cannot read: the exercises' right answers."
    ).tag(config=True)

    judged: ClassVar[dict[str, list]] = {}  # what was done before, in other processes

    @property
    def limits(self) -> Limits:
        if "isolate" in self.config.Judge:
            raise ValueError(
                "c.Judge.isolate in nbgrader_config.py must go: submissions always run in bubblewrap, unless "
                "c.Judge.run_submissions_unprotected = True stands there"
            )
        return Limits(
            cell_seconds=self.cell_seconds,
            call_seconds=self.call_seconds,
            notebook_seconds=self.notebook_seconds,
            memory_mb=self.memory_mb,
            unprotected=self.run_submissions_unprotected,
        )

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        cells = work(nb, dict(cells_in_gradebook(resources)))
        done = self.judged.get(key(cells))
        if done is None:
            # nbgrader works in the course directory: submissions, gradebook and sources lie beneath it.
            done = outputs(cells, self.limits, self.withheld_packages, [Path.cwd()])
        code = (cell for cell in nb.cells if cell.cell_type == "code")
        for number, (cell, shown) in enumerate(zip(code, done, strict=True), start=1):
            cell.outputs = shown
            cell.execution_count = number
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = number
        return nb, resources


def key(cells: list[tuple[str, bool]]) -> str:
    """Stands for what is to be done in :attr:`Judge.judged`."""
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def cells_in_gradebook(resources: ResourcesDict) -> Iterator[tuple[str, tuple[dict, str]]]:
    """For each cell that nbgrader knows, by its id: the metadata and the source that were released."""
    place = resources["nbgrader"]
    with Gradebook(place["db_url"]) as gradebook:
        notebook = gradebook.find_notebook(place["notebook"], place["assignment"])
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        for cell in notebook.source_cells:
            metadata = {
                "schema_version": SCHEMA,
                "grade_id": cell.name,
                "grade": cell.name in points,
                "solution": cell.name in solutions,
                "locked": cell.locked,
                "task": False,
                "cell_type": cell.cell_type,
                "checksum": cell.checksum,
            }
            if cell.name in points:
                metadata["points"] = points[cell.name]
            yield cell.name, (metadata, cell.source)


def run(session: Session, source: str) -> list[NotebookNode]:
    """The outputs of a student's cell."""
    done = session.run(source)
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=done.printed)] if done.printed else []
    return outputs + ([_error(*done.error)] if done.error else [])


def judge(session: Session, source: str) -> list[NotebookNode]:
    """The outputs of a test cell: its hidden part, run here on the answers of the submission.

    What goes wrong because of an answer costs this exercise its points. The time that the judgement takes is part
    of the time for the notebook.

    Raises
    ------
    SessionError
        No submission can be run on this machine.
    ValueError
        The test cell is none: it has no hidden part that ends with a call of score.
    """
    code = ast.parse(_hidden(source))
    result = code.body.pop()
    if not isinstance(result, ast.Expr):
        raise ValueError(f"hidden tests must end with a call of score, found\n{source}")
    limit = session.limits.notebook_seconds
    try:
        with _ended_after(session.left()):
            names = {name: session.answer(name) for name in _free_names(ast.Module([*code.body, result], []))}
            exec(compile(code, "<hidden tests>", "exec"), names)
            score = eval(compile(ast.Expression(result.value), "<hidden tests>", "eval"), names)
    except _OutOfTime:
        return [_error("Stopped", f"the {limit:g} s for the whole notebook are used up")]
    except StoppedError as error:
        return [_error("Stopped", str(error))]
    except SessionError:
        raise
    except Exception as error:
        return [_error("Stopped", f"the answer could not be judged ({type(error).__name__})")]
    if not isinstance(score, Score):
        raise ValueError(f"hidden tests must end with a call of score, found\n{source}")
    data = {"text/plain": repr(score), "text/html": plain_text(score._repr_html_(), LONGEST_REPORT)}
    return [nbformat.v4.new_output("execute_result", data=data)]


class _OutOfTime(BaseException):
    """No Exception: whoever judges an answer expects those."""


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Raise :class:`_OutOfTime` in the main thread when the time is up; in another one, which gets no signals, do not.

    It is raised again every second, in case somebody has caught it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: Any) -> None:
        raise _OutOfTime

    handler = signal.signal(signal.SIGALRM, end)
    timer = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _hidden(source: str) -> str:
    """What stands between the marks of hidden tests."""
    _, begin, rest = source.partition(BEGIN_HIDDEN)
    hidden, end, _ = rest.partition(END_HIDDEN)
    if not begin or not end:
        raise ValueError(f"a test cell must hold {BEGIN_HIDDEN!r} and {END_HIDDEN!r}, found\n{source}")
    return hidden


def _free_names(code: ast.Module) -> list[str]:
    """The names that hidden tests use and neither import nor find in Python: the answers."""
    used: dict[str, Any] = {}
    own = set(dir(builtins))
    for node in ast.walk(code):
        if isinstance(node, ast.alias):
            own.add(node.asname or node.name)
        elif isinstance(node, ast.Name):
            used[node.id] = None
    return [name for name in used if name not in own]


def _error(name: str, message: str) -> NotebookNode:
    line = f"{name}: {message}" if message else name
    return nbformat.v4.new_output("error", ename=name, evalue=message, traceback=[line])
