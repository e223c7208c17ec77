"""The exercises of lesson 6: non-local means, the four pairwise functions, what the block costs, and the block itself.

Right answers come from `visual_attention.blocks` and `visual_attention.pooling` where they have them. Wrong ones are
written out, so that a check can name the mistake.
"""

import functools
import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from courseware.exercises.build import Case, Measured, Module
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.tools import Tool
from visual_attention.blocks import NonLocalBlock
from visual_attention.experiments import load_weights
from visual_attention.lessons.non_local.data import twin_pictures
from visual_attention.lessons.non_local.networks import TwinNetwork

__all__ = [
    "ALL",
    "alike",
    "block",
    "dead_start",
    "heads",
    "look",
    "patches",
    "ranking",
    "reorder",
    "slot",
    "table_2e",
    "three_places",
]


# What is built from lists is not seen by a check that watches the tensors.
LISTS = Tool("tolist", frozenset({"TensorBase.tolist"}))
RUNNING_SUMS = Tool("cumsum", frozenset({"cumsum"}))


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return (low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)).round(decimals=1)


# --------------------------------------------------------------------------------------------------
# x = (−1, 1, 2), θ(x) = x/2, φ(x) = 1 − x, g(x) = 3x, W_z = ½; place 2 asks.

X = torch.tensor([-1.0, 1.0, 2.0], dtype=torch.float64)
THETA, PHI, G = X / 2, 1 - X, 3 * X
PRODUCTS = THETA[:, None] * PHI
ROWS = torch.softmax(PRODUCTS, dim=1)
ROW = ROWS[1]
COLUMN = torch.softmax(PRODUCTS, dim=0)[1]
WITH_THETA_TWICE = torch.softmax(THETA[1] * THETA, dim=0)
Y = (ROW @ G).item()
Y_DOT = (PRODUCTS[1] @ G).item() / 3

three_places = Exercise(
    "three_places",
    "By hand: a block with three places",
    (
        Value(
            "weights",
            ROW,
            (
                Mistake(
                    "softmax over i",
                    COLUMN,
                    "These are the weights that place 2 gets under each key: each is divided by the sum over i. The "
                    "query is fixed; its weights over the keys j sum to 1.",
                ),
                Mistake("not normalised", PRODUCTS[1].exp(), "These are the three values of f. Divide by their sum."),
                Mistake(
                    "no exponential", PRODUCTS[1], "These are the products θ φ. The Gaussian form has exp(…), divided."
                ),
                Mistake("place 1", ROWS[0], "That is the row of place 1. The query is θ(x₂) = ½."),
                Mistake("place 3", ROWS[2], "That is the row of place 3. The query is θ(x₂) = ½."),
                Mistake(
                    "θ in the place of φ",
                    WITH_THETA_TWICE,
                    "The keys are φ(x_j) = 1 − x_j here. You matched θ(x₂) with θ(x_j).",
                ),
                Mistake(
                    "θ and φ exchanged",
                    torch.full((3,), 1 / 3),
                    "All three are alike, as if the query were 0. φ(x₂) is; but place 2 asks with θ(x₂).",
                ),
                Mistake(
                    "keys and values exchanged",
                    torch.softmax(THETA[1] * G, dim=0),
                    "You matched the query with g(x_j). The keys are φ(x_j).",
                ),
                Mistake(
                    "largest",
                    torch.tensor([1.0, 0.0, 0.0]),
                    "All of it went to the largest. A softmax gives it most of the weight, not all.",
                ),
            ),
            remark="e, 1 and 1/√e over their sum.",
        ),
        Value(
            "softmax",
            Y,
            (
                Mistake("g forgotten", (ROW @ X).item(), "You averaged x. The values are g(x) = 3x."),
                Mistake(
                    "keys and values exchanged",
                    (ROW @ PHI).item(),
                    "You averaged the keys φ(x_j). The values are g(x_j).",
                ),
                Mistake("softmax over i", (COLUMN @ G).item(), "The weights come from a softmax over i, the queries."),
                Mistake("θ in the place of φ", (WITH_THETA_TWICE @ G).item(), "The keys are φ(x_j) = 1 − x_j."),
                Mistake("average", 2.0, "2 is the plain average of the values: all weights 1/3."),
                Mistake("largest", -3.0, "−3 is the value of the largest weight. The others count, too."),
                Mistake("not normalised", (PRODUCTS[1].exp() @ G).item(), "That is Σ f · g. Divide by Σ f."),
                Mistake(
                    "divided by N",
                    (PRODUCTS[1].exp() @ G).item() / 3,
                    "You divided by the number of places. That is for the other form: here divide by Σ f.",
                ),
                Mistake("dot product", Y_DOT, "That is the dot-product form. Here f is e to the product."),
                Mistake("place 1", (ROWS[0] @ G).item(), "That is what place 1 receives. The query is θ(x₂) = ½."),
                Mistake("place 3", (ROWS[2] @ G).item(), "That is what place 3 receives. The query is θ(x₂) = ½."),
                Mistake("z", 1 + Y / 2, "That is z, behind W_z and with x added. Here y alone is asked."),
            ),
        ),
        Value(
            "dot_product",
            Y_DOT,
            (
                Mistake(
                    "divided by the sum of f",
                    -12.0,
                    "−12 divides by the sum of f, ½. The dot-product form divides by the number of places.",
                ),
                Mistake("not divided", -6.0, "−6 is Σ f · g. The dot-product form divides it by N."),
                Mistake("softmax", Y, "That is the softmax form again. Here f is the product, without exp."),
                Mistake("g forgotten", Y_DOT / 3, "You took x for the values. They are g(x) = 3x."),
                Mistake("keys and values exchanged", 2.5 / 3, "You took the keys for the values. They are g(x_j)."),
                Mistake("θ and φ exchanged", 0.0, "0 comes from φ(x₂) as the query. Place 2 asks with θ(x₂)."),
                Mistake("place 1", 2.0, "That is what place 1 receives. The query is θ(x₂) = ½."),
                Mistake("place 3", -4.0, "That is what place 3 receives. The query is θ(x₂) = ½."),
                Mistake("θ in the place of φ", (THETA[1] * THETA @ G).item() / 3, "The keys are φ(x_j) = 1 − x_j."),
            ),
            remark="Its weights sum to 1/6: this is no average.",
        ),
        Value(
            "z",
            1 + Y / 2,
            (
                Mistake("x forgotten", Y / 2, "That is W_z y₂. The block *adds* it to what was there, x₂."),
                Mistake("W_z forgotten", 1 + Y, "y₂ goes through W_z = ½ before it is added."),
                Mistake("y", Y, "That is y₂. It goes through W_z, and x₂ is added."),
                Mistake("of the dot product", 1 + Y_DOT / 2, "That is z₂ of the dot-product form."),
                Mistake("g(x₂) added", 3 + Y / 2, "You added g(x₂). What is added is x₂ itself, as it came in."),
                Mistake("all halved", (1 + Y) / 2, "W_z stands at y₂ only. x₂ is added as it came in."),
            ),
        ),
    ),
    hints=(
        "The query is fixed, θ(x₂). Only j moves. Write down θ, φ and g of all places first.",
        "The softmax form divides by the sum over j, for this query; the dot-product form by the number of places, "
        "whatever the sum is. Only in the end x comes back.",
        "θ(x₂) = ½ and φ = (2, 0, −1): `weights` are e, …",
    ),
)

# --------------------------------------------------------------------------------------------------

NOISE = 0.15
H = NOISE * math.sqrt(2 / math.log(2))


def _patches(generator: torch.Generator) -> Iterable[tuple]:
    for n, d, h in ((3, 2, 1.0), (4, 9, 0.5), (6, 3, 2.0), (10, 27, 0.3)):
        yield _uniform((n, d), 0, 1, generator), h


def _odd_patches() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "a single pixel: its vote is 1", (_uniform((1, 4), 0, 1, generator), 0.5)
    yield "two pixels", (_uniform((2, 3), 0, 1, generator), 0.3)
    yield "patches of a single number", (torch.tensor([[0.3], [0.9], [0.2], [0.6], [0.4]], dtype=torch.float64), 0.5)
    yield (
        "two patches that are equal",
        (torch.tensor([[0.2, 0.8, 0.5], [0.2, 0.8, 0.5], [0.6, 0.1, 0.3]]).double(), 0.5),
    )
    yield "all patches equal", (torch.full((4, 3), 0.7, dtype=torch.float64), 0.1)
    yield "as many patches as numbers in each", (_uniform((4, 4), 0, 1, generator), 0.7)
    yield "negative numbers", (_uniform((3, 5), -2, -1, generator), 0.8)
    yield "patches far apart", (torch.tensor([[0.0, 1.0], [40.0, 41.0], [90.0, 88.0]]).double(), 0.5)


def _mean_squares(patches: Tensor) -> Tensor:
    return (patches[:, None] - patches).square().mean(dim=2)


def _as_nearest(scores: Tensor) -> Tensor:
    """Scores in which the own one is the largest of the others'; a single pixel keeps what it has."""
    if len(scores) == 1:
        return scores
    own = torch.eye(len(scores), dtype=torch.bool)
    return torch.where(own, scores.masked_fill(own, -math.inf).amax(dim=1, keepdim=True), scores)


def _tamed(patches: Tensor, h: float) -> Tensor:
    return torch.softmax(_as_nearest(-_mean_squares(patches) / h**2), dim=1)


def _with_own_score(score: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, float], Tensor]:
    """Another score of its own for each pixel, made of the table of scores and of where a pixel meets itself."""

    def weights(patches: Tensor, h: float) -> Tensor:
        scores = -_mean_squares(patches) / h**2
        own = torch.eye(len(scores), dtype=torch.bool)
        return torch.softmax(torch.where(own, score(scores, own), scores), dim=1)

    return weights


def _set_afterwards(patches: Tensor, h: float) -> Tensor:
    """The own weight is made as large as the largest other one behind the softmax."""
    weights = torch.softmax(-_mean_squares(patches) / h**2, dim=1)
    own = torch.eye(len(weights), dtype=torch.bool)
    return torch.where(own, weights.masked_fill(own, 0).amax(dim=1, keepdim=True), weights)


def _hidden_where_equal(patches: Tensor, h: float) -> Tensor:
    """Goes by the distance: an equal patch is taken for the pixel's own."""
    scores = -_mean_squares(patches) / h**2
    if len(patches) == 1:
        return torch.ones_like(scores)
    own = scores == 0
    return torch.softmax(torch.where(own, scores.masked_fill(own, -math.inf).amax(dim=1, keepdim=True), scores), dim=1)


def _left_out_where_equal(patches: Tensor, h: float) -> Tensor:
    """The nearest other has the smallest distance above 0, here; the own vote alone is set to it."""
    scores = -_mean_squares(patches) / h**2
    if len(patches) == 1:
        return torch.ones_like(scores)
    own = torch.eye(len(scores), dtype=torch.bool)
    nearest = scores.masked_fill(scores == 0, -math.inf).amax(dim=1, keepdim=True)
    return torch.softmax(torch.where(own, nearest, scores), dim=1)


def _over_their_sum(patches: Tensor, h: float, single: float = 1.0) -> Tensor:
    """Exponentials over their sum: right, but 0/0 where all of them are too small for a number."""
    powers = torch.exp(-_mean_squares(patches) / h**2)
    own = torch.eye(len(powers), dtype=torch.bool)
    others = powers.masked_fill(own, 0.0).amax(dim=1, keepdim=True) if len(powers) > 1 else powers * single
    powers = torch.where(own, others, powers)
    return powers / powers.sum(dim=1, keepdim=True)


patches = Exercise(
    "patches",
    "Derive and implement: a vote that is not too large",
    (
        Value(
            "h",
            H,
            (
                Mistake(
                    "a ½ too many, or one σ² too few",
                    NOISE / math.sqrt(math.log(2)),
                    "Compare with exp(−d²/h²), which has no ½, where d² = 2σ²: a factor 2 is lost.",
                ),
                Mistake("no root", H**2, "That is h². Take the root."),
                Mistake("2σ² not put in", 1 / math.sqrt(math.log(2)), "Where is d² = 2σ²?"),
                Mistake("2σ² for h", 2 * NOISE**2, "That is d² itself. Its exponential, exp(−d²/h²), is to be ½."),
                Mistake("inverted", 1 / H, "That is 1/h."),
                Mistake("√2 σ", NOISE * math.sqrt(2), "At h² = d² the vote is 1/e = 0.37. It is to be ½."),
                Mistake(
                    "logarithm to the base 10",
                    NOISE * math.sqrt(2 / math.log10(2)),
                    "The logarithm is the natural one, ln 2 = 0.693: the power has the base e.",
                ),
            ),
            remark="exp(−2σ²/h²) = ½.",
        ),
        Value(
            "w",
            math.sqrt(2) / H,
            (
                Mistake("1/h", 1 / H, "w = 1/h gives exp(−d²/(2h²)): Nadaraya–Watson has a ½ that the filter lacks."),
                Mistake("inverted root", 1 / (math.sqrt(2) * H), "The √2 is on the wrong side: ½w²d² is to be d²/h²."),
                Mistake("squared", 2 / H**2, "That is w². Take the root."),
                Mistake("width", H / math.sqrt(2), "That is σ = h/√2, the width. w is its inverse."),
            ),
            decimals=2,
            remark="½w² = 1/h².",
        ),
        Function(
            "patch_weights",
            "patch_weights(patches, h) → the (n, n) weights, rows sum to 1; the own vote is that of the nearest other",
            _tamed,
            _patches,
            (
                Mistake(
                    "own vote as it is",
                    _with_own_score(lambda scores, own: scores),
                    "The pixel's own distance is 0 here, as on the page. Its vote is to be that of the nearest other.",
                ),
                Mistake(
                    "own vote left out",
                    _with_own_score(lambda scores, own: torch.full_like(scores, -math.inf)),
                    "The own vote is left out. It is to be as large as that of the most similar other pixel.",
                ),
                Mistake(
                    "nothing but −∞ for a single pixel",
                    _with_own_score(lambda scores, own: scores.masked_fill(own, -math.inf).amax(dim=1, keepdim=True)),
                    "A single pixel has no other to take its vote from: its row is nan. It is to be 1.",
                ),
                Mistake(
                    "set behind the softmax",
                    _set_afterwards,
                    "The own weight was replaced behind the softmax, so that the rows no longer sum to 1.",
                ),
                Mistake(
                    "the least similar",
                    _with_own_score(
                        lambda scores, own: scores.amin(dim=1, keepdim=True) if len(scores) > 1 else scores
                    ),
                    "The own vote is that of the *least* similar pixel. The most similar one has the smallest "
                    "distance.",
                ),
                Mistake(
                    "mean of the others",
                    _with_own_score(lambda scores, own: scores.sum(dim=1, keepdim=True) / max(len(scores) - 1, 1)),
                    "The own score is the mean of the others'. The nearest other has the largest one.",
                ),
                Mistake(
                    "one for the whole picture",
                    _with_own_score(
                        lambda scores, own: scores.masked_fill(own, -math.inf).max() if len(scores) > 1 else scores
                    ),
                    "The same own score for all pixels: the nearest pair of the picture. Each pixel has its own "
                    "nearest "
                    "other.",
                ),
                Mistake(
                    "equal patches hidden",
                    _hidden_where_equal,
                    "Every distance of 0 is taken for the pixel's own. Another patch may be equal to it: go by the "
                    "number of the pixel, not by the distance.",
                ),
                Mistake(
                    "equal patches left out",
                    _left_out_where_equal,
                    "Every distance of 0 is taken for the pixel's own. Another patch may be equal to it: go by the "
                    "number of the pixel, not by the distance.",
                ),
                Mistake(
                    "exponentials over their sum",
                    _over_their_sum,
                    "All exponentials of a row are so small that they come out as 0, and 0/0 is nan. Which function of "
                    "PyTorch takes the largest score out first?",
                ),
                Mistake(
                    "exponentials over their sum, a single pixel",
                    lambda p, h: _over_their_sum(p, h, single=0.0),
                    "A single pixel has no other to take its vote from: its row is nan. It is to be 1.",
                ),
                Mistake(
                    "sum instead of mean",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p) * p.shape[1] / h**2), dim=1),
                    "d² is the sum over the patch here. It is the mean: otherwise h would have to grow with the patch.",
                ),
                Mistake(
                    "a half too many",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p) / (2 * h**2)), dim=1),
                    "There is a factor ½ in the exponent: exp(−d²/h²) has none.",
                ),
                Mistake(
                    "h not squared",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p) / h), dim=1),
                    "The exponent has h², not h.",
                ),
                Mistake(
                    "softmax over i",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p) / h**2), dim=0),
                    "Columns sum to 1 here. Rows are to: dim=1.",
                ),
                Mistake(
                    "not normalised",
                    lambda p, h: torch.exp(_as_nearest(-_mean_squares(p) / h**2)),
                    "These are the exponentials. Each row still has to be divided by its sum.",
                ),
                Mistake(
                    "distance not squared",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p).sqrt() / h**2), dim=1),
                    "You took the distance d. The exponent has d².",
                ),
                Mistake(
                    "absolute differences",
                    lambda p, h: torch.softmax(_as_nearest(-(p[:, None] - p).abs().mean(dim=2) / h**2), dim=1),
                    "You averaged absolute differences. They are squared before the mean.",
                ),
                Mistake(
                    "squared after the mean",
                    lambda p, h: torch.softmax(_as_nearest(-(p[:, None] - p).mean(dim=2).square() / h**2), dim=1),
                    "Differences of opposite sign cancel here: they are first squared, then averaged.",
                ),
                Mistake(
                    "h forgotten",
                    lambda p, h: torch.softmax(_as_nearest(-_mean_squares(p)), dim=1),
                    "The argument h is not used.",
                ),
            ),
            edge_cases=_odd_patches,
        ),
    ),
    hints=(
        "A pixel's own patch is at the distance 0, so its own vote is e⁰ = 1 before it is divided. When is "
        "another's ½?",
        "exp(−2σ²/h²) = ½: take the logarithm. In code, replace the scores on the diagonal *before* the "
        "softmax: by the "
        "largest score of the row among the others.",
        "`scores = -(patches[:, None] - patches).square()…`, of shape (n, n) in the end.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _split(features: Tensor, heads: int) -> Tensor:
    """(n, d) -> (heads, n, d / heads): the first channels for the first head."""
    return features.unflatten(1, (heads, -1)).transpose(0, 1)


def _joined(parts: Tensor) -> Tensor:
    return parts.transpose(0, 1).flatten(1)


def _with_heads(theta: Tensor, phi: Tensor, g: Tensor, heads: int) -> Tensor:
    weights = torch.softmax(_split(theta, heads) @ _split(phi, heads).mT, dim=2)
    return _joined(weights @ _split(g, heads))


def _interleaved(features: Tensor, heads: int) -> Tensor:
    return features.unflatten(1, (-1, heads)).permute(2, 0, 1)


def _headed(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, heads, d, c in ((3, 4, 2, 2, 1), (4, 5, 3, 2, 2), (5, 2, 2, 3, 2), (6, 6, 4, 2, 3)):
        sizes = (n, heads * d), (k, heads * d), (k, heads * c)
        yield (*(_uniform(size, -2, 2, generator) for size in sizes), heads)


def _odd_heads() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(n: int, k: int, d: int, c: int) -> tuple[Tensor, ...]:
        return tuple(_uniform(shape, -2, 2, generator) for shape in ((n, d), (k, d), (k, c)))

    yield "one head only", (*some(3, 4, 2, 3), 1)
    yield "as many heads as channels", (*some(4, 3, 3, 3), 3)
    yield "a single key", (*some(3, 1, 2, 4), 2)
    yield "a single query", (*some(1, 4, 4, 2), 2)
    yield "as many queries as keys as channels as values", (*some(4, 4, 4, 4), 2)
    theta, phi, g = some(4, 5, 4, 2)
    yield "queries of zeros", (0 * theta, phi, g, 2)
    yield "all keys equal", (theta, phi[:1].expand(5, 4).clone(), g, 2)
    yield "two keys that are equal", (theta, phi[[0, 1, 2, 3, 3]], g, 2)


heads = Exercise(
    "heads",
    "Detective and implement: a wrong index, and several heads",
    (
        Choice(
            "rows",
            Question(
                r"Somebody prints $y_i = \sum_j \frac{f_{ij}}{\sum_{i'} f_{i'j}}\, g_j$, $f_{ij} = e^{\theta_i \cdot "
                r"\phi_j}$. The weights of one query sum to",
                {
                    "1, whatever it asks": (
                        "That needs a sum over the keys below the line. Here it runs over the queries i', for a "
                        "fixed key."
                    ),
                    "more or less than 1, as it happens": (
                        "Each key hands out 1 in all. A query that many keys prefer gets much, another one little."
                    ),
                    "the number of keys": "Only if this query gets all that every key hands out: if there is no other.",
                },
                right="b",
            ),
        ),
        Choice(
            "total",
            Question(
                "With 7 queries and 4 keys all weights of that formula together sum to",
                {
                    "1": "So it would be if one sum ran over the whole table.",
                    "4": "Each key's weights sum to 1 over the queries, and there are 4 keys.",
                    "7": "So it is in the right formula: each of 7 queries hands out 1. Here each key does.",
                    "28": "28 is the number of weights.",
                },
                right="b",
            ),
        ),
        Function(
            "embedded_gaussian",
            "embedded_gaussian(theta, phi, g, heads) → y, (n, c): each head attends in its own channels",
            _with_heads,
            _headed,
            (
                Mistake(
                    "one head",
                    lambda t, p, g, h: torch.softmax(t @ p.T, dim=1) @ g,
                    "All channels are matched together: that is one head. Cut them into parts first.",
                ),
                Mistake(
                    "every h-th channel",
                    lambda t, p, g, h: (
                        (torch.softmax(_interleaved(t, h) @ _interleaved(p, h).mT, dim=2) @ _interleaved(g, h))
                        .permute(1, 2, 0)
                        .flatten(1)
                    ),
                    "A head took every h-th channel. The first head has the first channels, next to each other.",
                ),
                Mistake(
                    "one table for all",
                    lambda t, p, g, h: torch.softmax(_split(t, h) @ _split(p, h).mT, dim=2).mean(dim=0) @ g,
                    "The heads' weights were averaged, and one table serves all values. Each head has its own values.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda t, p, g, h: _joined(torch.softmax(_split(t, h) @ _split(p, h).mT, dim=1) @ _split(g, h)),
                    "The softmax runs over the queries: the weights of one query do not sum to 1.",
                ),
                Mistake(
                    "softmax over the heads",
                    lambda t, p, g, h: _joined(torch.softmax(_split(t, h) @ _split(p, h).mT, dim=0) @ _split(g, h)),
                    "The softmax runs over the heads. It runs over the keys, in each head by itself.",
                ),
                Mistake(
                    "scaled",
                    lambda t, p, g, h: _joined(
                        torch.softmax(_split(t, h) @ _split(p, h).mT / (t.shape[1] / h) ** 0.5, dim=2) @ _split(g, h)
                    ),
                    "There is a factor 1/√d in the exponent: the transformer's, and the default of PyTorch's "
                    "attention. The paper has none.",
                ),
                Mistake(
                    "not normalised",
                    lambda t, p, g, h: _joined((_split(t, h) @ _split(p, h).mT).exp() @ _split(g, h)),
                    "Σ_j exp(…) g_j still has to be divided by Σ_k exp(…), in each head.",
                ),
                Mistake(
                    "no exponential",
                    lambda t, p, g, h: _joined(_split(t, h) @ _split(p, h).mT @ _split(g, h) / len(p)),
                    "That is the dot-product form. Here f is an exponential, divided by its sum.",
                ),
                Mistake(
                    "channels scrambled",
                    lambda t, p, g, h: (torch.softmax(_split(t, h) @ _split(p, h).mT, dim=2) @ _split(g, h)).reshape(
                        len(t), -1
                    ),
                    "The results are right, and were put together in a wrong order: (heads, n, …) reshaped to (n, …) "
                    "takes numbers of other queries. First bring the axis of the heads behind that of the queries.",
                ),
                Mistake(
                    "cut along the places",
                    lambda t, p, g, h: (
                        (
                            torch.softmax(t.reshape(h, len(t), -1) @ p.reshape(h, len(p), -1).mT, dim=2)
                            @ g.reshape(h, len(p), -1)
                        )
                        .transpose(0, 1)
                        .flatten(1)
                    ),
                    "(n, d) reshaped to (heads, n, …) cuts along the places. Cut the channels, then move the axis.",
                ),
                Mistake(
                    "cut along the places, and back",
                    lambda t, p, g, h: (
                        torch.softmax(t.reshape(h, len(t), -1) @ p.reshape(h, len(p), -1).mT, dim=2)
                        @ g.reshape(h, len(p), -1)
                    ).reshape(len(t), -1),
                    "(n, d) reshaped to (heads, n, …) cuts along the places. Cut the channels, then move the axis.",
                ),
                Mistake(
                    "one sum for all",
                    lambda t, p, g, h: _joined(
                        (_split(t, h) @ _split(p, h).mT).flatten(1).softmax(dim=1).reshape(h, len(t), len(p))
                        @ _split(g, h)
                    ),
                    "The whole table of a head sums to 1 here. Each query has a sum of its own below the line.",
                ),
                Mistake(
                    "heads averaged",
                    lambda t, p, g, h: (torch.softmax(_split(t, h) @ _split(p, h).mT, dim=2) @ _split(g, h)).mean(
                        dim=0
                    ),
                    "The heads' results were averaged. They stand beside each other, c numbers for each query.",
                ),
            ),
            edge_cases=_odd_heads,
        ),
    ),
    hints=(
        "Below which line does the sum run, and over what? In the code, what does one head see of θ, φ and g?",
        "A sum over i below the line makes each *key* hand out 1. Heads: cut the channels into parts, next to each "
        "other, and bring the heads to the front: (heads, n, d / heads). In the end the way back.",
        "`split = lambda features: features.unflatten(1, (heads, …))`",
    ),
)

# --------------------------------------------------------------------------------------------------

_MAPS = (r"\theta", r"\phi", "g", "W_z")
_SETS = {
    "none of them": (),
    "$W_z$ only": ("W_z",),
    "$g$ only": ("g",),
    "$g$ and $W_z$": ("g", "W_z"),
    r"$\theta$, $g$ and $W_z$": (r"\theta", "g", "W_z"),
    "all four": _MAPS,
}


def _start(name: str, text: str, right: str, reasons: dict[str, str]) -> Choice:
    """Which maps get a gradient: a wrong set is explained by the first map that it has too many or too few."""
    letters = dict(zip(_SETS, "abcdef", strict=True))
    explanations = {}
    for choice, maps in _SETS.items():
        wrong = [each for each in reversed(_MAPS) if (each in maps) != (each in _SETS[right])]
        explanations[choice] = reasons[wrong[0]] if wrong else reasons[""]
    return Choice(name, Question(text, explanations, right=letters[right]))


dead_start = Exercise(
    "dead_start",
    "Predict, then run: who moves first?",
    (
        _start(
            "w_z_zero",
            "$W_z = 0$",
            "$W_z$ only",
            {
                "": "The gradient of W_z contains y, which is not 0. What reaches the others goes through W_z.",
                "W_z": "The gradient of W_z contains y, and y is not 0: it moves.",
                "g": "What reaches g goes through W_z, which is 0 in the first step.",
                r"\theta": "What reaches θ goes through W_z, which is 0 in the first step.",
                r"\phi": "What reaches φ goes through W_z, which is 0 in the first step.",
            },
        ),
        _start(
            "g_zero",
            "$g = 0$",
            "$g$ only",
            {
                "": "g gets its gradient through W_z. y is 0, so W_z has none; and whom to ask does not matter "
                "while all "
                "values are 0.",
                "W_z": "The gradient of W_z contains y, and y is an average of values that are all 0.",
                "g": "What reaches g goes through W_z and the weights, and neither is 0.",
                r"\theta": "While all values are alike, here 0, other weights give the same average: θ has no "
                "gradient.",
                r"\phi": "While all values are alike, here 0, other weights give the same average: φ has no gradient.",
            },
        ),
        _start(
            "theta_zero",
            r"$\theta = 0$",
            r"$\theta$, $g$ and $W_z$",
            {
                "": "The score is θ·φ: the gradient of φ contains θ, which is 0, that of θ contains φ, which is "
                "not. And "
                "the plain mean is passed on from the first step.",
                "W_z": "All weights are equal then, so y is the plain mean of the values: not 0, and W_z has a "
                "gradient.",
                "g": "All weights are equal, not 0: what reaches g goes through them and W_z.",
                r"\theta": "The score is θ·φ: the gradient of θ contains φ, which is not 0.",
                r"\phi": "The score is θ·φ: the gradient of φ contains θ, which is 0 in the first step.",
            },
        ),
        _start(
            "theta_and_phi_zero",
            r"$\theta = 0$ and $\phi = 0$",
            "$g$ and $W_z$",
            {
                "": "θ's gradient contains φ and φ's contains θ: both stay 0, and the block stays a plain mean "
                "for ever.",
                "W_z": "All weights are equal then, so y is the plain mean of the values: W_z has a gradient.",
                "g": "All weights are equal, not 0: what reaches g goes through them and W_z.",
                r"\theta": "The score is θ·φ: the gradient of θ contains φ, and that is 0, too.",
                r"\phi": "The score is θ·φ: the gradient of φ contains θ, and that is 0, too.",
            },
        ),
        _start(
            "g_and_w_z_zero",
            "$g = 0$ and $W_z = 0$",
            "none of them",
            {
                "": "W_z's gradient contains y, 0 because of g; g's goes through W_z, 0. Nothing ever moves.",
                "W_z": "The gradient of W_z contains y, which is 0 because g is.",
                "g": "What reaches g goes through W_z, and that is 0.",
                r"\theta": "What reaches θ goes through W_z, and that is 0.",
                r"\phi": "What reaches φ goes through W_z, and that is 0.",
            },
        ),
        _start(
            "second_step",
            "$W_z = 0$, in the **second** step",
            "all four",
            {
                "": "W_z has moved in the first step: from now on it lets something through to all the others.",
                "W_z": "y is not 0: W_z has a gradient in every step.",
                "g": "W_z has moved in the first step: what reaches g goes through something that is not 0.",
                r"\theta": "W_z has moved in the first step: what reaches θ goes through something that is not 0.",
                r"\phi": "W_z has moved in the first step: what reaches φ goes through something that is not 0.",
            },
        ),
        Choice(
            "identity",
            Question(
                "Which of the five starts make the block the identity?",
                {
                    "$W_z = 0$ alone": "With g = 0, too, nothing is added; and with both.",
                    "those with $W_z = 0$ or $g = 0$": (
                        "The branch ends in 0 in these three. With θ = 0 the mean of all values is added: that is not "
                        "nothing."
                    ),
                    "all five": "With θ = 0 all weights are equal, and the mean of all values is added.",
                    "none of them": "With W_z = 0 nothing is added to x.",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "Write z as a product and differentiate it: what does the gradient of each factor contain?",
        "In a product the gradient of one factor contains the other: W_z's contains y, θ's contains φ. What "
        "lies before "
        "W_z contains W_z. And while all values are alike, it does not matter whom one asks.",
        "`g_zero`: y = Σ weights · 0 = 0, and ∂z/∂W_z contains …",
    ),
)

# --------------------------------------------------------------------------------------------------

# 6,144 queries, keys from a map pooled by 2 × 2. No wrong count is another one's right answer.
N, K, D, C = 64 * 96, 32 * 48, 64, 96


def _positive(features: Tensor) -> Tensor:
    return F.elu(features) + 1


def _linear(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    query, keys = _positive(query), _positive(keys)
    return query @ (keys.T @ values) / (query @ keys.sum(dim=0))[:, None]


def _linear_of(features: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def linear(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        query, keys = features(query), features(keys)
        return query @ (keys.T @ values) / (query @ keys.sum(dim=0))[:, None]

    return linear


def _top(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    return _positive(query) @ (_positive(keys).T @ values)


def _more_embeddings(generator: torch.Generator) -> Iterable[tuple]:
    """Many more queries and keys than channels: the table of all pairs is the largest tensor by far."""
    for n, k, d, c in ((5, 4, 2, 1), (12, 10, 3, 2), (10, 12, 2, 4), (12, 9, 4, 2)):
        yield tuple(_uniform(shape, -2, 2, generator) for shape in ((n, d), (k, d), (k, c)))


def _odd_embeddings() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(n: int, k: int, d: int, c: int, low: float = -2, high: float = 2) -> tuple[Tensor, ...]:
        return tuple(_uniform(shape, low, high, generator) for shape in ((n, d), (k, d), (k, c)))

    yield "a single key", some(3, 1, 2, 4)
    yield "a single query", some(1, 4, 3, 2)
    yield "one inner channel, one value", some(4, 3, 1, 1)
    yield "all sizes equal", some(3, 3, 3, 3)
    yield "negative everywhere", some(4, 3, 2, 5, low=-2, high=-1)
    query, keys, values = some(4, 5, 3, 2)
    yield "queries of zeros", (0 * query, keys, values)
    yield "all keys equal", (query, keys[:1].expand(5, 3).clone(), values)
    yield "two keys that are equal", (query, keys[[0, 1, 2, 3, 3]], values)


def _less_than_the_table(query: Tensor, keys: Tensor, values: Tensor) -> int:
    """Entries that a tensor may have, so that it is no table of all pairs.

    Where there are few pairs, at least what other ways need: the result, or all products of a key with its value.
    """
    n, k, d, c = len(query), len(keys), keys.shape[1], values.shape[1]
    return max(n * k - 1, n * (c + 1), k * d * (c + 1))


WITH_TABLE, REORDERED = N * K * (D + C), D * C * (N + K)

reorder = Exercise(
    "reorder",
    "Design: an average without its table, thirty-two times cheaper",
    (
        Function(
            "linear_attention",
            "linear_attention(query, keys, values) → (n, c), an average for each query; no table of all pairs",
            _linear,
            _more_embeddings,
            (
                Mistake(
                    "not divided", _top, "The sum over j is not divided yet: each query's weights have to sum to 1."
                ),
                Mistake(
                    "divided by the keys",
                    lambda q, k, v: _top(q, k, v) / len(k),
                    "You divided by the number of keys, as the lesson's dot product is. Here each query divides "
                    "by its own "
                    "Σ_j f, so that an average comes out.",
                ),
                Mistake(
                    "divided by the sum over the queries",
                    lambda q, k, v: (
                        q.new_zeros(len(q), v.shape[1])
                        + _positive(q) @ (_positive(k) / (_positive(k) @ _positive(q).sum(dim=0))[:, None]).T @ v
                    ),
                    "You divided by the sum over the queries: what each key hands out. The sum runs over the keys.",
                ),
                Mistake(
                    "divided by the sum of the outputs",
                    lambda q, k, v: _top(q, k, v) / _top(q, k, v).sum(dim=1, keepdim=True),
                    "You divided each row of the result by its own sum. It is a query's weights that sum to 1.",
                ),
                Mistake(
                    "one sum for all queries",
                    lambda q, k, v: _top(q, k, v) / (_positive(q) @ _positive(k).sum(dim=0)).sum(),
                    "One number divides all rows. Each query has a sum of its own.",
                ),
                Mistake(
                    "features forgotten",
                    _linear_of(lambda x: x),
                    "f is q·k here. The features come first: elu + 1 of the query and of the key.",
                ),
                Mistake(
                    "1 forgotten",
                    _linear_of(F.elu),
                    "elu alone may be negative, and the sum of the weights 0: add 1, so that all are above 0.",
                ),
                Mistake(
                    "ReLU",
                    _linear_of(F.relu),
                    "The features are ReLU here: a query of negative numbers has a sum of 0. elu + 1 is always "
                    "above 0.",
                ),
                Mistake(
                    "features of the queries only",
                    lambda q, k, v: _positive(q) @ (k.T @ v) / (_positive(q) @ k.sum(dim=0))[:, None],
                    "The keys need the same features as the queries.",
                ),
                Mistake(
                    "features of the keys only",
                    lambda q, k, v: q @ (_positive(k).T @ v) / (q @ _positive(k).sum(dim=0))[:, None],
                    "The queries need the same features as the keys.",
                ),
                Mistake(
                    "features of the product",
                    lambda q, k, v: F.normalize(_positive(q @ k.T), p=1, dim=1) @ v,
                    "elu + 1 was taken of the product q·k. It is taken of q and of k: else it could not be reordered.",
                ),
                Mistake(
                    "softmax",
                    lambda q, k, v: torch.softmax(q @ k.T, dim=1) @ v,
                    "That is the softmax form, which cannot be reordered.",
                ),
                Mistake(
                    "softmax of the small matrix",
                    lambda q, k, v: _positive(q) @ torch.softmax(_positive(k).T @ v, dim=0),
                    "A softmax of Kᵀ V is another thing. This form has no softmax.",
                ),
            ),
            edge_cases=_odd_embeddings,
            forbidden=(LISTS,),
            largest=_less_than_the_table,
        ),
        Value(
            "with_table",
            WITH_TABLE,
            (
                Mistake("first product only", N * K * D, "n · k · d is one of two products: Q Kᵀ, then that times V."),
                Mistake("second product only", N * K * C, "n · k · c is the second product. Q Kᵀ comes first."),
                Mistake("entries", N * K, "n · k is the number of entries. Each is a sum of d products."),
                Mistake("the other order", REORDERED, "That is the cost of the other order."),
                Mistake("additions too", 2 * WITH_TABLE, "You counted additions too: multiplications are asked."),
                Mistake("as many keys as queries", N * N * (D + C), "The keys are pooled: a quarter as many."),
                Mistake("in millions", WITH_TABLE / 1e6, "That is in millions: give the count itself."),
                Mistake("in billions", WITH_TABLE / 1e9, "That is in billions: give the count itself."),
            ),
            decimals=0,
        ),
        Value(
            "reordered",
            REORDERED,
            (
                Mistake("first product only", K * D * C, "k · d · c is one of two products: Kᵀ V, then Q times that."),
                Mistake("second product only", N * D * C, "n · d · c is the second product. Kᵀ V comes first."),
                Mistake("the other order", WITH_TABLE, "That is the cost with the table."),
                Mistake("entries", D * C, "d · c is the number of entries of Kᵀ V. Each is a sum over the keys."),
                Mistake("additions too", 2 * REORDERED, "You counted additions too: multiplications are asked."),
                Mistake("as many keys as queries", 2 * N * D * C, "The keys are pooled: a quarter as many."),
                Mistake("in millions", REORDERED / 1e6, "That is in millions: give the count itself."),
            ),
            decimals=0,
            remark="A thirty-second of the other.",
        ),
        Choice(
            "cheaper",
            Question(
                "With $c = d$ and a quarter as many keys as queries, $k = n/4$, your order is cheaper if",
                {
                    "$n > d$": "That is for as many keys as queries. Put k = n/4 into both counts.",
                    "$n > 5d/2$": "2nkd against d²(n + k): with k = n/4, n²d/2 against 5nd²/4, so n > 5d/2.",
                    "$n > 4d$": "Not only the table is smaller, the sum over the keys is, too: compare both counts.",
                    "always": "For a few places and many channels the table is small. When is n²d/2 < 5nd²/4?",
                },
                right="b",
            ),
        ),
        Choice(
            "exactly",
            Question(
                "Which other $f(q, k)$ can be summed exactly without a table, for any number of places?",
                {
                    r"$e^{q \cdot k}$": (
                        "It is a series without end, 1 + q·k + (q·k)²/2 + …: no finite number of features gives it."
                    ),
                    r"$(q \cdot k)^2$": (
                        "It is the dot product of the d² features q_a q_b with the d² features k_a k_b: sum the keys' "
                        "features times their values first."
                    ),
                    r"$\max(q \cdot k, 0)$, for $d \ge 2$": (
                        "The corner at 0 lies elsewhere for each query. On the circle it has infinitely many Fourier "
                        "terms, so no finite number of features gives it."
                    ),
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "A product of three matrices may be bracketed in two ways. Which one never holds an n × k table? And "
        "the sum below "
        "the line is such a product as well: of what?",
        "Kᵀ V is only (d, c), and the sum over the keys of f(q, k_j) is q times the sum of all keys. A product "
        "of (a, b) "
        "with (b, c) takes a · b · c multiplications.",
        "`q, k = F.elu(query) + 1, …`",
    ),
)

# --------------------------------------------------------------------------------------------------
# Table 2e of the paper: ResNet-101 with 43.2 M parameters and 34.2 G multiply-adds; three blocks of C = 1024 on maps of
# 4 × 14 × 14 places, two of C = 512 on 4 × 28 × 28.

BASE_PARAMETERS, BASE_COST = 43.2e6, 34.2e9
BLOCKS = ((3, 1024, 4 * 14 * 14), (2, 512, 4 * 28 * 28))


def _ratio(keys: float, projections: float = 4.0) -> float:
    """Cost ratio with `keys` · N keys, of 4 linear maps to or from C/2, two of them (φ, g) on keys only."""
    cost = sum(count * ((2 + (projections - 2) * keys) / 2 * n * c * c + keys * n * n * c) for count, c, n in BLOCKS)
    return 1 + cost / BASE_COST


def _weights(per_block: float) -> float:
    return 1 + sum(count * per_block * c * c for count, c, _ in BLOCKS) / BASE_PARAMETERS


table_2e = Exercise(
    "table_2e",
    "By hand: a published cost, computed again",
    (
        Value(
            "parameters",
            _weights(2),
            (
                Mistake(
                    "two of the maps",
                    _weights(1),
                    "C² for each block is two of its maps. How many are there, and how large?",
                ),
                Mistake("W_z forgotten", _weights(1.5), "θ, φ and g have C²/2 weights each, and so has W_z."),
                Mistake("no bottleneck", _weights(4), "4C² would be four maps from C to C. The inner width is C/2."),
                Mistake(
                    "one block of each",
                    1 + (2 * 1024**2 + 2 * 512**2) / BASE_PARAMETERS,
                    "There are three blocks of the one kind and two of the other.",
                ),
                Mistake(
                    "the addition alone",
                    _weights(2) - 1,
                    "That is what the blocks add. The ratio is new to old: add 1.",
                ),
                Mistake("old to new", 1 / _weights(2), "That is old : new. The ratio asked is new : old."),
                Mistake(
                    "the weights",
                    _weights(2) * BASE_PARAMETERS,
                    "That is the number of weights. Divide by 43.2 M for the ratio.",
                ),
                Mistake(
                    "the weights in millions",
                    _weights(2) * BASE_PARAMETERS / 1e6,
                    "That is the number of weights, in millions. Divide by 43.2 for the ratio.",
                ),
            ),
            decimals=2,
            remark="The paper prints 1.2×.",
        ),
        Value(
            "subsampled",
            _ratio(1 / 4),
            (
                Mistake(
                    "by a quarter",
                    _ratio(3 / 4),
                    "You took away a quarter of the keys. 2 × 2 pooling leaves a quarter: 'by 1/4' is a slip.",
                ),
                Mistake(
                    "pairs by a quarter",
                    1 + sum(count * (1.25 * n * c * c + 0.75 * n * n * c) for count, c, n in BLOCKS) / BASE_COST,
                    "The pairwise work is reduced by a quarter here, as the paper's words say. A quarter of the keys "
                    "leaves a quarter of it.",
                ),
                Mistake("not subsampled", _ratio(1), "That is the cost without subsampling."),
                Mistake(
                    "half",
                    _ratio(1 / 2),
                    "Half of the keys would be left if only one side were halved. Both are: 1/4.",
                ),
                Mistake(
                    "φ and g not on the pooled map",
                    1 + sum(count * (2 * n * c * c + n * n * c / 4) for count, c, n in BLOCKS) / BASE_COST,
                    "φ and g are computed on the pooled map too: a quarter of their cost.",
                ),
                Mistake(
                    "queries pooled too",
                    1 + sum(count * (1.25 * n * c * c + n * n * c / 16) for count, c, n in BLOCKS) / BASE_COST,
                    "The queries were pooled here too. They are not: every place still asks a quarter of the places.",
                ),
                Mistake(
                    "the addition alone",
                    _ratio(1 / 4) - 1,
                    "That is what the blocks add. The ratio is new to old: add 1.",
                ),
            ),
            decimals=2,
            remark="The paper prints 1.2×.",
        ),
        Value(
            "full",
            _ratio(1),
            (
                Mistake(
                    "subsampled",
                    _ratio(1 / 4),
                    "1.24 is with subsampling, and nearly that of the linear maps alone: the pairs cost N²C more.",
                ),
                Mistake(
                    "pairs only once",
                    1 + sum(count * (2 * n * c * c + n * n * c / 2) for count, c, n in BLOCKS) / BASE_COST,
                    "The table is used twice: θ·φ costs N²C/2, and weights times g costs N²C/2 again.",
                ),
                Mistake("printed", 1.2, "1.2 is what the paper prints, and that is subsampled."),
                Mistake(
                    "the addition alone",
                    _ratio(1) - 1,
                    "That is what the blocks add. The ratio is new to old: add 1.",
                ),
                Mistake(
                    "frames forgotten",
                    1
                    + sum(count * (2 * n * c * c + n * n * c) for count, c, n in ((3, 1024, 196), (2, 512, 784)))
                    / BASE_COST,
                    "The four frames are missing: N is 4 · 14 · 14, and 4 · 28 · 28.",
                ),
                Mistake(
                    "the cost in giga",
                    _ratio(1) * BASE_COST / 1e9,
                    "That is the cost, in giga multiply-adds. Divide by 34.2 for the ratio.",
                ),
            ),
            decimals=2,
            remark="Which is why they subsample.",
        ),
    ),
    hints=(
        "Count one block. Then three of the one kind, two of the other, and the network.",
        "Each of the four maps has C²/2 weights. Subsampled, two of the maps see a quarter of the places, and "
        "the table keeps a quarter of its columns.",
        "`parameters = 1 + (3 * 2 * 1024**2 + …) / 43.2e6`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _halves(theta: Tensor, phi: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    d = theta.shape[1]
    return theta @ w[:d], phi @ w[d:]


def _heard(a: Tensor, b: Tensor, g: Tensor) -> Tensor:
    """Σ_j ReLU(a_i + b_j) g_j / k, from the list of keys, sorted once."""
    order = b.argsort(descending=True)
    b, g = b[order], g[order]
    counts = torch.searchsorted(-b, a)  # how many keys have b_j > −a_i: the first so many of the list
    of_g, of_bg = (F.pad(part.cumsum(dim=0), (0, 0, 1, 0)) for part in (g, b[:, None] * g))
    return (a[:, None] * of_g[counts] + of_bg[counts]) / len(b)


def _concatenation(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> Tensor:
    return _heard(*_halves(theta, phi, w), g)


def _with_table(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """The same from a table of a_i + b_j that is changed."""

    def function(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> Tensor:
        a, b = _halves(theta, phi, w)
        return change(a[:, None] + b) @ g

    return function


def _sorted_without_g(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> Tensor:
    a, b = _halves(theta, phi, w)
    return _heard(a, b.sort(descending=True).values, g)


def _relu_first(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> Tensor:
    a, b = _halves(theta, phi, w)
    return (a.relu()[:, None] + b.relu()) @ g / len(b)


def _all_if_one(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> Tensor:
    """Who hears one key hears all, those with a score below 0 as well."""
    a, b = _halves(theta, phi, w)
    return torch.where(a[:, None] + b.amax() > 0, (a[:, None] + b) @ g, 0.0) / len(b)


def _with_vector(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, d, c in ((5, 4, 1, 1), (10, 8, 2, 2), (12, 15, 2, 3), (14, 9, 3, 1)):
        sizes = (n, d), (k, d), (2 * d,), (k, c)
        theta, phi, w, g = (_uniform(shape, -1, 1, generator) for shape in sizes)
        yield theta + 0.3, phi, w + 0.2, g


def _odd_vectors() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(n: int, k: int, d: int, c: int) -> tuple[Tensor, ...]:
        return tuple(_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (2 * d,), (k, c)))

    yield "a single key", some(3, 1, 2, 2)
    yield "a single query", some(1, 4, 3, 2)
    yield "as many queries as keys as channels", some(3, 3, 3, 3)
    theta, phi, w, g = some(6, 5, 2, 2)
    yield "no score above 0: nobody is heard", (theta.abs() + 0.1, phi.abs(), -w.abs() - 0.1, g)
    yield "all scores above 0: everybody is heard", (theta.abs(), phi.abs() + 0.1, w.abs() + 0.1, g)
    yield "scores of exactly 0", (theta, phi, 0 * w, g)
    yield (
        "a query of zeros, and keys that are equal",
        (theta * torch.tensor([[0], [1], [1], [1], [1], [1]]), phi[[0, 1, 1, 1, 4]], w, g),
    )
    yield "only the keys count", (theta, phi, w * torch.tensor([0, 0, 1, 1]), g)


def _less_than_all_pairs(theta: Tensor, phi: Tensor, w: Tensor, g: Tensor) -> int:
    """Entries that a tensor may have, so that it is no table of all pairs; where there are few, what other "
    "ways need."""
    n, k, c = len(theta), len(phi), g.shape[1]
    return max(n * k - 1, n * (c + 1), (k + 1) * (2 * c + 1), n * len(w), k * len(w))


_B, _A = torch.tensor([2.0, -1.0, 0.5, -3.0]), torch.tensor([-1.0, 0.25, 4.0])
HEARD = (_A[:, None] + _B > 0).sum(dim=1)

ranking = Exercise(
    "ranking",
    "Prove and implement: one list for all queries",
    (
        Value(
            "heard",
            HEARD,
            (
                Mistake(
                    "b alone", torch.full((3,), 2), "A key is heard where a + b is above 0. You looked at b alone."
                ),
                Mistake("not heard", 4 - HEARD, "So many are *not* heard. A key is heard where a + b is above 0."),
                Mistake(
                    "the other sign",
                    (_A[:, None] - _B < 0).sum(dim=1),
                    "You counted where b > a. It is b > −a.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "share",
            6 / 14.5,
            (
                Mistake(
                    "the weight", 1.5, "That is ReLU(a + b)/k, the weight. Its share: divide by the sum of the row."
                ),
                Mistake(
                    "softmax",
                    torch.softmax(_B, 0)[0].item(),
                    "That is a softmax, in which a cancels. Here it does not.",
                ),
                Mistake("b alone", 2 / 2.5, "a is added to every b, before the shares are taken."),
                Mistake(
                    "of fifteen",
                    6 / 15,
                    "As if the four weights together were 15: add a to each b once more, then all four.",
                ),
                Mistake("over the largest", 6 / 8.5, "Divide by the sum of all four, the largest among them."),
            ),
            remark="With a softmax it would be 0.78, whatever a is.",
        ),
        Function(
            "concatenation",
            "concatenation(theta, phi, w, g) → y, (n, c): Σ_j ReLU(w · [θ_i, φ_j]) g_j / k, without an (n, k) table",
            _concatenation,
            _with_vector,
            (
                Mistake(
                    "no ReLU",
                    _with_table(lambda s: s / s.shape[1]),
                    "The ReLU is missing: negative scores count as 0.",
                ),
                Mistake(
                    "ReLU before the sum",
                    _relu_first,
                    "ReLU(a) + ReLU(b) is not ReLU(a + b).",
                ),
                Mistake(
                    "halves swapped",
                    lambda t, p, w, g: _concatenation(t, p, w.roll(len(w) // 2), g),
                    "The first half of w belongs to θ_i, the second to φ_j.",
                ),
                Mistake(
                    "every second entry",
                    lambda t, p, w, g: _heard(t @ w[::2], p @ w[1::2], g),
                    "w was split into every second entry. Its first half belongs to θ_i, its second half to φ_j.",
                ),
                Mistake("not divided", _with_table(torch.relu), "The division by the number of keys is missing."),
                Mistake(
                    "divided by the queries",
                    _with_table(lambda s: s.relu() / len(s)),
                    "You divided by the number of queries. N counts the keys.",
                ),
                Mistake(
                    "values not sorted along",
                    _sorted_without_g,
                    "The keys were sorted and their values were not: take g in the same order.",
                ),
                Mistake(
                    "all keys heard",
                    _all_if_one,
                    "A query that hears one key hears all of them here, also those with a score below 0.",
                ),
                Mistake(
                    "values of the heard, not weighted",
                    _with_table(lambda s: (s > 0).to(s.dtype) / s.shape[1]),
                    "The values of the heard keys were summed without their scores a + b.",
                ),
                Mistake(
                    "softmax",
                    _with_table(lambda s: torch.softmax(s, dim=1)),
                    "With a softmax the query cancels entirely. This form has a ReLU and divides by N.",
                ),
                Mistake(
                    "absolute value",
                    _with_table(lambda s: s.abs() / s.shape[1]),
                    "You took absolute values. A ReLU sets negative scores to 0.",
                ),
                Mistake(
                    "divided by the sum of the row, or 1",
                    _with_table(lambda s: F.normalize(s.relu(), p=1, dim=1)),
                    "You divided each row by its sum, so that it sums to 1. This form divides by the number of keys.",
                ),
                Mistake(
                    "divided by the sum of the row",
                    _with_table(lambda s: s.relu() / s.relu().sum(dim=1, keepdim=True)),
                    "You divided each row by its sum, which may be 0. This form divides by the number of keys.",
                ),
            ),
            edge_cases=_odd_vectors,
            forbidden=(LISTS,),
            largest=_less_than_all_pairs,
            way=(
                RUNNING_SUMS,
                "Sums over the first few, computed once for all queries: the theorem's way.",
                "Query by query it saves memory without the theorem. Try the sorted way as well: the time falls, too.",
            ),
        ),
        Choice(
            "keeps",
            Question(
                "Instead of $\\mathrm{ReLU}(a_i + b_j)$ somebody takes another $f$. With which do all queries "
                "still rank "
                "the keys alike?",
                {
                    r"$|a_i + b_j|$": "With a = 0 a key at b = −3 beats one at 2; with a = 4 it is the other "
                    "way round.",
                    r"$\mathrm{ReLU}(a_i b_j)$": "A negative a turns the order round: it prefers the smallest b.",
                    r"the sigmoid of $a_i + b_j$": (
                        "It never turns an order round, and a_i is the same for all keys: nothing else is needed of f."
                    ),
                    "none of them": "What the proof needs is that f never turns an order round. One of the "
                    "three does not.",
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Cut w into two halves. Which keys does a query hear, if the keys stand in the order of their b?",
        "ReLU(a + b) is not 0 for the keys with b > −a: the first few of the sorted list. The sum over them is "
        "a Σ g + Σ b g, and sums over the first few are what cumsum gives. (One query at a time is a way, too.)",
        "`order = (phi @ w[d:]).argsort(descending=True)`",
    ),
)

# --------------------------------------------------------------------------------------------------


def _cosines(weights: Tensor) -> Tensor:
    unit = F.normalize(weights, dim=1)  # a row of zeros stays one
    return unit @ unit.T


def _divided_cosines(weights: Tensor) -> Tensor:
    """The same where no row is zero; nan where one is."""
    unit = weights / weights.norm(dim=1, keepdim=True)
    return unit @ unit.T


def _of_sum_one(weights: Tensor) -> Tensor:
    return F.normalize(weights, p=1, dim=1)


def _off_diagonal(table: Tensor) -> float:
    n = len(table)
    return ((table.sum() - table.trace()) / (n * (n - 1))).item()


def _tables(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, sharpness in ((2, 3, 1.0), (3, 4, 3.0), (5, 4, 2.0), (8, 10, 4.0)):
        yield (torch.softmax(sharpness * _uniform((n, k), -1, 1, generator), dim=1),)


def _odd_tables() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    row = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)
    yield "all rows are one row", (row.expand(4, 3).clone(),)
    yield "all weights equal", (torch.full((3, 4), 0.25, dtype=torch.float64),)
    yield "rows that differ by a factor only", (torch.tensor([[1.0], [2.0], [5.0]], dtype=torch.float64) * row,)
    yield "the identity matrix", (torch.eye(3, dtype=torch.float64),)
    yield "two rows that are equal, of four", (_uniform((4, 3), 0.1, 1, generator)[[0, 1, 2, 2]],)
    yield "a single key", (_uniform((3, 1), 0.1, 1, generator),)
    yield "negative weights", (_uniform((3, 5), -1, 1, generator) + 0.05,)
    yield "a row of zeros", (_uniform((4, 3), 0.1, 1, generator) * torch.tensor([[1], [0], [1], [1]]),)


def _of_cosines(name: str, wrong: Callable[[Callable, Tensor], float], feedback: str) -> tuple[Mistake, Mistake]:
    """A mistake for those who keep a row of zeros, and again for those who divide it by 0."""
    return (
        Mistake(name, lambda w: wrong(_cosines, w), feedback),
        Mistake(f"{name}, 0/0", lambda w: wrong(_divided_cosines, w), feedback),
    )


@functools.cache
def _real_tables() -> tuple[Tensor, Tensor]:
    """The tables of a trained block and of the raw Gaussian, (81, 81), on the sheet's picture."""
    network = load_weights(TwinNetwork("embedded gaussian"), "twins")
    pictures = twin_pictures(1, "test", seed=42).images
    with torch.no_grad():
        features = network.trunk.features(pictures)
        block = network.head.block
        assert isinstance(block, NonLocalBlock)
        return block.weights(features)[0], NonLocalBlock(32, pairwise="gaussian").weights(features)[0]


TRAINED, RAW = (_off_diagonal(_cosines(table)) for table in _real_tables())
OWN = _real_tables()[1].diagonal().mean().item()

alike = Exercise(
    "alike",
    "Measure: does the query matter?",
    (
        Function(
            "likeness",
            "likeness(weights) → one number: the mean cosine between two different rows; a row of zeros counts as 0",
            lambda weights: _off_diagonal(_cosines(weights)),
            _tables,
            (
                Mistake(
                    "0/0",
                    lambda w: _off_diagonal(_divided_cosines(w)),
                    "Right, but for a row of zeros: it was divided by its length, 0/0 = nan. Its cosines count as 0.",
                ),
                *_of_cosines(
                    "rows with themselves",
                    lambda cosines, w: cosines(w).mean().item(),
                    "The diagonal is in the mean: each row is like itself, that says nothing.",
                ),
                Mistake(
                    "not normalised",
                    lambda w: _off_diagonal(w @ w.T),
                    "These are dot products. A cosine divides by both lengths.",
                ),
                Mistake(
                    "columns",
                    lambda w: _off_diagonal(_cosines(w.T.contiguous())),
                    "You compared columns, that is keys. Queries are rows.",
                ),
                *_of_cosines(
                    "centred",
                    lambda cosines, w: _off_diagonal(cosines(w - w.mean(dim=1, keepdim=True))),
                    "You subtracted each row's mean first: that is the correlation.",
                ),
                *_of_cosines(
                    "sum",
                    lambda cosines, w: _off_diagonal(cosines(w)) * len(w) * (len(w) - 1),
                    "That is the sum over the pairs of rows. The mean is asked.",
                ),
                *_of_cosines(
                    "divided by n²",
                    lambda cosines, w: _off_diagonal(cosines(w)) * (len(w) - 1) / len(w),
                    "You divided by n². Without the diagonal there are n(n − 1) pairs.",
                ),
                Mistake(
                    "n subtracted",
                    lambda w: ((_cosines(w).sum() - len(w)) / (len(w) * (len(w) - 1))).item(),
                    "You subtracted n for the diagonal. A row of zeros has no 1 there: subtract what stands on it.",
                ),
                *_of_cosines(
                    "half",
                    lambda cosines, w: _off_diagonal(cosines(w)) / 2,
                    "Half of it: the sum has each pair once, the number below the line has it twice.",
                ),
                *_of_cosines(
                    "distance",
                    lambda cosines, w: 1 - _off_diagonal(cosines(w)),
                    "That is 1 − the mean cosine, how much the rows differ.",
                ),
                *_of_cosines(
                    "neighbours",
                    lambda cosines, w: cosines(w).diagonal(1).mean().item(),
                    "You compared each row with the next one. The mean is over every two different rows.",
                ),
                *_of_cosines(
                    "the first row",
                    lambda cosines, w: cosines(w)[0, 1:].mean().item(),
                    "You compared the first row with the others. The mean is over every two different rows.",
                ),
                Mistake(
                    "one row divided",
                    lambda w: _off_diagonal(F.normalize(w, dim=1) @ w.T),
                    "Only one of the two rows is divided by its length. A cosine divides by both.",
                ),
                Mistake(
                    "one row divided, 0/0",
                    lambda w: _off_diagonal(w / w.norm(dim=1, keepdim=True) @ w.T),
                    "Only one of the two rows is divided by its length. A cosine divides by both.",
                ),
                Mistake(
                    "divided by the sums",
                    lambda w: _off_diagonal(_of_sum_one(w) @ _of_sum_one(w).T),
                    "You divided each row by its sum. A cosine divides by its length, the root of the sum of squares.",
                ),
                Mistake(
                    "with the mean row",
                    lambda w: F.cosine_similarity(w, w.mean(dim=0, keepdim=True)).mean().item(),
                    "You compared each row with the mean row. The mean is over every two different rows.",
                ),
            ),
            edge_cases=_odd_tables,
        ),
        Value(
            "trained",
            TRAINED,
            (
                Mistake(
                    "with the diagonal", _cosines(_real_tables()[0]).mean().item(), "Each row with itself counts here."
                ),
                Mistake("raw", RAW, "That is the raw Gaussian's. Take the table of the trained block."),
                Mistake("columns", _off_diagonal(_cosines(_real_tables()[0].T.contiguous())), "You compared columns."),
                Mistake("one", 1.0, "1 would say that all queries see one map. That is the third table."),
            ),
            decimals=2,
            remark="Far from 1: here the query matters. On photographs others found trained maps almost alike.",
        ),
        Value(
            "raw_own",
            OWN,
            (
                Mistake("1", 1.0, "1 would be the identity: every place looks at itself only. Look at the diagonal."),
                Mistake(
                    "trained",
                    _real_tables()[0].diagonal().mean().item(),
                    "That is the trained block's. Take the raw Gaussian's table.",
                ),
                Mistake("likeness", RAW, "That is its likeness. The mean of its diagonal is asked."),
                Mistake("sum", 81 * OWN, "That is the sum of the diagonal. Divide by the number of places."),
                Mistake(
                    "of all weights", 1 / 81, "That is the mean of all weights. Only those on the diagonal are asked."
                ),
                Mistake("others", 1 - OWN, "So much goes to others. What a place gives itself is asked."),
            ),
            decimals=2,
            remark="No identity at all: most places look at others, with longer keys.",
        ),
        Choice(
            "negative",
            Question(
                "In which of the four forms can `likeness` come out below 0?",
                {
                    "in the embedded Gaussian": "A softmax leaves nothing below 0, and so no dot product of two rows.",
                    "in the dot product": "Its weights have signs: two rows may point in opposite directions.",
                    "in concatenation": "A ReLU leaves nothing below 0, and so no dot product of two rows.",
                    "in none": "Two rows with only one sign cannot. Which form has both signs?",
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "A cosine is the dot product of two vectors of length 1.",
        "With rows of length 1, the table times its transpose holds all cosines. Leave out the diagonal: n(n "
        "− 1) entries stay.",
        "`unit = …`, where each row is divided by its own length, and a row of zeros stays what it is.",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 1: the block.


class _Tested(NonLocalBlock):
    """The tested block without its normalisation, and with W_z = 0 at the start."""

    def __init__(self, channels: int):
        super().__init__(channels, zero_init=False)
        # The block declares a batch normalisation here; students build one without.
        self.norm = nn.Identity()  # type: ignore[assignment]
        nn.init.zeros_(self.exit.weight)


class _Block(nn.Module):
    """The same, as short as a student would write it; a subclass is a wrong one."""

    def __init__(self, channels: int):
        super().__init__()
        inner = max(channels // 2, 1)
        self.theta, self.phi, self.g = (nn.Linear(channels, inner) for _ in range(3))
        self.exit = nn.Linear(inner, channels, bias=False)
        nn.init.zeros_(self.exit.weight)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.tokens(x)
        return self.added(x, self.back(self.exit(self.average(tokens)), x))

    def tokens(self, x: Tensor) -> Tensor:
        return x.flatten(2).mT

    def back(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.mT.reshape(x.shape)

    def average(self, tokens: Tensor) -> Tensor:
        return self.shares(self.theta(tokens) @ self.phi(tokens).mT) @ self.g(tokens)

    def shares(self, scores: Tensor) -> Tensor:
        return scores.softmax(dim=2)

    def added(self, x: Tensor, branch: Tensor) -> Tensor:
        return x + branch


class _NotAdded(_Block):
    def added(self, x: Tensor, branch: Tensor) -> Tensor:
        return branch


class _OverTheQueries(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.softmax(dim=1)


class _OverTheBatch(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.softmax(dim=0)


class _OverAll(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.flatten(1).softmax(dim=1).view_as(scores)


class _DotProduct(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores / scores.shape[2]


class _BareProducts(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores


class _DividedToo(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.softmax(dim=2) / scores.shape[2]


class _Scaled(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return (scores / self.theta.out_features**0.5).softmax(dim=2)


class _Cut(_Block):
    def shares(self, scores: Tensor) -> Tensor:
        return scores.softmax(dim=2).detach()


class _ThetaTwice(_Block):
    def average(self, tokens: Tensor) -> Tensor:
        return self.shares(self.theta(tokens) @ self.theta(tokens).mT) @ self.g(tokens)


class _Exchanged(_Block):
    def average(self, tokens: Tensor) -> Tensor:
        return self.shares(self.phi(tokens) @ self.theta(tokens).mT) @ self.g(tokens)


class _KeysForValues(_Block):
    def average(self, tokens: Tensor) -> Tensor:
        return self.shares(self.theta(tokens) @ self.g(tokens).mT) @ self.phi(tokens)


class _KeysAveraged(_Block):
    def average(self, tokens: Tensor) -> Tensor:
        return self.shares(self.theta(tokens) @ self.phi(tokens).mT) @ self.phi(tokens)


class _Reshaped(_Block):
    def tokens(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), -1, x.shape[1])


class _BackReshaped(_Block):
    def back(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.reshape(x.shape)


class _ReshapedBoth(_Reshaped):
    def back(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.reshape(x.shape)


class _OneList(_Block):
    """The places of all pictures in one list: a place asks those of other pictures, too."""

    def tokens(self, x: Tensor) -> Tensor:
        return x.flatten(2).mT.reshape(1, -1, x.shape[1])

    def back(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.reshape(len(x), -1, x.shape[1]).mT.reshape(x.shape)


class _Turned(_Block):
    """Rows and columns change places on the way back."""

    def back(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.mT.reshape(*x.shape[:2], x.shape[3], x.shape[2]).mT


class _RandomExit(_Block):
    def __init__(self, channels: int):
        super().__init__(channels)
        self.exit.reset_parameters()


class _TwoZeros(_Block):
    def __init__(self, channels: int):
        super().__init__(channels)
        nn.init.zeros_(self.g.weight)
        nn.init.zeros_(self.g.bias)


def _maps(generator: torch.Generator) -> Iterable[Case]:
    for size in ((2, 4, 3, 2), (3, 6, 2, 4)):
        yield Case((torch.randn(size, generator=generator),), (size[1],))


def _odd_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)
    yield "a batch of one", Case((torch.randn(1, 4, 2, 3, generator=generator),), (4,))
    yield "as many pictures as rows as columns as channels", Case((torch.randn(2, 2, 2, 2, generator=generator),), (2,))
    yield "a map of one row", Case((torch.randn(2, 4, 1, 5, generator=generator),), (4,))
    yield "two places that are equal", Case((torch.randn(2, 4, 1, 3, generator=generator)[..., [0, 1, 1]],), (4,))


block = Exercise(
    "block",
    "Build, step 1: the block",
    (
        Module(
            "NonLocal",
            "NonLocal(channels) → a module: (N, C, H, W) → z of the same shape, the identity at first",
            _Tested,
            _maps,
            (
                Mistake("x not added", _NotAdded, "This is W_z y alone: x is to be added to it."),
                Mistake(
                    "softmax over the queries",
                    _OverTheQueries,
                    "The softmax runs over the queries: a place's weights do not sum to 1. The keys stand in "
                    "the last axis "
                    "of theta @ phi.mT.",
                ),
                Mistake(
                    "softmax over the batch",
                    _OverTheBatch,
                    "The softmax runs over the pictures of the batch, axis 0. It runs over the keys, the last axis.",
                ),
                Mistake(
                    "one softmax for the table",
                    _OverAll,
                    "The whole table sums to 1. Each row, one for a query, is to.",
                ),
                Mistake(
                    "dot product",
                    _DotProduct,
                    "That is the dot-product form, divided by N. The embedded Gaussian has a softmax.",
                ),
                Mistake(
                    "bare products",
                    _BareProducts,
                    "The products θ·φ are the weights here: neither a softmax, nor even the dot-product form's 1/N.",
                ),
                Mistake(
                    "divided twice",
                    _DividedToo,
                    "A softmax and a division by N: its rows sum to 1 already.",
                ),
                Mistake(
                    "scaled",
                    _Scaled,
                    "There is a factor 1/√d in the exponent: the transformer's. The paper has none, and none is asked.",
                ),
                Mistake(
                    "weights cut off",
                    _Cut,
                    "The output is right, and no gradient reaches theta and phi: the weights are cut off, by "
                    ".detach()?",
                ),
                Mistake(
                    "θ used for φ",
                    _ThetaTwice,
                    "θ is used for the keys as well, and φ nowhere: a place is matched by θ(x_i) · φ(x_j).",
                ),
                Mistake(
                    "θ and φ exchanged", _Exchanged, "θ and φ have changed places: θ makes the queries, φ the keys."
                ),
                Mistake(
                    "keys and values exchanged",
                    _KeysForValues,
                    "φ and g have changed places: match θ with φ, and average g.",
                ),
                Mistake("keys averaged", _KeysAveraged, "The keys φ are averaged, and g is used nowhere: average g."),
                Mistake(
                    "reshaped to places",
                    _Reshaped,
                    "(N, C, H, W) was reshaped to (N, H·W, C): that mixes channels and places. Flatten H and W, then "
                    "exchange the last two axes: x.flatten(2).mT.",
                ),
                Mistake(
                    "reshaped to places and back",
                    _ReshapedBoth,
                    "(N, C, H, W) was reshaped to (N, H·W, C) and back: both mix channels and places. Flatten H and W, "
                    "then exchange the last two axes: x.flatten(2).mT, and the same way back.",
                ),
                Mistake(
                    "all pictures in one list",
                    _OneList,
                    "The places of all pictures stand in one list, so that a place asks those of other pictures, too. "
                    "Keep the axis of the pictures.",
                ),
                Mistake(
                    "reshaped back",
                    _BackReshaped,
                    "On the way back (N, H·W, C) was reshaped to (N, C, H, W): that mixes channels and places. "
                    "Exchange the "
                    "last two axes first.",
                ),
                Mistake(
                    "rows for columns",
                    _Turned,
                    "Rows and columns have changed places on the way back: first H, then W.",
                ),
                Mistake(
                    "W_z not 0",
                    _RandomExit,
                    "A new block is to be the identity, and this one is not: W_z, `exit`, starts at random "
                    "numbers. Set "
                    "its weight to 0.",
                ),
                Mistake(
                    "two zeros",
                    _TwoZeros,
                    "g and W_z both start at 0: the gradient of each contains the other, so that nothing ever "
                    "moves. One "
                    "zero is enough.",
                ),
            ),
            edge_cases=_odd_maps,
            starts_as_identity=True,
            seconds=20.0,
            remark="In the first step W_z alone has a gradient: the others' goes through it, and it is 0. From "
            "the second "
            "step on all move but φ's bias: it adds the same to all scores of a query, and the softmax drops that.",
        ),
    ),
    hints=(
        "Write the shapes beside each line: (N, C, H, W), then (N, P, C) for the P = H · W places, (N, P, P), "
        "and back.",
        "Flatten the places and exchange the last two axes, so that nn.Linear sees the channels last. A softmax "
        "over the "
        "last axis of the scores. W_z leads back to C channels; then the way back to a map, and x is added.",
        "`tokens = x.flatten(2).mT`, of shape (N, P, C).",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 2: where does one place look?


def _map_of(theta: Tensor, phi: Tensor, place: tuple[int, int]) -> Tensor:
    row, column = place
    scores = (theta[:, row, column, None, None] * phi).sum(dim=0)
    return scores.flatten().softmax(dim=0).view_as(scores)


def _asked(generator: torch.Generator) -> Iterable[tuple]:
    for d, height, width in ((2, 2, 3), (3, 4, 2), (4, 3, 5), (5, 6, 4)):
        sizes = (d, height, width), (d, height, width)
        row = int(torch.randint(height, (), generator=generator))
        # Not on the diagonal, where exchanging row and column would not show.
        column = (row + 1 + int(torch.randint(width - 1, (), generator=generator))) % width
        yield (*(_uniform(size, -1.5, 1.5, generator) for size in sizes), (row, column))


def _odd_questions() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(d: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        return _uniform((d, height, width), -1.5, 1.5, generator), _uniform((d, height, width), -1.5, 1.5, generator)

    yield "the last place", (*some(3, 3, 4), (2, 3))
    yield "a map of one row", (*some(2, 1, 5), (0, 3))
    yield "a map of one column", (*some(2, 4, 1), (2, 0))
    yield "a single place", (*some(3, 1, 1), (0, 0))
    theta, phi = some(3, 4, 4)
    yield "as many rows as columns", (theta, phi, (1, 3))
    yield "a query of zeros: it looks everywhere alike", (0 * theta, phi, (2, 1))
    yield "large scores", (40 * theta, phi, (0, 2))


def _table_row(theta: Tensor, phi: Tensor, place: tuple[int, int], dim: int = 1) -> tuple[Tensor, Tensor]:
    """The table's row and column for a place."""
    table = torch.softmax(theta.flatten(1).T @ phi.flatten(1), dim=dim)
    index = place[0] * theta.shape[2] + place[1]
    return table[index], table[:, index]


look = Exercise(
    "look",
    "Build, step 2: where does one place look?",
    (
        Function(
            "attention_map",
            "attention_map(theta, phi, place) → (H, W): the weights with which one place asks all places; sum 1",
            _map_of,
            _asked,
            (
                Mistake(
                    "roles exchanged",
                    lambda t, p, place: _map_of(p, t, place),
                    "φ asks and θ answers here: the query is θ at the place, the keys are φ everywhere.",
                ),
                Mistake(
                    "θ used for φ",
                    lambda t, p, place: _map_of(t, t, place),
                    "The keys are θ as well. Match θ at the place with φ everywhere.",
                ),
                Mistake(
                    "the column",
                    lambda t, p, place: _table_row(t, p, place)[1].reshape(t.shape[1:]),
                    "That is a column of the table: how much all places look at this one. Its row is asked.",
                ),
                Mistake(
                    "softmax over the queries",
                    lambda t, p, place: _table_row(t, p, place, dim=0)[0].reshape(t.shape[1:]),
                    "The softmax runs over the queries: this map does not sum to 1.",
                ),
                Mistake(
                    "softmax over rows",
                    lambda t, p, place: (t[:, place[0], place[1], None, None] * p).sum(dim=0).softmax(dim=0),
                    "Each column of the map sums to 1. The whole map is to: flatten it before the softmax.",
                ),
                Mistake(
                    "softmax over columns",
                    lambda t, p, place: (t[:, place[0], place[1], None, None] * p).sum(dim=0).softmax(dim=1),
                    "Each row of the map sums to 1. The whole map is to: flatten it before the softmax.",
                ),
                Mistake(
                    "scores",
                    lambda t, p, place: (t[:, place[0], place[1], None, None] * p).sum(dim=0),
                    "These are the scores. A softmax over all places makes weights of them.",
                ),
                Mistake(
                    "exponentials",
                    lambda t, p, place: (t[:, place[0], place[1], None, None] * p).sum(dim=0).exp(),
                    "These are the exponentials: the map is to sum to 1. And take a softmax, for scores may be large.",
                ),
                Mistake(
                    "scaled",
                    lambda t, p, place: _map_of(t / len(t) ** 0.5, p, place),
                    "There is a factor 1/√d in the exponent. The paper has none.",
                ),
                Mistake(
                    "flat",
                    lambda t, p, place: _map_of(t, p, place).flatten(),
                    "The weights are right, in a row: make a map of them, (H, W).",
                ),
                Mistake(
                    "row and column exchanged",
                    lambda t, p, place: _map_of(t, p, (place[1], place[0])),
                    "Row and column have changed places: place is (row, column), and the axes of a map are (d, H, W).",
                ),
                Mistake(
                    "counted by the height",
                    lambda t, p, place: (
                        (t.flatten(1)[:, place[0] * t.shape[1] + place[1]] @ p.flatten(1)).softmax(dim=0).view_as(p[0])
                    ),
                    "The place was counted as row · H + column. In a flattened map a whole row lies before the next "
                    "one: how many places has a row?",
                ),
                Mistake(
                    "counted by the height, in the table",
                    lambda t, p, place: (
                        (t.flatten(1).T @ p.flatten(1))
                        .softmax(dim=1)[place[0] * t.shape[1] + place[1]]
                        .reshape(p.shape[1:])
                    ),
                    "The place was counted as row · H + column. In a flattened map a whole row lies before the next "
                    "one: how many places has a row?",
                ),
                Mistake(
                    "counted down the columns",
                    lambda t, p, place: _table_row(t, p, (0, (place[1] * t.shape[1] + place[0])))[0].reshape(
                        t.shape[1:]
                    ),
                    "The place was counted down the columns, column · H + row. A flattened map runs along its rows: "
                    "row · W + column.",
                ),
                Mistake(
                    "a map of (W, H), turned",
                    lambda t, p, place: _map_of(t, p, place).reshape(t.shape[2], t.shape[1]).T,
                    "The weights were put into a map (W, H), and that was turned. A flattened map runs along its rows: "
                    "reshape to (H, W).",
                ),
            ),
            edge_cases=_odd_questions,
        ),
    ),
    hints=(
        "One row of the table is asked. Which number of a flattened map is the place (row, column)?",
        "The query is one vector, θ at the place; its products with φ at all places are H · W scores, and one "
        "softmax runs "
        "over all of them.",
        "`query = theta[:, place[0], …]`, of shape (d,).",
    ),
)

# --------------------------------------------------------------------------------------------------
# Build, step 3: in a network.


def _within(low: float, ranges: tuple[tuple[float, str], ...]) -> Callable[[Tensor], str]:
    """What is wrong with a share that should be `low` or more: the sentence of the first range that it is below."""

    def fault(share: Tensor) -> str:
        value = share.item()
        if not 0 <= value <= 1:
            return f"{value:.3g} is no share: it lies between 0 and 1. Is it in per cent?"
        return next((sentence for top, sentence in ranges if value < min(top, low)), "")

    return fault


def _of_the_control(share: Tensor) -> str:
    low = _within(0.25, ((0.25, "That is below chance, 1/3. Are features and targets of one set of pictures?"),))(share)
    if low or share.item() <= 0.42:
        return low
    return "Without a block nobody knows the twin. Is the control's slot empty, an nn.Identity()?"


slot = Exercise(
    "slot",
    "Build, step 3: your block at work",
    (
        Measured(
            "control",
            "the accuracy of a trained head whose slot is empty, one number from 0 to 1",
            _of_the_control,
            remark="Chance, 1/3: what a head knows that sees its own digit only.",
        ),
        Measured(
            "mine",
            "the accuracy of a trained head with your block in it, one number from 0 to 1",
            _within(
                0.75,
                (
                    (
                        0.45,
                        "About chance, as without a block. Is your block in the head, and was it in there when the "
                        "training began?",
                    ),
                    (
                        0.69,
                        "Near 17/27 = 0.63: as if it knew which colours there are, and not whose. Does each place ask "
                        "its own question?",
                    ),
                    (0.75, "It has begun to match. Train all 400 steps."),
                ),
            ),
            remark="Far above the control and above counting colours: it matches.",
        ),
        Measured(
            "on_twin",
            "the weight of a white digit on its twin, the mean over all, one number from 0 to 1",
            _within(
                0.5,
                (
                    (
                        0.2,
                        "Nine of 81 places have 1/9 of the weight by chance. Is the table that of the trained block, "
                        "and each row a query?",
                    ),
                    (0.5, "More than by chance, 1/9, and less than a block has that is trained with all 400 steps."),
                ),
            ),
            remark="Nobody told it where the twin is.",
        ),
    ),
    hints=(
        "Which of the head's attributes is the slot? And when does it have to be filled?",
        "In `with_block` fill the slot first, then train. The block that you put in is trained along: keep its "
        "name, and "
        "build the table (n, 81, 81) of its θ and φ on the test features.",
        "Between making and training: `….block = …`",
    ),
)

ALL = (three_places, patches, heads, dead_start, reorder, table_2e, ranking, alike, block, look, slot)
