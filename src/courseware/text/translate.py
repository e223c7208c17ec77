"""The course's texts in another language: what is translated, where it is kept, and how a notebook is made of it.

A unit is a paragraph of Markdown: what stands between blank lines, fences and ``$$`` blocks kept whole. Its
translation stands in a catalogue (gettext PO), one for each text, whose key is the English paragraph::

    course/02_kernel_regression.py            course/zh/02_kernel_regression.po
    course/exercises/02_kernel_regression.py  course/zh/exercises/02_kernel_regression.po

What code shows has a catalogue for each lesson in ``course/zh/strings/`` (`courseware.text.strings`). How lines are
wrapped does not count. A paragraph that was changed is not found any more: it is shown in English with a mark until
somebody has looked at it, and `courseware check` counts it. Code cells are not translated.
"""

import difflib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nbformat import NotebookNode

from courseware.language import Language, words
from courseware.project import read
from courseware.text import syllabus, translation_checks

__all__ = [
    "Catalogue",
    "Source",
    "Unit",
    "beginning",
    "catalogue_of",
    "led",
    "links_from",
    "translated",
]

FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
BEGINS_A_LINE = re.compile(r"\s*(?:[-*+] |\d+[.)] |[|>#<]|\$\$|:?-{3,})")
SUMMARY = re.compile(r"<summary>(.*)</summary>")
# What holds no words to translate: code, formulas, marks, HTML.
WORDLESS = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
LINK = re.compile(r"(?P<start>\]\()(?P<path>(?![\w.+-]+:)[^)#?\s]+)(?=[)#?])")
ALIKE = 0.6  # as much of a paragraph must be the same for its old translation to be offered
SOLUTION_TEXT = "<!-- SOLUTION -->"


@dataclass(frozen=True)
class Unit:
    """One thing to translate, and where it stands, for the translator."""

    text: str
    where: str = ""


# ------------------------------------------------------------------------------------------------ paragraphs of a text
def paragraphs(source: str) -> list[str]:
    """Markdown split at its blank lines; a fence or a block of ``$$`` is one paragraph with the lines beside it."""
    found: list[list[str]] = [[]]
    fence, in_formula = "", False
    for line in source.splitlines():
        if mark := FENCE.match(line):
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]
        elif not fence and line.count("$$") % 2:
            in_formula = not in_formula
        if line.strip() or fence or in_formula:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def unwrapped(paragraph: str) -> str:
    """A paragraph with each of its lines, items and rows on one line: the key of its translation."""
    if FENCE.match(paragraph):
        return paragraph
    lines: list[str] = []
    in_formula = False
    for line in paragraph.splitlines():
        if lines and not in_formula and not BEGINS_A_LINE.match(line):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.rstrip())
        in_formula ^= bool(line.count("$$") % 2)
    return "\n".join(lines)


def has_words(paragraph: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", WORDLESS.sub("", paragraph)))


def beginning(text: str) -> str:
    """The beginning of a paragraph, to name it by."""
    line = text.partition("\n")[0]
    return repr(line if len(line) <= 60 else f"{line[:57]}…")


def units_of_text(file: Path) -> Iterator[Unit]:
    """The units of a lesson, a sheet or a page, each once."""
    seen: set[str] = set()
    heading = ""
    for cell in read(file).cells:
        if cell.cell_type != "markdown":
            continue
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "")
        for paragraph in map(unwrapped, paragraphs(cell.source.removeprefix(SOLUTION_TEXT))):
            if found := re.match(r"#+ (.*)", paragraph):
                heading = found[1]
            if has_words(paragraph) and paragraph not in seen:
                seen.add(paragraph)
                yield Unit(paragraph, f"{heading} ({kind})" if kind not in ("", "-", "skip") else heading)


# ---------------------------------------------------------------------------------------------------------- catalogues
@dataclass(frozen=True)
class Source:
    """What one catalogue translates: its name, which is its path below `course/<language>/`, and the units."""

    name: str
    units: tuple[Unit, ...]

    @property
    def is_strings(self) -> bool:
        return self.name.startswith("strings/")


class Catalogue:
    """The translations of one source in one language, brought up to date in memory: see `merged`."""

    def __init__(self, spoken: Language, source: Source):
        self.language, self.source = spoken, source
        self.path = spoken.folder / f"{source.name}.po"
        self.file = merged(self.path, source, spoken.code)
        self.entries = {entry.msgid: entry for entry in self.file if not entry.obsolete}

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def of(self, paragraph: str) -> tuple[str | None, str]:
        """The translation of a paragraph, or None and the words that say why there is none."""
        entry = self.entries.get(unwrapped(paragraph))
        if entry is None or not entry.msgstr:
            return None, self.language.untranslated
        if entry.fuzzy:
            return None, self.language.outdated
        if translation_checks.faults(entry, self.language.folder):
            return None, self.language.faulty
        return entry.msgstr, ""

    def outdated(self) -> list[str]:
        return [entry.msgid for entry in self.entries.values() if entry.fuzzy]

    def untranslated(self) -> list[str]:
        return [entry.msgid for entry in self.entries.values() if not entry.msgstr and not entry.fuzzy]

    def faults(self) -> list[str]:
        """What is wrong with translations, one sentence each, led by the beginning of the English."""
        return [
            f"{beginning(entry.msgid)}: {fault}"
            for entry in self.entries.values()
            if entry.translated()
            for fault in translation_checks.faults(entry, self.language.folder)
        ]


def merged(path: Path, source: Source, code: str) -> Any:
    """The catalogue at `path` as it should be for `source` now (a `polib.POFile`, not written).

    A translation stays with its paragraph. One whose paragraph is gone goes to the new paragraph most like it, where
    it is marked as outdated ("fuzzy") and keeps the English that it translates; where there is none it stays in the
    file, commented out. Marks are lifted again if the old English comes back.
    """
    import polib

    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {entry.msgid: entry for entry in old}
    new = polib.POFile(wrapwidth=0)
    new.metadata = {
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for entry in old:
        if entry.fuzzy and entry.previous_msgid and entry.previous_msgid not in known:
            back = polib.POEntry(msgid=entry.previous_msgid, msgstr=entry.msgstr, tcomment=entry.tcomment)
            known[back.msgid] = back
    wanted = {unit.text for unit in source.units}
    gone = {entry.msgid: entry for entry in old if entry.msgid not in wanted and entry.msgstr and not entry.fuzzy}
    gone |= {e.msgid: e for e in old if e.msgid not in wanted and e.fuzzy and e.previous_msgid not in wanted}
    for unit in source.units:
        entry = known.get(unit.text)
        if entry is None:
            entry = polib.POEntry(msgid=unit.text)
            if alike := difflib.get_close_matches(unit.text, gone, n=1, cutoff=ALIKE):
                before = gone.pop(alike[0])
                entry.msgstr, entry.tcomment, entry.flags = before.msgstr, before.tcomment, ["fuzzy"]
                entry.previous_msgid = before.previous_msgid or before.msgid
        entry.comment, entry.obsolete = unit.where, False
        new.append(entry)
    for entry in gone.values():
        entry.obsolete = True
        new.append(entry)
    return new


def catalogue_of(spoken: Language, name: str) -> Catalogue:
    """The catalogue of one text, by its path below `course/` without an ending."""
    file = spoken.root / "course" / f"{name}.py"
    return Catalogue(spoken, Source(name, tuple(units_of_text(file))))


# ----------------------------------------------------------------------------------------------------------- notebooks
def translated(notebook: NotebookNode, catalogue: Catalogue) -> None:
    """Translate the Markdown cells of a derived notebook in place, before its marks and citations are resolved.

    A heading keeps the English anchor; a cell keeps its id, by which its twin in English is found. What has no valid
    translation stands there in English with a mark.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = "\n\n".join(_translated(paragraph, catalogue) for paragraph in paragraphs(cell.source))
        elif "mystnb" in cell.metadata:  # what the fold of an output says
            folded = cell.metadata["mystnb"]
            cell.metadata["mystnb"] = {name: words(text) for name, text in folded.items()}
    notebook.metadata["courseware"] = {"language": catalogue.language.code}


def _translated(paragraph: str, catalogue: Catalogue) -> str:
    if not has_words(paragraph):
        return SUMMARY.sub(lambda found: f"<summary>{words(found[1])}</summary>", paragraph)
    if label := syllabus.LABEL.fullmatch(paragraph):  # below the heading of an exercise, written by the derivation
        return f"*{words(f'{label[1].lower()} · about {label[2]} minutes')}*"
    if SUMMARY.search(paragraph):
        return SUMMARY.sub(lambda found: f"<summary>{words(found[1])}</summary>", paragraph)
    text, why = catalogue.of(paragraph)
    heading = re.match(r"(#+ )(.*)", unwrapped(paragraph))
    if text is None:
        mark = f"〔{why}〕"
        text = f"{heading[1]}{mark}{heading[2]}" if heading else f"**{mark}**\n\n{paragraph}"
    if not heading:
        return text
    first, *rest = text.split("\n")
    anchor = syllabus.anchor(heading[2]).replace("&", "&amp;").replace('"', "&quot;")
    return "\n".join([f'{first} <a id="{anchor}"></a>', *rest])


def links_from(notebook: NotebookNode, english: Path, here: Path, twins: Mapping[Path, Path]) -> None:
    """Lead the links of a translated notebook to translated twins where there are any, else to what they led to.

    Parameters
    ----------
    notebook
        The notebook, whose links are those of its English twin.
    english, here
        Where that twin lies, and where this notebook does, from the project's root.
    twins
        For each English notebook that is translated where its translation lies.
    """

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = led(cell.source, english, here, twins)


def led(text: str, english: Path, here: Path, twins: Mapping[Path, Path]) -> str:
    """Markdown that lay at `english` and now lies at `here` with its links led as by `links_from`."""

    def anew(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(english.parent.as_posix(), unquote(found["path"])))
        target = twins.get(Path(path), Path(path))
        return found["start"] + posixpath.relpath(target.as_posix(), here.parent.as_posix())

    return re.sub(LINK, anew, text)
