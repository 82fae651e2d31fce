import json
import os
import subprocess
import sys

import pytest

from service.errors import Refusal
from service.settings import SettingsError
from service.suggestions import Suggestions

PROGRAM = """
import sys
from pathlib import Path
from service.suggestions import Suggestions
suggestions = Suggestions(Path(sys.argv[1]))
for number in range(200):
    suggestions.keep(q=sys.argv[2] * 5_000, s=str(number))
"""


def test_a_suggestion_is_one_line_whatever_it_holds(tmp_path):
    fields = {"q": 'a\n"b"\u2028\r', "s": "ü😀\x00"}
    suggestions = Suggestions(tmp_path / "kept")
    suggestions.keep(**fields)
    suggestions.keep(q="\ud800", s="")
    first, second = (tmp_path / "kept").read_bytes().splitlines()
    assert json.loads(first) == fields
    assert json.loads(second) == {"q": "\ud800", "s": ""}


def test_lines_of_several_processes_do_not_mix(tmp_path):
    file = tmp_path / "kept"
    writers = [subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), letter]) for letter in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    kept = [json.loads(line) for line in file.read_bytes().splitlines()]
    for letter in "ab":
        assert [one["s"] for one in kept if one["q"] == letter * 5_000] == [str(number) for number in range(200)]


def test_the_file_is_for_its_owner_alone(tmp_path):
    Suggestions(tmp_path / "kept")
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600


def test_what_is_in_the_file_stays(tmp_path):
    (tmp_path / "kept").write_bytes(b"{}\n")
    Suggestions(tmp_path / "kept").keep(q="a")
    assert (tmp_path / "kept").read_bytes() == b'{}\n{"q": "a"}\n'


def test_a_file_that_cannot_be_written_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"^MT_SUGGESTIONS is '.*', which cannot be written: .* Name another file"):
        Suggestions(tmp_path)


def test_a_file_that_goes_away_later_is_a_refusal(tmp_path):
    (tmp_path / "folder").mkdir()
    suggestions = Suggestions(tmp_path / "folder" / "kept")
    (tmp_path / "folder" / "kept").unlink()
    (tmp_path / "folder").rmdir()
    with pytest.raises(Refusal, match=r"could not be kept: .* Tell the server operator\.") as refusal:
        suggestions.keep(q="a")
    assert refusal.value.status == 503


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no full disk to try")
def test_a_full_disk_is_a_refusal(tmp_path):
    suggestions = Suggestions(tmp_path / "kept")
    suggestions.path = "/dev/full"
    with pytest.raises(Refusal, match=r"could not be kept: No space left on device"):
        suggestions.keep(q="a")
