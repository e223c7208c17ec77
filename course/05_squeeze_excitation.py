# ---
# jupyter:
#   lesson:
#     afterwards you can: build SE, count it, and test whether its gates matter
#     you move: the ratio r; the gates of a trained network
#     stress: [whole, without any cue, adds, and, where, our experiment, in Inception]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 5 · SENet: channel attention
#
# A feature map has many channels: one answers to edges, one to red, one to fur. **Which of them matter in *this* picture?**
#
# Lesson 4 called it *what*. The best-known answer is squeeze and excitation: one volume for each channel.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** In lessons 1 to 3 attention *mixed* things: it moved information. Lesson 4 named the other kind, the gate; today we take it apart: it only turns volume knobs. Ask whether that still deserves the name; collect, do not answer.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. compute a squeeze-and-excitation block by hand, as a loop and as one expression, and say what its query, keys and weights are ([By hand: two channels, one hidden unit](#By-hand:-two-channels,-one-hidden-unit), [The same as tensors, and as the tested module](#The-same-as-tensors,-and-as-the-tested-module), [Is this attention?](#Is-this-attention?));
# 2. explain why its gates end in a sigmoid and not in a softmax ([Why not a softmax?](#Why-not-a-softmax?));
# 3. count its weights in any network, and say what they must be compared with ([What does it cost? Predict](#What-does-it-cost?-Predict), [Fewer parameters than what?](#Fewer-parameters-than-what?));
# 4. say what the ratio r, the place in the network and the two layers are worth, and how well each claim is supported ([What does the ratio cost, and what does it buy?](#What-does-the-ratio-cost,-and-what-does-it-buy?), [And is more non-linearity the reason?](#And-is-more-non-linearity-the-reason?), [Four places, one of them worse](#Four-places,-one-of-them-worse));
# 5. design a test in which channel attention must help, and a control in which there is nothing for it to do ([A test that channel attention must pass](#A-test-that-channel-attention-must-pass), [Six seeds, every variant](#Six-seeds,-every-variant));
# 6. read and turn the gates of a trained network ([Which gates open?](#Which-gates-open?), [Turn the gates yourself](#Turn-the-gates-yourself)).
#
# You need lessons 1 and 4. Time: 44 minutes in a lecture, about three hours alone with the [exercises](exercises/05_squeeze_excitation.ipynb).

# %% slideshow={"slide_type": "skip"}
import time
from math import exp

import torch

from courseware.notebook.explorer import show
from courseware.notebook.progress_bar import bar
from courseware.notebook.table import Table
from visual_attention import SqueezeExcitation, count_cost, resnet50
from visual_attention.cost import SENET_TABLE_10
from visual_attention.experiments import stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.squeeze_excitation import experiment as context
from visual_attention.lessons.squeeze_excitation import figures
from visual_attention.lessons.squeeze_excitation.data import COLOURS
from visual_attention.lessons.squeeze_excitation.explorers import (
    GateStudy,
    block_microscope,
    frame_pad,
    gates_explorer,
    ratio_explorer,
    trained_network,
)
from visual_attention.training import accuracy

test = context.pictures("test", seed=0)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
desk = {"edges": 0.3, "red": 0.9, "fur": 0.7, "corners": 0.15, "sky": 0.05, "wheels": 0.45}  # invented
show(
    figures.mixing_desk(tuple(desk), torch.tensor(list(desk.values()))),
    "A mixing desk with one slider for each of six channels, named edges, red, fur, corners, sky and wheels. Red and "
    "fur are turned up, sky and corners almost off.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read the digit
#
# In each picture three digits lie on top of each other, one in red, one in green, one in blue. **The frame announces the colour to read.** Which digit is it?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
chosen = [14, 36, 10]
show(
    figures.riddle(test.images[chosen], tuple(f"{COLOURS[test.frames[k]]} frame" for k in chosen)),
    "Three pictures, each with three overlaid digits in the middle and a frame in one colour around the edge.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Hard for us, too. Ask what would help: a pair of coloured glasses. That is the lesson: choose the channel first, then read. The frame says which glasses, and it stands far from the digits.

# %% [markdown] slideshow={"slide_type": "skip"}
# A pair of coloured glasses would help: choose the channel first, then read. The frame says which glasses, and it stands far from the digits.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Coloured glasses
#
# The same picture, plane by plane. Each is easy to read. What is needed is **one number for each channel**, computed from the **whole** picture.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
k = chosen[0]
show(
    figures.planes(test.images[k], ("the picture", *(f"{colour} plane" for colour in COLOURS))),
    "The first picture and its red, green and blue planes, each a single digit; the frame is lit in one plane only.",
)

# %% slideshow={"slide_type": "-"}
red, green, blue = test.shown[k].tolist()
print(f"The planes show {red}, {green} and {blue}, and the frame is {COLOURS[test.frames[k]]}: read {test.labels[k]}.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Multiply the planes by 1, 0, 0 and the riddle is gone. Nothing has to move from one place to another. Keep the picture in mind: it is today's experiment.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Squeeze, excite, scale

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.block_diagram(),
    "The feature map U goes straight to a product; below it, its means over the positions pass through two layers "
    "and become one gate for each channel, which multiplies U.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# In three lines ([@hu2018, eq. 2 to 4]):
#
# $$z_c = \frac{1}{HW}\sum_{i,j} u_c(i, j), \qquad s = \sigma(W_2\,\mathrm{ReLU}(W_1 z)), \qquad \tilde{x}_c = s_c\, u_c$$
#
# $W_1$ is $C/r \times C$, $W_2$ is $C \times C/r$; the **ratio** $r$ is 16 in the paper, $\sigma$ the sigmoid.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Say each line aloud with its shape: C × H × W to C, C to C/r to C, and back to C × H × W. Where is the learned part? Only in the middle.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: two channels, one hidden unit
#
# $W_1 = (1, -1)$, $W_2 = (2, -1)^\top$, no biases.
#
# | | channel 1 | channel 2 |
# |---|---|---|
# | the map $u_c$ | 1, 3, 2, 2 | 0, 4, 0, 0 |
# | **squeeze:** mean $z_c$ | **2** | **1** |
# | hidden: $\mathrm{ReLU}(2 - 1)$ | 1 | |
# | logits $W_2 \cdot 1$ | 2 | −1 |
# | **excitation:** $\sigma$ | **0.881** | **0.269** |
# | **scale:** $s_c u_c$ | 0.88, 2.64, 1.76, 1.76 | 0, 1.08, 0, 0 |
#
# **Predict:** the 4 becomes an 8. What are the two gates then?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Channel 2 has mean 2, the hidden unit is $\mathrm{ReLU}(2 - 2) = 0$, and both gates are $\sigma(0) = \frac12$.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Channel 1 did not change, and yet its gate fell. A dead hidden unit does not close gates, it leaves them half open: remember that for large r, when there are few hidden units.

# %% [markdown] slideshow={"slide_type": "skip"}
# Channel 1 did not change, and yet its gate fell. A dead hidden unit does not close gates, it leaves them half open.

# %% slideshow={"slide_type": "skip"}
for name, logit, u in (("channel 1", 2.0, (1, 3, 2, 2)), ("channel 2", -1.0, (0, 4, 0, 0))):
    gate = 1 / (1 + exp(-logit))
    print(f"{name}: gate {gate:.3f}, scaled {[round(gate * value, 2) for value in u]}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four channels, to touch
#
# Raise the 9 of the second map until no hidden unit is left: where do the gates go?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
block_microscope()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** To one half, all of them, as on the board: a gate of nothing is half open. Point at a gate, and walk back: logit, hidden unit, mean, map. One number of one map has moved three gates; the fourth hung on the unit that was dead already. A little further, and that one wakes up.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as a loop

# %% slideshow={"slide_type": "-"} tags=["show-code"]
W1, W2 = [1.0, -1.0], [2.0, -1.0]

def squeeze_excite(maps):
    z = [sum(u) / len(u) for u in maps]                         # squeeze: C numbers
    hidden = max(0.0, sum(w * mean for w, mean in zip(W1, z)))  # one unit here
    gates = [1 / (1 + exp(-w * hidden)) for w in W2]            # excitation: C numbers
    return gates, [[s * value for value in u] for s, u in zip(gates, maps)]

for second in ([0, 4, 0, 0], [0, 8, 0, 0]):
    gates, scaled = squeeze_excite([[1, 3, 2, 2], second])
    print([round(s, 3) for s in gates], [[round(v, 2) for v in u] for u in scaled])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The second line answers the prediction. One pixel of channel 2 changed, and every value of channel 1 fell: that is how far the squeeze reaches.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as tensors, and as the tested module

# %% slideshow={"slide_type": "-"} tags=["show-code"]
u = torch.tensor([[[[1.0, 3.0], [2.0, 2.0]], [[0.0, 4.0], [0.0, 0.0]]]])  # (N, C, H, W)
w1, w2 = torch.tensor([W1]), torch.tensor([W2]).T         # (C/r, C) and (C, C/r)

z = u.mean(dim=(2, 3))                                    # (N, C)
s = torch.sigmoid(torch.relu(z @ w1.T) @ w2.T)            # (N, C)
x = u * s[:, :, None, None]                               # (N, C, H, W)

block = SqueezeExcitation(channels=2, reduction=2, bias=False)

# %% slideshow={"slide_type": "skip"}
with torch.no_grad():
    block.reduce.weight.copy_(w1)
    block.expand.weight.copy_(w2)
    module = block.gate(u)[..., 0, 0]
assert torch.allclose(block(u), x)
assert torch.allclose(module, s)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print("gates of the three lines:", *(f"{gate:.3f}" for gate in s[0].tolist()))
print("of the module with these weights:", *(f"{gate:.3f}" for gate in module[0].tolist()))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Three lines. Likely slips: pooling over dim 1, forgetting the two new axes, a ReLU behind the second layer, the number 16 written into the code. All of them are in the exercises.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is this attention?
#
# Weights times values, once more. **Which is the query: the squeeze, the hidden layer, or the gates?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# | | in SE | |
# |---|---|---|
# | query | $\mathrm{ReLU}(W_1 z)$ | one for each picture, made from the picture itself |
# | keys | rows of $W_2$ | learned, one for each channel |
# | weight | $\sigma(\text{key} \cdot \text{query})$ | not normalised: a **gate** |
#
# $\tilde{x} = A\,u$ with a **diagonal** $A = \begin{pmatrix} 0.881 & 0 \\ 0 & 0.269 \end{pmatrix}$: channel $c$ gets $s_c$ of itself and nothing of the others.
#
# The squeeze is lesson 1's average pooling: attention **without any cue**. What travels across the picture is $z$, inside the gate.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** "Attention" names two things: *mixing*, with a dense A, moves information; *gating*, with a diagonal A, rescales it. A likely mistake: "the squeeze is the query asking". A plain mean asks nothing; the query is born after W1.

# %% [markdown] slideshow={"slide_type": "skip"}
# The squeeze is not the query: a plain mean asks nothing. The query is born behind $W_1$.

# %% [markdown] slideshow={"slide_type": "skip"}
# **A weighted sum: yes. An average: no**, for the rows of $A$ do not sum to 1. Papers call both attention; this course says *gate* where the difference matters.

# %% slideshow={"slide_type": "skip"}
A = torch.diag_embed(s)                                   # (N, C, C)
assert torch.allclose(torch.einsum("ncd,ndhw->nchw", A, u), x)
print("A =", [[round(a, 3) for a in row] for row in A[0].tolist()])
print("rows sum to", [round(total, 3) for total in A[0].sum(dim=1).tolist()])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why not a softmax?
#
# A softmax over 2,048 channels must share **one** unit among them. **Predict** its mean gate, and that of a sigmoid.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
logits = torch.randn(1000, 2048, generator=torch.Generator().manual_seed(0))
soft, sig = logits.softmax(dim=1), logits.sigmoid()
both = torch.tensor([4.0, 4.0])                           # two channels that both matter
Table(
    ("", "softmax", "sigmoid"),
    [
        ("mean gate of 2,048 channels", f"1/{1 / soft.mean():.0f}", f"{sig.mean():.2f}"),
        ("two channels that both matter, logits 4", *(f"{gates[0]:.3f} each" for gates in (both.softmax(0), both.sigmoid()))),
    ],
)

# %% [markdown] slideshow={"slide_type": "-"}
# Channels do not exclude each other. The paper wants a gate that can stress several at once, and tried others (top-1 error of ResNet-50, [@hu2020, Table 12]):
#
# | sigmoid | tanh | ReLU | no SE |
# |---|---|---|---|
# | **22.28** | 23.00 | 23.47 | 23.30 |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** "Same up to a scale, batch norm mends it" is a likely objection: SE comes after the batch norm of its branch, and competition is not a scale. ReLU is worse than no gate in this table: the paper gives no reason. A guess: a gate at 0 passes no gradient, so that a channel can stay shut.

# %% [markdown] slideshow={"slide_type": "skip"}
# Batch normalisation does not mend it: competition is not a scale, and SE comes after the batch normalisation of its branch. For ReLU, which is worse than no gate in this table, the paper gives no reason. A guess: a gate at 0 passes no gradient, so that a channel can stay shut.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does it cost? Predict
#
# ResNet-50 ([@he2016]) has 16 residual units, and SE stands at the end of each: $2C^2/r$ weights a time.
#
# $$\frac{2}{r}\sum_{\text{stages}} N_s C_s^2 \qquad N = 3, 4, 6, 3 \qquad C = 256, 512, 1024, 2048 \qquad r = 16$$
#
# Which stage takes most? How much is all of it, next to the network's 25.6 million?

# %% slideshow={"slide_type": "skip"}
gated = resnet50(lambda c: SqueezeExcitation(c, 16, bias=False), version="1")
stages = (gated.layer1, gated.layer2, gated.layer3, gated.layer4)
added = [sum(w.numel() for unit in stage for w in unit.attention.parameters()) for stage in stages]
total, picture = sum(added), (1, 3, 224, 224)
before = count_cost(resnet50(version="1"), picture).parameters
assert count_cost(gated, picture).parameters - before == total

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print(f"SE adds {total:,} weights, {total / before:.1%} of {before:,}.")
Table(
    ("", "units", "channels", "weights of SE", "share"),
    [
        (f"stage {number}", f"{len(stage)}", f"{256 * 2**k:,}", f"{n:,}", f"{n / total:.1%}")
        for k, (number, stage, n) in enumerate(zip((2, 3, 4, 5), stages, added))
    ],
    winners=[3],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Counted from the network, not from the formula (the paper calls the four stages 2 to 5). The three units of the last stage hold most, because C enters squared. The paper ([@hu2020, section 4]) drops them as an option: below 0.1 % more top-5 error, and the cost falls to about 4 %.

# %% [markdown] slideshow={"slide_type": "skip"}
# The last stage holds most, because $C$ enters squared. The paper ([@hu2020, section 4]) drops it as an option: below 0.1 % more top-5 error, and the cost falls to about 4 %.

# %% slideshow={"slide_type": "skip"}
by_formula = [2 * n * c**2 // 16 for n, c in zip((3, 4, 6, 3), (256, 512, 1024, 2048))]
assert by_formula == added
print(f"without the last stage: {sum(added[:-1]) / before:.2%} more")
with_biases = count_cost(resnet50("se", version="1"), (1, 3, 224, 224)).parameters
print(f"with biases, as in the authors' code: {with_biases - before:,} more, {with_biases:,} in all")
print(f"in millions: {(before + total) / 1e6:.2f} without biases, {with_biases / 1e6:.2f} with them, {with_biases / 1e6:.1f} rounded")
print(f"without biases, in units of 2^20: {(before + total) / 2**20:.2f}")
for r, printed in SENET_TABLE_10.items():
    counted = count_cost(resnet50(lambda c, r=r: SqueezeExcitation(c, r, bias=False), version="1"), picture).parameters
    print(f"Table 10, r = {r:2}: counted {counted / 1e6:.2f} M, printed {printed} M")

# %% [markdown] slideshow={"slide_type": "skip"}
# At r = 4, 8 and 32 the printed value lies about 0.1 million above ours, more than rounding explains; we have found no reason. At r = 2 and 16 they agree.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does the ratio cost, and what does it buy?
#
# A smaller r means more weights. **From which r on do more weights buy nothing?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
ratio_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Move r yourself, and let the room say *stop*. From r = 16 to r = 2 the weights grow eightfold and the error stays within 0.04 points; only 32 is worse. Weights are counted here, errors are the paper's ([@hu2020, Table 10]). These are the ablations' own baseline, 23.30; the paper's main table has 24.80 for the same network, trained shorter. Never mix the two.

# %% [markdown] slideshow={"slide_type": "skip"}
# From r = 16 to r = 2 the weights grow eightfold, and the error stays within 0.04 points; only 32 is worse. The weights are counted here, the errors are the paper's ([@hu2020, Table 10]), against the ablations' own baseline, 23.30. The paper's main table has 24.80 for the same network, trained shorter: never mix the two.

# %% [markdown] slideshow={"slide_type": "skip"}
# In words: from $r = 16$ down to $r = 2$ the error stays between 22.25 and 22.29 %; only $r = 32$ is worse, with 22.72 % ([@hu2020, Table 10]). More weights do not mean fewer errors here.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Fewer parameters than what?
#
# A benefit of SE, as it is often told: *greatly fewer parameters and computations.* **Fewer than what?**

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
C, r = 2048, 16
two_layers, one_layer = 2 * C * C // r, C * C
print(f"{one_layer / two_layers:g} times fewer than one full layer, r/2; but {sum(added) / before:.1%} more in ResNet-50 than without SE.")
Table(
    ("between 2,048 and 2,048 channels", "weights"),
    [
        (f"two layers with a bottleneck, r = {r}", f"{two_layers:,}"),
        ("one fully connected layer", f"{one_layer:,}"),
        ("no SE", "0"),
    ],
)

# %% [markdown] slideshow={"slide_type": "-"}
# The paper's own words for the bottleneck ([@hu2018]): to limit complexity and help generalisation. SE **adds** weights, little arithmetic, and accuracy.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The sentence comes from a Chinese article on SENet and was copied without its first half in many places. Exercise for the room: what would you ask of any sentence with "fewer" in it?

# %% [markdown] slideshow={"slide_type": "skip"}
# What to ask of any sentence with "fewer" in it: fewer than what?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## And is more non-linearity the reason?
#
# ECA-Net ([@wang2020, Table 2]) took SE apart: ResNet-50 on ImageNet, one run each. **Predict:** *one* full layer is less non-linear than SE's two. Is it worse?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
ladder = {
    "no attention": 75.20,
    "SE-Var1: gate σ(z), no weights": 76.00,
    "SE, two layers with a bottleneck": 76.71,
    "SE-Var2: one weight a channel": 77.07,
    "SE-Var3: one full layer": 77.42,
    "ECA, k = 3: three weights": 77.43,
}
show(
    figures.bar_ladder(ladder, "top-1 accuracy, % (ECA-Net, Table 2)", 75.0, "SE, two layers with a bottleneck"),
    "Bars: no attention 75.20, gate without weights 76.00, SE 76.71, one weight a channel 77.07, one full layer 77.42, ECA 77.43.",
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
free = ladder["SE-Var1: gate σ(z), no weights"] - ladder["no attention"]
full = ladder["SE, two layers with a bottleneck"] - ladder["no attention"]
print(f"A gate without a single weight has +{free:.2f} of SE's +{full:.2f} points: {free / full:.0%}.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** That two layers help, by being more non-linear, is contested: *one* scores higher. And in this table half of the gain needs no weight. Caution: one run each, no spread printed, one group's recipe. What would convince you? Several seeds.

# %% [markdown] slideshow={"slide_type": "skip"}
# So it is contested that two layers help, by being more non-linear: *one* scores higher, and half of the gain needs no weight. But it is one run each, without spread, in one group's recipe: several seeds would say more.

# %% [markdown] slideshow={"slide_type": "skip"}
# ECA ([@wang2020]) makes the gate of a channel from the means of its $k$ neighbours in the list of channels, with the same $k$ weights for all.


# %% slideshow={"slide_type": "skip"}
def fastest(module, shape, times=8):
    """Seconds of the fastest of some runs: the least disturbed one."""
    u = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    seconds = []
    with torch.no_grad():
        for _ in range(times):
            start = time.perf_counter()
            module(u)
            seconds.append(time.perf_counter() - start)
    return min(seconds)


# %% [markdown] slideshow={"slide_type": "slide"}
# ## FLOPs are not time
#
# [@hu2020, section 4]: from 3.86 to 3.87 "GFLOPs" (10⁹ multiply-adds), **+0.26 %**; forward and backward 190 to 209 ms, **+10 %**. **Why?**

# %% slideshow={"slide_type": "skip"}
unit = gated.layer1[1].eval()                             # 256 channels, 56 × 56 positions
shape = (4, 256, 56, 56)

work = count_cost(unit.attention, shape).multiply_adds / count_cost(unit, shape).multiply_adds
share = fastest(unit.attention, shape) / fastest(unit, shape)
longer = share > work

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print(f"One unit, counted and timed here: SE does {work:.3%} of its multiply-adds")
print(f"and takes a {'larger' if longer else 'smaller'} share of its time.")

# %% [markdown] slideshow={"slide_type": "-"}
# The whole map is read twice, once to average it and once to scale it: **memory, not arithmetic.**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Our 0.004 % counts the two small layers only, in an early unit with many positions; the paper's 0.26 % ([@hu2020]) is of the whole network, and comes from two rounded numbers (3.87 / 3.86). In a trial of ours the block without its two layers took nearly as long on this map, and two thirds as long on a small one with four times the channels. The time itself is not printed: it differs on every machine.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why is it slow, then?** A block does little arithmetic, but it reads the whole map to average it, waits for the gates, and reads and writes the whole map again to scale it. A count of multiply-adds does not see the memory. Take the two layers out and time it again: on a large map hardly anything changes.

# %% slideshow={"slide_type": "skip"}
whole = []
with torch.device("meta"):
    for attention in (None, SqueezeExcitation):
        whole.append(count_cost(resnet50(attention, version="1"), (1, 3, 224, 224)).multiply_adds)
squeezes = sum(n * c * side**2 for n, c, side in ((3, 256, 56), (4, 512, 28), (6, 1024, 14), (3, 2048, 7)))
print(f"16 SE blocks, multiply-adds of the whole network: {whole[1] / whole[0] - 1:+.2%}")
print(f"the same with the sums of the squeezes: {(whole[1] + squeezes) / whole[0] - 1:+.2%}")

# %% [markdown] slideshow={"slide_type": "skip"}
# The paper's 3.86 and 3.87 ([@hu2020, section 4]) are rounded, and one step of the last digit is 0.26 %. Our count is finer; it leaves the additions of the squeezes out, the second line adds them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four places, one of them worse
#
# In a residual network SE stands at the end of the branch, before the sum. Three more places were tried:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.placements_diagram(),
    "Four residual units: SE at the end of the branch, at its start, behind the sum, and on the shortcut.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict** which is worst.

# %% [markdown] slideshow={"slide_type": "fragment"}
# | ResNet-50, one run each ([@hu2020, Table 14]) | SE | PRE | POST | Identity | no SE |
# |---|---|---|---|---|---|
# | top-1 error, % | 22.28 | 22.23 | **22.78** | 22.20 | 23.30 |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** In code: our `resnet50(attention=...)` has a slot at the end of the branch, and the count above used it. POST is worst, yet better than no SE. It gates what everybody after it sees, and sixteen fresh gates of one half dim a signal to almost nothing. A tempting reason, but the shortcut of Identity has them in a row too, and scores best in the table ([@hu2020, Table 14]): their number alone explains nothing. SE, PRE and Identity lie 0.08 points apart, one run each: do not rank those three.

# %% slideshow={"slide_type": "skip"}
print(f"a signal behind 16 fresh gates of one half: {0.5**16:.1e} of it")

# %% [markdown] slideshow={"slide_type": "skip"}
# Behind the sum, the gates of all units stand in a row, unit after unit; but so do those on the shortcut: that alone is no reason.
#
# **In Inception** there is no shortcut; SE stands behind the join of the branches.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.homes_diagram(),
    "Left: three convolutions, then SE, then the sum with the shortcut. Right: four branches are joined, then SE.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A test that channel attention must pass
#
# A reader of single digits, trained first and then kept, looks at each plane. No place of the map behind it sees frame *and* digits. Then a **slot**:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.experiment_diagram(),
    "The three planes go through one reader, their channels are joined, then come the slot, a head and the digit.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# - **In the slot:** nothing · a plain layer with **as many weights as SE** · SE without the squeeze, as many weights · a 3×3 convolution with 17 times as many · SE.
# - **Control:** a grey frame and the same digit in all planes: nothing to choose.
#
# **Predict** the order. And does SE help in the control?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Let them vote, on the order and on the control: chance among the three digits is one third. Ask what the control is for: if SE also won there, it would be for some other reason, more weights for example. The plain layer is the rival of equal size: 1,212 weights each, biases included.

# %% [markdown] slideshow={"slide_type": "skip"}
# The task is the riddle: read the digit in the colour that the frame announces. Each cell of the slot's map (6 × 6) sees 10×10 pixels: frame or digits, never both. Behind the slot comes a small head.

# %% slideshow={"slide_type": "skip"}
results = stored("context")
weights = {slot: results.of(slot, "weights in the slot")[0].item() for slot in context.SLOTS}
print({slot: f"{n:.0f}" for slot, n in weights.items()})
print(f"3×3 convolution: {weights['3×3 convolution'] / weights['SE']:.0f} times the weights of SE")

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Train one now
#
# SE, first seed; reader, then slot and head. It takes some seconds. The stored table was made by `courseware experiments context`: six seeds, every variant from the same start weights and pictures.

# %% slideshow={"slide_type": "skip"}
network = context.start("SE", seed=0)
learn = context.pictures("train", seed=0)
context.train_reader(network, learn, seed=0, progress=bar)
loss = context.train_head(network, learn, seed=0, progress=bar)

# %% slideshow={"slide_type": "skip"}
now = accuracy(network, test.images, test.labels)
print("accuracy where one more seed would lie:", agrees(now, results.of("SE", "accuracy")))
print("above every seed without attention:", now > results.of("none", "accuracy").max().item())

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Six seeds, every variant
#
# A dot is a seed. The convolution has 20,784 weights, each of the others 1,212 or none.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.outcome(
        {slot: results.of(slot, "accuracy") for slot in context.SLOTS},
        {slot: results.of(f"{slot} (grey)", "accuracy") for slot in ("none", "plain layer", "SE")},
        chance=1 / 3,
    ),
    "Accuracy of six seeds. Coloured frame: none, plain layer and per position near one third, the 3×3 convolution "
    "well above, SE highest. Grey frame: all three near 0.97.",
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
Table(
    ("SE minus the plain layer", "difference, seed by seed"),
    [
        (name, results.paired("SE" + tail, "plain layer" + tail, "accuracy").text())
        for name, tail in (("coloured frame", ""), ("control, grey frame", " (grey)"))
    ],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Same size, same start, same pictures: paired differences, and lesson 4's rule. Without the squeeze no position knows the frame: those gates are one point above nothing, which the rule calls a finding (the notebook has it), and far from SE. The convolution also gets far, with 17 times the weights: it joins neighbouring cells, some of which see the frame. SE is the cheap way here. Control: no finding, as expected. While they look: which gates do you expect for a red frame?

# %% [markdown] slideshow={"slide_type": "skip"}
# Without the squeeze no position knows the frame, and those gates stay far from SE. The convolution also gets far, with 17 times the weights: it joins neighbouring cells, some of which see the frame. SE is the cheap way here.

# %% slideshow={"slide_type": "skip"}
for slot in context.SLOTS:
    print(f"{slot:16} {results.of(slot, 'weights in the slot')[0]:6.0f} weights   {results.spread(slot, 'accuracy')}")
for other in ("none", "per position", "3×3 convolution"):
    print(f"SE − {other:15}", results.paired("SE", other, "accuracy").text())
print("per position − none:", results.paired("per position", "none", "accuracy").text())

# %% [markdown] slideshow={"slide_type": "skip"}
# ± behind one variant is the standard deviation over the seeds, behind a difference its standard error ([lesson 4](04_six_kinds.ipynb#When-is-a-difference-a-finding?)). The dotted line supposes that the answer is always one of the three digits in the picture. A network below it sometimes names a fourth.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## And where nothing forces the network to need it?
#
# The same pictures, one small network trained end to end. Its later units see frame **and** digits, so convolutions can choose by themselves. **Predict:** does SE still win?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
small, slots = stored("context_small"), ("none", "plain layer", "SE")
Table(
    ("five seeds", "weights", "read right", "SE minus this one"),
    [
        (
            slot,
            f"{small.of(slot, 'weights in the slot')[0]:.0f}",
            small.spread(slot, "accuracy"),
            "" if slot == "SE" else small.paired("SE", slot, "accuracy").text(),
        )
        for slot in slots
    ],
    winners=[k for k, slot in enumerate(slots) if slot == "SE" or not small.paired("SE", slot, "accuracy").found],
)

# %% [markdown] slideshow={"slide_type": "-"}
# Over nothing no finding; over the plain layer a finding, but barely. Against each of the two one seed of five has SE behind, and not the same seed: from one run you could have reported either. **Ask what the network lacks before you add a block.**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The honest half of the experiment. Training from start to end is short here and its seeds differ a lot. Ask how many seeds a gain of three points needs, with a spread of seven, to be two standard errors: over twenty (computed in the notebook).

# %% slideshow={"slide_type": "skip"}
print("SE − none by seed:", [round(gain, 3) for gain in small.gain("SE", "none", "accuracy").tolist()])
gain = small.paired("SE", "none", "accuracy")
spread = gain.by_seed.std().item()  # of single differences; the standard error of n of them is spread / √n
print(f"mean {gain.mean:.3f}, spread {spread:.3f}: two standard errors from {(2 * spread / gain.mean) ** 2:.0f} seeds on")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which gates open?
#
# Behind the reader are 48 channels, 16 for each plane. **Predict:** which gates open for a red frame?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
shown_network = trained_network()
with torch.no_grad():
    gates = shown_network.attention.gate(context.features_of(shown_network, test.images))[..., 0, 0]  # (2000, 48)
by_frame = torch.stack([gates[test.frames == colour].mean(dim=0) for colour in range(3)])  # (3, 48)
show(
    figures.context_gates(by_frame),
    "Three rows of 48 bars. With a red frame mainly the gates of the red plane are open, with green those of green, with blue those of blue.",
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print("Mean gate of the announced plane, over six seeds:", results.spread("SE", "announced gates", 2))
print("Mean gate of the two others:", results.spread("SE", "other gates", 2))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The stored SE network; each row is the mean over all test pictures with that frame. Nobody told it which channels are red. Some gates stay open in every context: those channels may hardly matter, or serve to see the frame. In the paper ([@hu2020]), early stages have the same gates for all classes, later ones differ, and one of the last, SE_5_2, saturates near 1.

# %% [markdown] slideshow={"slide_type": "skip"}
# Nobody told the network which channels are red. Some gates stay open for every frame: those channels may hardly matter, or serve to see the frame.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Turn the gates yourself
#
# A plane is 16 channels, turned together. **Can you make it read the blue digit?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
gates_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min.** (1) Amount to 1: it reads the green digit, though the frame is red and no pixel has changed. (2) Boost nobody: muted, it has no answer left. (3) Boost blue. (4) Mute nobody, boost green: still the red digit; open green gates do not drown the red ones. Two voices at once: a green frame, boost red, amount 0.6 (live only: the exported page keeps the ends of the slider for other frames). Turning a gate and seeing the answer follow is evidence that a map of gates alone is not.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* (1) the amount to 1: it reads the green digit, though the frame is red and no pixel has changed. (2) Boost nobody: muted, it has no answer left. (3) Boost blue. (4) Mute nobody, boost green: still the red digit. Turning a gate and seeing the answer follow is evidence that a map of gates alone is not.

# %% slideshow={"slide_type": "skip"}
study = GateStudy()
for frame, boost, amount in (("red", "green plane", 1.0), ("green", "red plane", 0.6)):
    digits = study.view(amount, "nobody", boost, frame)[2].topk(2)  # the two likeliest of ten
    heard = ", ".join(f"{k} with {p:.2f}" for k, p in zip(digits.indices.tolist(), digits.values.tolist()))
    print(f"{frame} frame, nobody muted, {boost} boosted by {amount:g}: reads {heard}")

# %% slideshow={"slide_type": "skip"}
print("the announced plane muted, the next one opened, over the whole test set: the opened plane's digit is read in",
      results.spread("SE", "reads the opened plane"), "of the pictures (six seeds)")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Draw it yourself
#
# Rub the red frame out, and paint a *blue* patch in the middle. **Predict:** do the blue gates open?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
frame_pad()

# %% [markdown] slideshow={"slide_type": "fragment"}
# They do: what they hear is ink, not a frame.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Rub out first, then paint: a patch eight pixels wide opens the blue gates about as far as a blue frame does (the cell below). The squeeze hands on means and no places, and the framed plane is the one with the most ink in every test picture. Then *begin with* three digits and add two frames.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* rub out a part of the red frame only: how much of it is needed? Add a second frame: which digit is read? Begin with black paper, and draw a digit of your own in one plane. The page itself runs the trained network, at every move of the pen.

# %% slideshow={"slide_type": "skip"}
edge = torch.ones(24, 24, dtype=torch.bool)
edge[1:-1, 1:-1] = False
blank = test.images.masked_fill(edge, 0)  # (2000, 3, 24, 24), the same digits without their frames
framed, patched = blank.clone(), blank.clone()
framed[:, 2, edge] = 1
patched[:, 2, 8:16, 8:16] = 1
for words, pictures in (("no frame", blank), ("a blue frame", framed), ("no frame, a blue patch in the middle", patched)):
    with torch.no_grad():
        blue = shown_network.attention.gate(context.features_of(shown_network, pictures))[:, 32:].mean().item()
    print(f"{words:36}: blue gates {blue:.2f} on average")
most_ink = test.images.sum(dim=(2, 3)).argmax(dim=1)  # (2000,)
print("The framed plane has the most ink in", (most_ink == test.frames).float().mean().item(), "of the test pictures.")

# %% [markdown] slideshow={"slide_type": "skip"}
# **A frame, or ink?** The squeeze hands the gate 48 means and no places, and here ink was enough to go by: the framed plane has the most of it in every test picture. So a patch in the middle, eight pixels wide, opens the blue gates about as far as a frame does. The gates do what the training asked for; they do not mean "there is a frame".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it cannot do
#
# Shuffle the places of a map. **Predict:** what becomes of its gates?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
u = torch.randn(1, 48, 6, 6, generator=torch.Generator().manual_seed(0))
order = torch.randperm(36, generator=torch.Generator().manual_seed(1))
shuffled = u.flatten(2)[:, :, order].reshape(u.shape)
with torch.no_grad():
    gates_before, gates_after = network.attention.gate(u), network.attention.gate(shuffled)
same = torch.allclose(gates_before, gates_after, atol=1e-6)
print("The gates of the shuffled map are", "the same." if same else "others.")

# %% [markdown] slideshow={"slide_type": "-"}
# The squeeze keeps a mean and forgets **where**.
#
# - It cannot say *where* anything is: every position gets the same gates.
# - It moves no value from place to place: what the frame says reaches the digit as a volume.
# - Two pictures with equal means get the same gates.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask for a task that needs *where*. Lesson 7 adds a gate for places, lesson 6 lets places talk to each other.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "The gates of an SE block over 2,048 channels end in a softmax instead of sigmoids. What changes?",
        {
            "Only a factor, and batch norm takes it out.": "SE stands behind the batch norm of its branch; and competition is not a factor.",
            "Nothing: a softmax is the sigmoid for many classes.": "So it is for classes that exclude each other. Channels do not.",
            "The channels compete for one unit.": "The mean gate is 1/2,048, and one channel can be stressed only at the cost of the others.",
        },
        right="c",
    ),
    Question(
        "“Squeeze-and-excitation greatly reduces the parameters.” Fewer than what?",
        {
            "Than the same network without it.": "SE adds weights: 2.5 million to ResNet-50.",
            "Than one fully connected layer from C to C in the place of its two.": "By the factor r/2. That half of the sentence has been lost in the copies.",
            "Than an attention over places.": "CBAM's gate over places has 98 weights. The sentence is not about it.",
        },
        right="b",
    ),
    Question(
        "The positions of a feature map are shuffled. What do its SE gates do?",
        {
            "They stay the same.": "The squeeze is a mean over all positions, and forgets where.",
            "They are shuffled too.": "There is one gate for each channel, none for a position.",
            "They change, since the first layer sees other numbers.": "It sees the means only, and those are the same.",
        },
        right="a",
    ),
    Question(
        "All hidden units of an SE block without biases are at 0. What are its gates?",
        {
            "0: everything is shut.": "0 is the logit. The sigmoid comes after it.",
            "½: everything is dimmed alike.": "σ(0) = ½. A dead hidden layer does not close the gates.",
            "1: nothing is changed.": "That would need a large logit.",
        },
        right="b",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - Squeeze (a mean), excitation (two layers, sigmoid), scale: a **gate**, $A$ diagonal.
# - $2C^2/r$ weights a block, in all blocks together about 10 % of ResNet-50; fewer only than *one full layer*, by $r/2$.
# - It won where the network lacked one number for each channel, made from the **whole** picture: 0.928 read right, against 0.301 for a plain layer of the same size. In the control, no finding.
#
# {{recap: 1a, 5}}
#
# **Next question:** what if a place must look at another place?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The new row is the first kind of attention without a normaliser (Inception had none either, and was no attention): gates do not compete. Lesson 6 goes back to mixing, with every position as query and key.

# %% [markdown] slideshow={"slide_type": "skip"}
# And from the papers: in one table of single runs half of the gain needs no weight, and two layers are contested ([@wang2020]); +0.26 % FLOPs was +10 % time; behind the sum is the worst of four places, the other three are too close to rank ([@hu2020]).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **The [source slides](00_start_here.ipynb#If-you-study-alone)** show the block without its three equations and give two benefits: *(1) more non-linearity, (2) greatly fewer parameters and computations.* Than what? The comparison was dropped.
# - **"Greatly fewer parameters"** compares two small layers with one full layer (a factor r/2 = 8 at r = 16), not SE with no SE. The copies of the sentence that lost its first half are many.
# - **"More non-linearity"** as the reason: ECA-Net ([@wang2020, Table 2]) has one full layer (77.42) and one weight a channel (77.07) above SE (76.71). Single runs, no spread.
# - **Two baselines.** SENet's main table ([@hu2020, Table 2]) has ResNet-50 at 24.80 % and SE at 23.29 %; its ablations, with a longer recipe, 23.30 % and 22.28 %. Numbers of the two must not be mixed: 23.30 looks like SE's 23.29. SE-ResNet-50 has at least six published errors; lesson 7 collects them.
# - **How much needs the squeeze?** [@hu2020, Table 16] gates without it ("NoSqueeze"): 22.93 %, against 22.28 % with and 23.30 % without SE. In our task it is nearly everything, because we built it so.
# - **"M" and "GFLOPs".** 28.07, 28.09, 28.1 and 26.77 million are all SE-ResNet-50: without biases, with them, rounded, and without biases in units of 2^20. "GFLOPs" are multiply-adds.
# - **Our experiment** is a toy that was made for the block: the reader is trained first and kept, and no unit before the slot can see frame and digits together. It shows what SE *can* do with a global context, not that ImageNet needs it. Where later units can see both, five seeds show no finding over nothing.
# - **Gates are no explanation** by themselves: some stay open in every context. The test is to turn them.
#
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/05_squeeze_excitation.ipynb) · [next lesson](06_non_local.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
