"""`python -m visual_attention.experiments [name …]`: list the experiments, or run some again and store the results."""

import argparse
import importlib
import pkgutil

from visual_attention import experiments
from visual_attention.experiments.store import Experiment, measure


def known() -> dict[str, Experiment]:
    """Every experiment by its name: each module of this package holds one or more `Experiment`s in `ALL`."""
    found = {}
    for module in pkgutil.iter_modules(experiments.__path__):
        if module.name not in ("store", "__main__"):
            every = importlib.import_module(f"visual_attention.experiments.{module.name}").ALL
            found |= {experiment.name: experiment for experiment in every}
    return found


def main(argv: list[str] | None = None) -> None:
    """Run the command line `argv` (that of the process if not given)."""
    every = known()
    parser = argparse.ArgumentParser(prog="python -m visual_attention.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="an experiment to run again; none lists them all")
    names = parser.parse_args(argv).names
    for name in names:
        if name not in every:
            parser.error(f"name must be one of {', '.join(every)}, got {name!r}")
    for name in names:
        measure(every[name])
    if not names:
        for experiment in every.values():
            print(f"{experiment.name}: {experiment.question}")


if __name__ == "__main__":
    main()
