"""What holds for every exercise sheet of the course, solved and unsolved; test_exercise_mutants has more on answers."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest
import torch
from sheets import reports_in, run

from courseware.exercises.function import Function
from courseware.exercises.questions import Choice, Value
from courseware.exercises.report import Hints, State
from courseware.text import derive

FOLDER = Path(__file__).parents[2] / "course" / "exercises"
SHEETS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def module_of(sheet):
    return importlib.import_module(f"visual_attention.exercises.{sheet.stem[3:]}")


def questions_of(kind):
    return [
        pytest.param(question, id=f"{each.name}.{question.name}")
        for sheet in SHEETS
        for each in module_of(sheet).ALL
        for question in each.questions
        if isinstance(question, kind)
    ]


@pytest.fixture(scope="module", params=SHEETS, ids=lambda sheet: sheet.stem)
def sheet(request):
    return request.param


@pytest.fixture(scope="module")
def exercises(sheet):
    return module_of(sheet).ALL


@pytest.fixture(scope="module")
def text(sheet):
    return sheet.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown_unsolved(text):
    """What the cells of the student's sheet display."""
    return run(derive.unsolved(text))[1]


def test_there_is_a_sheet_for_every_lesson_that_is_written():
    lessons = {path.stem for path in FOLDER.parent.glob("[0-9][0-9]_*.py")} - {"00_start_here"}
    assert {sheet.stem for sheet in SHEETS} == lessons


def test_sheets_hold_at_least_five_exercises(exercises):
    assert len(exercises) >= 5


def test_the_solved_sheet_passes_every_check(sheet, exercises):
    """As it is stored: tests/notebooks sees to it that a run shows the same."""
    notebook = nbformat.read(FOLDER.parents[1] / "notebooks" / "solutions" / f"{sheet.stem}.ipynb", as_version=4)
    texts = [
        output.data["text/plain"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output
    ]
    marks = [text.splitlines()[0] for text in texts if re.match("[✓✗…◐] ", text)]
    assert marks == [f"✓ right · {each.title}" for each in exercises]


def test_the_unsolved_sheet_runs_and_says_not_attempted(shown_unsolved, exercises):
    reports = reports_in(shown_unsolved)
    assert [repr(report) for report in reports] == [f"… not attempted yet · {each.title}" for each in exercises]


def test_headings_and_checks_agree(text, exercises):
    headings = re.findall(r"^# ## \d+ · (.*)$", text, flags=re.MULTILINE)
    plain = [heading.replace("$", "").replace(r"\sigma", "σ").replace(r"\beta", "β") for heading in headings]
    assert plain == [each.title for each in exercises]


@pytest.mark.parametrize("question", questions_of(Value))
def test_every_listed_mistake_is_told_from_the_right_answer_and_from_the_others(question):
    """Those of functions and modules: test_exercise_mutants."""
    for mistake in question.mistakes:
        finding = question.judge(mistake.wrong)
        assert (finding.state, finding.mistake) == (State.NOT_YET, mistake.name)


@pytest.mark.parametrize("question", questions_of(Choice))
def test_every_choice_has_an_explanation(question):
    assert all(len(sentence) > 20 for sentence in question.question.choices.values())
    assert question.judge(question.question.right, 0).state is State.RIGHT


def test_every_multiple_choice_question_takes_its_words_from_its_check(text, exercises):
    asked = [
        mark.partition(" as ")[0].split(".")[-1] for mark in re.findall(r"\{\{(?:question|statement): (.*?)\}\}", text)
    ]
    letters = [question.name for each in exercises for question in each.questions if isinstance(question, Choice)]
    assert sorted(asked) == sorted(letters)


@pytest.mark.parametrize("question", questions_of(Function))
def test_faulty_functions_get_a_sentence_and_no_traceback(question):
    def spoilt(change):
        def function(*arguments):
            result = question.reference(*arguments)
            return change(torch.as_tensor(result), arguments)

        return function

    def in_place(result, arguments):
        arguments[0].add_(1)
        return result

    def raising(result, arguments):
        raise ZeroDivisionError("by hand")

    faults = [
        (lambda result, arguments: torch.stack([result] * 2) if question.squeeze else result[None, None], "shape"),
        (lambda result, arguments: None, "did you forget return?"),
        (lambda result, arguments: "text", "It returned an object of type str"),
        (
            lambda result, arguments: (result if result.is_floating_point() else result.float()) * torch.nan,
            "True or False" if question.name == "is_average" else "nan",
        ),
        (raising, "It raised ZeroDivisionError: by hand"),
        (in_place, "in place"),
    ]
    for change, words in faults:
        finding = question.judge(spoilt(change), 0)
        assert finding.state is State.NOT_YET
        assert words in finding.message
        assert "Traceback" not in str(finding)
        assert str(finding) == str(question.judge(spoilt(change), 0))

    def printing(result, arguments):
        print("looking inside")
        return result

    finding = question.judge(spoilt(printing), 0)
    assert finding.state is State.RIGHT
    assert "looking inside" in finding.message


# Hints


def test_every_exercise_has_three_hints_of_a_sentence_or_two(exercises):
    for each in exercises:
        assert len(each.hints) == 3, each.name
        assert all(20 <= len(hint) <= 330 for hint in each.hints[:2]), each.name
        assert 10 <= len(each.hints[2]) <= 160, each.name
        assert len(set(each.hints)) == 3
        assert "$" not in "".join(each.hints)  # formulas are not typeset in every front end


def test_the_sheet_offers_the_hints_before_the_answer(text, exercises, shown_unsolved):
    """In each exercise one cell asks for its hints, after the statement and before everything else."""
    code = [cell.source for cell in derive.unsolved(text).cells]
    headings = [next(i for i, c in enumerate(code) if re.match(rf"## {n} · ", c)) for n in range(1, len(exercises) + 1)]
    assert [code[i + 1] for i in headings] == [f"exercise.{each.name}.hint()" for each in exercises]
    assert text.count(".hint()") == len(exercises)
    displayed = [item for item in shown_unsolved if isinstance(item, Hints)]
    assert [hints.title for hints in displayed] == [each.title for each in exercises]


def test_no_hint_holds_a_line_of_the_solution(text, exercises):
    cells = derive.unsolved(text).cells, derive.solved(text).cells
    given, with_solutions = ({line.strip() for cell in each for line in cell.source.splitlines()} for each in cells)
    solution = {line for line in with_solutions - given if len(line) > 3}
    hints = "\n".join(hint for each in exercises for hint in each.hints)
    assert [line for line in solution if line in hints or line.removeprefix("return ") in hints] == []


def test_the_solutions_are_linked_at_the_end(sheet, text):
    assert f"[the solved sheet](../solutions/{sheet.stem}.ipynb)" in derive.unsolved(text).cells[-1].source
