"""How long every notebook takes from a clean kernel to its last cell: lessons, exercise sheets, solutions.

    OMP_NUM_THREADS=2 python tests/benchmarks/notebooks.py

Seconds on the clock, the kernel's start among them, and seconds of processor time, which a busy machine changes
less. On two cores a lesson has 30 seconds and all notebooks together have ten minutes; the exit status says
whether the second was held.
"""

import time

import psutil

from courseware.project import project_root
from courseware.text import build
from courseware.text.execute import execute

MOST_SECONDS = 600


def processor_seconds() -> float:
    """Of the kernels that have ended."""
    times = psutil.Process().cpu_times()
    return times.children_user + times.children_system


def main() -> int:
    root = project_root()
    total = work = 0.0
    print("| notebook | seconds | of processor time |\n|---|--:|--:|")
    for target in build.targets(root):
        before, start = processor_seconds(), time.perf_counter()
        execute(target.derived(root), folder=root / target.notebook.parent)
        taken, worked = time.perf_counter() - start, processor_seconds() - before
        total, work = total + taken, work + worked
        name = target.notebook.relative_to("notebooks").with_suffix("")
        print(f"| {name.as_posix()} | {taken:.0f} | {worked:.0f} |", flush=True)
    print(f"| all | {total:.0f} | {work:.0f} |")
    return int(total > MOST_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
