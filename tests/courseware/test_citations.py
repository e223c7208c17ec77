"""Citations by key: the bibliography file, links in the text, and the generated lists."""

from pathlib import Path

import nbformat
import pytest

from courseware import cli
from courseware.text import build, citations

BIBLIOGRAPHY = r"""
@article{vega1991, author = {Vega, Ana and {\'A}lvarez, Jean-Luc}, title = {A {First} look},
  journal = {Journal of Looks}, volume = 3, number = 2, pages = {7--19}, year = 1991}
@inproceedings{zhou2018, author = {Zhou, Bo and Xu, Yi and Li, Ming}, title = {Deep looks}, booktitle = {CVPR},
  year = 2018, eprint = {1801.00001}, note = {as we recall it; check the paper}}
@inproceedings{zhou2018x, author = {Zhou, Bo and others}, title = {More looks}, booktitle = {ECCV}, year = 2018}
@book{berg1890, author = {van den Berg, K.}, title = {Looking}, publisher = {Press}, year = 1890,
  keywords = {further reading}, url = {https://example.org/looking/}}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    return tmp_path / "references.bib"


@pytest.fixture
def works(file):
    return citations.read_bibliography(file)


def resolved(source, works, **options):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    citations.resolve(notebook, works, **options)
    return notebook.cells[0].source


# ------------------------------------------------------------------------------------------------ bibliography
def test_works_are_sorted_and_labelled(works):
    # By first author without accents and prefixes kept; two works of "Zhou et al. 2018" are told apart.
    assert [(key, work.label) for key, work in works.items()] == [
        ("berg1890", "van den Berg 1890"),
        ("vega1991", "Vega and Álvarez 1991"),
        ("zhou2018x", "Zhou et al. 2018"),
        ("zhou2018", "Zhou et al. 2018b"),
    ]
    assert [work.further for work in works.values()] == [True, False, False, False]


def test_full_references(works):
    assert {key: work.line for key, work in works.items()} == {
        "berg1890": "K. van den Berg, *Looking*, Press, 1890, [example.org/looking](https://example.org/looking/)",
        "vega1991": "A. Vega, J.-L. Álvarez, *A First look*, Journal of Looks 3(2), 1991, pp. 7–19",
        "zhou2018": "B. Zhou, Y. Xu, M. Li, *Deep looks*, CVPR 2018, [arXiv 1801.00001](https://arxiv.org/abs/1801.00001)†",
        "zhou2018x": "B. Zhou and others, *More looks*, ECCV 2018",
    }


def test_a_list_explains_its_mark_once(works):
    words = "† as we recall it; check the paper."
    assert resolved("[@zhou2018]\n\n{{references}}", works).endswith(f"†.\n\n{words}")
    assert "†" not in resolved("[@vega1991]\n\n{{references}}", works)
    assert resolved(f"[@zhou2018]† is new.\n\n{words}\n\n{{{{references}}}}", works).count(words) == 1


def test_no_file_is_an_empty_bibliography(tmp_path):
    assert citations.read_bibliography(tmp_path / "references.bib") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@article{a, author = {A}", r"references\.bib: .*line 1"),
        ("@misc{a, author={A}, title={x}, year=1} @misc{a, author={A}, title={y}, year=1}", "repeated .*a"),
        ("@misc{a, title={x}, year=1}", "work 'a' of the bibliography has no author"),
        ("@misc{a, author={A}, year=1}", "work 'a' of the bibliography has no title"),
        ("@misc{a, author={A}, title={x}}", "work 'a' of the bibliography has no year"),
    ],
)
def test_a_broken_bibliography_is_refused(file, text, message):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        citations.read_bibliography(file)


# ------------------------------------------------------------------------------------------------- in the text
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("As in [@vega1991].", "As in [Vega and Álvarez 1991](references.ipynb#vega1991)."),
        ("([@zhou2018, Table 10])", "([Zhou et al. 2018b, Table 10](references.ipynb#zhou2018))"),
        (
            "[@berg1890, chapters 2, 3; @vega1991]",
            "[van den Berg 1890, chapters 2, 3](references.ipynb#berg1890); "
            "[Vega and Álvarez 1991](references.ipynb#vega1991)",
        ),
        ("| a | [@berg1890] |", "| a | [van den Berg 1890](references.ipynb#berg1890) |"),
    ],
)
def test_a_citation_becomes_a_link(works, source, expected):
    assert resolved(source, works) == expected


def test_the_path_to_the_references_is_given(works):
    link = resolved("[@berg1890]", works, page="../references.ipynb")
    assert link == "[van den Berg 1890](../references.ipynb#berg1890)"


@pytest.mark.parametrize(
    "source",
    [
        "`[@vega1991]` and ``a ` [@nobody]`` stay",
        "```python\nx[@vega1991]\n```",
        "someone@example.org and [a link](a.ipynb), x @ y, [a @ b]",
    ],
)
def test_code_and_what_is_no_citation_stay(works, source):
    assert resolved(source, works) == source
    assert citations.cited_keys(source) == []


def test_a_lone_backtick_hides_no_later_paragraph(works):
    assert citations.cited_keys("a ` lone one\n\n[@vega1991] and `code`") == ["vega1991"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "# Head\n\nso [@vega1992]",
            r"cell '# Head': the bibliography has no work 'vega1992'; did you mean 'vega1991'",
        ),
        ("[@nobody]", "has no work 'nobody'$"),
        ("[@vega1991", r"'\[@vega1991' lacks its \]"),
        ("[@vega1991; zhou2018]", "is malformed: write"),
        ("[@]", "is malformed"),
        ("[@vega1991,]", "is malformed"),
        ("[@vega1991 Table 2]", "is malformed"),
    ],
)
def test_unknown_keys_and_malformed_citations_are_refused(works, source, message):
    with pytest.raises(ValueError, match=message):
        resolved(source, works)


def test_code_cells_are_left_alone(works):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("# [@nobody]\n# {{references}}")])
    citations.resolve(notebook, works)
    assert notebook.cells[0].source == "# [@nobody]\n# {{references}}"


# ------------------------------------------------------------------------------------------------------- lists
def test_the_list_of_a_text_holds_what_it_cites_and_no_more(works):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("[@zhou2018] and [@vega1991], again [@zhou2018]"),
            nbformat.v4.new_markdown_cell("## References\n\n{{references}}\n\nEnd."),
        ]
    )
    citations.resolve(notebook, works)
    lines = notebook.cells[1].source.splitlines()
    assert lines[:4] == ["## References", "", f"- {works['vega1991'].line}.", f"- {works['zhou2018'].line}."]
    assert lines[4:] == ["", "† as we recall it; check the paper.", "", "End."]


def test_the_bibliography_has_anchors_and_links_back(works):
    citing = {"vega1991": [("lesson 2", "02_a.ipynb"), ("exercises 2", "exercises/02_a.ipynb")]}
    lines = resolved("{{bibliography}}", works, citing=citing).splitlines()
    assert len(lines) == 6  # four works, and what the mark means
    assert lines[1] == (
        f'- <a id="vega1991"></a>**Vega and Álvarez 1991** · {works["vega1991"].line}. '
        "Cited in [lesson 2](02_a.ipynb), [exercises 2](exercises/02_a.ipynb)."
    )
    assert lines[2].endswith("*More looks*, ECCV 2018.")


# --------------------------------------------------------------------------------------------- a whole course
@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "course" / "exercises").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    texts = {
        "00_start": "# Start, [@zhou2018]",
        "02_a": "# A\n#\n# See [@vega1991].",
        "exercises/02_a": "# Sheet, see [@zhou2018]",
        "references": "{{bibliography}}",
    }
    for name, text in texts.items():
        (tmp_path / "course" / f"{name}.py").write_text(f"# %% [markdown]\n# {text}\n", encoding="utf-8")
    sheet = tmp_path / "course" / "exercises" / "02_a.py"
    sheet.write_text(
        sheet.read_text(encoding="utf-8") + "\n# %% [markdown]\n# <!-- SOLUTION -->\n# [@vega1991, p. 3]\n",
        encoding="utf-8",
    )
    (tmp_path / "course" / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def source(root, notebook):
    return nbformat.read(root / "notebooks" / notebook, as_version=4).cells[-1].source


def test_every_notebook_links_from_its_own_folder(course):
    assert cli.main(["build"]) == 0
    assert "](references.ipynb#vega1991)" in source(course, "02_a.ipynb")
    assert "](../references.ipynb#zhou2018)" in source(course, "exercises/02_a.ipynb")
    assert "](../references.ipynb#vega1991)" in source(course, "solutions/02_a.ipynb")
    by_key = {line.split('"')[1]: line for line in source(course, "references.ipynb").splitlines() if '"' in line}
    assert by_key["vega1991"].endswith("Cited in [lesson 2](02_a.ipynb), [exercises 2](exercises/02_a.ipynb).")
    assert by_key["zhou2018"].endswith("Cited in [start page](00_start.ipynb), [exercises 2](exercises/02_a.ipynb).")
    assert build.stale(course) == []


def test_a_changed_bibliography_makes_notebooks_stale(course, capsys):
    assert cli.main(["build"]) == 0
    bibliography = course / "course" / "references.bib"
    bibliography.write_text(BIBLIOGRAPHY.replace("year = 1991", "year = 1992"), encoding="utf-8")
    assert cli.main(["check"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" differs")[0].partition("notebooks/")[2] for line in said] == [
        "02_a.ipynb",
        "references.ipynb",
        "solutions/02_a.ipynb",
    ]


def test_a_new_citation_makes_the_page_of_references_stale(course):
    assert cli.main(["build"]) == 0
    text = course / "course" / "00_start.py"
    text.write_text(text.read_text(encoding="utf-8").replace("zhou2018", "vega1991"), encoding="utf-8")
    assert cli.main(["build", "0"]) == 0
    assert build.stale(course) == [
        "notebooks/references.ipynb differs from course/references.py: run `courseware build references`"
    ]


@pytest.mark.parametrize("command", ["build", "check"])
@pytest.mark.parametrize("broken", ["[@vega1992]", "[@vega1991"])
def test_a_wrong_citation_names_the_file(course, capsys, command, broken):
    assert cli.main(["build"]) == 0
    capsys.readouterr()
    text = Path("course/exercises/02_a.py")
    text.write_text(text.read_text(encoding="utf-8").replace("[@vega1991, p. 3]", broken), encoding="utf-8")
    assert cli.main([command]) == 2
    said = capsys.readouterr().err
    assert said.startswith("courseware: course/exercises/02_a.py: the ")
    assert broken.strip("[]@") in said
