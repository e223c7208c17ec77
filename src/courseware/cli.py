"""The ``courseware`` command. Each subcommand imports what it needs when it is called."""

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from courseware.project import (
    INSTALL_EXPORT,
    INSTALL_GRADE,
    INSTALL_VOTES,
    Lesson,
    UserError,
    find_lesson,
    lecture,
    project_root,
)


def spoken(code: str, root: Path) -> str:
    """The language that `--language` asks for. Raises UserError if the course has no such one."""
    from courseware.language import ENGLISH, languages

    if code not in (known := [ENGLISH, *languages(root)]):
        raise UserError(f"--language must be one of {', '.join(known)}, was {code!r}")
    return code


def port(text: str) -> int:
    """The port number that `text` says; argparse reports the error."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"a port is from 1 to 65535, not {number}")
    return number


def lab(arguments: argparse.Namespace) -> int:
    """Open JupyterLab on the course."""
    from courseware.present.lab import serve, start_page

    root = project_root()
    return serve(
        root,
        start_page(spoken(arguments.language, root)),
        port=arguments.port,
        open_browser=not arguments.no_browser,
        extra=arguments.extra,
    )


def present(arguments: argparse.Namespace) -> int:
    """Open a lesson as live slides; its explorers' pictures are kept meanwhile, by a process in the background.

    With ``--votes`` the class can vote by phone. Raises UserError if that cannot be, or the lesson cannot be shown.
    """
    from courseware.present import kept
    from courseware.present.lab import serve, short_notebook, slides_page
    from courseware.present.words import leave

    root = project_root()
    lesson = dataclasses.replace(find_lesson(arguments.lesson, root), language=spoken(arguments.language, root))
    if not lesson.notebook.is_file():
        raise UserError(f"{lesson.notebook} is missing; make it with: courseware build {lesson.number}")
    for option in ("keep", "test"):
        if getattr(arguments, option) and not arguments.votes:
            raise UserError(f"--{option} is about votes: it needs --votes")
    if arguments.keep and Path(arguments.keep).suffix != ".json":
        raise UserError(f"--keep takes the name of a file that ends in .json, not {arguments.keep!r}")
    with contextlib.ExitStack() as until_the_end:
        modules = _votes(arguments, lesson, until_the_end) if arguments.votes else []
        kept.keep_in_the_background(lesson.notebook)
        return serve(
            root,
            slides_page(
                short_notebook(lesson) if arguments.short else lesson.notebook,
                root,
                lecture(root, arguments.by, arguments.at),
                dark=arguments.dark,
                pictures=kept.folder(lesson.notebook).name,
                votes=bool(arguments.votes),
                words=leave(lesson.language),
            ),
            port=arguments.port,
            open_browser=not arguments.no_browser,
            extra=arguments.extra,
            modules=modules,
        )


def _votes(arguments: argparse.Namespace, lesson: Lesson, until_the_end: contextlib.ExitStack) -> list[str]:
    """Open the room that votes on the questions of `lesson`, or of the concept test.

    Returns what JupyterLab's server has to load for it.
    """
    from courseware.language import speaking
    from courseware.question_bank.read import form_of_test, read_questions
    from courseware.question_bank.read import spoken as spoken_question

    try:
        from courseware.votes import extension
        from courseware.votes.room import Room, listening_at
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"votes need the package {error.name}; install it with: {INSTALL_VOTES}") from error
    address, port = listening_at(arguments.votes)
    keep = Path(arguments.keep) if arguments.keep else None
    questions = read_questions(form_of_test(arguments.test, lesson.root) if arguments.test else lesson)
    with speaking(lesson.language, lesson.stem):
        said = [spoken_question(question) for question in questions]
        room = until_the_end.enter_context(Room(address, port, said, keep))
    extension.lead(room)
    print(f"Phones vote at {room.link}", flush=True)
    return [extension.MODULE]


def doctor(arguments: argparse.Namespace) -> int:
    """Print what is installed and what is not."""
    from courseware.doctor import check_environment, report

    return report(check_environment())


def build(arguments: argparse.Namespace) -> int:
    """See `courseware.text.build.build_command`."""
    from courseware.text.build import build_command

    return build_command(arguments)


def check(arguments: argparse.Namespace) -> int:
    """See `courseware.text.build.check_command`."""
    from courseware.text.build import check_command

    return check_command(arguments)


def translate(arguments: argparse.Namespace) -> int:
    """See `courseware.text.catalogues.translate_command`."""
    from courseware.text.catalogues import translate_command

    return translate_command(arguments)


def experiments(arguments: argparse.Namespace) -> int:
    """See `courseware.experiments.experiments_command`."""
    from courseware.experiments import experiments_command

    return experiments_command(arguments)


def release(arguments: argparse.Namespace) -> int:
    """See `courseware.grading.release.release_command`."""
    from courseware.grading.release import release_command

    return release_command(arguments)


def grade(arguments: argparse.Namespace) -> int:
    """See `courseware.grading.parallel.grade_command`; raises UserError if a package that it needs is missing."""
    try:
        from courseware.grading.parallel import grade_command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"grading needs the package {error.name}; install it with: {INSTALL_GRADE}") from error

    return grade_command(arguments)


def export(arguments: argparse.Namespace) -> int:
    """See `courseware.publish.command.export_command`; raises UserError if a package that it needs is missing."""
    try:
        from courseware.publish.command import export_command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"exporting needs the package {error.name}; install it with: {INSTALL_EXPORT}") from error

    return export_command(arguments)


def figures(arguments: argparse.Namespace) -> int:
    """See `courseware.text.figures.figures_command`."""
    from courseware.text.figures import figures_command

    return figures_command(arguments)


def quiz(arguments: argparse.Namespace) -> int:
    """See `courseware.question_bank.command.quiz_command`."""
    from courseware.question_bank.command import quiz_command

    spoken(arguments.language, project_root())
    return quiz_command(arguments)


def gain(arguments: argparse.Namespace) -> int:
    """Print what `courseware.votes.gain.compared` finds in two files of numbers; raises UserError as that does."""
    from courseware.language import ENGLISH, languages, speaking
    from courseware.question_bank.read import FORMS, form_of_test, read_questions
    from courseware.question_bank.read import spoken as spoken_question
    from courseware.votes.gain import compared, report

    tests = [read_questions(form_of_test(form)) for form in FORMS]
    forms = []
    for code in (ENGLISH, *languages(project_root())):
        with speaking(code):
            forms += [list(map(spoken_question, questions)) for questions in tests]
    print(report(compared(Path(arguments.before), Path(arguments.after), forms)))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line: one subcommand for each function above."""
    top = argparse.ArgumentParser(prog="courseware", description="Open, present, build and check the course.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(function, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(function.__name__, help=summary, description=summary)
        command.set_defaults(run=function)
        return command

    servers = {
        "lab": add(lab, "Open the course in JupyterLab."),
        "present": add(present, "Open a lesson as live slides."),
    }
    for command in servers.values():
        command.epilog = "What follows -- is passed on to JupyterLab."
        command.add_argument("--port", type=port, default=8888, help="the first port to try (default: %(default)s)")
        command.add_argument("--no-browser", action="store_true", help="do not open a browser")
        command.add_argument("--language", default="en", metavar="CODE", help="such as zh (default: %(default)s)")
    servers["present"].add_argument("lesson", help="the lesson's number or file name, such as 2 or 02_width")
    servers["present"].add_argument("--short", action="store_true", help="the version for 25 minutes")
    servers["present"].add_argument("--dark", action="store_true", help="dark slides (the key D changes it later)")
    servers["present"].add_argument(
        "--votes",
        nargs="?",
        const="127.0.0.1",
        metavar="ADDRESS",
        help="let the class vote by phone (the key V); ADDRESS is that of this machine in the network that phones are "
        "in, such as 192.168.1.20 or 192.168.1.20:8080 (default: %(const)s, this machine only)",
    )
    servers["present"].add_argument(
        "--test", choices=("a", "b"), help="with --votes: ask this form of the concept test, not the lesson's quiz"
    )
    servers["present"].add_argument(
        "--keep", metavar="FILE.json", help="with --votes: keep how many voted for what, and a page that draws it"
    )

    lessons: dict[str, Any] = {"nargs": "*", "metavar": "lesson", "help": "number or file name; all if none is given"}
    command = add(build, "Make the notebooks from the text in course/, run them, and write the tables of all pages.")
    command.add_argument("lessons", **lessons | {"help": "number or file name; tables alone; all if none is given"})
    command.add_argument("--language", metavar="CODE", help="only the notebooks in one language, such as en or zh")
    command = add(translate, "Bring the catalogues of a language up to date with the English.")
    command.add_argument("language", help="the folder below course/ that holds them, such as zh")
    command.add_argument("lessons", **lessons | {"help": "number or name of a catalogue; all if none is given"})
    command.add_argument(
        "--font", metavar="FILE", help="write the part of this font that the course needs, and nothing else"
    )
    command = add(check, "See whether notebooks and tables are what course/ says.")
    command.add_argument("--style", action="store_true", help="warn of unusual words and times, too")
    command = add(export, "Write the course as pages with search and as slide decks, to publish or to hand out.")
    command.add_argument("--language", metavar="CODE", help="in one language, such as en or zh (default: in all)")
    command.add_argument("--output", help="the folder to write into (default: site; site-02 for lesson 2 alone)")
    command.add_argument(
        "--handouts", action="store_true", help="print a handout of each deck as PDF, too: needs Chromium or Chrome"
    )
    command.add_argument(
        "--repository",
        metavar="URL",
        help="the address that Binder and Colab open (default: git's remote origin, then pyproject.toml)",
    )
    command.add_argument("lessons", **lessons)
    for each in (servers["present"], command):
        each.add_argument("--by", default="", help="who lectures, for the title slide")
        each.add_argument("--at", default="", help='where and when, such as "Uppsala, 3 December"')
    command = add(figures, "Draw a lesson's figures as PNG and SVG, for slides of your own.")
    command.add_argument("lesson", help="the lesson's number or file name, such as 2 or 02_width")
    command.add_argument("--output", help="the folder to write into (default: figures-02 for lesson 2)")
    command = add(quiz, "Write the lessons' quiz questions, with explanations, for Anki, for Moodle, or as text.")
    command.add_argument("--language", default="en", metavar="CODE", help="such as zh (default: %(default)s)")
    command.add_argument("--to", required=True, choices=("anki", "moodle", "text"), help="what they are written for")
    command.add_argument(
        "--output",
        metavar="FILE",
        help="the file to write (default: questions.apkg for Anki, questions.xml for Moodle; text: the screen)",
    )
    command.add_argument("--test", choices=("a", "b"), help="this form of the concept test, in place of lessons")
    command.add_argument(
        "--mistakes",
        action="store_true",
        help="also the wrong answers that the exercises know, and what is behind each",
    )
    command.add_argument("lessons", **lessons)
    command = add(gain, "Compare two kept concept tests, before and after: shares right, and the normalised gain.")
    command.add_argument("before", help="the numbers of the first: see courseware present --votes --test --keep")
    command.add_argument("after", help="those of the second")
    command = add(experiments, "List the experiments, or run some again and store their results.")
    command.add_argument("names", nargs="*", metavar="name", help="one to run again; all are listed if none is")
    _add_parallel(command, "run")
    command = add(release, "Write the exercise sheets for grading with nbgrader.")
    command.add_argument("--course-dir", default="grading", help="the folder to write into (default: %(default)s)")
    command.add_argument("--seed", type=int, help="chooses the inputs of the hidden tests (default: drawn anew)")
    command.add_argument("lessons", **lessons)
    command.add_argument(
        "--run-submissions-unprotected",
        action="store_true",
        help="write settings with which a submission can read and change all that you can",
    )
    command = add(grade, "Judge all submissions of an assignment at once, then let nbgrader write the scores.")
    command.add_argument("assignment", help="its name, such as 02_kernel_regression")
    command.add_argument("--course-dir", default="grading", help="the folder of the course (default: %(default)s)")
    _add_parallel(command, "judge")
    command.add_argument("--force", action="store_true", help="grade again what has been graded")
    add(doctor, "See whether everything is installed; say how to mend what is not.")
    return top


def _add_parallel(command: argparse.ArgumentParser, verb: str) -> None:
    command.add_argument("--jobs", type=int, default=-1, help="processes at a time (default: one for each processor)")
    command.add_argument("--dask", metavar="ADDRESS", help=f"let the Dask cluster at this address {verb}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (that of the process if not given) and return its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    ours, extra = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    command_line = parser()
    arguments = command_line.parse_args(ours, argparse.Namespace(extra=extra))
    if extra and arguments.command not in ("lab", "present"):
        command_line.error(f"{arguments.command} passes nothing on: {' '.join(extra)}")
    try:
        return arguments.run(arguments)
    except UserError as error:
        print(f"courseware: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
