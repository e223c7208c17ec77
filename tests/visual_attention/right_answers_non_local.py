"""Right answers to the functions of lesson 6's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import numpy as np
import torch
import torch.nn.functional as F


def patch_weights_by_loop(patches, h):
    rows = []
    for one in patches:
        kernel = torch.stack([torch.exp(-((one - other) ** 2).mean() / h**2) for other in patches])
        rows.append(kernel / kernel.sum())
    return torch.stack(rows)


def patch_weights_by_cdist(patches, h):
    return F.softmax(-((torch.cdist(patches, patches) / h) ** 2) / patches.shape[1], dim=1)


def embedded_gaussian_by_loop(theta, phi, g):
    rows = []
    for query in theta:
        powers = [torch.exp(query @ key) for key in phi]
        rows.append(sum(power * value for power, value in zip(powers, g, strict=True)) / sum(powers))
    return torch.stack(rows)


def embedded_gaussian_by_attention(theta, phi, g):
    return F.scaled_dot_product_attention(theta[None], phi[None], g[None], scale=1.0)[0]


def linear_attention_by_loop(query, keys, values):
    result = torch.zeros(len(query), values.shape[1], dtype=query.dtype)
    for i, q in enumerate(query):
        for k, v in zip(keys, values, strict=True):
            result[i] += (q @ k) * v / len(keys)
    return result


def linear_attention_by_einsum(query, keys, values):
    small = torch.einsum("kd,kc->dc", keys, values)  # all three at once would build the table of all pairs
    return torch.einsum("nd,dc->nc", query, small) / keys.shape[0]


def concatenation_by_loop(theta, phi, w):
    rows = [[torch.relu(w @ torch.cat([query, key])) / len(phi) for key in phi] for query in theta]
    return torch.stack([torch.stack(row) for row in rows])


def concatenation_by_outer_sum(theta, phi, w):
    u, v = w.chunk(2)
    ones = torch.ones(max(len(theta), len(phi)), dtype=w.dtype)
    table = torch.outer(theta @ u, ones[: len(phi)]) + torch.outer(ones[: len(theta)], phi @ v)
    return table.clamp(min=0) / phi.shape[0]


def likeness_by_loop(weights):
    cosines = [
        F.cosine_similarity(one, other, dim=0)
        for i, one in enumerate(weights)
        for j, other in enumerate(weights)
        if i < j
    ]
    return sum(cosines) / len(cosines)


def likeness_in_numpy(weights):
    lengths = np.linalg.norm(weights.numpy(), axis=1, keepdims=True)
    unit = weights.numpy() / np.where(lengths == 0, 1, lengths)
    table = unit @ unit.T
    return table[~np.eye(len(table), dtype=bool)].mean()


RIGHT = {
    "patch_weights": (patch_weights_by_loop, patch_weights_by_cdist),
    "embedded_gaussian": (embedded_gaussian_by_loop, embedded_gaussian_by_attention),
    "linear_attention": (linear_attention_by_loop, linear_attention_by_einsum),
    "concatenation": (concatenation_by_loop, concatenation_by_outer_sum),
    "likeness": (likeness_by_loop, likeness_in_numpy),
}
