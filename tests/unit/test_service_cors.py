import pytest

from service.cors import CORS_HEADERS
from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


def has_cors_headers(answer):
    return all(answer.headers.get(name) == value for name, value in CORS_HEADERS.items())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/languages", 200),
        ("GET", "/nowhere", 404),
        ("PUT", "/translate", 405),
        ("POST", "/translate", 400),
        ("GET", "/docs", 200),
    ],
)
def test_every_answer_is_open_to_pages_of_all_origins(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert has_cors_headers(answer)


def test_an_answer_to_a_fault_of_our_own_is_open_too(client):
    client.translator.gate = None  # an error that nobody foresaw
    answer = client.translate()
    assert answer.status_code == 500
    assert has_cors_headers(answer)


@pytest.mark.parametrize("path", ["/translate", "/languages", "/anything"])
def test_a_browser_that_asks_first_gets_permission(client, path):
    asking = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = client.request("OPTIONS", path, headers=asking)
    assert (answer.status_code, answer.content) == (204, b"")
    assert has_cors_headers(answer)
