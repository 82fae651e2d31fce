"""What is decoded once, and the requests that wait for it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mt import Hypothesis, SearchOptions

FOREVER = float("inf")
Found = Sequence[Hypothesis]


class Query(NamedTuple):
    """A sentence, or a part of one, as an engine searches it; equal queries have equal answers."""

    source: tuple[int, ...]
    options: SearchOptions
    prefix: tuple[int, ...] = ()


class Order:
    """One request: the queries it asked, those it waits for, and what was found for the others."""

    def __init__(
        self,
        client: str = "",
        deadline: float = FOREVER,
        on_done: Callable[[], object] = lambda: None,
        grace: float = 0.0,
    ):
        """`deadline` is a time of the queue's clock; `on_done` is called once nothing is missing, or `error` is set.

        What is being decoded for it stops `grace` seconds after its deadline.
        """
        self.client = client
        self.deadline = deadline
        self.wanted_until = deadline + grace
        self.began: float | None = None  # when the first of its queries was being decoded, a time of the queue's clock
        self.missing: dict[Query, Ticket] = {}
        self.waiting: OrderedDict[Query, Ticket] = OrderedDict()  # those missing that are not being decoded
        self.found: dict[Query, Found] = {}
        self.error: BaseException | None = None
        self._on_done = on_done

    def receive(self, query: Query, found: Found) -> None:
        """Nothing; one query less is missing."""
        del self.missing[query]
        self.found[query] = found
        if not self.missing:
            self._on_done()

    def fail(self, error: BaseException) -> None:
        """Nothing; the order is at an end."""
        self.error = error
        self._on_done()


class Ticket:
    """A query on its way to be decoded, once for all orders that wait for it."""

    def __init__(self, query: Query):
        self.query = query
        self.orders: dict[Order, None] = {}
        self.company: Sequence[Ticket] = ()  # those that are being decoded in one call with it, itself included
        # The times from which nobody wants it, and from which nobody is expected to want it again. An engine's thread
        # reads them while orders come and go.
        self.wanted_until = self.lingers_until = -FOREVER

    @property
    def has_begun(self) -> bool:
        """Whether it is being decoded."""
        return bool(self.company)

    @property
    def runs_until(self) -> float:
        """The time at which the call that decodes it stops, unless it is done before."""
        wanted_until = max(ticket.wanted_until for ticket in self.company)
        return wanted_until if wanted_until > -FOREVER else max(ticket.lingers_until for ticket in self.company)

    def join(self, order: Order) -> None:
        """Nothing; the order waits for this query too."""
        self.orders[order] = None
        self._look_again()

    def leave(self, order: Order, lingers_until: float = -FOREVER) -> None:
        """Nothing; the order does not wait for it any more, but may be asked anew until then."""
        del self.orders[order]
        self.lingers_until = lingers_until
        self._look_again()

    def _look_again(self) -> None:
        self.wanted_until = max((order.wanted_until for order in self.orders), default=-FOREVER)

    def goes_with(self, others: "Sequence[Ticket]", horizon: float) -> bool:
        """Whether one call may decode it with these, which go with one another.

        They are searched alike and, unless that lies behind the `horizon`, until the same time. None is more than twice
        as long as another, as all of a call wait for its longest. A prefix may be too long for one source, which must
        not fail another.
        """
        if not others:
            return True
        first, lengths = others[0], [len(ticket.query.source) for ticket in (self, *others)]
        return (
            (self.query.options, self.query.prefix) == (first.query.options, ())
            and not first.query.prefix
            and min(self.wanted_until, horizon) == min(first.wanted_until, horizon)
            and max(lengths) <= 2 * min(lengths)
        )
