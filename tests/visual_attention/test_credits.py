"""Every picture by somebody else: its author and licence stand where it is shown and in the notice."""

import inspect
import re
from pathlib import Path

import nbformat
import pytest
import sklearn.datasets

from courseware.project import project_root
from courseware.text import build
from visual_attention.datasets import PHOTOGRAPHS, photographs
from visual_attention.datasets.credits import Credit
from visual_attention.datasets.photographs import CREDITS, photograph_credit
from visual_attention.lessons.cues import explorers as cues
from visual_attention.lessons.kernel_regression import explorers as kernel_regression
from visual_attention.lessons.non_local import explorers as non_local

ROOT = project_root(Path(__file__))
NOTICE = (ROOT / "NOTICE.md").read_text(encoding="utf-8")
LESSONS = [target for target in build.targets(ROOT) if target.how == "lesson"]

# Explorers that show a photograph, and which.
EXPLORERS = {
    "pool_explorer": (cues.pool_explorer, "china"),
    "picture_explorer": (kernel_regression.picture_explorer, "flower"),
    "pixel_explorer": (non_local.pixel_explorer, "china"),
}
# Figures that do: how a lesson draws one, and which photograph it is.
FIGURES = {"figures.patches(noisy": "china"}


def says(text, name):
    return CREDITS[name].author in text and CREDITS[name].licence in text


def shown_in(target):
    """The photographs that a lesson shows."""
    code = (ROOT / target.source).read_text(encoding="utf-8")
    calls = {f"{call}(": name for call, (_, name) in EXPLORERS.items()} | FIGURES
    found = {name for call, name in calls.items() if call in code}
    return found | set(PHOTOGRAPHS) if "look_explorer(" in code else found  # it shows all scenes, these two among them


def test_credits_are_those_of_the_package_that_ships_the_photographs():
    readme = Path(inspect.getfile(sklearn.datasets)).with_name("images") / "README.txt"
    assert set(CREDITS) == set(PHOTOGRAPHS)
    for name, credit in CREDITS.items():
        part = readme.read_text(encoding="utf-8").partition(f"Image: {name}.jpg")[2].partition("Image:")[0]
        assert credit.source.removesuffix("/") in part
        assert credit.author in part
        assert credit.licence_address in part


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_notice_names_author_licence_source_and_lessons(name):
    [row] = [line for line in NOTICE.splitlines() if line.startswith(f"| `{name}.jpg`")]
    assert says(row, name)
    assert CREDITS[name].licence_address in row
    assert CREDITS[name].source in row
    lessons = {str(int(target.number)) for target in LESSONS if name in shown_in(target)}
    assert set(re.findall(r"\d", row.rpartition("lesson")[2])) == lessons


@pytest.mark.parametrize(("make", "name"), EXPLORERS.values(), ids=EXPLORERS)
def test_an_explorer_that_shows_a_photograph_says_whose_it_is(make, name):
    explorer = make()
    assert says(repr(explorer), name)
    assert says(explorer.spec["credit"], name)
    assert says(re.sub("<script.*?</script>", "", explorer.html(), flags=re.DOTALL), name)
    assert explorer.credit.changes


def test_no_other_explorer_loads_a_photograph(monkeypatch):
    """Whoever writes one is led to `EXPLORERS` above, and so to the credit."""
    loaded = []

    def load(file):
        loaded.append(file)
        return original(file)

    original = photographs.load_sample_image
    monkeypatch.setattr(photographs, "load_sample_image", load)
    for module in (cues, kernel_regression, non_local):
        for name, make in vars(module).items():
            if name.endswith("_explorer") and name not in EXPLORERS:
                make()
    assert loaded == []
    users = [
        file.parent.name
        for file in Path(inspect.getfile(cues)).parents[1].glob("*/explorers.py")
        if re.search("photograph|clean_picture|edge_map", file.read_text(encoding="utf-8"))
    ]
    # The photographs of real_networks are scenes: test_scenes and its explorer's tests look after them.
    assert sorted(users) == ["cues", "kernel_regression", "non_local", "real_networks"]


@pytest.mark.parametrize("target", LESSONS, ids=lambda target: target.number)
def test_a_notebook_says_whose_its_photographs_are(target):
    notebook = nbformat.read(ROOT / target.notebook, as_version=4)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    texts += [str(out.get("data", {}).get("text/plain")) for cell in notebook.cells for out in cell.get("outputs", [])]
    for name in shown_in(target):
        assert any(says(text, name) for text in texts), name
    code = (ROOT / target.source).read_text(encoding="utf-8")
    if any(call in code for call in FIGURES):
        assert any(says(cell.source, "china") for cell in notebook.cells if cell.cell_type == "markdown")


def test_a_credit_in_words_and_with_links():
    credit = Credit("A <photo>", "A & B", "https://example.org/a", "CC BY 2.0", "https://example.org/by", "cropped")
    assert str(credit) == "A <photo> by A & B, CC BY 2.0; cropped"
    work = '<a href="https://example.org/a">A &lt;photo&gt;</a>'
    assert credit.html == f'{work} by A &amp; B, <a href="https://example.org/by">CC BY 2.0</a>; cropped'


def test_a_credit_for_no_photograph_is_refused():
    with pytest.raises(ValueError, match="name must be one of flower, china, got 'cat'"):
        photograph_credit("cat", "")


@pytest.mark.parametrize(
    ("word", "entry"),
    [("source-sans-pro", "Source Sans Pro"), ("STIXTwoMath", "STIX Two Math"), ("reveal.js", "reveal.js")],
)
def test_what_an_export_takes_out_of_packages_is_in_the_notice(word, entry):
    modules = (ROOT / "src" / "courseware" / "publish").glob("*.py")
    assert any(word in module.read_text(encoding="utf-8") for module in modules)
    assert f"| {entry}" in NOTICE


def test_no_picture_font_or_script_by_others_lies_in_the_repository():
    """A new file of these kinds is named in the notice, or lies in one of these places with our own."""
    own = ("docs/images/", "notebooks/rise.css", "src/courseware/", "tests/browser/")
    kinds = {".png", ".jpg", ".jpeg", ".svg", ".gif", ".ico", ".webp", ".woff", ".woff2", ".ttf", ".otf", ".js", ".css"}
    folders = ("course", "deploy", "docs", "notebooks", "src", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in kinds]
    names = [file.relative_to(ROOT).as_posix() for file in files if ".ipynb_checkpoints" not in file.parts]
    assert [name for name in names if not name.startswith(own) and f"`{name}`" not in NOTICE] == []
