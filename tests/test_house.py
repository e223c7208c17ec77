"""The house is as docs/architecture.md shows it: its rooms, who imports whom, and what is marked as generated."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", ["visual_attention", "courseware"])
def test_the_table_of_rooms_is_that_of_the_folders(package):
    section = ARCHITECTURE.split(f"### `src/{package}`", 1)[1].split("\n#", 1)[0]
    told = re.findall(r"(?m)^\| `(\w+)` \| \S", section)
    entries = {path.stem for path in (ROOT / "src" / package).iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(told) == sorted(name for name in entries if not name.startswith("_"))


def test_a_lessons_folder_holds_what_the_table_says():
    [row] = re.findall(r"(?m)^\| `lessons` \| (.*)\|$", ARCHITECTURE)
    told = {name.rstrip("/") for name in re.findall(r"`([\w/]+)`", row)}
    for folder in (ROOT / "src" / "visual_attention" / "lessons").iterdir():
        names = {path.stem for path in folder.iterdir() if not path.name.startswith("_")} if folder.is_dir() else set()
        assert {re.sub(r"^experiment_\w+", "experiment_clips", name) for name in names} <= told, folder.name


def test_who_imports_whom():
    # Its contracts are in pyproject.toml: floors, no lesson that needs another, mathematics that draws nothing.
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_experiment_of_a_lesson_stands_in_the_contracts():
    # A star there stands for a whole name, `experiment_*` cannot be written: one that is not named is held to nothing.
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for path in (ROOT / "src" / "visual_attention" / "lessons").glob("*/experiment_*.py"):
        assert f'"visual_attention.lessons.{path.parent.name}.{path.stem}"' in contracts
        assert f"({path.stem})" in contracts


def test_the_library_writes_nothing_into_the_course():
    for path in (ROOT / "src" / "visual_attention").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "courseware.project" not in text, path
        assert not re.search(r"[\"']course[/\"']", text), path


def test_workflows_and_templates_are_sound_and_run_what_is_there():
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]
    for path in files:
        assert yaml.safe_load(path.read_text(encoding="utf-8")), path
    checks = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    assert "run: .ci/run" in checks
    pages = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))["jobs"]
    assert pages["checks"]["uses"].endswith("checks.yml")
    assert pages["build"]["needs"] == "checks"


def test_the_hooks_of_a_commit_are_of_the_pinned_version():
    [hook] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert f"ruff=={hook['rev'].removeprefix('v')}" in (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def test_derived_notebooks_are_marked_as_generated():
    notebooks = ["notebooks/01_cues.ipynb", "notebooks/exercises/01_cues.ipynb"]
    asked = ["git", "check-attr", "linguist-generated", "--", *notebooks, "course/01_cues.py"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.rpartition(": ")[2] for line in said] == ["true", "true", "unspecified"]
