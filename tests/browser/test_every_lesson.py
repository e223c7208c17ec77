"""What holds for every lesson: it runs in JupyterLab, presents live and exports, and its explorers move everywhere."""

import pytest
import slide_fit
from watching import WATCH, drag_slider, explorers, key

from courseware.project import lessons

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
SIZES = [(1280, 720), (1920, 1080)]
every_lesson = pytest.mark.parametrize("stem", LESSONS)


def move_by_keyboard_and_mouse(page, found):
    """Move each slider of an explorer to both ends, and each menu to both of its ends.

    Every drag of a slider shows new pictures, none blank, none displaced.
    """
    sliders = found.locator("input[type=range]")
    assert sliders.count() + found.locator("select, .courseware-pad").count() > 0
    for number in range(sliders.count()):
        slider = sliders.nth(number)
        last = slider.get_attribute("max")
        control = number_of_control(slider)
        slider.focus()
        page.keyboard.press("Home")
        wait_for_stop(page, found, control, "0")
        found.evaluate(WATCH)
        drag_slider(page, slider, 0, 1, steps=30)
        wait_for_stop(page, found, control, last)
        seen = page.evaluate("() => { const seen = watching; window.watching = null; return seen; }")
        assert seen["blank"] == 0
        assert seen["jumps"] == 0
        assert len(seen["keys"]) > 1
    for menu in found.locator("select").all():
        control = number_of_control(menu)
        for choice in (menu.locator("option").count() - 1, 0):
            menu.select_option(index=choice)
            wait_for_stop(page, found, control, str(choice))


def number_of_control(control):
    """Which of its explorer's controls an input or a menu is."""
    return control.evaluate("node => [...node.closest('.courseware-controls').children].indexOf(node.parentNode)")


def wait_for_stop(page, found, control, stop):
    """Wait until the picture shown is one of this stop of this control (both by number)."""
    page.wait_for_function(
        "([node, control, stop]) => node.dataset.key.split(',')[control] === stop",
        arg=[found.locator(".courseware-picture").element_handle(), control, stop],
    )


# ---- in JupyterLab
@every_lesson
def test_run_all_and_move_everything(lab_page, stem):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 900})
    lab_page.open(f"notebooks/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
    for found in explorers(page):
        move_by_keyboard_and_mouse(page, found)


@every_lesson
@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_sheets_run_without_an_error(lab_page, stem, folder):
    lab_page.open(f"notebooks/{folder}/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []


# ---- as live slides
def to_first_slide(deck):
    deck.page.evaluate("document.activeElement.blur()")
    for _ in range(200):
        if deck.current == "slide-0-0":
            return
        deck.page.keyboard.press("PageUp")
    pytest.fail(f"PageUp does not lead to the first slide, but to {deck.current}")


@every_lesson
def test_every_live_slide_fits(slides_page, stem):
    page = slides_page.page
    page.set_viewport_size({"width": 1280, "height": 720})
    slides_page.open(f"notebooks/{stem}.ipynb")
    assert slides_page.errors() == []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        to_first_slide(slides_page)
        names, problems = slide_fit.walk(page)
        assert len(names) > 10
        assert problems == [], f"{width} × {height}\n" + "\n".join(problems)


# ---- exported, from disk, with no network
@pytest.fixture
def opened(page, site):
    """Opens a file of the site; afterwards nothing may have been loaded and nothing complained about."""
    loaded, complaints = [], []
    page.on("request", lambda request: loaded.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.context.set_offline(True)

    def open_file(name, width=1280, height=720):
        page.set_viewport_size({"width": width, "height": height})
        page.goto((site / name).as_uri())
        page.wait_for_function("!document.querySelector('.courseware-host > img.courseware-still')")
        return page

    yield open_file
    assert [url for url in loaded if not url.startswith(("data:", "blob:", site.as_uri()))] == []
    assert len([url for url in loaded if url.startswith("file:")]) == 1
    assert complaints == []


@every_lesson
def test_explorers_of_the_exported_page(opened, stem):
    page = opened(f"{stem}.html", 1280, 900)
    all_found = explorers(page)
    assert all_found
    for found in all_found:
        move_by_keyboard_and_mouse(page, found)


@every_lesson
def test_page_without_script_shows_the_stills(browser, site, stem):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / f"{stem}.html").as_uri())
    stills = page.locator("img.courseware-still")
    assert stills.count() > 0
    for still in stills.all():
        assert still.bounding_box()["height"] > 100
        assert len(still.get_attribute("alt")) > 30
    page.close()


@every_lesson
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_exported_slide_fits(opened, stem, width, height):
    page = opened(f"{stem}.slides.html", width, height)
    names, problems = slide_fit.walk(page)
    assert len(names) > 10
    assert problems == [], "\n".join(problems)


@every_lesson
def test_explorers_on_slides_move_and_do_not_turn_the_page(opened, stem):
    page = opened(f"{stem}.slides.html")
    present, moved = page.locator("section.present"), 0
    while True:
        for found in explorers(present):
            shown = present.locator("h2").inner_text()
            move_by_keyboard_and_mouse(page, found)
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowLeft")
            assert present.locator("h2").inner_text() == shown
            assert key(found)
            moved += 1
        page.evaluate("document.activeElement.blur()")
        before = page.evaluate("Reveal.getProgress()")
        page.keyboard.press("Space")
        if before == 1 and page.evaluate("Reveal.getProgress()") == 1:
            break
    assert moved > 0


@every_lesson
def test_notes_with_minutes_are_in_the_deck(opened, stem):
    page = opened(f"{stem}.slides.html")
    notes = page.locator("aside.notes").all_text_contents()
    assert len(notes) > 5
    assert all("min" in note for note in notes)


def test_no_page_of_the_site_scrolls_sideways_on_a_phone(page, site):
    page.set_viewport_size({"width": 390, "height": 800})
    widths = {}
    for file in site.rglob("*.html"):
        if not file.name.endswith(".slides.html"):
            page.goto(file.as_uri())
            widths[str(file.relative_to(site))] = page.evaluate("document.documentElement.scrollWidth")
    assert "index.html" in widths
    assert {name: width for name, width in widths.items() if width > 390} == {}
