# %% [markdown]
# # Exercises 8 · Choose your attention
#
# {{Exercises}}, from a block's bill to a block that you predict, build and try, and to a job of your own. Write your answer in place of `...` or of
# `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions are tried on random
# inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone, but for 7 to 9, which are one: predict, build, try.

# %%
import math

import torch
from torch import nn

from courseware.notebook.explorer import show
from visual_attention.exercises import capstone as exercise
from visual_attention.experiments import stored
from visual_attention.lessons.capstone import experiment, figures
from visual_attention.lessons.capstone.data import beacon, dots_drawn, numerals_drawn, painted
from visual_attention.training import accuracy, initialised

# %% [markdown] teaching="skip in a mixed class | 15 | warm-up | a bill to be counted; lessons 5 to 7 have done two of its three parts"
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
#   none, and a normalisation with a scale and a shift a channel follows it;
# - `least_side`: leave the side of the square map open. What is the smallest side at which Non-local's two products over
#   pairs cost **more** than its four linear maps?

# %%
exercise.costs.hint()

# %%
### BEGIN SOLUTION
se_parameters = 32 * 8 + 8 + 8 * 32 + 32
se_operations = 2 * 32 * 8
spatial_operations = 2 * 7 * 7 * 10 * 10
non_local_parameters = 3 * (32 * 16 + 16) + 16 * 32 + 2 * 32
non_local_operations = 4 * 100 * 32 * 16 + 2 * 100 * 100 * 16
least_side = min(side for side in range(1, 100) if 2 * side**4 * 16 > 4 * side**2 * 32 * 16)
### END SOLUTION

# %%
exercise.costs.check(
    se_parameters=se_parameters,
    se_operations=se_operations,
    spatial_operations=spatial_operations,
    non_local_parameters=non_local_parameters,
    non_local_operations=non_local_operations,
    least_side=least_side,
)

# %% [markdown] teaching="in class, pairs | 12 | core | four blocks that the lesson has not: its proofs, put to work"
# ## 2 · Predict: what four new blocks cannot do
#
# **Aim:** rule blocks out before you train them.
#
# None of these blocks is in the lesson's table; its proofs decide. The read-out is a mean over places and a linear layer,
# where nothing else is said. Answer with a letter.
#
# {{question: one_message}}
#
# {{question: narrow_gate}}
#
# {{question: with_positions}}
#
# {{question: flat_read_out}}

# %%
exercise.shapes.hint()

# %%
### BEGIN SOLUTION
one_message = "b"
narrow_gate = "c"
with_positions = "b"
flat_read_out = "c"
### END SOLUTION

# %%
exercise.shapes.check(
    one_message=one_message,
    narrow_gate=narrow_gate,
    with_positions=with_positions,
    flat_read_out=flat_read_out,
)

# %% [markdown] teaching="home | 10 | core | the proof of the lesson, where the question is asked at some places only"
# ## 3 · Prove and check: who is heard where it is asked
#
# **Aim:** see a Non-local block as a list of weights for places, also in *twin*.
#
# In *twin* the read-out hears some cells only: those of the white digit that is asked about. `share`, of shape (n,), is how
# much it hears of each and sums to 1. `a` is (n, n), its rows sum to 1; `v` is (n, channels). Show on paper that of $y = a v$
# the read-out gets $\sum_i s_i y_i$, a sum of the $v_j$ with **one** weight a place, and write **`heard(a, v, share)`** that way:
# a tensor (channels,), in PyTorch and without computing $y$, nor any of its rows.
#
# **`most_heard`**: the three weights for the table with the rows (0.2, 0.8, 0), (0.6, 0.2, 0.2), (0.1, 0.1, 0.8), asked with
# the share ¼ at the first place and ¾ at the third. A list of three numbers, to three decimals.

# %%
exercise.columns.hint()


# %%
def heard(a, v, share):
    ### BEGIN SOLUTION
    weights = share @ a
    return weights @ v
    ### END SOLUTION


### BEGIN SOLUTION
most_heard = torch.tensor([0.25, 0, 0.75]) @ torch.tensor([[0.2, 0.8, 0], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]])
### END SOLUTION

# %%
exercise.columns.check(heard, most_heard)

# %% [markdown] teaching="home | 15 | core | the standard error divides by the root of the number of seeds; three seeds deceive one in five"
# ## 4 · Implement: a paired difference
#
# **Aim:** compare two blocks seed by seed.
#
# `one` and `other`, both of shape (seeds,), hold one accuracy for each seed, in the same order; there are two seeds or more.
# Return the mean of one − other and its standard error (the seeds are a sample of all that could be drawn), as a tensor of
# two numbers.
#
# **`false_findings`**: two blocks are equally good, and their differences are normal. You compare them with **three** seeds,
# and call it a finding when the mean is more than two standard errors away from 0, on either side. In how many per cent of
# such comparisons do you find what is not there? A whole number, rounded; simulate it, with 200,000 repetitions or more.
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
def found_by_chance(seeds, repetitions=400_000):
    gains = torch.randn(repetitions, seeds, generator=torch.Generator().manual_seed(0))  # their mean is 0
    return (gains.mean(dim=1).abs() > 2 * gains.std(dim=1) / math.sqrt(seeds)).double().mean()


false_findings = 100 * found_by_chance(3)
why_paired = "a"
### END SOLUTION

# %%
exercise.paired.check(paired, false_findings, why_paired)

# %% [markdown] teaching="home | 15 | core | the best of five is luck; simulate it before you believe it"
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

# %% [markdown] teaching="home, or pairs at one machine | 20 | core | an experiment with a black box: which probe tells two blocks apart?"
# ## 6 · Detective: four sealed boxes
#
# **Aim:** find out what a block is from what it does.
#
# Four boxes hold an SE, a Non-local block, a gate of places and a filter for each channel, with random weights and in some
# order. `experiment.sealed("Ash")` is a function from maps (N, 64, 12, 12) to maps; so are Birch, Cedar and Dogwood. Send in
# what you like. (Who reads the library's source learns the answers, and not how to find them.)
#
# {{question: who_is_se}}
#
# {{question: who_is_non_local}}
#
# **`reach`**: one of the boxes multiplies all channels of a place by the same number. Up to how many cells away, in rows or in
# columns, do other places have a say in that number? A whole number.
#
# {{question: order}}

# %%
exercise.detective.hint()

# %%
### BEGIN SOLUTION
def probed(box):
    x = torch.rand(1, 64, 12, 12) + 0.1
    changed = x.clone()
    changed[:, :, 6, 6] += 1  # one cell
    felt = ((box(changed) - box(x)).abs().amax(dim=1)[0] > 1e-6).nonzero() - 6
    cells = torch.randperm(144)
    shuffled = box(x.flatten(2)[:, :, cells].view_as(x)).flatten(2)
    return {
        "one factor a channel": bool(((box(x) / x).std(dim=(2, 3)) < 1e-4).all()),
        "one factor a place": bool(((box(x) / x).std(dim=1) < 1e-4).all()),
        "felt so many cells away": int(felt.abs().max()),
        "the same after a shuffle": torch.allclose(shuffled, box(x).flatten(2)[:, :, cells], atol=1e-4),
    }


for name in ("Ash", "Birch", "Cedar", "Dogwood"):
    print(name, probed(experiment.sealed(name)))
who_is_se = "d"
who_is_non_local = "a"
reach = 2
order = "b"
### END SOLUTION

# %%
exercise.detective.check(who_is_se, who_is_non_local, reach, order)

# %% [markdown]
# ## A job that the lesson has not
#
# In the *beacon* job the question is: **which digit has the dot's colour?** A red, a green and a blue digit lie on one spot;
# a single dot, far from them, has one of the three inks. There is no frame. Exercises 7 to 9 are about it.

# %%
shown = beacon(4, "test", seed=5)
show(
    figures.pictures(painted(shown.inks), [""] * 4, [f"answer {label}" for label in shown.labels[:, 0].tolist()]),
    "Four pictures on black. In each a red, a green and a blue digit lie over each other, and a single dot in one of the "
    "three colours lies elsewhere; below, the digit in the dot's colour.",
)

# %% [markdown]
# The network is the lesson's: the frozen trunk, a slot, a mean over the cells, one linear layer. Trained by the short recipe of
# exercise 9 on 2,000 pictures, over five seeds, it reads:

# %%
for slot in ("none", "none, wide"):
    print(f"{slot:11} {stored('beacon').spread(slot, 'accuracy')}")

# %% [markdown] teaching="in class, before 8 and 9 | 8 | core | a claim that can fail, on paper; keep the sheets"
# ## 7 · Build: predict first
#
# **Aim:** say what you expect, and what would change your mind.
#
# `none, wide` above is the control: a 3 × 3 convolution with 37,056 weights. In exercise 8 you build a gate with **260**: four
# numbers that sum to 4, one for each ink, from a linear layer and a softmax on the means of all 64 channels. The dot covers 21
# pixels of 2,304, and each mean is over 144 cells.
#
# **`predicted`**: two numbers, before you train anything: the accuracy that you expect of it, and **the line below which you
# would call your expectation refuted**. Write a sentence with your reason under it, as a comment.
#
# {{question: lacking}}

# %%
exercise.prediction.hint()

# %%
### BEGIN SOLUTION
lacking = "b"
predicted = [0.7, 0.5]  # the dot's ink shows in a mean, faintly; below a half it would have to be missed in most pictures
### END SOLUTION

# %%
exercise.prediction.check(lacking, predicted)

# %% [markdown] teaching="home | 20 | core | a softmax, and channels side by side"
# ## 8 · Build: a gate for each ink
#
# **Aim:** build the smallest block that has what the job lacks.
#
# **`InkGate(channels, groups)`** is an `nn.Module`; the channels come in groups of equal size, side by side: with 64 channels and
# 4 groups the first 16 are red. Its constructor makes `self.score`, an `nn.Linear` from the channels to the groups. `forward(x)`
# takes (N, C, H, W): the mean of each channel over the places goes through `score` and a softmax over the groups, times the number
# of groups. Each channel of `x` is multiplied by the number of its group.

# %%
exercise.ink_gate.hint()


# %%
class InkGate(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        ### BEGIN SOLUTION
        self.groups = groups
        self.score = nn.Linear(channels, groups)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        weights = self.score(x.mean(dim=(2, 3))).softmax(dim=1) * self.groups  # (N, groups)
        return x * weights.repeat_interleave(x.shape[1] // self.groups, dim=1)[:, :, None, None]
        ### END SOLUTION


# %%
exercise.ink_gate.check(InkGate)

# %% [markdown] teaching="home | 25 | core | a minute of training; then what came of the prediction"
# ## 9 · Build: into the slot, and what came of the prediction
#
# **Aim:** let the result decide.
#
# The next cell makes 2,000 pictures to learn from and 500 to test on, and what the trunk sees in them.

# %%
exercise.beacon.hint()

# %%
trunk = experiment.Gallery.stored().trunk
to_learn, to_test = beacon(2000, "train", seed=0), beacon(500, "test", seed=1000)
inputs, labels = experiment.inputs_of(trunk, to_learn), to_learn.labels  # (2000, 65, 12, 12), (2000, 1)
test_inputs, test_labels = experiment.inputs_of(trunk, to_test), to_test.labels

# %% [markdown]
# 1. Train your gate with the seeds 0, 1 and 2: a new `InkGate(64, 4)` each time, made by
#    `initialised(lambda: InkGate(64, 4), seed)`, put into the slot by `experiment.train_quickly(gate, inputs, labels, seed)`, which
#    returns the trained network. `accuracy(network, test_inputs, test_labels)` measures it.
# 2. **`reads(inks)`** takes new pictures (n, 4, 48, 48) and returns the scores of the ten digits, (n, 10), by one of your trained
#    networks. `experiment.seen_by(trunk, inks)` is what the network takes, (n, 65, 12, 12); it returns (n, 10, 1).
#    The check draws pictures that nobody has seen, and asks for 0.6: twice the control.
# 3. **`outcome`**: five numbers, the two of `predicted` as they were, then the three accuracies. The check compares the two
#    with what exercise 7 has noted, if it was checked since the kernel was started, and the three with what `reads` gets.
# 4. Train it once more with the maximum over the places in place of the mean.
#
# {{question: mean_or_maximum}}


# %%
### BEGIN SOLUTION
networks, reached = [], []  # a step on the way
for seed in (0, 1, 2):
    gate = initialised(lambda: InkGate(64, 4), seed)
    networks.append(experiment.train_quickly(gate, inputs, labels, seed))
    reached.append(accuracy(networks[-1], test_inputs, test_labels))
outcome = [*predicted, *reached]
mean_or_maximum = "c"
### END SOLUTION


@torch.no_grad()
def reads(inks):
    ### BEGIN SOLUTION
    return networks[0](experiment.seen_by(trunk, inks))[:, :, 0]
    ### END SOLUTION


# %%
exercise.beacon.check(reads, outcome, mean_or_maximum)

# %% [markdown] teaching="home, to be discussed | 60 | stretch | the exam of the course; ten points in the sheet. Watch for losers that are \"worse\" but not proved to fail"
# ## 10 · Design: a sixth job
#
# **Aim:** state a claim about a block so that it can fail.
#
# Invent a job on such pictures that SE solves and nothing in the slot does not, by a cue that stands **at one place**. Write down
# first, in a cell of its own: the question; where its answer stands and where its cue; why SE should cure it; which other block
# must fail, with a proof of three lines; the control; what result would prove you wrong. The *beacon* is taken: in yours the
# cue is to say more than the ink of a dot, or the answer is to be another one. (The check recognises the *beacon*, and nothing
# else; your reader does.)
#
# Then build it: **`sixth_job(n, seed)`** returns four tensors,
#
# - `inks` (n, 4, 48, 48), float32, from 0, paper, to 1, full ink; the check adds noise;
# - `labels` (n,), int64: the answers, 0 to 9; those that occur about equally often;
# - `cue` and `answer`, (n, 4), int64: a box each, as (row, column, height, width), in which the cue stands, at most 14 × 14
#   pixels, and in which the answer is to be seen. A cell sees 14 × 14 pixels and must not see both: leave 13 free rows, or 13
#   free columns, between the two.
#
# All choices come from the seed. `numerals_drawn(inks, ink, corners, numerals, seed, split)` draws handwritten digits of 10 × 10
# pixels into pictures, and `dots_drawn(inks, ink, centres)` dots of 5 × 5; both draw in place, and `help(numerals_drawn)` says more.
# The check trains nothing in the slot and SE on your pictures, with four starts, and says by the course's yardstick (two standard
# errors, and at least five points) whether your design separates them. That takes less than half a minute on a free machine.
#
# {{question: proof}}

# %%
exercise.design.hint()


# %%
def sixth_job(n, seed):
    ### BEGIN SOLUTION
    # Two digits on one spot, in two of the three inks; the dot at the top, in the third. Read the digit whose ink comes
    # behind the dot's in the circle red, green, blue.
    generator = torch.Generator().manual_seed(seed)
    ink = torch.randint(3, (n,), generator=generator)  # of the dot
    numerals = torch.randint(10, (n, 2), generator=generator)
    places = torch.randint(5, 34, (n,), generator=generator), torch.randint(8, 40, (n,), generator=generator)
    corners = torch.stack([torch.full((n,), 30), places[0]], dim=1)
    centres = torch.stack([torch.full((n,), 8), places[1]], dim=1)
    inks = torch.zeros(n, 4, 48, 48)
    for k in (0, 1):
        numerals_drawn(inks, (ink + 1 + k) % 3, corners, numerals[:, k], seed + k)
    dots_drawn(inks, ink, centres)
    answer = torch.cat([corners, torch.full((n, 2), 10)], dim=1)
    cue = torch.cat([centres - 2, torch.full((n, 2), 5)], dim=1)
    return inks, numerals[:, 0], cue, answer
    ### END SOLUTION


### BEGIN SOLUTION
proof = "c"
### END SOLUTION

# %%
exercise.design.check(sixth_job, proof)

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
# The job above: *the ink behind the dot's*. SE's means hold the dot's ink, faintly, and the two digits' inks as well: the ink that
# only the dot has is the one with the smallest mean. So the dot might not even be needed: **which control shows that?** (Leave the
# dot out, and train again.) The loser: a spatial gate scales both digits, which lie on one spot, alike.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/08_capstone.ipynb). It is worth most after an attempt of your own.
