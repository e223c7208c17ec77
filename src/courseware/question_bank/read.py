"""The questions of a lesson's quizzes, read from its text without running it; the mistakes that its exercises know."""

import ast
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from courseware.exercises import show
from courseware.exercises.multiple_choice import Question
from courseware.language import ENGLISH, current, speaking, words
from courseware.project import Lesson, UserError, lessons, project_root, read

__all__ = [
    "FORMS",
    "MISTAKES",
    "Bank",
    "NamedMistake",
    "course_title",
    "form_of_test",
    "read_bank",
    "read_mistakes",
    "read_questions",
    "spoken",
]

FORMS = ("a", "b")  # of the concept test: parallel, one for before and one for after


MISTAKES = "Named mistakes"  # the deck and the category below that of a lesson
CHECKS = re.compile(r"^from (?P<package>[\w.]+) import (?P<module>\w+) as exercise$", re.MULTILINE)


@dataclass(frozen=True)
class NamedMistake:
    """A wrong answer to an exercise that its check knows by name.

    Attributes
    ----------
    exercise : str
        The title of the exercise, and which of its answers is meant where there are several.
    mistake : str
        Its name, and the wrong number where there is one: ``"inverted: 0.333"``.
    feedback : str
        What led there and where to look. It is not the right answer.
    """

    exercise: str
    mistake: str
    feedback: str

    @property
    def question(self) -> str:
        """What is asked about it, in plain text."""
        return words(f"Exercise “{self.exercise}”. A wrong answer: {self.mistake}. What is behind it?")


@dataclass(frozen=True)
class Bank:
    """The questions of one lesson, or of a form of the concept test.

    Attributes
    ----------
    name : str
        Short and without spaces: the number of the lesson, such as ``"02"``; of a test ``"form_a"``; not in English
        also the code of the language: ``"02-zh"``.
    title : str
        Its heading, such as ``"2 · The width"``; it also names a deck and a category.
    questions : tuple of Question
        In the order of the text.
    mistakes : tuple of NamedMistake
        Of the lesson's exercises, if they were asked for.
    """

    name: str
    title: str
    questions: tuple[Question, ...]
    mistakes: tuple[NamedMistake, ...] = ()


def course_title(root: Path | None = None) -> str:
    """What the start page calls the course: its heading up to a colon; in the current language."""
    return re.split("[:：]", words(lessons(root)[0].title))[0]


def read_bank(lesson: Lesson, mistakes: bool = False) -> Bank:
    """The questions of `lesson`, none if it has no quiz; with `mistakes` also those of its exercises.

    They are in the current language. Raises UserError as `read_questions` does.
    """
    name = lesson.number.rpartition("/")[2] + ("" if current() == ENGLISH else f"-{current()}")
    with speaking(current(), lesson.stem.rpartition("/")[2]):
        known = tuple(read_mistakes(lesson)) if mistakes else ()
        return Bank(name, words(lesson.title), tuple(map(spoken, read_questions(lesson))), known)


def spoken(question: Question) -> Question:
    """A question in the current language."""
    choices = {words(choice): words(explanation) for choice, explanation in question.choices.items()}
    return Question(words(question.text), choices, question.right)


def read_mistakes(lesson: Lesson) -> list[NamedMistake]:
    """The mistakes that the checks of the lesson's exercise sheet know, each once; none if it has no sheet.

    Unlike the questions they are no text: the module of the checks is imported, with what it needs.
    """
    sheet = lesson.source.parent / "exercises" / lesson.source.name
    checks = CHECKS.search(sheet.read_text("utf-8")) if sheet.is_file() else None
    if checks is None:
        return []
    found: dict[tuple[str, str, str], NamedMistake] = {}
    for exercise in importlib.import_module(f"{checks['package']}.{checks['module']}").ALL:
        for question in exercise.questions:
            title = words(exercise.title)
            which = f"{title}, {question.name}" if len(exercise.questions) > 1 else title
            for mistake in getattr(question, "mistakes", ()):
                # Several questions of an exercise know the same mistake; the first of them stands for it.
                said = NamedMistake(which, _named(mistake), words(mistake.feedback))
                found.setdefault((exercise.title, mistake.name, mistake.feedback), said)
    return list(found.values())


def _named(mistake: Any) -> str:
    is_number = isinstance(mistake.wrong, int | float) and not isinstance(mistake.wrong, bool)
    name = words(mistake.name)
    return f"{name}: {show.number(mistake.wrong)}" if is_number else name


def form_of_test(form: str, root: Path | None = None) -> Lesson:
    """The text of a form of the concept test, ``"a"`` or ``"b"``: it lies beside the lessons and is none.

    Raises UserError if the course has no such test.
    """
    text = Lesson(project_root() if root is None else root, f"concept_test/form_{form}")
    if not text.source.is_file():
        raise UserError(f"there is no concept test: {text.source} is missing")
    return text


def read_questions(lesson: Lesson) -> list[Question]:
    """Each `Question` that stands in a `Quiz` of the text, in its order.

    The code is read and not run, so that the file of questions needs none of a lesson's packages.

    Raises
    ------
    UserError
        If a question is not written out in plain words, or is none; the message names the file and the question.
    """
    cells = [cell.source for cell in read(lesson.source).cells if cell.cell_type == "code" and "Quiz(" in cell.source]
    calls = [call for source in cells for call in _quizzes(lesson, source)]
    return [_question(lesson, argument) for call in calls for argument in call.args]


def _quizzes(lesson: Lesson, source: str) -> Sequence[ast.Call]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UserError(f"{lesson.source.name}: the cell of a quiz is no Python: {error}") from error
    return [node for node in ast.walk(tree) if _is_call(node, "Quiz")]


def _is_call(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _question(lesson: Lesson, argument: ast.expr) -> Question:
    said = ast.unparse(argument)
    where = f"{lesson.source.name}: {said[:80]}{'…' if len(said) > 80 else ''}"
    if not _is_call(argument, "Question"):
        raise UserError(f"{where}: a quiz must be given each question as Question(…), with its words written out")
    try:
        values = [ast.literal_eval(each) for each in argument.args]
        named = {str(each.arg): ast.literal_eval(each.value) for each in argument.keywords}
        return Question(*values, **named)
    except (TypeError, ValueError) as error:
        raise UserError(f"{where}: must be a question in plain words: {error}") from error
