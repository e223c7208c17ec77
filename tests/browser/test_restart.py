"""A kernel that is restarted in the middle of a check costs a student nothing: answers and progress stay."""

import json
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from courseware.project import project_root
from courseware.text import derive

STEM = "05_squeeze_excitation"
SHEET = f"notebooks/exercises/{STEM}.ipynb"
ANSWER = "squeezed = [2.5, 0.5]; gates = [0.2315, 0.8581]; scaled = [1.1574, 0.8581]; asleep = 0.5"
ENDLESS = "def number_of_weights(u, reduction, bias): import time; print('begun'); time.sleep(3600)"


class Sheet:
    """An exercise sheet in JupyterLab, as a person uses it."""

    def __init__(self, lab_page):
        self.lab_page, self.page = lab_page, lab_page.page

    def cell(self, words):
        """The code cell with `words` in it; scrolled to, since JupyterLab draws only what is near."""
        self.page.evaluate(
            """words => {
                const notebook = jupyterapp.shell.currentWidget.content;
                const index = notebook.widgets.findIndex(
                    (cell) => cell.model.type === "code" && cell.model.sharedModel.getSource().includes(words));
                notebook.activeCellIndex = index;
                return notebook.scrollToItem(index, "center");
            }""",
            words,
        )
        cell = self.page.locator(".jp-CodeCell.jp-mod-active")
        expect(cell).to_contain_text(words)
        return cell

    def type_into(self, words, answer):
        self.cell(words).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(answer)

    def start(self, words):
        self.cell(words).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, words):
        """Run the cell, wait until it has, and return its output."""
        self.start(words)
        cell = self.page.locator(".jp-CodeCell.jp-mod-active")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text("[*]:", timeout=60_000)
        return cell.locator(".jp-Cell-outputArea")

    def sources(self):
        return self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.sharedModel.getSource())"
        )

    def restart(self):
        self.page.evaluate("() => { jupyterapp.commands.execute('kernelmenu:restart'); }")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'", timeout=60_000
        )


@pytest.fixture
def sheet(lab, lab_page):
    text = (project_root(Path(__file__)) / "course" / "exercises" / f"{STEM}.py").read_text(encoding="utf-8")
    nbformat.write(derive.unsolved(text, STEM), lab.root / SHEET)
    lab_page.open(SHEET)
    return Sheet(lab_page)


def test_a_restart_in_the_middle_of_a_check_loses_nothing(sheet, lab, lab_page):
    record = lab.root / "notebooks" / "progress.json"
    sheet.run("journal.begin")
    sheet.type_into("squeezed = ...", ANSWER)
    sheet.run("squeezed = ")
    expect(sheet.run("exercise.by_hand.check")).to_contain_text("✓ right")
    assert "by_hand" in json.loads(record.read_text())["passed"][STEM]

    sheet.type_into("def number_of_weights", ENDLESS)
    sheet.run("def number_of_weights")
    before = sheet.sources()
    sheet.start("exercise.debug.check")
    sheet.page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'", timeout=30_000
    )
    sheet.restart()

    # What was typed is there, what was passed is there, and the next kernel takes up where this one was stopped.
    assert sheet.sources() == before
    assert ANSWER in before
    assert json.loads(record.read_text()) == {"passed": {STEM: ["by_hand"]}}
    expect(sheet.cell("exercise.by_hand.check").locator(".jp-Cell-outputArea")).to_contain_text("✓ right")
    sheet.run("journal.begin")
    sheet.run("squeezed = ")
    expect(sheet.run("exercise.by_hand.check")).to_contain_text("✓ right")

    # The browser is closed without a word after one Ctrl+S: opened again, the sheet still has it all.
    sheet.page.keyboard.press("Escape")
    sheet.page.keyboard.press("Control+s")
    sheet.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty", timeout=10_000)
    lab_page.open(SHEET)
    assert sheet.sources() == before


def test_the_start_page_shows_what_passed_before_the_restart(sheet, lab, lab_page, tmp_path):
    (lab.root / "notebooks" / "progress.json").write_text(json.dumps({"passed": {STEM: ["by_hand", "block"]}}))
    text = (project_root(Path(__file__)) / "course" / "00_start_here.py").read_text(encoding="utf-8")
    notebook = derive.lesson(text)
    notebook.cells = [cell for cell in notebook.cells if "progress" in cell.source or "Checklist" in cell.source]
    nbformat.write(notebook, lab.root / "notebooks" / "scratch_progress.ipynb")
    lab_page.open("notebooks/scratch_progress.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
    table = lab_page.page.locator(".jp-RenderedMarkdown.jp-OutputArea-output table")
    row = table.get_by_role("row").filter(has_text="5 · SENet")
    expect(row).to_contain_text("2 of 9")
    expect(row.get_by_role("cell").nth(2)).to_contain_text("1 By hand: squeeze, excite, scale")
    lab_page.page.screenshot(path=tmp_path / "progress.png")
    row.get_by_role("link").click()
    lab_page.page.wait_for_function(
        "path => jupyterapp.shell.currentWidget?.context?.path === path", arg=SHEET, timeout=30_000
    )
