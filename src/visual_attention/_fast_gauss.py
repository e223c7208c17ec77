"""Sums of Gaussians on a line in a time that grows with m + n, not with m · n: a fast Gauss transform.

What is wanted is Σ_i exp(−(x − x_i)² / 2) v_i at many queries x, for many keys x_i with votes v_i, all places measured
in widths. The line is cut into boxes one width wide. Within a pair of boxes the kernel is a smooth function of the two
places t and s in their boxes, from −1 to 1 each, and a few Chebyshev polynomials T give it to eleven digits:

    exp(−(x − x_i)² / 2) ≈ Σ_k Σ_l T_k(t) A_kl T_l(s_i)

A depends only on how many boxes lie between the two. The sum over the keys can now be taken first, in three steps:

    moments    M_l = Σ_i T_l(s_i) v_i           for each box of keys                 n terms
    exchange   L_k = Σ_boxes Σ_l A_kl M_l       for each box of queries, from its 19 neighbours
    read-out   Σ_k T_k(t) L_k                   at each query                        m terms

The idea is that of Greengard and Strain (1991), who expand in Hermite functions; interpolation at Chebyshev nodes is
from Fong and Darve (2009).
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import torch

# Twelve terms in a box one width wide: each Gaussian is off by at most about 5e-12.
_TERMS = 12
# Boxes further apart hold points at least 9 widths apart, where the kernel is below 3e-18.
_REACH = 9
# So many points at a time, or what is computed for them would not stay in the processor's cache.
_POINTS_AT_ONCE = 2**15


def boxes_between(low: float, high: float, width: float) -> float:
    """Return how many boxes of one width cover the keys from `low` to `high`; not an int, since it may be infinite."""
    widths = (high - low) / width if high > low else 0.0
    return float(math.floor(widths) + 1) if widths < math.inf else math.inf


def pays(m: int, n: int, boxes: float) -> bool:
    """Say whether the boxes take less time than m · n pairs (as measured), and no more memory than the points."""
    return m * n >= max(2**20, 100 * (m + n)) and _TERMS * boxes <= m + n


def gaussian_sums(
    query: torch.Tensor, keys: torch.Tensor, votes: torch.Tensor, width: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return Σ_i exp(−((x − x_i) / width)² / 2) v_i at each query x, and a bound of the error.

    No gradient flows through it.

    Parameters
    ----------
    query, keys : shapes (m,) and (n,), float64, on the CPU
    votes : shape (n, v), likewise
    width : in the units of query and keys

    Returns
    -------
    the sums, shape (m, v), and the bound, shape (m,): a sum is off by at most as much, times the largest |vote|
    """
    low, high = keys.min().item(), keys.max().item()
    boxes = int(boxes_between(low, high, width))
    moments = votes.new_zeros(votes.shape[1], _TERMS, boxes)
    count = torch.zeros(boxes, dtype=torch.float64, device=keys.device)
    for part in _parts(len(keys)):
        box, s = _place((keys[part] - low) / width, boxes)
        count += torch.bincount(box, minlength=boxes)
        for term, polynomial in enumerate(_chebyshev(s)):
            for column in range(votes.shape[1]):
                moments[column, term].index_add_(0, box, polynomial * votes[part, column])

    # A query up to _REACH boxes outside of the keys still hears from them: the boxes of queries begin there.
    matrices, errors = _exchange()
    coefficients = votes.new_zeros(votes.shape[1], _TERMS, boxes + 2 * _REACH)
    error = torch.full_like(coefficients[0, 0], len(keys) * math.exp(-(_REACH**2) / 2))  # what is too far to be heard
    for shift, (matrix, off_by) in enumerate(zip(matrices, errors, strict=True)):
        coefficients[:, :, shift : shift + boxes] += matrix @ moments
        error[shift : shift + boxes] += off_by * count

    sums = votes.new_zeros(len(query), votes.shape[1])
    bound = torch.empty_like(query)
    for part in _parts(len(query)):
        # Further out there is nothing but an error that is too large: any box at the end will do.
        position = ((query[part] - low) / width + _REACH).clamp(0, boxes + 2 * _REACH)
        box, t = _place(position, boxes + 2 * _REACH)
        bound[part] = error[box]
        for term, polynomial in enumerate(_chebyshev(t)):
            for column in range(votes.shape[1]):
                sums[part, column] += polynomial * coefficients[column, term].index_select(0, box)
    return sums, bound


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, _POINTS_AT_ONCE):
        yield slice(start, start + _POINTS_AT_ONCE)


def _place(position: torch.Tensor, boxes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the box of each position (in widths, at least 0), and the place from −1 to 1 inside of it."""
    box = position.floor().clamp(max=boxes - 1)
    return box.long(), 2 * (position - box) - 1


def _chebyshev(t: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield T_0(t), T_1(t), … by T_{k+1} = 2 t T_k − T_{k−1}."""
    before, now = t, torch.ones_like(t)  # T_{−1} = T_1
    for _ in range(_TERMS):
        yield now
        before, now = now, 2 * t * now - before


@functools.cache
def _exchange() -> tuple[torch.Tensor, list[float]]:
    """Return A for queries −9 to 9 boxes to the right of the keys, (19, terms, terms), and the largest error each."""
    options: dict[str, Any] = {"dtype": torch.float64, "device": "cpu"}
    shifts = torch.arange(-_REACH, _REACH + 1, **options)[:, None, None]

    def kernel(t: torch.Tensor) -> torch.Tensor:
        """The kernel of places t in the queries' box and in the keys' box: (19, len(t), len(t))."""
        return torch.exp(-(shifts + (t[:, None] - t) / 2).square() / 2)

    def polynomials(t: torch.Tensor) -> torch.Tensor:
        return torch.stack(list(_chebyshev(t)))  # (terms, len(t))

    nodes = torch.cos(math.pi * (torch.arange(_TERMS, **options) + 0.5) / _TERMS)
    # The polynomials are orthogonal on the nodes: this takes the values there to the coefficients.
    transform = 2 / _TERMS * polynomials(nodes)
    transform[0] /= 2
    matrices = transform @ kernel(nodes) @ transform.T

    grid = torch.linspace(-1, 1, 101, **options)
    interpolated = polynomials(grid).T @ matrices @ polynomials(grid)
    worst = (interpolated - kernel(grid)).abs().amax((1, 2))
    # Twice what the grid shows covers what lies between its points; 1e-13 is for the rounding of the long sums.
    return matrices, (2 * worst + 1e-13).tolist()
