"""The description of a network for a page: what is refused, and what goes along. Its numbers are compared with torch's
in a browser, by tests/browser/test_drawing_pads_on_pages.py."""

import json
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from courseware.notebook import drawing_pad
from courseware.notebook.network import OPERATIONS, described


class Calls(nn.Module):
    def __init__(self, calculate):
        super().__init__()
        self.calculate = calculate

    def forward(self, x):
        return self.calculate(x)


def steps(calculate, shape=(1, 2, 4, 4)):
    return described(Calls(lambda x: {"y": calculate(x)}), shape)["steps"]


def test_a_network_is_its_calls_in_order_and_its_weights():
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(48, 5))
    told = described(Calls(lambda x: {"y": network(x)}), (1, 2, 4, 4))
    assert [step["operation"] for step in told["steps"]] == ["convolution", "relu", "take", "linear"]
    assert told["steps"][0]["from"] == [0, -1, -2]
    assert told["steps"][3]["from"] == [3, -3, -4]
    assert told["outputs"] == {"y": 4}
    assert told["weights"]["shapes"] == [[3, 2, 3, 3], [3], [5, 48], [5]]
    assert json.loads(json.dumps(told)) == told


def test_a_weight_that_is_used_twice_goes_along_once():
    weight = torch.ones(4)
    told = described(Calls(lambda x: {"y": x * weight + weight}), (1, 4))
    assert told["weights"]["shapes"] == [[4]]


def test_batch_normalisation_is_one_scale_and_one_shift():
    norm = nn.BatchNorm2d(2).train()
    norm.running_var.fill_(4)
    network = nn.Sequential(norm)
    told = described(Calls(lambda x: {"y": network.eval()(x)}), (1, 2, 3, 3))
    assert [step["operation"] for step in told["steps"]] == ["scale_and_shift"]
    assert told["weights"]["shapes"] == [[2], [2]]


def test_a_network_keeps_the_mode_that_it_had():
    network = Calls(lambda x: {"y": x.relu()}).train()
    described(network, (1, 2))
    assert network.training


@pytest.mark.parametrize(
    ("calculate", "message"),
    [
        (lambda x: x.cumsum(0), "network calls cumsum, which a page does not know; it knows convolution, linear"),
        (lambda x: x.relu_(), "network must not change a tensor in place, as relu_ does"),
        (lambda x: F.max_pool2d(x, 3, padding=1), "pooling must have no padding"),
        (lambda x: F.avg_pool2d(x, 3, ceil_mode=True), "pooling must have no padding"),
        (lambda x: F.adaptive_avg_pool2d(x, 2), "adaptive pooling must be to one position, was to 2"),
        (lambda x: F.batch_norm(x, None, None, training=True), "batch normalisation must be in evaluation mode"),
        (lambda x: F.conv2d(x, torch.ones(1, 2, 3, 3), padding="same"), "padding of a convolution must be given"),
        (lambda x: torch.max(x, x * 2), "network must take the max over axes, not of two tensors"),
        (lambda x: torch.add(x, x, alpha=2), "network calls add in a way that a page does not know"),
        (lambda x: torch.ones(2), "output 'y' of network does not depend on its input"),
    ],
)
def test_what_a_page_does_not_know_is_refused_by_name(calculate, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        steps(calculate)


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match=r"network must be a torch\.nn\.Module, was function"):
        described(lambda x: x, (1, 2))
    with pytest.raises(TypeError, match="network must return a dict of tensors, returned Tensor"):
        described(nn.ReLU(), (1, 2))


def test_both_halves_know_the_same_operations():
    table = re.search(r"const NETWORK_OPERATIONS = \{(.*?)\n\};", drawing_pad._SCRIPT, re.DOTALL)
    names = re.findall(r"^  (\w+)[:,]", table[1], re.MULTILINE)
    assert sorted(names) == sorted(OPERATIONS)
