"""Work spread over processes, or over a Dask cluster: joblib does it, and what a dying process had is done again."""

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from courseware.project import UserError

__all__ = ["cluster", "results"]

Key = TypeVar("Key", bound=Hashable)
ATTEMPTS = 3  # a process that dies takes its pool along


def results(
    function: Callable[..., Any],
    tasks: Mapping[Key, tuple],
    jobs: int,
    died: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Key, Any]]:
    """Call `function` with the arguments of each task; yield key and result as they come.

    `jobs` processes work at a time (-1: one for each processor), or what `cluster` has named. When a process dies,
    `died` is called and what is still missing is done again, so that a task may be left out in the end. What
    `function` raises is raised here.
    """
    left = dict(tasks)
    for _ in range(ATTEMPTS):
        calls = [joblib.delayed(_with_key)(function, key, arguments) for key, arguments in left.items()]
        try:
            for key, result in joblib.Parallel(jobs, return_as="generator_unordered")(calls):
                del left[key]
                yield key, result
            return
        except BrokenProcessPool:
            died()


def _with_key(function: Callable[..., Any], key: Key, arguments: tuple) -> tuple[Key, Any]:
    return key, function(*arguments)


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Let joblib use the Dask cluster at an address, if there is one. Raises UserError if Dask is not installed."""
    if address is None:
        yield
        return
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise UserError("--dask needs the package distributed: python -m pip install distributed") from error
    with Client(address, set_as_default=True), joblib.parallel_config("dask"):
        yield
