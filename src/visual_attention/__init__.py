"""What the course on visual attention teaches: pooling, networks' attention blocks, and how to show them.

An argument that is not what its docstring says raises an error that names the argument, what it must be and what it
was: a TypeError for another kind of thing, a ValueError for a wrong shape or value. "Raises" in a docstring says what
comes in addition.
"""

from visual_attention.blocks import (
    BAM,
    CBAM,
    ChannelAttention,
    GlobalContext,
    NonLocalBlock,
    SelectiveKernel,
    SpatialAttention,
    SqueezeExcitation,
    TemporalAttention,
)
from visual_attention.cost import Cost, count_cost
from visual_attention.denoising import bilateral_filter, gaussian_blur, non_local_means
from visual_attention.networks import SmallNetwork, resnet50
from visual_attention.pooling import attention_weights, nadaraya_watson, soft_pool
from visual_attention.regression import LearnedKernelRegression

__all__ = [
    "BAM",
    "CBAM",
    "ChannelAttention",
    "Cost",
    "GlobalContext",
    "LearnedKernelRegression",
    "NonLocalBlock",
    "SelectiveKernel",
    "SmallNetwork",
    "SpatialAttention",
    "SqueezeExcitation",
    "TemporalAttention",
    "attention_weights",
    "bilateral_filter",
    "count_cost",
    "gaussian_blur",
    "nadaraya_watson",
    "non_local_means",
    "resnet50",
    "soft_pool",
]
