"""A vote in a lecture: `courseware present 2 --votes`, forty phones and a real one, and what should not be let in.

And one by show of hands, in a deck from the disk.
"""

import json
import re
import shutil
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from courseware.notebook.quiz import Question, Quiz
from courseware.publish.deck import deck

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
ACCESSIBLE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
QUIZ = """# %% [markdown]
# # 2 · The width
# %%
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "Which β pools evenly?",
        {"β = 1": "The larger count more.", "β → −∞": "The smallest takes it all.", "β = 0": "All are equal."},
        right="c",
    )
)
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def slide(text):
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": "slide"}})


@pytest.fixture(scope="module")
def voting(tmp_path_factory, first_port, cache_home, serving_class):
    """A lesson of three slides, presented with votes; its numbers are kept."""
    root = tmp_path_factory.mktemp("voting")
    for folder in ("course", "notebooks"):
        (root / folder).mkdir()
    shutil.copy(NOTEBOOKS / "rise.css", root / "notebooks")
    (root / "course" / "00_start.py").write_text("# %% [markdown]\n# # A course: start\n", "utf-8")
    (root / "course" / "02_width.py").write_text(QUIZ, "utf-8")
    cells = [
        slide("# The width"),
        slide("## Even\n\nx is *1*. **Predict:** what is $\\beta$ then?"),
        slide("## The end"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    quiz = new_code_cell(QUIZ.partition("# %%\n")[2], metadata={"slideshow": {"slide_type": "skip"}})
    notebook = new_notebook(cells=[*cells, quiz], metadata=metadata)
    nbformat.write(notebook, root / "notebooks" / "02_width.ipynb")
    asked = ("present", "2", "--votes", "--keep", "numbers.json")
    with serving_class(root, tmp_path_factory.mktemp("jupyter"), first_port + 70, *asked, cache=cache_home) as server:
        yield server


def listening(server):
    """Who listens in the server and what it started, without kernels: the ports."""
    port = int(re.search(r":(\d+)/", server.start_page)[1])
    [main] = [p for p in psutil.Process().children() if port in [at.laddr.port for at in p.net_connections()]]
    return set().union(*map(listens_at, (main, *main.children(recursive=True))))


def listens_at(process):
    try:
        if "ipykernel_launcher" in process.cmdline():
            return set()
        return {at.laddr.port for at in process.net_connections() if at.status == psutil.CONN_LISTEN}
    except psutil.NoSuchProcess:  # it has just ended
        return set()


def leave(page):
    """Close the vote; the browser closes a dialog only after it has said that Escape was pressed."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Vote")).to_have_count(0)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The same lesson as a deck in one file, as it comes from a memory stick."""
    quiz = Quiz(
        Question(
            "Is 1 < 2? <b>",
            {"yes": "It is less.", "no": "It is.", "both": "Not both."},
            right="b",
        ),
        Question("Which?", {"x": "One.", "y": "Two.", "z": "Three."}, right="a"),
    )
    shown = new_output("execute_result", {"text/html": quiz._repr_html_(), "text/plain": repr(quiz)}, execution_count=1)
    cell = new_code_cell("quiz", metadata={"slideshow": {"slide_type": "skip"}}, outputs=[shown], execution_count=1)
    slides = [slide("# The width"), slide("## Even\n\n**Predict:** what is $\\beta^2$ then?"), slide("## The end")]
    folder = tmp_path_factory.mktemp("stick")
    text = deck(new_notebook(cells=[*slides, cell]), "02_width.ipynb", {"02_width.ipynb": "02_width.html"})
    (folder / "02_width.slides.html").write_text(text, "utf-8")
    return folder / "02_width.slides.html"


def test_in_an_exported_deck_hands_are_counted_without_a_network(browser, exported):
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(exported.as_uri())
    page.keyboard.press("Space")
    expect(page.locator("section.present h2")).to_contain_text("Even")
    page.keyboard.press("v")
    vote = page.get_by_role("dialog", name="Vote")
    expect(vote.get_by_label("Your question")).to_have_value("what is β2 then?")
    assert Axe().run(page, context=".courseware-vote", options=ACCESSIBLE).response["violations"] == []
    vote.get_by_role("radio", name="Is 1 < 2? <b>").check()
    vote.get_by_role("button", name="Open the vote").click()
    expect(vote.get_by_role("heading")).to_have_text("Is 1 < 2? <b>")
    expect(vote.get_by_role("button", name="Close the vote")).to_have_count(0)  # no phone has to be kept out
    counts = vote.get_by_role("spinbutton")
    counts.nth(0).fill("12")
    counts.nth(1).fill("30")
    counts.nth(1).press("Tab")
    expect(vote.locator(".count")).to_have_text("42 votes")
    assert vote.locator(".bar").count() == 0
    counts.nth(2).fill("-1")  # what is no number of hands does not count
    counts.nth(2).press("Tab")
    counts.nth(2).fill("0")
    vote.get_by_role("button", name="Vote again").click()
    counts.nth(1).fill("41")
    counts.nth(1).press("Tab")
    vote.get_by_role("button", name="Show the answer").click()
    expect(vote.locator("li.right .bar")).to_have_text(["vote 1: 30 of 42", "vote 2: 41 of 41"])
    expect(vote.locator("li.right p")).to_have_text("✓ Right. It is.")
    expect(vote.locator("li p").last).to_have_text("Not both.")
    for _ in "light", "dark":
        assert Axe().run(page, context=".courseware-vote", options=ACCESSIBLE).response["violations"] == []
        leave(page)
        page.keyboard.press("d")
        page.keyboard.press("v")
        expect(vote).to_be_visible()
    vote.get_by_role("button", name="Another question").click()
    expect(vote.get_by_role("radio")).to_have_count(3)
    leave(page)
    page.keyboard.press("Space")
    expect(page.locator("section.present h2")).to_contain_text("The end")
    assert complaints == []
    context.close()


def ask(link, path="", **options):
    """The status of an answer and what it sets; `options` as of `urllib.request.Request`."""
    try:
        with urllib.request.urlopen(urllib.request.Request(link + path, **options), timeout=60) as answer:
            return answer.status, answer.headers.get("Set-Cookie", "").partition(";")[0]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def cast(link, cookie, number, letter):
    return ask(link, data=f"poll={number}&letter={letter}".encode(), headers={"Cookie": cookie, **FORM})[0]


def test_a_class_votes_talks_and_votes_again(voting, browser, slides_page_class):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    deck = slides_page_class(page, voting)
    deck.open_address(voting.start_page)
    deck.wait_until_run()

    # The slide's own question is offered first; the lesson's is chosen.
    page.keyboard.press("Space")
    page.keyboard.press("v")
    vote = page.get_by_role("dialog", name="Vote")
    expect(vote.get_by_label("Your question")).to_have_value(re.compile("^what is .* then\\?$"))
    expect(vote.get_by_role("radio").first).to_be_checked()
    assert Axe().run(page, context=".courseware-vote", options=ACCESSIBLE).response["violations"] == []
    vote.get_by_role("radio", name="Which β pools evenly?").check()
    vote.get_by_role("button", name="Open the vote").click()
    expect(vote.get_by_role("heading")).to_have_text("Which β pools evenly?")
    expect(vote.get_by_role("img", name="QR code")).to_be_visible()
    link = f"http://{vote.locator('.link').text_content()}"

    # The vote and JupyterLab listen, and nothing else does.
    ports = {int(re.search(r":(\d+)/", address)[1]) for address in (link, voting.start_page)}
    assert listening(voting) == ports

    # Forty phones, and a real one without scripts, by keyboard.
    with ThreadPoolExecutor(8) as phones:
        cookies = [cookie for _, cookie in phones.map(lambda _: ask(link), range(40))]
        assert len(set(cookies)) == 40
        letters = "aaabbbbbcc" * 4
        assert set(phones.map(lambda each: cast(link, each[0], 1, each[1]), zip(cookies, letters, strict=True))) == {
            200
        }
    assert cast(link, cookies[0], 1, "a") == 200  # twice is once
    own = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    phone = own.new_page()
    phone.goto(link)
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="a · β = 1")).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("button", name="b ·").click()
    expect(phone.get_by_role("button", name="b ·")).to_have_attribute("aria-pressed", "true")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(vote.locator(".count")).to_have_text("41 votes")
    assert vote.locator(".bar").count() == 0  # hidden

    # What is no vote is refused, and nothing of JupyterLab is behind the address.
    base = link.rpartition("/")[0]
    for path in ("/", "/lab", "/api/kernels", "/api/contents", "/files/numbers.json", "/courseware/votes", "/wrong1"):
        assert ask(base, path)[0] == 404, path
    assert cast(link, cookies[0], 1, "<script>alert(1)</script>") == 409
    assert cast(link, "device=made-up", 1, "a") == 403
    assert cast(link, cookies[0], 99, "a") == 409
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(link, data=b"x" * 5_000_000, timeout=60)
    expect(vote.locator(".count")).to_have_text("41 votes")

    # Bars, closed, and once more after a discussion: both side by side, then the answer.
    vote.get_by_role("button", name="Show the bars").click()
    expect(vote.locator(".bar")).to_have_text(["12 of 41", "21 of 41", "8 of 41"])
    vote.get_by_role("button", name="Close the vote").click()
    expect(vote.locator(".count")).to_have_text("41 votes, closed")
    assert cast(link, cookies[0], 1, "c") == 409
    vote.get_by_role("button", name="Vote again").click()
    expect(vote.locator(".count")).to_have_text("0 votes")
    assert {cast(link, cookie, 2, "c") for cookie in cookies} == {200}
    vote.get_by_role("button", name="Show the answer").click()
    expect(vote.locator("li.right .bar")).to_have_text(["vote 1: 8 of 41", "vote 2: 40 of 40"])
    expect(vote.locator("li.right p")).to_have_text("✓ Right. All are equal.")
    for _ in "light", "dark":
        assert Axe().run(page, context=".courseware-vote", options=ACCESSIBLE).response["violations"] == []
        leave(page)
        page.keyboard.press("d")
        page.keyboard.press("v")  # the vote is where it was
        expect(vote.locator("li.right p")).to_be_visible()

    # The phone explains, and the numbers are kept without anybody in them.
    phone.get_by_role("link", name="Load again").click()
    expect(phone.get_by_text("✓ Right. All are equal.")).to_be_visible()
    own.close()
    scripted = browser.new_page(color_scheme="dark", viewport={"width": 390, "height": 844})
    scripted.goto(link)
    assert Axe().run(scripted, options=ACCESSIBLE).response["violations"] == []
    kept = (voting.root / "numbers.json").read_text("utf-8")
    assert json.loads(kept)["questions"][0]["rounds"] == [[12, 21, 8], [0, 0, 40]]
    assert not any(cookie.partition("=")[2] in kept for cookie in cookies)

    # The next question reaches a phone with scripts by itself; the deck goes on.
    vote.get_by_role("button", name="Another question").click()
    vote.get_by_label("Your question").fill("<b>Yes</b>?")
    vote.get_by_role("button", name="Open the vote").click()
    expect(scripted.get_by_role("heading", name="<b>Yes</b>?")).to_be_visible(timeout=20_000)
    expect(scripted.get_by_role("button")).to_have_text(["a · yes", "b · no", "c · it depends"])
    scripted.close()

    # Hands are counted besides; they show when the bars do.
    vote.get_by_role("button", name="Count hands").click()
    hands = vote.get_by_role("spinbutton", name="hands for b")
    hands.fill("7")
    hands.press("Tab")
    expect(vote.locator(".count")).to_have_text("7 votes")
    vote.get_by_role("button", name="Show the bars").click()
    expect(vote.locator(".bar")).to_have_text(["0 of 7", "7 of 7", "0 of 7"])
    expect(hands).to_have_value("7")
    assert json.loads((voting.root / "numbers.json").read_text("utf-8"))["questions"][1]["rounds"] == [[0, 7, 0]]

    # The server of the vote is killed: the slide says so, hands can be counted, and the deck goes on.
    port = int(re.search(r":(\d+)/", link)[1])
    [server] = [p for p in psutil.Process().children(recursive=True) if port in listens_at(p)]
    server.kill()
    expect(vote.get_by_role("alert")).to_contain_text("the server of the vote is gone")
    leave(page)
    page.keyboard.press("v")
    expect(vote.get_by_role("alert")).to_contain_text("Here hands can be counted")
    expect(vote.get_by_role("radio", name="Which β pools evenly?")).to_be_visible()  # read off the quiz in the notebook
    vote.get_by_role("button", name="Open the vote").click()
    vote.get_by_role("spinbutton", name="hands for a").fill("3")
    vote.get_by_role("button", name="Show the bars").click()
    expect(vote.locator(".bar")).to_have_text(["3 of 3", "0 of 3", "0 of 3"])
    leave(page)
    page.keyboard.press("Space")
    expect(page.locator("section.present > section.present h2")).to_contain_text("The end")
    page.close()
