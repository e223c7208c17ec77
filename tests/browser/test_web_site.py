"""The pages of the whole course in a browser without network: on a desk and a phone, light and dark, on paper."""

import functools
import http.server
import json
import re
import threading
from urllib.parse import unquote, urlsplit

import pytest
from accessible import violations
from bs4 import BeautifulSoup
from playwright.sync_api import expect
from pypdf import PdfReader
from watching import explorer, explorers, key, move_by_keyboard_and_mouse, panels, until, wait_for_key

from courseware.project import lessons, project_root
from courseware.publish.links import page_of
from courseware.text.build import targets

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
NOTEBOOKS = [page_of(target.notebook.relative_to("notebooks").as_posix()) for target in targets(project_root())]
PAGES = ["index", "search", *(page.removesuffix(".html") for page in NOTEBOOKS)]
# One page with each thing that has colours: cards, quizzes, photographs, a microscope, a drawing pad, a sheet, hits.
DARK_LESSONS = ["01_cues", "02_kernel_regression", "05_squeeze_excitation", "09_real_networks"]
DARK = ["index", "00_start_here", *DARK_LESSONS, f"exercises/{LESSONS[0]}", f"solutions/{LESSONS[0]}", "search"]
WIDTH, PICTURE = "How wide should we look?", "From Gaussian blur to the bilateral filter"
every_lesson = pytest.mark.parametrize("stem", LESSONS)

HEAVIEST = 3_000_000  # bytes of a lesson before a slider is touched
LOADS = 3
PHONE = {"width": 390, "height": 844}

WORD = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")  # a Chinese character, or what stands between spaces

FIRST_PAINT = """() => new Promise((done) => {
    const seen = () => performance.getEntriesByName("first-contentful-paint")[0];
    const tell = () => seen() && done(seen().startTime);
    new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
    tell();
})"""

PICTURES = "() => [...document.images].every((image) => image.complete)"
STILLS_ARE_GONE = "() => !document.querySelector('.courseware-host > img.courseware-still')"


@pytest.fixture
def opened(page, site):
    """Opens pages from disk; afterwards none may have asked for anything outside the site, or complained."""
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.context.set_offline(True)

    def open_page(name):
        page.goto((site / f"{name}.html").as_uri())
        until(page, STILLS_ARE_GONE)
        return page

    open_page.asked = asked
    yield open_page
    assert [url for url in asked if not url.startswith(("data:", "blob:", site.as_uri()))] == []
    assert complaints == []


@pytest.fixture(scope="session")
def served(site):
    """The address of the site on a web server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def move(page, found):
    """Move every control of an explorer from end to end; the pictures come."""
    # In the middle: the page's header stays in view and must not lie on the controls.
    found.evaluate("found => found.scrollIntoView({ block: 'center', behavior: 'instant' })")
    move_by_keyboard_and_mouse(page, found)
    picture = found.locator(".courseware-picture")
    for pad in found.locator(".courseware-pad").all():
        for pressed in ("Home", "End"):
            before = pad.get_attribute("aria-valuenow")
            pad.press(pressed)
            stop = pad.get_attribute("aria-valuenow")
            shown = "([node, stop]) => node.dataset.key.split(',').includes(stop)"
            until(page, shown, [picture.element_handle(), stop])
        assert stop != before
    assert picture.locator("img").evaluate("image => image.naturalWidth") > 100
    assert found.locator(".courseware-error").count() == 0


@every_lesson
def test_explorers_move_from_disk_without_a_kernel(opened, stem):
    page = opened(stem)
    found = explorers(page)
    assert found
    for each in found:
        move(page, each)


def test_explorers_move_from_a_server(page, served):
    page.goto(f"{served}/{LESSONS[1]}.html")
    move(page, explorers(page)[0])


@every_lesson
def test_a_page_without_script_shows_the_stills(browser, site, stem):
    page = browser.new_page(java_script_enabled=False)
    page.goto((site / f"{stem}.html").as_uri())
    stills = page.locator("img.courseware-still")
    assert stills.count() > 0
    for still in stills.all():
        still.scroll_into_view_if_needed()
        assert still.bounding_box()["height"] > 100
        assert len(still.get_attribute("alt")) > 30
    page.close()


def test_a_lesson_on_paper_has_its_text_and_its_pictures_and_nothing_of_the_navigation(opened, tmp_path):
    page = opened(LESSONS[1])
    headings = page.locator("article h2").evaluate_all("all => all.map((each) => each.firstChild.textContent)")
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    until(page, PICTURES)
    page.pdf(path=tmp_path / "lesson.pdf", format="A4")
    printed = PdfReader(tmp_path / "lesson.pdf").pages
    text = "".join(one.extract_text() for one in printed)
    assert [heading for heading in headings if letters(heading) not in letters(text)] == []
    assert "Search the course" not in text
    figures = page.locator("article .courseware-picture, article img.course-figure").count()
    assert sum(len(one.images) for one in printed) >= figures


def letters(text):
    return re.sub(r"[^A-Za-z]", "", text)


@every_lesson
def test_a_lesson_is_light(opened, site, stem):
    paints = [opened(stem).evaluate(FIRST_PAINT) for _ in range(LOADS)]
    opened.asked.clear()
    page = opened(stem)
    # Pictures further down count too, although they load only when somebody comes near them.
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    until(page, PICTURES)
    paths = {unquote(urlsplit(url).path) for url in opened.asked if url.startswith("file:")}
    weight = sum((site / path).stat().st_size for path in paths)
    print(f"\n{stem}: {weight / 1e6:.2f} MB in {len(paths)} files, first content after {min(paints):.0f} to "
          f"{max(paints):.0f} ms")  # fmt: skip
    assert weight <= HEAVIEST


# ---- accessible
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_the_page(opened, name):
    assert violations(opened(name)) == []


@pytest.mark.parametrize("name", DARK)
def test_axe_finds_nothing_in_the_dark(opened, page, name):
    page.emulate_media(color_scheme="dark")
    opened(name)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert violations(page, rules=["color-contrast"]) == []  # the rest is as in the light


def test_axe_sees_pale_text_and_a_picture_without_words(page, site):
    page.goto((site / "index.html").as_uri())
    page.evaluate(
        """() => document.querySelector("article").insertAdjacentHTML("beforeend",
            '<p style="color: #999">pale</p><img src="data:,">')"""
    )
    assert {sentence.partition(":")[0] for sentence in violations(page)} == {
        "serious, color-contrast",
        "critical, image-alt",
    }


def test_what_the_figures_draw_stands_out(site):
    lines = site.with_name("figures.jsonl").read_text(encoding="utf-8").splitlines()
    figures = [json.loads(line) for line in lines]
    assert len(figures) > 100
    assert [figure for figure in figures if figure["problems"]] == []


def test_every_picture_has_words_and_every_link_to_another_host_is_one(site):
    """That no link within the site is dead is seen to when it is made."""
    data = re.compile(r"(?<=;base64,)[\w+/=]+")
    images, addresses = [], []
    for file in sorted(site.rglob("*.html")):
        made = BeautifulSoup(data.sub("", file.read_text(encoding="utf-8")), "html.parser")
        # The pictures on the cards of the first page are hidden from screen readers: their links are there twice.
        # Those of the theme's buttons say all that they show: "Binder logo".
        images += [
            (file.name, image)
            for image in made.select("img:not([src*='_static/images/logo_'])")
            if not image.find_parent(attrs={"aria-hidden": "true"})
        ]
        addresses += [urlsplit(a["href"]) for a in made.select("a[href]")]
    assert len(images) > 50
    assert [(name, image) for name, image in images if len(WORD.findall(image.get("alt", ""))) <= 2] == []
    elsewhere = [parts for parts in addresses if parts.scheme or parts.netloc]
    assert len(elsewhere) > 50
    assert [parts for parts in elsewhere if parts.scheme != "https" or "." not in parts.netloc] == []


# ---- search
def search_for(page, words):
    page.locator("#pst-primary-sidebar .search-button-field").click()
    page.locator("#pst-search-dialog input[type=search]").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    results = page.locator("#search-results ul.search li > a")
    results.first.wait_for()
    return results


def test_search_finds_the_lesson(page, served):
    page.goto(f"{served}/index.html")
    results = search_for(page, "excitation")
    assert any("SENet" in title for title in results.all_inner_texts()[:3])
    results.filter(has_text="5 · SENet").first.click()
    expect(page.locator("h1").first).to_contain_text("SENet")
    page.go_back()
    expect(page.locator(".course-note")).to_have_count(0)


def test_what_is_searched_for_is_not_covered(page, site):
    page.goto((site / "search.html").as_uri() + "?q=softmax")
    icon = page.locator(".bd-search-container .bd-search i, .bd-search-container .bd-search svg").bounding_box()
    field = page.locator(".bd-search-container .bd-search input")
    padding = float(field.evaluate("node => parseFloat(getComputedStyle(node).paddingLeft)"))
    assert icon["x"] + icon["width"] <= field.bounding_box()["x"] + padding


def test_search_from_a_disk_finds_pages_and_says_what_it_lacks(page, site):
    page.goto((site / "index.html").as_uri())
    results = search_for(page, "excitation")
    assert any("SENet" in title for title in results.all_inner_texts()[:3])
    expect(page.locator(".course-note")).to_contain_text("opened this site from a disk")


# ---- dark mode
def test_the_dark_mode_is_chosen_and_kept_and_pictures_stay_on_white(page, served):
    page.emulate_media(color_scheme="light")
    page.goto(f"{served}/{LESSONS[0]}.html")
    html, header = page.locator("html"), page.locator(".article-header-buttons")
    expect(html).to_have_attribute("data-theme", "light")
    header.get_by_role("button", name="Color mode").click()
    header.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    page.goto(f"{served}/{LESSONS[1]}.html")
    expect(html).to_have_attribute("data-theme", "dark")
    colour = "node => getComputedStyle(node).backgroundColor"
    assert page.locator("body").evaluate(colour) != "rgb(255, 255, 255)"
    found = explorers(page)[0]
    assert found.evaluate(colour) == "rgb(255, 255, 255)"
    image = found.locator(".courseware-picture img")
    assert image.evaluate("node => getComputedStyle(node).filter") == "none"
    # A pad lies on its place only if the picture fills its box.
    assert image.evaluate("node => getComputedStyle(node).padding") == "0px"


# ---- phones
def test_no_page_scrolls_sideways_on_a_phone(page, site):
    page.set_viewport_size(PHONE)
    widths = {}
    for path in sorted(site.rglob("*.html")):
        if not path.name.endswith(".slides.html"):
            page.goto(path.as_uri())
            widths[path.relative_to(site).as_posix()] = page.evaluate("document.documentElement.scrollWidth")
    assert set(NOTEBOOKS) <= set(widths)
    assert {name: width for name, width in widths.items() if width > PHONE["width"]} == {}


def test_a_finger_moves_a_slider_and_opens_the_contents(browser, site):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = context.new_page()
    page.goto((site / f"{LESSONS[1]}.html").as_uri())
    found = explorers(page)[0]
    slider = found.locator("input[type=range]").first
    slider.scroll_into_view_if_needed()
    box, before = slider.bounding_box(), key(found)
    assert box["height"] >= 44
    page.touchscreen.tap(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
    until(
        page,
        "([node, old]) => node.dataset.key !== old",
        [found.locator(".courseware-picture").element_handle(), before],
    )
    page.locator(".primary-toggle").first.tap()
    expect(page.locator("#pst-primary-sidebar-modal")).to_contain_text("SENet")
    context.close()


# ---- combinations that an exported explorer does not hold, in lesson 2
@pytest.fixture
def lesson_2(opened):
    return opened("02_kernel_regression")


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
    until(lesson_2, "([node, old]) => node.dataset.key !== old", [picture(found), start])
    assert float(handle.get_attribute("aria-valuetext")) > before
    assert key(found).split(",")[:2] == start.split(",")[:2]


def test_point_at_the_photograph(lesson_2):
    photograph = explorer(lesson_2, PICTURE)
    before = panels(photograph, rows=1, columns=3)
    box = photograph.get_by_role("slider", name="pixel").bounding_box()
    lesson_2.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    until(lesson_2, "node => node.dataset.key !== '3,6,140'", picture(photograph))
    assert panels(photograph, rows=1, columns=3)[1] != before[1]
    # Every fourth pixel each way is kept: numbers 0, 4, 8 and 12 of the 16.
    for pressed, pixel in [("ArrowRight", 4), ("ArrowDown", 16 * 4 + 4), ("ArrowLeft", 16 * 4)]:
        lesson_2.keyboard.press(pressed)
        wait_for_key(photograph, f"3,6,{pixel}")
