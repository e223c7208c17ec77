"""Right answers to the functions and classes of lesson 6's sheet, each written in two ways, not the solution's.

Most are plain loops and einsum; none uses the library under test.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def patch_weights_by_loop(patches, h):
    rows = []
    for i, one in enumerate(patches):
        kernel = [torch.exp(-((one - other) ** 2).mean() / h**2) for other in patches]
        others = [value for j, value in enumerate(kernel) if j != i]
        if others:
            kernel[i] = max(others)
        if not sum(kernel):  # all others are so far away that their powers are 0: their shares are those of the nearest
            distances = torch.stack([((one - other) ** 2).mean() for other in patches])
            distances[i] = min(d for j, d in enumerate(distances) if j != i)
            kernel = list(torch.exp(-(distances - distances.min()) / h**2))
        rows.append(torch.stack(kernel) / sum(kernel))
    return torch.stack(rows)


def patch_weights_by_cdist(patches, h):
    squared = torch.cdist(patches, patches) ** 2 / patches.shape[1]
    n = len(patches)
    if n > 1:
        nearest = (squared + torch.diag(torch.full((n,), torch.inf, dtype=squared.dtype))).min(dim=1).values
        squared = squared - squared.diagonal().diag() + nearest.diag()
    return F.softmax(-squared / h**2, dim=1)


def embedded_gaussian_by_loop(theta, phi, g, heads):
    results = []
    for t, p, v in zip(theta.chunk(heads, 1), phi.chunk(heads, 1), g.chunk(heads, 1), strict=True):
        powers = torch.exp(torch.einsum("nd,kd->nk", t, p))
        results.append(powers @ v / powers.sum(dim=1, keepdim=True))
    return torch.cat(results, dim=1)


def embedded_gaussian_by_attention(theta, phi, g, heads):
    def cut(part):
        return part.reshape(len(part), heads, -1).permute(1, 0, 2)[None]

    y = F.scaled_dot_product_attention(cut(theta), cut(phi), cut(g), scale=1.0)[0]
    return y.permute(1, 0, 2).reshape(len(theta), -1)


def linear_attention_by_loop(query, keys, values):
    q, k = (torch.where(part > 0, part + 1, torch.exp(part)) for part in (query, keys))
    rows = []
    for each in q:
        f = k @ each
        rows.append(f @ values / f.sum())
    return torch.stack(rows)


def linear_attention_with_a_column_of_ones(query, keys, values):
    """What stands below the line is one more column of the values."""
    q, k = (F.elu(part) + 1 for part in (query, keys))
    both = torch.einsum("nd,dc->nc", q, torch.einsum("kd,kc->dc", k, F.pad(values, (0, 1), value=1.0)))
    return both[:, :-1] / both[:, -1:]


def concatenation_by_loop(theta, phi, w, g):
    u, v = w.chunk(2)
    b = phi @ v
    return torch.stack([torch.relu(each @ u + b) @ g / len(phi) for each in theta])


def concatenation_by_counting(theta, phi, w, g):
    """Sorted upwards: a query hears the last keys, and what it does not hear is taken off the sum of all."""
    d = theta.shape[1]
    b, order = torch.sort(phi @ w[d:])
    a, g = theta @ w[:d], g[order]
    parts = torch.cat([g, b[:, None] * g], dim=1)
    silent = torch.cat([torch.zeros(1, parts.shape[1], dtype=g.dtype), parts.cumsum(dim=0)])
    of_g, of_bg = (parts.sum(dim=0) - silent[torch.searchsorted(b, -a, right=True)]).chunk(2, dim=1)
    return (a[:, None] * of_g + of_bg) / len(b)


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


class NonLocalByEinsum(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.theta, self.phi, self.g = (nn.Linear(channels, channels // 2) for _ in range(3))
        self.exit = nn.Linear(channels // 2, channels, bias=False)
        self.exit.weight.data.zero_()

    def forward(self, x):
        places = torch.einsum("nchw->nhwc", x)
        scores = torch.einsum("nhwd,nijd->nhwij", self.theta(places), self.phi(places))
        weights = scores.flatten(3).softmax(dim=3).reshape(scores.shape)
        y = torch.einsum("nhwij,nijd->nhwd", weights, self.g(places))
        return x + self.exit(y).permute(0, 3, 1, 2)


class NonLocalByAttention(nn.Module):
    """The library's attention, with its scale turned off; pictures one by one."""

    def __init__(self, channels):
        super().__init__()
        inner = channels // 2
        for name in ("theta", "phi", "g"):
            self.add_module(name, nn.Linear(channels, inner))
        self.exit = nn.Linear(inner, channels, bias=False)
        nn.init.constant_(self.exit.weight, 0.0)

    def forward(self, x):
        return torch.stack([self.of_one(picture) for picture in x])

    def of_one(self, picture):
        places = picture.reshape(len(picture), -1).T
        y = F.scaled_dot_product_attention(
            self.theta(places)[None], self.phi(places)[None], self.g(places)[None], scale=1.0
        )
        return picture + (y[0] @ self.exit.weight.T).T.reshape(picture.shape)


def attention_map_by_loop(theta, phi, place):
    query = [theta[c, place[0], place[1]] for c in range(len(theta))]
    scores = sum(q * keys for q, keys in zip(query, phi, strict=True))
    powers = torch.exp(scores - scores.max())
    return powers / powers.sum()


def attention_map_from_the_table(theta, phi, place):
    table = torch.einsum("dhw,dij->hwij", theta, phi)
    table = table.flatten(2).softmax(dim=2).reshape(table.shape)
    return table[place[0], place[1]]


RIGHT = {
    "patch_weights": (patch_weights_by_loop, patch_weights_by_cdist),
    "embedded_gaussian": (embedded_gaussian_by_loop, embedded_gaussian_by_attention),
    "linear_attention": (linear_attention_by_loop, linear_attention_with_a_column_of_ones),
    "concatenation": (concatenation_by_loop, concatenation_by_counting),
    "likeness": (likeness_by_loop, likeness_in_numpy),
    "NonLocal": (NonLocalByEinsum, NonLocalByAttention),
    "attention_map": (attention_map_by_loop, attention_map_from_the_table),
}
