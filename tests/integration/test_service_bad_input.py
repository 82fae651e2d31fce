"""Requests that no well-kept client sends: each is refused in the words of its dialect, and nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from service.connections import MAX_HEAD_BYTES
from tests.bad_requests import GOOD, LIBRETRANSLATE, as_json, bad_requests, broken_requests
from tests.integration.test_service_server import Server, wait_until
from tests.served import served, standing
from tests.service_fakes import add_key
from tests.wire import connect, exchange, receive, request

ROUNDS = 3
MOST_MORE_BYTES = 8_000_000  # less than one body of 10 MB
POOL = 8  # threads and engines that may have come meanwhile, as their pools grow to their size
FAULT_FIELDS = ({"error"}, {"message"}, {"message", "detail"})
ODD_KEYS = (b"\x80\xff\xfe\t;,\"'\\", b"k" * 8_000, "é€".encode(), b"mt_0d4f5bb1a2c3_", b"%00")


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def tells(reply):
    """Whether an answer says in strings what is wrong."""
    fields = reply.json()
    return set(fields) in FAULT_FIELDS and all(isinstance(text, str) and text for text in fields.values())


def complaints(port, path):
    """What is wrong with the answers to all bad requests to an address."""
    for bad in bad_requests(path):
        reply = exchange(port, bad.sent)
        if reply.status not in bad.statuses or (reply.status != 200 and not tells(reply)):
            yield f"{bad.name}: {reply.status} {reply.body[:200]!r}"


def test_bad_requests_are_told_what_is_wrong_and_hold_up_nobody_and_leave_nothing_behind():
    fields = {"q": "Where is the station?", "source": "en", "target": "de"}
    with served() as server, ThreadPoolExecutor(3) as clients:
        ask = partial(complaints, int(server.url.rpartition(":")[2]))
        assert list(clients.map(list, map(ask, GOOD))) == [[]] * len(GOOD)
        before = server.standing()
        calls = [clients.submit(list, ask(path)) for path in [*GOOD] * ROUNDS]
        while not all(call.done() for call in calls):
            good = httpx.post(f"{server.url}/translate", json=fields, timeout=10)
            assert good.json() == {"translatedText": "Wo ist der Bahnhof?"}
        assert [call.result() for call in calls] == [[]] * len(calls)
        wait_until(lambda: server.standing().descriptors <= before.descriptors + POOL)
        after = server.standing()
    assert after.memory_bytes - before.memory_bytes < MOST_MORE_BYTES
    assert after.threads - before.threads <= POOL


@pytest.mark.parametrize("path", GOOD)
def test_what_is_no_http_is_refused(server, path):
    replies = [(bad.name, exchange(server.port, bad.sent).status, bad.statuses) for bad in broken_requests(path)]
    assert [one for one in replies if one[1] not in one[2]] == []
    assert server.post().status_code == 200


@pytest.mark.parametrize("path", GOOD)
def test_an_odd_key_is_a_wrong_key(tmp_path, path):
    add_key(tmp_path / "keys")
    fields = [*(key.decode("latin-1") for key in ODD_KEYS), "a\0", "\ud800", ["k"], {"k": 1}, 10**30, -1, True]
    sent = [request(path, as_json(path, api_key=key)) for key in fields]
    for scheme in (b"Bearer ", b"DeepL-Auth-Key "):
        sent += [request(path, as_json(path), headers=b"Authorization: " + scheme + key + b"\r\n") for key in ODD_KEYS]
    with Server(keys=tmp_path / "keys") as server:
        replies = [exchange(server.port, one) for one in sent]
    assert {reply.status for reply in replies} == {403}
    assert all(map(tells, replies))


@pytest.mark.parametrize("sent", [b"", b"POST /translate HTT", request(LIBRETRANSLATE, length=50)])
def test_many_connections_that_send_no_whole_request_do_not_block_the_others(server, sent):
    before = standing().descriptors
    slow = [connect(server.port) for _ in range(100)]
    for connection in slow:
        connection.sendall(sent)
    assert server.post("meanwhile").json() == {"translatedText": "MEANWHILE"}
    for connection in slow:
        connection.close()
    wait_until(lambda: standing().descriptors <= before)


@pytest.mark.parametrize("sent", [b"", b"POST /translate HTT", b"GET /health HTTP/1.1\r\nHost: a\r\nX-A"])
def test_a_head_that_never_comes_whole_is_given_up(sent):
    with Server(keep_alive_seconds=1) as server, connect(server.port) as slow:
        slow.sendall(sent)
        assert slow.recv(100) == b""


def test_the_head_of_a_later_request_is_given_up_too():
    with Server(keep_alive_seconds=1) as server, connect(server.port) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert receive(slow).status == 200
        slow.sendall(b"GET /health HTT")
        assert slow.recv(100) == b""


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /",
        b"GET /health HTTP/1.1\r\nX-A: ",
        b"POST /translate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
    ],
)
def test_a_head_without_an_end_is_refused_and_thrown_away(server, beginning):
    before = standing().memory_bytes
    with connect(server.port) as endless:
        endless.sendall(beginning)
        for _ in range(100):  # not as one, which would be memory of this process itself
            endless.sendall(b"a" * MAX_HEAD_BYTES)
        reply = receive(endless)
    assert (reply.status, reply.json()["error"][:42]) == (431, "The head of the request is longer than the")
    assert standing().memory_bytes - before < 50 * MAX_HEAD_BYTES


def send_for_ever(connection):
    connection.sendall(b"GET /")
    while True:
        connection.sendall(b"a" * MAX_HEAD_BYTES)
        time.sleep(0.01)


def test_a_client_that_goes_on_after_its_head_is_refused_is_cut_off(server):
    with connect(server.port) as endless, pytest.raises(ConnectionError):
        send_for_ever(endless)


def test_a_body_of_which_more_comes_after_its_refusal_ends_the_connection():
    with Server(body_seconds=1) as server, connect(server.port) as slow:
        slow.sendall(request("/none", b"a", length=10).replace(b"Connection: close\r\n", b""))
        assert receive(slow).status == 404
        assert slow.recv(100) == b""
