"""Lesson 4: three clip tasks, three ways of pooling over time. Which needs no cue, which a mark, which a query?"""

from typing import Any

import torch
from torch import Tensor, nn

from visual_attention._validation import feature_map, one_of
from visual_attention.blocks import TemporalAttention
from visual_attention.experiments.store import Experiment
from visual_attention.lessons.six_kinds.data import CLIP_TASKS, SIDES, Clips, clips
from visual_attention.training import accuracy, initialised, train

__all__ = ["ALL", "NAMES", "POOLINGS", "ClipNetwork", "clip_data", "hits", "train_clips"]

POOLINGS = ("mean", "learned query", "given query")
NAMES = {task: f"clips_{task}" for task in CLIP_TASKS}  # of the experiments
_CLASSES = {"one": 10, "cue": 10, "first": len(SIDES)}
_CHANNELS = 32
_TRAINING: dict[str, Any] = {"clips": 4000, "batch": 64, "learning_rate": 4e-3}
# To compare frames with one another is learned more slowly than to find a mark.
_STEPS = {"one": 500, "cue": 500, "first": 800}
_NOISE = 0.25
_TEST = 1000
_TEST_SEED = 1000


class ClipNetwork(nn.Module):
    """Three convolutions for each frame, an average over the frames, a linear read-out.

    The average is plain, or weighted by `TemporalAttention` with a query that was learned or with the first frame
    as the query. In task "first" the first frame asks and is not among those that are averaged: it would match
    itself best, and it has no answer.

    Parameters
    ----------
    task : one of `CLIP_TASKS`
    pooling : one of `POOLINGS`

    Raises
    ------
    TypeError, ValueError
        For an unknown name, or an input that is no floating-point tensor of shape (N, 1, T, H, W).
    """

    def __init__(self, task: str, pooling: str):
        super().__init__()
        one_of("task", task, CLIP_TASKS)
        one_of("pooling", pooling, POOLINGS)
        self.pooling = pooling
        self.skipped = 1 if task == "first" else 0
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, _CHANNELS, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1),
            # Descriptions of frames then differ in direction; without it all are nearly parallel, and learn slowly.
            nn.BatchNorm2d(_CHANNELS),
        )
        if pooling != "mean":
            self.attention = TemporalAttention(_CHANNELS, query=pooling.removesuffix(" query"))
        self.read_out = nn.Linear(_CHANNELS * 16, _CLASSES[task])

    def features(self, x: Tensor) -> Tensor:
        """Return the map of each frame: (N, 1, T, 16, 16) -> (N, C, T, 4, 4)."""
        feature_map("x", x, 1, ("T", "H", "W"), block=self)
        frames = x.movedim(2, 1)  # (N, T, 1, 16, 16)
        return self.encoder(frames.flatten(0, 1)).unflatten(0, frames.shape[:2]).movedim(1, 2)

    def weights(self, x: Tensor) -> Tensor:
        """Return the weight of each frame: (N, 1, T, 16, 16) -> (N, T)."""
        maps, asked = self._split(self.features(x))
        if self.pooling == "mean":
            shares = maps.new_full((len(maps), maps.shape[2]), 1 / maps.shape[2])
        else:
            shares = self.attention.weights(maps, *asked)
        return nn.functional.pad(shares, (self.skipped, 0))

    def forward(self, x: Tensor) -> Tensor:
        maps, asked = self._split(self.features(x))
        pooled = maps.mean(dim=2) if self.pooling == "mean" else self.attention(maps, *asked)  # (N, C, 4, 4)
        return self.read_out(pooled.flatten(1))  # (N, classes)

    def _split(self, maps: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the maps that are averaged, (N, C, T or T − 1, 4, 4), and the query (N, C) if one is given."""
        asked = (maps[:, :, 0].mean(dim=(2, 3)),) if self.pooling == "given query" else ()
        return maps[:, :, self.skipped :], asked


def clip_data(task: str, seed: int, part: str) -> Clips:
    """The clips of a run: part "train" or "test". Digits on test clips are none of those on training clips."""
    one_of("part", part, ("train", "test"))
    if part == "train":
        return clips(task, _TRAINING["clips"], noise=_NOISE, seed=seed)
    return clips(task, _TEST, split="test", noise=_NOISE, seed=seed + _TEST_SEED)


def train_clips(task: str, pooling: str, seed: int, **options) -> ClipNetwork:
    """Train a network as the recipe says; `options` go to `training.train`, for example a progress bar."""
    frames, labels, _ = clip_data(task, seed, "train")
    network = initialised(lambda: ClipNetwork(task, pooling), seed)
    batch, rate = _TRAINING["batch"], _TRAINING["learning_rate"]
    train(network, frames, labels, steps=_STEPS[task], batch=batch, learning_rate=rate, seed=seed, **options)
    return network


@torch.no_grad()
def hits(network: ClipNetwork, frames: Tensor, informative: Tensor) -> Tensor:
    """Return whether the frame that matters gets the largest weight, ties not counted: (N,) of bool."""
    shares = network.weights(frames)
    best = shares.gather(1, informative[:, None])  # (N, 1)
    return (shares >= best).sum(dim=1) == 1


def _experiment(task: str, keep: tuple[str, int] | None) -> Experiment:
    def run(pooling: str, seed: int) -> tuple[dict[str, float], nn.Module]:
        network = train_clips(task, pooling, seed)
        frames, labels, informative = clip_data(task, seed, "test")
        numbers = {
            "accuracy": accuracy(network, frames, labels),
            "hit": hits(network, frames, informative).double().mean().item(),
            "parameters": sum(weight.numel() for weight in network.parameters()),
        }
        return numbers, network

    return Experiment(
        name=NAMES[task],
        question=f"Clip task “{task}”: which pooling over time finds the frame that matters?",
        recipe={
            **_TRAINING,
            "steps": _STEPS[task],
            "test clips": _TEST,
            "test seed": _TEST_SEED,
            "noise": _NOISE,
            "channels": _CHANNELS,
            "task": task,
        },
        variants=POOLINGS,
        seeds=(0, 1, 2, 3, 4),
        run=run,
        keep=keep,
    )


ALL = (
    _experiment("one", None),
    _experiment("cue", ("learned query", 0)),
    _experiment("first", ("given query", 0)),
)
