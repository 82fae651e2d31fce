"""Translations over HTTP: batches, waits and clear errors, against a server on the loopback interface."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mt.errors import InvalidOption
from training.evaluation.remote import MAX_ATTEMPTS, TEXTS_A_REQUEST, ServerError, translate_over_http


class ScriptedServer(HTTPServer):
    """Answers with `answers` in turn, then translates into upper case; keeps what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ScriptedHandler)
        self.answers = []  # (status, headers, body)
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class ScriptedHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, request))
        upper = json.dumps({"translatedText": [text.upper() for text in request["q"]]})
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (200, {}, upper)
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):  # noqa: A002 - the name http.server gives
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # a machine may have a proxy for everything else
    with ScriptedServer() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield scripted
        scripted.shutdown()
        thread.join()


@pytest.fixture
def waits():
    """The seconds for which a client would have slept."""
    return []


def test_texts_are_sent_in_batches_and_come_back_in_order(server):
    texts = [f"text {number} ä\n" for number in range(2 * TEXTS_A_REQUEST + 1)]
    assert translate_over_http(server.url + "/", texts, "en", "de") == [text.upper() for text in texts]
    assert [len(request["q"]) for _, request in server.requests] == [TEXTS_A_REQUEST, TEXTS_A_REQUEST, 1]
    path, request = server.requests[-1]
    assert (path, request["source"], request["target"], request["format"]) == ("/translate", "en", "de", "text")


def test_no_text_needs_no_server():
    assert translate_over_http("http://127.0.0.1:1", [], "en", "de") == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_its_retry_after(server, waits, status):
    server.answers = [(status, {"Retry-After": "7"}, "{}"), (status, {}, "{}"), (status, {"Retry-After": "900"}, "{}")]
    assert translate_over_http(server.url, ["a"], "en", "de", sleep=waits.append) == ["A"]
    assert waits == [7, 2, 60]


def test_a_server_that_stays_busy_is_given_up_with_its_words(server, waits):
    server.answers = [(429, {"Retry-After": "1"}, '{"error": "Slowdown: 30 per 1 minute"}')] * MAX_ATTEMPTS
    with pytest.raises(ServerError, match=r'answered 429 .*, "Slowdown: 30 per 1 minute". It is busy; ask again later'):
        translate_over_http(server.url, ["a"], "en", "de", sleep=waits.append)
    assert len(server.requests) == MAX_ATTEMPTS == len(waits) + 1


@pytest.mark.parametrize("body", ['{"error": "zz is not supported"}', "zz is not supported", '["zz is not supported"]'])
def test_a_refusal_shows_the_words_of_the_server_and_is_not_repeated(server, body):
    server.answers = [(400, {}, body)]
    with pytest.raises(ServerError, match=r"/translate answered 400 Bad Request, .*zz is not supported"):
        translate_over_http(server.url, ["a"], "zz", "de")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "{}", '{"translatedText": "A"}', '{"translatedText": ["A", "B"]}', '{"translatedText": [1]}'],
)
def test_an_answer_outside_the_contract_is_refused_and_shown(server, body):
    server.answers = [(200, {}, body)]
    with pytest.raises(ServerError, match="asked for 1 translations and answered") as caught:
        translate_over_http(server.url, ["a"], "en", "de")
    assert body in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named():
    with ScriptedServer() as closed:
        url = closed.url
    with pytest.raises(ServerError, match=f"{url}/translate cannot be reached: .*refused.* Is the server running"):
        translate_over_http(url, ["a"], "en", "de")


@pytest.mark.parametrize("url", ["file:///etc/hosts", "127.0.0.1:8000", ""])
def test_an_address_that_is_not_http_is_refused(url):
    with pytest.raises(InvalidOption, match=f"'{url}' is no address of a server"):
        translate_over_http(url, ["a"], "en", "de")
