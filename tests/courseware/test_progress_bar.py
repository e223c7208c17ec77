"""The progress bar counts to the end, tells the browser so, and always has the same text."""

import pytest

from courseware.notebook import progress_bar


@pytest.mark.parametrize("total", [1, 7, 100, 1234])
def test_the_bar_counts_to_its_end(total, monkeypatch):
    shown = []
    monkeypatch.setattr(progress_bar, "display", shown.append)
    seen = []
    for step in progress_bar.bar(total):
        if not seen:
            text = repr(shown[0])
        seen.append(step)
    assert seen == list(range(total))
    assert shown[0].value == shown[0].max == total
    assert repr(shown[0]) == text == f"[{total} steps]"
