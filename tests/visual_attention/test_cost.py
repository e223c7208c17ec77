"""Counted costs against sums by hand and against the figures that papers print."""

from functools import cache, partial

import pytest
import torch
from torch import nn

from visual_attention import (
    BAM,
    CBAM,
    ChannelAttention,
    Cost,
    NonLocalBlock,
    SqueezeExcitation,
    count_cost,
    resnet50,
)
from visual_attention.cost import PUBLISHED, SENET_TABLE_10

PICTURE = (1, 3, 224, 224)


@cache
def cost(*arguments, **options):
    with torch.device("meta"):
        return count_cost(resnet50(*arguments, **options), PICTURE)


def giga(cost):
    return round(cost.multiply_adds / 1e9, 3)


NO_BIAS = partial(SqueezeExcitation, bias=False)
MAX = partial(ChannelAttention, pools=("max",))


@pytest.mark.parametrize(
    ("attention", "options", "parameters", "version_1", "version_1_5"),
    [
        (None, {}, 25_557_032, 3.858, 4.089),
        (NO_BIAS, {}, 28_071_976, 3.860, 4.092),
        ("se", {}, 28_088_024, 3.860, 4.092),
        (MAX, {}, 28_088_024, 3.860, 4.092),
        (ChannelAttention, {}, 28_088_024, 3.863, 4.094),
        (partial(CBAM, norm=False), {}, 28_089_592, 3.864, 4.096),
        ("cbam", {}, 28_089_624, 3.864, 4.096),
        (BAM, {"place": "stage"}, 25_915_099, 3.940, 4.171),
    ],
)
def test_resnet50(attention, options, parameters, version_1, version_1_5):
    first, second = (cost(attention, version, **options) for version in ("1", "1.5"))
    assert first.parameters == second.parameters == parameters
    assert (giga(first), giga(second)) == (version_1, version_1_5)


def test_overhead_of_squeeze_excitation_is_the_papers_formula():
    """(2 / r) Σ N_s C_s², equation 5; without biases each weight is used once."""
    formula = sum(2 * n * c * c // 16 for n, c in [(3, 256), (4, 512), (6, 1024), (3, 2048)])
    plain, se = cost(None, "1"), cost(NO_BIAS, "1")
    assert formula == 2_514_944
    assert se.parameters - plain.parameters == formula
    assert se.multiply_adds - plain.multiply_adds == formula


def test_a_multiply_add_for_each_bias_would_round_up():
    """The 3.861 that some print: `count_cost` counts products, and adding a bias is none."""
    se = cost("se", "1")
    biases = se.parameters - cost(NO_BIAS, "1").parameters
    assert biases == 16_048
    assert giga(se) == 3.860
    assert giga(Cost(se.parameters, se.multiply_adds + biases)) == 3.861


@pytest.mark.parametrize(("reduction", "printed"), SENET_TABLE_10.items())
def test_senet_table_10(reduction, printed):
    exact = {2: 45_676_584, 4: 35_616_808, 8: 30_586_920, 16: 28_071_976, 32: 26_814_504}
    found = cost(partial(NO_BIAS, reduction=reduction)).parameters
    assert found == exact[reduction]
    # The paper's column lies up to 0.12 M above the sum of its own formula.
    assert found / 1e6 == pytest.approx(printed, abs=0.12)


def test_published_rows():
    counted = {
        "ResNet-50": cost(None, "1"),
        "ResNet-50 + SE": cost("se", "1"),
        "ResNet-50 + CBAM": cost("cbam", "1"),
        "ResNet-50 + channel gate, maximum": cost(MAX, "1"),
        "ResNet-50 + channel gate, average and maximum": cost(ChannelAttention, "1"),
    }
    rows = {(row.network, row.source): row for row in PUBLISHED}
    assert len(rows) == len(PUBLISHED) == 6
    for (network, source), row in rows.items():
        right = counted[network]
        if source == "CBAM, Table 4":
            assert row.parameters == round(right.parameters / 1e6, 2)
            assert row.multiply_adds == giga(right)
        else:
            # These rows are BAM's: its parameters, its multiply-adds, and twice what it adds.
            plain, bam = cost(None, "1"), cost(BAM, "1", place="stage")
            assert row.parameters == round(bam.parameters / 1e6, 2) != round(right.parameters / 1e6, 2)
            twice = Cost(bam.parameters, 2 * bam.multiply_adds - plain.multiply_adds)
            assert row.multiply_adds in (round(giga(bam), 2), round(giga(twice), 2))


def test_by_hand():
    convolution = nn.Conv2d(3, 5, 3, padding=1)
    assert count_cost(convolution, (2, 3, 7, 8)) == Cost(5 * 28, 2 * 7 * 8 * 5 * 27)
    assert count_cost(nn.Linear(4, 6, bias=False), (3, 4)) == Cost(24, 72)
    assert count_cost(nn.ReLU(), (3, 4)) == Cost(0, 0)
    n, c, d = 30, 8, 4
    projections = 4 * n * c * d
    for pairwise, pairs in [("embedded_gaussian", 2 * n * n * d), ("dot_product", 2 * n * d * d)]:
        block = NonLocalBlock(c, pairwise=pairwise)
        assert count_cost(block, (1, c, 5, 6)).multiply_adds == projections + pairs
    subsampled = count_cost(NonLocalBlock(c, subsample=True), (1, c, 6, 6)).multiply_adds
    assert subsampled == 2 * 36 * c * d + 2 * 9 * c * d + 2 * 36 * 9 * d


def test_leaves_the_module_alone_and_takes_any_precision():
    block = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).double()
    before = [tensor.clone() for tensor in block.state_dict().values()]
    # One picture of one position: batch normalisation would refuse it in training.
    assert count_cost(block, (1, 3, 1, 1)).multiply_adds == 12
    assert block.training
    assert all(not tensor.is_meta for tensor in block.state_dict().values())
    for old, new in zip(before, block.state_dict().values(), strict=True):
        assert torch.equal(old, new)


def test_prints_what_a_paper_would():
    assert str(Cost(25_557_032, 3_857_973_248)) == "25.56 M parameters, 3.858 G multiply-adds"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((lambda x: x, (1,)), TypeError, "module must be a torch.nn.Module, got function"),
        ((nn.ReLU(), 3), TypeError, "input_shape must be a sequence of whole numbers, got int"),
        ((nn.ReLU(), "13"), TypeError, "input_shape must be a sequence of whole numbers, got str"),
        ((nn.ReLU(), (1, 3.0)), TypeError, "each of input_shape must be a whole number, got float"),
        ((nn.ReLU(), (1, 0)), ValueError, "each of input_shape must be at least 1, got 0"),
    ],
)
def test_wrong_argument_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        count_cost(*arguments)
