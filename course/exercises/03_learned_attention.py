# %% [markdown]
# # Exercises 3 · Attention with a parameter
#
# {{Exercises}}. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions are tried on random inputs and on edge cases; you see the first one
# that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone, but for the three steps of what you build, 6 to 8: each
# uses the one before.

# %%
import math

import torch
import torch.nn.functional as F
from torch import nn

from visual_attention.datasets import noisy_sine
from visual_attention.exercises import learned_attention as exercise

# %% [markdown] teaching="home | 15 | warm-up | \"an average grows by 10 if its values do\": these weights do not sum to 1"
# ## 1 · By hand: three misprints, taken literally
#
# **Aim:** see what a formula does when somebody believes it.
#
# Three points: $x_i = 0, 2, 3$, $y_i = 4, 2, -3$, query $x = 2$, and $w = \frac13$. With
# $K_i(w) = \exp(-\frac12((x - x_i)w)^2)$, five numbers, to three decimals, but `shifted` to two:
#
# - `right`: $\sum_i K_i(w)\, y_i / \sum_j K_j(w)$;
# - `slides`: the same sum above the line, but below it $\sum_j K_j(1)$, without $w$;
# - `shifted`: what `slides` gives if 10 is added to every $y_i$;
# - `book`: below the line $\sum_j K_i(w)$, a sum over $j$ of something without $j$; and this time the query is far away,
#   $x = 100$ (by thought: a computer rounds the kernels to 0 there);
# - `same_as`: a third text has $K_i = \exp(-\frac12 (x - x_i)^2\, w)$ above and below the line, still with $w = \frac13$.
#   Which positive $w$ must the right formula have, to give the same for every query and all data?
#
# Four values help: $e^{-1/18} = 0.9460$, $e^{-2/9} = 0.8007$; and without $w$, $e^{-1/2} = 0.6065$, $e^{-2} = 0.1353$.

# %%
exercise.errata.hint()

# %%
### BEGIN SOLUTION
right = 0.8610
slides = 1.3577
shifted = 17.1267
book = 1.0
same_as = 0.5774
### END SOLUTION

# %%
exercise.errata.check(right=right, slides=slides, shifted=shifted, book=book, same_as=same_as)

# %% [markdown]
# <!-- SOLUTION -->
# At $w = \frac13$ the kernels are $0.8007, 1, 0.9460$ with the sum $2.7467$; without $w$ they sum to $1.7419$. Above the
# line stands $2.3650$. So the weights of `slides` sum to $2.7467/1.7419 = 1.5769$, and ten more in every value is $15.769$
# more in the result. In the book's version each weight is $K_i/(3K_i)$, wherever the query is. The third text has $w$
# where $w^2$ belongs: $w^2 = \frac13$.

# %% [markdown] teaching="in class, hands up | 6 | warm-up | four bets, each one step behind a trap of the lesson"
# ## 2 · Predict: one step behind each trap
#
# **Aim:** use what the lesson showed where it did not show it.
#
# {{question: adam_at_zero}}
#
# {{question: same_place}}
#
# {{question: left_out_limit}}
#
# {{question: averaged}}

# %%
exercise.predictions.hint()

# %%
### BEGIN SOLUTION
adam_at_zero = "b"
same_place = "c"
left_out_limit = "c"
averaged = "b"
### END SOLUTION

# %%
exercise.predictions.check(
    adam_at_zero=adam_at_zero, same_place=same_place, left_out_limit=left_out_limit, averaged=averaged
)

# %% [markdown] teaching="in class, pairs | 15 | core | zeroing after the softmax will come; then the row in which nobody is left"
# ## 3 · Implement: leave a fold out, inside the softmax
#
# **Aim:** hide more than yourself.
#
# In cross-validation the points are cut into *folds*, and each point is predicted by the other folds only. `x` has the
# shape (n,), `w` is a number, which may be negative or 0, and `fold` (n,) holds whole numbers: points with the same number
# are in one fold. Return the table of the points' Gaussian weights for each other at $w$, a tensor of shape (n, n):
#
# - exactly 0 where the two points are in one fold (so for a point and itself, too);
# - rows that sum to 1, also for a point that lies far from all others: its row is the one that exact arithmetic would give;
# - a row of zeros for a point whose fold holds all points, so that nobody is left.

# %%
exercise.left_out.hint()


# %%
def left_out_weights(x, w, fold):
    ### BEGIN SOLUTION
    hidden = fold[:, None] == fold
    weights = torch.softmax((-0.5 * ((x[:, None] - x) * w) ** 2).masked_fill(hidden, -math.inf), dim=1)
    return weights.masked_fill(hidden, 0)  # a row without any key is nan until here
    ### END SOLUTION


# %%
exercise.left_out.check(left_out_weights)

# %% [markdown] teaching="skip in a mixed class | 25 | stretch | calculus: one power of w and of d differs from the lesson's slope, and that is the trap"
# ## 4 · Derive and implement: how steep is the curve?
#
# **Aim:** differentiate a softmax once in your life.
#
# The lesson asks how $f(x)$ moves when $w$ does. Now $w$ stays and the *query* moves: derive $\partial f/\partial x$ on
# paper, in the form "a factor times a covariance under the weights", and write it for many queries at once. `query` has
# the shape (m,), `keys` and `values` (n,), and `w` is a number, which may be negative or 0. Return the slopes, a tensor of
# shape (m,). Use no autograd, no finite differences and no NumPy: the check notices, for it compares twelve digits
# of float64. And take the weights from a softmax: a query may lie far from all keys.

# %%
exercise.slope.hint()


# %%
def slope(query, keys, values, w):
    ### BEGIN SOLUTION
    d = query[:, None] - keys
    alpha = torch.softmax(-0.5 * (w * d) ** 2, dim=1)
    return -(w**2) * ((alpha * d) @ values - (alpha @ values) * (alpha * d).sum(dim=1))
    ### END SOLUTION


# %%
exercise.slope.check(slope)

# %% [markdown]
# <!-- SOLUTION -->
# With $s_i = -\frac12 w^2 d_i^2$ and $d_i = x - x_i$ we have $\partial s_i/\partial x = -w^2 d_i$, and a softmax gives
# $\partial \alpha_i/\partial x = -w^2 \alpha_i (d_i - \sum_j \alpha_j d_j)$. Multiply by $y_i$ and sum:
# $\partial f/\partial x = -w^2 \operatorname{Cov}_\alpha(y, d)$. The curve is flat where it is asked far away, for there
# one key has all the weight and nothing varies; and it can be steep only where $w$ is large: a small $w$ is smooth. ∎

# %% [markdown] teaching="home | 25 | core | the term that the lesson drops stays, for w belongs to the key; and the default scale"
# ## 5 · Implement: a width for each key, as a dot product
#
# **Aim:** make `F.scaled_dot_product_attention` compute what the lesson's bridge cannot.
#
# Where points crowd, a narrow bell is enough; a lonely one needs a wide bell. So each *key* has a $w$ of its own now, and
# keys have $d$ features: the score of key $j$ is $-\frac12 w_j^2 \lVert x - k_j \rVert^2$, and a softmax over the keys
# makes the weights. Build queries and keys with a few more features, so that their dot product is this score.
# `F.scaled_dot_product_attention(q, k, v, ...)` takes shapes (1, m, e), (1, n, e) and (1, n, 1), where $e$ is yours to
# choose, and returns (1, m, 1). `query` has the shape (m, d), `keys` (n, d), `values` (n,) and `w` (n,), of any sign.
# Return the m predictions, as (m,) or as (1, m, 1). The function must call `F.scaled_dot_product_attention`, and no
# softmax or `exp` of its own: the check notices.

# %%
exercise.dot_product.hint()


# %%
def as_dot_product(query, keys, values, w):
    ### BEGIN SOLUTION
    squares = query.square().sum(dim=1, keepdim=True)
    factor = w.square()[:, None]  # one for each key, so that no term may be dropped
    q = torch.cat([query, squares, torch.ones_like(squares)], dim=1)
    k = torch.cat([factor * keys, -0.5 * factor, -0.5 * factor * keys.square().sum(dim=1, keepdim=True)], dim=1)
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1.0)[0, :, 0]
    ### END SOLUTION


# %%
exercise.dot_product.check(as_dot_product)

# %% [markdown] teaching="in class, at the computer | 15 | core | w as a plain tensor: it is no parameter, and no optimiser will find it"
# ## 6 · Build, step 1: a module with one parameter
#
# **Aim:** turn the formula into something that PyTorch can train.
#
# Write a class `Smoother`, an `nn.Module` of your own (the library has one: the check knows it):
#
# - `Smoother(w=1.0)`: its one parameter is `w`, of shape (), and starts at the number that is given;
# - `forward(query, keys, values, leave_one_out=False)`: the predictions, shape (m,), of lesson 3's formula for `query`
#   (m,), `keys` and `values` (n,). With `leave_one_out=True` there are as many queries as keys, query $i$ is point $i$, and
#   must not see key $i$.
#
# The check makes it, looks at its parameters, loads another $w$ into it, compares what comes out with the tested module,
# sends a gradient back and trains a few steps.

# %%
exercise.module.hint()


# %%
class Smoother(nn.Module):
    def __init__(self, w=1.0):
        ### BEGIN SOLUTION
        super().__init__()
        self.w = nn.Parameter(torch.tensor(float(w)))
        ### END SOLUTION

    def forward(self, query, keys, values, leave_one_out=False):
        ### BEGIN SOLUTION
        scores = -0.5 * ((query[:, None] - keys) * self.w) ** 2
        if leave_one_out:
            scores = scores.masked_fill(torch.eye(len(query), dtype=torch.bool), -math.inf)
        return torch.softmax(scores, dim=1) @ values
        ### END SOLUTION


# %%
exercise.module.check(Smoother)

# %% [markdown] teaching="home | 15 | core | zero_grad forgotten; the parameter noted in place of its number"
# ## 7 · Build, step 2: a training loop of your own
#
# **Aim:** write down gradient descent with nothing hidden.
#
# Make a `Smoother` that starts at `w` and train it on the points `x` and `y`, shape (n,) each: `steps` steps of plain
# gradient descent (`torch.optim.SGD`, nothing added) at `learning_rate` on the loss
#
# $$L = \frac12 \sum_k \bigl(f(x_k) - y_k\bigr)^2, \qquad \text{each point hidden from itself.}$$
#
# Return $w$ before the first and after each step, a tensor of shape (steps + 1,).

# %%
exercise.loop.hint()


# %%
def fit(x, y, w, learning_rate, steps):
    ### BEGIN SOLUTION
    model = Smoother(w)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate)
    path = [model.w.item()]
    for _ in range(steps):
        optimiser.zero_grad()
        loss = 0.5 * (model(x, x, y, leave_one_out=True) - y).square().sum()
        loss.backward()
        optimiser.step()
        path.append(model.w.item())
    return torch.tensor(path)
    ### END SOLUTION


# %%
exercise.loop.check(fit)

# %% [markdown] teaching="home | 10 | core | runs ten trainings, some seconds; bet first"
# ## 8 · Build, step 3: what does noise do to w?
#
# **Aim:** ask your own machine a question that the lesson did not answer.
#
# Bet first: the same curve, four times the noise. Will the honest $w$ be larger or smaller?
#
# Then run it. `noisy_sine(noise=..., seed=...)` returns `x` and `y`. For each of the noises 0.25 and 1.0 draw the data with
# the seeds 10, 11, 12, 13 and 14, train each draw with your `fit` from $w = 1$ (rate 0.05, 120 steps), and take the mean
# of the five final $w$, one for each draw. Give the two means as a list, the noise 0.25 first, to one decimal.

# %%
exercise.train.hint()

# %%
### BEGIN SOLUTION
w = [
    sum(fit(*noisy_sine(noise=noise, seed=seed), 1.0, 0.05, 120)[-1].item() for seed in range(10, 15)) / 5
    for noise in (0.25, 1.0)
]
### END SOLUTION

# %%
exercise.train.check(w=w)

# %% [markdown] teaching="home, for the quick | 15 | stretch | the others share out what k had: divide by 1 − S_ik; and who had no vote is not missed"
# ## 9 · Derive and implement: who is missed?
#
# **Aim:** go beyond PRESS: what each point does to every prediction, from one table.
#
# `weights` is a table $S$ (m, n) of queries and keys, rows sum to 1 and no entry is 1; `values` has the shape (n,), n at
# least 2. When key $k$ leaves, the others share out its weight in proportion to what they have. Return a tensor of
# shape (m, n): entry $(i, k)$ is by how much prediction $i$ moves, the new one minus the old,
# $f_{-k}(x_i) - f(x_i)$. Use no loop over keys; derive a formula for the whole table first. The check counts how often you
# call PyTorch, so stay there, without lists or NumPy.

# %%
exercise.influence.hint()


# %%
def influence(weights, values):
    ### BEGIN SOLUTION
    f = (weights @ values)[:, None]
    return weights / (1 - weights) * (f - values)
    ### END SOLUTION


# %%
exercise.influence.check(influence)

# %% [markdown]
# <!-- SOLUTION -->
# $f(x_i) = S_{ik} y_k + (1 - S_{ik}) f_{-k}(x_i)$. So $f_{-k}(x_i) - f(x_i) = \frac{S_{ik}}{1 - S_{ik}} (f(x_i) - y_k)$. Where the query is
# point $k$ itself, $y_k - f_{-k}(x_k) = (y_k - f(x_k))\bigl(1 + \frac{S_{kk}}{1 - S_{kk}}\bigr)$ is left: the lesson's PRESS. ∎

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/03_learned_attention.ipynb). It is worth most after an attempt of your own.
