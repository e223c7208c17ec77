# ---
# jupyter:
#   lesson:
#     afterwards you can: look into a network that was trained on photographs, and say what its weights do not show
#     you move: a place on a photograph, or on your own picture
#     stress: [find, one of seven]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 9 · In real networks: places that look alike
#
# Digits and signs were small. **What happens to lesson 6 in a network that knows cats?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Hardly anything is trained today: one gate and a small head, near the end. A network that others have trained on a million photographs gives the keys; the equation is that of lesson 2.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. compute who looks like a place of a photograph, from deep features ([Who looks like this place?](#Who-looks-like-this-place?), [Three lines](#Three-lines));
# 2. read a measurement of a claim that a picture suggests, and say when it does not hold ([Is the twin found?](#Is-the-twin-found?));
# 3. show lesson 6's collapse in a real network, and say why dividing by $\sqrt{C}$ is not enough there ([The raw Gaussian, again](#The-raw-Gaussian,-again));
# 4. make a Grad-CAM in five lines, and say what it does not show ([Grad-CAM in five lines](#Grad-CAM-in-five-lines));
# 5. say what a gate made of the whole picture adds where a place sees too little, and name its controls ([A gate on the frozen network](#A-gate-on-the-frozen-network));
# 6. ask a picture of your own who looks like whom ([Your own picture](#Your-own-picture)).
#
# You need lessons 2 and 6; Grad-CAM is from lesson 7, the rule for a finding from lesson 4. Time: 42 minutes in a lecture, about two hours and a half alone with the [exercises](exercises/09_real_networks.ipynb).

# %% slideshow={"slide_type": "skip"}
import torch
from IPython.display import display

from courseware.notebook.explorer import show
from courseware.notebook.picture_input import PictureInput
from courseware.notebook.table import Table
from visual_attention.datasets import SCENES, own_picture, scene
from visual_attention.experiments import Difference, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.real_networks import experiment as cards
from visual_attention.lessons.real_networks import figures
from visual_attention.lessons.real_networks.data import CARDS, MIDDLE, greys
from visual_attention.lessons.real_networks.explorers import look_explorer
from visual_attention.lessons.real_networks.model import (
    MEASURES,
    chance,
    deep_keys,
    grad_cam,
    match,
    measured,
    voters,
)
from visual_attention.pretrained import class_name, prepared, trained_or_random
from visual_attention.training import accuracy

network, missing = trained_or_random()                        # or, without its weights, a random one and a sentence
if missing:
    print(missing)
pictures = {name: scene(name) for name in SCENES}             # (3, 448, 448) each

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.gallery(pictures),
    "Eight photographs: a cat, a cup of coffee, a palace, a dahlia, a rocket between two masts, coins, an astronaut, bricks.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# <small>Cat: Stéfan van der Walt, CC0 · cup: Rachel Michetti, CC0 · palace: danielbuechele, CC BY 2.0 · dahlia: vultilion, CC BY 2.0 · rocket: SpaceX, public domain · coins: Brooklyn Museum, no known copyright restrictions · astronaut: NASA, public domain · bricks: CC0Textures, CC0; all cropped, size changed. [Sources and licences](../NOTICE.md)</small>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does it say?
#
# EfficientNet-Lite0 [@tan2019]: 4.65 million weights, one of a thousand classes for each picture. **Predict:** on which of the eight is it wrong?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
with torch.no_grad():
    first = {name: network(prepared(p, 224)).softmax(dim=1)[0].max(dim=0) for name, p in pictures.items()}
Table(
    ("photograph", "first class", "probability"),
    [(name, class_name(int(best.indices)), f"{best.values:.1f}") for name, best in first.items()],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Five are right or nearly so: cat, espresso, bell tower or palace, daisy for a dahlia, missile for a rocket. There is no class "coin", "brick" or "astronaut": a softmax over a thousand names has to say one of them. The words are ours; the numbers are ImageNet's.

# %% [markdown] slideshow={"slide_type": "skip"}
# Names of the classes: no list came with a clear licence, so the few that are shown here are our own plain words for them. At 448 × 448 pixels the network is less sure than at 224, the size that it was trained at, and often says something else; its features, which we use from here on, are finer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Seven stages
#
# | stage | channels | places, of 448 × 448 pixels |
# |---|--:|--:|
# | 1, 2, 3 | 16, 24, 40 | 224 × 224, 112 × 112, 56 × 56 |
# | 4, 5 | 80, **112** | **28²** |
# | 6, 7 | 192, 320 | 14² |
#
# A place after stage 5 is a key with 112 numbers. Finer maps are averaged down to 28 × 28.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Lesson 6 once more: a pixel's colour, then its patch of 7 × 7 pixels in three colours, now 112 numbers that somebody's training found useful for telling cats from cups.

# %% slideshow={"slide_type": "skip"}
keys = deep_keys(pictures["cat"])
print([tuple(k.shape) for k in keys])

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: three keys
#
# $k_1 = (4, 1)$, $k_2 = (4, 3)$, $k_3 = (1, 2)$. Place 1 asks. **Predict:** by $q \cdot k$, does it like itself most? And by direction, after the mean key is taken off?

# %% [markdown] slideshow={"slide_type": "fragment"}
# | place | $k_1 \cdot k_j$ | $k_j - \mu$ | cosine with place 1 |
# |---|--:|---|--:|
# | 1 | 17 | (1, −1) | **1** |
# | 2 | **19** | (1, 1) | 0 |
# | 3 | 6 | (−2, 0) | −0.71 |
#
# Long keys win the product. Taking off the mean key and the length leaves the direction.

# %% slideshow={"slide_type": "skip"}
small = torch.tensor([[4.0, 1], [4, 3], [1, 2]])
centred = torch.nn.functional.normalize(small - small.mean(dim=0), dim=1)
print((small[0] @ small.T).tolist(), [round(c, 2) for c in (centred[0] @ centred.T).tolist()])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min, on the board.** The mean key is (3, 2). By the product, place 1 would listen to place 2 rather than to itself: lesson 6's "long keys win". By direction place 2 is unrelated (0), and place 3 points away (−0.71).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who looks like this place?
#
# $$\alpha_{ij} = \operatorname{softmax}_j\bigl(s \cdot 6 \cos(k_i - \mu,\; k_j - \mu)\bigr)$$
#
# - The **centred cosine** compares directions, after the mean key is off.
# - $s = 0$: the average of all; $s$ large: the nearest alone, which is the place itself. Lesson 2's width, once more.
# - $1 / \sum_j \alpha_{ij}^2$: as if so many places had a **vote**.
#
# Nothing here was trained for it.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Why 6? Cosines lie between −1 and 1; a softmax of them is nearly flat. The 6 is our choice, as every width is: the slider changes it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three lines

# %% slideshow={"slide_type": "-"} tags=["show-code"]
k = keys[4]                                                   # stage 5: (784, 112)
k = torch.nn.functional.normalize(k - k.mean(dim=0), dim=1)
weights = torch.softmax(6 * k @ k.T, dim=1)                   # (784, 784)

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(weights, match(keys[4]), atol=1e-6)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print(f"The left eye is place (column 9, row 10, counted from 0): as if {voters(weights[28 * 10 + 9]):.0f} of 784 places voted.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** The whole table of all places against all places is one matrix product. Ask where the diagonal is, and what stands on it: exp(6) over the sum of its row, the largest weight of the row.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Click a place
#
# **Find** the other eye. Then: a place whose friends are all over the picture, and one with none.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
look_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 6 min.** Left eye: the right eye. The nose is fainter. On the right, patches of pixels as in lesson 6, with an h that lets as many places vote: they find dark pupils too, and also the dark line of the nose. Then the palace and one end of a roof; the rocket and one mast; the cup's rim, where stage 5 finds no twin and pixels one of two. Move the stage from 1 to 7, then the scores from 0 to 16. Last, "raw Gaussian": keep it for two slides on.

# %% [markdown] slideshow={"slide_type": "skip"}
# The middle map is made of deep features, the right one of patches of 7 × 7 pixels of the photograph at 112 × 112: non-local means ([@buades2005]), the shallow end of the same idea. Its $h$ is set for every click so that as large a part of the picture votes as in the middle. Colours show the root of the weights, the darkest the strongest place but the query itself. "Scores ×" is the $s$ of the formula. The photograph is shown in 96 colours, which turns the cat's green eyes brown; all weights are made of the full ones.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is the twin found?
#
# Ten pairs marked by hand before anything was counted: eye and eye, mast and mast, two ends of a roof … **Predict:** how often is the twin among the five strongest places, for pixels and for each stage?

# %% slideshow={"slide_type": "skip"}
claims = measured()
chances = torch.tensor([chance(28)] * 5 + [chance(14)] * 2 + [chance(28)])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.twins_found(claims.hits, chances),
    "Share of marked places whose twin is among the five strongest, a dot for each of seven photographs. Means: pixels "
    "0.36, stages 1 to 7: 0.39, 0.61, 0.54, 0.32, 0.43, 0.43, 0.32. Chance: 0.06 and, in the two coarse stages, 0.03.",
)

# %% slideshow={"slide_type": "skip"}
for stage in range(7):
    print(f"stage {stage + 1} − pixels: {Difference(claims.hits[:, stage] - claims.hits[:, 7]).text(2)}")
for column, name in enumerate([*(f"stage {k}" for k in range(1, 8)), "pixels"]):
    print(f"{name} − chance: {Difference(claims.hits[:, column] - chances[column]).text(2)}")
rest = [k for k, (name, one) in enumerate((n, o) for n, o in SCENES.items() if o.twins) if name not in ("coins", "cup")]
print(f"stage 2 − pixels without coins and cup: {Difference((claims.hits[:, 1] - claims.hits[:, 7])[rest]).text(2)}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# All means lie above chance: by our rule (two standard errors) a finding for pixels and the stages 2, 3, 5, 6. Against pixels **one of seven** is: the second, not a deep one.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** The cat was a lucky picture: on it everything works, pixels too. Stage 2 is ahead by 0.25 ± 0.09; but who compares seven times has seven chances to be lucky. The deep stages, which the cat made us believe in, are not ahead by our rule. Ask what the count does not see: a coin has twenty twins, and we marked one; the rim of a cup is one long twin. So zero there says little. And stage 2's lead comes largely from these two photographs: without coins and cup it is 0.15 ± 0.10, no finding.

# %% [markdown] slideshow={"slide_type": "skip"}
# Neighbours of the query do not count (5 × 5 places), and the twin may be missed by one place; in the coarse stages the place must be met. Twenty questions in seven photographs: each place of a pair asks for the other. The spread is over photographs.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The raw Gaussian, again
#
# $\operatorname{softmax}_j(k_i \cdot k_j)$ on the same keys. **Predict:** what share does a place keep for itself, in stage 1 and in stage 5?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.own_weights(claims.own),
    "What a place keeps for itself under the raw Gaussian, by stage: from below 0.1 in stage 1 to about 0.9 in stage 5, then down.",
)

# %% slideshow={"slide_type": "skip"}
print("kept for itself, mean of eight photographs, stages 1 to 7:", [f"{v:.1f}" for v in claims.own.mean(dim=0).tolist()])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Lesson 6's collapse, in a network that works: 0.9 of the weight on the place itself. After stage 5 it falls, and not for a good reason: each place gives the rest to a longer key than its own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does a smaller scale help?
#
# Divide the scores by $\sqrt{C}$, as in a Transformer. **Predict:** does a place still keep nearly all?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(
    ("stage 5 of the cat", "kept for itself", "places that vote, median"),
    [
        (measure, f"{match(keys[4], measure).diagonal().mean():.1f}", f"{voters(match(keys[4], measure)).median():.0f}")
        for measure in MEASURES
    ],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It does. On the cat a place's own score lies hundreds above the next, and a tenth of that is a collapse as well. A smaller factor would do; how small, depends on the picture.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Here a key is its own query, so that its own score is a square, ‖k‖²; 1/√C was made for two different vectors. With keys of length 1 all scores lie between −1 and 1, and one factor means the same on every picture. It still has to be chosen: at 24 in place of 6 the cosine collapses, too (next cell).

# %% slideshow={"slide_type": "skip"}
scores = keys[4] @ keys[4].T
own = scores.diagonal().clone()                               # a view without clone: the next line would change it
gap = own - scores.fill_diagonal_(-torch.inf).max(dim=1).values
print("own score above the next, median, in stage 5 of the cat, above 200:", bool(gap.median() > 200))
small = torch.softmax(0.02 / 112**0.5 * keys[4] @ keys[4].T, dim=1)
print(f"1/√C and a fiftieth of it: {small.diagonal().mean():.1f} kept, {voters(small).median():.0f} vote")
sharp = match(keys[4], sharpness=4.0)
print(f"centred cosine, scores × 4: {sharp.diagonal().mean():.1f} kept, {voters(sharp).median():.0f} votes")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does the query matter?
#
# GCNet [@cao2019] found the rows of trained Non-local blocks almost alike. **Predict:** are they alike here, too, and does depth make them more so?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.rows_alike(claims.alike),
    "How alike the rows of the centred cosine are, by stage: from about 0.27 in stage 1 to 0.05 in stages 5 and 6, and 0.08 in stage 7.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Rows are *less* alike in depth: 0.27, down to 0.05 in the stages 5 and 6, and 0.08 in stage 7. No contradiction: GCNet's blocks were trained, with a key and a query each; ours have no weights, and the mean is off. Which of these matters we have not tried.

# %% slideshow={"slide_type": "skip"}
print("rows alike, mean of eight photographs, stages 1 to 7:", [f"{v:.2f}" for v in claims.alike.mean(dim=0).tolist()])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Lesson 6: pairwise and unary part. Taking off the mean key kills the unary part by hand. So this number says nothing about what training would choose.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where are the gates?
#
# EfficientNet has an SE block (lesson 5) in each of its sixteen blocks. This network, its *Lite* version, has none.

# %% [markdown] slideshow={"slide_type": "fragment"}
# Its authors took them out, with the swish: on the small devices that it is for, they were not well supported †. Few multiply-adds are not yet little time: lesson 5 said so.

# %% [markdown] slideshow={"slide_type": "skip"}
# † as we recall it; check the paper. The Lite networks are later than that paper: their authors' notes say it. Networks with trained gates can be had as packages, such as the readers of text in `rapidocr-onnxruntime` †. We took none: that package brings a second machinery for networks and OpenCV with it, and we know of no licence that is stated for its weights by themselves. So we put gates of our own on this network.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Ask: what did an SE block cost in lesson 5? Few multiply-adds, but a wait: all of the map has to be there before the first gate is known. So what would a gate be good for here? The next two slides put one in.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Six cards, one grey
#
# A red, a yellow, a green, a cyan, a blue and a magenta card, each under a lamp of its own. In the middle, all six pictures have the same pixels.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
six = greys("palace")
show(
    figures.greys(six.images),
    "Six crops of one photograph with the same grey square in the middle. The surroundings are cyan in A, blue in B, magenta in C, red in D, yellow in E, green in F.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# <small>Photograph: danielbuechele, CC BY 2.0; cropped, colours changed</small>

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** which card is the red one, and from what do you know?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
names, squares = list(CARDS), six.images[:, :, MIDDLE, MIDDLE]
print("the same pixels in all six squares:", torch.equal(squares, squares[:1].expand_as(squares)))
print(", ".join(f"{letter}: {names[label]}" for letter, label in zip("ABCDEF", six.labels.tolist())))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Let them vote by letters. A: its surroundings lack red, so the lamp does, and what still sends back as much red as green is red. Nothing in the square says so. Ask: which number of the whole picture would help? The mean of each colour: a squeeze.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A gate on the frozen network
#
# Behind stage 2 a place in the middle of the card sees nothing but the card. The network stays as it is; a slot and a small head learn to name the card's colour under random lamps. **Predict:** what does SE add, and what if its squeeze comes from another picture?

# %% slideshow={"slide_type": "skip"}
results = stored("cards")
seen, test = cards.pictures("train", 0), cards.pictures("test", 0)
learn, ask = (cards.features_of(crops.images)[-1] for crops in (seen, test))
reader = cards.start("SE", cards.MAIN_STAGE, seed=0)
cards.train_reader(reader, learn, seen.labels, seed=0)           # some seconds, most of them for the features
now = accuracy(reader, ask, test.labels)
print("named right, where one more seed would lie:", missing != "" or agrees(now, results.of("SE", "accuracy")))

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.cards_read(
        {slot: results.of(slot, "accuracy") for slot in cards.SLOTS},
        {slot: results.of(f"{slot} (white)", "accuracy") for slot in ("none", "SE")},
    ),
    "Share of cards named right, a dot for each of six seeds. Coloured lamps: nothing, a fixed gate, a plain layer and SE with another picture's squeeze near 0.6, added context and SE above 0.8. White lamp, nothing and SE: near 1.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# What sees the whole picture is ahead of all four that do not: findings. SE against added context, the same means added in place of multiplied: no finding. White lamp: nothing to undo, nothing gained.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** All but nothing have as many weights, all heads start alike: paired differences, lesson 4's rule; the notebook has them. With another picture's squeeze SE falls back: so it is this picture's context that helps, not the weights and not the noise. Added context is GCNet's way, lesson 6. So nobody may say that it took a *gate*: it took the whole picture. What its gates follow, early and late, is in the notebook: the lamp, the photograph.

# %% slideshow={"slide_type": "skip"}
for slot in cards.SLOTS:
    weights_in = f"{results.of(slot, 'weights in the slot')[0]:4.0f} weights"
    print(f"{slot:18} {weights_in}   {results.spread(slot, 'accuracy', 2)}   one grey: {results.spread(slot, 'greys', 2)}")
for other in cards.SLOTS[:-1]:
    print(f"SE − {other:18}", results.paired("SE", other, "accuracy").text())
print("SE − none, white lamp ", results.paired("SE (white)", "none (white)", "accuracy").text())
print("SE − none, stage 5    ", results.paired("SE, stage 5", "none, stage 5", "accuracy").text())

# %% [markdown] slideshow={"slide_type": "skip"}
# A slot's map is averaged over the middle of the card before the head reads it; a gate is one number a channel, so that gating and averaging may be exchanged. Three of the slots make no use of the surroundings, whatever they learn: of six cards in one grey they get six equal inputs, give one answer, and are right once. “One grey” is that share, over eight photographs.
#
# Behind stage 5 every place has seen the surroundings, and yet it does not help: nothing in the slot names about as many right as behind stage 2, and SE adds nothing by our rule. Whether that is for the features, or for our pictures being few for so large a slot, we have not tried. Under the white lamp both name all: a control at the ceiling. The gate did no harm there, and a gain could not have been seen.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Are its gates alike for all pictures?
#
# In SENet early gates are alike for all classes, late ones differ [@hu2020]. **Predict:** and here, where a lamp has to be found?

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
Table(
    ("SE behind", "spread of a gate over pictures", "of it by the lamp", "of it by the photograph"),
    [
        (words, *(results.spread(variant, measure, 2) for measure in ("spread", "by the lamp", "by the photograph")))
        for words, variant in (("stage 2", "SE"), ("stage 5", "SE, stage 5"), ("stage 2, white lamp", "SE (white)"))
    ],
)

# %% [markdown] slideshow={"slide_type": "skip"} tags=["answer"]
# Early gates differ: most of it follows the lamp, and a lamp has to be found. Without one they are nearly alike. Late gates follow the photograph more than the lamp. SENet's finding is one about a task, naming photographs; what a gate follows is no property of its depth alone.

# %% [markdown] slideshow={"slide_type": "skip"}
# Spread: the standard deviation of a gate over the test pictures, the mean over channels. By the lamp: the share of the gates' variance that a straight line through the logarithms of the lamp's three numbers explains; by the photograph: the share that lies between the eight. ± is the standard deviation over six seeds. One slot at a time: a network with gates in all its stages at once we have not trained.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Grad-CAM in five lines
#
# What spoke for the class? [@selvaraju2017], lesson 7:

# %% slideshow={"slide_type": "-"} tags=["show-code"]
feature = network.stages(prepared(pictures["cup"], 224))[-1].requires_grad_()
score = network.read_out(feature)[0, 967]                # espresso
(gradient,) = torch.autograd.grad(score, feature)        # (1, 320, 7, 7)
share = gradient.mean(dim=(2, 3), keepdim=True)          # a number a channel
cam = (share * feature).sum(dim=1)[0].relu().detach()    # (7, 7)

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(cam, grad_cam(network, pictures["cup"], 967)[0], atol=1e-6)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print("The tested function gives the same map.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Go through it by shapes. What to explain is the mean of the gradient: times the number of places it is, for a small step, how fast the score grows when the channel grows everywhere.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four maps of scores

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
some = {name: pictures[name] for name in ("cat", "cup", "palace", "astronaut")}
show(
    figures.cams(some, {name: grad_cam(network, picture)[0] for name, picture in some.items()}),
    "Four photographs, below each its Grad-CAM, a map of 7 × 7 for the class that the network says.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# Cat: Egyptian cat · cup: espresso · palace: bell tower · astronaut: **bobsled**. Each map has a scale of its own. It is a map of a *score*, coarse, and drawn for a wrong class as willingly as for a right one.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** The astronaut's map belongs to "bobsled". It looks as reasonable as the others: that is the warning. Credits of the photographs are on the first slide.

# %% [markdown] slideshow={"slide_type": "skip"}
# <small>Cat: Stéfan van der Walt, CC0 · cup: Rachel Michetti, CC0 · palace: danielbuechele, CC BY 2.0 · astronaut: NASA, public domain; cropped, size changed</small>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your own picture
#
# Any size, turned as the camera says, grey, transparent or not. **It stays on the machine where Python runs.**

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
PictureInput(lambda data: look_explorer(own_picture(data)))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min.** Have one ready, of this room if everybody agrees. Ask for bets before the click. A file that is no picture gets a sentence. JupyterLab's default stores no widget in the notebook; the kernel keeps the picture until it is shut down.

# %% [markdown] slideshow={"slide_type": "skip"}
# The square in the middle of your picture is used. The browser makes it smaller and hands it to the kernel, which sends it nowhere: what you see is drawn on the machine where JupyterLab runs. That is your own, unless you work on a server of somebody else. A file can be named, too; then a *saved* notebook keeps the explorer's picture in its output, and *Edit → Clear Cell Output*, then saving again, takes it out; the name stays in the cell.

# %% slideshow={"slide_type": "skip"}
file = ""                      # the name of yours, such as "holiday.jpg"
if file:
    display(look_explorer(own_picture(file)))

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "A place of the cat's left eye asks, and the right eye lights up. What was trained for that?",
        {
            "An attention block on top of the network.": "There is none: the table is made of the keys alone.",
            "Nothing: the network was trained to name pictures.": "On this picture its features are alike at both eyes; the softmax reads that off.",
            "The width of the softmax.": "The 6 was chosen by hand.",
        },
        right="b",
    ),
    Question(
        "All keys are doubled (a key is its own query here). What changes?",
        {
            "The raw Gaussian grows sharper; the centred cosine stays the same.": "Products grow by 4, directions stay.",
            "Both grow sharper.": "A cosine does not know lengths.",
            "Nothing.": "Scores of the raw Gaussian grow by 4, and a softmax of larger scores is sharper.",
        },
        right="a",
    ),
    Question(
        "Twin found in the mean of seven photographs: stage 5 0.43, pixels 0.36, chance 0.06. What may you say?",
        {
            "Deep features find twins better.": "The difference is smaller than two of its standard errors.",
            "They are equally good.": "No finding is not a proof of equality: seven photographs are few.",
            "Both beat chance; between them we have no finding.": "That is what the numbers carry.",
        },
        right="c",
    ),
    Question(
        "Grad-CAM of “bobsled” lies on the astronaut's suit. What does it show?",
        {
            "That the suit looks like a bobsled to a person.": "It shows nothing about people.",
            "Where channels are active that speak for that class.": "All differences between places come from the features: the gradient is averaged over them.",
            "That the network knows where the astronaut is, and takes the suit for a vehicle.": "It was asked for a score, and a map of a wrong class looks as good.",
        },
        right="b",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - The equation of lesson 2, a third time: now the keys are deep features.
# - A lucky picture is no measurement: the deep stages do not beat pixels by our rule.
# - Raw products collapse in a real network as well, and 1/√C is not small enough. Keys of length 1 make the scale ours to choose.
# - Under a lamp, a gate made of the whole picture told a card's colour; the same means, added, did so, too.
# - A map of weights or gradients shows what was computed, not why.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** Ask for one thing that they believed after the cat and do not believe now.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **One network, eight photographs.** Marks by hand, by one person. Another network may do better; count before you say so.
# - **The weights are a conversion** from the authors' TensorFlow files, by others. The package of the converters' network says that it has not been thoroughly tested. Our network agrees with that one to $10^{-5}$ at sides up to 224, not with the original, which we have not run.
# - **The cards were made for the gate.** A lamp here multiplies stored values, which are no amounts of light; training and test crops are halves of the same eight photographs; and what the head may read was chosen so that it sees too little. It shows what a squeeze *can* do on a real network, not what naming photographs needs.
# - **448 × 448 is not the size of the training.** Features are finer there, and what the network says of the whole picture is worse.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/09_real_networks.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
