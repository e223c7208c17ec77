"""The figures' style: colours that stand out, and that are told apart by readers who see fewer of them."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest
from figure_contrast import GRAPHICS, TEXT, contrast, problems
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from skimage.color import deltaE_ciede2000, rgb2lab

import visual_attention
from visual_attention.drawing import style
from visual_attention.drawing.diagrams import ROLES
from visual_attention.drawing.seeds import seed_rows
from visual_attention.lessons.cues.figures import GREEN, RED

PACKAGE = Path(visual_attention.__file__).parent
COLOURS = {
    name: getattr(style, name) for name in ("QUERY", "KEY", "VALUE", "WEIGHT", "FIT", "TRUTH", "ONE", "OTHER", "THIRD")
}
COMPARED = ("ONE", "OTHER", "THIRD")  # of two or three things that are compared
# Which function draws which role, and as what.
USES = {
    ("diagrams", "module"): {"QUERY", "KEY", "VALUE"},  # boxes and arrows by their role
    ("kernel_regression", "curves"): {"QUERY", "VALUE"},  # a query's place; data points, the values
    ("kernel_regression", "votes"): {"QUERY"},
    ("kernel_regression", "three_points"): {"QUERY", "VALUE"},
    ("kernel_regression", "width_panels"): {"QUERY"},  # the query, in three panels, and its answer
    ("kernel_regression", "picture_panels"): {"QUERY"},  # the pixel that asks
    ("learned_attention", "w_panels"): {"VALUE"},  # data points
    ("learned_attention", "three_widths"): {"VALUE"},
    ("learned_attention", "literal_formulas"): {"VALUE"},
    ("six_kinds", "_block"): {"QUERY"},  # the cells that ask
    ("six_kinds", "four_axes"): {"QUERY"},  # the words that an axis asks
    ("six_kinds", "bare_block"): {"QUERY"},  # the word that an axis asks
    ("six_kinds", "axis_panels"): {"QUERY"},
    ("cbam", "two_axes"): {"VALUE"},  # the map that both gates multiply
    ("non_local", "far_away"): {"QUERY", "KEY"},  # the cell that asks, the one that answers
    ("non_local", "_marker"): {"QUERY"},  # the pixel or place that asks
    ("real_networks", "_marker"): {"QUERY"},
    ("attention", "_draw"): {"QUERY"},
    ("non_local", "patches"): {"QUERY", "KEY"},  # the patch that asks, and those that it is compared with
}
# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (IEEE
# Transactions on Visualization and Computer Graphics 15, 2009), severity 1, for linear RGB.
SEEN_BY = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
APART = 10  # CIEDE2000; about 1 is the least difference that is seen side by side


def seen(colour, vision):
    colour = np.array(to_rgb(colour))
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(SEEN_BY[vision]) @ linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def difference(one, other, vision):
    return float(deltaE_ciede2000(rgb2lab(seen(one, vision)), rgb2lab(seen(other, vision))))


def test_contrast_of_known_colours():
    white = np.ones(3)
    assert contrast(np.zeros(3), white) == pytest.approx(21)
    assert contrast(white, white) == 1
    assert contrast(np.array(to_rgb("#777777")), white) == pytest.approx(4.48, abs=0.005)  # WCAG's usual example


def test_every_colour_can_be_written_on_white():
    for colour in (*COLOURS.values(), *ROLES.values()):
        assert contrast(np.array(to_rgb(colour)), np.ones(3)) >= TEXT, colour


@pytest.mark.parametrize("vision", SEEN_BY)
def test_colours_are_told_apart(vision):
    for one, other in itertools.combinations(COLOURS, 2):
        # Roles differ also by what is drawn: lines, points, bars. Least apart are KEY and ONE, WEIGHT and THIRD.
        least = 7 if (one in COMPARED) != (other in COMPARED) else APART
        assert difference(COLOURS[one], COLOURS[other], vision) > least, (one, other)


def test_roles_are_drawn_where_the_table_says_and_nowhere_else():
    found = {}
    for file in [*PACKAGE.glob("lessons/*/figures.py"), *PACKAGE.glob("drawing/*.py")]:
        if file.name == "style.py":
            continue
        place = file.parent.name if file.name == "figures.py" else file.stem
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            name = statement.name if isinstance(statement, ast.FunctionDef) else "module"
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & {"QUERY", "KEY", "VALUE"}
            if used:
                found[place, name] = found.get((place, name), set()) | used
    assert found == USES


def test_no_figure_spells_a_colour_of_the_style_out():
    values = {value.casefold() for name, value in COLOURS.items() if name not in ("FIT", "TRUTH")}
    for file in PACKAGE.rglob("*.py"):
        if file.name != "style.py":
            text = file.read_text(encoding="utf-8").casefold()
            assert not [value for value in values if value in text], file.name


@pytest.mark.parametrize("vision", SEEN_BY)
def test_red_and_green_items_are_told_apart(vision):
    assert difference(RED, GREEN, vision) > APART


def test_numbers_on_the_weight_map_can_be_read():
    for weight in np.linspace(0, 1, 65):
        ground = np.array(style.WEIGHT_MAP(weight)[:3])
        assert contrast(np.array(to_rgb(style.ink(weight))), ground) >= TEXT, weight


# ---- the test of drawn figures would notice
NIGHT = np.zeros((9, 9))


def drawn(draw):
    figure = Figure(figsize=(4, 3))
    draw(figure.subplots())
    return problems(figure)


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        (lambda axes: axes.plot([0, 1], color="#999999"), "Line2D"),
        (lambda axes: axes.plot([0, 1], color=style.KEY, alpha=0.5), "Line2D"),
        (lambda axes: axes.scatter([0], [0], color=style.VALUE, alpha=0.5), "PathCollection"),
        (lambda axes: axes.bar([0], [1], color="#CCCCCC"), "Rectangle"),
        (lambda axes: axes.set_title("pale", color="#888888"), "text 'pale'"),
        (
            lambda axes: (axes.imshow(np.zeros((9, 9)), cmap="gray"), axes.plot([1, 7], [4, 4], color="#333333")),
            "Line2D",
        ),
        (lambda axes: (axes.imshow(np.zeros((9, 9)), cmap="gray"), axes.text(1, 4, "dark")), "text 'dark'"),
        (lambda axes: axes.annotate("", (0, 0), (1, 1), arrowprops={"color": "#BBBBBB"}), "FancyArrowPatch"),
    ],
)
def test_what_does_not_stand_out_is_named(draw, found):
    [problem] = drawn(draw)
    assert problem.startswith(found)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.plot([0, 1], color="#949494"),  # 3.03 : 1
        lambda axes: axes.plot([0, 1], color="#CCCCCC", gid=style.DECORATION),
        lambda axes: axes.bar([0], [1], color="#EEEEEE", edgecolor=style.KEY),
        lambda axes: (axes.imshow(NIGHT, cmap="gray"), axes.text(1, 4, "light", color="white")),
        lambda axes: axes.set(title="a title", xlabel="x"),
    ],
)
def test_what_stands_out_is_left_alone(draw):
    assert drawn(draw) == []


def test_limits_are_those_of_wcag():
    assert (TEXT, GRAPHICS) == (4.5, 3)


def test_seeds_are_a_dot_each_and_a_bar_at_their_mean():
    axes = Figure().subplots()
    values = {"none": np.array([0.2, 0.4]), "SE": np.array([0.5, 0.9, 1.0])}
    seed_rows(axes, values, {"SE": style.WEIGHT})
    dots, bars = axes.lines[::2], axes.lines[1::2]
    assert [line.get_xdata().tolist() for line in dots] == [[0.2, 0.4], [0.5, 0.9, 1.0]]
    assert [set(line.get_ydata()) for line in dots] == [{0}, {1}]
    assert [line.get_color() for line in dots] == [style.ONE, style.WEIGHT]
    assert np.array([line.get_xdata() for line in bars]) == pytest.approx(np.array([[0.3, 0.3], [0.8, 0.8]]))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "SE"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
