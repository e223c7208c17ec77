"""An experiment over variants and seeds: run one, store what all gave with the recipe, and read it again."""

import io
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from visual_attention.training import one_thread

__all__ = ["Difference", "Experiment", "Results", "Run", "load_tensors", "load_weights", "stored"]

Network = TypeVar("Network", bound=nn.Module)

# Each lesson keeps the results of its own experiments: lessons/<lesson>/results/<name>.json, and .pt for weights.
_LESSONS = Path(__file__).parents[1] / "lessons"


class HasTensors(Protocol):
    """A network, or anything else that gives its tensors by name."""

    def state_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Run:
    """What one variant gave for one seed: numbers by name, the seconds it took, and the weights if they are kept."""

    variant: str
    seed: int
    numbers: dict[str, float]
    seconds: float
    weights: bytes | None = None


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
    run: Callable[[str, int], tuple[dict[str, float], HasTensors | None]]
    keep: tuple[str, int] | None = None

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """Every (variant, seed), in the order of the table."""
        return tuple((variant, seed) for seed in self.seeds for variant in self.variants)

    @property
    def versions(self) -> dict[str, str]:
        """Of what the numbers depend on besides the recipe."""
        return {"python": platform.python_version(), "torch": torch.__version__.partition("+")[0]}

    def measure(self, variant: str, seed: int) -> Run:
        """Run one variant for one seed, on one thread."""
        start = time.perf_counter()
        with one_thread():
            numbers, network = self.run(variant, seed)
        seconds = time.perf_counter() - start
        weights = None
        if (variant, seed) == self.keep and network is not None:
            file = io.BytesIO()
            torch.save(network.state_dict(), file)
            weights = file.getvalue()
        return Run(variant, seed, {name: float(number) for name, number in numbers.items()}, seconds, weights)

    def write(self, runs: Sequence[Run], folder: Path) -> "Results":
        """Write the results of all runs into `folder`, and the weights that are kept.

        Raises ValueError if a run is missing or there twice.
        """
        by_pair = {(run.variant, run.seed): run for run in runs}
        if len(runs) != len(by_pair) or set(by_pair) != set(self.pairs):
            raise ValueError(f"runs must be one for each of {self.pairs}, got {[(r.variant, r.seed) for r in runs]}")
        values: dict[str, dict[str, list[float]]] = {variant: {} for variant in self.variants}
        for variant, seed in self.pairs:
            for name, number in by_pair[variant, seed].numbers.items():
                values[variant].setdefault(name, []).append(round(number, 4))
        results = Results(
            question=self.question,
            recipe=dict(self.recipe),
            seeds=list(self.seeds),
            values=values,
            seconds=round(sum(run.seconds for run in runs), 1),
            versions=self.versions,
        )
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(vars(results), indent=1, ensure_ascii=False)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")
        for run in runs:
            if run.weights is not None:
                (folder / f"{self.name}.pt").write_bytes(run.weights)
        return results


@dataclass(frozen=True)
class Difference:
    """What two variants differ by, compared seed by seed, and the course's one rule for when that is a finding.

    `by_seed` holds one difference for each seed, shape (seeds,), at least two, else ValueError.
    """

    by_seed: Tensor

    def __post_init__(self) -> None:
        if self.by_seed.ndim != 1 or len(self.by_seed) < 2:
            raise ValueError(f"by_seed must have shape (seeds,) with two or more, got {tuple(self.by_seed.shape)}")

    @property
    def mean(self) -> float:
        return float(self.by_seed.mean())

    @property
    def error(self) -> float:
        """The standard error of the mean: the sample's standard deviation (n − 1) over the root of its size."""
        return float(self.by_seed.std() / len(self.by_seed) ** 0.5)

    @property
    def found(self) -> bool:
        """Whether the mean is more than two standard errors away from 0."""
        return abs(self.mean) > 2 * self.error

    def text(self, digits: int = 3) -> str:
        """Mean ± standard error, in how many seeds it is above 0, and whether that is a finding, for printing."""
        ahead = int((self.by_seed > 0).sum())
        verdict = "a finding" if self.found else "no finding"
        return f"{self.mean:+.{digits}f} ± {self.error:.{digits}f}, ahead in {ahead} of {len(self.by_seed)}: {verdict}"


@dataclass(frozen=True)
class Results:
    """Stored results: `values[variant][measure]` is a list with one number for each of `seeds`.

    `seconds` is the time of all runs together, as if one followed the other.
    """

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

    def paired(self, variant: str, over: str, measure: str) -> Difference:
        """The same with mean, standard error and verdict."""
        return Difference(self.gain(variant, over, measure))


def stored(name: str) -> Results:
    """Return the stored results of an experiment. Raises ValueError if there are none of that name."""
    return Results(**json.loads(_file(name, "json").read_text(encoding="utf-8")))


def load_weights(network: Network, name: str) -> Network:
    """Load the stored weights of an experiment's network into `network`, and return it in evaluation mode."""
    network.load_state_dict(load_tensors(name))
    return network.eval()


def load_tensors(name: str) -> dict[str, Tensor]:
    """The stored tensors of an experiment by name. Raises ValueError if there are none for it."""
    return torch.load(_file(name, "pt"), weights_only=True)


def _file(name: str, ending: str) -> Path:
    known = {file.stem: file for file in sorted(_LESSONS.glob(f"*/results/*.{ending}"))}
    if name not in known:
        raise ValueError(f"name must be one of {', '.join(sorted(known))}, got {name!r}")
    return known[name]
