# %% [markdown]
# # Exercises 7 · Channel and spatial attention
#
# {{Exercises}}: from counting to a CBAM of your own, trained, and the ring that it opens. Write your answer in place of
# `...` or of `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions and modules
# are tried on random inputs and on some odd ones (a map of one place, numbers below 0 everywhere …); you see the first
# one that goes wrong. Numbers are rounded, not cut off, to the decimals that are asked; more of them are welcome. A
# letter stands in quotes, as in `"a"`.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone, but for the four that build: 7 takes the modules of 5
# and 6, and 8 trains that of 7.

# %%
import math
from functools import partial

import torch
from torch import nn

from visual_attention import BAM, CBAM, ChannelAttention, count_cost, resnet50
from visual_attention.drawing import show_attention
from visual_attention.exercises import cbam as exercise
from visual_attention.lessons.cbam import experiment
from visual_attention.lessons.cbam.data import cluttered_digits
from visual_attention.lessons.cbam.explorers import stored_reader
from visual_attention.training import train

# %% [markdown] teaching="in class | 12 | warm-up | counting before believing: lightweight in what?"
# ## 1 · By hand: where the weights sit, and where the work
#
# **Aim:** count before you believe "lightweight".
#
# CBAM in a network with few channels: 3, 4, 6 and 3 blocks with 64, 128, 256 and 512 channels, on square maps of side 56,
# 28, 14 and 7. In each block a channel gate with $r = 8$ and **biases** in both layers, whose whole MLP runs once for each
# of the two pools, and a spatial gate with $k = 5$, no bias, and a batch normalisation behind the filter.
#
# Whole numbers; a product and its sum are one multiply-add; pooling, scaling and normalising are not counted as work:
#
# - `one_gate`: weights of one spatial gate, with the two that its normalisation learns;
# - `channel_gates`: weights of all sixteen channel gates;
# - `spatial_work`, `channel_work`: multiply-adds of all sixteen gates of a kind, for one picture;
# - `spatial_share`: the spatial gates' share of the work of both kinds, in per cent, one decimal.

# %%
exercise.counts.hint()

# %%
### BEGIN SOLUTION
def in_all(of_one):
    """The sum over all blocks of what one has, given its channels and the side of its map."""
    return sum(n * of_one(c, side) for n, c, side in ((3, 64, 56), (4, 128, 28), (6, 256, 14), (3, 512, 7)))


one_gate = 2 * 5 * 5 + 2
channel_gates = in_all(lambda c, side: 2 * c * (c // 8) + c // 8 + c)
spatial_work = in_all(lambda c, side: 2 * 5 * 5 * side**2)
channel_work = in_all(lambda c, side: 2 * (2 * c * (c // 8)))  # the MLP runs twice
spatial_share = 100 * spatial_work / (spatial_work + channel_work)
### END SOLUTION

# %%
exercise.counts.check(
    one_gate=one_gate,
    channel_gates=channel_gates,
    spatial_work=spatial_work,
    channel_work=channel_work,
    spatial_share=spatial_share,
)

# %% [markdown] teaching="in class, pairs | 15 | core | from an error bar to what would be needed; both wrong verdicts will come"
# ## 2 · Judge: what would settle it?
#
# **Aim:** say what it would take before a table can tell.
#
# [@woo2018] on 50,000 test pictures, one run each: CBAM 22.66 % error, with the spatial gate first 22.78 %; SE 23.14 %.
# The standard error of an error rate $p$ is $\sqrt{p(1 - p)/n}$; for models on other pictures each, the squares add up.
#
# - `pictures`: how many pictures is CBAM's gain over SE? A whole number;
# - `in_errors`: how many standard errors of the difference is this gain, the two models taken as independent? Two decimals;
# - `thousand_pictures`: how many thousand test pictures would make the 0.12 points between the two **orders** twice their
#   standard error, again as independent? The nearest whole number;
# - `most_disagreement`: on the **same** 50,000 pictures the standard error is about $\sqrt{d/n}$, where $d$ is the share on
#   which exactly one of the two is right. Up to which $d$ are 0.12 points at least two standard errors? In per cent, one
#   decimal.
#
# {{question: verdict}}

# %%
exercise.significance.hint()

# %%
### BEGIN SOLUTION
def variance(p):
    return p * (1 - p)


pictures = 0.0048 * 50_000
in_errors = 0.0048 / math.sqrt((variance(0.2266) + variance(0.2314)) / 50_000)
thousand_pictures = (variance(0.2266) + variance(0.2278)) * (2 / 0.0012) ** 2 / 1000
most_disagreement = 100 * 50_000 * (0.0012 / 2) ** 2
verdict = "b"
### END SOLUTION

# %%
exercise.significance.check(
    pictures=pictures,
    in_errors=in_errors,
    thousand_pictures=thousand_pictures,
    most_disagreement=most_disagreement,
    verdict=verdict,
)

# %% [markdown] teaching="home | 20 | core | the lesson's proof with biases: they enter twice"
# ## 3 · Prove and check: drop the ReLU, keep the biases
#
# **Aim:** see what is left of two witnesses, biases and all.
#
# The authors' MLP has biases: $W_1\,\mathrm{ReLU}(W_0\,p + b_0) + b_1$ for each of the two pools $p$, then the two are
# added, then a sigmoid. Two channels, one hidden unit: $W_0 = (2, -1)$, $b_0 = -1$, $W_1 = (1, -\tfrac12)^\top$,
# $b_1 = (\tfrac14, -\tfrac14)^\top$. The means are $(1, 3)$, the maxima $(4, 5)$. Give the gates of the two channels,
# **`with_relu`** and **`without_relu`**: two numbers each, to three decimals.
#
# Then show on paper that without the ReLU the logits are $M\,(F_\text{avg} + F_\text{max}) + c$ with one matrix and one
# vector, and write **`merged(w0, b0, w1, b1)`**: `w0` is (C/r, C), `b0` (C/r,), `w1` (C, C/r), `b1` (C,). Return $M$ with
# $c$ as one more column behind it, a tensor (C, C + 1).

# %%
exercise.relu.hint()

# %%
### BEGIN SOLUTION
with_relu = torch.sigmoid(2.0 * torch.tensor([1.0, -0.5]) + 2 * torch.tensor([0.25, -0.25]))
without_relu = torch.sigmoid((2.0 - 2.0) * torch.tensor([1.0, -0.5]) + 2 * torch.tensor([0.25, -0.25]))
### END SOLUTION


def merged(w0, b0, w1, b1):  # -> (C, C + 1)
    ### BEGIN SOLUTION
    constant = 2 * (w1 @ b0 + b1)  # the MLP runs twice, and so does each bias
    return torch.cat([w1 @ w0, constant[:, None]], dim=1)
    ### END SOLUTION


# %%
exercise.relu.check(with_relu, without_relu, merged)

# %% [markdown] teaching="skip in a mixed class | 20 | core | for those who load other people's checkpoints: planes turned, and a normalisation folded in"
# ## 4 · Debug: a checkpoint that loads and does not fit
#
# **Aim:** carry a normalisation over into a filter that has none.
#
# The official spatial gate stacks (max, mean), filters without a bias, normalises, and squashes. Ours stacks (mean, max),
# filters **with** a bias, and squashes: no normalisation. In evaluation mode the official one makes of a logit $z$
#
# $$\frac{z - \text{mean}}{\sqrt{\text{variance} + 10^{-5}}} \cdot \text{scale} + \text{shift}$$
#
# Write **`our_kernel`**, the filter (1, 2, k, k), and **`our_bias`**, of shape (1,), so that our gate gives what the official
# one gives. `kernel` is the official filter (1, 2, k, k), the four numbers of the normalisation have the shape (1,).
#
# {{question: when_equal}}

# %%
exercise.official.hint()


# %%
def our_kernel(kernel, mean, variance, scale, shift):
    ### BEGIN SOLUTION
    return kernel.flip(1) * (scale / torch.sqrt(variance + 1e-5))
    ### END SOLUTION


def our_bias(kernel, mean, variance, scale, shift):
    ### BEGIN SOLUTION
    return shift - mean * scale / torch.sqrt(variance + 1e-5)
    ### END SOLUTION


### BEGIN SOLUTION
when_equal = "a"
### END SOLUTION

# %%
exercise.official.check(our_kernel, our_bias, when_equal)

# %% [markdown] teaching="home | 15 | core | first of three steps: one MLP, run twice, and weights that an optimiser finds"
# ## 5 · Build: the channel gate
#
# **Aim:** write a module that trains, not a formula.
#
# **`ChannelGate(channels, reduction)`** is an `nn.Module`. Its constructor makes two layers with biases, `self.reduce`
# (`nn.Linear`, from C to the hidden width) and `self.expand` (back to C); the hidden width is C divided by the reduction,
# rounded down, and never less than 1. `forward(x)` takes (N, C, H, W) and returns **the refined map**, of the same shape:
#
# $$M_c(F) \otimes F, \qquad M_c(F) = \sigma\big(\text{MLP}(F_\text{avg}) + \text{MLP}(F_\text{max})\big)$$
#
# The names count: the check loads the weights of the tested block into yours. Put the gate itself, (N, C, 1, 1), into a
# method `gate(x)`: exercise 8 draws such gates.

# %%
exercise.channel_gate.hint()


# %%
class ChannelGate(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        ### BEGIN SOLUTION
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Linear(channels, hidden)
        self.expand = nn.Linear(hidden, channels)
        ### END SOLUTION

    def gate(self, x):  # (N, C, H, W) -> (N, C, 1, 1)
        ### BEGIN SOLUTION
        pools = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        logits = sum(self.expand(torch.relu(self.reduce(pool))) for pool in pools)
        return torch.sigmoid(logits)[:, :, None, None]
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return x * self.gate(x)
        ### END SOLUTION


# %%
exercise.channel_gate.check(ChannelGate)

# %% [markdown] teaching="home | 15 | core | second step: the other axis, and padding for every k"
# ## 6 · Build: the spatial gate
#
# **Aim:** pool over the right axis, with any odd filter.
#
# **`SpatialGate(kernel_size)`** makes `self.conv`, an `nn.Conv2d` from two planes to one with an odd kernel size and
# without a bias, and `self.norm`, an `nn.BatchNorm2d(1)`. Mean and maximum over the channels, in this order, are its two
# planes; zeros around the map keep its size; then come the normalisation and a sigmoid, as in the authors' code. `forward(x)`
# returns the refined map, `gate(x)` the gate, (N, 1, H, W).

# %%
exercise.spatial_gate.hint()


# %%
class SpatialGate(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        ### BEGIN SOLUTION
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)
        ### END SOLUTION

    def gate(self, x):  # (N, C, H, W) -> (N, 1, H, W)
        ### BEGIN SOLUTION
        planes = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)
        return torch.sigmoid(self.norm(self.conv(planes)))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return x * self.gate(x)
        ### END SOLUTION


# %%
exercise.spatial_gate.check(SpatialGate)

# %% [markdown] teaching="home | 12 | core | third step: the second gate must see F′"
# ## 7 · Build: one gate after the other
#
# **Aim:** let the second gate see what the first let through.
#
# **`Cbam(channels, reduction, kernel_size)`** makes `self.channel`, a `ChannelGate`, and `self.spatial`, a `SpatialGate`.
# `forward(x)` returns $F''$, and `gate(x)` the gate of the places, (N, 1, H, W), that the spatial gate really multiplied on.
#
# **`blocks_left`**: suppose both gates of a block are half open, and blocks stand one behind the other without a shortcut.
# How many of them may there be at most, so that a millionth of the signal or more is left? A whole number.

# %%
exercise.both_gates.hint()


# %%
class Cbam(nn.Module):
    def __init__(self, channels, reduction, kernel_size):
        super().__init__()
        ### BEGIN SOLUTION
        self.channel = ChannelGate(channels, reduction)
        self.spatial = SpatialGate(kernel_size)
        ### END SOLUTION

    def gate(self, x):  # (N, C, H, W) -> (N, 1, H, W)
        ### BEGIN SOLUTION
        return self.spatial.gate(self.channel(x))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.spatial(self.channel(x))
        ### END SOLUTION


### BEGIN SOLUTION
blocks_left = math.floor(math.log(1e-6) / math.log(0.25))
### END SOLUTION

# %%
exercise.both_gates.check(Cbam, blocks_left)

# %% [markdown] teaching="home | 25 | core | the ring, seen by their own block; the profile cannot tell it from a blob"
# ## 8 · Build: train it, and see the ring
#
# **Aim:** find out what your own gate has learned.
#
# The job is lesson 7's: *read the digit beside the dot*. The next cell makes pictures, and what the stored trunk sees in them.

# %%
exercise.ring.hint()

# %%
trunk = stored_reader().trunk
pictures_to_learn = cluttered_digits(1500, "dot", "train", seed=0)
inputs, labels = experiment.features(trunk, pictures_to_learn.images), pictures_to_learn.labels  # (1500, 32, 12, 12)
test_pictures = cluttered_digits(300, "dot", "test", seed=1000)
test_inputs = experiment.features(trunk, test_pictures.images)  # (300, 32, 12, 12)
dots = (test_pictures.dots - 1.5) / 4  # (300, 2): row and column of each dot, in places of the 12 × 12 map

# %% [markdown]
# 1. `experiment.ReadOut(slot, 10)` is the network behind the trunk. Put a `Cbam` with 32 channels, $r = 4$ and $k = 7$ into its
#    slot, and train it on `inputs` and `labels`: `train(network, inputs, labels, steps=300)` takes some ten seconds. It trains the
#    network in place, and returns a record of the losses.
# 2. Write **`profile(gates, dots)`**: `gates` is (n, h, w), `dots` (n, 2). The distance of a place from its picture's dot is
#    $\sqrt{\text{rows}^2 + \text{columns}^2}$, in places, and may lie between two of them. Return a tensor (9,): entry $r$ is the
#    mean gate over all places, of all pictures together, whose distance is nearest to $r$ (from $r - ½$ to below $r + ½$), and 0
#    if there is none.
# 3. **`open_at`**: at which of the nine distances is your trained gate most open, on the test pictures? A whole number. The
#    gates are `network.slot.gate(test_inputs)[:, 0]`, computed under `torch.no_grad()`.
# 4. **`ring_seen`**: draw the gate of test picture `i` over it, `show_attention(network.slot, test_pictures.images[i],
#    features=test_inputs[i])`: it calls your method `gate` with what the trunk sees in this picture. Look at several. Is it
#    the ring?
#
# {{question: what_it_hides}}


# %%
def profile(gates, dots):
    ### BEGIN SOLUTION
    h, w = gates.shape[1:]
    rows = torch.arange(h)[:, None] - dots[:, 0, None, None]
    columns = torch.arange(w) - dots[:, 1, None, None]
    ring = (torch.sqrt(rows**2 + columns**2) + 0.5).floor()  # (n, h, w)
    means = [gates[ring == r].mean() if (ring == r).any() else torch.tensor(0.0) for r in range(9)]
    return torch.stack(means)
    ### END SOLUTION


### BEGIN SOLUTION
torch.manual_seed(0)
network = experiment.ReadOut(Cbam(32, 4, 7), 10)  # a step on the way
train(network, inputs, labels, steps=300)
open_at = int(profile(network.slot.gate(test_inputs)[:, 0].detach(), dots).argmax())
what_it_hides = "c"
### END SOLUTION

# %%
### BEGIN SOLUTION
ring_seen = show_attention(network.slot, test_pictures.images[0], features=test_inputs[0])  # a step on the way
ring_seen
### END SOLUTION

# %%
exercise.ring.check(profile, open_at, what_it_hides)

# %% [markdown] teaching="home, for the curious | 30 | stretch | an audit of their own; it builds some thirty ResNets, so let it run on their own machine"
# ## 9 · Detective: what was built here?
#
# **Aim:** find out from two numbers what a network holds.
#
# A report gives three networks, each a ResNet-50 with one kind of attention, at 224 × 224, and does not say what was built:
#
# | | parameters | multiply-adds |
# |---|--:|--:|
# | in every branch | 26.830 M | 4.092 G |
# | behind each of three stages | 26.465 M | 4.109 G |
# | "CBAM" | 25.903 M | 3.859 G |
#
# `resnet50(attention, version=..., place=...)` builds one: `attention` is called with the number of channels, such as
# `partial(CBAM, reduction=8)`; version is "1" or "1.5", place "branch" or "stage". Under `torch.device("meta")` it takes no
# memory. `count_cost(network, (1, 3, 224, 224))` has `.parameters` and `.multiply_adds`. Ratios are powers of two. A count
# takes some seconds, and there are dozens of combinations: which does the table leave open, before you count any?
#
# **`first_ratio`**, **`second_ratio`**: the reduction of the first and of the second row, whole numbers.
#
# {{question: first_block}}
#
# {{question: second_block}}
#
# {{question: third_row}}

# %%
exercise.detective.hint()

# %%
### BEGIN SOLUTION
def counted(attention, version, place):
    with torch.device("meta"):
        cost = count_cost(resnet50(attention, version=version, place=place), (1, 3, 224, 224))
    return round(cost.parameters / 1e6, 3), round(cost.multiply_adds / 1e9, 3)


# In full: a loop over SqueezeExcitation, ChannelAttention, CBAM and BAM, both versions and places, and ratios 4 to 32.
assert counted(partial(ChannelAttention, reduction=32), "1.5", "branch") == (26.830, 4.092)
assert counted(partial(BAM, reduction=8), "1", "stage") == (26.465, 4.109)
assert counted(partial(CBAM, reduction=8), "1", "stage") == (25.903, 3.859)
first_ratio, first_block = 32, "b"
second_ratio, second_block = 8, "b"
third_row = "b"
### END SOLUTION

# %%
exercise.detective.check(
    first_ratio=first_ratio,
    first_block=first_block,
    second_ratio=second_ratio,
    second_block=second_block,
    third_row=third_row,
)

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/07_cbam.ipynb). It is worth most after an attempt of your own.
