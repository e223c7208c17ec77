"""Lesson 4: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math

import numpy as np
import torch

E2 = math.exp(2)


def spread(weights, maps):
    """Weights (B, C), stretched over the places and applied to the maps (B, C, H, W)."""
    return weights[..., None, None] * maps


def normalised_exponentials(maps, scores):
    powers = scores.exp()
    return spread(powers / powers.sum(dim=0, keepdim=True), maps).sum(dim=0)


def without_the_largest(maps, scores):
    powers = (scores - scores.amax(dim=0)).exp()
    return (spread(powers, maps).sum(dim=0)) / powers.sum(dim=0)[:, None, None]


def select_in_lists(maps, scores):
    return normalised_exponentials(maps, scores).tolist()


def select_channel_by_channel(maps, scores):
    shares = torch.nn.Softmax(dim=0)(scores)
    return torch.stack([torch.tensordot(shares[:, c], maps[:, c], dims=1) for c in range(maps.shape[1])])


def select_by_sigmoid(maps, scores):
    """Right for two branches alone."""
    first = (scores[0] - scores[1]).sigmoid()[:, None, None]
    return first * maps[0] + (1 - first) * maps[1]


def select_winner(maps, scores):
    return maps.gather(0, scores.argmax(0)[None, :, None, None].expand(1, *maps.shape[1:]))[0]


def select_first_channel_s(maps, scores):
    return spread(scores[:, :1].softmax(0), maps).sum(0)


def select_two_of_the_branches(maps, scores):
    return spread(scores[:2].softmax(0), maps[:2]).sum(0)


def scaled_scores(frames):
    return frames @ frames[0] / math.sqrt(frames.shape[1])


def masked_by(value):
    def ask(frames):
        scores = scaled_scores(frames)
        scores[0] = value
        return scores.softmax(0)

    return ask


def hidden(scores):
    scores = scores.clone()
    scores[0] = -math.inf
    return scores.softmax(0)


def as_printed(frames):
    scores = frames @ frames[0]
    weights = torch.softmax(scores, dim=0)
    weights[0] = 0
    return weights


def normalised_again(frames):
    weights = scaled_scores(frames).softmax(0)
    weights[0] = 0
    return weights / weights.sum()


def through_attention(frames):
    """Weights are what attention makes of one-hot values."""
    one_hot = torch.eye(len(frames), dtype=frames.dtype)
    mask = torch.arange(len(frames)) > 0
    return torch.nn.functional.scaled_dot_product_attention(frames[:1], frames, one_hot, attn_mask=mask[None])[0]


def ask_in_lists(frames):
    return [0.0, *(scaled_scores(frames)[1:].softmax(0)).tolist()]


def weights_moved_to_the_end(frames):
    return torch.cat([scaled_scores(frames)[1:].softmax(0), frames.new_zeros(1)])


def distances(frames):
    scores = -(frames - frames[0]).square().sum(1) / math.sqrt(frames.shape[1])
    return hidden(scores)


WRONG = {
    "branch_weights.weights": [
        ("one unit too much in the last digit", [0.882, 0.118]),
        ("one unit too little", [0.880, 0.120]),
        ("cut off", [0.880, 0.119]),
        ("two sigmoids", [0.881, 0.5]),
        ("swapped", [0.119, 0.881]),
        ("in proportion", [1, 0]),
        ("exponentials", [7.389, 1]),
        ("the first alone", 0.881),
        ("per cent", [88.1, 11.9]),
        ("two decimals", [0.88, 0.12]),
        ("half each", [0.5, 0.5]),
    ],
    "branch_weights.output": [
        ("one unit too much", 3.65),
        ("one unit too little", 3.63),
        ("two sigmoids", 4.02),
        ("mean", 2.5),
        ("sum", 5),
        ("weights swapped", 1.36),
        ("first summand", 3.52),
        ("exponentials", 30.56),
        ("scores as weights", 8),
        ("winner", 4),
        ("two numbers", [3.524, 0.119]),
    ],
    "branch_weights.raised": [
        ("sigmoids", [0.993, 0.953]),
        ("in proportion", [0.625, 0.375]),
        ("one unit", [0.882, 0.119]),
        ("raised as well", [3.881, 3.119]),
        ("times e³", [17.69, 2.394]),
        ("exponentials", [148.413, 20.086]),
    ],
    "branch_weights.three": [
        ("sigmoid and the rest halved", [0.881, 0.060, 0.060]),
        ("each as before", [0.881, 0.119, 0.119]),
        ("two", [0.881, 0.119]),
        ("three sigmoids", [0.881, 0.5, 0.5]),
        ("thirds", [1 / 3, 1 / 3, 1 / 3]),
        ("another order", [0.107, 0.107, 0.787]),
        ("cut off", [0.786, 0.106, 0.106]),
        ("exponentials", [7.389, 1, 1]),
    ],
    "select": [
        ("over the channels", lambda m, s: spread(s.softmax(1), m).sum(0)),
        ("over everything", lambda m, s: spread(s.flatten().softmax(0).view_as(s), m).sum(0)),
        ("sigmoids", lambda m, s: spread(s.sigmoid(), m).sum(0)),
        ("scores", lambda m, s: spread(s, m).sum(0)),
        ("exponentials", lambda m, s: spread(s.exp(), m).sum(0)),
        ("in proportion", lambda m, s: spread(s / s.sum(0), m).sum(0)),
        ("minus the scores", lambda m, s: spread((-s).softmax(0), m).sum(0)),
        ("logarithms", lambda m, s: spread(s.log_softmax(0), m).sum(0)),
        ("sum", lambda m, s: m.sum(0)),
        ("mean", lambda m, s: m.mean(0)),
        ("mean of the weighed", lambda m, s: spread(s.softmax(0), m).mean(0)),
        ("winner", select_winner),
        ("first branch", lambda m, s: m[0]),
        ("not added up", lambda m, s: spread(s.softmax(0), m)),
        ("concatenated", lambda m, s: spread(s.softmax(0), m).flatten(0, 1)),
        ("added over the channels", lambda m, s: spread(s.softmax(0), m).sum(1)),
        ("no new axes", lambda m, s: (s.softmax(0) * m).sum(0)),
        ("no new axes, turned round", lambda m, s: (m * s.softmax(0)).sum(0)),
        ("along the columns", lambda m, s: (m * s.softmax(0)[:, None, None, :]).sum(0)),
        ("along the rows", lambda m, s: (m * s.softmax(0)[:, None, :, None]).sum(0)),
        ("branches for channels", lambda m, s: (m * s.softmax(0)[None, :, :, None]).sum(0)),
        ("one weight a branch", lambda m, s: spread(s.mean(1, keepdim=True).softmax(0), m).sum(0)),
        ("first channel's weights", select_first_channel_s),
        ("two branches", select_two_of_the_branches),
        ("sigmoid of a difference", select_by_sigmoid),
        ("one axis too many", lambda m, s: spread(s.softmax(0), m).sum(0, keepdim=True)[None]),
        ("a constant", lambda m, s: torch.ones_like(m[0])),
        ("zeros", lambda m, s: torch.zeros_like(m[0])),
        ("weights alone", lambda m, s: s.softmax(0)),
    ],
    "concatenated": [("one off", 257), ("mean", 64), ("largest", 128), ("branches", 4)],
    "selected": [("still concatenated", 256), ("mean", 16), ("one off", 65), ("branches", 4)],
    "from_concatenation.weights": [
        ("one off", 10_241),
        ("with biases", 10_528),
        ("one score a channel", 4096),
        ("squeeze of the concatenation", 16_384),
        ("one score a branch", 2176),
        ("second alone", 8192),
        ("first alone", 2048),
        ("in thousands", 10.24),
    ],
    "two_3x3": [("unchanged", 25), ("one", 9), ("multiplied", 81), ("three by two", 12)],
    "row_and_column": [("unchanged", 49), ("one", 7), ("three 3×3", 27), ("one off", 15)],
    "saved": [
        ("left", [72, 28.6]),
        ("of the new", [38.9, 250]),
        ("fractions", [0.28, 0.71]),
        ("nearly", [28, 72]),
        ("one unit of the last digit", [28, 71.5]),
        ("weights", [7, 35]),
        ("the other order", [71.4, 28]),
        ("one number", 28),
        ("no per cent at all", [0, 1]),
    ],
    "with_channels": [
        ("one output", [6272, 1792]),
        ("one pair", [49, 14]),
        ("one of the two", [802_816, 114_688]),
        ("another order", [229_376, 802_816]),
        ("one off", [802_817, 229_376]),
        ("first alone", 802_816),
    ],
    "ask_the_first": [
        ("as printed", as_printed),
        ("0 afterwards", lambda f: torch.cat([f.new_zeros(1), scaled_scores(f).softmax(0)[1:]])),
        ("not scaled", lambda f: hidden(f @ f[0])),
        ("divided by d", lambda f: hidden(f @ f[0] / f.shape[1])),
        ("divided by √T", lambda f: hidden(f @ f[0] / math.sqrt(len(f)))),
        ("times √d", lambda f: hidden(f @ f[0] * math.sqrt(f.shape[1]))),
        ("score 0", masked_by(0.0)),
        ("score −1", masked_by(-1.0)),
        ("score −10", masked_by(-10.0)),
        ("score −100", masked_by(-100.0)),
        ("asks itself", lambda f: scaled_scores(f).softmax(0)),
        ("asks itself, not scaled", lambda f: (f @ f[0]).softmax(0)),
        ("left out", lambda f: scaled_scores(f)[1:].softmax(0)),
        ("0 at the end", weights_moved_to_the_end),
        ("the last asks", lambda f: hidden(f @ f[-1] / math.sqrt(f.shape[1]))),
        ("frames averaged", lambda f: hidden(scaled_scores(f)) @ f),
        ("every frame asks", lambda f: (f @ f.T / math.sqrt(f.shape[1])).fill_diagonal_(-math.inf).softmax(1)),
        ("distances", distances),
        ("equal shares", lambda f: torch.tensor([0.0] + [1 / (len(f) - 1)] * (len(f) - 1))),
        ("sigmoids", lambda f: torch.cat([f.new_zeros(1), scaled_scores(f)[1:].sigmoid()])),
        ("cosines", lambda f: hidden(torch.nn.functional.cosine_similarity(f, f[:1], dim=1))),
        ("the mean asks", lambda f: hidden(f @ f.mean(0) / math.sqrt(f.shape[1]))),
        ("hidden from a product", lambda f: hidden(f @ f[0]) / math.sqrt(f.shape[1])),
        ("nearest alone", lambda f: torch.nn.functional.one_hot(scaled_scores(f)[1:].argmax() + 1, len(f)).float()),
    ],
    "mixture": [
        ("a row", 512),
        ("two tables", 4160),
        ("one off", 262_145),
        ("without itself", 261_632),
        ("each pair once", 130_816),
        ("a table a frame", 32_768),
        ("a table a channel", 4096),
    ],
    "gates": [("a table", 262_144), ("sum", 72), ("one off", 511)],
    "product": [("pairs", 512), ("tables", 4160), ("one off", 73), ("multiplied", 64 * 8)],
}

RIGHT_FORMS = {
    "branch_weights.weights": [
        [0.881, 0.119],
        (0.8808, 0.1192),
        [[0.881], [0.119]],
        np.array([[0.881, 0.119]]),
        torch.tensor([2.0, 0.0]).softmax(0),
    ],
    "branch_weights.output": [3.64, 3.642, [3.64], (4 * E2 + 1) / (E2 + 1)],
    "branch_weights.raised": [[0.881, 0.119], torch.tensor([5.0, 3.0]).softmax(0)],
    "branch_weights.three": [[0.787, 0.107, 0.107], [E2 / (E2 + 2), 1 / (E2 + 2), 1 / (E2 + 2)]],
    "select": [
        normalised_exponentials,
        without_the_largest,
        select_in_lists,
        select_channel_by_channel,
        lambda m, s: torch.einsum("bc,bchw->chw", s.softmax(0), m),
        lambda m, s: spread(s.softmax(0), m).sum(0).double(),
    ],
    "concatenated": [256, 256.0, [256]],
    "selected": [64, torch.tensor(64)],
    "from_concatenation.weights": [10_240, 10_240.0, np.int64(10_240)],
    "two_3x3": [18, 18.0],
    "row_and_column": [14, [14]],
    "saved": [[28, 71.4], [28.0, 71.43], (28, 500 / 7)],
    "with_channels": [[802_816, 229_376], (49 * 128**2, 14 * 128**2)],
    "ask_the_first": [
        normalised_again,
        through_attention,
        ask_in_lists,
        masked_by(-1e9),
        masked_by(torch.finfo(torch.float32).min),
        lambda f: hidden(torch.einsum("td,d->t", f, f[0]) / f.shape[1] ** 0.5),
    ],
    "mixture": [512**2, 262_144.0],
    "gates": [512],
    "product": [72, 72.0],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("Inception is branch attention", "place.inception", "chose d"),
    ("ViT is channel attention", "place.vit", "chose a"),
    ("Non-local on video is spatial only", "place.non_local_video", "chose b"),
    ("independent sigmoids, 0.881 and 0.5", "branch_weights.weights", "two sigmoids"),
    ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose a"),
    ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose c"),
    ("28 % fewer weights, hence attention", "factorised.why_not_attention", "chose a"),
    ("weights without axes for the places", "select.select", "no new axes"),
    ("weights along the columns", "select.select", "along the columns"),
    ("the listing as it was", "ask_the_first.ask_the_first", "nothing mended"),
)
