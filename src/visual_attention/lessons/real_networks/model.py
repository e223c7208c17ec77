"""Who looks like this place? Attention weights over the places of a photograph, from features nobody trained for it."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor

from visual_attention._validation import finite_number, one_of, real_tensor, whole_number
from visual_attention.datasets.scenes import PLACES, SCENES, scene
from visual_attention.pooling import attention_weights
from visual_attention.pretrained import EfficientNetLite0, prepared, trained_or_random
from visual_attention.training import one_thread

__all__ = [
    "COSINE_SCALE",
    "MEASURES",
    "PIXELS",
    "Claims",
    "chance",
    "deep_keys",
    "finds_the_twin",
    "grad_cam",
    "likeness",
    "match",
    "measured",
    "near",
    "patch_keys",
    "patch_weights",
    "stage_keys",
    "strongest",
    "voters",
]

MEASURES = ("centred cosine", "raw Gaussian", "scaled by 1/√C")
COSINE_SCALE = 6.0  # cosines reach from −1 to 1: as scores of a softmax they are too near to each other
PIXELS, PATCH = 112, 7  # the photograph for non-local means, 4 pixels a place, and the side of a patch


def stage_keys(feature: Tensor) -> Tensor:
    """A map (1, C, H, W) as one key for each place: (784, C), or (196, C) of a map of 14 × 14.

    A finer map is averaged down to 28 × 28 places.
    """
    real_tensor("feature", feature, ranks=(4,), shape="(1, C, H, W)")
    places = min(PLACES, *feature.shape[2:])
    return F.adaptive_avg_pool2d(feature, places)[0].flatten(1).T


@one_thread()
def deep_keys(picture: Tensor, network: EfficientNetLite0 | None = None) -> tuple[Tensor, ...]:
    """The keys of a picture (3, H, W) after each of the seven stages, (784 or 196, C).

    Without a network it is the trained one, or, where its weights are not installed, one with random weights.
    """
    network = network or trained_or_random()[0]
    with torch.no_grad():
        return tuple(stage_keys(feature) for feature in network.stages(prepared(picture)))


def match(keys: Tensor, measure: str = MEASURES[0], sharpness: float = 1.0) -> Tensor:
    """The table of weights (n, n) of keys (n, c): row i is what place i takes from each place; rows sum to 1.

    "raw Gaussian" is softmax(k_i · k_j), as in the Non-local paper; "scaled by 1/√C" divides the product by √c;
    "centred cosine" takes the mean key off and then compares directions only, 6 cos. `sharpness` multiplies the
    scores: 0 gives the average, a large number the nearest.
    """
    real_tensor("keys", keys, ranks=(2,), shape="(n, c)")
    one_of("measure", measure, MEASURES)
    sharpness = finite_number("sharpness", sharpness)
    if measure == MEASURES[0]:
        keys = F.normalize(keys - keys.mean(dim=0), dim=1)
        scale = COSINE_SCALE
    else:
        scale = 1.0 if measure == MEASURES[1] else keys.shape[1] ** -0.5
    return torch.softmax(sharpness * scale * (keys @ keys.T), dim=1)


def voters(weights: Tensor) -> Tensor:
    """How many places vote: 1 / Σ w² of each row; n for equal weights, 1 if one place has all. (…, n) -> (…)."""
    return 1 / weights.square().sum(dim=-1)


def likeness(weights: Tensor) -> float:
    """The mean cosine of two different rows of a table (n, k), n ≥ 2: 1 if the query does not matter."""
    unit = F.normalize(weights.double(), dim=1)
    n = len(unit)
    return float((unit.sum(dim=0).square().sum() - unit.square().sum()) / (n * (n - 1)))


def patch_keys(picture: Tensor) -> Tensor:
    """Non-local means' key of each of 28 × 28 places: the patch around its middle, over √147. (784, 147), float64.

    The picture (3, H, W) is made 112 × 112 before, so that a patch of 7 × 7 pixels reaches a little over the place.
    """
    real_tensor("picture", picture, ranks=(3,), shape="(3, H, W)")
    small = F.interpolate(picture[None].double(), (PIXELS, PIXELS), mode="bilinear", antialias=True)
    padded = F.pad(small, [PATCH // 2] * 4, mode="reflect")
    step = PIXELS // PLACES
    patches = F.unfold(padded[:, :, step // 2 :, step // 2 :], PATCH, stride=step)[0].T  # (784, 147)
    return patches / patches.shape[1] ** 0.5


def patch_weights(keys: Tensor, place: int, wanted: float) -> tuple[Tensor, float]:
    """Non-local means of one place whose h lets as many places vote as are wanted: weights (n,) and h.

    h is found by halving between 0.001 and 100 and lies at one of the ends if no h gives so many.
    """
    whole_number("place", place, least=0, most=len(keys) - 1)

    def weigh(h: float) -> Tensor:
        return attention_weights(keys[place : place + 1], keys, width=h / 2**0.5)[0]

    low, high = 1e-3, 1e2
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if voters(weigh(middle)) < wanted else (low, middle)
    return weigh(high), high


def near(place: int, side: int, reach: int) -> Tensor:
    """Which places of a side × side map lie at most `reach` rows and columns from a place: (side², ) of bool."""
    row, column = divmod(place, side)
    steps = torch.arange(side)
    return (((steps - row).abs() <= reach)[:, None] & ((steps - column).abs() <= reach)).flatten()


def strongest(row: Tensor, place: int, count: int = 5, apart: int = 2) -> list[int]:
    """The places with the largest weights of a row (n,), without those at most `apart` rows and columns away."""
    side = round(len(row) ** 0.5)
    others = row.masked_fill(near(place, side, apart), -1)
    return [int(k) for k in others.topk(count).indices]


def grad_cam(
    network: EfficientNetLite0, picture: Tensor, number: int | None = None, side: int = 224
) -> tuple[Tensor, int]:
    """Grad-CAM of a class at the last stage: a map of what spoke for it, not negative, and the class.

    The map has a place for each 32 × 32 pixels of the side × side that the picture is made: (7, 7) at 224, the
    size that the network was trained at. At 448 it is finer, and the class often another one.

    Each of the 320 channels is weighed by the mean gradient of the class's score, the channels are added, and what is
    positive is kept (Selvaraju et al., ICCV 2017). Without a `number` it is the class with the largest score.
    """
    real_tensor("picture", picture, ranks=(3,), shape="(3, H, W)")
    with torch.no_grad():
        feature = network.stages(prepared(picture, side))[-1]
    feature.requires_grad_()
    scores = network.read_out(feature)[0]
    number = int(scores.argmax()) if number is None else whole_number("number", number, least=0, most=len(scores) - 1)
    (gradient,) = torch.autograd.grad(scores[number], feature)
    return (gradient.mean(dim=(2, 3), keepdim=True) * feature).sum(dim=1)[0].relu().detach(), number


# ---- what is said of deep features, measured over all places of all photographs
PIXEL_H = 0.05  # of non-local means; which five patches are nearest does not depend on it
COUNT = 5


@dataclasses.dataclass(frozen=True)
class Claims:
    """Numbers by photograph, in the order of `SCENES`.

    `hits` are shares of marked places whose twin is among the five strongest: (photographs with twins, 8), the last
    column for patches of pixels. `own` is what a place gives itself under the raw Gaussian, the mean over its places;
    `alike` the mean cosine of two rows under the centred cosine: (photographs, 7) both, a column for each stage.
    """

    hits: Tensor
    own: Tensor
    alike: Tensor


def finds_the_twin(row: Tensor, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether one of the five largest weights of a row (784 or 196,) lies on the twin, given as (column, row).

    On the map of 28 × 28 the 5 × 5 places around the query do not count, and the twin may be missed by one place; on
    that of 14 × 14 the 3 × 3 around it do not count, and the place must be met.
    """
    side = round(len(row) ** 0.5)
    step = PLACES // side
    query, twin = (side * (place[1] // step) + place[0] // step for place in (first, second))
    top = strongest(row, query, COUNT, apart=2 // step)
    return bool(near(twin, side, 1 if step == 1 else 0)[top].any())


def chance(side: int) -> float:
    """How often five places drawn at random would do, twin and query away from the border."""
    places, targets = (side**2 - 25, 9) if side == PLACES else (side**2 - 9, 1)
    missed = 1.0
    for k in range(COUNT):
        missed *= (places - targets - k) / (places - k)
    return 1 - missed


@one_thread()
def measured() -> Claims:
    """Measure everything, of the network that `deep_keys` takes by itself: some ten seconds."""
    hits, own, alike = [], [], []
    for name, one in SCENES.items():
        keys = deep_keys(scene(name))
        pixels = patch_keys(scene(name))
        tables = [match(k) for k in keys]
        own.append([float(match(k, MEASURES[1]).diagonal().mean()) for k in keys])
        alike.append([likeness(table) for table in tables])
        if one.twins:
            asked = [(t.first, t.second) for t in one.twins] + [(t.second, t.first) for t in one.twins]
            by_pixels = torch.softmax(-(torch.cdist(pixels, pixels) / PIXEL_H).square(), dim=1)
            hits.append(
                [
                    sum(finds_the_twin(table[_at(a, table)], a, b) for a, b in asked) / len(asked)
                    for table in (*tables, by_pixels)
                ]
            )
    return Claims(torch.tensor(hits), torch.tensor(own), torch.tensor(alike))


def _at(place: tuple[int, int], table: Tensor) -> int:
    side = round(len(table) ** 0.5)
    step = PLACES // side
    return side * (place[1] // step) + place[0] // step
