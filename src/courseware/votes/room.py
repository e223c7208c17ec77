"""The room that votes: starts the server of its phones in a process of its own, and speaks with it."""

import ipaddress
import multiprocessing
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import segno

from courseware.exercises.multiple_choice import Question
from courseware.project import UserError
from courseware.votes import numbers, server

__all__ = ["DEFAULT_ADDRESS", "Room", "listening_at"]

DEFAULT_ADDRESS = "127.0.0.1"
# For typing: without what looks alike (0 and o, 1 and l and i), and without vowels, which make words.
LETTERS = "23456789bcdfghjkmnpqrstvwxz"
PATH_LENGTH = 6
SECONDS = 30  # that the server may take to start, or to answer


def listening_at(text: str) -> tuple[str, int]:
    """The address and the port that `text` names, such as ``"192.168.1.20"`` or ``"192.168.1.20:8080"``.

    Port 0 says: any that is free.

    Raises
    ------
    UserError
        If it is not the address of one interface: a phone has to be told where to go.
    """
    host, colon, port = text.rpartition(":") if "." in text and ":" in text else (text, "", "0")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        number = int(port)
    except ValueError:
        raise UserError(
            f"--votes takes an address of this machine, such as 192.168.1.20 or 192.168.1.20:8080, not {text!r}"
        ) from None
    if address.is_unspecified or address.is_multicast or (colon and not 1 <= number <= 65535):
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
        The file for the numbers of the lecture, if they are to be kept.

    Attributes
    ----------
    link : str
        What a phone opens.

    Raises
    ------
    UserError
        If nothing can listen there.
    """

    def __init__(self, address: str, port: int = 0, questions: Sequence[Question] = (), keep: Path | None = None):
        self.questions = tuple(questions)
        self._keep = keep
        self._one_at_a_time = threading.Lock()
        path = "".join(secrets.choice(LETTERS) for _ in range(PATH_LENGTH))
        context = multiprocessing.get_context("spawn")  # nothing of this process is in the other
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=server.run, args=(theirs, address, port, path), daemon=True)
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

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server. What was voted is gone with it."""
        self._orders.close()
        self._process.join(5)
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
        if self._keep is not None and command != "look":
            numbers.keep(self._keep, self._ask("history", {})["history"])
        return seen

    def _ask(self, command: str, given: dict[str, Any]) -> dict[str, Any]:
        try:
            with self._one_at_a_time:
                self._orders.send((command, given))
                if not self._orders.poll(SECONDS):
                    raise OSError("it does not answer")
                said = self._orders.recv()
        except (EOFError, OSError) as error:
            raise UserError(f"the server of the vote is gone: {error}") from error
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
