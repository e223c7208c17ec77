"""One set of pins: pyproject.toml, constraints.txt and environment.yml agree, and the README's commands use them."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = PROJECT["name"]


def requirements():
    lines = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
    return [requirement for requirement in map(Requirement, lines) if requirement.name != OWN]


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", pin.name).lower(): pin for pin in pins}


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_requirement_is_pinned_to_a_version_it_allows(requirement):
    [specifier] = constraints()[requirement.name.lower()].specifier
    assert specifier.operator == "=="
    assert requirement.specifier.contains(specifier.version)


def test_conda_environment_has_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == OWN
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    [python] = [entry for entry in environment["dependencies"] if str(entry).startswith("python=")]
    assert PROJECT["requires-python"] == ">=" + python.removeprefix("python=")
    pinned = [line for line in pip if not line.startswith("--")]
    assert "--constraint constraints.txt" in pip
    assert "--editable ." in pip
    # Named only where pip needs help to find the right build; then with the very pin of pyproject.toml.
    assert pinned
    assert set(pinned) <= {str(requirement) for requirement in requirements()}


def test_the_readme_installs_with_the_constraints():
    commands = re.findall(r"pip install .*", (ROOT / "README.md").read_text(encoding="utf-8"))
    local = [command for command in commands if " -e " in command]
    assert len(local) >= 2
    assert all("-c constraints.txt" in command for command in local)
