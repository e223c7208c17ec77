"""Right answers to the functions of lesson 7's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import torch
import torch.nn.functional as F


def mended_with_convolutions(x, ratio):
    torch.manual_seed(7)
    channels = x.shape[1]
    hidden = max(1, channels // ratio)
    mlp = torch.nn.Sequential(
        torch.nn.Conv2d(channels, hidden, 1, bias=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(hidden, channels, 1, bias=False),
    )
    return x * torch.sigmoid(mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1)))


def mended_by_loop(x, ratio):
    torch.manual_seed(7)
    channels, hidden = x.shape[1], x.shape[1] // ratio or 1
    w0 = torch.nn.Linear(channels, hidden, bias=False).weight
    w1 = torch.nn.Linear(hidden, channels, bias=False).weight
    refined = []
    for picture in x:
        flat = picture.flatten(1)
        logits = sum(w1 @ (w0 @ pool).clamp(min=0) for pool in (flat.sum(1) / flat.shape[1], flat.max(1).values))
        refined.append(torch.stack([plane / (1 + torch.exp(-s)) for plane, s in zip(picture, logits, strict=True)]))
    return torch.stack(refined)


def merged_by_loop(w0, w1):
    rows = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in w0.T] for row in w1]
    return torch.stack([torch.stack(row) for row in rows])


def merged_by_einsum(w0, w1):
    return torch.einsum("hc,dh->dc", w0, w1)


def spatial_by_unfolding(x, kernel):
    maps = torch.cat([x.mean(1, keepdim=True), x.max(dim=1, keepdim=True).values], dim=1)
    k = kernel.shape[-1]
    windows = F.unfold(maps, k, padding=k // 2)  # (N, 2·k·k, H·W)
    return x * torch.sigmoid(kernel.flatten() @ windows).reshape(len(x), 1, *x.shape[2:])


def spatial_by_two_convolutions(x, kernel):
    logits = F.conv2d(x.mean(1, True), kernel[:, :1], padding="same")
    logits = logits + F.conv2d(x.amax(1, True), kernel[:, 1:], padding="same")
    return x / (1 + torch.exp(-logits))


def to_ours_by_index(kernel):
    return kernel[:, [1, 0]]


def to_ours_by_parts(kernel):
    maximum, mean = kernel.unbind(dim=1)
    return torch.stack((mean, maximum), dim=1)


def cbam_by_loop(x, w0, w1, kernel):
    refined = []
    for picture in x:
        flat = picture.flatten(1)
        logits = sum(w1 @ (w0 @ pool).clamp(min=0) for pool in (flat.mean(1), flat.max(1).values))
        picture = picture * logits.sigmoid()[:, None, None]
        maps = torch.stack([picture.mean(0), picture.max(0).values])
        refined.append(picture * F.conv2d(maps[None], kernel, padding=1)[0].sigmoid())
    return torch.stack(refined)


def cbam_by_convolutions(x, w0, w1, kernel):
    def mlp(pooled):
        return F.conv2d(F.conv2d(pooled, w0[..., None, None]).relu(), w1[..., None, None])

    x = x * (mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1))).sigmoid()
    return spatial_by_unfolding(x, kernel)


RIGHT = {
    "mended": (mended_with_convolutions, mended_by_loop),
    "merged": (merged_by_loop, merged_by_einsum),
    "spatial_attention": (spatial_by_unfolding, spatial_by_two_convolutions),
    "to_ours": (to_ours_by_index, to_ours_by_parts),
    "cbam": (cbam_by_loop, cbam_by_convolutions),
}
