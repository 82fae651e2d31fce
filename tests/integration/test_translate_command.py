"""`mt` as a process of its own: quiet, line by line, and unmoved by what the other end of a pipe does."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests import tiny

MT = [sys.executable, "-m", "mt.cli"]
TRANSLATE = [*MT, "translate", "--from", "en", "--to", "de"]
LINES = 2_000  # several chunks
TIMEOUT_SECONDS = 500  # a start and all lines, on a busy machine


@pytest.fixture
def text(tmp_path):
    """A file of many lines."""
    file = tmp_path / "text"
    file.write_text("".join(f"{name}\n" for name in tiny.number_names("en", LINES)), encoding="utf-8")
    return file


def translate_file(text, *options):
    return [*TRANSLATE, "--bundle", str(tiny.bundle_folder()), str(text), *options]


def test_a_text_goes_in_and_its_translation_comes_out_and_nothing_else():
    command = [*TRANSLATE, "--bundle", str(tiny.bundle_folder())]
    done = subprocess.run(command, input=b"seventy\n\nninety", capture_output=True, check=False)
    expected = [one.text for one in tiny.translator().translate(["seventy", "", "ninety"], "en", "de")]
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "".join(f"{line}\n" for line in expected)


def test_a_line_typed_at_a_terminal_is_answered_before_the_next():
    command = [*TRANSLATE, "--bundle", str(tiny.bundle_folder()), "--workers", "2"]
    keyboard, terminal = os.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE) as process:
        os.close(terminal)
        for line in ("seventy", "ninety"):
            os.write(keyboard, f"{line}\n".encode())
            assert process.stdout.readline().decode() == f"{tiny.translator().translate([line], 'en', 'de')[0].text}\n"
        os.write(keyboard, b"\x04")  # Ctrl-D
        assert process.wait(TIMEOUT_SECONDS) == 0
    os.close(keyboard)


def test_a_pipe_that_is_closed_ends_it_quietly():
    command = [*TRANSLATE, "--greedy", "--bundle", str(tiny.bundle_folder())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(b"one\n")
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_deliberate_error_is_one_line_and_status_2(tmp_path):
    done = subprocess.run([*MT, "info", str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"mt: There is no bundle at {tmp_path}/none. Give the folder that `mt-train export` wrote.\n"
    )


def test_the_package_is_imported_without_a_model_library():
    program = "import sys, mt.cli; print(sorted({'tensorflow', 'keras', 'jax'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_several_processes_write_what_one_writes(text):
    one, several = (
        subprocess.run(translate_file(text, "--json", "--workers", count), capture_output=True, check=True)
        for count in "13"
    )
    assert several.stdout == one.stdout
    sources = [json.loads(line)["source"] for line in several.stdout.decode().split("\n")[:-1]]
    assert sources == list(tiny.number_names("en", LINES))
    told = r"2,000 lines in [\d.]+ s: [\d,]+ sentences a second \(litert, 3 processes\)\n"
    assert re.fullmatch(told, several.stderr.decode())


def test_a_run_that_was_killed_goes_on_and_writes_what_an_unbroken_one_writes(text, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(translate_file(text, "--greedy", "--output", whole, "--workers", "1"), check=True)
    record = tmp_path / "broken.part.json"
    command = translate_file(text, "--greedy", "--output", broken, "--workers", "2")
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + TIMEOUT_SECONDS
        while not (record.exists() and json.loads(record.read_bytes())["lines"]):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.002)
        process.kill()
        # All processes of the run hold the other end of this pipe: they end with it, and quietly.
        assert process.communicate(timeout=TIMEOUT_SECONDS) == (None, b"")
    assert 0 < json.loads(record.read_bytes())["lines"] < LINES
    assert not broken.exists()

    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "broken.part was left by a run that was broken off. Add --resume, or remove it." in refused.stderr
    subprocess.run([*command, "--resume"], check=True)
    assert broken.read_bytes() == whole.read_bytes()
    assert not record.exists()


def test_ctrl_c_ends_all_processes_quietly(text):
    command = translate_file(text, "--json", "--workers", "2")  # more than a pipe holds, so it does not end by itself
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.communicate(timeout=TIMEOUT_SECONDS)[1] == b""
    assert process.returncode == 130


def test_a_pipe_that_is_closed_ends_all_processes_quietly(text):
    command = translate_file(text, "--json", "--workers", "2")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
