"""The data of lesson 1: five things on a desk, displays for visual search, and the edges of a photograph."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from visual_attention._validation import one_of, whole_number
from visual_attention.datasets.photographs import photograph

_THINGS = {  # saliency; how well one can drink it, how well one can read it
    "newspaper": (0.3, (0.0, 0.7)),
    "paper": (0.1, (0.0, 0.1)),
    "red cup": (1.0, (1.0, 0.0)),
    "notebook": (0.3, (0.0, 0.4)),
    "book": (0.2, (0.0, 1.0)),
}
_QUERIES = {"nothing": (0.0, 0.0), "a drink": (1.0, 0.0), "something to read": (0.0, 1.0)}


@dataclass(frozen=True, eq=False)
class DeskScene:
    """Things with their cues: `names` (5), `saliency` (5,) and `keys` (5, 2) in [0, 1], float64.

    The two numbers of a key say how well a thing serves for drinking and for reading. `queries` holds a vector
    (2,) for each wish, `nothing` being the zero vector.
    """

    names: tuple[str, ...]
    saliency: torch.Tensor
    keys: torch.Tensor
    queries: dict[str, torch.Tensor]


def desk_scene() -> DeskScene:
    """Return the desk with a newspaper, a sheet of paper, a red cup, a notebook and a book."""
    saliency, keys = zip(*_THINGS.values(), strict=True)
    return DeskScene(
        names=tuple(_THINGS),
        saliency=torch.tensor(saliency, dtype=torch.float64),
        keys=torch.tensor(keys, dtype=torch.float64),
        queries={wish: torch.tensor(query, dtype=torch.float64) for wish, query in _QUERIES.items()},
    )


SEARCHES = ("feature", "conjunction")
_SIDE = 8  # the display has 8 × 8 cells
_JITTER = 0.18  # of a cell: rows and columns must not be seen
RED, GREEN, UPRIGHT, TILTED = 0, 1, 0, 1


@dataclass(frozen=True, eq=False)
class SearchDisplay:
    """N bars; item 0 is the target, always red and upright.

    Attributes
    ----------
    features : shape (n, 2), int64: colour (0 red, 1 green) and posture (0 upright, 1 tilted)
    places : shape (n, 2), float64: centres, x and y in [0, 8]
    """

    features: torch.Tensor
    places: torch.Tensor

    @property
    def keys(self) -> torch.Tensor:
        """What each item is, as (red, green, upright, tilted) of zeros and ones: shape (n, 4), float64."""
        return torch.nn.functional.one_hot(self.features, 2).flatten(1).double()


def search_display(n: int, search: str = "feature", seed: int = 0) -> SearchDisplay:
    """Return a display of n bars with one red upright target.

    In a *feature* search the others are green and upright: colour alone tells. In a *conjunction* search half of
    them are red and tilted, half green and upright (of an odd number, one more is tilted): only both features
    together tell. With the same seed a larger display holds the places of the smaller one, the target's first.

    Raises
    ------
    TypeError
        `n` or `seed` is not a whole number.
    ValueError
        `n` is not between 4 and 64, `seed` is negative, `search` is not one of `SEARCHES`.
    """
    n = whole_number("n", n, least=4, most=_SIDE**2)
    one_of("search", search, SEARCHES)
    seed = whole_number("seed", seed, least=0, most=2**63 - 1)
    features = torch.tensor([[RED, UPRIGHT]] + (n - 1) * [[GREEN, UPRIGHT]])
    if search == "conjunction":
        features[1::2] = torch.tensor([RED, TILTED])
    generator = torch.Generator().manual_seed(seed)
    cells = torch.randperm(_SIDE**2, generator=generator)
    corners = torch.stack([cells % _SIDE, cells // _SIDE], dim=1).double()
    jitter = _JITTER * (2 * torch.rand(corners.shape, generator=generator, dtype=torch.float64) - 1)
    return SearchDisplay(features, (corners + 0.5 + jitter)[:n])


def edge_map(name: str = "china", grid: tuple[int, int] = (16, 24), cell: int = 8) -> torch.Tensor:
    """Return how strong the edges are in each cell of a photograph, the strongest being 1.

    The photograph's brightness, resized to `cell` pixels a cell, goes through the central differences
    (b[x + 1] − b[x − 1]) / 2 in both directions (one-sided at the border); the length of that gradient is
    averaged over each cell and divided by the largest average.

    Parameters
    ----------
    name : one of `datasets.PHOTOGRAPHS`
    grid : rows and columns of the map
    cell : pixels along a side of a cell, at least 2

    Returns
    -------
    shape `grid`, float64, in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As in `photograph`; also when `cell` is not a whole number of at least 2.
    """
    cell = whole_number("cell", cell, least=2)
    if not isinstance(grid, (tuple, list)) or len(grid) != 2:
        raise TypeError(f"grid must be a pair (rows, columns), got {grid!r}")
    rows, columns = (whole_number("grid", length, least=1) for length in grid)
    brightness = photograph(name, size=(cell * rows, cell * columns), grey=True).double()
    down, across = torch.gradient(brightness)
    strength = F.avg_pool2d(torch.hypot(down, across)[None, None], cell)[0, 0]
    return strength / strength.max()
