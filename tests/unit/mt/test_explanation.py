"""Words of a text and of its translation, and how much they look at each other: around engines that find anything."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.bundle import load_bundle, read_manifest, seal
from mt.lexicon import FILE
from mt.translator import Translator
from tests import tiny
from tests.inventing import InventingEngine
from tests.repeating import RepeatingEngine, repeater

PARTS = [
    "twenty",
    "One",
    "TWO",
    "Tom",
    "{name}",
    "a@b.de",
    "12,500.00",
    "😀",
    "👩\u200d👧",
    "<g1>",
    "e\u0301",
    "\ufb01x",
    ".",
]
SPACES = [" ", "", "\r\n", "\u00a0", ". "]
TEXTS = st.lists(
    st.sampled_from(PARTS) | st.sampled_from(SPACES) | st.characters(exclude_categories=["Cs"]), max_size=16
)


def explained(text, seed, **options):
    translator = Translator(tiny.bundle(), engine=InventingEngine(seed))
    (one,) = translator.translate([text], "en", "de", links=True, **options)
    return one


@given(TEXTS.map("".join), st.integers(0, 1000))
def test_rows_sum_to_one_and_words_are_cut_exactly_out_of_both_texts(text, seed):
    one = explained(text, seed)
    for explanation in one.explanations:
        shape = len(explanation.target_words), len(explanation.source_words)
        assert explanation.attention.shape == shape
        np.testing.assert_allclose(explanation.attention.sum(axis=1), 1, atol=1e-4)
        check_words(explanation.source_words, explanation.source, text)
        check_words(explanation.target_words, explanation.target, one.text)
        assert all(source < shape[1] and target < shape[0] for source, target in explanation.links)
    for sentences in pairwise(one.explanations):
        assert sentences[0].source[1] <= sentences[1].source[0]
        assert sentences[0].target[1] <= sentences[1].target[0]


@given(TEXTS.map("".join), st.integers(0, 1000))
def test_log_probabilities_of_words_and_of_pieces_sum_to_the_score_with_the_ends(text, seed):
    one = explained(text, seed)
    for explanation in one.explanations:
        words = explanation.log_probabilities
        assert len(words) == len(explanation.target_words) * bool(explanation.piece_log_probabilities)
        assert max(words, default=0) <= 0
    pieces = sum(sum(each.piece_log_probabilities) + each.end_log_probability for each in one.explanations)
    assert pieces == pytest.approx(one.score, abs=1e-3)
    if all(each.target_words or not each.piece_log_probabilities for each in one.explanations):
        words = sum(sum(each.log_probabilities) + each.end_log_probability for each in one.explanations)
        assert words == pytest.approx(one.score, abs=1e-3)


@given(TEXTS.map("".join), st.integers(0, 1000))
def test_pieces_lie_in_their_sentence_and_source_pieces_are_in_order(text, seed):
    one = explained(text, seed)
    for explanation in one.explanations:
        for pieces, (start, end) in (
            (explanation.source_pieces, explanation.source),
            (explanation.target_pieces, explanation.target),
        ):
            assert all(start <= first <= last <= end for first, last in pieces)
        for (start, _), (following, _) in pairwise(explanation.source_pieces):
            assert start <= following


def test_each_word_has_the_log_probabilities_of_its_pieces():
    (one,) = tiny.translator().translate(["twenty one"], "en", "de", links=True)
    (explanation,) = one.explanations
    assert len(explanation.target_pieces) == len(explanation.piece_log_probabilities)
    for (start, end), gained in zip(explanation.target_words, explanation.log_probabilities, strict=True):
        pieces = zip(explanation.target_pieces, explanation.piece_log_probabilities, strict=True)
        own = [one for (first, last), one in pieces if start <= first and last <= end]
        assert gained == pytest.approx(sum(own))


def test_what_was_put_in_unchanged_has_no_probability_of_its_own():
    (one,) = tiny.translator().translate(["twenty 😀 hundred"], "en", "de", links=True)
    (explanation,) = one.explanations
    (place,) = [place for place, span in enumerate(explanation.target_words) if one_word(one.text, span) == "😀"]
    assert explanation.log_probabilities[place] == 0


def check_words(words, sentence, text):
    assert all(start < end for start, end in words)
    assert all(end <= start for (_, end), (start, _) in pairwise(words))
    assert not words or (sentence[0] <= words[0][0] and words[-1][1] <= sentence[1] <= len(text))


@given(TEXTS.map("".join), st.integers(0, 1000))
def test_links_are_those_of_the_translation_by_number(text, seed):
    one = explained(text, seed)
    found = {
        (explanation.source_words[source], explanation.target_words[target])
        for explanation in one.explanations
        for source, target in explanation.links
    }
    for (start, end), (first, last) in one.links:
        is_unread = not any(explanation.source == (start, end) for explanation in one.explanations if explanation.links)
        inside = any(
            source[0] <= start and end <= source[1] and target[0] <= first and last <= target[1]
            for source, target in found
        )
        assert inside or is_unread


def test_what_must_not_change_is_one_word_that_comes_from_itself():
    (one,) = tiny.translator().translate(["twenty {name} hundred"], "en", "de", links=True)
    (explanation,) = one.explanations
    assert [one_word("twenty {name} hundred", span) for span in explanation.protected] == ["{name}"]
    source = explanation.source_words.index(explanation.protected[0])
    (target,) = [target for number, target in explanation.links if number == source]
    assert one_word(one.text, explanation.target_words[target]) == "{name}"


def one_word(text, span):
    return text[slice(*span)]


def test_a_sentence_that_no_model_reads_has_no_words():
    (one,) = tiny.translator().translate(["\n😀 twenty"[:2]], "en", "de", links=True)
    (explanation,) = one.explanations
    assert (explanation.source, explanation.source_words, explanation.links) == ((1, 2), (), ())
    assert explanation.protected == ((1, 2),)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_text_without_sentences_has_no_explanations(text):
    assert explained(text, 0).explanations == ()


def test_explanations_come_only_with_links_and_only_of_the_best():
    translator = tiny.translator()
    assert translator.translate(["twenty one"], "en", "de")[0].explanations == ()
    (one,) = translator.translate(["twenty one"], "en", "de", links=True, n_best=3)
    assert len(one.explanations) == 1


def test_links_follow_the_bundles_lexicon_and_attention_stays_what_it_was(bundle_copy):
    tiny.lexicon({"one": "two", "two": "one"}).save(bundle_copy / FILE)
    seal(bundle_copy, read_manifest(bundle_copy))
    (one,) = Translator(load_bundle(bundle_copy), engine=RepeatingEngine()).translate(
        ["one two"], "en", "de", links=True
    )
    assert (one.text, one.links) == ("one two", (((0, 3), (4, 7)), ((4, 7), (0, 3))))
    assert one.explanations[0].attention.tolist() == np.eye(2).tolist()
    (plain,) = repeater().translate(["one two"], "en", "de", links=True)
    assert plain.links == (((0, 3), (0, 3)), ((4, 7), (4, 7)))
