"""Questions that ask to build: a class, `Module`, which makes an `nn.Module`; a training loop, `Loop`; and `Measured`,
numbers that come out of a training.

A class is right when what it makes has the weights of the tested block, under the same names, and does the same with
them::

    Module(
        "SqueezeExcite",
        "SqueezeExcite(channels, reduction) → a module that gates the channels of (N, C, H, W)",
        SqueezeExcitation,
        lambda generator: [Case((torch.rand(2, 8, 3, 4, generator=generator),), (8,), {"reduction": 4})],
    )

The check looks in the order in which people build, and says the first thing that is wrong: does the constructor run;
are the weights registered, and do names and shapes agree; what comes out of `forward`, of which shape and dtype; is
the input left alone; with the weights of the tested block, is the output the same, in evaluation and in training
mode; does the gradient reach every weight; does it start as it should; do all weights move in a short training.
Everything that touches the student's class is in :mod:`courseware.exercises.probe`.
"""

import functools
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from courseware.exercises import reading, show, time_limit
from courseware.exercises.probe import Elsewhere, Probe, State, layers, probe, probe_loop
from courseware.exercises.questions import Mistake
from courseware.exercises.reading import Other
from courseware.exercises.report import Finding
from courseware.exercises.report import State as Verdict

__all__ = ["Case", "Loop", "Measured", "Module", "Training"]


@dataclass(frozen=True)
class Case:
    """One trial of a class: the `inputs` of its `forward`, and what it is made with, by position and by name.

    Inputs are tensors, the first a floating-point one; a short training runs on them, so that a batch of two or more
    shows more. A module is tried in float32 and in float64: the dtype of inputs does not matter. With `ties`,
    inputs meet a kink (equal numbers for a maximum, zeros for a ReLU), where right modules may differ in their
    gradients: these are then looked for, and not compared as numbers. `method` is another one that is tried in place
    of `forward`, with the same inputs.
    """

    inputs: tuple[Any, ...]
    arguments: tuple = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    ties: bool = False
    method: str = "forward"


@dataclass(frozen=True)
class Training:
    """One trial of a training loop: the `layers` of the network, names of torch.nn and what they are made with, and
    the arguments of the loop behind the network.
    """

    layers: tuple[tuple, ...]
    arguments: tuple


class _Result(NamedTuple):
    """A probe of the student's answer, or that it took too long; and what it printed."""

    probe: Probe
    late: bool = False
    running: bool = False
    printed: str = ""
    used: float = 0.0  # seconds of the time limit


def no_edge_cases() -> Iterable[tuple[str, Any]]:
    return ()


def drawn(name: str, value: Tensor, generator: torch.Generator) -> Tensor:
    """Other numbers for an entry of a state_dict: near those that a fresh module has, variances above 0."""
    if not value.is_floating_point():
        return value
    noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
    if name.endswith("running_var"):
        return 0.5 + noise.abs()
    width = value[0].numel() if value.ndim > 1 else 4
    return value.double() + noise / max(width, 1) ** 0.5


@dataclass(frozen=True, eq=False, repr=False)
class _Built:
    """What both questions share: cases, mistakes, and that fixed inputs are followed by fresh ones."""

    name: str
    asked: str
    reference: Callable[..., Any]
    cases: Callable[[torch.Generator], Iterable[Any]]
    mistakes: tuple[Mistake, ...] = ()
    edge_cases: Callable[[], Iterable[tuple[str, Any]]] = no_edge_cases
    rtol: float = 1e-6
    atol: float = 1e-9
    remark: str = ""  # said with a right answer
    seconds: float = 10.0  # for all cases together

    what: ClassVar[str] = "A class"
    unwritten: ClassVar[tuple[str, ...]] = ()  # the stages at which a stub raises
    ended: ClassVar[str] = ""  # the stage of a probe that got to the end

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        # Not isinstance, which asks an object for its class: a hostile one may raise, or never end, when asked.
        is_made = issubclass(type(answer), nn.Module)
        if not callable(answer) or is_made:
            if reading.read_in_time(reading.is_blank, answer) is True:
                return Finding(self.name, Verdict.NOT_ATTEMPTED)
            kind = reading.read_in_time(reading.kind_of, answer)
            kind = kind.kind if isinstance(kind, Other) else kind
            if is_made:
                kind = "a module that was made already: give the class itself, without brackets"
            return Finding(self.name, Verdict.NOT_YET, f"{self.what} is asked, this is {kind}.")
        if seed is not None:
            return self._judge(answer, seed)
        known = self._judge(answer, 0)
        if known.state is not Verdict.RIGHT:
            return known
        seed = secrets.randbelow(10**6)
        fresh = self._judge(answer, seed)
        if fresh.state is Verdict.RIGHT:
            return known
        details = (*fresh.details, ("again", f"check(…, seed={seed}) takes these inputs"))
        message = f"Right on the first inputs, not on others. {fresh.message}"
        return Finding(self.name, Verdict.NOT_YET, message, fresh.mistake, details)

    def _judge(self, answer: Callable, seed: int) -> Finding:
        cases, names, states, right = _trials(self, seed)
        results: list[_Result] = []
        left = self.seconds
        for number, (case, state) in enumerate(zip(cases, states, strict=True)):
            results.append(self._run(answer, case, state, seed + number, left))
            if results[-1].late:
                break
            left -= results[-1].used
        note = next((result.printed for result in results if result.printed), "")
        mine = [result.probe for result in results]
        if not results[0].late and mine[0].stub and mine[0].stage in self.unwritten:
            return Finding(self.name, Verdict.NOT_ATTEMPTED)
        faults = [
            self._late(result) or self._fault(result.probe, expected, case)
            for result, expected, case in zip(results, right, cases, strict=False)
        ]
        if not any(faults):
            faults = [self._over_all(mine, right)]
        if not any(faults):
            return Finding(self.name, Verdict.RIGHT, " ".join(filter(None, (self.remark, note))))
        first = next(number for number, fault in enumerate(faults) if fault)
        mistake = None if results[-1].late else self._recognise(mine, cases, seed, faults)
        message = mistake.feedback if mistake else faults[first]
        if names[first]:
            message = f"It goes wrong on an edge case: {names[first]}. {message}"
        details = [("mistake", mistake.name)] if mistake else []
        details += [("asked", self.asked), ("made with", self._call(cases[first]))]
        if mine[first].source and mine[first].error.rstrip(".") in message:
            details.append((f"line {mine[first].line}", mine[first].source))
        details += self._shown(mine[first], right[first], cases[first])
        message = " ".join(filter(None, (message, note)))
        return Finding(self.name, Verdict.NOT_YET, message, mistake.name if mistake else None, tuple(details))

    def _late(self, result: _Result) -> str:
        if not result.late:
            return ""
        sentence = (
            f"It takes too long: after {self.seconds:g} seconds for all inputs together it was still at this one. "
            "Is there a loop that never ends, or one over single numbers, which one expression would replace?"
        )
        if result.running:
            sentence += " It could not be stopped and may go on in the background: restart the kernel."
        return sentence

    def _run(self, answer: Any, case: Any, state: State, seed: int, seconds: float) -> _Result:
        with time_limit.unchanged() as transcript:
            outcome = time_limit.call(self._probed, (answer, case, state, seed), seconds)
        printed = _printed(transcript)
        if outcome.late:
            return _Result(Probe(), True, outcome.running, printed, outcome.used)
        if outcome.error is not None:
            words = reading.in_words(outcome.error)
            return _Result(Probe(stage="stopped", error=words), printed=printed, used=outcome.used)
        return _Result(outcome.result, printed=printed, used=outcome.used)

    def _recognise(self, mine: list[Probe], cases: list[Any], seed: int, faults: list[str]) -> Mistake | None:
        """The known mistake that does the same in every respect that is looked at, if any."""
        mistakes, tried = self._comparable(cases, faults)
        with time_limit.unchanged():
            for mistake in mistakes:
                wrong: list[Probe] = []
                for number in tried:
                    wrong.append(_wrong(self, seed, mistake, number))
                    if not self._same(mine[number], wrong[-1]):
                        break
                else:
                    if set(_moved([mine[number] for number in tried])) == set(_moved(wrong)):
                        return mistake
        return None

    def _close(self, mine: Tensor, right: Tensor) -> bool:
        return mine.shape == right.shape and torch.allclose(
            mine.double(), right.double(), rtol=self.rtol, atol=self.atol, equal_nan=True
        )

    def _all_close(self, mine: list[Tensor], right: list[Tensor]) -> bool:
        return len(mine) == len(right) and all(map(self._close, mine, right))

    def _comparable(self, cases: list[Any], faults: list[str]) -> tuple[tuple[Mistake, ...], list[int]]:
        """The mistakes that these faults may come from, and the numbers of the cases that show them."""
        return self.mistakes, list(range(len(cases)))

    # What the two kinds of question have of their own.
    def _state(self, case: Any, seed: int) -> State:
        raise NotImplementedError

    def _probed(self, answer: Any, case: Any, state: State, seed: int) -> Probe:
        raise NotImplementedError

    def _fault(self, mine: Probe, right: Probe, case: Any) -> str:
        raise NotImplementedError

    def _over_all(self, mine: list[Probe], right: list[Probe]) -> str:
        return ""

    def _same(self, mine: Probe, other: Probe) -> bool:
        raise NotImplementedError

    def _call(self, case: Any) -> str:
        raise NotImplementedError

    def _shown(self, mine: Probe, right: Probe, case: Any) -> list[tuple[str, str]]:
        return []


# What the author's own classes do is kept for a while: the same exercise is checked again and again.
@functools.lru_cache(maxsize=32)
def _trials(question: _Built, seed: int) -> tuple[list[Any], list[str], list[State], list[Probe]]:
    """All cases, the names of the edge cases among them, weights to load, and what the reference does with each."""
    with time_limit.unchanged():
        ordinary = list(question.cases(torch.Generator().manual_seed(seed)))
        edges = list(question.edge_cases())
        cases = ordinary + [case for _, case in edges]
        names = [""] * len(ordinary) + [name for name, _ in edges]
        states = [question._state(case, seed + number) for number, case in enumerate(cases)]
        right = [
            question._probed(question.reference, case, state, seed + number)
            for number, (case, state) in enumerate(zip(cases, states, strict=True))
        ]
    for each, case in zip(right, cases, strict=True):
        assert each.stage == question.ended, (each.stage, each.error, case)  # the author's mistake, no student's
    return cases, names, states, right


@functools.lru_cache(maxsize=1024)
def _wrong(question: _Built, seed: int, mistake: Mistake, number: int) -> Probe:
    """What a known mistake does with the case of this number."""
    cases, _, states, _ = _trials(question, seed)
    return question._probed(mistake.wrong, cases[number], states[number], seed + number)


@dataclass(frozen=True, eq=False, repr=False)
class Module(_Built):
    """A class that makes an `nn.Module`, right when it agrees with `reference`, a class too, on every case.

    `cases` takes a seeded generator and yields `Case`s, the simplest first; `edge_cases` further ones, each with a name
    that completes "It goes wrong on an edge case: …". The names that weights and sub-modules must have are those of the
    reference: the exercise's text has to say them. `draw` makes the numbers that are loaded, where those of
    `drawn` would not do (a width that must be above 0).

    With `starts_as_identity` a fresh module returns what it is given, as the reference does. `given` names parameters
    that start at what the module is made with. A class from one of the modules `not_from`, or derived from one there,
    is not the student's own.
    """

    starts_as_identity: bool = False
    given: tuple[str, ...] = ()
    not_from: tuple[str, ...] = ()
    draw: Callable[[str, Tensor, torch.Generator], Tensor] = drawn
    of_methods: tuple[Mistake, ...] = ()  # made in another method than forward, which is right in them

    unwritten: ClassVar[tuple[str, ...]] = ("constructor",)

    def _state(self, case: Case, seed: int) -> State:
        torch.default_generator.manual_seed(seed)
        state = self.reference(*case.arguments, **case.named).state_dict()
        generator = torch.Generator().manual_seed(seed)
        return [(name, self.draw(name, value, generator)) for name, value in state.items()]

    def _probed(self, answer: Any, case: Case, state: State, seed: int) -> Probe:
        if isinstance(answer, Elsewhere):
            return answer.probed(case.arguments, case.named, state, case.inputs, seed, case.method)
        return probe(answer, case.arguments, case.named, state, case.inputs, seed, case.method)

    def _comparable(self, cases: list[Case], faults: list[str]) -> tuple[tuple[Mistake, ...], list[int]]:
        # What a wrong block does in other methods is open.
        forward = [number for number, case in enumerate(cases) if case.method == "forward"]
        if any(faults[number] for number in forward if number < len(faults)):
            return self.mistakes, forward
        return self.of_methods, list(range(len(cases)))

    def _fault(self, mine: Probe, right: Probe, case: Case) -> str:
        if fault := _of_the_class(mine, self._call(case).partition(", then")[0]) or _of_the_state(mine, right):
            return fault
        fault = (
            _of_forward(mine, right, case.method)
            or self._of_the_numbers(mine, right)
            or self._of_the_gradient(mine, right, case)
            or self._of_the_start(mine, right, case)
        )
        return f"forward is right, {case.method} is not. {fault}" if fault and case.method != "forward" else fault

    def _of_the_numbers(self, mine: Probe, right: Probe) -> str:
        if mine.stage == "load":
            return f"The tested block's weights cannot be loaded: {mine.error.rstrip('.')}."
        if mine.stage == "double" and not mine.outputs:
            return (
                f"It runs in float32 and not in float64, where it raised {mine.error.rstrip('.')}. Is a tensor made on "
                "the way without dtype=x.dtype?"
            )
        if mine.stage == "double":
            return f"In training mode, after .train(), it raised {mine.error.rstrip('.')}."
        if mine.outputs[0].dtype != torch.float64:
            return f"From float64 it makes {show.dtype_of(mine.outputs[0])}: what is made on the way needs x.dtype."
        for output, target, mode in zip(mine.outputs, right.outputs, ("evaluation", "training"), strict=True):
            if output.shape != target.shape:
                return f"In {mode} mode the result has the shape {tuple(output.shape)}, not {tuple(target.shape)}."
            bad = ~output.isfinite()
            if bad.any() and target.isfinite().all():
                return (
                    f"With the tested block's weights, {int(bad.sum())} of {bad.numel()} numbers are nan or infinite."
                )
            if not self._close(output, target):
                if mode == "training":
                    return "In evaluation mode it is right, and not in training mode (after .train())."
                return (
                    f"With the weights of the tested block in it, the output is another one. {_worst(output, target)}"
                )
        return ""

    def _of_the_gradient(self, mine: Probe, right: Probe, case: Case) -> str:
        if mine.stage == "gradient":
            return f"Without torch.no_grad(), where gradients are kept, it raised {mine.error.rstrip('.')}."
        names = ["", *right.trainable]
        order = [mine.trainable.index(name) + 1 if name else 0 for name in names]
        gradients = [mine.gradients[place] for place in order]
        if lost := _listed(n for n, g, r in zip(names, gradients, right.gradients, strict=True) if n and _lost(g, r)):
            return (
                f"The output is right, and no gradient reaches {lost}: training cannot move it. Is something cut off "
                "by .detach(), .data, .item() or torch.no_grad()?"
            )
        if _lost(gradients[0], right.gradients[0]):
            return "The output is right, and no gradient goes back to the input: layers before it would not learn."
        for name, gradient, target in () if case.ties else zip(names, gradients, right.gradients, strict=True):
            if gradient.shape != target.shape or not torch.allclose(gradient.double(), target, rtol=1e-4, atol=1e-7):
                where = name or "the input"
                return f"The output is right, and the gradient of {where} is not: is a part cut off, by .detach()?"
        return ""

    def _of_the_start(self, mine: Probe, right: Probe, case: Case) -> str:
        for name in self.given:
            start, asked = mine.fresh[mine.names.index(name)], right.fresh[right.names.index(name)]
            if not torch.allclose(start.double(), asked.double(), rtol=1e-5):
                return f"{name} starts at {show.tensor(start)}, and the module was made with {show.tensor(asked)}."
        if mine.stage == "start":
            return f"A second module, made after the first, raised {mine.error.rstrip('.')}."
        if self.starts_as_identity and not self._close(mine.first[0], right.first[0]):
            return "A new module must return what it is given, and this one changes it: which weight has to start at 0?"
        return ""

    def _over_all(self, mine: list[Probe], right: list[Probe]) -> str:
        """What may be so by chance in one case: weights at the start, and whether they move; and whose class it is."""
        if not set(self.not_from).isdisjoint(name for each in mine for name in each.modules):
            return "It works, for it is the library's own class: write one of your own, from nn.Module."
        if constant := _always_the_same(mine, right):
            return (
                f"{_listed(constant)} starts with the same numbers each time a module is made: draw them at random "
                "(layers of torch.nn do so by themselves)."
            )
        still = [name for name in _moved(right) if name not in _moved(mine)]
        if still:
            return (
                f"A short training from the start does not move {_listed(still)}: no gradient reaches it. Are two "
                "factors of one product both 0 at the start?"
            )
        return ""

    def _same(self, mine: Probe, other: Probe) -> bool:
        if (mine.stage, mine.kind, mine.names) != (other.stage, other.kind, other.names):
            return False
        if [each.shape for each in mine.fresh] != [each.shape for each in other.fresh]:
            return False
        if mine.error != other.error or len(mine.gradients) != len(other.gradients):
            return False
        return (
            self._all_close(mine.outputs, other.outputs)
            and all(
                _lost(g, torch.ones(1)) == _lost(o, torch.ones(1))
                for g, o in zip(mine.gradients, other.gradients, strict=True)
            )
            and [each.shape for each in mine.single] == [each.shape for each in other.single]
            and (not self.starts_as_identity or self._all_close(mine.first, other.first) or not mine.first)
            and all(
                self._close(mine.fresh[k], other.fresh[k]) for k, name in enumerate(mine.names) if name in self.given
            )
        )

    def _call(self, case: Case) -> str:
        words = [str(value) for value in case.arguments] + [f"{name}={value}" for name, value in case.named.items()]
        shapes = ", ".join(str(tuple(value.shape)) for value in case.inputs if isinstance(value, Tensor))
        call = "called" if case.method == "forward" else f"its {case.method} called"
        return f"{self.name}({', '.join(words)}), then {call} with the shape {shapes}"

    def _shown(self, mine: Probe, right: Probe, case: Case) -> list[tuple[str, str]]:
        details = []
        if mine.outputs and not self._close(mine.outputs[0], right.outputs[0]):
            details += [("returned", show.tensor(mine.outputs[0])), ("expected", show.tensor(right.outputs[0]))]
        return details


@dataclass(frozen=True, eq=False, repr=False)
class Loop(_Built):
    """A training loop, `loop(module, …)`, right when it leaves the weights where `reference` leaves them.

    `cases` yields `Training`s: a small network, the same start weights for both, and the loop's further arguments,
    tensors and numbers such as inputs, targets, steps and the learning rate. `asked` must say which optimiser and
    which loss; the weights are compared as numbers, after one step in one case and after several in another, so that
    gradients which pile up are seen. What the loop returns is compared if the reference returns something.
    """

    rtol: float = 1e-5
    atol: float = 1e-7

    what: ClassVar[str] = "A function"
    unwritten: ClassVar[tuple[str, ...]] = ("loop",)
    ended: ClassVar[str] = "loop ended"

    def _state(self, case: Training, seed: int) -> State:
        torch.default_generator.manual_seed(seed)
        return [(name, value.double()) for name, value in layers(case.layers).state_dict().items()]

    def _probed(self, answer: Any, case: Training, state: State, seed: int) -> Probe:
        recipe, arguments = [list(layer) for layer in case.layers], tuple(map(_double, case.arguments))
        if isinstance(answer, Elsewhere):
            return answer.probed_loop(recipe, state, arguments, seed)
        return probe_loop(answer, recipe, state, arguments, seed)

    def _fault(self, mine: Probe, right: Probe, case: Training) -> str:
        if mine.error:
            return f"It raised {mine.error.rstrip('.')}."
        if mine.stage == "loop changed":
            return "It changes its arguments in place: the module is to change, not inputs and targets."
        if mine.stage != self.ended or len(mine.names) != len(mine.fresh):
            return "It did not come to an end."
        if mine.names != right.names:
            return "The module has other weights afterwards: its layers are to stay, and their numbers to change."
        if self._all_close(mine.fresh, right.again) and not self._all_close(right.fresh, right.again):
            return "No weight has changed: is optimiser.step() called, with the module's parameters, after backward()?"
        bad = [name for name, value in zip(mine.names, mine.fresh, strict=True) if not value.isfinite().all()]
        if bad:
            return f"Afterwards {_listed(bad)} holds nan or infinity."
        off = [n for n, m, r in zip(mine.names, mine.fresh, right.fresh, strict=True) if not self._close(m, r)]
        if off:
            return f"The weights end elsewhere than those of the tested loop: {_listed(off)}."
        if right.outputs and not self._all_close(mine.outputs, right.outputs):
            if not mine.outputs:
                return (
                    f"The weights are right. It returned {mine.kind}: {self.asked.partition('→')[2].strip()} is asked."
                )
            return "The weights are right, and what it returned is not."
        return ""

    def _same(self, mine: Probe, other: Probe) -> bool:
        return (
            (mine.stage, mine.error, mine.names) == (other.stage, other.error, other.names)
            and self._all_close(mine.fresh, other.fresh)
            and (self._all_close(mine.outputs, other.outputs) or not mine.outputs)
        )

    def _call(self, case: Training) -> str:
        network = ", ".join(f"{name}({', '.join(map(str, arguments))})" for name, *arguments in case.layers)
        words = [
            f"tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else str(value)
            for value in case.arguments
        ]
        return f"{self.name}(Sequential({network}), {', '.join(words)})"


@dataclass(frozen=True, eq=False, repr=False)
class Measured:
    """Numbers that a training has made, which differ a little from machine to machine and from student to student.

    `asked` says in one line which numbers, `shape` is theirs. `fault` is given them in float64 and returns one sentence
    on what is wrong, or an empty text. It must hold for every seed that the author has tried, with room to spare.
    """

    name: str
    asked: str
    fault: Callable[[Tensor], str]
    shape: tuple[int, ...] = ()
    remark: str = ""  # said with a right answer

    def __repr__(self) -> str:
        return f"Measured({self.name!r})"

    def judge(self, answer: Any, seed: int | None = None) -> Finding:
        if reading.read_in_time(reading.is_blank, answer) is True:
            return Finding(self.name, Verdict.NOT_ATTEMPTED)
        numbers = reading.read_in_time(reading.answer, answer)
        details = (("asked", self.asked),)
        if isinstance(numbers, Other):
            cure = numbers.cure or "a number is asked, or a tensor of numbers"
            return Finding(self.name, Verdict.NOT_YET, f"The answer is {numbers.kind}: {cure}.", details=details)
        if self.shape == () and numbers.numel() == 1:
            numbers = numbers.reshape(())
        if numbers.shape != self.shape:
            message = f"The shape of your answer is {tuple(numbers.shape)}, {self.shape} is asked."
        elif not numbers.isfinite().all():
            message = "Some of it is nan or infinite."
        else:
            message = self.fault(numbers)
        if message:
            return Finding(self.name, Verdict.NOT_YET, message, details=details)
        return Finding(self.name, Verdict.RIGHT, self.remark)


# ------------------------------------------------------------------------------------------------------------ sentences


def _of_the_class(mine: Probe, call: str) -> str:
    if mine.stage == "class":
        if mine.kind == "a class of its own":
            return f"It is no nn.Module: begin with class {mine.class_name}(nn.Module):"
        return f"A class is asked, this is {mine.kind}."
    if mine.stage == "stopped":
        return f"It raised {mine.error.rstrip('.')}."
    if mine.stage != "constructor":
        return ""
    if "before Module.__init__() call" in mine.error:
        return "The constructor has to begin with super().__init__(): before that, nothing can be put into a module."
    if mine.error.startswith("TypeError") and "__init__()" in mine.error:
        return f"It cannot be made as {call}: it raised {mine.error.rstrip('.')}."
    return f"The constructor raised {mine.error.rstrip('.')}."


_UNSEEN = "which nn.Module does not look into"
CURES = {
    "list of modules": f"a plain list of modules, {_UNSEEN}: use nn.ModuleList, or one name each",
    "tuple of modules": f"a plain tuple of modules, {_UNSEEN}: use nn.ModuleList, or one name each",
    "dict of modules": f"a plain dict of modules, {_UNSEEN}: use nn.ModuleDict, or one name each",
    "list of tensors": f"a plain list of tensors, {_UNSEEN}: use nn.ParameterList, or one name each",
    "tuple of tensors": f"a plain tuple of tensors, {_UNSEEN}: use nn.ParameterList, or one name each",
    "dict of tensors": f"a plain dict of tensors, {_UNSEEN}: use nn.ParameterDict, or one name each",
    "tensor": "a plain tensor, which is no parameter: wrap it, nn.Parameter(…)",
}


def _of_the_state(mine: Probe, right: Probe) -> str:
    """Are its weights registered, and do names and shapes agree?"""
    if mine.stage == "state":
        return f"Its state_dict cannot be made, it raised {mine.error.rstrip('.')}."
    shapes = {name: tuple(value.shape) for name, value in zip(mine.names, mine.fresh, strict=False)}
    asked = {name: tuple(value.shape) for name, value in zip(right.names, right.fresh, strict=True)}
    missing, unexpected = [n for n in asked if n not in shapes], [n for n in shapes if n not in asked]
    if missing:
        loose = next(iter(sorted(mine.loose, key=lambda pair: pair[0] not in missing)), None)
        if loose is not None and loose[1] in CURES:
            return (
                f"self.{loose[0]} is {CURES[loose[1]]}. Its weights are not registered: neither state_dict nor an "
                "optimiser sees them."
            )
        words = f"The state_dict lacks {_listed(f'{name} of shape {asked[name]}' for name in missing)}"
        words += f"; it has {_listed(unexpected)}, which is not asked" if unexpected else ""
        return f"{words}. The names are those of the text, and count."
    if unexpected and all(name.rpartition(".")[2] == "bias" for name in unexpected):
        return (
            f"The state_dict holds more than is asked: {_listed(f'{n} of shape {shapes[n]}' for n in unexpected)}. "
            "A bias that nobody asked for: bias=False leaves it out."
        )
    if unexpected:
        return (
            f"The state_dict holds more than is asked: {_listed(f'{n} of shape {shapes[n]}' for n in unexpected)}. "
            "Is something made twice that should be shared?"
        )
    for name, shape in shapes.items():
        if shape != asked[name]:
            return f"{name} has the shape {shape}, {asked[name]} is asked."
    if fixed := [name for name in right.trainable if name not in mine.trainable]:
        return f"{_listed(fixed)} is no parameter that training moves: is it a buffer, or without requires_grad?"
    if free := [name for name in mine.trainable if name not in right.trainable]:
        return (
            f"{_listed(free)} is a parameter, and should be a buffer that no training moves: self.register_buffer(…)."
        )
    return ""


def _of_forward(mine: Probe, right: Probe, method: str) -> str:
    if mine.stage == "forward":
        if mine.stub and method == "forward":
            return "The constructor is right so far; forward is not written yet."
        if 'missing the required "forward" function' in mine.error:
            return "It has no forward: def forward(self, x), inside the class."
        if f"object has no attribute '{method}'" in mine.error:
            return f"There is none: def {method}(self, x), inside the class."
        if mine.error:
            return f"{method} raised {mine.error.rstrip('.')}."
        if mine.kind == "None":
            return f"{method} returned None: did you forget return?"
        return f"{method} returned {mine.kind}, a tensor is asked."
    if mine.stage == "changed":
        if mine.error:
            return f"Called a second time, {method} raised {mine.error.rstrip('.')}."
        return f"{method} changes its input in place: compute a new tensor instead."
    if mine.single[0].shape == right.single[0].shape[1:] and right.single[0].shape[0] == 1:
        return (
            f"The result has the shape {tuple(mine.single[0].shape)}, expected was {tuple(right.single[0].shape)}. The "
            "axis of the batch is gone: does a squeeze() without a number take every axis of length 1?"
        )
    if mine.single[0].shape != right.single[0].shape:
        return f"The result has the shape {tuple(mine.single[0].shape)}, expected was {tuple(right.single[0].shape)}."
    if mine.single[0].dtype != right.single[0].dtype:
        return f"From float32 it makes {show.dtype_of(mine.single[0])}, {show.dtype_of(right.single[0])} was expected."
    return ""


def _listed(names: Iterable[str], most: int = 3) -> str:
    """Names in a row, the first ones if there are many; empty for none."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _worst(output: Tensor, target: Tensor) -> str:
    off = (output.double() - target.double()).abs()
    if off.ndim == 0:
        return f"It is {show.tensor(output)}, {show.tensor(target)} was expected."
    worst = tuple(show.place_of_largest(off))
    return (
        f"It is off most at {list(worst)}: {show.tensor(output[worst])} came back, {show.tensor(target[worst])} was "
        "expected."
    )


def _lost(gradient: Tensor, right: Tensor) -> bool:
    """No gradient where there should be one."""
    is_there = bool(gradient.numel()) and bool((gradient.abs() > 1e-12).any())
    should_be = bool(right.numel()) and bool((right.abs() > 1e-12).any())
    return should_be and not is_there


def _always_the_same(mine: list[Probe], right: list[Probe]) -> list[str]:
    """The weights that start alike in two modules in every case, where those of the tested block are drawn."""

    def is_alike(probed: Probe, name: str) -> bool:
        place = probed.names.index(name)
        return torch.equal(probed.fresh[place], probed.again[place])

    pairs = list(zip(mine, right, strict=True))
    return [name for name in right[0].trainable if all(is_alike(m, name) and not is_alike(r, name) for m, r in pairs)]


def _moved(probes: list[Probe]) -> list[str]:
    return list(dict.fromkeys(name for probed in probes for name in probed.moved))


def _double(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.double() if value.is_floating_point() else value.clone()
    return value


def _printed(transcript: time_limit.Transcript) -> str:
    text = " ".join(transcript.text.split())[:60]
    if transcript.lines > 1:
        return f'(It also printed {transcript.lines:,} lines, "{text}" first: hidden here.)'
    return f'(It also printed "{text}": hidden here.)' if text else ""
