"""The exercises of lesson 7: channel and spatial attention, and how to read a table.

Right answers come from `visual_attention.blocks`, or from sums that a test repeats on counted networks. Wrong ones are
written out, so that a check can name them.
"""

import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import nn

from courseware.exercises.function import Function
from courseware.exercises.multiple_choice import Question
from courseware.exercises.questions import Choice, Exercise, Mistake, Value
from visual_attention.blocks import CBAM, ChannelAttention, SpatialAttention

__all__ = ["ALL", "composition", "counts", "detective", "listing", "official", "relu", "significance", "spatial"]

Tensor = torch.Tensor


def _tenths(size: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Random numbers with one decimal: what a report prints is what the function was given."""
    return ((low + (high - low) * torch.rand(size, generator=generator)) * 10).round() / 10


# --------------------------------------------------------------------------------------------------
# 1: the listing


SEED = 7  # of the random weights: two functions that draw them alike return the same map

Layers = tuple[nn.Module, nn.Module]


def _layers(channels: int, hidden: int, bias: bool = False) -> Layers:
    """The two layers of the listing. A 1×1 convolution draws the same weights as a linear map of these sizes."""
    return nn.Linear(channels, hidden, bias=bias), nn.Linear(hidden, channels, bias=bias)


def _mended(x: Tensor, ratio: int) -> Tensor:
    torch.manual_seed(SEED)
    return ChannelAttention(x.shape[1], ratio, bias=False)(x)


def _hidden(x: Tensor, ratio: int) -> int:
    return max(x.shape[1] // ratio, 1)


def _shared_mlp(layers: Layers, pools: Iterable[Tensor]) -> Tensor:
    first, second = layers
    return sum(second(first(pool).relu()) for pool in pools)


def _pools(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean((2, 3)), x.amax((2, 3))


def _gate(x: Tensor, hidden: int, logits: Callable[[Layers, tuple[Tensor, Tensor]], Tensor] = _shared_mlp) -> Tensor:
    torch.manual_seed(SEED)
    return logits(_layers(x.shape[1], hidden), _pools(x)).sigmoid()[..., None, None]


def _convolved(x: Tensor, hidden: int) -> Tensor:
    """The gate as the listing makes it: with 1×1 convolutions, which refuse a width of 0."""
    torch.manual_seed(SEED)
    layers = nn.Conv2d(x.shape[1], hidden, 1, bias=False), nn.Conv2d(hidden, x.shape[1], 1, bias=False)
    return _shared_mlp(layers, (F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1))).sigmoid()


def _gate_of_layers(x: Tensor, layers: Layers) -> Tensor:
    return _shared_mlp(layers, _pools(x)).sigmoid()[..., None, None]


def _seeded_gate_of_pools(x: Tensor, ratio: int, pools: tuple[Tensor, Tensor]) -> Tensor:
    return _gate(x, _hidden(x, ratio), lambda layers, _: _shared_mlp(layers, pools))


def _made_in_the_other_order(x: Tensor, ratio: int) -> Tensor:
    torch.manual_seed(SEED)
    hidden = _hidden(x, ratio)
    second = nn.Linear(hidden, x.shape[1], bias=False)
    return x * _gate_of_layers(x, (nn.Linear(x.shape[1], hidden, bias=False), second))


def _with_biases(x: Tensor, ratio: int) -> Tensor:
    torch.manual_seed(SEED)
    return x * _gate_of_layers(x, _layers(x.shape[1], _hidden(x, ratio), bias=True))


def _with_another_seed(x: Tensor, ratio: int) -> Tensor:
    """What the check's own seed for its first inputs makes of a function that sets none."""
    torch.manual_seed(0)
    return x * _gate_of_layers(x, _layers(x.shape[1], _hidden(x, ratio)))


def _two_mlps(x: Tensor, ratio: int) -> Tensor:
    torch.manual_seed(SEED)
    pairs = [_layers(x.shape[1], _hidden(x, ratio)) for _ in range(2)]
    logits = sum(second(first(pool).relu()) for (first, second), pool in zip(pairs, _pools(x), strict=True))
    return x * logits.sigmoid()[..., None, None]


def _maps_and_ratios(generator: torch.Generator) -> Iterable[tuple]:
    for channels, ratio in ((32, 8), (32, 16), (30, 8), (8, 16)):
        yield _tenths((2, channels, 2, 3), -2, 2, generator), ratio


def _odd_maps_and_ratios() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "one channel", (_tenths((2, 1, 3, 2), -2, 2, generator), 16)
    yield "as many channels as the ratio", (_tenths((1, 16, 2, 3), -2, 2, generator), 16)
    yield "a map of one place", (_tenths((2, 24, 1, 1), -2, 2, generator), 4)
    yield "pictures, channels, height and width all equal", (_tenths((3, 3, 3, 3), -2, 2, generator), 2)
    second_negative = _tenths((2, 20, 3, 2), 0.5, 2, generator) * torch.tensor([1, -1]).reshape(2, 1, 1, 1)
    yield "a second picture that is negative everywhere", (second_negative, 4)
    yield "a map of zeros", (torch.zeros(1, 12, 2, 4), 3)


listing = Exercise(
    "listing",
    "Debug: the lecture's listing",
    (
        Function(
            "mended",
            "mended(x, ratio) → the refined map, of the shape of x, made with torch.manual_seed(7), fc1, then fc2",
            _mended,
            _maps_and_ratios,
            (
                Mistake(
                    "nothing mended",
                    lambda x, ratio: _convolved(x, x.shape[1] // 16),
                    "This is the listing as it was. Which argument is never used, and what is returned?",
                ),
                Mistake(
                    "ratio ignored",
                    lambda x, ratio: x * _gate(x, max(x.shape[1] // 16, 1)),
                    "The hidden width does not change with ratio: 16 still stands somewhere.",
                ),
                Mistake(
                    "ratio ignored, gate returned",
                    lambda x, ratio: _gate(x, max(x.shape[1] // 16, 1)),
                    "Narrow maps work now. But ratio is still ignored, and what comes back is the gate, not the map.",
                ),
                Mistake(
                    "gate returned",
                    lambda x, ratio: _gate(x, _hidden(x, ratio)),
                    "The shape is (N, C, 1, 1): the gate came back, nobody multiplied it onto x.",
                ),
                Mistake(
                    "no hidden unit",
                    lambda x, ratio: x * _gate(x, x.shape[1] // ratio),
                    "8 // 16 is 0: a hidden width of 0 makes the gate the constant ½, silently. Keep at least one.",
                ),
                Mistake(
                    "no hidden unit, convolutions",
                    lambda x, ratio: x * _convolved(x, x.shape[1] // ratio),
                    "8 // 16 is 0, and a 1×1 convolution to 0 channels fails in the forward pass. Keep at least one.",
                ),
                Mistake(
                    "rounded up",
                    lambda x, ratio: x * _gate(x, math.ceil(x.shape[1] / ratio)),
                    "The hidden width is rounded up here. The listing rounds down: 30 // 8 is 3.",
                ),
                Mistake(
                    "no attention",
                    lambda x, ratio: x,
                    "x came back as it was: no gate was multiplied onto it.",
                ),
                Mistake(
                    "sigmoid forgotten",
                    lambda x, ratio: (
                        torch.manual_seed(SEED)
                        and x * _shared_mlp(_layers(x.shape[1], _hidden(x, ratio)), _pools(x))[..., None, None]
                    ),
                    "The sigmoid is missing: a gate lies between 0 and 1.",
                ),
                Mistake(
                    "two sigmoids",
                    lambda x, ratio: (
                        x * _gate(x, _hidden(x, ratio), lambda layers, p: _shared_mlp(layers, p[:1]))
                        + x * _gate(x, _hidden(x, ratio), lambda layers, p: _shared_mlp(layers, p[1:]))
                    ),
                    "The sigmoid of each, then their sum, which may be above 1. The listing adds first.",
                ),
                Mistake(
                    "mean only",
                    lambda x, ratio: x * _gate(x, _hidden(x, ratio), lambda layers, p: _shared_mlp(layers, p[:1])),
                    "The maximum is missing: the gate is made from the mean alone.",
                ),
                Mistake(
                    "maximum only",
                    lambda x, ratio: x * _gate(x, _hidden(x, ratio), lambda layers, p: _shared_mlp(layers, p[1:])),
                    "The mean is missing: the gate is made from the maximum alone.",
                ),
                Mistake(
                    "no ReLU",
                    lambda x, ratio: x * _gate(x, _hidden(x, ratio), lambda layers, p: layers[1](layers[0](sum(p)))),
                    "The ReLU between the two layers is missing.",
                ),
                Mistake(
                    "ReLU after the sum",
                    lambda x, ratio: (
                        x * _gate(x, _hidden(x, ratio), lambda layers, p: _shared_mlp(layers, [p[0] + p[1]]))
                    ),
                    "Mean and maximum are added before the ReLU. Each goes through the whole MLP, then add.",
                ),
                Mistake(
                    "two MLPs",
                    _two_mlps,
                    "Mean and maximum have two layers each here. They share one pair of layers.",
                ),
                Mistake(
                    "gate without new axes",
                    lambda x, ratio: x * _gate(x, _hidden(x, ratio))[:, :, 0, 0],
                    "The gate has the shape (N, C): it needs two new axes behind, or it meets height and width.",
                ),
                Mistake(
                    "pooled over the channels",
                    lambda x, ratio: x * _seeded_gate_of_pools(x, ratio, (x.mean(dim=1), x.amax(dim=1))),
                    "You pooled over the channels, dim 1: that is the spatial gate. Here pool over height and width.",
                ),
                Mistake(
                    "made in the other order",
                    _made_in_the_other_order,
                    "fc2 was made before fc1: their random weights are others then.",
                ),
                Mistake("with biases", _with_biases, "The layers have biases: bias=False is asked."),
                Mistake(
                    "no seed",
                    _with_another_seed,
                    "Right, as far as it can be seen, but with other random weights: begin with torch.manual_seed(7).",
                ),
            ),
            edge_cases=_odd_maps_and_ratios,
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
                Mistake(
                    "with biases", torch.tensor([580, 580, 580]), "The listing has bias=False: there are no biases."
                ),
                Mistake("always ratio 8", torch.tensor([1024, 1024, 1024]), "in_planes // 16 is 4 for 64 channels."),
            ),
            decimals=0,
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
OPERATIONS = {
    "plain": 3_857_973_248,
    "bam": 3_940_120_320,
    "se": 3_860_488_192,
    "both_pools": 3_863_003_136,
    "cbam": 3_864_362_102,
    "bam_1.5": 4_171_331_328,
    "both_pools_1.5": 4_094_214_144,
}
GIGA = {name: number / 1e9 for name, number in OPERATIONS.items()}
_TWICE = 2 * GIGA["bam"] - GIGA["plain"]

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
            GIGA["bam"],
            (
                Mistake("version 1.5", GIGA["bam_1.5"], 'The papers use version "1": stride in the first 1×1.'),
                Mistake("FLOPs", 2 * GIGA["bam"], "A product and its sum count once: multiply-adds."),
                Mistake("raw", float(OPERATIONS["bam"]), "Give giga multiply-adds: divide by 10⁹."),
                Mistake("millions", 1e3 * GIGA["bam"], "That is in millions. Give giga: divide by 10⁹."),
                Mistake("plain", GIGA["plain"], "That is ResNet-50 with nothing in its slots."),
                Mistake("extra only", GIGA["bam"] - GIGA["plain"], "That is what BAM adds. Give the whole network."),
            ),
            decimals=2,
        ),
        Value(
            "overhead_twice",
            _TWICE,
            (
                Mistake("all twice", 2 * GIGA["bam"], "Only what BAM adds is counted twice, not the network."),
                Mistake("once", GIGA["bam"], "That is the overhead once. The third row has it twice."),
                Mistake("the overhead alone", _TWICE - GIGA["plain"], "That is twice what BAM adds. Add the network."),
                Mistake("raw", 1e9 * _TWICE, "Give giga multiply-adds: divide by 10⁹."),
            ),
            decimals=2,
            remark="4.02: the row avg & max of Table 1.",
        ),
        Value(
            "right_parameters",
            PARAMETERS["se"] / 1e6,
            (
                Mistake("printed", 25.92, "25.92 is what Table 1 prints. Count the network with the channel gate."),
                Mistake("raw", float(PARAMETERS["se"]), "Give millions: divide by 10⁶."),
                Mistake("plain", PARAMETERS["plain"] / 1e6, "That is the network without any gate."),
                Mistake(
                    "extra only",
                    (PARAMETERS["se"] - PARAMETERS["plain"]) / 1e6,
                    "That is what SE adds. Give the whole.",
                ),
            ),
            decimals=2,
        ),
        Value(
            "right_operations",
            GIGA["both_pools"],
            (
                Mistake("printed", 4.02, "4.02 is what Table 1 prints. Count the network with the channel gate."),
                Mistake("plain", GIGA["plain"], "That is the network without any gate."),
                Mistake(
                    "mean only", GIGA["se"], "3.860 is SE's, which pools by the mean alone. Three decimals are asked."
                ),
                Mistake(
                    "with the spatial gate", GIGA["cbam"], "That is all of CBAM. The row has the channel gate only."
                ),
                Mistake("version 1.5", GIGA["both_pools_1.5"], 'The papers use version "1": stride in the first 1×1.'),
                Mistake("raw", float(OPERATIONS["both_pools"]), "Give giga multiply-adds: divide by 10⁹."),
            ),
            decimals=3,
        ),
        Choice(
            "second_pooling",
            Question(
                "Table 1 says that a second pooling costs 0.08 G. What costs that much?",
                {
                    "pooling every map once more": (
                        "Pooling all sixteen maps once more takes 5.5 million sums, 0.0055 G: fifteen times too little."
                    ),
                    "the MLP, run a second time": (
                        "The MLP reads two vectors for each picture: 2.5 million products more, 0.0025 G."
                    ),
                    "nothing in this network": (
                        "Nothing in this network costs that much; BAM's 3×3 convolutions over whole maps do."
                    ),
                },
                right="c",
            ),
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


def _odd_matrices() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "as many hidden units as channels", tuple(_tenths((3, 3), -1, 1, generator) for _ in range(2))
    yield "more hidden units than channels", (_tenths((4, 2), -1, 1, generator), _tenths((2, 4), -1, 1, generator))
    yield "one channel, one hidden unit", (torch.tensor([[-2.0]]), torch.tensor([[0.5]]))
    yield "negative everywhere", (_tenths((2, 5), -1, -0.5, generator), _tenths((5, 2), -1, -0.5, generator))
    yield (
        "a hidden unit of zeros",
        (torch.tensor([[0.0, 0.0, 0.0], [1.0, -1.0, 2.0]]), _tenths((3, 2), -1, 1, generator)),
    )


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
                Mistake("swapped", _sigmoid(3, -1.5).flip(0), "The channels are swapped."),
                Mistake(
                    "maximum only",
                    _sigmoid(0, 0),
                    "That is the maximum alone, whose hidden number is cut to 0: add the mean's.",
                ),
                Mistake("absolute value", _sigmoid(5, -2.5), "The hidden −2 has become 2. A ReLU makes 0 of it."),
                Mistake(
                    "sigmoid of each",
                    _sigmoid(3, -1.5) + 0.5,
                    "The sigmoid of each, then their sum, which may be above 1. Add first, then squash once.",
                ),
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
            (
                Mistake("with ReLU", _sigmoid(3, -1.5), "That is the gate with the ReLU: now let −2 pass."),
                Mistake("swapped", _sigmoid(1, -0.5).flip(0), "The channels are swapped."),
                Mistake("maximum only", _sigmoid(-2, 1), "That is the maximum alone: add what comes of the means."),
                Mistake("logits", torch.tensor([1.0, -0.5]), "Those are the logits: take their sigmoid."),
                Mistake("averaged", _sigmoid(0.5, -0.25), "Mean and maximum are added, not averaged."),
                Mistake(
                    "sigmoid of each",
                    _sigmoid(3, -1.5) + _sigmoid(-2, 1),
                    "The sigmoid of each, then their sum, which may be above 1. Add first, then squash once.",
                ),
            ),
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
                Mistake("half", lambda w0, w1: w1 @ w0 / 2, "Mean and maximum are added, not averaged: no factor ½."),
                Mistake(
                    "ReLU kept",
                    lambda w0, w1: w1 @ w0.relu(),
                    "There is still a ReLU, and on W₀. It is dropped here, and it never acts on a weight.",
                ),
                Mistake(
                    "entry by entry",
                    lambda w0, w1: w1 * w0.T,
                    "You multiplied entry by entry. Two linear maps in a row are a matrix product.",
                ),
                Mistake(
                    "squashed", lambda w0, w1: (w1 @ w0).sigmoid(), "The sigmoid acts on the logits, not on the matrix."
                ),
            ),
            edge_cases=_odd_matrices,
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


def _gate_of_padded(maps: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(maps, kernel).sigmoid()


def _around(kernel: Tensor) -> tuple[int, int, int, int]:
    return (kernel.shape[-1] // 2,) * 4


def _over_places(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)


def _maps_and_kernels(generator: torch.Generator) -> Iterable[tuple]:
    for n, channels, height, width, k in ((1, 2, 3, 4, 3), (2, 3, 5, 4, 3), (1, 5, 8, 9, 7)):
        yield _tenths((n, channels, height, width), -3, 3, generator), _tenths((1, 2, k, k), -1, 1, generator)


def _odd_maps_and_kernels() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)

    def some(*size: int, low: float = -3, high: float = 3) -> Tensor:
        return _tenths(size, low, high, generator)

    yield "a filter of a single place", (some(2, 3, 3, 4), some(1, 2, 1, 1))
    yield "one channel", (some(2, 1, 4, 3), some(1, 2, 3, 3))
    yield "a map of one place", (some(2, 4, 1, 1), some(1, 2, 3, 3))
    yield "a filter larger than the map", (some(1, 3, 2, 3), some(1, 2, 7, 7, low=-0.5, high=0.5))
    yield "negative everywhere", (some(2, 4, 3, 5, low=-3, high=-1), some(1, 2, 3, 3))
    yield "pictures, channels, height and width all equal", (some(3, 3, 3, 3), some(1, 2, 3, 3))
    yield "all channels equal", (some(2, 1, 3, 4).expand(2, 3, 3, 4).clone(), some(1, 2, 3, 3))


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
                Mistake(
                    "padding forgotten",
                    lambda x, kernel: x * F.conv2d(_maps(x), kernel).sigmoid(),
                    "The filter has no padding: its map is smaller than x. Put k // 2 zeros on each side.",
                ),
                Mistake(
                    "padding forgotten, gate first",
                    lambda x, kernel: F.conv2d(_maps(x), kernel).sigmoid() * x,
                    "The filter has no padding: its map is smaller than x. Put k // 2 zeros on each side.",
                ),
                Mistake(
                    "padding 1",
                    lambda x, kernel: x * F.conv2d(_maps(x), kernel, padding=1).sigmoid(),
                    "The padding is 1, which fits k = 3 only. Take half of k, rounded down.",
                ),
                Mistake(
                    "padding 3",
                    lambda x, kernel: x * F.conv2d(_maps(x), kernel, padding=3).sigmoid(),
                    "The padding is 3, which fits k = 7 only. Take half of k, rounded down.",
                ),
                Mistake(
                    "the edge repeated",
                    lambda x, kernel: x * _gate_of_padded(F.pad(_maps(x), _around(kernel), mode="replicate"), kernel),
                    "The values at the edge were repeated around the map. Zeros are asked there.",
                ),
                Mistake(
                    "pooled over the places",
                    lambda x, kernel: x * _gate_of(torch.cat(_over_places(x), dim=1), kernel),
                    "You pooled over height and width, dims 2 and 3: that is the channel gate. Here pool over dim 1.",
                ),
                Mistake(
                    "pooled over the width",
                    lambda x, kernel: x * _gate_of(torch.stack([x.mean(dim=3), x.amax(dim=3)], dim=1), kernel),
                    "You pooled over dim 3, the width. Pool over the channels, dim 1.",
                ),
                Mistake(
                    "gate without new axis",
                    lambda x, kernel: x * _gate_of(_maps(x), kernel)[:, 0],
                    "The gate has the shape (N, H, W): without an axis for the channels, pictures meet channels.",
                ),
                Mistake(
                    "mean twice",
                    lambda x, kernel: x * _gate_of(_maps(x)[:, [0, 0]], kernel),
                    "Both planes are the mean. The second one is the maximum.",
                ),
                Mistake(
                    "maximum twice",
                    lambda x, kernel: x * _gate_of(_maps(x)[:, [1, 1]], kernel),
                    "Both planes are the maximum. The first one is the mean.",
                ),
                Mistake(
                    "absolute maximum",
                    lambda x, kernel: x * _gate_of(torch.stack([x.mean(dim=1), x.abs().amax(dim=1)], dim=1), kernel),
                    "The second plane is the largest absolute value. The maximum of −3 and 1 is 1.",
                ),
                Mistake(
                    "spread for mean",
                    lambda x, kernel: (
                        x * _gate_of(torch.stack([x.std(dim=1, correction=0), x.amax(dim=1)], dim=1), kernel)
                    ),
                    "The first plane is the standard deviation over the channels. The mean is asked.",
                ),
                Mistake(
                    "filter turned round",
                    lambda x, kernel: x * _gate_of(_maps(x), kernel.flip(2, 3)),
                    "The filter was turned round by 180°. What PyTorch calls a convolution does not turn it.",
                ),
                Mistake(
                    "ReLU in front of the sigmoid",
                    lambda x, kernel: x * F.conv2d(_maps(x), kernel, padding=kernel.shape[-1] // 2).relu().sigmoid(),
                    "There is a ReLU in front of the sigmoid: no gate is below ½.",
                ),
            ),
            edge_cases=_odd_maps_and_kernels,
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


def _odd_kernels() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "a kernel of a single place", (_tenths((1, 2, 1, 1), -2, 2, generator),)
    yield "a plane of zeros", (_tenths((1, 2, 5, 5), -2, 2, generator) * torch.tensor([0, 1]).reshape(1, 2, 1, 1),)
    yield "a kernel like its mirror image", (torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1).expand(1, 2, 3, 3).clone(),)
    yield "two planes that are equal", (_tenths((1, 1, 3, 3), -2, 2, generator).expand(1, 2, 3, 3).clone(),)


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
                Mistake(
                    "transposed",
                    lambda kernel: kernel.transpose(2, 3),
                    "Height and width have changed places. The two input planes have to.",
                ),
                Mistake(
                    "planes swapped and transposed",
                    lambda kernel: kernel.flip(1).transpose(2, 3),
                    "The planes are right, but height and width have changed places too.",
                ),
                Mistake(
                    "first plane twice",
                    lambda kernel: kernel[:, [0, 0]],
                    "Both planes are the first one now: the weights of the mean are lost.",
                ),
                Mistake(
                    "second plane twice",
                    lambda kernel: kernel[:, [1, 1]],
                    "Both planes are the second one now: the weights of the maximum are lost.",
                ),
                Mistake(
                    "axes swapped",
                    lambda kernel: kernel.transpose(0, 1),
                    "That makes one input and two outputs. The order within dim 1 has to change, not the axes.",
                ),
            ),
            edge_cases=_odd_kernels,
        ),
        Choice(
            "still_missing",
            Question(
                "Look at the slides' listing once more. What of the official weights, once the kernel is right, "
                "has no place in it?",
                {
                    "the biases of the MLP, nothing else": (
                        "The biases have no place, right. But look behind the convolution of the spatial gate too."
                    ),
                    "the biases of the MLP and the batch normalisation of the spatial gate": (
                        "Biases in the MLP, and a batch normalisation with running statistics behind the convolution."
                    ),
                    "the batch normalisation, nothing else": (
                        "The normalisation has no place, right. But look at the two layers of the MLP too."
                    ),
                },
                right="b",
            ),
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
                Mistake("with normalisation", 100, "No normalisation is counted here."),
                Mistake("side forgotten", 14, "The filter is 7 × 7, not a row of 7."),
            ),
            decimals=0,
        ),
        Value(
            "small_gate",
            18,
            (
                Mistake("one plane", 9, "9 is one input plane of two."),
                Mistake("with bias", 19, "The convolution has no bias."),
                Mistake("side forgotten", 6, "The filter is 3 × 3, not a row of 3."),
            ),
            decimals=0,
        ),
        Value(
            "sixteen_gates",
            1568,
            (
                Mistake("one plane", 784, "784 is 16 · 49: two input planes."),
                Mistake("four", 392, "392 is four gates, one a stage. There is one in each of the 16 blocks."),
                Mistake("small gates", 288, "288 is for k = 3. k = 7 is asked."),
            ),
            decimals=0,
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
                Mistake("with biases", 2_530_992, "No biases are counted here."),
                Mistake("r forgotten", 16 * _CHANNEL, "The hidden width is C/16, not C."),
                Mistake("with the spatial gates", _CHANNEL + 1568, "That is with the spatial gates. Leave them out."),
                Mistake("in millions", _CHANNEL / 1e6, "That is in millions: give the count itself."),
            ),
            decimals=0,
        ),
        Value(
            "channel_share",
            _SHARE,
            (
                Mistake("the other share", 100 - _SHARE, "That is the spatial gates' share."),
                Mistake("a fraction", _SHARE / 100, "In per cent, please."),
                Mistake("everything", 100.0, "100 leaves nothing to the spatial gates. One decimal is asked."),
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
                Mistake(
                    "per cent taken twice", 0.6, "Less than one picture? Take 0.12 % of 50,000, and divide by 100 once."
                ),
                Mistake("a fraction", 6000, "0.12 points are 0.12 %, not 12 %."),
                Mistake(
                    "errors of the first", 11_330, "That is how many the first one gets wrong. The difference is asked."
                ),
                Mistake(
                    "errors of the second", 11_390, "That is how many the second gets wrong. The difference is asked."
                ),
            ),
            decimals=0,
        ),
        Value(
            "standard_error",
            _ONE,
            (
                Mistake("a fraction", _ONE / 100, "Nearly 0? Give points, which are per cent, no fraction."),
                Mistake(
                    "not divided",
                    100 * math.sqrt(_P * (1 - _P)),
                    "That is the spread of a single picture: divide by √n.",
                ),
                Mistake("variance", _ONE**2, "That is the variance, in points squared. A standard error is its root."),
                Mistake(
                    "1 − p forgotten",
                    100 * math.sqrt(_P / _N),
                    "The factor 1 − p is missing: the variance of one picture is p(1 − p).",
                ),
                Mistake("of the difference", _BOTH, "That is for the difference of two. One error rate is asked."),
                Mistake(
                    "a range", 1.96 * _ONE, "That is the half-width of a 95 % interval. One standard error is asked."
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
                Mistake(
                    "subtracted",
                    0.0,
                    "Nearly 0? Independent errors do not cancel in a difference. And points are per cent, no fraction.",
                ),
                Mistake("variance", _BOTH**2, "That is the variance, in points squared. Take the root."),
                Mistake(
                    "a range", 1.96 * _BOTH, "That is the half-width of a 95 % interval. One standard error is asked."
                ),
            ),
            decimals=2,
        ),
        Choice(
            "verdict",
            Question(
                "What does the table say?",
                {
                    "channel first is better: it is bold in the table": (
                        "Bold type marks the smallest number, not a tested one."
                    ),
                    "the two orders are equally good: the difference is below its standard error": (
                        "A difference below its standard error is no proof of equality: nothing was shown either way."
                    ),
                    "the table cannot tell": (
                        "Below one standard error, one run each: the table cannot tell the two orders apart."
                    ),
                },
                right="c",
            ),
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


def _channel_logits(pools: Iterable[Tensor], w0: Tensor, w1: Tensor) -> Tensor:
    return torch.stack([(pool @ w0.T).relu() @ w1.T for pool in pools]).sum(dim=0)


def _gate_of_pools(pools: Iterable[Tensor], w0: Tensor, w1: Tensor) -> Tensor:
    return _channel_logits(pools, w0, w1).sigmoid()[..., None, None]


def _gate_channel(x: Tensor, w0: Tensor, w1: Tensor) -> Tensor:
    return _gate_of_pools(_pools(x), w0, w1)


def _gate_spatial(x: Tensor, kernel: Tensor) -> Tensor:
    return _gate_of(_maps(x), kernel)


def _then_spatial(x: Tensor, kernel: Tensor) -> Tensor:
    return x * _gate_spatial(x, kernel)


def _with_channel_logits(logits: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The right composition with other logits of the channel gate, made from mean, maximum, w0 and w1."""

    def run(x: Tensor, w0: Tensor, w1: Tensor, kernel: Tensor) -> Tensor:
        return _then_spatial(x * logits(*_pools(x), w0, w1).sigmoid()[..., None, None], kernel)

    return run


def _absolute(x: Tensor, w0: Tensor, w1: Tensor, kernel: Tensor) -> Tensor:
    x = x * _gate_of_pools((x.mean((2, 3)), x.abs().amax((2, 3))), w0, w1)
    return x * _gate_of(torch.stack([x.mean(dim=1), x.abs().amax(dim=1)], dim=1), kernel)


def _arranged(arrangement: str):
    def run(x: Tensor, w0: Tensor, w1: Tensor, kernel: Tensor) -> Tensor:
        block = CBAM(x.shape[1], 1, kernel.shape[-1], arrangement=arrangement, bias=False, norm=False)
        block.channel.reduce.weight.data, block.channel.expand.weight.data = w0, w1
        block.spatial.conv.weight.data = kernel
        return block(x)

    return run


def _all_parts(generator: torch.Generator) -> Iterable[tuple]:
    for n, channels, hidden, height, width in ((1, 2, 1, 3, 4), (2, 3, 2, 5, 4), (2, 6, 3, 4, 5)):
        yield _parts((n, channels, height, width), hidden, generator)


def _parts(size: tuple[int, ...], hidden: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """A map of this size, the two matrices of the MLP, and a filter."""
    return (
        _tenths(size, -3, 3, generator),
        _tenths((hidden, size[1]), -1, 1, generator),
        _tenths((size[1], hidden), -2, 2, generator),
        _tenths((1, 2, 3, 3), -1, 1, generator),
    )


def _odd_parts() -> Iterable[tuple[str, tuple]]:
    generator = torch.Generator().manual_seed(0)
    yield "one channel", _parts((2, 1, 3, 4), 1, generator)
    yield "a map of one place", _parts((2, 4, 1, 1), 2, generator)
    yield "pictures, channels, height and width all equal", _parts((3, 3, 3, 3), 2, generator)
    yield "as many hidden units as channels", _parts((2, 3, 4, 2), 3, generator)
    x, *weights = _parts((2, 4, 3, 5), 2, generator)
    yield "negative everywhere", (-x.abs() - 0.5, *weights)
    yield "a second picture that is negative everywhere", (torch.stack([x[0], -x[1].abs() - 0.5]), *weights)
    yield "a second picture of zeros", (torch.stack([x[0], 0 * x[1]]), *weights)


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
                    _with_channel_logits(lambda mean, top, w0, w1: (mean + top) @ w0.T @ w1.T),
                    "The MLP has no ReLU: it reads the sum of mean and maximum only.",
                ),
                Mistake(
                    "ReLU after the sum",
                    _with_channel_logits(lambda mean, top, w0, w1: ((mean + top) @ w0.T).relu() @ w1.T),
                    "Mean and maximum are added before the ReLU. Each goes through the whole MLP, then add.",
                ),
                Mistake(
                    "mean only",
                    _with_channel_logits(lambda mean, top, w0, w1: (mean @ w0.T).relu() @ w1.T),
                    "The channel gate is made from the mean alone: the maximum goes through the same MLP.",
                ),
                Mistake(
                    "maximum only",
                    _with_channel_logits(lambda mean, top, w0, w1: (top @ w0.T).relu() @ w1.T),
                    "The channel gate is made from the maximum alone: the mean goes through the same MLP.",
                ),
                Mistake(
                    "sigmoid of each",
                    lambda x, w0, w1, kernel: _then_spatial(
                        x * sum(((pool @ w0.T).relu() @ w1.T).sigmoid() for pool in _pools(x))[..., None, None], kernel
                    ),
                    "The sigmoid of each, then their sum, which may be above 1. Add first, then squash once.",
                ),
                Mistake(
                    "channel sigmoid forgotten",
                    lambda x, w0, w1, kernel: _then_spatial(
                        x * _channel_logits(_pools(x), w0, w1)[..., None, None], kernel
                    ),
                    "The channel gate has no sigmoid: its logits were multiplied onto x.",
                ),
                Mistake(
                    "spatial sigmoid forgotten",
                    lambda x, w0, w1, kernel: (
                        (refined := x * _gate_channel(x, w0, w1)) * F.conv2d(_maps(refined), kernel, padding=1)
                    ),
                    "The spatial gate has no sigmoid: its logits were multiplied onto F'.",
                ),
                Mistake(
                    "gate without new axes",
                    lambda x, w0, w1, kernel: _then_spatial(x * _gate_channel(x, w0, w1)[:, :, 0, 0], kernel),
                    "The channel gate has the shape (N, C): it needs two new axes, or it meets height and width.",
                ),
                Mistake(
                    "padding forgotten",
                    lambda x, w0, w1, kernel: (
                        (refined := x * _gate_channel(x, w0, w1)) * F.conv2d(_maps(refined), kernel).sigmoid()
                    ),
                    "The filter has no padding: its map is smaller than x. Put a frame of zeros around it.",
                ),
                Mistake(
                    "planes swapped",
                    lambda x, w0, w1, kernel: (
                        (refined := x * _gate_channel(x, w0, w1)) * _gate_of(_maps(refined).flip(1), kernel)
                    ),
                    "The maximum was stacked first. Same shapes, another gate.",
                ),
                Mistake(
                    "spatial gate pooled over the places",
                    lambda x, w0, w1, kernel: (
                        (refined := x * _gate_channel(x, w0, w1))
                        * _gate_of(torch.cat(_over_places(refined), dim=1), kernel)
                    ),
                    "The spatial gate was pooled over height and width too. It pools over the channels, dim 1.",
                ),
                Mistake(
                    "absolute maximum",
                    _absolute,
                    "The largest absolute value was taken. The maximum of −3 and 1 is 1.",
                ),
                Mistake(
                    "added to the input",
                    lambda x, w0, w1, kernel: x + _then_spatial(x * _gate_channel(x, w0, w1), kernel),
                    "The shortcut is the residual block's, outside: the module only scales.",
                ),
                Mistake(
                    "spatial gate forgotten",
                    lambda x, w0, w1, kernel: x * _gate_channel(x, w0, w1),
                    "That is F', after the channel gate. The spatial gate is missing.",
                ),
                Mistake(
                    "channel gate forgotten",
                    lambda x, w0, w1, kernel: _then_spatial(x, kernel),
                    "The channel gate is missing: w0 and w1 are not used.",
                ),
            ),
            edge_cases=_odd_parts,
        ),
        Value(
            "trunk",
            16 * math.log10(0.25),
            (
                Mistake("one gate", 16 * math.log10(0.5), "Two half-open gates a block leave a quarter, not a half."),
                Mistake("one block", math.log10(0.25), "That is one block. There are sixteen in a row."),
                Mistake("no logarithm", 0.25**16, "That is what is left of the signal, nearly 0. Take its logarithm."),
                Mistake(
                    "natural logarithm", 16 * math.log(0.25), "That is the natural logarithm. The decimal one is asked."
                ),
                Mistake(
                    "binary logarithm", 16 * math.log2(0.25), "That is the binary logarithm. The decimal one is asked."
                ),
                Mistake("sign", -16 * math.log10(0.25), "Less than 1 is left: its logarithm is negative."),
                Mistake("open gates added", math.log10(16 * 0.25), "The gates stand one behind the other: multiply."),
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


ALL = (listing, detective, relu, spatial, official, counts, significance, composition)
