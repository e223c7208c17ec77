"""Which exercises a student has passed, kept on disk beside the notebooks.

An exercise sheet says which sheet it is, and from then on the journal listens to the reports of its checks and writes
down what passes; the start page shows the whole::

    journal.begin("05_squeeze_excitation")  # derivation puts this line into the students' sheets, not into solutions
    journal.record("by_hand")  # from then on every report that passes has this done
    journal.Checklist()  # displays all exercises, passed and open

The record is `notebooks/progress.json`, or a file in the user's data folder where the course cannot be written to.
It only grows: an exercise that was passed stays passed. Several kernels may write at once (each waits for the lock
and adds to what the others wrote), and a kernel that is killed leaves the old file or the new one, never a half:
the new one is written beside it and put in its place in one step, and what a killed kernel left beside it goes with
the next write. A file that cannot be read is set aside, not
overwritten.

Nothing is recorded while the course's own notebooks are built, exported or graded, nor with `COURSEWARE_JOURNAL=off`
in the environment.
"""

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

from courseware.exercises.report import Report, listen
from courseware.language import ENGLISH, current, words
from courseware.project import LESSON_FILE, ProjectNotFoundError, project_root

__all__ = ["OFF", "VARIABLE", "Checklist", "begin", "is_kept", "passed", "record"]

VARIABLE, OFF = "COURSEWARE_JOURNAL", "off"
GRADING_VARIABLE = "NBGRADER_EXECUTION"  # set by nbgrader while it runs a submission
FILE, LOCK, DAMAGED = "progress.json", ".progress.lock", "progress.damaged-{}.json"
# What the cell of an exercise's heading says: where it is to be given, its minutes, its kind, and why.
TEACHING = r'^# %% \[markdown\] teaching="[^|\n]+ \| (\d+) \| ([a-z-]+) \| .*"'
NEW = ".progress-"  # how the name of a file begins that is being written
LOCK_SECONDS = 10  # a write takes milliseconds

_sheet: str | None = None  # the sheet that this kernel works on


def begin(sheet: str) -> None:
    """Say which sheet the checks of this kernel belong to, and listen to their reports.

    Parameters
    ----------
    sheet
        The sheet's file name without its ending, such as ``"05_squeeze_excitation"``.

    Raises
    ------
    ValueError
        If `sheet` is no such name.
    """
    if not isinstance(sheet, str) or not LESSON_FILE.fullmatch(sheet):
        raise ValueError(f"sheet must be a name like '05_squeeze_excitation', was {sheet!r}")
    global _sheet
    _sheet = sheet
    listen(_record_passed)


def is_kept() -> bool:
    """Whether a student works here: a sheet was begun in this kernel, and nothing has turned the journal off."""
    return _sheet is not None and not _is_off()


def _record_passed(exercise: str, report: Report) -> None:
    if report.passed:
        record(exercise)


def record(exercise: str) -> None:
    """Write down that `exercise` of the sheet that was begun has passed; without one, do nothing.

    Raises nothing because of the disk: what went wrong is printed in one line, and the exercise counts as open.
    """
    sheet = _sheet
    if sheet is None or not is_kept():
        return
    try:
        with _locked(_folder()) as file:
            known = _read(file)
            if exercise not in known.get(sheet, ()):
                known.setdefault(sheet, set()).add(exercise)
                _write(file, known)
    except OSError as error:
        print(f"(Passed, but your progress could not be kept: {error})")


def passed() -> dict[str, set[str]]:
    """The names of the exercises that have passed, for each sheet with any.

    Raises
    ------
    OSError
        If the record exists and cannot be opened.
    """
    folder = _folder()
    if _is_off() or not (folder / FILE).exists():
        return {}
    with _locked(folder) as file:
        return _read(file)


class Checklist:
    """Every exercise of the course, passed or open; displays itself with links to the sheets."""

    def __init__(self) -> None:
        self.sheets = _sheets()
        self.remarks: list[str] = []
        try:
            self.passed = passed()
        except OSError as error:
            self.passed = {}
            self.remarks.append(f"Your record could not be read: {error}")
        self._remark_on(_folder())

    def _remark_on(self, folder: Path) -> None:
        if _is_off():
            return
        if folder == _user_folder():
            self.remarks.append(f"The course's folder cannot be written to: your record is {folder / FILE}")
        for damaged in sorted(folder.glob(DAMAGED.format("*"))):
            self.remarks.append(
                f"A record that could not be read was set aside as {damaged.name}; what it held counts as open."
            )

    def has_passed(self, sheet: "_Sheet", name: str) -> bool:
        return name in self.passed.get(sheet.stem, ())

    def _count(self, sheets: list["_Sheet"]) -> str:
        names = [(sheet, name) for sheet in sheets for name in sheet.exercises]
        return words(f"{sum(self.has_passed(*each) for each in names)} of {len(names)}")

    def __repr__(self) -> str:
        lines = [words(f"{self._count(self.sheets)} exercises passed")]
        for sheet in self.sheets:
            lines.append(f"{words(sheet.title)}: {self._count([sheet])}")
            for name, title in sheet.exercises.items():
                lines.append(f"  {'✓' if self.has_passed(sheet, name) else '…'} {words(title)}")
        return "\n".join([*lines, *self.remarks])

    def _repr_markdown_(self) -> str:
        lines = [words(f"**{self._count(self.sheets)}** exercises passed."), ""]
        lines += [words("| sheet | | ✓ passed | … still open |"), "|---|---|---|---|"]
        for sheet in self.sheets:
            done: list[str] = []
            still: list[str] = []
            for number, (name, title) in enumerate(sheet.exercises.items(), 1):
                (done if self.has_passed(sheet, name) else still).append(f"{number} {words(title)}")
            # A sheet that is not translated lies beside the folder of the language.
            above = "" if current() == ENGLISH or Path("exercises", f"{sheet.stem}.ipynb").exists() else "../"
            link = f"[{words(sheet.title)}]({above}exercises/{sheet.stem}.ipynb)"
            count = self._count([sheet]).replace(" ", "&nbsp;")
            lines.append(f"| {link} | {count} | {' · '.join(done)} | {' · '.join(still)} |")
        return "\n".join([*lines, *(f"\n{remark}" for remark in self.remarks)])


# ------------------------------------------------------------------------------------------------ the exercises
@dataclass(frozen=True)
class _Sheet:
    stem: str
    title: str
    exercises: dict[str, str]  # from the name that is checked to the title above it, with its kind and minutes


def _sheets() -> list[_Sheet]:
    """Every sheet as its text in `course/exercises/` has it: students do not edit that."""
    try:
        texts = sorted((project_root() / "course" / "exercises").glob("[0-9][0-9]_*.py"))
    except ProjectNotFoundError:
        return []
    return [_sheet_of(path.stem, path.read_text(encoding="utf-8")) for path in texts]


def _sheet_of(stem: str, text: str) -> _Sheet:
    heading = re.search(r"^# # Exercises (.+)$", text, re.MULTILINE)
    found = re.findall(rf"(?:{TEACHING}\n)?^# ## \d+ · (.+)$|^exercise\.(\w+)\.check\(", text, re.MULTILINE)
    exercises, title = {}, stem
    for minutes, kind, above, name in found:
        title = f"{above} ({kind}, {minutes} min)" if kind else above or title
        if name:
            exercises[name] = title
    return _Sheet(stem, heading[1] if heading else stem, exercises)


# ------------------------------------------------------------------------------------------------------ the file
def _is_off() -> bool:
    return os.environ.get(VARIABLE) == OFF or GRADING_VARIABLE in os.environ


def _user_folder() -> Path:
    return platformdirs.user_data_path("courseware", appauthor=False)


def _folder() -> Path:
    """Where the record lies: beside the notebooks if something can be written there."""
    try:
        notebooks = project_root() / "notebooks"
    except ProjectNotFoundError:
        return _user_folder()
    return notebooks if os.access(notebooks, os.W_OK) else _user_folder()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    """The record's path, while nobody else reads or writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
        yield folder / FILE


def _read(file: Path) -> dict[str, set[str]]:
    """What the record holds; a damaged one is renamed, and counts as empty."""
    try:
        sheets = json.loads(file.read_text(encoding="utf-8"))["passed"]
        return {sheet: {name for name in names if isinstance(name, str)} for sheet, names in sheets.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):  # not UTF-8, not JSON, another form
        number = 1
        while (aside := file.with_name(DAMAGED.format(number))).exists():
            number += 1
        file.replace(aside)
        return {}


def _write(file: Path, known: dict[str, set[str]]) -> None:
    text = json.dumps({"passed": {sheet: sorted(names) for sheet, names in sorted(known.items())}}, indent=1)
    for left in file.parent.glob(NEW + "*"):  # by a kernel that was killed: whoever writes now holds the lock
        with contextlib.suppress(OSError):
            left.unlink()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=NEW)
    try:
        with open(handle, "w", encoding="utf-8") as new:
            new.write(text + "\n")
            new.flush()
            os.fsync(new.fileno())  # or a power cut could leave the name with no content
        os.replace(name, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
