"""The networks and measures of the twins experiment against loops and hand values."""

import pytest
import torch
from torch import nn

from visual_attention.lessons.non_local.data import twin_pictures
from visual_attention.lessons.non_local.networks import (
    VARIANTS,
    TwinHead,
    TwinNetwork,
    TwinTrunk,
    at_centres,
    features_of,
    pairwise_and_unary,
    twin_attention,
)

F64 = torch.float64


def test_parts_add_up_inside_the_softmax():
    query, keys = torch.randn(2, 5, 3, dtype=F64), torch.randn(2, 7, 3, dtype=F64)
    pairwise, unary = pairwise_and_unary(query, keys)
    assert pairwise.shape == (2, 5, 7)
    assert unary.shape == (2, 1, 7)
    assert torch.allclose((pairwise + unary).softmax(dim=2), (query @ keys.mT).softmax(dim=2))
    assert pairwise.mean(dim=1).abs().max() < 1e-12
    assert pairwise.mean(dim=2).abs().max() < 1e-12


def test_the_trunk_sees_eighteen_pixels():
    trunk = TwinTrunk().eval()
    x = torch.rand(1, 3, 36, 36, requires_grad=True)
    at_centres(trunk.features(x))[0, :, 1, 1].sum().backward()
    seen = x.grad.abs().sum(dim=(0, 1)) > 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    assert rows.max() - rows.min() < 18
    assert columns.max() - columns.min() < 18


def test_what_each_head_sees():
    """From the centre of the first cell: no block and 3×3 miss the far cells, the dilated ones see all of them."""
    for variant, far in (("none", False), ("3×3 conv", False), ("three dilated convs", True), ("dot product", True)):
        torch.manual_seed(0)
        network = TwinNetwork(variant).eval()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.ones_(module.weight)
        x = torch.rand(1, 3, 36, 36, requires_grad=True)
        network(x)[0, :, 0, 0].sum().backward()
        seen = x.grad[0].abs().sum(dim=0) > 0
        for row in range(3):
            for column in range(3):
                if max(row, column) == 2:
                    cell = seen[12 * row : 12 * row + 12, 12 * column : 12 * column + 12]
                    assert bool(cell.any()) is far, (variant, row, column)


@pytest.mark.parametrize("variant", VARIANTS)
def test_heads_answer_for_each_cell(variant):
    assert TwinHead(variant)(torch.randn(2, 32, 9, 9)).shape == (2, 3, 3, 3)


def test_the_scaled_block_is_attention_with_the_transformers_scale():
    torch.manual_seed(0)
    block, x = VARIANTS["embedded, scaled"](), torch.randn(1, 32, 3, 3)
    tokens = x.flatten(2).mT
    theta = block.theta(tokens)
    expected = (theta @ block.phi(tokens).mT / 16**0.5).softmax(dim=2)
    assert torch.allclose(block.weights(x), expected, atol=1e-6)


def test_unknown_variants_are_named():
    with pytest.raises(ValueError, match=r"variant must be one of none, .*, got 'more'"):
        TwinHead("more")


def looking_at(cells, n=1):
    """Weights (n, 81, 81) that from cell i look at the nine places of cells[i], evenly."""
    weights = torch.zeros(n, 9, 9, 9, 9)
    for i, target in enumerate(cells):
        rows, columns = slice(3 * (target // 3), 3 * (target // 3) + 3), slice(3 * (target % 3), 3 * (target % 3) + 3)
        own_rows, own_columns = slice(3 * (i // 3), 3 * (i // 3) + 3), slice(3 * (i % 3), 3 * (i % 3) + 3)
        weights[:, own_rows, own_columns, rows, columns] = 1 / 9
    return weights.reshape(n, 81, 81)


def test_where_the_white_digits_look():
    twins = torch.full((1, 3, 3), -1)
    twins[0, 0, 0], twins[0, 1, 2], twins[0, 2, 1] = 8, 3, 2
    cells = list(range(9))
    own = twin_attention(looking_at(cells), twins)
    assert own == pytest.approx({"mass": 0, "own": 1, "hit": 0, "hit elsewhere": 0, "alike": 0})
    right = [8, 1, 2, 3, 4, 3, 6, 2, 8]
    found = twin_attention(looking_at(right), twins)
    assert found == pytest.approx({"mass": 1, "own": 0, "hit": 1, "hit elsewhere": 1, "alike": 0})
    # Two of three look at one cell, the third at its own: one pair of rows of three is alike.
    found = twin_attention(looking_at([3, 1, 2, 3, 4, 3, 6, 7, 8]), twins)
    assert found["mass"] == pytest.approx(1 / 3)
    assert found["own"] == pytest.approx(1 / 3)
    assert found["alike"] == pytest.approx(1 / 3)
    even = twin_attention(torch.full((1, 81, 81), 1 / 81), twins)
    assert even["mass"] == pytest.approx(1 / 9)
    assert even["alike"] == pytest.approx(1)
    assert twin_attention(torch.zeros(1, 81, 81), twins)["alike"] == 0
    signed = -looking_at(right)
    assert twin_attention(signed, twins)["hit elsewhere"] == 1


def test_features_in_parts_are_features_at_once():
    trunk, images = TwinTrunk().eval(), twin_pictures(260, seed=0).images
    with torch.no_grad():
        assert torch.allclose(features_of(trunk, images), trunk.features(images), atol=1e-5)
