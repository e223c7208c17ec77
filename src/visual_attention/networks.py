"""Networks with one slot for an attention block: ResNet-50, and the small network of the experiments."""

from collections.abc import Callable

import torch
from torch import nn

from visual_attention._validation import feature_map, one_of, whole_number
from visual_attention.blocks import CBAM, SqueezeExcitation

Attention = str | Callable[[int], nn.Module] | None

_BLOCKS = {"se": SqueezeExcitation, "cbam": CBAM}
VERSIONS = ("1", "1.5")
PLACES = ("branch", "stage")


def resnet50(
    attention: Attention = None,
    version: str = "1.5",
    *,
    place: str = "branch",
    in_channels: int = 3,
    classes: int = 1000,
) -> "ResNet50":
    """Return an untrained ResNet-50 (He, Zhang, Ren, Sun: CVPR 2016, arXiv 1512.03385).

    Names and shapes of its weights are those of torchvision's `resnet50`, whose checkpoints (version 1.5)
    load by ``load_state_dict(weights, strict=attention is None)``.

    Parameters
    ----------
    attention : None, "se", "cbam", or a callable that makes a module of a number of channels
    version : where a bottleneck halves its map: "1", as in the paper, in the first 1×1 convolution; "1.5", as
        most code does today, in the 3×3 convolution
    place : "branch" puts attention at the end of each of the 16 residual branches, where SENet and CBAM
        have it; "stage" behind each of the first three stages, where BAM has it
    in_channels : channels of the picture, at least 1
    classes : number of outputs, at least 1

    Raises
    ------
    TypeError
        Also if `attention` makes something else than a module.
    """
    return ResNet50(attention, version, place, in_channels, classes)


class Bottleneck(nn.Module):
    """The residual block of ResNet-50: 1×1, 3×3 and 1×1 convolutions, then attention, beside a shortcut."""

    def __init__(self, in_channels: int, width: int, stride: int, version: str, attention: nn.Module):
        super().__init__()
        out_channels = 4 * width
        stride_1x1, stride_3x3 = (stride, 1) if version == "1" else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride_1x1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride_3x3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.attention = attention
        self.downsample: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branch = self.bn1(self.conv1(x)).relu()  # (N, width, ...)
        branch = self.bn2(self.conv2(branch)).relu()  # (N, width, H / stride, W / stride)
        branch = self.bn3(self.conv3(branch))  # (N, 4 width, H / stride, W / stride)
        return (self.attention(branch) + self.downsample(x)).relu()  # (N, 4 width, H / stride, W / stride)


class ResNet50(nn.Module):
    """Four stages of bottlenecks between a stem and a linear read-out; make one with `resnet50`.

    Input: (N, in_channels, H, W).
    """

    def __init__(self, attention: Attention, version: str, place: str, in_channels: int, classes: int):
        super().__init__()
        one_of("version", version, VERSIONS)
        one_of("place", place, PLACES)
        self.in_channels = whole_number("in_channels", in_channels, least=1)
        whole_number("classes", classes, least=1)
        in_branch, after_stage = (attention, None) if place == "branch" else (None, attention)

        def stage(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
            shapes = [(channels, stride)] + [(4 * width, 1)] * (blocks - 1)
            return nn.Sequential(
                *(Bottleneck(c, width, s, version, make_attention(in_branch, 4 * width)) for c, s in shapes)
            )

        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(64, 64, blocks=3, stride=1)
        self.attention1 = make_attention(after_stage, 256)
        self.layer2 = stage(256, 128, blocks=4, stride=2)
        self.attention2 = make_attention(after_stage, 512)
        self.layer3 = stage(512, 256, blocks=6, stride=2)
        self.attention3 = make_attention(after_stage, 1024)
        self.layer4 = stage(1024, 512, blocks=3, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        feature_map("x", x, self.in_channels, block=self)
        x = self.maxpool(self.bn1(self.conv1(x)).relu())  # (N, 64, H / 4, W / 4)
        x = self.attention1(self.layer1(x))  # (N, 256, H / 4, W / 4)
        x = self.attention2(self.layer2(x))  # (N, 512, H / 8, W / 8)
        x = self.attention3(self.layer3(x))  # (N, 1024, H / 16, W / 16)
        x = self.layer4(x)  # (N, 2048, H / 32, W / 32)
        return self.fc(self.avgpool(x).flatten(1))  # (N, classes)


class SmallNetwork(nn.Module):
    """Three convolutions and a linear read-out of a 3×3 grid: some 17,000 weights, trained in seconds.

    The slot for attention follows the first convolution and sees 16 channels at half the picture's size.

    Parameters
    ----------
    attention : as in `resnet50`
    in_channels : channels of the picture, at least 1
    classes : number of outputs, at least 1

    Input: (N, in_channels, H, W), of 4×4 pixels at least, or torch raises an error of its own.
    """

    def __init__(self, attention: Attention = None, *, in_channels: int = 3, classes: int = 10):
        super().__init__()
        self.in_channels = whole_number("in_channels", in_channels, least=1)
        whole_number("classes", classes, least=1)
        self.conv1 = nn.Conv2d(in_channels, 16, 3, padding=1)
        self.attention = make_attention(attention, 16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2)
        self.avgpool = nn.AdaptiveAvgPool2d(3)
        self.fc = nn.Linear(9 * 32, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        feature_map("x", x, self.in_channels, block=self)
        x = self.attention(self.maxpool(self.conv1(x).relu()))  # (N, 16, H / 2, W / 2)
        x = self.maxpool(self.conv2(x).relu())  # (N, 32, H / 4, W / 4)
        x = self.conv3(x).relu()  # (N, 32, H / 4, W / 4)
        return self.fc(self.avgpool(x).flatten(1))  # (N, classes)


def make_attention(attention: Attention, channels: int) -> nn.Module:
    """Return the module that fills a slot of `channels` channels; the identity for None."""
    if attention is None:
        return nn.Identity()
    if isinstance(attention, str):
        one_of("attention", attention, tuple(_BLOCKS))
        attention = _BLOCKS[attention]
    if not callable(attention) or isinstance(attention, nn.Module):
        raise TypeError(
            "attention must be None, a name or a callable that makes a module of a number of channels, "
            f"got {type(attention).__name__}"
        )
    module = attention(channels)
    if not isinstance(module, nn.Module):
        raise TypeError(f"attention must make a torch.nn.Module, got {type(module).__name__}")
    return module
