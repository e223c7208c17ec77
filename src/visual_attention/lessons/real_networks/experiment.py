"""Lesson 9: squeeze and excitation behind a stage of the frozen network. Does it help to name a card's colour?"""

import functools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from visual_attention._validation import one_of, whole_number
from visual_attention.blocks import SqueezeExcitation
from visual_attention.datasets.scenes import SCENES
from visual_attention.experiments.store import Experiment
from visual_attention.lessons.real_networks.data import CARD, CARDS, CROP, DIMMEST, Cards, carded, greys
from visual_attention.pretrained import STAGES, EfficientNetLite0, trained_or_random
from visual_attention.training import accuracy, initialised, one_thread, train

__all__ = [
    "ALL",
    "EXPERIMENT",
    "LATE_STAGE",
    "MAIN_STAGE",
    "SLOTS",
    "CardReader",
    "features_of",
    "gate_measures",
    "of_another",
    "pictures",
    "start",
    "train_reader",
]

TRAIN, TEST = 600, 300  # pictures
STEPS, RATE, BATCH = 400, 1e-2, 64
HIDDEN, REDUCTION = 32, 2
MAIN_STAGE = 2  # the last one of which a place in the middle of the card sees nothing but the card
LATE_STAGE = 5  # there every place has seen the surroundings, too
IN_THE_MIDDLE = {40: 4, 20: 2, 10: 2, 5: 1}  # side of a map of a crop: rows of places in its middle
EVERYWHERE, READ = 0, 1  # the two means that are kept of a picture


class Excitation(nn.Module):
    """Two small layers, used in one of four ways; `SLOTS` has them by name."""

    def __init__(self, channels: int, way: str):
        super().__init__()
        self.way = way
        self.block = SqueezeExcitation(channels, REDUCTION)

    def forward(self, x: Tensor) -> Tensor:
        everywhere, read = x[:, EVERYWHERE], x[:, READ]  # (n, C) both
        if self.way in ("fixed gate", "SE"):
            squeezed = torch.ones_like(everywhere) if self.way == "fixed gate" else everywhere
            # The block takes the mean over all places: of a map with one place that is the place.
            return read * self.block.gate(squeezed[:, :, None, None])[:, :, 0, 0]
        source = read if self.way == "plain layer" else everywhere
        return read + self.block.expand(self.block.reduce(source).relu())


class Read(nn.Module):
    """Nothing in the slot: what was read in the middle."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, READ]


SLOTS = ("none", "fixed gate", "plain layer", "added context", "SE, other picture", "SE")
_WHITE = " (white)"
_STAGE = ", stage "
VARIANTS = (
    *SLOTS,
    *(slot + _WHITE for slot in ("none", "SE")),
    *(f"{slot}{_STAGE}{LATE_STAGE}" for slot in ("none", "SE")),
)


class CardReader(nn.Module):
    """A slot and a head on what one stage gives: names the card's colour.

    Input: (n, 2, C), a picture's mean over all places of the map (the squeeze) and over those in its middle. A gate
    is one number a channel, so gating the mean of the middle places is the mean of the gated places. Output: (n, 6).
    """

    def __init__(self, slot: str, channels: int):
        super().__init__()
        # The head before the slot: it then starts from the same weights whatever is in the slot.
        self.head = nn.Sequential(nn.Linear(channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(CARDS)))
        way = "SE" if slot.startswith("SE") else slot
        self.slot: nn.Module = Read() if way == "none" else Excitation(channels, way)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.slot(x))


def start(slot: str, stage: int, seed: int) -> CardReader:
    """Return an untrained reader with one of `SLOTS` behind a stage, counted from 1; all heads of a stage start alike.

    Raises ValueError for an unknown slot or stage.
    """
    one_of("slot", slot, SLOTS)
    channels = STAGES[whole_number("stage", stage, least=1, most=LATE_STAGE) - 1][-1]
    return initialised(lambda: CardReader(slot, channels), seed)


def pictures(split: str, seed: int, lamp: str = "coloured") -> Cards:
    """The pictures that a seed is trained on or tested with (split "train" or "test")."""
    return carded(TRAIN if split == "train" else TEST, lamp, split, seed=2 * seed + (split == "test"))


@one_thread()
@torch.no_grad()
def features_of(
    images: Tensor,
    stages: int = MAIN_STAGE,
    network: EfficientNetLite0 | None = None,
    progress: Callable[[int], Iterable[int]] = range,
) -> list[Tensor]:
    """Two means of each of the first `stages` stages for pictures (n, 3, 80, 80): (n, 2, C) each.

    The first is the mean over all places, the second that over the places in the middle. Without a network it is the
    trained one, or, where its weights are not installed, one with random weights.
    """
    network = network or trained_or_random()[0]
    trunk = list(network.trunk)[:stages]
    parts: list[list[Tensor]] = [[] for _ in trunk]
    batches = images.split(20)
    for k in progress(len(batches)):
        x = network.stem((batches[k] * 255 - 127) / 128)  # as `prepared` does with one picture
        for stage, found in zip(trunk, parts, strict=True):
            x = stage(x)
            side, rows = x.shape[-1], IN_THE_MIDDLE[x.shape[-1]]
            middle = slice((side - rows) // 2, (side + rows) // 2)
            found.append(torch.stack([x.mean(dim=(2, 3)), x[:, :, middle, middle].mean(dim=(2, 3))], dim=1))
    return [torch.cat(found) for found in parts]


def of_another(features: Tensor) -> Tensor:
    """The same middles, each with the squeeze of the picture before it: (n, 2, C) -> (n, 2, C)."""
    return torch.stack([features[:, EVERYWHERE].roll(1, dims=0), features[:, READ]], dim=1)


@functools.lru_cache(maxsize=4)
def _data(split: str, seed: int, lamp: str) -> tuple[list[Tensor], Cards]:
    """What all variants of a seed share."""
    cards = pictures(split, seed, lamp)
    return features_of(cards.images, LATE_STAGE if lamp == "coloured" else MAIN_STAGE), cards


@functools.cache
def _greys() -> tuple[Tensor, Tensor]:
    """Features of the main stage of all cards in one grey on all photographs: (48, 2, C), and the cards, (48,)."""
    all_of_them = [greys(name) for name in SCENES]
    features = features_of(torch.cat([cards.images for cards in all_of_them]))[MAIN_STAGE - 1]
    return features, torch.cat([cards.labels for cards in all_of_them])


def train_reader(reader: CardReader, features: Tensor, labels: Tensor, seed: int) -> None:
    """Train slot and head, in place, on the features (n, 2, C) of one stage."""
    train(reader, features, labels, steps=STEPS, batch=BATCH, learning_rate=RATE, seed=seed)


def run(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    """Train one variant for one seed: the share of cards named right, and of `greys`; what the gates of SE follow."""
    name, _, stage = variant.removesuffix(_WHITE).partition(_STAGE)
    number, lamp = int(stage or MAIN_STAGE), "white" if variant.endswith(_WHITE) else "coloured"
    (by_stage, seen), (asked, test) = (_data(split, seed, lamp) for split in ("train", "test"))
    learn, ask = by_stage[number - 1], asked[number - 1]
    if name == "SE, other picture":
        learn, ask = of_another(learn), of_another(ask)
    reader = start(name, number, seed)
    train_reader(reader, learn, seen.labels, seed)
    measured = {
        "accuracy": accuracy(reader, ask, test.labels),
        "weights in the slot": sum(weight.numel() for weight in reader.slot.parameters()),
    }
    if variant in SLOTS:
        measured["greys"] = accuracy(reader, *_greys())
    if name == "SE":
        measured |= gate_measures(reader, ask, test)
    return measured, reader


@torch.no_grad()
def gate_measures(reader: CardReader, features: Tensor, cards: Cards) -> dict[str, float]:
    """How alike the gates of SE are over pictures, and what they follow.

    "spread" is the standard deviation of a gate over the pictures, the mean over the channels. The other two are
    shares of the gates' variance over pictures, all channels together: what a linear fit on the logarithms of the
    lamp's three numbers explains (0 under a white lamp), and what lies between the photographs.
    """
    assert isinstance(reader.slot, Excitation)
    gates = reader.slot.block.gate(features[:, EVERYWHERE, :, None, None])[:, :, 0, 0].double()  # (n, C)
    away = gates - gates.mean(dim=0)
    lamps = cards.lamps.double().log()
    lamps = lamps - lamps.mean(dim=0)
    by_lamp = lamps @ torch.linalg.pinv(lamps) @ away
    by_scene = torch.zeros_like(away)
    for scene in cards.scenes.unique():
        of_it = cards.scenes == scene
        by_scene[of_it] = away[of_it].mean(dim=0)
    total = away.square().sum()
    return {
        "spread": gates.std(dim=0).mean().item(),
        "by the lamp": (by_lamp.square().sum() / total).item(),
        "by the photograph": (by_scene.square().sum() / total).item(),
    }


EXPERIMENT = Experiment(
    name="cards",
    question="Does squeeze and excitation in a frozen network help to name a card's colour under a coloured lamp?",
    recipe={
        "pictures": {"train": TRAIN, "test": TEST, "crop": CROP, "card": CARD, "dimmest": DIMMEST},
        "training": {"steps": STEPS, "learning rate": RATE, "batch": BATCH},
        "head": HIDDEN,
        "reduction": REDUCTION,
        "stage": MAIN_STAGE,
        "late stage": LATE_STAGE,
    },
    variants=VARIANTS,
    seeds=(0, 1, 2, 3, 4, 5),
    run=run,
)

ALL = (EXPERIMENT,)
