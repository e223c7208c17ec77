"""Every exercise of every sheet against right answers, the wrong ones that people give, and mutants of the right one.

At the end a table of what was tried is printed:

    python -m pytest -s tests/visual_attention/test_exercise_mutants.py
"""

import importlib
import time
from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from sheets import run
from test_exercise_sheets import SHEETS, module_of
from test_wrong_answers import TABLES

from courseware.exercises import time_limit
from courseware.exercises.build import Loop, Measured, Module
from courseware.exercises.function import Function
from courseware.exercises.questions import Choice, Exercise, Value
from courseware.exercises.report import State
from courseware.text.derive import solved, unsolved

SEEDS = range(20)
LONG = "x" * 10_000


def questions():
    return [
        pytest.param(sheet.stem[3:], each, question, id=f"{sheet.stem[3:]}.{each.name}.{question.name}")
        for sheet in SHEETS
        for each in module_of(sheet).ALL
        for question in each.questions
    ]


QUESTIONS = questions()
of_functions = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Function)]
)
of_modules = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Module)]
)
of_built = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Module | Loop)]
)
of_values = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Value)]
)
of_choices = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Choice)]
)


class Tally:
    """Counts what held, for each exercise and in each column."""

    COLUMNS = ("stub", "seeds", "edges", "wrong", "mutants", "right")

    def __init__(self):
        self.counts = defaultdict(Counter)

    def add(self, lesson, exercise, column, number=1):
        self.counts[lesson, exercise.name][column] += number

    def __str__(self):
        rows = [("exercise", self.COLUMNS)]
        rows += [(".".join(key), [counts[c] for c in self.COLUMNS]) for key, counts in self.counts.items()]
        total = sum(self.counts.values(), Counter())
        rows.append(("together", [total[column] for column in self.COLUMNS]))
        return "\n".join(f"{name:40}" + "".join(f"{cell:>9}" for cell in cells) for name, cells in rows)


@pytest.fixture(scope="module")
def tally():
    tally = Tally()
    yield tally
    print(f"\n{tally}")


def answers_in(notebook):
    """What a sheet gives to each check: the exercise's name, its answers by position and by name."""
    given = {}

    def record(exercise, *answers, **named):
        given[exercise.name] = answers, named
        return judged(exercise, *answers, **named)

    judged = Exercise.check
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exercise, "check", record)
        run(notebook)
    return given


@pytest.fixture(scope="module")
def given():
    """For each lesson what its sheet gives to the checks, unsolved and solved."""
    return {
        sheet.stem[3:]: tuple(answers_in(derived(sheet.read_text("utf-8"))) for derived in (unsolved, solved))
        for sheet in SHEETS
    }


def is_short(finding):
    """A block that fits on a screen: a sentence or two, and a few lines."""
    return len(finding.message) < 700 and len(finding.details) <= 6 and all(len(t) < 2000 for _, t in finding.details)


def assert_rejected(finding, tally, lesson, exercise, column="mutants"):
    """Not right, and either named in a sentence or shown with what came back and what was expected."""
    assert finding.state is State.NOT_YET, finding
    labels = {label for label, _ in finding.details}
    assert finding.mistake or len(finding.message) > 20 or {"returned", "expected"} <= labels, finding
    assert is_short(finding)
    tally.add(lesson, exercise, column)


@pytest.mark.parametrize(
    ("lesson", "exercise"),
    [
        pytest.param(sheet.stem[3:], each, id=f"{sheet.stem[3:]}.{each.name}")
        for sheet in SHEETS
        for each in module_of(sheet).ALL
    ],
)
def test_the_stub_is_not_attempted_and_the_solution_passes_under_twenty_seeds(lesson, exercise, given, tally):
    for_stub, for_solution = (sheet[exercise.name] for sheet in given[lesson])
    assert exercise.check(*for_stub[0], **for_stub[1]).state is State.NOT_ATTEMPTED
    tally.add(lesson, exercise, "stub")
    # The inputs of a trained network or of a design are its own: a seed changes little there, and it takes seconds.
    has_inputs = any(isinstance(question, Function | Module | Loop) for question in exercise.questions)
    for seed in (None, *SEEDS) if has_inputs else (None, 1):
        report = exercise.check(*for_solution[0], **for_solution[1], seed=seed)
        assert report.passed, report
        tally.add(lesson, exercise, "seeds", seed is not None)


# --------------------------------------------------------------------------------------------------
# Functions


@of_functions
def test_differently_written_functions_pass(lesson, exercise, question, tally):
    answers = importlib.import_module(f"right_answers_{lesson}").RIGHT[question.name]
    assert len(answers) >= 2
    for answer in answers:
        for seed in (None, 1, 2, 3):
            finding = question.judge(answer, seed)
            assert finding.state is State.RIGHT, (answer.__name__, finding)
        tally.add(lesson, exercise, "right")


@of_functions
def test_every_function_meets_at_least_four_edge_cases_with_names(lesson, exercise, question, tally):
    edges = list(question.edge_cases())
    assert len(edges) >= 4
    assert len({name for name, _ in edges}) == len(edges)
    example = next(iter(question.cases(torch.Generator().manual_seed(0))))
    for name, case in edges:
        assert name == name.strip().rstrip("."), "a name is put into a sentence"
        assert len(case) == len(example)
        question.reference(*case)
    tally.add(lesson, exercise, "edges", len(edges))


@of_functions
def test_listed_wrong_functions_are_named(lesson, exercise, question, tally):
    for seed in range(3):
        for mistake in question.mistakes:
            finding = question.judge(mistake.wrong, seed)
            assert (finding.state, finding.mistake) == (State.NOT_YET, mistake.name)
            assert is_short(finding)
    tally.add(lesson, exercise, "wrong", len(question.mistakes))


def endless(*arguments):
    while True:
        len(arguments)


def raising(*arguments, **named):
    raise ZeroDivisionError("by hand")


def changed(question, change):
    """The reference with its result changed by `change`, which is given a tensor."""

    def mutant(*arguments):
        return change(torch.as_tensor(question.reference(*arguments)))

    return mutant


def in_place(question):
    def mutant(*arguments):
        result = question.reference(*arguments)
        arguments[0].mul_(2)
        return result

    return mutant


def other_axis(result):
    """What comes of summing, or stacking, along another axis: the axes in another order."""
    return result.movedim(0, -1)


def mutants_of(question):
    """Names of mutants, each with the mutant and words of which one must be said."""
    example = question.reference(*next(iter(question.cases(torch.Generator().manual_seed(0)))))
    example = torch.as_tensor(example)
    known = tuple(mistake.feedback for mistake in question.mistakes)
    yield "raises", raising, ("It raised ZeroDivisionError: by hand",)
    yield "infinite loop", endless, ("It takes too long",)
    yield "mutated input", in_place(question), ("in place",)
    yield "no result", lambda *arguments: None, ("did you forget return?",)
    if example.dtype == torch.bool:
        yield "negated", changed(question, torch.logical_not), ("True and False are swapped.",)
        yield "constant", changed(question, torch.ones_like), ("It returns True whatever", "Choose", *known)
        yield "wrong dtype", changed(question, torch.Tensor.float), ("return True or False",)
        yield "NaN", changed(question, lambda result: result * torch.nan), ("return True or False",)
        return
    yield "sign flipped", changed(question, torch.neg), ("The sign is flipped", *known)
    yield "constant", changed(question, lambda result: 0 * result + 0.5), ("It returns 0.5 whatever", *known)
    yield "NaN", changed(question, lambda result: result.float() * torch.nan), ("nan or infinite", "nan became", *known)
    yield "wrong dtype", changed(question, lambda result: result + 0j), ("dtype complex", "complex", "It returned")
    if example.ndim == 0:
        yield "off by one", changed(question, lambda result: result + 1), ("1 too large", *known)
        yield "shape", changed(question, lambda result: result[None]), ("shape (1,)",)
        return
    if example.shape[-1] > 1:
        yield "off by one", changed(question, lambda result: result.roll(1, -1)), ("off by one", "are off", *known)
    yield "off by one", changed(question, lambda result: result[1:]), ("The result has the shape", "of the", *known)
    if example.ndim >= 2:
        names = "swapped", "transposed", "axes stand in another order", "right numbers", "numbers are off", *known
        yield "transposed", changed(question, lambda result: result.transpose(-1, -2)), names
        yield "wrong axis", changed(question, other_axis), names


@of_functions
def test_mutants_of_a_function_are_rejected_by_name_or_counter_example(lesson, exercise, question, tally):
    question = replace(question, seconds=0.3)  # the limit itself is tried below
    kinds = []
    for kind, mutant, words in mutants_of(question):
        start = time.monotonic()
        finding = question.judge(mutant)
        assert time.monotonic() - start < 5
        assert_rejected(finding, tally, lesson, exercise)
        assert any(word in finding.message for word in words), (kind, finding.message)
        kinds.append(kind)
    assert len(set(kinds)) >= 5


@of_functions
def test_ten_thousand_printed_lines_stay_out_of_a_right_answer(lesson, exercise, question, capsys):
    def prints(*arguments):
        for n in range(10_000):
            print("line", n)
        return question.reference(*arguments)

    finding = replace(question, seconds=60.0).judge(prints, 0)  # however busy the machine is
    assert finding.state is State.RIGHT
    assert "10,000 lines" in finding.message
    assert is_short(finding)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["attention_weights", "number_of_weights"])
def test_an_infinite_loop_is_ended_when_its_time_is_over(name):
    ((exercise, question),) = [p.values[1:] for p in QUESTIONS if p.values[2].name == name]
    start = time.monotonic()
    report = exercise.check(**{name: endless})
    assert time.monotonic() - start < time_limit.BUSY * question.seconds + 3
    assert f"It takes too long: after {question.seconds:g} seconds" in repr(report)


@of_functions
def test_what_is_no_function_is_told_so(lesson, exercise, question, tally):
    for answer in (None, 1.0, torch.ones(2), "return", [1]):
        finding = question.judge(answer)
        assert finding.state is State.NOT_YET
        assert "A function is asked" in finding.message
    for answer in (type("Answer", (), {"__init__": lambda self, *arguments: None}), lambda *arguments: (yield 1)):
        assert question.judge(answer).state is State.NOT_YET


# --------------------------------------------------------------------------------------------------
# Modules and training loops


@of_built
def test_differently_built_answers_pass_under_twenty_seeds(lesson, exercise, question, tally):
    answers = importlib.import_module(f"right_answers_{lesson}").RIGHT[question.name]
    assert len(answers) >= 2
    # With the solution these are two that are written differently under twenty seeds, and more under a few.
    for seed in (None, *SEEDS):
        for answer in answers if seed in (None, 1, 2) else answers[:1]:
            finding = question.judge(answer, seed)
            assert finding.state is State.RIGHT, (answer.__name__, finding)
    tally.add(lesson, exercise, "right", len(answers))


@of_built
def test_every_module_meets_edge_cases_with_names(lesson, exercise, question, tally):
    names = [name for name, _ in question.edge_cases()]
    assert len(set(names)) == len(names)
    assert isinstance(question, Loop) or len(names) >= 2
    assert all(name == name.strip().rstrip(".") for name in names)
    tally.add(lesson, exercise, "edges", len(names))


@of_built
def test_listed_wrong_modules_are_named(lesson, exercise, question, tally):
    for mistake in question.mistakes:
        finding = question.judge(mistake.wrong, 0)
        assert finding.mistake == mistake.name
        assert_rejected(finding, tally, lesson, exercise, "wrong")


def module_mutants(right):
    """A right class with one thing changed; a name for it, and words of which one must be said."""

    def other(**functions):
        return type(right.__name__, (right,), functions)

    def forward(change):
        return other(forward=lambda self, *x: change(right.forward(self, *x), *x))

    def constructor(change):
        def made(self, *arguments, **named):
            right.__init__(self, *arguments, **named)
            change(self)

        return other(__init__=made)

    def unregister(self):
        """Keep the first layer or weight in a plain list."""
        name = next(iter({**self._modules, **self._parameters}))
        kept = getattr(self, name)
        delattr(self, name)
        object.__setattr__(self, "kept", [kept])

    def freeze(self):
        next(iter(self.parameters())).requires_grad_(False)

    def endless(self, *x):
        while True:
            len(x)

    yield "raises at once", other(__init__=raising), ("The constructor raised ZeroDivisionError: by hand",)
    yield "raises", other(forward=raising), ("forward raised ZeroDivisionError: by hand",)
    yield "infinite loop", other(forward=endless), ("It takes too long",)
    yield "not registered", constructor(unregister), ("self.kept is a plain list", "lacks")
    yield "frozen", constructor(freeze), ("is no parameter that training moves",)
    yield (
        "one weight too many",
        constructor(lambda self: setattr(self, "more", torch.nn.Linear(1, 1))),
        ("more than is",),
    )
    yield "no result", forward(lambda result, *x: None), ("did you forget return?",)
    yield "shape", forward(lambda result, *x: result[None]), ("The result has the shape",)
    yield "wrong dtype", forward(lambda result, *x: result.half()), ("it makes float16",)
    yield "in place", forward(lambda result, *x: x[0].mul_(0.5) * 0 + result), ("in place",)
    yield "constant", forward(lambda result, *x: 0 * result + 0.5), ("the output is another one",)
    yield "NaN", forward(lambda result, *x: result * torch.nan), ("nan or infinite",)
    yield "cut off", forward(lambda result, *x: result.detach()), ("no gradient",)
    yield "a little off", forward(lambda result, *x: result * 1.001), ("the output is another one",)


@of_modules
def test_mutants_of_a_module_are_rejected_in_words(lesson, exercise, question, tally):
    right = importlib.import_module(f"right_answers_{lesson}").RIGHT[question.name][0]
    kinds = set()
    for kind, mutant, words in module_mutants(right):
        finding = replace(question, seconds=2.0 if kind == "infinite loop" else 60.0).judge(mutant, 0)
        known = tuple(mistake.feedback for mistake in question.mistakes)
        assert any(word in finding.message for word in (*words, *known)), (kind, finding.message)
        assert_rejected(finding, tally, lesson, exercise)
        kinds.add(kind)
    assert len(kinds) >= 8


@pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Measured)]
)
def test_what_is_no_measurement_is_refused(lesson, exercise, question, tally):
    answers = [None, "text", lambda: 1, [0.5] * 17, float("nan"), torch.full(question.shape, torch.inf), 1j, [[], 1]]
    for answer in answers:
        finding = question.judge(answer)
        assert finding.state is State.NOT_YET, (answer, finding)
        assert_rejected(finding, tally, lesson, exercise)


# --------------------------------------------------------------------------------------------------
# Numbers


def in_double(value):
    return torch.as_tensor(value, dtype=torch.float64).numpy()


def forms_of(value, decimals):
    """The same numbers as people may write them down."""
    numbers = in_double(value)
    yield numbers.tolist()
    yield np.round(numbers, decimals).tolist()
    yield numbers
    yield torch.tensor(numbers, requires_grad=True)
    yield tuple(numbers.tolist()) if numbers.ndim else [numbers.item()]
    if numbers.ndim == 0:
        yield Fraction(numbers.item())
        yield np.float64(numbers)


@of_values
def test_numbers_pass_in_every_form(lesson, exercise, question, tally):
    for form in forms_of(question.expected, question.decimals):
        assert question.judge(form).state is State.RIGHT, form
        tally.add(lesson, exercise, "right")


@of_values
def test_listed_wrong_numbers_are_named(lesson, exercise, question, tally):
    for mistake in question.mistakes:
        finding = question.judge(mistake.wrong)
        assert finding.mistake == mistake.name
        assert_rejected(finding, tally, lesson, exercise, "wrong")


@of_values
def test_half_a_unit_of_the_last_digit_is_right_and_one_unit_is_not(lesson, exercise, question, tally):
    numbers = in_double(question.expected)
    unit = 10.0**-question.decimals
    is_count = question.decimals == 0 and np.all(numbers == np.round(numbers))
    for sign in (1, -1):
        near = question.judge(numbers + sign * 0.499 * unit)
        assert near.state is (State.NOT_YET if is_count else State.RIGHT)  # a count is not met nearly
        one = question.judge(np.round(numbers, question.decimals) + sign * unit)
        assert_rejected(one, tally, lesson, exercise)


@of_values
def test_decimals_that_are_cut_off_instead_of_rounded_are_told_so(lesson, exercise, question, tally):
    numbers = in_double(question.expected)
    scale = 10.0**question.decimals
    cut = np.trunc(numbers * scale + np.sign(numbers) * 1e-7) / scale
    if np.all(np.abs(cut - numbers) < 0.5 / scale):  # rounding cuts off, too
        assert question.judge(cut).state is State.RIGHT
        return
    finding = question.judge(cut)
    known = [mistake.feedback for mistake in question.mistakes]
    if "agrees to" in finding.message:  # 1.80 of 1.806: a number with one decimal
        assert np.allclose(cut, np.round(numbers, question.decimals - 1), atol=1e-9)
    else:
        assert "cut off, not rounded" in finding.message or finding.message in known
    assert_rejected(finding, tally, lesson, exercise)


def wrong_numbers(value, decimals):
    numbers = in_double(value)
    yield "sign flipped", -numbers if numbers.any() else numbers - 1
    yield "off by a little", numbers + 3 * 10.0**-decimals
    yield "off by one", numbers + 1
    yield "constant", np.full_like(numbers, 0.123)
    yield "NaN", numbers * np.nan
    yield "infinite", numbers + np.inf
    yield "wrong dtype", numbers.astype(str).tolist()
    yield "complex", numbers + 1j
    yield "one too many", [*numbers.ravel().tolist(), 0.0]
    yield "no number", None
    yield "a function", lambda: numbers
    yield "far too many", [0.0] * 1_000_000
    if numbers.ndim == 1 and len(set(numbers)) > 1:
        yield "moved on", np.roll(numbers, 1)
        yield "one left out", numbers[1:]


@of_values
def test_mutants_of_numbers_are_rejected(lesson, exercise, question, tally):
    for kind, answer in wrong_numbers(question.expected, question.decimals):
        start = time.monotonic()
        finding = question.judge(answer)
        assert time.monotonic() - start < 5
        assert finding.state is State.NOT_YET, (kind, finding)
        assert_rejected(finding, tally, lesson, exercise)


# --------------------------------------------------------------------------------------------------
# Letters


@of_choices
def test_letters_pass_in_every_form(lesson, exercise, question, tally):
    letter = question.question.right
    for form in (letter, letter.upper(), f" ({letter}) ", f"{letter}.", f"'{letter}'"):
        assert question.judge(form).state is State.RIGHT
        tally.add(lesson, exercise, "right")


@of_choices
def test_other_letters_are_explained(lesson, exercise, question, tally):
    for letter in question.question.explanations.keys() - {question.question.right}:
        finding = question.judge(letter)
        assert finding.message == question.question.explanations[letter]
        assert finding.mistake == f"chose {letter}"
        assert_rejected(finding, tally, lesson, exercise, "wrong")
    for answer in ("z", "", LONG, None, 2, True, ["b"], question.question.right * 2, lambda: question.question.right):
        assert_rejected(question.judge(answer), tally, lesson, exercise)


# --------------------------------------------------------------------------------------------------
# The wrong answers that the course knows of: `KNOWN` in the table of each lesson's wrong answers.


@pytest.mark.parametrize(
    ("lesson", "where", "name"),
    [
        pytest.param(lesson, *case[1:], id=f"{lesson}: {case[0]}")
        for lesson, table in TABLES.items()
        for case in table.KNOWN
    ],
)
def test_wrong_answers_that_people_give_are_met(lesson, where, name):
    exercise = getattr(importlib.import_module(f"visual_attention.exercises.{lesson}"), where.split(".")[0])
    (question,) = [question for question in exercise.questions if question.name == where.split(".")[1]]
    if isinstance(question, Choice):
        answer = name.removeprefix("chose ")
    else:
        (answer,) = [mistake.wrong for mistake in question.mistakes if mistake.name == name]
    report = exercise.check(**{question.name: answer})
    assert report.state is State.NOT_YET
    assert report.mistakes == (name,)
