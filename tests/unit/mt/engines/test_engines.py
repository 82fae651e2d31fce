"""Every engine finds what the live model finds, alone or in a batch, from one thread or several, steered or not."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from mt.engines import Conditions, Hypothesis, SearchOptions
from mt.engines.litert import LiteRTEngine
from mt.engines.savedmodel import SavedModelEngine
from mt.engines.stream import PieceStream
from mt.errors import InvalidOption
from mt.export import search_eagerly
from mt.sampling import Sampling
from mt.search import SearchResult
from mt.tokenizer import BOS, EOS
from tests import tiny
from training.data.dataset import pad

# Without the loop guard, as the searches in graphs do not end what loops.
OPTIONS, GREEDY = SearchOptions(beam=tiny.BEAM, loop_guard=False), SearchOptions(beam=1, loop_guard=False)
OTHERS = [  # which no graph of the SavedModel has
    SearchOptions(2, loop_guard=False),
    SearchOptions(7, length_penalty=0.0, loop_guard=False),
    SearchOptions(tiny.BEAM, coverage_penalty=0.5, loop_guard=False),
]
GATES, GATES_INT8 = {"atol": 1e-5}, {"atol": 0.1, "rtol": 0.15}  # how far what is seen inside may be from it
FLOAT32, INT8 = 1e-4, 0.5  # how far scores may be from the live model's; weights drawn at random are hard to quantize


@pytest.fixture(scope="module", params=["savedmodel", "litert float32", "litert int8"])
def engine(request):
    if request.param == "savedmodel":
        return SavedModelEngine(tiny.bundle().saved_model, OPTIONS, threads=1)
    is_exact = request.param.endswith("float32")
    return LiteRTEngine(request.getfixturevalue("float32_graphs") if is_exact else tiny.bundle().litert)


def sources(count):
    tokenizer = tiny.tokenizer()
    return [tokenizer.source_ids(ids, "de") for ids in tokenizer.encode(tiny.number_names("en")[100 : 100 + count])]


def assert_same(found, wanted, atol=FLOAT32):
    for one, other in zip(found, wanted, strict=True):
        assert (one.ids, one.is_complete) == (other.ids, other.is_complete)
        assert one.score == pytest.approx(other.score, abs=atol)
        np.testing.assert_allclose(one.attention, other.attention, atol=atol)


def ids_of(results):
    return [[one.ids for one in hypotheses] for hypotheses in results]


def found_on_the_live_model(some, options):
    @partial(tf.function, autograph=False)
    def search(ids):
        return search_eagerly(tiny.model(), ids, None if options == GREEDY else options)

    result = SearchResult(*(field.numpy() for field in search(pad(some))))
    for source, ids, lengths, scores, is_complete, attention, _ in zip(some, *result, strict=True):
        yield [
            Hypothesis(row[:length].tolist(), score, complete, weights[:length, : len(source)])
            for row, length, score, complete, weights in zip(ids, lengths, scores, is_complete, attention, strict=True)
        ]


@pytest.mark.parametrize("options", [OPTIONS, GREEDY, *OTHERS])
def test_the_float32_engines_find_what_the_live_model_finds(float32_graphs, options):
    some = sources(40)
    engines = SavedModelEngine(tiny.bundle().saved_model, OPTIONS, threads=1), LiteRTEngine(float32_graphs)
    found = [engine.search(some, options) for engine in engines]
    for ours, others, wanted in zip(*found, found_on_the_live_model(some, options), strict=True):
        assert_same(ours, wanted)
        assert_same(others, wanted)


def test_int8_scores_are_close_to_those_of_float32(float32_graphs):
    some = sources(40)
    exact, rounded = (LiteRTEngine(path).search(some, OPTIONS) for path in (float32_graphs, tiny.bundle().litert))
    apart = [abs(one[0].score - other[0].score) for one, other in zip(exact, rounded, strict=True)]
    assert 0 < np.median(apart) < INT8


@pytest.mark.parametrize(
    "options", [OPTIONS, GREEDY, SearchOptions(3, no_repeat=2), SearchOptions(1, sampling=Sampling())]
)
def test_a_source_is_searched_alone_as_among_others(engine, options):
    some = sources(35)
    together = engine.search(some, options)
    assert len(together) == 35
    for place in (0, 17, 34):
        (alone,) = engine.search([some[place]], options)
        assert_same(alone, together[place])


def test_several_threads_may_search_at_once(engine):
    some = sources(12)
    wanted = engine.search(some, OPTIONS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: engine.search(some, OPTIONS), range(8)):
            for one, other in zip(found, wanted, strict=True):
                assert_same(one, other)


def test_hypotheses_come_as_many_as_the_beam_with_attention_over_their_own_source(engine):
    for options in (OPTIONS, SearchOptions(6)):
        for source, found in zip(sources(5), engine.search(sources(5), options), strict=True):
            assert len(found) == options.beam
            for one in found:
                assert one.attention.shape == (len(one.ids), len(source))
                np.testing.assert_allclose(one.attention.sum(axis=1), 1, atol=1e-5)


def test_greedy_search_gives_one_hypothesis(engine):
    assert [len(found) for found in engine.search(sources(3), GREEDY)] == [1, 1, 1]


@pytest.mark.parametrize("options", [OPTIONS, *OTHERS])
def test_no_sources_give_nothing(engine, options):
    assert engine.search([], options) == []


def test_what_a_search_has_found_is_found_again_behind_any_beginning_of_it(engine):
    some = sources(4)
    (wanted,) = zip(*engine.search(some, GREEDY), strict=True)
    for length in (1, 3):
        prefixes = [one.ids[: length + row] for row, one in enumerate(wanted)]
        (found,) = zip(*engine.search(some, GREEDY, Conditions(prefixes)), strict=True)
        assert_same(found, wanted)


def test_every_hypothesis_begins_with_the_prefix_and_its_score_counts_it(engine):
    prefix = [300, 6, 270]  # 6 is a byte, which is unlikely
    (found,) = engine.search(sources(1), OPTIONS, Conditions([prefix]))
    assert len({tuple(one.ids) for one in found}) == len(found) == tiny.BEAM
    assert all(one.ids[:3] == prefix and one.score < -10 for one in found)


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        GREEDY,
        OTHERS[0],
        SearchOptions(1, sampling=Sampling(top_k=3)),
        SearchOptions(2, no_repeat=1),
        SearchOptions(2, max_pieces=3),
    ],
)
@pytest.mark.parametrize("prefix", [[], [300, 6]])
def test_log_probabilities_are_those_of_scoring_the_output_again_and_sum_to_the_score(engine, options, prefix):
    some = sources(3)
    for source, hypotheses in zip(
        some, engine.search(some, options, Conditions([prefix] * 3 if prefix else [])), strict=True
    ):
        for one in hypotheses:
            wanted = scored_again(engine, source, [*one.ids, *[EOS] * one.is_complete])
            np.testing.assert_allclose(one.log_probabilities, wanted, atol=1e-4)
            assert sum(one.log_probabilities) == pytest.approx(one.score, abs=1e-3)


def scored_again(engine, source, ids):
    """The log-probabilities of these pieces, each given those before it."""
    decoder, found = engine.begin([source]), []
    with engine.awake(decoder):
        for last, piece in pairwise([BOS, *ids]):
            decoder.step(np.array([[last]]), 1)
            found.append(decoder.log_probabilities()[0, 0, piece])
    return found


def test_what_is_seen_inside_is_what_the_live_model_shows(engine, request):
    is_int8 = "int8" in request.node.callspec.id
    for source, (one,) in zip(sources(3), engine.search(sources(3), GREEDY), strict=True):
        target = [BOS, *one.ids]
        seen = engine.watch(source, target)
        assert seen.encoder.shape == (len(source), tiny.CONFIG.encoder_layers, 2, 4)
        assert seen.decoder.shape == (len(target), tiny.CONFIG.decoder_layers, 4)
        np.testing.assert_allclose(seen.attention.sum(axis=1), 1, atol=1e-5)
        for name, wanted in tiny.model().watch(np.array([source]), np.array([target])).items():
            found = getattr(seen, name)
            np.testing.assert_allclose(found, np.asarray(wanted)[0], **GATES_INT8 if is_int8 else GATES)
        # The gates are those of the very search: what it looked at is what is looked at here.
        np.testing.assert_allclose(seen.attention[: len(one.ids)], one.attention, atol=1e-4)


def test_a_prefix_longer_than_a_translation_may_be_is_refused(engine):
    with pytest.raises(InvalidOption, match=r"The prefix has 11 pieces, and a translation of this text at most 10\."):
        engine.search(sources(1), SearchOptions(2, max_pieces=10), Conditions([[300] * 11]))


@pytest.mark.parametrize("size", [1, 2])
def test_no_n_gram_comes_twice_when_repeats_are_forbidden(engine, size):
    found = [one for results in engine.search(sources(20), SearchOptions(3, no_repeat=size)) for one in results]
    free = [one for results in engine.search(sources(20), SearchOptions(3)) for one in results]
    assert not any(map(repeats, found, [size] * len(found)))
    assert any(map(repeats, free, [size] * len(free)))


def repeats(hypothesis, size):
    grams = [tuple(hypothesis.ids[start : start + size]) for start in range(len(hypothesis.ids) - size + 1)]
    return len(set(grams)) < len(grams)


def test_a_seed_draws_the_same_again_and_another_one_something_else(engine):
    def drawn(seed, top_k=5):
        return ids_of(engine.search(sources(6), replace(GREEDY, sampling=Sampling(top_k=top_k, seed=seed))))

    assert drawn(1) == drawn(1) != drawn(2)
    assert drawn(1, top_k=1) == ids_of(engine.search(sources(6), GREEDY))
    assert len(drawn(1, top_k=10**6)) == 6  # more than there are


def test_when_time_is_up_what_has_been_found_is_given(engine):
    questions = iter([False] * 4 + [True] * 2)
    (found,) = engine.search(sources(1), OPTIONS, Conditions(is_over=lambda: next(questions)))
    (short,) = engine.search(sources(1), SearchOptions(tiny.BEAM, max_pieces=4))
    assert [one.is_late for one in found] == [not one.is_complete for one in short]
    assert_same(found, short)


def test_a_search_with_time_enough_is_one_without_a_deadline(engine):
    for found, wanted in zip(
        engine.search(sources(5), OPTIONS, Conditions(is_over=lambda: False)),
        engine.search(sources(5), OPTIONS),
        strict=True,
    ):
        assert_same(found, wanted)


def streamed(engine, streams):
    """What becomes of streams of which each takes a step in turn, as one of those that rest meanwhile."""
    ids = [[] for _ in streams]
    while not all(stream.has_ended for stream in streams):
        streams = [pickle.loads(pickle.dumps(stream)) for stream in streams]
        for stream, row in zip(streams, ids, strict=True):
            row.extend([] if stream.has_ended else stream.step(engine))
    return [stream.hypothesis(row) for stream, row in zip(streams, ids, strict=True)]


@pytest.mark.parametrize(
    "options",
    [
        GREEDY,
        SearchOptions(1, max_pieces=5),
        SearchOptions(1, no_repeat=1),
        SearchOptions(1, sampling=Sampling(top_k=3)),
    ],
)
def test_streams_that_take_turns_and_are_kept_in_between_find_what_a_search_finds(engine, options):
    some, prefixes = sources(4), [[], [300], [300, 6, 270], []]
    wanted = [found for (found,) in engine.search(some, options, Conditions(prefixes))]
    streams = [PieceStream(engine, source, options, prefix) for source, prefix in zip(some, prefixes, strict=True)]
    empty = [one._replace(attention=np.zeros((0, len(source)))) for one, source in zip(wanted, some, strict=True)]
    assert_same(streamed(engine, streams), empty)


def test_a_stream_that_rests_holds_no_more_after_many_pieces_than_after_one(engine):
    prefix, sizes = [300] * 200, []
    stream = PieceStream(engine, sources(1)[0], SearchOptions(1, max_pieces=300), prefix)
    for _ in prefix:
        stream.step(engine)
        sizes.append(len(pickle.dumps(stream)))
    assert sizes[-1] <= sizes[0]


def test_streams_of_several_threads_do_not_disturb_each_other(engine):
    def find(source):
        return streamed(engine, [PieceStream(engine, source, GREEDY)])[0].ids

    wanted = [found.ids for (found,) in engine.search(sources(12), GREEDY)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find, sources(12))) == wanted


def test_a_decoder_that_sleeps_takes_no_steps(engine):
    decoder = engine.begin(sources(1))
    with pytest.raises(AssertionError, match="asleep"):
        decoder.step(np.array([[BOS]]), 1)
    with engine.awake(decoder):
        decoder.step(np.array([[BOS]]), 1)
