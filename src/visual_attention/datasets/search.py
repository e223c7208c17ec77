"""Displays for visual search: find the one red upright bar among others that lack one thing, or share none."""

from dataclasses import dataclass

import torch

from visual_attention._validation import one_of, whole_number

__all__ = ["SEARCHES", "SearchDisplay", "search_display"]

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
