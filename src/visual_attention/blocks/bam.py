"""Park, Woo, Lee, Kweon: BAM: Bottleneck Attention Module. BMVC 2018, arXiv 1807.06514."""

import torch
from torch import nn

from visual_attention._validation import feature_map, whole_number
from visual_attention.blocks._pooling import mean_over


class BAM(nn.Module):
    """Amplify each entry by 1 plus a gate in (0, 1), made of a channel part and a spatial part.

        M(F) = sigmoid(M_c(F) + M_s(F));  F' = F + F M(F)

    The layers are those of the authors' code, whose cost the paper's tables give. That code multiplies the two
    parts where the paper adds them; this block adds.

    Parameters
    ----------
    channels : number of channels C, at least 1
    reduction : the ratio r, at least 1; the hidden width is C // r, and 1 where that would be 0
    dilation : of the two 3×3 convolutions of the spatial part, at least 1

    Input and output: (N, C, H, W).

    Raises
    ------
    ValueError
        Also in training for a single picture, because the channel part has one entry per picture to normalise over.
    """

    def __init__(self, channels: int, reduction: int = 16, dilation: int = 4):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        self.reduction = whole_number("reduction", reduction, least=1)
        whole_number("dilation", dilation, least=1)
        hidden = max(channels // reduction, 1)
        self.channel = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels),
        )

        def conv(inputs: int, side: int, dilation: int = 1) -> list[nn.Module]:
            padding = dilation * (side // 2)
            convolution = nn.Conv2d(inputs, hidden, side, padding=padding, dilation=dilation)
            return [convolution, nn.BatchNorm2d(hidden), nn.ReLU()]

        self.spatial = nn.Sequential(
            *conv(channels, 1),
            *conv(hidden, 3, dilation),
            *conv(hidden, 3, dilation),
            nn.Conv2d(hidden, 1, 1),
        )

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """Return M, by which each entry grows: (N, C, H, W) -> (N, C, H, W)."""
        feature_map("x", x, self.channels, block=self)
        channel = self.channel(mean_over(x, (2, 3)))[..., None, None]  # (N, C, 1, 1)
        return (channel + self.spatial(x)).sigmoid()  # (N, C, H, W)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + x * self.gate(x)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, reduction={self.reduction}"
