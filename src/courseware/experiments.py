"""Experiments run again: every variant for every seed, in parallel, resumed where an interruption left off.

A project names the package of its experiments in `pyproject.toml`::

    [tool.courseware]
    experiments = "visual_attention.lessons"

A module in there whose name begins with `experiment` lists its experiments in `ALL`, and keeps their results in the
folder `results` beside it. What this module asks of an experiment is in `Experiment`. Each finished run is kept beside
the results until all are there, and goes with the recipe, the module's text and the versions that made it: after a
change it is not taken up again.
"""

import argparse
import importlib
import os
import pkgutil
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import joblib
from tqdm import tqdm

from courseware import parallel
from courseware.project import UserError, project_root, settings

__all__ = ["Found", "experiments_command", "known", "measure"]

_one_at_a_time = threading.Lock()  # a Dask worker may have several threads, and torch's random state is one


class Experiment(Protocol):
    """What is asked of an experiment; a run is anything that can be pickled."""

    name: str
    question: str
    recipe: Mapping[str, object]

    @property
    def pairs(self) -> Sequence[tuple[str, int]]: ...

    @property
    def versions(self) -> Mapping[str, str]: ...

    def measure(self, variant: str, seed: int) -> Any: ...

    def write(self, runs: Sequence[Any], folder: Path) -> object: ...


@dataclass(frozen=True)
class Found:
    """An experiment, the module that lists it, and the folder of its results."""

    experiment: Experiment
    module: str
    folder: Path

    @property
    def unfinished(self) -> Path:
        """The folder of finished runs while others are missing."""
        return self.folder / f".{self.experiment.name}-runs"


def known(package: str) -> dict[str, Found]:
    """Every experiment below a package, by its name."""
    found: dict[str, Found] = {}
    top = importlib.import_module(package)
    for module in pkgutil.walk_packages(top.__path__, f"{package}."):
        if module.name.rpartition(".")[2].startswith("experiment"):
            loaded = importlib.import_module(module.name)
            folder = Path(str(loaded.__file__)).with_name("results")
            found |= {each.name: Found(each, module.name, folder) for each in loaded.ALL}
    return found


def measure(found: Found, jobs: int = -1, progress: bool = True) -> object:
    """Run every variant for every seed, write the results, and return what the experiment's `write` returns.

    Runs that an earlier call has finished are taken up. Whatever runs them, each has a process for itself as long as it
    lasts, in which it computes on one thread (an experiment's `measure` sees to that): the table does not depend on
    `jobs`, nor on a cluster. Raises UserError if processes died too often; what was finished is kept.
    """
    experiment, pairs = found.experiment, tuple(found.experiment.pairs)
    runs = {pair: run for pair in pairs if (run := _kept(found, pair)) is not None}
    tasks = {pair: (found.module, experiment.name, *pair) for pair in pairs if pair not in runs}
    found.unfinished.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(pairs), initial=len(runs), desc=experiment.name, unit="run", disable=not progress) as bar:
        for pair, run in parallel.results(_measured, tasks, jobs):
            _keep(found, pair, run)
            runs[pair] = run
            bar.update()
    if len(runs) < len(pairs):
        raise UserError(f"{experiment.name}: processes died, {len(pairs) - len(runs)} runs are missing; start it again")
    written = experiment.write([runs[pair] for pair in pairs], found.folder)
    shutil.rmtree(found.unfinished)
    return written


def _measured(module: str, name: str, variant: str, seed: int) -> Any:
    [experiment] = [each for each in importlib.import_module(module).ALL if each.name == name]
    with _one_at_a_time:
        return experiment.measure(variant, seed)


# -------------------------------------------------------------------------------------------- runs that are finished
def _stamp(found: Found, pair: tuple[str, int]) -> str:
    """What a run depends on, as far as it can be told: a kept run with another stamp is made anew."""
    text = Path(str(importlib.import_module(found.module).__file__)).read_text(encoding="utf-8")
    experiment = found.experiment
    return str(joblib.hash((dict(experiment.recipe), pair, dict(experiment.versions), text)))


def _file(found: Found, pair: tuple[str, int]) -> Path:
    return found.unfinished / f"{tuple(found.experiment.pairs).index(pair):03}.joblib"


def _kept(found: Found, pair: tuple[str, int]) -> Any:
    try:
        stamp, run = joblib.load(_file(found, pair))
    except Exception:  # none, or a half: unpickling raises whatever it meets
        return None
    return run if stamp == _stamp(found, pair) else None


def _keep(found: Found, pair: tuple[str, int], run: Any) -> None:
    file = _file(found, pair)
    new = file.with_suffix(".new")
    joblib.dump((_stamp(found, pair), run), new)
    os.replace(new, file)


# -------------------------------------------------------------------------------------------------------- the command
def experiments_command(arguments: argparse.Namespace) -> int:
    """`courseware experiments`: list the experiments, or run those of `arguments.names` again and store the results."""
    package = settings(project_root()).get("experiments")
    if package is None:
        raise UserError('pyproject.toml names no experiments: [tool.courseware] experiments = "package"')
    every = known(package)
    for name in arguments.names:
        if name not in every:
            raise UserError(f"name must be one of {', '.join(every)}, got {name!r}")
    with parallel.cluster(arguments.dask):
        for name in arguments.names:
            measure(every[name], arguments.jobs)
    if not arguments.names:
        print("\n".join(f"{name}: {found.experiment.question}" for name, found in every.items()))
    return 0
