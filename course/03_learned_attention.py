# ---
# jupyter:
#   lesson:
#     afterwards you can: learn a width, keep a point from voting on itself, and judge a recipe over many draws
#     you move: w, and its path down the loss
#     stress: [data, before, keys are learned, "the slides' fraction", the book, the recipe]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · Learning w: attention with a parameter
#
# Lesson 2 ended with a knob in our hands, the width σ. **Can the data turn it, by gradient descent?**

# %% slideshow={"slide_type": "skip"}
import math

import torch
import torch.nn.functional as F

from courseware.notebook.explorer import show
from courseware.notebook.peak_memory import PeakMemory
from courseware.notebook.table import Table
from visual_attention import LearnedKernelRegression, attention_weights, nadaraya_watson
from visual_attention.datasets import iris_petals, noisy_sine, true_curve
from visual_attention.lessons.learned_attention import figures
from visual_attention.lessons.learned_attention.explorers import w_explorer, w_microscope
from visual_attention.regression import prediction_slope, press_residuals, training_path

x, y = noisy_sine(n=50, noise=0.5, seed=0)
grid = torch.linspace(0, 5, 201, dtype=x.dtype)
truth = true_curve(grid)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.three_widths(
        x, y, grid, {f"σ = {width:g}": nadaraya_watson(grid, x, y, width=width) for width in (2.0, 0.3, 0.03)}
    ),
    "Fifty points, three times, with the curve of three widths: nearly flat at 2, smooth at 0.3, jagged at 0.03.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Remind the room of the self-vote in lesson 2: a point among its own keys. Today it decides everything.

# %% [markdown] slideshow={"slide_type": "skip"}
# It can, with one parameter $w = 1/\sigma$. On the way: a formula misprinted on the slides behind this course and once in a book, a training loss that falls to zero while the model gets better and then worse again, and a popular recipe whose outcome hangs on where it starts.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. write parametric Nadaraya–Watson attention and say what goes wrong in two published versions of its formula ([One parameter](#One-parameter), [Spot the slip](#Spot-the-slip));
# 2. derive $\partial f/\partial w$ and explain why $w = 0$ is a bad start ([The gradient, by hand](#The-gradient,-by-hand));
# 3. explain why training with each point among its own keys drives $w \to \infty$, and cure it inside the softmax ([Train it. What could go wrong?](#Train-it.-What-could-go-wrong?), [Leave one out, inside the softmax](#Leave-one-out,-inside-the-softmax));
# 4. compute all leave-one-out errors from one table of weights (PRESS) ([PRESS: all the refits for free](#PRESS:-all-the-refits-for-free));
# 5. judge a training recipe over many draws instead of one ([A popular recipe, on 200 draws](#A-popular-recipe,-on-200-draws), [The verdict](#The-verdict)), and find out which part of it matters ([What would help? One change at a time](#What-would-help?-One-change-at-a-time));
# 6. rewrite Gaussian attention as `scaled_dot_product_attention`, and a softmax classifier as attention ([Bridge 1: it is dot-product attention](#Bridge-1:-it-is-dot-product-attention), [Bridge 2: a softmax classifier is attention](#Bridge-2:-a-softmax-classifier-is-attention)).
#
# You need lesson 2, and gradient descent in PyTorch. Time: 41 minutes in a lecture, about three hours and a half alone with the [exercises](exercises/03_learned_attention.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One parameter
#
# Multiply the distance by $w$. That is lesson 2 with $\sigma = 1/w$, and $w$ can be learned:
#
# $$f(x) = \sum_i \operatorname{softmax}_i\left(-\tfrac{1}{2}\left((x - x_i)\,w\right)^2\right) y_i$$
#
# | $w$ | width | prediction |
# |---|---|---|
# | 0 | infinite | the average |
# | small | wide | smooth |
# | large | narrow | the nearest key's value |

# %% [markdown] slideshow={"slide_type": "-"}
# **Which is better, $w = 4$ or $w = -4$?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# They are one model: only $w^2$ enters.

# %% slideshow={"slide_type": "skip"}
model = LearnedKernelRegression(w=2.0)
assert torch.allclose(model(grid, x, y), nadaraya_watson(grid, x, y, width=0.5))
print(model, "equals lesson 2 with width 0.5")
for w in (4.0, -4.0):
    assert torch.allclose(LearnedKernelRegression(w)(grid, x, y), nadaraya_watson(grid, x, y, width=0.25))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let the room vote on the two signs: "a negative w prefers far keys" will come; write w² into the exponent. "Parametric" here means one learned number on top of the data, which stay in the model.

# %% [markdown] slideshow={"slide_type": "skip"}
# A negative $w$ does not prefer far keys: the exponent holds $w^2$. "Parametric" means one learned number on top of the data, and the data stay in the model.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Spot the slip
#
# The same line as a fraction, as two texts had it. **What is wrong with each?**
#
# $$\text{first:}\quad f(x) = \sum_{i=1}^n \frac{\exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}{\sum_{j=1}^n \exp\left(-\frac{1}{2}(x - x_j)^2\right)}\, y_i$$
#
# $$\text{second:}\quad f(x) = \sum_{i=1}^n \frac{\exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}{\sum_{j=1}^n \exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}\, y_i$$

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2½ min.** Two minutes in pairs. The answer comes with the next slide. First: w is missing below the line. Second: x_i stands where x_j should. Ask what each would compute if a student typed it in faithfully.

# %% [markdown] slideshow={"slide_type": "skip"}
# The first fraction stands on the [source slides](00_start_here.ipynb#If-you-study-alone), the second stood in the first versions of a chapter of *Dive into Deep Learning* ([@zhang2021]; corrected since). Both texts print the softmax line below the fraction, and it is right: code made from that line does not show the slip. More in [Read critically](#Read-critically).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … and evaluate it literally
#
# Lesson 2's three points, query 1, $w = 2$. **Predict:** which of the two fractions still gives an average?

# %% slideshow={"slide_type": "skip"}
three_x, three_y = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([1.0, 2.0, 6.0])
query, w = 1.0, 2.0
top = torch.exp(-0.5 * ((query - three_x) * w) ** 2)

formulas = {
    "right": top / top.sum(),
    "first": top / torch.exp(-0.5 * (query - three_x) ** 2).sum(),  # w forgotten
    "second": top / (3 * top),  # the sum over j of a term without j
}
for name, alpha in formulas.items():
    weights = [round(a, 4) for a in alpha.tolist()]
    print(f"{name:6} {weights} sum {alpha.sum():.4f}, f(1) = {alpha @ three_y:.4f}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
meanings = {"right": "right", "first": "first: no w below the line", "second": "second: x_i below the line"}
Table(
    ["", *(f"weight of y = {value:g}" for value in three_y), "their sum", "f(1)"],
    [
        [meanings[name], *(f"{a:.4f}" for a in alpha), f"{alpha.sum():.4f}", f"{alpha @ three_y:.4f}"]
        for name, alpha in formulas.items()
    ],
    winners=[0],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# The first is no average at all. The second is *only* the average: it does not look where you ask.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Both texts print the softmax line below the fraction, and that is right, so that code made from it does not show the slip. Moral: weights that do not sum to 1 are the first thing to test, in your own code too.

# %% [markdown] slideshow={"slide_type": "skip"}
# Weights that do not sum to 1 are the first thing to test, in your own code too.

# %% slideshow={"slide_type": "skip"}
print("sum of the first fraction's weights, averaged over the queries 0, 0.1, … 4.9:")
queries = torch.arange(0, 5, 0.1, dtype=x.dtype)
for w in (0.0, 0.5, 1.0, 2.0, 5.0):
    top = torch.exp(-0.5 * ((queries[:, None] - x) * w) ** 2)
    below = torch.exp(-0.5 * (queries[:, None] - x) ** 2).sum(dim=1, keepdim=True)
    print(f"  w = {w:g}: {(top / below).sum(dim=1).mean():.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## w, to touch
#
# The right fraction on the three points. Drag $w$ down to 0 and on, below it: which predictions come back?

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
w_microscope()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** At w = 0 all differences are multiplied by 0, so that every closeness is 1 and the answer is the mean; below 0 everything comes back, for only the square of w enters. Ask how fast the prediction moves near 0: hardly. That is the next slide.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The gradient, by hand
#
# How does $f(x)$ move when $w$ moves? With $d_i = x - x_i$, two lines of calculus give
#
# $$\frac{\partial f}{\partial w} = -w \, \operatorname{Cov}_\alpha(y, d^2) = -w \left[\sum_i \alpha_i y_i d_i^2 - \left(\sum_i \alpha_i y_i\right)\left(\sum_j \alpha_j d_j^2\right)\right]$$
#
# Read it: if far points have high values, looking closer ($w$ up) lowers the prediction. **Where would you start?**

# %% slideshow={"slide_type": "skip"}
rows = []
for start in (2.0, 0.0):
    model = LearnedKernelRegression(start)
    f = model(torch.tensor([2.4]).double(), x, y)
    (by_autograd,) = torch.autograd.grad(f.sum(), model.w)
    by_hand = prediction_slope(torch.tensor([2.4]).double(), x, y, start)
    print(f"w = {start:g}: autograd {by_autograd:+z.10f}, covariance {by_hand.item():+z.10f}")
    rows.append([f"{start:g}", f"{by_autograd:+z.4f}", f"{by_hand.item():+z.4f}"])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Not at $w = 0$: there the slope is **zero, whatever the data**. For the 50 points, at $x = 2.4$:

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["w", "slope by autograd", "by the formula"], rows)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Ask for a start value before the formula is read out. We expect to hear 0, for that is how biases start. The formula says: a step along the slope leads from 0 to 0. Whether 0 is a valley or the top of a hill, the slope cannot say; wait for the slide with the hill.

# %% [markdown] slideshow={"slide_type": "skip"}
# At $w = 0$ a step along the slope leads from 0 to 0. Whether 0 is a valley or the top of a hill, the slope cannot say; a later slide can.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The two lines.** Write $s_i = -\frac{1}{2}w^2 d_i^2$, so $\partial s_i/\partial w = -w d_i^2$. For a softmax, $\partial \alpha_i/\partial w = \alpha_i(\partial s_i/\partial w - \sum_j \alpha_j\, \partial s_j/\partial w) = -w\,\alpha_i (d_i^2 - \sum_j \alpha_j d_j^2)$. Multiply by $y_i$ and sum.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train it. What could go wrong?
#
# Loss: $\frac{1}{2}\sum_k (f(x_k) - y_k)^2$ over the 50 points. **Predict:** what happens to $w$, and to the loss, if every point may look at itself?

# %% slideshow={"slide_type": "skip"}
steps = 1000
paths = {}
for name, leave_one_out in (("with itself", False), ("left out", True)):
    paths[name] = training_path(
        x, y, w=1.0, learning_rate=0.1, steps=steps, leave_one_out=leave_one_out, optimiser="adam_log"
    )
for name, (w, loss) in paths.items():
    print(f"{name:11}: w after 10, 100, {steps} steps {w[10]:.2f}, {w[100]:.2f}, {w[-1]:.2f}; loss {loss[-1]:.4f}")

at_four = 0.5 * (LearnedKernelRegression(4.0)(x, x, y) - y).square().sum()
print(f"for comparison, the loss with itself at w = 4: {at_four:.4f}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
marks = torch.unique(torch.logspace(0, math.log10(steps), 120).round().long())
show(
    figures.growth(marks, {name: (w[marks], loss[marks]) for name, (w, loss) in paths.items()}),
    "Left: with itself w climbs into the thousands, left out it levels off near 3.5. Right: with itself the training "
    "loss falls towards zero, left out it settles.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# With itself, $w$ runs away and the loss goes to zero. Left out, both settle.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Collect bets first. The cheating model copies: at w → ∞ each point answers with its own value. The loss goes to zero, and the noise is learned with the rest. Slow growth late in training is not convergence: the gradient dies exponentially, and w goes on.

# %% [markdown] slideshow={"slide_type": "skip"}
# The model that may look at itself copies: as $w \to \infty$ each point answers with its own value, and the noise is learned with the rest. Slow growth late in training is not convergence: the gradient dies exponentially, and $w$ goes on.

# %% [markdown] slideshow={"slide_type": "skip"}
# `optimiser="adam_log"` is Adam on $\log w$: so $w$ stays positive, and a step is a factor. At $w = 4$, near the honest best, the loss with itself is far from 0: from a good $w$, too, this training would walk away.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two trainings, one of them honest
#
# Judged by the training loss, the one with itself is far ahead. **Predict:** what became of its *test* error on the way?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
def curve_error(w):
    return (nadaraya_watson(grid, x, y, width=1 / w) - truth).square().mean()


tested = {name: torch.stack([curve_error(v) for v in w.tolist()]) for name, (w, _) in paths.items()}
show(
    figures.errors_by_step(marks, {name: errors[marks] for name, errors in tested.items()}),
    "The test error falls in both; with itself it then rises to five times its least, left out it stays close to it.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It passes a good $w$ and does not stop.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Which curve would you be proud of, seeing the training loss only? The copying model goes through a good curve, comes out on the other side, and its test error still ends below where it began: the start, w = 1, is a poor one. The text has the numbers.

# %% [markdown] slideshow={"slide_type": "skip"}
# The copying model goes through a good curve, comes out on the other side, and its test error still ends below where it began: the start, $w = 1$, is a poor one.

# %% slideshow={"slide_type": "skip"}
for name, errors in tested.items():
    best_step = int(errors.argmin())
    print(f"{name:11}: test error {errors[0]:.2f} at w = 1, {errors[best_step]:.2f} at best "
          f"(w = {paths[name][0][best_step]:.1f}), {errors[-1]:.2f} after {steps} steps")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Leave one out, inside the softmax
#
# A point must not vote on itself. **Where do you take it out, and what do you put in its place?**

# %% slideshow={"slide_type": "skip"}
scores = -0.5 * (3.5 * (x[:, None] - x)) ** 2
diagonal = torch.eye(50, dtype=torch.bool)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Put $-\infty$ on the diagonal of the scores, **before** the softmax. The other two run as well, and are bugs:

# %% slideshow={"slide_type": "fragment"} tags=["show-code"]
hidden = torch.softmax(scores.masked_fill(diagonal, -math.inf), dim=1)
zeroed_after = torch.softmax(scores, dim=1).masked_fill(diagonal, 0)
score_zero = torch.softmax(scores.masked_fill(diagonal, 0), dim=1)

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(hidden, attention_weights(x, x, width=1 / 3.5, leave_one_out=True))
ways = {"−∞ before": hidden, "0 after": zeroed_after, "score 0": score_zero}
for name, table in ways.items():
    rows = table.sum(dim=1)
    print(f"{name:9}: rows sum to {rows.min():.3f} … {rows.max():.3f}, own weight {table.diagonal().mean():.3f}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(
    ["on the diagonal", "rows sum to", "mean weight on itself"],
    [
        [name, f"{table.sum(dim=1).min():.3f} … {table.sum(dim=1).max():.3f}", f"{table.diagonal().mean():.3f}"]
        for name, table in zip(("−∞ before the softmax", "0 after it", "0 as a score"), ways.values())
    ],
    winners=[0],
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A score of 0 is the *largest* possible score here: the diagonal was 0 before. A language model hides the words to come in the same way, by −∞ before the softmax (a causal mask); the pattern is another one, for there each place still sees itself.

# %% [markdown] slideshow={"slide_type": "skip"}
# A score of 0 in place of −∞ would be the *largest* possible score here: the diagonal was 0 before. A language model hides the words to come in the same way, by −∞ before the softmax (a causal mask); the pattern is another one, for there each place still sees itself.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## PRESS: all the refits for free
#
# Leave-one-out sounds like 50 fits. It is one division for each point. With the full table $S$ (own points included), the error that point $k$ *would* have without itself is
#
# $$y_k - f_{-k}(x_k) = \frac{y_k - f(x_k)}{1 - S_{kk}}$$
#
# **Does a large vote on oneself make the error large, or hide it?**

# %% slideshow={"slide_type": "skip"}
model = LearnedKernelRegression(3.5)
with torch.no_grad():
    shortcut = press_residuals(model.weights(x, x), y)
    refitted = torch.empty(50, dtype=x.dtype)
    for k in range(50):
        others = torch.arange(50) != k
        refitted[k] = y[k] - model(x[k : k + 1], x[others], y[others]).item()

print("50 refits and one division, equal to 10 digits:", torch.allclose(shortcut, refitted, rtol=0, atol=1e-10))
assert torch.allclose(shortcut, refitted)

# %% slideshow={"slide_type": "skip"}
own, visible, honest = [], [], []
for seed in range(200):
    draw = noisy_sine(seed=seed)
    S = attention_weights(draw.x, draw.x, width=1 / 3.5)
    own.append(S.diagonal())
    visible.append(draw.y - S @ draw.y)
    honest.append(press_residuals(S, draw.y))
own, visible, honest = (torch.cat(parts) for parts in (own, visible, honest))

rows = []
for name, chosen in (("below 0.3", own < 0.3), ("0.3 or more", own >= 0.3)):
    seen, true = (errors[chosen].square().mean().sqrt() for errors in (visible, honest))
    print(f"own weight {name:11} {int(chosen.sum()):5} points: error seen {seen:.2f}, left out {true:.2f}")
    rows.append([name, f"{int(chosen.sum()):,}", f"{seen:.2f}", f"{true:.2f}"])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["weight on itself", "points of 200 draws", "error seen", "error left out"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# It hides it. What is seen of an error is the part $1 - S_{kk}$ of the honest one.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The trace of S is the "effective number of parameters": the sum of the self-votes. Read the formula from right to left: who keeps most of the vote hides most of the error. The division does not make an error large; the table counts it on 200 draws, at w = 3.5 (root mean squares).

# %% [markdown] slideshow={"slide_type": "skip"}
# The trace of $S$, the sum of the self-votes, is called the effective number of parameters. Read the formula from right to left: who keeps most of the vote hides most of the error.

# %% slideshow={"slide_type": "skip"}
for w in (0.7, 2.0, 5.0):
    with torch.no_grad():
        print(f"w = {w:g}: trace(S) = {LearnedKernelRegression(w).weights(x, x).trace():.2f} effective parameters")

# %% [markdown] slideshow={"slide_type": "skip"}
# **What a large self-vote hides.** The errors of the slide are root mean squares over 200 draws, at $w = 3.5$. Points with hardly a neighbour look as well fitted as all others. Left out, they are not: the others know little about them. The divisor $1 - S_{kk}$ does not make their error large, it undoes what their own vote took away from it.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why one division is enough.** The weights of the other points keep their proportions when $k$ leaves; they only share out 1 in place of $1 - S_{kk}$. So take out what $k$ said and divide by the rest: $f_{-k}(x_k) = \dfrac{f(x_k) - S_{kk}\, y_k}{1 - S_{kk}}$. Subtract that from $y_k$, and the formula of the slide is left. PRESS, the *prediction sum of squares*, is what the squares of these errors add up to.
#
# **Effective parameters.** The self-votes, summed up, are the trace of $S$: about as many free numbers as a fit of this width has. Small $w$: nearly one, the average. Large $w$: one for each point.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Learning w
#
# Move $w$; then choose a start and a rate. **Find:** stuck, crawling, overshooting.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
w_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 5 min.** Slider first: where do the two losses part? Then start 0 (stuck, whatever the rate); start 0.05 with rate 0.01 (crawls); start 1 with rate 0.5 (jumps past the valley, walks back); rate 5 (lands at 52, where the slope is so small that twenty steps lead back to 46).

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* the slider first: where do the two losses part? Then the start 0 (stuck, whatever the rate), a start near 0 with a small rate (it crawls), and a start at 1 with larger and larger rates: it jumps past the valley and walks back, or lands where the slope is so small that it stays.

# %% slideshow={"slide_type": "skip"}
for start, rate in ((0.05, 0.01), (1.0, 0.5), (1.0, 5.0)):
    path, _ = training_path(x, y, w=start, learning_rate=rate, steps=20)
    print(f"start {start:g}, rate {rate:g}: w = {path[1]:.2g} after one step, {path[20]:.2g} after twenty")

# %% [markdown] slideshow={"slide_type": "skip"}
# **One optimum, three figures.** The same 50 points have one best left-out $w$. Lesson 2 looks for it among the widths of its slider, the explorer above among the points of its curve, the training everywhere:

# %% slideshow={"slide_type": "skip"}
from visual_attention.lessons.kernel_regression.explorers import WIDTHS
from visual_attention.lessons.learned_attention.explorers import LearningStudy


def left_out_error(w):
    with torch.no_grad():
        f = LearnedKernelRegression(w)(x, x, y, leave_one_out=True)
    return (f - y).square().mean().item()


optima = {
    "widths of lesson 2": min((1 / width for width in WIDTHS), key=left_out_error),
    "explorer": LearningStudy().best,
    "training": paths["left out"][0][-1].item(),
}
for name, best_w in optima.items():
    print(f"{name:18}: w = {best_w:.2f}, width {1 / best_w:.2f}, left-out error {left_out_error(best_w):.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A popular recipe, on 200 draws
#
# One run looked fine. Here are 200 draws of the data, and a rival:
#
# | | start | steps | rate |
# |---|---|---|---|
# | the recipe ([@zhang2021]) | $w$ uniform in (0, 1) | 5 of gradient descent | 0.5 |
# | trained to the end | $w = 1$ | 120 of Adam, on $\log w$ | 0.1 |
#
# **Predict:** where does each end?

# %% slideshow={"slide_type": "skip"}
draws = 200
X, Y = (torch.stack(part) for part in zip(*[noisy_sine(seed=seed) for seed in range(draws)]))
distance2 = (X[:, :, None] - X[:, None, :]) ** 2  # (200, 50, 50)

def left_out_loss(w):  # (200,) -> (200,)
    scores = (-0.5 * w[:, None, None] ** 2 * distance2).masked_fill(diagonal, -math.inf)
    f = (torch.softmax(scores, dim=2) @ Y[:, :, None]).squeeze(2)
    return 0.5 * (f - Y).square().sum(dim=1)

def plain_steps(p, as_w=torch.abs, rate=0.5, steps=5):
    for _ in range(steps):
        p = p.detach().requires_grad_()
        (slope,) = torch.autograd.grad(left_out_loss(as_w(p)).sum(), p)
        p = p - rate * slope
    return as_w(p).detach()

starts = torch.rand(draws, generator=torch.Generator().manual_seed(0), dtype=X.dtype)
recipe = plain_steps(starts)

# %% [markdown] slideshow={"slide_type": "skip"}
# Some copies of the recipe leave out the ½ of the loss, which doubles every step; try `plain_steps(starts, rate=1.0)`. That the batched loss is the tested one is checked on one draw:

# %% slideshow={"slide_type": "skip"}
one = LearnedKernelRegression(2.0)
with torch.no_grad():
    expected = 0.5 * (one(X[7], X[7], Y[7], leave_one_out=True) - Y[7]).square().sum()
assert torch.allclose(left_out_loss(torch.full((draws,), 2.0, dtype=X.dtype))[7], expected)

# %% [markdown] slideshow={"slide_type": "skip"}
# What is new above is the leading dimension: 200 data sets side by side. The draws do not touch each other, so the gradient of the sum is each one's own gradient. Now the rival, and the best $w$ that hindsight could pick:

# %% slideshow={"slide_type": "skip"}
def with_adam(p, as_w=torch.abs, rate=0.1, steps=120):
    p = p.clone().requires_grad_()
    adam = torch.optim.Adam([p], lr=rate)
    for _ in range(steps):
        adam.zero_grad()
        left_out_loss(as_w(p)).sum().backward()
        adam.step()
    return as_w(p).detach()


ones = torch.ones(draws, dtype=X.dtype)
learned = with_adam(ones.log(), torch.exp)
print(f"mean left-out loss: {left_out_loss(learned).mean():.2f} (at w = 1: {left_out_loss(ones).mean():.2f})")

# %% slideshow={"slide_type": "skip"}
def test_error(w):  # (200,) -> (200,), against the noiseless curve
    scores = -0.5 * w[:, None, None] ** 2 * (grid[None, :, None] - X[:, None, :]) ** 2
    return ((torch.softmax(scores, dim=2) @ Y[:, :, None]).squeeze(2) - truth).square().mean(dim=1)


candidates = torch.logspace(-0.5, 1.5, 41, dtype=X.dtype)
hindsight = torch.stack([test_error(w.expand(draws)) for w in candidates])  # (41, 200)
nearest = (grid[:, None] - X[:, None, :]).abs().argmin(dim=2)  # (200, 201)
errors = {
    "w = 1": test_error(ones),
    "nearest key": (Y.gather(1, nearest) - truth).square().mean(dim=1),
    "recipe": test_error(recipe),
    "learned": test_error(learned),
    "best possible": hindsight.amin(dim=0),
}
best = candidates[hindsight.argmin(dim=0)]

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.endings(recipe, learned, best),
    "The recipe's w is scattered from 0 to beyond 13, the trained one gathers near 4, as does the best with hindsight.",
)

# %% slideshow={"slide_type": "skip"}
def spread(v):
    low, middle, high = torch.quantile(v, torch.tensor([0.05, 0.5, 0.95], dtype=v.dtype)).tolist()
    return f"median {middle:.2f} (5 to 95 %: {low:.2f} to {high:.2f})"


print("recipe ends at |w|:", spread(recipe))
print("learned w:         ", spread(learned))

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** One run of the recipe could be any of these. The peak at 0 are draws that stay stuck; all of them had started close to 0. Four things differ from the recipe at once: the start at 1, Adam, log w, and more and smaller steps. Let the room bet which of them matters; the full lecture then changes one at a time.

# %% [markdown] slideshow={"slide_type": "skip"}
# One run of the recipe could be any of these. The peak at 0 are draws that stay stuck; all of them had started close to 0. Four things differ from the recipe at once: the start, Adam, $\log w$, and more and smaller steps.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The verdict
#
# The recipe's curve beats the one of $w = 1$ in nearly every draw. **Is it a good recipe?**

# %% slideshow={"slide_type": "skip"}
wins = {name: f"{(error < errors['w = 1']).double().mean():.1%}" for name, error in errors.items()}
for name, error in errors.items():
    print(f"{name:13} test error {error.mean():.3f} ± {error.std():.3f}, beats w = 1 in {wins[name]} of draws")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.verdict(errors),
    "Test errors, largest at w = 1, less for the nearest key, smallest for hindsight, learned close behind; the "
    "recipe's reach from as good as the learned ones to worse than w = 1.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A low bar: the nearest key, which has learned nothing, beats $w = 1$ in 91.0 % of the draws, the recipe in 93.5 %.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Fair play: the recipe does beat w = 1 nearly always. But so does the nearest key: w = 1 is a low bar. Look at the long whisker. Where the recipe's w is more than twice the learned one, its curve is rough because it is narrow. Is that the fault of the steps, of the start, or of w itself? One can find out by changing one thing at a time.

# %% [markdown] slideshow={"slide_type": "skip"}
# To be fair: the recipe does beat $w = 1$ nearly always. But so does the nearest key: $w = 1$ is a low bar. Where the recipe's $w$ is more than twice the learned one, its curve is rough because it is narrow.

# %% slideshow={"slide_type": "skip"}
from visual_attention.experiments import Difference

gap = Difference(errors["recipe"] - errors["learned"])
print(f"test error, recipe − learned, draw by draw: {gap.mean:+.3f} ± {gap.error:.3f} (standard error)")

# %% [markdown] slideshow={"slide_type": "skip"}
# Behind the test errors above ± is the standard deviation over the draws, which says how far single draws lie apart. A *difference* is taken draw by draw, and ± is then its standard error; below two of them it is no finding. Lesson 4 says more of that rule.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What would help? One change at a time
#
# **Predict** what helps: a start at 1, $\log w$, Adam (five steps, rate 0.5), small steps (120, rate 0.05)?

# %% slideshow={"slide_type": "skip"}
changes = {
    "the recipe": recipe,
    "start at w = 1": plain_steps(ones),
    "steps on log w": plain_steps(starts.log(), torch.exp),
    "Adam": with_adam(starts, rate=0.5, steps=5),
    "small steps": plain_steps(starts, rate=0.05, steps=120),
    "small steps from 1": plain_steps(ones, rate=0.05, steps=120),
    "Adam on log w": with_adam(starts.log(), torch.exp),  # 120 steps of 0.1, as "learned"
}
counts = {name: (int((w < 0.3).sum()), int((w > 2 * learned).sum())) for name, w in changes.items()}
for name, (stuck, beyond) in counts.items():
    print(f"{name:20} stuck below 0.3: {stuck:2}, beyond twice the learned w: {beyond:3} of {draws}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(
    [f"of {draws} draws", "stuck below 0.3", "beyond twice the learned w"],
    [[name, f"{stuck}", f"{beyond}"] for name, (stuck, beyond) in counts.items()],
    winners=[row for row, count in enumerate(counts.values()) if count == (0, 0)],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# A start at 1 frees what was stuck, small steps end the overshooting, Adam's five steps do both here; $\log w$ mends neither.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The recipe, and the same with one thing changed; the last two rows change more. We believed for a while that log w was the cure, and then that Adam was needed, until somebody changed one thing at a time: plain steps at a tenth of the rate, and more of them, overshoot in no draw. Log w keeps w positive, and that is all it does here. Plain steps on log w are wilder than on w: a step is a factor, and this rate is large. An Adam step is about as long as the rate, whatever the slope: 0.5 is no leap to 13. The start needs another slide.

# %% [markdown] slideshow={"slide_type": "skip"}
# $\log w$ keeps $w$ positive, and that is all it does here. Plain steps on $\log w$ are wilder than on $w$: a step is a factor, and this rate is large. An Adam step is about as long as the rate, whatever the slope.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A hill between 0 and the valley
#
# At $w = 0$ the loss is flat, in every draw. **Is that the top of a hill, or the bottom of a valley?**

# %% slideshow={"slide_type": "skip"}
beside = torch.full((draws,), 0.01, dtype=X.dtype)
rises = left_out_loss(beside) > left_out_loss(0 * beside)
print(f"the loss rises on both sides of w = 0 in {int(rises.sum())} of {draws} draws")

ws = torch.linspace(0, 1, 101, dtype=X.dtype)
losses = torch.stack([left_out_loss(w.expand(draws)) for w in ws])  # (101, 200)
top = ws[losses.argmax(dim=0)]
print(f"then the top of the hill lies at {top[rises].min():.2f} to {top[rises].max():.2f}")
by_small_steps = [changes[name] < 0.3 for name in ("small steps", "Adam on log w")]
same = all(torch.equal(starts < top, stuck) for stuck in by_small_steps)
print(f"starts below their hill's top: {int((starts < top).sum())}")
print(f"the same draws stay stuck: {same}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
near = ws <= 0.25
above = (losses[near] - losses[0]).T  # (200, 26)
show(
    figures.beside_zero(ws[near], above[rises], above[~rises]),
    "The left-out loss near w = 0, a line for each draw. Left, 95 draws: it first rises, by less than 0.1, and then "
    "falls. Right, the other draws: it falls at once.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# In 95 of 200 draws a low hill stands between 0 and the valley. The 12 starts below its top are those that small steps leave stuck.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1½ min.** In about half of the draws 0 is a shallow valley of its own: seen from there, a little less averaging makes the left-out error worse. Downhill from a start this side of the hill leads to 0, on log w as well. The hill is very low, but whoever follows the slope in small steps does not see over it. Below the best w there may be another, worse one: start on its far side, or step over it (the text says how Adam did).

# %% [markdown] slideshow={"slide_type": "skip"}
# In about half of the draws 0 is a shallow valley of its own: seen from there, a little less averaging makes the left-out error worse. Downhill from a start this side of the hill leads to 0, on $\log w$ as well. The hill is very low, but whoever follows the slope in small steps does not see over it.

# %% slideshow={"slide_type": "skip"}
height = (losses.amax(dim=0) - losses[0])[rises]
print(f"height of the hill: at most {height.max():.2f}, where the loss at w = 0 is {losses[0].mean():.0f} on average")

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why 0.01 on one side is enough.** The loss depends on $w^2$ alone, so both sides are alike, and near 0 it is $L(0) + c\,w^2$ with a $c$ of its own for each draw. Where $c > 0$, $w = 0$ is a local minimum. It is no good one: the loss there is that of the plain average.
#
# **How Adam's five steps got out.** Its first step is as long as the rate, however small the slope. The rate is more than twice as far as the farthest hill's top, so that from a hill's wrong side the step goes down through 0 and up again, beyond every top: across the hill, for $-w$ is $w$. With steps of 0.1 it stays where small plain steps stay.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is a gradient needed at all?
#
# One number can also be chosen from a list, by cross-validation. **Predict:** who wins, on our curve and on the irises?

# %% slideshow={"slide_type": "skip"}
def cross_validated(keys, values, folds=5):
    fold = torch.randperm(len(keys), generator=torch.Generator().manual_seed(0)) % folds
    errors = []
    for w in candidates.tolist():
        parts = []
        for k in range(folds):
            f = nadaraya_watson(keys[fold == k], keys[fold != k], values[fold != k], width=1 / w)
            parts.append((f - values[fold == k]).square())
        errors.append(torch.cat(parts).mean())
    return candidates[torch.stack(errors).argmin()].item()

# %% slideshow={"slide_type": "skip"}
iris = iris_petals()
rows = []
for name, keys, values in (("curve", x, y), ("irises", iris.x, iris.y)):
    path, _ = training_path(keys, values, w=1.0, learning_rate=0.1, steps=150, optimiser="adam_log")
    for way, w in (("learned", path[-1].item()), ("from a list", cross_validated(keys, values))):
        with torch.no_grad():
            f = LearnedKernelRegression(w)(keys, keys, values, leave_one_out=True)
        rows.append([f"{name}, {way}", f"{w:.2f}", f"{(f - values).square().mean():.4f}"])
        print(f"{name:6}: {way:11} w = {rows[-1][1]}, left-out error {rows[-1][2]}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["", "w", "left-out error"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Different $w$, nearly the same error: the valley is flat. The gradient pays off when there are a thousand parameters: a grid of them has no end.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A null result worth telling: for this one parameter, learning is not better than a list. The left-out error of the table is what the learned w was trained on, so it has to be ahead in that; against the true curve, over 200 draws, there is no finding (the text has the number). It is the idea that scales.

# %% [markdown] slideshow={"slide_type": "skip"}
# The left-out error of the table is what the learned $w$ was trained on, so it has to be ahead in that. Against the true curve there is no finding: for this one parameter, learning is not better than a list. It is the idea that scales.

# %% slideshow={"slide_type": "skip"}
listed = candidates[torch.stack([left_out_loss(w.expand(draws)) for w in candidates]).argmin(dim=0)]
gap = Difference(test_error(learned) - test_error(listed))
print(f"test error, learned − from a list of {len(candidates)}, 200 draws: {gap.mean:+.3f} ± {gap.error:.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bridge 1: it *is* dot-product attention
#
# Expand the square: $-\frac{1}{2}w^2(x - x_i)^2 = -\frac{1}{2}w^2x^2 + [w^2 x,\ -\tfrac{1}{2}w^2] \cdot [x_i,\ x_i^2]$. The first term is the same for all keys, so softmax drops it:

# %% slideshow={"slide_type": "-"} tags=["show-code"]
def as_dot_product(query, keys, values, w, scale=1.0):
    q = torch.stack([w**2 * query, torch.full_like(query, -0.5 * w**2)], dim=1)
    k = torch.stack([keys, keys**2], dim=1)  # (n, 2), and q is (m, 2)
    v = values[:, None]  # (n, 1)
    attended = F.scaled_dot_product_attention(q[None], k[None], v[None], scale=scale)
    return attended[0, :, 0]

# %% [markdown] slideshow={"slide_type": "-"}
# **What if the `scale` is forgotten?** PyTorch's default is $1/\sqrt{d}$, here $1/\sqrt{2}$.

# %% slideshow={"slide_type": "skip"}
right = nadaraya_watson(grid, x, y, width=1.0)
rows = []
for name, scale in (("scale=1", 1.0), ("scale left at 1/√2", None)):
    difference = (as_dot_product(grid, x, y, 1.0, scale) - right).abs().max()
    print(f"{name:18}: largest difference {difference:.2f}")
    rows.append([name, f"{difference:.2f}"])

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(["", "largest difference from lesson 2, width 1"], rows, winners=[0])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** The transformer's 1/√d is a width: σ² = √d. Forgetting that the default is there is an easy slip. One knob, five names: w, 1/σ, h in non-local means, β in softmax pooling, √d.

# %% [markdown] slideshow={"slide_type": "skip"}
# **One knob, five names.** It is $w$ in this lesson, $\sigma = 1/w$ in lesson 2 ([@nadaraya1964; @watson1964]), $h = \sqrt{2}/w$ in non-local means (lesson 6), $\beta = w^2$ where it multiplies a score instead of a distance (soft pooling, lesson 1), and $\sqrt{d} = 1/w^2$ in the transformer ([@vaswani2017]). That attention is a kernel smoother is worked out by [@tsai2019].† Turned down it averages, turned up it copies the nearest. The last name, for keys of length 1 (then $-\frac{1}{2}w^2 \lVert k_i \rVert^2$ is the same for all keys, and softmax drops it):

# %% slideshow={"slide_type": "skip"}
d = 16
generator = torch.Generator().manual_seed(0)
queries = torch.randn(3, d, generator=generator)  # (3, d)
keys = F.normalize(torch.randn(5, d, generator=generator), dim=1)  # (5, d)
transformer = torch.softmax(queries @ keys.T / math.sqrt(d), dim=1)  # (3, 5)
assert torch.allclose(transformer, attention_weights(queries, keys, width=d**0.25))
print(f"1/√d with d = {d} is a Gaussian of width {d**0.25:g}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A million points in a second
#
# A million queries on a million keys are $10^{12}$ pairs. **How large would the table of their weights be?**

# %% slideshow={"slide_type": "skip"}
n = 1_000_000
many_x, many_y = noisy_sine(n=n, seed=1)
with PeakMemory() as memory:
    fitted = nadaraya_watson(many_x, many_x, many_y, width=0.05)
some = slice(0, n, 200_000)
by_pairs = attention_weights(many_x[some], many_x, width=0.05) @ many_y
added = "less than 0.2 GB" if memory.added < 200 else f"{memory.added / 1e3:.1f} GB"
error = f"{(fitted - true_curve(many_x)).square().mean().sqrt():.3f}"
print(f"a table of all n × n weights: {n * n * 4 / 1e12:.0f} TB")
print("memory that this call added:", added)
print("five queries, asked pair by pair, equal to 10 digits:", torch.allclose(fitted[some], by_pairs, rtol=0, atol=1e-10))
print(f"error against the true curve: {error}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
Table(
    ["a million queries on a million keys", ""],
    [
        ["a table of all weights would take", f"{n * n * 4 / 1e12:.0f} TB"],
        ["memory that `nadaraya_watson` took", added],
        ["error against the true curve", error],
    ],
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# On a line neither the table is built, nor are the pairs gone through. The answer is the same: five queries, asked pair by pair, agree to 10 digits.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** A second or two. Nothing was left out: the far pairs weigh nothing, and the near ones are summed up box by box (the text says how). This is a gift of the line. Learned keys in many dimensions do not get it in this form; there the pairs are gone through block by block, with a running sum, by the dot product of the slide before: memory is saved, time is not. Lesson 6 shows why that matters for pictures.

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why a million can be had in a second.** Cut the line into boxes one width wide. Between the places of one box and those of another the Gaussian is so smooth a function that twelve Chebyshev polynomials in each of the two places give it to eleven digits: 12 × 12 numbers, a table of low rank, stand for all the pairs of the two boxes, however many there are. So each box adds up its keys' votes first, once for each polynomial; the boxes exchange these twelve sums; and each query reads its answer off its own box. Boxes more than nine widths apart have nothing to tell each other, for $e^{-81/2}$ is less than $10^{-17}$. The work grows with $m + n$ and no longer with $m \cdot n$. This is a fast Gauss transform ([@greengard1991], with the polynomials of [@fong2009]).
#
# **And learned keys?** With a product of twelve polynomials in each direction, a box in $d$ dimensions needs $12^d$ sums, and the boxes within reach multiply in the same way. Both numbers grow exponentially with $d$, so in this form the boxes are of no use for keys that consist of dozens of numbers. There `nadaraya_watson` takes the bridge above: all pairs, in blocks, with the softmax as a running sum, so that memory grows with $m + n$ and time with $m \cdot n$. It does the same where a gradient is asked for.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bridge 2: a softmax classifier is attention
#
# $p(y \mid x) = \operatorname{softmax}_y(W_y \cdot x)$. **What is the query, what are the keys and the values?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# The query is the feature vector, the **keys are learned**, one for each class, and the values are one-hot.

# %% slideshow={"slide_type": "skip"}
generator = torch.Generator().manual_seed(0)
features = torch.randn(4, 8, generator=generator)  # four pictures
classes = torch.nn.Linear(8, 3, bias=False)

# %% slideshow={"slide_type": "fragment"} tags=["show-code"]
with torch.no_grad():
    classifier = torch.softmax(classes(features), dim=1)  # (4, 3)
    one_hot = torch.eye(3)
    attention = F.scaled_dot_product_attention(
        features[None], classes.weight[None], one_hot[None], scale=1.0
    )[0]
print("They are equal." if torch.allclose(classifier, attention) else "They differ.")

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(classifier, attention)
print("classifier and attention over class keys agree")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** In Nadaraya–Watson the keys are the data; here they are parameters; in lesson 6 they are computed from the picture. Same equation.

# %% [markdown] slideshow={"slide_type": "skip"}
# In Nadaraya–Watson the keys are the data; here they are parameters; in lesson 6 they are computed from the picture. The equation is the same.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Three questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "Why is w = 0 a bad start for gradient descent?",
        {
            "The prediction is not defined there.": "It is: all scores are 0, and f is the average.",
            "The slope of f is there 0, whatever the data.": "∂f/∂w has the factor w. The first step goes nowhere, and so do all the others.",
            "w = 0 is a minimum of the loss already, for every data set.": "Only for some: in about half of the lesson's draws it is a shallow one. Flat it is for all, because w and −w are the same model.",
        },
        right="b",
    ),
    Question(
        "Each point is among its own keys, and the training loss goes to 0. What has been learned?",
        {
            "The true curve.": "Then the loss would end at what the noise costs, and not at 0.",
            "A good w; a few more steps will settle it.": "w does not settle, it grows. It only slows down, because the gradient dies.",
            "To copy: every point answers with its own value.": "w → ∞, and the weight of each point on itself goes to 1. On its way w passes good values, and the loss does not say where.",
        },
        right="c",
    ),
    Question(
        "How is a point left out of its own prediction?",
        {
            "Its score is set to −∞ before the softmax.": "The others share the whole unit, and each row still sums to 1.",
            "Its weight is set to 0 after the softmax.": "The row then sums to less than 1: the others had left it a share that nobody gets.",
            "Its score is set to 0 before the softmax.": "The scores are −½w²d², so 0 is the largest of all: the point votes as loudly as it can.",
        },
        right="a",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - $w = 1/\sigma$: one parameter, learned; at $w = 0$ the gradient is 0, $w$ and $-w$ are the same.
# - A point among its own keys: loss to 0, $w \to \infty$, the noise copied.
# - Hide it: $-\infty$ on the diagonal, before the softmax. (All left-out errors: one division each.)
# - Judge a recipe by many draws, and change one thing at a time.
# - Gaussian attention is dot-product attention; a classifier is attention over class keys.
#
# {{recap: 2, 3}}
#
# **Next question:** pictures have channels, places, moments, branches. Which should we weigh?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The table gained one row and one learned number. Let the room guess what will be learned in lesson 6 (the maps that make queries, keys and values).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **The slides' fraction** lacks $w$ below the line; the softmax line under it is right, so the two contradict each other. **The book** ([@zhang2021]) had $x_i$ for $x_j$ in the denominator in versions 0.16.0 to 0.16.2, January to March 2021, and has had it right since 0.16.3. Taken literally, that was average pooling.
# - **The recipe** stands in versions 0.16 and 0.17 of the book ([@zhang2021]), which leave each point out, as we do. The printed edition ([@zhang2023]) makes an exercise of leaving one out.
# - "The fitted curve is less smooth because attention with a parameter fits the noise": on many of the 200 draws above the steps overshoot and the width ends too narrow, and a narrow width is a rough curve. That the recipe's test error nearly always beats $w = 1$ says little: the nearest key's does so nearly as often.
# - "Parametric" does not mean that the data can go: every prediction is still an average over all of them.
# - More parameters need not help. A width that varies with $x$ is the natural next idea; whether it pays on data like these is an open exercise, to be settled over many draws.
#
# † as we recall it; check the paper.
#
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/03_learned_attention.ipynb) · [next lesson](04_six_kinds.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
