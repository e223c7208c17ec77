"""Five things on a desk: the scene of lesson 1. All numbers are chosen by hand; nothing was measured."""

from dataclasses import dataclass

import torch

__all__ = ["DeskScene", "desk_scene"]

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
