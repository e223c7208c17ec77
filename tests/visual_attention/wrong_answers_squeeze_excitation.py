"""Lesson 5: wrong answers that a check must not accept, and right ones in other forms that it must."""

import math

import torch
import torch.nn.functional as F

UNITS, WIDTHS, SIDES = (3, 4, 6, 3), (256, 512, 1024, 2048), (56, 28, 14, 7)


def logits(u, w1, w2, pool=lambda u: u.mean(dim=(2, 3))):
    return (pool(u) @ w1.T).relu() @ w2.T


def gated(gate):
    """The map under gates (N, C)."""
    return lambda u, w1, w2: u * gate(u, w1, w2)[:, :, None, None]


def pooled(pool):
    return gated(lambda u, w1, w2: logits(u, w1, w2, pool).sigmoid())


def along(*index):
    """Gates with their new axes in the wrong places."""
    return lambda u, w1, w2: u * logits(u, w1, w2).sigmoid()[index]


def without_a_squeeze(u, w1, w2):
    down, up = w1[..., None, None], w2[..., None, None]
    return u * F.conv2d(F.conv2d(u, down).relu(), up).sigmoid()


def block_with_linear(u, w1, w2):
    z = F.adaptive_avg_pool2d(u, 1).flatten(1)
    gates = F.linear(F.linear(z, w1).clamp(min=0), w2).sigmoid()
    return torch.einsum("nchw,nc->nchw", u, gates)


def block_with_modules(u, w1, w2):
    down, up = torch.nn.Linear(*w1.T.shape, bias=False), torch.nn.Linear(*w2.T.shape, bias=False)
    down.weight, up.weight = torch.nn.Parameter(w1), torch.nn.Parameter(w2)
    mlp = torch.nn.Sequential(down, torch.nn.ReLU(), up, torch.nn.Sigmoid())
    return u * mlp(u.flatten(2).mean(2)).reshape(len(u), -1, 1, 1)


def block_by_picture(u, w1, w2):
    pictures = []
    for picture in u:
        z = picture.sum((1, 2)) / picture[0].numel()
        gates = 1 / (1 + torch.exp(-(w2 @ torch.maximum(w1 @ z, torch.zeros(())))))
        pictures.append(picture * gates.reshape(-1, 1, 1))
    return torch.stack(pictures)


def block_in_lists(u, w1, w2):
    return block_by_picture(u, w1, w2).tolist()


def count(hidden, bias=lambda c, h, b: b * (c + h)):
    """Weights and biases for a rule of the hidden width."""

    def number_of_weights(u, reduction, flag):
        c = u.shape[1]
        h = hidden(c, reduction)
        return 2 * c * h + bias(c, h, flag)

    return number_of_weights


def width(c, r):
    return max(c // r, 1)


def count_on_dim(dim):
    return lambda u, r, b: 2 * u.shape[dim] * width(u.shape[dim], r) + b * (u.shape[dim] + width(u.shape[dim], r))


def count_parameters(u, reduction, bias):
    c = u.size(dim=1)
    h = width(c, reduction)
    mlp = torch.nn.Sequential(torch.nn.Conv2d(c, h, 1, bias=bias), torch.nn.ReLU(), torch.nn.Conv2d(h, c, 1, bias=bias))
    return torch.tensor(sum(p.numel() for p in mlp.parameters()))


def count_with_if(u, reduction, bias):
    _, c, _, _ = u.shape
    h = math.floor(c / reduction)
    if h < 1:
        h = 1
    if bias:
        return c * h + h + h * c + c
    return c * h + h * c


def over_stages(cost):
    return sum(cost(n, c, side) for n, c, side in zip(UNITS, WIDTHS, SIDES, strict=True))


WRONG = {
    "squeezed": [
        ("sums", [8, 4]),
        ("maxima", [4, 2]),
        ("medians", [2, 1.5]),
        ("over the channels", [2, 0.5, 3, 0.5]),
        ("one number", 1.5),
        ("another order", [1, 2]),
        ("one off in the last digit", [2.001, 1]),
    ],
    "by_hand.gates": [
        ("softmax", [0.018, 0.982]),
        ("ReLU at the end", [0.5, 0.953]),
        ("logits", [-1, 3]),
        ("sums squeezed", [0.018, 1]),
        ("maxima squeezed", [0.119, 0.998]),
        ("sign of W2 dropped", [0.731, 0.953]),
        ("sign of W1 dropped", [0.047, 1]),
        ("ReLU for the sigmoid", [0, 3]),
        ("one unit of the last digit", [0.270, 0.953]),
        ("cut off", [0.268, 0.952]),
        ("hidden unit", 1),
        ("two decimals", [0.27, 0.95]),
    ],
    "scaled": [
        ("added", [4.269, 2.953]),
        ("not scaled", [4, 2]),
        ("means", [0.538, 0.953]),
        ("softmax", [0.072, 1.964]),
        ("sign of W2 dropped", [2.924, 1.905]),
        ("ReLU at the end", [2, 1.905]),
        ("rounded too early", [1.076, 1.906]),
        ("logits as gates", [-4, 6]),
        ("one unit of the last digit", [1.077, 1.905]),
        ("all values", [[0.807, 0.269, 1.076, 0], [0.953, 0, 1.905, 0.953]]),
    ],
    "cost.weights": [
        ("C/4", 157_184),
        ("one block a stage", 696_320),
        ("one layer", 1_257_472),
        ("no ratio", 40_239_104),
        ("full layer", 20_119_552),
        ("with biases", 2_530_992),
        ("whole network", 28_071_976),
        ("in millions", 2.514944),
        ("in millions, rounded", 2.51),
        ("in thousands", 2515),
        ("one off", 2_514_945),
        ("rounded", 2_515_000),
    ],
    "last_share": [
        ("of the network", 0.0615),
        ("others", 0.375),
        ("units", 0.1875),
        ("per cent", 62.5),
        ("a quarter", 0.25),
        ("by channels", 0.533),
        ("by channels and units", 0.407),
        ("one block a stage", 0.753),
        ("cut off", 0.62),
        ("one unit of the last digit", 0.64),
        ("count", 1_572_864),
    ],
    "with_bias": [
        ("none", 2_514_944),
        ("second only", 2_530_048),
        ("first only", 2_515_888),
        ("biases alone", 16_048),
        ("one off", 2_530_993),
        ("in millions", 2.53),
        ("twice", 5_061_984),
    ],
    "mean_gate": [
        ("sigmoid", 0.5),
        ("sum", 1),
        ("hidden width", 0.00781),
        ("nothing", 0),
        ("cut off", 0.00048),
        ("four decimals", 0.0005),
        ("one unit", 0.00050),
        ("per cent", 0.0488),
        ("inverse", 2048),
    ],
    "squeeze_excite": [
        ("gates alone", lambda u, w1, w2: logits(u, w1, w2).sigmoid()),
        ("gates with axes", lambda u, w1, w2: logits(u, w1, w2).sigmoid()[..., None, None]),
        ("softmax", gated(lambda u, w1, w2: logits(u, w1, w2).softmax(1))),
        ("softmax over the batch", gated(lambda u, w1, w2: logits(u, w1, w2).softmax(0))),
        ("no sigmoid", gated(logits)),
        ("ReLU for the sigmoid", gated(lambda u, w1, w2: logits(u, w1, w2).relu())),
        ("tanh for the sigmoid", gated(lambda u, w1, w2: logits(u, w1, w2).tanh())),
        ("sigmoid for the ReLU", gated(lambda u, w1, w2: ((u.mean((2, 3)) @ w1.T).sigmoid() @ w2.T).sigmoid())),
        ("ReLU after both", gated(lambda u, w1, w2: logits(u, w1, w2).relu().sigmoid())),
        ("ReLU at the end only", gated(lambda u, w1, w2: (u.mean((2, 3)) @ w1.T @ w2.T).relu().sigmoid())),
        ("no ReLU", gated(lambda u, w1, w2: (u.mean((2, 3)) @ w1.T @ w2.T).sigmoid())),
        ("ReLU on the squeeze", gated(lambda u, w1, w2: (u.mean((2, 3)).relu() @ w1.T @ w2.T).sigmoid())),
        ("ReLU on the map", gated(lambda u, w1, w2: logits(u.relu(), w1, w2).sigmoid())),
        ("sum", pooled(lambda u: u.sum((2, 3)))),
        ("maximum", pooled(lambda u: u.amax((2, 3)))),
        ("size of the maximum", pooled(lambda u: u.abs().amax((2, 3)))),
        ("mean of the sizes", pooled(lambda u: u.abs().mean((2, 3)))),
        ("median", pooled(lambda u: u.flatten(2).median(2).values)),
        ("over the channels", pooled(lambda u: u.mean(1).flatten(1))),
        ("over the rows", pooled(lambda u: u.mean(2)[..., 0])),
        ("first place", pooled(lambda u: u[:, :, 0, 0])),
        ("divided by the height alone", pooled(lambda u: u.sum((2, 3)) / u.shape[2])),
        ("divided by a square's side", pooled(lambda u: u.sum((2, 3)) / u.shape[2] ** 2)),
        ("batch mixed", pooled(lambda u: u.mean((0, 2, 3))[None].expand(len(u), -1))),
        ("first picture's gates", lambda u, w1, w2: u * logits(u, w1, w2).sigmoid()[0, :, None, None]),
        ("first picture alone", lambda u, w1, w2: gated(lambda *a: logits(*a).sigmoid())(u[:1], w1, w2)),
        ("no new axes", lambda u, w1, w2: u * logits(u, w1, w2).sigmoid()),
        ("no new axes, turned round", lambda u, w1, w2: logits(u, w1, w2).sigmoid() * u),
        ("along the columns", along(slice(None), None, None, slice(None))),
        ("along the rows", along(slice(None), None, slice(None), None)),
        ("no batch axis", along(None, slice(None), slice(None), None)),
        ("layers swapped", gated(lambda u, w1, w2: ((u.mean((2, 3)) @ w2).relu() @ w1).sigmoid())),
        ("second weights for both", gated(lambda u, w1, w2: ((u.mean((2, 3)) @ w2).relu() @ w2.T).sigmoid())),
        ("first weights for both", gated(lambda u, w1, w2: ((u.mean((2, 3)) @ w1.T).relu() @ w1).sigmoid())),
        ("shortcut added", lambda u, w1, w2: u + u * logits(u, w1, w2).sigmoid()[..., None, None]),
        ("gate added", lambda u, w1, w2: u + logits(u, w1, w2).sigmoid()[..., None, None]),
        ("hard sigmoid", gated(lambda u, w1, w2: F.hardsigmoid(logits(u, w1, w2)))),
        ("leaky ReLU", gated(lambda u, w1, w2: (F.leaky_relu(u.mean((2, 3)) @ w1.T) @ w2.T).sigmoid())),
        ("square windows", pooled(lambda u: u[..., : min(u.shape[2:]), : min(u.shape[2:])].mean((2, 3)))),
        ("deviations", pooled(lambda u: u.flatten(2).std(2, correction=0))),
        ("half", lambda u, w1, w2: u / 2),
        ("unchanged", lambda u, w1, w2: u.clone()),
        ("no squeeze", without_a_squeeze),
        ("mean gated", lambda u, w1, w2: u.mean((2, 3)) * logits(u, w1, w2).sigmoid()),
    ],
    "number_of_weights": [
        ("2C²/r", lambda u, r, b: 2 * u.shape[1] ** 2 // r + b * (u.shape[1] + width(u.shape[1], r))),
        ("2C²/r as a fraction", lambda u, r, b: 2 * u.shape[1] ** 2 / r + b * (u.shape[1] + width(u.shape[1], r))),
        ("at least 8", count(lambda c, r: max(c // r, 8))),
        ("as printed", count(lambda c, r: c // 16, lambda c, h, b: b * (c + h))),
        ("16 written in", count(lambda c, r: max(c // 16, 1))),
        ("no hidden unit", count(lambda c, r: c // r)),
        ("rounded up", count(lambda c, r: math.ceil(c / r))),
        ("rounded up otherwise", count(lambda c, r: -(-c // r))),
        ("rounded", count(lambda c, r: max(round(c / r), 1))),
        ("rounded half up", count(lambda c, r: max(int(c / r + 0.5), 1))),
        ("not whole", count(lambda c, r: max(c / r, 1))),
        ("one more", count(lambda c, r: c // r + 1)),
        ("the smaller", count(lambda c, r: min(c // r, 1))),
        ("width is the ratio", count(lambda c, r: r)),
        ("at least the ratio", count(lambda c, r: max(c // r, r))),
        ("one layer", lambda u, r, b: u.shape[1] * width(u.shape[1], r) + b * (u.shape[1] + width(u.shape[1], r))),
        ("biases always", count(width, lambda c, h, b: c + h)),
        ("biases never", count(width, lambda c, h, b: 0)),
        ("flag turned round", count(width, lambda c, h, b: (not b) * (c + h))),
        ("hidden biases only", count(width, lambda c, h, b: b * h)),
        ("outer biases only", count(width, lambda c, h, b: b * c)),
        ("two biases", count(width, lambda c, h, b: 2 * b)),
        ("biases twice", count(width, lambda c, h, b: 2 * b * (c + h))),
        ("pictures for channels", count_on_dim(0)),
        ("rows for channels", count_on_dim(2)),
        ("columns for channels", count_on_dim(3)),
        ("one off", lambda u, r, b: count(width)(u, r, b) + 1),
        ("a little off", lambda u, r, b: count(width)(u, r, b) * 1.00005),
        ("hidden width alone", lambda u, r, b: width(u.shape[1], r)),
        ("at each place", lambda u, r, b: count(width)(u, r, b) * u[0, 0].numel()),
        ("a constant", lambda u, r, b: 580),
    ],
    "detective.share": [
        ("rest", 0.36),
        ("points", 0.65),
        ("main table", 0.26),
        ("cut off", 0.63),
        ("per cent", 64),
        ("part by part", 0.57),
        ("of the error", 0.03),
        ("one decimal", 0.6),
        ("inverse", 1.57),
    ],
    "multiply_adds": [
        ("difference of the table", 0.412),
        ("once a picture", 0.0025),
        ("one layer", 0.206),
        ("total", 4.269),
        ("total as printed", 4.27),
        ("one size", 0.123),
        ("not in G", over_stages(lambda n, c, side: n * 2 * c * c // 16 * side**2)),
        ("in millions", 411.042),
        ("one block a stage", over_stages(lambda n, c, side: 2 * c * c // 16 * side**2) / 1e9),
        ("side not squared", over_stages(lambda n, c, side: n * 2 * c * c // 16 * side) / 1e9),
        ("FLOPs", 0.822),
        ("too small", 0.410),
        ("two decimals", 0.41),
        ("no ratio", 6.577),
    ],
    "intervene.share": [("always", 1), ("never", 0), ("chance", 0.1), ("half", 0.5), ("count", 225)],
}

RIGHT_FORMS = {
    "squeezed": [[2, 1], torch.tensor([[2.0, 1.0]]), (2.0, 1.0)],
    "by_hand.gates": [[0.269, 0.953], [0.2689, 0.9526], torch.tensor([-1.0, 3.0]).sigmoid()],
    "scaled": [[1.076, 1.905], [1.0758, 1.9051], [1.0756, 1.9052]],
    "cost.weights": [2_514_944, 2_514_944.0, torch.tensor(2_514_944)],
    "last_share": [0.63, 0.625, 0.6254, 1_572_864 / 2_514_944],
    "with_bias": [2_530_992, 2_530_992.0],
    "mean_gate": [0.00049, 1 / 2048, 4.88e-4],
    "squeeze_excite": [
        lambda u, w1, w2: u * (w2 @ (w1 @ u.mean(-1).mean(-1).T).relu()).sigmoid().T[..., None, None],
        block_with_linear,
        block_with_modules,
        block_by_picture,
        block_in_lists,
    ],
    "number_of_weights": [
        count(width),
        count_parameters,
        count_with_if,
        lambda u, r, b: float(count(width)(u, r, b)),
        lambda u, r, b: count(lambda c, r: c // min(r, c))(u, r, b),
    ],
    "detective.share": [0.64, 0.637, 0.65 / 1.02],
    "multiply_adds": [0.411, 0.41104],
}

# What people say: in words, the question that meets it, and the name under which it does.
KNOWN = (
    ("157,184: C/4", "cost.weights", "inner width"),
    ("696,320: N_s forgotten", "cost.weights", "one unit a stage"),
    ("1,257,472: factor 2 forgotten", "cost.weights", "one layer"),
    ("a softmax is the same up to scale", "gates.softmax_instead", "chose a"),
    ("batch norm repairs the softmax", "gates.softmax_instead", "chose b"),
    ("a smaller r is always better", "gates.smaller_ratio", "chose a"),
    ("24.80 and 23.30 are the same baseline", "gates.two_baselines", "chose a"),
    ("16 written into the code", "debug.number_of_weights", "16 written in"),
    ("pooled over C", "block.squeeze_excite", "pooled over the channels"),
    ("ReLU after the second layer", "block.squeeze_excite", "ReLU after the second layer"),
    ("gates sum to 1", "by_hand.gates", "softmax"),
    ("sigmoid forgotten", "block.squeeze_excite", "no sigmoid"),
    ("gates without axes for the places", "block.squeeze_excite", "no new axes"),
    ("gates along the columns", "block.squeeze_excite", "along the columns"),
    ("no squeeze", "block.squeeze_excite", "no squeeze"),
    ("C / r rounded up", "debug.number_of_weights", "rounded up"),
    ("4.27 − 3.858", "detective.multiply_adds", "difference of the table"),
)
