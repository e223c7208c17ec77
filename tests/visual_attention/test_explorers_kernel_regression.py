"""The explorers of lesson 2, driven over their whole range."""

import math

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention import bilateral_filter, gaussian_blur, nadaraya_watson
from visual_attention.datasets import noisy_sine, true_curve
from visual_attention.lessons.kernel_regression.explorers import (
    QUERIES,
    WIDTHS,
    PictureStudy,
    WidthStudy,
    picture_explorer,
    width_explorer,
)
from visual_attention.pooling import KERNELS


@pytest.fixture(scope="module")
def study():
    return WidthStudy()


def check_width_figure(figure, study, width, kernel, query):
    """What is drawn is Nadaraya–Watson at these values, computed here without the study."""
    x, y = noisy_sine()
    data, bars, heat, error = figure.axes
    [fitted] = [line for line in data.lines if line.get_label() == "$f(x)$"]
    grid = torch.from_numpy(fitted.get_xdata())
    expected = nadaraya_watson(grid, x, y, width=width, kernel=kernel)
    assert torch.equal(torch.from_numpy(fitted.get_ydata()), expected)
    assert expected.isfinite().all()
    assert expected.shape == (201,)

    [diamond] = [line for line in data.lines if line.get_marker() == "D"]
    prediction = nadaraya_watson(torch.tensor([query], dtype=x.dtype), x, y, width=width, kernel=kernel)
    assert diamond.get_xdata()[0] == query
    assert diamond.get_ydata()[0] == pytest.approx(prediction.item())

    tops = torch.tensor([segment[1][1] for segment in bars.collections[0].get_segments()])
    assert tops.shape == (50,)
    assert tops.sum().item() == pytest.approx(1)
    assert (tops @ y.to(tops.dtype)).item() == pytest.approx(prediction.item(), rel=1e-5)

    weights = torch.tensor(heat.images[0].get_array().data)
    assert weights.shape == (51, 50)
    assert torch.allclose(weights.sum(dim=1), torch.ones(51, dtype=weights.dtype))

    [dot] = [line for line in error.lines if line.get_marker() == "o"]
    assert dot.get_xdata()[0] == width
    assert dot.get_ydata()[0] == pytest.approx((expected - true_curve(grid)).square().mean().item())


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("width", [WIDTHS[0], 0.5, WIDTHS[-1]])
def test_both_ends_with_every_kernel(study, width, kernel):
    check_width_figure(study.draw(width, kernel, 2.6), study, width, kernel, 2.6)


def test_every_stop_of_every_control(study):
    explorer = width_explorer(study)
    seen = 0
    for values, figure, text in sweep(explorer):
        check_width_figure(figure, study, **values)
        assert f"width {values['width']:g}" in text
        assert "nan" not in text
        seen += 1
    assert seen == len(WIDTHS) + len(KERNELS) + len(QUERIES)


def test_the_slider_runs_from_nearest_neighbour_to_average(study):
    x, y = study.x, study.y
    nearest = y[(study.grid[:, None] - x).abs().argmin(dim=1)]
    narrow, wide = study.fit(WIDTHS[0], "gaussian"), study.fit(WIDTHS[-1], "gaussian")
    # Within a tenth of the smallest width's distance of ties the two nearest share the vote: compare the median.
    assert (narrow - nearest).abs().median() < 0.02
    assert (wide - y.mean()).abs().max() < 0.05


def test_the_query_handle_lies_on_the_data_panel(study):
    explorer = width_explorer(study)
    place = explorer.spec["controls"][2]["place"]
    left, _, width, _ = place["box"]
    assert all(left <= x <= left + width for x in place["x"])
    assert place["x"] == sorted(place["x"])
    # The axes must not move between frames, or the handle would come off the line.
    for query in (QUERIES[0], QUERIES[-1]):
        figure = study.draw(WIDTHS[0], "boxcar", query)
        pad = explorer.controls[2]
        assert pad.place(figure)["x"] == pytest.approx(place["x"])


def test_exported_page_keeps_what_it_says(study):
    explorer = width_explorer(study)
    kept = {tuple(explorer.values_at(position).values()) for position in explorer.kept}
    expected = {(width, "gaussian", 2.6) for width in WIDTHS}
    expected |= {(width, kernel, 2.6) for width in WIDTHS[::5] for kernel in KERNELS}
    expected |= {(width, "gaussian", query) for width in (0.1, 1.0) for query in QUERIES[::2]}
    assert kept == expected
    assert {WIDTHS[0], WIDTHS[-1]} <= set(WIDTHS[::5])


# ---- pictures
@pytest.fixture(scope="module")
def pictures():
    return PictureStudy()


def test_every_stop_of_the_picture_explorer(pictures):
    explorer = picture_explorer(pictures)
    for values, figure, text in sweep(explorer):
        noisy, weights, smoothed = (axes.images[0].get_array() for axes in figure.axes)
        assert noisy.shape == smoothed.shape == (64, 64, 3)
        assert weights.shape == (64, 64)
        assert float(weights.sum()) == pytest.approx(1, abs=1e-5)
        assert "nan" not in text
        column, row = values["pixel"]
        assert [line.get_xdata()[0] for line in figure.axes[0].lines] == [column, column]
        assert [line.get_ydata()[0] for line in figure.axes[0].lines] == [row, row]


@pytest.mark.parametrize("space", PictureStudy.SPACE)
@pytest.mark.parametrize("colour", PictureStudy.COLOUR)
def test_smoothed_pixel_is_the_weighted_sum_of_the_shown_weights(pictures, space, colour):
    smoothed = pictures.smoothed(space, colour)
    for column, row in ((3, 3), (51, 31), (63, 63)):
        weights = pictures.weights(space, colour, (column, row))
        assert torch.allclose((weights * pictures.noisy).sum(dim=(1, 2)), smoothed[:, row, column], atol=1e-5)


def test_the_menus_filters_are_the_tested_ones(pictures):
    assert torch.equal(pictures.smoothed(2.0, math.inf), gaussian_blur(pictures.noisy, width=2.0))
    by_function = bilateral_filter(pictures.noisy, width_space=2.0, width_colour=0.2)
    assert torch.equal(pictures.smoothed(2.0, 0.2), by_function)


def test_what_the_lesson_says_of_the_picture(pictures):
    """Blur loses the edge, colour in the key keeps it, a tiny width in colour leaves the noise."""
    before = (pictures.noisy - pictures.clean).square().mean().sqrt().item()
    assert pictures.error(4.0, math.inf) > before
    assert pictures.error(4.0, 0.2) < before
    assert pictures.weights(4.0, 0.02, (51, 31))[31, 51] > 0.9


@pytest.mark.parametrize(
    "own", [torch.linspace(0, 1, 3 * 64 * 64).reshape(3, 64, 64), torch.zeros(3, 64, 64)], ids=["colours", "black"]
)
def test_a_picture_of_ones_own_takes_the_place_of_the_flower_and_of_its_credit(own):
    explorer = picture_explorer(own=own)
    assert explorer.credit is None
    values = {"space": 2.0, "colour": "0.2", "pixel": (3, 63)}
    figure = explorer.draw(**values)
    noisy = torch.tensor(np.asarray(figure.axes[0].images[0].get_array())).permute(2, 0, 1)
    assert float((noisy - own).abs().mean()) < 0.08  # the mean of |noise|, 0.064, less what is cut off at 0 and 1
    assert "nan" not in explorer.describe(**values)
