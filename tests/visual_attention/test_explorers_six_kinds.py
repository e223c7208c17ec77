"""The explorers of lesson 4, driven over their whole range, and what the lesson says of their numbers."""

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.experiments.store import load_weights
from visual_attention.lessons.six_kinds.data import FRAMES, SIDES, SIGN_NAMES, SIGNS
from visual_attention.lessons.six_kinds.experiment_clips import ClipNetwork, clip_data
from visual_attention.lessons.six_kinds.experiment_scales import SignNetwork
from visual_attention.lessons.six_kinds.explorers import (
    CELL_SIDES,
    CLIP_NUMBERS,
    INPUTS,
    AxisStudy,
    ClipStudy,
    ScaleStudy,
    axis_explorer,
    clip_explorer,
    scale_explorer,
)
from visual_attention.taxonomy.kinds import KINDS, feature_maps


@pytest.fixture(scope="module")
def axis():
    return AxisStudy()


@pytest.fixture(scope="module")
def scale():
    return ScaleStudy()


@pytest.fixture(scope="module")
def clip():
    return ClipStudy()


def slices_shown(axes):
    """The weights drawn in the block, (branches, frames, channels, H, W); drawn from the last channel to the first."""
    parts = [np.asarray(mesh.get_array()).reshape(5, 5)[::-1] for mesh in axes.collections]
    return torch.tensor(np.array(parts)).unflatten(0, (2, 4, 6)).flip(2)


# ---- which axis
@torch.no_grad()
def test_every_stop_of_the_axis_explorer(axis):
    seen = set()
    for values, figure, text in sweep(axis_explorer(axis)):
        kind, features = KINDS[values["kind"]], feature_maps(values["number"])
        scene, matrix = figure.axes
        assert torch.equal(slices_shown(scene), kind.spread(features))
        assert torch.equal(torch.tensor(np.asarray(matrix.images[0].get_array())), kind.table(features))
        words = " ".join(item.get_text() for item in figure.texts) + matrix.get_title()
        for part in (kind.call, kind.question, kind.rule, kind.structure, str(tuple(kind.raw(features).shape))):
            assert part in words
        assert kind.call in text
        assert kind.structure in text
        assert "nan" not in text
        seen.add((values["kind"], values["number"]))
    assert len(seen) == len(KINDS) + len(INPUTS) - 1


def test_asking_places_are_marked_where_each_place_has_a_row(axis):
    assert len(axis.marked("spatial, as a mixture")) == 4
    assert len(axis.marked("spatial & temporal")) == 1
    assert {kind for kind in KINDS if axis.marked(kind)} == {"spatial, as a mixture", "spatial & temporal"}


# ---- branch weights against size
@torch.no_grad()
def test_every_stop_of_the_scale_explorer(scale):
    network = load_weights(SignNetwork("selected"), "scales")
    seen = 0
    for values, figure, text in sweep(scale_explorer(scale)):
        sign, side = values["sign"], values["side"]
        picture, bars, line = figure.axes
        images = scale.images(sign, side)
        expected = network.weights(images)[:, 1].mean(dim=0)
        assert [bar.get_height() for bar in bars.patches] == pytest.approx(expected.tolist(), abs=1e-6)
        [point] = [part for part in line.lines if part.get_marker() == "o"]
        assert point.get_xdata()[0] == side
        assert point.get_ydata()[0] == pytest.approx(expected.mean().item(), abs=1e-6)
        assert np.array_equal(picture.images[0].get_array(), images[0, 0].numpy())
        right = (network(images).argmax(dim=1) == SIGN_NAMES.index(sign)).double().mean().item()
        assert f"{right:.0%}" in picture.get_title()
        assert f"{expected.mean():.2f}" in text
        assert ("never seen" in text) == (side not in (1, 3))
        seen += 1
    assert seen == len(CELL_SIDES) + len(SIGN_NAMES)


def test_the_sign_is_drawn_at_every_size(scale):
    for side in CELL_SIDES:
        same_noise = scale.images("T", side) - scale.images("O", side)
        difference = (SIGNS[0] - SIGNS[5]).repeat_interleave(side, 0).repeat_interleave(side, 1)
        copies = 3 if side == 1 else 1
        assert same_noise.abs().sum(dim=(1, 2, 3)).tolist() == pytest.approx(
            [copies * difference.abs().sum().item()] * scale.DRAWS, rel=1e-4
        )


def test_what_the_lesson_says_of_untrained_sizes(scale):
    """The weight leans to the large kernel from size 4 on as well; the answers are right at 1 and 3 alone."""
    means = torch.stack([torch.stack([scale.weights(sign, side).mean() for side in CELL_SIDES]) for sign in SIGN_NAMES])
    small, large = means[:, 0], means[:, 2]
    assert (large > small).all()
    assert ((large - small) > 0.2).sum() >= 5
    x = SIGN_NAMES.index("X")
    assert (large - small)[x] < 0.1
    assert (means[:, 3:] > 0.6).all()
    answers = torch.tensor([[scale.answers(sign, side) for side in CELL_SIDES] for sign in SIGN_NAMES])
    assert answers[:, [0, 2]].min() >= 0.7
    # O is what the network says of anything large.
    others = [number for number, sign in enumerate(SIGN_NAMES) if sign != "O"]
    assert answers[others][:, [1, 3, 4, 5]].mean() < 0.1


# ---- frames of a clip
@torch.no_grad()
def test_every_stop_of_the_clip_explorer(clip):
    poolings = {"cue": "learned query", "first": "given query"}
    networks = {task: load_weights(ClipNetwork(task, p), f"clips_{task}") for task, p in poolings.items()}
    seen = 0
    for values, figure, text in sweep(clip_explorer(clip)):
        task, number = values["task"], values["number"]
        frames, labels, informative = (part[number - 1 : number] for part in clip_data(task, 0, "test"))
        *panels, bars = figure.axes
        assert len(panels) == FRAMES
        for panel, frame in zip(panels, frames[0, 0], strict=True):
            assert np.array_equal(panel.images[0].get_array(), frame.numpy())
        assert [panel.spines["top"].get_visible() for panel in panels].index(True) == informative.item()
        expected = networks[task].weights(frames)[0]
        assert [bar.get_height() for bar in bars.patches] == pytest.approx(expected.tolist(), abs=1e-5)
        assert expected.sum().item() == pytest.approx(1, abs=1e-5)
        names = SIDES if task == "first" else tuple(map(str, range(10)))
        answer = names[networks[task](frames).argmax()]
        assert f"answered {answer}, right is {names[labels.item()]}" in text
        assert f"frame {informative.item() + 1} is the one" in text
        seen += 1
    assert seen == len(CLIP_NUMBERS) + 2


def test_pages_keep_every_position(axis, scale, clip):
    assert len(axis_explorer(axis).kept) == len(INPUTS) * len(KINDS)
    assert len(scale_explorer(scale).kept) == len(CELL_SIDES) * len(SIGN_NAMES)
    assert len(clip_explorer(clip).kept) == 2 * len(CLIP_NUMBERS)


@torch.no_grad()
def test_what_the_lesson_says_of_the_shown_clips(clip):
    """All frames found; two of the marked digits misread."""
    for task in ("cue", "first"):
        frames, labels, informative = clip.clips[task]
        assert all(clip.weights(task, number).argmax() == informative[number - 1] for number in CLIP_NUMBERS)
        wrong = [number for number in CLIP_NUMBERS if clip.answer(task, number) != labels[number - 1]]
        assert wrong == ([4, 10] if task == "cue" else [])
        assert len(frames) == len(CLIP_NUMBERS)
