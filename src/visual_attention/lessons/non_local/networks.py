"""The networks of lesson 6's experiment: a frozen trunk that knows digits and colours, and a head with one block.

The trunk sees 18 × 18 pixels, so that a place knows its own digit and nothing of the next one. What a head can say
about a white digit's twin, far away, is up to its block.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from visual_attention._validation import one_of, whole_number
from visual_attention.blocks import GlobalContext, NonLocalBlock, SqueezeExcitation
from visual_attention.blocks.non_local import PAIRWISE
from visual_attention.lessons.non_local.data import COLOURS, TWIN_COLOURS
from visual_attention.training import one_thread

__all__ = [
    "VARIANTS",
    "WIDE",
    "TwinHead",
    "TwinNetwork",
    "TwinTrunk",
    "at_centres",
    "features_of",
    "pairwise_and_unary",
    "twin_attention",
]

CHANNELS = 32
INNER = CHANNELS // 2
REDUCTION = 4


class TwinTrunk(nn.Module):
    """Three 3×3 convolutions, two halvings: (N, 3, H, W) -> (N, 32, H/4, W/4); sees 18 × 18 pixels.

    For its own training, `forward` names numeral and colour of single cells, (N, 3, 12, 12) -> (N, 14), from the one
    place in their middle.
    """

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, CHANNELS, 3, padding=1), nn.BatchNorm2d(CHANNELS), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.BatchNorm2d(CHANNELS), nn.ReLU(),
        )  # fmt: skip
        self.name = nn.Linear(CHANNELS, 10 + len(COLOURS))

    def forward(self, cells: Tensor) -> Tensor:
        return self.name(self.features(cells)[:, :, 1, 1])


def _conv(dilation: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=dilation, dilation=dilation, bias=False)
    return [convolution, nn.BatchNorm2d(CHANNELS)]


def _non_local(pairwise: str) -> Callable[[], nn.Module]:
    return lambda: NonLocalBlock(CHANNELS, INNER, pairwise=pairwise)


VARIANTS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "3×3 conv": lambda: nn.Sequential(*_conv()),
    # Dilations 1, 2 and 4: from the centre of a cell it sees the whole of every other cell.
    "three dilated convs": lambda: nn.Sequential(*_conv(), nn.ReLU(), *_conv(2), nn.ReLU(), *_conv(4)),
    "SE": lambda: SqueezeExcitation(CHANNELS, REDUCTION),
    "global context": lambda: GlobalContext(CHANNELS, REDUCTION),
    **{pairwise.replace("_", " "): _non_local(pairwise) for pairwise in PAIRWISE},
    "embedded, scaled": lambda: NonLocalBlock(CHANNELS, INNER, scaled=True),
}
# Only for the question what width buys: a bottleneck that is none, with twice the channels of the map.
WIDE: dict[str, Callable[[], nn.Module]] = {
    "none": VARIANTS["none"],
    "wide global context": lambda: GlobalContext(CHANNELS, inner=2 * CHANNELS),
}


class TwinHead(nn.Module):
    """A block, then 1×1, ReLU, 1×1: (N, 32, 9, 9) -> a score for each colour, read at the cells' centres, (N, 3, 3, 3).

    `variant` is one of `VARIANTS` or `WIDE`, else ValueError; `hidden` is the number of units between the two 1×1.
    """

    def __init__(self, variant: str, hidden: int = CHANNELS):
        super().__init__()
        blocks = VARIANTS | WIDE
        one_of("variant", variant, tuple(blocks))
        whole_number("hidden", hidden, least=1)
        self.block = blocks[variant]()
        self.answer = nn.Sequential(nn.Conv2d(CHANNELS, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, len(TWIN_COLOURS), 1))

    def forward(self, features: Tensor) -> Tensor:
        return self.answer(at_centres(self.block(features)))


class TwinNetwork(nn.Module):
    """Trunk and head: pictures (N, 3, 36, 36) -> scores (N, 3, 3, 3): colours, rows and columns of cells."""

    def __init__(self, variant: str):
        super().__init__()
        self.trunk = TwinTrunk()
        self.head = TwinHead(variant)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.trunk.features(pictures))


def at_centres(features: Tensor) -> Tensor:
    """Return the entries at the centres of the 3×3 cells: (..., 9, 9) -> (..., 3, 3)."""
    return features[..., 1::3, 1::3]


def twin_attention(weights: Tensor, twins: Tensor) -> dict[str, float]:
    """Say where the white digits look, from a table of weights.

    Parameters
    ----------
    weights : (N, 81, 81), a row for each position of the 9 × 9 map
    twins : (N, 3, 3), as in `TwinPictures`

    Returns
    -------
    averages over all white digits, each asking from the centre of its cell. `mass`: the weight on the nine positions
    of its twin's cell; `own`: the same of its own cell; `hit`: how often the largest weight lies in its twin's cell
    (1/9 by chance), `hit elsewhere`: the same for the largest absolute weight outside of its own cell (1/8 by
    chance); `alike`: the mean cosine between the rows of two white digits of one picture, 1 if the query does not
    matter, 0 where a row holds only zeros.
    """
    n = len(weights)
    rows = at_centres(weights.mT.reshape(n, 81, 9, 9)).flatten(2).mT  # (N, 9 queries, 81 keys)
    cells = rows.reshape(n, 9, 3, 3, 3, 3).transpose(3, 4).flatten(4).flatten(2, 3)  # (N, 9, 9 cells, 9 positions)
    asks = twins.flatten(1) >= 0
    twin = twins.flatten(1)[asks]  # (M,)
    own = asks.nonzero()[:, 1]
    of_white = cells[asks]  # (M, 9, 9)
    mass = of_white.sum(dim=2)
    elsewhere = of_white.abs().amax(dim=2).scatter(1, own[:, None], -1)
    unit = nn.functional.normalize(rows[asks].reshape(n, -1, 81), dim=2)
    cosines = unit @ unit.mT  # (N, 3, 3); those with a row of zeros are 0
    different = ~torch.eye(unit.shape[1], dtype=torch.bool)
    return {
        "mass": mass.gather(1, twin[:, None]).mean().item(),
        "own": mass.gather(1, own[:, None]).mean().item(),
        "hit": (of_white.amax(dim=2).argmax(dim=1) == twin).double().mean().item(),
        "hit elsewhere": (elsewhere.argmax(dim=1) == twin).double().mean().item(),
        "alike": cosines[:, different].mean().item(),
    }


@one_thread()
def features_of(trunk: TwinTrunk, pictures: Tensor) -> Tensor:
    """Return the frozen trunk's features, (n, 3, 36, 36) -> (n, 32, 9, 9), fifty pictures at a time."""
    features = pictures.new_empty(len(pictures), CHANNELS, 9, 9)
    with torch.no_grad():
        for part, place in zip(pictures.split(50), features.split(50), strict=True):
            place.copy_(trunk.eval().features(part))
    return features


def pairwise_and_unary(query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Split dot products of queries and keys, (N, P, D) and (N, K, D), into a pairwise and a unary part.

    With the means μ over positions, query_i · key_j is (query_i − μ_q) · (key_j − μ_k) + μ_q · key_j plus a number
    that is the same for all keys, which a softmax over j does not see (Yin et al.: Disentangled Non-local Neural
    Networks, ECCV 2020, arXiv 2006.06668).

    Returns
    -------
    the first term, (N, P, K), in which the query matters, and the second, (N, 1, K), in which it does not
    """
    query_mean, key_mean = query.mean(dim=1, keepdim=True), keys.mean(dim=1, keepdim=True)
    return (query - query_mean) @ (keys - key_mean).mT, query_mean @ keys.mT
