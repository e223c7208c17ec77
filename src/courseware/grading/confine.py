"""What the process that runs a student's code may do: read what it needs, write into one folder, use so much.

On Linux the kernel enforces it (Landlock, resource limits) and Python adds what Landlock does not cover. This
contains accidents and the usual tricks. It is no wall against someone who attacks the kernel or Python's memory: run
the grader in a container of its own.
"""

import ctypes
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["all_but", "landlock_version", "limit_files", "limit_memory", "refuse_processes"]

# linux/landlock.h; the numbers of the three system calls are the same on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH, NO_NEW_PRIVILEGES = 1, 1, 38
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
ON_FILES = 1 << 0 | 1 << 1 | READ_FILE | 1 << 14  # execute, write, read, truncate
EVERYTHING = (1 << 13) - 1  # of version 1; later versions add the rights below
SINCE = {2: 1 << 13, 3: 1 << 14}  # rename into another folder, truncate
BIND_AND_CONNECT = 0b11  # TCP, since version 4
SOCKETS_AND_SIGNALS = 0b11  # to processes outside, since version 6

REFUSED = (
    "ctypes.dlopen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "resource.prlimit",
    "resource.setrlimit",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendmsg",
    "socket.sendto",
    "subprocess.Popen",
)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # as C packs it; from Python 3.14 on, _pack_ alone is deprecated
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock_version() -> int:
    """The version of Landlock that this machine's kernel offers, 0 if none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION)))


def all_but(folder: Path, withheld: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Paths that cover `folder` without the `withheld` ones, each with whether all beneath it may be read.

    A folder that holds something withheld comes with False: it may be listed, and its entries come one by one.
    """
    withheld = [path for path in withheld if path.is_relative_to(folder)]
    if folder in withheld:
        return
    yield folder, not withheld
    if withheld:
        for entry in folder.iterdir():
            yield from all_but(entry, withheld)


def limit_files(readable: Iterable[Path], withheld: Iterable[Path], writable: Path) -> None:
    """From now on this process reads beneath `readable` but not `withheld`, and writes beneath `writable` only.

    It can start no program, open no TCP connection (Linux 6.7) and signal no other process (Linux 6.12). Raises
    OSError if the kernel refuses.
    """
    version = landlock_version()
    library = ctypes.CDLL(None, use_errno=True)

    def call(*arguments: object) -> int:
        result = library.syscall(*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    everything = EVERYTHING | sum(right for since, right in SINCE.items() if version >= since)
    rules = _Ruleset(everything, BIND_AND_CONNECT, SOCKETS_AND_SIGNALS)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = call(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))

    def allow(path: Path, rights: int) -> None:
        if not path.is_dir():
            rights &= ON_FILES
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            beneath = _Beneath(rights & everything, descriptor)
            call(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(beneath), ctypes.c_uint32(0))
        finally:
            os.close(descriptor)

    withheld = [path.resolve() for path in withheld]
    for folder in {path.resolve() for path in readable if path.exists()}:
        for path, whole in all_but(folder, withheld):
            allow(path, READ_FILE | READ_FOLDER if whole else READ_FOLDER)
    allow(Path(os.devnull), ON_FILES)
    allow(writable.resolve(), everything)
    if library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    call(RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def limit_memory(extra: int, processor_seconds: int, largest_file: int) -> None:
    """From now on this process gets `extra` bytes of memory more than it has, and so much time and disk.

    Every limit is hard: without privileges it cannot be raised again.
    """
    if sys.platform == "linux":  # elsewhere the size of a process is not to be had, and macOS ignores the limit
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + extra, used + extra))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_seconds, processor_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refuse_processes() -> None:
    """From now on Python starts no process, signals none, loads no C library by hand and opens no connection."""
    refused = frozenset(REFUSED)

    def refuse(event: str, arguments: tuple, refused: frozenset = refused) -> None:
        if event in refused:
            raise PermissionError(f"{event} is not available while an answer is graded")

    sys.addaudithook(refuse)
