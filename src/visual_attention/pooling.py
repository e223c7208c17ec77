"""Attention pooling: averages whose weights depend on how close a query is to each key.

The estimator is that of Nadaraya (1964) and Watson (1964),

    f(x) = sum_i K((x - x_i) / width) y_i / sum_j K((x - x_j) / width),

read as attention: x is the query, x_i the keys, y_i the values, and K / sum K the attention weights. Any
constant factor of K cancels in the quotient.

Arithmetic is in float64 whatever the input, and the result is returned in the input's dtype: float32 would
lose every digit of a Gaussian weight once a query lies a few hundred widths from its keys. The device must
therefore know float64.
"""

import math

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable
from torch.nn.attention import SDPBackend, sdpa_kernel

from visual_attention._validation import one_of, positive_number, real_number, real_tensor, same_kind

# u = distance / width, already limited to [0, 1]; outside of that interval these kernels are zero.
_COMPACT_KERNELS = {
    "boxcar": torch.ones_like,
    "triangular": lambda u: 1 - u,
    "epanechnikov": lambda u: 1 - u * u,
}
KERNELS = ("gaussian", *_COMPACT_KERNELS, "constant")

# `nadaraya_watson` builds no table of weights with more entries than this (unless one row has more). Up to
# here the table is about as fast as the fused form, and half a megabyte stays in the processor's cache.
_TABLE_ENTRIES = 2**16
# The fused form subtracts numbers of size (reach / width)²: at this limit 1e-8 of the answer is lost.
_FUSED_REACH = 1e4
# Stands for "infinitely many widths away": it is finite, so no 0 · inf appears among the weights. The
# gradient divides by width² and is NaN once distance / width² overflows, at widths below about 1e-154.
_FAR = 1e150


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
    TypeError
        `query` or `keys` is not a tensor, is not float32/float64, or their dtypes differ; `width` is not a
        number; `leave_one_out` is not a bool.
    ValueError
        Wrong rank, empty, not finite or larger than 1e150, different d or device; `width` not finite and
        above 0; unknown `kernel`; `leave_one_out` without m = n ≥ 2.
    """
    _check(query, keys, width, kernel, leave_one_out)
    rows = torch.arange(len(query), device=query.device) if leave_one_out else None
    return _table(*_widen(query, keys, width), rows, kernel).to(query.dtype)


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
    TypeError, ValueError
        As in `attention_weights`; also when `values` does not hold n rows.
    """
    real_tensor("weights", weights, ranks=(2,), shape="(m, n)")
    _check_values(values, weights.shape[1], "weights", weights)
    return weights @ values


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

    Memory grows with m + n, not with m · n. Up to 65,536 pairs of query and key, the table of weights is
    built. Above that, the Gaussian kernel on a CPU runs through `scaled_dot_product_attention`, because

        −|x − x_i|² / 2 = −|x|² / 2 + [x, −1/2] · [x_i, |x_i|²]     (x and x_i in widths),

    whose first term is the same for all keys and cancels. What that form cannot do (other kernels, leaving
    one out, a GPU, data that span more than 10⁴ widths) goes through the table, a few queries at a time.
    All ways agree to about 1e-8 of the range of the values, and all have a gradient with respect to query, keys,
    values and width; for the boxcar, a step, and the constant kernel it is 0 in all but the values.

    Second derivatives exist only up to 65,536 pairs, and there only of a gradient with respect to values or width.

    Parameters
    ----------
    query, keys, width, kernel, leave_one_out : as in `attention_weights`
    values : shape (n,) or (n, v), with the dtype and device of `keys`

    Returns
    -------
    shape (m,) or (m, v), dtype and device of `query`

    Raises
    ------
    TypeError, ValueError
        As in `attention_weights`; also when `values` does not hold n rows.
    """
    _check(query, keys, width, kernel, leave_one_out)
    _check_values(values, len(keys), "keys", keys)
    wide_query, wide_keys, wide_width = _widen(query, keys, width)
    columns = values.double().reshape(len(values), -1)
    if len(query) * len(keys) <= _TABLE_ENTRIES:
        rows = torch.arange(len(query), device=query.device) if leave_one_out else None
        prediction = _table(wide_query, wide_keys, wide_width, rows, kernel) @ columns
    elif kernel == "gaussian" and not leave_one_out and _can_fuse(wide_query, wide_keys, wide_width):
        prediction = _fused(wide_query, wide_keys, columns, wide_width)
    else:
        prediction = _ByRows.apply(wide_query, wide_keys, columns, wide_width, kernel, leave_one_out)
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
    TypeError
        `x` is not a float32/float64 tensor, `beta` not a number, `dim` neither an int nor a tuple of ints.
    ValueError
        `x` has no dimension or more than 64, is empty or not finite; `beta` is NaN; `dim` is out of range or named
        twice.
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
    weights = torch.exp((wide - winner) * beta)
    return ((weights * wide).sum(dims) / weights.sum(dims)).to(x.dtype)


def _check(query: object, keys: object, width: object, kernel: object, leave_one_out: object) -> None:
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
    if not isinstance(leave_one_out, bool):
        raise TypeError(f"leave_one_out must be True or False, got {type(leave_one_out).__name__}")
    if leave_one_out and (len(query) != len(keys) or len(keys) < 2):
        raise ValueError(
            "leave_one_out needs query and keys to be the same n points, n at least 2 "
            f"(row i leaves out key i), got {len(query)} queries and {len(keys)} keys"
        )


def _check_values(values: object, n: int, other_name: str, other: torch.Tensor) -> None:
    real_tensor("values", values, ranks=(1, 2), shape="(n,) or (n, v)")
    same_kind(other_name, other, "values", values)
    if len(values) != n:
        raise ValueError(
            f"values must hold one row per key, {n} of them to suit {other_name}, got shape {tuple(values.shape)}"
        )


def _dimensions(dim: object, rank: int) -> tuple[int, ...]:
    dims = dim if isinstance(dim, tuple) else (dim,)
    if not dims or any(isinstance(d, bool) or not isinstance(d, int) for d in dims):
        raise TypeError(f"dim must be an int or a tuple of ints, got {dim!r}")
    if any(not -rank <= d < rank for d in dims) or len({d % rank for d in dims}) != len(dims):
        raise ValueError(f"dim must name different dimensions between {-rank} and {rank - 1}, got {dim!r}")
    return dims


def _widen(query: torch.Tensor, keys: torch.Tensor, width: float | torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return query (m, d), keys (n, d) and width () in float64."""
    width = torch.as_tensor(width, dtype=torch.float64, device=query.device)
    return query.double().reshape(len(query), -1), keys.double().reshape(len(keys), -1), width


def _table(
    query: torch.Tensor, keys: torch.Tensor, width: torch.Tensor, rows: torch.Tensor | None, kernel: str
) -> torch.Tensor:
    """Return the weights (m, n); `rows` holds the index of the key that each query leaves out, or is None."""
    # Differences, not |q|² − 2 q·k + |k|²: that form cancels.
    distance = torch.cdist(query, keys, compute_mode="donot_use_mm_for_euclid_dist")

    def leave_out(table: torch.Tensor, fill: float) -> torch.Tensor:
        if rows is None:
            return table
        return table.masked_fill(rows[:, None] == torch.arange(len(keys), device=keys.device), fill)

    candidates = leave_out(distance.detach(), torch.inf)
    nearest = candidates.amin(dim=1, keepdim=True)

    if kernel == "gaussian":
        # softmax ignores a constant per row. Taking off the nearest key's d² as (d − nearest)(d + nearest)
        # keeps its exponent at exactly 0 however many widths away it is.
        gap = (distance - nearest) / width
        total = ((distance + nearest) / width).clamp(max=_FAR)
        return torch.softmax(leave_out(gap * total / -2, -torch.inf), dim=1)

    if kernel == "constant":
        similarity = torch.ones_like(distance)
    else:
        similarity = _COMPACT_KERNELS[kernel]((distance / width).clamp(max=1)) * (distance <= width)
    if kernel in ("boxcar", "constant"):
        # Autograd sees neither depend on its inputs and would raise; their gradient is 0, so lead it there.
        similarity = similarity + 0 * (distance + width)
    similarity = leave_out(similarity, 0)
    empty = similarity.sum(dim=1, keepdim=True) == 0
    similarity = torch.where(empty, candidates == nearest, similarity)
    return similarity / similarity.sum(dim=1, keepdim=True)


def _rows_at_once(query: torch.Tensor, keys: torch.Tensor) -> list[tuple[slice, torch.Tensor]]:
    """Split the queries so that no table exceeds `_TABLE_ENTRIES` (unless one row does)."""
    rows = torch.arange(len(query), device=query.device).split(max(1, _TABLE_ENTRIES // len(keys)))
    return [(slice(int(part[0]), int(part[-1]) + 1), part) for part in rows]


class _ByRows(torch.autograd.Function):
    """Pool with one small table after another; the backward pass builds each of them again.

    `torch.utils.checkpoint` on each part would do the same, but the many small objects it keeps between the
    parts fragment the heap until it has grown by several tables.
    """

    @staticmethod
    def forward(ctx, query, keys, values, width, kernel, leave_one_out):
        ctx.save_for_backward(query, keys, values, width)
        ctx.kernel, ctx.leave_one_out = kernel, leave_one_out
        prediction = values.new_empty(len(query), values.shape[1])
        for part, rows in _rows_at_once(query, keys):
            table = _table(query[part], keys, width, rows if leave_one_out else None, kernel)
            prediction[part] = table @ values
        return prediction

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        leaves = [
            tensor.detach().requires_grad_(needed)
            for tensor, needed in zip(ctx.saved_tensors, ctx.needs_input_grad, strict=False)
        ]
        query, keys, values, width = leaves
        for part, rows in _rows_at_once(query, keys):
            with torch.enable_grad():
                table = _table(query[part], keys, width, rows if ctx.leave_one_out else None, ctx.kernel)
                pooled = table @ values
            pooled.backward(gradient[part])
        return *(leaf.grad for leaf in leaves), None, None


def _centre(keys: torch.Tensor) -> torch.Tensor:
    # The prediction does not depend on the origin, only its rounding error does: no gradient is needed.
    keys = keys.detach()
    return (keys.amax(dim=0) + keys.amin(dim=0)) / 2


def _can_fuse(query: torch.Tensor, keys: torch.Tensor, width: torch.Tensor) -> bool:
    """Say whether `_fused` is exact enough here, and has a kernel that works in float64 (only CPUs do)."""
    centre = _centre(keys)
    reach = max((query - centre).abs().max().item(), (keys - centre).abs().max().item())
    return query.device.type == "cpu" and reach <= _FUSED_REACH * width.item()


def _fused(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """Pool with the Gaussian kernel in O(m + n) memory."""
    centre = _centre(keys)
    query, keys = (query - centre) / width, (keys - centre) / width
    query = torch.cat([query, torch.full_like(query[:, :1], -0.5)], dim=1)
    keys = torch.cat([keys, keys.square().sum(dim=1, keepdim=True)], dim=1)
    # The fused kernel wants one common head size; padding with zeros changes no dot product.
    size = max(keys.shape[1], values.shape[1])
    # A last dimension without unit stride is refused by the fused kernel.
    heads = [F.pad(part, (0, size - part.shape[1])).contiguous()[None, None] for part in (query, keys, values)]
    # Naming the kernel turns a silent fall-back to the full table into an error.
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        pooled = F.scaled_dot_product_attention(*heads, scale=1.0)
    return pooled[0, 0, :, : values.shape[1]]
