"""An exercise as a student meets it in JupyterLab: hints that unfold, and a check that survives an endless loop."""

import pytest
from playwright.sync_api import expect

SHEET = "notebooks/exercises/01_cues.ipynb"

ENDLESS = """
def soft_pool(x, beta):
    calls.append(beta)
    while True:
        try:
            x = x + 1
        except Exception:
            pass
"""


@pytest.fixture
def sheet(lab_page):
    lab_page.page.set_viewport_size({"width": 1280, "height": 900})
    lab_page.open(SHEET)
    return lab_page.page


def run_cell(page, contains, source=None):
    """Run the first code cell whose source contains a text, after giving it another source; wait until it has run."""
    page.evaluate(
        """async ([contains, source]) => {
            const panel = jupyterapp.shell.currentWidget;
            const index = panel.content.widgets.findIndex((cell) =>
                cell.model.type === "code" && cell.model.sharedModel.source.includes(contains));
            if (source !== null) {
                panel.content.widgets[index].model.sharedModel.setSource(source);
            }
            panel.content.deselectAll();
            panel.content.activeCellIndex = index;
            await jupyterapp.commands.execute("notebook:run-cell");
        }""",
        [contains, source],
    )


def test_hints_unfold_one_after_the_other_without_a_run(sheet):
    """From the saved output alone: nothing has run, and the notebook is not trusted."""
    block = sheet.locator(".jp-OutputArea-output:has(details)").first
    steps = [
        block.get_by_text(step, exact=True)
        for step in ("Hint 1, a nudge", "Hint 2, the key idea", "Hint 3, the first line")
    ]
    block.scroll_into_view_if_needed()
    expect(steps[0]).to_be_visible()
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if after is not None:
            expect(after).not_to_be_visible()
        step.focus()
        sheet.keyboard.press("Enter")
        if after is not None:
            expect(after).to_be_visible()
    expect(block.locator("code").last).to_be_visible()
    expect(block.get_by_text("The solutions are linked at the end of this sheet.")).to_be_visible()


def test_an_endless_loop_is_rejected_and_the_kernel_keeps_what_it_had(sheet):
    run_cell(sheet, "import torch", "import torch\nfrom visual_attention.exercises import cues as exercise\ncalls = []")
    run_cell(sheet, "def soft_pool", ENDLESS)
    run_cell(sheet, "exercise.soft_pooling.check")
    report = sheet.locator(".jp-OutputArea-output").filter(has_text="It takes too long")
    report.scroll_into_view_if_needed()
    expect(report).to_contain_text("Is there a loop that never ends")
    expect(report).to_contain_text("beta = 1")
    run_cell(sheet, "exercise.soft_pooling.check", "print(len(calls), 'call, still here')")
    expect(sheet.locator(".jp-OutputArea-output").filter(has_text="1 call, still here")).to_be_visible()
