"""`mt-serve` as a process of its own: what it prints, how it stops, what it says when it cannot begin."""

import errno
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

# The program, around a fake translator that takes a while for each text.
PROGRAM = """
import sys
from service.cli import serve
from service.settings import read_settings
from tests.service_fakes import load_slow
sys.exit(serve(read_settings({"MT_PORT": "0"}), load_slow))
"""
WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MT_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join([*sys.path, "."]), **variables}


def start(**variables):
    command = [sys.executable, "-c", PROGRAM]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **pipes, text=True, env=environment(**variables))


def lines_until(process, beginning):
    """The program's lines up to one that begins so."""
    lines = []
    while not lines or not lines[-1].startswith(beginning):
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return lines


@WORKERS
def test_the_command_that_is_printed_works_as_it_stands(workers):
    with start(MT_WORKERS=workers) as process:
        command = shlex.split(lines_until(process, "curl ")[-1])
        fields = [command[place + 1] for place, word in enumerate(command) if word == "-d"]
        with urllib.request.urlopen(command[-1], "&".join(fields).encode(), timeout=10) as answer:
            assert json.load(answer) == {"translatedText": "GOOD MORNING!"}
        process.terminate()
        assert process.communicate(timeout=20)[1] == ""


@WORKERS
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_after_it_has_answered(sent, workers):
    with start(MT_WORKERS=workers) as process:
        address = lines_until(process, "curl ")[-1].split()[-1]
        fields = {"q": "hello", "source": "en", "target": "de"}
        with ThreadPoolExecutor(1) as clients:
            call = clients.submit(httpx.post, address, data=fields, timeout=10)
            lines_until(process, "translating")
            process.send_signal(sent)
            assert_refuses(address)
            assert call.result().json() == {"translatedText": "HELLO"}
        process.communicate(timeout=20)
        assert process.returncode == -sent


def assert_refuses(address):
    """Waits until nobody listens any more, which is before the last answer is sent."""
    host, port = urllib.parse.urlsplit(address).netloc.split(":")
    status = 0
    while status != errno.ECONNREFUSED:
        with socket.socket() as connection:
            status = connection.connect_ex((host, int(port)))


@WORKERS
def test_every_line_that_is_logged_is_json_where_that_is_asked_for(workers):
    with start(MT_WORKERS=workers, MT_LOG_LEVEL="info", MT_LOG_FORMAT="json") as process:
        address = lines_until(process, "curl ")[-1].split()[-1]
        fields, name = {"q": "secret", "source": "en", "target": "de"}, {"X-Request-ID": "call-7"}
        assert httpx.post(address, data=fields, headers=name, timeout=10).headers["X-Request-ID"] == "call-7"
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        assert httpx.post(address, content=b"secret", headers=form, timeout=10).status_code == 400
        process.terminate()
        printed = process.communicate(timeout=20)[1]
    lines = [json.loads(line) for line in printed.splitlines()]
    (own,) = [line for line in lines if line.get("request_id") == "call-7"]
    assert (own["method"], own["route"], own["status"], own["characters"]) == ("POST", "/translate", 200, 6)
    assert own["milliseconds"] >= own["search_milliseconds"] > 400  # of the 500 that it sleeps
    assert "secret" not in printed
    assert "python_multipart" not in printed


class Collector(BaseHTTPRequestHandler):
    """Keeps what it is sent in its server's `received`."""

    def do_POST(self):
        self.server.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@WORKERS
def test_the_spans_of_requests_are_sent_to_the_collector_that_is_named(workers):
    with HTTPServer(("127.0.0.1", 0), Collector) as collector, ThreadPoolExecutor(1) as thread:
        collector.received = []
        thread.submit(collector.serve_forever)
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        with start(MT_WORKERS=workers, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as process:
            address = lines_until(process, "curl ")[-1].split()[-1]
            httpx.post(address, data={"q": "hello", "source": "en", "target": "de"}, timeout=10)
            process.terminate()
            assert process.communicate(timeout=20)[1] == ""
        collector.shutdown()
    (path, spans), *_ = collector.received
    assert path == "/v1/traces"
    assert all(name in spans for name in (b"POST /translate", b"queue", b"search"))


def test_a_collector_that_is_not_there_does_not_keep_the_program_from_ending():
    with start(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", MT_LOG_LEVEL="critical") as process:
        address = lines_until(process, "curl ")[-1].split()[-1]
        assert httpx.get(address.replace("/translate", "/health"), timeout=10).status_code == 200
        process.terminate()
        assert process.communicate(timeout=10)[1] == ""
    assert process.returncode == -signal.SIGTERM


@WORKERS
def test_a_bundle_that_cannot_be_loaded_is_one_line_and_status_2(workers):
    with start(MT_BUNDLE="/no/bundle", MT_WORKERS=workers) as process:
        printed, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (2, "mt-serve: /no/bundle has no manifest.\n")
    assert "curl" not in printed


@WORKERS
def test_a_folder_of_bundles_that_is_not_there_is_one_line_and_status_2(workers):
    with start(MT_BUNDLES="/no/bundles", MT_WORKERS=workers) as process:
        complaint = process.communicate(timeout=20)[1]
    expected = "mt-serve: MT_BUNDLES is /no/bundles, which is no folder. Give one that holds bundles.\n"
    assert (process.returncode, complaint) == (2, expected)


@WORKERS
def test_a_fault_of_our_own_while_loading_is_shown_whole_and_status_1(workers):
    with start(MT_BUNDLE="bug", MT_WORKERS=workers) as process:
        complaint = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert complaint.count("Traceback") == 1
    assert complaint.endswith("ZeroDivisionError: bug\n")


def test_an_unknown_variable_is_one_line_and_status_2():
    command = [sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main([]))"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(MT_PROT="80"), check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("mt-serve: 'MT_PROT' is not a setting; the closest is MT_PORT.")
    assert done.stderr.count("\n") == 1
