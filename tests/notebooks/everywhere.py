"""Do the notebooks print the same on every machine? Run them as other machines would, and compare with what is stored.

    python tests/notebooks/everywhere.py [2 6 ...]

Another processor sums in another order, so that the last digits of a float differ; so do two threads and one. Each
notebook (lesson, exercise sheet, solutions; all if no number is given) runs under nbval with the instructions of three
kinds of processor, on one thread and on two: six runs. Whatever differs is named, with its cell. What passed is
remembered in the user's cache folder and runs again only after a change of the notebook, the code, an installed
package, Python or the machine. `--kernels` and `--threads` choose among the six; `--anew` forgets.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import platformdirs
import torch

from courseware.exercises import journal
from courseware.notebook.explorer import STILLS_VARIABLE
from courseware.project import find_text, project_root
from courseware.text import build
from courseware.text.surroundings import surroundings

MEMORY = platformdirs.user_cache_path("visual-attention-course") / "everywhere"

# Torch and the libraries that it calls choose their instructions when they are loaded.
KERNELS = {
    "own": {},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "default": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    },
}
THREADS = (1, 2)


@dataclass(frozen=True)
class Setting:
    """A machine to stand in for: the instructions of its processor (a key of KERNELS) and its number of threads."""

    kernels: str
    threads: int

    def __str__(self) -> str:
        return f"{self.kernels}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def environment(self) -> dict[str, str]:
        return KERNELS[self.kernels] | {"OMP_NUM_THREADS": str(self.threads)}


@dataclass(frozen=True)
class Run:
    """What came of one notebook in one setting: the differences, by cell, and seconds; None if it was remembered."""

    notebook: Path
    setting: Setting
    differences: tuple[str, ...] = ()
    seconds: float | None = None
    slowest_cell: float | None = None


EVERYWHERE = tuple(Setting(kernels, threads) for kernels in KERNELS for threads in THREADS)


def nbval(notebook: str | Path, *, cwd: Path) -> list[str]:
    """The command that runs nbval alone on a notebook: this project's pytest settings are not meant for notebooks."""
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(cwd), "-p", "no:cacheprovider"]
    return [*command, "--nbval", "--nbval-current-env", "--nbval-cell-timeout", "300", "-q", str(notebook)]


def _surroundings() -> bytes:
    """A digest of what a notebook's outputs may depend on besides itself, this file among it."""
    capability = torch.backends.cpu.get_cpu_capability().encode()
    return surroundings() + capability + hashlib.sha256(Path(__file__).read_bytes()).digest()


def _digest(notebook: Path, setting: Setting) -> str:
    parts = [_surroundings(), notebook.read_bytes(), repr(sorted(setting.environment.items())).encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _differences(report: Path) -> tuple[list[str], float]:
    """What nbval wrote: a sentence and the difference for each cell that differs, and the slowest cell's seconds."""
    found, slowest = [], 0.0
    for case in ElementTree.parse(report).iter("testcase"):
        slowest = max(slowest, float(case.get("time", 0)))
        for failure in [*case.findall("failure"), *case.findall("error")]:
            text = re.sub(r"(#x1B|\x1b)\[[\d;]*m", "", failure.text or failure.get("message", ""))
            text = text.removeprefix("Notebook cell execution failed\n")
            # Of the cell's code the first line is enough to find it.
            text = re.sub(r"\n\nInput:\n(.*)\n(?s:.*?)\nTraceback:\n", r"\n  \1\n", text, count=1)
            found.append(text.strip())
    return found, slowest


def run(notebook: Path, setting: Setting, memory: Path = MEMORY) -> Run:
    """Run one notebook in one setting, or remember that it agreed.

    Raises RuntimeError, with what nbval said, if nbval itself could not run.
    """
    digest = _digest(notebook, setting)
    where = hashlib.sha256(str(notebook.resolve()).encode()).hexdigest()[:8]
    passed = memory / f"{notebook.stem}-{where}-{setting.kernels}-{setting.threads}"
    if passed.is_file() and passed.read_text(encoding="utf-8") == digest:
        return Run(notebook, setting)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        start = time.perf_counter()
        done = subprocess.run(
            [*nbval(notebook.name, cwd=notebook.parent), "-vv", "--color=no", f"--junitxml={report}"],
            cwd=notebook.parent,
            env=os.environ | setting.environment | {journal.VARIABLE: journal.OFF, STILLS_VARIABLE: "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        # 0: all agree, 1: some differ, 5: a notebook without code.
        if done.returncode not in (0, 1, 5):
            raise RuntimeError(f"nbval could not run {notebook}:\n{done.stdout}{done.stderr}")
        differences, slowest = _differences(report)
    if not differences:
        memory.mkdir(parents=True, exist_ok=True)
        passed.write_text(digest, encoding="utf-8")
    return Run(notebook, setting, tuple(differences), seconds, slowest)


def runs(
    notebooks: Sequence[Path], settings: Sequence[Setting], *, jobs: int = 2, memory: Path = MEMORY
) -> Iterator[Run]:
    """Run every notebook in every setting, `jobs` at a time; yields them in order."""
    pairs = [(notebook, setting) for notebook in notebooks for setting in settings]
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda pair: run(*pair, memory=memory), pairs)


def chosen(names: Sequence[str], root: Path) -> list[Path]:
    """The notebooks of the lessons with these numbers or names (all if none is given); a path stands for itself."""
    paths = [Path(name).resolve() for name in names if name.endswith(".ipynb")]
    numbers = {find_text(name, root).number for name in names if not name.endswith(".ipynb")}
    ours = [root / target.notebook for target in build.targets(root) if not names or target.number in numbers]
    return ours + paths


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status is 1 if anything differs."""
    command = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    command.add_argument("lessons", nargs="*", metavar="lesson", help="number, name or notebook; all if none is given")
    command.add_argument("--kernels", action="append", choices=[*KERNELS], help="these instructions only")
    command.add_argument("--threads", action="append", type=int, choices=THREADS, help="this number of threads only")
    command.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default: %(default)s)")
    command.add_argument("--memory", type=Path, default=MEMORY, help="where to remember (default: %(default)s)")
    command.add_argument("--anew", action="store_true", help="run what is remembered, too")
    options = command.parse_args(argv)
    settings = [
        setting
        for setting in EVERYWHERE
        if setting.kernels in (options.kernels or KERNELS) and setting.threads in (options.threads or THREADS)
    ]
    root = project_root()
    notebooks = chosen(options.lessons, root)
    if options.anew:
        for path in options.memory.glob("*"):
            path.unlink()
    differing = 0
    for done in runs(notebooks, settings, jobs=options.jobs, memory=options.memory):
        name = done.notebook.relative_to(root) if done.notebook.is_relative_to(root) else done.notebook
        took = "remembered" if done.seconds is None else f"{done.seconds:.0f} s, slowest cell {done.slowest_cell:.0f} s"
        print(f"{name} ({done.setting}): {'DIFFERS' if done.differences else 'same'}, {took}", flush=True)
        for difference in done.differences:
            print("  " + difference.replace("\n", "\n  "), flush=True)
        differing += bool(done.differences)
    print(f"{differing} of {len(notebooks) * len(settings)} runs differ from what is stored")
    return int(differing > 0)


if __name__ == "__main__":
    raise SystemExit(main())
