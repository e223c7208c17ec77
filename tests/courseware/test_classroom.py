"""The settings of a class on one server are settings that the servers know, and the page about them holds."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from jupyter_server.serverapp import ServerApp
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import Spawner
from jupyterlab.labapp import LabApp
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from courseware.project import find_lesson, project_root

ROOT = project_root()
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "classroom.md").read_text(encoding="utf-8")
CLASSES = {one.__name__: one for one in (*ServerApp.classes, ServerApp, LabApp, JupyterHub, Spawner)}
MEMORY = {"M": 1e6, "G": 1e9}


def settings(name: str) -> Config:
    return PyFileConfigLoader(name, str(DEPLOY)).load_config()


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """The files set variables for the process that reads them: give it copies."""
    malloc = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
    for name in ("OMP_NUM_THREADS", "PYTHONSTARTUP", "JUPYTER_RUNTIME_DIR", *malloc):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", ["jupyterhub_config.py", "jupyter_server_config.py"])
def test_every_setting_is_one_that_the_servers_have(name):
    config = settings(name)
    assert len(config) >= 2
    for owner, chosen in config.items():
        traits = CLASSES[owner].class_traits(config=True)
        for trait, value in chosen.items():
            assert trait in traits, f"{owner}.{trait}"
            try:
                traits[trait]._validate(CLASSES[owner](), value)
            except TraitError as error:
                pytest.fail(f"{owner}.{trait}: {error}")


def test_a_students_server_reads_the_settings(tmp_path):
    """Asked of Jupyter Server itself, in a process of its own, with the hub's environment."""
    environment = settings("jupyterhub_config.py").Spawner.environment
    code = (
        "import os; from jupyter_server.serverapp import ServerApp; from pathlib import Path\n"
        "app = ServerApp(); app.initialize(['--allow-root', '--port=0'], find_extensions=False)\n"
        "print(app.config.KernelManager.transport, app.runtime_dir == str(Path.home() / '.run'),\n"
        "      os.environ['OMP_NUM_THREADS'], os.environ['MALLOC_MMAP_THRESHOLD_'],\n"
        "      Path(os.environ['PYTHONSTARTUP']).is_file(),\n"
        "      app.kernel_manager.cull_idle_timeout, app.kernel_manager.connection_dir == app.runtime_dir)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PATH": "", **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["ipc", "True", "1", "1048576", "True", "3600", "True"]


def test_a_student_stays_below_the_limit_by_the_table():
    limit = settings("jupyterhub_config.py").Spawner.mem_limit
    assert limit in PAGE
    rows = table()
    assert max(float(row[6]) for row in rows) * 1e6 < MEMORY[limit[-1]] * float(limit[:-1])
    values = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["singleuser"]["memory"]
    assert values["limit"] == limit
    assert max(float(row[6]) for row in rows) <= float(values["guarantee"].removesuffix("M"))


def test_a_student_cannot_take_every_processor():
    limit = settings("jupyterhub_config.py").Spawner.cpu_limit
    values = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["singleuser"]["cpu"]
    assert 1 <= values["limit"] == limit
    assert f"tljh-config set limits.cpu {limit}\n" in PAGE


def table() -> list[list[str]]:
    start, end = "<!-- table of tests/benchmarks/classroom.py -->\n", "<!-- end of table -->"
    lines = PAGE.partition(start)[2].partition(end)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_has_three_classes_for_two_lessons_and_all_students_are_right():
    lessons = [find_lesson(number).stem for number in ("2", "6")]
    rows = table()
    assert [row[:3] for row in rows] == [
        [lesson, str(students), f"{students} of {students}"] for lesson in lessons for students in (10, 20, 30)
    ]
    most = max(float(row[7]) for row in rows)
    assert f"**{most:.0f} GB of memory**" in PAGE


def test_the_link_recipe_names_files_of_this_repository():
    link = urlsplit(re.search(r"^https://HUB/\S+", PAGE, re.MULTILINE)[0])
    asked = {name: value for name, [value] in parse_qs(link.query).items()}
    assert set(asked) == {"repo", "branch", "urlpath"}
    owner_and_name = urlsplit(asked["repo"]).path.strip("/").split("/")
    opened = Path(unquote(asked["urlpath"]))
    assert opened.parts[:3] == ("lab", "tree", owner_and_name[1])
    assert ROOT.joinpath(*opened.parts[3:]).is_file()
    for path in re.findall(r"(?:deploy|tests)/[\w/]+\.py", PAGE):
        assert (ROOT / path).is_file(), path
