"""A lecture on lesson 5 as `courseware present 05 --dark` opens it, given as docs/presenting.md says."""

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect
from watching import drag_slider, explorer, key

from courseware.project import find_lesson
from courseware.text.syllabus import outline

LESSON = "notebooks/05_squeeze_excitation.ipynb"
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False}
ACCESSIBLE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
SLIDE = ".reveal section.present > section.present"
INKED = """() => {
    const canvas = document.querySelector(".courseware-pen");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((_, i) => i % 4 === 3).some((alpha) => alpha > 0);
}"""
SHOWN = "document.querySelectorAll('.reveal .fragment.visible').length + location.hash"


# ---- the lesson
@pytest.fixture(scope="module")
def deck(browser, presented, slides_page_class):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    opened = slides_page_class(page, presented)
    opened.open_address(presented.start_page)
    opened.wait_until_run()
    yield opened
    page.close()


@pytest.fixture
def page(deck):
    """The deck on its first slide, light, with nothing in front of it."""
    deck.page.keyboard.press("Escape")
    deck.page.keyboard.press("Home")
    expect(deck.page.locator("#slide-0-0")).to_have_class("present")
    if deck.page.locator("body").get_attribute("data-theme") == "dark":
        deck.page.keyboard.press("d")
    return deck.page


@pytest.fixture
def notes(page):
    """The notes window."""
    with page.expect_popup() as opening:
        page.keyboard.press("s")
    opened = opening.value
    expect(opened.locator("#title")).not_to_be_empty()
    yield opened
    opened.close()


def test_it_opens_dark_with_every_cell_run_and_keys_that_need_no_click(deck):
    page = deck.page
    assert page.locator("body").get_attribute("data-theme") == "dark"
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 24, 31)")
    assert deck.errors() == []
    page.keyboard.press("Space")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slide-2-0")).to_have_class("present")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    page.keyboard.press("PageUp")
    expect(page.locator("#slide-0-0")).to_have_class("present")
    page.keyboard.press("d")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_cell_is_written_in_and_run(deck, page):
    deck.go_to("The same as a loop")
    shown = deck.current
    page.keyboard.press("Enter")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nprint('asked by the room')")
    page.keyboard.press("Control+Enter")
    output = page.locator(f"#{shown} .jp-OutputArea-output")
    expect(output).to_contain_text("asked by the room")
    assert deck.current == shown
    page.keyboard.press("Shift+Enter")
    expect(page.locator(f"#{shown}")).not_to_have_class("present")
    page.keyboard.press("PageUp")
    expect(page.locator(f"#{shown}")).to_have_class("present")


def test_a_slider_is_dragged_with_the_mouse_and_the_slide_stays(deck, page):
    deck.go_to("What does the ratio cost, and what does it buy?")
    shown = deck.current
    found = explorer(page.locator(SLIDE), "ratio")
    before = key(found)
    drag_slider(page, found.get_by_role("slider"), 0.5, 1)
    expect(found.locator(".courseware-picture")).not_to_have_attribute("data-key", before)
    assert deck.current == shown
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#{shown}")).not_to_have_class("present")


def test_the_notes_follow_the_slides_and_turn_them(deck, page, notes):
    title, text, following = notes.locator("#title"), notes.locator("#notes"), notes.locator("#next")
    expect(title).to_have_text("5 · SENet: channel attention")
    expect(text).to_contain_text("Lecturer, 1 min. In lessons 1 to 3")
    expect(following).to_have_text("Next: Read the digit")
    page.keyboard.press("Space")
    expect(title).to_have_text("Read the digit")
    expect(text).to_contain_text("Hard for us, too")
    for pressed, expected in {
        "ArrowRight": "Coloured glasses",
        "PageDown": "Squeeze, excite, scale",
        "PageUp": "Coloured glasses",
        "Shift+Space": "Read the digit",
    }.items():
        notes.keyboard.press(pressed)
        expect(title).to_have_text(expected)
        expect(page.locator(SLIDE).get_by_role("heading", name=expected)).to_be_visible()
    page.keyboard.press("End")
    expect(following).to_have_text("This is the last slide.")


def test_the_notes_window_keeps_the_time_and_compares_it_with_the_plan(page, notes, presented):
    planned = outline(find_lesson("05", presented.root)).minutes
    elapsed, plan, verdict = notes.locator("#elapsed"), notes.locator("#plan"), notes.locator("#verdict")
    expect(plan).to_have_text(f"0 to 1 of {planned:g} min")
    notes.clock.install()
    notes.get_by_role("button", name="Reset").click()
    expect(verdict).to_have_text("on time")
    notes.clock.fast_forward("04:30")
    expect(elapsed).to_have_text("4:30")
    expect(verdict).to_have_text("4 min behind")
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(plan).to_have_text(f"2 to 3 of {planned:g} min")
    expect(verdict).to_have_text("2 min behind")
    notes.keyboard.press("r")
    expect(elapsed).to_have_text("0:00")
    expect(verdict).to_have_text("2 min ahead")
    notes.reload()
    expect(notes.locator("#title")).to_have_text("Coloured glasses")


def test_the_pointer_follows_the_mouse(page):
    dot = page.locator(".courseware-pointer")
    page.keyboard.press("l")
    page.mouse.move(400, 300)
    box = dot.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert middle == pytest.approx((400, 300), abs=3)
    page.keyboard.press("l")
    expect(dot).to_have_count(0)


def test_the_pen_draws_until_the_slide_turns(deck, page):
    page.keyboard.press("p")

    def draw():
        page.mouse.move(200, 400)
        page.mouse.down()
        page.mouse.move(600, 500, steps=5)
        page.mouse.up()

    draw()
    assert page.evaluate(INKED)
    page.keyboard.press("Backspace")
    assert not page.evaluate(INKED)
    page.set_viewport_size({"width": 1024, "height": 768})
    draw()
    assert page.evaluate(INKED)
    page.set_viewport_size({"width": 1280, "height": 720})
    draw()
    page.keyboard.press("Space")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    assert not page.evaluate(INKED)
    page.keyboard.press("p")
    draw()
    assert not page.evaluate(INKED)


def contrast(page, theme):
    found = page.evaluate("([where, options]) => axe.run(where, options)", [SLIDE, CONTRAST])
    return [f"{theme}, {page.url}: {node['html']}" for violation in found["violations"] for node in violation["nodes"]]


def test_all_text_has_contrast_in_light_and_dark(deck, page):
    """Each slide once, with everything on it that comes step by step."""
    page.evaluate(Axe().axe_script)
    all_steps = page.add_style_tag(
        content=".reveal .fragment { visibility: visible !important; opacity: 1 !important; }"
    )
    problems, slides, state = [], set(), None
    while state != (state := page.evaluate(SHOWN)):
        if deck.current not in slides:
            slides.add(deck.current)
            problems += contrast(page, "light")
            page.keyboard.press("d")
            problems += contrast(page, "dark")
            page.keyboard.press("d")
        page.keyboard.press("Space")
        page.wait_for_timeout(100)
    all_steps.evaluate("style => style.remove()")
    assert problems == []
    assert len(slides) >= outline(find_lesson("05", deck.lab.root)).slides


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_notes_window_is_accessible(page, notes, theme):
    if theme == "dark":
        page.keyboard.press("d")
    expect(notes.locator("html")).to_have_attribute("data-theme", theme)
    assert Axe().run(notes, options=ACCESSIBLE).generate_report().count("Rule Violated") == 0


def test_a_question_mark_shows_the_keys_and_any_key_hides_them(page):
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("run the cell, stay on the slide")
    page.keyboard.press("Space")
    expect(keys).to_have_count(0)
    expect(page.locator("#slide-0-0")).to_have_class("present")


@pytest.mark.parametrize("pressed", ["b", "/"])
def test_the_screen_goes_black_and_comes_back(page, pressed):
    deck = page.locator(".reveal")
    page.keyboard.press(pressed)
    expect(deck).to_contain_class("paused")
    page.keyboard.press(pressed)
    expect(deck).not_to_contain_class("paused")
    page.keyboard.press("Space")
    expect(page.locator("#slide-1-0")).to_have_class("present")


def test_code_is_folded_until_somebody_asks_for_it(deck, page):
    deck.go_to("Coloured glasses")
    code = page.locator(f"{SLIDE} .courseware-folded .cm-content")
    expect(code).not_to_be_visible()
    page.keyboard.press("c")
    expect(code.first).to_be_visible()
    page.get_by_role("button", name="</>").click()
    expect(code.first).not_to_be_visible()


# ---- a deck of two slides, the second with two cells that count how often they were run
COUNTING = """
runs = globals().get("runs", {{}})
runs["{name}"] = runs.get("{name}", 0) + 1
print("{name}", runs["{name}"])
"""


@pytest.fixture
def counting(slides_page, lab, request):
    slide, rest = {"slideshow": {"slide_type": "slide"}}, {"slideshow": {"slide_type": "-"}}
    notes = {"slideshow": {"slide_type": "notes"}}
    cells = [
        new_code_cell(COUNTING.format(name="first"), metadata=slide | {"tags": ["show-code"]}),
        new_code_cell(COUNTING.format(name="second"), metadata=rest | {"tags": ["show-code"]}),
        new_markdown_cell("> **Lecturer, 1½ min.** Run both.", metadata=notes),
        new_markdown_cell("# End", metadata=slide),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "rise": {"center": False, "transition": "none", "theme": "white"},
    }
    path = f"notebooks/{request.node.originalname}.ipynb"  # of its own: a kernel outlives the page
    nbformat.write(new_notebook(cells=cells, metadata=metadata), lab.root / path)
    slides_page.open(path)
    return slides_page


def said(deck):
    return deck.page.locator("#slide-0-0 .jp-OutputArea-output")


def test_ctrl_enter_runs_and_stays_and_shift_enter_runs_and_moves_on_without_a_click(counting):
    page = counting.page
    page.keyboard.press("Control+Enter")
    expect(said(counting)).to_have_text(["first 2", "second 1"])
    assert counting.current == "slide-0-0"
    page.keyboard.press("Shift+Enter")
    expect(said(counting)).to_have_text(["first 3", "second 1"])
    assert counting.current == "slide-0-0"
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#slide-1-0")).to_have_class("present")
    page.keyboard.press("PageUp")
    expect(said(counting)).to_have_text(["first 3", "second 2"])


def test_a_click_chooses_the_cell_to_run(counting):
    page = counting.page
    page.locator("#slide-0-0 .cm-content").nth(1).click()
    page.keyboard.press("Control+Enter")
    expect(said(counting)).to_have_text(["first 1", "second 2"])
    page.keyboard.press("Space")
    expect(page.locator("#slide-1-0")).to_have_class("present")


def test_a_slip_of_the_hand_does_not_change_the_notebook(counting):
    page = counting.page
    page.locator("#slide-0-0 .jp-OutputArea-output").first.click()
    for pressed in "ddxbaymzz":
        page.keyboard.press(pressed)
    page.wait_for_timeout(500)
    kinds = page.locator(".jp-Cell").evaluate_all(
        "cells => cells.map((cell) => /jp-(\\w+)Cell/.exec(cell.className)[1])"
    )
    assert kinds == ["Code", "Code", "Markdown", "Markdown"]
