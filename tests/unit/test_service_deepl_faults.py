import pytest

from service.access import Denied
from service.errors import Refusal
from service.routes.deepl_faults import worded
from service.scheduler import STOPPING
from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        client.app.add_api_route("/v2/failing", fail)
        client.app.add_api_route("/v2/typed", typed)
        yield client.wait_until_ready()


async def fail():
    raise ValueError("secret")


async def typed(number: int) -> int:
    return number


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        ("key_missing", 403, "Forbidden"),
        ("key_wrong", 403, "Forbidden"),
        ("rate", 429, "Too many requests"),
        ("quota", 456, "Quota exceeded"),
    ],
)
def test_a_denial_has_deepls_status_and_says_why(kind, status, message):
    assert worded(Denied(kind, 400, "Why.")) == (status, {"message": message, "detail": "Why."})


def test_a_status_that_deepl_has_no_words_for_is_told_in_ours():
    assert worded(Refusal(408, "Too slow.")) == (408, {"message": "Too slow."})


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        (
            "GET",
            "/v2/nowhere",
            404,
            {
                "message": "Not found",
                "detail": "There is nothing at /v2/nowhere. See /docs for what this server answers.",
            },
        ),
        (
            "DELETE",
            "/v2/usage",
            405,
            {"message": "Method not allowed", "detail": "DELETE is not possible at /v2/usage. Use GET, HEAD, POST."},
        ),
        (
            "GET",
            "/v2/failing",
            500,
            {"message": "The server failed on this request; its log says how. Please report it."},
        ),
        (
            "GET",
            "/v2/typed?number=a",
            422,
            {
                "message": "Invalid request: query.number: Input should be a valid integer, "
                "unable to parse string as an integer"
            },
        ),
    ],
)
def test_every_other_fault_is_worded_as_deepl_words_faults(client, method, path, status, body):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_malformed_json_is_a_bad_request(client):
    answer = client.post("/v2/translate", content=b"[]", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid JSON format"})


def test_a_stopping_server_says_so_in_deepls_form():
    with Client() as client:
        client.wait_until_ready().app.state.service.drain()
        answer = client.deepl()
    assert (answer.status_code, answer.json()) == (503, {"message": STOPPING})
