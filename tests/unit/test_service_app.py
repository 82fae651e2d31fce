import logging
import re

import pytest

from service.app import create_app
from service.routes import deepl_docs, libretranslate_docs
from service.settings import Settings
from tests.service_fakes import Client, FakeTranslator

DEEPL = ("translate", "languages", "usage", "glossary-language-pairs", "glossaries")
REQUESTS = [("/translate", one["value"]) for one in libretranslate_docs.REQUESTS.values()] + [
    ("/v2/translate", one["value"]) for one in deepl_docs.REQUESTS.values()
]


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


def test_who_asked_for_it_hears_when_the_translator_is_ready():
    heard = []
    with Client(on_ready=heard.append) as client:
        client.wait_until_ready()
    ((model,),) = heard
    assert model.translator is client.translator


class BrokenTranslator(FakeTranslator):
    def warm_up(self):
        raise ValueError("broken graph")


def run_until_failed(client):
    while "could not be loaded" not in client.get("/ready").json()["error"]:
        pass


def test_who_asked_for_it_hears_why_loading_failed():
    heard = []
    with Client(translator=BrokenTranslator(), on_failure=heard.append) as client:
        run_until_failed(client)
        assert client.get("/health").status_code == 200
    assert [str(error) for error in heard] == ["broken graph"]


def test_a_failure_to_load_that_nobody_asked_about_is_logged(caplog):
    with caplog.at_level(logging.ERROR), Client(translator=BrokenTranslator()) as client:
        run_until_failed(client)
    assert "The translator could not be loaded: broken graph" in caplog.text


def test_creating_the_application_loads_nothing():
    create_app(Settings(), load=lambda _: pytest.fail("loaded"))


def test_the_documentation_page_is_there(client):
    assert "swagger" in client.get("/docs").text


def test_the_documentation_page_needs_no_network(client):
    links = re.findall(r'(?:src|href)="([^"]+)"', client.get("/docs").text)
    assert links
    assert all(client.get(link).status_code == 200 for link in links)


def test_every_route_documents_an_example_of_each_answer(client):
    paths = client.get("/openapi.json").json()["paths"]
    ours = {"/translate", "/translate/stream", "/detect", "/suggest", "/languages", "/frontend/settings"}
    assert set(paths) == ours | {"/health", "/ready", "/models", "/metrics"} | {f"/v2/{name}" for name in DEEPL}
    for operations in paths.values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for described in answer["content"].values():
                    assert "example" in described or "examples" in described


@pytest.mark.parametrize(("path", "fields"), REQUESTS)
def test_every_documented_request_works_as_it_stands(client, path, fields):
    answer = client.post(path, json=fields)
    assert answer.status_code == 200


def test_a_slash_at_the_end_is_another_address_and_not_redirected(client):
    assert client.get("/languages/").status_code == 404
