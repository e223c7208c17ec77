"""`courseware experiments`: the same table whatever runs it, and an interruption loses no finished run."""

import os
import subprocess
import sys

import joblib
import pytest

from courseware import cli
from courseware import experiments as module
from courseware.experiments import known, measure

EXPERIMENT = r"""
import os
from dataclasses import dataclass
from pathlib import Path

LOG = Path(__file__).with_name("log")  # one line a run

@dataclass
class Toy:
    name: str
    question: str = "What is a toy?"
    recipe = {"steps": 3}
    pairs = (("a", 0), ("b", 0), ("a", 1), ("b", 1))
    versions = {"python": "3"}
    running = 0

    def measure(self, variant, seed):
        Toy.running += 1
        with LOG.open("a") as log:
            log.write(f"{variant}{seed}\n")
        if (variant, str(seed)) == ("b", os.environ.get("FAIL_AT")):
            raise ZeroDivisionError("interrupted")
        alone = Toy.running == 1
        Toy.running -= 1
        return variant, seed, alone

    def write(self, runs, folder):
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.txt").write_text(f"{runs}")

ALL = (Toy("toy"), Toy("other"))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a package of one module of experiments, as the current folder."""
    package = tmp_path / "toypackage"
    for folder in (tmp_path / "course", tmp_path / "notebooks", package):
        folder.mkdir()
    (package / "__init__.py").write_text("")
    (package / "experiment_of_toys.py").write_text(EXPERIMENT)
    (tmp_path / "pyproject.toml").write_text('[tool.courseware]\nexperiments = "toypackage"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "toypackage"]:
        del sys.modules[name]


@pytest.fixture
def log(project):
    file = project / "toypackage" / "log"
    return lambda: file.read_text().split() if file.exists() else []


def table(project):
    return (project / "toypackage" / "results" / "toy.txt").read_text()


def test_the_command_lists_and_refuses(project, capsys, log):
    assert cli.main(["experiments"]) == 0
    assert capsys.readouterr().out == "toy: What is a toy?\nother: What is a toy?\n"
    assert cli.main(["experiments", "toys"]) == 2
    assert "name must be one of toy, other, got 'toys'" in capsys.readouterr().err
    (project / "pyproject.toml").unlink()
    assert cli.main(["experiments"]) == 2
    assert "pyproject.toml names no experiments" in capsys.readouterr().err
    assert log() == []


def test_processes_and_threads_write_the_same_table(project, log):
    expected = "[('a', 0, True), ('b', 0, True), ('a', 1, True), ('b', 1, True)]"
    found = known("toypackage")["toy"]
    measure(found, jobs=1, progress=False)
    assert table(project) == expected
    with joblib.parallel_config("threading"):  # as under Dask, where a worker may have several
        measure(found, jobs=4, progress=False)
    assert table(project) == expected
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(project), *sys.path])}
    command = [sys.executable, "-m", "courseware.cli", "experiments", "toy", "--jobs", "2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "4/4" in done.stderr  # the progress bar
    assert table(project) == expected
    assert sorted(log()) == sorted(["a0", "b0", "a1", "b1"] * 3)
    assert [path.name for path in (project / "toypackage" / "results").iterdir()] == ["toy.txt"]


def test_an_interruption_loses_no_finished_run(project, log, monkeypatch):
    found = known("toypackage")["toy"]
    monkeypatch.setenv("FAIL_AT", "1")
    with pytest.raises(ZeroDivisionError):
        measure(found, jobs=1, progress=False)
    assert log() == ["a0", "b0", "a1", "b1"]
    assert not (project / "toypackage" / "results" / "toy.txt").exists()
    (found.unfinished / "001.joblib").write_bytes(b"half")  # killed while it was written
    monkeypatch.delenv("FAIL_AT")
    type(found.experiment).running = 0
    measure(found, jobs=1, progress=False)
    assert log()[4:] == ["b0", "b1"]
    assert table(project).count("True") == 4


def test_a_finished_run_of_another_recipe_or_module_is_not_taken_up(project, monkeypatch):
    found = known("toypackage")["toy"]
    pair = ("a", 0)
    found.unfinished.mkdir(parents=True)
    module._keep(found, pair, "kept")
    assert module._kept(found, pair) == "kept"
    assert module._kept(found, ("b", 0)) is None
    with monkeypatch.context() as patch:
        patch.setattr(type(found.experiment), "recipe", {"steps": 4})
        assert module._kept(found, pair) is None
    file = project / "toypackage" / "experiment_of_toys.py"
    file.write_text(file.read_text() + "# changed\n")
    assert module._kept(found, pair) is None
