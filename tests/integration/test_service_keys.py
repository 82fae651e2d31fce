"""Keys, rates and quotas over HTTP and in several processes that share one key file."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from deep_translator import LibreTranslator
from libretranslatepy import LibreTranslateAPI

from service.database import open_database
from service.keys import Keys, Usage
from service.rates import read_rates
from tests.integration.test_service_program import environment, lines_until, start
from tests.integration.test_service_server import Server
from tests.service_fakes import add_key

SPENDER = """
import sys
from pathlib import Path
from service.database import open_database
from service.keys import Keys
from service.rates import Rates, read_rates

connection = open_database(Path(sys.argv[1]))
keys, rates = Keys(connection), Rates(connection)
print("ready", flush=True)
sys.stdin.readline()
print(sum(keys.spend(keys.all()[0], 3, "2030-06") for _ in range(150)))
print(sum(rates.hit("a", read_rates("200 per 1 minute"), 0) is None for _ in range(150)))
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys"


def usage(path):
    connection = open_database(path)
    (month,) = connection.execute("SELECT month FROM usage").fetchone()
    found = Keys(connection).usage("a", month)
    connection.close()
    return found


def test_two_processes_spend_exactly_the_quota_and_the_rate(path):
    add_key(path, characters=700)
    command = [sys.executable, "-c", SPENDER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment()}
    with subprocess.Popen(command, **pipes) as first, subprocess.Popen(command, **pipes) as second:
        assert [process.stdout.readline() for process in (first, second)] == ["ready\n"] * 2
        with ThreadPoolExecutor(2) as threads:
            counts = [
                list(map(int, out.split()))
                for out, _ in threads.map(lambda one: one.communicate("\n", 30), (first, second))
            ]
    assert [sum(count) for count in zip(*counts, strict=True)] == [233, 200]
    assert usage(path) == Usage(699, 700)


def test_two_servers_share_what_they_count_and_a_restart_forgets_nothing(path):
    key = add_key(path, characters=12)
    settings = {"MT_KEYS": str(path)}
    with start(**settings) as first, start(**settings) as second:
        addresses = [lines_until(process, "curl ")[-1].split()[-1] for process in (first, second)]
        statuses = [translate(address, api_key=key).status_code for address in addresses * 2]
        assert statuses == [200, 200, 403, 403]
        for process in (first, second):
            process.terminate()
            process.communicate(timeout=10)
    with start(**settings) as again:
        answer = translate(lines_until(again, "curl ")[-1].split()[-1], api_key=key)
        assert answer.json()["error"].startswith(
            "Quota exceeded: of 12 characters a month, 10 are used; this request has 5."
        )
        again.terminate()
        again.communicate(timeout=10)


def translate(address, **fields):
    return httpx.post(address, data={"q": "hello", "source": "en", "target": "de", **fields}, timeout=10)


@pytest.mark.parametrize("content", [None, b"no database, but some text"])
def test_a_key_file_that_cannot_be_used_is_one_line_and_status_2(path, content):
    if content:
        path.write_bytes(content)
    with start(MT_KEYS=str(path)) as process:
        _, complaint = process.communicate(timeout=10)
    assert process.returncode == 2
    assert complaint.startswith(
        f"mt-serve: The key file {path} cannot be used: file is not a database."
        if content
        else f"mt-serve: There is no key file {path}."
    )
    assert complaint.count("\n") == 1


def test_unmodified_clients_work_with_their_key_and_hear_what_is_wrong_without(path):
    key = add_key(path)
    with Server(keys=path) as server:
        assert LibreTranslateAPI(server.url, key).translate("Hello", "en", "de") == "HELLO"
        translator = LibreTranslator(source="en", target="de", api_key=key, custom_url=f"{server.url}/")
        assert translator.translate("Hello") == "HELLO"
        missing, wrong = (server.post(params=params) for params in ({}, {"api_key": "x"}))
        assert (missing.status_code, missing.json()) == (
            400,
            {"error": "Please contact the server operator to get an API key"},
        )
        assert (wrong.status_code, wrong.json()) == (403, {"error": "Invalid API key"})
        assert server.post(headers={"Authorization": f"DeepL-Auth-Key {key}"}).status_code == 200
        assert len(LibreTranslateAPI(server.url).languages()) == 3
    assert usage(path).count == 15


def test_a_client_that_is_too_fast_is_told_when_to_come_back():
    with Server(rate=read_rates("2 per 1 hour")) as server:
        answers = [server.post() for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].json() == {"error": "Slowdown: 2 per 1 hour"}
        assert 3_590 <= int(answers[-1].headers["Retry-After"]) <= 3_600


def test_what_is_refused_behind_the_gate_costs_no_characters(path):
    key = add_key(path)
    with Server(keys=path) as server:
        assert server.post("one", params={"api_key": key}).status_code == 200
        broken = b'{"q": "three\\ud800", "source": "en", "target": "de", "api_key": "%s"}' % key.encode()
        answer = httpx.post(f"{server.url}/translate", content=broken, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
    assert usage(path).count == 3


def test_a_stream_needs_a_key_and_is_counted_unless_it_fails_before_it_begins(path):
    key = add_key(path, characters=100)
    with Server(keys=path) as server:
        fields = {"q": "hello", "source": "en", "target": "de"}
        given = [{}, {"api_key": key}, {"api_key": key, "q": "☠"}]
        answers = [httpx.post(f"{server.url}/translate/stream", data={**fields, **one}, timeout=10) for one in given]
    assert [answer.status_code for answer in answers] == [400, 200, 500]
    assert usage(path) == Usage(5, 100)
