"""The language that the course speaks to its reader, and the words for what code shows.

English stands in the code, and a catalogue says what to show in its place. It is asked where something is shown (a
report, a quiz, a label of a figure) and not where it is written: sentences are often made when a module is imported,
one process derives notebooks of every language, and figures know nothing of the machinery. An entry with places such
as ``{items}`` stands for every text of that form::

    words("16 items, looking for nothing")  # by the entry "{items} items, looking for {wish}"

What fills the places is looked up too. A text that no entry stands for is shown in English, and noted in `missing`.

The language is that of the folder in which a notebook lies: kernels work there, and everything in `notebooks/zh/` is
Chinese, whatever program opens it. The environment's `COURSEWARE_LANGUAGE` goes before it (`en` for English). So the
code cells of a notebook are the same in every language.
"""

import contextlib
import functools
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courseware.project import ProjectNotFoundError, UserError, project_root

__all__ = [
    "ENGLISH",
    "VARIABLE",
    "Language",
    "current",
    "languages",
    "missing",
    "places",
    "speaking",
    "spoken",
    "words",
]

VARIABLE = "COURSEWARE_LANGUAGE"
ENGLISH = "en"
FILE = "language.toml"
IN_TABLE = "table, "  # begins the comment on a cell of the table that grows by lessons
PLACE = re.compile(r"\{(\w+)\}")
SENTENCES = (re.compile(r"(?<=[.?!]) +"), re.compile(r"(?<=[.:;?!]) +"))
OF_A_LESSON = re.compile(r"\.(lessons|exercises)\.\w+$")
PHRASE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")  # English, and no name
OWN_WORDS = 4  # of a form that may hold English: a text that is mostly translated is better than none
NUMBERED = re.compile(r"\d+ · .+")
HEADING = re.compile(r"#+ (?:\d+ · )?(.+)")

missing: set[str] = set()  # what was to be shown and has no words in the current language

_speaking: list[tuple[str, str]] = []  # the language, and whose words are asked for first


@dataclass(frozen=True)
class Language:
    """A language besides English: the folder `course/<code>/`, and what its `language.toml` says.

    Attributes
    ----------
    root : the project's root
    code : the folder's name, such as ``"zh"``
    name : what its speakers call it
    locale : its name for programs that speak it themselves, such as Sphinx: ``"zh_CN"``
    untranslated, outdated, faulty : the words that mark what is shown in English: a paragraph that nobody has
        translated, one whose English has changed, one whose translation does not pass the checks
    complete : the catalogues that must have no such paragraph, by their path below the folder, without an ending; of
        the texts among them notebooks are made
    """

    root: Path
    code: str
    name: str
    locale: str
    untranslated: str
    outdated: str
    faulty: str
    complete: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.root / "course" / self.code

    @property
    def notebooks(self) -> Path:
        """Where its notebooks lie, from the project's root."""
        return Path("notebooks", self.code)

    @property
    def font(self) -> Path:
        """A font with the letters that the fonts of figures, pages and decks lack; a language without such has none."""
        return self.folder / "font.otf"


def languages(root: Path) -> dict[str, Language]:
    """The languages besides English, by their codes. Raises UserError if a `language.toml` does not say all it must."""
    found = {}
    for file in sorted((root / "course").glob(f"*/{FILE}")):
        try:
            said: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
            marks = (str(said[key]) for key in ("name", "locale", "untranslated", "outdated", "faulty"))
            name, locale, untranslated, outdated, faulty = marks
            complete = tuple(said["complete"])
            code = file.parent.name
            found[code] = Language(root, code, name, locale, untranslated, outdated, faulty, complete)
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise UserError(
                f"{file.relative_to(root).as_posix()} must say name, locale, marks and complete: {error}"
            ) from error
    return found


def current() -> str:
    """The code of the language to speak now: that of `speaking`, else of the environment, else of the folder."""
    if _speaking:
        return _speaking[-1][0]
    return os.environ.get(VARIABLE) or _of_folder(os.getcwd())


@contextlib.contextmanager
def speaking(code: str, lesson: str = "") -> Iterator[None]:
    """Speak a language for a while, whatever folder this is; with `lesson` (``"02_width"``) in the words of that."""
    _speaking.append((code, lesson))
    try:
        yield
    finally:
        _speaking.pop()


@functools.lru_cache(maxsize=64)
def _of_folder(folder: str) -> str:
    try:
        notebooks = project_root(folder) / "notebooks"
    except ProjectNotFoundError:
        return ENGLISH
    below = Path(folder).resolve()
    if notebooks not in below.parents:
        return ENGLISH
    code = below.relative_to(notebooks).parts[0]
    return code if (notebooks.parent / "course" / code / FILE).is_file() else ENGLISH


def words(text: str, *, in_table: bool = False) -> str:
    """What to show for the English `text` in the current language; the text itself in English, and without an entry.

    A cell of the table that grows by lessons (`in_table`) has its own words: "nothing" is not a wish there.
    """
    code = current()
    if code == ENGLISH or not re.search(r"[A-Za-z]{2}", text):
        return text
    catalogue = _catalogue(code)
    found = (in_table and catalogue.of_table.get(text)) or catalogue.of(text) if catalogue else None
    if found is None:
        missing.add(text)
        return text
    return found


def spoken(sentences: Iterable[str]) -> dict[str, dict[str, str]]:
    """What a script is told to say in the current language: `says`, by the English; nothing in English."""
    return {} if current() == ENGLISH else {"says": {sentence: words(sentence) for sentence in sentences}}


def places(text: str) -> list[str]:
    """The names of the places in an entry, in order."""
    return PLACE.findall(text)


class _Catalogue:
    """The entries of a language: exact ones, and those with places."""

    def __init__(self, language: Language):
        import polib  # a tenth of a second, which English does without

        self.exact: dict[str, str] = {}
        self.elsewhere: dict[str, dict[str, str]] = {}  # what lessons say differently: by text, then by lesson
        self.of_table: dict[str, str] = {}
        self.forms: list[tuple[str, re.Pattern[str], str]] = []
        self.found: dict[str, str | None] = {}
        forms = {}
        for file in sorted(language.folder.rglob("*.po")):
            kind, *_ = file.relative_to(language.folder).parts
            if kind == "documents":  # no code shows them
                continue
            is_text = kind != "strings"
            for entry in polib.pofile(str(file)):
                if not entry.translated():
                    continue
                if is_text:  # of lessons and sheets the headings: lists of them are shown
                    heading, target = HEADING.fullmatch(entry.msgid), HEADING.fullmatch(entry.msgstr)
                    if heading and target:
                        self.exact.setdefault(heading[1], target[1])
                        self.exact.setdefault(entry.msgid.lstrip("# "), entry.msgstr.lstrip("# "))
                        numbered, said = NUMBERED.search(entry.msgid), NUMBERED.search(entry.msgstr)
                        if numbered and said:  # "Exercises 2 · …": what the sheet is of
                            self.exact.setdefault(numbered[0], said[0])
                elif places(entry.msgid):
                    forms[entry.msgid.strip()] = entry.msgstr.strip()
                elif entry.comment.startswith(IN_TABLE):
                    self.of_table[entry.msgid.strip()] = entry.msgstr.strip()
                else:
                    self.elsewhere.setdefault(entry.msgid.strip(), {})[file.stem] = entry.msgstr.strip()
        for text, by_lesson in self.elsewhere.items():
            self.exact[text] = next(iter(by_lesson.values()))
        self.elsewhere = {text: each for text, each in self.elsewhere.items() if len(set(each.values())) > 1}
        # A lone word of the table, such as the heading "learned", says something else elsewhere.
        self.exact = {text: target for text, target in self.of_table.items() if " " in text} | self.exact
        # The entry with most words of its own goes first: it says most about the text.
        for form in sorted(forms, key=lambda form: len(PLACE.sub("", form)), reverse=True):
            self.forms.append((form, _pattern(form), forms[form]))

    def of(self, text: str) -> str | None:
        if (bare := text.strip()) != text and bare:
            found = self.of(bare)
            return None if found is None else text.replace(bare, found)
        if text.endswith(".") and text not in self.exact and (found := self.exact.get(text[:-1])):
            return f"{found}。"
        if text in self.elsewhere:
            by_lesson = self.elsewhere[text]
            if _speaking and (stem := _speaking[-1][1]) in by_lesson:
                return by_lesson[stem]
            # The lesson that speaks is the one whose code was imported; a later one may take code from an earlier one.
            imported = {module.rpartition(".")[2] for module in sys.modules if OF_A_LESSON.search(module)}
            said = [(stem.partition("_")[2], target) for stem, target in by_lesson.items()]
            return next((target for name, target in reversed(said) if name in imported), self.exact[text])
        if text in self.exact:
            return self.exact[text]
        if text not in self.found:
            found = self._by_form(text) or self._by_sentences(text) or self._by_lines(text) or self._by_list(text)
            self.found[text] = found or self._by_form(text, least=OWN_WORDS)
        return self.found[text]

    def _by_form(self, text: str, least: int | None = None) -> str | None:
        """By the first form that fits and whose places hold nothing that nobody has translated.

        With `least` also by one whose places hold English, if it has so many words of its own.
        """
        for form, pattern, target in self.forms:
            if match := pattern.fullmatch(text):
                parts = {name[1:]: part for name, part in match.groupdict().items()}
                english = any(self._is_english(name, part) for name, part in parts.items())
                if not english or (least and len(re.findall(r"[A-Za-z]+", PLACE.sub("", form))) >= least):
                    return _filled(target, {name: self._part(part) for name, part in parts.items()})
        return None

    def _is_english(self, place: str, part: str) -> bool:
        """Whether a place would hold English that nobody has translated.

        What an exception says stays as Python says it, but no sentence of ours behind it.
        """
        if place == "error":
            *before, last = SENTENCES[0].split(part)
            return bool(before) and self.of(f"{last.rstrip('.')}.") is not None
        return bool(PHRASE.search(part) and self.of(part) is None)

    def _part(self, text: str) -> str:
        """What fills a place: with words of its own, or as it is (a number, a name of an answer, code)."""
        bare = text.strip()
        return text.replace(bare, self.of(bare) or bare) if bare else text

    def _by_list(self, text: str) -> str | None:
        parts = text.split(", ")
        if len(parts) == 1 or not re.search(r"[A-Za-z]{2}", text):
            return None
        found = [self.of(part) if re.search(r"[A-Za-z]{2}", part) else part for part in parts]
        return "，".join(part for part in found if part) if None not in found else None

    def _by_sentences(self, text: str) -> str | None:
        """Sentences that were put together, each by its own entry; none if one of them has none."""
        for ends in SENTENCES:
            parts = ends.split(text)
            # Then the last one alone: what an exception said before it may be several.
            for told in (parts, [text.removesuffix(parts[-1]).rstrip(), parts[-1]]) if len(parts) > 1 else ():
                found = [self.of(part) if re.search(r"[A-Za-z]{2}", part) else _stopped(part) for part in told]
                if None not in found:
                    return "".join(part for part in found if part)
        return None

    def _by_lines(self, text: str) -> str | None:
        """A label that was broken into lines: as one sentence on one line, or each line by its own entry."""
        lines = text.split("\n")
        if len(lines) == 1:
            return None
        if (whole := self.of(" ".join(lines))) is not None:
            return whole
        found = [self.of(line) if re.search(r"[A-Za-z]{2}", line) else line for line in lines]
        return "\n".join(line for line in found if line) if None not in found else None


def _stopped(part: str) -> str:
    """A part without words, such as "1:", with the stop that Chinese has."""
    return part[:-1] + {":": "：", ";": "；"}.get(part[-1:], part[-1:])


def _filled(target: str, parts: dict[str, str]) -> str:
    """`target` with its places filled; one that is not among `parts` stays."""
    return PLACE.sub(lambda place: parts.get(place[1], place[0]), target)


def _pattern(form: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for number, part in enumerate(PLACE.split(form)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(
                f"(?P=_{part})" if part in seen else f"(?P<_{part}>(?:\\([^()]*\\)|.)*?)"
            )  # a group may not be called 0
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


def _catalogue(code: str) -> _Catalogue | None:
    root = _root_of(os.getcwd())
    return _catalogue_in(root, code) if root else None


@functools.lru_cache(maxsize=64)
def _root_of(folder: str) -> Path | None:
    try:
        return project_root(folder)
    except ProjectNotFoundError:
        return None


@functools.lru_cache(maxsize=8)
def _catalogue_in(root: Path, code: str) -> _Catalogue | None:
    language = languages(root).get(code)
    return _Catalogue(language) if language else None
