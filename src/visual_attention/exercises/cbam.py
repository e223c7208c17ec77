"""The exercises of lesson 7: channel and spatial attention, built; and how to read a table.

Right answers come from `visual_attention.blocks`, or from sums that a test repeats on counted networks. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from courseware.exercises.build import Case, Module
from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.blocks import CBAM, ChannelAttention, SpatialAttention

__all__ = [
    "ALL",
    "both_gates",
    "channel_gate",
    "counts",
    "detective",
    "official",
    "relu",
    "ring",
    "significance",
    "spatial_gate",
]

Tensor = torch.Tensor


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


# --------------------------------------------------------------------------------------------------
# 1: counts, in a network of 16 blocks with few channels (those of ResNet-34)

BLOCKS = ((3, 64, 56), (4, 128, 28), (6, 256, 14), (3, 512, 7))  # number, channels, side of the map
RATIO, KERNEL = 8, 5
_GATE = 2 * KERNEL**2 + 2
_CHANNEL = sum(n * (2 * c * (c // RATIO) + c // RATIO + c) for n, c, _ in BLOCKS)
_SPATIAL_WORK = sum(n * 2 * KERNEL**2 * side**2 for n, _, side in BLOCKS)
_CHANNEL_WORK = sum(n * 2 * 2 * c * (c // RATIO) for n, c, _ in BLOCKS)
_SHARE = 100 * _SPATIAL_WORK / (_SPATIAL_WORK + _CHANNEL_WORK)
_OF_WEIGHTS = 100 * 16 * _GATE / (16 * _GATE + _CHANNEL)

counts = Exercise(
    "counts",
    "By hand: where the weights sit, and where the work",
    (
        Value(
            "one_gate",
            _GATE,
            (
                Mistake("no normalisation", 50, "The normalisation behind the filter has a scale and a shift."),
                Mistake("one plane", 27, "That is one input plane. The filter reads mean and max."),
                Mistake("with bias", 53, "The convolution has no bias."),
                Mistake("statistics counted", 54, "Running mean and variance are kept, not learned: no weights."),
                Mistake("7 × 7", 100, "That is for k = 7. Here k is 5."),
                Mistake("side forgotten", 12, "The filter is 5 × 5, not a row of 5."),
            ),
            decimals=0,
        ),
        Value(
            "channel_gates",
            _CHANNEL,
            (
                Mistake("no biases", _CHANNEL_WORK // 2, "The two layers have biases here: C/r and C of them."),
                Mistake(
                    "blocks forgotten",
                    sum(2 * c * (c // RATIO) + c // RATIO + c for _, c, _ in BLOCKS),
                    "That is one block a stage. There are 3, 4, 6 and 3.",
                ),
                Mistake("two MLPs", 2 * _CHANNEL, "Mean and maximum share one MLP."),
                Mistake(
                    "one matrix",
                    sum(n * (c * (c // RATIO) + c // RATIO + c) for n, c, _ in BLOCKS),
                    "There are two matrices, there and back.",
                ),
                Mistake(
                    "r of 16",
                    sum(n * (2 * c * (c // 16) + c // 16 + c) for n, c, _ in BLOCKS),
                    "That is for r = 16. Here r is 8.",
                ),
                Mistake(
                    "wide blocks",
                    sum(n * (2 * 4 * c * (4 * c // RATIO) + 4 * c // RATIO + 4 * c) for n, c, _ in BLOCKS),
                    "Those are ResNet-50's channels, four times as many.",
                ),
                Mistake(
                    "first layer's biases only",
                    sum(n * (2 * c * (c // RATIO) + c // RATIO) for n, c, _ in BLOCKS),
                    "The second layer has biases too, one for each channel.",
                ),
                Mistake(
                    "second layer's biases only",
                    sum(n * (2 * c * (c // RATIO) + c) for n, c, _ in BLOCKS),
                    "The first layer has biases too, one for each hidden unit.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "spatial_work",
            _SPATIAL_WORK,
            (
                Mistake("one plane", _SPATIAL_WORK // 2, "At each place the filter reads two planes: 2 · 25 products."),
                Mistake(
                    "blocks forgotten",
                    sum(2 * KERNEL**2 * side**2 for _, _, side in BLOCKS),
                    "That is one block a stage. There are 3, 4, 6 and 3.",
                ),
                Mistake(
                    "no padding",
                    sum(n * 2 * KERNEL**2 * (side - 4) ** 2 for n, _, side in BLOCKS),
                    "Without padding the map would shrink by 4. The gate has one number for each place.",
                ),
                Mistake("at one place", 16 * 50, "That is at one place of the map. The filter runs over all places."),
                Mistake("FLOPs", 2 * _SPATIAL_WORK, "A product and its sum count once: multiply-adds."),
                Mistake(
                    "side for area",
                    sum(n * 2 * KERNEL**2 * side for n, _, side in BLOCKS),
                    "A map of side s has s · s places.",
                ),
                Mistake(
                    "every channel",
                    sum(n * KERNEL**2 * side**2 * c for n, c, side in BLOCKS),
                    "The channels are pooled away before the filter sees the map.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "channel_work",
            _CHANNEL_WORK,
            (
                Mistake("one pool", _CHANNEL_WORK // 2, "The MLP runs twice a block: on the means, and on the maxima."),
                Mistake(
                    "second matrix once",
                    _CHANNEL_WORK * 3 // 4,
                    "The second matrix is counted once a block. Each pool goes through both; only then are the two "
                    "added.",
                ),
                Mistake("four times", 2 * _CHANNEL_WORK, "Two matrices, two vectors: 4 · C · C/r products a block."),
                Mistake(
                    "at every place",
                    sum(n * 4 * c * (c // RATIO) * side**2 for n, c, side in BLOCKS),
                    "The MLP sees vectors of C numbers, not a map: it does not run at every place.",
                ),
                Mistake("with biases", 2 * _CHANNEL, "A bias is added and multiplies nothing."),
                Mistake(
                    "blocks forgotten",
                    sum(4 * c * (c // RATIO) for _, c, _ in BLOCKS),
                    "That is one block a stage. There are 3, 4, 6 and 3.",
                ),
            ),
            decimals=0,
        ),
        Value(
            "spatial_share",
            _SHARE,
            (
                Mistake(
                    "of the weights", _OF_WEIGHTS, "That is the share of the weights. The share of the work is asked."
                ),
                Mistake("the other share", 100 - _SHARE, "That is the channel gates' share."),
                Mistake("a fraction", _SHARE / 100, "In per cent, please."),
                Mistake(
                    "over the other",
                    100 * _SPATIAL_WORK / _CHANNEL_WORK,
                    "That is spatial over channel work. Divide by both together.",
                ),
                Mistake(
                    "one pool",
                    100 * _SPATIAL_WORK / (_SPATIAL_WORK + _CHANNEL_WORK // 2),
                    "The channel gates' MLP runs twice a block: on the means, and on the maxima.",
                ),
                Mistake(
                    "second matrix once",
                    100 * _SPATIAL_WORK / (_SPATIAL_WORK + _CHANNEL_WORK * 3 // 4),
                    "The second matrix is counted once a block. Each pool goes through both; only then are the two "
                    "added.",
                ),
            ),
            decimals=1,
            remark="A quarter of a per cent of the weights, and more than half of the work.",
        ),
    ),
    hints=(
        "For each gate: how often do its weights meet a number in one picture?",
        "Weights of a channel gate: 2 · C · C/r, and C/r + C biases. Its MLP multiplies for two vectors a picture, the "
        "spatial filter at every place of the map.",
        "`one_gate = 2 * …`, and two numbers for the normalisation.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 2: what would settle it?

_CHANNEL_FIRST, _SPATIAL_FIRST, _SE, _N = 0.2266, 0.2278, 0.2314, 50_000


def _of_both(one: float, other: float, n: int = _N) -> float:
    """The standard error of a difference of two shares, in points."""
    return 100 * math.sqrt((one * (1 - one) + other * (1 - other)) / n)


_IN_ERRORS = 0.48 / _of_both(_CHANNEL_FIRST, _SE)
_ONE = 100 * math.sqrt(_CHANNEL_FIRST * (1 - _CHANNEL_FIRST) / _N)
_NEEDED = (2 * _of_both(_CHANNEL_FIRST, _SPATIAL_FIRST, 1) / 0.12) ** 2 / 1000

significance = Exercise(
    "significance",
    "Judge: what would settle it?",
    (
        Value(
            "pictures",
            240,
            (
                Mistake("per cent taken twice", 2.4, "A few pictures? Take 0.48 % of 50,000, and divide by 100 once."),
                Mistake("a fraction", 24_000, "0.48 points are 0.48 %, not 48 %."),
                Mistake("the orders", 60, "That is for 0.12 points. CBAM and SE are 0.48 apart."),
                Mistake("errors of CBAM", 11_330, "That is how many CBAM gets wrong. The difference is asked."),
                Mistake("errors of SE", 11_570, "That is how many SE gets wrong. The difference is asked."),
            ),
            decimals=0,
        ),
        Value(
            "in_errors",
            _IN_ERRORS,
            (
                Mistake("of one model", 0.48 / _ONE, "That is in errors of one model. Both are samples."),
                Mistake(
                    "the error", _of_both(_CHANNEL_FIRST, _SE), "That is the standard error. Divide the gap by it."
                ),
                Mistake("added", 0.48 / (2 * _ONE), "Standard errors add as squares, not plainly."),
                Mistake(
                    "upside down", 1 / _IN_ERRORS, "Upside down: how many standard errors fit into the difference?"
                ),
                Mistake("the orders", 0.12 / _of_both(_CHANNEL_FIRST, _SPATIAL_FIRST), "That is for 0.12 points."),
                Mistake(
                    "1 − p forgotten",
                    0.48 / (100 * math.sqrt((_CHANNEL_FIRST + _SE) / _N)),
                    "The factor 1 − p is missing: the variance of one picture is p(1 − p).",
                ),
            ),
            decimals=2,
            remark="Below 2: by this measure not even CBAM over SE.",
        ),
        Value(
            "thousand_pictures",
            _NEEDED,
            (
                Mistake("one error", _NEEDED / 4, "That makes 0.12 points one standard error. Two are asked."),
                *(
                    Mistake("one model", thousand, "Both models are samples: their variances add.")
                    for thousand in (487, 488, 489)
                ),
                *(
                    Mistake("pictures", number, "In thousands, please.")
                    for number in (975_000, 975_400, *range(975_440, 975_451), 976_000)
                ),
                Mistake("rounded up", 976, "Rounded up. To the nearest whole number, please."),
                Mistake(
                    "not squared",
                    50 * 2 * _of_both(_CHANNEL_FIRST, _SPATIAL_FIRST) / 0.12,
                    "The error falls with the root of n: four times the pictures halve it.",
                ),
                Mistake(
                    "CBAM and SE",
                    (2 * _of_both(_CHANNEL_FIRST, _SE, 1) / 0.48) ** 2 / 1000,
                    "That settles 0.48 points. The orders are 0.12 apart.",
                ),
            ),
            decimals=0,
            remark="Twenty times the test set of ImageNet, for sampling of pictures alone.",
        ),
        Value(
            "most_disagreement",
            1.8,
            (
                Mistake("a fraction", 0.018, "In per cent, please."),
                Mistake("one error", 7.2, "That makes 0.12 points one standard error. Two are asked."),
                Mistake("the gap", 0.1, "They differ on 0.12 % of the pictures at least. How many may it be at most?"),
                Mistake("not squared", 134.2, "√(d/n) is half of the gap: square both sides. Points are per cent."),
                Mistake("in thousandths", 18, "In per cent, please."),
            ),
            decimals=1,
            remark="Of 100 pictures 98 that both get right, or both wrong: nobody has published such a count.",
        ),
        Choice(
            "verdict",
            Question(
                "Somebody trains both orders again with three seeds each, on the same test pictures. Channel first is "
                "ahead by 0.5, 0.1 and −0.1 points. What do you report?",
                {
                    "a gain of 0.5 points: the best seed shows what the order can do": (
                        "The best of three seeds is chosen by luck: every seed counts."
                    ),
                    "0.17 ± 0.18 points, mean and standard error: no finding yet": (
                        "The mean is below two of its standard errors: more seeds could tell, three do not."
                    ),
                    "no gain: one seed of three contradicts it": (
                        "One seed behind refutes nothing: a small gain, too, leaves some seeds behind."
                    ),
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "An error rate is a share of 50,000 pictures, like heads among tosses of a coin.",
        "A share p of n has the standard error √(p(1 − p)/n), and for a difference the squares add up. Set twice the "
        "standard error equal to the gap, and solve for n, or for d.",
        "`in_errors = 0.48 / …`, both in points",
    ),
)

# --------------------------------------------------------------------------------------------------
# 3: the ReLU, and the biases


def _with_biases(generator: torch.Generator) -> Iterable[tuple]:
    for channels, hidden in ((3, 2), (4, 1), (6, 3)):
        yield _layers_of(channels, hidden, generator)


def _layers_of(channels: int, hidden: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """W₀, b₀, W₁, b₁ of an MLP."""
    return (
        _tenths((hidden, channels), -1, 1, generator),
        _tenths((hidden,), -1, 1, generator),
        _tenths((channels, hidden), -1, 1, generator),
        _tenths((channels,), -1, 1, generator),
    )


def _odd_layers() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "as many hidden units as channels", _layers_of(3, 3, generator)
    yield "more hidden units than channels", _layers_of(2, 4, generator)
    yield "one channel, one hidden unit", tuple(map(torch.tensor, ([[-2.0]], [0.5], [[0.5]], [1.0])))
    w0, _, w1, b1 = _layers_of(4, 2, generator)
    yield "no bias in the first layer", (w0, torch.zeros(2), w1, b1)
    yield "no bias in the second layer", (*_layers_of(5, 2, generator)[:3], torch.zeros(5))
    yield "no biases at all", (w0, torch.zeros(2), w1, torch.zeros(4))


def _sigmoid(*logits: float) -> Tensor:
    return torch.tensor(logits, dtype=torch.float64).sigmoid()


def _joined(matrix: Tensor, constant: Tensor) -> Tensor:
    return torch.cat([matrix, constant[:, None]], dim=1)


relu = Exercise(
    "relu",
    "Prove and check: drop the ReLU, keep the biases",
    (
        Value(
            "with_relu",
            _sigmoid(2.5, -1.5),
            (
                Mistake("no ReLU", _sigmoid(0.5, -0.5), "That is without the ReLU: a hidden −2 becomes 0."),
                Mistake("bias once", _sigmoid(2.25, -1.25), "b₁ enters twice: the MLP runs on both pools, then add."),
                Mistake("no outer biases", _sigmoid(2, -1), "b₁ is missing."),
                Mistake("no biases", _sigmoid(3, -1.5), "The biases b₀ and b₁ are missing."),
                Mistake("swapped", _sigmoid(-1.5, 2.5), "The channels are swapped."),
                Mistake("logits", torch.tensor([2.5, -1.5]), "Those are the logits: take their sigmoid."),
                Mistake(
                    "sigmoid of each",
                    _sigmoid(0.25, -0.25) + _sigmoid(2.25, -1.25),
                    "The sigmoid of each, then their sum, which may be above 1. Add first, then squash once.",
                ),
                Mistake(
                    "softmax", torch.tensor([2.5, -1.5]).double().softmax(0), "Gates are sigmoids: no competition."
                ),
            ),
        ),
        Value(
            "without_relu",
            _sigmoid(0.5, -0.5),
            (
                Mistake("with ReLU", _sigmoid(2.5, -1.5), "That is with the ReLU: now let −2 pass."),
                Mistake("bias once", _sigmoid(0.25, -0.25), "b₁ enters twice: the MLP runs on both pools, then add."),
                Mistake("no outer biases", _sigmoid(0, 0), "b₁ is missing."),
                Mistake("logits", torch.tensor([0.5, -0.5]), "Those are the logits: take their sigmoid."),
                Mistake("swapped", _sigmoid(-0.5, 0.5), "The channels are swapped."),
                Mistake("inner bias once", _sigmoid(1.5, -1), "b₀ enters twice as well, once for each pool."),
            ),
        ),
        Function(
            "merged",
            "merged(w0, b0, w1, b1) → (C, C + 1): the matrix M, and the constant c as its last column",
            lambda w0, b0, w1, b1: _joined(w1 @ w0, 2 * (w1 @ b0 + b1)),
            _with_biases,
            (
                Mistake(
                    "biases once",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, w1 @ b0 + b1),
                    "The matrix is right. The MLP runs twice, so each bias enters twice.",
                ),
                Mistake(
                    "inner bias once",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, w1 @ b0 + 2 * b1),
                    "The matrix is right. b₀ enters twice as well as b₁.",
                ),
                Mistake(
                    "outer bias once",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, 2 * (w1 @ b0) + b1),
                    "The matrix is right. b₁ enters twice as well as b₀.",
                ),
                Mistake(
                    "inner bias lost",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, 2 * b1),
                    "The matrix is right. b₀ is missing from the constant: it goes through W₁.",
                ),
                Mistake(
                    "outer bias lost",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, 2 * (w1 @ b0)),
                    "The matrix is right. b₁ is missing from the constant.",
                ),
                Mistake(
                    "matrix twice",
                    lambda w0, b0, w1, b1: _joined(2 * w1 @ w0, 2 * (w1 @ b0 + b1)),
                    "Mean and maximum are in the sum already: no factor 2 at the matrix.",
                ),
                Mistake(
                    "transposed",
                    lambda w0, b0, w1, b1: _joined((w1 @ w0).T, 2 * (w1 @ b0 + b1)),
                    "The matrix is transposed: W₀ is applied first, so it stands on the right.",
                ),
                Mistake(
                    "ReLU kept",
                    lambda w0, b0, w1, b1: _joined(w1 @ w0, 2 * (w1 @ b0.relu() + b1)),
                    "There is still a ReLU, on b₀. It is dropped here.",
                ),
                Mistake(
                    "the matrix alone",
                    lambda w0, b0, w1, b1: w1 @ w0,
                    "That is M alone. The constant, which comes of the biases, is its last column.",
                ),
            ),
            edge_cases=_odd_layers,
            remark="One matrix, one constant, one descriptor: the second pooling has gained nothing but a sum.",
        ),
    ),
    hints=(
        "Write the logits twice, for the means and for the maxima, and add them.",
        "Without the ReLU each pool gives W₁(W₀ p + b₀) + b₁. Multiply out, then add the two: what stands at "
        "the sum of "
        "the pools, and what is left over?",
        "Hidden numbers: 2 · 1 − 3 − 1 for the means, 2 · 4 − 5 − 1 for the maxima.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 4: the official weights

EPS = 1e-5  # of a batch normalisation


def _official_gates(generator: torch.Generator) -> Iterable[tuple]:
    for k in (3, 3, 7):
        kernel = _tenths((1, 2, k, k), -2, 2, generator)
        mean, scale, shift = (_tenths((1,), -2, 2, generator) + 0.05 for _ in range(3))
        yield kernel, mean, _tenths((1,), 0.1, 3, generator), scale, shift


def _odd_official_gates() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    numbers = [torch.tensor([value]) for value in (0.3, 1.5, -0.8, 0.2)]
    yield "a kernel of a single place", (_tenths((1, 2, 1, 1), -2, 2, generator), *numbers)
    zeros = _tenths((1, 2, 5, 5), -2, 2, generator) * torch.tensor([0, 1]).reshape(1, 2, 1, 1)
    yield "a plane of zeros", (zeros, *numbers)
    kernel = _tenths((1, 2, 3, 3), -2, 2, generator)
    mean, variance, scale, shift = numbers
    yield "a variance of nearly 0", (kernel, mean, torch.tensor([1e-5]), scale / 100, shift)
    yield "a normalisation that changes nothing", (kernel, 0 * mean, 1 + 0 * mean, 1 + 0 * mean, 0 * mean)
    yield "a scale below 0", (kernel, -mean, variance, -scale.abs(), shift)


def _standard(variance: Tensor) -> Tensor:
    return (variance + EPS).sqrt()


official = Exercise(
    "official",
    "Debug: a checkpoint that loads and does not fit",
    (
        Function(
            "our_kernel",
            "our_kernel(kernel, mean, variance, scale, shift) → (1, 2, k, k) for planes (mean, max), no normalisation",
            lambda kernel, mean, variance, scale, shift: kernel.flip(1) * scale / _standard(variance),
            _official_gates,
            (
                Mistake(
                    "planes as they were",
                    lambda kernel, mean, variance, scale, shift: kernel * scale / _standard(variance),
                    "The scale is right. Still (max, mean): the two planes have to change places.",
                ),
                Mistake(
                    "normalisation left",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(1),
                    "The planes are right. Where has the normalisation's factor gone?",
                ),
                Mistake(
                    "variance for deviation",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(1) * scale / (variance + EPS),
                    "Divided by the variance: it is the root that a normalisation divides by.",
                ),
                Mistake(
                    "scale forgotten",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(1) / _standard(variance),
                    "Divided by the deviation, and not multiplied by the learned scale.",
                ),
                Mistake(
                    "eps forgotten",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(1) * scale / variance.sqrt(),
                    "PyTorch adds eps = 1e-5 to the variance, which counts where the variance is small.",
                ),
                Mistake(
                    "turned in the plane",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(2, 3) * scale / _standard(variance),
                    "That turns the filter round by 180°. The two input planes have to change places.",
                ),
                *(
                    Mistake(
                        name,
                        lambda kernel, mean, variance, scale, shift, axis=axis: (
                            kernel.flip(axis) * scale / _standard(variance)
                        ),
                        "That turns each plane of the filter over. The two input planes have to change places.",
                    )
                    for name, axis in (("turned left to right", 3), ("turned upside down", 2))
                ),
                Mistake(
                    "everything turned",
                    lambda kernel, mean, variance, scale, shift: kernel.flip(1, 2, 3) * scale / _standard(variance),
                    "The planes are right, but the filter was also turned round in the plane.",
                ),
                Mistake(
                    "shifted",
                    lambda kernel, mean, variance, scale, shift: (kernel.flip(1) - mean) * scale / _standard(variance),
                    "The mean is subtracted from what the filter makes, not from its weights: it belongs to the bias.",
                ),
            ),
            edge_cases=_odd_official_gates,
        ),
        Function(
            "our_bias",
            "our_bias(kernel, mean, variance, scale, shift) → the bias behind our filter, of shape (1,)",
            lambda kernel, mean, variance, scale, shift: shift - mean * scale / _standard(variance),
            _official_gates,
            (
                Mistake(
                    "shift only",
                    lambda kernel, mean, variance, scale, shift: shift.clone(),
                    "The running mean is subtracted too, before it is scaled.",
                ),
                Mistake(
                    "mean not scaled",
                    lambda kernel, mean, variance, scale, shift: shift - mean,
                    "The mean is subtracted before the division and the scaling: both act on it.",
                ),
                Mistake(
                    "mean added",
                    lambda kernel, mean, variance, scale, shift: shift + mean * scale / _standard(variance),
                    "The running mean is subtracted, not added.",
                ),
                Mistake(
                    "shift forgotten",
                    lambda kernel, mean, variance, scale, shift: -mean * scale / _standard(variance),
                    "The learned shift is missing.",
                ),
                Mistake(
                    "scale forgotten",
                    lambda kernel, mean, variance, scale, shift: shift - mean / _standard(variance),
                    "The mean is divided by the deviation, and not multiplied by the scale.",
                ),
                Mistake(
                    "shift scaled too",
                    lambda kernel, mean, variance, scale, shift: (shift - mean) * scale / _standard(variance),
                    "The shift comes last: nothing divides or scales it.",
                ),
                Mistake(
                    "variance for deviation",
                    lambda kernel, mean, variance, scale, shift: shift - mean * scale / (variance + EPS),
                    "Divided by the variance: it is the root that a normalisation divides by.",
                ),
                Mistake(
                    "eps forgotten",
                    lambda kernel, mean, variance, scale, shift: shift - mean * scale / variance.sqrt(),
                    "PyTorch adds eps = 1e-5 to the variance, which counts where the variance is small.",
                ),
            ),
            edge_cases=_odd_official_gates,
        ),
        Choice(
            "when_equal",
            Question(
                "Filter and bias are loaded. When does our gate agree with the official one?",
                {
                    "in evaluation mode": (
                        "In evaluation mode it uses the running numbers, which we have put into filter and bias."
                    ),
                    "in training mode": (
                        "In training mode it normalises by each batch, and no fixed filter can know the next batch."
                    ),
                    "in both": "In training mode it normalises by the mean and the variance of each batch: not "
                    "in both.",
                },
                right="a",
            ),
        ),
    ),
    hints=(
        "Write down what happens to one logit behind the official filter, in evaluation mode.",
        "A normalisation makes (z − mean)/√(variance + eps) · scale + shift of z. That is a factor at z and a "
        "constant: "
        "the factor can go into the filter, the constant is the bias.",
        "`factor = scale / (variance + 1e-5).sqrt()`",
    ),
)

# --------------------------------------------------------------------------------------------------
# 5 to 7: CBAM, built


def _pools(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean((2, 3)), x.amax((2, 3))


def _maps(x: Tensor) -> Tensor:
    return torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)


class _Channel(nn.Module):
    """The channel gate written out, with one thing that may be otherwise in each subclass."""

    bias = True

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        hidden = self.hidden(channels, reduction)
        self.reduce = nn.Linear(channels, hidden, bias=self.bias)
        self.expand = nn.Linear(hidden, channels, bias=self.bias)

    def hidden(self, channels: int, reduction: int) -> int:
        return max(channels // reduction, 1)

    def mlp(self, pooled: Tensor) -> Tensor:
        return self.expand(self.reduce(pooled).relu())

    def pools(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.mean((2, 3)), x.amax((2, 3))

    def logits(self, x: Tensor) -> Tensor:
        return torch.stack([self.mlp(pooled) for pooled in self.pools(x)]).sum(dim=0)

    def gate(self, x: Tensor) -> Tensor:
        return self.logits(x).sigmoid()[..., None, None]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class _NotShared(_Channel):
    def __init__(self, channels: int, reduction: int = 16):
        super().__init__(channels, reduction)
        hidden = self.hidden(channels, reduction)
        self.reduce_max, self.expand_max = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def logits(self, x: Tensor) -> Tensor:
        mean, largest = self.pools(x)
        return self.mlp(mean) + self.expand_max(self.reduce_max(largest).relu())


class _NoReLU(_Channel):
    def mlp(self, pooled: Tensor) -> Tensor:
        return self.expand(self.reduce(pooled))


class _ReLUAtTheEnd(_Channel):
    def mlp(self, pooled: Tensor) -> Tensor:
        return self.expand(self.reduce(pooled)).relu()


class _ReLUAfterTheSum(_Channel):
    def logits(self, x: Tensor) -> Tensor:
        return self.mlp(torch.stack(self.pools(x)).sum(dim=0))


class _ReLUAfterTheHiddenSum(_Channel):
    def logits(self, x: Tensor) -> Tensor:
        return self.expand(torch.stack([self.reduce(pooled) for pooled in self.pools(x)]).sum(dim=0).relu())


class _ExpandedOnce(_Channel):
    """The hidden layers added behind their ReLUs: the same matrices, and the outer bias once."""

    def logits(self, x: Tensor) -> Tensor:
        return self.expand(torch.stack([self.reduce(pooled).relu() for pooled in self.pools(x)]).sum(dim=0))


class _ReLUAfterBoth(_NoReLU):
    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x).relu()


class _NoNewAxes(_Channel):
    def gate(self, x: Tensor) -> Tensor:
        return self.logits(x).sigmoid()


class _NoNewAxesGateFirst(_NoNewAxes):
    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x) * x


class _TwoSigmoids(_Channel):
    def gate(self, x: Tensor) -> Tensor:
        return torch.stack([self.mlp(pooled).sigmoid() for pooled in self.pools(x)]).sum(dim=0)[..., None, None]


class _NoSigmoid(_Channel):
    def gate(self, x: Tensor) -> Tensor:
        return self.logits(x)[..., None, None]


class _Softmax(_Channel):
    def gate(self, x: Tensor) -> Tensor:
        return self.logits(x).softmax(dim=1)[..., None, None]


class _MeanOnly(_Channel):
    def pools(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.mean((2, 3)),)


class _MaximumOnly(_Channel):
    def pools(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.amax((2, 3)),)


class _Averaged(_Channel):
    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x) / 2


class _AbsoluteMaximum(_Channel):
    def pools(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.mean((2, 3)), x.abs().amax((2, 3))


class _GateReturned(_Channel):
    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x)


class _NotApplied(_Channel):
    def forward(self, x: Tensor) -> Tensor:
        self.gate(x)
        return x * 1


class _Shortcut(_Channel):
    def forward(self, x: Tensor) -> Tensor:
        return x + x * self.gate(x)


class _NoBias(_Channel):
    bias = False


class _RatioIgnored(_Channel):
    def hidden(self, channels: int, reduction: int) -> int:
        return max(channels // 16, 1)


class _NoHiddenUnit(_Channel):
    def hidden(self, channels: int, reduction: int) -> int:
        return channels // reduction


class _HalfOpen(_Channel):
    def forward(self, x: Tensor) -> Tensor:
        return x / 2


class _OverTheBatch(_Channel):
    def pools(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.mean((0, 2, 3))[None].expand(len(x), -1), x.amax((0, 2, 3))[None].expand(len(x), -1)


def _channel_maps(generator: torch.Generator) -> Iterable[Case]:
    for (n, channels, height, width), reduction in (((2, 8, 3, 4), 4), ((3, 12, 4, 2), 3), ((2, 32, 2, 3), 16)):
        yield Case((torch.randn(n, channels, height, width, generator=generator),), (channels, reduction))
    yield Case((torch.randn(2, 8, 5, 4, generator=generator),), (8, 2), method="gate")


def _odd_channel_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)

    def some(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    yield "fewer channels than the ratio", Case((some(2, 6, 3, 2),), (6, 16))
    yield "one channel", Case((some(2, 1, 4, 3),), (1, 2))
    yield "a single picture", Case((some(1, 8, 2, 5),), (8, 2))
    yield "a map of one place", Case((some(3, 8, 1, 1),), (8, 4))
    yield "pictures, channels, height and width all equal", Case((some(4, 4, 4, 4),), (4, 2))
    yield "below 0 everywhere", Case((-some(2, 8, 3, 3).abs() - 0.5,), (8, 4))
    yield "30 channels at ratio 8, which is rounded down", Case((some(2, 30, 2, 2),), (30, 8))


channel_gate = Exercise(
    "channel_gate",
    "Build: the channel gate",
    (
        Module(
            "ChannelGate",
            "ChannelGate(channels, reduction) → a module with reduce and expand, which scales the channels of "
            "(N, C, H, W)",
            ChannelAttention,
            _channel_maps,
            (
                Mistake(
                    "MLP not shared",
                    _NotShared,
                    "There are two MLPs, one for each pool. Mean and maximum share one: run it twice.",
                ),
                Mistake("no ReLU", _NoReLU, "The ReLU between the two layers is missing: two linear maps are one."),
                Mistake("ReLU at the end", _ReLUAtTheEnd, "The ReLU belongs between the two layers, not behind them."),
                Mistake(
                    "ReLU after the sum",
                    _ReLUAfterTheSum,
                    "Mean and maximum are added before the MLP. Each goes through the whole MLP, then add.",
                ),
                Mistake(
                    "ReLU after the hidden sum",
                    _ReLUAfterTheHiddenSum,
                    "The two hidden layers are added before the ReLU. Each goes through the whole MLP, then add.",
                ),
                Mistake(
                    "expand run once",
                    _ExpandedOnce,
                    "expand runs once, on the sum of the hidden layers: its bias enters once. The whole MLP runs on "
                    "both pools, and b₁ enters twice.",
                ),
                Mistake(
                    "ReLU after both layers",
                    _ReLUAfterBoth,
                    "The ReLU stands behind both layers and the sum. It belongs between the two layers, in each run.",
                ),
                *(
                    Mistake(
                        name,
                        wrong,
                        "The gates (N, C) have no axes for the places: they need two, of length 1, at the end.",
                    )
                    for name, wrong in (("no new axes", _NoNewAxes), ("no new axes, gate first", _NoNewAxesGateFirst))
                ),
                Mistake(
                    "sigmoid before the sum",
                    _TwoSigmoids,
                    "The sigmoid of each, then their sum, which may be above 1. Add first, then squash once.",
                ),
                Mistake("no sigmoid", _NoSigmoid, "The sigmoid is missing: a gate lies between 0 and 1."),
                Mistake("a softmax", _Softmax, "A softmax makes channels compete. Each has a sigmoid of its own."),
                Mistake(
                    "mean only", _MeanOnly, "The maximum is missing: the gate is made of the mean alone, as SE's is."
                ),
                Mistake("maximum only", _MaximumOnly, "The mean is missing: the gate is made of the maximum alone."),
                Mistake("averaged", _Averaged, "What the MLP makes of mean and maximum is averaged here: add the two."),
                Mistake(
                    "absolute maximum",
                    _AbsoluteMaximum,
                    "The largest absolute value was taken. The maximum of −3 and 1 is 1.",
                ),
                Mistake("gate returned", _GateReturned, "The gate came back. The module has to multiply it onto x."),
                Mistake(
                    "gate not applied", _NotApplied, "x came back as it was: a gate is made, and not multiplied on."
                ),
                Mistake(
                    "a shortcut", _Shortcut, "The shortcut is the residual block's, outside: the module only scales."
                ),
                Mistake(
                    "no biases", _NoBias, "The two layers have no biases. Here they have them, as in the authors' code."
                ),
                Mistake(
                    "ratio ignored", _RatioIgnored, "The hidden width does not depend on reduction: is 16 written in?"
                ),
                Mistake(
                    "no hidden unit",
                    _NoHiddenUnit,
                    "6 // 16 is 0, and a gate without a hidden unit never looks at the map. Keep at least one.",
                ),
                Mistake(
                    "one half", _HalfOpen, "Every channel is halved, whatever the map shows: the gate is a constant."
                ),
                Mistake("over the batch", _OverTheBatch, "You pooled over the pictures as well: dims 2 and 3 only."),
            ),
            edge_cases=_odd_channel_maps,
            remark="forward and gate both agree with the tested block.",
        ),
    ),
    hints=(
        "Two layers in the constructor, under the names of the text. What do you do with them twice?",
        "Mean and maximum over height and width are (N, C) each. Each goes through reduce, a ReLU and expand; "
        "their sum "
        "through one sigmoid; and two new axes make it fit to x.",
        "`self.reduce = nn.Linear(channels, …)`, in the constructor",
    ),
)


class _Spatial(SpatialAttention):
    """The tested gate, made with a kernel size only."""

    def __init__(self, kernel_size: int = 7):
        super().__init__(kernel_size)


class _Place(nn.Module):
    """The spatial gate written out, with one thing that may be otherwise in each subclass."""

    planes_read = 2

    def __init__(self, kernel_size: int = 7):
        super().__init__()
        self.conv = nn.Conv2d(self.planes_read, 1, kernel_size, padding=self.padding(kernel_size), bias=False)
        self.norm = nn.BatchNorm2d(1)

    def padding(self, kernel_size: int) -> int:
        return kernel_size // 2

    def planes(self, x: Tensor) -> Tensor:
        return _maps(x)

    def gate(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.planes(x))).sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class _NoPadding(_Place):
    def padding(self, kernel_size: int) -> int:
        return 0


class _PaddingThree(_Place):
    def padding(self, kernel_size: int) -> int:
        return 3


class _PlanesSwapped(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return _maps(x).flip(1)


class _OverPlaces(_Place):
    """The channel gate's axes: a number a channel, which meets the filter as a row of places."""

    def planes(self, x: Tensor) -> Tensor:
        return torch.stack([x.mean((2, 3)), x.amax((2, 3))], dim=1)[..., None]  # (N, 2, C, 1)


class _OverPlacesAndFlat(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return torch.stack([x.mean((2, 3)), x.amax((2, 3))], dim=1)  # (N, 2, C)


class _OverPlacesSideBySide(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)], dim=1)  # (N, 2 C, 1, 1)


class _PlaceNoSigmoid(_Place):
    def gate(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.planes(x)))


class _PlaceSoftmax(_Place):
    def gate(self, x: Tensor) -> Tensor:
        logits = self.norm(self.conv(self.planes(x)))
        return logits.flatten(2).softmax(dim=2).view_as(logits)


class _PlaceNoNorm(_Place):
    def gate(self, x: Tensor) -> Tensor:
        return self.conv(self.planes(x)).sigmoid()


class _NormBehind(_Place):
    def gate(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.planes(x)).sigmoid())


class _MeanTwice(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return _maps(x)[:, [0, 0]]


class _MaximumTwice(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return _maps(x)[:, [1, 1]]


class _PlaceMeanOnly(_Place):
    planes_read = 1

    def planes(self, x: Tensor) -> Tensor:
        return x.mean(dim=1, keepdim=True)


class _SumForMean(_Place):
    def planes(self, x: Tensor) -> Tensor:
        return torch.stack([x.sum(dim=1), x.amax(dim=1)], dim=1)


class _PlaceGateReturned(_Place):
    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x)


class _PlaceNotApplied(_Place):
    def forward(self, x: Tensor) -> Tensor:
        self.gate(x)
        return x * 1


class _PlaceShortcut(_Place):
    def forward(self, x: Tensor) -> Tensor:
        return x + x * self.gate(x)


class _PlaceNoAxis(_Place):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)[:, 0]


def _places(generator: torch.Generator) -> Iterable[Case]:
    for (n, channels, height, width), k in (((2, 3, 5, 4), 3), ((3, 5, 8, 9), 7), ((2, 2, 6, 7), 5)):
        yield Case((torch.randn(n, channels, height, width, generator=generator),), (k,))
    yield Case((torch.randn(2, 3, 5, 4, generator=generator),), (3,), method="gate")


def _odd_places() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)

    def some(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    yield "a filter of a single place", Case((some(2, 3, 3, 4),), (1,))
    yield "one channel", Case((some(2, 1, 4, 3),), (3,))
    yield "a single picture", Case((some(1, 4, 3, 5),), (3,))
    yield "a map of one place", Case((some(4, 3, 1, 1),), (7,))
    yield "a filter larger than the map", Case((some(2, 3, 2, 3),), (7,))
    yield "pictures, channels, height and width all equal", Case((some(3, 3, 3, 3),), (3,))
    yield "below 0 everywhere", Case((-some(2, 4, 3, 5).abs() - 0.5,), (3,))


spatial_gate = Exercise(
    "spatial_gate",
    "Build: the spatial gate",
    (
        Module(
            "SpatialGate",
            "SpatialGate(kernel_size) → a module with conv and norm, which scales the places of (N, C, H, W)",
            _Spatial,
            _places,
            (
                Mistake(
                    "padding forgotten",
                    _NoPadding,
                    "The filter has no padding: its map is smaller than x. Put kernel_size // 2 zeros on each side.",
                ),
                Mistake(
                    "padding 3",
                    _PaddingThree,
                    "The padding is 3, which fits 7 only: half of kernel_size, rounded down.",
                ),
                Mistake("planes swapped", _PlanesSwapped, "The maximum was stacked first. Same shapes, another gate."),
                Mistake(
                    "pooled over the places",
                    _OverPlaces,
                    "You pooled over height and width: that is the channel gate. Here pool over the channels, dim 1.",
                ),
                Mistake(
                    "pooled over the places, no last axis",
                    _OverPlacesAndFlat,
                    "You pooled over height and width: that is the channel gate. Here pool over the channels, dim 1.",
                ),
                Mistake(
                    "pooled over the places, side by side",
                    _OverPlacesSideBySide,
                    "You pooled over height and width: that is the channel gate. Here pool over the channels, dim 1.",
                ),
                Mistake("no sigmoid", _PlaceNoSigmoid, "The sigmoid is missing: a gate lies between 0 and 1."),
                Mistake("a softmax", _PlaceSoftmax, "A softmax makes places compete. Each has a sigmoid of its own."),
                Mistake(
                    "normalisation not used", _PlaceNoNorm, "norm is made and never used: it stands before the sigmoid."
                ),
                Mistake(
                    "normalised behind", _NormBehind, "The normalisation stands before the sigmoid, not behind it."
                ),
                Mistake("mean twice", _MeanTwice, "Both planes are the mean. The second one is the maximum."),
                Mistake("maximum twice", _MaximumTwice, "Both planes are the maximum. The first one is the mean."),
                Mistake("mean only", _PlaceMeanOnly, "The filter reads one plane, the mean: the maximum is missing."),
                Mistake(
                    "sum for mean", _SumForMean, "The first plane is the sum over the channels: divide by their number."
                ),
                Mistake(
                    "gate returned", _PlaceGateReturned, "The gate came back. The module has to multiply it onto x."
                ),
                Mistake(
                    "gate not applied",
                    _PlaceNotApplied,
                    "x came back as it was: a gate is made, and not multiplied on.",
                ),
                Mistake(
                    "a shortcut",
                    _PlaceShortcut,
                    "The shortcut is the residual block's, outside: the module only scales.",
                ),
                Mistake(
                    "gate without its axis",
                    _PlaceNoAxis,
                    "The gate has the shape (N, H, W): without an axis for the channels, pictures meet channels.",
                ),
            ),
            edge_cases=_odd_places,
        ),
    ),
    hints=(
        "What is pooled away here is the channels: the map keeps its height and its width.",
        "Two planes, the mean first, where the channels were: (N, 2, H, W). A filter with padding, a "
        "normalisation and a "
        "sigmoid make (N, 1, H, W) of them.",
        "`self.conv = nn.Conv2d(2, 1, kernel_size, …)`, in the constructor",
    ),
)


class _Both(nn.Module):
    """Both gates, in an order that each subclass says."""

    def __init__(self, channels: int, reduction: int = 16, kernel_size: int = 7):
        super().__init__()
        self.channel = ChannelAttention(channels, reduction)
        self.spatial = SpatialAttention(kernel_size)

    def gates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        channel = self.channel.gate(x)
        return channel, self.spatial.gate(x * channel)

    def forward(self, x: Tensor) -> Tensor:
        channel, spatial = self.gates(x)
        return x * channel * spatial


class _OtherOrder(_Both):
    def gates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        spatial = self.spatial.gate(x)
        return self.channel.gate(x * spatial), spatial


class _SideBySide(_Both):
    def gates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.channel.gate(x), self.spatial.gate(x)


class _ChannelLost(_Both):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.gates(x)[1]


class _SpatialLost(_Both):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.gates(x)[0]


class _ChannelTwice(_Both):
    def forward(self, x: Tensor) -> Tensor:
        return self.spatial(self.channel(self.channel(x)))


class _GatesReturned(_Both):
    def forward(self, x: Tensor) -> Tensor:
        channel, spatial = self.gates(x)
        return channel * spatial


class _Added(_Both):
    def forward(self, x: Tensor) -> Tensor:
        channel, spatial = self.gates(x)
        return x * channel + x * spatial


class _BothShortcut(_Both):
    def forward(self, x: Tensor) -> Tensor:
        channel, spatial = self.gates(x)
        return x + x * channel * spatial


class _SizesIgnored(_Both):
    def __init__(self, channels: int, reduction: int = 16, kernel_size: int = 7):
        super().__init__(channels)


def _both_maps(generator: torch.Generator) -> Iterable[Case]:
    for (n, channels, height, width), *sizes in (((2, 8, 5, 4), 4, 3), ((3, 6, 8, 9), 2, 7), ((2, 16, 3, 6), 4, 5)):
        yield Case((torch.randn(n, channels, height, width, generator=generator),), (channels, *sizes))
    yield Case((torch.randn(2, 8, 5, 4, generator=generator),), (8, 2, 3), method="gate")


def _odd_both_maps() -> Iterable[tuple[str, Case]]:
    generator = torch.Generator().manual_seed(0)

    def some(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    yield "fewer channels than the ratio", Case((some(2, 6, 3, 4),), (6, 16, 3))
    yield "one channel", Case((some(2, 1, 4, 3),), (1, 2, 3))
    yield "a single picture", Case((some(1, 8, 4, 6),), (8, 2, 3))
    yield "a map of one place", Case((some(4, 8, 1, 1),), (8, 4, 7))
    yield "pictures, channels, height and width all equal", Case((some(4, 4, 4, 4),), (4, 2, 3))
    yield "below 0 everywhere", Case((-some(2, 8, 3, 5).abs() - 0.5,), (8, 4, 3))


class _Tested(CBAM):
    """The tested block with the arguments of the exercise."""

    def __init__(self, channels: int, reduction: int = 16, kernel_size: int = 7):
        super().__init__(channels, reduction, kernel_size)

    def gate(self, x: Tensor) -> Tensor:
        return self.spatial.gate(self.channel(x))


class _GateOfX(_Tested):
    def gate(self, x: Tensor) -> Tensor:
        return self.spatial.gate(x)


class _GateOfTheResult(_Tested):
    def gate(self, x: Tensor) -> Tensor:
        return self.spatial.gate(self(x))


both_gates = Exercise(
    "both_gates",
    "Build: one gate after the other",
    (
        Module(
            "Cbam",
            "Cbam(channels, reduction, kernel_size) → a module with channel and spatial, F'' of (N, C, H, W)",
            _Tested,
            _both_maps,
            (
                Mistake(
                    "side by side",
                    _SideBySide,
                    "The spatial gate was computed from F: the parallel form. It looks at F', after the channel gate.",
                ),
                Mistake(
                    "order turned round", _OtherOrder, "The spatial gate came first. The channel gate is to be first."
                ),
                Mistake(
                    "channel gate lost",
                    _ChannelLost,
                    "The spatial gate is right, but it was multiplied onto F: the channel gate got lost.",
                ),
                Mistake(
                    "spatial gate forgotten",
                    _SpatialLost,
                    "That is F', after the channel gate. The spatial gate is missing.",
                ),
                Mistake(
                    "channel gate twice", _ChannelTwice, "The channel gate is applied twice, the second time to F'."
                ),
                Mistake("gates returned", _GatesReturned, "That is the product of the two gates. Multiply it onto x."),
                Mistake("added", _Added, "What the two gates make is added. They stand one behind the other."),
                Mistake(
                    "a shortcut",
                    _BothShortcut,
                    "The shortcut is the residual block's, outside: the module only scales.",
                ),
                Mistake("sizes ignored", _SizesIgnored, "reduction and kernel_size do not reach the two gates."),
            ),
            edge_cases=_odd_both_maps,
            of_methods=(
                Mistake(
                    "gate of x",
                    _GateOfX,
                    "forward is right. In gate the spatial gate was computed from x: the one that is multiplied on "
                    "looks at F'.",
                ),
                Mistake(
                    "gate of the result",
                    _GateOfTheResult,
                    "forward is right. In gate the spatial gate was computed from F'': the one that is multiplied on "
                    "looks at F'.",
                ),
            ),
        ),
        Value(
            "blocks_left",
            9,
            (
                Mistake(
                    "one too many", 10, "0.25¹⁰ is below a millionth already: the last block that is still above it."
                ),
                Mistake("one gate", 19, "Two half-open gates a block leave a quarter, not a half."),
                Mistake(
                    "not rounded", 9.97, "Whole blocks: how many may there be, so that a millionth or more is left?"
                ),
                Mistake("sixteen", 16, "After sixteen blocks 2.3e-10 is left, far below a millionth."),
            ),
            decimals=0,
            remark="And the ResNet has sixteen: hence the shortcut beside each of them.",
        ),
    ),
    hints=(
        "After the channel gate forget the old x.",
        "F' = M_c(F) · F, then F'' = M_s(F') · F'. Your two modules each return a map that is scaled already. For "
        "`blocks_left`: a quarter of a quarter of ….",
        "`self.channel = ChannelGate(…)`, in the constructor",
    ),
)

# --------------------------------------------------------------------------------------------------
# 8: the ring

RINGS = 9  # distances 0 to 8


def _profile(gates: Tensor, dots: Tensor, nearest: Callable[[Tensor], Tensor] = lambda d: (d + 0.5).floor()) -> Tensor:
    return _by_ring(gates, _distances(gates, dots), nearest)


def _distances(gates: Tensor, dots: Tensor) -> Tensor:
    """The distance of every place from the dot of its picture: (n, h, w)."""
    rows = torch.arange(gates.shape[1])[:, None] - dots[:, 0, None, None]
    columns = torch.arange(gates.shape[2]) - dots[:, 1, None, None]
    return (rows.square() + columns.square()).sqrt()


def _by_ring(gates: Tensor, distances: Tensor, nearest: Callable[[Tensor], Tensor]) -> Tensor:
    rings = nearest(distances)
    return torch.stack(
        [gates[rings == r].mean() if bool((rings == r).any()) else gates.new_zeros(()) for r in range(RINGS)]
    )


def _swapped(gates: Tensor, dots: Tensor) -> Tensor:
    return _profile(gates, dots.flip(1))


def _squares(gates: Tensor, dots: Tensor) -> Tensor:
    rows = (torch.arange(gates.shape[1])[:, None] - dots[:, 0, None, None]).abs()
    columns = (torch.arange(gates.shape[2]) - dots[:, 1, None, None]).abs()
    return _by_ring(gates, torch.maximum(rows, columns), lambda d: (d + 0.5).floor())


def _per_picture(gates: Tensor, dots: Tensor) -> Tensor:
    return torch.stack([_profile(gates[i : i + 1], dots[i : i + 1]) for i in range(len(gates))]).mean(dim=0)


def _sums(gates: Tensor, dots: Tensor) -> Tensor:
    rings = (_distances(gates, dots) + 0.5).floor()
    return torch.stack([gates[rings == r].sum() for r in range(RINGS)])


def _gates_and_dots(generator: torch.Generator) -> Iterable[tuple]:
    for n, height, width in ((1, 3, 4), (3, 6, 5), (2, 12, 12)):
        corner = torch.tensor([height - 1.0, width - 1.0])
        dots = (torch.rand(n, 2, generator=generator) * corner * 8).round() / 8 + 0.03
        yield _tenths((n, height, width), 0, 1, generator), dots


def _odd_gates_and_dots() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    gates = _tenths((2, 7, 5), 0, 1, generator)
    yield "a dot in the middle of a place", (gates, torch.tensor([[3.0, 2.0], [0.0, 4.0]]))
    yield "a gate that is open everywhere", (torch.ones(2, 4, 6), torch.tensor([[1.3, 2.2], [0.1, 5.0]]))
    yield "a gate that is shut everywhere", (torch.zeros(1, 4, 4), torch.tensor([[1.3, 2.2]]))
    yield "a map of one place", (torch.tensor([[[0.7]], [[0.2]]]), torch.tensor([[0.1, 0.2], [3.1, 0.0]]))
    yield "a wide map", (_tenths((1, 2, 20), 0, 1, generator), torch.tensor([[0.6, 1.2]]))
    yield (
        "one picture open, one shut, dots at other places",
        (
            torch.stack([torch.ones(9, 9), torch.zeros(9, 9)]),
            torch.tensor([[4.1, 4.2], [0.3, 0.1]]),
        ),
    )


ring = Exercise(
    "ring",
    "Build: train it, and see the ring",
    (
        Function(
            "profile",
            "profile(gates, dots) → (9,): the mean gate over all places of all pictures, by their distance "
            "from the dot",
            _profile,
            _gates_and_dots,
            (
                Mistake("rows and columns", _swapped, "Rows and columns of the dots are swapped: the row comes first."),
                Mistake("squares", _squares, "Rings were counted as squares. The distance is √(rows² + columns²)."),
                Mistake(
                    "cut off",
                    lambda gates, dots: _profile(gates, dots, torch.floor),
                    "The distances are cut off, not rounded: ring 3 goes from 2.5 to 3.5.",
                ),
                Mistake(
                    "rounded up",
                    lambda gates, dots: _profile(gates, dots, torch.ceil),
                    "The distances are rounded up. Ring 3 goes from 2.5 to 3.5.",
                ),
                Mistake("sums", _sums, "Sums, not means: large rings have more places."),
                Mistake(
                    "first picture",
                    lambda gates, dots: _profile(gates[:1], dots[:1]),
                    "That is the first picture alone. Take all places of all pictures together.",
                ),
                Mistake(
                    "one dot for all",
                    lambda gates, dots: _profile(gates, dots[:1].expand(len(gates), 2)),
                    "The first picture's dot was taken for all. Each picture has its own.",
                ),
                Mistake(
                    "picture by picture",
                    _per_picture,
                    "Each picture was averaged first. Take the places of all pictures together, or pictures whose ring "
                    "lies outside count as 0.",
                ),
                Mistake(
                    "not the root",
                    lambda gates, dots: _profile(gates, dots, lambda d: (d.square() + 0.5).floor()),
                    "The squared distance was taken. Take its root.",
                ),
            ),
            edge_cases=_odd_gates_and_dots,
        ),
        Value(
            "open_at",
            3,
            (
                Mistake("in pixels", 12, "In places of the 12 × 12 map: one is 4 pixels."),
                Mistake("the dot", 0, "On the dot itself the gate is nearly shut. Is your network trained?"),
                Mistake(
                    "the corner", 8, "Far away? Use the gates of the trained network, and your profile's largest entry."
                ),
            ),
            decimals=0,
            remark="About 12 pixels, where the digit begins to fill a cell's view: five seeds of ours agree.",
        ),
        Choice(
            "what_it_hides",
            Question(
                "The profile has its peak at the digit's distance. Which claim does it prove?",
                {
                    "the gate is a ring, open on all sides of the dot": (
                        "A blob on the digit alone would lift the same ring's mean: the profile has averaged the sides "
                        "away. Look at the picture."
                    ),
                    "the gate points at the digit": (
                        "A ring open on all sides has the same peak: the profile does not know on which side it "
                        "is open."
                    ),
                    "neither: a mean over all sides cannot tell a ring from a blob": (
                        "It says how far from the dot, and not on which side. The pictures do, or a second profile, on "
                        "the side away from the digit."
                    ),
                },
                right="c",
            ),
        ),
    ),
    hints=(
        "For each picture: how far is each place of the map from the dot? That is a second map of the same size.",
        "A mask for each ring, (distances + 0.5).floor() == r, picks its places out of all pictures at once; "
        "their mean "
        "is one entry. Empty rings stay 0.",
        "`rows = torch.arange(h)[:, None] - …`, of shape (n, h, 1)",
    ),
)

# --------------------------------------------------------------------------------------------------
# 9: the detective. Counted numbers of ResNet-50 at 224×224; a test counts them again.

PARAMETERS = {"one": 26_830_080, "two": 26_464_907, "three": 25_903_412}
OPERATIONS = {"one": 4_091_699_200, "two": 4_108_971_520, "three": 3_859_064_744}

detective = Exercise(
    "detective",
    "Detective: what was built here?",
    (
        Value(
            "first_ratio",
            32,
            (
                Mistake("the default", 16, "At r = 16 the gates alone have 2.5 million weights: 28.1 in all."),
                Mistake("half", 8, "Smaller ratios have larger gates: 30.6 at r = 8."),
                Mistake("twice", 64, "At r = 64 too few weights are left: the gates halve when r doubles."),
            ),
            decimals=0,
        ),
        Choice(
            "first_block",
            Question(
                "What is it that the first row has in every branch?",
                {
                    "SE": "SE has these weights, and half of the added work: one vector a picture, not two.",
                    "the channel gate, on mean and maximum": (
                        "The weights of SE at this ratio, and twice its work: one MLP that runs on two vectors."
                    ),
                    "CBAM": "CBAM has 1,600 weights more, which the third decimal shows, and the work of its filters.",
                },
                right="b",
            ),
        ),
        Value(
            "second_ratio",
            8,
            (
                Mistake(
                    "the default", 16, "That is 25.915 and 3.940: the row that lesson 7 found. This one is larger."
                ),
                Mistake("the other way", 32, "A larger ratio makes the block smaller, not larger."),
                Mistake("too small", 4, "At r = 4 it has 28.145 million weights: too many."),
            ),
            decimals=0,
        ),
        Choice(
            "second_block",
            Question(
                "And the second row, behind the stages?",
                {
                    "CBAM": "Behind the stages CBAM adds next to no work, and this row adds a quarter of a giga.",
                    "BAM": "Few weights and much work: BAM's 3×3 convolutions run over whole maps.",
                    "SE": "SE adds next to no work: it reads one vector a picture.",
                },
                right="b",
            ),
        ),
        Choice(
            "third_row",
            Question(
                "The third row: 25.903 million weights and 3.859 G, said to be CBAM. What do you answer?",
                {
                    "impossible: CBAM adds 2.5 million weights": (
                        "In the sixteen branches, at r = 16. Where else can it sit, and at which ratio?"
                    ),
                    "it sits behind the three stages, at r = 8": (
                        "Three blocks of 256, 512 and 1024 channels at r = 8: CBAM's name, and a seventh of its "
                        "weights."
                    ),
                    "it sits in the branches, at r = 128": (
                        "In the branches the sixteen spatial gates alone, at every ratio, add more work than this."
                    ),
                },
                right="b",
            ),
        ),
    ),
    hints=(
        "A loop over versions, places, blocks and ratios: which of the networks have these numbers?",
        "Version 1 without attention has 3.858 G, version 1.5 has 4.089 G. The weights tell the ratio, the work beyond "
        "the plain network tells the block. Make each with `partial(SqueezeExcitation, reduction=8)`.",
        '`for version, place in itertools.product(("1", "1.5"), ("branch", "stage")):`',
    ),
)

ALL = (
    counts,
    significance,
    relu,
    official,
    channel_gate,
    spatial_gate,
    both_gates,
    ring,
    detective,
)
