import asyncio

import pytest

from service.errors import Refusal
from service.limits import BodyLimit
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
