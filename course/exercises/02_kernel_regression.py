# %% [markdown]
# # Exercises 2 · Nadaraya–Watson kernel regression
#
# {{Exercises}}, from pencil and paper to choosing $\sigma$ from data. Each begins with its aim and ends
# with a check. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the
# cell, then run the check below it:
#
# - **…** not attempted yet,
# - **✓** right,
# - **✗** not yet, with a sentence on what to look at. Functions are tried on random inputs and on
#   edge cases, and you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order; exercise 6 is
# shorter after exercise 5.

# %%
import torch

from visual_attention import pooling
from visual_attention.datasets import noisy_sine
from visual_attention.exercises import kernel_regression as exercise

# %% [markdown] teaching="in class | 7 | all of them can; those who get 3 have not divided by the sum of kernels, or forgot the query"
# ## 1 · By hand: three points
#
# **Aim:** see with a pocket calculator that attention is a weighted average.
#
# Three points: $x_i = 0, 1, 3$ with the values $y_i = 1, 2, 6$. The query is $x = 1$, the kernel Gaussian:
#
# $$\alpha_i = \frac{\exp\left(-\frac12 \left(\frac{x-x_i}{\sigma}\right)^2\right)}
# {\sum_j \exp\left(-\frac12 \left(\frac{x-x_j}{\sigma}\right)^2\right)}, \qquad
# f(x) = \sum_i \alpha_i\, y_i .$$
#
# Give the three weights (`weights`, a list of three numbers in the order of the points) and $f(1)$ (`f`, one number) for
# $\sigma = 1$, and $f(1)$ for $\sigma = \frac12$ (`f_narrow`), all to three decimals: carry four, round at the end.
# Three values help: $e^{-1/2} = 0.6065$, $e^{-2} = 0.1353$ and $e^{-8} = 0.0003$.

# %%
exercise.hand_example.hint()

# %%
### BEGIN SOLUTION
weights = [0.3482, 0.5741, 0.0777]
f = 1.9626
f_narrow = 1.8820
### END SOLUTION

# %%
exercise.hand_example.check(weights=weights, f=f, f_narrow=f_narrow)

# %% [markdown]
# <!-- SOLUTION -->
# The kernel values are $e^{-1/2}, 1, e^{-2} = 0.6065, 1, 0.1353$, with the sum $1.7419$. Divided by it they
# are the weights, and $f(1) = 0.3482 \cdot 1 + 0.5741 \cdot 2 + 0.0777 \cdot 6 = 1.9626$. For
# $\sigma = \frac12$ all distances double: $e^{-2}, 1, e^{-8}$ give the weights $0.1192, 0.8805, 0.0003$.

# %% [markdown] teaching="in class, hands up | 4 | \"0\" for the empty window: let them divide 0 by 0"
# ## 2 · Predict: another kernel
#
# **Aim:** know what the division by the sum takes away, and what it cannot mend. Choose a letter *before*
# you run the cell that shows what happens.
#
# {{question: scaled}}
#
# {{question: empty_window}}

# %%
exercise.predictions.hint()

# %%
### BEGIN SOLUTION
scaled = "b"
empty_window = "c"
### END SOLUTION

# %%
exercise.predictions.check(scaled=scaled, empty_window=empty_window)

# %% [markdown]
# Now run it. `ratio` is the formula as printed.


# %%
def ratio(kernel_values, values):
    return (kernel_values @ values / kernel_values.sum()).item()


x = torch.linspace(0, 5, 6)
y = x**2
gaussian = torch.exp(-0.5 * (3 - x) ** 2)
boxcar = ((10 - x).abs() <= 1).float()

print(f"Gaussian at x = 3, K: {ratio(gaussian, y):.3f}   7K: {ratio(7 * gaussian, y):.3f}")
print(f"boxcar at x = 10, as printed: {ratio(boxcar, y)}")
by_rule = pooling.nadaraya_watson(torch.tensor([10.0]), x, y, kernel="boxcar")
print(f"boxcar at x = 10, with a rule for the empty window: {by_rule.item()}")

# %% [markdown] teaching="in class, pairs | 6 | \"the kernel has no scale\""
# ## 3 · Predict, then run: metres and centimetres
#
# **Aim:** find out in which unit $\sigma$ is measured.
#
# A sensor stands at $x = 0, 1, \dots, 5$ metres and reads $y = x^2$. Estimate $f$ at $2.4$ m with a
# Gaussian kernel; each answer is one number, to two decimals:
#
# - `metres`: $x$ in metres, $\sigma = 1$;
# - `centimetres`: $x$ in centimetres, $\sigma$ still $1$. Write your guess on paper first: the same, a little
#   different, quite different?
# - `sigma`: the $\sigma$ with which the answer in centimetres is the one in metres again.
#
# `pooling.nadaraya_watson(query, keys, values, width=...)` does the arithmetic; the query is a tensor of
# shape (1,).

# %%
exercise.units.hint()

# %%
x = torch.arange(6.0)
y = x**2

### BEGIN SOLUTION
metres = pooling.nadaraya_watson(torch.tensor([2.4]), x, y, width=1.0)
centimetres = pooling.nadaraya_watson(torch.tensor([240.0]), 100 * x, y, width=1.0)
sigma = 100.0
### END SOLUTION

# %%
exercise.units.check(metres=metres, centimetres=centimetres, sigma=sigma)

# %% [markdown] teaching="skip if short | 5 | question 4 above has done it"
# ## 4 · Predict: rows and columns of the table
#
# **Aim:** read the table of weights in the right direction.
#
# Let every key of exercise 1 be a query too: queries and keys are $0, 1, 3$, and $\sigma = 1$. The table of
# weights has a row for each query. Before you compute: which sums do you know already? Then give the three
# sums along the rows and the three sums along the columns, two lists (or tensors) of three numbers, to
# two decimals. Use `pooling.attention_weights(query, keys, width=1.0)`.

# %%
exercise.rows_and_columns.hint()

# %%
keys = torch.tensor([0.0, 1.0, 3.0])

### BEGIN SOLUTION
rows = pooling.attention_weights(keys, keys, width=1.0).sum(dim=1)
columns = pooling.attention_weights(keys, keys, width=1.0).sum(dim=0)
### END SOLUTION

# %%
exercise.rows_and_columns.check(rows=rows, columns=columns)

# %% [markdown] teaching="home | 15 | three lines; softmax over `dim=0` is the usual slip"
# ## 5 · Implement: attention weights
#
# **Aim:** write the heart of this course in three lines.
#
# `query` is a tensor of shape (m,), `keys` one of shape (n,), `width` is $\sigma$, a number above 0. Return the table of
# weights, a tensor of shape (m, n) whose rows sum to 1, for the Gaussian kernel. Keys may be equal, and there may be
# only one. No loop is needed: `query[:, None] - keys[None, :]` has all the
# differences.
#
# Expected for `query = [1.0]`, `keys = [0.0, 1.0, 3.0]`, `width = 1.0`: the weights of exercise 1.

# %%
exercise.weights.hint()


# %%
def attention_weights(query, keys, width):
    ### BEGIN SOLUTION
    distances = (query[:, None] - keys[None, :]) / width
    exponents = -0.5 * distances**2
    return torch.softmax(exponents, dim=1)
    ### END SOLUTION


# %%
exercise.weights.check(attention_weights)

# %% [markdown] teaching="home, after 5 | 10 | values that are vectors: one `@` does it"
# ## 6 · Implement: the weighted average
#
# **Aim:** keys decide, values are delivered, and values may be anything: a number, a colour, a whole
# vector.
#
# `values` has the shape (n,) or (n, v): one number or one row for each key. Return one estimate for each query, a tensor
# of shape (m,) or (m, v), in that order. With the weights of exercise 5 this is one line for both shapes.

# %%
exercise.estimate.hint()


# %%
def nadaraya_watson(query, keys, values, width):
    ### BEGIN SOLUTION
    return attention_weights(query, keys, width) @ values
    ### END SOLUTION


# %%
exercise.estimate.check(nadaraya_watson)

# %% [markdown] teaching="home | 15 | the same subtraction as in lesson 1; a small number added below the line turns nan into 0, and the check says so"
# ## 7 · Debug: a query far away
#
# **Aim:** meet a common numerical fault of hand-written attention, and cure its cause.
#
# The function below is the formula of exercise 1, word for word. Ask it about $x = 1000$:

# %%
exercise.far_query.hint()


# %%
def literal_weights(query, keys):
    kernel = torch.exp(-0.5 * (query[:, None] - keys[None, :]) ** 2)
    return kernel / kernel.sum(dim=1, keepdim=True)


literal_weights(torch.tensor([1.0, 1000.0]), torch.tensor([0.0, 2.5, 5.0]))

# %% [markdown]
# Why `nan`? Mend the function ($\sigma = 1$); it returns a tensor of shape (m, n) again. Near queries must keep their
# weights, and a far query must get the weights that exact arithmetic would give it: nearly everything goes to the
# nearest key, but keys that are just as near, or nearly so, share.


# %%
def mended_weights(query, keys):
    ### BEGIN SOLUTION
    exponents = -0.5 * (query[:, None] - keys[None, :]) ** 2
    exponents = exponents - exponents.max(dim=1, keepdim=True).values
    kernel = torch.exp(exponents)
    return kernel / kernel.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %%
exercise.far_query.check(mended_weights)

# %% [markdown]
# <!-- SOLUTION -->
# $\exp(-\frac12 \cdot 995^2)$ is smaller than the smallest positive floating-point number, so every kernel
# value is 0 and the division is 0/0. Subtracting the largest exponent of the row multiplies every kernel
# value by the same factor, which cancels, and makes the largest of them $e^0 = 1$. This is what
# `torch.softmax` does inside.

# %% [markdown] teaching="skip in a mixed class | 20 | a proof of two lines; the boundary part is a good oral question"
# ## 8 · Prove and check: f stays between the values
#
# **Aim:** know what a weighted average can never do, and what it does wrong at the boundary.
#
# **Prove** on paper that $\min_i y_i \le f(x) \le \max_i y_i$ for every $x$. {{statement: property_needed}}
#
# {{choices: property_needed}}
#
# **Check.** Write `is_average(weights)`: `True` if a table of weights, a tensor of shape (m, n), has the property in
# every row, otherwise `False`; one of the two, not one for each row. Weights come from floating point, so allow the
# sums an error of $10^{-5}$ either way; twice that does no harm (`torch.allclose` adds a little of its own), more does.
# A weight of exactly 0 is not negative; below 0 nothing is allowed.

# %%
exercise.bounds.hint()


# %%
def is_average(weights):
    ### BEGIN SOLUTION
    sums = weights.sum(dim=1)
    return bool((weights >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-5)
    ### END SOLUTION


# %% [markdown]
# **Explain.** Take $y = 2x$ without any noise, 501 keys from 0 to 5, and $\sigma = 1$:

# %%
keys = torch.linspace(0, 5, 501)
for query in (0.0, 2.5, 5.0):
    estimate = pooling.nadaraya_watson(torch.tensor([query]), keys, 2 * keys, width=1.0).item()
    print(f"f({query}) = {estimate:.3f}   truth {2 * query:.3f}")

# %% [markdown]
# {{question: boundary}}

# %%
### BEGIN SOLUTION
property_needed = "c"
boundary = "d"
### END SOLUTION

# %%
exercise.bounds.check(property_needed=property_needed, is_average=is_average, boundary=boundary)

# %% [markdown]
# <!-- SOLUTION -->
# **Proof.** Every $\alpha_i \ge 0$, so $\alpha_i y_i \le \alpha_i \max_k y_k$. Summed over $i$, with
# $\sum_i \alpha_i = 1$: $f(x) = \sum_i \alpha_i y_i \le \max_k y_k \sum_i \alpha_i = \max_k y_k$. The lower
# bound is the same with $\ge$ and $\min$. ∎
#
# The bound also shows the trouble at the boundary: $f(0)$ could only be $0 = \min_i y_i$ if all the weight
# lay on the key at $0$, and it never does.

# %% [markdown] teaching="home, before lesson 3 | 20 | lesson 3 begins here; zeroing the diagonal *after* the softmax is the slip to talk about"
# ## 9 · Implement: choose σ by leaving one out
#
# **Aim:** choose the width from the data, without fooling yourself.
#
# The error on the points that made the curve is no guide: each point is its own nearest key, so that
# $\sigma \to 0$ brings the error to 0. Let each point be predicted *from the others* instead: take its own
# key out before the weights are normalised, then average the squared errors,
#
# $$\frac1n \sum_k \bigl(y_k - f_{-k}(x_k)\bigr)^2 .$$
#
# `x` and `y` are tensors of shape (n,), n at least 2, `width` is $\sigma$. Return one number. Two points may share a
# place: each still predicts the other. And a point may lie far from all others: its prediction is then the one that
# exact arithmetic would give, as in exercise 7. A hint: which exponent makes a weight 0?

# %%
exercise.leave_one_out.hint()


# %%
def leave_one_out_error(x, y, width):
    ### BEGIN SOLUTION
    exponents = -0.5 * ((x[:, None] - x[None, :]) / width) ** 2
    exponents.fill_diagonal_(-torch.inf)
    predictions = torch.softmax(exponents, dim=1) @ y
    return ((y - predictions) ** 2).mean()
    ### END SOLUTION


# %% [markdown]
# Which of these widths has the smallest leave-one-out error on the 50 points of the lesson? Give the width, one number
# of the list. (At $\sigma = 1$ the error is 0.659.)

# %%
x, y = noisy_sine(n=50, noise=0.5, seed=0)
widths = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0]

### BEGIN SOLUTION
best_width = min(widths, key=lambda width: leave_one_out_error(x, y, width))
### END SOLUTION

# %%
exercise.leave_one_out.check(leave_one_out_error=leave_one_out_error, best_width=best_width)

# %% [markdown]
# ## What comes next
#
# You chose $\sigma$ by trying widths one after the other. In lesson 3 it becomes a parameter,
# $w = 1/\sigma$, and is learned by gradient descent: what is the gradient of $f$ with respect to $w$?

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/02_kernel_regression.ipynb). It is worth most after an attempt of your own.
