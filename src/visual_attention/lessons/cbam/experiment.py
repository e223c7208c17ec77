"""Lesson 7: does a gate help to read one digit among other things, and does it show where the digit is?"""

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visual_attention.blocks import CBAM, SpatialAttention, SqueezeExcitation
from visual_attention.experiments.store import Experiment
from visual_attention.lessons.cbam.data import CANVAS, DOT, ClutteredDigits, cluttered_digits, single_things
from visual_attention.training import accuracy, initialised, one_thread, train

__all__ = [
    "ALL",
    "CHANNELS",
    "CLUTTER",
    "DOT_SCENE",
    "POINTING",
    "SLOTS",
    "Reader",
    "Trunk",
    "features",
    "fitted_filter",
    "grad_cam",
    "localisation",
    "read_out",
    "run",
    "spatial_gate",
    "train_read_out",
    "trained_trunk",
]

CHANNELS = 32
HIDDEN = 64
REDUCTION = 4
PICTURES, TEST_PICTURES = 4000, 1000
TRUNK: dict[str, Any] = {"pictures": 4000, "steps": 800, "learning_rate": 3e-3, "batch": 64}
READ_OUT: dict[str, Any] = {"steps": 1000, "learning_rate": 4e-3, "batch": 64}
POINTER: dict[str, Any] = {
    "filter": "7×7 on mean and maximum",
    "loss": "cross-entropy of a softmax over the positions",
    "iterations": 60,
}
SEEDS = (0, 1, 2, 3, 4)
TEST_SEED = 1000  # added to the seed, so that the test pictures are arranged otherwise


class Trunk(nn.Module):
    """Three convolutions: pictures (N, 1, H, W) -> (N, 32, H / 4, W / 4), each entry from 14×14 pixels."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, CHANNELS, 3, padding=1)
        self.conv3 = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.conv1(x).relu(), 2)  # (N, 16, H / 2, W / 2)
        return F.max_pool2d(self.conv3(self.conv2(x).relu()).relu(), 2)  # (N, 32, H / 4, W / 4)


class ReadOut(nn.Module):
    """A slot, a hidden layer at each position, the strongest answer over the positions, and a linear layer."""

    def __init__(self, slot: nn.Module, classes: int):
        super().__init__()
        self.slot = slot
        self.hidden = nn.Conv2d(CHANNELS, HIDDEN, 1)
        self.fc = nn.Linear(HIDDEN, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(self.slot(x))

    def answer(self, x: Tensor) -> Tensor:
        """What follows the slot: (N, 32, h, w) -> (N, classes)."""
        return self.fc(self.hidden(x).relu().amax((2, 3)))


class Reader(nn.Module):
    """A trunk and a read-out: pictures (N, 1, H, W) -> (N, classes)."""

    def __init__(self, trunk: Trunk, read_out: ReadOut):
        super().__init__()
        self.trunk, self.read_out = trunk, read_out

    def forward(self, x: Tensor) -> Tensor:
        return self.read_out(self.trunk(x))


class OneMapGate(SpatialAttention):
    """The spatial gate on one map only, the mean or the maximum over the channels."""

    def __init__(self, pool: str):
        super().__init__(7)
        self.pool = pool
        self.conv = nn.Conv2d(1, 1, 7, padding=3, bias=False)

    def gate(self, x: Tensor) -> Tensor:
        pooled = x.mean(1, keepdim=True) if self.pool == "mean" else x.amax(1, keepdim=True)  # (N, 1, H, W)
        return self.norm(self.conv(pooled)).sigmoid()


def _convolution(side: int, groups: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(CHANNELS, CHANNELS, side, padding=side // 2, groups=groups), nn.ReLU())


def _cbam(arrangement: str) -> nn.Module:
    return CBAM(CHANNELS, REDUCTION, arrangement=arrangement)


SLOTS = {
    "none": nn.Identity,
    "3×3 convolution": lambda: _convolution(3),
    "7×7 depthwise convolution": lambda: _convolution(7, CHANNELS),
    "SE": lambda: SqueezeExcitation(CHANNELS, REDUCTION),
    "spatial 3×3": lambda: SpatialAttention(3),
    "spatial 7×7": lambda: SpatialAttention(7),
    "spatial 7×7, mean only": lambda: OneMapGate("mean"),
    "spatial 7×7, max only": lambda: OneMapGate("max"),
    "CBAM": lambda: _cbam("channel_spatial"),
    "CBAM, spatial first": lambda: _cbam("spatial_channel"),
    "CBAM, parallel": lambda: _cbam("parallel"),
}


@functools.cache
def trained_trunk(seed: int) -> Trunk:
    """The trunk of a seed, trained to tell digits and dots apart in pictures of single things; then frozen."""
    images, labels = single_things(TRUNK["pictures"], seed=seed)
    reader = initialised(lambda: Reader(Trunk(), ReadOut(nn.Identity(), DOT + 1)), seed)
    how = {name: TRUNK[name] for name in ("steps", "learning_rate", "batch")}
    train(reader, images, labels, seed=seed, **how)
    return reader.trunk.requires_grad_(False)


@one_thread()
@torch.no_grad()
def features(trunk: Trunk, images: Tensor) -> Tensor:
    """What the trunk makes of pictures (n, 1, 48, 48): (n, 32, 12, 12)."""
    return torch.cat([trunk(part) for part in images.split(250)])


@functools.lru_cache(maxsize=2)
def _data(scene: str, seed: int) -> tuple[Tensor, Tensor, Tensor, ClutteredDigits]:
    """Training features and labels, test features and pictures."""
    pictures = cluttered_digits(PICTURES, scene, "train", seed)
    test = cluttered_digits(TEST_PICTURES, scene, "test", TEST_SEED + seed)
    trunk = trained_trunk(seed)
    return features(trunk, pictures.images), pictures.labels, features(trunk, test.images), test


def read_out(variant: str, seed: int) -> ReadOut:
    """An untrained read-out with the slot that `variant` names."""
    return initialised(lambda: ReadOut(SLOTS[variant](), 10), seed)


def train_read_out(variant: str, seed: int, inputs: Tensor, labels: Tensor, progress=range) -> ReadOut:
    """A read-out trained on features (n, 32, 12, 12) by the recipe."""
    trained = read_out(variant, seed)
    train(trained, inputs, labels, seed=seed, progress=progress, **READ_OUT)
    return trained


# ------------------------------------------------------------------------------------------------- where it looks
@torch.no_grad()
def spatial_gate(slot: nn.Module, x: Tensor) -> Tensor | None:
    """The gate of each position (n, h, w) for features x (n, 32, h, w), or None if the slot has none."""
    if isinstance(slot, CBAM):
        return slot.gates(x)[1][:, 0]
    return slot.gate(x)[:, 0] if isinstance(slot, SpatialAttention) else None


def grad_cam(trained: ReadOut, x: Tensor) -> Tensor:
    """Grad-CAM of the predicted class at the output of the slot: features (n, 32, h, w) -> (n, h, w), not negative.

    Each channel is weighted by the mean of the prediction's gradient over the positions; negative sums become 0
    (Selvaraju and others, ICCV 2017).
    """
    with torch.no_grad():
        activity = trained.slot(x)
    activity = activity.detach().requires_grad_()
    logits = trained.answer(activity)
    (slope,) = torch.autograd.grad(logits.amax(dim=1).sum(), activity)  # pictures do not touch each other
    return (slope.mean((2, 3), keepdim=True) * activity.detach()).sum(dim=1).relu()


def localisation(maps: Tensor, test: ClutteredDigits) -> dict[str, float]:
    """Pointing-game hit and mass of maps (n, h, w), not negative, brought to the pictures' size bilinearly.

    *hit*: the share of pictures whose largest entry lies on the 12×12 pixels of the digit to be read. *mass*: the
    mean share of the map's sum on those pixels. A map of zeros misses, and its mass counts as spread evenly.
    """
    large = F.interpolate(maps[:, None], (CANVAS, CANVAS), mode="bilinear")[:, 0].flatten(1)  # (n, 2304)
    inside = test.inside()[:, 0].flatten(1)
    total = large.sum(dim=1)
    hit = inside.gather(1, large.argmax(dim=1, keepdim=True))[:, 0] & (total > 0)
    even = inside.double().mean(dim=1)
    mass = torch.where(total > 0, (large * inside).sum(dim=1).double() / total.clamp(min=1e-12), even)
    return {"hit": hit.double().mean().item(), "mass": mass.mean().item()}


def favours(maps: Tensor, test: ClutteredDigits) -> float:
    """The share of pictures where the map's mean on the digit to be read exceeds that on every other digit."""
    large = F.interpolate(maps[:, None], (CANVAS, CANVAS), mode="bilinear")  # (n, 1, 48, 48)
    on_digits = (large * test.inside()).sum((2, 3))  # (n, k); all boxes have the same size
    return (on_digits[:, 0] > on_digits[:, 1:].amax(dim=1)).double().mean().item()


def run(variant: str, seed: int, *, scene: str) -> tuple[dict[str, float], nn.Module]:
    """Train one read-out; say how well it reads and where it looks."""
    inputs, labels, test_inputs, test = _data(scene, seed)
    trained = train_read_out(variant, seed, inputs, labels)
    cam = localisation(grad_cam(trained, test_inputs), test)
    numbers = {
        "parameters": sum(p.numel() for p in trained.parameters()),
        "accuracy": accuracy(trained, test_inputs, test.labels),
        "cam_hit": cam["hit"],
        "cam_mass": cam["mass"],
    }
    gate = spatial_gate(trained.slot, test_inputs)
    if gate is not None:
        numbers |= {f"gate_{name}": number for name, number in localisation(gate, test).items()}
        if scene == "dot":
            numbers["gate_favours"] = favours(gate, test)
    return numbers, Reader(trained_trunk(seed), trained)


def fitted_filter(maps: Tensor, boxes: Tensor) -> Tensor:
    """The 7×7 filter whose softmax over the positions fits best where the digit to be read lies.

    maps (n, 2, h, w), mean and maximum over the channels; boxes (n, h, w), the share of a position on the digit.
    Returns (1, 2, 7, 7). Logistic regression: no start matters.
    """
    wanted = (boxes / boxes.sum((1, 2), keepdim=True)).flatten(1)
    kernel = torch.zeros(1, 2, 7, 7, requires_grad=True)
    optimiser = torch.optim.LBFGS([kernel], max_iter=POINTER["iterations"], line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = F.conv2d(maps, kernel, padding=3).flatten(1)
        value = -(wanted * scores.log_softmax(dim=1)).sum(dim=1).mean()
        value.backward()
        return value

    optimiser.step(loss)
    return kernel.detach()


def run_pointer(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    """Fit the filter of a spatial gate to the digit's place, keep it, and train the read-out behind the gate."""
    inputs, labels, test_inputs, test = _data("dot", seed)
    train_set = cluttered_digits(PICTURES, "dot", "train", seed)
    boxes = F.avg_pool2d(train_set.inside()[:, :1].float(), 4)[:, 0]  # (n, 12, 12)
    kernel = fitted_filter(torch.stack([inputs.mean(dim=1), inputs.amax(dim=1)], dim=1), boxes)
    trained = read_out("spatial 7×7", seed)
    assert isinstance(trained.slot, SpatialAttention)
    trained.slot.conv.weight = nn.Parameter(kernel, requires_grad=False)
    trained.slot.norm.get_parameter("weight").requires_grad_(False)  # 1: the order of the positions stays the filter's
    train(trained, inputs, labels, seed=seed, **READ_OUT)
    with torch.no_grad():
        gate = trained.slot.gate(test_inputs)[:, 0]
    where = localisation(gate, test)
    return {
        "accuracy": accuracy(trained, test_inputs, test.labels),
        "gate_hit": where["hit"],
        "gate_mass": where["mass"],
        "gate_favours": favours(gate, test),
    }, trained


def _recipe(scene: str) -> dict[str, object]:
    return {
        "scene": scene,
        "pictures": PICTURES,
        "test pictures": TEST_PICTURES,
        "test seed": f"seed + {TEST_SEED}",
        "trunk": TRUNK,
        "trunk channels": [16, CHANNELS, CHANNELS],
        "read-out": READ_OUT,
        "hidden": HIDDEN,
        "reduction": REDUCTION,
        "optimiser": "Adam, cosine schedule",
    }


DOT_SCENE = Experiment(
    name="read_beside_the_dot",
    question="Which slots let a network with a small field of view read the digit beside a dot?",
    recipe=_recipe("dot"),
    variants=tuple(SLOTS),
    seeds=SEEDS,
    run=functools.partial(run, scene="dot"),
    keep=("CBAM", 0),
)
CLUTTER = Experiment(
    name="read_in_clutter",
    question="Does a gate help to read the one whole digit among fragments?",
    recipe=_recipe("clutter"),
    variants=("none", "3×3 convolution", "SE", "spatial 3×3", "spatial 7×7", "CBAM"),
    seeds=SEEDS,
    run=functools.partial(run, scene="clutter"),
)
POINTING = Experiment(
    name="point_at_the_digit",
    question="Could the filter of a spatial gate find the digit beside the dot, if it were told where it lies?",
    recipe=_recipe("dot") | {"pointer": POINTER},
    variants=("spatial 7×7, fitted to the digit's place",),
    seeds=SEEDS,
    run=run_pointer,
)
ALL = (DOT_SCENE, CLUTTER, POINTING)
