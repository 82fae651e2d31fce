"""The clock of a race, with trainings that only pretend."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.bench.time_to_quality import (
    TIMING,
    Point,
    Runner,
    Timing,
    make_timing,
    measure,
    parse,
    race,
    read_joey,
    read_ours,
    render,
)

TARGET = 36.0


class FakeProcess:
    """Ends after so many looks at it."""

    def __init__(self, looks=1_000):
        self.looks, self.is_terminated = looks, False

    def poll(self):
        self.looks -= 1
        return 0 if self.looks < 0 else None

    def wait(self, timeout=None):
        if timeout is not None:
            raise subprocess.TimeoutExpired("training", timeout)

    def terminate(self):
        self.is_terminated = True


def growing(*scores):
    """A reader that finds one validation more each time."""
    points = [Point(10 * number, score) for number, score in enumerate(scores, start=1)]
    seen = iter(range(1, 1_000))
    return lambda: points[: next(seen)]


def ticking():
    times = iter(range(1_000))
    return lambda: float(next(times))


def test_the_clock_stops_at_the_first_validation_that_reaches_the_target_and_ends_the_training():
    process = FakeProcess()
    reached, seen = race(process, growing(20, 35.9, 36.0, 40), TARGET, 100, ticking())
    assert reached
    assert seen == 2  # it looked at the clock after each of two validations that were not good enough
    assert process.is_terminated


def test_a_training_that_ends_below_the_target_has_not_reached_it():
    reached, _ = race(FakeProcess(looks=2), growing(20, 30, 35), TARGET, 100, ticking())
    assert not reached


def test_what_a_training_wrote_last_counts():
    reached, _ = race(FakeProcess(looks=0), growing(37), TARGET, 100, ticking())
    assert reached


def test_the_limit_ends_a_training():
    process = FakeProcess()
    assert race(process, growing(*[20] * 50), TARGET, 5, ticking()) == (False, 6)
    assert process.is_terminated


def test_updates_are_those_of_the_validation_that_reached_the_target():
    points = [Point(10, 20.0), Point(20, 36.5), Point(30, 36.1)]
    timing = make_timing("ours", True, 1.5, points, TARGET, 0.0)
    assert (timing.minutes, timing.updates, timing.best_bleu) == (1.5, 20, 36.5)
    missed = make_timing("ours", False, 1.5, points[:1], TARGET, 0.0)
    assert (missed.minutes, missed.updates, missed.minutes_in_all) == (None, 10, 1.5)
    assert make_timing("ours", False, 1.5, [], TARGET, 0.0).best_bleu == 0


def test_a_timing_is_kept_and_not_made_again(tmp_path):
    started = []

    def start(folder):
        started.append(folder)
        return FakeProcess()

    runner = Runner(start, lambda folder: [Point(10, 50.0)])
    first = measure("ours", runner, TARGET, 1.0, tmp_path / "ours")
    assert measure("ours", runner, TARGET, 1.0, tmp_path / "ours") == first
    assert started == [tmp_path / "ours"]
    assert (tmp_path / "ours" / TIMING).exists()


def test_what_is_left_of_an_interrupted_timing_is_refused(tmp_path):
    (tmp_path / "recipe.toml").write_text("", encoding="utf-8")
    with pytest.raises(SystemExit, match="unfinished timing, which cannot be gone on with"):
        measure("ours", Runner(lambda _: FakeProcess(), lambda _: []), TARGET, 1.0, tmp_path)


def test_validations_are_read_where_each_trainer_writes_them(tmp_path):
    assert read_ours(tmp_path) == read_joey(tmp_path) == []
    for name, text in {
        "run/run.json": json.dumps({"history": [{"update": 10, "dev_bleu": 1.5, "dev_loss": 3.0}]}),
        "model/validations.txt": "Steps: 20\tloss: 3.00000\tbleu: 2.50000\tLR: 0.00020000\t*\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    assert read_ours(tmp_path) == [Point(10, 1.5)]
    assert read_joey(tmp_path) == [Point(20, 2.5)]


def timing(system, minutes, others=0.0):
    return Timing(system, minutes, 100, 36.5, minutes or 240.0, TARGET, others, "a machine")


def test_a_peer_that_never_got_there_is_slower_than_its_limit():
    lines = render([timing("ours", 10.0), timing("peer", 35.0, others=0.5), timing("other", None)]).splitlines()
    assert lines[0].startswith("| system | minutes to 36 BLEU | times ours |")
    assert lines[2].startswith("| ours | 10.0 | 1.00 | 100 | 36.50 | a machine, quiet |")
    assert lines[3].startswith("| peer | 35.0 | 3.50 |")
    assert "busy" in lines[3]
    assert lines[4].startswith("| other | > 240.0 | > 24.00 |")


def test_the_target_is_36_bleu_by_default():
    assert parse(["--data", "data", "--out", str(Path("out"))]).target == TARGET
