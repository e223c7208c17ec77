"""The lessons' microscopes make what the tested functions make, for any numbers in their inputs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from visual_attention import (
    ChannelAttention,
    NonLocalBlock,
    SpatialAttention,
    SqueezeExcitation,
    attention_weights,
    nadaraya_watson,
)
from visual_attention.lessons.cbam.explorers import channel_microscope, spatial_microscope
from visual_attention.lessons.kernel_regression.explorers import points_microscope
from visual_attention.lessons.learned_attention.explorers import w_microscope
from visual_attention.lessons.non_local.explorers import pairwise_microscope
from visual_attention.lessons.squeeze_excitation.explorers import block_microscope
from visual_attention.regression import LearnedKernelRegression

seeds = st.integers(0, 2**31)
PAIRWISE = {
    "Gaussian": "gaussian",
    "embedded Gaussian": "embedded_gaussian",
    "dot product": "dot_product",
    "concatenation": "concatenation",
}


def drawn(microscope, seed, **fixed):
    """Random numbers for every input, within its ends."""
    generator = torch.Generator().manual_seed(seed)
    values = {}
    for name, cell in microscope.inputs.items():
        share = torch.rand(cell.value.shape, generator=generator, dtype=torch.float64)
        values[name] = cell.least + share * (cell.most - cell.least)
    return values | fixed


def filled(module, **weights):
    """A module in float64 with these weights."""
    module = module.double().requires_grad_(False)
    for name, weight in weights.items():
        module.get_parameter(name.replace("__", ".")).copy_(torch.as_tensor(weight).double())
    return module.eval()


def same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@given(seeds, st.floats(0.2, 20))
def test_three_points_with_a_width(seed, width):
    microscope = points_microscope()
    values = drawn(microscope, seed, σ=width)
    numbers = microscope.numbers(**values)
    query, keys = values["x"].reshape(1), values["xᵢ"]
    same(numbers["αᵢ"], attention_weights(query, keys, width=width)[0])
    same(numbers["f(x)"], nadaraya_watson(query, keys, values["yᵢ"], width=width)[0])


@given(seeds, st.floats(-3, 3))
def test_three_points_with_w(seed, w):
    microscope = w_microscope()
    values = drawn(microscope, seed, w=w)
    expected = LearnedKernelRegression(w)(values["x"].reshape(1), values["xᵢ"], values["yᵢ"])
    torch.testing.assert_close(microscope.numbers(**values)["f(x)"], expected[0].double(), rtol=1e-4, atol=1e-4)


@given(seeds)
def test_squeeze_and_excitation(seed):
    microscope = block_microscope()
    values = drawn(microscope, seed)
    block = filled(
        SqueezeExcitation(4, 2, bias=False), **{"reduce__weight": values["W₁"], "expand__weight": values["W₂"]}
    )
    numbers, maps = microscope.numbers(**values), values["u"][None]
    same(numbers["s"], block.gate(maps)[0, :, 0, 0])
    same(numbers["x̃"], block(maps)[0])


@pytest.mark.parametrize("way", PAIRWISE)
@given(seeds, st.integers(1, 3))
def test_the_four_pairwise_functions(way, seed, asks):
    microscope = pairwise_microscope()
    assert set(microscope.ways) == set(PAIRWISE)
    values = drawn(microscope, seed, i=asks)
    block = NonLocalBlock(1, 1, pairwise=PAIRWISE[way])
    weights = {f"{name}__weight": values[f"W{letter}"] for name, letter in (("theta", "θ"), ("phi", "φ"), ("g", "g"))}
    weights |= {f"{name}__bias": torch.zeros(1) for name in ("theta", "phi", "g")}
    if way == "Gaussian":
        weights = {name: weight for name, weight in weights.items() if name.startswith("g__")}
    if way == "concatenation":
        weights["score__weight"] = values["wf"][None]
    block = filled(block, **weights)
    numbers, places = microscope.numbers(way, **values), values["x"].reshape(1, 1, 3, 1)
    row = block.weights(places)[0, asks - 1]
    same(numbers["a"], row)
    same(numbers["yᵢ"], row @ block.g(values["x"]))


@given(seeds)
def test_the_channel_gate(seed):
    microscope = channel_microscope()
    values = drawn(microscope, seed)
    block = filled(
        ChannelAttention(2, 2, bias=False), **{"reduce__weight": values["W₀"], "expand__weight": values["W₁"]}
    )
    numbers, maps = microscope.numbers("with ReLU", **values), values["F"][None]
    same(numbers["Mc"], block.gate(maps)[0, :, 0, 0])
    same(numbers["F′"], block(maps)[0])
    # Without the ReLU only the sum of mean and maximum counts.
    summed = values["W₁"] @ (values["W₀"] @ (numbers["a"] + numbers["m"]))
    same(microscope.numbers("without ReLU", **values)["l"], summed)


@given(seeds)
def test_the_spatial_gate(seed):
    microscope = spatial_microscope()
    values = drawn(microscope, seed)
    block = filled(SpatialAttention(7, norm=False), conv__weight=values["f"][None])
    numbers, maps = microscope.numbers(**values), values["F′"][None]
    same(numbers["Ms"], block.gate(maps)[0, 0])
    same(numbers["F″"], block(maps)[0])


def test_they_begin_with_the_worked_examples():
    assert round(points_microscope().numbers()["f(x)"].item(), 4) == 1.9626
    assert round(pairwise_microscope().numbers()["yᵢ"].item(), 3) == 2.851
    assert round(pairwise_microscope().numbers("dot product")["yᵢ"].item(), 3) == 9.333
    gates = {way: channel_microscope().numbers(way)["Mc"] for way in ("with ReLU", "without ReLU")}
    assert [[round(gate, 3) for gate in both.tolist()] for both in gates.values()] == [[0.731, 0.269], [0.269, 0.731]]
    row = spatial_microscope().numbers()["Ms"][3, :3]
    assert [round(gate, 3) for gate in row.tolist()] == [0.881, 0.047, 0.731]
