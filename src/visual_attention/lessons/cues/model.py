"""Two cues in one weight: what stands out by itself, and what is looked for.

A toy model of attention in people, in the form that the rest of the course keeps: a score for each thing, a
softmax over the things, a weighted average of what they look like. Saliency is the non-volitional cue (it works
whatever is looked for), the query the volitional one:

    score_i = saliency_strength · saliency_i + intent_strength · query · key_i
"""

import torch

from visual_attention._validation import holds_numbers, real_number, real_tensor, same_kind

__all__ = ["cue_weights", "surprise"]


def cue_weights(
    saliency: torch.Tensor,
    keys: torch.Tensor,
    query: torch.Tensor | None = None,
    *,
    saliency_strength: float = 1.0,
    intent_strength: float = 1.0,
) -> torch.Tensor:
    """Return how much of the attention each of n things gets: the softmax of their scores, which sums to 1.

    Parameters
    ----------
    saliency : shape (n,), float32 or float64: how much each thing stands out by itself
    keys : shape (n, d): what each thing has to offer, with the dtype and device of `saliency`
    query : shape (d,), likewise: what is looked for; None looks for nothing, and so does a vector of zeros
    saliency_strength, intent_strength : finite numbers, at least 0, by which the two parts of the score are
        multiplied; with both at 0 all things weigh the same

    Returns
    -------
    shape (n,), dtype and device of `saliency`

    Raises
    ------
    TypeError
        `saliency`, `keys` or `query` is not a float32/float64 tensor or their dtypes differ; a strength is not a
        number.
    ValueError
        Wrong rank, empty or not finite; `keys` does not hold n rows, `query` not d numbers; a strength is negative
        or not finite.
    """
    real_tensor("saliency", saliency, ranks=(1,), shape="(n,)")
    real_tensor("keys", keys, ranks=(2,), shape="(n, d)")
    same_kind("saliency", saliency, "keys", keys)
    if len(keys) != len(saliency):
        raise ValueError(
            f"keys must hold one row per thing, {len(saliency)} of them to suit saliency, got {tuple(keys.shape)}"
        )
    strength = _strength("saliency_strength", saliency_strength)
    intent = _strength("intent_strength", intent_strength)
    # In float64 and in units of the larger strength, no part of a score overflows; nor does, times that unit, what
    # a score falls short of the largest one, except to −∞.
    unit = max(strength, intent, 1.0)
    score = strength / unit * saliency.double()
    if query is not None:
        real_tensor("query", query, ranks=(1,), shape="(d,)")
        same_kind("keys", keys, "query", query)
        if len(query) != keys.shape[1]:
            raise ValueError(f"query must have shape ({keys.shape[1]},) to suit keys, got {tuple(query.shape)}")
        score = score + intent / unit * (keys.double() @ query.double())
    return torch.softmax((score - score.detach().max()) * unit, dim=0).to(saliency.dtype)


def surprise(features: torch.Tensor) -> torch.Tensor:
    """Return how surprising each item's features are among all of them, in nats.

    For each feature −log of the share of items that have the same value (Shannon's self-information of that
    value in the display), added up over the features. An item like all others gets 0. Places play no part.

    Parameters
    ----------
    features : shape (n, d), any dtype; values are compared for equality, so they are names rather than amounts

    Returns
    -------
    shape (n,), float64

    Raises
    ------
    TypeError
        `features` is not a dense tensor.
    ValueError
        `features` is not of rank 2, empty, or holds NaN, which is not even equal to itself.
    """
    if not isinstance(features, torch.Tensor):
        raise TypeError(f"features must be a torch tensor, got {type(features).__name__}")
    holds_numbers("features", features)
    if features.ndim != 2 or features.numel() == 0:
        raise ValueError(f"features must have shape (n, d) and not be empty, got {tuple(features.shape)}")
    if features.isnan().any():
        raise ValueError("features must hold values that can be compared, got nan")
    alike = features[:, None, :] == features[None, :, :]
    return -alike.double().mean(dim=1).log().sum(dim=1)


def _strength(name: str, value: float) -> float:
    number = real_number(name, value)
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name} must be finite and at least 0, got {number}")
    return number
