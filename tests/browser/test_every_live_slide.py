"""What holds for every lesson as live slides: every slide fits, and two lessons on a projector of either shape."""

import nbformat
import pytest
import slide_fit

from courseware.project import lessons

SIZES = [(1280, 720), (1920, 1080), (1024, 768)]
# Of the others one size: as decks they are looked at in all.
IN_ALL_SIZES = ("02_kernel_regression", "09_real_networks")


def explorers_in(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    kept = "Explorer: ", "Microscope: "
    return sum(any(word in data.get("text/plain", "") for word in kept) for data in outputs)


def to_first_slide(deck):
    deck.page.evaluate("document.activeElement.blur()")
    for _ in range(200):
        if deck.current == "slide-0-0":
            return
        deck.page.keyboard.press("PageUp")
    pytest.fail(f"PageUp does not lead to the first slide, but to {deck.current}")


@pytest.mark.parametrize("stem", [lesson.stem for lesson in lessons() if lesson.number != "00"])
@pytest.mark.usefixtures("site")  # its run of the lesson has left the explorers' pictures
def test_every_live_slide_fits(slides_page, stem):
    page = slides_page.page
    page.set_viewport_size({"width": 1280, "height": 720})
    slides_page.open_unrun(f"notebooks/{stem}.ipynb")
    page.wait_for_function("count => document.querySelectorAll('.courseware-kept').length === count",
                           arg=explorers_in(slides_page.lab.root / "notebooks" / f"{stem}.ipynb"))  # fmt: skip
    for width, height in SIZES if stem in IN_ALL_SIZES else SIZES[:1]:
        page.set_viewport_size({"width": width, "height": height})
        to_first_slide(slides_page)
        # In a smaller window everything is smaller: what is demanded is legible text at 1280 × 720.
        smallest = slide_fit.SMALLEST_TEXT * min(width / 1280, height / 720, 1)
        names, problems = slide_fit.walk(page, smallest_text=smallest)
        assert len(names) > 10
        assert problems == [], f"{width} × {height}\n" + "\n".join(problems)
