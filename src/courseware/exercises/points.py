"""How many points an exercise is worth when it is graded."""

from typing import Any

from courseware.exercises.function import Function
from courseware.exercises.questions import Choice, Exercise, Value

__all__ = ["KINDS", "POINTS", "points", "worth"]

# How much an exercise is worth follows from its hardest question; within it, questions share in the same proportion.
POINTS = {Choice: 2, Value: 3, Function: 5}
KINDS = {Choice: "a letter", Value: "a number or an array", Function: "a function"}  # in words


def worth(exercise: Exercise) -> int:
    """The points of an exercise: those of its hardest question."""
    return max(points(question) for question in exercise.questions)


def points(question: Any) -> int:
    """The points of a question. Raises TypeError if none are set for its kind."""
    for kind, number in POINTS.items():
        if isinstance(question, kind):
            return number
    raise TypeError(f"no points are set for a question of the kind {type(question).__name__}")
