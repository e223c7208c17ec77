# %% [markdown]
# # Exercises 3 · Attention with a parameter
#
# {{Exercises}}. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions are tried on random inputs and on edge cases; you see the first one
# that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import math

import torch
import torch.nn.functional as F

from visual_attention.datasets import noisy_sine
from visual_attention.exercises import learned_attention as exercise
from visual_attention.regression import training_path

# %% [markdown] teaching="home | 15 | \"they are equal, since the softmax normalises\": the fractions are not softmaxes"
# ## 1 · By hand: two misprints, taken literally
#
# **Aim:** see what a formula does when somebody believes it.
#
# Three points again: $x_i = 0, 1, 3$, $y_i = 1, 2, 6$, query $x = 1$, and $w = 2$. Four numbers, each to three decimals:
#
# - `right`: $\sum_i K_i(w)\, y_i / \sum_j K_j(w)$ with $K_i(w) = \exp(-\frac12((x - x_i)w)^2)$;
# - `slides`: the same sum above the line, but below it $\sum_j K_j(1)$, without $w$;
# - `book`: below the line $\sum_j K_i(w)$, a sum over $j$ of something without $j$;
# - `slides_at_zero`: the formula `slides` at $w = 0$. The values end at 6: what may an average of them be?
#
# Three values help: $e^{-1/2} = 0.6065$, $e^{-2} = 0.1353$ and $e^{-8} = 0.0003$.

# %%
exercise.errata.hint()

# %%
### BEGIN SOLUTION
right = 1.8820
slides = 1.2270
book = 3.0
slides_at_zero = 5.1669
### END SOLUTION

# %%
exercise.errata.check(right=right, slides=slides, book=book, slides_at_zero=slides_at_zero)

# %% [markdown]
# <!-- SOLUTION -->
# At $w = 2$ the kernels are $0.1353, 1, 0.0003$ with the sum $1.1357$; without $w$ they sum to $1.7419$. So
# $2.1373/1.1357 = 1.8820$ and $2.1373/1.7419 = 1.2270$. In the book's version each weight is $K_i/(3K_i)$. At
# $w = 0$ the slides divide $1 + 2 + 6$ by $1.7419$.

# %% [markdown] teaching="in class, hands up | 4 | three bets, three traps of the lesson"
# ## 2 · Predict: starts, signs and losses
#
# **Aim:** know the three traps before you step into them.
#
# {{question: start_at_zero}}
#
# {{question: loss_zero}}
#
# {{question: sign_of_w}}

# %%
exercise.predictions.hint()

# %%
### BEGIN SOLUTION
start_at_zero = "c"
loss_zero = "b"
sign_of_w = "a"
### END SOLUTION

# %%
exercise.predictions.check(start_at_zero=start_at_zero, loss_zero=loss_zero, sign_of_w=sign_of_w)

# %% [markdown] teaching="skip in a mixed class | 25 | calculus: the factor −w and the product of the two means are what gets lost"
# ## 3 · Prove and check: the slope in w
#
# **Aim:** differentiate a softmax once in your life.
#
# Show on paper that $\partial f/\partial w = -w\left[\sum_i \alpha_i y_i d_i^2 - (\sum_i \alpha_i y_i)(\sum_j \alpha_j d_j^2)\right]$
# with $d_i = x - x_i$. Then write this formula for many queries at once. `query` has the shape (m,), `keys` and `values`
# (n,), and `w` is a number, which may be negative or 0. Return the slopes, a tensor of shape (m,). Use no autograd, no
# finite differences and no NumPy: the check notices, the most careful differences excepted. And take the weights from a
# softmax: a query may lie far from all keys.

# %%
exercise.slope.hint()


# %%
def slope(query, keys, values, w):
    ### BEGIN SOLUTION
    distance2 = (query[:, None] - keys) ** 2
    alpha = torch.softmax(-0.5 * w**2 * distance2, dim=1)
    return -w * ((alpha * distance2) @ values - (alpha @ values) * (alpha * distance2).sum(dim=1))
    ### END SOLUTION


# %%
exercise.slope.check(slope)

# %% [markdown] teaching="in class, pairs | 10 | the one line that decides the lesson; zeroing after the softmax will come"
# ## 4 · Implement: leave one out, inside the softmax
#
# **Aim:** hide every point from itself, and nothing else.
#
# `x` has the shape (n,), n at least 2; `w` is a number, which may be negative or 0. Return the table of the points'
# Gaussian weights for each other at $w$, a tensor of shape (n, n): exactly zero on the diagonal, rows that sum to 1. Two
# points may share a place: they still see each other. A point may lie far from all others: its row is then the one that
# exact arithmetic would give.

# %%
exercise.left_out.hint()


# %%
def left_out_weights(x, w):
    ### BEGIN SOLUTION
    scores = -0.5 * ((x[:, None] - x) * w) ** 2
    return torch.softmax(scores.masked_fill(torch.eye(len(x), dtype=torch.bool), -math.inf), dim=1)
    ### END SOLUTION


# %%
exercise.left_out.check(left_out_weights)

# %% [markdown] teaching="home, for the quick | 15 | multiplying by 1 − S instead of dividing"
# ## 5 · Implement: all left-out errors from one table
#
# **Aim:** the PRESS identity.
#
# `weights` is the table $S$ (n, n) *with* own points, rows sum to 1 and no $S_{kk}$ is 1; `values` has the shape (n,).
# Return the n errors $y_k - f_{-k}(x_k)$ that the points would have without their own vote, signs included, a tensor of
# shape (n,). Why is it a division? Write $f_{-k}(x_k)$ with the weights
# $S_{kj}/(1 - S_{kk})$ first.

# %%
exercise.press.hint()


# %%
def press(weights, values):
    ### BEGIN SOLUTION
    return (values - weights @ values) / (1 - weights.diagonal())
    ### END SOLUTION


# %%
exercise.press.check(press)

# %% [markdown] teaching="home | 20 | a key of one feature drops x²; and the default scale"
# ## 6 · Implement: Gaussian attention as a dot product
#
# **Aim:** make `F.scaled_dot_product_attention` compute Nadaraya–Watson.
#
# Build queries and keys with two features each, so that their dot product is $-\frac12 w^2 (x - x_i)^2$ up to a
# term that all keys share. `F.scaled_dot_product_attention(q, k, v, ...)` takes shapes (1, m, 2), (1, n, 2) and
# (1, n, 1) and returns (1, m, 1). `query` has the shape (m,), `keys` and `values` (n,), `w` is a number, which may be
# negative or 0. Return the m predictions, as (m,) or as (1, m, 1). The function must call
# `F.scaled_dot_product_attention`, and no softmax or `exp` of its own: the check notices.

# %%
exercise.dot_product.hint()


# %%
def as_dot_product(query, keys, values, w):
    ### BEGIN SOLUTION
    q = torch.stack([w**2 * query, torch.full_like(query, -0.5 * w**2)], dim=1)
    k = torch.stack([keys, keys**2], dim=1)
    return F.scaled_dot_product_attention(q[None], k[None], values[None, :, None], scale=1.0)[0, :, 0]
    ### END SOLUTION


# %%
exercise.dot_product.check(as_dot_product)

# %% [markdown] teaching="home | 10 | runs a training; one number moves with the draw"
# ## 7 · Train: another draw
#
# **Aim:** find out how far one learned number moves when the data are drawn again.
#
# Draw the data with seed 3 and train $w$ honestly to the end. `training_path(keys, values, w=..., learning_rate=...,
# steps=..., leave_one_out=..., optimiser="adam_log")` returns two tensors, w and the loss, before the first and after each step; 300 steps at rate 0.1 are
# plenty. Give the last w, one number to one decimal.

# %%
exercise.train.hint()

# %%
data = noisy_sine(seed=3)

### BEGIN SOLUTION
w = training_path(data.x, data.y, w=1.0, learning_rate=0.1, steps=300, optimiser="adam_log")[0][-1].item()
### END SOLUTION

# %%
exercise.train.check(w=w)

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/03_learned_attention.ipynb). It is worth most after an attempt of your own.
