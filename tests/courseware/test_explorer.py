"""The explorer widget in Python: controls, frames, the three forms."""

import base64
import io
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from courseware.notebook.explorer import (
    EVERY_STOP,
    EXPORT_VARIABLE,
    STILLS_VARIABLE,
    Explorer,
    Menu,
    Pad,
    Slider,
    pictures_apart,
    show,
)


def draw(height, colour="red", spot=(0, 0)):
    figure = Figure(figsize=(4, 2))
    axes = figure.add_axes((0.1, 0.2, 0.8, 0.6))
    axes.set(xlim=(0, 10), ylim=(0, 5))
    axes.bar([5], [height], color=colour)
    axes.plot(*spot, "o")
    return figure


def describe(height, colour="red", spot=(0, 0)):
    return f"a {colour} bar of height {height:g} & <spot> {spot}"


def bars(**options):
    controls = [Slider("height", "height", [1, 2, 4], default=2), Menu("colour", "colour", ["red", "blue"], "red")]
    return Explorer(draw, controls, title="Bars", describe=describe, **options)


def part_of(html, part):
    """The `state` or the `pictures` of the explorer in a piece of HTML."""
    block = rf'<script type="application/json" class="courseware-{part}">(.*?)</script>'
    return json.loads(re.search(block, html, re.DOTALL)[1])


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_frames_are_the_figures_of_their_stops():
    explorer = bars()
    share = []
    for position in explorer.line("height"):
        image = pixels(explorer.frame(position).png)
        assert image.shape == (288, 576, 3)
        share.append((image == (255, 0, 0)).all(axis=2).mean())
    # The bar's area grows as its height: 1, 2, 4.
    assert share[1] / share[0] == pytest.approx(2, rel=0.05)
    assert share[2] / share[0] == pytest.approx(4, rel=0.05)


def test_each_stop_is_drawn_once():
    calls = []

    def counted(**values):
        calls.append(values)
        return draw(**values)

    explorer = Explorer(counted, [Slider("height", "height", [1, 2], default=1)], title="t", describe=describe)
    for _ in range(3):
        explorer.frame([0])
        explorer.frame([1])
    assert calls == [{"height": 1}, {"height": 2}]


def test_values_and_moving():
    explorer = bars()
    assert explorer.values == {"height": 2, "colour": "red"}
    explorer.move(colour="blue", height=4)
    assert explorer.values == {"height": 4, "colour": "blue"}
    assert explorer.position == [2, 1]
    with pytest.raises(ValueError, match=r"height must be one of its stops \[1, 2, 4\], was 3"):
        explorer.move(height=3)
    with pytest.raises(ValueError, match=r"control must be one of \['height', 'colour'\], was 'width'"):
        explorer.move(width=3)
    assert explorer.values == {"height": 4, "colour": "blue"}


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ([], "controls must hold at least one"),
        ([Slider("a", "a", [1], 1), Menu("a", "a", ["x"], "x")], "different names"),
        ([Slider("height", "h", [1, 2], default=3)], "height must be one of its stops"),
        ([Slider("height", "h", [1, 2, 1], default=2)], r"height must have different stops, was \[1, 2, 1\]"),
    ],
)
def test_wrong_controls_are_refused(controls, message):
    with pytest.raises(ValueError, match=message):
        Explorer(draw, controls, title="t", describe=describe)


def test_wrong_subsets_are_refused():
    with pytest.raises(ValueError, match="control must be one of"):
        bars(keep=[{"hue": EVERY_STOP}])
    with pytest.raises(ValueError, match="height must be one of its stops"):
        bars(keep=[{"height": [9]}])


def test_figures_of_another_size_are_refused():
    def growing(height):
        return Figure(figsize=(4, height))

    explorer = Explorer(growing, [Slider("height", "h", [1, 2], default=1)], title="t", describe=describe)
    with pytest.raises(ValueError, match=r"draw must return figures of one size, .*4.*1.*, was .*4.*2"):
        explorer.frame([1])


def test_explorers_need_words():
    slider = Slider("height", "h", [1, 2], default=1)
    with pytest.raises(ValueError, match="describe must return a sentence, was ' '"):
        Explorer(draw, [slider], title="t", describe=lambda height: " ")
    explorer = Explorer(draw, [slider], title="t", describe=lambda height: "one" if height == 1 else None)
    with pytest.raises(ValueError, match="describe must return a sentence, was None"):
        explorer.frame([1])


@pytest.mark.parametrize("position", [[-1, 0], [3, 0], [0], [0, 0, 0], [0.0, 0], ["0", 0]])
def test_wrong_positions_are_refused(monkeypatch, position):
    explorer = bars()
    with pytest.raises(ValueError, match=r"position must hold one stop index for each control, below \[3, 2\], was"):
        explorer.frame(position)
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))
    explorer._answer(explorer, {"draw": position}, [])
    [(content, buffers)] = sent
    assert content["error"].startswith("ValueError: position must hold")
    assert buffers is None


def test_one_figure_is_drawn_at_a_time():
    inside, most = 0, 0

    def slow(height):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.02)
        inside -= 1
        return draw(height)

    explorer = Explorer(slow, [Slider("height", "h", [1, 2, 3, 4], default=1)], title="t", describe=describe)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(explorer.frame, explorer.line("height")))
    assert most == 1


def test_pictures_need_words():
    with pytest.raises(ValueError, match="alt must say in words"):
        show(draw(1), "  ")
    picture = show(draw(1), "a bar")
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == "[picture: a bar]"
    assert metadata["image/png"]["alt"] == "a bar"
    assert pixels(base64.b64decode(data["image/png"])).shape == (288, 576, 3)


def test_pictures_do_not_differ_between_runs():
    assert show(draw(1), "a").png == show(draw(1), "a").png


def test_photographs_keep_their_colours():
    rng = np.random.default_rng(0)
    noise = rng.random((60, 120, 3))
    figure = Figure(figsize=(4, 2))
    figure.add_axes((0, 0, 1, 1)).imshow(noise, interpolation="nearest", aspect="auto")
    # 576 × 288 pixels show 120 × 60 cells: sample the middle of each cell.
    rows, columns = (np.arange(60) * 4.8 + 2.4).astype(int), (np.arange(120) * 4.8 + 2.4).astype(int)
    shown = pixels(show(figure, "noise").png)[np.ix_(rows, columns)]
    assert np.abs(shown / 255 - noise).max() < 0.01


# ---- live
def test_live_form_has_a_widget_a_picture_and_words(monkeypatch):
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    explorer = bars()
    data, metadata = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "text/html" not in data
    assert metadata["image/png"]["alt"] == describe(2)
    assert data["text/plain"].splitlines() == [
        "Explorer: Bars",
        "  height: 1 to 4 (3 stops), at 2",
        "  colour: red, blue (2 stops), at red",
        "  " + describe(2),
    ]
    # The first control's stops travel with the widget; the others are asked for.
    assert sorted(explorer.frames) == ["0,0", "1,0", "2,0"]


def test_where_nobody_moves_it_only_the_still_is_drawn(monkeypatch):
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    monkeypatch.setenv(STILLS_VARIABLE, "1")
    explorer = bars()
    data, _ = explorer._repr_mimebundle_()
    assert list(explorer.frames) == ["1,0"]
    monkeypatch.delenv(STILLS_VARIABLE)
    live, _ = bars()._repr_mimebundle_()
    assert (data["text/plain"], data["image/png"]) == (live["text/plain"], live["image/png"])


def test_the_kernel_answers_requests_and_reports_errors(monkeypatch):
    explorer = bars()
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))
    explorer._answer(explorer, {"draw": [2, 1]}, [])
    content, [png] = sent.pop()
    assert content == {"key": "2,1", "alt": describe(4, "blue")}
    assert ((pixels(png) == (0, 0, 255)).all(axis=2)).any()

    monkeypatch.setattr(explorer, "draw", lambda **_: 1 / 0)
    explorer._answer(explorer, {"draw": [0, 1]}, [])
    assert sent == [({"key": "0,1", "error": "ZeroDivisionError: division by zero"}, None)]


def test_a_credit_is_said_in_every_form():
    class Credit:
        html = '<a href="https://example.org/a">A photo</a> by A &amp; B'

        def __str__(self):
            return "A photo by A & B"

    explorer = bars(credit=Credit())
    assert "  A photo by A & B" in repr(explorer)
    assert explorer.spec["credit"] == Credit.html
    assert f'<p class="courseware-credit">{Credit.html}</p>' in explorer.html()
    assert "courseware-credit" not in re.sub("<style>.*?</style>|<script.*?</script>", "", bars().html(), flags=re.S)


# ---- exported
def test_exported_form_keeps_the_stated_subset(monkeypatch):
    monkeypatch.setenv(EXPORT_VARIABLE, "1")
    data, _ = bars()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    # By default every stop of each control, the others at their default.
    assert set(part_of(data["text/html"], "state")["frames"]) == {"0,0", "1,0", "2,0", "1,1"}

    kept = part_of(bars(keep=[{"height": [1, 4], "colour": EVERY_STOP}]).html(), "state")["frames"]
    assert set(kept) == {"1,0", "0,0", "2,0", "0,1", "2,1"}
    assert kept["2,1"]["alt"] == describe(4, "blue")


def test_choices_of_the_same_controls_are_counted_in_a_line():
    keep = [
        {"height": [1], "colour": ["blue"]},
        {"height": [4], "colour": ["blue"]},
        {"height": [2], "colour": ["red"]},
    ]
    said = part_of(bars(keep=keep).html(), "state")["holds"]
    assert said == "You can move here: 3 choices of height and colour. The notebook draws all combinations."


def test_exported_form_holds_equal_pictures_once():
    def ignores_colour(height, colour):
        return draw(height)

    controls = [Slider("height", "h", [1, 2], 1), Menu("colour", "c", ["red", "blue"], "red")]
    everything = [{"height": EVERY_STOP, "colour": EVERY_STOP}]
    explorer = Explorer(ignores_colour, controls, title="t", describe=describe, keep=everything)
    frames = part_of(explorer.html(), "state")["frames"]
    # Number 0 is the still, which stands in the page already.
    assert {key: frame["image"] for key, frame in frames.items()} == {"0,0": 0, "0,1": 0, "1,0": 1, "1,1": 1}
    assert len(part_of(explorer.html(), "pictures")) == 1
    assert explorer.html().count("data:image/png") == 2


def test_exported_form_shows_a_picture_without_script_and_escapes_words():
    html = bars().html()
    assert re.search(
        r'<img class="courseware-still" src="data:image/png;base64,[^"]+" alt="a red bar [^"]*&lt;spot', html
    )
    # Words with markup in them must not end the data block early.
    assert "<spot" not in html
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", html)


def test_pictures_apart_leaves_the_stills_and_stores_each_other_picture_once():
    one, two = bars(), bars(keep=[])
    page, files = pictures_apart(f"<main>{one.html()}{two.html()}{one.html()}</main>", "page_files")
    assert len(files) == 3  # the third explorer shows what the first does
    assert all(re.fullmatch(r"page_files/[0-9a-f]{16}\.png", address) for address in files)
    assert page.count("data:image/png") == 3
    assert part_of(page, "pictures") == list(files)
    assert part_of(page, "state") == part_of(one.html(), "state")
    # The pictures are those of the frames that point to them; number 0 is the still.
    for key, frame in part_of(page, "state")["frames"].items():
        drawn = one.frame(list(map(int, key.split(","))))
        assert frame["alt"] == drawn.alt
        assert drawn.png == (list(files.values())[frame["image"] - 1] if frame["image"] else one.png)


def test_pictures_apart_leaves_a_page_without_explorers_as_it_is():
    assert pictures_apart("<p>a</p>", "page_files") == ("<p>a</p>", {})


# ---- pads
def test_pads_lie_where_the_axes_lie():
    pad = Pad("spot", "spot", x=[0, 5, 10], y=[0, 5], default=(5, 0), form="{} {}")
    explorer = Explorer(
        draw, [Slider("height", "h", [1], 1), pad], title="t", describe=describe, keep=[{"spot": [(10, 5)]}]
    )
    place = explorer.spec["controls"][1]["place"]
    # The axes fill (0.1, 0.2, 0.8, 0.6) of the figure, counted from below; the page counts from above.
    assert place["box"] == pytest.approx([0.1, 0.2, 0.8, 0.6])
    assert place["x"] == pytest.approx([0.1, 0.5, 0.9])
    assert place["y"] == pytest.approx([0.8, 0.2])
    assert explorer.values["spot"] == (5, 0)
    assert len(explorer.line("spot")) == 6
    assert explorer.values_at(explorer.line("spot")[-1])["spot"] == (10, 5)
    assert explorer.spec["controls"][1]["texts"][-1] == "10 5"
    assert [explorer.values_at(p)["spot"] for p in explorer.kept] == [(5, 0), (10, 5)]


def test_a_pad_without_y_is_a_number():
    controls = [Pad("height", "h", x=[1, 2, 3], default=2)]
    explorer = Explorer(draw, controls, title="t", describe=describe)
    assert explorer.values == {"height": 2}
    assert explorer.spec["controls"][0]["place"]["y"] is None
