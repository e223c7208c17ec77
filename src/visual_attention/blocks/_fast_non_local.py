"""The averages of the Non-local block without the table of all pairs: memory grows with P + K, not with P · K."""

import torch
import torch.nn.functional as F


def softmax_attention(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return softmax(query keysᵀ) values, (N, P, D), from (N, P, D), (N, K, D), (N, K, D)."""
    q, k, v = (part[:, None] for part in (query, keys, values))  # one head
    return F.scaled_dot_product_attention(q, k, v, scale=1.0)[:, 0]


def dot_product_attention(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return query keysᵀ values, multiplied in the cheaper order."""
    if keys.shape[1] < keys.shape[2]:
        return (query @ keys.mT) @ values
    return query @ (keys.mT @ values)


def relu_attention(a: torch.Tensor, b: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return the sums over j of relu(a_i + b_j) values_j: (N, P), (N, K), (N, K, D) -> (N, P, D).

    Key j counts where a_i exceeds its threshold c_j = −b_j, and then as (a_i − c_j) values_j. Sorted by
    threshold, the keys that count for a query come first, so that two running sums answer all of them.
    """
    dtype = values.dtype
    exact = torch.promote_types(dtype, torch.float32)
    a, b, values = a.to(exact), b.to(exact), values.to(exact)
    # Around 0, or a_i Σ v_j and Σ c_j v_j would be large and nearly equal. The sum of the two stays.
    centre = b.mean(dim=1, keepdim=True)
    a = a + centre  # (N, P)
    c, order = (centre - b).sort(dim=1)  # (N, K)
    values = values.gather(1, order[..., None].expand_as(values))  # (N, K, D)
    count = torch.searchsorted(c.detach(), a.detach())[..., None].expand(-1, -1, values.shape[2])  # (N, P, D)

    def sum_of_first(terms: torch.Tensor) -> torch.Tensor:
        """Return for each query the sum of the terms of the keys that count: (N, K, D) -> (N, P, D)."""
        return F.pad(terms.cumsum(dim=1), (0, 0, 1, 0)).gather(1, count)

    return (a[..., None] * sum_of_first(values) - sum_of_first(c[..., None] * values)).to(dtype)
