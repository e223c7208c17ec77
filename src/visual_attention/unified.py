"""The unified table: every kind of attention of the course as output = A · values, a row for each.

Each row says what plays the part of query, key and value, names the tested implementation by the object itself, and
can compute its table A on a small input. Lessons print the rows that they add, the last one prints all of them;
`python -m visual_attention.unified` writes both into the texts of the course, below the marks `MARK` and `SHORT`.
"""

import argparse
import inspect
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import visual_attention
from courseware.project import lessons
from courseware.syllabus import anchor
from visual_attention import taxonomy
from visual_attention.blocks import (
    ChannelAttention,
    NonLocalBlock,
    SelectiveKernel,
    SpatialAttention,
    SqueezeExcitation,
    TemporalAttention,
)
from visual_attention.denoising import non_local_means, non_local_weights
from visual_attention.pooling import attention_weights, nadaraya_watson, soft_pool
from visual_attention.regression import LearnedKernelRegression
from visual_attention.training import initialised
from visual_attention.twins import GlobalContext

__all__ = ["MARK", "RECAPS", "ROWS", "SHORT", "Row", "complete", "fill", "recap", "short"]

MARK = "<!-- unified table -->"
# On slides the table comes in two halves, by the numbers of the lessons.
SHORT = {
    "<!-- unified table, for a slide: lessons 1 to 4 -->": range(1, 5),
    "<!-- unified table, for a slide: lessons 5 to 7 -->": range(5, 8),
}
HEAD = ("", "query", "key", "value", "weight before normalising", "normaliser", "learned", "weights $A$")
PAIRWISE = ("gaussian", "embedded_gaussian", "dot_product", "concatenation")
SEED = 2  # one with which no ReLU of the small modules is dead


@dataclass(frozen=True, eq=False)
class Row:
    """One kind of attention. Cells are Markdown, as they stand in the table.

    Attributes
    ----------
    number, name : where it stands in the table, and what it is called there
    lesson, section : the lesson that introduces it, by the name of its file, and the heading there
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

    @property
    def title(self) -> str:
        """Number and name."""
        return f"{self.number} {self.name}"


# ------------------------------------------------------------------------------------------------ A, computed
def _picture(channels: int) -> Tensor:
    return torch.randn(1, channels, 3, 3, generator=torch.Generator().manual_seed(SEED))


def _made(make: Callable[[], torch.nn.Module]) -> torch.nn.Module:
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


def _gate(block: type[torch.nn.Module], *arguments: int) -> Tensor:
    """The gates on a diagonal: a row and a column for each channel, or for each place."""
    return _made(lambda: block(*arguments)).gate(_picture(4))[0].flatten().diag()


# --------------------------------------------------------------------------------------------------- the rows
ROWS = (
    Row(
        "1a",
        "average pooling",
        "01_cues",
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
        "01_cues",
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
        "02_kernel_regression",
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
        "03_learned_attention",
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
        "04_map",
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
        "04_map",
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
        "04_map",
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
        "05_squeeze_excitation",
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
        "06_non_local",
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
        "06_non_local",
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
        "06_non_local",
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
        "07_cbam",
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
        "07_cbam",
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

# What a lesson's recap shows: rows of its own, and those of earlier lessons that they are to be compared with. The
# global context has a table of its own in lesson 6.
RECAPS = {
    "01_cues": ("1a", "1b"),
    "02_kernel_regression": ("1a", "2"),
    "03_learned_attention": ("2", "3"),
    "04_map": ("4a", "4b", "4c"),
    "05_squeeze_excitation": ("1a", "5"),
    "06_non_local": ("6a", "6b"),
    "07_cbam": ("7a", "7b"),
}

# Lessons whose slide has no room for the column "learned".
NARROW = ("04_map", "06_non_local")


def structure(table: Tensor) -> str:
    """As `taxonomy.structure`, with "rank one" for a dense table whose rows are all alike and several."""
    found = taxonomy.structure(table)
    alike = len(table) > 1 and torch.allclose(table, table[:1].expand_as(table))
    return "rank one" if found == "dense" and alike else found


# -------------------------------------------------------------------------------------------------- as Markdown
def source_of(thing: Callable[..., Any]) -> str:
    """The file that defines a function or class of this package, relative to the project's root."""
    file = Path(inspect.getsourcefile(thing)).relative_to(Path(visual_attention.__file__).parents[1])
    return f"src/{file.as_posix()}"


def recap(lesson: str) -> str:
    """The table at the end of a lesson: the rows that it adds, bold, and what they are compared with.

    Raises ValueError if `lesson` is not a lesson with rows of its own.
    """
    if lesson not in RECAPS:
        raise ValueError(f"lesson must be one of {', '.join(RECAPS)}, got {lesson!r}")
    body = [
        (
            f"**{row.title}**" if row.lesson == lesson else row.title,
            *_parts(row),
            row.structure or "*no attention*",
        )
        for row in ROWS
        if row.number in RECAPS[lesson]
    ]
    kept = [number for number, word in enumerate(HEAD) if word != "learned" or lesson not in NARROW]
    return _markdown(*([[row[number] for number in kept] for row in rows] for rows in ([HEAD], body)))


def complete() -> str:
    """The whole table; names lead to the lesson's section, implementations to their file."""
    body = [
        (
            f"[**{row.title}**]({row.lesson}.ipynb#{anchor(row.section)})",
            *_parts(row),
            f"{row.structure}, {row.shape}" if row.structure else "*no attention*",
            row.action,
            ", ".join(f"[`{thing.__name__}`](../{source_of(thing)})" for thing in row.objects) or "none",
        )
        for row in ROWS
    ]
    return _markdown([(*HEAD, "mixes or gates", "in the library")], body)


def short(lessons: Container[int]) -> str:
    """The rows of some lessons, by their numbers, with the columns that a slide has room for."""
    head = ("", "query", "key", "value", "weights $A$")
    rows = [row for row in ROWS if int(row.number[0]) in lessons]
    body = [(row.title, row.query, row.key, row.value, row.structure or "*no attention*") for row in rows]
    return _markdown([head], body)


def _parts(row: Row) -> tuple[str, ...]:
    return row.query, row.key, row.value, row.weight, row.normaliser, row.learned


def _markdown(head: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (*head, *body)]
    return "\n".join([lines[0], f"|{'---|' * len(head[0])}", *lines[1:]])


def fill(text: str, lesson: str) -> str:
    """Return the text of a lesson (py:percent) with the tables below its marks; as it was where there is no mark.

    Below `MARK` stands the lesson's recap, or the complete table in a lesson that adds no row; below the marks in
    `SHORT` the halves for a slide.
    """
    whole = recap(lesson) if lesson in RECAPS else complete()
    for mark, table in ((MARK, whole), *((mark, short(numbers)) for mark, numbers in SHORT.items())):
        lines = ["#", *(f"# {line}" for line in table.splitlines())]
        below = "\n".join([f"# {mark}", *lines, ""])
        text = re.sub(rf"(?m)^# {mark}\n(?:(?:#\n)?(?:# \|.*\n)+)?", lambda _, below=below: below, text)
    return text


def main(argv: list[str] | None = None) -> None:
    """Run the command line `argv` (that of the process if not given)."""
    argparse.ArgumentParser(prog="python -m visual_attention.unified", description=__doc__).parse_args(argv)
    for lesson in lessons():
        text = lesson.source.read_text(encoding="utf-8")
        filled = fill(text, lesson.stem)
        if filled != text:
            lesson.source.write_text(filled, encoding="utf-8")
            print(f"{lesson.source.name}: table written")


if __name__ == "__main__":
    main()
