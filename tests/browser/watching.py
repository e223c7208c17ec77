"""Watch an explorer from inside the page: every frame the browser paints, and how soon a picture follows."""

import io
import time

from PIL import Image
from playwright.sync_api import Locator, Page

# Runs with each painted frame: is the picture there, decoded, where it was?
WATCH = """
explorer => {
  const seen = { frames: 0, blank: 0, jumps: 0, keys: [] };
  const picture = explorer.querySelector(".courseware-picture");
  let last = null;
  window.watching = seen;
  const look = () => {
    if (window.watching !== seen) return;
    const image = picture.querySelector("img");
    const box = picture.getBoundingClientRect();
    seen.frames += 1;
    if (!image || !image.complete || !image.naturalWidth || image.getBoundingClientRect().width < 10) seen.blank += 1;
    const place = [box.left, box.top, box.width, box.height].map((n) => n.toFixed(1)).join();
    if (last !== null && place !== last) seen.jumps += 1;
    last = place;
    if (seen.keys.at(-1) !== picture.dataset.key) seen.keys.push(picture.dataset.key);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""

# From an input event to the animation frame in which the picture on the page is the one that was asked for.
LATENCY = """
([explorer, stops]) => new Promise((done) => {
  const input = explorer.querySelector("input[type=range]");
  const picture = explorer.querySelector(".courseware-picture");
  const times = [];
  const step = (n) => {
    if (n === stops.length) return done(times);
    const before = picture.dataset.key;
    const start = performance.now();
    input.value = stops[n];
    input.dispatchEvent(new Event("input", { bubbles: true }));
    const look = () => {
      if (picture.dataset.key === before) return requestAnimationFrame(look);
      times.push(performance.now() - start);
      setTimeout(() => step(n + 1), 30);
    };
    requestAnimationFrame(look);
  };
  step(0);
})
"""


def explorer(page: Page, title: str) -> Locator:
    """The explorer with this title, scrolled into view, its first picture shown."""
    found = page.get_by_role("group", name=title)
    found.wait_for()
    found.scroll_into_view_if_needed()
    found.locator(".courseware-picture img").wait_for()
    return found


def explorers(where: Page | Locator) -> list[Locator]:
    """Every explorer on a page (or inside an element) that is mounted, each with its first picture shown."""
    mounted = where.locator("figure.courseware-explorer")
    for found in mounted.all():
        found.locator(".courseware-picture img").wait_for()
    return mounted.all()


def key(found: Locator) -> str:
    """The position whose picture is shown: stop numbers of the controls, in order."""
    return found.locator(".courseware-picture").get_attribute("data-key")


def wait_for_key(found: Locator, wanted: str, seconds: float = 10) -> None:
    """Wait until the picture of a position is shown."""
    found.locator(f'.courseware-picture[data-key="{wanted}"] img').wait_for(timeout=1000 * seconds)


def drag_slider(page: Page, slider: Locator, start: float, end: float, steps: int = 25) -> None:
    """Drag a range input's thumb between two fractions of its length with the mouse."""
    slider.hover()  # waits until it stands still: cells above it may still be drawn, and grow
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    # The thumb's centre runs from half its width after the start to half before the end.
    x = [box["x"] + 8 + fraction * (box["width"] - 16) for fraction in (start, end)]
    page.mouse.move(x[0], y)
    page.mouse.down()
    page.mouse.move(x[1], y, steps=steps)
    page.mouse.up()


def panels(found: Locator, rows: int = 2, columns: int = 2) -> list[bytes]:
    """The pixels of each panel of the picture as the browser shows it, row by row."""
    shot = Image.open(io.BytesIO(found.locator(".courseware-picture").screenshot()))
    width, height = shot.width / columns, shot.height / rows
    return [
        shot.crop((round(c * width), round(r * height), round((c + 1) * width), round((r + 1) * height))).tobytes()
        for r in range(rows)
        for c in range(columns)
    ]


def move_by_keyboard_and_mouse(page, found, dragged=None):
    """Move each slider of an explorer to both ends, and each menu to both of its ends.

    Every drag of a slider shows new pictures, none blank, none displaced. With `dragged` only so many sliders are
    dragged, the others go to their ends by a key: in a live explorer each stop that a drag passes is drawn.
    """
    sliders, picture = found.locator("input[type=range]"), found.locator(".courseware-picture")
    assert sliders.count() + found.locator("select, .courseware-pad").count() > 0
    for number in range(sliders.count()):
        slider = sliders.nth(number)
        last = slider.get_attribute("max")
        control = number_of_control(slider)
        slider.focus()
        page.keyboard.press("Home")
        wait_for_stop(page, found, control, "0")
        if dragged is not None and number >= dragged:
            page.keyboard.press("End")
            wait_for_stop(page, found, control, last)
            continue
        found.evaluate(WATCH)
        until(page, "() => watching.frames > 0")  # a busy machine paints late: the first picture is seen, and the last
        drag_slider(page, slider, 0, 1, steps=30)
        wait_for_stop(page, found, control, last)
        until(page, "shown => watching.keys.at(-1) === shown.dataset.key", picture.element_handle())
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
    until(
        page,
        "([node, control, stop]) => node.dataset.key.split(',')[control] === stop",
        [found.locator(".courseware-picture").element_handle(), control, stop],
    )


def until(page, condition, argument=None, seconds=30):
    """Wait until a function of the page, given as JavaScript, says true.

    Playwright's `wait_for_function` asks again by `eval` inside the page, which the content-security policy of an
    exported page refuses; each question asked from outside is allowed. Raises TimeoutError.
    """
    patience = time.monotonic() + seconds
    while not page.evaluate(condition, argument):
        if time.monotonic() > patience:
            raise TimeoutError(f"not so after {seconds} s: {condition}")
        page.wait_for_timeout(20)
