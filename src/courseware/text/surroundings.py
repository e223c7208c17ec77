"""What a notebook's outputs may depend on besides its own cells: the course's code, packages, Python, the machine."""

import functools
import hashlib
import importlib.metadata
import platform
import sys
from pathlib import Path

import courseware

__all__ = ["surroundings"]


@functools.cache
def surroundings() -> bytes:
    """A digest that changes with the code under `src`, an installed package's version, Python or the machine."""
    code = hashlib.sha256()
    # A set: a folder that stands twice in Python's path has its packages twice.
    packages = sorted({f"{found.name}=={found.version}" for found in importlib.metadata.distributions()})
    code.update(repr((packages, sys.version, platform.platform(), platform.machine())).encode())
    source = Path(courseware.__file__).resolve().parents[1]
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            code.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return code.digest()
