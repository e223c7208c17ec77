"""Microscopes in a browser: their numbers are torch's, and they follow mouse, keyboard and finger.

One page holds all of the lessons' microscopes, as an export writes them, and is opened from disk without a network.
"""

import math

import accessible
import nbformat.v4 as v4
import pytest
import slide_fit
import torch
import widgets_on_pages
from playwright.sync_api import Browser, Locator, Page, expect
from widgets_on_pages import SCREENS

from courseware.notebook import microscope
from courseware.notebook.explorer import EXPORT_VARIABLE
from courseware.notebook.microscope import Input, Microscope, Step, written
from courseware.publish import deck
from visual_attention.lessons.cbam.explorers import channel_microscope, spatial_microscope
from visual_attention.lessons.kernel_regression.explorers import points_microscope
from visual_attention.lessons.learned_attention.explorers import w_microscope
from visual_attention.lessons.non_local.explorers import pairwise_microscope
from visual_attention.lessons.squeeze_excitation.explorers import block_microscope

MICROSCOPES = (
    points_microscope,
    w_microscope,
    block_microscope,
    pairwise_microscope,
    channel_microscope,
    spatial_microscope,
)
DRAWS = 20  # random inputs for each operation and each microscope

# Shapes of the arguments, and options, for every operation.
CASES: dict[str, list[tuple[list[tuple[int, ...]], dict]]] = {
    **{
        name: [
            ([(3,), (3,)], {}),
            ([(), (2, 3)], {}),
            ([(2, 1, 4), (3, 1)], {}),
            ([(2,), (2, 3, 4)], {"match": "first"}),
        ]
        for name in ("difference", "addition", "product", "quotient")
    },
    **{name: [([()], {}), ([(2, 3)], {})] for name in ("square", "exp", "gaussian", "relu", "sigmoid")},
    "scale": [([(4,)], {"by": 1 / 3}), ([(2, 2)], {"by": -0.5})],
    "softmax": [([(5,)], {}), ([(2, 3)], {"over": 0}), ([(2, 3, 4)], {"over": 1}), ([(2, 3)], {"over": -1})],
    **{
        name: [
            ([()], {}),
            ([(2, 3, 4)], {}),
            ([(2, 3, 4)], {"over": (1, 2)}),
            ([(2, 3, 4)], {"over": 0}),
            ([(2, 3, 4)], {"over": (-1, 0)}),
        ]
        for name in ("sum", "mean", "max")
    },
    "matmul": [
        ([(3,), (3,)], {}),
        ([(2, 3), (3,)], {}),
        ([(3,), (3, 2)], {}),
        ([(2, 3), (3, 4)], {}),
        ([(2, 3), (4, 3)], {"transpose": True}),
        ([(3,), (4, 3)], {"transpose": True}),
    ],
    "concatenation": [([(2,), (3,)], {}), ([(2,), (4, 3), (4, 1)], {}), ([(3, 1, 2), (2, 2)], {})],
    "pick": [([(4,), ()], {}), ([(4, 3), ()], {}), ([(4, 2, 2), ()], {})],
    "correlation": [([(5, 6), (1, 3, 3)], {}), ([(7, 4), (7, 4), (2, 7, 7)], {}), ([(3, 3), (3, 3), (2, 1, 1)], {})],
}


@pytest.fixture(scope="module")
def page_of_all(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with every microscope, under the policy of exported pages; its script is `microscope`."""
    parts = {make().title: make().html() for make in MICROSCOPES}
    script = microscope._SCRIPT.replace("export default", "window.microscope =")
    return widgets_on_pages.written(tmp_path_factory.mktemp("microscopes") / "all.html", parts, script)


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pages(browser: Browser, page_of_all: str, complaints: list[str]):
    """The page on a desktop and on a phone, with whatever it complains of."""
    widget = "figure.courseware-microscope"
    with widgets_on_pages.opened(browser, page_of_all, widget, len(MICROSCOPES), complaints) as opened:
        yield opened


def drawn(cell: Input, generator: torch.Generator) -> torch.Tensor:
    value = cell.least + torch.rand(cell.value.shape, generator=generator).double() * (cell.most - cell.least)
    return value.round() if cell.step == 1 else value


def differences(page: Page, made: Microscope, generator: torch.Generator, draws: int = DRAWS) -> list[str]:
    """In which numbers page and torch differ by more than 1e-5, of the larger of 1 and themselves."""
    asked, expected = [], []
    for way in made.ways:
        for _ in range(draws):
            names = {cell.name for cell in made._cells(way)}
            inputs = {name: drawn(cell, generator) for name, cell in made.inputs.items() if name in names}
            asked.append([way, {name: value.flatten().tolist() for name, value in inputs.items()}])
            expected.append(made.numbers(way, **inputs))
    said = page.evaluate(
        "([told, asked]) => asked.map(([way, inputs]) => microscope.numbersOf(told, way, inputs))",
        [made.description, asked],
    )
    problems = []
    for numbers, arrays in zip(expected, said, strict=True):
        assert set(numbers) == set(arrays)
        for name, number in numbers.items():
            got = torch.tensor(arrays[name]["data"], dtype=torch.float64).reshape(arrays[name]["shape"])
            if got.shape != number.shape or not torch.allclose(got, number, rtol=1e-5, atol=1e-5, equal_nan=True):
                problems.append(f"{made.title}, {name}: {got.tolist()} for {number.tolist()}")
    return problems


def test_every_operation_makes_the_numbers_of_torch(pages):
    generator = torch.Generator().manual_seed(0)
    assert set(CASES) == set(microscope.OPERATIONS)
    problems = []
    for name, cases in CASES.items():
        for shapes, options in cases:
            inputs = [Input(f"a{n}", torch.zeros(shape), least=-3, most=3) for n, shape in enumerate(shapes)]
            if name == "pick":
                inputs[1] = Input("a1", 1, least=1, most=4, step=1)
            step = Step("b", name, *(cell.name for cell in inputs), **options)
            problems += differences(
                pages["desktop"], Microscope(f"{name} {shapes} {options}", *inputs, step), generator
            )
    assert problems == []


@pytest.mark.parametrize("make", MICROSCOPES)
def test_a_whole_microscope_makes_the_numbers_of_torch(pages, make):
    assert differences(pages["desktop"], make(), torch.Generator().manual_seed(1)) == []


def test_page_and_notebook_write_numbers_alike(pages):
    generator = torch.Generator().manual_seed(2)
    sizes = 10.0 ** torch.randint(-8, 9, (400,), generator=generator).double()
    values = [*(torch.randn(400, generator=generator).double() * sizes).tolist(), 0.03125, -0.5, 0.125, 9.96e-7, 1e6]
    asked = [(value, digits, trimmed) for value in values for digits, trimmed in ((2, False), (4, True), (9, True))]
    said = pages["desktop"].evaluate("asked => asked.map((one) => microscope.written(...one))", asked)
    assert said == [written(value, digits, trimmed=trimmed) for value, digits, trimmed in asked]
    assert pages["desktop"].evaluate("[NaN, Infinity, -0].map((one) => microscope.written(one))") == [
        written(value) for value in (math.nan, math.inf, -0.0)
    ]


def found(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name=title, exact=True)


def number(inside: Locator, cell: str, place: int = 0) -> Locator:
    return inside.locator(f'.courseware-number[data-cell="{cell}"][data-place="{place}"]')


def field(inside: Locator, cell: str, place: int = 0) -> Locator:
    return number(inside, cell, place).locator("input")


def lit(inside: Locator) -> list[str]:
    return inside.locator(".courseware-lit").evaluate_all(
        "all => all.map((one) => one.dataset.cell + one.dataset.place)"
    )


def texts(inside: Locator, cell: str) -> list[str]:
    return inside.locator(f'[data-cell="{cell}"]').all_text_contents()


def back(inside: Locator) -> None:
    inside.get_by_role("button", name="Back to the start").click()


def drag(page: Page, what: Locator, pixels: float) -> None:
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("screen", SCREENS)
def test_pointing_lights_up_what_a_number_is_made_of(pages, screen):
    points = found(pages[screen], "Nadaraya–Watson on three points")
    says = points.locator(".courseware-says")
    number(points, "αᵢ").hover()
    expect(says).to_have_text("weight 1: 0.6065 / 1.7419 = 0.3482")
    assert lit(points) == ["Kᵢ0", "S0"]
    number(points, "f(x)").hover()
    expect(says).to_have_text("prediction: 0.3482 + 1.1482 + 0.4662 = 1.9626")
    # An input is made of nothing: what it goes into is shown.
    number(points, "xᵢ", 2).hover()
    expect(says).to_have_text("key 3: 3, from −1 to 4. Drag it, type, or press ↑ and ↓.")
    assert points.locator(".courseware-feeds").evaluate_all("all => all.map((one) => one.dataset.cell)") == ["dᵢ"]
    pages[screen].mouse.move(0, 0)
    spatial = found(pages[screen], "The spatial gate")
    number(spatial, "l", 22).hover()
    expect(spatial.locator(".courseware-says")).to_have_text("logit, row 4, column 2: 3 · (−1) + 69 that are 0 = −3")
    assert len(lit(spatial)) == 2 * 2 * 7 * 5  # the window, cut at the left, on both maps and in both planes
    pages[screen].mouse.move(0, 0)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_drag_changes_an_input_and_all_that_follows(pages, screen):
    page = pages[screen]
    w = found(page, "Nadaraya–Watson with w, on three points")
    drag(page, field(w, "w"), -6 * 20 - 2)  # twenty steps of 0.1 down
    expect(field(w, "w")).to_have_value("0")
    assert texts(w, "αᵢ") == ["0.3333"] * 3  # w = 0: the mean
    expect(number(w, "f(x)")).to_have_text("3")
    drag(page, field(w, "w"), -1000)
    expect(field(w, "w")).to_have_value("−5")
    back(w)
    expect(field(w, "w")).to_have_value("2")
    points = found(page, "Nadaraya–Watson on three points")
    drag(page, field(points, "σ"), 301)  # the whole of a wide range, on a phone, too
    expect(field(points, "σ")).to_have_value("20")
    back(points)
    spatial = found(page, "The spatial gate")
    drag(page, field(spatial, "F′", 3 * 7), 6 * 2 + 1)
    expect(field(spatial, "F′", 3 * 7)).to_have_value("3")
    expect(number(spatial, "a", 3 * 7)).to_have_text("3")
    back(spatial)


@pytest.mark.parametrize("screen", SCREENS)
def test_keys_turn_type_and_lead_on(pages, screen):
    page = pages[screen]
    block = found(page, "Squeeze, excite, scale")
    says = block.locator(".courseware-says")
    middle = field(block, "u", 9 + 4)
    middle.focus()
    page.keyboard.press("ArrowUp")
    expect(middle).to_have_value("9.5")
    page.keyboard.press("Shift+ArrowDown")
    expect(middle).to_have_value("4.5")
    page.keyboard.press("End")
    expect(middle).to_have_value("20")
    page.keyboard.type("18")  # replaces what is selected, and all follows while it is typed
    expect(number(block, "z", 1)).to_have_text("2")
    assert texts(block, "s") == ["0.500", "0.500", "0.500", "0.500"]  # both hidden units are dead
    page.keyboard.type("x")
    expect(says).to_have_text("map 2, row 2, column 2 must be a number from 0 to 20; it stays 18.")
    expect(middle).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("ArrowUp")
    expect(middle).to_have_value("18.5")
    assert middle.get_attribute("aria-invalid") is None
    page.keyboard.type("1e1x")
    page.keyboard.press("Escape")
    expect(middle).to_have_value("10")  # what was a number until the x
    page.keyboard.type("18")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(field(block, "u", 9 + 5)).to_be_focused()
    number(block, "s").focus()
    page.keyboard.press("ArrowDown")
    expect(number(block, "s", 1)).to_be_focused()
    expect(says).to_have_text("gate 2: 1 / (1 + exp(−0)) = 0.500")
    assert lit(block) == ["l1"]
    page.keyboard.press("End")
    expect(number(block, "s", 3)).to_be_focused()
    # One stop for each array, however many numbers it has.
    stops = block.locator('[tabindex="0"][data-lm-suppress-shortcuts]').count()
    assert stops == len(list(block_microscope()._cells("")))
    back(block)
    expect(middle).to_have_value("9")


@pytest.mark.parametrize("screen", SCREENS)
def test_the_menu_goes_another_way_and_keeps_the_numbers(pages, screen):
    page = pages[screen]
    gate = found(page, "The channel gate")
    gate.get_by_label("between the products").select_option("without ReLU")
    assert texts(gate, "Mc") == ["0.269", "0.731"]  # the gates swap
    back(gate)
    place = found(page, "What place i receives")
    menu = place.get_by_label("pairwise function")
    order = {}
    for way in ("concatenation", "Gaussian"):
        menu.select_option(way)
        for asks in ("1", "3"):
            field(place, "i").fill(asks)
            weights = [float(text.replace("−", "-")) for text in texts(place, "a")]
            order[way, asks] = weights
    # Concatenation ranks the keys alike, and at equal distances, whoever asks; the raw Gaussian does not.
    gaps = [order["concatenation", asks][2] - order["concatenation", asks][0] for asks in ("1", "3")]
    assert gaps[0] == pytest.approx(gaps[1], abs=2e-3)
    assert order["Gaussian", "1"] != order["Gaussian", "3"]
    menu.select_option("dot product")
    field(place, "i").fill("2")
    expect(number(place, "yᵢ")).to_have_text("9.333")
    number(place, "a", 1).hover()
    expect(place.locator(".courseware-says")).to_have_text("weight 2: 4 / 3 = 1.333")
    field(place, "i").fill("1.5")  # there is no such place
    expect(place.locator(".courseware-says")).to_have_text("who asks must be a whole number from 1 to 3; it stays 2.")
    expect(number(place, "yᵢ")).to_have_text("9.333")
    menu.select_option("Gaussian")
    back(place)


def test_a_finger_taps_drags_and_types(pages):
    page = pages["phone"]
    points = found(page, "Nadaraya–Watson on three points")
    number(points, "Kᵢ", 2).tap()
    expect(points.locator(".courseware-says")).to_have_text("closeness 3: exp(−(−2)²/2) = 0.1353")
    assert lit(points) == ["uᵢ2"]
    value = field(points, "yᵢ", 2)
    value.tap()
    expect(value).to_be_focused()
    page.keyboard.type("60")
    expect(number(points, "f(x)")).to_have_text("6.1581")
    box = field(points, "x").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y, "id": 1}]})
    for step in range(1, 11):
        fingers = [{"x": x + 6.1 * step, "y": y, "id": 1}]
        if step > 5:
            fingers.append({"x": x + 5, "y": y, "id": 2})  # a second one is not listened to
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(field(points, "x")).to_have_value("2")
    back(points)


@pytest.mark.parametrize(("screen", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_nothing_serious_is_found_and_nothing_is_cut_off(pages, screen, theme):
    page = pages[screen]
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate("theme => { document.body.style.background = theme === 'dark' ? '#14181f' : '#fff'; }", theme)
    page.evaluate("theme => { document.body.style.color = theme === 'dark' ? '#fff' : '#000'; }", theme)
    number(found(page, "The spatial gate"), "l", 22).hover()
    problems = accessible.violations(page)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen][0]
    page.evaluate("document.dir = 'rtl'")  # a matrix is not mirrored
    left, right = (field(found(page, "The channel gate"), "W₀", place).bounding_box()["x"] for place in (0, 1))
    page.evaluate("document.dir = ''")
    assert left < right


def test_a_slide_holds_a_microscope_and_keeps_its_keys(page, tmp_path, monkeypatch):
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    cells = []
    for make in MICROSCOPES[:-1]:  # the last one is for a page: 98 weights and nine maps
        data, _ = make()._repr_mimebundle_()
        cells += [
            v4.new_markdown_cell(f"## {make().title}\n\nA sentence.", metadata={"slideshow": {"slide_type": "slide"}}),
            v4.new_code_cell("m()", outputs=[v4.new_output("display_data", data=data)], execution_count=1),
        ]
    notebook = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    (tmp_path / "deck.html").write_text(deck.deck(notebook, "a.ipynb", {"a.ipynb": "a.html"}), encoding="utf-8")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((tmp_path / "deck.html").as_uri())
    page.wait_for_selector("section.present figure.courseware-microscope")
    names, problems = slide_fit.walk(page)
    assert len(names) == len(MICROSCOPES) - 1
    assert problems == []
    # Where the slides are drawn larger, the line below the numbers is still below them.
    page.set_viewport_size({"width": 1920, "height": 1080})
    covered = "section => { const at = (part) => section.querySelector(part).getBoundingClientRect(); "
    covered += "return at('.courseware-board').bottom - at('.courseware-foot').top; }"
    for place in range(len(names)):
        page.evaluate("place => Reveal.slide(place)", place)
        assert page.locator("section.present:has(figure)").last.evaluate(covered) <= 1, names[place]
    page.evaluate("Reveal.slide(0)")
    points = found(page, "Nadaraya–Watson on three points")
    field(points, "xᵢ").focus()
    for pressed in ("ArrowRight", "ArrowRight", "ArrowUp", "Space"):
        page.keyboard.press(pressed)
    expect(number(points, "dᵢ", 2)).to_have_text("−2.1000")
    assert page.evaluate("Reveal.getIndices().h") == 0
    page.keyboard.press("PageDown")
    assert page.evaluate("Reveal.getIndices().h") == 1


def test_the_pages_complained_of_nothing(pages, complaints):
    assert pages
    assert complaints == []
