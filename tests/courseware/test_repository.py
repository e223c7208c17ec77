"""Where the course is published, as git or pyproject.toml or the command line says."""

import re
import subprocess
from pathlib import Path

import pytest

from courseware.project import UserError
from courseware.publish.repository import Repository, repository


def clone(folder: Path, origin: str | None) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "spring", str(folder)], check=True)
    if origin:
        subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", origin], check=True)
    return folder


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@gitlab.com/owner/name.git", "https://gitlab.com/owner/name"),
        ("https://user:token@github.com/owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
    ],
)
def test_the_repository_is_gits_origin(tmp_path: Path, origin: str, expected: str) -> None:
    assert repository(clone(tmp_path, origin)) == Repository(expected, "spring")


@pytest.mark.parametrize("origin", [None, "/srv/course", "https://git.example.org/owner/name"])
def test_an_unknown_origin_gives_none_and_pyproject_fills_the_gap(tmp_path: Path, origin: str | None) -> None:
    root = clone(tmp_path, origin)
    assert repository(root) is None
    (root / "pyproject.toml").write_text('[project]\nurls.Repository = "https://github.com/a/b"\n')
    assert repository(root) == Repository("https://github.com/a/b", "spring")


def test_a_named_repository_wins(tmp_path: Path) -> None:
    root = clone(tmp_path, "https://github.com/owner/name")
    assert repository(root, "https://gitlab.com/a/b.git") == Repository("https://gitlab.com/a/b", "spring")


@pytest.mark.parametrize("address", ["github.com/a/b", "https://github.com/a", "https://git.example.org/a/b", "x"])
def test_an_address_that_is_no_repository_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match=rf"the repository must be .*, was '{re.escape(address)}'"):
        repository(tmp_path, address)
