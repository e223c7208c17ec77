"""The microscope in Python: cells, the numbers that they make, the three forms. What the page makes of them is tested
in a browser, by tests/browser/test_microscopes_on_pages.py."""

import json
import re
from pathlib import Path

import pytest
import torch

from courseware.notebook import microscope
from courseware.notebook.explorer import EXPORT_VARIABLE
from courseware.notebook.microscope import Choice, Input, Microscope, Step, written
from courseware.project import project_root


def share(**options):
    return Microscope(
        "A share",
        Input("a", [1, 2, 5], "parts", least=0, most=9),
        Step("s", "sum", "a", label="their sum"),
        Step("p", "quotient", "a", "s", label="share"),
        **options,
    )


def either_way():
    return Microscope(
        "Either way",
        Input("a", [3, -4]),
        Choice("then", {"<squares>": [Step("b", "square", "a")], "ReLU": [Step("b", "relu", "a")]}),
        Step("c", "sum", "b"),
    )


def made(operation, *values, **options):
    names = [f"a{number}" for number in range(len(values))]
    inputs = [Input(name, value, least=-100, most=100) for name, value in zip(names, values, strict=True)]
    return Microscope("made", *inputs, Step("b", operation, *names, **options)).numbers()["b"].tolist()


def test_numbers_follow_the_inputs():
    assert share().numbers()["p"].tolist() == [0.125, 0.25, 0.625]
    numbers = share().numbers(a=[2, 2, 0])
    assert (numbers["s"].tolist(), numbers["p"].tolist()) == (4, [0.5, 0.5, 0])
    assert numbers["p"].dtype == torch.float64


def test_a_choice_between_two_ways():
    two = either_way()
    assert two.ways == ["<squares>", "ReLU"]
    assert two.numbers()["c"] == 25
    assert two.numbers("ReLU")["c"] == 3
    with pytest.raises(ValueError, match="way must be one of <squares>, ReLU, was 'neither'"):
        two.numbers("neither")
    assert repr(two).splitlines()[0] == "Microscope: Either way (then: <squares>)"


@pytest.mark.parametrize(
    ("operation", "values", "options", "expected"),
    [
        ("difference", (5, [1, 7]), {}, [4, -2]),
        ("addition", ([1, 2], [[10], [20]]), {}, [[11, 12], [21, 22]]),
        ("product", ([2, 3], [[1, 1], [1, 1]]), {}, [[2, 3], [2, 3]]),
        ("product", ([2, 3], [[1, 1], [1, 1]]), {"match": "first"}, [[2, 2], [3, 3]]),
        ("quotient", ([1, 3], 4), {}, [0.25, 0.75]),
        ("square", ([-3, 2],), {}, [9, 4]),
        ("scale", ([-3, 2],), {"by": 0.5}, [-1.5, 1]),
        ("exp", (0,), {}, 1),
        ("gaussian", (0,), {}, 1),
        ("relu", ([-3, 2],), {}, [0, 2]),
        ("sigmoid", (0,), {}, 0.5),
        ("softmax", ([[4, 4], [1, 1]],), {}, [[0.5, 0.5], [0.5, 0.5]]),
        ("softmax", ([[4, 0], [4, 0]],), {"over": 0}, [[0.5, 0.5], [0.5, 0.5]]),
        ("sum", ([[1, 2], [3, 4]],), {}, 10),
        ("sum", ([[1, 2], [3, 4]],), {"over": 0}, [4, 6]),
        ("mean", ([[1, 2], [3, 4]],), {"over": (1,)}, [1.5, 3.5]),
        ("max", ([[[1, 2], [3, 4]], [[9, 0], [0, 0]]],), {"over": (1, 2)}, [4, 9]),
        ("matmul", ([[1, 2], [3, 4]], [1, 10]), {}, [21, 43]),
        ("matmul", ([[1, 2]], [[1, 10], [2, 20]]), {"transpose": True}, [[21, 42]]),
        ("concatenation", ([1], [[2, 3], [4, 5]]), {}, [[1, 2, 3], [1, 4, 5]]),
        ("pick", ([[1, 2], [3, 4]], 2), {}, [3, 4]),
        ("correlation", ([[1, 2, 3]], [[[0, 0, 0], [1, 10, 0], [0, 0, 0]]]), {}, [[10, 21, 32]]),
    ],
)
def test_each_operation_on_numbers_by_hand(operation, values, options, expected):
    assert made(operation, *values, **options) == expected


def test_every_operation_is_tested_by_hand():
    [mark] = test_each_operation_on_numbers_by_hand.pytestmark
    assert {case[0] for case in mark.args[1]} == set(microscope.OPERATIONS)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([Step("s", "sum", "a")], "cells must hold an Input"),
        ([Input("a", 1), Step("a", "square", "a")], "different names, a is given twice"),
        ([Input("a", 1), Step("s", "sum", "b")], "s needs b, which must be given before it"),
        ([Input("a", [1, 2]), Input("b", [1, 2, 3]), Step("s", "difference", "a", "b")], r"difference of a \(2,\), b"),
        ([Input("a", [1, 2]), Step("s", "sum", "a", over=1)], r"s: sum of a \(2,\) fails"),
        ([Input("a", [1, 2]), Step("s", "mean", "a", over=())], "over must name an axis or more"),
        ([Input("a", 1), Choice("then", {})], "one way or more"),
        ([Input("a", 1), Choice("x", {"y": []}), Choice("z", {"y": []})], "at most one Choice"),
        ([Input("a", [1, 2]), Input("i", 1.5), Step("s", "pick", "a", "i")], "whole number from 1 to 2, was 1.5"),
        ([Input("a", [[1]]), Input("k", [[[1, 2]]]), Step("s", "correlation", "a", "k")], "equal and odd, were 1, 2"),
        ([Input("a", [[1]]), Input("k", [[1]]), Step("s", "correlation", "a", "k")], "then a kernel of the shape"),
        ([Input("a", [1]), Step("s", "square", "a"), Step("t", "product", "a", "s", match="x")], "'first' or 'last'"),
        (["a"], "cells must be Input, Step or Choice, one after the other, was 'a'"),
        ([Input("a", [[[1]]]), Input("b", [[1]]), Step("s", "matmul", "a", "b")], "takes matrices and vectors"),
        ([Input("a", 1), Step("s", "softmax", "a")], "a softmax needs more than a single number"),
        ([Input("a", 1), Step("s", "sum", "a", over=0)], "an axis or more that there are"),
        ([Input("a", [1]), Input("k", [[[1]]]), Step("s", "correlation", "a", "k")], "then a kernel of the shape"),
        ([Input("i", 1), Step("j", "square", "i"), Input("a", [1]), Step("s", "pick", "a", "j")], "j is a Step"),
        ([Input("a", 1), Choice("x", {"y": [Input("b", 1)], "z": [Input("b", 2)]})], "one and the same, b is not"),
    ],
)
def test_wrong_cells_are_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        Microscope("wrong", *cells)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Input("a", "two"), "value of a must be a number or lists of numbers, was 'two'"),
        (lambda: Input("a", [[1, 2], [3]]), "value of a must be a number or lists"),
        (lambda: Input("a", []), "must be numbers in at most 3 levels"),
        (lambda: Input("a", [[[[1]]]]), "must be numbers in at most 3 levels"),
        (lambda: Input("a", 11), "a must be from -10 to 10, was 11"),
        (lambda: Input("a", float("nan")), "a must be from -10 to 10, was nan"),
        (lambda: Input("a", 1, least=2, most=1), "in this order, were 2, 1"),
        (lambda: Input("a", 1, step=0), "step of a must be above 0, was 0"),
        (lambda: Input(" ", 1), "name must say what the cell is called"),
        (lambda: Input(3, 1), "name must say what the cell is called, was 3"),
        (lambda: Input("a", 1, least="0"), "least and most of a must be numbers in this order, were '0', 10"),
        (lambda: Input("a", 1, step=None), "step of a must be above 0, was None"),
        (lambda: Input("a", 1, digits=-1), "digits of a must be a whole number from 0 to 15, was -1"),
        (lambda: Microscope(Input("a", 1)), "title must say what is worked out, was <"),
        (lambda: Step("s", "exp", Input("a", 1)), "what s takes must be the names of cells, was <"),
        (lambda: Step("s", "scale", "a", by="2"), "by of s must be a number, was '2'"),
        (lambda: Step("s", "sum", "a", over="x"), "over of s must be an axis or several, counted from 0, was 'x'"),
        (lambda: Choice("then", [Step("b", "exp", "a")]), "ways must give each name its list of cells"),
        (lambda: Choice("then", {"x": Step("b", "exp", "a")}), "the way x must be a list of Input and Step"),
        (lambda: Step("s", "average", "a"), "operation of s must be one of difference, .*, was 'average'"),
        (lambda: Step("s", "difference", "a"), r"difference takes 2 cells; s gives \['a'\]"),
        (lambda: Step("s", "concatenation"), r"concatenation takes one or more cells; s gives \[\]"),
        (lambda: Step("s", "sum", "a", axis=1), "options of sum are over; s gives axis"),
        (lambda: Step("s", "exp", "a", axis=1), "options of exp are none; s gives axis"),
    ],
)
def test_a_wrong_input_or_step_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"b": 1}, "inputs must be among a, was b"),
        ({"a": [1, 2]}, r"a must have the shape \(3,\), had \(2,\)"),
        ({"a": [1, 2, 10]}, "a must be from 0 to 9"),
        ({"a": "x"}, "value of a must be a number or lists of numbers, was 'x'"),
    ],
)
def test_wrong_numbers_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        share().numbers(**inputs)


# What JavaScript's toFixed and toExponential make of the same, the browser's test compares.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-2.0, "−2"),
        (-0.0, "0"),
        (0.60653, "0.6065"),
        (0.03125, "0.0313"),  # half-way: up, as by hand
        (-0.03125, "−0.0313"),
        (1.5, "1.5000"),
        (0.00004, "4.0e−5"),
        (9.96e-7, "1.0e−6"),
        (1234567.0, "1.2e6"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "not a number"),
    ],
)
def test_numbers_as_they_are_written(value, text):
    assert written(value) == text


def test_what_was_typed_keeps_its_digits():
    assert [written(value, trimmed=True) for value in (1.5, -0.25, 3.0, 100.0)] == ["1.5", "−0.25", "3", "100"]


def test_the_text_form_says_every_number():
    assert repr(share()).splitlines() == [
        "Microscope: A share",
        "  a, parts: 1, 2, 5",
        "  s, their sum = sum of a: 8",
        "  p, share = a / s: 0.1250, 0.2500, 0.6250",
    ]
    assert repr(share(digits=1)).splitlines()[-1] == "  p, share = a / s: 0.1, 0.3, 0.6"


def test_formulas_are_written_by_the_operation():
    steps = [
        Step("b", "scale", "a", by=1 / 3),
        Step("b", "scale", "a", by=-0.5),
        Step("b", "scale", "a", by=0.0),
        Step("b", "concatenation", "a", "c"),
        Step("b", "correlation", "a", "c", "k"),
        Step("b", "pick", "a", "i"),
        Step("b", "matmul", "a", "c", formula="a cᵀ", transpose=True),
    ]
    told = ["a / 3", "−0.5000 · a", "0 · a", "[a, c]", "k slides over a, c", "row i of a", "a cᵀ"]
    assert [step.formula for step in steps] == told


def test_where_no_script_runs_there_is_a_table(monkeypatch):
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    data, _ = either_way()._repr_mimebundle_()
    assert data["text/plain"] == repr(either_way())
    table = data["text/html"]
    assert "<script" not in table
    assert "<caption>Either way (then: &lt;squares&gt;)</caption>" in table
    assert re.findall(r'<th scope="row">(\w)</th><td>([^<]*)</td><td>([^<]*)</td>', table) == [
        ("a", "", "3 −4"),
        ("b", " = a²", "9 16"),
        ("c", " = sum of b", "25"),
    ]


def test_an_exported_page_holds_description_script_and_table(monkeypatch):
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    data, _ = either_way()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    page = data["text/html"]
    assert either_way().still() in page
    [told] = re.findall(r'courseware-microscope-description">(.*?)</script>', page, re.DOTALL)
    assert "<" not in told
    assert json.loads(told) == either_way().description
    assert page.count("</script>") == 2  # none inside the script or the description ends them early


def test_the_page_for_authors_shows_what_works():
    page = (project_root(Path(__file__)) / "docs" / "microscope.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert len(code.splitlines()) <= 20
    shown = {}
    exec(code.replace("Microscope(\n", "made = Microscope(\n"), shown)
    x = torch.tensor([0.5, 3, -1]).double()
    torch.testing.assert_close(shown["made"].numbers(x=x, β=2)["y"], (x * (2 * x).softmax(0)).sum())
    assert set(re.findall(r"`(\w+)`", page)) >= set(microscope.OPERATIONS)


def test_the_script_stays_small():
    assert len(microscope._SCRIPT.encode()) <= 40_000
