"""The global context block against loops written from its formula."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from references import F64, linear, random, randomised, relu, same
from torch import nn

from visual_attention import GlobalContext, NonLocalBlock


def loop_weights(block, picture):
    """a_j, one number for each position."""
    scores = [math.exp(linear(block.score, x)[0]) for x in picture.flatten(1).T.tolist()]
    return [score / sum(scores) for score in scores]


def loop_block(block, picture):
    columns = picture.flatten(1).T.tolist()
    context = [
        sum(a * x[c] for a, x in zip(loop_weights(block, picture), columns, strict=True)) for c in range(len(picture))
    ]
    first, norm, _, second = block.transform
    hidden = linear(first, context)
    mean = sum(hidden) / len(hidden)
    deviation = math.sqrt(sum((h - mean) ** 2 for h in hidden) / len(hidden) + norm.eps)
    gain, shift = norm.weight.tolist(), norm.bias.tolist()
    normalised = [g * (h - mean) / deviation + b for h, g, b in zip(hidden, gain, shift, strict=True)]
    added = linear(second, [relu(h) for h in normalised])
    out = [[old + new for old, new in zip(x, added, strict=True)] for x in columns]
    return torch.tensor(out, dtype=F64).T.reshape(picture.shape)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 2),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 2, 16]),
    st.sampled_from([None, 1, 5]),
)
def test_equals_the_loop(n, channels, height, width, reduction, inner):
    block = randomised(GlobalContext(channels, reduction, inner=inner), seed=channels)
    assert block.inner == (inner or max(channels // reduction, 1))
    x = random(n, channels, height, width)
    for picture, out, table in zip(x, block(x), block.weights(x), strict=True):
        same(out, loop_block(block, picture))
        same(table, [loop_weights(block, picture)] * (height * width))


def test_without_a_key_it_pools_the_average():
    block, x = GlobalContext(4).double(), random(1, 4, 3, 3)
    nn.init.zeros_(block.score.weight)
    same(block.weights(x), torch.full((1, 9, 9), 1 / 9, dtype=F64))


def test_it_is_a_non_local_block_whose_query_does_not_matter():
    """One constant query, and keys that are the features: its rows are the row of the global context."""
    context, x = randomised(GlobalContext(4)), random(1, 4, 3, 5)
    block = NonLocalBlock(4, 4).double()
    with torch.no_grad():
        block.theta.weight.zero_()
        block.theta.bias.copy_(context.score.weight[0])
        block.phi.weight.copy_(torch.eye(4))
    same(block.weights(x), context.weights(x))


def test_weights_of_convolutions_load_as_the_docstring_says():
    block, x = randomised(GlobalContext(6, 2)), random(2, 6, 3, 4)
    score, first, second = nn.Conv2d(6, 1, 1), nn.Conv2d(6, 3, 1), nn.Conv2d(3, 6, 1)
    norm = nn.LayerNorm([3, 1, 1])
    model = nn.Sequential(score, first, norm, second).double()
    block.score.load_state_dict({"weight": score.weight.flatten(1), "bias": score.bias})
    for mine, theirs in ((block.transform[0], first), (block.transform[3], second)):
        mine.load_state_dict({"weight": theirs.weight.flatten(1), "bias": theirs.bias})
    block.transform[1].load_state_dict({"weight": norm.weight.flatten(), "bias": norm.bias.flatten()})
    row = model[0](x).flatten(2).softmax(dim=2)
    context = (x.flatten(2) @ row.mT)[..., None]
    same(block(x), x + second(norm(first(context)).relu()))


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_large_scores_do_not_overflow(shift):
    block, x = GlobalContext(4), random(1, 4, 3, 3).float()
    with torch.no_grad():
        block.score.bias.fill_(shift)
    assert block(x).isfinite().all()
