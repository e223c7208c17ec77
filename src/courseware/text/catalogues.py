"""All catalogues of a language: what they translate, which are behind, and the command that brings them up to date."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from courseware import language
from courseware.language import Language, languages
from courseware.project import UserError, find_text, lessons, other_pages, project_root
from courseware.text import documents, strings, syllabus, translation_checks
from courseware.text.translate import Catalogue, Source, Unit, beginning, units_of_text

TEST = "concept_test"

__all__ = ["behind", "catalogues_of", "sources", "translate_command"]


def sources_of(root: Path, stem: str) -> list[Source]:
    """What is translated of a lesson or page: its text, its sheet, and what its code shows."""
    texts = {stem: root / "course" / f"{stem}.py", f"exercises/{stem}": syllabus.sheet_of(root, stem)}
    found = [Source(name, tuple(units_of_text(file))) for name, file in texts.items() if file.exists()]
    headings = {unit.text.lstrip("# ") for source in found for unit in source.units if unit.text.startswith("#")}
    headings |= {re.sub(r"^\d+ · ", "", heading) for heading in headings}
    shown = tuple(Unit(text, where) for text, where in strings.of_lesson(root, stem) if text not in headings)
    return [*found, Source(f"strings/{stem}", shown)] if shown else found


def sources(root: Path) -> list[Source]:
    """Everything that is translated, in reading order."""
    stems = [text.stem for text in [*lessons(root), *other_pages(root)]]
    found = [source for stem in stems for source in sources_of(root, stem)]
    return [*found, *_tests(root), *_machinery(root), *documents.sources(root)]


def _tests(root: Path) -> list[Source]:
    """The questions of the concept test, which phones show and `courseware quiz` writes."""
    return [
        Source(f"strings/{TEST}/{file.stem}", tuple(Unit(text, where) for text, where in _of_test(file).items()))
        for file in sorted((root / "course" / TEST).glob("*.py"))
    ]


def _of_test(file: Path) -> dict[str, str]:
    title = next(unit.text.lstrip("# ") for unit in units_of_text(file))
    return {title: "title"} | dict(strings.of_text(file))


def _machinery(root: Path) -> list[Source]:
    return [
        Source(f"strings/{name}", tuple(Unit(text, where) for text, where in texts))
        for name, texts in strings.of_machinery(root)
    ]


def catalogues_of(spoken: Language) -> list[Catalogue]:
    """All catalogues of a language, also those that nobody has begun."""
    return [Catalogue(spoken, source) for source in sources(spoken.root)]


# -------------------------------------------------------------------------------------------------------------- checks
def behind(root: Path) -> tuple[list[str], list[str]]:
    """What is not translated as it should be: problems, and remarks on catalogues that need not be complete yet."""
    problems, remarks = [], []
    for spoken in languages(root).values():
        known = catalogues_of(spoken)
        names = {each.source.name for each in known}
        problems += [
            f"course/{spoken.code}/{language.FILE} names {name}, which is no catalogue"
            for name in spoken.complete
            if name not in names
        ]
        for each in known:
            told = _counted(each)
            if told and each.source.name in spoken.complete:
                problems.append(told)
            elif told and each.exists:
                remarks.append(told)
            place = each.path.relative_to(root).as_posix()
            problems += [f"{place}: {fault}" for fault in each.faults()]
        for path in sorted(spoken.folder.rglob("*.po")):
            name = path.relative_to(spoken.folder).with_suffix("").as_posix()
            if name not in names:
                problems.append(f"{path.relative_to(root).as_posix()} translates no text in course/: delete it")
        problems += translation_checks.glyphs_missing(spoken)
    return problems, remarks


def _counted(catalogue: Catalogue) -> str:
    outdated, untranslated = catalogue.outdated(), catalogue.untranslated()
    if not outdated and not untranslated:
        return ""
    name = catalogue.source.name
    asked = f"{name.removeprefix(f'{documents.FOLDER}/')}.md" if documents.FOLDER in name else name.rpartition("/")[2]
    some = "; ".join(beginning(text) for text in [*outdated, *untranslated][:3])
    return (
        f"{catalogue.path.relative_to(catalogue.language.root).as_posix()}: {len(outdated)} outdated, "
        f"{len(untranslated)} untranslated ({some}): run `courseware translate {catalogue.language.code} {asked}`, "
        f"then write them"
    )


# ------------------------------------------------------------------------------------------------------------- command
def translate_command(arguments: argparse.Namespace) -> int:
    """`courseware translate`: bring catalogues up to date with the English, and say what is left to write."""
    root = project_root()
    known = languages(root)
    if arguments.language not in known:
        raise UserError(
            f"there is no course/{arguments.language}/{language.FILE}; there are: {', '.join(known) or 'none'}"
        )
    spoken = known[arguments.language]
    if arguments.font:
        translation_checks.write_font(spoken, Path(arguments.font))
        return 0
    chosen = _chosen(arguments.lessons, root)
    for source in chosen:
        each = Catalogue(spoken, source)
        each.path.parent.mkdir(parents=True, exist_ok=True)
        each.file.save(str(each.path))
        entries = each.entries.values()
        done = sum(entry.translated() for entry in entries)
        print(
            f"{each.path.relative_to(root).as_posix()}: {done} of {len(entries)} done, {len(each.outdated())} outdated"
        )
        print("".join(f"  {fault}\n" for fault in each.faults()), end="")
    return 0


def _chosen(names: Sequence[str], root: Path) -> list[Source]:
    """The sources that are asked for: by lesson, by catalogue of the machinery, by document, or all documents."""
    if not names:
        return sources(root)
    machinery = {source.name.removeprefix("strings/"): [source] for source in _machinery(root)}
    written = documents.sources(root)
    by_name = {f"{source.name.removeprefix(f'{documents.FOLDER}/')}.md": [source] for source in written}
    known = machinery | by_name | {documents.FOLDER: written, TEST: _tests(root)}
    return [
        source
        for name in names
        for source in (known[name] if name in known else sources_of(root, find_text(name, root).stem))
    ]
