"""The exercises of lesson 6: non-local means, the four pairwise functions, and what the block costs.

Right answers come from `visual_attention.blocks` and `visual_attention.pooling`. Wrong ones are written out, so that a
check can name the mistake.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from courseware.checking import Choice, Exercise, Function, Mistake, Value
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


def _uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return (low + (high - low) * torch.rand(shape, generator=generator, dtype=torch.float64)).round(decimals=1)


# --------------------------------------------------------------------------------------------------
# x = (1, 2, 3), all maps the identity.

X = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
PRODUCTS = X[:, None] * X
ROW = torch.softmax(PRODUCTS, dim=1)[0]
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
    for n, d, h in ((3, 1, 1.0), (4, 9, 0.5), (6, 3, 2.0), (10, 27, 0.3)):
        yield _uniform((n, d), 0, 1, generator), h


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
            ),
            decimals=2,
            remark="½w² = 1/h².",
        ),
        Function(
            "patch_weights",
            "patch_weights(patches, h) → the (n, n) weights of all pixels, each row with the sum 1",
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
            ),
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
    for n, k, d, c in ((3, 3, 2, 2), (4, 4, 3, 2), (5, 5, 4, 5), (3, 6, 4, 2)):
        yield tuple(_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (k, c)))


missing_sum = Exercise(
    "missing_sum",
    "Detective: the missing sum",
    (
        Choice(
            "shape",
            "c",
            {
                "a": "j appears as the index of θ·φ and of x_j outside of any sum: it is still free.",
                "b": "i is free as well: there is an answer for each place.",
                "c": "i and j are both free: a table of vectors, where one vector for each i is wanted.",
            },
        ),
        Choice(
            "index",
            "b",
            {
                "a": "Inside one term two different sums would then share a name, and nobody can tell which j in "
                "x_j belongs to which.",
                "b": "The sum below runs over all places on its own, whatever j is above.",
                "c": "It must run over all places: without it the weights do not sum to 1.",
            },
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
            ),
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

dead_start = Exercise(
    "dead_start",
    "Predict, then run: which start is dead?",
    (
        Choice(
            "w_z_zero",
            "b",
            {
                "a": "W_z = 0 does not kill all learning: the gradient of W_z contains γ and y, which are not 0.",
                "b": "The gradient of W_z contains γ, which is not 0. Those of γ and of θ, φ, g contain W_z, or W_z y.",
                "c": "γ is multiplied by the normalised W_z y, which is 0: so is its gradient.",
                "d": "What reaches θ, φ and g goes through W_z, which is 0 in the first step.",
            },
        ),
        Choice(
            "gamma_zero",
            "c",
            {
                "a": "The gradient of γ is what it is multiplied by, the normalised W_z y: not 0.",
                "b": "What reaches W_z goes through γ, which is 0 in the first step.",
                "c": "γ is multiplied by something that is not 0, so it moves, and from step 2 on everything does.",
                "d": "What reaches W_z, θ, φ and g goes through γ, which is 0 in the first step.",
            },
        ),
        Choice(
            "both_zero",
            "a",
            {
                "a": "Each one's gradient contains the other: 0 times something, now and for ever. Only β learns.",
                "b": "What reaches W_z goes through γ, and that is 0 now.",
                "c": "γ is multiplied by the normalised W_z y, and that is 0 now.",
                "d": "Nothing can reach θ, φ and g through two zeros.",
            },
        ),
        Choice(
            "identity",
            "d",
            {
                "a": "With γ = 0 the branch ends in 0 as well.",
                "b": "With W_z = 0 the branch ends in 0 as well.",
                "c": "One zero is enough: 0 times anything is 0.",
                "d": "In all three cases the branch adds 0: to be the identity, one zero is enough.",
            },
        ),
    ),
    hints=(
        "Write z as a product and differentiate it: what does the gradient of each factor contain?",
        "In a product the gradient of one factor contains the other. What lies before both factors contains both.",
        "∂z/∂γ is the normalised W_z y. What stands in ∂z/∂W_z, and what in ∂z/∂θ?",
    ),
)

# --------------------------------------------------------------------------------------------------

N, D = 4096, 64


def _linear(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    return query @ (keys.T @ values) / len(keys)


def _more_embeddings(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, d, c in ((2, 3, 1, 1), (4, 5, 3, 2), (3, 4, 3, 5), (5, 2, 2, 2)):
        yield tuple(_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (k, c)))


reorder = Exercise(
    "reorder",
    "Design: the same result, sixty-four times cheaper",
    (
        Function(
            "linear_attention",
            "linear_attention(query, keys, values) → (n, c), the dot-product form, divided by the number of keys",
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
            ),
        ),
        Value(
            "with_table",
            2 * N**2 * D,
            (
                Mistake("one product only", N**2 * D, "N²d is one of two products: Q Kᵀ, then that times V."),
                Mistake("entries", N**2, "N² is the number of entries. Each is a sum of d products."),
                Mistake("the other order", 2 * N * D**2, "That is the cost of the other order."),
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
            ),
            decimals=0,
        ),
        Choice(
            "cheaper",
            "a",
            {
                "a": "2Nd² < 2N²d where d < N: on any map with more places than inner channels.",
                "b": "Count again: 2Nd² against 2N²d. Divide both by 2Nd.",
                "c": "For a 7 × 7 map and d = 256 the table is cheaper: N = 49.",
                "d": "Only the order of multiplications changes. It always gives the same result, not always cheaper.",
            },
        ),
        Choice(
            "softmax",
            "c",
            {
                "a": "softmax(Q Kᵀ) V is not Q softmax(Kᵀ V): a softmax does not commute with a matrix product.",
                "b": "Rounding differs in both orders a little; that is not what forbids it.",
                "c": "The exponential stands between the two products: it needs every entry of Q Kᵀ by itself.",
            },
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


def _with_vector(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, d in ((2, 2, 1), (3, 4, 2), (5, 5, 3), (4, 2, 4)):
        theta, phi, w = (_uniform(shape, -1, 1, generator) for shape in ((n, d), (k, d), (2 * d,)))
        yield theta + 0.3, phi, w + 0.2


ranking = Exercise(
    "ranking",
    "Prove and implement: concatenation ranks alike",
    (
        Function(
            "concatenation",
            "concatenation(theta, phi, w) → the (n, k) weights ReLU(w · [θ_i, φ_j]) / k",
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
            ),
        ),
        Choice(
            "why",
            "b",
            {
                "a": "ReLU is not linear: ReLU(1) + ReLU(−1) is 1, ReLU(0) is 0. It is something weaker that counts.",
                "b": "b_j > b_k gives a_i + b_j > a_i + b_k for every i, and a ReLU never turns an order round.",
                "c": "The division by N is the same for all keys and all queries: it ranks nothing.",
                "d": "The rows do differ: by how much, and in which keys are cut off at 0. Only the order is shared.",
            },
        ),
        Choice(
            "softmax",
            "a",
            {
                "a": "e^{a_i} stands above and below the line and cancels: the row is softmax(b), whatever i.",
                "b": "A larger a_i makes all scores larger alike; a softmax looks at differences only.",
                "c": "It cancels in every entry, not only in the largest.",
            },
        ),
        Choice(
            "conclusion",
            "c",
            {
                "a": "The proof holds for any weights, trained or not.",
                "b": "It is 1.0 better than no block, for one run each: something helped.",
                "c": "On video, information from far away helped; that each place ranks the others for itself was not "
                "needed. On the lesson's twins it is.",
            },
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
    unit = weights / weights.norm(dim=1, keepdim=True)
    return unit @ unit.T


def _off_diagonal(table: Tensor) -> float:
    n = len(table)
    return ((table.sum() - table.trace()) / (n * (n - 1))).item()


def _tables(generator: torch.Generator) -> Iterable[tuple]:
    for n, k, sharpness in ((2, 3, 1.0), (3, 3, 3.0), (5, 4, 2.0), (8, 10, 4.0)):
        yield (torch.softmax(sharpness * _uniform((n, k), -1, 1, generator), dim=1),)


alike = Exercise(
    "alike",
    "Measure: does the query matter?",
    (
        Function(
            "likeness",
            "likeness(weights) → one number: the mean cosine between two different rows",
            lambda weights: _off_diagonal(_cosines(weights)),
            _tables,
            (
                Mistake(
                    "rows with themselves",
                    lambda w: _cosines(w).mean().item(),
                    "The diagonal is in the mean: each row is like itself, that says nothing.",
                ),
                Mistake(
                    "not normalised",
                    lambda w: _off_diagonal(w @ w.T),
                    "These are dot products. A cosine divides by both lengths.",
                ),
                Mistake(
                    "columns",
                    lambda w: _off_diagonal(_cosines(w.T)),
                    "You compared columns, that is keys. Queries are rows.",
                ),
                Mistake(
                    "centred",
                    lambda w: _off_diagonal(_cosines(w - w.mean(dim=1, keepdim=True))),
                    "You subtracted each row's mean first: that is the correlation.",
                ),
                Mistake(
                    "sum",
                    lambda w: _off_diagonal(_cosines(w)) * len(w) * (len(w) - 1),
                    "That is the sum over the pairs of rows. The mean is asked.",
                ),
            ),
        ),
        Choice(
            "rank_one",
            "b",
            {
                "a": "0 is for rows that have no key in common, such as the identity matrix.",
                "b": "All rows are one row: the cosine of equal vectors is 1.",
                "c": "1/N is a weight of the uniform row, not a cosine.",
            },
        ),
        Choice(
            "identity",
            "a",
            {
                "a": "Each row has its one key for itself: no two have any in common. The raw Gaussian ends there.",
                "b": "1 is for rows that are equal. Those of the identity matrix have nothing in common.",
                "c": "1/N is a weight of the uniform row, not a cosine.",
            },
        ),
    ),
    hints=(
        "A cosine is the dot product of two vectors of length 1.",
        "With rows of length 1, the table times its transpose holds all cosines. Leave out the diagonal: n(n "
        "− 1) entries stay.",
        "`unit = weights / …`, where each row is divided by its own length.",
    ),
)

ALL = (three_places, patches, missing_sum, dead_start, reorder, table_2e, ranking, alike)
