"""The Non-local block against loops written from the equations of the paper."""

import itertools
import math
import subprocess
import sys
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from references import F64, linear, normalise, random, randomised, relu, same
from torch import nn

from visual_attention import NonLocalBlock, attention_weights
from visual_attention.blocks import _fast_non_local, non_local
from visual_attention.blocks.non_local import PAIRWISE


def dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


def columns(picture):
    """The feature vector of each position of (C, ...), in reading order."""
    return picture.flatten(1).T.tolist()


def loop_pool(picture):
    """Maxima of 2×2 windows over the last two axes (2 over a single one), the last one cut off by the border."""
    sizes = picture.shape[1:]
    spatial = sizes[-2:]
    windows = [[slice(k, k + 2) for k in range(0, size, 2)] for size in spatial]
    leading = [range(size) for size in sizes[: len(sizes) - len(spatial)]]
    out = torch.empty(len(picture), *map(len, leading), *map(len, windows), dtype=F64)
    for place in itertools.product(*leading, *map(range, map(len, windows))):
        here = place[: len(leading)]
        there = [windows[axis][k] for axis, k in enumerate(place[len(leading) :])]
        for c in range(len(picture)):
            out[(c, *place)] = max(picture[(c, *here, *there)].flatten().tolist())
    return out


def loop_weights(block, picture):
    """f(x_i, x_j) / Z_i for every pair, equations 2 to 5."""
    x_i = columns(picture)
    x_j = x_i if isinstance(block.pool, nn.Identity) else columns(loop_pool(picture))
    table = []
    for query in x_i:
        row = []
        for key in x_j:
            if block.pairwise == "gaussian":
                row.append(math.exp(dot(query, key)))
                continue
            theta, phi = linear(block.theta, query), linear(block.phi, key)
            if block.pairwise == "embedded_gaussian":
                row.append(math.exp(dot(theta, phi) / (block.inner_channels**0.5 if block.scaled else 1)))
            elif block.pairwise == "dot_product":
                row.append(dot(theta, phi))
            else:
                row.append(relu(linear(block.score, theta + phi)[0]))
        normaliser = sum(row) if "gaussian" in block.pairwise else len(x_j)
        table.append([f / normaliser for f in row])
    return table, x_j


def loop_block(block, picture):
    table, x_j = loop_weights(block, picture)
    g = [linear(block.g, key) for key in x_j]
    z = []
    for x, row in zip(columns(picture), table, strict=True):
        y = [sum(a * value[k] for a, value in zip(row, g, strict=True)) for k in range(block.inner_channels)]
        z.append([old + new for old, new in zip(x, normalise(block.norm, linear(block.exit, y)), strict=True)])
    return torch.tensor(z, dtype=F64).T.reshape(picture.shape)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2),
    st.integers(1, 5),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from([None, 1, 4]),
    st.sampled_from(PAIRWISE),
    st.booleans(),
    st.sampled_from([0, 1024]),  # the raw Gaussian without its table, and with it
)
def test_equals_the_loop(n, channels, sizes, inner, pairwise, subsample, table_keys):
    block = NonLocalBlock(channels, inner, pairwise=pairwise, dims=len(sizes), subsample=subsample, zero_init=False)
    assert block.inner_channels == (inner or max(channels // 2, 1))
    assert isinstance(block.pool, nn.Identity) is not subsample
    randomised(block, seed=channels)
    x = random(n, channels, *sizes)
    with mock.patch.object(non_local, "_TABLE_KEYS", table_keys):
        outputs = block(x)
    for picture, weights, out in zip(x, block.weights(x), outputs, strict=True):
        same(weights, loop_weights(block, picture)[0])
        same(out, loop_block(block, picture))


@pytest.mark.parametrize("subsample", [False, True])
def test_scaled_equals_the_loop_and_loads_what_the_other_has_stored(subsample):
    plain = randomised(NonLocalBlock(6, 4, subsample=subsample, zero_init=False))
    scaled = NonLocalBlock(6, 4, subsample=subsample, zero_init=False, scaled=True).double().eval()
    scaled.load_state_dict(plain.state_dict())
    x = random(2, 6, 3, 4)
    for picture, weights, out in zip(x, scaled.weights(x), scaled(x), strict=True):
        same(weights, loop_weights(scaled, picture)[0])
        same(out, loop_block(scaled, picture))
    assert not torch.allclose(scaled.weights(x), plain.weights(x))


def test_hand_example():
    """x = (1, 2, 3), all weights 1 and no normalisation: e / (e + e² + e³) = 0.0900, and so on."""
    x = torch.tensor([[[1.0, 2.0, 3.0]]], dtype=F64)
    expected = {"embedded_gaussian": 2.5752, "dot_product": 14 / 3, "gaussian": 2.5752}
    for pairwise, first in expected.items():
        block = NonLocalBlock(1, pairwise=pairwise, dims=1).double().eval()
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.fill_(1.0 if parameter.ndim == 2 or parameter is block.norm.weight else 0.0)
            block.norm.eps = 0
        assert (block(x) - x)[0, 0, 0].item() == pytest.approx(first, abs=5e-5)
        if pairwise != "dot_product":
            assert block.weights(x)[0, 0].tolist() == pytest.approx([0.0900, 0.2447, 0.6652], abs=5e-5)


def test_embedded_gaussian_is_scaled_dot_product_attention_of_scale_1():
    block, x = randomised(NonLocalBlock(6, zero_init=False)), random(2, 6, 4, 5)
    tokens = x.flatten(2).mT
    y = F.scaled_dot_product_attention(block.theta(tokens), block.phi(tokens), block.g(tokens), scale=1.0)
    z = block.norm(block.exit(y).mT)
    same(block(x), x + z.reshape(x.shape))


def test_gaussian_is_nadaraya_watson_where_all_keys_have_one_norm():
    block = randomised(NonLocalBlock(4, pairwise="gaussian", dims=1))
    x = F.normalize(random(1, 4, 7), dim=1)
    same(block.weights(x)[0], attention_weights(x[0].T.contiguous(), x[0].T.contiguous()))


def test_concatenation_ranks_the_keys_alike_for_every_query():
    block, x = randomised(NonLocalBlock(6, pairwise="concatenation")), random(1, 6, 5, 5)
    weights = block.weights(x)[0]
    assert (weights.max(dim=1).values > 0).sum() > 5
    top = weights[weights.max(dim=1).values > 0].argmax(dim=1)
    assert len(top.unique()) == 1


@pytest.mark.parametrize("pairwise", PAIRWISE)
def test_shuffling_positions_shuffles_the_output(pairwise):
    block, x = randomised(NonLocalBlock(6, pairwise=pairwise, dims=1)), random(2, 6, 9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    same(block(x[..., order]), block(x)[..., order])


# --- starting as the identity -------------------------------------------------------------------------


@pytest.mark.parametrize("pairwise", PAIRWISE)
@pytest.mark.parametrize("training", [True, False])
def test_zero_init_is_the_identity_and_trains(pairwise, training):
    torch.manual_seed(0)
    block, x = NonLocalBlock(8, pairwise=pairwise).double().train(training), random(2, 8, 4, 5)
    assert torch.equal(block(x), x)
    optimiser = torch.optim.SGD(block.parameters(), lr=0.1)
    for step in range(2):
        optimiser.zero_grad()
        (block(x) - x.roll(1, dims=3)).square().mean().backward()
        moving = {name for name, p in block.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
        if step == 0:
            assert moving == {"norm.weight", "norm.bias"}
        optimiser.step()
    # Biases may stay: batch normalisation takes that of g away again, and softmax those of theta and phi.
    idle = {"theta.bias", "phi.bias", "g.bias"}
    assert {name for name, _ in block.named_parameters()} - idle <= moving
    assert not torch.equal(block(x), x)


@pytest.mark.parametrize("zero_init", [True, False])
def test_only_the_scale_of_the_normalisation_may_start_at_zero(zero_init):
    block = NonLocalBlock(8, zero_init=zero_init)
    assert block.norm.weight.tolist() == [0.0 if zero_init else 1.0] * 8
    assert block.exit.weight.abs().min() > 0


def test_both_factors_at_zero_would_never_learn():
    """Why no argument asks for it."""
    torch.manual_seed(0)
    block, x = NonLocalBlock(4).double(), random(2, 4, 3, 3)
    nn.init.zeros_(block.exit.weight)
    optimiser = torch.optim.SGD(block.parameters(), lr=0.5)
    for _ in range(20):
        optimiser.zero_grad()
        (block(x) - x.roll(1, dims=3) - 1).square().mean().backward()
        optimiser.step()
    assert block.exit.weight.abs().max() == 0
    assert block.norm.weight.abs().max() == 0
    assert block.norm.bias.abs().max() > 0.1


# --- size, precision, layout --------------------------------------------------------------------------


def test_defaults_are_the_papers():
    block = NonLocalBlock(6)
    assert block.pairwise == "embedded_gaussian"
    assert block.dims == 2
    assert isinstance(block.pool, nn.Identity)
    assert block.norm.weight.tolist() == [0.0] * 6
    assert [NonLocalBlock(c).inner_channels for c in (1, 2, 5, 6)] == [1, 1, 2, 3]


@pytest.mark.parametrize("pairwise", PAIRWISE)
def test_parameters(pairwise):
    """2 C² for inner = C / 2 and three embeddings and an exit; biases and normalisation come on top."""
    block = NonLocalBlock(64, pairwise=pairwise)
    embeddings = 1 if pairwise == "gaussian" else 3
    count = (embeddings + 1) * 64 * 32 + embeddings * 32 + 2 * 64 + (64 if pairwise == "concatenation" else 0)
    assert sum(p.numel() for p in block.parameters()) == count


def table_form(block, x):
    """The block with the table of all pairs."""
    _, x_j = block._tokens(x)
    z = block.norm(block.exit(block.weights(x) @ block.g(x_j)).flatten(0, 1))
    return x + z.unflatten(0, (len(x), -1)).mT.reshape(x.shape)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("subsample", [True, False])
@pytest.mark.parametrize("pairwise", PAIRWISE)
def test_large_map_in_float32_equals_the_table(pairwise, subsample, training):
    torch.manual_seed(1)
    block = NonLocalBlock(16, pairwise=pairwise, subsample=subsample, zero_init=False).train(training)
    x = torch.randn(2, 16, 28, 40).requires_grad_()
    exact, exact_x = randomised(NonLocalBlock(16, pairwise=pairwise, subsample=subsample)), x.detach().double()
    exact.load_state_dict(block.state_dict())
    exact.train(training)
    exact_x.requires_grad_()
    expected, found = table_form(exact, exact_x), block(x)
    # In training, averages that differ little are divided by their small deviation, and so is their rounding.
    tolerance = 1e-4 if training else 2e-5
    torch.testing.assert_close(found.double(), expected, atol=tolerance, rtol=0)
    target = random(*x.shape, seed=2)
    (found * target.float()).sum().backward()
    (expected * target).sum().backward()
    scale = exact_x.grad.abs().max().item()
    torch.testing.assert_close(x.grad.double(), exact_x.grad, atol=tolerance * scale, rtol=0)
    # Some gradients are 0 by symmetry and only rounding is left of them: one scale for all.
    scale = max(p.grad.abs().max().item() for p in exact.parameters())
    for p, exact_p in zip(block.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(p.grad.double(), exact_p.grad, atol=5 * tolerance * scale, rtol=0)


@pytest.mark.parametrize(("size", "table"), [((32, 32), True), ((25, 41), False)], ids=str)
def test_the_raw_gaussian_builds_its_table_up_to_1024_keys(size, table):
    block = NonLocalBlock(4, pairwise="gaussian")
    with mock.patch.object(_fast_non_local, "softmax_attention", wraps=_fast_non_local.softmax_attention) as fused:
        block(torch.randn(1, 4, *size))
    assert fused.called is not table


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_concatenation_is_exact_in_float32_at_any_offset(offset):
    """a_i + b_j stays of size 1 while a and b are huge; 12,544 keys, as in a 112×112 map."""
    generator = torch.Generator().manual_seed(0)
    a = (torch.randn(1, 50, generator=generator) + offset).round(decimals=2)
    b = (torch.randn(1, 12_544, generator=generator) - offset).round(decimals=2)
    values = torch.randn(1, 12_544, 8, generator=generator)
    table = (a.double()[:, :, None] + b.double()[:, None]).relu()
    expected = table @ values.double() / 12_544
    found = _fast_non_local.relu_attention(a, b, values) / 12_544
    torch.testing.assert_close(found.double(), expected, atol=1e-5 if offset == 0 else 1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_sums_in_float32(dtype):
    """Only the result is rounded. Every other key is far below, and so is the centre of all: rounded on the way,
    thresholds and running sums of that size would leave little of their difference.
    """
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(1, 50, generator=generator), torch.randn(1, 1000, generator=generator)
    b[:, ::2] -= 100
    a, b, values = (part.to(dtype) for part in (a, b, torch.randn(1, 1000, 4, generator=generator)))
    expected = (a.double()[:, :, None] + b.double()[:, None]).relu() @ values.double()
    found = _fast_non_local.relu_attention(a, b, values)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=torch.finfo(dtype).eps)


def test_a_score_of_exactly_zero_counts_for_nothing_and_ties_are_harmless():
    a = torch.tensor([[0.0, 1.0, -5.0, 9.0]], dtype=F64)
    b = torch.tensor([[0.0, -1.0, 0.0, 2.0, -1.0]], dtype=F64)
    values = torch.arange(10, dtype=F64).reshape(1, 5, 2) + 1
    expected = (a[0, :, None] + b[0]).clamp(min=0) @ values[0]
    same(_fast_non_local.relu_attention(a, b, values)[0], expected)


def test_dot_product_is_multiplied_in_the_cheaper_order():
    from torch.utils.flop_counter import FlopCounterMode

    for positions, width in [(100, 8), (8, 100)]:
        query, keys, values = (torch.randn(1, positions, width) for _ in range(3))
        with FlopCounterMode(display=False) as counter:
            _fast_non_local.dot_product_attention(query, keys, values)
        assert counter.get_total_flops() // 2 == 2 * 100 * 8 * 8


PEAK = """
import re, torch
from pathlib import Path
from visual_attention import NonLocalBlock
torch.set_num_threads(1)
def peak():
    # Not ru_maxrss: a child process starts with its parent's there.
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
def differentiate(block, x):
    block(x.requires_grad_()).sum().backward()
    assert x.grad.isfinite().all()
block = NonLocalBlock(64, pairwise="{pairwise}")
differentiate(block, torch.randn(1, 64, 8, 8))  # loads libraries before the memory is read
x = torch.randn(1, 64, {side}, {side})
before = peak()
differentiate(block, x)
print(peak() - before)
"""


def peak_growth(pairwise, side):
    """Return by how many MiB a process of its own grows at its peak, over what it held with the input made."""
    script = PEAK.format(pairwise=pairwise, side=side)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("pairwise", PAIRWISE)
def test_memory_does_not_grow_with_the_table(pairwise):
    """Forward and backward at C = 64, 112×112: the table would take 629 MB, and autograd keeps several."""
    small, large = peak_growth(pairwise, 56), peak_growth(pairwise, 112)
    print(f"{pairwise}: {small:.1f} MiB at 56×56, {large:.1f} MiB at 112×112")
    assert large <= 40
    assert large <= 5 * small
