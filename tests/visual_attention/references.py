"""What the tests of the attention blocks share: random modules, and arithmetic in plain Python."""

import math

import torch
from torch import nn

F64 = torch.float64


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def randomised(module, seed=0):
    """Return the module in float64 and evaluation mode, with no weight, scale or running statistic left special."""
    generator = torch.Generator().manual_seed(seed)
    module.double().eval()
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.randn(tensor.shape, generator=generator, dtype=F64) / 2)
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.running_var.copy_(0.5 + torch.rand(part.running_var.shape, generator=generator, dtype=F64))
    return module


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


def relu(v):
    return max(v, 0.0)


def linear(layer, vector):
    """W v + b, row by row."""
    bias = [0.0] * len(layer.weight) if layer.bias is None else layer.bias.tolist()
    return [
        sum(w * v for w, v in zip(row, vector, strict=True)) + b
        for row, b in zip(layer.weight.tolist(), bias, strict=True)
    ]


def normalise(layer, vector):
    """Batch normalisation in evaluation mode, one number per channel."""
    statistics = [t.tolist() for t in (layer.running_mean, layer.running_var, layer.weight, layer.bias)]
    return [
        (v - mean) / math.sqrt(var + layer.eps) * scale + shift
        for v, mean, var, scale, shift in zip(vector, *statistics, strict=True)
    ]


def positions(plane):
    """All numbers of an (H, W) map."""
    return [v for row in plane.tolist() for v in row]


def means(x):
    """Mean of each channel of (C, H, W)."""
    return [sum(positions(plane)) / plane.numel() for plane in x]


def same(found, expected):
    expected = torch.as_tensor(expected, dtype=F64)
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=0)
