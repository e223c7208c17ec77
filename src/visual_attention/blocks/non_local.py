"""Wang, Girshick, Gupta, He: Non-local Neural Networks. CVPR 2018, arXiv 1711.07971."""

import torch
import torch.nn.functional as F
from torch import nn

from visual_attention._validation import feature_map, flag, one_of, whole_number

PAIRWISE = ("gaussian", "embedded_gaussian", "dot_product", "concatenation")
_AXES = {1: ("L",), 2: ("H", "W"), 3: ("T", "H", "W")}
# Up to this many keys the raw Gaussian is faster by its table of pairs.
_TABLE_KEYS = 1024


class NonLocalBlock(nn.Module):
    """Let every position take an average over all positions, and add it to what was there.

        y_i = sum over j of f(x_i, x_j) g(x_j) / Z_i           eq. 1
        z_i = x_i + norm(W_z y_i)                              eq. 6; W_z is `exit`

    =================  =====================================  ======================  ============
    pairwise           f                                      Z_i                     equation
    =================  =====================================  ======================  ============
    gaussian           exp(x_i · x_j)                         sum over j of f         2
    embedded_gaussian  exp(theta(x_i) · phi(x_j))             sum over j of f         3
    dot_product        theta(x_i) · phi(x_j)                  number of positions j   4
    concatenation      relu(w_f · [theta(x_i), phi(x_j)])     number of positions j   5; w_f is `score`
    =================  =====================================  ======================  ============

    No form builds the table of all pairs, except on demand in `weights`, and `gaussian` up to 1,024 keys, where
    the table is the faster way: memory grows with the number of positions, not with its square. The paper has
    no factor 1/√d in the exponent, and neither has this block.

    `subsample` takes the keys and values from a map pooled by 2×2 maxima (2 in one dimension; in three, time
    is left alone): x̂ of section 3.3, before phi and g as in the authors' code. Odd sizes are rounded up.

    `zero_init` starts the scale of the normalisation at 0 (section 4.1), so that a new block is the identity.
    W_z does not start at 0: with both at 0 neither would ever get a gradient.

    The linear maps are the paper's 1×1 convolutions; their weights load after ``weight.flatten(1)``.

    Parameters
    ----------
    channels : number of channels C, at least 1
    inner_channels : width of theta, phi and g, at least 1; default C // 2, and 1 where that would be 0
    pairwise : one of `PAIRWISE`
    dims : 1 for (N, C, L), 2 for (N, C, H, W), 3 for (N, C, T, H, W)
    subsample : whether to pool keys and values
    zero_init : whether the block starts as the identity

    Raises
    ------
    TypeError
        `channels`, `inner_channels` or `dims` is not a whole number, `subsample` or `zero_init` not a bool;
        `x` is not a floating-point tensor.
    ValueError
        `channels` or `inner_channels` below 1; `dims` not 1, 2 or 3; unknown `pairwise`; `x` not of the shape
        above, or without a position. Training raises one for a single input of a single position, which batch
        normalisation cannot normalise.
    """

    def __init__(
        self,
        channels: int,
        inner_channels: int | None = None,
        *,
        pairwise: str = "embedded_gaussian",
        dims: int = 2,
        subsample: bool = False,
        zero_init: bool = True,
    ):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        if inner_channels is None:
            inner_channels = max(channels // 2, 1)
        self.inner_channels = whole_number("inner_channels", inner_channels, least=1)
        one_of("pairwise", pairwise, PAIRWISE)
        self.pairwise = pairwise
        self.dims = whole_number("dims", dims, least=1, most=3)
        flag("subsample", subsample)
        flag("zero_init", zero_init)
        if pairwise != "gaussian":
            self.theta = nn.Linear(channels, inner_channels)
            self.phi = nn.Linear(channels, inner_channels)
        if pairwise == "concatenation":
            self.score = nn.Linear(2 * inner_channels, 1, bias=False)
        self.g = nn.Linear(channels, inner_channels)
        self.exit = nn.Linear(inner_channels, channels, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        if zero_init:
            nn.init.zeros_(self.norm.weight)
        self.pool = _subsampling(dims) if subsample else nn.Identity()

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return f / Z as a table: (N, C, ...) -> (N, positions, positions that keys are taken from)."""
        x_i, x_j = self._tokens(x)
        if self.pairwise == "gaussian":
            return (x_i @ x_j.mT).softmax(dim=2)
        theta, phi = self.theta(x_i), self.phi(x_j)
        if self.pairwise == "embedded_gaussian":
            return (theta @ phi.mT).softmax(dim=2)
        if self.pairwise == "dot_product":
            return theta @ phi.mT / phi.shape[1]
        a, b = self._scores(theta, phi)
        return (a[:, :, None] + b[:, None, :]).relu() / phi.shape[1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_i, x_j = self._tokens(x)  # (N, P, C), (N, K, C)
        y = self._attend(x_i, x_j)  # (N, P, inner)
        z = self.norm(self.exit(y).flatten(0, 1)).view_as(x_i)  # (N, P, C)
        return x + z.mT.unflatten(2, x.shape[2:])  # (N, C, ...)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, pairwise={self.pairwise}, dims={self.dims}"

    def _tokens(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the P positions that ask, (N, P, C), and the K positions that answer, (N, K, C)."""
        feature_map("x", x, self.channels, _AXES[self.dims])
        # One copy here, or each linear map would make its own.
        x_i = x.flatten(2).mT.contiguous()
        return x_i, x_i if isinstance(self.pool, nn.Identity) else self.pool(x).flatten(2).mT.contiguous()

    def _attend(self, x_i: torch.Tensor, x_j: torch.Tensor) -> torch.Tensor:
        if self.pairwise == "gaussian":
            if x_j.shape[1] <= _TABLE_KEYS:
                return (x_i @ x_j.mT).softmax(dim=2) @ self.g(x_j)
            # The fused kernel wants keys and values of one width, twice that of g. The weights of a position sum
            # to 1, so that g may as well follow the average.
            return self.g(_softmax_attention(x_i, x_j, x_j))
        theta, phi, g = self.theta(x_i), self.phi(x_j), self.g(x_j)
        if self.pairwise == "embedded_gaussian":
            return _softmax_attention(theta, phi, g)
        if self.pairwise == "dot_product":
            return _dot_product_attention(theta, phi, g) / g.shape[1]
        return _relu_attention(*self._scores(theta, phi), g) / g.shape[1]

    def _scores(self, theta: torch.Tensor, phi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Split w_f · [theta_i, phi_j] into a_i + b_j: (N, P), (N, K)."""
        for_theta, for_phi = self.score.weight[0].chunk(2)
        return theta @ for_theta, phi @ for_phi


def _subsampling(dims: int) -> nn.Module:
    if dims == 3:
        return nn.MaxPool3d((1, 2, 2), ceil_mode=True)
    return (nn.MaxPool1d if dims == 1 else nn.MaxPool2d)(2, ceil_mode=True)


def _softmax_attention(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return softmax(query keysᵀ) values, (N, P, D), from (N, P, D), (N, K, D), (N, K, D)."""
    heads = (part[:, None] for part in (query, keys, values))
    return F.scaled_dot_product_attention(*heads, scale=1.0)[:, 0]


def _dot_product_attention(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return query keysᵀ values, multiplied in the cheaper order."""
    if keys.shape[1] < keys.shape[2]:
        return (query @ keys.mT) @ values
    return query @ (keys.mT @ values)


def _relu_attention(a: torch.Tensor, b: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return the sums over j of relu(a_i + b_j) values_j: (N, P), (N, K), (N, K, D) -> (N, P, D).

    Key j counts where a_i exceeds its threshold c_j = −b_j, and then as (a_i − c_j) values_j. Sorted by
    threshold, the keys that count for a query come first, so that two running sums answer all of them.
    """
    dtype = values.dtype
    exact = torch.promote_types(dtype, torch.float32)
    a, b, values = a.to(exact), b.to(exact), values.to(exact)
    # Around 0, or a_i Σ v_j and Σ c_j v_j would be large and nearly equal. The sum of the two stays.
    centre = b.mean(dim=1, keepdim=True)
    a = a + centre  # (N, P)
    c, order = (centre - b).sort(dim=1)  # (N, K)
    values = values.gather(1, order[..., None].expand_as(values))  # (N, K, D)
    count = torch.searchsorted(c.detach(), a.detach())[..., None].expand(-1, -1, values.shape[2])  # (N, P, D)

    def sum_of_first(terms: torch.Tensor) -> torch.Tensor:
        """Return for each query the sum of the terms of the keys that count: (N, K, D) -> (N, P, D)."""
        return F.pad(terms.cumsum(dim=1), (0, 0, 1, 0)).gather(1, count)

    return (a[..., None] * sum_of_first(values) - sum_of_first(c[..., None] * values)).to(dtype)
