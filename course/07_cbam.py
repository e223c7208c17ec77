# %% [markdown] slideshow={"slide_type": "slide"}
# # 7 · CBAM: channel and spatial attention
#
# Lesson 5 weighed **channels** and looked away from places. Lesson 6 looked at all places, at the price of a table of all pairs.
#
# Today: both axes, one gate after the other, for almost no cost. And a table in a famous paper that cannot be right: you will find out whose numbers it prints.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Three acts: build the two gates by hand, audit the paper's tables like a detective, and ask a trained network where its gate looks. The third has a surprise, so do not promise that attention finds the object.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. compute a channel gate and a spatial gate by hand, as a loop and as tensors, and compose them in the right order;
# 2. say why the shared MLP needs its ReLU, and where the weights of a CBAM sit;
# 3. find three faults in a widely copied listing, with a unit test that fails on it;
# 4. recompute a published cost column, and recognise whose numbers it holds;
# 5. judge whether a difference of 0.12 points means anything;
# 6. say what a spatial gate can find out with 98 weights, and what its picture does not show.
#
# You need lessons 4 and 5. Time: 40 minutes in a lecture, about two hours alone with the [exercises](exercises/07_cbam.ipynb).

# %% slideshow={"slide_type": "skip"}
import math
import warnings
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from courseware import progress
from courseware.frames import show
from visual_attention import BAM, CBAM, ChannelAttention, Cost, SpatialAttention, SqueezeExcitation, count_cost, resnet50
from visual_attention.cost import PUBLISHED
from visual_attention.datasets.cluttered import cluttered_digits
from visual_attention.experiments import stored
from visual_attention.experiments import cluttered as experiment
from visual_attention.explorers.cbam import drag_explorer, stored_reader
from visual_attention.figures import cbam as figures
from visual_attention.training import accuracy

torch.manual_seed(0)


def rounded(values, digits=3):
    return [round(value, digits) for value in torch.as_tensor(values).flatten().tolist()]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read the digit beside the dot
#
# Three digits, one dot. **What would a network need that reads the right one?** SE knows *what* is there. Does that help?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
puzzle = cluttered_digits(5, "dot", "test", seed=3)
show(
    figures.scenes(puzzle.images[:, 0], puzzle.labels.tolist()),
    "Five pictures with three handwritten digits and a dot each; the answer is the digit nearest to the dot.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# All three digits are there in every picture, and so is the dot: the answer is a matter of **where**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Cover the answers, let the room read the first two. Ask which lesson's block could do it: SE sees one number a channel, so it cannot tell which of the digits is near the dot. Non-local could. Keep the task in mind: it comes back with numbers.

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
# The second gate looks at $F'$, at what the first has let through. The slides that this course grew from print both gates as functions of $F$ and leave this line out.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The paper's eq. 1. Its eq. 3 writes M_s(F) too, for the general definition; the argument in use is F′. Ask: where on a ResNet does it sit? On the residual branch, before the addition, like SE.

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
# SE with a second witness: the mean says how much there is, the maximum whether it is anywhere at all. **One** MLP reads both.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Common mistake: two MLPs. There is one, so the parameter count is SE's. The printed formula on many slides lacks the ReLU; the paper's text has it, after W_0.

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

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Without the ReLU the hidden sum is 1 − 2 = −1, the logits turn to −1 and 1, and the gates swap: the other channel is let through.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as a loop

# %% slideshow={"slide_type": "-"}
picture = [[[2.0, 2.0], [2.0, 2.0]], [[0.0, 0.0], [0.0, 4.0]]]  # channel, row, column
w0, w1 = [1.0, -1.0], [1.0, -1.0]

for name, relu in (("with ReLU", lambda h: max(h, 0.0)), ("without", lambda h: h)):
    hidden = 0.0
    for pool in (lambda values: sum(values) / len(values), max):
        summary = [pool([value for row in channel for value in row]) for channel in picture]
        hidden += relu(sum(w * s for w, s in zip(w0, summary)))
    gates = [1 / (1 + math.exp(-w * hidden)) for w in w1]
    print(f"{name:9}: hidden sum {hidden:+g}, gates {rounded(gates)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** The bold row of the table, and the swap. One missing character, the opposite decision, and no error message.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as tensors, and as the tested module

# %% slideshow={"slide_type": "-"}
x = torch.tensor(picture)[None]                                      # (1, C, H, W)
summaries = torch.stack([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))])    # (2, 1, C)
W0, W1 = torch.tensor([w0]), torch.tensor([w1]).T                    # (C / r, C), (C, C / r)
gate = torch.sigmoid((summaries @ W0.T).relu().sum(dim=0) @ W1.T)    # (1, C)
print("gate", rounded(gate))

module = ChannelAttention(2, reduction=2, bias=False)
module.reduce.weight.data, module.expand.weight.data = W0, W1
assert torch.allclose(module.gate(x)[..., 0, 0], gate)
assert torch.allclose(module(x), x * gate[..., None, None])
print("the tested module agrees")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** The two summaries go through as one batch: cheaper than twice, and visibly one MLP. W_1 is linear, so it does not matter whether one sums before or after it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Without the ReLU, two witnesses are one
#
# $W_1 W_0 a + W_1 W_0 m = W_1 W_0 (a + m)$: two linear maps in a row are one, and it reads only the **sum** of mean and maximum. Two feature maps with the same sum get the same gate.

# %% slideshow={"slide_type": "-"}
W0, W1 = torch.randn(2, 8), torch.randn(8, 2)
mean, largest = torch.rand(8), torch.rand(8) + 1
other = torch.rand(8)  # other descriptors with the same sum
pairs = {"mean, max": (mean, largest), "others of equal sum": (other, mean + largest - other)}
for name, act in (("with ReLU", torch.relu), ("without", lambda h: h)):
    one, two = (W1 @ act(W0 @ a) + W1 @ act(W0 @ m) for a, m in pairs.values())
    print(f"{name:9}: logits of the two differ by {(one - two).abs().max():.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** So avg & max without a ReLU is a one-descriptor gate with a new name. This is a proof, not a measurement: any W_0, W_1.

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

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two input planes, one output plane, no bias: 2 · 49 = 98, whatever C is. A typical wrong picture pools over places again: ask for the shape after pooling, H × W.

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Loop, tensors, module

# %% slideshow={"slide_type": "-"}
row = torch.tensor([[1.0, 0, 0], [3, 0, 2]])[None, :, None]        # (1, C, 1, W)
mean, largest = row.mean(dim=1)[0, 0], row.amax(dim=1)[0, 0]       # (W,) each
by_loop = [mean[i] - (largest[i - 1] if i > 0 else 0) for i in range(3)]
print("gates by loop", rounded(torch.sigmoid(torch.stack(by_loop))))

kernel = torch.zeros(1, 2, 3, 3)                # planes: mean, max
kernel[0, 0, 1, 1], kernel[0, 1, 1, 0] = 1, -1  # mean here, max to the left
maps = torch.cat([row.mean(dim=1, keepdim=True), row.amax(dim=1, keepdim=True)], dim=1)  # (1, 2, 1, W)
gate = torch.sigmoid(F.conv2d(maps, kernel, padding=1))            # (1, 1, 1, W)

module = SpatialAttention(kernel_size=3, norm=False)
module.conv.weight.data = kernel
assert torch.allclose(module.gate(row), gate)
print("tensors", rounded(gate), "and the tested module agrees")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** `norm=False` is the paper's formula; the authors' code has a batch normalisation before the sigmoid, and so has our module by default.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do the weights sit?
#
# **Predict:** what share of all CBAM weights in ResNet-50 belongs to the 16 spatial gates?

# %% slideshow={"slide_type": "-"}
channel = spatial = 0
for blocks, channels in ((3, 256), (4, 512), (6, 1024), (3, 2048)):
    block = CBAM(channels, reduction=16, bias=False, norm=False)
    channel += blocks * sum(w.numel() for w in block.channel.parameters())
    spatial += blocks * sum(w.numel() for w in block.spatial.parameters())
print(f"one spatial gate: {spatial // 16} weights; sixteen: {spatial:,}")
print(f"sixteen channel gates: {channel:,}, a share of {channel / (channel + spatial):.1%}")

# %% [markdown] slideshow={"slide_type": "-"}
# Its size comes from SE's MLP. *Where* is nearly free; *what* costs 2.5 million.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** So "CBAM is lightweight" holds for multiply-adds; in weights it adds ten per cent to ResNet-50, as SE does. Keep 2.5 million in mind for the audit.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The order is part of the definition
#
# Same weights, same input, three arrangements:

# %% slideshow={"slide_type": "-"}
x = torch.randn(2, 32, 10, 10)
block = CBAM(32, reduction=4, norm=False).requires_grad_(False)
block.spatial.conv.weight.mul_(4)  # untrained gates all lie near 1/2: make this one choosier

outputs = {}
for arrangement in ("channel_spatial", "spatial_channel", "parallel"):
    block.arrangement = arrangement
    outputs[arrangement] = block(x)

by_hand = x * block.channel.gate(x)               # F' = M_c(F) F
by_hand = by_hand * block.spatial.gate(by_hand)   # F'' = M_s(F') F'
assert torch.allclose(outputs["channel_spatial"], by_hand)
for name in ("spatial_channel", "parallel"):
    print(f"{name:15} differs from channel first:", not torch.allclose(outputs[name], by_hand, atol=1e-2))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Scaling a whole map by one gate looks commutative, and the product of two *given* gates is. But each gate is computed from its own input.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two half-open gates in every block
#
# A fresh sigmoid sits near ½. Two in a row leave a quarter of the signal. **What is left after 16 blocks?**

# %% slideshow={"slide_type": "-"}
fresh = CBAM(64, norm=False).requires_grad_(False)
x = torch.randn(8, 64, 14, 14)
left = fresh(x).norm() / x.norm()
print(f"one fresh block lets through about a quarter: {0.2 < left < 0.3}")
print(f"sixteen on the trunk: 0.25^16 = {0.25 ** 16:.1e}")

# %% [markdown] slideshow={"slide_type": "-"}
# Hence the place on the **residual branch**: the shortcut carries the signal past every gate.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Lesson 5's POST placement was the worst of SE's ablation for the same reason. Non-local starts as the identity instead; both obey "do no harm".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Debug this listing
#
# From the slides that this course grew from, shortened; the original is in a popular repository. It runs. **Find three faults.**

# %% slideshow={"slide_type": "-"}
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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … with a test that fails
#
# A test says what you **expect**. Halving the ratio must double the weights:

# %% slideshow={"slide_type": "-"}
def weights_of(module):
    return sum(w.numel() for w in module.parameters())


def verdicts(make):
    yield "ratio 8 has twice the weights of ratio 16", weights_of(make(64, 8)) == 2 * weights_of(make(64, 16))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(8, 16)(torch.rand(1, 8, 5, 5))
        yield "works on 8 channels", True
    except RuntimeError:
        yield "works on 8 channels", False
    yield "returns a map of the input's shape", make(64, 16)(torch.rand(1, 64, 5, 5)).shape == (1, 64, 5, 5)

# %% slideshow={"slide_type": "-"}
for who, make in (("listing", ListingChannelAttention), ("ours", ChannelAttention)):
    for what, passed in verdicts(make):
        print(f"{who:8} {'passes' if passed else 'FAILS '}  {what}")
print("listing, weights at ratio 2, 4, 8, 16, 32:", [weights_of(ListingChannelAttention(64, r)) for r in (2, 4, 8, 16, 32)])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The third is no bug if the caller multiplies (`x = ca(x) * x`): the slides never show it, and a caller who writes `x = ca(x)` gets a network that runs, on 1 × 1 maps. Anybody who "tuned the ratio" with this code tuned nothing.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Load the authors' weights into the listing?
#
# The official code differs from the listing in ways that no shape error reports:
#
# | | listing | official code |
# |---|---|---|
# | stack of the spatial gate | mean, max | **max, mean** |
# | after the 7×7 convolution | nothing | batch normalisation |
# | the MLP | 1×1 convolutions, no bias | linear layers with biases |
#
# Swapped planes have the same shape. The cure is to turn the kernel round:

# %% slideshow={"slide_type": "-"}
kernel, x = torch.randn(1, 2, 7, 7), torch.rand(1, 16, 9, 9)
mean, largest = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
theirs = F.conv2d(torch.cat([largest, mean], dim=1), kernel, padding=3)
for name, k in (("copied straight", kernel), ("flip(1)", kernel.flip(1))):
    ours = F.conv2d(torch.cat([mean, largest], dim=1), k, padding=3)
    print(f"{name:15}: equal {torch.allclose(ours, theirs, atol=1e-4)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A checkpoint that loads is not a checkpoint that fits. Compare the *outputs* of two implementations on one random input; the exercises do.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the paper reports
#
# ImageNet, ResNet-50, top-1 / top-5 error in % (Woo and others, ECCV 2018; cited from a secondary text, checked against the slides):
#
# | pooling (Table 1) | | spatial gate (Table 2) | | arrangement (Table 3) | |
# |---|---|---|---|---|---|
# | none | 24.56 / 7.50 | SE | 23.14 / 6.70 | channel, spatial | **22.66** / 6.31 |
# | avg (SE) | 23.14 / 6.70 | 1×1 conv, $k = 3$ | 22.96 / 6.64 | spatial, channel | 22.78 / 6.42 |
# | max | 23.20 / 6.83 | 1×1 conv, $k = 7$ | 22.90 / 6.47 | parallel | 22.95 / 6.59 |
# | avg & max | **22.80** / 6.52 | avg & max, $k = 3$ | 22.68 / 6.41 | | |
# | | | avg & max, $k = 7$ | **22.66** / 6.31 | | |
#
# One run each, no error bars. $k = 7$ against 3 is worth 0.02 points; channel first against spatial first 0.12.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Which differences in this table would you bet money on? Collect bets, then count pictures: 0.02 points are ten pictures of 50,000, 0.12 are sixty. Two slides on we compute what chance alone does.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The audit: is this possible?
#
# The cost columns of Table 1, as printed:

# %% slideshow={"slide_type": "-"}
for printed in PUBLISHED:
    if printed.source == "CBAM, Table 1":
        print(f"{printed.network:46} {printed.parameters:.2f} M  {printed.multiply_adds:.2f} G")

# %% [markdown] slideshow={"slide_type": "-"}
# Baseline: 25.56 M and 3.86 G. Two things should make you stop:
#
# 1. SE adds 2.5 million weights. Here it adds 0.36 million.
# 2. A second pooling costs 0.08 G. The MLP reads one vector per picture: what could cost that much?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Do not tell yet. "GFLOPs" in these papers are giga multiply-adds: we know because ours come out as theirs. A typical guess is "pooling costs 0.08 G": the next exercise sheet has you count it, it is 5.5 million additions for all sixteen blocks.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Count the networks
#
# Nothing typed in: build each ResNet-50 (version 1, as then) on the meta device, and count.

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
    print(f"{name:24} {counted[name]}")

# %% [markdown] slideshow={"slide_type": "-"}
# The paper's own Table 4 says 28.09 M with 3.860 for SE and 3.864 for CBAM: **right**. Table 1 is not.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Same paper, two tables, two costs for one network. Somebody's columns got in. Ask: what could have 25.92 M? The next slide tries a suspect.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The fingerprint
#
# The same authors published BAM in the same month: one block behind each of three stages.

# %% slideshow={"slide_type": "-"}
with torch.device("meta"):
    network = resnet50(BAM, version="1", place="stage")
bam, plain = count_cost(network, (1, 3, 224, 224)), counted["nothing"]
twice = Cost(bam.parameters, 2 * bam.multiply_adds - plain.multiply_adds)  # what BAM adds, added twice
print("BAM:                ", bam)
print("its overhead twice: ", f"{twice.multiply_adds / 1e9:.2f} G")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
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
        {row.network: (row.parameters, row.multiply_adds) for row in PUBLISHED if row.source == "CBAM, Table 1"},
    ),
    "Parameters against multiply-adds. The printed crosses lie on the points of BAM and of BAM with its overhead twice; "
    "the counted SE and CBAM lie far to the right.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** All three printed numbers: 25.92, 3.94, 4.02. We found no published erratum. The error columns are not touched by this. Moral: a cost column can be recomputed by anybody in ten lines, so do.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is 0.12 points meaningful?
#
# 50,000 test pictures are a sample. The standard error of one model's error rate $p$ is $\sqrt{p(1 - p)/n}$:

# %% slideshow={"slide_type": "-"}
first, second, n = 0.2266, 0.2278, 50_000  # channel first, spatial first
error = [math.sqrt(p * (1 - p) / n) for p in (first, second)]
difference = math.hypot(*error)
print(f"one model: ± {100 * error[0]:.2f} points; difference of two, unpaired: ± {100 * difference:.2f}")
print(f"observed: {100 * (second - first):.2f} points, {(second - first) / difference:.2f} standard errors")
for disagree in (0.05, 0.10):
    paired = math.sqrt(disagree / n)
    print(f"paired, if the two disagree on {disagree:.0%} of the pictures: ± {100 * paired:.2f}")

# %% [markdown] slideshow={"slide_type": "-"}
# And that is sampling of *pictures* only. Training again with another seed moves the error too; no seeds are reported.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** "It is bold in the table" is the typical wrong answer. Paired comparison is sharper, because most pictures are right or wrong for both; how often the two models disagree is not published, 5 and 10 % are our assumptions. Not meaningful does not mean zero: it means unknown.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One model, six errors
#
# SE-ResNet-50 on ImageNet, as published in six places, and CBAM's claimed gain over SE to the same scale.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
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
    "Six published top-1 errors of one network, from 22.20 to 23.29; an arrow of 0.48 points below them is shorter than their range.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The recipe (epochs, schedule, smoothing) matters more than the block. Compare numbers inside one table only. Independent witness: in SKNet's own table CBAM is *behind* SE on ResNeXt-50 (21.40 against 21.12).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An experiment of our own: the setting
#
# - A small trunk (three convolutions) is trained once on **single** digits and dots, then frozen. Each of its 12 × 12 positions sees 14 × 14 pixels: a digit, but not the dot beside it.
# - Then a **slot**, then one hidden layer at each place and the strongest answer over all places.
# - Slots: nothing, a 3×3 convolution, a 7×7 depthwise convolution, SE, the spatial gate ($k$ = 3 and 7; mean, max or both), CBAM in three arrangements.
# - Labels only. Nobody says where the digit is. Five seeds; 4,000 pictures, 1,000 test pictures with other handwriting.
#
# **Predict:** which slots will read the digit beside the dot? Chance is 0.1; reading *any* of the three digits gives about 0.4.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Write the predictions on the board. One digit of three, plus lucky agreement: 1/3 + 2/3 · 1/10 = 0.4. Nearly everybody bets on CBAM over "spatial only".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train one yourself
#
# CBAM, seed 0: the stored trunk makes the features, slot and read-out are trained here.

# %% slideshow={"slide_type": "-"}
results = stored("read_beside_the_dot")
trunk = stored_reader().trunk
train_set = cluttered_digits(4000, "dot", "train", seed=0)
test_set = cluttered_digits(1000, "dot", "test", seed=1000)
inputs, test_inputs = (experiment.features(trunk, part.images) for part in (train_set, test_set))  # (n, 32, 12, 12)

trained = experiment.train_read_out("CBAM", 0, inputs, train_set.labels, progress=progress.bar)
reached, expected = accuracy(trained, test_inputs, test_set.labels), results.of("CBAM", "accuracy")[0]
print(f"within 0.02 of the stored result: {abs(reached - expected) < 0.02}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** About ten seconds. The rest of the table was trained by the same function (`python -m visual_attention.experiments read_beside_the_dot`); recipe and results of all seeds are stored with the course.

