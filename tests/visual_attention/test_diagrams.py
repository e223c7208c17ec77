"""Diagrams: boxes lie where they say, arrows end where they are told, text is as large as on other figures."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from visual_attention.drawing.diagrams import ROLES, Diagram
from visual_attention.drawing.style import styled


@styled
def two_boxes():
    diagram = Diagram(6, 2)
    left = diagram.box(1.2, 1, "squeeze", shape="C × 1 × 1")
    right = diagram.box(4.5, 1, "excite", role="weight", width=2, height=0.8)
    diagram.arrow(left.right, (2.5, 1), (2.5, 1.5), right.left)
    diagram.operator(5.7, 1, "×")
    return diagram, left, right


def test_a_unit_is_an_inch_and_a_box_lies_where_it_says():
    diagram, left, right = two_boxes()
    assert tuple(diagram.figure.get_size_inches()) == (6, 2)
    assert diagram.axes.get_xlim() == (0, 6)
    assert diagram.axes.get_ylim() == (0, 2)
    assert left.right == pytest.approx((1.2 + 0.85, 1))
    assert right.left == pytest.approx((3.5, 1))
    assert right.top == pytest.approx((4.5, 1.4))
    assert right.bottom == pytest.approx((4.5, 0.6))
    for patch, box in zip(diagram.axes.patches, (left, right), strict=False):
        corners = patch.get_path().get_extents()
        assert (corners.x0, corners.x1) == pytest.approx((box.left[0], box.right[0]))
        assert (corners.y0, corners.y1) == pytest.approx((box.bottom[1], box.top[1]))


def test_an_arrow_goes_through_its_points():
    diagram, left, right = two_boxes()
    [way] = diagram.axes.lines
    assert np.array(way.get_xydata()) == pytest.approx(np.array([left.right, (2.5, 1), (2.5, 1.5)]))
    [tip] = [text for text in diagram.axes.texts if text.get_text() == ""]
    assert tip.xy == right.left


def test_colours_say_what_a_box_does_and_text_is_legible():
    diagram, _, _ = two_boxes()
    assert [to_hex(patch.get_edgecolor()).upper() for patch in diagram.axes.patches[:2]] == [
        ROLES["plain"],
        ROLES["weight"],
    ]
    FigureCanvasAgg(diagram.figure).draw()
    words = [text for text in diagram.axes.texts if text.get_text()]
    assert {text.get_text() for text in words} == {"squeeze", "C × 1 × 1", "excite", "×"}
    assert all(text.get_fontsize() >= 14.5 for text in words)
    for text in words:
        box = text.get_window_extent()
        assert box.x0 > 0
        assert box.x1 < diagram.figure.bbox.width
