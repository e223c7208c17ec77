"""Right answers to the functions and classes of lesson 3's sheet, each written in two ways, not the solution's.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def left_out_by_loop(x, w, fold):
    rows = []
    for a, mine in zip(x.tolist(), fold.tolist(), strict=True):
        others = [(a - b) ** 2 for b, theirs in zip(x.tolist(), fold.tolist(), strict=True) if mine != theirs]
        kernel = [
            0.0 if mine == theirs else math.exp(-0.5 * w**2 * ((a - b) ** 2 - min(others)))
            for b, theirs in zip(x.tolist(), fold.tolist(), strict=True)
        ]
        rows.append([value / (sum(kernel) or 1.0) for value in kernel])
    return torch.tensor(rows, dtype=x.dtype)


def left_out_row_by_row(x, w, fold):
    table = torch.zeros(len(x), len(x), dtype=x.dtype)
    for i in range(len(x)):
        others = fold != fold[i]
        if others.any():
            table[i, others] = torch.softmax(-(w**2) * (x[i] - x[others]) ** 2 / 2, dim=0)
    return table


def slope_by_loop(query, keys, values, w):
    slopes = []
    for x in query.tolist():
        d = [x - key for key in keys.tolist()]
        nearest = min(each**2 for each in d)
        kernel = [math.exp(-0.5 * w**2 * (each**2 - nearest)) for each in d]
        alpha = [value / sum(kernel) for value in kernel]
        f = sum(a * y for a, y in zip(alpha, values.tolist(), strict=True))
        products = sum(a * y * each for a, y, each in zip(alpha, values.tolist(), d, strict=True))
        slopes.append(-(w**2) * (products - f * sum(a * each for a, each in zip(alpha, d, strict=True))))
    return torch.tensor(slopes, dtype=query.dtype)


def slope_by_centred_keys(query, keys, values, w):
    """The query is the same for all keys: the covariance with −d is that with the keys."""
    alpha = torch.softmax(-0.5 * (w * (query[:, None] - keys)) ** 2, dim=1)
    centred = keys - (alpha @ keys)[:, None]
    return w**2 * torch.einsum("mn,mn,n->m", alpha, centred, values)


def dot_product_one_query_at_a_time(query, keys, values, w):
    half = -0.5 * (w * w)[:, None]
    k = torch.cat([half * keys**2, -2 * half * keys, half.expand(keys.shape)], dim=1)[None, None]  # 3 d features
    results = []
    for x in query:
        q = torch.cat([torch.ones_like(x), x, x**2])[None, None, None]
        results.append(F.scaled_dot_product_attention(q, k, values[None, None, :, None], scale=1))
    return torch.cat(results).flatten()


def dot_product_with_the_default_scale(query, keys, values, w):
    ones = torch.ones_like(query[:, :1])
    q = torch.cat([-2 * query, torch.einsum("md,md->m", query, query)[:, None], ones], dim=1)
    k = torch.cat([keys, torch.ones_like(keys[:, :1]), torch.einsum("nd,nd->n", keys, keys)[:, None]], dim=1)
    # The default scale is 1/√(d + 2): put its inverse into the queries.
    scale = math.sqrt(query.shape[1] + 2)
    k = -0.5 * torch.einsum("n,ne->ne", w**2, k)
    return F.scaled_dot_product_attention(scale * q[None], k[None], values[None, :, None]).flatten()


class SmootherByShifting(nn.Module):
    """The softmax written out, with the largest score taken off."""

    def __init__(self, w=1.0):
        super().__init__()
        self.register_parameter("w", nn.Parameter(torch.ones(()) * w))

    def forward(self, query, keys, values, leave_one_out=False):
        scores = -((self.w * (query.unsqueeze(1) - keys.unsqueeze(0))) ** 2) / 2
        if leave_one_out:
            scores = scores + torch.diag(torch.full((len(query),), -math.inf, dtype=scores.dtype))
        kernel = torch.exp(scores - scores.amax(dim=1, keepdim=True))
        return (kernel * values).sum(dim=1) / kernel.sum(dim=1)


class SmootherQueryByQuery(nn.Module):
    def __init__(self, w=1.0):
        super().__init__()
        self.w = nn.Parameter(torch.as_tensor(w, dtype=torch.get_default_dtype()))

    def forward(self, query, keys, values, leave_one_out=False):
        predictions = []
        for i, x in enumerate(query):
            kept = [k for k in range(len(keys)) if k != i or not leave_one_out]
            alpha = F.softmax(-0.5 * self.w.square() * (x - keys[kept]).square(), dim=0)
            predictions.append(torch.dot(alpha, values[kept]))
        return torch.stack(predictions)


def fit_with_grad(x, y, w, learning_rate, steps):
    model = SmootherByShifting(w).double()
    path = [w]
    for _ in range(steps):
        loss = ((model(x, x, y, True) - y) ** 2).sum() / 2
        (gradient,) = torch.autograd.grad(loss, model.w)
        with torch.no_grad():
            model.w -= learning_rate * gradient
        path.append(float(model.w))
    return path


def fit_with_new_slopes(x, y, w, learning_rate, steps):
    """The slope by hand, and w a number throughout."""
    own, path = torch.eye(len(x), dtype=torch.bool), [float(w)]
    d2 = (x[:, None] - x) ** 2
    for _ in range(steps):
        alpha = (-0.5 * path[-1] ** 2 * d2).masked_fill(own, -math.inf).softmax(dim=1)
        f = alpha @ y
        df = -path[-1] * ((alpha * d2) @ y - f * (alpha * d2).sum(dim=1))
        path.append(path[-1] - learning_rate * float((f - y) @ df))
    return torch.tensor(path)


def influence_query_by_query(weights, values):
    """For each query a table of all votes in which vote k is 0 in row k."""
    rows, kept = [], 1 - torch.eye(len(values), dtype=weights.dtype)
    for row in weights:
        votes = kept * row
        rows.append(votes @ values / votes.sum(dim=1) - row @ values)
    return torch.stack(rows)


def influence_from_the_sums(weights, values):
    without = torch.einsum("ij,j->i", weights, values)[:, None] - weights * values
    rest = weights.sum(dim=1, keepdim=True) - weights
    return without / rest - (weights @ values).unsqueeze(1)


RIGHT = {
    "left_out_weights": (left_out_by_loop, left_out_row_by_row),
    "slope": (slope_by_loop, slope_by_centred_keys),
    "as_dot_product": (dot_product_one_query_at_a_time, dot_product_with_the_default_scale),
    "Smoother": (SmootherByShifting, SmootherQueryByQuery),
    "fit": (fit_with_grad, fit_with_new_slopes),
    "influence": (influence_query_by_query, influence_from_the_sums),
}
