# %% [markdown]
# # Exercises 9 · In real networks
#
# {{Exercises}}. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run the cell,
# then run the check below it. Functions and classes are tried on random inputs; you see the first one that goes wrong.
# None of the exercises needs the trained weights.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, the exercises stand alone.

# %%
import torch
from torch import nn

from visual_attention.exercises import real_networks as exercise

# %% [markdown] teaching="in class | 8 | warm-up | long keys win the product; the mean key comes off first"
# ## 1 · By hand: by product or by direction?
#
# **Aim:** see what centring and length do.
#
# Three keys, $k_1 = (1, 2)$, $k_2 = (3, 2)$, $k_3 = (-1, -1)$. Place 1 asks.
#
# - **`own`** what place 1 keeps for itself under the raw Gaussian, $\operatorname{softmax}_j(k_1 \cdot k_j)$: one number;
# - **`cosines`** of place 1 with the places 1, 2, 3, after the mean key is taken off all: a list of three numbers.
#
# Three decimals each.

# %%
exercise.three_keys.hint()

# %%
### BEGIN SOLUTION
own = 0.1192
cosines = [1, 0.4472, -0.7071]
### END SOLUTION

# %%
exercise.three_keys.check(own=own, cosines=cosines)

# %% [markdown] teaching="home | 15 | core | one mean for both photographs; the softmax over the wrong axis; lengths before the mean is off"
# ## 2 · Implement: who looks like it on another photograph?
#
# **Aim:** let a place of one photograph ask the places of another, as in cross-attention.
#
# **`across(queries, keys, scale)`** for `queries` (m, c) of one photograph, `keys` (n, c) of another and a number. Take
# off each photograph **its own** mean, make queries and keys 1 long, and return the table
# $\operatorname{softmax}_j(\text{scale} \cdot \cos_{ij})$, a tensor (m, n) whose rows sum to 1. A key that *is* the mean stays a
# row of zeros.

# %%
exercise.measure.hint()


# %%
def across(queries, keys, scale):
    ### BEGIN SOLUTION
    queries, keys = queries - queries.mean(dim=0), keys - keys.mean(dim=0)
    queries, keys = (torch.nn.functional.normalize(each, dim=1) for each in (queries, keys))
    return torch.softmax(scale * queries @ keys.T, dim=1)
    ### END SOLUTION


# %%
exercise.measure.check(across=across)

# %% [markdown] teaching="in class, pairs | 5 | warm-up | 1 / Σ w², not the number of weights above 0"
# ## 3 · By hand: how many vote?
#
# **Aim:** read the explorer's number.
#
# $1 / \sum_j w_j^2$ says as if how many places voted. Give it for
#
# - **`few`** the weights ½, ¼, ¼;
# - **`all_alike`** 784 equal weights;
# - **`one_and_many`** ½ on one place, the other half spread evenly over 50 more.
#
# Two decimals.

# %%
exercise.votes.hint()

# %%
### BEGIN SOLUTION
few = 1 / (1 / 4 + 1 / 16 + 1 / 16)
all_alike = 784
one_and_many = 1 / (0.25 + 50 * 0.01**2)
### END SOLUTION

# %%
exercise.votes.check(few=few, all_alike=all_alike, one_and_many=one_and_many)

# %% [markdown] teaching="home | 15 | core | two maps subtracted after their ReLUs; the mean of the gradient, not of the product"
# ## 4 · Build: Grad-CAM of one class against another
#
# **Aim:** ask a map a sharper question: why a cup, *and not* an espresso?
#
# The score is now a difference, that of the first class minus that of the second. `feature`, `first` and `second` are
# tensors (c, h, w): the last features, and the gradients of the two scores by them.
#
# **`contrast(feature, first, second)`** returns the Grad-CAM of that difference, a tensor (h, w), not negative.

# %%
exercise.map_of_a_score.hint()


# %%
def contrast(feature, first, second):
    ### BEGIN SOLUTION
    share = (first - second).mean(dim=(1, 2))
    return torch.einsum("c,chw->hw", share, feature).relu()
    ### END SOLUTION


# %%
exercise.map_of_a_score.check(contrast=contrast)

# %% [markdown]
# <!-- SOLUTION -->
# Two maps, each cut at 0, then subtracted, are something else: a place that speaks against the second class has a 0 there,
# and that vote is lost: 2 − 0 in place of 2 − (−3).

# %% [markdown] teaching="skip, if nobody brings a picture | 10 | core | pictures are wide or high; an odd rest"
# ## 5 · Implement: a square from any picture
#
# **Aim:** prepare a picture of your own.
#
# **`middle(picture)`** for a tensor (3, h, w): the largest square from the middle, (3, s, s) with $s = \min(h, w)$. Where
# an odd number of rows or columns is cut away, the smaller half is cut at the top or on the left.

# %%
exercise.square.hint()


# %%
def middle(picture):
    ### BEGIN SOLUTION
    h, w = picture.shape[1:]
    s = min(h, w)
    top, left = (h - s) // 2, (w - s) // 2
    return picture[:, top : top + s, left : left + s]
    ### END SOLUTION


# %%
exercise.square.check(middle=middle)

# %% [markdown] teaching="in class | 6 | core | one key moves the mean of all; a constant is taken off with it"
# ## 6 · Predict: what changes the weights?
#
# **Aim:** know what each measure sees.
#
# {{question: doubled}}
#
# {{question: shifted}}
#
# {{question: scaled}}

# %%
exercise.what_changes.hint()

# %%
### BEGIN SOLUTION
doubled = "a"
shifted = "b"
scaled = "c"
### END SOLUTION

# %%
exercise.what_changes.check(doubled=doubled, shifted=shifted, scaled=scaled)

# %% [markdown] teaching="home | 12 | core | spread over photographs, not over questions"
# ## 7 · Judge: did it find the twin more often?
#
# **Aim:** tell a finding from a lucky picture.
#
# A class has marked twins on seven photographs of its own and counted, as in the lesson: the share that a deep stage found
# minus the share that pixels found. The numbers are invented: 0.5, 0.25, −0.5, 0.5, 0, 0.25, 0.5.
#
# - **`mean`** of the seven differences;
# - **`error`** the standard error of that mean: the standard deviation (with $n - 1$) over $\sqrt{7}$.
#
# Three decimals each.
#
# {{question: finding}}

# %%
exercise.judge.hint()

# %%
gains = torch.tensor([0.5, 0.25, -0.5, 0.5, 0, 0.25, 0.5])
### BEGIN SOLUTION
mean = gains.mean()
error = gains.std() / 7**0.5
finding = "b"
### END SOLUTION

# %%
exercise.judge.check(mean=mean, error=error, finding=finding)

# %% [markdown] teaching="home | 25 | stretch | the mean over the wrong axis; a scale that is no parameter; axes mixed in the last reshape"
# ## 8 · Build: a block that finds what looks alike
#
# **Aim:** turn the lesson's table into a block that could stand in a network and choose its own width.
#
# Write a class `LookAlike(scale=6.0)`:
#
# - the **constructor** makes one parameter, named `self.scale`, a single number (a tensor without axes);
# - **`forward(x)`** takes a map (N, C, H, W). In each picture by itself every place has a key, its C numbers minus the
#   picture's mean key, made 1 long; a key that *is* the mean stays a row of zeros. The weights are the softmax of `scale` times the cosines, over all places of the
#   picture. The values are the C numbers as they came. The result has the shape of `x`.
#
# The check loads another scale into your module, compares what comes out, and sees whether a gradient reaches it.

# %%
exercise.block.hint()


# %%
class LookAlike(nn.Module):
    def __init__(self, scale=6.0):
        super().__init__()
        ### BEGIN SOLUTION
        self.scale = nn.Parameter(torch.tensor(float(scale)))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        values = x.flatten(2).mT  # (N, H W, C)
        keys = torch.nn.functional.normalize(values - values.mean(dim=1, keepdim=True), dim=2)
        weights = torch.softmax(self.scale * keys @ keys.mT, dim=2)
        return (weights @ values).mT.reshape(x.shape)
        ### END SOLUTION


# %%
exercise.block.check(LookAlike)

# %% [markdown]
# <!-- SOLUTION -->
# The features that the keys are made of get gradients, too: put behind a trunk, this block would train both.

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/09_real_networks.ipynb). It is worth most after an attempt of your own.
