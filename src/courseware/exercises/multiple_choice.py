"""A multiple-choice question: its text, its choices, and an explanation of each, in one place.

A quiz (`courseware.notebook.quiz`) shows one with its explanations folded behind the choices. In an exercise sheet a
`Choice` (`courseware.exercises.questions`) judges the letter, and the sheet's text takes question and choices from it
by the marks `{{question: name}}`, `{{statement: name}}` and `{{choices: name}}`.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from courseware.language import words

__all__ = ["Question"]

LEAST_CHOICES = 3


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    text
        The question. In a quiz plain text, with formulas in Unicode; in a sheet Markdown.
    choices
        From each choice to its explanation: why it is right, or what leads people to it and why it is not. At least
        three, in the order in which they are shown, without a comma or full stop at the end.
    right
        The letter of the right choice: ``"a"`` for the first.

    Raises
    ------
    ValueError
        If `text` or an explanation is blank, there are fewer than three choices, or `right` is none of their letters.
    """

    text: str
    choices: Mapping[str, str]
    right: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError(f"text must be a question, was {self.text!r}")
        if len(self.choices) < LEAST_CHOICES:
            raise ValueError(f"choices must be at least {LEAST_CHOICES}, was {list(self.choices)}")
        for choice, explanation in self.choices.items():
            if not choice.strip() or not explanation.strip():
                raise ValueError(f"choices must have an explanation each, was {choice!r}: {explanation!r}")
        if self.right not in tuple(self.letters):
            raise ValueError(f"right must be one of {', '.join(self.letters)}, was {self.right!r}")

    @property
    def letters(self) -> str:
        """The letters of the choices: ``"abc"`` for three."""
        return string.ascii_lowercase[: len(self.choices)]

    @property
    def explanations(self) -> dict[str, str]:
        """The explanation of each choice, by its letter."""
        return dict(zip(self.letters, self.choices.values(), strict=True))

    @property
    def lines(self) -> list[str]:
        """The choices with their letters: ``"a · the average"``, in the current language."""
        return [f"{letter} · {words(choice)}" for letter, choice in zip(self.letters, self.choices, strict=True)]
