"""Grades for the exercise sheets: an established grader (nbgrader) around the course's own checks.

`release` derives what nbgrader needs, `plugin` is what nbgrader loads, `session` runs a submission apart from its
judgement. This module is what the hidden tests call: how many points an answer gets.
"""

import dataclasses
import html
from collections.abc import Mapping, Sequence
from typing import Any

from courseware.exercises.build import Loop, Module
from courseware.exercises.function import Function
from courseware.exercises.points import points as points_of
from courseware.exercises.questions import Exercise
from courseware.exercises.report import Finding, Report, State

__all__ = ["Score", "score"]

# Seconds for a function or a class on all its inputs. A grader's machine may be busy, and the judge has limits of its
# own.
PATIENCE = 60.0


class Score(float):
    """The points of an answer. Prints as a number, which nbgrader reads, and displays the feedback with it."""

    report: Report
    most: float

    def __new__(cls, points: float, most: float, report: Report) -> "Score":
        score = super().__new__(cls, points)
        score.report, score.most = report, most
        return score

    def __repr__(self) -> str:
        return float.__repr__(self)

    def _repr_html_(self) -> str:
        return f"{self.report._repr_html_()}\n<p>{html.escape(f'{self:g} of {self.most:g} points')}</p>"


def score(exercise: Exercise, answers: Mapping[str, Any], *, points: float, seeds: Sequence[int]) -> Score:
    """Judge the answers on the random inputs of every seed; a question counts if it is right on all of them.

    Parameters
    ----------
    exercise : Exercise
    answers : the answer to each question by its name; a missing one counts as not attempted
    points : what the whole exercise is worth
    seeds : at least one, each for other random inputs

    Returns
    -------
    Score
        The points, rounded to two decimals, with the report on the first seed that shows a fault.

    Raises
    ------
    ValueError
        `seeds` is empty.
    """
    if not seeds:
        raise ValueError("seeds must hold at least one number, got none")
    worst: dict[str, Finding] = {}
    for seed in seeds:
        # Not Exercise.check: a grade is no progress of whoever runs the grader.
        for question in exercise.questions:
            if isinstance(question, Function | Module | Loop):
                question = dataclasses.replace(question, seconds=PATIENCE)
            finding = question.judge(answers.get(question.name, ...), seed)
            if worst.setdefault(question.name, finding).state is State.RIGHT:
                worst[question.name] = finding
    shares = {question.name: points_of(question) for question in exercise.questions}
    right = sum(share for name, share in shares.items() if worst[name].state is State.RIGHT)
    earned = round(points * right / sum(shares.values()), 2)
    return Score(earned, points, Report(exercise.title, tuple(worst.values())))
