# %% [markdown]
# # Exercises 5 · SENet: channel attention
#
# {{Exercises}}. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions are tried on random inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import torch

from visual_attention.exercises import squeeze_excitation as exercise
from visual_attention.lessons.squeeze_excitation.data import reframed
from visual_attention.lessons.squeeze_excitation.experiment import red_framed

# %% [markdown] teaching="in class | 6 | three steps by hand; σ(−1) from σ(1) is the only trick"
# ## 1 · By hand: squeeze, excite, scale
#
# **Aim:** do all three steps once without a computer.
#
# Two channels of 2×2 positions: $u_1 = (3, 1, 4, 0)$ and $u_2 = (1, 0, 2, 1)$. One hidden unit, $W_1 = (1, -1)$,
# $W_2 = (-1, 3)^\top$, no biases. Each answer is a list of two numbers, to three decimals, rounded at the end:
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

# %% [markdown] teaching="home, or pairs | 15 | 157,184 took a unit's inner width, C/4, for C; 696,320 forgot the number of units; 1,257,472 forgot the factor 2"
# ## 2 · Count: what SE adds to ResNet-50
#
# **Aim:** count a module in a network that you have not written, and know what a published number means.
#
# ResNet-50 has 3, 4, 6 and 3 residual units with 256, 512, 1024 and 2048 channels at their ends; each gets an SE block
# with $r = 16$.
#
# - `weights`: how many weights are added, without biases? A whole number, in ones and not in millions;
# - `last_share`: which share of them (between 0 and 1, two decimals) lies in the last stage?
# - `with_bias`: how many weights and biases, if both layers have biases? A whole number.
#
# {{question: number_26_77}}

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

# %% [markdown] teaching="in class, hands up | 8 | six beliefs; the fifth and sixth start talk. Everything needed was on a slide"
# ## 3 · Predict: gates, errors, time
#
# **Aim:** meet six beliefs about SE before they meet you.
#
# **`mean_gate`** A softmax instead of the sigmoids, 2,048 channels: the mean gate is … (to five decimals)
#
# {{question: softmax_instead}}
#
# {{question: relu_gate}}
#
# {{question: smaller_ratio}}
#
# {{question: flops_and_time}}
#
# {{question: two_baselines}}

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

# %% [markdown] teaching="home | 15 | pooling over dim 1, a ReLU behind the second layer"
# ## 4 · Implement: squeeze and excitation
#
# **Aim:** write the block in four lines.
#
# `u` has the shape (N, C, H, W), `w1` (C/r, C), `w2` (C, C/r); there are no biases. Return the gated map, a tensor of the
# shape of `u`. Values may be below 0. Then ask yourself: what happens to the gates if the positions of `u` are shuffled?

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

# %% [markdown] teaching="home | 10 | a bug that runs; the second fault, too few channels, is missed more easily"
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
# Return the number of weights and biases that the two layers *should* have for a feature map `u` of shape
# (N, C, H, W), any ratio and either flag: a whole number. The hidden width is C // reduction (rounded down where the ratio
# does not divide C), and never less than 1.

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

# %% [markdown] teaching="skip in a mixed class | 20 | needs patience with a table"
# ## 6 · Detective: how much of the gain needs the squeeze?
#
# **Aim:** take a table apart, and reproduce one of its numbers.
#
# [@hu2020, Table 16] gates each position from its own channels, without a squeeze ("NoSqueeze"). Top-1 errors: no SE
# 23.30 %, NoSqueeze 22.93 %, SE 22.28 %.
#
# - `share`: which share (0 to 1, two decimals) of SE's gain is lost without the squeeze?
# - `multiply_adds`: the table gives NoSqueeze 4.27 "GFLOPs", the network without SE has 3.858. Find out where the rest
#   comes from: how many G ($10^9$) multiply-adds do the two layers cost when they run at **every** position? The maps of
#   the four stages have 56, 28, 14 and 7 positions a side. Count the layers, three decimals: the table's own numbers are
#   rounded.

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

# %% [markdown] teaching="home, the best of the sheet | 20 | evidence by intervention; watch for those who change the picture instead of the gates"
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
