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
from right_answers import RIGHT
from sheets import run
from test_exercise_sheets import SHEETS, module_of

from courseware.checking import Choice, Exercise, Function, State, Value
from courseware.derive import solved, unsolved

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
of_values = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Value)]
)
of_choices = pytest.mark.parametrize(
    ("lesson", "exercise", "question"), [p for p in QUESTIONS if isinstance(p.values[2], Choice)]
)


class Tally:
    """Counts what held, for each exercise and in each column."""

    COLUMNS = ("stub", "seeds", "wrong", "mutants", "right")

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
    for seed in (None, *SEEDS):
        report = exercise.check(*for_solution[0], **for_solution[1], seed=seed)
        assert report.passed, report
        tally.add(lesson, exercise, "seeds", seed is not None)


# --------------------------------------------------------------------------------------------------
# Functions


@of_functions
def test_differently_written_functions_pass(lesson, exercise, question, tally):
    answers = RIGHT[lesson][question.name]
    assert len(answers) >= 2
    for answer in answers:
        for seed in (None, 1, 2, 3):
            finding = question.judge(answer, seed)
            assert finding.state is State.RIGHT, (answer.__name__, finding)
        tally.add(lesson, exercise, "right")


@of_functions
def test_listed_wrong_functions_are_named(lesson, exercise, question, tally):
    for mistake in question.mistakes:
        finding = question.judge(mistake.wrong)
        assert finding.mistake == mistake.name
        assert_rejected(finding, tally, lesson, exercise, "wrong")


def endless(*arguments):
    while True:
        time.sleep(0.001)


def raising(*arguments):
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

    finding = question.judge(prints, 0)
    assert finding.state is State.RIGHT
    assert "10,000 lines" in finding.message
    assert is_short(finding)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["attention_weights", "squeeze_excite"])
def test_an_infinite_loop_is_rejected_within_five_seconds(name):
    (exercise,) = [p.values[1] for p in QUESTIONS if p.values[2].name == name]
    start = time.monotonic()
    report = exercise.check(**{name: endless})
    assert time.monotonic() - start < 5
    assert "It takes too long: after 2 seconds" in repr(report)


@of_functions
def test_what_is_no_function_is_told_so(lesson, exercise, question, tally):
    for answer in (None, 1.0, torch.ones(2), "return", [1]):
        finding = question.judge(answer)
        assert finding.state is State.NOT_YET
        assert "A function is asked" in finding.message
    for answer in (type("Answer", (), {"__init__": lambda self, *arguments: None}), lambda *arguments: (yield 1)):
        assert question.judge(answer).state is State.NOT_YET


# --------------------------------------------------------------------------------------------------
# Numbers


def forms_of(value, decimals):
    """The same numbers as people may write them down."""
    numbers = np.asarray(torch.as_tensor(value).tolist(), dtype=float)
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


def wrong_numbers(value, decimals):
    numbers = np.asarray(torch.as_tensor(value).tolist(), dtype=float)
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
    letter = question.right
    for form in (letter, letter.upper(), f" ({letter}) ", f"{letter}.", f"'{letter}'"):
        assert question.judge(form).state is State.RIGHT
        tally.add(lesson, exercise, "right")


@of_choices
def test_other_letters_are_explained(lesson, exercise, question, tally):
    for letter in question.explanations.keys() - {question.right}:
        finding = question.judge(letter)
        assert finding.message == question.explanations[letter]
        assert finding.mistake == f"chose {letter}"
        assert_rejected(finding, tally, lesson, exercise, "wrong")
    for answer in ("z", "", LONG, None, 2, True, ["b"], question.right * 2, lambda: question.right):
        assert_rejected(question.judge(answer), tally, lesson, exercise)


# --------------------------------------------------------------------------------------------------
# The wrong answers that the course knows of, by lesson: what people say, and the exercise that meets it.

KNOWN = {
    "cues": (
        (
            "weights of the maximum in proportion to the values, 2.33",
            "two_poolings.max_weights",
            "proportional to the values",
        ),
        (
            "weights of the maximum in proportion to the values, 2.33",
            "two_poolings.maximum",
            "proportional to the values",
        ),
        ("β → 0 gives the minimum", "knob.zero", "chose c"),
        ("exp overflows to nan, no maximum subtracted", "soft_pooling.soft_pool", "overflow"),
        ("self-attention changes under a shuffle, because positions matter", "shuffle.attention", "chose c"),
        ("self-attention has no query, because nothing external asks", "whose_query.self_attention", "chose a"),
        ("max pooling is smarter, so it has a query", "whose_query.max_pooling", "chose b"),
        ("the gradient of a maximum is one-hot, ties too", "gradients.of_tie", "one-hot always, first"),
        ("the gradient of a maximum is one-hot, ties too", "gradients.of_tie", "one-hot always, last"),
    ),
    "kernel_regression": (
        ("not normalised", "hand_example.f", "not normalised"),
        ("3, the mean", "hand_example.f", "plain mean"),
        ("1.227, σ above the line only", "hand_example.f_narrow", "width missing below the line"),
        ("7K changes f", "predictions.scaled", "chose a"),
        ("an empty window gives 0", "predictions.empty_window", "chose a"),
        ("the kernel is free of scale", "units.centimetres", "scale-free kernel"),
        ("far away f is 0", "far_query.mended_weights", "nan replaced by 0"),
        ("f(0) = 1.589 is noise", "bounds.boundary", "chose a"),
        ("softmax over dim 0", "rows_and_columns.columns", "columns that sum to 1"),
        ("softmax over dim 0", "weights.attention_weights", "softmax over the queries"),
        ("softmax of the values", "estimate.nadaraya_watson", "softmax of the values"),
    ),
    "learned_attention": (
        ("the misprints are equal, since softmax normalises", "errata.slides", "normalised"),
        ("the misprints are equal, since softmax normalises", "errata.book", "normalised"),
        ("−w missing", "slope.slope", "−w forgotten"),
        ("product of the means missing", "slope.slope", "product of means forgotten"),
        ("covariance with d instead of d²", "slope.slope", "distance not squared"),
        ("diagonal zeroed after the softmax", "left_out.left_out_weights", "zero after the softmax"),
        ("masked by −1", "left_out.left_out_weights", "score −1"),
        ("masked by 0, the score it has anyway", "left_out.left_out_weights", "own point kept"),
        ("(y − f)(1 − S_kk)", "press.press", "multiplied"),
        ("default scale 1/√2", "dot_product.as_dot_product", "default scale"),
        ("key x_i alone", "dot_product.as_dot_product", "x_i² forgotten"),
        ("w = 0 is a fine start", "predictions.start_at_zero", "chose a"),
        ("a training loss of 0 is success", "predictions.loss_zero", "chose a"),
        ("the sign of w matters", "predictions.sign_of_w", "chose b"),
    ),
    "map": (
        ("Inception is branch attention", "place.inception", "chose d"),
        ("ViT is channel attention", "place.vit", "chose a"),
        ("Non-local on video is spatial only", "place.non_local_video", "chose b"),
        ("independent sigmoids, 0.881 and 0.5", "branch_weights.weights", "two sigmoids"),
        ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose a"),
        ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose c"),
        ("28 % fewer weights, hence attention", "factorised.why_not_attention", "chose a"),
    ),
    "squeeze_excitation": (
        ("157,184: C/4", "cost.weights", "inner width"),
        ("696,320: N_s forgotten", "cost.weights", "one unit a stage"),
        ("1,257,472: factor 2 forgotten", "cost.weights", "one layer"),
        ("a softmax is the same up to scale", "gates.softmax_instead", "chose a"),
        ("batch norm repairs the softmax", "gates.softmax_instead", "chose b"),
        ("a smaller r is always better", "gates.smaller_ratio", "chose a"),
        ("24.80 and 23.30 are the same baseline", "gates.two_baselines", "chose a"),
        ("16 written into the code", "debug.number_of_weights", "16 written in"),
        ("pooled over C", "block.squeeze_excite", "pooled over the channels"),
        ("ReLU after the second layer", "block.squeeze_excite", "ReLU after the second layer"),
        ("gates sum to 1", "by_hand.gates", "softmax"),
    ),
    "non_local": (
        ("softmax over i", "three_places.weights", "softmax over i"),
        ("softmax over i", "three_places.softmax", "softmax over i"),
        ("2.333: the dot-product form divided by Σ f", "three_places.dot_product", "divided by the sum of f"),
        ("w = 1/h", "patches.w", "1/h"),
        ("1/√d in the paper's form", "missing_sum.embedded_gaussian", "scaled"),
        ("W_z = 0 kills all learning", "dead_start.w_z_zero", "chose a"),
        ("the softmax commutes with the product", "reorder.softmax", "chose a"),
        ("the pairs are reduced by a quarter", "table_2e.subsampled", "pairs by a quarter"),
        ("a ReLU is linear", "ranking.why", "chose a"),
    ),
    "cbam": (
        ("the ratio is ignored", "listing.mended", "ratio ignored"),
        ("the gate is returned", "listing.mended", "gate returned"),
        ("fewer than 16 channels", "listing.mended", "no hidden unit"),
        ("pooling costs 0.08 G", "detective.second_pooling", "chose a"),
        ("M_s sees F", "composition.cbam", "spatial gate of F"),
        ("official weights fit as they are", "official.to_ours", "unchanged"),
        ("0.12 points are meaningful: bold in the table", "significance.verdict", "chose a"),
        ("49 weights", "counts.one_gate", "one plane"),
        ("98 · C weights", "counts.one_gate", "a filter a channel"),
        ("one half-open gate a block", "composition.trunk", "one gate"),
    ),
}


@pytest.mark.parametrize(
    ("lesson", "where", "name"),
    [pytest.param(lesson, *case[1:], id=f"{lesson}: {case[0]}") for lesson, cases in KNOWN.items() for case in cases],
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
