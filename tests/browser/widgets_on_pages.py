"""A page with widgets that compute in it, opened on a desktop and on a phone without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from courseware.publish.outside import POLICY

SCREENS = {"desktop": (1280, 720), "phone": (390, 844)}


def written(file: Path, parts: dict[str, str], script: str) -> str:
    """The address of a page with these parts, each under its title, under the policy of exported pages."""
    shown = "".join(f"<h2>{title}</h2>{part}" for title, part in parts.items())
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>All</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"></head>'
        f'<body><main><h1>All</h1>{shown}</main><script type="module">{script}</script></body></html>',
        encoding="utf-8",
    )
    return file.as_uri()


@contextmanager
def opened(browser: Browser, address: str, widget: str, count: int, complaints: list[str]) -> Iterator[dict[str, Page]]:
    """The page for each screen, when it shows `count` of the selector `widget`; whatever it complains of is noted."""
    pages = {}
    for screen, (width, height) in SCREENS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=screen == "phone", offline=True
        )
        page = pages[screen] = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        expect(page.locator(widget)).to_have_count(count)
    try:
        yield pages
    finally:
        for page in pages.values():
            page.context.close()
