"""What a function uses of PyTorch is seen, however it is spelled, and so is the largest tensor that it makes."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from courseware.exercises import time_limit, tools


def record_of(function, *arguments):
    with tools.watched() as record:
        function(*arguments)
    return record


def seen(function):
    """The names of the tools that a function of a 3 × 4 table of numbers uses."""
    record = record_of(function, torch.rand(3, 4))
    every = (tools.SOFTMAX, tools.AUTOGRAD, tools.SDPA, tools.NUMPY)
    return {tool.name for tool in every if tool.is_in(record)}


def slope_by_hand_over(x):
    w = torch.tensor(2.0, requires_grad=True)
    return (w * x).sum(), w


def backward(x):
    loss, _ = slope_by_hand_over(x)
    loss.backward()


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        return self.softmax(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.softmax(x, 0),
        lambda x: torch.softmax(x, dim=-1, dtype=torch.float64),
        lambda x: x.softmax(1),
        lambda x: F.softmax(x, dim=1),
        lambda x: nn.Softmax(1)(x),
        lambda x: Layer()(x),
        lambda x: torch.special.softmax(x, 1),
        lambda x: torch.nn.functional.log_softmax(x, 1).exp(),
        lambda x: F.softmin(-x, 1),
        lambda x: torch.softmax(x, 1, out=torch.empty(3, 4)),
        lambda x: torch.func.vmap(lambda row: row.softmax(0))(x),
        lambda x: torch.ops.aten._softmax(x, 1, False),
        lambda x: torch.softmax(x.requires_grad_(), 0),
    ],
)
def test_softmax_is_one_tool(function):
    assert seen(function) == {"softmax"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.autograd.grad(*slope_by_hand_over(x)),
        backward,
        lambda x: torch.autograd.backward([slope_by_hand_over(x)[0]]),
        lambda x: torch.func.grad(torch.sum)(x),
        lambda x: torch.func.grad_and_value(torch.sum)(x),
        lambda x: torch.func.vjp(torch.sum, x)[1](torch.tensor(1.0)),
        lambda x: torch.func.jvp(torch.sum, (x,), (x,)),
        lambda x: torch.func.jacrev(torch.sum)(x),
        lambda x: torch.func.jacfwd(torch.sum)(x),
        lambda x: torch.func.hessian(torch.sum)(x),
        lambda x: torch.autograd.functional.jacobian(torch.sum, x),
        lambda x: torch.autograd.functional.vjp(torch.sum, x),
    ],
)
@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # in PyTorch's own derivatives forwards
def test_automatic_derivatives_are_one_tool(function):
    assert seen(function) == {"autograd"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.scaled_dot_product_attention(x, x, x),
        lambda x: F.scaled_dot_product_attention(x[None, None], x[None, None], x[None, None]),
        lambda x: F.scaled_dot_product_attention(x.double(), x.double(), x.double(), scale=1.0),
        lambda x: nn.MultiheadAttention(4, 2)(x, x, x),
    ],
)
def test_attention_is_one_tool_and_holds_a_softmax(function):
    assert seen(function) == {"scaled_dot_product_attention", "softmax"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.numpy(),
        lambda x: x.numpy(force=True),
        lambda x: np.asarray(x),
        lambda x: np.array([x[0], x[1]]),
        lambda x: np.from_dlpack(x),
        lambda x: np.exp(x.detach()),
        lambda x: np.linalg.norm(x),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_way_to_numpy_is_seen(function):
    assert seen(function) == {"NumPy"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.exp() / x.exp().sum(1, keepdim=True),
        lambda x: torch.exp(x - torch.logsumexp(x, 1, keepdim=True)),
        lambda x: x.tolist(),
        lambda x: [float(value) for value in x.flatten()],
        lambda x: torch.from_numpy(np.ones(3)) + x.sum(),
        lambda x: x.clone().requires_grad_() * 2,
        lambda x: torch.sigmoid(x) * x.max(),
    ],
)
def test_other_ways_use_none_of_them(function):
    assert seen(function) == set()


@pytest.mark.parametrize(
    ("function", "shape", "entries"),
    [
        (lambda x: x * 2, (3, 4), 12),
        (lambda x: x[:, None] - x, (3, 3, 4), 36),
        (lambda x: torch.einsum("ic,jc->ijc", x, x), (3, 3, 4), 36),
        (lambda x: torch.cat([x] * 10), (30, 4), 120),
        (lambda x: torch.zeros(50), (50,), 50),
        (lambda x: x.sum().expand(1000, 1000), (), 1),  # it repeats one number: nothing is built
        (lambda x: x.sum().expand(100, 100) + 1, (100, 100), 10_000),
    ],
)
def test_the_largest_tensor_is_seen(function, shape, entries):
    record = record_of(function, torch.rand(3, 4))
    assert record.entries == entries
    if entries > 1:
        assert record.largest == shape


def test_only_this_thread_is_watched_and_only_while_it_is():
    with tools.watched() as record:
        thread = threading.Thread(target=lambda: torch.ones(2).softmax(0))
        thread.start()
        thread.join()
        inside = time_limit.call(lambda: (tools.current(), torch.ones(2).softmax(0)), (), 5).result[0]
    torch.ones(2).softmax(0)
    assert inside is None
    assert record.used == set()
    assert tools.current() is None


def test_a_function_that_raises_is_watched_to_that_line():
    with pytest.raises(ZeroDivisionError), tools.watched() as record:
        torch.ones(2).softmax(0) / (1 // 0)
    assert tools.SOFTMAX.is_in(record)
    assert tools.current() is None


def test_watching_does_not_import_the_compiler():
    """It takes seconds and some hundred megabytes."""
    program = (
        "import sys, torch; from courseware.exercises import tools\n"
        "with tools.watched(): torch.ones(2).softmax(0)\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_modules_are_tools_under_whatever_name_a_function_is_imported():
    from visual_attention.pooling import soft_pool as renamed

    pooling = tools.Tool("pooling", frozenset({"visual_attention.pooling"}))
    assert pooling.is_in(record_of(lambda x: renamed(x, 1.0, 0), torch.rand(3, 4)))
    assert not pooling.is_in(record_of(lambda x: x.softmax(0), torch.rand(3, 4)))


def test_calls_are_counted():
    few = record_of(lambda x: x / x.sum(dim=1, keepdim=True), torch.rand(50, 4))
    many = record_of(lambda x: torch.stack([row / row.sum() for row in x]), torch.rand(50, 4))
    assert few.calls < 5
    assert many.calls > 100
