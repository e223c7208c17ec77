"""The README's pictures, from the real thing: `pytest tests/browser/test_screenshots.py --screenshots docs/images`.

Without the option nothing of this runs.
"""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from watching import explorer, wait_for_key

WIDTH = "How wide should we look?"
WRONG = """
def attention_weights(query, keys, width):
    d = query[:, None] - keys[None, :]
    return torch.softmax(-d**2 / (2 * width**2), dim=0)
"""


@pytest.fixture
def save(request):
    folder = Path(request.config.getoption("--screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, shot: bytes) -> None:
        image = Image.open(io.BytesIO(shot)).convert("RGB")
        assert np.asarray(image).std() > 10, f"{name} is blank"
        image.save(folder / f"{name}.png", optimize=True)

    return write


def choose_width(page, key):
    found = explorer(page, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    wait_for_key(found, key)
    return found


def test_lesson(lab_page, save):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 860})
    lab_page.open("notebooks/02_kernel_regression.ipynb")
    lab_page.run_all()
    page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    found = choose_width(page, "12,0,12")
    found.evaluate("node => node.closest('.jp-Cell').scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    save("lesson", page.screenshot())


def test_slide(slides_page, save):
    page = slides_page.page
    page.set_viewport_size({"width": 1280, "height": 720})
    slides_page.open("notebooks/02_kernel_regression.ipynb")
    slides_page.go_to(WIDTH)
    choose_width(page, "12,0,12")
    page.wait_for_timeout(500)
    save("slide", page.screenshot())
    with page.expect_popup() as opening:
        page.keyboard.press("Escape")
        page.keyboard.press("s")
    notes = opening.value
    notes.set_viewport_size({"width": 960, "height": 540})
    notes.get_by_role("heading", name=WIDTH).wait_for()
    begins = int(notes.locator("#plan").inner_text().split()[0].rstrip("½"))
    notes.clock.install()
    notes.keyboard.press("r")
    notes.clock.fast_forward(f"{begins + 1}:10")
    notes.get_by_text("on time").wait_for()
    save("notes", notes.screenshot())


def test_feedback(lab_page, save):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 860})
    lab_page.open("notebooks/exercises/02_kernel_regression.ipynb")
    # As a student would: a wrong answer in the place of the stub, then run all.
    replaced = page.evaluate(
        """wrong => {
            const cells = jupyterapp.shell.currentWidget.content.widgets;
            const cell = cells.find((each) => each.model.sharedModel.source.includes("def attention_weights("));
            cell.model.sharedModel.setSource(wrong.trim());
            return Boolean(cell);
        }""",
        WRONG,
    )
    assert replaced
    lab_page.run_all()
    assert lab_page.errors() == []
    page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    report = page.locator(".jp-OutputArea-output").filter(has_text="✗").first
    report.scroll_into_view_if_needed()
    report.evaluate("node => node.closest('.jp-Cell').scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(500)
    save("feedback", page.screenshot())
