# %% [markdown] slideshow={"slide_type": "slide"}
# # 3 · Learning w: attention with a parameter
#
# Lesson 2 ended with a knob in our hands, the width σ. Can the **data** turn it, by gradient descent?
#
# Yes, with one parameter $w = 1/\sigma$. On the way: a formula misprinted on the slides behind this course and in a widely read book, a training loss that falls to zero while the model gets worse, and a popular recipe that works by luck more often than one thinks.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Remind the room of the self-vote in lesson 2: a point among its own keys. Today it decides everything.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. write parametric Nadaraya–Watson attention and say what goes wrong in two published versions of its formula ([One parameter](#One-parameter), [Spot the slip](#Spot-the-slip));
# 2. derive $\partial f/\partial w$ and explain why $w = 0$ is a bad start ([The gradient, by hand](#The-gradient,-by-hand));
# 3. explain why training with each point among its own keys drives $w \to \infty$, and cure it inside the softmax ([Train it. What could go wrong?](#Train-it.-What-could-go-wrong?), [Leave one out, inside the softmax](#Leave-one-out,-inside-the-softmax));
# 4. compute all leave-one-out errors from one table of weights (PRESS) ([PRESS: all the refits for free](#PRESS:-all-the-refits-for-free));
# 5. judge a training recipe over many draws instead of one ([A popular recipe, on 200 draws](#A-popular-recipe,-on-200-draws), [The verdict](#The-verdict));
# 6. rewrite Gaussian attention as `scaled_dot_product_attention`, and a softmax classifier as attention ([Bridge 1: it is dot-product attention](#Bridge-1:-it-is-dot-product-attention), [Bridge 2: a softmax classifier is attention](#Bridge-2:-a-softmax-classifier-is-attention)).
#
# You need lesson 2, and gradient descent in PyTorch. Time: 40 minutes in a lecture, about two hours alone with the [exercises](exercises/03_learned_attention.ipynb).

# %% slideshow={"slide_type": "skip"}
import math

import torch
import torch.nn.functional as F

from courseware.frames import show
from visual_attention import LearnedKernelRegression, attention_weights, nadaraya_watson
from visual_attention.datasets import iris_petals, noisy_sine, true_curve
from visual_attention.explorers.learned_attention import w_explorer
from visual_attention.figures import learned_attention as figures
from visual_attention.regression import prediction_slope, press_residuals, training_path

x, y = noisy_sine(n=50, noise=0.5, seed=0)
grid = torch.linspace(0, 5, 201, dtype=x.dtype)
truth = true_curve(grid)

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

# %% slideshow={"slide_type": "-"}
model = LearnedKernelRegression(w=2.0)
assert torch.allclose(model(grid, x, y), nadaraya_watson(grid, x, y, width=0.5))
print(model, "equals lesson 2 with width 0.5")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** w and −w are the same estimator: only w² enters. "Parametric" here means one learned number on top of the data, which stay in the model.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Spot the slip
#
# The slides that this course grew from write the same line as a fraction. **What is wrong with it?**
#
# $$f(x) = \sum_{i=1}^n \frac{\exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}{\sum_{j=1}^n \exp\left(-\frac{1}{2}(x - x_j)^2\right)}\, y_i$$
#
# And a widely read book ([@zhang2023]) has had this one in its source:
#
# $$f(x) = \sum_{i=1}^n \frac{\exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}{\sum_{j=1}^n \exp\left(-\frac{1}{2}((x - x_i)w)^2\right)}\, y_i$$

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Two minutes in pairs. First: w is missing below the line. Second: x_i stands where x_j should. Ask what each would compute if a student typed it in faithfully.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … and evaluate it literally
#
# Lesson 2's three points, query 1, $w = 2$. Right: 1.8820.

# %% slideshow={"slide_type": "-"}
three_x, three_y = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([1.0, 2.0, 6.0])
query, w = 1.0, 2.0
top = torch.exp(-0.5 * ((query - three_x) * w) ** 2)

formulas = {
    "right": top / top.sum(),
    "slides": top / torch.exp(-0.5 * (query - three_x) ** 2).sum(),  # w forgotten
    "book": top / (3 * top),  # the sum over j of a term without j
}
for name, alpha in formulas.items():
    weights = [round(a, 4) for a in alpha.tolist()]
    print(f"{name:6} {weights} sum {alpha.sum():.4f}, f(1) = {alpha @ three_y:.4f}")

# %% [markdown] slideshow={"slide_type": "-"}
# The first is no average, the second *only* the average. Nobody noticed: what ran was the softmax line.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Moral: weights that do not sum to 1 are the first thing to test, in your own code too.

# %% slideshow={"slide_type": "skip"}
print("sum of the slides' weights, averaged over the queries 0, 0.1, … 4.9:")
queries = torch.arange(0, 5, 0.1, dtype=x.dtype)
for w in (0.0, 0.5, 1.0, 2.0, 5.0):
    top = torch.exp(-0.5 * ((queries[:, None] - x) * w) ** 2)
    below = torch.exp(-0.5 * (queries[:, None] - x) ** 2).sum(dim=1, keepdim=True)
    print(f"  w = {w:g}: {(top / below).sum(dim=1).mean():.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The gradient, by hand
#
# How does $f(x)$ move when $w$ moves? With $d_i = x - x_i$, two lines of calculus give
#
# $$\frac{\partial f}{\partial w} = -w \, \operatorname{Cov}_\alpha(y, d^2) = -w \left[\sum_i \alpha_i y_i d_i^2 - \left(\sum_i \alpha_i y_i\right)\left(\sum_j \alpha_j d_j^2\right)\right]$$
#
# Read it: if far points have high values, looking closer ($w$ up) lowers the prediction. And at $w = 0$ it is **zero, whatever the data**.

# %% slideshow={"slide_type": "-"}
for start in (2.0, 0.0):
    model = LearnedKernelRegression(start)
    f = model(torch.tensor([2.4]).double(), x, y)
    (by_autograd,) = torch.autograd.grad(f.sum(), model.w)
    by_hand = prediction_slope(torch.tensor([2.4]).double(), x, y, start)
    print(f"w = {start:g}: autograd {by_autograd:+.10f}, covariance {by_hand.item():+.10f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Ask: good start value? Everybody says 0 (that is how we start biases). The formula says: you will stand there for ever.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The two lines.** Write $s_i = -\frac{1}{2}w^2 d_i^2$, so $\partial s_i/\partial w = -w d_i^2$. For a softmax, $\partial \alpha_i/\partial w = \alpha_i(\partial s_i/\partial w - \sum_j \alpha_j\, \partial s_j/\partial w) = -w\,\alpha_i (d_i^2 - \sum_j \alpha_j d_j^2)$. Multiply by $y_i$ and sum.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train it. What could go wrong?
#
# Loss: $\frac{1}{2}\sum_k (f(x_k) - y_k)^2$ over the 50 points. **Predict:** what happens to $w$, and to the loss, if every point may look at itself?

# %% slideshow={"slide_type": "fragment"}
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

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** The cheating model copies: at w → ∞ each point answers with its own value. Loss zero, nothing learned. Slow growth late in training is not convergence: the gradient dies exponentially.

# %% [markdown] slideshow={"slide_type": "skip"}
# `optimiser="adam_log"` is Adam on $\log w$: so $w$ stays positive, and a step is a factor. At $w = 4$, near the honest best, the loss with itself is far from 0: from a good $w$, too, this training would walk away.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two trainings, one of them honest
#
# With itself, $w$ runs away and the loss goes to zero. Left out, it settles.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
marks = torch.unique(torch.logspace(0, math.log10(steps), 120).round().long())
show(
    figures.growth(marks, {name: (w[marks], loss[marks]) for name, (w, loss) in paths.items()}),
    "Left: with itself w climbs into the thousands, left out it levels off near 3.5. "
    "Right: with itself the loss falls towards zero.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Both axes are logarithmic. Which curve would you have been proud of, seeing the right panel only?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Leave one out, inside the softmax
#
# Hide each point from itself: put $-\infty$ on the diagonal of the scores **before** the softmax. A zero *after* it, or a score of 0, is a bug that runs.

# %% slideshow={"slide_type": "-"}
scores = -0.5 * (3.5 * (x[:, None] - x)) ** 2
diagonal = torch.eye(50, dtype=torch.bool)

hidden = torch.softmax(scores.masked_fill(diagonal, -math.inf), dim=1)
zeroed_after = torch.softmax(scores, dim=1).masked_fill(diagonal, 0)
score_zero = torch.softmax(scores.masked_fill(diagonal, 0), dim=1)

assert torch.allclose(hidden, attention_weights(x, x, width=1 / 3.5, leave_one_out=True))
for name, table in (("−∞ before", hidden), ("0 after", zeroed_after), ("score 0", score_zero)):
    rows = table.sum(dim=1)
    print(f"{name:9}: rows sum to {rows.min():.3f} … {rows.max():.3f}, own weight {table.diagonal().mean():.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A score of 0 is the *largest* possible score here: the diagonal was 0 before. This is the causal mask of a language model in its smallest form.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## PRESS: all the refits for free
#
# Leave-one-out sounds like 50 fits. It is one division. With the full table $S$ (own points included), the error that point $k$ *would* have without itself is
#
# $$y_k - f_{-k}(x_k) = \frac{y_k - f(x_k)}{1 - S_{kk}}$$

# %% slideshow={"slide_type": "-"}
model = LearnedKernelRegression(3.5)
with torch.no_grad():
    shortcut = press_residuals(model.weights(x, x), y)
    refitted = torch.empty(50, dtype=x.dtype)
    for k in range(50):
        others = torch.arange(50) != k
        refitted[k] = y[k] - model(x[k : k + 1], x[others], y[others]).item()

print(f"largest difference between 50 refits and one division: {(shortcut - refitted).abs().max():.1e}")
assert torch.allclose(shortcut, refitted)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The trace of S is the "effective number of parameters": the sum of the self-votes. A point that keeps most of its vote is divided by a small number: its honest error is large.

# %% slideshow={"slide_type": "skip"}
for w in (0.7, 2.0, 5.0):
    with torch.no_grad():
        print(f"w = {w:g}: trace(S) = {LearnedKernelRegression(w).weights(x, x).trace():.2f} effective parameters")

# %% [markdown] slideshow={"slide_type": "skip"}
# **Why one division is enough.** The weights of the other points keep their proportions when $k$ leaves; they only share out $1 - S_{kk}$ in place of 1. So take out what $k$ said and divide by the rest: $f_{-k}(x_k) = \dfrac{f(x_k) - S_{kk}\, y_k}{1 - S_{kk}}$. Subtract that from $y_k$, and the formula of the slide is left.
#
# **Effective parameters.** The self-votes, summed up, are the trace of $S$: about as many free numbers as a fit of this width has. Small $w$: nearly one, the average. Large $w$: one for each point.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Learning w
#
# Move $w$; then choose a start and a rate. **Find:** stuck, crawling, overshooting.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
w_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 6 min.** Slider first: where do the two losses part? Then start 0 (stuck, whatever the rate); start 0.05 with rate 0.01 (crawls); start 1 with rate 0.5 (jumps past the valley, walks back); rate 5 (lands at 52, where the slope has died).

# %% slideshow={"slide_type": "skip"}
for start, rate in ((0.05, 0.01), (1.0, 0.5), (1.0, 5.0)):
    path, _ = training_path(x, y, w=start, learning_rate=rate, steps=20)
    print(f"start {start:g}, rate {rate:g}: w = {path[1]:.2g} after one step, {path[20]:.2g} after twenty")

# %% [markdown] slideshow={"slide_type": "skip"}
# **One optimum, three figures.** The same 50 points have one best left-out $w$. Lesson 2 looks for it among the widths of its slider, the explorer above among the points of its curve, the training everywhere:

# %% slideshow={"slide_type": "skip"}
from visual_attention.explorers.kernel_regression import WIDTHS
from visual_attention.explorers.learned_attention import LearningStudy


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
# Popular ([@zhang2023]): start $w$ uniform in (0, 1), five steps of gradient descent, rate 0.5. One run looks fine. **Two hundred draws of the data, at once:**

# %% slideshow={"slide_type": "-"}
draws = 200
X, Y = (torch.stack(part) for part in zip(*[noisy_sine(seed=seed) for seed in range(draws)]))
distance2 = (X[:, :, None] - X[:, None, :]) ** 2  # (200, 50, 50)


def left_out_loss(w):  # (200,) -> (200,)
    scores = (-0.5 * w[:, None, None] ** 2 * distance2).masked_fill(diagonal, -math.inf)
    f = (torch.softmax(scores, dim=2) @ Y[:, :, None]).squeeze(2)
    return 0.5 * (f - Y).square().sum(dim=1)


recipe = torch.rand(draws, generator=torch.Generator().manual_seed(0), dtype=X.dtype)
for _ in range(5):
    recipe.requires_grad_()
    (slope,) = torch.autograd.grad(left_out_loss(recipe).sum(), recipe)
    recipe = (recipe - 0.5 * slope).detach()
recipe = recipe.abs()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The only new thing is the leading dimension: 200 data sets side by side. The draws do not touch each other, so the gradient of the sum is each one's own gradient.

# %% [markdown] slideshow={"slide_type": "skip"}
# Some copies of the recipe leave out the ½ of the loss, which doubles every step; try `1.0 * slope` in place of `0.5 * slope`. That the batched loss is the tested one is checked on one draw:

# %% slideshow={"slide_type": "skip"}
one = LearnedKernelRegression(2.0)
with torch.no_grad():
    expected = 0.5 * (one(X[7], X[7], Y[7], leave_one_out=True) - Y[7]).square().sum()
assert torch.allclose(left_out_loss(torch.full((draws,), 2.0, dtype=X.dtype))[7], expected)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … against training to the end
#
# Adam on $\log w$, until nothing moves; and the best $w$ that hindsight could pick.

# %% slideshow={"slide_type": "-"}
log_w = torch.zeros(draws, dtype=X.dtype, requires_grad=True)
adam = torch.optim.Adam([log_w], lr=0.1)
for _ in range(120):
    adam.zero_grad()
    left_out_loss(log_w.exp()).sum().backward()
    adam.step()
learned = log_w.detach().exp()
print(f"mean left-out loss: {left_out_loss(learned).mean():.2f} (at w = 1: {left_out_loss(learned * 0 + 1).mean():.2f})")

# %% slideshow={"slide_type": "skip"}
def test_error(w):  # (200,) -> (200,), against the noiseless curve
    scores = -0.5 * w[:, None, None] ** 2 * (grid[None, :, None] - X[:, None, :]) ** 2
    return ((torch.softmax(scores, dim=2) @ Y[:, :, None]).squeeze(2) - truth).square().mean(dim=1)


candidates = torch.logspace(-0.5, 1.5, 41, dtype=X.dtype)
hindsight = torch.stack([test_error(w.expand(draws)) for w in candidates])  # (41, 200)
errors = {
    "w = 1": test_error(torch.ones(draws, dtype=X.dtype)),
    "recipe": test_error(recipe),
    "learned": test_error(learned),
    "best possible": hindsight.amin(dim=0),
}
best = candidates[hindsight.argmin(dim=0)]

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The next cell, off the slides, computes test errors for all and tries 41 values of w with hindsight. Learning log w keeps w positive and makes a step a factor rather than a sum: no start is far from any goal.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The verdict

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
def spread(v):
    low, middle, high = torch.quantile(v, torch.tensor([0.05, 0.5, 0.95], dtype=v.dtype)).tolist()
    return f"median {middle:.2f} (5 to 95 %: {low:.2f} to {high:.2f})"

print("recipe ends at |w|:", spread(recipe))
print("learned w:         ", spread(learned))
print(f"recipe stuck below 0.3: {(recipe < 0.3).double().mean():.1%}, beyond twice the learned w: "
      f"{(recipe > 2 * learned).double().mean():.1%}")
for name, error in errors.items():
    wins = (error < errors["w = 1"]).double().mean()
    print(f"{name:13} test error {error.mean():.3f} ± {error.std():.3f}, beats w = 1 in {wins:.1%} of draws")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.redraws(recipe, learned, best, errors),
    "Left: the recipe's w is scattered from 0 to beyond 13, the trained one gathers near 4. "
    "Right: test errors, largest at w = 1, smallest for hindsight, learned close behind.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Fair play: the recipe beats w = 1 nearly always. But its curves are rough because it overshoots, not "because attention fits the noise", as one reads. Its failures all started near 0. Ask what the fix costs: one line, log w.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is a gradient needed at all?
#
# One number can also be chosen from a list, by cross-validation:

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

# %% slideshow={"slide_type": "-"}
iris = iris_petals()
for name, keys, values in (("curve", x, y), ("irises", iris.x, iris.y)):
    path, _ = training_path(keys, values, w=1.0, learning_rate=0.1, steps=150, optimiser="adam_log")
    for way, w in (("learned", path[-1].item()), ("from a list", cross_validated(keys, values))):
        with torch.no_grad():
            f = LearnedKernelRegression(w)(keys, keys, values, leave_one_out=True)
        print(f"{name:6}: {way:11} w = {w:.2f}, left-out error {(f - values).square().mean():.4f}")

# %% [markdown] slideshow={"slide_type": "-"}
# Different $w$, nearly the same error: the valley is flat. The gradient pays off when there are a thousand parameters: a grid of them has no end.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A null result worth telling: for one parameter, learning is not better than a list. It is the idea that scales.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bridge 1: it *is* dot-product attention
#
# Expand the square: $-\frac{1}{2}w^2(x - x_i)^2 = -\frac{1}{2}w^2x^2 + [w^2 x,\ -\tfrac{1}{2}w^2] \cdot [x_i,\ x_i^2]$. The first term is the same for all keys, so softmax drops it:

# %% slideshow={"slide_type": "-"}
def as_dot_product(query, keys, values, w, scale=1.0):
    q = torch.stack([w**2 * query, torch.full_like(query, -0.5 * w**2)], dim=1)  # (m, 2)
    k = torch.stack([keys, keys**2], dim=1)  # (n, 2)
    v = values[:, None]  # (n, 1)
    return F.scaled_dot_product_attention(q[None], k[None], v[None], scale=scale)[0, :, 0]

right = nadaraya_watson(grid, x, y, width=1.0)
for name, scale in (("scale=1", 1.0), ("scale left at 1/√2", None)):
    difference = (as_dot_product(grid, x, y, 1.0, scale) - right).abs().max()
    print(f"{name:18}: largest difference {difference:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** The transformer's 1/√d is a width: σ² = √d. Forgetting that the default is there is the classic slip. One knob, five names: w, 1/σ, h in non-local means, β in softmax pooling, √d.

# %% [markdown] slideshow={"slide_type": "skip"}
# **One knob, five names.** It is $w$ in this lesson, $\sigma = 1/w$ in lesson 2 ([@nadaraya1964; @watson1964]), $h = \sqrt{2}/w$ in non-local means (lesson 6), $\beta = w^2$ where it multiplies a score instead of a distance (soft pooling, lesson 1), and $\sqrt{d} = 1/w^2$ in the transformer ([@vaswani2017]). That attention is a kernel smoother is worked out by [@tsai2019] (as we recall it; check the paper). Turned down it averages, turned up it copies the nearest. The last name, for keys of length 1 (then $-\frac{1}{2}w^2 \lVert k_i \rVert^2$ is the same for all keys, and softmax drops it):

# %% slideshow={"slide_type": "skip"}
d = 16
generator = torch.Generator().manual_seed(0)
queries = torch.randn(3, d, generator=generator)  # (3, d)
keys = F.normalize(torch.randn(5, d, generator=generator), dim=1)  # (5, d)
transformer = torch.softmax(queries @ keys.T / math.sqrt(d), dim=1)  # (3, 5)
assert torch.allclose(transformer, attention_weights(queries, keys, width=d**0.25))
print(f"1/√d with d = {d} is a Gaussian of width {d**0.25:g}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## … and so it runs on a hundred thousand points
#
# `nadaraya_watson` uses that bridge by itself: $10^{10}$ pairs of points, and the table of weights is never built.

# %% slideshow={"slide_type": "-"}
from courseware.memory import PeakMemory

n = 100_000
many_x, many_y = noisy_sine(n=n, seed=1, dtype=torch.float32)
with PeakMemory() as memory:
    fitted = nadaraya_watson(many_x, many_x, many_y, width=0.05)  # some ten seconds on two cores

print(f"a table of all n × n weights: {n * n * 4 / 1e9:.0f} GB")
print("memory that this call added:", "less than 0.1 GB" if memory.added < 100 else f"{memory.added / 1e3:.1f} GB")
print(f"error against the true curve: {(fitted - true_curve(many_x)).square().mean():.4f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Run it live and talk over it. Same numbers, another order of work: keys are visited block by block and the softmax is kept as a running sum. The pairs are all still computed: the memory is saved, the time is not. Lesson 6 shows why that matters for pictures.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bridge 2: a softmax classifier is attention
#
# $p(y \mid x) = \operatorname{softmax}_y(W_y \cdot x)$: the query is the feature vector, the **keys are learned**, one for each class, and the values are one-hot.

# %% slideshow={"slide_type": "-"}
generator = torch.Generator().manual_seed(0)
features = torch.randn(4, 8, generator=generator)  # four pictures
classes = torch.nn.Linear(8, 3, bias=False)

with torch.no_grad():
    classifier = torch.softmax(classes(features), dim=1)  # (4, 3)
    one_hot = torch.eye(3)  # (3, 3)
    attention = F.scaled_dot_product_attention(features[None], classes.weight[None], one_hot[None], scale=1.0)[0]
assert torch.allclose(classifier, attention)
print("classifier and attention over class keys agree")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** In Nadaraya–Watson the keys are the data; here they are parameters; in lesson 6 they are computed from the picture. Same equation.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Three questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.quiz import Question, Quiz

Quiz(
    Question(
        "Why is w = 0 a bad start for gradient descent?",
        {
            "The prediction is not defined there.": "It is: all scores are 0, and f is the average.",
            "The slope of f is there 0, whatever the data.": "∂f/∂w has the factor w. The first step goes nowhere, and so do all the others.",
            "w = 0 is a minimum of the loss already, for every data set.": "A flat place need not be a valley. It is flat because w and −w are the same model.",
        },
        right="b",
    ),
    Question(
        "Each point is among its own keys, and the training loss goes to 0. What has been learned?",
        {
            "The true curve.": "Then the loss would end at what the noise costs, and not at 0.",
            "A good w; a few more steps will settle it.": "w does not settle, it grows. It only slows down, because the gradient dies.",
            "Nothing: every point answers with its own value.": "w → ∞, and the weight of each point on itself goes to 1.",
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
# - $w = 1/\sigma$: one parameter, learned; $w = 0$ has no gradient, $w$ and $-w$ are the same.
# - A point among its own keys: loss to 0, $w \to \infty$, nothing learned. Cure: $-\infty$ on the diagonal, before the softmax.
# - PRESS gives all left-out errors from one table.
# - Judge a recipe by many draws; learn $\log w$.
# - Gaussian attention is dot-product attention; a classifier is attention over class keys.
#
# <!-- unified table -->
#
# | | query | key | value | weight before normalising | normaliser | learned | weights $A$ |
# |---|---|---|---|---|---|---|---|
# | 2 Nadaraya–Watson | $x$ | $x_i$ | $y_i$ | $e^{-(x - x_i)^2 / 2\sigma^2}$ | their sum | nothing | dense |
# | **3 with a parameter** | $w\,x$ | $w\,x_i$ | $y_i$ | $e^{-w^2 (x - x_i)^2 / 2}$ | their sum | one scalar $w$ | dense |
#
# **Next question:** pictures have channels, places, moments, branches. Along which of them should we weigh?

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The table gained one row and one learned number. Let the room guess what will be learned in lesson 6 (the maps that make queries, keys and values).

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - **The slides' fraction** lacks $w$ below the line; the softmax line under it is right, so the two contradict each other. **The book's** stored source ([@zhang2023]) had $x_i$ for $x_j$ in the denominator: taken literally, average pooling.
# - "The fitted curve is less smooth because attention with a parameter fits the noise": on the 200 draws above, much of the roughness is an overshot width, and even so the recipe's test error nearly always beats $w = 1$.
# - "Parametric" does not mean that the data can go: every prediction still visits all keys.
# - More parameters need not help. A width that varies with $x$ is the natural next idea; whether it pays on data like these is an open exercise, to be settled over many draws.
#
# ## References
#
# <!-- references -->
#
# **Now you:** [exercises of this lesson](exercises/03_learned_attention.ipynb) · [next lesson](04_map.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
