"""What a student's notebook shows folded: notes for the lecturer, and what answers a "Predict" until a guess is made.

A question is a Markdown cell that says **Predict**. What follows it, up to the next heading, answers it: fragments,
what code prints or draws, and text after the first of these. An explorer or a microscope waits for a hand anyway and
stays as it is; so do text and code with the tag `open`. A later section that answers, or a single cell of one, has the
tag `answer`.

Text is folded by a `<details>` element, which JupyterLab, an exported page and a forge show; of a code cell the output
is folded, and it opens when the cell is run. On slides nothing is folded: an answer is a fragment there, which waits,
and notes are seen by the lecturer alone. So decks are made of what `unfolded` returns, and live slides open what they
find.
"""

import re

import nbformat
from nbformat import NotebookNode

__all__ = ["ANSWER", "FIRST", "LATER", "PREDICT", "fold", "unfolded"]

PREDICT = re.compile(r"\*\*Predict\b|^##? .*\bPredict\b", re.MULTILINE)
EXPLORER = re.compile(r"^\w*(?:explorer|microscope|pad)(?:\(|$)", re.MULTILINE)

ANSWER, OPEN = "answer", "open"
FIRST, LATER = "Your guess first, then open", "Go on"  # what a fold says: the first of a section, those after it
LECTURER = "For the lecturer"

_BEGIN = '<details class="courseware-{kind}">\n<summary>{words}</summary>\n\n'
_END = "\n\n</details>"
_FOLD = re.compile(
    r'<details class="courseware-(?:answer|notes)">\n<summary>[^\n]*</summary>\n\n(.*)\n\n</details>', re.DOTALL
)


def fold(notebook: NotebookNode) -> None:
    """Fold, in place, the notes of a lesson's notebook and the answers to what it asks to predict."""
    asked = answered = False
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        text = cell.cell_type == "markdown"
        tags = cell.metadata.get("tags", [])
        if kind == "notes":
            cell.source = _folded(cell.source, "notes", LECTURER)
            continue
        begins = (text and cell.source.startswith("#")) or kind in ("slide", "subslide")
        if begins or (text and PREDICT.search(cell.source) and kind != "skip"):
            asked = ANSWER in tags or bool(PREDICT.search(cell.source))
            answered = False
            continue
        answers = asked and OPEN not in tags and (kind == "fragment" or not text or answered)
        if ANSWER not in tags and (not answers or (not text and EXPLORER.search(cell.source))):
            continue
        words = LATER if answered else FIRST
        if text:
            cell.source = _folded(cell.source, "answer", words)
        else:
            cell.metadata["tags"] = [*(tag for tag in tags if tag != ANSWER), ANSWER]
            cell.metadata.setdefault("jupyter", {})["outputs_hidden"] = True
            cell.metadata["collapsed"] = True  # the older name, which JupyterLab reads when it opens a notebook
            cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": "Fold"}
        # What is prepared before the answer, on no slide, does not answer: the next fold is still the first.
        answered = answered or kind != "skip" or ANSWER in tags


def unfolded(notebook: NotebookNode) -> NotebookNode:
    """A copy of the notebook in which nothing is folded, as slides show it."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _FOLD.sub(r"\1", cell.source)
        elif ANSWER in cell.metadata.get("tags", []):
            cell.metadata.pop("collapsed", None)
            cell.metadata.get("jupyter", {}).pop("outputs_hidden", None)
    return notebook


def _folded(source: str, kind: str, words: str) -> str:
    return _BEGIN.format(kind=kind, words=words) + source + _END
