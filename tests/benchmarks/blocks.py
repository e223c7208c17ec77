"""Time and peak memory of each attention block, against its textbook form and against the physical floor.

    python tests/benchmarks/blocks.py            prints the table
    python tests/benchmarks/blocks.py --readme   also writes it into the README

One thread, float32, forward and backward. The three forms take turns within one run, so that a busy machine
slows all of them; each is judged by its fastest round. The textbook forms are what the papers' equations
and widely used code write down: `adaptive_avg_pool2d`, `mean`, `max`, the table of all pairs. The floor reads
x and writes y once, forwards and backwards. Memory is what a process of its own adds at its peak over the
input (Linux only).

A second table has the backward pass of the maxima alone, against `max` and `amax`. The maximum over channels is
`max` itself, so its ratio to it shows how exact the other ratios are. A third has their forward pass where the input
requires a gradient and none will be computed, as within `torch.no_grad`.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from visual_attention import CBAM, ChannelAttention, NonLocalBlock, SelectiveKernel, SpatialAttention, SqueezeExcitation
from visual_attention.blocks._pooling import max_over_channels, max_over_positions
from visual_attention.blocks.non_local import PAIRWISE

README = Path(__file__).resolve().parents[2] / "README.md"
MARKS = ("<!-- table of tests/benchmarks/blocks.py -->", "<!-- end of table -->")
SECONDS = 1.5  # at least, for each row of the table
ROUNDS = 5  # at least


# --- textbook forms: the block's own weights, used as the paper's equation reads ------------------------


def squeeze_excitation(block, x):
    z = F.adaptive_avg_pool2d(x, 1).flatten(1)
    s = torch.sigmoid(block.expand(F.relu(block.reduce(z))))
    return x * s.view(*s.shape, 1, 1).expand_as(x)


def channel(block, x):
    def mlp(z):
        return block.expand(F.relu(block.reduce(z.flatten(1))))

    s = torch.sigmoid(mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1)))
    return x * s.view(*s.shape, 1, 1).expand_as(x)


def spatial(block, x):
    maps = torch.cat([x.mean(dim=1, keepdim=True), x.max(dim=1, keepdim=True).values], dim=1)
    return x * torch.sigmoid(block.norm(block.conv(maps)))


def cbam(block, x):
    return spatial(block.spatial, channel(block.channel, x))


def selective_kernel(block, x):
    maps = torch.stack([branch(x) for branch in block.branches], dim=1)
    z = block.reduce(maps.sum(dim=1).mean(dim=(2, 3)))
    weights = block.expand(z).view(len(x), len(block.branches), -1, 1, 1).softmax(dim=1)
    return (maps * weights).sum(dim=1)


def non_local(block, x):
    """With 1×1 convolutions, and with the table of all pairs."""
    n, _, height, width = x.shape

    def conv(layer, features):  # (N, C, H, W) -> (N, inner, positions)
        return F.conv2d(features, layer.weight[:, :, None, None], layer.bias).flatten(2)

    gaussian = block.pairwise == "gaussian"
    theta, phi = (x.flatten(2),) * 2 if gaussian else (conv(block.theta, x), conv(block.phi, x))
    if block.pairwise == "concatenation":
        a, b = block.score.weight[0].chunk(2)
        f = F.relu((a @ theta)[:, :, None] + (b @ phi)[:, None, :])  # kinder than 2 C features for each pair
    else:
        f = theta.transpose(1, 2) @ phi
    weights = f.softmax(dim=2) if "gaussian" in block.pairwise else f / (height * width)
    y = (weights @ conv(block.g, x).transpose(1, 2)).transpose(1, 2).reshape(n, -1, height, width)
    z = F.batch_norm(conv(block.exit, y), None, None, block.norm.weight, block.norm.bias, training=True)
    return x + z.reshape(x.shape)


CASES = {
    "SqueezeExcitation": (SqueezeExcitation, squeeze_excitation),
    "ChannelAttention": (ChannelAttention, channel),
    "SpatialAttention": (lambda channels: SpatialAttention(), spatial),
    "CBAM": (CBAM, cbam),
    "SelectiveKernel": (lambda channels: SelectiveKernel(channels, groups=32), selective_kernel),
    **{
        f"NonLocalBlock, {name}": (lambda channels, name=name: NonLocalBlock(channels, pairwise=name), non_local)
        for name in PAIRWISE
    },
}
MAPS = [(8, 64, 56, 56), (8, 512, 28, 28), (8, 1024, 14, 14)]
TOKENS = [(8, 64, 14, 14), (8, 64, 28, 28), (1, 64, 112, 112)]


def shapes_of(name: str) -> list[tuple[int, ...]]:
    return TOKENS if name.startswith("NonLocal") else MAPS


class Floor(torch.autograd.Function):
    """Read x and write y, once forwards and once backwards."""

    @staticmethod
    def forward(ctx, x):
        return x * 0.5

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 0.5


def forms(name: str, channels: int) -> dict:
    torch.manual_seed(0)
    make, textbook = CASES[name]
    block = make(channels)
    return {"ours": block, "textbook": lambda x: textbook(block, x), "floor": Floor.apply}


def seconds(run, x: torch.Tensor, gradient: torch.Tensor) -> float:
    x.grad = None
    start = time.perf_counter()
    run(x).backward(gradient)
    return time.perf_counter() - start


def compare_time(name: str, shape: tuple[int, ...]) -> dict[str, list[float]]:
    x = torch.randn(shape, requires_grad=True)
    gradient = torch.randn(shape)
    runs = forms(name, shape[1])
    for run in runs.values():
        seconds(run, x, gradient)
    taken = {form: [] for form in runs}
    start = time.perf_counter()
    while len(taken["ours"]) < ROUNDS or time.perf_counter() - start < SECONDS:
        for form, run in runs.items():
            taken[form].append(seconds(run, x, gradient))
    return taken


MAXIMA = {
    "over positions": {
        "ours": max_over_positions,
        "max": lambda x: x.flatten(2).max(dim=2).values,
        "amax": lambda x: x.amax((2, 3)),
    },
    "over channels": {
        "ours": max_over_channels,
        "max": lambda x: x.max(dim=1).values,
        "amax": lambda x: x.amax(1),
    },
}


def maximum_row(name: str, shape: tuple[int, ...]) -> str:
    """Time of the backward pass alone; whoever comes first in a round finds the cache colder, so they change places."""
    x = torch.randn(shape, requires_grad=True)
    runs = list(MAXIMA[name].items())
    taken = {form: [] for form, _ in runs}
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        runs.append(runs.pop(0))
        for form, run in runs:
            out = run(x)
            x.grad, gradient = None, torch.ones_like(out)
            before = time.perf_counter()
            out.backward(gradient)
            taken[form].append(time.perf_counter() - before)
    best = {form: min(times) for form, times in taken.items()}
    cells = [f"maximum {name}", "×".join(map(str, shape)), f"{1e3 * best['ours']:.2f}"]
    cells += [f"{best['ours'] / best[form]:.2f}" for form in ("max", "amax")]
    return f"| {' | '.join(cells)} |"


@torch.no_grad()
def forward_row(name: str, shape: tuple[int, ...]) -> str:
    """Time of the forward pass alone, of an input that requires a gradient which will not be computed."""
    x = torch.randn(shape, requires_grad=True)
    runs = list(MAXIMA[name].items())
    taken = {form: [] for form, _ in runs}
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        runs.append(runs.pop(0))
        for form, run in runs:
            before = time.perf_counter()
            run(x)
            taken[form].append(time.perf_counter() - before)
    best = {form: min(times) for form, times in taken.items()}
    cells = [f"maximum {name}", "×".join(map(str, shape)), f"{1e3 * best['ours']:.2f}"]
    cells += [f"{best['ours'] / best[form]:.2f}" for form in ("max", "amax")]
    return f"| {' | '.join(cells)} |"


def peak_mib() -> float:
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def print_growth(name: str, form: str, shape: tuple[int, ...]) -> None:
    """Print by how many MiB this process grows over its input; runs in a process of its own."""
    run = forms(name, shape[1])[form]
    small = torch.randn(1, shape[1], 4, 4).expand(2, -1, -1, -1).clone().requires_grad_()
    seconds(run, small, torch.randn(small.shape))
    x, gradient = torch.randn(shape, requires_grad=True), torch.randn(shape)
    before = peak_mib()
    seconds(run, x, gradient)
    print(peak_mib() - before)


def growth(name: str, form: str, shape: tuple[int, ...]) -> float:
    command = [sys.executable, __file__, name, form, *map(str, shape)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def row(name: str, shape: tuple[int, ...]) -> str:
    best = {form: min(taken) for form, taken in compare_time(name, shape).items()}
    cells = [name, "×".join(map(str, shape)), f"{1e3 * best['ours']:.1f}"]
    cells += [f"{best['ours'] / best['textbook']:.3f}", f"{best['ours'] / best['floor']:.1f}"]
    cells += [f"{growth(name, form, shape):.0f}" for form in ("ours", "textbook")]
    return f"| {' | '.join(cells)} |"


def main(write: bool) -> None:
    lines = [
        "| block | input | ms | time ÷ textbook | time ÷ floor | MiB | MiB, textbook |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    print(*lines, sep="\n")
    for name in CASES:
        for shape in shapes_of(name):
            lines.append(row(name, shape))
            print(lines[-1], flush=True)
    for title, make_row in (("backward pass of", maximum_row), ("forward pass within `no_grad` of", forward_row)):
        head = ["", f"| {title} | input | ms | time ÷ `max` | time ÷ `amax` |", "|---|---|--:|--:|--:|"]
        print(*head, sep="\n")
        lines += head
        for name in MAXIMA:
            for shape in MAPS:
                lines.append(make_row(name, shape))
                print(lines[-1], flush=True)
    if write:
        text = README.read_text(encoding="utf-8")
        before, rest = text.split(MARKS[0])
        after = rest.split(MARKS[1])[1]
        table = "\n".join(lines)
        README.write_text(f"{before}{MARKS[0]}\n{table}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) > 2:
        print_growth(sys.argv[1], sys.argv[2], tuple(map(int, sys.argv[3:])))
    else:
        main("--readme" in sys.argv[1:])
