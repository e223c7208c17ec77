"""Multiple choice with an explanation behind each choice, the same in a notebook and on an exported page.

A choice is a `<details>` element: opening it is choosing it, and it says in words whether it is right and why. It
needs no script and no kernel, takes the keyboard (Tab, then Enter), and a screen reader announces it as something
that can be opened::

    Quiz(
        Question(
            "What do the weights of a softmax sum to?",
            {
                "1": "Each exponential is divided by their sum.",
                "the number of keys": "That would be the sum of weights that are all 1.",
                "it depends on the query": "The scores do, the sum of the weights does not.",
            },
            right="a",
        )
    )

Letters are given in the order of the choices. The text form, which nbval compares and a terminal shows, holds the
questions and the choices but not the answers.
"""

import html
import string
from collections.abc import Mapping
from dataclasses import dataclass

from courseware.checking import BACKGROUND, COLOURS, MARKS, TEXT, State

__all__ = ["Question", "Quiz"]

LEAST_CHOICES = 3

# Each piece brings its own colours, as reports do: contrast then holds in a dark theme too.
_FRAME = f"background:{BACKGROUND};color:{TEXT};padding:0.2em 0.9em 0.8em;line-height:1.5;overflow-wrap:anywhere"
_FIELD = "border:0;margin:0.8em 0 0;padding:0;min-width:0"
_LEGEND = f"color:{TEXT};padding:0;font-weight:bold;font-size:inherit"
_CHOICE = "margin:0.3em 0 0 0.4em"
_SUMMARY = "cursor:pointer;font-weight:normal"


@dataclass(frozen=True)
class Question:
    """One question.

    Parameters
    ----------
    text
        The question, as plain text: formulas in Unicode.
    choices
        From each choice to its explanation: why it is right, or what leads people to it and why it is not. At least
        three, in the order in which they are shown.
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

    def _lines(self, number: int) -> list[str]:
        shown = [f"   {letter} · {choice}" for letter, choice in zip(self.letters, self.choices, strict=True)]
        return [f"{number}. {self.text}", *shown]

    def _html(self, number: int) -> str:
        parts = [
            f'<fieldset style="{_FIELD}"><legend style="{_LEGEND}">{number}. {html.escape(self.text)}</legend>',
        ]
        for letter, (choice, explanation) in zip(self.letters, self.choices.items(), strict=True):
            state = State.RIGHT if letter == self.right else State.NOT_YET
            verdict = "Right." if state is State.RIGHT else "Not this one."
            parts.append(
                f'<details style="{_CHOICE}"><summary style="{_SUMMARY}">{letter} · {html.escape(choice)}</summary>'
                f'<div style="margin:0.1em 0 0.5em 1.1em">'
                f'<strong style="color:{COLOURS[state]}">{MARKS[state]} {verdict}</strong> '
                f"{html.escape(explanation)}</div></details>"
            )
        return "\n".join([*parts, "</fieldset>"])


class Quiz:
    """One or more questions; displays itself when it is the last expression of a cell.

    Raises
    ------
    ValueError
        If there is no question.
    """

    def __init__(self, *questions: Question):
        if not questions:
            raise ValueError("questions must be one or more, was none")
        self.questions = questions

    def __repr__(self) -> str:
        return "\n".join(line for i, each in enumerate(self.questions, 1) for line in each._lines(i))

    def _repr_html_(self) -> str:
        shown = "\n".join(each._html(i) for i, each in enumerate(self.questions, 1))
        return f'<div class="courseware-quiz" style="{_FRAME}">{shown}</div>'
