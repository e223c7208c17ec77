"""Right answers to the functions of lesson 1's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch


def soft_pool_by_loop(x, beta):
    exponents = [beta * float(value) for value in x]
    powers = [math.exp(exponent - max(exponents)) for exponent in exponents]
    return sum(power * float(value) for power, value in zip(powers, x, strict=True)) / sum(powers)


def soft_pool_by_logarithms(x, beta):
    exponents = beta * x
    return (x * torch.exp(exponents - torch.logsumexp(exponents, dim=0))).sum()


def desk_weights_by_loop(saliency, keys, query, a, b):
    scores = [
        a * float(s) + b * sum(float(q) * float(k) for q, k in zip(query, key, strict=True))
        for s, key in zip(saliency, keys, strict=True)
    ]
    powers = [math.exp(score) for score in scores]
    return torch.tensor([power / sum(powers) for power in powers])


def desk_weights_by_einsum(saliency, keys, query, a, b):
    powers = torch.exp(a * saliency) * torch.exp(torch.einsum("nd,d->n", b * keys, query))
    return powers / powers.sum()


RIGHT = {
    "soft_pool": (soft_pool_by_loop, soft_pool_by_logarithms),
    "desk_weights": (desk_weights_by_loop, desk_weights_by_einsum),
}
