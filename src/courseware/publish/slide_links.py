"""Where the links of a deck lead: to a slide, or else to a page. Works on the HTML of decks before it is finished."""

import html
import posixpath
import re
from collections.abc import Mapping
from urllib.parse import unquote

from courseware.publish.links import resolved

__all__ = ["HEADING", "lesson_id", "links_to_slides", "places"]

# nbconvert puts an id with a double quote in it between single ones.
HEADING = re.compile(r"""(?P<start><h[1-6]\b[^>]*?\bid=(?P<quote>["']))(?P<id>.*?)(?=(?P=quote))""")
_LINK = re.compile(
    r'<script\b.*?</script>|(?P<start><a\b[^>]*?\bhref=")(?![\w.+-]+:)(?P<path>[^"#?]*)(?:#(?P<anchor>[^"]*))?(?=")',
    re.DOTALL,
)


def lesson_id(name: str) -> str:
    """The id of a lesson's column: the notebook's name without its ending."""
    return posixpath.basename(name).removesuffix(".ipynb")


def places(decks: Mapping[str, str], whole_course: bool = False) -> dict[tuple[str, str], str]:
    """What on the slides can be linked to: from (notebook, anchor) to the id in the deck.

    `decks` holds the HTML of lessons' decks by notebook. With `whole_course` the ids are those in the deck of the
    course, and ``(notebook, "")`` leads to the lesson's first slide.
    """
    found = {}
    for name, deck in decks.items():
        if whole_course:
            found[name, ""] = lesson_id(name)
        prefix = f"{lesson_id(name)}:" if whole_course else ""
        for heading in HEADING.finditer(deck):
            anchor = html.unescape(heading["id"])
            found.setdefault((name, anchor), prefix + anchor)
    return found


def links_to_slides(text: str, name: str, found: Mapping[tuple[str, str], str]) -> str:
    """Links from the notebook `name` to what is on a slide of this deck lead to that slide, the others to their pages.

    `found` is what `places` returns.
    """

    def rewritten(link: re.Match[str]) -> str:
        if not link["start"] or not (link["path"] or link["anchor"]):
            return link[0]
        target = resolved(name, link["path"]) if link["path"] else name
        place = found.get((target, unquote(html.unescape(link["anchor"] or ""))))
        if place is not None:
            # With the slash reveal.js turns to the slide; without, the browser would scroll by itself as well.
            return f"{link['start']}#/{html.escape(place)}"
        anchor = f"#{link['anchor']}" if link["anchor"] else ""
        return link["start"] + (link["path"] or posixpath.basename(name)) + anchor

    return _LINK.sub(rewritten, text)
