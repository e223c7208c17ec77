"""A class of hostile and damaged submissions, graded in one run: each gets its own points, and nobody else's change."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook

from courseware.cli import main
from courseware.grading.release import source_notebook

ROOT = Path(__file__).resolve().parents[2]
SHEET = "02_kernel_regression"
EXERCISES = ("hand_example", "predictions", "units")  # 3, 2 and 3 points; the others are left out
CELL_SECONDS = 8

# Each stands before a right answer to `units`. Where it fails, as it must, the answer is never given: 5 points remain.
PRELUDE = """\
import ctypes, os, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
course = {course!r}
links = {{n: os.readlink(f'/proc/self/fd/{{n}}') for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{{n}}')}}
[wire] = [n for n, link in links.items() if 'socket' in link]
"""
HOSTILE = {
    # files
    "chmod gradebook": "os.chmod(course + '/gradebook.db', 0)",
    "chmod source": "os.chmod(course + '/source', 0)",
    "chmod the library": "os.chmod(os.__file__, 0)",
    "chown submitted": "os.chown(course + '/submitted', 1, 1)",
    "utime gradebook": "os.utime(course + '/gradebook.db', (0, 0))",
    "extended attribute": "os.setxattr(course + '/gradebook.db', 'user.x', b'x')",
    "delete gradebook": "os.unlink(course + '/gradebook.db')",
    "list the course": "os.listdir(course)",
    "read a source": "open(course + '/source/02_kernel_regression/02_kernel_regression.ipynb').read()",
    "read the solutions": "open({root!r} + '/course/exercises/02_kernel_regression.py').read()",
    "read the checks": "open({root!r} + '/src/visual_attention/exercises/kernel_regression.py').read()",
    "read passwords": "open('/etc/passwd').read()",
    "write into the library": "open(os.__file__, 'a')",
    "write into /": "open('/x', 'w')",
    "fill the disk": "open('/tmp/x', 'wb').write(bytes(2**27))",
    "many full files": "for n in range(99): open(f'/tmp/{{n}}', 'wb').write(bytes(2**20))",
    "fill /dev/shm": "open('/dev/shm/x', 'wb')",
    # processes
    "fork": "os.fork()",
    "fork in C": "assert ctypes.pythonapi.fork() != -1",
    "clone in C": "assert libc.syscall(56, 17, 0, 0, 0, 0) != -1",
    "fork_exec": "__import__('subprocess').run(['/bin/true'])",
    "posix_spawn": "os.posix_spawn('/bin/true', ['true'], {{}})",
    "multiprocessing": "__import__('multiprocessing').Process(target=print).start()",
    "threads without end": "for n in range(500): threading.Thread(target=time.sleep, args=(600,)).start()",
    "kill the parent": "os.kill(os.getppid(), 9)",
    "kill all": "os.kill(-1, 9)",
    "slow the judge": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "one processor for the judge": "os.sched_setaffinity(os.getppid(), {{0}})",
    "trace": "assert libc.ptrace(16, 1, 0, 0) == 0",
    "user namespace": "assert libc.unshare(0x10000000) == 0",
    # memory
    "memory file": "os.memfd_create('x')",
    "System V memory": "assert libc.shmget(0, 2**20, 0o1600) != -1",
    "shared memory": "m = __import__('mmap').mmap(-1, 4 * 2**30); m.write(bytes(2**20))",
    "pile of bytes": "pile = []\nwhile True: pile.append(bytearray(10**7))",
    "raise the limit": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    # network
    "TCP": "socket.create_connection(('127.0.0.1', 22), timeout=2)",
    "UDP": "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9)); s.send(b'x')",
    "hypervisor": "socket.socket(40, socket.SOCK_STREAM)",
    # the judge
    "endless loop": "while True: pass",
    "endless printing": "while True: print('x' * 1000)",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "exit": "os._exit(0)",
    "crash": "ctypes.string_at(0)",
    "descriptors closed": "os.closerange(3, 256)",
    "40 MB, byte by byte": (
        "os.write(wire, struct.pack('!Q', 40 * 2**20))\nwhile True: os.write(wire, b'['); time.sleep(0.002)"
    ),
    "too long a message": "os.write(wire, struct.pack('!Q', 2**40)); time.sleep(60)",
    "too many parts": "d = b'[' * 10**6; os.write(wire, struct.pack('!Q', len(d)) + d); time.sleep(60)",
    "nested lists": "d = b'[],' * 10**7; s = socket.socket(fileno=wire); s.sendall(struct.pack('!Q', len(d)) + d)",
    "no message": "os.write(wire, struct.pack('!Q', 4) + b'\\xff' * 4); time.sleep(60)",
    "half a character in an error": "raise ValueError('\\ud800')",
    "half a character in a name": "raise type('\\ud800', (Exception,), {{}})()",
}
# Each follows the right answer to `units`, and replaces it.
ANSWERS = {
    "nested lists as an answer": "metres = [[[[[0.0] * 9] * 9] * 99] * 99] * 99",
    "a list in itself": "metres = []\nmetres.append(metres)",
    "a long text": "metres = 'x' * 10**8",
    "a long number": "metres = 10**100_000",
    "a large array": "import torch\nmetres = torch.zeros(1).expand(10**12)",
    "an object equal to all": "class All:\n    def __eq__(self, other): return True\nmetres = All()",
    "a number without end": (
        "class Endless(float):\n    def __float__(self):\n        while True: pass\nmetres = Endless()"
    ),
    "half a character as an answer": "metres = '\\ud800'",
}
# These do no harm, and cost nothing.
HARMLESS = {
    "half a character printed": "print('\\ud800')",
    "half a character as a value": "'\\udfff'",
    "much printed": "print('x' * 10**7)",
    "a loud warning": "import warnings; warnings.warn('\\ud800')",
}


def solution(answers):
    return "\n".join(line for line in answers.split("\n") if "SOLUTION" not in line)


RIGHT = {
    cell.metadata.nbgrader.grade_id: solution(cell.source)
    for cell in source_notebook((ROOT / "course" / "exercises" / f"{SHEET}.py").read_text("utf-8"), 0, {}).cells
    if cell.metadata.get("nbgrader", {}).get("solution")
}


def grade_id(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def answered(course, before="", after=""):
    """The released sheet with three right answers and no others, as plain JSON."""
    notebook = json.loads((course / "release" / SHEET / f"{SHEET}.ipynb").read_text("utf-8"))
    kept = []
    for cell in notebook["cells"]:
        name = grade_id(cell)
        if name.startswith("answer-"):
            if name.split("-")[1] not in EXERCISES:
                continue
            cell["source"] = RIGHT[name]
            if name == "answer-units-1":
                cell["source"] = "\n".join(filter(None, (before, RIGHT[name], after)))
        kept.append(cell)
    notebook["cells"] = kept
    return notebook


def change(key, value, every=True):
    """Damage to the cells: a key set to a value."""

    def damage(notebook):
        for cell in notebook["cells"] if every else notebook["cells"][:1]:
            cell[key] = value

    return damage


def top(**keys):
    return lambda notebook: notebook.update(keys)


def units(text):
    def damage(notebook):
        for cell in notebook["cells"]:
            if grade_id(cell) == "answer-units-1":
                cell["source"] = text + cell["source"]

    return damage


def cells(function):
    def damage(notebook):
        notebook["cells"] = function(notebook["cells"])

    return damage


MARKDOWN = {"cell_type": "markdown", "metadata": {}, "id": "mine"}
SCRIPT = "<script>fetch('/api/contents')</script>"
# What is done to the bytes of a notebook, and to its content, with what becomes of it.
BYTES = {
    "byte-order mark": ("graded", lambda data: b"\xef\xbb\xbf" + data),
    "UTF-16": ("graded", lambda data: data.decode().encode("utf-16")),
    "UTF-16, big end first": ("graded", lambda data: data.decode().encode("utf-16-be")),
    "UTF-32": ("graded", lambda data: data.decode().encode("utf-32")),
    "Latin-1": (
        "graded",
        lambda data: data.replace(b'"cells"', b'"\xe4": 1, "cells"', 1),
    ),
    "Windows line ends": ("graded", lambda data: data.replace(b"\n", b"\r\n")),
    "no number": ("graded", lambda data: data.replace(b'"nbformat_minor": 5', b'"x": NaN, "nbformat_minor": 5')),
    "empty file": ("refused", lambda data: b""),
    "cut off": ("refused", lambda data: data[: len(data) // 2]),
    "null": ("refused", lambda data: b"null"),
    "a list": ("refused", lambda data: b"[]"),
    "a number": ("refused", lambda data: b"3"),
    "no text": ("refused", lambda data: bytes(range(256)) * 9),
    "a zip file": ("refused", lambda data: b"PK\x03\x04" + data),
    "brackets without end": ("refused", lambda data: b"[" * 10**6),
    "30 MB": ("refused", lambda data: data + b" " * 30 * 2**20),
}
CONTENT = {
    "half a character in a cell": ("graded", units("# \ud800\n")),
    "half a character in the metadata": ("graded", lambda notebook: notebook["metadata"].update(title="\ud800")),
    "half a character in a text": ("graded", cells(lambda each: [*each, MARKDOWN | {"source": "\ud800"}])),
    "script in a text": ("graded", cells(lambda each: [*each, MARKDOWN | {"source": SCRIPT}])),
    "script in a raw cell": ("graded", cells(lambda each: [*each, MARKDOWN | {"source": SCRIPT, "cell_type": "raw"}])),
    "kernel of another language": ("graded", lambda notebook: notebook["metadata"].update(kernelspec={"name": "ir"})),
    "kernel that is a list": ("graded", lambda notebook: notebook["metadata"].update(kernelspec=[1])),
    "no metadata": ("graded", top(metadata={})),
    "doubled cells": ("graded", cells(lambda each: each + each)),
    "deleted tests": ("graded", cells(lambda each: [cell for cell in each if "test-" not in grade_id(cell)])),
    "outputs of any kind": (
        "graded",
        cells(lambda each: [cell | ({"outputs": [1]} if cell["cell_type"] == "code" else {}) for cell in each]),
    ),
    "the same id everywhere": ("graded", change("id", "same")),
    "lists of lines": (
        "graded",
        cells(lambda each: [cell | {"source": "".join(cell["source"]).splitlines(True)} for cell in each]),
    ),
    "zero bytes in a text": ("graded", cells(lambda each: [*each, MARKDOWN | {"source": "\0"}])),
    "backwards": ("less", cells(lambda each: each[::-1])),
    "no cells": ("nothing", cells(lambda each: [])),
    "cells that are null": ("refused", top(cells=None)),
    "cells that are numbers": ("refused", top(cells=[1, 2])),
    "a format of numbers to come": ("refused", top(nbformat=99)),
    "a format in words": ("refused", top(nbformat="four")),
    "a cell without text": ("refused", cells(lambda each: [*each, {"cell_type": "code", "metadata": {}}])),
    "a cell of another kind": ("refused", cells(lambda each: [*each, MARKDOWN | {"source": "", "cell_type": "x"}])),
    "a text that is a number": ("refused", cells(lambda each: [*each, MARKDOWN | {"source": 3}])),
    "metadata that are a list": ("refused", change("metadata", [])),
    "nbgrader's metadata a list": ("graded", change("metadata", {"nbgrader": []})),
}
DAMAGED = BYTES | CONTENT
PLACES = ("link to a file", "link to a folder", "broken link", "folder", "pipe", "link beside it")


def student(group, name):
    return f"{group}-{re.sub('[^a-z0-9]+', '_', name.lower())}"


def submit(course, who, data):
    folder = course / "submitted" / who / SHEET
    folder.mkdir(parents=True)
    (folder / f"{SHEET}.ipynb").write_bytes(data)


def put(course):
    """Hand in all of them; the name sorts the right ones before and behind all others."""
    sound = json.dumps(answered(course)).encode()
    for who in ("a-first", "z-last"):
        submit(course, who, sound)
    places = {"course": str(course), "root": str(ROOT)}
    for name, code in HOSTILE.items():
        source = (PRELUDE + code).format(**places)
        submit(course, student("h", name), json.dumps(answered(course, before=source)).encode())
    for name, code in ANSWERS.items():
        submit(course, student("k", name), json.dumps(answered(course, after=code)).encode())
    for name, code in HARMLESS.items():
        submit(course, student("m", name), json.dumps(answered(course, before=code)).encode())
    for name, (_, damage) in BYTES.items():
        submit(course, student("d", name), damage(sound))
    for name, (_, damage) in CONTENT.items():
        notebook = answered(course)
        damage(notebook)
        submit(course, student("d", name), json.dumps(notebook).encode())
    submitted, file = course / "submitted", f"{SHEET}.ipynb"
    for name in PLACES:
        folder = submitted / student("p", name) / SHEET
        if name == "link to a folder":
            folder.parent.mkdir()
            folder.symlink_to(submitted / "a-first" / SHEET)
            continue
        folder.mkdir(parents=True)
        if name == "link to a file":
            (folder / file).symlink_to(submitted / "a-first" / SHEET / file)
        elif name == "broken link":
            (folder / file).symlink_to("/nowhere")
        elif name == "folder":
            (folder / file).mkdir()
        elif name == "pipe":
            os.mkfifo(folder / file)
        else:
            (folder / file).write_bytes(sound)
            (folder / "notes.txt").symlink_to(course / "gradebook.db")


@pytest.fixture(scope="module")
def round_(tmp_path_factory):
    """Points by student (None if nothing was graded), nbgrader's log, the course, and what was left behind."""
    course = tmp_path_factory.mktemp("grading")
    before = os.umask(0o022)
    try:
        assert main(["release", "--course-dir", str(course), "--seed", "11", "2"]) == 0
    finally:
        os.umask(before)
    config = course / "nbgrader_config.py"
    text = config.read_text("utf-8")
    for setting, value in (("cell_seconds", CELL_SECONDS), ("notebook_seconds", 60), ("memory_mb", 512)):
        text, count = re.subn(rf"c\.Judge\.{setting} = \d+", f"c.Judge.{setting} = {value}", text)
        assert count == 1
    config.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", SHEET], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    put(course)
    temporary = tmp_path_factory.mktemp("temporary")
    start = time.monotonic()
    command = [sys.executable, "-m", "courseware.cli", "grade", SHEET, "--course-dir", str(course), "--jobs", "2"]
    log = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"TMPDIR": str(temporary)})
    seconds = time.monotonic() - start
    points = dict.fromkeys(path.name for path in (course / "submitted").iterdir())
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(SHEET):
            if (course / "autograded" / submission.student.id).exists():
                points[submission.student.id] = submission.score
    print(f"{len(points)} submissions in {seconds:.0f} s")
    for name, score in sorted(points.items()):
        print(f"{name:<45} {'refused' if score is None else score}")
    return points, log, course, temporary


def test_the_right_ones_among_them_get_their_points(round_):
    points, log, _, _ = round_
    assert points["a-first"] == points["z-last"] == 8, log.stderr[-3000:]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_attack_fails_and_costs_its_own_exercise(round_, name):
    assert round_[0][student("h", name)] == 5


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_a_strange_kind_costs_its_own_exercise(round_, name):
    assert 5 <= round_[0][student("k", name)] < 8


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_no_harm_costs_nothing(round_, name):
    assert round_[0][student("m", name)] == 8


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_submission_is_graded_or_named(round_, name):
    points, log, _, _ = round_
    who, expected = student("d", name), DAMAGED[name][0]
    allowed = {"graded": [8], "refused": [None], "nothing": [0], "less": range(8)}
    assert points[who] in allowed[expected]
    assert (points[who] is None) == (f"for student '{who}'" in log.stderr)


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_not_followed(round_, name):
    points, log, course, _ = round_
    who = student("p", name)
    assert points[who] == (8 if name == "link beside it" else None)
    if name == "folder":
        assert f"for student '{who}'" in log.stderr
    else:
        assert re.search(rf"submitted/{who}\b.* is a link or no file: taken away", log.stderr)
    assert not (course / "autograded" / who / SHEET / "notes.txt").exists()


def test_nothing_is_left_running_or_on_disk(round_):
    _, _, _, temporary = round_
    left = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "courseware.grading.worker" in " ".join(line) and not psutil.pid_exists(json.loads(line[-1])["number"]):
            left.append(process)
    assert left == []
    assert [path.name for path in temporary.rglob("*") if path.is_file() or path.name.startswith("grading-")] == []


def test_nobody_else_gets_into_the_course(round_):
    _, _, course, _ = round_
    assert course.stat().st_mode & 0o777 == 0o700
    assert (course / "gradebook.db").stat().st_mode & 0o777 == 0o600


def test_no_script_reaches_the_pages(round_):
    _, _, course, _ = round_
    for name in ("script in a text", "script in a raw cell"):
        notebook = nbformat.read(course / "autograded" / student("d", name) / SHEET / f"{SHEET}.ipynb", as_version=4)
        texts = [cell.source for cell in notebook.cells if "<script" in cell.source]
        assert texts == [f"    {SCRIPT}\n"]  # a block of code
