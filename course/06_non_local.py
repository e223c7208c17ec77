# ---
# jupyter:
#   lesson:
#     afterwards you can: build the Non-local block, start it safely, and say what it costs
#     you move: a pixel of a photograph, and a query that looks for its twin
#     stress: [find, added, from the right, far away, one block]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6 · Non-local networks: spatial attention
#
# A convolution asks its neighbours. **What if the answer stands at the other end of the picture?**
#
# Today every place may ask every other place.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** This is lesson 2 with other keys: say so now and again at the end. Nothing new happens to the equation, only to what is put into it. It begins with a filter against noise from 2005, and ends with a trained block whose weights we can watch.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. write non-local means as Nadaraya–Watson regression on patches, and say why a pixel's vote on itself is too large ([Three filters, one equation](#Three-filters,-one-equation), [The pixel that admires itself](#The-pixel-that-admires-itself));
# 2. write the four pairwise functions of the Non-local block with their normalisers, as a loop, as tensors and as a call ([Four ways to match](#Four-ways-to-match), [Each in one line](#Each-in-one-line));
# 3. prove a limit of two of them: concatenation ranks the keys alike for every query, and the raw Gaussian looks at itself or at longer keys ([Two that hardly look](#Two-that-hardly-look), [Long keys win](#Long-keys-win));
# 4. draw the block, start it as the identity, and say which start is dead ([The block](#The-block), [Do no harm: start as the identity](#Do-no-harm:-start-as-the-identity));
# 5. say what the block costs in time and memory, and which of the two can be saved without changing the result ([What it costs](#What-it-costs));
# 6. split trained weights into a part that needs the query and a part that does not, and say what a block without a query needs instead ([Volitional plus non-volitional: lesson 1 returns](#Volitional-plus-non-volitional:-lesson-1-returns), [… or give it room](#…-or-give-it-room)).
#
# You need lessons 2 and 3. Time: 41 minutes in a lecture, about four hours and a half alone with the [exercises](exercises/06_non_local.ipynb).

# %% slideshow={"slide_type": "skip"}
import copy
import math
import time

import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from courseware.notebook.explorer import show
from courseware.notebook.picture_input import PictureInput
from courseware.notebook.progress_bar import bar
from courseware.notebook.table import Table
from visual_attention import NonLocalBlock, count_cost, nadaraya_watson, non_local_means
from visual_attention.datasets import own_picture
from visual_attention.denoising import non_local_weights
from visual_attention.experiments import Difference, load_weights, stored
from visual_attention.experiments.agreement import agrees
from visual_attention.lessons.non_local import figures
from visual_attention.lessons.non_local.experiment_denoising import clean_picture, noisy_picture, psnr
from visual_attention.lessons.non_local.experiment_twins import held_out_pictures, train_head, training_pictures
from visual_attention.lessons.non_local.explorers import pairwise_microscope, pixel_explorer, twin_explorer
from visual_attention.lessons.non_local.networks import TwinNetwork, features_of, pairwise_and_unary, twin_attention
from visual_attention.training import accuracy, one_thread

torch.manual_seed(0)
clean, noisy = clean_picture(), noisy_picture(seed=0)  # (3, 72, 72)
test_set = held_out_pictures(seed=0)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
place = (0, 1)  # row and column of a white digit
show(
    figures.far_away(test_set.images[0], place, divmod(int(test_set.twins[0][place]), 3)),
    "The same picture twice: six digits, three of them white, three coloured. On the left a frame around one white "
    "digit, as far as a convolution sees; on the right an arrow from it to a coloured digit of its kind, far away.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Votes for a noisy pixel
#
# The pixel in the middle of **p** is to become an average.
#
# <small>[Photograph of the Summer Palace](https://www.flickr.com/photos/danielbuechele/6061409035/) by danielbuechele, [CC BY 2.0](https://creativecommons.org/licenses/by/2.0/); made smaller, cropped, noise added</small>

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.patches(noisy, {"p": (44, 25), "q1": (44, 10), "q2": (16, 9)}, 7),
    "A noisy photograph of a pagoda. Patch p lies at the top of a row of pillars; q1, far to the left, looks like it; "
    "q2 lies on a roof and does not.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Whom would you ask: the neighbours, pixels of the same colour, or …?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# Those whose *surroundings* look the same, however far away: q1, not q2.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two guesses on the board: neighbours, same colour. Then the third. q1 is fifteen pixels off and a better witness than the pixel next door.

# %% [markdown] slideshow={"slide_type": "skip"}
# A pixel far off can be a better witness than the one next door: the neighbour is close, the other looks alike.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three filters, one equation
#
# | filter | key of a pixel | since |
# |---|---|---|
# | Gaussian blur | its position | |
# | bilateral filter | position and colour | [@tomasi1998] |
# | **non-local means** | the **patch** around it | [@buades2005] |
#
# $$y_i = \sum_j \frac{e^{-d_{ij}^2/h^2}}{\sum_k e^{-d_{ik}^2/h^2}}\, v_j, \qquad d_{ij}^2 = \text{mean squared difference of the patches around } i \text{ and } j$$
#
# Nadaraya–Watson with $\sigma = h/\sqrt{2}$, that is $w = \sqrt{2}/h$. Position is gone: pixel $j$ may be anywhere.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Query and key: a patch of 7 × 7 pixels, 147 numbers with colours. Value: one pixel. Ask what h does at its two ends (h → 0: only the most similar, which is the pixel itself; h → ∞: the average of the picture).

# %% [markdown] slideshow={"slide_type": "skip"}
# The two ends of $h$: towards 0 only the most similar pixel has a say, which is the pixel itself; towards infinity the answer is the average of the picture.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: a row of six pixels
#
# $v = (0, 4, 1, 0, 5, 1)$, patches of 3, $h^2 = 3$. Counted from 0, the pixels 1 to 4 have both neighbours; pixel 1 asks. **Predict:** whose vote is largest, and whose comes next?

# %% [markdown] slideshow={"slide_type": "fragment"}
# | pixel | patch | squared differences | $d^2$ | $e^{-d^2/3}$ | weight |
# |---|---|---|---|---|---|
# | 1 | **0, 4, 1** | 0, 0, 0 | 0 | 1 | **0.506** |
# | 2 | 4, 1, 0 | 16, 9, 1 | 8.667 | 0.056 | 0.028 |
# | 3 | 1, 0, 5 | 1, 16, 16 | 11 | 0.026 | 0.013 |
# | 4 | 0, 5, 1 | 0, 1, 0 | 0.333 | 0.895 | **0.453** |
#
# The average is $y_1 = 4.317$.

# %% slideshow={"slide_type": "skip"}
v = torch.tensor([0.0, 4, 1, 0, 5, 1])
patches = v.unfold(0, 3, 1)                                   # (4, 3)
weights = torch.softmax(-(patches - patches[0]).square().mean(dim=1) / 3, dim=0)
print([round(w, 3) for w in weights.tolist()], f"y = {weights @ v[1:5]:.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Do pixel 4 together before you show the table. The peak of 5 votes for the peak of 4, though it stands three pixels away, and the neighbours hardly vote. But notice the first row: more than half of the vote is the pixel's own.

# %% [markdown] slideshow={"slide_type": "skip"}
# The peak of 5 votes for the peak of 4, though it stands three pixels away, and the neighbours hardly vote. But more than half of the vote is the pixel's own.

# %% slideshow={"slide_type": "skip"}
distances = (patches - patches[0]).square().mean(dim=1)
for pixel, d2 in enumerate(distances.tolist(), start=1):
    print(f"pixel {pixel}: d² = {d2:.3f}, exp(−d²/3) = {math.exp(-d2 / 3):.3f}, weight {weights[pixel - 1]:.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as a loop, as one expression, as a call
#
# A corner of the photograph, 16 × 16, every pixel against every other:

# %% slideshow={"slide_type": "skip"}
corner, h = noisy[:, 30:46, 20:36], 0.1
padded = F.pad(corner[None], [3] * 4, mode="reflect")[0]      # (3, 22, 22)
patch = [padded[:, r : r + 7, c : c + 7] for r in range(16) for c in range(16)]
pixel = corner.flatten(1).T.contiguous()                      # (256, 3)

# %% slideshow={"slide_type": "-"} tags=["show-code"]
d2 = [[(p - q).square().mean().item() for q in patch] for p in patch]  # 256 × 256
power = [[math.exp(-d / h**2) for d in row] for row in d2]
loop = torch.stack([sum(a * x for a, x in zip(row, pixel)) / sum(row) for row in power])

keys = torch.stack(patch).flatten(1) / 147**0.5               # (256, 147)
expression = nadaraya_watson(keys, keys, pixel, width=h / 2**0.5)

call = non_local_means(corner, h=h, search=31)

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(loop, expression)
assert torch.allclose(expression, call.flatten(1).T)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
print("The three give the same 256 pixels.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The middle line is the point: the function of lesson 2, unchanged, on keys with 147 numbers. The division by √147 turns a sum over the patch into a mean. In practice the window is limited ("non-local" was 21 × 21 in the experiments of [@buades2005]), here it holds the whole corner.

# %% [markdown] slideshow={"slide_type": "skip"}
# PSNR, in decibels (dB), will measure how well a filter works: $-10 \log_{10}$ of the mean squared error against the clean picture, whose values go from 0 to 1. Half the error is three decibels more.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Click a pixel
#
# **Find** a pixel with many friends, and one with none. Then: why does small $h$ fail?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
pixel_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 4 min.** Pillar: all other pillars light up. Roof: a whole line of tiles. Sky: all of it, as far as the dotted window reaches. The ornament at a corner: nobody, it keeps its noise. Then h down to 0.03: the weights collapse onto the pixel and the picture stays noisy. Change "own vote" at h = 0.06 and read the dB.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* a pillar, and all other pillars light up; the roof, and a whole line of tiles does; the sky; the ornament at a corner, which is like nobody and keeps its noise. Then $h$ down to 0.03: the weights collapse onto the pixel, and the picture stays noisy.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same with a picture of yours.** Its middle, made 72 pixels wide, with the same noise. It stays on the machine where Python runs.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
PictureInput(lambda data: pixel_explorer(own=own_picture(data, side=72)))

# %% slideshow={"slide_type": "skip"}
for name, way in (("included", True), ("left out", False), ("as the nearest other", "as_nearest")):
    print(f"h = 0.06, own vote {name}: {psnr(non_local_means(noisy, h=0.06, include_self=way), clean):.1f} dB")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The pixel that admires itself
#
# Two noisy patches of the *same* clean content, noise $\sigma = 0.1$. **Predict:** what is their $d^2$? And a patch's distance from itself?

# %% [markdown] slideshow={"slide_type": "fragment"}
# About $2\sigma^2$, for both carry noise; and 0. So a pixel's own vote is too large. **Lesson 3 again: leave it out.**

# %% slideshow={"slide_type": "skip"}
hs = torch.tensor([0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15])
ways = {"included": True, "left out": False, "as the nearest other": "as_nearest"}
with one_thread():  # thousands of small steps: two busy threads mostly wait for each other
    curves = {
        name: torch.tensor([psnr(non_local_means(noisy, h=h, include_self=way), clean) for h in hs.tolist()])
        for name, way in ways.items()
    }
some = [(row, column) for row in range(4, 72, 8) for column in range(4, 72, 8)]
own = torch.stack(
    [torch.stack([non_local_weights(noisy, r, c, h=h)[r, c] for r, c in some]).mean() for h in hs.tolist()]
)
results = stored("denoising")

# %% slideshow={"slide_type": "skip"}
i = hs.tolist().index(hs[3].item())
print(f"h = {hs[i]:.2f}: own weight {own[i]:.2f};", "; ".join(f"{k} {c[i]:.1f} dB" for k, c in curves.items()))

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.self_vote(hs, curves, own, {"Gaussian blur": results.of("Gaussian blur", "psnr")[0].item()}),
    "PSNR over h. With its own vote included a pixel stays noisy at small h, where its own weight is near 1; left out "
    "or set to that of the nearest other, small h works. At large h the three agree.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The theorem of [@buades2005] on what the filter converges to leaves the centre pixel out as well, but out of the *patch* that is compared; the pixel keeps its own vote: a cousin of lesson 3's cure, not the same. Leaving its vote out altogether throws away good information where a pixel has no friends; giving it the weight of the nearest other is the common compromise.

# %% [markdown] slideshow={"slide_type": "skip"}
# The theorem of [@buades2005] on what the filter converges to leaves the centre out as well, but out of the *patch* that is compared; the pixel keeps its own vote. It is a cousin of lesson 3's cure, not the same. Leaving the vote out altogether throws away good information where a pixel has no friends.

# %% [markdown] slideshow={"slide_type": "skip"}
# **As the nearest other:** the pixel keeps a vote, as large as that of the other pixel in the window whose patch is most like its own (nearest in looks, not in the picture). So a pixel with friends is one voice among many, and one without still hears itself.

# %% slideshow={"slide_type": "skip"}
generator = torch.Generator().manual_seed(1)
first, second = (clean + 0.1 * torch.randn(clean.shape, generator=generator, dtype=clean.dtype) for _ in range(2))
excess = (first - second).square().mean()
print(f"mean squared difference of two noisy versions of one patch: {excess:.4f}; 2σ² = {2 * 0.1**2:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Does it work? Five draws of the noise
#
# Each filter at its best setting; scikit-image ([@vanderwalt2014]) is an independent implementation. **Predict:** does non-local means beat a blur?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
rows = {
    "nothing": "plain", "Gaussian blur": "plain", "bilateral": "plain", "self included": "ours", "self left out": "ours",
    "self as nearest": "ours", "weighted patch, self as nearest": "ours",
    "scikit-image, flat patch": "library", "scikit-image, weighted patch": "library",
}
show(
    figures.psnr_rows(
        tuple(rows), torch.stack([results.of(name, "psnr") for name in rows]), tuple(rows.values())
    ),
    "PSNR of nine filters: noise 20.0, Gaussian blur 25.3, bilateral 26.3, non-local means 25.2 with its own vote, "
    "25.8 without, 26.8 as the nearest other, 27.4 with a weighted patch; scikit-image 26.5 and 27.2.",
)

# %% slideshow={"slide_type": "skip"}
for name in ("self included", "self as nearest"):
    print(f"{name:15} − Gaussian blur, dB: {results.paired(name, 'Gaussian blur', 'psnr').text(2)}")
print(f"self as nearest − self included: {results.gain('self as nearest', 'self included', 'psnr').mean():+.1f} dB")
print(f"half the squared error: {10 * math.log10(2):.1f} dB more")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Noise 0.1, window 21 × 21, patch 7 × 7. As the formula stands (self included) it is 0.10 ± 0.04 dB behind a blur here, by lesson 4's rule a finding. One line about the diagonal is worth 1.6 dB. PSNR: −10 log10 of the mean squared error; 3 dB is half the error. "Weighted": the paper weighs the middle of a patch more.

# %% [markdown] slideshow={"slide_type": "skip"}
# A weighted patch: when two patches are compared, differences near their middle count more, by a Gaussian.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From patches to learned keys
#
# Non-local means compares patches by a fixed rule. **What if the comparison were learned?** [@wang2018], for features $x_i$ at $N$ places:
#
# $$y_i = \frac{1}{\mathcal{C}_i(x)} \sum_{\forall j} f(x_i, x_j)\, g(x_j), \qquad z_i = W_z\, y_i + x_i$$
#
# | | non-local means | Non-local block |
# |---|---|---|
# | query and key | patch | $\theta(x_i)$, $\phi(x_j)$: learned linear maps |
# | value | pixel | $g(x_j)$: a learned linear map |
# | match $f$ | $e^{-d^2/h^2}$ | one of four |
# | output | replaces the pixel | is **added** to $x_i$ |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The paper writes C(x); for the two softmax forms it depends on i, so we write the index. The sum runs over all places of the map (and of all frames, in a video). The last row matters: the block can be put into a trained network without breaking it.

# %% [markdown] slideshow={"slide_type": "skip"}
# The paper writes $\mathcal{C}(x)$; for the two softmax forms it depends on $i$, so we write the index. The sum runs over all places of the map (and of all frames, in a video). Since $x$ is added, the block can be put into a trained network without breaking it.

# %% [markdown] slideshow={"slide_type": "skip"}
# $f$ says how well the places $i$ and $j$ match; $\mathcal{C}_i$, the **normaliser**, is what the row of matches is divided by; $g$ makes the values; $W_z$ leads back to the channels of $x$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: three places, one channel
#
# $x = (1, 2, 3)$, all maps the identity: $f = e^{x_i x_j}$ divided by its sum, and $f = x_i x_j$ divided by $N = 3$.
#
# **Predict:** what does place 2 receive?

# %% [markdown] slideshow={"slide_type": "fragment"}
# | $f$ | $f(x_2, x_j)$ | divide by | weights | $y_2$ |
# |---|---|---|---|---|
# | $e^{x_2 x_j}$ | 7.389, 54.60, 403.4 | their sum, 465.4 | 0.016, 0.117, 0.867 | **2.851** |
# | $x_2 x_j$ | 2, 4, 6 | $N = 3$ | 0.667, 1.333, 2 | **9.333** |
#
# The second is no average: its weights sum to 4, and 9.333 lies far outside of $[1, 3]$.

# %% slideshow={"slide_type": "skip"}
x = torch.tensor([1.0, 2.0, 3.0])
for name, weights in (("softmax", torch.softmax(x[1] * x, dim=0)), ("dot product / N", x[1] * x / 3)):
    print(f"{name:15}: {[round(w, 3) for w in weights.tolist()]}, y = {weights @ x:.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** A likely slip: dividing the dot products by their sum (2.333, for every place). [@wang2018] divide by N "because it simplifies gradient computation"; a sum of signed numbers can also be 0.

# %% slideshow={"slide_type": "skip"}
powers = torch.exp(x[1] * x)
print(f"exp: {powers[0]:.3f}, {powers[1]:.2f}, {powers[2]:.1f}; their sum {powers.sum():.1f}")
products = x[1] * x
print(f"products divided by their sum: y = {products @ x / products.sum():.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Four ways to match
#
# | name | $f(x_i, x_j)$ | $\mathcal{C}_i$ |
# |---|---|---|
# | Gaussian | $e^{x_i \cdot x_j}$ | $\sum_j f$ |
# | embedded Gaussian | $e^{\theta(x_i) \cdot \phi(x_j)}$ | $\sum_j f$ |
# | dot product | $\theta(x_i) \cdot \phi(x_j)$ | $N$ |
# | concatenation | $\mathrm{ReLU}(w_f \cdot [\theta(x_i), \phi(x_j)])$ | $N$ |
#
# **Predict:** which rows of weights are an average, which may be negative?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first two are averages: softmaxes. The dot product's weights are signed; those of concatenation are not negative.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** More to ask: which of the four needs no learned maps? In which can a place be told "less of that"?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Each in one line

# %% slideshow={"slide_type": "skip"}
picture = torch.randn(1, 8, 3, 4, dtype=torch.float64)
tokens = picture[0].flatten(1).T  # (12, 8): a row for each place
blocks = {
    kind: NonLocalBlock(8, pairwise=kind).double().requires_grad_(False)
    for kind in ("gaussian", "embedded_gaussian", "dot_product", "concatenation")
}


def dot(one, other):
    return sum(float(a) * float(b) for a, b in zip(one, other))


def by_sum(table):
    return torch.tensor([[f / sum(row) for f in row] for row in table], dtype=torch.float64)


def by_count(table):
    return torch.tensor([[f / len(row) for f in row] for row in table], dtype=torch.float64)

# %% slideshow={"slide_type": "skip"}
theta, phi = (blocks["embedded_gaussian"].get_submodule(name)(tokens) for name in ("theta", "phi"))
w = blocks["concatenation"].score.weight[0]                   # (8,)

# %% slideshow={"slide_type": "-"} tags=["show-code"]
# tokens (12, 8): a map of 12 places; theta and phi (12, 4); w (8,)
gaussian = torch.softmax(tokens @ tokens.T, dim=1)
embedded_gaussian = torch.softmax(theta @ phi.T, dim=1)
dot_product = theta @ phi.T / 12

a, b = theta @ w[:4], phi @ w[4:]
concatenation = (a[:, None] + b[None, :]).relu() / 12

# %% [markdown] slideshow={"slide_type": "-"}
# The second is the self-attention of 2017, for pictures, with one head and without $1/\sqrt d$. **Predict:** in the last, which key do the queries like best?

# %% slideshow={"slide_type": "skip"}
same = copy.deepcopy(blocks)  # with one θ and one φ for all
for kind, block in same.items():
    if kind != "gaussian":
        block.theta.load_state_dict(blocks["embedded_gaussian"].theta.state_dict())
        block.phi.load_state_dict(blocks["embedded_gaussian"].phi.state_dict())
lines = dict(zip(same, (gaussian, embedded_gaussian, dot_product, concatenation)))
for kind, block in same.items():
    assert torch.allclose(lines[kind], block.weights(picture)[0])
liked = concatenation[concatenation.max(dim=1).values > 0].argmax(dim=1).unique()
assert len(liked) == 1

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
print(f"The same one, number {liked[0]} of 12, whoever asks.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The tested block gives the same four tables; the notebook compares them, and computes each as a loop as well. Let them say why it is always the same key: the slide after the next. Whoever replaces the second line by a library's attention and forgets the scale gets a different network.

# %% [markdown] slideshow={"slide_type": "skip"}
# Each of the four, computed three times: as a loop, as tensors, and as a call of the tested block, with random weights.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### 1 · Gaussian
#
# $$f(x_i, x_j) = e^{x_i \cdot x_j}, \qquad \mathcal{C}_i = \sum_j f(x_i, x_j)$$

# %% slideshow={"slide_type": "skip"}
loop = by_sum([[math.exp(dot(a, b)) for b in tokens] for a in tokens])
tensors = torch.softmax(tokens @ tokens.T, dim=1)             # (12, 12)
call = blocks["gaussian"].weights(picture)[0]

assert torch.allclose(loop, tensors)
assert torch.allclose(tensors, call)
print(f"own weight, mean over the places: {call.diagonal().mean():.2f}; equal shares would be {1 / 12:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# A loose name: no distance is in it. $e^{x_i \cdot x_j} = e^{-\|x_i - x_j\|^2/2} \cdot e^{\|x_j\|^2/2} \cdot (\text{the same for all } j)$: a Gaussian **times a prior for long keys**. Only where all keys have one length are the two equal.

# %% [markdown] slideshow={"slide_type": "skip"}
# The paper ([@wang2018]) says that the distance would do as well and that the product is easier to implement. Nothing is learned in $f$ here: all depends on the features.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### 2 · Embedded Gaussian: self-attention
#
# $$f(x_i, x_j) = e^{\theta(x_i) \cdot \phi(x_j)}, \qquad \mathcal{C}_i = \sum_j f(x_i, x_j)$$

# %% slideshow={"slide_type": "skip"}
block = blocks["embedded_gaussian"]
theta, phi, g = block.theta(tokens), block.phi(tokens), block.g(tokens)   # (12, 4) each

loop = by_sum([[math.exp(dot(a, b)) for b in phi] for a in theta])
tensors = torch.softmax(theta @ phi.T, dim=1)
call = block.weights(picture)[0]
assert torch.allclose(loop, tensors)
assert torch.allclose(tensors, call)

for scale in (1.0, None):
    fused = F.scaled_dot_product_attention(theta[None], phi[None], g[None], scale=scale)[0]
    print(f"PyTorch's attention with scale={scale} equals it: {torch.allclose(fused, call @ g)}")

# %% [markdown] slideshow={"slide_type": "skip"}
# The Non-local block of 2018 is the self-attention of 2017 for pictures, with one head and without $1/\sqrt d$. Whoever replaces one by the other and forgets the scale gets a different network.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### … and a missing sum
#
# The [source slides](00_start_here.ipynb#If-you-study-alone) write the embedded Gaussian as
#
# $$y_i = \operatorname{softmax}\bigl(\theta(x_i)^\top \phi(x_j)\bigr)\, g(x_j) = \frac{1}{\sum_{\forall j} e^{\theta(x_i)^\top \phi(x_j)}}\, e^{\theta(x_i)^\top \phi(x_j)}\, W_g x_j$$
#
# **What is $j$ on the right?** It is free: each $j$ gives a different vector. The sum is missing, and below the line the index needs a name of its own:
#
# $$y_i = \sum_j \operatorname{softmax}_j\bigl(\theta(x_i)^\top \phi(x_j)\bigr)\, g(x_j) = \frac{\sum_j e^{\theta(x_i)^\top \phi(x_j)}\, W_g x_j}{\sum_k e^{\theta(x_i)^\top \phi(x_k)}}$$

# %% slideshow={"slide_type": "skip"}
printed = call[:, :, None] * g[None]                          # (12, 12, 4)
print("as printed:", tuple(printed.shape), "  with the sum over j:", tuple(printed.sum(dim=1).shape))
assert torch.allclose(printed.sum(dim=1), call @ g)

# %% [markdown] slideshow={"slide_type": "skip"}
# Typed in as an einsum the slip is obvious: `ij,jc->ijc` instead of `ij,jc->ic`. Count free indices left and right of every equals sign.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### 3 · Dot product: attention without softmax
#
# $$f(x_i, x_j) = \theta(x_i) \cdot \phi(x_j), \qquad \mathcal{C}_i = N$$

# %% slideshow={"slide_type": "skip"}
block = blocks["dot_product"]
theta, phi, g = block.theta(tokens), block.phi(tokens), block.g(tokens)

loop = by_count([[dot(a, b) for b in phi] for a in theta])
tensors = theta @ phi.T / len(phi)
call = block.weights(picture)[0]
assert torch.allclose(loop, tensors)
assert torch.allclose(tensors, call)

assert torch.allclose((theta @ phi.T) @ g, theta @ (phi.T @ g))
print(f"rows sum to {call.sum(dim=1).min():.2f} … {call.sum(dim=1).max():.2f}, {(call < 0).double().mean():.0%} of the weights are negative")

# %% [markdown] slideshow={"slide_type": "skip"}
# Without a softmax between them, the matrices may be multiplied **from the right**: $\phi^\top g$ is $c \times c$ for $c$ inner channels, however many places there are. Today this is called linear attention.

# %% [markdown] slideshow={"slide_type": "skip"}
# A softmax forbids it: the exponential stands between the two products, and the exponential of a matrix product is not a product. From $N > c$ on the right-hand order is cheaper.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Two tables of two sizes.** The table of pairs has a row for each query and a column for each key, (n, k): *who listens to whom*. The other has a row for each inner channel and a column for each channel of the values, (d, c): a summary of all keys and values, in which no place is left. Our picture, 12 places and 4 inner channels:

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.two_orders(n=12, k=12, d=4, c=4),
    "Three matrices drawn to scale. Multiplied from the left, a 12 by 12 table stands between them; from the right, a 4 by 4 one.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# The hand example, $x = (1, 2, 3)$ with one channel: from the left nine products $x_i x_j$, from the right the one number $1 \cdot 1 + 2 \cdot 2 + 3 \cdot 3 = 14$. Place 2 gets $2 \cdot 14 / 3$:

# %% slideshow={"slide_type": "skip"}
one_channel = torch.tensor([[1.0], [2.0], [3.0]])
who_hears_whom, summary = one_channel @ one_channel.T, one_channel.T @ one_channel
print(f"from the left:  {tuple(who_hears_whom.shape)}, place 2 gets {(who_hears_whom @ one_channel / 3)[1].item():.3f}")
print(f"from the right: {tuple(summary.shape)}, it holds {summary.item():.0f}, place 2 gets {(one_channel @ summary / 3)[1].item():.3f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# In the second order no map of who listens to whom is ever made: whoever wants to look at it must compute it besides.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### 4 · Concatenation
#
# $$f(x_i, x_j) = \mathrm{ReLU}\bigl(w_f^\top [\theta(x_i), \phi(x_j)]\bigr) = \mathrm{ReLU}(a_i + b_j), \qquad \mathcal{C}_i = N$$

# %% slideshow={"slide_type": "skip"}
block = blocks["concatenation"]
theta, phi = block.theta(tokens), block.phi(tokens)           # (12, 4) each
w = block.score.weight[0]                                     # (8,)

loop = by_count([[max(0.0, dot(w, [*a, *b])) for b in phi] for a in theta])
a, b = theta @ w[:4], phi @ w[4:]                             # (12,) each
tensors = (a[:, None] + b[None, :]).relu() / len(phi)
call = block.weights(picture)[0]
assert torch.allclose(loop, tensors)
assert torch.allclose(tensors, call)

top = call[call.max(dim=1).values > 0].argmax(dim=1)
print("the best key of each query that has one:", top.tolist())

# %% [markdown] slideshow={"slide_type": "skip"}
# It is always the same key: [Two that hardly look](#Two-that-hardly-look) says why.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One row, to touch
#
# The three places of the table. Take *concatenation* and let another place ask: what happens to the order of the keys? Then write −3 for the third place, and ask the same of *dot product*.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
pairwise_microscope()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** It stays, and so do the differences between the weights, as long as none is cut at 0. Then a negative weight for φ: the order turns round, whoever asks, as far as it is not cut at 0. In the other three the order can change with who asks: with the weight back at 1 and −3 as the third place, place 1 ranks it last and place 3 ranks it first.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two that hardly look
#
# **Concatenation.** $\mathrm{ReLU}(w_f \cdot [\theta(x_i), \phi(x_j)]) = \mathrm{ReLU}(a_i + b_j)$, and a ReLU keeps the order: *every* query ranks the keys by $b_j$.
#
# **Raw Gaussian.** For independent features of about equal length $x_i \cdot x_i = \|x_i\|^2$ grows like $C$, and so does its lead over the others, in the exponent: $A \to I$.

# %% slideshow={"slide_type": "skip"}
channels = torch.tensor([4, 16, 64, 256, 1024])
own = {"$e^{x_i \\cdot x_j}$": [], "with $1/\\sqrt{C}$ in the exponent": []}
for c in channels.tolist():
    features = torch.randn(1, c, 14, 14, generator=torch.Generator().manual_seed(c)).relu().double()
    for name, scale in zip(own, (1.0, c**-0.25)):
        table = NonLocalBlock(c, pairwise="gaussian").double().weights(scale * features)[0]
        own[name].append(table.diagonal().mean())

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.collapse(channels, {name: torch.stack(values) for name, values in own.items()}),
    "Mean own weight of 196 places with random ReLU features over the number of channels: the raw Gaussian reaches 1 "
    "at about 64 channels; with one over the root of C it follows later, at about 1024.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A query of concatenation only moves the cut at 0, and how even its row is. The raw Gaussian has the disease of lesson 3 and of non-local means: who may look at himself often does. θ and φ can change it: they can make a place unlike itself. In the paper's table ([@wang2018, Table 2a]) the four forms differ by 0.4 points on video, one run each: 72.5 for the raw one, 72.7 to 72.9, against 71.8 without a block. If the raw one looked only at itself there, its 0.7 points came from elsewhere: the table does not show that looking far helped, nor that it did not.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why $A \to I$, and when.** Let the features be independent with mean $m$ and second moment $s > m^2$ in each channel. Then $x_i \cdot x_i \approx C s$ and $x_i \cdot x_j \approx C m^2$, each up to a deviation of order $\sqrt{C}$. The lead of the own key is about $C(s - m^2)$, so each other key has at most about $e^{-C(s - m^2) + O(\sqrt{C})}$ of its weight. Dividing by $\sqrt{C}$ leaves $\sqrt{C}(s - m^2)$, which still grows: it only delays the end. Learned maps can change the sign of the lead; so can features that are *not* independent, or places of unequal length: next slide.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The condition with numbers.** The ReLU of a standard normal number has $m = 1/\sqrt{2\pi} = 0.399$ and $s = \frac12$, so each channel adds $s - m^2 = 0.341$ to the lead of the own key. A key with the average score then has $e^{-\text{lead}}$ of its weight:

# %% slideshow={"slide_type": "skip"}
first_moment, second_moment = 1 / math.sqrt(2 * math.pi), 1 / 2
print(f"m = {first_moment:.3f}, s − m² = {second_moment - first_moment**2:.3f}")
for c in (4, 16, 64):
    ahead = c * (second_moment - first_moment**2)
    print(f"{c:2} channels: lead {ahead:4.1f}, another key has {math.exp(-ahead):.4f} of the own key's weight")

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
eight = {}
for c in (4, 16, 64):
    relu_features = torch.randn(8, c, generator=torch.Generator().manual_seed(c)).relu().double()
    eight[f"{c} channels"] = (relu_features @ relu_features.T).softmax(dim=1)
one_direction = 1 + 0.3 * torch.randn(8, 64, generator=torch.Generator().manual_seed(1)).double()
one_direction /= one_direction.norm(dim=1, keepdim=True) / 8                 # eight places of the length 8
eight_lengths = torch.linspace(0.6, 1.3, 8).double()[:, None] * one_direction
eight["64, unequal lengths"] = (eight_lengths @ eight_lengths.T).softmax(dim=1)
show(
    figures.own_tables(eight),
    "Tables of weights of eight places. With 4 channels no pattern, with 16 mostly and with 64 wholly the identity. Last, "
    "64 channels with one direction and unequal lengths: nearly all rows are dark in the column of the longest key.",
)

# %% slideshow={"slide_type": "skip"}
print("the darkest column of each row, last table:", eight["64, unequal lengths"].argmax(dim=1).tolist())
equal_lengths = (one_direction @ one_direction.T).softmax(dim=1)
print(f"the same places at equal lengths: own weight {equal_lengths.diagonal().mean():.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# Three tables keep the condition: independent features, a spread, $s > m^2$, and lengths that are more and more alike, the more channels there are. The last one breaks it by its lengths alone: all its places point nearly one way ($m$ is large beside the spread), so that a longer key has a larger product with everybody, and the longest wins. With equal lengths the same places look at themselves. The next slide is about this.

# %% [markdown] slideshow={"slide_type": "skip"}
# The query of a concatenation moves the cut at 0, and how even its row is: with $b = (1, 0, -\frac12)$ and $a = 0, 1, 10$ the keys' shares are (1, 0, 0), (0.57, 0.29, 0.14), (0.36, 0.33, 0.31). With a softmax instead of the ReLU, $a_i$ would cancel.

# %% slideshow={"slide_type": "skip"}
b = torch.tensor([1, 0, -0.5])
for a in (0, 1, 10):
    row = (a + b).relu()
    print(f"concatenation, a = {a:2}: shares {[round(share, 2) for share in (row / row.sum()).tolist()]}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Long keys win
#
# $$e^{x_i \cdot x_j} = e^{-\|x_i - x_j\|^2/2} \cdot e^{\|x_j\|^2/2} \cdot (\text{the same for all } j)$$
#
# A Gaussian of the distance **times a prior for long keys**. **Does a place always look at itself?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# - All keys of one length: the prior cancels, and nothing is nearer to a place than itself.
# - $x = (1, 2, 3)$, the hand example: place 2 gives itself 0.117, and place 3 **0.867**.
# - Who gets more of my weight than I do is *longer* than I: $\|x_i\|^2 < x_i \cdot x_j \le \|x_i\|\,\|x_j\|$.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
generator = torch.Generator().manual_seed(0)
independent = 0.3 * torch.randn(196, 256, generator=generator, dtype=torch.float64)  # 196 places, 256 channels
lengths = 0.5 + torch.rand(196, 1, generator=generator, dtype=torch.float64)
kinds = {"independent features": independent, "shared direction, unequal lengths": lengths * (independent + 2)}
Table(
    ("196 places, 256 channels", "own weight", "by the distance alone"),
    [
        (name, *(f"{scores.softmax(dim=1).diagonal().mean():.2f}" for scores in (x @ x.T, -torch.cdist(x, x).square() / 2)))
        for name, x in kinds.items()
    ],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The first factor is lesson 2's kernel, the second lesson 1's saliency: a long key shouts, whoever asks. The third point is the Cauchy–Schwarz inequality, so it holds for any features: the longest place of all always looks most at itself. Exercise 8 has a table of real features in which most places look elsewhere.

# %% [markdown] slideshow={"slide_type": "skip"}
# The third point is the Cauchy–Schwarz inequality, so it holds for any features: the longest place of all always looks most at itself.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The hand example, factor by factor.** $x = (1, 2, 3)$, and place 2 asks:

# %% slideshow={"slide_type": "skip"}
places = torch.tensor([1.0, 2.0, 3.0])
nearness, length_prior = torch.exp(-(places - 2).square() / 2), torch.exp(places.square() / 2)
both_factors = nearness * length_prior
rows = [
    [f"{place:g}", *(f"{part:.2f}" for part in parts), f"{weight:.3f}"]
    for place, *parts, weight in zip(*(part.tolist() for part in (places, nearness, length_prior, both_factors, both_factors / both_factors.sum())))
]
Table(["key", "how near", "prior for long keys", "product", "weight"], rows)

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.long_keys(nearness, length_prior, both_factors / both_factors.sum()),
    "Bars for the keys 1, 2 and 3. How near: 0.61, 1, 0.61. The prior for long keys: 1.65, 7.39, 90.02. Their product "
    "divided by its sum: 0.016, 0.117, 0.867.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# By nearness alone place 2 would listen to itself most. The prior is a number that each key has *whoever asks*: 90.02 for the key 3, 7.39 for the key 2. In lesson 1 such a number was called saliency. The weights are those of the softmax of the products, 2, 4 and 6. If all keys had one length, their priors would be equal and would cancel.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The block
#
# $W_z$ leads back to $C$ channels, a normalisation follows, and $x$ is added. $W_z$ or the scale of the normalisation starts at 0, so that at first $z = x$. $2C^2$ weights in all, whatever $N$ is.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.block_diagram(),
    "Block diagram: x goes through theta, phi and g to C/2 channels each; theta and phi are matched and normalised to "
    "an N by N table, which multiplies g; W z and a normalisation lead back to C channels; x is added.",
)

# %% slideshow={"slide_type": "skip"}
for subsample in (False, True):
    print(f"C = 1024, 14 × 14, subsample={subsample!s:5}: {count_cost(NonLocalBlock(1024, subsample=subsample), (1, 1024, 14, 14))}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Follow the shapes: N × N appears once. Subsampling takes keys and values from a map pooled by 2 × 2: still every place asks, and sees the whole picture. The paper ([@wang2018]) says this reduces the pairwise work "by 1/4"; it reduces it *to* 1/4.

# %% [markdown] slideshow={"slide_type": "skip"}
# `subsample=True` takes keys and values from a map pooled by 2 × 2, so there are a quarter as many of them. Every place still asks.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Do no harm: start as the identity
#
# The block ends in two factors: $W_z$ and the normalisation's scale $\gamma$. Zero in one of them, and $z = x$. **Which start is best: $W_z = 0$, $\gamma = 0$, or both?**

# %% slideshow={"slide_type": "skip"}
x = torch.randn(4, 8, 6, 6, generator=torch.Generator().manual_seed(0))


def trained(block, steps=100):
    """Ask the block for the picture moved by one column; report which of the two factors are no longer 0."""
    optimiser = torch.optim.SGD(block.parameters(), lr=0.5)
    for _ in range(steps):
        optimiser.zero_grad()
        (block(x) - x.roll(1, dims=3)).square().mean().backward()
        optimiser.step()
    return {name: bool(p.abs().max() > 0) for name, p in (("W_z", block.exit.weight), ("γ", block.norm.weight))}

# %% slideshow={"slide_type": "skip"}
moved = {}
for name, w_z, gamma in (("W_z = 0", 0, 1), ("γ = 0", 1, 0), ("both 0", 0, 0)):
    torch.manual_seed(0)
    block = NonLocalBlock(8, zero_init=False)
    with torch.no_grad():
        block.exit.weight *= w_z
        block.norm.weight *= gamma
    assert torch.equal(block(x), x)  # the identity, all three
    moved[name] = trained(block)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
words = {True: "has moved", False: "still 0"}
Table(
    ("start", "$W_z$ after 100 steps", "$γ$ after 100 steps"),
    [(name.replace("W_z", "$W_z$"), words[factors["W_z"]], words[factors["γ"]]) for name, factors in moved.items()],
)

# %% [markdown] slideshow={"slide_type": "-"}
# One of the two. With both at 0 neither ever starts: the gradient of each has the other as a factor.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let pairs vote, then the product rule: the gradient of each factor contains the other one. With one at 0, that one gets a gradient and moves, then the other. With both at 0, nobody ever starts: only the bias β learns. The paper zeroes γ.

# %% [markdown] slideshow={"slide_type": "skip"}
# Both at 0 is dead: the gradient of each factor has the other as a factor. With one of them at 0 both move in the end, whichever it was; we have not compared which of these two starts learns better.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it costs
#
# A 14 × 14 map: $N = 196$, no trouble. A 112 × 112 map: $N^2 = 157$ million weights, 629 MB. **Must the table exist?**

# %% slideshow={"slide_type": "skip"}
class Watch(TorchDispatchMode):
    """Notes the size of the largest tensor that an operation returns; scratch memory of a fused kernel is not seen."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        for part in result if isinstance(result, tuple | list) else (result,):
            if isinstance(part, torch.Tensor):
                self.largest = max(getattr(self, "largest", 0), part.numel() * part.element_size())
        return result


def with_table(theta, phi, g):
    return torch.softmax(theta @ phi.mT, dim=2) @ g


def with_fused_kernel(theta, phi, g):
    return F.scaled_dot_product_attention(theta[:, None], phi[:, None], g[:, None], scale=1.0)[:, 0]


def dot_table(theta, phi, g):
    return theta @ phi.mT @ g / g.shape[1]


def dot_reordered(theta, phi, g):
    return theta @ (phi.mT @ g) / g.shape[1]


methods = {
    "softmax, table": with_table,
    "softmax, no table": with_fused_kernel,
    "dot product, table": dot_table,
    "dot product, reordered": dot_reordered,
}
positions = torch.tensor([256, 1024, 4096])
memory, seconds = ({name: torch.zeros(len(positions)) for name in methods} for _ in range(2))
for number, n in enumerate(positions.tolist()):
    parts = [0.3 * torch.randn(1, n, 32, generator=torch.Generator().manual_seed(k)) for k in range(3)]
    for name, method in methods.items():
        with Watch() as watch:
            method(*parts)
        memory[name][number] = watch.largest / 1e6
        times = []
        for _ in range(5):
            start = time.process_time()
            for _ in range(4096 // n):
                method(*parts)
            times.append((time.process_time() - start) / (4096 // n))
        seconds[name][number] = 1000 * max(min(times), 1e-6)
assert torch.allclose(with_table(*parts), with_fused_kernel(*parts), atol=1e-5)
assert torch.allclose(dot_table(*parts), dot_reordered(*parts), atol=1e-5)

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.growth(positions, memory, seconds),
    "Largest tensor and time over the number of positions, both axes logarithmic. With a table memory grows 16 times "
    "for 4 times the positions; without one 4 times. Time of softmax grows with the square either way; the reordered "
    "dot product grows in proportion.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# No. Four times the places: with a table 16 times the memory, without one 4 times. Softmax still computes all $N^2$ products; the dot product, multiplied from the right, does not.

# %% slideshow={"slide_type": "skip"}
for name in methods:
    print(f"4 × the positions, {memory[name][2] / memory[name][1]:2.0f} × the largest tensor: {name}")
gain = (seconds["dot product, table"] / seconds["dot product, reordered"])[2]
print("4,096 positions: reordered dot product faster than its table:", bool(gain > 1))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Memory of softmax attention can be saved exactly (block by block, with a running sum, as lesson 3 tells; [@dao2022] do it†); its N² multiplications are all still done. For the dot product both go. Times are measured when the notebook runs, so the curves wobble; the slopes do not.

# %% slideshow={"slide_type": "skip"}
for side in (14, 112):
    n = side * side
    print(f"{side} × {side}: N = {n:,}, N² = {n * n:,} weights, {4 * n * n / 1e6:,.1f} MB")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An experiment: colour the twin
#
# Three pairs of digits. One of each pair is coloured, its twin, in another handwriting, is white and **far away**. *At each white digit: which colour has its twin?* By chance: 1/3.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
order = [0, 1, 7, 7]
show(
    figures.twin_examples(test_set.images[order], test_set.targets[order]),
    "Three pictures with six digits each, three coloured and three white, and the third again with frames round the "
    "white digits in the colours that are asked for.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Solve one aloud: which digit is this white one, where is the other of its kind, which colour has it? That is: query, match, value. A place sees 18 × 18 of the 36 × 36 pixels: its own digit. Digits of the test pictures are in handwritings never seen in training.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who can know? Predict the ranks
#
# One frozen trunk (names 99 % of test digits), then **one block**, then a small head. The block is
#
# - nothing; a 3×3 convolution; three dilated ones that see the whole picture;
# - SE (lesson 5) or a global context: one vector for the whole picture;
# - Non-local: the four pairwise functions, and the embedded Gaussian with $1/\sqrt{d}$.
#
# **A hint:** somebody who sees *which colours* are in the picture, but not *whose* they are, should name the commonest. Right how often?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
from itertools import product

counting = sum(max(colours.count(c) for c in colours) / 3 for colours in product("rgb", repeat=3)) / 27
print(f"Counting colours is right in 17/27 = {counting:.3f} of cases.")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Collect bets: who stays at 1/3, who gets to 0.63, who beyond? 27 equally likely colourings: 3 of one colour (always right), 18 with two alike (2/3), 6 all different (1/3).

# %% [markdown] slideshow={"slide_type": "skip"}
# Of the 27 equally likely colourings, 3 have one colour (the commonest is always right), 18 have two alike (right for 2/3 of the digits), and 6 have all different (1/3).

# %% slideshow={"slide_type": "skip"}
print(f"right names of test digits by the trunk: {stored('twins').of('none', 'numerals').mean():.1%}")
alike = [max(colours.count(c) for c in colours) for colours in product("rgb", repeat=3)]
print(f"of {len(alike)} colourings {alike.count(3)} have one colour, {alike.count(2)} two alike, {alike.count(1)} three")

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# ## Five seeds

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
twins = stored("twins")
names = (*list(twins.values)[:7], "embedded, scaled", "dot product", "concatenation")
show(
    figures.twin_results(
        names,
        torch.stack([twins.of(name, "accuracy") for name in names]),
        torch.stack([twins.of(name, "parameters")[0] for name in names]),
        counting,
    ),
    "Accuracy of ten heads over five seeds: no block, a 3 by 3 convolution and the raw Gaussian at chance; SE, global "
    "context and concatenation near 0.63 or below; dilated convolutions, dot product and embedded Gaussian above 0.8 on average.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Three groups: at chance, within a point; as if they knew the colours, not whose, or less; and those that match.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Three groups. At chance, within a point: none and the 3×3 convolution cannot see a twin; the raw Gaussian looks at itself. Near 17/27 or below: as if they knew the colours, not whose; one run of SE and one of concatenation (its ReLU died) learned nothing at all. Above: can match. The dilated convolutions get there too, with nearly nine times the weights: between them and the paper's embedded Gaussian no finding. With 1/√d it is ahead in all seeds: the scale is no detail.

# %% [markdown] slideshow={"slide_type": "skip"}
# At chance, within a point: none and the 3×3 convolution cannot see a twin, and the raw Gaussian looks at itself. Near 17/27 or below: as if they knew the colours, not whose; one run of SE and one of concatenation (its ReLU died) learned nothing at all. Above: they can match.

# %% [markdown] slideshow={"slide_type": "skip"}
# The recipe is stored with the results; `courseware experiments twins` trains everything again (about twenty minutes). Paired differences, seed by seed, and the control: a bar in the twin's colour printed *under each white digit*. Then nothing far away is needed.

# %% slideshow={"slide_type": "skip"}
print("recipe:", {key: twins.recipe[key] for key in ("trunk", "head", "test")})
for name in names:
    if name != "embedded gaussian":
        print(f"embedded gaussian − {name:20}: {twins.paired('embedded gaussian', name, 'accuracy').text()}")
print()
for name in names:
    print(f"{name:20}: accuracy {twins.spread(name, 'accuracy')}, with the hint beside the digit {twins.spread(name, 'with hint')}")

# %% slideshow={"slide_type": "skip"}
for name in ("dot product", "three dilated convs"):
    print(f"embedded, scaled − {name}: {twins.paired('embedded, scaled', name, 'accuracy').text()}")
print(f"raw Gaussian − none: {twins.paired('gaussian', 'none', 'accuracy').text()}")
for name in ("three dilated convs", "embedded gaussian"):
    print(f"{name}: {int(twins.of(name, 'parameters')[0]):,} weights")

# %% [markdown] slideshow={"slide_type": "skip"}
# ± behind one variant is the standard deviation over the seeds, behind a difference its standard error ([lesson 4](04_six_kinds.ipynb#When-is-a-difference-a-finding?)). Between the embedded Gaussian as the paper has it and three dilated convolutions, with nearly nine times its weights, there is no finding, and the dot product beats it in every seed: to see and match what is far away takes no softmax. The raw Gaussian is a finding above no block at all, of less than a point: a finding may be of no use. With $1/\sqrt{d}$ (as in transformers; see *Read critically*) the softmax is ahead of the dot product in every seed.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where do the white digits look?
#
# Nobody told the blocks where the twin is: they were only asked for colours. **Predict:** how much of a white digit's weight lies on its twin? Equal shares would be 0.111.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
kinds = ("gaussian", "embedded gaussian", "embedded, scaled", "concatenation", "global context")
best = max(kinds, key=lambda name: twins.of(name, "mass").mean())
Table(
    ("", "on the twin", "on itself", "rows alike"),
    [(name, *(twins.spread(name, column, 2) for column in ("mass", "own", "alike"))) for name in kinds],
    winners=[k for k, name in enumerate(kinds) if name == best or not twins.paired(best, name, "mass").found],
)

# %% [markdown] slideshow={"slide_type": "-"}
# Both limits are seen live: a white digit's raw Gaussian looks at itself, concatenation asks everybody nearly the same.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** *Rows alike*: cosine of two rows of one picture, 1 if the query does not matter. Bold: most weight on the twin. Dot-product weights are signed and have no shares, so they are not in this table; but outside its own cell a white digit's largest weight, by size, lies on its twin in 0.87 of cases (1/8 by chance). And without a softmax it reads better than the paper's embedded Gaussian in all five seeds. Ask which row has rank 1. Is the raw Gaussian's table the identity? Only at the digits, which are long keys: elsewhere places look at them (the notebook has the numbers).

# %% [markdown] slideshow={"slide_type": "skip"}
# The columns: weight on the nine places of the twin's cell (equal shares: 0.111) and on the digit's own; how often the largest weight is there; how alike two rows of one picture are (cosine; 1: the query does not matter). One seed of concatenation is an exception: its ReLU died, all weights are 0.

# %% slideshow={"slide_type": "skip"}
print(f"equal shares: {9 / 81:.3f}")
print("how often the largest weight lies on the twin:", {name: twins.spread(name, "hit", 2) for name in kinds})
print(f"on the twin, embedded − embedded, scaled: {twins.paired('embedded gaussian', 'embedded, scaled', 'mass').text()}")
print("dot product, largest weight outside the own cell lies on the twin:", twins.spread("dot product", "hit elsewhere", 2))

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Train one yourself
#
# The stored trunk, a fresh block with the embedded Gaussian, 600 steps:

# %% slideshow={"slide_type": "skip"}
network = load_weights(TwinNetwork("embedded gaussian"), "twins")
images, targets, _ = training_pictures(seed=0)
features = features_of(network.trunk, images)
del images  # large, and not needed again
head = train_head("embedded gaussian", 0, features, targets, progress=bar)
del features

test_features = features_of(network.trunk, test_set.images)
mine = accuracy(head, test_features, test_set.targets)
looks = twin_attention(head.block.weights(test_features).detach(), test_set.twins)
print("accuracy where one more seed would lie:", agrees(mine, twins.of("embedded gaussian", "accuracy")))
print("more weight on the twin than on itself:", looks["mass"] > looks["own"])

# %% [markdown] slideshow={"slide_type": "skip"}
# About eight seconds. Trained are θ, φ, g, W_z, the normalisation and a small head; the trunk is frozen. Try `"gaussian"` afterwards.

# %% slideshow={"slide_type": "skip"}
some = test_features[:300]
raw = NonLocalBlock(32, pairwise="gaussian").weights(some)    # (300, 81, 81)
lengths = some.flatten(2).norm(dim=1)                         # (300, 81)
strongest = lengths.gather(1, raw.argmax(dim=2))              # of the key with the largest weight
print("raw Gaussian: a white digit gives its own cell more than 0.95:", twin_attention(raw, test_set.twins[:300])["own"] > 0.95)
print(f"              mean own weight of all 81 places: {raw.diagonal(dim1=1, dim2=2).mean():.2f}")
print("              the strongest key is as long as the place that asks, or longer:", bool((strongest > lengths - 1e-4).all()))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where does it look?
#
# Click a white digit, then a coloured one, then nothing at all. **Find** a picture where it is wrong.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
twin_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** White digits light up their twin. Wrong: picture B, top left, and D, bottom left; it looks at another digit, and says that one's colour. Then the menu: raw Gaussian looks at itself; "unary part" is the same wherever you click; the "pairwise part" alone still finds many twins. Keep that for the next slide.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* white digits light up their twin. It is wrong in picture B, top left, and D, bottom left: it looks at another digit, and says that one's colour. Then the menu: the raw Gaussian looks at itself; the "unary part" is the same wherever you click; the "pairwise part" alone still finds many twins.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Volitional plus non-volitional: lesson 1 returns
#
# With the means $\mu$ over all places, and inside a softmax over $j$:
#
# $$q_i \cdot k_j \;\hat{=}\; \underbrace{(q_i - \mu_q) \cdot (k_j - \mu_k)}_{\text{pairwise: the query matters}} + \underbrace{\mu_q \cdot k_j}_{\text{unary: the key stands out}}$$

# %% [markdown] slideshow={"slide_type": "-"}
# **Which of the two is the wish, which the red cup?**

# %% slideshow={"slide_type": "skip"}
with torch.no_grad():
    some = test_features[:200].flatten(2).mT                  # (200, 81, 32)
    block = network.head.block
    pairwise, unary = pairwise_and_unary(block.theta(some), block.phi(some))
    assert torch.allclose((pairwise + unary).softmax(dim=2), block.weights(test_features[:200]), atol=1e-5)
parts = {"both": pairwise + unary, "pairwise": pairwise, "unary": unary.expand_as(pairwise)}
found = {name: twin_attention(scores.softmax(dim=2), test_set.twins[:200]) for name, scores in parts.items()}

# %% [markdown] slideshow={"slide_type": "fragment"}
# The pairwise part is the wish, the unary part the red cup. A trained block, split:

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
Table(
    ("scores in the softmax", "weight on the twin", "rows alike"),
    [(name, f"{measured['mass']:.2f}", f"{measured['alike']:.2f}") for name, measured in found.items()],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The unary part alone knows little here: 0.15 on the twin, so 0.46 on the three coloured digits together, which have a third of the places. Together they do more than either. Lesson 1 put saliency into the key by a constant in the query: μ_q is that constant. The disentangled non-local paper ([@yin2020]) says that the two hinder each other in one softmax, and trains them apart.

# %% [markdown] slideshow={"slide_type": "skip"}
# Lesson 1 put saliency into the key by a constant in the query: $\mu_q$ is that constant. [@yin2020] say that the two parts hinder each other in one softmax, and train them apart.

# %% [markdown] slideshow={"slide_type": "skip"}
# $\hat{=}$ means: equal but for terms that are the same for all $j$, $(q_i - \mu_q) \cdot \mu_k$, which the softmax drops. The split is that of [@yin2020].

# %% slideshow={"slide_type": "skip"}
on_twin = twin_attention(parts["unary"].softmax(dim=2), test_set.twins[:200])["mass"]
print(f"unary part: {on_twin:.2f} on the twin, so {3 * on_twin:.2f} on three coloured digits alike")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What if the query does not matter?
#
# GCNet ([@cao2019]) looked at trained Non-local blocks on photographs: the maps of different queries were *almost the same*. **What would you save?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# All rows but one: then $A$ has rank 1, and one context vector will do.
#
# $$z_i = x_i + \text{transform}\Bigl(\sum_j \operatorname{softmax}_j(w \cdot x_j)\, x_j\Bigr)$$
#
# | | $A$ | asks |
# |---|---|---|
# | Non-local | dense, $N$ different rows | each place its own question |
# | global context | rank 1: one row, $N$ times | one question for all |
# | SE's squeeze ($w = 0$) | uniform | no question |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** On COCO the cheaper global context did at least as well as one Non-local block (39.4 against 38.0 box AP in the comparison printed by ECA-Net ([@wang2020, Table 5]), all blocks against one: not like for like). Our table says the opposite, for blocks of about one size. Each is about its own task.

# %% [markdown] slideshow={"slide_type": "skip"}
# On COCO the cheaper global context did at least as well as one Non-local block (39.4 against 38.0 box AP in the comparison printed in [@wang2020, Table 5], all blocks against one: not like for like). Our table says the opposite, for blocks of about one size. Each is about its own task.

# %% [markdown] slideshow={"slide_type": "skip"}
# The *transform* of the formula is two 1×1 layers with a bottleneck, layer normalisation and a ReLU between them.

# %% slideshow={"slide_type": "skip"}
from visual_attention import GlobalContext

context = GlobalContext(32)
with torch.no_grad():
    context.score.weight.zero_()
    row = context.weights(test_features[:1])[0, 0]
    assert torch.allclose(row @ test_features[0].flatten(1).T, test_features[0].mean(dim=(1, 2)), atol=1e-5)
print("with w = 0 the context is the global average: SE's squeeze")
print(f"global context, as in the table − counting colours: {Difference(twins.of('global context', 'accuracy') - counting).text()}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … or give it room
#
# On our twins every white digit has a different twin, and in our table the global context stays just below counting colours. The same block with a wide bottleneck and a wide head, trained longer, still has one message for all places. **Predict:** above counting colours?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
wide = stored("twins_wide_context")
widest = "wide global context, 256 units, 2,000 steps"
gains = {name: wide.paired(widest, name, "accuracy") for name in wide.values if name != widest}
Table(
    ("", "weights", "accuracy"),
    [(name, f"{int(wide.of(name, 'parameters')[0]):,}", wide.spread(name, "accuracy")) for name in wide.values],
    winners=[k for k, name in enumerate(wide.values) if name == widest or not gains[name].found],
)

# %% [markdown] slideshow={"slide_type": "-"}
# Yes: one *list* serves every place, if the head can look up its line.

# %% slideshow={"slide_type": "skip"}
print("wide, long − counting colours:", Difference(wide.of(widest, "accuracy") - counting).text())
scaled = twins.of("embedded, scaled", "accuracy")
print("wide, long − embedded Gaussian, scaled:", Difference(wide.of(widest, "accuracy") - scaled).text())
for name, gain in gains.items():
    print(f"wide, long − {name}: {gain.text()}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two things were given at once, room and time. Time alone went less far, and so did half the room for a short time; the whole room for a short time we have not tried. The head alone, as wide and as long, stays at chance: the message carries it. So the query has moved behind the block, we guess: we have not looked inside. A *linear* head could not look up a line: lesson 8. The moral: "did not work at this size" is what a table shows; "cannot work" needs a proof.

# %% [markdown] slideshow={"slide_type": "skip"}
# Two things were given at once, room and time. Time alone went less far, and so did half the room for a short time; the whole room for a short time we have not tried. The head alone, as wide and as long, stays at chance: the message carries it. "Did not work at this size" is what a table shows; "cannot work" needs a proof.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "Non-local means: why is the vote of a pixel on itself too large?",
        {
            "Its own patch is at distance 0; any other carries noise of its own and is farther off, even if it is the same underneath.": "By about 2σ², with the noise σ. So the weight says “same noise” where it should say “same content”.",
            "It is noisier than the others.": "The noise is the same everywhere.",
            "Its row would sum to more than 1.": "The row is divided by its sum, whoever takes part.",
        },
        right="a",
    ),
    Question(
        "Concatenation: f = ReLU(aᵢ + bⱼ), where aᵢ comes from the query and bⱼ from the key. What can the query decide?",
        {
            "Whom to listen to most.": "For every query, the keys stand in the order of their bⱼ.",
            "How many keys are heard, and how evenly, but not their order.": "The sum and the ReLU keep the order of bⱼ; aᵢ moves the point where the list is cut off at 0, and evens out what is above it.",
            "Nothing at all.": "So it would be with a softmax in the place of the ReLU: there aᵢ cancels.",
        },
        right="b",
    ),
    Question(
        "The block is to start as the identity, z = x, and then to learn. What is set to 0?",
        {
            "W_z and the scale γ of the normalisation, to be safe.": "The gradient of each has the other as a factor: neither ever starts.",
            "θ and φ.": "With a softmax all weights are then equal, and the mean of all values is added: not the identity.",
            "W_z or γ, one of the two.": "The one at 0 gets a gradient through the other, and moves.",
        },
        right="c",
    ),
    Question(
        "Softmax attention is computed block by block, with a running sum. What does that save?",
        {
            "Time and memory.": "All N² products are still computed. Without a softmax the order of the products could be changed.",
            "Memory.": "The N × N table never exists, and the result is exact.",
            "Neither: a softmax needs its whole row.": "It needs the row's maximum and sum, and both can be kept up to date.",
        },
        right="b",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - One average, three kinds of keys: numbers, then patches, then learned features.
# - Who may look at himself often does: mask or tame the diagonal.
# - Four pairwise functions; concatenation has one ranking for all queries, the raw Gaussian looks at itself or at longer keys.
# - Start as the identity, with **one** zero.
# - $q \cdot k$ = pairwise + unary.
#
# {{recap: 6a, 6b, without learned}}
#
# **Next question:** can we say *what* and *where* without any table at all?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Learned: 2C² numbers, none of them a position. CBAM (lesson 7) asks where with 2 · 7 · 7 weights.

# %% [markdown] slideshow={"slide_type": "skip"}
# And: memory $N^2$ is a choice; without a softmax, so is time.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **The source slides** lack a $\sum_j$ ([… and a missing sum](#…-and-a-missing-sum)). Its normaliser $\mathcal{C}(x)$, as in the paper, depends on $i$ for the two softmax forms.
# - **"Non-local" was local.** The paper on non-local means ([@buades2005]) searches a 21 × 21 window, for speed; and the formula with a pixel's own vote is not what works best, as our table shows.
# - **"Attention is essential"?** The Non-local paper ([@wang2018]) says of softmax that this "attentional behavior … is not essential in the applications we study": its Table 2a has 72.5 (Gaussian), 72.7 (embedded), 72.9 (dot product), 72.8 (concatenation) against 71.8 without a block, each one run. Concatenation is within 0.1 of the best there and cannot rank keys by the query; and the raw Gaussian, which may have looked at nothing but itself, has most of the gain. So the table shows neither that looking far helped nor that ranking was not needed.
# - **By 1/4 or to 1/4?** [@wang2018, section 3.3] write that subsampling can reduce the pairwise work "by 1/4". A quarter of the keys leaves a quarter of the work.
# - **Paper and code differ:** the authors' code has an optional $1/\sqrt{d}$ that the paper does not mention, and pools before $\phi$ and $g$ where the paper says after. On our twins the scale is worth 0.116 ± 0.022 of accuracy, in five of five seeds; a likely reason, which we have not tested: without it the softmax is sharp before it knows what to look for.
# - **"74.4 → 77.7"**, as one reads, mixes a 32-frame baseline with a 128-frame Non-local network. Like for like: 76.4 → 77.7 ([@wang2018, Table 2g]).
# - **Attention that ranks the keys alike** for every query was found in graph networks too: [@brody2022].†
# - **Re-implementations:** timm's ([@wightman2019]) Non-local block has an inner width of $C/8$ and divides by $\sqrt{C}$; mmcv's concatenation form raises an error in its backward pass; subsampling before or after the 1×1 convolution gives different networks (versions of autumn 2026, with torch 2.13; scikit-image above is 0.26).
# - **A map of weights is not an explanation.** On our twins we can check it, because we know where the answer stands.
#
# † as we recall it; check the paper.

# %% slideshow={"slide_type": "skip"}
print(f"with 1/√d: {twins.paired('embedded, scaled', 'embedded gaussian', 'accuracy').text()}")

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/06_non_local.ipynb) · [next lesson](07_cbam.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
