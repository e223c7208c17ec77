"""The room that votes: starts the server of its phones in a process of its own, and speaks with it."""

import contextlib
import ipaddress
import multiprocessing
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import segno

from courseware.exercises.multiple_choice import Question
from courseware.language import current
from courseware.project import UserError
from courseware.votes import numbers, server

__all__ = ["DEFAULT_ADDRESS", "Room", "listening_at"]

DEFAULT_ADDRESS = "127.0.0.1"
# For typing: without what looks alike (0 and o, 1 and l and i), and without vowels, which make words.
LETTERS = "23456789bcdfghjkmnpqrstvwxz"
PATH_LENGTH = 6
SECONDS = 30  # that the server may take to start, or to answer
SECONDS_TO_END = 5


def listening_at(text: str) -> tuple[str, int]:
    """The address and the port that `text` names, such as ``"192.168.1.20"`` or ``"192.168.1.20:8080"``.

    Port 0 says: any that is free.

    Raises
    ------
    UserError
        If it is not the address of one interface: a phone has to be told where to go.
    """
    # An address of IPv6 has colons itself, and stands in brackets when a port follows.
    has_port = "]:" in text if "[" in text else text.count(":") == 1
    host, colon, port = text.rpartition(":") if has_port else (text, "", "0")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        raise UserError(
            f"--votes takes an address of this machine, such as 192.168.1.20 or 192.168.1.20:8080, not {text!r}"
        ) from None
    of_one_network = getattr(address, "scope_id", None)  # fe80::1%eth0: what another machine calls otherwise
    if address.is_unspecified or address.is_multicast or of_one_network or (colon and not 1 <= number <= 65535):
        raise UserError(
            f"--votes takes the address that phones can reach, with a port from 1 to 65535 if any, not {text!r}"
        )
    return str(address), number


class Room:
    """A running vote. Use it in a ``with`` block, or call `close`.

    Parameters
    ----------
    address, port
        Where to listen: see `listening_at`.
    questions
        Those of the lesson, which the lecturer can choose.
    keep
        The file for the numbers of the lecture, if they are to be kept. What it holds already stays.

    Attributes
    ----------
    link : str
        What a phone opens. The page speaks the language that is current when the room opens.

    Raises
    ------
    UserError
        If nothing can listen there, or the file cannot be written or holds something else.
    """

    def __init__(self, address: str, port: int = 0, questions: Sequence[Question] = (), keep: Path | None = None):
        self.questions = tuple(questions)
        self._keep = keep
        self._one_at_a_time = threading.Lock()
        self._runs = False
        self._number = 0  # of the last order
        self._kept: list[dict[str, Any]] = []  # what the file holds of this lecture
        self._before = numbers.begin(keep) if keep is not None else []  # and of earlier ones
        path = "".join(secrets.choice(LETTERS) for _ in range(PATH_LENGTH))
        context = multiprocessing.get_context("spawn")  # nothing of this process is in the other
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=server.run, args=(theirs, address, port, path, current()), daemon=True)
        self._process.start()
        theirs.close()
        try:
            said = self._orders.recv() if self._orders.poll(SECONDS) else "it does not answer"
        except EOFError:
            said = "it ended at once"
        if isinstance(said, str):
            self.close()
            raise UserError(f"no vote can be held at {address}: {said}")
        host = f"[{address}]" if ":" in address else address
        self.link = f"http://{host}:{said}/{path}"
        self._runs = True

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, after the last votes are kept, if any are to be. What was voted is gone with it."""
        if self._runs and self._keep is not None:
            with contextlib.suppress(UserError):  # the server may be gone, and with it what it knew
                self._write_numbers(self._keep, SECONDS_TO_END)
        self._runs = False
        self._orders.close()
        self._process.join(SECONDS_TO_END)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def qr_code(self) -> str:
        """The link as a QR code: an SVG element, black on white in every theme, with its quiet zone."""
        return segno.make(self.link, error="m").svg_inline(scale=1, border=4, light="#fff", omitsize=True)

    def tell(self, command: str, **given: Any) -> dict[str, Any]:
        """Give an order of the lecturer (see `courseware.votes.server.obey`); returns what the slide may show.

        ``tell("open", quiz=2)`` asks the third question of the lesson.

        Raises
        ------
        ValueError
            If the order is none, or cannot be done now.
        UserError
            If the server is gone, or the numbers cannot be kept.
        """
        if "quiz" in given:
            given = self._of_the_lesson(given["quiz"])
        seen = self._ask(command, given)
        if self._keep is not None:
            self._write_numbers(self._keep)
        return seen

    def _write_numbers(self, path: Path, seconds: float = SECONDS) -> None:
        """Keep the counts as they are now: with each order and each look, or a crash would take votes along."""
        history = self._ask("history", {}, seconds)["history"]
        if history != self._kept:
            numbers.keep(path, [*self._before, *history])
            self._kept = history

    def _ask(self, command: str, given: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        try:
            with self._one_at_a_time:
                self._number += 1
                self._orders.send((self._number, command, given))
                answered = 0
                while answered != self._number:  # an answer that came too late for an earlier order is skipped
                    if not self._orders.poll(seconds):
                        raise OSError("it does not answer")
                    answered, said = self._orders.recv()
        except (EOFError, OSError) as error:
            raise UserError(
                f"the server of the vote is gone ({error or type(error).__name__}); the deck goes on. Count hands, or "
                "start the deck again with --votes"
            ) from error
        if "error" in said:
            raise ValueError(said["error"])
        return said

    def _of_the_lesson(self, place: Any) -> dict[str, Any]:
        if not isinstance(place, int) or not 0 <= place < len(self.questions):
            raise ValueError(f"quiz must be from 0 to {len(self.questions) - 1}, was {place!r}")
        question = self.questions[place]
        return {
            "text": question.text,
            "choices": tuple(question.choices),
            "explanations": tuple(question.choices.values()),
            "right": question.right,
        }
