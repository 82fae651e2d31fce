import asyncio
import contextlib
import re

import pytest
from fastapi.routing import APIRoute

from service.records import current_record
from service.watch import Watched
from tests.service_fakes import Client, limited


@pytest.fixture(scope="module")
def client():
    with Client(limited(max_body_bytes=500)) as client:

        @client.app.get("/broken/{name}")
        async def broken(name: str) -> None:
            raise ZeroDivisionError(name)

        yield client.wait_until_ready()


def calls(client):
    """One call of each kind of answer, with its status."""
    return {
        200: lambda **more: client.get("/languages", **more),
        204: lambda **more: client.request("OPTIONS", "/translate", **more),
        400: lambda **more: client.post("/translate", **more),
        404: lambda **more: client.get("/nowhere", **more),
        405: lambda **more: client.get("/translate", **more),
        413: lambda **more: client.post("/translate", content=b"x" * 501, **more),
        500: lambda **more: client.get("/broken/x", **more),
    }


@pytest.mark.parametrize("status", [200, 204, 400, 404, 405, 413, 500])
def test_every_answer_has_the_identifier_that_the_request_had(client, status):
    answer = calls(client)[status](headers={"X-Request-ID": "call-7"})
    assert (answer.status_code, answer.headers.get_list("X-Request-ID")) == (status, ["call-7"])


@pytest.mark.parametrize("status", [200, 204, 400, 404, 405, 413, 500])
def test_every_answer_to_a_request_without_an_identifier_has_a_new_one(client, status):
    first, second = (calls(client)[status]().headers["X-Request-ID"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def watched(app, messages=(), method="POST"):
    """The records of one call of a bare application, to which these messages come; what it raised is ignored."""
    records, incoming = [], list(messages)

    async def receive():
        return incoming.pop(0)

    async def send(message):
        pass

    scope = {"type": "http", "method": method, "headers": []}
    with contextlib.suppress(ZeroDivisionError):
        asyncio.run(Watched(app, [records.append])(scope, receive, send))
    return records


async def answer(send, status=200, more_body=False):
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": more_body})


def test_a_record_holds_what_became_of_the_request():
    async def app(scope, receive, send):
        scope["route"] = APIRoute("/one/{name}", print)
        current_record().client = "somebody"
        await answer(send, 202)

    (record,) = watched(app)
    assert (record.method, record.route, record.status, record.client) == ("POST", "/one/{name}", 202, "somebody")
    assert not record.has_left
    assert record.began <= record.ended


def test_where_there_is_no_route_the_record_has_none():
    async def app(scope, receive, send):
        await answer(send, 404)

    (record,) = watched(app)
    assert (record.route, record.status) == ("", 404)


def test_what_fails_without_an_answer_counts_as_500():
    async def app(scope, receive, send):
        raise ZeroDivisionError

    (record,) = watched(app)
    assert record.status == 500


def test_what_fails_within_its_answer_keeps_its_status():
    async def app(scope, receive, send):
        await answer(send, 200, more_body=True)
        raise ZeroDivisionError

    (record,) = watched(app)
    assert record.status == 200


LEAVING = {"type": "http.disconnect"}


@pytest.mark.parametrize("more_body", [True, None])
def test_a_client_that_leaves_before_the_end_of_its_answer_has_left(more_body):
    async def app(scope, receive, send):
        if more_body:
            await answer(send, more_body=True)
        await receive()

    (record,) = watched(app, [LEAVING])
    assert record.has_left


def test_a_client_that_leaves_with_its_answer_has_not_left():
    async def app(scope, receive, send):
        await answer(send)
        await receive()

    (record,) = watched(app, [LEAVING])
    assert not record.has_left


def test_what_is_no_request_is_passed_on():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Watched(app, [pytest.fail])({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
