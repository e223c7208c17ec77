"""The data of lesson 2: made from a seed, or shipped inside scikit-learn."""

import math
import socket
from itertools import pairwise

import pytest
import torch
from sklearn.datasets import load_iris, load_sample_image

from visual_attention.datasets import PHOTOGRAPHS, iris_petals, noisy_sine, photograph, true_curve


def test_true_curve_by_hand():
    x = torch.tensor([0.0, 1.0, math.pi, 5.0], dtype=torch.float64)
    expected = [0.0, 2 * math.sin(1) + 1, math.pi**0.8, 2 * math.sin(5) + 5**0.8]
    assert true_curve(x).tolist() == pytest.approx(expected, abs=1e-14)
    assert true_curve(torch.tensor(1.0)).item() == pytest.approx(2.6829420, abs=1e-6)


def test_noisy_sine_is_the_curve_plus_normal_noise():
    x, y = noisy_sine(n=20_000, noise=0.5, seed=3)
    assert x.shape == y.shape == (20_000,)
    assert x.dtype == y.dtype == torch.float64
    assert 0 <= x.min() < x.max() <= 5
    assert (x.diff() >= 0).all()
    # Within four standard errors. Uniform on [0, 5]: mean 2.5, variance 25/12; noise: mean 0, sd 1/2.
    assert x.mean().item() == pytest.approx(2.5, abs=4 * math.sqrt(25 / 12 / 20_000))
    residual = [v - (2 * math.sin(u) + u**0.8) for u, v in zip(x.tolist(), y.tolist(), strict=True)]
    assert sum(residual) / 20_000 == pytest.approx(0, abs=4 * 0.5 / math.sqrt(20_000))
    spread = math.sqrt(sum(r * r for r in residual) / 20_000)
    assert spread == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(2 * 20_000))
    # Independent of x: neighbours' noise is uncorrelated.
    product = sum(a * b for a, b in pairwise(residual)) / 20_000
    assert product == pytest.approx(0, abs=4 * 0.25 / math.sqrt(20_000))


def test_noisy_sine_depends_on_the_seed_only():
    state = torch.random.get_rng_state()
    first, again, other = noisy_sine(seed=1), noisy_sine(seed=1), noisy_sine(seed=2)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.y, again.y)
    assert not torch.equal(first.x, other.x)
    assert torch.equal(torch.random.get_rng_state(), state)
    single = noisy_sine(seed=1, dtype=torch.float32)
    assert single.y.dtype == torch.float32
    torch.testing.assert_close(single.y, first.y.float())
    quiet = noisy_sine(n=7, noise=0.0)
    expected = [2 * math.sin(u) + u**0.8 for u in quiet.x.tolist()]
    assert quiet.y.tolist() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: noisy_sine(n=0), ValueError, "n must be at least 1, got 0"),
        (lambda: noisy_sine(n=5.0), TypeError, "n must be a whole number, got float"),
        (lambda: noisy_sine(seed=-1), ValueError, "seed must be between 0 and .*got -1"),
        (lambda: noisy_sine(noise=-0.5), ValueError, "noise must be finite and at least 0, got -0.5"),
        (lambda: noisy_sine(noise=math.nan), ValueError, "noise must be finite and at least 0, got nan"),
        (lambda: noisy_sine(noise="0.5"), TypeError, "noise must be a number or a floating-point tensor, got str"),
        (lambda: noisy_sine(dtype=torch.int64), TypeError, "dtype must be torch.float32 or torch.float64"),
        (lambda: true_curve(torch.tensor([1.0, -2.0])), ValueError, "x must be at least 0 .*got -2"),
        (lambda: true_curve([1.0]), TypeError, "x must be a torch tensor"),
        (lambda: photograph("cat"), ValueError, "name must be one of flower, china, got 'cat'"),
        (lambda: photograph(size=5), TypeError, r"size must be a pair \(height, width\) or None, got 5"),
        (lambda: photograph(size=(5,)), TypeError, r"size must be a pair .*got \(5,\)"),
        (lambda: photograph(size=(0, 5)), ValueError, "size must be at least 1, got 0"),
        (lambda: photograph(size=(4.0, 5)), TypeError, "size must be a whole number, got float"),
        (lambda: photograph(grey="yes"), TypeError, "grey must be True or False, got str"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_iris_petals():
    flowers = iris_petals()
    assert flowers.x.shape == flowers.y.shape == (150,)
    assert flowers.x.dtype == flowers.y.dtype == torch.float64
    assert (flowers.x_name, flowers.y_name, flowers.unit) == ("sepal length", "petal length", "cm")
    # The first flower of Fisher's table, and the range of both columns.
    assert (flowers.x[0].item(), flowers.y[0].item()) == (5.1, 1.4)
    assert (flowers.x.min().item(), flowers.x.max().item()) == (4.3, 7.9)
    assert (flowers.y.min().item(), flowers.y.max().item()) == (1.0, 6.9)


def test_iris_petals_does_not_share_memory_with_a_later_call():
    iris_petals().x.zero_()
    assert iris_petals().x[0].item() == 5.1
    assert load_iris().data[0, 0] == 5.1


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photograph_is_the_shipped_one(name):
    image = photograph(name)
    assert image.shape == (3, 427, 640)
    assert image.dtype == torch.float32
    pixels = load_sample_image(f"{name}.jpg")
    for row, col in [(0, 0), (426, 639), (200, 310)]:
        expected = [value / 255 for value in pixels[row, col].tolist()]
        assert image[:, row, col].tolist() == pytest.approx(expected, abs=1e-7)


def test_photograph_grey_and_resized():
    image, grey = photograph("china"), photograph("china", grey=True)
    assert grey.shape == (427, 640)
    red, green, blue = image[:, 100, 200].tolist()
    assert grey[100, 200].item() == pytest.approx(0.299 * red + 0.587 * green + 0.114 * blue, abs=1e-6)
    for size in [(61, 64), (10, 10), (500, 700)]:
        small = photograph("china", size=size)
        assert small.shape == (3, *size)
        assert 0 <= small.min() <= small.max() <= 1
        # Anti-aliasing averages: the mean colour stays.
        torch.testing.assert_close(small.mean(dim=(1, 2)), image.mean(dim=(1, 2)), atol=0.01, rtol=0)
    assert photograph("china", size=(61, 64), grey=True).shape == (61, 64)


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network must not be used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    noisy_sine()
    iris_petals()
    photograph()
