"""The map of lesson 4: every kind runs, and its A has the shape, the structure and the sums that the table states."""

import pytest
import torch

from visual_attention.taxonomy.kinds import (
    AXES,
    BRANCHES,
    CHANNELS,
    FRAMES,
    HEIGHT,
    KINDS,
    QUERY,
    SIX,
    STRUCTURES,
    WIDTH,
    feature_maps,
    kind,
    structure,
)

PLACES = HEIGHT * WIDTH
SHAPE = (BRANCHES, FRAMES, CHANNELS, HEIGHT, WIDTH)
every_kind = pytest.mark.parametrize("name", KINDS)

# The taxonomy's table: shape returned, shape of A, its structure, whether its rows sum to 1, axes that are weighed.
TABLE = {
    "channel": ((8, 6, 1, 1), (6, 6), "diagonal", False, {"channel"}),
    "spatial, as a gate": ((8, 1, 5, 5), (25, 25), "diagonal", False, {"height", "width"}),
    "spatial, as a mixture": ((8, 25, 25), (25, 25), "dense", True, {"height", "width"}),
    "temporal": ((2, 4), (1, 4), "dense", True, {"time"}),
    "branch": ((4, 2, 6, 1, 1), (6, 2), "dense", True, {"branch", "channel"}),
    "channel & spatial": ((8, 6, 5, 5), (150, 150), "diagonal", False, {"channel", "height", "width"}),
    "spatial & temporal": ((2, 100, 100), (100, 100), "dense", True, {"time", "height", "width"}),
    "none: average pooling": ((8, 6, 25), (6, 25), "uniform", True, set()),
    "none: max pooling": ((8, 6, 25), (6, 25), "one-hot", True, {"channel", "height", "width"}),
}


def test_the_table_is_complete():
    assert list(TABLE) == list(KINDS)
    assert {row[2] for row in TABLE.values()} == set(STRUCTURES)
    assert tuple(name for name in KINDS if not name.startswith("none")) == SIX


@every_kind
@pytest.mark.parametrize("seed", range(7))
@torch.no_grad()
def test_shape_structure_and_sums(name, seed):
    found, features = KINDS[name], feature_maps(seed)
    shape, of_table, looks, rows_sum_to_one, axes = TABLE[name]
    assert tuple(found.raw(features).shape) == shape
    table = found.table(features)
    assert tuple(table.shape) == of_table
    assert structure(table) == found.structure == looks
    assert set(found.axes) == axes
    if rows_sum_to_one:
        assert table.min() >= 0
        torch.testing.assert_close(table.sum(dim=1), torch.ones(len(table)))
        assert "sums to 1" in found.rule
    else:
        gates = table.diagonal()
        assert gates.min() > 0
        assert gates.max() < 1
        assert (table.sum(dim=1) - 1).abs().max() > 0.05
        assert "(0, 1)" in found.rule


@every_kind
@torch.no_grad()
def test_weights_differ_along_the_stated_axes_and_no_others(name):
    """Within one picture or clip: another picture has another A."""
    found = KINDS[name]
    weights = found.spread(feature_maps(1))
    assert tuple(weights.shape) == SHAPE
    separate = {"branch", "time"} - set(found.axes)  # of which each has a picture or clip of its own
    if name == "temporal" or "temporal" in name:
        separate = {"branch"}
    for number, axis in enumerate(AXES):
        if axis in separate:
            continue
        differs = not torch.allclose(weights, weights.narrow(number, 0, 1).expand_as(weights))
        assert differs == (axis in found.axes), axis


@torch.no_grad()
def test_the_spread_weights_are_those_of_the_table():
    features = feature_maps(2)
    first = {name: found.spread(features)[0, 0] for name, found in KINDS.items()}  # (C, H, W)
    tables = {name: found.table(features) for name, found in KINDS.items()}
    assert torch.equal(first["channel"][:, 0, 0], tables["channel"].diagonal())
    assert torch.equal(first["spatial, as a gate"][0].flatten(), tables["spatial, as a gate"].diagonal())
    assert torch.equal(first["channel & spatial"].flatten(), tables["channel & spatial"].diagonal())
    row = QUERY[1] * WIDTH + QUERY[2]
    assert torch.equal(first["spatial, as a mixture"][3].flatten(), tables["spatial, as a mixture"][row])
    both = KINDS["spatial & temporal"].spread(features)[0, :, 0].flatten()
    assert torch.equal(both, tables["spatial & temporal"][QUERY[0] * PLACES + row])
    assert torch.equal(KINDS["temporal"].spread(features)[0, :, 0, 0, 0], tables["temporal"][0])
    assert torch.equal(KINDS["branch"].spread(features)[:, 0, :, 0, 0].T, tables["branch"])
    assert torch.equal(first["none: max pooling"].flatten(1), tables["none: max pooling"])


@torch.no_grad()
def test_output_is_a_times_values():
    """A, from the table, times the values gives what the module returns."""
    features = feature_maps(3)
    picture, clip = features.pictures[:1], features.clips[:1]
    modules = {name: found.module for name, found in KINDS.items()}
    tables = {name: found.table(features) for name, found in KINDS.items()}

    def same(found, expected):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)

    same((tables["channel"] @ picture[0].flatten(1)).view(6, 5, 5), modules["channel"](picture)[0])
    spatial = "spatial, as a gate"
    same((picture[0].flatten(1) @ tables[spatial].T).view(6, 5, 5), modules[spatial](picture)[0])
    cbam = "channel & spatial"
    same((tables[cbam] @ picture.flatten()).view(6, 5, 5), modules[cbam](picture)[0])
    same(torch.einsum("t,cthw->chw", tables["temporal"][0], clip[0]), modules["temporal"](clip)[0])
    maps = features.maps[:, 0]
    same(torch.einsum("cb,bchw->chw", tables["branch"], maps), modules["branch"](features.clip[:1])[0])
    for name, x in (("spatial, as a mixture", picture), ("spatial & temporal", clip)):
        module = modules[name]
        tokens = x[0].flatten(1).T  # (positions, C)
        y = tables[name] @ module.g(tokens)
        expected = tokens + module.norm(module.exit(y))
        same(expected.T.reshape(x.shape[1:]), module(x)[0])
    flat = picture[0].flatten(1)
    same((tables["none: average pooling"] * flat).sum(dim=1), flat.mean(dim=1))
    same((tables["none: max pooling"] * flat).sum(dim=1), flat.amax(dim=1))


@torch.no_grad()
def test_two_gates_in_a_row_have_rank_one():
    gates = KINDS["channel & spatial"].raw(feature_maps(0))
    assert torch.linalg.matrix_rank(gates[0].flatten(1).double(), rtol=1e-6) == 1


@every_kind
@torch.no_grad()
def test_weights_depend_on_the_content_except_for_the_average(name):
    one, other = (KINDS[name].spread(feature_maps(seed)) for seed in (1, 2))
    assert torch.equal(one, other) == (name == "none: average pooling")


@torch.no_grad()
def test_the_call_printed_is_the_call_made():
    import visual_attention

    features = feature_maps(0)
    for name in SIX:
        made, method = KINDS[name].call.rsplit(".", 1)
        module = eval(made, vars(visual_attention))
        x = features.clips if "clip" in method else features.clip if name == "branch" else features.pictures
        weights = getattr(module.eval(), method.partition("(")[0])(x)
        assert weights.shape == KINDS[name].raw(features).shape
        assert type(module) is type(KINDS[name].module)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (torch.full((2, 3), 0.25), "uniform"),
        (torch.eye(4), "one-hot"),
        (torch.tensor([[0.0, 1, 0], [1, 0, 0]]), "one-hot"),
        (torch.tensor([[0.5, 0], [0, 2]]), "diagonal"),
        (torch.tensor([[0.5, 0.1], [0, 2]]), "dense"),
        (torch.tensor([[0.5, 0.5, 0], [1, 0, 0]]), "dense"),
        (torch.tensor([[0.0, 0], [0, 1]]), "diagonal"),
    ],
)
def test_structure(table, expected):
    assert structure(table) == expected


def test_blocks_depend_on_their_seed_and_kinds_on_their_name():
    state = torch.random.get_rng_state()
    assert torch.equal(feature_maps(4).maps, feature_maps(4).maps)
    assert not torch.equal(feature_maps(4).maps, feature_maps(5).maps)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert feature_maps(0).maps.shape == SHAPE
    with pytest.raises(ValueError, match=r"seed must be between 0 and .*got -1"):
        feature_maps(-1)
    with pytest.raises(TypeError, match="seed must be a whole number, got float"):
        feature_maps(0.5)
    assert kind("branch") is KINDS["branch"]
    with pytest.raises(ValueError, match=r"name must be one of channel, .*got 'branch-channel'"):
        kind("branch-channel")
