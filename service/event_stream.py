"""Answers of server-sent events (HTML standard, §9.2)."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.answers import json_bytes
from service.scheduler import STOPPING

logger = logging.getLogger(__name__)

# Proxies such as nginx would otherwise keep events back until they have many.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(data: Any, kind: str = "") -> bytes:
    """One event with JSON as its data; of type `message` unless another is given."""
    name = f"event: {kind}\n".encode() if kind else b""
    return name + b"data: " + json_bytes(data) + b"\n\n"


class EventStream(Response):
    """Sends the event that has begun, then others as they come, until the last one or until the client leaves.

    Then their generator, which has given out the first one, is closed.
    """

    media_type = "text/event-stream"

    def __init__(self, begun: bytes, events: AsyncGenerator[bytes, None], patience_seconds: float):
        """A client that takes nothing for so long counts as one that has left."""
        self.status_code, self.background = 200, None
        self.init_headers(HEADERS)
        del self.headers["content-length"]
        self._begun, self._events, self._patience = begun, events, patience_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the answer is sent. The request's body must have been read.

        Being cancelled, as a server does that may not wait any longer, becomes an event of type `error`.
        """
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_client_leaves(receive))
        is_stopping = False
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            is_stopping = True
        sending.cancel()
        leaving.cancel()
        await asyncio.wait({sending, leaving})
        await self._events.aclose()
        if not sending.cancelled():
            sending.result()
        elif is_stopping:
            await send({"type": "http.response.body", "body": event({"error": STOPPING}, "error")})

    async def _send_all(self, send: Send) -> None:
        try:
            await self._send(send, self._begun)
            async for one in self._events:
                await self._send(send, one)
        except TimeoutError:
            logger.info("A client took nothing of its stream for %s seconds; it is given up.", self._patience)
        else:
            await send({"type": "http.response.body", "body": b""})

    async def _send(self, send: Send, one: bytes) -> None:
        async with asyncio.timeout(self._patience):
            await send({"type": "http.response.body", "body": one, "more_body": True})


async def _client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
