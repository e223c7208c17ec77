"""Right answers to the functions of lesson 1's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch


def soft_pool_by_loop(x, beta):
    results = []
    for row in x.tolist():
        inside = [value for value in row if value != -math.inf]
        exponents = [beta * value for value in inside]
        powers = [math.exp(exponent - max(exponents)) for exponent in exponents]
        results.append(sum(power * value for power, value in zip(powers, inside, strict=True)) / sum(powers))
    return torch.tensor(results)


def soft_pool_by_logarithms(x, beta):
    inside = x.isfinite()
    values = torch.where(inside, x, torch.zeros_like(x))
    exponents = torch.where(inside, beta * values, torch.full_like(x, -math.inf))
    return (values * torch.exp(exponents - torch.logsumexp(exponents, dim=1, keepdim=True))).sum(1)


def look_by_loop(saliency, keys, queries, values, a, b):
    rows = []
    for query in queries:
        scores = [
            a * float(s) + b * sum(float(q) * float(k) for q, k in zip(query, key, strict=True))
            for s, key in zip(saliency, keys, strict=True)
        ]
        powers = [math.exp(score) for score in scores]
        rows.append(sum(power / sum(powers) * value for power, value in zip(powers, values, strict=True)))
    return torch.stack(rows)


def look_by_einsum(saliency, keys, queries, values, a, b):
    powers = torch.exp(a * saliency) * torch.exp(torch.einsum("nd,md->mn", b * keys, queries))
    return torch.einsum("mn,nv->mv", powers, values) / powers.sum(1, keepdim=True)


RIGHT = {
    "soft_pool": (soft_pool_by_loop, soft_pool_by_logarithms),
    "look": (look_by_loop, look_by_einsum),
}
