"""The record of passed exercises: what goes into it, and what cannot damage it."""

import importlib
import json
import os
import subprocess
import sys

import platformdirs
import pytest

import unprivileged
from courseware.exercises import journal, report
from courseware.exercises.questions import Exercise, Value

SHEET = """# %% [markdown]
# # Exercises 1 · Cues

# %% [markdown]
# ## 1 · By hand: three

# %%
exercise.by_hand.check(three=three)

# %% [markdown]
# ## 2 · Predict: four

# %%
exercise.predict.check(
    four=four,
)
"""
THREE = Exercise("by_hand", "By hand: three", (Value("three", 3),))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one sheet of two exercises, a user folder of its own, and a kernel that begins the sheet."""
    root = tmp_path / "course with space 课程"
    (root / "course" / "exercises").mkdir(parents=True)
    (root / "course" / "exercises" / "01_cues.py").write_text(SHEET, encoding="utf-8")
    (root / "notebooks" / "exercises").mkdir(parents=True)
    monkeypatch.chdir(root / "notebooks" / "exercises")
    monkeypatch.delenv(journal.VARIABLE, raising=False)
    monkeypatch.delenv(journal.GRADING_VARIABLE, raising=False)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "user")
    monkeypatch.setattr(journal, "_sheet", None)
    monkeypatch.setattr(report, "_listeners", [])
    return root


@pytest.fixture
def file(course):
    return course / "notebooks" / "progress.json"


@pytest.fixture
def begun(course):
    journal.begin("01_cues")


# ------------------------------------------------------------------------------------------- what is recorded
@pytest.mark.usefixtures("begun")
def test_a_check_that_passes_is_kept_and_one_that_does_not_is_not(file):
    for answer in (..., 4):
        THREE.check(answer)
        assert not file.exists()
    THREE.check(3)
    assert json.loads(file.read_text()) == {"passed": {"01_cues": ["by_hand"]}}
    THREE.check(4)
    assert journal.passed() == {"01_cues": {"by_hand"}}


def test_nothing_is_kept_for_a_notebook_that_began_no_sheet(file):
    assert THREE.check(3).passed
    assert not file.exists()


@pytest.mark.usefixtures("course")
def test_a_check_writes_nothing_itself_and_tells_whoever_listens_once():
    told = []

    def listener(name, found):
        told.append((name, found.passed))

    report.listen(listener)
    report.listen(listener)
    journal.begin("01_cues")
    journal.begin("01_cues")
    assert len(report._listeners) == 2
    THREE.check(4)
    THREE.check(3)
    assert told == [("by_hand", False), ("by_hand", True)]


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(("name", "value"), [(journal.VARIABLE, "off"), ("NBGRADER_EXECUTION", "autograde")])
def test_nothing_is_kept_or_shown_while_the_course_is_built_or_graded(file, monkeypatch, name, value):
    file.write_text('{"passed": {"01_cues": ["predict"]}}')
    monkeypatch.setenv(name, value)
    THREE.check(3)
    assert "by_hand" not in file.read_text()
    assert repr(journal.Checklist()).startswith("0 of 2 exercises passed")


@pytest.mark.parametrize("sheet", ["cues", "", "../01_cues", None])
def test_a_sheet_has_a_name_with_a_number(sheet):
    with pytest.raises(ValueError, match="sheet must be a name like"):
        journal.begin(sheet)


# ------------------------------------------------------------------------------------------- what is displayed
@pytest.mark.usefixtures("begun")
def test_the_display_lists_every_exercise_with_a_link_to_its_sheet():
    journal.record("by_hand")
    assert repr(journal.Checklist()) == (
        "1 of 2 exercises passed\n1 · Cues: 1 of 2\n  ✓ By hand: three\n  … Predict: four"
    )
    row = "| [1 · Cues](exercises/01_cues.ipynb) | 1&nbsp;of&nbsp;2 | 1 By hand: three | 2 Predict: four |"
    assert row in journal.Checklist()._repr_markdown_().splitlines()


@pytest.mark.parametrize("sheet", journal._sheets(), ids=lambda sheet: sheet.stem)
def test_the_names_in_the_sheets_are_those_that_checks_record(sheet):
    module = importlib.import_module(f"visual_attention.exercises.{sheet.stem[3:]}")
    assert list(sheet.exercises) == [exercise.name for exercise in module.ALL]


# ----------------------------------------------------------------------------------------- what cannot damage it
WRITER = """
import sys
from courseware.exercises import journal
journal.begin("01_cues")
for number in range(25):
    journal.record(f"{sys.argv[1]}_{number}")
"""


def test_kernels_that_write_at_once_lose_nothing(course):
    environment = {name: value for name, value in os.environ.items() if name != journal.VARIABLE}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=course, env=environment, stdout=subprocess.PIPE)
        for name in "abcd"
    ]
    assert [(writer.communicate()[0], writer.returncode) for writer in writers] == [(b"", 0)] * 4
    assert journal.passed() == {"01_cues": {f"{name}_{number}" for name in "abcd" for number in range(25)}}


@pytest.mark.usefixtures("begun")
@pytest.mark.parametrize(
    "broken",
    [
        *('{"passed": {"01_cues": ["by_h', "", "[]", '{"passed": 3}', '{"passed": {"a": 1}}', '{"passed": [["a"]]}'),
        *("NaN", "1" * 5000, '"\\ud800"'),
        pytest.param("[" * 200_000, id="deep"),
        pytest.param('{"passed": ' * 100_000, id="deep objects"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_said(file, broken):
    file.write_text(broken)
    journal.record("predict")
    assert journal.passed() == {"01_cues": {"predict"}}
    assert file.with_name("progress.damaged-1.json").read_text() == broken
    assert "set aside as progress.damaged-1.json" in repr(journal.Checklist())
    file.write_text("again")
    assert journal.passed() == {}
    assert file.with_name("progress.damaged-1.json").read_text() == broken
    assert file.with_name("progress.damaged-2.json").read_text() == "again"


@pytest.mark.usefixtures("begun")
def test_a_write_that_fails_half_way_leaves_the_old_file_and_is_said(file, monkeypatch, capsys):
    journal.record("by_hand")
    before = file.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    journal.record("predict")
    assert "your progress could not be kept" in capsys.readouterr().out
    assert file.read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {"exercises", "progress.json", ".progress.lock"}


@pytest.mark.usefixtures("begun")
def test_a_kernel_that_is_killed_while_it_writes_leaves_the_old_file_and_no_lock(course, file):
    journal.record("by_hand")
    killed = WRITER.replace("import sys", "import os, sys; os.fsync = lambda _: os._exit(9)")
    environment = {name: value for name, value in os.environ.items() if name != journal.VARIABLE}
    done = subprocess.run([sys.executable, "-c", killed, "x"], cwd=course, env=environment, check=False)
    assert done.returncode == 9
    journal.record("predict")
    assert journal.passed() == {"01_cues": {"by_hand", "predict"}}


@pytest.mark.usefixtures("begun")
def test_what_killed_kernels_left_beside_the_record_goes_with_the_next_write(course, file):
    killed = WRITER.replace("import sys", "import os, sys; os.fsync = lambda _: os._exit(9)")
    environment = {name: value for name, value in os.environ.items() if name != journal.VARIABLE}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", killed, "x"], cwd=course, env=environment, check=False)
    assert list(file.parent.glob(".progress-*")) != []
    journal.record("predict")
    assert {path.name for path in file.parent.iterdir()} == {"exercises", "progress.json", ".progress.lock"}


@pytest.mark.usefixtures("begun")
def test_a_record_that_was_deleted_begins_anew(file):
    journal.record("by_hand")
    file.unlink()
    assert journal.passed() == {}
    journal.record("predict")
    assert journal.passed() == {"01_cues": {"predict"}}


def test_a_course_that_cannot_be_written_to_keeps_it_with_the_user(course, tmp_path):
    program = "from courseware.exercises import journal; journal.begin('01_cues'); journal.record('by_hand'); "
    program += "print(journal.Checklist())"
    environment = {name: value for name, value in os.environ.items() if name != journal.VARIABLE}
    home = tmp_path / "home"
    home.mkdir()
    environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    unprivileged.make_read_only(course)
    try:
        done = unprivileged.run([sys.executable, "-c", program], cwd=course / "notebooks", env=environment)
    finally:
        unprivileged.make_writable(course)
    assert done.stderr == ""
    assert "✓ By hand: three" in done.stdout
    [kept] = home.rglob("progress.json")
    assert f"your record is {kept}" in done.stdout
    assert not (course / "notebooks" / "progress.json").exists()
