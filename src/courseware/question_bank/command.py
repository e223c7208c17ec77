"""`courseware quiz`: write the questions of the lessons for another program."""

import argparse
import sys
from pathlib import Path

from courseware.language import speaking
from courseware.project import INSTALL_QUIZ, START_NUMBER, UserError, find_lesson, lessons
from courseware.question_bank.moodle import as_moodle
from courseware.question_bank.read import Bank, course_title, form_of_test, read_bank
from courseware.question_bank.text import as_text

__all__ = ["FILES", "quiz_command"]

FILES = {"anki": "questions.apkg", "moodle": "questions.xml"}  # text goes to the screen


def quiz_command(arguments: argparse.Namespace) -> int:
    """Write the questions of `arguments.lessons` (all, if none is given) in the form `arguments.to`.

    With `arguments.mistakes` also the named mistakes of their exercises. With `arguments.test` those of a form of the
    concept test, in their place.

    They go to `arguments.output`, by default the file in `FILES`; text goes to the standard output.

    Raises
    ------
    UserError
        If a lesson is unknown, there is no concept test, both are asked for, none of them has a question, the file
        cannot be written, or a package is missing.
    """
    if arguments.test and arguments.mistakes:
        raise UserError("the concept test has no exercises: give --test or --mistakes, not both")
    if arguments.test and arguments.lessons:
        raise UserError("the concept test is of the whole course: give --test or lessons, not both")
    if arguments.test:
        chosen = [form_of_test(arguments.test)]
    else:
        chosen = [find_lesson(name) for name in arguments.lessons] or [
            lesson for lesson in lessons() if lesson.number != START_NUMBER
        ]
    with speaking(arguments.language):
        banks = [read_bank(lesson, arguments.mistakes) for lesson in chosen]
        banks = [bank for bank in banks if bank.questions or bank.mistakes]
        if not banks:
            raise UserError(f"no quiz in {', '.join(lesson.source.name for lesson in chosen)}")
        return _written(arguments, course_title(), banks)


def _written(arguments: argparse.Namespace, title: str, banks: list[Bank]) -> int:
    output = arguments.output or FILES.get(arguments.to)
    if output is None:
        print(as_text(title, banks), end="")
        return 0
    try:
        if arguments.to == "anki":
            _anki(Path(output), title, banks)
        elif arguments.to == "moodle":
            Path(output).write_bytes(as_moodle(title, banks))
        else:
            Path(output).write_text(as_text(title, banks), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error}") from error
    count = sum(len(bank.questions) for bank in banks)
    more = f" and {sum(len(bank.mistakes) for bank in banks)} mistakes" if arguments.mistakes else ""
    print(f"{count} questions{more} written: see {output}", file=sys.stderr)
    return 0


def _anki(path: Path, title: str, banks: list[Bank]) -> None:
    try:
        from courseware.question_bank.anki import write_anki
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"a deck for Anki needs the package {error.name}; install it with: {INSTALL_QUIZ}") from error
    write_anki(path, title, banks)
