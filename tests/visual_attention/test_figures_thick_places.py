"""Figures beside the text's small examples: they show the example's numbers, and everything on them can be read."""

import numpy as np
import pytest
import torch
from figure_contrast import problems
from matplotlib.patches import Rectangle

from visual_attention.lessons.capstone import figures as capstone
from visual_attention.lessons.cbam import figures as cbam
from visual_attention.lessons.kernel_regression import figures as kernel_regression
from visual_attention.lessons.non_local import figures as non_local

KEYS = torch.tensor([0.0, 0.5, 1.0, 3.0, 5.0])
ROW = torch.tensor([0.23, 0.34, 0.38, 0.05, 0.0])
MAPS = torch.tensor([[[4.0, 0.0], [1.0, 0.0]], [[2.0, 2.0], [2.0, 0.0]]])
SUM = MAPS[0] - MAPS[1]


def words(axes):
    return [text.get_text() for text in axes.texts]


def heights(axes):
    return [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]


def test_columns_are_numbered_and_places_measured():
    columns, places = kernel_regression.columns_and_places(KEYS, ROW, query=1.0).axes
    np.testing.assert_allclose(columns.images[0].get_array()[0], ROW)
    assert [label.get_text() for label in columns.get_xticklabels()] == ["0", "1", "2", "3", "4"]
    stems = places.collections[0].get_segments()
    np.testing.assert_allclose([stem[1] for stem in stems], np.stack([KEYS, ROW], axis=1), rtol=1e-6)


def test_long_keys_show_the_two_factors_and_the_weights():
    parts = [torch.tensor([0.61, 1.0, 0.61]), torch.tensor([1.65, 7.39, 90.02]), torch.tensor([0.016, 0.117, 0.867])]
    for axes, part in zip(non_local.long_keys(*parts).axes, parts, strict=True):
        np.testing.assert_allclose(heights(axes), part, rtol=1e-6)


def test_own_tables_say_the_mean_of_the_diagonal():
    figure = non_local.own_tables({"one": torch.eye(3), "even": torch.full((3, 3), 1 / 3)})
    assert [axes.get_xlabel() for axes in figure.axes] == ["own weight 1.00", "own weight 0.33"]


def test_matrices_are_drawn_to_scale():
    figure = non_local.two_orders(n=12, k=12, d=4, c=4)
    between = [max(axes.patches, key=lambda patch: patch.get_facecolor()[3]) for axes in figure.axes]
    large, small = (patch.get_width() * patch.get_height() for patch in between)
    assert large / small == pytest.approx(144 / 16)
    assert [axes.texts[-1].get_text() for axes in figure.axes] == ["12 × 12", "4 × 4"]


def test_disagreements_count_the_pictures():
    lead = torch.arange(-4, 5, 2)
    chance = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    squares, coin = cbam.disagreements(100, (3, 1), lead, chance).axes
    colours = squares.collections[0].get_facecolor()
    _, counts = np.unique(colours, axis=0, return_counts=True)
    assert sorted(counts) == [1, 3, 96]
    # √4 tosses: a lead of 2 lies within one standard deviation, one of 4 does not.
    assert sorted(bar.get_height() for bar in coin.patches) == pytest.approx(sorted(chance.tolist()))
    _, shades = np.unique([bar.get_facecolor() for bar in coin.patches], axis=0, return_counts=True)
    assert sorted(shades) == [2, 3]


def test_grad_cam_by_hand_shows_each_step():
    figure = cbam.cam_by_hand(MAPS, torch.tensor([1.0, -1.0]), SUM, SUM.relu())
    assert [axes.get_title() for axes in figure.axes] == [
        "channel 1, weight 1",
        "channel 2, weight −1",
        "weighted sum",
        "what is positive",
    ]
    assert words(figure.axes[2]) == ["2", "−2", "−1", "0"]
    assert words(figure.axes[3]) == ["2", "0", "0", "0"]


def test_one_cell_is_the_square_of_its_picture():
    images = torch.rand(2, 20, 20, 3, generator=torch.Generator().manual_seed(0))
    figure = capstone.one_cell(images, [(3, 5, 8, 8), (0, 0, 8, 8)], ["a", "b"], ["one", "two"])
    np.testing.assert_allclose(figure.axes[2].images[0].get_array(), images[0, 3:11, 5:13])


def test_counted_and_looked_up_show_their_numbers():
    figure = capstone.counted({"nothing": torch.ones(3) / 3, "mute": torch.tensor([1 / 3, 0.0, 1 / 3])})
    np.testing.assert_allclose([heights(axes) for axes in figure.axes], [[1 / 3] * 3, [1 / 3, 0, 1 / 3]], rtol=1e-6)
    lists, places = torch.tensor([[0.9, 0.1], [0.1, 0.9]]), torch.eye(2)
    figure = capstone.looked_up(lists, places, ["P", "Q"], ["3", "7"], ["at 3", "at 7"])
    assert [words(axes) for axes in figure.axes] == [
        ["0.9", "0.1"], ["0.9", "0"], ["0", "0.1"], ["0.1", "0.9"], ["0.1", "0"], ["0", "0.9"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "draw",
    [
        lambda: kernel_regression.columns_and_places(KEYS, ROW, query=1.0),
        lambda: non_local.long_keys(ROW[:3], ROW[:3] + 1, ROW[:3] / ROW[:3].sum()),
        lambda: non_local.own_tables({"one": torch.eye(8), "even": torch.full((8, 8), 1 / 8)}),
        lambda: non_local.two_orders(n=12, k=12, d=4, c=4),
        lambda: cbam.disagreements(1000, (28, 22), torch.tensor([-2, 0, 2]), torch.tensor([0.25, 0.5, 0.25])),
        lambda: cbam.cam_by_hand(MAPS, torch.tensor([1.0, -1.0]), SUM, SUM.relu()),
        lambda: capstone.counted({"nothing": torch.ones(3) / 3, "mute": torch.tensor([1 / 3, 0.0, 1 / 3])}),
        lambda: capstone.looked_up(torch.eye(2), torch.eye(2), ["P", "Q"], ["3", "7"], ["at 3", "at 7"]),
    ],
)
def test_all_of_it_can_be_read(draw):
    assert problems(draw()) == []
