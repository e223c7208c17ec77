"""Learned kernel regression against loops, refits, autograd and the numbers of the course."""

import copy
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_attention import LearnedKernelRegression, attention_weights, nadaraya_watson
from visual_attention.datasets import noisy_sine
from visual_attention.regression import (
    OPTIMISERS,
    prediction_slope,
    press_residuals,
    squared_distances,
    training_path,
)

THREE_X = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
THREE_Y = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)
ONE = torch.tensor([1.0], dtype=torch.float64)


def by_loop(query, keys, values, w, leave_one_out=False):
    predictions = []
    for k, x in enumerate(query.tolist()):
        kernel = [
            0.0 if leave_one_out and i == k else math.exp(-0.5 * ((x - each) * w) ** 2)
            for i, each in enumerate(keys.tolist())
        ]
        predictions.append(sum(a * y for a, y in zip(kernel, values.tolist(), strict=True)) / sum(kernel))
    return torch.tensor(predictions, dtype=torch.float64)


def random_data(seed, n=9):
    generator = torch.Generator().manual_seed(seed)
    x = 5 * torch.rand(n, generator=generator, dtype=torch.float64)
    y = torch.randn(n, generator=generator, dtype=torch.float64)
    return x, y


seeds = st.integers(0, 10_000)
widths = st.floats(-3, 3)


# ---- the model
@pytest.mark.parametrize(("w", "expected"), [(1.0, 1.9626), (2.0, 1.8820), (0.0, 3.0)])
def test_hand_example(w, expected):
    prediction = LearnedKernelRegression(w)(ONE, THREE_X, THREE_Y)
    assert prediction.item() == pytest.approx(expected, abs=5e-5)


@given(seeds, widths, st.booleans())
def test_model_equals_a_loop(seed, w, leave_one_out):
    x, y = random_data(seed)
    with torch.no_grad():
        prediction = LearnedKernelRegression(w)(x, x, y, leave_one_out)
    # Far apart and narrow, the loop's kernels underflow; the softmax does not.
    if abs(w) < 2:
        assert torch.allclose(prediction, by_loop(x, x, y, w, leave_one_out), atol=1e-9)


@given(seeds, st.floats(0.1, 50), st.booleans())
def test_model_is_lesson_two_with_the_inverse_width(seed, w, leave_one_out):
    x, y = random_data(seed)
    with torch.no_grad():
        model = LearnedKernelRegression(w)
        assert torch.allclose(
            model.weights(x, x, leave_one_out), attention_weights(x, x, width=1 / w, leave_one_out=leave_one_out)
        )
        assert torch.allclose(model(x, x, y), nadaraya_watson(x, x, y, width=1 / w))
        assert torch.equal(model(x, x, y), LearnedKernelRegression(-w)(x, x, y))


def test_zero_is_the_average_and_its_width_infinite():
    x, y = random_data(0)
    model = LearnedKernelRegression(0.0)
    assert torch.allclose(model(x, x, y), y.mean().expand(len(x)))
    assert model.width == math.inf
    assert LearnedKernelRegression().width == 1
    assert LearnedKernelRegression(-4.0).width == 0.25
    assert repr(LearnedKernelRegression(2.0)) == "LearnedKernelRegression(w=2, width=0.5)"


def test_several_dimensions_of_keys_and_values():
    generator = torch.Generator().manual_seed(1)
    query, keys = (torch.randn(m, 3, generator=generator, dtype=torch.float64) for m in (4, 6))
    values = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    prediction = LearnedKernelRegression(0.7)(query, keys, values)
    assert prediction.shape == (4, 2)
    assert torch.allclose(prediction, nadaraya_watson(query, keys, values, width=1 / 0.7))


def test_state_dtype_and_copies():
    model = LearnedKernelRegression(3.0, dtype=torch.float32)
    x = torch.linspace(0, 1, 5)
    assert model(x, x, x).dtype == torch.float32
    assert set(model.state_dict()) == {"w"}
    other = LearnedKernelRegression(1.0, dtype=torch.float32)
    other.load_state_dict(copy.deepcopy(model).state_dict())
    assert torch.equal(other(x, x, x), model(x, x, x))


@given(seeds, widths)
def test_left_out_rows_sum_to_one_and_nobody_sees_himself(seed, w):
    x, _ = random_data(seed)
    with torch.no_grad():
        table = LearnedKernelRegression(w).weights(x, x, leave_one_out=True)
    assert torch.allclose(table.sum(dim=1), torch.ones(len(x), dtype=x.dtype))
    assert (table.diagonal() == 0).all()
    assert table.isfinite().all()


def test_of_two_points_each_is_told_by_the_other():
    model = LearnedKernelRegression(0.3)
    assert model.weights(THREE_X[:2], THREE_X[:2], leave_one_out=True).tolist() == [[0, 1], [1, 0]]
    assert model(THREE_X[:2], THREE_X[:2], THREE_Y[:2], leave_one_out=True).tolist() == [2, 1]


def test_results_stay_where_the_data_are_whatever_the_default_device():
    x, y = random_data(0)
    model = LearnedKernelRegression(2.0)
    expected = model(x, x, y, leave_one_out=True)
    with torch.device("meta"):
        assert torch.equal(model(x, x, y, leave_one_out=True), expected)


# ---- the slope
@settings(max_examples=50)
@given(seeds, widths)
def test_slope_equals_autograd(seed, w):
    x, y = random_data(seed)
    query = torch.linspace(-1, 6, 7, dtype=torch.float64)
    model = LearnedKernelRegression(w)
    expected = torch.stack([torch.autograd.grad(f, model.w, retain_graph=True)[0] for f in model(query, x, y)])
    assert torch.allclose(prediction_slope(query, x, y, w), expected, rtol=0, atol=1e-10)


def test_slope_is_zero_at_zero_whatever_the_data():
    for seed in range(5):
        x, y = random_data(seed)
        assert (prediction_slope(x, x, y, 0.0) == 0).all()


# ---- PRESS
@given(seeds, st.floats(0, 2))
def test_press_equals_refitting_n_times(seed, w):
    x, y = random_data(seed)
    model = LearnedKernelRegression(w)
    with torch.no_grad():
        residuals = press_residuals(model.weights(x, x), y)
    for k in range(len(x)):
        others = [i for i in range(len(x)) if i != k]
        refitted = by_loop(x[k : k + 1], x[others], y[others], w)
        assert residuals[k].item() == pytest.approx(y[k].item() - refitted.item(), abs=1e-7)


def test_press_on_seeded_data_has_the_courses_degrees_of_freedom():
    x, _ = noisy_sine()
    for w, trace in ((0.7, 1.73), (2.0, 4.29), (5.0, 10.07)):
        with torch.no_grad():
            assert LearnedKernelRegression(w).weights(x, x).trace().item() == pytest.approx(trace, abs=0.005)


# ---- the misprinted formulas
def test_misprints_taken_literally():
    top = torch.exp(-0.5 * ((1.0 - THREE_X) * 2.0) ** 2)
    slides = (top @ THREE_Y / torch.exp(-0.5 * (1.0 - THREE_X) ** 2).sum()).item()
    assert slides == pytest.approx(1.2270, abs=5e-5)
    book = sum((top[i] / sum(top[i] for _ in range(3)) * THREE_Y[i]).item() for i in range(3))
    assert book == pytest.approx(3)


def test_row_sums_of_the_lectures_fraction():
    x, _ = noisy_sine()
    queries = [q / 10 for q in range(50)]
    for w, expected in ((0.0, 2.48), (1.0, 1.0), (5.0, 0.22)):
        sums = []
        for q in queries:
            top = sum(math.exp(-0.5 * ((q - each) * w) ** 2) for each in x.tolist())
            sums.append(top / sum(math.exp(-0.5 * (q - each) ** 2) for each in x.tolist()))
        assert sum(sums) / len(sums) == pytest.approx(expected, abs=0.005)


# ---- training
def test_first_step_of_sgd_by_hand():
    x, y = noisy_sine(n=12, seed=4)
    path, losses = training_path(x, y, w=0.8, learning_rate=0.05, steps=1)
    f = by_loop(x, x, y, 0.8, leave_one_out=True)
    assert losses[0].item() == pytest.approx(0.5 * ((f - y) ** 2).sum().item())
    step = 1e-6
    nearby = [0.5 * ((by_loop(x, x, y, 0.8 + s, True) - y) ** 2).sum().item() for s in (step, -step)]
    gradient = (nearby[0] - nearby[1]) / (2 * step)
    assert path.tolist() == pytest.approx([0.8, 0.8 - 0.05 * gradient], rel=1e-6)
    assert path[0].item() == 0.8  # not rounded to float32 on the way


@pytest.mark.parametrize("w", [1.7, -1.7])
def test_first_steps_of_adam_by_hand(w):
    """Kingma and Ba (2015), algorithm 1, on log |w|, with gradients from differences of losses."""
    x, y = noisy_sine(n=12, seed=4)
    path, losses = training_path(x, y, w=w, learning_rate=0.3, steps=3, optimiser="adam_log")

    def loss(logarithm):
        return 0.5 * ((by_loop(x, x, y, math.exp(logarithm), leave_one_out=True) - y) ** 2).sum().item()

    place, first, second = math.log(1.7), 0.0, 0.0
    expected = [(1.7, loss(place))]
    for number in range(1, 4):
        gradient = (loss(place + 1e-6) - loss(place - 1e-6)) / 2e-6
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        place -= 0.3 * first / (1 - 0.9**number) / (math.sqrt(second / (1 - 0.999**number)) + 1e-8)
        expected.append((math.exp(place), loss(place)))
    assert path.tolist() == pytest.approx([w for w, _ in expected], rel=1e-6)
    assert losses.tolist() == pytest.approx([loss for _, loss in expected], rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_path_and_losses_have_the_dtype_of_the_data(dtype):
    x, y = (part.to(dtype) for part in random_data(0))
    path, losses = training_path(x, y, w=1.0, learning_rate=0.01, steps=2)
    assert (path.dtype, losses.dtype) == (dtype, dtype)
    assert path.shape == losses.shape == (3,)


def test_trained_with_itself_w_runs_away_and_the_loss_vanishes():
    x, y = noisy_sine()
    path, losses = training_path(x, y, w=1.0, learning_rate=0.1, steps=300, leave_one_out=False, optimiser="adam_log")
    at_four = 0.5 * ((by_loop(x, x, y, 4.0) - y) ** 2).sum().item()
    assert path.max() > 100
    assert losses[-1] < at_four / 10


@pytest.mark.parametrize(("seed", "optimum"), [(0, 3.49), (1, 2.97), (2, 4.45), (3, 6.52), (4, 4.80)])
def test_left_out_training_finds_the_optimum(seed, optimum):
    x, y = noisy_sine(seed=seed)
    path, losses = training_path(x, y, w=1.0, learning_rate=0.1, steps=200, optimiser="adam_log")
    assert path[-1].item() == pytest.approx(optimum, abs=0.01)
    for nearby in (0.9, 1.1):
        f = by_loop(x, x, y, nearby * optimum, leave_one_out=True)
        assert 0.5 * ((f - y) ** 2).sum() > losses[-1]


def test_zero_is_never_left():
    x, y = noisy_sine()
    path, _ = training_path(x, y, w=0.0, learning_rate=0.5, steps=5)
    assert (path == 0).all()


# ---- bad input
def keeps_its_whole_weight(point, n=9):
    weights = torch.full((n, n), 1 / n, dtype=torch.float64)
    weights[point] = torch.eye(n)[point]
    return weights


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x, y: LearnedKernelRegression("1"),
            TypeError,
            "w must be a number or a floating-point tensor, got str",
        ),
        (lambda x, y: LearnedKernelRegression(math.nan), ValueError, "w must be a finite number, got nan"),
        (
            lambda x, y: LearnedKernelRegression()(x[:3], x, y, True),
            ValueError,
            "leave_one_out needs query and keys to be the same n points, n at least 2, got 3 queries and 9 keys",
        ),
        (
            lambda x, y: LearnedKernelRegression()(x[:1], x[:1], y[:1], True),
            ValueError,
            "leave_one_out needs query and keys to be the same n points, n at least 2, got 1 queries and 1 keys",
        ),
        (
            lambda x, y: LearnedKernelRegression()(x, x, y[:3]),
            ValueError,
            "values must hold one row for each of the 9 keys, got shape (3,)",
        ),
        (
            lambda x, y: LearnedKernelRegression()(x, x, y[:, None, None]),
            ValueError,
            "values must have shape (n,) or (n, v), got (9, 1, 1)",
        ),
        (
            lambda x, y: LearnedKernelRegression()(x, x, y.float()),
            TypeError,
            "values must have the dtype of keys (torch.float64), got torch.float32",
        ),
        (
            lambda x, y: LearnedKernelRegression()(x.float(), x, y),
            TypeError,
            "keys must have the dtype of query (torch.float32), got torch.float64",
        ),
        (
            lambda x, y: squared_distances(x.reshape(3, 3), x[:, None]),
            ValueError,
            "keys must have the width of query, (3,), got (1,)",
        ),
        (lambda x, y: squared_distances(x[:0], x), ValueError, "query must not be empty, got shape (0,)"),
        (
            lambda x, y: squared_distances(x[:, None, None], x),
            ValueError,
            "query must have shape (m,) or (m, d), got (9, 1, 1)",
        ),
        (
            lambda x, y: squared_distances(x, x[:, None, None]),
            ValueError,
            "keys must have shape (n,) or (n, d), got (9, 1, 1)",
        ),
        (
            lambda x, y: prediction_slope(x, x, y, "2"),
            TypeError,
            "w must be a number or a floating-point tensor, got str",
        ),
        (
            lambda x, y: prediction_slope(x, x, y[:, None], 2.0),
            ValueError,
            "values must have shape (n,), got (9, 1)",
        ),
        (lambda x, y: press_residuals(x, y), ValueError, "weights must have shape (n, n), got (9,)"),
        (
            lambda x, y: press_residuals(torch.ones(3, 4).double(), y),
            ValueError,
            "weights must have shape (n, n), got (3, 4)",
        ),
        (
            lambda x, y: press_residuals(torch.full((9, 9), 1 / 9).double(), y[:, None]),
            ValueError,
            "values must have shape (n,), got (9, 1)",
        ),
        (
            lambda x, y: press_residuals(keeps_its_whole_weight(4), y),
            ValueError,
            "weights must leave something to other points, but point 4 keeps all for itself",
        ),
        (
            lambda x, y: training_path(x, y, w=1, learning_rate=0, steps=1),
            ValueError,
            "learning_rate must be a finite number above 0, got 0.0",
        ),
        (
            lambda x, y: training_path(x, y, w=1, learning_rate=1, steps=0),
            ValueError,
            "steps must be at least 1, got 0",
        ),
        (
            lambda x, y: training_path(x, y[:, None], w=1, learning_rate=1, steps=1),
            ValueError,
            "values must have shape (n,), got (9, 1)",
        ),
        (
            lambda x, y: training_path(x, y, w=1, learning_rate=1, steps=1, optimiser="adam"),
            ValueError,
            f"optimiser must be one of {', '.join(OPTIMISERS)}, got 'adam'",
        ),
        (
            lambda x, y: training_path(x, y, w=0, learning_rate=1, steps=1, optimiser="adam_log"),
            ValueError,
            "w must not be 0 for adam_log, which learns its logarithm, got 0",
        ),
        (
            lambda x, y: training_path(x, y, w=float("nan"), learning_rate=1, steps=1),
            ValueError,
            "w must be a finite number, got nan",
        ),
        (
            lambda x, y: training_path(x, y, w="one", learning_rate=1, steps=1),
            TypeError,
            "w must be a number or a floating-point tensor, got str",
        ),
        (
            lambda x, y: press_residuals(torch.eye(len(y), dtype=torch.float64) / 2, y.float()),
            TypeError,
            "values must have the dtype of weights (torch.float64), got torch.float32",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    x, y = random_data(0)
    with pytest.raises(error) as raised:
        call(x, y)
    assert str(raised.value) == message


# ---- extremes
magnitudes = st.integers(-150, 149).map(lambda power: 10.0**power)


def both_dtypes(*numbers):
    """As far as they fit."""
    wide = torch.tensor(numbers, dtype=torch.float64)
    return [wide, wide.float()] if wide.abs().max() < 1e38 else [wide]


@given(magnitudes, magnitudes, magnitudes, st.booleans())
def test_no_magnitude_gives_nan(place, w, value, leave_one_out):
    values = torch.tensor([1.0, -2.0, 4.0], dtype=torch.float64) * value
    for keys in both_dtypes(0.0, 0.5 * place, place):
        model, of_kind = LearnedKernelRegression(w), values.to(keys.dtype)
        if not of_kind.isfinite().all():
            continue
        table = model.weights(keys, keys, leave_one_out)
        assert torch.allclose(table.sum(dim=1), torch.ones(3, dtype=keys.dtype))
        found = model(keys, keys, of_kind, leave_one_out)
        assert found.isfinite().all()
        found.sum().backward()
        assert not model.w.grad.isnan()
        assert not prediction_slope(keys, keys, of_kind, w).isnan().any()


def test_a_far_query_is_exact_in_float32():
    """In float32 both keys would be 10⁴ away; the exponents differ by 10⁴ · 10⁻⁴ = 1."""
    table = LearnedKernelRegression(1.0).weights(torch.tensor([1e4]), torch.tensor([0.0, 1e-4]))
    assert table[0, 1].item() == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-6)


def test_a_huge_distance_in_float32_keeps_its_nearest_key():
    table = LearnedKernelRegression(1.0).weights(torch.tensor([1e20]), torch.tensor([0.0, 1e19]))
    assert table.tolist() == [[0, 1]]
    # Measured from 10²⁰, the keys 0 and 1 are equally far.
    assert LearnedKernelRegression(1.0).weights(torch.tensor([1e20]), torch.tensor([0.0, 1.0])).tolist() == [[0.5, 0.5]]


def test_a_huge_w_gives_the_nearest_value():
    model = LearnedKernelRegression(1e200)
    assert model(ONE * 0.9, THREE_X, THREE_Y).tolist() == [2]
    assert prediction_slope(ONE * 0.9, THREE_X, THREE_Y, 1e200).tolist() == [0]


def test_a_w_that_training_has_lost_is_named():
    model = LearnedKernelRegression(1.0)
    with torch.no_grad():
        model.w.fill_(math.nan)
    with pytest.raises(ValueError, match=r"^w must be a finite number, got nan: has training diverged"):
        model(ONE, THREE_X, THREE_Y)


@given(st.integers(1, 300))
def test_press_keeps_its_digits_where_a_point_keeps_nearly_all_its_weight(power):
    """At 1 − S_kk = 2e-16 a quotient is off by tenths; the row's two others tell the answer exactly."""
    rest = 10.0**-power
    weights = torch.tensor([[1 - 3 * rest, rest, 2 * rest], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]], dtype=torch.float64)
    assert press_residuals(weights, THREE_Y)[0].item() == pytest.approx(1 - (2 + 2 * 6) / 3, rel=1e-12)


@given(magnitudes, magnitudes, st.sampled_from(OPTIMISERS), st.booleans())
@settings(deadline=None)
def test_a_path_is_finite_or_says_why_it_is_not(value, rate, optimiser, leave_one_out):
    x = torch.linspace(0, 3, 5, dtype=torch.float64)
    for values in both_dtypes(*(value * torch.sin(3 * x)).tolist()):
        keys = x.to(values.dtype)
        try:
            path, losses = training_path(
                keys, values, w=1.0, learning_rate=rate, steps=4, leave_one_out=leave_one_out, optimiser=optimiser
            )
        except ValueError as error:
            assert str(error).startswith("w, learning_rate and values must be so small that")  # noqa: PT017
        else:
            assert path.isfinite().all()
            assert losses.isfinite().all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda x, y: LearnedKernelRegression()(x, x.tolist(), y),
            TypeError,
            "keys must be a torch tensor (write torch.tensor(keys)), got list",
        ),
        (
            lambda x, y: training_path(x.tolist(), y, w=1, learning_rate=1, steps=1),
            TypeError,
            "keys must be a torch tensor (write torch.tensor(keys)), got list",
        ),
        (
            lambda x, y: LearnedKernelRegression().weights(x, x, "no"),
            TypeError,
            "leave_one_out must be True or False, got str",
        ),
        (
            lambda x, y: training_path(x, y, w=1, learning_rate=1, steps=1, leave_one_out="no"),
            TypeError,
            "leave_one_out must be True or False, got str",
        ),
        (lambda x, y: prediction_slope(x, x, y, math.nan), ValueError, "w must be a finite number, got nan"),
        (lambda x, y: prediction_slope(x, x, y, math.inf), ValueError, "w must be a finite number, got inf"),
        (
            lambda x, y: LearnedKernelRegression(1e200, dtype=torch.float32),
            ValueError,
            "w must be a number that fits in torch.float32, got 1e+200",
        ),
        (
            lambda x, y: LearnedKernelRegression(dtype=torch.int64),
            TypeError,
            "dtype must be torch.float32 or torch.float64, got torch.int64",
        ),
        (
            lambda x, y: squared_distances(1e20 * x.float(), x.float()),
            ValueError,
            "query and keys must lie so close together that their squared distances fit in torch.float32",
        ),
        (
            lambda x, y: press_residuals(torch.ones(9, 9).double(), y),
            ValueError,
            "weights must have rows that sum to 1, got 9 in row 0",
        ),
    ],
)
def test_more_bad_input_is_named(call, error, message):
    test_bad_input_is_named(call, error, message)


def test_a_fraction_is_a_number():
    x, y = random_data(0)
    half = Fraction(1, 2)
    assert torch.equal(LearnedKernelRegression(half)(x, x, y), LearnedKernelRegression(0.5)(x, x, y))
    assert torch.equal(prediction_slope(x, x, y, half), prediction_slope(x, x, y, 0.5))
    for optimiser in OPTIMISERS:
        paths = [
            training_path(x, y, w=a, learning_rate=a, steps=2, optimiser=optimiser)[0].tolist() for a in (half, 0.5)
        ]
        assert paths[0] == paths[1]
