"""How often a client may call: a moving window for each, counted in the key file, or in memory without one."""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from service.database import transaction

if TYPE_CHECKING:
    from limits import RateLimitItem

# A hit is a row, and the hits of a client are walked through: a day's worth of requests, no more.
MOST_HITS = 100_000


class Excess(NamedTuple):
    """A rate that a request would pass, and the seconds until it would not."""

    rate: "RateLimitItem"
    seconds: float


@lru_cache(maxsize=1_000)
def read_rates(text: str) -> "tuple[RateLimitItem, ...]":
    """The rates in a text such as `30 per 1 minute; 1000 per day`, none for an empty one; ValueError for another.

    The notation, and the words that a rate is told in, are those of `limits`, as LibreTranslate's are.
    """
    if not text:
        return ()
    from limits import parse_many  # needs 0.1 s, which only who sets a rate waits for

    try:
        rates = tuple(parse_many(text))
    except ValueError:
        rates = ()
    if not rates or not all(1 <= rate.amount <= MOST_HITS and rate.multiples <= MOST_HITS for rate in rates):
        raise ValueError(f"it must be written like '30 per 1 minute; 1000 per day', with 1 to {MOST_HITS:,} requests")
    return rates


class Rates:
    """The requests of each client that was let in, as far back as its rates reach.

    Written here because the windows of `limits` count in one process alone, or need a server such as Redis.
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def hit(self, who: str, rates: "Sequence[RateLimitItem]", now: float) -> Excess | None:
        """None when the client may go on, and then it is counted; otherwise the rate that it must wait longest for."""
        if not rates:
            return None
        with transaction(self._connection):
            self._connection.execute("DELETE FROM hits WHERE forgotten_at <= ?", (now,))
            waits = [Excess(rate, self._wait(who, rate, now)) for rate in rates]
            worst = max(waits, key=lambda excess: excess.seconds)
            if worst.seconds > 0:
                return worst
            forgotten_at = now + max(rate.get_expiry() for rate in rates)
            self._connection.execute("INSERT INTO hits VALUES (?, ?, ?)", (who, now, forgotten_at))
        return None

    def _wait(self, who: str, rate: "RateLimitItem", now: float) -> float:
        """The seconds until the window has room: until the hit leaves it that is as far back as the rate has hits."""
        window = rate.get_expiry()
        # A hit that seems to come later is from before the clock was set back, and would count for too long.
        found = self._connection.execute(
            "SELECT at FROM hits WHERE who = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?",
            (who, now - window, now, rate.amount - 1),
        ).fetchone()
        return float(found[0]) + window - now if found else 0.0
