"""A submitted notebook, run in a process of its own and asked for its answers.

:class:`Session` lives in the process that judges. What a student's code returns arrives as plain data; a function
stays where it is and is called from here. A process that hangs or dies is replaced by a new one, in which the cells
that ran well are run again: one bad answer costs no other.
"""

import contextlib
import importlib.util
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from courseware.exercises import tools
from courseware.exercises.probe import Elsewhere, Probe, State
from courseware.grading.sandbox import command, filter_of_calls, refusal
from courseware.grading.wire import Channel, WireError, decode, encode, plain_text

__all__ = ["CellRun", "Limits", "Session", "SessionError", "StoppedError"]

WORKER = "import sys; sys.path[:0] = {path!r}; from courseware.grading.worker import main; main()"
STARTING_SECONDS, ENDING_SECONDS = 120, 10
MOST_TOOLS = 1000


class SessionError(RuntimeError):
    """The grading process cannot be started: a fault of this machine and not of a submission."""


class StoppedError(Exception):
    """The student's process was stopped, or ended by itself; the message says why."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell_seconds, call_seconds, notebook_seconds : float
        Time for one cell, for one call of a function, and for the whole notebook with all its checks.
    memory_mb : int
        Memory in MiB, beyond what Python and PyTorch take.
    unprotected : bool
        Run without a sandbox: a student's code can do whatever the grader can.
    """

    cell_seconds: float = 60
    call_seconds: float = 10
    notebook_seconds: float = 300
    memory_mb: int = 2048
    unprotected: bool = False


@dataclass(frozen=True)
class CellRun:
    """What became of a cell: what it printed (its beginning), and its error as name and message."""

    printed: str = ""
    error: tuple[str, str] | None = None


class Session:
    """The answers of one submission. A context manager: the process ends with it.

    Parameters
    ----------
    limits : Limits
    withheld_packages : names of packages that a student's code imports empty: they hold the right answers
    withheld : folders that it must not read, such as the other submissions; those of the packages are added

    Raises
    ------
    SessionError
        On the first use, if the process cannot be started.
    """

    def __init__(self, limits: Limits, *, withheld_packages: Sequence[str] = (), withheld: Sequence[Path] = ()) -> None:
        self.limits = limits
        self.withheld_packages = list(withheld_packages)
        self.withheld = list(withheld)
        self._deadline: float | None = None
        self._worker: _Worker | None = None
        self._asked: _Worker | None = None  # the one that has not answered yet
        self._history: list[str] = []  # the cells that ran

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop(self._asked)
        self._stop(self._worker)

    def run(self, source: str) -> CellRun:
        """Run a cell. An error in it is part of the result; so is a process that had to be stopped."""
        try:
            reply = self._ask("run", source, seconds=self.limits.cell_seconds)
        except StoppedError as stopped:
            return CellRun(error=("Stopped", str(stopped)))
        error = _error_in(reply)
        if error and error["memory"]:
            self._stop(self._worker)  # what the cell has piled up would be missing for all others
        else:
            self._history.append(source)
        said = (error["name"], error["message"]) if error else None
        return CellRun(plain_text(reply.get("printed", ""), 10_000), said)

    def answer(self, name: str) -> Any:
        """The value of a name in the notebook as it stands: plain data or a function; `...` if there is none.

        Raises StoppedError if the process ends over it.
        """
        reply = self._ask("answer", name, seconds=self.limits.call_seconds)
        worker = self._worker
        if worker is None:  # stopped meanwhile, by a check that has given up waiting
            raise StoppedError("the process sent no answer")
        try:
            return decode(reply["value"], lambda entry: Remote(self, worker, entry))
        except (WireError, KeyError) as error:
            self._stop(worker)
            raise StoppedError("the process sent no answer") from error

    def call(self, worker: "_Worker", function: int, arguments: tuple) -> dict:
        """The reply to one call of a student's function."""
        seed = torch.initial_seed() % 2**63  # the check seeds the generator for a function that draws numbers
        watch = tools.current() is not None
        given = [encode(argument) for argument in arguments]
        return self.of_worker(worker, "call", function, given, seed, watch)

    def of_worker(self, worker: "_Worker", action: str, *arguments: Any) -> dict:
        """The reply of the process in which a student's function or class lives."""
        # No new process from here: it would end with this thread, which a check may have started.
        if worker is not self._worker or self._asked is not None:
            raise StoppedError("its process was stopped on an earlier input")
        return self._ask(action, *arguments, seconds=self.limits.call_seconds)

    def _ask(self, action: str, *arguments: Any, seconds: float) -> dict:
        if self._asked is not None:  # a check gave up waiting: its answer would be taken for the next one
            self._stop(self._asked)
        worker = self._asked = self._running()
        try:
            reply = worker.ask(action, *arguments, seconds=self._seconds(seconds))
        except TimeoutError as error:
            self._stop(worker)
            raise StoppedError(f"it took longer than {seconds:g} s") from error
        except WireError as error:
            self._stop(worker)
            raise StoppedError("the process ended") from error
        if not isinstance(reply, dict):
            self._stop(worker)
            raise StoppedError("the process sent no answer")
        self._asked = None
        return reply

    def left(self) -> float:
        """The seconds that are left for the notebook, 0 if none are."""
        return self.limits.notebook_seconds if self._deadline is None else max(0, self._deadline - time.monotonic())

    def _seconds(self, seconds: float) -> float:
        """How long something that may take `seconds` may take in the time that is left for the notebook."""
        left = self.left()
        if not left:
            self._stop(self._worker)
            raise StoppedError(f"the {self.limits.notebook_seconds:g} s for the whole notebook are used up")
        return min(seconds, left)

    def _running(self) -> "_Worker":
        """The process, a new one if need be, in which the cells that ran well have run again."""
        if self._worker is None:
            if self._deadline is None:
                self._deadline = time.monotonic() + self.limits.notebook_seconds
            self._seconds(0)
            worker = self._worker = _Worker(self)
            for source in list(self._history):
                try:
                    worker.ask("run", source, seconds=self._seconds(self.limits.cell_seconds))
                except (WireError, TimeoutError) as error:
                    self._history.remove(source)  # it ran the first time and does not now
                    self._stop(worker)
                    raise StoppedError("a cell that ran before did not run again") from error
        return self._worker

    def _stop(self, worker: "_Worker | None") -> None:
        if worker is not None:
            worker.stop()
        if self._worker is worker:
            self._worker = None
        if self._asked is worker:
            self._asked = None


class Remote(Elsewhere):
    """A student's function or class: it is called or probed here and runs in the student's process, on copies."""

    runs_elsewhere = True  # what a check changes in this process, the function does not see

    def __init__(self, session: Session, worker: "_Worker", entry: dict) -> None:
        self._session, self._worker, self._number = session, worker, int(entry["function"])
        names = [plain_text(name, 60) for name in entry["parameters"][:50]]
        if all(name.isidentifier() for name in names) and len(set(names)) == len(names):
            with contextlib.suppress(ValueError):  # a keyword is an identifier and no parameter
                kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
                self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, *arguments: Any) -> Any:
        reply = self._session.call(self._worker, self._number, arguments)
        if printed := reply.get("printed"):
            print(plain_text(printed, 10_000))
        try:
            after = [decode(argument) for argument in reply["arguments"]]
            value = None if _error_in(reply) else decode(reply["value"])
        except (WireError, KeyError, TypeError) as broken:
            raise StoppedError("the process sent no answer") from broken
        for argument, changed in zip(arguments, after, strict=False):
            _copy_into(argument, changed)
        if (record := tools.current()) is not None:
            _note(record, reply.get("used"))
        if error := _error_in(reply):
            raise _exception(error["name"], error["message"])
        return value

    def probed(
        self, arguments: tuple, named: Mapping[str, Any], state: State, inputs: tuple, seed: int, method: str
    ) -> Probe:
        pairs = [list(pair) for pair in named.items()], [list(pair) for pair in state]
        return self._probe("probe", [list(arguments), *pairs, list(inputs)], seed, method)

    def probed_loop(self, recipe: list, state: State, arguments: tuple, seed: int) -> Probe:
        return self._probe("probe_loop", [recipe, [list(pair) for pair in state], list(arguments)], seed)

    def _probe(self, action: str, given: list, *more: int | str) -> Probe:
        reply = self._session.of_worker(self._worker, action, self._number, *map(encode, given), *more)
        if printed := reply.get("printed"):
            print(plain_text(printed, 10_000))
        if error := _error_in(reply):
            raise _exception(error["name"], error["message"])
        try:
            return Probe.of_list(decode(reply["value"]))
        except (WireError, KeyError, TypeError, ValueError) as broken:
            raise StoppedError("the process sent no answer") from broken


class _Worker:
    """The process itself and the connection to it."""

    def __init__(self, session: Session) -> None:
        limits = session.limits
        packages = {name.partition(".")[0] for name in (*session.withheld_packages, "courseware")}
        readable = [folder for package in packages for folder in _folders(package)]
        withheld = [folder for package in session.withheld_packages for folder in _folders(package)]
        roots = sorted({str(folder.parent) for folder in readable})
        self._sandboxed = not limits.unprotected
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        options = {
            "descriptor": theirs.fileno(),
            "withheld_packages": session.withheld_packages,
            "sandbox": self._sandboxed,
            "number": os.getpid(),
            "memory": limits.memory_mb * 2**20,
            "processor_seconds": int(limits.notebook_seconds) + 60,
        }
        self._folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        home, sandbox = self._folder.name, []
        with contextlib.ExitStack() as undo, theirs, tempfile.TemporaryFile() as file:
            undo.callback(self._folder.cleanup)
            undo.callback(ours.close)
            if self._sandboxed:
                home = "/tmp"
                try:
                    sandbox = command(readable, [*withheld, *session.withheld], file.fileno())
                    file.write(filter_of_calls())
                except (ImportError, OSError, RuntimeError) as error:
                    raise SessionError(refusal()) from error
                file.seek(0)
            # Nothing of the grader's environment goes along but the language: no keys, no tokens.
            environment = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
            environment |= {"HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home, "MPLBACKEND": "agg"}
            environment |= {"OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [*sandbox, sys.executable, "-I", "-c", WORKER.format(path=roots), json.dumps(options)],
                cwd=self._folder.name,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), file.fileno()],
                start_new_session=True,
            )
            undo.pop_all()
        try:
            greeting = self._channel.receive(time.monotonic() + STARTING_SECONDS)
            if "failed" in greeting:
                raise SessionError(f"the grading process cannot be confined: {greeting['failed']}")
        except (WireError, TimeoutError) as error:
            self.stop()
            reason = refusal() if self._sandboxed else None
            raise SessionError(reason or f"the grading process did not start with {sys.executable}") from error
        except SessionError:
            self.stop()
            raise

    def ask(self, action: str, *arguments: Any, seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        self._channel.send([action, arguments], deadline)
        return self._channel.receive(deadline)

    def stop(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._sandboxed:  # the last process in it ends a moment after bubblewrap itself
            self._channel.await_end(time.monotonic() + ENDING_SECONDS)
        self._channel.connection.close()
        self._folder.cleanup()


def _folders(package: str) -> list[Path]:
    """Where a package lies. Raises SessionError if it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SessionError(f"{package} must be an installed package")
    return [Path(folder).resolve() for folder in spec.submodule_search_locations]


def _error_in(reply: dict) -> dict | None:
    """The error in a reply with texts of bounded length, None if there is none."""
    error = reply.get("error")
    if not isinstance(error, dict):
        return None
    return {
        "name": plain_text(error.get("name", ""), 60),
        "message": plain_text(error.get("message", ""), 2000),
        "memory": error.get("memory") is True,
    }


def _exception(name: str, message: str) -> Exception:
    """The student's exception, as one of the same name."""
    if name == "NotImplementedError":  # the checks know it: nothing was written yet
        return NotImplementedError(message)
    return type(name if name.isidentifier() else "Error", (Exception,), {})(message)


def _note(record: tools.Record, used: Any) -> None:
    """Write down what the student's function used in its own process, instead of what sending it there did here.

    Raises StoppedError if it cannot be read.
    """
    try:
        record.used = {plain_text(name, 200) for name in used["used"][:MOST_TOOLS]}
        record.largest, record.entries = tuple(int(size) for size in used["largest"][:64]), int(used["entries"])
        record.calls = int(used["calls"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise StoppedError("the process sent no answer") from error


def _copy_into(argument: Any, changed: Any) -> None:
    """Do to an argument what the student's function did to its copy, so that the check sees it."""
    if isinstance(argument, torch.Tensor) and isinstance(changed, torch.Tensor):
        old, new = argument.detach(), changed.detach()
        if old.shape != new.shape or old.dtype != new.dtype:
            argument.data = new
        elif not np.array_equal(old.numpy(), new.numpy(), equal_nan=old.is_floating_point()):
            old.copy_(new)
