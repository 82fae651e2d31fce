"""Dev and test sets taken from a corpus."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import tiny
from training.data.corpus import FilterConfig, filter_pairs
from training.init.held_out import choose_rows, fetch_pairs, set_size
from training.init.survey import survey, take_sample

WORD = st.sampled_from("abcdefg")


def look(pairs):
    return survey(pairs, take_sample(pairs), FilterConfig())


def choose(pairs, count):
    found = look(pairs)
    return fetch_pairs(pairs, choose_rows(found, count, np.zeros(len(pairs), bool)))


@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=30), st.integers(1, 6))
def test_chosen_pairs_are_fit_and_share_no_side_with_each_other(pairs, count):
    chosen = choose(pairs, count)
    assert len(chosen) <= count
    assert len({source for source, _ in chosen}) == len({target for _, target in chosen}) == len(chosen)
    assert filter_pairs(chosen, FilterConfig())[0] == chosen


def test_the_same_pairs_are_chosen_wherever_they_stand():
    pairs = list(zip(tiny.number_names("en"), tiny.number_names("de"), strict=True))
    shuffled = random.Random(1).sample(pairs, len(pairs))
    assert choose(pairs, 20) == choose(shuffled, 20)


def test_excluded_pairs_are_not_chosen_and_suspicious_ones_last():
    pairs = list(zip(tiny.number_names("en", 60), tiny.number_names("de", 60), strict=True))
    pairs[:5] = [(f"There are {number}.", f"Hier sind {number + 1}.") for number in range(5)]
    found = look(pairs)
    excluded = np.arange(60) >= 50
    rows = choose_rows(found, 60, excluded).tolist()
    assert sorted(rows) == list(range(50))
    assert found.suspicious[rows].tolist() == [False] * 45 + [True] * 5


@pytest.mark.parametrize(
    ("pairs", "size"), [(100, 10), (5_000, 250), (20_000, 1_000), (199_999, 1_000), (10**7, 2_000)]
)
def test_the_size_of_a_set_grows_with_the_corpus_within_limits(pairs, size):
    assert set_size(pairs) == size
