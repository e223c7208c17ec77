"""Run an experiment over variants and seeds, keep what came out with its recipe, and read it again."""

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["Experiment", "Results", "load_weights", "measure", "stored"]

_FOLDER = resources.files("visual_attention.experiments").joinpath("results")


@dataclass(frozen=True)
class Experiment:
    """A recipe that gives numbers for a variant and a seed.

    Attributes
    ----------
    name : of the stored files
    question : what it is to find out, one sentence
    recipe : every choice that the numbers depend on (steps, sizes, rates, noise), as JSON can hold it; stored with the
        results, and compared by a test with what the code says now
    variants : names of what is compared
    seeds : what every variant is repeated for; one seed gives all variants the same data
    run : (variant, seed) → the measured numbers by name, and the trained network or None
    keep : the one (variant, seed) whose network's weights are stored, or None
    """

    name: str
    question: str
    recipe: Mapping[str, object]
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    run: Callable[[str, int], tuple[dict[str, float], nn.Module | None]]
    keep: tuple[str, int] | None = None


@dataclass(frozen=True)
class Results:
    """Stored results: `values[variant][measure]` is a list with one number for each of `seeds`."""

    question: str
    recipe: dict[str, object]
    seeds: list[int]
    values: dict[str, dict[str, list[float]]]
    seconds: float
    versions: dict[str, str] = field(default_factory=dict)

    def of(self, variant: str, measure: str) -> Tensor:
        """One number for each seed, shape (seeds,), float64. Raises ValueError if there is no such row or column."""
        if variant not in self.values:
            raise ValueError(f"variant must be one of {', '.join(self.values)}, got {variant!r}")
        if measure not in self.values[variant]:
            raise ValueError(f"measure must be one of {', '.join(self.values[variant])}, got {measure!r}")
        return torch.tensor(self.values[variant][measure], dtype=torch.float64)

    def spread(self, variant: str, measure: str, digits: int = 3) -> str:
        """Mean ± standard deviation over the seeds (of a sample: n − 1), for printing."""
        numbers = self.of(variant, measure)
        return f"{numbers.mean():.{digits}f} ± {numbers.std():.{digits}f}"

    def gain(self, variant: str, over: str, measure: str) -> Tensor:
        """Paired differences variant − over, one for each seed: shape (seeds,)."""
        return self.of(variant, measure) - self.of(over, measure)


def measure(
    experiment: Experiment, folder: Path | None = None, say: Callable[[str], object] = print, *, keep_only: bool = False
) -> Results | None:
    """Run every variant for every seed, and write the results (into this package if no folder is given).

    With `keep_only`, only the network whose weights are stored is trained, and only its file written.
    """
    folder = Path(str(_FOLDER)) if folder is None else Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    values: dict[str, dict[str, list[float]]] = {variant: {} for variant in experiment.variants}
    runs: Sequence[tuple[str, int]] = [(v, s) for s in experiment.seeds for v in experiment.variants]
    if keep_only:
        runs = [experiment.keep] if experiment.keep else []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and so the last digits, then do not depend on the machine's cores
    try:
        for variant, seed in runs:
            numbers, network = experiment.run(variant, seed)
            for name, number in numbers.items():
                values[variant].setdefault(name, []).append(round(float(number), 4))
            shown = ", ".join(f"{name} {number:.3f}" for name, number in numbers.items())
            say(f"{experiment.name}: {variant}, seed {seed}: {shown}")
            if (variant, seed) == experiment.keep and network is not None:
                torch.save(network.state_dict(), folder / f"{experiment.name}.pt")
    finally:
        torch.set_num_threads(threads)
    if keep_only:
        return None
    results = Results(
        question=experiment.question,
        recipe=dict(experiment.recipe),
        seeds=list(experiment.seeds),
        values=values,
        seconds=round(time.perf_counter() - start, 1),
        versions={"python": platform.python_version(), "torch": torch.__version__.partition("+")[0]},
    )
    text = json.dumps(vars(results), indent=1, ensure_ascii=False)
    (folder / f"{experiment.name}.json").write_text(text + "\n", encoding="utf-8")
    return results


def stored(name: str) -> Results:
    """Return the stored results of an experiment. Raises ValueError if there are none of that name."""
    file = _FOLDER.joinpath(f"{name}.json")
    if not file.is_file():
        known = sorted(entry.name[:-5] for entry in _FOLDER.iterdir() if entry.name.endswith(".json"))
        raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}")
    return Results(**json.loads(file.read_text(encoding="utf-8")))


def load_weights(network: nn.Module, name: str) -> nn.Module:
    """Load the stored weights of an experiment's network into `network`, and return it in evaluation mode."""
    with resources.as_file(_FOLDER.joinpath(f"{name}.pt")) as file:
        network.load_state_dict(torch.load(file, weights_only=True))
    return network.eval()
