"""Marks and comments: what is derived stands in their place, and what is out of date is named with its remedy."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest

from courseware import cli
from courseware.project import project_root
from courseware.text import build, marks, syllabus, tables
from courseware.text.tables import Place

ROOT = project_root(Path(__file__))
EXERCISES = sum(len(outline.exercises) for outline in syllabus.of_course(ROOT))
HERE = Place(Path("nowhere"), Path("notebooks", "01_one.ipynb"))


@pytest.fixture
def words(monkeypatch):
    """Two marks that need no course."""
    made = {"who": lambda place, argument: f"somebody{argument}", "list": lambda place, argument: "- one\n- two"}
    monkeypatch.setattr(tables, "MADE", made)


# -------------------------------------------------------------------------------------------------------- the marks
@pytest.mark.usefixtures("words")
def test_a_mark_becomes_its_text_and_code_stays():
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell(
                "{{Who}} and {{who: , at last}}, `{{who}}`\n\n```\n{{who}}\n```\n\n{{list}}\n\nEnd $x^{2}$."
            ),
            v4.new_code_cell('"{{who}}"'),
        ]
    )
    marks.resolve(notebook, HERE)
    expected = "Somebody and somebody, at last, `{{who}}`\n\n```\n{{who}}\n```\n\n- one\n- two\n\nEnd $x^{2}$."
    assert [cell.source for cell in notebook.cells] == [expected, '"{{who}}"']


@pytest.mark.usefixtures("words")
def test_what_stands_between_comments_is_made_anew_in_a_line_and_over_lines():
    page = (
        "<!-- courseware build: Who -->old<!-- end of Who --> went.\n\n"
        "<!-- courseware build: list -->\n| `old` |\n<!-- end of list -->\n\n`<!-- courseware build: no -->`\n"
    )
    new = marks.written(page, HERE)
    assert new == (
        "<!-- courseware build: Who -->Somebody<!-- end of Who --> went.\n\n"
        "<!-- courseware build: list -->\n- one\n- two\n<!-- end of list -->\n\n`<!-- courseware build: no -->`\n"
    )
    assert marks.written(new, HERE) == new


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- courseware build: whom -->x<!-- end of whom -->", "no mark named 'whom'; there are: who, list"),
        ("<!-- courseware build: who -->x", "<!-- courseware build: who --> must be followed by <!-- end of who -->"),
        (
            "<!-- courseware build: who --> <!-- courseware build: list --> <!-- end of list --> <!-- end of who -->",
            "<!-- courseware build: who --> must be followed by",
        ),
    ],
)
def test_a_comment_that_cannot_be_filled_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        marks.written(text, HERE)


def test_an_unknown_mark_is_refused_with_its_text(tmp_path, monkeypatch, capsys):
    for folder in ("course", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "course" / "01_one.py").write_text("# %% [markdown]\n# # One\n#\n# {{recpa}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["build"]) == 2
    assert "course/01_one.py: there is no mark named 'recpa'; there are: lessons, " in capsys.readouterr().err


def test_front_matter_that_is_no_yaml_is_refused_with_its_file_and_words(tmp_path, monkeypatch, capsys):
    for folder in ("course", "notebooks"):
        (tmp_path / folder).mkdir()
    text = "# ---\n# jupyter:\n#   lesson:\n#     you move: a slider: left\n# ---\n\n# %% [markdown]\n# # One\n"
    (tmp_path / "course" / "01_one.py").write_text(text, encoding="utf-8")
    (tmp_path / "notebooks" / "01_one.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook()), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in (["build"], ["check"], ["present", "2"]):
        assert cli.main(command) == 2
        said = capsys.readouterr().err
        assert "01_one.py: the front matter cannot be read; words with a colon in them need quotes" in said
        assert "you move: a slider: left" in said


CHECKS = """
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Value

CHOICES = {"one": "No.", "two [@a]": "Yes.", "three": "Not."}
ALL = (
    Exercise("first", "First", (Choice("which", Question("How many?", CHOICES, "b")), Value("number", 3))),
    Exercise(
        "second",
        "Second",
        (Choice("which", Question("And now?", CHOICES, "c")), Choice("it", Question("is", CHOICES, "a"))),
    ),
)
"""


def test_a_sheet_takes_questions_and_choices_from_its_checks(tmp_path, monkeypatch):
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    sheet = tmp_path / "course" / "exercises" / "01_one.py"
    sheet.write_text("# %%\nfrom checks_of_toys import letters as exercise\n", encoding="utf-8")
    (tmp_path / "checks_of_toys").mkdir()
    (tmp_path / "checks_of_toys" / "letters.py").write_text(CHECKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    place = Place(tmp_path, Path("notebooks", "exercises", "01_one.ipynb"))
    listed = "- a · one,\n- b · two [@a],\n- c · three."
    assert marks.resolved("{{question: first.which}}", place) == f"**`which`** How many?\n\n{listed}"
    assert marks.resolved("{{statement: second.which as other}} {{statement: it}}", place) == (
        "**`other`** And now? **`it`** is"
    )
    assert marks.resolved("{{choices: it}}", place) == listed
    for named, number in (("which", 2), ("number", 0), ("first.it", 0)):
        with pytest.raises(ValueError, match=f"must be named '{named}' in the checks, there are {number}"):
            marks.resolved(f"{{{{question: {named}}}}}", place)
    sheet.write_text("# %%\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_one\.py must import its checks with"):
        marks.resolved("{{choices: it}}", place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"ModuleNotFoundError: No module named 'checks_with_a_slip\.slip'"),
        ("ALL = (frist,)", "NameError: name 'frist' is not defined"),
        ("ALL = (", r"SyntaxError: .*slip\.py, line 1"),
        ("EXERCISES = ()", "AttributeError: .* has no attribute 'ALL'"),
    ],
)
def test_checks_that_cannot_be_read_are_named_with_the_reason(tmp_path, monkeypatch, text, message):
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    sheet = tmp_path / "course" / "exercises" / "01_one.py"
    sheet.write_text("# %%\nfrom checks_with_a_slip import slip as exercise\n", encoding="utf-8")
    (tmp_path / "checks_with_a_slip").mkdir()
    (tmp_path / "checks_with_a_slip" / "__init__.py").touch()
    if text is not None:
        (tmp_path / "checks_with_a_slip" / "slip.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("checks_with_a_slip", "checks_with_a_slip.slip"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(
        ValueError, match=rf"01_one\.py: the checks in checks_with_a_slip\.slip cannot be read: {message}"
    ):
        tables.checks_of(tmp_path, "01_one")


@pytest.mark.parametrize(
    ("number", "words"), [(0, "no lessons"), (1, "one lesson"), (8, "eight lessons"), (62, "62 lessons")]
)
def test_counts_are_words_up_to_twelve(number, words):
    assert tables.counted(number, "lesson") == words


# ----------------------------------------------------------------------------- a small course with a table of its own
ROWS = """
from dataclasses import dataclass

@dataclass
class Row:
    number: str
    name: str
    lesson: str
    section: str = "A part"
    objects: tuple = ()

ROWS = (Row("1", "the mean", "one"), Row("2a", "the sum", "two"), Row("2b", "WORD", "two"))
COLUMNS = {
    "recap": {"name": lambda row: row.name, "length": lambda row: str(len(row.name))},
    "short": {"name": lambda row: row.name},
    "complete": {"lesson": lambda row: row.lesson},
}
"""
LESSONS = {
    "01_one": "# # 1 · One\n#\n# {{recap: 1}}",
    "02_two": "# # 2 · Two\n#\n# {{recap: 1, 2a, 2b, without length}}\n#\n# {{Lessons}}, {{exercises}}.",
    "03_three": "# # 3 · Three\n#\n# {{short table: 1 to 2a}}\n#\n# {{complete table}}",
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A course of three lessons, one with a sheet, whose notebooks are fresh; the current folder."""
    for folder in ("course/exercises", "notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    for stem, text in LESSONS.items():
        (tmp_path / "course" / f"{stem}.py").write_text(f"# %% [markdown]\n{text}\n", encoding="utf-8")
    (tmp_path / "course" / "exercises" / "02_two.py").write_text("# %% [markdown]\n# ## 1 · Alone\n", encoding="utf-8")
    (tmp_path / "rows_of_toys.py").write_text(ROWS.replace("WORD", "the last"), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.courseware]\ntable = "rows_of_toys"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rows_of_toys", raising=False)
    build.build(tmp_path, build.targets(tmp_path))
    return tmp_path


def test_the_table_of_a_project_comes_in_three_forms(small):
    def text(stem):
        return nbformat.read(small / "notebooks" / f"{stem}.ipynb", as_version=4).cells[0].source

    assert text("01_one").splitlines()[2:] == [
        "| | name | length |",
        "|---|---|---|",
        "| **1 the mean** | the mean | 8 |",
    ]
    assert text("02_two").splitlines()[2:] == [
        *("| | name |", "|---|---|", "| 1 the mean | the mean |", "| **2a the sum** | the sum |"),
        *("| **2b the last** | the last |", "", "Three lessons, one exercise."),
    ]
    assert text("03_three").splitlines()[4:] == [
        *("| 1 the mean | the mean |", "| 2a the sum | the sum |", ""),
        *("| | lesson | in the library |", "|---|---|---|", "| [**1 the mean**](01_one.ipynb#A-part) | one | none |"),
        "| [**2a the sum**](02_two.ipynb#A-part) | two | none |",
        "| [**2b the last**](02_two.ipynb#A-part) | two | none |",
    ]


def test_a_stale_recap_and_a_stale_count_in_a_notebook_fail_the_check(small, monkeypatch, capsys):
    assert cli.main(["check"]) == 0
    capsys.readouterr()
    rows = sys.modules["rows_of_toys"].ROWS
    monkeypatch.setattr(rows[1], "name", "the whole")
    assert cli.main(["check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "notebooks/02_two.ipynb differs from course/02_two.py: run `courseware build 02`",
        "notebooks/03_three.ipynb differs from course/03_three.py: run `courseware build 03`",
    ]
    monkeypatch.undo()
    monkeypatch.chdir(small)
    sheet = small / "course" / "exercises" / "02_two.py"
    sheet.write_text(sheet.read_text("utf-8") + "\n# %% [markdown]\n# ## 2 · Another\n", encoding="utf-8")
    assert cli.main(["check"]) == 1
    assert "notebooks/02_two.ipynb differs from course/02_two.py: run `courseware build 02`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("{{recap: 1, 3}}", "the table has no row '3'; it has 1, 2a, 2b"),
        ("{{recap: 1, without width}}", "the table has no column 'width'; it has name, length"),
    ],
)
def test_a_recap_of_what_is_not_there_is_refused(small, mark, message):
    with pytest.raises(ValueError, match=message):
        marks.resolved(mark, Place(small, Path("notebooks", "01_one.ipynb")))


# ---------------------------------------------------------------------------------------------- the course's own pages
@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    for folder in ("course", "docs"):
        shutil.copytree(ROOT / folder, root / folder)
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, root / file)
    (root / "notebooks").mkdir()
    return root


def test_every_page_is_up_to_date(copy):
    assert marks.stale_pages(copy) == []


@pytest.mark.parametrize(
    ("page", "derived"),
    [
        ("course/README.md", r"\| \*\*all\*\* .*\*\*(\d+)\*\* \| \|\n"),
        ("course/README.md", r"\| minutes \|\n.*\n\|.*\| (\S+) \|\n"),  # of a path, between no comments
        ("course/teaching/01_cues.md", r"\| so far \|\n.*\n\|.*\| (\S+) \|\n"),
        ("course/teaching/01_cues.md", r"\| in class[^|]* \| (\d+) \|"),
        ("docs/grading.md", r"\| a function \| (\d+) \|"),
        ("docs/grading.md", r"\| 02_kernel_regression \| \d+ \| (\d+) \|"),
        ("README.md", r"(\w+) lessons<!-- end of Lessons -->"),
        ("README.md", r"\| 1 \| (Cues[^|]*) \|"),
    ],
)
def test_a_stale_page_is_named_with_the_command_that_mends_it(copy, page, derived):
    # Places, not values: whoever adds an exercise or a lesson has nothing to change here.
    file = copy / page
    before = file.read_text(encoding="utf-8")
    [found] = list(re.finditer(derived, before))[:1]
    file.write_text(f"{before[: found.start(1)]}99{before[found.end(1) :]}", encoding="utf-8")
    assert marks.stale_pages(copy) == [f"{page} is out of date: run `courseware build tables`"]
    marks.write_pages(copy)
    assert file.read_text(encoding="utf-8") == before
