"""The quizzes of all lessons on an exported page: no kernel, no network, no script."""

from pathlib import Path

import nbformat.v4 as v4
import pytest
from playwright.sync_api import Browser, Page, expect

from courseware import derive, export
from courseware.execute import execute
from courseware.project import project_root

ROOT = project_root(Path(__file__))
LESSONS = [path for path in sorted((ROOT / "course").glob("[0-9][0-9]_*.py")) if not path.name.startswith("00_")]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    """One page with the quiz cells of every lesson, made as `courseware export` makes pages."""
    folder = tmp_path_factory.mktemp("quizzes")
    cells = [v4.new_markdown_cell("# Quizzes")]
    for path in LESSONS:
        for number, cell in enumerate(derive.lesson(path.read_text(encoding="utf-8")).cells):
            if cell.cell_type == "code" and "Quiz(" in cell.source:
                cell.id = f"q-{path.stem[:2]}-{number}"
                cells.append(cell)
    name = "01_quizzes.ipynb"
    done = execute(v4.new_notebook(cells=cells), folder=folder, export=True)
    file = folder / "quizzes.html"
    file.write_text(export.page(done, name, export.site_map([name])), encoding="utf-8")
    return file


@pytest.fixture
def still(browser: Browser, page_file: Path) -> Page:
    """The page in a browser that has scripts turned off and no network."""
    context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto(page_file.as_uri())
    yield page
    context.close()


def test_a_choice_says_whether_it_is_right_and_why_only_when_it_is_opened(still):
    choices = still.locator("details")
    assert choices.count() >= 2 * 3 * len(LESSONS)
    assert choices.locator("div").filter(visible=True).count() == 0
    for question in still.locator("fieldset").all():
        verdicts = []
        for choice in question.locator("details").all():
            choice.locator("summary").click()
            expect(choice.locator("div")).to_be_visible()
            verdicts.append(choice.locator("strong").inner_text())
            assert len(choice.locator("div").inner_text()) > len(verdicts[-1]) + 10
        assert sorted(verdicts)[-1] == "✗ Not this one."
        assert verdicts.count("✓ Right.") == 1, question.inner_text()


def test_the_keyboard_chooses_too(still):
    first = still.locator("summary").first
    first.focus()
    for pressed, visible in (("Enter", True), ("Enter", False), ("Space", True)):
        still.keyboard.press(pressed)
        expect(still.locator("details div").first).to_be_visible(visible=visible)
    still.keyboard.press("Tab")
    expect(still.locator("summary").nth(1)).to_be_focused()


def test_a_screen_reader_is_told_which_question_a_choice_belongs_to(still):
    assert still.locator("fieldset").count() == still.get_by_role("group").filter(has=still.locator("legend")).count()
    question = still.get_by_role("group", name="Somebody multiplies the Gaussian kernel by 7.")
    expect(question.locator("summary")).to_have_count(3)


def test_no_line_runs_out_of_a_narrow_window(still):
    still.set_viewport_size({"width": 360, "height": 700})
    for choice in still.locator("summary").all():
        choice.click()
    boxes = [each.bounding_box() for each in still.locator("details div, summary, legend").all()]
    assert max(box["x"] + box["width"] for box in boxes) <= 360
