import sys

import pytest

from tests.bench.decode_process import in_parts, in_rounds, start
from tests.bench.decode_start import resident_bytes


class Recorder:
    """A process that only writes down what it is told, into a list shared with others."""

    def __init__(self, name, log):
        self._name, self._log = name, log

    def do(self, job, budget):
        self._log.append((self._name, job, budget))
        return [float(len(self._log))]

    def tell(self, job):
        self._log.append((self._name, "told", job))

    def hear(self):
        self._log.append((self._name, "heard"))


def test_rounds_alternate_between_the_processes_job_by_job():
    log = []
    in_rounds({name: Recorder(name, log) for name in ("ours", "peer")}, ["a", "b"], rounds=1, budget=0.5)
    once = [("ours", "a", 0.5), ("peer", "a", 0.5), ("ours", "b", 0.5), ("peer", "b", 0.5)]
    assert log == once * 2


def test_the_round_to_warm_up_does_not_count():
    assert in_rounds({"ours": Recorder("ours", [])}, ["a"], rounds=2, budget=0) == {"ours": {"a": [[2.0], [3.0]]}}


def test_a_shared_text_is_told_to_all_before_anyone_is_waited_for():
    log = []
    team = [Recorder(name, log) for name in ("first", "second")]
    taken = in_parts({"litert": team}, numbers=[1, 2], rounds=1)
    alone = [("first", "told", "part 0 of 1"), ("first", "heard")]
    both = [
        ("first", "told", "part 0 of 2"),
        ("second", "told", "part 1 of 2"),
        ("first", "heard"),
        ("second", "heard"),
    ]
    assert log == (alone + both) * 2
    assert {number: len(seconds) for number, seconds in taken["litert"].items()} == {1: 1, 2: 1}


def test_a_start_lasts_until_the_first_line_and_the_last_one_is_read():
    program = 'print("one"); print("two"); print(\'{"resident_bytes": 5}\')'
    seconds, last = start([sys.executable, "-c", program], clock=iter([10.0, 12.5]).__next__)
    assert seconds == 2.5
    assert last == {"resident_bytes": 5}


@pytest.mark.parametrize(("program", "status"), [("print(1); print('{}'); raise SystemExit(3)", 3), ("print(1)", 0)])
def test_a_program_that_fails_or_says_nothing_ends_the_measurement(program, status):
    with pytest.raises(SystemExit, match=f"ended with status {status}"):
        start([sys.executable, "-c", program])


def test_resident_memory_is_the_second_number_of_statm_in_pages(tmp_path):
    statm = tmp_path / "statm"
    statm.write_text("500 20 10 1 0 30 0\n", encoding="ascii")
    assert resident_bytes(statm) % 20 == 0
    assert resident_bytes(statm) >= 20 * 4096
    assert resident_bytes(tmp_path / "missing") == 0
