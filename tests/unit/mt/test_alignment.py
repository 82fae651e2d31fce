"""Links between words, from attention between pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.alignment import alignment_error_rate, best_links, word_weights

ONE_EACH = [(0, 1), (2, 3), (4, 5)]


def with_borders(attention):
    """The attention with the columns of tag and end, which hold half of all."""
    rows = np.array(attention, np.float32) / 2
    return np.pad(rows, ((0, 0), (1, 1)), constant_values=0.25)


def links(attention, pieces=(ONE_EACH, ONE_EACH), words=(ONE_EACH, ONE_EACH)):
    return best_links(word_weights(with_borders(attention), pieces, words))


def test_a_word_is_linked_to_the_one_it_attends_to():
    assert links([[0.9, 0.1, 0], [0, 0.1, 0.9], [0.1, 0.8, 0.1]]) == [(0, 0), (1, 2), (2, 1)]


def test_tag_and_end_are_no_words():
    assert links(np.eye(3)) == [(0, 0), (1, 1), (2, 2)]


def test_pieces_of_a_word_count_together():
    pieces = [(0, 1), (1, 2), (3, 4)]
    weights = word_weights(np.array([[0, 0.3, 0.3, 0.4, 0]]), (pieces, [(0, 4)]), ([(0, 2), (3, 4)], [(0, 4)]))
    assert weights[0, 0] > weights[0, 1]


def test_a_word_without_clear_attention_has_no_link_but_every_source_word_with_some_has():
    assert links([[0.29, 0.3, 0.41], [0, 1, 0], [0, 0.8, 0.2]]) == [(0, 0), (1, 1), (1, 2), (2, 2)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 1), (5, 9)])
def test_attention_of_another_shape_links_nothing_it_does_not_hold(shape):
    weights = word_weights(np.zeros(shape), (ONE_EACH, ONE_EACH), (ONE_EACH, ONE_EACH))
    assert best_links(weights) == []


def test_no_words_have_no_links():
    assert best_links(word_weights(np.zeros((0, 2)), ([], []), ([], []))) == []


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_rows_sum_to_at_most_one_and_links_lie_inside(targets, sources, seed):
    draw = np.random.default_rng(seed)
    spans = [[(2 * place, 2 * place + 1) for place in range(count)] for count in (sources, targets)]
    weights = word_weights(draw.dirichlet(np.ones(sources + 2), targets), tuple(spans), tuple(spans))
    assert weights.sum(axis=1).max() <= 1 + 1e-5
    assert all(0 <= source < sources and 0 <= target < targets for source, target in best_links(weights))


def test_the_alignment_error_rate_counts_sure_links_that_lack_and_impossible_ones_that_are_there():
    sure, possible = {(0, 0), (1, 1)}, {(2, 1)}
    assert alignment_error_rate(sure, sure, possible) == 0
    assert alignment_error_rate(sure | possible, sure, possible) == 0
    assert alignment_error_rate({(0, 0)}, sure, possible) == pytest.approx(1 - 2 / 3)
    assert alignment_error_rate({(0, 1)}, sure, possible) == 1
    assert alignment_error_rate(set(), set(), set()) == 0
