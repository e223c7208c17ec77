"""What a browser would load for a page or a style sheet, found as browsers find it: with html5lib and tinycss2.

An address that is only followed when somebody clicks (a link) is not loaded. Elements that can load whatever they like
(`iframe`, `object`, `base`, a refresh, …) have no place on a page of the course and are always reported. What a script
fetches cannot be read off a page: `POLICY`, which each page carries, forbids it in the browser.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

import html5lib
import tinycss2
from tinycss2.ast import Node

__all__ = ["POLICY", "Load", "loaded_by_page", "loaded_by_style", "stays_inside"]

# A content-security policy. Inline scripts and styles are the page's own; "file:" is for pages from a disk, for which
# not every browser understands "self". The speaker view of a deck shows the deck in frames.
POLICY = (
    "default-src 'none'; script-src 'self' file: 'unsafe-inline'; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; font-src 'self' file: data:; connect-src 'self' file:; "
    "frame-src 'self' file:; base-uri 'none'; form-action 'self' file:"
)

REFUSED = frozenset({"applet", "base", "embed", "fencedframe", "frame", "iframe", "object", "portal"})
ADDRESSES = frozenset(
    {"action", "archive", "background", "code", "codebase", "data", "dynsrc", "formaction", "lowsrc", "manifest"}
    | {"ping", "poster", "profile", "src"}
)
SETS = frozenset({"srcset", "imagesrcset"})
# Attributes of SVG that hold what CSS calls a value, and so may name an address.
STYLED = frozenset(
    {"clip-path", "cursor", "fill", "filter", "marker", "marker-end", "marker-mid", "marker-start", "mask", "stroke"}
    | {"style"}
)
# CSS functions in which a string is an address.
CSS_FUNCTIONS = frozenset({"cross-fade", "image", "image-set", "src", "url", "-webkit-cross-fade", "-webkit-image-set"})


class Load(NamedTuple):
    """An address, and where it stands on the page: an element and an attribute, or a style."""

    where: str
    address: str

    def __str__(self) -> str:
        return f"<{self.where}{f'={self.address[:80]!r}' if self.address else ''}>"


def stays_inside(address: str) -> bool:
    """Whether an address is data in the page itself, or a place in it. Browsers ignore white space round it."""
    return re.match(r"\s*(?:data:|#|$)", address, re.IGNORECASE) is not None


def loaded_by_page(text: str) -> list[Load]:
    """Everything that a browser would load for this HTML, apart from data in the page itself."""
    tree = html5lib.parse(text, treebuilder="etree", namespaceHTMLElements=False)
    return [load for element in tree.iter() if isinstance(element.tag, str) for load in _loaded_by_element(element)]


def loaded_by_style(css: str) -> list[str]:
    """The addresses that a browser would load for a style sheet or the value of a `style` attribute."""
    addresses = _addresses(tinycss2.parse_component_value_list(css, skip_comments=True))
    return [address for address in addresses if not stays_inside(address)]


def _loaded_by_element(element: Element) -> Iterator[Load]:
    tag = _local(element.tag)
    attributes = {_local(name).lower(): value for name, value in element.attrib.items()}
    if tag in REFUSED:
        yield Load(tag, "")
    if tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
        yield Load("meta refresh", attributes.get("content", ""))
    if tag in ("animate", "set") and attributes.get("attributename", "").endswith("href"):
        yield Load(f"{tag} href", "")
    if tag == "style":
        for address in loaded_by_style("".join(element.itertext())):
            yield Load("style", address)
    for name, value in attributes.items():
        if name in ADDRESSES or (name == "href" and tag not in ("a", "area", "base")):
            found: Iterable[str] = [] if stays_inside(value) else [value]
        elif name in SETS:
            found = [address for address in _candidates(value) if not stays_inside(address)]
        elif name in STYLED:
            found = loaded_by_style(value)
        elif name == "srcdoc":
            found = [load.address for load in loaded_by_page(value)]
        else:
            found = []
        for address in found:
            yield Load(f"{tag} {name}", address)


def _local(name: str) -> str:
    """The name without the namespace that html5lib puts before those of SVG and XLink."""
    return name.rpartition("}")[2].rpartition(":")[2]


def _candidates(srcset: str) -> Iterator[str]:
    """The addresses of a `srcset`, as the HTML standard splits it: a comma inside `data:…` divides nothing."""
    rest = srcset.lstrip(" \t\n\r\f,")
    while rest:
        [address, *after] = rest.split(None, 1)
        yield address.rstrip(",")
        rest = after[0] if after else ""
        if not address.endswith(","):
            rest = re.sub(r"^(?:\([^)]*\)|[^,(])*", "", rest)  # the descriptor, such as 2x
        rest = rest.lstrip(" \t\n\r\f,")


def _addresses(nodes: Iterable[Node], strings: bool = False) -> Iterator[str]:
    """Addresses in parsed CSS; with `strings`, a bare string is one too."""
    importing = False
    for node in nodes:
        if node.type == "url" or (node.type == "string" and (strings or importing)):
            yield node.value
        elif node.type == "at-keyword":
            importing = node.lower_value == "import"
        elif node.type == "literal" and node.value == ";":
            importing = False
        elif node.type == "function":
            yield from _addresses(node.arguments, strings=node.lower_name in CSS_FUNCTIONS)
        elif node.type in ("() block", "[] block", "{} block"):
            yield from _addresses(node.content)
