"""What a lecture needs of a lesson's slides, read in its text: answers wait, code is short or folded, words fit a room.

That slides fit the window, in every state, the browser's tests measure.
"""

import re

import pytest
from nbformat import NotebookNode

from courseware.project import START_NUMBER, lessons, project_root, read

ROOT = project_root()
LESSONS = {lesson.stem: lesson for lesson in lessons(ROOT) if lesson.number != START_NUMBER}
every_lesson = pytest.mark.parametrize("stem", LESSONS)

LINES, COLUMNS = 12, 88  # of code on a slide; 90 columns fit at 1280 × 720
EXPLORER = re.compile(r"(?:explorer|microscope|pad)\(|^explorer$", re.MULTILINE)
QUESTION = re.compile(r"\*\*Predict|^##? .*(?:\?|Predict.*)$", re.MULTILINE)

# Words for somebody who reads the notebook, or who argues with a source: they stand in the notebook, not on a slide.
NOT_ON_SLIDES = re.compile(
    r"\bcells? (?:below|above)|\b(?:below|above) (?:this|the) cell|slides (?:that )?this course grew from|source slides"
    r"|as we recall|check the paper|run the (?:next )?cell|this notebook",
    re.IGNORECASE,
)


def kind(cell: NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def slides(stem: str) -> list[list[NotebookNode]]:
    """The cells of each slide that a room sees, in order; notes and skipped cells are left out."""
    found: list[list[NotebookNode]] = []
    for cell in read(LESSONS[stem].source).cells:
        if kind(cell) in ("slide", "subslide"):
            found.append([])
        if found and kind(cell) not in ("skip", "notes"):
            found[-1].append(cell)
    return found


def waits(cell: NotebookNode) -> bool:
    """Whether a cell shows nothing of an answer until the lecturer or the room does something."""
    return kind(cell) == "fragment" or "<details" in cell.source or bool(EXPLORER.search(cell.source))


def prints(cell: NotebookNode) -> bool:
    """Whether anything of a cell is seen on its slide: text, code that is shown, or (it may be) an output."""
    shown = "show-code" in cell.metadata.get("tags", ())
    last = cell.source.rstrip().splitlines()[-1] if cell.source.strip() else ""
    return cell.cell_type == "markdown" or shown or not re.match(r"\w+(?:, \w+)* = |import |from |def ", last)


def answers_in_sight(slide: list[NotebookNode]) -> list[str]:
    problems = []
    for number, cell in enumerate(slide):
        if cell.cell_type != "markdown" or not (asked := QUESTION.search(cell.source)):
            continue
        following = [after for after in slide[number + 1 :] if prints(after)]
        if following and not waits(following[0]) and "<details" not in cell.source:
            problems.append(f"{asked[0]!r} is answered by what follows it: make that a fragment or a fold")
    return problems


@every_lesson
def test_an_answer_waits_until_it_is_asked_for(stem):
    assert [problem for slide in slides(stem) for problem in answers_in_sight(slide)] == []


@every_lesson
def test_code_on_a_slide_is_short_and_proves_nothing(stem):
    shown = [cell for slide in slides(stem) for cell in slide if "show-code" in cell.metadata.get("tags", ())]
    too_long = [cell.source for cell in shown if len(cell.source.splitlines()) > LINES]
    too_wide = [line for cell in shown for line in cell.source.splitlines() if len(line) > COLUMNS]
    assert too_long == []
    assert too_wide == []
    assert [cell.source for cell in shown if re.search(r"^\s*assert\b", cell.source, re.MULTILINE)] == []
    assert [cell.source for cell in shown if cell.metadata.get("jupyter", {}).get("source_hidden")] == []


@every_lesson
def test_words_for_readers_of_the_notebook_stand_on_no_slide(stem):
    texts = [cell.source for slide in slides(stem) for cell in slide if cell.cell_type == "markdown"]
    assert [found[0] for text in texts if (found := NOT_ON_SLIDES.search(text))] == []


@every_lesson
def test_no_slide_is_a_bare_title_or_a_bare_print(stem):
    def heading(slide):
        return slide[0].source.partition("\n")[0]

    bare = [heading(slide) for slide in slides(stem) if len(slide) == 1 and len(slide[0].source.splitlines()) < 3]
    folded = [
        heading(slide)
        for slide in slides(stem)
        if len(slide[0].source.splitlines()) < 2
        and all(
            cell.cell_type == "code"
            and "show-code" not in cell.metadata.get("tags", ())
            and not cell.metadata.get("jupyter", {}).get("source_hidden")
            for cell in slide[1:]
        )
    ]
    assert bare == []
    assert folded == []


@every_lesson
def test_the_title_has_a_picture(stem):
    title, *rest = slides(stem)[0]
    assert title.source.startswith("# ")
    assert any(cell.cell_type == "code" or "![" in cell.source for cell in [title, *rest])


@every_lesson
def test_a_mark_for_what_is_recalled_is_explained_once(stem):
    texts = [cell.source for cell in read(LESSONS[stem].source).cells if cell.cell_type == "markdown"]
    explained = [text for text in texts if re.search(r"†.{0,80}check the paper", text)]
    assert len(explained) == (1 if any("†" in text for text in texts) else 0)


# ---- the yardsticks themselves
def made(*cells: tuple[str, str, str]) -> list[NotebookNode]:
    return [
        NotebookNode(cell_type=kind, source=source, metadata={"slideshow": {"slide_type": slide}})
        for kind, slide, source in cells
    ]


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ([("markdown", "slide", "## Which?\n\n**Predict:** a or b?"), ("code", "-", "print(answer)")], 1),
        ([("markdown", "slide", "## Which?\n\n**Predict:** a or b?"), ("code", "fragment", "print(answer)")], 0),
        ([("markdown", "slide", "## Which?"), ("code", "-", "x = 1"), ("markdown", "fragment", "b")], 0),
        ([("markdown", "slide", "## Which?"), ("markdown", "-", "It is b.")], 1),
        ([("markdown", "slide", "## Which?"), ("code", "-", "ratio_explorer()")], 0),
        ([("markdown", "slide", "## A statement"), ("markdown", "-", "It is b.")], 0),
    ],
)
def test_an_answer_in_sight_is_seen(cells, problems):
    assert len(answers_in_sight(made(*cells))) == problems
