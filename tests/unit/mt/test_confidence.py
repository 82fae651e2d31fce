"""Confidence: what is read from a search, and what a bundle's file makes of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.bundle import load_bundle, read_manifest, seal
from mt.confidence import FEATURES, FILE, Confidence, Regression, as_values, mean_confidence, read_confidence
from mt.confidence import sentence_features as features_of
from mt.engines import Hypothesis
from mt.errors import BundleError
from mt.text.markup import Form
from mt.translator import Translator
from tests import tiny

HALVES = Hypothesis([9, 8], -3 * np.log(2), True, np.full((2, 4), 0.25), log_probabilities=np.log([0.5, 0.5, 0.5]))


def regression(name, error=0.01, **weights):
    """One that looks at these features alone, each by its place."""
    count = len(FEATURES[name])
    own = [weights.get(f"_{place}", 0.0) for place in range(count)]
    return Regression([0.0] * count, [1.0] * count, own, 0.0, error)


CONFIDENCE = Confidence(regression("sentence", _0=1.0), regression("word", _0=1.0, _4=0.5))


@pytest.fixture
def sure(bundle_copy):
    """A bundle with a confidence from English to German."""
    write(bundle_copy, as_values({"en-de": CONFIDENCE}, "nothing"))
    return load_bundle(bundle_copy)


def write(folder, values):
    (folder / FILE).write_text(json.dumps(values), encoding="utf-8")
    seal(folder, read_manifest(folder))


def test_a_sentence_is_seen_by_what_its_pieces_and_their_attention_were():
    found = features_of(4, HALVES)
    assert found[:6] == pytest.approx([np.log(0.5), np.log(0.5), 0.5, np.log(4), 0.5, 0.0])
    assert len(found) == len(FEATURES["sentence"])


@given(st.lists(st.floats(-50, 0), max_size=9), st.integers(2, 30))
def test_every_complete_hypothesis_has_a_number_from_0_to_1(gained, pieces):
    ids = list(range(len(gained)))
    attention = np.full((len(gained), pieces), 1 / pieces)
    found = Hypothesis(ids, sum(gained), True, attention, log_probabilities=np.array([*gained, -1.0], np.float32))
    assert 0 < CONFIDENCE.of_part(range(pieces), found) < 1


def test_what_was_cut_has_none_at_all_and_what_the_search_does_not_tell_is_not_known():
    assert CONFIDENCE.of_part(range(4), HALVES._replace(is_complete=False)) == 0
    assert CONFIDENCE.of_part(range(4), HALVES._replace(log_probabilities=np.zeros(0))) is None


def test_features_far_from_all_that_was_learnt_from_count_as_far_and_no_further():
    one = regression("sentence", _0=1.0)
    near, far = (one.predict(np.full((1, 7), value)) for value in (4.0, 1e6))
    assert near == far < 1


def test_a_mean_leaves_out_what_has_no_weight_and_is_unknown_where_a_part_is():
    assert mean_confidence([(0.5, 1), (0.8, 2), (None, 0)]) == pytest.approx(0.7)
    assert mean_confidence([(0.5, 1), (None, 2)]) is None
    assert mean_confidence([(None, 0)]) is mean_confidence([]) is None


def test_a_bundle_without_the_file_has_no_confidence_and_translations_say_so():
    assert read_confidence(tiny.bundle()) == {}
    (one,) = tiny.translator().translate(["seven"], "en", "de", links=True)
    assert one.confidence is one.explanations[0].confidence is None
    assert one.explanations[0].word_confidences == ()


def test_what_is_written_is_what_is_read(sure):
    assert read_confidence(sure) == {("en", "de"): CONFIDENCE}


@pytest.mark.parametrize("change", [{"format": 2}, {"features": {**FEATURES, "word": ["another"]}}])
def test_a_file_of_another_version_is_as_none(bundle_copy, change):
    write(bundle_copy, as_values({"en-de": CONFIDENCE}, "nothing") | change)
    assert read_confidence(load_bundle(bundle_copy)) == {}


@pytest.mark.parametrize(
    ("one", "complaint"),
    [
        ({"weights": ["x"]}, "could not convert"),
        ({"weights": [1.0]}, "must be as many finite numbers"),
        ({"bias": float("nan")}, "must be as many finite numbers"),
        ({"means": [0.0], "scales": [1.0], "weights": [1.0]}, "must have 5 features, got 1"),
        ({"slope": 1}, "slope"),
    ],
)
def test_a_damaged_file_is_named(bundle_copy, one, complaint):
    values = as_values({"en-de": CONFIDENCE}, "nothing")
    values["directions"]["en-de"]["word"] = values["directions"]["en-de"]["word"] | one
    write(bundle_copy, values)
    with pytest.raises(BundleError, match=rf"{FILE} is damaged: .*{complaint}") as told:
        Translator(load_bundle(bundle_copy))
    assert "Run `mt-train calibrate`" in str(told.value)


def test_a_translation_and_its_words_have_their_confidence(sure):
    translator = Translator(sure)
    (one,) = translator.translate(["forty-seven"], "en", "de", links=True, n_best=2)
    (sentence,) = one.explanations
    assert len(sentence.word_confidences) == len(sentence.target_words) > 1
    assert all(0 < word < 1 for word in (one.confidence, *sentence.word_confidences))
    assert one.confidence == sentence.confidence
    assert translator.translate(["vier"], "de", "en")[0].confidence is None


def test_a_text_has_the_mean_of_its_sentences_by_their_pieces(sure):
    translator = Translator(sure)
    texts = ["thirty-seven", "forty-six", "twenty-one"]
    parts = translator.translate(texts, "en", "de")
    weights = [len(translator.plan(text, "en", "de").sources[0]) for text in texts]
    (whole,) = translator.translate(["\n".join([*texts, "!!!"])], "en", "de")
    expected = mean_confidence([(one.confidence, weight) for one, weight in zip(parts, weights, strict=True)])
    assert whole.confidence == pytest.approx(expected, abs=1e-3)


def test_markup_does_not_change_it(sure):
    translator = Translator(sure)
    (plain,), (marked,) = (
        translator.translate([text], "en", "de", form=form)
        for text, form in (("forty-six", Form()), ("<p>forty-six</p><img>", Form("html")))
    )
    assert marked.confidence == pytest.approx(plain.confidence, abs=1e-4)


def test_what_must_not_change_is_not_judged(sure):
    (one,) = Translator(sure).translate(["seven 12,500.00"], "en", "de", links=True)
    (sentence,) = one.explanations
    texts = [one.text[slice(*word)] for word in sentence.target_words]
    assert sentence.word_confidences[texts.index("12,500.00")] is None


def test_a_fingerprint_tells_bundles_with_and_without_it_apart(sure):
    assert sure.fingerprint != tiny.bundle().fingerprint
    assert replace(sure.manifest, files={}) == replace(tiny.bundle().manifest, files={})
