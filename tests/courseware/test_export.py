"""The command: what is executed, what lies in the folder then, and what is refused."""

import json
import re
from collections import Counter
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest
import yaml
from bs4 import BeautifulSoup

from courseware import cli
from courseware.project import UserError
from courseware.publish.handouts import handouts
from courseware.text.execute import execute

ROOT = Path(__file__).resolve().parents[2]

SLIDE = '# %% [markdown] slideshow={"slide_type": "slide"}'
FIRST = f"""{SLIDE}
# # One
# %%
import os
print("for export:", os.environ["COURSEWARE_EXPORT"])
# %% [markdown] slideshow={{"slide_type": "subslide"}}
# ## It's · there
# %% [markdown] slideshow={{"slide_type": "skip"}}
# ## Skipped
# [later](02_two.ipynb#Down), [a module](../src/module.py)
"""
SECOND = f"""{SLIDE}
# # 2 · Two
# [lesson](01_one.ipynb), [there](01_one.ipynb#It's-·-there), [skipped](01_one.ipynb#Skipped), [here](#Down)
# [sheet](exercises/01_one.ipynb), [far](https://example.org/#One)
{SLIDE}
# ## Down
"""
EXPLORER = f"""{SLIDE}
# # Three
# %%
from matplotlib.figure import Figure
from courseware.notebook.explorer import Explorer, Slider
def draw(height):
    figure = Figure()
    figure.subplots().bar([0], [height])
    return figure
Explorer(draw, [Slider("height", "height", [1, 2, 4], 1)], title="A bar", describe="It is {{height}} high.".format)
"""
TEXTS = {
    "course/00_start_here.py": f"{SLIDE}\n# # Start: here\n# [lesson](01_one.ipynb)\n",
    "course/01_one.py": FIRST,
    "course/02_two.py": SECOND,
    "course/03_three.py": EXPLORER,
    "course/exercises/01_one.py": "# %% [markdown]\n# # Exercises\n# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
    "course/exercises/03_three.py": EXPLORER.replace(SLIDE, "# %% [markdown]"),
    "course/glossary.py": "# %% [markdown]\n# # Words\n# [start](00_start_here.ipynb)\n",
    "src/module.py": '"""Linked to."""\n',
    "notebooks/exercises/.keep": "",
    "notebooks/solutions/.keep": "",
}


def written(root: Path) -> Path:
    for name, text in TEXTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def opened(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


class Exported(NamedTuple):
    """What the command wrote and said, and which cells it ran how often."""

    folder: Path
    out: str
    err: str
    executed: Counter


def exported(root: Path, *arguments: str, output: str) -> Exported:
    executed, out, err = Counter(), StringIO(), StringIO()

    def counted(notebook, **options):
        executed[notebook.cells[0].source, options["folder"].name] += 1
        return execute(notebook, **options)

    with pytest.MonkeyPatch.context() as patch, chdir(root), redirect_stdout(out), redirect_stderr(err):
        patch.setattr("courseware.publish.export.execute", counted)
        assert cli.main(["export", *arguments]) == 0, err.getvalue()
    return Exported(root / output, out.getvalue(), err.getvalue(), executed)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The whole of a small course, in the place of an older export."""
    root = written(tmp_path_factory.mktemp("whole"))
    older = root / "made" / "site" / "pictures"
    older.mkdir(parents=True)
    (older / "0123456789abcdef.png").write_bytes(b"of an older export")
    (older.parent / "searchindex.js").write_text("")
    return exported(root, "--output", "made/site", output="made/site")


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Lesson 1 of the small course, in which another lesson is broken."""
    root = written(tmp_path_factory.mktemp("part"))
    (root / "course" / "02_two.py").write_text("# %% [markdown]\n# # Two\n# %%\nbroken\n")
    return exported(root, "1", output="site-01")


# -------------------------------------------------------------------------------------------------- the whole course
def test_each_notebook_is_executed_once_for_page_and_deck(whole: Exported) -> None:
    assert len(whole.executed) == 9
    assert set(whole.executed.values()) == {1}
    for name in ("01_one.html", "01_one.slides.html", "course.slides.html"):
        assert "for export: 1" in opened(whole.folder / name).get_text()
    assert "42" not in whole.out
    assert re.search(r"12 pages and 4 decks written, \d+\.\d MB: open made/site/index\.html", whole.out)
    assert "--repository https://github.com/OWNER/NAME" in whole.err
    assert opened(whole.folder / "01_one.html").select("a[href*='mybinder.org']") == []
    assert [path.name for path in whole.folder.parent.iterdir()] == ["site"]


def test_pages_and_decks_lie_side_by_side_and_lead_to_each_other(whole: Exported) -> None:
    names = {path.relative_to(whole.folder).as_posix() for path in whole.folder.rglob("*.html")}
    assert names == {
        "index.html",
        "search.html",
        "00_start_here.html",
        "01_one.html",
        "01_one.slides.html",
        "02_two.html",
        "02_two.slides.html",
        "03_three.html",
        "03_three.slides.html",
        "course.slides.html",
        "exercises/01_one.html",
        "exercises/03_three.html",
        "solutions/01_one.html",
        "solutions/03_three.html",
        "glossary.html",
        "src/module.py.html",
    } | (names & {"genindex.html"})
    for page, address in [
        ("01_one", "01_one.slides.html"),
        ("00_start_here", "course.slides.html"),
    ]:
        assert opened(whole.folder / f"{page}.html").select_one(".course-links a")["href"] == address
    for deck, address in [("01_one", "01_one.html"), ("course", "index.html")]:
        assert opened(whole.folder / f"{deck}.slides.html").select_one(".course-back a")["href"] == address


def test_every_page_and_deck_carries_the_policy_that_keeps_a_browser_at_home(whole: Exported) -> None:
    for path in whole.folder.rglob("*.html"):
        [tag] = opened(path).select("head > meta[http-equiv='Content-Security-Policy']")
        sources = dict(rule.split(maxsplit=1) for rule in tag["content"].split("; "))
        assert sources["default-src"] == "'none'", path
        assert not any("http" in rule or "*" in rule for rule in sources.values()), path


def test_a_picture_that_pages_and_decks_show_is_stored_once(whole: Exported) -> None:
    stored = {path.name for path in (whole.folder / "pictures").glob("*.png")}
    assert len(stored) == 3  # a still and what it becomes when it is moved; nothing of the older export
    for name in ("03_three.html", "solutions/03_three.html", "course.slides.html"):
        shown = json.loads(opened(whole.folder / name).select_one("script.courseware-pictures").get_text())
        assert len(shown) == 2
        for address in shown:
            assert (whole.folder / name).parent.joinpath(address).resolve().name in stored
    own = opened(whole.folder / "03_three.slides.html").select_one("script.courseware-pictures").get_text()
    assert all(address.startswith("data:image/png") for address in json.loads(own))


def test_the_deck_of_the_whole_course_leads_from_slide_to_slide(whole: Exported) -> None:
    made = opened(whole.folder / "course.slides.html")
    assert made.title.get_text() == "Start (slides)"
    columns = made.select(".slides > section")
    assert [[h.get_text().strip() for h in column.select("h1, h2")] for column in columns] == [
        ["Start"],
        ["One", "It's · there"],
        ["2 · Two", "Down"],
        ["Three"],
    ]
    assert [a["href"] for a in columns[0].select("a")] == ["#/01_one", "#/02_two", "#/03_three"]
    assert [column.get("id") for column in columns[1:]] == ["01_one", "02_two", "03_three"]
    links = {a.get_text(): a["href"] for a in columns[2].select("a")}
    assert links == {
        "lesson": "#/01_one",
        "there": "#/01_one:It's-·-there",
        "skipped": "01_one.html#Skipped",
        "here": "#/02_two:Down",
        "sheet": "exercises/01_one.html",
        "far": "https://example.org/#One",
    }
    for address in ("#/01_one:It's-·-there", "#/02_two:Down"):
        assert made.find(id=address.removeprefix("#/")).find_parent("section") is not None
    # In a lesson's own deck the same links lead to the other pages, and to slides of its own.
    own = opened(whole.folder / "02_two.slides.html")
    hrefs = [a["href"] for a in own.select("main a")]
    assert hrefs[0] == "01_one.html"
    assert unquote(hrefs[1]) == "01_one.html#It's-·-there"
    assert hrefs[2:5] == ["01_one.html#Skipped", "#/Down", "exercises/01_one.html"]


# ------------------------------------------------------------------------------------------------ part of the course
def test_a_lesson_alone_is_exported_with_its_sheets_and_the_pages_without_a_number(part: Exported) -> None:
    names = {path.relative_to(part.folder).as_posix() for path in part.folder.rglob("*.html")}
    assert names - {"genindex.html"} == {
        "index.html",
        "search.html",
        "00_start_here.html",
        "01_one.html",
        "01_one.slides.html",
        "exercises/01_one.html",
        "solutions/01_one.html",
        "glossary.html",
        "src/module.py.html",
    }
    assert set(part.executed.values()) == {1}
    page = opened(part.folder / "01_one.html")
    assert page.find("a", string="later")["href"] == "02_two.html#Down"
    first = opened(part.folder / "index.html")
    assert [a["href"] for a in first.select(".course-buttons a")] == ["01_one.html", "00_start_here.html"]


# ----------------------------------------------------------------------------------------------------- what is refused
@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small course; the working directory."""
    monkeypatch.chdir(written(tmp_path))
    return tmp_path


def test_handouts_without_a_browser_are_refused_before_anything_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("courseware.publish.handouts.PLACES", ())
    assert cli.main(["export", "--handouts", "1"]) == 2
    assert "printed by Chromium or Chrome, and neither was found" in capsys.readouterr().err
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert cli.main(["export", "--handouts", "1"]) == 2
    assert "CHROMIUM must be the path of a Chromium or Chrome, was '/nowhere/chromium'" in capsys.readouterr().err
    assert not list(project.glob("site*"))


def test_a_browser_that_prints_nothing_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\necho 'no display' >&2\n")
    program.chmod(0o755)
    deck_file, old = tmp_path / "01_one.slides.html", tmp_path / "01_one.handout.pdf"
    old.write_bytes(b"of an older export")
    with pytest.raises(UserError, match=r"browser did not print 01_one\.slides\.html: no display"):
        handouts([deck_file], str(program), progress=False)
    assert not old.exists()


def test_export_names_an_unknown_lesson(project: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["export", "7"]) == 2
    assert "no lesson '7'" in capsys.readouterr().err
    assert not list(project.glob("site*"))


@pytest.mark.parametrize("output", ["README.md", "README.md/site"])
def test_export_into_a_file_is_refused(project: Path, capsys: pytest.CaptureFixture, output: str) -> None:
    (project / "README.md").write_text("as it was")
    assert cli.main(["export", "--output", output, "00"]) == 2
    assert "README.md is a file" in capsys.readouterr().err
    assert (project / "README.md").read_text() == "as it was"


def test_a_folder_with_something_else_is_refused(project: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["export", "--output", "course"]) == 2
    assert "course holds something that is no export" in capsys.readouterr().err
    assert (project / "course" / "01_one.py").is_file()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# %% [markdown]\n# # Two\n# %%\nbroken\n", "name 'broken' is not defined"),
        (f"{SLIDE}\n# # Two\n# [gone](missing.ipynb)\n", "the link to missing.ipynb leads to no notebook"),
    ],
    ids=["cell", "link"],
)
def test_a_failed_export_says_why_and_leaves_the_older_one(
    project: Path, capsys: pytest.CaptureFixture, text: str, complaint: str
) -> None:
    (project / "site-02").mkdir()
    (project / "site-02" / "searchindex.js").write_text("older")
    (project / "course" / "02_two.py").write_text(text)
    assert cli.main(["export", "2"]) == 1
    assert complaint in capsys.readouterr().err
    assert (project / "site-02" / "searchindex.js").read_text() == "older"
    assert not list(project.glob(".site-*"))


# --------------------------------------------------------------------------------------------------- the workflow
def test_the_workflow_runs_what_the_readme_says() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block.strip() for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)]
    steps = workflow["jobs"]["build"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert all(command in blocks for command in commands)
    assert commands[-1].endswith("courseware export")
    actions = {step["uses"].partition("@")[0]: step.get("with", {}) for step in steps if "uses" in step}
    assert list(actions) == ["actions/checkout", "actions/setup-python", "actions/upload-pages-artifact"]
    assert actions["actions/upload-pages-artifact"]["path"] == "site"
    python = tuple(map(int, actions["actions/setup-python"]["python-version"].split(".")))
    assert python == (3, 11)
    deploy = workflow["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    # "on" is a boolean to YAML 1.1.
    assert workflow[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
