"""Small pages and decks, opened from disk in a browser that has no network."""

import base64
import io
from pathlib import Path

import nbformat.v4 as v4
import numpy as np
import pytest
import slide_fit
from matplotlib.figure import Figure
from nbformat import NotebookNode
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from watching import drag_slider, key, wait_for_key
from watching import explorer as explorer_on

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Pad, Slider
from courseware.publish import deck
from courseware.publish.course import START, Course
from courseware.publish.links import page_of
from courseware.publish.pages import write_pages

LESSON, SPOTS, BRACE = "02_width.ipynb", "03_spots.ipynb", "04_brace.ipynb"
PAGES = {name: page_of(name) for name in (START, LESSON)}
FORMULA = r"""
$$\hat f(x)=\sum_{i=1}^{n}
\underbrace{\frac{\kappa\left(\frac{x-x_i}{\sigma}\right)}{\sum_j \kappa(x-x_j)}}_{\alpha_i}y_i$$
"""


def on_slide(kind: str, **metadata) -> dict:
    return {"slideshow": {"slide_type": kind}} | metadata


def picture(height: float) -> NotebookNode:
    figure, file = Figure(figsize=(6, height), dpi=100), io.BytesIO()
    figure.subplots().plot([0, 1, 3], [1, 2, 6])
    figure.savefig(file, format="png")
    data = {"image/png": base64.b64encode(file.getvalue()).decode()}
    return v4.new_output("display_data", data=data, metadata={"image/png": {"alt": "a rising line"}})


def explorer() -> NotebookNode:
    def draw(width):
        figure = Figure(figsize=(6, 3))
        figure.subplots().plot([0, 1], [0, width])
        return figure

    slider = Slider("width", "width σ", values=[1, 2, 3], default=2)
    made = Explorer(draw, [slider], title="A line", describe=lambda width: f"The line ends at {width}.")
    return v4.new_output("display_data", data={"text/html": made.html()})


def spots() -> NotebookNode:
    """An explorer with a slider, a menu and a pad, exported with part of the combinations."""

    def draw(size, colour, spot):
        figure = Figure(figsize=(6, 3))
        axes = figure.subplots()
        axes.set(xlim=(-1, 4), ylim=(-1, 4))
        axes.plot(*spot, "o", color=colour, markersize=5 * size)
        return figure

    sides = [0, 1, 2, 3]
    controls = [
        Slider("size", "size", values=[1, 2, 3, 4, 5, 6, 7], default=3),
        Menu("colour", "colour", ["red", "blue"], "red"),
        Pad("spot", "spot", x=sides, y=sides, default=(2, 1), form="({:g}, {:g})"),
    ]
    keep = [
        {"size": EVERY_STOP, "colour": ["red"]},
        {"size": [1, 4, 7], "colour": EVERY_STOP},
        {"spot": [(x, y) for y in (1, 3) for x in (1, 3)]},
    ]
    made = Explorer(draw, controls, title="Spots", describe="{colour}, {size}, {spot}".format, keep=keep)
    return v4.new_output("display_data", data={"text/html": made.html()})


def code(source: str, *outputs: NotebookNode, **metadata) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def notebook(*extra: NotebookNode) -> NotebookNode:
    cells = [
        v4.new_markdown_cell("# The width\n\nText with $\\sigma$ and `code`.", metadata=on_slide("slide")),
        v4.new_markdown_cell("Ask for a guess first.", metadata=on_slide("notes")),
        v4.new_markdown_cell("## Formulas\n" + FORMULA, metadata=on_slide("slide")),
        v4.new_markdown_cell("Shown second, a<sub>2</sub>.", metadata=on_slide("fragment")),
        v4.new_markdown_cell("| a | b |\n|---|---|\n| 1 | 2 |", metadata=on_slide("subslide")),
        code("print(1)", v4.new_output("stream", text="1\n")),
        v4.new_markdown_cell("## Picture", metadata=on_slide("slide")),
        code("show()", picture(4), tags=["hide-input"]),
        v4.new_markdown_cell("## Explorer", metadata=on_slide("slide")),
        code("explore()", explorer(), jupyter={"source_hidden": True}),
        *extra,
        v4.new_markdown_cell("## End", metadata=on_slide("slide")),
    ]
    return v4.new_notebook(cells=cells)


class Opened:
    """A file in the browser, with everything that it asked for and complained about."""

    def __init__(self, page: Page, file: Path):
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        self.file = file

    def outside(self, folder: Path | None = None) -> list[str]:
        """What it asked for beside itself, or outside a folder."""
        own = ("data:", "blob:", (folder or self.file).as_uri())
        return [address for address in self.requests if not address.startswith(own)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of three small lessons."""
    lessons = {
        START: v4.new_notebook(cells=[v4.new_markdown_cell("# Small")]),
        LESSON: notebook(),
        SPOTS: v4.new_notebook(cells=[v4.new_markdown_cell("# Spots"), code("spots()", spots())]),
        BRACE: v4.new_notebook(
            cells=[v4.new_markdown_cell("# Brace\n\n$$\\underbrace{" + "+".join("x" * 20) + "}_n$$")]
        ),
    }
    for each in lessons.values():
        each.metadata["language_info"] = {"name": "python"}
    folder = tmp_path_factory.mktemp("small") / "site"
    folder.mkdir()
    write_pages([Course(folder.parent, lessons)], folder)
    return folder


@pytest.fixture(scope="module")
def plain_deck() -> str:
    return deck.deck(notebook(), LESSON, PAGES)


@pytest.fixture
def open_deck(page: Page, tmp_path: Path, plain_deck: str):
    def opened(*extra: NotebookNode) -> Opened:
        text = deck.deck(notebook(*extra), LESSON, PAGES) if extra else plain_deck
        (tmp_path / "deck.html").write_text(text, encoding="utf-8")
        return Opened(page, tmp_path / "deck.html")

    return opened


@pytest.fixture
def lesson(page: Page, small: Path) -> Opened:
    return Opened(page, small / "02_width.html")


def move_slider(page: Page) -> None:
    """Focus the slider and press a key that would also turn the slide."""
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    caption = page.locator("figcaption")
    expect(caption).to_have_text("The line ends at 2.")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(caption).to_have_text("The line ends at 3.")
    expect(page.locator(".courseware-picture img")).to_have_attribute("alt", "A line. The line ends at 3.")


def test_a_page_works_from_disk_without_network(page: Page, small: Path, lesson: Opened) -> None:
    move_slider(page)
    assert explorer_on(page, "A line").locator(".courseware-holds").count() == 0  # it holds everything
    assert lesson.outside(small) == []
    assert lesson.complaints == []


def test_formulas_use_the_embedded_font(page: Page, lesson: Opened) -> None:
    assert page.evaluate("document.fonts.check('20px \"Course Math\"', 'x')")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert {"Course Math", "Course Sans"} <= {family.strip("\"'") for family in loaded}
    # A display sum is drawn taller than the letters beside it, which needs the font's MATH table.
    heights = page.evaluate(
        """[...document.querySelectorAll("math[display=block] mo")].filter(o => o.textContent === "∑")
            .map(o => o.getBoundingClientRect().height / parseFloat(getComputedStyle(o).fontSize))"""
    )
    assert max(heights) > 1.2


def test_a_long_brace_is_painted_from_end_to_end(page: Page, small: Path) -> None:
    Opened(page, small / "04_brace.html")
    box = page.locator("munder > munder").bounding_box()
    below = {"x": box["x"], "y": box["y"] + 0.6 * box["height"], "width": box["width"], "height": 14}
    ink = np.array(Image.open(io.BytesIO(page.screenshot(clip=below))).convert("L")) < 128
    inked = ink.any(axis=0)
    assert box["width"] > 512  # more than two of the tiles that Chromium paints by
    assert inked[: len(inked) // 20].any()
    assert inked.mean() > 0.95


def test_deck_works_from_disk_without_network(page: Page, open_deck) -> None:
    opened = open_deck()
    names, _ = slide_fit.walk(page)
    assert names == [
        "slide 1 (The width)",
        "slide 2 (Formulas)",
        "slide 3 (no heading)",
        "slide 4 (Picture)",
        "slide 5 (Explorer)",
        "slide 6 (End)",
    ]
    assert opened.outside() == []
    assert opened.complaints == []


def slide_number(page: Page) -> int:
    return page.evaluate("Reveal.getIndices().h")


def test_keys_on_a_slider_do_not_turn_the_slide(page: Page, open_deck) -> None:
    open_deck()
    page.evaluate("Reveal.slide(3, 0)")
    move_slider(page)
    for pressed in ("ArrowLeft", "Space", "n"):
        page.keyboard.press(pressed)
    assert slide_number(page) == 3


def test_escape_leaves_a_slider(page: Page, open_deck) -> None:
    open_deck()
    page.evaluate("Reveal.slide(3, 0)")
    move_slider(page)
    page.keyboard.press("Escape")
    assert not page.evaluate("Reveal.isOverview()")
    page.keyboard.press("ArrowRight")
    assert slide_number(page) == 4


@pytest.mark.parametrize("control", ["input[type=range]", "select", ".courseware-pad"])
def test_a_remote_control_turns_the_slide_from_every_control(page: Page, open_deck, control: str) -> None:
    open_deck(code("spots()", spots(), **on_slide("slide")))
    page.evaluate("Reveal.slide(4, 0)")
    found = explorer_on(page, "Spots")
    found.locator(control).focus()
    page.keyboard.press("PageDown")
    assert slide_number(page) == 5
    # The slide that is gone must not keep the focus.
    page.keyboard.press("ArrowLeft")
    assert slide_number(page) == 4
    assert key(found) == "2,0,6"
    found.locator(control).focus()
    page.keyboard.press("PageUp")
    assert slide_number(page) == 3
    page.keyboard.press("Space")
    assert slide_number(page) == 4
    found.locator(control).focus()
    page.evaluate("Reveal.next()")
    page.keyboard.press("ArrowLeft")
    assert slide_number(page) == 4


# ---- an explorer that does not hold every combination
@pytest.fixture
def spots_on_page(page: Page, small: Path) -> Locator:
    Opened(page, small / "03_spots.html")
    return explorer_on(page, "Spots")


def test_the_page_says_what_it_holds(spots_on_page: Locator) -> None:
    expect(spots_on_page.locator(".courseware-holds")).to_have_text(
        "You can move here: 10 choices of size and colour; 4 of 16 spot. The notebook draws all combinations."
    )


def test_a_slider_steps_over_stops_that_are_missing(page: Page, spots_on_page: Locator) -> None:
    spots_on_page.get_by_label("colour").select_option(label="blue")
    wait_for_key(spots_on_page, "3,1,6")
    slider = spots_on_page.get_by_role("slider", name="size")
    slider.focus()
    for pressed, expected in [
        ("ArrowRight", "6,1,6"),
        ("ArrowLeft", "3,1,6"),
        ("Home", "0,1,6"),
        ("ArrowRight", "3,1,6"),
    ]:
        page.keyboard.press(pressed)
        wait_for_key(spots_on_page, expected)
        assert slider.input_value() == expected[0]
    # Under the mouse it goes to the nearest: 60 % of the way is stop 3.6, and 3 is kept.
    drag_slider(page, slider, 0.5, 0.6)
    assert key(spots_on_page) == "3,1,6"
    drag_slider(page, slider, 0.5, 0.9)
    wait_for_key(spots_on_page, "6,1,6")


def test_what_is_chosen_on_a_menu_wins(spots_on_page: Locator) -> None:
    slider = spots_on_page.get_by_role("slider", name="size")
    slider.fill("4")
    wait_for_key(spots_on_page, "4,0,6")
    spots_on_page.get_by_label("colour").select_option(label="blue")
    wait_for_key(spots_on_page, "3,1,6")
    assert slider.input_value() == "3"


def test_arrows_on_a_pad_step_to_the_next_kept_stop(page: Page, spots_on_page: Locator) -> None:
    pad = spots_on_page.get_by_role("slider", name="spot")
    pad.focus()
    # Stops 5, 7, 13 and 15 are kept: columns 1 and 3 of rows 1 and 3, and row 0 is the lowest on the picture.
    # The first, number 6, lies between 5 and 7.
    for pressed, expected in [
        ("ArrowRight", 7), ("ArrowRight", 7), ("ArrowUp", 15), ("ArrowLeft", 13), ("ArrowDown", 5), ("ArrowDown", 5),
        ("End", 7), ("Home", 5),
    ]:  # fmt: skip
        page.keyboard.press(pressed)
        wait_for_key(spots_on_page, f"2,0,{expected}")
        assert pad.get_attribute("aria-valuenow") == str(expected)


def test_other_controls_give_way_to_a_pad_that_has_no_other_stop(page: Page, spots_on_page: Locator) -> None:
    spots_on_page.get_by_role("slider", name="size").fill("0")
    wait_for_key(spots_on_page, "0,0,6")
    spots_on_page.get_by_role("slider", name="spot").press("ArrowRight")
    wait_for_key(spots_on_page, "2,0,7")


# ---- the pictures lie beside the page
def pictures(opened: Opened) -> list[str]:
    return [address for address in opened.requests if "/pictures/" in address]


def test_pictures_beside_the_page_are_fetched_when_its_explorer_is_touched(page: Page, lesson: Opened) -> None:
    page.locator("main img").first.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert len(pictures(lesson)) == 2  # a figure, and the explorer's still
    page.get_by_role("slider").focus()
    page.wait_for_load_state("networkidle")
    assert len(pictures(lesson)) == 4
    move_slider(page)
    assert len(pictures(lesson)) == 4
    assert lesson.complaints == []


def test_a_page_without_its_folder_says_so(page: Page, small: Path, lesson: Opened) -> None:
    caption, slider = page.locator("figcaption"), page.get_by_role("slider")
    (small / "pictures").rename(small / "elsewhere")
    try:
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(caption).to_contain_text("could not be loaded. The folder that came with this page must lie beside it.")
        page.keyboard.press("ArrowLeft")
        expect(caption).to_have_text("The line ends at 2.")
    finally:
        (small / "elsewhere").rename(small / "pictures")
    page.keyboard.press("ArrowRight")
    expect(caption).to_have_text("The line ends at 3.")
    expect(page.locator(".courseware-picture img")).to_have_attribute("alt", "A line. The line ends at 3.")


def test_a_move_is_announced_once(spots_on_page: Locator) -> None:
    caption = spots_on_page.locator("figcaption")
    assert caption.get_attribute("aria-live") == "off"
    for output in spots_on_page.locator("output").all():
        assert output.get_attribute("aria-live") == "off"
    for control in spots_on_page.locator("input, select, .courseware-pad").all():
        assert control.get_attribute("aria-describedby") == caption.get_attribute("id")


def test_speaker_notes_open_in_a_window_of_their_own(page: Page, open_deck) -> None:
    opened = open_deck()
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    expect(popup.value.locator(".speaker-controls-notes")).to_contain_text("Ask for a guess first.")
    assert opened.complaints == []


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1024, 768)])
def test_every_slide_fits(page: Page, open_deck, size: tuple[int, int]) -> None:
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    open_deck()
    smallest = slide_fit.SMALLEST_TEXT * min(1, size[0] / 1280)
    _, problems = slide_fit.walk(page, smallest_text=smallest)
    assert problems == []


TOO_LONG = v4.new_markdown_cell(
    "## Too long\n" + "\n".join(f"- line {i}" for i in range(30)), metadata=on_slide("slide")
)
TOO_WIDE = v4.new_markdown_cell(
    '## Too wide\n\n<p style="white-space: nowrap">' + "wide " * 100 + "</p>", metadata=on_slide("slide")
)
TOO_SMALL = v4.new_markdown_cell(
    '## Too small\n\n<p style="font-size: 12px">fine print</p>', metadata=on_slide("slide")
)
SCALED = v4.new_markdown_cell(
    '## Scaled\n\n<p style="font-size: 30px; transform: scale(0.5)">half</p>', metadata=on_slide("slide")
)
SCROLLING = v4.new_markdown_cell(
    '## Scrolls\n\n<div style="height: 50px; overflow: auto"><br><br><br><br></div>',
    metadata=on_slide("slide"),
)
CLIPPED = v4.new_markdown_cell(
    '## Clipped\n\n<div style="height: 20px; overflow: hidden">one<br>two</div>', metadata=on_slide("slide")
)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (TOO_LONG, 'slide 6 (Too long): "line 29" reaches'),
        (TOO_WIDE, "to the right of the window"),
        (TOO_SMALL, 'slide 6 (Too small): "fine print" is 12.0 px high, less than 20'),
        (SCALED, 'slide 6 (Scaled): "half" is 15.0 px high, less than 20'),
        (SCROLLING, "has a scroll bar"),
        (CLIPPED, 'slide 6 (Clipped): "two" is cut off by'),
    ],
    ids=["long", "wide", "small", "scaled", "scrolling", "clipped"],
)
def test_the_slide_that_does_not_fit_is_named(page: Page, open_deck, cell: NotebookNode, problem: str) -> None:
    open_deck(cell)
    page.evaluate("Reveal.slide(4, 0)")
    found = slide_fit.problems(page)
    assert any(problem in sentence for sentence in found)
    assert all(sentence.startswith("slide 6 (") for sentence in found)
