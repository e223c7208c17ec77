"""The server of the page that phones show: one address, two verbs, and limits.

There is one way in, a random path that is new in each lecture; everything else is *not found*. Which device votes, a
signed cookie says, which the page sets and which is good for this lecture: it holds a random name and nothing else. How
often an address has asked in the last seconds is kept in memory, to refuse a flood. Nothing is logged or written.

It keeps honest phones honest, and is no election: who deletes the cookie may vote again.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from courseware.language import ENGLISH, speaking
from courseware.votes.page import POLICY, message, page
from courseware.votes.poll import Asked, Poll, VoteRefused

__all__ = ["COOKIE", "Allowance", "Server", "application", "http_server", "most_connections", "obey", "run"]

COOKIE = "device"
MOST_BODY = 2048  # bytes of a vote, which has some twenty
# A room behind one address, as some networks have it: 200 phones that look every four seconds make 50 requests a
# second, and a vote makes two more.
PAGES_A_SECOND, PAGES_AT_ONCE = 100.0, 1000
VOTES_A_SECOND, VOTES_AT_ONCE = 1.0, 10  # of one device
MOST_REMEMBERED = 4096
SECONDS_IDLE = 15.0  # that a connection may wait
MOST_CONNECTIONS = 2000  # at one time; a phone needs one, for some milliseconds
SPARE_FILES = 64  # that the process has open besides
SECONDS_TO_END = 1.0


class Allowance:
    """So many at once, so many a second, for each of many callers (a leaky bucket each).

    Parameters
    ----------
    a_second, at_once : float
        How fast an allowance grows, and how large it can be.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, a_second: float, at_once: float, clock: Callable[[], float] = time.monotonic):
        self._a_second, self._at_once, self._clock = a_second, at_once, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # by caller: what was left, and when

    def take(self, caller: str) -> bool:
        """Whether `caller` may do it once more now."""
        now = self._clock()
        left, then = self._left.pop(caller, (self._at_once, now))
        left = min(self._at_once, left + self._a_second * (now - then))
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        # Who was not here for so long has all of it again, and need not be remembered.
        while self._left:
            oldest = next(iter(self._left.values()))
            if len(self._left) <= MOST_REMEMBERED and now - oldest[1] <= self._at_once / self._a_second:
                break
            self._left.popitem(last=False)
        return left >= 1


class Quiet(RequestHandler):
    """What every answer has: no word on what runs here, and nothing kept by the browser."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")

    def prepare(self) -> None:
        allowance: Allowance = self.settings["pages"]
        if not allowance.take(self.request.remote_ip or ""):
            self.set_header("Retry-After", "2")
            self.send_error(429)

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")


class Nowhere(Quiet):
    """Every address but the one."""

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.send_error(404)


class Ballot(Quiet):
    """The page, and the vote that its form sends."""

    @property
    def poll(self) -> Poll:
        return self.settings["poll"]

    def _device(self) -> str:
        return (self.get_signed_cookie(COOKIE) or b"").decode("ascii")

    def get(self) -> None:
        device = self._device()
        if not device:
            device = secrets.token_urlsafe(12)
            self.set_signed_cookie(
                COOKIE, device, expires_days=None, path=self.request.path, httponly=True, samesite="Lax"
            )
        self.finish(page(self.poll, device))

    def post(self) -> None:
        device = self._device()
        if not self.request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return self.send_error(415)
        if not device:
            return self._refuse(
                403, "This browser keeps no cookies, so your vote cannot be told from others. Allow them."
            )
        allowance: Allowance = self.settings["votes"]
        if not allowance.take(device):
            return self._refuse(429, "Too many votes from this phone. Wait a moment.")
        form = self.request.body_arguments
        number, letter = self.get_body_argument("poll", ""), self.get_body_argument("letter", "")
        if set(form) != {"poll", "letter"} or not (number.isascii() and number.isdigit()):
            return self._refuse(400, "This is no vote.")
        try:
            self.poll.vote(device, int(number), letter)
        except VoteRefused as refused:
            return self._refuse(409, str(refused))
        return self.redirect(self.request.path, status=303)  # so that loading again does not vote again

    def _refuse(self, status: int, said: str) -> None:
        self.set_status(status)
        self.finish(message(self.poll, said))


def application(poll: Poll, path: str, clock: Callable[[], float] = time.monotonic) -> Application:
    """The one page at ``/path``; `clock` is that of the limits."""
    return Application(
        [(f"/{path}", Ballot)],
        default_handler_class=Nowhere,
        log_function=lambda handler: None,
        cookie_secret=secrets.token_bytes(32),
        poll=poll,
        pages=Allowance(PAGES_A_SECOND, PAGES_AT_ONCE, clock),
        votes=Allowance(VOTES_A_SECOND, VOTES_AT_ONCE, clock),
    )


class Server(HTTPServer):
    """One request a connection, and never more connections than `most`.

    A connection that is answered is closed, so one that lasts waits for somebody who does not go on. When there are too
    many, the oldest goes of that address which has most of them: who holds many closes their own.
    """

    def initialize(self, *arguments: Any, most: int = MOST_CONNECTIONS, **named: Any) -> None:
        super().initialize(*arguments, **named)
        self._most = most
        self._open: dict[str, dict[IOStream, None]] = {}  # by address, the oldest first
        self._count = 0

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        super().handle_stream(stream, address)
        self._open.setdefault(address[0], {})[stream] = None
        self._count += 1
        if self._count > self._most:
            most = max(self._open, key=lambda each: len(self._open[each]))
            oldest = next(iter(self._open[most]))
            self._forget(most, oldest)
            oldest.close()

    def on_close(self, server_conn: Any) -> None:
        super().on_close(server_conn)
        self._forget(server_conn.context.address[0], server_conn.stream)

    def _forget(self, address: str, stream: IOStream) -> None:
        streams = self._open.get(address, {})
        if stream in streams:
            del streams[stream]
            self._count -= 1
        if not streams:
            self._open.pop(address, None)


def most_connections() -> int:
    """How many connections this process can hold: each is an open file, and of these there is an end.

    Some systems give a process 256 unless it asks for more: this asks.
    """
    try:
        import resource
    except ModuleNotFoundError:
        return 400  # Windows waits for 512 at once
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):  # a system that says one thing and does another
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, soft - SPARE_FILES))


def http_server(app: Application, most: int = MOST_CONNECTIONS) -> Server:
    """A server for `app` that takes no large body and lets nobody hold its connections, of which it has `most`."""
    return Server(
        app,
        most=most,
        no_keep_alive=True,  # nobody asks for many pages at once and reads none of them
        max_body_size=MOST_BODY,
        max_header_size=16_384,
        max_buffer_size=65_536,
        idle_connection_timeout=SECONDS_IDLE,
        body_timeout=SECONDS_IDLE,
    )


def obey(poll: Poll, command: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the lecturer asks for: change `poll`, and say what the slide may show.

    Raises ValueError if there is no such command, or it cannot be done now.
    """
    if command == "open":
        asked = {"explanations": (), "right": "", **given}
        poll.start(Asked(asked["text"], tuple(asked["choices"]), tuple(asked["explanations"]), asked["right"]))
    elif command == "hands":
        poll.count_hands(given["counts"])
    elif command in ("again", "close", "show_bars", "show_answer", "end"):
        getattr(poll, command)()
    elif command == "history":
        return {"history": poll.history()}
    elif command != "look":
        raise ValueError(
            f"command must be open, hands, again, close, show_bars, show_answer, end or look, was {command!r}"
        )
    return poll.seen()


def run(orders: Connection, address: str, port: int, path: str, spoken: str = ENGLISH) -> None:
    """Serve until the process at the other end of `orders` is gone: the main function of the server's process.

    It says first which port it listens at, or, as a text, why it cannot; then it answers one order after the other,
    each with the order's number. Its page speaks the language `spoken`.
    """
    logging.disable()  # Tornado would write an address to the terminal with each request that it refuses
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    with speaking(spoken):
        asyncio.run(_serve(orders, address, port, path))


async def _serve(orders: Connection, address: str, port: int, path: str) -> None:
    poll = Poll()
    try:
        # Each `family` is tried: the address decides which one it is.
        sockets = bind_sockets(port, address, family=socket.AF_UNSPEC)
    except OSError as error:
        orders.send(str(error))
        return
    server = http_server(application(poll, path), most_connections())
    server.add_sockets(sockets)
    orders.send(sockets[0].getsockname()[1])
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def answer(number: int, command: str, given: dict[str, Any]) -> None:
        try:
            said = obey(poll, command, given)
        except (KeyError, TypeError, ValueError) as error:
            said = {"error": str(error)}
        with contextlib.suppress(OSError):  # who asked is gone, and `listen` hears of it
            orders.send((number, said))

    def listen() -> None:
        try:
            while True:
                loop.call_soon_threadsafe(answer, *orders.recv())
        except (EOFError, OSError):
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=listen, daemon=True).start()
    await over.wait()
    server.stop()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.close_all_connections(), SECONDS_TO_END)
