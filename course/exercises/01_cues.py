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
# Hardly an answer stands in the lesson: most exercises go one step further. Stuck? The hints under each exercise
# unfold one by one: a nudge, the key idea, the first line.
#
# Run the next cell first. After that, do the exercises in any order; they get harder towards the end.

# %%
import torch

from visual_attention.exercises import cues as exercise
from visual_attention.lessons.cues.data import desk_scene
from visual_attention.lessons.cues.model import cue_weights, surprise

# %% [markdown] teaching="in class | 7 | warm-up | everybody can begin; the padded corner is the surprise: weights that sum to less than 1"
# ## 1 · By hand: three poolings that the lesson does not have
#
# **Aim:** read any pooling as weights, and say which of them is an average.
#
# A window holds $x = (2, 5, 1, 0, 4)$. Give the five weights, in the order of $x$, to two decimals:
#
# - **`median`** of the pooling that hands on the *median* of the window;
# - **`top_two`** of the one that hands on the plain average of the *two largest* entries.
#
# Now average pooling at the corner of a picture. Of a window of 3 × 3 places only four lie inside, with the values 2,
# 5, 1 and 4. The five outside count as 0, and `avg_pool2d` with `padding=1` divides by nine all the same. Each one
# number, to two decimals:
#
# - **`padded`** what comes out;
# - **`inside`** what the weights of the four places inside sum to.
#
# {{question: flat}}

# %%
exercise.other_poolings.hint()

# %%
### BEGIN SOLUTION
median = [1, 0, 0, 0, 0]
top_two = [0, 0.5, 0, 0, 0.5]
padded = 12 / 9
inside = 4 / 9
flat = "b"
### END SOLUTION

# %%
exercise.other_poolings.check(median=median, top_two=top_two, padded=padded, inside=inside, flat=flat)

# %% [markdown] teaching="in class, pairs | 8 | warm-up | the best talk of the sheet: \"self-attention has no query, for nobody outside asks\" will come; so will \"learned, hence a query\" for the fixed map"
# ## 2 · Classify: is there a query, and whose?
#
# **Aim:** find the query, or see that there is none.
#
# A *query* is here a vector from which the weights are made, alone or compared with keys: with another vector the same
# picture would get other weights. For each layer choose
#
# {{choices: top_k}}
#
# {{statement: top_k}}
#
# {{statement: centre}}
#
# {{statement: detr}}
#
# {{statement: class_token}}
#
# {{statement: self_attention}}
#
# {{statement: squeeze_excitation}}
#
# {{statement: question}}
#
# {{statement: tracker}}

# %%
exercise.whose_query.hint()

# %%
### BEGIN SOLUTION
top_k = "a"
centre = "a"
detr = "c"
class_token = "c"
self_attention = "b"
squeeze_excitation = "b"
question = "d"
tracker = "d"
### END SOLUTION

# %%
exercise.whose_query.check(
    top_k=top_k,
    centre=centre,
    detr=detr,
    class_token=class_token,
    self_attention=self_attention,
    squeeze_excitation=squeeze_excitation,
    question=question,
    tracker=tracker,
)

# %% [markdown] teaching="home | 10 | core | \"self-attention changes, for positions matter\": it moves along, until positions are given to it"
# ## 3 · Predict, then run: shuffle the pixels
#
# **Aim:** know which layers see *where* things are.
#
# Take a feature map and put its places into a random order, all channels alike. What does that do to the
# output?
#
# {{choices: global_max}}
#
# {{statement: global_max}} {{statement: pointwise}} {{statement: convolution}} {{statement: gate}}
# {{statement: attention}} {{statement: positions}}

# %%
exercise.shuffle.hint()

# %%
### BEGIN SOLUTION
global_max = "a"
pointwise = "b"
convolution = "c"
gate = "b"
attention = "b"
positions = "c"
### END SOLUTION

# %% [markdown]
# When you have chosen, run it. The cell waits for your six letters.


# %%
def self_attention_layer(features):
    """Features (channels, height, width): each place attends over all places by the dot product."""
    tokens = features.flatten(1).T  # (places, channels): queries, keys and values at once
    weights = torch.softmax(tokens @ tokens.T, dim=1)
    return (weights @ tokens).T.reshape(features.shape)


def attention_with_positions(features):
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, 6), torch.linspace(-1, 1, 6), indexing="ij")
    return self_attention_layer(torch.cat([features, rows[None], columns[None]]))


torch.manual_seed(0)
features = torch.randn(3, 6, 6)
order = torch.randperm(36)
small, large = torch.randn(3, 3, 1, 1), torch.randn(3, 3, 3, 3)


def shuffled(features):
    return features.flatten(1)[:, order].reshape(features.shape)


layers = {
    "global max": lambda f: f.amax(dim=(1, 2)),
    "1x1 convolution": lambda f: torch.conv2d(f[None], small)[0],
    "3x3 convolution": lambda f: torch.conv2d(f[None], large, padding=1)[0],
    "channel times gate": lambda f: f * torch.sigmoid(f.mean(dim=(1, 2), keepdim=True)),
    "self-attention": self_attention_layer,
    "... with positions": attention_with_positions,
}
if ... in (global_max, pointwise, convolution, gate, attention, positions):
    print("First your six letters, then this cell shows what happens.")
else:
    for name, layer in layers.items():
        before, after = layer(features), layer(shuffled(features))
        unchanged = torch.allclose(after, before, atol=1e-5)
        moved_along = before.ndim == 3 and torch.allclose(after, shuffled(before), atol=1e-5)
        print(f"{name:18} unchanged: {unchanged!s:6} moved along: {moved_along}")

# %%
exercise.shuffle.check(
    global_max=global_max,
    pointwise=pointwise,
    convolution=convolution,
    gate=gate,
    attention=attention,
    positions=positions,
)

# %% [markdown] teaching="home | 12 | core | watch for log 9 with one rival in all three; how β has to grow with the crowd comes back as √d in lesson 3"
# ## 4 · Estimate, then invert: which β was it?
#
# **Aim:** read the knob backwards, from what came out.
#
# Soft pooling averages $x$ with the weights $\operatorname{softmax}(\beta x)$. Estimate first:
#
# {{question: estimate}}
#
# Then compute β, each one number to two decimals:
#
# - **`two`** the entries are 0 and 1, the result is 0.9;
# - **`apart`** the entries are 5 and 7, the result is 6.8;
# - **`many`** a window of 7 × 7 places, one entry is 1 and the 48 others are 0, the result is 0.9.
#
# {{question: doubled}}

# %%
exercise.knob.hint()

# %%
### BEGIN SOLUTION
estimate = "c"
two = torch.tensor(0.9 / 0.1).log()
apart = torch.tensor(0.9 / 0.1).log() / 2
many = torch.tensor(48 * 0.9 / 0.1).log()
doubled = "b"
### END SOLUTION

# %%
exercise.knob.check(estimate=estimate, two=two, apart=apart, many=many, doubled=doubled)

# %% [markdown]
# <!-- SOLUTION -->
# 0.9 means that the larger entry has the weight 0.9 and the other 0.1: their ratio is $e^{\beta \cdot 1} = 9$. For 5 and
# 7 the result 6.8 lies nine tenths of the way as well, and the ratio is $e^{2\beta}$. Among 49 places the 48 zeros weigh
# as much as $48 \cdot e^0$: $e^\beta/48 = 9$.

# %% [markdown] teaching="home | 20 | core | three traps in one: overflow, β · (−∞), and 0 · ∞. Those who mend one at a time learn most"
# ## 5 · Implement: soft pooling at the border, at any β
#
# **Aim:** write a softmax that cannot overflow, and that leaves somebody out.
#
# Max pooling pads a picture with $-\infty$, which never wins. What should soft pooling do there? `x` is a tensor of shape
# (m, n): m windows of n places. Places outside of the picture hold `-torch.inf`, and have no say, whatever β is; each
# window has at least one place inside. `beta` is any finite number: positive, negative or 0. Return for each window
# $\sum_j \alpha_j x_j$ over its places inside, $\alpha = \operatorname{softmax}(\beta x)$: a tensor of shape (m,).
#
# You may use `torch.exp`, but not `torch.softmax` in any of its forms, nor the library's own pooling, nor NumPy: the check
# notices. It tries β = ±1000 as well, and entries so near to each other that they share the weight even there.
#
# Expected for `x = [[1., 3., 2., 0.], [2., -inf, 4., -inf]]`: `[1.5, 3.0]` at β = 0, and `[3.0, 4.0]` at β = 1000.

# %%
exercise.soft_pooling.hint()


# %%
def soft_pool(x, beta):
    ### BEGIN SOLUTION
    outside = x == -torch.inf
    exponents = (beta * x).masked_fill(outside, -torch.inf)
    exponents = exponents - exponents.amax(dim=1, keepdim=True)
    power = torch.exp(exponents)
    return (power * x.masked_fill(outside, 0.0)).sum(dim=1) / power.sum(dim=1)
    ### END SOLUTION


# %%
exercise.soft_pooling.check(soft_pool)

# %% [markdown]
# <!-- SOLUTION -->
# Taking the largest exponent off all of a window multiplies every power by the same number, which cancels. What is
# left is at most $e^0 = 1$, and one of the powers *is* 1: no overflow above, no 0 below the fraction line. The
# largest exponent is that of $\beta x$, and each window has its own. A place outside needs the exponent $-\infty$ at every
# β, but $\beta \cdot (-\infty)$ is $+\infty$ for a negative β and nan for 0; and its weight of 0 times its value
# $-\infty$ would be nan once more.

# %% [markdown] teaching="home | 20 | core | the heart of the lesson for many wishes at once; softmax over the wishes is the slip to expect. The tie, and what lies log 2 above it"
# ## 6 · Implement: two cues, many wishes
#
# **Aim:** write the desk's attention for a whole table of wishes, down to what is seen.
#
# There are n things and m wishes. `saliency` has the shape (n,), `keys` (n, d), `queries` (m, d) and `values` (n, v);
# numbers may be negative. `a` and `b` are the strengths of saliency and of intent, two numbers of at least 0. Wish $i$
# gives thing $j$ the weight
#
# $$\alpha_{ij} = \operatorname{softmax}_j\bigl(a \cdot \text{saliency}_j + b \cdot q_i \cdot k_j\bigr).$$
#
# Return what each wish sees, $\sum_j \alpha_{ij} v_j$: a tensor of shape (m, v). Here you may use `torch.softmax`.

# %%
exercise.two_cues.hint()


# %%
def look(saliency, keys, queries, values, a, b):
    ### BEGIN SOLUTION
    scores = a * saliency + b * (queries @ keys.T)
    return torch.softmax(scores, dim=1) @ values
    ### END SOLUTION


# %% [markdown]
# Now backwards. On the desk of the lesson, with saliency strength `a = 3` and looking for something to read: at which
# intent `b` do the book and the red cup get the same weight (**`tie`**)? And at which does the book get *twice* the
# weight of the cup (**`twice`**)? Two numbers, to two decimals, on paper. (The numbers are in `scene.saliency` and
# `scene.keys`, in the order of `scene.names`.)

# %%
scene = desk_scene()
for name, s, key in zip(scene.names, scene.saliency.tolist(), scene.keys.tolist()):
    print(f"{name:10} saliency {s:.1f}, key {key}")

### BEGIN SOLUTION
tie = 3 * (1.0 - 0.2) / (1.0 - 0.0)
twice = tie + torch.tensor(2.0).log()
### END SOLUTION

# %%
exercise.two_cues.check(look=look, tie=tie, twice=twice)

# %% [markdown]
# <!-- SOLUTION -->
# Equal weights need equal scores, whatever the other three things do: $3 \cdot 1.0 + b \cdot 0 = 3 \cdot 0.2 + b
# \cdot 1$, so $b = 2.4$. The ratio of two weights is $e$ to the power of the difference of their scores: twice the
# weight needs a score that is $\log 2 = 0.69$ higher, so $b = 3.09$.

# %% [markdown] teaching="skip in a mixed class | 15 | stretch | needs the derivative of the lesson's text; that a rise can pull the result down surprises everybody"
# ## 7 · Gradients: an entry that rises and pulls down
#
# **Aim:** meet two cases where the derivative is not the weight.
#
# The lesson has a formula for the slopes of soft pooling, $\partial y/\partial x_j = \alpha_j + \beta\,\alpha_j (x_j - y)$.
#
# - **`slopes`** of soft pooling of $(0, 2)$ at $\beta = 1$, two numbers, to two decimals;
# - **`below`** at $\beta = 4$: how far below the result $y$ must an entry lie, so that $y$ does not move when the entry
#   rises a little? One number, to two decimals.
#
# {{question: explain}}
#
# The maximum is the end of the knob, and has a difficulty of its own:
#
# - **`of_tie`** the four derivatives of `torch.amax` of $(2, 3, 3, 3)$, to two decimals: guess, then ask
#   `torch.autograd.grad`.
#
# {{question: why}}

# %%
exercise.gradients.hint()

# %%
x = torch.tensor([2.0, 3.0, 3.0, 3.0], requires_grad=True)

### BEGIN SOLUTION
slopes = torch.autograd.functional.jacobian(lambda pair: torch.softmax(pair, dim=0) @ pair, torch.tensor([0.0, 2.0]))
below = 1 / 4
explain = "b"
(of_tie,) = torch.autograd.grad(x.amax(), x)
why = "c"
### END SOLUTION

# %%
exercise.gradients.check(slopes=slopes, below=below, explain=explain, of_tie=of_tie, why=why)

# %% [markdown]
# <!-- SOLUTION -->
# The slope is $\alpha_j\,(1 + \beta (x_j - y))$: the bracket is 0 where $y - x_j = 1/\beta$, and negative farther below.
# All slopes sum to 1, because $\sum_j \alpha_j (x_j - y) = 0$; so if one is below 0, another is above its weight.

# %% [markdown] teaching="skip in a mixed class | 30 | stretch | a proof that the lesson has for two groups only; the general law, 1 over (d − 1)N + 2, is a reward for those who see it"
# ## 8 · Prove and check: three colours, three features
#
# **Aim:** find the law behind the lesson's two curves.
#
# Saliency is surprise, $-\log$ of the share of bars that have the same feature, added up over the features; its strength
# is 1. (Start from $\exp(\text{saliency})$: what is it?)
#
# **Three colours.** Of 20 upright bars 1 is red, 4 are blue and 15 green. Show on paper that each *colour* gets the same
# part of the attention, however many bars have it. Then, each one number to three decimals: the weight **`red`** of the
# red bar, and **`blue`** of one blue bar.
#
# **Three features.** Bars have a colour, a posture and a size: they are red or green, upright or tilted, large or
# small. The target is red, upright and large; of the others, $a$ are green, $b$ are tilted and $c$ are small, and each
# differs from the target in nothing else, $a + b + c + 1 = N$. Show that the target's weight depends on $N$ alone, and
# give it:
#
# - **`three`** for $N = 16$, to three decimals;
# - **`five`** the same with five features, again $N = 16$ and each other bar different in exactly one, to three decimals;
# - **`intent`** back to three features, and $N = 16$ once more: a query for red, upright and large adds $3b$ to the
#   target's score and $2b$ to that of every other bar. For which $b$ does the target get one half? To three decimals.

# %%
exercise.crowd.hint()

# %%
### BEGIN SOLUTION
red = 1 / 3
blue = 1 / 3 / 4
three = 1 / 34
five = 1 / 66
intent = torch.tensor(33.0).log()
### END SOLUTION

# %%
exercise.crowd.check(red=red, blue=blue, three=three, five=five, intent=intent)

# %% [markdown]
# <!-- SOLUTION -->
# $\exp(\text{saliency})$ is one over the product of the shares. **Colours:** the $n_c$ bars of a colour have
# $N/n_c$ each, together $N$: every colour the same. With three colours each gets $\frac13$, and one of four blue bars
# $\frac1{12}$.
#
# **Three features:** $N - a$ bars are red, $N - b$ upright, $N - c$ large. Leaving out the common factor $N^3$, the
# target has $\frac{1}{(N-a)(N-b)(N-c)}$. The green ones have $\frac{1}{a\,(N-b)(N-c)}$ each, together
# $\frac{1}{(N-b)(N-c)}$; likewise the other two groups. Over the common line the sum is $1 + (N-a) + (N-b) + (N-c) =
# 1 + 3N - (N - 1) = 2N + 2$, of which the target has the part 1. With $d$ features it is $1 + dN - (N - 1) =
# (d-1)N + 2$; for $d = 1$ that is 2, the feature search, and for $d = 2$ the lesson's $N + 2$. ∎
#
# **Intent:** compared with the others the target gains the factor $e^{3b}/e^{2b} = e^b$. It had 1 against $2N + 1$, so
# one half needs $e^b = 33$.

# %% [markdown]
# The functions of the lesson say the same:


# %%
def conjunction(n, d):
    """Features (n, d): item 0 is the target, each other differs from it in one feature."""
    features = torch.zeros(n, d)
    for item in range(1, n):
        features[item, item % d] = 1
    return features


if three is ... or five is ...:
    print("First your numbers, then this cell shows other sizes of the crowd.")
else:
    for d in (1, 2, 3, 5):
        row = []
        for n in (8, 32, 64):
            features = conjunction(n, d)
            row.append(cue_weights(surprise(features), features.double())[0].item())
        print(f"{d} features, 8, 32 and 64 bars:", "  ".join(f"{weight:.4f}" for weight in row))

# %% [markdown]
# ## What comes next
#
# Keys were marks here: red or not, more or less readable, and more was always better. In lesson 2 keys are places
# on a line, and the best key is the *nearest*. How fast should a weight fall with the distance from the query?

# %% [markdown]
# **Solutions:** [the solved sheet](../solutions/01_cues.ipynb). It is worth most after an attempt of your own.
