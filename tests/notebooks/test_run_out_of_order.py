"""Every cell that can be run out of order says what it needs: over all notebooks, and tried in kernels."""

import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from courseware.notebook.missing_names import cells_of, hint, missing
from courseware.text import build

ROOT = Path(__file__).resolve().parents[2]
TARGETS = build.targets(ROOT)
SHEETS = [target for target in TARGETS if target.how == "unsolved"]


@pytest.fixture(params=TARGETS, ids=[target.notebook.as_posix() for target in TARGETS])
def target(request):
    return request.param


@pytest.fixture
def file(target, tmp_path):
    path = tmp_path / target.notebook.name
    nbformat.write(target.derived(ROOT), path)
    return path


def test_every_name_is_made_above_the_cell_that_uses_it(file):
    made = set()
    for cell in cells_of(file):
        assert cell.uses <= made, f"{sorted(cell.uses - made)} not made above the cell\n{cell.source}"
        made |= cell.makes


def test_every_cell_says_what_to_run_before_it_and_that_is_enough(file):
    cells = cells_of(file)
    for number, cell in enumerate(cells):
        for name in cell.uses:
            said = hint(cells, name, cell.source)
            made = set()
            for step in missing(cells, name, number):
                assert step < number
                assert cells[step].place in said
                assert cells[step].uses <= made
                made |= cells[step].makes
            assert name in made


@pytest.mark.parametrize("target", SHEETS, ids=[target.notebook.name for target in SHEETS], indirect=True)
def test_an_exercise_needs_the_first_cell_and_its_own_cells_only(file):
    cells = cells_of(file)
    for number, cell in enumerate(cells):
        for name in cell.uses:
            for step in missing(cells, name, number):
                assert step == 0 or cells[step].heading == cell.heading, f"{cell.source}\nneeds\n{cells[step].source}"


@pytest.mark.parametrize(
    ("notebook", "words"),
    [
        ("01_cues.ipynb", "by_function = cue_weights"),
        ("02_kernel_regression.ipynb", "by_function = nadaraya_watson"),
        ("exercises/05_squeeze_excitation.ipynb", "exercise.by_hand.check"),
    ],
)
def test_whoever_does_what_the_hints_say_gets_the_cell_to_run(notebook, words, tmp_path, monkeypatch):
    [target] = [target for target in TARGETS if target.notebook == Path("notebooks", notebook)]
    path = tmp_path / target.notebook.name
    nbformat.write(target.derived(ROOT), path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    cells = cells_of(path)
    [wanted] = [cell for cell in cells if words in cell.source]
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:

        def run(source):
            """None if the cell ran, its error otherwise."""
            reply = client.execute_interactive(source, timeout=120, output_hook=lambda message: None)["content"]
            return None if reply["status"] == "ok" else re.sub(r"\x1b\[[\d;]*m", "", "\n".join(reply["traceback"]))

        run("import courseware")
        followed = 0
        while error := run(wanted.source):
            named = [cell for cell in cells if cell.place in error]
            assert named, error
            assert [run(cell.source) for cell in named] == [None] * len(named)
            followed += 1
            assert followed < 6, error
        assert followed > 0
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
