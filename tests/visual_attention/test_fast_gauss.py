"""The fast Gauss transform against the table of all pairs, and where `nadaraya_watson` may use it."""

import math
import re
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import forward_ad

from visual_attention import _fast_pooling, attention_weights, nadaraya_watson, pooling
from visual_attention._fast_gauss import boxes_between, gaussian_sums, pays

F64 = torch.float64
SPREADS = ("uniform", "normal", "clusters", "duplicates", "sorted", "constant", "outliers")


def drawn(kind, n, generator):
    """Return n places that spread over about 1."""
    uniform = torch.rand(n, generator=generator, dtype=F64)
    if kind == "uniform":
        return uniform
    if kind == "normal":
        return torch.randn(n, generator=generator, dtype=F64) / 4
    if kind == "clusters":
        centre = torch.rand(3, generator=generator, dtype=F64)
        return centre[torch.randint(3, (n,), generator=generator)] + 1e-3 * uniform
    if kind == "duplicates":
        return uniform[torch.randint(5, (n,), generator=generator) % n]
    if kind == "sorted":
        return uniform.sort().values
    if kind == "constant":
        return uniform[:1].repeat(n)
    uniform[: n // 20] *= 30  # outliers
    return uniform


def by_table(query, keys, values, width, leave_one_out=False):
    """The definition with all weights, in float64; values around their middle, or a large mean would eat digits."""
    middle = (values.amax(0) + values.amin(0)) / 2
    weights = attention_weights(query, keys, width=width, leave_one_out=leave_one_out)
    return middle + weights @ (values - middle)


def use_boxes(patch, most=20_000):
    """Make small problems use the boxes, too."""
    patch.setattr(pooling, "TABLE_ENTRIES", 0)
    patch.setattr(_fast_pooling, "pays", lambda m, n, boxes: boxes <= most)


def forbid(patch, name):
    patch.setattr(_fast_pooling, name, None)


problem = {
    "kind": st.sampled_from(SPREADS),
    "n": st.integers(1, 300),
    "seed": st.integers(0, 10**6),
    "width": st.floats(-3, 3).map(lambda power: 10**power),
    "offset": st.sampled_from([0.0, 1.0, -1e6, 1e6]),
    "mean": st.sampled_from([0.0, 1e6]),
}
law = settings(max_examples=150, deadline=None)


def made(kind, n, seed, offset, mean, m=80):
    generator = torch.Generator().manual_seed(seed)
    keys = drawn(kind, n, generator) + offset
    # Among the keys, near them, and far away from all of them.
    query = torch.cat([keys[:20], offset + 1.5 * torch.rand(m, generator=generator, dtype=F64) - 0.25])
    query = torch.cat([query, offset + torch.tensor([-50.0, 3.0, 1e4], dtype=F64)])
    values = mean + torch.randn(n, generator=generator, dtype=F64)
    return query, keys, values


@law
@given(**problem)
def test_boxes_equal_the_table_to_1e_8_of_the_range(kind, n, seed, width, offset, mean):
    query, keys, values = made(kind, n, seed, offset, mean)
    with pytest.MonkeyPatch.context() as patch:
        use_boxes(patch)
        found = nadaraya_watson(query, keys, values, width=width)
    spread = values.max() - values.min()
    rounding = 4e-16 * values.abs().max()
    assert (found - by_table(query, keys, values, width)).abs().max() <= 1e-8 * spread + rounding
    assert values.min() <= found.min()
    assert found.max() <= values.max()


@law
@given(**problem)
def test_the_order_of_the_keys_does_not_matter(kind, n, seed, width, offset, mean):
    query, keys, values = made(kind, n, seed, offset, mean)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    with pytest.MonkeyPatch.context() as patch:
        use_boxes(patch)
        before = nadaraya_watson(query, keys, values, width=width)
        after = nadaraya_watson(query, keys[order], values[order], width=width)
    spread = values.max() - values.min()
    assert (before - after).abs().max() <= 1e-8 * spread + 4e-16 * values.abs().max()


@law
@given(**{name: strategy for name, strategy in problem.items() if name != "n"}, n=st.integers(2, 300))
def test_leaving_one_out_equals_the_table(kind, n, seed, width, offset, mean):
    """The own vote is taken off a sum that holds it: where little else is left, the pairs must take over."""
    _, keys, values = made(kind, n, seed, offset, mean)
    with pytest.MonkeyPatch.context() as patch:
        use_boxes(patch)
        found = nadaraya_watson(keys, keys, values, width=width, leave_one_out=True)
    spread = values.max() - values.min()
    expected = by_table(keys, keys, values, width, leave_one_out=True)
    assert (found - expected).abs().max() <= 1e-8 * spread + 4e-16 * values.abs().max()


@law
@given(**problem)
def test_no_sum_is_off_by_more_than_its_bound(kind, n, seed, width, offset, mean):
    query, keys, values = made(kind, n, seed, offset, mean)
    if boxes_between(keys.min().item(), keys.max().item(), width) > 20_000:
        return
    votes = torch.stack([torch.ones_like(keys), values], dim=1)
    sums, bound = gaussian_sums(query, keys, votes, width)
    exact = torch.exp(-((query[:, None] - keys) / width).square() / 2) @ votes
    # The places themselves are rounded: at 10⁶, to 1e-10; a Gaussian is at most 0.61 / width steep.
    bound = bound + n * 2 * torch.finfo(F64).eps * max(abs(offset), 1) / width
    assert ((sums - exact).abs() <= bound[:, None] * votes.abs().amax(0)).all()


def test_the_bound_is_small_among_the_keys():
    """One that is too careful would send every query to the pairs."""
    keys = torch.linspace(0, 5, 2000, dtype=F64)
    sums, bound = gaussian_sums(keys, keys, torch.ones(2000, 1, dtype=F64), 0.1)
    assert (bound / sums[:, 0]).max() < 1e-10


# --- when they are used -------------------------------------------------------------------------------

N = 2000
GENERATOR = torch.Generator().manual_seed(3)
QUERY, KEYS = 5 * torch.rand(2, N, generator=GENERATOR, dtype=F64)
VALUES = torch.randn(N, 3, generator=GENERATOR, dtype=F64)


@pytest.mark.parametrize("dtype", [torch.float32, F64], ids=str)
@pytest.mark.parametrize("shape", [(), (1,)], ids=str)
@pytest.mark.parametrize("columns", [None, 1, 3])
@pytest.mark.parametrize("leave_one_out", [False, True])
def test_a_long_problem_on_a_line_uses_nothing_but_the_boxes(monkeypatch, dtype, shape, columns, leave_one_out):
    query, keys = (part.to(dtype).reshape(-1, *shape) for part in (QUERY, KEYS))
    if leave_one_out:
        query = keys
    values = (VALUES[:, 0] if columns is None else VALUES[:, :columns]).to(dtype)
    expected = by_table(query.double(), keys.double(), values.double(), 0.1, leave_one_out)
    forbid(monkeypatch, "_by_pairs")
    found = nadaraya_watson(query, keys, values, width=0.1, leave_one_out=leave_one_out)
    assert found.dtype == dtype
    assert found.shape == values.shape
    tolerance = {"atol": 1e-9, "rtol": 0} if dtype == F64 else {"atol": 1e-6, "rtol": 1e-6}
    torch.testing.assert_close(found.double(), expected, **tolerance)


def test_row_i_leaves_out_key_i_though_the_query_lies_elsewhere(monkeypatch):
    expected = by_table(QUERY, KEYS, VALUES, 0.1, leave_one_out=True)
    forbid(monkeypatch, "_by_pairs")
    found = nadaraya_watson(QUERY, KEYS, VALUES, width=0.1, leave_one_out=True)
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=0)


def test_the_pairs_answer_only_for_the_queries_that_the_boxes_cannot(monkeypatch):
    asked = []
    by_pairs = _fast_pooling._by_pairs

    def noted(query, *rest, **options):
        asked.append(query[:, 0].tolist())
        return by_pairs(query, *rest, **options)

    monkeypatch.setattr(_fast_pooling, "_by_pairs", noted)
    far = torch.tensor([-1e150, -1e6, 6.0, 1e6], dtype=F64)
    query = torch.cat([QUERY, far])
    found = nadaraya_watson(query, KEYS, VALUES, width=0.1)
    assert asked == [far.tolist()]
    torch.testing.assert_close(found, by_table(query, KEYS, VALUES, 0.1), atol=1e-8, rtol=0)
    assert torch.equal(found[-3], VALUES[KEYS.argmin()])
    assert torch.equal(found[-1], VALUES[KEYS.argmax()])


@pytest.mark.parametrize("place", range(4))
def test_a_gradient_is_never_lost(monkeypatch, place):
    forbid(monkeypatch, "gaussian_sums")
    arguments = [QUERY, KEYS, VALUES, torch.tensor(0.1, dtype=F64)]
    arguments[place] = arguments[place].clone().requires_grad_()
    nadaraya_watson(*arguments[:3], width=arguments[3]).sum().backward()
    assert arguments[place].grad.abs().max() > 0
    values, width = arguments[2].detach(), arguments[3].detach()
    gradient = torch.func.grad(lambda query: nadaraya_watson(query, KEYS, values, width=width).sum())(QUERY)
    assert gradient.abs().max() > 0


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, at the first tangent
def test_a_tangent_is_never_lost():
    """The long forms have no forward derivative and say so; the boxes would drop it in silence."""
    with forward_ad.dual_level(), pytest.raises(NotImplementedError, match="forward AD"):
        nadaraya_watson(forward_ad.make_dual(QUERY, QUERY), KEYS, VALUES, width=0.1)


def test_where_no_gradient_will_be_computed_the_boxes_are_used(monkeypatch):
    forbid(monkeypatch, "_by_pairs")
    leaf = VALUES.clone().requires_grad_()
    with torch.no_grad():
        nadaraya_watson(QUERY, KEYS, leaf, width=0.1)
    with torch.inference_mode():
        nadaraya_watson(QUERY, KEYS, VALUES, width=0.1)


@pytest.mark.parametrize("change", ["plane", "boxcar", "narrow", "few"])
def test_other_problems_do_not_use_the_boxes(monkeypatch, change):
    query, keys, width, kernel = QUERY, KEYS, 0.1, "gaussian"
    if change == "plane":
        query, keys = (part[:, None].expand(-1, 2) for part in (QUERY, KEYS))
    if change == "boxcar":
        kernel = "boxcar"
    if change == "narrow":
        width = 1e-5
    if change == "few":
        query = QUERY[:100]
    forbid(monkeypatch, "gaussian_sums")
    found = nadaraya_watson(query, keys, VALUES, width=width, kernel=kernel)
    torch.testing.assert_close(
        found, attention_weights(query, keys, width=width, kernel=kernel) @ VALUES, atol=1e-7, rtol=0
    )


@pytest.mark.parametrize(
    ("m", "n", "boxes", "expected"),
    [
        (2000, 2000, 51, True),
        (2000, 2000, 4000, False),  # they would hold more numbers than the points
        (2000, 2000, math.inf, False),
        (1000, 1000, 10, False),
        (50, 10**6, 51, False),
        (150, 10**6, 51, True),
    ],
)
def test_boxes_are_used_where_they_pay(m, n, boxes, expected):
    assert pays(m, n, boxes) is expected


def test_boxes_between_two_keys():
    assert boxes_between(0.0, 0.0, 1e-300) == 1
    assert boxes_between(0.0, 0.9, 1.0) == 1
    assert boxes_between(-1.0, 1.0, 0.5) == 5  # the last key lies on an edge and opens a box
    assert boxes_between(-1e150, 1e150, 5e-324) == math.inf


@pytest.mark.parametrize("extreme", [5e-324, 1e-300, 1e300])
def test_no_width_gives_nan(extreme):
    found = nadaraya_watson(QUERY, KEYS, VALUES, width=extreme)
    assert found.isfinite().all()


def test_nothing_depends_on_defaults():
    expected = nadaraya_watson(QUERY, KEYS, VALUES, width=0.1)
    torch.set_default_dtype(F64)
    try:
        with torch.device("meta"):
            assert torch.equal(nadaraya_watson(QUERY, KEYS, VALUES, width=0.1), expected)
    finally:
        torch.set_default_dtype(torch.float32)


MILLION = """
import re, torch
from pathlib import Path
from visual_attention import nadaraya_watson
torch.set_num_threads(1)
small = torch.linspace(0, 5, 2000, dtype=torch.float64)
nadaraya_watson(small, small, small)
query, keys = 5 * torch.rand(2, 1_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
values = torch.sin(9 * keys)
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
before = peak()
found = nadaraya_watson(query, keys, values, width=0.02)
print(peak() - before)
for i in range(0, 1_000_000, 50_000):
    weights = torch.exp(-((query[i] - keys) / 0.02).square() / 2)
    assert abs(found[i] - (weights * values).sum() / weights.sum()) < 2e-8
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_a_million_points_are_exact_and_take_little_memory():
    done = subprocess.run([sys.executable, "-c", MILLION], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"[\d.]+", done.stdout)[0]) < 300
