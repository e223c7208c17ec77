"""The numbers of a lecture, kept only if the lecturer asks for it: counts, and a page that draws before and after.

Both hold how many chose what, and nothing about anybody.
"""

import html
import json
import os
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from courseware.project import UserError

__all__ = ["begin", "drawn", "keep"]

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --first: #8a5a00; --second: #0b5cad;
  --right: #1a6e31; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #15191e; --first: #e3b341; --second: #7cc0ff;
  --right: #6fdd8b; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
table { width: 100%; border-collapse: collapse; }
th { font-weight: normal; text-align: left; }
th, td { padding: 0.35rem 0.5rem; border-top: 1px solid var(--ink); vertical-align: top; }
.right { color: var(--right); font-weight: 600; }
svg { display: block; width: 100%; height: 0.8rem; }
.first { fill: var(--first); }
.second { fill: var(--second); }
"""


def begin(path: Path) -> list[dict[str, Any]]:
    """The questions that `path` holds already; none if there is no such file.

    It is written, so that what cannot be kept is known before the lecture. A deck that is
    started again goes on where it was, and no earlier lecture is lost.

    Raises UserError if the file holds something else or cannot be written, or its page would replace another.
    """
    page = path.with_suffix(".html")
    if page.exists() and not path.exists():
        raise UserError(f"{page} would be written over by the page of {path}; give --keep another name")
    try:
        questions = json.loads(path.read_text("utf-8"))["questions"] if path.exists() else []
        drawn(questions)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UserError(f"{path} holds no numbers of a lecture, and is not written over: {error!r}") from error
    keep(path, questions)
    return list(questions)


def keep(path: Path, history: Sequence[dict[str, Any]]) -> None:
    """Write the `history` of a poll to `path` as JSON, and a page that draws it beside, with the ending ``.html``.

    Raises UserError if one of them cannot be written.
    """
    try:
        _replace(path, json.dumps({"questions": list(history)}, ensure_ascii=False, indent=1) + "\n")
        _replace(path.with_suffix(".html"), drawn(history))
    except OSError as error:
        raise UserError(f"the numbers cannot be kept: {error}") from error


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: who stops in between leaves the old one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


def drawn(history: Sequence[dict[str, Any]]) -> str:
    """A page with one table for each question: its choices, and a bar for each vote, the share of those who voted."""
    parts = []
    for number, asked in enumerate(history, 1):
        totals = [sum(counts) for counts in asked["rounds"]]
        heads = "".join(f'<th scope="col">vote {i}, {total} votes</th>' for i, total in enumerate(totals, 1))
        rows = "".join(_row(asked, totals, place) for place in range(len(asked["choices"])))
        parts.append(
            f"<h2>{number}. {html.escape(asked['question'])}</h2>"
            f'<table><thead><tr><th scope="col">choice</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        )
    body = "".join(parts) or "<p>No question was voted on.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Votes of a lecture</title>'
        f"<style>{STYLE}</style></head><body><main><h1>Votes of a lecture</h1>{body}</main></body></html>\n"
    )


def _row(asked: dict[str, Any], totals: Sequence[int], place: int) -> str:
    letter = string.ascii_lowercase[place]
    choice = html.escape(asked["choices"][place])
    right = letter == asked["right"]
    cells = []
    for i, (counts, total) in enumerate(zip(asked["rounds"], totals, strict=True)):
        share = 100 * counts[place] / total if total else 0.0
        kind = "first" if i == 0 else "second"
        cells.append(
            f"<td>{counts[place]} ({share:.0f} %)"
            f'<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="{kind}" width="{share:.1f}" height="8"></rect></svg></td>'
        )
    mark = ' class="right"' if right else ""
    return f'<tr><th scope="row"{mark}>{letter} · {choice}{" ✓" if right else ""}</th>{"".join(cells)}</tr>'
