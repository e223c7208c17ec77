"""Right answers to the functions of lesson 4's sheet, each written in two ways that differ from the solution.

Most are plain loops and einsum; none uses the library under test.
"""

import math

import torch
import torch.nn.functional as F


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


RIGHT = {
    "select": (select_by_loop, select_by_einsum),
    "ask_the_first": (ask_the_first_by_loop, ask_the_first_by_concatenation),
}
