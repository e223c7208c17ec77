"""The sketch pad: weights that were made by hand lie where they should, and bad input is named."""

import numpy as np
import pytest
import torch
from torch import nn

from visual_attention import CBAM, NonLocalBlock, SqueezeExcitation
from visual_attention.blocks.cbam import ChannelAttention, SpatialAttention
from visual_attention.drawing import show_attention

PICTURE = torch.linspace(0, 1, 24).reshape(1, 4, 6)
COLOURED = PICTURE.repeat(3, 1, 1)


def overlaid(sketch):
    """The numbers that are drawn over the picture, and where they lie."""
    drawn = sketch.axes[1].images[1]
    return np.asarray(drawn.get_array()), drawn.get_extent()


def bars(sketch):
    [axes] = [axes for axes in sketch.axes if axes.get_title() == "gates of channels"]
    return [bar.get_height() for bar in axes.patches]


def test_a_map_of_places_lies_over_the_picture():
    weights = torch.tensor([[0.1, 0.2, 0.0], [0.5, 0.1, 0.1]])
    sketch = show_attention(weights, PICTURE)
    values, extent = overlaid(sketch)
    assert values == pytest.approx(weights.double().numpy())
    assert extent == [-0.5, 5.5, 3.5, -0.5]
    assert sketch.axes[1].images[1].get_clim() == pytest.approx((0, 0.5))
    assert "the largest, 0.5, lies in its row 1, column 0" in sketch.alt
    assert np.asarray(sketch.axes[0].images[0].get_array()) == pytest.approx(PICTURE[0].double().numpy())


def test_a_table_is_drawn_for_the_query_at_a_pixel():
    table = torch.arange(36.0).reshape(6, 6)  # a grid of 2 × 3 over 4 × 6 pixels
    sketch = show_attention(table, COLOURED, at=(3, 4))
    values, _ = overlaid(sketch)
    assert values.tolist() == table[5].reshape(2, 3).tolist()  # pixel (3, 4) lies in the grid's row 1, column 2
    [marker] = sketch.axes[0].lines
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (4, 3)
    assert "weights of the query at row 3, column 4" in sketch.alt


@pytest.mark.parametrize("weights", [torch.tensor([0.2, 0.9, 0.4]), torch.tensor([0.2, 0.9, 0.4]).reshape(1, 3, 1, 1)])
def test_gates_of_channels_are_bars(weights):
    sketch = show_attention(weights, PICTURE)
    assert bars(sketch) == pytest.approx([0.2, 0.9, 0.4])
    assert "the largest is channel 1 with 0.90, the smallest 0.20, the mean 0.50" in sketch.alt


def test_each_block_of_the_course_shows_what_it_weighs():
    x = torch.rand(3, 4, 6, generator=torch.Generator().manual_seed(0))
    for block in (SqueezeExcitation(3, 1), ChannelAttention(3, 1)):
        assert bars(show_attention(block, x)) == pytest.approx(block.gate(x[None])[0, :, 0, 0].tolist())
    spatial = SpatialAttention(3).eval()
    assert overlaid(show_attention(spatial, x))[0] == pytest.approx(spatial.gate(x[None])[0, 0].detach().numpy())
    both = CBAM(3, 1, 3).eval()
    channel, place = both.gates(x[None])
    sketch = show_attention(both, x)
    assert overlaid(sketch)[0] == pytest.approx(place[0, 0].detach().numpy())
    assert bars(sketch) == pytest.approx(channel[0, :, 0, 0].tolist())
    for pooled in (False, True):
        block = NonLocalBlock(3, subsample=pooled)
        row = block.weights(x[None])[0, 1 * 6 + 2].detach()
        shape = (2, 3) if pooled else (4, 6)
        assert overlaid(show_attention(block, x, at=(1, 2)))[0] == pytest.approx(row.reshape(shape).numpy())


def test_a_students_own_block_needs_the_same_method_only():
    class Own:
        def gate(self, x):
            return x.amax(dim=(2, 3))

    assert bars(show_attention(Own(), COLOURED)) == pytest.approx([1, 1, 1])

    class Entries(nn.Module):
        def gate(self, x):
            return x

    assert overlaid(show_attention(Entries(), COLOURED))[0] == pytest.approx(PICTURE[0].numpy())


def test_a_block_in_a_network_is_shown_with_its_features():
    block = SqueezeExcitation(8, 2).double()
    features = torch.rand(8, 2, 3, dtype=torch.float64)
    for each in (features, features[None].float()):
        assert bars(show_attention(block, PICTURE, features=each)) == pytest.approx(
            block.gate(each.double().reshape(1, 8, 2, 3))[0, :, 0, 0].tolist()
        )


def test_a_block_is_left_as_it_was():
    block = SpatialAttention(3).train()
    before = {name: value.clone() for name, value in block.state_dict().items()}
    show_attention(block, COLOURED)
    assert block.training
    assert all(torch.equal(value, before[name]) for name, value in block.state_dict().items())


def test_a_picture_may_be_flat_and_outside_zero_to_one():
    sketch = show_attention(torch.ones(2, 3), 10 * PICTURE[0] - 5)
    assert np.asarray(sketch.axes[0].images[0].get_array()) == pytest.approx(PICTURE[0].double().numpy())
    show_attention(torch.ones(2, 3), torch.full((4, 6), 7.0))


def test_a_notebook_gets_the_picture_with_its_words():
    sketch = show_attention(torch.tensor([[0.25, 0.75]]), PICTURE)
    data, metadata = sketch._repr_mimebundle_()
    assert data["text/plain"] == "[picture: a picture of 4 × 6 pixels; over it the weights of places]"
    assert metadata["image/png"]["alt"] == sketch.alt
    assert data["image/png"].startswith("iVBOR")


@pytest.mark.parametrize(
    ("block", "picture", "options", "error", "words"),
    [
        (nn.Identity(), PICTURE, {}, TypeError, r"block must have a method weights\(x\), gates\(x\) or gate\(x\)"),
        (torch.ones(2, 3), [1, 2], {}, TypeError, "picture must be a tensor, got list"),
        (torch.ones(2, 3), torch.ones(2, 4, 6), {}, ValueError, r"picture must have the shape .* got \(2, 4, 6\)"),
        (torch.ones(6, 6), PICTURE, {"at": (4, 0)}, ValueError, r"at must be a pixel .* 4 × 6 picture, got \(4, 0\)"),
        (torch.ones(6, 6), PICTURE, {"at": 3}, ValueError, r"at must be a pixel \(row, column\)"),
        (torch.ones(5, 5), PICTURE, {"at": (0, 0)}, ValueError, "5 positions do not lie on a grid over the 4 × 6"),
        (
            torch.ones(6, 5),
            PICTURE,
            {"at": (0, 0)},
            ValueError,
            "keys must lie on a grid of 2 × 3 or half of it, got 5",
        ),
        (torch.ones(2, 3, 4), PICTURE, {}, ValueError, r"weights of places \(H, W\) or of channels \(C,\)"),
        (NonLocalBlock(1), PICTURE, {}, ValueError, r"at must be the pixel \(row, column\) of a query"),
        (SqueezeExcitation(3, 1), COLOURED, {"at": (0, 0)}, ValueError, "at must be None for gates"),
        (SqueezeExcitation(8, 2), COLOURED, {}, ValueError, "looks at 8 channels and the picture has 3: give features"),
        (SqueezeExcitation(8), COLOURED, {"features": [1]}, TypeError, "features must be a tensor, got list"),
        (SqueezeExcitation(8), PICTURE, {"features": torch.ones(2, 8, 1, 1)}, ValueError, "those of one picture"),
    ],
)
def test_bad_input_is_named(block, picture, options, error, words):
    with pytest.raises(error, match=words):
        show_attention(block, picture, **options)


def test_what_a_students_method_returns_is_named():
    class Wrong:
        def gate(self, x):
            return 3

    class OneGate:
        def gates(self, x):
            return x

    class Many:
        def weights(self, x):
            return torch.ones(2, 4, 4)

    for block, words in ((Wrong(), "gates must be a tensor"), (Many(), r"must return \(1, positions, positions\)")):
        with pytest.raises(ValueError, match=words):
            show_attention(block, PICTURE, at=None)
    with pytest.raises(ValueError, match="must return two tensors"):
        show_attention(OneGate(), PICTURE)
