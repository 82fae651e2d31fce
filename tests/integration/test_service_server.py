"""The service behind a real socket, asked by unmodified clients and by rude ones."""

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from deep_translator import LibreTranslator
from libretranslatepy import LibreTranslateAPI

from mt import Translator, load_bundle, shipped_bundle
from service.app import create_app
from service.cli import listen, public_address, server_config
from tests.service_fakes import FakeTranslator, limited

FORM = "q=hello&source=en&target=de"


class Server:
    """A server in a thread, around a fake translator and with its own HTTP parser, unless others are given."""

    def __init__(self, http_parser=None, translator=None, **limits):
        self.translator = translator or FakeTranslator()
        settings = limited(**limits)
        self.app = create_app(settings, load=lambda _: self.translator)
        config = server_config(self.app, settings)
        config.http = http_parser or config.http
        self.server = uvicorn.Server(config)
        self.listener = listen("127.0.0.1", 0)
        self.url = public_address(self.listener)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.server.started and not self.app.state.service.obstacle)
        return self

    def __exit__(self, *_):
        if isinstance(self.translator, FakeTranslator):
            self.translator.gate.set()
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()

    def post(self, text="hello", **options):
        fields = {"q": text, "source": "en", "target": "de"}
        return httpx.post(f"{self.url}/translate", data=fields, timeout=10, **options)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def scheduler_of(server):
    (model,) = server.app.state.service.models()
    return model.scheduler


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def request_bytes(body=FORM, length=None):
    kind = "Content-Type: application/x-www-form-urlencoded"
    head = f"POST /translate HTTP/1.1\r\nHost: a\r\n{kind}\r\nContent-Length: {length or len(body)}\r\n\r\n"
    return (head + body).encode()


def received(connection):
    """Everything that comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture(scope="module", params=[None, "h11"])
def server(request):
    with Server(request.param, max_body_bytes=2_000) as server:
        yield server


@pytest.fixture
def own_server():
    with Server(queue_size=1) as server:
        yield server


@pytest.mark.parametrize("key", [None, "secret"])
def test_libretranslatepy_works_unmodified(server, key):
    client = LibreTranslateAPI(server.url, key)
    assert client.translate("Hello, Größe!\n", "en", "de") == "HELLO, GRÖSSE!\n"
    assert client.languages()[1] == {"code": "de", "name": "German", "targets": ["en", "pt-br"]}  # a GET with a body
    assert client.translate("Guten Morgen, wie geht es dir?", "auto", "en") == "guten morgen, wie geht es dir?"
    assert client.detect("Guten Morgen, wie geht es dir?")[0]["language"] == "de"


def test_deep_translator_works_unmodified(server):
    client = LibreTranslator(source="en", target="de", api_key="x", custom_url=f"{server.url}/")
    assert client.translate("Good morning & good night + 100 %!") == "GOOD MORNING & GOOD NIGHT + 100 %!"
    assert client.translate_batch(["one", "two"]) == ["ONE", "TWO"]
    client = LibreTranslator(source="auto", target="de", api_key="x", custom_url=f"{server.url}/")
    assert client.translate("Good morning, how are you?") == "GOOD MORNING, HOW ARE YOU?"


def test_head_is_answered_without_a_body_and_leaves_the_connection_usable(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for method, size in (("HEAD", 0), ("GET", 15), ("HEAD", 0)):
        connection.request(method, "/health")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("content-length"), len(answer.read())) == (200, "15", size)
    connection.close()


def test_a_get_with_a_body_leaves_the_connection_usable(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/languages", body="api_key=x", headers={"Content-Type": "text/plain"})
        assert len(json.load(connection.getresponse())) == 3
    connection.close()


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_far_too_long_gets_an_answer_and_not_a_reset(server, is_announced):
    content = b"a" * 3_000_000 if is_announced else iter([b"a" * 1_000] * 3_000)
    answer = httpx.post(f"{server.url}/translate", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "this server takes 2,000. Send the text in parts" in answer.json()["error"]


def test_a_client_that_sends_slowly_does_not_block_the_others(server):
    whole = request_bytes()
    with server.connect() as slow:
        slow.sendall(whole[:-5])
        assert server.post("meanwhile").json() == {"translatedText": "MEANWHILE"}
        slow.sendall(whole[-5:])
        assert b"HELLO" in slow.recv(65_536)


def test_clients_that_break_off_or_half_close_do_no_harm(server):
    for sent in (request_bytes()[:-5], request_bytes(), b"POST /trans", b"\x16\x03\x01 not http\r\n\r\n"):
        with server.connect() as broken:
            broken.sendall(sent)
            broken.shutdown(socket.SHUT_WR)
            received(broken)
    assert server.post().json() == {"translatedText": "HELLO"}


def test_a_second_request_may_follow_on_the_same_connection(server):
    with server.connect() as connection:
        connection.sendall(request_bytes() + request_bytes("q=again&source=en&target=de"))
        answer = b""
        while b"AGAIN" not in answer:
            answer += connection.recv(65_536)
    assert answer.index(b"HELLO") < answer.index(b"AGAIN")


def test_a_full_queue_refuses_the_next_request_at_once(own_server):
    own_server.translator.gate.clear()
    with ThreadPoolExecutor(2) as clients:
        first = clients.submit(own_server.post, "first")
        assert own_server.translator.began.acquire(timeout=10)
        second = clients.submit(own_server.post, "second")
        wait_until(lambda: scheduler_of(own_server).waiting == 1)
        third = own_server.post("third")
        assert (third.status_code, third.headers["retry-after"]) == (429, "1")
        assert third.json()["error"].startswith("Slowdown: as many sentences wait")
        assert httpx.get(f"{own_server.url}/health").status_code == 200
        own_server.translator.gate.set()
        assert [call.result().json()["translatedText"] for call in (first, second)] == ["FIRST", "SECOND"]


def test_a_request_whose_client_leaves_while_it_waits_is_not_translated(own_server):
    own_server.translator.gate.clear()
    with ThreadPoolExecutor(1) as clients:
        first = clients.submit(own_server.post, "first")
        assert own_server.translator.began.acquire(timeout=10)
        scheduler = scheduler_of(own_server)
        with own_server.connect() as leaving:
            leaving.sendall(request_bytes())
            wait_until(lambda: scheduler.waiting == 1)
        wait_until(lambda: scheduler.waiting == 0)
        own_server.translator.gate.set()
        assert first.result().status_code == 200
    own_server.post("last")
    assert own_server.translator.finished == ["first", "last"]


def test_a_text_whose_client_leaves_while_it_is_translated_is_translated_no_further(own_server):
    own_server.translator.gate.clear()
    scheduler = scheduler_of(own_server)
    with own_server.connect() as leaving:
        leaving.sendall(request_bytes())
        assert own_server.translator.began.acquire(timeout=10)
    wait_until(lambda: scheduler.running == 0)
    own_server.translator.gate.set()
    own_server.post("last")
    assert own_server.translator.finished == ["last"]
    assert scheduler.counts.cancelled == 1


def test_a_stopping_server_answers_what_it_has_taken():
    with Server(queue_size=5) as server, ThreadPoolExecutor(3) as clients:
        server.translator.gate.clear()
        calls = [clients.submit(server.post, text) for text in ("a", "b", "c")]
        assert server.translator.began.acquire(timeout=10)
        wait_until(lambda: scheduler_of(server).waiting == 2)
        server.server.should_exit = True
        wait_until(lambda: not is_open(server))
        server.translator.gate.set()
        assert sorted(call.result().json()["translatedText"] for call in calls) == ["A", "B", "C"]


def stream_bytes(text):
    return request_bytes(f"q={text}&source=en&target=de").replace(b"/translate", b"/translate/stream")


def streams_of(server):
    return server.app.state.service.streams


class Turnstile:
    """A gate that lets as many pass as it has permits."""

    def __init__(self):
        self.permits = threading.Semaphore(0)

    def wait(self, seconds):
        return self.permits.acquire(timeout=seconds)

    def set(self):
        self.permits.release(1_000)


@pytest.mark.parametrize("http_parser", [None, "h11"])
def test_a_stream_comes_while_it_grows(http_parser):
    translator = FakeTranslator()
    translator.gate = Turnstile()
    with Server(http_parser, translator) as server, server.connect() as connection:
        connection.sendall(stream_bytes("hi"))
        answer = b""
        for permits, awaited in [(2, b'{"text":"H"}'), (1, b'{"text":"I"}'), (1, b"event: end")]:
            translator.gate.permits.release(permits)
            while awaited not in answer:
                answer += connection.recv(65_536)
    assert b"text/event-stream" in answer


def test_a_stream_whose_client_leaves_is_not_translated_any_further(own_server):
    translator = own_server.translator
    translator.gate.clear()
    with own_server.connect() as leaving:
        leaving.sendall(stream_bytes("hello"))
        assert translator.began.acquire(timeout=10)
    wait_until(lambda: streams_of(own_server).open == 0)
    translator.gate.set()
    assert own_server.post("last").status_code == 200
    assert translator.finished == ["", "last"]


def test_a_stream_whose_client_leaves_in_the_middle_is_not_translated_any_further(own_server):
    translator, text = own_server.translator, "a" * 10_000
    with own_server.connect() as leaving:
        leaving.sendall(stream_bytes(text))
        assert b"200 OK" in leaving.recv(65_536)
    wait_until(lambda: streams_of(own_server).open == 0)
    done = len(translator.finished)
    assert own_server.post("last").status_code == 200
    assert 0 < done < len(text)
    assert len(translator.finished) <= done + 2  # the piece at hand, and the last text


def test_more_streams_than_the_setting_allows_are_refused_at_once():
    with Server(max_streams=1) as server:
        server.translator.gate.clear()
        with server.connect() as first:
            first.sendall(stream_bytes("first"))
            assert server.translator.began.acquire(timeout=10)
            fields = {"q": "second", "source": "en", "target": "de"}
            second = httpx.post(f"{server.url}/translate/stream", data=fields, timeout=10)
            assert (second.status_code, second.headers["retry-after"]) == (429, "1")
            server.translator.gate.set()


def test_the_shipped_translator_streams_what_it_finds_by_greedy_search():
    text = "Where is the station?\n\nIt is late. Where is the station?"
    translator = Translator(load_bundle(shipped_bundle()), engine="litert")
    with Server(translator=translator) as server:
        fields = {"q": text, "source": "en", "target": "de"}
        answer = httpx.post(f"{server.url}/translate/stream", json=fields, timeout=10).text
    data = [json.loads(line.removeprefix("data: ")) for line in answer.splitlines() if line.startswith("data: ")]
    (wanted,) = translator.translate([text], "en", "de", greedy=True)
    assert data[-1] == {"translatedText": wanted.text}
    assert "".join(one["text"] for one in data[:-1]) == wanted.text
    assert len(data) > 8


def test_a_server_that_may_not_wait_any_longer_ends_its_streams_and_says_so():
    translator = FakeTranslator()
    translator.gate = Turnstile()
    translator.gate.permits.release(2)
    with Server(translator=translator, shutdown_seconds=1) as server, server.connect() as connection:
        connection.sendall(stream_bytes("hi"))
        answer = b""
        while b'{"text":"H"}' not in answer:
            answer += connection.recv(65_536)
        server.server.should_exit = True
        answer += received(connection)
    assert b"event: error" in answer
    assert b"This server is stopping" in answer


def test_streams_are_open_side_by_side(own_server):
    def stream(text):
        fields = {"q": text, "source": "en", "target": "de"}
        return httpx.post(f"{own_server.url}/translate/stream", data=fields, timeout=10).text

    with ThreadPoolExecutor(4) as clients:
        for text, answer in zip("abcdefgh", clients.map(stream, "abcdefgh"), strict=True):
            assert answer.endswith(f'event: end\ndata: {{"translatedText":"{text.upper()}"}}\n\n')


def is_open(server):
    try:
        server.connect().close()
    except ConnectionError:
        return False
    return True


def test_a_server_that_may_not_wait_any_longer_says_so_to_its_clients():
    with Server(shutdown_seconds=1) as server, ThreadPoolExecutor(1) as clients:
        server.translator.gate.clear()
        call = clients.submit(server.post)
        assert server.translator.began.acquire(timeout=10)
        server.server.should_exit = True
        assert (call.result().status_code, call.result().json()["error"][:23]) == (503, "This server is stopping")


def test_an_idle_connection_is_kept_for_as_long_as_the_setting_says():
    with Server(keep_alive_seconds=1) as server, server.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b'{"status":"ok"}'):  # which may come in two parts
            part = connection.recv(65_536)
            assert part, answer
            answer += part
        began = time.monotonic()
        assert connection.recv(1) == b""  # closed by the server
        assert 0.5 < time.monotonic() - began < 5


def test_a_body_that_never_comes_is_given_up():
    with Server(body_seconds=1) as server, server.connect() as slow:
        slow.sendall(request_bytes()[:-5])
        assert b"408 Request Timeout" in slow.recv(65_536)
