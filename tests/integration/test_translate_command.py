"""`mt` as a process of its own: quiet, line by line, and unmoved by what the other end of a pipe does."""

import subprocess
import sys

from tests import tiny

MT = [sys.executable, "-m", "mt.cli"]
TRANSLATE = [*MT, "translate", "--from", "en", "--to", "de"]


def test_a_text_goes_in_and_its_translation_comes_out_and_nothing_else():
    command = [*TRANSLATE, "--bundle", str(tiny.bundle_folder())]
    done = subprocess.run(command, input=b"seventy\n\nninety", capture_output=True, check=False)
    expected = [one.text for one in tiny.translator().translate(["seventy", "", "ninety"], "en", "de")]
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "".join(f"{line}\n" for line in expected)


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
