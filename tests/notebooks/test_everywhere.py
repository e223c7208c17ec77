"""The command that runs the notebooks as other machines would: it finds what depends on one, and remembers the rest."""

import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import escape

import everywhere
import nbformat
import pytest
import yaml
from everywhere import EVERYWHERE, Setting
from nbformat.v4 import new_code_cell, new_notebook

from courseware.text import surroundings
from courseware.text.execute import execute

SETUP = "import torch\n\nrandom = torch.Generator().manual_seed(0)\nnumbers = torch.rand(100_000, generator=random)"
# Two threads sum two halves; the exponentials of each set of instructions have other last digits.
BY_THREADS = 'print(f"residue {numbers.sum().double() - numbers.double().sum():.1e}")'
BY_KERNELS = 'print(f"residue {numbers[:1000].softmax(0).double().sum() - 1:.1e}")'
ROBUST = 'print("equal to 6 digits:", torch.allclose(numbers.double().sum().float(), numbers.sum(), rtol=1e-6))'


def written(path, *cells):
    """A notebook of these code cells, executed on this machine, on one thread."""
    notebook = execute(new_notebook(cells=[new_code_cell(cell) for cell in cells]), folder=path.parent)
    nbformat.write(notebook, path)
    return path


def test_the_six_settings():
    kernels = {"own", "avx2", "default"}
    assert {(setting.kernels, setting.threads) for setting in EVERYWHERE} == {(k, n) for k in kernels for n in (1, 2)}
    assert Setting("avx2", 2).environment["ATEN_CPU_CAPABILITY"] == "avx2"
    assert Setting("avx2", 2).environment["OMP_NUM_THREADS"] == "2"
    assert "ATEN_CPU_CAPABILITY" not in Setting("own", 1).environment


def test_planted_residues_are_found_and_their_cells_named(tmp_path, capsys):
    planted = written(tmp_path / "planted.ipynb", SETUP, BY_THREADS, BY_KERNELS, ROBUST)
    stored = [cell.outputs[0].text.strip() for cell in nbformat.read(planted, as_version=4).cells[1:3]]

    def found(kernels, threads):
        command = [str(planted), "--kernels", kernels, "--threads", threads, "--memory", str(tmp_path / "memory")]
        status = everywhere.main(command)
        return status, capsys.readouterr().out

    status, said = found("own", "1")
    assert (status, "planted.ipynb (own, 1 thread): same" in said) == (0, True)
    status, said = found("own", "2")
    assert status == 1
    assert "planted.ipynb (own, 2 threads): DIFFERS" in said
    assert "Cell 1: Cell outputs differ" in said
    assert BY_THREADS in said
    assert stored[0] in said
    assert said.count("Cell outputs differ") == 1
    assert "1 of 1 runs differ from what is stored" in said
    status, said = found("default", "1")
    assert status == 1
    assert "Cell 2: Cell outputs differ" in said
    assert BY_KERNELS in said
    assert stored[1] in said
    assert BY_THREADS not in said or stored[0] in said
    assert ROBUST not in said


def test_a_robust_notebook_passes_everywhere(tmp_path, capsys):
    robust = written(tmp_path / "robust.ipynb", SETUP, ROBUST)
    assert everywhere.main([str(robust), "--memory", str(tmp_path / "memory")]) == 0
    said = capsys.readouterr().out
    assert said.count("robust.ipynb") == said.count("same") == 6
    assert "0 of 6 runs differ" in said
    assert everywhere.main([str(robust), "--memory", str(tmp_path / "memory")]) == 0
    assert capsys.readouterr().out.count("same, remembered") == 6


@pytest.fixture
def nbval(monkeypatch):
    """A stand-in for nbval that finds the differences that it is told; it lists the environments that it ran in."""

    class StandIn(list):
        differences = ()
        status = None

        def __call__(self, command, env, **_):
            self.append(env)
            failures = "".join(f"<failure>{escape(text)}</failure>" for text in self.differences)
            [report] = [word.removeprefix("--junitxml=") for word in command if word.startswith("--junitxml=")]
            Path(report).write_text(f'<testsuite><testcase time="2.5">{failures}</testcase></testsuite>')
            status = bool(self.differences) if self.status is None else self.status
            return subprocess.CompletedProcess(command, int(status), "what nbval said", "")

    stand_in = StandIn()
    monkeypatch.setattr(everywhere, "subprocess", SimpleNamespace(run=stand_in))
    return stand_in


def test_a_run_that_passed_is_remembered_until_the_notebook_changes(tmp_path, nbval):
    notebook, memory = tmp_path / "some.ipynb", tmp_path / "memory"
    notebook.write_text("one")
    first = everywhere.run(notebook, Setting("avx2", 2), memory)
    assert (first.differences, first.slowest_cell, len(nbval)) == ((), 2.5, 1)
    assert nbval[0]["ATEN_CPU_CAPABILITY"] == "avx2"
    assert nbval[0]["OMP_NUM_THREADS"] == "2"
    again = everywhere.run(notebook, Setting("avx2", 2), memory)
    assert (again.differences, again.seconds, len(nbval)) == ((), None, 1)
    everywhere.run(notebook, Setting("avx2", 1), memory)  # another setting has a memory of its own
    assert len(nbval) == 2
    notebook.write_text("two")
    everywhere.run(notebook, Setting("avx2", 2), memory)
    assert len(nbval) == 3


def test_a_change_of_code_or_packages_makes_every_notebook_run_again(tmp_path, nbval, monkeypatch):
    notebook, memory = tmp_path / "some.ipynb", tmp_path / "memory"
    notebook.write_text("one")
    everywhere.run(notebook, Setting("own", 1), memory)
    monkeypatch.setattr(everywhere, "_surroundings", lambda: b"changed")
    everywhere.run(notebook, Setting("own", 1), memory)
    assert len(nbval) == 2


def test_the_surroundings_are_the_code_the_packages_and_the_machine(monkeypatch):
    digest = surroundings.surroundings.__wrapped__
    before = digest()
    assert digest() == before
    with monkeypatch.context() as patch:
        patch.setattr(surroundings.importlib.metadata, "distributions", list)
        assert digest() != before
    with monkeypatch.context() as patch:
        patch.setattr(surroundings.platform, "platform", lambda: "another machine")
        assert digest() != before
    with monkeypatch.context() as patch:
        read = Path.read_bytes
        patch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == "training.py"))
        assert digest() != before
    assert digest() == before


def test_a_difference_is_never_remembered(tmp_path, nbval):
    notebook, memory = tmp_path / "some.ipynb", tmp_path / "memory"
    notebook.write_text("one")
    nbval.differences = [
        "Notebook cell execution failed\nCell 3: Cell outputs differ\n\nInput:\na\nb\n\nTraceback:\n1 != 2"
    ]
    for _ in range(2):
        assert everywhere.run(notebook, Setting("own", 1), memory).differences == (
            "Cell 3: Cell outputs differ\n  a\n1 != 2",
        )
    assert len(nbval) == 2


def test_nbval_that_cannot_run_is_an_error_and_no_pass(tmp_path, nbval):
    notebook, memory = tmp_path / "some.ipynb", tmp_path / "memory"
    notebook.write_text("one")
    nbval.status = 4
    with pytest.raises(RuntimeError, match=r"nbval could not run .*some\.ipynb:\nwhat nbval said"):
        everywhere.run(notebook, Setting("own", 1), memory)
    assert not memory.exists()


def test_a_number_means_the_lesson_its_sheet_and_its_solutions():
    root = everywhere.project_root()
    names = [path.relative_to(root).as_posix() for path in everywhere.chosen(["2"], root)]
    assert names == [f"notebooks/{place}02_kernel_regression.ipynb" for place in ("", "exercises/", "solutions/")]
    assert everywhere.chosen(["notebooks/x.ipynb"], root) == [Path("notebooks/x.ipynb").absolute()]
    assert everywhere.chosen([], root) == [root / target.notebook for target in everywhere.build.targets(root)]


def test_the_workflow_runs_the_six_settings_with_the_pinned_torch():
    root = everywhere.project_root()
    text = (root / ".github" / "workflows" / "notebooks.yml").read_text(encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [torch] = [requirement for requirement in project["dependencies"] if requirement.startswith("torch==")]
    jobs = yaml.safe_load(text)["jobs"]
    matrix = jobs["nbval"]["strategy"]["matrix"]
    assert {Setting(k, n) for k in matrix["kernels"] for n in matrix["threads"]} == set(EVERYWHERE)
    for job in jobs.values():
        commands = "\n".join(step.get("run", "") for step in job["steps"])
        assert f"pip install {torch} --index-url" in commands
    oldest = project["requires-python"].removeprefix(">=")
    assert matrix["python"] == [oldest]
    assert jobs["library"]["strategy"]["matrix"]["python"][0] == oldest
    assert {entry["python"] for entry in matrix["include"]} < set(jobs["library"]["strategy"]["matrix"]["python"])
