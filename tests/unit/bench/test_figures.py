import pytest

from tests.bench.figures import Spread, make_row, ratios, render, speeds, timed

FACTS = {
    "name": "a peer",
    "precision": "float32",
    "parameters": 13_300_000,
    "versions": {"torch": "2.13.0"},
    "threads": 2,
}


def answer(seconds, losses, peak=1_000_000):
    return {"seconds": seconds, "losses": losses, "peak_bytes": peak}


def test_speed_is_the_median_over_all_updates_of_all_rounds():
    assert speeds([100, 300], [[1.0, 1.0], [0.5, 0.5], [1.0, 1.0]]) == Spread(250.0, 125.0, 300.0)


def test_the_speed_of_a_single_update_has_no_spread():
    assert speeds([100], [[2.0]]) == Spread(50.0, 50.0, 50.0)


def test_a_ratio_compares_each_round_of_ours_with_the_peers_next_to_it():
    ours, peer = [[1.0, 1.0], [5.0, 5.0], [1.0, 1.0]], [[2.0, 4.0], [10.0, 30.0], [2.0, 2.0]]
    assert ratios(ours, peer) == Spread(3.0, 2.0, 4.0)


def test_rounds_of_different_number_are_not_compared():
    with pytest.raises(ValueError, match="zip"):
        ratios([[1.0]], [[1.0], [1.0]])


def test_the_warm_up_counts_for_the_loss_and_the_memory_but_not_for_the_speed():
    answers = [answer([9.0, 9.0], [6.0, 4.0], 3_000), answer([1.0, 1.0], [4.0, 3.0], 2_000)]
    row = make_row(FACTS, [10, 10], answers, ours=[[0.5, 0.5]])
    assert timed(answers) == [[1.0, 1.0]]
    assert (row.pieces_per_second.median, row.ratio) == (10.0, Spread(2.0, 2.0, 2.0))
    assert (row.first_loss, row.last_loss, row.peak_bytes) == (5.0, 3.5, 3_000)


def test_the_table_shows_speed_ratio_memory_versions_and_the_input_pipeline():
    answers = [answer([1.0], [6.0]), answer([1.0], [4.0], 1_234_000_000)]
    rows = [
        make_row({**FACTS, "name": "ours"}, [3_000], answers, None),
        make_row(FACTS, [3_000], answers, ours=[[0.5]]),
    ]
    pipeline = {
        "sampling": 0.25,
        "pieces_per_second_alone": 90_000.0,
        "pieces_per_second_of_training": 2_900.0,
        "share_waited": 0.004,
    }
    lines = render("M: the reference", rows, [pipeline]).splitlines()
    assert lines[0] == "M: the reference"
    assert lines[2].split() == ["ours,", "float32", "3,000", "3,000", "-", "3,000", "1,234", "MB"]
    assert lines[3].split()[-6:] == ["2.00", "2.00", "-", "2.00", "1,234", "MB"]
    assert "13.3 M parameters, 2 threads, loss 6.00 → 4.00, torch 2.13.0" in lines[4]
    assert "90,000 pieces/s alone; training with it 2,900 pieces/s, 0.4% of the time" in lines[6]
    assert {len(line) for line in lines[1:4]} == {111}
