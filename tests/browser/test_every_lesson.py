"""What holds for every lesson in JupyterLab: it runs, and its explorers move."""

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
