"""Denoising by attention against direct loops, `nadaraya_watson` and SciPy."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from visual_attention import bilateral_filter, denoising, gaussian_blur, nadaraya_watson, non_local_means

F64 = torch.float64


def picture(*shape, seed=0, dtype=F64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64).to(dtype)


def loop_weights(image, row, col, width_space, width_colour, radius):
    """The definition for one pixel; `width_colour` None leaves the colour out of the key."""
    planes = image.double().reshape(-1, *image.shape[-2:])
    height, breadth = planes.shape[1:]
    weights = [[0.0] * breadth for _ in range(height)]
    for i in range(max(0, row - radius), min(height, row + radius + 1)):
        for j in range(max(0, col - radius), min(breadth, col + radius + 1)):
            exponent = ((i - row) ** 2 + (j - col) ** 2) / (2 * width_space**2)
            if width_colour is not None:
                difference = math.dist(planes[:, i, j].tolist(), planes[:, row, col].tolist())
                exponent += difference**2 / (2 * width_colour**2)
            weights[i][j] = math.exp(-exponent)
    weights = torch.tensor(weights, dtype=F64)
    return weights / weights.sum()


def loop_filter(image, width_space, width_colour, radius):
    planes = image.double().reshape(-1, *image.shape[-2:])
    pooled = torch.empty_like(planes)
    for row in range(planes.shape[1]):
        for col in range(planes.shape[2]):
            weights = loop_weights(image, row, col, width_space, width_colour, radius)
            pooled[:, row, col] = (weights * planes).sum(dim=(1, 2))
    return pooled.reshape(image.shape)


SHAPES = [(7, 5), (1, 6, 4), (3, 5, 8), (1, 9), (3, 6, 1)]


@pytest.mark.parametrize(("width", "radius"), [(0.4, None), (1.0, None), (1.5, 2), (8.0, None), (1.0, 0)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(F64, 1e-12), (torch.float32, 1e-7)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_filters_equal_the_loop(shape, dtype, tolerance, width, radius):
    image = picture(*shape, dtype=dtype)
    reach = math.ceil(3 * width) if radius is None else radius
    blurred = gaussian_blur(image, width=width, radius=radius)
    assert blurred.dtype == dtype
    torch.testing.assert_close(blurred.double(), loop_filter(image, width, None, reach), atol=tolerance, rtol=0)
    filtered = bilateral_filter(image, width_space=width, width_colour=0.3, radius=radius)
    assert filtered.dtype == dtype
    torch.testing.assert_close(filtered.double(), loop_filter(image, width, 0.3, reach), atol=tolerance, rtol=0)


@pytest.mark.parametrize("place", [(0, 0), (3, 4), (4, 1)], ids=str)
@pytest.mark.parametrize("width_colour", [None, 0.2])
@pytest.mark.parametrize("radius", [None, 1])
@pytest.mark.parametrize("shape", [(5, 8), (3, 5, 8)], ids=str)
def test_pixel_weights_equal_the_loop(shape, radius, width_colour, place):
    image = picture(*shape)
    options = {"width_space": 0.9, "width_colour": width_colour, "radius": radius}
    found = denoising.pixel_weights(image, *place, **options)
    expected = loop_weights(image, *place, 0.9, width_colour, 3 if radius is None else radius)
    torch.testing.assert_close(found, expected, atol=1e-14, rtol=0)
    assert found.sum().item() == pytest.approx(1, abs=1e-14)


def test_filters_are_nadaraya_watson_on_pixels():
    """Key = position gives the blur, key = position and colour the bilateral filter."""
    image, width_space, width_colour = picture(3, 6, 7), 1.7, 0.25
    place = torch.cartesian_prod(torch.arange(6, dtype=F64), torch.arange(7, dtype=F64)) / width_space
    colour = image.flatten(1).T
    keys = torch.cat([place, colour / width_colour], dim=1)

    blurred = nadaraya_watson(place, place, colour).T.reshape(3, 6, 7)
    found = gaussian_blur(image, width=width_space, radius=7)
    torch.testing.assert_close(found, blurred, atol=1e-12, rtol=0)

    filtered = nadaraya_watson(keys, keys, colour).T.reshape(3, 6, 7)
    found = bilateral_filter(image, width_space=width_space, width_colour=width_colour, radius=7)
    torch.testing.assert_close(found, filtered, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("width", "radius"), [(1.3, None), (2.0, 3)])
def test_blur_agrees_with_scipy_away_from_the_border(width, radius):
    image = picture(30, 34)
    reach = math.ceil(3 * width) if radius is None else radius
    expected = torch.from_numpy(ndimage.gaussian_filter(image.numpy(), width, radius=reach))
    inside = (slice(reach, -reach), slice(reach, -reach))
    found = gaussian_blur(image, width=width, radius=radius)
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-12, rtol=0)


def test_wide_colour_kernel_gives_the_blur_and_a_narrow_one_keeps_the_picture():
    image = picture(3, 9, 11)
    blurred = gaussian_blur(image, width=1.2)
    torch.testing.assert_close(bilateral_filter(image, width_space=1.2, width_colour=1e8), blurred, atol=1e-12, rtol=0)
    torch.testing.assert_close(bilateral_filter(image, width_space=1.2, width_colour=1e-8), image, atol=1e-12, rtol=0)


def test_bilateral_filter_keeps_an_edge_that_the_blur_washes_out():
    step = torch.zeros(8, 12, dtype=F64)
    step[:, 6:] = 1
    noisy = step + 0.05 * torch.randn(8, 12, generator=torch.Generator().manual_seed(0), dtype=F64)
    filtered = bilateral_filter(noisy, width_space=2.0, width_colour=0.2)
    blurred = gaussian_blur(noisy, width=2.0)
    # Beside the edge, a blur mixes in weight from the other side: Φ(−1/4) = 0.40 of it at half a pixel.
    assert (filtered - step).abs().max() < 0.06
    assert (blurred - step).abs()[:, 5:7].min() > 0.3


@pytest.mark.parametrize("dtype", [torch.float32, F64], ids=str)
@pytest.mark.parametrize("width", [5e-324, 1e-30, 1.0, 1e30, 1e308])
def test_no_width_overflows(width, dtype):
    image = picture(3, 4, 5, dtype=dtype)
    mean = image.mean(dim=(1, 2), keepdim=True).expand_as(image)
    blurred = gaussian_blur(image, width=width)
    filtered = bilateral_filter(image, width_space=width, width_colour=width)
    weights = denoising.pixel_weights(image, 1, 2, width_space=width, width_colour=width)
    assert weights.sum().item() == pytest.approx(1, abs=1e-6)
    for found in (blurred, filtered):
        assert found.isfinite().all()
        if width < 1e-3:
            assert torch.equal(found, image)
        if width > 1e3:
            torch.testing.assert_close(found, mean, atol=1e-6, rtol=0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.floats(0.1, 5), st.floats(0.01, 5), st.integers(0, 999))
def test_range_and_constants_are_preserved(height, breadth, width_space, width_colour, seed):
    image = picture(2, height, breadth, seed=seed)
    flat = torch.full((height, breadth), 0.37, dtype=F64)
    for pool in (
        lambda x: gaussian_blur(x, width=width_space),
        lambda x: bilateral_filter(x, width_space=width_space, width_colour=width_colour),
    ):
        torch.testing.assert_close(pool(flat), flat, atol=1e-14, rtol=0)
        pooled = pool(image)
        for plane, pooled_plane in zip(image, pooled, strict=True):
            assert plane.min() - 1e-14 <= pooled_plane.min()
            assert pooled_plane.max() <= plane.max() + 1e-14


def test_inputs_are_left_alone():
    image = picture(3, 5, 6)
    before = image.clone()
    gaussian_blur(image, width=1.0)
    bilateral_filter(image, width_space=1.0, width_colour=0.1)
    denoising.pixel_weights(image, 0, 0, width_space=1.0, width_colour=0.1)
    assert torch.equal(image, before)


def test_gradients_match_finite_differences():
    image = picture(2, 4, 3).requires_grad_()
    space = torch.tensor(0.8, dtype=F64, requires_grad=True)
    colour = torch.tensor(0.4, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, s: gaussian_blur(x, width=s, radius=2), (image, space))
    assert torch.autograd.gradcheck(
        lambda x, s, c: bilateral_filter(x, width_space=s, width_colour=c, radius=2), (image, space, colour)
    )


# --- non-local means ----------------------------------------------------------------------------------


def mirrored(index, size):
    """Reflect at the outermost pixels until the index lies inside."""
    while not 0 <= index < size:
        index = -index if index < 0 else 2 * (size - 1) - index
        if size == 1:
            return 0
    return index


def patches_of(image, patch):
    """One row per pixel: the patch around it, all channels, divided by the root of its size."""
    planes = image.double().reshape(-1, *image.shape[-2:])
    height, breadth = planes.shape[1:]
    numbers, reach = planes.tolist(), patch // 2
    rows = [
        [
            plane[mirrored(row + i, height)][mirrored(col + j, breadth)]
            for plane in numbers
            for i in range(-reach, reach + 1)
            for j in range(-reach, reach + 1)
        ]
        for row in range(height)
        for col in range(breadth)
    ]
    return torch.tensor(rows, dtype=F64) / math.sqrt(len(rows[0]))


def loop_non_local(image, h, patch, search, include_self):
    """The table of weights by the formula: (H W, H W)."""
    breadth = image.shape[-1]
    keys = patches_of(image, patch).tolist()
    table = []
    for i, query in enumerate(keys):
        row = []
        for j, key in enumerate(keys):
            steps = (abs(i // breadth - j // breadth), abs(i % breadth - j % breadth))
            row.append(math.exp(-(math.dist(query, key) ** 2) / h**2) if max(steps) <= search // 2 else 0.0)
        if include_self is False:
            row[i] = 0.0
        if include_self == "as_nearest":
            row[i] = max(weight for j, weight in enumerate(row) if j != i)
        table.append([weight / sum(row) for weight in row])
    return torch.tensor(table, dtype=F64)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(5, 4), (1, 6), (2, 3, 5), (3, 4, 2)]),
    st.floats(0.1, 3),
    st.sampled_from([1, 3, 7]),
    st.sampled_from([3, 5, 21]),
    st.sampled_from([True, False, "as_nearest"]),
)
def test_non_local_means_equals_the_loop(shape, h, patch, search, include_self):
    image, options = picture(*shape), {"h": h, "patch": patch, "search": search, "include_self": include_self}
    expected = loop_non_local(image, h, patch, search, include_self)
    found = non_local_means(image, **options)
    pooled = (image.reshape(-1, expected.shape[0]) @ expected.T).reshape(shape)
    torch.testing.assert_close(found, pooled, atol=1e-12, rtol=0)
    single = non_local_means(image.float(), **options)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), pooled, atol=1e-6, rtol=0)
    for row in range(shape[-2]):
        for col in range(shape[-1]):
            weights = denoising.non_local_weights(image, row, col, **options)
            assert weights.shape == shape[-2:]
            torch.testing.assert_close(weights.flatten(), expected[row * shape[-1] + col], atol=1e-12, rtol=0)


@pytest.mark.parametrize("include_self", [True, False])
def test_non_local_means_is_nadaraya_watson_on_patches(include_self):
    """w = √2 / h, so a width of h / √2; without itself, it leaves one out."""
    image, h = picture(3, 6, 5), 0.4
    keys = patches_of(image, 3)
    options = {"width": h / math.sqrt(2), "leave_one_out": not include_self}
    expected = nadaraya_watson(keys, keys, image.flatten(1).T, **options).T.reshape(image.shape)
    found = non_local_means(image, h=h, patch=3, search=11, include_self=include_self)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_defaults_of_non_local_means_are_the_papers():
    image = picture(24, 25)
    found = non_local_means(image, h=0.3)
    expected = non_local_means(image, h=0.3, patch=7, search=21, include_self=True)
    assert torch.equal(found, expected)
    assert torch.equal(
        denoising.non_local_weights(image, 12, 12, h=0.3),
        denoising.non_local_weights(image, 12, 12, h=0.3, patch=7, search=21, include_self=True),
    )
    window = denoising.non_local_weights(image, 12, 12, h=0.3) > 0
    assert window.sum() == 21 * 21
    assert window[2:23, 2:23].all()


@pytest.mark.parametrize("h", [1e-200, 1e-12, 1e12, 1e200])
def test_no_strength_overflows(h):
    image = picture(6, 7)
    keep, other = (non_local_means(image, h=h, patch=3, search=13, include_self=s) for s in (True, False))
    if h < 1:
        torch.testing.assert_close(keep, image, atol=1e-12, rtol=0)
        distance = torch.cdist(patches_of(image, 3), patches_of(image, 3)).fill_diagonal_(math.inf)
        torch.testing.assert_close(other.flatten(), image.flatten()[distance.argmin(dim=1)], atol=1e-12, rtol=0)
    else:
        torch.testing.assert_close(keep, image.mean().expand_as(image), atol=1e-12, rtol=0)
        without = (image.sum() - image) / (image.numel() - 1)
        torch.testing.assert_close(other, without, atol=1e-12, rtol=0)


def test_the_pixel_itself_spoils_the_average():
    """At a small h the noisy pixel keeps most of the weight; leaving it out, or taming it, gains decibels."""
    tiles = (torch.arange(32)[:, None] // 4 + torch.arange(32) // 4) % 2
    clean = 0.25 + 0.5 * tiles.double()
    noisy = clean + 0.1 * torch.randn(32, 32, generator=torch.Generator().manual_seed(0), dtype=F64)

    def decibels(image):
        return -10 * math.log10((image - clean).square().mean())

    included, excluded, tamed = (
        decibels(non_local_means(noisy, h=0.05, include_self=s)) for s in (True, False, "as_nearest")
    )
    assert decibels(noisy) == pytest.approx(20, abs=0.3)
    assert included < decibels(noisy) + 1
    assert excluded > included + 2
    assert tamed > included + 2
    assert decibels(non_local_means(noisy, h=0.1)) > max(decibels(gaussian_blur(noisy, width=w)) for w in (0.4, 0.6, 1))


def test_gradients_of_non_local_means():
    image = picture(2, 4, 3).requires_grad_()
    h = torch.tensor(0.5, dtype=F64, requires_grad=True)
    for include_self in (True, False, "as_nearest"):
        options = {"patch": 3, "search": 3, "include_self": include_self}
        run = lambda x, h, options=options: non_local_means(x, h=h, **options)  # noqa: E731
        assert torch.autograd.gradcheck(run, (image, h))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"image": picture(2, 3, 4, 5)}, ValueError, r"image must have shape \(H, W\) or \(C, H, W\), got \(2, 3"),
        ({"image": picture(4, 5).int()}, TypeError, "image must be of dtype float32 or float64"),
        ({"image": picture(4, 5) * math.nan}, ValueError, "image must hold finite numbers"),
        ({"h": 0}, ValueError, "h must be a finite number above 0, got 0"),
        ({"h": None}, TypeError, "h must be a number"),
        ({"patch": 4}, ValueError, "patch must be odd, got 4"),
        ({"patch": -1}, ValueError, "patch must be at least 1, got -1"),
        ({"search": 20}, ValueError, "search must be odd, got 20"),
        ({"search": 21.0}, TypeError, "search must be a whole number, got float"),
        ({"include_self": "no"}, ValueError, "include_self must be True, False or 'as_nearest', got 'no'"),
        ({"include_self": 1}, ValueError, "include_self must be True, False or 'as_nearest', got 1"),
        (
            {"include_self": False, "search": 1},
            ValueError,
            "include_self must be True where .*got False with search 1 ",
        ),
        (
            {"include_self": "as_nearest", "image": picture(3, 1, 1), "row": 0, "col": 0},
            ValueError,
            r"shape \(3, 1, 1\)",
        ),
        ({"row": 4}, ValueError, "row must be between 0 and 3, got 4"),
        ({"col": -1}, ValueError, "col must be between 0 and 4, got -1"),
    ],
)
def test_bad_input_of_non_local_means_is_named(wrong, error, message):
    arguments = {"image": picture(4, 5), "h": 0.1, "patch": 3, "search": 3, "include_self": True} | wrong
    place = {"row": 1, "col": 1} | {k: arguments.pop(k) for k in ("row", "col") if k in arguments}
    with pytest.raises(error, match=message):
        denoising.non_local_weights(**arguments, **place)
    if not {"row", "col"} & wrong.keys() or "include_self" in wrong:
        with pytest.raises(error, match=message):
            non_local_means(**arguments)


# --- bad input of the other filters -------------------------------------------------------------------

IMAGE = torch.full((3, 4, 5), 0.5)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"image": IMAGE[None]}, ValueError, r"image must have shape \(H, W\) or \(C, H, W\), got \(1, 3, 4"),
        ({"image": IMAGE[0, 0]}, ValueError, r"image must have shape .*got \(5,\)"),
        ({"image": (255 * IMAGE).to(torch.uint8)}, TypeError, "image must be of dtype float32 or float64"),
        ({"image": IMAGE.numpy()}, TypeError, r"image must be a torch tensor \(write torch.from_numpy"),
        ({"image": IMAGE[:, :0]}, ValueError, "image must not be empty"),
        ({"image": IMAGE * math.nan}, ValueError, "image must hold finite numbers"),
        ({"width_space": 0.0}, ValueError, "width_space must be a finite number above 0, got 0"),
        ({"width_space": "wide"}, TypeError, "width_space must be a number"),
        ({"width_colour": -0.1}, ValueError, "width_colour must be a finite number above 0, got -0.1"),
        ({"width_colour": math.inf}, ValueError, "width_colour must be a finite number above 0, got inf"),
        ({"radius": -1}, ValueError, "radius must be at least 0, got -1"),
        ({"radius": 1.5}, TypeError, "radius must be a whole number, got float"),
        ({"radius": True}, TypeError, "radius must be a whole number, got bool"),
        ({"row": 4}, ValueError, "row must be between 0 and 3, got 4"),
        ({"col": -1}, ValueError, "col must be between 0 and 4, got -1"),
        ({"row": 1.0}, TypeError, "row must be a whole number, got float"),
    ],
)
def test_bad_input_is_named(wrong, error, message):
    arguments = {"image": IMAGE, "row": 0, "col": 0, "width_space": 1.0, "width_colour": 0.1, **wrong}
    with pytest.raises(error, match=message):
        denoising.pixel_weights(**arguments)
    if wrong.keys() & {"row", "col"}:
        return
    del arguments["row"], arguments["col"]
    with pytest.raises(error, match=message):
        bilateral_filter(**arguments)
    if "width_colour" not in wrong:
        del arguments["width_colour"]
        arguments["width"] = arguments.pop("width_space")
        with pytest.raises(error, match=message.replace("width_space", "width")):
            gaussian_blur(**arguments)


def test_a_fraction_is_a_number():
    half = Fraction(1, 2)
    for call in (
        lambda number: gaussian_blur(IMAGE, width=number),
        lambda number: bilateral_filter(IMAGE, width_space=number, width_colour=number),
        lambda number: non_local_means(IMAGE, h=number, patch=3, search=3, patch_width=number),
    ):
        assert torch.equal(call(half), call(0.5))


def test_an_array_for_include_self_is_named():
    with pytest.raises(ValueError, match=r"^include_self must be True, False or 'as_nearest', got array"):
        non_local_means(IMAGE, h=1.0, patch=3, search=3, include_self=np.array([True, False]))
