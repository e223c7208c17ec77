"""Links that lead nowhere in a folder of HTML pages, and what these pages would load from elsewhere."""

import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from courseware.publish import outside

__all__ = ["dead_links"]

# Megabytes of pictures and fonts in a deck, which lead nowhere and would only be slow to read.
DATA = re.compile(r"(?<=;base64,)[\w+/=]+")


def dead_links(folder: Path, elsewhere: Collection[str] = ()) -> list[str]:
    """What is wrong with the links of the HTML pages below `folder`, one sentence each; empty if all lead somewhere.

    Links to other hosts are not followed, but loading anything from there is a problem. `elsewhere` holds paths
    relative to `folder` that need not exist.
    """
    folder = folder.resolve()
    texts = {path: DATA.sub("", path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    pages = {path: _Page(text) for path, text in texts.items()}
    left_out = {folder / path for path in elsewhere}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(folder).as_posix()
        for load in outside.loaded_by_page(texts[path]):
            if not load.address or not _lies_there(path, load.address):
                problems.append(f"{name}: loads {load}, which is not in the site")
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target in left_out:
                continue
            if not target.is_file():
                problems.append(f"{name}: the link to {address} leads nowhere")
                continue
            # As browsers do it: the fragment as it is written, then decoded. A deck's own begin with a slash.
            fragment = parts.fragment.removeprefix("/")
            if target in pages and not {fragment, unquote(fragment)} & pages[target].anchors:
                problems.append(f"{name}: {address} names a place that the page does not have")
    problems += [f"{sheet}: loads {address}" for sheet, address in _loaded_by_styles(folder)]
    return problems


class _Page(HTMLParser):
    """Collects the anchors of a page and its links."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for attribute, value in attributes:
            if not value:
                continue
            if attribute == "id" or (tag == "a" and attribute == "name"):
                self.anchors.add(value)
            elif tag == "a" and attribute == "href":
                self.links.append(value)


def _lies_there(page: Path, address: str) -> bool:
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and (page.parent / unquote(parts.path)).is_file()


def _loaded_by_styles(folder: Path) -> Iterator[tuple[str, str]]:
    for sheet in sorted(folder.rglob("*.css")):
        for address in outside.loaded_by_style(sheet.read_text(encoding="utf-8")):
            if not _lies_there(sheet, address):
                yield sheet.relative_to(folder).as_posix(), address[:120]
