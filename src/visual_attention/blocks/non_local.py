"""Wang, Girshick, Gupta, He: Non-local Neural Networks. CVPR 2018, arXiv 1711.07971."""

import math

import torch
from torch import nn

from visual_attention._validation import feature_map, flag, one_of, whole_number
from visual_attention.blocks import _fast_non_local

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

    `weights` is the table of all f / Z. `forward` builds it only for `gaussian` up to 1,024 keys, where it is the
    faster way; else memory grows with the number of positions, not with its square (`_fast_non_local`).

    The paper has no factor 1/√d in the exponent of eq. 3. `scaled` puts it there, d being `inner_channels`, as the
    transformer has it (Vaswani et al., 2017, section 3.2.1); weights are stored and loaded alike with and without.

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
    scaled : whether the exponent of the embedded Gaussian is divided by √inner_channels

    Raises
    ------
    ValueError
        Also for `scaled` with another `pairwise`, and in training for a single input of a single position, which
        batch normalisation cannot normalise.
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
        scaled: bool = False,
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
        flag("scaled", scaled)
        if scaled and pairwise != "embedded_gaussian":
            raise ValueError(f"scaled must be False unless pairwise is embedded_gaussian, got pairwise {pairwise!r}")
        self.scaled = scaled
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
        return self._table(*self._tokens(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_i, x_j = self._tokens(x)  # (N, P, C), (N, K, C)
        # Eq. 1. Where the table of f / Z is not the faster way, the same sums without it.
        if self.pairwise == "gaussian" and x_j.shape[1] <= _TABLE_KEYS:
            y = self._table(x_i, x_j) @ self.g(x_j)  # (N, P, inner)
        else:
            y = self._sums_without_a_table(x_i, x_j)  # (N, P, inner)
        z = self.norm(self.exit(y).flatten(0, 1)).view_as(x_i)  # eq. 6, (N, P, C)
        return x + z.mT.unflatten(2, x.shape[2:])  # (N, C, ...)

    def extra_repr(self) -> str:
        scaled = ", scaled=True" if self.scaled else ""
        return f"channels={self.channels}, pairwise={self.pairwise}, dims={self.dims}{scaled}"

    def _tokens(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the P positions that ask, (N, P, C), and the K positions that answer, (N, K, C)."""
        feature_map("x", x, self.channels, _AXES[self.dims], block=self)
        # One copy here, or each linear map would make its own.
        x_i = x.flatten(2).mT.contiguous()
        return x_i, x_i if isinstance(self.pool, nn.Identity) else self.pool(x).flatten(2).mT.contiguous()

    def _table(self, x_i: torch.Tensor, x_j: torch.Tensor) -> torch.Tensor:
        """Return f / Z, (N, P, K): equations 2 to 5 as they stand."""
        if self.pairwise == "gaussian":
            return (x_i @ x_j.mT).softmax(dim=2)
        theta, phi = self._theta(x_i), self.phi(x_j)
        if self.pairwise == "embedded_gaussian":
            return (theta @ phi.mT).softmax(dim=2)
        if self.pairwise == "dot_product":
            return theta @ phi.mT / phi.shape[1]
        a, b = self._scores(theta, phi)
        return (a[:, :, None] + b[:, None, :]).relu() / phi.shape[1]

    def _theta(self, x_i: torch.Tensor) -> torch.Tensor:
        theta = self.theta(x_i)
        return theta / math.sqrt(self.inner_channels) if self.scaled else theta

    def _scores(self, theta: torch.Tensor, phi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Split w_f · [theta_i, phi_j] into a_i + b_j: (N, P), (N, K)."""
        for_theta, for_phi = self.score.weight[0].chunk(2)
        return theta @ for_theta, phi @ for_phi

    def _sums_without_a_table(self, x_i: torch.Tensor, x_j: torch.Tensor) -> torch.Tensor:
        """Return `_table` @ g, (N, P, inner)."""
        if self.pairwise == "gaussian":
            # The fused kernel wants keys and values of one width, twice that of g. The weights of a position sum
            # to 1, so that g may as well follow the average.
            return self.g(_fast_non_local.softmax_attention(x_i, x_j, x_j))
        theta, phi, g = self._theta(x_i), self.phi(x_j), self.g(x_j)
        if self.pairwise == "embedded_gaussian":
            return _fast_non_local.softmax_attention(theta, phi, g)
        if self.pairwise == "dot_product":
            return _fast_non_local.dot_product_attention(theta, phi, g) / g.shape[1]
        return _fast_non_local.relu_attention(*self._scores(theta, phi), g) / g.shape[1]


def _subsampling(dims: int) -> nn.Module:
    if dims == 3:
        return nn.MaxPool3d((1, 2, 2), ceil_mode=True)
    return (nn.MaxPool1d if dims == 1 else nn.MaxPool2d)(2, ceil_mode=True)
