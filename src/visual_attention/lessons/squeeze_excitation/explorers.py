"""The explorers of lesson 5: the ratio and its cost, the gates of a trained network, the block number by number."""

import functools

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from courseware.notebook.drawing_pad import Bars, DrawingPad, Thing
from courseware.notebook.explorer import EVERY_STOP, Explorer, Menu, Slider
from courseware.notebook.microscope import Input, Microscope, Step
from visual_attention.blocks import SqueezeExcitation
from visual_attention.cost import SENET_TABLE_10, Cost, count_cost
from visual_attention.experiments import load_weights
from visual_attention.lessons.squeeze_excitation import figures
from visual_attention.lessons.squeeze_excitation.data import COLOURS, FramedDigits, reframed
from visual_attention.lessons.squeeze_excitation.experiment import PlaneNetwork, pictures, start
from visual_attention.networks import resnet50

__all__ = [
    "AMOUNTS",
    "NOBODY",
    "NO_SE_ERROR",
    "PLANES",
    "RATIOS",
    "TABLE_10_ERRORS",
    "GateStudy",
    "RatioStudy",
    "block_microscope",
    "frame_pad",
    "gates_explorer",
    "ratio_explorer",
    "trained_network",
]

RATIOS = (1, 2, 4, 8, 16, 32, 64)
WHERE = ("every stage", "all but the last stage")
# SENet, Table 10: top-1 error of SE-ResNet-50 in per cent by ratio, and of the same training without SE.
TABLE_10_ERRORS = {2: 22.29, 4: 22.25, 8: 22.26, 16: 22.28, 32: 22.72}
NO_SE_ERROR = 23.30
_LAST_STAGE = 2048  # channels


class RatioStudy:
    """ResNet-50 with SE blocks of any ratio, built where tensors have a shape only, and counted."""

    def __init__(self):
        self.bare = self._cost(None)
        self.cost = functools.cache(self._with_se)

    @staticmethod
    def _cost(attention) -> Cost:
        with torch.device("meta"):
            network = resnet50(attention, version="1")
        return count_cost(network, (1, 3, 224, 224))

    def _with_se(self, r: int, where: str) -> tuple[Cost, Tensor]:
        """What the whole network costs, and how many weights SE adds to each of the four stages (4,)."""

        def block(channels: int) -> nn.Module:
            if channels == _LAST_STAGE and where != WHERE[0]:
                return nn.Identity()
            return SqueezeExcitation(channels, r, bias=False)  # the network of Table 10 has no biases in SE

        with torch.device("meta"):
            network = resnet50(block, version="1")
        stages = (network.layer1, network.layer2, network.layer3, network.layer4)
        added = [
            sum(
                weight.numel()
                for unit in stage  # 3, 4, 6 and 3 residual units
                for weight in unit.get_submodule("attention").parameters()
            )
            for stage in stages
        ]
        return count_cost(network, (1, 3, 224, 224)), torch.tensor(added)

    def draw(self, r: int, where: str) -> Figure:
        cost, stages = self.cost(r, where)
        error = TABLE_10_ERRORS.get(r) if where == WHERE[0] else None
        return figures.ratio_panels(
            stages=stages,
            gated=(True, True, True, where == WHERE[0]),
            here=(f"r = {r}", cost.parameters / 1e6, error),
            totals={ratio: self.cost(ratio, WHERE[0])[0].parameters / 1e6 for ratio in TABLE_10_ERRORS},
            errors=TABLE_10_ERRORS,
            bare=(self.bare.parameters / 1e6, NO_SE_ERROR),
        )

    def describe(self, r: int, where: str) -> str:
        cost, stages = self.cost(r, where)
        added = int(stages.sum())
        share = added / self.bare.parameters
        text = (
            f"r = {r}, SE in {where}: {added:,} weights more, {share:.1%} of ResNet-50's {self.bare.parameters:,}; "
            f"{cost.parameters / 1e6:.2f} million in all"
        )
        if where != WHERE[0]:
            return f"{text}. The paper says that this costs less than 0.1 % in top-5 error at r = 16."
        if r not in TABLE_10_ERRORS:
            return f"{text}. Table 10 has no such row."
        return (
            f"{text} (printed: {SENET_TABLE_10[r]}). Top-1 error {TABLE_10_ERRORS[r]:.2f} %, without SE "
            f"{NO_SE_ERROR:.2f} % in the same table."
        )


def ratio_explorer(study: RatioStudy | None = None) -> Explorer:
    """The reduction ratio against the weights it costs, counted, and the error that the paper prints."""
    study = study or RatioStudy()
    return Explorer(
        study.draw,
        [
            Slider("r", "ratio r", RATIOS, default=16),
            Menu("where", "SE in", WHERE, default=WHERE[0]),
        ],
        title="What does the ratio cost?",
        describe=study.describe,
        keep=[{"r": EVERY_STOP, "where": EVERY_STOP}],
    )


def trained_network() -> PlaneNetwork:
    """The SE network of the context experiment, seed 0, with its stored weights."""
    return load_weights(start("SE", 0), "context")


NOBODY = "nobody"
PLANES = (NOBODY, *(f"{colour} plane" for colour in COLOURS))
AMOUNTS = tuple(k / 5 for k in range(6))
EXAMPLE = 14  # the test picture that is shown


class GateStudy:
    """A trained network, a picture in three frames, and what it reads when somebody turns its gates.

    An amount a takes the gates g of the muted plane to (1 − a) g and those of the boosted one to g + a (1 − g):
    all gates stay between 0 and 1, where a sigmoid can have them.
    """

    def __init__(self, network: PlaneNetwork | None = None, example: int = EXAMPLE):
        self.network = network or trained_network()
        test = pictures("test", 0)
        self.one = FramedDigits(*(part[example : example + 1] for part in test))
        self.view = functools.cache(self._view)

    @torch.no_grad()
    def _view(self, amount: float, mute: str, boost: str, frame: str) -> tuple[Tensor, Tensor, Tensor]:
        """The network's own gates (48,), those in use (48,), and the probabilities of the digits (10,)."""
        features = self.network.features(reframed(self.one, COLOURS.index(frame)).images)  # (1, 48, 6, 6)
        assert isinstance(self.network.attention, SqueezeExcitation)
        own = self.network.attention.gate(features)[0, :, 0, 0]  # (48,)
        used = own.reshape(3, -1).clone()  # (3, 16)
        if mute != NOBODY:
            used[PLANES.index(mute) - 1] *= 1 - amount
        if boost != NOBODY:
            used[PLANES.index(boost) - 1] += amount * (1 - used[PLANES.index(boost) - 1])
        used = used.flatten()
        logits = self.network.head(features * used[:, None, None])  # (1, 10)
        return own, used, logits.softmax(dim=1)[0]

    def draw(self, amount: float, mute: str, boost: str, frame: str) -> Figure:
        own, used, probability = self.view(amount, mute, boost, frame)
        colour = COLOURS.index(frame)
        return figures.gates_panels(
            image=reframed(self.one, colour).images[0],
            shown=self.one.shown[0],
            frame=colour,
            own=own,
            used=used,
            probability=probability,
        )

    def describe(self, amount: float, mute: str, boost: str, frame: str) -> str:
        _, used, probability = self.view(amount, mute, boost, frame)
        shown = dict(zip(COLOURS, self.one.shown[0].tolist(), strict=True))
        means = ", ".join(f"{mean:.2f} {name}" for mean, name in zip(used.reshape(3, -1).mean(1), COLOURS, strict=True))
        digits = ", ".join(f"{digit} in {colour}" for colour, digit in shown.items())
        best = int(probability.argmax())
        return (
            f"The picture shows {digits}, in a {frame} frame. Mean gates in use: {means}. "
            f"The network reads {best} with probability {probability[best]:.2f}; "
            f"the announced {shown[frame]} gets {probability[shown[frame]]:.2f}."
        )


def gates_explorer(study: GateStudy | None = None) -> Explorer:
    """Mute or boost the channels of a plane in a trained network, and watch what it reads."""
    study = study or GateStudy()
    return Explorer(
        study.draw,
        [
            Slider("amount", "amount", AMOUNTS, default=0.0),
            Menu("mute", "mute", PLANES, default=PLANES[1]),
            Menu("boost", "boost", PLANES, default=PLANES[2]),
            Menu("frame", "frame", COLOURS, default=COLOURS[0]),
        ],
        title="Turn the gates yourself",
        describe=study.describe,
        keep=[
            {"amount": EVERY_STOP, "mute": EVERY_STOP, "boost": EVERY_STOP},
            {"amount": (0.0, 1.0), "mute": EVERY_STOP, "boost": EVERY_STOP, "frame": EVERY_STOP},
        ],
    )


def block_microscope() -> Microscope:
    """Squeeze, two products, gates, scale: four channels of 3 × 3, two hidden units, no biases."""
    maps = [
        [[3, 1, 2], [1, 3, 2], [2, 2, 2]],
        [[0, 0, 0], [0, 9, 0], [0, 0, 0]],
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
        [[0, 3, 0], [3, 6, 3], [0, 3, 0]],
    ]
    return Microscope(
        "Squeeze, excite, scale",
        Input("u", maps, "map", least=0, most=20, step=0.5, digits=2),
        Step("z", "mean", "u", label="squeeze", over=(1, 2), below=True),
        Input("W₁", [[1, -1, 0, 0], [0, 1, 1, -1.5]], "first product", least=-5, most=5, digits=2),
        Step("a", "matmul", "W₁", "z", label="hidden"),
        Step("h", "relu", "a"),
        Input("W₂", [[2, 0], [-1, 1], [1, -2], [0, 2]], "second product", least=-5, most=5, digits=2),
        Step("l", "matmul", "W₂", "h", label="logits"),
        Step("s", "sigmoid", "l", label="gate", digits=3),
        Step("x̃", "product", "s", "u", label="scaled map", match="first", digits=2, below=True),
    )


class WithGates(nn.Module):
    """The network with its gates beside its answer: pictures (1, 3, 24, 24) -> answer (1, 10), gates (1, 48, 1, 1)."""

    def __init__(self, network: PlaneNetwork):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.network.features(x)  # (1, 48, 6, 6)
        assert isinstance(self.network.attention, SqueezeExcitation)
        gates = self.network.attention.gate(features)  # (1, 48, 1, 1)
        return {"answer": self.network.head(features * gates).softmax(dim=1), "gates": gates}


def frame_pad(study: GateStudy | None = None) -> DrawingPad:
    """The stored network looks at what a reader draws; to begin with, at the picture of the explorer."""
    study = study or GateStudy()
    side = study.one.images.shape[-1]
    edge = torch.ones(side, side)
    edge[1:-1, 1:-1] = 0
    frames = [Thing(f"a {colour} frame", edge, plane=plane, kind="frame") for plane, colour in enumerate(COLOURS)]
    inside = study.one.images[0, :, 1:-1, 1:-1]  # without its frame
    three = [
        Thing(f"the {colour} {digit}", plane, 1, 1, number)
        for number, (colour, digit, plane) in enumerate(zip(COLOURS, study.one.shown[0].tolist(), inside, strict=True))
    ]
    return DrawingPad(
        "Draw it yourself",
        WithGates(study.network),
        [Bars("answer", "answer", "0123456789"), Bars("gates", "gates", groups=COLOURS)],
        {
            "three digits, a red frame": [*three, frames[0]],
            "three digits": three,
            "a red frame": frames[:1],
            "black paper": [],
        },
        shape=(3, side, side),
        planes=COLOURS,
        stamps=frames,
        pen=0.6,
    )
