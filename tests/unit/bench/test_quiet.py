import os

import pytest

from tests.bench.quiet import Watch, busy_seconds, is_quiet

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def write(path, *seconds):
    path.write_text("cpu  " + " ".join(str(round(one * TICKS)) for one in seconds) + "\n", encoding="utf-8")
    return path


def test_waiting_is_not_work(tmp_path):
    assert busy_seconds(write(tmp_path / "stat", 5, 1, 2, 1_000, 500, 0, 0, 1, 7, 7)) == 9


def test_what_others_do_is_a_share_of_all_cores(tmp_path):
    statistics = write(tmp_path / "stat", 5, 0, 0, 0, 0, 0, 0, 0)
    watch = Watch(statistics)
    assert watch.others() == 0
    write(statistics, 1_000, 0, 0, 0, 0, 0, 0, 0)
    assert watch.others() > 1  # in an instant


def test_where_the_system_tells_nothing_no_machine_is_quiet(tmp_path):
    assert Watch(tmp_path / "none").others() is None
    assert not is_quiet(None)


@pytest.mark.parametrize(("others", "quiet"), [(0.0, True), (0.04, True), (0.2, False)])
def test_a_little_work_beside_is_quiet(others, quiet):
    assert is_quiet(others) is quiet
