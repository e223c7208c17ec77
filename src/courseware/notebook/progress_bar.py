"""A progress bar for the cells of a notebook whose stored output is the same in every run."""

from collections.abc import Iterator

import ipywidgets
from IPython.display import display

__all__ = ["bar"]


class _Bar(ipywidgets.IntProgress):
    """Its text form is what a stored notebook keeps and nbval compares, so it must not tell how far a run has come."""

    def __repr__(self, *_args, **_kwargs) -> str:
        return f"[{self.max} steps]"


def bar(total: int) -> Iterator[int]:
    """Yield 0, 1, … total − 1, and show how far that has come: `training.train(..., progress=bar)`."""
    shown = _Bar(min=0, max=total)
    display(shown)
    for step in range(total):
        yield step
        # A hundred messages are enough for the eye.
        if (step + 1) * 100 // total > step * 100 // total:
            shown.value = step + 1
