"""Attention over the frames of a clip.

The learned query is the attention block of Yang et al., Neural Aggregation Network for Video Face Recognition,
CVPR 2017 (arXiv 1603.05474), on frames described by the means of their channels.
"""

import math

import torch
from torch import nn

from visual_attention._validation import feature_map, one_of, whole_number
from visual_attention.blocks._pooling import mean_over

QUERIES = ("learned", "given")


class TemporalAttention(nn.Module):
    """Average the frames of a clip, weighted by how well each matches a query.

        z_t = mean of x_t over the positions
        a = softmax over t of q · k_t
        y = sum over t of a_t x_t

    A learned query is one vector for all clips, and k_t = z_t: what to look for is known before. A given query
    comes with each clip, as a description of one frame or picture of C numbers, and both it and the frames are
    embedded: q · k_t = theta(query) · phi(z_t) / √inner.

    Parameters
    ----------
    channels : number of channels C, at least 1
    inner_channels : width of theta and phi, at least 1; default C // 2, and 1 where that would be 0; unused by
        a learned query
    query : one of `QUERIES`

    Input: (N, C, T, H, W), and a query (N, C) if it is given. Output: (N, C, H, W).

    Raises
    ------
    ValueError
        Also if a query is missing that is to be given, or given to a block that has learned its own.
    """

    def __init__(self, channels: int, inner_channels: int | None = None, *, query: str = "learned"):
        super().__init__()
        self.channels = whole_number("channels", channels, least=1)
        if inner_channels is None:
            inner_channels = max(channels // 2, 1)
        self.inner_channels = whole_number("inner_channels", inner_channels, least=1)
        one_of("query", query, QUERIES)
        self.query = query
        if query == "learned":
            self.score = nn.Linear(channels, 1, bias=False)
        else:
            self.theta = nn.Linear(channels, inner_channels)
            self.phi = nn.Linear(channels, inner_channels)

    def weights(self, x: torch.Tensor, query: torch.Tensor | None = None) -> torch.Tensor:
        """Return the share of each frame: (N, C, T, H, W), and (N, C) if the query is given -> (N, T)."""
        feature_map("x", x, self.channels, ("T", "H", "W"), block=self)
        self._check_query(x, query)
        z = mean_over(x, (3, 4)).mT  # (N, T, C)
        if query is None:
            return self.score(z).squeeze(2).softmax(dim=1)  # (N, T)
        logits = self.phi(z) @ self.theta(query)[..., None] / math.sqrt(self.inner_channels)  # (N, T, 1)
        return logits.squeeze(2).softmax(dim=1)  # (N, T)

    def forward(self, x: torch.Tensor, query: torch.Tensor | None = None) -> torch.Tensor:
        shares = self.weights(x, query)  # (N, T)
        return (x * shares[:, None, :, None, None]).sum(dim=2)  # (N, C, H, W)

    def extra_repr(self) -> str:
        return f"channels={self.channels}, query={self.query}"

    def _check_query(self, x: torch.Tensor, query: torch.Tensor | None) -> None:
        if self.query == "learned":
            if query is not None:
                raise ValueError("query must be left out: this block has learned its own (query='learned')")
        elif query is None:
            raise ValueError(f"query must be given, of shape (N, {self.channels}), got None")
        else:
            feature_map("query", query, self.channels, (), block=self)
            if len(query) != len(x):
                raise ValueError(f"query must hold one row per clip, {len(x)} of them, got {len(query)}")
