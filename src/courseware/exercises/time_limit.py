"""Call a function that may do anything: it is stopped after a time limit, and what it changed is put back.

`call` runs the function in a thread of its own and waits for it. That works alike in a kernel, in a terminal and in
any thread of either, on Linux, macOS and Windows, and needs no copy of the caller's objects: the function sees the
notebook's variables as they are. `unchanged` keeps the settings that a function could leave behind for the next one.

A function is stopped by an exception that is raised in it from outside, and again where it is caught by `except:` or
`finally`. What sleeps or waits in C is left to itself: the caller goes on, and the thread ends as soon as it wakes.
Nothing here can stop a single call in C that never gives other threads a turn (`sum(range(10**12))`), a crash,
`os._exit`, or the use of all memory: that takes another process, which would not have the notebook's variables.
"""

import _thread
import builtins
import contextlib
import ctypes
import io
import os
import random
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

__all__ = ["Outcome", "Transcript", "call", "unchanged"]

PATIENCE = 1.0  # seconds that a function is given to stop, once it is told to
IMPORTING = 60.0  # seconds that imports may take: torch.func loads PyTorch's compiler, and half a module is none
BUSY = 3.0  # how many times its limit a function may take by the clock, where other programs keep the processor
POLL = 0.05  # seconds between two looks at Ctrl+C, which does not wake a waiting thread on Windows


class _Stopped(SystemExit):
    """Raised inside a function that has run out of time.

    No `Exception`: `except Exception` must not hold it up. A `SystemExit`, because that ends a thread in silence.

    Where it is caught all the same, by `except:` or `finally`, the very next line of the function raises another one:
    Python makes the exception in the thread where it is raised, so that its constructor can set a trace there.
    """

    def __init__(self) -> None:
        super().__init__()
        sys.settrace(_raise_again)
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not _body.__code__:
            frame.f_trace = _raise_again
            frame = frame.f_back


def _raise_again(*_: Any) -> None:
    raise _Stopped


@dataclass
class Outcome:
    """What became of a call: a result, or an exception, or neither because it ran out of time."""

    result: Any = None
    error: BaseException | None = None
    late: bool = False
    running: bool = False  # it could not be stopped either
    used: float = 0.0  # seconds that count, of the limit


class Transcript(io.TextIOBase):
    """Takes what is printed, keeps the first characters of it and counts the lines: printing costs no memory."""

    def __init__(self, limit: int = 200) -> None:
        self.text = ""
        self.lines = 0
        self._limit = limit

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text = str.__str__(text)  # of a subclass, too: what is kept is plain text
        if len(self.text) < self._limit:
            self.text += text[: self._limit - len(self.text)]
        self.lines += text.count("\n")
        return len(text)


def call(function: Callable, arguments: tuple, seconds: float) -> Outcome:
    """Call `function(*arguments)` and wait for it, at most `seconds` (plus one second to stop it).

    On a busy machine a right function takes longer by the clock, so what counts is the processor time of this process;
    that is at most the time by the clock (several threads may work), and at least a third of it (it may sleep). An
    import that the function starts does not count: stopped half-way, it would leave the module broken for good.

    Whatever the function raises comes back in the outcome, `SystemExit` and `KeyboardInterrupt` too. Ctrl+C and the
    interrupt button still work: they reach the caller, so `KeyboardInterrupt` comes out of `call` and the function is
    stopped. The function starts with PyTorch's and NumPy's own defaults for what belongs to a thread (gradients on).
    """
    outcome = Outcome()
    finished = _thread.allocate_lock()
    finished.acquire()
    # Not threading.Thread: its own code at the end of a thread could meet the exception that stops the function.
    thread = _thread.start_new_thread(_body, (function, arguments, outcome, finished))
    used, importing = 0.0, 0.0
    clock, processor = time.monotonic(), time.process_time()
    try:
        while not finished.acquire(timeout=POLL):
            waited, worked = time.monotonic() - clock, time.process_time() - processor
            clock, processor = clock + waited, processor + worked
            if importing < IMPORTING and _is_importing(thread):
                importing += waited
                continue
            used += min(waited, max(worked, waited / BUSY))
            if used >= seconds:
                return Outcome(late=True, running=not _stop(thread, finished), used=used)
    except BaseException:
        _stop(thread, finished)
        raise
    outcome.used = used
    return outcome


def _body(function: Callable, arguments: tuple, outcome: Outcome, finished: Any) -> None:
    """What the thread does."""
    try:
        outcome.result = function(*arguments)
    except BaseException as error:
        outcome.error = error
    finished.release()


def _stop(thread: int, finished: Any) -> bool:
    """Raise in a thread until it has left the function that it was to call; whether it has."""
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    patience = time.monotonic() + PATIENCE
    while _is_busy(thread):
        if time.monotonic() > patience:
            return False
        raise_in(ctypes.c_ulong(thread), ctypes.py_object(_Stopped))
        if finished.acquire(timeout=POLL):
            return True
    return True


def _is_busy(thread: int) -> bool:
    """Whether a thread is still at it. The number of a thread that has ended may belong to another by now."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not _body.__code__:
        frame = frame.f_back
    return frame is not None


def _is_importing(thread: int) -> bool:
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


@contextlib.contextmanager
def unchanged() -> Iterator[Transcript]:
    """Capture what is printed or displayed, and put back what a function may have changed for everybody else.

    That is: standard input, output and error; warning filters; the random states of Python, NumPy and PyTorch;
    PyTorch's default dtype, threads, deterministic algorithms and gradient mode; NumPy's error handling and its print
    options; the recursion limit and the working directory; Matplotlib's settings and open figures. In a kernel
    `exit()` raises `SystemExit` instead of ending it, and `input()` raises `EOFError`. Functions of a library that
    were replaced by others stay replaced.
    """
    transcript = Transcript()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        for keep in (_streams, _torch_state, _numpy_state, _python_state, _figures, _shell):
            stack.enter_context(keep(transcript))
        warnings.simplefilter("ignore")
        yield transcript


@contextlib.contextmanager
def _streams(transcript: Transcript) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), transcript, transcript
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _torch_state(_: Transcript) -> Iterator[None]:
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    state, gradients = torch.random.get_rng_state(), torch.is_grad_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.random.set_rng_state(state)
        torch.set_grad_enabled(gradients)
        now = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        if now != (deterministic, warn_only):  # the call imports a compiler, which takes seconds
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        # The number is kept once for each thread that has asked, and once for those to come.
        if call(torch.get_num_threads, (), seconds=1).result != threads:
            torch.set_num_threads(threads)


@contextlib.contextmanager
def _numpy_state(_: Transcript) -> Iterator[None]:
    state, errors, printing = np.random.get_state(), np.geterr(), np.get_printoptions()
    try:
        yield
    finally:
        np.random.set_state(state)
        np.seterr(**errors)
        np.set_printoptions(**printing)


@contextlib.contextmanager
def _python_state(_: Transcript) -> Iterator[None]:
    state, depth, folder = random.getstate(), sys.getrecursionlimit(), _folder()
    try:
        yield
    finally:
        random.setstate(state)
        sys.setrecursionlimit(depth)
        if folder is not None and _folder() != folder:
            os.chdir(folder)


def _folder() -> str | None:
    """The working directory, or None if somebody has deleted it."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _figures(_: Transcript) -> Iterator[None]:
    """Matplotlib's settings and figures, if it is in use at all: importing it takes longer than most checks."""

    def module(name: str) -> Any:
        return sys.modules.get(name)

    settings = dict.copy(module("matplotlib").rcParams) if module("matplotlib") else None
    plt = module("matplotlib.pyplot")
    figures = plt.get_fignums() if plt else []
    current = plt.gcf().number if figures else None
    try:
        yield
    finally:
        if settings is not None and dict.copy(module("matplotlib").rcParams) != settings:
            dict.update(module("matplotlib").rcParams, settings)  # as they were: no second validation
        plt = module("matplotlib.pyplot")
        for number in plt.get_fignums() if plt else ():
            if number not in figures:
                plt.close(number)
        if current is not None and plt.fignum_exists(current):
            plt.figure(current)


@contextlib.contextmanager
def _shell(_: Transcript) -> Iterator[None]:
    """Nothing of what a function asks from the notebook it runs in: no exit, no question, no picture."""

    def leave(*_: Any, **__: Any) -> None:
        raise SystemExit

    def no_input(*_: Any, **__: Any) -> None:
        raise EOFError("nobody types during a check")

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(builtins, "input", no_input))
        if shell is not None:
            stack.enter_context(_replaced(shell, "ask_exit", leave))
            stack.enter_context(_replaced(shell.display_pub, "publish", lambda *_, **__: None))
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    own, before = name in vars(owner), getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before) if own else delattr(owner, name)
