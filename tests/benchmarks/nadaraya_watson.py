"""Time, peak memory and error of Nadaraya–Watson: the table of weights, the fused form, the boxes, and KeOps.

    OMP_NUM_THREADS=1 python tests/benchmarks/nadaraya_watson.py

Processor time of one thread, float32 in and out (the arithmetic is in float64). The forms take turns within one
run, so a busy machine slows all of them; read the ratios rather than the milliseconds. Memory is what a process of
its own adds at its peak (Linux only). The error is against a hundred rows of the definition, as a share of the range
of the values, with float64 in and out: rounding to float32 would hide it.

From n = 100,000 on there is no table, which would take 80 GB, and at a million only the boxes remain: the pairs
would take the other forms an hour or more. The row of KeOps (`pip install pykeops`, needs a C++ compiler) is left
out where it is not installed.
"""

import importlib.util
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from visual_attention import _fast_pooling, nadaraya_watson, pooling

WIDTH = 0.2
ROWS = 100
HAS_KEOPS = importlib.util.find_spec("pykeops") is not None
FORMS = ("table", "fused", "boxes", *(["KeOps"] if HAS_KEOPS else []))
Form = Callable[..., torch.Tensor]


def by_keops(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, *, width: float) -> torch.Tensor:
    from pykeops.torch import LazyTensor

    x, x_i, y_i = (part.double()[:, None] / by for part, by in ((query, width), (keys, width), (values, 1)))
    score = -((LazyTensor(x[:, None]) - LazyTensor(x_i[None])) ** 2).sum(dim=2) / 2
    return score.sumsoftmaxweight(LazyTensor(y_i[None]), dim=1)[:, 0].to(query.dtype)


def choose(form: str) -> Form:
    """Return the function to be called; of the library's forms it allows one only."""
    pooling.TABLE_ENTRIES = _fast_pooling.TABLE_ENTRIES = sys.maxsize if form == "table" else 0
    _fast_pooling.pays = lambda m, n, boxes: form == "boxes"
    return by_keops if form == "KeOps" else nadaraya_watson


def problem(n: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    keys, query = 5 * torch.rand(2, n, generator=generator, dtype=dtype)
    return query, keys, torch.sin(keys)


def seconds(form: str, data: tuple[torch.Tensor, ...]) -> float:
    run = choose(form)
    start = time.process_time()
    run(*data, width=WIDTH)
    return time.process_time() - start


def error(form: str, n: int) -> float:
    """Return the largest error in rows drawn at random, as a share of the range of the values."""
    query, keys, values = problem(n, torch.float64)
    rows = torch.randint(n, (ROWS,), generator=torch.Generator().manual_seed(1))
    found = choose(form)(query, keys, values, width=WIDTH)[rows]
    exact = []
    for place in query[rows]:
        weights = torch.exp(-((place - keys) / WIDTH).square() / 2)
        exact.append((weights * values).sum() / weights.sum())
    return ((found - torch.stack(exact)).abs().max() / (values.max() - values.min())).item()


def peak_mib() -> float:
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def print_growth(form: str, n: int) -> None:
    """Print by how many MiB this process grew; runs in a process of its own."""
    seconds(form, problem(300))
    data = problem(n)
    before = peak_mib()
    seconds(form, data)
    print(peak_mib() - before)


def growth(form: str, n: int) -> float:
    command = [sys.executable, __file__, form, str(n)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def compare(n: int, forms: tuple[str, ...], rounds: int) -> None:
    data = problem(n)
    taken = {form: [] for form in forms}
    for _ in range(rounds):
        for form in forms:
            taken[form].append(seconds(form, data))
    for form in forms:
        milliseconds = 1e3 * statistics.median(taken[form])
        exactness = f"{error(form, n):.0e}" if n < 100_000 or form == "boxes" else "-"  # a second run of minutes
        print(f"{n:>9,} | {form:5} | {milliseconds:9.1f} ms | {growth(form, n):8.1f} MiB | {exactness:>6}", flush=True)


def main() -> None:
    for form in FORMS:
        seconds(form, problem(300))  # KeOps compiles here
    print("    n = m | form  |         time  |       memory | error")
    compare(2_000, FORMS, rounds=7)
    compare(10_000, FORMS, rounds=3)
    compare(100_000, ("fused", "boxes"), rounds=1)
    compare(1_000_000, ("boxes",), rounds=3)
    if not HAS_KEOPS:
        print("KeOps: not installed")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) == 3:
        print_growth(sys.argv[1], int(sys.argv[2]))
    else:
        main()
