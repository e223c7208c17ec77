"""The unified table: every row computes the A that it states, and every lesson shows the rows that it adds."""

import re
from pathlib import Path

import pytest
import torch

import visual_attention
from courseware.project import lessons
from courseware.text import tables
from courseware.text.tables import Place
from visual_attention.taxonomy import unified_table
from visual_attention.taxonomy.unified_table import COLUMNS, PAIRWISE, ROWS

ROOT = Path(__file__).parents[2]
TEXTS = {lesson.stem[3:]: lesson.source.read_text(encoding="utf-8") for lesson in lessons(ROOT)}
NUMBERS = {lesson.stem[3:]: int(lesson.number) for lesson in lessons(ROOT)}
RECAP = re.compile(r"(?m)^# \{\{recap: (.*?)(?:, without learned)?\}\}$")
rows_with_weights = [pytest.param(row, id=row.name) for row in ROWS if row.tables]

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


def test_every_lesson_shows_its_rows_and_only_inception_has_no_weights():
    assert [row.name for row in ROWS if not row.tables] == ["Inception"]
    assert [row.number for row in ROWS if row.tables] == list(TABLES)
    assert len({row.name for row in ROWS}) == len({row.number for row in ROWS}) == len(ROWS)
    for lesson, text in TEXTS.items():
        own = {row.number for row in ROWS if row.lesson == lesson}
        assert {number[0] for number in own} <= {str(NUMBERS[lesson])}
        shown = RECAP.findall(text)
        assert len(shown) == bool(own)
        if own:
            # The global context has a table of its own in lesson 6.
            assert own - {"6c"} <= set(shown[0].split(", "))
            place = text.index("{{recap")
            assert text.index("# ## Recap") < place < text.index("# ## Read critically")


@pytest.mark.parametrize("row", rows_with_weights)
def test_a_has_the_stated_shape_structure_and_sums(row):
    assert len(row.tables) == len(TABLES[row.number])
    for make, (shape, normalised) in zip(row.tables, TABLES[row.number], strict=True):
        table = make()
        assert tuple(table.shape) == shape
        assert unified_table.structure(table) == row.structure
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
    picture = unified_table._picture(3).double()[0]
    denoised = visual_attention.non_local_means(picture, h=1.0, patch=3)
    assert torch.allclose(made["6a"] @ picture.flatten(1).T, denoised.flatten(1).T)
    gated = unified_table._made(lambda: visual_attention.SqueezeExcitation(4, 2))(unified_table._picture(4))[0]
    assert torch.allclose(made["5"] @ unified_table._picture(4)[0].flatten(1), gated.flatten(1))
    placed = unified_table._made(lambda: visual_attention.SpatialAttention(3))(unified_table._picture(4))[0]
    assert torch.allclose(made["7b"] @ unified_table._picture(4)[0].flatten(1).T, placed.flatten(1).T)


def test_non_local_row_shows_all_four_pairwise_functions():
    signed, ranked = (table() for table in next(row for row in ROWS if row.number == "6b").tables[2:])
    assert PAIRWISE[2:] == ("dot_product", "concatenation")
    assert signed.min() < 0 < signed.max()
    assert ranked.min() >= 0
    assert ranked.max() > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_links_lead_somewhere(row):
    headings = re.findall(r"(?m)^# #+ (.*)$", TEXTS[row.lesson])
    assert headings.count(row.section) == 1
    assert "$" not in row.section
    for thing in row.objects:
        source = ROOT / tables.source_of(thing)
        assert re.search(rf"(?m)^(def|class) {thing.__name__}\b", source.read_text(encoding="utf-8"))


def made(name, lesson, argument=""):
    return lines_of(tables.MADE[name](Place(ROOT, Path("notebooks", f"{lesson}.ipynb")), argument))


def test_recap_marks_new_rows():
    head, *body = made("recap", "05_squeeze_excitation", "1a, 5")
    assert [cell.strip() for cell in head] == ["", *COLUMNS["recap"]]
    assert [row[0].strip() for row in body] == ["1a average pooling", "**5 SE**"]
    assert body[0][-1].strip() == "uniform"
    narrow, *body = made("recap", "04_six_kinds", "4a, 4c, without learned")
    assert set(head) - set(narrow) == {"learned"}
    assert body[1][-1].strip() == "*no attention*"


def test_the_whole_table_has_all_rows():
    head, *body = made("complete table", "08_capstone")
    assert len(body) == len(ROWS)
    assert {len(row) for row in body} == {10}
    assert [len(head), head[-1].strip()] == [10, "in the library"]
    for row, cells in zip(ROWS, body, strict=True):
        lesson = f"0{NUMBERS[row.lesson]}_{row.lesson}"
        assert cells[0].strip() == f"[**{row.number} {row.name}**]({lesson}.ipynb#{row.section.replace(' ', '-')})"
        for thing in row.objects:
            assert f"[`{thing.__name__}`](../src/visual_attention/" in cells[-1]


def test_the_two_halves_for_slides_have_all_rows_once():
    text = TEXTS["capstone"]
    halves = [made("short table", "08_capstone", ends) for ends in re.findall(r"\{\{short table: (.*?)\}\}", text)]
    assert {tuple(cell.strip() for cell in head) for head, *_ in halves} == {("", *COLUMNS["short"])}
    shown = [row[0].strip() for _, *body in halves for row in body]
    assert shown == [f"{row.number} {row.name}" for row in ROWS]
