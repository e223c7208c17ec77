"""Right answers to functions and classes of lesson 5's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class ByLoop(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        hidden = max(channels // reduction, 1)
        self.expand, self.reduce = nn.Linear(hidden, channels), nn.Linear(channels, hidden)

    def logits(self, picture):
        z = torch.stack([channel.sum() / channel.numel() for channel in picture])
        return self.expand(self.reduce(z).clamp(min=0))

    def gate(self, x):
        return torch.stack([(1 / (1 + torch.exp(-self.logits(picture)))).reshape(-1, 1, 1) for picture in x])

    def forward(self, x):
        gated = []
        for picture in x:
            pairs = zip(picture, self.logits(picture), strict=True)
            gated.append(torch.stack([c / (1 + torch.exp(-t)) for c, t in pairs]))
        return torch.stack(gated)


class Layers(nn.Module):
    """Weights of its own, in a sub-module that is called by hand."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.bias = nn.Parameter(0.1 * torch.randn(outputs))


class ByConvolutions(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.reduce = Layers(channels, max(1, channels // reduction))
        self.expand = Layers(max(1, channels // reduction), channels)

    def gate(self, x):
        z = F.adaptive_avg_pool2d(x, 1)
        hidden = F.relu(F.conv2d(z, self.reduce.weight[..., None, None], self.reduce.bias))
        return F.conv2d(hidden, self.expand.weight[..., None, None], self.expand.bias).sigmoid()

    def forward(self, x):
        return self.gate(x) * x


def number_of_weights_of_layers(u, reduction, bias):
    hidden = max(1, u.shape[1] // reduction)
    layers = torch.nn.Linear(u.shape[1], hidden, bias=bias), torch.nn.Linear(hidden, u.shape[1], bias=bias)
    return sum(p.numel() for layer in layers for p in layer.parameters())


def number_of_weights_in_numpy(u, reduction, bias):
    channels = u.size(1)
    hidden = channels // reduction or 1
    return np.int64(channels * hidden + hidden * channels) + int(bias) * (channels + hidden)


RIGHT = {
    "SqueezeExcite": (ByLoop, ByConvolutions),
    "number_of_weights": (number_of_weights_of_layers, number_of_weights_in_numpy),
}
