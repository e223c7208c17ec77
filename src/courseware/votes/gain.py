"""Did they learn? The concept test before and after, compared question by question.

The normalised gain is what the class gained of what it could have gained: (after − before) / (1 − before), with the
shares of right answers (R. R. Hake, American Journal of Physics 66, 64, 1998). What it can and cannot say,
docs/questions.md says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courseware.exercises.multiple_choice import Question
from courseware.project import UserError

__all__ = ["Compared", "Pair", "compared", "normalised_gain", "report"]


def normalised_gain(before: float, after: float) -> float:
    """The part of the possible gain that was made.

    Parameters
    ----------
    before, after : float
        Shares of right answers, from 0 to 1.

    Returns
    -------
    float
        1 where everything is right afterwards, 0 where nothing has changed, negative where there is less.

    Raises
    ------
    ValueError
        If a share is none, or `before` is 1: nothing could be gained then.
    """
    for name, share in (("before", before), ("after", after)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} must be a share from 0 to 1, was {share}")
    if before == 1:
        raise ValueError("before must be less than 1: where everything is right, nothing can be gained")
    return (after - before) / (1 - before)


@dataclass(frozen=True)
class Pair:
    """One place of the test, asked before and after in parallel words: right answers and votes of each."""

    place: int
    question: str
    right_before: int
    votes_before: int
    right_after: int
    votes_after: int


@dataclass(frozen=True)
class Compared:
    """What two tests have in common.

    Attributes
    ----------
    pairs : list of Pair
        In the order of the test; places that were asked in one of the two only are left out.
    before, after, gain : float
        The mean share of right answers over these places, each place counting the same, and its normalised gain;
        `gain` is NaN where `before` is 1.
    """

    pairs: list[Pair]

    @property
    def before(self) -> float:
        return sum(pair.right_before / pair.votes_before for pair in self.pairs) / len(self.pairs)

    @property
    def after(self) -> float:
        return sum(pair.right_after / pair.votes_after for pair in self.pairs) / len(self.pairs)

    @property
    def gain(self) -> float:
        return normalised_gain(self.before, self.after) if self.before < 1 else float("nan")


def compared(before: Path, after: Path, forms: Sequence[Sequence[Question]]) -> Compared:
    """Compare the kept numbers (`courseware.votes.numbers`) of two concept tests.

    A question is known by its words, and its place by that in its form, so either form may come first. Where a question
    was voted on more than once, the first vote counts: before the neighbours have talked.

    Raises
    ------
    UserError
        If a file is not such numbers, or the two have no place of the test in common.
    """
    places = {question.text: place for form in forms for place, question in enumerate(form, 1)}
    first, second = _counted(before, places), _counted(after, places)
    common = sorted(set(first) & set(second))
    if not common:
        raise UserError(f"{before} and {after} have no question of the concept test in common that anybody voted on")
    return Compared([Pair(place, first[place][0], *first[place][1:], *second[place][1:]) for place in common])


def _counted(path: Path, places: dict[str, int]) -> dict[int, tuple[str, int, int]]:
    """By place of the test: the question, how many were right, and how many voted."""
    try:
        kept: Any = json.loads(path.read_text("utf-8"))
        found: dict[int, tuple[str, int, int]] = {}
        for asked in kept["questions"]:
            counts = asked["rounds"][0]
            total = sum(counts)
            if asked["question"] in places and total:
                right = counts["abcdefgh".index(asked["right"])]
                found.setdefault(places[asked["question"]], (asked["question"], right, total))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UserError(f"{path} must be numbers that courseware present --keep has written: {error!r}") from error
    return found


def report(result: Compared) -> str:
    """A table for a terminal: each place, then the mean and its gain."""
    lines = ["       before        after         question"]
    for pair in result.pairs:
        before = f"{pair.right_before} of {pair.votes_before}"
        after = f"{pair.right_after} of {pair.votes_after}"
        lines.append(f"{pair.place:>4}   {before:<12}  {after:<12}  {pair.question}")
    gain = "none: all was right before" if result.before == 1 else f"{result.gain:.2f}"
    return "\n".join(
        [
            *lines,
            "",
            f"mean share right: {result.before:.2f} before, {result.after:.2f} after; normalised gain: {gain}",
            "What that can and cannot say: docs/questions.md",
        ]
    )
