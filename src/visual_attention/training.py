"""One short training loop for the course's small networks, and a measure of what they learned."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from visual_attention._validation import positive_number, whole_number

__all__ = ["History", "accuracy", "initialised", "one_thread", "train"]

Loss = Callable[[Tensor, Tensor], Tensor]
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class History:
    """What a training run left: the loss of each step's batch, shape (steps,), and how long it took."""

    losses: Tensor
    seconds: float


def initialised(make: Callable[[], Network], seed: int) -> Network:
    """Return `make()` with random start weights that depend on `seed` alone; torch's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
        return make()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and give it back the number that it had.

    The course's networks are so small that a second thread gains little, and on a busy machine it costs a lot: the
    threads wait for each other by spinning, many times a step. One thread also sums in the same order on every machine
    of one kind, however many cores it has.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
def train(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    steps: int,
    batch: int = 64,
    learning_rate: float = 4e-3,
    loss: Loss = F.cross_entropy,
    seed: int = 0,
    progress: Callable[[int], Iterable[int]] = range,
) -> History:
    """Train `network` in place by Adam, with a learning rate that falls to 0 along a cosine, on one thread.

    Parameters
    ----------
    network : takes a batch of inputs; left in evaluation mode
    inputs, targets : shapes (n, ...); a batch is drawn from them at random, without repetition until all were seen
    steps : number of batches, at least 1
    batch : inputs in a batch, at least 1 and at most n
    learning_rate : of the first step, above 0
    loss : of the network's output and the targets of a batch
    seed : of the order of the inputs
    progress : turns the number of steps into what is looped over, for example a progress bar
    """
    whole_number("steps", steps, least=1)
    whole_number("batch", batch, least=1, most=len(inputs))
    learning_rate = positive_number("learning_rate", learning_rate)
    if len(targets) != len(inputs):
        raise ValueError(f"targets must hold one for each of the {len(inputs)} inputs, got {len(targets)}")
    generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0, most=2**63 - 1))
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    order, losses, start = torch.empty(0, dtype=torch.int64), [], time.perf_counter()
    network.train()
    for _ in progress(steps):
        if len(order) < batch:
            order = torch.randperm(len(inputs), generator=generator)
        now, order = order[:batch], order[batch:]
        optimiser.zero_grad()
        value = loss(network(inputs[now]), targets[now])
        value.backward()
        optimiser.step()
        schedule.step()
        losses.append(value.item())
    network.eval()
    return History(torch.tensor(losses), time.perf_counter() - start)


@one_thread()
@torch.no_grad()
def accuracy(network: nn.Module, inputs: Tensor, targets: Tensor, *, batch: int = 500) -> float:
    """Return the share of `inputs` (n, ...) whose largest output, over dim 1, is the target.

    Targets of −100 are left out, as in torch's `cross_entropy`. The network is asked in evaluation mode, `batch`
    inputs at a time, and put back into the mode it was in.

    Raises ValueError if there are not as many targets as inputs, or none that counts; `batch` must be at least 1.
    """
    whole_number("batch", batch, least=1)
    if len(targets) != len(inputs):
        raise ValueError(f"targets must hold one for each of the {len(inputs)} inputs, got {len(targets)}")
    was_training = network.training
    network.eval()
    right = torch.cat([network(part).argmax(dim=1) for part in inputs.split(batch)]) == targets
    network.train(was_training)
    counted = targets != -100
    if not counted.any():
        raise ValueError("targets must hold at least one that counts, all were −100")
    return right[counted].double().mean().item()
