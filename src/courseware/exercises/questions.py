"""Instant feedback: compare an answer with the tested one and say, in one short block, what to look at.

An :class:`Exercise` is one object with one or more questions: a number or an array (:class:`Value`), a
letter (:class:`Choice`), or a function (:class:`courseware.exercises.function.Function`). A question knows the right
answer and the wrong ones that people give, each with a sentence::

    third = Value("third", 1 / 3, mistakes=(Mistake("inverted", 3.0, "3 is 1 / (1/3): which one is asked?"),))
    share = Exercise("share", "A third of one", (third,))
    share.check(third=0.333)        # displays "✓ right · A third of one"

`check` returns a :class:`~courseware.exercises.report.Report` and tells who listens to reports. It never raises
because of an answer, whatever the answer is; it raises `TypeError` only when it is called for a question that the
exercise does not have. Functions run under :mod:`courseware.exercises.time_limit`: for two seconds at most, what they
print is kept back, what they change is put back.

Reports hold no times, addresses or file names. A function is tried on fixed inputs first, so that whoever mends it
meets the same counter-example again and the same answer gives the same text. One that is right on those is tried on
inputs that nobody has seen before: it cannot pass by being made to fit.

`Exercise.hint` gives help in three steps, as blocks to fold out one after the other.
"""

import string
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from courseware.exercises import common_mistakes, multiple_choice, reading, show
from courseware.exercises.reading import Other
from courseware.exercises.report import HINT_STEPS, Finding, Hint, Hints, Report, State, tell

__all__ = ["Choice", "Exercise", "Judged", "Mistake", "Value"]


@dataclass(frozen=True, eq=False, repr=False)
class Mistake:
    """A wrong answer that people give.

    `wrong` reproduces it: a number, an array, or a function that is called like the reference. `feedback`
    says in a sentence what led there and where to look, not what the right answer is.
    """

    name: str
    wrong: Any
    feedback: str

    def __repr__(self) -> str:
        return f"Mistake({self.name!r})"


class Judged(Protocol):
    """What an exercise asks of a question: a name, and a judgement that never raises.

    `seed` chooses the random inputs; None stands for fixed ones and then, if all is right, for fresh ones.
    """

    @property
    def name(self) -> str: ...

    def judge(self, answer: Any, seed: int | None = None) -> Finding: ...


@dataclass(frozen=True, repr=False)
class Exercise:
    """An exercise: an identifier, a title for people, its questions, and three hints (or none).

    The hints are a nudge, the key idea and the first line, none of which gives the answer away.
    """

    name: str
    title: str
    questions: tuple[Judged, ...]
    hints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hints) not in (0, len(HINT_STEPS)):
            raise ValueError(f"hints of {self.name!r} must be three or none, got {len(self.hints)}")
        names = [question.name for question in self.questions]
        if not names or len(set(names)) < len(names) or "seed" in names:
            raise ValueError(
                f"questions of {self.name!r} must be one or more, named differently, none 'seed'; got {names}"
            )

    def __repr__(self) -> str:
        questions = ", ".join(question.name for question in self.questions)
        return f"{self.title}: check({questions}), hint()"  # in a student's notebook: no answers

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
        tell(self.name, report)
        return report


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """A number or an array, right when every entry is within half a unit of the last of its `decimals`.

    With `decimals=0` whole numbers are asked. Python numbers, lists, NumPy arrays and tensors are all accepted, and
    axes of length one are ignored. With `is_position` it is the number *of* something, such as a channel: one beside it
    is no nearer to it than any other.
    """

    name: str
    expected: Any
    mistakes: tuple[Mistake, ...] = ()
    decimals: int = 3
    remark: str = ""  # said with a right answer
    is_position: bool = False

    def __repr__(self) -> str:
        return f"Value({self.name!r})"  # in a student's notebook: not the right answer

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if reading.read_in_time(reading.is_blank, answer) is True:
            return Finding(self.name, State.NOT_ATTEMPTED)
        numbers = reading.read_in_time(reading.answer, answer)
        if isinstance(numbers, Other):
            cure = f": {numbers.cure}" if numbers.cure else ""
            return Finding(self.name, State.NOT_YET, f"The answer is {numbers.kind}{cure}. {self._asked()}")
        if self._close(numbers, self.expected):
            return Finding(self.name, State.RIGHT, self.remark)
        for units in self._units_of_mistakes(numbers):
            for mistake in self.mistakes:
                if self._close(numbers, mistake.wrong, units):
                    return Finding(self.name, State.NOT_YET, mistake.feedback, mistake.name)
        difference = self._difference(numbers)
        numbers, expected = numbers.squeeze(), _known(self.expected).squeeze()
        common = None if self.is_position else common_mistakes.of_numbers(numbers, expected)
        if common is None or (numbers.isfinite().all() and self._right_decimals(numbers, expected)):
            return Finding(self.name, State.NOT_YET, difference)
        return Finding(self.name, State.NOT_YET, f"{difference} {common.feedback}", common.name)

    def _asked(self) -> str:
        shape = tuple(_known(self.expected).shape)
        if self.decimals == 0:
            return f"The answer is whole numbers in the shape {shape}." if shape else "The answer is one whole number."
        decimals = _decimals(self.decimals)
        if shape:
            return f"The answer is numbers in the shape {shape}, to {decimals}."
        return f"The answer is one number, to {decimals}."

    def _units_of_mistakes(self, numbers: torch.Tensor) -> tuple[float, ...]:
        """How near a mistake has to be: first as near as a right answer, then cut off instead of rounded.

        A count beside a mistake is another one, and what is the right number cut off, or rounded too early, is no
        mistake cut off.
        """
        numbers, expected = numbers.squeeze(), _known(self.expected).squeeze()
        is_near = numbers.shape == expected.shape and (
            self._is_cut_off(numbers, expected) or self._right_decimals(numbers, expected) > 0
        )
        return (0.5,) if self.decimals == 0 or is_near else (0.5, 1.0)

    def _close(self, numbers: torch.Tensor, target: Any, units: float = 0.5) -> bool:
        numbers, target = numbers.squeeze(), _known(target).squeeze()
        return numbers.shape == target.shape and bool(self._near(numbers, target, units).all())

    def _near(self, numbers: torch.Tensor, target: torch.Tensor, units: float = 0.5) -> torch.Tensor:
        """Where numbers are within so many units of the last decimal, and the noise of single precision.

        A count is not to be met nearly: where whole numbers are asked and the target is one, only the noise is allowed.
        """
        unit = 10.0**-self.decimals
        noise = (1e-6 * target.abs()).clamp(min=1e-6 * unit, max=unit / 10)
        is_count = (target == target.round()) & (self.decimals == 0)
        # A share among counts is not met by 0: what is small may be rounded by less.
        allowed = torch.clamp(0.1 * target.abs(), max=units) if self.decimals == 0 else units * unit
        return (numbers - target).abs() <= torch.where(is_count, 0.0, allowed) + noise

    def _is_cut_off(self, numbers: torch.Tensor, expected: torch.Tensor) -> bool:
        """Whether these are the first decimals of the right numbers, without rounding."""
        cut = (expected * 10.0**self.decimals).trunc() / 10.0**self.decimals
        cut_off = torch.isclose(numbers, cut, rtol=0, atol=1e-9) | self._near(numbers, expected)
        return self.decimals > 0 and bool(cut_off.all())

    def _right_decimals(self, numbers: torch.Tensor, expected: torch.Tensor) -> int:
        """To how many decimals these are the right numbers, rounded: fewer than asked, 0 if it is none."""
        for decimals in range(self.decimals - 1, 0, -1):
            if torch.allclose(numbers, expected.round(decimals=decimals), rtol=0, atol=1e-6):
                return decimals
        return 0

    def _difference(self, numbers: torch.Tensor) -> str:
        """What is off. Never the right number: it is the student's to find."""
        expected, shape = _known(self.expected).squeeze(), tuple(numbers.shape)
        numbers = numbers.squeeze()
        if numbers.shape != expected.shape:
            return f"The shape of your answer is {shape}. {self._asked()}"
        if not numbers.isfinite().all():
            return f"{self._show(numbers)} is not finite: look for 0/0 or for an exponential that overflows."
        if decimals := self._right_decimals(numbers, expected):
            asked = f"{self.decimals} are asked."
            # It may be another number all the same: 6/15 agrees with 12/29 to one decimal.
            return f"{self._show(numbers)} agrees to {_decimals(decimals)}: {asked}"
        if self._is_cut_off(numbers, expected):
            return f"{self._show(numbers)} is cut off, not rounded: the next digit is 5 or more. {self._asked()}"
        off = numbers - expected
        if self.is_position and off.ndim == 0:
            return f"It is not number {self._show(numbers)}. {self._asked()}"
        if off.ndim == 0:
            return f"{self._show(numbers)} is too {'large' if off > 0 else 'small'}. {self._asked()}"
        worst = show.place_of_largest(off.abs())
        return f"The entry at {worst} is farthest off: yours is {self._show(numbers[tuple(worst)])}."

    def _show(self, numbers: torch.Tensor) -> str:
        return (
            show.number(numbers.item(), decimals=max(4, self.decimals + 1))
            if numbers.ndim == 0
            else show.tensor(numbers)
        )


@dataclass(frozen=True, eq=False, repr=False)
class Choice:
    """One letter out of several: the answer to a multiple-choice question."""

    name: str
    question: multiple_choice.Question

    def __repr__(self) -> str:
        return f"Choice({self.name!r})"  # in a student's notebook: not the right letter

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if reading.read_in_time(reading.is_blank, answer) is True:
            return Finding(self.name, State.NOT_ATTEMPTED)
        given = reading.read_in_time(reading.letter, answer)
        letter = given.strip(string.punctuation + string.whitespace).lower() if isinstance(given, str) else None
        explanations = self.question.explanations
        if letter not in explanations:
            letters = ", ".join(f'"{letter}"' for letter in explanations)
            return Finding(self.name, State.NOT_YET, f"Answer with one letter in quotes: {letters}.")
        if letter == self.question.right:
            return Finding(self.name, State.RIGHT, explanations[letter])
        return Finding(self.name, State.NOT_YET, explanations[letter], f"chose {letter}")


def _known(numbers: Any) -> torch.Tensor:
    """The numbers that an exercise's author has written, as a tensor."""
    tensor = reading.answer(numbers)
    assert isinstance(tensor, torch.Tensor)
    return tensor


def _decimals(number: int) -> str:
    return f"{number} decimal{'s' if number > 1 else ''}"
