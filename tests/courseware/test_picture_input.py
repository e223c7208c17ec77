"""A picture of the reader's own, without a browser: what the kernel's half does. The rest: tests/browser."""

import ipywidgets
import pytest

from courseware.notebook.explorer import EXPORT_VARIABLE
from courseware.notebook.picture_input import ELSEWHERE, PictureInput


def uses(data):
    if data == b"no picture":
        raise ValueError("The upload is no picture.")
    if data == b"a fault":
        raise KeyError("inside")
    return ipywidgets.Label(data.decode())


@pytest.fixture
def taken():
    taken = PictureInput(uses)
    taken.give = lambda *buffers, kind="picture": taken._take(None, {"kind": kind}, list(buffers))
    return taken


def test_what_is_made_of_the_picture_stands_below_and_the_next_one_takes_its_place(taken):
    assert taken.children == (taken.chooser,)
    taken.give(b"first")
    taken.give(memoryview(b"second"))
    assert [child.value for child in taken.children[1:]] == ["second"]
    assert "goes no further" in taken.chooser.said


@pytest.mark.parametrize(
    ("data", "words"), [(b"no picture", "The upload is no picture."), (b"a fault", "That did not work: KeyError")]
)
def test_what_cannot_be_used_is_said_and_nothing_is_lost(taken, data, words):
    taken.give(b"first")
    taken.give(data)
    assert taken.chooser.said.startswith(words)
    assert [child.value for child in taken.children[1:]] == ["first"]


def test_other_messages_are_ignored(taken):
    taken.give()
    taken.give(b"data", kind="other")
    assert taken.chooser.said == ""
    assert taken.children == (taken.chooser,)


def test_a_page_without_a_kernel_says_where_it_works(taken, monkeypatch):
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    assert taken._repr_mimebundle_() == {"text/plain": ELSEWHERE, "text/html": f"<p>{ELSEWHERE}</p>"}
