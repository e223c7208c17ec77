"""The unified table: every kind of attention of the course as output = A · values, a row for each.

Each row says what plays the part of query, key and value, names the tested implementation by the object itself, and
can compute its table A on a small input. This is data only: lessons show the rows that they add, the last one shows all
of them, and `courseware.text.tables` makes them into Markdown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from visual_attention.blocks import (
    ChannelAttention,
    GlobalContext,
    NonLocalBlock,
    SelectiveKernel,
    SpatialAttention,
    SqueezeExcitation,
    TemporalAttention,
)
from visual_attention.denoising import non_local_means, non_local_weights
from visual_attention.pooling import attention_weights, nadaraya_watson, soft_pool
from visual_attention.regression import LearnedKernelRegression
from visual_attention.taxonomy import kinds
from visual_attention.training import Network, initialised

__all__ = ["COLUMNS", "ROWS", "Row", "structure"]

PAIRWISE = ("gaussian", "embedded_gaussian", "dot_product", "concatenation")
SEED = 2  # one with which no ReLU of the small modules is dead


@dataclass(frozen=True, eq=False)
class Row:
    """One kind of attention. Cells are Markdown, as they stand in the table.

    Attributes
    ----------
    number, name : where it stands in the table, and what it is called there
    lesson, section : the lesson that introduces it, by the name of its folder, and the heading there
    query, key, value : what plays these parts
    weight : how well query and key match, before normalising
    normaliser : what the weights are divided by
    learned : what is trained
    structure : of A: uniform, one-hot, dense, rank one or diagonal; empty if there is no A
    shape : rows and columns of A, in words
    action : whether it mixes values or gates them
    objects : the tested implementation, functions or classes
    tables : each makes A on a small input: (outputs, values)
    """

    number: str
    name: str
    lesson: str
    section: str
    query: str
    key: str
    value: str
    weight: str
    normaliser: str
    learned: str
    structure: str
    shape: str
    action: str
    objects: tuple[Callable[..., Any], ...]
    tables: tuple[Callable[[], Tensor], ...]


# ------------------------------------------------------------------------------------------------ A, computed
def _picture(channels: int) -> Tensor:
    return torch.randn(1, channels, 3, 3, generator=torch.Generator().manual_seed(SEED))


def _made(make: Callable[[], Network]) -> Network:
    return initialised(make, SEED).eval().requires_grad_(False)


def _pooled(beta: float) -> Tensor:
    """One row: how much the pooled value depends on each of five activations."""
    x = torch.tensor([1.0, 3.0, 2.0, 0.0, -1.0])
    return torch.autograd.functional.jacobian(lambda x: soft_pool(x, beta, dim=0), x)[None]


def _regression() -> Tensor:
    return attention_weights(torch.tensor([0.5, 2.0]), torch.tensor([0.0, 1.0, 3.0]))


def _learned_regression() -> Tensor:
    model = LearnedKernelRegression(w=2.0)
    return model.weights(torch.tensor([0.5, 2.0]), torch.tensor([0.0, 1.0, 3.0])).detach()


def _branches() -> Tensor:
    """The two branches' shares in the first channel."""
    return _made(lambda: SelectiveKernel(4)).weights(_picture(4))[0, :, 0].reshape(1, 2)


def _frames() -> Tensor:
    clip = torch.randn(1, 4, 5, 3, 3, generator=torch.Generator().manual_seed(SEED))
    return _made(lambda: TemporalAttention(4)).weights(clip)


def _patches() -> Tensor:
    picture = _picture(3).double()[0]
    rows = [non_local_weights(picture, r, c, h=1.0, patch=3).flatten() for r in range(3) for c in range(3)]
    return torch.stack(rows)


def _non_local(pairwise: str) -> Tensor:
    return _made(lambda: NonLocalBlock(8, pairwise=pairwise)).weights(_picture(8))[0]


def _context() -> Tensor:
    return _made(lambda: GlobalContext(8)).weights(_picture(8))[0]


def _gate(block: Callable[..., SqueezeExcitation | ChannelAttention | SpatialAttention], *arguments: int) -> Tensor:
    """The gates on a diagonal: a row and a column for each channel, or for each place."""
    return _made(lambda: block(*arguments)).gate(_picture(4))[0].flatten().diag()


# --------------------------------------------------------------------------------------------------- the rows
ROWS = (
    Row(
        "1a",
        "average pooling",
        "cues",
        "Pooling is attention without a query",
        query="none",
        key="none",
        value="$x_j$",
        weight="1",
        normaliser="$N$",
        learned="nothing",
        structure="uniform",
        shape="1 × places",
        action="mixes",
        objects=(soft_pool,),
        tables=(partial(_pooled, 0.0),),
    ),
    Row(
        "1b",
        "max pooling",
        "cues",
        "Pooling is attention without a query",
        query="none",
        key="$x_j$, itself",
        value="$x_j$",
        weight=r"$e^{\beta x_j}$, $\beta \to \infty$",
        normaliser="their sum",
        learned="nothing",
        structure="one-hot",
        shape="1 × places",
        action="mixes",
        objects=(soft_pool,),
        tables=(partial(_pooled, float("inf")),),
    ),
    Row(
        "2",
        "Nadaraya–Watson",
        "kernel_regression",
        "Better: listen to those who are close",
        query="$x$",
        key="$x_i$",
        value="$y_i$",
        weight=r"$e^{-(x - x_i)^2 / 2\sigma^2}$",
        normaliser="their sum",
        learned="nothing",
        structure="dense",
        shape="queries × keys",
        action="mixes",
        objects=(attention_weights, nadaraya_watson),
        tables=(_regression,),
    ),
    Row(
        "3",
        "with a parameter",
        "learned_attention",
        "One parameter",
        query=r"$w\,x$",
        key=r"$w\,x_i$",
        value="$y_i$",
        weight=r"$e^{-w^2 (x - x_i)^2 / 2}$",
        normaliser="their sum",
        learned="one scalar $w$",
        structure="dense",
        shape="queries × keys",
        action="mixes",
        objects=(LearnedKernelRegression,),
        tables=(_learned_regression,),
    ),
    Row(
        "4a",
        "branch (SK)",
        "six_kinds",
        "Make it attention: the selective kernel",
        query=r"$\mathrm{ReLU}(W z)$",
        key="learned $k_{b,c}$",
        value="$U_{b,c}$",
        weight=r"$e^{k_{b,c} \cdot q}$",
        normaliser="their sum",
        learned="$W$, keys",
        structure="dense",
        shape="1 × branches, for each channel",
        action="mixes",
        objects=(SelectiveKernel,),
        tables=(_branches,),
    ),
    Row(
        "4b",
        "temporal",
        "six_kinds",
        "Temporal attention: the same sum over frames",
        query="$q$, learned or given",
        key="$k_t$",
        value="$x_t$",
        weight=r"$e^{q \cdot k_t}$",
        normaliser="their sum",
        learned="$q$, or two layers",
        structure="dense",
        shape="1 × frames",
        action="mixes",
        objects=(TemporalAttention,),
        tables=(_frames,),
    ),
    Row(
        "4c",
        "Inception",
        "six_kinds",
        "Several receptive fields at once: Inception",
        query="none",
        key="none",
        value="branch outputs",
        weight="1",
        normaliser="none",
        learned="branches",
        structure="",
        shape="",
        action="neither",
        objects=(),
        tables=(),
    ),
    Row(
        "5",
        "SE",
        "squeeze_excitation",
        "Squeeze, excite, scale",
        query=r"$\mathrm{ReLU}(W_1 z)$",
        key="rows of $W_2$",
        value="$u_c$",
        weight=r"$\sigma(k_c \cdot q)$",
        normaliser="none",
        learned="$2C^2/r$",
        structure="diagonal",
        shape="channels × channels",
        action="gates",
        objects=(SqueezeExcitation,),
        tables=(partial(_gate, SqueezeExcitation, 4, 2),),
    ),
    Row(
        "6a",
        "non-local means",
        "non_local",
        "Three filters, one equation",
        query="patch at $i$",
        key="patch at $j$",
        value="pixel $v_j$",
        weight=r"$e^{-d_{ij}^2 / h^2}$",
        normaliser="their sum",
        learned="nothing",
        structure="dense",
        shape="pixels × pixels",
        action="mixes",
        objects=(non_local_means, non_local_weights),
        tables=(_patches,),
    ),
    Row(
        "6b",
        "Non-local",
        "non_local",
        "Four ways to match",
        query=r"$\theta(x_i)$",
        key=r"$\phi(x_j)$",
        value="$g(x_j)$",
        weight=r"$e^{\theta \cdot \phi}$, $\theta \cdot \phi$, $\mathrm{ReLU}(a_i + b_j)$",
        normaliser="sum, $N$, $N$",
        learned="$2C^2$",
        structure="dense",
        shape="places × places",
        action="mixes",
        objects=(NonLocalBlock,),
        tables=tuple(partial(_non_local, pairwise) for pairwise in PAIRWISE),
    ),
    Row(
        "6c",
        "global context",
        "non_local",
        "What if the query does not matter?",
        query="one $w$ for all",
        key="$x_j$",
        value="$x_j$",
        weight=r"$e^{w \cdot x_j}$",
        normaliser="their sum",
        learned="$w$, transform",
        structure="rank one",
        shape="places × places",
        action="mixes",
        objects=(GlobalContext,),
        tables=(_context,),
    ),
    Row(
        "7a",
        "CBAM, channel",
        "cbam",
        "The channel gate",
        query="mean, max via $W_0$",
        key="rows of $W_1$",
        value="$F_c$",
        weight=r"$\sigma(k_c \cdot q)$",
        normaliser="none",
        learned="$2C^2/r$",
        structure="diagonal",
        shape="channels × channels",
        action="gates",
        objects=(ChannelAttention,),
        tables=(partial(_gate, ChannelAttention, 4, 2),),
    ),
    Row(
        "7b",
        "CBAM, spatial",
        "cbam",
        "The spatial gate",
        query="none: one filter $f$",
        key="7×7 of mean, max",
        value="$F'(:, i)$",
        weight=r"$\sigma(f \cdot k_i)$",
        normaliser="none",
        learned="98",
        structure="diagonal",
        shape="places × places",
        action="gates",
        objects=(SpatialAttention,),
        tables=(partial(_gate, SpatialAttention, 3),),
    ),
)

NO_ATTENTION = "*no attention*"
RECAP: dict[str, Callable[[Row], str]] = {
    "query": lambda row: row.query,
    "key": lambda row: row.key,
    "value": lambda row: row.value,
    "weight before normalising": lambda row: row.weight,
    "normaliser": lambda row: row.normaliser,
    "learned": lambda row: row.learned,
    "weights $A$": lambda row: row.structure or NO_ATTENTION,
}
# For each form of the table its headings, and what they show of a row. On slides there is room for four.
COLUMNS = {
    "recap": RECAP,
    "short": {heading: RECAP[heading] for heading in ("query", "key", "value", "weights $A$")},
    "complete": RECAP
    | {
        "weights $A$": lambda row: f"{row.structure}, {row.shape}" if row.structure else NO_ATTENTION,
        "mixes or gates": lambda row: row.action,
    },
}


def structure(table: Tensor) -> str:
    """As `kinds.structure`, with "rank one" for a dense table whose rows are all alike and several."""
    found = kinds.structure(table)
    alike = len(table) > 1 and torch.allclose(table, table[:1].expand_as(table))
    return "rank one" if found == "dense" and alike else found
