"""Several models as one: the mean of their probabilities, and pieces drawn at random."""

import pickle
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mt.engines import Conditions, SearchOptions
from mt.engines.savedmodel import SavedModelEngine
from mt.engines.stream import PieceStream
from mt.errors import BundleError
from mt.export import save_graphs
from mt.model import ModelConfig
from mt.sampling import Sampling
from mt.tokenizer import BOS
from mt.translator import Translator
from tests import tiny
from training.evaluation.ensemble import Ensemble, EnsembleEngine, _join

# Without the loop guard, as the searches in graphs do not end what loops.
OPTIONS, GREEDY = SearchOptions(beam=tiny.BEAM, loop_guard=False), SearchOptions(beam=1, loop_guard=False)
SMALLER = ModelConfig(embedding=10, encoder_hidden=6, decoder_hidden=8)
TEXTS = list(tiny.number_names("en")[95:102])


def sources():
    tokenizer = tiny.tokenizer()
    return [tokenizer.source_ids(ids, "de") for ids in tokenizer.encode(TEXTS)]


def require_same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert [(one.ids, one.is_complete) for one in ours] == [(one.ids, one.is_complete) for one in theirs]
        np.testing.assert_allclose([one.score for one in ours], [one.score for one in theirs], atol=1e-4)


@cache
def engine(config=tiny.CONFIG, seed=1):
    """That of the tiny bundle, or of another model."""
    if (config, seed) == (tiny.CONFIG, 1):
        return SavedModelEngine(tiny.bundle().saved_model, OPTIONS)
    with tempfile.TemporaryDirectory() as folder:
        save_graphs(tiny.model(config, seed=seed), tiny.tokenizer(), OPTIONS, Path(folder))
        return SavedModelEngine(Path(folder), OPTIONS)


@pytest.fixture(scope="module")
def alone():
    return EnsembleEngine([engine()])


@pytest.fixture(scope="module")
def mixed():
    return EnsembleEngine([engine(), engine(SMALLER, seed=2)])


@pytest.mark.parametrize(
    "options", [OPTIONS, GREEDY, SearchOptions(2, length_penalty=0.0, loop_guard=False), SearchOptions(2, 1.0, 5, 1)]
)
def test_one_model_finds_what_its_bundle_finds(alone, options):
    require_same(alone.search(sources(), options), engine().search(sources(), options))


def test_a_model_with_itself_finds_what_it_finds_alone(alone):
    together = EnsembleEngine([engine(), engine()])
    require_same(together.search(sources(), OPTIONS), alone.search(sources(), OPTIONS))


@pytest.mark.parametrize("other", [tiny.CONFIG, SMALLER], ids=["of one size", "of two sizes"])
def test_each_step_has_the_mean_of_the_models_probabilities_and_attention(other):
    engines = [engine(), engine(other, seed=2)]
    together, pieces = EnsembleEngine(engines), np.full((len(TEXTS), 1), BOS, np.int32)
    joined, *own = (one.begin(sources()) for one in (together, *engines))
    for _ in range(3):
        with together.awake(joined), engines[0].awake(own[0]), engines[1].awake(own[1]):
            found, (one, two) = joined.step(pieces, 5), (decoder.step(pieces, 5) for decoder in own)
            mean = np.mean([np.exp(decoder.log_probabilities()) for decoder in own], axis=0)
        best = np.argsort(-mean, axis=2)[:, :, :5]
        np.testing.assert_array_equal(found.ids, best)
        np.testing.assert_allclose(np.exp(found.log_probabilities), np.take_along_axis(mean, best, axis=2), rtol=1e-5)
        np.testing.assert_allclose(found.attention, (one.attention + two.attention) / 2, atol=1e-6)
        pieces = best[:, :, 1]


def test_every_hypothesis_begins_with_its_prefix_and_its_score_counts_it(mixed):
    free, prefix = mixed.search(sources(), OPTIONS), [300, 6]
    for source, likeliest in zip(sources(), free, strict=True):
        (found,) = mixed.search([source], OPTIONS, Conditions([prefix]))
        assert all(one.ids[:2] == prefix and one.score < likeliest[0].score for one in found)


def test_when_time_is_up_what_there_is_comes_back(mixed):
    for (found,) in mixed.search(sources(), GREEDY, Conditions(is_over=lambda: True)):
        assert (found.ids, found.is_late) == ([], True)


def test_a_stream_of_several_models_finds_what_their_search_finds(mixed):
    for source, (wanted,) in zip(sources(), mixed.search(sources(), GREEDY), strict=True):
        stream, ids = PieceStream(mixed, source, GREEDY), []
        while not stream.has_ended:
            ids += pickle.loads(pickle.dumps(stream)) and stream.step(mixed)
        assert stream.hypothesis(ids).ids == wanted.ids


def drawn(engine, seed, chosen=None, top_k=10):
    options = replace(GREEDY, sampling=Sampling(top_k=top_k, seed=seed))
    return [found[0].ids for found in engine.search(chosen or sources(), options)]


def test_a_seed_draws_the_same_again_and_another_one_something_else(alone):
    assert drawn(alone, 1) == drawn(alone, 1) != drawn(alone, 2)


def test_a_draw_does_not_depend_on_other_sources(alone):
    assert drawn(alone, 1, sources()[3:4]) == drawn(alone, 1)[3:4]


def test_one_model_draws_what_its_bundle_draws(alone):
    assert drawn(alone, 1) == drawn(engine(), 1)


def test_drawn_from_the_likeliest_piece_alone_a_translation_is_the_greedy_one(alone):
    assert drawn(alone, 1, top_k=1) == [found[0].ids for found in alone.search(sources(), GREEDY)]


def test_pieces_are_drawn_from_no_more_than_there_are(alone):
    found = drawn(alone, 1, top_k=10**6)
    assert len(found) == len(TEXTS)
    assert max(map(max, filter(None, found))) < tiny.VOCABULARY


@pytest.mark.parametrize(
    ("how", "search"),
    [
        ({}, SearchOptions(tiny.BEAM)),
        ({"beam": 2}, SearchOptions(2)),
        ({"sampling": Sampling(seed=3)}, SearchOptions(1, sampling=Sampling(seed=3))),
    ],
)
def test_a_bundle_alone_says_what_its_translator_says(how, search):
    found = Ensemble((tiny.bundle_folder(),), **how).open().translate(TEXTS, "en", "de")
    assert found == tiny.translator().translate(TEXTS, "en", "de", search=search)


def test_bundles_together_translate_what_one_translates_when_they_are_the_same():
    found = Ensemble((tiny.bundle_folder(),) * 2, beam=1).open().translate(TEXTS, "de", "en")
    alone = Translator(tiny.bundle(), engine="savedmodel").translate(TEXTS, "de", "en", greedy=True)
    assert [one.text for one in found] == [one.text for one in alone]


def test_an_ensemble_says_what_decides_its_translations():
    bundles = (tiny.bundle_folder(),)
    made = tiny.bundle().manifest.created
    assert Ensemble(bundles).describe() == {"bundles": [f"tiny, exported {made}"], "beam": tiny.BEAM}
    assert Ensemble(bundles, beam=2).describe()["beam"] == 2
    drawing = Ensemble(bundles, sampling=Sampling(0.5, 3, 7)).describe()
    assert (drawing["sampling"], drawing["seed"]) == ({"temperature": 0.5, "top_k": 3}, 7)


def test_bundles_of_different_vocabularies_are_refused_with_both():
    other = replace(tiny.bundle(), tokenizer=tiny.tokenizer("bpe"))
    message = (
        r"have different vocabularies \(sha256 \w{12}… and \w{12}…\)\. An ensemble needs bundles of one vocabulary"
    )
    with pytest.raises(BundleError, match=message):
        _join([tiny.bundle(), other])


def with_manifest(**values):
    return replace(tiny.bundle(), manifest=replace(tiny.bundle().manifest, **values))


def test_an_ensemble_has_the_directions_and_lengths_of_all_its_bundles():
    joined = _join([tiny.bundle(), with_manifest(directions=["de-en"], max_source_pieces=9)]).manifest
    assert (joined.directions, joined.max_source_pieces) == (["de-en"], 9)


def test_bundles_without_a_common_direction_are_refused_with_those_that_they_have():
    bundles = [with_manifest(directions=[direction]) for direction in ("en-de", "de-en")]
    with pytest.raises(BundleError, match=r"There is no direction that all bundles .* has en-de; .* has de-en\."):
        _join(bundles)
