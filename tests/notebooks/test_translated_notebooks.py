"""The committed notebooks in other languages are equal to what they show when run again."""

import pytest
from strict import ROOT, nbval, with_code

from courseware.text import build

TRANSLATED = [target.notebook.as_posix() for target in build.translated_targets(ROOT)]


@pytest.mark.parametrize("notebook", with_code(TRANSLATED))
def test_nbval_agrees(notebook):
    """Once: that a second run in the same kernel shows the same is seen in English, with the same code."""
    result = nbval(notebook, cwd=ROOT)
    assert result.returncode == 0, result.stdout[-6000:]
    assert "failed" not in result.stdout
