"""The pictures of pages as files, named by their content: one that several pages and decks show is stored once."""

import base64
import hashlib
import html
import io
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from PIL import Image

from courseware.publish.links import relative

__all__ = ["PICTURES", "outputs_with_files", "text_with_files", "thumbnail"]

PICTURES = "pictures"  # where they lie in the folder that is exported
THUMBNAIL_WIDTH = 560
IMAGE_TYPES = {"image/png": "png", "image/jpeg": "jpg"}
DATA = re.compile(r"data:image/(?P<kind>png|jpeg|webp);base64,(?P<data>[\w+/=]+)")
# In a text: as Markdown and as HTML, not from another host.
NAMED = re.compile(
    r"""!\[(?P<words>[^\]]*)\]\((?P<path>(?![\w.+-]+:)[^)\s]+)\)|(?P<start><img\b[^>]*?\bsrc=")(?P<source>(?![\w.+-]+:)[^"]+)"""
)
STILL = re.compile(r'class="courseware-still" src="data:image/\w+;base64,([^"]+)"')


def outputs_with_files(cell: NotebookNode, page: str, output: Path) -> list[NotebookNode]:
    """The outputs of a code cell for `page`, with the addresses of their pictures, which are written below `output`.

    The words for a picture come from its output or from the cell's metadata.
    """
    return [_apart(nbformat.from_dict(each), cell.metadata.get("alt", ""), page, output) for each in cell.outputs]


def _apart(shown: NotebookNode, words: str, page: str, output: Path) -> NotebookNode:
    data = shown.get("data", {})
    if "text/html" in data:

        def address(found: re.Match[str]) -> str:
            kind = found["kind"].replace("jpeg", "jpg")
            return relative(_written(base64.b64decode(found["data"]), kind, output), page)

        # An explorer's still loads with the page, the rest when it is moved: an address is all that is left.
        shown.data = NotebookNode({"text/html": DATA.sub(address, "".join(data["text/html"]))})
        return shown
    for kind, suffix in IMAGE_TYPES.items():
        if kind in data:
            alt = shown.metadata.get(kind, {}).get("alt") or words
            content = base64.b64decode(data[kind])
            width, height = Image.open(io.BytesIO(content)).size
            source = relative(_written(content, suffix, output), page)
            image = (
                f'<img class="course-figure" src="{source}" alt="{html.escape(alt)}" '
                f'width="{width}" height="{height}" loading="lazy" decoding="async">'
            )
            shown.data = NotebookNode({"text/html": image})
            break
    return shown


def text_with_files(text: str, folder: Path, page: str, output: Path) -> str:
    """Markdown for `page` whose pictures, which it names by their paths from `folder`, are written below `output`.

    What is not there keeps its address, for the build to report.
    """

    def shown(found: re.Match[str]) -> str:
        file = folder / unquote(found["path"] or found["source"])
        if not file.is_file():
            return found[0]
        source = relative(_written(file.read_bytes(), file.suffix.removeprefix("."), output), page)
        if found["start"]:
            return f"{found['start']}{source}"
        return f'<img alt="{html.escape(found["words"])}" src="{source}">'

    return NAMED.sub(shown, text)


def thumbnail(notebook: NotebookNode, output: Path) -> dict[str, str | int] | None:
    """The first picture of a notebook's first explorer, or its first picture, small; None if it has none.

    Returns its path, width and height in pixels.
    """
    stills, pictures = [], []
    for cell in notebook.cells:
        for shown in cell.get("outputs", []):
            data = shown.get("data", {})
            stills += STILL.findall("".join(data.get("text/html", "")))
            pictures += [data["image/png"]] if "image/png" in data else []
    if not stills + pictures:
        return None
    picture = Image.open(io.BytesIO(base64.b64decode((stills + pictures)[0]))).convert("RGB")
    picture.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
    small = io.BytesIO()
    picture.save(small, "WEBP", quality=80)
    path = _written(small.getvalue(), "webp", output)
    return {"src": path, "width": picture.width, "height": picture.height}


def _written(content: bytes, suffix: str, output: Path) -> str:
    """Write a picture below `output`; returns its path there."""
    # The name that `courseware.notebook.explorer.pictures_apart` gives, so that decks and pages share the file.
    path = f"{PICTURES}/{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    (output / PICTURES).mkdir(parents=True, exist_ok=True)
    (output / path).write_bytes(content)
    return path
