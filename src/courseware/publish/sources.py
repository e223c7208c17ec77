"""What Sphinx reads: a text for every page, and the files that the pages show or offer."""

import html
import json
import posixpath
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from nbformat import NotebookNode

from courseware.project import number_of
from courseware.publish import links
from courseware.publish.course import START, Course
from courseware.publish.course_deck import COURSE_DECK
from courseware.publish.deck import deck_of, short_deck_of
from courseware.publish.handouts import handout_path
from courseware.publish.pictures import outputs_with_files, text_with_files, thumbnail
from courseware.publish.repository import HOSTS, Repository
from courseware.text import folds

__all__ = ["write_sources"]

TEMPLATES = Path(__file__).parent / "templates" / "site"
DOWNLOADS = "downloads"  # where the notebooks lie in the folder that is exported
NOTICE = "../NOTICE.md"  # whose the works by others are
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".bib": "bibtex"}


def write_sources(course: Course, sources: Path, output: Path, where: Repository | None) -> None:
    """Write into the new folder `sources` what Sphinx reads, and into `output` pictures and notebooks to download.

    A page links to the deck and the handout of its lesson if they lie in `output` already.
    """
    # Contents without permissions: the course may lie where nobody can write.
    for file in TEMPLATES.rglob("*"):
        if file.is_file() and file.suffix != ".j2" and "__pycache__" not in file.parts:
            shutil.copyfile(file, _made(sources / file.relative_to(TEMPLATES)))
    settings = {
        "title": course.title,
        "licence": course.licence,
        "repository": asdict(where) | {"provider": HOSTS[where.host]} if where else None,
        "pages": course.pages,
    }
    (sources / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    for name, notebook in course.notebooks.items():
        source = _made(sources / course.pages[name].replace(".html", ".ipynb"))
        nbformat.write(_prepared(course, name, output), source)
        nbformat.write(_without_outputs(notebook), _made(output / DOWNLOADS / name))
    for name, file in course.documents.items():
        source = _made(sources / course.pages[name].replace(".html", ".md"))
        source.write_text(_document(file, name, guide=name in course.guides), encoding="utf-8")
    for file in (course.root / "docs").rglob("*"):
        if file.is_file() and file.suffix != ".md":
            shutil.copyfile(file, _made(sources / file.relative_to(course.root)))
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    first = template.from_string((TEMPLATES / "index.md.j2").read_text(encoding="utf-8"))
    (sources / "index.md").write_text(first.render(_first_page(course, output)), encoding="utf-8")


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


# ------------------------------------------------------------------------------------------------- the first page
def _first_page(course: Course, output: Path) -> dict[str, Any]:
    def documents(names: list[str]) -> list[str]:
        return [course.pages[name].removesuffix(".html") for name in names]

    cards = [
        {
            "title": links.title(course.notebooks[name], name),
            "number": int(number_of(name.removesuffix(".ipynb"))),
            "text": _first_paragraph(course.notebooks[name]),
            "notebook": name,
            "picture": thumbnail(course.notebooks[name], output),
            "links": _related(course, name, "index.html", output),
        }
        for name in course.lessons
    ]
    others = [name for name in course.notebooks if "/" not in name and name not in [START, *course.lessons]]
    return {
        "title": course.title,
        "text": _first_paragraph(course.notebooks[START]),
        "cards": cards,
        "start": documents([START])[0],
        "lessons": documents(course.lessons),
        "others": documents(others),
        "guides": documents(list(course.guides)),
        "credits": documents([NOTICE])[0] if NOTICE in course.documents else None,
        "deck": COURSE_DECK if (output / COURSE_DECK).is_file() else None,
    }


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
    deck = COURSE_DECK if name == START else deck_of(course.pages[name])
    handout = handout_path(Path(deck)).as_posix()
    made = [("Slides", deck), ("Slides for 25 minutes", short_deck_of(course.pages[name])), ("Handout", handout)]
    found = {word: path for word, path in made if (output / path).is_file()}
    base = posixpath.basename(name)
    for word, other in [("Lesson", base), ("Exercises", f"exercises/{base}"), ("Solutions", f"solutions/{base}")]:
        if other in course.notebooks and other != name and name != START:
            found[word] = course.pages[other]
    return [{"text": word, "href": links.relative(target, page)} for word, target in found.items()]


def _prepared(course: Course, name: str, output: Path) -> NotebookNode:
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
    related += f'<a href="{download}" download>Notebook</a>'
    _insert_below_title(notebook, f'<nav class="course-links" aria-label="This lesson">{related}</nav>')
    sheets = [links.relative(course.pages[sheet], page) for sheet in course.sheets(name)]
    if name in course.lessons and sheets:
        entries = "\n".join(
            f"{posixpath.dirname(sheet).capitalize()} <{sheet.removesuffix('.html')}>" for sheet in sheets
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


def _document(file: Path, name: str, guide: bool) -> str:
    """A file as Markdown: code stands under its path. What is no guide is in no list of contents."""
    text = file.read_text(encoding="utf-8")
    matter = "" if guide else "---\norphan: true\n---\n\n"
    if file.suffix == ".md":
        return matter + text
    fence = "`" * (3 + max(map(len, re.findall(r"`+", text)), default=0))
    language = LANGUAGES.get(file.suffix, "text")
    return f"{matter}# {name.removeprefix('../')}\n\n{fence}{language}\n{text}\n{fence}\n"
