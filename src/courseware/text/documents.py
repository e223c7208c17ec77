"""The course's documents in other languages: the README, the syllabus, teaching notes, guides.

`pyproject.toml` says which documents are translated (``documents``, paths and patterns). Their paragraphs have
catalogues as lessons have, of a table each cell by itself, and `courseware build` writes the translated documents into
a folder named after the language, under the paths of the English ones::

    course/teaching/05_squeeze_excitation.md    course/zh/documents/course/teaching/05_squeeze_excitation.po
                                                zh/course/teaching/05_squeeze_excitation.md

What names a lesson's heading is not translated again: the text of a link to a heading is the translated heading.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from courseware.language import Language, speaking, words
from courseware.project import lessons, read, settings
from courseware.text import syllabus, translate
from courseware.text.translate import Catalogue, Source, Unit
from courseware.text.translation_checks import HAN

__all__ = ["FOLDER", "Document", "document_files", "documents", "sources", "stale", "write"]

FOLDER = "documents"  # of their catalogues, below `course/<language>/`
COMMENT = re.compile(r"<!-- (?:courseware build: [^>]*|table of [^>]*|end of [^>]*) -->")
TARGET = r"(?:[^()\s]|\([^()\s]*\))*"
LINK = re.compile(rf"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<path>(?![\w.+-]+:)[^()#\s]*)#(?P<anchor>{TARGET})\)")
BESIDE = rf"(?:{HAN}|[，。：；？！、（）])"
CELL = re.compile(r"(?<!\\)\|")
NOTICE = "<!-- Written by `courseware build tables` from {document} and {catalogue}: change these. -->"
TOLD = ("afterwards you can", "you move")  # what lessons say of themselves is translated with what their code shows


@dataclass(frozen=True)
class Document:
    """A document in one language: where the English lies and where this does, from the project's root."""

    spoken: Language
    english: Path

    @property
    def path(self) -> Path:
        return Path(self.spoken.code, self.english)

    def text(self, twins: Mapping[Path, Path]) -> str:
        """What it says: in English, with a mark, what has no valid translation.

        `twins` tells for each notebook and document that is translated where its translation lies.
        """
        names = _Names(self.spoken.root)
        catalogue = Catalogue(self.spoken, _source(names, self.english))
        with speaking(self.spoken.code):
            paragraphs = _paragraphs(names, self.english)
            said = [_translated(paragraph, names, self.english, catalogue) for paragraph in paragraphs]
            text = names.in_links("\n\n".join(said), self.english)
        text = translate.led(text, self.english, self.path, twins)
        back = posixpath.relpath(self.english.as_posix(), self.path.parent.as_posix())
        notice = NOTICE.format(
            document=self.english.as_posix(), catalogue=catalogue.path.relative_to(self.spoken.root).as_posix()
        )
        title, _, rest = text.partition("\n")
        return f"{title}\n\n{notice}\n\n[English]({back})\n{rest.rstrip()}\n"


def document_files(root: Path) -> list[Path]:
    """The documents that are translated, from the project's root, in the order of `pyproject.toml`."""
    found = [file for pattern in settings(root).get("documents", ()) for file in sorted(root.glob(pattern))]
    return [file.relative_to(root) for file in dict.fromkeys(found)]


def sources(root: Path) -> list[Source]:
    """What is translated of documents."""
    names = _Names(root)
    return [_source(names, file) for file in document_files(root)]


def documents(spoken: Language) -> list[Document]:
    """The documents that there are in a language: those whose catalogue is said to be complete."""
    return [Document(spoken, file) for file in document_files(spoken.root) if _catalogue(file) in spoken.complete]


def write(spoken: Language, twins: Mapping[Path, Path]) -> None:
    """Write the translated documents that are not there, or say something else; `twins` as in `Document.text`."""
    for document, text in _changed(spoken, twins):
        file = spoken.root / document.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def stale(spoken: Language, twins: Mapping[Path, Path]) -> list[str]:
    """What is wrong with the translated documents as they lie there, one sentence each."""
    remedy = "run `courseware build tables`"
    known = {spoken.root / document.path for document in documents(spoken)}
    return [f"{document.path.as_posix()} is out of date: {remedy}" for document, _ in _changed(spoken, twins)] + [
        f"{file.relative_to(spoken.root).as_posix()} is the translation of no document: delete it"
        for file in sorted((spoken.root / spoken.code).rglob("*.md"))
        if file not in known
    ]


def _changed(spoken: Language, twins: Mapping[Path, Path]) -> Iterator[tuple[Document, str]]:
    for document in documents(spoken):
        text, file = document.text(twins), spoken.root / document.path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield document, text


def _catalogue(english: Path) -> str:
    """The name of a document's catalogue."""
    return f"{FOLDER}/{english.with_suffix('').as_posix()}"


# ------------------------------------------------------------------------------------------------------- what it says
class _Names:
    """What documents name of the course: its headings, and what lessons say of themselves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._headings: dict[Path, dict[str, str]] = {}

    @cached_property
    def told(self) -> frozenset[str]:
        """What lessons say of themselves, and the syllabus repeats."""
        said = [read(lesson.source).metadata.get("lesson", {}) for lesson in lessons(self.root)]
        return frozenset(str(each[what]) for each in said for what in TOLD if what in each)

    @cached_property
    def linked(self) -> frozenset[str]:
        """The anchors that links into documents name."""
        files = [*(self.root / file for file in document_files(self.root)), *(self.root / "course").glob("*.py")]
        text = "\n".join(file.read_text(encoding="utf-8") for file in files)
        return frozenset(re.findall(r"\]\((?:[^()\s#]*\.md)?#([^()\s]+)\)", text))

    def headings(self, notebook: Path) -> Mapping[str, str]:
        """The headings of a notebook by their anchors, from the text that it is derived from."""
        if notebook not in self._headings:
            place = "exercises" if notebook.parent.name in ("exercises", "solutions") else ""
            file = self.root / "course" / place / f"{notebook.stem}.py"
            is_notebook = notebook.parts[0] == "notebooks" and file.is_file()
            cells = [cell.source for cell in read(file).cells if cell.cell_type == "markdown"] if is_notebook else []
            found = [heading for cell in cells for heading in re.findall(r"(?m)^#+ (.+)$", cell)]
            self._headings[notebook] = {syllabus.anchor(each): each for each in found}
        return self._headings[notebook]

    def heading(self, link: re.Match[str], document: Path) -> str:
        """The heading that a link in `document` names by its own words, else nothing."""
        target = Path(posixpath.normpath(posixpath.join(document.parent.as_posix(), unquote(link["path"]))))
        heading = self.headings(target).get(unquote(link["anchor"]), "")
        return heading if _plain(heading) == link["text"] else ""

    def in_links(self, text: str, document: Path) -> str:
        """`text` with the headings that links name as the current language has them."""

        def said(link: re.Match[str]) -> str:
            heading = self.heading(link, document)
            return link[0].replace(f"[{link['text']}]", f"[{_plain(words(heading))}]", 1) if heading else link[0]

        # Beside an English heading stood a space; between Chinese words there is none.
        text = re.sub(rf"(?<={BESIDE}) (?=\[{HAN})", "", LINK.sub(said, text))
        return re.sub(rf"({HAN}[？！]?\]\({TARGET}\)) (?={BESIDE})", r"\1", text)

    def are_all(self, cell: str, document: Path) -> bool:
        """Whether nothing but the headings that it names has to be translated in a cell of a table."""
        return not translate.has_words(LINK.sub(lambda link: "" if self.heading(link, document) else link[0], cell))


def _paragraphs(names: _Names, english: Path) -> list[str]:
    text = COMMENT.sub("", (names.root / english).read_text(encoding="utf-8"))
    return [translate.unwrapped(paragraph) for paragraph in translate.paragraphs(text)]


def _source(names: _Names, english: Path) -> Source:
    units: dict[str, Unit] = {}
    heading = ""
    for paragraph in _paragraphs(names, english):
        if found := re.match(r"#+ (.*)", paragraph):
            heading = found[1]
        texts = [cell.strip() for cell in CELL.split(paragraph)] if _is_table(paragraph) else [paragraph]
        for text in texts:
            if translate.has_words(text) and text not in names.told and not names.are_all(text, english):
                units.setdefault(text, Unit(text, heading))
    return Source(_catalogue(english), tuple(units.values()))


def _is_table(paragraph: str) -> bool:
    return all(line.startswith("|") for line in paragraph.splitlines())


def _translated(paragraph: str, names: _Names, english: Path, catalogue: Catalogue) -> str:
    if _is_table(paragraph):
        lines = [CELL.split(line) for line in paragraph.splitlines()]
        return "\n".join("|".join(_cell(cell, names, english, catalogue) for cell in line) for line in lines)
    text = _said(paragraph, catalogue)
    if heading := re.match(r"#+ (.*)", paragraph):
        anchors = names.linked & {syllabus.anchor(heading[1]), _slug(heading[1])}
        text += "".join(f' <a id="{anchor}"></a>' for anchor in sorted(anchors))
    return text


def _cell(cell: str, names: _Names, english: Path, catalogue: Catalogue) -> str:
    text = cell.strip()
    if text in names.told:
        return cell.replace(text, words(text))
    return cell if names.are_all(text, english) else cell.replace(text, _said(text, catalogue))


def _said(paragraph: str, catalogue: Catalogue) -> str:
    """The translation of a paragraph or cell; in English and with a mark if there is none."""
    if not translate.has_words(paragraph):
        return paragraph
    text, why = catalogue.of(paragraph)
    if text is not None:
        return text
    heading = re.match(r"(#+ )(.*)", paragraph)
    return f"{heading[1]}〔{why}〕{heading[2]}" if heading else f"**〔{why}〕** {paragraph}"


def _plain(heading: str) -> str:
    """A heading as links name it: without what makes a word italic, bold or code."""
    return re.sub(r"[*`]", "", heading)


def _slug(heading: str) -> str:
    """The anchor that a heading of a Markdown file has on hosts such as GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
