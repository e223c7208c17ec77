"""The explorer of lesson 7, driven over its whole range, and what the lesson says of its gates."""

import numpy as np
import pytest
import torch

from courseware.notebook.explorer import sweep
from visual_attention.drawing.style import DECORATION
from visual_attention.lessons.cbam.data import DIGIT
from visual_attention.lessons.cbam.explorers import CENTRES, DRAGGED, DragStudy, drag_explorer


@pytest.fixture(scope="module")
def study():
    torch.manual_seed(0)
    return DragStudy()


def by_hand(study, image):
    """Gates and answer from the weights of the stored network, without its modules."""
    read_out = study.reader.read_out
    block = read_out.slot
    with torch.no_grad():
        x = study.reader.trunk(image[None, None])
        w0, b0, w1, b1 = (
            p for layer in (block.channel.reduce, block.channel.expand) for p in (layer.weight, layer.bias)
        )
        logits = sum((pool @ w0.T + b0).relu() @ w1.T + b1 for pool in (x.mean((2, 3)), x.amax((2, 3))))
        channel = torch.sigmoid(logits)
        x = x * channel[..., None, None]
        maps = torch.stack([x.mean(dim=1), x.amax(dim=1)], dim=1)
        norm = block.spatial.norm
        filtered = torch.nn.functional.conv2d(maps, block.spatial.conv.weight, padding=3)
        scaled = (filtered - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
        spatial = torch.sigmoid(scaled)
        hidden = read_out.hidden(x * spatial).relu().amax((2, 3))
        return channel[0], spatial[0, 0], torch.softmax(read_out.fc(hidden)[0], dim=0)


@pytest.mark.parametrize("dragged", DRAGGED)
def test_gates_and_answer_are_those_of_the_stored_network(study, dragged):
    for place in ((30, 24), (6, 6), (42, 42)):
        seen = study.view(dragged, place)
        channel, spatial, probabilities = by_hand(study, seen.image)
        assert torch.allclose(seen.channels, channel, atol=1e-5)
        assert torch.allclose(seen.gate, spatial, atol=1e-4)
        assert torch.allclose(seen.probabilities, probabilities, atol=1e-4)


def test_the_dragged_thing_is_where_it_was_dragged(study):
    for x in CENTRES:
        for y in CENTRES:
            seen = study.view("the digit", (x, y))
            assert seen.boxes[0].tolist() == [y - DIGIT // 2, x - DIGIT // 2]
            assert study.view("the dot", (x, y)).image[y, x] == 1


def test_the_answer_follows_the_dot(study):
    """Beside each digit, at the distance of the training pictures, the network reads that digit."""
    for name, (column, row) in zip(study.NAMES, study.DIGITS, strict=True):
        beside = [(column + 12, row), (column, row + 12), (column, row - 12), (column - 12, row)]
        places = [(x, y) for x, y in beside if 3 <= x < 45 and 3 <= y < 45]
        answers = [study.view("the dot", place).answer for place in places]
        assert answers.count(name) >= len(answers) / 2, (name, answers)
    assert study.view("the dot", (30, 24)).answer == 4
    assert study.view("the dot", (18, 9)).answer == 7


def test_the_gate_is_a_ring_round_the_dot(study):
    """Shut at the dot, open some two or three cells off on each side, wherever the dot lies."""
    for x, y in ((24, 24), (30, 24), (30, 18), (24, 18)):
        gate = study.view("the dot", (x, y)).gate
        row, column = y // 4, x // 4
        ring = [gate[row + 3, column], gate[row - 3, column], gate[row, column + 3], gate[row, column - 3]]
        assert gate[row, column] < 0.2
        assert sum(float(value) for value in ring) / 4 > 0.7


def test_channel_gates_hardly_move(study):
    channels = torch.stack([study.view("the dot", (x, y)).channels for x in CENTRES[::3] for y in CENTRES[::3]])
    gates = torch.stack([study.view("the dot", (x, y)).gate for x in CENTRES[::3] for y in CENTRES[::3]])
    assert channels.std(dim=0).mean() < 0.2 * gates.std(dim=0).mean()


def test_every_stop(study):
    explorer = drag_explorer(study)
    seen = 0
    for values, figure, text in sweep(explorer, most=60):
        view = study.view(**values)
        picture, spatial, channel, classes = figure.axes
        assert np.asarray(picture.images[0].get_array()) == pytest.approx(view.image.numpy())
        assert np.asarray(spatial.images[0].get_array()) == pytest.approx(view.gate.numpy())
        assert [bar.get_height() for bar in channel.patches] == pytest.approx(view.channels.tolist())
        assert [bar.get_height() for bar in classes.patches] == pytest.approx(view.probabilities.tolist())
        for axes in (picture, spatial):
            frames = [frame for frame in axes.patches if frame.get_gid() != DECORATION]
            corners = [[frame.get_y() + 0.5, frame.get_x() + 0.5] for frame in frames]
            assert corners == view.boxes.tolist()
        assert f"reads {view.answer}, with probability {float(view.probabilities[view.answer]):.2f}" in text
        assert f"column {values['place'][0]}, row {values['place'][1]}" in text
        seen += 1
    assert seen == 2 + 60


def test_exported_positions_cover_the_canvas(study):
    explorer = drag_explorer(study)
    kept = [explorer.values_at(position) for position in explorer.kept]
    for dragged, least in (("the dot", 49), ("the digit", 12)):
        places = {value["place"] for value in kept if value["dragged"] == dragged}
        assert len(places) >= least
        assert min(x for x, _ in places) == CENTRES[0]
        assert max(x for x, _ in places) == CENTRES[-1]
