# %% [markdown]
# # Exercises 6 · Non-local networks
#
# Eight exercises, from pencil and paper to a published cost. Each begins with its aim and ends with a check. Write
# your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell, then run the check
# below it:
#
# - **…** not attempted yet,
# - **✓** right,
# - **✗** not yet, with a sentence on what to look at. Functions are tried on random inputs, and you see
#   the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order.

# %%
import torch

from visual_attention import NonLocalBlock
from visual_attention.exercises import non_local as exercise

# %% [markdown]
# ## 1 · By hand: what does place 1 receive?
#
# **Aim:** know the two normalisers.
#
# Three places with one channel, $x = (1, 2, 3)$; $\theta$, $\phi$ and $g$ are the identity. For the query at place 1:
#
# - **`weights`** of the embedded Gaussian, $e^{x_1 x_j}/\sum_k e^{x_1 x_k}$ for $j = 1, 2, 3$;
# - **`softmax`** the $y_1$ that they give;
# - **`dot_product`** the $y_1$ of the dot-product form.
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

# %% [markdown]
# ## 2 · Prove and implement: non-local means is lesson 2
#
# **Aim:** see one equation in two papers that are forty years apart.
#
# Nadaraya–Watson regression weighs by $e^{-w^2 \|q - k\|^2/2}$, non-local means by $e^{-d^2/h^2}$, where $d^2$ is the
# *mean* squared difference of two patches. Show on paper that the second is the first, with the patch divided by the
# root of its size as key.
#
# - **`w`** for $h = 0.1$, to two decimals;
# - **`patch_weights(patches, h)`** `patches` has the shape (n, d), a patch for each pixel. Return the (n, n) weights.

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

# %% [markdown]
# ## 3 · Detective: the missing sum
#
# **Aim:** keep the books of indices.
#
# The slides that this course grew from print
#
# $$y_i = \frac{1}{\sum_{\forall j} e^{\theta(x_i)^\top \phi(x_j)}}\, e^{\theta(x_i)^\top \phi(x_j)}\, W_g x_j .$$
#
# **`shape`** Taken literally, the right-hand side is
#
# - a · one vector for each $j$,
# - b · one vector,
# - c · one vector for each $i$ and $j$.
#
# **`index`** When the sum over $j$ is put in front, the sum below the line
#
# - a · keeps its index $j$,
# - b · needs another index, say $k$,
# - c · may be left out.
#
# Then write it: `theta` (n, d), `phi` (k, d), `g` (k, c); return $y$, (n, c). The paper ([@wang2018]) has no scale.

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

# %% [markdown]
# ## 4 · Predict, then run: which start is dead?
#
# **Aim:** do no harm, and still learn.
#
# The block ends in $z = x + \gamma \cdot \text{normalised}(W_z y) + \beta$. Three starts: $W_z = 0$; $\gamma = 0$; both.
# Which of $W_z$, $\gamma$ and the maps $\theta, \phi, g$ get a gradient that is not 0 **in the first step**? ($\beta$
# always does.)
#
# - a · none of them,
# - b · $W_z$ only,
# - c · $\gamma$ only,
# - d · all of them.
#
# **`w_z_zero`**, **`gamma_zero`**, **`both_zero`**: a letter each.
#
# **`identity`** With which start is $z = x$?
#
# - a · only $W_z = 0$, b · only $\gamma = 0$, c · only both, d · all three.

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

# %% [markdown]
# ## 5 · Design: the same result, sixty-four times cheaper
#
# **Aim:** see what the softmax costs.
#
# The dot-product form is $\frac{1}{N} (Q K^\top) V$. Write it so that no table of all pairs is built: `query` (n, d),
# `keys` (k, d), `values` (k, c); the result is (n, c), divided by the number of **keys**.
#
# For $N = 4096$ places that are queries and keys, and $d = c = 64$, count multiplications (without the division):
#
# - **`with_table`** in the order $(Q K^\top) V$,
# - **`reordered`** in yours.
#
# **`cheaper`** Yours is cheaper
#
# - a · if $N > d$, b · if $N > d^2$, c · always, d · never, it only saves memory.
#
# **`softmax_form`** Why can softmax attention not be reordered like this?
#
# - a · it can: $\operatorname{softmax}(Q K^\top)\, V = Q \operatorname{softmax}(K^\top V)$,
# - b · rounding errors would grow,
# - c · the exponential acts on each entry of $Q K^\top$, so that these must be known first.

# %%
exercise.reorder.hint()


# %%
def linear_attention(query, keys, values):
    ### BEGIN SOLUTION
    return query @ (keys.T @ values) / len(keys)
    ### END SOLUTION


# %%
### BEGIN SOLUTION
with_table = 2 * 4096**2 * 64
reordered = 2 * 4096 * 64**2
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

# %% [markdown]
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
# Give three ratios new : old, to two decimals:
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

# %% [markdown]
# ## 7 · Prove and implement: concatenation ranks alike
#
# **Aim:** prove a limit of a whole family.
#
# Write **`concatenation(theta, phi, w)`** for `theta` (n, d), `phi` (k, d), `w` (2d,): the (n, k) table of
# $\mathrm{ReLU}(w \cdot [\theta_i, \phi_j]) / k$, with no tensor of shape (n, k, 2d).
#
# Then show on paper that every query prefers the same key.
#
# **`why`** a · a ReLU is linear, b · a ReLU keeps the order, and $a_i$ is the same for all keys, c · the division by
# $N$, d · all rows are equal.
#
# **`with_softmax`** With a softmax in place of ReLU and $1/N$: a · all rows are equal, b · the query chooses how sharp its
# row is, c · the largest weight is the same in all rows, the others differ.
#
# **`conclusion`** On video, concatenation reached 72.8 %, the embedded Gaussian 72.7 %, no block 71.8 % (Table 2a).
#
# - a · training repairs what the proof says,
# - b · the block does nothing,
# - c · there, looking far helped, but a ranking of its own for each query was not needed.

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
# for every $i$. ∎ (The query still decides how many keys lie above 0, and how strong the row is as a whole.)

# %% [markdown]
# ## 8 · Measure: does the query matter?
#
# **Aim:** put a number on "almost the same for all queries".
#
# Write **`likeness(weights)`** for a table (n, k), a row for each query: the mean cosine between two **different**
# rows, one number.
#
# **`rank_one`** What does it give if all queries share one row? **`identity_matrix`** And for the identity?
#
# - a · 0, b · 1, c · $1/N$.

# %%
exercise.alike.hint()


# %%
def likeness(weights):
    ### BEGIN SOLUTION
    unit = weights / weights.norm(dim=1, keepdim=True)
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
from visual_attention.datasets import twin_pictures
from visual_attention.experiments import load_weights
from visual_attention.twins import GlobalContext, TwinNetwork

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
# ## What comes next
#
# A table of $N \times N$ weights moves information between places. Lesson 7 asks for much less: one number for each
# place, and one for each channel.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/06_non_local.ipynb). It is worth most after an attempt of your own.
