"""Start JupyterLab on the course: the start page, or a lesson as live slides."""

import atexit
import ipaddress
import os
import secrets
import shutil
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

import nbformat
from jupyter_core.paths import jupyter_path

from courseware.present import kept
from courseware.project import Lecture, Lesson, UserError
from courseware.text.short import short_version, slides_of_short_version
from courseware.text.syllabus import teaching_notes

HOST = "127.0.0.1"
DEFAULT_PORT = 8888
# The refusal to run as root guards servers that others can reach. Ours they cannot, unless the user binds it elsewhere.
ALLOW_ROOT = "--ServerApp.allow_root=True"
ADDRESS_OPTIONS = frozenset({"--ServerApp.ip", "--ip"})
NO_LECTURE = Lecture()
START_PAGE = "lab/tree/notebooks/{}00_start_here.ipynb"

# Settings for the servers that are started here. The user's own JupyterLab does not read this folder.
SETTINGS = Path(__file__).parent / "labextension" / "settings"
STARTUP = Path(__file__).parents[1] / "notebook" / "startup.py"

# What a page of slides needs of JupyterLab's extensions. Each of the others costs time on opening, and that of the
# package notebook fails there ("Maximum call stack size exceeded").
ON_SLIDES = (
    "@jupyter-widgets/jupyterlab-manager",
    "@jupyterlab/mathjax3-extension",
    "anywidget",
    "courseware-live-slides",
    "jupyterlab-rise",
    "jupyterlab_pygments",
)
# Parts of the server that a lecture does without.
NOT_FOR_SLIDES = ("jupyter_lsp", "jupyterlab_jupytext", "nbgitpuller", "notebook", "jupyter_server_terminals")


def start_page(language: str = "en") -> str:
    """The page that `courseware lab` opens in a language."""
    return START_PAGE.format("" if language == "en" else f"{language}/")


def free_port(first: int = DEFAULT_PORT) -> int:
    """The first port from `first` on that nothing on this machine listens at.

    Raises
    ------
    ValueError
        If `first` is not a port.
    UserError
        If none of the hundred from there on is free.
    """
    if not 1 <= first <= 65535:
        raise ValueError(f"first must be a port from 1 to 65535, not {first}")
    for port in range(first, min(first + 100, 65536)):
        with socket.socket() as probe:
            # Without this, a port that was in use a minute ago counts as taken on Unix.
            if hasattr(socket, "SO_REUSEPORT"):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise UserError(f"no free port from {first} on; choose another with --port")


def slides_page(
    notebook: Path,
    root: Path,
    lecture: Lecture = NO_LECTURE,
    *,
    dark: bool = False,
    pictures: str = "",
    votes: bool = False,
    words: str = "",
) -> str:
    """The page that shows `notebook` as live slides, run from its first cell to its last on opening.

    `pictures` is the name of the folder that holds its explorers' pictures, `words` that of the file with what the
    slides say in another language (`courseware.present.words`); with `votes` the page leads votes.
    """
    asked = {"by": lecture.by, "at": lecture.at, "style": lecture.style, "pictures": pictures, "words": words}
    query = urlencode({name: value for name, value in asked.items() if value})
    flags = ("&dark" if dark else "") + ("&votes" if votes else "")
    return f"rise/{quote(notebook.relative_to(root).as_posix())}?run{flags}{'&' if query else ''}{query}"


def short_notebook(lesson: Lesson) -> Path:
    """Write the version of a lesson for 25 minutes beside the lesson, until this process ends; returns where.

    Raises UserError if the teaching notes list no such version, or the course cannot be written to.
    """
    wanted = slides_of_short_version(lesson)
    if not wanted:
        raise UserError(f"{teaching_notes(lesson)} lists no slides under 'In 25 minutes'")
    path = lesson.notebook.with_name(f"{lesson.stem}.short.ipynb")
    try:
        nbformat.write(short_version(nbformat.read(lesson.notebook, as_version=4), wanted), path)
    except OSError as error:
        raise UserError(f"the version for 25 minutes is written beside the lesson, and cannot be: {error}") from error
    atexit.register(path.unlink, missing_ok=True)
    return path


def page_address(page: str, port: int, token: str) -> str:
    """The address to open for `page` (relative to the server) with the `token` that the server asks for."""
    return f"http://{HOST}:{port}/{page}{'&' if '?' in page else '?'}token={token}"


def server_options(root: Path, page: str, *, port: int, token: str, modules: Sequence[str] = ()) -> list[str]:
    """JupyterLab's command-line options: loopback only, with a token, rooted at the course.

    `modules` are extensions of the server that it is to load.
    """
    options = [
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        ALLOW_ROOT,
        # Opened by us, when the server answers.
        "--ServerApp.open_browser=False",
        f"--IdentityProvider.token={token}",
        f"--LabApp.default_url=/{page}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        f"--ServerApp.extra_static_paths={kept.CACHE}",
        f"--RiseApp.labextensions_path={_extensions_on_slides(kept.CACHE / 'labextensions')}",
        # Warnings are about style sheets that a notebook need not have, and the like.
        "--Application.log_level=ERROR",
    ]
    if page.startswith("rise/"):
        options += [f"--ServerApp.jpserver_extensions={name}=False" for name in NOT_FOR_SLIDES]
    return [*options, *(f"--ServerApp.jpserver_extensions={name}=True" for name in modules)]


def _extensions_on_slides(folder: Path) -> Path:
    """A folder that names the extensions `ON_SLIDES` and no other; each is served from its own place."""
    for name in ON_SLIDES:
        found = [Path(place, name, "package.json") for place in jupyter_path("labextensions")]
        for package in filter(Path.is_file, found[::-1]):
            (folder / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package, folder / name / "package.json")
    return folder


def override(options: Sequence[str], extra: Sequence[str]) -> list[str]:
    """`options` and `extra`, without the options that `extra` gives anew: JupyterLab takes none twice.

    Running as root is allowed only as long as `extra` leaves the server on this machine.
    """

    def name(option: str) -> str:
        return option.partition("=")[0]

    given = {name(option) for option in extra}
    if not given.isdisjoint(ADDRESS_OPTIONS) and not _stays_on_this_machine(extra):
        given.add(name(ALLOW_ROOT))  # others can reach it: JupyterLab's own refusal to run as root holds again
    return [*(option for option in options if name(option) not in given), *extra]


def _stays_on_this_machine(extra: Sequence[str]) -> bool:
    """Whether every address that `extra` has the server listen at is loopback; what cannot be told is not."""
    for option, following in zip(extra, [*extra[1:], ""], strict=True):
        name, given, value = option.partition("=")
        if name in ADDRESS_OPTIONS:
            address = value if given else following
            try:
                if address != "localhost" and not ipaddress.ip_address(address).is_loopback:
                    return False
            except ValueError:
                return False
    return True


def serve(
    root: Path,
    page: str = START_PAGE.format(""),
    *,
    port: int = DEFAULT_PORT,
    open_browser: bool = True,
    extra: Sequence[str] = (),
    modules: Sequence[str] = (),
) -> int:
    """Run JupyterLab in this process until it is interrupted.

    Parameters
    ----------
    root : Path
        The project's root, which becomes the server's.
    page : str
        What to open, relative to the server's address.
    port : int
        The first port to try.
    open_browser : bool
        Whether to open `page` in the user's browser.
    extra : sequence of str
        Further options for JupyterLab, spelled in full (``--ServerApp.ip=...``); they win over those chosen
        here. The address printed is that of the options chosen here.
    modules : sequence of str
        Extensions of the server that it is to load.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    UserError
        If no port is free.
    """
    # jsonschema imports this package if it can, for a check of addresses that nothing here asks for, and it builds a
    # parser first: more than a second of processor time, a third of the server's start. None is Python's own way to say
    # that a module is not to be imported; the types of `sys.modules` know of modules only, hence the exception.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from jupyterlab.labapp import LabApp

    port = free_port(port)
    token = secrets.token_hex(24)
    address = page_address(page, port, token)
    os.environ.setdefault("PYTHONSTARTUP", str(STARTUP))  # passed on to the kernels; a person's own file comes first
    options = override(server_options(root, page, port=port, token=token, modules=modules), extra)
    threading.Thread(target=_announce, args=(address, port, open_browser), daemon=True).start()
    LabApp.launch_instance(options)
    return 0


def _announce(address: str, port: int, open_browser: bool) -> None:
    """Say where the course is, and show it, as soon as somebody listens there."""
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                break
        time.sleep(0.1)
    # flush: who reads this through a pipe wants the address now and not when the server ends.
    print(f"The course is at\n\n    {address}\n\nStop it with Ctrl+C.\n", flush=True)
    if open_browser:
        webbrowser.open(address)
