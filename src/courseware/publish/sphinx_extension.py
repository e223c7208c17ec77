"""The extension that Sphinx loads while it makes the pages (templates/site/conf.py names it).

Formulas become MathML as in the decks, links between notebooks become links between pages, the anchors are
JupyterLab's, and each page carries the policy that keeps it from loading anything from elsewhere.
"""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util import logging

from courseware.publish import formulas, outside
from courseware.publish.errors import FormulaError
from courseware.publish.links import page_of, relative, resolved

logger = logging.getLogger(__name__)

FORMULA = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+?)\$(?!\d)", re.DOTALL)
BRACKETS = re.compile(r"\\[(\[].*?\\[)\]]", re.DOTALL)  # JupyterLab typesets these, too; MyST does not
ANCHOR = re.compile(r'<a id="([^"]*)">')
HREF = re.compile(r'(?P<start><a\b[^>]*?\bhref=")(?P<address>[^"]+)')


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls first."""
    app.add_config_value("course_pages", {}, "env")
    app.add_config_value("course_below", "", "env")  # what the addresses of all these pages begin with
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    # GitHub draws these; to draw them here would take a script of a megabyte, so a page shows their text.
    app.add_lexer("mermaid", TextLexer)
    app.connect("doctree-read", _anchors_out_of_headings, priority=100)  # before Sphinx lists the headings
    app.connect("doctree-read", _adapted)
    app.connect("html-page-context", _guarded)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _guarded(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give a page the policy that keeps a browser from loading anything from elsewhere."""
    policy = html.escape(outside.POLICY)
    tags = context.get("metatags", "")  # pages that Sphinx makes by itself, such as the search, have none
    context["metatags"] = f'{tags}\n    <meta http-equiv="Content-Security-Policy" content="{policy}">'


def _mathml(body: str, display: bool, place: Any = None) -> str:
    try:
        return formulas.mathml(body, display)
    except FormulaError as error:
        logger.warning("%s", error, location=place)
        return html.escape(body)


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_mathml(node.astext(), False, node))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="course-formula">{_mathml(node.astext(), True, node)}</div>')
    raise nodes.SkipNode


def _anchors_out_of_headings(app: Sphinx, doctree: nodes.document) -> None:
    """A translated heading names its English anchor, which becomes one of its section: in a list it has no place."""
    for heading in list(doctree.findall(nodes.title)):
        for raw in list(heading.findall(nodes.raw)):
            if found := ANCHOR.fullmatch(raw.astext()):
                section, anchor = heading.parent, html.unescape(found[1])
                section["ids"].append(html.escape(anchor))
                doctree.ids[html.escape(anchor)] = section
            if found or raw.astext() == "</a>":
                raw.parent.remove(raw)
        if isinstance(heading.children[-1], nodes.Text):
            heading.children[-1] = nodes.Text(heading.children[-1].rstrip())


def _adapted(app: Sphinx, doctree: nodes.document) -> None:
    """JupyterLab's anchors, links to pages instead of notebooks, formulas inside HTML blocks; no formula as raw TeX."""
    names = {page.removesuffix(".html"): name for name, page in app.config.course_pages.items()}
    below = app.config.course_below
    name = names.get(f"{below}{app.env.docname}", f"{below}index.ipynb")
    for section in doctree.findall(nodes.section):
        # docutils writes all ids but the first as they are.
        anchor = html.escape(section.next_node(nodes.title).astext().replace(" ", "-"))
        if anchor not in doctree.ids:
            section["ids"].append(anchor)
            doctree.ids[anchor] = section
    for link in doctree.findall(nodes.reference):
        if "refuri" in link:
            link["refuri"] = _page_address(link["refuri"], name, app.config.course_pages)
    for text in doctree.findall(nodes.Text):
        if not isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.math | nodes.math_block | nodes.raw):
            for formula in BRACKETS.findall(text.astext()):
                logger.warning("the formula %r must stand between dollar signs", formula, location=text.parent)
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
    target = resolved(name, parts.path)
    if target not in pages:
        return address
    return parts._replace(path=relative(pages[target], pages.get(name, page_of(name)))).geturl()
