"""Whose turn it is: translation off the event loop, and a bounded number of requests that wait for it."""

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from service.errors import Refusal
from service.jobs import Job

if TYPE_CHECKING:
    from mt import Translation, Translator

# The engine uses all cores for one call and takes one call at a time, so more threads would only wait inside it.
THREADS = 1

LEAST_DEADLINE = 1e-6  # seconds left to a translator when none are

STOPPING = "This server is stopping. Try again elsewhere or later."

Result = TypeVar("Result")


class Scheduler:
    """A translator that works in its own thread, first come first served, and refuses rather than queue for ever."""

    def __init__(self, translator: "Translator", queue_size: int):
        self.translator = translator
        self.queue_size = queue_size
        self._waiting = 0
        self._turns = asyncio.Semaphore(THREADS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="translate")

    async def translate(self, job: Job) -> "list[Translation]":
        """What the translator gives, when its turn has come.

        Raises Refusal 429 at once when `queue_size` requests wait already. Cancelled while it waits it is never
        translated; cancelled later, its thread goes on until done and keeps its turn until then.
        """
        came = time.monotonic()
        await self._take_turn()
        running = asyncio.get_running_loop().run_in_executor(self._threads, partial(self._work, job, came))
        running.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(running)

    def _work(self, job: Job, came: float) -> "list[Translation]":
        """The job's translations; its deadline is counted from when it came."""
        options = self.translator.options(n_best=job.n_best)
        if job.beam is not None:
            options = replace(options, beam=max(job.beam, job.n_best))
        deadline = job.deadline_seconds
        if deadline is not None:
            deadline = max(came + deadline - time.monotonic(), LEAST_DEADLINE)
        return self.translator.translate(
            job.texts, job.source, job.target, n_best=job.n_best, search=options, prefix=job.prefix, deadline=deadline
        )

    async def _take_turn(self) -> None:
        if self._turns.locked() and self._waiting >= self.queue_size:
            raise Refusal(
                429,
                f"Slowdown: as many requests wait as this server will let wait ({self.queue_size}). "
                "Try again in a second, or raise MT_QUEUE_SIZE.",
                {"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Nothing; no more work is begun. A translation that is running is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def while_client_waits(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` gives; when the client leaves first, `work` is cancelled and ClientDisconnect raised.

    The request's body must have been read: what its channel still brings is then only the client's leaving. Being
    cancelled itself, as a server does that may not wait any longer, becomes a Refusal 503 for the client to read.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_client_leaves(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    except asyncio.CancelledError:
        raise Refusal(503, STOPPING) from None
    finally:
        working.cancel()
        leaving.cancel()


async def _client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
