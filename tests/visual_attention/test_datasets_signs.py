"""Signs at two scales."""

import math

import pytest
import torch

from visual_attention.lessons.six_kinds.data import LARGE, SIGN_NAMES, SIGNS, signs


def test_every_sign_is_another_one():
    assert len(SIGNS) == len(SIGN_NAMES) == len({tuple(sign.flatten().tolist()) for sign in SIGNS})
    assert SIGNS.unique().tolist() == [0, 1]


def test_without_noise_the_sign_is_found_by_its_kernel():
    """By correlation at the right spacing: full response of the sign's own kernel, and of no richer one."""
    images, labels, large = signs(60, noise=0, copies=1, seed=3)
    for image, label, is_large in zip(images, labels, large, strict=True):
        ink = int(SIGNS[label].sum())
        assert image.sum() == ink * (LARGE**2 if is_large else 1)
        kernel = (2 * SIGNS[label] - 1)[None, None]  # ink wanted, and paper wanted
        spacing = LARGE if is_large else 1
        response = torch.conv2d(image[None], kernel, padding=spacing, dilation=spacing)
        assert response.max() == ink


def test_the_dilated_kernel_sees_a_large_sign_as_the_plain_one_sees_a_small_sign():
    kernel = torch.randn(1, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    for sign in SIGNS:
        small = torch.nn.functional.pad(sign, (3, 3, 3, 3))
        large = small.repeat_interleave(LARGE, 0).repeat_interleave(LARGE, 1)
        plain = torch.conv2d(small[None, None], kernel, padding=1)
        spread = torch.conv2d(large[None, None], kernel, padding=LARGE, dilation=LARGE)
        torch.testing.assert_close(spread[..., ::LARGE, ::LARGE], plain)


def test_copies_sizes_and_balance():
    images, labels, large = signs(3000, noise=0, copies=3, seed=1)
    assert images.shape == (3000, 1, 20, 20)
    assert images.dtype == torch.float32
    assert large.dtype == torch.bool
    # Four standard errors.
    assert large.double().mean().item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(3000))
    shares = torch.bincount(labels, minlength=len(SIGNS)).double() / 3000
    assert (shares - 1 / 6).abs().max() < 4 * math.sqrt(5 / 36 / 3000)
    ink = images.sum(dim=(1, 2, 3))
    assert (ink[~large] <= 3 * SIGNS.sum(dim=(1, 2))[labels[~large]]).all()
    assert (ink[large] == LARGE**2 * SIGNS.sum(dim=(1, 2))[labels[large]]).all()


def test_noise_and_seed():
    state = torch.random.get_rng_state()
    quiet, loud = signs(200, noise=0, seed=5), signs(200, noise=0.3, seed=5)
    assert torch.equal(quiet.labels, loud.labels)
    assert (loud.images - quiet.images).std().item() == pytest.approx(0.3, rel=0.02)
    assert torch.equal(loud.images, signs(200, noise=0.3, seed=5).images)
    assert not torch.equal(loud.images, signs(200, noise=0.3, seed=6).images)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1, got 0"),
        ({"n": 2.0}, TypeError, "n must be a whole number, got float"),
        ({"noise": -0.1}, ValueError, "noise must be a finite number of at least 0, got -0.1"),
        ({"noise": math.nan}, ValueError, "noise must be a finite number of at least 0, got nan"),
        ({"noise": "much"}, TypeError, "noise must be a number or a floating-point tensor, got str"),
        ({"copies": 0}, ValueError, "copies must be at least 1, got 0"),
        ({"size": 8}, ValueError, "size must be at least 9, got 8"),
        ({"seed": -1}, ValueError, "seed must be between 0 and .*got -1"),
    ],
)
def test_wrong_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        signs(**({"n": 3} | options))
