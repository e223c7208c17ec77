"""Li, Wang, Hu, Yang: Selective Kernel Networks. CVPR 2019, arXiv 1903.06586."""

import functools
from collections.abc import Sequence

import torch
from torch import nn

from visual_attention._validation import feature_map, whole_number
from visual_attention.blocks._pooling import mean_over


class SelectiveKernel(nn.Module):
    """Convolve with several receptive fields, and choose between them per channel.

        U_b = relu(norm(conv_b(x)))                                split: 3×3 kernels of growing dilation
        s = mean over the positions of the sum of U_b              fuse
        z = relu(norm(W s))                                        fuse; W is `reduce`
        a_b = softmax over b of A_b z                              select; all A_b together are `expand`
        V = sum over b of a_b U_b

    The weights of the branches sum to 1 in each channel. Nothing but batch normalisation has a bias.

    Parameters
    ----------
    channels : number of channels C, in and out, at least 1
    reduction : the ratio r, at least 1; z has max(C // r, least_hidden) entries
    dilations : one branch for each; the default sees 3×3 and 5×5
    groups : groups of each convolution, a divisor of C (32 in the paper)
    least_hidden : the paper's L

    Input and output: (N, C, H, W).

    Raises
    ------
    ValueError
        Also if `groups` does not divide `channels`, and in training for a single picture, because z has one entry
        per picture to normalise over.
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 16,
        *,
        dilations: Sequence[int] = (1, 2),
        groups: int = 1,
        least_hidden: int = 32,
    ):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        self.reduction = whole_number("reduction", reduction, least=1)
        if isinstance(dilations, str) or not isinstance(dilations, Sequence):
            raise TypeError(f"dilations must be a sequence of whole numbers, got {type(dilations).__name__}")
        if len(dilations) < 2:
            raise ValueError(f"dilations must hold at least 2 numbers, one for each branch, got {tuple(dilations)}")
        self.dilations = tuple(whole_number("each of dilations", dilation, least=1) for dilation in dilations)
        self.groups = whole_number("groups", groups, least=1)
        if channels % groups:
            raise ValueError(f"groups must divide channels, got {groups} groups and {channels} channels")
        hidden = max(channels // reduction, whole_number("least_hidden", least_hidden, least=1))
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, groups=groups, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            )
            for dilation in self.dilations
        )
        self.reduce = nn.Sequential(
            nn.Linear(channels, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.expand = nn.Linear(hidden, len(self.dilations) * channels, bias=False)

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return the share of each branch in each channel: (N, C, H, W) -> (N, branches, C, 1, 1)."""
        return self._select(self._split(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self._split(x)  # branches × (N, C, H, W)
        shares = self._select(maps)  # (N, branches, C, 1, 1)
        weighted = (share * u for share, u in zip(shares.unbind(1), maps, strict=True))  # branches × (N, C, H, W)
        return functools.reduce(torch.add, weighted)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, reduction={self.reduction}, dilations={self.dilations}, groups={self.groups}"

    def _split(self, x: torch.Tensor) -> list[torch.Tensor]:
        feature_map("x", x, self.channels, block=self)
        return [branch(x) for branch in self.branches]

    def _select(self, maps: list[torch.Tensor]) -> torch.Tensor:
        s = sum(mean_over(u, (2, 3)) for u in maps)  # (N, C)
        logits = self.expand(self.reduce(s))  # (N, branches · C)
        return logits.unflatten(1, (len(maps), -1)).softmax(dim=1)[..., None, None]  # (N, branches, C, 1, 1)
