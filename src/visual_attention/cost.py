"""What a network costs, counted, and what its paper prints.

Papers mean multiply-adds where they write FLOPs: a product and the sum that takes it in count once.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from visual_attention._validation import whole_number


@dataclass(frozen=True)
class Cost:
    """Weights that are learned, and multiply-adds of one forward pass."""

    parameters: int
    multiply_adds: int

    def __str__(self) -> str:
        return f"{self.parameters / 1e6:.2f} M parameters, {self.multiply_adds / 1e9:.3f} G multiply-adds"


def count_cost(module: nn.Module, input_shape: Sequence[int]) -> Cost:
    """Count the parameters and the multiply-adds of a module for one input.

    The module runs in evaluation mode on the meta device, where tensors have a shape and no numbers: nothing
    is computed, and `module` is left as it was. Counted are convolutions, matrix products and attention by
    `torch.utils.flop_counter`. Sums and biases, pooling, normalisation and activations are not, as in the papers.

    Parameters
    ----------
    module : any module that takes one tensor
    input_shape : the shape of that tensor, batch included, for example (1, 3, 224, 224)
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    if isinstance(input_shape, str) or not isinstance(input_shape, Sequence):
        raise TypeError(f"input_shape must be a sequence of whole numbers, got {type(input_shape).__name__}")
    shape = [whole_number("each of input_shape", size, least=1) for size in input_shape]
    twin = copy.deepcopy(module).to("meta").eval()
    weights = list(twin.parameters())
    dtype = weights[0].dtype if weights else torch.get_default_dtype()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        twin(torch.empty(shape, dtype=dtype, device="meta"))
    return Cost(sum(weight.numel() for weight in weights), counter.get_total_flops() // 2)


@dataclass(frozen=True)
class Published:
    """A row of a paper's table, as printed: millions of parameters, giga multiply-adds for 224×224 pixels."""

    network: str
    source: str
    parameters: float
    multiply_adds: float


PUBLISHED = (
    Published("ResNet-50", "CBAM, Table 4", 25.56, 3.858),
    Published("ResNet-50 + SE", "CBAM, Table 4", 28.09, 3.860),
    Published("ResNet-50 + CBAM", "CBAM, Table 4", 28.09, 3.864),
    Published("ResNet-50 + SE", "CBAM, Table 1", 25.92, 3.94),
    Published("ResNet-50 + channel gate, maximum", "CBAM, Table 1", 25.92, 3.94),
    Published("ResNet-50 + channel gate, average and maximum", "CBAM, Table 1", 25.92, 4.02),
)
# SENet, Table 10: millions of parameters of SE-ResNet-50 for each reduction ratio.
SENET_TABLE_10 = {2: 45.7, 4: 35.7, 8: 30.7, 16: 28.1, 32: 26.9}
