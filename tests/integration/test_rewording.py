"""What the page offers for a word: the shipped translator held to the beginning of a sentence."""

import pytest

from mt import Translator, load_bundle, shipped_bundle


@pytest.fixture(scope="module")
def translator():
    return Translator(load_bundle(shipped_bundle()))


@pytest.mark.parametrize("beginning", ["", "Der alte", "Der alte Mann gab seine"])
def test_what_is_chosen_comes_exactly_as_it_was_shown(translator, beginning):
    source = "The old man gave his daughter a beautiful book."
    (shown,) = translator.translate([source], "en", "de", prefix=beginning, n_best=16)
    scores = zip(shown.alternatives, shown.alternative_scores, strict=True)
    likely = [shown.text, *(text for text, score in scores if score > shown.score - 5)]
    assert len(likely) > 3
    for text in likely:
        (chosen,) = translator.translate([source], "en", "de", prefix=text, links=True)
        assert chosen.text == text
        assert chosen.explanations[0].target == (0, len(text))
