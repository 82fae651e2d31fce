"""The measures of the confidence benchmark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.confidence import against, auc, measured, ranks, spearman

NUMBERS = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@given(NUMBERS, NUMBERS)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(right, wrong):
    pairs = [(one > other) + (one == other) / 2 for one in right for other in wrong]
    assert against(np.array(right), np.array(wrong)) == pytest.approx(np.mean(pairs))


def test_equal_values_share_their_rank():
    assert ranks(np.array([5, 1, 5])).tolist() == [2.5, 1, 2.5]


def test_ranks_alone_count_for_the_correlation():
    values = np.array([1.0, 2.0, 3.0, 7.0])
    assert spearman(values, np.exp(values)) == pytest.approx(1)
    assert spearman(values, -values) == pytest.approx(-1)
    assert auc(values, np.array([0, 0, 1, 1])) == 1


def test_a_length_unlike_that_of_right_ones_is_held_against_a_translation():
    features = np.zeros((6, 18))
    features[:, 0] = [0.1, -0.5, 0.9, 0.1, 0.1, -0.2]
    found = measured(features, features[:, 0])["length ratio"]
    assert found[[0, 3, 4]] == pytest.approx(0)
    assert (found[[1, 2, 5]] < -0.2).all()
