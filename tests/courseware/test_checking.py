import re
import signal
import sys
import time
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

from courseware.exercises import time_limit, tools
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.report import BACKGROUND, COLOURS, LABEL, TEXT, State

RIGHT, NOT_YET, NOT_ATTEMPTED = State.RIGHT, State.NOT_YET, State.NOT_ATTEMPTED

third = Exercise(
    "third",
    "A third",
    (Value("third", 1 / 3, (Mistake("inverted", 3.0, "3 is 1 / (1/3): which one is asked?"),)),),
)
triple = Exercise("triple", "Three numbers", (Value("triple", [0.1, 0.2, 0.7]),))
CHOICES = {"this": "Not a, because.", "that": "Yes, b.", "neither": "Not c."}
letter = Exercise("letter", "A letter", (Choice("letter", Question("Which?", CHOICES, "b")),))
both = Exercise("both", "A number and a letter", third.questions + letter.questions)


def outer_by_loop(a, b):
    return torch.tensor([[float(x) * float(y) for y in b] for x in a])


def outer_cases(generator):
    for m, n in ((2, 3), (4, 2), (1, 5)):
        yield torch.rand(m, generator=generator) + 0.1, torch.rand(n, generator=generator) + 0.1


outer = Exercise(
    "outer",
    "All products",
    (
        Function(
            "outer",
            "outer(a, b) → a table of shape (m, n)",
            outer_by_loop,
            outer_cases,
            (
                Mistake("sums", lambda a, b: a[:, None] + b, "Those are sums, products are asked."),
                Mistake("transposed", lambda a, b: b[:, None] * a, "Rows and columns are swapped."),
            ),
        ),
    ),
)
norm = Exercise(
    "norm",
    "A single number",
    (Function("norm", "the length of a", lambda a, b: float(sum(float(x) ** 2 for x in a)) ** 0.5, outer_cases),),
)
ordered = Exercise(
    "ordered",
    "True or False",
    (Function("ordered", "whether a[0] < b[0]", lambda a, b: bool(a[0] < b[0]), outer_cases),),
)


def assert_sentence(report, *words):
    """Not passed, says the words, and shows no trace of a traceback or of this package."""
    text = repr(report)
    assert report.state is NOT_YET
    for word in words:
        assert word in text
    assert not re.search(r"Traceback|checking\.py|0x[0-9a-f]{6}|File \"", text)


# Numbers


@pytest.mark.parametrize(
    "answer",
    [
        0.333,
        0.3333333,
        0.3338,
        Fraction(1, 3),
        [0.333],
        np.float32(1 / 3),
        np.array([[1 / 3]]),
        torch.tensor(1 / 3, requires_grad=True),
        torch.tensor([1 / 3], dtype=torch.float16),
    ],
    ids=repr,
)
def test_a_number_is_accepted_in_any_form_to_three_decimals(answer):
    assert third.check(answer).passed


@pytest.mark.parametrize("answer", [0.3318, 0.334, 0.335, -1 / 3, 0.31, 0.0], ids=repr)
def test_a_number_off_by_more_than_half_a_thousandth_is_not_right(answer):
    assert_sentence(third.check(answer), "is too")


@pytest.mark.parametrize("answer", [0.3, 0.33, np.float32(0.33)], ids=repr)
def test_a_right_number_with_too_few_decimals_is_told_so(answer):
    decimals = "1 decimal" if answer == 0.3 else "2 decimals"
    assert_sentence(third.check(answer), f" agrees to {decimals}: 3 are asked")


def test_a_list_of_tensors_with_gradients_is_accepted():
    parts = torch.tensor([0.1, 0.2, 0.7], requires_grad=True)
    assert triple.check([parts[0], parts[1] * 1, 0.7]).passed
    assert triple.check(list(parts)).passed


@pytest.mark.parametrize(
    "answer", [(0.1, 0.2, 0.7), [torch.tensor(0.1), 0.2, 0.7], np.array([[0.1], [0.2], [0.7]])], ids=repr
)
def test_an_array_is_accepted_in_any_form(answer):
    assert triple.check(answer).passed


def test_the_farthest_entry_is_named_but_not_its_right_value():
    report = triple.check([0.1, 0.25, 0.4])
    assert_sentence(report, "[2]", "0.4")
    assert "0.7" not in repr(report)


def test_a_known_wrong_number_gets_its_feedback():
    report = third.check(3)
    assert_sentence(report, "3 is 1 / (1/3)")
    assert report.mistakes == ("inverted",)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "None"),
        ("0.333", "without quotes"),
        (True, "bool"),
        (1j, "complex"),
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        ([1, 2], "(2,)"),
        ([], "(0,)"),
        ({}, "a dict: write numbers in square brackets"),
        ({0.333}, "a set: write numbers in square brackets"),
        ([1, [2]], "a list whose parts differ in shape"),
        pytest.param(object(), "cannot be read", id="an object"),
        (10**400, "not finite"),
        (torch.tensor(1.0, device="meta"), "a tensor without data"),
        (torch.nn.Linear(1, 1), "cannot be read"),
        (lambda: 0.333, "a function: call it"),
        (float, "a function: call it"),
        ((n for n in [0.333]), "a generator: write list(…) round it"),
        ([0.333] * 1_000_000, "a list of more than 10,000 things"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_answer_that_is_no_number_gets_a_sentence(answer, words):
    assert_sentence(third.check(answer), words)


# Choices


@pytest.mark.parametrize("answer", ["b", "B", " (b) ", "b.", "b)", "'b'"])
def test_the_right_letter(answer):
    report = letter.check(answer)
    assert report.passed
    assert "Yes, b." in repr(report)


def test_a_wrong_letter_gets_its_own_explanation():
    assert_sentence(letter.check("a"), "Not a, because.")


@pytest.mark.parametrize("answer", ["d", "", None, 2, ["b"]], ids=repr)
def test_what_is_no_letter_gets_a_sentence(answer):
    assert_sentence(letter.check(answer), '"a", "b", "c"')


# Functions


@pytest.mark.parametrize(
    "function",
    [torch.outer, lambda a, b: a[:, None] * b, lambda a, b: torch.outer(a, b).double()],
    ids=["torch.outer", "broadcasting", "float64"],
)
def test_differently_written_right_functions_pass(function):
    assert all(outer.check(function, seed=seed).passed for seed in range(20))


def test_single_numbers_and_truth_values_pass_as_python_numpy_and_torch():
    assert norm.check(lambda a, b: a.norm()).passed
    assert norm.check(lambda a, b: a.norm().item()).passed
    assert norm.check(lambda a, b: np.linalg.norm(a.numpy())).passed
    assert ordered.check(lambda a, b: a[0] < b[0]).passed
    assert ordered.check(lambda a, b: np.bool_(a[0] < b[0])).passed
    assert_sentence(ordered.check(lambda a, b: 1.0), "It returned 1, a number: return True or False.")
    assert_sentence(ordered.check(lambda a, b: int(a[0] < b[0])), "a number: return True or False.")
    assert_sentence(ordered.check(lambda a, b: (a[0] < b[0]).float()), "a number: return True or False.")
    assert_sentence(norm.check(lambda a, b: 10**400), "infinite")


def test_inputs_are_random_and_the_seed_chooses_them():
    seen = []

    def keep(a, b):
        seen.append(a.clone())
        return torch.outer(a, b)

    for seed in (0, 0, 1):
        outer.check(keep, seed=seed)
    first, again, other = seen[0:3], seen[3:6], seen[6:9]
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))


def test_a_known_mistake_is_named_even_when_its_shape_is_wrong():
    report = outer.check(lambda a, b: torch.outer(b, a))
    assert_sentence(report, "Rows and columns are swapped.", "asked", "input", "returned", "expected")
    assert report.mistakes == ("transposed",)


def test_a_mistake_is_named_only_if_it_explains_every_input():
    report = outer.check(lambda a, b: a[:, None] + b if len(a) == 2 else a[:, None] * b)
    assert report.mistakes == ()
    assert_sentence(report, "On 2 of the 3 inputs it was right.")


def raises_in_a_helper(a, b):
    def helper():
        return a @ b  # shapes differ

    return helper()


def changes_its_input(a, b):
    a *= 2
    return a[:, None] * b / 2


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def raise_unprintable():
    raise UnprintableError


def without_end(a):
    return without_end(a)


def raise_with(text):
    raise ValueError(text)


def reshapes_its_input(a, b):
    b.unsqueeze_(0)
    return a[:, None] * b


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (raises_in_a_helper, ["It raised RuntimeError", "return a @ b # shapes differ"]),
        (lambda a, b: torch.arange(3).softmax(0), ["It raised NotImplementedError", "'Long'"]),
        (lambda a, b: exit(), ["It raised SystemExit"]),
        (lambda a: a, ["It raised TypeError", "takes 1 positional argument but 2 were given"]),
        (lambda a, b: None, ["did you forget return?"]),
        (lambda a, b: "text", ["It returned an object of type str, a tensor was expected"]),
        (lambda a, b: (yield a), ["It returned a generator, because of yield"]),
        (lambda a, b: lambda: a, ["It returned an object of type function"]),
        (type, ["It raised TypeError"]),
        (lambda a, b: without_end(a), ["It raised RecursionError"]),
        (lambda a, b: raise_unprintable(), ["It raised UnprintableError."]),
        (lambda a, b: raise_with("x" * 10_000_000), ["It raised ValueError: xxx"]),
        (
            lambda a, b: torch.outer(a, b).numpy(),
            ["type ndarray", "a tensor"],
        ),
        (lambda a, b: torch.outer(a, b).to_sparse(), ["sparse tensor"]),
        (lambda a, b: (torch.outer(a, b),), ["in the shape (1, 2, 3): (2, 3) is asked"]),
        (lambda a, b: a, ["shape (2,), expected was (2, 3)"]),
        (lambda a, b: torch.outer(a, b).int(), ["dtype int32, expected was float32"]),
        (lambda a, b: torch.outer(a, b) + 0j, ["dtype complex64, expected was float32"]),
        (lambda a, b: torch.outer(a, b) / 0 * 0, ["6 of 6 numbers are nan or infinite, first at [0, 0]"]),
        (changes_its_input, ["changes its argument a in place"]),
        (reshapes_its_input, ["changes its argument b in place"]),
        (3.0, ["A function is asked, this is an object of type float"]),
        (None, ["A function is asked, this is None."]),
    ],
)
def test_each_fault_gets_its_own_sentence(function, words):
    assert_sentence(outer.check(function), *words)


def test_the_largest_difference_and_its_place_are_named():
    def off(a, b):
        table = torch.outer(a, b)
        table[1, 2:] += 0.5
        return table + 0.01

    assert_sentence(outer.check(off), "most at [1, 2]", "a difference of 0.51")


def test_only_the_students_own_line_is_shown():
    def deep_inside_torch(a, b):
        return torch.einsum("i,j->k", a, b)  # raised in a Python file of the library

    assert_sentence(outer.check(deep_inside_torch), "It raised RuntimeError", 'return torch.einsum("i,j->k", a, b)')


def test_the_line_is_numbered_even_where_its_text_is_unknown():
    namespace = {}
    exec(compile("def outer(a, b):\n    c = a\n    return c @ b\n", "<cell>", "exec"), namespace)
    assert_sentence(outer.check(namespace["outer"]), "It raised RuntimeError", "line 3")


def test_the_input_is_shown_as_it_was_before_an_in_place_change():
    spoilt, clean = outer.check(changes_its_input), outer.check(lambda a, b: None)
    assert dict(spoilt.findings[0].details)["input"] == dict(clean.findings[0].details)["input"]


def test_printing_is_captured_shortened_and_no_fault(capsys):
    def prints(a, b):
        print("\x1b[31mhello\x1b[0m " * 10_000)
        return torch.outer(a, b)

    report = outer.check(prints)
    assert report.passed
    assert capsys.readouterr() == ("", "")
    assert "hello" in repr(report)
    assert "\x1b" not in repr(report)
    assert len(repr(report)) < 200
    assert_sentence(outer.check(lambda a, b: print("debug")), "did you forget return?", '"debug"')


def test_ten_thousand_lines_are_counted_and_no_fault(capsys):
    def prints(a, b):
        for n in range(10_000):
            print("line", n)
        return torch.outer(a, b)

    report = outer.check(prints)
    assert report.passed
    assert capsys.readouterr() == ("", "")
    assert "10,000 lines" in repr(report)
    assert len(repr(report)) < 200
    assert len(report._repr_html_()) < 1000


def test_warnings_and_random_numbers_of_an_answer_stay_inside():
    state = torch.random.get_rng_state()

    def noisy(a, b):
        np.log(np.array(-1.0))
        return torch.outer(a, b) + torch.randn(len(a), len(b))

    first, second = outer.check(noisy), outer.check(noisy)
    assert repr(first) == repr(second)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent by a signal")
def test_an_interrupt_still_stops_a_check():
    def interrupted(a, b):
        signal.raise_signal(signal.SIGINT)
        while True:
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        outer.check(interrupted)


def test_an_interrupt_that_the_answer_raises_itself_is_a_fault():
    def raises(a, b):
        raise KeyboardInterrupt

    assert_sentence(outer.check(raises), "It raised KeyboardInterrupt.")


# Time


def hasty(exercise, seconds=0.2):
    """The exercise with less time for its functions."""
    (question,) = exercise.questions
    return replace(exercise, questions=(replace(question, seconds=seconds),))


def test_a_function_that_does_not_end_is_stopped_and_told_so():
    def endless(a, b):
        print("going round")
        while True:
            time.sleep(0.001)

    report = hasty(outer).check(endless)
    assert_sentence(report, "It takes too long: after 0.2 seconds", "a loop that never ends", "it was stopped")
    assert_sentence(report, '"going round"')
    assert "On 0 of" not in repr(report)
    assert repr(report) == repr(hasty(outer).check(endless))


def test_the_input_on_which_it_does_not_end_is_shown():
    def sometimes(a, b):
        while len(a) == 4:
            time.sleep(0.001)
        return torch.outer(a, b)

    (finding,) = hasty(outer).check(sometimes).findings
    assert "takes too long" in finding.message
    assert dict(finding.details)["input"].count(",") == 5  # a has four numbers, b two


def test_what_cannot_be_stopped_is_told_so(monkeypatch):
    monkeypatch.setattr(time_limit, "PATIENCE", 0.1)
    report = hasty(outer).check(lambda a, b: time.sleep(1.5))
    assert_sentence(report, "It could not be stopped", "restart the kernel")
    time.sleep(1.0)  # it ends: the next test has its threads for itself


def test_a_whole_check_of_an_endless_function_ends_in_its_time():
    def endless(a, b):
        while True:
            a = a + 1

    start = time.monotonic()
    assert_sentence(outer.check(endless), "after 2 seconds")
    assert time.monotonic() - start < 2 * time_limit.BUSY + 3


# Fresh inputs


def test_a_function_made_to_fit_the_fixed_inputs_does_not_pass():
    known = {repr(case): outer_by_loop(*case) for case in outer_cases(torch.Generator().manual_seed(0))}

    def remembers(a, b):
        return known.get(repr((a, b)), torch.zeros(len(a), len(b)))

    assert outer.check(remembers, seed=0).passed
    report = outer.check(remembers)
    assert_sentence(report, "Right on the first inputs, not on others.", "It returns 0 whatever the input is")
    seed = int(re.search(r"seed=(\d+)", repr(report)).group(1))
    assert_sentence(outer.check(remembers, seed=seed), "It returns 0 whatever the input is")


def test_fresh_inputs_are_fresh():
    seen = []

    def keep(a, b):
        seen.append(a[0].item())
        return torch.outer(a, b)

    for _ in range(3):
        assert outer.check(keep).passed
    fixed, fresh = [seen[i] for i in (0, 6, 12)], [seen[i] for i in (3, 9, 15)]
    assert len(set(fixed)) == 1
    assert len({*fixed, *fresh}) == 4


# Slips that can happen in any function


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (lambda table: -table, "sign flipped", "The sign is flipped"),
        (lambda table: table.T, "transposed", "Rows and columns are swapped."),
        (lambda table: table.roll(1, dims=0), "off by one", "along dim 0: an index is off by one"),
        (lambda table: table.roll(-1, dims=1), "off by one", "along dim 1: an index is off by one"),
        (lambda table: table.flip(1), "reversed", "in reverse order along dim 1"),
        (lambda table: torch.zeros_like(table), "constant", "It returns 0 whatever the input is"),
        (lambda table: 0 * table + 0.25, "constant", "It returns 0.25 whatever the input is"),
        (lambda table: 2 * table, "a factor too much", "Yours is 2 times what is expected"),
        (lambda table: table - 0.5, "a constant too much", "Yours is 0.5 too small, everywhere."),
        (lambda table: table[None], "wrong shape", "in the shape (1, 2, 3): (2, 3) is asked"),
        (lambda table: table.flatten(), "wrong shape", "in the shape (6,): (2, 3) is asked"),
    ],
)
def test_slips_are_named(change, name, words):
    plain = Exercise("plain", "Plain", (Function("outer", "products", outer_by_loop, outer_cases),))
    report = plain.check(lambda a, b: change(torch.outer(a, b)))
    assert_sentence(report, words)
    assert report.mistakes == (name,)
    assert dict(report.findings[0].details)["mistake"] == name


def test_slips_of_single_values_and_of_truth_values_are_named():
    assert norm.check(lambda a, b: -a.norm()).mistakes == ("sign flipped",)
    assert norm.check(lambda a, b: 3.0).mistakes == ("constant",)
    assert norm.check(lambda a, b: a.norm()[None]).mistakes == ("wrong shape",)
    assert ordered.check(lambda a, b: not a[0] < b[0]).mistakes == ("negated",)
    assert_sentence(ordered.check(lambda a, b: True, seed=3), "It returns True whatever the input is")


def test_a_slip_is_named_only_if_it_explains_every_input():
    report = outer.check(lambda a, b: torch.outer(a, b) * (-1 if len(a) == 2 else 1))
    assert report.mistakes == ()


@pytest.mark.parametrize(
    ("expected", "answer", "name"),
    [
        (0.25, -0.25, "sign flipped"),
        (0.25, 25, "per cent"),
        (71.4, 0.714, "a share"),
        (0.2, 5, "inverted"),
        (0.3, 0.6, "twice"),
        (98, 49, "half"),
        (98, 99, "off by one"),
        ([98, 18], [97, 19], "off by one"),
        ([0.1, 0.2, 0.7], [0.7, 0.1, 0.2], "another order"),
        ([0.1, 0.2, 0.7], [-0.1, -0.2, -0.7], "sign flipped"),
        (2.5428, 2.53, "rounded on the way"),
    ],
)
def test_slips_of_numbers_are_named_without_the_right_number(expected, answer, name):
    report = Exercise("number", "A number", (Value("number", expected),)).check(answer)
    assert report.mistakes == (name,)
    assert str(expected) not in repr(report).replace(str(answer), "")


@pytest.mark.parametrize("answer", [0.31, [0.1, 0.2], float("nan"), "0.333"])
def test_other_numbers_are_no_slip(answer):
    assert third.check(answer).mistakes == ()


@pytest.mark.parametrize(("right", "answer"), [([28.0, 71.43], [28.0, 71.5]), ([512] * 3, [512, 512.4, 512])])
def test_numbers_that_are_nearly_right_are_not_said_to_be_in_another_order(right, answer):
    report = Exercise("numbers", "Numbers", (Value("numbers", right, decimals=0 if right[0] == 512 else 1),)).check(
        answer
    )
    assert report.state is State.NOT_YET
    assert report.mistakes == ()


def test_the_right_number_cut_off_is_not_taken_for_a_mistake_beside_it():
    early = Mistake("early", [1.076, 1.906], "Rounded too early.")
    exercise = Exercise("scaled", "Scaled", (Value("scaled", [1.0758, 1.9058], (early,)),))
    assert_sentence(exercise.check([1.075, 1.905]), "cut off, not rounded")
    assert exercise.check([1.077, 1.907]).mistakes == ("early",)


def test_of_two_mistakes_the_nearest_is_named():
    mistakes = Mistake("first", 1.35, "First."), Mistake("second", 1.36, "Second.")
    assert Exercise("two", "Two", (Value("two", 5.0, mistakes, decimals=2),)).check(1.36).mistakes == ("second",)


def test_a_count_is_exact():
    count = Exercise("count", "Count", (Value("count", 512, decimals=0),))
    assert count.check(512.0000001).passed
    assert not count.check(513).passed
    assert not count.check(511.6).passed
    assert not count.check(512.4).passed
    shares = Exercise("shares", "Shares", (Value("shares", [28, 71.43], decimals=0),))
    assert shares.check([28, 71]).passed
    assert not shares.check([29, 71]).passed


# What is asked of numbers


@pytest.mark.parametrize(
    ("expected", "decimals", "answer", "words"),
    [
        (3.863, 3, 3.864, "3.864 is too large. The answer is one number, to 3 decimals."),
        (3.863, 3, 3.86, "3.86 agrees to 2 decimals: 3 are asked."),
        (1.9626, 3, 1.962, "1.962 is cut off, not rounded: the next digit is 5 or more."),
        (-1.9626, 3, -1.962, "cut off, not rounded"),
        ([0.1, 1.9626], 3, [0.1, 1.962], "cut off, not rounded"),
        (5, 0, 7, "7 is too large. The answer is one whole number."),
        ([5, 6], 0, [5, 6, 7], "The answer is whole numbers in the shape (2,)."),
        (5.25, 1, 6, "6 is too large. The answer is one number, to 1 decimal."),
        (130_000, 0, 261_632, "261,632 is too large."),
        (-1.0, 3, 0.00004, "4e-05 is too large."),
        (-1.0, 5, -0.99993, "-0.99993 is too large."),
        (-1.0, 3, -0.0, "0 is too large."),
    ],
)
def test_a_number_is_held_to_half_a_unit_and_shown_as_people_write_it(expected, decimals, answer, words):
    report = Exercise("number", "A number", (Value("number", expected, decimals=decimals),)).check(answer)
    assert_sentence(report, words)


@pytest.mark.parametrize("answer", [1.963, 1.9626, 1.9621001, 1.9631], ids=repr)
def test_within_half_a_unit_a_number_is_right(answer):
    assert Exercise("number", "A number", (Value("number", 1.9626),)).check(answer).passed


def test_a_mistake_that_is_cut_off_is_recognised_and_a_count_beside_it_is_not():
    mistake = Mistake("wrong", 2.7189, "That is e.")
    number = Exercise("number", "A number", (Value("number", 1.0, (mistake,)),))
    assert number.check(2.718).mistakes == ("wrong",)
    count = Exercise("count", "Count", (Value("count", 5, (Mistake("wrong", 11, "Eleven."),), decimals=0),))
    assert count.check(11).mistakes == ("wrong",)
    assert count.check(12).mistakes == ()


# What can be asked of a function besides its numbers


def twice(**options):
    def cases(generator):
        yield (torch.rand(3, generator=generator) + 1,)

    return Exercise("twice", "Twice", (Function("twice", "twice(x)", lambda x: 2 * x, cases, **options),))


def edges():
    yield "an empty tensor", (torch.empty(0),)
    yield "a negative number", (torch.tensor([-1.0]),)


def test_an_edge_case_is_tried_on_every_check_and_named():
    exercise = twice(edge_cases=edges)
    for seed in (None, 0, 7):
        assert exercise.check(lambda x: x + x, seed=seed).passed
        report = exercise.check(lambda x: x + x.abs(), seed=seed)
        assert_sentence(report, "It goes wrong on an edge case: a negative number. The numbers are off", "x = [-1]")
        assert_sentence(exercise.check(lambda x: x + x if len(x) else x[0], seed=seed), "edge case: an empty tensor.")


def test_a_mistake_is_recognised_on_cases_and_edge_cases_together():
    mistake = Mistake("absolute", lambda x: 2 * x.abs(), "That is twice the absolute value.")
    report = twice(edge_cases=edges, mistakes=(mistake,)).check(lambda x: x.abs() + x.abs())
    assert report.mistakes == ("absolute",)
    assert_sentence(report, "edge case: a negative number. That is twice the absolute value.")


def test_edge_cases_are_given_as_copies():
    kept = torch.tensor([-1.0])
    exercise = twice(edge_cases=lambda: [("kept", (kept,))])
    assert_sentence(exercise.check(lambda x: x.mul_(2)), "in place")
    assert kept.item() == -1


def test_forbidden_and_required_tools_and_large_tensors_are_told():
    assert_sentence(
        twice(forbidden=(tools.SOFTMAX,)).check(lambda x: 2 * x + 0 * x.softmax(0)),
        "It calls softmax, which this exercise asks you to do without.",
    )
    asked = twice(required=(tools.AUTOGRAD,))
    assert_sentence(asked.check(lambda x: 2 * x), "autograd is asked for here, and your function does not call it.")
    assert asked.check(lambda x: torch.autograd.grad((x.requires_grad_() ** 2).sum(), x)[0]).passed
    small = twice(largest=lambda x: 2)
    assert small.check(lambda x: x + x).passed  # as large as the input is always allowed
    assert_sentence(
        small.check(lambda x: (torch.eye(3) * 2 * x).sum(0)), "a tensor of shape (3, 3), with 9 numbers: at most 3"
    )
    assert_sentence(small.check(lambda x: torch.tensor(2 * x.numpy())), "It goes over to NumPy")
    assert twice().check(lambda x: torch.tensor(2 * x.numpy())).passed


def test_wrong_numbers_are_told_before_a_tool():
    report = twice(forbidden=(tools.SOFTMAX,)).check(lambda x: x.softmax(0))
    assert "It calls softmax" not in repr(report)


def test_axes_of_length_one_are_left_out_where_that_is_said():
    def longer(x):
        return 2 * x[None, :, None]

    assert_sentence(twice().check(longer), "in the shape (1, 3, 1): (3,) is asked")
    assert twice(squeeze=True).check(longer).passed
    assert not twice(squeeze=True).check(lambda x: 2 * torch.stack([x, x])).passed


def test_lists_of_numbers_are_results():
    assert twice().check(lambda x: [2 * value for value in x.tolist()]).passed
    assert twice().check(lambda x: tuple(2 * value for value in x)).passed
    assert outer.check(lambda a, b: [[p * q for q in b.tolist()] for p in a.tolist()]).passed
    assert_sentence(twice().check(lambda x: ["a"]), "It returned text, a tensor was expected")
    assert_sentence(norm.check(lambda a, b: [1.0]), "type list, a single value was expected: return one number.")


def test_the_sentence_on_a_shape_is_about_the_input_that_is_shown():
    """The first input is right as it is: only the others have another shape."""

    def flat(a, b):
        table = torch.outer(a, b)
        return table if len(a) == 2 else table.flatten()

    (finding,) = outer.check(flat).findings
    details = dict(finding.details)
    assert finding.message.startswith("The right numbers, but in the shape (8,): (4, 2) is asked.")
    assert details["returned"].count(",") == 7
    assert details["input"].startswith("a = [")
    assert details["input"].count(",") == 5


def test_a_tensor_where_a_function_is_asked_is_a_tensor():
    assert_sentence(outer.check(torch.ones(2)), "A function is asked, this is a tensor.")


def test_half_precision_is_told_and_warns_of_nothing():
    report = outer.check(lambda a, b: torch.outer(a, b).bfloat16())
    assert_sentence(report, "dtype bfloat16, which keeps two digits only: compute in float32.")
    assert_sentence(outer.check(lambda a, b: 60_000 * torch.outer(a, b).half() * 9), "nan or infinite")


def test_nothing_that_a_notebook_displays_of_an_exercise_holds_an_answer():
    secret = Value("number", 12.345, (Mistake("wrong", 54.321, "No."),))
    exercise = Exercise("e", "E", (secret, *letter.questions))
    for thing in (exercise, exercise.questions, secret.mistakes, [exercise], {"e": exercise}):
        for text in (repr(thing), str(thing), f"{thing}"):
            assert "12.345" not in text
            assert "54.321" not in text
            assert "Yes" not in text
    assert repr(exercise) == "E: check(number, letter), hint()"


# Not attempted


@pytest.mark.parametrize("message", [(), ("your turn",)])
def test_a_stub_is_not_attempted(message):
    def stub(a, b):
        raise NotImplementedError(*message)

    assert outer.check(stub).state is NOT_ATTEMPTED


def unwritten_helper(a, b):
    raise NotImplementedError("your turn")


def test_a_function_that_calls_a_stub_is_attempted():
    def calls(a, b):
        return unwritten_helper(a, b)

    assert_sentence(outer.check(calls), "It calls unwritten_helper, which is not written yet.")
    assert_sentence(outer.check(lambda a, b: unwritten_helper(a, b) if len(a) == 2 else a[:, None] * b), "It calls")
    assert outer.check(unwritten_helper).state is NOT_ATTEMPTED


def test_a_mistake_that_raises_on_some_inputs_is_named():
    shifted = Mistake("no axis", lambda a, b: (a[:, None] * b) / a, "An axis is missing.")
    exercise = Exercise("axis", "Axis", (Function("axis", "products", outer_by_loop, outer_cases, (shifted,)),))
    assert exercise.check(lambda a, b: torch.outer(a, b) / a).mistakes == ("no axis",)
    assert exercise.check(lambda a, b: a @ a.repeat(2)).mistakes == ()
    assert exercise.check(lambda a, b: 1 / 0).mistakes == ()


@pytest.mark.parametrize("exercise", [third, triple, letter, both, outer], ids=lambda exercise: exercise.name)
def test_a_blank_is_not_attempted(exercise):
    for report in (exercise.check(...), exercise.check()):
        assert report.state is NOT_ATTEMPTED
        assert repr(report) == f"… not attempted yet · {exercise.title}"
        assert "not attempted yet" in report._repr_html_()


def test_a_list_with_a_blank_is_not_attempted():
    assert triple.check([0.1, ..., 0.7]).state is NOT_ATTEMPTED


# Exercises and reports


def test_an_exercise_passes_when_all_its_answers_are_right():
    assert both.check(third=1 / 3, letter="b").passed
    assert both.check(1 / 3, "b").passed
    assert both.check(third=1 / 3, letter="a").state is NOT_YET
    half = both.check(third=1 / 3)
    assert half.state is NOT_ATTEMPTED
    assert repr(half).splitlines() == [
        "… right so far · A number and a letter",
        "  ✓ third: right.",
        "  … letter: not attempted yet.",
    ]


@pytest.mark.parametrize(("args", "kwargs"), [((1, "b", 3), {}), ((1,), {"third": 1}), ((), {"fourth": 1})])
def test_a_call_for_other_questions_names_those_there_are(args, kwargs):
    with pytest.raises(TypeError, match="third, letter"):
        both.check(*args, **kwargs)


def test_an_exercise_needs_questions_with_different_names():
    for several in ((), third.questions * 2, (Value("seed", 1.0),)):
        with pytest.raises(ValueError, match="questions of 'wrong'"):
            Exercise("wrong", "Wrong", several)
    with pytest.raises(ValueError, match="hints of 'wrong' must be three or none, got 1"):
        Exercise("wrong", "Wrong", third.questions, hints=("one",))


# Hints

hinted = replace(third, hints=("Cut it.", "It is `1 / n` for n > 2.", "third = 1 / …"))


def test_hints_come_one_at_a_time():
    assert repr(hinted.hint(1)) == "Hint 1, a nudge: Cut it."
    assert repr(hinted.hint(3)) == "Hint 3, the first line: third = 1 / …"
    assert repr(hinted.hint()) == (
        "Hints · A third\n  one at a time: hint(1) a nudge, hint(2) the key idea, hint(3) the first line"
    )
    assert "<code>1 / n</code> for n &gt; 2." in hinted.hint(2)._repr_html_()


def test_all_hints_are_folded_one_into_the_other():
    class Nesting(HTMLParser):
        depth, seen = 0, ()

        def handle_starttag(self, tag, attrs):
            self.depth += tag == "details"
            assert "open" not in dict(attrs)

        def handle_endtag(self, tag):
            self.depth -= tag == "details"

        def handle_data(self, data):
            self.seen += ((self.depth, data),) if data.strip() else ()

    parser = Nesting()
    parser.feed(hinted.hint()._repr_html_())
    assert parser.depth == 0
    assert [(depth, text) for depth, text in parser.seen if text.startswith(("Hint", "Cut")) and depth] == [
        (1, "Hint 1, a nudge"),
        (1, "Cut it."),
        (2, "Hint 2, the key idea"),
        (3, "Hint 3, the first line"),
    ]
    assert parser.seen[-2:] == (
        (3, "third = 1 / …"),
        (3, "Nothing works? The solutions are linked at the end of this sheet."),
    )


def test_a_hint_that_there_is_not_is_refused():
    for step in (0, 4, "1", True + 3):
        with pytest.raises(ValueError, match=r"step must be 1 \(a nudge\), 2 .* got"):
            hinted.hint(step)
    with pytest.raises(ValueError, match="'third' has no hints"):
        third.hint()


def test_reports_repeat_themselves_to_the_letter():
    class Thing:
        pass

    def raises(a, b):
        raise ValueError(f"bad {Thing()}")

    for function in (raises, changes_its_input, lambda a, b: Thing(), lambda a, b: a):
        first, second = outer.check(function), outer.check(function)
        assert repr(first) == repr(second)
        assert first._repr_html_() == second._repr_html_()
    assert_sentence(outer.check(raises), "ValueError: bad <", "0x…")


def test_html_says_what_the_text_says_and_escapes_it():
    exercise = Exercise("a", "a < b & c", (Value("x", 1.0, (Mistake("tag", 2.0, "<script>2</script>"),)),))
    page = exercise.check(2.0)._repr_html_()
    assert "a &lt; b &amp; c" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "✗ not yet" in page


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_has_enough_contrast():
    for colour in (TEXT, LABEL, *COLOURS.values()):
        light, dark = luminance(BACKGROUND), luminance(colour)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
