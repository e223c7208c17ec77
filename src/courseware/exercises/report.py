"""What a check found, as a short block; the hints of an exercise; and who is told of a report.

A :class:`Report` displays itself, in a notebook and in a terminal. `listen` registers a function that is told of every
report of `Exercise.check`, such as the student's journal: a check itself writes nothing.
"""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from courseware.language import ENGLISH, current, words

__all__ = ["HINT_STEPS", "Finding", "Hint", "Hints", "Report", "State", "listen", "tell"]


class State(Enum):
    """Where an answer stands; the value is the wording that people read."""

    RIGHT = "right"
    NOT_YET = "not yet"
    NOT_ATTEMPTED = "not attempted yet"


MARKS = {State.RIGHT: "✓", State.NOT_YET: "✗", State.NOT_ATTEMPTED: "…"}

# The block brings its own background, so that contrast is at least 4.5 to 1 (WCAG AA) in a dark theme too.
BACKGROUND, TEXT, LABEL = "#f6f8fa", "#1f2328", "#4b5563"
COLOURS = {State.RIGHT: "#1a6b2f", State.NOT_YET: "#b42318", State.NOT_ATTEMPTED: "#4b5563"}


@dataclass(frozen=True)
class Finding:
    """What a check found for one question; `mistake` is the name of the known mistake, if it is one."""

    question: str
    state: State
    message: str = ""
    mistake: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, repr=False)
class Report:
    """The findings of one check. Displays itself as a short block, in a notebook and in a terminal."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """Not yet if any answer is, right if every answer is, otherwise not attempted."""
        states = {finding.state for finding in self.findings}
        if State.NOT_YET in states:
            return State.NOT_YET
        return State.NOT_ATTEMPTED if State.NOT_ATTEMPTED in states else State.RIGHT

    @property
    def passed(self) -> bool:
        return self.state is State.RIGHT

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Names of the known mistakes that were recognised."""
        return tuple(finding.mistake for finding in self.findings if finding.mistake is not None)

    def __repr__(self) -> str:
        lines = [f"{MARKS[self.state]} {self._verdict()} · {words(self.title)}"]
        for heading, finding in self._shown():
            lines.append("  " + " ".join(filter(None, (heading, words(finding.message)))))
            lines += [f"    {words(label):<9} {text}" for label, text in finding.details]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = COLOURS[self.state]
        parts = [
            f'<div style="background:{BACKGROUND};color:{TEXT};border-left:4px solid {colour};'
            f'padding:0.5em 0.8em;line-height:1.45;overflow-wrap:anywhere">',
            f'<div><strong style="color:{colour}">{MARKS[self.state]} {self._verdict()}</strong>'
            f" · {html.escape(words(self.title))}</div>",
        ]
        for heading, finding in self._shown():
            mark = f'<strong style="color:{COLOURS[finding.state]}">{html.escape(heading)}</strong> '
            parts.append(f"<div>{mark if heading else ''}{html.escape(words(finding.message))}</div>")
            parts += [
                f'<div><span style="display:inline-block;min-width:6em;color:{LABEL}">{words(label)}</span>'
                f'<code style="background:transparent;color:inherit">{html.escape(text)}</code></div>'
                for label, text in finding.details
            ]
        return "\n".join([*parts, "</div>"])

    def _verdict(self) -> str:
        begun = any(finding.state is State.RIGHT for finding in self.findings)
        return words("right so far" if self.state is State.NOT_ATTEMPTED and begun else self.state.value)

    def _shown(self) -> Iterable[tuple[str, Finding]]:
        """Findings worth a line, with the heading each needs: none where the title already says it all."""
        if all(finding.state is State.NOT_ATTEMPTED for finding in self.findings):
            return
        for finding in self.findings:
            if len(self.findings) > 1:
                colon, stop = (": ", ".") if current() == ENGLISH else ("：", "。")
                yield f"{MARKS[finding.state]} {finding.question}{colon}{words(finding.state.value)}{stop}", finding
            elif finding.message or finding.details:
                yield "", finding


HINT_STEPS = ("a nudge", "the key idea", "the first line")


@dataclass(frozen=True, repr=False)
class Hint:
    """One step of help: its number, 1 to 3, and what it says."""

    step: int
    text: str

    @property
    def heading(self) -> str:
        return words(f"Hint {self.step}, {HINT_STEPS[self.step - 1]}")

    def __repr__(self) -> str:
        return f"{self.heading}: {words(self.text)}"

    def _repr_html_(self) -> str:
        return f"<div><strong>{self.heading}:</strong> {_code_in_html(words(self.text))}</div>"


@dataclass(frozen=True, repr=False)
class Hints:
    """Three hints, each folded into the one before. They unfold without a kernel, in an exported page too."""

    title: str
    hints: tuple[Hint, ...]

    def __repr__(self) -> str:
        steps = ", ".join(f"hint({hint.step}) {words(HINT_STEPS[hint.step - 1])}" for hint in self.hints)
        return f"{words('Hints')} · {words(self.title)}\n  {words('one at a time:')} {steps}"

    def _repr_html_(self) -> str:
        inner = f"<div>{words('Nothing works? The solutions are linked at the end of this sheet.')}</div>"
        for hint in reversed(self.hints):
            inner = (
                f'<details style="margin-left:1em"><summary>{hint.heading}</summary>'
                f"<div>{_code_in_html(words(hint.text))}</div>\n{inner}</details>"
            )
        return inner


def _code_in_html(text: str) -> str:
    """Escaped, with what stands between backquotes as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))


# ------------------------------------------------------------------------------------------------- who is told of it
_listeners: list[Callable[[str, Report], object]] = []


def listen(listener: Callable[[str, Report], object]) -> None:
    """Have `listener` called with the exercise's name and the report of every check from now on, once for each."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(exercise: str, report: Report) -> None:
    """Tell all listeners of a report; `Exercise.check` does this."""
    for listener in _listeners:
        listener(exercise, report)
