"""Lesson 6's exercises: hand values, right answers written differently, and wrong ones that people give."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from courseware.exercises.function import Function
from courseware.exercises.report import State
from visual_attention.blocks import NonLocalBlock
from visual_attention.cost import count_cost
from visual_attention.denoising import non_local_means
from visual_attention.exercises import non_local as exercise


def test_hand_values():
    powers = [math.exp(k) for k in (1, 0, -0.5)]
    y = sum(f * g for f, g in zip(powers, (-3, 3, 6), strict=True)) / sum(powers)
    report = exercise.three_places.check(
        weights=[f / sum(powers) for f in powers], softmax=y, dot_product=(1 * -3 + 0 * 3 - 0.5 * 6) / 3, z=1 + y / 2
    )
    assert report.passed, report


def test_the_published_cost_is_what_the_tested_block_costs():
    """Table 2e by `count_cost` on blocks that exist, biases and normalisation left out."""
    weights, full, subsampled = 0, 0, 0
    for count, channels, side in ((3, 1024, 14), (2, 512, 28)):
        for subsample in (False, True):
            block = NonLocalBlock(channels, dims=3, subsample=subsample)
            cost = count_cost(block, (1, channels, 4, side, side)).multiply_adds * count
            full, subsampled = full + cost * (not subsample), subsampled + cost * subsample
        weights += count * sum(p.numel() for p in block.parameters() if p.ndim == 2)
    report = exercise.table_2e.check(
        parameters=1 + weights / 43.2e6, subsampled=1 + subsampled / 34.2e9, full=1 + full / 34.2e9
    )
    assert report.passed, report
    assert exercise.table_2e.check(parameters=1.17, subsampled=1.24, full=1.59).passed


def test_half_the_vote_at_two_sigma_squared():
    h = exercise.patches.questions[0].expected
    assert math.exp(-2 * 0.15**2 / h**2) == pytest.approx(0.5)


def test_the_own_vote_is_that_of_the_library():
    """On a picture of one row and patches of one pixel, against non-local means of the library."""
    row = torch.tensor([0.1, 0.5, 0.45, 0.9, 0.2], dtype=torch.float64)
    call = non_local_means(row[None, None], h=0.3, patch=1, search=11, include_self="as_nearest")
    weights = exercise.patches.questions[2].reference(row[:, None], 0.3)
    torch.testing.assert_close(weights @ row, call.flatten())


def test_heads_are_those_of_the_librarys_attention():
    theta, phi, g = (torch.randn(n, c, generator=torch.Generator().manual_seed(n)) for n, c in ((3, 6), (4, 6), (4, 4)))
    fused = F.scaled_dot_product_attention(
        *(part.unflatten(1, (2, -1)).transpose(0, 1)[None] for part in (theta, phi, g)), scale=1.0
    )[0]
    y = exercise.heads.questions[2].reference(theta, phi, g, 2)
    torch.testing.assert_close(y, fused.transpose(0, 1).flatten(1))


def test_the_list_of_keys_gives_what_the_table_gives():
    question = exercise.ranking.questions[2]
    for theta, phi, w, g in question.cases(torch.Generator().manual_seed(3)):
        d = theta.shape[1]
        table = ((theta @ w[:d])[:, None] + phi @ w[d:]).relu() / len(phi)
        torch.testing.assert_close(question.reference(theta, phi, w, g), table @ g)


def test_a_square_is_summed_by_features_and_a_corner_is_not():
    """What the choices on other f say: the rank of tables of growing size."""
    angles = torch.linspace(0, 2 * math.pi, 41, dtype=torch.float64)[:-1]
    on_circle = torch.stack([angles.cos(), angles.sin()], dim=1)
    products = on_circle @ on_circle.T
    assert torch.linalg.matrix_rank(products**2) <= 4
    assert torch.linalg.matrix_rank(products.relu()) > 10
    assert torch.linalg.matrix_rank(products.exp()) > 10


def test_the_measured_tables_are_those_of_the_sheet():
    trained, raw = exercise._real_tables()
    assert trained.shape == raw.shape == (81, 81)
    assert int((raw.diagonal() < 0.5).sum()) == 68  # said in the solution
    assert exercise.RAW > exercise.TRAINED  # and this


@pytest.mark.parametrize(
    ("each", "answers", "words"),
    [
        (exercise.three_places, {"weights": [1 / 3, 1 / 3, 1 / 3]}, "asks with θ"),
        (exercise.three_places, {"dot_product": -12}, "divides by the sum of f"),
        (exercise.patches, {"w": 3.925}, "has a ½ that the filter lacks"),
        (exercise.heads, {"rows": "a"}, "for a fixed key"),
        (exercise.dead_start, {"w_z_zero": "a"}, "y is not 0"),
        (exercise.dead_start, {"theta_and_phi_zero": "e"}, "that is 0, too"),
        (exercise.reorder, {"exactly": "a"}, "series without end"),
        (exercise.reorder, {"cheaper": "a"}, "as many keys as queries"),
        (exercise.table_2e, {"subsampled": 1.41}, "A quarter of the keys leaves"),
        (exercise.ranking, {"keeps": "b"}, "turns the order round"),
        (exercise.slot, {"mine": 0.63}, "17/27"),
    ],
)
def test_wrong_answers_of_the_plan_are_named(each, answers, words):
    report = each.check(**answers)
    assert report.state is State.NOT_YET
    assert any(part in repr(report) for part in words.split("|")), report


def gradients(zeros, steps=1):
    """The names of the matrices that have a gradient in the last of so many steps, and whether z was x at first."""
    x = torch.randn(12, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    generator = torch.Generator().manual_seed(1)
    maps = {n: torch.randn(4, 4, generator=generator, dtype=torch.float64) for n in ("theta", "phi", "g", "W_z")}
    maps = {n: (0 * m if n in zeros else m).requires_grad_() for n, m in maps.items()}
    is_identity = None
    for _ in range(steps):
        y = torch.softmax(x @ maps["theta"] @ (x @ maps["phi"]).T, dim=1) @ x @ maps["g"]
        z = x + y @ maps["W_z"]
        is_identity = torch.equal(z, x) if is_identity is None else is_identity
        found = torch.autograd.grad((z - x.roll(1, dims=0)).square().mean(), list(maps.values()))
        with torch.no_grad():
            for m, gradient in zip(maps.values(), found, strict=True):
                m -= 0.1 * gradient
    return {n for n, gradient in zip(maps, found, strict=True) if gradient.abs().max() > 1e-12}, is_identity


SETS = (set(), {"W_z"}, {"g"}, {"g", "W_z"}, {"theta", "g", "W_z"}, {"theta", "phi", "g", "W_z"})


@pytest.mark.parametrize(
    ("name", "zeros", "steps"),
    [
        ("w_z_zero", ("W_z",), 1),
        ("g_zero", ("g",), 1),
        ("theta_zero", ("theta",), 1),
        ("theta_and_phi_zero", ("theta", "phi"), 1),
        ("g_and_w_z_zero", ("g", "W_z"), 1),
        ("second_step", ("W_z",), 2),
    ],
)
def test_the_predicted_gradients_are_those_of_a_block(name, zeros, steps):
    (question,) = [q for q in exercise.dead_start.questions if q.name == name]
    found, is_identity = gradients(zeros, steps)
    assert found == SETS["abcdef".index(question.question.right)]
    assert is_identity is ("g" in zeros or "W_z" in zeros)


def test_what_starts_dead_stays_dead():
    assert gradients(("g", "W_z"), 20)[0] == set()
    assert gradients(("theta", "phi"), 20)[0] == {"g", "W_z"}


def test_the_reference_block_is_the_tested_one_without_its_normalisation():
    x = torch.randn(2, 6, 3, 4, generator=torch.Generator().manual_seed(0))
    reference, tested = exercise.block.questions[0].reference(6), NonLocalBlock(6, zero_init=False)
    assert torch.equal(reference(x), x)
    nn.init.normal_(reference.exit.weight, generator=torch.Generator().manual_seed(1))
    missing = tested.load_state_dict(reference.state_dict(), strict=False)
    assert not missing.unexpected_keys
    assert all(name.startswith("norm.") for name in missing.missing_keys)
    tested.eval()  # an untrained normalisation divides by √(1 + ε)
    torch.testing.assert_close(reference(x) - x, (tested(x) - x) * (1 + tested.norm.eps) ** 0.5, rtol=1e-4, atol=1e-5)


def test_an_attention_map_is_a_row_of_the_blocks_table():
    block = NonLocalBlock(6)
    x = torch.randn(1, 6, 3, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        places = x.flatten(2).mT
        theta, phi = (part(places).mT.reshape(3, 3, 4) for part in (block.theta, block.phi))
        mapped = exercise.look.questions[0].reference(theta, phi, (1, 2))
        torch.testing.assert_close(mapped.flatten(), block.weights(x)[0, 1 * 4 + 2])


FUNCTIONS = [q for each in exercise.ALL for q in each.questions if isinstance(q, Function)]


@pytest.mark.parametrize("asked", FUNCTIONS, ids=lambda asked: asked.name)
def test_edge_cases_have_names_and_a_finite_answer(asked):
    cases = list(asked.edge_cases())
    assert len({name for name, _ in cases}) == len(cases) >= 4
    assert all(torch.as_tensor(asked.reference(*arguments)).isfinite().all() for _, arguments in cases)
