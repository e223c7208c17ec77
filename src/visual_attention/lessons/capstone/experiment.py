"""Lesson 8: five jobs, one backbone, one slot. Which block cures which failure, and at what cost?"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visual_attention._validation import feature_map, one_of
from visual_attention.blocks import CBAM, NonLocalBlock, SelectiveKernel, SpatialAttention, SqueezeExcitation
from visual_attention.cost import count_cost
from visual_attention.experiments.store import Experiment, load_tensors
from visual_attention.lessons.capstone.data import (
    ANSWERS,
    INKS,
    JOBS,
    SIDE,
    THINGS,
    Job,
    beacon,
    inside,
    job,
    single_inks,
)
from visual_attention.training import History, accuracy, initialised, one_thread, train

__all__ = [
    "ALL",
    "BLOCKS",
    "CELLS",
    "CHANNELS",
    "CONTROLS",
    "OWN",
    "QUICK",
    "SHOWN",
    "SLOTS",
    "Gallery",
    "InkTrunk",
    "ReadOut",
    "beacon_control",
    "capstone",
    "evidence",
    "inputs_of",
    "map_of",
    "pictures",
    "pointing",
    "read_out",
    "sealed",
    "seen_by",
    "train_quickly",
    "train_read_out",
    "train_trunk",
]

INK_CHANNELS = 16
CHANNELS = len(INKS) * INK_CHANNELS  # in the slot: the red layer's 16, the green layer's, the blue, the white layer's
CELLS = 12  # positions along one side of the map in the slot
INNER = 16  # of the Non-local block
REDUCTION = {"SE": 2, "CBAM": 2, "SK": 4}  # so that all four blocks have some 4,300 parameters
DILATIONS = (1, 3)
PICTURES = {"train": 4000, "test": 1000}
TEST_SEED = 1000  # added to the seed: the test pictures are arranged otherwise, and other handwriting
TRUNK: dict[str, Any] = {"pictures": 6000, "steps": 600, "batch": 64, "learning_rate": 1e-2}
READ_OUT: dict[str, Any] = {"steps": 800, "batch": 64, "learning_rate": 5e-3}
# Of the exercises: seconds instead of minutes, and the same for a student's block and its controls.
QUICK: dict[str, Any] = {"steps": 400, "batch": 64, "learning_rate": 5e-3}
BEACONS = {"train": 2000, "test": 1000}
SEEDS = (0, 1, 2, 3, 4)
KEEP = ("kernels only", 0)  # whose gallery is stored; the last of its seed, so that there is little left to train
SHOWN = 3  # test pictures of each job that the explorer shows

# Which block each job was made for; "plain" needs none.
OWN = {"plain": "none", "frame": "SE", "twin": "Non-local", "dot": "CBAM", "scale": "SK"}


# ------------------------------------------------------------------------------------------------------- networks
class InkTrunk(nn.Module):
    """Three 3×3 convolutions and two halvings, the same for each ink: a cell of the result sees 14×14 pixels.

    For its own training, `forward` names the thing on pictures of one ink, (N, 1, H, W) -> (N, 12).
    """

    def __init__(self):
        super().__init__()

        def convolution(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]

        self.layers = nn.Sequential(
            *convolution(1, 12), nn.MaxPool2d(2),
            *convolution(12, INK_CHANNELS), *convolution(INK_CHANNELS, INK_CHANNELS), nn.MaxPool2d(2),
        )  # fmt: skip
        self.name = nn.Linear(INK_CHANNELS, THINGS)

    def forward(self, x: Tensor) -> Tensor:
        return self.name(self.layers(x).mean((2, 3)))

    def features(self, inks: Tensor) -> Tensor:
        """What the slot sees: (N, 4, H, W) -> (N, 64, H / 4, W / 4), the red layer's 16 channels first."""
        feature_map("inks", inks, len(INKS), block=self)
        each = self.layers(inks.flatten(0, 1)[:, None])  # (4 N, 16, H / 4, W / 4)
        return each.unflatten(0, (-1, len(INKS))).flatten(1, 2)


class Wide(nn.Module):
    """No attention, eight times the weights: a 3×3 convolution beside a shortcut."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.BatchNorm2d(CHANNELS), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _selective_kernel() -> SelectiveKernel:
    # One filter a channel, or the block would be a convolution of a hundred times the other blocks' work.
    return SelectiveKernel(CHANNELS, REDUCTION["SK"], dilations=DILATIONS, groups=CHANNELS, least_hidden=1)


class KernelsOnly(nn.Module):
    """The two convolutions of a selective kernel without the choice: half of each."""

    def __init__(self):
        super().__init__()
        self.branches = _selective_kernel().branches

    def forward(self, x: Tensor) -> Tensor:
        return sum(branch(x) for branch in self.branches) / len(self.branches)


# The blocks behind the names of an exercise, which asks to tell them apart by what they do to maps. They stand here
# because a submission that is graded cannot read the exercises.
_SEALED: dict[str, Callable[[], nn.Module]] = {
    "Ash": lambda: NonLocalBlock(CHANNELS, INNER, scaled=True, zero_init=False),
    "Birch": lambda: SpatialAttention(5, norm=False),
    "Cedar": lambda: nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS),
    "Dogwood": lambda: SqueezeExcitation(CHANNELS, REDUCTION["SE"]),
}


def sealed(name: str) -> Callable[[Tensor], Tensor]:
    """A block under another name, Ash, Birch, Cedar or Dogwood: a function from maps (N, 64, h, w) to such maps.

    Its weights are random, large enough that what it does is seen, and the same each time. Raises ValueError for
    another name.
    """
    one_of("name", name, tuple(_SEALED))
    block = initialised(_SEALED[name], 7).eval().requires_grad_(False)
    for weight in block.parameters():
        weight.mul_(3)

    def box(x: Tensor) -> Tensor:
        feature_map("x", x, CHANNELS, block=block)
        return block(x)

    return box


SLOTS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "none, wide": Wide,
    "SE": lambda: SqueezeExcitation(CHANNELS, REDUCTION["SE"]),
    # With the transformer's 1/√d, which the paper does not have: lesson 6 found it better.
    "Non-local": lambda: NonLocalBlock(CHANNELS, INNER, scaled=True),
    "CBAM": lambda: CBAM(CHANNELS, REDUCTION["CBAM"]),
    "SK": _selective_kernel,
    "kernels only": KernelsOnly,
}
CONTROLS = ("none, wide", "kernels only")
BLOCKS = tuple(name for name in SLOTS if name not in CONTROLS)  # the columns of the table


class ReadOut(nn.Module):
    """A slot, the mean over the cells where the question is asked, and one linear layer.

    Nothing behind the slot can gate or move anything: what a job needs of that kind has to come from the slot.

    Takes (N, 64 + Q, 12, 12): the trunk's features, then for each of Q questions the share of each cell at which it
    is asked. Gives (N, answers, Q).
    """

    def __init__(self, slot: nn.Module, answers: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(CHANNELS)
        self.fc = nn.Linear(CHANNELS, answers)
        self.slot = slot

    def forward(self, x: Tensor) -> Tensor:
        features, asked = x[:, :CHANNELS], x[:, CHANNELS:].flatten(2)  # (N, Q, 144)
        share = asked / asked.sum(dim=2, keepdim=True)
        means = self.slot(features).flatten(2) @ share.mT  # (N, 64, Q)
        return self.fc(self.norm(means).mT).mT


def read_out(slot: str, name: str, seed: int) -> ReadOut:
    """The untrained read-out of a job with one of `SLOTS`; of one seed, all slots get the same linear layer."""
    one_of("slot", slot, tuple(SLOTS))
    one_of("name", name, JOBS)
    layer = initialised(lambda: nn.Linear(CHANNELS, ANSWERS[name]), seed)
    made = ReadOut(initialised(SLOTS[slot], seed), ANSWERS[name])
    made.fc.load_state_dict(layer.state_dict())
    return made


# ------------------------------------------------------------------------------------------------------- training
@functools.lru_cache(maxsize=1)
def train_trunk(seed: int) -> InkTrunk:
    """The trunk of a seed, trained to name single things in one ink; then frozen."""
    trunk = initialised(InkTrunk, seed)
    how = {name: value for name, value in TRUNK.items() if name != "pictures"}
    train(trunk, *single_inks(TRUNK["pictures"], seed=seed), seed=seed, **how)
    return trunk.requires_grad_(False)


def pictures(name: str, split: str, seed: int) -> Job:
    """The pictures of a job that a seed is trained on or tested with (split "train" or "test")."""
    one_of("split", split, tuple(PICTURES))
    return job(name, PICTURES[split], split, seed=seed + TEST_SEED if split == "test" else seed)


@one_thread()
@torch.no_grad()
def inputs_of(trunk: InkTrunk, shown: Job) -> Tensor:
    """What a read-out takes: the frozen trunk's features and where is asked, (n, 64 + Q, 12, 12)."""
    asked = inside(shown.asked, CELLS)  # (n, Q, 12, 12)
    inputs = torch.empty(len(asked), 64 + asked.shape[1], CELLS, CELLS)
    # Some pictures at a time, and no second copy of what is large.
    for part, inks, where in zip(inputs.split(100), shown.inks.split(100), asked.split(100), strict=True):
        torch.cat([trunk.features(inks), where], dim=1, out=part)
    return inputs


def seen_by(trunk: InkTrunk, inks: Tensor) -> Tensor:
    """What a read-out takes for pictures (n, 4, 48, 48) whose question is asked of the whole map: (n, 65, 12, 12)."""
    feature_map("inks", inks, len(INKS), block=trunk)
    whole = torch.tensor([0, 0, SIDE, SIDE]).expand(len(inks), 1, 4)
    nothing = torch.zeros(len(inks), 1, dtype=torch.int64)
    return inputs_of(trunk, Job(inks, nothing, whole, whole, whole[:, :0], nothing[:, 0]))


def train_read_out(
    slot: str, name: str, seed: int, inputs: Tensor, labels: Tensor, progress: Callable[[int], Iterable[int]] = range
) -> tuple[ReadOut, History]:
    """Train one slot and its linear layer for one job, by the recipe that is the same for all."""
    trained = read_out(slot, name, seed)
    return trained, train(trained, inputs, labels, seed=seed, progress=progress, **READ_OUT)


def train_quickly(
    slot: nn.Module, inputs: Tensor, labels: Tensor, seed: int = 0, progress: Callable[[int], Iterable[int]] = range
) -> ReadOut:
    """A read-out with ten answers around `slot`, trained for 400 steps: the recipe of the exercises.

    Parameters
    ----------
    slot : takes and gives maps (N, 64, h, w); it is trained in place
    inputs : from `inputs_of`, shape (n, 65, 12, 12)
    labels : shape (n, 1), int64, 0 to 9
    seed : of the linear layer's start and of the order of the pictures
    progress : as in `training.train`
    """
    trained = initialised(lambda: ReadOut(nn.Identity(), 10), seed)
    trained.slot = slot
    train(trained, inputs, labels, seed=seed, progress=progress, **QUICK)
    return trained


# ------------------------------------------------------------------------------------------------- where it looks
@torch.no_grad()
def evidence(trained: ReadOut, inputs: Tensor) -> Tensor:
    """What each cell says for the given answer to the first question: (n, 64 + Q, 12, 12) -> (n, 12, 12).

    The answer's score is a mean over cells, so that each cell's part in it is known: the class activation map (Zhou
    and others, CVPR 2016), here against the average answer. Cells where nothing is asked count as 0; so do those
    that speak against.
    """
    cells = trained.slot(inputs[:, :CHANNELS])
    variance = trained.norm.get_buffer("running_var")
    scale = trained.norm.weight / (variance + trained.norm.eps).sqrt()
    weights = trained.fc.weight * scale
    weights = weights - weights.mean(dim=0)
    answers = trained(inputs)[:, :, 0].argmax(dim=1)  # (n,)
    said = torch.einsum("nchw,nc->nhw", cells, weights[answers])
    return (said * inputs[:, CHANNELS]).relu()


@torch.no_grad()
def map_of(trained: ReadOut, inputs: Tensor) -> tuple[str, Tensor]:
    """A block's own map (n, 12, 12) and its name: CBAM's spatial gate, Non-local's weights at the cells where the
    first question is asked, and for blocks that have no map the `evidence`."""
    features, asked = inputs[:, :CHANNELS], inputs[:, CHANNELS].flatten(1)
    if isinstance(trained.slot, CBAM):
        return "spatial gate", trained.slot.gates(features)[1][:, 0]
    if isinstance(trained.slot, NonLocalBlock):
        rows = trained.slot.weights(features)  # (n, 144, 144)
        mean = torch.einsum("nq,nqk->nk", asked / asked.sum(dim=1, keepdim=True), rows)
        return "attention weights", mean.unflatten(1, (CELLS, CELLS))
    return "evidence", evidence(trained, inputs)


def pointing(maps: Tensor, boxes: Tensor) -> dict[str, float]:
    """Pointing-game hit and mass of maps (n, 12, 12), not negative, for one box a picture (n, 4).

    *hit*: how often the largest entry lies on a cell of which at least half is in the box. *mass*: the mean share of
    the map's sum that lies in the box. A map of zeros misses, and its mass counts as spread evenly.
    """
    covered = inside(boxes, CELLS).flatten(1)  # (n, 144)
    flat = maps.flatten(1)
    total = flat.sum(dim=1)
    at = covered.gather(1, flat.argmax(dim=1, keepdim=True))[:, 0]
    share = torch.where(total > 0, (flat * covered).sum(dim=1) / total.clamp(min=1e-12), covered.mean(dim=1))
    return {"hit": ((at >= 0.5) & (total > 0)).double().mean().item(), "mass": share.double().mean().item()}


def _looks(slot: str, name: str, trained: ReadOut, inputs: Tensor, shown: Job) -> dict[str, float]:
    """Where a trained slot looks, in numbers, as far as that is defined for the block and the job."""
    numbers: dict[str, float] = {}
    boxes = shown.evidence[:, 0]
    if name != "twin":  # there the read-out hears the white digit's cells alone
        numbers |= {
            f"evidence {key}, {name}": value for key, value in pointing(evidence(trained, inputs), boxes).items()
        }
    what, maps = map_of(trained, inputs)
    if what != "evidence":
        numbers |= {f"map {key}, {name}": value for key, value in pointing(maps, boxes).items()}
    if (slot, name) in _MADE_FOR:
        numbers |= _MADE_FOR[slot, name](trained, inputs, shown)
    return numbers


@torch.no_grad()
def _gate_favours(trained: ReadOut, inputs: Tensor, shown: Job) -> dict[str, float]:
    """How often CBAM's gate lets more through at the thing beside the dot than at any other."""
    _, maps = map_of(trained, inputs)
    on = [(maps * inside(box, CELLS)).sum((1, 2)) for box in (shown.evidence[:, 0], *shown.others.unbind(1))]
    return {"gate favours, dot": (on[0] > torch.stack(on[1:]).amax(dim=0)).double().mean().item()}


@torch.no_grad()
def _gates_of_inks(trained: ReadOut, inputs: Tensor, shown: Job) -> dict[str, float]:
    """SE's mean gate for the ink that the frame announces, and for the others."""
    assert isinstance(trained.slot, SqueezeExcitation)
    gates = trained.slot.gate(inputs[:, :CHANNELS]).reshape(-1, len(INKS), INK_CHANNELS)
    announced = F.one_hot(shown.clues, len(INKS)).bool()
    others = ~announced
    others[:, -1] = False  # nothing is white in this job
    return {
        "gate of the frame's ink": gates[announced].mean().item(),
        "gate of the other inks": gates[others].mean().item(),
    }


@torch.no_grad()
def _wide_kernels(trained: ReadOut, inputs: Tensor, shown: Job) -> dict[str, float]:
    """The selective kernel's mean weight of the wide kernel, where signs are small and where they are large."""
    assert isinstance(trained.slot, SelectiveKernel)
    weights = trained.slot.weights(inputs[:, :CHANNELS])
    wide = weights[:, 1, -INK_CHANNELS:].mean((1, 2, 3))  # the white layer's channels
    return {
        "wide kernel, small signs": wide[shown.clues == 0].mean().item(),
        "wide kernel, large signs": wide[shown.clues == 1].mean().item(),
    }


# What is measured of a block at the job that it was made for, beyond where it looks.
_MADE_FOR = {("CBAM", "dot"): _gate_favours, ("SE", "frame"): _gates_of_inks, ("SK", "scale"): _wide_kernels}


# ----------------------------------------------------------------------------------------------------- experiment
@dataclass(frozen=True, eq=False)
class Gallery:
    """What the lesson shows of one seed: the trunk, and maps and answers of every slot for a few pictures of a job.

    Attributes
    ----------
    trunk : the seed's trained trunk
    maps : shape (jobs, slots, SHOWN, 12, 12), float16
    answers : to the first question, shape (jobs, slots, SHOWN), int16; −1 where nothing has been put
    """

    trunk: InkTrunk
    maps: Tensor
    answers: Tensor

    @staticmethod
    def empty(trunk: InkTrunk) -> "Gallery":
        shape = (len(JOBS), len(SLOTS), SHOWN)
        maps = torch.zeros(*shape, CELLS, CELLS, dtype=torch.float16)
        return Gallery(trunk, maps, torch.full(shape, -1, dtype=torch.int16))

    @staticmethod
    def stored() -> "Gallery":
        """The gallery that the experiment has stored."""
        tensors = load_tensors("capstone")
        trunk, beginning = InkTrunk(), "trunk."
        trunk.load_state_dict({k.removeprefix(beginning): v for k, v in tensors.items() if k.startswith(beginning)})
        return Gallery(trunk.eval(), tensors["maps"], tensors["answers"])

    def state_dict(self) -> dict[str, Tensor]:
        """All of it by name, as it is stored."""
        trunk = {f"trunk.{name}": tensor for name, tensor in self.trunk.state_dict().items()}
        return {"maps": self.maps, "answers": self.answers, **trunk}

    def put(self, slot: str, name: str, maps: Tensor, answers: Tensor) -> None:
        place = JOBS.index(name), list(SLOTS).index(slot)
        self.maps[place] = maps[:SHOWN].half()
        self.answers[place] = answers[:SHOWN].short()

    def holds(self, slot: str, name: str) -> bool:
        """Whether maps and answers of this slot have been put."""
        return bool((self.answers[JOBS.index(name), list(SLOTS).index(slot)] >= 0).all())

    def get(self, slot: str, name: str, picture: int) -> tuple[Tensor, int]:
        """Return a map (12, 12) and the answer to the first question."""
        place = JOBS.index(name), list(SLOTS).index(slot), picture
        return self.maps[place].float(), int(self.answers[place])


@functools.lru_cache(maxsize=len(JOBS))
def _data(name: str, seed: int) -> tuple[Tensor, Tensor, Tensor, Job]:
    """Training inputs and labels, test inputs and pictures."""
    trunk = train_trunk(seed)
    learn, test = pictures(name, "train", seed), pictures(name, "test", seed)
    return inputs_of(trunk, learn), learn.labels, inputs_of(trunk, test), test


@functools.lru_cache(maxsize=1)
def _gallery(seed: int) -> Gallery:
    return Gallery.empty(train_trunk(seed))


def _jobs_of(variant: str) -> tuple[str, ...]:
    return ("scale",) if variant == "kernels only" else JOBS


def _train_and_show(variant: str, name: str, seed: int) -> tuple[ReadOut, History]:
    """Train one slot for one job, and put what the lesson shows of it into the seed's gallery."""
    inputs, labels, test_inputs, _ = _data(name, seed)
    trained, history = train_read_out(variant, name, seed, inputs, labels)
    with torch.no_grad():
        few = test_inputs[:SHOWN]
        _gallery(seed).put(variant, name, map_of(trained, few)[1], trained(few)[:, :, 0].argmax(dim=1))
    return trained, history


def run(variant: str, seed: int) -> tuple[dict[str, float], Gallery | None]:
    """Train one slot for each job; say how well it does, where it looks and what it costs."""
    numbers: dict[str, float] = {}
    took = []
    for name in _jobs_of(variant):
        trained, history = _train_and_show(variant, name, seed)
        _, _, test_inputs, test = _data(name, seed)
        took.append(history.seconds / READ_OUT["steps"])
        numbers[name] = accuracy(trained, test_inputs, test.labels)
        numbers |= _looks(variant, name, trained, test_inputs, test)
    cost = count_cost(SLOTS[variant](), (1, CHANNELS, CELLS, CELLS))
    numbers |= {
        "parameters": cost.parameters,
        "multiply-adds": cost.multiply_adds,
        # The middle of the five: one job that met a busy machine then does not count.
        "milliseconds a step": 1000 * sorted(took)[len(took) // 2],
    }
    return numbers, _complete_gallery(seed) if (variant, seed) == KEEP else None


def _complete_gallery(seed: int) -> Gallery:
    """The seed's gallery with every slot. Those that another process has trained are trained here once more."""
    gallery = _gallery(seed)
    for variant in SLOTS:
        for name in _jobs_of(variant):
            if not gallery.holds(variant, name):
                _train_and_show(variant, name, seed)
    return gallery


capstone = Experiment(
    name="capstone",
    question="Which attention block cures which failure of a small network, and at what cost?",
    recipe={
        "jobs": list(JOBS),
        "pictures": PICTURES,
        "test seed": f"seed + {TEST_SEED}",
        "trunk": TRUNK,
        "trunk channels": [12, INK_CHANNELS, INK_CHANNELS],
        "slot and read-out": READ_OUT,
        "channels in the slot": CHANNELS,
        "reduction": REDUCTION,
        "inner channels of Non-local": INNER,
        "pairwise function": "embedded Gaussian, scaled by 1/√d",
        "dilations of SK": DILATIONS,
        "groups of SK": CHANNELS,
        "optimiser": "Adam, rate to 0 along a cosine",
    },
    variants=tuple(SLOTS),
    seeds=SEEDS,
    run=run,
    keep=KEEP,
)


# ------------------------------------------------------------------------------------------- the job of the exercises
@functools.lru_cache(maxsize=1)
def _beacons(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs and labels of the training pictures, and of the test pictures, seen by the stored trunk."""
    trunk = Gallery.stored().trunk
    learn = beacon(BEACONS["train"], "train", seed=seed)
    test = beacon(BEACONS["test"], "test", seed=seed + TEST_SEED)
    return inputs_of(trunk, learn), learn.labels, inputs_of(trunk, test), test.labels


def _run_beacon(variant: str, seed: int) -> tuple[dict[str, float], None]:
    inputs, labels, test_inputs, test_labels = _beacons(seed)
    slot = initialised(SLOTS[variant], seed)
    trained = train_quickly(slot, inputs, labels, seed)
    weights = sum(weight.numel() for weight in slot.parameters())
    return {"accuracy": accuracy(trained, test_inputs, test_labels), "parameters": weights}, None


beacon_control = Experiment(
    name="beacon",
    question="Does a network without attention read the digit that has the dot's colour?",
    recipe={
        "pictures": BEACONS,
        "test seed": f"seed + {TEST_SEED}",
        "trunk": "of the experiment capstone, seed 0",
        "slot and read-out": QUICK,
        "optimiser": "Adam, rate to 0 along a cosine",
    },
    variants=("none", "none, wide"),
    seeds=SEEDS,
    run=_run_beacon,
)
ALL = (capstone, beacon_control)
