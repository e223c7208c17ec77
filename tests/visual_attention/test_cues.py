"""The model of lesson 1: two cues in one softmax, and saliency as surprise."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from visual_attention.lessons.cues.model import cue_weights, surprise

DOUBLE = torch.float64


def weights_by_loop(saliency, keys, query, saliency_strength, intent_strength):
    scores = []
    for s, key in zip(saliency.tolist(), keys.tolist(), strict=True):
        match = sum(q * k for q, k in zip(query.tolist(), key, strict=True))
        scores.append(saliency_strength * s + intent_strength * match)
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


def test_the_hand_example_of_the_lesson():
    saliency, keys = torch.tensor([2.0, 0, 0], dtype=DOUBLE), torch.tensor([[0.0], [1], [0]], dtype=DOUBLE)
    no_query = cue_weights(saliency, keys)
    to_read = cue_weights(saliency, keys, torch.tensor([3.0], dtype=DOUBLE))
    e2, e3 = math.e**2, math.e**3
    assert no_query.tolist() == pytest.approx([e2 / (e2 + 2), 1 / (e2 + 2), 1 / (e2 + 2)])
    assert to_read.tolist() == pytest.approx([e2 / (e2 + e3 + 1), e3 / (e2 + e3 + 1), 1 / (e2 + e3 + 1)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    saliency, keys = torch.randn(6, generator=generator), torch.randn(6, 3, generator=generator)
    query, strengths = torch.randn(3, generator=generator), torch.rand(2, generator=generator) * 5
    a, b = strengths.tolist()
    weights = cue_weights(saliency.to(dtype), keys.to(dtype), query.to(dtype), saliency_strength=a, intent_strength=b)
    assert weights.dtype == dtype
    assert weights.tolist() == pytest.approx(weights_by_loop(saliency, keys, query, a, b), rel=1e-4)


def test_no_query_is_the_query_of_zeros_and_both_at_nought_is_uniform():
    generator = torch.Generator().manual_seed(0)
    saliency, keys = torch.randn(4, generator=generator), torch.randn(4, 2, generator=generator)
    assert torch.equal(cue_weights(saliency, keys), cue_weights(saliency, keys, torch.zeros(2)))
    uniform = cue_weights(saliency, keys, torch.ones(2), saliency_strength=0, intent_strength=0)
    assert uniform.tolist() == pytest.approx([0.25] * 4)


def test_huge_scores_do_not_overflow():
    weights = cue_weights(torch.tensor([1000.0, 0.0]), torch.zeros(2, 1), saliency_strength=1000.0)
    assert weights.tolist() == [1.0, 0.0]


def test_surprise_by_hand():
    # One red among three green, all upright: shares 1/4 and 3/4 in colour, 1 in posture.
    features = torch.tensor([[0, 0], [1, 0], [1, 0], [1, 0]])
    assert surprise(features).tolist() == pytest.approx([math.log(4)] + 3 * [math.log(4 / 3)])
    # Both features in two halves: everybody has a share of 1/2 twice.
    features = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert surprise(features).tolist() == pytest.approx(4 * [2 * math.log(2)])
    assert surprise(torch.zeros(5, 2)).tolist() == [0] * 5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cue_weights([1.0], torch.ones(1, 1)), TypeError, "saliency must be a torch tensor"),
        (lambda: cue_weights(torch.ones(2, 1), torch.ones(2, 1)), ValueError, r"saliency must have shape \(n,\)"),
        (lambda: cue_weights(torch.ones(2), torch.ones(2)), ValueError, r"keys must have shape \(n, d\), got \(2,\)"),
        (lambda: cue_weights(torch.ones(2), torch.ones(3, 1)), ValueError, r"keys must hold one row per thing, 2"),
        (lambda: cue_weights(torch.ones(2), torch.ones(2, 1).double()), TypeError, "keys must have the dtype"),
        (
            lambda: cue_weights(torch.ones(2), torch.ones(2, 1), torch.ones(2)),
            ValueError,
            r"query must have shape \(1,\) to suit keys, got \(2,\)",
        ),
        (
            lambda: cue_weights(torch.ones(2), torch.ones(2, 1), torch.tensor([torch.nan])),
            ValueError,
            "query must hold finite numbers",
        ),
        (
            lambda: cue_weights(torch.ones(2), torch.ones(2, 1), saliency_strength=-1.0),
            ValueError,
            "saliency_strength must be finite and at least 0, got -1.0",
        ),
        (
            lambda: cue_weights(torch.ones(2), torch.ones(2, 1), intent_strength=math.inf),
            ValueError,
            "intent_strength must be finite and at least 0, got inf",
        ),
        (
            lambda: cue_weights(torch.ones(2), torch.ones(2, 1), intent_strength="8"),
            TypeError,
            "intent_strength must be a number",
        ),
        (lambda: surprise([[0, 1]]), TypeError, "features must be a torch tensor, got list"),
        (lambda: surprise(torch.zeros(3)), ValueError, r"features must have shape \(n, d\).*got \(3,\)"),
        (lambda: surprise(torch.zeros(0, 2)), ValueError, "not be empty"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


sizes = st.integers(-150, 149).map(lambda power: 10.0**power)
strengths = st.one_of(st.just(0.0), st.integers(-300, 308).map(lambda power: 10.0**power))


@given(sizes, sizes, sizes, strengths, strengths, st.booleans())
def test_no_magnitude_gives_nan(salient, key, asked, saliency_strength, intent_strength, double):
    saliency = salient * torch.tensor([1.0, -1, 0], dtype=DOUBLE)
    keys, query = key * torch.tensor([[-1.0, 0], [1, 1], [2, -1]], dtype=DOUBLE), asked * torch.ones(2, dtype=DOUBLE)
    parts = [part if double else part.clamp(-3e38, 3e38).float() for part in (saliency, keys, query)]
    weights = cue_weights(*parts, saliency_strength=saliency_strength, intent_strength=intent_strength)
    assert weights.dtype == parts[0].dtype
    assert weights.sum().item() == pytest.approx(1)


def test_a_product_beyond_the_dtype_still_has_a_winner():
    keys, query = torch.tensor([[1e20], [2e20]]), torch.tensor([1e20])
    assert cue_weights(torch.zeros(2), keys, query).tolist() == [0, 1]
    assert cue_weights(torch.zeros(2), -keys, query).tolist() == [1, 0]
    saliency, match = torch.tensor([3.0, 1], dtype=DOUBLE), torch.tensor([[-1.0], [0]], dtype=DOUBLE)
    one = torch.ones(1, dtype=DOUBLE)
    weights = cue_weights(saliency, match, one, saliency_strength=1e308, intent_strength=1e308)
    assert weights.tolist() == [1, 0]  # 3 − 1 against 1, both times 10³⁰⁸


def test_nan_is_no_feature():
    with pytest.raises(ValueError, match=r"^features must hold values that can be compared, got nan$"):
        surprise(torch.tensor([[0.0], [math.nan]]))


def test_features_without_numbers_are_named():
    with pytest.raises(ValueError, match=r"^features must hold numbers, got a tensor on the meta device"):
        surprise(torch.ones(2, 2, device="meta"))
    with pytest.raises(TypeError, match=r"^features must be a dense tensor"):
        surprise(torch.ones(2, 2).to_sparse())
