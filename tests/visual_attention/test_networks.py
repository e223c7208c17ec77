"""Networks: names and shapes of the weights, where the attention is, and what goes through it."""

from functools import partial

import pytest
import torch
from torch import nn

from visual_attention import BAM, CBAM, SmallNetwork, SqueezeExcitation, resnet50
from visual_attention.networks import Bottleneck


def meta(make, *arguments, **options):
    with torch.device("meta"):
        return make(*arguments, **options)


def known_names():
    """Names and shapes of a ResNet-50 checkpoint, from the tables of the paper and the usual names."""

    def norm(name, width):
        statistics = {part: (width,) for part in ("weight", "bias", "running_mean", "running_var")}
        return {f"{name}.{part}": shape for part, shape in {**statistics, "num_batches_tracked": ()}.items()}

    names = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}
    channels = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        width = 64 * 2**stage
        for block in range(count):
            at = f"layer{stage + 1}.{block}"
            kernels = [(width, channels, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1)]
            for k, shape in enumerate(kernels, start=1):
                names |= {f"{at}.conv{k}.weight": shape, **norm(f"{at}.bn{k}", shape[0])}
            if block == 0:
                names |= {f"{at}.downsample.0.weight": (4 * width, channels, 1, 1)}
                names |= norm(f"{at}.downsample.1", 4 * width)
            channels = 4 * width
    return names | {"fc.weight": (1000, 2048), "fc.bias": (1000,)}


def test_weights_have_the_usual_names_and_shapes():
    found = {name: tuple(tensor.shape) for name, tensor in meta(resnet50).state_dict().items()}
    assert found == known_names()
    assert len(found) == 320


@pytest.mark.parametrize(("version", "strides"), [("1", [(2, 2), (1, 1)]), ("1.5", [(1, 1), (2, 2)])])
def test_version_says_where_maps_are_halved(version, strides):
    network = meta(resnet50, version=version)
    for layer in (network.layer2, network.layer3, network.layer4):
        assert [layer[0].conv1.stride, layer[0].conv2.stride] == strides
        assert layer[0].downsample[0].stride == (2, 2)
        assert all(block.conv1.stride == block.conv2.stride == (1, 1) for block in layer[1:])
    assert network.layer1[0].conv2.stride == (1, 1)
    sizes = []
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        layer.register_forward_hook(lambda _, __, out: sizes.append(tuple(out.shape[1:])))
    assert network(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 1000)
    assert sizes == [(256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)]


def test_default_version_is_the_one_of_todays_code():
    assert meta(resnet50).layer2[0].conv2.stride == (2, 2)


@pytest.mark.parametrize(
    ("attention", "kind"),
    [(None, nn.Identity), ("se", SqueezeExcitation), ("cbam", CBAM), (partial(SqueezeExcitation, reduction=4),) * 2],
)
def test_attention_ends_each_branch(attention, kind):
    kind = getattr(kind, "func", kind)
    network = meta(resnet50, attention)
    blocks = [block for block in network.modules() if isinstance(block, Bottleneck)]
    assert len(blocks) == 16
    for block in blocks:
        assert type(block.attention) is kind
        assert getattr(block.attention, "channels", block.bn3.num_features) == block.bn3.num_features
    assert type(network.attention1) is nn.Identity


def test_attention_after_stages():
    network = meta(resnet50, BAM, place="stage")
    assert [getattr(network, f"attention{k}").channels for k in (1, 2, 3)] == [256, 512, 1024]
    assert sum(isinstance(module, BAM) for module in network.modules()) == 3


def test_bottleneck_is_the_residual_formula():
    torch.manual_seed(0)
    for stride, version in [(2, "1"), (2, "1.5"), (1, "1.5")]:
        block = Bottleneck(8, 2, stride, version, SqueezeExcitation(8, 2)).eval()
        assert isinstance(block.downsample, nn.Identity)  # as many channels in as out
        block = Bottleneck(6, 2, stride, version, SqueezeExcitation(8, 2)).eval()
        x = torch.randn(2, 6, 6, 4)
        first, second = (stride, 1) if version == "1" else (1, stride)
        y = nn.functional.conv2d(x, block.conv1.weight, stride=first)
        y = block.bn1(y).clamp(min=0)
        y = nn.functional.conv2d(y, block.conv2.weight, stride=second, padding=1)
        y = block.bn2(y).clamp(min=0)
        y = block.bn3(nn.functional.conv2d(y, block.conv3.weight))
        shortcut = block.downsample[1](nn.functional.conv2d(x, block.downsample[0].weight, stride=stride))
        expected = (y * block.attention.gate(y) + shortcut).clamp(min=0)
        torch.testing.assert_close(block(x), expected, atol=1e-6, rtol=0)


def test_resnet_runs_and_trains():
    torch.manual_seed(0)
    network = resnet50("cbam", classes=4, in_channels=1)
    out = network(torch.randn(2, 1, 33, 40))
    assert out.shape == (2, 4)
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    used = [block.attention.channel.reduce.weight.grad.abs().max() for block in network.layer1]
    assert min(used) > 0


def test_small_network():
    network = SmallNetwork()
    assert sum(p.numel() for p in network.parameters()) == 448 + 4640 + 9248 + 2890
    seen = []
    network = SmallNetwork(lambda channels: nn.Conv2d(channels, channels, 1), in_channels=1, classes=3)
    network.attention.register_forward_hook(lambda _, inputs, __: seen.append(tuple(inputs[0].shape)))
    assert network(torch.zeros(2, 1, 20, 24)).shape == (2, 3)
    assert seen == [(2, 16, 10, 12)]
    assert isinstance(SmallNetwork("se").attention, SqueezeExcitation)


def test_small_network_is_the_written_out_formula():
    torch.manual_seed(0)
    network, x = SmallNetwork("se"), torch.randn(2, 3, 20, 20)
    pool = nn.functional.max_pool2d
    y = network.attention(pool(network.conv1(x).clamp(min=0), 2))
    y = network.conv3(pool(network.conv2(y).clamp(min=0), 2)).clamp(min=0)
    grid = torch.stack([y[..., r, c].mean(dim=(2, 3)) for r in CELLS for c in CELLS], dim=2)
    expected = grid.flatten(1) @ network.fc.weight.T + network.fc.bias
    torch.testing.assert_close(network(x), expected, atol=1e-6, rtol=0)


# The 3×3 grid over 5×5 positions: cell k reaches from floor(5 k / 3) to ceil(5 (k + 1) / 3).
CELLS = (slice(0, 2), slice(1, 4), slice(3, 5))


@pytest.mark.parametrize("make", [resnet50, SmallNetwork])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"attention": "senet"}, ValueError, "attention must be one of se, cbam, got 'senet'"),
        ({"attention": 16}, TypeError, "attention must be None, a name or a callable .*got int"),
        ({"attention": SqueezeExcitation(16)}, TypeError, "attention must be None.*got SqueezeExcitation"),
        ({"attention": lambda channels: None}, TypeError, "attention must make a torch.nn.Module, got NoneType"),
        ({"classes": 0}, ValueError, "classes must be at least 1, got 0"),
        ({"in_channels": 0}, ValueError, "in_channels must be at least 1, got 0"),
        ({"in_channels": 3.0}, TypeError, "in_channels must be a whole number, got float"),
    ],
)
def test_wrong_argument_is_named(make, options, error, message):
    with pytest.raises(error, match=message), torch.device("meta"):
        make(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "2"}, "version must be one of 1, 1.5, got '2'"),
        ({"version": 1.5}, "version must be one of 1, 1.5, got 1.5"),
        ({"place": "end"}, "place must be one of branch, stage, got 'end'"),
    ],
)
def test_wrong_option_of_resnet_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        resnet50(**options)


@pytest.mark.parametrize("make", [resnet50, SmallNetwork])
def test_wrong_input_is_named(make):
    network = meta(make)
    with pytest.raises(ValueError, match=r"x must have shape \(N, 3, H, W\).*got \(1, 1, 20, 20\)"):
        network(torch.empty(1, 1, 20, 20, device="meta"))
