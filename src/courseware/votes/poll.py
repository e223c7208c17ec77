"""The vote: one question at a time, one vote a device, and what may be seen of it.

A question may be voted on again after a discussion (peer instruction); its rounds stand side by side then. Of devices a
poll keeps their random names, and only until the next question: what remains is counts. Raised hands, which somebody
has counted and typed in, are added to the votes of phones.
"""

import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["MOST_DEVICES", "Asked", "Poll", "VoteRefused"]

MOST_CHOICES = 8
LONGEST = 600  # characters of a question or a choice
# That vote on one question: memory has an end. Who throws cookies away at the pace that the server allows needs minutes
# to come near it, and the lecturer sees the number rise.
MOST_DEVICES = 50_000
MOST_HANDS = 9999


class VoteRefused(Exception):
    """A vote that does not count; the message is for the person who cast it."""


@dataclass(frozen=True)
class Asked:
    """A question as the class sees it.

    Parameters
    ----------
    text
        The question, in plain text.
    choices
        From two to eight, in plain text.
    explanations
        One for each choice, or none at all.
    right
        The letter of the right choice; empty where there is none, or nobody has told.

    Raises
    ------
    ValueError
        If an argument is not that; the message names it.
    """

    text: str
    choices: tuple[str, ...]
    explanations: tuple[str, ...] = ()
    right: str = ""

    def __post_init__(self) -> None:
        if not 2 <= len(self.choices) <= MOST_CHOICES:
            raise ValueError(f"choices must be 2 to {MOST_CHOICES}, was {len(self.choices)}")
        for name, texts in (("text", (self.text,)), ("choices", self.choices), ("explanations", self.explanations)):
            for text in texts:
                if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
                    raise ValueError(f"{name} must be words, {LONGEST} characters at most, was {str(text)[:80]!r}")
        if len(self.explanations) not in (0, len(self.choices)):
            raise ValueError(f"explanations must be one for each choice or none, was {len(self.explanations)}")
        if self.right and self.right not in tuple(self.letters):
            raise ValueError(f"right must be one of {', '.join(self.letters)} or empty, was {self.right!r}")

    @property
    def letters(self) -> str:
        """The letters of the choices: ``"abc"`` for three."""
        return string.ascii_lowercase[: len(self.choices)]


@dataclass
class Poll:
    """A vote in its states: nothing asked; open; closed; its bars shown; its answer shown.

    Attributes
    ----------
    asked : Asked or None
        The question that is voted on.
    number : int
        Of the round, counted through the lecture: a vote says for which round it is meant.
    revision : int
        Grows with each change that a phone should show.
    is_open, bars, answer : bool
        Whether votes are taken; whether the lecturer has shown the bars, and the right choice with explanations.
    """

    asked: Asked | None = None
    number: int = 0
    revision: int = 0
    is_open: bool = False
    bars: bool = False
    answer: bool = False
    _earlier: list[list[int]] = field(default_factory=list)  # counts of this question's rounds before this one
    _votes: dict[str, str] = field(default_factory=dict)  # of this round: from device to letter
    _hands: list[int] = field(default_factory=list)  # of this round, one for each choice; empty if none were counted
    _done: list[dict[str, Any]] = field(default_factory=list)  # the questions before this one

    def start(self, asked: Asked) -> None:
        """Ask a new question: votes are taken, nothing is shown. The one before is done."""
        self.end()
        self.asked = asked
        self._begin_round()

    def again(self) -> None:
        """Vote once more on the same question: the bars of both rounds are hidden until they are shown.

        Raises ValueError if nothing is asked.
        """
        self._must_ask()
        self._earlier.append(self._counts())
        self._begin_round()

    def _begin_round(self) -> None:
        self.number += 1
        self.revision += 1
        self._votes, self._hands = {}, []
        self.is_open, self.bars, self.answer = True, False, False

    def close(self) -> None:
        """Take no more votes. Raises ValueError if nothing is asked."""
        self._must_ask()
        self.is_open = False
        self.revision += 1

    def show_bars(self) -> None:
        """Let the lecturer's slide show how many chose what; an open vote goes on.

        Raises ValueError if nothing is asked.
        """
        self._must_ask()
        self.bars = True

    def show_answer(self) -> None:
        """Close the vote, and show everybody its bars, the right choice and the explanations.

        Raises ValueError if nothing is asked.
        """
        self.close()
        self.bars = self.answer = True

    def end(self) -> None:
        """Put the question away: phones wait for the next one. Nothing happens if nothing is asked."""
        if self.asked is None:
            return
        self._done.append(self._record())
        self.asked, self._earlier, self._votes, self._hands = None, [], {}, []
        self.is_open = self.bars = self.answer = False
        self.revision += 1

    def vote(self, device: str, number: int, letter: str) -> None:
        """Count the vote of `device` in round `number`; one that it has cast before is taken back.

        Raises VoteRefused if that round is not open, the letter is none of its choices, or the room is full.
        """
        if not self.is_open or number != self.number or self.asked is None:
            raise VoteRefused("That vote is closed.")
        if letter not in tuple(self.asked.letters):
            raise VoteRefused("That is none of the choices.")
        if device not in self._votes and len(self._votes) >= MOST_DEVICES:
            raise VoteRefused("More votes than this room can hold.")
        self._votes[device] = letter

    def count_hands(self, counts: Sequence[int]) -> None:
        """Take `counts`, one for each choice, as the hands of this round, in place of those that were typed before.

        Raises ValueError if nothing is asked, or they are not whole numbers from 0 to 9999, one for each choice.
        """
        self._must_ask()
        assert self.asked is not None
        if not isinstance(counts, list | tuple) or len(counts) != len(self.asked.choices):
            raise ValueError(f"counts must be one for each of {len(self.asked.choices)} choices, was {counts!r}")
        for count in counts:
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST_HANDS:
                raise ValueError(f"counts must be whole numbers from 0 to {MOST_HANDS}, was {count!r}")
        self._hands = list(counts)
        self.revision += self.answer  # phones show counts with the answer

    def vote_of(self, device: str) -> str:
        """The letter that `device` has chosen in this round; empty if none."""
        return self._votes.get(device, "")

    def rounds(self) -> list[list[int]]:
        """How many chose each letter, one list for each round of this question; none if nothing is asked."""
        return [*self._earlier, self._counts()] if self.asked else []

    def seen(self) -> dict[str, Any]:
        """What the slide may show, as plain data: counts stay hidden until the lecturer shows them."""
        rounds = self.rounds()
        return {
            "number": self.number,
            "open": self.is_open,
            "bars": self.bars,
            "answer": self.answer,
            "cast": [sum(counts) for counts in rounds],
            "rounds": rounds if self.bars else [],
            "hands": list(self._hands),
            "asked": None if self.asked is None else _shown(self.asked, self.answer),
        }

    def history(self) -> list[dict[str, Any]]:
        """Every question of the lecture with the counts of its rounds, that which is asked at last. No devices."""
        return [*self._done, *([self._record()] if self.asked else [])]

    def _record(self) -> dict[str, Any]:
        assert self.asked is not None
        return {
            "question": self.asked.text,
            "choices": list(self.asked.choices),
            "right": self.asked.right,
            "rounds": self.rounds(),
        }

    def _counts(self) -> list[int]:
        if self.asked is None:
            return []
        counted = Counter(self._votes.values())
        hands = self._hands or [0] * len(self.asked.choices)
        return [counted[letter] + raised for letter, raised in zip(self.asked.letters, hands, strict=True)]

    def _must_ask(self) -> None:
        if self.asked is None:
            raise ValueError("no question is asked: open a vote first")


def _shown(asked: Asked, answer: bool) -> dict[str, Any]:
    """A question as plain data, with what answers it or without."""
    return {
        "text": asked.text,
        "choices": list(asked.choices),
        "explanations": list(asked.explanations) if answer else [],
        "right": asked.right if answer else "",
    }
