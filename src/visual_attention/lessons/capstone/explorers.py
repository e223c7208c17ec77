"""The explorer of lesson 8: put a block into the slot, choose a job, and see where it looks and how well it does."""

import functools
from dataclasses import dataclass

from matplotlib.figure import Figure
from torch import Tensor

from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from visual_attention.experiments import stored
from visual_attention.lessons.capstone import figures
from visual_attention.lessons.capstone.data import INKS, JOBS, QUESTIONS, SIDE, SIGN_JOB_NAMES, Job, painted
from visual_attention.lessons.capstone.experiment import OWN, SHOWN, Gallery, pictures

__all__ = ["CHOICES", "SlotStudy", "SlotView", "slot_explorer", "word"]

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
