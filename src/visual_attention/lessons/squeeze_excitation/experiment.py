"""Lesson 5: a frame announces in which colour a digit is to be read. Does squeeze and excitation help?"""

import functools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from visual_attention._validation import feature_map, one_of
from visual_attention.blocks import SqueezeExcitation
from visual_attention.experiments.store import Experiment, load_weights
from visual_attention.lessons.squeeze_excitation.data import FramedDigits, framed_digits, reframed
from visual_attention.networks import Attention, SmallNetwork, make_attention
from visual_attention.training import accuracy, initialised, one_thread, train

__all__ = [
    "ALL",
    "EXPERIMENT",
    "SLOTS",
    "SMALL",
    "PerPosition",
    "Plain",
    "PlaneNetwork",
    "features_of",
    "gate_measures",
    "pictures",
    "red_framed",
    "start",
    "train_head",
    "train_reader",
    "with_reader",
]

PLANE_CHANNELS = 16
CHANNELS = 3 * PLANE_CHANNELS  # in the slot: the red plane's, the green plane's, the blue plane's
REDUCTION = 4
TRAIN, TEST = 4000, 2000  # pictures
READER_STEPS, HEAD_STEPS = 300, 600
RATE, BATCH = 4e-3, 64


class Plain(nn.Module):
    """As many weights as squeeze and excitation, spent on a plain residual layer: x + W_2 relu(W_1 x) everywhere."""

    def __init__(self, channels: int, reduction: int = REDUCTION):
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // reduction, 1)
        self.expand = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.expand(self.reduce(x).relu())  # (N, C, H, W)


class PerPosition(Plain):
    """Excitation without the squeeze: each position makes its own gates. "NoSqueeze" of SENet, Table 16."""

    def forward(self, x: Tensor) -> Tensor:
        return x * self.expand(self.reduce(x).relu()).sigmoid()  # (N, C, H, W)


class Wide(nn.Module):
    """A 3×3 convolution in the slot, beside a shortcut: seventeen times the weights of squeeze and excitation."""

    def __init__(self, channels: int):
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.convolution(x).relu()  # (N, C, H, W)


class PlaneNetwork(nn.Module):
    """One reader of single digits for all three colour planes, a slot for attention, and a head.

    The reader's channels of the three planes are laid beside each other: the slot sees 48 channels, 16 of each
    plane, on a 6×6 grid. A cell of it sees 10×10 pixels of the picture, too few to see frame and digit at once, and
    the head mixes channels and never neighbours. `reader` names the digit of a single plane and is used in
    training only.

    Parameters
    ----------
    attention : as in `resnet50`: None, a name, or a callable that makes a module of a number of channels
    """

    def __init__(self, attention: Attention = None):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, PLANE_CHANNELS, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.reader = nn.Sequential(nn.Flatten(), nn.Linear(PLANE_CHANNELS * 36, 10))
        # The head before the slot: it then starts from the same weights whatever is in the slot.
        self.head = nn.Sequential(nn.Conv2d(CHANNELS, 32, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 36, 10))
        self.attention = make_attention(attention, CHANNELS)

    def features(self, x: Tensor) -> Tensor:
        """What the slot sees: (N, 3, 24, 24) -> (N, 48, 6, 6), channels of the red plane first, then green, blue."""
        feature_map("x", x, 3, block=self)
        each = self.trunk(x.flatten(0, 1)[:, None])  # (3 N, 16, 6, 6)
        return each.unflatten(0, (-1, 3)).flatten(1, 2)  # (N, 48, 6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.attention(self.features(x)))  # (N, 10)


SLOTS = {
    "none": None,
    "plain layer": Plain,
    "per position": PerPosition,
    "3×3 convolution": Wide,
    "SE": functools.partial(SqueezeExcitation, reduction=REDUCTION),
}
_GREY = " (grey)"
VARIANTS = (*SLOTS, *(slot + _GREY for slot in ("none", "plain layer", "SE")))


def start(slot: str, seed: int) -> PlaneNetwork:
    """Return the untrained network with one of `SLOTS`; all slots start from the same trunk and head.

    Raises ValueError for an unknown slot or a seed below 0.
    """
    one_of("slot", slot, tuple(SLOTS))
    return initialised(lambda: PlaneNetwork(SLOTS[slot]), seed)


def pictures(split: str, seed: int, frame: str = "coloured") -> FramedDigits:
    """The pictures that a seed is trained on or tested with (split "train" or "test")."""
    return framed_digits(TRAIN if split == "train" else TEST, frame, split, seed=2 * seed + (split == "test"))


@one_thread()
@torch.no_grad()
def features_of(network: PlaneNetwork, images: Tensor) -> Tensor:
    """What the slot sees of many pictures, some at a time: (n, 3, 24, 24) -> (n, 48, 6, 6)."""
    return torch.cat([network.features(part) for part in images.split(100)])


def train_reader(
    network: PlaneNetwork, data: FramedDigits, seed: int, progress: Callable[[int], Iterable[int]] = range
) -> float:
    """First step: train trunk and reader to name the digit of a single plane. Returns the last steps' mean loss."""
    reading = nn.Sequential(network.trunk, network.reader)
    planes, shown = data.images.flatten(0, 1)[:, None], data.shown.flatten()  # (3 n, 1, 24, 24), (3 n,)
    history = train(
        reading, planes, shown, steps=READER_STEPS, batch=BATCH, learning_rate=RATE, seed=seed, progress=progress
    )
    return history.losses[-50:].mean().item()


def train_head(
    network: PlaneNetwork, data: FramedDigits, seed: int, progress: Callable[[int], Iterable[int]] = range
) -> float:
    """Second step: keep the trunk as it is, train slot and head on the announced digit. Returns the last mean loss."""
    head = nn.Sequential(network.attention, network.head)
    features = features_of(network, data.images)  # (n, 48, 6, 6), computed once: the trunk does not change any more
    history = train(
        head, features, data.labels, steps=HEAD_STEPS, batch=BATCH, learning_rate=RATE, seed=seed, progress=progress
    )
    return history.losses[-50:].mean().item()


@functools.lru_cache(maxsize=1)
def _read(frame: str, seed: int) -> dict[str, Tensor]:
    """The trained trunk and reader of a seed, which all of its variants share."""
    network = start("none", seed)
    train_reader(network, pictures("train", seed, frame), seed)
    return {name: weight for name, weight in network.state_dict().items() if name.startswith(("trunk", "reader"))}


def run(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    """Train one variant for one seed: share of the test pictures that are read right, and the slot's weights."""
    slot, frame = variant.removesuffix(_GREY), "grey" if variant.endswith(_GREY) else "coloured"
    network = start(slot, seed)
    network.load_state_dict(_read(frame, seed), strict=False)
    train_head(network, pictures("train", seed, frame), seed)
    test = pictures("test", seed, frame)
    measured = {
        "accuracy": accuracy(network, test.images, test.labels),
        "weights in the slot": sum(weight.numel() for weight in network.attention.parameters()),
    }
    if variant == "SE":
        measured |= gate_measures(network, test)
    return measured, network


@torch.no_grad()
def gate_measures(network: PlaneNetwork, data: FramedDigits) -> dict[str, float]:
    """Mean gates of the announced plane and of the others, and what happens when the gates are turned by hand.

    For each picture the gates of the announced plane are closed and those of the next one opened fully: how often is
    that one's digit read instead?
    """
    features = features_of(network, data.images)  # (n, 48, 6, 6)
    assert isinstance(network.attention, SqueezeExcitation)
    gates = network.attention.gate(features).reshape(-1, 3, PLANE_CHANNELS)  # (n, 3, 16)
    announced = nn.functional.one_hot(data.frames, 3).bool()  # (n, 3)
    other = announced.roll(1, dims=1)
    turned = gates.masked_fill(announced[..., None], 0).masked_fill(other[..., None], 1).flatten(1)  # (n, 48)
    read = network.head(features * turned[..., None, None]).argmax(dim=1)  # (n,)
    return {
        "announced gates": gates[announced].mean().item(),
        "other gates": gates[~announced].mean().item(),
        "reads the opened plane": (read == data.shown[other]).double().mean().item(),
    }


EXPERIMENT = Experiment(
    name="context",
    question="Does squeeze and excitation help where a frame announces which colour matters?",
    recipe={
        "pictures": {"train": TRAIN, "test": TEST},
        "reader": {"steps": READER_STEPS, "learning rate": RATE, "batch": BATCH},
        "head": {"steps": HEAD_STEPS, "learning rate": RATE, "batch": BATCH},
        "channels in the slot": CHANNELS,
        "reduction": REDUCTION,
    },
    variants=VARIANTS,
    seeds=(0, 1, 2, 3, 4, 5),
    run=run,
    keep=("SE", 0),
)

# ---- the same pictures, one network trained end to end, whose later units see frame and digits together
SMALL_STEPS = 600


def _small_network(slot: str, seed: int) -> SmallNetwork:
    def make() -> SmallNetwork:
        network = SmallNetwork(SLOTS[slot])
        for module in network.modules():
            # He's start weights: with torch's own, some runs never leave chance.
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.get_parameter("bias"))
        return network

    return initialised(make, seed)


def run_small(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    """Train `SmallNetwork` with one of `SLOTS` from start to end on the coloured frames."""
    network, learn, test = _small_network(variant, seed), pictures("train", seed), pictures("test", seed)
    train(network, learn.images, learn.labels, steps=SMALL_STEPS, batch=BATCH, learning_rate=RATE, seed=seed)
    return {
        "accuracy": accuracy(network, test.images, test.labels),
        "weights in the slot": sum(weight.numel() for weight in network.attention.parameters()),
    }, network


SMALL = Experiment(
    name="context_small",
    question="Does it help as much where later units see the frame and the digits together?",
    recipe={
        "pictures": {"train": TRAIN, "test": TEST},
        "training": {"steps": SMALL_STEPS, "learning rate": RATE, "batch": BATCH, "start": "He, normal"},
        "reduction": REDUCTION,
    },
    variants=("none", "plain layer", "SE"),
    seeds=(0, 1, 2, 3, 4),
    run=run_small,
)
# ---- for the exercises


def with_reader(attention: Attention, seed: int = 0) -> PlaneNetwork:
    """Return the network with the stored trunk and reader, trained; its slot, filled by `attention`, and head are new.

    Raises ValueError for a seed below 0, TypeError if `attention` makes no module.
    """
    network = initialised(lambda: PlaneNetwork(attention), seed)
    kept = load_weights(start("SE", 0), "context").state_dict()
    network.load_state_dict({n: w for n, w in kept.items() if n.startswith(("trunk", "reader"))}, strict=False)
    return network


PATCHED = 300  # test pictures


def red_framed() -> tuple[PlaneNetwork, FramedDigits]:
    """The trained network with SE and 300 of its test pictures, all with their frames turned red."""
    network = load_weights(start("SE", 0), "context")
    return network, reframed(FramedDigits(*(part[:PATCHED] for part in pictures("test", 0))), 0)


ALL = (EXPERIMENT, SMALL)
