"""What students hand in, before anybody looks at it: links are not followed, encodings mended, pages made harmless.

Most of what can be wrong with a submission nbgrader meets where it costs the student only. What would end or hold up
the round for all, such as a name or a time of submission that it cannot read, is taken away before (:func:`sift`).

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
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nh3
from nbconvert.exporters import NotebookExporter
from nbconvert.filters import markdown2html_mistune
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc
from traitlets.log import get_logger

__all__ = ["Collect", "Reader", "harmless", "mended", "sift"]

LARGEST = 20 * 2**20  # bytes of a notebook
MOST_PARTS = 200_000  # braces, brackets and commas of it, without outputs: each becomes an object
LARGEST_FOLDER, MOST_FILES = 200 * 2**20, 2000  # of a submission: nbgrader copies all of it
# Reading Markdown takes the square of its length where it is meant to: longer text is shown, not read.
LONGEST_TEXT, MOST_MARKS, MOST_TEXT = 5000, 1000, 100_000  # characters of a cell, marks among them; of a notebook
TIMESTAMP = "timestamp.txt"
SCHEMES = {"", "http", "https", "mailto", "attachment"}
COMMANDS = re.compile(r"\\(href|require|class|cssId|style)\b")  # with which MathJax makes links, and changes the page
MARK = re.compile(r"[^\w\s]")
PICTURE, BASE64 = re.compile(r"image/(png|jpeg|gif|webp)"), re.compile(r"[A-Za-z0-9+/=\s]*")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def mended(data: bytes) -> str:
    """The text of a notebook in any of the encodings of JSON, without what cannot be written again.

    Outputs and metadata that nobody looks at are left out. Raises ValueError if it is no JSON or too large.
    """
    if len(data) > LARGEST:
        raise ValueError(f"a notebook must have at most {LARGEST} bytes, got {len(data)}")
    content = json.loads(data.decode(json.detect_encoding(data), errors="replace"))
    if isinstance(content, dict):
        _shorten(content)
        for cell in content["cells"] if isinstance(content.get("cells"), list) else ():
            if isinstance(cell, dict):
                _shorten(cell)
    text = json.dumps(content, ensure_ascii=False)
    if sum(map(text.count, "{[,")) > MOST_PARTS:
        raise ValueError(f"a notebook must have at most {MOST_PARTS} parts besides outputs and metadata")
    return text.encode(errors="replace").decode()


def _shorten(part: dict) -> None:
    if "outputs" in part:
        part["outputs"] = []
    if isinstance(metadata := part.get("metadata"), dict):
        part["metadata"] = {key: metadata[key] for key in ("nbgrader",) if key in metadata}


def harmless(notebook: NotebookNode) -> None:
    """Leave nothing in a notebook that does something on the page on which somebody reads it.

    Metadata go, but for nbgrader's; Markdown keeps plain tags and pictures, raw cells become Markdown.
    """
    notebook.metadata = NotebookNode(METADATA)
    room = MOST_TEXT
    for cell in notebook.cells:
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in ("nbgrader",) if key in cell.metadata})
        if cell.cell_type == "raw":
            cell.cell_type = "markdown"
        if cell.cell_type == "markdown":
            room -= len(cell.source)
            cell.source = _harmless_markdown(cell.source, is_read=room >= 0)
            cell.attachments = NotebookNode(_pictures(cell.get("attachments")))


def _harmless_markdown(text: str, is_read: bool) -> str:
    """The text as it is, or as a block of code if it has more than plain tags without attributes and plain links."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if is_read and len(text) <= LONGEST_TEXT and len(MARK.findall(text)) <= MOST_MARKS:
        clean = nh3.clean(text, attributes={}, link_rel=None)
        if html.unescape(clean) == html.unescape(text) and not COMMANDS.search(text):
            links = _Links()
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

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # nbgrader makes its reader when it knows which submissions there are, and before it opens one. Its own hook
        # comes too late: a time of submission is read before.
        if isinstance(self.parent, Autograde):
            sift(self.parent)

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


def sift(converter: Autograde) -> None:
    """Take away what in the submissions of `converter` would end or hold up the round, before nbgrader opens one.

    Links, pipes and unreadable times of submission are deleted; what a link leads to is left alone. A submission that
    nbgrader cannot copy, or whose folder has a name that it cannot read, is left out and named.
    """
    for name in list(converter.assignments):
        folder = Path(name)
        try:
            if not folder.parent.name.isprintable():
                raise ValueError("the name of its folder has other characters than printable ones")
            for path in odd(folder):
                get_logger().error("%s is a link or no file: taken away", path)
                path.unlink()
            _mend_timestamp(folder / TIMESTAMP)
            sizes = [path.stat().st_size for path in _below(folder) if not path.is_dir()]
            if sum(sizes) > LARGEST_FOLDER or len(sizes) > MOST_FILES:
                raise ValueError(f"it has {len(sizes)} files, {sum(sizes)} bytes: too much to be copied")
            # nbgrader has taken the name of the folder for a pattern, such as [a], and found files of other students.
            found = folder.glob(f"{converter.coursedir.notebook_id}.ipynb")
            converter.assignments[name] = [str(path) for path in found if path.name.isprintable()]
        except Exception as error:
            del converter.assignments[name]
            student = ascii(folder.parent.name)
            get_logger().error("There was an error processing assignment for student %s: %s", student, error)


def _mend_timestamp(path: Path) -> None:
    """Delete a time of submission that cannot be read: nbgrader would end its collection with it, or not grade."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        data = file.read(100)
    try:
        parse_utc(data.decode().strip() or None)
    except Exception:  # what dateutil raises is not documented
        get_logger().error("%s holds no time: taken away", path)
        path.unlink()


def odd(folder: Path) -> Iterator[Path]:
    """What is no file and no folder, in the place of a submission and in it."""
    if links := [path for path in (folder.parent, folder) if path.is_symlink()]:
        yield links[0]
        return
    for path in _below(folder):
        if not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISDIR(mode)):
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        yield from (Path(where) / name for name in (*folders, *files))


class Collect(ExchangeCollect):
    """Collects submissions from the exchange folder, but none that holds a link, and none for somebody else."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        place = Path(src)
        try:
            # The folder of all submissions may be a link of the lecturer's.
            if found := next(odd(place.parent.resolve() / place.name), None):
                raise ValueError(f"{found} is a link or no file")
            super().do_copy(src, dest, log)
            _mend_timestamp(Path(dest) / TIMESTAMP)
        except Exception as error:  # it must not end the round: students make what they like in that folder
            self.log.error("%s is not collected: %s", src, error)

    def _path_to_record(self, path: str) -> dict[str, Any]:
        try:
            return super()._path_to_record(path)
        except Exception:  # no time: as if handed in before all others
            self.log.error("%s has no time in its name", path)
            name = Path(path).name
            return {"username": name.partition("+")[0], "filename": name, "timestamp": datetime.min}

    def _sort_by_timestamp(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The submissions of one student, newest first: only their own, if there is one of their own."""
        own = [
            record for record in records if _owner(Path(self.inbound_path, record["filename"])) == record["username"]
        ]
        return super()._sort_by_timestamp(own if own and self.check_owner else records)


def _owner(path: Path) -> str | None:
    try:
        return path.owner()
    except (KeyError, OSError):
        return None
