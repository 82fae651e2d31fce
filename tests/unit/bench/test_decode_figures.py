import pytest

from tests.bench.decode_cases import COPY, GRAPH_ALONE, SEARCHES, STEPS
from tests.bench.decode_figures import (
    digits,
    extremes,
    milliseconds,
    percentile,
    quartiles,
    search_table,
    show,
    start_table,
    step_table,
    table,
    text_row,
    text_table,
    times_ours,
)
from tests.bench.figures import Spread


def facts(name, **more):
    return {"name": name, "parameters": 13_300_000, "threads": 1, "versions": {"python": "3.11.2"}, **more}


def test_the_spread_of_a_call_is_that_of_all_repetitions_of_all_rounds():
    assert milliseconds([[0.001, 0.002], [0.003], [0.004, 0.005]]) == Spread(3.0, 2.0, 4.0)


def test_a_single_value_has_no_spread():
    assert quartiles([2.0]) == extremes([2.0]) == Spread(2.0, 2.0, 2.0)
    assert percentile([2.0], 95) == 2.0


def test_extremes_are_the_smallest_and_the_largest():
    assert extremes([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_a_percentile_is_not_exceeded_by_so_many_percent():
    values = [float(number) for number in range(101)]
    assert (percentile(values, 50), percentile(values, 95)) == (50.0, 95.0)


def test_a_ratio_compares_medians_of_a_round_however_many_repetitions_each_has():
    ours, its = [[1.0, 1.0, 9.0], [2.0]], [[3.0], [8.0, 8.0]]
    assert times_ours(ours, its) == Spread(3.5, 3.0, 4.0)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.1234, "0.123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (1234.5, "1,234")]
)
def test_numbers_have_three_digits(value, shown):
    assert digits(value) == shown


def test_a_spread_is_a_median_and_what_lies_around_it():
    assert show(Spread(2.5, 2.0, 10.0)) == "2.50 (2.00 - 10.0)"


def test_columns_of_a_table_are_as_wide_as_they_must_be():
    assert table(["name", "ms"], [["a", "1,000"], ["a longer one", "2"]]).splitlines() == [
        "name             ms",
        "a             1,000",
        "a longer one      2",
    ]


def test_a_row_with_a_cell_too_many_is_no_row():
    with pytest.raises(ValueError, match="zip"):
        table(["name"], [["a", "b"]])


def test_the_searches_of_all_are_shown_and_compared_with_the_first():
    ours, peer = ({job: [[seconds]] for job in SEARCHES} for seconds in (0.002, 0.007))
    lines = search_table([facts("ours"), facts("a peer", parameters=15_000_000)], [ours, peer]).splitlines()
    assert lines[0].split()[-2:] == ["beam", "5"]
    assert lines[1].startswith("ours ")
    assert lines[1].count("2.00 (2.00 - 2.00)") == len(SEARCHES)
    assert lines[2].count("7.00 (7.00 - 7.00)") == len(SEARCHES)
    assert lines[3].startswith("it ÷ ours")
    assert lines[4].count("3.50 (3.50 - 3.50)") == len(SEARCHES)
    assert lines[5:] == [
        "  ours: 13.3 M parameters, threads: 1, python 3.11.2",
        "  a peer: 15.0 M parameters, threads: 1, python 3.11.2",
    ]


def test_a_contestant_alone_is_compared_with_nobody():
    text = search_table([facts("ours")], [{job: [[0.002]] for job in SEARCHES}])
    assert "÷" not in text


def test_a_step_is_compared_with_a_copy_of_its_weights():
    taken = {COPY: [[0.002]]}  # 10 MB read and 10 MB written: 10 GB/s
    for name in STEPS:
        taken |= {name: [[0.003]], name + GRAPH_ALONE: [[0.00125]]}  # 8 GB/s
    lines = step_table(facts("ours", step_weights=10_000_000), taken).splitlines()
    assert lines[1].split()[:3] == ["1", "row", "3.00"]
    assert lines[1].split()[-3:] == ["8.00", "80%", "8.00"]
    assert lines[2].split()[-3:] == ["8.00", "80%", "40.0"]  # five rows, the same time
    assert "10.00 M int8 weights; NumPy copies as many bytes at 10.0 GB/s" in lines[-1]


def test_a_text_is_shown_with_latencies_and_the_processes_that_share_it():
    row = text_row("ours, litert", [[0.001, 0.003], [0.002, 0.002]], {1: [0.001], 2: [0.0005]}, lines=2)
    assert row[0] == "ours, litert"
    assert row[1].startswith("500 (500 - 500")
    assert row[2] == "2.00"
    assert [cell.split()[0] for cell in row[4:]] == ["2,000", "4,000"]
    head = text_table([row], [1, 2]).splitlines()[0]
    assert head.split()[-5:] == ["in", "one", "call", "2", "processes"]


def test_a_start_is_shown_in_seconds_and_megabytes():
    lines = start_table({"litert": [(0.5, 100_000_000), (0.7, 102_000_000)]}, sentences=100).splitlines()
    assert "MB after 100 translations" in lines[0]
    assert "0.600 (0.500 - 0.700)" in lines[1]
    assert lines[1].endswith("101 (100 - 102)")
