"""How long each lesson takes from a clean kernel to its last cell.

    python tests/benchmarks/lessons.py

Seconds on the clock, the kernel's start among them, and seconds of processor time, which a busy machine changes
less. The bar is 30 seconds on two cores (`OMP_NUM_THREADS=2`).
"""

import time

import psutil

from courseware import build
from courseware.execute import execute
from courseware.project import project_root


def main() -> None:
    root = project_root()
    print("| lesson | seconds | of processor time |\n|---|--:|--:|")
    for target in build.targets(root):
        if target.notebook.parent.name == "notebooks":
            before, start = psutil.Process().cpu_times(), time.perf_counter()
            execute(target.derived(root), folder=root / target.notebook.parent)
            taken, after = time.perf_counter() - start, psutil.Process().cpu_times()
            work = sum(getattr(after, kind) - getattr(before, kind) for kind in ("children_user", "children_system"))
            print(f"| {target.notebook.stem} | {taken:.0f} | {work:.0f} |", flush=True)


if __name__ == "__main__":
    main()
