"""The explorer of real networks: its numbers, its own picture, whose photographs it shows, and its size on a page."""

import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention import pretrained
from visual_attention.datasets import own_picture
from visual_attention.datasets.scenes import SCENES, scene
from visual_attention.lessons.real_networks.explorers import POINTS, LookStudy, look_explorer
from visual_attention.lessons.real_networks.model import MEASURES, deep_keys, match, voters


@pytest.fixture(scope="module")
def explorer():
    return look_explorer()


def at(column, row):
    return POINTS[column], POINTS[row]


def test_weights_are_those_of_the_place_that_is_asked():
    study = LookStudy({"cat": scene("cat")})
    keys = deep_keys(scene("cat"))
    for stage, side in ((5, 28), (7, 14)):
        deep, pixels, h = study.weights(MEASURES[0], 1.0, stage, "cat", at(9, 10))
        column, row = 9 * side // 28, 10 * side // 28
        assert torch.equal(deep.flatten(), match(keys[stage - 1])[side * row + column])
        # As many places of the pixels' map vote, counted by area.
        wanted = float(voters(deep.flatten())) * (28 // side) ** 2
        assert float(voters(pixels.flatten())) == pytest.approx(wanted, rel=1e-3)
        assert h > 0


def test_the_other_eye_lights_up():
    deep, _, _ = LookStudy({"cat": scene("cat")}).weights(MEASURES[0], 1.0, 5, "cat", at(9, 10))
    far = deep.clone()
    far[:, :18] = 0  # the half with the eye that asks
    row, column = divmod(int(far.argmax()), 28)
    assert abs(column - 22) <= 1
    assert abs(row - 12) <= 1
    assert far.max() > 10 * deep.median()


def test_every_control_moves_and_every_sentence_has_its_numbers(explorer):
    seen = set()
    for _values, figure, sentence in sweep(explorer, most=3):
        assert len(figure.axes) == 3
        assert "voted" in sentence
        seen.add(sentence)
    assert len(seen) > 12


def test_it_says_whose_the_photographs_are(explorer):
    for name, one in SCENES.items():
        sentence = explorer.describe(**explorer.values | {"name": name})
        assert str(one.credit) in sentence


def test_an_exported_page_stays_small(explorer):
    assert len(explorer.html()) < 3_000_000


def test_a_picture_of_the_readers_own(tmp_path):
    from PIL import Image

    file = tmp_path / "mine.png"
    Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 60).save(file)
    explorer = look_explorer(own_picture(file))
    assert explorer.values["name"] == "your picture"
    assert "Your picture, column 14, row 14" in repr(explorer)
    assert "Stéfan" not in explorer.describe(**explorer.values)


def test_without_the_weights_it_says_so_and_goes_on(monkeypatch):
    monkeypatch.setattr(pretrained, "PACKAGE", "a_package_that_nobody_has")
    kept = (pretrained.load_efficientnet_lite0, pretrained.trained_or_random)
    for function in kept:
        function.cache_clear()
    try:
        study = LookStudy({"cat": scene("cat")})
        said = study.describe(MEASURES[0], 1.0, 7, "cat", at(9, 10))
        assert "voted" in said
        assert "not installed" in said
        assert "random weights" in said
    finally:
        for function in kept:  # the next test has the weights again
            function.cache_clear()
