"""One colour for query, key and value in every figure, and for nothing else; told apart by colour-blind readers too."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest

from visual_attention.figures import style

FOLDER = Path(style.__file__).parent
ROLES = {name: getattr(style, name) for name in ("QUERY", "KEY", "VALUE", "WEIGHT")}
OTHERS = {name: getattr(style, name) for name in ("ONE", "OTHER", "THIRD")}

# Which function draws which role, and as what.
USES = {
    ("diagrams", "module"): {"QUERY", "KEY", "VALUE"},  # boxes and arrows by their role
    ("kernel_regression", "curves"): {"QUERY", "VALUE"},  # a query's place; data points, the values
    ("kernel_regression", "three_points"): {"QUERY", "VALUE"},
    ("kernel_regression", "width_panels"): {"QUERY"},  # the query, in three panels, and its answer
    ("kernel_regression", "picture_panels"): {"QUERY"},  # the pixel that asks
    ("learned_attention", "w_panels"): {"VALUE"},  # data points
    ("learned_attention", "literal_formulas"): {"VALUE"},
    ("map", "_block"): {"QUERY"},  # the cells that ask
    ("map", "bare_block"): {"QUERY"},  # the word that an axis asks
    ("map", "axis_panels"): {"QUERY"},
    ("non_local", "_marker"): {"QUERY"},  # the pixel or place that asks
    ("non_local", "patches"): {"QUERY", "KEY"},  # the patch that asks, and those that it is compared with
}


def test_roles_are_drawn_where_the_table_says_and_nowhere_else():
    found = {}
    for file in FOLDER.glob("*.py"):
        if file.stem == "style":
            continue
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            name = statement.name if isinstance(statement, ast.FunctionDef) else "module"
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & {"QUERY", "KEY", "VALUE"}
            if used:
                found[file.stem, name] = found.get((file.stem, name), set()) | used
    assert found == USES


def test_no_figure_spells_a_colour_of_the_style_out():
    values = {value.casefold() for value in (*ROLES.values(), *OTHERS.values())}
    for file in FOLDER.parent.rglob("*.py"):
        if file != FOLDER / "style.py":
            text = file.read_text(encoding="utf-8").casefold()
            assert not [value for value in values if value in text], file.name


# ---- seen by readers of three kinds
# From linear RGB to what is seen without the cones for green, and without those for red: Machado, Oliveira and
# Fernandes, IEEE Transactions on Visualization and Computer Graphics 15, 2009, severity 1.
EYES = {
    "three kinds of cones": np.eye(3),
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    parts = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE L*a*b* of linear RGB, for white D65."""
    x = TO_XYZ @ np.clip(light, 0, 1) / (0.9505, 1, 1.089)
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast_to_white(colour):
    return 1.05 / (TO_XYZ[1] @ linear(colour) + 0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart(eyes):
    seen = {name: lab(EYES[eyes] @ linear(colour)) for name, colour in (ROLES | OTHERS).items()}
    for one, other in itertools.combinations(seen, 2):
        # 2 is a just noticeable difference. Roles also differ by what is drawn: lines, points, bars.
        least = 10 if {one, other} <= set(ROLES) else 25
        assert np.linalg.norm(seen[one] - seen[other]) > least, (one, other)


@pytest.mark.parametrize("name", [*ROLES, *OTHERS])
def test_colours_are_legible_on_white(name):
    assert contrast_to_white((ROLES | OTHERS)[name]) >= 4.5  # text; lines need 3
