"""The driven search: it finds what its slow twin finds, and what the search inside a graph finds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.engines import SearchOptions
from mt.engines.driven import beam_search, length_limit
from mt.tokenizer import EOS
from tests.scripted import Found, Script, ScriptDecoder, SlowSearch, random_script, speller

SOURCES, VOCABULARY = 3, 7
WIDTH = 2  # of the attention in a script
SEEDS = st.integers(0, 10_000)
LIMIT = st.integers(1, 6)


def search(script, options, **more):
    """Found hypotheses of each source of a script."""
    lengths = [WIDTH] * len(script.log_probabilities)
    return [list(map(as_found, one)) for one in beam_search(ScriptDecoder(script), lengths, options, **more)]


def as_found(one):
    assert one.attention.shape == (len(one.ids), WIDTH)
    assert one.attention.dtype == np.float32
    return Found(tuple(one.ids), np.float32(one.score), one.is_complete, tuple(one.attention[:, 0].astype(int)))


def alone(script, source):
    return Script(script.log_probabilities[source : source + 1], script.following)


@given(SEEDS, LIMIT, st.sampled_from([1, 2, 3, 5, 16]), st.sampled_from([0.0, 0.6, 1.0]))
def test_beam_search_is_its_slow_twin(seed, limit, beam, alpha):
    script = random_script(SOURCES, VOCABULARY, seed)
    found = search(script, SearchOptions(beam, alpha, max_pieces=limit))
    assert found == [SlowSearch(script, source, limit).beam(beam, alpha) for source in range(SOURCES)]


@pytest.mark.parametrize("seed", range(5))
def test_each_source_has_the_limit_of_its_own_length(seed):
    script, lengths = random_script(SOURCES, VOCABULARY, seed), [9, 1, 4]
    found = beam_search(ScriptDecoder(script, width=9), lengths, SearchOptions(3))
    for source, length in enumerate(lengths):
        slow = SlowSearch(script, source, length_limit(length)).beam(3, 1.0)
        assert [(tuple(one.ids), one.is_complete) for one in found[source]] == [
            (one.ids, one.is_complete) for one in slow
        ]


@pytest.mark.parametrize("beta", [0.0, 0.3])
@pytest.mark.parametrize("beam", [1, 2, 4])
def test_beam_search_finds_what_the_search_inside_a_graph_finds(beam, beta):
    from keras import ops

    from mt import search as inside

    script, limit = random_script(SOURCES, VOCABULARY, seed=beam, width=PIECES), 5
    limits = ops.full((SOURCES,), limit, dtype="int32")
    ranking = inside.Ranking(beta=beta, counted=np.array([[False, *[True] * (PIECES - 2), False]] * SOURCES))
    result = inside.beam_search(script.step, script.start, limits, PIECES, beam, ranking)
    ids, lengths, scores, is_complete, *_ = map(np.asarray, result)
    options = SearchOptions(beam, max_pieces=limit, coverage_penalty=beta)
    for source, found in enumerate(beam_search(ScriptDecoder(script, PIECES), [PIECES] * SOURCES, options)):
        filled = scores[source] > inside.NEVER / 2
        assert [tuple(one.ids) for one in found] == [
            tuple(row[:length]) for row, length in zip(ids[source][filled], lengths[source], strict=False)
        ]
        assert [(one.score, one.is_complete) for one in found] == list(
            zip(scores[source][filled], is_complete[source][filled], strict=True)
        )


BETAS = st.sampled_from([0.2, 1.0])
PIECES = 6  # of a source for coverage: four count


@given(SEEDS, LIMIT, st.sampled_from([1, 2, 3, 5]), BETAS)
def test_a_search_with_a_coverage_penalty_is_its_slow_twin(seed, limit, beam, beta):
    script = random_script(SOURCES, VOCABULARY, seed, width=PIECES)
    options = SearchOptions(beam, 1.0, max_pieces=limit, coverage_penalty=beta)
    found = beam_search(ScriptDecoder(script, PIECES), [PIECES] * SOURCES, options)
    for source, hypotheses in enumerate(found):
        slow = SlowSearch(script, source, limit).beam(beam, 1.0, beta)
        assert [(tuple(one.ids), one.score, one.is_complete) for one in hypotheses] == [one[:3] for one in slow]


def test_a_coverage_penalty_prefers_what_leaves_no_source_piece_out():
    script, alphabet = speller({"a": 0.55, "bbb": 0.45})
    # The third piece of the source is seen by a quarter on the way of "a", and wholly on that of "bbb".
    found = [
        beam_search(ScriptDecoder(script, 4), [4], SearchOptions(2, 0.0, coverage_penalty=beta))[0]
        for beta in (0.0, 0.2)
    ]
    assert [spell(one, alphabet)[0] for one in found] == ["a", "bbb"]
    assert [one.score for one in found[0]] == [one.score for one in found[1][::-1]]  # without the penalty


def test_attention_that_a_decoder_fills_up_does_not_count():
    script, options = random_script(SOURCES, VOCABULARY, seed=4, width=PIECES), SearchOptions(3, coverage_penalty=1.0)
    exact, wider = (
        beam_search(ScriptDecoder(script, width), [PIECES] * SOURCES, options) for width in (PIECES, PIECES + 3)
    )
    assert [[one.ids for one in found] for found in wider] == [[one.ids for one in found] for found in exact]


def test_pieces_behind_the_end_of_a_shorter_source_do_not_count():
    script = random_script(SOURCES, VOCABULARY, seed=4, width=PIECES)
    options = SearchOptions(3, max_pieces=6, coverage_penalty=1.0)
    together = beam_search(ScriptDecoder(script, PIECES), [PIECES, 4, 3], options)
    for source, length in enumerate([PIECES, 4, 3]):
        (found,) = beam_search(ScriptDecoder(alone(script, source), length), [length], options)
        assert [one.ids for one in found] == [one.ids for one in together[source]]


@given(SEEDS, LIMIT)
def test_a_beam_of_1_is_greedy_search(seed, limit):
    script = random_script(SOURCES, VOCABULARY, seed)
    found = search(script, SearchOptions(1, max_pieces=limit))
    assert found == [[SlowSearch(script, source, limit).greedy()] for source in range(SOURCES)]


@given(SEEDS, st.sampled_from([0.0, 1.0]))
def test_a_beam_that_holds_everything_finds_the_best_of_all(seed, alpha):
    script, limit = random_script(SOURCES, VOCABULARY, seed), 2  # three letters: at most 1 + 3 + 9 hypotheses
    found = search(script, SearchOptions(16, alpha, max_pieces=limit))
    for source in range(SOURCES):
        everything = SlowSearch(script, source, limit).everything()
        ranks = sorted((one.rank(alpha) for one in everything), reverse=True)
        assert [one.rank(alpha) for one in found[source]] == ranks


@given(SEEDS, LIMIT, st.integers(2, 5))
def test_the_n_best_are_distinct_sorted_by_rank_and_the_complete_ones_first(seed, limit, beam):
    for found in search(random_script(SOURCES, VOCABULARY, seed), SearchOptions(beam, max_pieces=limit)):
        assert len({(one.ids, one.is_complete) for one in found}) == len(found)
        complete = [one.is_complete for one in found]
        assert complete == sorted(complete, reverse=True)
        assert all(one.is_complete or len(one.ids) == limit for one in found)
        assert all(better.rank(1.0) >= worse.rank(1.0) for better, worse in pairwise(found))


@given(SEEDS, LIMIT, st.sampled_from([1, 3]))
def test_a_source_is_searched_alone_as_in_a_batch(seed, limit, beam):
    script, options = random_script(SOURCES, VOCABULARY, seed), SearchOptions(beam, max_pieces=limit)
    together = search(script, options)
    assert [search(alone(script, source), options)[0] for source in range(SOURCES)] == together


def test_equal_hypotheses_come_in_the_order_of_their_places_and_then_of_their_pieces():
    table = np.zeros((1, 1, VOCABULARY), np.float32)
    table[:, :, :EOS] = -1e9
    script = Script(table, np.zeros((1, VOCABULARY), np.int32))
    (found,) = search(script, SearchOptions(6, 0.0, max_pieces=2))
    assert [one.ids for one in found] == [(), (4,), (5,), (4, 4), (4, 5), (4, 6)]


def spell(found, alphabet):
    return ["".join(alphabet[piece - EOS - 1] for piece in one.ids) for one in found]


def test_beam_search_finds_the_word_greedy_search_misses():
    script, alphabet = speller({"bad": 0.4, "ab": 0.3, "ac": 0.3})  # "a" is the likelier first letter
    assert spell(search(script, SearchOptions(1))[0], alphabet) == ["ab"]
    assert spell(search(script, SearchOptions(2))[0], alphabet)[0] == "bad"


def test_the_n_best_words_come_with_their_probabilities():
    words = {"bad": 0.5, "ab": 0.3, "": 0.2}
    script, alphabet = speller(words)
    (found,) = search(script, SearchOptions(4, length_penalty=0.0))
    assert spell(found, alphabet) == list(words)  # and no fourth, for there is none
    np.testing.assert_allclose(np.exp([one.score for one in found]), list(words.values()), rtol=1e-6)


def test_a_longer_word_wins_over_a_likelier_one_when_length_is_rewarded():
    script, alphabet = speller({"aaaaaaaaa": 0.4, "b": 0.6})
    assert spell(search(script, SearchOptions(2, length_penalty=0.0))[0], alphabet)[0] == "b"
    assert spell(search(script, SearchOptions(2, length_penalty=1.0))[0], alphabet)[0] == "aaaaaaaaa"


def test_a_step_is_made_for_no_more_hypotheses_than_there_are():
    script, _ = speller({"a": 0.5, "bbbbbbbb": 0.3, "cccccccc": 0.2})
    decoder = ScriptDecoder(Script(np.repeat(script.log_probabilities, 2, axis=0), script.following))
    beam_search(decoder, [WIDTH] * 2, SearchOptions(3))
    assert decoder.steps == [(2, 1), (2, 3), *[(2, 2)] * 7]


class Watch:
    """Time that is up when it has been asked for so many times."""

    def __init__(self, questions):
        self.questions = questions

    def is_over(self):
        self.questions -= 1
        return self.questions <= 0


@given(SEEDS, LIMIT, st.sampled_from([1, 3]))
def test_a_search_whose_time_is_up_after_some_steps_is_one_with_that_limit(seed, steps, beam):
    script = random_script(SOURCES, VOCABULARY, seed)
    stopped = search(script, SearchOptions(beam, max_pieces=7), is_over=Watch(steps).is_over)
    assert stopped == search(script, SearchOptions(beam, max_pieces=steps))


@pytest.mark.parametrize(("limit", "is_late"), [(3, True), (2, False)])
def test_what_the_deadline_cut_says_so_and_what_the_limit_cut_does_not(limit, is_late):
    script, _ = speller({"bbbb": 0.9, "a": 0.1})
    (found,) = beam_search(ScriptDecoder(script), [WIDTH], SearchOptions(2, max_pieces=limit), Watch(2).is_over)
    assert [(len(one.ids), one.is_complete, one.is_late) for one in found] == [(1, True, False), (2, False, is_late)]


def test_some_steps_are_made_whatever_the_time():
    script, alphabet = speller({"abcdef": 1.0})
    found = search(script, SearchOptions(2), is_over=lambda: True, least_steps=4)
    assert spell(found[0], alphabet) == ["abcd"]


@settings(max_examples=20)
@given(SEEDS)
def test_the_rows_of_attention_are_those_of_the_pieces(seed):
    script = random_script(SOURCES, VOCABULARY, seed)
    for source, found in enumerate(search(script, SearchOptions(4, max_pieces=6))):
        slow = SlowSearch(script, source, 6)
        assert all(one.nodes == tuple(slow.node_after(one.ids[:time]) for time in range(len(one.ids))) for one in found)
