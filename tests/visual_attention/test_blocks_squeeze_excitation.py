"""Squeeze-and-excitation against the paper's equations, one number at a time."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from references import linear, means, random, randomised, relu, same, sigmoid
from torch import nn

from visual_attention import SqueezeExcitation


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 5), st.integers(1, 7), st.integers(1, 20), st.booleans())
def test_equals_the_loop(n, channels, height, width, reduction, bias):
    block = randomised(SqueezeExcitation(channels, reduction, bias=bias), seed=channels)
    x = random(n, channels, height, width)
    for picture, gate, out in zip(x, block.gate(x), block(x), strict=True):
        hidden = [relu(v) for v in linear(block.reduce, means(picture))]
        expected = [sigmoid(v) for v in linear(block.expand, hidden)]
        same(gate.flatten(), expected)
        same(out, torch.stack([s * u for s, u in zip(expected, picture, strict=True)]))


@pytest.mark.parametrize(("channels", "reduction", "hidden"), [(64, 16, 4), (64, 8, 8), (24, 16, 1), (3, 16, 1)])
def test_reduction_sets_the_hidden_width(channels, reduction, hidden):
    for bias in (True, False):
        block = SqueezeExcitation(channels, reduction, bias=bias)
        count = 2 * channels * hidden + bias * (hidden + channels)
        assert sum(p.numel() for p in block.parameters()) == count


def test_defaults():
    """The paper's ratio, and the biases of the authors' code."""
    block = SqueezeExcitation(64)
    assert block.reduce.weight.shape == (4, 64)
    assert block.reduce.bias is not None


@pytest.mark.parametrize("bias", [True, False])
def test_equals_the_official_form_after_copying_weights(bias):
    """The authors' layers as 1×1 convolutions on the pooled map."""
    official = randomised(
        nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(32, 2, 1, bias=bias),
            nn.ReLU(),
            nn.Conv2d(2, 32, 1, bias=bias),
            nn.Sigmoid(),
        )
    )
    block = SqueezeExcitation(32, bias=bias).double()
    weights = {"reduce.weight": official[1].weight.flatten(1), "expand.weight": official[3].weight.flatten(1)}
    if bias:
        weights |= {"reduce.bias": official[1].bias, "expand.bias": official[3].bias}
    block.load_state_dict(weights)
    x = random(2, 32, 6, 5)
    same(block(x), official(x) * x)


def test_gate_does_not_depend_on_the_order_of_positions():
    block, x = randomised(SqueezeExcitation(8, 2)), random(2, 8, 4, 5)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    same(block.gate(x.flatten(2)[..., order].unflatten(2, (4, 5))), block.gate(x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_sums_do_not_overflow(dtype):
    """The sum of a 64×64 map of 100 exceeds float16's largest number, 65,504; its mean is 100."""
    block = SqueezeExcitation(2, 1).to(dtype)
    with torch.no_grad():
        for layer in (block.reduce, block.expand):
            layer.weight.copy_(torch.eye(2) / 16)
            layer.bias.zero_()
    gate = block.gate(torch.full((1, 2, 64, 64), 100.0, dtype=dtype))
    assert gate.dtype == dtype
    assert gate.flatten().tolist() == pytest.approx([sigmoid(100 / 256)] * 2, abs=4e-3)
