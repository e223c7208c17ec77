"""What every attention block promises, whatever it computes."""

import copy
import inspect
import math
import re

import pytest
import torch
from references import F64, random, randomised

from visual_attention import (
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
from visual_attention.blocks.cbam import ARRANGEMENTS
from visual_attention.blocks.non_local import PAIRWISE

MAP, CLIP = (2, 6, 4, 5), (2, 6, 3, 4, 5)
# name: what makes the block, the shape of its input
BLOCKS = {
    "squeeze_excitation": (lambda: SqueezeExcitation(6, 2), MAP),
    "channel": (lambda: ChannelAttention(6, 2), MAP),
    "spatial": (lambda: SpatialAttention(3), MAP),
    **{f"cbam {a}": (lambda a=a: CBAM(6, 2, 3, arrangement=a), MAP) for a in ARRANGEMENTS},
    **{f"non_local {p}": (lambda p=p: NonLocalBlock(6, pairwise=p, zero_init=False), MAP) for p in PAIRWISE},
    "non_local clip": (lambda: NonLocalBlock(6, dims=3, subsample=True, zero_init=False), CLIP),
    "non_local scaled": (lambda: NonLocalBlock(6, scaled=True, zero_init=False), MAP),
    "global_context": (lambda: GlobalContext(6, 2), MAP),
    "selective_kernel": (lambda: SelectiveKernel(6, groups=2), MAP),
    "temporal": (lambda: TemporalAttention(6), CLIP),
    "bam": (lambda: BAM(6, 2), MAP),
}
every_block = pytest.mark.parametrize(("make", "shape"), BLOCKS.values(), ids=BLOCKS.keys())


def attention(block, x):
    """The numbers a block can be drawn by."""
    return block.gate(x) if hasattr(block, "gate") else block.weights(x)


@every_block
def test_gradients_match_finite_differences(make, shape):
    block = randomised(make())
    x = random(1, 6, *(2 for _ in shape[2:])).requires_grad_()
    names, parameters = zip(*block.named_parameters(), strict=True)

    def run(x, *parameters):
        return torch.func.functional_call(block, dict(zip(names, parameters, strict=True)), x)

    assert torch.autograd.gradcheck(run, (x, *parameters), fast_mode=True)
    assert torch.autograd.gradcheck(block, x)


@every_block
def test_says_its_weights(make, shape):
    block, x = randomised(make()), random(*shape)
    weights = attention(block, x)
    assert len(weights) == len(x)
    assert weights.isfinite().all()
    if hasattr(block, "gate"):
        assert ((weights > 0) & (weights < 1)).all()
        assert torch.broadcast_shapes(weights.shape, x.shape) == x.shape
    elif getattr(block, "pairwise", "") not in ("dot_product", "concatenation"):
        # Competing weights: over frames, over branches, over positions.
        dim = -1 if weights.ndim < 4 else 1
        torch.testing.assert_close(weights.sum(dim), torch.ones_like(weights.sum(dim)), atol=1e-12, rtol=0)


@every_block
def test_training_and_state(make, shape):
    """Copies and saved states compute the same; a step of training changes every weight that gets a gradient."""
    block, x = randomised(make()), random(*shape)
    expected = block(x)
    assert torch.equal(copy.deepcopy(block)(x), expected)
    loaded = make().double().eval()
    assert not torch.equal(loaded(x), expected)
    loaded.load_state_dict(block.state_dict())
    assert torch.equal(loaded(x), expected)

    block.train()
    before = copy.deepcopy(block.state_dict())
    block(x).square().sum().backward()
    assert all(p.grad is not None for p in block.parameters())
    torch.optim.SGD(block.parameters(), lr=0.1).step()
    assert any(not torch.equal(before[name], after) for name, after in block.state_dict().items())


@every_block
def test_precisions(make, shape):
    torch.manual_seed(0)
    block, x = make().eval(), torch.randn(*shape)
    single = block(x)
    assert single.dtype == torch.float32
    double = copy.deepcopy(block).double()(x.double())
    assert double.dtype == F64
    torch.testing.assert_close(single.double(), double, atol=1e-5, rtol=0)

    half = copy.deepcopy(block).bfloat16()(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.double(), double, atol=0.05, rtol=0.05)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = block(x)
    torch.testing.assert_close(mixed.double(), double, atol=0.05, rtol=0.05)


@every_block
def test_channels_last(make, shape):
    block, x = randomised(make()), random(*shape)
    layout = torch.channels_last if len(shape) == 4 else torch.channels_last_3d
    there = x.contiguous(memory_format=layout)
    out = block(there)
    torch.testing.assert_close(out, block(x), atol=1e-12, rtol=0)
    assert attention(block, there).shape == attention(block, x).shape
    if out.shape == x.shape:
        assert out.is_contiguous(memory_format=layout)
        assert block(x).is_contiguous()


@every_block
def test_meta_tensors(make, shape):
    with torch.device("meta"):
        block, x = make(), torch.empty(shape)
    out = block(x)
    assert out.is_meta
    assert out.shape == make().eval()(torch.zeros(shape)).shape


@every_block
def test_compiles_without_a_break_and_exports(make, shape):
    block, x = randomised(make()), random(*shape)
    expected = block(x)
    torch.compiler.reset()  # torch counts the variants of a class's forward, over all tests
    captured = torch.compile(block, backend="eager", fullgraph=True)
    torch.testing.assert_close(captured(x), expected, atol=1e-12, rtol=0)
    x.requires_grad_()
    torch.testing.assert_close(captured(x), expected, atol=1e-12, rtol=0)
    exported = torch.export.export(block, (x.detach(),)).module()
    torch.testing.assert_close(exported(x.detach()), expected, atol=1e-12, rtol=0)


@every_block
@pytest.mark.parametrize("differentiate", [True, False])
def test_nan_goes_in_and_comes_out(make, shape, differentiate):
    """In the picture it is in; the other picture of the batch is left alone."""
    block, x = randomised(make()), random(*shape)
    x[0, (2, *(1 for _ in shape[2:]))[0], *(1 for _ in shape[2:])] = math.nan
    out = block(x.requires_grad_(differentiate))
    assert out[0].isnan().any()
    assert not out[1].isnan().any()
    if not isinstance(block, SpatialAttention):
        # Each of these looks at the whole picture, and has no number left that it could trust.
        assert out[0].isnan().all()


@every_block
def test_describes_itself(make, shape):
    block = make()
    text = block.extra_repr()
    assert text
    for pair in text.split(", "):
        if "=" in pair and "(" not in pair and ")" not in pair:
            name, value = pair.split("=")
            assert str(getattr(block, name)) == value
    assert text in repr(block)


@every_block
def test_forward_says_the_shape_on_every_line(make, shape):
    lines = inspect.getsource(type(make()).forward).splitlines()[1:]
    computing = [line for line in lines if re.search(r"\breturn\b|[^=!<>]=[^=]", line)]
    assert computing
    for line in computing:
        assert re.search(r"  # .*\(N, .+\)", line), f"no shape: {line.strip()}"


def test_batch_of_one_and_single_positions():
    for shape in [(1, 6, 1, 1), (1, 6, 1, 5), (3, 6, 1, 1)]:
        for make, expected in BLOCKS.values():
            if len(expected) == 4:
                block = randomised(make())
                assert block(random(*shape)).shape == shape


# --- bad input ----------------------------------------------------------------------------------------

X = torch.zeros(2, 6, 4, 5)
REDUCED = (SqueezeExcitation, ChannelAttention, CBAM, BAM, SelectiveKernel, GlobalContext)
INNER = (NonLocalBlock, TemporalAttention)
ALL = REDUCED + INNER
WRONG = [
    *[(lambda c=c, n=n: c(n), ValueError, f"channels must be at least 1, got {n}") for c in ALL for n in (0, -3)],
    *[(lambda c=c: c(6.0), TypeError, "channels must be a whole number, got float") for c in ALL],
    *[(lambda c=c: c(6, 0), ValueError, "reduction must be at least 1, got 0") for c in REDUCED],
    *[(lambda c=c: c(6, -16), ValueError, "reduction must be at least 1, got -16") for c in REDUCED],
    *[(lambda c=c: c(6, True), TypeError, "reduction must be a whole number, got bool") for c in REDUCED],
    *[(lambda c=c: c(6, 0), ValueError, "inner_channels must be at least 1, got 0") for c in INNER],
    (lambda: SqueezeExcitation(6, bias=1), TypeError, "bias must be True or False, got int"),
    (lambda: ChannelAttention(6, bias=None), TypeError, "bias must be True or False, got NoneType"),
    (lambda: ChannelAttention(6, pools=()), ValueError, r"pools must be a sequence of names out of avg, max, got \(\)"),
    (
        lambda: ChannelAttention(6, pools="avg"),
        ValueError,
        "pools must be a sequence of names out of avg, max, got 'avg'",
    ),
    (lambda: ChannelAttention(6, pools=7), ValueError, "pools must be a sequence of names out of avg, max, got 7"),
    (lambda: ChannelAttention(6, pools=("avg", "min")), ValueError, "each of pools must be one of avg, max, got 'min'"),
    (
        lambda: ChannelAttention(6, pools=("avg", "avg")),
        ValueError,
        r"pools must name each pool once, got \('avg', 'avg'\)",
    ),
    *[
        (lambda c=c, k=k: c(kernel_size=k), ValueError, message)
        for c in (SpatialAttention, lambda kernel_size: CBAM(6, 16, kernel_size))
        for k, message in [
            (4, "kernel_size must be odd, got 4"),
            (0, "kernel_size must be at least 1, got 0"),
            (-7, "kernel_size must be at least 1, got -7"),
        ]
    ],
    (lambda: SpatialAttention(7.0), TypeError, "kernel_size must be a whole number, got float"),
    (lambda: SpatialAttention(norm="batch"), TypeError, "norm must be True or False, got str"),
    (lambda: CBAM(6, arrangement="both"), ValueError, "arrangement must be one of channel_spatial, .*got 'both'"),
    (lambda: NonLocalBlock(6, pairwise="softmax"), ValueError, "pairwise must be one of gaussian, .*got 'softmax'"),
    (lambda: NonLocalBlock(6, dims=4), ValueError, "dims must be between 1 and 3, got 4"),
    (lambda: NonLocalBlock(6, dims=0), ValueError, "dims must be between 1 and 3, got 0"),
    (lambda: NonLocalBlock(6, dims=2.0), TypeError, "dims must be a whole number, got float"),
    (lambda: NonLocalBlock(6, subsample=2), TypeError, "subsample must be True or False, got int"),
    (lambda: NonLocalBlock(6, zero_init=0), TypeError, "zero_init must be True or False, got int"),
    (lambda: NonLocalBlock(6, scaled=1), TypeError, "scaled must be True or False, got int"),
    (
        lambda: NonLocalBlock(6, pairwise="dot_product", scaled=True),
        ValueError,
        "scaled must be False unless pairwise is embedded_gaussian, got pairwise 'dot_product'",
    ),
    (lambda: GlobalContext(6, inner=0), ValueError, "inner must be at least 1, got 0"),
    (lambda: GlobalContext(6, inner=1.5), TypeError, "inner must be a whole number, got float"),
    (lambda: NonLocalBlock(6, 1.5), TypeError, "inner_channels must be a whole number, got float"),
    (
        lambda: SelectiveKernel(6, dilations=(1,)),
        ValueError,
        r"dilations must hold at least 2 numbers, one for each branch, got \(1,\)",
    ),
    (lambda: SelectiveKernel(6, dilations=(1, 0)), ValueError, "each of dilations must be at least 1, got 0"),
    (lambda: SelectiveKernel(6, dilations=2), TypeError, "dilations must be a sequence of whole numbers, got int"),
    (lambda: SelectiveKernel(6, dilations="12"), TypeError, "dilations must be a sequence of whole numbers, got str"),
    (lambda: SelectiveKernel(6, groups=4), ValueError, "groups must divide channels, got 4 groups and 6 channels"),
    (lambda: SelectiveKernel(6, groups=0), ValueError, "groups must be at least 1, got 0"),
    (lambda: SelectiveKernel(6, least_hidden=0), ValueError, "least_hidden must be at least 1, got 0"),
    (lambda: BAM(6, dilation=0), ValueError, "dilation must be at least 1, got 0"),
    (lambda: TemporalAttention(6, query="first"), ValueError, "query must be one of learned, given, got 'first'"),
]


@pytest.mark.parametrize(("make", "error", "message"), WRONG, ids=range(len(WRONG)))
def test_wrong_argument_is_named(make, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        make()


@every_block
def test_wrong_input_is_named(make, shape):
    block = make()
    axes = "T, H, W" if len(shape) == 5 else "H, W"
    wrong_channels = (2, 5, *shape[2:])
    wrong_shapes = [(2, 6), (6, 4, 5), (2, 6, 4, 5, 6, 7), (2, 6, *(0 for _ in shape[2:]))]
    if not isinstance(block, SpatialAttention):
        wrong_shapes.append(wrong_channels)
    for way in (block, lambda x: attention(block, x)):
        for wrong in wrong_shapes:
            # The spatial gate, which may come first, takes any number of channels.
            message = (
                rf"^x must have shape \(N, (6|C), {axes}\) and not be empty, got \({', '.join(map(str, wrong))}\)$"
            )
            with pytest.raises(ValueError, match=message):
                way(torch.zeros(wrong))
        with pytest.raises(TypeError, match=r"^x must be a torch tensor, got list$"):
            way([1.0])
        message = r"^x must be of a floating-point dtype \(write x.float\(\)\), got torch.int64$"
        with pytest.raises(TypeError, match=message):
            way(torch.zeros(shape, dtype=torch.int64))


@every_block
@pytest.mark.parametrize(("wrong", "right"), [("float16", "float32"), ("float64", "float32"), ("float32", "float64")])
def test_input_of_another_dtype_than_the_weights_is_named(make, shape, wrong, right):
    block, x = make().to(getattr(torch, right)), torch.zeros(shape, dtype=getattr(torch, wrong))
    message = (
        rf"^x must have the dtype of the weights of \w+, torch.{right} "
        rf"\(write x.to\(torch.{right}\)\), got torch.{wrong}$"
    )
    for way in (block, lambda x: attention(block, x)):
        with pytest.raises(TypeError, match=message):
            way(x)


def test_a_query_of_another_dtype_than_the_weights_is_named():
    with pytest.raises(
        TypeError, match=r"^query must have the dtype of the weights of TemporalAttention, torch.float32"
    ):
        TemporalAttention(6, query="given")(torch.zeros(CLIP), torch.zeros(2, 6, dtype=torch.float64))


@every_block
def test_autocast_takes_half_precision_and_refuses_float64(make, shape):
    block = make()
    with torch.autocast("cpu", torch.bfloat16):
        assert block(torch.zeros(shape, dtype=torch.bfloat16)).shape == block(torch.zeros(shape)).shape
        with pytest.raises(TypeError, match=r"^x must have the dtype of the weights"):
            block(torch.zeros(shape, dtype=torch.float64))


@every_block
def test_sparse_input_is_named(make, shape):
    with pytest.raises(TypeError, match=r"^x must be a dense tensor \(write x.to_dense\(\)\), got layout .*coo$"):
        make()(torch.zeros(shape).to_sparse())


@pytest.mark.parametrize(
    ("make", "name"),
    [
        *[(lambda c=c: c(6, 10**30), "reduction") for c in REDUCED],
        *[(lambda c=c: c(10**30), "channels") for c in ALL],
        (lambda: ChannelAttention(6, 10**5000), "reduction"),  # Python itself refuses to print it
        (lambda: SpatialAttention(10**30 + 1), "kernel_size"),
        (lambda: BAM(6, dilation=10**30), "dilation"),
    ],
)
def test_a_size_beyond_torchs_is_named(make, name):
    with pytest.raises(ValueError, match=f"^{name} must be at most 2147483647, got (10000|one of more)"):
        make()
