"""Scoring given translations: forced search says what free search says, and each pair is by itself."""

import re

import numpy as np
import pytest

from mt.confidence import FEATURES, Confidence, Regression, adequacy_features
from mt.engines import Hypothesis
from mt.errors import InvalidOption, InvalidText, UnsupportedLanguage
from mt.scoring import forced, scored
from tests import tiny

SOURCES = ["forty-seven", "two hundred and nine", "", "thirty-six", "twelve"]
TARGETS = ["siebenundvierzig", "zweihundertneun", "null", "", "zwölf zwölf zwölf"]
HALVES = Hypothesis([9, 8], -3 * np.log(2), True, np.full((2, 4), 0.25), log_probabilities=np.log([0.5, 0.5, 0.5]))


def test_what_free_search_found_has_the_same_score_when_it_is_forced():
    translator = tiny.translator()
    sources = [translator.plan(text, "en", "de").sources[0] for text in tiny.number_names("en", 60)]
    found = zip(sources, translator.search(sources, translator.options()), strict=True)
    complete = [(source, best) for source, (best, *_) in found if best.is_complete]
    again = forced(translator._engine, [source for source, _ in complete], [best.ids for _, best in complete])
    assert len(complete) > 20
    for (_, best), other in zip(complete, again, strict=True):
        assert (other.ids, other.is_complete) == (best.ids, True)
        assert other.score == pytest.approx(best.score, abs=1e-2)
        np.testing.assert_allclose(other.log_probabilities, best.log_probabilities, atol=1e-2)


def test_a_pair_is_scored_whatever_is_beside_it():
    translator = tiny.translator()
    together = translator.score(SOURCES, TARGETS, "en", "de")
    alone = [translator.score([one], [other], "en", "de")[0] for one, other in zip(SOURCES, TARGETS, strict=True)]
    assert [one.score for one in together] == pytest.approx([one.score for one in alone], abs=1e-2)
    assert [one.pieces for one in together] == [one.pieces for one in alone]
    assert translator.score([], [], "en", "de") == []


def test_white_space_and_composition_do_not_count():
    one, other = tiny.translator().score(["forty", " forty "], ["zwo\u0308lf", " zwölf  "], "en", "de")
    assert one == other


def test_a_bundle_without_confidence_gives_the_score_alone():
    assert scored(HALVES, None, None).adequacy is None
    known = Confidence(*(Regression([0.0], [1.0], [0.0], 0.0) for _ in range(2)))
    assert scored(HALVES, HALVES, known).adequacy is None


@pytest.mark.parametrize("back", [None, HALVES])
def test_adequacy_is_foretold_from_the_way_there_and_the_way_back_where_there_is_one(back):
    count = len(adequacy_features(HALVES, back))
    assert count == len(FEATURES["adequacy"]) - (0 if back else 8)
    one = Regression([0.0] * count, [1.0] * count, [0.0] * count, 1.0)
    assert scored(HALVES, back, Confidence(one, one, one)).adequacy == pytest.approx(1 / (1 + np.exp(-1)))


def test_each_source_needs_a_target():
    with pytest.raises(InvalidOption, match="needs one target to be scored, got 2 sources and 1 targets"):
        tiny.translator().score(["one", "two"], ["eins"], "en", "de")


@pytest.mark.parametrize(("place", "name"), [(0, "source"), (1, "target")])
def test_a_text_that_is_too_long_is_named(place, name):
    sides = [["one", "two"], ["eins", "zwei"]]
    sides[place][1] = "zwei " * 40
    with pytest.raises(
        InvalidText, match=re.escape(f"A {name} to be scored is one sentence of at most 22 pieces; number 2")
    ):
        tiny.translator().score(*sides, "en", "de")


def test_unpaired_surrogates_and_unknown_directions_are_refused():
    with pytest.raises(InvalidText, match="surrogate"):
        tiny.translator().score(["one"], ["\ud800"], "en", "de")
    with pytest.raises(UnsupportedLanguage, match="'en' to 'fr'"):
        tiny.translator().score(["one"], ["un"], "en", "fr")
