"""Lesson 6: which blocks can carry a colour from one end of a picture to the other?"""

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visual_attention.blocks import GlobalContext, NonLocalBlock
from visual_attention.experiments.store import Experiment
from visual_attention.lessons.non_local.data import TwinPictures, twin_cells, twin_pictures
from visual_attention.lessons.non_local.networks import (
    CHANNELS,
    VARIANTS,
    TwinHead,
    TwinNetwork,
    TwinTrunk,
    features_of,
    twin_attention,
)
from visual_attention.training import accuracy, initialised, train

__all__ = [
    "ALL",
    "HEAD",
    "KEPT",
    "TEST_SEED",
    "TRUNK",
    "WIDER",
    "held_out_pictures",
    "train_head",
    "training_pictures",
    "trunk_of",
    "twins",
]

TRUNK: dict[str, Any] = {"cells": 6000, "steps": 600, "batch": 64, "learning_rate": 1e-2}
HEAD: dict[str, Any] = {"pictures": 8000, "steps": 600, "batch": 64, "learning_rate": 6e-3}
WIDER: dict[str, dict[str, Any]] = {  # units of the head and steps: what a context that no query chooses needs
    "none, 256 units, 2,000 steps": {"block": "none", "hidden": 256, "steps": 2000},
    "global context, 32 units, 2,000 steps": {"block": "global context", "hidden": CHANNELS, "steps": 2000},
    "wide global context, 128 units, 600 steps": {"block": "wide global context", "hidden": 128, "steps": 600},
    "wide global context, 256 units, 2,000 steps": {"block": "wide global context", "hidden": 256, "steps": 2000},
}
TEST = {"pictures": 1000}
TEST_SEED = 1000  # test pictures of seed s are drawn with s + 1000
KEPT = ("embedded gaussian", 0)


def naming_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the numeral plus that of the colour: (N, 14), (N, 2) -> one number."""
    return F.cross_entropy(scores[:, :10], labels[:, 0]) + F.cross_entropy(scores[:, 10:], labels[:, 1])


@functools.cache
def trunk_of(seed: int) -> tuple[TwinTrunk, float]:
    """The trunk of a seed, trained to name single cells, and how many numerals of the test cells it names rightly."""
    trunk = initialised(TwinTrunk, seed)
    recipe = {name: value for name, value in TRUNK.items() if name != "cells"}
    train(trunk, *twin_cells(TRUNK["cells"], "train", seed=seed), loss=naming_loss, seed=seed, **recipe)
    cells, labels = twin_cells(TEST["pictures"], "test", seed=seed + TEST_SEED)
    with torch.no_grad():
        named = trunk(cells)[:, :10].argmax(dim=1) == labels[:, 0]
    return trunk.requires_grad_(False), named.double().mean().item()


def training_pictures(seed: int, hint: bool = False) -> TwinPictures:
    """What the heads of a seed are trained on: 124 MB."""
    return twin_pictures(HEAD["pictures"], "train", seed=seed, hint=hint)


def held_out_pictures(seed: int, hint: bool = False) -> TwinPictures:
    """What they are tested on: other pictures of other digits."""
    return twin_pictures(TEST["pictures"], "test", seed=seed + TEST_SEED, hint=hint)


@functools.cache
def _features(seed: int, hint: bool) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    trunk, _ = trunk_of(seed)
    here, there = training_pictures(seed, hint), held_out_pictures(seed, hint)
    features, test_features = features_of(trunk, here.images), features_of(trunk, there.images)
    return features, test_features, here.targets, there.targets, there.twins


def train_head(variant: str, seed: int, features: Tensor, targets: Tensor, **options) -> TwinHead:
    """Train a head with a block of the given variant on features of the frozen trunk."""
    head = initialised(lambda: TwinHead(variant), seed)
    recipe = {name: value for name, value in HEAD.items() if name != "pictures"}
    train(head, features, targets, seed=seed, **recipe, **options)
    return head


def run(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    if variant == next(iter(VARIANTS)):
        _features.cache_clear()  # all variants of a seed come in a row, and share what the trunk sees
    numbers = {}
    for hint in (False, True):
        features, test_features, targets, test_targets, places = _features(seed, hint)
        head = train_head(variant, seed, features, targets)
        numbers["with hint" if hint else "accuracy"] = accuracy(head, test_features, test_targets)
        if not hint:
            network = TwinNetwork(variant)
            network.trunk.load_state_dict(trunk_of(seed)[0].state_dict())
            network.head.load_state_dict(head.state_dict())
            numbers["parameters"] = sum(p.numel() for p in head.parameters())
            numbers["numerals"] = trunk_of(seed)[1]
            if isinstance(head.block, NonLocalBlock | GlobalContext):
                with torch.no_grad():
                    numbers |= twin_attention(head.block.weights(test_features), places)
    return numbers, network


twins = Experiment(
    name="twins",
    question="Which blocks can tell a digit the colour of its twin at the other end of the picture?",
    recipe={
        "pictures": "36×36, three pairs of digits in 3×3 cells of 12 pixels, never in neighbouring cells; "
        "digits of 10 pixels",
        "trunk": TRUNK,
        "head": HEAD,
        "test": TEST,
        "optimiser": "Adam, rate to 0 along a cosine",
        "hint": "control: a bar of the twin's colour under each white digit",
    },
    variants=tuple(VARIANTS),
    seeds=(0, 1, 2, 3, 4),
    run=run,
    keep=KEPT,
)


def run_wider(variant: str, seed: int) -> tuple[dict[str, float], nn.Module]:
    """Train one of `WIDER` on what the trunk of `twins` sees."""
    if variant == next(iter(WIDER)):
        _features.cache_clear()
    features, test_features, targets, test_targets, _ = _features(seed, False)
    how = WIDER[variant]
    head = initialised(lambda: TwinHead(how["block"], how["hidden"]), seed)
    recipe = {name: value for name, value in HEAD.items() if name != "pictures"} | {"steps": how["steps"]}
    train(head, features, targets, seed=seed, **recipe)
    return {
        "accuracy": accuracy(head, test_features, test_targets),
        "parameters": sum(p.numel() for p in head.parameters()),
    }, head


wider = Experiment(
    name="twins_wide_context",
    question="Does a global context answer for each twin if it has width and time?",
    recipe={name: twins.recipe[name] for name in ("pictures", "trunk", "test", "optimiser")}
    | {"head": {name: value for name, value in HEAD.items() if name != "steps"}, "variants": WIDER},
    variants=tuple(WIDER),
    seeds=(0, 1, 2, 3, 4),
    run=run_wider,
)

ALL = (twins, wider)
