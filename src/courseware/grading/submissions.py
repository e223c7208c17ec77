"""What students hand in, before anybody looks at it: links are not followed, encodings mended, pages made harmless.

The form grader and the feedback show a submission as a web page, the first of them where the lecturer is logged in.
Their Markdown may hold any HTML, so nothing of it goes there but plain tags.
"""

import html
import io
import json
import os
import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nh3
from nbconvert.exporters import NotebookExporter
from nbconvert.filters import markdown2html_mistune
from nbformat import NotebookNode
from nbgrader.exchange.default import ExchangeCollect
from traitlets.log import get_logger

__all__ = ["Collect", "Reader", "drop_links", "harmless", "mended", "odd"]

LARGEST = 20 * 2**20  # bytes of a notebook
SCHEMES = {"", "http", "https", "mailto", "attachment"}
COMMANDS = re.compile(r"\\(href|require|class|cssId|style)\b")  # with which MathJax makes links, and changes the page
PICTURE, BASE64 = re.compile(r"image/(png|jpeg|gif|webp)"), re.compile(r"[A-Za-z0-9+/=\s]*")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def mended(data: bytes) -> str:
    """The text of a notebook in any of the encodings of JSON, without what cannot be written again.

    Raises ValueError if it is no JSON or too large.
    """
    if len(data) > LARGEST:
        raise ValueError(f"a notebook must have at most {LARGEST} bytes, got {len(data)}")
    text = data.decode(json.detect_encoding(data), errors="replace")
    return json.dumps(json.loads(text), ensure_ascii=False).encode(errors="replace").decode()


def harmless(notebook: NotebookNode) -> None:
    """Leave nothing in a notebook that does something on the page on which somebody reads it.

    Metadata go, but for nbgrader's; Markdown keeps plain tags and pictures, raw cells become Markdown.
    """
    notebook.metadata = NotebookNode(METADATA)
    for cell in notebook.cells:
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in ("nbgrader",) if key in cell.metadata})
        if cell.cell_type == "raw":
            cell.cell_type = "markdown"
        if cell.cell_type == "markdown":
            cell.source = _harmless_markdown(cell.source)
            cell.attachments = NotebookNode(_pictures(cell.get("attachments")))


def _harmless_markdown(text: str) -> str:
    """The text as it is, or as a block of code if it has more than plain tags without attributes and plain links."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    clean = nh3.clean(text, attributes={}, link_rel=None)
    links = _Links()
    if html.unescape(clean) == html.unescape(text) and not COMMANDS.search(text):
        links.feed(markdown2html_mistune(text))
        if links.schemes <= SCHEMES:
            return text
    return "".join(f"    {line}\n" for line in text.split("\n"))


class _Links(HTMLParser):
    """Collects the schemes of the links and pictures on a page that nbconvert has made of harmless tags."""

    def __init__(self) -> None:
        super().__init__()
        self.schemes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src"):
                # As browsers do, which take no notice of blanks.
                address = re.sub(r"[\x00-\x20]", "", value or "").lower()
                self.schemes.add(address.partition(":")[0] if re.match(r"[^/?#]*:", address) else "")


def _pictures(attachments: Any) -> dict:
    kept = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            if PICTURE.fullmatch(kind) and isinstance(data, str) and BASE64.fullmatch(data):
                kept[name] = {kind: data}
    return kept


class Reader(NotebookExporter):
    """Reads a submission from a file, and from nothing that only stands in its place."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        # Not open(path): that waits for ever for a pipe.
        descriptor = os.open(filename, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError(f"{filename} must be a file")
            text = mended(file.read(LARGEST + 1))
        return self.from_file(io.StringIO(text), resources=resources, **options)


def drop_links(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before a submission is copied: take away what is no file and no folder. What a link leads to is left alone."""
    for path in {path for notebook in notebooks for path in odd(Path(notebook).parent)}:
        get_logger().error("%s is a link or no file: taken away", path)
        path.unlink()


def odd(folder: Path) -> Iterator[Path]:
    """What is no file and no folder, in the place of a submission and in it."""
    if links := [path for path in (folder.parent, folder) if path.is_symlink()]:
        yield links[0]
        return
    for where, folders, files in os.walk(folder):
        for path in (Path(where) / name for name in (*folders, *files)):
            if not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISDIR(mode)):
                yield path


class Collect(ExchangeCollect):
    """Collects submissions from the exchange folder, but none that holds a link."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        place = Path(src)
        # The folder of all submissions may be a link of the lecturer's.
        if found := list(odd(place.parent.resolve() / place.name)):
            self.log.error("%s is not collected: %s is a link or no file", src, found[0])
        else:
            super().do_copy(src, dest, log)
