"""Requests as bytes on a connection, as no well-kept client would send them."""

import http.client
import json
import socket
from typing import Any, NamedTuple

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Reply(NamedTuple):
    """What a server said."""

    status: int
    kind: str  # its Content-Type
    body: bytes

    def json(self) -> Any:
        """What JSON the body is."""
        return json.loads(self.body)


def request(
    path: str, body: bytes = b"", kind: str = JSON, *, headers: bytes = b"", method: str = "POST", length: int = -1
) -> bytes:
    """A request after which the connection closes; its length may be announced wrongly."""
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    return head.encode() + headers + f"Content-Length: {len(body) if length < 0 else length}\r\n\r\n".encode() + body


def connect(port: int) -> socket.socket:
    """A connection to a server on this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def exchange(port: int, sent: bytes) -> Reply:
    """What the server says to these bytes."""
    with connect(port) as connection:
        connection.sendall(sent)
        return receive(connection)


def receive(connection: socket.socket) -> Reply:
    """The next answer on the connection."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return Reply(answer.status, answer.headers.get_content_type(), answer.read())
