"""Selective kernel against a loop written from the equations of the paper."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from references import F64, linear, means, normalise, random, randomised, relu, same

from visual_attention import SelectiveKernel


def loop_conv(layer, picture):
    """A 3×3 convolution without bias, position by position; (C, H, W) -> (C', H, W)."""
    kernel, dilation = layer.weight.tolist(), layer.dilation[0]
    channels, height, width = picture.shape
    numbers = picture.tolist()
    outputs, per_group = len(kernel), len(kernel[0])
    out = torch.zeros(outputs, height, width, dtype=F64)
    for o in range(outputs):
        first = o // (outputs // (channels // per_group)) * per_group
        for i in range(height):
            for j in range(width):
                for c in range(per_group):
                    for di in range(3):
                        for dj in range(3):
                            y, x = i + (di - 1) * dilation, j + (dj - 1) * dilation
                            if 0 <= y < height and 0 <= x < width:
                                out[o, i, j] += kernel[o][c][di][dj] * numbers[first + c][y][x]
    return out


@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, 2),
    st.sampled_from([(1, 1), (3, 1), (4, 2)]),
    st.integers(1, 4),
    st.integers(1, 5),
    st.sampled_from([(1, 2), (2, 1, 3)]),
    st.integers(1, 3),
)
def test_equals_the_loop(n, channels_and_groups, height, width, dilations, least_hidden):
    channels, groups = channels_and_groups
    block = SelectiveKernel(channels, 2, dilations=dilations, groups=groups, least_hidden=least_hidden)
    assert block.expand.weight.shape == (len(dilations) * channels, max(channels // 2, least_hidden))
    randomised(block, seed=height)
    x = random(n, channels, height, width)
    assert block.weights(x).shape == (n, len(dilations), channels, 1, 1)
    for picture, weights, out in zip(x, block.weights(x), block(x), strict=True):
        maps = []
        for conv, norm, _ in block.branches:
            raw = loop_conv(conv, picture).flatten(1).T
            rows = [[relu(v) for v in normalise(norm, row)] for row in raw.tolist()]
            maps.append(torch.tensor(rows, dtype=F64).T.reshape(picture.shape))
        s = means(sum(maps))
        z = [relu(v) for v in normalise(block.reduce[1], linear(block.reduce[0], s))]
        logits = torch.tensor(linear(block.expand, z), dtype=F64).reshape(len(maps), channels)
        shares = logits.exp() / logits.exp().sum(dim=0)
        same(weights[..., 0, 0], shares)
        same(out, sum(a[:, None, None] * u for a, u in zip(shares, maps, strict=True)))


def test_two_branches_choose_by_the_sigmoid_of_a_difference():
    block, x = randomised(SelectiveKernel(3)), random(2, 3, 5, 4)
    first, second = block._split(x)
    s = first.mean(dim=(2, 3)) + second.mean(dim=(2, 3))
    logits = block.expand(block.reduce(s)).reshape(2, 2, 3)
    share = torch.sigmoid(logits[:, 1] - logits[:, 0])[..., None, None]
    same(block.weights(x)[:, 1], share)
    same(block(x), torch.lerp(first, second, share))


def test_defaults_are_the_papers():
    block = SelectiveKernel(1024, groups=32)
    assert [branch[0].dilation for branch in block.branches] == [(1, 1), (2, 2)]
    assert [branch[0].weight.shape for branch in block.branches] == [(1024, 32, 3, 3)] * 2
    assert block.reduce[0].weight.shape == (64, 1024)  # C / 16
    assert SelectiveKernel(64).reduce[0].weight.shape == (32, 64)  # L
    assert SelectiveKernel(64).branches[0][0].groups == 1
    # Convolutions, W, all A_b, and a scale and a shift of each normalised number: no other bias.
    count = 2 * 9 * 64 * 64 + 32 * 64 + 2 * 64 * 32 + 2 * (2 * 64 + 32)
    assert sum(p.numel() for p in SelectiveKernel(64).parameters()) == count


@pytest.mark.parametrize("size", [5, 9])
def test_each_branch_sees_its_own_receptive_field(size):
    """A single bright pixel spreads over 3×3 in one branch and, with gaps, over 5×5 in the other."""
    block = SelectiveKernel(1).double().eval()
    x = torch.zeros(1, 1, size, size, dtype=F64)
    x[0, 0, size // 2, size // 2] = 1
    for branch, reach in zip(block.branches, (1, 2), strict=True):
        torch.nn.init.ones_(branch[0].weight)
        lit = branch(x)[0, 0].nonzero() - size // 2
        assert lit.abs().max() == reach
        assert len(lit) == 9
