"""What Sphinx reads: a text for every page, and the files that the pages show or offer."""

import html
import json
import posixpath
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbformat import NotebookNode

from courseware.language import ENGLISH, speaking
from courseware.project import number_of
from courseware.publish import links
from courseware.publish.course import Course
from courseware.publish.course_deck import COURSE_DECK
from courseware.publish.deck import deck_of, short_deck_of
from courseware.publish.handouts import handout_path
from courseware.publish.phrases import PHRASES, say
from courseware.publish.pictures import outputs_with_files, text_with_files, thumbnail
from courseware.publish.repository import HOSTS, Repository
from courseware.text import folds

__all__ = ["write_sources"]

TEMPLATES = Path(__file__).parent / "templates" / "site"
DOWNLOADS = "downloads"  # where the notebooks lie in the folder that is exported
NOTICE = "../NOTICE.md"  # whose the works by others are
PICTURE = re.compile(r"(?P<start>!\[[^\]]*\]\()(?P<path>(?![\w.+-]+:)[^)\s]+)")
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".bib": "bibtex"}


def write_sources(
    course: Course, courses: Sequence[Course], sources: Path, output: Path, where: Repository | None
) -> None:
    """Write into the new folder `sources` what Sphinx reads, and into `output` pictures and notebooks to download.

    A page links to the deck and the handout of its lesson if they lie in `output` already, and to the same page in
    the other languages among `courses`.
    """
    with speaking(course.language):
        _write_sources(course, courses, sources, output, where)


def _write_sources(
    course: Course, courses: Sequence[Course], sources: Path, output: Path, where: Repository | None
) -> None:
    # Contents without permissions: the course may lie where nobody can write.
    for file in TEMPLATES.rglob("*"):
        if file.is_file() and file.suffix != ".j2" and "__pycache__" not in file.parts:
            shutil.copyfile(file, _made(sources / file.relative_to(TEMPLATES)))
    settings = {
        "title": course.title,
        "licence": course.licence,
        "repository": asdict(where) | {"provider": HOSTS[where.host]} if where else None,
        "pages": course.pages,
        "language": course.spoken.locale if course.spoken else ENGLISH,
        "below": course.below,
        "phrases": {phrase: say(phrase) for phrase in PHRASES},
    }
    (sources / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    for name, notebook in course.notebooks.items():
        source = _made(sources / course.pages[name].removeprefix(course.below).replace(".html", ".ipynb"))
        nbformat.write(_prepared(course, courses, name, output), source)
        nbformat.write(_without_outputs(notebook), _made(output / DOWNLOADS / name))
    for name, file in course.own_documents.items():
        page = course.pages[name].removeprefix(course.below)
        text = _pictures_led(_document(file, name, guide=name in course.guides), name, page)
        text = _with_switch(text, course, courses, name)
        _made(sources / page.replace(".html", ".md")).write_text(text, encoding="utf-8")
    for file in (course.root / "docs").rglob("*"):
        if file.is_file() and file.suffix != ".md":
            shutil.copyfile(file, _made(sources / file.relative_to(course.root)))
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    first = template.from_string((TEMPLATES / "index.md.j2").read_text(encoding="utf-8"))
    (sources / "index.md").write_text(first.render(_first_page(course, courses, output)), encoding="utf-8")


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


# ------------------------------------------------------------------------------------------------- the first page
def _first_page(course: Course, courses: Sequence[Course], output: Path) -> dict[str, Any]:
    page = f"{course.below}index.html"

    def documents(names: list[str]) -> list[str]:
        return [course.pages[name].removeprefix(course.below).removesuffix(".html") for name in names]

    def card_picture(name: str) -> dict[str, str | int] | None:
        picture = thumbnail(course.notebooks[name], output)
        return picture and picture | {"src": links.relative(str(picture["src"]), page)}

    cards = [
        {
            "title": links.title(course.notebooks[name], name),
            "number": int(number_of(Path(name).stem)),
            "text": _first_paragraph(course.notebooks[name]),
            "notebook": posixpath.basename(name),
            "picture": card_picture(name),
            "links": _related(course, name, page, output),
        }
        for name in course.lessons
    ]
    return {
        "title": course.title,
        "text": _first_paragraph(course.notebooks[course.start]),
        "cards": cards,
        "languages": [
            {"name": _name(other), "code": other.language, "href": links.relative(f"{other.below}index.html", page)}
            for other in courses
            if other is not course
        ],
        "start": documents([course.start])[0],
        "lessons": documents(course.lessons),
        "others": documents(course.other_texts),
        "guides": documents(list(course.guides)) if course.own_documents else [],
        "credits": links.relative(course.pages[NOTICE], page) if NOTICE in course.documents else None,
        "deck": COURSE_DECK if (output / course.below / COURSE_DECK).is_file() else None,
        "say": say,
    }


def _name(course: Course) -> str:
    """What speakers of its language call that."""
    return course.spoken.name if course.spoken else "English"


def _first_paragraph(notebook: NotebookNode) -> str:
    """The first paragraph of a notebook that is no heading."""
    for cell in notebook.cells:
        for paragraph in re.split(r"\n\s*\n", cell.source) if cell.cell_type == "markdown" else ():
            if paragraph.strip() and not paragraph.startswith("#"):
                return paragraph.strip()
    return ""


# --------------------------------------------------------------------------------------------- notebooks and files
def _related(course: Course, name: str, page: str, output: Path) -> list[dict[str, str]]:
    """What belongs to a notebook, as links from a page: text and address."""
    deck = f"{course.below}{COURSE_DECK}" if name == course.start else deck_of(course.pages[name])
    handout = handout_path(Path(deck)).as_posix()
    made = [("Slides", deck), ("Slides for 25 minutes", short_deck_of(course.pages[name])), ("Handout", handout)]
    found = {word: path for word, path in made if (output / path).is_file()}
    base = posixpath.basename(name)
    for word, place in [("Lesson", ""), ("Exercises", "exercises/"), ("Solutions", "solutions/")]:
        other = f"{course.below}{place}{base}"
        if other in course.notebooks and other != name and name != course.start:
            found[word] = course.pages[other]
    return [{"text": say(word), "href": links.relative(target, page)} for word, target in found.items()]


def _prepared(course: Course, courses: Sequence[Course], name: str, output: Path) -> NotebookNode:
    """The notebook as MyST-NB is to read it: no notes, hidden code removed, pictures in files of their own."""
    notebook = nbformat.from_dict(course.notebooks[name])
    notebook.cells = [cell for cell in notebook.cells if not _left_out(cell)]
    page = course.pages[name]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tags = cell.metadata.setdefault("tags", [])
            if cell.metadata.get("jupyter", {}).get("source_hidden") or "hide-input" in tags:
                tags.append("remove-input")
            if folds.ANSWER in tags:
                tags.append("hide-output")  # the cell's own metadata say what stands on the fold
            cell.outputs = outputs_with_files(cell, page, output)
        else:
            cell.source = text_with_files(cell.source, course.folder(name), page, output)
    related = "".join(
        f'<a href="{html.escape(link["href"])}">{link["text"]}</a>' for link in _related(course, name, page, output)
    )
    download = html.escape(links.relative(f"{DOWNLOADS}/{name}", page))
    related += f'<a href="{download}" download>{say("Notebook")}</a>'
    for other in courses:
        if other is not course and (twin := course.twin(name, other)):
            href = html.escape(links.relative(other.pages[twin], page))
            code = other.language
            related += f'<a class="course-language" href="{href}" hreflang="{code}" lang="{code}">{_name(other)}</a>'
    label = html.escape(say("This lesson"))
    _insert_below_title(notebook, f'<nav class="course-links" aria-label="{label}">{related}</nav>')
    sheets = [links.relative(course.pages[sheet], page) for sheet in course.sheets(name)]
    if name in course.lessons and sheets:
        entries = "\n".join(
            f"{say(posixpath.dirname(sheet).capitalize())} <{sheet.removesuffix('.html')}>" for sheet in sheets
        )
        tree = f"```{{toctree}}\n:hidden:\n\n{entries}\n```"
        notebook.cells.append(nbformat.v4.new_markdown_cell(tree, id="sheets"))
    return notebook


def _left_out(cell: NotebookNode) -> bool:
    notes = cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
    return notes or "remove-cell" in cell.metadata.get("tags", [])


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _insert_below_title(notebook: NotebookNode, block: str) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.search(r"^# .+$", cell.source, re.MULTILINE)):
            cell.source = f"{cell.source[: heading.end()]}\n\n{block}\n{cell.source[heading.end() :]}"
            return


def _with_switch(text: str, course: Course, courses: Sequence[Course], name: str) -> str:
    """The Markdown of an English document with links to its translations; a translated one has a link back itself."""
    found = [
        f"[{_name(other)}]({links.relative(other.pages[twin], course.pages[name])})"
        for other in courses
        if other.spoken and not course.spoken
        for twin in [f"../{other.below}{name.removeprefix('../')}"]
        if twin in other.own_documents
    ]
    return re.sub(r"(?m)^# .+$", lambda title: "\n\n".join([title[0], *found]), text, count=1)


def _pictures_led(text: str, name: str, page: str) -> str:
    """The Markdown of the document `name`: the pictures of `docs/` lie beside the sources of every language."""

    def led(picture: re.Match[str]) -> str:
        file = links.resolved(name, picture["path"]).removeprefix("../")
        return picture["start"] + (links.relative(file, page) if file.startswith("docs/") else picture["path"])

    return PICTURE.sub(led, text)


def _document(file: Path, name: str, guide: bool) -> str:
    """A file as Markdown: code stands under its path. What is no guide is in no list of contents."""
    text = file.read_text(encoding="utf-8")
    matter = "" if guide else "---\norphan: true\n---\n\n"
    if file.suffix == ".md":
        return matter + text
    fence = "`" * (3 + max(map(len, re.findall(r"`+", text)), default=0))
    language = LANGUAGES.get(file.suffix, "text")
    return f"{matter}# {name.removeprefix('../')}\n\n{fence}{language}\n{text}\n{fence}\n"
