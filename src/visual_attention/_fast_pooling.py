"""The averages of `pooling.nadaraya_watson` without its table of weights: memory grows with m + n, not with m · n.

===========  ============================================================================================
boxes        the Gaussian on a line, on a CPU, where no gradient is wanted: a fast Gauss transform
             (`_fast_gauss`), whose time grows with m + n too
fused        else the Gaussian on a CPU: `scaled_dot_product_attention`
rows         whatever is left: the table, a few queries at a time
===========  ============================================================================================

The boxes bound their own error. A query for which they cannot vouch to 1e-8 of the range of the values, such as
one many widths away from the keys, is answered in one of the other ways, and so are all of them where the boxes
would not pay: few points, or a span of more widths than there are points for. The fused form rests on

    −|x − x_i|² / 2 = −|x|² / 2 + [x, −1/2] · [x_i, |x_i|²]     (x and x_i in widths),

whose first term is the same for all keys and cancels. What that form cannot do (other kernels, leaving
one out, a GPU, data that span more than 10⁴ widths) goes by rows.

All arguments are in float64: `query` (m, d), `keys` (n, d), `values` (n, v), `width` (). `left_out` holds the index of
the key that each query leaves out, or is None.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch.autograd import forward_ad
from torch.autograd.function import once_differentiable
from torch.nn.attention import SDPBackend, sdpa_kernel

from visual_attention._fast_gauss import boxes_between, gaussian_sums, pays

# No table has more entries than this (unless one row has more). Up to here it is about as fast as the fused form, and
# half a megabyte stays in the processor's cache.
TABLE_ENTRIES = 2**16
# The fused form subtracts numbers of size (reach / width)²: at this limit 1e-8 of the answer is lost.
_FUSED_REACH = 1e4
# What the boxes say of a query is taken if they vouch for it to this share of the range of the values.
_FAST_ERROR = 1e-8

# Takes query, keys, width and left_out, and returns the table of weights (m, n).
Weights = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]


def pool(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    width: torch.Tensor,
    left_out: torch.Tensor | None,
    weights: Weights,
    *,
    gaussian: bool,
) -> torch.Tensor:
    """Return weights @ values, (m, v), in the fastest of the ways above; `gaussian` says what `weights` makes."""
    if gaussian and _can_use_boxes(query, keys, values, width):
        return _by_boxes(query, keys, values, width, left_out, weights)
    return _by_pairs(query, keys, values, width, left_out, weights, gaussian=gaussian)


def _can_use_boxes(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, width: torch.Tensor) -> bool:
    """Say whether the fast Gauss transform of `_fast_gauss` can answer, and is the faster way."""
    if query.shape[1] > 1 or query.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    if any(_derivative_wanted(tensor) for tensor in (query, keys, values, width)):
        return False
    return pays(len(query), len(keys), boxes_between(keys.min().item(), keys.max().item(), width.item()))


def _derivative_wanted(tensor: torch.Tensor) -> bool:
    backward = torch.is_grad_enabled() and tensor.requires_grad
    return backward or forward_ad.unpack_dual(tensor).tangent is not None


def _by_boxes(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    width: torch.Tensor,
    left_out: torch.Tensor | None,
    weights: Weights,
) -> torch.Tensor:
    """Pool with the Gaussian kernel on a line in O(m + n) time, and by pairs where that is not exact enough."""
    # Around the middle of their range no vote is above half the range, and so is no error.
    least, largest = values.amin(dim=0), values.amax(dim=0)
    middle = least + (largest - least) / 2
    votes = torch.cat([torch.ones_like(keys), values - middle], dim=1)
    sums, error = gaussian_sums(query[:, 0], keys[:, 0], votes, width.item())
    if left_out is not None:
        sums -= torch.exp(-((query - keys[left_out]) / width).square() / 2) * votes[left_out]
    sum_of_weights = sums[:, :1]
    # An average is never outside of the values, but by rounding.
    prediction = (middle + sums[:, 1:] / sum_of_weights).clamp(least, largest)
    # With errors e of Σ w and e · range / 2 of Σ w (y − middle), the quotient is off by at most range · e / Σ w.
    doubtful = ~(error <= _FAST_ERROR * sum_of_weights[:, 0])
    if doubtful.any():
        left_out = None if left_out is None else left_out[doubtful]
        prediction[doubtful] = _by_pairs(query[doubtful], keys, values, width, left_out, weights, gaussian=True)
    return prediction


def _by_pairs(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    width: torch.Tensor,
    left_out: torch.Tensor | None,
    weights: Weights,
    *,
    gaussian: bool,
) -> torch.Tensor:
    """Pool in a time that grows with m · n."""
    fits_a_table = len(query) * len(keys) <= TABLE_ENTRIES
    if gaussian and left_out is None and not fits_a_table and _can_fuse(query, keys, width):
        return _fused(query, keys, values, width)
    return _ByRows.apply(query, keys, values, width, left_out, weights)


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
    q, k, v = (F.pad(part, (0, size - part.shape[1])).contiguous()[None, None] for part in (query, keys, values))
    # Naming the kernel turns a silent fall-back to the full table into an error.
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        pooled = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    return pooled[0, 0, :, : values.shape[1]]


def _rows_at_once(query: torch.Tensor, keys: torch.Tensor) -> list[slice]:
    """Split the queries so that no table exceeds `TABLE_ENTRIES` (unless one row does)."""
    at_once = max(1, TABLE_ENTRIES // len(keys))
    return [slice(start, min(start + at_once, len(query))) for start in range(0, len(query), at_once)]


class _ByRows(torch.autograd.Function):
    """Pool with one small table after another; the backward pass builds each of them again.

    `torch.utils.checkpoint` on each part would do the same, but the many small objects it keeps between the
    parts fragment the heap until it has grown by several tables.
    """

    @staticmethod
    def forward(ctx, query, keys, values, width, left_out, weights):
        ctx.save_for_backward(query, keys, values, width)
        ctx.left_out, ctx.weights = left_out, weights
        prediction = values.new_empty(len(query), values.shape[1])
        for part in _rows_at_once(query, keys):
            hidden = None if left_out is None else left_out[part]
            prediction[part] = weights(query[part], keys, width, hidden) @ values
        return prediction

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        leaves = [
            tensor.detach().requires_grad_(needed)
            for tensor, needed in zip(ctx.saved_tensors, ctx.needs_input_grad, strict=False)
        ]
        query, keys, values, width = leaves
        for part in _rows_at_once(query, keys):
            hidden = None if ctx.left_out is None else ctx.left_out[part]
            with torch.enable_grad():
                pooled = ctx.weights(query[part], keys, width, hidden) @ values
            pooled.backward(gradient[part])
        return *(leaf.grad for leaf in leaves), None, None
