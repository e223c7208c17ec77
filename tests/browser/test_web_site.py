"""The web site of the whole course, in a browser that has no network: on a desk and on a phone, light and dark."""

import functools
import http.server
import statistics
import threading
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from watching import drag_slider, explorers, key

from courseware.project import lessons
from courseware.site import dead_links

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
KINDS = ["index", "00_start_here", *LESSONS, f"exercises/{LESSONS[0]}", f"solutions/{LESSONS[0]}", "search"]
every_lesson = pytest.mark.parametrize("stem", LESSONS)

HEAVIEST = 3_000_000  # bytes of a lesson before a slider is touched
FIRST_CONTENT = 1000  # ms from disk, the median of LOADS
LOADS = 3
PHONE = {"width": 390, "height": 844}

ACCESSIBLE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
FIRST_PAINT = """() => new Promise((done) => {
    const seen = () => performance.getEntriesByName("first-contentful-paint")[0];
    const tell = () => seen() && done(seen().startTime);
    new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
    tell();
})"""


@pytest.fixture
def opened(page, web_site):
    """Opens pages from disk; afterwards none may have asked for anything outside the site, or complained."""
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.context.set_offline(True)

    def open_page(name):
        page.goto((web_site / f"{name}.html").as_uri())
        page.wait_for_function("!document.querySelector('.courseware-host > img.courseware-still')")
        return page

    open_page.asked = asked
    yield open_page
    assert [url for url in asked if not url.startswith(("data:", "blob:", web_site.as_uri()))] == []
    assert complaints == []


@pytest.fixture(scope="session")
def served(web_site):
    """The address of the site on a web server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(web_site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_no_link_is_dead(web_site):
    pages = list(web_site.rglob("*.html"))
    assert len(pages) > 3 * len(LESSONS)
    assert dead_links(web_site) == []


def move(page, found):
    """Drag the explorer's first slider from end to end, or move its pad by key, or choose on its menu.

    The picture of where it ends is shown.
    """
    # In the middle: the page's header stays in view and must not lie on the controls.
    row = found.locator(".courseware-controls")
    row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
    slider, pad = found.locator("input[type=range]").first, found.locator(".courseware-pad").first
    if slider.count():
        drag_slider(page, slider, 0.5, 0)
        first = slider.input_value()
        drag_slider(page, slider, 0, 1)
        last = slider.input_value()
    elif pad.count():
        pad.press("Home")
        first = pad.get_attribute("aria-valuenow")
        pad.press("End")
        last = pad.get_attribute("aria-valuenow")
    else:
        menu = found.locator("select").first
        first = menu.select_option(index=0)[0]
        last = menu.select_option(index=menu.locator("option").count() - 1)[0]
    assert first != last
    picture = found.locator(".courseware-picture")
    shown = "([node, stop]) => node.dataset.key.split(',').includes(stop)"
    page.wait_for_function(shown, arg=[picture.element_handle(), last])
    assert picture.locator("img").evaluate("image => image.naturalWidth") > 100
    assert found.locator(".courseware-error").count() == 0


@every_lesson
def test_explorers_move_from_disk_without_a_kernel(opened, stem):
    page = opened(stem)
    found = explorers(page)
    assert found
    for explorer in found:
        move(page, explorer)


def test_explorers_move_from_a_server(page, served):
    page.goto(f"{served}/{LESSONS[1]}.html")
    for explorer in explorers(page):
        move(page, explorer)


@every_lesson
def test_a_lesson_is_light_and_shows_soon(opened, web_site, stem):
    paints = [opened(stem).evaluate(FIRST_PAINT) for _ in range(LOADS)]
    opened.asked.clear()
    page = opened(stem)
    # Pictures further down count too, although they load only when somebody comes near them.
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    paths = {unquote(urlsplit(url).path) for url in opened.asked if url.startswith("file:")}
    weight = sum((web_site / path).stat().st_size for path in paths)
    print(f"\n{stem}: {weight / 1e6:.2f} MB in {len(paths)} files, first content after {min(paints):.0f} to "
          f"{max(paints):.0f} ms")  # fmt: skip
    assert weight <= HEAVIEST
    assert statistics.median(paints) < FIRST_CONTENT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_serious(page, web_site, name, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto((web_site / f"{name}.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    page.evaluate("document.querySelectorAll('details').forEach((hidden) => { hidden.open = true; })")
    found = Axe().run(page, options=ACCESSIBLE).response["violations"]
    serious = [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []


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


def test_search_from_a_disk_finds_pages_and_says_what_it_lacks(page, web_site):
    page.goto((web_site / "index.html").as_uri())
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
def test_no_page_scrolls_sideways_on_a_phone(page, web_site):
    page.set_viewport_size(PHONE)
    widths = {}
    for path in sorted(web_site.rglob("*.html")):
        name = path.relative_to(web_site).as_posix()
        if not name.startswith("files/"):
            page.goto(path.as_uri())
            widths[name] = page.evaluate("document.documentElement.scrollWidth")
    assert len(widths) > 3 * len(LESSONS)
    assert {name: width for name, width in widths.items() if width > PHONE["width"]} == {}


def test_a_finger_moves_a_slider_and_opens_the_contents(browser, web_site):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = context.new_page()
    page.goto((web_site / f"{LESSONS[1]}.html").as_uri())
    found = explorers(page)[0]
    slider = found.locator("input[type=range]").first
    slider.scroll_into_view_if_needed()
    box, before = slider.bounding_box(), key(found)
    assert box["height"] >= 44
    page.touchscreen.tap(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function(
        "([node, old]) => node.dataset.key !== old",
        arg=[found.locator(".courseware-picture").element_handle(), before],
    )
    page.locator(".primary-toggle").first.tap()
    expect(page.locator("#pst-primary-sidebar-modal")).to_contain_text("SENet")
    context.close()
