"""Lesson 9's cards under a lamp: the pictures, the slots, and what the lesson says, against the stored results."""

import pytest
import torch

from visual_attention.datasets.scenes import SCENES
from visual_attention.experiments import stored
from visual_attention.lessons.real_networks import experiment as cards
from visual_attention.lessons.real_networks.data import CARDS, CROP, DIMMEST, MIDDLE, Cards, carded, greys
from visual_attention.pretrained import trained_or_random
from visual_attention.training import one_thread


@pytest.fixture(scope="module")
def results():
    return stored("cards")


# ---- pictures
def test_a_lamp_multiplies_the_whole_picture_and_nothing_else_differs():
    white, coloured = carded(40, "white", seed=3), carded(40, seed=3)
    assert torch.equal(white.labels, coloured.labels)
    assert torch.equal(white.scenes, coloured.scenes)
    assert torch.allclose(white.images * coloured.lamps[:, :, None, None], coloured.images)
    assert (white.lamps == 1).all()
    assert coloured.lamps.min() >= DIMMEST - 1e-6
    assert coloured.lamps.max() <= 1
    assert not torch.equal(carded(40, seed=4).images, coloured.images)


def test_the_card_lies_in_the_middle_and_has_one_colour():
    white = carded(40, "white", seed=0)
    middle = white.images[:, :, MIDDLE, MIDDLE]
    assert torch.equal(middle, middle[:, :, :1, :1].expand_as(middle))
    wanted = torch.tensor(list(CARDS.values()))[white.labels]
    bright = middle[:, :, 0, 0] / wanted
    assert torch.allclose(bright, bright[:, :1].expand_as(bright), atol=1e-5)
    assert bright.min() >= 0.8 - 1e-5
    assert bright.max() <= 1.2 + 1e-5


def test_training_and_test_crops_are_from_different_halves(monkeypatch):
    columns = torch.arange(448.0).expand(3, 448, 448) / 447  # a photograph that says where it is
    monkeypatch.setattr("visual_attention.lessons.real_networks.data.scene", lambda name: columns)
    for split, low, high in (("train", 0, 223), ("test", 224, 447)):
        rows = carded(50, "white", split).images[:, 0, 0] * 447
        assert rows.min().round() >= low
        assert rows.max().round() <= high


def test_six_cards_of_one_grey():
    for name in SCENES:
        found = greys(name)
        assert found.images.shape == (6, 3, CROP, CROP)
        assert (found.images[:, :, MIDDLE, MIDDLE] == found.images[0, 0, CROP // 2, CROP // 2]).all()
        lit = torch.tensor(list(CARDS.values())) * found.lamps  # what each card sends back of its lamp
        assert torch.allclose(lit, torch.full((6, 3), 0.35))
        assert found.lamps.min() > DIMMEST
    surroundings = greys("cat").images[:, :, 0, 0]
    assert len(surroundings.unique(dim=0)) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0,), "n must be"), ((5, "red"), "lamp must be one of coloured, white"), ((5, "white", "all"), "split must be")],
)
def test_what_there_is_not(arguments, words):
    with pytest.raises(ValueError, match=words):
        carded(*arguments)
    with pytest.raises(ValueError, match="name must be one of cat"):
        greys("dog")


# ---- features and slots
@one_thread()
def test_behind_stage_two_the_middle_sees_nothing_but_the_card_and_behind_stage_five_it_does():
    picture = carded(1, "white", seed=1).images
    other = torch.rand(1, 3, CROP, CROP, generator=torch.Generator().manual_seed(0))
    other[:, :, MIDDLE, MIDDLE] = picture[:, :, MIDDLE, MIDDLE]
    one, two = (cards.features_of(images, cards.LATE_STAGE) for images in (picture, other))
    main, late = cards.MAIN_STAGE - 1, cards.LATE_STAGE - 1
    assert torch.allclose(one[main][:, 1], two[main][:, 1], atol=1e-4)
    assert not torch.allclose(one[main][:, 0], two[main][:, 0], atol=1e-2)
    assert not torch.allclose(one[late][:, 1], two[late][:, 1], atol=1e-2)


@one_thread()
def test_the_two_means_are_those_of_the_map_and_of_its_middle():
    images = carded(2, seed=1).images
    features = cards.features_of(images)
    with torch.no_grad():
        found = trained_or_random()[0].stages((images * 255 - 127) / 128)[cards.MAIN_STAGE - 1]
    assert torch.allclose(features[-1][:, 0], found.mean(dim=(2, 3)), atol=1e-4)
    assert torch.allclose(features[-1][:, 1], found[:, :, 9:11, 9:11].mean(dim=(2, 3)), atol=1e-4)


def test_another_picture_gives_the_squeeze_and_the_middle_stays():
    features = torch.arange(12.0).reshape(3, 2, 2)
    other = cards.of_another(features)
    assert torch.equal(other[:, 1], features[:, 1])
    assert torch.equal(other[:, 0], features[[2, 0, 1], 0])


def test_slots_have_as_many_weights_and_heads_start_alike(results):
    sizes = {slot: set(results.of(slot, "weights in the slot").tolist()) for slot in cards.SLOTS}
    assert sizes.pop("none") == {0}
    assert len(set.union(*sizes.values())) == 1
    heads = [cards.start(slot, cards.MAIN_STAGE, 3).head.state_dict() for slot in cards.SLOTS]
    assert all(torch.equal(weight, head[name]) for head in heads for name, weight in heads[0].items())
    with pytest.raises(ValueError, match="slot must be one of none"):
        cards.start("CBAM", 2, 0)
    with pytest.raises(ValueError, match="stage must be"):
        cards.start("SE", 6, 0)


def test_what_each_slot_depends_on():
    features = torch.randn(4, 2, 24, generator=torch.Generator().manual_seed(0))
    for slot in cards.SLOTS:
        reader = cards.start(slot, cards.MAIN_STAGE, 0)
        same = torch.equal(reader(features), reader(cards.of_another(features)))
        assert same == (slot in ("none", "fixed gate", "plain layer"))
    se = cards.start("SE", cards.MAIN_STAGE, 0)
    gates = se.slot.block.gate(features[:, 0, :, None, None])[:, :, 0, 0]
    assert torch.allclose(se(features), se.head(gates * features[:, 1]))


def test_what_gates_follow():
    """Gates that follow the lamp alone, or the photograph alone, by construction."""
    generator = torch.Generator().manual_seed(0)
    reader = cards.start("SE", cards.MAIN_STAGE, 0)
    with torch.no_grad():  # hidden unit k is channel k, moved to where the ReLU passes it; gates nearly linear in it
        reader.slot.block.reduce.weight.copy_(torch.eye(12, 24))
        reader.slot.block.reduce.bias.fill_(5)
        reader.slot.block.expand.weight.copy_(0.01 * torch.randn(24, 12, generator=generator))
    scenes = torch.randint(8, (200,), generator=generator)
    lamps = torch.exp(-torch.rand(200, 3, generator=generator))
    test = Cards(torch.zeros(200, 3, 1, 1), torch.zeros(200), lamps, scenes)
    for channels, follows, other in (
        (lamps.log(), "by the lamp", "by the photograph"),
        (torch.nn.functional.one_hot(scenes, 8).float(), "by the photograph", "by the lamp"),
    ):
        features = torch.zeros(200, 2, 24)
        features[:, 0, : channels.shape[1]] = channels
        measured = cards.gate_measures(reader, features, test)
        assert measured[follows] > 0.999
        assert measured[other] < 0.1
        assert measured["spread"] > 0


# ---- what came out
def test_what_sees_the_whole_picture_is_ahead_of_what_does_not(results):
    for context in ("SE", "added context"):
        for without in ("none", "fixed gate", "plain layer", "SE, other picture"):
            gain = results.paired(context, without, "accuracy")
            assert gain.found
            assert (gain.by_seed > 0.1).all()


def test_in_one_grey_nothing_that_sees_the_card_alone_can_do_better_than_chance(results):
    for without in ("none", "fixed gate", "plain layer"):  # six equal inputs get one answer: right once in six
        assert results.of(without, "greys").tolist() == pytest.approx([1 / 6] * 6, abs=1e-4)
    assert results.of("SE", "greys").min() > 0.4


def test_multiplying_is_not_ahead_of_adding_and_nothing_is_gained_without_a_lamp_or_late(results):
    assert not results.paired("SE", "added context", "accuracy").found
    assert not results.paired("SE (white)", "none (white)", "accuracy").found
    assert results.of("none (white)", "accuracy").min() > 0.98
    assert not results.paired("SE, stage 5", "none, stage 5", "accuracy").found
    assert results.of("none, stage 5", "accuracy").max() < 0.7


def test_early_gates_follow_the_lamp_late_ones_rather_the_photograph(results):
    assert (results.gain("SE", "SE, stage 5", "by the lamp") > 0.3).all()
    assert (results.of("SE", "by the lamp") > results.of("SE", "by the photograph")).all()
    assert (results.of("SE, stage 5", "by the photograph") > results.of("SE, stage 5", "by the lamp")).all()
    assert results.of("SE (white)", "spread").max() < 0.25 * results.of("SE", "spread").min()
    assert results.of("SE (white)", "by the lamp").tolist() == [0] * 6
