import json
import socket

import pytest
from jupyterlab.labapp import LabApp

from courseware.present import lab
from courseware.project import Lecture, UserError, lecture


def listen() -> socket.socket:
    server = socket.socket()
    server.bind((lab.HOST, 0))
    server.listen()
    return server


def test_a_port_that_is_taken_is_passed_over():
    with listen() as taken:
        port = taken.getsockname()[1]
        chosen = lab.free_port(port)
        assert chosen > port
        with socket.socket() as server:
            server.bind((lab.HOST, chosen))


def test_a_free_port_is_taken_as_it_is():
    with listen() as server:
        port = server.getsockname()[1]
    assert lab.free_port(port) == port


def test_no_free_port_is_the_users_to_solve(monkeypatch):
    class Refusing(socket.socket):
        def bind(self, address):
            raise OSError("taken")

    monkeypatch.setattr(lab.socket, "socket", Refusing)
    with pytest.raises(UserError, match="no free port from 8888 on"):
        lab.free_port(8888)


@pytest.mark.parametrize("first", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(first):
    with pytest.raises(ValueError, match=f"first must be a port from 1 to 65535, not {first}"):
        lab.free_port(first)


def test_the_address_carries_the_token():
    assert lab.page_address("lab/tree/a.ipynb", 1234, "abc") == "http://127.0.0.1:1234/lab/tree/a.ipynb?token=abc"
    assert lab.page_address("rise/a.ipynb?run", 1234, "abc") == "http://127.0.0.1:1234/rise/a.ipynb?run&token=abc"


def test_the_slides_of_a_notebook_are_run_on_opening(tmp_path):
    notebook = tmp_path / "notebooks" / "02 wide.ipynb"
    assert lab.slides_page(notebook, tmp_path) == "rise/notebooks/02%20wide.ipynb?run"
    assert lab.slides_page(notebook, tmp_path, dark=True) == "rise/notebooks/02%20wide.ipynb?run&dark"
    said = Lecture(by="A. Lecturer", at="Uppsala")
    page = lab.slides_page(notebook, tmp_path, said, pictures="wide-1f")
    assert page == "rise/notebooks/02%20wide.ipynb?run&by=A.+Lecturer&at=Uppsala&pictures=wide-1f"


def test_slides_load_the_extensions_that_they_need_and_no_other(tmp_path):
    lab._extensions_on_slides(tmp_path)
    found = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("package.json")}
    assert found == set(lab.ON_SLIDES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("by = 3", "by = 3"),
        ('who = "A. Lecturer"', "by, at, style"),
        ("by = ", "cannot be read"),
        ('style = "look.css"', "does not exist"),
    ],
)
def test_a_settings_file_that_says_something_else_is_named(tmp_path, text, words):
    (tmp_path / "lecture.toml").write_text(text)
    with pytest.raises(UserError, match=words):
        lecture(tmp_path)


def test_what_is_said_on_the_command_line_comes_before_the_settings_file(tmp_path):
    (tmp_path / "lecture.toml").write_text('by = "A. Lecturer"\nat = "Uppsala"\nstyle = "look.css"')
    (tmp_path / "look.css").touch()
    assert lecture(tmp_path, at="Lund") == Lecture("A. Lecturer", "Lund", "look.css")


def test_jupyterlab_understands_the_options(tmp_path):
    options = lab.server_options(tmp_path, "lab/tree/x.ipynb", port=4321, token="abc")
    app = LabApp()
    app.parse_command_line(options)
    config = app.config
    assert config.ServerApp.ip == "127.0.0.1"
    assert config.ServerApp.root_dir == str(tmp_path)
    assert config.IdentityProvider.token == "abc"
    assert config.LabApp.default_url == "/lab/tree/x.ipynb"


def test_options_of_the_user_replace_ours():
    ours = ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=1"]
    assert lab.override(ours, ["--debug", "--ServerApp.port=2"]) == [
        "--ServerApp.ip=127.0.0.1",
        "--debug",
        "--ServerApp.port=2",
    ]


@pytest.mark.parametrize(
    ("extra", "allowed"),
    [
        ([], True),
        (["--ServerApp.port=2"], True),
        (["--ServerApp.ip=127.0.0.1"], True),
        (["--ip", "localhost"], True),
        (["--ServerApp.ip=::1"], True),
        (["--ServerApp.ip=0.0.0.0"], False),
        (["--ip=*"], False),
        (["--ip", "192.168.0.7"], False),
        (["--ip="], False),
        (["--ip=127.0.0.1", "--ServerApp.ip=0.0.0.0"], False),
        (["--ServerApp.ip=0.0.0.0", "--ServerApp.allow_root=True"], True),  # the user's own word
    ],
)
def test_root_may_run_only_what_others_cannot_reach(tmp_path, extra, allowed):
    options = lab.server_options(tmp_path, "lab", port=1, token="abc")
    app = LabApp()
    app.parse_command_line([option for option in lab.override(options, extra) if "allow_root" in option])
    assert app.config.get("ServerApp", {}).get("allow_root", False) is allowed


def test_the_settings_ask_for_no_news():
    overrides = json.loads((lab.SETTINGS / "overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
