"""A notebook as a deck: what nbconvert is given, what comes of it, and what stops it."""

import base64
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from courseware.language import speaking
from courseware.publish import deck as decks
from courseware.publish.errors import ExportError
from courseware.publish.formulas import mathml
from courseware.publish.installed import installed
from courseware.publish.links import page_of

START, LESSON, SHEET, SOLUTION = (
    "00_start_here.ipynb",
    "02_width.ipynb",
    "exercises/02_width.ipynb",
    "solutions/02_width.ipynb",
)
PAGES = {name: page_of(name) for name in (START, LESSON, SHEET, SOLUTION)}
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def text(source: str, slide: str = "slide") -> NotebookNode:
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide}})


def code(source: str, *outputs: NotebookNode, **metadata) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def shows(data: dict, metadata: dict | None = None) -> NotebookNode:
    return v4.new_output("display_data", data=data, metadata=metadata or {})


def printed(words: str) -> NotebookNode:
    return v4.new_output("stream", text=words)


def deck(*cells: NotebookNode, name: str = LESSON, folder: Path = Path()) -> BeautifulSoup:
    made = decks.deck(v4.new_notebook(cells=list(cells)), name, PAGES, folder)
    return BeautifulSoup(made, "html.parser")


def test_nothing_is_loaded_from_outside() -> None:
    widget = shows({"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a widget"})
    made = deck(text("# Title\n\n$x$ and [a paper](https://example.org/paper)"), code("w", widget))
    loading = made.select("script[src], link, iframe, object, embed")
    assert loading == []
    assert all(image["src"].startswith("data:") for image in made.select("img"))
    assert [a["href"] for a in made.select("main a[href^='https:']")] == ["https://example.org/paper"]
    assert "a widget" in made.main.get_text()
    style = "".join(element.get_text() for element in made.select("style"))
    assert "@import" not in style
    assert all(address.startswith("data:") for address in re.findall(r"url\(([^)]*)", style))


@pytest.mark.parametrize(  # whatever else would be loaded: see test_outside
    "source",
    [
        "![a picture](missing.png)",
        '<img src="https://example.org/a.png" alt="">',
        "<style>@import 'other.css';</style>",
    ],
)
def test_what_would_be_loaded_fails_the_export(source: str) -> None:
    with pytest.raises(ExportError, match=r"02_width\.ipynb: the deck would load"):
        deck(text(source))


def test_title_language_and_first_heading() -> None:
    made = deck(text("Before\n\n# The *width* $\\sigma$\n\n## More"))
    assert made.title.get_text().startswith("The width \\sigma")
    assert made.html["lang"] == "en"
    assert made.select_one("meta[name=viewport]") is not None


def test_a_translated_heading_has_the_anchor_of_the_english_one() -> None:
    with speaking("zh"):
        made = deck(
            text('# 带宽 <a id="The-width"></a>\n\n[去](#It\'s-%22there%22)'),
            text('## 那里 <a id="It\'s-&quot;there&quot;"></a>'),
        )
    assert made.html["lang"] == "zh"
    assert made.title.get_text() == "带宽 (幻灯片)"
    assert [(h["id"], h.get_text()) for h in made.select(".slides h1, .slides h2")] == [
        ("The-width", "带宽"),
        ('It\'s-"there"', "那里"),
    ]
    assert made.find("a", string="去")["href"] == '#/It\'s-"there"'


def test_formulas_become_mathml() -> None:
    source = r"""# Title

Inline $\frac{a}{b}$, \\(x\\).

$$\sum_{i=1}^n \alpha_i$$

\begin{aligned} a &= b \\ &= c \end{aligned}

<details><summary>Why $\sqrt{2}$ &amp; $a &lt; b$?</summary>

Because $c$.

</details>
"""
    made = deck(text(source))
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
    assert mathml(formula, display=True).startswith("<math")
    assert "\\" not in mathml(formula, display=True)


@pytest.mark.parametrize("formula", [r"\nosuchcommand{x}", r"\frac{1}", r"\begin{nosuch}x\end{nosuch}", r"\left( x"])
def test_an_unknown_formula_fails_and_names_the_cell(formula: str) -> None:
    cell = text(f"## The place\n\nSee $x$ and ${formula}$.")
    with pytest.raises(ExportError) as error:
        deck(cell)
    assert LESSON in str(error.value)
    assert cell.id in str(error.value)
    assert "## The place" in str(error.value)
    assert repr(formula) in str(error.value)


def test_latex_output_becomes_mathml() -> None:
    made = deck(
        text("# Title"), code("f", shows({"text/latex": r"$\displaystyle \sigma^2$", "text/plain": "sigma**2"}))
    )
    assert len(made.select("main math")) == 1


@pytest.mark.parametrize(
    ("name", "link", "expected"),
    [
        (START, LESSON, "02_width.html"),
        (LESSON, f"{SHEET}#by-hand", "exercises/02_width.html#by-hand"),
        (LESSON, f"./{START}", "00_start_here.html"),
        (SHEET, "../02_width.ipynb", "../02_width.html"),
        (SHEET, "../00_start_here.ipynb", "../00_start_here.html"),
        (SHEET, "../solutions/02_width.ipynb?x=1", "../solutions/02_width.html?x=1"),
        (LESSON, "https://example.org/other.ipynb", "https://example.org/other.ipynb"),
    ],
)
def test_links_between_notebooks_become_links_between_pages(name: str, link: str, expected: str) -> None:
    made = deck(text(f'# Title\n\n[markdown]({link})\n\n<a class="x" href="{link}">html</a>'), name=name)
    addresses = [a["href"] for a in made.select("main a")]
    assert addresses == [expected, expected]


def test_a_link_to_a_notebook_that_does_not_exist_fails() -> None:
    with pytest.raises(ExportError, match=r"02_width\.ipynb: the link to 03_later\.ipynb leads to no notebook"):
        deck(text("[next](03_later.ipynb)"))


def test_a_deck_leads_back_to_its_page() -> None:
    for name, address in [(LESSON, "02_width.html"), (SHEET, "02_width.html")]:
        assert [a["href"] for a in deck(text("# Title"), name=name).select("nav a")] == [address]


def test_notes_are_in_the_deck_and_skipped_cells_are_not() -> None:
    made = deck(text("# Title"), text("Tell them $x$.", "notes"), text("A long derivation.", "skip"))
    assert "Tell them x" in made.select_one("section aside.notes").get_text()
    assert "A long derivation." not in made.main.get_text()


def test_deck_has_slides_subslides_and_fragments() -> None:
    made = deck(text("# One"), text("later", "fragment"), text("below", "subslide"), text("# Two"))
    columns = made.select(".slides > section")
    assert [len(column.select("section")) for column in columns] == [2, 1]
    assert made.select_one("section section .fragment").get_text().strip() == "later"


@pytest.mark.parametrize("metadata", [{"tags": ["hide-input"]}, {"jupyter": {"source_hidden": True}}])
def test_hidden_input_is_absent_and_its_output_is_not(metadata: dict) -> None:
    made = deck(text("# Title"), code("secret()", printed("shown"), **metadata))
    assert "secret" not in made.main.get_text()
    assert "shown" in made.main.get_text()


def test_code_is_shown_without_prompts_and_removed_cells_are_not() -> None:
    kept, removed = code("kept()", printed("out")), code("gone()", printed("lost"), tags=["remove-cell"])
    words = deck(text("# Title"), kept, removed).main.get_text()
    assert "kept()" in words
    assert "out" in words
    assert "gone()" not in words
    assert "lost" not in words
    assert "In [" not in words.replace("\xa0", " ")


def test_the_notebook_given_is_left_as_it_was() -> None:
    cells = [text("# Title $x$"), code("a", jupyter={"source_hidden": True})]
    before = [nbformat.from_dict(cell) for cell in cells]
    deck(*cells)
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
    assert deck(text("# Title"), code("f", picture, **cell_metadata)).select_one("main img")["alt"] == alt


def test_pictures_named_in_the_text_come_into_the_deck(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(base64.b64decode(PIXEL))
    made = deck(text('![one](a.png)\n\n<img src="a.png" alt="two">'), folder=tmp_path)
    images = made.select("main img")
    assert [(image["alt"], image["src"]) for image in images] == [
        ("one", f"data:image/png;base64,{PIXEL}"),
        ("two", f"data:image/png;base64,{PIXEL}"),
    ]


def test_the_empty_corner_of_a_table_is_no_heading() -> None:
    made = deck(text("| | one |\n|---|---|\n| a | 1 |"))
    assert [(cell.name, cell.get_text()) for cell in made.select("thead tr *")] == [("td", ""), ("th", "one")]


def test_embedded_fonts_are_small() -> None:
    source = r"$$\hat f(x)=\sum_{i=1}^{n}\underbrace{\frac{\kappa(u)}{\sqrt{2\pi}}}_{\alpha_i}\in\mathbb{R}$$"
    made = deck(text(f"# Title\n\n{source}"))
    fonts = re.findall(
        r"font-family: '([\w ]+)'.*?base64,([^)]*)\)", "".join(s.get_text() for s in made.select("style"))
    )
    assert {family for family, _ in fonts} == {"Course Sans", "Course Math"}
    assert sum(len(data) for _, data in fonts) < 150_000


@pytest.mark.parametrize(
    "heading", ["1 · Debug: the lecture's listing", "A width of σ", "It's so", 'The "end" & more', "80 % of it"]
)
def test_a_link_to_any_heading_finds_it(heading: str) -> None:
    anchor = heading.replace(" ", "-")
    made = deck(text(f"# Title\n\n[there](<#{anchor}>)"), text(f"## {heading}"))
    wanted = made.find("a", string="there")["href"].removeprefix("#").removeprefix("/")
    # A browser looks for the anchor as it is written, then for all of it unquoted.
    assert made.h2["id"] in (wanted, unquote(wanted))
    assert made.h2.find(string=True).strip() == heading


def test_a_missing_package_is_named_with_its_remedy() -> None:
    with pytest.raises(ExportError, match=r"needs the package no-such-package; .*pip install .*\[export\]"):
        installed("no-such-package", "file")
