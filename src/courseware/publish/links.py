"""Which page stands for a notebook or a file, and what a page leads to.

Notebooks and files go by their path relative to `notebooks/`, such as `exercises/02_width.ipynb` and `../docs/a.md`;
pages go by their path in the folder that is exported.
"""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

from courseware.publish.errors import ExportError

__all__ = ["NAMED", "linked_files", "markdown", "page_of", "relative", "resolved", "title"]

NAMED = re.compile(r'<a id="([^"]*)"></a>')  # ends a translated heading: the English one's anchor
LINK = re.compile(r"(?<!!)\[[^\[\]]*\]\((?![\w.+-]+:)([^)#?\s]+)")  # not to a picture, and not to another host


def page_of(name: str) -> str:
    """The page of a notebook or file: `../src/a.py` becomes `src/a.py.html`, `../docs/a.md` `docs/a.html`."""
    return name.removeprefix("../").removesuffix(".ipynb").removesuffix(".md") + ".html"


def relative(target: str, page: str) -> str:
    """The address of `target` on `page`, both paths in the folder that is exported."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def resolved(name: str, path: str) -> str:
    """Where a link in the notebook or file `name` leads, relative to `notebooks/`."""
    return posixpath.relpath(posixpath.join("/notebooks", posixpath.dirname(name), unquote(path)), "/notebooks")


def linked_files(texts: Mapping[str, str], root: Path) -> dict[str, Path]:
    """The files of the project that Markdown links to, other than notebooks, and those that these link to.

    `texts` holds the Markdown by the name of its notebook or file; the files found have such names, too. A link to
    nothing is left for `dead_links` to report. Raises `ExportError` if a file is no text.
    """
    found: dict[str, Path] = {}
    waiting = list(texts.items())
    while waiting:
        name, text = waiting.pop()
        for path in LINK.findall(text):
            target = resolved(name, path)
            file = (root / "notebooks" / target).resolve()
            inside = file.is_file() and root.resolve() in file.parents
            if inside and target not in found and not target.endswith(".ipynb"):
                found[target] = file
                words = _read(file)
                waiting.append((target, words if file.suffix == ".md" else ""))
    return dict(sorted(found.items()))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ExportError(f"{file.name} is no text: a page may show it as a picture, but not link to it") from error


def markdown(notebook: NotebookNode) -> str:
    """All the text of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def title(notebook: NotebookNode, name: str) -> str:
    """The first heading of a notebook as plain text, or its name."""
    for cell in notebook.cells:
        heading = re.search(r"^#+\s+(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return re.sub(r"[*`$]", "", NAMED.sub("", heading[1])).strip()
    return posixpath.basename(name).removesuffix(".ipynb")
