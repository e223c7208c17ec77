# ---
# jupyter:
#   lesson:
#     afterwards you can: choose a block for a failure, on evidence
#     you move: the block in the slot, and the job
#     stress: [inks, linear layer, multiplies, se is not, eca, gcnet, vit, flashattention, where it looks, comparisons in papers, find]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 8 · Capstone: choose your attention
#
# A new job lands on your desk. The network you have fails at it. You own four blocks: SE, Non-local, CBAM, a selective kernel. **Which one do you take, and how would you know?**

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. say of a new job what a network lacks that fails at it ([Five jobs](#Five-jobs), [Place your bets](#Place-your-bets));
# 2. tell from a block's weights, on paper, which jobs it cannot solve ([Shuffle the cells](#Shuffle-the-cells), [Behind a linear read-out](#Behind-a-linear-read-out));
# 3. set up a comparison that is fair, and say what it compares ([One backbone with one slot](#One-backbone-with-one-slot));
# 4. read a table of blocks and jobs by paired differences and standard errors, and name its exceptions ([The table](#The-table), [Paired differences](#Paired-differences));
# 5. put a block's cost beside its gain ([What it costs](#What-it-costs));
# 6. choose a block by the failure that it cures ([Choose by the failure](#Choose-by-the-failure)).
#
# You need lessons 4 to 7. Time: 39 minutes in a lecture, about four hours alone with the [exercises](exercises/08_capstone.ipynb).

# %% slideshow={"slide_type": "skip"}
import math

import torch

from courseware.notebook.explorer import show
from courseware.notebook.progress_bar import bar
from courseware.notebook.table import Table
from visual_attention import NonLocalBlock, SpatialAttention, SqueezeExcitation
from visual_attention.experiments import Difference, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.capstone import experiment, figures
from visual_attention.lessons.capstone.data import INKS, JOBS, QUESTIONS, job, painted
from visual_attention.lessons.capstone.experiment import BLOCKS, OWN, SLOTS
from visual_attention.lessons.capstone.explorers import slot_explorer, slots_pad, word
from visual_attention.training import accuracy

torch.manual_seed(0)
results = stored("capstone")


def rounded(values, digits=3):
    return [round(value, digits) for value in torch.as_tensor(values).flatten().tolist()]

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.empty_slot(),
    "Block diagram: a new job goes into a network with an empty slot, and right answers should come out. Above the slot "
    "the blocks to choose from: SE, Non-local, CBAM, SK.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** Today: five jobs, one small backbone with one slot, every block in it, the same budget for all. The plan: bet on a table, prove part of it on paper, then uncover it row by row. Two rows may surprise the room, and one of them is the row that this course had promised to SE.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five jobs
#
# **Do each of them yourself. What did you have to look at?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
examples = {name: job(name, 1, "test", seed=7) for name in JOBS}
show(
    figures.pictures(
        torch.stack([painted(shown.inks[0]) for shown in examples.values()]), list(JOBS), list(QUESTIONS.values())
    ),
    "Five pictures on black with a coloured frame, and their questions. plain: four digits in red, green, blue and "
    "white. frame: three digits over each other. twin: three white and three coloured digits. dot: three white digits "
    "and a dot. scale: five dots. " + " ".join(f"{name}: {question}" for name, question in QUESTIONS.items()),
)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print("answers:", ", ".join(word(name, int(shown.labels[0, 0])) for name, shown in examples.items()))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let the room answer aloud, then ask what they looked at: plain, one digit; frame, something global that says which *ink*; twin, two digits far apart; dot, something near that says which *place*; scale, the same shape in two sizes. In "twin" the question is put at each white digit in turn; the printed answer is the first one's.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the network gets
#
# The picture comes as four **inks**. One small trunk reads each ink by itself; it was trained once to name single digits, dots and pieces of frame, and is then frozen. A cell of its 12 × 12 map sees 14 × 14 pixels: a digit, not what is beside it.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
framed = examples["frame"].inks[0]
show(
    figures.layers(painted(framed), framed, INKS),
    "The picture of the job frame and its four inks: the frame is on one of the first three, each of which holds a "
    "digit on the same spot; the white layer is empty.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Is everything that "frame" needs in this picture? Where is it?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# Yes, in two places: the frame's cells say which ink, the digits' cells say which numerals. **No cell sees both.**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The same holds for dot and digit, and for the twins. Frozen, because then every block meets the same features and only the slot differs.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Which cell sees what.** A cell in the middle of the map, and the pixels that its features can depend on (their gradient is not 0):

# %% slideshow={"slide_type": "skip"}
one_ink = torch.rand(8, 1, 48, 48, generator=torch.Generator().manual_seed(0)).requires_grad_()
features = experiment.Gallery.stored().trunk.layers(one_ink)                     # (8, 16, 12, 12)
(slope,) = torch.autograd.grad(features[:, :, 6, 6].sum(), one_ink)
seen_rows = (slope.abs().amax(dim=(0, 1, 3)) > 0).nonzero().flatten()
print(f"cell (6, 6) sees the rows {seen_rows[0]} to {seen_rows[-1]}: {len(seen_rows)} of 48; the next cell four further on")

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
fields = []
for name, shown in examples.items():
    row, column, height, width = (shown.asked if name == "twin" else shown.evidence)[0, 0].tolist()
    cell = [round((start + (side - 1) / 2 - 1.5) / 4) for start, side in ((row, height), (column, width))]
    fields.append((4 * cell[0] - 5, 4 * cell[1] - 5, 14, 14))
show(
    figures.one_cell(
        torch.stack([painted(shown.inks[0]) for shown in examples.values()]),
        fields,
        list(JOBS),
        ["the digit: enough", "three digits, not the frame", "a white digit, not its twin", "a digit, not the dot", "one dot, not the sign"],
    ),
    "The five pictures, each with the square that one cell sees, and the square enlarged. plain: the white digit. frame: three digits "
    "over each other, not the frame. twin: a white digit, not its twin. dot: a digit, not the dot. scale: one dot, not the sign.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# In *plain* the square holds all that the question needs. In the four other jobs what is missing lies outside of it, and the block in the slot has to bring it: from the whole picture, from one place far away, or from the neighbourhood.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One backbone with one slot

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.backbone(),
    "Block diagram: four inks, a frozen trunk, the slot for an attention block, the mean over the cells where the "
    "question is asked, one linear layer.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# - The read-out is a **mean** and a **linear layer**: behind the slot nothing can gate, nothing can move.
# - Equal budget: the same pictures, start of the read-out, order, steps and learning rate; 4,192 to 4,512 weights a block.
# - A control has no attention and eight times the weights: `none, wide`, a 3×3 convolution.
# - Five seeds; a seed decides pictures, trunk and start weights.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Ask what is unfair here. One learning rate suits some blocks better than others; tuning each would be fair too if each got the same number of tries. Equal weights are not equal work: the cost comes later. In "twin" the mean is over the cells of the white digit that is asked about, in the other jobs over the whole map.

# %% [markdown] slideshow={"slide_type": "skip"}
# What is unfair here? One learning rate suits some blocks better than others; tuning each would be fair too, if each got the same number of tries. Equal weights are not equal work. In *twin* the mean is over the cells of the white digit that is asked about, in the other jobs over the whole map.

# %% slideshow={"slide_type": "skip"}
for name in SLOTS:
    print(f"{name:13} {int(results.of(name, 'parameters')[0]):6,} weights in the slot")
print({key: results.recipe["slot and read-out"][key] for key in ("steps", "batch", "learning_rate")}, results.versions)
print("pictures of each job:", results.recipe["pictures"])

# %% [markdown] slideshow={"slide_type": "skip"}
# Non-local is the embedded Gaussian with $1/\sqrt{d}$ in the exponent. A second control, `kernels only`, is SK without its choice, the mean of its two kernels; it is tried on *scale* alone. The inputs below have more channels than the trunk gives: the last ones say at which cells the question is asked, and the slot does not see them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Place your bets
#
# Rows are jobs, columns what is in the slot. Framed: the block that the job was made for. **Fill in: solved, half, or guessing?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
means = torch.stack([torch.stack([results.of(block, name).mean() for block in BLOCKS]) for name in JOBS])
spreads = torch.stack([torch.stack([results.of(block, name).std() for block in BLOCKS]) for name in JOBS])
show(
    figures.table(means, spreads, JOBS, BLOCKS, OWN, shown=0),
    "An empty table of five jobs and five blocks with question marks; the framed cells are plain with none, frame with "
    "SE, twin with Non-local, dot with CBAM, scale with SK.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Everybody writes a letter into each cell: s, h or g. Our guess: many will put g everywhere off the diagonal. Keep the sheets: no row will look like that.

# %% [markdown] slideshow={"slide_type": "skip"}
# What a network without a block lacks, to be read after the bets:
#
# | job | a cell lacks | so the block must |
# |---|---|---|
# | plain | nothing | do nothing |
# | frame | which *channel* counts, known from the whole picture | weigh channels |
# | twin | something far away, different for each place | move it there |
# | dot | which *place* counts, known from near by | weigh places |
# | scale | a reach beyond its own, for two sizes | bring a filter, or several |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Shuffle the cells
#
# Two rows of cells, one channel for a dot, one for "3", one for "7". Which digit is beside the dot?
#
# | | cell 1 | cell 2 | cell 3 | cell 4 | mean of (dot, 3, 7) | answer |
# |---|---|---|---|---|---|---|
# | A | dot | 3 | – | 7 | ¼, ¼, ¼ | **3** |
# | B | 3 | – | 7 | dot | ¼, ¼, ¼ | **7** |
#
# **Predict:** behind which blocks can a mean over the cells tell A from B?

# %% [markdown] slideshow={"slide_type": "fragment"}
# B is A with its cells in another order. A block that treats all orders alike, followed by a mean, gives **one** answer to both.
#
# - SE: the gates come from the means, so they are the same.
# - Non-local: $y_i = \sum_j a_{ij}\, g(x_j)$ knows what is in a cell, not where it is.

# %% slideshow={"slide_type": "fragment"}
x = torch.randn(2, 64, 12, 12)
shuffled = x.flatten(2)[:, :, torch.randperm(144)].view_as(x)
found = []
for name in BLOCKS:
    block = SLOTS[name]().eval()
    if name == "Non-local":
        torch.nn.init.ones_(block.norm.weight)  # a new one is the identity
    one, two = (block(each).mean((2, 3)) for each in (x, shuffled))
    found.append("the same" if torch.allclose(one, two, atol=1e-5) else "**another**")
Table(["tested", *BLOCKS], [["mean after a shuffle", *found]])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** On the board. Without positions, Non-local is equivariant, and the mean makes that invariant. Ask which of the blocks has a notion of neighbour at all: those with a filter, CBAM's 7×7 and the selective kernel's 3×3. The table has every block with random weights, on a map and on the same map shuffled. So it is proved, for any weights and any training, that none, SE and Non-local cannot read beside the dot, beyond what one cell sees: in the table to come, SE and Non-local gain nothing there. "Scale" is not quite as clean, because a cell sees 14 × 14 pixels, and so two neighbouring dots of a small sign.

# %% [markdown] slideshow={"slide_type": "skip"}
# Without positions Non-local is equivariant, and the mean makes that invariant. A notion of neighbour is in those blocks that have a filter, CBAM and the selective kernel. So it is proved, for any weights and any training, that none, SE and Non-local cannot read beside the dot, beyond what one cell sees: in the table to come, SE and Non-local gain nothing there.

# %% slideshow={"slide_type": "skip"}
A = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])  # dot, 3, 7; four cells
order = [1, 2, 3, 0]
B = A[:, order]
gates = torch.rand(3)  # whatever SE makes of three means: those of A and B are equal
for name, cells in (("A", A), ("B", B)):
    behind = [sum(float(gates[c] * cells[c, i]) for i in range(4)) / 4 for c in range(3)]
    print(f"{name}: means behind the gates are a quarter of the gates:", behind == [float(g) / 4 for g in gates])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A spatial gate is blind to channels
#
# One spot, a red 3 and a blue 7 over each other: $x_i = (1, 1)$. The frame is blue, so the 7 is wanted.
#
# | | red 3 | blue 7 | ratio |
# |---|---|---|---|
# | $x_i$ | 1 | 1 | 1 |
# | spatial gate 0.2 | 0.2 | 0.2 | **1** |
# | spatial gate 0.9 | 0.9 | 0.9 | **1** |
# | channel gates 0.1, 0.9 | 0.1 | 0.9 | **9** |
#
# One number a place scales all channels of the place alike.

# %% slideshow={"slide_type": "skip"}
for gates in ((0.2, 0.2), (0.9, 0.9), (0.1, 0.9)):  # of the red and the blue channel
    red, blue = (gate * 1 for gate in gates)
    print(f"gates {gates}: {red}, {blue}, ratio {blue / red:.0f}")

# %% slideshow={"slide_type": "skip"}
x = torch.rand(1, 64, 12, 12) + 0.1
for block in (SpatialAttention().eval(), SqueezeExcitation(64, 2)):
    y = block(x)
    kept = torch.allclose(y[:, 0] / y[:, 1], x[:, 0] / x[:, 1], rtol=1e-3)
    print(f"{type(block).__name__} keeps the ratio of two channels: {kept}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask for the ratio before each row. For what lies on one spot a spatial gate decides nothing.

# %% [markdown] slideshow={"slide_type": "skip"}
# For what lies on one spot a spatial gate decides nothing.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Behind a linear read-out
#
# One channel, three cells, $x = (0, 4, 2)$, and the weights of a Non-local block:
#
# | $a_{ij}$ | $j = 1$ | 2 | 3 | $y_i = \sum_j a_{ij} x_j$ |
# |---|---|---|---|---|
# | $i = 1$ | ½ | ½ | 0 | 2 |
# | 2 | 0 | ½ | ½ | 3 |
# | 3 | ¼ | ¼ | ½ | 2 |
# | mean: $\bar a_j$ | ¼ | 5/12 | ⅓ | **7/3** |
#
# The mean of $y$ is $\sum_j \bar a_j x_j$: **the cells, weighed, all channels of a cell alike**. Non-local can point, and take away. What it cannot: choose by the picture among the channels of *one* cell.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Compute 0 · ¼ + 4 · 5/12 + 2 · ⅓ = 7/3 with the room. The block's part is added to what was there before: for this read-out Non-local is a spatial softmax, and by the sign of W_z g it may take away. Then mute a cell: there is an example after this slide in the notebook. Then ask for the frame job: the three digits lie on one spot, so a weight on a cell there takes all three, by one map that is the same for every picture. With a ReLU behind the block a negative addition could shut one channel and leave the next. That is why our read-out has none.

# %% [markdown] slideshow={"slide_type": "skip"}
# For this read-out Non-local is a spatial softmax, and by the sign of $W_z g$ it may take away. In *frame* the three digits lie on one spot, so a weight on a cell there takes all three, by one map that is the same for every picture. With a ReLU behind the block a negative addition could shut one channel and leave the next: that is why our read-out has none.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Muting a cell.** One channel, $x = (0, 4, 2)$, and weights that all listen to cell 2: $\bar a = (0, 1, 0)$. With $W_z g$ = −⅓ the mean of $z$ is ⅔, the mean of $(0, 0, 2)$: as if cell 2 were not there. With several channels $W_z g$ is a matrix, and it is the same for every picture: how the channels of one cell are weighed against each other is fixed once training ends. Only *how much* of a cell is taken depends on the picture.

# %% slideshow={"slide_type": "skip"}
x, heard = torch.tensor([0.0, 4, 2]), torch.tensor([0.0, 1, 0])
print(f"mean of x {x.mean():.2f}, of z {x.mean() - heard @ x / 3:.2f}, of (0, 0, 2) {torch.tensor([0.0, 0, 2]).mean():.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **Pointing and muting, side by side.** The mean of $z$ is $\sum_j \bigl(\frac{1}{3} + \bar a_j W_z g\bigr) x_j$: the bracket is how much cell $j$ counts. To *point* at cell 3, listen to it, $\bar a = (0, 0, 1)$, and add, $W_z g = 1$. To *mute* cell 2, listen to it, $\bar a = (0, 1, 0)$, and take away, $W_z g = -\frac{1}{3}$.

# %% slideshow={"slide_type": "skip"}
cells = torch.tensor([0.0, 4, 2])
counts = {
    "nothing": torch.ones(3) / 3,
    "point at cell 3": 1 / 3 + torch.tensor([0.0, 0, 1]),
    "mute cell 2": 1 / 3 - torch.tensor([0.0, 1, 0]) / 3,
}
for name, count in counts.items():
    print(f"{name:15}: the cells count {rounded(count, 2)}, the mean of z is {count @ cells:.2f}")

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.counted(counts),
    "How much each of three cells counts. Nothing in the slot: a third each. Pointing at cell 3: a third, a third and 1.33. "
    "Muting cell 2: a third, 0 and a third.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Either way a *whole* cell counts more or less, with all that it holds. A gate of SE does the other thing: it turns one channel up or down in all cells alike.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### … as a loop, as tensors, as the tested block
#
# Everything behind the weights is linear in evaluation mode, and the weights of a row sum to 1, so the mean may be taken first. This holds for reading over the whole map. At a single white digit the rows count one by one: the next proof.

# %% slideshow={"slide_type": "skip"}
a = torch.tensor([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5]])
x = torch.tensor([0.0, 4, 2])
y = [sum(float(a[i, j] * x[j]) for j in range(3)) for i in range(3)]
print("mean of y", rounded(sum(y) / 3), "by column means", rounded(a.mean(dim=0) @ x))

block = NonLocalBlock(64, 16, zero_init=False).eval()
x = torch.randn(2, 64, 12, 12)
with torch.no_grad():
    columns = block.weights(x).mean(dim=1)  # (N, 144): how much a cell is heard
    heard = torch.einsum("nj,ncj->nc", columns, x.flatten(2))  # (N, 64)
    by_columns = x.mean((2, 3)) + block.norm(block.exit(block.g(heard)))
    assert torch.allclose(block(x).mean((2, 3)), by_columns, atol=1e-5)
print("the tested block agrees")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One message, two questions
#
# Two white digits, $x_1$ and $x_2$, ask for the colours of their twins. A block whose weights do not depend on the query sends both the same message $t$:
#
# $$w \cdot (x_1 + t) - w \cdot (x_2 + t) = w \cdot (x_1 - x_2)$$
#
# Whatever $t$ says, the two scores differ by the same amount. **Both answers cannot follow the picture.** And a gate $s$ for all? **Predict:** can both answers follow the picture then?

# %% [markdown] slideshow={"slide_type": "fragment"}
# $$w \cdot (s \otimes x_1) - w \cdot (s \otimes x_2) = w \cdot \big(s \otimes (x_1 - x_2)\big)$$
#
# That does depend on $s$: each place **multiplies** the message by what it holds itself. A query in disguise.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let them find the second line. SE's gates are made of the means of all inks: a list of what is in the picture in which colour. A white 3 looks up "3" in that list by the product. So expect more than guessing from SE on "twin". In lesson 5 we said that a gate moves nothing; here the *pooled* numbers inside the gate are what moves.

# %% [markdown] slideshow={"slide_type": "skip"}
# SE's gates are made of the means of all inks: a list of what is in the picture in which colour. A white 3 looks up "3" in that list by the product. So expect more than guessing from SE on *twin*. In lesson 5 we said that a gate moves nothing; here the *pooled* numbers inside the gate are what moves.

# %% slideshow={"slide_type": "skip"}
w, first, second = torch.randn(3, 8)
message, gate = torch.randn(2, 8), torch.rand(2, 8)  # two pictures
added = [float(w @ (first + t) - w @ (second + t)) for t in message]
gated = [float(w @ (s * first) - w @ (s * second)) for s in gate]
print("adding: the difference is the same for both pictures:", math.isclose(*added, abs_tol=1e-5))
print("gating: the difference is the same for both pictures:", math.isclose(*gated, abs_tol=1e-5))

# %% [markdown] slideshow={"slide_type": "skip"}
# ### A query in disguise, with numbers
#
# Two channels, "3" and "7". A white 3 holds $x_1 = (1, 0)$, a white 7 holds $x_2 = (0, 1)$. In picture P the coloured 3 is red and the 7 is blue; in Q it is the other way round. The gates are **one list for all places**, and answer *which numeral is red here?*: $s = (0.9, 0.1)$ for P, $(0.1, 0.9)$ for Q. The read-out adds the two channels, $w = (1, 1)$, and says "red" above ½.

# %% slideshow={"slide_type": "skip"}
red_list = torch.tensor([[0.9, 0.1], [0.1, 0.9]])    # pictures P and Q
white_digits = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # a white 3, a white 7
for name, line in zip("PQ", red_list):
    gated, added = ([rounded(each.sum(), 1)[0] for each in scores] for scores in (line * white_digits, line + white_digits))
    print(f"{name}: gating gives the white 3 and 7 {gated}, adding the list gives them {added}")

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.looked_up(red_list, white_digits, ["picture P", "picture Q"], ["3", "7"], ["at the white 3", "at the white 7"]),
    "Two pictures, one below the other: the list of gates, and its product with what the white 3 and the white 7 hold. In P the "
    "list is 0.9, 0.1, and 0.9 is left at the 3 and 0.1 at the 7; in Q the list is 0.1, 0.9, and it is the other way round.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# Multiplied, each place keeps *its own line* of the list: what it holds is the question, and the gate is the answer to all questions at once. Added, the list gives both places the same, and their scores stay equal in both pictures.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train one row yourself
#
# The stored trunk has turned the training pictures of *frame* into `inputs`. Put nothing into the slot, then SE.

# %% slideshow={"slide_type": "skip"}
trunk = experiment.Gallery.stored().trunk
train_set, test_set = (experiment.pictures("frame", split, 0) for split in ("train", "test"))
inputs, labels = experiment.inputs_of(trunk, train_set), train_set.labels              # (4000, 65, 12, 12), seed 0
test_inputs, test_labels = experiment.inputs_of(trunk, test_set), test_set.labels

# %% slideshow={"slide_type": "-"} tags=["show-code"]
reached = {}
for name in ("none", "SE"):
    trained, _ = experiment.train_read_out(name, "frame", 0, inputs, labels, bar)
    reached[name] = accuracy(trained, test_inputs, test_labels)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print("SE is ahead of nothing." if reached["SE"] > reached["none"] else "SE is not ahead of nothing.")

# %% slideshow={"slide_type": "skip"}
as_expected = [agrees(found, results.of(name, "frame")) for name, found in reached.items()]
print(f"both where one more seed would lie: {all(as_expected)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The whole table comes from this function: `courseware experiments capstone`. Recipe, seeds, versions and time are stored with the numbers. While it trains: what does "none" guess? It sees three digits and picks one.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Row 1: plain, the control

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
GUESS = {"plain": 1 / 4 + 3 / 4 / 10, "frame": 1 / 3, "twin": 1 / 3, "dot": 1 / 3 + 2 / 3 / 10, "scale": 1 / 5}


def show_row(name, alt):
    shown = [slot for slot in SLOTS if name in results.values[slot]]
    values = {slot: results.of(slot, name) for slot in shown}
    image = painted(examples[name].inks[0])
    return show(figures.row(values, OWN[name], GUESS[name], image, name), alt)


show_row("plain", "Accuracy on plain by slot: all of them lie between 0.95 and 0.98.")

# %% slideshow={"slide_type": "skip"}
for slot in BLOCKS[1:]:
    print(f"plain  {slot:9} − none: {results.paired(slot, 'none', 'plain').text()}")

# %% [markdown] slideshow={"slide_type": "-"}
# A cell that sees the white digit knows the answer. No block is ahead of nothing by more than 0.002. For SK that is a finding, by lesson 4's rule, and of no use: **attention has next to no gain here, and its cost all the same.**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A table without such a row flatters every block. In the wild most cells of most pictures may be like this; perhaps that is why the gains that papers report on ImageNet are a point or two. And learn from SK's 0.002: significance is not size.

# %% [markdown] slideshow={"slide_type": "skip"}
# A table without such a row flatters every block.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Row 2: frame, a global cue

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "frame",
    "Accuracy on frame by slot: nothing near 0.27, the wide network near 0.43; SE near 0.9, CBAM a little lower, "
    "Non-local near 0.75; SK highest.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SE cures it, and is **not the best of its row**: SK is. Its softmax between two kernels is a gate for each channel as well, made of the whole picture: a kernel that learns to be silent can mute.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The row that was promised to SE. SK has a channel gate and two kernels besides, and batch normalisation inside its excitation, which may well make its gates sharper; we have not taken it apart. CBAM contains an SE, and between the two there is no finding. And Non-local? Each weight takes a cell with all its inks; but the digits cover a dozen cells, and their strokes are not in the same ones. The algebra leaves it the cells where the announced ink is strong, and it goes half way and more.

# %% [markdown] slideshow={"slide_type": "skip"}
# SK has batch normalisation inside its excitation besides, which may well make its gates sharper; we have not taken it apart. CBAM contains an SE, and between the two there is no finding.

# %% [markdown] slideshow={"slide_type": "skip"}
# **And Non-local, which cannot pick a channel within a cell?** It can point: the three digits do not cover the same cells, and a cell that holds mostly the wanted ink can answer for it. That is a likely reason for its place in this row; we have not tested it.
#
# The dashed line supposes that the answer is always one of the three digits. A network below it sometimes names a fourth.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Row 3: twin, a far relation

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "twin",
    "Accuracy on twin by slot: nothing and the wide network between 0.4 and 0.55; SE, CBAM and SK near 0.85; Non-local "
    "highest, near 0.94.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# Non-local wins, as promised. But a channel gate comes close: it brings one list of what is in the picture to every place, and each place **multiplies** it by what it holds.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** "One message, two questions", come true. In lesson 6 SE stayed near one half at a job of this kind: there, channels did not belong to colours, so that its means hardly say which numeral had which colour: a likely reason. And a list for all, with a head that is *not* linear, got far there too. The wide convolution has the most weights and no reach.

# %% [markdown] slideshow={"slide_type": "skip"}
# In lesson 6 SE stayed near one half at a job of this kind: there, channels did not belong to colours, so that its means hardly say which numeral had which colour: a likely reason. The wide convolution has the most weights and no reach.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Row 4: dot, a place

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "dot",
    "Accuracy on dot by slot: nothing, SE and Non-local near 0.40, at the dashed line of guessing among three digits; SK "
    "and the wide network between 0.6 and 0.7; CBAM highest in four seeds, from 0.77 to 0.87, and at 0.59 in the fifth.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SE and Non-local are where the proof put them: no better than nothing. What has a filter gains; a **gate** with a 7×7 filter gains most, in four seeds of five. In one it fell behind the plain wide convolution.

# %% slideshow={"slide_type": "skip"}
print(f"guessing: {GUESS['dot']:.2f}")
for name in ("CBAM", "none, wide", "SK"):
    print(f"dot, {name:10} seed by seed: {rounded(results.of(name, 'dot'))}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Dashed: one of three digits, and lucky agreement, 1/3 + 2/3 · 1/10 = 0.4. Lesson 7's result again with another read-out, less reliably: a mean over all cells may give the gate a weaker signal than lesson 7's maximum, and one seed of five stays at 0.593. Nobody may leave that seed out. Some may have bet on Non-local here: it sees the whole picture, and does not know where anything is.

# %% [markdown] slideshow={"slide_type": "skip"}
# Non-local sees the whole picture, and does not know where anything is. A mean over all cells may give CBAM's gate a weaker signal than lesson 7's maximum.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Row 5: scale

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "scale",
    "Accuracy on scale by slot: nothing and SE near 0.5, Non-local near 0.7; the wide network, CBAM, SK and its kernels "
    "without the choice close to 1.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SK is at the top, and so are a plain convolution and SK's own **kernels without the choice**. What they share is a filter. For *selection* there is no finding.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Lesson 4 found the same: between a wider sum of the two kernels and the choice between them there was no finding. The diagonal alone would have hidden it; the control tells. Nothing in the slot is above 1/5, likely because a cell sees neighbouring dots of small signs.

# %% [markdown] slideshow={"slide_type": "skip"}
# Lesson 4 found the same: between a wider sum of the two kernels and the choice between them there was no finding. The diagonal alone would have hidden it; the control tells.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The table

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.table(means, spreads, JOBS, BLOCKS, OWN, shown=len(JOBS)),
    "The table uncovered, mean and standard deviation of five seeds. "
    + " ".join(
        f"{name}: " + ", ".join(f"{block} {means[i, j]:.3f}" for j, block in enumerate(BLOCKS)) + "."
        for i, name in enumerate(JOBS)
    ),
)

# %% [markdown] slideshow={"slide_type": "-"}
# At the top of their rows: Non-local (*twin*), CBAM (*dot*) and SK (*scale*). Behind SK, a finding each: nothing at *plain*, by 0.002, and SE at *frame*, by 0.040.

# %% slideshow={"slide_type": "skip"}
for i, name in enumerate(JOBS):
    best = BLOCKS[int(means[i].argmax())]
    verdict = "highest" if best == OWN[name] else f"behind {best}: {results.paired(best, OWN[name], name).text()}"
    print(f"{name:6} {OWN[name]:9} {verdict}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Score the bets. Mean ± standard deviation over five seeds, as everywhere behind one variant; the wide control is on the rows. Where is a bet of the room better than ours was? We had promised SE the frame. And "nothing" is behind SK on plain: a finding of 0.002.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Paired differences
#
# Seed by seed, mean ± standard error; in bold what is a finding by [lesson 4's rule](04_six_kinds.ipynb#When-is-a-difference-a-finding?).

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
pairs = (
    ("frame", "SE", "none, wide"),
    ("frame", "SE", "SK"),
    ("frame", "CBAM", "SE"),
    ("twin", "Non-local", "SE"),
    ("twin", "Non-local", "none, wide"),
    ("dot", "CBAM", "none, wide"),
    ("dot", "SE", "none"),
    ("scale", "SK", "kernels only"),
    ("scale", "SK", "none, wide"),
)
rows, found = [], []
for number, (name, one, other) in enumerate(pairs):
    gap = results.paired(one, other, name)
    ahead = f"{int((gap.by_seed > 0).sum())} of {len(gap.by_seed)}"
    rows.append([f"{name}: {one} over {other}", f"{gap.mean:+.3f} ± {gap.error:.3f}", ahead])
    found += [number] if gap.found else []
Table(["job", "difference", "seeds ahead"], rows, found)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Within a seed all blocks share pictures, trunk and order. Ask which lines you would print in a paper, and which in its appendix. Size is no explanation in the first, fifth and sixth line: the wide network has eight times the weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Choose the block, see where it looks
#
# Solid box: the answer; dashed: where it is asked. **Find** a block that answers though its map does not point.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
slot_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Start with dot and CBAM: pieces of the ring of lesson 7, at its distance from the dot. Then dot and Non-local: it looks at some digit, over all test pictures at the right one in a third of them, in the three shown here, by luck, each time. Then twin and Non-local: the white digit's weights lie on its twin. For blocks without a map of their own the evidence is shown: what each cell adds to the given answer, exact for this read-out (a class activation map, [@zhou2016]†); in "twin" only the asked cells can add anything.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* start with dot and CBAM: pieces of the ring of lesson 7, at its distance from the dot. Then dot and Non-local: it looks at some digit. Then twin and Non-local: the white digit's weights lie on its twin.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Evidence:** how much each cell adds to the score of the answer given (a class activation map, [@zhou2016]†). In the text of this explorer, as in the table above, ± is the standard deviation over the seeds.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Draw it yourself
#
# One drawing, one trunk, two slots. *Move* the dot from the 1 to the 5. **Predict:** which answer goes along?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
slots_pad()

# %% [markdown] slideshow={"slide_type": "fragment"}
# CBAM's: 1, then 5. SE's stays at 1: a channel gate hears what is there, not where.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** *With* move, drag the dot; by keys, Shift and an arrow go one cell. SE's bars do move a little: a cell that sees the dot and a piece of a digit is another cell (*Shuffle the cells*). Then bring the dot back, and let the 1 and the 5 trade places.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* bring the dot back, and let the 1 and the 5 trade places. Then begin with *white paper*: draw two digits, add a dot, and move it from one to the other. The page itself runs both trained networks, at every move of the pen. To what you draw it adds a frame, here a red one, which means nothing in this job, and a little noise: on every training picture was a frame, in red, green or blue, and such noise. Neither is shown. The picture to begin with was chosen as one in which CBAM's answer goes along.

# %% [markdown] slideshow={"slide_type": "skip"}
# **And on other pictures?** In each of 1,000 test pictures two digits trade places, once the digit beside the dot and another one, once two others; the dot stays. In what share of the pictures is the answer the same as before? Mean ± standard deviation of five seeds, which here decide the start weights and the order of the pictures; the pictures and the trunk are those of seed 0.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
places = stored("trading_places")
rows = []
for block in ("SE", "CBAM"):
    two_others, beside = (f"same answer, {which}" for which in ("two others", "the dot's digit"))
    gap = Difference(places.of(block, two_others) - places.of(block, beside))
    rows.append(
        [block, *(places.spread(block, measure) for measure in ("right", two_others, beside)), f"{gap.mean:+.3f} ± {gap.error:.3f}"]
    )
Table(["in the slot", "right", "same: two others trade", "same: the dot's digit trades", "difference (standard error)"], rows)

# %% [markdown] slideshow={"slide_type": "skip"}
# With SE it makes next to no difference whether the dot's digit is one of the two. With CBAM the answer mostly stays when two others trade, and mostly changes when the dot's digit is one of the two.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where it looks, in numbers
#
# How often the peak of a map lies on the answer; mean ± standard deviation over the seeds.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
rows = [
    [f"{name}, {block}", what, results.spread(block, f"{measure}, {name}", 2)]
    for name, block, what, measure in (
        ("twin", "Non-local", "its own map", "map hit"),
        ("dot", "Non-local", "its own map", "map hit"),
        ("dot", "CBAM", "its own map", "map hit"),
        ("dot", "CBAM", "its evidence", "evidence hit"),
        ("dot", "CBAM", "most open on the right digit", "gate favours"),
    )
]
Table(["job and block", "asked of", "in a share of"], rows)

# %% slideshow={"slide_type": "skip"}
print(f"plain  Non-local  its own map {results.spread('Non-local', 'map hit, plain', 2)}")
print(f"dot    none       evidence    {results.spread('none', 'evidence hit, dot', 2)}")

# %% slideshow={"slide_type": "skip"}
covered = experiment.inside(job("dot", 200, "test", seed=7).evidence, 12).flatten(1)  # (200, 144)
print(f"a peak anywhere lies on the digit in {(covered >= 0.5).double().mean():.3f} of the pictures")

# %% [markdown] slideshow={"slide_type": "-"}
# Weights that **mix** point at their source; a **gate** lets pass and need not point. Choose the measure from what the mechanism does.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Chance: a peak anywhere lies on the digit in 0.047 of the pictures. CBAM's gate misses the pointing game and, but for the seed in which it fell behind, is nearly always most open on the right one of three digits; its evidence is on the digit. As in lesson 7, one gate and two measures with opposite verdicts.

# %% [markdown] slideshow={"slide_type": "skip"}
# CBAM's gate misses the pointing game and, but for the seed in which it fell behind, is nearly always most open on the right one of three digits; its evidence is on the digit. As in lesson 7, one gate and two measures with opposite verdicts.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it costs

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
paid = [slot for slot in SLOTS if slot not in ("none", "kernels only")]
base = results.of("none", "milliseconds a step").median()
show(
    figures.costs(
        {slot: float(results.of(slot, "parameters")[0]) for slot in paid},
        {slot: float(results.of(slot, "multiply-adds")[0]) / 1000 for slot in paid},
        {slot: float(results.of(slot, "milliseconds a step").median() / base) for slot in paid},
    ),
    "Three panels of bars. Parameters: about 4,300 for each block, 37,056 for the wide control. Thousand multiply-adds: "
    "SE 4, CBAM 22, SK 169, Non-local 1,253, wide 5,308. Time of a training step as a multiple of none: SE least, then "
    "CBAM; Non-local, SK and the wide control much more.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# Equal in weights, three hundred times apart in multiply-adds. And **multiply-adds are not time**: SK does a seventh of Non-local's, and takes about as long.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Time of a training step of slot and read-out, without the frozen trunk, measured where the table was made: another machine gives other bars. Depthwise filters and normalisations move much memory for few products. At four times the cells, Non-local's table of pairs costs sixteen times as much.

# %% [markdown] slideshow={"slide_type": "skip"}
# Times were measured where the table was made: another machine gives other bars. Depthwise filters and normalisations move much memory for few products. At four times the cells, Non-local's table of pairs costs sixteen times as much.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the table does not show
#
# - **Toy pictures.** Real failures are mixed.
# - **Inks.** Channels that belong to colours are a gift to every channel gate.
# - **A frozen trunk, a linear read-out.** They make the proofs hold.
# - **One learning rate, one size.** Another rate may turn the order of near neighbours.
# - **Five seeds.** Not found is not absent, and found is not large.
#
# **Which row would you build next, to prove us wrong?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Each job was built so that one thing is lacking. Lesson 6's channels did not belong to colours, and SE did worse there. A ReLU behind the slot lets an addition shut a channel; a trunk that learns may find the cue by itself. A difference below two of its standard errors is no finding (lesson 4). Let the room add to the list: no positions in Non-local, no block twice, no combination. The last question is exercise 10.

# %% [markdown] slideshow={"slide_type": "skip"}
# Two standard errors are a low bar where five seeds have to say what the spread is: by Student's $t$ it should be nearly three. Some differences of this lesson pass the first and not the second.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Choose by the failure

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.choosing(),
    "A decision diagram, five questions from top to bottom, each with an answer to its right. Can one cell tell, whatever "
    "else is there? Nothing: spend it on width. Does the whole picture say which channel counts? A channel gate: SE. "
    "Does something near say which place counts? A spatial gate; CBAM with a cue. Does each place need something far, "
    "of its own? Non-local. Do things come in several sizes? Several kernels; SK to choose.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Ask for the failure first, the block second. "Nothing" is the first answer for a reason. Each arrow is a hypothesis to be tested with a control, not a law.

# %% [markdown] slideshow={"slide_type": "skip"}
# "Nothing" is the first answer for a reason. Each arrow is a hypothesis to be tested with a control, not a law.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The table is complete
#
# One equation, seven lessons: $y_i = \sum_j \frac{\kappa(q_i, k_j)}{Z_i}\, v_j$
#
# {{short table: 1a to 4c}}

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let each student pick a row and say its query, key and value aloud, without looking.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … from lesson 5 on
#
# {{short table: 5 to 7b}}
#
# Read it by the shape of $A$: **dense** rows move information (Nadaraya–Watson, Non-local), a **diagonal** rescales it (SE, CBAM), a softmax over branches chooses (SK).

# %% [markdown] slideshow={"slide_type": "skip"}
# With every column, and where each row was met and is computed:
#
# {{complete table}}

# %% slideshow={"slide_type": "skip"}
gate = SpatialAttention(norm=False)
print("weights of one spatial gate:", sum(weight.numel() for weight in gate.parameters()))

# %% [markdown] slideshow={"slide_type": "skip"}
# Biases are left out. The rows of lessons 1 to 3 and non-local means (6a) take their values from data, the others from features of a network; in lesson 5 and in both rows of lesson 7 the sum has one term, because $A$ is diagonal.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The question of lesson 1 comes back: which rows, on this slide and the one before, have no query at all?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Three questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "What a place should answer is written at another place of the picture. Which block can bring it there?",
        {
            "A channel gate, for its squeeze sees the whole picture.": "It sees one mean for each channel and gives every place the same factors: a list of what is there, without an address.",
            "A spatial gate.": "It makes the values of a place larger or smaller where they are. It moves nothing.",
            "A Non-local block.": "Its table is dense: each place takes an average over the others, and its own query says whose.",
        },
        right="c",
    ),
    Question(
        "A network confuses pictures because the channels that matter depend on the scene, which is known from the picture as a whole. What do you try first?",
        {
            "A channel gate.": "One number for each channel, from the whole picture, for few weights: what the failure asks for.",
            "A Non-local block, because it can do more.": "It compares all pairs of places. Nothing here has to be moved from one place to another.",
            "A gate over places.": "It treats all channels of a place alike, so it cannot choose among them.",
        },
        right="a",
    ),
    Question(
        "The network with a block is better than the one without. What must you compare it with, before you praise attention?",
        {
            "With the published gain of the block.": "Another network, another recipe and other pictures: their difference is not yours.",
            "With a plain layer of the same size, over several seeds, pair by pair.": "More weights and a lucky seed can explain a gain too. A task on which the block should not help is a good control.",
            "With the same network, trained once more with the block.": "That shows how far two runs differ, but not what the block does that other weights would not.",
        },
        right="b",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - On paper first: a block without positions knows no "beside"; one number a place chooses no channel; one message for all cannot answer two questions.
# - In the table: Non-local, CBAM and SK are at the top of the row they were made for; **SE is not**: SK, which contains a channel gate and more, is ahead.
# - A gate cures more than its own job; a control with more weights cures the job of sizes as well.
# - Weights, multiply-adds and time are three different prices.
#
# **The course in one sentence:** *attention is a weighted average, or a gate, whose weights depend on how well a query matches the keys; dense weights move information, diagonal ones rescale it, and which of them you need is written in the failure.*

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Then back to the first slide: a new job lands on your desk. What is your first question? Not "which block", but "what can a cell not see?"

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What to read next
#
# - **ECA** [@wang2020]: is SE's bottleneck needed? In its table of single runs half of the gain needs no weight.
# - **GCNet** [@cao2019]: trained Non-local maps are nearly the same for every query; one map for all is cheaper.
# - **ViT** [@dosovitskiy2021]: nothing but attention, on patches with positions.†
# - **FlashAttention** [@dao2022]: the same weights without the table in memory.†
# - ***Is attention better than matrix decomposition?*** [@geng2021]: global context without any attention weights.†
#
# **Next question:** and in a network that knows cats? One of your own: [exercise 10](exercises/08_capstone.ipynb).

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two of the five contest what this course taught, on purpose. For each ask: which column of our table would it be, and which row would it need?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **Our own table, first.** The jobs were chosen by the people who wrote the blocks' lessons. The learning rate was chosen on other seeds than the stored ones, once for all blocks; at that time a larger one suited SE better at *frame* and CBAM worse at *dot*. The scaling by $1/\sqrt d$ in Non-local's exponent is not in its paper ([@wang2018]); lesson 6 measured what it is worth there, and here it is kept. SK is used with one filter a channel, where its paper has 32 groups ([@li2019]).
# - **"Attention helps"** needs a control of the same size. Ours has more weights than any block; of the four failures it cures *scale*, and gains at the other three.
# - **What to read next.** † as we recall it; check the paper.
# - **Where it looks** is not why it answers: a gate may be open on empty paper at no cost. See lesson 7.
# - **Comparisons in papers** rarely have equal budgets, seeds and tuning. SE's own ablations ([@hu2020]), ECA's ([@wang2020]) and CBAM's tables ([@woo2018]) have one run a row.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/08_capstone.ipynb) · [next lesson](09_real_networks.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
