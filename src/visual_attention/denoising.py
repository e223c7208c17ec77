"""Denoising a picture by attention: each pixel becomes an average of pixels that resemble it.

A pixel's value is its colour. What counts as its key decides the filter: position alone gives the Gaussian
blur, position and colour the bilateral filter (Tomasi and Manduchi, 1998), the patch around it non-local
means (Buades, Coll and Morel, 2005). All are Nadaraya–Watson regression with a Gaussian kernel, restricted to
a square window around the query. Pixels beyond the border are not keys: the weights of the others are
normalised without them.

Arithmetic is in float64; the result has the dtype of the picture.
"""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from visual_attention._validation import odd_number, positive_number, real_tensor, scalar, whole_number


def gaussian_blur(image: torch.Tensor, *, width: float | torch.Tensor, radius: int | None = None) -> torch.Tensor:
    """Average each pixel with its neighbours, weighted by exp(−distance² / (2 width²)).

    Parameters
    ----------
    image : shape (H, W) or (C, H, W), float32 or float64
    width : number above 0, or a 0-dimensional tensor (differentiable), in pixels
    radius : the window reaches this many pixels to each side, at least 0; default ceil(3 · width)

    Returns
    -------
    the shape, dtype and device of `image`
    """
    _check_image(image)
    width = _width("width", width, image)
    up_down, left_right = _reach(image, width, radius)
    pooled = image.double()
    # The kernel and its window are products of a vertical and a horizontal factor: one pass for each.
    for reach in ((up_down, 0), (0, left_right)):
        pooled = _pool_window(pooled, reach, lambda dy, dx, here, there: _closeness(dy, dx, width))
    return pooled.to(image.dtype)


def bilateral_filter(
    image: torch.Tensor,
    *,
    width_space: float | torch.Tensor,
    width_colour: float | torch.Tensor,
    radius: int | None = None,
) -> torch.Tensor:
    """Average each pixel with neighbours that are close in position *and* in colour.

    The weight of pixel j for pixel i is
    exp(−|position_i − position_j|² / (2 width_space²) − |colour_i − colour_j|² / (2 width_colour²)),
    with the Euclidean distance over the channels (Tomasi and Manduchi, 1998). A large `width_colour` gives
    the Gaussian blur.

    Parameters
    ----------
    image : shape (H, W) or (C, H, W), float32 or float64
    width_space : number above 0, or a 0-dimensional tensor (differentiable), in pixels
    width_colour : the same, in the units of `image`
    radius : the window reaches this many pixels to each side; default ceil(3 · width_space)

    Returns
    -------
    the shape, dtype and device of `image`
    """
    _check_image(image)
    width_space = _width("width_space", width_space, image)
    width_colour = _width("width_colour", width_colour, image)

    def weight(dy: int, dx: int, here: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        return _closeness(dy, dx, width_space) * _likeness(here, there, width_colour)

    planes = image.double().reshape(-1, *image.shape[-2:])
    return _pool_window(planes, _reach(image, width_space, radius), weight).reshape(image.shape).to(image.dtype)


def pixel_weights(
    image: torch.Tensor,
    row: int,
    col: int,
    *,
    width_space: float | torch.Tensor,
    width_colour: float | torch.Tensor | None = None,
    radius: int | None = None,
) -> torch.Tensor:
    """Return how much one pixel attends to every pixel of the picture.

    These are the weights that `bilateral_filter` uses for the pixel (row, col), or `gaussian_blur` when
    `width_colour` is None. They sum to 1 and are 0 outside of the window.

    Parameters
    ----------
    image : shape (H, W) or (C, H, W), float32 or float64
    row, col : the query pixel, counted from 0 at the top left
    width_space, width_colour, radius : as in `bilateral_filter`

    Returns
    -------
    shape (H, W), dtype and device of `image`

    Raises
    ------
    ValueError
        Also when (row, col) is not a pixel of the picture.
    """
    _check_image(image)
    width_space = _width("width_space", width_space, image)
    up_down, left_right = _reach(image, width_space, radius)
    height, breadth = image.shape[-2:]
    row = whole_number("row", row, least=0, most=height - 1)
    col = whole_number("col", col, least=0, most=breadth - 1)
    down = torch.arange(height, dtype=torch.float64, device=image.device)[:, None] - row
    across = torch.arange(breadth, dtype=torch.float64, device=image.device) - col
    weights = _gaussian(down / width_space) * _gaussian(across / width_space)
    if width_colour is not None:
        width_colour = _width("width_colour", width_colour, image)
        planes = image.double().reshape(-1, height, breadth)
        weights = weights * _likeness(planes[:, row, col, None, None], planes, width_colour)
    weights = weights * ((down.abs() <= up_down) & (across.abs() <= left_right))
    return (weights / weights.sum()).to(image.dtype)


def non_local_means(
    image: torch.Tensor,
    *,
    h: float | torch.Tensor,
    patch: int = 7,
    search: int = 21,
    include_self: bool | str = True,
    patch_width: float | None = None,
) -> torch.Tensor:
    """Average each pixel with those whose surroundings look like its own.

    The weight of pixel j for pixel i is exp(−d² / h²), where d² is the mean squared difference, over positions
    and channels, of the patches around i and j (Buades, Coll and Morel, CVPR 2005). That is the Gaussian kernel
    of width h / √2 on patches divided by the root of their size. Where a patch hangs over the border, the picture
    is mirrored. With `patch_width` the mean is weighted by a Gaussian of that width around the patch's centre, as
    in the paper, where it is called a; without, all of the patch counts alike.

    A pixel resembles nothing as much as itself, noise included: for small h it takes all the weight. Hence the
    choice of its weight among the keys:

    ============  ===================================================================
    True          1, as the formula has it
    False         0: leave one out, the case of the paper's theorem 4
    "as_nearest"  that of the most similar other pixel
    ============  ===================================================================

    Parameters
    ----------
    image : shape (H, W) or (C, H, W), float32 or float64
    h : number above 0, or a 0-dimensional tensor (differentiable), in the units of `image`
    patch : side of a patch in pixels, odd
    search : side of the window that keys are taken from, in pixels, odd
    include_self : True, False or "as_nearest"
    patch_width : number above 0, in pixels, or None

    Returns
    -------
    the shape, dtype and device of `image`

    Raises
    ------
    ValueError
        Also when there is no other pixel in the window and `include_self` is not True.
    """
    _check_patches(image, patch, search, include_self)
    h = _width("h", h, image)
    planes = image.double().reshape(-1, *image.shape[-2:])
    height, breadth = planes.shape[1:]
    mirrored = _mirror(planes, patch // 2)
    if patch_width is not None:
        share = _shares(patch, patch_width, mirrored)

    def distance(here: tuple[slice, slice], there: tuple[slice, slice]) -> torch.Tensor:
        """Return d² for the pixels `here` (h, w), each compared with its neighbour `there`."""
        rows, cols, rows_there, cols_there = (slice(s.start, s.stop + patch - 1) for s in (*here, *there))
        squared = (mirrored[:, rows, cols] - mirrored[:, rows_there, cols_there]).square().mean(dim=0, keepdim=True)
        if patch_width is not None:
            return F.conv2d(F.conv2d(squared[None], share[None, None, :, None]), share[None, None, None])[0, 0]
        return F.avg_pool2d(F.avg_pool2d(squared, (patch, 1), stride=1), (1, patch), stride=1)[0]

    pairs = [pair for pair in _pairs(planes, _reach(image, h, search // 2)) if pair[0] != (0, 0)]
    # Exponents are measured from the most similar other pixel, or a small h would make all weights 0.
    nearest = torch.zeros_like(planes[0])
    if include_self is not True:
        nearest = torch.full_like(planes[0], math.inf)
        for _, here, there in pairs:
            # A copy, because autograd keeps what it compares and would miss the assignment.
            nearest[here] = torch.minimum(nearest[here].clone(), distance(here, there))
    weight_of_self = 0.0 if include_self is False else 1.0
    weighted_sum = weight_of_self * planes
    sum_of_weights = planes.new_full((height, breadth), weight_of_self)
    for _, here, there in pairs:
        weights = torch.exp(-(distance(here, there) - nearest[here]) / h / h)
        weighted_sum[:, *here] += weights * planes[:, *there]
        sum_of_weights[here] += weights
    return (weighted_sum / sum_of_weights).reshape(image.shape).to(image.dtype)


def non_local_weights(
    image: torch.Tensor,
    row: int,
    col: int,
    *,
    h: float | torch.Tensor,
    patch: int = 7,
    search: int = 21,
    include_self: bool | str = True,
    patch_width: float | None = None,
) -> torch.Tensor:
    """Return how much one pixel attends to every pixel of the picture in `non_local_means`.

    The weights sum to 1 and are 0 outside of the window.

    Parameters
    ----------
    image, h, patch, search, include_self, patch_width : as in `non_local_means`
    row, col : the query pixel, counted from 0 at the top left

    Returns
    -------
    shape (H, W), dtype and device of `image`

    Raises
    ------
    TypeError, ValueError
        As in `non_local_means`; also when (row, col) is not a pixel of the picture.
    """
    _check_patches(image, patch, search, include_self)
    h = _width("h", h, image)
    height, breadth = image.shape[-2:]
    row = whole_number("row", row, least=0, most=height - 1)
    col = whole_number("col", col, least=0, most=breadth - 1)
    up_down, left_right = _reach(image, h, search // 2)
    rows = slice(max(0, row - up_down), row + up_down + 1)
    cols = slice(max(0, col - left_right), col + left_right + 1)

    mirrored = _mirror(image.double().reshape(-1, height, breadth), patch // 2)
    patches = mirrored.unfold(1, patch, 1).unfold(2, patch, 1)  # (C, H, W, patch, patch)
    distance = mirrored.new_full((height, breadth), math.inf)
    squared = (patches[:, rows, cols] - patches[:, row, col, None, None]).square().mean(dim=0)
    share = _shares(patch, patch_width, mirrored)
    distance[rows, cols] = torch.einsum("hwpq,p,q->hw", squared, share, share)
    if include_self is not True:
        distance[row, col] = math.inf
    nearest = distance.min()
    if include_self == "as_nearest":
        distance[row, col] = nearest
    return torch.softmax((-(distance - nearest) / h / h).flatten(), dim=0).reshape(height, breadth).to(image.dtype)


def _check_image(image: torch.Tensor) -> None:
    real_tensor("image", image, ranks=(2, 3), shape="(H, W) or (C, H, W)")


def _check_patches(image: torch.Tensor, patch: int, search: int, include_self: bool | str) -> None:
    _check_image(image)
    odd_number("patch", patch)
    odd_number("search", search)
    if not isinstance(include_self, (bool, str)) or include_self not in (True, False, "as_nearest"):
        raise ValueError(f"include_self must be True, False or 'as_nearest', got {include_self!r}")
    if include_self is not True and (search == 1 or image.shape[-2] * image.shape[-1] == 1):
        raise ValueError(
            f"include_self must be True where the window holds no other pixel, got {include_self!r} with "
            f"search {search} in a picture of shape {tuple(image.shape)}"
        )


def _width(name: str, value: float | torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    positive_number(name, value)
    return scalar(value, image.device)


def _shares(patch: int, patch_width: object, like: torch.Tensor) -> torch.Tensor:
    """Return what each row (or column) of a patch counts in its mean, (patch,): they sum to 1."""
    if patch_width is None:
        return like.new_full((patch,), 1 / patch)
    patch_width = positive_number("patch_width", patch_width)
    power = _gaussian((torch.arange(patch, dtype=like.dtype, device=like.device) - patch // 2) / patch_width)
    return power / power.sum()


def _reach(image: torch.Tensor, width: torch.Tensor, radius: object) -> tuple[int, int]:
    """Return how far the window reaches up and down, left and right; beyond the picture there is nothing."""
    if radius is None:
        radius = math.ceil(min(3 * width.item(), max(image.shape[-2:])))
    radius = whole_number("radius", radius, least=0)
    return min(radius, image.shape[-2] - 1), min(radius, image.shape[-1] - 1)


def _gaussian(u: torch.Tensor) -> torch.Tensor:
    return torch.exp(-u * u / 2)


def _closeness(dy: int, dx: int, width: torch.Tensor) -> torch.Tensor:
    # Not dy / width: torch computes number / tensor as number · (1 / tensor), and 0 · inf is NaN.
    return _gaussian(width.new_tensor(dy) / width) * _gaussian(width.new_tensor(dx) / width)


def _likeness(here: torch.Tensor, there: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    return torch.exp(-((here - there) / width).square().sum(dim=0) / 2)


def _mirror(planes: torch.Tensor, margin: int) -> torch.Tensor:
    """Mirror (C, H, W) at its outermost pixels, again and again if the margin is wider than the picture."""
    for dim in (1, 2):
        last = planes.shape[dim] - 1
        index = torch.arange(-margin, last + margin + 1, device=planes.device) % max(2 * last, 1)
        planes = planes.index_select(dim, last - (last - index).abs())
    return planes


def _shifts(size: int, reach: int) -> Iterator[tuple[int, slice, slice]]:
    """Yield each shift with the entries that have a neighbour at that shift, and those neighbours."""
    for shift in range(-reach, reach + 1):
        here = slice(max(0, -shift), size - max(0, shift))
        there = slice(max(0, shift), size - max(0, -shift))
        yield shift, here, there


def _pairs(planes: torch.Tensor, reach: tuple[int, int]) -> Iterator[tuple]:
    """Yield each shift (dy, dx) of a window with the pixels that have such a neighbour, and those neighbours."""
    for dy, rows, rows_there in _shifts(planes.shape[-2], reach[0]):
        for dx, cols, cols_there in _shifts(planes.shape[-1], reach[1]):
            yield (dy, dx), (rows, cols), (rows_there, cols_there)


def _pool_window(
    image: torch.Tensor,
    reach: tuple[int, int],
    weight: Callable[[int, int, torch.Tensor, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Average over a window of ±reach; each step handles one shift for all pixels at once.

    A pixel is one of its own keys, with weight 1, so the sum of weights is never 0.
    """
    weighted_sum = torch.zeros_like(image)
    sum_of_weights = image.new_zeros(image.shape[-2:])
    for (dy, dx), here, there in _pairs(image, reach):
        weights = weight(dy, dx, image[..., *here], image[..., *there])
        weighted_sum[..., *here] += weights * image[..., *there]
        sum_of_weights[here] += weights
    return weighted_sum / sum_of_weights
