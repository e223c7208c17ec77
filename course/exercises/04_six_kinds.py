# %% [markdown]
# # Exercises 4 · The map: six kinds of visual attention
#
# {{Exercises}}, from a quiz to an empty cell of the map. Write your answer in place of `...` or of
# `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions are tried on random
# inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import math

import torch

from visual_attention.exercises import six_kinds as exercise

# %% [markdown] teaching="in class, pairs | 10 | \"Inception is branch, ViT is channel\"; highway is worth an argument"
# ## 1 · Classify: ten modules on the map
#
# **Aim:** place a module by the axis whose weights differ, not by its name.
#
# {{choices: se}}
#
# - {{statement: se}};
# - {{statement: non_local_video}};
# - {{statement: cbam}};
# - {{statement: sknet}};
# - {{statement: stn}};
# - {{statement: eca}};
# - {{statement: nan}};
# - {{statement: vit}};
# - {{statement: inception}};
# - {{statement: highway}}.

# %%
exercise.place.hint()

# %%
### BEGIN SOLUTION
se = "a"
non_local_video = "f"
cbam = "e"
sknet = "d"
stn = "b"
eca = "a"
nan = "c"
vit = "b"
inception = "g"
highway = "d"
### END SOLUTION

# %%
exercise.place.check(
    se=se,
    non_local_video=non_local_video,
    cbam=cbam,
    sknet=sknet,
    stn=stn,
    eca=eca,
    nan=nan,
    vit=vit,
    inception=inception,
    highway=highway,
)

# %% [markdown]
# <!-- SOLUTION -->
# Some placings are a matter of definition, which is worth a discussion. A highway layer's $T$ has an entry for each
# channel (and place), but what shares out one unit is two branches: the layer and the identity.

# %% [markdown] teaching="in class | 5 | two sigmoids, 0.881 and 0.5, in place of a softmax"
# ## 2 · By hand: the weights of two branches, and of three
#
# **Aim:** compute a selective kernel's softmax without a computer.
#
# In one channel the scores of the small and of the large kernel are $(2, 0)$; $e^2 = 7.389$. Weights are lists of
# numbers, to three decimals:
#
# - **`weights`** of the two branches: two numbers;
# - **`output`** where the branches found 4 and 1: one number, to two decimals;
# - **`raised`** the weights when both scores are 3 higher, $(5, 3)$: two numbers;
# - **`three`** the weights when a third branch comes in, $(2, 0, 0)$: three numbers.

# %%
exercise.branch_weights.hint()

# %%
### BEGIN SOLUTION
weights = [0.881, 0.119]
output = 3.642
raised = [0.881, 0.119]
three = [0.787, 0.107, 0.107]
### END SOLUTION

# %%
exercise.branch_weights.check(weights=weights, output=output, raised=raised, three=three)

# %% [markdown]
# <!-- SOLUTION -->
# $7.389/8.389 = 0.881$. $0.881 \cdot 4 + 0.119 \cdot 1 = 3.642$. Raising all scores multiplies every exponential by
# $e^3$, which cancels. With a third branch $7.389/9.389 = 0.787$.

# %% [markdown] teaching="home | 10 | softmax over channels runs, and is wrong"
# ## 3 · Implement: select among branches
#
# **Aim:** write branch attention yourself.
#
# `maps` has the shape (B, C, H, W), the outputs of B branches for one picture; `scores` has the shape (B, C). Return the
# weighted sum, a tensor of shape (C, H, W): in each channel the weights of the branches are the softmax of its scores,
# positive and with the sum 1. There may be any number of branches.

# %%
exercise.select.hint()


# %%
def select(maps, scores):
    ### BEGIN SOLUTION
    weights = torch.softmax(scores, dim=0)
    return (weights[:, :, None, None] * maps).sum(dim=0)
    ### END SOLUTION


# %%
exercise.select.check(select)

# %% [markdown] teaching="home | 15 | adding branches with different numbers of channels"
# ## 4 · Design: from concatenation to branch attention
#
# **Aim:** see what has to change, in shapes and in weights, when `cat` becomes a weighted sum.
#
# An Inception module has four branches with 64, 128, 32 and 32 channels, concatenated. You want selective-kernel
# attention over the four instead.
#
# {{question: obstacle}}
#
# Give all four branches 64 channels. The selection adds up the branches, averages over the places, maps 64 → 32 and
# then 32 → the scores, with no biases. Whole numbers:
#
# - **`concatenated`** channels that left the old module;
# - **`selected`** channels that leave the new one;
# - **`weights`** parameters of the two maps of the selection.

# %%
exercise.from_concatenation.hint()

# %%
### BEGIN SOLUTION
obstacle = "b"
concatenated = 64 + 128 + 32 + 32
selected = 64
weights = 64 * 32 + 32 * 4 * 64
### END SOLUTION

# %%
exercise.from_concatenation.check(obstacle=obstacle, concatenated=concatenated, selected=selected, weights=weights)

# %% [markdown]
# <!-- SOLUTION -->
# The second map makes a score for each of $4 \cdot 64$ pairs of branch and channel: $2{,}048 + 8{,}192 = 10{,}240$
# weights, little beside the convolutions. The larger change is that the next layer reads 64 channels instead of 256.

# %% [markdown] teaching="skip in a mixed class | 10 | counting that the slide has done already"
# ## 5 · By hand: what factorising saves, and what it is not
#
# **Aim:** count weights, and not mistake thrift for attention.
#
# For one pair of an input and an output channel (what lies between has one channel too; no biases):
#
# - **`two_3x3`** weights of two 3×3 kernels in a row, in the place of a 5×5 one: a whole number;
# - **`row_and_column`** weights of 1×7 then 7×1, in the place of a 7×7 one: a whole number;
# - **`saved`** what each of the two saves, in per cent, to one decimal: a list of two numbers.
#
# With 128 input channels, 128 output channels and 128 in between:
#
# - **`with_channels`** weights of the 7×7 convolution, and of 1×7 then 7×1: a list of two whole numbers.
#
# {{question: why_not_attention}}

# %%
exercise.factorised.hint()

# %%
### BEGIN SOLUTION
two_3x3 = 2 * 9
row_and_column = 7 + 7
saved = [100 * (1 - 18 / 25), 100 * (1 - 14 / 49)]
with_channels = [49 * 128 * 128, 14 * 128 * 128]
why_not_attention = "c"
### END SOLUTION

# %%
exercise.factorised.check(
    two_3x3=two_3x3,
    row_and_column=row_and_column,
    saved=saved,
    with_channels=with_channels,
    why_not_attention=why_not_attention,
)

# %% [markdown] teaching="home | 15 | lesson 3's diagonal again; some mend one fault of two"
# ## 6 · Debug: the first frame asks
#
# **Aim:** keep a query out of its own answer.
#
# `frames` has the shape (T, d): a description of each frame of a clip. The first frame asks which of the *others* is
# like it, with scores $k_t \cdot q/\sqrt d$. The function below runs, and has two faults. Mend it: it is to return a
# tensor of T weights, exactly 0 for the first frame, with the sum 1. T is 2 or more.
#
# ```python
# def ask_the_first(frames):
#     scores = frames @ frames[0]
#     weights = torch.softmax(scores, dim=0)
#     weights[0] = 0
#     return weights
# ```

# %%
exercise.ask_the_first.hint()


# %%
def ask_the_first(frames):
    ### BEGIN SOLUTION
    scores = frames @ frames[0] / math.sqrt(frames.shape[1])
    scores[0] = -math.inf
    return torch.softmax(scores, dim=0)
    ### END SOLUTION


# %%
exercise.ask_the_first.check(ask_the_first)

# %% [markdown]
# <!-- SOLUTION -->
# The factor $1/\sqrt d$ was missing, and the first weight was set to 0 after the softmax, when its share was already
# lost to the others. Hide it *before*: $e^{-\infty} = 0$. It is lesson 3's diagonal again.

# %% [markdown] teaching="in class, if time | 5 | reads kinds off shapes; fits at the end of the lecture"
# ## 7 · Detective: which module was it?
#
# **Aim:** read the kind of attention off a shape and a sum.
#
# A batch of 8 inputs with 64 channels of 14 × 14 places (the fifth: clips of 16 frames) went through five modules.
# Their weights for the first input:
#
# | | shape of the weights | what sums to what |
# |---|---|---|
# | {{statement: first}} |
# | {{statement: second}} |
# | {{statement: third}} |
# | {{statement: fourth}} |
# | {{statement: fifth}} |
#
# {{choices: first}}

# %%
exercise.shapes.hint()

# %%
### BEGIN SOLUTION
first = "c"
second = "a"
third = "e"
fourth = "b"
fifth = "d"
### END SOLUTION

# %%
exercise.shapes.check(first=first, second=second, third=third, fourth=fourth, fifth=fifth)

# %% [markdown] teaching="home, to be discussed | 25 | open; a drawing is no index set. A rubric stands in the sheet"
# ## 8 · Design: an empty cell of the map
#
# **Aim:** invent a kind of attention and say what its A is.
#
# The map has no *channel & temporal* attention. Take a clip of 8 frames with 64 channels, places not told apart. How
# many numbers does A have, or need (whole numbers), as
#
# - **`mixture`** a dense table over all pairs (channel, frame);
# - **`gates`** one gate for each pair;
# - **`product`** a gate for each channel times a gate for each frame?
#
# {{question: limit}}

# %%
exercise.empty_cell.hint()

# %%
### BEGIN SOLUTION
mixture = (64 * 8) ** 2
gates = 64 * 8
product = 64 + 8
limit = "b"
### END SOLUTION

# %%
exercise.empty_cell.check(mixture=mixture, gates=gates, product=product, limit=limit)

# %% [markdown]
# **In words, for a discussion:** choose another empty cell (branch & temporal, channel & temporal, branch & spatial).
# State the index set J that the sum runs over, what query, key and value are, the shape of A and its normaliser, and a
# task on which it should beat each of its two parts alone. (For the lecturer: one point for each of index set, the shape
# of A, normaliser, task; a drawing is no substitute for an index set.)

# %% [markdown]
# ## What comes next
#
# One diagonal, over the channels, made a whole paper ([@hu2018]) and won a challenge. Lesson 5 takes squeeze-and-excitation apart:
# what it costs, what it buys, and which of its printed benefits hold.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/04_six_kinds.ipynb). It is worth most after an attempt of your own.
