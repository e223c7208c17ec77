import time

import pytest
import torch

from courseware.notebook.peak_memory import PeakMemory


def hold(megabytes: int) -> None:
    block = torch.ones(megabytes * 10**6, dtype=torch.uint8)
    time.sleep(0.05)
    del block


def test_a_block_that_is_given_back_is_seen():
    with PeakMemory() as memory:
        hold(200)
    assert memory.added == pytest.approx(200, abs=30)


def test_an_earlier_and_larger_block_does_not_hide_it():
    hold(300)
    with PeakMemory() as memory:
        hold(100)
    assert memory.added == pytest.approx(100, abs=30)


def test_what_is_still_held_at_the_end_counts():
    with PeakMemory() as memory:
        block = torch.ones(100 * 10**6, dtype=torch.uint8)
    assert memory.added == pytest.approx(100, abs=30)
    assert block[-1] == 1


def test_watching_ends_where_the_work_fails():
    memory = PeakMemory()
    with pytest.raises(ZeroDivisionError), memory:
        _ = 1 / 0
    assert memory.added < 30
    assert not memory._watcher.is_alive()
