"""Start JupyterLab on the course: the start page, or a lesson as live slides."""

import os
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from courseware.project import UserError

HOST = "127.0.0.1"
DEFAULT_PORT = 8888
START_PAGE = "lab/tree/notebooks/00_start_here.ipynb"

# Settings for the servers that are started here. The user's own JupyterLab does not read this folder.
SETTINGS = Path(__file__).parent / "labextension" / "settings"
STARTUP = Path(__file__).parent / "startup.py"


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


def slides_page(notebook: Path, root: Path, *, dark: bool = False) -> str:
    """The page that shows `notebook` as live slides, run from its first cell to its last on opening."""
    return f"rise/{quote(notebook.relative_to(root).as_posix())}?run{'&dark' if dark else ''}"


def page_address(page: str, port: int, token: str) -> str:
    """The address to open for `page` (relative to the server) with the `token` that the server asks for."""
    return f"http://{HOST}:{port}/{page}{'&' if '?' in page else '?'}token={token}"


def server_options(root: Path, page: str, *, port: int, token: str, open_browser: bool) -> list[str]:
    """JupyterLab's command-line options: loopback only, with a token, rooted at the course."""
    return [
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        # The refusal to run as root guards servers that others can reach. This one they cannot.
        "--ServerApp.allow_root=True",
        f"--ServerApp.open_browser={open_browser}",
        f"--IdentityProvider.token={token}",
        f"--LabApp.default_url=/{page}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        # Warnings are about style sheets that a notebook need not have, and the like.
        "--Application.log_level=ERROR",
    ]


def override(options: Sequence[str], extra: Sequence[str]) -> list[str]:
    """`options` and `extra`, without the options that `extra` gives anew: JupyterLab takes none twice."""

    def name(option: str) -> str:
        return option.partition("=")[0]

    given = {name(option) for option in extra}
    return [*(option for option in options if name(option) not in given), *extra]


def serve(
    root: Path,
    page: str = START_PAGE,
    *,
    port: int = DEFAULT_PORT,
    open_browser: bool = True,
    extra: Sequence[str] = (),
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

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    UserError
        If no port is free.
    """
    from jupyterlab.labapp import LabApp

    port = free_port(port)
    token = secrets.token_hex(24)
    # flush: who reads this through a pipe wants the address now and not when the server ends.
    print(f"The course is at\n\n    {page_address(page, port, token)}\n\nStop it with Ctrl+C.\n", flush=True)
    os.environ.setdefault("PYTHONSTARTUP", str(STARTUP))  # passed on to the kernels; a person's own file comes first
    options = server_options(root, page, port=port, token=token, open_browser=open_browser)
    LabApp.launch_instance(override(options, extra))
    return 0
