"""Quizzes: what they show in a terminal, what they show in a browser, and which questions they refuse."""

import re
from html.parser import HTMLParser

import pytest

from courseware.exercises.multiple_choice import Question
from courseware.notebook.quiz import Quiz

CHOICES = {"1 < 2": "One is less.", "2 < 1": "It is the other way round.", "1 = 2": "They differ."}


def question(text="Which is true?", choices=CHOICES, right="a"):
    return Question(text, choices, right)


class Details(HTMLParser):
    """The text of each `<details>` element, and the attributes that run code."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.scripts = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.scripts += [name for name, _ in attributes if name.startswith("on")] + ["script"] * (tag == "script")
        if tag == "details":
            self.open += 1
            self.texts.append("")

    def handle_endtag(self, tag):
        self.open -= tag == "details"

    def handle_data(self, data):
        if self.open:
            self.texts[-1] += data


def test_the_text_form_has_the_choices_and_not_the_answer():
    assert repr(Quiz(question(), question("Again?", right="b"))) == (
        "1. Which is true?\n   a · 1 < 2\n   b · 2 < 1\n   c · 1 = 2\n"
        "2. Again?\n   a · 1 < 2\n   b · 2 < 1\n   c · 1 = 2"
    )
    assert repr(Quiz(question(right="a"))) == repr(Quiz(question(right="b")))


def test_each_choice_opens_on_its_own_verdict_and_explanation():
    details = Details(Quiz(question(right="b"))._repr_html_())
    assert details.texts == [
        "a · 1 < 2✗ Not this one. One is less.",
        "b · 2 < 1✓ Right. It is the other way round.",
        "c · 1 = 2✗ Not this one. They differ.",
    ]


def test_it_needs_no_script_and_no_style_sheet():
    text = Quiz(question())._repr_html_()
    assert Details(text).scripts == []
    assert not re.search(r"<style|<script|src=|url\(", text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": " "}, "text must be a question, was ' '"),
        ({"choices": dict(list(CHOICES.items())[:2])}, r"choices must be at least 3, was \['1 < 2', '2 < 1'\]"),
        ({"choices": CHOICES | {"4": " "}}, "choices must have an explanation each, was '4': ' '"),
        ({"right": "d"}, "right must be one of a, b, c, was 'd'"),
        ({"right": "ab"}, "right must be one of a, b, c, was 'ab'"),
        ({"right": ""}, "right must be one of a, b, c, was ''"),
    ],
)
def test_a_bad_question_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        question(**change)


def test_a_quiz_without_questions_is_refused():
    with pytest.raises(ValueError, match="questions must be one or more"):
        Quiz()
