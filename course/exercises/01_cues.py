# %% [markdown]
# # Exercises 1 · Cues: what attention is
#
# {{Exercises}}, from pencil and paper to a proof about searching in a crowd. Each begins with its aim and
# ends with a check. Write your answer in place of `...` or of `raise NotImplementedError("your turn")`, run
# the cell, then run the check below it:
#
# - **…** not attempted yet,
# - **✓** right,
# - **✗** not yet, with a sentence on what to look at. Functions are tried on random inputs and on
#   edge cases, and you see the first one that goes wrong.
#
# Stuck? The hints under each exercise unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order.

# %%
import torch

from visual_attention.exercises import cues as exercise
from visual_attention.lessons.cues.data import desk_scene, search_display
from visual_attention.lessons.cues.model import cue_weights, surprise

# %% [markdown] teaching="in class | 5 | everybody can do it; watch for (1, 3, 2, 0)/6"
# ## 1 · By hand: two poolings as weighted averages
#
# **Aim:** see that a pooling layer *has* weights, though nobody trained them.
#
# A pooling window holds $x = (1, 3, 2, 0)$. Average pooling and max pooling both are $\sum_j \alpha_j x_j$ with
# weights that sum to 1. Give the four weights of each, a list of four numbers in the order of $x$, and its result, one
# number: fractions, or decimals to two places.

# %%
exercise.two_poolings.hint()

# %%
### BEGIN SOLUTION
average_weights = [0.25, 0.25, 0.25, 0.25]
average = 1.5
max_weights = [0, 1, 0, 0]
maximum = 3
### END SOLUTION

# %%
exercise.two_poolings.check(
    average_weights=average_weights, average=average, max_weights=max_weights, maximum=maximum
)

# %% [markdown] teaching="home | 10 | watch for β = 0 as the minimum"
# ## 2 · Predict: which β is which pooling?
#
# **Aim:** know both ends of the knob, and its middle.
#
# Pool $x = (1, 3, 2, 0)$ with the weights $\operatorname{softmax}(\beta x)$. For each β, what comes out? Choose
# *before* you compute:
#
# {{choices: zero}}
#
# {{statement: zero}}, {{statement: one}}, {{statement: large}}, {{statement: negative}}. Then work out **`pooled`**, the result for $\beta = 1$, one number to two decimals
# ($e^1 = 2.718$, $e^2 = 7.389$, $e^3 = 20.086$).

# %%
exercise.knob.hint()

# %%
### BEGIN SOLUTION
zero = "a"
one = "d"
large = "b"
negative = "c"
pooled = 2.493
### END SOLUTION

# %%
exercise.knob.check(zero=zero, one=one, large=large, negative=negative, pooled=pooled)

# %% [markdown]
# Now run it.

# %%
x = torch.tensor([1.0, 3.0, 2.0, 0.0])
for beta in (-1000.0, 0.0, 1.0, 1000.0):
    weights = torch.softmax(beta * x, dim=0)
    print(f"beta {beta:6g}: weights {[round(w, 3) for w in weights.tolist()]}, pooled {weights @ x:.3f}")

# %% [markdown] teaching="home | 15 | exp overflows, nan: they must take the largest exponent off, and for a negative β that is not the one of the largest x"
# ## 3 · Implement: soft pooling that survives β = 1000
#
# **Aim:** write a softmax that cannot overflow.
#
# `x` is a tensor of shape (n,) with n at least 1, `beta` is any finite number, positive or negative. Return
# $\sum_j \alpha_j x_j$ with $\alpha = \operatorname{softmax}(\beta x)$, one number. You may use `torch.exp`, but not
# `torch.softmax` in any of its forms, nor NumPy: the point is to see what it does inside. The check notices, and it
# tries entries that are nearly alike or close to 0, which share the weights even at β = 1000.
#
# Expected for `x = [1., 3., 2., 0.]`: 1.5 at β = 0 and 3 at β = 1000.

# %%
exercise.soft_pooling.hint()


# %%
def soft_pool(x, beta):
    ### BEGIN SOLUTION
    exponents = beta * x
    power = torch.exp(exponents - exponents.max())
    return (power / power.sum()) @ x
    ### END SOLUTION


# %%
exercise.soft_pooling.check(soft_pool)

# %% [markdown]
# <!-- SOLUTION -->
# Taking the largest exponent off all of them multiplies every power by the same number, which cancels. What is
# left is at most $e^0 = 1$, and one of the powers *is* 1: no overflow above, no 0 below the fraction line. The
# largest exponent is that of $\beta x$: for a negative β it belongs to the *smallest* $x$.

# %% [markdown] teaching="in class, pairs | 8 | the best talk of the sheet: \"self-attention has no query, for nobody outside asks\" will come; the query is made of the input itself"
# ## 4 · Classify: is there a query, and whose?
#
# **Aim:** find the query, or see that there is none. For each layer choose
#
# {{choices: max_pooling}}
#
# {{statement: max_pooling}}
#
# {{statement: average_pooling}}
#
# {{statement: fully_connected}}
#
# {{statement: detr}}
#
# {{statement: class_token}}
#
# {{statement: self_attention}}
#
# {{statement: squeeze_excitation}}

# %%
exercise.whose_query.hint()

# %%
### BEGIN SOLUTION
max_pooling = "a"
average_pooling = "a"
fully_connected = "a"
detr = "c"
class_token = "c"
self_attention = "b"
squeeze_excitation = "b"
### END SOLUTION

# %%
exercise.whose_query.check(
    max_pooling=max_pooling,
    average_pooling=average_pooling,
    fully_connected=fully_connected,
    detr=detr,
    class_token=class_token,
    self_attention=self_attention,
    squeeze_excitation=squeeze_excitation,
)

# %% [markdown] teaching="home | 10 | \"self-attention changes, for positions matter\": it moves along"
# ## 5 · Predict, then run: shuffle the pixels
#
# **Aim:** know which layers see *where* things are.
#
# Take a feature map and put its places into a random order, all channels alike. What does that do to the
# output?
#
# {{choices: global_average}}
#
# {{statement: global_average}} {{statement: global_max}} {{statement: convolution}} {{statement: attention}} Choose before you run it.

# %%
exercise.shuffle.hint()

# %%
### BEGIN SOLUTION
global_average = "a"
global_max = "a"
convolution = "c"
attention = "b"
### END SOLUTION

# %%
exercise.shuffle.check(
    global_average=global_average, global_max=global_max, convolution=convolution, attention=attention
)


# %%
def self_attention_layer(features):
    """Features (channels, height, width): each place attends over all places by the dot product."""
    tokens = features.flatten(1).T  # (places, channels): queries, keys and values at once
    weights = torch.softmax(tokens @ tokens.T, dim=1)
    return (weights @ tokens).T.reshape(features.shape)


torch.manual_seed(0)
features = torch.randn(3, 6, 6)
order = torch.randperm(36)
kernel = torch.randn(3, 3, 3, 3)


def shuffled(features):
    return features.flatten(1)[:, order].reshape(features.shape)


layers = {
    "global average": lambda f: f.mean(dim=(1, 2)),
    "global max": lambda f: f.amax(dim=(1, 2)),
    "3x3 convolution": lambda f: torch.conv2d(f[None], kernel, padding=1)[0],
    "self-attention": self_attention_layer,
}
for name, layer in layers.items():
    before, after = layer(features), layer(shuffled(features))
    unchanged = torch.allclose(after, before, atol=1e-5)
    moved_along = before.ndim == 3 and torch.allclose(after, shuffled(before), atol=1e-5)
    print(f"{name:16} unchanged: {unchanged!s:6} moved along: {moved_along}")

# %% [markdown] teaching="skip in a mixed class | 10 | needs autograd, and its new point, the tie, is a side path"
# ## 6 · Gradients: who gets the blame?
#
# **Aim:** see the weights again, as derivatives, and meet the one case where they are a matter of taste.
#
# Give the derivative of the pooled value with respect to each of the four inputs, a list (or tensor) of four numbers,
# to two decimals:
#
# - **`of_mean`** of the mean of $(1, 3, 2, 0)$;
# - **`of_max`** of the maximum of $(1, 3, 2, 0)$;
# - **`of_tie`** of `torch.amax` of $(1, 3, 3, 0)$: guess, then ask `torch.autograd.grad`.
#
# {{question: why}}

# %%
exercise.gradients.hint()

# %%
x = torch.tensor([1.0, 3.0, 3.0, 0.0], requires_grad=True)

### BEGIN SOLUTION
of_mean = [0.25, 0.25, 0.25, 0.25]
of_max = [0, 1, 0, 0]
(of_tie,) = torch.autograd.grad(x.amax(), x)
why = "c"
### END SOLUTION

# %%
exercise.gradients.check(of_mean=of_mean, of_max=of_max, of_tie=of_tie, why=why)

# %% [markdown]
# The three functions that PyTorch offers for a maximum, at the tie:

# %%
for name, maximum_of in {
    "amax": lambda x: x.amax(),
    "max(dim)": lambda x: x.max(dim=0).values,
    "max_pool1d": lambda x: torch.max_pool1d(x[None], 4)[0, 0],
}.items():
    (gradient,) = torch.autograd.grad(maximum_of(x), x)
    print(f"{name:10} {gradient.tolist()}")

# %% [markdown] teaching="home | 15 | the heart of the lesson in one line of code, and the tie"
# ## 7 · Implement: two cues, one softmax
#
# **Aim:** write the desk's attention yourself.
#
# `saliency` has the shape (n,), `keys` (n, d), `query` (d,), and their numbers may be negative; `a` and `b` are the
# strengths of saliency and of intent, two numbers of at least 0. Return the n weights, a tensor of shape (n,),
#
# $$\alpha = \operatorname{softmax}_i\bigl(a \cdot \text{saliency}_i + b \cdot q \cdot k_i\bigr).$$
#
# Here you may use `torch.softmax`.

# %%
exercise.two_cues.hint()


# %%
def desk_weights(saliency, keys, query, a, b):
    ### BEGIN SOLUTION
    return torch.softmax(a * saliency + b * (keys @ query), dim=0)
    ### END SOLUTION


# %% [markdown]
# On the desk of the lesson, with saliency strength `a = 3` and looking for something to read: from which
# intent `b` on does the book get more than the red cup? The two are equal at **`tie`**, one number to two decimals.
# (The numbers are in `scene.saliency` and `scene.keys`, in the order of `scene.names`.)

# %%
scene = desk_scene()
for name, s, key in zip(scene.names, scene.saliency.tolist(), scene.keys.tolist()):
    print(f"{name:10} saliency {s:.1f}, key {key}")

### BEGIN SOLUTION
tie = 3 * (1.0 - 0.2) / (1.0 - 0.0)
### END SOLUTION

# %%
exercise.two_cues.check(desk_weights=desk_weights, tie=tie)

# %% [markdown]
# <!-- SOLUTION -->
# Equal weights need equal scores, whatever the other three things do: $3 \cdot 1.0 + b \cdot 0 = 3 \cdot 0.2 + b
# \cdot 1$, so $b = 2.4$. The softmax never enters: it keeps the order of the scores.

# %% [markdown] teaching="skip in a mixed class | 25 | a proof; give it to those who ask why one half"
# ## 8 · Prove and check: lost in the crowd
#
# **Aim:** prove the lesson's two curves.
#
# Among $N$ bars one is red and upright. Saliency is surprise, $-\log$ of the share of bars that have the same
# colour, plus the same for the posture; its strength is 1.
#
# **On paper.** In a *feature* search the others are all green and upright. In a *conjunction* search $a$ of
# them are red and tilted and $b$ green and upright, $a + b + 1 = N$. Show that the target's weight is $1/2$ in
# the first and $1/(N + 2)$ in the second. (Start from $\exp(\text{saliency})$: what is it?)
#
# **In numbers**, each one number to three decimals:
#
# - **`feature`** the target's weight in a feature search among 16 bars;
# - **`conjunction`** the same in a conjunction search among 16 bars;
# - **`intent`** a query for red and upright adds $2b$ to the target's score and $b$ to that of every other bar of
#   the conjunction search, which shares one feature with it. For which $b$ does the target get one half again?

# %%
exercise.crowd.hint()

# %%
### BEGIN SOLUTION
feature = 1 / 2
conjunction = 1 / 18
intent = 2.8332
### END SOLUTION

# %%
exercise.crowd.check(feature=feature, conjunction=conjunction, intent=intent)

# %% [markdown]
# And the functions of the lesson, for every size:

# %%
for n in (4, 16, 64):
    for search in ("feature", "conjunction"):
        display = search_display(n, search)
        weight = cue_weights(surprise(display.features), display.keys)[0].item()
        print(f"{n:2} items, {search:11}: {weight:.4f}")

# %% [markdown]
# <!-- SOLUTION -->
# $\exp(\text{saliency})$ is one over the product of the two shares. **Feature search:** the target has
# $N \cdot 1$, each of the $N - 1$ others $\frac{N}{N-1} \cdot 1$; together the others have $N$ as well, so the
# target gets $N/(N + N) = \frac12$.
#
# **Conjunction search:** $1 + a$ bars are red, $b$ green, $1 + b$ upright, $a$ tilted. Leaving out the common
# factor $N^2$, the target has $\frac{1}{(1+a)(1+b)}$, the red tilted ones together $a \cdot \frac{1}{(1+a)\,a} =
# \frac{1}{1+a}$, the green upright ones together $\frac{1}{1+b}$. The sum is $\frac{1 + (1+b) + (1+a)}{(1+a)(1+b)} =
# \frac{N + 2}{(1+a)(1+b)}$, of which the target has the part $\frac{1}{N+2}$. ∎
#
# **Intent:** compared with the others the target gains the factor $e^{2b}/e^b = e^b$. It had 1 against $N + 1$, so
# one half needs $e^b = N + 1 = 17$ and $b = \log 17 = 2.833$. A larger crowd needs only a slightly stronger wish.

# %% [markdown]
# ## What comes next
#
# Keys were marks here: red or not, more or less readable, and more was always better. In lesson 2 keys are places
# on a line, and the best key is the *nearest*. How fast should a weight fall with the distance from the query?

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/01_cues.ipynb). It is worth most after an attempt of your own.
