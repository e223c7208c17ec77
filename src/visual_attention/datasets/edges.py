"""A feature map of a photograph, by a fixed filter: where the edges are."""

import torch
import torch.nn.functional as F

from visual_attention._validation import whole_number
from visual_attention.datasets.photographs import photograph

__all__ = ["edge_map"]


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
