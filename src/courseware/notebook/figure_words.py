"""The words on a figure, in the current language: they are exchanged just before it is drawn.

Figure functions write English and know no other language. Where the words are not in matplotlib's own font, the
language's `font.otf`, which holds the characters that are drawn and no others, comes behind it.
"""

import dataclasses
import functools
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from courseware.language import ENGLISH, current, languages, words
from courseware.project import ProjectNotFoundError, project_root

__all__ = ["speak"]


def speak(figure: Figure) -> None:
    """Put every text of `figure` into the current language, in place; in English nothing is touched."""
    code = current()
    if code == ENGLISH:
        return
    font = _font(code)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            # Labels that were given to the ticks are written anew whenever the figure is drawn, so they are given anew.
            given = [label.get_text() for label in axis.get_ticklabels()]
            if any(words(text) != text for text in given):
                axis.set_ticks(axis.get_ticklocs(), labels=[words(text) for text in given])
    for text in figure.findobj(Text):
        _written(text, font)


def _written(text: Text, font: str | None) -> None:
    text.set_text(words(text.get_text()))
    families = text.get_fontfamily()
    if font and font not in families:
        text.set_fontfamily([*families, font])


@functools.lru_cache(maxsize=8)
def _font(code: str) -> str | None:
    """The family of the language's font, known to matplotlib from now on; None if it has none."""
    try:
        language = languages(project_root()).get(code)
    except ProjectNotFoundError:
        return None
    if language is None or not language.font.is_file():
        return None
    return _known(language.font)


def _known(file: Path) -> str:
    fonts = font_manager.fontManager
    fonts.addfont(file)
    # The same letters stand for bold ones: matplotlib would tell the reader that there are none.
    fonts.ttflist.append(dataclasses.replace(fonts.ttflist[-1], weight=700))
    return font_manager.FontProperties(fname=file).get_name()
