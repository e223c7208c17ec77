"""Lesson 2 as the export writes it: what an exported explorer does with combinations that it does not hold."""

import pytest
from watching import explorer, key, panels, wait_for_key

from courseware.export import export

WIDTH, PICTURE = "How wide should we look?", "From Gaussian blur to the bilateral filter"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """This lesson alone: with pytest-xdist another process exports the whole course for its own tests."""
    folder = tmp_path_factory.mktemp("site")
    export(folder, ["02"], progress=False)
    return folder


def picture(found):
    return found.locator(".courseware-picture").element_handle()


def test_all_four_panels_change(page, site):
    page.goto((site / "02_kernel_regression.html").as_uri())
    found = explorer(page, WIDTH)
    before = panels(found)
    found.get_by_role("slider", name="width σ").focus()
    page.keyboard.press("Home")
    wait_for_key(found, "0,0,12")
    assert [one != two for one, two in zip(before, panels(found), strict=True)] == [True] * 4
    assert "width 0.02" in found.locator("figcaption").inner_text()


def test_the_menu_stays_while_the_slider_moves(page, site):
    page.goto((site / "02_kernel_regression.html").as_uri())
    found = explorer(page, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    slider.focus()
    page.keyboard.press("End")
    found.get_by_label("kernel").select_option(label="boxcar")
    wait_for_key(found, "30,1,12")
    # Every fifth width is kept for kernels other than the Gaussian.
    slider.focus()
    page.keyboard.press("ArrowLeft")
    wait_for_key(found, "25,1,12")
    assert found.get_by_label("kernel").input_value() == "1"


def test_the_arrows_move_the_query(page, site):
    page.goto((site / "02_kernel_regression.html").as_uri())
    found = explorer(page, WIDTH)
    start = key(found)
    handle = found.get_by_role("slider", name="query x")
    before = float(handle.get_attribute("aria-valuetext"))
    handle.press("ArrowRight")
    handle.press("ArrowRight")
    page.wait_for_function("([node, old]) => node.dataset.key !== old", arg=[picture(found), start])
    assert float(handle.get_attribute("aria-valuetext")) > before
    assert key(found).split(",")[:2] == start.split(",")[:2]


def test_point_at_the_photograph(page, site):
    page.goto((site / "02_kernel_regression.html").as_uri())
    photograph = explorer(page, PICTURE)
    before = panels(photograph, rows=1, columns=3)
    box = photograph.get_by_role("slider", name="pixel").bounding_box()
    page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    page.wait_for_function("node => node.dataset.key !== '3,6,140'", arg=picture(photograph))
    assert panels(photograph, rows=1, columns=3)[1] != before[1]
    # Every fourth pixel each way is kept: numbers 0, 4, 8 and 12 of the 16.
    for pressed, pixel in [("ArrowRight", 4), ("ArrowDown", 16 * 4 + 4), ("ArrowLeft", 16 * 4)]:
        page.keyboard.press(pressed)
        wait_for_key(photograph, f"3,6,{pixel}")
