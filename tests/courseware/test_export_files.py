"""Files of the project that a notebook links to become pages of the site, so that no link of it leads nowhere."""

from pathlib import Path

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

from courseware import export
from courseware.build import targets
from courseware.export import ExportError
from courseware.project import project_root


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with a start page that links to a module and to a syllabus, which links on."""
    files = {
        "course/00_start_here.py": "# %% [markdown]\n# # Start\n#\n"
        "# [module](../src/pack/module.py#L2), [syllabus](../course/README.md), [web](https://example.org/a.py)\n",
        "course/01_one.py": "# %% [markdown]\n# # One\n",
        "course/README.md": "# Syllabus\n\n[one](../notebooks/01_one.ipynb#One), [self](README.md), "
        "[more](../LICENSE)\n",
        "src/pack/module.py": 'def one():\n    """A <one>."""\n    return 1\n',
        "src/pack/other.py": "nobody_links_here = 1\n",
        "LICENSE": "Do what you like.\n",
        "notebooks/.keep": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_linked_files_are_written_as_pages_and_their_links_too(project: Path) -> None:
    site = project / "site"
    written = [path.relative_to(site).as_posix() for path in export.export(site, progress=False)]
    assert written == ["index.html", "01_one.html", "LICENSE.html", "course/README.md.html", "src/pack/module.py.html"]
    links = {a.get_text(): a["href"] for a in opened(site / "index.html").select("main a:not(.anchor-link)")}
    assert links == {
        "module": "src/pack/module.py.html#L2",
        "syllabus": "course/README.md.html",
        "web": "https://example.org/a.py",
    }
    links = {a.get_text(): a["href"] for a in opened(site / "course/README.md.html").select("main a:not(.anchor-link)")}
    assert links == {"one": "../01_one.html#One", "self": "README.md.html", "more": "../LICENSE.html"}
    assert "Do what you like." in opened(site / "LICENSE.html").main.get_text()


def test_a_module_is_shown_highlighted_under_its_name(project: Path) -> None:
    export.export(project / "site", ["00"], progress=False)
    made = opened(project / "site" / "src" / "pack" / "module.py.html")
    assert made.title.get_text() == "src/pack/module.py"
    assert [(a.get_text(), a["href"]) for a in made.select("header a")] == [("Course", "../../index.html")]
    assert made.select_one("main .highlight .k").get_text() == "def"
    assert '"""A <one>."""' in made.main.get_text()


@pytest.mark.parametrize("link", ["../src/pack/missing.py", "../../outside.txt", "../src/pack"])
def test_a_link_to_no_file_of_the_project_fails(project: Path, link: str) -> None:
    (project.parent / "outside.txt").write_text("private")
    (project / "course" / "01_one.py").write_text(f"# %% [markdown]\n# # One\n#\n# [gone]({link})\n")
    with pytest.raises(
        ExportError, match=r"01_one\.ipynb: the link to \S+ leads to no notebook and no file of the course"
    ):
        export.export(project / "site", ["1"], progress=False)


def test_every_file_that_the_course_links_to_has_a_page() -> None:
    root = project_root(Path(__file__))
    notebooks = {t.notebook.relative_to("notebooks").as_posix(): t.derived(root) for t in targets(root)}
    files = export.linked_files(notebooks, root)
    pages = export.site_map([*notebooks, *files])
    assert len(set(pages.values())) == len(pages)
    for name, file in files.items():
        assert export.page(export.document(file, root), name, pages, folder=file.parent)


@pytest.mark.parametrize(
    "cell", [v4.new_code_cell('"[a](../README.md)"'), v4.new_markdown_cell("![a](../docs/images/lesson.png)")]
)
def test_neither_code_nor_pictures_are_links(cell) -> None:
    notebook = v4.new_notebook(cells=[cell])
    assert export.linked_files({"01_one.ipynb": notebook}, project_root(Path(__file__))) == {}


def test_a_link_to_what_is_no_text_fails(project: Path) -> None:
    (project / "picture.png").write_bytes(b"\x89PNG")
    (project / "course" / "01_one.py").write_text("# %% [markdown]\n# # One\n#\n# [a picture](../picture.png)\n")
    with pytest.raises(ExportError, match=r"picture\.png is no text: a page may show it as a picture"):
        export.export(project / "site", ["1"], progress=False)
