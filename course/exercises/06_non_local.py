# %% [markdown]
# # Exercises 6 · Non-local networks
#
# {{Exercises}}, from pencil and paper to a block of your own. Each begins with its aim and ends with a check. Write
# your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell, then run the check
# below it:
#
# - **…** not attempted yet,
# - **✓** right,
# - **✗** not yet, with a sentence on what to look at. Functions are tried on random inputs and on some odd ones
#   (a single key, two equal rows …), and you see the first one that goes wrong.
#
# Each exercise says what a function gets and in which shape it returns its tensor. Numbers are rounded, not cut off, to
# the decimals that are asked; more of them are welcome. A letter stands in quotes, as in `"a"`.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order, but for the three steps of what you build, 9 to 11:
# each uses the one before.

# %%
import math

import torch
import torch.nn.functional as F
from torch import nn

from visual_attention import GlobalContext, NonLocalBlock
from visual_attention.drawing import show_attention
from visual_attention.exercises import non_local as exercise
from visual_attention.experiments import load_weights
from visual_attention.lessons.non_local.data import twin_pictures
from visual_attention.lessons.non_local.networks import TwinHead, TwinNetwork, features_of, twin_attention
from visual_attention.training import accuracy, train

# %% [markdown] teaching="in class | 12 | warm-up | the two normalisers; φ(x₂) = 0 if θ and φ change places; and x comes back at the end"
# ## 1 · By hand: a block with three places
#
# **Aim:** know the two normalisers, and who asks whom.
#
# Three places with one channel, $x = (-1, 1, 2)$, and the maps $\theta(x) = x/2$, $\phi(x) = 1 - x$, $g(x) = 3x$. The query is
# place **2**, where $x_2 = 1$:
#
# - **`weights`** of the embedded Gaussian, $e^{\theta(x_2)\phi(x_j)}/\sum_k e^{\theta(x_2)\phi(x_k)}$ for $j = 1, 2, 3$: a list of
#   three numbers;
# - **`softmax`** the $y_2$ that they give, one number;
# - **`dot_product`** the $y_2$ of the dot-product form, one number;
# - **`z`** what the block returns at place 2, with the softmax form, $W_z = \frac12$ and no normalisation behind it.
#
# Three decimals each ($e = 2.71828$, $1/\sqrt{e} = 0.60653$).

# %%
exercise.three_places.hint()

# %%
### BEGIN SOLUTION
weights = [0.6285, 0.2312, 0.1402]
softmax = -0.3505
dot_product = -2.0
z = 0.8248
### END SOLUTION

# %%
exercise.three_places.check(weights=weights, softmax=softmax, dot_product=dot_product, z=z)

# %% [markdown]
# <!-- SOLUTION -->
# $\theta(x_2) = \frac12$, $\phi = (2, 0, -1)$ and $g = (-3, 3, 6)$. So $f = e, 1, e^{-1/2}$ with the sum $4.3248$, and
# $y_2 = (-3 \cdot 2.7183 + 3 + 6 \cdot 0.6065)/4.3248 = -0.350$. The dot products are $1, 0, -\frac12$:
# $(-3 + 0 - 3)/3 = -2$. And $z_2 = 1 + \frac12 \cdot (-0.350)$.

# %% [markdown] teaching="home | 20 | core | the row of a single pixel; and the own score is set before the softmax"
# ## 2 · Derive and implement: a vote that is not too large
#
# **Aim:** mend non-local means.
#
# The noise has $\sigma = 0.15$. Two patches with the same content under it have $d^2 \approx 2\sigma^2$; a pixel's own patch has 0.
#
# - **`h`** for which such a patch gets *half* the vote that the pixel gives itself, one number, to three decimals;
# - **`w`** of Nadaraya–Watson for this $h$ (not rounded), one number, to two decimals;
# - **`patch_weights(patches, h)`** `patches` has the shape (n, d), a patch for each pixel, and `h` is a number above 0.
#   Return the weights, a tensor (n, n): row $i$ for pixel $i$ as the query, with the sum 1, from $e^{-d^2/h^2}$, where $d^2$
#   is the *mean* squared difference. But a pixel's own vote is set as large as that of the other pixel whose patch is
#   most like its own. A single pixel has no other, and keeps all.

# %%
exercise.patches.hint()


# %%
def patch_weights(patches, h):
    ### BEGIN SOLUTION
    scores = -(patches[:, None] - patches).square().mean(dim=2) / h**2
    if len(patches) > 1:
        own = torch.eye(len(patches), dtype=torch.bool)
        nearest = scores.masked_fill(own, -math.inf).amax(dim=1, keepdim=True)
        scores = torch.where(own, nearest, scores)
    return torch.softmax(scores, dim=1)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
h = 0.15 * (2 / math.log(2)) ** 0.5
w = 2**0.5 / h
### END SOLUTION

# %%
exercise.patches.check(h=h, w=w, patch_weights=patch_weights)

# %% [markdown]
# <!-- SOLUTION -->
# $e^{-2\sigma^2/h^2} = \frac12$ gives $h = \sigma\sqrt{2/\ln 2} = 0.255$. With keys $k = P/\sqrt{n}$ for patches $P$ of $n$
# numbers, $\|k_i - k_j\|^2 = d^2$. The two exponents agree for all $d$ if $\frac{1}{2}w^2 = 1/h^2$, so $w = \sqrt{2}/h$. ∎

# %% [markdown] teaching="home | 20 | core | (n, d) reshaped to (heads, n, …) cuts along the places"
# ## 3 · Detective and implement: a wrong index, and several heads
#
# **Aim:** keep the books of indices, and of axes.
#
# {{question: rows}}
#
# {{question: total}}
#
# Then write the right formula with several **heads**: the channels are cut into parts, and each part attends by itself. With
# `heads` = 2 and 6 channels, the first head has channels 0, 1, 2 of `theta` and `phi`, the second 3, 4, 5; `g` is cut in the
# same way. **`embedded_gaussian(theta, phi, g, heads)`** for `theta` (n, d), `phi` (k, d), `g` (k, c), where `heads` divides
# d and c; return $y$, a tensor (n, c), the heads' results beside each other in their order. The paper ([@wang2018]) has one
# head, and no scale: leave the scale out here, too.

# %%
exercise.heads.hint()


# %%
def embedded_gaussian(theta, phi, g, heads):
    ### BEGIN SOLUTION
    theta, phi, g = (part.unflatten(1, (heads, -1)).transpose(0, 1) for part in (theta, phi, g))
    y = torch.softmax(theta @ phi.mT, dim=2) @ g  # (heads, n, c / heads)
    return y.transpose(0, 1).flatten(1)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
rows = "b"
total = "b"
### END SOLUTION

# %%
exercise.heads.check(rows=rows, total=total, embedded_gaussian=embedded_gaussian)

# %% [markdown] teaching="in class, pairs | 12 | core | \"θ = 0 is harmless\": with φ = 0 as well it is for ever"
# ## 4 · Predict, then run: who moves first?
#
# **Aim:** do no harm, and still learn.
#
# A block without biases and without normalisation: $z = x + W_z y$ with
# $y_i = \sum_j \operatorname{softmax}_j(\theta x_i \cdot \phi x_j)\, g x_j$, where $\theta, \phi, g, W_z$ are matrices. All start at
# random numbers, but for what is set to 0. Which of the four get a gradient that is not 0 **in the first step**?
#
# {{choices: w_z_zero}}
#
# {{statement: w_z_zero}}, {{statement: g_zero}}, {{statement: theta_zero}}, {{statement: theta_and_phi_zero}},
# {{statement: g_and_w_z_zero}}; and {{statement: second_step}}: a letter each.
#
# {{question: dead_start.identity}}

# %%
exercise.dead_start.hint()

# %%
### BEGIN SOLUTION
w_z_zero = "b"
g_zero = "c"
theta_zero = "e"
theta_and_phi_zero = "d"
g_and_w_z_zero = "a"
second_step = "f"
identity = "b"
### END SOLUTION

# %%
exercise.dead_start.check(
    w_z_zero=w_z_zero,
    g_zero=g_zero,
    theta_zero=theta_zero,
    theta_and_phi_zero=theta_and_phi_zero,
    g_and_w_z_zero=g_and_w_z_zero,
    second_step=second_step,
    identity=identity,
)

# %% [markdown]
# When you have chosen, run it. The cell waits for your seven letters.

# %%
x = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))  # 12 places, 4 channels


def steps(zeros):
    """What a block returns at first, where the maps in `zeros` start at 0; and which maps a gradient reaches, two steps."""
    generator = torch.Generator().manual_seed(1)
    maps = {name: torch.randn(4, 4, generator=generator) for name in ("theta", "phi", "g", "W_z")}
    maps = {name: (0 * m if name in zeros else m).requires_grad_() for name, m in maps.items()}
    returned, reached = [], []
    for _ in range(2):
        y = torch.softmax(x @ maps["theta"] @ (x @ maps["phi"]).T, dim=1) @ x @ maps["g"]
        returned.append(x + y @ maps["W_z"])
        loss = (returned[-1] - x.roll(1, dims=0)).square().mean()
        gradients = torch.autograd.grad(loss, list(maps.values()))
        reached.append([name for name, gradient in zip(maps, gradients) if gradient.abs().max() > 1e-6])
        maps = {n: (m - 0.1 * gradient).detach().requires_grad_() for (n, m), gradient in zip(maps.items(), gradients)}
    return returned[0], reached


if ... in (w_z_zero, g_zero, theta_zero, theta_and_phi_zero, g_and_w_z_zero, second_step, identity):
    print("First your seven letters, then this cell shows what happens.")
else:
    for zeros in (("W_z",), ("g",), ("theta",), ("theta", "phi"), ("g", "W_z")):
        returned, (first, _) = steps(zeros)
        start = "the identity" if torch.equal(returned, x) else "not the identity"
        print(f"{' and '.join(zeros)} = 0, {start}: {first}")
    print(f"W_z = 0, in the second step: {steps(('W_z',))[1][1]}")

# %% [markdown] teaching="home | 25 | core | the sum below the line is a product as well; then counting with fewer keys than queries"
# ## 5 · Design: an average without its table, thirty-two times cheaper
#
# **Aim:** see what the softmax costs, and what can stand in its place.
#
# The lesson multiplies the dot-product form from the right; but its weights are no average. Now take features that are above
# 0, $F(q) = \mathrm{elu}(q) + 1$ (`F.elu`, for each number by itself), the match $f(q, k) = F(q) \cdot F(k)$, and divide each
# row by its own sum, $y_i = \sum_j f(q_i, k_j)\, v_j / \sum_j f(q_i, k_j)$.
#
# Write **`linear_attention(query, keys, values)`** for `query` (n, d), `keys` (k, d), `values` (k, c); the result is a tensor
# (n, c). No table of all pairs may be built, in no shape: where there are many more queries than channels, no tensor on the
# way has $n \cdot k$ numbers or more. The check watches the tensors that you make, so stay in PyTorch, without lists or NumPy.
#
# For $n = 6144$ queries (a map of 64 × 96), $k = 1536$ keys (the map pooled by 2 × 2), $d = 64$ and $c = 96$ count
# the multiplications of the sum *above* the line, without features, divisions and additions, as whole numbers:
#
# - **`with_table`** in the order $(Q K^\top) V$,
# - **`reordered`** in yours.
#
# {{question: cheaper}}
#
# {{question: exactly}}

# %%
exercise.reorder.hint()


# %%
def linear_attention(query, keys, values):
    ### BEGIN SOLUTION
    q, k = F.elu(query) + 1, F.elu(keys) + 1
    return q @ (k.T @ values) / (q @ k.sum(dim=0))[:, None]
    ### END SOLUTION


# %%
### BEGIN SOLUTION
with_table = 6144 * 1536 * (64 + 96)
reordered = 64 * 96 * (6144 + 1536)
cheaper = "b"
exactly = "b"
### END SOLUTION

# %%
exercise.reorder.check(
    linear_attention=linear_attention,
    with_table=with_table,
    reordered=reordered,
    cheaper=cheaper,
    exactly=exactly,
)

# %% [markdown] teaching="skip in a mixed class | 25 | stretch | a published bill; long, and only for those who like audits"
# ## 6 · By hand: a published cost, computed again
#
# **Aim:** count a block, and catch a word.
#
# [@wang2018, Table 2e]: a ResNet-101 for video with 43.2 M parameters and 34.2 G multiply-adds gets five blocks and
# then has, it says, 1.2× of both. Three blocks have $C = 1024$ channels on maps of $4 \times 14 \times 14$ places, two
# have $C = 512$ on $4 \times 28 \times 28$. Inside, $\theta$, $\phi$ and $g$ lead to $C/2$ channels and $W_z$ back to
# $C$ (no biases, no normalisation counted). A block without subsampling costs $2NC^2 + N^2C$ multiply-adds: four
# linear maps, and the table used twice.
#
# Give three ratios new : old, one number each, to two decimals:
#
# - **`parameters`**;
# - **`full`** of multiply-adds, without subsampling;
# - **`subsampled`** the same where keys and values, $\phi$ and $g$, come from a map pooled by $2 \times 2$ (time is not
#   pooled). The paper says that this reduces the pairwise work "by 1/4".

# %%
exercise.table_2e.hint()

# %%
### BEGIN SOLUTION
blocks = ((3, 1024, 4 * 14 * 14), (2, 512, 4 * 28 * 28))  # a step on the way
parameters = 1 + sum(k * 2 * C**2 for k, C, N in blocks) / 43.2e6
full = 1 + sum(k * (2 * N * C**2 + N**2 * C) for k, C, N in blocks) / 34.2e9
subsampled = 1 + sum(k * (1.25 * N * C**2 + N**2 * C / 4) for k, C, N in blocks) / 34.2e9
### END SOLUTION

# %%
exercise.table_2e.check(parameters=parameters, subsampled=subsampled, full=full)

# %% [markdown]
# <!-- SOLUTION -->
# Two of the four maps ($\theta$, $W_z$) stay at $N$ places, two see $N/4$: $\frac{1}{2}NC^2 (2 + 2/4) = 1.25NC^2$. The
# table has $N \times N/4$ entries: the pairwise work is reduced *to* a quarter.

# %% [markdown] teaching="home, for the quick | 30 | stretch | the keys that a query hears are the first few of one list; g has to be sorted along"
# ## 7 · Prove and implement: one list for all queries
#
# **Aim:** make a theorem save memory.
#
# The lesson proves that in concatenation every query ranks the keys alike. By hand first: $b = (2, -1, \frac12, -3)$ for four
# keys, and $a = -1$, $\frac14$ and $4$ for three queries.
#
# - **`heard`** the numbers of keys with a weight above 0, for each of the three queries: a list of three whole numbers;
# - **`share`** of its whole weight that the third query gives to the first key, to three decimals;
# - **`concatenation(theta, phi, w, g)`** for `theta` (n, d), `phi` (k, d), `w` (2d,), `g` (k, c): the tensor (n, c) of
#   $y_i = \frac{1}{k} \sum_j \mathrm{ReLU}(w \cdot [\theta_i, \phi_j])\, g_j$, and no tensor of $n \cdot k$ numbers or more where there are
#   many more places than channels. One way asks query by query. A better one sorts the keys once, for all queries: which
#   sums does each query then need? The check watches the tensors that you make, so stay in PyTorch, without lists or NumPy.
#
# {{question: keeps}}

# %%
exercise.ranking.hint()


# %%
def concatenation(theta, phi, w, g):
    ### BEGIN SOLUTION
    d = theta.shape[1]
    a, b = theta @ w[:d], phi @ w[d:]
    order = b.argsort(descending=True)
    b, g = b[order], g[order]
    heard = torch.searchsorted(-b, a)  # how many of the sorted keys have b > −a
    nothing = g.new_zeros(1, g.shape[1])
    sums_of_g = torch.cat([nothing, g.cumsum(dim=0)])  # over the first 0, 1, 2, … keys
    sums_of_bg = torch.cat([nothing, (b[:, None] * g).cumsum(dim=0)])
    return (a[:, None] * sums_of_g[heard] + sums_of_bg[heard]) / len(phi)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
heard = [1, 2, 4]
share = 6 / (6 + 3 + 4.5 + 1)
keeps = "c"
### END SOLUTION

# %%
exercise.ranking.check(heard=heard, share=share, concatenation=concatenation, keeps=keeps)

# %% [markdown]
# <!-- SOLUTION -->
# Split $w = [u, v]$: $w \cdot [\theta_i, \phi_j] = u \cdot \theta_i + v \cdot \phi_j = a_i + b_j$, and a function that never turns an
# order round keeps that of the $b_j$. So query $i$ hears the first $m_i$ keys of one sorted list, and
# $\sum_{j \le m_i} (a_i + b_j)\, g_j = a_i \sum_{j \le m_i} g_j + \sum_{j \le m_i} b_j\, g_j$: two running sums, computed once for all.
# Time and memory grow with $n + k$, but for the sorting. ∎

# %% [markdown] teaching="home | 15 | core | puts a number on a claim that papers make by eye"
# ## 8 · Measure: does the query matter?
#
# **Aim:** put a number on "almost the same for all queries".
#
# Write **`likeness(weights)`** for a table (n, k) with n ≥ 2, a row for each query: the mean cosine between two
# **different** rows, over all pairs. One number: a float, or a tensor without axes. A row of zeros (a ReLU can leave
# one) has no direction: its cosine with any row counts as 0.
#
# Then use it. The next cell makes three tables (81, 81) of one picture: of the lesson's trained block, the raw Gaussian and
# the global context.
#
# - **`trained`** the likeness of the trained block's rows, one number, to two decimals. Bet first: is it near 1, as in the
#   networks that GCNet looked at?
# - **`raw_own`** the mean of what a place gives to itself in the raw Gaussian's table, one number, to two decimals. Is it near
#   1, the identity?
#
# {{question: negative}}

# %%
exercise.alike.hint()

# %%
network = load_weights(TwinNetwork("embedded gaussian"), "twins")
picture = twin_pictures(1, "test", seed=42).images
with torch.no_grad():
    features = network.trunk.features(picture)
    tables = {
        "trained": network.head.block.weights(features)[0],
        "raw": NonLocalBlock(32, pairwise="gaussian").weights(features)[0],
        "context": GlobalContext(32).weights(features)[0],
    }


# %%
def likeness(weights):
    ### BEGIN SOLUTION
    unit = torch.nn.functional.normalize(weights, dim=1)  # a row of zeros stays one
    table = unit @ unit.T
    n = len(table)
    return (table.sum() - table.trace()) / (n * (n - 1))
    ### END SOLUTION


# %%
### BEGIN SOLUTION
trained = likeness(tables["trained"])
raw_own = tables["raw"].diagonal().mean()
negative = "b"
### END SOLUTION

# %%
exercise.alike.check(likeness=likeness, trained=trained, raw_own=raw_own, negative=negative)

# %% [markdown]
# <!-- SOLUTION -->
# The raw Gaussian's table is not the identity here: 68 of the 81 places give themselves less than half. The others are
# long: a Gaussian of the distance times a prior for long keys. And its rows are a little *more* alike than the trained ones:
# many places look at the same few long keys.

# %% [markdown] teaching="in class, at the computer | 30 | core | reshape for transpose; θ used twice; W_z left at random numbers"
# ## 9 · Build, step 1: the block
#
# **Aim:** from θ, φ and g to a start that does no harm.
#
# Write a class `NonLocal`, an `nn.Module`, made with `NonLocal(channels)`; the inner width is `channels // 2`. Its layers, with
# the names of the course's tested block:
#
# - `theta`, `phi`, `g`: `nn.Linear(channels, channels // 2)` each;
# - `exit`, the paper's $W_z$: `nn.Linear(channels // 2, channels, bias=False)`, and it starts at **0**.
#
# `forward(x)` takes a map (N, C, H, W) and returns $z = x + W_z y$, of the same shape, with the embedded Gaussian, without
# scale and without a normalisation behind $W_z$. Maps need not be square, and every place asks every place of its own picture.
#
# The check loads the weights of the tested block into yours and compares; then it asks whether a new one is the identity,
# and whether a short training moves every weight that can move. (Not all can in the first step: exercise 4. And the bias of
# `phi` never can: it adds the same number to all scores of a query, and a softmax drops that.)

# %%
exercise.block.hint()


# %%
class NonLocal(nn.Module):
    def __init__(self, channels):
        ### BEGIN SOLUTION
        super().__init__()
        inner = channels // 2
        self.theta = nn.Linear(channels, inner)
        self.phi = nn.Linear(channels, inner)
        self.g = nn.Linear(channels, inner)
        self.exit = nn.Linear(inner, channels, bias=False)
        nn.init.zeros_(self.exit.weight)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        places = x.flatten(2).mT  # (N, P, C)
        weights = torch.softmax(self.theta(places) @ self.phi(places).mT, dim=2)  # (N, P, P)
        branch = self.exit(weights @ self.g(places))  # (N, P, C)
        return x + branch.mT.reshape(x.shape)
        ### END SOLUTION


# %%
exercise.block.check(NonLocal)

# %% [markdown] teaching="home | 10 | core | row · W + column, not column · H + row"
# ## 10 · Build, step 2: where does one place look?
#
# **Aim:** find one query in the table, and its answer on the map.
#
# Write **`attention_map(theta, phi, place)`** for one picture: `theta` and `phi` are maps (d, H, W), the queries and the keys;
# `place` is (row, column). Return the weights of the embedded Gaussian with which this place asks all places, as a map
# (H, W) with the sum 1.

# %%
exercise.look.hint()


# %%
def attention_map(theta, phi, place):
    ### BEGIN SOLUTION
    row, column = place
    query = theta[:, row, column]
    scores = query @ phi.flatten(1)  # (H·W,)
    return torch.softmax(scores, dim=0).reshape(phi.shape[1:])
    ### END SOLUTION


# %%
exercise.look.check(attention_map)

# %% [markdown] teaching="home, for the quick | 25 | stretch | two trainings, half a minute; the block has to be in the slot before the training"
# ## 11 · Build, step 3: your block at work
#
# **Aim:** see your own block find the twin.
#
# The next cell makes pictures of the lesson's experiment and what the frozen trunk sees in them: maps of 9 × 9 places with 32
# channels. `TwinHead("none")` is a head with an empty slot, `head.block`, which holds an `nn.Identity()`; behind the slot a
# small network answers.
#
# - **`with_block(block)`** puts a block into the slot of a new head, trains the head by `train(head, features, targets,
#   steps=400)`, in some ten seconds, and returns it. Call `torch.manual_seed(0)` before you make a head, or a block.
# - **`control`** the accuracy on the test features, `accuracy(head, test_features, test.targets)`, of a head whose slot stays
#   empty;
# - **`mine`** the same with your `NonLocal(32)`;
# - **`on_twin`** how much of a white digit's weight lies on its twin: `twin_attention(table, test.twins)["mass"]`, for the
#   `table` (n, 81, 81) of your trained block on the test features, rows for queries.
# - **`sketch`** a drawing of where one white digit looks: `show_attention(table[0], test.images[0], at=white)`, for the table
#   that you have made; `white` is the pixel in the middle of a white digit. (With your `attention_map` and Matplotlib's
#   `imshow` you could draw it by hand.)
#
# Numbers with two decimals or more. They are not the same on every machine: the check looks where they lie. Bet on the three
# before you run: chance is 1/3, and who knows which colours there are, but not whose, has 0.63.

# %%
exercise.slot.hint()

# %%
network = load_weights(TwinNetwork("embedded gaussian"), "twins")
pictures, test = twin_pictures(3000, "train", seed=0), twin_pictures(500, "test", seed=1000)
features, targets = features_of(network.trunk, pictures.images), pictures.targets
test_features = features_of(network.trunk, test.images)
cell = (test.twins[0].flatten() >= 0).nonzero()[0].item()  # the first white digit of the first picture: cells of 12 pixels
white = (12 * (cell // 3) + 6, 12 * (cell % 3) + 6)


# %%
def with_block(block):
    ### BEGIN SOLUTION
    torch.manual_seed(0)
    answering = TwinHead("none")
    answering.block = block
    train(answering, features, targets, steps=400)
    return answering
    ### END SOLUTION


# %%
### BEGIN SOLUTION
torch.manual_seed(0)
block = NonLocal(32)  # a step on the way
control = accuracy(with_block(nn.Identity()), test_features, test.targets)
mine = accuracy(with_block(block), test_features, test.targets)
with torch.no_grad():
    places = test_features.flatten(2).mT
    table = torch.softmax(block.theta(places) @ block.phi(places).mT, dim=2)
on_twin = twin_attention(table, test.twins)["mass"]
sketch = show_attention(table[0], test.images[0], at=white)
### END SOLUTION

# %%
exercise.slot.check(control=control, mine=mine, on_twin=on_twin)

# %%
sketch

# %% [markdown]
# <!-- SOLUTION -->
# Nobody told the block where a twin stands: it was asked for colours only, and what it learned to do for them is to look
# there. The lesson's block starts at $\gamma = 0$ behind a normalisation, yours at $W_z = 0$ without one; which start learns
# better we have not compared.

# %% [markdown]
# ## What comes next
#
# A table of $N \times N$ weights moves information between places. Lesson 7 asks for much less: one number for each
# place, and one for each channel.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/06_non_local.ipynb). It is worth most after an attempt of your own.
