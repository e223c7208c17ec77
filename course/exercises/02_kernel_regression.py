# %% [markdown]
# # Exercises 2 · Nadaraya–Watson kernel regression
#
# {{Exercises}}, from pencil and paper to a better estimator than the lesson's. Each begins with its aim and ends
# with a check. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the
# cell, then run the check below it:
#
# - **…** not attempted yet,
# - **✓** right,
# - **✗** not yet, with a sentence on what to look at. Functions are tried on random inputs and on
#   edge cases, and you see the first one that goes wrong.
#
# Hardly an answer stands in the lesson: most exercises go one step further. Stuck? The hints under each exercise
# unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order; they get harder towards the end.

# %%
import torch

from visual_attention import pooling
from visual_attention.datasets import noisy_sine
from visual_attention.exercises import kernel_regression as exercise

# %% [markdown] teaching="in class | 8 | warm-up | all of them can; let them guess the narrow one first: the nearest key is two widths off, and takes nearly all"
# ## 1 · By hand: a query that hits no key
#
# **Aim:** see with a pocket calculator that attention is a weighted average, and that only ratios count.
#
# Three points: $x_i = 1, 2, 5$ with the values $y_i = 9, 1, 3$. The query is $x = 3$, the kernel Gaussian:
#
# $$\alpha_i = \frac{\exp\left(-\frac12 \left(\frac{x-x_i}{\sigma}\right)^2\right)}
# {\sum_j \exp\left(-\frac12 \left(\frac{x-x_j}{\sigma}\right)^2\right)}, \qquad
# f(x) = \sum_i \alpha_i\, y_i .$$
#
# Guess first: is $f(3)$ nearer to 1, the nearest point's value, or to the mean of all? And at $\sigma = \frac12$, where
# even the nearest point is two widths away?
#
# Give the three weights (`weights`, a list of three numbers in the order of the points) and $f(3)$ (`f`, one number) for
# $\sigma = 1$, and $f(3)$ for $\sigma = \frac12$ (`f_narrow`), all to three decimals: carry four, round at the end.
# Three values help: $e^{-1/2} = 0.6065$, $e^{-2} = 0.1353$ and $e^{-8} = 0.0003355$.

# %%
exercise.hand_example.hint()

# %%
### BEGIN SOLUTION
weights = [0.1543, 0.6915, 0.1543]
f = 2.5428
f_narrow = 1.0246
### END SOLUTION

# %%
exercise.hand_example.check(weights=weights, f=f, f_narrow=f_narrow)

# %% [markdown]
# <!-- SOLUTION -->
# The distances are 2, 1 and 2, the kernel values $0.1353, 0.6065, 0.1353$, their sum $0.8772$. Divided by it they
# are the weights. For $\sigma = \frac12$ all distances double: $e^{-8}, e^{-2}, e^{-8}$ give the weights $0.0025, 0.9951,
# 0.0025$. The nearest key takes nearly all, far away as it is: the others are farther.

# %% [markdown] teaching="in class, hands up | 6 | warm-up | \"7K² changes nothing, it cancels\": the 7 does; and that interpolation is a kernel"
# ## 2 · Predict: other kernels
#
# **Aim:** know what the division by the sum takes away, and what it does not. Choose *before* you run the last cell
# of this exercise.
#
# {{question: squared}}
#
# {{question: triangular}}

# %%
exercise.predictions.hint()

# %%
### BEGIN SOLUTION
squared = "b"
triangular = "c"
### END SOLUTION

# %%
exercise.predictions.check(squared=squared, triangular=triangular)

# %% [markdown]
# When you have chosen, run it. The cell waits for your two letters.

# %%
x = torch.linspace(0, 5, 6)
y = torch.tensor([1.0, 3.0, 2.0, 5.0, 4.0, 0.0])
if ... in (squared, triangular):
    print("First your two letters, then this cell shows what happens.")
else:
    gaussian = torch.exp(-0.5 * (3 - x) ** 2)
    for name, kernel in (("K", gaussian), ("7K", 7 * gaussian), ("7K^2", 7 * gaussian**2)):
        print(f"f(3) with {name:5}: {kernel @ y / kernel.sum():.4f}")
    for width in (1.0, 0.5**0.5, 0.5):
        print(f"f(3) with width {width:.3f}: {pooling.nadaraya_watson(torch.tensor([3.0]), x, y, width=width).item():.4f}")
    between = torch.tensor([2.0, 2.25, 2.5, 2.75, 3.0])
    line = pooling.nadaraya_watson(between, x, y, kernel="triangular")
    print("triangular, from 2 to 3:", [round(value, 3) for value in line.tolist()])

# %% [markdown] teaching="in class, pairs | 10 | core | \"the kernel has no scale\"; with two numbers in the key a unit even decides who is near"
# ## 3 · Predict, then run: which sensor is near?
#
# **Aim:** see that a unit is a choice of who is near.
#
# A key may have more than one number. Two sensors: A stands at 3 m and was read at 5 h, it said 10; B stands at 4 m and
# was read at 3.5 h, it said 20. We ask for 2 m and 3 h. Gaussian kernel, $\sigma = 1$ for both numbers of the key; the
# squared distance is $\Delta\text{place}^2 + \Delta\text{time}^2$. Write a guess on paper before each; each answer is one
# number, to two decimals:
#
# - `metres`: places in metres, times in hours;
# - `minutes`: places in metres, times in minutes;
# - `centimetres`: places in centimetres, times in hours;
# - `sigma`: places in metres, times in minutes, and the times get a width of their own. With which one is the answer that
#   of `metres` again?
#
# `pooling.nadaraya_watson(query, keys, values, width=...)` does the arithmetic, with a query of shape (1, 2).

# %%
exercise.units.hint()

# %%
query = torch.tensor([[2.0, 3.0]])
keys = torch.tensor([[3.0, 5.0], [4.0, 3.5]])
values = torch.tensor([10.0, 20.0])

### BEGIN SOLUTION
metres = pooling.nadaraya_watson(query, keys, values, width=1.0)
minutes = pooling.nadaraya_watson(query * torch.tensor([1.0, 60.0]), keys * torch.tensor([1.0, 60.0]), values)
centimetres = pooling.nadaraya_watson(query * torch.tensor([100.0, 1.0]), keys * torch.tensor([100.0, 1.0]), values)
sigma = 60.0
### END SOLUTION

# %%
exercise.units.check(metres=metres, minutes=minutes, centimetres=centimetres, sigma=sigma)

# %% [markdown]
# <!-- SOLUTION -->
# Squared distances in metres and hours: A $1 + 4 = 5$, B $4 + 0.25 = 4.25$, nearly the same. In minutes A has $1 +
# 120^2$ and B $4 + 30^2$: B takes it all. In centimetres A has $100^2 + 4$ and B $200^2 + 0.25$: A does.

# %% [markdown] teaching="skip if short | 8 | core | the keys ask, so that a crowd has more askers too; copies share"
# ## 4 · Predict: rows and columns of the table
#
# **Aim:** read the table of weights in the right direction.
#
# Let every key be a query too: queries and keys are $0, 1, 1.5, 5$, and $\sigma = 1$. The table of weights has a row for
# each query. What the rows sum to you know. Guess which column gets most, and about how much the lonely key at 5 gets;
# then give
#
# - `columns`: the four sums along the columns, a list (or tensor) of four numbers, to two decimals.
#   Use `pooling.attention_weights(query, keys, width=1.0)`.
# - `copied`: now every *key* is there twice, eight keys, and the four queries are as before. What is the column sum of
#   *one* of the two keys at 1? One number, to two decimals, and better without running anything.
#
# {{question: wide}}

# %%
exercise.rows_and_columns.hint()

# %%
keys = torch.tensor([0.0, 1.0, 1.5, 5.0])

### BEGIN SOLUTION
columns = pooling.attention_weights(keys, keys, width=1.0).sum(dim=0)
copied = columns[1] / 2
wide = "c"
### END SOLUTION

# %%
exercise.rows_and_columns.check(columns=columns, copied=copied, wide=wide)

# %% [markdown] teaching="home | 15 | core | the heart of the course for keys that are vectors; the sum over the features and the softmax over the keys get mixed up"
# ## 5 · Implement: attention weights for keys that are vectors
#
# **Aim:** write the heart of this course, for keys as networks have them.
#
# `query` is a tensor of shape (m, d), `keys` one of shape (n, d), `width` is $\sigma$, a number above 0. Return the table
# of weights, a tensor of shape (m, n) whose rows sum to 1, for the Gaussian kernel of the straight-line distance,
# $\lVert q - k \rVert^2 = \sum_c (q_c - k_c)^2$. Keys may be equal, there may be only one, and a query may lie far from
# all of them. No loop is needed: `query[:, None] - keys` has all the differences, in the shape (m, n, d). Write it without
# the library's own functions, such as `pooling.attention_weights`: the check notices.
#
# Expected for one query `[[2., 3.]]`, the keys of the two sensors, `[[3., 5.], [4., 3.5]]`, and `width = 1.0`: about 0.41
# and 0.59.

# %%
exercise.weights.hint()


# %%
def attention_weights(query, keys, width):
    ### BEGIN SOLUTION
    differences = (query[:, None] - keys) / width
    exponents = -0.5 * (differences**2).sum(dim=2)
    return torch.softmax(exponents, dim=1)
    ### END SOLUTION


# %%
exercise.weights.check(attention_weights)

# %% [markdown] teaching="home | 25 | core | the knob backwards; ten lines with a loop. Those who search from 0.01 to 10 learn once more that a width has units"
# ## 6 · Invert: the width at which so many points vote
#
# **Aim:** given what comes out, find the width.
#
# **By hand first.** In exercise 1, at which $\sigma$ does the nearest key get exactly nine tenths of the weight
# (**`nine_tenths`**, one number to three decimals)?
#
# **Then by program.** The lesson's explorer counts the voters as $1/\sum_i \alpha_i^2$: it is $n$ when all weights are
# equal, and 1 when one key takes it all. One width for all queries is a poor choice where points are crowded in one place
# and rare in another. Better: for each query the width at which, say, five points vote.
#
# `distances` is a tensor of shape (n,), how far each key is from one query; `votes` is a number that can be reached
# (larger than the number of keys that share the smallest distance, and smaller than n). Return the $\sigma$ of the
# Gaussian kernel at which $1/\sum_i \alpha_i^2$ is `votes`: one number, right to three digits. Distances may be in any
# unit: thousandths or thousands. There is no formula for it. (t-SNE and UMAP, which draw maps of data, choose a width for
# each point in this spirit.)
#
# Expected for `distances = [1., 2., 3.]`: at σ = 1.5 the count is about 2.19.

# %%
exercise.votes.hint()

# %%
### BEGIN SOLUTION
nine_tenths = (1.5 / torch.tensor(18.0).log()) ** 0.5
### END SOLUTION


# %%
def width_for(distances, votes):
    ### BEGIN SOLUTION
    low, high = distances.max().item() / 1000, distances.max().item() * 1000
    for _ in range(60):
        tried = (low * high) ** 0.5
        alpha = torch.softmax(-0.5 * (distances / tried) ** 2, dim=0)
        if 1 / (alpha**2).sum() < votes:
            low = tried
        else:
            high = tried
    return tried
    ### END SOLUTION


# %%
exercise.votes.check(nine_tenths=nine_tenths, width_for=width_for)

# %% [markdown]
# <!-- SOLUTION -->
# By hand: the distances are 2, 1, 2. The nearest weighs as 9 to 1 against the two others together, $e^{-1/2\sigma^2} =
# 9 \cdot 2\, e^{-4/2\sigma^2}$, so $3/(2\sigma^2) = \log 18$. By program: with the width the count only grows, so halving
# an interval finds the place. The halving is done in the logarithm, because widths may differ by factors of a thousand.

# %% [markdown] teaching="home | 20 | core | three faults, and one hides the next; the first of two nearest keys is the last trap"
# ## 7 · Debug: a kernel with three faults
#
# **Aim:** read a table of weights for what cannot be true, and mend the cause.
#
# Somebody has written the Epanechnikov kernel of width 1, $1 - u^2$ up to the distance 1 and 0 beyond:

# %%
exercise.far_query.hint()


# %%
def faulty_weights(query, keys):
    u = query[:, None] - keys[None, :]
    kernel = 1 - u**2
    return kernel / kernel.sum()


faulty_weights(torch.tensor([1.0, 2.5, 10.0]), torch.tensor([0.5, 2.0, 5.0]))

# %% [markdown]
# It has three faults. Find them in the printed table, then write it anew, without the library (the check notices):
# query (m,) and keys (n,) in, a tensor of shape (m, n) out, for $\sigma = 1$. The rule for an empty window is the
# lesson's: if all kernel values of a query are 0, its nearest key takes the whole weight, and nearest keys at equal
# distance share it equally. (A key exactly one width away has the kernel value 0.)


# %%
def mended_weights(query, keys):
    ### BEGIN SOLUTION
    distance = (query[:, None] - keys[None, :]).abs()
    kernel = (1 - distance**2).clamp(min=0)
    empty = kernel.sum(dim=1, keepdim=True) == 0
    nearest = (distance == distance.amin(dim=1, keepdim=True)).to(kernel.dtype)
    kernel = torch.where(empty, nearest, kernel)
    return kernel / kernel.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %%
exercise.far_query.check(mended_weights)

# %% [markdown]
# <!-- SOLUTION -->
# Beyond one width $1 - u^2$ is negative, and grows without end: the far query had the largest numbers. The sum ran over
# the whole table, so that no row summed to 1. And with these two mended, the far query is 0/0.

# %% [markdown] teaching="home, before lesson 3 | 25 | core | lesson 3 begins here; leaving one out is not enough where each place was measured twice: the twin tells the answer"
# ## 8 · Implement: leave a whole place out
#
# **Aim:** choose the width from the data, without fooling yourself where the data repeat.
#
# Leaving one point out, as the lesson does, assumes that the others know nothing of its noise. But here each place was
# measured *twice*, by a meter that hardly errs: its twin at the same place has nearly the same value, noise and all. So
# let each point be predicted from the points at *other places*: take all points of its own place out before the weights
# are normalised, then average the squared errors over all n points.
#
# `x` and `y` are tensors of shape (n,), with at least two different places among the `x`; `width` is $\sigma$. Return one
# number. Points at the same place have exactly the same `x`. And a place may lie far from all others: its prediction is
# then the one that exact arithmetic would give. A hint: which exponent makes a weight 0?

# %%
exercise.leave_one_out.hint()


# %%
def leave_place_out_error(x, y, width):
    ### BEGIN SOLUTION
    differences = x[:, None] - x[None, :]
    exponents = -0.5 * (differences / width) ** 2
    exponents = exponents.masked_fill(differences == 0, -torch.inf)
    predictions = torch.softmax(exponents, dim=1) @ y
    return ((y - predictions) ** 2).mean()
    ### END SOLUTION


# %% [markdown]
# Which of the widths below has the smallest error on the data below, if single points are left out (**`one_out`**: the
# lesson's way, `pooling.nadaraya_watson(x, x, y, width=..., leave_one_out=True)`), and which if whole places are
# (**`place_out`**)? Guess first which of the two is smaller.

# %%
once = noisy_sine(n=30, noise=0.5, seed=2)
meter = 0.1 * torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
x = torch.cat([once.x, once.x])
y = torch.cat([once.y, once.y]) + meter
widths = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0]

### BEGIN SOLUTION
one_out = min(
    widths, key=lambda w: (y - pooling.nadaraya_watson(x, x, y, width=w, leave_one_out=True)).square().mean()
)
place_out = min(widths, key=lambda width: leave_place_out_error(x, y, width))
### END SOLUTION

# %%
exercise.leave_one_out.check(leave_place_out_error=leave_place_out_error, one_out=one_out, place_out=place_out)

# %% [markdown] teaching="skip in a mixed class | 20 | stretch | the proof is two lines; that a curve is missed in its middle, by σ² on a parabola, is new"
# ## 9 · Prove and check: what an average can and cannot do
#
# **Aim:** know what a weighted average can never do, and what it does wrong even in the middle of the data.
#
# **Prove** on paper that $\min_i y_i \le f(x) \le \max_i y_i$ if no weight is negative and each row sums to 1. Then weaken
# it:
#
# {{question: leaky}}
#
# **Check.** Write `is_average(weights)`: `True` if a table of weights, a tensor of shape (m, n), has no negative entry and
# sums to 1 in every row, otherwise `False`; one of the two, not one for each row. Weights come from floating point, so
# allow the sums an error of $10^{-5}$ either way; twice that does no harm (`torch.allclose` adds a little of its own),
# more does. A weight of exactly 0 is not negative; below 0 nothing is allowed.

# %%
exercise.bounds.hint()


# %%
def is_average(weights):
    ### BEGIN SOLUTION
    sums = weights.sum(dim=1)
    return bool((weights >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-5)
    ### END SOLUTION


# %% [markdown]
# **Estimate.** Take $y = x^2$ without any noise, 501 keys from 0 to 5, and ask in the middle:

# %%
keys = torch.linspace(0, 5, 501)
for width in (0.5, 0.4, 0.2):
    estimate = pooling.nadaraya_watson(torch.tensor([2.5]), keys, keys**2, width=width).item()
    print(f"width {width}: f(2.5) = {estimate:.2f}   truth {2.5**2:.2f}")

# %% [markdown]
# By how much is it too large at $\sigma = 0.3$ (**`bias`**, one number to two decimals)? Find the law before you run
# anything.
#
# {{question: curved}}

# %%
### BEGIN SOLUTION
leaky = "c"
bias = 0.3**2
curved = "d"
### END SOLUTION

# %%
exercise.bounds.check(leaky=leaky, is_average=is_average, bias=bias, curved=curved)

# %% [markdown]
# <!-- SOLUTION -->
# **Proof.** Every $\alpha_i \ge 0$, so $\alpha_i y_i \le \alpha_i \max_k y_k$. Summed over $i$, with
# $\sum_i \alpha_i = 1$: $f(x) = \sum_i \alpha_i y_i \le \max_k y_k \sum_i \alpha_i = \max_k y_k$. The lower
# bound is the same with $\ge$ and $\min$. ∎ With sums of at most 1 the last step upwards still holds for positive values;
# downwards it does not.
#
# **Bias.** With dense keys $f(x)$ is the mean of $(x + u)^2$ over a normal $u$ of standard deviation σ: $x^2 + \sigma^2$.

# %% [markdown] teaching="skip in a mixed class | 30 | stretch | for those who want more: local linear regression mends trap 2 and pays for it with negative weights"
# ## 10 · Implement: a line in place of a mean
#
# **Aim:** mend the lesson's trap 2, and see what it costs.
#
# At the boundary a weighted *mean* is biased, because all keys lie on one side. So fit each query a weighted *line*: the
# $a + b x$ with the least $\sum_i \alpha_i (y_i - a - b x_i)^2$, where $\alpha$ are the Gaussian weights of this query.
# Return for each query its own line, read at the query.
#
# `query` has the shape (m,), `keys` and `values` (n,), all in float64, `width` is $\sigma$; return a tensor of shape (m,).
# Where the keys, under the weights, have a variance below $10^{-9}$ (one key, all at one place, or one that takes nearly
# all the weight), no slope can be told: take the slope 0, which leaves the weighted mean. Keys may lie far from 0 and near
# to each other. The weights may come from `pooling.attention_weights`.

# %%
exercise.local_line.hint()


# %%
def local_line(query, keys, values, width):
    ### BEGIN SOLUTION
    alpha = pooling.attention_weights(query, keys, width=width)
    mean_x, mean_y = alpha @ keys, alpha @ values
    off = keys - mean_x[:, None]
    variance = (alpha * off**2).sum(dim=1)
    covariance = (alpha * off * (values - mean_y[:, None])).sum(dim=1)
    slope = torch.where(variance < 1e-9, 0.0, covariance / variance.clamp(min=1e-9))
    return mean_y + slope * (query - mean_x)
    ### END SOLUTION


# %% [markdown]
# {{question: price}}

# %%
### BEGIN SOLUTION
price = "c"
### END SOLUTION

# %%
exercise.local_line.check(local_line=local_line, price=price)

# %% [markdown]
# <!-- SOLUTION -->
# A least-squares line goes through the weighted mean of its points, with the slope covariance/variance. On the lesson's
# line $y = 2x$ it is exact up to both ends, at any width.

# %% [markdown]
# ## What comes next
#
# You found $\sigma$ by trying widths one after the other. In lesson 3 it becomes a parameter,
# $w = 1/\sigma$, and is learned by gradient descent: what is the gradient of $f$ with respect to $w$?

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/02_kernel_regression.ipynb). It is worth most after an attempt of your own.
