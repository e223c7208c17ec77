"""What nbgrader loads: the course's rule for taking solutions out, and the judgement apart from the student's code.

The `nbgrader_config.py` of a course directory calls :func:`configure`. Three steps of nbgrader are then ours:

- `TakeSolutionsOut` instead of `ClearSolutions`: released notebooks have the same places for answers as the sheets;
- `RestoreMetadata` before a submission is looked at: what nbgrader keeps in a notebook's cells (points, which cell is
  a test) comes from the gradebook, whatever the submission says;
- `Judge` instead of `Execute`: cells run in a process of the student's own, and hidden tests in this one.
"""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, Execute, NbGraderPreprocessor
from traitlets import Bool, Float, Integer, List, Unicode
from traitlets.config import Config

from courseware import derive
from courseware.grading import Score
from courseware.grading.session import Limits, Session, StoppedError

__all__ = ["Judge", "RestoreMetadata", "TakeSolutionsOut", "configure", "judge", "run"]

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
SCHEMA = 3  # of nbgrader's metadata


def configure(config: Config) -> None:
    """Put the course's three steps into nbgrader's own lists."""
    config.GenerateAssignment.preprocessors = [
        TakeSolutionsOut if step is ClearSolutions else step for step in _steps(GenerateAssignment, "preprocessors")
    ]
    config.Autograde.sanitize_preprocessors = [RestoreMetadata, *_steps(Autograde, "sanitize_preprocessors")]
    config.Autograde.autograde_preprocessors = [
        Judge if step is Execute else step for step in _steps(Autograde, "autograde_preprocessors")
    ]


def _steps(converter: type, name: str) -> list[type]:
    return converter.class_traits()[name].default()


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
        known = dict(_cells_in_gradebook(resources))
        present = set()
        for cell in reversed(nb.cells):
            claimed = cell.metadata.pop("nbgrader", None)
            grade_id = claimed.get("grade_id") if isinstance(claimed, dict) else None
            if isinstance(grade_id, str) and grade_id in known and grade_id not in present:
                present.add(grade_id)
                cell.metadata.nbgrader = nbformat.from_dict(known[grade_id][0])
        for grade_id, (metadata, source) in known.items():
            if metadata["grade"] and grade_id not in present:
                nb.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": metadata}))
        return nb, resources


class Judge(NbGraderPreprocessor):
    """Runs a submission in a process of its own and judges its answers in this one."""

    cell_seconds = Float(Limits.cell_seconds, help="How long one cell may take.").tag(config=True)
    call_seconds = Float(Limits.call_seconds, help="How long one call of a function may take.").tag(config=True)
    notebook_seconds = Float(Limits.notebook_seconds, help="How long a whole submission may take.").tag(config=True)
    memory_mb = Integer(Limits.memory_mb, help="Memory for a submission in MiB, beyond PyTorch's own.").tag(config=True)
    isolate = Bool(
        Limits.isolate,
        help="Let the Linux kernel keep a submission from the grader's files. False only in a container.",
    ).tag(config=True)
    withheld_packages = List(
        Unicode(), help="Packages that a submission imports empty and cannot read: the exercises' right answers."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        tests = {name: source for name, (metadata, source) in _cells_in_gradebook(resources) if metadata["grade"]}
        limits = Limits(self.cell_seconds, self.call_seconds, self.notebook_seconds, self.memory_mb, self.isolate)
        # nbgrader works in the course directory: submissions, gradebook and sources lie beneath it.
        with Session(limits, withheld_packages=self.withheld_packages, withheld=[Path.cwd()]) as session:
            for number, cell in enumerate((cell for cell in nb.cells if cell.cell_type == "code"), start=1):
                # The text of a test is the gradebook's, never the submission's.
                test = tests.get(cell.metadata.nbgrader.grade_id) if utils.is_grade(cell) else None
                cell.outputs = run(session, cell.source) if test is None else judge(session, test)
                cell.execution_count = number
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output.execution_count = number
        return nb, resources


def _cells_in_gradebook(resources: ResourcesDict) -> Iterator[tuple[str, tuple[dict, str]]]:
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
    """The outputs of a test cell: its hidden part, run here on the answers of the submission."""
    code = ast.parse(_hidden(source))
    try:
        names = {name: session.answer(name) for name in _free_names(code)}
    except StoppedError as error:
        return [_error("Stopped", str(error))]
    result = code.body.pop()
    if not isinstance(result, ast.Expr):
        raise ValueError(f"hidden tests must end with a call of score, found\n{source}")
    exec(compile(code, "<hidden tests>", "exec"), names)
    score = eval(compile(ast.Expression(result.value), "<hidden tests>", "eval"), names)
    if not isinstance(score, Score):
        raise ValueError(f"hidden tests must end with a call of score, found\n{source}")
    data = {"text/plain": repr(score), "text/html": score._repr_html_()}
    return [nbformat.v4.new_output("execute_result", data=data)]


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
