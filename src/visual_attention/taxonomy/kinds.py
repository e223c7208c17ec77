"""The kinds of visual attention, each with a module that runs: which axis is weighed, and what its table A looks like.

Four basic kinds and two hybrids, after Guo and others, *Attention mechanisms in computer vision: a survey*, 2022
(arXiv 2111.07624). A is the table of weights in output = A · values: a row for each output, a column for each value.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from visual_attention._validation import one_of, whole_number
from visual_attention.blocks import (
    CBAM,
    NonLocalBlock,
    SelectiveKernel,
    SpatialAttention,
    SqueezeExcitation,
    TemporalAttention,
)
from visual_attention.training import initialised

__all__ = ["AXES", "KINDS", "SIX", "STRUCTURES", "FeatureMaps", "Kind", "feature_maps", "structure"]

AXES = ("branch", "time", "channel", "height", "width")
BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH = 2, 4, 6, 5, 5
STRUCTURES = ("uniform", "one-hot", "diagonal", "dense")
# The place whose row of A is shown where A has one for each: second frame, second row and column.
QUERY = (1, 1, 1)
_MODULE_SEED = 1

Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What the kinds are shown on.

    Attributes
    ----------
    clip : the input, shape (FRAMES, CHANNELS, HEIGHT, WIDTH): one picture for each frame
    maps : what two convolutions of different reach make of it, shape (BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH)
    """

    clip: Tensor
    maps: Tensor

    @property
    def pictures(self) -> Tensor:
        """Every frame of every branch: (BRANCHES · FRAMES, CHANNELS, HEIGHT, WIDTH)."""
        return self.maps.flatten(0, 1)

    @property
    def clips(self) -> Tensor:
        """Every branch as a clip: (BRANCHES, CHANNELS, FRAMES, HEIGHT, WIDTH)."""
        return self.maps.transpose(1, 2)


@dataclass(frozen=True, eq=False)
class Kind:
    """A row of the taxonomy.

    Attributes
    ----------
    name : as in the explorer's menu
    question : the word it answers
    axes : those of `AXES` along which its weights differ
    structure : of A, one of `STRUCTURES`
    rule : what its weights sum to
    module : the tested module, with random weights; None where there is nothing to learn
    call : how it is asked for its weights, as typed
    raw : features → what that call returns, for all pictures or clips of the features
    table : features → A of the first picture or clip: (outputs, values)
    spread : features → the weight of each entry: the shape of `features.maps`
    """

    name: str
    question: str
    axes: tuple[str, ...]
    structure: str
    rule: str
    module: nn.Module | None
    call: str
    raw: Callable[[FeatureMaps], Tensor]
    table: Callable[[FeatureMaps], Tensor]
    spread: Callable[[FeatureMaps], Tensor]


def feature_maps(seed: int = 0) -> FeatureMaps:
    """Return a block of random features. Raises TypeError or ValueError unless `seed` is a whole number from 0."""
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    clip = torch.randn(FRAMES, CHANNELS, HEIGHT, WIDTH, generator=generator)
    with torch.no_grad():
        return FeatureMaps(clip, torch.stack(_selective()._split(clip)))


def structure(table: Tensor) -> str:
    """Return which of `STRUCTURES` a table of weights (outputs, values) has.

    uniform: all weights are equal; one-hot: a single 1 in each row, the rest 0; diagonal: square, and 0 off the
    diagonal; dense: anything else. An identity, which is both of the two in the middle, counts as one-hot.
    """
    if torch.allclose(table, table[0, 0].expand_as(table)):
        return "uniform"
    if ((table == 0) | (table == 1)).all() and (table.sum(dim=1) == 1).all():
        return "one-hot"
    if table.shape[0] == table.shape[1] and torch.equal(table, table.diagonal().diag()):
        return "diagonal"
    return "dense"


def _made(make: Callable[[], Module], strength: float = 1.0) -> Module:
    """A module with random weights, those of more than one dimension enlarged: its own choices are nearly flat."""
    module = initialised(make, _MODULE_SEED).eval()
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1:
                weight.mul_(strength)
    return module


@functools.cache
def _selective() -> SelectiveKernel:
    module = _made(lambda: SelectiveKernel(CHANNELS, dilations=(1, 2), least_hidden=8), 3)
    with torch.no_grad():
        module.expand.weight.mul_(2)
    return module


def _entries(weights: Tensor) -> Tensor:
    """Spread weights that broadcast against (BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH)."""
    return weights.expand(BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH)


def _per_picture(weights: Tensor) -> Tensor:
    return _entries(weights.unflatten(0, (BRANCHES, FRAMES)))


def _kinds() -> dict[str, Kind]:
    squeeze = _made(lambda: SqueezeExcitation(CHANNELS, 2), 4)
    spatial = _made(lambda: SpatialAttention(3), 6)
    picture = _made(lambda: NonLocalBlock(CHANNELS, zero_init=False), 2)
    temporal = _made(lambda: TemporalAttention(CHANNELS), 12)
    cbam = _made(lambda: CBAM(CHANNELS, 2, 3), 2)
    clip = _made(lambda: NonLocalBlock(CHANNELS, dims=3, zero_init=False), 2)
    selective = _selective()
    places = HEIGHT * WIDTH
    time, row, column = QUERY
    in_picture = row * WIDTH + column
    in_clip = time * places + in_picture

    def winners(features: FeatureMaps) -> Tensor:
        """1 at the largest place of each channel of each picture, else 0: (BRANCHES · FRAMES, CHANNELS, places)."""
        flat = features.pictures.flatten(2)
        return nn.functional.one_hot(flat.argmax(dim=2), places).to(flat.dtype)

    def picture_rows(features: FeatureMaps) -> Tensor:
        return picture.weights(features.pictures)[:, in_picture].reshape(BRANCHES, FRAMES, 1, HEIGHT, WIDTH)

    def clip_rows(features: FeatureMaps) -> Tensor:
        return clip.weights(features.clips)[:, in_clip].reshape(BRANCHES, FRAMES, 1, HEIGHT, WIDTH)

    def branch_shares(features: FeatureMaps) -> Tensor:
        return selective.weights(features.clip).transpose(0, 1)  # (BRANCHES, FRAMES, CHANNELS, 1, 1)

    gates, rows = "each gate alone in (0, 1)", "each row sums to 1"
    every = [
        Kind(
            "channel",
            question="what",
            axes=("channel",),
            structure="diagonal",
            rule=gates,
            module=squeeze,
            call="SqueezeExcitation(6, 2).gate(x)",
            raw=lambda features: squeeze.gate(features.pictures),
            table=lambda features: squeeze.gate(features.pictures)[0].flatten().diag(),
            spread=lambda features: _per_picture(squeeze.gate(features.pictures)),
        ),
        Kind(
            "spatial, as a gate",
            question="where",
            axes=("height", "width"),
            structure="diagonal",
            rule=gates,
            module=spatial,
            call="SpatialAttention(3).gate(x)",
            raw=lambda features: spatial.gate(features.pictures),
            table=lambda features: spatial.gate(features.pictures)[0].flatten().diag(),
            spread=lambda features: _per_picture(spatial.gate(features.pictures)),
        ),
        Kind(
            "spatial, as a mixture",
            question="where",
            axes=("height", "width"),
            structure="dense",
            rule=rows,
            module=picture,
            call="NonLocalBlock(6).weights(x)",
            raw=lambda features: picture.weights(features.pictures),
            table=lambda features: picture.weights(features.pictures)[0],
            spread=lambda features: _entries(picture_rows(features)),
        ),
        Kind(
            "temporal",
            question="when",
            axes=("time",),
            structure="dense",
            rule=rows,
            module=temporal,
            call="TemporalAttention(6).weights(clip)",
            raw=lambda features: temporal.weights(features.clips),
            table=lambda features: temporal.weights(features.clips)[:1],
            spread=lambda features: _entries(temporal.weights(features.clips)[:, :, None, None, None]),
        ),
        Kind(
            "branch",
            question="which",
            axes=("branch", "channel"),
            structure="dense",
            rule=rows,
            module=selective,
            call="SelectiveKernel(6).weights(x)",
            raw=lambda features: selective.weights(features.clip),
            table=lambda features: selective.weights(features.clip)[0, :, :, 0, 0].T,
            spread=lambda features: _entries(branch_shares(features)),
        ),
        Kind(
            "channel & spatial",
            question="what and where",
            axes=("channel", "height", "width"),
            structure="diagonal",
            rule=gates,
            module=cbam,
            call="CBAM(6, 2, 3).gate(x)",
            raw=lambda features: cbam.gate(features.pictures),
            table=lambda features: cbam.gate(features.pictures)[0].flatten().diag(),
            spread=lambda features: _per_picture(cbam.gate(features.pictures)),
        ),
        Kind(
            "spatial & temporal",
            question="where and when",
            axes=("time", "height", "width"),
            structure="dense",
            rule=rows,
            module=clip,
            call="NonLocalBlock(6, dims=3).weights(clip)",
            raw=lambda features: clip.weights(features.clips),
            table=lambda features: clip.weights(features.clips)[0],
            spread=lambda features: _entries(clip_rows(features)),
        ),
        Kind(
            "none: average pooling",
            question="nothing",
            axes=(),
            structure="uniform",
            rule=rows,
            module=None,
            call="x.mean(dim=(2, 3))",
            raw=lambda features: features.pictures.new_full((len(features.pictures), CHANNELS, places), 1 / places),
            table=lambda features: features.maps.new_full((CHANNELS, places), 1 / places),
            spread=lambda features: _entries(features.maps.new_tensor(1 / places)),
        ),
        Kind(
            "none: max pooling",
            question="what stands out",
            axes=("channel", "height", "width"),
            structure="one-hot",
            rule=rows,
            module=None,
            call="x.amax(dim=(2, 3))",
            raw=winners,
            table=lambda features: winners(features)[0],
            spread=lambda features: _per_picture(winners(features).unflatten(2, (HEIGHT, WIDTH))),
        ),
    ]
    return {kind.name: kind for kind in every}


KINDS = _kinds()
# The survey's six, with both of our spatial modules: a gate and a mixture.
SIX = tuple(name for name in KINDS if not name.startswith("none"))


def kind(name: str) -> Kind:
    """Return the kind of that name. Raises ValueError if there is none."""
    one_of("name", name, tuple(KINDS))
    return KINDS[name]
