"""Where the course is published: what Binder and Colab open."""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from courseware.project import UserError

__all__ = ["HOSTS", "Repository", "repository"]

HOSTS = {"github.com": "github", "gitlab.com": "gitlab"}


@dataclass(frozen=True)
class Repository:
    """Where the course is published, for the launch buttons.

    Attributes
    ----------
    url : str
        Such as ``"https://github.com/OWNER/NAME"``.
    branch : str
        The branch that Binder and Colab open.
    """

    url: str
    branch: str = "main"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", self.url):
            raise UserError(f"the repository must be an address like https://github.com/OWNER/NAME, was {self.url!r}")
        if self.host not in HOSTS:
            raise UserError(f"the repository must be on one of {', '.join(HOSTS)}, was {self.url!r}")

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


def repository(root: Path, url: str | None = None) -> Repository | None:
    """The repository named by `url`, else the remote `origin` of the clone, else `Repository` in pyproject.toml's urls.

    None if all are missing or the remote is on no host that the launch buttons know. Raises
    `courseware.project.UserError` if `url` or the address in pyproject.toml is no repository on such a host.
    """
    branch = _git(root, "branch", "--show-current") or "main"
    if url:
        return Repository(_web_address(url), branch)
    origin = _web_address(_git(root, "remote", "get-url", "origin"))
    if urlsplit(origin).netloc in HOSTS:
        return Repository(origin, branch)
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}) if file.exists() else {}
    named = project.get("urls", {}).get("Repository")
    return Repository(_web_address(named), branch) if named else None


def _git(root: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True)
    except FileNotFoundError:  # no git: a downloaded archive
        return ""
    return done.stdout.strip()


def _web_address(remote: str) -> str:
    """`git@host:owner/name.git` and its relatives as the address that a browser opens."""
    remote = re.sub(r"^(ssh://)?git@([^:/]+)[:/]", r"https://\2/", remote)
    remote = re.sub(r"^https://[^/@]*@", "https://", remote)  # no user name and no token in a page
    return remote.rstrip("/").removesuffix(".git")
