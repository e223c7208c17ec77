"""Whether slides fit: measured in the browser on a reveal.js deck, exported or live in JupyterLab.

`problems` looks at the slide that is shown; `walk` goes through a deck as a presenter does, by the space bar,
and looks at every state of every slide.
"""

from pathlib import Path

from playwright.sync_api import Page
from watching import until

PRESENT = ".reveal .slides section.present"
SMALLEST_TEXT = 20  # px on the screen
MOVE_LIMIT = 1  # s for a key to take effect; the end of the deck costs this once
SETTLED = 2000  # ms until formulas are typeset, which makes a slide lower: on a busy machine that comes after the key

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").strip()


def problems(page: Page, present: str = PRESENT, smallest_text: float = SMALLEST_TEXT) -> list[str]:
    """What is wrong with the slide that is shown, as it is shown: one sentence for the worst of each kind.

    Kinds: content beyond each edge of the window, content cut off inside the slide, a scroll bar, text
    smaller than `smallest_text` pixels on the screen. `present` selects the shown slide (and its column).
    A sentence starts with the slide's number and first heading.
    """
    return page.evaluate(f"arguments => ({SCRIPT})(...arguments).problems()", [present, smallest_text])


def walk(page: Page, present: str = PRESENT, smallest_text: float = SMALLEST_TEXT) -> tuple[list[str], list[str]]:
    """Go from the slide that is shown to the end of the deck; returns the slides' names and all problems."""
    names, found = [], []
    while True:
        names.append(page.evaluate(f"present => ({SCRIPT})(present).name()", present))
        if problems(page, present, smallest_text):
            page.wait_for_timeout(SETTLED)
            found += problems(page, present, smallest_text)
        before = page.evaluate(f"present => ({SCRIPT})(present).position()", present)
        page.keyboard.press("Space")
        moved = f"([present, before]) => ({SCRIPT})(present).position() !== before"
        try:
            until(page, moved, [present, before], seconds=MOVE_LIMIT)
        except TimeoutError:
            return list(dict.fromkeys(names)), list(dict.fromkeys(found))
