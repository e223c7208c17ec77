"""CBAM against the paper's equations, one number at a time."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from references import F64, linear, means, normalise, positions, random, randomised, relu, same, sigmoid
from torch import nn
from torch.overrides import TorchFunctionMode

from visual_attention import CBAM, ChannelAttention, SpatialAttention, SqueezeExcitation
from visual_attention.blocks import _pooling
from visual_attention.blocks.cbam import ARRANGEMENTS


def loop_channel_gate(block, picture):
    pooled = {"avg": means(picture), "max": [max(positions(plane)) for plane in picture]}
    logits = [0.0] * len(picture)
    for pool in block.pools:
        hidden = [relu(v) for v in linear(block.reduce, pooled[pool])]
        logits = [total + v for total, v in zip(logits, linear(block.expand, hidden), strict=True)]
    return [sigmoid(v) for v in logits]


def loop_spatial_gate(block, picture):
    channels, height, width = picture.shape
    numbers = picture.tolist()
    kernel, reach = block.conv.weight[0].tolist(), block.kernel_size // 2
    gate = torch.empty(height, width, dtype=F64)
    for i in range(height):
        for j in range(width):
            logit = 0.0
            for di in range(-reach, reach + 1):
                for dj in range(-reach, reach + 1):
                    if 0 <= i + di < height and 0 <= j + dj < width:
                        column = [numbers[c][i + di][j + dj] for c in range(channels)]
                        for plane, value in zip(kernel, (sum(column) / channels, max(column)), strict=True):
                            logit += plane[di + reach][dj + reach] * value
            if not isinstance(block.norm, nn.Identity):
                logit = normalise(block.norm, [logit])[0]
            gate[i, j] = sigmoid(logit)
    return gate


def scaled(gate, picture):
    return torch.stack([s * u for s, u in zip(gate, picture, strict=True)])


sizes = [st.integers(1, 2), st.integers(1, 9), st.integers(1, 5), st.integers(1, 6)]
pools = st.sampled_from([("avg",), ("max",), ("avg", "max"), ("max", "avg")])


@settings(max_examples=25, deadline=None)
@given(*sizes, st.integers(1, 20), pools, st.booleans())
def test_channel_attention_equals_the_loop(n, channels, height, width, reduction, pools, bias):
    block = randomised(ChannelAttention(channels, reduction, pools=pools, bias=bias), seed=channels)
    assert block.reduce.weight.shape == (max(channels // reduction, 1), channels)
    # With and without a gradient to compute, the maximum takes different ways.
    for x in (random(n, channels, height, width), random(n, channels, height, width).requires_grad_()):
        for picture, gate, out in zip(x, block.gate(x), block(x), strict=True):
            expected = loop_channel_gate(block, picture)
            same(gate.flatten(), expected)
            same(out, scaled(expected, picture))


@settings(max_examples=20, deadline=None)
@given(*sizes, st.sampled_from([1, 3, 5, 7]), st.booleans())
def test_spatial_attention_equals_the_loop(n, channels, height, width, kernel_size, norm):
    block = randomised(SpatialAttention(kernel_size, norm=norm), seed=channels)
    assert isinstance(block.norm, nn.BatchNorm2d if norm else nn.Identity)
    for x in (random(n, channels, height, width), random(n, channels, height, width).requires_grad_()):
        assert block.gate(x).shape == (n, 1, height, width)
        for picture, gate, out in zip(x, block.gate(x), block(x), strict=True):
            expected = loop_spatial_gate(block, picture)
            same(gate[0], expected)
            same(out, picture * expected)


@settings(max_examples=15, deadline=None)
@given(*sizes, st.sampled_from(ARRANGEMENTS), st.booleans(), st.booleans())
def test_cbam_equals_the_loop(n, channels, height, width, arrangement, bias, norm):
    block = randomised(CBAM(channels, 2, 3, arrangement=arrangement, bias=bias, norm=norm), seed=width)
    assert isinstance(block.spatial.norm, nn.BatchNorm2d if norm else nn.Identity)
    x = random(n, channels, height, width)
    found = zip(x, *block.gates(x), block.gate(x), block(x), strict=True)
    for picture, channel_gate, spatial_gate, gate, out in found:
        if arrangement == "channel_spatial":
            channel = loop_channel_gate(block.channel, picture)
            spatial = loop_spatial_gate(block.spatial, scaled(channel, picture))
        else:
            spatial = loop_spatial_gate(block.spatial, picture)
            seen = picture * spatial if arrangement == "spatial_channel" else picture
            channel = loop_channel_gate(block.channel, seen)
        same(channel_gate.flatten(), channel)
        same(spatial_gate[0], spatial)
        same(gate, torch.stack([s * spatial for s in channel]))
        same(out, scaled(channel, picture) * spatial)


def test_defaults_are_the_papers():
    block = CBAM(64)
    assert block.arrangement == "channel_spatial"
    assert block.channel.pools == ("avg", "max")
    assert block.channel.reduce.weight.shape == (4, 64)
    assert block.channel.reduce.bias is not None
    assert block.spatial.conv.weight.shape == (1, 2, 7, 7)
    assert block.spatial.conv.bias is None
    assert isinstance(block.spatial.norm, nn.BatchNorm2d)
    assert ChannelAttention(64).reduce.weight.shape == (4, 64)
    assert SpatialAttention().kernel_size == 7
    assert isinstance(SpatialAttention().norm, nn.BatchNorm2d)
    assert CBAM(64, 8, bias=False).channel.expand.bias is None


def test_average_alone_is_squeeze_and_excitation():
    block, other = ChannelAttention(12, 3, pools=("avg",)).double(), SqueezeExcitation(12, 3).double()
    other.load_state_dict(block.state_dict())
    x = random(2, 12, 5, 4)
    same(block(x), other(x))


@pytest.mark.parametrize("bias", [True, False])
def test_equals_the_official_form_after_copying_weights(bias):
    """The authors' module: one MLP run twice, and the two maps stacked maximum first."""
    mlp = randomised(nn.Sequential(nn.Linear(32, 2, bias=bias), nn.ReLU(), nn.Linear(2, 32, bias=bias)), seed=1)
    conv, norm = randomised(nn.Conv2d(2, 1, 7, padding=3, bias=False), seed=2), randomised(nn.BatchNorm2d(1), seed=3)

    x = random(2, 32, 9, 8)
    logits = mlp(F.avg_pool2d(x, (9, 8)).flatten(1)) + mlp(F.max_pool2d(x, (9, 8)).flatten(1))
    refined = x * logits.sigmoid()[:, :, None, None]
    maps = torch.cat([refined.max(1)[0].unsqueeze(1), refined.mean(1).unsqueeze(1)], dim=1)
    expected = refined * norm(conv(maps)).sigmoid()

    block = CBAM(32, bias=bias).double().eval()
    block.channel.reduce.load_state_dict(mlp[0].state_dict())
    block.channel.expand.load_state_dict(mlp[2].state_dict())
    block.spatial.conv.load_state_dict({"weight": conv.weight.flip(1)})
    block.spatial.norm.load_state_dict(norm.state_dict())
    same(block(x), expected)
    block.spatial.conv.load_state_dict({"weight": conv.weight})
    assert (block(x) - expected).abs().max() > 0.01  # the order of the two maps does matter


def test_one_of_tied_maxima_gets_the_gradient():
    x = torch.ones(1, 2, 2, 2, dtype=F64, requires_grad=True)
    _pooling.max_over_positions(x).sum().backward()
    assert sorted(x.grad.flatten().tolist()) == [0, 0, 0, 0, 0, 0, 1, 1]
    assert x.grad.sum(dim=(2, 3)).tolist() == [[1, 1]]
    x.grad = None
    _pooling.max_over_channels(x).sum().backward()
    assert x.grad.sum(dim=1).tolist() == [[[1, 1], [1, 1]]]
    assert x.grad.max() == 1


class _Calls(TorchFunctionMode):
    """Notes which functions of torch are called."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.add(getattr(function, "__name__", str(function)))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("pool", "slow"), [(_pooling.max_over_positions, "adaptive_max_pool2d"), (_pooling.max_over_channels, "max")]
)
def test_only_where_a_gradient_will_be_computed_the_maximum_prepares_for_it(pool, slow):
    def way(x):
        with _Calls() as calls:
            pool(x)
        assert len(calls.names & {slow, "amax"}) == 1
        return "slow" if slow in calls.names else "fast"

    leaf = torch.rand(1, 2, 3, 3, requires_grad=True)
    assert way(leaf) == "slow"
    assert way(leaf.detach()) == "fast"
    with torch.no_grad():
        assert way(leaf) == "fast"
    with torch.inference_mode():
        assert way(leaf) == "fast"
