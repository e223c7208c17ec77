"""Right answers to what lesson 9's sheet asks to write, each in two ways that differ from the solution."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def across_by_loop(queries, keys, scale):
    def unit(rows):
        mean = [sum(float(row[d]) for row in rows) / len(rows) for d in range(rows.shape[1])]
        centred = [[float(x) - m for x, m in zip(row, mean, strict=True)] for row in rows]
        lengths = [math.sqrt(sum(x * x for x in row)) or 1.0 for row in centred]
        return [[x / length for x in row] for row, length in zip(centred, lengths, strict=True)]

    table = []
    for q in unit(queries):
        powers = [math.exp(scale * sum(x * y for x, y in zip(q, k, strict=True))) for k in unit(keys)]
        table.append([power / sum(powers) for power in powers])
    return torch.tensor(table)


def across_by_einsum(queries, keys, scale):
    q, k = (each - each.sum(0) / len(each) for each in (queries, keys))
    lengths = [each.square().sum(1).sqrt().clamp(min=1e-12) for each in (q, k)]
    powers = torch.exp(scale * torch.einsum("ic,jc->ij", q, k) / lengths[0][:, None] / lengths[1])
    return powers / powers.sum(1, keepdim=True)


def contrast_by_loop(feature, first, second):
    total = torch.zeros_like(feature[0])
    for one, a, b in zip(feature, first, second, strict=True):
        total = total + one * (a.mean() - b.mean())
    return torch.where(total > 0, total, 0.0)


def contrast_by_matrix(feature, first, second):
    c, h, w = feature.shape
    share = first.reshape(c, -1).mean(1) - second.reshape(c, -1).mean(1)
    return (share @ feature.reshape(c, -1)).reshape(h, w).clamp(min=0)


def middle_by_narrow(picture):
    side = min(picture.shape[1], picture.shape[2])
    for axis in (1, 2):
        picture = picture.narrow(axis, (picture.shape[axis] - side) // 2, side)
    return picture


def middle_by_peeling(picture):
    last = True
    while picture.shape[1] != picture.shape[2]:
        axis = 1 if picture.shape[1] > picture.shape[2] else 2
        picture = picture.narrow(axis, 0 if last else 1, picture.shape[axis] - 1)
        last = not last
    return picture


class LookAlikeByCosine(nn.Module):
    """All pairs through cosine_similarity, channels first to the end."""

    def __init__(self, scale=6.0):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()) * scale)

    def forward(self, x):
        n, c, h, w = x.shape
        keys = (x - x.mean(dim=(2, 3), keepdim=True)).reshape(n, c, h * w)
        cosines = F.cosine_similarity(keys[:, :, :, None], keys[:, :, None, :], dim=1)
        return torch.einsum("nij,ncj->nci", (self.scale * cosines).softmax(dim=-1), x.reshape(n, c, -1)).view(
            n, c, h, w
        )


class LookAlikePictureByPicture(nn.Module):
    """One picture after the other, the softmax written out."""

    def __init__(self, scale=6.0):
        super().__init__()
        self.register_parameter("scale", nn.Parameter(torch.tensor(1.0 * scale)))

    def forward(self, x):
        out = []
        for picture in x:
            values = picture.flatten(1)  # (C, H W)
            keys = values - values.mean(1, keepdim=True)
            keys = keys / keys.norm(dim=0).clamp(min=1e-12)
            kernel = torch.exp(self.scale * (keys.T @ keys - 1))
            out.append((values @ (kernel / kernel.sum(1, keepdim=True)).T).unflatten(1, picture.shape[1:]))
        return torch.stack(out)


RIGHT = {
    "LookAlike": (LookAlikeByCosine, LookAlikePictureByPicture),
    "across": (across_by_loop, across_by_einsum),
    "contrast": (contrast_by_loop, contrast_by_matrix),
    "middle": (middle_by_narrow, middle_by_peeling),
}
