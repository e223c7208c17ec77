"""Right answers to the functions of lesson 8's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch


def heard_by_loop(a, v):
    n = len(a)
    return sum(sum(a[i, j] for i in range(n)) / n * v[j] for j in range(n))


def heard_by_einsum(a, v):
    return torch.einsum("ij,jc->c", a, v) / a.shape[0]


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


RIGHT = {
    "heard": (heard_by_loop, heard_by_einsum),
    "paired": (paired_by_hand, paired_by_variance),
    "row": (row_by_loop, row_by_einsum),
}
