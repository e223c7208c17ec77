"""Right answers to the functions of lesson 3's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch
import torch.nn.functional as F


def slope_by_loop(query, keys, values, w):
    slopes = []
    for x in query.tolist():
        squared = [(x - key) ** 2 for key in keys.tolist()]
        kernel = [math.exp(-0.5 * w**2 * (each - min(squared))) for each in squared]
        alpha = [value / sum(kernel) for value in kernel]
        products = sum(a * y * d for a, y, d in zip(alpha, values.tolist(), squared, strict=True))
        f = sum(a * y for a, y in zip(alpha, values.tolist(), strict=True))
        slopes.append(-w * (products - f * sum(a * d for a, d in zip(alpha, squared, strict=True))))
    return torch.tensor(slopes, dtype=query.dtype)


def slope_by_centred_products(query, keys, values, w):
    squared = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * squared, dim=1)
    centred = squared - (alpha * squared).sum(1, keepdim=True)
    return -w * torch.einsum("mn,mn,n->m", alpha, centred, values)


def left_out_by_loop(x, w):
    rows = []
    for i, a in enumerate(x.tolist()):
        squared = [math.inf if i == j else (a - b) ** 2 for j, b in enumerate(x.tolist())]
        kernel = [0.0 if i == j else math.exp(-0.5 * w**2 * (d - min(squared))) for j, d in enumerate(squared)]
        rows.append([value / sum(kernel) for value in kernel])
    return torch.tensor(rows, dtype=x.dtype)


def left_out_by_putting_the_diagonal_in(x, w):
    """Every row without its own point, weighed, and a 0 put in where that point was."""
    n = len(x)
    others = x.expand(n, n)[~torch.eye(n, dtype=torch.bool)].reshape(n, n - 1)
    weights = F.softmax(-(w**2) * (x[:, None] - others) ** 2 / 2, dim=-1)
    return torch.stack([torch.cat([row[:i], row.new_zeros(1), row[i:]]) for i, row in enumerate(weights)])


def press_by_loop(weights, values):
    errors = []
    for k in range(len(values)):
        others = [i for i in range(len(values)) if i != k]
        errors.append(values[k] - weights[k, others] @ values[others] / weights[k, others].sum())
    return torch.stack(errors)


def press_by_masking(weights, values):
    others = weights.clone().fill_diagonal_(0)
    return values - torch.einsum("ij,j->i", others, values) / others.sum(dim=1)


def dot_product_one_query_at_a_time(query, keys, values, w):
    k = torch.stack([keys, keys**2], dim=1)[None, None]  # (batch, heads, keys, features)
    results = []
    for x in query:
        q = torch.stack([w**2 * x, torch.tensor(-0.5 * w**2, dtype=x.dtype)])[None, None, None]
        results.append(F.scaled_dot_product_attention(q, k, values[None, None, :, None], scale=1))
    return torch.cat(results).flatten()


def dot_product_by_two_features(query, keys, values, w):
    q = torch.stack([w * query, torch.ones_like(query)], dim=1)
    k = torch.stack([w * keys, -0.5 * (w * keys) ** 2], dim=1)
    # The default scale is 1/√2 here: put its inverse into the queries.
    out = F.scaled_dot_product_attention(math.sqrt(2) * q[None], k[None], values[None, :, None])
    return out.flatten()


RIGHT = {
    "slope": (slope_by_loop, slope_by_centred_products),
    "left_out_weights": (left_out_by_loop, left_out_by_putting_the_diagonal_in),
    "press": (press_by_loop, press_by_masking),
    "as_dot_product": (dot_product_one_query_at_a_time, dot_product_by_two_features),
}
