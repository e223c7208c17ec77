"""From `course/` to `notebooks/`: derive, execute, write; and say whether what is written is up to date.

So it is for the derived parts of Markdown pages: see `courseware.text.marks`.
"""

import argparse
import dataclasses
import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from courseware.language import ENGLISH, languages, speaking
from courseware.project import START_NUMBER, UserError, find_text, lessons, number_of, other_pages, project_root
from courseware.text import catalogues, citations, derive, documents, marks, style, translate
from courseware.text.execute import FAILURES, execute
from courseware.text.tables import Place

__all__ = ["Target", "build", "build_command", "check_command", "stale", "targets", "translated_targets", "twins"]

PAGES = "tables"  # what `courseware build` calls the derived parts of Markdown pages
BIBLIOGRAPHY = Path("course", "references.bib")
REFERENCES = Path("notebooks", "references.ipynb")
COPY = re.compile(r"-Copy\d+\.ipynb$")


@dataclass(frozen=True)
class Target:
    """One notebook to make: which text it comes from, how, and where it goes (paths from the project's root)."""

    source: Path
    how: str
    notebook: Path
    language: str = ENGLISH

    @property
    def number(self) -> str:
        """What `courseware build` calls it: the lesson's number, or the name of a page without one."""
        return number_of(self.source.stem)

    @property
    def english(self) -> Path:
        """Its notebook in English: itself, if that is its language."""
        _, *below = self.notebook.parts
        return self.notebook if self.language == ENGLISH else Path("notebooks", *below[1:])

    def _catalogue(self, root: Path) -> translate.Catalogue:
        name = self.source.relative_to("course").with_suffix("").as_posix()
        return translate.catalogue_of(languages(root)[self.language], name)

    def derived(self, root: Path) -> NotebookNode:
        """The notebook without outputs. Raises UserError if the text cannot be derived, and says why."""
        text = (root / self.source).read_text(encoding="utf-8")
        try:
            notebook = derive.derived(self.how, self.source.stem)(text)
            works = citations.read_bibliography(root / BIBLIOGRAPHY)
            page = posixpath.relpath(REFERENCES.as_posix(), self.english.parent.as_posix())
            citing = _citing(root) if citations.BIBLIOGRAPHY in text else {}
            with speaking(self.language, self.source.stem):
                if self.language != ENGLISH:
                    translate.translated(notebook, self._catalogue(root))
                marks.resolve(notebook, Place(root, self.english))
                citations.resolve(notebook, works, page, citing)
            if self.language != ENGLISH:
                translate.links_from(notebook, self.english, self.notebook, twins(root, self.language))
            return notebook
        except (ValueError, SyntaxError) as error:
            raise UserError(f"{self.source.as_posix()}: {error}") from error


def targets(root: Path) -> list[Target]:
    """Every notebook of the course in English, in reading order."""
    texts = [
        Target(Path("course", f"{text.stem}.py"), "lesson", Path("notebooks", f"{text.stem}.ipynb"))
        for text in [*lessons(root), *other_pages(root)]
    ]
    sheets = [
        Target(Path("course", "exercises", source.name), how, Path("notebooks", place, f"{source.stem}.ipynb"))
        for source in sorted((root / "course" / "exercises").glob("[0-9][0-9]_*.py"))
        for how, place in (("unsolved", "exercises"), ("solved", "solutions"))
    ]
    return texts + sheets


def translated_targets(root: Path, code: str | None = None) -> list[Target]:
    """The notebooks in other languages, or in one: of every text whose catalogue is said to be complete."""
    return [
        dataclasses.replace(target, notebook=spoken.notebooks / target.notebook.relative_to("notebooks"), language=name)
        for name, spoken in languages(root).items()
        if code in (None, name)
        for target in targets(root)
        if target.source.relative_to("course").with_suffix("").as_posix() in spoken.complete
    ]


def twins(root: Path, code: str) -> dict[Path, Path]:
    """Where the translation of each English notebook and document lies, of those that have one."""
    notebooks = {each.english: each.notebook for each in translated_targets(root, code)}
    return notebooks | {each.english: each.path for each in documents.documents(languages(root)[code])}


def _citing(root: Path) -> dict[str, list[tuple[str, str]]]:
    """For each key of the bibliography the texts that cite it: what to call them, and the path from `notebooks/`."""
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for target in targets(root):
        text = (root / target.source).read_text(encoding="utf-8")
        if target.how == "unsolved" or citations.BIBLIOGRAPHY in text:
            continue
        kind = "lesson" if target.how == "lesson" else "exercises"
        number = "start page" if target.number == START_NUMBER else target.number.replace("_", " ")
        name = f"{kind} {int(number)}" if number.isdigit() else number
        path = posixpath.join("" if kind == "lesson" else "exercises", target.notebook.name)
        try:
            notebook = derive.derived(target.how)(text)
            marks.resolve(notebook, Place(root, target.notebook))
            cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
            keys = citations.cited_keys("\n\n".join(cells))
        except (ValueError, SyntaxError) as error:
            raise UserError(f"{target.source.as_posix()}: {error}") from error
        for key in keys:
            places[key].append((name, path))
    return places


def build(root: Path, chosen: Sequence[Target]) -> None:
    """Derive, execute and write the chosen notebooks, with a progress bar over their code cells."""
    notebooks = [(target, target.derived(root)) for target in chosen]
    total = sum(cell.cell_type == "code" for _, notebook in notebooks for cell in notebook.cells)
    with tqdm(total=total, unit="cell") as progress:
        for target, notebook in notebooks:
            progress.set_description(target.notebook.as_posix())
            path = root / target.notebook
            path.parent.mkdir(parents=True, exist_ok=True)
            done = execute(notebook, folder=path.parent, after_cell=progress.update)
            nbformat.validate(done)
            nbformat.write(done, path)


def stale(root: Path) -> list[str]:
    """What is wrong with the notebooks as they lie there, one sentence each; empty if all is up to date."""
    problems = []
    wanted = [*targets(root), *translated_targets(root)]
    for target in wanted:
        path, number = root / target.notebook, target.number
        if not path.exists():
            problems.append(f"{target.notebook} is missing: run `courseware build {number}`")
            continue
        try:
            notebook = nbformat.read(path, as_version=4)
        except Exception:  # nbformat gives each kind of broken file an error of its own
            problems.append(
                f"{target.notebook} is no notebook any more (marks of a merge?): run `courseware build {number}`"
            )
            continue
        if not derive.same_source(notebook, target.derived(root)):
            problems.append(f"{target.notebook} differs from {target.source}: run `courseware build {number}`")
        elif any(c.cell_type == "code" and c.source.strip() and not c.execution_count for c in notebook.cells):
            problems.append(f"{target.notebook} was not executed: run `courseware build {number}`")
    known = {root / target.notebook for target in wanted}
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        # JupyterLab's *Duplicate* makes such a copy: somebody's answers, which are none of ours.
        original = path.with_name(COPY.sub(".ipynb", path.name))
        if original not in known and ".ipynb_checkpoints" not in path.parts and not path.name.endswith(".short.ipynb"):
            problems.append(f"{path.relative_to(root)} comes from no text in course/: delete it")
    return problems


def build_command(arguments: argparse.Namespace) -> int:
    """`courseware build`: write the pages, then the notebooks; 1 if a cell failed, which is printed."""
    root = project_root()
    numbers = {PAGES if name == PAGES else find_text(name, root).number for name in arguments.lessons}
    known = [*targets(root), *translated_targets(root)]
    if arguments.language:
        known = [target for target in known if target.language == arguments.language]
    chosen = [target for target in known if not numbers or target.number in numbers]
    marks.write_pages(root)
    for name, spoken in languages(root).items():
        documents.write(spoken, twins(root, name))
    if not chosen:
        return 0
    try:
        build(root, chosen)
    except FAILURES as error:
        print(f"a cell failed, its notebook is unchanged\n{error}", file=sys.stderr)
        return 1
    return 0


def check_command(arguments: argparse.Namespace) -> int:
    """`courseware check`: print what is out of date, each with the command that mends it; 1 if there is anything."""
    root = project_root()
    problems = stale(root) + marks.stale_pages(root)
    for name, spoken in languages(root).items():
        problems += documents.stale(spoken, twins(root, name))
    behind, remarks = catalogues.behind(root)
    problems += behind
    print("\n".join(problems) or "every notebook and every page is up to date")
    print("".join(f"to translate: {remark}\n" for remark in remarks), end="")
    if arguments.style:
        print("\n".join(f"style: {warning}" for warning in style.warnings(root)))
    return 1 if problems else 0
