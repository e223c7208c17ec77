"""What the process that runs a student's code sees and may do: bubblewrap's namespaces, a filter, limits.

bubblewrap (the sandbox under Flatpak) gives it a world of its own: no other processes, no network, and of the files
only Python's and the library's, to read. A filter of system calls (libseccomp) refuses what would get round the limit
of memory or outlive the process: forks, memory without a process, other namespaces.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from courseware.project import INSTALL_GRADE

__all__ = ["TEMPORARY", "become_nobody", "command", "filter_of_calls", "limit", "refusal"]

# What Python and its libraries open while they run, besides themselves. Not all of /usr: courses lie there too.
READABLE = (
    *(f"{prefix}/{folder}" for prefix in (sys.prefix, sys.base_prefix, "/usr") for folder in ("lib", "lib64")),
    *("/lib", "/lib64", "/usr/local/lib", "/usr/share/fonts", "/usr/share/zoneinfo", f"{sys.prefix}/pyvenv.cfg"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/mime.types", "/sys/devices/system/cpu"),
)
TEMPORARY = 64 * 2**20  # bytes for all files of a submission together
THREADS, DESCRIPTORS = 64, 256
NOBODY = 61184  # to 65519: users for a moment, as systemd numbers them

REFUSED = (
    *("fork", "vfork"),  # and clone, unless it makes a thread
    *("socket", "setsockopt"),  # what is sent and not fetched lies in memory that no limit counts
    *("memfd_create", "memfd_secret", "shmget", "msgget", "semget", "mq_open", "io_uring_setup", "userfaultfd"),
    *("unshare", "setns", "mount", "fsopen", "open_tree", "move_mount", "pivot_root", "chroot"),
    *("ptrace", "pidfd_getfd", "process_vm_readv", "process_vm_writev"),
    *("bpf", "perf_event_open", "add_key", "request_key", "keyctl"),
)
CLONE_THREAD = 0x10000
MEND = (
    "submissions run in bubblewrap, which {reason}; on Linux install it (Debian and Ubuntu: apt install bubblewrap "
    "libseccomp2), elsewhere grade in the container of docs/grading.md"
)


@functools.cache
def filter_of_calls() -> bytes:
    """The filter as the kernel takes it. Raises RuntimeError where there is no libseccomp."""
    import pyseccomp  # here, because it looks for the library as it is imported

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in REFUSED:
        rules.add_rule(pyseccomp.ERRNO(1), name)
    rules.add_rule(pyseccomp.ERRNO(1), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    rules.add_rule(pyseccomp.ERRNO(38), "clone3")  # "not there": the C library then takes clone
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def command(readable: Iterable[Path], withheld: Iterable[Path], filter_descriptor: int) -> list[str]:
    """bubblewrap with its options; what follows runs in the sandbox.

    It reads beneath `readable` but not `withheld`, besides Python and its libraries, and writes into /tmp. Raises
    FileNotFoundError if there is no bubblewrap.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bwrap")
    # Root needs no user namespace, and keeps the two rights with which `limit` turns it into nobody.
    own_user = ["--unshare-user", "--cap-drop", "ALL"]
    as_root = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    options = [program, "--die-with-parent", "--new-session", *(own_user if os.getuid() else as_root)]
    options += [f"--unshare-{what}" for what in ("pid", "net", "ipc", "uts", "cgroup-try")]
    # Before all else, for Python itself may lie below /tmp.
    options += ["--perms", "1777", "--size", str(TEMPORARY), "--tmpfs", "/tmp"]
    shown = [path for path in dict.fromkeys([*map(Path, READABLE), *readable]) if path.exists()]
    python = Path(sys.executable)
    # bubblewrap makes what lies above them for its user only.
    above = dict.fromkeys(folder for path in (*shown, python) for folder in reversed(path.parents))
    for folder in above:
        options += ["--dir", str(folder)]
    for path in (*shown, python):
        options += ["--ro-bind", str(path.resolve()), str(path)]
    for hidden in {path.resolve() for path in withheld}:
        for path in shown:
            if hidden.is_relative_to(path.resolve()):
                place = str(path / hidden.relative_to(path.resolve()))
                options += ["--tmpfs", place, "--remount-ro", place]
    # An ordinary user's submission is the same user as bubblewrap's own process in there, which has no limits.
    options += ["--proc", "/proc", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1"]
    options += ["--dev", "/dev", "--remount-ro", "/dev"]
    return [*options, "--chdir", "/tmp", "--remount-ro", "/", "--seccomp", str(filter_descriptor), "--"]


def refusal() -> str | None:
    """Why no submission can be run safely on this machine, and what mends it; None if one can."""
    if sys.platform != "linux":
        return MEND.format(reason="needs Linux")
    if shutil.which("bwrap") is None:
        return MEND.format(reason="is not installed")
    try:
        program = filter_of_calls()
    except ModuleNotFoundError as error:
        return f"the package {error.name} is missing; install it with: {INSTALL_GRADE}"
    except (OSError, RuntimeError) as error:
        return MEND.format(reason=f"lacks its filter of system calls ({error})")
    with tempfile.TemporaryFile() as file:
        file.write(program)
        file.seek(0)
        done = subprocess.run(
            [*command([], [], file.fileno()), sys.executable, "-I", "-S", "-c", "pass"],
            env={},
            pass_fds=[file.fileno()],
            capture_output=True,
            text=True,
            errors="replace",
        )
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        return MEND.format(reason=f"does not start here ({reason})")
    return None


def limit(memory: int, processor_seconds: int) -> None:
    """From now on this process gets `memory` bytes more than it has, and so much time, and is nobody.

    Every limit is hard: without privileges it cannot be raised again.
    """
    import resource  # Windows has none

    limits = {"CPU": processor_seconds, "CORE": 0, "NOFILE": DESCRIPTORS}
    if sys.platform == "linux":  # elsewhere the size of a process is not to be had, and macOS ignores the limit
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limits |= {"AS": used + memory, "MSGQUEUE": 0}
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))


def become_nobody(number: int) -> None:
    """Inside the sandbox: give up root for a user that is nobody else's, and bound the threads of that user."""
    import resource

    if os.getuid() == 0:
        user = NOBODY + number % 4096
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    resource.setrlimit(resource.RLIMIT_NPROC, (THREADS, THREADS))
