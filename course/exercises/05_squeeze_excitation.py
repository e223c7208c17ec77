# %% [markdown]
# # Exercises 5 · SENet: channel attention
#
# Seven exercises. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions are tried on random inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import torch

from visual_attention.datasets import reframed
from visual_attention.exercises import squeeze_excitation as exercise
from visual_attention.experiments.context import red_framed

# %% [markdown]
# ## 1 · By hand: squeeze, excite, scale
#
# **Aim:** do all three steps once without a computer.
#
# Two channels of 2×2 positions: $u_1 = (3, 1, 4, 0)$ and $u_2 = (1, 0, 2, 1)$. One hidden unit, $W_1 = (1, -1)$,
# $W_2 = (-1, 3)^\top$, no biases. To three decimals:
#
# - `squeezed`: the two numbers $z_1, z_2$;
# - `gates`: $s_1, s_2$;
# - `scaled`: the largest value of each channel afterwards.
#
# Two values help: $\sigma(1) = 0.7311$ and $\sigma(3) = 0.9526$.

# %%
exercise.by_hand.hint()

# %%
### BEGIN SOLUTION
squeezed = [2, 1]
gates = [0.2689, 0.9526]
scaled = [1.0758, 1.9051]
### END SOLUTION

# %%
exercise.by_hand.check(squeezed=squeezed, gates=gates, scaled=scaled)

# %% [markdown]
# <!-- SOLUTION -->
# The hidden unit is $\mathrm{ReLU}(2 - 1) = 1$, the logits are $-1$ and $3$. $\sigma(-1) = 1 - \sigma(1)$.

# %% [markdown]
# ## 2 · Count: what SE adds to ResNet-50
#
# **Aim:** count a module in a network that you have not written, and know what a published number means.
#
# ResNet-50 has 3, 4, 6 and 3 residual units with 256, 512, 1024 and 2048 channels at their ends; each gets an SE block
# with $r = 16$.
#
# - `weights`: how many weights are added, without biases?
# - `last_share`: which share of them (between 0 and 1) lies in the last stage?
# - `with_bias`: how many weights and biases, if both layers have biases?
# - `number_26_77`: ResNet-50 has 25,557,032 parameters. Papers give 28.07, 28.09, 28.1 and 26.77 million for
#   SE-ResNet-50 at $r = 16$. The last one is
#     - a · the network with biases,
#     - b · the network without SE in its last stage,
#     - c · the network without biases, counted in units of $2^{20}$,
#     - d · the network with $r = 32$.

# %%
exercise.cost.hint()

# %%
### BEGIN SOLUTION
units, channels = (3, 4, 6, 3), (256, 512, 1024, 2048)
weights = sum(n * 2 * c * c // 16 for n, c in zip(units, channels))
last_share = 3 * 2 * 2048**2 // 16 / weights
with_bias = weights + sum(n * (c + c // 16) for n, c in zip(units, channels))
number_26_77 = "c"
### END SOLUTION

# %%
exercise.cost.check(weights=weights, last_share=last_share, with_bias=with_bias, number_26_77=number_26_77)

# %% [markdown]
# ## 3 · Predict: gates, errors, time
#
# **Aim:** meet six beliefs about SE before they meet you.
#
# **`mean_gate`** A softmax instead of the sigmoids, 2,048 channels: the mean gate is … (to five decimals)
#
# **`softmax_instead`** What else would the softmax change?
#
# - a · nothing but a factor, which the next layer learns away,
# - b · nothing, since batch norm rescales it,
# - c · channels would have to compete for one unit.
#
# **`relu_gate`** With a ReLU as the last function ([@hu2018, Table 12]) the error is 23.47 %, worse than without SE (23.30 %):
#
# - a · because its gates may exceed 1, and for no other reason,
# - b · plausibly because a gate at 0 shuts a channel and passes no gradient, and large gates have no bound,
# - c · because a ReLU costs more.
#
# **`smaller_ratio`** A smaller ratio r, with more weights, makes fewer errors:
#
# - a · always,
# - b · only down to about 16; below that, [@hu2018, Table 10] shows next to no change,
# - c · never: r = 32 is the best in Table 10.
#
# **`flops_and_time`** +0.26 % multiply-adds, +10 % time for a training step ([@hu2018, section 4]). The time goes into
#
# - a · reading the feature map twice,
# - b · the two layers,
# - c · computing sigmoids.
#
# **`two_baselines`** "SE lowers ResNet-50's error from 24.80 % to 22.28 %, by 2.52 points." Both numbers are in
# [@hu2018]. The sentence is
#
# - a · wrong: ResNet-50 with SE has 23.30 %,
# - b · nearly right: it is 1.51 points, from 24.80 % to 22.28 %,
# - c · wrong: the two numbers come from different training recipes.

# %%
exercise.gates.hint()

# %%
### BEGIN SOLUTION
mean_gate = 1 / 2048
softmax_instead = "c"
relu_gate = "b"
smaller_ratio = "b"
flops_and_time = "a"
two_baselines = "c"
### END SOLUTION

# %%
exercise.gates.check(
    mean_gate=mean_gate,
    softmax_instead=softmax_instead,
    relu_gate=relu_gate,
    smaller_ratio=smaller_ratio,
    flops_and_time=flops_and_time,
    two_baselines=two_baselines,
)

# %% [markdown]
# ## 4 · Implement: squeeze and excitation
#
# **Aim:** write the block in four lines.
#
# `u` has the shape (N, C, H, W), `w1` (C/r, C), `w2` (C, C/r); there are no biases. Return the gated map. Then ask
# yourself: what happens to the gates if the positions of `u` are shuffled?

# %%
exercise.block.hint()


# %%
def squeeze_excite(u, w1, w2):
    ### BEGIN SOLUTION
    z = u.mean(dim=(2, 3))
    gates = torch.sigmoid(torch.relu(z @ w1.T) @ w2.T)
    return u * gates[:, :, None, None]
    ### END SOLUTION


# %%
exercise.block.check(squeeze_excite)

# %% [markdown]
# ## 5 · Debug: a ratio that nobody reads
#
# **Aim:** find a bug that runs without a complaint.
#
# This listing builds the two layers of an SE block. It has two faults; for `channels=64, reduction=16` neither shows.
#
# ```python
# def layers(channels, reduction=16, bias=True):
#     hidden = channels // 16
#     return nn.Linear(channels, hidden, bias=bias), nn.Linear(hidden, channels, bias=bias)
# ```
#
# Write the number of weights and biases that the two layers *should* have for a feature map `u` of shape
# (N, C, H, W), any ratio and either flag. The hidden width is C // reduction, and never less than 1.

# %%
exercise.debug.hint()


# %%
def number_of_weights(u, reduction, bias):
    ### BEGIN SOLUTION
    channels = u.shape[1]
    hidden = max(channels // reduction, 1)
    return 2 * channels * hidden + (hidden + channels if bias else 0)
    ### END SOLUTION


# %%
exercise.debug.check(number_of_weights)

# %% [markdown]
# <!-- SOLUTION -->
# The first fault: `reduction` is never read. The second: with fewer channels than the ratio, `hidden` is 0, and the
# gate no longer depends on the picture. A test that finds both compares the count with this formula at two ratios and
# with 8 channels.

# %% [markdown]
# ## 6 · Detective: how much of the gain needs the squeeze?
#
# **Aim:** take a table apart, and reproduce one of its numbers.
#
# [@hu2018, Table 16] gates each position from its own channels, without a squeeze ("NoSqueeze"). Top-1 errors: no SE
# 23.30 %, NoSqueeze 22.93 %, SE 22.28 %.
#
# - `share`: which share (0 to 1, two decimals) of SE's gain is lost without the squeeze?
# - `multiply_adds`: the table gives NoSqueeze 4.27 "GFLOPs", the network without SE has 3.858. Find out where the rest
#   comes from: how many G multiply-adds do the two layers cost when they run at **every** position? The maps of the
#   four stages have 56, 28, 14 and 7 positions a side. Three decimals.

# %%
exercise.detective.hint()

# %%
### BEGIN SOLUTION
share = (22.93 - 22.28) / (23.30 - 22.28)
multiply_adds = (
    sum(n * 2 * c * c // 16 * side**2 for n, c, side in zip((3, 4, 6, 3), (256, 512, 1024, 2048), (56, 28, 14, 7))) / 1e9
)
### END SOLUTION

# %%
exercise.detective.check(share=share, multiply_adds=multiply_adds)

# %% [markdown]
# ## 7 · Intervene: the gates of another frame
#
# **Aim:** show that gates *cause* an answer, not only that they go with it.
#
# `red` holds 300 test pictures whose frames are all red. `reframed(red, 2)` holds the same digits in **blue** frames.
# Keep the features of the red-framed pictures, and multiply them by the gates that the block makes for the blue-framed
# ones: how often (0 to 1, two decimals) does the network read the **blue** plane's digit?
#
# Helpful: `network.features(images)` is what the block sees, `network.attention.gate(features)` are its gates,
# `network.head(features)` the logits; `red.shown` has the shape (300, 3), the digits in red, green and blue.

# %%
exercise.intervene.hint()

# %%
network, red = red_framed()

### BEGIN SOLUTION
with torch.no_grad():
    gates_of_blue = network.attention.gate(network.features(reframed(red, 2).images))
    read = network.head(network.features(red.images) * gates_of_blue).argmax(dim=1)
share = (read == red.shown[:, 2]).double().mean().item()
### END SOLUTION

# %%
exercise.intervene.check(share=share)

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/05_squeeze_excitation.ipynb). It is worth most after an attempt of your own.
