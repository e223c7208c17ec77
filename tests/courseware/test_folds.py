"""What a student's notebook folds: notes, and answers until a guess is made."""

import re

import nbformat
import pytest

from courseware.publish import deck
from courseware.text import derive, folds


def lesson(*cells: tuple[str, str, str], tags: str = "") -> nbformat.NotebookNode:
    """A lesson's notebook of cells: kind of cell, of slide, source."""
    text = ""
    for kind, slide, source in cells:
        mark = " [markdown]" if kind == "text" else ""
        body = "\n".join(f"# {line}" for line in source.split("\n")) if kind == "text" else source
        text += f'# %%{mark} slideshow={{"slide_type": "{slide}"}}{tags}\n{body}\n\n'
    return derive.lesson(text)


def folded(cell: nbformat.NotebookNode) -> str:
    """What stands on a cell's fold; empty if it has none."""
    if cell.cell_type == "code":
        shut = cell.metadata.get("collapsed") and cell.metadata["jupyter"]["outputs_hidden"]
        return cell.metadata["mystnb"]["code_prompt_show"] if shut else ""
    found = re.match(r'<details class="courseware-(?:answer|notes)">\n<summary>(.*)</summary>\n\n', cell.source)
    return found[1] if found else ""


QUESTION = ("text", "slide", "## Which?\n\n**Predict:** a or b?")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([QUESTION, ("text", "fragment", "It is b.")], [folds.FIRST]),
        ([QUESTION, ("code", "fragment", "print(1)"), ("text", "fragment", "So b.")], [folds.FIRST, folds.LATER]),
        # What is prepared on no slide may give the answer away, too; the next fold is still the first.
        ([QUESTION, ("code", "skip", "print(1)"), ("text", "fragment", "b")], [folds.FIRST, folds.FIRST]),
        ([QUESTION, ("text", "fragment", "b"), ("text", "skip", "For b has …")], [folds.FIRST, folds.LATER]),
        ([QUESTION, ("text", "skip", "In full: …"), ("code", "fragment", "print(1)")], ["", folds.FIRST]),
        ([QUESTION, ("code", "-", "width_explorer()"), ("text", "skip", "Try …")], ["", ""]),
        ([QUESTION, ("code", "-", "points_microscope()"), ("text", "skip", "Try …")], ["", ""]),
        ([QUESTION, ("text", "skip", "### More"), ("code", "skip", "print(1)")], ["", ""]),
        ([QUESTION, ("text", "notes", "> **Lecturer, 1 min.** Ask.")], ["For the lecturer"]),
        ([("text", "slide", "## Which?"), ("text", "fragment", "It is b.")], [""]),
        ([("text", "slide", "## The cost? Predict"), ("code", "fragment", "print(1)")], [folds.FIRST]),
    ],
)
def test_answers_and_notes_are_folded(cells, said):
    assert [folded(cell) for cell in lesson(*cells).cells[1:]] == said


def test_a_later_section_answers_if_it_is_tagged():
    notebook = lesson(("text", "slide", "## Six seeds"), ("code", "-", "print(1)"), tags=' tags=["answer"]')
    assert folded(notebook.cells[0]) == ""
    assert folded(notebook.cells[1]) == folds.FIRST


def test_what_is_tagged_open_stays_open():
    notebook = derive.lesson(
        '# %% [markdown] slideshow={"slide_type": "slide"}\n# ## Which?\n#\n# **Predict:** a or b?\n\n'
        '# %% slideshow={"slide_type": "-"} tags=["open"]\nprint("training")\n'
    )
    assert folded(notebook.cells[1]) == ""


def test_a_folded_text_is_whole_between_its_marks():
    text = "| a |\n|---|\n| $x$ |\n\nSo **b**."
    cell = lesson(QUESTION, ("text", "fragment", text)).cells[1]
    assert cell.source.endswith(f"</summary>\n\n{text}\n\n</details>")


def test_slides_show_all():
    notes = "> **Lecturer, 1 min.** Ask."
    cells = [QUESTION, ("text", "fragment", "It is *b*."), ("code", "fragment", "print(1)"), ("text", "notes", notes)]
    shown = folds.unfolded(lesson(*cells))
    assert [cell.source for cell in shown.cells] == [source for _, _, source in cells]
    assert not any(folded(cell) for cell in shown.cells)
    made = deck.deck(lesson(*cells), "one.ipynb", {"one.ipynb": "one.html"})
    assert "<details" not in made
    assert "It is <em>b</em>." in made


def test_an_output_that_somebody_opened_is_no_other_source():
    one, two = (lesson(QUESTION, ("code", "fragment", "print(1)")) for _ in range(2))
    two.cells[1].metadata.pop("collapsed")
    two.cells[1].metadata["jupyter"].pop("outputs_hidden")
    assert derive.same_source(one, two)
    two.cells[1].metadata.tags = []
    assert not derive.same_source(one, two)
