"""How many points an exercise is worth when it is graded."""

from typing import Any

from courseware.exercises.build import Loop, Measured, Module
from courseware.exercises.function import Function
from courseware.exercises.questions import Choice, Exercise, Value

__all__ = ["KINDS", "POINTS", "points", "worth"]

# How much an exercise is worth follows from its hardest question; within it, questions share in the same proportion.
POINTS = {Choice: 2, Value: 3, Measured: 3, Function: 5, Loop: 5, Module: 8}
KINDS = {  # in words
    Choice: "a letter",
    Value: "a number or an array",
    Measured: "numbers that a training makes",
    Function: "a function",
    Loop: "a training loop",
    Module: "a module that is built",
}


def worth(exercise: Exercise) -> int:
    """The points of an exercise: those of its hardest question."""
    return max(points(question) for question in exercise.questions)


def points(question: Any) -> int:
    """The points of a question. Raises TypeError if none are set for its kind.

    A kind that a course has made for itself says them as its attribute `points`.
    """
    own = getattr(question, "points", None)
    if isinstance(own, int):
        return own
    for kind, number in POINTS.items():
        if isinstance(question, kind):
            return number
    raise TypeError(f"no points are set for a question of the kind {type(question).__name__}")
