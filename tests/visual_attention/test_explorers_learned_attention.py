"""The explorer of lesson 3, driven over its whole range."""

import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention import attention_weights
from visual_attention.datasets import noisy_sine
from visual_attention.lessons.learned_attention.explorers import RATES, STARTS, STEPS, WS, LearningStudy, w_explorer


@pytest.fixture(scope="module")
def study():
    return LearningStudy()


def expected_weights(queries, keys, w, leave_one_out=False):
    if w == 0:
        n = len(keys)
        table = torch.ones(len(queries), n, dtype=keys.dtype)
        if leave_one_out:
            table.fill_diagonal_(0)
        return table / table.sum(dim=1, keepdim=True)
    return attention_weights(queries, keys, width=1 / w, leave_one_out=leave_one_out)


def check_figure(figure, w, start, rate):
    """What is drawn, computed here without the study and without the model."""
    x, y = noisy_sine()
    data, heat, loss, steps = figure.axes
    [fitted] = [line for line in data.lines if line.get_label() == "$f(x)$"]
    grid = torch.from_numpy(fitted.get_xdata())
    drawn = torch.from_numpy(fitted.get_ydata())
    assert drawn.shape == (201,)
    assert torch.allclose(drawn, expected_weights(grid, x, w) @ y)

    table = torch.from_numpy(heat.images[0].get_array().data)
    assert torch.allclose(table, expected_weights(x, x, w, leave_one_out=True))

    [dots] = [line for line in loss.lines if line.get_marker() == "o"]
    for at, leave_one_out in ((0, False), (1, True)):
        f = expected_weights(x, x, w, leave_one_out) @ y
        assert dots.get_ydata()[at] == pytest.approx(0.5 * ((f - y) ** 2).sum().item())

    [path] = [line for line in steps.lines if line.get_label() == "gradient descent"]
    assert len(path.get_xdata()) == STEPS + 1
    assert path.get_ydata()[0] == float(start)
    assert torch.from_numpy(path.get_ydata()).isfinite().all()
    if start == "0":
        assert (path.get_ydata() == 0).all()


def test_every_stop_of_every_control(study):
    seen = 0
    for values, figure, text in sweep(w_explorer(study)):
        check_figure(figure, **values)
        assert f"w = {values['w']:g}:" in text
        assert "nan" not in text
        seen += 1
    assert seen == len(WS) + len(STARTS) + len(RATES)


@pytest.mark.parametrize("w", [WS[0], WS[-1]])
@pytest.mark.parametrize("start", [STARTS[0], STARTS[-1]])
@pytest.mark.parametrize("rate", [RATES[0], RATES[-1]])
def test_corners(study, w, start, rate):
    check_figure(study.draw(w, start, rate), w, start, rate)


def test_what_the_lecturer_is_told_to_show(study):
    """Stuck at 0, crawling, overshooting and walking back, lost beyond the scale."""
    path, _ = study.path("0.05", "0.01")
    assert path[-1] < 0.4 * study.best
    path, _ = study.path("1", "0.5")
    assert path.max() > 1.5 * study.best
    assert path[-1].item() == pytest.approx(study.best, rel=0.05)
    path, _ = study.path("1", "5")
    assert path[-1] > 40


def test_the_two_losses_part(study):
    assert (study.losses[False].diff() <= 1e-9).all()
    assert study.losses[True][-1] > 1.5 * study.losses[True].min()
    assert study.best == pytest.approx(3.49, rel=0.03)
