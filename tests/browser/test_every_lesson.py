"""Lessons in JupyterLab: they run, and their explorers, microscopes and drawing pads move.

That the cells of every lesson run is seen with nbval; that every explorer moves, on pages and slides. Here it is about
what JupyterLab adds: widgets that ask a kernel. Lessons 1 and 2 have files of their own, which say more of the same.
"""

import pytest
from watching import explorers, move_by_keyboard_and_mouse


@pytest.mark.parametrize("stem", ["05_squeeze_excitation", "07_cbam", "09_real_networks"])
def test_run_all_and_move_everything(lab_page, stem):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 900})
    lab_page.open(f"notebooks/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
    for found in explorers(page):
        move_by_keyboard_and_mouse(page, found, dragged=1)
