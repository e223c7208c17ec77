"""What holds for every lesson in JupyterLab: it runs, presents live, and its explorers move."""

import pytest
import slide_fit
from watching import explorers, move_by_keyboard_and_mouse

from courseware.project import lessons

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
SIZES = [(1280, 720), (1920, 1080)]
every_lesson = pytest.mark.parametrize("stem", LESSONS)


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
