"""What holds for every lesson in JupyterLab: it and its sheets run, and its explorers move."""

import pytest
from every_lesson import every_lesson
from watching import explorers, move_by_keyboard_and_mouse


@every_lesson
def test_run_all_and_move_everything(lab_page, stem):
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 900})
    lab_page.open(f"notebooks/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
    for found in explorers(page):
        move_by_keyboard_and_mouse(page, found)


@every_lesson
@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_sheets_run_without_an_error(lab_page, stem, folder):
    lab_page.open(f"notebooks/{folder}/{stem}.ipynb")
    lab_page.run_all()
    assert lab_page.errors() == []
