"""Lesson 8: two digits trade places, and the dot stays. Whose answer goes with the dot?"""

import functools

import torch
from torch import Tensor, nn

from visual_attention.experiments.store import Experiment, load_weights
from visual_attention.lessons.capstone.data import INKS, SIDE, Job
from visual_attention.lessons.capstone.experiment import (
    PICTURES,
    READ_OUT,
    REDUCTION,
    SEEDS,
    Gallery,
    ReadOut,
    inputs_of,
    pictures,
    read_out,
    train_read_out,
)
from visual_attention.training import accuracy

__all__ = ["ALL", "COMPARED", "stored_read_outs", "traded", "trading_places"]

JOB = "dot"
COMPARED = ("SE", "CBAM")  # what is in the slot
KEEP = (COMPARED[-1], 0)  # whose networks are stored; the last of its seed, so that there is little left to train


def stored_read_outs() -> nn.ModuleDict:
    """A trained read-out for each of `COMPARED`, in evaluation mode; their trunk is that of `Gallery.stored`."""
    return load_weights(nn.ModuleDict({slot: read_out(slot, JOB, 0) for slot in COMPARED}), trading_places.name)


def traded(inks: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Pictures in which what lies in two boxes has traded places.

    Parameters
    ----------
    inks : shape (n, 4, 48, 48); they are left as they are
    one, other : for each picture a box as in `data.Job`, shape (n, 4); the two have one size and no pixel in common

    Raises ValueError if `inks` has another shape, or the boxes are not as many as the pictures or differ in size.
    """
    if inks.shape != (len(inks), len(INKS), SIDE, SIDE):
        raise ValueError(f"inks must have the shape (n, {len(INKS)}, {SIDE}, {SIDE}), got {tuple(inks.shape)}")
    for name, boxes in (("one", one), ("other", other)):
        if boxes.shape != (len(inks), 4):
            raise ValueError(f"{name} must have the shape ({len(inks)}, 4), got {tuple(boxes.shape)}")
    if not torch.equal(one[:, 2:], other[:, 2:]):
        raise ValueError("other must have boxes of the same height and width as one")
    after = inks.clone()
    for picture, new, first, second in zip(inks, after, one.tolist(), other.tolist(), strict=True):
        here, there = (
            (..., slice(row, row + height), slice(column, column + width))
            for row, column, height, width in (first, second)
        )
        new[here], new[there] = picture[there], picture[here]
    return after


@functools.lru_cache(maxsize=1)
def _data() -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
    """Training inputs and labels, test labels, and what a read-out takes for the test pictures as they are and traded.

    Of all seeds alike: another seed starts and shuffles otherwise, on the same pictures.
    """
    trunk = Gallery.stored().trunk
    learn, test = pictures(JOB, "train", 0), pictures(JOB, "test", 0)
    beside, others = test.evidence[:, 0], test.others.unbind(1)
    shown = {
        "before": test.inks,
        "the dot's digit": traded(test.inks, beside, others[0]),
        "two others": traded(test.inks, others[0], others[1]),
    }
    asked = {name: inputs_of(trunk, Job(**vars(test) | {"inks": inks})) for name, inks in shown.items()}
    return inputs_of(trunk, learn), learn.labels, test.labels, asked


@functools.lru_cache(maxsize=len(COMPARED))
def _trained(slot: str, seed: int) -> ReadOut:
    inputs, labels, _, _ = _data()
    return train_read_out(slot, JOB, seed, inputs, labels)[0]


@torch.no_grad()
def _answers(trained: ReadOut, inputs: Tensor) -> Tensor:
    return trained(inputs)[:, :, 0].argmax(dim=1)  # (n,)


def run(variant: str, seed: int) -> tuple[dict[str, float], nn.ModuleDict | None]:
    """Train one slot for the job "dot"; say how often it is right, and how often a trade leaves its answer alone."""
    trained = _trained(variant, seed)
    _, _, labels, asked = _data()
    said = {name: _answers(trained, inputs) for name, inputs in asked.items()}
    numbers = {"right": accuracy(trained, asked["before"], labels)}
    for name in ("the dot's digit", "two others"):
        numbers[f"same answer, {name}"] = (said[name] == said["before"]).double().mean().item()
    if (variant, seed) != KEEP:
        return numbers, None
    # Those that another process has trained are trained here once more.
    return numbers, nn.ModuleDict({slot: _trained(slot, seed) for slot in COMPARED})


trading_places = Experiment(
    name="trading_places",
    question="Two digits trade places and the dot stays: whose answer goes with the dot?",
    recipe={
        "job": JOB,
        "pictures": PICTURES,
        "pictures and trunk": "of the experiment capstone, seed 0",
        "slot and read-out": READ_OUT,
        "reduction": {slot: REDUCTION[slot] for slot in COMPARED},
        "optimiser": "Adam, rate to 0 along a cosine",
        "trades": "all pixels in the boxes of the digit beside the dot and another one; of the two others",
    },
    variants=COMPARED,
    seeds=SEEDS,
    run=run,
    keep=KEEP,
)
ALL = (trading_places,)
