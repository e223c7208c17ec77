"""Drawing pads in a browser: the page's network makes torch's numbers, and follows mouse, keyboard and finger.

One page holds the lessons' pads, as an export writes them, and is opened from disk without a network.
"""

import base64

import accessible
import nbformat.v4 as v4
import pytest
import slide_fit
import torch
import torch.nn.functional as F
import widgets_on_pages
from playwright.sync_api import Browser, Locator, Page, expect
from torch import nn
from widgets_on_pages import SCREENS

from courseware.notebook import drawing_pad, network
from courseware.notebook.explorer import EXPORT_VARIABLE
from courseware.publish import deck
from visual_attention.lessons.capstone import experiment as capstone
from visual_attention.lessons.capstone.explorers import slots_pad
from visual_attention.lessons.cbam.data import cluttered_digits
from visual_attention.lessons.cbam.explorers import ring_pad
from visual_attention.lessons.squeeze_excitation.experiment import pictures
from visual_attention.lessons.squeeze_excitation.explorers import frame_pad

TITLES = ("Beside the dot", "In a frame", "In two slots")
DRAWS = 3  # random inputs for each case

# For each operation of a network: the shape of an input, and what torch makes of it.
CASES = {
    "convolution": [
        ((1, 3, 6, 7), lambda x, w: F.conv2d(x, w(4, 3, 3, 3), w(4), padding=1)),
        ((2, 3, 6, 7), lambda x, w: F.conv2d(x, w(4, 3, 3, 3))),
        ((1, 4, 9, 8), lambda x, w: F.conv2d(x, w(6, 2, 3, 3), w(6), stride=2, padding=(2, 1), groups=2)),
        ((1, 3, 9, 9), lambda x, w: F.conv2d(x, w(3, 1, 3, 3), padding=2, dilation=2, groups=3)),
        ((2, 2, 8, 7), lambda x, w: F.conv2d(x, w(1, 2, 7, 7), padding=3)),
        ((1, 5, 3, 4), lambda x, w: F.conv2d(x, w(2, 5, 1, 1), w(2))),
    ],
    "linear": [((5,), lambda x, w: F.linear(x, w(3, 5))), ((2, 1, 5), lambda x, w: F.linear(x, w(3, 5), w(3)))],
    "scale_and_shift": [
        (shape, lambda x, w: F.batch_norm(x, w(3), w(3).abs(), w(3), w(3)))
        for shape in ((2, 3), (2, 3, 4), (1, 3, 4, 5))
    ]
    + [((1, 3, 4, 5), lambda x, w: F.batch_norm(x, w(3), w(3).abs()))],
    "matmul": [
        ((2, 3, 4), lambda x, w: x @ w(4, 5)),
        ((2, 3, 4), lambda x, w: torch.bmm(x, w(2, 4, 2))),
        ((2, 3, 4), lambda x, w: x @ x.mT),
        ((3, 4), lambda x, w: torch.matmul(w(2, 5, 3), x)),
    ],
    "softmax": [((2, 3, 4), lambda x, w, dim=dim: x.softmax(dim)) for dim in (0, 1, -1)],
    "max_pool": [((2, 3, 6, 7), lambda x, w: F.max_pool2d(x, 2)), ((1, 6, 7), lambda x, w: F.max_pool2d(x, 3, 2))],
    "mean_pool": [
        ((1, 3, 6, 6), lambda x, w: F.avg_pool2d(x, 2)),
        ((1, 6, 7), lambda x, w: F.avg_pool2d(x, (3, 2), 1)),
    ],
    **{
        name: [
            ((2, 3, 4), lambda x, w, name=name: getattr(x, name)()),
            ((2, 3, 4), lambda x, w, dims=dims, call=call: getattr(x, call)(dims)),
            ((2, 3, 4), lambda x, w, call=call: getattr(x, call)(-1, keepdim=True)),
            ((1, 3, 4, 5), lambda x, w, pool=pool: pool(x)),
        ]
        for name, call, dims, pool in (
            ("sum", "sum", (0, 2), lambda x: x.sum(1)),
            ("mean", "mean", (0, 2), lambda x: F.adaptive_avg_pool2d(x, 1)),
            ("max", "amax", (0, 2), lambda x: F.adaptive_max_pool2d(x, (1, 1)) + x.max(dim=1, keepdim=True).values),
        )
    },
    "add": [((2, 3, 4), lambda x, w: x + w(3, 1)), ((3,), lambda x, w: w(2, 3) + x), ((2,), lambda x, w: 1.5 + x)],
    "subtract": [((2, 3, 4), lambda x, w: x - w(4)), ((3,), lambda x, w: w(2, 3) - x), ((2,), lambda x, w: 1 - x)],
    "multiply": [
        ((2, 3, 4), lambda x, w: x * x[:, :1]),
        ((2, 3), lambda x, w: 3 * x),
        ((3,), lambda x, w: w(2, 3) * x),
    ],
    "divide": [((2, 3, 4), lambda x, w: x / (w(4) ** 2 + 1)), ((2, 3), lambda x, w: x / 7)],
    **{
        name: [((2, 3), lambda x, w, name=name: getattr(torch, name)(x))] for name in ("relu", "sigmoid", "exp", "tanh")
    },
    "take": [
        ((2, 3, 4), lambda x, w: x.permute(2, 0, 1)),
        ((2, 3, 4), lambda x, w: torch.stack([x, x.flip(0)], dim=-1).movedim(-1, 1)),
        ((2, 3, 4), lambda x, w: torch.cat([x[:, 1:], w(2, 2, 4)], dim=1).reshape(4, 8)),
        ((2, 6), lambda x, w: x.unflatten(1, (2, 3)).transpose(0, 1)[..., -1] + x.chunk(3, dim=1)[2]),
        ((1, 3), lambda x, w: x.expand(4, 3)),
    ],
}


class Case(nn.Module):
    """One of `CASES`, with weights that are the same at every call."""

    def __init__(self, calculate):
        super().__init__()
        self.calculate, self.weights = calculate, []

    def forward(self, x):
        left = iter(self.weights)

        def weight(*shape):
            found = next(left, None)
            if found is None:
                generator = torch.Generator().manual_seed(len(self.weights))
                self.weights.append(found := torch.randn(shape, generator=generator))
            return found

        return {"y": self.calculate(x, weight)}


@pytest.fixture(scope="module")
def made():
    return dict(zip(TITLES, (ring_pad(), frame_pad(), slots_pad()), strict=True))


@pytest.fixture(scope="module")
def page_of_all(made, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with every pad, under the policy of exported pages; its script is `pad`."""
    for title, each in made.items():
        each.description = each.description | {"title": title}
    parts = {title: each.html() for title, each in made.items()}
    script = drawing_pad._SCRIPT.replace("export default", "window.pad =")
    return widgets_on_pages.written(tmp_path_factory.mktemp("pads") / "all.html", parts, script)


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pages(browser: Browser, page_of_all: str, complaints: list[str]):
    """The page on a desktop and on a phone, with whatever it complains of."""
    widget = "figure.courseware-drawing"
    with widgets_on_pages.opened(browser, page_of_all, widget, len(TITLES), complaints) as opened:
        yield opened


# Pictures go to the page as base64: a thousand of them as text would take longer than their answers.
ASK = """
([told, numbers, each]) => {
  const all = new Float32Array(Uint8Array.from(atob(numbers), (one) => one.charCodeAt(0)).buffer);
  const pictures = Array.from({ length: all.length / each }, (_, i) => all.subarray(i * each, (i + 1) * each));
  return pad.outputsOf(told, pictures);
}
"""


def asked(page: Page, told: dict, inputs: torch.Tensor) -> list[dict[str, list[float]]]:
    numbers = base64.b64encode(inputs.numpy().tobytes()).decode("ascii")
    return page.evaluate(ASK, [told, numbers, inputs[0].numel()])


def same(got: list[float], number: torch.Tensor) -> bool:
    return torch.allclose(torch.tensor(got, dtype=torch.float64), number.flatten().double(), rtol=1e-5, atol=1e-5)


def test_every_operation_makes_the_numbers_of_torch(pages):
    assert set(CASES) == set(network.OPERATIONS)
    problems = []
    for name, cases in CASES.items():
        for place, (shape, calculate) in enumerate(cases):
            case = Case(calculate)
            told = network.described(case, shape)
            if name not in {step["operation"] for step in told["steps"]}:
                problems.append(f"{name} {place} is not what is tested: {[s['operation'] for s in told['steps']]}")
            inputs = torch.randn(DRAWS, *shape, generator=torch.Generator().manual_seed(place))
            for x, said in zip(inputs, asked(pages["desktop"], told, inputs), strict=True):
                if not same(said["y"], case(x)["y"]):
                    problems.append(f"{name} {place}: {said['y']} for {case(x)['y'].flatten().tolist()}")
    assert problems == []


@pytest.mark.parametrize("title", TITLES)
def test_a_whole_network_makes_the_numbers_of_torch(pages, made, title):
    each = made[title]
    inputs = torch.rand(DRAWS, *each.shape, generator=torch.Generator().manual_seed(0))
    inputs = torch.cat([inputs, (inputs > 0.9).float(), *(each.picture(name) for name in each.pictures)])
    for x, said in zip(inputs, asked(pages["desktop"], each.description["network"], inputs), strict=True):
        for name, numbers in each.outputs(x[None]).items():
            assert same(said[name], numbers), name


@pytest.mark.parametrize(
    ("title", "test_pictures"),
    [
        ("Beside the dot", lambda: cluttered_digits(1000, "dot", "test", 1000).images),
        ("In a frame", lambda: pictures("test", 0).images),
        ("In two slots", lambda: capstone.pictures("dot", "test", 0).inks[:, -1:]),  # what is white
    ],
    ids=TITLES,
)
def test_answers_agree_on_all_test_pictures_of_the_experiment(pages, made, title, test_pictures):
    images = test_pictures()
    each = made[title]
    answers = [show.output for show in each.shows if isinstance(show, drawing_pad.Bars) and show.names]
    differ = []
    for begin in range(0, len(images), 250):
        part = images[begin : begin + 250]
        outputs = asked(pages["desktop"], each.description["network"], part)
        expected = each.outputs(part)
        for answer in answers:
            said = [output[answer] for output in outputs]
            if not same([number for one in said for number in one], expected[answer]):
                differ.append((begin, answer))
            assert torch.equal(torch.tensor(said).argmax(1), expected[answer].argmax(1))
    assert differ == []


def found(page: Page, title: str) -> Locator:
    return page.get_by_role("group", name=title, exact=True)


def paper(inside: Locator) -> Locator:
    return inside.locator(".courseware-paper")


def says(inside: Locator) -> Locator:
    return inside.locator(".courseware-says")


def ink(inside: Locator) -> int:
    """How many pixels of the paper are not as an empty one's."""
    return inside.locator(".courseware-paper canvas").evaluate(
        """canvas => {
          // From a copy: a browser says that its own canvas would be read too often.
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
          const empty = data.filter((value, at) => at % 4 === 3).length;
          const light = (at) => data[at] + data[at + 1] + data[at + 2];
          const paper = canvas.width === 48 ? 765 : 0;
          let found = 0;
          for (let at = 0; at < 4 * empty; at += 4) found += Math.abs(light(at) - paper) > 60;
          return found;
        }"""
    )


def best(inside: Locator) -> str:
    return inside.locator(".courseware-best b").text_content()


def back(inside: Locator) -> None:
    inside.get_by_role("button", name="Back to the start").click()


def at(inside: Locator, row: float, column: float, side: int) -> tuple[float, float]:
    """Where a pixel of the paper is on the screen."""
    paper(inside).scroll_into_view_if_needed()
    box = inside.locator(".courseware-paper canvas").bounding_box()
    return box["x"] + (column + 0.5) / side * box["width"], box["y"] + (row + 0.5) / side * box["height"]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_pad_begins_with_what_python_says(pages, made, screen, title):
    each = made[title]
    inside = found(pages[screen], title)
    expect(says(inside)).to_contain_text(each.says(each.begin()))
    for name in each.pictures:
        inside.get_by_label("begin with").select_option(name)
        expect(says(inside)).to_contain_text(each.says(each.picture(name)))
    back(inside)
    expect(inside.get_by_label("begin with")).to_have_value(next(iter(each.pictures)))
    expect(says(inside)).to_contain_text(each.says(each.begin()))


@pytest.mark.parametrize("screen", SCREENS)
def test_a_mouse_draws_rubs_out_and_moves(pages, made, screen):
    page = pages[screen]
    inside = found(page, "Beside the dot")
    inside.get_by_role("button", name="Clear").click()
    expect(says(inside)).to_contain_text(made["Beside the dot"].says(torch.zeros(1, 1, 48, 48)))
    assert ink(inside) == 0
    # A one: a stroke from above to below.
    page.mouse.move(*at(inside, 18, 24, 48))
    page.mouse.down()
    page.mouse.move(*at(inside, 29, 24, 48), steps=6)
    page.mouse.up()
    expect(paper(inside)).to_have_attribute(
        "aria-label",
        "Paper of 48 by 48 pixels. On it: the drawing. Space puts the pen down; arrows lead it, now at row 29, "
        "column 24.",
    )
    drawn = ink(inside)
    assert 12 <= drawn <= 40
    assert best(inside) == "1"
    inside.get_by_role("button", name="Add a dot").click()
    expect(paper(inside)).to_have_attribute(
        "aria-label",
        "Paper of 48 by 48 pixels. On it: the drawing, a dot. Space puts the pen down; arrows lead it, now at row 29, "
        "column 24.",
    )
    assert ink(inside) == drawn + 21
    # The dot goes to the left.
    inside.get_by_label("with").last.select_option("move")
    before = says(inside).text_content()
    page.mouse.move(*at(inside, 9, 26, 48))
    page.mouse.down()
    page.mouse.move(*at(inside, 30, 8, 48), steps=5)
    page.mouse.up()
    expect(says(inside)).to_contain_text("Arrows move a dot, now at row 28, column 6; Space takes the next.")
    assert says(inside).text_content() != before
    assert ink(inside) == drawn + 21
    inside.get_by_label("with").last.select_option("rubber")
    page.mouse.move(*at(inside, 16, 24, 48))
    page.mouse.down()
    page.mouse.move(*at(inside, 31, 24, 48), steps=6)
    page.mouse.up()
    expect(says(inside)).to_contain_text("row 31, column 24")
    assert ink(inside) == 21
    inside.get_by_label("with").last.select_option("pen")
    back(inside)


@pytest.mark.parametrize("screen", SCREENS)
def test_keys_draw_and_move(pages, made, screen):
    page = pages[screen]
    inside = found(page, "In a frame")
    each = made["In a frame"]
    inside.get_by_label("begin with").select_option("a red frame")
    # Another frame takes the place of the first.
    inside.get_by_role("button", name="Add a green frame").click()
    only_green = torch.zeros(1, 3, 24, 24)
    only_green[0, 1] = 1
    only_green[0, 1, 1:-1, 1:-1] = 0
    expect(says(inside)).to_contain_text(each.says(only_green))
    inside.get_by_role("button", name="Clear").click()
    inside.get_by_label("colour").select_option("blue")
    paper(inside).focus()
    page.keyboard.press("Space")
    for key in ("ArrowDown", "Shift+ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(says(inside)).to_contain_text("The pen is down; arrows lead it, now at row 17, column 13.")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(says(inside)).to_contain_text("Space puts the pen down; arrows lead it, now at row 17, column 14.")
    drawn = ink(inside)
    assert drawn >= 7
    inside.get_by_label("with").last.select_option("move")
    paper(inside).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    expect(says(inside)).to_contain_text("Arrows move the drawing in blue, now at row -4, column -1;")
    assert ink(inside) == drawn
    page.keyboard.press("Delete")
    expect(says(inside)).to_contain_text("There is nothing to move.")
    assert ink(inside) == 0
    inside.get_by_label("with").last.select_option("pen")
    back(inside)


def test_a_finger_draws(pages):
    page = pages["phone"]
    inside = found(page, "Beside the dot")
    inside.get_by_label("begin with").select_option("white paper")
    assert ink(inside) == 0
    x, y = at(inside, 18, 24, 48)
    _, end = at(inside, 30, 24, 48)
    scrolled = page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        at_y = y + step / 8 * (end - y)
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": at_y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(says(inside)).to_contain_text("row 30, column 24")
    assert ink(inside) >= 12
    assert best(inside) == "1"
    assert page.evaluate("scrollY") == scrolled  # the finger drew, and did not turn the page
    back(inside)


@pytest.mark.parametrize(("screen", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_nothing_serious_is_found_and_nothing_is_cut_off(pages, screen, theme):
    page = pages[screen]
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    page.evaluate("theme => { document.body.style.background = theme === 'dark' ? '#14181f' : '#fff'; }", theme)
    page.evaluate("theme => { document.body.style.color = theme === 'dark' ? '#fff' : '#000'; }", theme)
    problems = accessible.violations(page)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen][0]


def test_a_slide_holds_a_pad_and_keeps_its_keys(page, made, tmp_path, monkeypatch):
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    cells = []
    for title, each in made.items():
        data, _ = each._repr_mimebundle_()
        cells += [
            v4.new_markdown_cell(f"## {title}\n\nA sentence.", metadata={"slideshow": {"slide_type": "slide"}}),
            v4.new_code_cell("m()", outputs=[v4.new_output("display_data", data=data)], execution_count=1),
        ]
    notebook = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    (tmp_path / "deck.html").write_text(deck.deck(notebook, "a.ipynb", {"a.ipynb": "a.html"}), encoding="utf-8")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((tmp_path / "deck.html").as_uri())
    page.wait_for_selector("section.present figure.courseware-drawing")
    names, problems = slide_fit.walk(page)
    assert len(names) == len(TITLES)
    assert problems == []
    page.evaluate("Reveal.slide(0)")
    inside = found(page, "Beside the dot")
    paper(inside).focus()
    for pressed in ("ArrowRight", "Space", "ArrowUp"):
        page.keyboard.press(pressed)
    expect(says(inside)).to_contain_text("The pen is down; arrows lead it, now at row 23, column 25.")
    assert page.evaluate("Reveal.getIndices().h") == 0
    page.keyboard.press("PageDown")
    assert page.evaluate("Reveal.getIndices().h") == 1


def test_a_pad_adds_little_to_a_page(made):
    script = len(drawing_pad._SCRIPT.encode()) + len(drawing_pad._STYLE.encode())
    assert script < 150_000
    for title, each in made.items():
        assert len(each.html()) < 300_000, title


def test_the_pages_complained_of_nothing(pages, complaints):
    assert pages
    assert complaints == []
