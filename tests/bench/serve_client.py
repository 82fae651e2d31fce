"""A client that asks for one translation a request, over connections it keeps, and notes what came after how long."""

import asyncio
import json
from collections.abc import Iterator
from typing import NamedTuple


class Reply(NamedTuple):
    """What became of one request."""

    status: int
    seconds: float  # from when it was to be sent
    retry_after: str  # "" unless the answer said it


class Client:
    """Connections to one server on this machine; a request takes an idle one, or opens another."""

    def __init__(self, port: int, direction: tuple[str, str]):
        self._port = port
        self._direction = direction
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, text: str, since: float | None = None) -> Reply:
        """What the server answers; the time counts from `since` where the loop came late to send it."""
        clock = asyncio.get_running_loop().time
        since = clock() if since is None else since
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request(text, self._direction))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(fields["content-length"]))
        self._idle.append((reader, writer))
        return Reply(int(head.split()[1]), clock() - since, fields.get("retry-after", ""))

    def close(self) -> None:
        """Nothing; the connections are closed."""
        for _, writer in self._idle:
            writer.close()


def request(text: str, direction: tuple[str, str]) -> bytes:
    """A request for the translation of one text."""
    body = json.dumps({"q": text, "source": direction[0], "target": direction[1]}).encode()
    head = f"POST /translate HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def in_turn(client: Client, texts: Iterator[str], connections: int, seconds: float) -> list[Reply]:
    """The replies to so many clients, each of which asks again as soon as it has its answer."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    replies: list[Reply] = []

    async def go_on() -> None:
        while clock() < end:
            replies.append(await client.ask(next(texts)))

    await asyncio.gather(*(go_on() for _ in range(connections)))
    return replies


async def at_rate(client: Client, texts: Iterator[str], rate: float, seconds: float) -> list[Reply]:
    """The replies to requests that come at even distances, so many a second, whatever became of those before."""
    clock = asyncio.get_running_loop().time
    start, asked = clock(), []
    for number in range(round(rate * seconds)):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - clock()))
        asked.append(asyncio.create_task(client.ask(next(texts), due)))
    return await asyncio.gather(*asked)
