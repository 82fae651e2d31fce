"""Apache Beam with two processes gives what a translator gives, and as a command what `mt translate` writes."""

import gzip
import json
import re
import shlex
import subprocess
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import pytest
import typer

from tests import tiny

beam = pytest.importorskip("apache_beam", reason="apache-beam is not installed; it is in the extra `beam`")

from apache_beam.testing.util import assert_that, equal_to  # noqa: E402

from mt.beam import Translate  # noqa: E402
from mt.beam.__main__ import app, pipeline_options  # noqa: E402

TWO_PROCESSES = ["--runner", "DirectRunner", "--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
LINES_A_PART = 250


@pytest.fixture
def folder(tmp_path):
    """A folder with two files of text, one of them compressed and with a line that is not UTF-8."""
    names = tiny.number_names("en", 600)
    (tmp_path / "in1.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    with gzip.open(tmp_path / "in2.txt.gz", "wb") as stream:
        stream.write(b"seventy\n\nninety \xff\n  twelve\r\nlast")
    return tmp_path


def documented_commands():
    """The arguments of each `python -m mt.beam` on the page; the first runs on one machine."""
    page = (Path(__file__).parents[2] / "docs" / "bulk.md").read_text(encoding="utf-8")
    found = re.findall(r"^python -m mt\.beam ((?:.*\\\n)*.*)$", page, re.MULTILINE)
    return [shlex.split(command.replace("\\\n", " ")) for command in found]


def translate(folder, *options):
    """Runs the documented command in this folder, with the tiny bundle; what it told on standard error."""
    command = [sys.executable, "-m", "mt.beam", *documented_commands()[0], "--bundle", str(tiny.bundle_folder())]
    command += ["--lines-a-part", str(LINES_A_PART), *options]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def parts(folder, name):
    """The lines of each part of a file's translation, in the order of their names."""
    paths = sorted((folder / "out").glob(f"{name}.?????"))
    assert [path.name for path in paths] == [f"{name}.{number:05d}" for number in range(len(paths))]
    return [path.read_bytes().decode("utf-8").split("\n")[:-1] for path in paths]


def test_two_processes_give_what_the_translator_gives():
    texts = [*tiny.number_names("en", 300), "", "twelve. Ninety.", "seventy" * 40]
    surrogate = "a\ud800".encode("utf-8", "surrogatepass")
    given = [*enumerate(texts), ("surrogate", surrogate), ("bytes", b"\xff"), ("good bytes", b"seven")]
    with beam.Pipeline(options=pipeline_options(TWO_PROCESSES)) as pipeline:
        outcome = pipeline | beam.Create(given) | translate_tiny()
        expected = tiny.translator().translate([*texts, "seven"], "en", "de", n_best=2)
        keys = [*range(len(texts)), "good bytes"]
        assert_that(outcome.translated, equal_to([*zip(keys, expected, strict=True)]), "translated")
        assert_that(outcome.failed | beam.Keys(), equal_to(["surrogate", "bytes"]), "failed")


def test_a_text_without_a_key_is_its_own():
    with beam.Pipeline(options=pipeline_options([])) as pipeline:
        outcome = pipeline | beam.Create(["seventy", b"twelve", b"\xff"]) | translate_tiny()
        expected = tiny.translator().translate(["seventy", "twelve"], "en", "de", n_best=2)
        assert_that(outcome.translated, equal_to([*zip(["seventy", "twelve"], expected, strict=True)]), "translated")
        assert_that(outcome.failed | beam.Keys(), equal_to(["\\xff"]), "failed")


def test_the_command_writes_line_n_for_line_n(folder):
    told = translate(folder)
    names = tiny.number_names("en", 600)
    expected = [one.text for one in tiny.translator().translate(names, "en", "de")]
    first = parts(folder, "in1.txt")
    assert [len(part) for part in first] == [250, 250, 100]
    assert [*chain(*first)] == expected
    texts = ["seventy", "", "", "  twelve\r", "last"]
    assert parts(folder, "in2.txt.gz") == [[one.text for one in tiny.translator().translate(texts, "en", "de")]]
    (failed,) = (folder / "out").glob("failed*")
    record = json.loads(failed.read_bytes())
    assert (record["file"], record["line"], record["source"]) == ("in2.txt.gz", 3, "ninety \\xff")
    assert (record["error"], record["message"][:28]) == ("InvalidText", "Text is not UTF-8 (byte 0xff")
    assert f"mt.beam: 1 lines have no translation; {folder}/out/failed-* tells why." in told
    assert not [*(folder / "out").glob(".*")]


def test_the_command_writes_json_with_scores(folder):
    translate(folder, "--json", "--n-best", "3")
    texts = ["seventy", "", "", "  twelve\r", "last"]
    made = tiny.translator().translate(texts, "en", "de", n_best=3)
    written = [json.dumps({"source": text, **asdict(one)}) for text, one in zip(texts, made, strict=True)]
    expected = [json.loads(line) for line in written]
    (lines,) = parts(folder, "in2.txt.gz")
    failed = json.loads(lines.pop(2))
    assert [json.loads(line) for line in lines] == expected[:2] + expected[3:]
    assert failed.keys() == {"source", "error", "message"}


@pytest.mark.parametrize("command", documented_commands(), ids=lambda command: command[command.index("--runner") + 1])
def test_beam_knows_every_documented_option_that_is_not_ours(command):
    rest = typer.main.get_command(app).make_context("mt.beam", [*command]).args
    given = {word.removeprefix("--") for word in rest if word.startswith("--")}
    assert "runner" in given
    assert given <= pipeline_options(rest).get_all_options(drop_default=True).keys()


def translate_tiny():
    return Translate(tiny.bundle_folder(), "en", "de", n_best=2)
