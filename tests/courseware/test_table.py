"""A table below a cell: aligned as text, its winner in bold as Markdown."""

import pytest
from IPython.core.formatters import DisplayFormatter

from courseware.notebook.table import Table

TABLE = Table(["block", "right", "±"], [["none", "0.300", "0.018"], ["SE | big", "0.928", "0.008"]], winners=[1])


def test_as_text_the_columns_are_aligned_and_the_winner_is_marked():
    assert repr(TABLE).splitlines() == [
        "block     right      ±",
        "none      0.300  0.018",
        "SE | big  0.928  0.008  ←",
    ]


def test_as_markdown_the_winner_is_bold_and_a_bar_does_not_end_a_cell():
    data, _ = DisplayFormatter().format(TABLE)
    assert data["text/plain"] == repr(TABLE)
    assert data["text/markdown"].splitlines() == [
        "| block | right | ± |",
        "|---|--:|--:|",
        "| none | 0.300 | 0.018 |",
        r"| **SE \| big** | **0.928** | **0.008** |",
    ]


@pytest.mark.parametrize(("rows", "winners", "words"), [([["a"]], [], "row 0 was"), ([["a", "1", "2"]], [1], "0 to 0")])
def test_what_is_no_table_is_refused(rows, winners, words):
    with pytest.raises(ValueError, match=words):
        Table(["block", "right", "±"], rows, winners)
