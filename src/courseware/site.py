"""The course as a web site: every notebook and document as a page, with search, navigation and a dark mode.

Sphinx makes the pages (MyST-NB reads the notebooks, sphinx-book-theme dresses them) from notebooks that the export has
executed already. This module prepares what Sphinx reads and is a Sphinx extension itself, for what differs from its
habits: formulas become MathML as in the exported pages, links between notebooks become links between pages, and the
anchors are JupyterLab's. Nothing is loaded from elsewhere; a dead link fails the build.
"""

import argparse
import base64
import hashlib
import html
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jinja2
import math_core
import myst_nb  # noqa: F401  # so that a missing package is named before the notebooks run
import nbformat
import sphinx_book_theme  # noqa: F401  # likewise
from docutils import nodes
from nbformat import NotebookNode
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging

from courseware import export
from courseware.decks import COURSE_DECK
from courseware.execute import FAILURES
from courseware.export import START, TEMPLATES, ExportError
from courseware.project import UserError, project_root

__all__ = ["Repository", "SiteError", "repository", "site", "site_command"]

# Where things lie in the site. The plain pages and decks have a folder of their own, as `courseware export` writes.
FILES, DOWNLOADS, PICTURES = "files", "downloads", "pictures"
THUMBNAIL_WIDTH = 560
ICON_SCRIPT = re.compile(r'\s*<script [^>]*src="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')
PICTURE_TYPES = {"image/png": "png", "image/jpeg": "jpg"}
STILL = r'class="courseware-still" src="data:image/\w+;base64,([^"]+)"'
HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}

logger = logging.getLogger(__name__)


class SiteError(ValueError):
    """The site could not be built as it must be; the message says why."""


# ------------------------------------------------------------------------------------------------ the repository
@dataclass(frozen=True)
class Repository:
    """Where the course is published, for the launch buttons.

    Attributes
    ----------
    url : str
        Such as ``"https://github.com/OWNER/NAME"``.
    branch : str
        The branch that Binder and Colab open.
    """

    url: str
    branch: str = "main"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", self.url):
            raise UserError(f"the repository must be an address like https://github.com/OWNER/NAME, was {self.url!r}")
        if self.host not in HOSTS:
            raise UserError(f"the repository must be on one of {', '.join(HOSTS)}, was {self.url!r}")

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


def repository(root: Path, url: str | None = None) -> Repository | None:
    """The repository named by `url`, else the remote `origin` of the clone, else `Repository` in pyproject.toml's urls.

    None if all are missing or the remote is on no host that the launch buttons know. Raises
    `courseware.project.UserError` if `url` or the address in pyproject.toml is no repository on such a host.
    """
    branch = _git(root, "branch", "--show-current") or "main"
    if url:
        return Repository(_web_address(url), branch)
    origin = _web_address(_git(root, "remote", "get-url", "origin"))
    if urlsplit(origin).netloc in HOSTS:
        return Repository(origin, branch)
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.exists() else {}
    named = project.get("urls", {}).get("Repository")
    return Repository(_web_address(named), branch) if named else None


def _git(root: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True)
    except FileNotFoundError:  # no git: a downloaded archive
        return ""
    return done.stdout.strip()


def _web_address(remote: str) -> str:
    """`git@host:owner/name.git` and its relatives as the address that a browser opens."""
    remote = re.sub(r"^(ssh://)?git@([^:/]+)[:/]", r"https://\2/", remote)
    remote = re.sub(r"^https://[^/@]*@", "https://", remote)  # no user name and no token in a page
    return remote.rstrip("/").removesuffix(".git")


# ------------------------------------------------------------------------------------------------------ the site
def site(output: Path, url: str | None = None, progress: bool = True) -> Path:
    """Execute every notebook once and build the web site into the folder `output`; returns its first page.

    Parameters
    ----------
    output
        Made if it does not exist; must be empty or hold an older site, which is replaced.
    url
        The repository for the launch buttons, see `repository`.
    progress
        Whether to show a progress bar over the code cells.

    Raises
    ------
    courseware.project.UserError
        If a text cannot be derived, `output` holds anything but a site, or `url` is no repository.
    courseware.execute.FAILURES
        If a cell raises, takes too long or ends its kernel.
    courseware.export.ExportError
        If a page would show a formula as raw TeX, link to a file that does not exist, or load something.
    SiteError
        If Sphinx warns of anything, or a page has a dead link or loads something from elsewhere.
    """
    output, root = Path(output), project_root()
    where = repository(root, url)
    _refuse_other_folders(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place until it is finished: a build that fails leaves the older site as it was.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as scratch:
        made = Path(scratch, "site")
        notebooks: dict[str, NotebookNode] = {}
        export.export(made / FILES, progress=progress, each=notebooks.__setitem__)
        build(notebooks, made, root, where)
        if output.exists():
            shutil.rmtree(output)
        made.rename(output)
    return output / "index.html"


def _refuse_other_folders(output: Path) -> None:
    for place in (output, *output.parents):
        if place.exists() and not place.is_dir():
            raise UserError(f"the site needs a folder to lie in, but {place} is a file")
    if output.exists() and any(output.iterdir()) and not (output / "searchindex.js").is_file():
        raise UserError(f"{output} holds something that is no site: name another folder, or empty this one")


def build(notebooks: Mapping[str, NotebookNode], output: Path, root: Path, where: Repository | None) -> None:
    """Build the site from executed notebooks into `output`, where `FILES` lies already; raises as `site`.

    `notebooks` holds, by path relative to `notebooks/`, what `courseware.export.export` hands to its `each`.
    """
    course = Course(notebooks, output, root)
    with tempfile.TemporaryDirectory() as scratch:
        sources = Path(scratch, "sources")
        course.write(sources)
        settings = {
            "title": course.title,
            "licence": course.licence,
            "repository": asdict(where) | {"provider": HOSTS[where.host]} if where else None,
            "pages": course.pages,
        }
        (sources / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        _sphinx(sources, output, Path(scratch, "doctrees"))
    # What only builders use: templates that the themes keep among their files, and two of Sphinx's own.
    for path in [*output.glob("_static/*webpack-macros.html"), output / ".buildinfo", output / "objects.inv"]:
        path.unlink(missing_ok=True)
    _without_icon_script(output)
    _write_fonts(output)
    problems = dead_links(output)
    if problems:
        raise SiteError("\n".join(problems))


def _sphinx(sources: Path, output: Path, doctrees: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--quiet", "-j", "auto"]
    # In a process of its own: Sphinx keeps much of its state in modules.
    done = subprocess.run(
        [*command, "-d", str(doctrees), str(sources), str(output)],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    if done.returncode:
        raise SiteError(f"Sphinx does not accept the pages:\n{done.stderr.strip()}")


def site_command(args: argparse.Namespace) -> int:
    """`courseware site`: `args.output` is the folder, `args.repository` the address for the launch buttons."""
    try:
        first = site(Path(args.output), args.repository)
    except FAILURES as error:
        print(f"a cell failed\n{error}", file=sys.stderr)
        return 1
    except (ExportError, SiteError) as error:
        print(error, file=sys.stderr)
        return 1
    if repository(project_root(), args.repository) is None:
        print(
            "No launch buttons: git's remote origin is on no host that Binder opens. Name the repository with "
            "--repository https://github.com/OWNER/NAME",
            file=sys.stderr,
        )
    size = sum(path.stat().st_size for path in first.parent.rglob("*") if path.is_file()) / 1e6
    print(f"{len(list(first.parent.rglob('*.html')))} pages written, {size:.1f} MB: open {first}")
    return 0


# ------------------------------------------------------------------------------------------- what Sphinx reads
@dataclass
class Course:
    """What the pages are made of, and how they hang together."""

    notebooks: Mapping[str, NotebookNode]
    output: Path
    root: Path
    guides: dict[str, Path] = field(init=False)
    documents: dict[str, Path] = field(init=False)
    pages: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        files = sorted((self.root / "docs").rglob("*.md"))
        self.guides = {f"../{file.relative_to(self.root).as_posix()}": file for file in files}
        guides = {name: export.document(file, self.root) for name, file in self.guides.items()}
        # The guides, and whatever a text links to: the syllabus, a module of the library.
        self.documents = self.guides | export.linked_files(dict(self.notebooks) | guides, self.root)
        self.notebooks = {name: notebook for name, notebook in self.notebooks.items() if name.endswith(".ipynb")}
        # The start page of the notebooks is a page among others: the site has a first page of its own.
        self.pages = export.site_map(self.notebooks) | {START: START.removesuffix(".ipynb") + ".html"}
        self.pages |= {name: name.removeprefix("../").removesuffix(".md") + ".html" for name in self.documents}

    @property
    def title(self) -> str:
        return re.sub(r":.*", "", export.title(self.notebooks[START], START))

    @property
    def licence(self) -> str:
        file = self.root / "pyproject.toml"
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.exists() else {}
        return str(project.get("license", ""))

    @property
    def lessons(self) -> list[str]:
        return [name for name in self.notebooks if re.match(r"\d\d_", name) and name != START]

    def sheets(self, lesson: str) -> list[str]:
        return [name for name in self.notebooks if posixpath.basename(name) == lesson and "/" in name]

    def write(self, sources: Path) -> None:
        """Everything that Sphinx reads, and the files that the pages load or offer."""
        shutil.copytree(TEMPLATES / "site", sources, ignore=shutil.ignore_patterns("*.j2"))
        for name, notebook in self.notebooks.items():
            page = self.pages[name]
            target = sources / page.replace(".html", ".ipynb")
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(self._prepared(notebook, name), target)
            download = self.output / DOWNLOADS / name
            download.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(_without_outputs(notebook), download)
        for name, file in self.documents.items():
            target = sources / self.pages[name].replace(".html", ".md")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._document(file, name), encoding="utf-8")
        for file in (self.root / "docs").rglob("*"):
            if file.is_file() and file.suffix != ".md":
                target = sources / file.relative_to(self.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
        template = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        first = template.from_string((TEMPLATES / "site" / "index.md.j2").read_text(encoding="utf-8"))
        (sources / "index.md").write_text(first.render(self._first_page()), encoding="utf-8")

    def _first_page(self) -> dict[str, Any]:
        def docname(name: str) -> str:
            return self.pages[name].removesuffix(".html")

        cards = [
            {
                "title": export.title(self.notebooks[name], name),
                "text": _first_paragraph(self.notebooks[name]),
                "notebook": name,
                "picture": self._thumbnail(name),
                "links": self._links(name, "index.html", short=True),
            }
            for name in self.lessons
        ]
        others = [name for name in self.notebooks if "/" not in name and name not in [START, *self.lessons]]
        return {
            "title": export.title(self.notebooks[START], START).partition(":")[0],
            "text": _first_paragraph(self.notebooks[START]),
            "cards": cards,
            "start": docname(START),
            "lessons": [docname(name) for name in self.lessons],
            "others": [docname(name) for name in others],
            "guides": [docname(name) for name in self.guides],
            "deck": f"{FILES}/{COURSE_DECK}" if (self.output / FILES / COURSE_DECK).is_file() else None,
        }

    def _document(self, file: Path, name: str) -> str:
        text = file.read_text(encoding="utf-8")
        matter = "" if name in self.guides else "---\norphan: true\n---\n\n"
        if file.suffix == ".md":
            return matter + text
        fence = "`" * (3 + max(map(len, re.findall(r"`+", text)), default=0))
        language = {".py": "python", ".toml": "toml", ".yml": "yaml", ".bib": "bibtex"}.get(file.suffix, "text")
        return f"{matter}# {name.removeprefix('../')}\n\n{fence}{language}\n{text}\n{fence}\n"

    def _links(self, name: str, page: str, short: bool = False) -> list[dict[str, str]]:
        """What belongs to a notebook, as links from a page of the site."""
        links = {}
        base = posixpath.basename(name)
        places = [base, f"exercises/{base}", f"solutions/{base}"]
        words = ["Lesson", "Exercises", "Solutions"]
        for word, place in zip(words, places, strict=True):
            if place in self.notebooks and place != name and name != START:
                links[word] = self.pages[place]
        one_file = export.site_map([name])[name]
        deck = one_file.replace(".html", ".slides.html")
        if (self.output / FILES / deck).is_file():
            links = {"Slides": f"{FILES}/{deck}"} | links
        if not short:
            links |= {"Plain page": f"{FILES}/{one_file}", "Notebook": f"{DOWNLOADS}/{name}"}
        return [
            {"text": text, "href": posixpath.relpath(target, posixpath.dirname(page) or ".")}
            for text, target in links.items()
        ]

    # ---- notebooks
    def _prepared(self, notebook: NotebookNode, name: str) -> NotebookNode:
        """The notebook as MyST-NB is to read it: no notes, hidden code removed, pictures in files of their own."""
        notebook = nbformat.from_dict(notebook)
        notebook.cells = [cell for cell in notebook.cells if not _left_out(cell)]
        page = self.pages[name]
        pictures = Pictures(self.output, page)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                tags = cell.metadata.setdefault("tags", [])
                if cell.metadata.get("jupyter", {}).get("source_hidden") or "hide-input" in tags:
                    cell.metadata.tags = [*tags, "remove-input"]
                cell.outputs = [pictures.apart(output, cell) for output in cell.outputs]
        links = "".join(
            f'<a href="{html.escape(link["href"])}"{_download(link["text"])}>{link["text"]}</a>'
            for link in self._links(name, page)
        )
        _insert_below_title(notebook, f'<nav class="course-links" aria-label="This lesson">{links}</nav>')
        sheets = [posixpath.relpath(self.pages[s], posixpath.dirname(page) or ".") for s in self.sheets(name)]
        if name in self.lessons and sheets:
            entries = "\n".join(
                f"{posixpath.dirname(sheet).capitalize()} <{sheet.removesuffix('.html')}>" for sheet in sheets
            )
            tree = f"```{{toctree}}\n:hidden:\n\n{entries}\n```"
            notebook.cells.append(nbformat.v4.new_markdown_cell(tree, id="sheets"))
        return notebook

    def _thumbnail(self, name: str) -> dict[str, Any] | None:
        """The first picture of a lesson's first explorer, or its first picture, small; None if it has none."""
        stills, pictures = [], []
        for cell in self.notebooks[name].cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                found = re.search(
                    r'class="courseware-still" src="data:image/\w+;base64,([^"]+)"', data.get("text/html", "")
                )
                stills += [found[1]] if found else []
                pictures += [data["image/png"]] if "image/png" in data else []
        if not stills + pictures:
            return None
        picture = Image.open(io.BytesIO(base64.b64decode((stills + pictures)[0]))).convert("RGB")
        picture.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH))
        path = f"{PICTURES}/{name.removesuffix('.ipynb')}/first.webp"
        (self.output / path).parent.mkdir(parents=True, exist_ok=True)
        picture.save(self.output / path, quality=80)
        return {"src": path, "width": picture.width, "height": picture.height}


def _left_out(cell: NotebookNode) -> bool:
    notes = cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
    return notes or "remove-cell" in cell.metadata.get("tags", [])


def _download(text: str) -> str:
    return " download" if text == "Notebook" else ""


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _insert_below_title(notebook: NotebookNode, block: str) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.search(r"^# .+$", cell.source, re.MULTILINE)):
            cell.source = f"{cell.source[: heading.end()]}\n\n{block}\n{cell.source[heading.end() :]}"
            return


def _first_paragraph(notebook: NotebookNode) -> str:
    """The first paragraph of a notebook that is no heading."""
    for cell in notebook.cells:
        for paragraph in re.split(r"\n\s*\n", cell.source) if cell.cell_type == "markdown" else ():
            if paragraph.strip() and not paragraph.startswith("#"):
                return paragraph.strip()
    return ""


@dataclass
class Pictures:
    """Takes the pictures of one page out of its outputs and writes them as files, each once."""

    output: Path
    page: str

    def apart(self, output: NotebookNode, cell: NotebookNode) -> NotebookNode:
        """The output with the addresses of its pictures in place of the pictures."""
        data = output.get("data", {})
        if "text/html" in data:
            # An explorer's still loads with the page, the rest when it is moved: an address is all that is left.
            words = re.sub(r"data:image/(png|jpeg|webp);base64,([\w+/=]+)", self._file, "".join(data["text/html"]))
            output.data = NotebookNode({"text/html": words})
            return output
        for kind, suffix in PICTURE_TYPES.items():
            if kind in data:
                alt = output.metadata.get(kind, {}).get("alt") or cell.metadata.get("alt", "")
                content = base64.b64decode(data[kind])
                width, height = Image.open(io.BytesIO(content)).size
                output.data = NotebookNode(
                    {
                        "text/html": f'<img class="course-figure" src="{self._written(content, suffix)}" '
                        f'alt="{html.escape(alt)}" width="{width}" height="{height}" loading="lazy" decoding="async">'
                    }
                )
                break
        return output

    def _file(self, found: re.Match[str]) -> str:
        return self._written(base64.b64decode(found[2]), found[1].replace("jpeg", "jpg"))

    def _written(self, content: bytes, suffix: str) -> str:
        path = f"{PICTURES}/{self.page.removesuffix('.html')}/{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
        (self.output / path).parent.mkdir(parents=True, exist_ok=True)
        (self.output / path).write_bytes(content)
        return posixpath.relpath(path, posixpath.dirname(self.page) or ".")


# ------------------------------------------------------------------------------------------------- in Sphinx
FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+?)\$(?!\d)", re.DOTALL)
HREF = re.compile(r'(?P<start><a\b[^>]*?\bhref=")(?P<address>[^"]+)')


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls: `courseware.site` is an extension of the site's configuration."""
    app.add_config_value("course_pages", {}, "env")
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.connect("doctree-read", _adapted)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mathml(body: str, display: bool, place: Any = None) -> str:
    try:
        return math_core.LatexToMathML(fancy_error=False).convert_with_local_state(body, displaystyle=display)
    except math_core.LatexError as error:
        logger.warning("the formula %r cannot be shown: %s", body.strip(), error, location=place)
        return html.escape(body)


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), False, node))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="course-formula">{_mathml(node.astext(), True, node)}</div>')
    raise nodes.SkipNode


def _adapted(app: Sphinx, doctree: nodes.document) -> None:
    """JupyterLab's anchors, links to pages instead of notebooks, and formulas inside HTML blocks."""
    names = {page.removesuffix(".html"): name for name, page in app.config.course_pages.items()}
    name = names.get(app.env.docname, "index.ipynb")
    for section in doctree.findall(nodes.section):
        anchor = section.next_node(nodes.title).astext().replace(" ", "-")
        if anchor not in doctree.ids:
            section["ids"].append(anchor)
            doctree.ids[anchor] = section
    for link in doctree.findall(nodes.reference):
        if "refuri" in link:
            link["refuri"] = _page_address(link["refuri"], name, app.config.course_pages)
    for raw in doctree.findall(nodes.raw):
        if raw.get("format") == "html" and "output" not in raw["classes"]:
            text = _adapted_html(raw, name, app.config.course_pages)
            raw.children = [nodes.Text(text)]
            raw.rawsource = text


def _adapted_html(raw: nodes.raw, name: str, pages: Mapping[str, str]) -> str:
    def link(found: re.Match[str]) -> str:
        return found["start"] + _page_address(found["address"], name, pages)

    def formula(found: re.Match[str]) -> str:
        return _mathml(html.unescape(found["block"] or found["inline"]), found["block"] is not None, raw)

    return FORMULA.sub(formula, HREF.sub(link, raw.astext()))


def _page_address(address: str, name: str, pages: Mapping[str, str]) -> str:
    """The address of the page for a link in the notebook or document `name`; any other address stays."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return address
    target = export.resolved(name, parts.path)
    if target not in pages:
        return address
    here = posixpath.dirname(pages.get(name, "index.html")) or "."
    return parts._replace(path=posixpath.relpath(pages[target], here)).geturl()


# ----------------------------------------------------------------------------------------- after Sphinx is done
def _own_pages(output: Path) -> list[Path]:
    """The pages that Sphinx made, without those in `FILES`."""
    return [path for path in sorted(output.rglob("*.html")) if FILES not in path.relative_to(output).parts]


def _without_icon_script(output: Path) -> None:
    """Leave the icons to the theme's fonts: its script, which swaps them for drawings, is half of a page's weight."""
    for path in _own_pages(output):
        path.write_text(ICON_SCRIPT.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    (output / "_static" / "scripts" / "fontawesome.js").unlink()


def _write_fonts(output: Path) -> None:
    """The fonts of the decks, as much of them as the pages of the site need."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _own_pages(output))
    (output / "_static" / "fonts.css").write_text(export.font_faces(text), encoding="utf-8")


class _Page(HTMLParser):
    """Collects the anchors of a page, its links, and what it loads."""

    LOADING = frozenset({"src", "srcset", "poster", "data", "background"})

    def __init__(self, text: str):
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: list[str] = []
        self.loads: list[str] = []
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
            elif attribute in self.LOADING or (attribute == "href" and tag in ("link", "image", "use")):
                self.loads.append(value)


def dead_links(folder: Path) -> list[str]:
    """What is wrong with the links of the HTML pages below `folder`, one sentence each; empty if all lead somewhere.

    Links to other hosts are not followed, but loading anything from there is a problem.
    """
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        for address in page.loads:
            if not address.startswith(("data:", "#")) and not _lies_there(path, address):
                problems.append(f"{name}: loads {address[:120]}, which is not in the site")
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                problems.append(f"{name}: the link to {address} leads nowhere")
                continue
            # As browsers do it: the fragment as it is written, then decoded. A deck's own begin with a slash.
            fragment = parts.fragment.removeprefix("/")
            if target in pages and not {fragment, unquote(fragment)} & pages[target].anchors:
                problems.append(f"{name}: {address} names a place that the page does not have")
    problems += [f"{sheet}: loads {address}" for sheet, address in _loaded_by_styles(folder)]
    return problems


def _lies_there(page: Path, address: str) -> bool:
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and (page.parent / unquote(parts.path)).is_file()


def _loaded_by_styles(folder: Path) -> Iterator[tuple[str, str]]:
    for sheet in sorted(folder.rglob("*.css")):
        for address in re.findall(r"(?:url\(|@import\s+)[\"']?([^\"')\s]+)", sheet.read_text(encoding="utf-8")):
            if not address.startswith(("data:", "#")) and not _lies_there(sheet, address):
                yield sheet.relative_to(folder).as_posix(), address[:120]
