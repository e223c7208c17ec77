"""Votes by phone: each device counts once, nothing else is reachable, and what is no vote is refused."""

import asyncio
import contextlib
import json
import re
import socket
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.netutil import bind_sockets

from courseware.exercises.multiple_choice import Question
from courseware.project import UserError
from courseware.votes import numbers, server
from courseware.votes.page import page
from courseware.votes.poll import MOST_DEVICES, Asked, Poll, VoteRefused
from courseware.votes.room import LETTERS, Room, listening_at

ASKED = Asked("Is 1 < 2?", ("yes", "no <b>", "both"), ("It is less.", "It is.", "Not both."), "a")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def poll():
    """A poll with an open question."""
    made = Poll()
    made.start(ASKED)
    return made


# ---- the poll
def test_a_device_that_votes_twice_counts_once_and_may_change(poll):
    poll.vote("one", 1, "a")
    poll.vote("one", 1, "b")
    poll.vote("two", 1, "b")
    assert poll.rounds() == [[0, 2, 0]]
    assert poll.vote_of("one") == "b"


@pytest.mark.parametrize("letter", ["", "d", "ab", "A", "<script>"])
def test_what_is_no_choice_is_no_vote(poll, letter):
    with pytest.raises(VoteRefused, match="none of the choices"):
        poll.vote("one", 1, letter)
    assert poll.rounds() == [[0, 0, 0]]


def test_a_vote_counts_in_its_own_round_only(poll):
    poll.vote("one", 1, "a")
    poll.again()
    with pytest.raises(VoteRefused, match="closed"):
        poll.vote("two", 1, "b")  # a phone that still shows the first round
    poll.vote("one", 2, "c")
    poll.close()
    with pytest.raises(VoteRefused, match="closed"):
        poll.vote("one", 2, "a")
    assert poll.rounds() == [[1, 0, 0], [0, 0, 1]]


def test_counts_are_hidden_until_the_lecturer_shows_them(poll):
    poll.vote("one", 1, "a")
    assert poll.seen()["rounds"] == []
    assert poll.seen()["cast"] == [1]
    poll.show_bars()
    poll.vote("two", 1, "b")
    assert (poll.seen()["rounds"], poll.seen()["open"]) == ([[1, 1, 0]], True)
    assert (poll.seen()["asked"]["right"], poll.seen()["asked"]["explanations"]) == ("", [])
    poll.again()
    assert poll.seen()["rounds"] == []
    poll.show_answer()
    assert (poll.seen()["rounds"], poll.seen()["open"]) == ([[1, 1, 0], [0, 0, 0]], False)
    assert (poll.seen()["asked"]["right"], poll.seen()["asked"]["explanations"]) == ("a", list(ASKED.explanations))


def test_what_is_left_of_a_question_is_counts(poll):
    poll.vote("somebody", 1, "a")
    poll.start(Asked("Next?", ("x", "y")))
    told = {"question": "Is 1 < 2?", "choices": ["yes", "no <b>", "both"], "right": "a", "rounds": [[1, 0, 0]]}
    assert poll.history() == [told, {"question": "Next?", "choices": ["x", "y"], "right": "", "rounds": [[0, 0]]}]
    assert "somebody" not in repr(poll)


def test_a_room_has_an_end(poll):
    for device in range(MOST_DEVICES):
        poll.vote(str(device), 1, "a")
    with pytest.raises(VoteRefused, match="More votes"):
        poll.vote("late", 1, "a")
    poll.vote("0", 1, "b")  # who is in may change
    assert poll.rounds() == [[MOST_DEVICES - 1, 1, 0]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": " "}, "text must be words"),
        ({"text": "x" * 601}, "text must be words, 600 characters at most"),
        ({"choices": ("x",)}, "choices must be 2 to 8, was 1"),
        ({"choices": ("x", ""), "explanations": ()}, "choices must be words"),
        ({"explanations": ("x",)}, "explanations must be one for each choice or none, was 1"),
        ({"right": "d"}, "right must be one of a, b, c or empty, was 'd'"),
    ],
)
def test_a_bad_question_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        Asked(**{"text": "What?", "choices": ASKED.choices, "explanations": ASKED.explanations, "right": "a", **change})


def test_raised_hands_are_added_to_the_votes_of_phones_and_can_be_mended(poll):
    poll.vote("one", 1, "a")
    poll.count_hands([4, 0, 2])
    poll.count_hands([3, 0, 2])
    assert (poll.rounds(), poll.seen()["hands"], poll.seen()["cast"]) == ([[4, 0, 2]], [3, 0, 2], [6])
    assert poll.seen()["rounds"] == []
    poll.again()  # hands of the second vote are others
    assert (poll.rounds(), poll.seen()["hands"]) == ([[4, 0, 2], [0, 0, 0]], [])
    poll.close()
    poll.count_hands([0, 5, 0])  # typed when all are down again
    poll.end()
    assert poll.history()[0]["rounds"] == [[4, 0, 2], [0, 5, 0]]
    assert (poll.seen()["hands"], poll.seen()["asked"]) == ([], None)


@pytest.mark.parametrize(
    "counts", [[1, 2], [1, 2, 3, 4], [1, 2, -1], [1, 2, 0.5], [1, 2, True], [0, 0, 10_000], "123", None]
)
def test_what_are_no_hands_is_refused(poll, counts):
    with pytest.raises(ValueError, match="counts must be"):
        poll.count_hands(counts)
    assert poll.rounds() == [[0, 0, 0]]


@pytest.mark.parametrize("order", ["again", "close", "show_bars", "show_answer"])
def test_no_order_before_a_question(order):
    with pytest.raises(ValueError, match="no question is asked"):
        getattr(Poll(), order)()


# ---- the limits
def test_an_allowance_grows_back_and_forgets():
    now = [0.0]
    allowance = server.Allowance(2, 3, lambda: now[0])
    assert [allowance.take("one") for _ in range(4)] == [True, True, True, False]
    assert allowance.take("two")
    now[0] = 0.5
    assert [allowance.take("one") for _ in range(2)] == [True, False]
    now[0] = 100
    allowance.take("three")
    assert list(allowance._left) == ["three"]


# ---- the page
class Tags(HTMLParser):
    """The names of all elements of a page, and what would load something."""

    def __init__(self, text):
        super().__init__()
        self.names, self.loads = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "srcset", "style") or name[:2] == "on"]


def pages(poll):
    """The page in each of its states."""
    yield page(Poll(), "one")
    yield page(poll, "one")
    poll.vote("one", 1, "b")
    yield page(poll, "one")
    poll.again()
    poll.close()
    yield page(poll, "one")
    poll.show_answer()
    yield page(poll, "one")


def test_the_page_is_small_and_needs_nothing_else(poll):
    for text in pages(poll):
        assert len(text.encode()) < 50_000
        assert "<b>" not in text
        assert Tags(text).loads == []
        assert Tags(text).names.count("h1") == Tags(text).names.count("main") == 1


def test_each_choice_is_a_button_of_a_form_and_the_voted_one_is_pressed(poll):
    poll.vote("one", 1, "b")
    text = page(poll, "one")
    assert re.findall(r'name="letter" value="(\w)" aria-pressed="(\w+)"', text) == [
        ("a", "false"),
        ("b", "true"),
        ("c", "false"),
    ]
    assert not re.search('<button[^>]*aria-pressed="true"', page(poll, "two"))


def test_the_answer_is_on_no_page_before_it_is_shown(poll):
    poll.show_bars()
    before = page(poll, "one")
    assert not any(why in before for why in ASKED.explanations)
    poll.show_answer()
    after = page(poll, "one")
    assert all(why in after for why in ASKED.explanations)
    assert after.count("✓ Right.") == 1


# ---- the server
class Phone:
    """A browser of one device, with its cookie."""

    def __init__(self, base):
        self.base, self.cookie = base, None
        self.client = AsyncHTTPClient(force_instance=True, max_clients=64)

    async def ask(self, path="/way", **options):
        headers = options.pop("headers", {}) | ({"Cookie": self.cookie} if self.cookie else {})
        answer = await self.client.fetch(
            self.base + path, headers=headers, raise_error=False, follow_redirects=False, **options
        )
        if set_cookie := answer.headers.get("Set-Cookie"):
            self.cookie = set_cookie.partition(";")[0]
        return answer

    async def vote(self, letter, number=1):
        return await self.ask(method="POST", headers=FORM, body=f"poll={number}&letter={letter}")


def served(poll, talk, clock=None, most=server.MOST_CONNECTIONS):
    """Run ``talk(base address)`` against a server of `poll` in this process."""

    async def run():
        app = server.application(poll, "way", **({"clock": clock} if clock else {}))
        http = server.http_server(app, most)
        sockets = bind_sockets(0, "127.0.0.1")
        http.add_sockets(sockets)
        try:
            return await talk(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")
        finally:
            http.stop()
            await http.close_all_connections()

    # In a thread of its own: Playwright leaves a running event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def test_a_vote_is_cast_changed_and_counted_once(poll):
    async def talk(base):
        phone = Phone(base)
        assert (await phone.ask()).code == 200
        assert (await phone.vote("a")).code == 303
        assert (await phone.vote("c")).code == 303
        return (await phone.ask()).body.decode()

    text = served(poll, talk)
    assert poll.rounds() == [[0, 0, 1]]
    assert "Your vote counts" in text


def test_two_hundred_phones_at_once_lose_no_vote(poll):
    async def talk(base):
        async def one(number):
            phone = Phone(base)
            phone.client = shared
            codes = [(await phone.ask()).code, (await phone.vote("abc"[number % 3])).code]
            if number % 10 == 0:  # some press twice
                codes.append((await phone.vote("abc"[number % 3])).code)
            return codes

        shared = AsyncHTTPClient(force_instance=True, max_clients=64)
        return await asyncio.gather(*(one(number) for number in range(200)))

    codes = served(poll, talk)
    assert {code for each in codes for code in each} == {200, 303}
    assert poll.rounds() == [[67, 67, 66]]


def test_nothing_but_the_one_address_answers(poll):
    routes = [
        *("/", "/lab", "/tree", "/login", "/api", "/api/kernels", "/api/contents", "/api/sessions", "/files/README.md"),
        *(
            "/courseware/votes",
            "/static/x.js",
            "/rise/x.ipynb",
            "/way/",
            "/way/x",
            "/WAY",
            "/../way",
            "/way%00",
            "//way",
        ),
    ]

    async def talk(base):
        phone = Phone(base)
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            for route in routes:
                answer = await phone.ask(route, method=method, body=None if method in ("GET", "DELETE") else "x")
                assert (answer.code, answer.body) == (404, b"404 Not Found\n"), (method, route)
        assert [(await phone.ask(method=method, body=b"")).code for method in ("PUT", "PATCH")] == [405, 405]
        assert (await phone.ask(method="DELETE")).code == 405
        assert (await Phone(base).ask()).headers.get("Server") is None

    served(poll, talk)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("poll=1&letter=%3Cscript%3Ealert(1)%3C/script%3E", FORM, 409),
        ("poll=<script>&letter=a", FORM, 400),
        ("poll=1&letter=a&name=<script>alert(1)</script>", FORM, 400),
        ("poll=-1&letter=a", FORM, 400),
        ("poll=١&letter=a", FORM, 400),  # a digit, but none of ours
        ("poll=" + "9" * 1500 + "&letter=a", FORM, 409),
        ("poll=7&letter=a", FORM, 409),
        ("letter=a", FORM, 400),
        ("", FORM, 400),
        (b"poll=1&letter=\xff\xfe", FORM, 400),
        (b"\x00\x01\x02", FORM, 400),
        ('{"poll": 1, "letter": "a"}', {"Content-Type": "application/json"}, 415),
        (
            '--x\r\nContent-Disposition: form-data; name="poll"\r\n\r\n1\r\n--x--\r\n',
            {"Content-Type": "multipart/form-data; boundary=x"},
            415,
        ),
    ],
)
def test_what_is_no_vote_is_refused_and_never_shown_again(poll, body, kind, code):
    async def talk(base):
        phone = Phone(base)
        await phone.ask()
        answer = await phone.ask(method="POST", headers=kind, body=body)
        assert (answer.code, b"alert" in answer.body) == (code, False)
        assert (await phone.vote("a")).code == 303  # the vote goes on

    served(poll, talk)
    assert poll.rounds() == [[1, 0, 0]]


def test_a_device_without_our_cookie_has_no_vote(poll):
    async def talk(base):
        phone = Phone(base)
        answers = [await phone.vote("a")]
        phone.cookie = f"{server.COOKIE}=made-up"
        answers.append(await phone.vote("a"))
        return [answer.code for answer in answers], answers[0].body.decode()

    codes, text = served(poll, talk)
    assert codes == [403, 403]
    assert "keeps no cookies" in text
    assert poll.rounds() == [[0, 0, 0]]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /way HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n",
        b"POST /way HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /way HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01 no words at all\r\n\r\n",
    ],
)
def test_what_is_too_large_or_no_request_ends_the_connection(poll, sent):
    async def talk(base):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(sent)
        said = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        assert not said.startswith(b"HTTP/1.1 2")
        phone = Phone(base)
        await phone.ask()
        assert (await phone.vote("a")).code == 303

    served(poll, talk)


def test_a_flood_is_refused_and_the_vote_goes_on(poll):
    now = [0.0]

    async def talk(base):
        phone = Phone(base)
        codes = [(await phone.ask()).code]
        codes += [(await phone.vote("a")).code for _ in range(server.VOTES_AT_ONCE + 1)]
        assert codes == [200, *[303] * server.VOTES_AT_ONCE, 429]  # one phone that presses all the time
        flood = [(await phone.ask("/other")).code for _ in range(server.PAGES_AT_ONCE)]
        assert flood[0] == 404
        assert flood[-1] == 429
        assert (await phone.ask()).code == 429
        now[0] = 60.0
        assert (await phone.vote("b")).code == 303

    served(poll, talk, lambda: now[0])
    assert poll.rounds() == [[0, 1, 0]]


def test_who_holds_many_connections_closes_their_own(poll):
    async def talk(base):
        port = int(base.rpartition(":")[2])
        here = await asyncio.open_connection("127.0.0.1", port)
        here[1].write(b"GET /way HTTP/1.1\r\n")  # a slow phone, and the oldest connection of all
        theirs = [await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0)) for _ in range(12)]
        assert await asyncio.wait_for(theirs[0][0].read(), 30) == b""  # their oldest is closed
        phone = Phone(base)
        assert (await phone.ask()).code == 200
        assert (await phone.vote("a")).code == 303
        here[1].write(b"Host: x\r\n\r\n")
        assert (await asyncio.wait_for(here[0].read(), 30)).startswith(b"HTTP/1.1 200")
        for _, writer in (here, *theirs):
            writer.close()

    served(poll, talk, most=10)
    assert poll.rounds() == [[1, 0, 0]]


def test_a_connection_brings_one_answer(poll):
    async def talk(base):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(b"GET /way HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        said = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        assert said.count(b"HTTP/1.1 200") == 1

    served(poll, talk)


@pytest.mark.skipif(
    sys.platform == "win32", reason="no module `resource` there, and no limit that the server could raise"
)
def test_a_process_asks_for_the_files_that_its_connections_need():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        most = server.most_connections()
        assert most == min(server.MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - server.SPARE_FILES)
        assert most > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_no_answer_lets_a_page_load_frame_or_send_elsewhere(poll):
    async def talk(base):
        return [await Phone(base).ask(path) for path in ("/way", "/none")]

    for answer in served(poll, talk):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
        cookie = answer.headers.get("Set-Cookie", "HttpOnly; SameSite=Lax; Path=/way")
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/way"))
        assert "expires" not in cookie.lower()  # gone with the browser


# ---- the room: the same in a process of its own
QUESTION = Question("Which?", {"x": "The first.", "y": "The second.", "z": "The third."}, "b")


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with Room("127.0.0.1", 0, [QUESTION], tmp_path_factory.mktemp("numbers") / "lecture.json") as made:
        yield made


def open_link(link, **options):
    with urllib.request.urlopen(urllib.request.Request(link, **options), timeout=30) as answer:
        return answer


def test_a_room_leads_a_vote_in_another_process(room):
    seen = room.tell("open", quiz=0)
    number = seen["number"]
    assert seen["asked"] == {"text": "Which?", "choices": ["x", "y", "z"], "explanations": [], "right": ""}
    cookie = open_link(room.link).headers["Set-Cookie"].partition(";")[0]
    sent = {"data": f"poll={number}&letter=b".encode(), "headers": {"Cookie": cookie, **FORM}}
    open_link(room.link, **sent)
    assert room.tell("look")["cast"] == [1]
    room.tell("again")
    seen = room.tell("show_answer")
    assert (seen["rounds"], seen["asked"]["right"]) == ([[0, 1, 0], [0, 0, 0]], "b")
    kept = json.loads(room._keep.read_text("utf-8"))["questions"]
    assert kept[-1] == {
        "question": "Which?",
        "choices": ["x", "y", "z"],
        "right": "b",
        "rounds": [[0, 1, 0], [0, 0, 0]],
    }
    assert cookie.partition("=")[2] not in room._keep.read_text("utf-8")
    assert "1 (100 %)" in room._keep.with_suffix(".html").read_text("utf-8")
    with pytest.raises(urllib.error.HTTPError, match="409"):
        open_link(room.link, **sent)


def test_votes_that_came_since_the_last_order_are_kept_and_an_earlier_lecture_is(tmp_path):
    path = tmp_path / "lecture.json"
    with Room("127.0.0.1", 0, [QUESTION], path) as made:
        made.tell("open", quiz=0)
        cookie = open_link(made.link).headers["Set-Cookie"].partition(";")[0]
        open_link(made.link, data=b"poll=1&letter=c", headers={"Cookie": cookie, **FORM})
    with Room("127.0.0.1", 0, [QUESTION], path) as made:  # the deck is started again, with the same words
        made.tell("open", text="Next?", choices=["yes", "no"])
        made.tell("hands", counts=[2, 1])
    kept = json.loads(path.read_text("utf-8"))["questions"]
    assert [each["rounds"] for each in kept] == [[[0, 0, 1]], [[2, 1]]]
    assert "2. Next?" in path.with_suffix(".html").read_text("utf-8")


def test_a_server_ends_at_once_though_somebody_reads_nothing_of_it():
    with Room("127.0.0.1") as made:
        host, port = made.link.removeprefix("http://").partition("/")[0].split(":")
        asked = f"GET /{made.link.rpartition('/')[2]} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 50
        with socket.create_connection((host, int(port)), timeout=5) as greedy:
            greedy.setblocking(False)
            with contextlib.suppress(OSError):
                for _ in range(200):
                    greedy.send(asked)
            made.close()
    assert made._process.exitcode == 0  # by itself, and not because it was ended after a wait


def test_an_answer_that_comes_too_late_is_not_that_of_the_next_order(room):
    room._orders.send((-1, "history", {}))  # as if nobody had waited for it
    assert "history" not in room.tell("look")


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        ("open", {"quiz": 1}, "quiz must be from 0 to 0, was 1"),
        ("open", {"quiz": "0"}, "quiz must be from 0 to 0, was '0'"),
        ("open", {"text": "What?", "choices": ["one"]}, "choices must be 2 to 8"),
        ("open", {"text": "What?"}, "choices"),
        ("open", {"text": "What?", "choices": 7}, "not iterable"),
        ("__init__", {}, "command must be open"),
    ],
)
def test_an_order_that_is_none_leaves_the_room_as_it_is(room, command, given, said):
    before = room.tell("look")
    with pytest.raises(ValueError, match=said):
        room.tell(command, **given)
    assert room.tell("look") == before


def test_each_lecture_has_an_address_of_its_own_that_can_be_typed(room):
    with Room("127.0.0.1") as other:
        paths = [each.link.rpartition("/")[2] for each in (room, other)]
        assert paths[0] != paths[1]
        assert all(len(path) == 6 and set(path) <= set(LETTERS) for path in paths)
        code = other.qr_code()
    assert code.startswith("<svg")
    assert "script" not in code
    with pytest.raises(urllib.error.URLError):
        open_link(other.link)  # it ended with its block


def test_a_server_that_is_gone_is_said_so():
    with Room("127.0.0.1") as made:
        made._process.terminate()
        made._process.join()
        with pytest.raises(UserError, match="the server of the vote is gone"):
            made.tell("look")


def test_a_taken_port_or_a_foreign_address_is_a_message():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match=r"no vote can be held at 127\.0\.0\.1: .*in use"):
            Room("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(UserError, match=r"no vote can be held at 192\.0\.2\.1: "):  # for documentation: nobody has it
        Room("192.0.2.1")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1", ("127.0.0.1", 0)),
        ("192.168.1.20:8080", ("192.168.1.20", 8080)),
        ("::1", ("::1", 0)),
        ("[::1]", ("::1", 0)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_an_address_may_bring_its_port(text, meant):
    assert listening_at(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "here",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:70000",
        "1.2.3.4:x",
        "[::1]:x",
        "fe80::1%eth0",
        "127.0.0.1:²",
    ],
)
def test_an_address_that_no_phone_can_open_is_refused(text):
    with pytest.raises(UserError, match="--votes takes"):
        listening_at(text)


# ---- the numbers
def test_the_numbers_draw_every_question_and_its_votes():
    history = [
        {"question": "Is <1?", "choices": ["yes", "no"], "right": "b", "rounds": [[3, 1], [1, 3]]},
        {"question": "None?", "choices": ["yes", "no"], "right": "", "rounds": [[0, 0]]},
    ]
    text = numbers.drawn(history)
    assert "1. Is &lt;1?" in text
    assert re.findall(r"(\d+) \((\d+) %\)", text) == [
        ("3", "75"),
        ("1", "25"),
        ("1", "25"),
        ("3", "75"),
        ("0", "0"),
        ("0", "0"),
    ]
    assert text.count("✓") == 1
    assert "No question was voted on" in numbers.drawn([])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"questions": 7}', '{"questions": [{"question": "?"}]}', '{"questions": ["?"]}']
)
def test_a_file_that_holds_something_else_is_not_written_over(tmp_path, text):
    path = tmp_path / "budget.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match="is not written over"):
        Room("127.0.0.1", keep=path)
    assert path.read_text("utf-8") == text


def test_the_page_of_the_numbers_replaces_no_other_page(tmp_path):
    (tmp_path / "index.html").write_text("mine", "utf-8")
    with pytest.raises(UserError, match=r"index\.html would be written over"):
        Room("127.0.0.1", keep=tmp_path / "index.json")
    assert [each.name for each in tmp_path.iterdir()] == ["index.html"]


def test_numbers_that_cannot_be_kept_are_a_message(tmp_path):
    with pytest.raises(UserError, match="the numbers cannot be kept"):  # before the lecture begins
        Room("127.0.0.1", keep=tmp_path / "missing" / "lecture.json")
    with pytest.raises(UserError, match="the numbers cannot be kept"):
        numbers.keep(tmp_path / "missing" / "lecture.json", [])
