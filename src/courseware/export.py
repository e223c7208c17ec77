"""Notebooks to pages and slide decks that need no kernel and no network.

A lesson's deck is one file. So is a page, but for the pictures that its explorers show when they are moved: these lie
in a folder that the pages share, so that they open quickly. The deck of the whole course shows these pictures, too.

nbconvert does the conversion; the templates beside this module replace what its own would load from the
network. Formulas become MathML when exporting, so a page needs no script to show them; fonts, reveal.js and
pictures are in the file. Whatever would send a reader's browser elsewhere (a missing picture, a script from a
CDN) makes the export fail.
"""

import argparse
import base64
import functools
import html
import io
import posixpath
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import math_core
import nbformat
import nbformat.v4 as v4
from fontTools import subset
from fontTools.ttLib import TTFont
from jinja2 import pass_context
from mistune.plugins.table import render_table_cell
from nbconvert.exporters import HTMLExporter, SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser
from nbformat import NotebookNode
from tqdm import tqdm
from traitlets.config import Config

from courseware import decks
from courseware.build import targets
from courseware.decks import COURSE_DECK
from courseware.derive import NOTEBOOK_METADATA
from courseware.execute import FAILURES, execute
from courseware.frames import pictures_apart
from courseware.handouts import find_browser, handouts
from courseware.project import INSTALL_EXPORT, UserError, find_text, number_of, other_pages, project_root

__all__ = [
    "ExportError",
    "course_deck",
    "deck",
    "document",
    "export",
    "export_command",
    "font_faces",
    "linked_files",
    "page",
    "resolved",
    "site_map",
    "title",
]

TEMPLATES = Path(__file__).parent / "templates"
START = "00_start_here.ipynb"
PICTURES = "pictures"  # where in the site those of explorers lie, named by their content

SETTINGS = Config(
    {
        "TemplateExporter": {
            "extra_template_basedirs": [str(TEMPLATES)],  # where a template is found by its name
            "extra_template_paths": [str(TEMPLATES)],  # where they find what they share
            "exclude_input_prompt": True,
            "exclude_output_prompt": True,
        },
        "HTMLExporter": {"embed_images": True},
        "TagRemovePreprocessor": {
            "enabled": True,
            "remove_cell_tags": {"remove-cell"},
            "remove_input_tags": {"hide-input"},
        },
        # No widgets and no bare scripts: neither works without a kernel and a network.
        "NbConvertBase": {
            "display_data_priority": [
                "text/html",
                "text/markdown",
                "image/svg+xml",
                "text/latex",
                "image/png",
                "image/jpeg",
                "text/plain",
            ]
        },
    }
)

FONTS, CONTENTS = "<!-- fonts -->", "<!-- contents -->"
PLACEHOLDERS = {"fonts": FONTS, "contents": CONTENTS, "slides": decks.SLIDES, "slides_end": decks.SLIDES_END}
REVEAL = "sphinx-revealjs", "sphinx_revealjs/_static/revealjs"
TEXT_FONTS = [  # style, weight, file below reveal's folder
    ("normal", 400, "dist/theme/fonts/source-sans-pro/source-sans-pro-regular.woff"),
    ("italic", 400, "dist/theme/fonts/source-sans-pro/source-sans-pro-italic.woff"),
    ("normal", 600, "dist/theme/fonts/source-sans-pro/source-sans-pro-semibold.woff"),
]
MATHEMATICAL_ITALICS = [*map(chr, range(0x1D434, 0x1D468)), *map(chr, range(0x1D6E2, 0x1D71C)), "ℎ"]


class ExportError(ValueError):
    """Something in a notebook cannot be shown on a page of its own; the message names notebook and place."""


# --------------------------------------------------------------------------------------------------- the site
def export(
    output: Path,
    lessons: Sequence[str] | None = None,
    progress: bool = True,
    each: Callable[[str, NotebookNode], object] = lambda name, notebook: None,
) -> list[Path]:
    """Execute notebooks and write them into the folder `output` as pages and decks; returns what it wrote.

    Parameters
    ----------
    output
        Made if it does not exist. A notebook `NN_name.ipynb` becomes `NN_name.html` and, if its cells carry
        slide metadata, `NN_name.slides.html`; those in `exercises/` and `solutions/` keep their folder; the
        start page becomes `index.html`. What the pages' explorers show when moved goes into `pictures/`, each picture
        once. When all lessons are exported, `course.slides.html` has the slides of all of them.
        A file of the project that a page links to becomes a page too, such as `src/package/module.py.html`.
    lessons
        Numbers or names of the lessons to export, with their exercise sheets, the start page and the pages
        without a number; all if None or empty.
    progress
        Whether to show a progress bar over the code cells.
    each
        Called with the name and the executed form of each notebook when its files are written.

    Raises
    ------
    courseware.project.UserError
        If a lesson does not exist or its text cannot be derived, or if `output` is a file or lies below one.
    courseware.execute.FAILURES
        If a cell raises, takes too long or ends its kernel.
    ExportError
        If a page would show a formula as raw TeX, link to a file that does not exist, or load something.
    """
    for place in (Path(output), *Path(output).parents):
        if place.exists() and not place.is_dir():
            raise UserError(f"the site needs a folder to lie in, but {place} is a file")
    root = project_root()
    known = {target.notebook.relative_to("notebooks").as_posix(): target for target in targets(root)}
    numbers = {find_text(name, root).number for name in lessons or ()}
    always = {START} | {page.notebook.name for page in other_pages(root)}
    chosen = [name for name in known if not numbers or known[name].number in numbers or name in always]
    # From the text, not from the notebook on disk: a site never shows what the course no longer says.
    notebooks = {name: known[name].derived(root) for name in chosen}
    files = linked_files(notebooks, root)
    pages = site_map([*known, *files])

    written, slides = [], {}
    total = sum(cell.cell_type == "code" for notebook in notebooks.values() for cell in notebook.cells)
    with tqdm(total=total, unit="cell", disable=not progress) as bar:
        for name, notebook in notebooks.items():
            bar.set_description(name)
            folder = (root / "notebooks" / name).parent
            done = execute(notebook, folder=folder, export=True, after_cell=bar.update)
            also = {} if numbers or name != START else {"Slides": COURSE_DECK}
            forms = _page_files(page(done, name, pages, folder=folder, also=also), pages[name])
            if _has_deck(done, name):
                made = _deck(done, name, folder)
                forms[_deck_path(pages[name])] = _finished_deck(made, name, pages, decks.places({name: made})).encode()
                slides[name] = made if numbers else pictures_apart(made, PICTURES)[0]
            new = {
                Path(output) / path: content for path, content in forms.items() if Path(output) / path not in written
            }
            written += [_write(path, content) for path, content in new.items()]
            each(name, done)
    if slides and not numbers:
        front = notebooks.get(START, v4.new_notebook())
        written.append(
            _write(
                Path(output) / COURSE_DECK, course_deck(slides, title(front, START).partition(":")[0], pages).encode()
            )
        )
    for name, file in files.items():
        text = page(document(file, root), name, pages, folder=file.parent)
        written.append(_write(Path(output) / pages[name], text.encode()))
    if not numbers:
        for path in (Path(output) / PICTURES).glob(f"{'[0-9a-f]' * 16}.png"):
            if path not in written:
                path.unlink()  # of an older export
    return written


def _write(target: Path, content: bytes) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def export_command(args: argparse.Namespace) -> int:
    """`courseware export`: `args.output` is the folder, `args.lessons` names the lessons (none: all).

    With `args.handouts` the decks of the lessons are printed, too: see `courseware.handouts`.
    """
    browser = find_browser() if args.handouts else None  # before the minutes that an export takes
    try:
        written = export(Path(args.output), args.lessons)
    except FAILURES as error:
        print(f"a cell failed\n{error}", file=sys.stderr)
        return 1
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    if browser:
        lessons = [path for path in written if path.name.endswith(".slides.html") and path.name != COURSE_DECK]
        written += handouts(lessons, browser)
    size = sum(path.stat().st_size for path in written) / 1e6
    print(f"{len(written)} file{'s'[: len(written) > 1]} written, {size:.1f} MB: open {written[0]}")
    return 0


def site_map(names: Iterable[str]) -> dict[str, str]:
    """Where the page of each notebook or linked file lies in the site.

    Names are paths relative to `notebooks/`, pages relative to the site; `../src/a.py` becomes `src/a.py.html`.
    """

    def place(name: str) -> str:
        return "index.html" if name == START else name.removeprefix("../").removesuffix(".ipynb") + ".html"

    return {name: place(name) for name in names}


def linked_files(notebooks: Mapping[str, NotebookNode], root: Path) -> dict[str, Path]:
    """The files of the project that the texts of notebooks link to, other than notebooks, and those that these link to.

    Keys are paths relative to `notebooks/`, as in `site_map`. A link to nothing is left for `page` to report.
    """
    found: dict[str, Path] = {}
    waiting = list(notebooks.items())
    while waiting:
        name, notebook = waiting.pop()
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for path in re.findall(r"(?<!!)\[[^\[\]]*\]\((?![\w.+-]+:)([^)#?\s]+)", text):
            target = resolved(name, path)
            file = (root / "notebooks" / target).resolve()
            if (
                target not in found
                and not target.endswith(".ipynb")
                and file.is_file()
                and root.resolve() in file.parents
            ):
                found[target] = file
                waiting.append((target, document(file, root)))
    return dict(sorted(found.items()))


def document(file: Path, root: Path) -> NotebookNode:
    """A file of the project as a notebook: Markdown as text, anything else as code under its name.

    Raises ExportError if it is no text.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ExportError(f"{file.name} is no text: a page may show it as a picture, but not link to it") from error
    if file.suffix == ".md":
        cells = [v4.new_markdown_cell(text)]
    else:
        heading = f"# {file.resolve().relative_to(root.resolve()).as_posix()}"
        cells = [v4.new_markdown_cell(heading), v4.new_code_cell(text)]
    return v4.new_notebook(cells=cells, metadata=nbformat.from_dict(NOTEBOOK_METADATA))


def resolved(name: str, path: str) -> str:
    """Where a link in the notebook or file `name` leads, relative to `notebooks/`."""
    return posixpath.relpath(posixpath.join("/notebooks", posixpath.dirname(name), unquote(path)), "/notebooks")


def _number(name: str) -> str:
    return number_of(posixpath.basename(name).removesuffix(".ipynb"))


def _has_deck(notebook: NotebookNode, name: str) -> bool:
    slides = any(cell.metadata.get("slideshow", {}).get("slide_type") == "slide" for cell in notebook.cells)
    return slides and name != START


def _deck_path(path: str) -> str:
    return path.removesuffix(".html") + ".slides.html"


def _page_files(text: str, path: str) -> dict[str, bytes]:
    """The page at `path` in the site and the pictures of its explorers, by path."""
    text, pictures = pictures_apart(text, _relative(PICTURES, path))
    stored = {f"{PICTURES}/{posixpath.basename(address)}": picture for address, picture in pictures.items()}
    return {path: text.encode()} | stored


# ---------------------------------------------------------------------------------------------- page and deck
def page(
    notebook: NotebookNode,
    name: str,
    pages: Mapping[str, str],
    folder: Path = Path(),
    also: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """An executed notebook as one self-contained HTML page.

    `name` is the notebook's key in `pages` (see `site_map`), `folder` where pictures lie that its text names, and
    `also` further links for the header: addresses by their text.
    Cells tagged `remove-cell` and speaker notes are left out; code is left out where the cell is tagged
    `hide-input` or its source is hidden in JupyterLab. Raises `ExportError`.
    """
    links = _header_links(notebook, name, pages) + [{"text": text, "href": href} for text, href in also.items()]
    text = _converted(_Page(template_name="page", config=SETTINGS), notebook, name, folder, {"links": links})
    return _finished(text.replace(CONTENTS, _contents(text), 1), name, pages)


def deck(notebook: NotebookNode, name: str, pages: Mapping[str, str], folder: Path = Path()) -> str:
    """An executed notebook as one self-contained reveal.js deck, with speaker notes; otherwise as `page`."""
    made = _deck(notebook, name, folder)
    return _finished_deck(made, name, pages, decks.places({name: made}))


def course_deck(lessons: Mapping[str, str], heading: str, pages: Mapping[str, str]) -> str:
    """The decks of several lessons as one: a column of slides for each, after a slide that lists them.

    `lessons` holds, by notebook, decks whose links still lead to notebooks. A link to what is on a slide leads there.
    Raises `ExportError`.
    """
    found = decks.places(lessons, whole_course=True)
    titles = {name: _deck_title(text) for name, text in lessons.items()}
    contents = "\n".join(f"- [{titles[name]}](#/{found[name, '']})" for name in lessons)
    cell = v4.new_markdown_cell(f"# {heading}\n\n{contents}", metadata={"slideshow": {"slide_type": "slide"}})
    first = _deck(v4.new_notebook(cells=[cell]), COURSE_DECK, Path(), kind="course")
    columns = [decks.links_to_slides(decks.column(text, name), name, found, resolved) for name, text in lessons.items()]
    return _finished(decks.joined(first, columns), COURSE_DECK, {**pages, COURSE_DECK: COURSE_DECK})


def _deck(notebook: NotebookNode, name: str, folder: Path, kind: str = "lesson") -> str:
    exporter = _Deck(template_name="slides", config=SETTINGS)
    return _converted(exporter, notebook, name, folder, {"reveal": _reveal(), "deck": kind})


def _finished_deck(text: str, name: str, pages: Mapping[str, str], found: Mapping[tuple[str, str], str]) -> str:
    return _finished(decks.links_to_slides(text, name, found, resolved), name, pages)


def _deck_title(text: str) -> str:
    """The title of a deck, as the page of the lesson has it."""
    found = re.search(r"<title>(.*?) \(slides\)</title>", text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _converted(exporter: HTMLExporter, notebook: NotebookNode, name: str, folder: Path, extra: dict[str, Any]) -> str:
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata.setdefault("tags", []).append("hide-input")
    course = {"title": title(notebook, name), "placeholders": PLACEHOLDERS} | extra
    resources = {"metadata": {"name": name, "path": str(folder)}, "course": course}
    return exporter.from_notebook_node(notebook, resources)[0]


def _finished(text: str, name: str, pages: Mapping[str, str]) -> str:
    """Links between notebooks become links between pages, fonts come in, and nothing may be left to load."""
    text = _linked(text, name, pages).replace(FONTS, f"<style>{font_faces(text)}</style>", 1)
    outside = _Outside(text).found
    if outside:
        raise ExportError(f"{name}: the page would load {', '.join(sorted(outside))}")
    return text


def title(notebook: NotebookNode, name: str) -> str:
    """The first heading of a notebook as plain text, or its name."""
    for cell in notebook.cells:
        heading = re.search(r"^#+\s+(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return re.sub(r"[*`$]", "", heading[1]).strip()
    return posixpath.basename(name).removesuffix(".ipynb")


def _header_links(notebook: NotebookNode, name: str, pages: Mapping[str, str]) -> list[dict[str, str]]:
    """Start page, then what belongs to the same lesson: the lesson, its slides, exercises and solutions."""
    links = {"Course": START} if START in pages else {}
    if name != START:
        for other in pages:
            place = posixpath.dirname(other)
            if other != name and _number(other) == _number(name):
                links[place.capitalize() or "Lesson"] = other
    linked = [{"text": text, "href": _relative(pages[other], pages[name])} for text, other in links.items()]
    if _has_deck(notebook, name):
        linked.insert(1, {"text": "Slides", "href": posixpath.basename(_deck_path(pages[name]))})
    return linked


def _relative(target: str, page: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def _linked(text: str, name: str, pages: Mapping[str, str]) -> str:
    """Links to notebooks and files lead to their pages; those to pages, which the templates made, stay."""

    def rewritten(link: re.Match[str]) -> str:
        if not link["path"]:
            return link[0]  # a script, which may hold what looks like a link
        target = resolved(name, link["path"])
        if target not in pages:
            raise ExportError(f"{name}: the link to {link['path']} leads to no notebook and no file of the course")
        return link["start"] + _relative(pages[target], pages[name])

    link = r'(?P<start><a\b[^>]*?\bhref=")(?![\w.+-]+:)(?P<path>[^"#?]+)(?<!\.html)(?=["#?])'
    return re.sub(rf"<script\b.*?</script>|{link}", rewritten, text, flags=re.DOTALL)


def _contents(text: str) -> str:
    """The list of a page's second-level headings, for the margin; nothing for a short page."""
    headings = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', text, re.DOTALL)
    if len(headings) < 3:
        return ""
    items = "".join(f'<li><a href="#{anchor}">{heading}</a></li>' for anchor, heading in headings)
    return f'<nav class="contents" aria-label="On this page"><ol>{items}</ol></nav>'


# -------------------------------------------------------------------------------------------------- exporters
class _Formulas:
    """Mixed into nbconvert's exporters: formulas in text become MathML."""

    anchor_links = True

    @pass_context
    def markdown2html(self, context: Mapping[str, Any], source: str) -> str:
        cell, resources = context.get("cell", {}), context["resources"]

        def formula(body: str, display: bool) -> str:
            try:
                return math_core.LatexToMathML(fancy_error=False).convert_with_local_state(body, displaystyle=display)
            except math_core.LatexError as error:
                first_line = cell.get("source", "").strip().partition("\n")[0]
                raise ExportError(
                    f"{resources['metadata']['name']}: cell {cell.get('id')} ({first_line!r}): "
                    f"the formula {body.strip()!r} cannot be shown: {error}"
                ) from error

        renderer = _Renderer(
            formula,
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=self.embed_images,
            path=resources["metadata"]["path"],
            anchor_links=self.anchor_links,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


class _Page(_Formulas, HTMLExporter):
    export_from_notebook = None


class _Deck(_Formulas, SlidesExporter):
    export_from_notebook = None
    anchor_links = False


class _Renderer(IPythonRenderer):
    """nbconvert's markdown renderer with `formula(body, display)` in place of raw TeX."""

    FORMULA = re.compile(f"{MathInlineParser.BLOCK_MATH_TEX}|{MathInlineParser.INLINE_MATH_TEX}")

    IMAGE = re.compile(r'(?P<start><img\b[^>]*?\bsrc=")(?P<source>[^"]+)')

    ANCHOR = re.compile(r'(?P<start><h[1-6] id="|<a class="anchor-link" href="#)(?P<anchor>[^"]*)')
    ANCHOR_LINK = re.compile(r'<a class="anchor-link".*?</a>')

    def __init__(self, formula: Callable[[str, bool], str], anchor_links: bool, **options: Any):
        super().__init__(**options)
        self.formula = formula
        self.anchor_links = anchor_links

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        # nbconvert quotes some characters of an id and leaves others, such as an apostrophe. A browser looks for a
        # link's anchor as it is written and wholly unquoted, so an id with both kinds would be found by no link.
        made = self.ANCHOR.sub(
            lambda m: m["start"] + html.escape(unquote(html.unescape(m["anchor"]))),
            super().heading(text, level, **attributes),
        )
        return made if self.anchor_links else self.ANCHOR_LINK.sub("", made)

    def block_math(self, body: str) -> str:
        return self.formula(body, True)

    def inline_math(self, body: str) -> str:
        return self.formula(body, False)

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        # An empty corner heads nothing, and a screen reader would announce it as a heading without a name.
        return render_table_cell(self, text, align, head and bool(text.strip()))

    def latex_environment(self, name: str, body: str) -> str:
        return self.formula(rf"\begin{{{name}}}{body}\end{{{name}}}", True)

    def block_html(self, html_text: str) -> str:
        # JupyterLab typesets formulas inside HTML blocks too (a <details>, a table), so the page must.
        return self.FORMULA.sub(self._formula_in_html, super().block_html(html_text))

    def _html_embed_images(self, html_text: str) -> str:
        # nbconvert's own closes what a block of HTML leaves open, such as the <details> around some Markdown.
        return self.IMAGE.sub(lambda m: m["start"] + self._embed_image_or_attachment(m["source"]), html_text)

    def _formula_in_html(self, match: re.Match[str]) -> str:
        display = match["math_block_tex"] is not None
        return self.formula(html.unescape(match["math_block_tex" if display else "math_inline_tex"]), display)


class _Outside(HTMLParser):
    """Collects in `found` every address that a browser would load for this page."""

    LOADING = frozenset({"src", "srcset", "poster", "data", "background"})

    def __init__(self, text: str):
        super().__init__()
        self.found: set[str] = set()
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for attribute, value in attributes:
            loads = attribute in self.LOADING or (attribute == "href" and tag in ("link", "image", "use"))
            if loads and value and not value.startswith(("data:", "#")):
                self.found.add(f"<{tag} {attribute}={value[:80]!r}>")
            if attribute == "style":
                self._styles(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._styles(data)

    def _styles(self, css: str) -> None:
        for address in re.findall(r"@import[^;]*|url\((?![\"']?(?:data:|#))[^)]*\)", css):
            self.found.add(address[:80])


# ----------------------------------------------------------------------------------- what goes into the file
def _installed(distribution: str, path: str) -> Path:
    """A file that another distribution brings; found without importing it."""
    try:
        return Path(metadata.distribution(distribution).locate_file(path))
    except metadata.PackageNotFoundError as error:
        raise ExportError(f"exporting needs the package {distribution}; install it with: {INSTALL_EXPORT}") from error


@functools.cache
def _reveal() -> dict[str, Any]:
    folder = _installed(*REVEAL)
    styles = [(folder / "dist" / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")]
    scripts = [(folder / name).read_text(encoding="utf-8") for name in ("dist/reveal.js", "plugin/notes/notes.js")]
    # Inside an element, these two would end the script early or keep it from ending; in a string or a regular
    # expression the backslash changes nothing.
    scripts = [re.sub(r"<(?=!--|/script)", r"\\x3c", script) for script in scripts]
    return {"styles": "\n".join(styles), "scripts": scripts}


def font_faces(text: str) -> str:
    """`@font-face` rules with the parts of the fonts that a page needs."""
    reveal = _installed(*REVEAL)
    faces = [
        _font_face("Course Sans", style, weight, reveal / file, _drawn(text)) for style, weight, file in TEXT_FONTS
    ]
    formulas = "".join(re.findall(r"<math\b.*?</math>", text, re.DOTALL))
    if formulas:
        font = _installed("ziamath", "ziamath/fonts/STIXTwoMath-Regular.ttf")
        faces.append(_font_face("Course Math", "normal", 400, font, _drawn(formulas, formulas=True)))
    return "\n".join(faces)


def _drawn(text: str, formulas: bool = False) -> frozenset[str]:
    """The characters of a text; for formulas also those that browsers draw without their being there."""
    used = set(text)
    if formulas:
        letters = set(unicodedata.normalize("NFKC", text))
        used |= {c for c in MATHEMATICAL_ITALICS if unicodedata.normalize("NFKC", c) in letters} | {"√"}
    return frozenset(used)


@functools.cache
def _font_face(family: str, style: str, weight: int, path: Path, characters: frozenset[str]) -> str:
    options = subset.Options(
        hinting=False,
        layout_features=["kern", "liga", "mark", "mkmk", "ssty", "dtls", "flac"],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],  # with copyright and licence
    )
    options.drop_tables += ["FFTM", "webf"]  # a font editor's notes
    font = TTFont(path)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(characters))
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):  # the licence reserves the original's name for the unchanged font
            record.string = family.replace(" ", "") if record.nameID == 6 else family
    font.flavor = "woff"
    data = io.BytesIO()
    font.save(data)
    return (
        f"@font-face {{ font-family: '{family}'; font-style: {style}; font-weight: {weight}; "
        f"src: url(data:font/woff;base64,{base64.b64encode(data.getvalue()).decode()}) format('woff'); }}"
    )
