"""Attention blocks of vision networks, one file per paper."""

from visual_attention.blocks.bam import BAM
from visual_attention.blocks.cbam import CBAM, ChannelAttention, SpatialAttention
from visual_attention.blocks.global_context import GlobalContext
from visual_attention.blocks.non_local import NonLocalBlock
from visual_attention.blocks.selective_kernel import SelectiveKernel
from visual_attention.blocks.squeeze_excitation import SqueezeExcitation
from visual_attention.blocks.temporal import TemporalAttention

__all__ = [
    "BAM",
    "CBAM",
    "ChannelAttention",
    "GlobalContext",
    "NonLocalBlock",
    "SelectiveKernel",
    "SpatialAttention",
    "SqueezeExcitation",
    "TemporalAttention",
]
