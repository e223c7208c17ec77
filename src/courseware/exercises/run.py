"""One call of a student's function under guard, and what became of it as plain data."""

import contextlib
import inspect
import linecache
import re
import types
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from courseware.exercises import reading, time_limit, tools

__all__ = ["Run", "copies", "run", "run_trusted"]


NOTHING = reading.Other("nothing")  # that was asked to return: it was stopped or has raised


@dataclass(frozen=True)
class Run:
    """What became of one call of a student's function."""

    result: torch.Tensor | reading.Other = NOTHING
    error: str | None = None
    line: int = 0  # where it was raised in the student's code, 0 if unknown
    source: str = ""
    unwritten: bool = False
    calls: str = ""  # the student's other function that is not written yet
    changed: str = ""
    printed: str = ""
    late: bool = False
    running: bool = False
    used: float = 0.0  # seconds of the time limit
    record: tools.Record | None = None  # what it used, if that was watched


def run(
    function: Callable,
    case: tuple,
    like: torch.Tensor,
    *,
    seed: int,
    seconds: float,
    squeeze: bool = False,
    watch: bool = False,
) -> Run:
    """Call a student's function on copies of a case, under a time limit. `like` is the result that is expected.

    Whatever belongs to the student is touched while the guard is up, so that it may raise and take its time there.
    """
    with time_limit.unchanged() as transcript:
        torch.default_generator.manual_seed(seed)
        outcome = time_limit.call(_attempt, (function, case, like, squeeze, watch), seconds)
    printed = _printed(transcript)
    if outcome.late:
        return Run(printed=printed, late=True, running=outcome.running, used=outcome.used)
    if outcome.error is not None:
        return Run(
            error="what cannot be read: an object or an exception of your own?", printed=printed, used=outcome.used
        )
    return replace(outcome.result, printed=printed, used=outcome.used)


def run_trusted(function: Callable, case: tuple, like: torch.Tensor, *, squeeze: bool = False) -> Run:
    """Call a function of the exercise's own: it ends, and only its result or its error is of interest."""
    try:
        return Run(reading.result(function(*copies(case)), like, squeeze=squeeze))
    except Exception as error:
        return Run(error=_named(error))


def copies(arguments: tuple) -> tuple:
    return tuple(a.clone() if isinstance(a, torch.Tensor) else a for a in arguments)


def _attempt(function: Callable, case: tuple, like: torch.Tensor, squeeze: bool, watch: bool) -> Run:
    arguments = copies(case)
    record = None
    try:
        with tools.watched() if watch else contextlib.nullcontext() as record:
            value = function(*arguments)
    except BaseException as error:  # one that stops the function is raised again by the guard
        attempt = _raised(error, function)
    else:
        attempt = Run(reading.result(value, like, squeeze=squeeze))
    changed = (
        name
        for name, old, new in zip(_argument_names(function, len(case)), case, arguments, strict=True)
        if isinstance(old, torch.Tensor) and not _identical(old, new)
    )
    return replace(attempt, changed=next(changed, ""), record=record)


def _identical(old: torch.Tensor, new: torch.Tensor) -> bool:
    old, plain = old.detach(), reading.result(new, old)
    if not isinstance(plain, torch.Tensor) or old.shape != plain.shape:
        return False
    return bool(((old == plain) | (old != old) & (plain != plain)).all())  # nan is no other number than nan


def _raised(error: BaseException, function: Callable) -> Run:
    code, line, source = _place(error, function)
    # An empty message or the stub's; PyTorch raises NotImplementedError too, with a text of its own.
    stub = isinstance(error, NotImplementedError) and _message(error) in ("", "your turn")
    own = getattr(inspect.unwrap(function), "__code__", code)
    other = code.co_name if code is not None and code is not own else ""
    return Run(
        error=_named(error),
        line=line,
        source=source,
        unwritten=stub and not other,
        calls=other if stub else "",
    )


def _printed(transcript: time_limit.Transcript) -> str:
    text = _plain(transcript.text, limit=60)
    if transcript.lines > 1:
        return f'(It also printed {transcript.lines:,} lines, "{text}" first: hidden here.)'
    return f'(It also printed "{text}": hidden here.)' if text else ""


def _named(error: BaseException) -> str:
    """The type of an exception and its message, if it has one."""
    return ": ".join(filter(None, (reading.type_name(error), _message(error))))


def _message(error: BaseException) -> str:
    try:
        return _plain(str(error)[:10_000])
    except Exception:  # an exception of the student's own, whose text cannot be made
        return ""


def _place(error: BaseException, function: Callable) -> tuple[types.CodeType | None, int, str]:
    """The student's own function that raised, with number and text of the line; None and 0 if it cannot be told.

    No file name: a kernel gives its cells random ones.
    """
    code = inspect.unwrap(function)
    if not isinstance(code, types.FunctionType):
        code = type(code).__call__
    namespace = getattr(code, "__globals__", None)
    raised, line, source = None, 0, ""
    traceback = error.__traceback__
    while traceback is not None:
        # All cells of a notebook share one namespace: the innermost frame in it is the student's.
        if traceback.tb_frame.f_globals is namespace:
            raised, line = traceback.tb_frame.f_code, traceback.tb_lineno
            source = _plain(linecache.getline(raised.co_filename, line))
        traceback = traceback.tb_next
    return raised, line, source


def _argument_names(function: Callable, count: int) -> list[str]:
    """The student's own names for the positional arguments, or their numbers where Python cannot tell."""
    numbers = [f"number {i + 1}" for i in range(count)]
    try:
        names = [str(name) for name in inspect.signature(function).parameters][:count]
    except (TypeError, ValueError):
        return numbers
    return names + numbers[len(names) :]


def _plain(text: str, limit: int = 160) -> str:
    """One printable line without memory addresses, cut at the limit."""
    text = " ".join(re.sub(r"0x[0-9a-fA-F]{6,}", "0x…", text).split())
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= limit else text[: limit - 1] + "…"
