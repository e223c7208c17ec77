"""Right answers to the functions and modules of lesson 7's sheet, each written in two other ways.

Most are plain loops and einsum; none uses the library under test.
"""

import torch
import torch.nn.functional as F
from torch import nn


def merged_by_loop(w0, b0, w1, b1):
    rows = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in w0.T] for row in w1]
    constants = [2 * sum(a * b for a, b in zip(row, b0, strict=True)) + 2 * b for row, b in zip(w1, b1, strict=True)]
    return torch.stack([torch.stack([*row, c]) for row, c in zip(rows, constants, strict=True)])


def merged_by_trial(w0, b0, w1, b1):
    """What the two maps make of the unit vectors, and of nothing."""

    def logits(total):
        return w1 @ (w0 @ total + b0) + b1 + w1 @ b0 + b1

    constant = logits(torch.zeros(w0.shape[1]))
    return torch.stack([*(logits(unit) - constant for unit in torch.eye(w0.shape[1])), constant], dim=1)


def kernel_by_index(kernel, mean, variance, scale, shift):
    return kernel[:, [1, 0]] / torch.sqrt(variance + 1e-5) * scale


def kernel_by_parts(kernel, mean, variance, scale, shift):
    maximum, average = kernel.unbind(dim=1)
    return torch.stack((average, maximum), dim=1) * (scale * (variance + 1e-5) ** -0.5).item()


def bias_in_evaluation(kernel, mean, variance, scale, shift):
    """What the normalisation makes of a logit of 0."""
    return F.batch_norm(torch.zeros(1, 1), mean, variance, scale, shift)[0]


def bias_by_parts(kernel, mean, variance, scale, shift):
    return (shift / scale * (variance + 1e-5).sqrt() - mean) * scale / (variance + 1e-5).sqrt()


class ChannelByConvolutions(nn.Module):
    """Both pools as a batch of places, the layers as 1×1 convolutions with the weights of linear ones."""

    def __init__(self, channels, reduction):
        super().__init__()
        hidden = channels // reduction or 1
        self.reduce, self.expand = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def gate(self, x):
        pooled = torch.cat([F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)], dim=3)  # (N, C, 1, 2)
        hidden = F.conv2d(pooled, self.reduce.weight[..., None, None], self.reduce.bias).relu()
        logits = F.conv2d(hidden, self.expand.weight[..., None, None], self.expand.bias).sum(dim=3, keepdim=True)
        return 1 / (1 + torch.exp(-logits))

    def forward(self, x):
        return self.gate(x) * x


class ChannelByEinsum(nn.Module):
    """A loop over the two pools, and the gate put on by einsum."""

    def __init__(self, channels, reduction=16):
        nn.Module.__init__(self)
        self.add_module("reduce", nn.Linear(channels, max(1, int(channels / reduction))))
        self.add_module("expand", nn.Linear(self.reduce.out_features, channels))

    def gate(self, x):
        flat, total = x.flatten(2), 0
        for pooled in (flat.sum(2) / flat.shape[2], flat.max(2).values):
            total = total + self.expand(F.relu(self.reduce(pooled)))
        return total.sigmoid().reshape(*total.shape, 1, 1)

    def forward(self, x):
        return torch.einsum("nchw,ncij->nchw", x, self.gate(x))


class PlacesByTwoFilters(nn.Module):
    """Each plane through its half of the filter."""

    def __init__(self, kernel_size):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(1)

    def gate(self, x):
        planes = x.mean(1, keepdim=True), x.max(dim=1, keepdim=True).values
        halves = self.conv.weight.split(1, dim=1)
        logits = sum(F.conv2d(plane, half, padding="same") for plane, half in zip(planes, halves, strict=True))
        return self.norm(logits).sigmoid()

    def forward(self, x):
        return x * self.gate(x)


class PlacesByUnfolding(nn.Module):
    """Every window as a column."""

    def __init__(self, kernel_size):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, kernel_size, 1, kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)
        self.side = kernel_size

    def gate(self, x):
        planes = torch.cat([x.mean(1, True), x.amax(1, True)], dim=1)
        windows = F.unfold(planes, self.side, padding=self.side // 2)  # (N, 2·k·k, H·W)
        logits = (self.conv.weight.flatten(1) @ windows).reshape(len(x), 1, *x.shape[2:])
        return torch.sigmoid(self.norm(logits))

    def forward(self, x):
        return self.gate(x) * x


class BothAsASequence(nn.Sequential):
    """A Sequential with names."""

    def __init__(self, channels, reduction, kernel_size):
        super().__init__()
        self.channel = ChannelByConvolutions(channels, reduction)
        self.spatial = PlacesByUnfolding(kernel_size)

    def gate(self, x):
        return self.spatial.gate(self.channel(x))


class BothByHand(nn.Module):
    def __init__(self, channels, reduction, kernel_size):
        super().__init__()
        self.spatial = PlacesByTwoFilters(kernel_size)
        self.channel = ChannelByEinsum(channels, reduction)

    def gate(self, x):
        return self.spatial.gate(x * self.channel.gate(x))

    def forward(self, x):
        refined = self.channel(x)
        return self.spatial(refined)


def profile_by_loop(gates, dots):
    sums, counts = [0.0] * 9, [0] * 9
    for picture, (row, column) in zip(gates, dots.tolist(), strict=True):
        for i, line in enumerate(picture.tolist()):
            for j, gate in enumerate(line):
                ring = int(((i - row) ** 2 + (j - column) ** 2) ** 0.5 + 0.5)
                if ring < 9:
                    sums[ring] += gate
                    counts[ring] += 1
    return torch.tensor([total / max(count, 1) for total, count in zip(sums, counts, strict=True)])


def profile_by_bincount(gates, dots):
    places = torch.cartesian_prod(torch.arange(gates.shape[1]), torch.arange(gates.shape[2])).double()
    rings = (torch.cdist(dots.double(), places, compute_mode="donot_use_mm_for_euclid_dist") + 0.5).long().flatten()
    kept = rings < 9
    sums = torch.bincount(rings[kept], gates.double().flatten()[kept], minlength=9)
    return sums / torch.bincount(rings[kept], minlength=9).clamp(min=1)


RIGHT = {
    "merged": (merged_by_loop, merged_by_trial),
    "our_kernel": (kernel_by_index, kernel_by_parts),
    "our_bias": (bias_in_evaluation, bias_by_parts),
    "ChannelGate": (ChannelByConvolutions, ChannelByEinsum),
    "SpatialGate": (PlacesByTwoFilters, PlacesByUnfolding),
    "Cbam": (BothAsASequence, BothByHand),
    "profile": (profile_by_loop, profile_by_bincount),
}
