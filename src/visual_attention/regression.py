"""Attention with one parameter: Nadaraya–Watson regression whose width is learned.

With w = 1/width the Gaussian estimator of `pooling` reads

    f(x) = Σ_i α_i(x) y_i,   α_i(x) = softmax_i(−½ (w |x − x_i|)²).

The parametric form is taught in Zhang et al., *Dive into Deep Learning*, chapter "Attention Pooling"; leaving the
query's own point out (cross-validation) makes it trainable, and the identity behind `press_residuals` is Allen's
PRESS statistic (1974) for a linear smoother.
"""

import math

import torch
from torch import Tensor, nn

from visual_attention._validation import one_of, positive_number, real_number, real_tensor, same_kind, whole_number

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
    w : finite start value, any sign (w and −w are the same estimator); 0 is the plain average
    dtype : torch.float32 or torch.float64

    Attributes
    ----------
    w : `nn.Parameter` of shape ()
    width : 1/|w| as a float, in the units of the keys; infinite at w = 0

    Raises
    ------
    TypeError, ValueError
        If `w` is not a finite number.
    """

    def __init__(self, w: float = 1.0, *, dtype: torch.dtype = torch.float64):
        super().__init__()
        if not math.isfinite(real_number("w", w)):
            raise ValueError(f"w must be a finite number, got {float(w)}")
        self.w = nn.Parameter(torch.tensor(float(w), dtype=dtype))

    @property
    def width(self) -> float:
        w = abs(self.w.item())
        return 1 / w if w else math.inf

    def weights(self, query: Tensor, keys: Tensor, leave_one_out: bool = False) -> Tensor:
        """Attention weights (m, n) of queries (m,) or (m, d) for keys (n,) or (n, d); rows sum to 1.

        With `leave_one_out`, query i does not see key i: its score is −∞ *before* the softmax, so the row still sums
        to 1. That needs as many queries as keys, at least two. Raises TypeError and ValueError as
        `pooling.attention_weights` does.
        """
        distance2 = squared_distances(query, keys)  # (m, n)
        scores = -0.5 * self.w**2 * distance2  # (m, n)
        if leave_one_out:
            scores = scores.masked_fill(_own_point(query, keys), -math.inf)  # (n, n)
        return torch.softmax(scores, dim=1)  # (m, n)

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, leave_one_out: bool = False) -> Tensor:
        """Predictions (m,) or (m, v) from values (n,) or (n, v); the other arguments as in `weights`."""
        _check_values(keys, values)
        return self.weights(query, keys, leave_one_out) @ values  # (m, n) @ (n, v) -> (m, v)

    def extra_repr(self) -> str:
        return f"w={self.w.item():.4g}, width={self.width:.4g}"


def squared_distances(query: Tensor, keys: Tensor) -> Tensor:
    """Squared Euclidean distances (m, n) between queries (m,) or (m, d) and keys (n,) or (n, d).

    Taken from differences, so that close points far from the origin do not cancel. Raises TypeError unless both are
    float32/float64 tensors of one dtype; ValueError for a wrong rank, no points, numbers that are not finite, or
    different d.
    """
    real_tensor("query", query, ranks=(1, 2), shape="(m,) or (m, d)")
    real_tensor("keys", keys, ranks=(1, 2), shape="(n,) or (n, d)")
    same_kind("query", query, "keys", keys)
    if query.shape[1:] != keys.shape[1:]:
        raise ValueError(f"keys must have the width of query, {tuple(query.shape[1:])}, got {tuple(keys.shape[1:])}")
    query, keys = query.reshape(len(query), -1), keys.reshape(len(keys), -1)
    return (query[:, None, :] - keys[None, :, :]).square().sum(dim=2)


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

    Raises
    ------
    TypeError, ValueError
        As `squared_distances`; also if `values` is not (n,) of the same kind, or `w` not a number.
    """
    real_number("w", w)
    distance2 = squared_distances(query, keys)  # (m, n)
    _check_values(keys, values, ranks=(1,), allowed="(n,)")
    alpha = torch.softmax(-0.5 * w**2 * distance2, dim=1)  # (m, n)
    mean_product = (alpha * distance2) @ values  # (m,)
    product_of_means = (alpha @ values) * (alpha * distance2).sum(dim=1)  # (m,)
    return -w * (mean_product - product_of_means)


def press_residuals(weights: Tensor, values: Tensor) -> Tensor:
    """What each point's error would be without its own vote: (y_k − f(x_k)) / (1 − S_kk), with nothing refitted.

    Exact for every estimator that leaves one out by renormalising its other weights, Nadaraya–Watson among them.

    Parameters
    ----------
    weights : the attention matrix S of the points for themselves, shape (n, n), rows summing to 1
    values : shape (n,)

    Returns
    -------
    shape (n,)

    Raises
    ------
    TypeError, ValueError
        If `weights` is not square, `values` not (n,), or a point has its whole weight on itself (S_kk = 1): nothing
        is then known of its error.
    """
    real_tensor("weights", weights, ranks=(2,), shape="(n, n)")
    if weights.shape[0] != weights.shape[1]:
        raise ValueError(f"weights must have shape (n, n), got {tuple(weights.shape)}")
    _check_values(weights, values, ranks=(1,), allowed="(n,)", name="weights")
    others = 1 - weights.diagonal()
    if (others <= 0).any():
        index = int((others <= 0).nonzero()[0])
        raise ValueError(f"weights must leave something to other points, but point {index} keeps all for itself")
    return (values - weights @ values) / others


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
    TypeError, ValueError
        For arguments other than these.
    """
    whole_number("steps", steps, least=1)
    positive_number("learning_rate", learning_rate)
    one_of("optimiser", optimiser, OPTIMISERS)
    start = real_number("w", w)
    if not math.isfinite(start):
        raise ValueError(f"w must be a finite number, got {start}")
    logarithmic = optimiser == "adam_log"
    if logarithmic and start == 0:
        raise ValueError("w must not be 0 for adam_log, which learns its logarithm, got 0")
    distance2 = squared_distances(keys, keys)
    _check_values(keys, values, ranks=(1,), allowed="(n,)")
    own = _own_point(keys, keys)
    parameter = nn.Parameter(torch.tensor(math.log(abs(start)) if logarithmic else start, dtype=keys.dtype))
    step = (torch.optim.Adam if logarithmic else torch.optim.SGD)([parameter], lr=learning_rate)

    path, losses = [], []
    for number in range(steps + 1):
        now = parameter.exp() if logarithmic else parameter
        scores = -0.5 * now**2 * distance2
        if leave_one_out:
            scores = scores.masked_fill(own, -math.inf)
        loss = 0.5 * (torch.softmax(scores, dim=1) @ values - values).square().sum()
        path.append(now.item())
        losses.append(loss.item())
        if number < steps:
            step.zero_grad()
            loss.backward()
            step.step()
    return torch.tensor(path, dtype=keys.dtype), torch.tensor(losses, dtype=keys.dtype)


def _own_point(query: Tensor, keys: Tensor) -> Tensor:
    if len(query) != len(keys) or len(keys) < 2:
        raise ValueError(
            "leave_one_out needs query and keys to be the same n points, n at least 2, "
            f"got {len(query)} queries and {len(keys)} keys"
        )
    return torch.eye(len(keys), dtype=torch.bool, device=keys.device)


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
