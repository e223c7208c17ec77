"""Woo, Park, Lee, Kweon: CBAM: Convolutional Block Attention Module. ECCV 2018, arXiv 1807.06521."""

from collections.abc import Sequence

import torch
from torch import nn

from visual_attention._validation import feature_map, flag, odd_number, one_of, whole_number
from visual_attention.blocks._pooling import max_over_channels, max_over_positions, mean_over

POOLS = ("avg", "max")
ARRANGEMENTS = ("channel_spatial", "spatial_channel", "parallel")


class ChannelAttention(nn.Module):
    """Scale each channel by a gate computed from its mean and its maximum, through one shared MLP.

        M_c(F) = sigmoid(W_1 relu(W_0 F_avg) + W_1 relu(W_0 F_max))           eq. 2

    W_0 is `reduce`, W_1 is `expand`. With ``pools=("avg",)`` this is squeeze-and-excitation. The hidden width
    is channels // reduction, and 1 where that would be 0. The authors' code has biases; the bias of W_1 then
    enters once per pool.

    Parameters
    ----------
    channels : number of channels C, at least 1
    reduction : the ratio r, at least 1
    pools : "avg", "max" or both, each once
    bias : whether the two linear maps have biases

    Input and output: (N, C, H, W).
    """

    def __init__(self, channels: int, reduction: int = 16, *, pools: Sequence[str] = POOLS, bias: bool = True):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        self.reduction = whole_number("reduction", reduction, least=1)
        self.pools = _pools(pools)
        flag("bias", bias)
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Linear(channels, hidden, bias=bias)
        self.expand = nn.Linear(hidden, channels, bias=bias)

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """Return the factor of each channel: (N, C, H, W) -> (N, C, 1, 1)."""
        feature_map("x", x, self.channels, block=self)
        pooled = [mean_over(x, (2, 3)) if pool == "avg" else max_over_positions(x) for pool in self.pools]  # (N, C)
        hidden = self.reduce(torch.stack(pooled)).relu()  # (pools, N, C / r)
        return self.expand(hidden).sum(dim=0).sigmoid()[..., None, None]  # (N, C, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, reduction={self.reduction}, pools={self.pools}"


class SpatialAttention(nn.Module):
    """Scale each position by a gate computed from the mean and the maximum over the channels around it.

        M_s(F) = sigmoid(f([F_avg; F_max]))           eq. 3, f a convolution of kernel_size × kernel_size

    f has no bias. `norm` puts a batch normalisation after it, as the authors' code does and their paper does
    not say. That code also stacks the two maps in the other order, maximum first: to load its weights, turn
    the kernel's input planes round by ``weight.flip(1)``.

    Parameters
    ----------
    kernel_size : side of the kernel in positions, odd
    norm : whether to normalise before the sigmoid

    Input and output: (N, C, H, W), with any number of channels.

    Raises
    ------
    ValueError
        Also in training, when normalising, for a single picture of a single position.
    """

    def __init__(self, kernel_size: int = 7, *, norm: bool = True):
        super().__init__()
        self.kernel_size = odd_number("kernel_size", kernel_size)
        flag("norm", norm)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(1) if norm else nn.Identity()

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """Return the factor of each position: (N, C, H, W) -> (N, 1, H, W)."""
        feature_map("x", x, None, block=self)
        # Stacked in the last dimension, because the convolution is faster on channels-last memory.
        maps = torch.stack([mean_over(x, (1,)), max_over_channels(x)], dim=-1)  # (N, H, W, 2)
        logits = self.conv(maps.movedim(-1, 1))  # (N, 1, H, W)
        return self.norm(logits).sigmoid()  # (N, 1, H, W)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}"


class CBAM(nn.Module):
    """Attend to channels and to positions.

    ================  =========================================  =====================
    channel_spatial   F' = M_c(F) F;  F'' = M_s(F') F'           eq. 1, the paper's choice
    spatial_channel   F' = M_s(F) F;  F'' = M_c(F') F'           Table 3
    parallel          F'' = M_c(F) M_s(F) F                      Table 3, our reading: no formula is given
    ================  =========================================  =====================

    Parameters
    ----------
    channels, reduction : as in `ChannelAttention`
    kernel_size : as in `SpatialAttention`
    arrangement : one of `ARRANGEMENTS`
    bias : as in `ChannelAttention`
    norm : as in `SpatialAttention`

    Input and output: (N, C, H, W). Raises what the two parts do.
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        kernel_size: int = 7,
        *,
        arrangement: str = "channel_spatial",
        bias: bool = True,
        norm: bool = True,
    ):
        super().__init__()
        one_of("arrangement", arrangement, ARRANGEMENTS)
        self.arrangement = arrangement
        self.channel = ChannelAttention(channels, reduction, bias=bias)
        self.spatial = SpatialAttention(kernel_size, norm=norm)

    def gates(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the factors of the channels, (N, C, 1, 1), and those of the positions, (N, 1, H, W).

        In sequence, the second gate looks at what the first has let through.
        """
        if self.arrangement == "channel_spatial":
            channel = self.channel.gate(x)
            return channel, self.spatial.gate(x * channel)
        spatial = self.spatial.gate(x)
        return self.channel.gate(x * spatial if self.arrangement == "spatial_channel" else x), spatial

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """Return the factor of each entry, the product of the two gates: (N, C, H, W)."""
        channel, spatial = self.gates(x)
        return channel * spatial

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.arrangement == "channel_spatial":
            return self.spatial(self.channel(x))  # (N, C, H, W)
        if self.arrangement == "spatial_channel":
            return self.channel(self.spatial(x))  # (N, C, H, W)
        return x * self.channel.gate(x) * self.spatial.gate(x)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"arrangement={self.arrangement}"


def _pools(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise ValueError(f"pools must be a sequence of names out of {', '.join(POOLS)}, got {value!r}")
    for pool in value:
        one_of("each of pools", pool, POOLS)
    if len(set(value)) < len(value):
        raise ValueError(f"pools must name each pool once, got {value!r}")
    return tuple(value)
