"""The exercises of lesson 7: channel and spatial attention, and how to read a table.

Right answers come from `visual_attention.blocks`, or from sums that a test repeats on counted networks. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import nn

from courseware.checking import Choice, Exercise, Function, Mistake, Value
from visual_attention.blocks import CBAM, ChannelAttention, SpatialAttention

__all__ = ["ALL", "composition", "counts", "detective", "listing", "official", "relu", "significance", "spatial"]

Tensor = torch.Tensor


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


# --------------------------------------------------------------------------------------------------
# 1: the listing


def _weights_and_shape(x: Tensor, ratio: int, *, hidden: int, gate_only: bool = False) -> Tensor:
    first, second = (nn.Linear(a, b, bias=False) for a, b in ((x.shape[1], hidden), (hidden, x.shape[1])))
    summaries = torch.stack([x.mean((2, 3)), x.amax((2, 3))])
    gate = second(first(summaries).relu()).sum(dim=0).sigmoid()[..., None, None]
    out = gate if gate_only else x * gate
    return torch.tensor([first.weight.numel() + second.weight.numel(), *out.shape], dtype=torch.float32)


def _mended(x: Tensor, ratio: int) -> Tensor:
    block = ChannelAttention(x.shape[1], ratio, bias=False)
    return torch.tensor([sum(w.numel() for w in block.parameters()), *block(x).shape], dtype=torch.float32)


def _convolved(x: Tensor, hidden: int, gate_only: bool) -> Tensor:
    """As the listing does it: with 1×1 convolutions, which refuse a width of 0."""
    first, second = nn.Conv2d(x.shape[1], hidden, 1, bias=False), nn.Conv2d(hidden, x.shape[1], 1, bias=False)
    pools = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
    gate = torch.sigmoid(sum(second(torch.relu(first(pool))) for pool in pools))
    out = gate if gate_only else x * gate
    return torch.tensor([first.weight.numel() + second.weight.numel(), *out.shape], dtype=torch.float32)


def _maps_and_ratios(generator: torch.Generator) -> Iterable[tuple]:
    for channels, ratio in ((32, 8), (32, 16), (64, 4), (8, 16)):
        yield _tenths((2, channels, 2, 3), 0, 2, generator), ratio


listing = Exercise(
    "listing",
    "Debug: the lecture's listing",
    (
        Function(
            "mended",
            "mended(x, ratio) → number of weights, then the four sizes of the refined map, as five floats",
            _mended,
            _maps_and_ratios,
            (
                Mistake(
                    "nothing mended",
                    lambda x, ratio: _convolved(x, x.shape[1] // 16, gate_only=True),
                    "This is the listing as it was. Which argument is never used, and what is returned?",
                ),
                Mistake(
                    "ratio ignored",
                    lambda x, ratio: _weights_and_shape(x, ratio, hidden=max(x.shape[1] // 16, 1)),
                    "The number of weights does not change with ratio: 16 still stands somewhere.",
                ),
                Mistake(
                    "ratio ignored, gate returned",
                    lambda x, ratio: _weights_and_shape(x, ratio, hidden=max(x.shape[1] // 16, 1), gate_only=True),
                    "Narrow maps work now. But ratio is still ignored, and what comes back is the gate, not the map.",
                ),
                Mistake(
                    "gate returned",
                    lambda x, ratio: _weights_and_shape(x, ratio, hidden=max(x.shape[1] // ratio, 1), gate_only=True),
                    "The shape is (N, C, 1, 1): the gate came back, nobody multiplied it onto x.",
                ),
                Mistake(
                    "no hidden unit",
                    lambda x, ratio: _weights_and_shape(x, ratio, hidden=x.shape[1] // ratio),
                    "8 // 16 is 0: a hidden width of 0 makes the gate the constant ½, silently. Keep at least one.",
                ),
                Mistake(
                    "no hidden unit, convolutions",
                    lambda x, ratio: _convolved(x, x.shape[1] // ratio, gate_only=False),
                    "8 // 16 is 0, and a 1×1 convolution to 0 channels fails in the forward pass. Keep at least one.",
                ),
            ),
        ),
        Value(
            "unmended_weights",
            torch.tensor([512, 512, 512]),
            (
                Mistake(
                    "ratio honoured",
                    torch.tensor([1024, 512, 256]),
                    "Those are the mended listing's numbers. What does in_planes // 16 make of ratio?",
                ),
                Mistake("one matrix", torch.tensor([256, 256, 256]), "That is one of the two matrices."),
            ),
            remark="A test that compares ratio 8 with ratio 16 would have found it.",
        ),
    ),
    hints=(
        "Look for a number that should be a variable, and for what `forward` returns.",
        "Mean and maximum go through the same two layers, and the hidden width is never less than 1. The "
        "sigmoid of their sum is multiplied onto x.",
        "`hidden = max(…, 1)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# 2: the detective. Counted numbers of ResNet-50, version 1, 224×224; a test counts them again.

PARAMETERS = {"plain": 25_557_032, "bam": 25_915_099, "cbam": 28_089_624, "se": 28_088_024, "bam_branch": 30_771_496}
OPERATIONS = {"plain": 3.858, "bam": 3.940, "both_pools": 3.863, "cbam": 3.864, "bam_1.5": 4.171}

detective = Exercise(
    "detective",
    "Detective: whose numbers are these?",
    (
        Value(
            "bam_parameters",
            PARAMETERS["bam"] / 1e6,
            (
                Mistake("plain", PARAMETERS["plain"] / 1e6, "That is ResNet-50 with nothing in its slots."),
                Mistake("in the branches", PARAMETERS["bam_branch"] / 1e6, 'BAM sits behind stages: place="stage".'),
                Mistake("extra only", 0.358, "That is what BAM adds. Give the whole network."),
                Mistake("exact", float(PARAMETERS["bam"]), "Give millions: divide by 10⁶."),
                Mistake("units of 2^20", PARAMETERS["bam"] / 2**20, "Millions are 10⁶ here, not 2^20."),
            ),
            decimals=2,
            remark="25.92 to two decimals, as Table 1 prints for SE.",
        ),
        Value(
            "bam_operations",
            OPERATIONS["bam"],
            (
                Mistake("version 1.5", OPERATIONS["bam_1.5"], 'The papers use version "1": stride in the first 1×1.'),
                Mistake("FLOPs", 2 * OPERATIONS["bam"], "A product and its sum count once: multiply-adds."),
            ),
            decimals=2,
        ),
        Value(
            "overhead_twice",
            2 * OPERATIONS["bam"] - OPERATIONS["plain"],
            (
                Mistake("all twice", 2 * OPERATIONS["bam"], "Only what BAM adds is counted twice, not the network."),
                Mistake("once", OPERATIONS["bam"], "That is the overhead once. The third row has it twice."),
            ),
            decimals=2,
            remark="4.02: the row avg & max of Table 1.",
        ),
        Value(
            "right_parameters",
            PARAMETERS["se"] / 1e6,
            (Mistake("printed", 25.92, "25.92 is what Table 1 prints. Count the network with the channel gate."),),
            decimals=2,
        ),
        Value(
            "right_operations",
            OPERATIONS["both_pools"],
            (
                Mistake("printed", 4.02, "4.02 is what Table 1 prints. Count the network with the channel gate."),
                Mistake("plain", OPERATIONS["plain"], "That is the network without any gate."),
            ),
            decimals=3,
        ),
        Choice(
            "second_pooling",
            "c",
            {
                "a": "Pooling all sixteen maps once more takes 5.5 million sums, 0.0055 G: fifteen times too little.",
                "b": "The MLP reads two vectors for each picture: 2.5 million products more, 0.0025 G.",
                "c": "Nothing in this network costs that much; BAM's 3×3 convolutions over whole maps do.",
            },
        ),
    ),
    hints=(
        "Count the plain network as well: what a module adds is a difference.",
        "Twice the overhead means plain + 2 · (with BAM − plain). For the two right numbers put "
        "`SqueezeExcitation` and `ChannelAttention` into the branches.",
        '`count_cost(resnet50(BAM, version="1", place="stage"), (1, 3, 224, 224))` has `.parameters` and '
        "`.multiply_adds`.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 3: the ReLU


def _two_matrices(generator: torch.Generator) -> Iterable[tuple]:
    for channels, hidden in ((3, 2), (4, 1), (6, 3)):
        yield _tenths((hidden, channels), -1, 1, generator), _tenths((channels, hidden), -1, 1, generator)


def _sigmoid(*logits: float) -> Tensor:
    return torch.tensor(logits, dtype=torch.float64).sigmoid()


relu = Exercise(
    "relu",
    "Prove and check: drop the ReLU",
    (
        Value(
            "with_relu",
            _sigmoid(3, -1.5),
            (
                Mistake(
                    "no ReLU", _sigmoid(1, -0.5), "The hidden sum is 3 − 2 there: ReLU comes before the sum, twice."
                ),
                Mistake("mean only", _sigmoid(3, -1.5).flip(0), "The channels are swapped."),
                Mistake(
                    "ReLU last", torch.tensor([3.0, 0.0]).double().sigmoid(), "ReLU belongs after W₀, not at the end."
                ),
                Mistake(
                    "softmax", torch.tensor([3.0, -1.5]).double().softmax(0), "Gates are sigmoids: no competition."
                ),
                Mistake("logits", torch.tensor([3.0, -1.5]), "Those are the logits: take their sigmoid."),
            ),
        ),
        Value(
            "without_relu",
            _sigmoid(1, -0.5),
            (Mistake("with ReLU", _sigmoid(3, -1.5), "That is the gate with the ReLU: now let −2 pass."),),
        ),
        Function(
            "merged",
            "merged(w0, w1) → one matrix (C, C) that turns mean + max into the logits of the gate without ReLU",
            lambda w0, w1: w1 @ w0,
            _two_matrices,
            (
                Mistake("wrong order", lambda w0, w1: w0 @ w1, "W₀ is applied first, so it stands on the right."),
                Mistake("transposed", lambda w0, w1: (w1 @ w0).T, "Rows and columns are swapped."),
                Mistake("twice", lambda w0, w1: 2 * w1 @ w0, "Mean and maximum are in the sum already: no factor 2."),
            ),
            remark="One matrix, one descriptor: the second pooling has gained nothing but a sum.",
        ),
    ),
    hints=(
        "Compute the hidden number twice, for the means and for the maxima.",
        "The ReLU acts on each of the two hidden numbers before they are added. Without it, linear maps in a "
        "row are one matrix: mind the order.",
        "Hidden numbers: 4 − 1 = 3 for the means, 4 − 6 = −2 for the maxima.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 4: the spatial gate


def _maps(x: Tensor) -> Tensor:
    return torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)


def _spatial(x: Tensor, kernel: Tensor) -> Tensor:
    module = SpatialAttention(kernel.shape[-1], norm=False)
    module.conv.weight.data = kernel
    return module(x)


def _gate_of(maps: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(maps, kernel, padding=kernel.shape[-1] // 2).sigmoid()


def _maps_and_kernels(generator: torch.Generator) -> Iterable[tuple]:
    for n, channels, side, k in ((1, 2, 3, 3), (2, 3, 4, 3), (1, 5, 8, 7)):
        yield _tenths((n, channels, side, side), 0, 3, generator), _tenths((1, 2, k, k), -1, 1, generator)


spatial = Exercise(
    "spatial",
    "Implement: the spatial gate",
    (
        Function(
            "spatial_attention",
            "spatial_attention(x, kernel) → the refined map, shape of x; kernel (1, 2, k, k), planes mean and max",
            _spatial,
            _maps_and_kernels,
            (
                Mistake(
                    "gate returned",
                    lambda x, kernel: _gate_of(_maps(x), kernel),
                    "This is the gate, one plane. Multiply it onto x.",
                ),
                Mistake(
                    "planes swapped",
                    lambda x, kernel: x * _gate_of(_maps(x).flip(1), kernel),
                    "The maximum was stacked first. Same shapes, another gate.",
                ),
                Mistake(
                    "no sigmoid",
                    lambda x, kernel: x * F.conv2d(_maps(x), kernel, padding=kernel.shape[-1] // 2),
                    "The logits were multiplied onto x: a gate lies between 0 and 1.",
                ),
                Mistake(
                    "softmax",
                    lambda x, kernel: (
                        x
                        * F.conv2d(_maps(x), kernel, padding=kernel.shape[-1] // 2)
                        .flatten(2)
                        .softmax(2)
                        .reshape(x[:, :1].shape)
                    ),
                    "A softmax over positions makes them compete. CBAM gates each position by itself.",
                ),
                Mistake(
                    "added to the input",
                    lambda x, kernel: x + x * _gate_of(_maps(x), kernel),
                    "The shortcut is the residual block's, outside: the module only scales.",
                ),
                Mistake(
                    "sum for mean",
                    lambda x, kernel: x * _gate_of(torch.stack([x.sum(dim=1), x.amax(dim=1)], dim=1), kernel),
                    "The first plane is the sum over the channels: divide by their number.",
                ),
            ),
        ),
    ),
    hints=(
        "Pool over the channels: the map keeps its height and its width.",
        "Two planes, the mean first, side by side where the channels were. Padding by half of the filter "
        "keeps the size.",
        "`mean, maximum = x.mean(dim=1), …`, each of shape (N, H, W).",
    ),
)

# --------------------------------------------------------------------------------------------------
# 5: the official weights


def _kernels(generator: torch.Generator) -> Iterable[tuple]:
    for k in (3, 3, 7):
        yield (_tenths((1, 2, k, k), -2, 2, generator),)


official = Exercise(
    "official",
    "Debug: a checkpoint that loads and does not fit",
    (
        Function(
            "to_ours",
            "to_ours(kernel) → the official kernel (1, 2, k, k), so that it fits a stack of mean and max",
            lambda kernel: kernel.flip(1),
            _kernels,
            (
                Mistake(
                    "unchanged",
                    lambda kernel: kernel,
                    "It loads without an error: the shapes agree, the planes do not.",
                ),
                Mistake(
                    "turned in the plane",
                    lambda kernel: kernel.flip(2, 3),
                    "That turns the filter round by 180°. The two input planes have to change places.",
                ),
                Mistake(
                    "everything turned",
                    lambda kernel: kernel.flip(1, 2, 3),
                    "The planes are right, but the filter was also turned round in the plane.",
                ),
                Mistake(
                    "negated", lambda kernel: -kernel, "A sign turns the gate inside out; it does not swap planes."
                ),
            ),
        ),
        Choice(
            "still_missing",
            "b",
            {
                "a": "The bottleneck has biases in the official code: a listing without them drops weights.",
                "b": "Biases in the MLP, and a batch normalisation with running statistics behind the convolution.",
                "c": "The gate is batch-normalised in the official code, with statistics that the listing cannot hold.",
            },
        ),
    ),
    hints=(
        "Which axis of the kernel belongs to the two input planes?",
        "(max, mean) has to become (mean, max). Nothing else moves. For the letter: which parameters of the "
        "official code have no layer in the listing that could take them?",
        "`kernel` has the shape (1, 2, k, k), and the planes are dim 1.",
    ),
)

# --------------------------------------------------------------------------------------------------
# 6: counts

BLOCKS = ((3, 256), (4, 512), (6, 1024), (3, 2048))  # of ResNet-50: number and channels
_CHANNEL = sum(n * 2 * c * c // 16 for n, c in BLOCKS)
_SHARE = 100 * _CHANNEL / (_CHANNEL + 16 * 98)

counts = Exercise(
    "counts",
    "By hand: where the weights sit",
    (
        Value(
            "one_gate",
            98,
            (
                Mistake("one plane", 49, "49 would be one input plane. The filter reads mean and max."),
                Mistake("a filter a channel", 98 * 256, "The channels are pooled away before the filter sees the map."),
                Mistake("with bias", 99, "The convolution has no bias."),
            ),
        ),
        Value("small_gate", 18, (Mistake("one plane", 9, "9 is one input plane of two."),)),
        Value(
            "sixteen_gates",
            1568,
            (
                Mistake("one plane", 784, "784 is 16 · 49: two input planes."),
                Mistake("four", 392, "392 is four gates, one a stage. There is one in each of the 16 blocks."),
            ),
        ),
        Value(
            "channel_gates",
            _CHANNEL,
            (
                Mistake(
                    "blocks forgotten", sum(2 * c * c // 16 for _, c in BLOCKS), "Each stage has 3, 4, 6 or 3 blocks."
                ),
                Mistake("one matrix", _CHANNEL // 2, "There are two matrices, W₀ and W₁."),
                Mistake("two MLPs", 2 * _CHANNEL, "Mean and maximum share one MLP."),
            ),
        ),
        Value(
            "channel_share",
            _SHARE,
            (
                Mistake("the other share", 100 - _SHARE, "That is the spatial gates' share."),
                Mistake("a fraction", _SHARE / 100, "In per cent, please."),
            ),
            decimals=1,
        ),
    ),
    hints=(
        "How many planes does the filter read, and how many does it write?",
        "A convolution has in · out · k · k weights. A channel gate has two matrices, together 2C²/r, which "
        "mean and maximum share.",
        "`one_gate = 2 * …`",
    ),
)

# --------------------------------------------------------------------------------------------------
# 7: is it meaningful?

_P, _Q, _N = 0.2266, 0.2278, 50_000
_ONE = 100 * math.sqrt(_P * (1 - _P) / _N)
_BOTH = 100 * math.sqrt((_P * (1 - _P) + _Q * (1 - _Q)) / _N)

significance = Exercise(
    "significance",
    "Judge: is 0.12 points meaningful?",
    (
        Value(
            "pictures",
            60,
            (
                Mistake("per cent taken twice", 0.6, "0.12 % of 50,000: divide by 100 once."),
                Mistake("a fraction", 6000, "0.12 points are 0.12 %, not 12 %."),
            ),
            decimals=0,
        ),
        Value(
            "standard_error",
            _ONE,
            (
                Mistake("a fraction", _ONE / 100, "Too small: in points (per cent), and a root, please."),
                Mistake(
                    "not divided",
                    100 * math.sqrt(_P * (1 - _P)),
                    "That is the spread of a single picture: divide by √n.",
                ),
            ),
            decimals=2,
        ),
        Value(
            "of_the_difference",
            _BOTH,
            (
                Mistake("added", 2 * _ONE, "Standard errors add as squares, not plainly."),
                Mistake("one model", _ONE, "That is one model's. Both are samples."),
                Mistake("subtracted", 0.0, "Errors of independent numbers do not cancel in a difference."),
            ),
            decimals=2,
        ),
        Choice(
            "verdict",
            "c",
            {
                "a": "Bold type marks the smallest number, not a tested one.",
                "b": "A difference below its standard error is no proof of equality: nothing was shown either way.",
                "c": "Below one standard error, one run each: the table cannot tell the two orders apart.",
            },
        ),
    ),
    hints=(
        "An error rate is a share of 50,000 pictures, like heads among tosses of a coin.",
        "A share p of n has the standard error √(p(1 − p)/n). For a difference of independent numbers the "
        "squares add up.",
        "`standard_error = 100 * math.sqrt(0.2266 * …)`",
    ),
)

# --------------------------------------------------------------------------------------------------
# 8: the composition


def _gate_channel(x: Tensor, w0: Tensor, w1: Tensor) -> Tensor:
    summaries = torch.stack([x.mean((2, 3)), x.amax((2, 3))])
    return ((summaries @ w0.T).relu() @ w1.T).sum(dim=0).sigmoid()[..., None, None]


def _gate_spatial(x: Tensor, kernel: Tensor) -> Tensor:
    return _gate_of(_maps(x), kernel)


def _arranged(arrangement: str):
    def run(x: Tensor, w0: Tensor, w1: Tensor, kernel: Tensor) -> Tensor:
        block = CBAM(x.shape[1], 1, kernel.shape[-1], arrangement=arrangement, bias=False, norm=False)
        block.channel.reduce.weight.data, block.channel.expand.weight.data = w0, w1
        block.spatial.conv.weight.data = kernel
        return block(x)

    return run


def _all_parts(generator: torch.Generator) -> Iterable[tuple]:
    for channels, hidden, side in ((2, 1, 3), (3, 2, 4), (6, 2, 5)):
        yield (
            _tenths((2, channels, side, side), 0, 3, generator),
            _tenths((hidden, channels), -1, 1, generator),
            _tenths((channels, hidden), -2, 2, generator),
            _tenths((1, 2, 3, 3), -1, 1, generator),
        )


composition = Exercise(
    "composition",
    "Implement: the composition, and its orders",
    (
        Function(
            "cbam",
            "cbam(x, w0, w1, kernel) → F'', channel gate first; kernel (1, 2, 3, 3), no bias, no normalisation",
            _arranged("channel_spatial"),
            _all_parts,
            (
                Mistake(
                    "spatial gate of F",
                    _arranged("parallel"),
                    "The spatial gate was computed from F: the parallel form. It looks at F', after the channel gate.",
                ),
                Mistake("spatial first", _arranged("spatial_channel"), "The spatial gate came first."),
                Mistake(
                    "only the gates",
                    lambda x, w0, w1, kernel: (
                        _gate_channel(x, w0, w1) * _gate_spatial(x * _gate_channel(x, w0, w1), kernel)
                    ),
                    "That is the product of the two gates. Multiply it onto x.",
                ),
                Mistake(
                    "channel gate lost",
                    lambda x, w0, w1, kernel: x * _gate_spatial(x * _gate_channel(x, w0, w1), kernel),
                    "The spatial gate is right, but it was multiplied onto F: the channel gate got lost.",
                ),
                Mistake(
                    "no ReLU",
                    lambda x, w0, w1, kernel: _without_relu(x, w0, w1, kernel),
                    "The MLP has no ReLU: it reads the sum of mean and maximum only.",
                ),
            ),
        ),
        Value(
            "trunk",
            16 * math.log10(0.25),
            (
                Mistake("one gate", 16 * math.log10(0.5), "Two half-open gates a block leave a quarter, not a half."),
                Mistake("one block", math.log10(0.25), "That is one block. There are sixteen in a row."),
            ),
            decimals=1,
            remark="2.3e-10 of the signal: hence the residual branch.",
        ),
    ),
    hints=(
        "After the channel gate forget the old x.",
        "F' = M_c(F) · F, then F'' = M_s(F') · F'. One MLP for mean and maximum: add what it makes of them, "
        "then squash. For `trunk`: half of a half, sixteen times.",
        "`mean, maximum = x.mean(dim=(2, 3)), …`, each of shape (N, C).",
    ),
)


def _without_relu(x: Tensor, w0: Tensor, w1: Tensor, kernel: Tensor) -> Tensor:
    gate = ((x.mean((2, 3)) + x.amax((2, 3))) @ w0.T @ w1.T).sigmoid()[..., None, None]
    return x * gate * _gate_spatial(x * gate, kernel)


ALL = (listing, detective, relu, spatial, official, counts, significance, composition)
