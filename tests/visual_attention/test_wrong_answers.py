"""Wrong answers, shortcuts among them, and right ones in unusual forms: the tables of wrong_answers_*.py, one a lesson.

Each table is `WRONG = {question: [(label, answer), …]}`, and `RIGHT_FORMS = {question: [answer, …]}` beside it.
A third entry, `(label, answer, words)`, also wants these words in the feedback. A question is named as in the
exercise, or as "exercise.question" where a sheet has two of that name.
"""

import importlib
from pathlib import Path

import pytest

from courseware import language
from courseware.exercises.questions import Choice
from courseware.exercises.report import State
from courseware.language import languages, speaking
from courseware.project import project_root

ROOT = project_root(Path(__file__))
LESSONS = sorted(path.stem.removeprefix("wrong_answers_") for path in Path(__file__).parent.glob("wrong_answers_*.py"))
TABLES = {lesson: importlib.import_module(f"wrong_answers_{lesson}") for lesson in LESSONS}


def question_named(lesson, name):
    exercises = importlib.import_module(f"visual_attention.exercises.{lesson}").ALL
    found = [q for e in exercises for q in e.questions if name in (q.name, f"{e.name}.{q.name}")]
    assert len(found) == 1, f"{lesson}: {len(found)} questions are named {name!r}"
    return found[0]


def wrong():
    for lesson, table in TABLES.items():
        for name, answers in table.WRONG.items():
            for label, answer, *words in answers:
                yield pytest.param(lesson, name, answer, *(words or [""]), id=f"{lesson}.{name}: {label}")


def right():
    for lesson, table in TABLES.items():
        for name, answers in table.RIGHT_FORMS.items():
            for number, answer in enumerate(answers, start=1):
                label = getattr(answer, "__name__", str(number))
                yield pytest.param(lesson, name, answer, id=f"{lesson}.{name}: {label}")


@pytest.mark.parametrize(("lesson", "name", "answer", "words"), list(wrong()))
def test_wrong_answers_are_rejected_with_a_sentence(lesson, name, answer, words):
    finding = question_named(lesson, name).judge(answer)
    assert finding.state is State.NOT_YET, finding
    assert finding.message
    assert words in finding.message, finding
    for each in languages(ROOT).values():
        with speaking(each.code):
            language.missing.clear()
            language.words(finding.message)
            assert language.missing == set()


@pytest.mark.parametrize(("lesson", "name", "answer"), list(right()))
def test_right_answers_pass_in_every_form(lesson, name, answer):
    question = question_named(lesson, name)
    for seed in (None, *range(1, 6)):
        finding = question.judge(answer, seed)
        assert finding.state is State.RIGHT, (seed, finding)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_question_but_letters_has_its_wrong_answers(lesson):
    table = TABLES[lesson]
    exercises = importlib.import_module(f"visual_attention.exercises.{lesson}").ALL
    missing = {
        f"{e.name}.{q.name}"
        for e in exercises
        for q in e.questions
        if not isinstance(q, Choice) and not {q.name, f"{e.name}.{q.name}"} & table.WRONG.keys()
    }
    assert missing == set()
