# %% [markdown]
# # Exercises 8 · Choose your attention
#
# {{Exercises}}, from a block's bill to a job of your own. Write your answer in place of `...` or of
# `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions are tried on random
# inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import math

import torch

from visual_attention.exercises import capstone as exercise
from visual_attention.lessons.capstone.experiment import anonymous_rows

# %% [markdown] teaching="skip in a mixed class | 15 | a bill to be counted; lessons 5 to 7 have done two of its three parts"
# ## 1 · By hand: what a block costs
#
# **Aim:** write the bill before you buy.
#
# The map in the slot has 32 channels and 10 × 10 positions. Count parameters, and multiply-adds for one picture (products
# in linear layers, convolutions and matrix products; no sums of biases, no pooling, no scaling, no normalisation): whole
# numbers.
#
# - `se_parameters`, `se_operations`: SE with $r = 4$, both layers with biases;
# - `spatial_operations`: CBAM's spatial gate, a 7×7 filter on two planes, padded so that 10 × 10 positions come out;
# - `non_local_parameters`, `non_local_operations`: Non-local with inner width 16; θ, φ and g have biases, the exit has
#   none, and a normalisation with a scale and a shift a channel follows it.

# %%
exercise.costs.hint()

# %%
### BEGIN SOLUTION
se_parameters = 32 * 8 + 8 + 8 * 32 + 32
se_operations = 2 * 32 * 8
spatial_operations = 2 * 7 * 7 * 10 * 10
non_local_parameters = 3 * (32 * 16 + 16) + 16 * 32 + 2 * 32
non_local_operations = 4 * 100 * 32 * 16 + 2 * 100 * 100 * 16
### END SOLUTION

# %%
exercise.costs.check(
    se_parameters=se_parameters,
    se_operations=se_operations,
    spatial_operations=spatial_operations,
    non_local_parameters=non_local_parameters,
    non_local_operations=non_local_operations,
)

# %% [markdown] teaching="in class, pairs | 8 | four letters, the four proofs of the lesson"
# ## 2 · Predict: what the shape of A forbids
#
# **Aim:** rule blocks out before you train them.
#
# The read-out is a mean over places and a linear layer. Answer with a letter.
#
# {{question: rows_alike}}
#
# {{question: diagonal_places}}
#
# {{question: softmax_rows}}
#
# {{question: without_positions}}

# %%
exercise.shapes.hint()

# %%
### BEGIN SOLUTION
rows_alike = "b"
diagonal_places = "a"
softmax_rows = "c"
without_positions = "b"
### END SOLUTION

# %%
exercise.shapes.check(
    rows_alike=rows_alike,
    diagonal_places=diagonal_places,
    softmax_rows=softmax_rows,
    without_positions=without_positions,
)

# %% [markdown] teaching="home, for the quick | 15 | the mean of a mixture"
# ## 3 · Prove and check: the mean of a mixture
#
# **Aim:** see a Non-local block as a list of weights for places.
#
# `a` is (n, n), its rows sum to 1; `v` is (n, channels). Show on paper that the mean over the places of $y = a v$ is
# $\sum_j \bar a_j v_j$, and write it with **one** weight a place: a tensor of shape (channels,), in PyTorch and without
# computing $y$, nor any of its rows.
#
# **`most_heard`**: the three weights $\bar a_j$ of the table with the rows (½, ½, 0), (0, ½, ½), (¼, ¼, ½), a list of three
# numbers, to three decimals.

# %%
exercise.columns.hint()


# %%
def heard(a, v):
    ### BEGIN SOLUTION
    return a.mean(dim=0) @ v
    ### END SOLUTION


### BEGIN SOLUTION
most_heard = [1 / 4, 5 / 12, 1 / 3]
### END SOLUTION

# %%
exercise.columns.check(heard, most_heard)

# %% [markdown] teaching="home | 10 | the standard error divides by the root of the number of seeds"
# ## 4 · Implement: a paired difference
#
# **Aim:** compare two blocks seed by seed.
#
# `one` and `other`, both of shape (seeds,), hold one accuracy for each seed, in the same order; there are two seeds or more.
# Return the mean of one − other and its standard error (the seeds are a sample of all that could be drawn), as a tensor of
# two numbers.
#
# {{question: why_paired}}

# %%
exercise.paired.hint()


# %%
def paired(one, other):
    ### BEGIN SOLUTION
    gain = one - other
    return torch.stack([gain.mean(), gain.std() / math.sqrt(len(gain))])
    ### END SOLUTION


### BEGIN SOLUTION
why_paired = "a"
### END SOLUTION

# %%
exercise.paired.check(paired, why_paired)

# %% [markdown] teaching="home | 15 | the best of five is luck; simulate it before you believe it"
# ## 5 · Debug: an unfair comparison
#
# **Aim:** find what a table does not say.
#
# Somebody compares blocks like this. `test[block, seed, checkpoint]` holds accuracies on the test pictures, in the shape
# (blocks, seeds, checkpoints).
#
# ```python
# steps = {"SE": 800, "mine": 1600}
# best = test.amax(dim=(1, 2))      # for each block, the best it has reached
# ```
#
# Write the row as it should be: the last checkpoint, the mean over the seeds, a tensor of shape (blocks,).
#
# **`luck`**: two blocks are equally good, and the accuracies of their seeds are normal with one and the same standard
# deviation. How many standard deviations does the best of **five** seeds gain over the mean of one, on average? One number,
# to one decimal; simulate it, with 100,000 repetitions or more.
#
# {{question: third_fault}}

# %%
exercise.unfair.hint()


# %%
def row(test):
    ### BEGIN SOLUTION
    return test[:, :, -1].mean(dim=1)
    ### END SOLUTION


### BEGIN SOLUTION
luck = torch.randn(200_000, 5, generator=torch.Generator().manual_seed(0)).amax(dim=1).mean()
third_fault = "b"
### END SOLUTION

# %%
exercise.unfair.check(row, luck, third_fault)

# %% [markdown] teaching="in class, after the table | 6 | three rows without names: read a nature from its failures"
# ## 6 · Detective: who is who?
#
# **Aim:** read a block's nature from its failures.
#
# Three rows of the stored table without their names, and the row of nothing in the slot. One is SE, one Non-local, one CBAM.
# ± is the standard deviation over the seeds.

# %%
exercise.detective.hint()

# %%
for name, row in anonymous_rows().items():
    print(f"{name:8} {'   '.join(f'{job} {accuracy}' for job, accuracy in row.items())}")

# %% [markdown]
# {{statement: who_is_se}} {{statement: who_is_non_local}}
#
# {{choices: who_is_se}}
#
# {{question: which_job_tells}}

# %%
### BEGIN SOLUTION
who_is_se = "c"
who_is_non_local = "b"
which_job_tells = "a"
### END SOLUTION

# %%
exercise.detective.check(who_is_se, who_is_non_local, which_job_tells)

# %% [markdown] teaching="home, to be discussed | 45 | the exam of the course; ten points in the sheet. Watch for losers that are \"worse\" but not proved to fail"
# ## 7 · Design: a sixth job
#
# **Aim:** state a claim about a block so that it can fail.
#
# Invent a job on the same pictures (frame, digits, dot, four inks) that one of the blocks cures and another one cannot.
# Write down, in a cell of its own: the question; where its answer stands and where its cue; the block that cures it and
# why; the block that must fail, with a proof of three lines; the control; what result would prove you wrong. If you like,
# build it: `visual_attention.lessons.capstone.data` shows how.
#
# {{question: proof}}

# %%
exercise.design.hint()

# %%
### BEGIN SOLUTION
proof = "c"
### END SOLUTION

# %%
exercise.design.check(proof)

# %% [markdown]
# <!-- SOLUTION -->
# **For the lecturer: ten points.**
#
# - 2: the question has one right answer in each picture, and the answers are about equally frequent.
# - 2: no cell of 14 × 14 pixels sees both cue and answer (else nothing is needed).
# - 2: the loser's failure is **proved** from the shape of its weights, for any weights: invariance to the order of the
#   cells, equal scaling of channels, equal rows.
# - 2: a control of at least the winner's size, the same budget for all, at least five seeds, paired.
# - 2: a result is named beforehand that would refute the claim.
#
# Examples: *the dot's ink* (which digit has the colour of the dot?): a global cue like the frame's, so a channel gate
# should cure it (not tried), but the mean of the map holds less of a dot than of a frame. *The farther one* (of two white 3s, which is
# farther from the dot?): beyond a 7×7 gate, and Non-local lacks positions: add them to the features.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/08_capstone.ipynb). It is worth most after an attempt of your own.
