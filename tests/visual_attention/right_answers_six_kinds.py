"""Right answers to the functions of lesson 4's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch
import torch.nn.functional as F


def selective_by_loop(maps, reduce, expand):
    results = []
    for picture in maps:
        count, channels = picture.shape[:2]
        z = sum(branch.mean(dim=(1, 2)) for branch in picture)
        scores = torch.mv(expand, torch.mv(reduce, z).clamp(min=0))
        result = torch.zeros_like(picture[0])
        for c in range(channels):
            powers = [math.exp(scores[b * channels + c]) for b in range(count)]
            for b, power in enumerate(powers):
                result[c] += power / sum(powers) * picture[b, c]
        results.append(result)
    return torch.stack(results)


def selective_by_einsum(maps, reduce, expand):
    z = torch.einsum("nbchw->nc", maps) / (maps.shape[3] * maps.shape[4])
    table = expand.view(maps.shape[1], maps.shape[2], -1)
    scores = torch.einsum("bcd,nd->nbc", table, F.relu(F.linear(z, reduce)))
    return torch.einsum("nbc,nbchw->nchw", F.softmax(scores, 1), maps)


def ask_by_loop(frames, asker):
    rows = []
    for clip in frames.tolist():
        query = clip[asker]
        scores = [sum(a * b for a, b in zip(query, other, strict=True)) / math.sqrt(len(query)) for other in clip]
        largest = max(score for t, score in enumerate(scores) if t != asker)
        powers = [0.0 if t == asker else math.exp(score - largest) for t, score in enumerate(scores)]
        rows.append([power / sum(powers) for power in powers])
    return torch.tensor(rows)


def ask_by_selection(frames, asker):
    others = [t for t in range(frames.shape[1]) if t != asker]
    scores = torch.einsum("ntd,nd->nt", frames[:, others], frames[:, asker]) * frames.shape[2] ** -0.5
    weights = frames.new_zeros(frames.shape[:2])
    weights[:, others] = scores.softmax(1)
    return weights


RIGHT = {
    "selective": (selective_by_loop, selective_by_einsum),
    "ask": (ask_by_loop, ask_by_selection),
}
