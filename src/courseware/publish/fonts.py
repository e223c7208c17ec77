"""The fonts of pages and decks, cut down to the characters that are drawn."""

import base64
import functools
import io
import re
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from courseware.publish.installed import REVEAL, STIX_TWO_MATH, installed

__all__ = ["font_faces"]

TEXT_FONTS = [  # style, weight, file below reveal's folder
    ("normal", 400, "dist/theme/fonts/source-sans-pro/source-sans-pro-regular.woff"),
    ("italic", 400, "dist/theme/fonts/source-sans-pro/source-sans-pro-italic.woff"),
    ("normal", 600, "dist/theme/fonts/source-sans-pro/source-sans-pro-semibold.woff"),
]
MATHEMATICAL_ITALICS = [*map(chr, range(0x1D434, 0x1D468)), *map(chr, range(0x1D6E2, 0x1D71C)), "ℎ"]


def font_faces(text: str, other: Path | None = None) -> str:
    """`@font-face` rules with the parts of the fonts that a page needs; `other` has the letters of its language."""
    reveal = installed(*REVEAL)
    faces = [
        _font_face("Course Sans", style, weight, reveal / file, _drawn(text)) for style, weight, file in TEXT_FONTS
    ]
    if other:
        faces.append(
            _font_face("Course Letters", "normal", 400, other, frozenset(c for c in _drawn(text) if c > "\u2e7f"))
        )
    formulas = "".join(re.findall(r"<math\b.*?</math>", text, re.DOTALL))
    if formulas:
        font = installed(*STIX_TWO_MATH)
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
