"""The pages: what Sphinx is given, what it makes of it, and what stops the build."""

import base64
import io
import json
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbformat import NotebookNode
from PIL import Image

from courseware.language import Language
from courseware.notebook.explorer import Explorer, Slider
from courseware.publish.course import Course
from courseware.publish.dead_links import dead_links
from courseware.publish.errors import ExportError
from courseware.publish.links import linked_files, page_of
from courseware.publish.pages import write_pages
from courseware.publish.phrases import say
from courseware.publish.repository import Repository
from courseware.text.syllabus import anchor

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

    slider = Slider("width", "width σ", values=[1, 2, 3], default=2)
    return Explorer(draw, [slider], title="A line", describe=lambda width: f"It ends at {width}.").html()


HEADINGS = [
    "1 · The lecture's listing",
    "What now?",
    "A & B, at β = 1000",
    "Q: *is* it (σ)?",
    'The "end" & more',
    "80 % of it",
]
LESSON_CELLS = [
    text("# 1 · The width\n\nHow *wide*? With $\\sigma$.", "slide"),
    text("Tell them nothing.", "notes"),
    text("A long derivation.", "skip"),
    text(
        "## The channel gate\n\n$$\\sum_i \\alpha_i y_i$$\n\n"
        "[down](#The-channel-gate), [exercise](exercises/01_width.ipynb#By-hand), [start](00_start_here.ipynb), "
        '[code](../src/mine/module.py), <a href="exercises/01_width.ipynb">html</a>'
    ),
    text("<details><summary>Why $\\sqrt{2}$ &amp; $a &lt; b$?</summary>\n\nBecause $c$.\n\n</details>"),
    code("secret()", shows({"image/png": picture("red"), "text/plain": "p"}, **{"image/png": {"alt": "a <red>"}})),
    code("gone()", v4.new_output("stream", text="lost"), tags=["remove-cell"]),
    code("visible()", v4.new_output("stream", text="printed words")),
    code("tagged()", v4.new_output("stream", text="of a tagged cell"), tags=["hide-input"]),
    code("latex()", shows({"text/latex": r"$\displaystyle \sigma^2$", "text/plain": "sigma**2"})),
    code("table()", shows({"text/markdown": "| σ | $f(1)$ |\n|---|--:|\n| 1 | 1.96 |", "text/plain": "σ f(1)"})),
    code("w", shows({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a widget"})),
    code("other()", shows({"image/png": picture("green"), "text/plain": "p"}), alt="of the cell"),
    text("## Pictures\n\n![one](line.png)\n\n<img src='line.png' alt='two'>".replace("'", '"')),
    text("## A table\n\n| | one |\n|---|---|\n| a | 1 |"),
    *(text(f"## {heading}") for heading in HEADINGS),
    code("explore()", shows({"text/html": explorer(), "text/plain": "an explorer"})),
]
LESSON_CELLS[5].metadata["jupyter"] = {"source_hidden": True}


def course() -> dict[str, NotebookNode]:
    cells = {
        START: [text("# Small course: start here\n\nAn *interactive* sentence."), text("[one](01_width.ipynb)")],
        LESSON: LESSON_CELLS,
        SHEET: [
            text("# Exercises 1\n\n## By hand\n\n[back](../01_width.ipynb#The-channel-gate)"),
            *(text(f"[to {i}](<../01_width.ipynb#{anchor(heading)}>)") for i, heading in enumerate(HEADINGS)),
        ],
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
    for place in ("docs/images", "notebooks"):
        (root / place).mkdir()
        (root / place / "line.png").write_bytes(base64.b64decode(picture("blue")))
    return root


def built(root: Path, folder: Path, where: Repository | None = None, **changed: list[NotebookNode]) -> Path:
    notebooks = course() | {name: notebook(cells) for name, cells in changed.items()}
    folder.mkdir()
    for name in ["01_width.slides.html", "01_width.handout.pdf", "course.slides.html"]:
        (folder / name).write_text("<html></html>")
    before = nbformat.from_dict(notebooks)
    write_pages([Course(root, notebooks, others=["02_later.ipynb"])], folder, where)
    assert notebooks == before
    return folder


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course as a site, with a known repository."""
    folder = tmp_path_factory.mktemp("made") / "site"
    return built(root, folder, Repository("https://github.com/owner/name", "spring"))


ZH = Language(Path(), "zh", "中文", "zh_CN", "?", "?", "?", ())


@pytest.fixture(scope="module")
def bilingual(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course as a site, its start page and lesson in Chinese, too; the sheet is not."""
    folder = tmp_path_factory.mktemp("bilingual")
    chinese = {
        f"zh/{START}": [
            text("# 小课程：从这里开始\n\n一句话。"),
            text("[一](01_width.ipynb), [sheet](../exercises/01_width.ipynb)"),
        ],
        f"zh/{LESSON}": [
            text('# 1 · 带宽 <a id="1-·-The-width"></a>\n\n多*宽*？', "slide"),
            text('## 通道门控 <a id="The-channel-gate"></a>\n\n[上面](#The-channel-gate), [docs](../../docs/guide.md)'),
            code("explore()", shows({"text/html": explorer(), "text/plain": "an explorer"})),
        ],
    }
    english = Course(root, course(), others=["02_later.ipynb"])
    other = Course(root, {name: notebook(cells) for name, cells in chinese.items()}, [*english.notebooks], ZH)
    write_pages([english, other], folder)
    return folder


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
        "Slides: 1 · The width": "01_width.slides.html",
        "Handout: 1 · The width": "01_width.handout.pdf",
        "Exercises: 1 · The width": "exercises/01_width.html",
        "Solutions: 1 · The width": "solutions/01_width.html",
    }
    assert first.select_one(".course-buttons a:last-child")["href"] == "course.slides.html"
    # The picture is the explorer's, not the first of the lesson.
    with Image.open(made / card.img["src"]) as thumbnail:
        assert thumbnail.size == (432, 288)
    assert first.title.get_text().startswith("Small course")
    assert "Licence: MIT" in first.get_text()


def test_every_page_leads_to_its_twin_in_the_other_language(bilingual: Path) -> None:
    def switches(name: str) -> list[tuple[str, str, str]]:
        links = page(bilingual, name).select("a.course-language")
        return [(link.get_text(), link["href"], link["lang"]) for link in links]

    assert switches("01_width.html") == [("中文", "zh/01_width.html", "zh")]
    assert switches("zh/01_width.html") == [("English", "../01_width.html", "en")]
    assert switches("index.html") == [("中文", "zh/index.html", "zh")]
    assert switches("zh/index.html") == [("English", "../index.html", "en")]
    assert switches("exercises/01_width.html") == []  # it has no twin


def test_pages_in_another_language_speak_it_and_lead_to_the_same_anchors(bilingual: Path) -> None:
    lesson = page(bilingual, "zh/01_width.html")
    assert lesson.html["lang"] == "zh-CN"
    for each in (lesson, page(bilingual, "01_width.html")):
        assert each.find(id="The-channel-gate")
    assert [h.get_text().rstrip("#") for h in lesson.select("article h1, article h2")] == ["1 · 带宽", "通道门控"]
    assert not lesson.select("nav a a, .bd-links a[id]")  # the anchor is in no list of contents
    links = {a.get_text(): a["href"] for a in lesson.select("article a")}
    assert links["docs"] == "../docs/guide.html"  # which is in English
    assert links["笔记本"] == "../downloads/zh/01_width.ipynb"
    assert page(bilingual, "zh/00_start_here.html").find("a", string="sheet")["href"] == "../exercises/01_width.html"
    first = page(bilingual, "zh/index.html")
    assert first.select_one(".course-card h3").get_text() == "1 · 带宽"
    assert first.select_one(".course-primary").get_text() == "从第 1 课开始"
    assert (bilingual / "zh" / first.select_one(".course-card img")["src"]).is_file()
    assert "搜索本课程" in str(first)
    assert "Course Letters" in (bilingual / "zh" / "_static" / "site.css").read_text()


def test_a_phrase_that_nobody_would_translate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"phrase must be one of PHRASES in .*, was 'Hello'"):
        say("Hello")


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
        "Slides": "01_width.slides.html",
        "Handout": "01_width.handout.pdf",
        "Exercises": "exercises/01_width.html",
        "Solutions": "solutions/01_width.html",
        "Notebook": "downloads/01_width.ipynb",
    }
    assert links("exercises/01_width.html") == {
        "Lesson": "../01_width.html",
        "Solutions": "../solutions/01_width.html",
        "Notebook": "../downloads/exercises/01_width.ipynb",
    }
    assert links("00_start_here.html") == {
        "Slides": "course.slides.html",
        "Notebook": "downloads/00_start_here.ipynb",
    }


def test_formulas_are_mathml(made: Path) -> None:
    article = page(made, "01_width.html").select_one("article")
    assert len(article.select("math")) == 7
    assert len(article.select(".cell_output math")) == 2
    assert len(article.select("math[display=block]")) == 2
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


@pytest.mark.parametrize("number", range(len(HEADINGS)))
def test_a_link_to_a_heading_leads_there_whatever_is_in_it(made: Path, number: int) -> None:
    [address] = [
        a["href"] for a in page(made, "exercises/01_width.html").select("article a") if a.text == f"to {number}"
    ]
    lesson, written = page(made, "01_width.html"), address.partition("#")[2]
    # A browser looks for the place as it is written, then for all of it unquoted.
    place = lesson.find(id=written) or lesson.find(id=unquote(written))
    assert place.find_next("h2").find(string=True).strip() == HEADINGS[number].partition("*")[0].strip()


def test_a_page_lists_its_sections(made: Path) -> None:
    lesson = page(made, "01_width.html")
    entries = lesson.select("#pst-secondary-sidebar nav a")
    assert [entry.get_text().strip() for entry in entries][:2] == ["The channel gate", "Pictures"]
    assert all(lesson.find(id=unquote(entry["href"].removeprefix("#"))) for entry in entries)


def test_a_table_that_a_cell_shows_is_a_table(made: Path) -> None:
    [table] = page(made, "01_width.html").select(".cell_output table")
    assert [row.get_text("|", strip=True) for row in table.select("tr")] == ["σ|f|(|1|)", "1|1.96"]
    assert table.select("th math")


def test_the_empty_corner_of_a_table_is_no_heading(made: Path) -> None:
    cells = page(made, "01_width.html").select("article section#a-table thead tr > *")
    assert [(cell.name, cell.get_text()) for cell in cells] == [("td", ""), ("th", "one")]


def test_notes_hidden_code_and_removed_cells_are_absent(made: Path) -> None:
    words = page(made, "01_width.html").select_one("article").get_text()
    assert "visible()" in words
    for shown in ("printed words", "of a tagged cell", "A long derivation.", "a widget"):
        assert shown in words
    for absent in ("Tell them", "secret()", "tagged()", "gone()", "lost", "an explorer", "In ["):
        assert absent not in words


def test_pictures_are_files_with_their_alternative_text(made: Path) -> None:
    lesson = page(made, "01_width.html")
    for image, words, colour in zip(
        lesson.select("img.course-figure"), ("a <red>", "of the cell"), ("red", "green"), strict=True
    ):
        assert image["alt"] == words
        assert (image["width"], image["height"], image["loading"]) == ("40", "20", "lazy")
        assert (made / image["src"]).read_bytes() == base64.b64decode(picture(colour))
    for words in ("one", "two"):  # named in the text
        assert (made / lesson.find("img", alt=words)["src"]).read_bytes() == base64.b64decode(picture("blue"))


def test_an_explorer_keeps_the_addresses_of_its_pictures(made: Path) -> None:
    lesson = page(made, "01_width.html")
    [found] = lesson.select(".courseware-export")
    assert "data:image" not in str(found)
    addresses = set(re.findall(r"pictures/\w+\.\w+", str(found)))
    assert len(addresses) == 3
    assert all((made / address).is_file() for address in addresses)


def test_downloads_have_no_outputs(made: Path) -> None:
    download = json.loads((made / "downloads" / LESSON).read_text())
    assert [cell["outputs"] for cell in download["cells"] if cell["cell_type"] == "code"] == [[]] * 9
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
            "$\\nosuchcommand$ \\\\(x\\\\)\n\n![x](missing.png)\n\n#### Too deep",
            [
                "nosuchcommand' cannot be shown",
                "must stand between dollar signs",
                "missing.png",
                "Non-consecutive header level",
            ],
        ),
        (
            '[x](01_width.ipynb#Nowhere) [x](missing.ipynb)\n\n<img src="https://example.org/a.png" alt="">',
            [
                "glossary.html: 01_width.html#Nowhere names a place that the page does not have",
                "glossary.html: the link to missing.ipynb leads nowhere",
                "glossary.html: loads <img src='https://example.org/a.png'>",
            ],
        ),
    ],
    ids=["warnings", "links"],
)
def test_the_build_fails_and_says_where(root: Path, tmp_path: Path, source: str, complaints: list[str]) -> None:
    with pytest.raises(ExportError) as error:
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
        '<a href="mailto:a"></a><a href="later.html#x"></a>'
        '<a href="https://example.org/#x"></a><a href="three.html"></a><a href="b%20c/two.html#none"></a>'
    )
    assert dead_links(tmp_path, elsewhere=["later.html"]) == [
        "one.html: loads <script src='https://example.org/a.js'>, which is not in the site",
        "one.html: the link to three.html leads nowhere",
        "one.html: b%20c/two.html#none names a place that the page does not have",
        "style.css: loads gone.png",
        "style.css: loads https://example.org/x.css",
    ]


# ------------------------------------------------------------------------------------------- files that are linked to
def test_linked_files_are_found_and_those_that_they_link_to(tmp_path: Path) -> None:
    files = {
        "course/README.md": "[one](../notebooks/01_one.ipynb#One), [self](README.md), [more](../LICENSE)",
        "src/pack/module.py": "[not](other.py)",
        "src/pack/other.py": "nobody_links_here = 1",
        "LICENSE": "Do what you like.",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path.parent / "outside.txt").write_text("private")
    start = (
        "[module](../src/pack/module.py#L2), [syllabus](../course/README.md), [web](https://example.org/a.py), "
        "![a picture](../picture.png), [gone](../missing.py), [not ours](../../outside.txt), [folder](../src/pack)"
    )
    found = linked_files({START: start}, tmp_path)
    assert {name: page_of(name) for name in found} == {
        "../LICENSE": "LICENSE.html",
        "../course/README.md": "course/README.html",
        "../src/pack/module.py": "src/pack/module.py.html",
    }


def test_a_link_to_what_is_no_text_fails(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(ExportError, match=r"picture\.png is no text: a page may show it as a picture"):
        linked_files({START: "[a picture](../picture.png)"}, tmp_path)
