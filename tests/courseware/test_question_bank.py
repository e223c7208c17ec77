"""The quiz questions as a deck for Anki, as Moodle's XML and as text: all there, legible, the right one marked."""

import html
import json
import re
import sqlite3
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from courseware import cli
from courseware.project import Lesson, UserError, lessons
from courseware.question_bank.moodle import as_moodle
from courseware.question_bank.read import read_bank, read_questions
from courseware.question_bank.text import as_text

ROOT = Path(__file__).resolve().parents[2]

LESSON = """# %% [markdown]
# # 2 · Less / more
# %%
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "Is 1 < 2 & σ → ∞?",
        {"yes, α₁ < 2": "One is “less”.", "no & never": "It is less.", "</b> both": "Not <b>both</b>."},
        right="c",
    ),
    Question("Again?", {"1": "First of three.", "2": "Second of three.", "3": "Third of three."}, "a"),
)
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A start page and one lesson, as the current folder."""
    (tmp_path / "course").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course" / "00_start.py").write_text("# %% [markdown]\n# # A course: start here\n", "utf-8")
    (tmp_path / "course" / "02_less.py").write_text(LESSON, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def banks():
    return [read_bank(lesson) for lesson in lessons(ROOT)[1:]]


def plain(field):
    """What a reader sees of a field in HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", field))


def words(banks):
    """Every question, choice and explanation, each a text that must be somewhere."""
    for bank in banks:
        for question in bank.questions:
            yield from (question.text, *question.choices, *question.choices.values())


# ---- reading
def test_every_question_of_the_lessons_is_read_and_none_twice(banks):
    # Counted in another way: the word stands once in the import of each cell, without the bracket.
    counts = [lesson.source.read_text("utf-8").count("Question(") for lesson in lessons(ROOT)[1:]]
    assert [len(bank.questions) for bank in banks] == counts
    assert min(counts) >= 2
    texts = [question.text for bank in banks for question in bank.questions]
    assert len(set(texts)) == len(texts)


def test_formulas_of_the_quizzes_are_in_plain_text(banks):
    # A dollar or a backslash would be shown as it stands: by a quiz, and in Anki and Moodle as well.
    assert not [text for text in words(banks) if "$" in text or "\\" in text]


@pytest.mark.parametrize(
    ("quiz", "said"),
    [
        ("Quiz(question)", "each question as Question"),
        ('Quiz(Question("What?", CHOICES, "a"))', "must be a question in plain words"),
        ('Quiz(Question("What?", {"1": "no"}, "a"))', "must be a question in plain words: choices must be at least 3"),
        ('Quiz(Question("What?"))', "must be a question in plain words"),
        ("Quiz(", "is no Python"),
    ],
)
def test_a_quiz_that_cannot_be_read_is_named(course, quiz, said):
    (course / "course" / "02_less.py").write_text(f"# %%\n{quiz}\n", "utf-8")
    with pytest.raises(UserError, match=f"02_less.py: .*{said}"):
        read_questions(Lesson(course, "02_less"))


# ---- Moodle
def test_moodle_has_every_question_in_the_category_of_its_lesson(banks):
    quiz = etree.fromstring(as_moodle("A course", banks))
    assert quiz.tag == "quiz"
    found, category = {}, None
    for element in quiz:
        if element.get("type") == "category":
            category = element.findtext("category/text")
            continue
        assert element.get("type") == "multichoice"
        assert element.findtext("single") == "true"
        assert 0 < len(element.findtext("name/text")) <= 80
        answers = element.findall("answer")
        assert sorted(answer.get("fraction") for answer in answers) == ["0"] * (len(answers) - 1) + ["100"]
        asked = plain(element.findtext("questiontext/text"))
        told = [(plain(a.findtext("text")), plain(a.findtext("feedback/text"))) for a in answers]
        right = [answer.get("fraction") for answer in answers].index("100")
        found.setdefault(category, []).append((asked, told, "abcdef"[right]))
    assert found == {
        f"$course$/top/A course/{bank.title.replace('/', '//')}": [
            (question.text, list(question.choices.items()), question.right) for question in bank.questions
        ]
        for bank in banks
    }


def test_what_looks_like_markup_stays_text_in_moodle(course):
    quiz = etree.fromstring(as_moodle("A course", [read_bank(Lesson(course, "02_less"))]))
    assert quiz.findtext("question/category/text") == "$course$/top/A course/2 · Less // more"
    asked = quiz.findall("question")[1]
    assert asked.findtext("questiontext/text") == "Is 1 &lt; 2 &amp; σ → ∞?"  # in HTML, as the attribute says
    assert {part.get("format") for part in [asked.find("questiontext"), *asked.findall("answer")]} == {"html"}
    assert asked.findall("answer")[2].findtext("text") == "&lt;/b&gt; both"


# ---- Anki
def notes(package, folder):
    """The notes of a package for Anki, as its database has them: fields and tags, and the names of the decks."""
    with zipfile.ZipFile(package) as archive:
        archive.extract("collection.anki2", folder)
    database = sqlite3.connect(folder / "collection.anki2")
    found = [
        (row[0].split("\x1f"), row[1].split(), row[2]) for row in database.execute("SELECT flds, tags, guid FROM notes")
    ]
    decks = {deck["name"] for deck in json.loads(database.execute("SELECT decks FROM col").fetchone()[0]).values()}
    cards = database.execute("SELECT count(*) FROM cards").fetchone()[0]
    database.close()
    return found, decks, cards


def test_the_deck_has_every_question_with_its_explanations(banks, tmp_path):
    from courseware.question_bank.anki import write_anki

    write_anki(tmp_path / "questions.apkg", "A course", banks)
    found, decks, cards = notes(tmp_path / "questions.apkg", tmp_path)
    asked = [(bank, question) for bank in banks for question in bank.questions]
    assert len(found) == cards == len(asked)
    assert decks >= {f"A course::{bank.title}" for bank in banks}
    by_question = {plain(fields[0]): (fields, tags) for fields, tags, _ in found}
    for bank, question in asked:
        fields, tags = by_question[question.text]
        assert tags == [f"lesson-{bank.name}"]
        choices = [plain(item) for item in re.findall("<li>(.*?)</li>", fields[1])]
        assert choices == list(question.choices)
        right = question.lines[question.letters.index(question.right)]
        assert plain(fields[2]) == f"✓ {right}"
        explained = re.findall(r"<li><span( class=right)?>(.*?)</span><br>(.*?)</li>", fields[3])
        assert [(plain(choice), plain(why)) for _, choice, why in explained] == list(question.choices.items())
        assert [bool(mark) for mark, _, _ in explained] == [letter == question.right for letter in question.letters]


def test_the_program_anki_takes_the_deck_in(banks, tmp_path):
    from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

    from courseware.question_bank.anki import write_anki

    write_anki(tmp_path / "questions.apkg", "A course", banks)
    collection = Collection(str(tmp_path / "mine.anki2"))
    try:
        request = ImportAnkiPackageRequest(
            package_path=str(tmp_path / "questions.apkg"), options=ImportAnkiPackageOptions()
        )
        taken = collection.import_anki_package(request).log
        asked = [question for bank in banks for question in bank.questions]
        assert len(taken.new) == collection.card_count() == len(asked)
        assert {deck.name for deck in collection.decks.all_names_and_ids()} >= {
            f"A course::{bank.title}" for bank in banks
        }
        shown = [collection.get_card(card) for card in collection.find_cards("")]
        fronts, backs = (
            plain(" ".join(side)) for side in zip(*((c.question(), c.answer()) for c in shown), strict=True)
        )
        for question in asked:
            assert question.text in fronts
            assert all(why in backs for why in question.choices.values())
        again = collection.import_anki_package(request).log
        assert (len(again.new), len(again.duplicate)) == (0, len(asked))
    finally:
        collection.close()


def test_a_mended_explanation_meets_the_card_that_was_learned(course):
    from courseware.question_bank.anki import write_anki

    def guids(name):
        write_anki(course / name, "A course", [read_bank(Lesson(course, "02_less"))])
        return [guid for _, _, guid in notes(course / name, course)[0]]

    before = guids("before.apkg")
    lesson = course / "course" / "02_less.py"
    lesson.write_text(LESSON.replace("It is less.", "It is less, and always was."), "utf-8")
    assert guids("after.apkg") == before
    lesson.write_text(LESSON.replace("Again?", "Once more?"), "utf-8")
    assert guids("other.apkg")[1] != before[1]


def test_anki_without_its_package_says_how_to_install_it(course, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "genanki", None)
    monkeypatch.delitem(sys.modules, "courseware.question_bank.anki", raising=False)
    assert cli.main(["quiz", "--to", "anki"]) == 2
    said = capsys.readouterr().err
    assert "genanki" in said
    assert 'python -m pip install -c constraints.txt -e ".[quiz]"' in said


# ---- the mistakes that exercises know
CHECKS = """from types import SimpleNamespace as Some

half = Some(name="half", wrong=0.5, feedback="½ is <one> of two.")
ways = Some(name="upside down", wrong=lambda x: 1 / x, feedback="It is the inverse.")
first, second = Some(name="first", mistakes=(half,)), Some(name="second", mistakes=(half, ways))
ALL = (Some(title="A third", questions=(first, second)), Some(title="One letter", questions=(Some(name="letter"),)))
"""


@pytest.fixture
def with_mistakes(course, monkeypatch):
    """The lesson with a sheet of exercises, two mistakes of which are known."""
    (course / "course" / "exercises").mkdir()
    sheet = "# %% [markdown]\n# # Sheet\n# %%\nfrom mistaken_course import thirds as exercise\n"
    (course / "course" / "exercises" / "02_less.py").write_text(sheet, "utf-8")
    (course / "mistaken_course").mkdir()
    (course / "mistaken_course" / "__init__.py").touch()
    (course / "mistaken_course" / "thirds.py").write_text(CHECKS, "utf-8")
    monkeypatch.syspath_prepend(course)
    yield read_bank(Lesson(course, "02_less"), mistakes=True)
    for name in [name for name in sys.modules if name.startswith("mistaken_course")]:
        del sys.modules[name]


def test_each_mistake_is_in_each_form_once(with_mistakes, course, tmp_path, capsys):
    from courseware.question_bank.anki import write_anki

    asked = [
        "Exercise “A third, first”. A wrong answer: half: 0.5. What is behind it?",
        "Exercise “A third, second”. A wrong answer: upside down. What is behind it?",
    ]
    told = ["½ is <one> of two.", "It is the inverse."]
    assert [(each.question, each.feedback) for each in with_mistakes.mistakes] == list(zip(asked, told, strict=True))

    write_anki(tmp_path / "questions.apkg", "A course", [with_mistakes])
    found, decks, cards = notes(tmp_path / "questions.apkg", tmp_path)
    assert cards == 4
    assert "A course::2 · Less / more::Named mistakes" in decks
    of_mistakes = [[plain(field) for field in fields] for fields, tags, _ in found if "mistake" in tags]
    assert of_mistakes == [list(pair) for pair in zip(asked, told, strict=True)]

    quiz = etree.fromstring(as_moodle("A course", [with_mistakes]))
    essays = quiz.findall("question[@type='essay']")
    assert quiz.findall("question")[-3].findtext("category/text").endswith("/2 · Less // more/Named mistakes")
    assert [plain(essay.findtext("questiontext/text")) for essay in essays] == asked
    for where in ("generalfeedback/text", "graderinfo/text"):
        assert [plain(essay.findtext(where)) for essay in essays] == told

    sheet, _, answers = as_text("A course", [with_mistakes]).partition("\f")
    assert f"\n4. {asked[1]}\n" in sheet
    assert f"\n4. {asked[1]}\n   {told[1]}\n" in answers
    assert told[1] not in sheet

    assert cli.main(["quiz", "--to", "moodle", "--mistakes"]) == 0
    assert "2 questions and 2 mistakes written" in capsys.readouterr().err
    assert cli.main(["quiz", "--to", "text"]) == 0
    assert "A wrong answer" not in capsys.readouterr().out  # only if asked for
    assert cli.main(["quiz", "--to", "text", "--mistakes", "--test", "a"]) == 2
    assert "not both" in capsys.readouterr().err


def test_the_mistakes_of_a_lesson_are_in_plain_text_and_none_twice():
    [lesson] = [lesson for lesson in lessons(ROOT) if lesson.number == "02"]
    mistakes = read_bank(lesson, mistakes=True).mistakes
    assert len(mistakes) > 50
    assert len({each.question for each in mistakes}) == len(mistakes)  # Anki knows a card by it
    assert not [each for each in mistakes if "$" in each.question + each.feedback]


# ---- text and the command
def test_text_asks_first_and_answers_behind(banks):
    asked, _, answered = as_text("A course", banks).partition("\f")
    for bank in banks:
        for question in bank.questions:
            assert all(line in asked and line in answered for line in question.lines)
            assert not any(explanation in asked for explanation in question.choices.values())
            assert all(explanation in answered for explanation in question.choices.values())
            assert f"✓ {question.lines[question.letters.index(question.right)]}" in answered
    assert "✓" not in asked


def test_text_numbers_through_all_lessons(course):
    bank = read_bank(Lesson(course, "02_less"))
    assert re.findall(r"(?m)^\d+\.", as_text("A course", [bank, bank])) == ["1.", "2.", "3.", "4."] * 2


def test_the_command_writes_what_was_asked_for(course, capsys):
    assert cli.main(["quiz", "--to", "text", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("A course\n\n2 · Less / more\n\n1. Is 1 < 2 & σ → ∞?\n   a · yes, α₁ < 2\n")
    assert cli.main(["quiz", "--to", "text", "--out", "sheet.txt"]) == 0
    assert (course / "sheet.txt").read_text("utf-8") == shown
    assert cli.main(["quiz", "--to", "moodle"]) == 0
    assert len(etree.parse(course / "questions.xml").findall("question[@type='multichoice']")) == 2
    assert "2 questions written: see questions.xml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "text", "7"], "no lesson '7'"),
        (["--to", "text", "0"], "no quiz in 00_start.py"),
        (["--to", "moodle", "--output", "missing/questions.xml"], "missing/questions.xml cannot be written"),
    ],
)
def test_what_cannot_be_written_is_a_message(course, capsys, arguments, said):
    assert cli.main(["quiz", *arguments]) == 2
    assert said in capsys.readouterr().err
