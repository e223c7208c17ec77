"""Right answers to the functions of lesson 5's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import numpy as np
import torch
import torch.nn.functional as F


def squeeze_excite_by_loop(u, w1, w2):
    result = torch.empty_like(u)
    for n, picture in enumerate(u):
        z = torch.stack([channel.sum() / channel.numel() for channel in picture])
        hidden = torch.stack([(row @ z).clamp(min=0) for row in w1])
        for c, row in enumerate(w2):
            result[n, c] = picture[c] / (1 + torch.exp(-(row @ hidden)))
    return result


def squeeze_excite_by_convolutions(u, w1, w2):
    z = F.adaptive_avg_pool2d(u, 1)
    return u * F.conv2d(F.relu(F.conv2d(z, w1[..., None, None])), w2[..., None, None]).sigmoid()


def number_of_weights_of_layers(u, reduction, bias):
    hidden = max(1, u.shape[1] // reduction)
    layers = torch.nn.Linear(u.shape[1], hidden, bias=bias), torch.nn.Linear(hidden, u.shape[1], bias=bias)
    return sum(p.numel() for layer in layers for p in layer.parameters())


def number_of_weights_in_numpy(u, reduction, bias):
    channels = u.size(1)
    hidden = channels // reduction or 1
    return np.int64(channels * hidden + hidden * channels) + int(bias) * (channels + hidden)


RIGHT = {
    "squeeze_excite": (squeeze_excite_by_loop, squeeze_excite_by_convolutions),
    "number_of_weights": (number_of_weights_of_layers, number_of_weights_in_numpy),
}
