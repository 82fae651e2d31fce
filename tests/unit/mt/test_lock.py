"""One process at a time, held by processes that are really there and really killed."""

import os
import platform
import subprocess
import sys
from contextlib import contextmanager

import pytest

from mt.lock import claim

HOLDER = """
import pathlib, sys
from mt.lock import claim
with claim(pathlib.Path(sys.argv[1]), ValueError):
    print("claimed", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(file):
    """Another process that has claimed the file."""
    command = [sys.executable, "-c", HOLDER, str(file)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": os.getcwd()})
    try:
        assert process.stdout.readline() == b"claimed\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "lock"


def test_a_file_that_another_process_has_is_refused_with_its_id(file):
    with holder(file) as other:
        # Being refused takes nothing from it.
        for _ in range(2):
            with (
                pytest.raises(ValueError, match=f"^process {other.pid} on {platform.node()}$"),
                claim(file, ValueError),
            ):
                pytest.fail("claimed twice")


def test_a_file_is_free_as_soon_as_its_process_is_killed(file):
    with holder(file) as other:
        other.kill()
        other.wait()
        with claim(file, ValueError):
            assert file.read_text(encoding="utf-8") == f"process {os.getpid()} on {platform.node()}"


def test_a_file_is_gone_and_free_after_an_error(file):
    for _ in range(2):
        with pytest.raises(KeyError), claim(file, ValueError):
            raise KeyError
        assert not file.exists()


def test_other_files_are_not_claimed(file):
    with holder(file), claim(file.with_name("other"), ValueError):
        pass


def test_of_many_who_want_it_one_at_a_time_has_it(file):
    """Those who are refused ask again, while others remove the file."""
    script = """
import pathlib, sys
from mt.lock import claim
file, counter = map(pathlib.Path, sys.argv[1:])
left = 100
while left:
    try:
        with claim(file, ValueError):
            count = int(counter.read_text())
            counter.write_text(str(count + 1))
            left -= 1
    except ValueError:
        pass
"""
    counter = file.with_name("counter")
    counter.write_text("0", encoding="utf-8")
    command = [sys.executable, "-c", script, str(file), str(counter)]
    processes = [subprocess.Popen(command, env={"PYTHONPATH": os.getcwd()}) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert counter.read_text(encoding="utf-8") == "200"
