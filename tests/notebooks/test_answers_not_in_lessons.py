"""No exercise is solved by a search in its lesson: neither its numbers nor its lines of code stand there.

Looked at are the lesson's text and code, and what its cells have printed. A number is looked for as it would be given,
with the decimals that are asked; one with fewer than three digits that count is trivial, and only looked for as a part
of a longer list. What was left out is printed:

    python -m pytest -s tests/notebooks/test_answers_not_in_lessons.py
"""

import ast
import contextlib
import importlib
import re
import textwrap
from pathlib import Path

import nbformat
import pytest
import torch

from courseware.exercises.questions import Value
from courseware.text import derive

ROOT = Path(__file__).parents[2]
SHEETS = sorted((ROOT / "course" / "exercises").glob("[0-9][0-9]_*.py"))
DIGITS = 3  # of a number that says something
LINE = 24  # characters of a line of code that says something


def lesson_of(stem):
    """The text of a lesson, and what its cells print, with plain minus signs."""
    parts = [(ROOT / "course" / f"{stem}.py").read_text(encoding="utf-8")]
    for cell in nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join(parts).replace("−", "-").replace("\\,", "").replace("{,}", ",")


def forms(number, decimals):
    """How a number may be printed: with the decimals that are asked, whole ones with separators, too."""
    if decimals == 0:
        return {str(round(number)), f"{round(number):,}"}
    return {f"{number:.{decimals}f}"}


def says_something(form):
    return len(re.sub(r"\D", "", form).strip("0")) >= DIGITS


def stands_in(form, text):
    return re.search(rf"(?<![\w.,]){re.escape(form)}(?![\d]|[.,]\d)", text) is not None


def numbers_of(question):
    expected = torch.as_tensor(question.expected, dtype=torch.float64).flatten().tolist()
    return [forms(number, question.decimals) for number in expected]


def found(question, text):
    """Whether a lesson holds the answer: all numbers of it that say something, or the list of the trivial ones."""
    numbers = numbers_of(question)
    telling = [each for each in numbers if any(map(says_something, each))]
    if telling:
        return all(any(stands_in(form, text) for form in each) for each in telling)
    return len(numbers) >= 3 and ", ".join(min(each, key=len) for each in numbers) in text


def lines_of_solutions(text):
    """The lines of the marked solutions inside functions, without blanks, comments and `return`."""
    for block in re.findall(r"(?ms)^ +### BEGIN SOLUTION\n(.*?)^ +### END SOLUTION", text):
        yield from lines_of(block)


def lines_of(code):
    code = textwrap.dedent(code)
    with contextlib.suppress(SyntaxError):
        code = ast.unparse(ast.parse(f"def f():\n{textwrap.indent(code, '    ')}"))  # without comments, in one style
    return [re.sub(r"\s", "", line).removeprefix("return") for line in code.splitlines()]


def code_of(stem):
    cells = derive.lesson((ROOT / "course" / f"{stem}.py").read_text(encoding="utf-8")).cells
    return {line for cell in cells if cell.cell_type == "code" for line in lines_of(cell.source)}


def answers_in_their_lesson(sheet):
    """The questions and lines whose answers stand in the lesson, and the numbers that were too short to look for."""
    text, trivial = lesson_of(sheet.stem), []
    leaks = []
    exercises = importlib.import_module(f"visual_attention.exercises.{sheet.stem[3:]}").ALL
    for exercise in exercises:
        for question in exercise.questions:
            if not isinstance(question, Value):
                continue
            name = f"{sheet.stem}.{exercise.name}.{question.name}"
            if found(question, text):
                leaks.append(name)
            trivial += [
                f"{name}: {min(each, key=len)}" for each in numbers_of(question) if not any(map(says_something, each))
            ]
    code = code_of(sheet.stem)
    leaks += [
        f"{sheet.stem}: {line}"
        for line in lines_of_solutions(sheet.read_text(encoding="utf-8"))
        if len(line) >= LINE and line in code
    ]
    return leaks, trivial


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_no_answer_stands_in_its_lesson(sheet):
    leaks, trivial = answers_in_their_lesson(sheet)
    print(f"\n{sheet.stem}, not looked for: {'; '.join(trivial)}")
    assert leaks == [], "these answers can be looked up"


def test_a_planted_answer_would_be_found():
    text = "The share is 0.881, SE adds 2,514,944 weights, and the order was 3, 1, 2. A minus: -0.269"
    for value, decimals in ((0.8808, 3), (2_514_944, 0), ([3, 1, 2], 0), ([0.881, 0.5], 3), (-0.2689, 3)):
        assert found(Value("v", value, decimals=decimals), text), value
    for value, decimals in ((0.8804, 3), (0.88, 2), (514_944, 0), ([3, 1], 0), ([0.881, 0.123], 3), (1, 0), (44, 0)):
        assert not found(Value("v", value, decimals=decimals), text), value
    sheet = "    ### BEGIN SOLUTION\n    z = u.mean(dim = (2, 3))  # mean\n    return z * u\n    ### END SOLUTION\n"
    assert list(lines_of_solutions(sheet))[1:] == ["z=u.mean(dim=(2,3))", "z*u"]
