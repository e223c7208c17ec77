"""The quiz of every lesson: in its place, with at least two questions, each choice of which is explained."""

from pathlib import Path

import pytest

from courseware.notebook.quiz import Quiz
from courseware.text import derive

COURSE = Path(__file__).resolve().parents[2] / "course"
LESSONS = [path for path in sorted(COURSE.glob("[0-9][0-9]_*.py")) if not path.name.startswith("00_")]


def quiz_cells(path):
    cells = derive.lesson(path.read_text(encoding="utf-8")).cells
    return [cell for cell in cells if cell.cell_type == "code" and "Quiz(" in cell.source]


def quiz(cell):
    """What the cell displays. It must need nothing that another cell has made."""
    imports, _, made = cell.source.partition("\n\n")
    namespace = {}
    exec(imports, namespace)
    return eval(made.strip(), namespace)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param


def test_every_lesson_asks_at_least_two_questions(lesson):
    quizzes = [quiz(cell) for cell in quiz_cells(lesson)]
    assert all(isinstance(each, Quiz) for each in quizzes)
    assert sum(len(each.questions) for each in quizzes) >= 2


def test_no_explanation_is_a_mere_verdict_or_given_twice(lesson):
    for cell in quiz_cells(lesson):
        for question in quiz(cell).questions:
            explanations = list(question.choices.values())
            assert len(set(explanations)) == len(explanations)
            assert all(len(explanation.split()) >= 4 for explanation in explanations), question


def test_the_right_answer_is_not_always_at_the_same_place(lesson):
    for cell in quiz_cells(lesson):
        questions = quiz(cell).questions
        assert len({question.right for question in questions}) > 1
        longest = [max(q.choices, key=len) == list(q.choices)[q.letters.index(q.right)] for q in questions]
        assert not all(longest), "whoever picks the longest choice would be right each time"


def test_quizzes_are_off_the_slides_and_hide_their_code(lesson):
    for cell in quiz_cells(lesson):
        assert cell.metadata["slideshow"]["slide_type"] == "skip"
        assert cell.metadata["jupyter"]["source_hidden"]
