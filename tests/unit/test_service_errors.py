import pytest
from fastapi import Request

from mt import DragomanError, InvalidOption, UnsupportedLanguage
from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        app = client.app

        @app.get("/typed")
        async def typed(number: int) -> int:
            return number

        @app.get("/raising/{name}")
        async def raising(name: str) -> None:
            raise {"option": InvalidOption("beam 0"), "language": UnsupportedLanguage("xx")}.get(
                name, DragomanError(name)
            )

        @app.post("/body")
        async def body(request: Request) -> int:
            return len(await request.body())

        yield client.wait_until_ready()


def test_an_unknown_address_is_answered_with_the_way_to_the_documentation(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is nothing at /nowhere. See /docs for what this server answers."}


def test_a_wrong_method_is_answered_with_the_right_one(client):
    answer = client.get("/translate")
    assert answer.status_code == 405
    assert answer.json() == {"error": "GET is not possible at /translate. Use POST."}
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/languages", "GET, HEAD, POST"),
        ("PUT", "/health", "GET, HEAD"),
        ("GET", "/detect", "POST"),
        ("HEAD", "/suggest", "POST"),
        ("POST", "/frontend/settings", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("TRACE", "/languages", "GET, HEAD, POST"),
    ],
)
def test_a_wrong_method_is_answered_with_all_that_are_right(client, method, path, allowed):
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_a_value_of_the_wrong_type_is_answered_with_its_place_as_a_string(client):
    answer = client.get("/typed?number=many")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Invalid request: query.number: Input should be a valid integer")


@pytest.mark.parametrize(("name", "text"), [("option", "beam 0"), ("language", "xx")])
def test_what_the_translator_refuses_is_the_callers_fault(client, name, text):
    answer = client.get(f"/raising/{name}")
    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_an_unforeseen_fault_says_nothing_about_the_inside(client):
    answer = client.get("/raising/secret")
    assert answer.status_code == 500
    assert answer.json() == {"error": "The server failed on this request; its log says how. Please report it."}


def test_a_client_that_leaves_while_it_sends_is_no_fault_of_ours(client):
    sent = []

    async def leave_at_once():
        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/body", "query_string": b"", "headers": []}
        await client.app(scope, receive, send)

    client.run(leave_at_once())
    assert sent[0]["status"] == 499
