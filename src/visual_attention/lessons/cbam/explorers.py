"""The explorer of lesson 7: drag the digit, or the dot, and watch both gates; both, number by number; and drawn on."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from courseware.notebook.drawing_pad import Bars, DrawingPad, Map, Thing
from courseware.notebook.explorer import Explorer, Menu, Pad
from courseware.notebook.microscope import Choice, Input, Microscope, Step
from visual_attention.blocks import CBAM
from visual_attention.datasets import digits
from visual_attention.experiments import load_weights
from visual_attention.lessons.cbam import figures
from visual_attention.lessons.cbam.data import CANVAS, DIGIT, render
from visual_attention.lessons.cbam.experiment import DOT_SCENE, Reader, Trunk, read_out

__all__ = [
    "CENTRES",
    "DRAGGED",
    "DragStudy",
    "DragView",
    "channel_microscope",
    "drag_explorer",
    "ring_pad",
    "spatial_microscope",
    "stored_reader",
]

DRAGGED = ("the digit", "the dot")
CENTRES = tuple(range(6, CANVAS - 5, 3))  # 6, 9, … 42: where a digit lies wholly on the canvas
_HOME = (30, 24)  # column and row of the dragged thing at first


def stored_reader() -> Reader:
    """The network of the stored experiment whose weights are kept: CBAM, seed 0."""
    assert DOT_SCENE.keep is not None
    return load_weights(Reader(Trunk(), read_out(*DOT_SCENE.keep)), DOT_SCENE.name)


@dataclass(frozen=True, eq=False)
class DragView:
    """One picture and what the network makes of it.

    Attributes
    ----------
    image : shape (48, 48)
    boxes : shape (3, 2): rows and columns of the digits' upper left corners, the one that is dragged first
    names : what the three digits are
    dot : row and column of its centre
    channels : the channel gates, shape (32,)
    gate : the spatial gate, shape (12, 12)
    probabilities : of the ten answers, shape (10,)
    """

    image: Tensor
    boxes: Tensor
    names: tuple[int, ...]
    dot: tuple[int, int]
    channels: Tensor
    gate: Tensor
    probabilities: Tensor

    @property
    def answer(self) -> int:
        return int(self.probabilities.argmax())


class DragStudy:
    """Three test digits and a dot on a canvas without noise; one of the four can be dragged."""

    # Centres, column and row: what lies where as long as it is not dragged.
    DIGITS = ((30, 37), (9, 9), (9, 39))
    DOT = (42, 18)
    NAMES = (4, 7, 0)

    def __init__(self, reader: Reader | None = None):
        self.reader = reader or stored_reader()
        images, labels = digits("test", DIGIT)
        self.glyphs = torch.stack([images[int((labels == name).nonzero()[0])] for name in self.NAMES])

    @torch.no_grad()
    def view(self, dragged: str, place: tuple[int, int]) -> DragView:
        """What is seen with the dragged thing centred at `place`, column and row."""
        centres, dot = list(self.DIGITS), self.DOT
        if dragged == "the digit":
            centres[0] = place
        else:
            dot = place
        boxes = torch.tensor([(row - DIGIT // 2, column - DIGIT // 2) for column, row in centres])
        image = render(self.glyphs[None], boxes[None], torch.tensor([dot[::-1]]))
        features = self.reader.trunk(image)
        slot = self.reader.read_out.slot
        assert isinstance(slot, CBAM)
        channels, gate = slot.gates(features)
        return DragView(
            image=image[0, 0],
            boxes=boxes,
            names=self.NAMES,
            dot=dot[::-1],
            channels=channels.flatten(),
            gate=gate[0, 0],
            probabilities=torch.softmax(self.reader.read_out(features)[0], dim=0),
        )

    def draw(self, dragged: str, place: tuple[int, int]) -> Figure:
        seen = self.view(dragged, place)
        return figures.drag_panels(
            image=seen.image,
            gate=seen.gate,
            boxes=seen.boxes,
            channels=seen.channels,
            probabilities=seen.probabilities,
            answer=seen.answer,
        )

    def describe(self, dragged: str, place: tuple[int, int]) -> str:
        seen = self.view(dragged, place)
        large = torch.nn.functional.interpolate(seen.gate[None, None], (CANVAS, CANVAS), mode="bilinear")[0, 0]
        on = [float(large[row : row + DIGIT, column : column + DIGIT].mean()) for row, column in seen.boxes.tolist()]
        said = ", ".join(f"{gate:.2f} on the {name}" for gate, name in zip(on, seen.names, strict=True))
        return (
            f"{dragged.capitalize()} is at column {place[0]}, row {place[1]}. Mean spatial gate: {said}. The network "
            f"reads {seen.answer}, with probability {float(seen.probabilities[seen.answer]):.2f}."
        )


def drag_explorer(study: DragStudy | None = None) -> Explorer:
    """The place of a digit, or of the dot, against both gates of the stored network and its answer."""
    study = study or DragStudy()
    coarse = CENTRES[::2]
    return Explorer(
        study.draw,
        [
            Menu("dragged", "drag", DRAGGED, default="the dot"),
            Pad("place", "place", CENTRES, default=_HOME, y=CENTRES, form="column {}, row {}"),
        ],
        title="Drag the digit, drag the dot",
        describe=study.describe,
        keep=[
            {"dragged": ("the dot",), "place": [(x, y) for y in coarse for x in coarse]},
            {"dragged": ("the digit",), "place": [(x, y) for y in coarse[1::2] for x in coarse[::2]]},
        ],
    )


def channel_microscope() -> Microscope:
    """The channel gate of the worked example, with the ReLU between the two products or without."""
    both = (("mean", "a"), ("max", "m"))
    return Microscope(
        "The channel gate",
        Input("F", [[[2, 2], [2, 2]], [[0, 0], [0, 4]]], "channel", least=0, most=9, step=0.5, digits=2),
        *(Step(short, pool, "F", label=pool, over=(1, 2)) for pool, short in both),
        Input("W₀", [[1, -1]], "first product", least=-5, most=5, digits=2),
        *(Step(f"W₀{short}", "matmul", "W₀", short, label=f"of the {pool}") for pool, short in both),
        Choice(
            "between the products",
            {
                "with ReLU": [
                    Step(f"h{short}", "relu", f"W₀{short}", label="hidden", below=short == "a") for _, short in both
                ],
                "without ReLU": [
                    Step(f"h{short}", "scale", f"W₀{short}", label="hidden", formula=f"W₀{short}", below=short == "a")
                    for _, short in both
                ],
            },
        ),
        Step("h", "addition", "ha", "hm", label="sum of hidden"),
        Input("W₁", [[1], [-1]], "second product", least=-5, most=5, digits=2),
        Step("l", "matmul", "W₁", "h", label="logits"),
        Step("Mc", "sigmoid", "l", label="gate", digits=3),
        Step("F′", "product", "Mc", "F", label="channel let through", match="first", digits=2),
    )


def spatial_microscope() -> Microscope:
    """The spatial gate: a window of 7 × 7 over the mean and the maximum of two channels.

    In the middle row is the worked example; of the 98 weights two are not 0: a 1 on the mean here, and a −1 on the
    maximum one step to the left.
    """
    first, second, kernel = torch.zeros(7, 7), torch.zeros(7, 7), torch.zeros(2, 7, 7)
    first[3, :3], second[3, :3] = torch.tensor([1.0, 0, 0]), torch.tensor([3.0, 0, 2])
    first[1, 4:6], second[5, 4] = torch.tensor([2.0, 2]), 2
    kernel[0, 3, 3], kernel[1, 3, 2] = 1, -1
    return Microscope(
        "The spatial gate",
        Input("F′", torch.stack([first, second]), "channel", least=0, most=9, step=1),
        Step("a", "mean", "F′", label="mean", over=0),
        Step("m", "max", "F′", label="max", over=0),
        Input("f", kernel, "kernel", least=-5, most=5, step=1, below=True),
        Step("l", "correlation", "a", "m", "f", label="logit"),
        Step("Ms", "sigmoid", "l", label="gate"),
        Step("F″", "product", "F′", "Ms", label="channel let through", below=True),
        digits=2,
    )


class WithGates(nn.Module):
    """A reader with CBAM in its slot: pictures (1, 1, 48, 48) -> answer (1, 10), and both of its gates."""

    def __init__(self, reader: Reader):
        super().__init__()
        self.reader = reader

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features, slot = self.reader.trunk(x), self.reader.read_out.slot
        assert isinstance(slot, CBAM)
        channel, spatial = slot.gates(features)  # (1, 32, 1, 1), (1, 1, 12, 12)
        logits = self.reader.read_out.answer(features * channel * spatial)  # (1, 10)
        return {"answer": logits.softmax(dim=1), "spatial gate": spatial, "channel gates": channel}


def ring_pad(study: DragStudy | None = None) -> DrawingPad:
    """The stored network looks at what a reader draws; to begin with, at the picture of the explorer."""
    study = study or DragStudy()
    nowhere = torch.zeros(1, 1, 2, dtype=torch.long)
    dot = render(torch.zeros(1, 1, DIGIT, DIGIT), nowhere, torch.tensor([[2, 2]]))[0, 0, :5, :5]
    column, row = _HOME
    first = Thing("the dot", dot, row - 2, column - 2)
    placed = zip(study.NAMES, study.glyphs, study.DIGITS, strict=True)
    three = [
        Thing(f"the {name}", glyph, row - DIGIT // 2, column - DIGIT // 2) for name, glyph, (column, row) in placed
    ]
    return DrawingPad(
        "Draw it yourself",
        WithGates(study.reader),
        [
            Bars("answer", "answer", "0123456789"),
            Map("spatial gate", "spatial gate"),
            Bars("channel gates", "channel gates"),
        ],
        {"three digits and a dot": [*three, first], "a dot alone": [first], "three digits": three, "white paper": []},
        shape=(1, CANVAS, CANVAS),
        stamps=[Thing("a dot", dot, row=7, column=CANVAS // 2)],
    )
