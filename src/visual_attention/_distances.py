"""Distances between queries and keys, and the exponents of a Gaussian that stay exact however far away a query is."""

from collections.abc import Callable

import torch

# Stands for "infinitely many widths away": it is finite, so no 0 · inf appears among the weights. The
# gradient divides by width² and is NaN once distance / width² overflows, at widths below about 1e-154.
_FAR = 1e150


def as_rows(query: torch.Tensor, keys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return query (m, d) and keys (n, d) in float64."""
    return query.double().reshape(len(query), -1), keys.double().reshape(len(keys), -1)


class Distances:
    """How far queries (m, d) are from keys (n, d), both in float64.

    Attributes
    ----------
    all : shape (m, n)
    nearest : shape (m, 1), without a gradient; of the keys that are not left out
    hidden : shape (m, n), which keys are left out; or None
    """

    def __init__(self, query: torch.Tensor, keys: torch.Tensor, left_out: torch.Tensor | None):
        # Differences, not |q|² − 2 q·k + |k|²: that form cancels.
        self.all = torch.cdist(query, keys, compute_mode="donot_use_mm_for_euclid_dist")
        self.hidden = None
        if left_out is not None:
            self.hidden = left_out[:, None] == torch.arange(len(keys), device=keys.device)
        self.candidates = self.leave_out(self.all.detach(), torch.inf)
        self.nearest = self.candidates.amin(dim=1, keepdim=True)

    def leave_out(self, table: torch.Tensor, fill: float) -> torch.Tensor:
        return table if self.hidden is None else table.masked_fill(self.hidden, fill)

    def gaussian_scores(self, in_widths: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Return −u² / 2 but for a constant in each row, shape (m, n); `in_widths` makes u of distances."""
        # softmax ignores a constant per row. Taking off the nearest key's d² as (d − nearest)(d + nearest)
        # keeps its exponent at exactly 0 however many widths away it is.
        gap = in_widths(self.all - self.nearest)
        total = in_widths(self.all + self.nearest).clamp(max=_FAR)
        return self.leave_out(gap * total / -2, -torch.inf)
