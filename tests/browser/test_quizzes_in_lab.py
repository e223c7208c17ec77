"""A quiz in JupyterLab, in a notebook that nobody has run or trusted yet: as it lies in a fresh clone."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import expect

from courseware.notebook.quiz import Question, Quiz
from courseware.text import derive

NOTEBOOK = "notebooks/scratch_quiz.ipynb"
QUIZ = Quiz(
    Question("One?", {"1": "It is one.", "2": "It is two.", "3": "It is three."}, right="a"),
    Question("Two?", {"1": "Too few.", "2": "Just so.", "3": "Too many."}, right="b"),
)


def test_a_stored_quiz_works_before_anything_has_run(lab, lab_page, tmp_path):
    shown = new_output("execute_result", data={"text/html": QUIZ._repr_html_(), "text/plain": repr(QUIZ)})
    cell = new_code_cell("quiz()", outputs=[shown], metadata={"jupyter": {"source_hidden": True}})
    notebook = new_notebook(cells=[cell], metadata=derive.NOTEBOOK_METADATA)
    nbformat.write(notebook, lab.root / NOTEBOOK)
    lab_page.open(NOTEBOOK)
    page = lab_page.page
    question = page.locator(".jp-OutputArea-output fieldset").nth(1)
    choices = question.locator("details")
    expect(choices).to_have_count(3)
    expect(choices.nth(1).locator("strong")).to_be_hidden()
    choices.nth(1).locator("summary").click()
    expect(choices.nth(1).locator("strong")).to_have_text("✓ Right.")
    expect(choices.nth(1).locator("strong")).to_be_visible()
    choices.nth(0).locator("summary").focus()
    page.keyboard.press("Enter")
    expect(choices.nth(0)).to_contain_text("✗ Not this one. Too few.")
    expect(choices.nth(0).locator("strong")).to_be_visible()
    page.screenshot(path=tmp_path / "quiz.png")
