"""Who a request is from, and whether it may go on: its key, its rate, its characters of this month."""

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from fastapi import Request

from service.addresses import client_address
from service.database import open_database
from service.errors import Refusal
from service.keys import Keys, Usage, day_of, month_of
from service.rates import Rates
from service.records import current_record
from service.scheduler import STOPPING
from service.settings import Settings

if TYPE_CHECKING:
    from limits import RateLimitItem

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Kind = Literal["key_missing", "key_wrong", "rate", "quota"]

KEY_FIELDS = ("api_key", "auth_key")
KEY_SCHEMES = ("bearer", "deepl-auth-key")


class Denied(Refusal):
    """A request that its client may not make, as LibreTranslate says it; a dialect with other words goes by `kind`."""

    def __init__(self, kind: Kind, status: int, text: str, headers: dict[str, str] | None = None):
        super().__init__(status, text, headers)
        self.kind = kind

    @property
    def reason(self) -> str:
        """The kind."""
        return self.kind


@dataclass(frozen=True)
class Client:
    """Who a request is from: a proven key's name, or "" without a key, and an address that nobody can make up."""

    name: str
    address: str

    @property
    def account(self) -> str:
        """What the client's requests are counted under, whatever address it uses its key from."""
        return f"key {self.name}" if self.name else f"address {self.address}"


class Access:
    """The gate that each dialect leads its requests through, for the keys, rates and proxies of the settings.

    The key file is opened here, and KeyFileError raised when it cannot be. clock: seconds since 1970.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time):
        self.settings = settings
        self.clock = clock
        self._is_needed = settings.keys is not None or bool(settings.rate)
        self._connection = open_database(settings.keys)
        self._keys = Keys(self._connection)
        self._rates = Rates(self._connection)
        # One thread, as SQLite writes one at a time; and not the event loop's, as it may wait for other processes.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="access")

    @asynccontextmanager
    async def admitted(self, request: Request, fields: Mapping[str, Any], characters: int) -> AsyncIterator[Client]:
        """The client, while its request is carried out; when that fails, its characters are not counted.

        What `admit` says holds here too.
        """
        now = self.clock()
        client = await self._enter(request, fields, characters, now)
        try:
            yield client
        except BaseException:
            if client.name and characters:
                self._submit(partial(self._give_back, client.name, characters, month_of(now)))
            raise

    async def admit(self, request: Request, fields: Mapping[str, Any], characters: int = 0) -> Client:
        """The client, whose request and characters (Unicode code points of its texts) are counted from now on.

        fields are those of the request, which may hold the key. Raises Denied, or Refusal 503 when the file fails.
        """
        return await self._enter(request, fields, characters, self.clock())

    async def usage(self, client: Client) -> Usage:
        """What the client's key has used in this month; of a client without a key nothing is counted."""
        if not client.name:
            return Usage(0, None)
        return await self._in_thread(partial(self._keys.usage, client.name, month_of(self.clock())))

    def close(self) -> None:
        """Nothing; what is being counted is counted, and the file closed; from then on every client gets 503."""
        self._thread.shutdown()
        self._connection.close()

    async def _enter(self, request: Request, fields: Mapping[str, Any], characters: int, now: float) -> Client:
        peer = request.client.host if request.client else ""
        forwarded = request.headers.getlist("x-forwarded-for")
        address = client_address(peer, forwarded, self.settings.trusted_proxies)
        client = Client("", address)
        if self._is_needed:
            admit = partial(self._admit, address, given_key(request, fields), characters, now)
            client = await self._in_thread(admit)
        record = current_record()
        record.client, record.characters = client.name, characters
        return client

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.wrap_future(self._submit(work))
        except sqlite3.Error as error:
            logger.error("The key file %s failed: %s", self.settings.keys, error)
            text = "Keys and rates cannot be checked now; the server's log says why. Try again in a few seconds."
            raise Refusal(503, text, {"Retry-After": "5"}) from error

    def _submit(self, work: Callable[[], Result]) -> "Future[Result]":
        try:
            return self._thread.submit(work)
        except RuntimeError:  # it is closed
            raise Refusal(503, STOPPING, {"Retry-After": "1"}) from None

    def _admit(self, address: str, given: Any, characters: int, now: float) -> Client:
        key = self._keys.find(given, day_of(now)) if isinstance(given, str) else None
        client = Client(key.name if key else "", address)
        # A wrong key is counted like none, so that keys cannot be tried out faster than the rate.
        self._keep_rate(client, key.rates if key else self.settings.rate, now)
        if key is None:
            self._refuse_keyless(given)
        elif not self._keys.spend(key, characters, month_of(now)):
            raise _over_quota(self._keys.usage(key.name, month_of(now)), characters)
        return client

    def _keep_rate(self, client: Client, rates: "tuple[RateLimitItem, ...]", now: float) -> None:
        excess = self._rates.hit(client.account, rates, now)
        if excess is not None:
            wait = {"Retry-After": str(math.ceil(excess.seconds))}
            raise Denied("rate", 429, f"Slowdown: {excess.rate}", wait)

    def _refuse_keyless(self, given: Any) -> None:
        """Raises Denied where a key is there and wrong, or is not there and required."""
        if self.settings.keys is None:
            return
        if given is not None:
            raise Denied("key_wrong", 403, "Invalid API key")
        if self.settings.key_required:
            raise Denied("key_missing", 400, "Please contact the server operator to get an API key")

    def _give_back(self, name: str, characters: int, month: str) -> None:
        try:
            self._keys.give_back(name, characters, month)
        except sqlite3.Error as error:
            logger.error("The key file %s failed: %s", self.settings.keys, error)


def _over_quota(usage: Usage, characters: int) -> Denied:
    # Not 429, as clients repeat that, and it would be in vain until the next month.
    return Denied(
        "quota",
        403,
        f"Quota exceeded: of {usage.limit:,} characters a month, {usage.count:,} are used; this request has "
        f"{characters:,}. Wait for the next month, or ask the server operator for more.",
    )


def given_key(request: Request, fields: Mapping[str, Any]) -> Any:
    """What a request gives as its key, in a field or in its Authorization; None when it gives nothing, null or ""."""
    for name in KEY_FIELDS:
        if fields.get(name) not in (None, ""):
            return fields[name]
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    return key.strip() or None if scheme.lower() in KEY_SCHEMES else None
