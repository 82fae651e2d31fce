"""Searches over scripted steps: fast = slow twin in plain Python, beam 1 = greedy, graph = eager, batched = alone."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from mt.errors import InvalidOption
from mt.ranking import NEVER
from mt.search import (
    Ranking,
    SearchResult,
    beam_search,
    coverage_penalty,
    greedy_search,
    length_limits,
    length_penalty,
    text_pieces,
)
from mt.tokenizer import EOS, PAD
from tests.scripted import Found, Script, SlowSearch, random_script, speller

SOURCES, VOCABULARY, NODES = 3, 7, 12
SEEDS = st.integers(0, 10_000)
LIMITS = st.lists(st.integers(1, 6), min_size=SOURCES, max_size=SOURCES)


@cache
def compiled(beam):
    """A beam search (or greedy, for beam 0) in a graph that takes any script of one size."""

    @tf.function(
        input_signature=[
            tf.TensorSpec((SOURCES, NODES, VOCABULARY), tf.float32),
            tf.TensorSpec((NODES, VOCABULARY), tf.int32),
            tf.TensorSpec((SOURCES,), tf.int32),
            tf.TensorSpec((), tf.float32),
        ],
        autograph=False,
    )
    def search(table, following, limits, alpha):
        script = Script(table, following)
        if beam == 0:
            return greedy_search(script.step, script.start, limits, 2)
        return beam_search(script.step, script.start, limits, 2, beam, Ranking(alpha))

    return search


def search_in_graph(script, limits, beam, alpha=1.0):
    limits = np.array(limits, np.int32)
    return as_arrays(compiled(beam)(script.log_probabilities, script.following, limits, np.float32(alpha)))


def search_eagerly(script, limits, beam, alpha=1.0):
    limits = ops.convert_to_tensor(limits, dtype="int32")
    if beam == 0:
        return as_arrays(greedy_search(script.step, script.start, limits, 2))
    return as_arrays(beam_search(script.step, script.start, limits, 2, beam, Ranking(alpha)))


def as_arrays(result):
    return SearchResult(*(np.asarray(field) for field in result))


def hypotheses(result, source):
    """(ids, score, is_complete, nodes) of the filled places."""
    found = []
    for place, length in enumerate(result.lengths[source]):
        if result.scores[source, place] > NEVER / 2:
            ids = result.ids[source, place]
            assert (ids[length:] == PAD).all()
            assert (result.attention[source, place, length:] == 0).all()
            assert (result.attention[source, place, :length, 1] == 1).all()
            nodes = result.attention[source, place, :length, 0].astype(int)
            found.append((tuple(ids[:length]), result.scores[source, place], result.is_complete[source, place], nodes))
    return [(ids, score, complete, tuple(nodes)) for ids, score, complete, nodes in found]


@given(SEEDS, LIMITS, st.sampled_from([1, 2, 3, 5]), st.sampled_from([0.0, 1.0]))
def test_beam_search_is_its_slow_twin(seed, limits, beam, alpha):
    script = random_script(SOURCES, VOCABULARY, seed)
    result = search_in_graph(script, limits, beam, alpha)
    for source, limit in enumerate(limits):
        slow = SlowSearch(script, source, limit)
        assert hypotheses(result, source) == [tuple(one) for one in slow.beam(beam, alpha)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("beta", [0.2, 1.0])
def test_a_search_with_a_coverage_penalty_is_its_slow_twin(seed, beta):
    script, pieces = random_script(SOURCES, VOCABULARY, seed, width=6), 6
    counted = ops.convert_to_tensor([[False, *[True] * (pieces - 2), False]] * SOURCES)
    limits = ops.convert_to_tensor([6, 4, 5], dtype="int32")
    result = beam_search(script.step, script.start, limits, pieces, 4, Ranking(1.0, beta, counted))
    for source, limit in enumerate([6, 4, 5]):
        slow = SlowSearch(script, source, limit).beam(4, 1.0, beta)
        assert hypotheses(as_arrays(result), source) == [tuple(one) for one in slow]


@pytest.mark.parametrize(
    ("attended", "penalty"), [([1.0, 3.0], 0.0), ([0.5, 1.0], 0.2 * np.log(0.5)), ([0.0, 0.0], 0.4 * np.log(0.01))]
)
def test_the_coverage_penalty_is_that_of_gnmt_over_the_pieces_that_count(attended, penalty):
    attended = np.array([[[0.0, *attended]]], np.float32)
    assert float(coverage_penalty(attended, np.array([[False, True, True]]), 0.2)[0, 0]) == pytest.approx(penalty)


def test_neither_the_tag_nor_the_end_of_a_source_nor_what_is_behind_it_is_a_piece_of_its_text():
    ids = np.array([[9, 8, 7, EOS], [9, 8, EOS, PAD]])
    assert np.asarray(text_pieces(ids)).tolist() == [[False, True, True, False], [False, True, False, False]]


@given(SEEDS, LIMITS)
def test_greedy_search_is_its_slow_twin_and_beam_1(seed, limits):
    script = random_script(SOURCES, VOCABULARY, seed)
    greedy, beam = search_in_graph(script, limits, 0), search_in_graph(script, limits, 1)
    for source, limit in enumerate(limits):
        assert hypotheses(greedy, source) == [tuple(SlowSearch(script, source, limit).greedy())]
        assert hypotheses(greedy, source) == hypotheses(beam, source)


@given(SEEDS, LIMITS, st.sampled_from([0, 1, 3]))
def test_each_piece_has_the_log_probability_that_its_step_gave_it(seed, limits, beam):
    script = random_script(SOURCES, VOCABULARY, seed)
    result = search_in_graph(script, limits, beam)
    for source in range(SOURCES):
        for place, (ids, *_, nodes) in enumerate(hypotheses(result, source)):
            given = script.log_probabilities[source, nodes, ids] if ids else []
            found = result.log_probabilities[source, place]
            np.testing.assert_array_equal(found[: len(ids)], given)
            assert (found[len(ids) :] == 0).all()


@given(SEEDS, st.sampled_from([0.0, 1.0]))
def test_a_beam_that_holds_everything_finds_the_best_of_all(seed, alpha):
    script = random_script(SOURCES, VOCABULARY, seed)
    result = search_in_graph(script, [2, 3, 3], 40, alpha)  # three letters: at most 1 + 3 + 9 + 27 hypotheses
    for source, limit in enumerate([2, 3, 3]):
        everything = SlowSearch(script, source, limit).everything()
        ranks = sorted((one.rank(alpha) for one in everything), reverse=True)
        found = [Found(*one).rank(alpha) for one in hypotheses(result, source)]
        np.testing.assert_array_equal(found, ranks)


@given(SEEDS, LIMITS, st.integers(2, 5))
def test_the_n_best_are_distinct_sorted_by_rank_and_the_complete_ones_first(seed, limits, beam):
    script = random_script(SOURCES, VOCABULARY, seed)
    result = search_in_graph(script, limits, beam)
    for source, limit in enumerate(limits):
        found = hypotheses(result, source)
        assert len({(ids, complete) for ids, _, complete, _ in found}) == len(found)
        complete = [complete for _, _, complete, _ in found]
        assert complete == sorted(complete, reverse=True)
        assert all(is_complete or len(ids) == limit for ids, _, is_complete, _ in found)
        for kind in (True, False):
            kin = [(ids, score) for ids, score, is_complete, _ in found if is_complete == kind]
            ranks = [score / float(length_penalty(len(ids) + kind, 1.0)) for ids, score in kin]
            assert all(better >= worse - 1e-4 for better, worse in pairwise(ranks))


@given(SEEDS, LIMITS, st.sampled_from([0, 3]))
def test_a_source_is_searched_alone_as_in_a_batch(seed, limits, beam):
    script = random_script(SOURCES, VOCABULARY, seed)
    together = search_in_graph(script, limits, beam)
    for source, limit in enumerate(limits):
        same = Script(np.repeat(script.log_probabilities[source : source + 1], SOURCES, axis=0), script.following)
        assert hypotheses(search_in_graph(same, [limit] * SOURCES, beam), 0) == hypotheses(together, source)


@pytest.mark.parametrize("beam", [0, 1, 3])
def test_a_search_in_a_graph_is_a_search_outside(beam):
    script, limits = random_script(SOURCES, VOCABULARY, seed=7), [5, 2, 6]
    for inside, outside in zip(
        search_in_graph(script, limits, beam), search_eagerly(script, limits, beam), strict=True
    ):
        np.testing.assert_array_equal(inside, outside)


def spell(found, alphabet, place=0):
    (length,) = found.lengths[:, place]
    return "".join(alphabet[piece - EOS - 1] for piece in found.ids[0, place, :length])


def test_beam_search_finds_the_word_greedy_search_misses():
    script, alphabet = speller({"bad": 0.4, "ab": 0.3, "ac": 0.3})  # "a" is the likelier first letter
    assert spell(search_eagerly(script, [9], beam=0), alphabet) in ("ab", "ac")
    assert spell(search_eagerly(script, [9], beam=2), alphabet) == "bad"


def test_the_n_best_words_come_with_their_probabilities():
    words = {"bad": 0.5, "ab": 0.3, "": 0.2}
    script, alphabet = speller(words)
    found = search_eagerly(script, [9], beam=4, alpha=0.0)
    assert [spell(found, alphabet, place) for place in range(3)] == list(words)
    np.testing.assert_allclose(np.exp(found.scores[0, :3]), list(words.values()), rtol=1e-6)


def test_places_for_which_there_is_no_hypothesis_stay_empty():
    script, _ = speller({"bad": 0.5, "ab": 0.5})
    found = search_eagerly(script, [9], beam=4)
    assert found.lengths[0].tolist() == [3, 2, 0, 0]
    assert (found.scores[0, 2:] <= NEVER / 2).all()
    assert not found.is_complete[0, 2:].any()


def test_a_longer_word_wins_over_a_likelier_one_when_length_is_rewarded():
    script, alphabet = speller({"aaaaaaaaa": 0.4, "b": 0.6})
    assert spell(search_eagerly(script, [20], beam=2, alpha=0.0), alphabet) == "b"
    assert spell(search_eagerly(script, [20], beam=2, alpha=1.0), alphabet) == "aaaaaaaaa"


def test_a_cut_hypothesis_says_so_and_stands_behind_every_complete_one():
    script, alphabet = speller({"bbbb": 0.9, "a": 0.1})
    found = search_eagerly(script, [3], beam=2)
    assert [spell(found, alphabet, place) for place in (0, 1)] == ["a", "bbb"]
    assert found.is_complete.tolist() == [[True, False]]
    assert search_eagerly(script, [3], beam=0).is_complete.tolist() == [[False]]


def test_a_finished_hypothesis_is_kept_while_worse_ones_live_on():
    # "c" ends at once; the others go on for long, and at every step both are likelier than nothing at all.
    script, alphabet = speller({"c": 0.34, "abbbbb": 0.33, "baaaaa": 0.33})
    found = search_eagerly(script, [9], beam=3, alpha=0.0)
    assert [spell(found, alphabet, place) for place in range(3)] == ["c", "abbbbb", "baaaaa"]


def test_the_limit_grows_with_the_source():
    assert np.asarray(length_limits(np.array([1, 10, 100], np.int32))).tolist() == [22, 40, 220]
    assert np.asarray(length_limits(np.array([3], np.int32), factor=1.5, extra=2)).tolist() == [6]


@pytest.mark.parametrize(("length", "alpha", "penalty"), [(1, 1.0, 1.0), (7, 1.0, 2.0), (7, 0.0, 1.0), (19, 0.5, 2.0)])
def test_the_length_penalty_is_that_of_gnmt(length, alpha, penalty):
    assert float(length_penalty(np.int32(length), alpha)) == pytest.approx(penalty)


def test_a_beam_below_one_is_refused():
    script, _ = speller({"a": 1.0})
    with pytest.raises(InvalidOption, match=r"beam must be at least 1, got 0\."):
        beam_search(script.step, script.start, ops.ones((1,), "int32"), 2, beam=0)
