# %% [markdown]
# # Exercises 4 · The map: six kinds of visual attention
#
# {{Exercises}}, from a quiz to an empty cell of the map. Write your answer in place of `...` or of
# `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions are tried on random
# inputs; you see the first one that goes wrong.
#
# Nearly every exercise goes one step further than the lesson. Stuck? The hints under each exercise
# unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone; they get harder towards the end.

# %%
import math

import torch

from visual_attention.exercises import six_kinds as exercise

# %% [markdown] teaching="in class, pairs | 10 | warm-up | \"a mixture of experts is none, the shift is temporal\"; highway is worth an argument"
# ## 1 · Classify: ten modules on the map
#
# **Aim:** place a module by the axis whose weights differ, not by its name.
#
# {{choices: stn}}
#
# - {{statement: channel_table}};
# - {{statement: scale}};
# - {{statement: stn}};
# - {{statement: axial}};
# - {{statement: nan}};
# - {{statement: shift}};
# - {{statement: video_gate}};
# - {{statement: bam}};
# - {{statement: experts}};
# - {{statement: highway}}.

# %%
exercise.place.hint()

# %%
### BEGIN SOLUTION
channel_table = "a"
scale = "g"
stn = "b"
axial = "b"
nan = "c"
shift = "g"
video_gate = "f"
bam = "e"
experts = "d"
highway = "d"
### END SOLUTION

# %%
exercise.place.check(
    channel_table=channel_table,
    scale=scale,
    stn=stn,
    axial=axial,
    nan=nan,
    shift=shift,
    video_gate=video_gate,
    bam=bam,
    experts=experts,
    highway=highway,
)

# %% [markdown]
# <!-- SOLUTION -->
# Some placings are a matter of definition, which is worth a discussion. A highway layer's $T$ has an entry for each
# channel (and place), but what shares out one unit is two branches: the layer and the identity.

# %% [markdown] teaching="in class | 8 | warm-up | backwards from the output; doubling the scores squares the ratio, and gates know nothing of each other"
# ## 2 · By hand: from the output back to the scores
#
# **Aim:** know what a softmax over branches keeps, and what it forgets.
#
# In one channel a selective kernel has two branches. At some place they found 6 and 2, and 5 came out.
#
# - **`difference`** by how much is the first branch's score higher than the second's? One number, to three decimals.
#
# The second score is in fact 0. Now, each on its own:
#
# - **`doubled`** what comes out if both scores are doubled? One number, to two decimals.
# - **`three`** the weights if a third branch comes in, with the score 0 as well: three numbers, to three decimals.
# - **`gates`** what comes out if each score goes through a sigmoid of its own instead, and the two products are added? One
#   number, to two decimals.

# %%
exercise.branch_weights.hint()

# %%
### BEGIN SOLUTION
difference = math.log(3)
doubled = 6 * 9 / 10 + 2 * 1 / 10
three = [3 / 5, 1 / 5, 1 / 5]
gates = 6 * 3 / 4 + 2 * 1 / 2
### END SOLUTION

# %%
exercise.branch_weights.check(difference=difference, doubled=doubled, three=three, gates=gates)

# %% [markdown]
# <!-- SOLUTION -->
# $6w + 2(1-w) = 5$ gives $w = \frac34$, so the weights are as 3 to 1, and $e^\text{difference} = 3$. Doubled scores make 9
# to 1. With a third branch the exponentials are 3, 1, 1. The sigmoids are $\sigma(\log 3) = \frac34$ and $\sigma(0) = \frac12$.

# %% [markdown] teaching="in class, if time | 6 | warm-up | reads kinds off shapes; 12 frames or 12 places, a unit shared or not"
# ## 3 · Detective: which module was it?
#
# **Aim:** read the kind of attention off a shape and a sum.
#
# Nine pictures with 32 channels of 12 × 12 places went through some modules, and nine clips of 12 frames through others.
# What is known of their weights, the sums for the first input:
#
# | | shape of the weights | what sums to what |
# |---|---|---|
# | {{statement: first}} |
# | {{statement: second}} |
# | {{statement: third}} |
# | {{statement: fourth}} |
# | {{statement: fifth}} |
# | {{statement: sixth}} |
#
# {{choices: first}}

# %%
exercise.shapes.hint()

# %%
### BEGIN SOLUTION
first = "d"
second = "g"
third = "b"
fourth = "c"
fifth = "f"
sixth = "a"
### END SOLUTION

# %%
exercise.shapes.check(first=first, second=second, third=third, fourth=fourth, fifth=fifth, sixth=sixth)

# %% [markdown] teaching="home | 25 | core | seven lines, each with an axis to lose; channels before branches is the slip that no shape shows"
# ## 4 · Implement: the selective part of a selective kernel
#
# **Aim:** write branch attention from the maps to the sum, for a batch.
#
# B branches have looked at N pictures: `maps` has the shape (N, B, C, H, W). Then, for each picture,
#
# 1. $z$ = the mean over the places of the sum of the branches, C numbers;
# 2. hidden numbers $h = \operatorname{relu}(R\,z)$, with `reduce`, $R$, of the shape (d, C);
# 3. scores $s = E\,h$, with `expand`, $E$, of the shape (B·C, d): first the C scores of branch 1, then those of branch 2 …;
# 4. in each channel, weights of the branches: the softmax of their scores;
# 5. the branches' maps, added with these weights.
#
# Return a tensor of shape (N, C, H, W). There may be any number of branches, also one.

# %%
exercise.selective.hint()


# %%
def selective(maps, reduce, expand):
    ### BEGIN SOLUTION
    N, B, C = maps.shape[:3]
    z = maps.sum(dim=1).mean(dim=(2, 3))  # (N, C)
    hidden = torch.relu(z @ reduce.T)  # (N, d)
    scores = (hidden @ expand.T).reshape(N, B, C)
    weights = torch.softmax(scores, dim=1)
    return (weights[:, :, :, None, None] * maps).sum(dim=1)
    ### END SOLUTION


# %%
exercise.selective.check(selective)

# %% [markdown] teaching="home | 20 | core | four faults, none of which stops the program; most find the two of lesson 3 first"
# ## 5 · Debug: one frame asks the others
#
# **Aim:** keep a query out of its own answer, and a clip out of another's.
#
# `frames` has the shape (N, T, d): N clips of T frames, and a description of each frame. In every clip the frame with the
# number `asker` asks which of the *others* is like it, with scores $k_t \cdot q/\sqrt d$. `ask` is to return a tensor of
# shape (N, T): for each clip T weights, exactly 0 for the asking frame, with the sum 1. T is 2 or more. The function below
# runs, and has four faults:

# %%
exercise.ask_the_others.hint()


# %%
def faulty_ask(frames, asker):
    query = frames[asker]
    scores = (frames * query).sum(dim=2)
    weights = torch.softmax(scores, dim=0)
    weights[:, asker] = 0
    return weights


faulty_ask(torch.ones(3, 3, 4), 1)

# %% [markdown]
# All frames are alike there: what should have come out? Mend it.


# %%
def ask(frames, asker):
    ### BEGIN SOLUTION
    query = frames[:, asker]
    scores = (frames * query[:, None, :]).sum(dim=2) / math.sqrt(frames.shape[2])
    scores[:, asker] = -math.inf
    return torch.softmax(scores, dim=1)
    ### END SOLUTION


# %%
exercise.ask_the_others.check(ask)

# %% [markdown]
# <!-- SOLUTION -->
# `frames[asker]` was a clip, all its frames, and not one frame of each clip. The factor $1/\sqrt d$ was missing. The softmax
# ran over the clips. And the asking frame was set to 0 after the softmax, when its share was already lost to the others: hide
# it *before*, $e^{-\infty} = 0$. It is lesson 3's diagonal again.

# %% [markdown] teaching="home | 15 | core | adding branches with different numbers of channels; where the weights really go: the next layer"
# ## 6 · Design: from concatenation to branch attention
#
# **Aim:** see what has to change, in shapes and in weights, when `cat` becomes a weighted sum.
#
# An Inception module has four branches with 96, 192, 64 and 48 channels, concatenated. A 1×1 convolution to 256 channels
# reads them. You want selective-kernel attention over the four instead. (No biases anywhere.)
#
# {{question: obstacle}}
#
# In your new module all four branches have 96 channels. The selection adds up the branches, averages over the places,
# maps 96 → 24 and then 24 → the scores. Whole numbers:
#
# - **`next_before`** weights of the 1×1 convolution behind the concatenation, as the module was;
# - **`next_after`** its weights behind the weighted sum;
# - **`selection`** weights of the two maps of the selection;
# - **`largest_hidden`** how large may the hidden vector be, instead of 24, for the selection to cost no more than the 1×1
#   convolution saves?

# %%
exercise.from_concatenation.hint()

# %%
### BEGIN SOLUTION
obstacle = "b"
next_before = (96 + 192 + 64 + 48) * 256
next_after = 96 * 256
selection = 96 * 24 + 24 * 4 * 96
largest_hidden = (next_before - next_after) // (96 + 4 * 96)
### END SOLUTION

# %%
exercise.from_concatenation.check(
    obstacle=obstacle,
    next_before=next_before,
    next_after=next_after,
    selection=selection,
    largest_hidden=largest_hidden,
)

# %% [markdown]
# <!-- SOLUTION -->
# The second map makes a score for each of $4 \cdot 96$ pairs of branch and channel: together 11,520 weights. The 1×1
# convolution reads 96 channels in the place of 400 and saves 77,824. A hidden number costs $96 + 4 \cdot 96 = 480$, so 162 of
# them could be paid for.

# %% [markdown] teaching="skip in a mixed class | 15 | core | counting, then backwards; the rank of a 3 × 3 kernel is for those who like matrices"
# ## 7 · By hand: what can be taken apart, and when it pays
#
# **Aim:** count weights backwards, and see what the thrift assumes.
#
# For one pair of an input and an output channel (what lies between has one channel too; no biases):
#
# - **`chain`** how many 3×3 kernels in a row reach as far as one 9×9 kernel: a whole number;
# - **`saved`** what that chain saves in the place of 9×9, and what 1×9 then 9×1 saves, in per cent, to one decimal: a list
#   of two numbers.
#
# Now 64 input channels and 128 output channels. The 9×9 convolution is replaced by 1×9 to $m$ channels, then 9×1 from $m$ to
# 128:
#
# - **`break_even`** for which $m$ do the two have exactly as many weights as the one? A whole number.
#
# {{question: exact}}

# %%
exercise.factorised.hint()

# %%
### BEGIN SOLUTION
chain = 4
saved = [100 * (1 - 4 * 9 / 81), 100 * (1 - 18 / 81)]
break_even = 81 * 64 * 128 // (9 * 64 + 9 * 128)
exact = "c"
### END SOLUTION

# %%
exercise.factorised.check(chain=chain, saved=saved, break_even=break_even, exact=exact)

# %% [markdown] teaching="home, to be discussed | 30 | stretch | open; a drawing is no index set. A rubric stands in the sheet"
# ## 8 · Design: an empty cell of the map
#
# **Aim:** invent a kind of attention and say what its A is.
#
# The map has no *channel & temporal* attention. Take a clip of 12 frames with 50 channels, places not told apart. Gates lie
# between 0 and 1, one by one; the rows of a table of a mixture sum to 1. How many numbers does A have, or need (whole
# numbers), as
#
# - **`mixture`** a dense table over all pairs (channel, frame);
# - **`gates`** one gate for each pair;
# - **`product`** a gate for each channel times a gate for each frame?
#
# Somebody adds up several such products, to make any table of 50 × 12 gates that one may wish for:
#
# - **`terms`** how many products are enough for every table, and not more than needed? A whole number.
#
# {{question: limit}}
#
# {{question: double}}

# %%
exercise.empty_cell.hint()

# %%
### BEGIN SOLUTION
mixture = (50 * 12) ** 2
gates = 50 * 12
product = 50 + 12
terms = min(50, 12)
limit = "b"
double = "d"
### END SOLUTION

# %%
exercise.empty_cell.check(mixture=mixture, gates=gates, product=product, terms=terms, limit=limit, double=double)

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
