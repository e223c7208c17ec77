"""The figures' style: colours that stand out, and that are told apart by readers who see fewer of them."""

import itertools

import numpy as np
import pytest
from figure_contrast import GRAPHICS, TEXT, contrast, problems
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from skimage.color import deltaE_ciede2000, rgb2lab

from visual_attention.figures import style
from visual_attention.figures.cues import GREEN, RED
from visual_attention.figures.diagrams import ROLES

ROLE_COLOURS = {name: getattr(style, name) for name in ("QUERY", "KEY", "VALUE", "WEIGHT", "FIT", "TRUTH")}
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


@pytest.mark.parametrize("colour", [*ROLE_COLOURS.values(), *ROLES.values()])
def test_every_role_can_be_written_on_white(colour):
    assert contrast(np.array(to_rgb(colour)), np.ones(3)) >= TEXT


@pytest.mark.parametrize("vision", SEEN_BY)
@pytest.mark.parametrize("pair", list(itertools.combinations(ROLE_COLOURS, 2)), ids="-".join)
def test_roles_are_told_apart(pair, vision):
    one, other = (ROLE_COLOURS[name] for name in pair)
    assert difference(one, other, vision) > APART


@pytest.mark.parametrize("vision", SEEN_BY)
def test_red_and_green_items_are_told_apart(vision):
    assert difference(RED, GREEN, vision) > APART


@pytest.mark.parametrize("weight", np.linspace(0, 1, 65))
def test_numbers_on_the_weight_map_can_be_read(weight):
    ground = np.array(style.WEIGHT_MAP(weight)[:3])
    assert contrast(np.array(to_rgb(style.ink(weight))), ground) >= TEXT


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
