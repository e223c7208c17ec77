"""Right answers to the functions and modules of lesson 8's sheet, each written in two other ways.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch
from torch import nn


def heard_by_loop(a, v, share):
    n = len(a)
    return sum(sum(share[i] * a[i, j] for i in range(n)) * v[j] for j in range(n))


def heard_by_einsum(a, v, share):
    return torch.einsum("j,jc->c", torch.einsum("i,ij->j", share, a), v)


def paired_by_hand(one, other):
    gains = [float(x - y) for x, y in zip(one, other, strict=True)]
    n = len(gains)
    mean = sum(gains) / n
    variance = sum((gain - mean) ** 2 for gain in gains) / (n - 1)
    return torch.tensor([mean, math.sqrt(variance / n)])


def paired_by_variance(one, other):
    difference = torch.sub(one, other)
    return torch.cat([difference.mean()[None], (difference.var() / difference.numel()).sqrt()[None]])


def row_by_loop(test):
    return torch.stack([sum(seed[-1] for seed in block) / len(block) for block in test])


def row_by_einsum(test):
    return torch.einsum("bs->b", test.select(2, test.shape[2] - 1)) / test.shape[1]


class InkByView(nn.Module):
    """The channels as groups, on an axis of their own."""

    def __init__(self, channels, groups):
        super().__init__()
        self.score = nn.Linear(channels, groups)

    def forward(self, x):
        groups = self.score.out_features
        weights = torch.softmax(self.score(x.flatten(2).mean(2)), dim=-1)
        return (x.unflatten(1, (groups, -1)) * (weights * groups)[:, :, None, None, None]).flatten(1, 2)


class InkByLoop(nn.Module):
    """Group by group."""

    def __init__(self, channels, groups):
        super().__init__()
        self.score, self.width = nn.Linear(channels, groups), channels // groups

    def forward(self, x):
        scores = self.score(x.sum((2, 3)) / (x.shape[2] * x.shape[3]))
        weights = torch.exp(scores - torch.logsumexp(scores, dim=1, keepdim=True))
        parts = [
            part * (weights[:, k] * weights.shape[1]).view(-1, 1, 1, 1) for k, part in enumerate(x.split(self.width, 1))
        ]
        return torch.cat(parts, dim=1)


RIGHT = {
    "InkGate": (InkByView, InkByLoop),
    "heard": (heard_by_loop, heard_by_einsum),
    "paired": (paired_by_hand, paired_by_variance),
    "row": (row_by_loop, row_by_einsum),
}
