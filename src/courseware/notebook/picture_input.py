"""A picture of the reader's own, in JupyterLab and on live slides: from a file, dropped, or by the camera.

The browser makes the picture smaller and hands it to the kernel of the notebook; nothing else ever sees it. What the
kernel makes of it, usually an explorer, appears below::

    PictureInput(lambda data: look_explorer(own_picture(data)))

An exported page has no kernel: there a sentence says where the picture can be given.
"""

from collections.abc import Callable
from importlib import resources
from typing import Any

import anywidget
import ipywidgets
import traitlets

from courseware.notebook.explorer import exporting

__all__ = ["PictureInput"]

ELSEWHERE = "In JupyterLab this cell takes a picture of your own: from a file, or by the camera."


class _Chooser(anywidget.AnyWidget):
    """The buttons, and the sentence below them."""

    _esm = resources.files("courseware.notebook").joinpath("picture_input.js").read_text(encoding="utf-8")
    _css = resources.files("courseware.notebook").joinpath("picture_input.css").read_text(encoding="utf-8")
    said = traitlets.Unicode().tag(sync=True)


class PictureInput(ipywidgets.VBox):
    """Buttons that take a picture, and below them what `use` makes of it.

    Parameters
    ----------
    use
        Called with the bytes of an image file, returns a widget. A ValueError's text is shown to the reader as it is,
        so it should be a sentence; of other errors the name is shown, too.
    """

    def __init__(self, use: Callable[[bytes], ipywidgets.Widget]):
        self.use = use
        self.chooser = _Chooser()
        self.shown: ipywidgets.Widget | None = None
        super().__init__([self.chooser])
        self.chooser.on_msg(self._take)

    def _take(self, _widget: Any, content: dict[str, Any], buffers: list) -> None:
        if content.get("kind") != "picture" or not buffers:
            return
        try:
            shown = self.use(bytes(buffers[0]))
        except ValueError as error:
            self.chooser.said = str(error)
        except Exception as error:  # exceptions in a callback are invisible otherwise
            self.chooser.said = f"That did not work: {type(error).__name__}: {error}"
        else:
            self.chooser.said = (
                "Your picture, below. It is in this notebook's kernel, on the computer where Python runs, and goes no "
                "further."
            )
            self.children = (self.chooser, shown)
            if self.shown is not None:
                self.shown.close()
            self.shown = shown
        self.chooser.send({"kind": "done"})

    def __repr__(self) -> str:
        return ELSEWHERE

    def _repr_mimebundle_(self, **kwargs):
        if exporting():
            return {"text/plain": ELSEWHERE, "text/html": f"<p>{ELSEWHERE}</p>"}
        return (super()._repr_mimebundle_(**kwargs) or {}) | {"text/plain": ELSEWHERE}
