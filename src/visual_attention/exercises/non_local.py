"""The exercises of lesson 6: non-local means, the four pairwise functions, and what the block costs.

Right answers come from `visual_attention.blocks` and `visual_attention.pooling`. Wrong ones are written out, so that a
check can name the mistake.
"""

import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from courseware.exercises.tools import Tool
from visual_attention.pooling import attention_weights

__all__ = [
    "ALL",
    "alike",
    "dead_start",
    "missing_sum",
    "patches",
    "ranking",
    "reorder",
    "table_2e",
    "three_places",
]


# What is built from lists is not seen by a check that watches the tensors.
LISTS = Tool("tolist", frozenset({"TensorBase.tolist"}))


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return (low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)).round(decimals=1)


# --------------------------------------------------------------------------------------------------
# x = (1, 2, 3), all maps the identity.

X = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
PRODUCTS = X[:, None] * X
ROWS = torch.softmax(PRODUCTS, dim=1)
ROW = ROWS[0]
COLUMN = torch.softmax(PRODUCTS, dim=0)[0]

three_places = Exercise(
    "three_places",
    "By hand: what does place 1 receive?",
    (
        Value(
            "weights",
            ROW,
            (
                Mistake(
                    "softmax over i",
                    COLUMN,
                    "These are the weights that place 1 gets from the three queries: each is divided by the sum over "
                    "i. The query is fixed; its weights over the keys j sum to 1.",
                ),
                Mistake("not normalised", PRODUCTS[0].exp(), "These are the three values of f. Divide by their sum."),
                Mistake(
                    "no exponential", X / 6, "These are in proportion to the products. The Gaussian form has exp(…)."
                ),
                Mistake(
                    "scaled",
                    torch.softmax(PRODUCTS[1] / 4, dim=0),
                    "Somewhere the scores were halved. The paper has no factor in front of the product.",
                ),
                Mistake("place 2", ROWS[1], "That is the row of place 2. The query is x₁ = 1."),
                Mistake("place 3", ROWS[2], "That is the row of place 3. The query is x₁ = 1."),
                Mistake(
                    "by distance",
                    torch.softmax(-((X - 1) ** 2) / 2, dim=0),
                    "That is a Gaussian of their distance. Here the exponent is the product x₁ x_j.",
                ),
                Mistake(
                    "by distance, no half",
                    torch.softmax(-((X - 1) ** 2), dim=0),
                    "That is a Gaussian of their distance. Here the exponent is the product x₁ x_j.",
                ),
                Mistake(
                    "largest",
                    torch.tensor([0.0, 0.0, 1.0]),
                    "All of it went to the largest. A softmax gives it most of the weight, not all.",
                ),
                Mistake(
                    "average",
                    torch.full((3,), 1 / 3),
                    "The three weights are all the same here: that is the plain average.",
                ),
            ),
            remark="e, e² and e³ over their sum.",
        ),
        Value(
            "softmax",
            (ROW @ X).item(),
            (
                Mistake(
                    "softmax over i",
                    (COLUMN @ X).item(),
                    "0.129 comes from a softmax over i: its weights do not sum to 1 over the keys.",
                ),
                Mistake("average", 2.0, "2 is the plain average: all weights 1/3."),
                Mistake("largest", 3.0, "3 is the largest value. It gets most of the weight, not all."),
                Mistake(
                    "not normalised",
                    (PRODUCTS[0].exp() @ X).item(),
                    "77.753 is Σ f · x. Divide by Σ f, the sum of the three exponentials.",
                ),
                Mistake(
                    "divided by N",
                    (PRODUCTS[0].exp() @ X).item() / 3,
                    "You divided by the number of places. That is for the other form: here divide by Σ f.",
                ),
                Mistake("dot product", 14 / 3, "That is the dot-product form. Here f is e to the product."),
                Mistake("place 2", (ROWS[1] @ X).item(), "That is what place 2 receives. The query is x₁ = 1."),
                Mistake("place 3", (ROWS[2] @ X).item(), "That is what place 3 receives. The query is x₁ = 1."),
            ),
        ),
        Value(
            "dot_product",
            14 / 3,
            (
                Mistake(
                    "divided by the sum of f",
                    14 / 6,
                    "2.333 divides by the sum of f, 6. The dot-product form divides by the number of places.",
                ),
                Mistake("not divided", 14.0, "14 is Σ f · x. The dot-product form divides it by N."),
                Mistake(
                    "softmax", (ROW @ X).item(), "That is the softmax form again. Here f is the product, without exp."
                ),
                Mistake(
                    "values forgotten",
                    2.0,
                    "2 is Σ f / N, the sum of the weights. Each has to be multiplied by its x_j.",
                ),
                Mistake("place 2", 28 / 3, "That is what place 2 receives. The query is x₁ = 1."),
            ),
            remark="Outside of the range of x: the weights sum to 2, this is no average.",
        ),
    ),
    hints=(
        "The query is fixed, x₁ = 1. Only j moves.",
        "The softmax form divides by the sum over j, for this query. The dot-product form divides by the "
        "number of places, whatever the sum is.",
        "`weights`: e, e² and e³, each over 30.19.",
    ),
)

# --------------------------------------------------------------------------------------------------


def _patches(generator: torch.Generator) -> Iterable[tuple]:
    for n, d, h in ((3, 2, 1.0), (4, 9, 0.5), (6, 3, 2.0), (10, 27, 0.3)):
        yield _uniform((n, d), 0, 1, generator), h


def _odd_patches() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "a single pixel", (_uniform((1, 4), 0, 1, generator), 0.5)
    yield "patches of a single number", (_uniform((5, 1), 0, 1, generator), 0.5)
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


def _nlm(patches: Tensor, h: float) -> Tensor:
    keys = patches / patches.shape[1] ** 0.5
    return attention_weights(keys, keys, width=h / math.sqrt(2))


patches = Exercise(
    "patches",
    "Prove and implement: non-local means is lesson 2",
    (
        Value(
            "w",
            math.sqrt(2) / 0.1,
            (
                Mistake("1/h", 10.0, "w = 1/h gives exp(−d²/(2h²)): Nadaraya–Watson has a ½ that the filter lacks."),
                Mistake(
                    "inverted root",
                    1 / (math.sqrt(2) * 0.1),
                    "The √2 is on the wrong side: put your w into ½w²d² and compare with d²/h².",
                ),
                Mistake("squared", 200.0, "200 is w². Take the root."),
                Mistake("sigma", 0.1 / math.sqrt(2), "That is σ = h/√2, the width. w is its inverse."),
                Mistake("no root", 20.0, "½w = 1/h gives 20. In the exponent stand w² and h²: take the root."),
                Mistake("h forgotten", math.sqrt(2), "Where is h = 0.1?"),
                Mistake(
                    "h squared",
                    math.sqrt(2) / 0.01,
                    "½w² = 1/h²: the root is taken of both sides, so h is not squared.",
                ),
            ),
            decimals=2,
            remark="½w² = 1/h².",
        ),
        Function(
            "patch_weights",
            "patch_weights(patches, h) → the (n, n) weights: row i for pixel i as query, with the sum 1",
            _nlm,
            _patches,
            (
                Mistake(
                    "sum instead of mean",
                    lambda p, h: torch.softmax(-_mean_squares(p) * p.shape[1] / h**2, dim=1),
                    "d² is the sum over the patch here. It is the mean: otherwise h would have to grow with the patch.",
                ),
                Mistake(
                    "a half too many",
                    lambda p, h: torch.softmax(-_mean_squares(p) / (2 * h**2), dim=1),
                    "There is a factor ½ in the exponent: exp(−d²/h²) has none.",
                ),
                Mistake(
                    "h not squared",
                    lambda p, h: torch.softmax(-_mean_squares(p) / h, dim=1),
                    "The exponent has h², not h.",
                ),
                Mistake(
                    "softmax over i",
                    lambda p, h: torch.softmax(-_mean_squares(p) / h**2, dim=0),
                    "Columns sum to 1 here. Rows are to: dim=1.",
                ),
                Mistake(
                    "not normalised",
                    lambda p, h: torch.exp(-_mean_squares(p) / h**2),
                    "These are the exponentials. Each row still has to be divided by its sum.",
                ),
                Mistake(
                    "sign",
                    lambda p, h: torch.softmax(_mean_squares(p) / h**2, dim=1),
                    "The sign is wrong: the most different patch gets most.",
                ),
                Mistake(
                    "distance not squared",
                    lambda p, h: torch.softmax(-_mean_squares(p).sqrt() / h**2, dim=1),
                    "You took the distance d. The exponent has d².",
                ),
                Mistake(
                    "absolute differences",
                    lambda p, h: torch.softmax(-(p[:, None] - p).abs().mean(dim=2) / h**2, dim=1),
                    "You averaged absolute differences. They are squared before the mean.",
                ),
                Mistake(
                    "squared after the mean",
                    lambda p, h: torch.softmax(-(p[:, None] - p).mean(dim=2).square() / h**2, dim=1),
                    "Differences of opposite sign cancel here: they are first squared, then averaged.",
                ),
                Mistake(
                    "only the keys scaled",
                    lambda p, h: torch.softmax(-(torch.cdist(p, p / p.shape[1] ** 0.5) / h).square(), dim=1),
                    "The keys are divided by the root of the size, the queries are not: both are patches.",
                ),
                Mistake(
                    "h forgotten",
                    lambda p, h: torch.softmax(-_mean_squares(p), dim=1),
                    "The argument h is not used.",
                ),
                Mistake(
                    "one sum for all",
                    lambda p, h: torch.softmax((-_mean_squares(p) / h**2).flatten(), dim=0).reshape(len(p), len(p)),
                    "The whole table sums to 1 here. Each row is to.",
                ),
                Mistake(
                    "itself left out",
                    lambda p, h: torch.softmax((-_mean_squares(p) / h**2).fill_diagonal_(-math.inf), dim=1),
                    "A pixel's own patch is missing: it is one of its keys, with itself at the distance 0.",
                ),
            ),
            edge_cases=_odd_patches,
        ),
    ),
    hints=(
        "Compare the two exponents. For which w do they agree, for every d²?",
        "½w²d² = d²/h². In code: all differences by broadcasting, the mean of their squares over the patch, a "
        "softmax over the keys.",
        "`difference = patches[:, None] - patches`, of shape (n, n, d).",
    ),
)

# --------------------------------------------------------------------------------------------------


def _embedded(theta: Tensor, phi: Tensor, g: Tensor) -> Tensor:
    return torch.softmax(theta @ phi.T, dim=1) @ g


def _embeddings(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, d, c in ((3, 4, 2, 1), (4, 5, 3, 2), (5, 2, 4, 3), (3, 6, 4, 2)):
        yield tuple(_uniform(shape, -2, 2, generator) for shape in ((n, d), (k, d), (k, c)))


def _odd_embeddings() -> Iterable[tuple[str, tuple]]:
    """For exercises 3 and 5: queries (n, d), keys (k, d) and values (k, c) that are out of the ordinary."""
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


missing_sum = Exercise(
    "missing_sum",
    "Detective: the missing sum",
    (
        Choice(
            "shape",
            Question(
                "Taken literally, the right-hand side is",
                {
                    "one vector for each $j$": (
                        "j is free, no sum runs over it. But i is free as well: each query has its own vectors."
                    ),
                    "one vector": (
                        "Beside the line j is still free: it is the index of θ·φ and of x_j, and no sum runs over it."
                    ),
                    "one vector for each $i$ and $j$": (
                        "i and j are both free: a table of vectors, where one vector for each i is wanted."
                    ),
                },
                right="c",
            ),
        ),
        Choice(
            "index",
            Question(
                "When the sum over $j$ is put in front, the sum below the line",
                {
                    "keeps its index $j$": (
                        "Inside one term two different sums would then share a name, and nobody can tell which j in "
                        "x_j belongs to which."
                    ),
                    "needs another index, say $k$": (
                        "The sum below runs over all places on its own, whatever j is above."
                    ),
                    "may be left out": "It must run over all places: without it the weights do not sum to 1.",
                },
                right="b",
            ),
        ),
        Function(
            "embedded_gaussian",
            "embedded_gaussian(theta, phi, g) → y, (n, c): for each query the average of the values",
            _embedded,
            _embeddings,
            (
                Mistake(
                    "softmax over i",
                    lambda t, p, g: torch.softmax(t @ p.T, dim=0) @ g,
                    "The softmax runs over the queries: the weights of one query do not sum to 1.",
                ),
                Mistake(
                    "scaled",
                    lambda t, p, g: torch.softmax(t @ p.T / t.shape[1] ** 0.5, dim=1) @ g,
                    "There is a factor 1/√d in the exponent: the transformer's, and the default of PyTorch's "
                    "attention. The paper has none.",
                ),
                Mistake(
                    "not normalised",
                    lambda t, p, g: torch.exp(t @ p.T) @ g,
                    "Σ_j exp(…) g_j still has to be divided by Σ_k exp(…).",
                ),
                Mistake(
                    "divided by N",
                    lambda t, p, g: torch.exp(t @ p.T) @ g / len(p),
                    "You divided by N. That is for the dot-product and the concatenation form.",
                ),
                Mistake(
                    "no exponential",
                    lambda t, p, g: t @ p.T @ g / len(p),
                    "That is the dot-product form. Here f is an exponential, divided by its sum.",
                ),
                Mistake(
                    "the sum over j missing",
                    lambda t, p, g: torch.softmax(t @ p.T, dim=1)[:, :, None] * g,
                    "You built the formula as printed: a vector for each i and j. Sum over j.",
                ),
                Mistake(
                    "mean over j",
                    lambda t, p, g: torch.softmax(t @ p.T, dim=1) @ g / len(p),
                    "You took the mean over j. The weights sum to 1 already.",
                ),
                Mistake(
                    "no exponential, no division",
                    lambda t, p, g: t @ p.T @ g,
                    "The weights are the bare products θ·φ here. Where are the exponential and the sum below the line?",
                ),
                Mistake(
                    "one sum for all",
                    lambda t, p, g: torch.softmax((t @ p.T).flatten(), dim=0).reshape(len(t), len(p)) @ g,
                    "The whole table sums to 1 here. Each query has a sum of its own below the line.",
                ),
                Mistake(
                    "largest only",
                    lambda t, p, g: g[(t @ p.T).argmax(dim=1)],
                    "Each query takes the value of its largest score alone. The others have weights too.",
                ),
                Mistake(
                    "plain average",
                    lambda t, p, g: g.mean(dim=0).expand(len(t), -1),
                    "That is the plain average of the values: θ and φ are not used.",
                ),
                Mistake(
                    "by distance",
                    lambda t, p, g: torch.softmax(-torch.cdist(t, p).square() / 2, dim=1) @ g,
                    "The exponent is a distance here. The embedded Gaussian has the product θ·φ there.",
                ),
            ),
            edge_cases=_odd_embeddings,
        ),
    ),
    hints=(
        "Cross out each index that some Σ runs over. Which ones are left on each side?",
        "y_i depends on i alone, so j has to be summed over. The sum below the line is a number of its own: "
        "its index must not meet the other one.",
        "`scores = theta @ phi.T`, of shape (n, k).",
    ),
)

# --------------------------------------------------------------------------------------------------

_GRADIENTS = ("none of them", "$W_z$ only", r"$\gamma$ only", "all of them")

dead_start = Exercise(
    "dead_start",
    "Predict, then run: which start is dead?",
    (
        Choice(
            "w_z_zero",
            Question(
                "$W_z = 0$",
                dict(
                    zip(
                        _GRADIENTS,
                        (
                            "W_z = 0 does not kill all learning: the gradient of W_z contains γ and y, which are "
                            "not 0.",
                            "The gradient of W_z contains γ, which is not 0. Those of γ and of θ, φ, g contain "
                            "W_z, or W_z y.",
                            "γ is multiplied by the normalised W_z y, which is 0: so is its gradient.",
                            "What reaches θ, φ and g goes through W_z, which is 0 in the first step.",
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
        Choice(
            "gamma_zero",
            Question(
                r"$\gamma = 0$",
                dict(
                    zip(
                        _GRADIENTS,
                        (
                            "The gradient of γ is what it is multiplied by, the normalised W_z y: not 0.",
                            "What reaches W_z goes through γ, which is 0 in the first step.",
                            "γ is multiplied by something that is not 0, so it moves, and from step 2 on "
                            "everything does.",
                            "What reaches W_z, θ, φ and g goes through γ, which is 0 in the first step.",
                        ),
                        strict=True,
                    )
                ),
                right="c",
            ),
        ),
        Choice(
            "both_zero",
            Question(
                "both",
                dict(
                    zip(
                        _GRADIENTS,
                        (
                            "Each one's gradient contains the other: 0 times something, now and for ever. Only β "
                            "learns.",
                            "What reaches W_z goes through γ, and that is 0 now.",
                            "γ is multiplied by the normalised W_z y, and that is 0 now.",
                            "Nothing can reach θ, φ and g through two zeros.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
            ),
        ),
        Choice(
            "identity",
            Question(
                "With which start is $z = x$?",
                {
                    "only $W_z = 0$": "With γ = 0 the branch ends in 0 as well.",
                    r"only $\gamma = 0$": "With W_z = 0 the branch ends in 0 as well.",
                    "only both": "One zero is enough: 0 times anything is 0.",
                    "all three": "In all three cases the branch adds 0: to be the identity, one zero is enough.",
                },
                right="d",
            ),
        ),
    ),
    hints=(
        "Write z as a product and differentiate it: what does the gradient of each factor contain?",
        "In a product the gradient of one factor contains the other. What lies before both factors contains both.",
        "∂z/∂γ is the normalised W_z y. What stands in ∂z/∂W_z, and what in ∂z/∂θ?",
    ),
)

# --------------------------------------------------------------------------------------------------

# N is none of d², 2d² and the like: a wrong count must not be another one's right answer.
N, D = 64 * 96, 96


def _linear(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    return query @ (keys.T @ values) / len(keys)


def _more_embeddings(generator: torch.Generator) -> Iterable[tuple]:
    """Many more queries and keys than channels: the table of all pairs is the largest tensor by far."""
    for n, k, d, c in ((5, 4, 2, 1), (12, 10, 3, 2), (10, 12, 2, 4), (12, 9, 4, 2)):
        yield tuple(_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (k, c)))


def _less_than_the_table(query: Tensor, keys: Tensor, values: Tensor) -> int:
    """Entries that a tensor may have, so that it is no table of all pairs.

    Where there are few pairs, at least what other ways need: the result, or all products of a key with its value.
    """
    n, k, d, c = len(query), len(keys), keys.shape[1], values.shape[1]
    return max(n * k - 1, n * c, k * d * c)


reorder = Exercise(
    "reorder",
    "Design: the same result, sixty-four times cheaper",
    (
        Function(
            "linear_attention",
            "linear_attention(query, keys, values) → (n, c), divided by the number of keys; no table of all pairs",
            _linear,
            _more_embeddings,
            (
                Mistake(
                    "not divided",
                    lambda q, k, v: q @ (k.T @ v),
                    "The division by the number of keys is missing.",
                ),
                Mistake(
                    "divided by the queries",
                    lambda q, k, v: q @ (k.T @ v) / len(q),
                    "You divided by the number of queries. N counts what is summed over: the keys.",
                ),
                Mistake(
                    "softmax of the small matrix",
                    lambda q, k, v: q @ torch.softmax(k.T @ v, dim=0),
                    "A softmax of Kᵀ V is another thing. This form has no softmax.",
                ),
                Mistake(
                    "softmax",
                    lambda q, k, v: torch.softmax(q @ k.T, dim=1) @ v,
                    "That is the softmax form, which cannot be reordered.",
                ),
                Mistake(
                    "divided by the sum of the weights",
                    lambda q, k, v: q @ (k.T @ v) / (q @ k.sum(dim=0))[:, None],
                    "You divided by Σ f, which may be near 0 or negative. The form divides by N.",
                ),
                Mistake(
                    "softmax of the small matrix, dim 1",
                    lambda q, k, v: q @ torch.softmax(k.T @ v, dim=1),
                    "A softmax of Kᵀ V is another thing. This form has no softmax.",
                ),
                Mistake(
                    "divided by the channels",
                    lambda q, k, v: q @ (k.T @ v) / k.shape[1],
                    "You divided by d, the number of channels. N counts what is summed over: the keys.",
                ),
                Mistake(
                    "divided by the root of the channels",
                    lambda q, k, v: q @ (k.T @ v) / k.shape[1] ** 0.5,
                    "You divided by √d, as the transformer does inside its softmax. N counts the keys.",
                ),
                Mistake(
                    "divided twice",
                    lambda q, k, v: q @ (k.T @ v) / (len(q) * len(k)),
                    "You divided by the number of pairs. The sum runs over the keys only.",
                ),
            ),
            edge_cases=_odd_embeddings,
            forbidden=(LISTS,),
            largest=_less_than_the_table,
        ),
        Value(
            "with_table",
            2 * N**2 * D,
            (
                Mistake("one product only", N**2 * D, "N²d is one of two products: Q Kᵀ, then that times V."),
                Mistake("entries", N**2, "N² is the number of entries. Each is a sum of d products."),
                Mistake("the other order", 2 * N * D**2, "That is the cost of the other order."),
                Mistake("additions too", 4 * N**2 * D, "You counted additions too: multiplications are asked."),
                Mistake("in millions", 2 * N**2 * D / 1e6, "That is in millions: give the count itself."),
                Mistake("in billions", 2 * N**2 * D / 1e9, "That is in billions: give the count itself."),
            ),
            decimals=0,
        ),
        Value(
            "reordered",
            2 * N * D**2,
            (
                Mistake("one product only", N * D**2, "Nd² is one of two products: Kᵀ V, then Q times that."),
                Mistake("the other order", 2 * N**2 * D, "That is the cost with the table."),
                Mistake("d³", 2 * D**3, "The sum over the N places is still there."),
                Mistake("entries", D**2, "d² is the number of entries of Kᵀ V. Each is a sum over N keys."),
                Mistake("additions too", 4 * N * D**2, "You counted additions too: multiplications are asked."),
                Mistake("in millions", 2 * N * D**2 / 1e6, "That is in millions: give the count itself."),
            ),
            decimals=0,
        ),
        Choice(
            "cheaper",
            Question(
                "Yours is cheaper",
                {
                    "if $N > d$": "2Nd² < 2N²d where d < N: on any map with more places than inner channels.",
                    "if $N > d^2$": "Count again: 2Nd² against 2N²d. Divide both by 2Nd.",
                    "always": "For a 7 × 7 map and d = 256 the table is cheaper: N = 49.",
                    "never, it only saves memory": (
                        "Only the order of multiplications changes. It always gives the same result, not always "
                        "cheaper."
                    ),
                },
                right="a",
            ),
        ),
        Choice(
            "softmax",
            Question(
                "Why can softmax attention not be reordered like this?",
                {
                    r"it can: $\operatorname{softmax}(Q K^\top)\, V = Q \operatorname{softmax}(K^\top V)$": (
                        "softmax(Q Kᵀ) V is not Q softmax(Kᵀ V): a softmax does not commute with a matrix product."
                    ),
                    "rounding errors would grow": (
                        "Rounding differs in both orders a little; that is not what forbids it."
                    ),
                    r"the exponential acts on each entry of $Q K^\top$, so that these must be known first": (
                        "The exponential stands between the two products: it needs every entry of Q Kᵀ by itself."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "A product of three matrices may be bracketed in two ways. Which one never holds an n × k table?",
        "Kᵀ V is only (d, c). A product of (a, b) with (b, c) takes a · b · c multiplications, and there are "
        "two products in either order.",
        "`small = keys.T @ values`",
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


def _concatenation(theta: Tensor, phi: Tensor, w: Tensor) -> Tensor:
    d = theta.shape[1]
    return ((theta @ w[:d])[:, None] + (phi @ w[d:])[None, :]).relu() / len(phi)


def _over_its_sum(table: Tensor) -> Tensor:
    return table / table.sum(dim=1, keepdim=True)


def _with_vector(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, d in ((2, 3, 1), (3, 4, 2), (6, 5, 3), (4, 2, 5)):
        theta, phi, w = (_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (2 * d,)))
        yield theta + 0.3, phi, w + 0.2


def _odd_vectors() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(n: int, k: int, d: int) -> tuple[Tensor, ...]:
        return tuple(_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (2 * d,)))

    yield "a single key", some(3, 1, 2)
    yield "a single query", some(1, 4, 3)
    yield "as many queries as keys as channels", some(3, 3, 3)
    theta, phi, w = some(4, 3, 2)
    yield "no score above 0", (theta.abs() + 0.1, phi.abs(), -w.abs() - 0.1)
    yield "scores of exactly 0", (theta, phi, 0 * w)
    yield (
        "a query of zeros, and two keys that are equal",
        (theta * torch.tensor([[0], [1], [1], [1]]), phi[[0, 1, 1]], w),
    )
    yield "only the keys count", (theta, phi, w * torch.tensor([0, 0, 1, 1]))


def _less_than_all_pairs(theta: Tensor, phi: Tensor, w: Tensor) -> int:
    """Entries that a tensor may have, so that it does not hold [θ_i, φ_j] for all pairs; those of one query it may."""
    n, k = len(theta), len(phi)
    return max(n * k * len(w) - 1, n * len(w), k * len(w))


ranking = Exercise(
    "ranking",
    "Prove and implement: concatenation ranks alike",
    (
        Function(
            "concatenation",
            "concatenation(theta, phi, w) → the (n, k) weights ReLU(w · [θ_i, φ_j]) / k, without a tensor (n, k, 2d)",
            _concatenation,
            _with_vector,
            (
                Mistake(
                    "no ReLU",
                    lambda t, p, w: ((t @ w[: t.shape[1]])[:, None] + p @ w[t.shape[1] :]) / len(p),
                    "The ReLU is missing: negative scores count as 0.",
                ),
                Mistake(
                    "ReLU before the sum",
                    lambda t, p, w: ((t @ w[: t.shape[1]]).relu()[:, None] + (p @ w[t.shape[1] :]).relu()) / len(p),
                    "ReLU(a) + ReLU(b) is not ReLU(a + b).",
                ),
                Mistake(
                    "halves swapped",
                    lambda t, p, w: ((t @ w[t.shape[1] :])[:, None] + p @ w[: t.shape[1]]).relu() / len(p),
                    "The first half of w belongs to θ_i, the second to φ_j.",
                ),
                Mistake(
                    "not divided",
                    lambda t, p, w: ((t @ w[: t.shape[1]])[:, None] + p @ w[t.shape[1] :]).relu(),
                    "The division by the number of keys is missing.",
                ),
                Mistake(
                    "divided by the queries",
                    lambda t, p, w: ((t @ w[: t.shape[1]])[:, None] + p @ w[t.shape[1] :]).relu() / len(t),
                    "You divided by the number of queries. N counts the keys.",
                ),
                Mistake(
                    "softmax",
                    lambda t, p, w: torch.softmax((t @ w[: t.shape[1]])[:, None] + p @ w[t.shape[1] :], dim=1),
                    "With a softmax the query cancels entirely. This form has a ReLU and divides by N.",
                ),
                Mistake(
                    "transposed",
                    lambda t, p, w: _concatenation(t, p, w).T.contiguous(),
                    "Rows are queries, columns keys: yours is transposed.",
                ),
                Mistake(
                    "absolute value",
                    lambda t, p, w: ((t @ w[: t.shape[1]])[:, None] + p @ w[t.shape[1] :]).abs() / len(p),
                    "You took absolute values. A ReLU sets negative scores to 0.",
                ),
                Mistake(
                    "every second entry",
                    lambda t, p, w: ((t @ w[::2])[:, None] + p @ w[1::2]).relu() / len(p),
                    "w was split into every second entry. Its first half belongs to θ_i, its second half to φ_j.",
                ),
                Mistake(
                    "divided by the sum of the row",
                    lambda t, p, w: _over_its_sum(_concatenation(t, p, w)),
                    "You divided each row by its sum, which may be 0. This form divides by the number of keys.",
                ),
                Mistake(
                    "divided by the sum of the row, or 1",
                    lambda t, p, w: F.normalize(_concatenation(t, p, w), p=1, dim=1),
                    "You divided each row by its sum, so that it sums to 1. This form divides by the number of keys.",
                ),
            ),
            edge_cases=_odd_vectors,
            forbidden=(LISTS,),
            largest=_less_than_all_pairs,
        ),
        Choice(
            "why",
            Question(
                "Why?",
                {
                    "a ReLU is linear": (
                        "ReLU is not linear: ReLU(1) + ReLU(−1) is 1, ReLU(0) is 0. It is something weaker that counts."
                    ),
                    "a ReLU keeps the order, and $a_i$ is the same for all keys": (
                        "b_j > b_k gives a_i + b_j > a_i + b_k for every i, and a ReLU never turns an order round."
                    ),
                    "the division by $N$": (
                        "The division by N is the same for all keys and all queries: it ranks nothing."
                    ),
                    "all rows are equal": (
                        "The rows do differ: in size, in evenness, in which keys are cut off at 0. The order is shared."
                    ),
                },
                right="b",
            ),
        ),
        Choice(
            "softmax",
            Question(
                "With a softmax in place of ReLU and $1/N$:",
                {
                    "all rows are equal": (
                        "e^{a_i} stands above and below the line and cancels: the row is softmax(b), whatever i."
                    ),
                    "the query chooses how sharp its row is": (
                        "A larger a_i makes all scores larger alike; a softmax looks at differences only."
                    ),
                    "the largest weight is the same in all rows, the others differ": (
                        "It cancels in every entry, not only in the largest."
                    ),
                },
                right="a",
            ),
        ),
        Choice(
            "conclusion",
            Question(
                "On video, concatenation reached 72.8 %, the embedded Gaussian 72.7 %, no block 71.8 % (Table 2a).",
                {
                    "training repairs what the proof says": "The proof holds for any weights, trained or not.",
                    "the block does nothing": (
                        "Nothing here says so: with the block it is 1.0 better, for one run each."
                    ),
                    (
                        "the table cannot tell what helped: the raw Gaussian, which may have looked at itself alone, "
                        "has 72.5 %, and each row is one run"
                    ): (
                        "That looking far helped is not shown, nor that ranking by the query would not. On the "
                        "lesson's "
                        "twins five seeds tell the forms apart."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "Cut w into two halves. What does each of them see?",
        "w · [θ_i, φ_j] is a_i + b_j: two small products, and a sum by broadcasting. Adding one number to all "
        "keys leaves their order as it is.",
        "`a = theta @ w[: theta.shape[1]]`, of shape (n,), and b likewise.",
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


_LIKENESS = ("0", "1", "$1/N$")

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
        Choice(
            "rank_one",
            Question(
                "What does it give if all queries share one row?",
                dict(
                    zip(
                        _LIKENESS,
                        (
                            "0 is for rows that have no key in common, such as the identity matrix.",
                            "All rows are one row: the cosine of equal vectors is 1.",
                            "1/N is a weight of the uniform row, not a cosine.",
                        ),
                        strict=True,
                    )
                ),
                right="b",
            ),
        ),
        Choice(
            "identity",
            Question(
                "And for the identity?",
                dict(
                    zip(
                        _LIKENESS,
                        (
                            "Each row has its one key for itself: no two have any in common. The raw Gaussian ends "
                            "there.",
                            "1 is for rows that are equal. Those of the identity matrix have nothing in common.",
                            "1/N is a weight of the uniform row, not a cosine.",
                        ),
                        strict=True,
                    )
                ),
                right="a",
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

ALL = (three_places, patches, missing_sum, dead_start, reorder, table_2e, ranking, alike)
