"""Fitting confidence: it foretells what it was made to foretell, and the same data give the same file."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.bundle import load_bundle
from mt.confidence import FILE, read_confidence
from mt.translator import Translator
from tests import tiny
from training.calibration import (
    LEAST_SENTENCES,
    Examples,
    calibrate,
    calibration_error,
    described,
    fitted,
    of_words,
    regression,
    translated,
)

PAIRS = list(zip(tiny.number_names("de"), tiny.number_names("en"), strict=True))


@pytest.fixture
def bundle_copy(tmp_path):
    """The folder of a bundle that is to be calibrated."""
    return shutil.copytree(tiny.bundle_folder(), tmp_path / "bundle")


def drawn(count=4_000, seed=1):
    """Outcomes of 0 and 1 that follow a regression known."""
    draw = np.random.default_rng(seed)
    features = draw.normal([1.0, -2.0], [2.0, 0.5], (count, 2))
    truth = 1 / (1 + np.exp(-(0.8 * features[:, 0] - 1.5 * features[:, 1] - 3)))
    return Examples(features, (draw.random(count) < truth).astype(float)), truth


def test_the_regression_finds_the_chances_that_outcomes_were_drawn_with():
    examples, truth = drawn()
    np.testing.assert_allclose(regression(examples).predict(examples.features), truth, atol=0.06)


def test_at_the_optimum_what_is_foretold_and_what_came_have_the_same_mean():
    examples, _ = drawn(200)
    assert regression(examples).predict(examples.features).mean() == pytest.approx(examples.outcomes.mean())


def test_outcomes_that_are_parts_of_one_are_as_good():
    examples, truth = drawn()
    found = regression(Examples(examples.features, truth))
    np.testing.assert_allclose(found.predict(examples.features), truth, atol=0.01)


def test_outcomes_that_are_all_the_same_and_features_that_do_not_move_are_fitted():
    found = regression(Examples(np.ones((60, 2)), np.ones(60)))
    assert found.predict(np.ones((1, 2)))[0] > 0.9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_what_comes_as_foretold_has_no_error_and_certainty_of_the_contrary_has_all(chances):
    foretold = np.array(chances)
    assert calibration_error(foretold, foretold) == 0
    assert calibration_error(np.ones(len(chances)), np.zeros(len(chances))) == 1


def test_the_error_is_that_on_examples_left_out_of_the_fit():
    examples, _ = drawn(40)
    learnt = fitted(examples)
    assert learnt.error > 0
    assert learnt.weights == regression(examples).weights


def test_a_word_is_right_as_often_as_the_reference_has_it():
    translator = Translator(tiny.bundle())
    (found,) = translated(translator, tiny.bundle(), "de-en", PAIRS[4:5])
    own = [found.alignment.target[slice(*word)] for word in found.alignment.target_words]
    once = found._replace(reference=own[0])
    assert of_words([once]).outcomes.sum() == 1
    assert of_words([found._replace(reference=" ".join(own))]).outcomes.all()


def test_a_bundle_gets_what_it_needs_and_the_same_data_give_the_same_file(bundle_copy):
    sets = {"de-en": PAIRS + PAIRS[:30], "en-de": PAIRS[: LEAST_SENTENCES - 1]}
    made = calibrate(bundle_copy, sets, "number names")
    file, manifest = (bundle_copy / FILE).read_bytes(), (bundle_copy / "manifest.json").read_bytes()
    known = read_confidence(load_bundle(bundle_copy))
    assert list(made) == ["de-en"]
    assert known == {("de", "en"): made["de-en"]}
    told = described(made, sets).splitlines()
    assert told[0].startswith("de-en: confidence fitted to 330 pairs; calibration error of sentences 0.")
    assert told[1].startswith("en-de: no confidence, as the dev set has 49 pairs")
    calibrate(bundle_copy, sets, "number names")
    assert (bundle_copy / FILE).read_bytes() == file
    assert (bundle_copy / "manifest.json").read_bytes() == manifest


def test_what_says_nothing_is_left_out(bundle_copy):
    texts = [("seven", ""), ("", "sieben"), ("Seven. Eight.", "Sieben. Acht."), ("seven", "sieben")]
    translator = Translator(tiny.bundle())
    assert [one.reference for one in translated(translator, tiny.bundle(), "en-de", texts)] == ["sieben"]
