"""A file written in parts: the same bytes however often it was broken off, and refused when it does not fit."""

import io
import json
import os
import shutil

import pytest

from mt.errors import InvalidOption
from mt.part_file import PartFile, whole_lines

LINES = ["eins\n", "zwei\n", "\n", "drei\u2028vier\n", "fünf"]
MADE_WITH = {"engine": "litert", "greedy": False}


class Broken(Exception):
    """What breaks a run off here."""


def shout(file, lines=LINES, chunk=2, resume=False, made_with=MADE_WITH, most=99):
    """Writes the lines in capitals, some at a time; breaks off behind so many of them."""
    stream = io.BytesIO("".join(lines).encode())
    with PartFile(file, made_with, resume) as part:
        done, size = part.begin(stream)
        assert stream.tell() == size
        for start in range(done, len(lines), chunk):
            if start >= most:
                raise Broken
            raw = [stream.readline() for _ in lines[start : start + chunk]]
            part.write(b"".join(raw), [line.decode().removesuffix("\n").upper() for line in raw])
        part.complete()
    return file.read_text(encoding="utf-8")


def broken_off(file, most, **options):
    with pytest.raises(Broken):
        shout(file, most=most, **options)
    return file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.part.json")


EXPECTED = "EINS\nZWEI\n\nDREI\u2028VIER\nFÜNF\n"


def test_lines_are_written_whole():
    assert whole_lines(["ä", "", "b"]) == "ä\n\nb\n".encode()


def test_a_file_has_its_name_when_it_is_complete_and_nothing_else_is_left(tmp_path):
    assert shout(tmp_path / "file") == EXPECTED
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_file_that_is_there_is_replaced_in_the_end(tmp_path):
    file = tmp_path / "file"
    file.write_text("old", encoding="utf-8")
    broken_off(file, most=2)
    assert file.read_text(encoding="utf-8") == "old"
    assert shout(file, resume=True) == EXPECTED


@pytest.mark.parametrize("most", [2, 4])
@pytest.mark.parametrize("left", [b"", b"HAL", b"HALF\n"])
def test_a_file_gone_on_with_is_the_same_as_one_written_in_one_go(tmp_path, most, left):
    part, record = broken_off(tmp_path / "file", most)
    assert json.loads(record.read_text(encoding="utf-8"))["lines"] == most
    with part.open("ab") as stream:
        stream.write(left)  # written, but killed before it was recorded
    assert shout(tmp_path / "file", resume=True) == EXPECTED
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_file_broken_off_twice_is_the_same_too(tmp_path):
    broken_off(tmp_path / "file", 2)
    broken_off(tmp_path / "file", 4, resume=True)
    assert shout(tmp_path / "file", resume=True) == EXPECTED


def test_resuming_what_has_not_begun_begins_it(tmp_path):
    assert shout(tmp_path / "file", resume=True) == EXPECTED


def test_a_run_that_wrote_nothing_leaves_nothing(tmp_path):
    broken_off(tmp_path / "file", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_a_killed_run_left_empty_does_not_matter(tmp_path):
    (tmp_path / "file.part").touch()
    assert shout(tmp_path / "file") == EXPECTED


def test_a_part_is_not_overwritten_without_being_asked(tmp_path):
    part, _ = broken_off(tmp_path / "file", 2)
    with pytest.raises(InvalidOption, match=rf"^{part} was left by a run that was broken off\. Add --resume"):
        shout(tmp_path / "file")
    assert part.read_text(encoding="utf-8") == "EINS\nZWEI\n"


def test_another_bundle_or_option_is_refused(tmp_path):
    part, _ = broken_off(tmp_path / "file", 2)
    with pytest.raises(InvalidOption, match=rf"^{part} was made with another greedy: False, now it is True\. Give"):
        shout(tmp_path / "file", resume=True, made_with={**MADE_WITH, "greedy": True})
    assert shout(tmp_path / "file", resume=True) == EXPECTED


@pytest.mark.parametrize("lines", [["one\n", *LINES[1:]], LINES[:1], [*LINES[:3], "vier"]])
def test_another_input_is_refused(tmp_path, lines):
    part, _ = broken_off(tmp_path / "file", 4)
    with pytest.raises(InvalidOption, match=rf"^The input's first 4 lines are not those that {part} was made of\."):
        shout(tmp_path / "file", lines, resume=True)
    assert part.read_text(encoding="utf-8") == EXPECTED.removesuffix("FÜNF\n")


def test_an_input_that_has_changed_behind_what_is_done_is_gone_on_with(tmp_path):
    broken_off(tmp_path / "file", 4)
    assert shout(tmp_path / "file", [*LINES[:4], "sechs\n", "sieben\n"], resume=True).endswith("SECHS\nSIEBEN\n")


@pytest.mark.parametrize("record", [None, "", "[]", "{}", '{"made_with": {}, "lines": "x", "size": 0}'])
def test_a_part_of_which_nothing_is_known_is_refused(tmp_path, record):
    _, path = broken_off(tmp_path / "file", 2)
    path.unlink() if record is None else path.write_text(record, encoding="utf-8")
    with pytest.raises(InvalidOption, match=rf"^{path} is missing or damaged, so nobody knows what .* was made of\."):
        shout(tmp_path / "file", resume=True)


def test_a_part_that_has_been_cut_is_refused(tmp_path):
    part, _ = broken_off(tmp_path / "file", 2)
    part.write_text("EINS\n", encoding="utf-8")
    with pytest.raises(InvalidOption, match=rf"^{part} is shorter than it was\. Remove it to begin anew\."):
        shout(tmp_path / "file", resume=True)


def test_what_is_no_regular_file_is_refused(tmp_path):
    with pytest.raises(InvalidOption, match=rf"^{tmp_path} is no regular file\. Give --output another, or redirect"):
        PartFile(tmp_path, MADE_WITH)


def test_a_file_that_cannot_be_written_is_told_of(tmp_path):
    with pytest.raises(InvalidOption, match=rf"^Cannot write {tmp_path}/none/file\.part: No such file or directory\."):
        PartFile(tmp_path / "none" / "file", MADE_WITH)


def test_a_folder_that_vanishes_meanwhile_is_told_of(tmp_path):
    (tmp_path / "folder").mkdir()
    with PartFile(tmp_path / "folder" / "file", MADE_WITH) as part:
        part.begin(io.BytesIO(b"eins\n"))
        shutil.rmtree(tmp_path / "folder")
        with pytest.raises(InvalidOption, match=r"^Cannot write .*/folder/file\.part: No such .* add --resume"):
            part.write(b"eins\n", ["EINS"])


def test_a_file_that_is_being_written_is_refused_to_a_second_run_with_the_first_ones_id(tmp_path):
    file = tmp_path / "file"
    message = (
        rf"file\.part is being written by process {os.getpid()} on .*\. Wait until it is done, or give --output an"
    )
    with PartFile(file, MADE_WITH) as part:
        for resume in (False, True):
            with pytest.raises(InvalidOption, match=message):
                PartFile(file, MADE_WITH, resume)
        part.complete()
    assert shout(file) == EXPECTED


def test_a_file_may_be_written_after_a_run_that_was_refused(tmp_path):
    file = tmp_path / "file"
    broken_off(file, most=2)
    with pytest.raises(InvalidOption, match="Add --resume"):
        PartFile(file, MADE_WITH)
    assert shout(file, resume=True) == EXPECTED
    assert list(tmp_path.iterdir()) == [file]
