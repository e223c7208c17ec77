"""A class on one server: what students cost in time and memory who all work through a lesson at once.

    python tests/benchmarks/classroom.py            10, 20 and 30 students, lessons 2 and 6: prints a table
    python tests/benchmarks/classroom.py --write    also writes it into docs/classroom.md
    python tests/benchmarks/classroom.py --students 5 --lessons 3

Needs the extra `hub` and `configurable-http-proxy` (npm) on the PATH; Linux only. A real JupyterHub with the
settings of `deploy/` runs on loopback. Every simulated student logs on in the same second, gets a server and a
kernel, opens a copy of the lesson, runs it cell by cell through the kernel protocol (a browser's messages, without
the browser), and saves it. A student is right if every cell of the saved file has the text and as many pictures as
in the course's own notebook. All kernels are kept until the last student has finished.
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import re
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import psutil
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from courseware.present.lab import free_port
from courseware.project import find_lesson, project_root

ROOT = project_root()
DOCS = ROOT / "docs" / "classroom.md"
MARKS = "<!-- table of tests/benchmarks/classroom.py -->", "<!-- end of table -->"
HEAD = (
    "| lesson | students | right and saved | half are done, s | all are done, s | processor, s each | MB each "
    "| GB in all |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
)
PATIENCE = 1200  # seconds for one step of one student
OUTPUTS = {"stream", "display_data", "execute_result", "error"}

CONFIG = """
load_subconfig({settings!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args = ["--allow-root"]
c.JupyterHub.services = [{{"name": "class", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "class", "services": ["class"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
"""


# ------------------------------------------------------------------------------------------------- the server
class Hub:
    """A running JupyterHub, its address and a token for everything."""

    def __init__(self, process: psutil.Process, port: int, token: str) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"
        self.headers = {"Authorization": f"token {token}"}

    async def ask(self, method: str, path: str, content: object = None) -> dict:
        """The answer of the hub, or of a student's server, to one request."""
        request = HTTPRequest(
            f"{self.address}/{path}",
            method=method,
            headers=self.headers,
            body=None if method == "GET" else json.dumps(content or {}),
            request_timeout=PATIENCE,
            connect_timeout=PATIENCE,
        )
        reply = await AsyncHTTPClient().fetch(request)
        return json.loads(reply.body) if reply.body else {}

    def students(self) -> list[psutil.Process]:
        """Servers and kernels: everything below the hub but its proxy."""
        found = []
        for process in self.process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.name() != "node" and "configurable-http-proxy" not in " ".join(process.cmdline()):
                    found.append(process)
        return found


@contextlib.contextmanager
def hub(folder: Path) -> Iterator[Hub]:
    """A JupyterHub whose students have their homes in `folder`."""
    if not shutil.which("configurable-http-proxy"):
        raise SystemExit("configurable-http-proxy is not on the PATH; npm install -g configurable-http-proxy brings it")
    first = free_port(18000)
    second = free_port(first + 1)
    ports = first, second, free_port(second + 1)
    token = secrets.token_hex(16)
    settings = str(ROOT / "deploy" / "jupyterhub_config.py")
    homes = str(folder / "{username}")
    config = folder / "config.py"
    config.write_text(CONFIG.format(settings=settings, ports=ports, homes=homes, token=token), encoding="utf-8")
    # Students get what deploy/ sets and nothing that happens to be set here.
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with (folder / "hub.log").open("w") as log:
        command = [sys.executable, "-m", "jupyterhub", "--config", str(config)]
        process = subprocess.Popen(command, cwd=folder, env=environment | {"HOME": str(folder)}, stdout=log, stderr=log)
    running = psutil.Process(process.pid)
    try:
        yield Hub(running, ports[0], token)
    finally:
        below = running.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
        for left in psutil.wait_procs(below, timeout=10)[1]:
            left.kill()


# ------------------------------------------------------------------------------------------------- a student
class Kernel:
    """A kernel behind the hub, spoken to as a browser does: JSON over one websocket."""

    def __init__(self, channels: WebSocketClientConnection) -> None:
        self.channels = channels
        self.session = uuid.uuid4().hex

    async def run(self, code: str) -> tuple[int, list[NotebookNode]]:
        """Execute `code`; its execution count and outputs as a notebook stores them."""
        identity = uuid.uuid4().hex
        header = {
            "msg_id": identity,
            "msg_type": "execute_request",
            "session": self.session,
            "username": "",
            "version": "5.3",
            "date": datetime.datetime.now(datetime.UTC).isoformat(),
        }
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await self.channels.write_message(json.dumps(message))
        outputs: list[NotebookNode] = []
        shown: dict[str, int] = {}  # display_id: place in outputs
        count, idle = None, False
        while count is None or not idle:
            received = await asyncio.wait_for(self.channels.read_message(), PATIENCE)
            if received is None:
                raise ConnectionError("the kernel's websocket was closed")
            if isinstance(received, bytes):  # a widget's pictures: the widget's, not the notebook's
                continue
            reply = json.loads(received)
            kind, content = reply["header"]["msg_type"], reply["content"]
            if kind == "status" and content["execution_state"] in ("restarting", "dead"):
                raise ConnectionError("the kernel died")
            if reply["parent_header"].get("msg_id") != identity:
                continue
            if kind == "execute_reply":
                count = content["execution_count"]
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            elif kind == "clear_output":
                outputs.clear()
            elif kind == "update_display_data":
                outputs[shown[content["transient"]["display_id"]]].data = content["data"]
            elif kind in OUTPUTS:
                if name := content.get("transient", {}).get("display_id"):
                    shown[name] = len(outputs)
                outputs.append(output_from_msg(reply))
        return count, outputs


async def attend(hub: Hub, name: str, lesson: str) -> float:
    """One student, from logging on to a saved notebook; returns the seconds it took."""
    start = time.perf_counter()
    await hub.ask("POST", f"hub/api/users/{name}")
    # Too many at once are asked to come again in a little while, and a browser does.
    while True:
        try:
            await hub.ask("POST", f"hub/api/users/{name}/server")
            break
        except HTTPClientError as error:
            if error.code != 429:
                raise
            await asyncio.sleep(1)
    while not (await hub.ask("GET", f"hub/api/users/{name}"))["servers"].get("", {}).get("ready"):
        await asyncio.sleep(1)

    api = f"user/{name}/api"
    notebook = nbformat.from_dict((await hub.ask("GET", f"{api}/contents/{lesson}"))["content"])
    wanted = {"path": lesson, "name": lesson, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = (await hub.ask("POST", f"{api}/sessions", wanted))["kernel"]["id"]
    channels = f"{hub.address}/{api}/kernels/{kernel}/channels".replace("http", "ws", 1)
    request = HTTPRequest(channels, headers=hub.headers, connect_timeout=PATIENCE)
    connection = await websocket_connect(request, max_message_size=2**27)
    student = Kernel(connection)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count, cell.outputs = await student.run(cell.source)
    await hub.ask("PUT", f"{api}/contents/{lesson}", {"type": "notebook", "format": "json", "content": notebook})
    connection.close()
    return time.perf_counter() - start


def told(path: Path) -> list[tuple[str, int]]:
    """What each code cell of a notebook on disk shows: all its text, and how many pictures."""
    cells = nbformat.read(path, as_version=4).cells
    shown = []
    for cell in (cell for cell in cells if cell.cell_type == "code"):
        data = [output.get("data", {}) for output in cell.outputs]
        text = "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "") or output.get("ename", "")
            for output in cell.outputs
        )
        shown.append((text, sum("image/png" in one for one in data)))
    return shown


# --------------------------------------------------------------------------------------------------- a class
def proportional(process: psutil.Process) -> int:
    """Bytes of memory, what several processes share counted in equal parts; 0 for a process that has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0


async def watch(hub: Hub, most: dict[str, int]) -> None:
    """Keep the most memory seen, every two seconds: of all students, and of everything."""
    while True:
        below = set(hub.students())
        students = sum(map(proportional, below))
        rest = sum(map(proportional, {hub.process, *hub.process.children(recursive=True)} - below))
        most["students"] = max(most["students"], students)
        most["all"] = max(most["all"], students + rest)
        await asyncio.sleep(2)


def processor(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:4])  # its own and those of its children that have ended
    return total


async def lecture(hub: Hub, names: Sequence[str], lesson: str) -> tuple[list[float], float, dict[str, int]]:
    """All students at once: seconds of each that got through, processor seconds of all, memory."""
    for _ in range(60):
        try:
            await hub.ask("GET", "hub/api/")
            break
        except (OSError, HTTPClientError):
            await asyncio.sleep(1)
    most = {"students": 0, "all": 0}
    watching = asyncio.create_task(watch(hub, most))
    results = await asyncio.gather(*(attend(hub, name, lesson) for name in names), return_exceptions=True)
    worked = processor(hub.students())
    watching.cancel()
    for name, result in zip(names, results, strict=True):
        if isinstance(result, BaseException):
            print(f"{name}: {type(result).__name__}: {result}", file=sys.stderr)
    return [result for result in results if isinstance(result, float)], worked, most


def measure(number: str, students: int) -> str:
    """One row of the table."""
    lesson = find_lesson(number).notebook
    expected = told(lesson)
    names = [f"student-{student:02}" for student in range(1, students + 1)]
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        folder = Path(place)
        for name in names:
            (folder / name).mkdir()
            copy = nbformat.read(lesson, as_version=4)
            for cell in copy.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            nbformat.write(copy, folder / name / lesson.name)
        with hub(folder) as running:
            taken, worked, most = asyncio.run(lecture(running, names, lesson.name))
        right = sum(told(folder / name / lesson.name) == expected for name in names)
    cells = [lesson.stem, students, f"{right} of {students}"]
    if taken:
        cells += [f"{statistics.median(taken):.0f}", f"{max(taken):.0f}"]
    else:
        cells += ["–", "–"]
    cells += [f"{worked / students:.0f}", f"{most['students'] / students / 1e6:.0f}", f"{most['all'] / 1e9:.1f}"]
    return f"| {' | '.join(map(str, cells))} |"


def written(text: str, table: str) -> str:
    """`text` with `table` between its two marks."""
    pattern = f"(?<={re.escape(MARKS[0])}\n).*?(?={re.escape(MARKS[1])})"
    anew, places = re.subn(pattern, lambda _: f"{table}\n", text, flags=re.DOTALL)
    if places != 1:
        raise ValueError(f"text must hold the marks {MARKS[0]} and {MARKS[1]}, once each, not {places} times")
    return anew


def main(argv: Sequence[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    command.add_argument("--students", type=int, nargs="+", default=[10, 20, 30], metavar="N")
    command.add_argument("--lessons", nargs="+", default=["2", "6"], metavar="LESSON")
    command.add_argument("--write", action="store_true", help="also write the table into docs/classroom.md")
    arguments = command.parse_args(argv)
    lines = list(HEAD)
    print(*lines, sep="\n", flush=True)
    for lesson in arguments.lessons:
        for students in arguments.students:
            lines.append(measure(lesson, students))
            print(lines[-1], flush=True)
    if arguments.write:
        DOCS.write_text(written(DOCS.read_text(encoding="utf-8"), "\n".join(lines)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
