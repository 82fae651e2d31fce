"""Work that a thread does before it is asked for."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
_END = object()


def ahead(items: Iterator[Item], most: int) -> Generator[Item]:
    """The same items, each made in a thread of its own while those before it are in use, at most `most` in store.

    An error of the iterator is raised in the place of its item. When this one is closed or forgotten, the thread ends
    with the item that it is at, and the iterator is closed too if it is a generator.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as executor:
        waiting: deque[Future[Any]] = deque(executor.submit(next, items, _END) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(executor.submit(next, items, _END))
                yield item
        finally:
            executor.shutdown(cancel_futures=True)
            if hasattr(items, "close"):
                items.close()
