"""Live slides from the first second to the last: explorers move before a kernel has run and after it was lost."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect
from watching import key, until

from courseware.present import kept
from courseware.text.derive import set_ids
from courseware.text.execute import execute

SLIDE = ".reveal section.present > section.present"
EXPLORER = f"{SLIDE} .courseware-explorer:visible"

DRAW = """
from matplotlib.figure import Figure
from courseware.notebook.explorer import Explorer, Slider

def draw(height):
    figure = Figure(figsize=(6, 2))
    figure.add_subplot().bar([0], [height])
    return figure

def describe(height):
    return f"{height} high"

Explorer(draw, [Slider("height", "height", [1, 2, 3, 4], default=2)], title="A bar", describe=describe)
"""
MICROSCOPE = """
from courseware.notebook.microscope import Input, Microscope, Step

Microscope("Twice", Input("a", 2, step=1), Step("b", "scale", "a", by=2.0))
"""
COUNT = "import os\nwith open('runs-{name}.txt', 'a') as runs:\n    print(os.getpid(), file=runs)\nprint('counted')"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Pictures are kept in a folder of these tests, for the server too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(kept, "CACHE", kept.cache())
        yield kept.CACHE


@pytest.fixture(scope="module")
def server(cache, serving_class, tmp_path_factory, first_port):
    root = tmp_path_factory.mktemp("alive")
    for folder in ("notebooks", "course"):
        (root / folder).mkdir()
    (root / "course" / "01_bars.py").write_text("# %%\n")
    written(root, "bars")
    with serving_class(root, tmp_path_factory.mktemp("jupyter"), first_port + 60, "lab") as server:
        yield server


def written(root, name, *more):
    """A notebook with a title, a slide with an explorer, and the cells of `more`, executed; returns its path."""
    slide = {"slideshow": {"slide_type": "slide"}}
    cells = [
        new_markdown_cell("# Bars", metadata=slide),
        new_code_cell(COUNT.format(name=name), metadata={"slideshow": {"slide_type": "-"}}),
        new_markdown_cell("## One bar", metadata=slide),
        new_code_cell(DRAW, metadata={"slideshow": {"slide_type": "-"}}),
        new_markdown_cell("## End", metadata=slide),
        *(new_code_cell(source, metadata={"slideshow": {"slide_type": "-"}}) for source in more),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "rise": {"center": False, "transition": "none", "theme": "white"},
    }
    notebook = new_notebook(cells=cells, metadata=metadata)
    set_ids(notebook)
    path = root / "notebooks" / f"{name}.ipynb"
    stored = [cell for cell in cells if cell.source not in more]
    nbformat.write(execute(new_notebook(cells=stored, metadata=metadata), folder=path.parent), path)
    executed = nbformat.read(path, as_version=4)
    nbformat.write(new_notebook(cells=[*executed.cells, *cells[len(stored) :]], metadata=metadata), path)
    (path.parent / f"runs-{name}.txt").unlink()
    return path


class Deck:
    def __init__(self, page, server, path, run=True):
        self.page, self.server, self.path = page, server, path
        self.problems = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        flags = "run&" if run else ""
        self.address = server.address(f"rise/notebooks/{path.name}?{flags}pictures={kept.folder(path).name}")
        self.address += "#/slide-1-0"

    def open(self):
        self.page.goto(self.address)
        expect(self.page.locator(f"{SLIDE} h2")).to_contain_text("One bar", timeout=60_000)
        return self

    @property
    def runs(self):
        """The kernel of each time that the counting cell was run."""
        file = self.path.parent / f"runs-{self.path.stem}.txt"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def done(self):
        self.page.wait_for_selector("body[data-notebook-run=done]", timeout=120_000)

    def kernel(self):
        with urllib.request.urlopen(self.server.address("api/sessions")) as answer:
            return next(s["kernel"] for s in json.load(answer) if s["path"] == f"notebooks/{self.path.name}")

    def move(self, pressed, expected):
        self.page.locator(f"{EXPLORER} input[type=range]").press(pressed)
        expect(self.page.locator(f"{EXPLORER} .courseware-picture")).to_have_attribute("data-key", expected)


@pytest.fixture
def deck(page, server, request):
    """A deck of its own for each test: a kernel outlives its page."""
    marker = request.node.get_closest_marker("cells")
    path = written(server.root, request.node.originalname, *(marker.args if marker else ()))
    if not (marker and marker.kwargs.get("unkept")):
        place = str(kept.folder(path))
        command = [sys.executable, "-m", "courseware.present.kept", str(path), place]
        said = subprocess.run(command, check=True, timeout=120, capture_output=True, text=True).stdout
        assert said.strip() == place
        (path.parent / f"runs-{path.stem}.txt").unlink()  # that was no kernel of a lecture
    return Deck(page, server, path)


def test_the_pictures_folder_is_the_same_tomorrow(server):
    """Or every lecture would draw them anew."""
    ask = "import pathlib, sys; from courseware.present import kept; print(kept.folder(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", ask, str(server.root / "notebooks" / "bars.ipynb")]
    one, other = (subprocess.run(command, check=True, capture_output=True, timeout=120).stdout for _ in range(2))
    assert one == other


def test_an_explorer_moves_although_no_kernel_has_run_anything(page, deck):
    deck.address = deck.address.replace("run&", "")
    deck.open().move("End", "3")
    box = page.locator(f"{EXPLORER} input[type=range]").bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    expect(page.locator(f"{EXPLORER} .courseware-picture")).to_have_attribute("data-key", "0")
    assert deck.runs == []
    assert deck.problems == []


def test_the_kernels_explorer_begins_where_the_kept_one_was_left(page, deck):
    deck.open().move("End", "3")
    expect(page.locator(".courseware-kept")).to_have_count(0, timeout=60_000)
    expect(page.locator(EXPLORER)).to_have_count(1)
    assert key(page.locator(EXPLORER)) == "3"
    assert page.evaluate("document.activeElement.type") == "range"
    deck.move("Home", "0")


@pytest.mark.cells(MICROSCOPE)
def test_a_microscope_computes_before_a_kernel_has_run_and_goes_on_where_it_was_left(page, deck):
    deck.address = deck.address.replace("run&", "").replace("slide-1-0", "slide-2-0")
    page.goto(deck.address)
    number, doubled = (f"{SLIDE} [data-cell={name}]:visible" for name in "ab")
    page.locator(f"{number} input").fill("4", timeout=60_000)
    expect(page.locator(doubled)).to_have_text("8")
    assert deck.runs == []
    page.goto("about:blank")
    page.goto(deck.address.replace("pictures", "run&pictures"))
    page.locator(f"{number} input").fill("3", timeout=60_000)
    page.locator(f"{number} input").press("Enter")
    expect(page.locator(".courseware-kept")).to_have_count(0, timeout=60_000)
    expect(page.locator(f"{number} input")).to_have_value("3")
    expect(page.locator(doubled)).to_have_text("6")
    assert deck.problems == []


def test_pictures_that_come_late_are_shown_late(page, deck):
    place = kept.folder(deck.path)
    hidden = place.with_name("hidden")
    place.rename(hidden)
    deck.address = deck.address.replace("run&", "")
    deck.open()
    expect(page.locator(f"{SLIDE} .jp-RenderedImage img")).to_be_visible()
    expect(page.locator(EXPLORER)).to_have_count(0)
    hidden.rename(place)
    expect(page.locator(EXPLORER)).to_have_count(1, timeout=10_000)


def test_a_reload_and_a_second_window_run_nothing_twice_and_stay_on_the_slide(page, deck):
    deck.open().done()
    page.reload()
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("One bar", timeout=60_000)
    deck.done()
    with page.context.expect_page() as opening:
        page.evaluate("open(location.href)")
    second = opening.value
    second.wait_for_selector("body[data-notebook-run=done]", timeout=60_000)
    assert len(deck.runs) == 1
    deck.move("End", "3")


@pytest.mark.cells("import time\ntime.sleep(120)", unkept=True)
def test_nothing_runs_on_after_the_window_is_closed(page, deck):
    deck.open()
    until(page, "document.querySelector('[data-kernel=waits]') !== null")
    deadline = time.monotonic() + 60
    while deck.kernel()["execution_state"] != "busy" or not deck.runs:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    page.wait_for_timeout(2000)  # the sleeping cell is on
    page.close(run_before_unload=True)
    closed = time.monotonic()
    while deck.kernel()["execution_state"] != "idle":
        assert time.monotonic() < closed + 5
        time.sleep(0.1)


def test_a_kernel_that_dies_leaves_the_explorers_and_k_brings_it_back(page, deck):
    deck.open().done()
    expect(page.locator(".courseware-kept")).to_have_count(0, timeout=60_000)
    os.kill(deck.runs[0], signal.SIGKILL)
    note = page.locator(".courseware-kernel")
    expect(note).to_have_text("The kernel was lost. Explorers go on; K starts it again.", timeout=30_000)
    page.wait_for_timeout(1000)  # JupyterLab's box comes after our note, and must have gone by now
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    deck.move("End", "3")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    deck.done()
    expect(note).to_have_text("")
    assert len(deck.runs) == 2
    assert deck.runs[0] != deck.runs[1]
    expect(page.locator(".courseware-kept")).to_have_count(0, timeout=60_000)
    deck.move("Home", "0")


def test_without_a_network_slides_turn_and_explorers_move(page, deck):
    deck.open().done()
    expect(page.locator(".courseware-kept")).to_have_count(0, timeout=60_000)
    page.context.set_offline(True)
    deck.move("End", "3")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("End")
    page.keyboard.press("PageUp")
    deck.move("Home", "0")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.context.set_offline(False)


@pytest.mark.cells("print(1)", unkept=True)
def test_letters_after_the_slide_has_turned_are_typed_nowhere(page, deck):
    deck.address = deck.address.replace("slide-1-0", "slide-2-0")
    page.goto(deck.address)
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("End", timeout=60_000)
    deck.done()
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+End")
    page.keyboard.type(" + 1")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("PageUp")
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("One bar")
    page.keyboard.press("d")
    expect(page.locator("body")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("PageDown")
    expect(page.locator(f"{SLIDE} .jp-CodeCell .cm-content")).to_have_text("print(1) + 1")


@pytest.mark.cells("for line in range(60):\n    print('line', line)")
def test_an_output_that_grows_shrinks_or_scrolls_within_its_slide(page, deck):
    deck.address = deck.address.replace("slide-1-0", "slide-2-0")
    page.goto(deck.address)
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("End", timeout=60_000)
    deck.done()
    zoom, overflow, high, room = page.evaluate(
        f"""() => {{
            const slide = document.querySelector("{SLIDE}");
            return [slide.style.zoom, slide.style.overflowY, slide.scrollHeight, slide.clientHeight];
        }}"""
    )
    assert float(zoom) < 1
    assert high <= room + 2 or overflow == "auto"


def test_all_slides_are_listed_and_one_is_chosen(page, deck):
    deck.open()
    page.keyboard.press("w")
    contents = page.get_by_role("dialog", name="All slides")
    expect(contents.get_by_role("button")).to_have_text(["1 · Bars", "2 · One bar", "3 · End"])
    expect(contents.get_by_role("button", name="2 ·")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"{SLIDE} h2")).to_contain_text("End")
    expect(contents).to_have_count(0)


def test_the_title_says_who_lectures_and_where(page, deck):
    page.goto(deck.address.replace("#/slide-1-0", "&by=A.+Lecturer&at=Uppsala#/slide-0-0"))
    expect(page.locator(f"{SLIDE} .courseware-by")).to_have_text("A. Lecturer · Uppsala", timeout=60_000)
