"""A notebook as a reveal.js deck in one file, which needs no kernel and no network.

nbconvert does the conversion; the templates in templates/slides replace what its own would load from the network.
Formulas become MathML; fonts, reveal.js and pictures are in the file. Whatever would send a reader's browser elsewhere
(a missing picture, a script from a CDN) makes the export fail.
"""

import functools
import html
import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from jinja2 import pass_context
from mistune.plugins.table import render_table_cell
from nbconvert.exporters import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser
from nbformat import NotebookNode
from traitlets.config import Config

from courseware.language import ENGLISH, current, words
from courseware.publish import outside, slide_links
from courseware.publish.errors import ExportError, FormulaError
from courseware.publish.fonts import font_faces
from courseware.publish.formulas import mathml
from courseware.publish.installed import REVEAL, installed
from courseware.publish.links import NAMED, relative, resolved, title
from courseware.publish.phrases import say
from courseware.text import folds
from courseware.text.strings import of_scripts

__all__ = [
    "SLIDES",
    "SLIDES_END",
    "Back",
    "Signed",
    "converted",
    "deck",
    "deck_of",
    "finished",
    "has_slides",
    "short_deck_of",
    "standing_alone",
]

TEMPLATES = Path(__file__).parent / "templates"
# The vote by show of hands is that of live slides.
LIVE = Path(__file__).parents[1] / "present" / "labextension" / "prebuilt" / "static"

SETTINGS = Config(
    {
        "TemplateExporter": {
            "extra_template_basedirs": [str(TEMPLATES)],
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

# What the template leaves in a deck until it is finished.
FONTS, SLIDES, SLIDES_END = "<!-- fonts -->", "<!-- slides -->", "<!-- end of slides -->"


class Back(NamedTuple):
    """The link from a deck to what it belongs to; `page` lies beside the deck."""

    text: str
    page: str


class Signed(NamedTuple):
    """What a lecturer adds to a deck: a line below the title, and a style sheet's text laid over ours."""

    line: str = ""
    style: str = ""


UNSIGNED = Signed()


def has_slides(notebook: NotebookNode) -> bool:
    """Whether a slide begins anywhere in the notebook."""
    return any(cell.metadata.get("slideshow", {}).get("slide_type") == "slide" for cell in notebook.cells)


def deck_of(page: str) -> str:
    """Where the deck of the notebook lies that has this page."""
    return page.removesuffix(".html") + ".slides.html"


def short_deck_of(page: str) -> str:
    """Where the deck of its version for 25 minutes lies."""
    return page.removesuffix(".html") + ".short.slides.html"


def deck(notebook: NotebookNode, name: str, pages: Mapping[str, str], folder: Path = Path()) -> str:
    """An executed notebook as one HTML file, with speaker notes.

    `name` is the notebook's key in `pages`, which holds the page of every notebook and file that it may link to, and
    `folder` is where pictures lie that its text names. Cells tagged `remove-cell` are left out; code is left out where
    the cell is tagged `hide-input` or its source is hidden in JupyterLab. Raises `ExportError` if a formula cannot be
    shown, a link leads to no page, or the deck would load something.
    """
    return standing_alone(converted(notebook, name, folder, Back("Page", posixpath.basename(pages[name]))), name, pages)


def standing_alone(text: str, name: str, pages: Mapping[str, str], font: Path | None = None) -> str:
    """What `converted` returns as a deck by itself: a link to what is on one of its slides leads there."""
    return finished(slide_links.links_to_slides(text, name, slide_links.places({name: text})), name, pages, font)


def converted(notebook: NotebookNode, name: str, folder: Path, back: Back, signed: Signed = UNSIGNED) -> str:
    """The deck with its links still to notebooks, and without fonts; it is that of the course if `name` is its file."""
    notebook = folds.unfolded(notebook)
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata.setdefault("tags", []).append("hide-input")
    course = {
        "title": title(notebook, name),
        "policy": outside.POLICY,
        "reveal": _reveal(),
        "votes": {name: (LIVE / f"votes.{name}").read_text(encoding="utf-8") for name in ("js", "css")},
        "quizzes": _quizzes(notebook),
        "words": {} if current() == ENGLISH else {text: words(text) for text, _ in of_scripts()},
        "deck": "lesson" if name.endswith(".ipynb") else "course",
        "back": back,
        "signed": signed,
        "say": say,
        "placeholders": {"fonts": FONTS, "slides": SLIDES, "slides_end": SLIDES_END},
    }
    resources = {"metadata": {"name": name, "path": str(folder)}, "course": course}
    exporter = _Exporter(template_name="slides", config=SETTINGS, language_code=current())
    return exporter.from_notebook_node(notebook, resources)[0]


def finished(text: str, name: str, pages: Mapping[str, str], font: Path | None = None) -> str:
    """Links to notebooks become links to pages, fonts come in, and nothing may be left to load.

    `font` has the letters of the deck's language that our own fonts lack.
    """
    text = _linked(text, name, pages).replace(FONTS, f"<style>{font_faces(text, font)}</style>", 1)
    loads = sorted({str(load) for load in outside.loaded_by_page(text)})
    if loads:
        raise ExportError(f"{name}: the deck would load {', '.join(loads)}")
    return text


def _linked(text: str, name: str, pages: Mapping[str, str]) -> str:
    """Links to notebooks and files lead to their pages; those to pages, which the template made, stay."""

    def rewritten(link: re.Match[str]) -> str:
        if not link["path"]:
            return link[0]  # a script, which may hold what looks like a link
        target = resolved(name, link["path"])
        if target not in pages:
            raise ExportError(f"{name}: the link to {link['path']} leads to no notebook and no file of the course")
        return link["start"] + relative(pages[target], pages[name])

    link = r'(?P<start><a\b[^>]*?\bhref=")(?![\w.+-]+:)(?P<path>[^"#?]+)(?<!\.html)(?=["#?])'
    return re.sub(rf"<script\b.*?</script>|{link}", rewritten, text, flags=re.DOTALL)


def _quizzes(notebook: NotebookNode) -> str:
    """The lesson's quizzes, as their cells show them: they are on no slide, and a vote asks their questions."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    return "\n".join(page for page in pages if 'class="courseware-quiz"' in page)


@functools.cache
def _reveal() -> dict[str, Any]:
    folder = installed(*REVEAL)
    styles = [(folder / "dist" / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")]
    scripts = [(folder / name).read_text(encoding="utf-8") for name in ("dist/reveal.js", "plugin/notes/notes.js")]
    # Inside an element, these two would end the script early or keep it from ending; in a string or a regular
    # expression the backslash changes nothing.
    scripts = [re.sub(r"<(?=!--|/script)", r"\\x3c", script) for script in scripts]
    return {"styles": "\n".join(styles), "scripts": scripts}


# ------------------------------------------------------------------------------------------ in nbconvert's place
class _Exporter(SlidesExporter):
    """nbconvert's exporter of decks, but formulas in text become MathML."""

    export_from_notebook = None  # type: ignore[assignment]  # nbconvert's own way to say that no menu offers it

    @pass_context
    def markdown2html(self, context: Mapping[str, Any], source: str) -> str:
        cell, resources = context.get("cell", {}), context["resources"]

        def formula(body: str, display: bool) -> str:
            try:
                return mathml(body, display)
            except FormulaError as error:
                first_line = cell.get("source", "").strip().partition("\n")[0]
                place = f"{resources['metadata']['name']}: cell {cell.get('id')} ({first_line!r})"
                raise ExportError(f"{place}: {error}") from error

        renderer = _Renderer(
            formula,
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=self.embed_images,
            path=resources["metadata"]["path"],
        )
        return MarkdownWithMath(renderer=renderer).render(source)


class _Renderer(IPythonRenderer):
    """nbconvert's markdown renderer with `formula(body, display)` in place of raw TeX."""

    FORMULA = re.compile(f"{MathInlineParser.BLOCK_MATH_TEX}|{MathInlineParser.INLINE_MATH_TEX}")

    IMAGE = re.compile(r'(?P<start><img\b[^>]*?\bsrc=")(?P<source>[^"]+)')

    HEADING_ID = re.compile(r'(?P<start><h[1-6] id=")(?P<id>[^"]*)')
    ANCHOR_LINK = re.compile(r'<a class="anchor-link".*?</a>')

    def __init__(self, formula: Callable[[str, bool], str], **options: Any):
        super().__init__(**options)
        self.formula = formula

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        # nbconvert quotes some characters of an id and leaves others, such as an apostrophe. A browser looks for a
        # link's anchor as it is written and wholly unquoted, so an id with both kinds would be found by no link.
        named = NAMED.search(text)
        made = self.ANCHOR_LINK.sub("", super().heading(NAMED.sub("", text).rstrip(), level, **attributes))
        if named:
            return self.HEADING_ID.sub(lambda m: m["start"] + named[1], made)
        return self.HEADING_ID.sub(lambda m: m["start"] + html.escape(unquote(html.unescape(m["id"]))), made)

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
