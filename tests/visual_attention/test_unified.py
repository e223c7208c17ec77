"""The unified table: every row computes the A that it states, and every lesson prints the rows as they are here."""

import re
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup

import visual_attention
from courseware.project import lessons
from visual_attention import unified
from visual_attention.unified import PAIRWISE, RECAPS, ROWS

ROOT = Path(__file__).parents[2]
TEXTS = {lesson.stem: lesson.source.read_text(encoding="utf-8") for lesson in lessons(ROOT)}
rows_with_weights = [pytest.param(row, id=row.title) for row in ROWS if row.tables]

# Row: shape of A on the small input, and whether its rows sum to 1 (None: signed, or not normalised by a sum).
TABLES = {
    "1a": [((1, 5), True)],
    "1b": [((1, 5), True)],
    "2": [((2, 3), True)],
    "3": [((2, 3), True)],
    "4a": [((1, 2), True)],
    "4b": [((1, 5), True)],
    "5": [((4, 4), False)],
    "6a": [((9, 9), True)],
    "6b": [((9, 9), True), ((9, 9), True), ((9, 9), None), ((9, 9), None)],
    "6c": [((9, 9), True)],
    "7a": [((4, 4), False)],
    "7b": [((9, 9), False)],
}


def lines_of(text):
    """The cells of a Markdown table, row by row, without the line under the head."""
    return [line.strip("|").split(" | ") for line in text.splitlines() if not line.startswith("|---")]


def test_every_lesson_has_its_rows_and_only_inception_has_no_weights():
    assert {row.lesson for row in ROWS} == set(RECAPS)
    assert [row.title for row in ROWS if not row.tables] == ["4c Inception"]
    assert [row.number for row in ROWS if row.tables] == list(TABLES)
    assert len({row.title for row in ROWS}) == len(ROWS)
    for lesson, numbers in RECAPS.items():
        assert {row.number for row in ROWS if row.lesson == lesson} - {"6c"} <= set(numbers)
        assert all(row.number[0] == row.lesson[1] for row in ROWS)


@pytest.mark.parametrize("row", rows_with_weights)
def test_a_has_the_stated_shape_structure_and_sums(row):
    assert len(row.tables) == len(TABLES[row.number])
    for make, (shape, normalised) in zip(row.tables, TABLES[row.number], strict=True):
        table = make()
        assert tuple(table.shape) == shape
        assert unified.structure(table) == row.structure
        if normalised:
            assert table.min() >= 0
            torch.testing.assert_close(table.sum(dim=1), torch.ones(len(table), dtype=table.dtype))
        elif normalised is False:
            assert 0 < table.diagonal().min() < table.diagonal().max() < 1


@pytest.mark.parametrize("row", rows_with_weights)
def test_cells_agree_with_each_other(row):
    assert row.action == ("gates" if row.structure == "diagonal" else "mixes")
    assert (row.normaliser == "none") == (row.action == "gates")
    assert (r"\sigma(" in row.weight) == (row.action == "gates")
    if row.action == "gates":
        assert row.shape in ("channels × channels", "places × places")


@torch.no_grad()
def test_a_times_the_values_is_what_the_library_returns():
    """For the rows whose function does nothing else than that."""
    made = {row.number: row.tables[0]() for row in ROWS if row.tables}
    x = torch.tensor([1.0, 3.0, 2.0, 0.0, -1.0])
    assert torch.allclose(made["1a"] @ x, x.mean())
    assert torch.allclose(made["1b"] @ x, x.max())
    query, keys, values = torch.tensor([0.5, 2.0]), torch.tensor([0.0, 1.0, 3.0]), torch.tensor([1.0, 2.0, 6.0])
    assert torch.allclose(made["2"] @ values, visual_attention.nadaraya_watson(query, keys, values))
    by_module = visual_attention.LearnedKernelRegression(w=2.0)(query, keys, values)
    assert torch.allclose(made["3"] @ values, by_module)
    picture = unified._picture(3).double()[0]
    denoised = visual_attention.non_local_means(picture, h=1.0, patch=3)
    assert torch.allclose(made["6a"] @ picture.flatten(1).T, denoised.flatten(1).T)
    gated = unified._made(lambda: visual_attention.SqueezeExcitation(4, 2))(unified._picture(4))[0]
    assert torch.allclose(made["5"] @ unified._picture(4)[0].flatten(1), gated.flatten(1))
    placed = unified._made(lambda: visual_attention.SpatialAttention(3))(unified._picture(4))[0]
    assert torch.allclose(made["7b"] @ unified._picture(4)[0].flatten(1).T, placed.flatten(1).T)


def test_non_local_row_shows_all_four_pairwise_functions():
    signed, ranked = (table() for table in next(row for row in ROWS if row.number == "6b").tables[2:])
    assert PAIRWISE[2:] == ("dot_product", "concatenation")
    assert signed.min() < 0 < signed.max()
    assert ranked.min() >= 0
    assert ranked.max() > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_links_lead_somewhere(row):
    headings = re.findall(r"(?m)^# #+ (.*)$", TEXTS[row.lesson])
    assert headings.count(row.section) == 1
    assert "$" not in row.section
    for thing in row.objects:
        source = ROOT / unified.source_of(thing)
        assert re.search(rf"(?m)^(def|class) {thing.__name__}\b", source.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lesson", RECAPS)
def test_lessons_print_their_rows(lesson):
    commented = "\n".join(f"# {line}" for line in unified.recap(lesson).splitlines())
    place = f"# {unified.MARK}\n#\n{commented}\n"
    assert TEXTS[lesson].count(place) == 1, "run python -m visual_attention.unified"
    assert TEXTS[lesson].index("# ## Recap") < TEXTS[lesson].index(place) < TEXTS[lesson].index("# ## Read critically")


def test_no_table_of_a_lesson_is_out_of_date():
    for lesson, text in TEXTS.items():
        assert unified.fill(text, lesson) == text, f"{lesson}: run python -m visual_attention.unified"


def test_recap_marks_new_rows_and_the_whole_table_has_them_all():
    head, *body = lines_of(unified.recap("05_squeeze_excitation"))
    assert head[-1].strip() == "weights $A$"
    assert [row[0].strip() for row in body] == ["1a average pooling", "**5 SE**"]
    head, *body = lines_of(unified.complete())
    assert len(body) == len(ROWS)
    assert {len(row) for row in body} == {10}
    assert [len(head), head[-1].strip()] == [10, "in the library"]
    for row, cells in zip(ROWS, body, strict=True):
        assert cells[0].strip() == f"[**{row.title}**]({row.lesson}.ipynb#{row.section.replace(' ', '-')})"
        for thing in row.objects:
            assert f"[`{thing.__name__}`](../src/visual_attention/" in cells[-1]
    with pytest.raises(ValueError, match=r"lesson must be one of 01_cues, .*got '08_capstone'"):
        unified.recap("08_capstone")


def test_fill_writes_below_the_mark_once():
    before = "# %% [markdown]\n# ## Recap\n#\n# <!-- unified table -->\n#\n# Next.\n\n# %%\nx = 1\n"
    once = unified.fill(before, "08_capstone")
    assert once.count("# | | query | key |") == 1
    assert "[**7b CBAM, spatial**](07_cbam.ipynb#The-spatial-gate)" in once
    assert once.endswith("|\n#\n# Next.\n\n# %%\nx = 1\n")
    assert unified.fill(once, "08_capstone") == once
    old = once.replace("their sum", "something else")
    assert unified.fill(old, "08_capstone") == once
    assert unified.fill("# no mark\n", "08_capstone") == "# no mark\n"
    first, second = (unified.fill(f"# {mark}\n", "08_capstone").splitlines() for mark in unified.SHORT)
    assert first[2] == second[2] == "# | | query | key | value | weights $A$ |"
    assert first[4].startswith("# | 1a average pooling |")
    assert first[-1].startswith("# | 4c Inception |")
    assert second[4].startswith("# | 5 SE |")
    assert second[-1].startswith("# | 7b CBAM, spatial | none: one filter $f$ |")
    assert len(first) + len(second) == 2 * 4 + len(ROWS)


def test_the_command_mends_a_lesson(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").mkdir()
    file = tmp_path / "course" / "02_kernel_regression.py"
    file.parent.mkdir()
    file.write_text(TEXTS["02_kernel_regression"].replace("| their sum |", "| nothing |"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    unified.main([])
    assert file.read_text(encoding="utf-8") == TEXTS["02_kernel_regression"]
    assert capsys.readouterr().out == "02_kernel_regression.py: table written\n"
    unified.main([])
    assert capsys.readouterr().out == ""


def test_the_table_is_a_table_on_exported_pages():
    import nbformat.v4 as v4

    from courseware import export

    cell = v4.new_markdown_cell(f"## Recap\n\n{unified.MARK}\n\n{unified.recap('04_map')}")
    pages = export.site_map(["04_map.ipynb"])
    made = BeautifulSoup(export.page(v4.new_notebook(cells=[cell]), "04_map.ipynb", pages), "html.parser")
    assert [len(row.select("td")) for row in made.select("tbody tr")] == [7, 7, 7]
    assert unified.MARK not in made.main.get_text()
