"""Whether a translation says what its English says, as far as that can be seen without understanding it.

The same formulas, code spans, link targets, citations, marks and numbers; the same headings, items and table rows; as
many bold words, all of which close. Chinese has its own punctuation, and a space beside Latin letters and numbers. A
term has one translation, that of `terms.toml`::

    [terms]
    query = "查询"
    "soft pooling" = "软池化"  # the longer term counts, not the "pooling" in it

    [wrong]
    "关键字" = "键"  # never the first, but the second

Where a rule does not fit a paragraph, the translator says so in a comment of its entry: ``# free: numbers, terms``.
"""

import functools
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from courseware.language import PLACE, Language, places
from courseware.project import UserError

__all__ = ["RULES", "faults", "glyphs_missing", "write_font"]

CODE = re.compile(r"```.*?```|(?P<ticks>`+)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
FORMULA = re.compile(r"\$\$.*?\$\$|(?<![\\$])\$[^$\n]+?\$", re.DOTALL)
TARGET = re.compile(r"\]\(((?:[^()]|\([^()]*\))*)\)")
LINK = re.compile(r"\[[^\[\]]+\]\((?:[^()]|\([^()]*\))*\)")
CITED = re.compile(r"\[@[^\]]*\]")
KEY = re.compile(r"@(\w+)")
MARK = re.compile(r"\{\{.*?\}\}")
HTML = re.compile(r"</?[a-zA-Z!][^>]*>")
CALL = re.compile(r"\b\w+\([^()]*\)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*|[¼½¾⅓⅔⅕⅖⅗⅘⅙⅛]")
SIGNS = "†✓✗…→"
LINE = re.compile(r"(?P<heading>#+) |(?P<item>[-*+]) |(?P<numbered>\d+[.)]) |(?P<quoted>>)|(?P<row>\|)")
TABLE_CELL = re.compile(r"(?<!\\)\|")

# A Chinese character, and Chinese punctuation.
HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
FULL = r"，。：；？！、（）《》「」“”‘’…—·"
HIDDEN = "\ue000"  # stands for a formula or code, which reads like a Latin word
FILLED = "\ue001"  # stands for what fills a place: a number or a Chinese word

Fault = Iterator[str]


def faults(entry: Any, folder: Path) -> list[str]:
    """What is wrong with the translation in a catalogue's entry, one short sentence each."""
    return list(_faults(entry.msgid, entry.msgstr, entry.tcomment, folder))


def _faults(source: str, target: str, comment: str, folder: Path) -> Fault:
    free = {word.strip() for line in re.findall(r"(?m)^free: (.*)$", comment) for word in line.split(",")}
    if unknown := free - set(RULES):
        yield f"`free:` names {', '.join(sorted(unknown))}; the rules are {', '.join(RULES)}"
    for name, rule in RULES.items():
        if name not in free:
            for fault in rule(source, target, folder):
                yield f"{name}: {fault}"


# ------------------------------------------------------------------------------------------------- the same in both
def _compared(what: Callable[[str], Iterable[str]]) -> Callable[[str, str, Path], Fault]:
    """A rule: the same things stand in both, each as often, in any order."""

    def rule(source: str, target: str, _: Path) -> Fault:
        wanted, found = Counter(what(source)), Counter(what(target))
        if lacking := wanted - found:
            yield f"lacks {', '.join(lacking.elements())}"
        if added := found - wanted:
            yield f"has {', '.join(added.elements())}, which the English has not"

    return rule


def _without(text: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def _code(text: str) -> list[str]:
    return [found[0] for found in CODE.finditer(text)]


def _formulas(text: str) -> list[str]:
    return [" ".join(found.split()) for found in FORMULA.findall(_without(text, CODE))]


def _targets(text: str) -> list[str]:
    return TARGET.findall(_without(text, CODE))


def _citations(text: str) -> list[str]:
    return [key for found in CITED.findall(text) for key in KEY.findall(found)]


def _marks(text: str) -> list[str]:
    found = [mark.lower() for mark in MARK.findall(text)] + HTML.findall(_without(text, CODE))
    return [*found, *(f"{{{name}}}" for name in sorted(set(places(_without(text, MARK, FORMULA)))))]


def _signs(text: str) -> list[str]:
    return [sign for sign in text if sign in SIGNS.replace("…", "")]


def _numbers(text: str) -> list[str]:
    text = TARGET.sub("]", _without(text, CODE, FORMULA, MARK, PLACE))
    return NUMBER.findall(re.sub(r"(?m)^\s*\d+[.)] ", "", text))


def _lines(text: str) -> list[str]:
    """How each line begins: which heading, an item, a row of so many cells."""
    found = []
    for line in text.splitlines():
        begins = LINE.match(line.lstrip())
        if begins is None:
            found.append("text")
        elif begins["row"]:
            found.append(f"row of {len(TABLE_CELL.findall(_without(line, CODE, FORMULA))) - 1}")
        elif begins["numbered"]:
            found.append("numbered item")
        else:
            found.append(begins["heading"] or begins["item"] or begins["quoted"])
    return found


def _shape(source: str, target: str, _: Path) -> Fault:
    wanted, found = _lines(source), _lines(target)
    if wanted != found:
        yield f"lines are {', '.join(found)}; in the English {', '.join(wanted)}"


def _bold(source: str, target: str, _: Path) -> Fault:
    wanted = _rendered(source)[0]
    found, left = _rendered(target)
    if wanted != found:
        yield f"{found} bold parts, in the English {wanted}"
    if left:
        yield f"{left!r} stays in the text: bold opens and closes beside a letter, so put punctuation outside of it"


@functools.lru_cache(maxsize=4096)
def _rendered(text: str) -> tuple[int, str]:
    """How many parts are bold, and the asterisks that a reader would see, with what stands before them."""
    from markdown_it import MarkdownIt

    text = FORMULA.sub(HIDDEN, CODE.sub(HIDDEN, text))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    left = [found for child in inner if child.type == "text" for found in re.findall(r".{0,6}\*+", child.content)]
    return sum(child.type == "strong_open" for child in inner), "".join(left[:1])


# ------------------------------------------------------------------------------------------- how Chinese is written
def _plain(text: str) -> str:
    """The text as a reader sees it, a formula or code span as one sign."""
    text = HTML.sub("", MARK.sub(HIDDEN, FORMULA.sub(HIDDEN, CODE.sub(HIDDEN, text))))
    text = re.sub(r"\[(@[^\]]*)\]", HIDDEN, text)
    text = TARGET.sub("]", text).replace("[", "").replace("]", "")
    text = re.sub(r"\{\w+\}", FILLED, text)
    text = re.sub(r" *(?<!\\)\| *", "\n\n", text)  # the cells of a table
    return re.sub(r"(?m)^\s*(?:[-+*] |\d+[.)] |#+ |> ?)", "", text).replace("*", "")


def _punctuation(_: str, target: str, folder: Path) -> Fault:
    if not _is_chinese(folder):
        return
    text = _plain(target)
    for found in re.finditer(rf"{HAN}{{0,4}}(?:{HAN}|[”’）》」]) ?[,.:;?!](?![A-Za-z0-9_.])", text):
        yield f"{found[0]!r}: after Chinese stands ，。：；？！"
    for found in re.finditer(rf"{HAN} ?\([^()]*[A-Za-z]{{3}}[^()]*\)|\([^()]*{HAN}[^()]*\)", text):
        yield f"{found[0]!r}: brackets beside Chinese are （）"
    for found in re.finditer(rf"{HAN}[\"']|[\"']{HAN}", text):
        yield f"{found[0]!r}: quotation marks beside Chinese are “”"
    for found in re.finditer(rf"{HAN}{{0,4}}[，。：；？！、]+ ?[,.:;?!，。：；、](?![A-Za-z0-9_])", text):
        yield f"{found[0]!r}: two marks in a row"


def _spacing(_: str, target: str, folder: Path) -> Fault:
    if not _is_chinese(folder):
        return
    text = _plain(target)
    for found in re.finditer(rf"{HAN}[A-Za-z0-9{HIDDEN}α-ωΑ-Ω]|[A-Za-z0-9{HIDDEN}α-ωΑ-Ω%]{HAN}", text):
        shown = found[0].replace(HIDDEN, "$…$")
        yield f"{shown!r}: a space between Chinese and Latin letters, numbers, formulas, code"
    for found in re.finditer(rf"{HAN} +{HAN}|[{FULL[:10]}] +(?=\S)|(?<=\S) +[，。：；？！、）]", text):
        yield f"{found[0]!r}: no space there"
    for found in re.finditer(rf"{HAN}\n{HAN}", text):
        yield f"{found[0]!r}: a paragraph is one line; a line break would show as a space"


def _is_chinese(folder: Path) -> bool:
    return folder.name.startswith("zh")


# ------------------------------------------------------------------------------------------------------------- terms
def _terms(source: str, target: str, folder: Path) -> Fault:
    known, wrong = _known_terms(folder)
    for link in LINK.findall(source):  # the name of a heading, which gets its translation by itself
        source = source.replace(link, "") if link in target else source
    english = TARGET.sub("]", _without(source, CODE, FORMULA, MARK, CITED, HTML, PLACE, CALL))
    for term, pattern in known.items():
        english, times = pattern.subn(" ", english)
        wanted = _terms_of(folder)[term]
        if times and wanted not in target:
            yield f"{term!r} is {wanted}"
    for bad, good in wrong.items():
        if bad in target:
            yield f"not {bad}, but {good}"


@functools.lru_cache(maxsize=8)
def _terms_of(folder: Path) -> Mapping[str, str]:
    file = folder / "terms.toml"
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8")).get("terms", {})
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} cannot be read: {error}") from error


@functools.lru_cache(maxsize=8)
def _known_terms(folder: Path) -> tuple[dict[str, re.Pattern[str]], dict[str, str]]:
    """The terms, the longest first, each as a pattern; and the words that are wrong."""
    terms = _terms_of(folder)
    known = {
        term: re.compile(rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])", re.IGNORECASE)
        for term in sorted(terms, key=len, reverse=True)
    }
    file = folder / "terms.toml"
    wrong = tomllib.loads(file.read_text(encoding="utf-8")).get("wrong", {}) if file.exists() else {}
    return known, wrong


RULES: dict[str, Callable[[str, str, Path], Fault]] = {
    "formulas": _compared(_formulas),
    "code": _compared(_code),
    "links": _compared(_targets),
    "citations": _compared(_citations),
    "marks": _compared(_marks),
    "signs": _compared(_signs),
    "numbers": _compared(_numbers),
    "shape": _shape,
    "bold": _bold,
    "punctuation": _punctuation,
    "spacing": _spacing,
    "terms": _terms,
}


# -------------------------------------------------------------------------------------------------------------- fonts
def drawn(spoken: Language) -> set[str]:
    """The characters that figures, pages and decks may draw in this language: of all translations but documents'.

    Those are read where they lie, and where the exported site shows them a reader has a font.
    """
    import polib

    files = sorted(set(spoken.folder.rglob("*.po")) - set(spoken.folder.glob("documents/**/*.po")))
    text = "".join(entry.msgstr for file in files for entry in polib.pofile(str(file)) if entry.translated())
    return {letter for letter in text if ord(letter) > 0x2E7F}


def glyphs_missing(spoken: Language) -> list[str]:
    """Whether the font of a language lacks a character, in one sentence that says what to do."""
    wanted = drawn(spoken)
    if not wanted:
        return []
    from fontTools.ttLib import TTFont

    has = set(TTFont(spoken.font).getBestCmap()) if spoken.font.exists() else set()
    lacking = sorted(letter for letter in wanted if ord(letter) not in has)
    if not lacking:
        return []
    return [
        f"{spoken.font.relative_to(spoken.root).as_posix()} lacks {len(lacking)} characters ({''.join(lacking[:8])}…): "
        f"run `courseware translate {spoken.code} --font FONT`, see docs/translating.md"
    ]


def write_font(spoken: Language, font: Path) -> None:
    """Write what the course needs of `font` beside the catalogues. Raises UserError if it lacks a character."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    if not font.is_file():
        raise UserError(f"--font must be a file with a font (OpenType or TrueType), was {font}")
    wanted = drawn(spoken)
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True)
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]  # who made it, what it is called, its licence
    cut = subset.load_font(str(font), options)
    if lacking := {letter for letter in wanted if ord(letter) not in cut.getBestCmap()}:
        raise UserError(f"{font} has no {''.join(sorted(lacking))}")
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(wanted)))
    subsetter.subset(cut)
    subset.save_font(cut, str(spoken.font), options)
    size = len(TTFont(spoken.font).getGlyphOrder())
    print(f"{spoken.font.relative_to(spoken.root).as_posix()}: {size} glyphs, {spoken.font.stat().st_size // 1024} kB")
