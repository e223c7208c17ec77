"""JupyterLab and live slides as a person meets them: no pop-ups, and widgets that work on a slide."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect
from watching import explorer, key, wait_for_key

SCRATCH = "notebooks/scratch.ipynb"
POP_UPS = ".jp-Dialog, .Toastify__toast, .jp-HoverBox"

# A range input in an anywidget; the kernel answers with twice the value, so a dead kernel shows.
RANGE_WIDGET = '''
import anywidget, traitlets

class Range(anywidget.AnyWidget):
    _esm = """
    export default {
        render({ model, el }) {
            const slider = document.createElement("input");
            Object.assign(slider, { type: "range", min: 0, max: 20, value: 10, id: "scratch-range" });
            const twice = document.createElement("output");
            twice.id = "scratch-twice";
            slider.addEventListener("input", () => {
                model.set("value", Number(slider.value));
                model.save_changes();
            });
            model.on("change:twice", () => { twice.textContent = model.get("twice"); });
            el.append(slider, twice);
        },
    };
    """
    value = traitlets.Int(10).tag(sync=True)
    twice = traitlets.Int(20).tag(sync=True)

    @traitlets.observe("value")
    def _double(self, change):
        self.twice = 2 * change.new

Range()
'''
INT_SLIDER = "import ipywidgets\nipywidgets.IntSlider(value=3, min=0, max=10)"


@pytest.fixture
def scratch(lab) -> Path:
    """A deck of three slides: text, the range widget, a slider of ipywidgets."""
    cells = [new_markdown_cell("# Scratch"), new_code_cell(RANGE_WIDGET), new_code_cell(INT_SLIDER)]
    for cell in cells:
        cell.metadata["slideshow"] = {"slide_type": "slide"}
        if cell.cell_type == "code":
            cell.metadata["jupyter"] = {"source_hidden": True}
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "rise": {"center": False, "transition": "none", "theme": "white"},
    }
    path = lab.root / SCRATCH
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def drag_to(page, handle, share: float, track=None) -> None:
    """Press the mouse on the middle of `handle` and let go at `share` of the width of `track`."""
    box = handle.bounding_box()
    along = (track or handle).bounding_box()
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, height)
    page.mouse.down()
    page.mouse.move(along["x"] + share * along["width"], height, steps=5)
    page.mouse.up()


def test_the_start_page_opens_without_a_pop_up(lab, page):
    page.goto(lab.start_page.replace("?token", "?reset&token"))
    page.wait_for_function("window.jupyterapp?.restored.then(() => true)", timeout=60_000)
    # Without our settings, JupyterLab asks about news a third of a second after this point.
    page.wait_for_timeout(2_000)
    assert page.locator(POP_UPS).filter(visible=True).all_text_contents() == []


def test_the_start_page_is_not_unsaved_on_opening(lab_page):
    lab_page.open("notebooks/00_start_here.ipynb")
    # What the kernel says of itself has been written into the notebook: that is what calls it unsaved.
    lab_page.page.evaluate(
        "() => { const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;"
        " return Promise.all([kernel.info, kernel.spec]); }"
    )
    lab_page.page.wait_for_timeout(1_000)
    lab_page.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")


def test_a_notebook_runs_in_lab_and_its_errors_are_read(lab_page, scratch):
    notebook = nbformat.read(scratch, as_version=4)
    notebook.cells.append(new_code_cell("1 / 0"))
    nbformat.write(notebook, scratch)
    lab_page.open(SCRATCH)
    lab_page.run_all()
    assert lab_page.errors() == ["cell 3: ZeroDivisionError: division by zero"]
    drag_to(lab_page.page, lab_page.page.locator("#scratch-range"), 1.0)
    expect(lab_page.page.locator("#scratch-twice")).to_have_text("40")


def test_the_slide_stays_while_the_cells_run(slides_page, scratch):
    notebook = nbformat.read(scratch, as_version=4)
    notebook.cells[1:1] = [new_code_cell("import time; time.sleep(2)")]
    nbformat.write(notebook, scratch)
    page = slides_page.page
    slides_page.open_running(SCRATCH)
    page.wait_for_selector("body[data-notebook-run=running]")
    assert slides_page.current == "slide-0-0"
    page.keyboard.press("Space")
    slides_page.wait_until_run()
    assert slides_page.current == "slide-1-0"
    assert page.locator("#scratch-range").count() == 1


def test_only_an_error_that_is_meant_lets_the_run_go_on(slides_page, scratch):
    notebook = nbformat.read(scratch, as_version=4)
    meant = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    notebook.cells += [meant, new_code_cell("print('after the first')"), new_code_cell("int('x')")]
    notebook.cells += [new_code_cell("print('after the second')")]
    nbformat.write(notebook, scratch)
    slides_page.open(SCRATCH)
    said = " ".join(slides_page.page.locator(".jp-OutputArea-output").all_text_contents())
    assert "after the first" in said
    assert "after the second" not in said
    assert len(slides_page.errors()) == 2


def test_the_keys_turn_the_slide_after_a_click_on_its_text(slides_page, scratch):
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.locator("#slide-0-0 h1").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    page.keyboard.press("Space")
    expect(page.locator("#slide-2-0")).to_have_class("present")


def test_a_range_input_on_a_slide_moves_and_the_slide_stays(slides_page, scratch):
    page = slides_page.page
    slides_page.open(SCRATCH)
    assert slides_page.current == "slide-0-0"
    page.keyboard.press("Space")
    expect(page.locator("#slide-1-0")).to_have_class("present")

    slider, twice = page.locator("#scratch-range"), page.locator("#scratch-twice")
    drag_to(page, slider, 1.0)
    expect(twice).to_have_text("40")
    for pressed, expected in {"ArrowLeft": 38, "ArrowDown": 36, "ArrowRight": 38, "Home": 0, "End": 40}.items():
        slider.press(pressed)
        expect(twice).to_have_text(str(expected))
    slider.press("Space")
    assert slides_page.current == "slide-1-0"


def test_a_slider_of_ipywidgets_on_a_slide_moves_and_the_slide_stays(slides_page, scratch):
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slide-2-0")).to_have_class("present")

    handle, readout = page.locator(".noUi-handle"), page.locator(".widget-readout")
    drag_to(page, handle, 1.0, track=page.locator(".noUi-target"))
    expect(readout).to_have_text("10")
    for pressed, expected in {"ArrowLeft": 9, "ArrowDown": 8, "ArrowUp": 9, "Home": 0}.items():
        handle.press(pressed)
        expect(readout).to_have_text(str(expected))
    handle.press("Space")
    assert slides_page.current == "slide-2-0"


LEAVE = {
    "Escape": lambda page: page.keyboard.press("Escape"),
    "click": lambda page: page.mouse.click(640, 600),
}


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE.keys())
def test_the_keys_turn_slides_again_after_the_slider_is_left(slides_page, scratch, leave):
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.keyboard.press("Space")
    page.locator("#scratch-range").focus()
    leave(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slide-2-0")).to_have_class("present")


def test_a_remote_control_turns_the_slide_from_a_slider(slides_page, scratch):
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.keyboard.press("PageDown")
    page.locator("#scratch-range").press("PageDown")
    expect(page.locator("#slide-2-0")).to_have_class("present")
    page.locator(".noUi-handle").press("PageUp")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    expect(page.locator("#scratch-range")).to_have_value("10")
    expect(page.locator(".widget-readout")).to_have_text("3")


def test_a_remote_control_turns_the_slide_from_a_code_cell(slides_page, scratch):
    notebook = nbformat.read(scratch, as_version=4)
    del notebook.cells[2].metadata["jupyter"]
    notebook.cells[2].metadata["tags"] = ["show-code"]
    nbformat.write(notebook, scratch)
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    expect(page.locator("#slide-2-0")).to_have_class("present")
    before = page.locator("#slide-2-0 .cm-content").inner_text()
    page.locator("#slide-2-0 .cm-content").click()
    page.keyboard.press("PageUp")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    page.keyboard.press("PageDown")
    expect(page.locator("#slide-2-0")).to_have_class("present")
    assert page.locator("#slide-2-0 .cm-content").inner_text() == before


@pytest.mark.parametrize("keys", ["Escape", "Control+Enter"])
def test_no_cell_has_a_frame_after_its_code_is_left(slides_page, scratch, keys):
    notebook = nbformat.read(scratch, as_version=4)
    del notebook.cells[2].metadata["jupyter"]
    notebook.cells[2].metadata["tags"] = ["show-code"]
    nbformat.write(notebook, scratch)
    page = slides_page.page
    slides_page.open(SCRATCH)
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.locator("#slide-2-0 .cm-content").click()
    page.keyboard.press(keys)
    cell = page.locator("#slide-2-0 .jp-Cell.jp-mod-active")
    expect(cell).to_have_css("box-shadow", "none")
    expect(cell).to_have_css("outline-style", "none")
    expect(cell).to_have_css("border-left-width", "0px")


# "slow" pictures take the kernel some time; one of the "fast" ones cannot be drawn, and says how often it was tried.
EXPLORER = """
import time
from matplotlib.figure import Figure
from courseware.notebook.explorer import Explorer, Menu, Slider

asked = []

def draw(height, speed):
    asked.append((height, speed))
    if speed == "slow":
        time.sleep(2)
    if (height, speed) == (3, "fast"):
        raise ValueError(f"tried {asked.count((3, 'fast'))} times")
    figure = Figure(figsize=(4, 2))
    figure.subplots().bar([0], [height])
    return figure

controls = [Slider("height", "height", [1, 2, 3], 1), Menu("speed", "speed", ["normal", "fast", "slow"], "normal")]
"""
SHOW_EXPLORER = "Explorer(draw, controls, title='Bar', describe=lambda height, speed: f'{speed} {height}')"


@pytest.fixture
def bar(lab_page, scratch):
    """An explorer in JupyterLab, its first pictures shown."""
    notebook = nbformat.read(scratch, as_version=4)
    notebook.cells = [new_code_cell(EXPLORER), new_code_cell(SHOW_EXPLORER)]
    nbformat.write(notebook, scratch)
    lab_page.open(SCRATCH)
    lab_page.run_all()
    assert lab_page.errors() == []
    return explorer(lab_page.page, "Bar")


def test_the_caption_says_that_the_picture_is_still_to_come(bar):
    caption, picture = bar.locator("figcaption"), bar.locator(".courseware-picture")
    expect(caption).to_have_text("normal 1")
    bar.get_by_label("speed").select_option(label="slow")
    expect(caption).to_have_text("waiting for the kernel …")
    expect(bar).to_have_attribute("aria-busy", "true")
    expect(picture.locator("img")).not_to_have_css("opacity", "1")
    expect(caption).to_have_text("slow 1")
    expect(bar).to_have_attribute("aria-busy", "false")
    expect(picture.locator("img")).to_have_css("opacity", "1")
    assert key(bar) == "0,2"


def test_a_picture_that_nobody_asked_for_yet_fails_in_silence(bar, lab_page):
    caption = bar.locator("figcaption")
    bar.get_by_label("speed").select_option(label="fast")
    wait_for_key(bar, "0,1")
    lab_page.page.wait_for_timeout(2_000)  # long enough to ask for the stops beside it
    expect(caption).to_have_text("fast 1")
    slider = bar.get_by_role("slider", name="height")
    for pressed, expected in [
        ("End", "This picture could not be drawn. ValueError: tried 1 times"),
        ("ArrowLeft", "fast 2"),
        ("End", "This picture could not be drawn. ValueError: tried 1 times"),
    ]:
        slider.press(pressed)
        expect(caption).to_have_text(expected)


@pytest.fixture
def hasty_saving(lab) -> Iterator[None]:
    """JupyterLab saves changed documents every second and not every two minutes."""
    address = lab.address("lab/api/settings/@jupyterlab/docmanager-extension:plugin")

    def put(settings: dict) -> None:
        body = json.dumps({"raw": json.dumps(settings)}).encode()
        with urlopen(Request(address, body, method="PUT"), timeout=10):
            pass

    put({"autosaveInterval": 1})
    yield
    put({})


@pytest.mark.usefixtures("hasty_saving")
def test_a_talk_does_not_change_the_notebook(slides_page, scratch):
    before = scratch.read_bytes()
    slides_page.open(SCRATCH)
    slides_page.page.wait_for_timeout(4_000)
    assert scratch.read_bytes() == before
