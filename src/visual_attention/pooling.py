"""Attention pooling: averages whose weights depend on how close a query is to each key.

The estimator is that of Nadaraya (1964) and Watson (1964),

    f(x) = sum_i K((x - x_i) / width) y_i / sum_j K((x - x_j) / width),

read as attention: x is the query, x_i the keys, y_i the values, and K / sum K the attention weights. Any
constant factor of K cancels in the quotient.

Arithmetic is in float64 whatever the input, and the result is returned in the input's dtype: float32 would
lose every digit of a Gaussian weight once a query lies a few hundred widths from its keys. The device must
therefore know float64.
"""

import functools
import math

import torch

from visual_attention import _fast_pooling
from visual_attention._distances import Distances, as_rows
from visual_attention._fast_pooling import TABLE_ENTRIES
from visual_attention._validation import flag, one_of, positive_number, real_number, real_tensor, same_kind, scalar

# u = distance / width, already limited to [0, 1]; outside of that interval these kernels are zero.
_COMPACT_KERNELS = {
    "boxcar": torch.ones_like,
    "triangular": lambda u: 1 - u,
    "epanechnikov": lambda u: 1 - u * u,
}
KERNELS = ("gaussian", *_COMPACT_KERNELS, "constant")


def attention_weights(
    query: torch.Tensor,
    keys: torch.Tensor,
    *,
    width: float | torch.Tensor = 1.0,
    kernel: str = "gaussian",
    leave_one_out: bool = False,
) -> torch.Tensor:
    """Return how much each query attends to each key; every row sums to 1.

    With u = |query − key| / width (Euclidean distance) the weights are proportional to

    =============  =====================================================
    gaussian       exp(−u² / 2); their quotient is softmax(−u² / 2)
    boxcar         1 where u ≤ 1, else 0
    triangular     1 − u where u ≤ 1, else 0
    epanechnikov   1 − u² where u ≤ 1, else 0
    constant       1: the plain average, whatever the width
    =============  =====================================================

    One rule covers every query whose keys all get the kernel value 0 (an empty window): the nearest key takes
    the whole weight, and nearest keys at equal distance share it equally. That is also the limit of the
    Gaussian as the width goes to 0, so no width and no query gives NaN.

    Parameters
    ----------
    query : shape (m,) or (m, d), float32 or float64
    keys : shape (n,) or (n, d), with the dtype and device of `query`
    width : number above 0, or a 0-dimensional tensor (differentiable as long as distance / width² is finite), in
        the units of query and keys
    kernel : one of `KERNELS`
    leave_one_out : row i leaves out key i *before* the weights are normalised; needs m = n ≥ 2

    Returns
    -------
    shape (m, n), dtype and device of `query`

    Raises
    ------
    ValueError
        Also for numbers larger than 1e150, whose squares overflow, and for `leave_one_out` without m = n ≥ 2.
    """
    _check(query, keys, width, kernel, leave_one_out)
    x, x_i = as_rows(query, keys)
    left_out = torch.arange(len(query), device=query.device) if leave_one_out else None
    return _weights(x, x_i, scalar(width, query.device), left_out, kernel=kernel).to(query.dtype)


def attend(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return the weighted sums of the values, weights @ values.

    Parameters
    ----------
    weights : shape (m, n), float32 or float64
    values : shape (n,) or (n, v), with the dtype and device of `weights`

    Returns
    -------
    shape (m,) or (m, v)

    Raises
    ------
    ValueError
        Also when a sum exceeds the largest number of the dtype.
    """
    real_tensor("weights", weights, ranks=(2,), shape="(m, n)")
    _check_values(values, weights.shape[1], "weights", weights)
    return weighted_sums(weights, values)


def nadaraya_watson(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    *,
    width: float | torch.Tensor = 1.0,
    kernel: str = "gaussian",
    leave_one_out: bool = False,
) -> torch.Tensor:
    """Predict the value at each query: the average of the values, weighted by `attention_weights`.

    Above 65,536 pairs of query and key the table of weights is never built as a whole: the same average is taken in
    one of the ways of `_fast_pooling`, and memory grows with m + n, not with m · n. All ways agree to about 1e-8 of
    the range of the values, and all that are used where a gradient is wanted have one with respect to query, keys,
    values and width; for the boxcar, a step, and the constant kernel it is 0 in all but the values.

    Second derivatives exist only up to 65,536 pairs, and there only of a gradient with respect to values or width.

    Parameters
    ----------
    query, keys, width, kernel, leave_one_out : as in `attention_weights`
    values : shape (n,) or (n, v), with the dtype and device of `keys`

    Returns
    -------
    shape (m,) or (m, v), dtype and device of `query`
    """
    _check(query, keys, width, kernel, leave_one_out)
    _check_values(values, len(keys), "keys", keys)
    x, x_i = as_rows(query, keys)
    y, sigma = values.double().reshape(len(values), -1), scalar(width, query.device)
    left_out = torch.arange(len(query), device=query.device) if leave_one_out else None
    weights = functools.partial(_weights, kernel=kernel)
    # The definition: weights times values. Where its table would be large, the same average without one.
    if len(query) * len(keys) <= TABLE_ENTRIES:
        prediction = weights(x, x_i, sigma, left_out) @ y
    else:
        prediction = _fast_pooling.pool(x, x_i, y, sigma, left_out, weights, gaussian=kernel == "gaussian")
    return prediction.reshape(len(query), *values.shape[1:]).to(query.dtype)


def soft_pool(x: torch.Tensor, beta: float | torch.Tensor, dim: int | tuple[int, ...]) -> torch.Tensor:
    """Pool `x` over `dim` with the weights softmax(beta · x): the key of an entry is the entry itself.

    beta = 0 is the mean, beta = +inf exactly the maximum and beta = −inf exactly the minimum; entries that
    tie for it share the gradient equally.

    Parameters
    ----------
    x : any shape, float32 or float64
    beta : number or 0-dimensional tensor (differentiable where finite), in units of 1 / x
    dim : the dimension, or several, to pool over

    Returns
    -------
    the shape of `x` without `dim`

    Raises
    ------
    ValueError
        Also if `beta` is NaN, or `dim` out of range or named twice.
    """
    real_tensor("x", x, ranks=range(1, 65), shape="with 1 to 64 dimensions")
    sharpness = real_number("beta", beta)
    if math.isnan(sharpness):
        raise ValueError("beta must be a number or ±inf, got nan")
    dims = _dimensions(dim, x.ndim)
    if sharpness == math.inf:
        return x.amax(dims)
    if sharpness == -math.inf:
        return x.amin(dims)
    # Measured from the winner, no exponent is above 0 and the largest weight is 1: no overflow, no 0/0.
    wide = x.double()
    winner = (wide.amax if sharpness >= 0 else wide.amin)(dims, keepdim=True).detach()
    weights = torch.exp((wide - winner) * scalar(beta, x.device))
    return ((weights * wide).sum(dims) / weights.sum(dims)).to(x.dtype)


def _weights(
    query: torch.Tensor, keys: torch.Tensor, width: torch.Tensor, left_out: torch.Tensor | None, *, kernel: str
) -> torch.Tensor:
    """Return the weights (m, n) in float64; `left_out` holds the key that each query leaves out, or is None."""
    distances = Distances(query, keys, left_out)
    if kernel == "gaussian":
        return torch.softmax(distances.gaussian_scores(lambda distance: distance / width), dim=1)

    distance = distances.all
    if kernel == "constant":
        similarity = torch.ones_like(distance)
    else:
        similarity = _COMPACT_KERNELS[kernel]((distance / width).clamp(max=1)) * (distance <= width)
    if kernel in ("boxcar", "constant"):
        # Autograd sees neither depend on its inputs and would raise; their gradient is 0, so lead it there.
        similarity = similarity + 0 * (distance + width)
    similarity = distances.leave_out(similarity, 0)
    empty = similarity.sum(dim=1, keepdim=True) == 0
    similarity = torch.where(empty, distances.candidates == distances.nearest, similarity)
    return similarity / similarity.sum(dim=1, keepdim=True)


def weighted_sums(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return weights @ values, for arguments that have been checked; ValueError if a sum does not fit the dtype."""
    sums = weights @ values
    if not sums.isfinite().all():
        # A part of a sum was too large for float32, or the sum itself.
        sums = (weights.double() @ values.double()).to(values.dtype)
        if not sums.isfinite().all():
            raise ValueError(
                f"values must be so small that their weighted sums fit in {values.dtype}, "
                f"got values of size up to {values.detach().abs().max().item():g}"
            )
    return sums


def _check(
    query: torch.Tensor, keys: torch.Tensor, width: float | torch.Tensor, kernel: str, leave_one_out: bool
) -> None:
    real_tensor("query", query, ranks=(1, 2), shape="(m,) or (m, d)")
    real_tensor("keys", keys, ranks=(1, 2), shape="(n,) or (n, d)")
    same_kind("query", query, "keys", keys)
    if query.shape[1:] != keys.shape[1:]:
        raise ValueError(
            "query and keys must be (m,) and (n,), or (m, d) and (n, d) with one d, "
            f"got {tuple(query.shape)} and {tuple(keys.shape)}"
        )
    positive_number("width", width)
    one_of("kernel", kernel, KERNELS)
    flag("leave_one_out", leave_one_out)
    if leave_one_out and (len(query) != len(keys) or len(keys) < 2):
        raise ValueError(
            "leave_one_out needs query and keys to be the same n points, n at least 2 "
            f"(row i leaves out key i), got {len(query)} queries and {len(keys)} keys"
        )


def _check_values(values: torch.Tensor, n: int, other_name: str, other: torch.Tensor) -> None:
    real_tensor("values", values, ranks=(1, 2), shape="(n,) or (n, v)")
    same_kind(other_name, other, "values", values)
    if len(values) != n:
        raise ValueError(
            f"values must hold one row per key, {n} of them to suit {other_name}, got shape {tuple(values.shape)}"
        )


def _dimensions(dim: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    dims = dim if isinstance(dim, tuple) else (dim,)
    if not dims or any(isinstance(d, bool) or not isinstance(d, int) for d in dims):
        raise TypeError(f"dim must be an int or a tuple of ints, got {dim!r}")
    if any(not -rank <= d < rank for d in dims) or len({d % rank for d in dims}) != len(dims):
        raise ValueError(f"dim must name different dimensions between {-rank} and {rank - 1}, got {dim!r}")
    return dims
