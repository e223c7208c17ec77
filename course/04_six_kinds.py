# ---
# jupyter:
#   lesson:
#     afterwards you can: put a module on the map from the shape of its weights
#     you move: the axis that is weighed; a sign's size; a clip
#     stress: [none, sum, find]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 4 · The map: six kinds of visual attention
#
# A picture is not a list of points. Its features have channels, places, perhaps moments, perhaps several branches that looked at it differently. **Along which of these should we weigh?**

# %% slideshow={"slide_type": "skip"}
import math

import torch
from torch import nn

from courseware.notebook.explorer import show
from courseware.notebook.progress_bar import bar
from courseware.notebook.table import Table
from visual_attention import NonLocalBlock, SelectiveKernel, SqueezeExcitation, TemporalAttention
from visual_attention.experiments import Difference, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.six_kinds import experiment_scales as scales
from visual_attention.lessons.six_kinds import figures
from visual_attention.lessons.six_kinds.data import clips, signs
from visual_attention.lessons.six_kinds.experiment_clips import NAMES, POOLINGS
from visual_attention.lessons.six_kinds.explorers import axis_explorer, clip_explorer, scale_explorer
from visual_attention.taxonomy.kinds import KINDS, SIX, feature_maps, structure
from visual_attention.training import accuracy

torch.manual_seed(0)
features = feature_maps(seed=1)  # random features and the maps of two branches: what every kind is shown on

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.four_axes(),
    "The same small block four times: one channel in colour (what), one place (where), one moment (when), one branch (which).",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Lessons 1 to 3 had one axis: things, or points. Today the values are a tensor with five axes. Nothing else changes: weights, and a sum of values. One entry of an axis is coloured in each drawing; let the room name the axis.

# %% [markdown] slideshow={"slide_type": "skip"}
# That question sorts hundreds of papers into six kinds. We run a module of each kind on the same features, look at the table of weights that it makes, and train two kinds that the rest of the course leaves out: **branch** and **temporal** attention.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. name the axes that visual attention weighs, and put a module on the map from the shape of its weights ([Four basic kinds, two hybrids](#Four-basic-kinds,-two-hybrids), [The shape of the weights tells the kind](#The-shape-of-the-weights-tells-the-kind), [Place the module](#Place-the-module));
# 2. read a table of weights A: uniform, one-hot, dense or diagonal, and say what each can and cannot do ([The shape of A is the taxonomy](#The-shape-of-A-is-the-taxonomy));
# 3. explain why an Inception module is not attention, and compute what its factorised kernels save ([What the taking apart saves](#What-the-taking-apart-saves), [Is that attention? A test](#Is-that-attention?-A-test));
# 4. write selective-kernel (branch) attention by hand, as a loop and in tensors, and say when it helps ([By hand: one channel, two branches](#By-hand:-one-channel,-two-branches), [The same as a loop, and in one expression](#The-same-as-a-loop,-and-in-one-expression), [A control: clean signs](#A-control:-clean-signs));
# 5. choose between averaging, a learned query and a given query for the frames of a clip ([Temporal attention: the same sum over frames](#Temporal-attention:-the-same-sum-over-frames), [Which task needs which query?](#Which-task-needs-which-query?)).
#
# You need lessons 1 to 3 and convolutions in PyTorch. Time: 40 minutes in a lecture, about three hours alone with the [exercises](exercises/04_six_kinds.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One block, five axes
#
# Two branches look at four frames; each gives six channels of 5 × 5 places. **Which weights would *you* like to learn here?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.bare_block(tuple(features.maps.shape)),
    "Two rows of four stacks of six small grids: branch (which), time (when), channel (what), height and width (where).",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Point at one cell and let the room read its address: branch 2, time 3, channel 1, row 4, column 5. Ask: how many entries? (2 · 4 · 6 · 25 = 1,200.) A weight for each would be possible. None of the modules of this course does it; why?

# %% slideshow={"slide_type": "skip"}
print(f"{features.maps.numel():,} entries, 25 places a map")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four basic kinds, two hybrids
#
# | kind | | the question |
# |---|---|---|
# | channel attention | *tōngdào* 通道 | **what?** |
# | spatial attention | *kōngjiān* 空间 | **where?** |
# | temporal attention | *shíjiān* 时间 | **when?** |
# | branch attention | *fēnzhī* 分支 | **which?** |
# | channel & spatial attention | *tōngdào yǔ kōngjiān* 通道与空间 | what and where? |
# | spatial & temporal attention | *kōngjiān yǔ shíjiān* 空间与时间 | where and when? |
#
# Kinds and question words after [@guo2022].†

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The question words are the survey's. The classes are not disjoint: one Non-local block is spatial on a picture and spatial & temporal on a clip.

# %% [markdown] slideshow={"slide_type": "skip"}
# † as we recall it; check the paper. That holds for the question words here and for the drawing of the selective kernel below. One name is often met in another form, see [Read critically](#Read-critically).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which axis is weighed?
#
# Dark means a large weight. **Find:** whose weights stay the same when the input changes?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
axis_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min, the heart of the lesson.** Say before each click what will be coloured. Then move *input*: average pooling is the only one that never changes. The orange cells ask: a Non-local block has a row of weights for each place. Modules are untrained, with weights drawn large: look at shapes, not at meanings.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* say before each click what will be coloured. Then move *input*: average pooling is the only one that never changes. The orange cells ask: a Non-local block has a row of weights for each place. The modules are untrained, with weights drawn large: look at shapes, not at meanings.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The shape of the weights tells the kind
#
# Eight pictures (8, 6, 5, 5) and two clips (2, 6, 4, 5, 5) go in. Axes that are 1, or missing, are those that are *not* told apart:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
with torch.no_grad():
    shapes = {name: tuple(KINDS[name].raw(features).shape) for name in SIX}
Table(["kind", "module", "shape of its weights"], [[name, f"`{KINDS[name].call}`", f"{shapes[name]}"] for name in SIX])

# %% slideshow={"slide_type": "skip"}
print("pictures", tuple(features.pictures.shape), " clips", tuple(features.clips.shape))
for name in SIX:
    print(f"{name:22} {KINDS[name].call:38} {shapes[name]}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** 8 pictures are 2 branches × 4 frames, (N, C, H, W); 2 clips are (N, C, T, H, W). The branch line has N = 4: a selective kernel makes its two branches itself, so its x is the four frames before the branches. Ask for each line: which axis survived? Spatial has two modules, because two different things go by that name. The next slides say which.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Everything is output = A · values
#
# Two values, 2 and 4. **Predict** both outputs of each table:
#
# $$A_\text{gate} = \begin{pmatrix} 0.9 & 0 \\ 0 & 0.5 \end{pmatrix} \qquad A_\text{mix} = \begin{pmatrix} 0.9 & 0.1 \\ 0.5 & 0.5 \end{pmatrix}$$

# %% slideshow={"slide_type": "skip"}
values = torch.tensor([2.0, 4.0])
gate = torch.tensor([[0.9, 0.0], [0.0, 0.5]])
mix = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
rows = []
for name, A in (("gate", gate), ("mix", mix)):
    sums, output = (", ".join(f"{v:.1f}" for v in part) for part in (A.sum(dim=1), A @ values))
    print(f"{name}: rows sum to {sums}, output {output}")
    rows.append([name, sums, output])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["", "rows sum to", "outputs"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A **gate** rescales each value where it is: A is diagonal. A **mixture** moves values: A is dense, and each output is an average.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** 0.9 · 2 = 1.8 and 0.5 · 4 = 2; then 1.8 + 0.4 = 2.2 and 3. Only the mixture can turn the 2 into a 3: a gate below 1 never enlarges. Only the gates can make both smaller: an average stays between 2 and 4.

# %% [markdown] slideshow={"slide_type": "skip"}
# Only the mixture can turn the 2 into a 3: a gate below 1 never enlarges. Only the gates can make both smaller: an average stays between 2 and 4.

# %% slideshow={"slide_type": "skip"}
for name, A in (("gate", gate), ("mix", mix)):
    print(f"{name}: what each value gives to each output {[[round(v, 1) for v in row] for row in (A * values).tolist()]}")

# %% [markdown] slideshow={"slide_type": "skip"}
# ### The same for a whole channel gate
#
# Squeeze-and-excitation as a table: a row and a column for each of six channels. Most of its entries are zero, so the module multiplies six numbers and builds no table; but the table lets us compare it with everything else of this course.

# %% slideshow={"slide_type": "skip"}
block_of_lesson_5 = SqueezeExcitation(6, reduction=2)
x = features.pictures[:1]  # (1, 6, 5, 5)
with torch.no_grad():
    A = block_of_lesson_5.gate(x).flatten().diag()  # (6, 6)
    by_table = (A @ x[0].flatten(1)).reshape(6, 5, 5)  # channels are the values

    by_loop = torch.empty(6, 5, 5)
    for c in range(6):
        by_loop[c] = sum(A[c, j] * x[0, j] for j in range(6))

    assert torch.allclose(by_table, by_loop)
    assert torch.allclose(by_table, block_of_lesson_5(x)[0], atol=1e-6)
print("A is", structure(A), "and A · channels is the block's output")

# %% slideshow={"slide_type": "skip"}
print(f"{A.numel()} entries, {int((A == 0).sum())} of them zero")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The shape of A is the taxonomy
#
# Ignore the axis for a moment. Here are five shapes of a table of weights. **Which of them needs a query?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
generator = torch.Generator().manual_seed(4)
tables = {
    "uniform": torch.full((5, 5), 0.2),
    "one-hot": torch.eye(5)[torch.tensor([3, 0, 0, 4, 1])],
    "dense": (2 * torch.randn(5, 5, generator=generator)).softmax(dim=1),
    "rank one": (2 * torch.randn(1, 5, generator=generator)).softmax(dim=1).expand(5, 5).contiguous(),
    "diagonal": torch.rand(5, generator=generator).diag(),
}
captions = {
    "uniform": "average pooling",
    "one-hot": "max pooling",
    "dense": "Non-local, SK,\ntemporal",
    "rank one": "dense, but all\nrows alike",
    "diagonal": "SE, spatial gate,\nCBAM",
}
show(
    figures.structures(tables, captions),
    "Five tables of weights: uniform, one-hot, dense, rank one with equal rows, and diagonal.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Dense: one row for each query. The first four have rows that sum to 1; each diagonal entry is a gate of its own.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Rank one means that every place gets the same answer: a later paper ([@cao2019]; lesson 6) found trained Non-local blocks close to it. Which of the five tables is lesson 2's?

# %% slideshow={"slide_type": "skip"}
# The claims of the last slides, checked on every kind: what its table is, and what its rows sum to.
with torch.no_grad():
    for name, kind in KINDS.items():
        A = kind.table(features)
        assert structure(A) == kind.structure
        if kind.structure == "diagonal":
            assert (A.diagonal() > 0).all()
            assert (A.diagonal() < 1).all()
        else:
            assert torch.allclose(A.sum(dim=1), torch.ones(len(A)))
        print(f"{name:22} A {A.shape[0]:3} × {A.shape[1]:3}, {kind.structure}: {kind.rule}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **What each table can do, and what not.** Uniform: everybody has the same say; it cannot prefer anybody. One-hot: it copies one value; it cannot blend. Dense: each row makes its own blend. Rank one: it blends too, but every place is told the same ([@cao2019] found the rows of trained Non-local blocks nearly alike; lesson 6). These four only average: nothing leaves the range of the values. Diagonal: it makes each value louder or softer where it is, and moves nothing.
#
# **The short names.** SE is squeeze-and-excitation, the channel gates of lesson 5; ECA, efficient channel attention, makes such gates with a small convolution. CBAM, the convolutional block attention module of lesson 7, has a gate for each channel and one for each place. SK is the selective kernel, later in this lesson. A ViT is a vision transformer: it cuts the picture into patches and lets them attend to each other.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Place the module
#
# **Which axis, and gate or mixture, or no attention at all?** Two minutes in pairs.
#
# | module | what it does |
# |---|---|
# | A · ECA | a gate for each channel, from its neighbours' averages |
# | B · ViT layer | each patch takes an average over all patches |
# | C · Non-local block in a video network | each place in each frame takes an average over all of them |
# | D · Inception module | four branches, their outputs concatenated |
# | E · SKNet | two branches, added with weights that sum to 1 |
# | F · mean over the frames of a clip | every frame counts 1/T |

# %% [markdown] slideshow={"slide_type": "fragment"}
# A channel, gate · B **spatial**, mixture (a patch is a place) · C spatial & temporal, mixture · D **none**: no weights at all · E branch, mixture · F none: no cue, all alike

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Two minutes of them in pairs. Two errors to expect: "ViT is channel attention, because it has many channels" and "Inception is branch attention, because it has branches". D gets a slide of its own soon. The exercises have ten more.

# %% [markdown] slideshow={"slide_type": "skip"}
# **D and F are not "none" for the same reason.** D sums nothing and has no table A. F has one, the uniform table; but none of its weights depends on what the frames show. It is the border case: lesson 1 calls it attention without any cue, and the table in the recaps begins with it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Several receptive fields at once: Inception
#
# Things come in all sizes. [@szegedy2015] let branches with different reach work side by side. A year later [@szegedy2016] replaced their 5×5 kernel by two 3×3 ones (figure 5, drawn anew):

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.inception_stacked(),
    "An Inception module: four branches from the input, one with two 3 by 3 convolutions in a row, joined by concatenation.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Follow one branch with the finger: each box is a convolution, and nothing but the concatenation joins them. Why it is in this lecture: these branches are what branch attention later weighs.

# %% [markdown] slideshow={"slide_type": "skip"}
# Follow one branch: each box is a convolution, and nothing but the concatenation joins the branches. Branch attention will weigh them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the taking apart saves
#
# A 7×7 kernel can be taken apart too, into a row of 1×7 and a column of 7×1 (their figure 6):

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.inception_factorised(),
    "An Inception module whose longest branch has 1 by 1, 1 by 7, 7 by 1, 1 by 7 and 7 by 1 convolutions.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** what do this and two 3×3 in place of 5×5 save, in weights from one channel to one channel?

# %% slideshow={"slide_type": "skip"}
def weights_of(*kernels):
    """Weights of a chain of convolutions from one channel to one channel."""
    return sum(nn.Conv2d(1, 1, kernel, bias=False).weight.numel() for kernel in kernels)


for one, chain in (((5, 5), [(3, 3), (3, 3)]), ((7, 7), [(1, 7), (7, 1)])):
    before, after = weights_of(one), weights_of(*chain)
    text = " then ".join(f"{h}×{w}" for h, w in chain)
    print(f"{one[0]}×{one[1]}: {before}; {text}: {after}, saves {1 - after / before:.0%}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# 5×5 as two 3×3: 18 for 25, saves **28 %**. 7×7 as 1×7 and 7×1: 14 for 49, saves **71 %**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** 25 to 18 is 28 % less, 49 to 14 is 71 % less. "28 % fewer weights, hence attention" is a tempting answer. The reach is the same; the text lights one pixel and counts. Not every 7×7 kernel can be written as a row and a column. Which can? (Those of rank one, if there is one channel in between and no ReLU.)

# %% [markdown] slideshow={"slide_type": "skip"}
# Fewer weights are not attention. And not every 7×7 kernel can be written as a row and a column: those of rank one can, if there is one channel in between and no ReLU.

# %% [markdown] slideshow={"slide_type": "skip"}
# **A third one.** On the coarsest maps of [@szegedy2016], 1×3 and 3×1 stand side by side (their figure 7). There the point is not saving but width: every fork adds channels, and all of them go into the same concatenation.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.inception_expanded(),
    "An Inception module in which two branches end in a 1 by 3 and a 3 by 1 convolution side by side.",
)

# %% slideshow={"slide_type": "skip"}
reach = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(2)))
for layer in reach:
    nn.init.ones_(layer.weight)
spot = torch.zeros(1, 1, 9, 9)
spot[0, 0, 4, 4] = 1
with torch.no_grad():
    print("one bright pixel reaches", int((reach(spot) > 0).sum()), "pixels: 5 × 5")

# %% slideshow={"slide_type": "skip"}
# Two branches with random weights, and a map from averages to scores, for the test that follows.
small = nn.Conv2d(6, 6, 3, padding=1, bias=False)
large = nn.Conv2d(6, 6, 3, padding=2, dilation=2, bias=False)
score = nn.Linear(6, 2 * 6, bias=False)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is that attention? A test
#
# Without weights that depend on the content, twice the input gives twice the output, if there are no biases and nothing bends but ReLU and maxima.

# %% slideshow={"slide_type": "-"} tags=["show-code"]
def concatenated(x):  # Inception, its branches without ReLU
    return torch.cat([small(x), large(x)], dim=1)


def selected(x):  # the same branches, weighed by what they found
    U = torch.stack([small(x), large(x)], dim=1)  # (N, 2, C, H, W)
    z = U.sum(dim=1).mean(dim=(2, 3))  # (N, C)
    a = score(z).unflatten(1, (2, 6)).softmax(dim=1)  # (N, 2, C)
    return (a[..., None, None] * U).sum(dim=1)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict** for both: is $f(2x) = 2f(x)$?

# %% slideshow={"slide_type": "skip"}
doubled = {}
with torch.no_grad():
    for name, f in (("concatenated", concatenated), ("selected", selected)):
        doubled[name] = torch.allclose(f(2 * x), 2 * f(x), atol=1e-5)
        print(f"{name:12} f(2x) = 2 f(x)?", doubled[name])
assert doubled == {"concatenated": True, "selected": False}

# %% [markdown] slideshow={"slide_type": "fragment"}
# Concatenated: yes. Selected: **no**, so its weights depend on the content. (A yes shows nothing: look at the code.)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** More branches are not attention. A concatenation has no A: the next layer's weights are the same for every picture. The test works one way only: ReLU and max pooling also give True, although what they let through depends on the content; and a sigmoid, a square or a bias would give False without any attention, so that they have to be ruled out first. For the concatenation look at the code: no weight in it is computed from x.

# %% [markdown] slideshow={"slide_type": "skip"}
# The test works one way only. ReLU and max pooling also give True, although what they let through depends on the content; and a sigmoid, a square or a bias would give False without any attention, so that they have to be ruled out first. For the concatenation look at the code: no weight in it is computed from $x$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Make it attention: the selective kernel
#
# [@li2019]†: add up, look at the average, weigh, add again.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.selective_kernel(),
    "Two convolutions of different reach; their sum is averaged and gives softmax weights over the branches; the branches "
    "are multiplied by them and added.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Colours: the query is q, made from the mean z; the values are the branches. The keys are learned: one row for each branch and channel. One A for each channel, with as many columns as branches.

# %% [markdown] slideshow={"slide_type": "skip"}
# The query is made from the mean $z$; the values are the branches. The keys are learned: one row for each branch and channel. There is one $A$ for each channel, with as many columns as branches.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: one channel, two branches
#
# The scores of a channel are 2 for the small kernel and 0 for the large one; at some place the branches found 5 and 1. **Predict** both weights, and what comes out.

# %% [markdown] slideshow={"slide_type": "fragment"}
# | | score | exp | weight | found | weight × found |
# |---|---|---|---|---|---|
# | small | 2 | 7.389 | **0.881** | 5 | 4.404 |
# | large | 0 | 1 | **0.119** | 1 | 0.119 |
# | **sum** | | 8.389 | **1** | | **4.523** |

# %% [markdown] slideshow={"slide_type": "fragment"}
# With two branches the softmax is a sigmoid of the difference: $\sigma(2 - 0) = 0.881$. **Trap:** two sigmoids, one for each score, give 0.881 and 0.5, which sum to 1.381.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let them compute the weights. Then: which scores give the plain average? (Equal ones, whatever they are.) So a selective kernel contains the plain mean of its branches: with a last layer of zeros it is just that.

# %% [markdown] slideshow={"slide_type": "skip"}
# Equal scores, whatever they are, give the plain average. So a selective kernel contains the mean of its branches: with a last layer of zeros it is just that.

# %% slideshow={"slide_type": "skip"}
scores, found_here = torch.tensor([2.0, 0.0]), torch.tensor([5.0, 1.0])  # small, large
print(f"exp {scores.exp()[0]:.3f} and {scores.exp()[1]:.0f}, sum {scores.exp().sum():.3f}")
shares = scores.softmax(dim=0)
parts = shares * found_here
print(f"weights {shares[0]:.3f} and {shares[1]:.3f}, times what was found {parts[0]:.3f} + {parts[1]:.3f} = {parts.sum():.3f}")
apart = scores.sigmoid()
print(f"two sigmoids {apart[0]:.3f} and {apart[1]:.1f}, sum {apart.sum():.3f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **A sign with two meanings.** With an argument, as in $\sigma(2 - 0)$, σ is from here on the sigmoid, $\sigma(t) = 1/(1 + e^{-t})$. Without one it is a width or the strength of noise, as in lessons 2 and 3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as a loop, and in one expression
#
# $U$ holds what two branches found in six channels, the scores are a table of branches × channels.

# %% slideshow={"slide_type": "skip"}
kernels = SelectiveKernel(6).eval()
x = features.clip[:1]  # (1, 6, 5, 5)
with torch.no_grad():
    U = torch.stack([branch(x)[0] for branch in kernels.branches])  # (2, 6, 5, 5)
    z = U.sum(dim=0).mean(dim=(1, 2))  # (6,)
    q = kernels.reduce(z[None])  # (1, hidden)
    scores = kernels.expand(q).reshape(2, 6)  # branches × channels

# %% slideshow={"slide_type": "-"} tags=["show-code"]
by_loop = torch.zeros(6, 5, 5)
for c in range(6):
    power = [math.exp(s) for s in scores[:, c].tolist()]
    for b in range(2):
        by_loop[c] += power[b] / sum(power) * U[b, c]

V = torch.einsum("bc,bchw->chw", scores.softmax(dim=0), U)

# %% [markdown] slideshow={"slide_type": "-"}
# **What would a softmax over dimension 1 do?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# The *channels* would compete. It runs, the shapes are right, and the weights of the two branches no longer sum to 1.

# %% slideshow={"slide_type": "skip"}
with torch.no_grad():
    assert torch.allclose(V, by_loop, atol=1e-6)
    assert torch.allclose(V, kernels(x)[0], atol=1e-6)
    assert not torch.allclose(scores.softmax(dim=1).sum(dim=0), torch.ones(6))
print("loop, expression and tested module agree")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Read the loop aloud: for each channel, for each branch. The expression does the same; its softmax runs over dim 0, the branches.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An experiment: one sign, two sizes
#
# Six signs of 3 × 3 cells, large once or small three times, in noise. A 3×3 kernel fits a small sign; with dilation 3 the same kernel fits a large one.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
examples = signs(40, seed=7)
chosen = [int((~examples.large).nonzero()[0]), int((~examples.large).nonzero()[1])]
chosen += [int(examples.large.nonzero()[0]), int(examples.large.nonzero()[1])]
names = [f"{scales.SIGN_NAMES[examples.labels[i]]}, {'large' if examples.large[i] else 'small'}" for i in chosen]
show(
    figures.sign_pictures(examples.images[chosen, 0], tuple(names)),
    "Four noisy pictures: two with a sign drawn three times and small, two with one large sign.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** will the weights follow the size? Nobody tells the network about sizes.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let them name the signs. With small signs the eye goes close, with large ones it stands back. A network that adds both kernels' answers also adds the noise of the one that sees nothing.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Train one now
#
# 1×1 convolution → two branches, selected → maximum over places → scores. Only the sign is told.

# %% slideshow={"slide_type": "-"} tags=["open"]
network = scales.train_signs("selected", seed=0, noise=0.3, progress=bar)

pictures, labels, is_large = scales.sign_data(seed=0, noise=0.3, part="test")
share = scales.branch_weight(network, pictures)  # of the large kernel
found = {
    "accuracy": accuracy(network, pictures, labels),
    "weight on small": share[~is_large].mean().item(),
    "weight on large": share[is_large].mean().item(),
}

# %% slideshow={"slide_type": "skip"}
table = stored("scales")
meanings = {
    "accuracy": "accuracy",
    "weight on small": "weight of the large kernel on small signs",
    "weight on large": "weight of the large kernel on large signs",
}
first = {measure: f"{table.of('selected', measure)[0].item():.2f}" for measure in meanings}
for measure, meaning in meanings.items():
    print(f"{meaning:41} stored {first[measure]}")
usual = agrees(found["accuracy"], table.of("selected", "accuracy"))
follows = found["weight on large"] > found["weight on small"]
print("this run: accuracy where one more seed would lie:", usual)
print("this run: more weight on large signs:", follows)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["seed 0, as stored", ""], [[meaning, first[measure]] for measure, meaning in meanings.items()])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print("In this run the accuracy lies where one more seed would lie." if usual else "This run's accuracy lies farther off.")
print("Large signs draw more weight to the large kernel." if follows else "Large signs draw no more weight.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Half a minute at most; the stored runs come with the command that repeats them: `courseware experiments scales`. While it runs, collect bets on the weights.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why not the same number?** Another processor adds in another order, and 600 steps magnify a last digit. So this run is compared with the spread of the stored seeds: it should lie in their 99 % prediction interval, the mean ± $t\, s \sqrt{1 + 1/n}$, with $s$ the standard deviation of the $n$ seeds and $t$ the quantile of Student's distribution.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## All seeds, all ways to join the branches
#
# Six seeds. **Which difference would you call a finding?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.scale_result(
        table.of("selected", "weight on small"),
        table.of("selected", "weight on large"),
        {name: table.of(name, "accuracy") for name in scales.BRANCHES},
    ),
    "Left: in each seed the large kernel's weight is higher on large signs than on small ones. Right: accuracies of six "
    "ways to join the branches, one dot a seed.",
)

# %% slideshow={"slide_type": "skip"}
follow = table.of("selected", "weight on large") - table.of("selected", "weight on small")
print("weight on large − on small:", Difference(follow).text(2))
for other in ("sum", "concatenation", "wider sum"):
    print(f"accuracy, selected − {other}:", table.paired("selected", other, "accuracy").text(4))

# %% [markdown] slideshow={"slide_type": "fragment"}
# The weights follow the size in 6 of 6 seeds. *Selected* beats the plain sum and the concatenation: findings. It is ahead of the *wider sum* by 0.0095 ± 0.0079: no finding.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The rule of this course: a difference below two of its standard errors, taken seed by seed, is no finding. The weights were never told to follow the size: the label asked for it. Be fair: selecting costs parameters. "wider sum" has 10 channels in the place of 8 and somewhat more parameters than "selected" (the table in the text gives them): it gets nearly as far, wins in one seed, and the difference is no finding. What no sum has is the left panel.

# %% [markdown] slideshow={"slide_type": "skip"}
# The weights were never told to follow the size: the label asked for it. The wider sum gets nearly as far in accuracy; what no sum has is the left panel.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## When is a difference a finding?
#
# All variants of a seed meet the same data. So they are compared seed by seed: one difference for each seed, their mean, and its **standard error**, which is the standard deviation of the differences over the root of their number.
#
# *The rule of this course: a difference below two of its standard errors is no finding.* Nor is it a proof that there is none: these seeds do not show it.
#
# In all lessons, ± behind a *difference* is its standard error; behind the mean of *one* variant it is the standard deviation over the seeds, which says how far single runs lie apart.
#
# Two standard errors are a low bar when five or six seeds have to say what the spread is: with five, and no difference at all, about one comparison in nine passes by chance (Student's $t$). So read the size too, and trust a small finding among many comparisons least.

# %% slideshow={"slide_type": "skip"}
print("                 accuracy        small           large           parameters")
for name in scales.BRANCHES:
    parts = [table.spread(name, column) for column in ("accuracy", "accuracy, small", "accuracy, large")]
    print(f"{name:14}", "  ".join(parts), f" {table.of(name, 'parameters')[0]:6.0f}")
print("\nweight of the large kernel by seed")
for seed, low, high in zip(table.seeds, table.of("selected", "weight on small"), table.of("selected", "weight on large")):
    print(f"  seed {seed}: on small signs {low:.2f}, on large signs {high:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **What follows.** *Selected* beats the plain sum and the concatenation in every seed. *Wider sum*, a plain sum with 10 channels in place of 8 and more parameters than *selected*, is only a hundredth behind on average, not much more than one standard error, and ahead in one seed: no finding. Most of the gain can also be bought with width.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## And sizes that it never saw?
#
# Trained on cells of 1 and 3 pixels. **Predict** the weight at 2, and at 6, before you move.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
scale_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Slide from 1 to 6; then other signs (X hardly moves between the trained sizes: the mean over pictures hides that). Beyond 3 the weight goes on to lean to the large kernel; the *answers* do not follow: at 2 most are wrong, and from 4 on the network calls every sign but X an O (so O itself is "right", which is no merit), likely because the kernels fit 1 and 3 to the pixel (we have not tested that). Knowing how large is not knowing what. Also: it shares, channel by channel; "it picks a branch" is too strong.

# %% [markdown] slideshow={"slide_type": "skip"} tags=["answer"]
# Beyond 3 the weight goes on to lean to the large kernel, but the *answers* do not follow: knowing how large is not knowing what. A likely reason, which we have not tested: the kernels fit 1 and 3 to the pixel. And the module shares, channel by channel; "it picks a branch" is too strong.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A control: clean signs
#
# The same signs with a third of the noise. **Predict:** does selection still pay? Do the weights still follow?

# %% slideshow={"slide_type": "skip"}
clean = stored("scales_clean")
for name in ("sum", "selected"):
    print(f"{name:9} accuracy {clean.spread(name, 'accuracy')}")
gains = clean.gain("selected", "sum", "accuracy")
print("selected − sum by seed:", [round(g, 3) for g in gains.tolist()])
print("selected − sum:", Difference(gains).text())

both = {"noisy": table, "clean": clean}
follow = {name: r.of("selected", "weight on large") - r.of("selected", "weight on small") for name, r in both.items()}
for name, by_seed in follow.items():
    print(f"{name}: weight on large − on small", Difference(by_seed).text(2))

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.control({name: r.gain("selected", "sum", "accuracy") for name, r in both.items()}, follow),
    "Dots for six seeds, noisy and clean signs. Left: the gain of selecting over a sum is near 0 on clean signs but for "
    "one seed. Right: the weights follow the size much less on clean signs, in one seed the wrong way.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The gain on clean signs is no finding: leave out one run in which the sum got stuck, and there is next to nothing. The weights follow the size by much less.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** The reason for controls. "SK attends to scale" is not a property of the module: here it is what training made of it in noise, and much less without. With one seed only, you could have shown either picture. In the run with the largest gain the weights lean the wrong way: a gain alone does not show that they follow the size.

# %% [markdown] slideshow={"slide_type": "skip"}
# "SK attends to scale" is not a property of the module: here it is what training made of it in noise, and much less without. In the run with the largest gain the weights lean the wrong way: a gain alone does not show that they follow the size.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## When? Three tasks on clips
#
# In each clip one frame matters (framed). **In which task must you look twice?**
#
# *one*: name the only proper digit · *cue*: name the digit with the bright mark · *first*: find the sign of the first frame again, tell the side of its bar

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
shown = {}
for task in ("one", "cue", "first"):
    example = clips(task, 1, split="test", noise=0.1, seed=3)
    shown[task] = (example.frames[0, 0], int(example.informative[0]))
show(
    figures.clip_tasks(shown),
    "Three clips of eight noisy frames. One: a digit among mixed-up digits. Cue: digits, one with a bright corner. "
    "First: signs with bars at a side; one sign is that of the first frame.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The networks get more noise than the room. Which of lesson 1's cues does each task have? (one: none needed, or saliency; cue: non-volitional; first: volitional, the first frame is the query: here one looks twice.)

# %% [markdown] slideshow={"slide_type": "skip"}
# In lesson 1's words: *one* needs no cue, or saliency; *cue* a non-volitional one; in *first* the first frame is the query.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Temporal attention: the same sum over frames
#
# $$z_t = \text{mean over places of } x_t, \qquad a = \operatorname{softmax}_t(q \cdot k_t), \qquad y = \sum_t a_t\, x_t$$
#
# **Learned query:** one vector for all clips, $k_t = z_t$. **Given query:** the first frame's $z$; query and frames go through a learned layer each, the product is divided by $\sqrt d$.

# %% slideshow={"slide_type": "skip"}
attention = TemporalAttention(6)  # learned query
clip = features.clips[:1]  # (1, 6, 4, 5, 5)
q = attention.score.weight[0].detach()  # (6,)

# %% slideshow={"slide_type": "-"} tags=["show-code"]
z = clip.mean(dim=(3, 4)).mT  # (1, 4, 6): 4 frames, 6 channels
a = (z @ q).softmax(dim=1)  # (1, 4)
y = torch.einsum("nt,ncthw->nchw", a, clip)

# %% slideshow={"slide_type": "skip"}
with torch.no_grad():
    power = [math.exp(q @ clip[0, :, t].mean(dim=(1, 2))) for t in range(4)]
    by_loop = sum(p / sum(power) * clip[0, :, t] for t, p in enumerate(power))
    assert torch.allclose(y[0], by_loop, atol=1e-6)
    assert torch.allclose(y, attention(clip), atol=1e-6)
print("loop, expression and tested module agree")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Equation of lesson 3's classifier again: a learned key there, a learned query here. In task *first* the asking frame is left out of the sum: it would match itself best (lesson 3), and it has no bar.

# %% [markdown] slideshow={"slide_type": "skip"}
# In the task *first* the asking frame is left out of the sum: it would match itself best (lesson 3).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which task needs which query?
#
# Plain mean, learned query, given query: **predict the nine cells first.** Dots are seeds.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
results = {task: stored(name) for task, name in NAMES.items()}
accuracies, hits = (
    {task: {p: result.of(p, column) for p in POOLINGS} for task, result in results.items()}
    for column in ("accuracy", "hit")
)
show(
    figures.clip_result(accuracies, hits),
    "Bars for three tasks and three poolings. In tasks one and cue both queries find the frame; in task first only the "
    "given query does, and the other two answer fewer than half of the clips rightly.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A learned query is one wish for all clips. In *first* the wish differs from clip to clip: only a query from the clip will do.

# %% slideshow={"slide_type": "skip"}
for task, pooling in (("one", "learned query"), ("cue", "learned query"), ("first", "given query")):
    hit, gain = results[task].of(pooling, "hit"), results[task].paired(pooling, "mean", "accuracy")
    print(f"{task:5} {pooling:13} finds {hit.mean():.1%} of the frames (worst seed {hit.min():.1%}), "
          f"gains {gain.mean:+.2f} ± {gain.error:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Chance is 0.1, 0.1 and 0.25; the printed gains are over mean pooling. Mean pooling is not helpless: in *one* the digit is still the only digit in the blur, and in *first* it can vote for the commonest bar. A learned query is a fixed wish: it weighs each frame by what is in it, whatever the first one shows. Fine for "the marked one", of next to no use for "the one like the first", which needs a query from the clip. (Why does the given query also manage *one* and *cue*? Its learned layer has a bias, which can act as a learned query.)

# %% [markdown] slideshow={"slide_type": "skip"}
# A learned query is a fixed wish: it weighs each frame by what is in it, whatever the first one shows. That is fine for "the marked one", and of next to no use for "the one like the first", which needs a query from the clip. Mean pooling is not helpless: in *one* the digit is still the only digit in the blur.

# %% slideshow={"slide_type": "skip"}
from visual_attention.lessons.six_kinds.data import SIDES

print(f"right by chance: one of ten digits {1 / 10:.1f}, one of the {len(SIDES)} sides {1 / len(SIDES):.2f}")

# %% slideshow={"slide_type": "skip"}
print("accuracy and share of clips whose frame was found, mean ± standard deviation over the seeds")
print("(equal weights find nothing: ties are no hit; by chance 0.125, in task first 0.143)")
for task, result in results.items():
    for pooling in POOLINGS:
        print(f"{task:6}{pooling:14} accuracy {result.spread(pooling, 'accuracy')}, found {result.spread(pooling, 'hit')}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **Which one, then?** A learned query when the wish is the same in every clip. A given query when it differs from clip to clip. The mean when every frame shows the answer: then there is nothing to choose, no weight to learn, and averaging takes away noise. None of the three tasks is of that kind, so the mean loses in all of them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which frame gets the weight?
#
# Held-out clips, networks of seed 0. **Find** a clip where the right frame is found and the answer is wrong.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
clip_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Finding the frame and reading it are two jobs: a small digit in noise is misread even with all the weight on it. (Clips 4 and 10 of *cue*. The reverse, the weight on a wrong frame, happens in none of these.) For *first*, let the room find the match before you show the bars.

# %% [markdown] slideshow={"slide_type": "skip"}
# Finding the frame and reading it are two jobs: a small digit in noise is misread even with all the weight on it.

# %% slideshow={"slide_type": "skip"}
# One block three times, with the same weights: they fit a line, a picture and a clip.
over_time, over_picture, over_both = (NonLocalBlock(6, dims=dims, zero_init=False).eval() for dims in (1, 2, 3))
for other in (over_picture, over_both):
    other.load_state_dict(over_time.state_dict())

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where and when: one block for both
#
# A Non-local block ([@wang2018]) does not know what its positions are. Three blocks with the *same weights*, for a line, a picture and a clip. **Predict:** how many rows has each table?

# %% slideshow={"slide_type": "skip"}
with torch.no_grad():
    line, picture = clip[..., 0, 0], clip[:, :, 0]  # (1, 6, 4), (1, 6, 5, 5)
    shapes = [(f.dims, tuple(x.shape), f.weights(x).shape) for f, x in ((over_time, line), (over_picture, picture), (over_both, clip))]
    for dims, shape, table_shape in shapes:
        print(f"dims={dims}: {shape!s:16} → {tuple(table_shape)}")

    as_line = over_time(clip.flatten(2)).reshape(clip.shape)
    assert torch.allclose(as_line, over_both(clip), atol=1e-5)
print("a clip is a line of 100 positions: same output")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(
    ["`dims` of the block", "input", "table of weights"],
    [
        [f"{dims}: {what}", f"{shape}", f"{table_shape[1]} × {table_shape[2]}"]
        for what, (dims, shape, table_shape) in zip(("a line", "a picture", "a clip"), shapes)
    ],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# To the block a clip is a line of 100 positions: written as such, it gives the same output. Not another module, but another set of positions.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** "Spatial & temporal" is another index set. The price: 32 frames of 28 × 28 are 25,088 positions, and a table of 629 million weights. Lesson 6 is about that table.

# %% slideshow={"slide_type": "skip"}
places = 32 * 28 * 28  # frames, rows, columns
print(f"{places:,} positions, {places**2:,} weights")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the map cannot tell
#
# - **Which kind you need.** It sorts modules, it does not rank them: our tasks were built so that one kind fits.
# - **What is learned.** SE, ECA and CBAM's channel part stand on the same spot.
# - **What a module will do with its freedom.** On clean signs the same selective kernel follows the size much less.
# - **Where a module belongs, at first sight.** A highway layer mixes its input and its output, with one share for each channel. Exercise 1 asks where it stands.
#
# ### Next question
#
# The cheapest row of the map is a diagonal over channels: one number each. It won the ImageNet challenge of 2017 ([@hu2018]). **How can so little do so much, and does it?** Lesson 5.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask for a cell of the map that nobody has filled: branch & temporal? channel & temporal? The last exercise wants an index set and the shape of A for it.

# %% [markdown] slideshow={"slide_type": "skip"}
# A *highway layer* puts out $T(x)\,H(x) + (1 - T(x))\,x$, with a layer $H$ and shares $T$ between 0 and 1, all products entry by entry.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "A layer of a vision transformer: each patch takes an average over all patches. Which kind of attention is it?",
        {
            "Channel attention, for a patch has many channels.": "All channels of a patch get the same weight. The axis that is told apart is the place.",
            "Spatial attention, a mixture.": "A patch is a place, and each row of A sums to 1.",
            "Temporal attention, for the patches form a sequence.": "The sequence is only how the places are written down.",
        },
        right="b",
    ),
    Question(
        "An Inception module has four branches, and joins them by concatenation. Is that branch attention?",
        {
            "Yes: the next layer has learned how much each branch counts.": "Those weights are the same for every picture.",
            "Yes: the factorised kernels save weights.": "They do. It says nothing about a table A.",
            "No: no weight depends on the content, and nothing is averaged.": "There is no A at all. A softmax over the branches would make one, with scores that are made from the picture.",
        },
        right="c",
    ),
    Question(
        "Two values, 2 and 4. A table of gates between 0 and 1, or a table whose rows sum to 1: which can turn the 2 into a 3?",
        {
            "The gates.": "A gate below 1 makes its own value smaller, and sees no other.",
            "The rows that sum to 1.": "½ · 2 + ½ · 4 = 3: a mixture moves values.",
            "Both.": "They differ in just this. Gates can make both values smaller, which no average can.",
        },
        right="b",
    ),
    Question(
        "Find the frame of a clip that shows the same sign as the first frame. Which pooling over the frames can ask for that?",
        {
            "One whose query is made from the first frame.": "What is looked for differs from clip to clip, so it has to come from the clip.",
            "One with a learned query.": "A learned query is the same wish for every clip: it weighs a frame in the same way whatever the first one shows.",
            "The mean over the frames, in a network that is large enough.": "The mean is the same in whatever order the frames come: it does not know which one was the first.",
        },
        right="a",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - Axes: channel *what*, spatial *where*, temporal *when*, branch *which*; two hybrids.
# - The shape of A: uniform and one-hot (pooling), dense (mixtures), diagonal (gates).
# - Branches are attention only if weighed by their content. Temporal: a fixed wish or a given one.
#
# {{recap: 4a, 4b, 4c, without learned}}

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Cover the last column: A is what this lesson adds to the table. Let the room fill it in for the rows of lessons 1 to 3 as well.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **The fourth kind is branch attention,** *fēnzhī zhùyìlì* (分支注意力). The [source slides](00_start_here.ipynb#If-you-study-alone) write *fēnzhī tōngdào zhùyìlì* (分支通道注意力), "branch-channel attention". SK's weights do differ from channel to channel, which may be where the word came from; what competes is the branches.
# - **Inception is not attention.** The same slides show its figures 5 to 7 under the heading of attention. None of its weights depends on the content, and nothing is summed. They may be there as what SENet argued against (work on the *spatial* side of convolution), or as the branches that SK weighs later; a slide should say which.
# - **The classes overlap.** A Non-local block is spatial or spatial & temporal by its input; SK weighs branches for each channel.
# - **Our experiments were built to fit.** The signs fit the kernels to the pixel, and each clip task was designed for one pooling. They show *that* a kind can do its job, not that it is the best choice for your data. In SKNet's own table ([@li2019, Table 2]: ImageNet, top-1 error) it has 20.79 against 21.12 for SENet-50 and 21.40 for ResNeXt-50 with CBAM.
# - **Width buys nearly as much here.** Against a plain sum with as many channels, selection wins in every seed, which is a finding by our rule; against one with two channels more, and more parameters, it leads by a hundredth on average and not in every seed, which is none. "With attention against without" at equal width is the comparison that papers like, and the one that flatters.
# - **A learned query over frames** is an older idea, for faces in videos: [@yang2017].†
# - **"Selects a kernel"** is too strong a word: the weights are a soft mixture, channel by channel, and our plots show means over channels.
#
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/04_six_kinds.ipynb) · [next lesson](05_squeeze_excitation.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
