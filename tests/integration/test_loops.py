"""The shipped translator on texts that make it loop; `python -m tests.bench.loops` has all of them."""

import pytest

from mt import Translator, load_bundle, shipped_bundle
from mt.repetition import longest_loop
from tests.hard_inputs import hard_inputs

QUICK = 60  # characters of a text: the others are for the bench


@pytest.fixture(scope="module")
def translator():
    return Translator(load_bundle(shipped_bundle()))


@pytest.mark.parametrize("direction", ["en-de", "de-en"])
def test_hard_inputs_are_translated_without_loops(translator, direction):
    source, target = direction.split("-")
    texts = [text for text in hard_inputs(source) if len(text) < QUICK and text != text.upper()]
    assert len(texts) > 15
    found = translator.translate(texts, source, target)
    assert [text for text, one in zip(texts, found, strict=True) if "repetition" in one.warnings] == []


def test_what_a_text_repeats_is_repeated(translator):
    (laughter,) = translator.translate(["ha ha ha ha ha"], "en", "de")
    assert "repetition" not in laughter.warnings
    assert longest_loop(list(map(ord, laughter.text.lower()))).times <= 6
