# %% [markdown]
# # Exercises 5 · SENet: channel attention
#
# {{Exercises}}. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions and classes are tried on random inputs; you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone; exercises 5 and 6 use the class of exercise 4.

# %%
import torch
from torch import nn

from visual_attention.drawing import show_attention
from visual_attention.exercises import squeeze_excitation as exercise
from visual_attention.lessons.squeeze_excitation.data import reframed
from visual_attention.lessons.squeeze_excitation.experiment import (
    features_of,
    pictures,
    red_framed,
    train_head,
    with_reader,
)
from visual_attention.training import accuracy

# %% [markdown] teaching="in class | 6 | warm-up | three steps by hand; σ(−1.2) from σ(1.2) is the only trick, and a unit that sleeps"
# ## 1 · By hand: squeeze, excite, scale
#
# **Aim:** do all three steps once without a computer, with one hidden unit more than in the lesson.
#
# Two channels of 2×2 positions: $u_1 = (3, 1, 5, 1)$ and $u_2 = (1, 0, 0, 1)$. **Two** hidden units, no biases:
#
# $$W_1 = \begin{pmatrix} 1 & -1 \\ -1 & 1 \end{pmatrix}, \qquad W_2 = \begin{pmatrix} -0.6 & 0.4 \\ 0.9 & 0.3 \end{pmatrix}$$
#
# The first three answers are lists of two numbers, to three decimals, rounded at the end:
#
# - `squeezed`: the two numbers $z_1, z_2$;
# - `gates`: $s_1, s_2$;
# - `scaled`: the largest value of each channel afterwards;
# - `asleep`: to which mean would channel 1 have to change, channel 2 as it is, so that both hidden units are 0? One
#   decimal.
#
# Two values help: $\sigma(1.2) = 0.76852$ and $\sigma(1.8) = 0.85815$.

# %%
exercise.by_hand.hint()

# %%
### BEGIN SOLUTION
squeezed = [2.5, 0.5]
gates = [0.2315, 0.8581]
scaled = [1.1574, 0.8581]
asleep = 0.5
### END SOLUTION

# %%
exercise.by_hand.check(squeezed=squeezed, gates=gates, scaled=scaled, asleep=asleep)

# %% [markdown]
# <!-- SOLUTION -->
# The hidden units are $\mathrm{ReLU}(2.5 - 0.5) = 2$ and $\mathrm{ReLU}(0.5 - 2.5) = 0$, the logits are $-0.6 \cdot 2$
# and $0.9 \cdot 2$. $\sigma(-1.2) = 1 - \sigma(1.2)$. With equal means both differences are 0.

# %% [markdown] teaching="home, or pairs | 15 | core | 592,896 took a unit's inner width, C/4, for C; 1,392,640 forgot the number of units; 4,743,168 forgot the factor 2"
# ## 2 · Count: what SE adds to ResNet-101
#
# **Aim:** count a module in a network that you have not written, and know what a published number means.
#
# ResNet-101 is ResNet-50 with a longer third stage: its four stages have 3, 4, **23** and 3 residual units with 256, 512,
# 1024 and 2048 channels at their ends. Each gets an SE block, here with $r = 8$.
#
# - `weights`: how many weights are added, without biases? A whole number, in ones and not in millions;
# - `third_share`: which share of them (between 0 and 1, two decimals) lies in the third stage?
# - `with_bias`: how many weights and biases, if both layers have biases? A whole number.
#
# {{question: number_47_01}}

# %%
exercise.cost.hint()

# %%
### BEGIN SOLUTION
units, channels = (3, 4, 23, 3), (256, 512, 1024, 2048)  # a step on the way
weights = sum(n * 2 * c * c // 8 for n, c in zip(units, channels))
third_share = 23 * 2 * 1024**2 // 8 / weights
with_bias = weights + sum(n * (c + c // 8) for n, c in zip(units, channels))
number_47_01 = "c"
### END SOLUTION

# %%
exercise.cost.check(weights=weights, third_share=third_share, with_bias=with_bias, number_47_01=number_47_01)

# %% [markdown] teaching="in class, hands up | 8 | core | beliefs; the fifth and sixth start talk. Everything needed for the letters was on a slide"
# ## 3 · Predict: gates, errors, time
#
# **Aim:** meet some beliefs about SE before they meet you.
#
# A softmax instead of the sigmoids, over 384 channels:
#
# - `mean_gate`: the mean gate is … (to five decimals);
# - `largest_gate`: all logits lie between −2 and 2. The largest gate that is possible is … (to three decimals). A
#   sigmoid would give 0.881 there.
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
from math import exp

### BEGIN SOLUTION
mean_gate = 1 / 384
largest_gate = exp(2) / (exp(2) + 383 * exp(-2))
softmax_instead = "c"
relu_gate = "b"
smaller_ratio = "b"
flops_and_time = "a"
two_baselines = "c"
### END SOLUTION

# %%
exercise.gates.check(
    mean_gate=mean_gate,
    largest_gate=largest_gate,
    softmax_instead=softmax_instead,
    relu_gate=relu_gate,
    smaller_ratio=smaller_ratio,
    flops_and_time=flops_and_time,
    two_baselines=two_baselines,
)

# %% [markdown] teaching="home | 15 | core | layers in a plain list; a gate over the wrong axis; the ratio written in. Exercises 5 and 6 use the class"
# ## 4 · Build: the block as a module
#
# **Aim:** write squeeze and excitation as a module of PyTorch that trains, saves and loads.
#
# The three lines of the lesson get weights of their own. Write a class `SqueezeExcite(channels, reduction=16)`:
#
# - the **constructor** makes two layers `nn.Linear` with biases, named `self.reduce` (from C numbers to the hidden width)
#   and `self.expand` (back to C). The hidden width is C // reduction, and never less than 1;
# - **`gate(x)`** takes a map (N, C, H, W) and returns its gates in the shape (N, C, 1, 1);
# - **`forward(x)`** returns the gated map, of the shape of `x`.
#
# The names count: weights are saved and loaded by them. The check makes your module several times, looks at its weights,
# loads those of the tested block into it, compares what comes out, and sees whether a gradient reaches every weight. It
# calls `forward`, and then `gate` by itself, which exercises 5 and 6 use.

# %%
exercise.block.hint()


# %%
class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        ### BEGIN SOLUTION
        hidden = max(channels // reduction, 1)
        self.reduce = nn.Linear(channels, hidden)
        self.expand = nn.Linear(hidden, channels)
        ### END SOLUTION

    def gate(self, x):
        ### BEGIN SOLUTION
        means = x.mean(dim=(2, 3))
        logits = self.expand(torch.relu(self.reduce(means)))
        return torch.sigmoid(logits)[:, :, None, None]
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return x * self.gate(x)
        ### END SOLUTION


# %%
exercise.block.check(SqueezeExcite)

# %% [markdown] teaching="home | 15 | core | half a minute of training on an ordinary computer; means over every third channel instead of 16 neighbours"
# ## 5 · Build: put it into a network, and train
#
# **Aim:** see a block of your own learn something that nobody told it.
#
# `with_reader(attention)` returns the lesson's network: its reader of single digits is trained, its slot is filled by
# `attention`, and slot and head are new. `attention` is anything that makes a block of a number of channels (48 here).
# `train_head(network, learn, seed=0)` trains slot and head, and `accuracy(network, images, labels)` measures.
#
# - Put your `SqueezeExcite` with `reduction=4` into the slot, train on `learn`, and measure on `test`. `read`: the share of
#   the test pictures whose announced digit is read.
# - `table`: a 3×4 table, rows red, green and blue **frames** (`test.frames` is 0, 1, 2), columns red, green and blue
#   **planes**, and last all of them. An entry is the mean gate, over the test pictures with that frame and the 16 channels
#   of that plane; in the last column over all 48 channels. Do not round.
#   `features_of(network, test.images)` is what the slot sees, (2000, 48, 6, 6): channels 0 to 15 belong to the red plane,
#   then come green and blue.
#
# Before you run it, say which three of the twelve entries will be the largest, and whether the last column differs much
# from frame to frame.

# %%
exercise.trained.hint()

# %%
learn, test = pictures("train", seed=0), pictures("test", seed=0)

### BEGIN SOLUTION
network = with_reader(lambda channels: SqueezeExcite(channels, reduction=4))  # a step on the way
train_head(network, learn, seed=0)
read = accuracy(network, test.images, test.labels)
with torch.no_grad():
    all_gates = network.attention.gate(features_of(network, test.images))[:, :, 0, 0]
rows = [all_gates[test.frames == frame].mean(dim=0) for frame in range(3)]  # a step on the way
by_channel = torch.stack(rows)  # a step on the way
by_plane = by_channel.reshape(3, 3, 16).mean(dim=2)  # a step on the way
table = torch.cat([by_plane, by_channel.mean(dim=1, keepdim=True)], dim=1)
### END SOLUTION

# %%
exercise.trained.check(read=read, table=table)

# %% [markdown] teaching="home | 15 | core | the first use of show_attention; its words give two of the three answers away, as they should"
# ## 6 · Build: see its gates
#
# **Aim:** look at one picture through the gates of a trained block, in a class that you have written.
#
# The stored network's block has the same names as yours. Make a `SqueezeExcite(48, reduction=4)`, load
# `stored.attention.state_dict()` into it, and look at **picture 7** of `green`: the digits of the test pictures, all in green
# frames. What the block sees of it is `stored.features(green.images[7:8])`; the picture to draw on is `green.images[7]`.
#
# - `planes`: the mean gate of the red, the green and the blue plane, a list of three numbers, two decimals;
# - `widest`: the channel (0 to 47) whose gate is the largest;
# - `half_open`: how many of the 48 gates are above ½?
# - `sketch`: draw it with `show_attention(block, picture, features=…)`. It is not judged; look at it, and read `sketch.alt`.

# %%
exercise.seen.hint()

# %%
stored, red = red_framed()
green = reframed(red, 1)

### BEGIN SOLUTION
block = SqueezeExcite(48, reduction=4)  # a step on the way
block.load_state_dict(stored.attention.state_dict())
with torch.no_grad():
    features = stored.features(green.images[7:8])
    its_gates = block.gate(features)[0, :, 0, 0]
planes = its_gates.reshape(3, 16).mean(dim=1)
widest = its_gates.argmax().item()
half_open = (its_gates > 0.5).sum().item()
sketch = show_attention(block, green.images[7], features=features)
### END SOLUTION

# %%
sketch

# %%
exercise.seen.check(planes=planes, widest=widest, half_open=half_open)

# %% [markdown] teaching="home | 10 | core | a bug that runs; the second fault, too few channels, is missed more easily"
# ## 7 · Debug: a ratio that nobody reads
#
# **Aim:** find a bug that runs without a complaint, and the inputs that show it.
#
# This listing is to build the two layers of exercise 4's block. It has two faults; for `channels=64, reduction=16` neither
# shows.
#
# ```python
# def layers(channels, reduction=16, bias=True):
#     hidden = channels // 16
#     return nn.Linear(channels, hidden, bias=bias), nn.Linear(hidden, channels, bias=bias)
# ```
#
# - **`number_of_weights(u, reduction, bias)`** returns the number of weights and biases that the two layers *should* have
#   for a feature map `u` of shape (N, C, H, W), any ratio and either flag: a whole number.
# - **`shown`**: two pairs (channels, ratio), a 2×2 list. Each is to show one of the faults: there the listing's hidden width
#   is wrong; with this fault mended it is right, with the other one mended alone it is not.

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
### BEGIN SOLUTION
shown = [[64, 4], [8, 16]]
### END SOLUTION

# %%
exercise.debug.check(number_of_weights, shown)

# %% [markdown]
# <!-- SOLUTION -->
# The first fault: `reduction` is never read. The second: with fewer channels than the ratio, `hidden` is 0, and the
# gate no longer depends on the picture. With 64 channels and the ratio 4 it is the first that shows, with 8 channels and
# 16 the second.

# %% [markdown] teaching="skip in a mixed class | 20 | stretch | needs patience with a table"
# ## 8 · Detective: how much of the gain needs the squeeze?
#
# **Aim:** take a table apart, and reproduce one of its numbers.
#
# [@hu2020, Table 16] gates each position from its own channels, without a squeeze ("NoSqueeze"). Top-1 errors: no SE
# 23.30 %, NoSqueeze 22.93 %, SE 22.28 %.
#
# - `share`: which share (0 to 1, two decimals) of SE's gain is lost without the squeeze?
# - `multiply_adds`: the table gives NoSqueeze 4.27 "GFLOPs", the network without SE has 3.858. Find out where the rest
#   comes from: how many G ($10^9$) multiply-adds do the two layers cost when they run at **every** position? It is
#   ResNet-50 with $r = 16$: 3, 4, 6 and 3 units with 256, 512, 1024 and 2048 channels; the maps of the four stages have 56, 28, 14 and 7 positions a side. Count the layers, three decimals: the table's own numbers are
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

# %% [markdown] teaching="home, the best of the sheet | 15 | core | evidence by intervention; watch for those who change the picture instead of the gates"
# ## 9 · Intervene: the gates of another frame
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
    answers = network.head(network.features(red.images) * gates_of_blue).argmax(dim=1)
share = (answers == red.shown[:, 2]).double().mean().item()
### END SOLUTION

# %%
exercise.intervene.check(share=share)

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/05_squeeze_excitation.ipynb). It is worth most after an attempt of your own.
