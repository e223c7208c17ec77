"""What holds for every lesson in JupyterLab: it runs, and its explorers move.

Lessons 1 and 2 have files of their own, which say more of the same: test_cues_live, test_kernel_regression_live.
"""

import pytest
from every_lesson import LESSONS
from watching import explorers, move_by_keyboard_and_mouse

OTHERS = [stem for stem in LESSONS if stem[:2] not in ("01", "02")]


@pytest.mark.parametrize("stem", OTHERS)
def test_run_all_and_move_everything(lab_page, stem):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 900})
    lab_page.open(f"notebooks/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
    for found in explorers(page):
        move_by_keyboard_and_mouse(page, found, dragged=1)
