"""The training loop: what it depends on, what it leaves alone, and what it learns."""

import pytest
import torch
from torch import nn

from visual_attention.datasets import digits
from visual_attention.lessons.cbam import experiment as cluttered
from visual_attention.lessons.non_local import explorers as non_local
from visual_attention.lessons.non_local import networks as twins
from visual_attention.training import accuracy, initialised, one_thread, train


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def test_digits_are_learned_and_held_out_digits_recognised():
    images, labels = digits("train")
    held_out = digits("test")
    network = initialised(linear, seed=0)
    before = accuracy(network, *held_out)
    history = train(network, images, labels, steps=300, learning_rate=2e-2)
    assert before < 0.3
    assert accuracy(network, *held_out) > 0.9
    assert history.losses.shape == (300,)
    assert history.losses[-50:].mean() < history.losses[:10].mean() / 5
    assert history.seconds > 0
    assert not network.training


def test_a_run_depends_on_its_seeds_alone():
    images, labels = digits("train")

    def weights(start, order):
        network = initialised(linear, seed=start)
        train(network, images, labels, steps=5, seed=order)
        return network[1].weight.detach()

    torch.manual_seed(1)
    first = weights(0, 0)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert torch.equal(first, weights(0, 0))
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(first, weights(1, 0))
    assert not torch.equal(first, weights(0, 1))


def test_every_input_is_seen_once_before_one_is_seen_twice():
    seen = []

    class Watching(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            seen.extend(x.flatten().tolist())
            return x * self.weight

    inputs = torch.arange(12.0)[:, None]
    train(Watching(), inputs, inputs, steps=3, batch=4, loss=nn.functional.mse_loss)
    assert sorted(seen) == list(range(12))


def test_the_progress_decides_on_the_loop():
    asked = []

    def progress(steps):
        asked.append(steps)
        return range(2)

    inputs = torch.randn(8, 64)
    history = train(linear(), inputs, torch.zeros(8, dtype=torch.int64), steps=7, batch=8, progress=progress)
    assert asked == [7]
    assert len(history.losses) == 2


def test_accuracy_leaves_out_what_does_not_count():
    scores = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    network = nn.Identity().train()
    assert accuracy(network, scores, torch.tensor([0, 1, 1, -100])) == pytest.approx(2 / 3)
    assert network.training
    maps = scores[:, :, None].expand(4, 2, 3)
    targets = torch.tensor([[0, -100, 1], [-100, -100, 0], [1, 1, 1], [0, 0, 0]])
    assert accuracy(network, maps, targets, batch=3) == pytest.approx(5 / 9)
    with pytest.raises(ValueError, match="targets must hold at least one that counts"):
        accuracy(network, scores, torch.full((4,), -100))
    with pytest.raises(ValueError, match="targets must hold one for each of the 4 inputs, got 3"):
        accuracy(network, scores, torch.zeros(3))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch": 9}, "batch must be between 1 and 8, got 9"),
        ({"learning_rate": 0}, "learning_rate must be a finite number above 0"),
        ({"targets": torch.zeros(7, dtype=torch.int64)}, "targets must hold one for each of the 8 inputs, got 7"),
    ],
)
def test_bad_input_is_named(change, words):
    good = {"inputs": torch.randn(8, 64), "targets": torch.zeros(8, dtype=torch.int64), "steps": 1, "batch": 4}
    with pytest.raises(ValueError, match=words):
        train(linear(), **(good | change))


def test_digits():
    images, labels = digits("train")
    held_out = digits("test")
    assert images.shape == (1200, 8, 8)
    assert held_out.images.shape == (597, 8, 8)
    assert images.min() == 0
    assert images.max() == 1
    assert torch.bincount(torch.cat([labels, held_out.labels])).min() > 170
    # The parts share no picture (a few pictures of the collection are equal: at most as many as it holds itself).
    both = torch.cat([images, held_out.images]).flatten(1)
    assert len(torch.unique(both, dim=0)) == len(both)
    large, same = digits("train", size=12)
    assert large.shape == (1200, 12, 12)
    assert torch.equal(same, labels)
    assert (large.mean(dim=(1, 2)) - images.mean(dim=(1, 2))).abs().max() < 0.05
    with pytest.raises(ValueError, match="split must be one of train, test, got 'all'"):
        digits("all")
    with pytest.raises(ValueError, match="size must be at least 4, got 3"):
        digits(size=3)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_training_takes_one_thread_and_gives_the_others_back(two_threads):
    threads = []

    class Watching(nn.Linear):
        def forward(self, x):
            threads.append(torch.get_num_threads())
            return super().forward(x)

    inputs = torch.zeros(4, 2)
    how = {"steps": 2, "batch": 4, "loss": nn.functional.mse_loss}
    train(Watching(2, 2), inputs, inputs, **how)
    assert threads == [1, 1]
    assert torch.get_num_threads() == 2
    # The second call too: a context manager that is made once must not be used up by the first.
    train(Watching(2, 2), inputs, inputs, **how)
    assert threads == [1, 1, 1, 1]


def test_what_a_lesson_computes_around_its_training_takes_one_thread_too(two_threads):
    threads = []

    class Watching(nn.Module):
        def forward(self, x):
            threads.append(torch.get_num_threads())
            return torch.zeros(len(x), 32, 9, 9)

        features = forward

    accuracy(Watching(), torch.zeros(2, 1), torch.zeros(2, 9, 9, dtype=torch.int64))
    twins.features_of(Watching(), torch.zeros(2, 3, 36, 36))
    cluttered.features(Watching(), torch.zeros(2, 1, 48, 48))
    assert threads == [1, 1, 1]
    assert torch.get_num_threads() == 2


def test_the_pixels_explorer_computes_on_one_thread(two_threads, monkeypatch):
    threads = []
    monkeypatch.setattr(non_local, "non_local_means", lambda *_, **__: threads.append(torch.get_num_threads()))
    non_local.PixelStudy().denoised(0.05, "included")
    assert threads == [1]


def test_the_threads_come_back_after_an_error(two_threads):
    def interrupted():
        with one_thread():
            assert torch.get_num_threads() == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.get_num_threads() == 2


def test_more_bad_arguments_are_named():
    network, x, targets = torch.nn.Linear(2, 2), torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(TypeError, match=r"^seed must be a whole number, got str$"):
        train(network, x, targets, steps=1, batch=2, seed="one")
    with pytest.raises(ValueError, match=r"^batch must be at least 1, got 0$"):
        accuracy(network, x, targets, batch=0)
