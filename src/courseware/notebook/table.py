"""A small table below a cell: in columns where only text is shown, typeset with its winner in bold elsewhere."""

from collections.abc import Collection, Sequence

from courseware.language import words

__all__ = ["Table"]


class Table:
    """Rows of texts under a head; displayed as Markdown, and as aligned text where that is not shown.

    Parameters
    ----------
    head
        The names of the columns. The first column is aligned left, the others, which hold numbers, right.
    rows
        Texts, as many in a row as there are columns.
    winners
        The numbers (from 0) of the rows to be set in bold: more than one where a difference is no finding.

    Raises
    ------
    ValueError
        If a row has more or fewer texts than the head, or a winner is no row.
    """

    def __init__(self, head: Sequence[str], rows: Sequence[Sequence[str]], winners: Collection[int] = ()):
        for number, row in enumerate(rows):
            if len(row) != len(head):
                raise ValueError(f"rows must have {len(head)} texts each, as the head has; row {number} was {row!r}")
        if not set(winners) <= set(range(len(rows))):
            raise ValueError(f"winners must be numbers of rows, from 0 to {len(rows) - 1}, was {winners!r}")
        self.head, self.rows = [*map(words, head)], [[*map(words, row)] for row in rows]
        self.winners = set(winners)

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        marks = ["", *("  ←" if number in self.winners else "" for number in range(len(self.rows)))]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() + mark
            for line, mark in zip(lines, marks, strict=True)
        )

    def _repr_markdown_(self) -> str:
        def line(texts: Sequence[str]) -> str:
            return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"

        rows = [
            [f"**{text}**" if text and number in self.winners else text for text in row]
            for number, row in enumerate(self.rows)
        ]
        return "\n".join([line(self.head), "|---|" + "--:|" * (len(self.head) - 1), *map(line, rows)])
