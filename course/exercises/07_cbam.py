# %% [markdown]
# # Exercises 7 · Channel and spatial attention
#
# {{Exercises}}, from a listing with two faults and a trap to the order of two gates. Write your answer in place of
# `...` or of `raise NotImplementedError("your turn")`, run the cell, then run the check below it. Functions are tried on
# random inputs and on some odd ones (a map of one place, numbers below 0 everywhere …); you see the first one that goes
# wrong. Each exercise says what a function gets and in which shape it returns its tensor. Numbers are rounded, not cut
# off, to the decimals that are asked; more of them are welcome. A letter stands in quotes, as in `"a"`.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import math

import torch
import torch.nn.functional as F
from torch import nn

from visual_attention import BAM, ChannelAttention, SqueezeExcitation, count_cost, resnet50
from visual_attention.exercises import cbam as exercise

# %% [markdown] teaching="home | 20 | three things to mend; the third, the caller's trap, is the one that is missed"
# ## 1 · Debug: the lecture's listing
#
# **Aim:** mend code that runs.
#
# The slides that this course grew from print this class (shortened):
#
# ```python
# class ChannelAttention(nn.Module):
#     def __init__(self, in_planes, ratio=16):
#         super().__init__()
#         self.fc1 = nn.Conv2d(in_planes, in_planes // 16, 1, bias=False)
#         self.fc2 = nn.Conv2d(in_planes // 16, in_planes, 1, bias=False)
#
#     def forward(self, x):
#         pools = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
#         avg_out, max_out = (self.fc2(torch.relu(self.fc1(pool))) for pool in pools)
#         return torch.sigmoid(avg_out + max_out)
# ```
#
# Write its work as a function that (1) honours `ratio` (rounding down, as printed), (2) copes with fewer channels than
# `ratio` (with one hidden unit), (3) scales the map itself (as printed, its caller has to).
#
# **`mended(x, ratio)`** makes its two layers itself and returns the refined map, a tensor of the shape of `x`,
# (N, C, H, W). So that your random weights are the same as ours, call `torch.manual_seed(7)` inside it, then make `fc1`,
# then `fc2`: each an `nn.Linear` or a 1×1 `nn.Conv2d` (the two draw alike), without a bias.
#
# **`unmended_weights`**: how many weights has the listing as printed, with 64 channels, at ratio 8, 16 and 32? A list of
# three whole numbers.

# %%
exercise.listing.hint()


# %%
def mended(x, ratio):
    ### BEGIN SOLUTION
    torch.manual_seed(7)
    channels = x.shape[1]
    hidden = max(channels // ratio, 1)
    fc1, fc2 = nn.Linear(channels, hidden, bias=False), nn.Linear(hidden, channels, bias=False)
    pools = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
    gate = torch.sigmoid(sum(fc2(torch.relu(fc1(pool))) for pool in pools))
    return x * gate[:, :, None, None]
    ### END SOLUTION


### BEGIN SOLUTION
unmended_weights = [512, 512, 512]
### END SOLUTION

# %%
exercise.listing.check(mended, unmended_weights)

# %% [markdown] teaching="home, for the curious | 25 | the best story of the course; it builds ResNets, so let it run on their own machine"
# ## 2 · Detective: whose numbers are these?
#
# **Aim:** recompute a published cost column.
#
# [@woo2018, Table 1] (as the slides that this course grew from give it) prints 25.92M and 3.94 for ResNet-50 with SE, and 25.92M and 4.02 with avg & max.
# `resnet50(attention, version="1", place=...)` builds the network; `attention` is a class such as `BAM`, made with the
# number of channels. BAM sits behind stages (`place="stage"`), SE and the channel gate in the branches, which is the
# default. `count_cost(network, (1, 3, 224, 224))` counts.
#
# One number each, parameters in millions ($10^6$), operations in giga multiply-adds ($10^9$):
#
# - `bam_parameters`, `bam_operations`, two decimals each: with BAM;
# - `overhead_twice`, two decimals: the multiply-adds of the network, if what BAM adds were added twice;
# - `right_parameters`, two decimals: what SE's row should say;
# - `right_operations`, three decimals: what the row avg & max should say (`ChannelAttention`).
#
# {{question: second_pooling}}

# %%
exercise.detective.hint()


# %%
### BEGIN SOLUTION
def counted(attention, **options):
    cost = count_cost(resnet50(attention, version="1", **options), (1, 3, 224, 224))
    return cost.parameters / 1e6, cost.multiply_adds / 1e9


bam_parameters, bam_operations = counted(BAM, place="stage")
overhead_twice = 2 * bam_operations - counted(None)[1]
right_parameters = counted(SqueezeExcitation)[0]
right_operations = counted(ChannelAttention)[1]
second_pooling = "c"
### END SOLUTION

# %%
exercise.detective.check(
    bam_parameters=bam_parameters,
    bam_operations=bam_operations,
    overhead_twice=overhead_twice,
    right_parameters=right_parameters,
    right_operations=right_operations,
    second_pooling=second_pooling,
)

# %% [markdown] teaching="home | 15 | two descriptors become one"
# ## 3 · Prove and check: drop the ReLU
#
# **Aim:** see that two descriptors become one.
#
# Two channels, one hidden unit, $W_0 = (1, -1)$, $W_1 = (1, -\tfrac12)^\top$. The means are $(4, 1)$, the maxima
# $(4, 6)$. Give the gates of the two channels, **`with_relu`** and **`without_relu`**: two numbers each, to three decimals.
#
# Then show on paper that without the ReLU the logits are $M\,(F_\text{avg} + F_\text{max})$ with **one** matrix $M$, and
# write **`merged(w0, w1)`**, which returns it: `w0` is (C/r, C), `w1` (C, C/r), $M$ a tensor (C, C).

# %%
exercise.relu.hint()

# %%
### BEGIN SOLUTION
with_relu = torch.sigmoid(3.0 * torch.tensor([1.0, -0.5]))
without_relu = torch.sigmoid((3.0 - 2.0) * torch.tensor([1.0, -0.5]))
### END SOLUTION


def merged(w0, w1):  # (C / r, C), (C, C / r) -> (C, C)
    ### BEGIN SOLUTION
    return w1 @ w0
    ### END SOLUTION


# %%
exercise.relu.check(with_relu, without_relu, merged)

# %% [markdown] teaching="home | 15 | the axis of the pooling"
# ## 4 · Implement: the spatial gate
#
# **Aim:** pool over the right axis.
#
# Write **`spatial_attention(x, kernel)`**: `x` is (N, C, H, W), `kernel` (1, 2, k, k) with k odd. Stack mean and maximum
# over the channels in this order, filter with zeros around the map, squash with a sigmoid, scale. No bias, no
# normalisation. Return the refined map, a tensor of the shape of `x`.

# %%
exercise.spatial.hint()


# %%
def spatial_attention(x, kernel):
    ### BEGIN SOLUTION
    maps = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)
    return x * torch.sigmoid(F.conv2d(maps, kernel, padding=kernel.shape[-1] // 2))
    ### END SOLUTION


# %%
exercise.spatial.check(spatial_attention)

# %% [markdown] teaching="skip in a mixed class | 10 | for those who load other people's checkpoints"
# ## 5 · Debug: a checkpoint that loads and does not fit
#
# **Aim:** find what no shape error reports.
#
# The official code stacks (max, mean), ours (mean, max). Write **`to_ours(kernel)`**, what the official kernel
# (1, 2, k, k) must go through before it is loaded into ours: a tensor of the same shape.
#
# {{question: still_missing}}

# %%
exercise.official.hint()


# %%
def to_ours(kernel):
    ### BEGIN SOLUTION
    return kernel.flip(1)
    ### END SOLUTION


### BEGIN SOLUTION
still_missing = "b"
### END SOLUTION

# %%
exercise.official.check(to_ours, still_missing)

# %% [markdown] teaching="in class | 5 | counting before believing; 49 and 98 · C will come"
# ## 6 · By hand: where the weights sit
#
# **Aim:** count before you believe "lightweight".
#
# CBAM in ResNet-50: 3, 4, 6 and 3 blocks with 256, 512, 1024 and 2048 channels, $r = 16$, no biases, no normalisation.
# Counts are whole numbers:
#
# - `one_gate`: weights of one spatial gate with $k = 7$; `small_gate`: with $k = 3$;
# - `sixteen_gates`: of all spatial gates with $k = 7$; `channel_gates`: of all channel gates;
# - `channel_share`: the channel gates' share of all CBAM weights, in per cent, one decimal.

# %%
exercise.counts.hint()

# %%
### BEGIN SOLUTION
one_gate = 2 * 7 * 7
small_gate = 2 * 3 * 3
sixteen_gates = 16 * one_gate
channel_gates = sum(n * 2 * c * c // 16 for n, c in ((3, 256), (4, 512), (6, 1024), (3, 2048)))
channel_share = 100 * channel_gates / (channel_gates + sixteen_gates)
### END SOLUTION

# %%
exercise.counts.check(
    one_gate=one_gate,
    small_gate=small_gate,
    sixteen_gates=sixteen_gates,
    channel_gates=channel_gates,
    channel_share=channel_share,
)

# %% [markdown] teaching="in class, pairs | 10 | an error bar for a table that has none; both wrong verdicts will come"
# ## 7 · Judge: is 0.12 points meaningful?
#
# **Aim:** put an error bar where a table has none.
#
# [@woo2018, Table 3]: channel first 22.66 % error, spatial first 22.78 %, one run each, on 50,000 pictures.
#
# - `pictures`: how many pictures is the difference? A whole number;
# - `standard_error`: of the first error rate, in points (per cent), two decimals;
# - `of_the_difference`: that of the difference, as if the two were independent, in points, two decimals.
#
# {{question: verdict}}

# %%
exercise.significance.hint()

# %%
### BEGIN SOLUTION
pictures = 0.0012 * 50_000
standard_error = 100 * math.sqrt(0.2266 * 0.7734 / 50_000)
of_the_difference = 100 * math.sqrt((0.2266 * 0.7734 + 0.2278 * 0.7722) / 50_000)
verdict = "c"
### END SOLUTION

# %%
exercise.significance.check(
    pictures=pictures, standard_error=standard_error, of_the_difference=of_the_difference, verdict=verdict
)

# %% [markdown]
# <!-- SOLUTION -->
# Both models see the same pictures, so the honest comparison is paired: only pictures on which they disagree count, and
# the standard error is smaller than the unpaired one (if they disagree on a share $d$, about $\sqrt{d/n}$). It does
# not help here: nobody published $d$, and another seed moves both numbers.

# %% [markdown] teaching="home, for the quick | 20 | the second gate must see F′"
# ## 8 · Implement: the composition, and its orders
#
# **Aim:** let the second gate see what the first let through.
#
# Write **`cbam(x, w0, w1, kernel)`**: `x` is (N, C, H, W), `w0` (C/r, C), `w1` (C, C/r), `kernel` (1, 2, 3, 3) for mean and
# maximum in this order. Channel gate first, with a ReLU between `w0` and `w1`, then the spatial gate, with zeros around
# the map. No biases, no normalisation. Return $F''$, a tensor of the shape of `x`.
#
# **`trunk`**: suppose the two gates of a block are half open, and sixteen blocks stand one behind the other **without**
# a shortcut. Give the decimal logarithm of the share of the signal that is left, one number, to one decimal.

# %%
exercise.composition.hint()


# %%
def cbam(x, w0, w1, kernel):
    ### BEGIN SOLUTION
    pools = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
    channel = torch.sigmoid(sum(torch.relu(pool @ w0.T) @ w1.T for pool in pools))
    x = x * channel[:, :, None, None]
    maps = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)
    return x * torch.sigmoid(F.conv2d(maps, kernel, padding=1))
    ### END SOLUTION


### BEGIN SOLUTION
trunk = 16 * math.log10(0.25)
### END SOLUTION

# %%
exercise.composition.check(cbam, trunk)

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/07_cbam.ipynb). It is worth most after an attempt of your own.
