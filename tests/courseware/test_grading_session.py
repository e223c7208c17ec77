"""Submitted code in a process of its own: what comes back, what it may use, and how it ends."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

import visual_attention
from courseware.cli import main
from courseware.exercises import tools
from courseware.exercises.function import Function
from courseware.exercises.points import worth
from courseware.exercises.questions import Exercise, Mistake, Value
from courseware.exercises.report import State
from courseware.grading import sandbox, score
from courseware.grading.session import Limits, Session, SessionError, StoppedError
from courseware.grading.wire import LENGTH, Channel, WireError, decode, encode

ROOT = Path(__file__).resolve().parents[2]
WITHHELD = "visual_attention.exercises"
LIMITS = Limits(cell_seconds=20, call_seconds=3, notebook_seconds=120, memory_mb=512)


@pytest.fixture(scope="module")
def session():
    with Session(LIMITS, withheld_packages=[WITHHELD], withheld=[ROOT]) as session:
        yield session


def error_of(session, source):
    run = session.run(source)
    assert run.error is not None, run
    return run.error


def test_this_machine_has_the_sandbox():
    assert sandbox.refusal() is None


# ---- plain data


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -0.5,
        "b",
        ...,
        [1, [2.0, "x"], None],
        torch.arange(6).reshape(2, 3),
        torch.tensor([[True], [False]]),
        torch.tensor(1.5, dtype=torch.bfloat16),
        torch.tensor([1 + 2j]),
        torch.empty(0, 3),
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(4)[::2][:1],
        torch.ones(2, requires_grad=True),
        np.array([[1.0, 2.0]]),
        np.array(["a"]).size,
    ],
    ids=repr,
)
def test_plain_data_arrives_as_it_was(value):
    back = decode(json.loads(json.dumps(encode(value))))
    assert type(back) is type(value)
    if isinstance(value, torch.Tensor):
        assert back.dtype == value.dtype
        assert back.requires_grad == value.requires_grad
        assert torch.equal(back, value)
    elif isinstance(value, np.ndarray):
        assert np.array_equal(back, value)
    else:
        assert back == value


def test_numbers_of_other_kinds_arrive_as_numbers():
    assert decode(encode(np.float32(0.5))) == 0.5
    assert decode(encode(Fraction(1, 4))) == 0.25
    assert decode(encode((1, 2))) == [1, 2]
    assert decode(encode(10**5000)) == 2**1001
    assert np.isnan(decode(json.loads(json.dumps(encode(float("nan"))))))


@pytest.mark.parametrize(
    "value",
    [object(), torch.ones(2, 2).to_sparse(), torch.ones(1).expand(10**12), torch.ones(2, device="meta"), abs],
    ids=["object", "sparse", "larger than memory", "without data", "function"],
)
def test_everything_else_arrives_as_the_name_of_its_type(value):
    assert type(decode(encode(value))).__name__ == type(value).__name__


def test_no_message_makes_the_reader_do_more_than_refuse():
    draw = random.Random(0)
    good = encode([1, "x", torch.ones(2, 2), {}, ...])
    pieces = [None, -1, 2**70, "", "AAAA", [], {}, [[[[[[[[1]]]]]]]], {"list": 3}, "float32", {"object": None}]

    def spoilt(entry):
        if isinstance(entry, dict):
            return {key: spoilt(value) for key, value in entry.items() if draw.random() > 0.1}
        if isinstance(entry, list):
            return [spoilt(value) for value in entry]
        return draw.choice(pieces) if draw.random() < 0.3 else entry

    refused = 0
    for _ in range(2000):
        try:
            decode(spoilt(good))
        except WireError:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 3, LENGTH.pack(2**40), LENGTH.pack(2) + b"\xff\xff", LENGTH.pack(10**5) + b"[" * 10**5]
)
def test_what_is_no_message_is_refused(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.close()
        with pytest.raises(WireError):
            Channel(ours).receive()


def test_the_deadline_holds_while_bytes_arrive():
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip():
        theirs.sendall(LENGTH.pack(10**7))
        while not stop.wait(0.002):
            theirs.sendall(b"[")

    thread = threading.Thread(target=drip)
    thread.start()
    start = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            Channel(ours).receive(start + 0.3)
        assert time.monotonic() - start < 5
    finally:
        stop.set()
        thread.join()
        ours.close()
        theirs.close()


@pytest.mark.parametrize("data", [b"[" + b"[]," * 10**6 + b"0]", b"{" * 10**6, b"[" + b"0," * 10**6 + b"0]"])
def test_a_message_is_counted_before_it_is_read(data, monkeypatch):
    monkeypatch.setattr(json, "loads", lambda data: pytest.fail("it was read"))
    ours, theirs = socket.socketpair()
    writer = threading.Thread(target=lambda: theirs.sendall(LENGTH.pack(len(data)) + data))
    writer.start()
    with ours, theirs, pytest.raises(WireError, match="parts"):
        Channel(ours).receive(time.monotonic() + 20)
    writer.join()


def test_numbers_are_counted_over_all_levels():
    def count(value):
        return sum(map(count, value)) if isinstance(value, list) else 1

    square = [[0.5] * 90 for _ in range(90)]
    assert decode(encode(square)) == square
    assert count(decode(encode([[[0.5] * 100] * 100] * 100))) <= 10_000
    around = []
    around.append(around)
    decode(encode(around))


def test_halves_of_characters_do_not_arrive():
    assert decode({"plain": "a\ud800b"}) == "a?b"
    assert type(decode({"object": "\ud800"})).__name__ == "object"
    assert decode(encode("\U0001f600")) == "\U0001f600"


# ---- cells and answers


def test_cells_share_their_names_and_say_what_they_print(session):
    assert (
        session.run("import torch\na = torch.arange(3)\nprint('hello')\na + 1").printed == "hello\ntensor([1, 2, 3])\n"
    )
    assert session.run("%matplotlib inline\n!ls\na.sum().item()").printed == "3\n"
    assert session.run("print('\\ud800', '\\ud83d' + '\\ude00')").printed == "? \U0001f600\n"
    assert error_of(session, "raise ValueError('\\ud800')") == ("ValueError", "?")
    assert session.run("print('x' * 10**6)").printed == "x" * 2000
    assert torch.equal(session.answer("a"), torch.arange(3))
    assert session.answer("nothing_of_that_name") is ...


def test_a_function_stays_where_it_is(session):
    session.run("def double(x, factor=2):\n    print('looking')\n    x *= factor\n    return x.sum()")
    double, x = session.answer("double"), torch.ones(3)
    assert double(x, 4) == 12
    assert x.tolist() == [4, 4, 4]
    assert str(double.__signature__) == "(x, factor)"


def test_errors_come_back_by_name(session):
    assert error_of(session, "1 / 0") == ("ZeroDivisionError", "division by zero")
    assert error_of(session, "exit_code = 3\nraise SystemExit(exit_code)") == ("SystemExit", "3")
    assert error_of(session, "def f(:")[0] == "SyntaxError"
    session.run("def f(x):\n    raise ValueError('no')\ndef stub(x):\n    raise NotImplementedError('your turn')")
    with pytest.raises(Exception, match="no") as caught:
        session.answer("f")(1)
    assert type(caught.value).__name__ == "ValueError"
    with pytest.raises(NotImplementedError, match="your turn"):
        session.answer("stub")(1)


def test_a_check_says_the_same_of_a_function_here_and_there(session):
    source = {
        "right": "def answer(x):\n    return 2 * x",
        "known": "def answer(x):\n    return 3 * x",
        "wrong": "def answer(x):\n    return 2 * x + 1",
        "stub": "def answer(x):\n    raise NotImplementedError('your turn')",
        "in place": "def answer(x):\n    x *= 2\n    return x",
        "shape": "def answer(x):\n    return x[None]",
        "raises": "def answer(x):\n    raise KeyError('k')",
        "text": "def answer(x):\n    return 'two'",
        "number": "answer = 3",
    }
    question = Function(
        "double",
        "double(x) → twice x",
        lambda x: 2 * x,
        lambda generator: [(torch.rand(n, generator=generator),) for n in (1, 3)],
        (Mistake("triple", lambda x: 3 * x, "That is three times x."),),
    )
    for name, text in source.items():
        namespace = {}
        exec(text, namespace)
        session.run(text)
        here, there = question.judge(namespace["answer"], 5), question.judge(session.answer("answer"), 5)
        assert (there.state, there.message, there.mistake) == (here.state, here.message, here.mistake), name


def test_tools_are_seen_here_and_there(session):
    sources = {
        "softmax": "def answer(x):\n    return x.softmax(0)",
        "numpy": "import torch\ndef answer(x):\n    return torch.tensor((x.exp() / x.exp().sum()).numpy())",
        "large": "def answer(x):\n    return (x - x[:, None]).exp().sum(0).reciprocal() * 0 + x.exp() / x.exp().sum()",
        "right": "def answer(x):\n    return x.exp() / x.exp().sum()",
    }
    question = Function(
        "weights",
        "weights(x)",
        lambda x: torch.softmax(x, 0),
        lambda generator: [(torch.rand(n, generator=generator),) for n in (2, 5)],
        forbidden=(tools.SOFTMAX,),
        largest=lambda x: len(x),
    )
    messages = {}
    for name, text in sources.items():
        namespace = {}
        exec(text, namespace)
        session.run(text)
        here, there = question.judge(namespace["answer"], 5), question.judge(session.answer("answer"), 5)
        assert (there.state, there.message) == (here.state, here.message), name
        messages[name] = there.message
    assert "It calls softmax" in messages["softmax"]
    assert "goes over to NumPy" in messages["numpy"]
    assert "shape (2, 2), with 4 numbers: at most 2" in messages["large"]
    assert messages["right"] == ""


def test_the_library_and_loops_are_seen_from_here(session):
    """What modules were at work, how often PyTorch was called, and where a class was written: all cross the wire."""
    from visual_attention.exercises.kernel_regression import far_query
    from visual_attention.exercises.learned_attention import influence, module

    session.run(
        "import torch\n"
        "from visual_attention import pooling\n"
        "from visual_attention.regression import LearnedKernelRegression as Smoother\n"
        "def weights(query, keys):\n"
        "    return pooling.attention_weights(query, keys, kernel='epanechnikov')\n"
        "def by_keys(s, y):\n"
        "    return torch.stack([s[:, k] / (1 - s[:, k]) * (s @ y - y[k]) for k in range(len(y))], dim=1)\n"
    )
    for question, name, words in (
        (far_query.questions[0], "weights", "It calls the library"),
        (influence.questions[0], "by_keys", "that is a loop"),
        (module.questions[0], "Smoother", "the library's own class"),
    ):
        finding = question.judge(session.answer(name), 1)
        assert finding.state is State.NOT_YET
        assert words in finding.message


# ---- what it may use


def test_the_right_answers_are_out_of_reach(session):
    session.run("import torch\nimport visual_attention")
    folder = Path(visual_attention.__file__).parent
    run = session.run(
        "from visual_attention.exercises import cbam as exercise\n"
        "from visual_attention.exercises.cbam import ALL\n"
        "answer = exercise.spatial.questions[0].reference\n"
        "exercise.spatial.check(answer)"
    )
    assert run.error is None
    assert session.answer("answer")(1) is None  # a thing that does nothing
    for path in (
        folder / "exercises" / "cbam.py",
        ROOT / "course" / "exercises" / "07_cbam.py",
        ROOT / "notebooks" / "solutions" / "07_cbam.ipynb",
    ):
        assert path.is_file()
        assert error_of(session, f"open({str(path)!r}).read()")[0] == "FileNotFoundError"
        assert "No such file" in error_of(session, f"torch.from_file({str(path)!r}, size=9, dtype=torch.uint8)")[1]
    assert session.run(f"len(open({str(folder / 'pooling.py')!r}).read()) > 0").printed == "True\n"


@pytest.mark.parametrize(
    "source",
    [
        "open('/proc/1/environ', 'rb').read()",
        "open('/proc/' + grader + '/environ', 'rb').read()",
        "open('/etc/passwd').read()",
        "open('/somewhere_else', 'w')",
        "open('/dev/shm/much', 'w')",
        "open('much', 'wb').write(bytes(100 * 2**20))",
        f"os.listdir({str(ROOT)!r} + '/notebooks')",
        "os.kill(os.getppid(), 9)",
        "os.fork()",
        "assert __import__('ctypes').pythonapi.fork() >= 0",
        "assert os.system('true') == 0",
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['/bin/true'])",
        "os.memfd_create('much')",
        "assert __import__('ctypes').CDLL(None).syscall(447, 0) >= 0",  # memfd_secret
        "__import__('socket').socket()",
        "__import__('socket').socketpair()[0].setsockopt(1, 7, 2**20)",  # a larger buffer
        "assert __import__('ctypes').CDLL(None).shmget(0, 2**20, 0o1600) >= 0",
        "assert __import__('ctypes').CDLL(None).unshare(0x10000000) == 0",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setaffinity(os.getppid(), {0})",
        "__import__('resource').setrlimit(__import__('resource').RLIMIT_AS, (-1, -1))",
        "__import__('socket').socket(40, 1)",
        "torch.zeros(50 * 10**9)",
    ],
)
def test_what_a_submission_must_not_do_is_an_error_in_its_cell(session, source):
    session.run(f"import os\nimport torch\nkept = 5\ngrader = '{os.getpid()}'")
    error_of(session, source)
    assert session.answer("kept") == 5


def test_it_is_alone_and_nobody(session):
    seen = session.run(
        "import os\nprint(os.getuid() != 0, len([name for name in os.listdir('/proc') if name.isdigit()]))\n"
        "status = dict(line.split()[:2] for line in open('/proc/self/status') if len(line.split()) > 1)\n"
        "print([status[name + ':'] for name in ('CapPrm', 'CapEff', 'NoNewPrivs', 'Seccomp')])\n"
        "print(os.path.exists('/sys/class'))"
    )
    assert seen.printed == f"True 2\n{['0' * 16, '0' * 16, '1', '2']}\nFalse\n"


@pytest.fixture
def below_tmp():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_what_may_be_read_may_lie_below_the_temporary_folder(below_tmp):
    # As an environment does that CI makes: the sandbox has a /tmp of its own.
    (below_tmp / "shown").mkdir()
    (below_tmp / "shown" / "text").write_text("seen")
    (below_tmp / "other").write_text("secret")
    program = f"""if True:
        import os
        print(open({str(below_tmp / "shown" / "text")!r}).read(), os.path.exists({str(below_tmp / "other")!r}))
        open("/tmp/made", "w").close()
        try:
            open({str(below_tmp / "shown" / "made")!r}, "w")
        except OSError as error:
            print(error.strerror)
    """
    with tempfile.TemporaryFile() as file:
        file.write(sandbox.filter_of_calls())
        file.seek(0)
        command = [
            *sandbox.command([below_tmp / "shown"], [], file.fileno()),
            sys.executable,
            "-I",
            "-S",
            "-c",
            program,
        ]
        done = subprocess.run(command, env={}, pass_fds=[file.fileno()], capture_output=True, text=True, check=True)
    assert done.stdout == "seen False\nRead-only file system\n"


def test_no_packet_reaches_the_network_of_the_grader(session):
    # No socket is to be had but pairs; if one were, it would be in another network.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening, socket.socket(socket.AF_UNIX) as local:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.5)
        local.bind("\0grading-test")
        local.listen()
        session.run("import socket\nsender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)")
        session.run(f"sender.sendto(b'x', {listening.getsockname()!r})")
        with pytest.raises(TimeoutError):
            listening.recv(1)
        name, _ = error_of(session, "socket.socket(socket.AF_UNIX).connect('\\0grading-test')")
        assert name == "PermissionError"


def test_nothing_of_the_graders_environment_goes_along(session, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "1")
    with Session(LIMITS) as fresh:
        assert fresh.run("import os\n'SECRET_TOKEN' in os.environ").printed == "False\n"


def test_it_writes_into_a_folder_that_goes_with_it():
    before = set(Path(tempfile.gettempdir()).iterdir())
    with Session(LIMITS) as session:
        assert session.run("open('kept.txt', 'w').write('x')\nopen('/tmp/kept.txt').read()").printed == "'x'\n"
        assert not any(path.name == "kept.txt" for path in Path(tempfile.gettempdir()).iterdir())
    assert not {path for path in set(Path(tempfile.gettempdir()).iterdir()) - before if path.name == "kept.txt"}


def as_an_ordinary_user(*command):
    """What a program prints in the sandbox; not Python, which may lie where only root gets."""
    program = (
        "import os, subprocess, sys, tempfile\n"
        "from courseware.grading import sandbox\n"
        "filter_of_calls = sandbox.filter_of_calls()\n"
        "if os.getuid() == 0:\n"
        "    os.setgroups([]); os.setresgid(12345, 12345, 12345); os.setresuid(12345, 12345, 12345)\n"
        "sys.executable = sys.argv[1]\n"
        "sandbox.READABLE = ('/usr/lib', '/usr/lib64', '/lib', '/lib64', '/etc/ld.so.cache')\n"
        "with tempfile.TemporaryFile() as file:\n"
        "    file.write(filter_of_calls); file.seek(0)\n"
        "    command = [*sandbox.command([], [], file.fileno()), *sys.argv[1:]]\n"
        "    done = subprocess.run(command, pass_fds=[file.fileno()], capture_output=True, text=True)\n"
        "    print(os.getuid(), done.stdout, done.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_an_ordinary_user_gets_the_same_sandbox():
    outside, inside = as_an_ordinary_user("/usr/bin/id", "-u")
    assert inside == outside != "0"


def test_the_sandboxs_own_process_is_out_of_reach():
    """It is the same user as the submission, and no limit holds for it: whoever writes into its memory is free."""
    _, *names = as_an_ordinary_user("/usr/bin/ls", "-d", "/proc/1", "/proc/1/mem")
    assert "/proc/1" in names
    assert "/proc/1/mem" not in names


# ---- how it ends


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os\nos._exit(0)", "the process ended"),
        ("while True:\n    print('x')", "it took longer than 3 s"),
        (
            "import os\nfor n in range(3, 99):\n    try:\n        os.close(n)\n    except OSError:\n        pass",
            "ended",
        ),
    ],
)
def test_a_cell_that_ends_or_holds_up_its_process_costs_itself_only(source, message):
    with Session(Limits(cell_seconds=3, memory_mb=512)) as session:
        session.run("before = 1\ndef f(x):\n    return x")
        old = session.answer("f")
        name, text = error_of(session, source)
        assert name == "Stopped"
        assert message in text
        with pytest.raises(StoppedError, match="stopped on an earlier input"):
            old(1)
        assert session.run("after = before + 1").error is None
        assert session.answer("after") == 2
        assert session.answer("f")(3) == 3


def test_a_cell_that_piles_up_memory_leaves_it_to_others():
    with Session(LIMITS) as session:
        name, _ = error_of(session, "pile = []\nwhile True:\n    pile.append(bytearray(10**7))")
        assert name == "MemoryError"
        assert session.run("import torch\nones = torch.ones(25 * 10**6)").error is None


def test_a_function_that_hangs_or_exits_is_wrong_and_the_next_one_is_judged():
    question = Function("f", "f(x) → x", lambda x: x, lambda generator: [(torch.rand(2, generator=generator),)] * 3)
    with Session(Limits(call_seconds=1)) as session:
        session.run("import os\ndef hangs(x):\n    while True:\n        pass")
        session.run("def leaves(x):\n    os._exit(0)")
        session.run("def right(x):\n    return x")
        assert question.judge(session.answer("hangs"), 0).state is State.NOT_YET
        assert question.judge(session.answer("leaves"), 0).state is State.NOT_YET
        assert question.judge(session.answer("right"), 0).state is State.RIGHT


def test_an_answer_that_comes_late_is_not_taken_for_the_next_one():
    with Session(Limits(cell_seconds=20)) as session:
        session.run("import time\nright = 7\ndef slow(x):\n    time.sleep(30)\n    return 1")
        slow = session.answer("slow")

        class GivenUpError(BaseException):
            pass

        def give_up(*arguments):
            raise GivenUpError

        receive = slow._worker._channel.receive
        slow._worker._channel.receive = give_up
        with pytest.raises(GivenUpError):
            slow(1)
        slow._worker._channel.receive = receive
        assert session.answer("right") == 7


def test_the_time_for_a_notebook_ends():
    with Session(Limits(cell_seconds=60, notebook_seconds=4)) as session:
        start = time.monotonic()
        session.run("import time\ntime.sleep(60)")
        assert error_of(session, "a = 1")[1] == "the 4 s for the whole notebook are used up"
        with pytest.raises(StoppedError, match="used up"):
            session.answer("a")
        assert time.monotonic() - start < 40


def test_a_machine_without_the_sandbox_is_told_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with Session(LIMITS) as session, pytest.raises(SessionError, match="apt install bubblewrap"):
        session.run("a = 1")
    assert main(["release", "--course-dir", str(tmp_path / "course")]) == 2
    assert "apt install bubblewrap" in capsys.readouterr().err
    assert not (tmp_path / "course").exists()
    with Session(Limits(unprotected=True)) as session:
        assert session.run("a = 1").error is None
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho no namespaces here >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    with Session(LIMITS) as session, pytest.raises(SessionError, match="no namespaces here"):
        session.run("a = 1")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "container of docs/grading.md" in sandbox.refusal()


def test_nothing_is_left_when_the_grader_is_killed():
    program = (
        "from courseware.grading.session import Limits, Session\n"
        "session = Session(Limits())\n"
        "session.run('a = 1')\n"
        "print('ready', flush=True)\n"
        "session.run('while True: pass')\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout.readline() == "ready\n"
    workers = psutil.Process(grader.pid).children(recursive=True)
    assert any("courseware.grading.worker" in " ".join(worker.cmdline()) for worker in workers)
    grader.kill()
    grader.communicate()
    assert psutil.wait_procs(workers, timeout=20)[1] == []


def test_nothing_is_left_when_a_session_ends():
    before = psutil.Process().children(recursive=True)
    with Session(LIMITS) as session:
        session.run("import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()")
        workers = set(psutil.Process().children(recursive=True)) - set(before)
        assert any("courseware.grading.worker" in " ".join(worker.cmdline()) for worker in workers)
    assert psutil.wait_procs(workers, timeout=10)[1] == []  # the last one is ending


def test_a_package_that_is_not_there_is_the_graders_fault():
    with (
        Session(LIMITS, withheld_packages=["no_such_package"]) as session,
        pytest.raises(SessionError, match="no_such"),
    ):
        session.run("a = 1")


# ---- points

NUMBER = Value("number", 1.5, (Mistake("half", 0.75, "That is half of it."),))
DOUBLE = Function("double", "double(x) → 2x", lambda x: 2 * x, lambda g: [(torch.rand(3, generator=g),)])
BOTH = Exercise("both", "A number and a function", (NUMBER, DOUBLE))


def test_points_are_those_of_the_hardest_question_and_shared_in_proportion():
    assert worth(BOTH) == 5
    assert worth(Exercise("one", "One", (NUMBER,))) == 3
    assert score(BOTH, {"number": 1.5, "double": lambda x: 2 * x}, points=5, seeds=[1, 2]) == 5
    assert score(BOTH, {"number": 1.5}, points=5, seeds=[1]) == 1.88  # 5 · 3 / 8
    assert score(BOTH, {"double": lambda x: 2 * x}, points=5, seeds=[1]) == 3.12
    assert score(BOTH, {}, points=5, seeds=[1]) == 0


def test_a_function_counts_only_if_it_is_right_for_every_seed():
    first = DOUBLE.cases(torch.Generator().manual_seed(1))[0][0]
    lucky = score(BOTH, {"double": lambda x: 2 * first}, points=5, seeds=[1])
    assert lucky > 0
    caught = score(BOTH, {"double": lambda x: 2 * first}, points=5, seeds=[1, 2])
    assert caught == 0
    assert [finding.state for finding in caught.report.findings] == [State.NOT_ATTEMPTED, State.NOT_YET]


def test_a_score_reads_as_a_number_and_shows_the_feedback():
    result = score(BOTH, {"number": 0.75}, points=5, seeds=[1])
    assert repr(result) == "0.0"
    assert "That is half of it." in result._repr_html_()
    assert "0 of 5 points" in result._repr_html_()
    with pytest.raises(ValueError, match="at least one number"):
        score(BOTH, {}, points=5, seeds=[])
