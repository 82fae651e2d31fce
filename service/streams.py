"""Translations that are sent while they grow: a bounded number at once, each piece computed when it is wanted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from service.errors import Refusal

if TYPE_CHECKING:
    from mt import TranslationStream

Result = TypeVar("Result")


class Streams:
    """The streams that are open; they take turns, a piece each, in one thread."""

    def __init__(self, most: int):
        self.open = 0
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stream")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A stream's place while it is open; raises Refusal 429 at once when all are taken."""
        if self.open >= self._most:
            raise Refusal(
                429,
                f"Slowdown: as many streams are open as this server will have at once ({self._most}). "
                "Try again in a second, or raise MT_MAX_STREAMS.",
                {"Retry-After": "1"},
            )
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    async def read(self, stream: "TranslationStream") -> AsyncIterator[str]:
        """Each text that the stream gives out; whoever stops reading stops the work at the next piece."""
        while (item := await self.run(lambda: next(stream, None))) is not None:
            if item:
                yield item

    async def run(self, work: Callable[[], Result]) -> Result:
        """What `work` gives when its turn in the thread has come."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Nothing; no more pieces are computed."""
        self._thread.shutdown(wait=False, cancel_futures=True)
