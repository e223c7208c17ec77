"""What lesson 7 claims, asserted on the stored results, on counted networks and on the text of the lesson."""

import math
import re
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from visual_attention import BAM, CBAM, ChannelAttention, NonLocalBlock, SqueezeExcitation, count_cost, resnet50
from visual_attention.cost import PUBLISHED
from visual_attention.experiments import Difference, load_weights, stored
from visual_attention.lessons.cbam.data import CANVAS, ClutteredDigits, cluttered_digits
from visual_attention.lessons.cbam.experiment import (
    SLOTS,
    OneMapGate,
    Reader,
    ReadOut,
    Trunk,
    favours,
    features,
    fitted_filter,
    grad_cam,
    localisation,
    read_out,
    spatial_gate,
)

LESSON = Path(__file__).parents[2] / "course" / "07_cbam.py"
BOTH_MAPS = ("spatial 7×7", "CBAM", "CBAM, spatial first", "CBAM, parallel")
GATED = tuple(name for name in SLOTS if name.startswith(("spatial", "CBAM")))


@pytest.fixture(scope="module")
def dot():
    return stored("read_beside_the_dot")


@pytest.fixture(scope="module")
def clutter():
    return stored("read_in_clutter")


# ---- the audit
def test_the_audit_finds_every_number_from_networks():
    def counted(attention, **options):
        with torch.device("meta"):
            cost = count_cost(resnet50(attention, version="1", **options), (1, 3, 224, 224))
        return cost.parameters / 1e6, cost.multiply_adds / 1e9

    plain, bam = counted(None), counted(BAM, place="stage")
    counts = {
        "plain": plain,
        "SE": counted(SqueezeExcitation),
        "max": counted(partial(ChannelAttention, pools=("max",))),
        "avg & max": counted(ChannelAttention),
        "CBAM": counted(CBAM),
        "BAM": bam,
        "twice": (bam[0], 2 * bam[1] - plain[1]),
    }
    assert {name: (f"{m:.2f}", f"{g:.3f}") for name, (m, g) in counts.items()} == {
        "plain": ("25.56", "3.858"),
        "SE": ("28.09", "3.860"),
        "max": ("28.09", "3.860"),
        "avg & max": ("28.09", "3.863"),
        "CBAM": ("28.09", "3.864"),
        "BAM": ("25.92", "3.940"),
        "twice": ("25.92", "4.022"),
    }
    printed = {(row.parameters, row.multiply_adds) for row in PUBLISHED if row.source == "CBAM, Table 1"}
    assert printed == {(25.92, 3.94), (25.92, 4.02)}


def test_no_audited_number_is_typed_into_a_cell_of_code():
    code = "\n".join(
        cell
        for cell in re.split(r"^# %%", LESSON.read_text(encoding="utf-8"), flags=re.M)
        if "[markdown]" not in cell[:12]
    )
    assert re.findall(r"\b(?:25\.56|25\.92|28\.09|3\.86\d?|3\.94\d?|4\.02\d?)\b", code) == []


def test_standard_error_of_the_paper_s_difference():
    one, two = (math.sqrt(p * (1 - p) / 50_000) for p in (0.2266, 0.2278))
    assert 100 * one == pytest.approx(0.19, abs=0.005)
    assert 0.12 / (100 * math.hypot(one, two)) < 0.5


# ---- the digit beside the dot
def test_every_variant_is_reported(dot, clutter):
    for results in (dot, clutter):
        assert len(results.seeds) >= 5
        for name, columns in results.values.items():
            assert {"accuracy", "cam_hit", "cam_mass", "parameters"} <= set(columns)
            assert ("gate_hit" in columns) == ("gate_mass" in columns) == (name in GATED)


def test_gates_with_reach_read_and_those_without_do_not(dot):
    for name in BOTH_MAPS:
        for rival in ("none", "SE", "spatial 3×3", "3×3 convolution"):
            assert (dot.gain(name, rival, "accuracy") > 0.15).all(), (name, rival)
        assert (dot.gain(name, "7×7 depthwise convolution", "accuracy") > 0).all(), name
    for name in ("none", "SE"):
        assert (dot.of(name, "accuracy") < 0.45).all()
    assert dot.of("3×3 convolution", "parameters")[0] > 4 * dot.of("spatial 7×7", "parameters")[0]
    assert (dot.of("7×7 depthwise convolution", "accuracy") > dot.of("none", "accuracy") + 0.2).all()


def test_two_maps_beat_either_alone(dot):
    for name in ("spatial 7×7, mean only", "spatial 7×7, max only"):
        assert dot.gain("spatial 7×7", name, "accuracy").mean() > 0.02


def test_of_orders_and_the_channel_gate_parallel_alone_is_just_a_finding(dot):
    gains = {over: dot.paired("CBAM", over, "accuracy") for over in SLOTS if over.startswith(("CBAM, ", "spatial 7×7"))}
    for over in ("CBAM, spatial first", "spatial 7×7"):
        assert not gains[over].found
    assert gains["CBAM, parallel"].found
    assert gains["CBAM, parallel"].mean < 2.1 * gains["CBAM, parallel"].error  # "just"
    assert gains["CBAM, parallel"].mean == pytest.approx(0.01, abs=0.002)


def test_se_over_nothing_is_a_finding_of_less_than_a_point(dot):
    assert dot.paired("SE", "none", "accuracy").found
    assert 0 < dot.paired("SE", "none", "accuracy").mean < 0.01


def test_a_spatial_gate_can_point_and_then_reads_worse(dot):
    """A refuted 'cannot': two numbers for each place and 98 weights do find the side of the dot."""
    told = stored("point_at_the_digit")
    name = next(iter(told.values))
    assert (told.of(name, "gate_hit") > 0.7).all()
    assert (dot.of("spatial 7×7", "gate_hit") < 0.12).all()
    reads = Difference(told.of(name, "accuracy") - dot.of("spatial 7×7", "accuracy"))
    assert reads.found
    assert reads.mean < -0.05


def test_a_filter_fitted_today_points():
    """With fewer pictures than stored, and the stored trunk."""
    trunk = load_weights(Reader(Trunk(), read_out("CBAM", 0)), "read_beside_the_dot").trunk
    parts = []
    for split, n, seed in (("train", 1000, 0), ("test", 300, 1000)):
        pictures = cluttered_digits(n, "dot", split, seed)
        x = features(trunk, pictures.images)
        parts.append((torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1), pictures))
    (maps, learn), (test_maps, test) = parts
    kernel = fitted_filter(maps, F.avg_pool2d(learn.inside()[:, :1].float(), 4)[:, 0])
    scores = F.conv2d(test_maps, kernel, padding=3)[:, 0]
    found = localisation(scores - scores.amin((1, 2), keepdim=True), test)
    assert kernel.numel() == 98
    assert found["hit"] > 0.8


def test_a_read_out_without_positions_does_not_use_a_non_local_block(dot):
    """What lesson 7's notes say: shuffle the cells, and nothing changes."""
    torch.manual_seed(0)
    trained = ReadOut(NonLocalBlock(32, 16, zero_init=False), 10).eval()
    x = torch.rand(3, 32, 12, 12)
    shuffled = x.flatten(2)[:, :, torch.randperm(144)].reshape(x.shape)
    assert torch.allclose(trained(x), trained(shuffled), atol=1e-5)


def test_the_gate_fails_the_pointing_game_and_favours_the_right_digit(dot):
    chance = 12**2 / CANVAS**2
    for name in BOTH_MAPS:
        assert dot.of(name, "gate_hit").mean() < 2 * chance
        assert dot.of(name, "gate_mass").mean() < 2 * chance
        assert dot.of(name, "gate_favours").mean() > 0.97
        assert (dot.gain(name, "none", "cam_hit") > 0.3).all()


def test_grad_cam_of_the_depthwise_convolution_points_elsewhere(dot):
    assert dot.of("7×7 depthwise convolution", "accuracy").mean() > 0.65
    assert dot.of("7×7 depthwise convolution", "cam_hit").mean() < 0.4


# ---- the control
def test_in_clutter_a_plain_convolution_gains_more_than_the_gates(clutter):
    convolution = clutter.gain("3×3 convolution", "none", "accuracy").mean()
    for name in ("spatial 3×3", "spatial 7×7", "CBAM"):
        gain = clutter.gain(name, "none", "accuracy").mean()
        assert 0 < gain < convolution / 2, name
        assert gain < 0.06
        assert clutter.paired(name, "none", "accuracy").found
    assert not clutter.paired("SE", "none", "accuracy").found
    weights = {name: clutter.of(name, "parameters")[0] - clutter.of("none", "parameters")[0] for name in clutter.values}
    assert (weights["3×3 convolution"], weights["spatial 3×3"], weights["CBAM"]) == (9248, 20, 652)  # no equal cost


def test_in_clutter_one_gate_of_three_peaks_on_the_digit_more_often_than_the_baseline(clutter):
    chance, baseline = 12**2 / CANVAS**2, clutter.of("none", "cam_hit")
    for name in ("spatial 3×3", "spatial 7×7", "CBAM"):
        assert clutter.of(name, "gate_hit").mean() > 5 * chance
        assert clutter.of(name, "gate_mass").mean() < 2 * chance
    assert Difference(clutter.of("spatial 3×3", "gate_hit") - baseline).found
    for name in ("spatial 7×7", "CBAM"):
        assert not Difference(clutter.of(name, "gate_hit") - baseline).found


# ---- the measures themselves
def toy(boxes):
    boxes = torch.tensor(boxes)
    n = len(boxes)
    return ClutteredDigits(torch.zeros(n, 1, CANVAS, CANVAS), torch.zeros(n).long(), boxes, torch.zeros(n, 2).long())


def test_hit_and_mass_by_hand():
    test = toy([[[0, 0], [30, 30]], [[36, 0], [0, 0]]])
    maps = torch.zeros(2, CANVAS, CANVAS)
    maps[0, 3, 3], maps[0, 40, 40] = 3, 1  # on the digit; elsewhere, and weaker
    maps[1, 3, 3] = 2  # on the other digit
    assert localisation(maps, test) == pytest.approx({"hit": 0.5, "mass": (0.75 + 0) / 2})
    assert favours(maps, test) == 0.5
    even = localisation(torch.ones(2, 12, 12), test)
    assert even["mass"] == pytest.approx(144 / 2304, abs=1e-6)
    nothing = localisation(torch.zeros(2, 12, 12), test)
    assert nothing == pytest.approx({"hit": 0.0, "mass": 144 / 2304})


def test_grad_cam_of_a_network_that_is_known():
    """One hidden unit copies channel 5: the map is that channel, times the gradient's mean over the positions."""
    trained = read_out("none", 0)
    torch.nn.init.zeros_(trained.hidden.weight)
    torch.nn.init.zeros_(trained.hidden.bias)
    torch.nn.init.zeros_(trained.fc.weight)
    trained.hidden.weight.data[0, 5] = 1
    trained.fc.weight.data[3, 0] = 2
    trained.fc.bias.data.zero_()
    x = torch.rand(4, 32, 12, 12)
    assert torch.allclose(grad_cam(trained, x), 2 / 144 * x[:, 5], atol=1e-6)


@pytest.mark.parametrize("name", GATED)
def test_spatial_gates_are_those_that_scale(name):
    torch.manual_seed(0)
    slot = SLOTS[name]().eval()
    x = torch.rand(2, 32, 12, 12)
    gate = spatial_gate(slot, x)
    assert gate.shape == (2, 12, 12)
    ratio = slot(x) / x
    # Whatever the channel gate did, it did alike at every position.
    assert torch.allclose(ratio / ratio[:, :, :1, :1], (gate / gate[:, :1, :1])[:, None].expand_as(ratio), rtol=1e-3)


def test_slots_without_a_spatial_gate_say_so():
    for name in set(SLOTS) - set(GATED):
        assert spatial_gate(SLOTS[name](), torch.rand(1, 32, 12, 12)) is None


def test_one_map_gates_read_one_map():
    for pool, kept in (("mean", lambda x: x.mean(1, keepdim=True)), ("max", lambda x: x.amax(1, keepdim=True))):
        gate = OneMapGate(pool).eval()
        x = torch.rand(1, 32, 12, 12)
        expected = torch.sigmoid(F.conv2d(kept(x), gate.conv.weight, padding=3) / math.sqrt(1 + gate.norm.eps))
        assert torch.allclose(gate.gate(x), expected, atol=1e-6)


def test_the_read_out_takes_the_strongest_answer_wherever_it_is():
    torch.manual_seed(0)
    trained = ReadOut(torch.nn.Identity(), 10)
    x = torch.rand(3, 32, 12, 12)
    shuffled = x.flatten(2)[:, :, torch.randperm(144)].reshape(x.shape)
    assert torch.allclose(trained(x), trained(shuffled), atol=1e-6)


def test_the_trunk_of_a_position_does_not_see_the_dot():
    """The trunk's field of view is 14 pixels: what lies further off changes nothing."""
    torch.manual_seed(0)
    trunk = Trunk()
    x = torch.rand(1, 1, CANVAS, CANVAS, requires_grad=True)
    trunk(x)[0, :, 6, 6].sum().backward()
    rows = x.grad[0, 0].abs().sum(dim=1).nonzero()
    assert int(rows.max() - rows.min()) + 1 <= 14
    pictures = cluttered_digits(50, "dot", seed=0)
    assert ((pictures.boxes[:, 0] + 6 - pictures.dots).double().norm(dim=1) > 13).all()
