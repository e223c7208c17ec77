"""The process in which a submitted notebook runs: one for each submission, started and ended by `session`.

It runs cells and calls functions when it is asked to, and answers with plain data. Whatever a student's code does to
it, the judgement is made elsewhere.
"""

import ast
import builtins
import contextlib
import importlib.abc
import importlib.machinery
import inspect
import io
import json
import socket
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import torch
from IPython.core.inputtransformer2 import TransformerManager

from courseware.exercises import tools
from courseware.exercises.probe import probe, probe_loop
from courseware.grading.sandbox import become_nobody, limit
from courseware.grading.wire import Channel, WireError, decode, encode

PRINTED = 2000  # characters of a cell's output that are kept


class Absent:
    """Stands for a withheld module and everything in it: all attributes and items are there, calls do nothing."""

    def __getattr__(self, name: str) -> "Absent":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> "Absent":
        return self

    def __call__(self, *arguments: Any, **named: Any) -> None:
        return None


class AbsentModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the withheld packages as empty ones, so that a cell that imports the checks goes on."""

    def __init__(self, packages: list[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if any(name == package or name.startswith(package + ".") for package in self.packages):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        vars(module)["__getattr__"] = Absent().__getattr__


class Shortened(io.TextIOBase):
    """Keeps the first characters written to it and drops the rest."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text[: max(0, PRINTED - len(self.text))]
        return len(text)


class Notebook:
    """The namespace of a submission, and the functions that were asked for."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": Absent}
        self.functions: list[Callable] = []

    def run(self, source: str) -> dict:
        """Run a cell; what it printed, the value of its last line included."""

        def cell() -> None:
            body = ast.parse(TransformerManager().transform_cell(source)).body
            last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
            if last is not None:
                body.pop()
            exec(compile(ast.Module(body, []), "<cell>", "exec"), self.namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last), "<cell>", "eval"), self.namespace)
                if value is not None and not isinstance(value, Absent):
                    print(repr(value))

        return _captured(cell)[1]

    def answer(self, name: str) -> dict:
        """The value of a name; a blank if there is none."""
        value, report = _captured(lambda: encode(self.namespace.get(name, ...), self._keep))
        return {"value": value or {"object": "object"}} | report

    def call(self, function: int, arguments: list, seed: int, watch: bool) -> dict:
        """Call one of the functions; its result, the arguments that it changed and, to be watched, what it used."""
        given = [decode(argument) for argument in arguments]
        torch.manual_seed(seed)
        record = None

        def called() -> dict:
            nonlocal record
            with tools.watched() if watch else contextlib.nullcontext() as record:
                result = self.functions[function](*given)
            return encode(result)  # not watched: this is none of the student's doing

        value, report = _captured(called)
        used = record and {
            "used": sorted(record.used),
            "calls": record.calls,
            "largest": record.largest,
            "entries": record.entries,
        }
        return report | {"value": value, "arguments": [encode(argument) for argument in given], "used": used}

    def probe(self, made: int, arguments: dict, named: dict, state: dict, inputs: dict, seed: int, method: str) -> dict:
        """Look at one of the classes that were asked for, as `courseware.exercises.probe` does."""

        def looked() -> dict:
            given = (
                tuple(decode(arguments)),
                dict(decode(named)),
                list(map(tuple, decode(state))),
                tuple(decode(inputs)),
            )
            return encode(probe(self.functions[made], *given, seed, method).to_list())

        value, report = _captured(looked)
        return report | {"value": value}

    def probe_loop(self, function: int, recipe: dict, state: dict, arguments: dict, seed: int) -> dict:
        """Look at one of the functions that were asked for, a training loop."""

        def looked() -> dict:
            given = decode(recipe), list(map(tuple, decode(state))), tuple(decode(arguments))
            return encode(probe_loop(self.functions[function], *given, seed).to_list())

        value, report = _captured(looked)
        return report | {"value": value}

    def _keep(self, function: Callable) -> dict:
        self.functions.append(function)
        try:
            parameters = [str(name) for name in inspect.signature(function).parameters]
        except (TypeError, ValueError):
            parameters = []
        return {"function": len(self.functions) - 1, "parameters": parameters}


def _captured(action: Callable[[], Any]) -> tuple[Any, dict]:
    """The result of `action`, and a report of what it printed and raised."""
    sink, result, error = Shortened(), None, None
    before, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), sink, sink
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = action()
    except BaseException as raised:
        message = str(raised)[:PRINTED]
        error = {
            "name": type(raised).__name__,
            "message": message,
            "line": _line(raised),
            "memory": isinstance(raised, MemoryError) or "allocate memory" in message,
        }
    finally:
        sys.stdout, sys.stderr = before
    return result, {"printed": sink.text, "error": error}


def _line(error: BaseException) -> int:
    """The line of the cell at which an error was raised, 0 if it was none of a cell."""
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<cell>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def main() -> None:
    """Set up with the options on the command line, then answer what comes until the connection closes."""
    options = json.loads(sys.argv[1])
    channel = Channel(socket.socket(fileno=options["descriptor"]))
    try:
        sys.meta_path.insert(0, AbsentModules(options["withheld_packages"]))
        vars(builtins)["display"] = lambda *values, **named: print(*values)
        limit(options["memory"], options["processor_seconds"])
        if options["sandbox"]:
            become_nobody(options["number"])
    except Exception as error:
        channel.send({"failed": f"{type(error).__name__}: {error}"})
        return
    channel.send({"ready": True})
    notebook = Notebook()
    names = ("run", "answer", "call", "probe", "probe_loop")
    actions: dict[str, Callable[..., dict]] = {name: getattr(notebook, name) for name in names}
    while True:
        try:
            action, arguments = channel.receive()
            channel.send(actions[action](*arguments))
        except WireError:
            return


if __name__ == "__main__":
    main()
