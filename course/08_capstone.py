# %% [markdown] slideshow={"slide_type": "slide"}
# # 8 · Capstone: choose your attention
#
# A new job lands on your desk. The network you have fails at it. You own four blocks: SE, Non-local, CBAM, a selective kernel. **Which one do you take, and how would you know?**
#
# Today: five jobs, one small backbone with one slot, every block in it, the same budget for all.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** The plan: bet on a table, prove part of it on paper, then uncover it row by row. Two rows will surprise the room, and one of them is the row that this course had promised to SE.

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
# You need lessons 4 to 7. Time: 40 minutes in a lecture, about two hours alone with the [exercises](exercises/08_capstone.ipynb).

# %% slideshow={"slide_type": "skip"}
import math

import torch

from courseware import progress
from courseware.frames import show
from visual_attention import NonLocalBlock, SpatialAttention, SqueezeExcitation
from visual_attention.datasets.jobs import INKS, JOBS, QUESTIONS, job, painted
from visual_attention.experiments import capstone as experiment
from visual_attention.experiments import stored
from visual_attention.experiments.capstone import BLOCKS, OWN, SLOTS
from visual_attention.explorers.capstone import slot_explorer, stored_gallery, word
from visual_attention.figures import capstone as figures
from visual_attention.training import accuracy

torch.manual_seed(0)
results = stored("capstone")
seeds = len(results.seeds)


def rounded(values, digits=3):
    return [round(value, digits) for value in torch.as_tensor(values).flatten().tolist()]

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five jobs
#
# **Do each of them yourself. What did you have to look at?**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
examples = {name: job(name, 1, "test", seed=7) for name in JOBS}
show(
    figures.pictures(torch.stack([painted(shown.inks[0]) for shown in examples.values()]), list(JOBS)),
    "Five pictures on black with a coloured frame. plain: four digits in red, green, blue and white. frame: three "
    "digits over each other. twin: three white and three coloured digits. dot: three white digits and a dot. scale: "
    "five dots.",
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
for name, question in QUESTIONS.items():
    print(f"{name:6} {question}")

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

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Yes, in two places: the frame's cells say which ink, the digits' cells say which numerals. No cell sees both. The same holds for dot and digit, and for the twins. Frozen, because then every block meets the same features and only the slot differs.

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
# > **Lecturer, 2 min.** Ask what is unfair here. One learning rate suits some blocks better than others; tuning each would be fair too if each got the same number of tries. Equal weights are not equal work: the cost comes later. In "twin" the mean is over the cells of the white digit that is asked about, in the other jobs over the whole map.

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
errors = torch.stack([torch.stack([results.of(block, name).std() for block in BLOCKS]) for name in JOBS])
errors = errors / math.sqrt(seeds)  # standard errors of the means
show(
    figures.table(means, errors, JOBS, BLOCKS, OWN, shown=0),
    "An empty table of five jobs and five blocks with question marks; the framed cells are plain with none, frame with "
    "SE, twin with Non-local, dot with CBAM, scale with SK.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Everybody writes a letter into each cell: s, h or g. Most rooms put g everywhere off the diagonal. Keep the sheets: no row will look like that.

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
# B is A with its cells in another order. A block that treats all orders alike, followed by a mean, gives **one** answer to both.
#
# - SE: the gates come from the means, so they are the same.
# - Non-local: $y_i = \sum_j a_{ij}\, g(x_j)$ knows what is in a cell, not where it is.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** On the board. Lesson 6's exercise again: without positions, Non-local is equivariant, and the mean makes that invariant. Ask which of the blocks has a notion of neighbour at all: those with a filter, CBAM's 7×7 and the selective kernel's 3×3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … and the tested blocks
#
# Every block of the table, with random weights, on a map and on the same map with its cells shuffled:

# %% slideshow={"slide_type": "skip"}
A = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])  # dot, 3, 7; four cells
order = [1, 2, 3, 0]
B = A[:, order]
gates = torch.rand(3)  # whatever SE makes of three means: those of A and B are equal
for name, cells in (("A", A), ("B", B)):
    behind = [sum(float(gates[c] * cells[c, i]) for i in range(4)) / 4 for c in range(3)]
    print(f"{name}: means behind the gates are a quarter of the gates:", behind == [float(g) / 4 for g in gates])

# %% slideshow={"slide_type": "-"}
x = torch.randn(2, 64, 12, 12)
shuffled = x.flatten(2)[:, :, torch.randperm(144)].view_as(x)
for name in BLOCKS:
    block = SLOTS[name]().eval()
    if name == "Non-local":
        torch.nn.init.ones_(block.norm.weight)  # a new one is the identity
    one, two = (block(each).mean((2, 3)) for each in (x, shuffled))
    same = torch.allclose(one, two, atol=1e-5)
    print(f"{name:10} {'the same mean' if same else 'tells them apart'}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** So the zeros of two rows are proved, for any weights and any training: none, SE and Non-local cannot read beside the dot, beyond what one cell sees. "Scale" is not quite as clean, because a cell sees 14 × 14 pixels, and so two neighbouring dots of a small sign.

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

# %% slideshow={"slide_type": "skip"}
for gates in ((0.2, 0.2), (0.9, 0.9), (0.1, 0.9)):  # of the red and the blue channel
    red, blue = (gate * 1 for gate in gates)
    print(f"gates {gates}: {red}, {blue}, ratio {blue / red:.0f}")

# %% slideshow={"slide_type": "-"}
x = torch.rand(1, 64, 12, 12) + 0.1
for block in (SpatialAttention().eval(), SqueezeExcitation(64, 2)):
    y = block(x)
    kept = torch.allclose(y[:, 0] / y[:, 1], x[:, 0] / x[:, 1], rtol=1e-3)
    print(f"{type(block).__name__} keeps the ratio of two channels: {kept}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** One number a place scales all channels of the place alike. For what lies on one spot a spatial gate decides nothing.

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
# The mean of $y$ is $\sum_j \bar a_j x_j$: **the cells, weighed, all channels of a cell alike**, and added to what was there. For this read-out Non-local is a spatial softmax. It can point; it cannot mute, nor pick a channel within a cell.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Compute 0 · ¼ + 4 · 5/12 + 2 · ⅓ = 7/3 with the room. Then ask for the frame job: the three digits lie on one spot, so every weight on that spot takes all three. The block is unable to gate here, whatever it learns. With a ReLU behind it, it could: a large enough negative addition mutes. That is why our read-out has none.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … as a loop, as tensors, as the tested block

# %% slideshow={"slide_type": "-"}
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

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Everything behind the weights is linear in evaluation mode, and the weights of a row sum to 1, so the mean may be taken first. This holds for reading over the whole map. At a single white digit the rows count one by one: next slide.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One message, two questions
#
# Two white digits, $x_1$ and $x_2$, ask for the colours of their twins. A block whose weights do not depend on the query sends both the same message $t$:
#
# $$w \cdot (x_1 + t) - w \cdot (x_2 + t) = w \cdot (x_1 - x_2)$$
#
# Whatever $t$ says, the two scores differ by the same amount. **Both answers cannot follow the picture.** And a gate $s$ for all?
#
# $$w \cdot (s \otimes x_1) - w \cdot (s \otimes x_2) = w \cdot \big(s \otimes (x_1 - x_2)\big)$$
#
# That does depend on $s$: each place **multiplies** the message by what it holds itself. A query in disguise.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let them find the second line. SE's gates are made of the means of all inks: a list of what is in the picture in which colour. A white 3 looks up "3" in that list by the product. So expect more than guessing from SE on "twin". In lesson 5 we said that a gate moves nothing; here the *pooled* numbers inside the gate are what moves.

# %% slideshow={"slide_type": "skip"}
w, first, second = torch.randn(3, 8)
message, gate = torch.randn(2, 8), torch.rand(2, 8)  # two pictures
added = [float(w @ (first + t) - w @ (second + t)) for t in message]
gated = [float(w @ (s * first) - w @ (s * second)) for s in gate]
print("adding: the difference is the same for both pictures:", math.isclose(*added, abs_tol=1e-5))
print("gating: the difference is the same for both pictures:", math.isclose(*gated, abs_tol=1e-5))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train one row yourself
#
# The stored trunk of seed 0 has turned the 4,000 training pictures of *frame* into `inputs`. Now put nothing into the slot, and then SE:

# %% slideshow={"slide_type": "skip"}
trunk = stored_gallery().trunk
train_set, test_set = (experiment.pictures("frame", split, 0) for split in ("train", "test"))
inputs = experiment.inputs_of(trunk, train_set)        # (4000, 65, 12, 12)
test_inputs = experiment.inputs_of(trunk, test_set)

# %% slideshow={"slide_type": "-"}
reached = {}
for name in ("none", "SE"):
    trained, _ = experiment.train_read_out(
        name, "frame", 0, inputs, train_set.labels, progress.bar
    )
    reached[name] = accuracy(trained, test_inputs, test_set.labels)
stored_ones = [float(results.of(name, "frame")[0]) for name in reached]
close = [abs(a - b) < 0.03 for a, b in zip(reached.values(), stored_ones)]
print(f"both within 0.03 of the stored results: {all(close)}")
print(f"SE more than 0.4 ahead: {reached['SE'] - reached['none'] > 0.4}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The whole table comes from this function: `python -m visual_attention.experiments capstone`. Recipe, seeds, versions and time are stored with the numbers. While it trains: what does "none" guess? It sees three digits and picks one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Row 1: plain, the control

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
GUESS = {"plain": 1 / 4 + 3 / 4 / 10, "frame": 1 / 3, "twin": 1 / 3, "dot": 1 / 3 + 2 / 3 / 10, "scale": 1 / 5}


def show_row(name, alt):
    shown = [slot for slot in SLOTS if name in results.values[slot]]
    values = {slot: results.of(slot, name) for slot in shown}
    image = painted(examples[name].inks[0])
    return show(figures.row(values, OWN[name], GUESS[name], image, name), alt)


show_row("plain", "Accuracy on plain by slot: all of them lie between 0.95 and 0.98, with nothing in the slot as high as any.")

# %% [markdown] slideshow={"slide_type": "-"}
# A cell that sees the white digit knows the answer. Nothing in the slot is as good as anything: **attention has no gain here, and its cost all the same.**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A table without such a row flatters every block. In the wild most cells of most pictures are like this: the gains that papers report on ImageNet are a point or two for a reason.

# %% [markdown] slideshow={"slide_type": "slide"}
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
# > **Lecturer, 2 min.** The row that was promised to SE. SK has a channel gate and two kernels besides, and batch normalisation inside its excitation, which may well make its gates sharper; we have not taken it apart. CBAM contains an SE, so that it cures the same failure. And Non-local? Each weight takes a cell with all its inks; but the digits cover a dozen cells, and their strokes are not in the same ones. Listening to cells where the announced ink is strong is all that the algebra leaves it, and it goes half way and more.

# %% [markdown] slideshow={"slide_type": "skip"}
# **And Non-local, which cannot pick a channel within a cell?** It can point: the three digits do not cover the same cells, and a cell that holds mostly the wanted ink can answer for it. That is a likely reason for its place in this row; we have not tested it.
#
# The dashed line supposes that the answer is always one of the three digits. A network below it sometimes names a fourth.

# %% [markdown] slideshow={"slide_type": "slide"}
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
# > **Lecturer, 2 min.** "One message, two questions", come true. In lesson 6 SE stayed near one half at a job of this kind: there, channels did not belong to colours, so that its means did not say which numeral had which colour. The wide convolution has the most weights and no reach.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Row 4: dot, a place

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "dot",
    "Accuracy on dot by slot: nothing, SE and Non-local near 0.42, at the dashed line of guessing among three digits; SK "
    "and the wide network between 0.6 and 0.7; CBAM highest in four seeds, from 0.77 to 0.87, and at 0.59 in the fifth.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SE and Non-local are where the proof put them: no better than nothing. What has a filter gains; a **gate** with a 7×7 filter gains most, in four seeds of five. In one its ring did not form.

# %% slideshow={"slide_type": "skip"}
print(f"guessing: {GUESS['dot']:.2f}")
for name in ("CBAM", "none, wide", "SK"):
    print(f"dot, {name:10} seed by seed: {rounded(results.of(name, 'dot'))}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Dashed: one of three digits, and lucky agreement, 1/3 + 2/3 · 1/10 = 0.4. Lesson 7's result again with another read-out, less reliably: a mean over all cells gives the gate a weaker signal than lesson 7's maximum, and one seed of five stays at 0.593. Nobody may leave that seed out. Most rooms had bet on Non-local here: it sees the whole picture, and does not know where anything is.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Row 5: scale

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show_row(
    "scale",
    "Accuracy on scale by slot: nothing and SE near 0.5, Non-local near 0.7; the wide network, CBAM, SK and its kernels "
    "without the choice close to 1.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# SK is at the top, and so are a plain convolution and SK's own **kernels without the choice**. What cures this job is a filter. As a case for *selection* it is a null result.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Lesson 4 found the same: a wider sum of the two kernels did nearly as well as the choice between them. The diagonal alone would have hidden it; the control tells. Nothing is above 1/5 because a cell sees neighbouring dots of small signs.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The table

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.table(means, errors, JOBS, BLOCKS, OWN, shown=len(JOBS)),
    "The table uncovered, mean and standard error of five seeds. "
    + " ".join(
        f"{name}: " + ", ".join(f"{block} {means[i, j]:.3f}" for j, block in enumerate(BLOCKS)) + "."
        for i, name in enumerate(JOBS)
    ),
)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
for i, name in enumerate(JOBS):
    best = BLOCKS[int(means[i].argmax())]
    own = BLOCKS.index(OWN[name])
    gap, error = means[i].max() - means[i, own], errors[i].max()
    verdict = "best" if best == OWN[name] else "within one standard error of" if gap <= error else "NOT the best:"
    print(f"{name:6} {OWN[name]:9} {verdict} {'' if best == OWN[name] else best}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Score the bets. Mean ± standard error over five seeds; the wide control is on the rows. Where is a bet of the room better than ours was? We had promised SE the frame.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Paired differences
#
# Within a seed all blocks share pictures, trunk and order: compare seed by seed. Mean ± standard error:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def compare(name, one, other):
    gain = results.gain(one, other, name)
    error = gain.std() / math.sqrt(len(gain))
    ahead = f"ahead in {int((gain > 0).sum())} of {len(gain)}"
    print(f"{name:6} {one:9} − {other:12} {gain.mean():+.3f} ± {error:.3f}, {ahead}")


compare("frame", "SE", "none, wide")
compare("frame", "SE", "SK")
compare("frame", "CBAM", "SE")
compare("twin", "Non-local", "SE")
compare("twin", "Non-local", "none, wide")
compare("dot", "CBAM", "none, wide")
compare("dot", "SE", "none")
compare("scale", "SK", "kernels only")
compare("scale", "SK", "none, wide")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask which lines you would print in a paper, and which in its appendix. Size is no explanation in the first, fifth and sixth line: the wide network has eight times the weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Choose the block, see where it looks

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
slot_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min.** Solid box: where the answer is to be seen. Dashed: where it is asked. Start with dot and CBAM: pieces of the ring of lesson 7, at its distance from the dot. Then dot and Non-local: it looks at some digit, over all test pictures at the right one in a third of them, in the three shown here, by luck, each time. Then twin and Non-local: the white digit's weights lie on its twin. For blocks without a map of their own the evidence is shown: what each cell adds to the given answer, exact for this read-out (a class activation map, [@zhou2016], as we recall it; check the paper); in "twin" only the asked cells can add anything.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Evidence:** how much each cell adds to the score of the answer given (a class activation map, [@zhou2016], as we recall it; check the paper). In the text of this explorer ± is the standard deviation over the seeds; in the table above it is the standard error, which is smaller.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where it looks, in numbers
#
# How often the peak of a map lies on the answer; mean ± standard deviation over the seeds.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
for name, block in (("twin", "Non-local"), ("plain", "Non-local"), ("dot", "Non-local"), ("dot", "CBAM")):
    print(f"{name:6} {block:10} its own map {results.spread(block, f'map hit, {name}', 2)}")
for block in ("none", "CBAM"):
    print(f"dot    {block:10} evidence    {results.spread(block, 'evidence hit, dot', 2)}")
print("CBAM's gate most open on the digit to be read:", results.spread("CBAM", "gate favours, dot", 2))

# %% slideshow={"slide_type": "skip"}
covered = experiment.inside(job("dot", 200, "test", seed=7).evidence, 12).flatten(1)  # (200, 144)
print(f"a peak anywhere lies on the digit in {(covered >= 0.5).double().mean():.3f} of the pictures")

# %% [markdown] slideshow={"slide_type": "-"}
# Weights that **mix** point at their source; a **gate** lets pass and need not point. Choose the measure from what the mechanism does.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Chance: a peak anywhere lies on the digit in 0.047 of the pictures. CBAM's gate misses the pointing game and, but for the seed in which it failed, is nearly always most open on the right one of three digits; its evidence is on the digit. As in lesson 7, one gate and two measures with opposite verdicts.

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the table does not show
#
# - **Toy pictures.** Each job was built so that one thing is lacking. Real failures are mixed.
# - **Inks.** Channels that belong to colours are a gift to every channel gate. Lesson 6's channels did not, and SE did worse there.
# - **A frozen trunk, a linear read-out.** They make the proofs hold. A ReLU behind the slot lets an addition mute; a trunk that learns may find the cue by itself.
# - **One learning rate, one size.** Another rate may turn the order of near neighbours.
# - **Five seeds.** A difference below two of its standard errors is no finding. Not found is not absent.
#
# **Which row would you build next, to prove us wrong?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let the room add to the list: no positions in Non-local, no block twice, no combination. The last question is exercise 7.

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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The table is complete
#
# One equation, seven lessons: $y_i = \sum_j \frac{\kappa(q_i, k_j)}{Z_i}\, v_j$
#
# <!-- unified table, for a slide: lessons 1 to 4 -->
#
# | | query | key | value | weights $A$ |
# |---|---|---|---|---|
# | 1a average pooling | none | none | $x_j$ | uniform |
# | 1b max pooling | none | $x_j$, itself | $x_j$ | one-hot |
# | 2 Nadaraya–Watson | $x$ | $x_i$ | $y_i$ | dense |
# | 3 with a parameter | $w\,x$ | $w\,x_i$ | $y_i$ | dense |
# | 4a branch (SK) | $\mathrm{ReLU}(W z)$ | learned $k_{b,c}$ | $U_{b,c}$ | dense |
# | 4b temporal | $q$, learned or given | $k_t$ | $x_t$ | dense |
# | 4c Inception | none | none | branch outputs | *no attention* |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** Let each student pick a row and say its query, key and value aloud, without looking.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … from lesson 5 on
#
# <!-- unified table, for a slide: lessons 5 to 7 -->
#
# | | query | key | value | weights $A$ |
# |---|---|---|---|---|
# | 5 SE | $\mathrm{ReLU}(W_1 z)$ | rows of $W_2$ | $u_c$ | diagonal |
# | 6a non-local means | patch at $i$ | patch at $j$ | pixel $v_j$ | dense |
# | 6b Non-local | $\theta(x_i)$ | $\phi(x_j)$ | $g(x_j)$ | dense |
# | 6c global context | one $w$ for all | $x_j$ | $x_j$ | rank one |
# | 7a CBAM, channel | mean, max via $W_0$ | rows of $W_1$ | $F_c$ | diagonal |
# | 7b CBAM, spatial | none: one filter $f$ | 7×7 of mean, max | $F'(:, i)$ | diagonal |
#
# Read it by the shape of $A$: **dense** rows move information (Nadaraya–Watson, Non-local), a **diagonal** rescales it (SE, CBAM), a softmax over branches chooses (SK).

# %% [markdown] slideshow={"slide_type": "skip"}
# With every column, and where each row was met and is computed:
#
# <!-- unified table -->
#
# | | query | key | value | weight before normalising | normaliser | learned | weights $A$ | mixes or gates | in the library |
# |---|---|---|---|---|---|---|---|---|---|
# | [**1a average pooling**](01_cues.ipynb#Pooling-is-attention-without-a-query) | none | none | $x_j$ | 1 | $N$ | nothing | uniform, 1 × places | mixes | [`soft_pool`](../src/visual_attention/pooling.py) |
# | [**1b max pooling**](01_cues.ipynb#Pooling-is-attention-without-a-query) | none | $x_j$, itself | $x_j$ | $e^{\beta x_j}$, $\beta \to \infty$ | their sum | nothing | one-hot, 1 × places | mixes | [`soft_pool`](../src/visual_attention/pooling.py) |
# | [**2 Nadaraya–Watson**](02_kernel_regression.ipynb#Better:-listen-to-those-who-are-close) | $x$ | $x_i$ | $y_i$ | $e^{-(x - x_i)^2 / 2\sigma^2}$ | their sum | nothing | dense, queries × keys | mixes | [`attention_weights`](../src/visual_attention/pooling.py), [`nadaraya_watson`](../src/visual_attention/pooling.py) |
# | [**3 with a parameter**](03_learned_attention.ipynb#One-parameter) | $w\,x$ | $w\,x_i$ | $y_i$ | $e^{-w^2 (x - x_i)^2 / 2}$ | their sum | one scalar $w$ | dense, queries × keys | mixes | [`LearnedKernelRegression`](../src/visual_attention/regression.py) |
# | [**4a branch (SK)**](04_map.ipynb#Make-it-attention:-the-selective-kernel) | $\mathrm{ReLU}(W z)$ | learned $k_{b,c}$ | $U_{b,c}$ | $e^{k_{b,c} \cdot q}$ | their sum | $W$, keys | dense, 1 × branches, for each channel | mixes | [`SelectiveKernel`](../src/visual_attention/blocks/selective_kernel.py) |
# | [**4b temporal**](04_map.ipynb#Temporal-attention:-the-same-sum-over-frames) | $q$, learned or given | $k_t$ | $x_t$ | $e^{q \cdot k_t}$ | their sum | $q$, or two layers | dense, 1 × frames | mixes | [`TemporalAttention`](../src/visual_attention/blocks/temporal.py) |
# | [**4c Inception**](04_map.ipynb#Several-receptive-fields-at-once:-Inception) | none | none | branch outputs | 1 | none | branches | *no attention* | neither | none |
# | [**5 SE**](05_squeeze_excitation.ipynb#Squeeze,-excite,-scale) | $\mathrm{ReLU}(W_1 z)$ | rows of $W_2$ | $u_c$ | $\sigma(k_c \cdot q)$ | none | $2C^2/r$ | diagonal, channels × channels | gates | [`SqueezeExcitation`](../src/visual_attention/blocks/squeeze_excitation.py) |
# | [**6a non-local means**](06_non_local.ipynb#Three-filters,-one-equation) | patch at $i$ | patch at $j$ | pixel $v_j$ | $e^{-d_{ij}^2 / h^2}$ | their sum | nothing | dense, pixels × pixels | mixes | [`non_local_means`](../src/visual_attention/denoising.py), [`non_local_weights`](../src/visual_attention/denoising.py) |
# | [**6b Non-local**](06_non_local.ipynb#Four-ways-to-match) | $\theta(x_i)$ | $\phi(x_j)$ | $g(x_j)$ | $e^{\theta \cdot \phi}$, $\theta \cdot \phi$, $\mathrm{ReLU}(a_i + b_j)$ | sum, $N$, $N$ | $2C^2$ | dense, places × places | mixes | [`NonLocalBlock`](../src/visual_attention/blocks/non_local.py) |
# | [**6c global context**](06_non_local.ipynb#What-if-the-query-does-not-matter?) | one $w$ for all | $x_j$ | $x_j$ | $e^{w \cdot x_j}$ | their sum | $w$, transform | rank one, places × places | mixes | [`GlobalContext`](../src/visual_attention/twins.py) |
# | [**7a CBAM, channel**](07_cbam.ipynb#The-channel-gate) | mean, max via $W_0$ | rows of $W_1$ | $F_c$ | $\sigma(k_c \cdot q)$ | none | $2C^2/r$ | diagonal, channels × channels | gates | [`ChannelAttention`](../src/visual_attention/blocks/cbam.py) |
# | [**7b CBAM, spatial**](07_cbam.ipynb#The-spatial-gate) | none: one filter $f$ | 7×7 of mean, max | $F'(:, i)$ | $\sigma(f \cdot k_i)$ | none | 98 | diagonal, places × places | gates | [`SpatialAttention`](../src/visual_attention/blocks/cbam.py) |

# %% slideshow={"slide_type": "skip"}
gate = SpatialAttention(norm=False)
print("weights of one spatial gate:", sum(weight.numel() for weight in gate.parameters()))

# %% [markdown] slideshow={"slide_type": "skip"}
# Biases are left out. The rows of lessons 1 to 3 and non-local means (6a) take their values from data, the others from features of a network; in lesson 5 and in both rows of lesson 7 the sum has one term, because $A$ is diagonal.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** The question of lesson 1 comes back: which rows, on this slide and the one before, have no query at all?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Three questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.quiz import Question, Quiz

Quiz(
    Question(
        "What a place should answer is written at another place of the picture. Which block can bring it there?",
        {
            "A channel gate, for its squeeze sees the whole picture.": "It sees one mean for each channel and gives every place the same factor: it can say that something is there, not carry what a certain place says.",
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
# - On paper first: without positions no "beside"; one number a place chooses no channel; one message answers one question.
# - In the table: Non-local, CBAM and SK are at the top of the row they were made for; **SE is not**, because SK contains a channel gate and more.
# - A gate cures more than its own job; a control of more weights cures the job that needs only a filter.
# - Weights, multiply-adds and time are three different prices.
#
# **The course in one sentence:** *attention is a weighted average, or a gate, whose weights depend on how well a query matches the keys; dense weights move information, diagonal ones rescale it, and which of them you need is written in the failure.*

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Then back to the first slide: a new job lands on your desk. What is your first question? Not "which block", but "what can a cell not see?"

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What to read next
#
# - **ECA** [@wang2020]: is SE's bottleneck needed? Half of its gain without a weight.
# - **GCNet** [@cao2019]: trained Non-local maps are nearly the same for every query; one map for all is cheaper.
# - **ViT** [@dosovitskiy2021]: nothing but attention, on patches; as we recall it, with positions added (check the paper).
# - **FlashAttention** [@dao2022]: the same weights without the table in memory; as we recall it (check the paper).
# - ***Is attention better than matrix decomposition?*** [@geng2021]: global context without any attention weights; as we recall it (check the paper).
#
# **The next question is yours:** [exercise 7](exercises/08_capstone.ipynb) asks for a sixth job.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, ½ min.** Two of the five contest what this course taught, on purpose. For each ask: which column of our table would it be, and which row would it need?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **Our own table, first.** The jobs were chosen by the people who wrote the blocks' lessons. The learning rate was chosen on other seeds than the stored ones, once for all blocks; at that time a larger one suited SE better at *frame* and CBAM worse at *dot*. The scaling by $1/\sqrt d$ in Non-local's exponent is not in its paper ([@wang2018]); lesson 6 measured what it is worth, and here it is kept. SK is used with one filter a channel, where its paper has 32 groups ([@li2019]).
# - **"Attention helps"** needs a control of the same size. Ours has more weights than any block and cures *scale* alone.
# - **Where it looks** is not why it answers: a gate may be open on empty paper at no cost. See lesson 7.
# - **Comparisons in papers** rarely have equal budgets, seeds and tuning. SE's own ablations ([@hu2018]), ECA's ([@wang2020]) and CBAM's tables ([@woo2018]) have one run a row.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# <!-- references -->
#
# **Now you:** [exercises of this lesson](exercises/08_capstone.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
