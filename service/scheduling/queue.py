"""The sentences of all requests that wait for one engine: a bounded number, each decoded once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from service.scheduling.orders import FOREVER, Found, Order, Query, Ticket
from service.scheduling.turns import Turns

# A request counts at most for this part of the queue, so that this many books wait without one taking another's place.
LONG_REQUESTS = 16

# Longer than a call takes: a deadline further away need not stop it.
CALL_SECONDS = 2.0


@dataclass(eq=False)
class Counts:
    """What became of sentences since the start; each only grows. Equal only to itself."""

    cached: int = 0  # known already when a request asked for them
    shared: int = 0  # on their way already, for another request
    decoded: int = 0  # that came from the engine whole
    cancelled: int = 0  # given up, begun or not, as nobody waited for them any more
    refused: int = 0  # requests, not sentences
    # Faults of translations, by reason and whether one without it was found: see mt.guard.
    loops: Counter[tuple[str, str]] = field(default_factory=Counter)


class SentenceQueue:
    """The tickets that wait and those that are being decoded; equal queries have one ticket."""

    def __init__(self, size: int):
        """`size` is the number of sentences that may wait."""
        self.size = size
        self.counts = Counts()
        self._turns = Turns()
        self._tickets: dict[Query, Ticket] = {}

    @property
    def waiting(self) -> int:
        """How many sentences wait to be decoded, those of two requests twice."""
        return sum(len(order.waiting) for order in self._turns)

    @property
    def running(self) -> int:
        """How many sentences are being decoded."""
        return sum(ticket.has_begun for ticket in self._tickets.values())

    def has_room(self, sentences: int = 1) -> bool:
        """Whether a request with so many sentences may wait too; one of any length counts as a part of the queue."""
        most = max(1, self.size // LONG_REQUESTS)
        taken = sum(min(most, len(order.waiting)) for order in self._turns)
        return taken + min(most, sentences) <= self.size

    def ahead(self, sentences: int, client: str) -> int:
        """How many sentences of others come before the last of so many new ones of this client."""
        others = sum(min(line, sentences) for other, line in self._turns.lines() if other != client)
        return self.running + self._turns.line(client) + others

    def add(self, order: Order, queries: Iterable[Query]) -> None:
        """Nothing; the order waits for these. Short ones come first, so that those of like length stand together."""
        for query in sorted(dict.fromkeys(queries), key=lambda query: len(query.source)):
            ticket = self._tickets.get(query)
            self.counts.shared += ticket is not None
            ticket = self._tickets.setdefault(query, ticket or Ticket(query))
            ticket.join(order)
            order.missing[query] = ticket
            if not ticket.has_begun:
                order.waiting[query] = ticket
        self._turns.settle(order)

    def take(self, most: int, now: float) -> list[Ticket]:
        """What to decode next, in one call: at most so many tickets, none when none wait."""
        return self._turns.take(most, now + CALL_SECONDS)

    def finish(self, ticket: Ticket, found: Found, now: float) -> None:
        """Nothing; those who waited have it.

        Hypotheses that are late are for those whose deadline is over; for others the ticket waits anew, before their
        other sentences.
        """
        is_late = any(one.is_late for one in found)
        self.counts.loops.update((reason, "left") for reason in found[0].faults)
        self.counts.loops.update((reason, "avoided") for reason in found[0].avoided)
        self.counts.decoded += not is_late
        self.counts.cancelled += is_late and not ticket.orders
        for order in [order for order in ticket.orders if not is_late or order.deadline <= now]:
            ticket.leave(order)
            order.receive(ticket.query, found)
        if ticket.orders:
            self._wait_anew(ticket)
        else:
            del self._tickets[ticket.query]

    def fail(self, ticket: Ticket, error: BaseException) -> None:
        """Nothing; the orders that waited for the ticket are at an end."""
        for order in list(ticket.orders):
            self.withdraw(order)
            order.fail(error)
        self._tickets.pop(ticket.query, None)

    def withdraw(self, order: Order, lingers_until: float = -FOREVER) -> None:
        """Nothing; what only this order waited for is not decoded, or no further than until then."""
        for ticket in order.missing.values():
            self._leave(ticket, order, lingers_until)
        order.missing.clear()
        self._turns.settle(order)

    def expire(self, order: Order, now: float, lingers_until: float = -FOREVER) -> list[Query]:
        """The queries whose answer the order, whose deadline is over, need not wait for: it does so no more.

        What it still waits for is being decoded in a call that stops now, and so will be there at once. What nobody
        else waits for is decoded no further than until then.
        """
        given_up = [query for query, one in order.missing.items() if not one.has_begun or one.runs_until > now]
        for query in given_up:
            self._leave(order.missing.pop(query), order, lingers_until)
        self._turns.settle(order)
        return given_up

    def close(self, error: BaseException) -> None:
        """Nothing; nobody waits any more."""
        for ticket in list(self._tickets.values()):
            self.fail(ticket, error)

    def _leave(self, ticket: Ticket, order: Order, lingers_until: float) -> None:
        ticket.leave(order, lingers_until)
        order.waiting.pop(ticket.query, None)
        if not ticket.orders and not ticket.has_begun:
            del self._tickets[ticket.query]
            self.counts.cancelled += 1

    def _wait_anew(self, ticket: Ticket) -> None:
        ticket.company = ()
        for order in ticket.orders:
            order.waiting[ticket.query] = ticket
            order.waiting.move_to_end(ticket.query, last=False)
            self._turns.settle(order)
