import subprocess
import sys
from pathlib import Path

import pytest

from courseware import cli, doctor
from courseware.present import lab
from courseware.project import (
    ProjectNotFoundError,
    UnknownLessonError,
    find_lesson,
    find_text,
    lessons,
    other_pages,
    project_root,
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A course of two lessons, as the current folder; only the second has its notebook."""
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "course" / "00_start_here.py").write_text("# %% [markdown]\n# Welcome\n#\n# # Start here\n")
    (tmp_path / "course" / "02_width.py").write_text(
        "# %%\n# # no heading: this is code\n# %% [markdown]\n# # The width\n# ## Later\n"
    )
    (tmp_path / "course" / "notes.py").write_text("")
    (tmp_path / "course" / "exercises" / "02_width.py").write_text("")
    (tmp_path / "notebooks" / "02_width.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def served(monkeypatch):
    """What `serve` was called with, in place of a server."""
    calls = []
    monkeypatch.setattr(lab, "serve", lambda *args, **kwargs: calls.append((args, kwargs)) or 0)
    return calls


def test_lessons_are_the_numbered_files_in_order(project):
    found = lessons(project)
    assert [(lesson.number, lesson.stem, lesson.title) for lesson in found] == [
        ("00", "00_start_here", "Start here"),
        ("02", "02_width", "The width"),
    ]
    assert found[1].source == project / "course" / "02_width.py"
    assert found[1].notebook == project / "notebooks" / "02_width.ipynb"


def test_pages_without_a_number_answer_to_their_name_and_are_no_lessons(project):
    (project / "course" / "glossary.py").write_text("# %% [markdown]\n# # Words\n")
    assert [(page.stem, page.number) for page in other_pages(project)] == [("glossary", "glossary"), ("notes", "notes")]
    assert find_text("glossary", project).title == "Words"
    assert find_text("2", project).stem == "02_width"
    with pytest.raises(UnknownLessonError, match="no lesson 'glossary'"):
        find_lesson("glossary", project)
    with pytest.raises(UnknownLessonError, match="no lesson 'gl'"):
        find_text("gl", project)


def test_a_lesson_without_a_heading_is_called_by_its_file(project):
    (project / "course" / "03_bare.py").write_text("# %%\n1 + 1\n")
    assert find_lesson("3", project).title == "03_bare"


@pytest.mark.parametrize("name", ["2", "02", "02_width"])
def test_a_lesson_answers_to_its_number_and_its_name(project, name):
    assert find_lesson(name, project).stem == "02_width"


def test_an_unknown_lesson_lists_those_that_there_are(project):
    with pytest.raises(UnknownLessonError, match=r"no lesson '7'(.|\n)*02  The width"):
        find_lesson("7", project)


def test_the_list_of_lessons_has_no_start_page_and_says_each_number_once(project):
    (project / "course" / "03_next.py").write_text("# %% [markdown]\n# # 3 · The next: 2 · 2\n")
    with pytest.raises(UnknownLessonError) as error:
        find_lesson("9", project)
    assert str(error.value).splitlines()[1:] == ["  02  The width", "  03  The next: 2 · 2"]


def test_export_without_its_packages_says_how_to_install_them(project, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "math_core", None)
    for module in [name for name in sys.modules if name.startswith("courseware.publish.")]:
        monkeypatch.delitem(sys.modules, module)
    assert cli.main(["export"]) == 2
    said = capsys.readouterr().err
    assert "math_core" in said
    assert 'python -m pip install -c constraints.txt -e ".[export]"' in said


def test_the_root_is_found_from_a_folder_inside(project):
    assert project_root(project / "course" / "exercises") == project


def test_the_root_is_found_from_anywhere_after_an_editable_installation(tmp_path):
    root = project_root(tmp_path)
    assert (root / "pyproject.toml").is_file()


def test_no_course_at_all_says_what_to_do(tmp_path, monkeypatch):
    from courseware import project

    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "courseware" / "project.py"))
    with pytest.raises(ProjectNotFoundError, match=r"pip install -e \."):
        project_root(tmp_path)


def test_lab_serves_the_root_of_the_project_and_passes_options_on(project, served, monkeypatch):
    monkeypatch.chdir(project / "course" / "exercises")
    assert cli.main(["lab", "--port", "9000", "--no-browser", "--", "--debug"]) == 0
    page = "lab/tree/notebooks/00_start_here.ipynb"
    assert served == [((project, page), {"port": 9000, "open_browser": False, "extra": ["--debug"]})]


@pytest.fixture
def pictures(monkeypatch):
    """Where explorers' pictures are kept; none are drawn."""
    monkeypatch.setattr("courseware.present.kept.keep_in_the_background", lambda notebook: None)
    monkeypatch.setattr("courseware.present.kept.folder", lambda notebook: Path(f"{notebook.stem}-1f"))
    return "pictures=02_width-1f"


def test_present_opens_the_lesson_as_slides(project, served, pictures):
    assert cli.main(["present", "2"]) == 0
    [(arguments, options)] = served
    assert arguments == (project, f"rise/notebooks/02_width.ipynb?run&{pictures}")
    assert options["open_browser"] is True


def test_present_opens_dark_slides_on_demand(project, served, pictures):
    assert cli.main(["present", "2", "--dark"]) == 0
    assert served[0][0] == (project, f"rise/notebooks/02_width.ipynb?run&dark&{pictures}")


@pytest.mark.usefixtures("pictures")
def test_without_votes_nothing_listens_and_nothing_more_is_loaded(project, served, monkeypatch):
    def started(*_arguments):
        raise AssertionError("a room was opened")

    monkeypatch.setattr("courseware.votes.room.Room", started)
    assert cli.main(["present", "2"]) == 0
    assert served[0][1]["modules"] == []
    assert "votes" not in served[0][0][1]
    with pytest.raises(AssertionError, match="a room was opened"):  # the same, asked for
        cli.main(["present", "2", "--votes"])


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--votes", "0.0.0.0"], "--votes takes the address that phones can reach"),
        (["--votes", "192.0.2.1"], "no vote can be held at 192.0.2.1"),
        (["--keep", "numbers.json"], "it needs --votes"),
        (["--votes", "--keep", "numbers.html"], "ends in .json"),
    ],
)
def test_votes_that_cannot_be_held_are_a_message(project, served, capsys, arguments, said):
    assert cli.main(["present", "2", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert served == []


def test_votes_without_their_package_say_how_to_install_it(project, served, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "segno", None)
    for module in ("room", "extension"):
        monkeypatch.delitem(sys.modules, f"courseware.votes.{module}", raising=False)
    assert cli.main(["present", "2", "--votes"]) == 2
    said = capsys.readouterr().err
    assert "segno" in said
    assert 'python -m pip install -c constraints.txt -e ".[votes]"' in said
    assert served == []


@pytest.mark.usefixtures("pictures")
def test_a_lesson_without_teaching_notes_has_no_short_version(project, served, capsys):
    assert cli.main(["present", "2", "--short"]) == 2
    assert "In 25 minutes" in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize(
    ("lesson", "said"),
    [("7", "02  The width"), ("0", "courseware build 00"), ("notes", "no lesson 'notes'")],
)
def test_a_lesson_that_cannot_be_presented_is_a_message_and_not_a_traceback(project, served, capsys, lesson, said):
    assert cli.main(["present", lesson]) == 2
    assert said in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize("port", ["0", "65536", "many"])
def test_a_wrong_port_is_refused(project, served, capsys, port):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["lab", "--port", port])
    assert "--port" in capsys.readouterr().err
    assert served == []


def test_what_follows_two_dashes_is_refused_where_nothing_takes_it(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["doctor", "--", "--debug"])
    assert "passes nothing on" in capsys.readouterr().err


def test_doctor_fails_when_something_is_wrong(monkeypatch, capsys):
    wrong = doctor.Finding("torch", "not installed", "pip install torch")
    monkeypatch.setattr(doctor, "check_environment", lambda: [wrong])
    assert cli.main(["doctor"]) == 1
    assert "pip install torch" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    code = (
        "import sys, courseware.cli as cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'matplotlib', 'jupyterlab', 'jupytext', 'nbformat'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    for command in ("lab", "present", "build", "check", "export", "doctor"):
        assert command in ran.stdout
