"""The kinds of visual attention, each with a module that runs: which axis is weighed, and what its table A looks like.

Four basic kinds and two hybrids, after Guo and others, *Attention mechanisms in computer vision: a survey*, 2022
(arXiv 2111.07624). A is the table of weights in output = A · values: a row for each output, a column for each value.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

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

__all__ = ["AXES", "KINDS", "SIX", "STRUCTURES", "Block", "Kind", "block", "structure"]

AXES = ("branch", "time", "channel", "height", "width")
BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH = 2, 4, 6, 5, 5
STRUCTURES = ("uniform", "one-hot", "diagonal", "dense")
# The place whose row of A is shown where A has one for each: second frame, second row and column.
QUERY = (1, 1, 1)
_MODULE_SEED = 1


@dataclass(frozen=True, eq=False)
class Block:
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
    raw : block → what that call returns, for all pictures or clips of the block
    table : block → A of the first picture or clip: (outputs, values)
    spread : block → the weight of each entry: the shape of `block.maps`
    """

    name: str
    question: str
    axes: tuple[str, ...]
    structure: str
    rule: str
    module: nn.Module | None
    call: str
    raw: Callable[[Block], Tensor]
    table: Callable[[Block], Tensor]
    spread: Callable[[Block], Tensor]


def block(seed: int = 0) -> Block:
    """Return a block of random features. Raises TypeError or ValueError unless `seed` is a whole number from 0."""
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    clip = torch.randn(FRAMES, CHANNELS, HEIGHT, WIDTH, generator=generator)
    with torch.no_grad():
        return Block(clip, torch.stack(_selective()._split(clip)))


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


def _made(make: Callable[[], nn.Module], strength: float = 1.0) -> nn.Module:
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

    def winners(b: Block) -> Tensor:
        """1 at the largest place of each channel of each picture, else 0: (BRANCHES · FRAMES, CHANNELS, places)."""
        flat = b.pictures.flatten(2)
        return nn.functional.one_hot(flat.argmax(dim=2), places).to(flat.dtype)

    def picture_rows(b: Block) -> Tensor:
        return picture.weights(b.pictures)[:, in_picture].reshape(BRANCHES, FRAMES, 1, HEIGHT, WIDTH)

    def clip_rows(b: Block) -> Tensor:
        return clip.weights(b.clips)[:, in_clip].reshape(BRANCHES, FRAMES, 1, HEIGHT, WIDTH)

    def branch_shares(b: Block) -> Tensor:
        return selective.weights(b.clip).transpose(0, 1)  # (BRANCHES, FRAMES, CHANNELS, 1, 1)

    gates, rows = "each gate alone in (0, 1)", "each row sums to 1"
    every = [
        Kind(
            "channel",
            "what",
            ("channel",),
            "diagonal",
            gates,
            squeeze,
            "SqueezeExcitation(6, 2).gate(x)",
            lambda b: squeeze.gate(b.pictures),
            lambda b: squeeze.gate(b.pictures)[0].flatten().diag(),
            lambda b: _per_picture(squeeze.gate(b.pictures)),
        ),
        Kind(
            "spatial, as a gate",
            "where",
            ("height", "width"),
            "diagonal",
            gates,
            spatial,
            "SpatialAttention(3).gate(x)",
            lambda b: spatial.gate(b.pictures),
            lambda b: spatial.gate(b.pictures)[0].flatten().diag(),
            lambda b: _per_picture(spatial.gate(b.pictures)),
        ),
        Kind(
            "spatial, as a mixture",
            "where",
            ("height", "width"),
            "dense",
            rows,
            picture,
            "NonLocalBlock(6).weights(x)",
            lambda b: picture.weights(b.pictures),
            lambda b: picture.weights(b.pictures)[0],
            lambda b: _entries(picture_rows(b)),
        ),
        Kind(
            "temporal",
            "when",
            ("time",),
            "dense",
            rows,
            temporal,
            "TemporalAttention(6).weights(clip)",
            lambda b: temporal.weights(b.clips),
            lambda b: temporal.weights(b.clips)[:1],
            lambda b: _entries(temporal.weights(b.clips)[:, :, None, None, None]),
        ),
        Kind(
            "branch",
            "which",
            ("branch", "channel"),
            "dense",
            rows,
            selective,
            "SelectiveKernel(6).weights(x)",
            lambda b: selective.weights(b.clip),
            lambda b: selective.weights(b.clip)[0, :, :, 0, 0].T,
            lambda b: _entries(branch_shares(b)),
        ),
        Kind(
            "channel & spatial",
            "what and where",
            ("channel", "height", "width"),
            "diagonal",
            gates,
            cbam,
            "CBAM(6, 2, 3).gate(x)",
            lambda b: cbam.gate(b.pictures),
            lambda b: cbam.gate(b.pictures)[0].flatten().diag(),
            lambda b: _per_picture(cbam.gate(b.pictures)),
        ),
        Kind(
            "spatial & temporal",
            "where and when",
            ("time", "height", "width"),
            "dense",
            rows,
            clip,
            "NonLocalBlock(6, dims=3).weights(clip)",
            lambda b: clip.weights(b.clips),
            lambda b: clip.weights(b.clips)[0],
            lambda b: _entries(clip_rows(b)),
        ),
        Kind(
            "none: average pooling",
            "nothing",
            (),
            "uniform",
            rows,
            None,
            "x.mean(dim=(2, 3))",
            lambda b: b.pictures.new_full((len(b.pictures), CHANNELS, places), 1 / places),
            lambda b: b.maps.new_full((CHANNELS, places), 1 / places),
            lambda b: _entries(b.maps.new_tensor(1 / places)),
        ),
        Kind(
            "none: max pooling",
            "what stands out",
            ("channel", "height", "width"),
            "one-hot",
            rows,
            None,
            "x.amax(dim=(2, 3))",
            winners,
            lambda b: winners(b)[0],
            lambda b: _per_picture(winners(b).unflatten(2, (HEIGHT, WIDTH))),
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
