# ---
# jupyter:
#   lesson:
#     afterwards you can: tell the two cues apart, and compute weights and what they let through
#     you move: intent and saliency on a desk; a search in a crowd; the knob between two poolings
#     stress: [voluntary, rewarded, looked at before, look for, there, sum, none, times value, where, keys are marks, closeness, suíyì, william james, surprise as saliency]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 1 · Cues: what attention is
#
# There is more in front of your eyes than you can see. Something decides what gets through. **What decides: the thing, or you?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let them take sides, and leave it open: the next two slides answer. The picture is the one equation of this course, a weighted average; what changes from lesson to lesson is who sets the weights. No networks today and nothing is trained. The aim: to be able to say what a query, a key and a value are, and which of the three one's favourite pooling layer lacks.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. tell a volitional from a non-volitional cue, and say what query, key and value have to do with them ([Two cues](#Two-cues), [Three names](#Three-names));
# 2. compute attention weights and what they let through, by hand and as one `softmax` ([By hand: a cup, a book, a sheet of paper](#By-hand:-a-cup,-a-book,-a-sheet-of-paper), [The same as one expression](#The-same-as-one-expression));
# 3. read a heat map of weights, row by row ([Weights as a table](#Weights-as-a-table));
# 4. explain why one odd feature pops out of any crowd and a pair of features does not, and what a query changes ([Saliency as surprise, by hand](#Saliency-as-surprise,-by-hand), [Does the target get lost in the crowd?](#Does-the-target-get-lost-in-the-crowd?));
# 5. write average and max pooling as attention without a query, and name the knob between them ([Pooling is attention without a query](#Pooling-is-attention-without-a-query), [One knob between average and max](#One-knob-between-average-and-max)).
#
# What decides, the thing or you? Both do. The lesson turns the two answers into numbers, and the numbers into the one equation of this course: a weighted average.
#
# You need a little PyTorch (tensors, broadcasting). Time: 39 minutes in a lecture, about two hours and a half alone with the [exercises](exercises/01_cues.ipynb).

# %% slideshow={"slide_type": "skip"}
import torch

from courseware.notebook.explorer import show
from courseware.notebook.table import Table
from visual_attention import soft_pool
from visual_attention.lessons.cues import figures
from visual_attention.lessons.cues.data import desk_scene, edge_map, search_display
from visual_attention.lessons.cues.explorers import desk_explorer, pool_explorer, search_explorer
from visual_attention.lessons.cues.model import cue_weights, surprise

scene = desk_scene()  # five things on a desk, each with its cues: a toy with numbers chosen by hand

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.mixture(torch.tensor([0.05, 0.1, 0.55, 0.1, 0.2])),
    "Five discs of different colours, what is there; a line leads from each, the thicker the larger its weight, to one disc in the mixed colour: what gets through.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Look at this desk
#
# **What did you see first?** And now, quickly: what is there to read?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.desk(scene.names),
    "A desk with a newspaper, a sheet of paper, an open book, a notebook and, the only thing in a strong colour, a red cup.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Show it for two seconds, hide it, collect answers: we expect mostly the cup. Then ask the second question, and whether their eyes have moved to the book. The picture has not changed. What has?

# %% [markdown] slideshow={"slide_type": "skip"}
# The picture did not change between your two looks. What changed is what you wanted.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two cues
#
# | | the red cup | the book |
# |---|---|---|
# | why you looked | it stands out, whatever you want | you wanted to read |
# | the cue is called | **non-volitional** (*bù suíyì*, 不随意) | **volitional** (*suíyì*, 随意) |
# | also called | exogenous, bottom-up, saliency | endogenous, top-down, intent |
# | who decides | the thing | you |
#
# *Suíyì* (随意) is meant as in *suíyì jī* (随意肌), **voluntary** muscle: by your own will. It does not mean "random".

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Ask for more examples of each: a ringing phone, looking for your keys. (Your own name at a party comes on the next slide.) The note on *suíyì* matters: a machine translation of the notes behind this course says "random cue".

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An old pair, and a disputed one
#
# [@james1890]: attention is either *passive, reflex, non-voluntary, effortless*, or *active and voluntary*.†
#
# **Somebody at a party says your name, and you turn round. Which of the two is that?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# Neither. It is in your history: what you were **rewarded** for, or just **looked at before**, pulls your eyes too. [@awh2012] therefore call the two-way split "a failed theoretical dichotomy".†
#
# We keep the two cues because they become two terms of an equation, and remember that people are richer than the equation.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Hands up for "the thing" and for "you", then one reason from each side. Is the name in the thing? Then the person beside you would turn round as well. Is it your present wish? You were talking about something else.

# %% [markdown] slideshow={"slide_type": "skip"}
# It is not in the thing: the person beside you would turn round as well. It is not in your present wish: you were talking about something else.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Weights as a table
#
# A row for each thing we may **look for**, a column for each thing that is **there**. The simplest table $A$ there can be: whoever looks for the book sees the book, and nothing else. Each row sums to 1.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.weight_map(torch.eye(5), scene.names, scene.names, size=(10, 3.4)),
    "A five by five heat map, the identity matrix: ones on the diagonal, zeros everywhere else.",
)

# %% slideshow={"slide_type": "skip"}
redness = torch.tensor([0.1, 0.5, 0.9, 0.2, 0.1])  # a value for each thing: how red it is
seen = torch.eye(5) @ redness
print("the table times the values:", [round(v, 2) for v in seen.tolist()])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Read one row aloud: "looking for the notebook: 0, 0, 0, 1, 0". All heat maps of this course are read like that. The identity hands each value on unchanged; real attention is softer.

# %% [markdown] slideshow={"slide_type": "skip"}
# Read the map row by row: looking for the notebook, 0, 0, 0, 1, 0. All heat maps of this course are read like that. The identity hands each value on unchanged; real attention is softer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From two cues to one number, from numbers to weights
#
# Each thing gets a **score**: how much it stands out, plus how well it fits what we look for.
#
# $$\text{score}_i = \underbrace{a \cdot \text{saliency}_i}_{\text{non-volitional}} + \underbrace{b \cdot q \cdot k_i}_{\text{volitional}}$$
#
# A softmax turns scores into weights that are positive and sum to 1, and what we see is the weighted average of what is there:
#
# $$\alpha_i = \frac{\exp(\text{score}_i)}{\sum_j \exp(\text{score}_j)}, \qquad \text{percept} = \sum_i \alpha_i \, v_i$$
#
# A toy: the scores are ours, chosen by hand. The *form* is that of every attention layer.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Say what a and b are: how strong saliency is today, how strong the intent. Do not explain the softmax beyond "positive, sums to 1, larger score takes more": the hand example does the rest.

# %% [markdown] slideshow={"slide_type": "skip"}
# $a$ says how strong saliency is today, $b$ how strong the intent.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: a cup, a book, a sheet of paper
#
# How much each thing stands out (its saliency): cup 2, book 0, paper 0. Looking for something to read adds 3 to the book. The value, how red a thing is: 0.9, 0.1, 0.5.
#
# **Predict:** which part of the attention does the cup get, without the wish and with it? And how red is what we see?

# %% [markdown] slideshow={"slide_type": "fragment"}
# | | value | score | exp | weight | score, reading | exp | weight |
# |---|---|---|---|---|---|---|---|
# | cup | 0.9 | 2 | 7.389 | **0.787** | 2 | 7.389 | 0.259 |
# | book | 0.1 | 0 | 1 | 0.107 | 3 | 20.086 | **0.705** |
# | paper | 0.5 | 0 | 1 | 0.107 | 0 | 1 | 0.035 |
# | **sum** | | | **9.389** | **1** | | **28.475** | **1** |
# | **how red is what we see** | | | | **0.772** | | | **0.322** |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Hands up first: more than half, or less? Then do the first weight together, and show the rest. The wish to read has taken the red out of the picture. Point out that the cup's score never changed: its weight fell because the book's rose. The weights compete for one unit.

# %% [markdown] slideshow={"slide_type": "skip"}
# The wish to read has taken the red out of what we see, and yet the cup's score is what it was. Its weight fell because the book's rose: the weights compete for one unit.

# %% slideshow={"slide_type": "skip"}
import math

for scores in ((2.0, 0.0, 0.0), (2.0, 3.0, 0.0)):  # cup, book, paper: without and with the wish to read
    powers = [math.exp(score) for score in scores]
    shares = [f"{power:.3f} of {sum(powers):.3f} is {power / sum(powers):.3f}" for power in powers]
    print("; ".join(shares))
print("values of cup, book, paper:", [0.9, 0.1, 0.5])

# %% [markdown] slideshow={"slide_type": "skip"}
# ## The same as a loop

# %% slideshow={"slide_type": "skip"}
from math import exp

saliency, fit, value = [2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.9, 0.1, 0.5]
for intent in (0.0, 3.0):
    power = [exp(s + intent * k) for s, k in zip(saliency, fit)]
    percept = 0.0
    for name, p, v in zip(("cup", "book", "paper"), power, value):
        weight = p / sum(power)
        percept += weight * v
        print(f"  {name:5} weight {weight:.3f}, adds {weight * v:.3f}")
    print(f"intent {intent:g}: how red is what we see? {percept:.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as one expression
#
# An exponential over a sum of exponentials is a **softmax**. Cup, book and paper again, with the wish to read:

# %% slideshow={"slide_type": "-"} tags=["show-code"]
s = torch.tensor([2.0, 0.0, 0.0])        # saliency
k = torch.tensor([[0.0], [1.0], [0.0]])  # keys, (3, 1): how readable a thing is
v = torch.tensor([0.9, 0.1, 0.5])        # values: how red it is
q = torch.tensor([1.0])                  # the query: "something to read"

weights = torch.softmax(1.0 * s + 3.0 * (k @ q), dim=0)
print("weights:", [round(w, 3) for w in weights.tolist()])
print(f"how red is what we see? {weights @ v:.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The same weights as on the board, in one line of code. From here on, only the numbers that go into it change: in lesson 2 they are distances, in lesson 6 learned features of a picture.

# %% [markdown] slideshow={"slide_type": "skip"}
# The same as the tested function, which the rest of the lesson calls:

# %% slideshow={"slide_type": "skip"}
by_function = cue_weights(s, k, q, saliency_strength=1.0, intent_strength=3.0)
assert torch.allclose(by_function, weights)
print("the tested implementation agrees")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where does each wish look?
#
# The whole desk, saliency 3, intent 5, and three wishes: nothing, a drink, something to read. **Predict:** which rows have their peak at the red cup?

# %% slideshow={"slide_type": "skip"}
rows = [
    cue_weights(scene.saliency, scene.keys, query, saliency_strength=3, intent_strength=5)
    for query in scene.queries.values()
]
table = torch.stack(rows)
print("rows sum to", [round(total, 6) for total in table.sum(dim=1).tolist()])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.weight_map(table, tuple(scene.queries), scene.names, size=(10, 3)),
    "Heat map of three queries over five things: nothing and a drink look at the red cup, something to read at the book.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two rows peak at the cup, for two reasons: one because it is red, one because it holds coffee. From the weights alone you cannot tell which. Keep that for the trap near the end.

# %% [markdown] slideshow={"slide_type": "skip"}
# Two rows peak at the cup, for two reasons: once because it is red, once because it holds coffee. From the weights alone you cannot tell which.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What do you see on the desk?
#
# Choose a wish, then move the strengths. **Predict** both ends: no saliency and no intent?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
desk_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min, the heart of the lesson.** (1) Nothing: the cup wins; saliency to 8, then to 0: everything blends alike. (2) Saliency back to 3, something to read: the book. (3) With that wish, lower the intent until the cup wins again: between which two stops is the tie? (4) Both at 8, then both at 1: same ratio, softer weights. The percept is the actual average of the five pictures, pixel by pixel.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try, in this order:* wish for nothing, and take the saliency to 8 and then to 0. Back to saliency 3, and wish for something to read. With that wish, lower the intent until the cup wins again: between which two stops is the tie? Last, both at 8, then both at 1: the ratio is the same, the weights are softer. What you see is the average of the five pictures, pixel by pixel.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three names
#
# | on the desk | name | question it answers |
# |---|---|---|
# | what we look for | **query** $q$: the volitional cue | what do I want? |
# | what a thing has to offer, how it stands out | **key** $k_i$: the non-volitional cue | what is here to be found? |
# | its picture | **value** $v_i$: the sensory input | what gets through if I look? |
#
# **Predict:** we change a thing's picture and keep its key. Which weights change?

# %% [markdown] slideshow={"slide_type": "fragment"}
# None. Query and key make the weights, the value is what they let through: of key and value, only the **key** is a cue.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The source slides bracket key and value together under "non-volitional cue". Why is that wrong? Which of the two enters the softmax?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Saliency is a part of the key
#
# The score has two terms, attention layers have one dot product. It is the same thing: put the saliency into the key, and a constant into the query that always asks for it.
#
# $$a \cdot \text{saliency}_i + b \cdot q \cdot k_i = (a, \; b\,q) \cdot (\text{saliency}_i, \; k_i)$$

# %% slideshow={"slide_type": "-"} tags=["show-code"]
query = scene.queries["something to read"]
longer_query = torch.cat([torch.tensor([3.0]), 5.0 * query])           # (3,)
longer_keys = torch.cat([scene.saliency[:, None], scene.keys], dim=1)  # (5, 3)

one_dot_product = torch.softmax(longer_keys @ longer_query, dim=0)
for name, weight in zip(scene.names, one_dot_product.tolist()):
    print(f"{name:9} {weight:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The printed weights are the last row of the table of wishes. A dot product of query and key can hold both cues. In lesson 6 we take a trained one apart into these two terms again, and one of them turns out to do most of the work. Let the room bet which.

# %% [markdown] slideshow={"slide_type": "skip"}
# The printed weights are the last row of the table of wishes: one dot product of query and key can hold both cues.

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(one_dot_product, table[2])
print("one dot product gives the weights of the table's third row")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Find the red upright bar

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
easy, hard = search_display(24, "feature", seed=5), search_display(24, "conjunction", seed=11)
show(
    figures.search_displays(
        ((easy.features, easy.places), (hard.features, hard.places)),
        ("A: all others are green", "B: some others are red, some upright"),
    ),
    "Two displays of 24 bars: in A one red bar among green ones; in B one red upright bar among red tilted and green upright ones.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** with 64 bars instead of 24, which search gets slower?

# %% [markdown] slideshow={"slide_type": "fragment"}
# B. In A one feature tells, and the bar pops out: a *feature* search, hardly slower with more bars.† In B only the pair tells: a *conjunction* search, slower with each bar.† ([@treisman1980])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Where is it in A, where in B? In which display were you faster? Then the prediction. In B, red alone or upright alone does not tell. [@treisman1980] measured the times.†

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Saliency as surprise, by hand
#
# Give each feature the saliency $-\log(\text{share of items that have it})$: what few have is surprising. Add up colour and posture. Then $\exp(\text{saliency})$ is one over the product of the shares.
#
# - Feature search: 1 bar is red and upright, 3 are green and upright.
# - Conjunction search: 1 is red and upright, 2 are red and tilted, 2 green and upright.
#
# **Predict:** which weight does the red upright bar get in each?

# %% [markdown] slideshow={"slide_type": "fragment"}
# | | how many | share: colour, posture | exp(saliency) | weight of one |
# |---|---|---|---|---|
# | **feature:** red, upright | 1 of 4 | ¼, 1 | 4 | **1/2** |
# | green, upright | 3 of 4 | ¾, 1 | 4/3 | 1/6 |
# | **conjunction:** red, upright | 1 of 5 | ⅗, ⅗ | 25/9 | **1/7** |
# | red, tilted | 2 of 5 | ⅗, ⅖ | 25/6 | 3/14 |
# | green, upright | 2 of 5 | ⅖, ⅗ | 25/6 | 3/14 |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min, in pairs.** One half of the room does the first search, the other the second; two minutes, then the table. Check the first pair: 4 / (4 + 3 · 4/3) = 1/2. The odd one and the whole crowd share alike, however large the crowd. In the conjunction the target is even *less* surprising than the others: it has a red twin and an upright twin everywhere.

# %% [markdown] slideshow={"slide_type": "skip"}
# The odd one and the whole crowd share alike, however large the crowd: 4 / (4 + 3 · 4/3) = 1/2. In the conjunction the target is even *less* surprising than the others: it has a red twin and an upright twin everywhere.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Surprise in one expression
#
# Who is like whom is one comparison, the share a mean:

# %% slideshow={"slide_type": "skip"}
features = search_display(5, "conjunction").features      # (5, 2): colour, posture
alike = features[:, None, :] == features[None, :, :]      # (5, 5, 2)
share = alike.double().mean(dim=1)                        # (5, 2)
saliency = -share.log().sum(dim=1)                        # (5,)
assert torch.allclose(saliency, surprise(features))       # the tested function

weights = torch.softmax(saliency, dim=0)
names = ["red, upright", "red, tilted", "green, upright"]
for name, w in zip(names, weights.tolist()):
    print(f"{name:15} {w:.4f}")
print(f"by hand: 1/7 = {1 / 7:.4f}, 3/14 = {3 / 14:.4f}")

# %% slideshow={"slide_type": "skip"}
from fractions import Fraction

power = saliency.exp().tolist()
print("exp(saliency):", ", ".join(str(Fraction(p).limit_denominator(100)) for p in power))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does the target get lost in the crowd?
#
# Alone, the red upright bar got 1/2 of the attention in the feature search, and 1/7 in the conjunction search. **Predict:** and among 64 bars? And if we ask for red *and* upright?

# %% slideshow={"slide_type": "fragment"}
query = torch.tensor([1.0, 0, 1, 0], dtype=torch.float64)  # (red, green, upright, tilted)
rows = []
for n in (4, 16, 64):
    row = [f"{n}"]
    for search in ("feature", "conjunction"):
        d = search_display(n, search)
        alone = cue_weights(surprise(d.features), d.keys)[0]
        asked = cue_weights(surprise(d.features), d.keys, query, intent_strength=8)[0]
        row += [f"{alone:.3f}", f"{asked:.3f}"]
    rows.append(row)
Table(["number of bars N", "feature", "feature, asked for", "conjunction", "conjunction, asked for"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# By saliency alone: one half, whatever the size; and $1/(N + 2)$. The query mends it: it is the only thing here that knows *both* features.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Hands up for each of the two searches: up, down, or the same? Then the table. The 1/(N + 2) is derived under *Read critically*; the exercises have it for more features.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why the odd one pops out, and the pair does not.** In the feature search each of the other $N - 1$ bars shares its colour with $N - 2$ more, so the larger the crowd, the less surprising it is; the odd one shares its colour with nobody. In the conjunction search the target shares its colour with about half of the crowd and its posture with the rest: nothing about it is rare but the pair, and saliency adds up single features. Only the query asks for both. (The proof is in *Read critically*.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Find the odd one
#
# Add items. Then switch to *conjunction*. Then say what you look for.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
search_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Drag N to 64 in the feature search: the halo keeps its size. Conjunction: at N = 4 the lone green bar gets the most, because it *is* the odd one; then all halos shrink together. Now *red and upright*. State the limits: the model knows no places, no time and no effort; it explains a weight, not a reaction time.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* take N to 64 in the feature search, then in the conjunction. At N = 4 the lone green bar gets the most there, because it *is* the odd one. Then ask for *red and upright*. The model knows no places, no time and no effort: it explains a weight, not a reaction time.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Pooling is attention without a query
#
# Four activations $x = (1, 3, 2, 0)$. Write each pooling as a weighted average, $\sum_j \alpha_j x_j$. **Predict** the weights of average pooling, and those of max pooling.

# %% [markdown] slideshow={"slide_type": "fragment"}
# | | weights $\alpha$ | result | cue |
# |---|---|---|---|
# | average | ¼, ¼, ¼, ¼ | 1.5 | **none**: the content does not matter |
# | max | 0, 1, 0, 0 | 3 | **saliency**: the key is the activation itself, the winner takes all |
#
# And between them **soft pooling**, with $\beta$ for the strength of saliency: $\alpha = \operatorname{softmax}(\beta x)$.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let the room fill in the weights before you show them. Expect (1, 3, 2, 0)/6 for max as well: "in proportion to the values". That gives 2.33 and is neither of the two.

# %% slideshow={"slide_type": "skip"}
x = torch.tensor([1.0, 3.0, 2.0, 0.0])
print(f"average {x.mean():.1f}, maximum {x.max():.0f}, in proportion to the values {x / x.sum() @ x:.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One knob between average and max
#
# Soft pooling of the same $x = (1, 3, 2, 0)$, with $\alpha = \operatorname{softmax}(\beta x)$. **Predict:** which pooling is $\beta = 0$, and which a large negative $\beta$?

# %% slideshow={"slide_type": "fragment"}
x = torch.tensor([1.0, 3.0, 2.0, 0.0])
rows = []
for beta in (-10.0, 0.0, 0.5, 1.0, 2.0, 10.0):
    alpha = torch.softmax(beta * x, dim=0)
    rows.append([f"{beta:g}".replace("-", "−"), *(f"{w:.3f}" for w in alpha.tolist()), f"{alpha @ x:.3f}"])
Table(["β", "weight of 1", "weight of 3", "weight of 2", "weight of 0", "pooled"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# $\beta = 0$ is the average, not the minimum; the minimum is at $\beta \to -\infty$.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Hands up for "the minimum" at β = 0. β is the saliency strength of the desk. It comes back in lesson 2 as one over the width squared, and in lesson 3 under all its five names.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Trap: the formula as printed, at β = 1000
#
# The same $x$, and $\exp(1000 \cdot 3)$ is larger than any floating-point number. **Predict:** what does the formula give?

# %% slideshow={"slide_type": "fragment"} tags=["show-code"]
power = torch.exp(1000 * x)
print(f"as printed:      {power / power.sum() @ x:.4f}")

power = torch.exp(1000 * x - (1000 * x).max())
print(f"largest first:   {power / power.sum() @ x:.4f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Taking the largest exponent off every exponent changes no weight (it cancels, above and below) and lets no power exceed 1. `torch.softmax` and our `soft_pool` do it inside.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** inf / inf is nan. The same subtraction saves every softmax of this course.

# %% slideshow={"slide_type": "skip"}
for beta in (0.0, 1000.0, float("inf")):
    print(f"soft_pool, beta = {beta:6g}: {soft_pool(x, beta, dim=0).item():.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which places does a pooling layer look at?
#
# A photograph, and how strong the edges are in each of 16 × 24 cells. Drag $\beta$.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
pool_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** β = 0: every cell has the same say, sky included. About 5: the edges of the roof and of the trees. 1000: one single cell, the tip. Ask: who told it to look at the tip? Nobody. There is no query: the strongest edge wins in every photograph, whatever we want to know about it.

# %% [markdown] slideshow={"slide_type": "skip"}
# At β = 1000 one single cell is left, the tip of the roof. Nobody told the layer to look there. There is no query: the strongest edge wins in every photograph, whatever we want to know about it.

# %% [markdown] slideshow={"slide_type": "skip"}
# The end points, checked on the map itself:

# %% slideshow={"slide_type": "skip"}
edges = edge_map("china")  # (16, 24)
assert torch.isclose(soft_pool(edges, 0.0, dim=(0, 1)), edges.mean())
assert soft_pool(edges, float("inf"), dim=(0, 1)) == edges.max()
by_loop = sum(w * e for w, e in zip(torch.softmax(5 * edges.flatten(), 0).tolist(), edges.flatten().tolist()))
print(f"mean {edges.mean():.3f}, beta 5 by a loop {by_loop:.3f}, maximum {edges.max():.3f}")
assert abs(by_loop - soft_pool(edges, 5.0, dim=(0, 1)).item()) < 1e-12

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read it.** "As if … cells voted" is $1/\sum_j \alpha_j^2$: the number of cells when all weights are equal, and 1 when one cell takes it all.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Do the weights see the input?
#
# How much does each input count? For the three layers here, the derivative says it. **Predict:** the first input grows from 1 to 4. Whose weights move?

# %% slideshow={"slide_type": "fragment"}
learned = torch.tensor([0.5, -0.3, 1.2, 0.1])
layers = {
    "average pooling": lambda x: x.mean(),
    "max pooling": lambda x: x.amax(),
    "fully connected": lambda x: learned @ x,  # or one place of a convolution
}
rows = []
for name, layer in layers.items():
    row = [name]
    for x in (torch.tensor([1.0, 3.0, 2.0, 0.0]), torch.tensor([4.0, 3.0, 2.0, 0.0])):
        weights = torch.autograd.functional.jacobian(layer, x)
        row.append(", ".join(f"{w:.2g}" for w in weights.tolist()).replace("-", "−"))
    rows.append(row)
Table(["", "weights at (1, 3, 2, 0)", "weights at (4, 3, 2, 0)"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Average: no cue. Max: a **saliency** cue. Fully connected: learned, and then fixed. What all three lack is a **query**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Vote layer by layer. The source slides call all of these "non-volitional cues in networks". That is too coarse: only max looks at the content at all. If somebody says "convolution is attention": at test time its weights do not depend on the picture.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Only where the weights stay as they are.** The weights of an average and of a learned layer never move, and those of the maximum do not move as long as the same input is the largest. There the derivative is the weight. In soft pooling, and in attention in general, the weights move with the input, and the derivative has a second term: $\partial y / \partial x_j = \alpha_j + \beta\,\alpha_j (x_j - y)$. It can even be negative:

# %% slideshow={"slide_type": "skip"}
x = torch.tensor([1.0, 3.0, 2.0, 0.0])
alpha = torch.softmax(x, dim=0)  # beta = 1
slope = torch.autograd.functional.jacobian(lambda x: soft_pool(x, 1.0, dim=0), x)
assert torch.allclose(slope, alpha + alpha * (x - alpha @ x))
print("weights:    ", [round(a, 3) for a in alpha.tolist()])
print("derivatives:", [round(s, 3) for s in slope.tolist()])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Trap: a large weight is not an explanation
#
# Three things, A, B and C, with the weights 0.70, 0.10 and 0.20, and the values 0, 10 and 1. What arrives is weight **times value**. **Predict:** which of them contributes most?

# %% slideshow={"slide_type": "fragment"}
weight = torch.tensor([0.70, 0.10, 0.20])
value = torch.tensor([0.0, 10.0, 1.0])
rows = [
    [name, f"{w:.2f}", f"{v:g}", f"{w * v:.2f}"] for name, w, v in zip("ABC", weight.tolist(), value.tolist())
]
Table(["", "weight", "value", "contributes"], [*rows, ["sum", f"{weight.sum():.2f}", "", f"{weight @ value:.2f}"]], winners=[1])

# %% [markdown] slideshow={"slide_type": "fragment"}
# The thing that got 70 % of the attention contributed nothing. A heat map of weights says **where** a layer looked; not what it saw there, and not why it looked.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The desk had both failures: "nothing" and "a drink" gave the same peak for different reasons. Remember this when lesson 6 and 7 show pretty maps.

# %% [markdown] slideshow={"slide_type": "skip"}
# The desk had the other failure: "nothing" and "a drink" gave the same peak for different reasons.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it cannot do
#
# - **Every number was chosen by us:** saliencies, keys, strengths. Nothing was measured and nothing was learned.
# - **Keys are marks** that we handed out ("red", "readable"), and more is always better. Nothing fits *nearly*, because nothing lies at a distance.
# - **Places play no part.** Move the things about and nothing changes.
#
# ### Next question
#
# Suppose keys are numbers on a scale and the query is another number: how does one weigh by **closeness**? That was solved in 1964, for drawing a curve through noisy points: **lesson 2**.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Leave them with the picture of fifty noisy points and one question mark between them: who should have a say, and how much?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "You look for something to read, and your eyes go to the book and not to the red cup. What is your wish: query, key or value?",
        {
            "the query": "It is the volitional cue: it belongs to you and not to any of the things.",
            "the key": "A key is what a thing has to offer: how it stands out, whether it can be read. The wish is not in the thing.",
            "the value": "The value is what gets through once the weights are there: the picture of the thing.",
        },
        right="a",
    ),
    Question(
        "One red bar among green ones, saliency by surprise, no query. The crowd grows from 16 bars to 64. What happens to the weight of the red bar?",
        {
            "It falls, because it has to share with more bars.": "So it is in a conjunction. Here each green bar is less surprising the more of them there are.",
            "It stays one half.": "exp(saliency) is N for the red bar and N/(N − 1) for each of the N − 1 others: two equal sums, whatever N is.",
            "It grows towards 1.": "It does get more surprising, but there are also more of the others; together they keep their half.",
        },
        right="b",
    ),
    Question(
        "Which β makes softmax(βx) the weights of average pooling?",
        {
            "β = 1": "The larger activations then count more already: 1, 3, 2, 0 are pooled to 2.49 and not to 1.5.",
            "β → −∞": "The smallest activation takes it all: that is the minimum.",
            "β = 0": "All scores are 0, all weights equal: the content does not matter.",
        },
        right="c",
    ),
    Question(
        "A heat map gives thing A a weight of 0.7. What follows?",
        {
            "A contributes most to the output.": "What arrives is weight times value. In the lesson the thing with the weight 0.7 had the value 0 and contributed nothing.",
            "The layer looked mostly at A; what came from there depends on the value of A.": "A weight says where, not what.",
            "A was what was looked for.": "It may just stand out. Saliency and intent can give the same map.",
        },
        right="b",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - Two cues: saliency (non-volitional, in the **key**) and intent (volitional, the **query**). The **value** is what gets through.
# - Attention: $\sum_i \alpha_i v_i$ with $\alpha = \operatorname{softmax}(\text{score})$: positive, sum 1, competing.
# - One odd feature keeps half of the attention in any crowd; a conjunction gets 1/(N + 2), until somebody asks.
# - Average pooling: no cue. Max pooling: saliency only. Between them: $\beta$.

# %% [markdown] slideshow={"slide_type": "fragment"}
# {{recap: 1a, 1b}}

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** These are the first two rows of a table that gets a row or two in every lesson; *A* is the table of weights, a row for each question. Let the room fill the columns in before you show them.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - ***Suíyì*** (随意) means *by will*, as in *suíyì jī* (随意肌), voluntary muscle. A machine-translated copy of the notes behind this course says "random cue" (ランダムな手がかり): the opposite of what is meant.
# - **Key and value are not both cues.** The [source slides](00_start_here.ipynb#If-you-study-alone) group "(key, value)" under the non-volitional cue. Only the key enters the weights; the value is the sensory input.
# - **"Non-volitional cues in neural networks"** is said there of convolution, fully connected layers and pooling alike. Average pooling uses no cue; max pooling uses saliency; the weights of the other two are learned and then the same for every input. What all four lack is a query.
# - **William James** ([@james1890, chapter XI]) is where the pair is usually traced to.† The source slides do not name him.
# - **The pair itself is disputed:** [@awh2012] argue that past selection and reward fit neither side.†
# - **The cup and the book**, and the words query, key and value for such a scene, are those of [@zhang2021, chapter on attention]. Later English editions have dropped the scene; the Chinese one keeps it.
# - **Surprise as saliency** is one choice of many; [@bruce2005] take it together with places.† It makes the pop-out exact and easy to prove; it ignores places, and people's search times are not weights. Take the mean difference from the others instead, at a strength of 3, and the odd one's weight sinks as the crowd grows (the second cell below).
#
# † as we recall it; check the paper.
#
# **Why one half, and why 1/(N + 2).** With saliency $-\log(\text{share})$ and strength 1, $\exp(\text{score})$ is 1 over the product of the shares. In a feature search only colour differs: the target has $N$, each of the $N - 1$ others $N/(N-1)$, so both sides sum to $N$. In a conjunction search with $a$ red tilted and $b$ green upright others ($a + b + 1 = N$) the numbers are $N^2$ times
#
# $$\frac{1}{(1+a)(1+b)}, \qquad \frac{1}{(1+a)\,a} \ (a \text{ times}), \qquad \frac{1}{b\,(1+b)} \ (b \text{ times}),$$
#
# which sum to $\frac{1 + (1+b) + (1+a)}{(1+a)(1+b)} = \frac{N+2}{(1+a)(1+b)}$. The target's part of it is $1/(N+2)$, however the others are split, as long as there are some of both kinds.

# %% slideshow={"slide_type": "skip"}
for n in range(4, 65):
    for search, expected in (("feature", 1 / 2), ("conjunction", 1 / (n + 2))):
        display = search_display(n, search)
        assert abs(cue_weights(surprise(display.features), display.keys)[0].item() - expected) < 1e-12
print("checked for every N from 4 to 64")

# %% slideshow={"slide_type": "skip"}
for n in (4, 16, 64):
    colour = search_display(n, "feature").features[:, 0]
    differs = (colour[:, None] != colour).double().sum(dim=1) / (n - 1)  # mean difference from the others
    weight = cue_weights(differs, torch.zeros(n, 1).double(), saliency_strength=3)[0]
    print(f"{n:2} items: mean difference as saliency gives the odd one {weight:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/01_cues.ipynb) · [next lesson](02_kernel_regression.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
