"""Questions as cards for Anki: in front the question and its choices, behind what is right and why.

The package is written by genanki. Who imports a newer file keeps the dates of cards that were learned: a note is known
by its lesson and its question, whatever becomes of the choices.
"""

import html
import zlib
from collections.abc import Sequence
from pathlib import Path

import genanki

from courseware.exercises.multiple_choice import Question
from courseware.language import words
from courseware.question_bank.read import MISTAKES, Bank

__all__ = ["write_anki"]

MODEL, MODEL_OF_MISTAKES = 1989569224, 1672480935  # drawn once: Anki knows the kind of a note by them

# Anki gives its dark pages a class of their own; these two colours have the contrast of WCAG AA on both.
STYLE = """
.card { max-width: 40em; margin: 0 auto; font: 20px/1.5 sans-serif; text-align: left; }
.card { color: #1f2328; background: #fff; }
.card ol { list-style: lower-alpha; padding-left: 1.5em; }
.card li { margin: 0.5em 0; }
.card .right { color: #1a7f37; font-weight: bold; }
.card.nightMode { color: #e6edf3; background: #22272e; }
.card.nightMode .right { color: #57d98a; }
"""


def write_anki(path: Path, title: str, banks: Sequence[Bank]) -> None:
    """Write the questions of all `banks` to `path`, a deck for each lesson below one with the course's `title`.

    Named mistakes have a deck of their own below that of their lesson.
    """
    model = genanki.Model(
        MODEL,
        "Question with explained choices",
        fields=[{"name": name} for name in ("Question", "Choices", "Answer", "Explanations")],
        templates=[
            {
                "name": "Card",
                "qfmt": "{{Question}}{{Choices}}",
                "afmt": "{{Question}}<hr id=answer><p class=right>{{Answer}}</p>{{Explanations}}",
            }
        ],
        css=STYLE,
    )
    of_mistakes = genanki.Model(
        MODEL_OF_MISTAKES,
        "Named mistake",
        fields=[{"name": name} for name in ("Question", "Answer")],
        templates=[{"name": "Card", "qfmt": "{{Question}}", "afmt": "{{FrontSide}}<hr id=answer>{{Answer}}"}],
        css=STYLE,
    )
    decks = [_deck(model, title, bank) for bank in banks if bank.questions]
    decks += [_deck_of_mistakes(of_mistakes, title, bank) for bank in banks if bank.mistakes]
    genanki.Package(decks).write_to_file(path)


def _deck(model: genanki.Model, title: str, bank: Bank) -> genanki.Deck:
    deck = genanki.Deck(_number(bank.name), f"{title}::{bank.title}")
    for question in bank.questions:
        guid = genanki.guid_for(bank.name, question.text)
        deck.add_note(genanki.Note(model, _fields(question), guid=guid, tags=[f"lesson-{bank.name}"]))
    return deck


def _deck_of_mistakes(model: genanki.Model, title: str, bank: Bank) -> genanki.Deck:
    deck = genanki.Deck(_number(f"{bank.name} {MISTAKES}"), f"{title}::{bank.title}::{words(MISTAKES)}")
    for mistake in bank.mistakes:
        fields = [f"<p>{_escaped(text)}</p>" for text in (mistake.question, mistake.feedback)]
        guid = genanki.guid_for(bank.name, MISTAKES, mistake.question)
        deck.add_note(genanki.Note(model, fields, guid=guid, tags=[f"lesson-{bank.name}", "mistake"]))
    return deck


def _number(name: str) -> int:
    """Any number that is the same tomorrow: Anki knows a deck by it."""
    return (1 << 30) + zlib.crc32(name.encode()) % (1 << 30)


def _fields(question: Question) -> list[str]:
    """The four fields of a note, in HTML."""
    choices = "".join(f"<li>{_escaped(choice)}</li>" for choice in question.choices)
    explained = []
    for letter, (choice, explanation) in zip(question.letters, question.choices.items(), strict=True):
        kind = " class=right" if letter == question.right else ""
        explained.append(f"<li><span{kind}>{_escaped(choice)}</span><br>{_escaped(explanation)}</li>")
    right = question.lines[question.letters.index(question.right)]
    return [
        f"<p>{_escaped(question.text)}</p>",
        f"<ol>{choices}</ol>",
        f"✓ {_escaped(right)}",
        f"<ol>{''.join(explained)}</ol>",
    ]


def _escaped(text: str) -> str:
    """Plain text as a field: a `<` in a formula stays one."""
    return html.escape(text, quote=False)
