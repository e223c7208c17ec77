"""How much memory a piece of work needs, measured alike on every operating system."""

import threading

import psutil

__all__ = ["PeakMemory"]

PAUSE = 0.002  # seconds between two looks


class PeakMemory:
    """Watch this process's memory from a second thread while the `with` block runs.

    Afterwards `added` is how far the memory rose above what it was at the start, in MB (10⁶ bytes). The operating
    system's own record of a peak would not do: it never falls, so an earlier and larger piece of work hides this one.
    """

    added: float

    def __enter__(self) -> "PeakMemory":
        self._process = psutil.Process()
        self._start = self._peak = self._process.memory_info().rss
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._done.set()
        self._watcher.join()
        self.added = (self._peak - self._start) / 1e6

    def _watch(self) -> None:
        while not self._done.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, self._process.memory_info().rss)
