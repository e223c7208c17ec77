"""The questions of the capstone that no number, letter or function answers: a prediction, a trained network, a job.

Each judges on its own, so that a submission is graded like a student's notebook: what is the student's is called, and
what it returns is plain data. Nothing of the student's is trained here. Two networks of the check's own are, on the
pictures of a job that a student has designed: they see nothing but the mean of each channel, which takes seconds.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from courseware.exercises import journal, reading, time_limit
from courseware.exercises.reading import Other
from courseware.exercises.report import Finding, State
from courseware.exercises.run import Run, run
from visual_attention.blocks import SqueezeExcitation
from visual_attention.experiments import Difference, stored
from visual_attention.lessons.capstone.data import SIDE, Job, beacon
from visual_attention.lessons.capstone.experiment import CHANNELS, Gallery, seen_by, train_quickly
from visual_attention.training import accuracy, initialised

__all__ = ["Design", "Outcome", "Prediction", "Reads", "Session"]


@dataclass
class Session:
    """What one question of the capstone leaves for another: for as long as the kernel runs, and in no file."""

    predicted: list[tuple[float, float]] = field(default_factory=list)  # noted while a student works, oldest first
    reads: float | None = None  # the share that `Reads` has just measured, for the outcome behind it in the same check

    def note(self, expected: float, line: float) -> None:
        if journal.is_kept() and (expected, line) not in self.predicted[-1:]:
            self.predicted.append((expected, line))


def _numbers(answer: Any, count: int, what: str) -> list[float] | str:
    """So many finite numbers, or a sentence on what it is instead; empty if nothing was given."""
    if reading.read_in_time(reading.is_blank, answer) is True:
        return ""
    given = reading.read_in_time(reading.answer, answer)
    if isinstance(given, Other):
        return f"The answer is {given.kind}. {what}"
    if tuple(given.shape) != (count,) or given.is_complex() or not given.isfinite().all():
        return f"The shape of your answer is {tuple(given.shape)}. {what}"
    return [float(number) for number in given]


def _mean(block: str) -> float:
    return float(stored("beacon").of(block, "accuracy").mean())


def _line(expected: float, refuted: float) -> str:
    """What is wrong with a prediction and its line, or an empty text."""
    if not (0 < expected <= 1 and 0 <= refuted <= 1):
        return "Accuracies are shares, from 0 to 1, and not per cent."
    if refuted > expected:
        return "Your line lies above your prediction: it would be refuted although it came true."
    if refuted <= _mean("none, wide") + 0.02:
        return (
            "A network that has learned nothing about the dot, and picks one digit of three, would not fall below your "
            "line: then hardly a result could refute you."
        )
    return ""


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """Two numbers, written down before anything is trained: what is expected, and below what it is refuted.

    Any prediction is right that a result could refute.
    """

    name: str
    session: Session = field(default_factory=Session)
    points: ClassVar[int] = 3

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        numbers = _numbers(answer, 2, "Two numbers are asked: what you expect, and below what you give it up.")
        if isinstance(numbers, str):
            return Finding(self.name, State.NOT_YET if numbers else State.NOT_ATTEMPTED, numbers)
        if fault := _line(*numbers):
            return Finding(self.name, State.NOT_YET, fault)
        self.session.note(*numbers)
        message = f"Noted: {numbers[0]:.2f}, and given up below {numbers[1]:.2f}. Do not change it any more."
        return Finding(self.name, State.RIGHT, message)


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """The prediction's two numbers again, then what three starts have reached: compared, whatever came out.

    The two are those that were noted in this session, if any were. The three are near what the network reads that was
    tried in the same check, if one was.
    """

    name: str
    session: Session = field(default_factory=Session)
    points: ClassVar[int] = 3

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        share, self.session.reads = self.session.reads, None
        numbers = _numbers(
            answer, 5, "Five numbers are asked: your prediction's two, then the accuracies of three starts."
        )
        if isinstance(numbers, str):
            return Finding(self.name, State.NOT_YET if numbers else State.NOT_ATTEMPTED, numbers)
        expected, line, *reached = numbers
        if fault := _not_as_noted(numbers, self.session.predicted) or _line(expected, line):
            return Finding(self.name, State.NOT_YET, fault)
        if not all(0 <= number <= 1 for number in reached):
            return Finding(self.name, State.NOT_YET, "Accuracies are shares, from 0 to 1, and not per cent.")
        if len(set(reached)) == 1:
            return Finding(
                self.name,
                State.NOT_YET,
                "Three starts, and one accuracy: train with seeds 0, 1 and 2, a new gate each.",
            )
        over = Difference(torch.tensor(reached, dtype=torch.float64) - _mean("none, wide"))
        if not over.found or over.mean < 0:
            return Finding(
                self.name,
                State.NOT_YET,
                f"Over the wide control that is {over.mean:+.2f} ± {over.error:.2f}: no finding. Is the gate in "
                f"the slot, "
                "and trained? Look at one set of its weights.",
            )
        if share is not None and (fault := _not_measured(reached, share)):
            return Finding(self.name, State.NOT_YET, fault)
        compared = _compared(expected, line, torch.tensor(reached))
        remark = self._on_the_note()
        return Finding(self.name, State.RIGHT, f"{compared} {remark}" if remark else compared)

    def _on_the_note(self) -> str:
        noted = self.session.predicted
        if not noted:
            return NOTHING_NOTED if journal.is_kept() else ""
        if noted[0] == noted[-1]:
            return ""
        return f"Noted first were {noted[0][0]:.2f} and {noted[0][1]:.2f}: say in your comment why you have changed it."


NOTHING_NOTED = (
    "Whether the first two are your prediction could not be seen: since this kernel was started, exercise 7 was not "
    "checked."
)
SAME = 0.005  # a prediction has two decimals


def _not_as_noted(numbers: list[float], noted: list[tuple[float, float]]) -> str:
    """What is wrong with the first two of the five numbers, where a prediction was noted; or an empty text."""
    if not noted:
        return ""

    def is_at(place: int, expected: float, line: float) -> bool:
        return abs(numbers[place] - expected) < SAME and abs(numbers[place + 1] - line) < SAME

    expected, line = noted[-1]
    if is_at(0, expected, line):
        return ""
    if any(is_at(place, expected, line) for place in (1, 2, 3)):
        return "Your prediction's two numbers come first, then the three accuracies: they stand in another order."
    return (
        f"Noted in exercise 7 were {expected:.2f} and {line:.2f}: these two come first, as they were, whatever the "
        "result is."
    )


def _not_measured(reached: list[float], share: float) -> str:
    """Whether three accuracies cannot be those of networks one of which reads this share of fresh pictures."""
    near = min(abs(number - share) for number in reached)
    pictures = 1 / FRESH + 1 / 500  # those of the check, and those of the accuracies
    if near > 4 * (share * (1 - share) * pictures) ** 0.5 + 0.02:
        return (
            f"Of fresh pictures the network in your function reads {share:.2f}, and none of the three accuracies is "
            "near that: are they those of your networks, on the test pictures?"
        )
    if max(abs(number - share) for number in reached) > APART:
        return (
            f"Of fresh pictures the network in your function reads {share:.2f}, and one of the three accuracies is far "
            "from that: are these three starts of one gate, with the mean, each trained?"
        )
    return ""


def _compared(expected: float, line: float, reached: Tensor) -> str:
    mean, spread = float(reached.mean()), float(reached.std())
    said = f"Expected {expected:.2f}, reached {mean:.2f} ± {spread:.2f} (standard deviation of three starts)."
    if mean < line:
        return (
            f"{said} Below your own line of {line:.2f}: refuted. That is a result, and an honest one: what did you "
            "take into account that does not matter, or leave out that does?"
        )
    if abs(mean - expected) <= max(0.05, spread):
        return f"{said} As near as that can be said beforehand. Was it for the reason that you had?"
    if mean > expected:
        return f"{said} Better than you thought: what in the job is easier than it looks?"
    return f"{said} Less than you thought, and above your line of {line:.2f}: it stands, weakened. What holds it back?"


# --------------------------------------------------------------------------------------------------- a network reads
FRESH = 201  # pictures in a check: two calls of a hundred, and first a single one
APART = 0.3  # no two starts of one gate lie as far apart: those of the sheet within 0.02
ENOUGH = 0.6  # of the pictures; the wide control reads a third, the gate that is asked four fifths


@dataclass(frozen=True, eq=False, repr=False)
class Reads:
    """A function from pictures (n, 4, 48, 48) to scores (n, 10), tried on pictures that nobody has seen before.

    What it reads is left in `session` for the outcome. `job` makes them: it takes a number, a split and a seed.
    """

    name: str
    job: Callable[..., Job] = beacon
    session: Session = field(default_factory=Session)
    seconds: float = 30.0
    points: ClassVar[int] = 5

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        self.session.reads = None
        if not callable(answer):
            return _no_function(self.name, answer)
        number = secrets.randbelow(10**6) if seed is None else seed
        shown = self.job(FRESH, "test", seed=10_000 + number)
        guesses = []
        for part in (slice(0, 1), slice(1, 101), slice(101, FRESH)):  # first a single picture
            inks = shown.inks[part]
            like = torch.zeros(len(inks), 10)
            done = run(answer, (inks,), like, seed=number, seconds=self.seconds)
            if done.unwritten:
                return Finding(self.name, State.NOT_ATTEMPTED)
            if fault := _fault(done, like):
                return Finding(self.name, State.NOT_YET, fault)
            assert isinstance(done.result, Tensor)
            guesses.append(done.result.argmax(dim=1))
        answers, labels = torch.cat(guesses), shown.labels[:, 0]
        share = float((answers == labels).double().mean())
        if share >= ENOUGH:
            self.session.reads = share
            control = stored("beacon").spread("none, wide", "accuracy", 2)
            return Finding(
                self.name,
                State.RIGHT,
                # Not the share itself: the pictures are drawn anew at each check, and a notebook is compared.
                f"It reads at least {ENOUGH} of {FRESH} pictures that it has never seen: one alone, then twice a "
                f"hundred. The wide control, with 37,056 weights in the slot, reads {control}.",
            )
        return Finding(self.name, State.NOT_YET, _why(share, answers))


def _why(share: float, answers: Tensor) -> str:
    said = f"It reads {share:.2f} of these fresh pictures, {ENOUGH} is asked."
    if len(answers.unique()) == 1:
        return f"{said} It gives one answer, {int(answers[0])}, whatever the picture is."
    if share < 0.2:
        return f"{said} That is guessing. Is it the trained network, in evaluation mode, behind the trunk's features?"
    if share < 0.42:
        return (
            f"{said} That is one of the three digits, whatever the dot's colour: does your gate depend on the picture, "
            "and has it been trained?"
        )
    return f"{said} On the way. Is the gate made of the mean, with a softmax over the inks, and trained for 400 steps?"


def _no_function(name: str, answer: Any) -> Finding:
    if reading.read_in_time(reading.is_blank, answer) is True:
        return Finding(name, State.NOT_ATTEMPTED)
    kind = reading.read_in_time(reading.kind_of, answer)
    kind = kind.kind if isinstance(kind, Other) else kind
    return Finding(name, State.NOT_YET, f"A function is asked, this is {kind}.")


def _fault(done: Run, like: Tensor) -> str:
    """What is wrong with a call that is to give scores, in a sentence, or an empty text."""
    if done.late:
        return "It takes too long: it was stopped. Train before, and not in this function."
    if done.calls:
        return f"It calls {done.calls}, which is not written yet."
    if done.error is not None:
        return f"It raised {done.error.rstrip('.')}."
    if not isinstance(done.result, Tensor):
        return f"It returned {done.result.kind}: scores are asked, a tensor (n, 10)."
    if done.result.shape != like.shape:
        return (
            f"For pictures {(len(like), 4, SIDE, SIDE)} it returned the shape {tuple(done.result.shape)}, and "
            f"{tuple(like.shape)} is asked: the read-out has one more axis, for its one question."
        )
    if done.result.is_complex() or not done.result.isfinite().all():
        return "Scores are finite real numbers: there are others among them."
    if done.changed:
        return "It changes the pictures in place: compute on new tensors instead."
    return ""


# ------------------------------------------------------------------------------------------------------ a job designed
CALL = 200  # pictures in one call: as many as an answer may hold when it is graded
LEARN, TEST = 5, 2  # calls
STARTS = (0, 1, 2, 3)
GAIN = 0.05  # less is not worth a block, whatever its error
VIEW = 14  # pixels of a cell's view
INK_NOISE = 0.05
BEACON = 0.5  # of the beacon's own pictures the trunk reads two thirds and more, of others hardly one

Parts = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """A function `(n, seed)` that makes the pictures of a job, right when it keeps the contract and separates SE from
    nothing.

    It returns `inks` (n, 4, 48, 48), `labels` (n,), and the boxes of `cue` and `answer` (n, 4).
    """

    name: str
    seconds: float = 30.0
    points: ClassVar[int] = 8

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if not callable(answer):
            return _no_function(self.name, answer)
        number = secrets.randbelow(10**6) if seed is None else seed
        made: list[Parts] = []
        # A few of any size; the same again; others; then the pictures to train and to test on, the same at each check.
        calls = [(3, number), (3, number), (3, number + 1), (1, number + 2)]
        calls += [(CALL, 10**7 + i) for i in range(LEARN + TEST)]
        with time_limit.unchanged():
            for i, (n, each) in enumerate(calls):
                torch.manual_seed(i)  # whoever draws without a generator gives something else the second time
                outcome = time_limit.call(_called, (answer, n, each), self.seconds)
                found = self._read(outcome, n, each)
                if isinstance(found, Finding):
                    return found
                made.append(found)
        first, again, other, _, *rest = made
        if not all(torch.equal(a, b) for a, b in zip(first, again, strict=True)):
            return self._not_yet(
                "The same seed gives other pictures the second time: every choice has to come from "
                "torch.Generator().manual_seed(seed), handed to each function that draws."
            )
        if torch.equal(first[0], other[0]):
            return self._not_yet("Two seeds give the same pictures: does anything depend on the seed?")
        if fault := _of_all(rest):
            return self._not_yet(fault)
        if _asks_as_the_beacon(*rest[0]):
            return self._not_yet(
                "That is the beacon, the course's own job: a dot stands at the cue, and the answer is the digit in its "
                "ink. Change what asks, or what is asked."
            )
        return self._verdict(rest)

    def _not_yet(self, sentence: str) -> Finding:
        return Finding(self.name, State.NOT_YET, sentence)

    def _read(self, outcome: time_limit.Outcome, n: int, seed: int) -> "Parts | Finding":
        if outcome.late:
            return self._not_yet(f"It takes too long for {n} pictures, and was stopped.")
        if issubclass(type(outcome.error), NotImplementedError):
            return Finding(self.name, State.NOT_ATTEMPTED)
        if outcome.error is not None:
            return self._not_yet(f"For n = {n} it raised {reading.in_words(outcome.error).rstrip('.')}.")
        if isinstance(outcome.result, str):
            return self._not_yet(outcome.result)
        fault = _of_the_parts(outcome.result, n)
        return self._not_yet(f"For n = {n}, seed = {seed}: {fault}") if fault else outcome.result

    def _verdict(self, rest: list[Parts]) -> Finding:
        key = hashlib.sha256(b"".join(part.numpy().tobytes() for each in rest for part in each[:2])).digest()
        if key not in _measured:
            _measured.clear()  # one design at a time
            _measured[key] = _trained_on(rest)
        nothing, gated = _measured[key]
        gain = Difference(gated - nothing)
        said = (
            f"Nothing in the slot {float(nothing.mean()):.2f}, SE {float(gated.mean()):.2f}: {gain.mean:+.3f} ± "
            f"{gain.error:.3f} over {len(STARTS)} starts."
        )
        if gain.mean < -GAIN and gain.found:
            return self._not_yet(f"The contract is kept. {said} SE is behind: what does its gate throw away?")
        if not gain.found or gain.mean < GAIN:
            high = float(nothing.mean()) > 0.9
            why = (
                "nothing is needed: does the answer show without the cue?"
                if high
                else "is the cue's ink the one that matters, and does a mean over 144 cells still see it?"
            )
            return self._not_yet(f"The contract is kept. {said} The design does not separate them: {why}")
        return Finding(self.name, State.RIGHT, f"{said} A finding: your design separates them.")


_measured: dict[bytes, tuple[Tensor, Tensor]] = {}


def _called(function: Callable, n: int, seed: int) -> Any:
    """Call a student's generator and read what it returns while the guard is up: four tensors, or a sentence."""
    result = function(n, seed)
    if not isinstance(result, list | tuple) or len(result) != 4:
        return f"It returned {reading.kind_of(result)}: four things are asked, inks, labels, cue, answer."
    parts = []
    for name, part in zip(("inks", "labels", "cue", "answer"), result, strict=True):
        if not isinstance(part, Tensor):
            return f"{name} is {reading.kind_of(part)}: a tensor is asked."
        if type(part) is not Tensor or part.layout is not torch.strided or part.numel() > 4 * SIDE * SIDE * n:
            return (
                f"{name} is {reading.kind_of(part)} of shape {tuple(part.shape)}: a plain one of the shape asked for."
            )
        parts.append(torch.zeros(part.shape, dtype=part.dtype).copy_(part.detach()))
    return tuple(parts)


def _of_the_parts(parts: Parts, n: int) -> str:
    """What is wrong with the shapes and ranges of some pictures, or an empty text."""
    inks, labels, cue, answer = parts
    if tuple(inks.shape) != (n, 4, SIDE, SIDE):
        return f"inks has the shape {tuple(inks.shape)}, {(n, 4, SIDE, SIDE)} is asked."
    if inks.dtype != torch.float32:
        return f"inks is {str(inks.dtype).removeprefix('torch.')}, float32 is asked."
    if not inks.isfinite().all() or float(inks.min()) < 0 or float(inks.max()) > 1:
        return "inks must lie from 0, paper, to 1, full ink. The check adds the noise."
    if tuple(labels.shape) != (n,):
        return f"labels has the shape {tuple(labels.shape)}, {(n,)} is asked."
    if labels.dtype != torch.int64 or int(labels.min()) < 0 or int(labels.max()) > 9:
        return "labels must be whole numbers (int64) from 0 to 9."
    for name, box in (("cue", cue), ("answer", answer)):
        if tuple(box.shape) != (n, 4) or box.dtype != torch.int64:
            return f"{name} must be boxes (n, 4), int64: row, column, height, width. Yours: {tuple(box.shape)}."
        if int(box[:, :2].min()) < 0 or int(box[:, 2:].min()) < 1 or int((box[:, :2] + box[:, 2:]).max()) > SIDE:
            return f"a box of {name} does not lie in the picture, or is empty."
    if int(cue[:, 2:].max()) > VIEW:
        return f"the cue stands at one place, in a box of at most {VIEW} × {VIEW} pixels; yours is larger."
    for name, box in (("cue", cue), ("answer", answer)):
        if not all(_inked(inks[i], box[i]) for i in range(n)):
            return f"in some picture there is no ink in the box of {name}."
    start, end = cue[:, :2], cue[:, :2] + cue[:, 2:]
    gaps = torch.maximum(answer[:, :2] - end, start - answer[:, :2] - answer[:, 2:])  # free pixels between, each axis
    if int(gaps.amax(dim=1).min()) < VIEW - 1:
        return (
            f"in some picture a cell, which sees {VIEW} × {VIEW} pixels, sees both cue and answer: leave "
            f"{VIEW - 1} rows, "
            f"or {VIEW - 1} columns, free between their boxes."
        )
    return ""


def _inked(inks: Tensor, box: Tensor) -> bool:
    row, column, height, width = box.tolist()
    return float(inks[:, row : row + height, column : column + width].max()) > 0.5


def _of_all(rest: list[Parts]) -> str:
    """Are there at least two answers, about equally frequent?"""
    labels = torch.cat([each[1] for each in rest])
    counts = torch.bincount(labels, minlength=10)
    kinds = int((counts > 0).sum())
    if kinds < 2:
        return f"Every picture has the answer {int(labels[0])}: there is nothing to read."
    share = counts.double() / len(labels)
    allowed = 4 * (1 / kinds * (1 - 1 / kinds) / len(labels)) ** 0.5 + 0.01
    off = torch.where(counts > 0, (share - 1 / kinds).abs(), 0.0)
    if float(off.max()) > allowed:
        worst = int(off.argmax())
        return (
            f"The answers are not balanced: {worst} is right in {share[worst]:.0%} of the pictures, where "
            f"{kinds} answers "
            f"should have {1 / kinds:.0%} each. Who says {int(counts.argmax())} always need not look."
        )
    return ""


def _asks_as_the_beacon(inks: Tensor, labels: Tensor, cue: Tensor, answer: Tensor) -> bool:
    """Whether in most pictures a dot is the cue, and the answer the digit that stands in its ink, among others."""
    dots = _in_the_boxes(inks, cue).clamp(0, 1)
    there = dots.amax(dim=(2, 3)) > 0.5  # (n, 4), where ink is
    is_a_dot = (there.sum(dim=1) == 1) & (dots.sum(dim=(1, 2, 3)) < 30)  # one of 21 pixels, and hardly a digit
    ink = there.int().argmax(dim=1)
    digits = _in_the_boxes(inks, answer)
    among_others = (digits.amax(dim=(2, 3)) > 0.5).sum(dim=1) > 1
    with torch.no_grad():
        read = Gallery.stored().trunk(digits[torch.arange(len(inks)), ink][:, None])[:, :10].argmax(dim=1)
    return float((is_a_dot & among_others & (read == labels)).double().mean()) > BEACON


def _in_the_boxes(inks: Tensor, boxes: Tensor) -> Tensor:
    """The pictures with nothing outside of a box in each."""
    rows = columns = torch.arange(SIDE)
    top, left, height, width = (side[:, None] for side in boxes.unbind(dim=1))
    in_rows, in_columns = (rows >= top) & (rows < top + height), (columns >= left) & (columns < left + width)
    return inks * (in_rows[:, :, None] & in_columns[:, None])[:, None]


def _trained_on(rest: list[Parts]) -> tuple[Tensor, Tensor]:
    """Accuracies with nothing and with SE in the slot, one for each start: shape (4,) each.

    Behind a mean over all cells both see the mean of each channel only: the mean of s · x is s · the mean of x. So
    maps of one cell, which hold the means, give the same networks for a hundredth of the work.
    """
    trunk = Gallery.stored().trunk
    generator = torch.Generator().manual_seed(0)
    means = []
    for inks, *_ in rest:
        noisy = inks + INK_NOISE * torch.randn(inks.shape, generator=generator)
        means.append(seen_by(trunk, noisy).mean(dim=(2, 3), keepdim=True))  # (n, 65, 1, 1)
    inputs, labels = torch.cat(means), torch.cat([each[1] for each in rest])[:, None]
    learn = CALL * LEARN
    reached: dict[str, list[float]] = {"nothing": [], "SE": []}
    for start in STARTS:
        for name, found in reached.items():
            slot = nn.Identity() if name == "nothing" else initialised(lambda: SqueezeExcitation(CHANNELS, 2), start)
            trained = train_quickly(slot, inputs[:learn], labels[:learn], start)
            found.append(accuracy(trained, inputs[learn:], labels[learn:]))
    nothing, gated = (torch.tensor(found, dtype=torch.float64) for found in reached.values())
    return nothing, gated
