"""The explorer of lesson 8, put a block into the slot and see where it looks, and its pad: two slots, one drawing."""

import functools
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from courseware.notebook.drawing_pad import Bars, DrawingPad, Thing
from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from visual_attention.experiments import stored
from visual_attention.lessons.capstone import figures
from visual_attention.lessons.capstone.data import (
    DIGIT,
    INKS,
    JOBS,
    QUESTIONS,
    SIDE,
    SIGN_JOB_NAMES,
    Job,
    bare,
    dots_drawn,
    numerals_drawn,
    painted,
)
from visual_attention.lessons.capstone.experiment import OWN, SHOWN, Gallery, InkTrunk, ReadOut, pictures
from visual_attention.lessons.capstone.experiment_places import stored_read_outs

__all__ = ["CHOICES", "SlotStudy", "SlotView", "slot_explorer", "slots_pad", "word"]

CHOICES = ("none", "none, wide", "SE", "Non-local", "CBAM", "SK")  # what the explorer puts into the slot
_MAPS = {"CBAM": "spatial gate", "Non-local": "attention weights"}
_SEED = 0  # whose pictures and maps are stored


def word(job: str, answer: int) -> str:
    """Return how an answer to a job's question is written: a numeral, a colour or a sign."""
    return {"twin": INKS, "scale": SIGN_JOB_NAMES}.get(job, tuple("0123456789"))[answer]


@dataclass(frozen=True, eq=False)
class SlotView:
    """What is seen: a picture (48, 48, 3), where is asked and where the answer lies, the map (12, 12), the answers."""

    image: Tensor
    asked: tuple[int, ...] | None
    found: tuple[int, ...]
    map_name: str
    weights: Tensor
    answer: str
    right: str


class SlotStudy:
    """Stored maps and answers of every slot, and the accuracies of all seeds."""

    def __init__(self):
        self.gallery = Gallery.stored()
        self.results = stored("capstone")
        self.pictures = functools.cache(self._first)

    @staticmethod
    def _first(job: str) -> Job:
        """The first test pictures of a job: those in the gallery. Copies, or the others would stay in memory."""
        every = vars(pictures(job, "test", _SEED))
        return Job(**{name: part[:SHOWN].clone() for name, part in every.items()})

    def view(self, job: str, block: str, picture: int) -> SlotView:
        """What is seen of a job's picture (counted from 1) with a block in the slot."""
        shown, place = self.pictures(job), picture - 1
        weights, answer = self.gallery.get(block, job, place)
        asked = tuple(shown.asked[place, 0].tolist())
        return SlotView(
            image=painted(shown.inks[place]),
            asked=None if asked == (0, 0, SIDE, SIDE) else asked,
            found=tuple(shown.evidence[place, 0].tolist()),
            map_name=_MAPS.get(block, "evidence"),
            weights=weights,
            answer=word(job, answer),
            right=word(job, int(shown.labels[place, 0])),
        )

    def draw(self, job: str, block: str, picture: int) -> Figure:
        seen = self.view(job, block, picture)
        return figures.look_panels(
            image=seen.image,
            asked=seen.asked,
            found=seen.found,
            map_name=seen.map_name,
            weights=seen.weights,
            values={name: self.results.of(name, job) for name in CHOICES},
            block=block,
            verdict=f"says {seen.answer}, right is {seen.right}",
        )

    def describe(self, job: str, block: str, picture: int) -> str:
        seen = self.view(job, block, picture)
        text = (
            f"{QUESTIONS[job]} With {block} in the slot the network says {seen.answer}, right is {seen.right}. "
            f"Accuracy over five seeds {self.results.spread(block, job)}"
        )
        if block == OWN[job]:
            return f"{text}; this is the job's own."
        own = "nothing" if OWN[job] == "none" else OWN[job]
        return f"{text}; {own}, which the job was made for, has {self.results.spread(OWN[job], job)}."


def slot_explorer(study: SlotStudy | None = None) -> Explorer:
    """Job, block and picture against the block's map and the accuracies of all blocks."""
    study = study or SlotStudy()
    return Explorer(
        study.draw,
        [
            Menu("job", "job", JOBS, default="dot"),
            Menu("block", "in the slot", CHOICES, default="CBAM"),
            Slider("picture", "picture", tuple(range(1, SHOWN + 1)), default=1),
        ],
        title="Choose the block for the job",
        describe=study.describe,
        keep=[
            {"job": EVERY_STOP, "block": EVERY_STOP},
            {"job": EVERY_STOP, "block": ("CBAM", "Non-local"), "picture": EVERY_STOP},
        ],
    )


class InTwoSlots(nn.Module):
    """One drawing, one trunk, two slots: white ink (N, 1, 48, 48) -> the answer with each block, (N, 10).

    The frame and the noise, which are on every picture that the networks were trained with, are added here.
    """

    def __init__(self, trunk: InkTrunk, read_outs: nn.ModuleDict):
        super().__init__()
        self.trunk, self.read_outs = trunk, read_outs
        inks = bare()[0, :, None]  # (4, 1, 48, 48)
        self.white = inks[-1:]
        with torch.no_grad():  # no drawing changes the others, so that the page need not compute them
            self.colours = trunk.layers(inks[:-1]).flatten(0, 1)[None]  # (1, 48, 12, 12)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        white = self.trunk.layers(x + self.white)  # (N, 16, 12, 12)
        features = torch.cat([self.colours.expand(len(x), -1, -1, -1), white], dim=1)  # (N, 64, 12, 12)
        outputs = {}
        for name, reader in self.read_outs.items():
            assert isinstance(reader, ReadOut)
            means = reader.slot(features).mean((2, 3))  # (N, 64), over the whole map
            outputs[name] = reader.fc(reader.norm(means)).softmax(dim=1)  # (N, 10)
        return outputs


DRAWN = ((1, (12, 12)), (2, (12, 36)), (5, (38, 37)))  # numerals, and the rows and columns of their centres
HAND = 1  # whose handwriting, by seed
DOT = (25, 12)  # beside the first


def slots_pad() -> DrawingPad:
    """Two stored networks that differ in the slot alone look at one drawing, of the job "dot"."""
    first, nothing = torch.tensor([0]), torch.zeros(1, len(INKS), SIDE, SIDE)
    digits = []
    for numeral, (row, column) in DRAWN:
        glyph = nothing.clone()
        numerals_drawn(glyph, first, torch.tensor([[0, 0]]), torch.tensor([numeral]), seed=HAND, split="test")
        corner = row - DIGIT // 2, column - DIGIT // 2
        digits.append(Thing(f"the {numeral}", glyph[0, 0, :DIGIT, :DIGIT], *corner))
    drawn = nothing.clone()
    dots_drawn(drawn, first, torch.tensor([[2, 2]]))
    dot = Thing("the dot", drawn[0, 0, :5, :5], DOT[0] - 2, DOT[1] - 2)
    numerals = tuple("0123456789")
    return DrawingPad(
        "Draw it yourself",
        InTwoSlots(Gallery.stored().trunk, stored_read_outs()).eval(),
        [
            Bars("SE", "with SE", numerals),
            Bars("CBAM", "with CBAM", numerals),
        ],
        {"three digits and a dot": [*digits, dot], "three digits": digits, "white paper": []},
        shape=(1, SIDE, SIDE),
        stamps=[Thing("a dot", dot.ink, row=7, column=SIDE // 2)],
    )
