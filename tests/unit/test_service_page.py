"""The page's files, and how they are served; what they do is in tests/integration/test_page*.py."""

import re

import pytest

from service.routes.page import FOLDER, MEDIA_TYPES
from tests.service_fakes import Client

FILES = sorted(path.name for path in FOLDER.iterdir())
MOST_BYTES = 120_000


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client


def text_of(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def test_the_page_is_there_while_the_translator_is_still_being_loaded(client):
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (200, text_of("index.html"))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_with_its_type_and_may_fetch_nothing_from_elsewhere(client, name):
    answer = client.get(f"/page/{name}")
    assert answer.content == (FOLDER / name).read_bytes()
    assert answer.headers["content-type"] == MEDIA_TYPES[(FOLDER / name).suffix]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"


def test_a_browser_that_has_a_file_gets_no_second_copy(client):
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["none.js", "__init__.py", "%2e%2e%2fapp.py", "..%2froutes%2fpage.js", "a%00.js"])
def test_there_is_nothing_but_the_pages_files(client, path):
    answer = client.get(f"/page/{path}")
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_the_files_are_small(client):
    assert sum((FOLDER / name).stat().st_size for name in FILES) <= MOST_BYTES


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_no_other_host(name):
    assert set(re.findall(r"https?://[^\"'\s]*", text_of(name))) <= {"http://www.w3.org/2000/svg"}


def test_every_module_is_loaded_from_the_start():
    index = text_of("index.html")
    loaded = set(re.findall(r'(?:src|href)="page/(\w+\.js)"', index))
    assert loaded == {name for name in FILES if name.endswith(".js")}


def test_the_page_holds_no_script_and_no_style_that_its_policy_forbids():
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", text_of("index.html"))


def test_the_page_is_no_part_of_the_described_interface(client):
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path == "/" or "page" in path]
