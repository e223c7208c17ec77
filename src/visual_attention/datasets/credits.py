"""Whom a picture is owed to: what a licence such as CC BY wants said wherever the picture is shown."""

import html
from dataclasses import dataclass

__all__ = ["Credit"]


@dataclass(frozen=True)
class Credit:
    """A work by somebody else.

    `what` names it, `source` is its address; `licence` is the licence's short name and `licence_address` its text's
    address; `changes` says what was done to the work, if anything.
    """

    what: str
    author: str
    source: str
    licence: str
    licence_address: str
    changes: str = ""

    def __str__(self) -> str:
        changes = f"; {self.changes}" if self.changes else ""
        return f"{self.what} by {self.author}, {self.licence}{changes}"

    @property
    def html(self) -> str:
        """The same sentence, with links to the work and to its licence."""
        changes = f"; {html.escape(self.changes)}" if self.changes else ""
        return (
            f"{_link(self.what, self.source)} by {html.escape(self.author)}, "
            f"{_link(self.licence, self.licence_address)}{changes}"
        )


def _link(text: str, address: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'
