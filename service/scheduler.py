"""Whose turn it is: the sentences of all requests, decoded off the event loop, a few in each call of the engine."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from mt import Conditions, Hypothesis
from service.errors import Refusal
from service.jobs import Job
from service.records import Phase, current_record
from service.scheduling.cache import HypothesisCache
from service.scheduling.orders import FOREVER, Found, Order, Query, Ticket
from service.scheduling.pace import Pace
from service.scheduling.queue import Counts, SentenceQueue

if TYPE_CHECKING:
    from mt import Translation, Translator

STOPPING = "This server is stopping. Try again elsewhere or later."

# Texts longer than this, in characters, are planned and put together in a thread: they would hold the event loop for
# more than a millisecond each time. For shorter ones the way to a busy thread and back takes longer than the work.
WORTH_A_THREAD = 5_000

Result = TypeVar("Result")


class Decoded(NamedTuple):
    """What one call of the engine found for each of its sentences, and how long it took."""

    found: Sequence[Found]
    seconds: float

    @property
    def is_late(self) -> bool:
        """Whether it was stopped before its end."""
        return any(one.is_late for hypotheses in self.found for one in hypotheses)


class Scheduler:
    """One translator for many requests; each of its methods belongs to the event loop's thread.

    What waits is counted and has its turn by the sentence, not by the request. Equal sentences are decoded once, as
    long as one of them is on its way or in the cache.
    """

    def __init__(
        self,
        translator: "Translator",
        queue_size: int,
        threads: int = 0,
        cache: HypothesisCache | None = None,
        clock: Callable[[], float] = time.monotonic,
        linger_seconds: float = 0.0,
    ):
        """`threads` is how many calls run at once, 0 for as many as the engine says that it pays.

        What is being decoded goes on for `linger_seconds` when nobody waits for it any more, as some ask again.
        """
        self.translator = translator
        self._queue = SentenceQueue(queue_size)
        self._cache = HypothesisCache(0) if cache is None else cache
        self._clock = clock
        self._linger_seconds = linger_seconds
        self._idle = threads or translator.calls_at_once
        self._pace = Pace(self._idle)
        self._threads = ThreadPoolExecutor(self._idle, thread_name_prefix="translate")
        self._is_closed = False
        # Told how many sentences are begun in one call, how many wait still, and the counts.
        self.on_batch: Callable[[int, int, Counts], object] = lambda size, waiting, counts: None

    @property
    def counts(self) -> Counts:
        """What became of the sentences so far."""
        return self._queue.counts

    @property
    def waiting(self) -> int:
        """How many sentences wait to be decoded."""
        return self._queue.waiting

    @property
    def running(self) -> int:
        """How many sentences are being decoded."""
        return self._queue.running

    async def translate(self, job: Job) -> "list[Translation]":
        """The translation of each text of the job, in order.

        Raises Refusal 429 at once when too many sentences wait already, or so many that none of these would be
        translated within the job's deadline. When it is cancelled, what nobody else waits for is given up soon.
        """
        self._require_room(1)
        deadline = FOREVER if job.deadline_seconds is None else self._clock() + job.deadline_seconds
        options = self.translator.options(n_best=job.n_best)
        if job.beam is not None:
            options = replace(options, beam=max(job.beam, job.n_best))
        characters = sum(map(len, job.texts))
        # A prefix is part of a translation as the model makes it, before anything is put back into it.
        told = {"links": job.explain, "inside": job.inside}
        wishes: dict[str, Any] = {"form": job.form, "protect": not job.prefix, **told}
        plan = partial(self.translator.plan, source=job.source, target=job.target, **wishes)
        plans = await _aside(characters, lambda: list(map(plan, job.texts)))
        prefix = tuple(self.translator.prefix_ids(job.prefix, plans)) if job.prefix else ()
        queries = dict.fromkeys(Query(source, options, prefix) for plan in plans for source in plan.sources)
        answers = await self.search(queries, job.client, deadline, job.wants_whole)
        found = {query.source: one for query, one in answers.items()}
        effort = WORTH_A_THREAD + 1 if job.inside else characters  # to look inside, the engine computes
        return await _aside(effort, lambda: [self.translator.assemble(one, found, job.n_best) for one in plans])

    async def search(
        self, queries: Iterable[Query], client: str, deadline: float = FOREVER, wants_whole: bool = False
    ) -> dict[Query, Found]:
        """What is found for each of these, when the turn of all has come, or the deadline, a time of the clock.

        Where it wants_whole, what has begun by then goes on for the one who asks again. Raises what `translate` does.
        """
        is_done = asyncio.Event()
        order = Order(client, deadline, is_done.set, grace=self._linger_seconds if wants_whole else 0.0)
        missing = [query for query in dict.fromkeys(queries) if not self._is_known(query, order)]
        if missing:
            self._admit(len(missing), client, deadline)
            came = self._clock()
            self._queue.add(order, missing)
            if any(ticket.has_begun for ticket in order.missing.values()):
                order.began = came  # for another request
            self._begin_calls()
            try:
                await self._answered(order, is_done)
            finally:
                self._note_phases(order, came)
        return order.found

    def _note_phases(self, order: Order, came: float) -> None:
        now = self._clock()
        began = now if order.began is None else order.began
        phases = [Phase("queue", came, began), Phase("search", began, now)]
        current_record().phases += phases if order.began is not None else phases[:1]

    def _is_known(self, query: Query, order: Order) -> bool:
        """Whether the cache knows the query; then the order has its answer."""
        found = self._cache.get(self.translator.fingerprint, query)
        if found is None:
            return False
        order.found[query] = found
        self.counts.cached += 1
        return True

    async def _answered(self, order: Order, is_done: asyncio.Event) -> None:
        """Nothing, as soon as the order has all that it can have; raises what went wrong."""
        left = None if order.deadline == FOREVER else order.deadline - self._clock()
        try:
            try:
                async with asyncio.timeout(left):
                    await is_done.wait()
            except TimeoutError:
                # The loop's clock may be a little ahead of ours.
                for query in self._queue.expire(order, max(self._clock(), order.deadline), order.wanted_until):
                    order.found[query] = [Hypothesis.none_in_time(len(query.source))]
                if order.missing:
                    await is_done.wait()
        finally:
            self._queue.withdraw(order, self._clock() + self._linger_seconds)
        if order.error:
            raise order.error

    def _require_room(self, sentences: int) -> None:
        if self._is_closed:
            raise Refusal(503, STOPPING)
        if not self._idle and not self._queue.has_room(sentences):
            raise self._refusal(
                f"as many sentences wait as this server will let wait ({self._queue.size:,})",
                self._pace.seconds_for(self._queue.waiting),
                "raise MT_QUEUE_SIZE",
            )

    def _admit(self, sentences: int, client: str, deadline: float) -> None:
        """Nothing; raises Refusal for a request that has to wait for too many, or for too long."""
        self._require_room(sentences)
        if deadline == FOREVER or self._idle:
            return
        left = deadline - self._clock()
        wait = self._pace.seconds_for(self._queue.ahead(sentences, client))
        if wait > left:
            raise self._refusal(
                f"what comes before takes about {wait:.1f} seconds, and the deadline is in {left:.1f}",
                wait - left,
                "give it more time",
            )

    def _refusal(self, reason: str, seconds: float, advice: str) -> Refusal:
        """The refusal of a request that may try again after so many seconds, to the next whole one."""
        self.counts.refused += 1
        after = max(1, math.ceil(seconds))
        when = "a second" if after == 1 else f"{after} seconds"
        return Refusal(429, f"Slowdown: {reason}. Try again in {when}, or {advice}.", {"Retry-After": str(after)})

    def _begin_calls(self) -> None:
        """Nothing; while there is both work and a thread for it, sentences are handed over."""
        while self._idle and not self._is_closed and (tickets := self._next_tickets()):
            self._idle -= 1
            self._note_begin(tickets)
            call = asyncio.get_running_loop().run_in_executor(self._threads, self._decode, tickets)
            call.add_done_callback(partial(self._end_call, tickets))

    def _note_begin(self, tickets: Sequence[Ticket]) -> None:
        now = self._clock()
        for order in {order for ticket in tickets for order in ticket.orders}:
            order.began = now if order.began is None else order.began
        self.on_batch(len(tickets), self.waiting, self.counts)

    def _next_tickets(self) -> Sequence[Ticket]:
        """What one call decodes: as many sentences as pay, unless an idle thread would be left without any."""
        most = min(self.translator.best_batch, -(-self._queue.waiting // self._idle))
        return self._queue.take(most, self._clock())

    def _decode(self, tickets: Sequence[Ticket]) -> Decoded:
        """In a thread: what the engine finds for the tickets, until nobody waits for it any more."""
        query, began = tickets[0].query, self._clock()
        sources = [ticket.query.source for ticket in tickets]
        conditions = Conditions([query.prefix] * len(sources), partial(self._is_unwanted, tickets[0]))
        found = self.translator.search(sources, query.options, conditions)
        return Decoded(found, self._clock() - began)

    def _is_unwanted(self, ticket: Ticket) -> bool:
        return self._is_closed or self._clock() >= ticket.runs_until

    def _end_call(self, tickets: Sequence[Ticket], call: "asyncio.Future[Decoded]") -> None:
        """Nothing; whoever waited for these tickets has what was found, and the thread gets more to do."""
        if self._is_closed:
            return
        self._idle += 1
        if error := call.exception():
            for ticket in tickets:
                self._queue.fail(ticket, error)
        else:
            self._hand_out(tickets, call.result())
        self._begin_calls()

    def _hand_out(self, tickets: Sequence[Ticket], decoded: Decoded) -> None:
        if not decoded.is_late:
            self._pace.note(len(tickets), decoded.seconds)
        for ticket, found in zip(tickets, decoded.found, strict=True):
            self._cache.put(self.translator.fingerprint, ticket.query, found)
            self._queue.finish(ticket, found, self._clock())

    def close(self) -> None:
        """Nothing; what waits is refused, and what is being decoded stops."""
        self._is_closed = True
        self._queue.close(Refusal(503, STOPPING))
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _aside(characters: int, work: Callable[[], Result]) -> Result:
    """What `work` on a text of so many characters gives, without holding the event loop for long."""
    return await asyncio.to_thread(work) if characters > WORTH_A_THREAD else work()


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
