"""Lesson 4: do the weights of two branches follow the scale of what is on the picture, and do they need to?"""

from typing import Any

import torch
from torch import Tensor, nn

from visual_attention._validation import feature_map, one_of
from visual_attention.blocks import SelectiveKernel
from visual_attention.experiments.store import Experiment
from visual_attention.lessons.six_kinds.data import LARGE, SIGN_NAMES, Signs, signs
from visual_attention.training import accuracy, initialised, train

__all__ = ["ALL", "BRANCHES", "CHANNELS", "SignNetwork", "branch_weight", "clean", "noisy", "sign_data", "train_signs"]

# Bottom up: what is done with the maps of the two branches.
BRANCHES = ("small only", "large only", "sum", "wider sum", "concatenation", "selected")
CHANNELS = 8
_WIDER = 10  # channels of "wider sum", which then has more parameters than "selected"
_DILATIONS = (1, LARGE)
_HIDDEN = 16
_TRAINING: dict[str, Any] = {"pictures": 4000, "steps": 600, "batch": 64, "learning_rate": 2e-2}
_TEST = 1000
_TEST_SEED = 1000  # added to a run's seed: test pictures are never training pictures


class SignNetwork(nn.Module):
    """1×1 convolution, two 3×3 branches of dilation 1 and 3, the maximum of each channel, a linear read-out.

    Parameters
    ----------
    branches : one of `BRANCHES`: one branch alone; their plain mean, as if attention gave ½ to each, with as many
        channels or more; both behind each other, as in an Inception module; or `SelectiveKernel`, that is their mean
        by weights from the content

    Raises
    ------
    TypeError, ValueError
        For an unknown name, or an input that is no floating-point tensor of shape (N, 1, H, W).
    """

    def __init__(self, branches: str = "selected"):
        super().__init__()
        one_of("branches", branches, BRANCHES)
        self.branches = branches
        channels = _WIDER if branches == "wider sum" else CHANNELS
        self.stem = nn.Conv2d(1, channels, 1)
        # All variants take their branches from a selective kernel; only "selected" lets it choose.
        self.kernels = SelectiveKernel(channels, dilations=_DILATIONS, least_hidden=_HIDDEN)
        if branches != "selected":
            del self.kernels.reduce, self.kernels.expand
        if branches in ("small only", "large only"):
            self.kernels.branches = nn.ModuleList([self.kernels.branches[branches == "large only"]])
        self.read_out = nn.Linear(channels * (2 if branches == "concatenation" else 1), len(SIGN_NAMES))

    def weights(self, x: Tensor) -> Tensor:
        """Return the weights that "selected" gives to its branches: (N, 1, H, W) -> (N, 2, CHANNELS)."""
        return self.kernels.weights(self.stem(x).relu())[..., 0, 0]

    def forward(self, x: Tensor) -> Tensor:
        feature_map("x", x, 1, block=self)
        x = self.stem(x).relu()  # (N, C, H, W)
        if self.branches == "selected":
            x = self.kernels(x)
        else:
            maps = [branch(x) for branch in self.kernels.branches]  # of one or two (N, C, H, W)
            x = torch.cat(maps, dim=1) if self.branches == "concatenation" else sum(maps) / len(maps)
        return self.read_out(x.amax((2, 3)))  # (N, signs)


def sign_data(seed: int, noise: float, part: str) -> Signs:
    """The pictures of a run: part "train" or "test"."""
    one_of("part", part, ("train", "test"))
    if part == "train":
        return signs(_TRAINING["pictures"], noise=noise, seed=seed)
    return signs(_TEST, noise=noise, seed=seed + _TEST_SEED)


def train_signs(branches: str, seed: int, noise: float, **options) -> SignNetwork:
    """Train a network as the recipe says; `options` go to `training.train`, for example a progress bar."""
    images, labels, _ = sign_data(seed, noise, "train")
    network = initialised(lambda: SignNetwork(branches), seed)
    steps, batch, rate = (_TRAINING[name] for name in ("steps", "batch", "learning_rate"))
    train(network, images, labels, steps=steps, batch=batch, learning_rate=rate, seed=seed, **options)
    return network


@torch.no_grad()
def branch_weight(network: SignNetwork, images: Tensor) -> Tensor:
    """Return the weight of the branch with the large kernel, the mean over the channels: (N, 1, H, W) -> (N,)."""
    return network.weights(images)[:, 1].mean(dim=1)


def _experiment(name: str, noise: float, variants: tuple[str, ...], keep: tuple[str, int] | None) -> Experiment:
    def run(branches: str, seed: int) -> tuple[dict[str, float], nn.Module]:
        network = train_signs(branches, seed, noise)
        images, labels, large = sign_data(seed, noise, "test")
        numbers = {
            "accuracy": accuracy(network, images, labels),
            "accuracy, small": accuracy(network, images[~large], labels[~large]),
            "accuracy, large": accuracy(network, images[large], labels[large]),
            "parameters": sum(weight.numel() for weight in network.parameters()),
        }
        if branches == "selected":
            share = branch_weight(network, images)
            numbers |= {
                "weight on small": share[~large].mean().item(),
                "weight on large": share[large].mean().item(),
            }
        return numbers, network

    return Experiment(
        name=name,
        question=f"Signs, small or large, noise {noise:g}: do the weights of two branches follow the scale?",
        recipe={
            **_TRAINING,
            "test pictures": _TEST,
            "test seed": _TEST_SEED,
            "noise": noise,
            "cell of a large sign": LARGE,
            "channels": CHANNELS,
            "channels of the wider sum": _WIDER,
            "dilations": _DILATIONS,
            "hidden": _HIDDEN,
        },
        variants=variants,
        seeds=(0, 1, 2, 3, 4, 5),
        run=run,
        keep=keep,
    )


noisy = _experiment("scales", 0.3, BRANCHES, ("selected", 0))
clean = _experiment("scales_clean", 0.1, ("sum", "selected"), None)
ALL = (noisy, clean)
