"""What lesson 5 says, against the stored results, the counted networks and the block itself."""

import pytest
import torch
from torch import nn

from visual_attention import SqueezeExcitation, count_cost, resnet50
from visual_attention.cost import SENET_TABLE_10
from visual_attention.experiments import load_weights, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.squeeze_excitation import experiment as context
from visual_attention.training import accuracy


@pytest.fixture(scope="module")
def results():
    return stored("context")


# ---- the experiment
def test_se_beats_the_plain_network_of_the_same_size(results):
    gain = results.gain("SE", "plain layer", "accuracy")
    assert len(gain) >= 5
    assert (gain > 0).sum() >= len(gain) - 1  # at least four of five
    assert (gain > 0.4).all()
    for other in ("none", "per position", "3×3 convolution"):
        assert (results.gain("SE", other, "accuracy") > 0).all()


def test_the_rival_has_exactly_as_many_weights(results):
    sizes = {slot: results.of(slot, "weights in the slot").unique().tolist() for slot in context.SLOTS}
    assert sizes["SE"] == sizes["plain layer"] == sizes["per position"] == [1212]
    assert sizes["none"] == [0]
    assert 17 < sizes["3×3 convolution"][0] / 1212 < 17.5
    whole = {
        slot: sum(w.numel() for w in context.start(slot, 0).parameters()) for slot in ("SE", "plain layer", "none")
    }
    assert whole["SE"] == whole["plain layer"] == whole["none"] + 1212


def test_without_the_squeeze_nobody_knows_the_frame(results):
    for slot in ("none", "plain layer", "per position"):
        assert (results.of(slot, "accuracy") < 0.4).all()
    assert (results.of("3×3 convolution", "accuracy") > 0.7).all()


def test_the_control_shows_no_gain(results):
    gain = results.paired("SE (grey)", "plain layer (grey)", "accuracy")
    assert not gain.found
    assert not results.paired("SE (grey)", "none (grey)", "accuracy").found
    assert gain.by_seed.abs().max() < 0.02
    assert results.of("none (grey)", "accuracy").min() > 0.94


def test_gates_of_the_announced_plane_are_open_and_turning_them_turns_the_answer(results):
    announced, other = results.of("SE", "announced gates"), results.of("SE", "other gates")
    assert (announced - other > 0.4).all()
    assert (results.of("SE", "reads the opened plane") > 0.6).all()


def test_all_slots_start_from_the_same_trunk_and_head():
    one, other = context.start("none", 3).state_dict(), context.start("SE", 3).state_dict()
    assert all(torch.equal(weight, other[name]) for name, weight in one.items())
    with pytest.raises(ValueError, match=r"slot must be one of none, .*, got 'CBAM'"):
        context.start("CBAM", 0)


def test_a_cell_of_the_slot_never_sees_frame_and_digits():
    """Which pixels a cell of the slot depends on: those of the digits and those of the frame never together."""
    network = context.start("none", 0).double()
    for module in network.trunk:
        if isinstance(module, nn.Conv2d):  # all weights positive: no path is closed by chance
            nn.init.uniform_(module.weight, 0.1, 1)
            nn.init.ones_(module.bias)
    digits, frame = torch.zeros(24, 24, dtype=torch.bool), torch.ones(24, 24, dtype=torch.bool)
    digits[7:17, 7:17] = True
    frame[1:-1, 1:-1] = False
    for row in range(6):
        for column in range(6):
            seen = torch.zeros(24, 24, dtype=torch.bool)
            for draw in range(6):  # max-pooling passes the gradient to one of four: several pictures reach all
                x = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(draw), dtype=torch.float64)
                x.requires_grad_()
                (slope,) = torch.autograd.grad(network.features(x)[0, :16, row, column].sum(), x)
                seen |= slope[0, 0] != 0
            assert not ((seen & digits).any() and (seen & frame).any())


def test_the_stored_network_gives_the_stored_accuracy(results):
    network = load_weights(context.start("SE", 0), "context")
    test = context.pictures("test", 0)
    assert accuracy(network, test.images, test.labels) == pytest.approx(
        results.of("SE", "accuracy")[0].item(), abs=0.003
    )
    measured = context.gate_measures(network, test)
    for name, number in measured.items():
        assert number == pytest.approx(results.of("SE", name)[0].item(), abs=0.003)


def test_a_run_of_today_gives_what_was_stored(results):
    numbers, _ = context.run("SE", 1)
    assert agrees(numbers["accuracy"], results.of("SE", "accuracy"))


def test_end_to_end_there_is_no_finding_over_nothing_and_just_one_over_the_plain_layer():
    small = stored("context_small")
    assert small.of("SE", "weights in the slot").tolist() == small.of("plain layer", "weights in the slot").tolist()
    for rival in ("none", "plain layer"):
        gain = small.paired("SE", rival, "accuracy")
        assert len(gain.by_seed) == 5
        assert (gain.by_seed > 0).sum() == 4
        assert 0 < gain.mean < 0.1
        assert gain.found == (rival == "plain layer")
    assert gain.mean < 2.2 * gain.error  # "just"
    over_none = small.paired("SE", "none", "accuracy")
    assert (2 * over_none.by_seed.std() / over_none.mean) ** 2 > 20  # seeds that such a gain would need


def test_gates_without_the_squeeze_are_a_point_above_nothing(results):
    gain = results.paired("per position", "none", "accuracy")
    assert gain.found
    assert gain.mean == pytest.approx(0.01, abs=0.002)
    assert results.paired("SE", "none", "accuracy").mean > 60 * gain.mean


# ---- what is counted
def test_weights_of_se_resnet50():
    plain = count_cost(resnet50(version="1"), (1, 3, 224, 224))
    gated = resnet50(lambda channels: SqueezeExcitation(channels, 16, bias=False), version="1")
    added = count_cost(gated, (1, 3, 224, 224)).parameters - plain.parameters
    last = sum(w.numel() for unit in gated.layer4 for w in unit.attention.parameters())
    assert added == 2_514_944
    assert round(last / added, 3) == 0.625
    assert round(added / plain.parameters, 3) == 0.098
    assert round((added - last) / plain.parameters, 3) == 0.037
    assert count_cost(resnet50("se", version="1"), (1, 3, 224, 224)).parameters == plain.parameters + 2_530_992


@pytest.mark.parametrize("r", SENET_TABLE_10)
def test_table_10s_parameters(r):
    with torch.device("meta"):
        network = resnet50(lambda channels: SqueezeExcitation(channels, r, bias=False), version="1")
    counted = sum(w.numel() for w in network.parameters()) / 1e6
    assert counted == pytest.approx({2: 45.68, 4: 35.62, 8: 30.59, 16: 28.07, 32: 26.81}[r], abs=0.005)
    assert counted == pytest.approx(SENET_TABLE_10[r], abs=0.12)


def test_the_published_numbers_that_name_se_resnet50():
    """28.07, 28.09 and 26.77 million, as the exercise tells them apart."""
    without, biased = 25_557_032 + 2_514_944, 25_557_032 + 2_530_992
    assert (round(without / 1e6, 2), round(biased / 1e6, 2), round(without / 2**20, 2)) == (28.07, 28.09, 26.77)


# ---- small statements
def test_a_softmax_over_2048_channels_leaves_each_one_2048th():
    logits = 3 * torch.randn(50, 2048, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert logits.softmax(dim=1).mean().item() == pytest.approx(1 / 2048)


def test_the_hand_example():
    block = SqueezeExcitation(2, 2, bias=False)
    with torch.no_grad():
        block.reduce.weight.copy_(torch.tensor([[1.0, -1.0]]))
        block.expand.weight.copy_(torch.tensor([[2.0], [-1.0]]))
    maps = torch.tensor([[[[1.0, 3.0], [2.0, 2.0]], [[0.0, 4.0], [0.0, 0.0]]]])
    assert block.gate(maps).flatten().tolist() == pytest.approx([0.881, 0.269], abs=5e-4)
    assert block(maps)[0, 1].flatten().tolist() == pytest.approx([0, 1.08, 0, 0], abs=5e-3)
    maps[0, 1, 0, 1] = 8
    assert block.gate(maps).flatten().tolist() == [0.5, 0.5]
