"""Temporal attention against loops written from its equations."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from references import F64, linear, random, randomised, same

from visual_attention import TemporalAttention


def dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from([None, 1, 3]),
    st.sampled_from(["learned", "given"]),
)
def test_equals_the_loop(n, channels, frames, height, width, inner, query):
    block = randomised(TemporalAttention(channels, inner, query=query), seed=channels)
    x, queries = random(n, channels, frames, height, width), random(n, channels, seed=1)
    asked = (queries,) if query == "given" else ()
    assert block.weights(x, *asked).shape == (n, frames)
    assert block(x, *asked).shape == (n, channels, height, width)
    for k, clip in enumerate(x):
        z = [[sum(clip[c, t].flatten().tolist()) / (height * width) for c in range(channels)] for t in range(frames)]
        if query == "learned":
            logits = [dot(block.score.weight[0].tolist(), z_t) for z_t in z]
        else:
            theta = linear(block.theta, queries[k].tolist())
            assert len(theta) == (inner or max(channels // 2, 1))
            logits = [dot(theta, linear(block.phi, z_t)) / math.sqrt(len(theta)) for z_t in z]
        exponentials = [math.exp(v) for v in logits]
        shares = [v / sum(exponentials) for v in exponentials]
        same(block.weights(x, *asked)[k], shares)
        same(block(x, *asked)[k], sum(a * clip[:, t] for t, a in enumerate(shares)))


def test_default_asks_a_learned_question():
    block = TemporalAttention(8)
    assert block.query == "learned"
    assert sum(p.numel() for p in block.parameters()) == 8
    assert [TemporalAttention(c, query="given").inner_channels for c in (1, 2, 5, 6)] == [1, 1, 2, 3]


def test_the_frame_that_the_query_describes_wins():
    """theta = phi = 50 × identity, and frames of different channels: nearly one-hot weights."""
    block = TemporalAttention(4, 4, query="given").double()
    with torch.no_grad():
        for layer in (block.theta, block.phi):
            layer.weight.copy_(50 * torch.eye(4))
            layer.bias.zero_()
    clip = torch.eye(4, dtype=F64)[None, :, :, None, None].expand(1, 4, 4, 2, 2)
    for frame in range(4):
        query = torch.eye(4, dtype=F64)[frame][None]
        assert block.weights(clip, query)[0].argmax() == frame
        same(block(clip, query)[0, :, 0, 0], query[0])


@pytest.mark.parametrize(
    ("query", "given", "error", "message"),
    [
        (
            "learned",
            torch.zeros(2, 4),
            ValueError,
            r"query must be left out: this block has learned its own \(query='learned'\)",
        ),
        ("given", None, ValueError, r"query must be given, of shape \(N, 4\), got None"),
        ("given", torch.zeros(2, 3), ValueError, r"query must have shape \(N, 4\) and not be empty, got \(2, 3\)"),
        ("given", torch.zeros(3, 4), ValueError, "query must hold one row per clip, 2 of them, got 3"),
        ("given", [0.0], TypeError, "query must be a torch tensor, got list"),
    ],
    ids=["not wanted", "missing", "wrong width", "wrong number", "not a tensor"],
)
def test_wrong_query_is_named(query, given, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        TemporalAttention(4, query=query)(torch.zeros(2, 4, 3, 2, 2), given)
