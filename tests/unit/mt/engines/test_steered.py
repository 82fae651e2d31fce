"""Prefixes, repeats, chance and time: steered searches against their slow twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines import Conditions, SearchOptions
from mt.engines.steered import BATCH, LONGEST_PERIOD, steered_search, sure_times
from mt.errors import InvalidOption
from mt.ranking import NEVER
from mt.sampling import Sampling
from mt.tokenizer import EOS
from tests.scripted import Found, Script, ScriptDecoder, SlowSearch, random_script, speller

VOCABULARY, LETTERS = 7, st.integers(EOS + 1, 6)
SEEDS = st.integers(0, 10_000)
PREFIXES = st.lists(st.lists(LETTERS, max_size=4), min_size=3, max_size=3)
SOURCES = [[0, 9], [1, 9, 9], [2, 9, 9, 9]]  # the first id of a source is its row of the script


def begin_with(script):
    def begin(sources, _):
        tables = script.log_probabilities[[source[0] for source in sources]]
        return ScriptDecoder(Script(tables, script.following), max(map(len, sources)))

    return begin


def search(script, options, prefixes=(), sources=SOURCES):
    found = steered_search(begin_with(script), sources, options, Conditions(prefixes))
    return [[as_found(one) for one in hypotheses] for hypotheses in found]


def as_found(one):
    return Found(tuple(one.ids), np.float32(one.score), one.is_complete, tuple(one.attention[:, 0].astype(int)))


def even_script(sources):
    """Every letter is as likely as any other, and more than EOS."""
    table = np.full((sources, 1, VOCABULARY), -1, np.float32)
    table[:, :, :EOS], table[:, :, EOS] = NEVER, -3
    return Script(table, np.zeros((1, VOCABULARY), np.int32))


@given(SEEDS, PREFIXES, st.integers(4, 6), st.sampled_from([1, 3]))
def test_a_search_with_prefixes_is_its_slow_twin(seed, prefixes, limit, beam):
    script = random_script(3, VOCABULARY, seed)
    found = search(script, SearchOptions(beam, max_pieces=limit), prefixes)
    for source, prefix in enumerate(prefixes):
        assert found[source] == SlowSearch(script, source, limit, tuple(prefix)).beam(beam, 1.0)
        assert all(list(one.ids[: len(prefix)]) == prefix for one in found[source])


@given(SEEDS, st.integers(1, 3), st.sampled_from([1, 2, 5]))
def test_a_search_without_repeats_is_its_slow_twin(seed, size, beam):
    script = random_script(3, VOCABULARY, seed)
    found = search(script, SearchOptions(beam, max_pieces=8, no_repeat=size))
    for source, hypotheses in enumerate(found):
        assert hypotheses == SlowSearch(script, source, 8, no_repeat=size).beam(beam, 1.0)
        for one in hypotheses:
            grams = [one.ids[start : start + size] for start in range(len(one.ids) - size + 1)]
            assert len(set(grams)) == len(grams)


@given(SEEDS)
def test_a_hypothesis_goes_on_as_without_the_guard_until_it_surely_loops(seed):
    script, most = random_script(3, VOCABULARY, seed), 60
    free = search(script, SearchOptions(1, max_pieces=most, loop_guard=False))
    ended = search(script, SearchOptions(1, max_pieces=most))
    for source, (wanted,), (one,) in zip(SOURCES, free, ended, strict=True):
        end = next((end for end in range(most) if surely_loops(wanted.ids[:end], source)), None)
        assert one.ids == wanted.ids[:end]
        assert one.is_complete == (wanted.is_complete or end is not None)


def surely_loops(ids, source):
    periods = range(1, min(LONGEST_PERIOD, len(ids)) + 1)
    loops = (ids[-period:] * sure_times(source) for period in periods)
    return any(ids[-len(loop) :] == loop for loop in loops)


@given(SEEDS, st.integers(2, 4))
def test_no_hypothesis_of_a_beam_loops_any_further(seed, beam):
    script = random_script(3, VOCABULARY, seed)
    for source, found in zip(SOURCES, search(script, SearchOptions(beam, max_pieces=60)), strict=True):
        assert not any(surely_loops(one.ids[:-1], source) for one in found)


def test_a_prefix_that_loops_may_go_on_to_loop():
    options = SearchOptions(1, max_pieces=80)
    ((one,),) = search(even_script(1), options, [[6] * 20], SOURCES[:1])
    assert one.ids == (*[6] * 20, *[4] * 48)


@pytest.mark.parametrize(("source", "times"), [([5, 6, 7], 8), ([5, 6, 6, 7], 12), ([5] * 9, 26)])
def test_a_source_that_repeats_itself_allows_its_translation_more(source, times):
    assert sure_times(source) == sure_times([1, 2], source) == times


def test_a_prefix_may_repeat_itself_but_what_follows_may_not():
    options = SearchOptions(1, max_pieces=7, no_repeat=2)
    ((one,),) = search(even_script(1), options, [[6, 6, 6]], SOURCES[:1])
    assert one.ids == (6, 6, 6, 4, 4, 5, 4)


def test_the_score_of_a_translation_counts_its_prefix():
    script, _ = speller({"bad": 0.4, "ab": 0.35, "ac": 0.25})
    (found,) = search(script, SearchOptions(4), [[EOS + 1]], SOURCES[:1])
    np.testing.assert_allclose(np.exp([one.score for one in found]), [0.35, 0.25], rtol=1e-6)


@pytest.mark.parametrize(("options", "most"), [(SearchOptions(2), 24), (SearchOptions(2, max_pieces=5), 5)])
def test_a_prefix_may_be_as_long_as_a_translation_and_no_longer(options, most):
    script = even_script(1)
    ((one,),) = search(script, options, [[4] * most], SOURCES[:1])
    assert (one.ids, one.is_complete) == ((4,) * most, False)
    complaint = rf"The prefix has {most + 1} pieces, and a translation of this text at most {most}\. Shorten it\."
    with pytest.raises(InvalidOption, match=complaint):
        search(script, options, [[4] * (most + 1)], SOURCES[:1])


def drawn(script, sources=SOURCES, limit=8, **options):
    return search(script, SearchOptions(1, max_pieces=limit, sampling=Sampling(**options)), sources=sources)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_draws_the_same_pieces_alone_or_in_a_batch(seed):
    script = random_script(3, VOCABULARY, seed)
    together = drawn(script, top_k=4, seed=1)
    assert [drawn(script, [source], top_k=4, seed=1)[0] for source in SOURCES] == together
    assert drawn(script, SOURCES[::-1], top_k=4, seed=1) == together[::-1]
    assert any(drawn(script, top_k=4, seed=other) != together for other in (2, 3))


@pytest.mark.parametrize("seed", range(5))
def test_drawing_from_the_likeliest_piece_alone_is_greedy_search(seed):
    script = random_script(3, VOCABULARY, seed)
    assert drawn(script, top_k=1) == search(script, SearchOptions(1, max_pieces=8))


@pytest.mark.parametrize("options", [{}, {"temperature": 2.0, "top_k": 3}, {"temperature": 0.3, "seed": 5}])
def test_pieces_are_drawn_as_by_the_slow_twin(options):
    script, sampling = random_script(3, VOCABULARY, seed=3), Sampling(**{"top_k": 5, **options})
    for number, (one,) in enumerate(drawn(script, **{"top_k": 5, **options})):
        uniforms = iter(sampling.generator(SOURCES[number]).random(8))
        assert one == SlowSearch(script, number, limit=8).sample(sampling, uniforms)


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 4), (0.5, 4), (2.0, 4), (1.0, 2)])
def test_pieces_are_drawn_as_often_as_the_tempered_probabilities_say(temperature, top_k):
    words = {"a": 0.5, "b": 0.3, "c": 0.15, "": 0.05}
    script, _ = speller(words)
    sources = [[0, number] for number in range(2_000)]
    found = [one for (one,) in drawn(script, sources, temperature=temperature, top_k=top_k)]
    frequencies = [np.mean([one.ids == ids for one in found]) for ids in [(4,), (5,), (6,), ()]]
    shares = np.array(list(words.values())) ** (1 / temperature)
    shares[top_k:] = 0
    np.testing.assert_allclose(frequencies, shares / shares.sum(), atol=0.04)  # 0.011 is one standard deviation
    # The scores are the model's own, whatever was drawn.
    np.testing.assert_allclose(np.exp([one.score for one in found if one.ids == (4,)]), 0.5, rtol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_pieces_are_drawn_from_what_repeats_leave_over_and_prefixes_are_not_drawn(seed):
    script, prefixes = even_script(3), [[5], [6, 4], []]
    options = SearchOptions(1, max_pieces=8, no_repeat=1, sampling=Sampling(top_k=2, seed=seed))
    for prefix, (one,) in zip(prefixes, search(script, options, prefixes), strict=True):
        assert len(set(one.ids)) == len(one.ids)
        assert list(one.ids[: len(prefix)]) == prefix


def test_more_sources_than_a_batch_come_back_in_their_order():
    script = random_script(3, VOCABULARY, seed=2)
    draw = np.random.default_rng(1)
    sources = [[number % 3, *[9] * draw.integers(1, 6)] for number in range(2 * BATCH + 5)]
    expected = search(script, SearchOptions(3, max_pieces=6))
    found = search(script, SearchOptions(3, max_pieces=6), sources=sources)
    assert found == [expected[source[0]] for source in sources]


def test_no_sources_give_nothing():
    assert search(random_script(3, VOCABULARY, seed=1), SearchOptions(2), sources=[]) == []


def test_when_time_is_up_before_a_batch_begins_its_sources_get_nothing_marked_late():
    def begin(sources, _):
        raise AssertionError("began")

    for source, (one,) in zip(
        SOURCES, steered_search(begin, SOURCES, SearchOptions(3), Conditions(is_over=lambda: True)), strict=True
    ):
        assert (one.ids, one.score, one.is_complete, one.is_late) == ([], 0.0, False, True)
        assert one.attention.shape == (0, len(source))


def test_a_prefix_is_there_whole_however_late_it_is():
    script, _ = speller({"abcdef": 1.0})
    prefix = [[4, 5, 6]]
    ((one,),) = steered_search(begin_with(script), SOURCES[:1], SearchOptions(2), Conditions(prefix, lambda: True))
    assert (one.ids, one.is_late) == (prefix[0], True)
