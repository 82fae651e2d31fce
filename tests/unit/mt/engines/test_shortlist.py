"""A search among some pieces finds what one in the whole vocabulary finds when all others are barred."""

import shutil

import numpy as np
import pytest

from mt.engines import Conditions, SearchOptions
from mt.engines.driven import Continuations, beam_search
from mt.engines.graphs import GRAPHS, SHORT, Graph, GraphFiles, Graphs
from mt.engines.litert import LiteRTDecoder, LiteRTEngine
from mt.engines.shortlist import MOST_SOURCES, Shortlist, ShortlistDecoder, shortlist
from mt.engines.stream import PieceStream
from mt.ranking import NEVER
from mt.sampling import Sampling
from mt.scoring import forced
from mt.tokenizer import BOS, EOS
from tests import tiny

V = tiny.VOCABULARY
SOME = np.array([EOS, *range(275, 275 + 60)], np.int32)
OPTIONS = [SearchOptions(beam, shortlist=True, no_repeat=beam // 16 * 2) for beam in (1, 2, 5, 16)]


class FewPieces:
    """Allows these pieces for any source, and what `own` has for it besides."""

    def __init__(self, pieces, own=None):
        self._pieces, self._own = pieces, own or {}

    def allowed(self, source):
        if self._pieces is None:
            return None
        return np.isin(np.arange(V), [*self._pieces, *self._own.get(tuple(source), ())])


class BarringDecoder:
    """The slow twin: of what a decoder knows of the whole vocabulary, the shares of some pieces."""

    def __init__(self, decoder, pieces):
        self._decoder, self._is_barred = decoder, ~np.isin(np.arange(V), pieces)

    def step(self, ids, count):
        found = self._decoder.step(ids, count)
        known = self.log_probabilities()
        order = np.argsort(-known, axis=2, kind="stable")[:, :, :count]
        return Continuations(np.take_along_axis(known, order, axis=2), order, found.attention)

    def log_probabilities(self):
        known = np.where(self._is_barred, -np.inf, self._decoder.log_probabilities())
        shares = known - np.logaddexp.reduce(known, axis=2, keepdims=True)
        return np.maximum(shares, NEVER).astype(np.float32)

    def keep(self, rows, places):
        self._decoder.keep(rows, places)


def sources(count=6):
    tokenizer = tiny.tokenizer()
    return [tokenizer.source_ids(ids, "de") for ids in tokenizer.encode(tiny.number_names("en")[100 : 100 + count])]


def gathered(folder, pieces):
    """The rows of the output matrix and the biases that the graph `choose` of this folder gives."""
    inputs = {"candidates": np.array(pieces, np.int32)}
    return dict(zip(GRAPHS["choose"], Graph(GraphFiles(folder), "choose").run(inputs, GRAPHS["choose"]), strict=True))


@pytest.fixture(scope="module")
def graphs(float32_graphs):
    return Graphs(GraphFiles(float32_graphs))


@pytest.fixture
def engine():
    return LiteRTEngine(tiny.bundle().litert, FewPieces(SOME))


@pytest.fixture
def whole():
    return LiteRTEngine(tiny.bundle().litert)


def assert_same(found, wanted, atol=0.0):
    for ours, others in zip(found, wanted, strict=True):
        for one, other in zip(ours, others, strict=True):
            assert (one.ids, one.is_complete) == (other.ids, other.is_complete)
            assert one.score == pytest.approx(other.score, abs=atol)
            np.testing.assert_allclose(one.attention, other.attention, atol=atol)


def among(graphs, some, pieces):
    """A decoder of these sources among these pieces alone."""
    short = Shortlist(pieces, np.ones((len(some), len(pieces)), bool))
    return ShortlistDecoder(LiteRTDecoder(graphs, some, short), pieces, V)


def searched(decoder, some, options):
    return beam_search(decoder, list(map(len, some)), options)


def test_in_int8_each_row_of_the_output_matrix_has_a_scale_of_its_own_and_biases_are_exact():
    matrix, found = np.asarray(tiny.model().output_matrix)[SOME], gathered(tiny.bundle().litert, SOME)
    steps = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert 0 < (np.abs(found["matrix"] - matrix) / steps).max() <= 0.51
    np.testing.assert_array_equal(found["biases"], np.asarray(tiny.model().output_bias)[SOME])


def test_in_float32_the_rows_are_those_of_the_output_matrix(float32_graphs):
    matrix = np.asarray(tiny.model().output_matrix)[SOME]
    np.testing.assert_allclose(gathered(float32_graphs, SOME)["matrix"], matrix, rtol=1e-6)


@pytest.mark.parametrize("beam", [1, 2, 5, 16])
@pytest.mark.parametrize("count", [1, 6])
def test_where_all_pieces_are_candidates_all_is_found_as_without_a_shortlist(graphs, beam, count):
    some = sources(count)
    found = searched(among(graphs, some, np.arange(V)), some, SearchOptions(beam))
    assert_same(found, searched(LiteRTDecoder(graphs, some), some, SearchOptions(beam)), atol=1e-3)


@pytest.mark.parametrize("beam", [1, 2, 5, 16])
@pytest.mark.parametrize("count", [1, 6])
def test_some_candidates_are_searched_as_if_all_others_were_barred(graphs, beam, count):
    some = sources(count)
    found = searched(among(graphs, some, SOME), some, SearchOptions(beam))
    twin = BarringDecoder(LiteRTDecoder(graphs, some), SOME)
    assert_same(found, searched(twin, some, SearchOptions(beam)), atol=1e-3)


def test_pieces_that_are_no_candidates_have_no_probability(graphs):
    decoder = among(graphs, sources(2), SOME)
    decoder.step(np.full((2, 1), BOS), 3)
    known = decoder.log_probabilities()
    assert known.shape == (2, 1, V)
    np.testing.assert_allclose(np.exp(known[:, :, SOME]).sum(axis=2), 1, atol=1e-5)
    assert (np.delete(known, SOME, axis=2) == np.float32(NEVER)).all()


def test_fewer_candidates_than_the_beam_are_all_offered(graphs):
    few = np.array([EOS, 300])
    decoder = among(graphs, sources(1), few)
    assert sorted(decoder.step(np.full((1, 1), BOS), 5).ids[0, 0]) == few.tolist()


@pytest.mark.parametrize("options", OPTIONS)
def test_what_an_engine_with_a_lexicon_finds_lies_within_it(engine, options):
    for hypotheses in engine.search(sources(), options):
        assert len(hypotheses) == options.beam
        for one in hypotheses:
            assert set(one.ids) <= set(SOME.tolist())
            assert sum(one.log_probabilities) == pytest.approx(one.score, abs=1e-3)


def test_a_lexicon_that_knows_nothing_of_a_language_changes_nothing(whole):
    engine = LiteRTEngine(tiny.bundle().litert, FewPieces(None))
    options = SearchOptions(5, shortlist=True)
    assert_same(engine.search(sources(), options), whole.search(sources(), options))


@pytest.mark.parametrize("options", [SearchOptions(5), SearchOptions(1, sampling=Sampling(seed=3), shortlist=True)])
def test_searches_that_want_the_whole_vocabulary_have_it(engine, whole, options):
    assert_same(engine.search(sources(), options), whole.search(sources(), options))


def test_given_translations_are_scored_in_the_whole_vocabulary(engine, whole):
    targets = [[300, 6, 339]] * 6
    assert_same([forced(engine, sources(), targets)], [forced(whole, sources(), targets)])


def test_a_stream_has_the_whole_vocabulary(engine, whole):
    def first_piece(one):
        stream = PieceStream(one, sources(1)[0], SearchOptions(1))
        return stream.step(one)

    assert first_piece(engine) == first_piece(whole)


@pytest.mark.parametrize("beam", [1, 5])
def test_a_prefix_may_have_any_pieces(engine, beam):
    prefix = [270, 6, 339]
    assert not set(prefix) & set(SOME.tolist())
    for hypotheses in engine.search(sources(3), SearchOptions(beam, shortlist=True), Conditions([prefix, [], prefix])):
        assert all(set(one.ids) <= {*SOME.tolist(), *prefix} for one in hypotheses)
    ((found, *_),) = engine.search(sources(1), SearchOptions(beam, shortlist=True), Conditions([prefix]))
    assert found.ids[:3] == prefix


def test_a_bundle_of_an_older_version_is_searched_in_its_whole_vocabulary(whole, tmp_path):
    older = shutil.copytree(tiny.bundle().litert, tmp_path / "litert")
    for name in SHORT:
        (older / f"{name}.tflite").unlink()
    engine = LiteRTEngine(older, FewPieces(SOME))
    options = SearchOptions(5, shortlist=True)
    assert_same(engine.search(sources(), options), whole.search(sources(), options))


def test_a_shortlist_has_what_each_source_and_its_prefix_allow():
    lexicon = FewPieces([2, 5], own={(3,): [9]})
    found = shortlist(lexicon, [[3], [4]], [[5, 7], []])
    assert found.candidates.tolist() == [2, 5, 7, 9]
    assert found.allowed.tolist() == [[True, True, True, True], [True, True, False, False]]


@pytest.mark.parametrize("beam", [1, 5])
def test_a_source_is_searched_among_its_own_pieces_whatever_goes_with_it(beam):
    some = sources(2 * MOST_SOURCES + 1)
    others = range(6, V)
    own = {tuple(source): others[number * 30 : number * 30 + 60] for number, source in enumerate(some)}
    engine = LiteRTEngine(tiny.bundle().litert, FewPieces([EOS], own))
    options = SearchOptions(beam, shortlist=True)
    together = engine.search(some, options)
    for source, found in zip(some, together, strict=True):
        assert_same([found], engine.search([source], options), atol=1e-4)
        assert all(set(one.ids) <= set(own[tuple(source)]) for one in found)
