"""`courseware export` on the command line."""

import argparse
import sys
from pathlib import Path

from courseware.project import find_text, lecture, project_root
from courseware.publish.errors import ExportError
from courseware.publish.export import export
from courseware.publish.handouts import find_browser
from courseware.publish.repository import repository
from courseware.text.execute import FAILURES

__all__ = ["export_command"]


def export_command(args: argparse.Namespace) -> int:
    """Export into the folder `args.output` the lessons named in `args.lessons`, or all, and say what was written.

    `args.repository` is the address for the launch buttons. With `args.handouts` the decks are printed, too.
    """
    browser = find_browser() if args.handouts else None  # before the minutes that an export takes
    output = Path(args.output or _default_folder(args.lessons))
    try:
        said = lecture(project_root(), args.by, args.at)
        first = export(output, args.lessons, language=args.language, url=args.repository, browser=browser, lecture=said)
    except FAILURES as error:
        print(f"a cell failed\n{error}", file=sys.stderr)
        return 1
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    if repository(project_root(), args.repository) is None:
        print(
            "No launch buttons: git's remote origin is on no host that Binder opens. Name the repository with "
            "--repository https://github.com/OWNER/NAME",
            file=sys.stderr,
        )
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file()) / 1e6
    decks = len(list(output.rglob("*.slides.html")))
    pages = len(list(output.rglob("*.html"))) - decks
    print(f"{pages} pages and {decks} deck{'s'[: decks != 1]} written, {size:.1f} MB: open {first}")
    return 0


def _default_folder(lessons: list[str]) -> str:
    """Part of the course does not take the place of the whole."""
    return "-".join(["site", *(find_text(name).number for name in lessons)])
