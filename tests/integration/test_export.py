"""Exported = eager: the bundle's graphs, called by name like a foreign program would, against the live model."""

import json
from dataclasses import asdict, replace
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from mt.bundle import MANIFEST, PIECES, load_bundle
from mt.engines import SearchOptions
from mt.errors import BundleError
from mt.export import export, rebuild, search_eagerly
from mt.model import Seq2Seq
from mt.search import SearchResult, length_limits
from mt.text import normalize
from mt.tokenizer import BOS, EOS, PAD
from mt.translator import Translator
from tests import tiny
from training.restore import read_config, restore_model

OPTIONS = SearchOptions(beam=tiny.BEAM, length_penalty=1.0)
TEXTS = ["one", "twenty-one", "eight"]
SIGNATURES = [("serving_default", OPTIONS), ("greedy", None)]


def source_ids():
    """The texts for a translation into German, (3, S), padded."""
    tokenizer = tiny.tokenizer()
    rows = [tokenizer.source_ids(ids, "de") for ids in tokenizer.encode(TEXTS)]
    width = max(map(len, rows))
    return np.array([row + [PAD] * (width - len(row)) for row in rows], np.int32)


@cache
def found_eagerly(options):
    found = search_eagerly(tiny.model(), source_ids(), options)
    return SearchResult(*(np.asarray(field) for field in found))


@pytest.fixture(scope="module")
def signatures():
    loaded = tf.saved_model.load(str(tiny.bundle().saved_model))
    return {name: loaded.signatures[name] for name, _ in SIGNATURES} | {"owner": loaded}


@pytest.mark.parametrize(("name", "options"), SIGNATURES)
def test_a_signature_computes_what_the_live_model_computes(signatures, name, options):
    ids = source_ids()
    exported = {field: np.asarray(value) for field, value in signatures[name](source_ids=tf.constant(ids)).items()}
    eager = found_eagerly(options)
    assert set(exported) == set(SearchResult._fields)
    for field in ("ids", "lengths", "is_complete"):
        np.testing.assert_array_equal(exported[field], getattr(eager, field), err_msg=field)
    for field in ("scores", "attention"):
        np.testing.assert_allclose(exported[field], getattr(eager, field), atol=1e-4, err_msg=field)
    assert len({tuple(row) for row in exported["ids"][:, 0]}) == len(TEXTS)  # each source has its own translation


def test_scores_are_those_of_teacher_forcing_and_attention_too():
    model, found = tiny.model(), found_eagerly(OPTIONS)
    sources = np.repeat(source_ids(), tiny.BEAM, axis=0)
    rows = [field.reshape(-1, *field.shape[2:]) for field in found]
    ids, lengths, scores, is_complete, attention, chosen = rows
    assert is_complete.any()
    assert not is_complete.all()
    limits = np.asarray(length_limits(ops.sum(sources != PAD, axis=1)))
    np.testing.assert_array_equal(lengths[~is_complete], limits[~is_complete])
    target = np.pad(ids, ((0, 0), (1, 0)), constant_values=BOS)
    readouts, weights = model.decoder(model.embed(target), model.encode(sources))
    log_probabilities = np.asarray(ops.log_softmax(model.logits(readouts)))
    for row, length in enumerate(lengths):
        pieces = [*ids[row, :length], *[EOS] * int(is_complete[row])]
        expected = log_probabilities[row, np.arange(len(pieces)), pieces].sum()
        assert scores[row] == pytest.approx(expected, abs=1e-3)
        np.testing.assert_allclose(attention[row, :length], weights[row, :length], atol=1e-4)
        each = log_probabilities[row, np.arange(length), ids[row, :length]]
        np.testing.assert_allclose(chosen[row, :length], each, atol=1e-3)


def test_a_greedy_search_is_a_beam_of_one_on_the_model():
    beam_of_one = tf.function(lambda ids: search_eagerly(tiny.model(), ids, SearchOptions(1, 1.0)), autograph=False)
    for one, other in zip(found_eagerly(None), beam_of_one(source_ids()), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_foreign_program_finds_pieces_signatures_and_their_shapes(signatures):
    folder = tiny.bundle().path
    assert (folder / "savedmodel/assets/sentencepiece.model").read_bytes() == tiny.tokenizer().model
    assert PIECES in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    for name, _ in SIGNATURES:
        (given,) = signatures[name].structured_input_signature[1].values()
        assert (given.name, given.dtype, given.shape.rank) == ("source_ids", tf.int32, 2)
        outputs = signatures[name].structured_outputs
        assert {field: outputs[field].dtype for field in outputs} == {
            "ids": tf.int32,
            "lengths": tf.int32,
            "scores": tf.float32,
            "is_complete": tf.bool,
            "attention": tf.float32,
            "log_probabilities": tf.float32,
        }


def test_a_translator_of_the_bundle_gives_the_texts_that_the_live_model_finds():
    found = found_eagerly(OPTIONS)
    best = [ids[0, : lengths[0]] for ids, lengths in zip(found.ids, found.lengths, strict=True)]
    translator = Translator(tiny.bundle(), engine="savedmodel")
    unguarded = replace(translator.options(), loop_guard=False)
    translations = translator.translate(TEXTS, "en", "de", search=unguarded)
    assert [one.text for one in translations] == [normalize(text) for text in tiny.tokenizer().decode(best)]
    np.testing.assert_allclose([one.score for one in translations], found.scores[:, 0], atol=1e-4)


def test_the_bundle_says_what_it_is():
    assert tiny.bundle().manifest.search_options == OPTIONS
    assert "num2words: 300 sentence pairs" in (tiny.bundle().path / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def test_a_model_trained_in_bfloat16_is_rebuilt_in_float32(bfloat16):
    trained = Seq2Seq(tiny.CONFIG, tiny.VOCABULARY)
    trained.assign_weights(tiny.model().named_weights())
    rebuilt = rebuild(tiny.CONFIG, trained.named_weights(), tiny.VOCABULARY)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
    target = np.array([[BOS, 270, 280]] * len(TEXTS), np.int32)
    assert trained(source_ids(), target).dtype == "bfloat16"
    np.testing.assert_array_equal(rebuilt(source_ids(), target), tiny.model()(source_ids(), target))


def test_a_bundle_of_a_model_with_every_option_gives_what_the_live_model_gives(tmp_path):
    config = replace(
        tiny.CONFIG, word_dropout=0.2, variational_dropout=True, layer_normalization=True, tied_embeddings=False
    )
    model, manifest = tiny.model(config), {**tiny.MANIFEST, "recipe": {"model": asdict(config)}}
    export(config, model.named_weights(), tiny.tokenizer(), OPTIONS, manifest, tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")
    assert read_config(bundle) == config
    ids = source_ids()
    exported = tf.saved_model.load(str(bundle.saved_model)).signatures["greedy"](source_ids=tf.constant(ids))
    for live in (model, restore_model(bundle)):
        for field, expected in search_eagerly(live, ids, None)._asdict().items():
            np.testing.assert_allclose(exported[field], expected, atol=1e-4, err_msg=field)


def test_an_older_bundle_is_replaced_and_nothing_else_is_left_behind(tmp_path):
    older = tmp_path / "runs" / "bundle"
    older.mkdir(parents=True)
    (older / "old.txt").write_text("old", encoding="utf-8")
    tiny.export_bundle(older, name="newer", directions=["en-de"])
    assert load_bundle(older).manifest.name == "newer"
    assert [path.name for path in older.parent.iterdir()] == ["bundle"]
    assert not (older / "old.txt").exists()


def test_weights_of_another_model_leave_the_older_bundle_as_it_was(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "old.txt").write_text("old", encoding="utf-8")
    with pytest.raises(BundleError, match="These weights are of another model"):
        export(tiny.CONFIG, {}, tiny.tokenizer(), OPTIONS, tiny.MANIFEST, tmp_path / "bundle")
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "old.txt"]
