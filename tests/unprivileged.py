"""Run a program that file permissions hold for, also where the tests themselves run as root (as in a container)."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PR_CAPBSET_DROP = 24
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3  # Linux's numbers of root's rights to pass permissions by


def _give_up_privileges() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "root's rights cannot be dropped here")


def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` without root's right to write where permissions forbid it; output is captured as text."""
    if os.geteuid() == 0:
        options["preexec_fn"] = _give_up_privileges
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def make_read_only(folder: Path) -> None:
    """Take away every right to write `folder` and what is in it, and make sure that `run` heeds that."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    probe = folder / "probe"
    tried = run([sys.executable, "-c", f"open({str(probe)!r}, 'w')"])
    assert tried.returncode != 0, "the folder can still be written to"
    assert "PermissionError" in tried.stderr, tried.stderr


def make_writable(folder: Path) -> None:
    """Undo `make_read_only`, so that the folder can be deleted."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200)
