"""Made-up requests against the service: no fault of its own, and no answer that its OpenAPI document lacks."""

import subprocess
import sys

import pytest

from service.database import open_database
from service.keys import Key, Keys
from tests.fuzz import count_with_fields, fuzz, without_database
from tests.integration.test_service_server import Server


@pytest.fixture
def key_file(tmp_path):
    connection = open_database(tmp_path / "keys", may_make=True)
    Keys(connection).add(Key("a"))
    connection.close()
    return tmp_path / "keys"


def test_every_answer_is_documented(tmp_path):
    with Server(suggestions=tmp_path / "suggestions") as server:
        assert fuzz(server.url, 40, ["--generation-deterministic"]) == 0


def test_every_answer_to_those_without_a_key_is_documented(key_file):
    with Server(keys=key_file) as server:
        assert fuzz(server.url, 40, ["--generation-deterministic", "--phases", "fuzzing"]) == 0


def test_the_command_fuzzes_a_server_that_runs_already(tmp_path):
    with Server() as server:
        server.app.openapi()["paths"]["/health"]["get"]["responses"] = {"204": {"description": "never so"}}
        command = [sys.executable, "-m", "tests.fuzz", "--url", server.url, "--examples", "1"]
        schemathesis = ["--seed", "1", "--include-path", "/health"]
        done = subprocess.run([*command, *schemathesis], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "GET /health" in done.stdout
    assert "Undocumented status code" in done.stdout


@pytest.mark.parametrize(
    ("options", "more"), [(["--seed", "1"], ["--generation-database", "none"]), (["--generation-deterministic"], [])]
)
def test_what_goes_well_is_not_made_small(options, more):
    assert without_database(options) == more


def test_only_operations_with_fields_are_asked_often():
    path = {"get": {}, "post": {"requestBody": {}}, "put": {"parameters": []}}
    assert count_with_fields({"paths": {"/a": path, "/b": {"get": {}}}}) == 2
