"""What lesson 4 claims of its experiments, asserted on the stored results; and the networks behind them."""

import pytest
import torch
from torch import nn

from visual_attention import NonLocalBlock
from visual_attention.experiments import load_weights, stored
from visual_attention.lessons.six_kinds.data import CLIP_TASKS
from visual_attention.lessons.six_kinds.experiment_clips import NAMES, POOLINGS, ClipNetwork, clip_data, hits
from visual_attention.lessons.six_kinds.experiment_scales import BRANCHES, SignNetwork, branch_weight, sign_data
from visual_attention.training import accuracy, initialised

CHANCE = {"one": 0.1, "cue": 0.1, "first": 0.25}


# ---- branch attention
def test_the_large_kernel_gets_more_on_large_signs_in_every_seed():
    results = stored("scales")
    assert len(results.seeds) >= 5
    small, large = (results.of("selected", f"weight on {size}") for size in ("small", "large"))
    assert (large > small).all()
    assert (large - small).mean() > 0.2


def test_selecting_beats_other_ways_of_its_width_in_every_seed_and_a_wider_sum_not():
    results = stored("scales")
    for other in ("small only", "large only", "sum", "concatenation"):
        assert (results.gain("selected", other, "accuracy") > 0).all()
    assert results.of("wider sum", "parameters")[0] > results.of("selected", "parameters")[0]
    gain = results.gain("selected", "wider sum", "accuracy")
    assert 0 < gain.mean() < 0.015
    assert (gain < 0).sum() == 1


def test_a_branch_alone_reads_its_own_size_only():
    results = stored("scales")
    for own, other in (("small", "large"), ("large", "small")):
        assert (results.gain(f"{own} only", "sum", f"accuracy, {other}") < 0).all()


def test_on_clean_signs_selection_gains_next_to_nothing_and_follows_less():
    noisy, clean = stored("scales"), stored("scales_clean")
    gain = clean.gain("selected", "sum", "accuracy")
    assert gain.sort().values[:-1].max() < 0.02  # but for one run, in which the sum got stuck

    def follow(results):
        return results.of("selected", "weight on large") - results.of("selected", "weight on small")

    assert follow(clean).mean() < follow(noisy).mean() / 2
    assert (follow(clean) < 0).any()


@torch.no_grad()
def test_the_stored_network_is_the_measured_one():
    results = stored("scales")
    network = load_weights(SignNetwork("selected"), "scales")
    images, labels, large = sign_data(0, 0.3, "test")
    assert accuracy(network, images, labels) == pytest.approx(results.of("selected", "accuracy")[0].item(), abs=0.005)
    share = branch_weight(network, images)
    assert share[large].mean().item() == pytest.approx(results.of("selected", "weight on large")[0].item(), abs=0.005)


@torch.no_grad()
@pytest.mark.parametrize("branches", BRANCHES)
def test_sign_networks_do_what_their_name_says(branches):
    network = initialised(lambda: SignNetwork(branches), 0).eval()
    images = sign_data(1, 0.3, "test").images[:3]
    x = network.stem(images).relu()
    maps = [branch(x) for branch in network.kernels.branches]
    reaches = [branch[0].dilation[0] for branch in network.kernels.branches]
    assert reaches == {"small only": [1], "large only": [3]}.get(branches, [1, 3])
    if branches == "concatenation":
        joined = torch.cat(maps, dim=1)
    elif branches == "selected":
        weights = network.weights(images)[..., None, None]
        joined = weights[:, 0] * maps[0] + weights[:, 1] * maps[1]
    else:
        joined = torch.stack(maps).mean(dim=0)
    torch.testing.assert_close(network(images), network.read_out(joined.amax((2, 3))))


def test_the_wrong_names_are_named():
    with pytest.raises(ValueError, match=r"branches must be one of small only, .*got 'both'"):
        SignNetwork("both")
    with pytest.raises(ValueError, match=r"task must be one of one, cue, first, got 'two'"):
        ClipNetwork("two", "mean")
    with pytest.raises(ValueError, match=r"pooling must be one of mean, .*got 'max'"):
        ClipNetwork("one", "max")
    with pytest.raises(ValueError, match=r"part must be one of train, test, got 'all'"):
        sign_data(0, 0.3, "all")
    with pytest.raises(ValueError, match=r"part must be one of train, test, got 'all'"):
        clip_data("one", 0, "all")


# ---- temporal attention
@pytest.mark.parametrize(
    ("task", "pooling"), [("one", "learned query"), ("cue", "learned query"), ("first", "given query")]
)
def test_the_frame_that_matters_gets_the_largest_weight(task, pooling):
    hit = stored(NAMES[task]).of(pooling, "hit")
    assert len(hit) >= 5
    assert hit.min() >= 0.9


@pytest.mark.parametrize("task", ["one", "cue"])
def test_a_learned_query_beats_mean_pooling_in_every_seed(task):
    assert (stored(NAMES[task]).gain("learned query", "mean", "accuracy") > 0).all()


def test_only_the_given_query_answers_the_task_that_needs_one():
    results = stored("clips_first")
    assert (results.gain("given query", "learned query", "accuracy") > 0.3).all()
    assert results.of("learned query", "hit").max() < 0.3
    # A learned query is no better than none here.
    assert results.gain("learned query", "mean", "accuracy").abs().max() < 0.1


def test_mean_pooling_is_above_chance():
    for task in CLIP_TASKS:
        assert stored(NAMES[task]).of("mean", "accuracy").min() > CHANCE[task]
        assert stored(NAMES[task]).of("mean", "hit").max() == 0  # all weights tie


@torch.no_grad()
@pytest.mark.parametrize(("task", "pooling"), [("cue", "learned query"), ("first", "given query")])
def test_the_stored_clip_networks_are_the_measured_ones(task, pooling):
    results = stored(NAMES[task])
    network = load_weights(ClipNetwork(task, pooling), NAMES[task])
    frames, labels, informative = clip_data(task, 0, "test")
    assert accuracy(network, frames, labels) == pytest.approx(results.of(pooling, "accuracy")[0].item(), abs=0.005)
    found = hits(network, frames, informative).double().mean().item()
    assert found == pytest.approx(results.of(pooling, "hit")[0].item(), abs=0.005)


@torch.no_grad()
@pytest.mark.parametrize("task", CLIP_TASKS)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_clip_networks_average_by_their_weights(task, pooling):
    network = initialised(lambda: ClipNetwork(task, pooling), 0).eval()
    frames = clip_data(task, 2, "test").frames[:3]
    weights = network.weights(frames)
    assert weights.shape == (3, 8)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))
    assert (weights[:, 0] == 0).all() == (task == "first")
    per_frame = torch.stack([network.encoder(frames[:, :, t]) for t in range(8)], dim=1)  # (N, T, C, 4, 4)
    pooled = torch.einsum("nt,ntchw->nchw", weights, per_frame)
    torch.testing.assert_close(network(frames), network.read_out(pooled.flatten(1)), atol=1e-5, rtol=1e-4)
    if pooling == "given query":
        k = network.attention.phi(per_frame.mean(dim=(3, 4)))
        q = network.attention.theta(per_frame[:, 0].mean(dim=(2, 3)))
        scores = (k @ q[..., None])[..., 0] / q.shape[1] ** 0.5
        skipped = network.skipped
        torch.testing.assert_close(weights[:, skipped:], scores[:, skipped:].softmax(dim=1), atol=1e-5, rtol=1e-4)


def test_ties_are_no_hit():
    class Even(nn.Module):
        def weights(self, frames):
            return torch.tensor([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]])

    assert hits(Even(), torch.zeros(3), torch.tensor([0, 0, 0])).tolist() == [False, True, False]


# ---- numbers in the text
def test_one_block_for_lines_pictures_and_clips():
    line, clip = NonLocalBlock(6, dims=1, zero_init=False).eval(), NonLocalBlock(6, dims=3, zero_init=False).eval()
    clip.load_state_dict(line.state_dict())
    x = torch.randn(2, 6, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(line(x.flatten(2)).view_as(x), clip(x), atol=1e-5, rtol=1e-4)


def test_numbers_of_the_notes():
    assert 2 * 4 * 6 * 25 == 1200
    assert 32 * 28 * 28 == 25_088
    assert round(25_088**2 / 1e6) == 629
