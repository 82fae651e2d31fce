"""Several workers as threads of one process, whose all-reduce is a sum in memory."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from training.run.workers import Workers

TIMEOUT_SECONDS = 60  # after which a worker that waits for one that has ended is told so


def together(count: int, work: Callable[[Workers], Any]) -> list[Future[Any]]:
    """What becomes of the work of each worker, all at the same time, as many times as they add something up."""
    given: list[Any] = [None] * count
    sums: list[Any] = []

    def add_up() -> None:
        sums[:] = [sum(tensors) for tensors in zip(*given, strict=True)]

    barrier = threading.Barrier(count, add_up, TIMEOUT_SECONDS)

    def worker(index: int) -> Workers:
        def add(tensors: Any) -> list[Any]:
            given[index] = tensors
            barrier.wait()
            return list(sums)  # nobody can begin another sum before all have taken this one

        return Workers(index, count, add)

    with ThreadPoolExecutor(count) as threads:
        return [threads.submit(work, worker(index)) for index in range(count)]
