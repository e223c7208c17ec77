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

from courseware.exercises.multiple_choice import Question
from courseware.exercises.report import BACKGROUND, COLOURS, MARKS, TEXT, State
from courseware.language import words

__all__ = ["Question", "Quiz"]

# Each piece brings its own colours, as reports do: contrast then holds in a dark theme too.
_FRAME = f"background:{BACKGROUND};color:{TEXT};padding:0.2em 0.9em 0.8em;line-height:1.5;overflow-wrap:anywhere"
_FIELD = "border:0;margin:0.8em 0 0;padding:0;min-width:0"
_LEGEND = f"color:{TEXT};padding:0;font-weight:bold;font-size:inherit"
_CHOICE = "margin:0.3em 0 0 0.4em"
_SUMMARY = "cursor:pointer;font-weight:normal"


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
        return "\n".join(line for i, each in enumerate(self.questions, 1) for line in _lines(each, i))

    def _repr_html_(self) -> str:
        shown = "\n".join(_html(each, i) for i, each in enumerate(self.questions, 1))
        return f'<div class="courseware-quiz" style="{_FRAME}">{shown}</div>'


def _lines(question: Question, number: int) -> list[str]:
    return [f"{number}. {words(question.text)}", *(f"   {line}" for line in question.lines)]


def _html(question: Question, number: int) -> str:
    parts = [
        f'<fieldset style="{_FIELD}"><legend style="{_LEGEND}">{number}. {html.escape(words(question.text))}</legend>'
    ]
    for line, (letter, explanation) in zip(question.lines, question.explanations.items(), strict=True):
        state = State.RIGHT if letter == question.right else State.NOT_YET
        verdict = "Right." if state is State.RIGHT else "Not this one."
        parts.append(
            f'<details style="{_CHOICE}"><summary style="{_SUMMARY}">{html.escape(line)}</summary>'
            f'<div style="margin:0.1em 0 0.5em 1.1em">'
            f'<strong style="color:{COLOURS[state]}">{MARKS[state]} {words(verdict)}</strong> '
            f"{html.escape(words(explanation))}</div></details>"
        )
    return "\n".join([*parts, "</fieldset>"])
