"""Right answers to every function that the sheets ask for, each written in two ways that differ from the solution.

`RIGHT[lesson][question]` holds them. Most are plain loops and einsum; none uses the library under test.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

# Lesson 1


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


# Lesson 2


def weights_by_loop(query, keys, width):
    table = torch.empty(len(query), len(keys))
    for i, x in enumerate(query.tolist()):
        kernel = [math.exp(-0.5 * ((x - key) / width) ** 2) for key in keys.tolist()]
        for j, value in enumerate(kernel):
            table[i, j] = value / sum(kernel)
    return table


def weights_by_cdist(query, keys, width):
    kernel = torch.exp(-torch.cdist(query[:, None], keys[:, None]).square() / (2 * width**2))
    return kernel / kernel.sum(dim=-1, keepdim=True)


def estimate_by_loop(query, keys, values, width):
    table = weights_by_loop(query, keys, width)
    return torch.stack([sum(weight * value for weight, value in zip(row, values, strict=True)) for row in table])


def estimate_by_einsum(query, keys, values, width):
    kernel = torch.exp(-0.5 * ((keys - query[:, None]) / width) ** 2)
    return torch.einsum("mn,n...->m...", kernel / kernel.sum(1, keepdim=True), values)


def mended_by_softmax(query, keys):
    return F.softmax(-((query.unsqueeze(1) - keys.unsqueeze(0)) ** 2) / 2, dim=-1)


def mended_by_differences(query, keys):
    """Each weight as 1 over a sum: exponents only ever appear as differences."""
    exponents = -0.5 * (query[:, None] - keys).double() ** 2
    return (1 / torch.exp(exponents[:, None, :] - exponents[:, :, None]).sum(dim=2)).float()


def is_average_by_loop(weights):
    return all(abs(sum(row) - 1) < 1e-5 and min(row) >= 0 for row in weights.tolist())


def is_average_by_extremes(weights):
    return weights.min() >= 0 and (weights.sum(1) - 1).abs().max() < 1e-5


def left_one_out_by_loop(x, y, width):
    errors = []
    for k in range(len(x)):
        others = [i for i in range(len(x)) if i != k]
        exponents = -0.5 * ((x[k] - x[others]) / width) ** 2
        errors.append((y[k] - torch.softmax(exponents, 0) @ y[others]) ** 2)
    return sum(errors) / len(errors)


def left_one_out_by_log_kernel(x, y, width):
    exponents = -((x[:, None] - x) ** 2) / (2 * width**2)
    exponents = torch.where(torch.eye(len(x), dtype=torch.bool), torch.full_like(exponents, -math.inf), exponents)
    log_weights = exponents - torch.logsumexp(exponents, dim=1, keepdim=True)
    return F.mse_loss(log_weights.exp() @ y, y).item()


# Lesson 3


def slope_by_autograd(query, keys, values, w):
    w = torch.tensor(w, dtype=keys.dtype, requires_grad=True)
    f = torch.softmax(-0.5 * ((query[:, None] - keys) * w) ** 2, dim=1) @ values
    return torch.stack([torch.autograd.grad(each, w, retain_graph=True)[0] for each in f])


def slope_by_centred_products(query, keys, values, w):
    squared = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * squared, dim=1)
    centred = squared - (alpha * squared).sum(1, keepdim=True)
    return -w * torch.einsum("mn,mn,n->m", alpha, centred, values)


def left_out_by_loop(x, w):
    rows = []
    for i, a in enumerate(x.tolist()):
        kernel = [0.0 if i == j else math.exp(-0.5 * (w * (a - b)) ** 2) for j, b in enumerate(x.tolist())]
        rows.append([value / sum(kernel) for value in kernel])
    return torch.tensor(rows, dtype=x.dtype)


def left_out_by_normalising_again(x, w):
    kernel = torch.exp(-0.5 * w**2 * (x[:, None] - x[None, :]) ** 2)
    kernel = kernel - torch.diag(kernel.diagonal())
    return kernel / kernel.sum(dim=1, keepdim=True)


def press_by_loop(weights, values):
    errors = []
    for k in range(len(values)):
        others = [i for i in range(len(values)) if i != k]
        errors.append(values[k] - weights[k, others] @ values[others] / weights[k, others].sum())
    return torch.stack(errors)


def press_by_masking(weights, values):
    others = weights.clone().fill_diagonal_(0)
    return values - torch.einsum("ij,j->i", others, values) / others.sum(dim=1)


def dot_product_by_loop(query, keys, values, w):
    results = []
    for x in query.tolist():
        kernel = [math.exp(-0.5 * (w * (x - key)) ** 2) for key in keys.tolist()]
        results.append(sum(k * y for k, y in zip(kernel, values.tolist(), strict=True)) / sum(kernel))
    return torch.tensor(results, dtype=query.dtype)


def dot_product_by_two_features(query, keys, values, w):
    q = torch.stack([w * query, torch.ones_like(query)], dim=1)
    k = torch.stack([w * keys, -0.5 * (w * keys) ** 2], dim=1)
    # The default scale is 1/√2 here: put its inverse into the queries.
    out = F.scaled_dot_product_attention(math.sqrt(2) * q[None], k[None], values[None, :, None])
    return out.flatten()


# Lesson 4


def select_by_loop(maps, scores):
    result = torch.zeros_like(maps[0])
    for c in range(maps.shape[1]):
        powers = torch.exp(scores[:, c])
        for b in range(len(maps)):
            result[c] += powers[b] / powers.sum() * maps[b, c]
    return result


def select_by_einsum(maps, scores):
    return torch.einsum("bc,bchw->chw", F.softmax(scores, 0), maps)


def ask_the_first_by_loop(frames):
    first, *others = frames.tolist()
    scores = [sum(a * b for a, b in zip(first, other, strict=True)) / math.sqrt(len(first)) for other in others]
    powers = [math.exp(score - max(scores)) for score in scores]
    return torch.tensor([0.0] + [power / sum(powers) for power in powers])


def ask_the_first_by_concatenation(frames):
    scores = torch.mv(frames[1:], frames[0]) * frames.shape[1] ** -0.5
    return torch.cat([frames.new_zeros(1), scores.softmax(0)])


# Lesson 5


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


# Lesson 6


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
    return torch.einsum("nd,kd,kc->nc", query, keys, values) / keys.shape[0]


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
    unit = weights.numpy() / np.linalg.norm(weights.numpy(), axis=1, keepdims=True)
    table = unit @ unit.T
    return table[~np.eye(len(table), dtype=bool)].mean()


# Lesson 7


def mended_with_convolutions(x, ratio):
    channels = x.shape[1]
    hidden = max(1, channels // ratio)
    mlp = torch.nn.Sequential(
        torch.nn.Conv2d(channels, hidden, 1, bias=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(hidden, channels, 1, bias=False),
    )
    gate = torch.sigmoid(mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1)))
    return torch.tensor([sum(p.numel() for p in mlp.parameters()), *(gate * x).shape]).float()


def mended_on_paper(x, ratio):
    channels = x.shape[1]
    return torch.tensor([2.0 * channels * max(channels // ratio, 1), *map(float, x.shape)])


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


# Lesson 8


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
    "cues": {
        "soft_pool": (soft_pool_by_loop, soft_pool_by_logarithms),
        "desk_weights": (desk_weights_by_loop, desk_weights_by_einsum),
    },
    "kernel_regression": {
        "attention_weights": (weights_by_loop, weights_by_cdist),
        "nadaraya_watson": (estimate_by_loop, estimate_by_einsum),
        "mended_weights": (mended_by_softmax, mended_by_differences),
        "is_average": (is_average_by_loop, is_average_by_extremes),
        "leave_one_out_error": (left_one_out_by_loop, left_one_out_by_log_kernel),
    },
    "learned_attention": {
        "slope": (slope_by_autograd, slope_by_centred_products),
        "left_out_weights": (left_out_by_loop, left_out_by_normalising_again),
        "press": (press_by_loop, press_by_masking),
        "as_dot_product": (dot_product_by_loop, dot_product_by_two_features),
    },
    "map": {
        "select": (select_by_loop, select_by_einsum),
        "ask_the_first": (ask_the_first_by_loop, ask_the_first_by_concatenation),
    },
    "squeeze_excitation": {
        "squeeze_excite": (squeeze_excite_by_loop, squeeze_excite_by_convolutions),
        "number_of_weights": (number_of_weights_of_layers, number_of_weights_in_numpy),
    },
    "non_local": {
        "patch_weights": (patch_weights_by_loop, patch_weights_by_cdist),
        "embedded_gaussian": (embedded_gaussian_by_loop, embedded_gaussian_by_attention),
        "linear_attention": (linear_attention_by_loop, linear_attention_by_einsum),
        "concatenation": (concatenation_by_loop, concatenation_by_outer_sum),
        "likeness": (likeness_by_loop, likeness_in_numpy),
    },
    "cbam": {
        "mended": (mended_with_convolutions, mended_on_paper),
        "merged": (merged_by_loop, merged_by_einsum),
        "spatial_attention": (spatial_by_unfolding, spatial_by_two_convolutions),
        "to_ours": (to_ours_by_index, to_ours_by_parts),
        "cbam": (cbam_by_loop, cbam_by_convolutions),
    },
    "capstone": {
        "heard": (heard_by_loop, heard_by_einsum),
        "paired": (paired_by_hand, paired_by_variance),
        "row": (row_by_loop, row_by_einsum),
    },
}
