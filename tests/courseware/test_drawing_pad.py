"""The drawing pad in Python: pictures, sentences, the three forms. What the page makes of them is tested in a browser,
by tests/browser/test_drawing_pads_on_pages.py."""

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from courseware.notebook.drawing_pad import Bars, DrawingPad, Map, Thing
from courseware.notebook.explorer import EXPORT_VARIABLE
from courseware.notebook.network import OPERATIONS
from courseware.project import project_root


class Halves(nn.Module):
    """Which half of a picture has more ink, and where there is any."""

    def forward(self, x):
        amounts = torch.stack([x[..., :2].sum(), x[..., 2:].sum()])[None]
        return {"half": amounts.softmax(1), "ink": x.amax(1, keepdim=True), "sums": x.sum(2).flatten()}


SHOWS = (Bars("half", "half", ("left", "<right>")), Map("ink", "ink"), Bars("sums", "sums"))
BLOT = Thing("a blot", torch.tensor([[1.0, 0.5]]), row=1, column=-1)


def halves(shows=SHOWS, pictures=None, **options):
    pictures = {"a blot": [BLOT], "paper": []} if pictures is None else pictures
    return DrawingPad("Halves", Halves(), shows, pictures, **{"shape": (1, 3, 4)} | options)


def test_of_things_that_overlap_the_darker_ink_is_seen_and_what_stands_over_the_edge_is_cut():
    other = Thing("another", torch.tensor([[0.25], [1.0]]), row=0, column=0)
    picture = halves(pictures={"both": [BLOT, other]}).begin()
    assert picture.shape == (1, 1, 3, 4)
    assert picture[0, 0].tolist() == [[0.25, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_a_sentence_for_who_does_not_see():
    assert repr(halves()) == (
        "Drawing pad: Halves (a blot). Half: left (0.62), then <right> (0.38). Ink: from 0.00 to 0.50. "
        "Sums: from 0.00 to 0.50."
    )
    grouped = halves([SHOWS[0], Bars("sums", "sums", groups=("a", "b"))])
    assert grouped.says(grouped.begin()).endswith("Sums, means: 0.25 a, 0.00 b.")
    named = halves([Bars("half", "with CBAM", ("left", "right"))])
    assert named.says(named.begin()) == "With CBAM: left (0.62), then right (0.38)."


def test_three_forms(monkeypatch):
    pad = halves()
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    data, _ = pad._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith('<table class="courseware-microscope-still"><caption>Halves (a blot)</caption>')
    assert "&lt;right&gt; (0.38)" in data["text/html"]
    assert data["text/html"].count('src="data:image/png;base64,') == 2
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    data, _ = pad._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    told = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', data["text/html"], re.DOTALL)
    assert json.loads(told[1]) == pad.description
    assert "export default" not in data["text/html"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shows": [SHOWS[1]]}, "shows must begin with Bars that have names"),
        ({"shows": [SHOWS[0], Map("nothing", "none")]}, "shows must be of half, ink, sums, was of 'nothing'"),
        ({"shows": [Bars("half", "half", "abc")]}, "names of half must be 2, were 3"),
        ({"shows": [SHOWS[0], Bars("sums", "sums", groups="abc")]}, "groups of sums must part 4 numbers, were 3"),
        ({"shows": [SHOWS[0], Map("sums", "sums")]}, "sums must be one map, had the shape (4,)"),
        ({"pictures": {}}, "pictures must hold a picture to begin with"),
        ({"planes": ("red", "green")}, "planes must name each of the 1 planes"),
        ({"pictures": {"p": [Thing("x", torch.ones(2))]}}, "ink of x must be rows and columns of numbers from 0 to 1"),
        ({"stamps": [Thing("x", torch.ones(2, 2) * 2)]}, "ink of x must be rows and columns of numbers from 0 to 1"),
        ({"stamps": [Thing("x", torch.ones(2, 2), plane=1)]}, "plane of x must be from 0 to 0, was 1"),
        ({"shape": (2, 3, 4), "planes": "ab"}, "shape must begin with 1 or 3 planes, was (2, 3, 4)"),
    ],
)
def test_what_does_not_go_together_is_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        halves(**options)


def test_what_the_authors_page_shows_works_and_it_names_every_operation():
    page = (project_root(Path(__file__)) / "docs" / "drawing_pad.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    shown = {}
    exec(code.replace("DrawingPad(\n", "made = DrawingPad(\n"), shown)
    pad = shown["made"]
    assert pad.begin().sum() == 9
    assert [step["operation"] for step in pad.description["network"]["steps"]] == [
        *("convolution", "relu", "convolution", "sigmoid", "multiply", "mean", "linear", "softmax"),
    ]
    assert set(re.findall(r"`(\w+)`", page)) >= set(OPERATIONS)
