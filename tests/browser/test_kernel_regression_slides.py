"""Lesson 2 as live slides: the slider on a slide moves all four panels, the menu asks the kernel."""

import pytest
from watching import drag_slider, explorer, key, panels, wait_for_key

LESSON = "notebooks/02_kernel_regression.ipynb"
WIDTH = "How wide should we look?"


@pytest.fixture(scope="module")
def deck(browser, lab, slides_page_class):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    opened = slides_page_class(page, lab)
    opened.open(LESSON)
    yield opened
    page.close()


def test_no_cell_fails(deck):
    assert deck.errors() == []


def test_the_slider_on_a_slide_moves_all_four_panels(deck):
    page = deck.page
    deck.go_to(WIDTH)
    found, shown = explorer(page, WIDTH), deck.current
    slider = found.get_by_role("slider", name="width σ")
    before = panels(found)
    box = slider.bounding_box()
    assert box["y"] + box["height"] < 720
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    wait_for_key(found, "12,0,12")
    assert [one != two for one, two in zip(before, panels(found), strict=True)] == [True] * 4
    drag_slider(page, slider, 0.4, 1)
    wait_for_key(found, "30,0,12")
    found.get_by_label("kernel").select_option(label="boxcar")
    wait_for_key(found, "30,1,12")
    assert deck.current == shown
    assert key(found) == "30,1,12"
