import pytest

from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


@pytest.mark.parametrize("path", ["/languages", "/health", "/ready", "/frontend/settings", "/docs", "/nowhere"])
def test_head_is_answered_like_get_without_the_body(client, path):
    head, whole = (client.request(method, path, headers={"X-Request-ID": "one"}) for method in ("HEAD", "GET"))
    assert (head.status_code, head.headers) == (whole.status_code, whole.headers)
    assert (head.content, bool(whole.content)) == (b"", True)
