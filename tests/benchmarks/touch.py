"""How soon does a page follow a hand? A drawing pad, a microscope, and an explorer, each in an exported page from disk.

    python tests/benchmarks/touch.py

Milliseconds, median and 95th percentile, over many moves of a hand at times that do not go with the frames of the
screen. *stroke to picture*: from the move of a pen to the end of the work in the animation frame that shows what the
network makes of it. *drag to number*: the same for a number that is turned, and all that follow from it. *slider to
picture*: the same for an explorer, whose pictures were drawn before. All of them hold some half a frame of waiting (of
16.7 ms at 60 Hz). Asserts nothing.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from courseware.notebook.explorer import EXPORT_VARIABLE

os.environ[EXPORT_VARIABLE] = "1"

from visual_attention.lessons.capstone.explorers import slots_pad
from visual_attention.lessons.cbam.explorers import ring_pad, spatial_microscope
from visual_attention.lessons.kernel_regression.explorers import width_explorer
from visual_attention.lessons.squeeze_excitation.explorers import block_microscope, frame_pad

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MOVES = 120

# Moves a hand so often, and waits each time for the frame that shows what came of it. `act` moves; `seen` is a text
# that changes with what is shown.
TIMES = """
async ([figure, act, seen, moves]) => {
  const [move, shown] = [eval(act), eval(seen)];
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let n = 0; n < moves; n += 1) {
    await new Promise((done) => setTimeout(done, 20 + (n * 7) % 16));
    const before = shown(figure);
    const start = performance.now();
    move(figure, n);
    do await frame(); while (shown(figure) === before);
    times.push(performance.now() - start);
  }
  return times;
}
"""
POINTER = """
const point = (kind, node, x, y) => node.dispatchEvent(new PointerEvent(kind,
  { bubbles: true, clientX: x, clientY: y, pointerId: 1, isPrimary: true, buttons: 1, pointerType: "mouse" }));
"""
# The pen goes down once and then round in a spiral.
DRAW = f"""(() => {{ {POINTER}
return (figure, n) => {{
  const paper = figure.querySelector(".courseware-paper");
  const box = paper.querySelector("canvas").getBoundingClientRect();
  paper.setPointerCapture = () => {{}};
  const at = (k) => [box.left + box.width * (0.5 + 0.003 * k * Math.cos(k / 5)),
    box.top + box.height * (0.5 + 0.003 * k * Math.sin(k / 5))];
  if (n === 0) point("pointerdown", paper, ...at(0));
  point("pointermove", paper, ...at(n + 1));
}}; }})()"""
DRAG = f"""(() => {{ {POINTER}
return (figure, n) => {{
  const input = figure.querySelector(".courseware-input input");
  input.setPointerCapture = () => {{}};
  const box = input.getBoundingClientRect();
  if (n === 0) point("pointerdown", input, box.left + 5, box.top + 5);
  point("pointermove", input, box.left + 5 + 7 * (1 + n % 5), box.top + 5);
}}; }})()"""
SLIDE = """(figure, n) => {
  const input = figure.querySelector("input[type=range]");
  input.value = Number(input.min) + (1 + n) % 12;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
CASES = {
    "drawing pad, lesson 7": (ring_pad, "stroke to picture", DRAW, "(figure) => figure.dataset.version"),
    "drawing pad, lesson 5": (frame_pad, "stroke to picture", DRAW, "(figure) => figure.dataset.version"),
    "drawing pad, lesson 8": (slots_pad, "stroke to picture", DRAW, "(figure) => figure.dataset.version"),
    "microscope, lesson 5": (
        block_microscope, "drag to number", DRAG, '(figure) => figure.querySelector(".courseware-input input").value',
    ),
    "microscope, lesson 7": (
        spatial_microscope, "drag to number", DRAG, '(figure) => figure.querySelector(".courseware-input input").value',
    ),
    "explorer, lesson 2": (
        width_explorer, "slider to picture", SLIDE,
        '(figure) => figure.querySelector(".courseware-picture").dataset.key',
    ),
}  # fmt: skip


@contextlib.contextmanager
def page_of(shown: str) -> Iterator[Page]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder, "page.html")
        file.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>.</title>{shown}', "utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        page = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True).new_page()
        page.goto(file.as_uri())
        yield page
        browser.close()


def told(times: list[float]) -> str:
    times = sorted(times)
    return f"{statistics.median(times):6.1f} {times[round(0.95 * len(times)) - 1]:6.1f}"


def main() -> None:
    print(f"{'':24}{'':20}median   95 %   kB in the page")
    for name, (make, what, act, seen) in CASES.items():
        data = make()._repr_mimebundle_()
        shown = (data[0] if isinstance(data, tuple) else data)["text/html"]
        with page_of(shown) as page:
            figure = page.wait_for_selector("figure")
            times = page.evaluate(TIMES, [figure, act, seen, MOVES])
        print(f"{name:24}{what:20}{told(times[10:])}   {len(shown.encode()) / 1000:6.0f}", flush=True)


if __name__ == "__main__":
    main()
