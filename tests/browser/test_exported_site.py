"""The exported course, from disk, with no network: it works, fits, is accessible, light, and has no dead link."""

import json
import re
import statistics
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import pytest
import slide_fit
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from watching import explorer, explorers, key, move_by_keyboard_and_mouse, panels, wait_for_key

from courseware.build import targets
from courseware.decks import COURSE_DECK
from courseware.export import site_map
from courseware.project import lessons, project_root

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
NOTEBOOKS = [target.notebook.relative_to("notebooks").as_posix() for target in targets(project_root())]
PAGES = list(site_map(NOTEBOOKS).values())
DECKS = [f"{stem}.slides.html" for stem in LESSONS]
SIZES = [(1280, 720), (1920, 1080), (1024, 768)]
every_lesson = pytest.mark.parametrize("stem", LESSONS)

WIDTH, PICTURE = "How wide should we look?", "From Gaussian blur to the bilateral filter"

HEAVIEST = 3_000_000  # bytes of a lesson's page before a slider is touched
HEAVIEST_COURSE_DECK = 8_000_000  # of the slides of all lessons, likewise; with all pictures inside they would be 54 MB
FIRST_CONTENT = 1000  # ms from disk, the median of LOADS
LOADS = 3

ACCESSIBLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = "rules => axe.run({ runOnly: rules, resultTypes: ['violations'] })"
# Every slide as it is when shown, one below the other: one run then sees the whole deck.
UNROLLED = """
.reveal .slides, .reveal .slides section { position: static !important; transform: none !important; }
.reveal .slides section, .reveal .slides .fragment { display: block !important; }
.reveal .slides section, .reveal .slides .fragment { visibility: visible !important; opacity: 1 !important; }
"""
FIRST_PAINT = """() => new Promise((done) => {
    const seen = () => performance.getEntriesByName("first-contentful-paint")[0];
    const tell = () => seen() && done(seen().startTime);
    new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
    tell();
})"""


@pytest.fixture
def opened(page, site):
    """Opens a file of the site; afterwards no other page may have been loaded and nothing complained about."""
    loaded, complaints = [], []
    page.on("request", lambda request: loaded.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.context.set_offline(True)

    def open_file(name, width=1280, height=720):
        page.set_viewport_size({"width": width, "height": height})
        page.goto((site / name).as_uri())
        page.wait_for_function("!document.querySelector('.courseware-host > img.courseware-still')")
        return page

    yield open_file
    outside = [url for url in loaded if not url.startswith(("data:", "blob:", site.as_uri()))]
    assert outside == []
    assert len([url for url in loaded if url.endswith(".html")]) == 1
    assert complaints == []


# ---- pages
@every_lesson
def test_explorers_of_the_page(opened, stem):
    page = opened(f"{stem}.html", 1280, 900)
    all_found = explorers(page)
    assert all_found
    for found in all_found:
        move_by_keyboard_and_mouse(page, found)


@every_lesson
def test_page_without_script_shows_the_stills(browser, site, stem):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / f"{stem}.html").as_uri())
    stills = page.locator("img.courseware-still")
    assert stills.count() > 0
    for still in stills.all():
        assert still.bounding_box()["height"] > 100
        assert len(still.get_attribute("alt")) > 30
    page.close()


def test_no_page_scrolls_sideways_on_a_phone(page, site):
    page.set_viewport_size({"width": 390, "height": 800})
    widths = {}
    for name in PAGES:
        page.goto((site / name).as_uri())
        widths[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in widths.items() if width > 390} == {}


# ---- decks
@every_lesson
def test_every_slide_fits(opened, stem):
    page = opened(f"{stem}.slides.html")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("Reveal.slide(0, 0, -1)")
        smallest = slide_fit.SMALLEST_TEXT * min(width / 1280, height / 720, 1)
        names, problems = slide_fit.walk(page, smallest_text=smallest)
        assert len(names) > 10
        assert problems == [], f"{width} × {height}\n" + "\n".join(problems)


@every_lesson
def test_explorers_on_slides_move_and_do_not_turn_the_page(opened, stem):
    page = opened(f"{stem}.slides.html")
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


@every_lesson
def test_notes_with_minutes_are_in_the_deck(opened, stem):
    page = opened(f"{stem}.slides.html")
    notes = page.locator("aside.notes").all_text_contents()
    assert len(notes) > 5
    assert all("min" in note for note in notes)


# ---- accessible
def violations(page) -> list[str]:
    """What axe-core finds on the page, every folded part of it open: one sentence for each element."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.evaluate(AXE_SCRIPT)
    found = [(rule, element) for rule in page.evaluate(AXE, ACCESSIBLE)["violations"] for element in rule["nodes"]]
    return [
        f"{rule['impact']}, {rule['id']}: {element['html'][:200]}: {element['failureSummary']}"
        for rule, element in found
        # axe-core counts no MathML as text: a heading of a table that is a formula alone looks empty to it.
        if not (rule["id"] == "empty-table-header" and element["html"].startswith("<th><math"))
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_the_page(opened, name):
    assert violations(opened(name)) == []


@pytest.mark.parametrize("name", DECKS)
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
    assert violations(page) == []


def test_axe_sees_pale_text_and_a_picture_without_words(page, site):
    page.goto((site / PAGES[0]).as_uri())
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend",
            '<p style="color: #999">pale</p><img src="data:,">')"""
    )
    assert {sentence.partition(":")[0] for sentence in violations(page)} == {
        "serious, color-contrast",
        "critical, image-alt",
    }


def test_what_the_figures_draw_stands_out(site):
    lines = site.parent.with_name("figures.jsonl").read_text(encoding="utf-8").splitlines()
    figures = [json.loads(line) for line in lines]
    assert len(figures) > 100
    assert [figure for figure in figures if figure["problems"]] == []


# ---- light
def bytes_loaded(page, site, name) -> tuple[int, list[str]]:
    """What the browser reads for a file of the site until its explorers stand, and which other files that were."""
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((site / name).as_uri())
    page.wait_for_function("!document.querySelector('.courseware-host > img.courseware-still')")
    files = [unquote(urlsplit(url).path) for url in requests if url.startswith("file:")]
    return sum((site / file).stat().st_size for file in files), files[1:]


def first_content(browser, address) -> float:
    """Milliseconds until the browser paints something of a page from disk: the median of several loads."""
    times = []
    for _ in range(LOADS):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address)
        times.append(page.evaluate(FIRST_PAINT))
        page.close()
    return statistics.median(times)


def test_weight_and_first_content_of_lessons_and_decks(browser, site):
    weights, paints = {}, {}
    for name in ["index.html", *(f"{stem}.html" for stem in LESSONS), *DECKS, COURSE_DECK]:
        page = browser.new_page()
        weights[name], others = bytes_loaded(page, site, name)
        page.close()
        assert others == [], name
        paints[name] = first_content(browser, (site / name).as_uri())
        print(f"{name}: {weights[name] / 1e6:.2f} MB, first content after {paints[name]:.0f} ms")
    of_pages = [name for name in weights if name not in [*DECKS, COURSE_DECK]]
    assert max(weights[name] for name in of_pages) <= HEAVIEST
    assert max(paints[name] for name in of_pages) < FIRST_CONTENT
    assert weights[COURSE_DECK] <= HEAVIEST_COURSE_DECK


# ---- no dead end
@pytest.fixture(scope="module")
def documents(site) -> dict[str, BeautifulSoup]:
    """Every page and deck by its address, without the data of its pictures and fonts."""
    files = sorted(site.rglob("*.html"))  # with the files of the project that pages link to
    assert {site / name for name in [*PAGES, *DECKS, COURSE_DECK]} <= set(files)
    data = re.compile(r'data:[^")]*')
    return {f.as_uri(): BeautifulSoup(data.sub("data:", f.read_text(encoding="utf-8")), "html.parser") for f in files}


def test_every_link_of_the_site_leads_somewhere(documents):
    anchors = {page: {element["id"] for element in document.select("[id]")} for page, document in documents.items()}
    dead, count = [], 0
    for page, document in documents.items():
        for link in document.select("a[href]"):
            count += 1
            target, anchor = urldefrag(urljoin(page, link["href"]))
            anchor = anchor.removeprefix("/")  # as reveal.js writes those of slides
            parts = urlsplit(target)
            if parts.scheme == "file":
                # As a browser looks for it: as it is written, percent-encoded, decoded.
                good = target in anchors and (not anchor or {anchor, quote(anchor), unquote(anchor)} & anchors[target])
            else:  # not fetched: the tests run without a network
                good = parts.scheme == "https" and "." in parts.netloc
            if not good:
                dead.append(f"{page}: {link.get_text()!r} leads to {link['href']}")
    assert count > 100
    assert dead == []


def test_every_picture_of_the_site_has_words(documents):
    images = [(page, image) for page, document in documents.items() for image in document.select("img")]
    assert len(images) > 50
    for page, image in images:
        assert len(image.get("alt", "").split()) > 2, f"{page}: {image}"


# ---- combinations that an exported explorer does not hold, in lesson 2
@pytest.fixture
def lesson_2(opened):
    return opened("02_kernel_regression.html")


def picture(found):
    return found.locator(".courseware-picture").element_handle()


def test_all_four_panels_change(lesson_2):
    found = explorer(lesson_2, WIDTH)
    before = panels(found)
    found.get_by_role("slider", name="width σ").focus()
    lesson_2.keyboard.press("Home")
    wait_for_key(found, "0,0,12")
    assert [one != two for one, two in zip(before, panels(found), strict=True)] == [True] * 4
    assert "width 0.02" in found.locator("figcaption").inner_text()


def test_the_menu_stays_while_the_slider_moves(lesson_2):
    found = explorer(lesson_2, WIDTH)
    slider = found.get_by_role("slider", name="width σ")
    slider.focus()
    lesson_2.keyboard.press("End")
    found.get_by_label("kernel").select_option(label="boxcar")
    wait_for_key(found, "30,1,12")
    # Every fifth width is kept for kernels other than the Gaussian.
    slider.focus()
    lesson_2.keyboard.press("ArrowLeft")
    wait_for_key(found, "25,1,12")
    assert found.get_by_label("kernel").input_value() == "1"


def test_the_arrows_move_the_query(lesson_2):
    found = explorer(lesson_2, WIDTH)
    start = key(found)
    handle = found.get_by_role("slider", name="query x")
    before = float(handle.get_attribute("aria-valuetext"))
    handle.press("ArrowRight")
    handle.press("ArrowRight")
    lesson_2.wait_for_function("([node, old]) => node.dataset.key !== old", arg=[picture(found), start])
    assert float(handle.get_attribute("aria-valuetext")) > before
    assert key(found).split(",")[:2] == start.split(",")[:2]


def test_point_at_the_photograph(lesson_2):
    photograph = explorer(lesson_2, PICTURE)
    before = panels(photograph, rows=1, columns=3)
    box = photograph.get_by_role("slider", name="pixel").bounding_box()
    lesson_2.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    lesson_2.wait_for_function("node => node.dataset.key !== '3,6,140'", arg=picture(photograph))
    assert panels(photograph, rows=1, columns=3)[1] != before[1]
    # Every fourth pixel each way is kept: numbers 0, 4, 8 and 12 of the 16.
    for pressed, pixel in [("ArrowRight", 4), ("ArrowDown", 16 * 4 + 4), ("ArrowLeft", 16 * 4)]:
        lesson_2.keyboard.press(pressed)
        wait_for_key(photograph, f"3,6,{pixel}")
