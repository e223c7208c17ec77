"""Time and peak memory of Nadaraya–Watson: the whole table of weights against the fused form.

    python tests/benchmarks/nadaraya_watson.py

One thread, float32 in and out (the arithmetic is in float64). The two forms take turns within one run, so a
busy machine slows both; read the ratios rather than the milliseconds. Memory is what a process of its own
adds at its peak (Linux only). At n = 100,000 only the fused form runs: the table would take 80 GB.
"""

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from visual_attention import nadaraya_watson, pooling

WIDTH = 0.2
# The largest table that each form may build.
TABLE_ENTRIES = {"table": sys.maxsize, "fused": 0}


def problem(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    keys, query = 5 * torch.rand(2, n, generator=generator)
    return query, keys, torch.sin(keys)


def seconds(form: str, data: tuple[torch.Tensor, ...]) -> float:
    pooling._TABLE_ENTRIES = TABLE_ENTRIES[form]
    start = time.perf_counter()
    nadaraya_watson(*data, width=WIDTH)
    return time.perf_counter() - start


def peak_mib() -> float:
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def print_growth(form: str, n: int) -> None:
    """Print the seconds and by how many MiB this process grew; runs in a process of its own."""
    for warm_up in TABLE_ENTRIES:
        seconds(warm_up, problem(300))
    data = problem(n)
    before = peak_mib()
    print(seconds(form, data), peak_mib() - before)


def in_own_process(form: str, n: int) -> tuple[float, float]:
    done = subprocess.run([sys.executable, __file__, form, str(n)], capture_output=True, text=True, check=True)
    took, growth = map(float, done.stdout.split())
    return took, growth


def compare(n: int, rounds: int) -> None:
    data = problem(n)
    table, fused = zip(*[(seconds("table", data), seconds("fused", data)) for _ in range(rounds)], strict=True)
    ratio = statistics.median(f / t for t, f in zip(table, fused, strict=True))
    memory = {form: in_own_process(form, n)[1] for form in TABLE_ENTRIES}
    print(
        f"n = m = {n:>7,}: table {1e3 * statistics.median(table):8.1f} ms {memory['table']:8.1f} MiB | "
        f"fused {1e3 * statistics.median(fused):8.1f} ms {memory['fused']:6.1f} MiB | "
        f"fused / table: time {ratio:.3f}, memory {memory['fused'] / memory['table']:.4f}"
    )


def main() -> None:
    for form in TABLE_ENTRIES:
        seconds(form, problem(300))
    compare(2_000, rounds=7)
    compare(10_000, rounds=3)
    took, growth = in_own_process("fused", 100_000)
    print(f"n = m = 100,000: fused {took:.1f} s, {growth:.1f} MiB (a table would take 76,294 MiB)")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) == 3:
        print_growth(sys.argv[1], int(sys.argv[2]))
    else:
        main()
