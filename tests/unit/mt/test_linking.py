"""Links between words by a lexicon, attention and places together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.alignment import align, best_links
from mt.engines import Hypothesis
from mt.lexicon import Lexicon
from mt.linking import Dictionary, Side, nearness
from mt.text import normalize
from mt.text.words import words
from tests import tiny

# Words that are one piece each; what they mean is nothing to the lexicon.
KNOWN = {"one": "einhundert", "two": "zwei", "twenty": "zweihundert"}


def dictionary_of(known=KNOWN):
    return Dictionary.of(tiny.lexicon(known), tiny.tokenizer(), "en", "de")


def side(text):
    (ids,) = tiny.tokenizer().encode([text])
    return Side(text, words(text), ids, tiny.tokenizer().cut(text, ids))


def weights(source, target, attention=None, known=KNOWN):
    """By even attention unless it is given."""
    sides = side(source), side(target)
    shape = [len(one.words) for one in reversed(sides)]
    given = np.full(shape, 1 / max(shape[1], 1)) if attention is None else np.array(attention)
    return dictionary_of(known).weights(*sides, given)


def links(source, target, attention=None, known=KNOWN):
    return best_links(weights(source, target, attention, known))


def test_words_that_are_translations_of_each_other_are_linked_wherever_they_stand():
    assert links("one two twenty", "zweihundert zwei einhundert") == [(0, 2), (1, 1), (2, 0)]


def test_the_lexicon_outweighs_attention_to_another_word():
    assert links("one two", "zwei einhundert", [[0.9, 0.1], [0.1, 0.9]]) == [(0, 1), (1, 0)]


def test_attention_decides_between_words_that_the_lexicon_does_not_know():
    there, back = [[0.95, 0.05], [0.05, 0.95]], [[0.05, 0.95], [0.95, 0.05]]
    assert links("four five", "vier fünf", there) == [(0, 0), (1, 1)]
    assert links("four five", "fünf vier", back) == [(0, 1), (1, 0)]


def test_of_two_words_alike_each_is_linked_to_the_one_that_stands_as_it_does():
    assert links("one two one", "einhundert zwei einhundert") == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize("word", ["17", "2026", "Dragoman", "?", "X-9"])
def test_equal_numbers_names_and_signs_belong_together_without_a_lexicon_that_knows_them(word):
    assert weights(f"{word} four five", f"fünf vier {word}")[2, 0] > 0.9


def test_equal_words_in_small_letters_may_be_others():
    equal, other = (weights(f"{word} four", f"fünf {word}", [[0.5, 0.5]] * 2)[1, 0] for word in ("WAR", "war"))
    assert equal > 0.9
    assert other < 0.5


def test_a_word_is_known_with_its_first_letter_in_the_other_case():
    as_known = weights("four twenty", "zweihundert vier")
    assert as_known[0, 1] > 0.5
    assert weights("four Twenty", "Zweihundert vier").tolist() == as_known.tolist()


def test_a_lexicon_that_lacks_one_of_the_languages_is_none():
    one_way = Lexicon.of({"de": tiny.table({})}, tiny.tokenizer())
    assert Dictionary.of(None, tiny.tokenizer(), "en", "de") is None
    assert Dictionary.of(one_way, tiny.tokenizer(), "en", "de") is None
    assert dictionary_of() is not None


def test_words_at_the_same_place_of_their_texts_are_near():
    assert np.diag(nearness(4, 4, 2.0)).tolist() == [1] * 4
    assert nearness(1, 2, 4.0).tolist() == [[np.exp(-1), np.exp(-1)]]


TEXTS = st.lists(
    st.one_of(st.characters(), st.sampled_from(["twenty", "eins", " ", "\u0301", "👩\u200d👧", "7"])), max_size=9
)


@given(TEXTS.map("".join).map(normalize), st.lists(st.integers(0, tiny.VOCABULARY - 1), max_size=9), st.integers(0, 9))
def test_weights_are_from_0_to_1_and_links_lie_inside_whatever_was_found(text, ids, seed):
    (source,) = tiny.tokenizer().encode([text])
    source = tiny.tokenizer().source_ids(source, "de")
    attention = np.random.default_rng(seed).dirichlet(np.ones(len(source)), len(ids)).astype(np.float32)
    hypothesis = Hypothesis(ids, -1.0, True, attention)
    found = align(tiny.tokenizer(), text, [(source, hypothesis)], dictionary_of())
    plain = align(tiny.tokenizer(), text, [(source, hypothesis)])
    assert found.weights.shape == plain.weights.shape
    assert np.isfinite(found.weights).all()
    assert 0 <= found.weights.min(initial=0) <= found.weights.max(initial=0) <= 1 + 1e-5
    sources, targets = len(found.source_words), len(found.target_words)
    assert all(0 <= first < sources and 0 <= second < targets for first, second in found.links)
    assert (found.word_attention == plain.word_attention).all()
