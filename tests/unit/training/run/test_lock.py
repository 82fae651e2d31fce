"""One training in a folder at a time, held by processes that are really there and really killed."""

import os
import platform
import subprocess
import sys
from contextlib import contextmanager

import pytest

from mt.errors import TrainingError
from training.run.lock import claim

HOLDER = """
import pathlib, sys
from training.run.lock import claim
with claim(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder):
    """Another process that has claimed the folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": os.getcwd()})
    try:
        assert process.stdout.readline() == b"claimed\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_folder_that_another_process_has_is_refused_with_its_id(tmp_path):
    with holder(tmp_path) as other:
        message = rf"{tmp_path} is in use by process {other.pid} on {platform.node()}, which trains there\. Wait .*out"
        with pytest.raises(TrainingError, match=message), claim(tmp_path):
            pytest.fail("claimed twice")
        # Being refused has taken nothing from it.
        with pytest.raises(TrainingError, match=f"in use by process {other.pid} "), claim(tmp_path):
            pytest.fail("claimed twice")


def test_a_folder_is_free_as_soon_as_its_process_is_killed(tmp_path):
    with holder(tmp_path) as other:
        other.kill()
        other.wait()
        with claim(tmp_path):
            assert (tmp_path / "run.lock").read_text(encoding="utf-8").startswith(f"process {os.getpid()} on ")


def test_a_folder_is_free_after_an_error(tmp_path):
    with pytest.raises(KeyError), claim(tmp_path):
        raise KeyError
    with claim(tmp_path):
        pass
    assert (tmp_path / "run.lock").read_bytes() == b""


def test_other_folders_are_not_claimed(tmp_path):
    (tmp_path / "other").mkdir()
    with holder(tmp_path), claim(tmp_path / "other"):
        pass
