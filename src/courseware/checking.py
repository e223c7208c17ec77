"""Instant feedback: compare an answer with the tested one and say, in one short block, what to look at.

An :class:`Exercise` is one object with one or more questions: a number or an array (:class:`Value`), a
letter (:class:`Choice`), or a function (:class:`Function`). A question knows the right answer and the wrong
ones that people give, each with a sentence::

    third = Value("third", 1 / 3, mistakes=(Mistake("inverted", 3.0, "3 is 1 / (1/3): which one is asked?"),))
    share = Exercise("share", "A third of one", (third,))
    share.check(third=0.333)        # displays "✓ right · A third of one"

`check` returns a :class:`Report`. It never raises because of an answer, whatever the answer is; it raises
`TypeError` only when it is called for a question that the exercise does not have. Functions run under
:mod:`courseware.guard`: for two seconds at most, what they print is kept back, what they change is put back.

Reports hold no times, addresses or file names. A function is tried on fixed inputs first, so that whoever mends it
meets the same counter-example again and the same answer gives the same text. One that is right on those is tried on
inputs that nobody has seen before: it cannot pass by being made to fit.

`Exercise.hint` gives help in three steps, as blocks to fold out one after the other.
"""

import html
import inspect
import linecache
import math
import re
import secrets
import string
import time
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
import torch

from courseware import guard, journal, slips

__all__ = ["Choice", "Exercise", "Finding", "Function", "Hint", "Hints", "Mistake", "Report", "State", "Value"]


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
        lines = [f"{MARKS[self.state]} {self._verdict()} · {self.title}"]
        for heading, finding in self._shown():
            lines.append("  " + " ".join(filter(None, (heading, finding.message))))
            lines += [f"    {label:<9} {text}" for label, text in finding.details]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = COLOURS[self.state]
        parts = [
            f'<div style="background:{BACKGROUND};color:{TEXT};border-left:4px solid {colour};'
            f'padding:0.5em 0.8em;line-height:1.45;overflow-wrap:anywhere">',
            f'<div><strong style="color:{colour}">{MARKS[self.state]} {self._verdict()}</strong>'
            f" · {html.escape(self.title)}</div>",
        ]
        for heading, finding in self._shown():
            mark = f'<strong style="color:{COLOURS[finding.state]}">{html.escape(heading)}</strong> '
            parts.append(f"<div>{mark if heading else ''}{html.escape(finding.message)}</div>")
            parts += [
                f'<div><span style="display:inline-block;min-width:6em;color:{LABEL}">{label}</span>'
                f'<code style="background:transparent;color:inherit">{html.escape(text)}</code></div>'
                for label, text in finding.details
            ]
        return "\n".join([*parts, "</div>"])

    def _verdict(self) -> str:
        begun = any(finding.state is State.RIGHT for finding in self.findings)
        return "right so far" if self.state is State.NOT_ATTEMPTED and begun else self.state.value

    def _shown(self) -> Iterable[tuple[str, Finding]]:
        """Findings worth a line, with the heading each needs: none where the title already says it all."""
        if all(finding.state is State.NOT_ATTEMPTED for finding in self.findings):
            return
        for finding in self.findings:
            if len(self.findings) > 1:
                yield f"{MARKS[finding.state]} {finding.question}: {finding.state.value}.", finding
            elif finding.message or finding.details:
                yield "", finding


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give.

    `wrong` reproduces it: a number, an array, or a function that is called like the reference. `feedback`
    says in a sentence what led there and where to look, not what the right answer is.
    """

    name: str
    wrong: Any
    feedback: str


HINT_STEPS = ("a nudge", "the key idea", "the first line")


@dataclass(frozen=True, repr=False)
class Hint:
    """One step of help: its number, 1 to 3, and what it says."""

    step: int
    text: str

    @property
    def heading(self) -> str:
        return f"Hint {self.step}, {HINT_STEPS[self.step - 1]}"

    def __repr__(self) -> str:
        return f"{self.heading}: {self.text}"

    def _repr_html_(self) -> str:
        return f"<div><strong>{self.heading}:</strong> {_code_in_html(self.text)}</div>"


@dataclass(frozen=True, repr=False)
class Hints:
    """Three hints, each folded into the one before. They unfold without a kernel, in an exported page too."""

    title: str
    hints: tuple[Hint, ...]

    def __repr__(self) -> str:
        steps = ", ".join(f"hint({hint.step}) {HINT_STEPS[hint.step - 1]}" for hint in self.hints)
        return f"Hints · {self.title}\n  one at a time: {steps}"

    def _repr_html_(self) -> str:
        inner = "<div>Nothing works? The solutions are linked at the end of this sheet.</div>"
        for hint in reversed(self.hints):
            inner = (
                f'<details style="margin-left:1em"><summary>{hint.heading}</summary>'
                f"<div>{_code_in_html(hint.text)}</div>\n{inner}</details>"
            )
        return inner


def _code_in_html(text: str) -> str:
    """Escaped, with what stands between backquotes as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))


class Question(Protocol):
    """What an exercise asks of a question: a name, and a judgement that never raises.

    `seed` chooses the random inputs; None stands for fixed ones and then, if all is right, for fresh ones.
    """

    @property
    def name(self) -> str: ...

    def judge(self, answer: Any, seed: int | None = None) -> Finding: ...


@dataclass(frozen=True)
class Exercise:
    """An exercise: an identifier, a title for people, its questions, and three hints (or none).

    The hints are a nudge, the key idea and the first line, none of which gives the answer away.
    """

    name: str
    title: str
    questions: tuple[Question, ...]
    hints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hints) not in (0, len(HINT_STEPS)):
            raise ValueError(f"hints of {self.name!r} must be three or none, got {len(self.hints)}")
        names = [question.name for question in self.questions]
        if not names or len(set(names)) < len(names) or "seed" in names:
            raise ValueError(
                f"questions of {self.name!r} must be one or more, named differently, none 'seed'; got {names}"
            )

    def hint(self, step: int | None = None) -> Hints | Hint:
        """All hints, folded; or one of them, 1 to 3. Raises ValueError for another step, or if there are none."""
        hints = tuple(Hint(number, text) for number, text in enumerate(self.hints, start=1))
        if not hints:
            raise ValueError(f"the exercise {self.name!r} has no hints")
        if step is None:
            return Hints(self.title, hints)
        if step not in range(1, len(hints) + 1):
            raise ValueError(f"step must be 1 (a nudge), 2 (the key idea) or 3 (the first line), got {step!r}")
        return hints[step - 1]

    def check(self, *answers: Any, seed: int | None = None, **named: Any) -> Report:
        """Judge the answers, given in the order of the questions or by their names.

        A missing answer counts as not attempted. Functions run on fixed inputs and then on fresh ones, or on those
        that `seed` chooses only. Raises TypeError if an answer is given twice or for a question that does not exist.
        """
        names = [question.name for question in self.questions]
        given = dict(zip(names, answers, strict=False))
        if len(answers) > len(names) or given.keys() & named.keys() or named.keys() - set(names):
            raise TypeError(f"{self.name}.check takes one answer for each of: {', '.join(names)}")
        given |= named
        findings = (question.judge(given.get(question.name, ...), seed) for question in self.questions)
        report = Report(self.title, tuple(findings))
        if report.passed:
            journal.record(self.name)
        return report


@dataclass(frozen=True, eq=False)
class Value:
    """A number or an array, right when every entry is within 10^-decimals of `expected`.

    Python numbers, lists, NumPy arrays and tensors are all accepted, and axes of length one are ignored.
    """

    name: str
    expected: Any
    mistakes: tuple[Mistake, ...] = ()
    decimals: int = 3
    remark: str = ""  # said with a right answer

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if _is_blank(answer):
            return Finding(self.name, State.NOT_ATTEMPTED)
        try:
            numbers = _numbers(answer)
        except Exception as error:
            reason = str(error) if isinstance(error, _NotNumbersError) else "It cannot be read as numbers."
            return Finding(self.name, State.NOT_YET, f"{reason} {self._asked()}")
        if self._close(numbers, self.expected):
            return Finding(self.name, State.RIGHT, self.remark)
        for mistake in self.mistakes:
            if self._close(numbers, mistake.wrong):
                return Finding(self.name, State.NOT_YET, mistake.feedback, mistake.name)
        slip = slips.of_numbers(numbers.squeeze(), _numbers(self.expected).squeeze())
        sentences = filter(None, (self._difference(numbers), slip and slip.feedback))
        return Finding(self.name, State.NOT_YET, " ".join(sentences), slip.name if slip else None)

    def _asked(self) -> str:
        shape = _numbers(self.expected).shape
        what = "one number" if not shape else f"numbers in the shape {tuple(shape)}"
        return f"The answer is {what}, to {self.decimals} decimals."

    def _close(self, numbers: torch.Tensor, target: Any) -> bool:
        numbers, target = numbers.squeeze(), _numbers(target).squeeze()
        if numbers.shape != target.shape:
            return False
        tolerance = torch.full_like(target, 10.0**-self.decimals * (1 + 1e-6))  # 1.962 and 1.963 both stand for 1.9626
        if self.decimals == 0:
            tolerance[target == target.round()] = 0.5  # a count: the next one is another
        return bool(((numbers - target).abs() <= tolerance).all())

    def _is_rounded(self, numbers: torch.Tensor, expected: torch.Tensor) -> bool:
        """Whether these are the right numbers, rounded to fewer decimals than asked, though not to none."""
        if numbers.shape != expected.shape:
            return False
        return any(
            torch.allclose(numbers, expected.round(decimals=decimals), rtol=0, atol=1e-6)
            for decimals in range(1, self.decimals)
        )

    def _difference(self, numbers: torch.Tensor) -> str:
        """What is off. Never the right number: it is the student's to find."""
        expected = _numbers(self.expected).squeeze()
        if self._is_rounded(numbers.squeeze(), expected):
            return f"{_show(numbers)} is right as far as it goes: {self.decimals} decimals are asked."
        if numbers.squeeze().shape != expected.shape:
            return f"The shape of your answer is {tuple(numbers.shape)}. {self._asked()}"
        if not numbers.isfinite().all():
            return f"{_show(numbers)} is not finite: look for 0/0 or for an exponential that overflows."
        off = numbers.squeeze() - expected
        if off.ndim == 0:
            return f"{_show(numbers)} is too {'large' if off > 0 else 'small'}. {self._asked()}"
        worst = _where(off.abs())
        return f"The entry at {worst} is farthest off: yours is {_show(numbers.squeeze()[tuple(worst)])}."


@dataclass(frozen=True, eq=False)
class Choice:
    """One letter out of several. `explanations` says for each letter why it is right, or why it is not."""

    name: str
    right: str
    explanations: dict[str, str]

    def __post_init__(self) -> None:
        if self.right not in self.explanations:
            raise ValueError(f"right must be one of {sorted(self.explanations)}, got {self.right!r}")

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if _is_blank(answer):
            return Finding(self.name, State.NOT_ATTEMPTED)
        letter = answer.strip(string.punctuation + string.whitespace).lower() if isinstance(answer, str) else None
        if letter not in self.explanations:
            letters = ", ".join(f'"{letter}"' for letter in self.explanations)
            return Finding(self.name, State.NOT_YET, f"Answer with one letter in quotes: {letters}.")
        if letter == self.right:
            return Finding(self.name, State.RIGHT, self.explanations[letter])
        return Finding(self.name, State.NOT_YET, self.explanations[letter], f"chose {letter}")


@dataclass(frozen=True, eq=False)
class Function:
    """A function, right when it agrees with `reference` on every case.

    `cases` takes a seeded generator and yields tuples of arguments, the simplest first: they are passed by
    position, each call on its own copies. The reference returns a tensor, a number or a bool. `asked` says in
    one line what the function has to return. `seconds` is the time for all cases together.
    """

    name: str
    asked: str
    reference: Callable[..., Any]
    cases: Callable[[torch.Generator], Iterable[tuple]]
    mistakes: tuple[Mistake, ...] = ()
    rtol: float = 1e-4
    atol: float = 1e-5
    remark: str = ""  # said with a right answer
    seconds: float = 2.0

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if _is_blank(answer):
            return Finding(self.name, State.NOT_ATTEMPTED)
        if not callable(answer):
            return Finding(self.name, State.NOT_YET, f"A function is asked, this is {_kind(answer)}.")
        if seed is not None:
            return self._judge(answer, seed)
        known = self._judge(answer, 0)
        if known.state is not State.RIGHT:
            return known
        seed = secrets.randbelow(10**6)
        fresh = self._judge(answer, seed)
        if fresh.state is State.RIGHT:
            return known
        message = f"Right on the first inputs, not on others. {fresh.message}"
        details = (*fresh.details, ("again", f"check(…, seed={seed}) takes these inputs"))
        return Finding(self.name, State.NOT_YET, message, fresh.mistake, details)

    def _judge(self, answer: Callable, seed: int) -> Finding:
        cases = list(self.cases(torch.Generator().manual_seed(seed)))
        with guard.unchanged():  # a reference may draw random weights
            expected = [_as_tensor(self.reference(*_copies(case))) for case in cases]
        runs = self._runs(answer, cases, seed)
        if all(run.unwritten for run in runs):
            return Finding(self.name, State.NOT_ATTEMPTED)

        faults = [self._fault(run, right) for run, right in zip(runs, expected, strict=False)]
        note = next((f" {run.printed}" for run in runs if run.printed), "")
        if not any(faults):
            return Finding(self.name, State.RIGHT, (self.remark + note).strip())

        first = next(i for i, fault in enumerate(faults) if fault)
        mistake = self._recognise(runs, cases) or self._slip(runs, expected)
        message = mistake.feedback if mistake else faults[first]
        if not mistake and faults.count("") > 0 and not runs[-1].late:
            message += f" On {faults.count('')} of the {len(cases)} inputs it was right."
        details = [("mistake", mistake.name)] if mistake else []
        details += [("asked", self.asked), ("input", self._show_case(cases[first]))]
        if runs[first].late:
            details.append(("returned", "nothing, it was stopped"))
        elif runs[first].error is None:
            details.append(("returned", _show(runs[first].result)))
        elif runs[first].line and not runs[first].calls:
            details.append((f"line {runs[first].line}", runs[first].source))
        details.append(("expected", _show(expected[first])))
        return Finding(self.name, State.NOT_YET, message + note, mistake.name if mistake else None, tuple(details))

    def _runs(self, answer: Callable, cases: list[tuple], seed: int) -> list["_Run"]:
        """One run for each case, up to the one on which time runs out."""
        runs: list[_Run] = []
        end = time.monotonic() + self.seconds
        for case in cases:
            runs.append(_run(answer, _copies(case), seed, end - time.monotonic()))
            if runs[-1].late:
                break
        return runs

    def _recognise(self, runs: list["_Run"], cases: list[tuple]) -> Mistake | None:
        """The known mistake that does the same as the student's function on every case, if any.

        A mistake may raise on some cases (shapes that do not broadcast), then the function must raise the same.
        """
        if all(run.error is not None for run in runs) or any(run.changed or run.late for run in runs):
            return None
        with guard.unchanged():
            for mistake in self.mistakes:
                wrong = (_run_trusted(mistake.wrong, _copies(case)) for case in cases)
                if all(self._same(run, other) for run, other in zip(runs, wrong, strict=True)):
                    return mistake
        return None

    def _slip(self, runs: list["_Run"], expected: list[torch.Tensor]) -> slips.Slip | None:
        """A slip that can happen in any function, if it explains the results on every case."""
        if any(run.error is not None or run.late or run.changed or not _is_numeric(run.result) for run in runs):
            return None
        results = [_as_tensor(run.result) for run in runs]
        pairs = zip(results, expected, strict=True)
        if not all(_same_kind(result, right) and result.isfinite().all() for result, right in pairs):
            return None
        return slips.of_a_function(results, expected, self._agree)

    def _same(self, run: "_Run", other: "_Run") -> bool:
        if run.error is not None or other.error is not None:
            return run.error == other.error
        return _is_numeric(run.result) and self._agree(_as_tensor(run.result), _as_tensor(other.result))

    def _agree(self, result: torch.Tensor, target: torch.Tensor) -> bool:
        return (
            result.shape == target.shape
            and _same_kind(result, target)
            and torch.allclose(result.double(), target.double(), rtol=self.rtol, atol=self.atol, equal_nan=True)
        )

    def _fault(self, run: "_Run", expected: torch.Tensor) -> str:
        """One sentence on what is wrong with a run, or an empty text."""
        if run.late:
            restart = " It could not be stopped and may go on in the background: restart the kernel." * run.running
            return (
                f"It takes too long: after {self.seconds:g} seconds for all inputs together it was still at this one. "
                f"Is there a loop that never ends?{restart}"
            )
        if run.calls:
            return f"It calls {run.calls}, which is not written yet."
        if run.error is not None:
            return f"It raised {run.error.rstrip('.')}."
        if run.result is None:
            return "It returned None: did you forget return?"
        if not _is_numeric(run.result):
            wanted = "a tensor" if expected.ndim else "a single value"
            if isinstance(run.result, types.GeneratorType):
                return f"It returned a generator, because of yield, {wanted} was expected: collect the parts, return."
            return f"It returned {_kind(run.result)}, {wanted} was expected."
        result = _as_tensor(run.result)
        if result.shape != expected.shape:
            return f"The result has the shape {tuple(result.shape)}, expected was {tuple(expected.shape)}."
        if expected.ndim == 0 and expected.dtype == torch.bool != result.dtype:
            return f"It returned {_show(run.result)}, a number: return True or False."
        if not _same_kind(result, expected):
            return f"The result has the dtype {_dtype(result)}, expected was {_dtype(expected)}."
        bad = ~result.isfinite()
        if bad.any() and expected.isfinite().all():
            where = f", first at {_where(bad)}" if bad.ndim else ""
            return f"{int(bad.sum())} of {bad.numel()} numbers are nan or infinite{where}."
        if run.changed:
            return f"It changes its argument {run.changed} in place: compute on a new tensor instead."
        if self._agree(result, expected):
            return ""
        if expected.ndim == 0:
            return "The result is off."
        off = (result.double() - expected.double()).abs()
        worst = _where(off)
        return (
            f"The numbers are off, most at {worst}: {_show(result[tuple(worst)])} came back, "
            f"{_show(expected[tuple(worst)])} was expected, a difference of {off.max():.3g}."
        )

    def _show_case(self, case: tuple) -> str:
        names = inspect.signature(self.reference).parameters
        return ", ".join(f"{name} = {_show(value)}" for name, value in zip(names, case, strict=False))


@dataclass(frozen=True)
class _Run:
    """What became of one call of a student's function."""

    result: Any = None
    error: str | None = None
    line: int = 0  # where it was raised in the student's code, 0 if unknown
    source: str = ""
    unwritten: bool = False
    calls: str = ""  # the student's other function that is not written yet
    changed: str = ""
    printed: str = ""
    late: bool = False
    running: bool = False


def _run(function: Callable, arguments: tuple, seed: int, seconds: float) -> _Run:
    """Call a student's function under guard."""
    before = _copies(arguments)
    with guard.unchanged() as transcript:
        torch.manual_seed(seed)
        outcome = guard.call(function, arguments, seconds)
    printed = _printed(transcript)
    if outcome.late:
        return _Run(printed=printed, late=True, running=outcome.running)
    error, unwritten, calls, place = None, False, "", (0, "")
    if outcome.error is not None:
        message, error = _message(outcome.error), _named(outcome.error)
        code, *place = _place(outcome.error, function)
        # An empty message or the stub's; PyTorch raises NotImplementedError too, with a text of its own.
        stub = isinstance(outcome.error, NotImplementedError) and message in ("", "your turn")
        other = code is not None and code is not getattr(inspect.unwrap(function), "__code__", code)
        unwritten, calls = stub and not other, code.co_name if stub and other else ""
    names = _argument_names(function, len(arguments))
    changed = (
        name
        for name, old, new in zip(names, before, arguments, strict=True)
        if isinstance(old, torch.Tensor) and not np.array_equal(old.detach(), new.detach(), equal_nan=True)
    )
    return _Run(outcome.result, error, *place, unwritten, calls, next(changed, ""), printed)


def _printed(transcript: guard.Transcript) -> str:
    text = _plain(transcript.text, limit=60)
    if transcript.lines > 1:
        return f'(It also printed {transcript.lines:,} lines, "{text}" first: hidden here.)'
    return f'(It also printed "{text}": hidden here.)' if text else ""


def _run_trusted(function: Callable, arguments: tuple) -> _Run:
    """Call a function of the exercise's own: it ends, and only its result or its error is of interest."""
    try:
        return _Run(function(*arguments))
    except Exception as error:
        return _Run(error=_named(error))


def _named(error: BaseException) -> str:
    """The type of an exception and its message, if it has one."""
    return ": ".join(filter(None, (type(error).__name__, _message(error))))


def _message(error: BaseException) -> str:
    try:
        return _plain(str(error)[:10_000])
    except Exception:  # an exception of the student's own, whose text cannot be made
        return ""


def _place(error: BaseException, function: Callable) -> tuple[types.CodeType | None, int, str]:
    """The student's own function that raised, with number and text of the line; None and 0 if it cannot be told.

    No file name: a kernel gives its cells random ones.
    """
    code = inspect.unwrap(function)
    if not isinstance(code, types.FunctionType):
        code = type(code).__call__
    namespace = getattr(code, "__globals__", None)
    raised, line, source = None, 0, ""
    traceback = error.__traceback__
    while traceback is not None:
        # All cells of a notebook share one namespace: the innermost frame in it is the student's.
        if traceback.tb_frame.f_globals is namespace:
            raised, line = traceback.tb_frame.f_code, traceback.tb_lineno
            source = _plain(linecache.getline(raised.co_filename, line))
        traceback = traceback.tb_next
    return raised, line, source


def _argument_names(function: Callable, count: int) -> list[str]:
    """The student's own names for the positional arguments, or their numbers where Python cannot tell."""
    numbers = [f"number {i + 1}" for i in range(count)]
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):
        return numbers
    return names + numbers[len(names) :]


def _plain(text: str, limit: int = 160) -> str:
    """One printable line without memory addresses, cut at the limit."""
    text = " ".join(re.sub(r"0x[0-9a-fA-F]{6,}", "0x…", text).split())
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_blank(answer: Any) -> bool:
    if isinstance(answer, list | tuple):
        return any(item is ... for item in answer)
    return answer is ...


def _copies(arguments: tuple) -> tuple:
    return tuple(a.clone() if isinstance(a, torch.Tensor) else a for a in arguments)


MANY = 10_000  # no exercise asks for more numbers than this: a list of a million would take a minute to read


class _NotNumbersError(Exception):
    """The answer cannot be compared as numbers; the message is the sentence to show."""


def _numbers(value: Any) -> torch.Tensor:
    """Any kind of real numbers as a float64 tensor."""
    if value is None:
        raise _NotNumbersError("The answer is None.")
    if callable(value) and not isinstance(value, torch.nn.Module):
        raise _NotNumbersError("The answer is a function: call it, and give the number that comes back.")
    if isinstance(value, types.GeneratorType):
        raise _NotNumbersError("The answer is a generator: write list(…) round it.")
    if isinstance(value, dict | set | frozenset):
        raise _NotNumbersError(f"The answer is a {type(value).__name__}: write numbers in square brackets, not braces.")
    if isinstance(value, list | tuple) and len(value) > MANY:
        raise _NotNumbersError(f"The answer is a list of {len(value):,} things.")
    if isinstance(value, list | tuple):  # one by one: NumPy refuses tensors that carry a gradient
        value = [_numbers(item).numpy() for item in value]
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().resolve_conj().resolve_neg()
    array = np.asarray(value)
    if array.dtype == object:  # fractions.Fraction and the like
        array = array.astype(float)
    if array.dtype.kind == "U":
        raise _NotNumbersError("The answer is text: write numbers without quotes.")
    if array.dtype.kind not in "iuf":
        raise _NotNumbersError(f"The answer has the dtype {array.dtype}, real numbers are asked.")
    return torch.from_numpy(array.astype(np.float64))


def _is_numeric(result: Any) -> bool:
    """Whether a function's result can be compared at all: a dense tensor, or one number or bool."""
    if isinstance(result, torch.Tensor):
        return result.layout is torch.strided and result.device.type != "meta"
    return isinstance(result, bool | int | float | np.bool_ | np.integer | np.floating)


def _as_tensor(result: Any) -> torch.Tensor:
    if isinstance(result, torch.Tensor):
        return result.detach().cpu()
    if isinstance(result, int) and not isinstance(result, bool):
        result = float(result) if abs(result) < 2**1000 else math.inf  # Python's integers know no bound
    return torch.tensor(result.item() if isinstance(result, np.generic) else result)


def _same_kind(result: torch.Tensor, expected: torch.Tensor) -> bool:
    """The same dtype, or another floating-point one; for a single number any real one will do."""
    if expected.dtype == torch.bool or (expected.ndim and not expected.is_floating_point()):
        return result.dtype == expected.dtype
    if expected.ndim:
        return result.is_floating_point()
    return result.dtype != torch.bool and not result.is_complex()


def _where(values: torch.Tensor) -> list[int]:
    """Indices of the largest entry, the first of equals."""
    return [int(i) for i in np.unravel_index(int(values.to(torch.float64).argmax()), values.shape)]


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return "a sparse tensor or one without data"  # only these reach this line
    return f"an object of type {type(value).__name__}"


def _show(value: Any) -> str:
    """A value in one short line: small arrays in full, large ones by their shape."""
    if not _is_numeric(value):
        return "None" if value is None else _kind(value)
    tensor = _as_tensor(value)
    if tensor.numel() > 24:
        return f"{_dtype(tensor)} tensor of shape {tuple(tensor.shape)}"
    if tensor.ndim == 0:
        number = tensor.item()
        return _number(number) if isinstance(number, float) else str(number)
    text = np.array2string(
        tensor.resolve_conj().resolve_neg().numpy(),
        separator=", ",
        max_line_width=10_000,
        formatter={"float_kind": _number},
    )
    return re.sub(r"\s+", " ", text).replace("[ ", "[")


def _number(number: float) -> str:
    """Four decimals without trailing zeros, or four digits of a large number."""
    return f"{number:.4g}" if abs(number) >= 1e5 else f"{number:.4f}".rstrip("0").rstrip(".")
