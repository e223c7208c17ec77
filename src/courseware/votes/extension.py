"""The deck's way to the vote: a route of JupyterLab's server, which stays on this machine and asks for its token.

`courseware present 5 --votes` has the server load this module; without it the route does not exist.
"""

import asyncio
import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from courseware.project import UserError
from courseware.votes.room import Room

__all__ = ["MODULE", "ROUTE", "lead"]

MODULE = __name__  # what the server is told to load
ROUTE = "courseware/votes"

_rooms: list[Room] = []  # the server loads this module by its name, and can be given nothing


def lead(room: Room) -> None:
    """Let the deck of this process lead the vote in `room`."""
    _rooms[:] = [room]


class Votes(APIHandler):
    """GET: where phones go, and what can be asked. POST: an order such as ``{"do": "open", "quiz": 2}``."""

    def initialize(self, room: Room) -> None:
        self._room = room

    @authenticated
    async def get(self) -> None:
        room = self._room
        questions = [question.text for question in room.questions]
        seen = await self._tell("look", {})
        self.finish(json.dumps({"link": room.link, "code": room.qr_code(), "questions": questions, "seen": seen}))

    @authenticated
    async def post(self) -> None:
        order = self.get_json_body()
        if not isinstance(order, dict) or not isinstance(order.get("do"), str):
            raise HTTPError(400, reason="an order says what to do")
        self.finish(json.dumps(await self._tell(order.pop("do"), order)))

    async def _tell(self, command: str, given: dict[str, Any]) -> dict[str, Any]:
        try:
            return await asyncio.to_thread(self._room.tell, command, **given)
        except (TypeError, ValueError) as error:
            raise HTTPError(400, str(error)) from error
        except UserError as error:
            raise HTTPError(503, str(error)) from error


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": MODULE}]


def _load_jupyter_server_extension(server: Any) -> None:
    route = url_path_join(server.web_app.settings["base_url"], ROUTE)
    server.web_app.add_handlers(".*$", [(route, Votes, {"room": _rooms[0]})])
