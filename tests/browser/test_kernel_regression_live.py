"""Lesson 2 in a real JupyterLab: Run All, then move the explorers by keyboard and by mouse."""

import pytest
from watching import LATENCY, WATCH, drag_slider, explorer, key, panels, wait_for_key

LESSON = "notebooks/02_kernel_regression.ipynb"
WIDTH, PICTURE = "How wide should we look?", "From Gaussian blur to the bilateral filter"


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


def test_keyboard_moves_all_four_panels(lesson):
    found = explorer(lesson.page, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    before, old = panels(found), key(found)
    slider.focus()
    for _ in range(4):
        lesson.page.keyboard.press("ArrowLeft")
    stops = [int(stop) for stop in old.split(",")]
    wait_for_key(found, ",".join(map(str, [stops[0] - 4, *stops[1:]])))
    changed = [one != two for one, two in zip(before, panels(found), strict=True)]
    assert changed == [True] * 4
    # The arrow keys were for the slider, not for the notebook.
    assert slider.evaluate("node => node === document.activeElement")

    lesson.page.keyboard.press("Home")
    wait_for_key(found, ",".join(["0", *map(str, stops[1:])]))
    assert slider.get_attribute("aria-valuetext") == "0.02"
    lesson.page.keyboard.press("End")
    wait_for_key(found, ",".join(["30", *map(str, stops[1:])]))


def test_a_drag_passes_every_picture_without_flicker(lesson):
    found = explorer(lesson.page, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    drag_slider(lesson.page, slider, 0.5, 0)
    wait_for_key(found, ",".join(["0", *key(found).split(",")[1:]]))
    before = panels(found)
    found.evaluate(WATCH)
    drag_slider(lesson.page, slider, 0, 1, steps=60)
    wait_for_key(found, ",".join(["30", *key(found).split(",")[1:]]))
    seen = lesson.page.evaluate("() => { const seen = watching; window.watching = null; return seen; }")
    assert seen["blank"] == 0
    assert seen["jumps"] == 0
    stops = [int(each.split(",")[0]) for each in seen["keys"]]
    assert stops == sorted(stops)
    assert len(stops) > 10
    assert [one != two for one, two in zip(before, panels(found), strict=True)] == [True] * 4


def test_the_slider_works_while_the_kernel_is_busy(lesson):
    page = lesson.page
    page.evaluate(
        """() => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const code = "import time\\nend = time.time() + 4\\nwhile time.time() < end: sum(range(10000))";
            const request = kernel.requestExecute({ code });
            // The kernel's status is no witness: it says "idle" after each widget message, cell or no cell.
            window.cell = "sent";
            request.onIOPub = () => { if (cell === "sent") cell = "running"; };
            request.done.then(() => { cell = "done"; });
        }"""
    )
    page.wait_for_function("cell === 'running'")
    found = explorer(page, WIDTH)
    times = page.evaluate(LATENCY, [found.element_handle(), [3, 9, 15, 21, 27]])
    assert len(times) == 5
    assert key(found).startswith("27,")
    assert page.evaluate("cell") == "running"
    page.wait_for_function("cell === 'done'")


def test_menu_and_handle_ask_the_kernel_for_new_pictures(lesson):
    page = lesson.page
    found = explorer(page, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    slider.focus()
    page.keyboard.press("Home")
    wait_for_key(found, f"0,{key(found).split(',', 1)[1]}")
    found.get_by_label("kernel").select_option(label="boxcar")
    wait_for_key(found, f"0,1,{key(found).split(',')[2]}")
    assert "boxcar kernel, width 0.02" in found.locator("figcaption").inner_text()

    handle = found.get_by_role("slider", name="query x")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 30, steps=8)
    page.mouse.up()
    # 80 % of the panel, which shows -0.1 to 5.1, is 4.06: stop number 19 is 4.0.
    wait_for_key(found, "0,1,19")
    page.keyboard.press("ArrowRight")
    wait_for_key(found, "0,1,20")
    assert handle.get_attribute("aria-valuetext") == "4.2"


def test_point_at_the_photograph(lesson):
    page = lesson.page
    found = explorer(page, PICTURE)
    found.get_by_label("width in colour").select_option(label="0.2")
    handle = found.get_by_role("slider", name="pixel")
    before = panels(found, rows=1, columns=3)
    box = handle.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    # Of the 16 × 16 stops 3, 7, … 63, those at a quarter (pixel 16) and three quarters (48): numbers 3 and 11.
    wait_for_key(found, f"3,3,{11 * 16 + 3}")
    after = panels(found, rows=1, columns=3)
    assert before[0] != after[0]
    assert before[1] != after[1]
    page.keyboard.press("ArrowUp")
    wait_for_key(found, f"3,3,{10 * 16 + 3}")
