# ---
# jupyter:
#   lesson:
#     afterwards you can: build CBAM, find faults in a listing and in a table, and doubt a pretty map
#     you move: a digit under both gates
#     stress: [channels, where, sum, neighbours, expect, right, single, each, pass, without, two numbers, scales, with, "the paper's relu", our own experiment, swap, nobody can tell, inside one table, ring]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 7 · CBAM: channel and spatial attention
#
# Two small gates, one after the other: which channel counts, and which place? **Does the picture of a gate show where the object is?**

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. compute a channel gate and a spatial gate by hand, as a loop and as tensors, and compose them in the right order ([By hand: two channels, one hidden unit](#By-hand:-two-channels,-one-hidden-unit), [By hand: three positions in a row](#By-hand:-three-positions-in-a-row), [Both gates as tensors](#Both-gates-as-tensors), [The order is part of the definition](#The-order-is-part-of-the-definition));
# 2. say why the shared MLP needs its ReLU, and where the weights of a CBAM sit ([Without the ReLU, two witnesses are one](#Without-the-ReLU,-two-witnesses-are-one), [Where do the weights sit?](#Where-do-the-weights-sit?));
# 3. find two faults in a widely copied listing, and a trap for its caller, with a unit test that fails on it ([Debug this listing](#Debug-this-listing));
# 4. recompute a published cost column, and recognise whose numbers it holds ([The audit: is this possible?](#The-audit:-is-this-possible?), [The fingerprint](#The-fingerprint));
# 5. judge whether a published difference of 0.12 points ([@woo2018, Table 3]) means anything ([Is 0.12 points meaningful?](#Is-0.12-points-meaningful?));
# 6. say what a spatial gate with 98 weights has found out, what it could find out, and what its picture does not show ([Where does the gate look?](#Where-does-the-gate-look?), [The pointing game](#The-pointing-game), [Could it point?](#Could-it-point?)).
#
# You need lessons 4 and 5. Time: 44 minutes in a lecture (less if the audit is left to the exercises), about three hours and a half alone with the [exercises](exercises/07_cbam.ipynb).

# %% slideshow={"slide_type": "skip"}
import math
import warnings
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from courseware.notebook.explorer import show
from courseware.notebook.progress_bar import bar
from courseware.notebook.table import Table
from visual_attention import (
    BAM,
    CBAM,
    ChannelAttention,
    Cost,
    SpatialAttention,
    SqueezeExcitation,
    count_cost,
    resnet50,
)
from visual_attention.cost import PUBLISHED
from visual_attention.experiments import Difference, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.cbam import experiment, figures
from visual_attention.lessons.cbam.data import cluttered_digits
from visual_attention.lessons.cbam.explorers import (
    channel_microscope,
    drag_explorer,
    ring_pad,
    spatial_microscope,
    stored_reader,
)
from visual_attention.training import accuracy

torch.manual_seed(0)


def rounded(values, digits=3):
    return [round(value, digits) for value in torch.as_tensor(values).flatten().tolist()]

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.two_axes(),
    "A map of four channels, between a column of four numbers, one for each channel, and a grid of numbers, one for "
    "each place; both multiply the map.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** Three acts: build the two gates by hand, audit the paper's tables like a detective, and ask a trained network where its gate looks. The third may surprise, so do not promise that attention finds the object. Lesson 5 weighed channels and looked away from places; lesson 6 looked at all places, at the price of comparing all pairs; here are both axes, for almost no work.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read the digit beside the dot
#
# Three digits, one dot. **What would a network need that reads the right one?** SE knows *what* is there. Does that help?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
puzzle = cluttered_digits(5, "dot", "test", seed=3)
show(
    figures.scenes(puzzle.images[:, 0]),
    "Five pictures with three handwritten digits and a dot each; the answer is the digit nearest to the dot.",
)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print("answers, from left to right:", ", ".join(map(str, puzzle.labels.tolist())))

# %% [markdown] slideshow={"slide_type": "fragment"}
# All three digits are there in every picture, and so is the dot: the answer is a matter of **where**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let the room read the pictures aloud, then show the answers. Ask which lesson's block could do it: SE sees one number a channel, so it cannot tell which of the digits is near the dot. Non-local? It sees every place, but not where any of them is; behind a read-out that does not know either, it cannot tell (lesson 8 proves it). Keep the task in mind: it comes back with numbers.

# %% [markdown] slideshow={"slide_type": "skip"}
# SE sees one number a channel, so it cannot tell which of the digits is near the dot. A Non-local block sees every place, but not where any of them is; behind a read-out that does not know either, it cannot tell (lesson 8 proves it).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two gates, one after the other
#
# $$F' = M_c(F) \otimes F, \qquad F'' = M_s(F') \otimes F'$$

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.composition(),
    "Block diagram: convolutions give F; the channel gate multiplies it to F prime; the spatial gate, computed from "
    "F prime, multiplies that to F double prime; then the shortcut is added.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# The second gate looks at $F'$, at what the first has let through.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** [@woo2018, eq. 1]. Its eq. 3 writes M_s(F) too, for the general definition; the argument in use is F′. Ask: where on a ResNet does it sit? On the residual branch, before the addition, like SE.

# %% [markdown] slideshow={"slide_type": "skip"}
# The formula is [@woo2018, eq. 1]. In a ResNet the block sits on the residual branch, before the addition, like SE.

# %% [markdown] slideshow={"slide_type": "skip"}
# $\otimes$ multiplies entry by entry; where the gate has size 1 along an axis, it is repeated. Below, $[\,\cdot\,; \cdot\,]$ stacks two planes. The [source slides](00_start_here.ipynb#If-you-study-alone) print both gates as functions of $F$ and leave the first formula out: then nobody sees that the second gate looks at what the first has let through.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The channel gate
#
# $$M_c(F) = \sigma\big(W_1\,\mathrm{ReLU}(W_0 F_\text{avg}) + W_1\,\mathrm{ReLU}(W_0 F_\text{max})\big)$$

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.channel_gate(),
    "Block diagram of the channel gate: mean and maximum over places, each through the same two-layer network, "
    "added, squashed by a sigmoid, and multiplied onto the channels.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SE with a second witness: the mean says how much there is, the maximum whether it is anywhere at all. **One** two-layer network (MLP) reads both.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A likely mistake: two MLPs. There is one, so the parameter count is SE's. The printed formula on many slides lacks the ReLU; the paper's text has it, after W_0.

# %% [markdown] slideshow={"slide_type": "skip"}
# There is one MLP, not two, so the parameter count is SE's. The printed formula on many slides lacks the ReLU; the paper's text has it, behind $W_0$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: two channels, one hidden unit
#
# A is 2 everywhere; B is 0 but for one 4. $W_0 = (1, -1)$, $W_1 = (1, -1)^\top$.
#
# | | A: 2 2 / 2 2 | B: 0 0 / 0 4 | $W_0 \cdot$ | ReLU |
# |---|---|---|---|---|
# | mean | 2 | 1 | 1 | **1** |
# | max | 2 | 4 | −2 | **0** |
# | sum of hidden | | | −1 | **1** |
# | logits $W_1 \cdot$ sum | 1 | −1 | | |
# | gate | **0.731** | **0.269** | | |
#
# **Predict:** what are the two gates if somebody forgets the ReLU?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The hidden sum is 1 − 2 = −1, the logits are −1 and 1: the gates **swap**, to 0.269 and 0.731.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Without the ReLU the hidden sum is 1 − 2 = −1, the logits turn to −1 and 1, and the gates swap: the other channel is let through. One missing word, the opposite decision, and no error message.

# %% [markdown] slideshow={"slide_type": "skip"}
# One missing word, the opposite decision, and no error message.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The same as a loop

# %% slideshow={"slide_type": "skip"}
channels = [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 4.0]  # the four places of A and of B
w0, w1 = [1.0, -1.0], [1.0, -1.0]

for name, relu in (("with ReLU", lambda h: max(h, 0.0)), ("without", lambda h: h)):
    hidden = 0.0
    for pool in (lambda values: sum(values) / len(values), max):
        hidden += relu(sum(w * pool(values) for w, values in zip(w0, channels)))
    gates = [1 / (1 + math.exp(-w * hidden)) for w in w1]
    print(f"{name:9}: hidden sum {hidden:+g}, gates {rounded(gates)}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The channel gate, to touch
#
# Go *without ReLU*, and the gates swap. Then make the second map, B, flat: its mean and its maximum must still add up to 5. Do the gates move? And with the ReLU?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
channel_microscope()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Without the ReLU the gates stay where they were: the same sum, the same gate. With the ReLU they move. Four times two and a half does it. The next slide proves it for all numbers.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Without the ReLU, two witnesses are one
#
# $W_1 W_0 a + W_1 W_0 m = W_1 W_0 (a + m)$: two linear maps in a row are one, and it reads only the **sum** of mean and maximum. Two feature maps with the same sum get the same gate.

# %% slideshow={"slide_type": "-"}
W0, W1 = torch.tensor([[1.0, -1]]), torch.tensor([[1.0], [-1]])  # of the table before: (1, C), (C, 1)
pools = {"A: 2, 2 and B: 1, 4": ([2.0, 1], [2.0, 4]), "A: 2, 2 and B: 2, 3": ([2.0, 2], [2.0, 3])}
logits = {
    name: [sum(W1 @ act(W0 @ torch.tensor(pool)) for pool in pair)[0].item() for act in (torch.relu, lambda h: h)]
    for name, pair in pools.items()
}
rows = [[name, *(f"{logit:g}".replace("-", "−") for logit in both)] for name, both in logits.items()]
Table(["mean and maximum of two maps", "logit of A with ReLU", "without"], rows)

# %% slideshow={"slide_type": "skip"}
W0, W1 = torch.randn(8, 8), torch.randn(8, 8)
mean, largest = torch.rand(8), torch.rand(8) + 1
other = torch.rand(8)  # other descriptors with the same sum
pairs = (mean, largest), (other, mean + largest - other)
for name, act in (("with ReLU", torch.relu), ("without", lambda h: h)):
    one, two = (W1 @ act(W0 @ a) + W1 @ act(W0 @ m) for a, m in pairs)
    print(f"{name:9}: the logits of the two differ: {bool((one - two).abs().max() > 1e-3)}")

# %% [markdown] slideshow={"slide_type": "-"}
# Mean and maximum without a ReLU: a gate with one witness, and a new name.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** This is a proof, not a measurement: it holds for any W_0, W_1. The table goes on with the numbers on the board: the second pair of maps has the same sums, 4 and 5.

# %% [markdown] slideshow={"slide_type": "skip"}
# This is a proof, not a measurement: it holds for any $W_0$ and $W_1$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The spatial gate
#
# $$M_s(F') = \sigma\big(f^{7 \times 7}[F'_\text{avg}; F'_\text{max}]\big) \qquad \text{mean and max over the \textbf{channels}}$$

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.spatial_gate(),
    "Block diagram of the spatial gate: mean and maximum over the channels, stacked, one seven by seven convolution, "
    "a sigmoid, and a product at each position.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **How many weights has $f$?** 49? 49 for each channel?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two planes in, one plane out, no bias: 2 · 49 = **98**, whatever $C$ is.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two input planes, one output plane, no bias: 2 · 49 = 98, whatever C is. A likely wrong picture pools over places again: ask for the shape after pooling, H × W.

# %% slideshow={"slide_type": "skip"}
print(f"two planes of {7 * 7} weights: {2 * 7 * 7}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: three positions in a row
#
# Two channels, $(1, 0, 0)$ and $(3, 0, 2)$. A filter of reach 1: the mean here, minus the maximum to the left.
#
# | position | 1 | 2 | 3 |
# |---|---|---|---|
# | mean over channels | 2 | 0 | 1 |
# | max over channels | 3 | 0 | 2 |
# | logit: mean − max on the left | 2 − 0 = **2** | 0 − 3 = **−3** | 1 − 0 = **1** |
# | gate | **0.881** | **0.047** | **0.731** |
#
# One gate per position, shared by all channels, and it depends on the **neighbours**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Outside the picture there are zeros (padding): that is why position 1 has nothing to subtract. Ask what happens if we shuffle the channels: nothing. If we shuffle the positions: the gate changes, it is a convolution.

# %% [markdown] slideshow={"slide_type": "skip"}
# Outside the picture there are zeros, so position 1 has nothing to subtract. Shuffle the channels, and nothing changes; shuffle the positions, and the gate does: it is a convolution.

# %% slideshow={"slide_type": "skip"}
print("gates by hand:", rounded(torch.sigmoid(torch.tensor([2.0, -3.0, 1.0]))))

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The window, to touch
#
# The same filter in a window of 7 × 7; the table is the beginning of the middle row. Point at a logit: the window lights up on mean and maximum, cut off at the border. Then write weights of your own into the kernel.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
spatial_microscope()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Both gates as tensors
#
# The numbers of the two tables, in five lines and in three:

# %% slideshow={"slide_type": "-"} tags=["show-code"]
x = torch.tensor([[2.0, 2, 2, 2], [0, 0, 0, 4]]).reshape(1, 2, 2, 2)  # (1, C, H, W)
W0, W1 = torch.tensor([[1.0, -1]]), torch.tensor([[1.0], [-1]])       # (1, C), (C, 1)
summaries = torch.stack([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))])     # (2, 1, C)
what = torch.sigmoid((summaries @ W0.T).relu().sum(dim=0) @ W1.T)     # (1, C)
print("channel gate", rounded(what))

# %% slideshow={"slide_type": "skip"}
row = torch.tensor([[1.0, 0, 0], [3, 0, 2]])[None, :, None]        # (1, C, 1, W)
kernel = torch.zeros(1, 2, 3, 3)                # planes: mean, max
kernel[0, 0, 1, 1], kernel[0, 1, 1, 0] = 1, -1  # mean here, max to the left

# %% slideshow={"slide_type": "-"} tags=["show-code"]
maps = torch.stack([row.mean(dim=1), row.amax(dim=1)], dim=1)         # (1, 2, 1, W)
where = torch.sigmoid(F.conv2d(maps, kernel, padding=1))              # (1, 1, 1, W)
print("spatial gate", rounded(where))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The two summaries go through the MLP as one batch: cheaper than twice, and visibly one MLP. `kernel` is zero but for two numbers, a 1 on the plane of means and a −1, one step to the left, on the plane of maxima. The tested modules give the same.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The tested modules, and the spatial gate as a loop
#
# $W_1$ is linear: without biases it does not matter whether one sums before or after it. `norm=False` is the paper's formula; the authors' code has a batch normalisation before the sigmoid, and so has our module by default.

# %% slideshow={"slide_type": "skip"}
module = ChannelAttention(2, reduction=2, bias=False)
module.reduce.weight.data, module.expand.weight.data = W0, W1
assert torch.allclose(module.gate(x)[..., 0, 0], what)
assert torch.allclose(module(x), x * what[..., None, None])

mean, largest = row.mean(dim=1)[0, 0], row.amax(dim=1)[0, 0]       # (W,) each
by_loop = [mean[i] - (largest[i - 1] if i > 0 else 0) for i in range(3)]
print("spatial gates by loop", rounded(torch.sigmoid(torch.stack(by_loop))))

module = SpatialAttention(kernel_size=3, norm=False)
module.conv.weight.data = kernel
assert torch.allclose(module.gate(row), where)
print("the tested modules agree")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do the weights sit?
#
# **Predict:** what share of all CBAM weights in ResNet-50 belongs to the 16 spatial gates?

# %% slideshow={"slide_type": "fragment"}
channel = spatial = 0
for blocks, width in ((3, 256), (4, 512), (6, 1024), (3, 2048)):
    block = CBAM(width, reduction=16, bias=False, norm=False)
    channel += blocks * sum(w.numel() for w in block.channel.parameters())
    spatial += blocks * sum(w.numel() for w in block.spatial.parameters())
gates = {"16 channel gates": channel, "16 spatial gates": spatial}
rows = [[name, f"{weights:,}", f"{weights / (channel + spatial):.1%}"] for name, weights in gates.items()]
Table(["in ResNet-50", "weights", "share"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# CBAM's size comes from SE's MLP. *Where* is nearly free; *what* costs 2.5 million.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** So "CBAM is lightweight" holds for multiply-adds; in weights it adds ten per cent to ResNet-50, as SE does. Keep 2.5 million in mind for the audit.

# %% [markdown] slideshow={"slide_type": "skip"}
# So "CBAM is lightweight" holds for multiply-adds; in weights it adds ten per cent to ResNet-50, as SE does.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The order is part of the definition

# %% slideshow={"slide_type": "skip"}
x = torch.randn(2, 32, 10, 10)
block = CBAM(32, reduction=4, norm=False).requires_grad_(False)
_ = block.spatial.conv.weight.mul_(4)  # a fresh gate is near 1/2 everywhere

# %% slideshow={"slide_type": "-"} tags=["show-code"]
first = x * block.channel.gate(x)                    # F'  = M_c(F) F
refined = first * block.spatial.gate(first)          # F'' = M_s(F') F'

first = x * block.spatial.gate(x)                    # the other way round
swapped = first * block.channel.gate(first)

parallel = x * block.channel.gate(x) * block.spatial.gate(x)

# %% [markdown] slideshow={"slide_type": "-"}
# Same weights, same input. **Predict:** which of the three maps are equal?

# %% slideshow={"slide_type": "fragment"}
rows = []
for name, other in (("spatial first", swapped), ("in parallel", parallel)):
    same = torch.allclose(other, refined, atol=1e-2)
    rows.append([name, "the same map" if same else "another map"])
Table(["compared with channel first", ""], rows)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Scaling a whole map by one gate looks commutative, and the product of two *given* gates is. But each gate is computed from its own input.

# %% [markdown] slideshow={"slide_type": "skip"}
# The product of two *given* gates does not depend on the order. But each gate is computed from its own input.

# %% slideshow={"slide_type": "skip"}
for arrangement, by_hand in (("channel_spatial", refined), ("spatial_channel", swapped), ("parallel", parallel)):
    block.arrangement = arrangement
    assert torch.allclose(block(x), by_hand, atol=1e-6)
print("the tested block agrees in all three arrangements")

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Two half-open gates in every block
#
# A fresh sigmoid sits near ½. Two in a row leave a quarter of the signal, and sixteen blocks on the trunk would leave next to nothing of it:

# %% slideshow={"slide_type": "skip"}
fresh = CBAM(64)
gate = fresh.gate(torch.randn(8, 64, 14, 14)).mean()
print(f"the mean gate of a fresh block lies near a quarter: {0.2 < gate < 0.3}")
print(f"sixteen on the trunk: 0.25^16 = {0.25 ** 16:.1e}")

# %% [markdown] slideshow={"slide_type": "skip"}
# On the **residual branch**, where gates are usually put, the shortcut carries the signal past every gate. That is not the whole story: in SE's ablation ([@hu2020, Table 14]) the place behind the sum is the worst, but the one on the shortcut, with its gates in a row as well, is not (lesson 5). Non-local starts as the identity instead; both obey "do no harm".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Debug this listing
#
# A listing that many have copied, shortened. It runs. **Find two faults, and a trap for the caller.**

# %% slideshow={"slide_type": "-"} tags=["show-code"]
class ListingChannelAttention(nn.Module):
    def __init__(self, in_planes, ratio=16):
        super().__init__()
        self.fc1 = nn.Conv2d(in_planes, in_planes // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(in_planes // 16, in_planes, 1, bias=False)

    def forward(self, x):
        pools = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        avg_out, max_out = (self.fc2(torch.relu(self.fc1(pool))) for pool in pools)
        return torch.sigmoid(avg_out + max_out)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, in pairs.** Hints, one by one: which argument is never used? What is 8 // 16? What does the caller get back?

# %% [markdown] slideshow={"slide_type": "skip"}
# The listing is from the source slides; the original is in a popular repository. Three expectations, as tests:

# %% slideshow={"slide_type": "skip"}
def weights_of(module):
    return sum(w.numel() for w in module.parameters())


def honours_the_ratio(make):
    return weights_of(make(64, 8)) == 2 * weights_of(make(64, 16))


def works_on_few_channels(make):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(8, 16)(torch.rand(1, 8, 5, 5))
    except RuntimeError:
        return False
    return True


def multiplies_the_gate_on(make):
    x = torch.rand(1, 64, 5, 5)
    return make(64, 16)(x).shape == x.shape


makers = {"listing": ListingChannelAttention, "ours": partial(ChannelAttention, bias=False)}
ratios = (2, 4, 8, 16, 32)
for who, make in makers.items():
    print(f"{who:8} weights at ratio {ratios}: {[weights_of(make(64, ratio)) for ratio in ratios]}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … with a test that fails
#
# A test says what you **expect**. The first: half the ratio, twice the weights.

# %% slideshow={"slide_type": "-"}
tests = {
    "ratio 8 has twice the weights of ratio 16": honours_the_ratio,
    "works on 8 channels": works_on_few_channels,
    "returns a map of the input's shape": multiplies_the_gate_on,
}
rows = [
    [what, *("passes" if test(make) else "**fails**" for make in makers.values())] for what, test in tests.items()
]
rows += [
    [f"weights at ratio {ratio}", *(f"{weights_of(make(64, ratio)):,}" for make in makers.values())]
    for ratio in (8, 16)
]
Table(["", *makers], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The mended lines: `max(in_planes // ratio, 1)` twice, and `return x * torch.sigmoid(avg_out + max_out)`.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask who would have written the first test *before* reading the code: that is the point of it. The third is no bug if the caller multiplies (`x = ca(x) * x`); a caller who writes `x = ca(x)` gets a network that runs, on 1 × 1 maps. Anybody who "tuned the ratio" with this code tuned nothing.

# %% [markdown] slideshow={"slide_type": "skip"}
# The third is no bug if the caller multiplies (`x = ca(x) * x`); a caller who writes `x = ca(x)` gets a network that runs, on 1 × 1 maps. Anybody who "tuned the ratio" with this code tuned nothing.

# %% [markdown] slideshow={"slide_type": "skip"}
# The third test is a matter of agreement: a module that returns the gate is right where its caller multiplies, `x = ca(x) * x`, as the copies that we know do. A module for a slot, as in this course, must multiply itself.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Load the authors' weights into the listing?
#
# The authors have published trained networks. **What can go wrong?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# The official code differs in three ways. Loading complains about the last two only:
#
# | | listing | official code |
# |---|---|---|
# | stack of the spatial gate | mean, max | **max, mean** |
# | after the 7×7 convolution | nothing | batch normalisation |
# | the MLP | 1×1 convolutions, no bias | linear layers with biases |
#
# Swapped planes have the same shape, so the kernel has to be turned round:

# %% slideshow={"slide_type": "fragment"}
kernel, x = torch.randn(1, 2, 7, 7), torch.rand(1, 16, 9, 9)
mean, largest = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
theirs = F.conv2d(torch.cat([largest, mean], dim=1), kernel, padding=3)
rows = []
for name, k in (("kernel as it is", kernel), ("kernel.flip(1)", kernel.flip(1))):
    ours = F.conv2d(torch.cat([mean, largest], dim=1), k, padding=3)
    rows.append([name, "the authors' output" if torch.allclose(ours, theirs, atol=1e-4) else "another output"])
Table(["in the listing", "gives"], rows)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A checkpoint that loads is not a checkpoint that fits. Compare the *outputs* of two implementations on one random input; the exercises do.

# %% [markdown] slideshow={"slide_type": "skip"}
# A checkpoint that loads is not a checkpoint that fits: compare the *outputs* of two implementations on one random input.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the paper reports
#
# ImageNet, ResNet-50, top-1 error in % ([@woo2018]):
#
# | pooling (Table 1) | | spatial gate (Table 2) | | arrangement (Table 3) | |
# |---|---|---|---|---|---|
# | none | 24.56 | SE | 23.14 | channel, spatial | **22.66** |
# | avg (SE) | 23.14 | 1×1 conv, $k = 3$ | 22.96 | spatial, channel | 22.78 |
# | max | 23.20 | 1×1 conv, $k = 7$ | 22.90 | parallel | 22.95 |
# | avg & max | **22.80** | avg & max, $k = 3$ | 22.68 | | |
# | | | avg & max, $k = 7$ | **22.66** | | |
#
# One run each, no error bars. $k = 7$ against 3 is worth 0.02 points; channel first against spatial first 0.12. **Which of these differences would you bet money on?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Collect bets, then count pictures: 0.02 points are ten pictures of 50,000, 0.12 are sixty. The next slide computes what chance alone does.

# %% slideshow={"slide_type": "skip"}
for points in (0.02, 0.12):
    print(f"{points} points of 50,000 pictures: {points / 100 * 50_000:.0f} pictures")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is 0.12 points meaningful?
#
# 50,000 test pictures are a sample. The standard error of one model's error rate $p$ is $\sqrt{p(1 - p)/n}$:

# %% slideshow={"slide_type": "fragment"}
first, second, n = 22.66, 22.78, 50_000  # % error: channel first, spatial first
error = [math.sqrt(p * (100 - p) / n) for p in (first, second)]
unpaired = math.hypot(*error)
rows = [
    ["error of one model", f"± {error[0]:.2f}"],
    ["difference of two, unpaired", f"± {unpaired:.2f}"],
]
for disagree in (5, 10):
    paired = 100 * math.sqrt(disagree / 100 / n)
    rows.append([f"the same, paired, if they disagree on {disagree} %", f"± {paired:.2f}"])
gap = second - first
rows.append(["observed difference", f"{gap:.2f}"])
Table(["standard errors", "points"], rows, winners=[len(rows) - 1])

# %% slideshow={"slide_type": "skip"}
print(f"observed: {gap:.2f} points, {gap / unpaired:.2f} standard errors, unpaired")

# %% [markdown] slideshow={"slide_type": "fragment"}
# About one standard error at best: **nobody can tell**. And that is sampling of *pictures* only; no seeds are reported.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** "It is bold in the table" is a likely wrong answer. The gap is 0.45 standard errors, unpaired. Paired comparison is sharper, because most pictures are right or wrong for both; how often the two models disagree is not published, 5 and 10 % are our assumptions. Training again with another seed moves the error too. Not meaningful does not mean zero: it means unknown.

# %% [markdown] slideshow={"slide_type": "skip"}
# How often the two models disagree is not published; 5 and 10 % are our assumptions. Training again with another seed moves the error, too. Not meaningful does not mean zero: it means unknown.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Paired:** on the same pictures only those count on which exactly one of the two models is right. If their share is $d$, the standard error of the difference is about $\sqrt{d/n}$. With the shares assumed here, the observed gap is about one standard error: still no finding.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why the root: a coin.** Take 1,000 test pictures on which two models, A and B, disagree 50 times: $d = 50/1000$. On the others both are right or both are wrong, which tells nothing about who is better. Suppose A is right on 28 of the 50 and B on 22. If neither were better, each of the 50 would be the toss of a coin that adds 1 to A's lead or takes 1 away. A toss has the variance 1, variances add up, and so the lead of $dn$ tosses has the standard deviation $\sqrt{dn}$; as a share of all pictures, $\sqrt{dn}/n = \sqrt{d/n}$.

# %% slideshow={"slide_type": "skip"}
leads = torch.arange(-50, 51, 2)
by_chance = torch.tensor([math.comb(50, (50 + lead) // 2) / 2**50 for lead in leads.tolist()])
print(f"A leads by {28 - 22} pictures, {(28 - 22) / 1000:.2%}; √(dn) = √50 = {50**0.5:.2f} pictures, √(d/n) = {(0.05 / 1000) ** 0.5:.2%}")
print(f"50 tosses lead by 6 or more, for A or for B, in {by_chance[leads.abs() >= 6].sum():.0%} of cases")

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.disagreements(1000, (28, 22), leads, by_chance),
    "Left: 1,000 squares, 28 of them in one colour, only A is right, 22 in another, only B is right, the rest grey. Right: how "
    "often 50 tosses of a coin give each lead; A's lead of 6 lies within one standard deviation, which is shaded.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One name, six errors
#
# SE-ResNet-50 on ImageNet, as published in six places, and CBAM's claimed gain over SE to the same scale.

# %% slideshow={"slide_type": "skip"}
published = {
    "SENet paper, Table 2": 23.29,
    "CBAM paper": 23.14,
    "SENet authors' repository": 22.37,
    "SENet paper, ablations": 22.28,
    "mmpretrain": 22.26,
    "SENet paper, 270 epochs": 22.20,
}
spread = max(published.values()) - min(published.values())
print(f"range {spread:.2f} points; claimed gain {23.14 - 22.66:.2f}")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.six_errors(published, (22.66, 23.14)),
    "Six published top-1 errors of SE-ResNet-50, from 22.20 to 23.29; an arrow of 0.48 points below them is shorter than their range.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# Their range is 1.09 points, the claimed gain 0.48: compare numbers **inside one table** only.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Between recipes (epochs, schedule, smoothing) the error moves by 1.09 points: more than CBAM claims over SE, less than SE claims over nothing (1.51 or 1.02, [@hu2020, Table 2 and the ablations]; cell below). mmpretrain's network has the stride in the 3×3 convolution, so it is not quite the same one; the range does not hang on it. Independent witness: in SKNet's own table ([@li2019, Table 2]) CBAM is *behind* SE on ResNeXt-50 (21.40 against 21.12).

# %% [markdown] slideshow={"slide_type": "skip"}
# Between recipes (epochs, schedule, smoothing) the error moves by more than CBAM claims over SE.

# %% slideshow={"slide_type": "skip"}
without_library = [error for name, error in published.items() if name != "mmpretrain"]
print(f"range without mmpretrain: {max(without_library) - min(without_library):.2f}")
print(f"SE over nothing, main table: {24.80 - 23.29:.2f}; ablations: {23.30 - 22.28:.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The audit: is this possible?
#
# ResNet-50 has 25.56 M weights and costs 3.86 G multiply-adds. Sixteen channel gates hold 2.5 million weights, and each MLP reads a vector. **Predict** both numbers with SE, and the price of a second pooling.

# %% slideshow={"slide_type": "fragment"}
printed = [row for row in PUBLISHED if row.source == "CBAM, Table 1"]
rows = [[row.network, f"{row.parameters:.2f} M", f"{row.multiply_adds:.2f} G"] for row in printed]
Table(["as printed in Table 1†", "weights", "multiply-adds"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two things should make you stop ([@woo2018, Table 1]):
#
# 1. SE adds 2.5 million weights. Here it adds 0.36 million.
# 2. A second pooling costs 0.08 G. What could cost that much?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Do not tell yet. "GFLOPs" in these papers are giga multiply-adds: we know because ours come out as theirs. A likely guess is "pooling costs 0.08 G": the last cell of "Read critically" counts what it does cost.

# %% slideshow={"slide_type": "skip"}
plain = next(row for row in PUBLISHED if row.network == "ResNet-50")
one_pool, _, two_pools = printed
print(f"printed without attention: {plain.parameters:.2f} M  {plain.multiply_adds:.2f} G")
print(f"printed for SE: {one_pool.parameters - plain.parameters:.2f} M more; counted: {channel / 1e6:.1f} M more")
print(f"printed for the second pooling: {two_pools.multiply_adds - one_pool.multiply_adds:.2f} G more")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Count the networks
#
# Build each of them, and count:

# %% slideshow={"slide_type": "-"}
slots = {
    "nothing": None,
    "SE": SqueezeExcitation,
    "channel gate, max": partial(ChannelAttention, pools=("max",)),
    "channel gate, avg & max": ChannelAttention,
    "CBAM": CBAM,
}
counted = {}
for name, attention in slots.items():
    with torch.device("meta"):
        network = resnet50(attention, version="1")
    counted[name] = count_cost(network, (1, 3, 224, 224))
rows = [
    [name, f"{cost.parameters / 1e6:.2f} M", f"{cost.multiply_adds / 1e9:.3f} G"] for name, cost in counted.items()
]
Table(["ResNet-50 with", "weights", "multiply-adds"], rows)

# %% [markdown] slideshow={"slide_type": "-"}
# [@woo2018, Table 4] has 28.09 M with 3.860 (SE) and 3.864 (CBAM): **right**. One paper, two tables, two costs for one network.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Somebody's columns got in. Ask: what could have 25.92 M? The next slide tries a suspect.

# %% slideshow={"slide_type": "skip"}
with torch.device("meta"):
    network = resnet50(BAM, version="1", place="stage")
bam, plain = count_cost(network, (1, 3, 224, 224)), counted["nothing"]
twice = Cost(bam.parameters, 2 * bam.multiply_adds - plain.multiply_adds)
print("BAM:                ", bam)
print("its overhead twice: ", f"{twice.multiply_adds / 1e9:.2f} G")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The fingerprint
#
# The same authors published BAM ([@park2018]) in the same month: one block behind each of three stages. **Predict:** what does it cost?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
def point(cost):
    return cost.parameters / 1e6, cost.multiply_adds / 1e9


show(
    figures.fingerprint(
        {
            "ResNet-50": point(plain),
            "+ BAM": point(bam),
            "+ BAM, overhead twice": point(twice),
            "": point(counted["SE"]),
            "+ SE, + CBAM": point(counted["CBAM"]),
        },
        {row.network: (row.parameters, row.multiply_adds) for row in printed},
    ),
    "Parameters against multiply-adds. The printed crosses lie on the points of BAM and of BAM with its overhead twice; "
    "the counted SE and CBAM lie far to the right.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# 25.92 M and 3.94 G are BAM's, to the digit. Its overhead added twice gives 4.02 G: a *hypothesis* that fits.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** BAM's spatial part has two 3×3 convolutions over whole maps: that costs multiply-adds and few weights, the reverse of CBAM. We found no published erratum. The error columns are not touched by this. Moral: a cost column can be recomputed by anybody in ten lines, so do.

# %% [markdown] slideshow={"slide_type": "skip"}
# BAM's spatial part has two 3×3 convolutions over whole maps: that costs multiply-adds and few weights, the reverse of CBAM. A cost column can be recomputed by anybody in ten lines, so do.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An experiment of our own: the setting
#
# Labels only: nobody says where the digit is. A place of the trunk sees a digit, but not the dot beside it.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.setting(),
    "Block diagram: a picture, a frozen trunk, the slot, a hidden layer at each place, the strongest answer over all "
    "places. Into the slot go nothing, a 3×3 convolution, a 7×7 depthwise convolution, SE, the spatial gate or CBAM.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** which slots will read the digit beside the dot? Chance is 0.1; reading *any* of the three digits gives about 0.4.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Write the predictions on the board. One digit of three, plus lucky agreement: 1/3 + 2/3 · 1/10 = 0.4. A guess of ours: most will bet on CBAM over "spatial only".

# %% [markdown] slideshow={"slide_type": "skip"}
# **In full.**
#
# - A small trunk (three convolutions) is trained once on **single** digits and dots, then frozen. Each of its 12 × 12 positions sees 14 × 14 pixels.
# - Then a **slot**, then one hidden layer at each place and the strongest answer over all places.
# - Slots: nothing, a 3×3 convolution, a 7×7 depthwise convolution, SE, the spatial gate ($k$ = 3 and 7; mean, max or both), CBAM in three arrangements.
# - Five seeds; 4,000 pictures, 1,000 test pictures with other handwriting.

# %% slideshow={"slide_type": "skip"}
print(f"chance {1 / 10}, any of the three digits {1 / 3 + 2 / 3 / 10:.1f}")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Train one yourself
#
# CBAM, seed 0. The stored trunk has turned the pictures into `inputs`; slot and read-out are trained here.

# %% slideshow={"slide_type": "skip"}
results = stored("read_beside_the_dot")
trunk = stored_reader().trunk
train_set = cluttered_digits(4000, "dot", "train", seed=0)
test_set = cluttered_digits(1000, "dot", "test", seed=1000)
labels, test_labels = train_set.labels, test_set.labels
inputs = experiment.features(trunk, train_set.images)       # (4000, 32, 12, 12)
test_inputs = experiment.features(trunk, test_set.images)

# %% slideshow={"slide_type": "-"} tags=["show-code", "open"]
trained = experiment.train_read_out("CBAM", 0, inputs, labels, progress=bar)
reached = accuracy(trained, test_inputs, test_labels)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
better = reached > results.of("none", "accuracy").max().item()
print("The accuracy is", "higher" if better else "not higher", "than in every seed with nothing in the slot.")

# %% slideshow={"slide_type": "skip"}
print("accuracy where one more seed would lie:", agrees(reached, results.of("CBAM", "accuracy")))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ten to twenty seconds, more on a busy machine. The rest of the table was trained by the same function (`courseware experiments read_beside_the_dot`); recipe and results of all seeds are stored with the course.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Who reads the digit beside the dot?
#
# A dot for each seed, a bar at the mean. Dashed: any of the three digits.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.rows(
        {name: results.of(name, "accuracy") for name in results.values},
        "accuracy, 5 seeds",
        chance=1 / 3 + 2 / 3 / 10,
        size=(10.0, 3.7),
    ),
    "Accuracy by slot. Nothing, SE and the small spatial gate stay near 0.4; the convolutions lie between; "
    "gates with a 7×7 filter lie highest, but for the one on the maximum only, which is level with the 7×7 "
    "depthwise convolution.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A gate of 100 weights beats nine thousand of short reach, and a convolution of its own reach.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Compare with the board. Two of the 100 weights are the normalisation's. SE is within a point of nothing: its gate is blind to places. k = 3 reaches 4 pixels to each side of its own cell's 14, and gains little; k = 7 reaches the dot. The paper's ablation of k ([@woo2018, Table 2]) showed 0.02 points; here it is half the task, because here the task needs the reach.

# %% [markdown] slideshow={"slide_type": "skip"}
# SE's gate is blind to places. With $k = 3$ the gate reaches 4 pixels to each side of what its own cell sees, and gains little; with $k = 7$ it reaches the dot. The task was built to need that reach.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### In numbers
#
# Mean ± standard deviation over five seeds; a seed decides pictures, trunk and start weights.

# %% slideshow={"slide_type": "skip"}
for name in results.values:
    weights = int(results.of(name, "parameters")[0])
    print(f"{name:26} {weights:6,} weights, accuracy {results.spread(name, 'accuracy')}")


def differences(*pairs):
    """Paired differences in accuracy, seed by seed; findings in bold."""
    rows, found = [], []
    for number, (variant, over) in enumerate(pairs):
        by_seed = results.paired(variant, over, "accuracy")
        seeds, ahead = len(by_seed.by_seed), int((by_seed.by_seed > 0).sum())
        rows.append([f"{variant} over {over}", f"{by_seed.mean:+.3f} ± {by_seed.error:.3f}".replace("-", "−"), f"{ahead} of {seeds}"])
        found += [number] if by_seed.found else []
    return Table(["accuracy", "difference", "seeds ahead"], rows, found)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Paired differences, seed by seed
#
# Mean ± standard error. In bold what is a finding: more than two standard errors.

# %% slideshow={"slide_type": "-"}
differences(
    ("spatial 7×7", "spatial 3×3"),
    ("spatial 7×7", "3×3 convolution"),
    ("spatial 7×7", "7×7 depthwise convolution"),
    ("spatial 7×7", "spatial 7×7, mean only"),
    ("spatial 7×7", "spatial 7×7, max only"),
    ("SE", "none"),
)

# %% [markdown] slideshow={"slide_type": "-"}
# The gate's **reach** explains most, and the pair of mean and maximum some. SE gains less than a point.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Within a seed all variants share trunk, pictures and order. The 3×3 convolution has four times the weights of the gated network. The honest rival is the depthwise convolution, which has the gate's reach: it gets most of the way, so reach explains much. What the rest is due to (one map for all channels, a product, fewer weights) we have not taken apart. SE over nothing is a finding by lesson 4's rule, of less than a point: it has not read the digit. Of mean and maximum, the mean is the better half here; the paper compares mean, max and both for the channel gate only (Table 1), and for the spatial gate compares them with a 1×1 convolution.

# %% [markdown] slideshow={"slide_type": "skip"}
# The honest rival is the depthwise convolution, which has the gate's reach: it gets most of the way, so reach explains much. What the rest is due to (one map for all channels, a product, fewer weights) we have not taken apart. SE over nothing is a finding by lesson 4's rule, of less than a point: it has not read the digit.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which order?
#
# In the paper the bold row is channel first, by 0.12 points ([@woo2018, Table 3]). **And here?**

# %% slideshow={"slide_type": "fragment"}
differences(("CBAM", "CBAM, spatial first"), ("CBAM", "CBAM, parallel"), ("CBAM", "spatial 7×7"))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Against parallel just a finding, of a point: where there is no difference at all, one comparison of five seeds in nine still passes. The other two are none.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The paper's ranking of the orders rests on one run each. Five seeds of a toy do not show it, nor can they refute it for ImageNet. And the channel gate of seed 0 never moves: the explorer will show it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where does the gate look?
#
# Thick frame: the digit to be read.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
reader = stored_reader()
show(
    figures.framed(test_set.images[:6, 0], test_set.boxes[:6]),
    "Six pictures with three digits and a dot each; the digit beside the dot has a thick frame.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict** the picture of the spatial gate of each, white 0, dark 1: draw one.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
with torch.no_grad():
    seen = experiment.spatial_gate(reader.read_out.slot, test_inputs[:6])
show(
    figures.gates(seen, test_set.boxes[:6], test_set.images.shape[-1]),
    "The spatial gates of the six pictures: each gate is dark in a square ring round the dot; the digit to be read "
    "lies partly on the ring, the other digits outside it.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A **ring** round the dot, open on all sides at the distance of the digit. Empty paper may pass: it costs nothing.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, let it sink in.** The gate is that of CBAM, seed 0. Let them draw on paper first. Most, we guess, predict a blob on the digit. The gate is a ring round the dot. The filter need not find out on which side of the dot the digit lies: it opens all sides, at the right distance. Empty paper passes too, which costs nothing, as there is nothing on it. Could it find the side? Two slides on.

# %% [markdown] slideshow={"slide_type": "skip"}
# The filter need not find out on which side of the dot the digit lies: it opens all sides, at the right distance. Empty paper passes too, which costs nothing, as there is nothing on it.

# %% slideshow={"slide_type": "skip"}
def table(source, names, measures, width=26):
    for name in names:
        cells = (source.spread(name, what) for what in measures if what in source.values[name])
        print(f"{name:{width}} {'  '.join(cells)}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The pointing game
#
# *Hit*: the gate's peak is on the digit. *Fair*: it is more open there than on **each** other digit. **Predict** both for the 7×7 gate.

# %% slideshow={"slide_type": "fragment"}
measures = ("gate_hit", "gate_favours")
rows = [
    [name, *(results.spread(name, what) for what in measures)] for name in ("spatial 3×3", "spatial 7×7", "CBAM")
]
Table(["", "hit", "fair"], [*rows, ["chance", f"{12**2 / 48**2:.3f}", f"{1 / 3:.3f}"]])

# %% [markdown] slideshow={"slide_type": "fragment"}
# The 7×7 gate fails the pointing game, and answers the fair question almost always: it says what may **pass**, not where the object is.

# %% slideshow={"slide_type": "skip"}
print(f"{'the gate':26} hit            mass           fair")
gated = [name for name in results.values if "gate_hit" in results.values[name]]
table(results, gated, ("gate_hit", "gate_mass", "gate_favours"))
print(f"{'chance':26} {12**2 / 48**2:.3f}          {12**2 / 48**2:.3f}          {1 / 3:.3f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# *Mass* is the share of the whole gate that lies on the digit.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** One gate, two measures, opposite verdicts. Lesson 1's trap again: what arrives is weight times value. Choose the measure from what the mechanism does, before looking at the result.

# %% [markdown] slideshow={"slide_type": "skip"}
# One gate, two measures, opposite verdicts. It is lesson 1's trap again: what arrives is weight times value. Choose the measure from what the mechanism does, before you look at the result.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Could it point?
#
# The same 98 weights, not trained to answer but fitted to **where the digit lies**; then kept, and a read-out trained behind that gate. **Predict:** does it point? Does it read better?

# %% slideshow={"slide_type": "fragment"}
pointing, told = stored("point_at_the_digit"), "spatial 7×7, fitted to the digit's place"
measures = ("gate_hit", "gate_favours", "accuracy")
rows = [
    [what, *(source.spread(name, measure) for measure in measures)]
    for what, source, name in (
        ("trained to answer", results, "spatial 7×7"), ("fitted to the digit's place", pointing, told)
    )
]
Table(["spatial 7×7", "hit", "fair", "accuracy"], rows)

# %% slideshow={"slide_type": "skip"}
reads = Difference(pointing.of(told, "accuracy") - results.of("spatial 7×7", "accuracy"))
print(f"accuracy, fitted − trained to answer: {reads.text()}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# It *can* find the side: the filter that opens a ring did not have to. And the gate that points reads *worse*, a finding: to point and to let pass are two jobs.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** It is tempting to say that two numbers for each place do not allow it. It takes a minute to fit a filter and see that they do: try to refute a "cannot" before you print it. Why does it read worse? We have not taken it apart; a peak on one place of the digit may shut the others.

# %% [markdown] slideshow={"slide_type": "skip"}
# It was tempting to say that two numbers for each place do not allow it. It takes a minute to fit a filter and see that they do: try to refute a "cannot" before you print it. Why it reads worse we have not taken apart; a peak on one place of the digit may shut the others.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Grad-CAM: what the answer depended on
#
# [@selvaraju2017]: weigh each channel by the mean gradient of the predicted class, add them, keep what is positive.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.rows(
        {name: results.of(name, "cam_hit") for name in results.values},
        "share of pictures with the peak on the digit, 5 seeds",
        beside={name: results.of(name, "gate_hit") for name in gated},
        names=("Grad-CAM", "the gate's own picture"),
        size=(10.0, 4.0),
    ),
    "How often a peak lies on the digit, by slot. Grad-CAM: 0.2 to 0.45 for nothing, SE, the convolutions and the small "
    "gate, 0.5 to 0.9 for gates with a 7×7 filter. The own pictures of the 7×7 gates: below 0.1.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# With a 7×7 gate, Grad-CAM finds the digit that the gate's own picture does not.

# %% slideshow={"slide_type": "skip"}
print(f"{'':26} accuracy       Grad-CAM hit   mass")
table(results, results.values, ("accuracy", "cam_hit", "cam_mass"))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The first row is the baseline with no attention. Grad-CAM weights the slot's output channels by the gradient of the predicted class. For the gated networks it finds the digit where the gate's own picture does not. The depthwise convolution is the warning: it reads well and hits badly, probably because it has carried the dot's news to places all round before the slot's output is looked at.

# %% [markdown] slideshow={"slide_type": "skip"}
# The first row of the figure is the baseline with no attention. The depthwise convolution is the warning: it reads well and hits badly, probably because it has carried the dot's news to places all round before the slot's output is looked at.

# %% [markdown] slideshow={"slide_type": "skip"}
# **By hand.** Two channels of 2 × 2 places, and a class whose score is the sum of channel 1 minus the sum of channel 2. Its gradient is 1 at every place of channel 1 and −1 at every place of channel 2: these are the weights of the channels.

# %% slideshow={"slide_type": "skip"}
from types import SimpleNamespace

two_maps = torch.tensor([[[4.0, 0.0], [1.0, 0.0]], [[2.0, 2.0], [2.0, 0.0]]], requires_grad=True)  # (2, 2, 2)
score = two_maps[0].sum() - two_maps[1].sum()
(slope,) = torch.autograd.grad(score, two_maps)
channel_weights = slope.mean(dim=(1, 2))
weighted = (channel_weights[:, None, None] * two_maps.detach()).sum(dim=0)
print(f"weights of the channels: {channel_weights.tolist()}; weighted sum: {weighted.tolist()}")

toy = SimpleNamespace(slot=lambda x: x, answer=lambda x: (x[:, 0] - x[:, 1]).sum(dim=(1, 2))[:, None])
assert torch.equal(experiment.grad_cam(toy, two_maps.detach()[None])[0], weighted.relu())  # the tested function agrees

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.cam_by_hand(two_maps.detach(), channel_weights, weighted, weighted.relu()),
    "Four maps of 2 by 2 numbers: channel 1 with the weight 1, channel 2 with the weight −1, their weighted sum, which is 2 top "
    "left and 0 or below elsewhere, and what is positive of it: 2 top left.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Only the place top left is left: there what speaks for the class is more than what speaks against it. Bottom left, channel 1 speaks for the class too, and channel 2 against it with more. So the map shows what the answer leaned on, at the output of the slot, and cuts off what spoke against it. No attention block is needed for it: any network with a gradient has one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Drag the digit, drag the dot
#
# Drag in the left picture. **Find** where the answer flips, and where the network guesses.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
drag_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2½ min.** Drag the dot from digit to digit: the ring travels, the answer follows. Then choose *the digit*: the ring stays with the dot and the answer holds as long as the digit lies on it. Put the digit *onto* the dot: inside the ring the gate is shut. The channel gates do not move at all: their hidden units are dead in this network (the cell below), so they are the same for every picture. Lesson 5's dead hidden unit, in the wild.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* drag the dot from digit to digit: the ring travels, the answer follows. Then choose *the digit*: the ring stays with the dot, and the answer holds as long as the digit lies on it. Put the digit *onto* the dot: inside the ring the gate is shut.

# %% slideshow={"slide_type": "skip"}
def alive(slot):
    """How many hidden units of the channel gate are above 0 for the mean or the maximum of any test picture."""
    with torch.no_grad():
        pools = torch.cat([test_inputs.mean(dim=(2, 3)), test_inputs.amax(dim=(2, 3))])  # (2000, 32)
        return int((slot.channel.reduce(pools) > 0).any(dim=0).sum())


for state, read_out in (("before training", experiment.read_out("CBAM", 0)), ("trained", reader.read_out)):
    hidden = read_out.slot.channel.reduce.out_features
    print(f"{state:15}: {alive(read_out.slot)} of {hidden} hidden units of the channel gate are ever above 0")

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why the channel gates stand still.** In the trained network no hidden unit of the channel gate is ever above 0, so its gates come from the biases alone: one fixed factor for each channel, whatever the picture shows. What is called CBAM here is a spatial gate behind fixed factors. Only the weights of this seed are stored, so we cannot say how it is in the others. "No finding: the channel gate adds little" can have a cause as plain as this; look, before you explain it by the task.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Draw it yourself
#
# Add a second dot and *move* it beside another digit. **Predict:** one ring or two? What is read? Then *begin with* white paper, and draw.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
ring_pad()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two rings: the filter asks at each place what lies round it, and counts nothing. What is read is then left to a read-out that met one dot a picture in training; at the six places that we tried it stays with the 4. Then begin with *a dot alone*: rub a part of it out, until the ring goes. On white paper, draw what opens a ring.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* with *three digits* the dot is gone: what is left of the ring? With *a dot alone*, rub a part of it out, until the ring goes. On white paper, draw what opens a ring, and a digit of your own on it. The page itself runs the trained network, at every move of the pen.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The control: clutter without a question
#
# One whole digit among fragments: whatever looks like a digit is the answer.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
clutter = cluttered_digits(8, "clutter", "test", seed=1)
show(
    figures.scenes(clutter.images[:, 0]),
    "Eight pictures with one whole handwritten digit among small fragments of others.",
)

# %% slideshow={"slide_type": "-"}
control = stored("read_in_clutter")
rows, best = [], max(control.values, key=lambda name: float(control.of(name, "accuracy").mean()))
for name in control.values:
    gain = control.paired(name, "none", "accuracy") if name != "none" else None
    rows.append([name, control.spread(name, "accuracy"), f"{gain.mean:+.3f} ± {gain.error:.3f}".replace("-", "−") if gain else ""])
level = [number for number, name in enumerate(control.values) if not control.paired(best, name, "accuracy").found]
Table(["in the slot", "accuracy", "over none"], rows, level)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Accuracy: mean ± standard deviation; over none: paired, mean ± standard error. A spatial gate gains three points over nothing; a plain 3×3 convolution nine, for 9,248 weights against 20 to 652 (cell below). That is no comparison at equal cost, so it says nothing about which is the better buy; it does say that this task does not need a gate. The fragments are new to the frozen trunk, which may be why nobody is near 1.

# %% [markdown] slideshow={"slide_type": "skip"}
# The plain convolution has many more weights, so this is no comparison at equal cost; but it does say that this task needs no gate. The fragments are new to the frozen trunk, which may be why nobody is near 1.

# %% slideshow={"slide_type": "skip"}
plain_weights = control.of("none", "parameters")[0]
for name in list(control.values)[1:]:
    print(f"{name:16} {int(control.of(name, 'parameters')[0] - plain_weights):,} weights in the slot")
for name in ("spatial 3×3", "spatial 7×7", "CBAM"):
    hits = Difference(control.of(name, "gate_hit") - control.of("none", "cam_hit"))
    print(f"peak on the digit, gate of {name} − Grad-CAM of none: {hits.text()}")

# %% [markdown] slideshow={"slide_type": "skip"}
# In clutter a spatial gate is worth about 0.03, a plain 3×3 convolution, with many more weights, 0.09; SE's difference is no finding.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … and where does it look now?
#
# The same kinds of gate, trained in clutter. **Predict:** is the peak of a gate on the digit now?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.rows(
        {name: control.of(name, "cam_hit") for name in control.values},
        "share of pictures with the peak on the digit, 5 seeds",
        chance=12**2 / 48**2,
        beside={name: control.of(name, "gate_hit") for name in control.values if "gate_hit" in control.values[name]},
        names=("Grad-CAM", "the gate's own picture"),
        size=(10.0, 3.3),
    ),
    "How often a peak lies on the digit in clutter, by slot. Grad-CAM: between 0.35 and 0.8 for all slots. The gates' "
    "own pictures: between 0.35 and 0.9, far above the dashed line of chance at 1/16.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Now the gates do peak on the digit, far above chance (1/16): the scene decides what a gate's picture means. Yet Grad-CAM **without** attention (first row) does not lose to two of the three.

# %% slideshow={"slide_type": "skip"}
print(f"{'':16} Grad-CAM hit   mass           gate hit       mass")
table(control, control.values, ("cam_hit", "cam_mass", "gate_hit", "gate_mass"), width=16)

# %% [markdown] slideshow={"slide_type": "skip"}
# The gates' mass, 0.10, is only half as much again as chance, far below Grad-CAM's (0.20 to 0.32): most of the gate lies elsewhere.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Compare the gate's hit with the baseline in the first row, Grad-CAM of the network with no attention: the 3×3 gate is ahead, a finding; for the 7×7 gate and CBAM there is none. Measure localisation that comes free with a gate against what comes free without one.

# %% [markdown] slideshow={"slide_type": "skip"}
# Measure localisation that comes free with a gate against what comes free without one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it cannot do
#
# - The spatial gate knows **two numbers** per place and looks three places far.
# - It **scales**, it moves nothing: what the dot says reaches the digit as the gate's one number. Mixing is lesson 6.
# - The channel gate is blind to places: shuffle the pixels and it stays the same.
# - Our task was built so that reach matters. On ImageNet, $k = 7$ was worth 0.02 points ([@woo2018]).
#
# ### Next question
#
# SE, Non-local, CBAM, selective kernels: **which one for which failure, at equal cost?** Lesson 8 puts them side by side.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask for a scene at which a 7×7 gate should fail: the dot further off than the filter reaches, or a dot whose *colour* says which digit. Trained to answer, the gate opened a ring; told where the digit lies, it pointed. Whether it could tell *which* digit lies there we have not tried.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "A map with 512 channels. How many weights has the 7×7 convolution of the spatial gate?",
        {
            "49": "There are two input planes, the mean and the maximum over the channels.",
            "49 · 512": "The channels are pooled before the convolution sees anything.",
            "98": "2 · 49, whatever the number of channels.",
        },
        right="c",
    ),
    Question(
        "The shared MLP of the channel gate loses its ReLU. What is lost with it?",
        {
            "Nothing that matters: the sigmoid is a non-linearity as well.": "It comes after the two are added, when it is too late to tell them apart.",
            "Mean and maximum can no longer be told apart: only their sum is read.": "W₁W₀a + W₁W₀m = W₁W₀(a + m).",
            "The gates can leave the range from 0 to 1.": "The sigmoid still sees to that.",
        },
        right="b",
    ),
    Question(
        "Channel first against spatial first: 0.12 points on 50,000 test pictures, one run each. What does that say?",
        {
            "Channel first is better: it is the bold number.": "The smaller of two single runs is always bold. Half a standard error, or about one if paired, does not carry a ranking.",
            "The two orders are equally good.": "That was not shown either. A difference that cannot be seen is not zero.",
            "Nothing yet: it is within what other pictures or another seed would do.": "Several seeds, or the same pictures compared pair by pair, could tell.",
        },
        right="c",
    ),
    Question(
        "The gate of the trained network is a ring round the dot, and not a blob on the digit. What follows?",
        {
            "A gate shows what may pass, not where the object is.": "It opens all sides at the right distance from the dot. Empty paper may pass: there is nothing on it.",
            "The network has not learned the task.": "It reads the digit beside the dot in most pictures, with this very gate.",
            "The filter is too small to point at the digit.": "It need not point, but it could: a filter of this size, fitted to where the digit lies, has its peak there in most pictures.",
        },
        right="a",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - $F' = M_c(F) \otimes F$, $F'' = M_s(F') \otimes F'$: the channel gates hold 99.9 % of the weights, a spatial gate has 98 in all.
# - Shared MLP **with** ReLU; `ratio` honoured; the gate multiplied on; planes in the right order.
# - Recompute what is printed: [@woo2018, Table 1] has BAM's costs, 25.92M / 3.94. And its 0.12 points, unpaired, are half a standard error.
# - A gate shows what may pass, not where the object is.
#
# {{recap: 7a, 7b}}

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two new rows, both diagonal: gating, not mixing. The query of 7b is "none": the filter is the same for every picture, only its input changes.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **[@woo2018, Table 1]:** the columns for parameters and GFLOPs hold BAM's numbers, as the audit shows; that 4.02 is its overhead added twice is our hypothesis. We have the columns from the source slides, which copied them faithfully. † as we recall it; check the paper. We know of no erratum. An independent witness: SKNet's table ([@li2019, Table 2]) lists ResNeXt-50 with BAM at 25.4M / 4.31 and with CBAM at 27.7M / 4.25, beside 25.0M / 4.24 without: BAM adds little weight and more work, CBAM the reverse.
# - **The six errors of SE-ResNet-50** are those of [@hu2020, Table 2 and the ablations], [@woo2018], the authors' repository ([@senet2017]) and a library ([@mmpretrain2023]). The library's network has the stride in the 3×3 convolution and so costs more; without it the range is the same.
# - **"GFLOPs"** in these tables are giga multiply-adds: the count of our networks, which counts a product and its sum once, gives them to the digit. And they are those of ResNet-50 with the stride in the first 1×1 convolution; the version that most code has today costs 4.09.
# - **The paper's ReLU** is in its text, not in its eq. 2; **batch normalisation** in the spatial gate is in the code, not in the paper.
# - **BAM's paper ([@park2018]) adds its two branches, its code multiplies them** (its $M_c$ and $M_s$ have other layers than CBAM's).
# - **CBAM against SE.** On ResNet-50 the paper claims 0.48 points ([@woo2018, Table 4]). SKNet's table ([@li2019, Table 2]) has CBAM behind SE on ResNeXt-50 (21.40 against 21.12 top-1 error), and CBAM's own Table 4 has the two level there (21.92 against 21.91†). The author of a widely used model library ([@wightman2019]) writes in its CBAM module that results with it have been mixed.
# - **Our own experiment** is a toy with a frozen trunk: it shows what a spatial gate did where the task asked for it, not how often tasks ask.
#
# **The tables in full**, top-1 / top-5 error on ImageNet. ResNet-50 ([@woo2018, Tables 1 to 4]): none 24.56 / 7.50; average (SE) 23.14 / 6.70; max 23.20 / 6.83; average and max 22.80 / 6.52. On top of the channel gate: 1×1 convolution instead of pooling with $k = 3$ 22.96 / 6.64, with $k = 7$ 22.90 / 6.47; average and max with $k = 3$ 22.68 / 6.41, with $k = 7$ 22.66 / 6.31. Spatial first 22.78 / 6.42, parallel 22.95 / 6.59.
#
# Table 4 for other networks†, plain → SE → CBAM: ResNet-18 29.60 → 29.41 → 29.27; ResNet-34 26.69 → 26.13 → 25.99; ResNet-101 23.38 → 22.35 → 21.51; ResNeXt-50 22.85 → 21.91 → 21.92.
#
# **Who counts pooling?** The counter counts products in convolutions, linear layers and matrix products. Pooling sums are left out, as in the papers; for all sixteen maps of ResNet-50 they are:

# %% slideshow={"slide_type": "skip"}
stages = ((3, 256, 56), (4, 512, 28), (6, 1024, 14), (3, 2048, 7))
sums = sum(n * c * side * side for n, c, side in stages)
print(f"{sums / 1e6:.1f} million additions for one pooling of all sixteen maps")
with torch.device("meta"):
    network = resnet50(None, version="1.5")
print(f"ResNet-50 with the stride in the 3×3 convolution: {count_cost(network, (1, 3, 224, 224))}")

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/07_cbam.ipynb) · [next lesson](08_capstone.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
