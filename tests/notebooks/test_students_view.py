"""What a student meets: no answer stands open below a "Predict", no note for the lecturer between them.

`pytest -s tests/notebooks/test_students_view.py` lists each "Predict" with what answers it.
"""

import re
from pathlib import Path

import nbformat
import pytest

from courseware.project import START_NUMBER, lessons, project_root
from courseware.text import folds

ROOT = project_root()
LESSONS = [lesson for lesson in lessons(ROOT) if lesson.number != START_NUMBER]
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)

ANSWER = re.compile(r'<details class="courseware-answer">\n<summary>.*</summary>\n\n.*\n\n</details>', re.DOTALL)
NOTES = re.compile(r'<details class="courseware-notes">\n<summary>.*</summary>\n\n> .*\n\n</details>', re.DOTALL)
EXPLORER = re.compile(r"^\w*(?:explorer|microscope|pad)\(\)$", re.MULTILINE)
PREPARES = 1  # a section that answers begins at most so many headings of slides behind the section that asks


def cells_of(path: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def kind(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def heading(cell: nbformat.NotebookNode) -> str:
    found = re.match(r"#+ (.*)", cell.source) if cell.cell_type == "markdown" else None
    return found[1] if found else ""


def asks(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and kind(cell) != "skip" and bool(folds.PREDICT.search(cell.source))


def shut(cell: nbformat.NotebookNode) -> bool:
    if cell.cell_type == "code":
        return bool(cell.metadata.get("collapsed") and cell.metadata.get("jupyter", {}).get("outputs_hidden"))
    return bool(ANSWER.fullmatch(cell.source))


def predictions(cells: list[nbformat.NotebookNode]) -> list[tuple[str, list[nbformat.NotebookNode], str]]:
    """Each "Predict": the heading of its section, the cells that follow in it, and what answers it."""
    found, section = [], ""
    for number, cell in enumerate(cells):
        section = heading(cell) or section
        if not asks(cell):
            continue
        following = []
        for after in cells[number + 1 :]:
            if heading(after) or asks(after):
                break
            following.append(after)
        if any(shut(each) and kind(each) in ("fragment", "-") for each in following):
            how = "folded"
        elif any(EXPLORER.search(each.source) for each in following):
            how = "an explorer, which waits"
        else:
            tagged = [each for each in cells[number + 1 :] if heading(each)][: PREPARES + 1]
            later = next((each for each in tagged if folds.ANSWER in each.metadata.get("tags", [])), None)
            how = f"folded below {heading(later)!r}" if later else "in sight"
        found.append((section, following, how))
    return found


@every_lesson
def test_every_predict_has_its_answer_folded_or_waiting(lesson):
    found = predictions(cells_of(lesson.notebook))
    print(f"\n{lesson.stem}")
    for section, _, how in found:
        print(f"  {section}: {how}")
    assert [section for section, _, how in found if how == "in sight"] == []
    if lesson.number != "08":  # whose prediction is a table of bets
        assert len(found) >= 3


@every_lesson
def test_nothing_printed_stands_open_between_a_predict_and_the_next_heading(lesson):
    for section, following, _ in predictions(cells_of(lesson.notebook)):
        for cell in following:
            prints = cell.cell_type == "code" and cell.outputs and not EXPLORER.search(cell.source)
            tells = cell.cell_type == "markdown" and kind(cell) == "fragment"
            if (prints and "open" not in cell.metadata.get("tags", [])) or tells:
                assert shut(cell), f"{section}: {cell.source[:80]}"


@every_lesson
def test_a_section_that_answers_a_predict_before_it_shows_nothing_open(lesson):
    inside = False
    for cell in cells_of(lesson.notebook):
        if heading(cell):
            inside = folds.ANSWER in cell.metadata.get("tags", [])
        elif inside and cell.cell_type == "code" and cell.outputs and "open" not in cell.metadata.get("tags", []):
            assert shut(cell), cell.source[:80]


@every_lesson
def test_every_note_for_the_lecturer_is_folded(lesson):
    cells = cells_of(lesson.notebook)
    notes = [cell.source for cell in cells if kind(cell) == "notes"]
    assert notes
    assert [text for text in notes if not NOTES.fullmatch(text)] == []
    assert [cell.source for cell in cells if kind(cell) != "notes" and "**Lecturer" in cell.source] == []


@every_lesson
def test_the_two_long_phrases_are_said_once(lesson):
    text = "\n".join(cell.source for cell in cells_of(lesson.notebook) if cell.cell_type == "markdown")
    text = text.partition("## References")[0]  # the list says it of each work
    assert len(re.findall(r"check the (?:paper|book)", text)) <= 1
    assert "this course grew from" not in text
    if "source slides" in text:
        first = re.search(r"\[?source slides", re.sub(r"(?m)^> .*$", "", text))
        assert first is not None
        assert first[0].startswith("["), "the first mention leads to what is meant"


def test_the_start_page_says_what_is_meant():
    text = "\n".join(cell.source for cell in cells_of(ROOT / "notebooks" / "00_start_here.ipynb"))
    assert "*The source slides* are" in text
    assert "† marks" in text
