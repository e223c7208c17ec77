"""What grading a class takes: `python tests/benchmarks/grading.py`, with `--submissions 100 --compared 20 --jobs 2`.

The same notebooks, right answers to one sheet, no two of them alike (the judge runs what is alike once), go three ways:
`courseware grade` with several processes, all of them;
and one after the other, the first of them: nbgrader with our judge, and nbgrader's own autograde, which runs a notebook
and its hidden tests in one kernel.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from courseware.grading.release import source_notebook
from courseware.text import citations
from courseware.text.build import BIBLIOGRAPHY

ROOT = Path(__file__).resolve().parents[2]
# A configuration file of nbgrader, which defines `get_config` there.
OWN_WAY = 'c = get_config()  # noqa: F821\nc.CourseDirectory.course_id = "visual_attention"\n'


def measured(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and the largest memory in MiB (proportional set size) of a command and all it starts.

    Looked at five times a second: what comes and goes in between is not seen. The time of a process in a sandbox is
    in no parent's account, for the sandbox ends before it.
    """
    start = time.monotonic()
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    largest, used, done = 0, {}, threading.Event()

    def watch() -> None:
        nonlocal largest
        while not done.wait(0.2):
            memory = 0
            for each in [process, *process.children(recursive=True)]:
                try:
                    memory += each.memory_full_info().pss
                    used[each] = sum(each.cpu_times()[:2])
                except psutil.Error:
                    continue
            largest = max(largest, memory)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        status = process.wait()
    finally:
        done.set()
        thread.join()
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return time.monotonic() - start, sum(used.values()), largest / 2**20


def solved(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if "SOLUTION" not in line)


def name(cell: nbformat.NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split(":")[0])
    options.add_argument("--submissions", type=int, default=100)
    options.add_argument("--compared", type=int, default=20, help="of these, for the two that grade one at a time")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--sheet", default="02_kernel_regression")
    arguments = options.parse_args()
    sheet = arguments.sheet
    text = (ROOT / "course" / "exercises" / f"{sheet}.py").read_text(encoding="utf-8")
    works = citations.read_bibliography(ROOT / BIBLIOGRAPHY)
    answers = {name(cell): solved(cell.source) for cell in source_notebook(text, 1, works).cells}
    with tempfile.TemporaryDirectory() as temporary:
        course = Path(temporary) / "ours"
        release = ["release", "--course-dir", str(course), "--seed", "1", sheet[:2]]
        python = sys.executable
        subprocess.run([python, "-m", "courseware.cli", *release], cwd=ROOT, check=True, capture_output=True)
        subprocess.run([python, "-m", "nbgrader", "generate_assignment", sheet], cwd=course, check=True)
        notebook = nbformat.read(course / "release" / sheet / f"{sheet}.ipynb", as_version=4)
        solutions = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
        for number in range(arguments.submissions):
            for cell in solutions:
                cell.source = f"{answers[name(cell)]}\n# student {number}"
            folder = course / "submitted" / f"student{number:03}" / sheet
            folder.mkdir(parents=True)
            nbformat.write(notebook, folder / f"{sheet}.ipynb")
        shutil.copytree(course, Path(temporary) / "parallel")
        for folder in sorted((course / "submitted").iterdir())[arguments.compared :]:
            shutil.rmtree(folder)
        shutil.copytree(course, Path(temporary) / "nbgrader")
        (Path(temporary) / "nbgrader" / "nbgrader_config.py").write_text(OWN_WAY, encoding="utf-8")
        autograde = [python, "-m", "nbgrader", "autograde", sheet]
        parallel = [python, "-m", "courseware.cli", "grade", sheet, "--course-dir", ".", "--jobs", str(arguments.jobs)]
        ways = {
            "nbgrader's own autograde": ("nbgrader", autograde, arguments.compared),
            "nbgrader with our judge": ("ours", autograde, arguments.compared),
            f"courseware grade --jobs {arguments.jobs}": ("parallel", parallel, arguments.submissions),
        }
        print(f"\n{sheet}, right answers\n")
        print("| | submissions | seconds | seconds each | ÷ own | processor seconds each | largest memory, MiB |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        own = None
        for way, (folder, command, count) in ways.items():
            seconds, processor, memory = measured(command, Path(temporary) / folder)
            own = own or seconds / count
            print(f"| {way} | {count} | {seconds:.0f} | {seconds / count:.1f} | {seconds / count / own:.2f} "
                  f"| {processor / count:.1f} | {memory:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
