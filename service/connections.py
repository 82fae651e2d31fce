"""Bounds on the head of a request, its first line and headers: uvicorn has none for what httptools reads."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.answers import json_bytes

# A text of 5,000 characters, which is what deep-translator puts into the first line at most, can take 60,000 bytes.
MAX_HEAD_BYTES = 128 * 1024
LINGER_SECONDS = 2

TOO_LONG = (
    f"The head of the request is longer than the {MAX_HEAD_BYTES:,} bytes that this server takes. "
    "Send the text in the body."
)


class Connection(HttpToolsProtocol):
    """uvicorn's connection, which is closed when a head is too long, or not there as soon as a connection may idle."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._head_bytes = 0  # that came and are not of a body, since there was some of it or a head at its end
        self._giving_up: asyncio.TimerHandle | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing; a head is waited for."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Nothing; a head that has become too long is refused, and what follows it thrown away."""
        if self._is_refused:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Nothing; a head has begun."""
        super().on_message_begin()
        if self._giving_up is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Nothing; the head has ended."""
        self._head_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Nothing; some of the body is there."""
        self._head_bytes = 0
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing; the connection has ended."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._close_in(self.timeout_keep_alive)

    def _refuse(self) -> None:
        """Answers, and leaves the client some time to see it: closing now would reset the connection under it."""
        self._is_refused = True
        self.transport.write(_refusal())
        self.transport.write_eof()
        self._stop_waiting()
        self._close_in(LINGER_SECONDS)

    def _close_in(self, seconds: float) -> None:
        self._giving_up = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def _refusal() -> bytes:
    body = json_bytes({"error": TOO_LONG})
    head = f"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body
