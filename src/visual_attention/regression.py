"""Attention with one parameter: Nadaraya–Watson regression whose width is learned.

With w = 1/width the Gaussian estimator of `pooling` reads

    f(x) = Σ_i α_i(x) y_i,   α_i(x) = softmax_i(−½ (w |x − x_i|)²).

The parametric form is taught in Zhang et al., *Dive into Deep Learning* (2021), "Attention Pooling"; leaving the
query's own point out (cross-validation) makes it trainable, and the identity behind `press_residuals` is Allen's
PRESS statistic (1974) for a linear smoother.
"""

import math

import torch
from torch import Tensor, nn

from visual_attention._distances import Distances, as_rows
from visual_attention._validation import (
    finite_number,
    flag,
    one_of,
    positive_number,
    real_tensor,
    same_kind,
    scalar,
    whole_number,
)
from visual_attention.pooling import weighted_sums

__all__ = [
    "OPTIMISERS",
    "LearnedKernelRegression",
    "prediction_slope",
    "press_residuals",
    "squared_distances",
    "training_path",
]

OPTIMISERS = ("sgd", "adam_log")


class LearnedKernelRegression(nn.Module):
    """Nadaraya–Watson regression with a Gaussian kernel and one learned parameter, w = 1/width.

    Parameters
    ----------
    w : start value, finite also in `dtype`, any sign (w and −w are the same estimator); 0 is the plain average
    dtype : torch.float32 or torch.float64

    Attributes
    ----------
    w : `nn.Parameter` of shape ()
    width : 1/|w| as a float, in the units of the keys; infinite at w = 0
    """

    def __init__(self, w: float = 1.0, *, dtype: torch.dtype = torch.float64):
        super().__init__()
        number = finite_number("w", w)
        if dtype not in (torch.float32, torch.float64):
            raise TypeError(f"dtype must be torch.float32 or torch.float64, got {dtype}")
        start = torch.tensor(number, dtype=dtype)
        if not start.isfinite():
            raise ValueError(f"w must be a number that fits in {dtype}, got {number}")
        self.w = nn.Parameter(start)

    @property
    def width(self) -> float:
        w = abs(self.w.item())
        return 1 / w if w else math.inf

    def weights(self, query: Tensor, keys: Tensor, leave_one_out: bool = False) -> Tensor:
        """Attention weights (m, n) of queries (m,) or (m, d) for keys (n,) or (n, d); rows sum to 1.

        With `leave_one_out`, query i does not see key i: its score is −∞ *before* the softmax, so the row still sums
        to 1. That needs as many queries as keys, at least two. The arithmetic is that of
        `pooling.attention_weights`. Raises ValueError also if `w` has become infinite or NaN.
        """
        _check_points(query, keys)
        own = _own_point(query, keys, leave_one_out)
        if not self.w.isfinite():
            raise ValueError(f"w must be a finite number, got {self.w.item()}: has training diverged?")
        return _weights(Distances(*as_rows(query, keys), own), self.w).to(query.dtype)  # (m, n)

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        """Predictions (m,) or (m, v) from values (n,) or (n, v); the other arguments as in `weights`."""
        _check_points(query, keys)
        _check_values(keys, values)
        return weighted_sums(self.weights(query, keys, leave_one_out), values)  # (m, n) @ (n, v) -> (m, v)

    def extra_repr(self) -> str:
        return f"w={self.w.item():.4g}, width={self.width:.4g}"


def squared_distances(query: Tensor, keys: Tensor) -> Tensor:
    """Squared Euclidean distances (m, n) between queries (m,) or (m, d) and keys (n,) or (n, d).

    Taken from differences, so that close points far from the origin do not cancel. Raises ValueError also for squares
    that exceed the largest number of the dtype.
    """
    _check_points(query, keys)
    query, keys = query.reshape(len(query), -1), keys.reshape(len(keys), -1)
    squares = (query[:, None, :] - keys[None, :, :]).square().sum(dim=2)
    if not squares.isfinite().all():
        raise ValueError(f"query and keys must lie so close together that their squared distances fit in {query.dtype}")
    return squares


def prediction_slope(query: Tensor, keys: Tensor, values: Tensor, w: float | Tensor) -> Tensor:
    """∂f/∂w at each query in closed form: −w · Cov_α(y, d²), the covariance under the attention weights.

    Parameters
    ----------
    query : shape (m,) or (m, d)
    keys : shape (n,) or (n, d)
    values : shape (n,)
    w : number, 1/width

    Returns
    -------
    shape (m,)
    """
    finite_number("w", w)
    _check_points(query, keys)
    _check_values(keys, values, ranks=(1,), allowed="(n,)")
    w = scalar(w, query.device)
    distances = Distances(*as_rows(query, keys), None)
    alpha = _weights(distances, w)  # (m, n)
    # A covariance does not change when a number is taken off; the nearest key's d² keeps the others small. Where the
    # weight is 0, d² may be too large for a product with w.
    gap = torch.where(alpha > 0, (distances.all - distances.nearest) * (distances.all + distances.nearest), 0)
    deviation = values.double() - (alpha @ values.double())[:, None]  # (m, n)
    return -(alpha * (w * gap) * deviation).sum(dim=1).to(query.dtype)


def press_residuals(weights: Tensor, values: Tensor) -> Tensor:
    """What each point's error would be without its own vote: (y_k − f(x_k)) / (1 − S_kk), with nothing refitted.

    Exact for every estimator that leaves one out by renormalising its other weights, Nadaraya–Watson among them.
    Since a row sums to 1, divisor and dividend are sums over the other points, 1 − S_kk = Σ S_kj and
    y_k − f(x_k) = Σ S_kj (y_k − y_j). Taken like that no digit is lost where S_kk is nearly 1.

    Parameters
    ----------
    weights : the attention matrix S of the points for themselves, shape (n, n), rows summing to 1
    values : shape (n,)

    Returns
    -------
    shape (n,)

    Raises
    ------
    ValueError
        Also if a row does not sum to 1 (to the square root of the dtype's precision), or a point has its whole weight
        on itself (S_kk = 1): nothing is then known of its error.
    """
    real_tensor("weights", weights, ranks=(2,), shape="(n, n)")
    if weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights must have shape (n, n), got {tuple(weights.shape)}")
    _check_values(weights, values, ranks=(1,), allowed="(n,)", name="weights")
    totals = weights.double().sum(dim=1)
    wrong = (totals - 1).abs() > math.sqrt(torch.finfo(weights.dtype).eps)
    if wrong.any():
        index = int(wrong.nonzero()[0])
        raise ValueError(f"weights must have rows that sum to 1, got {totals[index].item():g} in row {index}")
    others = weights.double() * ~torch.eye(len(weights), dtype=torch.bool, device=weights.device)
    left = others.sum(dim=1)
    if (left <= 0).any():
        index = int((left <= 0).nonzero()[0])
        raise ValueError(f"weights must leave something to other points, but point {index} keeps all for itself")
    return (values - (others @ values.double()) / left).to(values.dtype)


def training_path(
    keys: Tensor,
    values: Tensor,
    *,
    w: float,
    learning_rate: float,
    steps: int,
    leave_one_out: bool = True,
    optimiser: str = "sgd",
) -> tuple[Tensor, Tensor]:
    """Train w by gradient descent on ½ Σ_k (f(x_k) − y_k)² and keep every step.

    Parameters
    ----------
    keys, values : the data, shapes (n,) or (n, d), and (n,)
    w : start value
    learning_rate : step size, above 0
    steps : number of steps, at least 1
    leave_one_out : whether a point is hidden from itself
    optimiser : "sgd" on w itself, or "adam_log": Adam on log |w| (needs w ≠ 0)

    Returns
    -------
    w and loss before the first and after each step, shapes (steps + 1,)

    Raises
    ------
    ValueError
        Also when w or the loss exceeds the largest number of the dtype.
    """
    whole_number("steps", steps, least=1)
    learning_rate = positive_number("learning_rate", learning_rate)
    one_of("optimiser", optimiser, OPTIMISERS)
    start = finite_number("w", w)
    logarithmic = optimiser == "adam_log"
    if logarithmic and start == 0:
        raise ValueError("w must not be 0 for adam_log, which learns its logarithm, got 0")
    real_tensor("keys", keys, ranks=(1, 2), shape="(n,) or (n, d)")
    _check_values(keys, values, ranks=(1,), allowed="(n,)")
    own = _own_point(keys, keys, leave_one_out)
    distances = Distances(*as_rows(keys.detach(), keys.detach()), own)
    wide = values.detach().double()
    begin = math.log(abs(start)) if logarithmic else start
    parameter = nn.Parameter(torch.tensor(begin, dtype=torch.float64, device=keys.device))
    step = (torch.optim.Adam if logarithmic else torch.optim.SGD)([parameter], lr=learning_rate)

    path, losses = [], []
    for number in range(steps + 1):
        now = parameter.exp() if logarithmic else parameter
        loss = 0.5 * (_weights(distances, now) @ wide - wide).square().sum()
        # In the dtype of the data, which may hold less than float64.
        reached = torch.stack([now.detach(), loss.detach()]).to(keys.dtype)
        if not reached.isfinite().all():
            raise ValueError(
                f"w, learning_rate and values must be so small that w and the loss fit in {keys.dtype}, got "
                f"w {start:g}, learning_rate {learning_rate:g} and values of size up to {wide.abs().max().item():g}: "
                f"after step {number}, w is {now.item():g} and the loss {loss.item():g}"
            )
        path.append(now.item())
        losses.append(loss.item())
        if number < steps:
            step.zero_grad()
            loss.backward()
            step.step()
    return torch.tensor(path, dtype=keys.dtype), torch.tensor(losses, dtype=keys.dtype)


def _weights(distances: Distances, w: Tensor) -> Tensor:
    """Attention weights (m, n) in float64: distances times |w| are distances in widths."""
    return torch.softmax(distances.gaussian_scores(lambda distance: distance * w.abs()), dim=1)


def _check_points(query: Tensor, keys: Tensor) -> None:
    real_tensor("query", query, ranks=(1, 2), shape="(m,) or (m, d)")
    real_tensor("keys", keys, ranks=(1, 2), shape="(n,) or (n, d)")
    same_kind("query", query, "keys", keys)
    if query.shape[1:] != keys.shape[1:]:
        raise ValueError(f"keys must have the width of query, {tuple(query.shape[1:])}, got {tuple(keys.shape[1:])}")


def _own_point(query: Tensor, keys: Tensor, leave_one_out: bool) -> Tensor | None:
    """Return the index of the key that each query leaves out, or None."""
    flag("leave_one_out", leave_one_out)
    if not leave_one_out:
        return None
    if len(query) != len(keys) or len(keys) < 2:
        raise ValueError(
            "leave_one_out needs query and keys to be the same n points, n at least 2, "
            f"got {len(query)} queries and {len(keys)} keys"
        )
    return torch.arange(len(keys), device=keys.device)


def _check_values(
    keys: Tensor,
    values: Tensor,
    ranks: tuple[int, ...] = (1, 2),
    allowed: str = "(n,) or (n, v)",
    name: str = "keys",
) -> None:
    real_tensor("values", values, ranks=ranks, shape=allowed)
    same_kind(name, keys, "values", values)
    if len(values) != len(keys):
        shape = tuple(values.shape)
        raise ValueError(f"values must hold one row for each of the {len(keys)} {name}, got shape {shape}")
