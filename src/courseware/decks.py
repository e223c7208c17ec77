"""What a lesson's deck becomes in the deck of the whole course, and where the links of a deck lead.

Works on the HTML of decks before it is finished (see `courseware.export`): the slides lie between two marks.
"""

import html
import posixpath
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

__all__ = ["COURSE_DECK", "SLIDES", "SLIDES_END", "column", "joined", "links_to_slides", "places"]

COURSE_DECK = "course.slides.html"
SLIDES, SLIDES_END = "<!-- slides -->", "<!-- end of slides -->"

# nbconvert puts an id with a double quote in it between single ones.
_HEADING = re.compile(r"""(?P<start><h[1-6]\b[^>]*?\bid=(?P<quote>["']))(?P<id>.*?)(?=(?P=quote))""")
_NEXT_COLUMN = re.compile(r"</section>\s*</section>\s*<section\b[^>]*>\s*<section\b")
_LINK = re.compile(
    r'<script\b.*?</script>|(?P<start><a\b[^>]*?\bhref=")(?![\w.+-]+:)(?P<path>[^"#?]*)(?:#(?P<anchor>[^"]*))?(?=")',
    re.DOTALL,
)


def column(deck: str, name: str) -> str:
    """The slides of the deck of the lesson `name` one below the other, its headings named apart from other lessons'."""
    slides = deck.partition(SLIDES)[2].partition(SLIDES_END)[0].strip()
    slides = _NEXT_COLUMN.sub("</section>\n<section", slides)
    slides = slides.replace("<section", f'<section id="{lesson_id(name)}"', 1)
    return _HEADING.sub(lambda heading: f"{heading['start']}{lesson_id(name)}:{heading['id']}", slides)


def joined(first: str, columns: list[str]) -> str:
    """The deck `first` with more columns of slides behind its own."""
    before, mark, after = first.partition(SLIDES_END)
    return "\n".join([before.rstrip(), *columns, mark + after])


def lesson_id(name: str) -> str:
    """The id of a lesson's column: the notebook's name without its ending."""
    return posixpath.basename(name).removesuffix(".ipynb")


def places(decks: Mapping[str, str], whole_course: bool = False) -> dict[tuple[str, str], str]:
    """What on the slides can be linked to: from (notebook, anchor) to the id in the deck.

    `decks` holds the HTML of lessons' decks by notebook. With `whole_course` the ids are those that `column` gives, and
    ``(notebook, "")`` leads to the lesson's first slide.
    """
    found = {}
    for name, deck in decks.items():
        if whole_course:
            found[name, ""] = lesson_id(name)
        prefix = f"{lesson_id(name)}:" if whole_course else ""
        for heading in _HEADING.finditer(deck):
            anchor = html.unescape(heading["id"])
            found.setdefault((name, anchor), prefix + anchor)
    return found


def links_to_slides(
    text: str, name: str, found: Mapping[tuple[str, str], str], resolved: Callable[[str, str], str]
) -> str:
    """Links from the notebook `name` to what is on a slide of this deck lead to that slide, the others to their pages.

    `found` is what `places` returns, and `resolved(name, path)` the notebook that a path leads to.
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
