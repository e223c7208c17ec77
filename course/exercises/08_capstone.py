# %% [markdown]
# # Exercises 8 · Choose your attention
#
# Seven exercises, from a block's bill to a job of your own. Write your answer in place of `...` or of
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
from visual_attention.experiments import stored
from visual_attention.experiments.capstone import ANONYMOUS

results = stored("capstone")

# %% [markdown]
# ## 1 · By hand: what a block costs
#
# **Aim:** write the bill before you buy.
#
# The map in the slot has 32 channels and 10 × 10 positions. Count parameters, and multiply-adds for one picture (products
# in linear layers, convolutions and matrix products; no sums of biases, no pooling, no scaling).
#
# - `se_parameters`, `se_operations`: SE with $r = 4$, both layers with biases;
# - `spatial_operations`: CBAM's spatial gate, a 7×7 filter on two planes;
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

# %% [markdown]
# ## 2 · Predict: what the shape of A forbids
#
# **Aim:** rule blocks out before you train them.
#
# The read-out is a mean over places and a linear layer. Answer with a letter.
#
# **`rows_alike`** Every row of the dense $A$ is the same, and $Ax$ is added to $x$. What cannot be done?
#
# - a · anything that needs a far place,
# - b · two different questions, asked at two places of one picture,
# - c · one question about the whole picture.
#
# **`diagonal_places`** $A$ is diagonal over places, one number for all channels. What cannot be done?
#
# - a · choosing between two digits that cover the same cells alike,
# - b · choosing between two digits at different places,
# - c · muting a place.
#
# **`softmax_rows`** The rows of $A$ are softmaxes, and $Ax$ is added to $x$. What cannot be done?
#
# - a · moving information,
# - b · looking far,
# - c · taking nothing, or removing what was there.
#
# **`without_positions`** The weights depend on what is in a cell and not on where it is. What cannot be done?
#
# - a · the colour of the twin,
# - b · the digit beside the dot,
# - c · the digit in the frame's colour.

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

# %% [markdown]
# ## 3 · Prove and check: the mean of a mixture
#
# **Aim:** see a Non-local block as a list of weights for places.
#
# `a` is (n, n), its rows sum to 1; `v` is (n, channels). Show on paper that the mean over the places of $y = a v$ is
# $\sum_j \bar a_j v_j$, and write it with **one** weight a place, without computing $y$.
#
# **`most_heard`**: the three weights $\bar a_j$ of the table with the rows (½, ½, 0), (0, ½, ½), (¼, ¼, ½).

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

# %% [markdown]
# ## 4 · Implement: a paired difference
#
# **Aim:** compare two blocks seed by seed.
#
# `one` and `other` hold one accuracy for each seed, in the same order. Return the mean difference and its standard error,
# as a tensor of two numbers.
#
# **`why_paired`** What does pairing gain?
#
# - a · a hard seed is hard for both, and drops out,
# - b · the mean difference becomes larger,
# - c · five seeds count as ten.

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

# %% [markdown]
# ## 5 · Debug: an unfair comparison
#
# **Aim:** find what a table does not say.
#
# Somebody compares blocks like this. `test[block, seed, checkpoint]` holds accuracies on the test pictures.
#
# ```python
# steps = {"SE": 800, "mine": 1600}
# best = test.amax(dim=(1, 2))      # for each block, the best it has reached
# ```
#
# Write the row as it should be: the last checkpoint, the mean over the seeds.
#
# **`luck`**: two blocks are equally good, and the accuracies of their seeds are normal with one and the same standard
# deviation. How many standard deviations does the best of **five** seeds gain over the mean of one, on average? One decimal is
# enough; simulate it.
#
# **`third_fault`** What else is unfair above?
#
# - a · the test pictures are drawn with another seed than the training pictures,
# - b · the budgets differ,
# - c · accuracy is measured, and not the loss.

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

# %% [markdown]
# ## 6 · Detective: who is who?
#
# **Aim:** read a block's nature from its failures.
#
# Three rows of the stored table without their names, and the row of nothing in the slot. One is SE, one Non-local, one CBAM.
# ± is the standard deviation over the seeds.

# %%
exercise.detective.hint()

# %%
for name, block in (*ANONYMOUS.items(), ("nothing", "none")):
    cells = (f"{job} {results.spread(block, job)}" for job in ("plain", "frame", "twin", "dot"))
    print(f"{name:8} {'   '.join(cells)}")

# %% [markdown]
# **`who_is_se`**, **`who_is_non_local`**: a · Ash, b · Birch, c · Cedar.
#
# **`which_job_tells`** Which job tells CBAM from the two others most clearly?
#
# - a · dot,
# - b · plain,
# - c · twin.

# %%
### BEGIN SOLUTION
who_is_se = "c"
who_is_non_local = "b"
which_job_tells = "a"
### END SOLUTION

# %%
exercise.detective.check(who_is_se, who_is_non_local, which_job_tells)

# %% [markdown]
# ## 7 · Design: a sixth job
#
# **Aim:** state a claim about a block so that it can fail.
#
# Invent a job on the same pictures (frame, digits, dot, four inks) that one of the blocks cures and another one cannot.
# Write down, in a cell of its own: the question; where its answer stands and where its cue; the block that cures it and
# why; the block that must fail, with a proof of three lines; the control; what result would prove you wrong. If you like,
# build it: `visual_attention.datasets.jobs` shows how.
#
# **`proof`** What does such a claim rest on?
#
# - a · one block far ahead of the others,
# - b · a low score with nothing in the slot,
# - c · a proof for the loser, an argument for the winner, and a control of the winner's size.

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
# cures it, but the mean of the map holds less of a dot than of a frame. *The farther one* (of two white 3s, which is
# farther from the dot?): beyond a 7×7 gate, and Non-local lacks positions: add them to the features.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/08_capstone.ipynb). It is worth most after an attempt of your own.
