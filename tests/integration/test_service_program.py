"""`mt-serve` as a process of its own: what it prints, how it stops, what it says when it cannot begin."""

import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

# The program, around a fake translator that takes a while for each text.
PROGRAM = """
import sys, time
from service.cli import serve
from service.settings import read_settings
from tests.service_fakes import FakeTranslator

class SlowTranslator(FakeTranslator):
    def search(self, *arguments):
        print("translating", flush=True)
        time.sleep(0.5)
        return super().search(*arguments)

def load(settings):
    if settings.bundle is not None:
        raise LOADING_ERROR
    return SlowTranslator()

from mt import BundleError
LOADING_ERROR = {"bundle": BundleError("/no/bundle has no manifest."), "bug": ZeroDivisionError("bug")}.get(sys.argv[1])
sys.exit(serve(read_settings({"MT_PORT": "0"}), load))
"""


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MT_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join([*sys.path, "."]), **variables}


def start(mode="works", **variables):
    command = [sys.executable, "-c", PROGRAM, mode]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**variables)
    )


def lines_until(process, beginning):
    """The program's lines up to one that begins so."""
    lines = []
    while not lines or not lines[-1].startswith(beginning):
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    return lines


def test_the_command_that_is_printed_works_as_it_stands():
    with start() as process:
        command = shlex.split(lines_until(process, "curl ")[-1])
        fields = [command[place + 1] for place, word in enumerate(command) if word == "-d"]
        with urllib.request.urlopen(command[-1], "&".join(fields).encode(), timeout=10) as answer:
            assert json.load(answer) == {"translatedText": "GOOD MORNING!"}
        process.terminate()
        assert process.communicate(timeout=10)[1] == ""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_after_it_has_answered(sent):
    with start() as process:
        address = lines_until(process, "curl ")[-1].split()[-1]
        fields = {"q": "hello", "source": "en", "target": "de"}
        with ThreadPoolExecutor(1) as clients:
            call = clients.submit(httpx.post, address, data=fields, timeout=10)
            lines_until(process, "translating")
            process.send_signal(sent)
            assert call.result().json() == {"translatedText": "HELLO"}
        process.communicate(timeout=10)
        assert process.returncode == -sent


def test_a_bundle_that_cannot_be_loaded_is_one_line_and_status_2():
    with start("bundle", MT_BUNDLE="/no/bundle") as process:
        printed, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (2, "mt-serve: /no/bundle has no manifest.\n")
    assert "curl" not in printed


def test_a_fault_of_our_own_while_loading_is_shown_whole_and_status_1():
    with start("bug", MT_BUNDLE="x") as process:
        complaint = process.communicate(timeout=10)[1]
    assert process.returncode == 1
    assert complaint.endswith("ZeroDivisionError: bug\n")


def test_an_unknown_variable_is_one_line_and_status_2():
    command = [sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main([]))"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(MT_PROT="80"), check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("mt-serve: 'MT_PROT' is not a setting; the closest is MT_PORT.")
    assert done.stderr.count("\n") == 1
