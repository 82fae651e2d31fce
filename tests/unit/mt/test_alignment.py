"""Links between words, from attention between pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.alignment import align, alignment_error_rate, best_links, link_weights, word_attention
from mt.engines import Hypothesis
from mt.linking import Side
from mt.text import normalize
from tests import tiny

ONE_EACH = [(0, 1), (2, 3), (4, 5)]


def weights(attention, source=ONE_EACH, target=ONE_EACH):
    """Of pieces that are words, unless a side is given."""
    sides = [side if isinstance(side, Side) else Side("", side, [], side) for side in (source, target)]
    return link_weights(word_attention(np.array(attention, np.float32), *sides), *sides, None)


def links(attention, source=ONE_EACH, target=ONE_EACH):
    return best_links(weights(attention, source, target))


def test_a_word_is_linked_to_the_one_it_attends_to():
    assert links([[0.9, 0.1, 0], [0, 0.1, 0.9], [0.1, 0.8, 0.1]]) == [(0, 0), (1, 2), (2, 1)]


def test_pieces_of_a_word_count_together():
    found = weights([[0.3, 0.3, 0.4]], Side("", [(0, 2), (3, 4)], [], [(0, 1), (1, 2), (3, 4)]), [(0, 4)])
    assert found[0, 0] > found[0, 1]


def test_a_word_without_clear_attention_has_no_link_but_every_source_word_with_some_has():
    assert links([[0.29, 0.3, 0.41], [0, 1, 0], [0, 0.8, 0.2]]) == [(0, 0), (1, 1), (1, 2), (2, 2)]


def test_no_words_have_no_links():
    assert links(np.zeros((0, 0)), [], []) == []


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_rows_sum_to_at_most_one_and_links_lie_inside(targets, sources, seed):
    draw = np.random.default_rng(seed)
    spans = [[(2 * place, 2 * place + 1) for place in range(count)] for count in (sources, targets)]
    found = weights(draw.dirichlet(np.ones(sources), targets), *spans)
    assert found.sum(axis=1).max() <= 1 + 1e-5
    assert all(0 <= source < sources and 0 <= target < targets for source, target in best_links(found))


def test_the_alignment_error_rate_counts_sure_links_that_lack_and_impossible_ones_that_are_there():
    sure, possible = {(0, 0), (1, 1)}, {(2, 1)}
    assert alignment_error_rate(sure, sure, possible) == 0
    assert alignment_error_rate(sure | possible, sure, possible) == 0
    assert alignment_error_rate({(0, 0)}, sure, possible) == pytest.approx(1 - 2 / 3)
    assert alignment_error_rate({(0, 1)}, sure, possible) == 1
    assert alignment_error_rate(set(), set(), set()) == 0


ANY_TEXT = st.lists(st.one_of(st.characters(), st.sampled_from(["twenty", " ", "\u0301", "👩\u200d👧"])), max_size=9)


def hypothesis_of(ids, width, seed=0):
    attention = np.random.default_rng(seed).dirichlet(np.ones(width), len(ids)).astype(np.float32)
    return Hypothesis(list(ids), -1.0, True, attention)


@given(
    ANY_TEXT.map("".join).map(normalize), st.lists(st.integers(0, tiny.VOCABULARY - 1), max_size=9), st.integers(0, 9)
)
def test_pieces_and_words_are_cut_from_both_texts_whatever_was_found(text, ids, seed):
    (source,) = tiny.tokenizer().encode([text])
    source = tiny.tokenizer().source_ids(source, "de")
    found = align(tiny.tokenizer(), text, [(source, hypothesis_of(ids, len(source), seed))])
    assert found.target == normalize(tiny.tokenizer().decode([ids])[0])
    assert found.attention.shape == (len(ids), len(source) - 2)
    assert [len(found.source_pieces), len(found.target_pieces)] == [len(source) - 2, len(ids)]
    assert all(0 <= start <= end <= len(found.target) for start, end in found.target_pieces)
    covered = {place for start, end in found.target_pieces for place in range(start, end)}
    assert all(place in covered for place, character in enumerate(found.target) if character != " ")


def test_tag_and_end_are_no_source_pieces():
    (ids,) = tiny.tokenizer().encode(["one"])
    source = tiny.tokenizer().source_ids(ids, "de")
    found = align(tiny.tokenizer(), "one", [(source, Hypothesis(ids, -1.0, True, np.eye(len(source))[1:-1]))])
    assert found.attention.tolist() == np.eye(len(ids)).tolist()
    assert found.links == [(0, 0)]


def test_parts_of_a_source_are_aligned_each_with_its_own():
    rows = [tiny.tokenizer().source_ids(ids, "de") for ids in tiny.tokenizer().encode(["one", "two"])]
    parts = [(row, Hypothesis(row[1:-1], -1.0, True, np.eye(len(row))[1:-1])) for row in rows]
    found = align(tiny.tokenizer(), "one two", parts)
    assert (found.target, found.links) == ("one two", [(0, 0), (1, 1)])


def test_a_translation_that_was_never_begun_has_no_links():
    source = tiny.tokenizer().source_ids(tiny.tokenizer().encode(["one"])[0], "de")
    found = align(tiny.tokenizer(), "one", [(source, Hypothesis([], 0.0, False, np.zeros((0, len(source)))))])
    assert (found.target, found.links) == ("", [])
