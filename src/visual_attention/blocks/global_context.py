"""Cao, Xu, Lin, Wei, Hu: GCNet: Non-local Networks Meet Squeeze-Excitation Networks. ICCVW 2019, arXiv 1904.11492."""

import torch
from torch import nn

from visual_attention._validation import feature_map, whole_number


class GlobalContext(nn.Module):
    """Add one context vector to all positions: a Non-local block in which the query does not matter.

        a_j = exp(w · x_j) / sum over m of exp(w · x_m)              context modelling; w is `score`
        z_i = x_i + W_2 relu(LN(W_1 sum over j of a_j x_j))          transform and fusion, eq. 4

    `transform` holds W_1, the layer normalisation LN, the ReLU and W_2. Its bottleneck has channels // reduction
    channels, and 1 where that would be 0. All three maps have biases, as in the authors' code; that of w cancels. The
    linear maps are the paper's 1×1 convolutions; their weights load after ``weight.flatten(1)``, those of LN after
    ``weight.flatten()``.

    Parameters
    ----------
    channels : number of channels C, at least 1
    reduction : the ratio r, at least 1
    inner : channels of the bottleneck, at least 1, in place of C // reduction

    Input and output: (N, C, H, W).
    """

    def __init__(self, channels: int, reduction: int = 4, *, inner: int | None = None):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        self.reduction = whole_number("reduction", reduction, least=1)
        if inner is None:
            inner = max(channels // reduction, 1)
        self.inner = whole_number("inner", inner, least=1)
        self.score = nn.Linear(channels, 1)
        self.transform = nn.Sequential(
            nn.Linear(channels, inner), nn.LayerNorm(inner), nn.ReLU(), nn.Linear(inner, channels)
        )

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return the one row of weights that all positions share, as a table: (N, C, H, W) -> (N, HW, HW)."""
        row = self._row(x)
        return row.expand(-1, row.shape[2], -1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        context = self._row(x) @ x.flatten(2).mT  # (N, 1, C)
        return x + self.transform(context).mT[..., None]  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, inner={self.inner}"

    def _row(self, x: torch.Tensor) -> torch.Tensor:
        """Return a: (N, C, H, W) -> (N, 1, HW)."""
        feature_map("x", x, self.channels, block=self)
        return self.score(x.flatten(2).mT).softmax(dim=1).mT
