"""BAM against its equation, and its size against the authors' count."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import linear, means, normalise, random, randomised, relu, sigmoid

from visual_attention import BAM


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 2), st.integers(1, 6), st.integers(1, 5), st.integers(1, 6), st.integers(1, 3))
def test_equals_the_equation(n, channels, height, width, reduction):
    block = randomised(BAM(channels, reduction), seed=channels)
    x = random(n, channels, height, width)
    spatial = block.spatial(x)  # convolutions of torch, checked below for their shapes
    for k, picture in enumerate(x):
        first, norm, _, second = block.channel
        hidden = [relu(v) for v in normalise(norm, linear(first, means(picture)))]
        for c, logit in enumerate(linear(second, hidden)):
            for i in range(height):
                for j in range(width):
                    m = sigmoid(logit + spatial[k, 0, i, j].item())
                    assert block.gate(x)[k, c, i, j].item() == pytest.approx(m, abs=1e-10)
                    assert block(x)[k, c, i, j].item() == pytest.approx(picture[c, i, j].item() * (1 + m), abs=1e-10)


def test_layers_are_the_authors():
    """358,067 weights at the three bottlenecks of ResNet-50, and a spatial part that keeps the size of its map."""
    assert sum(p.numel() for c in (256, 512, 1024) for p in BAM(c).parameters()) == 358_067
    convolutions = [layer for layer in BAM(32).spatial if hasattr(layer, "dilation")]
    assert [layer.kernel_size for layer in convolutions] == [(1, 1), (3, 3), (3, 3), (1, 1)]
    assert [layer.dilation for layer in convolutions] == [(1, 1), (4, 4), (4, 4), (1, 1)]
    assert BAM(8).double().eval().spatial(random(1, 8, 3, 2)).shape == (1, 1, 3, 2)
    assert BAM(8, dilation=2).spatial[3].dilation == (2, 2)
    assert BAM(3).channel[0].weight.shape == (1, 3)
