"""The decks of the whole course from a memory stick: they fit, work and are accessible. No network."""

import contextlib
import math
import re
import shutil

import pytest
import slide_fit
from accessible import RULES, violations
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from pypdf import PdfReader
from watching import drag_slider, explorers, key, move_by_keyboard_and_mouse, until

from courseware.language import languages
from courseware.project import lessons, project_root
from courseware.publish.course_deck import COURSE_DECK
from courseware.publish.handouts import find_browser, handouts

LESSONS = [lesson for lesson in lessons(project_root()) if lesson.number != "00"]
LESSON_DECKS = [f"{lesson.stem}.slides.html" for lesson in LESSONS]
TRANSLATED = [f"{code}/{deck}" for code in languages(project_root()) for deck in LESSON_DECKS]
LESSON_2 = "02_kernel_regression.slides.html"
SIZES = [(1280, 720), (1920, 1080), (1024, 768)]
HEAVIEST_COURSE_DECK = 8_000_000  # bytes of the slides of all lessons; with all pictures inside they would be 54 MB
every_deck = pytest.mark.parametrize("name", LESSON_DECKS)
both = pytest.mark.parametrize("name", [LESSON_2, COURSE_DECK])

A4 = 210 / 25.4 * 72, 297 / 25.4 * 72  # points
SLIDES = "[...document.querySelectorAll('.slides section')].filter((each) => !each.querySelector('section'))"
# Every slide as it is when shown, one below the other: one run then sees the whole deck.
UNROLLED = """
.reveal .slides, .reveal .slides section { position: static !important; transform: none !important; }
.reveal .slides section, .reveal .slides .fragment { display: block !important; }
.reveal .slides section, .reveal .slides .fragment { visibility: visible !important; opacity: 1 !important; }
"""
# What does not fit on a sheet of a handout: notes beyond their place, pictures or text beyond a slide's frame.
TOO_LARGE = """() => [...document.querySelectorAll(".handout-row")].flatMap((row, i) => {
    const notes = row.querySelector(".handout-notes");
    const frame = row.querySelector(".handout-slide").getBoundingClientRect();
    const out = (box) => box.bottom > frame.bottom + 1 || box.right > frame.right + 1;
    const text = document.createTreeWalker(row.querySelector(".handout-slide"), NodeFilter.SHOW_TEXT);
    const boxes = [...row.querySelectorAll(".handout-slide img")].map((image) => image.getBoundingClientRect());
    while (text.nextNode()) {
        if (!text.currentNode.textContent.trim() || !text.currentNode.parentElement.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(text.currentNode);
        boxes.push(range.getBoundingClientRect());
    }
    return [
        notes.scrollHeight > notes.clientHeight || notes.scrollWidth > notes.clientWidth ? `notes of ${i + 1}` : [],
        boxes.some(out) ? `slide ${i + 1}` : [],
    ].flat();
})"""


@pytest.fixture
def opened(page, site):
    """Opens a deck of the site; nothing may be loaded from elsewhere, and nothing complained about.

    A lesson's deck is one file: it loads nothing at all.
    """
    loaded, complaints, decks = [], [], set()
    page.context.on("request", lambda request: loaded.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.context.set_offline(True)

    def open_deck(name, how=""):
        decks.add((site / name).as_uri())
        page.goto((site / name).as_uri() + how)
        return page

    yield open_deck
    beside = (site / "pictures").as_uri() if (site / COURSE_DECK).as_uri() in decks else "data:"
    assert [url for url in loaded if not url.startswith(("data:", "blob:", "about:", beside, *decks))] == []
    assert complaints == []


def heading(page):
    return page.evaluate("Reveal.getCurrentSlide().querySelector('h1, h2, h3')?.innerText")


def turn(page, pressed, expected):
    """Press a key until a slide with this number (from 0) is shown: its fragments, and those before it, come first."""
    for _ in range(6):
        page.keyboard.press(pressed)
        with contextlib.suppress(TimeoutError):
            until(page, "number => Reveal.getSlidePastCount() === number", expected, seconds=1)
            return
    pytest.fail(f"{pressed} does not lead to slide {expected}")


def show_all(page):
    """Show every fragment of the slide that is shown."""
    while page.evaluate("Reveal.availableFragments().next"):
        page.evaluate("Reveal.nextFragment()")


def go_to_explorer(page):
    """Show the first slide with an explorer that has a slider; returns the explorer."""
    number = page.evaluate(f"{SLIDES}.findIndex((slide) => slide.querySelector('.courseware-explorer [type=range]'))")
    page.evaluate(f"{{ const {{ h, v }} = Reveal.getIndices({SLIDES}[{number}]); Reveal.slide(h, v); }}")
    return explorers(page.locator(".slides section.present section.present"))[0]


# ---- presenting
@both
def test_keys_go_on_and_back(opened, name):
    page = opened(name)
    first = heading(page)
    for count, pressed in enumerate(["Space", "ArrowRight", "PageDown"], start=1):
        turn(page, pressed, count)
    for count, pressed in enumerate(["p", "ArrowLeft", "PageUp"], start=1):
        turn(page, pressed, 3 - count)
    assert heading(page) == first


@both
def test_a_slider_is_dragged_on_its_slide(opened, name):
    page = opened(name)
    found = go_to_explorer(page)
    before, slide = key(found), heading(page)
    drag_slider(page, found.locator("input[type=range]").first, 0.5, 1)
    until(
        page,
        "([node, before]) => node.dataset.key !== before",
        [found.locator(".courseware-picture").element_handle(), before],
    )
    assert found.locator(".courseware-picture img").evaluate("image => image.complete && image.naturalWidth > 100")
    assert heading(page) == slide


@pytest.mark.parametrize("name", [*LESSON_DECKS, *TRANSLATED])
def test_every_slide_fits(opened, name):
    page = opened(name)
    # The first is that at which the deck of the whole course is walked, which is in English here.
    for width, height in SIZES if name in TRANSLATED else SIZES[1:]:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("Reveal.slide(0, 0, -1)")
        smallest = slide_fit.SMALLEST_TEXT * min(width / 1280, height / 720, 1)
        names, problems = slide_fit.walk(page, smallest_text=smallest)
        assert len(names) > 10
        assert problems == [], f"{width} × {height}\n" + "\n".join(problems)


@every_deck
def test_explorers_on_slides_move_and_do_not_turn_the_page(opened, name):
    page = opened(name)
    present, moved = page.locator("section.present"), 0
    while True:
        for found in explorers(present):
            shown = present.locator("h2").inner_text()
            move_by_keyboard_and_mouse(page, found)
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowLeft")
            assert present.locator("h2").inner_text() == shown
            assert key(found)
            moved += 1
        page.evaluate("document.activeElement.blur()")
        before = page.evaluate("Reveal.getProgress()")
        page.keyboard.press("Space")
        if before == 1 and page.evaluate("Reveal.getProgress()") == 1:
            break
    assert moved > 0


@every_deck
def test_notes_with_minutes_are_in_the_deck(site, name):
    made = BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")
    notes = [note.get_text() for note in made.select("aside.notes")]
    assert len(notes) > 5
    assert all("min" in note for note in notes)


@pytest.mark.parametrize(("name", "page_name"), [(LESSON_2, "02_kernel_regression.html"), (COURSE_DECK, "index.html")])
def test_a_deck_leads_back_to_its_page(opened, site, name, page_name):
    page = opened(name)
    back = page.get_by_role("navigation", name="Course").get_by_role("link")
    assert back.bounding_box()["y"] > 680  # in the margin of the slide
    assert (site / back.get_attribute("href")).name == page_name


# ---- the deck of the whole course
def test_the_course_deck_has_every_slide_of_every_lesson(opened, site):
    assert (site / COURSE_DECK).stat().st_size <= HEAVIEST_COURSE_DECK
    page = opened(COURSE_DECK)
    columns = page.evaluate(
        f"[...document.querySelectorAll('.slides > section')].map((column) => {SLIDES}.filter("
        "(slide) => column.contains(slide)).length)"
    )
    for name, count in zip(LESSON_DECKS, columns[1:], strict=True):
        opened(name)
        assert page.evaluate("Reveal.getTotalSlides()") == count


def test_its_first_slide_leads_to_every_lesson(opened):
    page = opened(COURSE_DECK)
    titles = page.locator(".slides section.present li a").all_inner_texts()
    assert len(titles) == len(LESSONS)
    for title in titles:
        page.get_by_role("link", name=title).click()
        until(page, "title => Reveal.getCurrentSlide().querySelector('h1')?.innerText === title", title)
        assert page.evaluate("Reveal.getIndices().v") == 0
        page.keyboard.press("Home")
        until(page, "Reveal.isFirstSlide()")


def test_every_slide_of_the_course_deck_fits(opened):
    page = opened(COURSE_DECK)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        scale = min(width / 1280, height / 720)
        until(page, "scale => Math.abs(Reveal.getScale() - scale) < 0.01", scale)
        smallest = slide_fit.SMALLEST_TEXT * min(scale, 1)
        assert slide_fit.problems(page, smallest_text=smallest) == []
    # The lessons' slides are walked in their own decks at the other sizes.
    page.set_viewport_size({"width": 1280, "height": 720})
    names, problems = slide_fit.walk(page)
    assert len(names) > 200
    assert problems == []


# ---- the speaker view
@both
def test_the_speaker_view_follows(opened, name):
    page = opened(name)
    page.keyboard.press("Space")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    view = popup.value
    current, upcoming = (view.frame_locator(f"#{which}-slide iframe") for which in ("current", "upcoming"))

    def expect_in_step():
        headings, notes = page.evaluate(
            f"""() => {{
                const slides = {SLIDES}, now = slides.indexOf(Reveal.getCurrentSlide());
                const name = (slide) => slide.querySelector("h1, h2, h3").textContent.trim();
                return [slides.slice(now, now + 2).map(name), slides[now].querySelector("aside.notes").textContent];
            }}"""
        )
        for frame, expected in zip((current, upcoming), headings, strict=True):
            shown = frame.locator("section.present:not(.stack)").get_by_role("heading").first
            expect(shown).to_have_text(expected)
        expect(view.locator(".speaker-controls-notes .value")).to_have_text(re.sub(r"\s+", " ", notes).strip())

    for _ in range(2):
        # To a slide without fragments: of one that has some, what comes next is a fragment of its own.
        page.evaluate(
            f"""() => {{
                const slides = {SLIDES}, now = slides.indexOf(Reveal.getCurrentSlide());
                const plain = (slide) => slide && !slide.querySelector(".fragment");
                const {{ h, v }} = Reveal.getIndices(slides.find((slide, n) => n > now && plain(slide)));
                Reveal.slide(h, v);
            }}"""
        )
        expect_in_step()
    expect(view.locator(".speaker-controls-time .seconds-value").first).not_to_have_text(":00")  # the timer runs
    # Keys in the speaker view turn the deck.
    before = page.evaluate("Reveal.getSlidePastCount()")
    view.keyboard.press("ArrowLeft")
    until(page, "number => Reveal.getSlidePastCount() === number", before - 1)
    # The room sees dark slides, and so does the speaker.
    page.keyboard.press("d")
    for frame in (current, upcoming):
        expect(frame.locator("html")).to_have_attribute("data-theme", "dark")


# ---- light and dark
def theme(page):
    return page.evaluate("document.documentElement.dataset.theme")


def test_the_key_d_darkens_and_is_remembered(opened):
    page = opened(LESSON_2)
    page.emulate_media(color_scheme="dark")
    assert theme(page) == "light"  # what a projector shows follows from no setting of the laptop
    page.keyboard.press("d")
    assert theme(page) == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 31)"
    opened(LESSON_DECKS[2])
    assert theme(page) == "dark"
    opened(LESSON_2, "?print-pdf")
    assert theme(page) == "light"
    opened(LESSON_2)
    page.keyboard.press("d")
    page.reload()
    assert theme(page) == "light"


def test_a_browser_that_remembers_nothing_darkens_too(opened):
    page = opened(LESSON_2)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page.reload()
    page.keyboard.press("d")
    assert theme(page) == "dark"
    page.keyboard.press("d")
    assert theme(page) == "light"


# ---- accessible
@pytest.mark.parametrize("name", [*LESSON_DECKS, COURSE_DECK])
def test_axe_finds_nothing_on_any_slide(opened, name):
    page = opened(name)
    assert violations(page) == []
    page.add_style_tag(content=UNROLLED)
    page.evaluate(
        """() => document.querySelectorAll(".slides section").forEach((slide) => {
            for (const hiding of ["hidden", "aria-hidden"]) slide.removeAttribute(hiding);
        })"""
    )
    visible = "[...document.querySelectorAll('.slides section')].every((slide) => slide.checkVisibility())"
    assert page.evaluate(visible)
    assert violations(page, rules=["color-contrast"] if name == COURSE_DECK else RULES) == []
    page.keyboard.press("d")
    assert theme(page) == "dark"
    assert violations(page, rules=["color-contrast"]) == []


# ---- on paper
def words(text):
    return re.sub(r"\W+", "", text)


@both
def test_every_slide_is_printed_on_a_page_of_its_own(opened, tmp_path, name):
    page = opened(name, "?print-pdf")
    page.wait_for_selector(".pdf-page section", state="attached")  # all are put there at once
    headings = page.locator(".pdf-page section").evaluate_all(
        "slides => slides.map((slide) => slide.querySelector('h1, h2, h3').textContent)"
    )
    page.pdf(path=tmp_path / "deck.pdf", prefer_css_page_size=True, print_background=True)
    printed = PdfReader(tmp_path / "deck.pdf").pages
    assert len(printed) == len(headings) == page.evaluate("Reveal.getTotalSlides()")
    assert {tuple(map(round, one.mediabox[2:])) for one in printed} == {(960, 540)}  # points: 1280 × 720 px
    formulas = re.compile(r"[^\x20-\x7e]")  # a formula's letters come out of a PDF in other characters
    for one, expected in zip(printed, headings, strict=True):
        if not formulas.search(expected):
            assert words(expected) in words(one.extract_text())


@pytest.mark.parametrize("name", LESSON_DECKS)
def test_everything_fits_on_the_sheets_of_a_handout(opened, name):
    page = opened(name, "?handout")
    assert page.evaluate("document.querySelectorAll('.handout-row').length") > 10
    assert page.evaluate(TOO_LARGE) == []


def test_a_handout_has_three_slides_a_page_with_their_notes(opened, site, tmp_path):
    shutil.copy(site / LESSON_2, tmp_path)
    [file] = handouts([tmp_path / LESSON_2], find_browser(), progress=False)
    assert file == tmp_path / "02_kernel_regression.handout.pdf"

    page = opened(LESSON_2)
    slides = page.evaluate(
        f"""{SLIDES}.map((slide) => ({{
            heading: slide.querySelector("h1, h2, h3").textContent,
            notes: slide.querySelector("aside.notes").textContent,
            pictures: slide.querySelectorAll(".jp-RenderedImage img, .courseware-explorer").length,
        }}))"""
    )
    printed = PdfReader(file).pages
    assert len(printed) == math.ceil(len(slides) / 3)
    for number, one in enumerate(printed):
        assert [float(side) for side in one.mediabox[2:]] == pytest.approx(A4, abs=1.5)
        text, on_it = words(one.extract_text()), slides[3 * number : 3 * number + 3]
        for slide in on_it:
            assert words(slide["heading"]) in text
            assert set(re.findall(r"\w+", slide["notes"])) <= set(re.findall(r"\w+", one.extract_text()))
        # Each explorer is there, as its still picture, and nothing is lost at the edge of a page.
        assert len(one.images) == sum(slide["pictures"] for slide in on_it)


def test_a_handout_with_lines_in_place_of_notes(opened):
    page = opened(LESSON_2, "?handout=lines")
    assert page.locator(".handout-lines").count() == page.locator(".handout-row").count()
    assert page.locator(".handout-notes").all_inner_texts() == [""] * page.locator(".handout-row").count()


@both
def test_code_is_folded_until_somebody_asks_for_it(opened, name):
    page = opened(name)
    for _ in range(60):
        if page.locator(".course-code").is_visible():
            break
        page.keyboard.press("Space")
    show_all(page)
    code = page.locator(
        ".slides section.present section.present .jp-CodeCell:not(.celltag_show-code) .jp-InputArea"
    ).first
    expect(code).not_to_be_visible()
    page.keyboard.press("c")
    expect(code).to_be_visible()
    page.locator(".course-code").click()
    expect(code).not_to_be_visible()
