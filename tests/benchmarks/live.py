"""How soon is a lecture alive? Opens lessons as a lecturer does, while another process keeps each processor busy.

    python tests/benchmarks/live.py [5 6 ...]

For each lesson: seconds from `courseware present` to the first slide; for each explorer, opened directly at its slide,
seconds from the slide to the explorer's picture, and from a key and a click to the picture that follows; seconds until
all cells have run. Pictures are kept beforehand, as after an earlier lecture. Asserts nothing.
"""

import argparse
import contextlib
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

from courseware.present import kept
from courseware.project import START_NUMBER, Lesson, find_lesson, lessons, project_root

SLIDE = ".reveal section.present > section.present"
EXPLORER = f"{SLIDE} .courseware-explorer"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    spinning = [multiprocessing.Process(target=spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.terminate()


@contextlib.contextmanager
def presented(lesson: Lesson) -> Iterator[str]:
    """The address of a lesson's live slides, as soon as it is printed."""
    with tempfile.NamedTemporaryFile("w+") as said:
        command = [sys.executable, "-m", "courseware.cli", "present", lesson.number, "--no-browser", "--port", "9400"]
        process = subprocess.Popen(command, cwd=lesson.root, stdout=said, stderr=subprocess.STDOUT)
        try:
            while not (found := re.search(r"http://\S+token=\w+", Path(said.name).read_text())):
                time.sleep(0.05)
            yield found[0]
        finally:
            process.terminate()
            process.wait()


def explorers(lesson: Lesson) -> list[int]:
    """The slides that hold an explorer, by number from 0."""
    found, slide = [], -1
    for cell in nbformat.read(lesson.notebook, as_version=4).cells:
        slide += cell.metadata.get("slideshow", {}).get("slide_type") in ("slide", "subslide")
        if any("Explorer: " in output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])):
            found.append(slide)
    return found


def since(start: float) -> float:
    return time.perf_counter() - start


def shown(page: Page) -> str | None:
    return page.locator(f"{EXPLORER} .courseware-picture").first.get_attribute("data-key")


def answer(page: Page, act) -> float:
    before, start = shown(page), time.perf_counter()
    act()
    while shown(page) == before and since(start) < 60:
        page.wait_for_timeout(5)
    return since(start)


def by_key(page: Page) -> float:
    control = page.locator(f"{EXPLORER} :is(input[type=range], select, [role=slider])").first
    control.focus()
    pressed = "ArrowDown" if control.evaluate("node => node.tagName") == "SELECT" else "ArrowRight"
    return answer(page, lambda: page.keyboard.press(pressed))


def by_mouse(page: Page) -> float:
    control = page.locator(f"{EXPLORER} :is(input[type=range], [role=slider])").first
    box = control.bounding_box()
    return answer(page, lambda: page.mouse.click(box["x"] + 0.12 * box["width"], box["y"] + 0.5 * box["height"]))


def measure(lesson: Lesson, program: str) -> None:
    start = time.perf_counter()
    with presented(lesson) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address)
        page.wait_for_selector(SLIDE, timeout=120_000)
        first = since(start)
        row = []
        for slide in explorers(lesson):
            other = browser.new_page(viewport={"width": 1280, "height": 720})
            other.goto(f"{address}#/slide-{slide}-0")
            other.wait_for_selector(f"#slide-{slide}-0.present", timeout=120_000)
            opened = time.perf_counter()
            other.wait_for_selector(f"{EXPLORER} .courseware-picture img", timeout=120_000)
            row.append(f"{since(opened):4.1f} {by_key(other):4.2f} {by_mouse(other):4.2f}")
            other.close()
        page.wait_for_selector("body[data-notebook-run=done]", timeout=600_000)
        print(f"{lesson.stem:22} first slide {first:5.1f}   picture, key, mouse: {'   '.join(row)}"
              f"   all cells {since(start):5.0f}", flush=True)  # fmt: skip
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*")
    root = project_root()
    names = parser.parse_args().lessons
    chosen = [find_lesson(name, root) for name in names] or [
        lesson for lesson in lessons(root) if lesson.number != START_NUMBER
    ]
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    for lesson in chosen:
        kept.keep(lesson.notebook)
    print("seconds")
    for lesson in chosen:
        with busy(os.cpu_count() or 1):
            measure(lesson, program)


if __name__ == "__main__":
    main()
