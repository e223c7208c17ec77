"""Objects that raise, print or never end when they are touched: each costs its own exercise, and nothing else."""

import itertools
import signal
import sys
import time
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courseware.exercises import reading, tools
from courseware.exercises.build import Case, Loop, Measured, Module, Training
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Value
from courseware.exercises.report import Report, State

NUMBER = Value("number", 1 / 3)
NUMBERS = Value("numbers", [0.1, 0.2, 0.7])
LETTER = Choice("letter", Question("Which?", {"this": "Not a, because.", "that": "Yes.", "neither": "No."}, "b"))


def function(name, reference, **options):
    return Function(name, name, reference, lambda generator: [(torch.rand(3, generator=generator),)] * 2, **options)


TABLE = function("table", lambda x: x[:, None] * x)
SINGLE = function("single", lambda x: float(x.sum()))
TRUTH = function("truth", lambda x: bool(x[0] < x[1]))
RULES = function("rules", lambda x: 2 * x, forbidden=(tools.SOFTMAX,), largest=lambda x: 3, squeeze=True)

CLASS = Module("class", "a linear layer", torch.nn.Linear, lambda generator: [Case((torch.rand(2, 3),), (3, 1))])
MEASURED = Measured("measured", "three numbers", lambda numbers: "They are too small.", (3,))


def no_training(module, x):
    return x


LOOP = Loop("loop", "nothing", no_training, lambda generator: [Training((("Linear", 3, 1),), (torch.rand(2, 3),))])

# How an object is touched.
METHODS = [
    *("__str__", "__repr__", "__format__", "__array__", "__iter__", "__len__", "__getitem__", "__float__", "__int__"),
    *("__index__", "__bool__", "__eq__", "__hash__", "__getattr__", "__getattribute__", "__abs__", "__iadd__"),
    *("__torch_function__", "__class__", "__signature__", "__wrapped__", "__name__", "shape", "dtype"),
]
PROPERTIES = {"__class__", "__signature__", "__wrapped__", "__name__", "shape", "dtype"}


RAISED = itertools.cycle([SystemExit(), KeyboardInterrupt(), BaseException("bad " * 1000), RecursionError()])


def raises(*arguments, **named):
    raise next(RAISED)


def hangs(*arguments, **named):
    while True:
        time.sleep(0.001)


class Callable:
    def __call__(self, *arguments):
        return 3


BASES = {
    "object": (object, ()),
    "exception": (Exception, ()),
    "base exception": (BaseException, ()),
    "callable": (Callable, ()),
    "list": (list, ([0.1, 0.2, 0.6],)),
    "text": (str, ("a",)),
    "float": (float, (0.1,)),
    "int": (int, (3,)),
    "fraction": (Fraction, (1, 5)),
    "tensor": (torch.Tensor, ([0.1, 0.2, 0.8],)),
    "array": (np.ndarray, ((3,), float, np.zeros(3))),
}


def made(base, method, deed):
    """An object that does `deed` when it is touched in one way."""
    base_class, arguments = BASES[base]
    kind = type("Hostile", (base_class,), {method: property(deed)} if method in PROPERTIES else {})
    thing = kind(*arguments)
    if method not in PROPERTIES:
        setattr(kind, method, deed)  # not before it is made
    return thing


class Evil(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *arguments, **named):
        raise SystemExit


def nested(levels):
    value = [1.0]
    for _ in range(levels):
        value = [value]
    return value


def endless_list():
    value = []
    value.append(value)
    return value


# Values and results of PyTorch that nothing could be done with.
ODD = {
    "bfloat16": lambda: torch.rand(3, 3).bfloat16(),
    "float16": lambda: torch.full((3, 3), 60_000.0, dtype=torch.float16),
    "complex32": lambda: torch.zeros(3, 3, dtype=torch.complex32),
    "float8": lambda: torch.zeros(3, 3).to(torch.float8_e4m3fn),
    "uint16": lambda: torch.zeros(3, 3, dtype=torch.uint16),
    "quantised": lambda: torch.quantize_per_tensor(torch.rand(3, 3), 0.1, 0, torch.quint8),
    "nested": lambda: torch.nested.nested_tensor([torch.rand(2), torch.rand(3)]),
    "jagged": lambda: torch.nested.nested_tensor([torch.rand(2), torch.rand(3)], layout=torch.jagged),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "compressed": lambda: torch.eye(3).to_sparse_csr(),
    "mkldnn": lambda: torch.eye(3).to_mkldnn(),
    "meta": lambda: torch.zeros(3, 3, device="meta"),
    "expanded": lambda: torch.zeros(1).expand(10**12),
    "conjugated": lambda: torch.zeros(3, 3, dtype=torch.complex64).conj(),
    "subclass": lambda: torch.full((3,), 0.9).as_subclass(Evil),
    "empty": lambda: torch.empty(0),
    "long list": lambda: [[0.5] * 1000] * 1000,
    "very long list": lambda: [[[0.5] * 1000] * 1000] * 1000,
    "deep list": lambda: nested(100_000),
    "list of itself": endless_list,
    "list of a dict": lambda: [{}],
    "list of a set": lambda: [{1}],
    "list of objects": lambda: [object()],
    "list of texts": lambda: ["0.1"],
    "list of subclasses": lambda: [torch.ones(1).as_subclass(Evil)],
    "ragged list": lambda: [[1.0], [1.0, 2.0]],
    "huge range": lambda: range(10**12),
    "huge number": lambda: 10**5000,
    "array of objects": lambda: np.array([object()]),
    "array of dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "expanded array": lambda: np.broadcast_to(np.zeros(1), (10**12,)),
    "exception": lambda: SystemExit("no"),
    "module": lambda: torch.nn.Linear(2, 2),
    "dtype": lambda: torch.float32,
}


def assert_contained(question, answer):
    """Judged not yet, in a sentence, and the check of its neighbour goes on."""
    exercise = Exercise("pair", "A pair", (question, Value("neighbour", 1.0)))
    threads = set(sys._current_frames())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = exercise.check(answer, 1.0)
    assert isinstance(report, Report)
    finding, neighbour = report.findings
    assert finding.state is State.NOT_YET
    assert neighbour.state is State.RIGHT
    assert len(finding.message) > 10
    for page in (repr(report), report._repr_html_()):
        assert len(page) < 5000
        assert "Traceback" not in page
    assert all(type(text) is str for _, text in finding.details)
    patience = time.monotonic() + 10  # a thread that has done its work takes a moment to end
    while not set(sys._current_frames()) <= threads:
        assert time.monotonic() < patience, "something goes on in the background"
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 0.1)


def hasty(question):
    return question if isinstance(question, Value | Choice | Measured) else replace(question, seconds=0.1)


QUESTIONS = [NUMBER, NUMBERS, LETTER, TABLE, SINGLE, TRUTH, RULES, CLASS, LOOP, MEASURED]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_and_results_get_a_sentence(question, odd):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of these are said to be experimental
        answer = ODD[odd]()
    assert_contained(question, answer)
    if isinstance(question, Function):
        assert_contained(question, lambda x: answer)


@pytest.mark.parametrize("deed", [raises, hangs], ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("base", [base for base in BASES if "exception" not in base])
def test_hostile_answers_and_results_cost_themselves_only(base, deed):
    for method in METHODS:
        answer = made(base, method, deed)
        for question in map(hasty, (NUMBERS, LETTER, TABLE)):
            assert_contained(question, answer)
        assert_contained(hasty(SINGLE), lambda x, answer=answer: answer)
        assert_contained(hasty(TABLE), lambda x, answer=answer: [answer])


@pytest.mark.parametrize("deed", [raises, hangs], ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("base", ["object", "callable", "exception", "tensor"])
def test_hostile_objects_given_for_a_class_a_loop_or_a_measurement(base, deed):
    for method in ("__class__", "__getattribute__", "__name__", "__array__", "__call__"):
        answer = made(base, method, deed)
        for question in map(hasty, (CLASS, LOOP, MEASURED)):
            assert_contained(question, answer)


@pytest.mark.parametrize("deed", [raises, hangs], ids=lambda deed: deed.__name__)
def test_what_a_class_or_a_loop_raises_may_be_hostile(deed):
    for method in ("__str__", "__class__", "__getattribute__"):
        for base in ("exception", "base exception"):
            thrown = made(base, method, deed)

            class Raises(torch.nn.Module):
                def __init__(self, *_, thrown=thrown):
                    raise thrown

            def loop(module, x, thrown=thrown):
                raise thrown

            assert_contained(hasty(CLASS), Raises)
            assert_contained(hasty(LOOP), loop)


@pytest.mark.parametrize("deed", [raises, hangs], ids=lambda deed: deed.__name__)
def test_hostile_classes_of_classes(deed):
    for method in ("__name__", "__getattribute__", "__instancecheck__", "__call__", "__eq__"):
        member = property(deed) if method == "__name__" else deed
        answer = object.__new__(type("Meta", (type,), {method: member})("Hostile", (), {}))
        for question in map(hasty, (NUMBERS, LETTER, TABLE)):
            assert_contained(question, answer)
        assert_contained(hasty(TABLE), lambda x, answer=answer: answer)


@pytest.mark.parametrize("deed", [raises, hangs], ids=lambda deed: deed.__name__)
def test_what_a_function_raises_and_leaves_behind_may_be_hostile(deed):
    def raises_it(x):
        raise made("exception", method, deed)

    def raises_for_good(x):
        raise made("base exception", method, deed)

    def into_its_argument(x):
        x.kept = made("object", "__del__", lambda self: hangs() if deed is hangs else None)
        return x

    def prints(x):
        sys.stdout.write(made("text", "__radd__", deed))
        sys.stdout.write(made("text", "count", deed))
        return x

    for name in ("__str__", "__repr__", "__class__", "__getattribute__", "__traceback__"):
        method = name
        assert_contained(hasty(TABLE), raises_it)
        assert_contained(hasty(TABLE), raises_for_good)
    assert_contained(hasty(TABLE), into_its_argument)
    assert_contained(hasty(TABLE), prints)


def test_a_result_that_never_ends_to_be_deleted_is_left_in_time():
    class Endless:
        def __del__(self):
            while True:
                time.sleep(0.001)

    assert_contained(hasty(TABLE), lambda x: Endless())


def test_what_reading_an_answer_prints_and_changes_is_kept_back(capsys):
    class Loud(list):
        def __iter__(self):
            print("here I am")
            torch.set_default_dtype(torch.float64)
            return iter([0.0])

    assert_contained(NUMBERS, Loud([1.0]))
    assert capsys.readouterr() == ("", "")
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent by a signal")
def test_an_interrupt_still_stops_the_reading_of_an_answer(monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 60.0)

    class Slow(list):
        def __iter__(self):
            signal.raise_signal(signal.SIGINT)
            hangs()

    with pytest.raises(KeyboardInterrupt):
        Exercise("number", "A number", (NUMBERS,)).check(Slow([1.0]))


# Anything at all

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.decimals()
    | st.fractions()
    | st.sampled_from([..., NotImplemented, abs, int, object(), torch.ones(2), np.ones((1, 2))])
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=anything)
def test_any_answer_and_any_result_gives_a_finding(answer):
    for question in (NUMBER, NUMBERS, LETTER, SINGLE):
        assert question.judge(answer, 0).state in State
    for question in (TABLE, SINGLE, TRUTH, RULES):
        finding = question.judge(lambda x: answer, 0)
        assert finding.state in State
        assert len(str(finding)) < 5000
