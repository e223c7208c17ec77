"""The question that asks for a function: it is run on many inputs, and compared with the right one on each."""

import functools
import inspect
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from courseware.exercises import common_mistakes, reading, show, time_limit
from courseware.exercises.common_mistakes import CommonMistake
from courseware.exercises.questions import Mistake
from courseware.exercises.reading import Other
from courseware.exercises.report import Finding, State
from courseware.exercises.run import Run, copies, run, run_trusted
from courseware.exercises.tools import NUMPY, Tool

__all__ = ["Function", "no_edge_cases"]


def no_edge_cases() -> Iterable[tuple[str, tuple]]:
    return ()


@dataclass(frozen=True, eq=False, repr=False)
class Function:
    """A function, right when it agrees with `reference` on every case.

    `cases` takes a seeded generator and yields tuples of arguments, the simplest first: they are passed by
    position, each call on its own copies. The reference returns a tensor, a number or a bool; where it returns a
    tensor, lists of numbers are read as one. `asked` says in one line what the function has to return. `seconds` is
    the time for all cases together.

    `edge_cases` yields further arguments, each with a name that completes "It goes wrong on an edge case: …".

    `forbidden` and `required` are tools (:mod:`courseware.exercises.tools`) that the function must do without, or must
    call on one of its inputs at least. `largest` takes a case and gives the number of entries that a tensor may have
    which the function makes on the way; a tensor as large as an input is always allowed. `most_calls` is how many
    functions of PyTorch it may call for one input: a loop needs as many as an axis is long, an expression few. With
    `squeeze` the result may have axes of length one more than the reference's, or fewer. `way` is a tool that a right
    answer may do with or without, with what is then said of the one way and of the other.
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
    edge_cases: Callable[[], Iterable[tuple[str, tuple]]] = no_edge_cases
    forbidden: tuple[Tool, ...] = ()
    required: tuple[Tool, ...] = ()
    largest: Callable[..., int] | None = None
    most_calls: int = 0  # 0: any number
    squeeze: bool = False
    way: tuple[Tool, str, str] | None = None

    def __repr__(self) -> str:
        return f"Function({self.name!r})"

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if not callable(answer):
            if reading.read_in_time(reading.is_blank, answer) is True:
                return Finding(self.name, State.NOT_ATTEMPTED)
            kind = reading.read_in_time(reading.kind_of, answer)
            kind = kind.kind if isinstance(kind, Other) else kind
            return Finding(self.name, State.NOT_YET, f"A function is asked, this is {kind}.")
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
        cases, names, expected = _trials(self, seed)
        runs = self._runs(answer, cases, expected, seed)
        if all(run.unwritten for run in runs):
            return Finding(self.name, State.NOT_ATTEMPTED)

        faults = [self._fault(run, right) for run, right in zip(runs, expected, strict=False)]
        note = next((f" {run.printed}" for run in runs if run.printed), "")
        if not any(faults):
            if broken := self._broken_rule(runs, cases):
                return Finding(self.name, State.NOT_YET, broken + note, details=(("asked", self.asked),))
            remark = " ".join(filter(None, (self.remark, self._way_taken(runs))))
            return Finding(self.name, State.RIGHT, (remark + note).strip())

        first = next(i for i, fault in enumerate(faults) if fault)
        # A known mistake, and an edge case missed besides: the mistake is what to mend first.
        ordinary = [number for number in range(len(runs)) if not names[number]]
        mistake: Mistake | CommonMistake | None = self._recognise(runs, seed)
        if mistake is None and not names[first]:
            mistake = self._recognise([runs[number] for number in ordinary], seed)
        mistake = mistake or self._common_mistake(runs, expected, first)
        message = mistake.feedback if mistake else faults[first]
        if names[first]:
            message = f"It goes wrong on an edge case: {names[first]}. {message}"
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

    def _runs(self, answer: Callable, cases: list[tuple], expected: list[torch.Tensor], seed: int) -> list[Run]:
        """One run for each case, up to the one on which time runs out."""
        runs: list[Run] = []
        watch = bool(self.forbidden or self.required or self.largest or self.way or self.most_calls)
        left = self.seconds
        for case, right in zip(cases, expected, strict=True):
            runs.append(run(answer, case, right, seed=seed, seconds=left, squeeze=self.squeeze, watch=watch))
            if runs[-1].late:
                break
            left -= runs[-1].used
        return runs

    def _way_taken(self, runs: list[Run]) -> str:
        if self.way is None:
            return ""
        tool, with_it, without = self.way
        return with_it if any(tool.is_in(run.record) for run in runs if run.record is not None) else without

    def _broken_rule(self, runs: list[Run], cases: list[tuple]) -> str:
        """One sentence on the tools that it uses or does not, and on what it builds; or an empty text."""
        records = [run.record for run in runs if run.record is not None]
        for tool in self.forbidden:
            if any(tool.is_in(record) for record in records):
                return f"It calls {tool.name}, which this exercise asks you to do without."
        for tool in self.required:
            if not any(tool.is_in(record) for record in records):
                return f"{tool.name} is asked for here, and your function does not call it."
        blind = bool(self.required or self.largest or self.most_calls) or any(not t.in_sight for t in self.forbidden)
        if blind and any(NUMPY.is_in(record) for record in records):
            return "It goes over to NumPy, where this check cannot follow: compute with PyTorch's tensors only."
        calls = max((record.calls for record in records), default=0)
        if self.most_calls and calls > self.most_calls:
            return (
                f"It calls PyTorch {calls:,} times for one input: that is a loop. At most {self.most_calls} calls are "
                "allowed here, for one expression does it for the whole table."
            )
        if self.largest is not None:
            for case, record in zip(cases, records, strict=True):
                inputs = [argument.numel() for argument in case if isinstance(argument, torch.Tensor)]
                allowed = max(self.largest(*copies(case)), *inputs, 0)
                if record.entries > allowed:
                    return (
                        f"It builds a tensor of shape {record.largest}, with {record.entries:,} numbers: at most "
                        f"{allowed:,} are allowed here, so another way is asked, which does not need it."
                    )
        return ""

    def _recognise(self, runs: list[Run], seed: int) -> Mistake | None:
        """The known mistake that does the same as the student's function on every case, if any.

        A mistake may raise on some cases (shapes that do not broadcast), then the function must raise the same.
        """
        if all(run.error is not None for run in runs) or any(run.changed or run.late for run in runs):
            return None
        with time_limit.unchanged():
            for mistake in self.mistakes:
                if all(self._same(run, _wrong(self, seed, mistake, number)) for number, run in enumerate(runs)):
                    return mistake
        return None

    def _common_mistake(self, runs: list[Run], expected: list[torch.Tensor], shown: int) -> CommonMistake | None:
        """A mistake that can happen in any function, if it explains the results on every case."""
        if any(run.error is not None or run.late or run.changed for run in runs):
            return None
        results = [run.result for run in runs if isinstance(run.result, torch.Tensor)]
        if len(results) < len(runs):
            return None
        pairs = zip(results, expected, strict=True)
        if not all(_same_kind(result, right) and result.isfinite().all() for result, right in pairs):
            return None
        return common_mistakes.of_a_function(results, expected, self._agree, shown)

    def _same(self, run: Run, other: Run) -> bool:
        if run.error is not None or other.error is not None:
            return run.error == other.error
        if not (isinstance(run.result, torch.Tensor) and isinstance(other.result, torch.Tensor)):
            return False
        return self._agree(run.result, other.result)

    def _agree(self, result: torch.Tensor, target: torch.Tensor, rtol: float = 0.0) -> bool:
        return (
            result.shape == target.shape
            and _same_kind(result, target)
            and torch.allclose(
                _wide(result), _wide(target), rtol=max(rtol, self.rtol), atol=max(rtol, self.atol), equal_nan=True
            )
        )

    def _fault(self, run: Run, expected: torch.Tensor) -> str:
        """One sentence on what is wrong with a run, or an empty text."""
        if run.late:
            sentence = (
                f"It takes too long: after {self.seconds:g} seconds for all inputs together it was still at this one. "
                "Is there a loop that never ends, or one over single numbers, which one expression would replace?"
            )
            if run.running:
                sentence += " It could not be stopped and may go on in the background: restart the kernel."
            return sentence
        if run.calls:
            return f"It calls {run.calls}, which is not written yet."
        if run.error is not None:
            return f"It raised {run.error.rstrip('.')}."
        result = run.result
        if not isinstance(result, torch.Tensor):
            return _of_another_kind(result, expected)
        if result.shape != expected.shape:
            return f"The result has the shape {tuple(result.shape)}, expected was {tuple(expected.shape)}."
        if expected.ndim == 0 and expected.dtype == torch.bool != result.dtype:
            return f"It returned {_show(result)}, a number: return True or False."
        if not _same_kind(result, expected):
            cure = f": write .to(torch.{show.dtype_of(expected)}) behind it" if not result.is_complex() else ""
            return f"The result has the dtype {show.dtype_of(result)}, expected was {show.dtype_of(expected)}{cure}."
        bad = ~result.isfinite()
        if bad.any() and expected.isfinite().all():
            where = f", first at {show.place_of_largest(bad)}" if bad.ndim else ""
            return f"{int(bad.sum())} of {bad.numel()} numbers are nan or infinite{where}."
        if run.changed:
            return f"It changes its argument {run.changed} in place: compute on a new tensor instead."
        if self._agree(result, expected):
            return ""
        if result.dtype in COARSE and self._agree(result, expected, rtol=4 * torch.finfo(result.dtype).eps):
            return (
                f"The result has the dtype {show.dtype_of(result)}, which keeps {COARSE[result.dtype]} digits only: "
                f"compute in {show.dtype_of(expected)}."
            )
        if expected.ndim == 0:
            return "The result is off."
        off = (_wide(result) - _wide(expected)).abs()
        worst = show.place_of_largest(off)
        return (
            f"The numbers are off, most at {worst}: {_show(result[tuple(worst)])} came back, "
            f"{_show(expected[tuple(worst)])} was expected, a difference of {off.max():.3g}."
        )

    def _show_case(self, case: tuple) -> str:
        names = inspect.signature(self.reference).parameters
        return ", ".join(f"{name} = {_show_argument(value)}" for name, value in zip(names, case, strict=False))


# What the author's own functions give is kept for a while: the same exercise is checked again and again.
@functools.lru_cache(maxsize=64)
def _trials(question: Function, seed: int) -> tuple[list[tuple], list[str], list[torch.Tensor]]:
    """All inputs, the names of the edge cases among them, and what is expected of each."""
    ordinary = list(question.cases(torch.Generator().manual_seed(seed)))
    edges = list(question.edge_cases())
    cases = ordinary + [case for _, case in edges]
    names = [""] * len(ordinary) + [name for name, _ in edges]
    with time_limit.unchanged():  # a reference may draw random weights
        return cases, names, [_expected(question.reference(*copies(case))) for case in cases]


@functools.lru_cache(maxsize=2048)
def _wrong(question: Function, seed: int, mistake: Mistake, number: int) -> Run:
    """What a known mistake does with the input of this number."""
    cases, _, expected = _trials(question, seed)
    return run_trusted(mistake.wrong, cases[number], expected[number], squeeze=question.squeeze)


def _expected(result: Any) -> torch.Tensor:
    expected = reading.result(result, result if isinstance(result, torch.Tensor) else torch.tensor(0.0))
    assert isinstance(expected, torch.Tensor)
    return expected


COARSE = {torch.bfloat16: "two", torch.float16: "three", torch.float32: "seven"}


def _of_another_kind(result: Other, expected: torch.Tensor) -> str:
    """What a function returned that is no number and no tensor, and what to return instead."""
    if result.kind == "None":
        return "It returned None: did you forget return?"
    if expected.ndim:
        wanted, cure = "a tensor", "return a tensor, for example torch.tensor(…)"
    elif expected.dtype == torch.bool:
        wanted, cure = "a single value", "return True or False"
    else:
        wanted, cure = "a single value", "return one number"
    if result.kind == "a generator":
        return f"It returned a generator, because of yield, {wanted} was expected: collect the parts, return."
    return f"It returned {result.kind}, {wanted} was expected: {result.cure or cure}."


def _same_kind(result: torch.Tensor, expected: torch.Tensor) -> bool:
    """The same dtype, or another floating-point one; for a single number any real one will do."""
    if expected.dtype == torch.bool or (expected.ndim and not expected.is_floating_point()):
        return result.dtype == expected.dtype
    if expected.ndim:
        return result.is_floating_point()
    return result.dtype != torch.bool and not result.is_complex()


def _wide(values: torch.Tensor) -> torch.Tensor:
    return values.to(torch.complex128 if values.is_complex() else torch.float64)


def _show(value: torch.Tensor | Other) -> str:
    return value.kind if isinstance(value, Other) else show.tensor(value)


def _show_argument(value: Any) -> str:
    """An argument of a case, which the exercise's author has made."""
    if isinstance(value, torch.Tensor):
        return show.tensor(value.detach())
    return show.number(value) if type(value) in (int, float) else str(value)
