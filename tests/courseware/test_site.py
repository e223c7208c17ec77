"""The web site: what Sphinx is given, what it makes of it, and what stops the build."""

import base64
import io
import json
import re
import subprocess
from pathlib import Path

import nbformat.v4 as v4
import pytest
import yaml
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbformat import NotebookNode
from PIL import Image

from courseware import cli, frames, site
from courseware.execute import execute
from courseware.project import UserError
from courseware.site import Repository, SiteError

ROOT = Path(__file__).resolve().parents[2]
START, LESSON, SHEET, SOLUTION = (
    "00_start_here.ipynb",
    "01_width.ipynb",
    "exercises/01_width.ipynb",
    "solutions/01_width.ipynb",
)


def text(source: str, slide: str = "-") -> NotebookNode:
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}})


def code(source: str, *outputs: NotebookNode, **metadata) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def shows(data: dict, **metadata) -> NotebookNode:
    return v4.new_output("display_data", data=data, metadata=metadata)


def picture(colour: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (40, 20), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def explorer() -> str:
    def draw(width):
        figure = Figure(figsize=(3, 2))
        figure.subplots().plot([0, 1], [0, width])
        return figure

    slider = frames.Slider("width", "width σ", values=[1, 2, 3], default=2)
    return frames.Explorer(draw, [slider], title="A line", describe=lambda width: f"It ends at {width}.").html()


LESSON_CELLS = [
    text("# 1 · The width\n\nHow *wide*? With $\\sigma$.", "slide"),
    text("Tell them nothing.", "notes"),
    text(
        "## The channel gate\n\n$$\\sum_i \\alpha_i y_i$$\n\n"
        "[down](#The-channel-gate), [exercise](exercises/01_width.ipynb#By-hand), [start](00_start_here.ipynb), "
        '[code](../src/mine/module.py), <a href="exercises/01_width.ipynb">html</a>'
    ),
    text("<details><summary>Why $\\sqrt{2}$ &amp; $a &lt; b$?</summary>\n\nBecause $c$.\n\n</details>"),
    code("secret()", shows({"image/png": picture("red"), "text/plain": "p"}, **{"image/png": {"alt": "a <red>"}})),
    code("gone()", v4.new_output("stream", text="lost"), tags=["remove-cell"]),
    code("visible()", v4.new_output("stream", text="printed words")),
    code("explore()", shows({"text/html": explorer(), "text/plain": "an explorer"})),
]
LESSON_CELLS[4].metadata["jupyter"] = {"source_hidden": True}


def course() -> dict[str, NotebookNode]:
    cells = {
        START: [text("# Small course: start here\n\nAn *interactive* sentence."), text("[one](01_width.ipynb)")],
        LESSON: LESSON_CELLS,
        SHEET: [text("# Exercises 1\n\n## By hand\n\n[back](../01_width.ipynb#The-channel-gate)")],
        SOLUTION: [text("# Exercises 1\n\n## By hand\n\nSolved.")],
        "glossary.ipynb": [text('# Glossary\n\n- <a id="gate"></a>**gate**: a factor.')],
    }
    return {name: notebook(its_cells) for name, its_cells in cells.items()}


def notebook(cells: list[NotebookNode]) -> NotebookNode:
    return v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a guide, its picture, and a module that a lesson links to."""
    root = tmp_path_factory.mktemp("project")
    files = {
        "docs/guide.md": "# A guide\n\n![a line](images/line.png)\n\n"
        "[lesson](../notebooks/01_width.ipynb#The-channel-gate)",
        "src/mine/module.py": '"""Has ```fences``` in it."""\n',
        "pyproject.toml": '[project]\nname = "small"\nlicense = "MIT"\n',
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "docs" / "images").mkdir()
    (root / "docs" / "images" / "line.png").write_bytes(base64.b64decode(picture("blue")))
    return root


def built(root: Path, folder: Path, where: Repository | None = None, **changed: list[NotebookNode]) -> Path:
    notebooks = course() | {name: notebook(cells) for name, cells in changed.items()}
    for name in ["index.html", "01_width.html", "01_width.slides.html", "course.slides.html", "glossary.html"]:
        (folder / "files").mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_text("<html></html>")
    for place in ("exercises", "solutions"):
        (folder / "files" / place).mkdir()
        (folder / "files" / place / "01_width.html").write_text("<html></html>")
    site.build(notebooks, folder, root, where)
    return folder


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course as a site, with a known repository."""
    folder = tmp_path_factory.mktemp("made") / "site"
    return built(root, folder, Repository("https://github.com/owner/name", "spring"))


def page(made: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((made / name).read_text(encoding="utf-8"), "html.parser")


# ---------------------------------------------------------------------------------------------------- its pages
def test_the_first_page_has_a_card_for_each_lesson(made: Path) -> None:
    first = page(made, "index.html")
    [card] = first.select(".course-card")
    assert card.h3.get_text() == "1 · The width"
    assert "How wide?" in card.get_text()
    assert card.select(".course-card-text math")
    links = {a.get_text(): a["href"] for a in card.select(".course-card-links a")}
    assert links == {
        "Slides of 1 · The width": "files/01_width.slides.html",
        "Exercises of 1 · The width": "exercises/01_width.html",
        "Solutions of 1 · The width": "solutions/01_width.html",
    }
    assert first.select_one(".course-buttons a:last-child")["href"] == "files/course.slides.html"
    # The picture is the explorer's, not the first of the lesson.
    with Image.open(made / card.img["src"]) as thumbnail:
        assert thumbnail.size == (432, 288)
    assert first.title.get_text().startswith("Small course")
    assert "Licence: MIT" in first.get_text()


def test_every_notebook_and_guide_is_in_the_contents(made: Path) -> None:
    sidebar = page(made, "index.html").select_one("#pst-primary-sidebar")
    assert [a["href"] for a in sidebar.select("ul.nav a")] == [
        "00_start_here.html",
        "01_width.html",
        "exercises/01_width.html",
        "solutions/01_width.html",
        "glossary.html",
        "docs/guide.html",
    ]


def test_links_below_the_title_lead_to_what_belongs_together(made: Path) -> None:
    def links(name: str) -> dict[str, str]:
        return {a.get_text(): a["href"] for a in page(made, name).select(".course-links a")}

    assert links("01_width.html") == {
        "Slides": "files/01_width.slides.html",
        "Exercises": "exercises/01_width.html",
        "Solutions": "solutions/01_width.html",
        "Plain page": "files/01_width.html",
        "Notebook": "downloads/01_width.ipynb",
    }
    assert links("exercises/01_width.html") == {
        "Lesson": "../01_width.html",
        "Solutions": "../solutions/01_width.html",
        "Plain page": "../files/exercises/01_width.html",
        "Notebook": "../downloads/exercises/01_width.ipynb",
    }
    assert links("00_start_here.html") == {
        "Plain page": "files/index.html",
        "Notebook": "downloads/00_start_here.ipynb",
    }


def test_formulas_are_mathml(made: Path) -> None:
    article = page(made, "01_width.html").select_one("article")
    assert len(article.select("math")) == 5
    assert len(article.select("math[display=block]")) == 1
    assert len(article.select("details summary math")) == 2
    assert "$" not in article.get_text()


def test_links_and_jupyterlabs_anchors_lead_to_pages(made: Path) -> None:
    lesson = page(made, "01_width.html")
    assert lesson.find(id="The-channel-gate") is not None
    addresses = {a.get_text(): a["href"] for a in lesson.select("article a[href]")}
    assert addresses["down"] == "#The-channel-gate"
    assert addresses["exercise"] == "exercises/01_width.html#By-hand"
    assert addresses["html"] == "exercises/01_width.html"
    assert addresses["start"] == "00_start_here.html"
    assert addresses["code"] == "src/mine/module.py.html"
    assert page(made, "src/mine/module.py.html").pre.get_text().strip() == '"""Has ```fences``` in it."""'
    guide = page(made, "docs/guide.html")
    assert guide.select_one("article p a")["href"] == "../01_width.html#The-channel-gate"
    assert (made / "docs" / guide.select_one("article img")["src"]).is_file()


def test_notes_hidden_code_and_removed_cells_are_absent(made: Path) -> None:
    words = page(made, "01_width.html").select_one("article").get_text()
    assert "visible()" in words
    assert "printed words" in words
    for absent in ("Tell them", "secret()", "gone()", "lost", "an explorer"):
        assert absent not in words


def test_pictures_are_files_with_their_alternative_text(made: Path) -> None:
    [image] = page(made, "01_width.html").select("img.course-figure")
    assert image["alt"] == "a <red>"
    assert (image["width"], image["height"], image["loading"]) == ("40", "20", "lazy")
    assert (made / image["src"]).read_bytes() == base64.b64decode(picture("red"))


def test_an_explorer_keeps_the_addresses_of_its_pictures(made: Path) -> None:
    lesson = page(made, "01_width.html")
    [found] = lesson.select(".courseware-export")
    assert "data:image" not in str(found)
    addresses = set(re.findall(r"pictures/01_width/\w+\.\w+", str(found)))
    assert len(addresses) == 3
    assert all((made / address).is_file() for address in addresses)


def test_downloads_have_no_outputs(made: Path) -> None:
    download = json.loads((made / "downloads" / LESSON).read_text())
    assert [cell["outputs"] for cell in download["cells"] if cell["cell_type"] == "code"] == [[]] * 4
    assert any("Tell them" in "".join(cell["source"]) for cell in download["cells"])


def test_the_search_index_knows_the_words_of_text_and_titles(made: Path) -> None:
    index = (made / "searchindex.js").read_text()
    assert "channel" in index
    assert "tell them" not in index.lower()


def launch_buttons(page: BeautifulSoup) -> dict[str, str]:
    found = page.select("a[href*='mybinder.org'], a[href*='colab']")
    return {a.get_text().strip(): a["href"] for a in found}


def test_notebooks_have_launch_buttons_and_other_pages_have_none(made: Path) -> None:
    assert launch_buttons(page(made, "exercises/01_width.html")) == {
        "Binder": "https://mybinder.org/v2/gh/owner/name/spring?urlpath=lab/tree/notebooks/exercises/01_width.ipynb",
        "Colab": "https://colab.research.google.com/github/owner/name/blob/spring/notebooks/exercises/01_width.ipynb",
    }
    for name in ("index.html", "docs/guide.html", "src/mine/module.py.html"):
        assert launch_buttons(page(made, name)) == {}


def test_colab_opens_github_only(root: Path, tmp_path: Path) -> None:
    folder = built(root, tmp_path / "site", Repository("https://gitlab.com/owner/name"))
    assert launch_buttons(page(folder, "01_width.html")) == {
        "Binder": "https://mybinder.org/v2/gl/owner%2Fname/main?urlpath=lab/tree/notebooks/01_width.ipynb"
    }


# --------------------------------------------------------------------------------------------- what stops a build
@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        (
            "$\\nosuchcommand$\n\n![x](missing.png)\n\n#### Too deep",
            ["nosuchcommand' cannot be shown", "missing.png", "Non-consecutive header level"],
        ),
        (
            '[x](01_width.ipynb#Nowhere) [x](missing.ipynb)\n\n<img src="https://example.org/a.png" alt="">',
            [
                "glossary.html: 01_width.html#Nowhere names a place that the page does not have",
                "glossary.html: the link to missing.ipynb leads nowhere",
                "glossary.html: loads https://example.org/a.png",
            ],
        ),
    ],
    ids=["warnings", "links"],
)
def test_the_build_fails_and_says_where(root: Path, tmp_path: Path, source: str, complaints: list[str]) -> None:
    with pytest.raises(SiteError) as error:
        built(root, tmp_path / "site", **{"glossary.ipynb": [text(f"# Glossary\n\n{source}")]})
    assert "glossary" in str(error.value)
    assert [complaint for complaint in complaints if complaint not in str(error.value)] == []


def test_dead_links_are_found_and_living_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "b c").mkdir()
    (tmp_path / "b c" / "two.html").write_text('<h1 id="Übung">x</h1><h2 id="%C3%96l">x</h2><a name="old"></a>')
    (tmp_path / "style.css").write_text("p { background: url(gone.png) } @import 'https://example.org/x.css';")
    (tmp_path / "one.html").write_text(
        '<link href="style.css"><script src="https://example.org/a.js"></script><img src="data:image/png;base64,x">'
        '<a href="b%20c/two.html#%C3%9Cbung"></a><a href="b%20c/two.html#%C3%96l"></a>'
        '<a href="b%20c/two.html#old"></a><a href="#"></a><a href="b%20c/two.html#/old"></a>'
        '<a href="mailto:a"></a>'
        '<a href="https://example.org/#x"></a><a href="three.html"></a><a href="b%20c/two.html#none"></a>'
    )
    assert site.dead_links(tmp_path) == [
        "one.html: loads https://example.org/a.js, which is not in the site",
        "one.html: the link to three.html leads nowhere",
        "one.html: b%20c/two.html#none names a place that the page does not have",
        "style.css: loads gone.png",
        "style.css: loads https://example.org/x.css",
    ]


# ------------------------------------------------------------------------------------------------- the repository
def clone(folder: Path, origin: str | None) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "spring", str(folder)], check=True)
    if origin:
        subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", origin], check=True)
    return folder


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@gitlab.com/owner/name.git", "https://gitlab.com/owner/name"),
        ("https://user:token@github.com/owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
    ],
)
def test_the_repository_is_gits_origin(tmp_path: Path, origin: str, expected: str) -> None:
    assert site.repository(clone(tmp_path, origin)) == Repository(expected, "spring")


@pytest.mark.parametrize("origin", [None, "/srv/course", "https://git.example.org/owner/name"])
def test_an_unknown_origin_gives_none_and_pyproject_fills_the_gap(tmp_path: Path, origin: str | None) -> None:
    root = clone(tmp_path, origin)
    assert site.repository(root) is None
    (root / "pyproject.toml").write_text('[project]\nurls.Repository = "https://github.com/a/b"\n')
    assert site.repository(root) == Repository("https://github.com/a/b", "spring")


def test_a_named_repository_wins(tmp_path: Path) -> None:
    root = clone(tmp_path, "https://github.com/owner/name")
    assert site.repository(root, "https://gitlab.com/a/b.git") == Repository("https://gitlab.com/a/b", "spring")


@pytest.mark.parametrize("address", ["github.com/a/b", "https://github.com/a", "https://git.example.org/a/b", "x"])
def test_an_address_that_is_no_repository_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match=rf"the repository must be .*, was '{re.escape(address)}'"):
        site.repository(tmp_path, address)


# ---------------------------------------------------------------------------------------------------- the command
@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one start page and one lesson; the working directory."""
    texts = {
        "00_start_here": "# %% [markdown]\n# # Start\n#\n# Words.\n",
        "01_one": '# %% [markdown] slideshow={"slide_type": "slide"}\n# # One\n# %%\nprint(6 * 7)\n',
    }
    for folder in ("course", "notebooks"):
        (tmp_path / folder).mkdir()
    for name, source in texts.items():
        (tmp_path / "course" / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_executes_once_and_writes_everything(project: Path, capsys, monkeypatch) -> None:
    executed = []

    def counted(notebook, **options):
        executed.append(notebook)
        return execute(notebook, **options)

    monkeypatch.setattr("courseware.export.execute", counted)
    assert cli.main(["site", "--output", "made/public"]) == 0
    assert len(executed) == 2
    out, err = capsys.readouterr()
    assert re.search(r"\d+ pages written, \d+\.\d MB: open made/public/index\.html", out)
    assert "--repository https://github.com/OWNER/NAME" in err
    lesson = page(project / "made" / "public", "01_one.html")
    assert "42" in lesson.select_one(".cell_output").get_text()
    assert launch_buttons(lesson) == {}
    assert (project / "made" / "public" / "files" / "01_one.slides.html").is_file()
    assert [path.name for path in (project / "made").iterdir()] == ["public"]


def test_a_failed_build_leaves_the_older_site(project: Path, capsys) -> None:
    (project / "public").mkdir()
    (project / "public" / "searchindex.js").write_text("older")
    (project / "course" / "01_one.py").write_text("# %% [markdown]\n# # One\n# %%\nbroken\n")
    assert cli.main(["site"]) == 1
    assert "name 'broken' is not defined" in capsys.readouterr().err
    assert (project / "public" / "searchindex.js").read_text() == "older"
    assert not list(project.glob(".public-*"))


def test_a_folder_with_something_else_is_refused(project: Path, capsys) -> None:
    assert cli.main(["site", "--output", "course"]) == 2
    assert "course holds something that is no site" in capsys.readouterr().err
    assert (project / "course" / "01_one.py").is_file()


# --------------------------------------------------------------------------------------------------- the workflow
def test_the_workflow_runs_what_the_readme_says() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block.strip() for block in re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)]
    steps = workflow["jobs"]["build"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert all(command in blocks for command in commands)
    assert commands[-1].endswith("courseware site")
    actions = {step["uses"].partition("@")[0]: step.get("with", {}) for step in steps if "uses" in step}
    assert list(actions) == ["actions/checkout", "actions/setup-python", "actions/upload-pages-artifact"]
    assert actions["actions/upload-pages-artifact"]["path"] == cli.parser().parse_args(["site"]).output
    python = tuple(map(int, actions["actions/setup-python"]["python-version"].split(".")))
    assert python == (3, 11)
    deploy = workflow["jobs"]["deploy"]
    assert deploy["needs"] == "build"
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    # "on" is a boolean to YAML 1.1.
    assert workflow[True] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
