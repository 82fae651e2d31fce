"""Loops and n-grams that come again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.repetition import Loop, longest_loop, n_grams_again

PIECES = st.lists(st.integers(0, 3), max_size=24)


def slow_longest_loop(ids):
    """The same by trying every beginning and period."""
    found = [Loop(1, 0)]
    for start in range(len(ids)):
        for period in range(1, len(ids) - start):
            run = 0
            while start + period + run < len(ids) and ids[start + run] == ids[start + period + run]:
                run += 1
            if run >= period:
                found.append(Loop(run // period + 1, run))
    return max(found)


@given(PIECES)
def test_the_longest_loop_is_that_of_its_slow_twin(ids):
    assert longest_loop(ids) == slow_longest_loop(ids)


@pytest.mark.parametrize(
    ("row", "loop"),
    [
        ("", (1, 0)),
        ("abc", (1, 0)),
        ("abb", (2, 1)),
        ("ababab", (3, 4)),
        ("xabababx", (3, 4)),
        ("abcabca", (2, 4)),
        ("aaaaabab", (5, 4)),
    ],
)
def test_a_loop_is_told_by_its_times_and_its_run(row, loop):
    assert longest_loop(list(map(ord, row))) == loop


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.integers(2, 9))
def test_what_is_said_several_times_is_a_loop_of_at_least_so_many(ids, times):
    loop = longest_loop(ids * times)
    assert loop.times >= times
    assert loop.run >= len(ids) * (times - 1)


@pytest.mark.parametrize(("row", "again"), [("", 0), ("abcd", 0), ("abcdabcd", 1), ("aaaaaa", 2), ("abcdeabcdf", 1)])
def test_n_grams_are_counted_when_they_come_again(row, again):
    assert n_grams_again(list(row)) == again
