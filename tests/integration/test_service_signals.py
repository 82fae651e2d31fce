"""Signals that come before the server listens for them, each to a process of its own."""

import signal
import subprocess
import sys

import pytest

WAITING = """
import time
from service.signals import end_at_once
end_at_once()
print("ready", flush=True)
time.sleep(60)
"""
# A process that a signal cannot end, as the first of a container is.
SPARED = """
import signal
from service import signals
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
signals._end(signal.SIGTERM, None)
"""


def run(program):
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_program_that_has_begun_nothing_without_a_word(sent):
    with run(WAITING) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sent)
        assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == -sent


def test_a_program_that_signals_do_not_end_ends_itself_with_success():
    with run(SPARED) as process:
        assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


def test_the_program_listens_for_signals_before_it_imports_what_takes_long():
    with run("import sys, service.start; print({'uvicorn', 'numpy', 'mt'} & set(sys.modules))") as process:
        assert process.communicate(timeout=10) == ("set()\n", "")
