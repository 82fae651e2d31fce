"""Many lines in chunks and processes: nothing lost, all in order, little held, and every failure told."""

import io
import multiprocessing
import os
import signal
from contextlib import closing
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.bulk import CHUNKS_AHEAD, Done, in_chunks, work_through
from mt.errors import BundleError, DragomanError, InvalidText

# What processes open must be found by its name in a module that is quickly imported: this one knows no model.


def open_shouting():
    """Work that takes longer the lower the number that a line ends with."""

    def shout(lines):
        sum(range(1_000_000 // (1 + int(lines[-1].rpartition(" ")[2]))))
        return Done([line.upper() for line in lines], len(lines))

    return shout


def open_what_ends(how):
    """Work in which the line "end" ends the process, or all there is."""

    def work(lines):
        if "end" in lines:
            how()
        return Done(lines, len(lines))

    return work


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(3)


def raise_a_deliberate_error():
    raise BundleError("The bundle is wrong. Make it right.")


def raise_a_bug():
    raise ZeroDivisionError("bug")


def open_nothing():
    raise BundleError("Nothing can be opened. Give something.")


def stream(*lines):
    return io.BytesIO("".join(f"{line}\n" for line in lines).encode())


def chunks_of_one(*lines):
    return in_chunks(stream(*lines), "text", most_lines=1)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"))), st.integers(1, 4), st.integers(1, 9))
def test_chunks_lose_nothing_and_hold_no_more_than_they_may(lines, most_lines, most_bytes):
    raw = "\n".join(lines).encode()  # the last line may lack its end
    chunks = list(in_chunks(io.BytesIO(raw), "text", 1, most_lines, most_bytes))
    assert b"".join(chunk.raw for chunk in chunks) == raw
    assert [line for chunk in chunks for line in chunk.lines] == (lines if not lines or lines[-1] else lines[:-1])
    for chunk in chunks:
        assert chunk.raw.decode().removesuffix("\n").split("\n") == chunk.lines
        assert len(chunk.lines) <= most_lines
        assert sum(len(line.encode()) + 1 for line in chunk.lines[:-1]) < most_bytes


def test_a_chunk_is_given_before_anything_behind_it_is_read():
    lines = stream("one", "two", "three")
    chunks = in_chunks(lines, "text", most_lines=2)
    assert next(chunks).lines == ["one", "two"]
    assert lines.readline() == b"three\n"


def test_a_line_that_is_not_utf8_is_named_behind_the_lines_before_it():
    chunks = in_chunks([b"a\n", b"b\n", b"c\n", "m\u00fcde\n".encode("latin-1"), b"d\n"], "text", 1_000, most_lines=2)
    assert next(chunks).lines == ["a", "b"]
    assert next(chunks).lines == ["c"]
    with pytest.raises(InvalidText, match=r"Line 1,003 of text is not UTF-8 \(byte 0xfc at place 2\)\. Convert it"):
        next(chunks)


def test_one_process_is_this_one_and_does_one_chunk_at_a_time():
    lines = stream("a 0", "b 1")
    with closing(work_through(open_shouting, in_chunks(lines, "text", most_lines=1))) as results:
        chunk, done = next(results)
        assert (chunk.lines, chunk.raw, done) == (["a 0"], b"a 0\n", Done(["A 0"], 1))
        assert lines.readline() == b"b 1\n"


def test_several_processes_give_what_one_gives_in_the_same_order_and_end():
    lines = [f"line {number}" for number in range(20)]
    expected = list(work_through(open_shouting, chunks_of_one(*lines)))
    assert list(work_through(open_shouting, chunks_of_one(*lines), processes=2)) == expected
    assert multiprocessing.active_children() == []


def test_no_more_is_read_than_a_few_chunks_for_each_process():
    lines = stream(*(f"line {number}" for number in range(100)))
    with closing(work_through(open_shouting, in_chunks(lines, "text", most_lines=1), processes=2)) as results:
        for number, _ in zip(range(3), results, strict=False):
            read = len(lines.getvalue()[: lines.tell()].splitlines())
            assert read - number <= 2 * CHUNKS_AHEAD
    assert multiprocessing.active_children() == [], "closing ends them before they are through"


def test_nothing_to_do_starts_no_process():
    assert list(work_through(open_nothing, chunks_of_one(), processes=2)) == []


def test_a_line_that_is_not_utf8_is_told_when_all_before_it_is_done():
    chunks = in_chunks([b"line 0\n", b"line 1\n", b"\xff\n"], "text", most_lines=1)
    results = work_through(open_shouting, chunks, processes=2)
    assert [next(results)[1].lines for _ in range(2)] == [["LINE 0"], ["LINE 1"]]
    with pytest.raises(InvalidText, match="Line 3 of text"):
        next(results)


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        (kill_itself, r"A translating process died: signal 9 \(Killed\)\. If memory was short, give --workers a small"),
        (leave, r"A translating process died: exit status 3\."),
    ],
)
def test_a_process_that_dies_is_told_of(how, complaint):
    results = work_through(partial(open_what_ends, how), chunks_of_one("end"), processes=2)
    with pytest.raises(DragomanError, match=complaint):
        list(results)
    assert multiprocessing.active_children() == []


def test_a_bug_in_a_process_ends_it_with_a_traceback(capfd):
    results = work_through(partial(open_what_ends, raise_a_bug), chunks_of_one("end"), processes=2)
    with pytest.raises(DragomanError, match="died: exit status 1"):
        list(results)
    assert "ZeroDivisionError: bug" in capfd.readouterr().err


def test_a_deliberate_error_in_a_process_is_raised_here(capfd):
    results = work_through(partial(open_what_ends, raise_a_deliberate_error), chunks_of_one("end"), processes=2)
    with pytest.raises(BundleError, match=r"The bundle is wrong\. Make it right\."):
        list(results)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("processes", [1, 2])
def test_work_that_cannot_be_opened_is_told_of(processes):
    with pytest.raises(BundleError, match="Nothing can be opened"):
        list(work_through(open_nothing, chunks_of_one("one"), processes))
