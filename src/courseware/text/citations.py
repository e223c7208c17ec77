"""Citations by key, from one BibTeX file: `[@hu2018]` in the text becomes a link to the page of references.

In a course text, `[@key]`, `[@one; @two]` and `[@key, Table 10]` cite works of `course/references.bib`. A line
`{{references}}` becomes the list of the works that the same text cites; a line `{{bibliography}}`
becomes the list of all works, each with an anchor and links to the texts that cite it. Code cells, code spans and
code blocks are left alone.
"""

import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from courseware.language import words

__all__ = ["BIBLIOGRAPHY", "CODE", "REFERENCES", "Work", "cited_keys", "read_bibliography", "resolve"]

REFERENCES, BIBLIOGRAPHY = "{{references}}", "{{bibliography}}"
UNCHECKED = "as we recall it; check the paper"  # the note of a work that gets a mark, which its list explains once
FURTHER = "further reading"  # the keyword of a work that no text need cite

# Code blocks and code spans, for a pattern with the flags MULTILINE and DOTALL.
CODE = r"(?P<code>^```.*?^```|(?P<ticks>`+)(?:(?!\n\n).)+?(?<!`)(?P=ticks)(?!`))"
CODE_OR_CITATION = re.compile(CODE + r"|\[(?P<cited>@[^\[\]\n]*)(?P<end>\]?)", re.MULTILINE | re.DOTALL)
ONE = re.compile(r"@(?P<key>[A-Za-z]\w*)(?:,\s+(?P<place>\S.*))?")


@dataclass(frozen=True)
class Work:
    """One entry of the bibliography, as plain text.

    Attributes
    ----------
    key : str
        What texts cite it by.
    label : str
        The short form, such as ``"Hu et al. 2018"``; no two works of a bibliography share one.
    line : str
        The full reference in Markdown, without a full stop.
    further : bool
        Whether it is further reading, which no text need cite.
    order : tuple
        Sorts works by first author and year.
    """

    key: str
    label: str
    line: str
    further: bool
    order: tuple[str, ...]


def read_bibliography(path: Path) -> dict[str, Work]:
    """The works of a BibTeX file by key, sorted by author; none if the file does not exist.

    Raises
    ------
    ValueError
        If the file is no BibTeX, has a key twice, or has an entry without authors, title or year.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return dict(_works(text, path.name))


@functools.lru_cache(maxsize=8)  # every notebook of a course asks, and pybtex takes a quarter of a second
def _works(text: str, name: str) -> Mapping[str, Work]:
    # Imported here: listing lessons and starting JupyterLab do without.
    from pybtex.database import parse_string
    from pybtex.exceptions import PybtexError

    try:
        entries = parse_string(text, bib_format="bibtex").entries
    except PybtexError as error:
        raise ValueError(f"{name}: {error}") from error
    works: list[Work] = []
    labels: list[str] = []
    for key, entry in sorted(entries.items(), key=lambda item: _order(*item)):
        label = f"{_short(_authors(key, entry))} {_field(entry, 'year')}"
        labels.append(label)
        # A second work of the same people and year: 2018, 2018b, 2018c.
        suffix = "" if labels.count(label) == 1 else chr(ord("a") - 1 + labels.count(label))
        further = FURTHER in _field(entry, "keywords")
        works.append(Work(key, label + suffix, _line(key, entry), further, _order(key, entry)))
    return {work.key: work for work in works}


def cited_keys(text: str) -> list[str]:
    """The keys that a Markdown text cites, each once, in the order of the text. Raises ValueError if malformed."""
    return list(dict.fromkeys(key for found in _citations(text) for key, _ in _parts(found)))


def resolve(
    notebook: NotebookNode,
    works: Mapping[str, Work],
    page: str = "references.ipynb",
    citing: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> None:
    """Replace citations and marked lists in the Markdown cells of `notebook`, in place.

    Parameters
    ----------
    notebook
        A notebook as derived.
    works
        The bibliography, from `read_bibliography`.
    page
        The path from the notebook to the page of references.
    citing
        For the page of references: by key, name and path of each text that cites the work.

    Raises
    ------
    ValueError
        If a citation is malformed or its key unknown; the message names the cell by its first line.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    told = words(f"† {UNCHECKED}.")
    is_said = any(UNCHECKED in cell.source or told in cell.source for cell in cells)
    used: set[str] = set()
    for cell in cells:
        try:
            keys = cited_keys(cell.source)
            _refuse_unknown(keys, works)
        except ValueError as error:
            raise ValueError(f"the cell {cell.source.strip().partition(chr(10))[0]!r}: {error}") from error
        used.update(keys)
        cell.source = _replaced(cell.source, lambda found: _link(found, works, page))

    def listed(entries: Iterable[str]) -> str:
        text = "\n".join(entries)
        return text if "†" not in text or is_said else f"{text}\n\n{told}"

    lists = {
        REFERENCES: lambda: listed(f"- {work.line}." for key, work in works.items() if key in used),
        BIBLIOGRAPHY: lambda: listed(_entry(work, (citing or {}).get(work.key, ())) for work in works.values()),
    }
    for cell in cells:
        lines = (lists[line]() if line in lists else line for line in cell.source.splitlines())
        cell.source = "\n".join(lines)


# ------------------------------------------------------------------------------------------------- in the text
def _citations(text: str) -> Iterator[re.Match[str]]:
    return (found for found in CODE_OR_CITATION.finditer(text) if found["code"] is None)


def _replaced(text: str, by: Callable[[re.Match[str]], str]) -> str:
    return CODE_OR_CITATION.sub(lambda found: found[0] if found["code"] else by(found), text)


def _parts(found: re.Match[str]) -> list[tuple[str, str]]:
    """Key and place of each work that one pair of brackets cites."""
    if not found["end"]:
        raise ValueError(f"the citation {found[0][:60]!r} lacks its ]")
    parts = []
    for text in found["cited"].split(";"):
        one = ONE.fullmatch(text.strip())
        if one is None:
            raise ValueError(
                f"the citation {found[0]!r} is malformed: write [@key], [@one; @two] or [@key, Table 10], "
                f"with letters, digits and _ in the key"
            )
        parts.append((one["key"], one["place"] or ""))
    return parts


def _refuse_unknown(keys: Iterable[str], works: Mapping[str, Work]) -> None:
    for key in keys:
        if key not in works:
            near = difflib.get_close_matches(key, works, n=1)
            raise ValueError(f"the bibliography has no work {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _link(found: re.Match[str], works: Mapping[str, Work], page: str) -> str:
    links = []
    for key, place in _parts(found):
        words = f"{works[key].label}, {place}" if place else works[key].label
        links.append(f"[{words}]({page}#{key})")
    return "; ".join(links)


def _entry(work: Work, citing: Sequence[tuple[str, str]]) -> str:
    where = ", ".join(f"[{name}]({path})" for name, path in citing)
    # JupyterLab follows links to the id of any element but a heading, whose id it sets itself.
    line = f'- <a id="{work.key}"></a>**{work.label}** · {work.line}.'
    return line + (f" Cited in {where}." if where else "")


# ------------------------------------------------------------------------------------------ entries of the file
def _field(entry, name: str) -> str:
    from pybtex.richtext import Text

    return str(Text.from_latex(entry.fields.get(name, "")))


def _authors(key: str, entry) -> list[tuple[str, str]]:
    """Initials and last name of each author; ``("", "others")`` where the entry ends so."""
    for needed, there in (("author", entry.persons), ("title", entry.fields), ("year", entry.fields)):
        if needed not in there:
            raise ValueError(f"the work {key!r} of the bibliography has no {needed}")
    from pybtex.richtext import Text

    def plain(names: Sequence[str]) -> list[str]:
        return [str(Text.from_latex(name)) for name in names]

    authors = []
    for person in entry.persons["author"]:
        given = plain([*person.first_names, *person.middle_names])
        # The initial of each part, also of a double name: J.-Y.
        initials = " ".join("-".join(f"{part[0]}." for part in name.split("-") if part) for name in given)
        authors.append((initials, " ".join(plain([*person.prelast_names, *person.last_names]))))
    return authors


def _short(authors: Sequence[tuple[str, str]]) -> str:
    names = [last for _, last in authors]
    if len(names) > 2 or names[-1] == "others":
        return f"{names[0]} et al."
    return " and ".join(names)


def _line(key: str, entry) -> str:
    authors = _authors(key, entry)
    names = ", ".join(f"{initials} {last}".strip() for initials, last in authors).replace(", others", " and others")
    volume, number = _field(entry, "volume"), _field(entry, "number")
    place = " ".join(filter(None, [_field(entry, "journal"), volume + (f"({number})" if number else "")]))
    venue = _field(entry, "booktitle") or place or _field(entry, "publisher")
    year = _field(entry, "year")
    # "CVPR 2018", but "Cognitive Psychology 12, 1980".
    when = f"{venue} {year}" if "booktitle" in entry.fields else ", ".join(filter(None, [venue, year]))
    parts = [names, f"*{_field(entry, 'title')}*", when]
    if pages := _field(entry, "pages"):
        parts.append(f"pp. {pages}")
    if arxiv := _field(entry, "eprint"):
        parts.append(f"[arXiv {arxiv}](https://arxiv.org/abs/{arxiv})")
    if url := entry.fields.get("url"):
        parts.append(f"[{url.removeprefix('https://').rstrip('/')}]({url})")
    note = _field(entry, "note")
    if note == UNCHECKED:
        return ", ".join(parts) + "†"
    return ", ".join(parts) + (f" ({note})" if note else "")


def _order(key: str, entry) -> tuple[str, ...]:
    names = [last for _, last in _authors(key, entry)]
    bare = "".join(c for c in unicodedata.normalize("NFKD", " ".join(names)) if not unicodedata.combining(c))
    return bare.casefold(), _field(entry, "year"), key
