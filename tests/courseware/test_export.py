import argparse
import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from courseware import cli, export
from courseware.build import targets
from courseware.export import ExportError
from courseware.handouts import handouts
from courseware.project import UnknownLessonError, UserError
from courseware.syllabus import anchor

START, LESSON, SHEET, SOLUTION = (
    "00_start_here.ipynb",
    "02_width.ipynb",
    "exercises/02_width.ipynb",
    "solutions/02_width.ipynb",
)
PAGES = export.site_map([START, LESSON, SHEET, SOLUTION])
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def text(source: str, slide: str = "-") -> NotebookNode:
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}})


def code(source: str, *outputs: NotebookNode, **metadata) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def shows(data: dict, metadata: dict | None = None) -> NotebookNode:
    return v4.new_output("display_data", data=data, metadata=metadata or {})


def printed(words: str) -> NotebookNode:
    return v4.new_output("stream", text=words)


def page(*cells: NotebookNode, name: str = LESSON) -> BeautifulSoup:
    return BeautifulSoup(export.page(v4.new_notebook(cells=list(cells)), name, PAGES), "html.parser")


def deck(*cells: NotebookNode) -> BeautifulSoup:
    return BeautifulSoup(export.deck(v4.new_notebook(cells=list(cells)), LESSON, PAGES), "html.parser")


def convert(form: str, *cells: NotebookNode) -> BeautifulSoup:
    return {"page": page, "deck": deck}[form](*cells)


both_forms = pytest.mark.parametrize("form", ["page", "deck"])


def test_site_map_keeps_names_and_makes_the_start_page_the_index() -> None:
    assert PAGES == {
        "00_start_here.ipynb": "index.html",
        "02_width.ipynb": "02_width.html",
        "exercises/02_width.ipynb": "exercises/02_width.html",
        "solutions/02_width.ipynb": "solutions/02_width.html",
    }


@both_forms
def test_nothing_is_loaded_from_outside(form: str) -> None:
    widget = shows({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a widget"})
    made = convert(form, text("# Title\n\n$x$ and [a paper](https://example.org/paper)", "slide"), code("w", widget))
    loading = made.select("script[src], link, iframe, object, embed")
    assert loading == []
    assert all(image["src"].startswith("data:") for image in made.select("img"))
    assert [a["href"] for a in made.select("main a[href^='https:']")] == ["https://example.org/paper"]
    assert "a widget" in made.main.get_text()
    style = "".join(element.get_text() for element in made.select("style"))
    assert "@import" not in style
    assert all(address.startswith("data:") for address in re.findall(r"url\(([^)]*)", style))


@pytest.mark.parametrize(
    "source",
    [
        "![a picture](missing.png)",
        '<img src="https://example.org/a.png" alt="">',
        '<iframe src="https://example.org"></iframe>',
        '<p style="background: url(https://example.org/a.png)">x</p>',
        "<style>@import 'other.css';</style>",
    ],
)
def test_what_would_be_loaded_fails_the_export(source: str) -> None:
    with pytest.raises(ExportError, match=r"02_width\.ipynb: the page would load"):
        page(text(source))


@both_forms
def test_title_language_and_first_heading(form: str) -> None:
    made = convert(form, text("Before\n\n# The *width* $\\sigma$\n\n## More", "slide"))
    assert made.title.get_text().startswith("The width \\sigma")
    assert made.html["lang"] == "en"
    assert made.select_one("meta[name=viewport]") is not None


@both_forms
def test_formulas_become_mathml(form: str) -> None:
    source = r"""# Title

Inline $\frac{a}{b}$, \\(x\\).

$$\sum_{i=1}^n \alpha_i$$

\begin{aligned} a &= b \\ &= c \end{aligned}

<details><summary>Why $\sqrt{2}$ &amp; $a &lt; b$?</summary>

Because $c$.

</details>
"""
    made = convert(form, text(source, "slide"))
    assert len(made.select("main math")) == 7
    assert [m.get_text() for m in made.select("mfrac")] == ["ab"]
    assert len(made.select("math[display=block]")) == 2
    assert len(made.select("mtable mtr")) == 2
    assert len(made.select("details summary math")) == 2
    assert made.select_one("details").find_next(string=re.compile("Because")).find_parent("details") is not None
    assert "$" not in made.main.get_text()
    assert "\\" not in made.main.get_text()


@pytest.mark.parametrize(
    "formula",
    [
        r"\frac{a}{b}",
        r"\sum_{i=1}^{n} x_i",
        r"\exp\left(-\tfrac{1}{2}u^2\right)",
        r"\sqrt{2\pi}",
        r"\mathbb{R}^d",
        r"\operatorname{softmax}(z)",
        r"\underbrace{a+b}_{\text{both}}",
        r"\kappa(u) = \begin{cases} 1 & \lvert u\rvert \le 1 \\ 0 & \text{otherwise} \end{cases}",
        r"\lVert q - k \rVert^2",
        r"\operatorname*{arg\,min}_w \bar y, \hat f, \tilde x",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix} \odot \mathbf{1}^\top",
        r"\varepsilon \sim \mathcal{N}(0, \sigma^2) \quad \sigma \to \infty, \; x \neq y, \dots",
    ],
)
def test_the_formulas_of_the_course_convert(formula: str) -> None:
    made = page(text(f"$${formula}$$"))
    assert len(made.select("main math")) == 1
    assert "\\" not in made.main.get_text()


@pytest.mark.parametrize("formula", [r"\nosuchcommand{x}", r"\frac{1}", r"\begin{nosuch}x\end{nosuch}", r"\left( x"])
def test_an_unknown_formula_fails_and_names_the_cell(formula: str) -> None:
    cell = text(f"## The place\n\nSee $x$ and ${formula}$.")
    with pytest.raises(ExportError) as error:
        page(cell)
    assert LESSON in str(error.value)
    assert cell.id in str(error.value)
    assert "## The place" in str(error.value)
    assert repr(formula) in str(error.value)


def test_latex_output_becomes_mathml() -> None:
    made = page(code("f", shows({"text/latex": r"$\displaystyle \sigma^2$", "text/plain": "sigma**2"})))
    assert len(made.select("main math")) == 1


@pytest.mark.parametrize(
    ("name", "link", "expected"),
    [
        (START, LESSON, "02_width.html"),
        (LESSON, f"{SHEET}#by-hand", "exercises/02_width.html#by-hand"),
        (LESSON, f"./{START}", "index.html"),
        (SHEET, "../02_width.ipynb", "../02_width.html"),
        (SHEET, "../00_start_here.ipynb", "../index.html"),
        (SHEET, "../solutions/02_width.ipynb?x=1", "../solutions/02_width.html?x=1"),
        (LESSON, "https://example.org/other.ipynb", "https://example.org/other.ipynb"),
    ],
)
def test_links_between_notebooks_become_links_between_pages(name: str, link: str, expected: str) -> None:
    made = page(text(f'# Title\n\n[markdown]({link})\n\n<a class="x" href="{link}">html</a>'), name=name)
    addresses = [a["href"] for a in made.select("main a:not(.anchor-link)")]
    assert addresses == [expected, expected]


@pytest.mark.parametrize("heading", ["1 · The lecture's listing", "What now?", "A & B, at β = 1000", "Q: *is* it (σ)?"])
def test_a_link_to_a_heading_leads_there_whatever_is_in_it(heading: str) -> None:
    place = anchor(heading)
    there = BeautifulSoup(export.page(v4.new_notebook(cells=[text(f"## {heading}")]), LESSON, PAGES), "html.parser")
    for link in (f"[in](../02_width.ipynb#{place})", f"[in](<../02_width.ipynb#{place}>)"):
        here = export.page(v4.new_notebook(cells=[text(link)]), SHEET, PAGES)
        [address] = [a["href"] for a in BeautifulSoup(here, "html.parser").select("main a") if a.get_text() == "in"]
        written = address.partition("#")[2]
        # A browser looks for the place as it is written, then for all of it unquoted.
        assert there.find(id=written) or there.find(id=unquote(written)), address


def test_a_link_to_a_notebook_that_does_not_exist_fails() -> None:
    with pytest.raises(ExportError, match=r"02_width\.ipynb: the link to 03_later\.ipynb leads to no notebook"):
        page(text("[next](03_later.ipynb)"))


def test_header_leads_to_start_page_deck_exercises_and_solutions() -> None:
    lesson = page(text("# Title", "slide"))
    assert [(a.get_text(), a["href"]) for a in lesson.select("header a")] == [
        ("Course", "index.html"),
        ("Slides", "02_width.slides.html"),
        ("Exercises", "exercises/02_width.html"),
        ("Solutions", "solutions/02_width.html"),
    ]
    sheet = page(text("# Title"), name=SHEET)
    assert [(a.get_text(), a["href"]) for a in sheet.select("header a")] == [
        ("Course", "../index.html"),
        ("Lesson", "../02_width.html"),
        ("Solutions", "../solutions/02_width.html"),
    ]


def test_a_long_page_lists_its_sections() -> None:
    made = page(text("# Title\n\n## One\n\n## Two $x$\n\n## Three"))
    entries = made.select("nav.contents a")
    assert [entry.get_text() for entry in entries] == ["One", "Two x", "Three"]
    assert all(made.find("h2", id=entry["href"].removeprefix("#")) for entry in entries)


def test_notes_are_in_the_deck_only() -> None:
    cells = text("# Title", "slide"), text("Tell them $x$.", "notes")
    assert "Tell them" not in page(*cells).get_text()
    assert "Tell them x" in deck(*cells).select_one("section aside.notes").get_text()


def test_skipped_cells_are_on_the_page_only() -> None:
    cells = text("# Title", "slide"), text("A long derivation.", "skip")
    assert "A long derivation." in page(*cells).main.get_text()
    assert "A long derivation." not in deck(*cells).main.get_text()


def test_deck_has_slides_subslides_and_fragments() -> None:
    made = deck(text("# One", "slide"), text("later", "fragment"), text("below", "subslide"), text("# Two", "slide"))
    columns = made.select(".slides > section")
    assert [len(column.select("section")) for column in columns] == [2, 1]
    assert made.select_one("section section .fragment").get_text().strip() == "later"


@both_forms
@pytest.mark.parametrize("metadata", [{"tags": ["hide-input"]}, {"jupyter": {"source_hidden": True}}])
def test_hidden_input_is_absent_and_its_output_is_not(form: str, metadata: dict) -> None:
    made = convert(form, text("# Title", "slide"), code("secret()", printed("shown"), **metadata))
    assert "secret" not in made.main.get_text()
    assert "shown" in made.main.get_text()


@both_forms
def test_code_is_shown_without_prompts_and_removed_cells_are_not(form: str) -> None:
    kept, removed = code("kept()", printed("out")), code("gone()", printed("lost"), tags=["remove-cell"])
    words = convert(form, text("# Title", "slide"), kept, removed).main.get_text()
    assert "kept()" in words
    assert "out" in words
    assert "gone()" not in words
    assert "lost" not in words
    assert "In [" not in words.replace("\xa0", " ")


@both_forms
def test_the_notebook_given_is_left_as_it_was(form: str) -> None:
    cells = [text("# Title $x$", "slide"), code("a", jupyter={"source_hidden": True})]
    before = [nbformat.from_dict(cell) for cell in cells]
    convert(form, *cells)
    assert cells == before


@pytest.mark.parametrize(
    ("output_metadata", "cell_metadata", "alt"),
    [
        ({"image/png": {"alt": "of the output <1>"}}, {"alt": "of the cell"}, "of the output <1>"),
        ({}, {"alt": "of the cell"}, "of the cell"),
    ],
)
def test_pictures_have_alternative_text(output_metadata: dict, cell_metadata: dict, alt: str) -> None:
    picture = shows({"image/png": PIXEL, "text/plain": "<Figure>"}, output_metadata)
    assert page(code("f", picture, **cell_metadata)).select_one("main img")["alt"] == alt


def test_pictures_named_in_the_text_come_into_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(base64.b64decode(PIXEL))
    cells = [text('![one](a.png)\n\n<img src="a.png" alt="two">')]
    made = export.page(v4.new_notebook(cells=cells), LESSON, PAGES, folder=tmp_path)
    images = BeautifulSoup(made, "html.parser").select("main img")
    assert [(image["alt"], image["src"]) for image in images] == [
        ("one", f"data:image/png;base64,{PIXEL}"),
        ("two", f"data:image/png;base64,{PIXEL}"),
    ]


@both_forms
def test_the_empty_corner_of_a_table_is_no_heading(form: str) -> None:
    made = convert(form, text("| | one |\n|---|---|\n| a | 1 |", "slide"))
    assert [(cell.name, cell.get_text()) for cell in made.select("thead tr *")] == [("td", ""), ("th", "one")]


def test_embedded_fonts_are_small() -> None:
    source = r"$$\hat f(x)=\sum_{i=1}^{n}\underbrace{\frac{\kappa(u)}{\sqrt{2\pi}}}_{\alpha_i}\in\mathbb{R}$$"
    made = page(text(f"# Title\n\n{source}"))
    fonts = re.findall(
        r"font-family: '([\w ]+)'.*?base64,([^)]*)\)", "".join(s.get_text() for s in made.select("style"))
    )
    assert {family for family, _ in fonts} == {"Course Sans", "Course Math"}
    assert sum(len(data) for _, data in fonts) < 150_000


@both_forms
@pytest.mark.parametrize(
    "heading", ["1 · Debug: the lecture's listing", "A width of σ", "It's so", 'The "end" & more', "80 % of it"]
)
def test_a_link_to_any_heading_finds_it(form: str, heading: str) -> None:
    anchor = heading.replace(" ", "-")
    made = convert(form, text(f"# Title\n\n[there](<#{anchor}>)", "slide"), text(f"## {heading}", "slide"))
    wanted = made.find("a", string="there")["href"].removeprefix("#").removeprefix("/")
    # A browser looks for the anchor as it is written, then for all of it unquoted.
    assert made.h2["id"] in (wanted, unquote(wanted))
    assert made.h2.find(string=True).strip() == heading


# ------------------------------------------------------------------------------------------------ the command
@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of two lessons and a start page, the second lesson with exercises; the working directory."""
    texts = {
        "00_start_here": '# %% [markdown] slideshow={"slide_type": "slide"}\n# # Start\n# [lesson](01_one.ipynb)\n',
        "01_one": '# %% [markdown] slideshow={"slide_type": "slide"}\n# # One\n'
        '# %%\nimport os\nprint("for export:", os.environ["COURSEWARE_EXPORT"])\n',
        "02_two": "# %% [markdown]\n# # Two\n# %%\nbroken\n",
        "exercises/01_one": "# %% [markdown]\n# # Exercises\n# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
    }
    for name, course_text in texts.items():
        file = tmp_path / "course" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(course_text)
    for target in targets(tmp_path):
        (tmp_path / target.notebook).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(target.derived(tmp_path), tmp_path / target.notebook)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_export_executes_and_writes_the_chosen_lesson(project: Path) -> None:
    written = export.export(project / "site", ["1"], progress=False)
    assert [path.relative_to(project / "site").as_posix() for path in written] == [
        "index.html",
        "01_one.html",
        "01_one.slides.html",
        "exercises/01_one.html",
        "solutions/01_one.html",
    ]
    assert "for export: 1" in BeautifulSoup(written[1].read_text(), "html.parser").main.get_text()
    assert 'href="01_one.html"' in written[0].read_text()


def test_pages_without_a_number_go_with_every_lesson_and_have_no_deck(project: Path) -> None:
    for name in ("glossary", "glue"):
        (project / "course" / f"{name}.py").write_text("# %% [markdown]\n# # Words\n# [start](00_start_here.ipynb)\n")
    written = export.export(project / "site", ["00"], progress=False)
    assert [path.name for path in written] == ["index.html", "glossary.html", "glue.html"]
    links = BeautifulSoup(written[1].read_text(), "html.parser").select("header a")
    assert [(a.get_text(), a["href"]) for a in links] == [("Course", "index.html")]
    assert len(export.export(project / "site", ["1"], progress=False)) == 7


SLIDE = '# %% [markdown] slideshow={"slide_type": "slide"}'
EXPLORER = """# %% [markdown]
# # Three
# %%
from matplotlib.figure import Figure
from courseware.frames import Explorer, Slider
def draw(height):
    figure = Figure()
    figure.subplots().bar([0], [height])
    return figure
Explorer(draw, [Slider("height", "height", [1, 2, 4], 1)], title="A bar", describe="It is {height} high.".format)
"""


def test_the_pictures_of_explorers_lie_beside_the_page(project: Path) -> None:
    (project / "course" / "03_three.py").write_text(EXPLORER)
    written = export.export(project / "site", ["3"], progress=False)
    names = [path.relative_to(project / "site").as_posix() for path in written]
    assert names[:2] == ["index.html", "03_three.html"]
    assert [name.partition("/")[0] for name in names[2:]] == ["pictures", "pictures"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[2:])
    made = BeautifulSoup(written[1].read_text(), "html.parser")
    beside = json.loads(made.select_one("script.courseware-pictures").get_text())
    assert beside == names[2:]


def test_a_picture_that_two_pages_show_is_stored_once(project: Path) -> None:
    (project / "course" / "02_two.py").unlink()
    for name in ("03_three", "exercises/03_three"):
        (project / "course" / f"{name}.py").write_text(EXPLORER)
    pictures = project / "site" / "pictures"
    pictures.mkdir(parents=True)
    (pictures / "0123456789abcdef.png").write_bytes(b"of an older export")
    (pictures / "cat.png").write_bytes(b"of somebody")
    export.export(project / "site", ["3"], progress=False)
    assert len(list(pictures.iterdir())) == 4  # older pages may still show what this part of the course does not
    written = export.export(project / "site", progress=False)
    assert len(written) == len(set(written))
    stored = {path.name for path in pictures.iterdir()}
    assert len(stored) == 3
    assert "cat.png" in stored
    for name, folder in [("03_three.html", "pictures/"), ("solutions/03_three.html", "../pictures/")]:
        made = BeautifulSoup((project / "site" / name).read_text(), "html.parser")
        shown = json.loads(made.select_one("script.courseware-pictures").get_text())
        assert {address.removeprefix(folder) for address in shown} == stored - {"cat.png"}


SECOND = """# %% [markdown] slideshow={"slide_type": "slide"}
# # 2 · Two
# [lesson](01_one.ipynb), [there](01_one.ipynb#It's-·-there), [skipped](01_one.ipynb#Skipped), [here](#Down)
# [sheet](exercises/01_one.ipynb), [far](https://example.org/#One)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## Down
"""
FIRST = """
# %% [markdown] slideshow={"slide_type": "subslide"}
# ## It's · there
# %% [markdown] slideshow={"slide_type": "skip"}
# ## Skipped
"""


def test_the_deck_of_the_whole_course_leads_from_slide_to_slide(project: Path) -> None:
    lesson = project / "course" / "01_one.py"
    lesson.write_text(lesson.read_text() + FIRST)
    (project / "course" / "02_two.py").write_text(SECOND)
    (project / "course" / "03_three.py").write_text(EXPLORER.replace("# %% [markdown]", SLIDE, 1))
    site = project / "site"
    written = {path.relative_to(site).as_posix() for path in export.export(site, progress=False)}
    made = BeautifulSoup((site / "course.slides.html").read_text(), "html.parser")
    assert "course.slides.html" in written
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
    # The pictures of explorers are those of the page.
    assert set(json.loads(made.select_one("script.courseware-pictures").get_text())) <= written
    start = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    assert start.select_one("header a:last-child")["href"] == "course.slides.html"
    # In a lesson's own deck the same links lead to the other pages, and to slides of its own.
    own = BeautifulSoup((site / "02_two.slides.html").read_text(), "html.parser")
    hrefs = [a["href"] for a in own.select("main a")]
    assert hrefs[0] == "01_one.html"
    assert unquote(hrefs[1]) == "01_one.html#It's-·-there"
    assert hrefs[2:5] == ["01_one.html#Skipped", "#/Down", "exercises/01_one.html"]


def test_part_of_the_course_has_no_deck_of_the_whole(project: Path) -> None:
    written = export.export(project / "site", ["1"], progress=False)
    assert "course.slides.html" not in [path.name for path in written]
    assert "course.slides.html" not in (project / "site" / "index.html").read_text()


def test_handouts_without_a_browser_are_refused_before_anything_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("courseware.handouts.PLACES", ())
    assert cli.main(["export", "--handouts", "1"]) == 2
    assert "printed by Chromium or Chrome, and neither was found" in capsys.readouterr().err
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert cli.main(["export", "--handouts", "1"]) == 2
    assert "CHROMIUM must be the path of a Chromium or Chrome, was '/nowhere/chromium'" in capsys.readouterr().err
    assert not (project / "site").exists()


def test_a_browser_that_prints_nothing_is_reported(project: Path) -> None:
    program = project / "browser"
    program.write_text("#!/bin/sh\necho 'no display' >&2\n")
    program.chmod(0o755)
    deck_file, old = project / "01_one.slides.html", project / "01_one.handout.pdf"
    old.write_bytes(b"of an older export")
    with pytest.raises(UserError, match=r"browser did not print 01_one\.slides\.html: no display"):
        handouts([deck_file], str(program), progress=False)
    assert not old.exists()


def test_export_names_an_unknown_lesson(project: Path) -> None:
    with pytest.raises(UnknownLessonError, match="no lesson '7'"):
        export.export(project / "site", ["7"], progress=False)
    assert not (project / "site").exists()


@pytest.mark.parametrize("output", ["README.md", "README.md/site"])
def test_export_into_a_file_is_refused(project: Path, capsys: pytest.CaptureFixture, output: str) -> None:
    (project / "README.md").write_text("as it was")
    assert cli.main(["export", "--output", output, "00"]) == 2
    assert "README.md is a file" in capsys.readouterr().err
    assert (project / "README.md").read_text() == "as it was"


def test_export_command_reports_a_failing_cell(project: Path, capsys: pytest.CaptureFixture) -> None:
    assert export.export_command(argparse.Namespace(output=project / "site", lessons=["02"], handouts=False)) == 1
    assert "name 'broken' is not defined" in capsys.readouterr().err


def test_export_command_counts_what_it_wrote(project: Path, capsys: pytest.CaptureFixture) -> None:
    assert export.export_command(argparse.Namespace(output=project / "site", lessons=["00"], handouts=False)) == 0
    index = re.escape(str(project / "site" / "index.html"))
    assert re.search(rf"1 file written, \d+\.\d MB: open {index}\n", capsys.readouterr().out)


def test_a_missing_package_is_named_with_its_remedy() -> None:
    with pytest.raises(ExportError, match=r"needs the package no-such-package; .*pip install .*\[export\]"):
        export._installed("no-such-package", "file")
