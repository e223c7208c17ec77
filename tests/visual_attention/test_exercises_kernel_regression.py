import math
from pathlib import Path

import pytest
import torch
from sheets import run

from courseware.exercises.report import State
from courseware.text import derive
from visual_attention.exercises import kernel_regression as exercise

SHEET = Path(__file__).parents[2] / "course" / "exercises" / "02_kernel_regression.py"


@pytest.fixture(scope="module")
def text():
    return SHEET.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def solved(text):
    return run(derive.solved(text))


# The sheet


def test_the_unsolved_sheet_holds_no_solution(text):
    unsolved = "\n".join(cell.source for cell in derive.unsolved(text).cells)
    for words in ("softmax(exponents", "1.9626", "fill_diagonal_", "∎", "sigma = 100"):
        assert words in text
        assert words not in unsolved


# Right answers, computed here by plain loops in Python's floats


def weights_by_loop(query, keys, width):
    table = []
    for x in query:
        logs = [-((float(x) - float(k)) ** 2) / (2 * width**2) for k in keys]
        row = [math.exp(log - max(logs)) for log in logs]
        table.append([value / sum(row) for value in row])
    return torch.tensor(table)


def estimate_by_loop(query, keys, values, width):
    columns = values[:, None] if values.ndim == 1 else values
    rows = []
    for row in weights_by_loop(query, keys, width).double():
        rows.append([sum(float(w) * float(v) for w, v in zip(row, c, strict=True)) for c in columns.T])
    estimate = torch.tensor(rows)
    return estimate[:, 0] if values.ndim == 1 else estimate


def leave_one_out_by_loop(x, y, width):
    total = 0.0
    for k in range(len(x)):
        others = [i for i in range(len(x)) if i != k]
        total += float(y[k] - estimate_by_loop(x[k : k + 1], x[others], y[others], width)[0]) ** 2
    return total / len(x)


def leave_one_out_by_logsumexp(x, y, width):
    exponents = (-((x[:, None] - x) ** 2) / (2 * width**2)).fill_diagonal_(-math.inf)
    return ((y - (exponents - exponents.logsumexp(dim=1, keepdim=True)).exp() @ y) ** 2).mean()


def is_average_by_loop(weights):
    return all(abs(sum(row) - 1) < 1e-5 and min(row) >= 0 for row in weights.tolist())


@pytest.mark.parametrize("seed", [0, 1])
def test_right_answers_written_differently_pass(seed):
    def by_cdist(query, keys, width):
        distances = torch.cdist(
            query[:, None] / width, keys[:, None] / width, compute_mode="donot_use_mm_for_euclid_dist"
        )
        return torch.nn.functional.softmax(-distances.square() / 2, dim=-1)

    def by_logsumexp(query, keys):
        logs = -((keys - query.unsqueeze(1)) ** 2) / 2
        return (logs - logs.logsumexp(dim=1, keepdim=True)).exp()

    def by_einsum(query, keys, values, width):
        return torch.einsum("mn,n...->m...", by_cdist(query, keys, width), values)

    pairs = [
        (exercise.weights, weights_by_loop),
        (exercise.weights, by_cdist),
        (exercise.estimate, estimate_by_loop),
        (exercise.estimate, by_einsum),
        (exercise.far_query, lambda query, keys: weights_by_loop(query, keys, 1.0)),
        (exercise.far_query, by_logsumexp),
    ]
    for each, function in pairs:
        report = each.check(function, seed=seed)
        assert report.passed, report
    for function in (leave_one_out_by_loop, leave_one_out_by_logsumexp):
        report = exercise.leave_one_out.check(function, 0.3, seed=seed)
        assert report.passed, report
    for function in (is_average_by_loop, lambda w: (w >= 0).all() & ((w.sum(1) - 1).abs() < 1e-5).all()):
        report = exercise.bounds.check("c", function, "d", seed=seed)
        assert report.passed, report


def test_the_best_width_is_the_one_that_a_loop_finds(solved):
    x, y, widths = (solved[0][name] for name in ("x", "y", "widths"))
    errors = {width: leave_one_out_by_loop(x, y, width) for width in widths}
    assert min(errors, key=errors.get) == pytest.approx(0.3)
    assert max(errors, key=errors.get) == pytest.approx(2.0)  # so says the feedback
    assert errors[1.0] == pytest.approx(0.659, abs=5e-4)  # so says the sheet
    self_included = {w: float((y - estimate_by_loop(x, x, y, w)).square().mean()) for w in widths}
    assert min(self_included, key=self_included.get) == pytest.approx(0.05)  # so says the feedback


def test_numbers_of_the_course():
    hand = {"weights": [0.3482, 0.5741, 0.0777], "f": 1.9626, "f_narrow": 1.8820}
    assert exercise.hand_example.check(**hand).passed
    assert exercise.units.check(metres=6.749, centimetres=4.0, sigma=100).passed
    columns = weights_by_loop([0, 1, 3], [0, 1, 3], 1.0).sum(dim=0)
    assert exercise.rows_and_columns.check(rows=[1, 1, 1], columns=columns).passed
    boundary = estimate_by_loop(torch.zeros(1), torch.linspace(0, 5, 501), torch.linspace(0, 10, 501), 1.0)
    assert float(boundary) == pytest.approx(1.589, abs=5e-4)


# Wrong answers. Hand-computed numbers and literal code, not the mistakes' own functions.


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("weights", [0.607, 1, 0.135], "not yet weights"),
        ("weights", [1 / 3] * 3, "plain mean"),
        ("weights", [0.242, 0.399, 0.054], "1/√2π cancels"),
        ("weights", [0.265, 0.721, 0.013], "The ½ in the exponent"),
        ("weights", [0.307, 0.507, 0.186], "not its square"),
        ("weights", [0.007, 0.018, 0.976], "softmax is taken of the values"),
        ("f", 3, "plain mean (1 + 2 + 6)/3"),
        ("f", 3.4185, "not yet weights"),
        ("f", 1.3638, "1/√2π cancels"),
        ("f", 5.8957, "softmax is taken of the values"),
        ("f", 1.7875, "The ½ in the exponent"),
        ("f", 2.4381, "not its square"),
        ("f", 4.7802, "needs a minus"),
        ("f", 2, "nearest key"),
        ("f_narrow", 1.2270, "above the line only"),
        ("f_narrow", 3, "plain mean"),
        ("f_narrow", 1.9626, "answer for σ = 1"),
        ("f_narrow", 2.6202, "multiplied by σ"),
        ("f_narrow", 1.7875, "σ is not"),
        ("f_narrow", 2.1373, "not yet weights"),
    ],
)
def test_wrong_numbers_by_hand(name, answer, words):
    (finding,) = (f for f in exercise.hand_example.check(**{name: answer}).findings if f.question == name)
    assert finding.state is State.NOT_YET
    assert words in finding.message


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.predictions, {"scaled": "a"}, "above and below"),
        (exercise.predictions, {"scaled": "c"}, "taller than K, not narrower"),
        (exercise.predictions, {"empty_window": "a"}, "0/0"),
        (exercise.units, {"centimetres": 6.749}, "not free of scale"),
        (exercise.units, {"sigma": 0.01}, "w = 1/σ"),
        (exercise.rows_and_columns, {"columns": [1, 1, 1]}, "softmax over dim 0"),
        (exercise.rows_and_columns, {"rows": [0.976, 1.067, 0.957]}, "softmax over dim 0"),
        (exercise.bounds, {"property_needed": "a"}, "outside"),
        (exercise.bounds, {"boundary": "a"}, "no noise"),
        (exercise.leave_one_out, {"best_width": 0.05}, "may predict itself"),
    ],
)
def test_wrong_predictions(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert words in repr(report)


@pytest.mark.parametrize(
    ("each", "answers"),
    [
        (exercise.hand_example, {"f": 1.96, "f_narrow": 1.88, "weights": [0.35, 0.57, 0.08]}),
        (exercise.hand_example, {"f": 2.0 - 0.04, "weights": torch.tensor([0.35, 0.57, 0.08])}),
    ],
)
def test_the_right_numbers_to_two_decimals_are_near_misses(each, answers):
    report = each.check(**answers)
    for finding in report.findings:
        if finding.question in answers:
            assert finding.state is State.NOT_YET
            assert finding.message.endswith("is right to 2 decimals: 3 are asked.")


def test_a_right_answer_in_float64_passes():
    report = exercise.far_query.check(lambda q, k: weights_by_loop(q, k, 1.0).double())
    assert report.passed, report


def test_a_right_function_that_calls_one_still_to_be_written_says_so(text):
    namespace, _ = run(derive.unsolved(text))
    exec(
        "def nadaraya_watson(query, keys, values, width):\n    return attention_weights(query, keys, width) @ values\n",
        namespace,
    )
    report = exercise.estimate.check(namespace["nadaraya_watson"])
    assert report.state is State.NOT_YET
    assert "It calls attention_weights, which is not written yet." in repr(report)


def squared(query, keys):
    return (query[:, None] - keys[None, :]) ** 2


def naive(query, keys):
    kernel = torch.exp(-squared(query, keys) / 2)
    return kernel / kernel.sum(dim=1, keepdim=True)


def naive_with_epsilon(query, keys):
    kernel = torch.exp(-squared(query, keys) / 2)
    return kernel / (kernel.sum(dim=1, keepdim=True) + 1e-10)


def divided_by_one_sum(query, keys, width):
    kernel = torch.exp(-squared(query, keys) / (2 * width**2))
    return kernel / kernel.sum()


def divided_without_keepdim(query, keys, width):
    kernel = torch.exp(-squared(query, keys) / (2 * width**2))
    return kernel / kernel.sum(1)


def self_included(x, y, width):
    return ((y - torch.softmax(-squared(x, x) / (2 * width**2), dim=1) @ y) ** 2).mean()


def zeroed_after_softmax(x, y, width):
    table = torch.softmax(-squared(x, x) / (2 * width**2), dim=1).fill_diagonal_(0)
    return ((y - table @ y) ** 2).mean()


@pytest.mark.parametrize(
    ("each", "function", "words"),
    [
        (
            exercise.weights,
            lambda q, k, s: torch.softmax(-squared(q, k) / s**2 / 2, dim=0),
            "runs over dim 0",
        ),
        (exercise.weights, lambda q, k, s: torch.softmax(-(q[:, None] - k) / s / 2, dim=1), "not its square"),
        (exercise.weights, lambda q, k, s: torch.softmax(-(k - q[:, None]) / s / 2, dim=1), "not its square"),
        (exercise.weights, lambda q, k, s: torch.softmax(-squared(q, k) / s**2, dim=1), "The ½"),
        (exercise.weights, lambda q, k, s: torch.softmax(squared(q, k) / s**2 / 2, dim=1), "needs a minus"),
        (exercise.weights, lambda q, k, s: torch.softmax(-squared(q, k) / s / 2, dim=1), "σ is not"),
        (
            exercise.weights,
            lambda q, k, s: torch.softmax(-squared(q * s, k * s) / 2, dim=1),
            "multiplied by σ",
        ),
        (exercise.weights, lambda q, k, s: torch.softmax(-squared(q, k) / 2, dim=1), "answer for σ = 1"),
        (exercise.weights, lambda q, k, s: torch.exp(-squared(q, k) / s**2 / 2), "not yet weights"),
        (exercise.weights, divided_by_one_sum, "over the whole table"),
        (exercise.weights, divided_without_keepdim, "keepdim=True"),
        (exercise.estimate, lambda q, k, v, s: divided_by_one_sum(q, k, s) @ v, "over the whole table"),
        (exercise.estimate, lambda q, k, v, s: divided_without_keepdim(q, k, s) @ v, "keepdim=True"),
        (exercise.estimate, lambda q, k, v, s: naive(q / s, k / s), "still have to be averaged"),
        (exercise.estimate, lambda q, k, v, s: naive(k / s, q / s).T @ v, "runs over dim 0"),
        (exercise.estimate, lambda q, k, v, s: torch.stack([v.mean(0)] * len(q)), "plain mean"),
        (exercise.far_query, naive, "0/0 = nan"),
        (exercise.far_query, lambda q, k: naive(q.double(), k.double()).float(), "0/0 = nan"),
        (exercise.far_query, lambda q, k: torch.nan_to_num(naive(q, k)), "nan became 0"),
        (exercise.far_query, naive_with_epsilon, "nan became 0"),
        (exercise.leave_one_out, self_included, "helps to predict itself"),
        (exercise.leave_one_out, zeroed_after_softmax, "no longer sum to 1"),
        (
            exercise.leave_one_out,
            lambda x, y, s: leave_one_out_by_loop(x, y, s) * len(x),
            "the mean is asked",
        ),
        (exercise.leave_one_out, lambda x, y, s: leave_one_out_by_loop(x, y, s) ** 0.5, "root"),
    ],
)
def test_wrong_functions(each, function, words):
    report = each.check(function)
    assert report.state is State.NOT_YET
    assert words in repr(report)
    assert report.mistakes


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda w: True, "is_average: not yet"),
        (lambda w: int(is_average_by_loop(w)), "It returned 1, a number: return True or False."),
        (lambda w: bool(torch.allclose(w.sum(1), torch.ones(len(w)))), "Negative weights pass"),
        (lambda w: bool((w >= 0).all()), "do not sum to 1 pass"),
        (lambda w: all(sum(row) == 1 and min(row) >= 0 for row in w.numpy()), "too strict"),
        (
            lambda w: bool((w >= 0).all() and torch.allclose(w.sum(0), torch.ones(w.shape[1]))),
            "Columns are summed",
        ),
    ],
)
def test_wrong_tests_of_weights(function, words):
    report = exercise.bounds.check("c", function, "d")
    assert report.state is State.NOT_YET
    assert words in repr(report)
