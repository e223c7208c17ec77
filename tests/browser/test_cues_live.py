"""Lesson 1 in JupyterLab: Run All, then its three explorers by keyboard, mouse and menu."""

import pytest
from watching import drag_slider, explorer, key, panels, wait_for_key

LESSON = "notebooks/01_cues.ipynb"
DESK, SEARCH, POOL = "What do you see on the desk?", "Find the odd one", "From average pooling to max pooling"


@pytest.fixture(scope="module")
def lesson(browser, lab, lab_page_class):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    opened = lab_page_class(page, lab)
    opened.open(LESSON)
    opened.run_all()
    yield opened
    page.close()


def test_run_all_has_no_error(lesson):
    assert lesson.errors() == []


def test_the_desk_follows_the_wish_and_the_strengths(lesson):
    page = lesson.page
    found = explorer(page, DESK)
    assert key(found) == "0,5,3"
    assert "the red cup gets 0.71" in found.locator("figcaption").inner_text()
    before = panels(found, rows=1, columns=2)
    found.get_by_label("looking for").select_option(label="something to read")
    wait_for_key(found, "2,5,3")
    assert "the book gets 0.69" in found.locator("figcaption").inner_text()
    assert [one != two for one, two in zip(before, panels(found, rows=1, columns=2), strict=True)] == [True, True]

    # A faint intent is overruled by what stands out; neither of the two: all alike.
    intent, saliency = (found.get_by_role("slider", name=name) for name in ("intent", "saliency"))
    drag_slider(page, intent, 5 / 8, 0)
    wait_for_key(found, "2,0,3")
    assert "the red cup gets" in found.locator("figcaption").inner_text()
    saliency.focus()
    page.keyboard.press("Home")
    wait_for_key(found, "2,0,0")
    assert "all five things get 0.20" in found.locator("figcaption").inner_text()
    drag_slider(page, saliency, 0, 1)
    wait_for_key(found, "2,0,8")


def test_the_search_by_slider_and_menus(lesson):
    page = lesson.page
    found = explorer(page, SEARCH)
    assert key(found) == "3,0,0"
    slider = found.get_by_role("slider", name="items N")
    before = panels(found, rows=1, columns=2)
    drag_slider(page, slider, 3 / 15, 1)
    wait_for_key(found, "15,0,0")
    assert "the target gets 0.500" in found.locator("figcaption").inner_text()
    assert [one != two for one, two in zip(before, panels(found, rows=1, columns=2), strict=True)] == [True, True]
    found.get_by_label("search").select_option(label="conjunction")
    wait_for_key(found, "15,1,0")
    assert "the target gets 0.015" in found.locator("figcaption").inner_text()
    found.get_by_label("looking for").select_option(label="red and upright")
    wait_for_key(found, "15,1,1")
    assert "the target gets 0.979" in found.locator("figcaption").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    wait_for_key(found, "0,1,1")


def test_beta_by_keyboard_and_mouse(lesson):
    page = lesson.page
    found = explorer(page, POOL)
    slider = found.get_by_role("slider", name="β")
    assert key(found) == "0"
    before = panels(found, rows=1, columns=3)
    slider.focus()
    page.keyboard.press("End")
    wait_for_key(found, "12")
    assert slider.get_attribute("aria-valuetext") == "1000"
    changed = [one != two for one, two in zip(before, panels(found, rows=1, columns=3), strict=True)]
    assert changed[2]
    drag_slider(page, slider, 1, 0)
    wait_for_key(found, "0")
