"""The ``courseware`` command. Each subcommand imports what it needs when it is called."""

import argparse
import sys
from collections.abc import Sequence

from courseware.project import INSTALL_EXPORT, INSTALL_SITE, UserError, find_lesson, project_root


def port(text: str) -> int:
    """The port number that `text` says; argparse reports the error."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"a port is from 1 to 65535, not {number}")
    return number


def lab(arguments: argparse.Namespace) -> int:
    from courseware.lab import serve

    return serve(project_root(), port=arguments.port, open_browser=not arguments.no_browser, extra=arguments.extra)


def present(arguments: argparse.Namespace) -> int:
    from courseware.lab import serve, slides_page

    root = project_root()
    lesson = find_lesson(arguments.lesson, root)
    if not lesson.notebook.is_file():
        raise UserError(f"{lesson.notebook} is missing; make it with: courseware build {lesson.number}")
    return serve(
        root,
        slides_page(lesson.notebook, root, dark=arguments.dark),
        port=arguments.port,
        open_browser=not arguments.no_browser,
        extra=arguments.extra,
    )


def doctor(arguments: argparse.Namespace) -> int:
    from courseware.environment import check_environment, report

    return report(check_environment())


def build(arguments: argparse.Namespace) -> int:
    from courseware.build import build_command

    return build_command(arguments)


def check(arguments: argparse.Namespace) -> int:
    from courseware.build import check_command

    return check_command(arguments)


def release(arguments: argparse.Namespace) -> int:
    from courseware.grading.release import release_command

    return release_command(arguments)


def export(arguments: argparse.Namespace) -> int:
    try:
        from courseware.export import export_command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"exporting needs the package {error.name}; install it with: {INSTALL_EXPORT}") from error

    return export_command(arguments)


def site(arguments: argparse.Namespace) -> int:
    try:
        from courseware.site import site_command
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "courseware":
            raise
        raise UserError(f"the web site needs the package {error.name}; install it with: {INSTALL_SITE}") from error

    return site_command(arguments)


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
    servers["present"].add_argument("lesson", help="the lesson's number or file name, such as 2 or 02_width")
    servers["present"].add_argument("--dark", action="store_true", help="dark slides (the key D changes it later)")

    lessons = {"nargs": "*", "metavar": "lesson", "help": "number or file name; all if none is given"}
    add(build, "Make the notebooks from the text in course/, and run them.").add_argument("lessons", **lessons)
    add(check, "See whether the notebooks are what course/ says.")
    command = add(export, "Write each lesson as a page and a slide deck, which need no server, and one deck of all.")
    command.add_argument("--output", default="site", help="the folder to write into (default: %(default)s)")
    command.add_argument(
        "--handouts", action="store_true", help="print a handout of each deck as PDF, too: needs Chromium or Chrome"
    )
    command.add_argument("lessons", **lessons)
    command = add(release, "Write the exercise sheets for grading with nbgrader.")
    command.add_argument("--course-dir", default="grading", help="the folder to write into (default: %(default)s)")
    command.add_argument("--seed", type=int, help="chooses the inputs of the hidden tests (default: drawn anew)")
    command.add_argument("lessons", **lessons)
    command = add(site, "Build the web site of the whole course, with search, to publish.")
    command.add_argument("--output", default="public", help="the folder to write into (default: %(default)s)")
    command.add_argument(
        "--repository",
        metavar="URL",
        help="the address that Binder and Colab open (default: git's remote origin, then pyproject.toml)",
    )
    add(doctor, "See whether everything is installed; say how to mend what is not.")
    return top


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
