# ---
# jupyter:
#   lesson:
#     afterwards you can: predict by hand with Nadaraya–Watson, choose a width, and see a blur as attention
#     you move: the width of a kernel; two widths on a photograph
#     stress: [sum, closeness is fixed]
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 2 · Nadaraya–Watson: attention before networks
#
# Fifty noisy measurements. Somebody asks for a value that nobody measured. **Which of the fifty should we listen to, and how much?**

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Three ways to listen; leave it open which is best. The question was answered in 1964, and the answer is attention. Say that there is no network in this lesson and nothing is trained: everything fits in one line of code by the middle. Ask the room to keep one word in mind, *width*.

# %% [markdown] slideshow={"slide_type": "skip"}
# **After this lesson you can**
#
# 1. compute a Nadaraya–Watson prediction by hand and say which part is query, key, value and weight ([Better: listen to those who are close](#Better:-listen-to-those-who-are-close), [By hand: three points](#By-hand:-three-points));
# 2. write it as one `softmax` and explain why the factor 1/√(2π) does not matter ([The same as one expression](#The-same-as-one-expression), [Where did the constant factor go?](#Where-did-the-constant-factor-go?));
# 3. say what the width σ does at both of its ends, and choose one without knowing the truth ([The two ends of the slider](#The-two-ends-of-the-slider), [Choosing a width without the truth](#Choosing-a-width-without-the-truth));
# 4. name three things that go wrong: units, boundaries, empty windows ([Trap 1: a width has units](#Trap-1:-a-width-has-units), [Trap 2: at the boundary there is only one side](#Trap-2:-at-the-boundary-there-is-only-one-side), [Trap 3: nobody in the window](#Trap-3:-nobody-in-the-window));
# 5. recognise a Gaussian blur and a bilateral filter as the same formula on pixels ([The same formula on a picture](#The-same-formula-on-a-picture)).
#
# Which of the fifty should we listen to? The question was answered in 1964, and the answer is attention: a weighted average whose weights depend on how well a *query* matches the *keys*.
#
# You need a little PyTorch (tensors, broadcasting). Time: 42 minutes in a lecture, about three hours and a half alone with the [exercises](exercises/02_kernel_regression.ipynb).

# %% slideshow={"slide_type": "skip"}
import torch

from courseware.notebook.explorer import show
from courseware.notebook.picture_input import PictureInput
from courseware.notebook.table import Table
from visual_attention import attention_weights, bilateral_filter, gaussian_blur, nadaraya_watson
from visual_attention.datasets import iris_petals, noisy_sine, own_picture, photograph, true_curve
from visual_attention.lessons.kernel_regression import figures
from visual_attention.lessons.kernel_regression.explorers import (
    WIDTHS,
    picture_explorer,
    points_microscope,
    width_explorer,
)

grid = torch.linspace(0, 5, 201, dtype=torch.float64)  # where we will ask
truth = true_curve(grid)  # what we would like to hear, and never see in real life

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
fifty = noisy_sine(n=50, noise=0.5, seed=0)
here = torch.tensor([2.6], dtype=torch.float64)
listened = {
    name: attention_weights(here, fifty.x, width=width)[0]
    for name, width in (("to the closest only?", 0.001), ("to those who are close?", 0.2), ("to all alike?", 1000.0))
}
show(
    figures.votes(fifty.x, fifty.y, 2.6, listened),
    "Three times the same fifty points with a dotted line among them: one point is dark, then those near the line, then all.",
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Fifty points and a question
#
# **What would you answer at the dotted line, and which points did you look at?**

# %% slideshow={"slide_type": "-"}
x, y = noisy_sine(n=50, noise=0.5, seed=0)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.curves(x, y, query=2.6, size=(10, 3.7)),
    "Fifty noisy points that rise, fall and level off; the query is at x = 2.6.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Who looked at the handful of points near the line? That is attention by eye. (The data, as in [@zhang2021]: $y = 2\sin x + x^{0.8}$ plus noise of standard deviation 0.5, at 50 places.)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Collect three guesses. We expect something between three and four, and fingers on the handful of points near the line. Only then the formula: in real life there is none.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The answer that ignores the question
#
# The simplest answer is the mean of all values, $f(x) = \frac{1}{n}\sum_i y_i$. Every point has the same say, and the query plays no part.

# %% slideshow={"slide_type": "-"}
average = y.mean()
error = (average - truth).square().mean()
print(f"the average, {average:.3f}, everywhere: mean squared error {error:.3f}")

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.curves(x, y, truth=(grid, truth), lines={"average": (grid, average.expand(201))}, size=(10, 3.4)),
    "A horizontal line through the middle of the points: wrong almost everywhere.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** "The answer does not depend on what you asked." That is what is missing: a query. (Lesson 1: average pooling uses no cue at all.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Better: listen to those who are close
#
# Give each point a weight that shrinks with its distance from the query, and divide by the sum so that the weights add up to 1:
#
# $$f(x) = \sum_{i=1}^n \underbrace{\frac{K(x - x_i)}{\sum_{j=1}^n K(x - x_j)}}_{\text{attention weight } \alpha_i} \, y_i, \qquad K(u) = \frac{1}{\sqrt{2\pi}} \exp\left(-\frac{u^2}{2}\right)$$
#
# [@nadaraya1964] and [@watson1964], independently. **Which symbol is query, key, value?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# | symbol | name | question it answers |
# |---|---|---|
# | $x$ | **query** | what do I want to know? |
# | $x_i$ | **key** | what does point $i$ know about? |
# | $y_i$ | **value** | what does point $i$ say? |
# | $\alpha_i$ | **weight** | how much do I listen to it? |

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let the room name the parts before the table appears. The denominator runs over j, not i: lesson 3 evaluates what comes out where the two are mixed up.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## By hand: three points
#
# Keys 0, 1, 3 with values 1, 2, 6. The query is 1. (Any factor in front of $K$ cancels, so we leave it out.)
#
# **Predict:** is the answer closer to 2 (the value right at the query) or to 3 (the mean of all three)? Then fill in the table on paper.

# %% [markdown] slideshow={"slide_type": "fragment"}
# | key $x_i$ | distance | $\exp(-d^2/2)$ | weight | × value |
# |---|---|---|---|---|
# | 0 | 1 | 0.6065 | 0.3482 | 0.3482 |
# | 1 | 0 | 1.0000 | 0.5741 | 1.1482 |
# | 3 | 2 | 0.1353 | 0.0777 | 0.4662 |
# | **sum** | | **1.7419** | **1.0000** | **1.9626** |
#
# Closer to 2, and even below it: the 1 nearby pulls down more than the 6 far away pulls up.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min, on the board.** Hands up first. Do the first row together and let them do the third. The value 6 is pulled in with less than 8 % of the vote.

# %% [markdown] slideshow={"slide_type": "skip"}
# The value 6 is pulled in with less than 8 % of the vote.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The table, to touch
#
# Point at a weight: what it is made of lights up. Then drag the query to the last key, and after that the width to its upper end.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
points_microscope()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Do the first weight aloud, the quotient of the board. With the query on the last key most of the vote is that key's; with the width at its end the three weights are nearly alike, and the prediction is close to the mean. It is the slider that comes later, in numbers.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## The same as a loop
#
# One line for each row of the table:

# %% slideshow={"slide_type": "skip"}
from math import exp

keys, values, query = [0.0, 1.0, 3.0], [1.0, 2.0, 6.0], 1.0

closeness = [exp(-((query - key) ** 2) / 2) for key in keys]
total = sum(closeness)
prediction = 0.0
for key, value, k in zip(keys, values, closeness):
    weight = k / total
    prediction += weight * value
    print(f"key {key:g}: K = {k:.4f}, weight {weight:.4f}, adds {weight * value:.4f}")
print(f"sum of K = {total:.4f}, f(1) = {prediction:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same as one expression
#
# An exponential divided by a sum of exponentials is a **softmax**. So the whole formula is
#
# $$f(x) = \sum_i \operatorname{softmax}_i\left(-\tfrac{1}{2}(x - x_i)^2\right) y_i$$

# %% slideshow={"slide_type": "-"} tags=["show-code"]
three_x, three_y = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([1.0, 2.0, 6.0])
query = 1.0

weights = torch.softmax(-((query - three_x) ** 2) / 2, dim=0)
print("weights:", [round(w, 4) for w in weights.tolist()])
print(f"f(1) = {weights @ three_y:.4f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** This is the line to remember; the numbers are those of the board. The softmax runs over the keys i; the source slides leave that index out. From here on the lesson calls a tested function, `nadaraya_watson`, which does this line for many queries at once and has a width.

# %% [markdown] slideshow={"slide_type": "skip"}
# … and as the tested function. `visual_attention.nadaraya_watson` takes many queries at once and has a `width`. It must say the same:

# %% slideshow={"slide_type": "skip"}
one_query = torch.tensor([1.0])
by_function = nadaraya_watson(one_query, three_x, three_y, width=1.0)

assert torch.allclose(by_function, weights @ three_y)
assert torch.allclose(attention_weights(one_query, three_x), weights[None, :])
print(f"tested implementation: f(1) = {by_function.item():.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The vote, drawn
#
# A disc's area is its weight. The point at 3 is there, and hardly heard.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.three_points(three_x, three_y, 1.0, weights, float(weights @ three_y)),
    "Three points with discs as large as their weights; the prediction lies at 1.9626, just below the value at the query.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** the point at 3 says 60 in place of 6. Where does the diamond go?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Up by 54 times the weight, to 6.16: a far point is hardly heard, but it can shout.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Hands up for "hardly moves". It moves by the change of the value times the weight. Whoever has an outlier in the data will meet this.

# %% slideshow={"slide_type": "skip"}
shout = torch.tensor([1.0, 2.0, 60.0])
moved = weights @ shout - weights @ three_y
print(f"with 60 in place of 6: f(1) = {weights @ shout:.4f}, {moved / weights[2]:.0f} times the weight higher")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where did the constant factor go?
#
# $1/\sqrt{2\pi}$ stands above *and* below the fraction line. **Predict:** what changes if the kernel is seven times as high?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Nothing: the factor cancels, and only ratios of closeness count.
#
# $$\frac{7 K(x - x_i)}{\sum_j 7 K(x - x_j)} = \frac{K(x - x_i)}{\sum_j K(x - x_j)}$$

# %% slideshow={"slide_type": "fragment"}
kernel = torch.exp(-((query - three_x) ** 2) / 2)
rows = []
for factor in (1.0, 1 / (2 * torch.pi) ** 0.5, 7.0):
    ratio = (factor * kernel) / (factor * kernel).sum()
    rows.append([f"{factor:.4f}", f"{ratio @ three_y:.4f}"])
Table(["kernel times", "f(1)"], rows)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Hands up for "changes", then show. Height and width are two things: a higher bell is not a narrower one.

# %% [markdown] slideshow={"slide_type": "skip"}
# Height and width are two things: a higher bell is not a narrower one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From one query to a whole curve
#
# Ask at 201 places. Each query gets its own row of weights over the 50 keys, and one matrix product answers them all.

# %% slideshow={"slide_type": "-"} tags=["show-code"]
alpha = attention_weights(grid, x, width=0.5)
curve = alpha @ y

# %% [markdown] slideshow={"slide_type": "-"}
# **Predict:** the shape of `alpha`. What do its rows sum to, and what its columns?

# %% slideshow={"slide_type": "fragment"}
sums = {"a row sums to": alpha.sum(dim=1), "a column sums to": alpha.sum(dim=0)}
Table(["", "least", "most"], [[name, f"{sum_.min():.4f}", f"{sum_.max():.4f}"] for name, sum_ in sums.items()])

# %% [markdown] slideshow={"slide_type": "fragment"}
# 201 rows, one for each query, and 50 columns, one for each key. Each query hands out one unit of attention; a key may get more of it, or less.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** First the shape: who has the rows? Then the sums; expect "also 1" for the columns. Which keys get the large sums? Let them guess; it comes on the next slide.

# %% slideshow={"slide_type": "skip"}
print("shape:", tuple(alpha.shape), "= (queries, keys)")
assert torch.allclose(curve, nadaraya_watson(grid, x, y, width=0.5))

# %% [markdown] slideshow={"slide_type": "skip"}
# Each row sums to 1, for each query shares out one unit of attention. A column need not. **Which keys are heard most?** Not those that many queries come near: the queries are an even grid, so that away from the ends each key has as many around it as any other. What differs is how many other *keys* are there to share with. A lonely key is heard more, for want of rivals:

# %% slideshow={"slide_type": "skip"}
rivals = torch.exp(-((x[:, None] - x) / 0.5).square() / 2).sum(dim=1)  # keys around each key
inside = (x > 1) & (x < 4)  # nearer to the ends there are fewer queries as well
both = torch.stack([alpha.sum(dim=0), rivals])[:, inside]
print(f"sum of a column against keys around it: correlation {torch.corrcoef(both)[0, 1]:.2f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# (In exercise 4 the keys themselves ask. Then a crowd has more askers too, and the two effects meet.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where does each query look?
#
# One row of weights for each query, from top to bottom; the keys from left to right, sorted by $x_i$. **Predict:** where will the map be dark?

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
queries = grid[::4]
show(
    figures.heat_map(attention_weights(queries, x, width=0.5), queries),
    "Heat map of weights: a dark band from top left to bottom right, each row darkest near its own query.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Let somebody draw it in the air. Then read it row by row, and look for dark columns: lonely keys, with few others to share the queries near them (the text counts). Ask why the band is darker at its two ends: fewer neighbours share the vote there, too.

# %% [markdown] slideshow={"slide_type": "skip"}
# Look for dark columns, too: these are lonely keys, with few others to share the queries near them. At its two ends the band is darker, because fewer neighbours share the vote there.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### What the map's axis counts
#
# The columns of the map are *numbered*: the first key, the second, and so on, in the order of $x_i$, one as wide as the next. That axis does not measure $x$. Five keys, at 0, 0.5, 1, 3 and 5, a width of 1, and the query 1:

# %% slideshow={"slide_type": "skip"}
five_keys = torch.tensor([0.0, 0.5, 1.0, 3.0, 5.0])
five_weights = attention_weights(torch.tensor([1.0]), five_keys, width=1.0)[0]
rows = [[f"{number}", f"{key:g}", f"{weight:.2f}"] for number, (key, weight) in enumerate(zip(five_keys.tolist(), five_weights.tolist()))]
Table(["column", "its key lies at", "weight"], rows)

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
show(
    figures.columns_and_places(five_keys, five_weights, query=1.0),
    "One row of weights twice. Left, as in the map: five columns of equal width, numbered 0 to 4, the third the darkest. "
    "Right: the same five weights where the keys lie, three close together and two far away.",
)

# %% [markdown] slideshow={"slide_type": "skip"}
# The columns 2 and 3 are neighbours in the map, and their keys lie two apart: 0.38 beside 0.05. So the band of the large map is no straight line. Where keys crowd, a step along $x$ passes many columns, and the band lies flatter; where keys are rare it is steeper. The *rows* are another matter: the queries are an even grid, so that axis is $x$ itself.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Close, but how close?
#
# "Close" needs a scale: divide the distance by a **width** $\sigma$, the bandwidth. And the bell is not the only shape: some kernels end at one width, and one does not care.

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
u = torch.linspace(-2, 2, 401)
inside = (u.abs() <= 1).float()
shapes = {
    "Gaussian": torch.exp(-(u**2) / 2),
    "boxcar": inside,
    "triangular": inside * (1 - u.abs()),
    "Epanechnikov": inside * (1 - u**2),
    "constant": torch.ones_like(u),
}
show(
    figures.kernel_shapes(u, shapes),
    "Five kernels over distance in widths: the Gaussian has no end, three end at one width, the constant is flat.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Which of the five can leave a query without any key in reach?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# The three that end: boxcar, triangular, Epanechnikov.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let the room think of a second shape before the five appear. An empty window is trap 3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How wide should we look?
#
# $\sigma$ in the kernel: $\exp(-(x - x_i)^2 / 2\sigma^2)$. **Predict** both ends of the slider, then drag.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
width_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 5 min, the heart of the lesson.** Drag slowly from 1 to the left; stop at the lowest test error; go on until the curve is a staircase. Then right. Drag the query along the data panel at a small and at a large width and watch its row in the heat map. Last, the kernel menu: find the boxcar's jumps.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* drag slowly from 1 to the left, stop at the lowest test error, and go on until the curve is a staircase. Then to the right. Drag the query at a small and at a large width, and watch its row in the heat map. Last, the menu of kernels: find the boxcar's jumps.

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read the four panels.** The dotted line is the query. Left: the larger and darker a point, the larger its weight; the diamond is the prediction. Right: the same weights as bars; "as if 37.7 points voted" is $1/\sum_i \alpha_i^2$, which is $n$ for equal weights and 1 when one key takes all. Below: one row of weights for each query (darker is larger, on one scale for all widths), and the **test error**, the mean squared distance between $f$ and the true curve.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The two ends of the slider
#
# | width | weights | prediction |
# |---|---|---|
# | $\sigma \to 0$ | all on one key | the **nearest neighbour's** value |
# | $\sigma \to \infty$ | all equal | the plain **average** |
#
# One knob from "trust the closest only" to "trust everybody alike":

# %% slideshow={"slide_type": "-"}
at = torch.tensor([2.6], dtype=x.dtype)
tried = (0.001, 0.1, 0.5, 2.0, 1000.0)
answers = [f"{nadaraya_watson(at, x, y, width=width).item():.4f}" for width in tried]
Table(["width σ", *(f"{width:g}" for width in tried)], [["f(2.6)", *answers]])

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Who predicted both ends? The first number is the nearest neighbour's value, the last the average. The same knob returns under five names in lesson 3: w, σ, h, β, √d.

# %% slideshow={"slide_type": "skip"}
nearest = y[(x - at).abs().argmin()]
print(f"nearest neighbour's value {nearest:.4f}, average {y.mean():.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is that best width luck?
#
# On our 50 points some width was best. One draw proves little: twenty draws, 31 widths each. **Predict:** how far apart do the best widths lie?

# %% slideshow={"slide_type": "skip"}
errors = torch.empty(20, len(WIDTHS))
for draw in range(20):
    xs, ys = noisy_sine(seed=draw)
    for k, width in enumerate(WIDTHS):
        fit = nadaraya_watson(grid, xs, ys, width=width)
        errors[draw, k] = (fit - truth).square().mean()

widths = torch.tensor(WIDTHS)
best = widths[errors.argmin(dim=1)]
print(f"best width: median {best.median():.2f}, from {best.min():.2f} to {best.max():.2f}")
for name, e in (("there", errors.amin(dim=1)), ("at width 1", errors[:, WIDTHS.index(1.0)])):
    print(f"error {name}: {e.mean():.3f} ± {e.std():.3f}, ours (draw 0): {e[0]:.3f}")

# %% slideshow={"slide_type": "fragment"} jupyter={"source_hidden": true}
show(
    figures.error_spread(widths, errors, best),
    "Test error against width for twenty draws: each curve dips between a tenth and a half and rises to about 1 at the right.",
)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Thin lines: one draw each. All twenty valleys lie between 0.16 and 0.32, well to the left of 1, the width that the formula without $\sigma$ chose for us in silence.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The marks at the bottom say where each draw is best. Our own draw is an unlucky one: of the twenty it has the largest error at width 1. That is what one draw is worth.

# %% [markdown] slideshow={"slide_type": "skip"}
# The marks at the bottom say where each draw is best. Our own draw is an unlucky one: of the twenty it has the largest error at width 1. That is what one draw is worth.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Choosing a width without the truth
#
# In real life there is no true curve. **Hide each point in turn, predict it from the others** (leave one out), and take the width that does that best.

# %% slideshow={"slide_type": "-"}
def left_out_error(width, x, y):
    predicted = nadaraya_watson(x, x, y, width=width, leave_one_out=True)
    return (predicted - y).square().mean().item()


chosen = min(WIDTHS, key=lambda width: left_out_error(width, x, y))
rows = []
for how, width in (
    ("each point left out in turn", chosen),
    ("in hindsight, by the true curve", best[0].item()),
    ("not at all", 1.0),
):
    rows.append([how, f"{width:.2g}", f"{errors[0, WIDTHS.index(round(width, 3))]:.3f}"])
Table(["how it is chosen", "width", "test error"], rows)

# %% [markdown] slideshow={"slide_type": "-"}
# **Why must a point not vote on itself?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# At a tiny width it answers with its own value: at a width of 0.001 the error on the points themselves is 0.0018, and nothing has been smoothed.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** The first two rows differ because they estimate different things; both lie far from 1. A minute in pairs for the question. This small rule decides lesson 3, and returns in lesson 6 as the self-weight of non-local means.

# %% slideshow={"slide_type": "skip"}
with_itself = (nadaraya_watson(x, x, y, width=0.001) - y).square().mean()
print(f"error at width 0.001 if each point may vote on itself: {with_itself:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real flowers
#
# Anderson's 150 irises: what does the length of the sepal say about the length of the petal? (The error: squared, each flower left out in turn.)

# %% slideshow={"slide_type": "-"}
iris = iris_petals()
sepal, petal = iris.x, iris.y
iris_width = min(WIDTHS, key=lambda width: left_out_error(width, sepal, petal))

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
lengths = torch.linspace(4.2, 8.0, 200, dtype=sepal.dtype)
fits = {}
for width in (iris_width, 1.0):
    fits[f"width {width:g} cm, error {left_out_error(width, sepal, petal):.3f} cm²"] = (lengths, nadaraya_watson(lengths, sepal, petal, width=width))
show(
    figures.curves(sepal, petal, lines=fits, labels=("sepal length (cm)", "petal length (cm)"), size=(10, 4)),
    "150 irises in two clouds; the narrow fit steps from the lower cloud to the upper, the wide one blurs the step.",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Two clouds ([@anderson1936]): one species has much shorter petals. The model knows nothing about species; a good width lets the step through.

# %% slideshow={"slide_type": "skip"}
print(f"{len(sepal)} irises")
for width in (iris_width, 1.0, 20.0):
    print(f"width {width:g} cm: left-out error {left_out_error(width, sepal, petal):.3f} cm²")

# %% [markdown] slideshow={"slide_type": "skip"}
# **What follows.** Leaving one out needs no true curve: the width that it chooses makes less than half the error of a width of 1 cm. At 20 cm all flowers count nearly alike, and the answer is little more than the mean.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Trap 1: a width has units
#
# Keys at 0, 1, … 5 metres have their squares for values; the query is at 2.4 metres. Measure the same keys and the same query in centimetres instead, and leave σ at 1. **Predict:** same answer?

# %% slideshow={"slide_type": "fragment"}
metres = torch.arange(6, dtype=torch.float64)  # 0, 1, … 5 metres
squares = metres**2
place = torch.tensor([2.4], dtype=torch.float64)

rows = []
for unit, scale, width in (("metres", 1, 1.0), ("centimetres", 100, 1.0), ("centimetres", 100, 100.0)):
    f = nadaraya_watson(scale * place, scale * metres, squares, width=width)
    rows.append([unit, f"{width:g}", f"{f.item():.3f}"])
Table(["keys and query in", "width", "prediction"], rows)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One centimetre is a tiny width here: the nearest key (2 m, value 4) takes it all. "No parameter" was never true: a width of 1 was chosen for us, in whatever unit the data came.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Whoever standardises features before attention, or divides by √d, is choosing a width.

# %% [markdown] slideshow={"slide_type": "skip"}
# Whoever standardises features before attention, or divides by √d, chooses a width.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Trap 2: at the boundary there is only one side
#
# No noise, a plain straight line $y = 2x$, and still wrong at both ends:

# %% slideshow={"slide_type": "-"}
line_x = torch.linspace(0, 5, 501, dtype=torch.float64)
line_fit = nadaraya_watson(line_x, line_x, 2 * line_x, width=1.0)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
show(
    figures.boundary_bias(line_x, 2 * line_x, line_fit),
    "The fit follows the straight line in the middle and bends towards the mean at both ends.",
)

# %% [markdown] slideshow={"slide_type": "-"}
# **Would more data help?**

# %% [markdown] slideshow={"slide_type": "fragment"}
# Not at this width: there is no noise to average away. With more data a smaller width would do, and that helps.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** A weighted average can never leave the range of the values, and at the edge all neighbours lie on one side. Hands up for "yes, more data". The bias is not noise.

# %% [markdown] slideshow={"slide_type": "skip"}
# A weighted average can never leave the range of the values, and at the edge all neighbours lie on one side. The error there is a bias, not noise.

# %% slideshow={"slide_type": "skip"}
for i in (0, 250, 500):
    print(f"x = {line_x[i]:.1f}: truth {2 * line_x[i]:.3f}, f = {line_fit[i]:.3f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Trap 3: nobody in the window
#
# Kernels that end (boxcar, triangular, Epanechnikov) can find **no key at all**; and even a Gaussian underflows to 0 far away. **Predict:** our keys lie between 0 and 5. What is $f(1000)$?

# %% slideshow={"slide_type": "fragment"}
far = torch.tensor([1000.0], dtype=x.dtype)
k = torch.exp(-((far - x) ** 2) / 2)
told = {
    "Gaussian, the fraction as printed": k @ y / k.sum(),
    "Gaussian, as a softmax": nadaraya_watson(far, x, y).squeeze(),
    "boxcar, an empty window": nadaraya_watson(far, x, y, kernel="boxcar").squeeze(),
    "the value of the nearest key": y[-1],
}
Table(["", "f(1000)"], [[name, f"{value:.4f}"] for name, value in told.items()])

# %% [markdown] slideshow={"slide_type": "fragment"}
# The fraction is 0/0. The softmax of finite scores never divides 0 by 0: it subtracts the largest exponent first, so that one term is 1. For kernels with an end, our function has one stated rule: an empty window falls back to the nearest key.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Expect the guess 0 for far away. The weights sum to 1 wherever we ask, so somebody gets the vote.

# %% [markdown] slideshow={"slide_type": "skip"}
# The weights sum to 1 wherever we ask, so somebody gets the vote.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same formula on a picture
#
# Let every **pixel** be a query and a key. Key: its *position*. Value: its *colour*. Nadaraya–Watson on that is the **Gaussian blur**. Add the *colour to the key*, and only neighbours that look alike get a vote: the **bilateral filter**.

# %% slideshow={"slide_type": "skip"}
tiny = photograph("flower", size=(20, 30)).double()
colour = tiny.flatten(1).T                                       # (600, 3)
rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
position = torch.stack([rows.flatten(), columns.flatten()], dim=1).double()   # (600, 2)

# %% slideshow={"slide_type": "-"} tags=["show-code"]
blur = nadaraya_watson(position, position, colour, width=2.0)
key = torch.cat([position / 2.0, colour / 0.2], dim=1)  # 600 pixels, 5 numbers each
bilateral = nadaraya_watson(key, key, colour, width=1.0)

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
smoothed = {"Gaussian blur": blur, "bilateral filter": bilateral}
show(
    figures.pictures({"20 × 30 pixels": tiny} | {name: rgb.T.reshape(3, 20, 30) for name, rgb in smoothed.items()}),
    "A coarse picture of a flower; blurred it loses its edge, and under the bilateral filter it keeps it.",
)

# %% slideshow={"slide_type": "skip"}
assert torch.allclose(blur, gaussian_blur(tiny, width=2.0, radius=30).flatten(1).T)
filtered = bilateral_filter(tiny, width_space=2.0, width_colour=0.2, radius=30)
assert torch.allclose(bilateral, filtered.flatten(1).T)
print("600 pixels, both equal to the tested filters")

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 2 min.** Nothing new was needed: the key got three more numbers. That is the whole step from blur to an edge-preserving filter ([@tomasi1998]), and the first of two steps to non-local networks.

# %% [markdown] slideshow={"slide_type": "skip"}
# Nothing new was needed: the key got three more numbers. That is the step from a blur to a filter that keeps edges ([@tomasi1998]), and the first of two steps to non-local networks.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Which pixels does a pixel listen to?
#
# Point at the photograph: first *ignore colour*, then a width in colour of 0.2.

# %% slideshow={"slide_type": "-"} jupyter={"source_hidden": true}
picture_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 3 min.** Go to a petal's edge: with colour in the key the weights stop at the edge. Then a very small width in colour: the pixel only listens to itself, and the noise stays. That self-vote is lesson 6's trouble.

# %% [markdown] slideshow={"slide_type": "skip"}
# *Try:* go to a petal's edge: with colour in the key the weights stop there. Then a very small width in colour: the pixel listens to itself alone, and the noise stays. That self-vote is lesson 6's trouble.

# %% [markdown] slideshow={"slide_type": "skip"}
# **How to read it.** The photograph has had noise added. The *error* is how far a picture is from the one without noise (root of the mean squared difference), before and after smoothing.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same with a picture of yours.** Its middle, made 64 pixels wide, with the same noise. It stays on the machine where Python runs.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
PictureInput(lambda data: picture_explorer(own=own_picture(data, side=64)))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it cannot do
#
# - **The width is ours to choose**, one for all queries and all directions.
# - **The data are the model:** all $n$ keys have to be kept, for every later query. "Non-parametric" does not mean "no memory".
# - **Closeness is fixed** in advance: raw distance in $x$. It cannot learn *what* to compare.
#
# ### Next question
#
# Could the data choose the width themselves, by gradient descent? One parameter, $w = 1/\sigma$: **lesson 3**. It works, with one catch that you have already met.

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** The catch is the self-vote. Let the room guess it before leaving.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Check yourself
#
# Four questions. Decide first, then open your choice: it says whether it is right, and why. The other choices are worth opening too.

# %% slideshow={"slide_type": "skip"} jupyter={"source_hidden": true}
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "Somebody multiplies the Gaussian kernel by 7. What happens to the prediction?",
        {
            "It becomes seven times as large.": "The factor stands above the fraction line and below it, and cancels.",
            "Nothing.": "Weights are shares: only the ratios of the kernel's values count.",
            "It moves towards the nearest key, because the bell is higher.": "A factor changes no ratio between two weights. Only the width decides how soon they fall.",
        },
        right="b",
    ),
    Question(
        "σ → 0. What is the answer at a place between the keys?",
        {
            "The average of all values.": "That is the other end, σ → ∞, where all weights are equal.",
            "0/0.": "The fraction as it is written underflows to that. The limit exists, and the softmax form finds it.",
            "The value of the nearest key.": "It has the largest score, and the smaller σ is, the more its lead counts.",
        },
        right="c",
    ),
    Question(
        "The keys and the query are given in centimetres instead of metres, and σ stays 1. What happens to the answer?",
        {
            "Nothing: the method has no parameter.": "A width of 1 is a parameter, and it has the unit of the keys.",
            "It moves towards the value of the nearest key.": "All distances are a hundred times as many widths, so only the closest key is heard.",
            "It moves towards the average.": "The other way round: measured in widths, the keys have moved apart.",
        },
        right="b",
    ),
    Question(
        "Which width makes the smallest error on the training points if each of them may vote on itself?",
        {
            "A tiny one.": "Each point then repeats its own value: the error goes to 0, and nothing has been smoothed.",
            "About the one that is best on the true curve.": "That is what leaving each point out finds. With its own vote, every point rewards a smaller width.",
            "A huge one.": "The average is far from most of the points.",
        },
        right="a",
    ),
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Recap
#
# - Attention pooling: $f(x) = \sum_i \alpha_i y_i$, weights from query and keys, sum 1.
# - Gaussian kernel over sum of kernels = softmax of $-d^2/2\sigma^2$; constant factors cancel.
# - $\sigma \to 0$: nearest neighbour. $\sigma \to \infty$: average. Between them a valley, found by leaving one out.
# - A prediction never leaves the range of the values: never wild, but biased at the boundary, and far away it repeats the nearest value.
# - Pixels as points: Gaussian blur; with colour in the key: bilateral filter.

# %% [markdown] slideshow={"slide_type": "fragment"}
# {{recap: 1a, 2}}

# %% [markdown] slideshow={"slide_type": "notes"}
# > **Lecturer, 1 min.** Let the room fill in the second row of the table before you show it. The table grows by a row or two in each lesson.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Read critically
#
# - The [source slides](00_start_here.ipynb#If-you-study-alone) write $\operatorname{softmax}(-\frac{1}{2}(x-x_i)^2)\,y_i$ under a sum. The softmax acts on the *vector* of all $n$ scores and the formula needs its $i$-th entry, $\operatorname{softmax}_i$.
# - They carry $1/\sqrt{2\pi}$ along. It is harmless, and it does nothing.
# - They fix σ = 1 silently. That is a parameter, and it has the units of $x$ (trap 1).
# - The words query, key and value for this formula, and the data, are those of [@zhang2021, chapter on attention].
# - "Non-parametric" means that the model is the training set, which must be kept and searched; the width is still a choice.
#
# **Why the prediction is bounded, and biased.** Weights that are at least 0 and sum to 1 make a convex combination, so $\min_i y_i \le f(x) \le \max_i y_i$ everywhere. At $x = 0$ on the line $y = 2x$ all neighbours lie to the right: the mean of $2|u|$ under a standard normal $u$ is $2\sqrt{2/\pi}$, which the next cell compares with trap 2.

# %% slideshow={"slide_type": "skip"}
print(f"theory 2·sqrt(2/pi) = {2 * (2 / torch.pi) ** 0.5:.3f}, on the interval [0, 5]: f(0) = {line_fit[0]:.3f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# {{references}}
#
# **Now you:** [exercises of this lesson](exercises/02_kernel_regression.ipynb) · [next lesson](03_learned_attention.ipynb) · [glossary](glossary.ipynb) · [start page](00_start_here.ipynb)
