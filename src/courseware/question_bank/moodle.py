"""Questions in Moodle's XML: a category for each lesson, single choice, the explanation of a choice as its feedback.

A named mistake is asked for in words (`essay`); what is behind it is told afterwards, and to who grades it. The
elements are those that Moodle's own documentation lists for `multichoice` and `essay`
(https://docs.moodle.org/en/Moodle_XML_format). Import it in *Question bank → Import → Moodle XML format*.
"""

import html
from collections.abc import Sequence
from xml.etree import ElementTree as etree

from courseware.exercises.multiple_choice import Question
from courseware.language import words
from courseware.question_bank.read import MISTAKES, Bank, NamedMistake

__all__ = ["as_moodle"]

NAME_LENGTH = 80  # of a question's name in Moodle's list


def as_moodle(title: str, banks: Sequence[Bank]) -> bytes:
    """The questions of all `banks`, in categories below one with the course's `title`, as UTF-8."""
    quiz = etree.Element("quiz")
    for bank in banks:
        if bank.questions:
            _category(quiz, title, bank.title)
        for number, question in enumerate(bank.questions, 1):
            _question(quiz, f"{bank.name}.{number} {question.text}", question)
        if bank.mistakes:
            _category(quiz, title, bank.title, words(MISTAKES))
        for mistake in bank.mistakes:
            _mistake(quiz, f"{bank.name} {mistake.exercise}: {mistake.mistake}", mistake)
    etree.indent(quiz)
    return etree.tostring(quiz, encoding="utf-8", xml_declaration=True)


def _category(quiz: etree.Element, *levels: str) -> None:
    # Slashes part the levels; one in a title is doubled.
    names = [level.replace("/", "//") for level in levels]
    _text(etree.SubElement(quiz, "question", type="category"), "category", "/".join(["$course$", "top", *names]))


def _asked(quiz: etree.Element, kind: str, name: str, text: str) -> etree.Element:
    asked = etree.SubElement(quiz, "question", type=kind)
    _text(asked, "name", name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1].rstrip() + "…")
    _html(asked, "questiontext", text)
    return asked


def _mistake(quiz: etree.Element, name: str, mistake: NamedMistake) -> None:
    asked = _asked(quiz, "essay", name, mistake.question)
    _html(asked, "generalfeedback", mistake.feedback)
    for element, said in (
        ("defaultgrade", "1"),
        ("penalty", "0"),
        ("hidden", "0"),
        ("responseformat", "plain"),
        ("responserequired", "1"),
        ("responsefieldlines", "5"),
        ("attachments", "0"),
    ):
        etree.SubElement(asked, element).text = said
    _html(asked, "graderinfo", mistake.feedback)


def _question(quiz: etree.Element, name: str, question: Question) -> None:
    asked = _asked(quiz, "multichoice", name, question.text)
    for element, said in (
        ("defaultgrade", "1"),
        ("penalty", "0.3333333"),  # of each further try, where a quiz allows some
        ("hidden", "0"),
        ("single", "true"),
        ("shuffleanswers", "false"),  # "Both." stands last
        ("answernumbering", "abc"),
    ):
        etree.SubElement(asked, element).text = said
    for letter, (choice, explanation) in zip(question.letters, question.choices.items(), strict=True):
        answer = etree.SubElement(asked, "answer", fraction="100" if letter == question.right else "0", format="html")
        etree.SubElement(answer, "text").text = html.escape(choice, quote=False)
        _html(answer, "feedback", explanation)


def _text(parent: etree.Element, name: str, text: str) -> None:
    etree.SubElement(etree.SubElement(parent, name), "text").text = text


def _html(parent: etree.Element, name: str, text: str) -> None:
    """Plain text as HTML: a `<` in a formula stays one."""
    etree.SubElement(etree.SubElement(parent, name, format="html"), "text").text = html.escape(text, quote=False)
