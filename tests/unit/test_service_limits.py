import asyncio

import pytest

from service.errors import Refusal
from service.limits import MOST_DISCARDED, BodyLimit
from tests.service_fakes import Client, limited


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_body_bytes=100)) as client:
        yield client.wait_until_ready()


def in_chunks(body, size=10):
    async def chunks():
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return chunks()


TOO_LONG = b'{"q": "' + b"a" * 200 + b'", "source": "en", "target": "de"}'
JSON = {"Content-Type": "application/json"}


def test_a_body_announced_as_too_long_is_refused_with_size_limit_and_advice(client):
    answer = client.post("/translate", content=TOO_LONG, headers=JSON)
    assert answer.status_code == 413
    assert answer.json() == {
        "error": "The request body is 241 bytes or more; this server takes 100. "
        "Send the text in parts, or raise MT_MAX_BODY_BYTES."
    }


def test_a_body_that_comes_in_chunks_is_refused_where_it_passes_the_limit(client):
    answer = client.post("/translate", content=in_chunks(TOO_LONG), headers=JSON)
    assert answer.status_code == 413
    assert "is 110 bytes or more; this server takes 100" in answer.json()["error"]


def test_a_body_longer_than_announced_is_refused_as_well(client):
    answer = client.post("/translate", content=in_chunks(TOO_LONG), headers={**JSON, "Content-Length": "5"})
    assert answer.status_code == 413


def test_a_body_that_is_not_looked_at_is_bounded_too(client):
    answer = client.post("/translate?q=a&source=en&target=de", content=in_chunks(TOO_LONG))
    assert answer.status_code == 413


@pytest.mark.parametrize("announced", ["-1", "many", "", "\uff11"])
def test_a_senseless_announcement_is_ignored(client, announced):
    headers = {"Content-Type": "text/plain"} | {"Content-Length": announced.encode()}
    assert client.post("/translate", content=in_chunks(b"abc"), headers=headers).status_code == 400


def test_a_body_of_exactly_the_limit_is_taken(client):
    body = b"q=" + b"a" * 78 + b"&source=en&target=de"
    assert len(body) == 100
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/translate", content=body, headers=form).json() == {"translatedText": "A" * 78}
    assert client.post("/translate", content=body + b"&", headers=form).status_code == 413


def test_a_body_that_does_not_arrive_in_time_is_refused():
    async def reading(scope, receive, send):
        await receive()

    async def never():
        await asyncio.Event().wait()

    limit = BodyLimit(reading, max_bytes=10, max_seconds=0)
    with pytest.raises(Refusal, match=r"did not arrive within 0 seconds. Send it again, or raise MT_BODY_SECONDS"):
        asyncio.run(limit({"type": "http", "headers": []}, never, never))


def test_the_client_may_wait_for_its_answer_longer_than_for_its_body():
    messages = [{"type": "http.request", "body": b"a"}, {"type": "http.disconnect"}]

    async def receive():
        await asyncio.sleep(0.0 if len(messages) == 2 else 0.02)
        return messages.pop(0)

    received = []

    async def reading(scope, receive, send):
        received.extend([await receive(), await receive()])

    limit = BodyLimit(reading, max_bytes=10, max_seconds=0.01)
    asyncio.run(limit({"type": "http", "headers": []}, receive, receive))
    assert [message["type"] for message in received] == ["http.request", "http.disconnect"]


def unread(chunks, *headers, max_seconds=10):
    """How many chunks are left of a body that is refused unread, when its refusal is sent; then the connection ends."""

    async def receive():
        if not chunks:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    async def refusing(scope, receive, send):
        await send({"type": "http.response.start"})

    async def send(message):
        assert bool(message.get("headers")) == bool(chunks or not max_seconds)
        left.append(len(chunks))

    left = []
    limit = BodyLimit(refusing, max_bytes=10, max_seconds=max_seconds)
    asyncio.run(limit({"type": "http", "headers": headers}, receive, send))
    return left.pop()


def test_a_client_has_sent_its_body_when_it_is_refused_unread():
    assert unread([b"a" * 100] * 5) == 0


def test_a_client_that_waits_for_leave_to_send_is_refused_at_once():
    assert unread([b"a"] * 5, (b"expect", b"100-continue")) == 5


def test_a_body_without_an_end_is_not_read_to_its_end():
    assert unread([b"a" * 2**20] * 100) == 100 - MOST_DISCARDED // 2**20 - 1
    assert unread([b"a"] * 5, (b"content-length", b"%d" % (MOST_DISCARDED + 1))) == 5


def test_a_body_that_does_not_come_is_not_waited_for_longer_than_the_setting_says():
    assert unread([], max_seconds=0) == 0
