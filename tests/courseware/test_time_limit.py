"""A guarded call: whatever a function does, the caller gets its turn back, and finds everything as it was."""

import builtins
import io
import itertools
import os
import random
import signal
import sys
import threading
import time
import warnings

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from courseware.exercises import time_limit
from courseware.text.execute import execute

# Functions that do not end


def plain():
    while True:
        pass


def catches_exceptions():
    while True:
        try:
            len([])
        except Exception:
            continue


def catches_everything():
    while True:
        try:
            sum(n for n in range(100))
        except:  # noqa: E722 (what students write)
            continue


def sleeps_and_catches_everything():
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def loops_on_in_finally():
    while True:
        try:
            while True:
                len([])
        finally:
            continue  # noqa: B012 (swallows whatever was raised)


def in_a_generator():
    return sum(1 for _ in itertools.count())


def in_torch():
    table = torch.eye(300)
    while True:
        table = table @ table


ENDLESS = [
    plain,
    catches_exceptions,
    catches_everything,
    sleeps_and_catches_everything,
    loops_on_in_finally,
    in_a_generator,
    in_torch,
]


@pytest.mark.parametrize("function", ENDLESS, ids=lambda function: function.__name__)
def test_a_function_that_does_not_end_is_stopped_within_its_time(function):
    threads = set(sys._current_frames())
    start = time.monotonic()
    outcome = time_limit.call(function, (), seconds=0.2)
    assert time.monotonic() - start < 0.2 + time_limit.PATIENCE + 2  # two seconds for a busy machine
    assert (outcome.late, outcome.running, outcome.error) == (True, False, None)
    assert set(sys._current_frames()) <= threads


def test_a_function_that_waits_for_the_processor_keeps_its_time():
    """A right answer on a busy machine: it works for 0.2 seconds and waits for 0.4, of which a third counts."""

    def works_and_waits():
        for _ in range(4):
            end = time.thread_time() + 0.05
            while time.thread_time() < end:
                pass
            time.sleep(0.1)
        return "done"

    start = time.monotonic()
    outcome = time_limit.call(works_and_waits, (), seconds=5)
    assert (outcome.result, outcome.late) == ("done", False)
    assert outcome.used < 0.8 * (time.monotonic() - start)


def test_a_function_that_only_waits_is_stopped_too():
    outcome = time_limit.call(lambda: [time.sleep(0.01) for _ in range(1000)], (), seconds=0.1)
    assert (outcome.late, outcome.running) == (True, False)


def test_an_import_is_not_stopped_half_way(tmp_path, monkeypatch):
    """Its parts would stay in place, and each later import would find a broken module."""
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nfor _ in range(60):\n    time.sleep(0.01)\nready = True\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import slow_to_import

        return slow_to_import.ready

    outcome = time_limit.call(imports, (), seconds=0.2)
    assert (outcome.result, outcome.late) == (True, False)
    assert outcome.used < 0.2


def test_an_import_that_does_not_end_is_stopped(tmp_path, monkeypatch):
    (tmp_path / "never_imported.py").write_text("while True:\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(time_limit, "IMPORTING", 0.3)

    def imports():
        import never_imported  # noqa: F401  # the import is what takes time

    outcome = time_limit.call(imports, (), seconds=0.1)
    assert (outcome.late, outcome.running) == (True, False)


def test_what_sleeps_in_c_is_left_behind_until_it_wakes():
    woken = []

    def sleeps():
        time.sleep(time_limit.PATIENCE + 0.8)
        woken.append(True)

    start = time.monotonic()
    outcome = time_limit.call(sleeps, (), seconds=0.1)
    assert time.monotonic() - start < time_limit.PATIENCE + 2
    assert outcome.late
    assert outcome.running
    time.sleep(1.5)
    assert woken == []


def test_the_time_limit_holds_in_any_thread():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(time_limit.call(plain, (), seconds=0.1)))
    thread.start()
    thread.join(10)
    assert outcomes[0].late
    assert not outcomes[0].running


def test_who_is_stopped_is_not_traced_any_more():
    time_limit.call(plain, (), seconds=0.05)
    assert sys.gettrace() is None
    assert time_limit.call(sys.gettrace, (), seconds=5).result is None


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyboardInterrupt(), SystemExit(2), GeneratorExit()], ids=lambda error: repr(error)
)
def test_what_is_raised_comes_back(error):
    def raises():
        raise error

    assert time_limit.call(raises, (), seconds=5).error is error


def test_recursion_without_end_comes_back_as_an_error():
    def deeper(n):
        return sorted([1, 2], key=lambda _: deeper(n + 1))

    assert isinstance(time_limit.call(deeper, (0,), seconds=5).error, RecursionError)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent by a signal")
def test_an_interrupt_reaches_the_caller_and_stops_the_function():
    threads = set(sys._current_frames())

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        plain()

    with pytest.raises(KeyboardInterrupt):
        time_limit.call(interrupted, (), seconds=60)
    # On a busy machine its thread takes a moment to end.
    until = time.monotonic() + 20
    while set(sys._current_frames()) - threads and time.monotonic() < until:
        time.sleep(0.05)
    assert set(sys._current_frames()) <= threads


# What is put back


def replace_streams():
    sys.stdout, sys.stderr, sys.stdin = io.StringIO(), None, None


def draw_numbers():
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)


def set_numpy():
    np.seterr(all="raise")
    np.set_printoptions(precision=1)


def set_torch():
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True, warn_only=True)


def set_threads():
    torch.set_num_threads(torch.get_num_threads() + 1)


def set_python():
    sys.setrecursionlimit(sys.getrecursionlimit() + 1000)
    os.chdir("/")
    warnings.simplefilter("error")


def draw_figures():
    plt.rcParams["figure.figsize"] = (1, 1)
    plt.figure()
    plt.figure()


def surroundings():
    return {
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "input": builtins.input,
        "filters": list(warnings.filters),
        "random": random.getstate(),
        "numpy random": str(np.random.get_state()),
        "numpy": (np.geterr(), np.get_printoptions()),
        "torch random": torch.random.get_rng_state().tolist(),
        "torch": (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()),
        "torch in a new thread": time_limit.call(torch.get_num_threads, (), seconds=5).result,
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "python": (sys.getrecursionlimit(), os.getcwd()),
        "figures": (plt.get_fignums(), plt.gcf().number, dict(matplotlib.rcParams)),
    }


CHANGES = [replace_streams, draw_numbers, set_numpy, set_torch, set_threads, set_python, draw_figures]


@pytest.mark.parametrize("in_thread", [True, False], ids=["called under guard", "called directly"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_function_changes_is_put_back(change, in_thread):
    plt.figure(7)
    plt.figure(8)
    plt.figure(7)
    try:
        before = surroundings()
        with time_limit.unchanged():
            if in_thread:
                assert time_limit.call(change, (), seconds=5).error is None
            else:
                change()
        assert surroundings() == before
    finally:
        plt.close("all")


def test_each_of_these_changes_shows_without_the_guard():
    """Or the test above would test nothing."""
    plt.figure(7)
    for change in CHANGES:
        with time_limit.unchanged():
            before = surroundings()
            change()
            assert surroundings() != before, change
    plt.close("all")


def test_printing_is_shortened_and_counted(capsys):
    with time_limit.unchanged() as transcript:
        print("a line " * 1000)
        for n in range(9_999):
            print(n, file=sys.stderr if n % 2 else sys.stdout)
    assert transcript.lines == 10_000
    assert transcript.text == ("a line " * 1000)[:200]
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_is_gone_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    with time_limit.unchanged():
        os.chdir(gone)
        if sys.platform != "win32":  # where a folder in use cannot be deleted
            gone.rmdir()
    assert os.getcwd() == str(tmp_path)


def test_nobody_is_asked_for_input():
    with time_limit.unchanged():
        assert isinstance(time_limit.call(input, ("?",), seconds=5).error, EOFError)


# In a kernel

CELLS = [
    """
import threading, time
import torch
from IPython.display import display
from courseware.exercises.function import Function
from courseware.exercises.questions import Exercise

double = Exercise("double", "Twice", (
    Function("double", "double(x)", lambda x: 2 * x, lambda g: [(torch.rand(3, generator=g),)], seconds=1),
))
kept = {"answer": 42}
""",
    """
def endless(x):
    kept["seen"] = True
    while True:
        try:
            len(kept)
        except Exception:
            pass

start = time.monotonic()
print(repr(double.check(endless)).splitlines()[1].strip()[:20], time.monotonic() - start < 5)
""",
    "print(double.check(lambda x: exit()).findings[0].message)",
    "print(double.check(lambda x: get_ipython().ask_exit()).findings[0].message)",
    "print(double.check(lambda x: input('?')).findings[0].message)",
    """
def shows(x):
    for _ in range(20):
        display("a lot")
    return 2 * x

print(double.check(shows).passed)
""",
    """
from matplotlib import pyplot as plt

def draws(x):
    plt.plot([1, 2])
    return 2 * x

print(double.check(draws).passed, plt.get_fignums())
""",
    """
reports = []
thread = threading.Thread(target=lambda: reports.append(double.check(endless)))
thread.start(); thread.join()
print(reports[0].state.value)
""",
    """
import os, signal
def interrupted(x):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)

try:
    double.check(interrupted)
except KeyboardInterrupt:
    print("interrupted")
""",
    "display('still here')\nprint(kept)",
]
PRINTED = [
    "",
    "It takes too long: a True",
    "It raised SystemExit.",
    "It raised SystemExit.",
    "It raised EOFError: nobody types during a check.",
    "True",
    "True []",
    "not yet",
    "interrupted",
    "{'answer': 42, 'seen': True}",
]


@pytest.mark.skipif(sys.platform == "win32", reason="the interrupt button is tried by a signal")
def test_a_kernel_survives_all_of_it_with_its_state(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    executed = execute(notebook, folder=tmp_path)
    printed = [[output for output in cell.outputs if output.output_type == "stream"] for cell in executed.cells]
    assert ["".join(output.text for output in outputs).strip() for outputs in printed] == PRINTED
    shown = [len(cell.outputs) for cell in executed.cells]
    assert shown == [0, 1, 1, 1, 1, 1, 1, 1, 1, 2]
