# %% [markdown]
# # Exercises 6 · Non-local networks
#
# {{Exercises}}, from pencil and paper to a published cost. Each begins with its aim and ends with a check. Write
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
# Run the next cell first. After that, do the exercises in any order.

# %%
import torch

from visual_attention import NonLocalBlock
from visual_attention.exercises import non_local as exercise

# %% [markdown] teaching="in class | 6 | the two normalisers; 2.333 is the products divided by their sum"
# ## 1 · By hand: what does place 1 receive?
#
# **Aim:** know the two normalisers.
#
# Three places with one channel, $x = (1, 2, 3)$; $\theta$, $\phi$ and $g$ are the identity. For the query at place 1:
#
# - **`weights`** of the embedded Gaussian, $e^{x_1 x_j}/\sum_k e^{x_1 x_k}$ for $j = 1, 2, 3$: a list of three numbers;
# - **`softmax`** the $y_1$ that they give, one number;
# - **`dot_product`** the $y_1$ of the dot-product form, one number.
#
# Three decimals each ($e = 2.718$, $e^2 = 7.389$, $e^3 = 20.086$).

# %%
exercise.three_places.hint()

# %%
### BEGIN SOLUTION
weights = [0.0900, 0.2447, 0.6652]
softmax = 2.5752
dot_product = 14 / 3
### END SOLUTION

# %%
exercise.three_places.check(weights=weights, softmax=softmax, dot_product=dot_product)

# %% [markdown] teaching="home | 15 | w = 1/h forgets the √2"
# ## 2 · Prove and implement: non-local means is lesson 2
#
# **Aim:** see one equation in two papers that are forty years apart.
#
# Nadaraya–Watson regression weighs by $e^{-w^2 \|q - k\|^2/2}$, non-local means by $e^{-d^2/h^2}$, where $d^2$ is the
# *mean* squared difference of two patches. Show on paper that the second is the first, with the patch divided by the
# root of its size as key.
#
# - **`w`** for $h = 0.1$, one number, to two decimals;
# - **`patch_weights(patches, h)`** `patches` has the shape (n, d), a patch for each pixel, and `h` is a number above 0.
#   Return the weights, a tensor (n, n): row $i$ for pixel $i$ as the query, with the sum 1. Every pixel is a key, the
#   query's own too.

# %%
exercise.patches.hint()


# %%
def patch_weights(patches, h):
    ### BEGIN SOLUTION
    squared = (patches[:, None] - patches).square().mean(dim=2)
    return torch.softmax(-squared / h**2, dim=1)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
w = 2**0.5 / 0.1
### END SOLUTION

# %%
exercise.patches.check(w=w, patch_weights=patch_weights)

# %% [markdown]
# <!-- SOLUTION -->
# With keys $k = P/\sqrt{n}$ for patches $P$ of $n$ numbers, $\|k_i - k_j\|^2 = \frac{1}{n}\|P_i - P_j\|^2 = d^2$. The two
# exponents agree for all $d$ if $\frac{1}{2}w^2 = 1/h^2$, so $w = \sqrt{2}/h$. Both divide by the sum over the keys. ∎

# %% [markdown] teaching="home | 10 | the bookkeeping of indices; count free ones left and right"
# ## 3 · Detective: the missing sum
#
# **Aim:** keep the books of indices.
#
# The slides that this course grew from print
#
# $$y_i = \frac{1}{\sum_{\forall j} e^{\theta(x_i)^\top \phi(x_j)}}\, e^{\theta(x_i)^\top \phi(x_j)}\, W_g x_j .$$
#
# {{question: shape}}
#
# {{question: index}}
#
# Then write it: **`embedded_gaussian(theta, phi, g)`** for `theta` (n, d), `phi` (k, d), `g` (k, c); return $y$, a tensor
# (n, c). The paper ([@wang2018]) has no scale.

# %%
exercise.missing_sum.hint()


# %%
def embedded_gaussian(theta, phi, g):
    ### BEGIN SOLUTION
    return torch.softmax(theta @ phi.T, dim=1) @ g
    ### END SOLUTION


# %%
### BEGIN SOLUTION
shape = "c"
index = "b"
### END SOLUTION

# %%
exercise.missing_sum.check(shape=shape, index=index, embedded_gaussian=embedded_gaussian)

# %% [markdown] teaching="in class, pairs | 8 | \"W_z = 0 kills all learning\""
# ## 4 · Predict, then run: which start is dead?
#
# **Aim:** do no harm, and still learn.
#
# The block ends in $z = x + \gamma \cdot \text{normalised}(W_z y) + \beta$, where $\beta$ starts at 0. Three starts:
# $W_z = 0$; $\gamma = 0$; both. Which of $W_z$, $\gamma$ and the maps $\theta, \phi, g$ get a gradient that is not 0
# **in the first step**? ($\beta$ always does.)
#
# {{choices: w_z_zero}}
#
# {{statement: w_z_zero}}, {{statement: gamma_zero}}, {{statement: both_zero}}: a letter each.
#
# {{question: dead_start.identity}}

# %%
exercise.dead_start.hint()

# %%
### BEGIN SOLUTION
w_z_zero = "b"
gamma_zero = "c"
both_zero = "a"
identity = "d"
### END SOLUTION

# %%
exercise.dead_start.check(w_z_zero=w_z_zero, gamma_zero=gamma_zero, both_zero=both_zero, identity=identity)

# %% [markdown]
# Now run it.

# %%
x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(0))
for name, w_z, gamma in (("W_z = 0", 0, 1), ("gamma = 0", 1, 0), ("both", 0, 0)):
    torch.manual_seed(0)
    block = NonLocalBlock(4, zero_init=False)
    with torch.no_grad():
        block.exit.weight *= w_z
        block.norm.weight *= gamma
    (block(x) - x.roll(1, dims=3)).square().mean().backward()
    moving = [n for n, p in block.named_parameters() if p.grad is not None and p.grad.abs().max() > 1e-12]
    print(f"{name:10}: {moving}")

# %% [markdown] teaching="home | 15 | \"softmax commutes\" is what to watch for"
# ## 5 · Design: the same result, sixty-four times cheaper
#
# **Aim:** see what the softmax costs.
#
# The dot-product form is $\frac{1}{N} (Q K^\top) V$. Write **`linear_attention(query, keys, values)`** for `query` (n, d),
# `keys` (k, d), `values` (k, c); the result is a tensor (n, c), divided by the number of **keys**. No table of all pairs
# may be built, in no shape: where there are many more queries than channels, no tensor on the way has $n \cdot k$ numbers
# or more. The check watches the tensors that you make, so stay in PyTorch, without lists or NumPy.
#
# For $N = 6144$ places (a map of 64 × 96) that are queries and keys, and $d = c = 96$, count multiplications (without
# the division and without additions), as whole numbers:
#
# - **`with_table`** in the order $(Q K^\top) V$,
# - **`reordered`** in yours.
#
# {{question: cheaper}}
#
# {{question: reorder.softmax as softmax_form}}

# %%
exercise.reorder.hint()


# %%
def linear_attention(query, keys, values):
    ### BEGIN SOLUTION
    return query @ (keys.T @ values) / len(keys)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
with_table = 2 * 6144**2 * 96
reordered = 2 * 6144 * 96**2
cheaper = "a"
softmax_form = "c"
### END SOLUTION

# %%
exercise.reorder.check(
    linear_attention=linear_attention,
    with_table=with_table,
    reordered=reordered,
    cheaper=cheaper,
    softmax=softmax_form,
)

# %% [markdown] teaching="skip in a mixed class | 25 | a published bill; long, and only for those who like audits"
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
blocks = ((3, 1024, 4 * 14 * 14), (2, 512, 4 * 28 * 28))
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

# %% [markdown] teaching="home, for the quick | 20 | a proof about a whole family; \"because ReLU is linear\" is the wrong reason"
# ## 7 · Prove and implement: concatenation ranks alike
#
# **Aim:** prove a limit of a whole family.
#
# Write **`concatenation(theta, phi, w)`** for `theta` (n, d), `phi` (k, d), `w` (2d,): the table of
# $\mathrm{ReLU}(w \cdot [\theta_i, \phi_j]) / k$, a tensor (n, k), with no tensor of shape (n, k, 2d), nor one of as many
# numbers in another shape. The check watches the tensors that you make, so stay in PyTorch, without lists or NumPy.
#
# Then show on paper that every query prefers the same key.
#
# {{question: why}}
#
# {{question: ranking.softmax as with_softmax}}
#
# {{question: conclusion}}

# %%
exercise.ranking.hint()


# %%
def concatenation(theta, phi, w):
    ### BEGIN SOLUTION
    d = theta.shape[1]
    a, b = theta @ w[:d], phi @ w[d:]
    return (a[:, None] + b).relu() / len(phi)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
why = "b"
with_softmax = "a"
conclusion = "c"
### END SOLUTION

# %%
exercise.ranking.check(concatenation=concatenation, why=why, softmax=with_softmax, conclusion=conclusion)

# %% [markdown]
# <!-- SOLUTION -->
# Split $w = [u, v]$: $w \cdot [\theta_i, \phi_j] = u \cdot \theta_i + v \cdot \phi_j = a_i + b_j$. If $b_j \ge b_k$ then
# $a_i + b_j \ge a_i + b_k$ for every $i$, and $t \mapsto \max(t, 0)/N$ never decreases, so $f(x_i, x_j) \ge f(x_i, x_k)$
# for every $i$. ∎ (The query still decides how many keys lie above 0, how even their shares are, and how strong the row is as a whole.)

# %% [markdown] teaching="home | 15 | puts a number on a claim that papers make by eye"
# ## 8 · Measure: does the query matter?
#
# **Aim:** put a number on "almost the same for all queries".
#
# Write **`likeness(weights)`** for a table (n, k) with n ≥ 2, a row for each query: the mean cosine between two
# **different** rows, over all pairs. One number: a float, or a tensor without axes. A row of zeros (a ReLU can leave
# one) has no direction: its cosine with any row counts as 0.
#
# {{statement: rank_one}} {{statement: alike.identity as identity_matrix}}
#
# {{choices: rank_one}}

# %%
exercise.alike.hint()


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
rank_one = "b"
identity_matrix = "a"
### END SOLUTION

# %%
exercise.alike.check(likeness=likeness, rank_one=rank_one, identity=identity_matrix)

# %% [markdown]
# The lesson's trained block, at all 81 places of a picture, and two others beside it. Use your function on them:

# %%
from visual_attention import GlobalContext
from visual_attention.experiments import load_weights
from visual_attention.lessons.non_local.data import twin_pictures
from visual_attention.lessons.non_local.networks import TwinNetwork

network = load_weights(TwinNetwork("embedded gaussian"), "twins")
pictures = twin_pictures(1, "test", seed=1000).images
with torch.no_grad():
    features = network.trunk.features(pictures)
    tables = {
        "trained embedded Gaussian": network.head.block.weights(features)[0],
        "raw Gaussian": NonLocalBlock(32, pairwise="gaussian").weights(features)[0],
        "global context": GlobalContext(32).weights(features)[0],
    }
for name, table in tables.items():
    print(name, tuple(table.shape))

# %% [markdown]
# <!-- SOLUTION -->
# The raw Gaussian's table is not the identity here: `tables["raw Gaussian"].diagonal()` has a mean of 0.16, and 68 of the
# 81 places give themselves less than half. The others are long: a Gaussian of the distance times a prior for long keys.

# %% [markdown]
# ## What comes next
#
# A table of $N \times N$ weights moves information between places. Lesson 7 asks for much less: one number for each
# place, and one for each channel.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/06_non_local.ipynb). It is worth most after an attempt of your own.
