"""Bounds on what a client may send, held while it is being received."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Refusal

MOST_DISCARDED = 64 * 2**20


class BodyLimit:
    """An application whose requests refuse to be read further than a number of bytes and of seconds.

    The refusal is raised where the body is read, so that the dialect words it. What has not been read of a body when
    the answer begins is taken and thrown away, as a client that is still sending would otherwise not hear the answer,
    but find its connection reset.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_seconds: int):
        self.app = app
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing; the request is passed on with a bounded body."""
        if scope["type"] == "http":
            body = BoundedBody(receive, self, Headers(scope=scope))
            await self.app(scope, body, _behind(body, send))
        else:
            await self.app(scope, receive, send)


def _behind(body: "BoundedBody", send: Send) -> Send:
    async def send_behind_body(message: Message) -> None:
        if message["type"] == "http.response.start":
            await body.discard()
            if not body.is_complete:
                # It would be waited for as long as the client likes.
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return send_behind_body


class BoundedBody:
    """The messages of one request body; raises Refusal 413 when it is too long and 408 when it is too slow."""

    def __init__(self, receive: Receive, limit: BodyLimit, headers: Headers):
        self.receive = receive
        announced = headers.get("content-length", "")
        self.limit = limit
        self.is_complete = False
        self.deadline = asyncio.get_running_loop().time() + limit.max_seconds
        # Only an announcement that is too long is believed; otherwise what arrives is counted.
        bytes_announced = int(announced) if re.fullmatch("[0-9]{1,18}", announced) else 0
        self.bytes_read = bytes_announced if bytes_announced > limit.max_bytes else 0
        # Who expects 100 sends nothing before it, and nothing after another answer (RFC 9110, §10.1.1).
        self.is_discardable = "expect" not in headers and bytes_announced <= MOST_DISCARDED

    async def __call__(self) -> Message:
        """The next message; after the body only the client's leaving is left to wait for, without a deadline."""
        if self.is_complete:
            return await self.receive()
        self._check_length()
        message = await self._receive_in_time()
        self.bytes_read += len(message.get("body", b""))
        self.is_complete = not message.get("more_body", False)
        self._check_length()
        return message

    async def discard(self) -> None:
        """Nothing; the body is at its end, or as far as a client may take it to be heard."""
        discarded = 0
        try:
            async with asyncio.timeout_at(self.deadline):
                while self.is_discardable and not self.is_complete and discarded <= MOST_DISCARDED:
                    message = await self.receive()
                    discarded += len(message.get("body", b""))
                    self.is_complete = not message.get("more_body", False)
        except TimeoutError:
            return

    def _check_length(self) -> None:
        if self.bytes_read > self.limit.max_bytes:
            raise Refusal(
                413,
                f"The request body is {self.bytes_read:,} bytes or more; this server takes {self.limit.max_bytes:,}. "
                "Send the text in parts, or raise MT_MAX_BODY_BYTES.",
            )

    async def _receive_in_time(self) -> Message:
        try:
            async with asyncio.timeout_at(self.deadline):
                return await self.receive()
        except TimeoutError:
            raise Refusal(
                408,
                f"The request body did not arrive within {self.limit.max_seconds} seconds. "
                "Send it again, or raise MT_BODY_SECONDS.",
            ) from None
