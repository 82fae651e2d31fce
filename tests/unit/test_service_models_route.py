import pytest

from service.settings import Settings
from tests.service_fakes import Client, FakeTranslator
from tests.stub_bundles import put_bundle

MODEL = {
    "name": "fake-en-de",
    "version": "1.2",
    "hash": FakeTranslator.manifest.fingerprint,
    "description": "",
    "languages": ["en", "de", "pt-br"],
    "directions": ["en-de", "de-en", "en-pt-br"],
    "serves": ["en-de", "de-en", "en-pt-br"],
    "engine": "fake",
    "created": "2030-01-02T03:04:05+00:00",
    "scores": [],
}


@pytest.fixture
def folder_client(tmp_path):
    """A client of a service around a folder, in which every bundle is loaded as the same fake."""
    put_bundle(tmp_path / "one", "fake-en-de")
    put_bundle(tmp_path / "cut").joinpath("weights").unlink()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "manifest.json").write_text("{}")
    with Client(Settings(bundles=tmp_path, bundles_seconds=0.01)) as client:
        yield client.wait_until_ready()


def test_a_served_bundle_says_what_it_is_and_since_when(tmp_path):
    with Client() as client:
        answer = client.wait_until_ready().get("/models").json()
    (model,) = answer.pop("models")
    assert model.pop("since").endswith("+00:00")
    assert (model, answer) == (MODEL, {"refused": [], "incomplete": []})


def test_before_anything_serves_there_is_a_list_too():
    with Client() as client:
        client.app.state.service.drain()
        assert client.get("/models").status_code == 200


def test_what_is_refused_and_what_is_incomplete_says_why_without_a_path(folder_client, tmp_path):
    while not (answer := folder_client.get("/models").json())["refused"]:
        pass
    (refused,) = answer["refused"]
    assert refused.pop("reason").startswith("odd/manifest.json has format None")
    assert refused == {"folder": "odd", "name": None, "version": None}
    assert answer["incomplete"] == [
        {"folder": "cut", "name": "x", "version": None, "reason": "weights is not there yet."}
    ]
    assert str(tmp_path) not in str(answer)
