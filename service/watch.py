"""Every request watched from its beginning to its end, and named."""

import time
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.records import REQUEST_ID, Record, begin_record, chosen_id

Watcher = Callable[[Record], object]


class Watched:
    """An application of whose requests each watcher gets the record when it is over; every answer has X-Request-ID.

    What fails without an answer counts as 500: it is answered outside of all middleware.
    """

    def __init__(self, app: ASGIApp, watchers: Sequence[Watcher]):
        self.app = app
        self.watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the request is passed on."""
        if scope["type"] == "http":
            await _Exchange(scope, receive, send).carry_out(self.app, self.watchers)
        else:
            await self.app(scope, receive, send)


class _Exchange:
    """One request and its answer, on their way through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send):
        headers = Headers(scope=scope)
        self.scope, self._receive, self._send = scope, receive, send
        self.record = Record(chosen_id(headers.getlist(REQUEST_ID)), scope["method"])
        self.record.parent = headers.get("traceparent", "")
        self._is_answered = False

    async def carry_out(self, app: ASGIApp, watchers: Sequence[Watcher]) -> None:
        # It stays the current record, so that the server's own line about a failure names the request as well.
        begin_record(self.record)
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException:
            self.record.status = self.record.status or 500
            raise
        finally:
            self.record.ended = time.monotonic()
            self.record.route = getattr(self.scope.get("route"), "path", "")
            for watcher in watchers:
                watcher(self.record)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._is_answered:
            self.record.has_left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.record.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID] = self.record.identifier
        elif message["type"] == "http.response.body":
            self._is_answered = not message.get("more_body", False)
        await self._send(message)
