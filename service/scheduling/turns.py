"""Whose turn it is: clients in rotation, and the orders of each client in rotation too."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import islice

from service.scheduling.orders import Order, Ticket

# How many orders of a client are looked at for one that goes with the others; the first has its turn in any case.
LOOKED_AT = 64


class Turns:
    """The orders that wait, by client.

    Each sentence is a turn, and who had one goes behind all others. So a client with sentences has one in every call,
    or goes before all clients that had one: among C clients it waits for fewer than C calls, whatever they ask for.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[str, OrderedDict[Order, None]] = OrderedDict()

    def __iter__(self) -> Iterator[Order]:
        return (order for line in self._lines.values() for order in line)

    def line(self, client: str) -> int:
        """How many sentences of this client wait."""
        return sum(len(order.waiting) for order in self._lines.get(client, ()))

    def lines(self) -> Iterator[tuple[str, int]]:
        """The clients that wait, each with the number of its sentences."""
        return ((client, self.line(client)) for client in self._lines)

    def settle(self, order: Order) -> None:
        """Nothing; the order has a place if, and only if, one of its sentences waits."""
        if order.waiting:
            self._lines.setdefault(order.client, OrderedDict()).setdefault(order)
        elif order in self._lines.get(order.client, ()):
            del self._lines[order.client][order]
            if not self._lines[order.client]:
                del self._lines[order.client]

    def take(self, most: int, horizon: float) -> list[Ticket]:
        """The tickets whose turn it is, begun: at most so many that go with one another; none when none wait.

        The call that decodes them is over before the `horizon`.
        """
        chosen: list[Ticket] = []
        clients = deque(self._lines)
        while clients and len(chosen) < most:
            client = clients.popleft()
            if ticket := self._next(client, chosen, horizon):
                chosen.append(ticket)
                ticket.company = chosen
                self._begin(ticket)
                if client in self._lines:
                    self._lines.move_to_end(client)
                    clients.append(client)
        return chosen

    def _next(self, client: str, chosen: list[Ticket], horizon: float) -> Ticket | None:
        """The first of the client's tickets that goes with those chosen; its order had its turn."""
        line = self._lines.get(client, OrderedDict())  # which is gone when all its tickets were others' too
        for order in islice(line, LOOKED_AT):
            ticket = next(iter(order.waiting.values()))
            if ticket.goes_with(chosen, horizon):
                line.move_to_end(order)
                return ticket
        return None

    def _begin(self, ticket: Ticket) -> None:
        for order in ticket.orders:
            del order.waiting[ticket.query]
            self.settle(order)
