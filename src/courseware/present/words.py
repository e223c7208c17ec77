"""What live slides say in another language than English, for `labextension/prebuilt/static/words.js`."""

import json

from courseware.language import ENGLISH, speaking, words
from courseware.present.kept import CACHE
from courseware.text.strings import of_scripts

__all__ = ["leave"]


def leave(language: str) -> str:
    """Leave the words of a language where JupyterLab serves them, beside explorers' pictures; returns the file's name.

    For English there is none, and the name is empty.
    """
    if language == ENGLISH:
        return ""
    with speaking(language):
        said = {text: words(text) for text, _ in of_scripts()}
    CACHE.mkdir(parents=True, exist_ok=True)
    file = CACHE / f"words-{language}.json"
    file.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return file.name
