"""Attention pooling against hand values, plain Python loops and its own laws."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import visual_attention
from visual_attention import _fast_pooling, attention_weights, nadaraya_watson, pooling, soft_pool
from visual_attention._validation import same_kind
from visual_attention.pooling import KERNELS, attend

F64 = torch.float64


def t(*numbers, dtype=F64):
    return torch.tensor(numbers, dtype=dtype)


def loop_weights(query, keys, width, kernel, leave_one_out=False):
    """The definition, one pair at a time in Python floats (which are float64).

    The Gaussian is divided by its largest value in the row, or it would underflow far from the keys.
    """

    def kernel_value(u, smallest):
        if kernel == "gaussian":
            return math.exp(-(u - smallest) * (u + smallest) / 2)
        if kernel == "constant":
            return 1.0
        if u > 1:
            return 0.0
        return {"boxcar": 1.0, "triangular": 1 - u, "epanechnikov": 1 - u * u}[kernel]

    query = [q if isinstance(q, list) else [q] for q in query.tolist()]
    keys = [k if isinstance(k, list) else [k] for k in keys.tolist()]
    table = []
    for i, q in enumerate(query):
        distance = [math.dist(q, k) for k in keys]
        allowed = [not (leave_one_out and i == j) for j in range(len(keys))]
        nearest = min(d for d, a in zip(distance, allowed, strict=True) if a)
        row = [kernel_value(d / width, nearest / width) if a else 0.0 for d, a in zip(distance, allowed, strict=True)]
        if sum(row) == 0:
            row = [float(a and d == nearest) for d, a in zip(distance, allowed, strict=True)]
        table.append([k / sum(row) for k in row])
    return torch.tensor(table, dtype=F64)


# --- values known without a computer ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "weights", "prediction"),
    [(1.0, (0.3482, 0.5741, 0.0777), 1.9626), (0.5, (0.1192, 0.8805, 0.0003), 1.8820)],
)
def test_hand_example(width, weights, prediction):
    keys, values = t(0, 1, 3), t(1, 2, 6)
    found = attention_weights(t(1), keys, width=width)
    torch.testing.assert_close(found, t(*weights)[None], atol=5e-5, rtol=0)
    torch.testing.assert_close(nadaraya_watson(t(1), keys, values, width=width), t(prediction), atol=5e-5, rtol=0)
    torch.testing.assert_close(attend(found, values), t(prediction), atol=5e-5, rtol=0)


@pytest.mark.parametrize(
    ("kernel", "weights"),
    [
        # distances 0, 1, 3 at width 2: u = 0, 1/2, 3/2
        ("boxcar", (Fraction(1, 2), Fraction(1, 2), 0)),
        ("triangular", (Fraction(2, 3), Fraction(1, 3), 0)),
        ("epanechnikov", (Fraction(4, 7), Fraction(3, 7), 0)),
        ("constant", (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3))),
    ],
)
def test_compact_kernels_by_hand(kernel, weights):
    found = attention_weights(t(0), t(0, 1, 3), width=2.0, kernel=kernel)
    torch.testing.assert_close(found[0], t(*map(float, weights)), atol=1e-15, rtol=0)


def test_boundary_bias_on_a_straight_line():
    x = torch.linspace(0, 5, 501, dtype=F64)
    found = nadaraya_watson(t(0, 2.5, 5), x, 2 * x)
    torch.testing.assert_close(found, t(1.589, 5.000, 8.411), atol=5e-4, rtol=0)


def test_width_has_units():
    x = torch.arange(6, dtype=F64)
    metres = nadaraya_watson(t(2.4), x, x**2)
    centimetres = nadaraya_watson(t(240), 100 * x, x**2)
    torch.testing.assert_close(torch.cat([metres, centimetres]), t(6.749, 4.000), atol=5e-4, rtol=0)
    torch.testing.assert_close(nadaraya_watson(t(240), 100 * x, x**2, width=100.0), metres, atol=1e-12, rtol=0)


# --- against the loop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (2,), (5,)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("kernel", KERNELS)
def test_equals_the_loop(kernel, dtype, shape, leave_one_out):
    generator = torch.Generator().manual_seed(len(shape))
    keys = torch.rand(9, *shape, generator=generator, dtype=dtype) * 5
    query = keys if leave_one_out else torch.rand(7, *shape, generator=generator, dtype=dtype) * 8 - 1
    values = torch.randn(9, 3, generator=generator, dtype=dtype)
    # float32: the loop gets the same rounded inputs, so only the result is rounded (6e-8 of numbers near 1).
    tolerance = 1e-12 if dtype == F64 else 3e-7
    for width in (0.05, 0.5, 1.0, 3.0, 100.0):
        expected = loop_weights(query, keys, width, kernel, leave_one_out)
        options = {"width": width, "kernel": kernel, "leave_one_out": leave_one_out}
        weights = attention_weights(query, keys, **options)
        assert weights.dtype == dtype
        assert weights.shape == (len(query), 9)
        torch.testing.assert_close(weights.double(), expected, atol=tolerance, rtol=0)
        for columns in (values, values[:, 0]):
            found = nadaraya_watson(query, keys, columns, **options)
            assert found.dtype == dtype
            torch.testing.assert_close(found.double(), expected @ columns.double(), atol=3 * tolerance, rtol=0)


def test_leave_one_out_normalises_after_leaving_out():
    x, y = t(0, 1, 3), t(1, 2, 6)
    weights = attention_weights(x, x, leave_one_out=True)
    assert weights.diagonal().tolist() == [0, 0, 0]
    # Row 1 sees keys 0 and 3, at distances 1 and 2.
    share = math.exp(-0.5) / (math.exp(-0.5) + math.exp(-2))
    torch.testing.assert_close(weights[1], t(share, 0, 1 - share), atol=1e-15, rtol=0)
    predicted = nadaraya_watson(x, x, y, leave_one_out=True)
    assert predicted[1].item() == pytest.approx(share + 6 * (1 - share), abs=1e-14)


def test_leave_one_out_obeys_the_press_identity():
    """y_k − f_(−k)(x_k) = (y_k − f(x_k)) / (1 − S_kk), exact for this estimator."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.rand(2, 30, generator=generator, dtype=F64) * 5
    smoother = attention_weights(x, x, width=0.4)
    left_out = nadaraya_watson(x, x, y, width=0.4, leave_one_out=True)
    torch.testing.assert_close(y - left_out, (y - smoother @ y) / (1 - smoother.diagonal()), atol=1e-12, rtol=0)


# --- extremes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != "constant"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_far_query_with_tiny_width_gets_the_nearest_value(dtype, kernel):
    keys, values = t(0, 2.5, 5, dtype=dtype), t(7, 8, 9, dtype=dtype)
    for width in (1e-3, 1e-30):
        found = nadaraya_watson(t(1000, -1000, 2.6, dtype=dtype), keys, values, width=width, kernel=kernel)
        assert found.tolist() == [9, 7, 8]


def test_far_query_is_exact_in_float32():
    """Ten thousand widths away, 10⁴ − 10⁻⁴ is 10⁴ in float32 arithmetic, and both keys would tie."""
    keys, values = t(0, 1e-4, dtype=torch.float32), t(0, 1, dtype=torch.float32)
    found = nadaraya_watson(t(1e4, dtype=torch.float32), keys, values)
    # The exponents differ by 10⁴ · 10⁻⁴ = 1.
    assert found.item() == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("width", [5e-324, 1e-300, 1e-30, 1e30, 1e300])
def test_no_width_overflows(width, dtype, kernel):
    x = t(-1e30, 0, 1e-30, 1, 1e30, dtype=dtype)
    for leave_one_out in (False, True):
        weights = attention_weights(x, x, width=width, kernel=kernel, leave_one_out=leave_one_out)
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(5, dtype=dtype), atol=1e-6, rtol=0)
        if width <= 1e-300 and kernel != "constant" and not leave_one_out:
            assert torch.equal(weights, torch.eye(5, dtype=dtype))
        if width == 1e300 and kernel != "triangular" and not leave_one_out:
            torch.testing.assert_close(weights, torch.full((5, 5), 0.2, dtype=dtype), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kernel", ["gaussian", "boxcar", "triangular", "epanechnikov"])
def test_nearest_keys_at_equal_distance_share(kernel):
    keys = t(-1, 1, 1, 4)
    weights = attention_weights(t(0), keys, width=1e-9, kernel=kernel)
    torch.testing.assert_close(weights[0], t(1, 1, 1, 0) / 3, atol=1e-15, rtol=0)
    plane = torch.tensor([[3.0, 4.0], [-4.0, 3.0], [0.0, 6.0]])
    weights = attention_weights(torch.zeros(1, 2), plane, width=1e-9, kernel=kernel)
    assert weights.tolist() == [[0.5, 0.5, 0.0]]


@pytest.mark.parametrize("kernel", ["triangular", "epanechnikov"])
def test_key_on_the_edge_of_the_window_counts_as_nearest(kernel):
    """Its kernel value is 0, and so is the sum: the rule for empty windows applies."""
    assert attention_weights(t(0), t(1, 2), width=1.0, kernel=kernel).tolist() == [[1, 0]]
    # With another key inside, the key on the edge has weight 0.
    assert attention_weights(t(0), t(1, 0.5), width=1.0, kernel=kernel).tolist() == [[0, 1]]


def test_boxcar_window_contains_its_edge():
    assert attention_weights(t(0), t(1, 0.5), width=1.0, kernel="boxcar").tolist() == [[0.5, 0.5]]


# --- laws ---------------------------------------------------------------------------------------------

# Multiples of 1/64: their differences and shifts by whole numbers are exact.
coordinate = st.integers(-640, 640).map(lambda k: k / 64)
points = st.lists(coordinate, min_size=1, max_size=8)
some_width = st.floats(1e-3, 1e3)
some_kernel = st.sampled_from(KERNELS)
law = settings(max_examples=60, deadline=None)


@law
@given(points, st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=8), some_width, some_kernel)
def test_rows_sum_to_one_and_predictions_stay_in_range(query, pairs, width, kernel):
    keys, values = torch.tensor(pairs, dtype=F64).unbind(dim=1)
    weights = attention_weights(t(*query), keys, width=width, kernel=kernel)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(len(query), dtype=F64), atol=1e-12, rtol=0)
    found = nadaraya_watson(t(*query), keys, values, width=width, kernel=kernel)
    assert values.min() - 1e-12 <= found.min()
    assert found.max() <= values.max() + 1e-12


@law
@given(points, points, st.integers(-1000, 1000), some_width, some_kernel)
def test_only_differences_matter(query, keys, shift, width, kernel):
    before = attention_weights(t(*query), t(*keys), width=width, kernel=kernel)
    after = attention_weights(t(*query) + shift, t(*keys) + shift, width=width, kernel=kernel)
    torch.testing.assert_close(after, before, atol=1e-12, rtol=0)


@law
@given(points, points, some_width, some_kernel, st.randoms(use_true_random=False))
def test_order_of_keys_does_not_matter(query, keys, width, kernel, random):
    order = list(range(len(keys)))
    random.shuffle(order)
    before = attention_weights(t(*query), t(*keys), width=width, kernel=kernel)
    after = attention_weights(t(*query), t(*keys)[order], width=width, kernel=kernel)
    torch.testing.assert_close(after, before[:, order], atol=1e-14, rtol=0)


@law
@given(points, points, some_width, some_kernel, st.integers(-20, 20))
def test_units_of_x_and_width_cancel(query, keys, width, kernel, power):
    unit = 2.0**power
    before = attention_weights(t(*query), t(*keys), width=width, kernel=kernel)
    after = attention_weights(t(*query) * unit, t(*keys) * unit, width=width * unit, kernel=kernel)
    torch.testing.assert_close(after, before, atol=1e-14, rtol=0)


@law
@given(points, points, some_kernel)
def test_limits_of_the_width(query, keys, kernel):
    assume(kernel != "constant")
    query, keys = t(*query), t(*keys)
    values = torch.arange(len(keys), dtype=F64)
    expected = []
    for q in query.tolist():
        distance = [abs(q - k) for k in keys.tolist()]
        winners = [i for i, d in enumerate(distance) if d == min(distance)]
        expected.append(sum(winners) / len(winners))
    nearest = nadaraya_watson(query, keys, values, width=1e-6, kernel=kernel)
    torch.testing.assert_close(nearest, t(*expected), atol=1e-12, rtol=0)
    mean = nadaraya_watson(query, keys, values, width=1e9, kernel=kernel)
    torch.testing.assert_close(mean, values.mean().expand(len(query)), atol=1e-6, rtol=0)


# --- derivatives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("kernel", ["gaussian", "triangular", "epanechnikov"])
def test_gradients_match_finite_differences(kernel, leave_one_out):
    generator = torch.Generator().manual_seed(1)
    query = torch.rand(5, 2, generator=generator, dtype=F64).requires_grad_()
    keys = torch.rand(5, 2, generator=generator, dtype=F64).requires_grad_()
    values = torch.randn(5, generator=generator, dtype=F64).requires_grad_()
    width = t(0.9).squeeze().requires_grad_()

    def predict(query, keys, values, width):
        return nadaraya_watson(query, keys, values, width=width, kernel=kernel, leave_one_out=leave_one_out)

    assert torch.autograd.gradcheck(predict, (query, keys, values, width))


def test_gradient_of_the_width_matches_the_formula():
    """∂f/∂w = −w Cov_α(y, d²) with w = 1 / width, in float32 with the query on a key (distance 0)."""
    keys, values = t(0, 1, 3, dtype=torch.float32), t(1, 2, 6, dtype=torch.float32)
    w = torch.tensor(2.0, requires_grad=True)
    prediction = nadaraya_watson(t(1, dtype=torch.float32), keys, values, width=1 / w)
    prediction.sum().backward()
    weights = loop_weights(t(1), t(0, 1, 3), 0.5, "gaussian")[0]
    y, square = t(1, 2, 6), t(1, 0, 4)
    covariance = weights @ (y * square) - (weights @ y) * (weights @ square)
    assert w.grad.item() == pytest.approx(-2 * covariance.item(), rel=1e-5)


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_gradients_stay_finite_at_extreme_widths(size, kernel, leave_one_out):
    x = t(0, 1, 2.5, 4.5, dtype=torch.float32).requires_grad_()  # ties would have a true slope of 1e60
    width = torch.tensor(size, requires_grad=True)
    weights = attention_weights(x, x, width=width, kernel=kernel, leave_one_out=leave_one_out)
    (weights * torch.arange(16.0).reshape(4, 4)).sum().backward()
    assert x.grad.isfinite().all()
    assert width.grad.isfinite()


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("kernel", ["boxcar", "constant"])
@pytest.mark.parametrize("n", [3, 300])  # as a table, and by rows
def test_a_kernel_without_slope_has_the_gradient_zero(n, kernel, leave_one_out):
    query, keys = torch.linspace(0, 5, n).requires_grad_(), torch.linspace(0, 5, n).requires_grad_()
    width = torch.tensor(0.7, requires_grad=True)
    values = torch.arange(float(n))
    nadaraya_watson(query, keys, values, width=width, kernel=kernel, leave_one_out=leave_one_out).sum().backward()
    for leaf in (query, keys, width):
        assert torch.equal(leaf.grad, torch.zeros_like(leaf))


def test_second_derivatives_are_those_that_the_text_promises():
    generator = torch.Generator().manual_seed(4)
    query, keys, values = (torch.rand(size, generator=generator, dtype=F64) for size in (4, 5, 5))
    width = torch.tensor(0.6, dtype=F64, requires_grad=True)

    def predict(width):
        return nadaraya_watson(query, keys, values, width=width)

    assert torch.autograd.gradgradcheck(predict, width)
    query.requires_grad_()
    (gradient,) = torch.autograd.grad(predict(width).sum(), query, create_graph=True)
    with pytest.raises(RuntimeError, match="derivative"):
        gradient.sum().backward()


@pytest.mark.parametrize("kernel", ["gaussian", "triangular"])  # the fused form, and by rows
def test_large_forms_refuse_second_derivatives(kernel):
    x = torch.linspace(0, 5, 300, dtype=F64)
    width = torch.tensor(0.6, dtype=F64, requires_grad=True)
    prediction = nadaraya_watson(x, x, x, width=width, kernel=kernel).square().sum()
    (gradient,) = torch.autograd.grad(prediction, width, create_graph=True)
    with pytest.raises(RuntimeError, match=r"derivative|differentiate twice"):
        gradient.backward()


@pytest.mark.parametrize("kernel", KERNELS)
def test_moving_all_points_far_away_changes_no_weight(kernel):
    """From |q|² − 2 q·k + |k|², as `cdist` computes it for more than 25 points, weights would be off by hundredths."""
    x = torch.arange(40, dtype=F64)[:, None] / t(64, 16)  # exact, and so are their differences at 2²⁰
    assert torch.equal(
        attention_weights(x + 2**20, x + 2**20, width=0.05, kernel=kernel),
        attention_weights(x, x, width=0.05, kernel=kernel),
    )


# --- large problems -----------------------------------------------------------------------------------


def forbid(monkeypatch, name):
    # Neither a function nor a class: whoever calls it, or a method of it, fails.
    monkeypatch.setattr(_fast_pooling, name, None)


def limit_tables(monkeypatch, entries):
    for module in (pooling, _fast_pooling):
        monkeypatch.setattr(module, "TABLE_ENTRIES", entries)


@pytest.mark.parametrize("offset", [0.0, 1000.0, 1e6])
@pytest.mark.parametrize("shape", [(), (2,), (5,)], ids=str)
@pytest.mark.parametrize("columns", [None, 1, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_fused_form_equals_the_loop(monkeypatch, dtype, columns, shape, offset):
    generator = torch.Generator().manual_seed(5)
    keys = (torch.rand(60, *shape, generator=generator, dtype=F64) * 5 + offset).to(dtype)
    query = (torch.rand(33, *shape, generator=generator, dtype=F64) * 6 + offset).to(dtype)
    values = torch.randn(60, *([columns] if columns else []), generator=generator, dtype=dtype)
    limit_tables(monkeypatch, 0)
    forbid(monkeypatch, "_ByRows")
    for width in (0.003, 0.3, 30.0):
        found = nadaraya_watson(query, keys, values, width=width)
        assert found.dtype == dtype
        expected = loop_weights(query, keys, width, "gaussian") @ values.double()
        torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=0)


def test_fused_form_takes_any_memory_layout(monkeypatch):
    """Columns of a transposed tensor have no unit stride, which the fused kernel refuses."""
    generator = torch.Generator().manual_seed(9)
    query, keys, values = (torch.rand(4, 30, generator=generator, dtype=F64).T for _ in range(3))
    limit_tables(monkeypatch, 0)
    forbid(monkeypatch, "_ByRows")
    for columns in (values, torch.rand(5, 30, generator=generator, dtype=F64).T):
        found = nadaraya_watson(query, keys, columns, width=0.3)
        expected = loop_weights(query, keys, 0.3, "gaussian") @ columns
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_fused_form_centres_each_coordinate(monkeypatch):
    """Around one common centre these data would span millions of widths, and the fused form give way to the rows."""
    keys, query = torch.rand(2, 30, 2, generator=torch.Generator().manual_seed(10), dtype=F64) + t(0, 1e6)
    values = torch.linspace(0, 1, 30, dtype=F64)
    limit_tables(monkeypatch, 0)
    forbid(monkeypatch, "_ByRows")
    found = nadaraya_watson(query, keys, values, width=0.3)
    expected = loop_weights(query, keys, 0.3, "gaussian") @ values
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=0)


def test_tiny_widths_do_not_use_the_fused_form(monkeypatch):
    """At 10⁷ widths its squares would lose every digit; the tables by rows must take over."""
    generator = torch.Generator().manual_seed(6)
    keys, query = torch.rand(2, 50, generator=generator, dtype=F64)
    values = torch.randn(50, generator=generator, dtype=F64)
    limit_tables(monkeypatch, 200)
    forbid(monkeypatch, "_fused")
    for width in (1e-7, 1e-30):
        expected = [values[(keys - q).abs().argmin()].item() for q in query]
        assert nadaraya_watson(query, keys, values, width=width).tolist() == expected


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
def test_rows_in_parts_equal_the_loop(monkeypatch, kernel, leave_one_out):
    limit_tables(monkeypatch, 50)  # 23 keys: two rows at a time, and a last one
    monkeypatch.setattr(_fast_pooling, "_FUSED_REACH", -1.0)
    generator = torch.Generator().manual_seed(7)
    x, values = torch.rand(2, 23, generator=generator, dtype=F64)
    found = nadaraya_watson(x, x, values, width=0.1, kernel=kernel, leave_one_out=leave_one_out)
    expected = loop_weights(x, x, 0.1, kernel, leave_one_out) @ values
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("entries", "longest"), [(0, 1), (39, 1), (40, 2), (99, 4), (1000, 7)])
def test_no_part_is_larger_than_allowed_unless_one_row_is(monkeypatch, entries, longest):
    limit_tables(monkeypatch, entries)
    parts = _fast_pooling._rows_at_once(torch.zeros(7, 1), torch.zeros(20, 1))
    assert [index for part in parts for index in range(7)[part]] == list(range(7))
    assert max(len(range(7)[part]) for part in parts) == longest


@pytest.mark.parametrize("entries", [2**16, 50], ids=["table", "rows"])
def test_all_stays_where_the_data_are_whatever_the_default_device(monkeypatch, entries):
    limit_tables(monkeypatch, entries)
    x = torch.linspace(0, 5, 20, dtype=F64)
    expected = nadaraya_watson(x, x, x.sin(), width=0.3, leave_one_out=True)
    with torch.device("meta"):
        assert torch.equal(nadaraya_watson(x, x, x.sin(), width=0.3, leave_one_out=True), expected)


@pytest.mark.parametrize("needed", [(0,), (3,), (0, 1, 2, 3)], ids=str)
@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("kernel", ["gaussian", "epanechnikov", "constant"])
@pytest.mark.parametrize(("reach", "other"), [(1e4, "_ByRows"), (-1.0, "_fused")], ids=["fused", "rows"])
def test_large_forms_have_the_gradients_of_the_small_one(monkeypatch, reach, other, kernel, leave_one_out, needed):
    if other == "_ByRows" and (kernel != "gaussian" or leave_one_out):
        other = "_fused"

    def gradients():
        generator = torch.Generator().manual_seed(8)
        leaves = [torch.rand(30, size, generator=generator, dtype=F64) for size in (3, 3, 2)]
        leaves.append(torch.tensor(0.4, dtype=F64))
        for place in needed:
            leaves[place].requires_grad_()
        query, keys, values, width = leaves
        options = {"width": width, "kernel": kernel, "leave_one_out": leave_one_out}
        prediction = nadaraya_watson(query, keys, values, **options)
        prediction.square().sum().backward()
        return [leaves[place].grad for place in needed]

    small = gradients()  # checked against finite differences above
    limit_tables(monkeypatch, 100)
    monkeypatch.setattr(_fast_pooling, "_FUSED_REACH", reach)
    forbid(monkeypatch, other)
    for found, expected in zip(gradients(), small, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-10, rtol=0)


PEAK = """
import re, torch
from pathlib import Path
from visual_attention import nadaraya_watson
torch.set_num_threads(1)
small = torch.linspace(0, 5, 300, dtype=torch.float64, requires_grad=True)
nadaraya_watson(small, small, small).sum().backward()  # loads libraries before the memory is read
query = torch.linspace(0, 5, {m}, dtype=torch.float64)
keys = torch.linspace(0, 5, {n}, dtype=torch.float64)
values = torch.sin(keys)
def peak():
    # Not ru_maxrss: a child process starts with its parent's there.
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
before = peak()
{work}
print(peak() - before)
"""
SMOOTH = """
found = nadaraya_watson(query, keys, values, width={width}, kernel="{kernel}")
inside = (query > 1) & (query < 4)
assert (found - {factor} * torch.sin(query))[inside].abs().max() < 1e-3
"""
DIFFERENTIATE = """
width = torch.tensor(0.1, requires_grad=True)
nadaraya_watson(query, keys, values, width=width, leave_one_out={leave_one_out}).sum().backward()
assert width.grad.isfinite()
"""


def peak_growth(work, m, n):
    """Return by how many MiB a process of its own grows at its peak."""
    script = PEAK.format(m=m, n=n, work=work)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")


@on_linux
@pytest.mark.parametrize(
    ("kernel", "m", "width", "factor"),
    [
        # Smoothing sin by a Gaussian multiplies it by exp(−width² / 2); the table would take 8 GB.
        ("gaussian", 10_000, 0.1, math.exp(-0.005)),
        # By a boxcar, by sin(width) / width; the table would take 1.2 GB.
        ("boxcar", 1_500, 0.2, math.sin(0.2) / 0.2),
    ],
)
def test_memory_does_not_grow_with_the_table(kernel, m, width, factor):
    work = SMOOTH.format(kernel=kernel, width=width, factor=factor)
    assert peak_growth(work, m=m, n=100_000) < 100


@on_linux
@pytest.mark.parametrize("leave_one_out", [False, True])
def test_memory_of_the_gradient_does_not_grow_with_the_table(leave_one_out):
    """One table would take 200 MB, and autograd would keep several."""
    assert peak_growth(DIFFERENTIATE.format(leave_one_out=leave_one_out), m=5_000, n=5_000) < 100


# --- bad input ----------------------------------------------------------------------------------------

X = torch.linspace(0, 1, 4)
BAD = [
    ({"query": torch.empty(0)}, ValueError, r"query must not be empty, got shape \(0,\)"),
    ({"keys": torch.empty(0)}, ValueError, "keys must not be empty"),
    ({"keys": torch.empty(4, 0), "query": torch.empty(4, 0)}, ValueError, "query must not be empty"),
    (
        {"keys": t(0, math.nan, 1, 2, dtype=torch.float32)},
        ValueError,
        r"keys must hold finite.* nan at.*\[1\]",
    ),
    ({"query": t(0, math.inf, dtype=torch.float32)}, ValueError, "query must hold finite.* got inf"),
    (
        {"values": t(0, 1, 2, -math.inf, dtype=torch.float32)},
        ValueError,
        "values must hold finite.* got -inf",
    ),
    ({"query": t(1e200), "keys": t(0, 1, 2, 3)}, ValueError, "query must hold finite.*at most 1e.150"),
    ({"width": 0}, ValueError, "width must be a finite number above 0, got 0"),
    ({"width": -1.5}, ValueError, "width must be a finite number above 0, got -1.5"),
    ({"width": math.nan}, ValueError, "width must be a finite number above 0, got nan"),
    ({"width": math.inf}, ValueError, "width must be a finite number above 0, got inf"),
    ({"width": 10**400}, ValueError, "width must fit in float64"),
    ({"width": torch.tensor(-1.0)}, ValueError, "width must be a finite number above 0, got -1"),
    ({"width": torch.ones(3)}, ValueError, r"width must be .* shape \(\), got shape \(3,\)"),
    ({"width": torch.tensor(1)}, TypeError, "width must be .*floating-point tensor, got torch.int64"),
    ({"width": "1"}, TypeError, "width must be a number .*got str"),
    ({"width": True}, TypeError, "width must be a number .*got bool"),
    ({"width": None}, TypeError, "width must be a number .*got NoneType"),
    ({"query": X[:, None]}, ValueError, r"query and keys must be .*got \(4, 1\) and \(4,\)"),
    ({"query": torch.zeros(4, 2), "keys": torch.zeros(4, 3)}, ValueError, "with one d, got"),
    ({"query": torch.tensor(1.0)}, ValueError, r"query must have shape \(m,\) or \(m, d\), got \(\)"),
    ({"keys": torch.zeros(2, 2, 2)}, ValueError, r"keys must have shape \(n,\) or \(n, d\), got \(2, 2, 2\)"),
    ({"values": X[:3]}, ValueError, r"values must hold one row per key, 4 .*got shape \(3,\)"),
    ({"values": torch.zeros(4, 1, 1)}, ValueError, r"values must have shape \(n,\) or \(n, v\)"),
    (
        {"query": X.double()},
        TypeError,
        r"keys must have the dtype of query \(torch.float64\), got torch.float32",
    ),
    ({"values": X.double()}, TypeError, "values must have the dtype of keys"),
    (
        {"keys": torch.arange(4)},
        TypeError,
        r"keys must be of dtype float32 or float64 \(write keys.double\(\)\)",
    ),
    ({"values": X > 0.5}, TypeError, "values must be of dtype .*got torch.bool"),
    ({"query": X.to(torch.complex64)}, TypeError, "query must be of dtype .*64, got torch.complex64"),
    ({"query": X.half()}, TypeError, "query must be of dtype .*got torch.float16"),
    (
        {"query": [0.0, 1.0]},
        TypeError,
        r"query must be a torch tensor \(write torch.tensor\(query\)\), got list",
    ),
    (
        {"keys": np.zeros(4)},
        TypeError,
        r"keys must be a torch tensor \(write torch.from_numpy\(keys\)\), got nd",
    ),
    ({"values": None}, TypeError, "values must be a torch tensor"),
    ({"kernel": "cosine"}, ValueError, "kernel must be one of gaussian, boxcar, .*constant, got 'cosine'"),
    ({"kernel": None}, ValueError, "kernel must be one of .*got None"),
    ({"leave_one_out": 1}, TypeError, "leave_one_out must be True or False, got int"),
    ({"leave_one_out": True, "query": X[:3]}, ValueError, "same n points.*got 3 queries and 4 keys"),
    (
        {"leave_one_out": True, "query": X[:1], "keys": X[:1], "values": X[:1]},
        ValueError,
        "n at least 2 .*got 1 queries and 1 keys",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "message"), BAD, ids=[f"{b[2][:40]}" for b in BAD])
def test_bad_input_is_named(wrong, error, message):
    arguments = {"query": X, "keys": X, "values": X, **wrong}
    with pytest.raises(error, match=message):
        nadaraya_watson(**arguments)
    if "values" not in wrong:
        del arguments["values"]
        with pytest.raises(error, match=message):
            attention_weights(**arguments)


def test_different_devices_are_named():
    """Through the helper: a second device that can also be read is not on every machine."""
    with pytest.raises(ValueError, match=r"values must be on the device of keys \(cpu\), got meta"):
        same_kind("keys", X, "values", X.to("meta"))


def test_attend_names_bad_input():
    weights = torch.full((2, 4), 0.25)
    assert attend(weights, torch.arange(4.0)).tolist() == [1.5, 1.5]
    assert attend(weights, torch.arange(8.0).reshape(4, 2)).tolist() == [[3, 4], [3, 4]]
    with pytest.raises(ValueError, match=r"weights must have shape \(m, n\), got \(4,\)"):
        attend(weights[0], torch.arange(4.0))
    with pytest.raises(ValueError, match=r"values must hold one row per key, 4 .*got shape \(3,\)"):
        attend(weights, torch.arange(3.0))
    with pytest.raises(TypeError, match="values must have the dtype of weights"):
        attend(weights, torch.arange(4.0).double())


def test_inputs_are_left_alone():
    x, y = torch.linspace(0, 5, 6, dtype=F64), torch.arange(6, dtype=F64)
    nadaraya_watson(x, x, y, leave_one_out=True)
    assert torch.equal(x, torch.linspace(0, 5, 6, dtype=F64))
    assert torch.equal(y, torch.arange(6, dtype=F64))


# --- soft pooling -------------------------------------------------------------------------------------


def test_soft_pool_by_hand():
    x = t(1, 3, 2, 0)
    assert soft_pool(x, 0, 0).item() == pytest.approx(1.5)
    e = [math.exp(v) for v in (1, 3, 2, 0)]
    expected = (e[0] + 3 * e[1] + 2 * e[2]) / sum(e)
    assert soft_pool(x, 1, 0).item() == pytest.approx(expected, abs=1e-14)
    assert soft_pool(x, math.inf, 0).item() == 3
    assert soft_pool(x, -math.inf, 0).item() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [0.5, 1000.0, 1e30, 1e300])
def test_soft_pool_is_stable(size, dtype):
    x = t(-2000, 5, 3000, dtype=dtype)
    assert soft_pool(x, size, 0).item() == 3000
    assert soft_pool(x, size, 0).dtype == dtype
    assert soft_pool(x, -size, 0).item() == -2000


@pytest.mark.parametrize("beta", [0.0, 0.7, -3.0, 1000.0, math.inf, -math.inf])
@pytest.mark.parametrize("dim", [0, -1, -3, (1, 2), (0, -2)], ids=str)
def test_soft_pool_over_dimensions(dim, beta):
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=F64)
    dims = sorted(d % 3 for d in (dim if isinstance(dim, tuple) else (dim,)))
    kept = [d for d in range(3) if d not in dims]
    rows = x.permute(*kept, *dims).reshape(*[x.shape[d] for d in kept], -1)

    def one(row):
        if math.isinf(beta):
            return max(row) if beta > 0 else min(row)
        top = max(beta * v for v in row)
        weights = [math.exp(beta * v - top) for v in row]
        return sum(w * v for w, v in zip(weights, row, strict=True)) / sum(weights)

    expected = torch.tensor([one(row) for row in rows.reshape(-1, rows.shape[-1]).tolist()], dtype=F64)
    torch.testing.assert_close(soft_pool(x, beta, dim).flatten(), expected, atol=1e-12, rtol=0)


def test_soft_pool_gradients():
    x = torch.randn(2, 5, generator=torch.Generator().manual_seed(0), dtype=F64, requires_grad=True)
    beta = t(1.5).squeeze().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, beta: soft_pool(x, beta, 1), (x, beta))
    tied = t(1, 3, 3, 0).requires_grad_()
    soft_pool(tied, math.inf, 0).backward()
    assert tied.grad.tolist() == [0, 0.5, 0.5, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((torch.arange(3), 1, 0), TypeError, "x must be of dtype"),
        ((torch.tensor(1.0), 1, 0), ValueError, r"^x must have shape with 1 to 64 dimensions, got \(\)$"),
        # torch can make this one, but not reduce it.
        ((torch.zeros([1] * 65), 1, 0), ValueError, r"^x must have shape with 1 to 64 dimensions, got \(1, 1"),
        ((torch.empty(0), 1, 0), ValueError, "x must not be empty"),
        ((t(math.nan), 1, 0), ValueError, "x must hold finite"),
        ((X, math.nan, 0), ValueError, r"^beta must be a number or ±inf, got nan$"),
        ((X, "1", 0), TypeError, "beta must be a number"),
        ((X, 1, 1), ValueError, "dim must name different dimensions between -1 and 0, got 1"),
        ((X[:, None], 1, (0, -2)), ValueError, "dim must name different"),
        ((X, 1, "0"), TypeError, "dim must be an int or a tuple of ints, got '0'"),
        ((X, 1, ()), TypeError, "dim must be an int or a tuple"),
    ],
)
def test_soft_pool_names_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        soft_pool(*arguments)


# --- the package --------------------------------------------------------------------------------------


def test_top_level_names():
    functions = ["attention_weights", "bilateral_filter", "count_cost", "gaussian_blur", "nadaraya_watson"]
    functions += ["non_local_means", "resnet50", "soft_pool"]
    blocks = ["BAM", "CBAM", "ChannelAttention", "NonLocalBlock", "SelectiveKernel", "SpatialAttention"]
    blocks += ["SqueezeExcitation", "TemporalAttention"]
    for name in (*functions, *blocks, "Cost", "SmallNetwork"):
        assert name in visual_attention.__all__
        assert callable(getattr(visual_attention, name))


@pytest.mark.parametrize("module", ["visual_attention", "visual_attention.datasets"])
def test_import_stays_light(module):
    script = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert module in loaded.split()
    heavy = {"matplotlib", "ipywidgets", "anywidget", "IPython", "courseware"}
    assert not heavy & set(loaded.split())


MORE_BAD = [
    ({"kernel": np.array(["gaussian", "boxcar"])}, ValueError, r"kernel must be one of .*got array\(\['gaussian'"),
    ({"kernel": torch.ones(2)}, ValueError, r"kernel must be one of .*got tensor\("),
    ({"keys": X.to_sparse()}, TypeError, r"keys must be a dense tensor \(write keys.to_dense\(\)\), got layout .*coo"),
    ({"query": X.to("meta")}, ValueError, "query must hold numbers, got a tensor on the meta device"),
    ({"width": torch.tensor(1.0, device="meta")}, ValueError, "width must hold numbers, got a tensor on the meta"),
    (
        {"keys": torch.nested.as_nested_tensor([X, X[:2]], layout=torch.jagged)},
        TypeError,
        "keys must be one dense tensor, got a nested tensor",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "message"), MORE_BAD, ids=range(len(MORE_BAD)))
def test_unusual_input_is_named(wrong, error, message):
    test_bad_input_is_named(wrong, error, message)


def test_a_fraction_is_a_number():
    half = Fraction(1, 2)
    assert torch.equal(nadaraya_watson(X, X, X, width=half), nadaraya_watson(X, X, X, width=0.5))
    assert torch.equal(soft_pool(X, half, dim=0), soft_pool(X, 0.5, dim=0))


def test_attend_sums_what_float32_cannot_hold_on_the_way():
    weights, values = torch.tensor([[2.0, -1.0, 0.0]]), torch.full((3,), 3e38)
    assert attend(weights, values).tolist() == pytest.approx([3e38])
    assert attend(weights.double(), values.double()).tolist() == pytest.approx([3e38])
    with pytest.raises(ValueError, match=r"^values must be so small .* fit in torch.float32, got .* up to 3e\+38$"):
        attend(torch.ones(1, 3), values)
