"""Mistakes that can happen in any exercise: a sign, an axis, an index. Used where no mistake of the exercise fits."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from courseware.exercises import show

__all__ = ["CommonMistake", "of_a_function", "of_numbers"]

Tensor = torch.Tensor
Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class CommonMistake:
    """A name, and a sentence that says what was done."""

    name: str
    feedback: str


class _Guess(NamedTuple):
    mistake: CommonMistake
    change: Change  # what the mistake makes of the right result


def of_a_function(
    results: list[Tensor], expected: list[Tensor], agree: Callable[[Tensor, Tensor], bool], shown: int = 0
) -> CommonMistake | None:
    """The likeliest mistake that makes every result out of the right one, or None.

    `results` and `expected` are finite tensors, one for each input; `agree` says whether two of them count as equal.
    The sentence is about the input with the number `shown`, which people see beside it.
    """
    if _all_agree(results, [_reshaped(right, mine) for right, mine in zip(expected, results, strict=True)], agree):
        mine, right = tuple(results[shown].shape), tuple(expected[shown].shape)
        return CommonMistake("wrong shape", f"The right numbers, but in the shape {mine}: {right} is asked.")
    guesses = _of_bools(results) if expected[0].dtype == torch.bool else _of_numbers(results, expected)
    for mistake, change in guesses:
        if _all_agree(results, [change(right) for right in expected], agree):
            return mistake
    return None


def of_numbers(numbers: Tensor, expected: Tensor) -> CommonMistake | None:
    """What explains numbers that were given as an answer, or None. It never says what the right numbers are."""
    if numbers.shape != expected.shape or not numbers.isfinite().all() or not expected.any():
        return None

    def near(mine: Tensor, target: Tensor) -> bool:
        return torch.allclose(mine, target, rtol=1e-3, atol=1e-9)

    for target, name, sentence in (
        (-expected, "sign flipped", "Only the sign is wrong."),
        (100 * expected, "per cent", "Is it in per cent? Yours is 100 times as large."),
        (expected / 100, "a share", "Is it a share? Yours is a hundredth."),
        (1 / expected, "inverted", "Yours is 1 over the right answer: what stands above the line, what below?"),
        (2 * expected, "twice", "Has something been counted twice?"),
        (expected / 2, "half", "A factor of two is missing."),
    ):
        if near(numbers, target):
            return CommonMistake(name, sentence)
    in_place = near(numbers, expected)  # as good as right where they stand: no other order explains what is off
    if numbers.ndim == 1 and not in_place and near(numbers.sort().values, expected.sort().values):
        return CommonMistake("another order", "The right numbers, in another order.")
    counts = torch.equal(expected, expected.round())
    if counts and torch.equal((numbers - expected).abs(), torch.ones_like(expected)):
        return CommonMistake("off by one", "Off by one: is something counted that should not be, or left out?")
    if not counts and not in_place and torch.allclose(numbers, expected, rtol=1e-2, atol=0):
        return CommonMistake("rounded on the way", "It is near: carry more digits on the way, and round at the end.")
    return None


def _all_agree(results: list[Tensor], targets: list[Tensor], agree: Callable[[Tensor, Tensor], bool]) -> bool:
    return all(map(agree, results, targets))


def _reshaped(right: Tensor, mine: Tensor) -> Tensor:
    """The right numbers in another shape, if that shape holds as many and is another one."""
    other = right.shape != mine.shape and right.numel() == mine.numel()
    # A table that is as long as it is wide the other way round is transposed, not reshaped.
    return right.reshape(mine.shape) if other else right


def _of_bools(results: list[Tensor]) -> Iterator[_Guess]:
    yield _Guess(CommonMistake("negated", "True and False are swapped."), torch.logical_not)
    yield from _constant(results)


def _of_numbers(results: list[Tensor], expected: list[Tensor]) -> Iterator[_Guess]:
    yield _Guess(CommonMistake("sign flipped", "The sign is flipped: yours is −1 times what is expected."), torch.neg)
    ndim = max(right.ndim for right in expected)
    for order in itertools.permutations(range(ndim)):
        sentence = "Rows and columns are swapped." if ndim == 2 else f"The axes stand in another order: {order}."
        yield _Guess(CommonMistake("transposed", sentence), _where_possible(torch.permute, order, ndim=ndim))
    for dim, step in itertools.product(range(ndim), (1, -1)):
        sentence = f"The right numbers, moved on by one along dim {dim}: an index is off by one."
        yield _Guess(CommonMistake("off by one", sentence), _where_possible(torch.roll, step, dim, ndim=dim + 1))
    for dim in range(ndim):
        sentence = f"The right numbers, in reverse order along dim {dim}."
        yield _Guess(CommonMistake("reversed", sentence), _where_possible(torch.flip, (dim,), ndim=dim + 1))
    yield from _constant(results)
    yield from _scaled_or_moved(results[0], expected[0])


def _constant(results: list[Tensor]) -> Iterator[_Guess]:
    if results[0].numel():
        value = results[0].flatten()[0].item()
        sentence = f"It returns {_shown(value)} whatever the input is: which arguments does it use?"
        dtype = results[0].dtype  # the right result may be a whole number where this one is not
        yield _Guess(CommonMistake("constant", sentence), lambda right: torch.full_like(right, value, dtype=dtype))


def _shown(value: float) -> str:
    return str(value) if isinstance(value, bool | complex) else show.number(value)


def _scaled_or_moved(mine: Tensor, right: Tensor) -> Iterator[_Guess]:
    """A factor or a summand, read off the largest entry of the first result."""
    if mine.shape != right.shape or not right.numel() or right.is_complex():
        return
    place = np.unravel_index(int(right.abs().argmax()), right.shape)
    mine_there, right_there = mine[place].item(), right[place].item()
    if mine_there and right_there:
        factor = mine_there / right_there
        sentence = f"Yours is {_shown(factor)} times what is expected, everywhere."
        yield _Guess(CommonMistake("a factor too much", sentence), lambda right: right * factor)
    difference = mine_there - right_there
    sentence = f"Yours is {_shown(abs(difference))} too {'large' if difference > 0 else 'small'}, everywhere."
    yield _Guess(CommonMistake("a constant too much", sentence), lambda right: right + difference)


def _where_possible(change: Callable[..., Tensor], *arguments: object, ndim: int) -> Change:
    """A change that leaves tensors with fewer dimensions as they are."""
    return lambda right: change(right, *arguments) if right.ndim >= ndim else right
