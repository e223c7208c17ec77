"""Explorers of lesson 1: two cues on a desk, visual search, and pooling between average and maximum."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from visual_attention.datasets import photograph, photograph_credit
from visual_attention.lessons.cues import figures
from visual_attention.lessons.cues.data import SEARCHES, SearchDisplay, desk_scene, edge_map, search_display
from visual_attention.lessons.cues.icons import tile
from visual_attention.lessons.cues.model import cue_weights, surprise
from visual_attention.pooling import attend, soft_pool

__all__ = [
    "BETAS",
    "SIZES",
    "STRENGTHS",
    "DeskStudy",
    "PoolStudy",
    "SearchStudy",
    "desk_explorer",
    "pool_explorer",
    "search_explorer",
]

STRENGTHS = tuple(float(k) for k in range(9))
SIZES = tuple(range(4, 65, 4))
BETAS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 50.0, 100.0, 1000.0)
_SEARCH_QUERIES = {"nothing": None, "red and upright": (1.0, 0.0, 1.0, 0.0)}  # red, green, upright, tilted


class DeskStudy:
    """What is attended to on the desk, and what is seen: the average of the things' pictures by their weights."""

    def __init__(self):
        self.scene = desk_scene()
        self.pictures = torch.stack([tile(name) for name in self.scene.names])  # the values, (5, 3, H, W)

    def weights(self, wish: str, intent: float, saliency: float) -> Tensor:
        """The five weights (5,)."""
        return cue_weights(
            self.scene.saliency,
            self.scene.keys,
            self.scene.queries[wish],
            saliency_strength=saliency,
            intent_strength=intent,
        )

    def percept(self, weights: Tensor) -> Tensor:
        """The blended picture (3, H, W) under the weights (5,)."""
        return attend(weights[None], self.pictures.flatten(1)).reshape(self.pictures.shape[1:])

    def draw(self, wish: str, intent: float, saliency: float) -> Figure:
        weights = self.weights(wish, intent, saliency)
        return figures.desk_panels(names=self.scene.names, weights=weights, percept=self.percept(weights), wish=wish)

    def describe(self, wish: str, intent: float, saliency: float) -> str:
        weights = self.weights(wish, intent, saliency)
        # Equal weights stay in the order of the names, whatever their last digits.
        order = weights.round(decimals=6).argsort(descending=True, stable=True).tolist()
        first, second = (f"the {self.scene.names[i]} gets {float(weights[i]):.2f}" for i in order[:2])
        said = "all five things get 0.20" if weights.max() - weights.min() < 1e-9 else f"{first}, {second}"
        return f"Looking for {wish}; intent {intent:g}, saliency {saliency:g}: {said} of the attention."


def desk_explorer(study: DeskStudy | None = None) -> Explorer:
    """What is looked for, how strong the intent and the saliency are, against weights and blended percept."""
    study = study or DeskStudy()
    wishes = tuple(study.scene.queries)
    return Explorer(
        study.draw,
        [
            Menu("wish", "looking for", wishes, default="nothing"),
            Slider("intent", "intent", STRENGTHS, default=5.0),
            Slider("saliency", "saliency", STRENGTHS, default=3.0),
        ],
        title="What do you see on the desk?",
        describe=study.describe,
        keep=[
            {"wish": EVERY_STOP, "intent": EVERY_STOP},
            {"wish": EVERY_STOP, "saliency": EVERY_STOP},
            {"wish": EVERY_STOP, "intent": (0.0, 8.0), "saliency": (0.0, 8.0)},
        ],
    )


@dataclass(frozen=True)
class SearchView:
    """What the two panels show at one position: see `figures.cues.search_panels` for the shapes."""

    weights: Tensor
    target: dict[str, Tensor]
    by_saliency: dict[str, Tensor]
    at: int


class SearchStudy:
    """Weight on the target of a visual search, by surprise alone or with a query, as items are added."""

    INTENT = 8.0

    def __init__(self, seed: int = 3):
        self.seed = seed
        self.sizes = torch.tensor(SIZES, dtype=torch.float64)
        self._curves = {
            wish: {
                search: torch.stack([self.weights(self.display(n, search), wish)[0] for n in SIZES])
                for search in SEARCHES
            }
            for wish in _SEARCH_QUERIES
        }

    def display(self, n: int, search: str) -> SearchDisplay:
        return search_display(n, search, seed=self.seed)

    def weights(self, display: SearchDisplay, wish: str) -> Tensor:
        """The weights (n,) of the items: saliency is their surprise."""
        query = _SEARCH_QUERIES[wish]
        return cue_weights(
            surprise(display.features),
            display.keys,
            None if query is None else torch.tensor(query, dtype=torch.float64),
            intent_strength=self.INTENT,
        )

    def view(self, n: int, search: str, wish: str) -> SearchView:
        weights = self.weights(self.display(n, search), wish)
        return SearchView(weights, self._curves[wish], self._curves["nothing"], SIZES.index(n))

    def draw(self, n: int, search: str, wish: str) -> Figure:
        display = self.display(n, search)
        return figures.search_panels(
            features=display.features,
            places=display.places,
            sizes=self.sizes,
            search=search,
            wish=wish,
            **vars(self.view(n, search, wish)),
        )

    def describe(self, n: int, search: str, wish: str) -> str:
        weights = self.view(n, search, wish).weights
        rank = int((weights > weights[0] + 1e-9).sum()) + 1
        place = {1: "no item gets more"}.get(rank, f"{rank - 1} of the others get more")
        return (
            f"A {search} search among {n} items, looking for {wish}: the target gets {float(weights[0]):.3f} "
            f"of the attention; {place}."
        )


def search_explorer(study: SearchStudy | None = None) -> Explorer:
    """Number of items, kind of search and query against the items' weights and the weight on the target."""
    study = study or SearchStudy()
    return Explorer(
        study.draw,
        [
            Slider("n", "items N", SIZES, default=16),
            Menu("search", "search", SEARCHES, default="feature"),
            Menu("wish", "looking for", tuple(_SEARCH_QUERIES), default="nothing"),
        ],
        title="Find the odd one",
        describe=study.describe,
        keep=[{"n": EVERY_STOP, "search": EVERY_STOP, "wish": EVERY_STOP}],
    )


class PoolStudy:
    """A photograph's map of edges, pooled with the weights softmax(beta · x)."""

    def __init__(self):
        self.picture = photograph("china", size=(256, 384))
        self.features = edge_map("china")

    def weights(self, beta: float) -> Tensor:
        """The weight of each cell, shape of the feature map."""
        return torch.softmax(beta * self.features.flatten(), dim=0).reshape(self.features.shape)

    def pooled(self, beta: float) -> float:
        return float(soft_pool(self.features, beta, dim=(0, 1)))

    def draw(self, beta: float) -> Figure:
        return figures.pool_panels(
            picture=self.picture,
            features=self.features,
            weights=self.weights(beta),
            pooled=self.pooled(beta),
            mean=float(self.features.mean()),
            largest=float(self.features.max()),
        )

    def describe(self, beta: float) -> str:
        weights = self.weights(beta)
        effective = 1 / float(weights.square().sum())
        return (
            f"β = {beta:g}: pooled value {self.pooled(beta):.3f}, between the mean {float(self.features.mean()):.3f} "
            f"and the maximum {float(self.features.max()):.3f}. Largest weight {float(weights.max()):.3f}, as if "
            f"{effective:.1f} of {weights.numel()} cells voted."
        )


def pool_explorer(study: PoolStudy | None = None) -> Explorer:
    """β against the weights softmax(βx) of a feature map and the pooled value: from the mean to the maximum."""
    study = study or PoolStudy()
    return Explorer(
        study.draw,
        [Slider("beta", "β", BETAS, default=0.0)],
        title="From average pooling to max pooling",
        describe=study.describe,
        credit=photograph_credit("china", "made smaller"),
    )
