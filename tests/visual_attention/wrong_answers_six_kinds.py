"""Lesson 4: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math

import numpy as np
import torch
import torch.nn.functional as F

# The selective part: functions (maps (N, B, C, H, W), reduce (d, C), expand (B·C, d))


def squeezed(maps):
    return maps.sum(1).mean((2, 3))


def table(maps, reduce, expand, z=None):
    """Scores (N, B, C)."""
    z = squeezed(maps) if z is None else z
    return (torch.relu(z @ reduce.T) @ expand.T).reshape(len(maps), maps.shape[1], maps.shape[2])


def spread(weights, maps):
    return weights[..., None, None] * maps


def weighed(weigh):
    return lambda m, r, e: spread(weigh(table(m, r, e)), m).sum(1)


def asked_by(squeeze):
    return lambda m, r, e: spread(table(m, r, e, squeeze(m)).softmax(1), m).sum(1)


def channels_first(m, r, e):
    scores = (torch.relu(squeezed(m) @ r.T) @ e.T).reshape(len(m), m.shape[2], m.shape[1]).mT
    return spread(scores.softmax(1), m).sum(1)


def two_branches(m, r, e):
    """Right for two branches: a sigmoid of the difference."""
    scores = table(m, r, e)
    first = (scores[:, 0] - scores[:, -1]).sigmoid()[..., None, None]
    return first * m[:, 0] + (1 - first) * m[:, -1]


def winner(m, r, e):
    best = table(m, r, e).argmax(1)
    return m.gather(1, best[:, None, :, None, None].expand(-1, 1, -1, *m.shape[3:]))[:, 0]


def one_weight_a_branch(m, r, e):
    return spread(table(m, r, e).mean(2, keepdim=True).softmax(1), m).sum(1)


def by_linear_layers(m, r, e):
    scores = F.linear(F.relu(F.linear(squeezed(m), r)), e).unflatten(1, m.shape[1:3])
    return (F.softmax(scores, dim=1).unsqueeze(-1).unsqueeze(-1) * m).sum(dim=1)


def by_exponentials(m, r, e):
    powers = (table(m, r, e) - table(m, r, e).amax(1, keepdim=True)).exp()
    return spread(powers, m).sum(1) / powers.sum(1)[..., None, None]


def one_after_the_other(m, r, e):
    return torch.cat([by_linear_layers(one[None], r, e) for one in m]).tolist()


# A frame that asks: functions (frames (N, T, d), asker)


def scores(frames, asker):
    return torch.einsum("ntd,nd->nt", frames, frames[:, asker])


def root(frames):
    return math.sqrt(frames.shape[2])


def hidden(scores, asker, value=-math.inf):
    scores = scores.clone()
    scores[:, asker] = value
    return scores


def zeroed(weights, asker):
    return hidden(weights, asker, 0.0)


def as_printed(frames, asker):
    query = frames[asker]
    weights = torch.softmax((frames * query).sum(dim=2), dim=0)
    weights[:, asker] = 0
    return weights


def three_of_four(frames, asker):
    """The softmax still runs over the clips, and meets a column of −∞ only."""
    return torch.softmax(hidden(scores(frames, asker) / root(frames), asker), dim=0)


def faults_left(clip=False, unscaled=False, over_clips=False, late=False):
    def ask(frames, asker):
        query = frames[asker] if clip else frames[:, asker].unsqueeze(1)
        s = (frames * query).sum(-1) / (1 if unscaled else root(frames))
        w = torch.softmax(s if late else hidden(s, asker), dim=0 if over_clips else 1)
        return zeroed(w, asker) if late else w

    return ask


def masked_by(value):
    return lambda f, asker: hidden(scores(f, asker) / root(f), asker, value).softmax(1)


def normalised_again(frames, asker):
    weights = zeroed((scores(frames, asker) / root(frames)).softmax(1), asker)
    return weights / weights.sum(1, keepdim=True)


def through_attention(frames, asker):
    """Weights are what attention makes of one-hot values."""
    n, t = frames.shape[:2]
    one_hot = torch.eye(t, dtype=frames.dtype).expand(n, t, t)
    mask = (torch.arange(t) != asker)[None, None]
    query = frames[:, asker : asker + 1]
    return F.scaled_dot_product_attention(query, frames, one_hot, attn_mask=mask)[:, 0]


def in_lists(frames, asker):
    return masked_by(-math.inf)(frames, asker).tolist()


WRONG = {
    "difference": [
        ("ratio", 3),
        ("weights", 0.5),
        ("the weight", 0.75, "weight"),
        ("log 2.5", 0.916),
        ("log 4", 1.386),
        ("minus", -1.099),
        ("base 10", 0.477),
        ("one unit", 1.1),
        ("two decimals", 1.10),
    ],
    "doubled": [
        ("unchanged", 5),
        ("twice", 10),
        ("first", 6),
        ("weights doubled", 5.43),
        ("swapped", 2.4),
        ("one unit", 5.61),
        ("clipped", 6.0),
    ],
    "three": [
        ("as before", [0.75, 0.25, 0.25]),
        ("rest shared", [0.75, 0.125, 0.125]),
        ("thirds", [1 / 3] * 3),
        ("exponentials", [3, 1, 1]),
        ("sigmoids", [0.75, 0.5, 0.5]),
        ("another order", [0.2, 0.6, 0.2]),
        ("two", [0.6, 0.4]),
    ],
    "branch_weights.gates": [
        ("softmax", 5),
        ("one gate", 4.5),
        ("both", 6),
        ("normalised", 4.4),
        ("one unit", 5.51),
        ("sum", 8),
    ],
    "selective": [
        ("over the channels", weighed(lambda s: s.softmax(2)), "branches that share"),
        ("over the pictures", weighed(lambda s: s.softmax(0)), "dim 0"),
        ("over all of a picture", weighed(lambda s: s.flatten(1).softmax(1).view_as(s)), "in each channel"),
        ("sigmoids", weighed(torch.sigmoid), "gates"),
        ("scores", weighed(lambda s: s), "Where is the softmax"),
        ("exponentials", weighed(torch.exp)),
        ("minus the scores", weighed(lambda s: (-s).softmax(1))),
        ("logarithms", weighed(lambda s: s.log_softmax(1))),
        ("scores cut off", weighed(lambda s: s.relu().softmax(1)), "may be negative"),
        ("scaled", weighed(lambda s: (s / s.shape[2] ** 0.5).softmax(1))),
        ("channels first", channels_first, "branch by branch"),
        ("no ReLU", lambda m, r, e: spread((squeezed(m) @ r.T @ e.T).view(m.shape[:3]).softmax(1), m).sum(1), "ReLU"),
        ("GELU", lambda m, r, e: spread((F.gelu(squeezed(m) @ r.T) @ e.T).view(m.shape[:3]).softmax(1), m).sum(1)),
        ("mean of the branches", asked_by(lambda m: m.mean((1, 3, 4))), "They are added"),
        ("sum of the places", asked_by(lambda m: m.sum((1, 3, 4))), "their mean"),
        ("maximum", asked_by(lambda m: m.sum(1).amax((2, 3))), "maximum"),
        ("first branch asks", asked_by(lambda m: m[:, 0].mean((2, 3))), "first branch"),
        ("last branch asks", asked_by(lambda m: m[:, -1].mean((2, 3)))),
        ("first picture asks", asked_by(lambda m: squeezed(m)[:1].expand(len(m), -1))),
        ("the batch asks", asked_by(lambda m: squeezed(m).mean(0, keepdim=True).expand(len(m), -1)), "whole batch"),
        ("one row of places", asked_by(lambda m: m.sum(1)[:, :, 0].mean(2))),
        ("two branches", two_branches),
        ("winner", winner),
        ("one weight a branch", one_weight_a_branch),
        ("sum", lambda m, r, e: m.sum(1), "without weights"),
        ("mean", lambda m, r, e: m.mean(1), "equal scores"),
        ("divided", lambda m, r, e: by_linear_layers(m, r, e) / m.shape[1], "already"),
        ("not added", lambda m, r, e: spread(table(m, r, e).softmax(1), m), "not added"),
        ("concatenated", lambda m, r, e: spread(table(m, r, e).softmax(1), m).flatten(1, 2)),
        ("weights", lambda m, r, e: table(m, r, e).softmax(1), "These are the weights"),
        ("averaged over the places", lambda m, r, e: by_linear_layers(m, r, e).mean((2, 3))),
        ("pictures added", lambda m, r, e: by_linear_layers(m, r, e).sum(0, keepdim=True)),
        ("zeros", lambda m, r, e: torch.zeros_like(m[:, 0])),
    ],
    "ask": [
        ("as printed", as_printed, "All four"),
        ("three of four", three_of_four, "The softmax runs over the clips"),
        ("not scaled, 0 afterwards", faults_left(unscaled=True, late=True), "Two of the four"),
        ("a clip, not scaled", faults_left(clip=True, unscaled=True), "Two of the four"),
        ("a clip, over the clips", faults_left(clip=True, over_clips=True), "Two of the four"),
        ("over the clips, 0 afterwards", faults_left(over_clips=True, late=True), "Two of the four"),
        ("a clip alone mended", faults_left(unscaled=True, over_clips=True, late=True), "Three of the four"),
        ("the scale alone mended", faults_left(clip=True, over_clips=True, late=True), "Three of the four"),
        ("0 afterwards", lambda f, a: zeroed((scores(f, a) / root(f)).softmax(1), a), "no longer sum to 1"),
        ("normalised again", normalised_again, "0/0"),
        ("not scaled", lambda f, a: hidden(scores(f, a), a).softmax(1), "√d"),
        ("divided by d", lambda f, a: hidden(scores(f, a) / f.shape[2], a).softmax(1), "square root"),
        ("divided by √T", lambda f, a: hidden(scores(f, a) / f.shape[1] ** 0.5, a).softmax(1), "number of frames"),
        ("divided by √N", lambda f, a: hidden(scores(f, a) / len(f) ** 0.5, a).softmax(1)),
        ("times √d", lambda f, a: hidden(scores(f, a) * root(f), a).softmax(1)),
        ("a clip asks", lambda f, a: hidden((f * f[a]).sum(2) / root(f), a).softmax(1), "is a clip"),
        ("first clip asks", lambda f, a: hidden(f @ f[0, a] / root(f), a).softmax(1), "in all clips"),
        ("first frame asks", lambda f, a: hidden(scores(f, 0) / root(f), 0).softmax(1), "whatever `asker`"),
        ("first frame hidden", lambda f, a: hidden(scores(f, a) / root(f), 0).softmax(1), "first frame is hidden"),
        ("last frame asks", lambda f, a: hidden(scores(f, -1) / root(f), -1).softmax(1)),
        ("score 0", masked_by(0.0), "exponential 1"),
        ("score −1", masked_by(-1.0)),
        ("score −10", masked_by(-10.0)),
        ("score −100", masked_by(-100.0)),
        ("asks itself", lambda f, a: (scores(f, a) / root(f)).softmax(1), "its own keys"),
        (
            "left out",
            lambda f, a: (scores(f, a) / root(f))[:, torch.arange(f.shape[1]) != a].softmax(1),
            "0 is missing",
        ),
        ("frames averaged", lambda f, a: torch.einsum("nt,ntd->nd", masked_by(-math.inf)(f, a), f), "Asked are the"),
        ("the mean asks", lambda f, a: hidden(torch.einsum("ntd,nd->nt", f, f.mean(1)) / root(f), a).softmax(1)),
        ("every frame asks", lambda f, a: (f @ f.mT / root(f)).softmax(2)),
        ("distances", lambda f, a: hidden(-(f - f[:, a : a + 1]).square().sum(2) / root(f), a).softmax(1)),
        ("cosines", lambda f, a: hidden(F.cosine_similarity(f, f[:, a : a + 1], dim=2), a).softmax(1)),
        ("sigmoids", lambda f, a: zeroed((scores(f, a) / root(f)).sigmoid(), a)),
        ("equal shares", lambda f, a: zeroed(torch.ones(f.shape[:2]) / (f.shape[1] - 1), a)),
        ("turned round", lambda f, a: masked_by(-math.inf)(f, a).T),
    ],
    "next_before": [
        ("behind the sum", 24_576, "weighted sum"),
        ("widest", 49_152),
        ("channels", 400),
        ("averaged", 25_600),
        ("one off", 102_401),
    ],
    "next_after": [("concatenated", 98_304), ("unchanged", 102_400), ("channels", 96), ("one off", 24_577)],
    "selection": [
        ("one off", 11_521),
        ("one score a channel", 4608),
        ("squeeze of the concatenation", 18_432),
        ("one score a branch", 2400),
        ("second alone", 9216),
        ("first alone", 2304),
        ("in thousands", 11.52),
    ],
    "largest_hidden": [
        ("rounded up", 163),
        ("all", 213),
        ("not cut off", 162.13, "whole number of entries"),
        ("two maps alike", 405),
        ("map", 202),
    ],
    "chain": [("three", 3), ("nine", 9), ("five", 5), ("two", 2)],
    "saved": [
        ("left", [44.4, 22.2]),
        ("of the new", [125, 350]),
        ("fractions", [0.556, 0.778]),
        ("weights", [45, 63]),
        ("three", [66.7, 77.8], "reach 7×7"),
        ("one unit", [55.6, 77.9]),
        ("the second one left", [55.6, 22.2], "The second number"),
        ("the first one left", [44.4, 77.8], "The first number"),
        ("one alone", 22.2, "Two savings"),
        ("the chain alone", 55.6, "list of two"),
        ("the pair alone", 77.8, "list of two"),
        ("the other order", [77.8, 55.6]),
        ("cut off", [55.5, 77.7]),
    ],
    "break_even": [("pair", 4.5), ("row", 1152), ("column", 576), ("mean", 96), ("one off", 385), ("one less", 383)],
    "mixture": [
        ("a row", 600),
        ("two tables", 2644),
        ("one off", 360_001),
        ("without itself", 359_400),
        ("each pair once", 179_700),
        ("a table a frame", 30_000),
        ("a table a channel", 7200),
    ],
    "empty_cell.gates": [("a table", 360_000), ("sum", 62), ("one off", 599)],
    "product": [("pairs", 600), ("tables", 2644), ("one off", 63)],
    "terms": [("one", 1), ("channels", 50), ("pairs", 600), ("both", 62), ("one less", 11)],
}

RIGHT_FORMS = {
    "difference": [1.099, math.log(3), np.log(3.0)],
    "doubled": [5.6, 28 / 5, [5.6]],
    "three": [[0.6, 0.2, 0.2], torch.tensor([math.log(3), 0.0, 0.0]).softmax(0)],
    "branch_weights.gates": [5.5, 11 / 2],
    "selective": [by_linear_layers, by_exponentials, one_after_the_other, lambda *x: by_linear_layers(*x).double()],
    "ask": [
        through_attention,
        in_lists,
        masked_by(-1e9),
        lambda f, a: hidden((f @ f[:, a, :, None])[..., 0] / f.shape[2] ** 0.5, a).softmax(-1),
    ],
    "next_before": [102_400, 400 * 256, 102_400.0],
    "next_after": [24_576, torch.tensor(24_576)],
    "selection": [11_520, np.int64(11_520)],
    "largest_hidden": [162, 162.0],
    "chain": [4, 4.0, [4]],
    "saved": [[55.6, 77.8], (500 / 9, 700 / 9)],
    "break_even": [384, 384.0],
    "mixture": [600**2, 360_000.0],
    "empty_cell.gates": [600],
    "product": [62, 62.0],
    "terms": [12],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("channel attention is always a gate", "place.channel_table", "chose b"),
    ("a learned factor for each channel is channel attention", "place.scale", "chose a"),
    ("a shift in time is temporal attention", "place.shift", "chose c"),
    ("a gate in a video is temporal", "place.video_gate", "chose c"),
    ("the log of the outputs", "branch_weights.difference", "log of the outputs"),
    ("doubled scores change nothing", "branch_weights.doubled", "unchanged"),
    ("a newcomer takes from the others only", "branch_weights.three", "rest shared"),
    ("softmax over the channels", "selective.selective", "softmax over the channels"),
    ("scores read channel by channel", "selective.selective", "channels before branches"),
    ("sum for mean in the squeeze", "selective.selective", "sum over the places"),
    ("mean for sum of the branches", "selective.selective", "mean over the branches"),
    ("the first axis is time", "ask_the_others.ask", "a clip for a frame"),
    ("0 after the softmax", "ask_the_others.ask", "0 after the softmax"),
    ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose a"),
    ("branches with different numbers of channels are summed", "from_concatenation.obstacle", "chose c"),
    ("rounded up over the budget", "from_concatenation.largest_hidden", "rounded up"),
    ("three 3×3 kernels reach 9×9", "factorised.chain", "three"),
    ("one product of gates makes any table", "empty_cell.terms", "one"),
)
