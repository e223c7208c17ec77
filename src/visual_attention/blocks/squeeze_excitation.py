"""Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks. CVPR 2018, arXiv 1709.01507."""

import torch
from torch import nn

from visual_attention._validation import feature_map, flag, whole_number
from visual_attention.blocks._pooling import mean_over


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gate in (0, 1) that is computed from the means of all channels.

        z_c = mean of u_c over the positions           squeeze, eq. 2
        s = sigmoid(W_2 relu(W_1 z))                   excitation, eq. 3; W_1 is `reduce`, W_2 is `expand`
        x_c = s_c u_c                                  scale, eq. 4

    The hidden width is channels // reduction, and 1 where that would be 0. The authors' code has biases; the
    network of their ablations (Table 10) has none. Weights of an implementation with 1×1 convolutions load
    after ``weight.flatten(1)``.

    Parameters
    ----------
    channels : number of channels C, at least 1
    reduction : the ratio r, at least 1
    bias : whether the two linear maps have biases

    Input and output: (N, C, H, W).
    """

    def __init__(self, channels: int, reduction: int = 16, *, bias: bool = True):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        self.reduction = whole_number("reduction", reduction, least=1)
        flag("bias", bias)
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Linear(channels, hidden, bias=bias)
        self.expand = nn.Linear(hidden, channels, bias=bias)

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """Return the factor of each channel: (N, C, H, W) -> (N, C, 1, 1)."""
        feature_map("x", x, self.channels, block=self)
        z = mean_over(x, (2, 3))  # (N, C)
        hidden = self.reduce(z).relu()  # (N, C / r)
        return self.expand(hidden).sigmoid()[..., None, None]  # (N, C, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, reduction={self.reduction}"
